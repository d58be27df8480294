/* SPDX-License-Identifier: Apache-2.0 */
/* floor.c: bench-floor -c FILE PORT: the least that a receiver of INFORMs can do which does
 * not forget what it has answered: one fsync, the answer, and then the two calls that add a
 * tag to a VM that is known by its name, on a connection that is kept.
 *
 * It believes every datagram, has no other memory than a file that only grows, tries nothing
 * twice, and cares for one VM at a time.
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <cjson/cJSON.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../ber.h"

#define LINE_MAX_BYTES 1024
#define VMS            "/api/v1/fabric/virtual-machines"

enum setting { URL, USER, PASSWORD_FILE, CA_FILE, TAG_SCOPE, TAG, STATE, SETTING_COUNT };
static const char *const setting_names[] = {
    "url", "user", "password_file", "ca_file", "tag_scope", "tag", "state"};
static char settings[SETTING_COUNT][LINE_MAX_BYTES];

static void fail(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static void read_settings(const char *path)
{
    FILE *file = fopen(path, "re");
    char line[LINE_MAX_BYTES];
    while (file && fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\n")] = '\0';
        for (int i = 0; i < SETTING_COUNT; i++) {
            const size_t len = strlen(setting_names[i]);
            if (strncmp(line, setting_names[i], len) == 0 && line[len] == '=') {
                (void)snprintf(settings[i], sizeof(settings[i]), "%s", line + len + 1);
            }
        }
    }
    if (!file || fclose(file) != 0) {
        fail(path);
    }
}

/* ---- NSX ------------------------------------------------------------------------------ */

struct answer {
    char text[BER_MESSAGE_MAX];
    size_t len;
};

static size_t take(char *bytes, size_t size, size_t count, void *arg)
{
    struct answer *answer = arg;
    const size_t len = size * count;
    if (len >= sizeof(answer->text) - answer->len) {
        return 0;
    }
    memcpy(answer->text + answer->len, bytes, len);
    answer->len += len;
    answer->text[answer->len] = '\0';
    return len;
}

static CURL *open_nsx(struct answer *answer, struct curl_slist *headers)
{
    char password[LINE_MAX_BYTES] = "";
    FILE *file = fopen(settings[PASSWORD_FILE], "re");
    if (!file || !fgets(password, sizeof(password), file) || fclose(file) != 0) {
        fail(settings[PASSWORD_FILE]);
    }
    password[strcspn(password, "\n")] = '\0';
    CURL *curl = curl_easy_init();
    if (!curl) {
        fail("curl");
    }
    (void)curl_easy_setopt(curl, CURLOPT_CAINFO, settings[CA_FILE]);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
    (void)curl_easy_setopt(curl, CURLOPT_USERNAME, settings[USER]);
    (void)curl_easy_setopt(curl, CURLOPT_PASSWORD, password);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    (void)curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, 15L);
    return curl;
}

static bool ask(CURL *curl, struct answer *answer, const char *url, const char *body)
{
    answer->len = 0;
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    if (body) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    } else {
        (void)curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    }
    const CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK) {
        (void)fprintf(stderr, "%s: %s\n", url, curl_easy_strerror(code));
    }
    return code == CURLE_OK;
}

static void add_tag(CURL *curl, struct answer *answer, const char *computer)
{
    char text[2 * LINE_MAX_BYTES];
    char *name = curl_easy_escape(curl, computer, 0);
    (void)snprintf(text, sizeof(text), "%s" VMS "?display_name=%s", settings[URL], name);
    curl_free(name);
    if (!ask(curl, answer, text, NULL)) {
        return;
    }
    cJSON *found = cJSON_Parse(answer->text);
    const cJSON *vms = cJSON_GetObjectItem(found, "results");
    const cJSON *id = cJSON_GetObjectItem(cJSON_GetArrayItem(vms, 0), "external_id");
    if (cJSON_GetArraySize(vms) == 1 && cJSON_IsString(id)) {
        char body[4 * LINE_MAX_BYTES];
        (void)snprintf(
            body, sizeof(body),
            "{\"external_id\":\"%s\",\"tags\":[{\"scope\":\"%s\",\"tag\":\"%s\"}]}",
            id->valuestring, settings[TAG_SCOPE], settings[TAG]);
        (void)snprintf(text, sizeof(text), "%s" VMS "?action=add_tags", settings[URL]);
        (void)ask(curl, answer, text, body);
    }
    cJSON_Delete(found);
}

/* ---- INFORMs -------------------------------------------------------------------------- */

/* The name behind "Subject: "; false: this is none of ours. */
static bool read_computer(const uint8_t *message, size_t len,
                          char ret_name[LINE_MAX_BYTES])
{
    static const char subject[] = "Subject: ";
    const char *found = memmem(message, len, subject, sizeof(subject) - 1);
    if (!found) {
        return false;
    }
    found += sizeof(subject) - 1;
    const size_t left = (size_t)((const char *)message + len - found);
    const char *end = memchr(found, '\n', left);
    const size_t size = end ? (size_t)(end - found) : left;
    if (size >= LINE_MAX_BYTES) {
        return false;
    }
    memcpy(ret_name, found, size);
    ret_name[size] = '\0';
    return true;
}

/* The answer to an INFORM is the INFORM with another tag. */
static bool answer_to(uint8_t *message, size_t len)
{
    struct ber_in in = {message, message + len};
    struct ber_in all;
    struct ber_in field;
    if (!ber_expect(&in, BER_SEQUENCE, &all) || !ber_expect(&all, BER_INTEGER, &field) ||
        !ber_expect(&all, BER_OCTETS, &field) || all.at >= all.end ||
        *all.at != BER_INFORM) {
        return false;
    }
    message[all.at - message] = BER_RESPONSE;
    return true;
}

int main(int argc, char **argv)
{
    static uint8_t message[BER_MESSAGE_MAX];
    static struct answer answer;
    if (argc != 4) {
        (void)fprintf(stderr, "usage: bench-floor -c FILE PORT\n");
        return 64;
    }
    read_settings(argv[2]);
    struct curl_slist *headers =
        curl_slist_append(NULL, "Content-Type: application/json");
    CURL *curl = open_nsx(&answer, headers);
    const int state =
        open(settings[STATE], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_in here = {.sin_family = AF_INET,
                                     .sin_port =
                                         htons((uint16_t)strtol(argv[3], NULL, 10)),
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (state < 0 || fd < 0 ||
        bind(fd, (const struct sockaddr *)&here, sizeof(here)) != 0) {
        fail("bench-floor");
    }
    (void)fprintf(stderr, "ready\n");
    for (;;) {
        struct sockaddr_in from;
        socklen_t from_len = sizeof(from);
        char computer[LINE_MAX_BYTES];
        const ssize_t got = recvfrom(fd, message, sizeof(message), 0,
                                     (struct sockaddr *)&from, &from_len);
        if (got <= 0 || !read_computer(message, (size_t)got, computer) ||
            write(state, message, (size_t)got) != got || fsync(state) != 0) {
            continue;
        }
        if (answer_to(message, (size_t)got)) {
            (void)sendto(fd, message, (size_t)got, 0, (const struct sockaddr *)&from,
                         from_len);
        }
        add_tag(curl, &answer, computer);
    }
}
