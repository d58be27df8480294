/* SPDX-License-Identifier: Apache-2.0 */
/* master.c: see master.h. */
#include "entry/master.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#define UNIX_PREFIX "unix:"
#define TCP_PREFIX  "tcp:"
#define OUR_DOMAIN  "nsx-quarantine-master"

/* RFC 2741, 6.1 and 6.2.16: what a message begins with, and what a response adds. Numbers
 * stand in the order that the flags tell. */
struct header {
    uint8_t version;
    uint8_t type;
    uint8_t flags;
    uint8_t reserved;
    uint32_t ids[3]; /* session, transaction, packet */
    uint32_t length; /* of what follows */
};

struct response {
    struct header header;
    uint32_t uptime;
    uint16_t error;
    uint16_t index;
};

#define TYPE_RESPONSE      18
#define FLAG_NETWORK_ORDER 0x10
#define ERROR_NOT_OPEN     257

/* Of one connection; the library frees it. */
struct link {
    int64_t asked_ms;      /* since then the master owes an answer; 0: it owes none */
    struct header request; /* the last one; zeroed: none */
    bool ended;
};

/* The library's transports know no object of ours, and there is one master. */
static struct {
    char *name; /* as a person wrote it */
    struct sockaddr_storage address;
    socklen_t address_len;
    char *trouble; /* what was said last, until the master is up */
} master;

/* ---- trouble ------------------------------------------------------------------------- */

static void complain_once(const char *what)
{
    if (!master.trouble || strcmp(master.trouble, what) != 0) {
        nq_text_set(&master.trouble, what);
        nq_log(NQ_LOG_WARNING,
               "no AgentX master at %s: %s; traps are handled all the same, and it is "
               "tried again",
               master.name, what);
    }
}

void nq_master_is_up(void)
{
    nq_text_set(&master.trouble, NULL);
}

static bool is_no_socket(void)
{
    struct stat info;
    return master.address.ss_family == AF_UNIX &&
           stat(((const struct sockaddr_un *)&master.address)->sun_path, &info) == 0 &&
           !S_ISSOCK(info.st_mode);
}

static const struct {
    int number;
    const char *what;
} troubles[] = {
    {ENOENT, "there is no such socket: is snmpd running, with the line `master agentx`?"},
    {ENOTDIR,
     "a part of the path is no directory: it must be agentXSocket of snmpd.conf"},
    {EACCES, "permission denied: agentXPerms in snmpd.conf must let this user connect"},
    {ECONNREFUSED,
     "nobody listens there: is snmpd running, with the line `master agentx`?"},
    {EPROTOTYPE,
     "it is a socket of another kind: the path must be agentXSocket of snmpd.conf"},
    {EAGAIN, "it takes no connection: snmpd stands still"},
    {ETIMEDOUT, "it takes no connection: snmpd stands still or cannot be reached"},
};

static void complain_of(int number)
{
    if (is_no_socket()) {
        complain_once("that is no socket: the path must be agentXSocket of snmpd.conf");
        return;
    }
    for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
        if (troubles[i].number == number) {
            complain_once(troubles[i].what);
            return;
        }
    }
    complain_once(strerror(number));
}

/* ---- a message ----------------------------------------------------------------------- */

static bool is_ready(int fd, short events, int wait_ms)
{
    struct pollfd wait = {.fd = fd, .events = events};
    return poll(&wait, 1, wait_ms) > 0;
}

static uint32_t as_in(const struct header *header, uint32_t number)
{
    return header->flags & FLAG_NETWORK_ORDER ? htonl(number) : number;
}

/* The library may be waiting for an answer, in the middle of registering. To learn there that
 * the connection has ended confuses it: it would look for its master ever after, connected or
 * not. So the last request is answered in the master's place, and the next one is not sent. */
static int answer_ourselves(const struct link *link, void *buf)
{
    struct response response = {.header = link->request, .error = ERROR_NOT_OPEN};
    response.header.type = TYPE_RESPONSE;
    response.header.length =
        as_in(&link->request, sizeof(response) - sizeof(response.header));
    response.uptime = as_in(&link->request, (uint32_t)netsnmp_get_agent_uptime());
    memcpy(buf, &response, sizeof(response));
    return (int)sizeof(response);
}

static int receive(netsnmp_transport *transport, void *buf, int size, void **opaque,
                   int *olength)
{
    struct link *link = transport->data;
    *opaque = NULL;
    *olength = 0;
    ssize_t got;
    do {
        got = recv(transport->sock, buf, (size_t)size, MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
        link->asked_ms = 0;
    } else if (!link->ended) {
        link->ended = true;
        if (link->request.version != 0 && (size_t)size >= sizeof(struct response)) {
            return answer_ourselves(link, buf);
        }
    }
    return (int)got;
}

/* It owes an answer for so long. What has come and was not read yet is one, too. */
static bool is_silent(const netsnmp_transport *transport, int64_t for_ms)
{
    const struct link *link = transport->data;
    const bool silent = link->asked_ms != 0 &&
                        nq_mono_ms(&nq_system_clock) - link->asked_ms >= for_ms &&
                        !is_ready(transport->sock, POLLIN, 0);
    if (silent) {
        complain_once("it does not answer: snmpd stands still");
    }
    return silent;
}

static bool send_all(int fd, const char *bytes, size_t size)
{
    const int64_t deadline = nq_mono_ms(&nq_system_clock) + NQ_MASTER_ANSWER_MS;
    while (size > 0) {
        const ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        const int64_t left_ms = deadline - nq_mono_ms(&nq_system_clock);
        if (sent > 0) {
            bytes += sent;
            size -= (size_t)sent;
        } else if (errno == EAGAIN && left_ms > 0) {
            (void)is_ready(fd, POLLOUT, (int)left_ms);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

/* The library finds the end of the connection in the host's next round, and connects anew. */
static int give_up(const netsnmp_transport *transport)
{
    (void)shutdown(transport->sock, SHUT_RDWR);
    return -1;
}

static int transmit(netsnmp_transport *transport, const void *buf, int size,
                    void **opaque, int *olength)
{
    (void)opaque;
    (void)olength;
    struct link *link = transport->data;
    if (link->ended || is_silent(transport, NQ_MASTER_SILENT_MS) ||
        !send_all(transport->sock, buf, (size_t)size)) {
        return give_up(transport);
    }
    struct header header = {.type = TYPE_RESPONSE};
    if ((size_t)size >= sizeof(header)) {
        memcpy(&header, buf, sizeof(header));
    }
    if (header.type != TYPE_RESPONSE) {
        link->request = header;
        if (link->asked_ms == 0) {
            link->asked_ms = nq_mono_ms(&nq_system_clock);
        }
    }
    return size;
}

static int close_link(netsnmp_transport *transport)
{
    (void)is_silent(transport, NQ_MASTER_ANSWER_MS);
    const int result = transport->sock >= 0 ? close(transport->sock) : -1;
    transport->sock = -1;
    return result;
}

static char *format(netsnmp_transport *transport, const void *data, int len)
{
    (void)transport;
    (void)data;
    (void)len;
    return strdup(master.name); /* the library frees it */
}

/* ---- a connection -------------------------------------------------------------------- */

/* 0, or why not. Unix sockets connect at once or not at all. */
static int connect_soon(int fd)
{
    if (connect(fd, (const struct sockaddr *)&master.address, master.address_len) == 0) {
        return 0;
    }
    if (errno != EINPROGRESS) {
        return errno;
    }
    int number = 0;
    socklen_t len = sizeof(number);
    if (!is_ready(fd, POLLOUT, NQ_MASTER_ANSWER_MS)) {
        return ETIMEDOUT;
    }
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &len) == 0 ? number : errno;
}

static const oid domain_name[] = {NQ_OID_ROOT, 0, 0};

static netsnmp_transport *open_link(netsnmp_tdomain_spec *spec)
{
    (void)spec;
    const int fd =
        socket(master.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int number = fd < 0 ? errno : connect_soon(fd);
    if (number != 0) {
        complain_of(number);
        if (fd >= 0) {
            (void)close(fd);
        }
        return NULL;
    }
    netsnmp_transport *transport = nq_calloc(1, sizeof(*transport));
    transport->domain = domain_name;
    transport->domain_length = OID_LENGTH(domain_name);
    transport->sock = fd;
    transport->flags = NETSNMP_TRANSPORT_FLAG_STREAM;
    transport->msgMaxSize = SNMP_MAX_PACKET_LEN;
    transport->data = nq_calloc(1, sizeof(struct link));
    transport->data_length = sizeof(struct link);
    transport->f_recv = receive;
    transport->f_send = transmit;
    transport->f_close = close_link;
    transport->f_fmtaddr = format;
    return transport;
}

/* ---- its address --------------------------------------------------------------------- */

static bool use_path(const char *path, struct nq_err *reterr)
{
    struct sockaddr_un *address = (struct sockaddr_un *)&master.address;
    if (strlen(path) >= sizeof(address->sun_path)) {
        return nq_fail(reterr, NQ_HOST, "AgentX master %s: longer than %zu characters",
                       path, sizeof(address->sun_path) - 1);
    }
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, strlen(path) + 1);
    master.address_len = sizeof(*address);
    return true;
}

static bool use_host(const char *text, struct nq_err *reterr)
{
    char *host = nq_strdup(text);
    char *colon = strrchr(host, ':');
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int result = EAI_NONAME;
    if (colon) {
        *colon = '\0';
        result = getaddrinfo(host, colon + 1, &hints, &found);
    }
    free(host);
    if (result != 0) {
        return nq_fail(reterr, NQ_HOST, "AgentX master %s: %s", text,
                       colon ? gai_strerror(result) : "it has no port");
    }
    memcpy(&master.address, found->ai_addr, found->ai_addrlen);
    master.address_len = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool use_address(const char *text, struct nq_err *reterr)
{
    if (text[0] == '/') {
        return use_path(text, reterr);
    }
    if (starts_with(text, UNIX_PREFIX)) {
        return use_path(text + strlen(UNIX_PREFIX), reterr);
    }
    if (starts_with(text, TCP_PREFIX)) {
        return use_host(text + strlen(TCP_PREFIX), reterr);
    }
    return nq_fail(reterr, NQ_HOST,
                   "AgentX master %s: write unix:PATH or tcp:HOST:PORT, as in "
                   "agentXSocket of snmpd.conf",
                   text);
}

bool nq_master_use(const char *address, struct nq_err *reterr)
{
    static netsnmp_tdomain domain = {
        .name = domain_name,
        .name_length = OID_LENGTH(domain_name),
        .f_create_from_tspec = open_link,
    };
    nq_text_set(&master.name, address ? address : UNIX_PREFIX NETSNMP_AGENTX_SOCKET);
    if (!use_address(master.name, reterr)) {
        return false;
    }
    domain.prefix = nq_calloc(2, sizeof(*domain.prefix)); /* the library frees it */
    domain.prefix[0] = OUR_DOMAIN;
    (void)netsnmp_tdomain_register(&domain);
    netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET,
                          OUR_DOMAIN ":");
    return true;
}
