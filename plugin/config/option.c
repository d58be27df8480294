/* SPDX-License-Identifier: Apache-2.0 */
/* option.c: checks one value of an option and stores it; knows no file and no libconfig. */
#include "config/option.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/charset.h"
#include "base/mem.h"
#include "base/prefix.h"
#include "base/text.h"
#include "base/uuid.h"

#define OID_ARCS_MAX    128 /* RFC 2578 section 3.5 */
#define SOCKET_PATH_MAX 107 /* sun_path of unix(7) without its NUL */

/* NULL, or what is allowed. */
typedef const char *check_fn(const char *text, char *reason);

/* ---- texts -------------------------------------------------------------------------- */

static const char *check_any(const char *text, char *reason)
{
    (void)text;
    (void)reason;
    return NULL;
}

/* What has to be escaped to be shown is not plain. */
static const char *check_plain(const char *text, char *reason)
{
    (void)reason;
    const size_t size = strlen(text) + 1;
    char *escaped = nq_calloc(size, 1);
    const bool plain = strcmp(nq_text_escape(text, escaped, size), text) == 0;
    free(escaped);
    return plain ? NULL : "use UTF-8 without control characters";
}

static const char *check_tag(const char *text, char *reason)
{
    if (strchr(text, '|')) {
        return "use a text without |, which separates scope and value";
    }
    return check_plain(text, reason);
}

static const char *check_path(const char *text, char *reason)
{
    return text[0] == '/' ? check_plain(text, reason)
                          : "use an absolute path, one that begins with /";
}

static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '.' || c == '-';
}

/* The end of the host in "host", "192.0.2.1" or "[2001:db8::1]", or NULL. */
static const char *host_end(const char *host)
{
    if (*host == '[') {
        char address[INET6_ADDRSTRLEN];
        struct in6_addr binary;
        const size_t len = strcspn(host + 1, "]");
        if (host[1 + len] != ']' || len >= sizeof(address)) {
            return NULL;
        }
        memcpy(address, host + 1, len);
        address[len] = '\0';
        return inet_pton(AF_INET6, address, &binary) == 1 ? host + len + 2 : NULL;
    }
    const char *end = host;
    while (is_host_char(*end)) {
        end++;
    }
    return end > host ? end : NULL;
}

static bool is_port(const char *text)
{
    const size_t digits = strspn(text, "0123456789");
    return digits >= 1 && digits <= 5 && text[digits] == '\0' &&
           strtol(text, NULL, 10) >= 1 && strtol(text, NULL, 10) <= 65535;
}

static const char *check_url(const char *text, char *reason)
{
    static const char allowed[] = "use https://HOST[:PORT]";
    static const char scheme[] = "https://";
    (void)reason;
    if (strncmp(text, scheme, strlen(scheme)) != 0) {
        return allowed;
    }
    const char *end = host_end(text + strlen(scheme));
    if (!end) {
        return allowed;
    }
    if (*end == '\0') {
        return NULL;
    }
    return *end == ':' && is_port(end + 1) ? NULL : allowed;
}

/* The names are those of Net-SNMP, which reads the address again. */
static const char *check_transport(const char *text, char *reason)
{
    static const char *const inet[] = {"udp:", "udp6:", "tcp:", "tcp6:"};
    static const char unix[] = "unix:";
    for (size_t i = 0; i < sizeof(inet) / sizeof(inet[0]); i++) {
        const size_t len = strlen(inet[i]);
        const char *port = strrchr(text, ':');
        if (strncmp(text, inet[i], len) == 0 && port > text + len && is_port(port + 1)) {
            return check_plain(text, reason);
        }
    }
    if (strncmp(text, unix, sizeof(unix) - 1) == 0 && text[sizeof(unix) - 1] == '/' &&
        strlen(text) - (sizeof(unix) - 1) <= SOCKET_PATH_MAX) {
        return check_plain(text, reason);
    }
    return "use udp:ADDRESS:PORT, udp6:[ADDRESS]:PORT, tcp:, tcp6: or unix:/PATH";
}

static const char *check_source(const char *text, char *reason)
{
    struct nq_prefix prefix;
    (void)reason;
    return strcmp(text, "unix") == 0 || nq_prefix_parse(text, &prefix)
               ? NULL
               : "use an address, a prefix such as 192.0.2.0/24 whose other bits are 0, "
                 "or unix";
}

static const char *check_address(const char *text, char *reason)
{
    struct nq_prefix prefix;
    (void)reason;
    return nq_prefix_parse(text, &prefix) ? NULL
                                          : "use an address, or a prefix such as "
                                            "192.0.2.0/24 whose other bits are 0";
}

static const char *check_uuid(const char *text, char *reason)
{
    struct nq_uuid uuid;
    (void)reason;
    return nq_uuid_parse(text, &uuid)
               ? NULL
               : "use a UUID such as 502e71fa-1a00-759b-e40f-ce778e915f16";
}

/* What nq_secret_path() looks up: systemd names credentials like files, without a path. */
static const char *check_secret(const char *text, char *reason)
{
    if (text[0] != '/' && (strchr(text, '/') || text[0] == '.')) {
        return "use an absolute path, or the name of a systemd credential without /";
    }
    return check_plain(text, reason);
}

/* The form that curl takes: 32 bytes of SHA-256 are 44 characters of base64. */
static const char *check_pin(const char *text, char *reason)
{
    static const char prefix[] = "sha256//";
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *code = text + sizeof(prefix) - 1;
    (void)reason;
    if (strncmp(text, prefix, sizeof(prefix) - 1) != 0 || strspn(code, digits) != 43 ||
        strcmp(code + 43, "=") != 0) {
        return "use sha256// and the base64 of the SHA-256 of the server's public key";
    }
    return NULL;
}

static const char *check_group_path(const char *text, char *reason)
{
    static const char vsphere[] = "securitygroup-";
    const size_t prefix = sizeof(vsphere) - 1;
    const bool is_vsphere = strncmp(text, vsphere, prefix) == 0 && text[prefix] &&
                            text[prefix + strspn(text + prefix, "0123456789")] == '\0';
    const bool is_policy =
        strncmp(text, "/infra/", 7) == 0 && text[7] != '\0' && !strchr(text, ' ');
    if (!is_vsphere && !is_policy) {
        return "use a policy path, which begins with /infra/ and holds no space, or for "
               "NSX for vSphere the id of the group, such as securitygroup-10";
    }
    return check_plain(text, reason);
}

/* Numbers and dots, with or without a dot in front; one text for one OID, because traps
 * are compared as text. */
static const char *check_oid(const char *text, char *reason)
{
    static const char allowed[] = "use a numeric OID such as .1.3.6.1.4.1.32473.1";
    unsigned long first = 0;
    size_t arcs = 0;
    (void)reason;
    text += *text == '.';
    for (;;) {
        const size_t digits = strspn(text, "0123456789");
        if (digits == 0 || digits > 10 || (digits > 1 && *text == '0')) {
            return allowed;
        }
        const unsigned long arc = strtoul(text, NULL, 10);
        if (arc > UINT32_MAX || (arcs == 0 && arc > 2) ||
            (arcs == 1 && first < 2 && arc > 39)) {
            return allowed;
        }
        first = arcs == 0 ? arc : first;
        arcs++;
        text += digits;
        if (*text != '.') {
            break;
        }
        text++;
    }
    return *text == '\0' && arcs >= 2 && arcs <= OID_ARCS_MAX ? NULL : allowed;
}

static const char *check_regex(const char *text, char *reason)
{
    return nq_option_regex(text, reason);
}

static const char *check_encoding(const char *text, char *reason)
{
    struct nq_charset *charset = nq_charset_open(text, NULL);
    if (!charset) {
        (void)snprintf(reason, NQ_OPTION_REASON, "%s",
                       "use a name that `iconv --list` shows, such as UTF-8 or CP932, "
                       "without anything behind a /");
        return reason;
    }
    (void)nq_charset_close(charset);
    return NULL;
}

static check_fn *const checks[NQ_OPTION_KIND_COUNT] = {
    [NQ_OPTION_TEXT] = check_plain,
    [NQ_OPTION_TAG] = check_tag,
    [NQ_OPTION_PATH] = check_path,
    [NQ_OPTION_SECRET] = check_secret,
    [NQ_OPTION_URL] = check_url,
    [NQ_OPTION_TRANSPORT] = check_transport,
    [NQ_OPTION_SOURCE] = check_source,
    [NQ_OPTION_ADDRESS] = check_address,
    [NQ_OPTION_UUID] = check_uuid,
    [NQ_OPTION_PIN] = check_pin,
    [NQ_OPTION_GROUP_PATH] = check_group_path,
    [NQ_OPTION_OID] = check_oid,
    [NQ_OPTION_REGEX] = check_regex,
    [NQ_OPTION_OPERAND] = check_any,
    [NQ_OPTION_OPERAND_REGEX] = check_regex,
    [NQ_OPTION_OCTETS] = check_any,
    [NQ_OPTION_ENCODING] = check_encoding,
};

const char *nq_option_element(const struct nq_option *option, const char *text,
                              char **ret_text, char *reason)
{
    const struct nq_option one = {.kind = option->element, .min = 1};
    return nq_option_text(&one, text, ret_text, reason);
}

bool nq_option_is_text(const struct nq_option *option)
{
    return checks[option->kind];
}

const char *nq_option_text(const struct nq_option *option, const char *text, char **field,
                           char *reason)
{
    /* OIDs have no range of their own: their numbers are counted. */
    const int64_t most = option->max > 0 ? option->max : INT64_C(4095);
    const int64_t len = (int64_t)strlen(text);
    if (len < option->min || len > most) {
        (void)snprintf(reason, NQ_OPTION_REASON, "use %lld to %lld bytes",
                       (long long)option->min, (long long)most);
        return reason;
    }
    const char *allowed = checks[option->kind](text, reason);
    if (allowed) {
        return allowed;
    }
    const bool dot = option->kind == NQ_OPTION_OID && text[0] != '.';
    *field = nq_sprintf("%s%s", dot ? "." : "", text);
    return NULL;
}

/* ---- numbers, words ----------------------------------------------------------------- */

const char *nq_option_number(const struct nq_option *option, double number,
                             int64_t *field, char *reason)
{
    const bool in_ms = option->kind == NQ_OPTION_SECONDS;
    const double scale = in_ms ? 1000.0 : 1.0;
    const double scaled = number * scale;
    /* Written so that a NaN fails. */
    if (!(scaled >= (double)option->min && scaled <= (double)option->max)) {
        (void)snprintf(reason, NQ_OPTION_REASON, "use %g to %.0f",
                       (double)option->min / scale, (double)option->max / scale);
        return reason;
    }
    *field = (int64_t)(scaled + 0.5);
    return NULL;
}

const char *nq_option_word(const struct nq_option *option, const char *text, int *field,
                           char *reason)
{
    for (const struct nq_word *word = option->words; word->text; word++) {
        if (strcmp(word->text, text) == 0) {
            *field = word->value;
            return NULL;
        }
    }
    char words[NQ_OPTION_REASON - 8];
    (void)snprintf(reason, NQ_OPTION_REASON, "use %s",
                   nq_option_describe(option, words, sizeof(words)));
    return reason;
}
