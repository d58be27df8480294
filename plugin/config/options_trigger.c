/* SPDX-License-Identifier: Apache-2.0 */
/* options_trigger.c: the options of triggers, as rows. */
#include "config/option_rows.h"

#define OPERAND(nq_kind)                                                                 \
    AT(nq_condition_conf, operand),                                                      \
        .operand = (nq_kind), .operand_offset = offsetof(struct nq_condition_conf, kind)

static const struct nq_option condition_options[] = {
    {.name = "oid",
     .kind = NQ_OPTION_OID,
     AT(nq_condition_conf, oid),
     .required = true,
     .help = "of the varbind, instance included"},
    {.name = "key",
     .kind = NQ_OPTION_TEXT,
     AT(nq_condition_conf, key),
     BYTES(64),
     .help = "look at the value of its line `key: value`; default: the whole text"},
    {.name = "equals",
     .kind = NQ_OPTION_OPERAND,
     OPERAND(NQ_CONDITION_EQUALS),
     .min = 0,
     .max = TEXT_BYTES,
     .help = "its whole text; one of equals, contains and matches is needed"},
    {.name = "contains",
     .kind = NQ_OPTION_OPERAND,
     OPERAND(NQ_CONDITION_CONTAINS),
     .min = 0,
     .max = TEXT_BYTES,
     .help = "a part of its text; \"\" asks only whether the varbind is there"},
    {.name = "matches",
     .kind = NQ_OPTION_OPERAND_REGEX,
     OPERAND(NQ_CONDITION_MATCHES),
     BYTES(TEXT_BYTES),
     .help = "an expression that its text matches somewhere"},
};

static const struct nq_option field_options[] = {
    {.name = "oid",
     .kind = NQ_OPTION_OID,
     AT(nq_field_conf, oid),
     .required = true,
     .help = "of the varbind that holds it, instance included"},
    {.name = "key",
     .kind = NQ_OPTION_TEXT,
     AT(nq_field_conf, key),
     BYTES(64),
     .help = "take the value of its line `key: value`; default: the whole text"},
    {.name = "regex",
     .kind = NQ_OPTION_REGEX,
     AT(nq_field_conf, regex),
     BYTES(TEXT_BYTES),
     .help = "take what a group of this expression matches"},
    {.name = "group",
     .kind = NQ_OPTION_NUMBER,
     AT(nq_field_conf, group),
     .min = 0,
     .max = 9,
     .preset = "0",
     .help = "which one, with regex; 0 is the whole match"},
};

static const struct nq_block condition_block = {BLOCK(condition_options),
                                                .size = sizeof(struct nq_condition_conf)};
static const struct nq_block field_block = {BLOCK(field_options), .optional = true};

static const struct nq_word trigger_actions[] = {
    {"quarantine", NQ_ACTION_QUARANTINE}, {"ignore", NQ_ACTION_IGNORE}, {NULL, 0}};

static const struct nq_word proofs[] = {
    {"any", NQ_PROOF_ANY}, {"listed", NQ_PROOF_LISTED}, {"v3", NQ_PROOF_V3}, {NULL, 0}};

static const struct nq_option trigger_options[] = {
    {.name = "name",
     .kind = NQ_OPTION_TEXT,
     AT(nq_trigger_conf, name),
     BYTES(TEXT_BYTES),
     .required = true,
     .help = "what logs and the MIB call it"},
    {.name = "trap_oid",
     .kind = NQ_OPTION_OID,
     AT(nq_trigger_conf, trap_oid),
     .required = true,
     .help = "value of snmpTrapOID.0; a v1 trap has ENTERPRISE.0.SPECIFIC"},
    {.name = "prefix",
     .kind = NQ_OPTION_FLAG,
     AT(nq_trigger_conf, oid_prefix),
     .preset = "false",
     .help = "true: trap_oid and all below it"},
    {.name = "action",
     .kind = NQ_OPTION_WORD,
     AT(nq_trigger_conf, action),
     .words = trigger_actions,
     .preset = "quarantine",
     .help = "ignore: such a trap is counted and nothing else"},
    {.name = "proof",
     .kind = NQ_OPTION_WORD,
     AT(nq_trigger_conf, proof),
     .words = proofs,
     .preset = "listed",
     .help = "who must have sent it: anybody, a row of sources, or one of its SNMPv3 "
             "users; a "
             "trap that proves less is held for a person"},
    {.name = "time_limit_s",
     .kind = NQ_OPTION_WHOLE_SECONDS,
     AT(nq_trigger_conf, time_limit_s),
     .min = 0,
     .max = 365 * DAY / S,
     .preset = "0",
     .help = "the quarantine ends by itself after this; 0 = never"},
    {.name = "conditions",
     .kind = NQ_OPTION_LIST,
     AT(nq_trigger_conf, conditions),
     .count_offset = offsetof(struct nq_trigger_conf, condition_count),
     .min = 0,
     .max = NQ_CONFIG_CONDITIONS_MAX,
     .block = &condition_block,
     .help = "on varbinds; all of them must hold"},
    {.name = "computer",
     .kind = NQ_OPTION_BLOCK,
     AT(nq_trigger_conf, computer),
     .block = &field_block,
     .help = "whom the trap names: a name, an address or a UUID"},
    {.name = "cause",
     .kind = NQ_OPTION_BLOCK,
     AT(nq_trigger_conf, cause),
     .block = &field_block,
     .help = "what happened, for people"},
    {.name = "severity",
     .kind = NQ_OPTION_BLOCK,
     AT(nq_trigger_conf, severity),
     .block = &field_block,
     .help = "how bad the sender finds it, for people"},
};

const struct nq_block nq_trigger_block = {BLOCK(trigger_options),
                                          .size = sizeof(struct nq_trigger_conf)};
