/* SPDX-License-Identifier: Apache-2.0 */
/* record.c: the list of a case's members and the names of its numbers. */
#include "store/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

#define U32(member)                                                                      \
    {                                                                                    \
#member, NQ_FIELD_U32, offsetof(struct nq_case, member)                          \
    }
#define I64(member)                                                                      \
    {                                                                                    \
#member, NQ_FIELD_I64, offsetof(struct nq_case, member)                          \
    }
#define TEXT(member)                                                                     \
    {                                                                                    \
#member, NQ_FIELD_TEXT, offsetof(struct nq_case, member)                         \
    }

_Static_assert(sizeof(enum nq_case_state) == sizeof(uint32_t),
               "enumerations are kept as 32-bit numbers");

const struct nq_case_field nq_case_fields[] = {
    U32(id),
    U32(state),
    U32(wanted),
    U32(reason),
    U32(owner),
    U32(signals),
    U32(attempts),
    U32(tag_writes),
    U32(rungs),
    U32(tag_time_ms),
    U32(isolate_time_ms),
    U32(approved),
    I64(detected_ms),
    I64(changed_ms),
    I64(deadline_ms),
    I64(release_at_ms),
    I64(admitted_ms),
    I64(last_detected_ms),
    TEXT(identity),
    TEXT(name),
    TEXT(manager_name),
    TEXT(external_id),
    TEXT(host_name),
    TEXT(addresses),
    TEXT(reason_text),
    TEXT(trigger),
    TEXT(cause),
    TEXT(severity),
    TEXT(changed_by),
    TEXT(tag),
    TEXT(last_error),
    TEXT(comment),
};
const size_t nq_case_field_count = sizeof(nq_case_fields) / sizeof(nq_case_fields[0]);

static char **text_of(struct nq_case *record, const struct nq_case_field *field)
{
    return (char **)(void *)((char *)record + field->offset);
}

void nq_case_copy(const struct nq_case *record, struct nq_case *ret_copy)
{
    *ret_copy = *record;
    for (size_t i = 0; i < nq_case_field_count; i++) {
        if (nq_case_fields[i].kind == NQ_FIELD_TEXT) {
            char **text = text_of(ret_copy, &nq_case_fields[i]);
            *text = nq_strdup(*text);
        }
    }
}

void nq_case_done(struct nq_case *record)
{
    for (size_t i = 0; i < nq_case_field_count; i++) {
        if (nq_case_fields[i].kind == NQ_FIELD_TEXT) {
            char **text = text_of(record, &nq_case_fields[i]);
            free(*text);
            *text = NULL;
        }
    }
}

uint64_t nq_case_hash(const struct nq_case *record)
{
    static const size_t sizes[] = {
        [NQ_FIELD_U32] = sizeof(uint32_t), [NQ_FIELD_I64] = sizeof(int64_t)};
    uint64_t hash = NQ_HASH_START;
    for (size_t i = 0; i < nq_case_field_count; i++) {
        const struct nq_case_field *field = &nq_case_fields[i];
        const void *member = nq_case_member(record, field);
        if (field->kind == NQ_FIELD_TEXT) {
            const char *text = *(const char *const *)member;
            hash = nq_hash_add(hash, text ? text : "", text ? strlen(text) + 1 : 0);
        } else {
            hash = nq_hash_add(hash, member, sizes[field->kind]);
        }
    }
    return hash ? hash : 1;
}

void nq_unmatched_copy(const struct nq_unmatched *record, struct nq_unmatched *ret_copy)
{
    *ret_copy = *record;
    ret_copy->source = nq_strdup(record->source);
    ret_copy->trap_oid = nq_strdup(record->trap_oid);
    ret_copy->text = nq_strdup(record->text);
}

void nq_unmatched_done(struct nq_unmatched *record)
{
    free(record->source);
    free(record->trap_oid);
    free(record->text);
    *record = (struct nq_unmatched){0};
}

void nq_admission_copy(const struct nq_admission *record, struct nq_admission *ret_copy)
{
    *ret_copy = *record;
    ret_copy->cause = nq_strdup(record->cause);
    ret_copy->groups = nq_strdup(record->groups);
}

void nq_admission_done(struct nq_admission *record)
{
    free(record->cause);
    free(record->groups);
    *record = (struct nq_admission){0};
}

void nq_log_entry_copy(const struct nq_log_entry *entry, struct nq_log_entry *ret_copy)
{
    *ret_copy = *entry;
    ret_copy->event = nq_strdup(entry->event);
    ret_copy->actor = nq_strdup(entry->actor);
    ret_copy->text = nq_strdup(entry->text);
    ret_copy->evidence = nq_strdup(entry->evidence);
}

void nq_log_entry_done(struct nq_log_entry *entry)
{
    free(entry->event);
    free(entry->actor);
    free(entry->text);
    free(entry->evidence);
    *entry = (struct nq_log_entry){0};
}

static const char *name_at(const char *const *names, size_t count, size_t index)
{
    return index < count && names[index] ? names[index] : "";
}

#define NAME(names, number)                                                              \
    name_at((names), sizeof(names) / sizeof((names)[0]), (size_t)(number))

const char *nq_case_state_name(enum nq_case_state state)
{
    static const char *const names[] = {
        [NQ_CASE_OBSERVED] = "observed", [NQ_CASE_HELD] = "held",
        [NQ_CASE_TAGGING] = "tagging",   [NQ_CASE_TAGGED] = "tagged",
        [NQ_CASE_ISOLATED] = "isolated", [NQ_CASE_RELEASING] = "releasing",
        [NQ_CASE_RELEASED] = "released", [NQ_CASE_FAILED] = "failed",
        [NQ_CASE_VANISHED] = "vanished",
    };
    return NAME(names, state);
}

const char *nq_reason_name(enum nq_reason reason)
{
    static const char *const names[] = {
        [NQ_REASON_NONE] = "none",
        [NQ_REASON_PROTECTED] = "protected",
        [NQ_REASON_GOVERNOR] = "governor",
        [NQ_REASON_AMBIGUOUS] = "ambiguous",
        [NQ_REASON_UNKNOWN_VM] = "unknownVm",
        [NQ_REASON_UNPROVEN] = "unproven",
        [NQ_REASON_NSX_REFUSED] = "nsxRefused",
        [NQ_REASON_NSX_UNREACHABLE] = "nsxUnreachable",
        [NQ_REASON_TAG_LOST] = "tagLost",
        [NQ_REASON_RUNG_LOST] = "rungLost",
        [NQ_REASON_OBSERVE_MODE] = "observeMode",
        [NQ_REASON_EXCLUDED] = "excluded",
    };
    return NAME(names, reason);
}

const char *nq_mode_name(enum nq_mode mode)
{
    static const char *const names[] = {
        [NQ_MODE_OBSERVE] = "observe",
        [NQ_MODE_ENFORCE] = "enforce",
        [NQ_MODE_STOPPED] = "stopped",
    };
    return NAME(names, mode);
}

const char *nq_governor_state_name(enum nq_governor_state state)
{
    static const char *const names[] = {
        [NQ_GOVERNOR_NORMAL] = "normal",
        [NQ_GOVERNOR_GUARDED] = "guarded",
        [NQ_GOVERNOR_TRIPPED] = "tripped",
    };
    return NAME(names, state);
}

const char *nq_counter_name(enum nq_counter counter)
{
    static const char *const names[NQ_COUNTER_COUNT] = {
        [NQ_COUNT_TRAPS_RECEIVED] = "traps_received",
        [NQ_COUNT_TRAPS_ACTED] = "traps_acted",
        [NQ_COUNT_TRAPS_COALESCED] = "traps_coalesced",
        [NQ_COUNT_TRAPS_IGNORED] = "traps_ignored",
        [NQ_COUNT_TRAPS_HELD] = "traps_held",
        [NQ_COUNT_TRAPS_REFUSED] = "traps_refused",
        [NQ_COUNT_TRAPS_MALFORMED] = "traps_malformed",
        [NQ_COUNT_TRAPS_SPOOLED] = "traps_spooled",
        [NQ_COUNT_TRAPS_KERNEL_DROPS] = "traps_kernel_drops",
        [NQ_COUNT_CASES_OPENED] = "cases_opened",
        [NQ_COUNT_CASES_RELEASED] = "cases_released",
        [NQ_COUNT_NOTICES_SUPPRESSED] = "notices_suppressed",
    };
    return NAME(names, counter);
}
