/* SPDX-License-Identifier: Apache-2.0 */
/* computer.c: see computer.h. */
#include "trap/computer.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/netaddr.h"
#include "base/uuid.h"

enum nq_computer_kind nq_computer_kind_of(const char *text)
{
    char address[NQ_IP_TEXT];
    struct nq_uuid uuid;
    struct nq_mac mac;
    if (nq_uuid_parse(text, &uuid)) {
        return NQ_COMPUTER_UUID;
    }
    if (nq_ip_spell(text, address)) {
        return NQ_COMPUTER_ADDRESS;
    }
    return nq_mac_parse(text, &mac) ? NQ_COMPUTER_MAC : NQ_COMPUTER_NAME;
}

const char *nq_computer_kind_text(enum nq_computer_kind kind)
{
    switch (kind) {
    case NQ_COMPUTER_NAME:
        return "a name";
    case NQ_COMPUTER_ADDRESS:
        return "an IP address";
    case NQ_COMPUTER_MAC:
        return "a MAC address";
    case NQ_COMPUTER_UUID:
        return "a UUID";
    case NQ_COMPUTER_ANY:
        break;
    }
    return "anything";
}

static char *spell_mac(const struct nq_mac *mac)
{
    char text[NQ_MAC_TEXT];
    return nq_strdup(nq_mac_format(mac, text));
}

static char *spell(enum nq_computer_kind kind, const char *text)
{
    char address[NQ_IP_TEXT];
    char hex[NQ_UUID_TEXT];
    struct nq_uuid uuid;
    struct nq_mac mac;
    switch (kind) {
    case NQ_COMPUTER_NAME:
        return nq_computer_kind_of(text) == kind ? nq_strdup(text) : NULL;
    case NQ_COMPUTER_ADDRESS:
        return nq_ip_spell(text, address) ? nq_strdup(address) : NULL;
    case NQ_COMPUTER_MAC:
        return nq_mac_parse_any(text, &mac) ? spell_mac(&mac) : NULL;
    case NQ_COMPUTER_UUID:
        return nq_uuid_parse(text, &uuid) ? nq_strdup(nq_uuid_format(&uuid, hex)) : NULL;
    case NQ_COMPUTER_ANY:
        break;
    }
    return nq_strdup(text);
}

char *nq_computer_spell(enum nq_computer_kind kind, struct nq_span text)
{
    if (nq_span_holds_nul(text)) {
        return NULL;
    }
    char *copy = nq_strndup(text.text, text.len);
    char *spelt = spell(kind, copy);
    free(copy);
    return spelt;
}

char *nq_computer_spell_octets(enum nq_computer_kind kind, const char *octets, size_t len)
{
    char text[NQ_IP_TEXT];
    struct nq_mac mac;
    if (kind == NQ_COMPUTER_MAC && len == sizeof(mac.bytes)) {
        memcpy(mac.bytes, octets, len);
        return spell_mac(&mac);
    }
    if (kind == NQ_COMPUTER_ADDRESS && nq_ip_spell_octets(octets, len, text)) {
        char *as_text =
            len > 4 ? nq_computer_spell(kind, (struct nq_span){octets, len}) : NULL;
        const bool is_text = as_text != NULL;
        free(as_text);
        return is_text ? NULL : nq_strdup(text);
    }
    return NULL;
}
