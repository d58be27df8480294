/* SPDX-License-Identifier: Apache-2.0 */
/* hint.c: see hint.h. */
#include "nsx/hint.h"

#include <stdio.h>

#include "base/netaddr.h"
#include "base/uuid.h"

_Static_assert(NQ_HINT_KEY >= NQ_IP_TEXT && NQ_HINT_KEY >= NQ_UUID_TEXT,
               "a key has room for the longest spelling");

static bool read_uuid(const char *text, char out[NQ_HINT_KEY])
{
    struct nq_uuid uuid;
    const bool good = nq_uuid_parse(text, &uuid);
    if (good) {
        (void)nq_uuid_format(&uuid, out);
    }
    return good;
}

static bool read_mac(const char *text, char out[NQ_HINT_KEY])
{
    struct nq_mac mac;
    if (!nq_mac_parse(text, &mac)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(mac.bytes); i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", mac.bytes[i]);
    }
    return true;
}

enum nq_hint nq_hint_of(const char *text, char out[NQ_HINT_KEY])
{
    if (read_uuid(text, out)) {
        return NQ_HINT_UUID;
    }
    if (nq_ip_spell(text, out)) {
        return NQ_HINT_IP;
    }
    if (read_mac(text, out)) {
        return NQ_HINT_MAC;
    }
    out[0] = '\0';
    return *text ? NQ_HINT_NAME : NQ_HINT_NOTHING;
}
