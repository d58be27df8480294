/* SPDX-License-Identifier: Apache-2.0 */
/* guard.c: see guard.h. */
#include "quarantine/guard.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/netaddr.h"
#include "base/prefix.h"
#include "base/text.h"
#include "nsx/tags.h"

#define ITEM_MAX 256 /* an address or a UUID is shorter */

/* Calls fn for each item of a comma list until it returns true. */
static bool any_item(const char *list, bool (*fn)(const void *arg, const char *item),
                     const void *arg)
{
    while (*list) {
        char item[ITEM_MAX];
        const size_t len = strcspn(list, ",");
        if (len < sizeof(item)) {
            memcpy(item, list, len);
            item[len] = '\0';
            if (fn(arg, item)) {
                return true;
            }
        }
        list += len;
        list += strspn(list, ", ");
    }
    return false;
}

static bool same_text(const void *arg, const char *item)
{
    return nq_text_same(arg, item);
}

static bool in_prefix(const void *arg, const char *item)
{
    return nq_prefix_holds(arg, item);
}

/* ---- one row of each kind ------------------------------------------------------------ */

static bool has_uuid(const struct nq_guard_vm *vm, const char *uuid)
{
    return nq_text_same(vm->external_id, uuid) || any_item(vm->uuids, same_text, uuid);
}

static void first_label(const char *name, char label[ITEM_MAX])
{
    const size_t len = strcspn(name, ".");
    (void)snprintf(label, ITEM_MAX, "%.*s", (int)(len < ITEM_MAX ? len : 0), name);
}

static bool fits_pattern(const struct nq_guard_vm *vm, const char *pattern)
{
    char label[ITEM_MAX];
    first_label(vm->host_name, label);
    const char *const names[] = {vm->display_name, vm->host_name, label};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i][0] && fnmatch(pattern, names[i], FNM_CASEFOLD) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_address(const struct nq_guard_vm *vm, const char *address)
{
    struct nq_prefix prefix;
    return nq_prefix_parse(address, &prefix) &&
           any_item(vm->addresses, in_prefix, &prefix);
}

/* ---- the whole block ----------------------------------------------------------------- */

static bool any_text(const struct nq_guard_vm *vm, char *const *rows, size_t count,
                     bool (*fits)(const struct nq_guard_vm *vm, const char *row),
                     const char **ret_row)
{
    for (size_t i = 0; i < count; i++) {
        if (fits(vm, rows[i])) {
            *ret_row = rows[i];
            return true;
        }
    }
    return false;
}

static bool any_tag(const struct nq_config *conf, const struct nq_guard_vm *vm,
                    const char **ret_row)
{
    for (size_t i = 0; i < conf->protect.tag_count; i++) {
        if (vm->tags & NQ_TAGS_PROTECTED(i)) {
            *ret_row = conf->protect.tags[i].value;
            return true;
        }
    }
    return false;
}

bool nq_guard_protects(const struct nq_config *conf, const struct nq_guard_vm *vm,
                       char *ret_why, size_t size)
{
    const struct nq_protect_conf *protect = &conf->protect;
    const char *row = "";
    const char *kind = NULL;
    if (!vm->regular) {
        (void)snprintf(ret_why, size,
                       "\"%s\" is a VM of type %s; only REGULAR ones are quarantined",
                       vm->display_name, vm->type);
        return true;
    }
    if (any_text(vm, protect->uuids, protect->uuid_count, has_uuid, &row)) {
        kind = "UUID";
    } else if (any_text(vm, protect->names, protect->name_count, fits_pattern, &row)) {
        kind = "name";
    } else if (any_text(vm, protect->addresses, protect->address_count, has_address,
                        &row)) {
        kind = "address";
    } else if (any_tag(conf, vm, &row)) {
        kind = "tag";
    }
    if (!kind) {
        return false;
    }
    (void)snprintf(ret_why, size, "\"%s\" is protected by its %s: %s", vm->display_name,
                   kind, row);
    return true;
}

bool nq_guard_is_host(const struct nq_guard_vm *vm, const char *host)
{
    char spelled[NQ_IP_TEXT];
    if (nq_ip_spell(host, spelled)) {
        return has_address(vm, spelled);
    }
    char label[ITEM_MAX];
    first_label(host, label);
    if (label[0] == '\0') {
        return false; /* no name */
    }
    return nq_text_same(vm->display_name, host) || nq_text_same(vm->host_name, host) ||
           nq_text_same(vm->display_name, label) || nq_text_same(vm->host_name, label);
}
