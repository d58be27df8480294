/* SPDX-License-Identifier: Apache-2.0 */
/* sender.c: see sender.h. The forms are those of snmptrapd's transports. */
#include "trap/sender.h"

#include <string.h>

#include "base/mem.h"
#include "base/netaddr.h"

#define ZONE_MAX 16 /* "%" and IF_NAMESIZE - 1 characters */

/* One host has one text; a link-local address keeps its zone. */
static char *canonical_address(const char *text)
{
    char address[NQ_IP_TEXT];
    char shown[NQ_IP_TEXT];
    const size_t len = strcspn(text, "%");
    if (len >= sizeof(address) || strlen(text + len) > ZONE_MAX) {
        return NULL;
    }
    memcpy(address, text, len);
    address[len] = '\0';
    if (!nq_ip_spell(address, shown)) {
        return NULL;
    }
    return nq_sprintf("%s%s", shown, strchr(shown, ':') ? text + len : "");
}

/* "UDP: [192.0.2.1]:162->[..]:162", "UDP/IPv6: [::1]:162", "Local IPC: /run/socket". */
char *nq_sender_from_transport(const char *line, size_t len)
{
    static const char local[] = "Local IPC: ";
    if (len >= sizeof(local) - 1 && memcmp(line, local, sizeof(local) - 1) == 0) {
        return nq_strdup("unix"); /* the path is our end, not the sender's */
    }
    const char *open = memmem(line, len, ": [", 3);
    if (!open) {
        return NULL;
    }
    const char *start = open + 3;
    const char *close = memchr(start, ']', (size_t)(line + len - start));
    char address[NQ_IP_TEXT + ZONE_MAX];
    if (!close || (size_t)(close - start) >= sizeof(address)) {
        return NULL;
    }
    for (const char *c = start; c < close; c++) {
        if (*c <= ' ' || *c > '~') {
            return NULL;
        }
    }
    memcpy(address, start, (size_t)(close - start));
    address[close - start] = '\0';
    return canonical_address(address);
}
