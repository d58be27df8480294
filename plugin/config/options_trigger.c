/* SPDX-License-Identifier: Apache-2.0 */
/* options_trigger.c: the options of triggers, as rows. */
#include "config/option_rows.h"

#include <string.h>

#define OPERAND(nq_kind)                                                                 \
    AT(nq_condition_conf, operand),                                                      \
        .operand = (nq_kind), .operand_offset = offsetof(struct nq_condition_conf, kind)

/* Which varbind; the first PLACES options of a block that must have exactly one. */
#define PLACES 3
#define PLACE(type)                                                                      \
    {.name = "oid",                                                                      \
     .kind = NQ_OPTION_OID,                                                              \
     AT(type, oid),                                                                      \
     .help = "of the varbind, instance included; one of oid, varbind and any_text is "   \
             "needed"},                                                                  \
        {.name = "varbind",                                                              \
         .kind = NQ_OPTION_NUMBER,                                                       \
         AT(type, varbind),                                                              \
         .min = 1,                                                                       \
         .max = 128,                                                                     \
         .help = "its place in the trap; 1 is the first one behind snmpTrapOID.0"},      \
    {                                                                                    \
        .name = "any_text", .kind = NQ_OPTION_FLAG, AT(type, any_text),                  \
        .help = "true: look at every OCTET STRING"                                       \
    }

/* What a field takes out of the text of its varbind, in this order. */
#define NARROW                                                                           \
    {.name = "key",                                                                      \
     .kind = NQ_OPTION_TEXT,                                                             \
     AT(nq_field_conf, key),                                                             \
     BYTES(64),                                                                          \
     .help = "take the value of its line `key: value`; default: the whole text"},        \
        {.name = "delimiter",                                                            \
         .kind = NQ_OPTION_OCTETS,                                                       \
         AT(nq_field_conf, delimiter),                                                   \
         BYTES(8),                                                                       \
         .help = "cut that at each of these texts, and take the piece that item names"}, \
        {.name = "item",                                                                 \
         .kind = NQ_OPTION_NUMBER,                                                       \
         AT(nq_field_conf, item),                                                        \
         .min = 1,                                                                       \
         .max = 1000,                                                                    \
         .help = "which piece, from 1, with delimiter"},                                 \
        {.name = "regex",                                                                \
         .kind = NQ_OPTION_REGEX,                                                        \
         AT(nq_field_conf, regex),                                                       \
         BYTES(TEXT_BYTES),                                                              \
         .help = "take of that what a group of this expression matches"},                \
    {                                                                                    \
        .name = "group", .kind = NQ_OPTION_NUMBER, AT(nq_field_conf, group), .min = 0,   \
        .max = 9, .preset = "0", .help = "which one, with regex; 0 is the whole match"   \
    }

static const struct nq_option condition_options[] = {
    PLACE(nq_condition_conf),
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

static const struct nq_option value_options[] = {
    {.name = "from",
     .kind = NQ_OPTION_TEXT,
     AT(nq_value_conf, from),
     BYTES(TEXT_BYTES),
     .required = true,
     .help = "the whole text"},
    {.name = "to",
     .kind = NQ_OPTION_TEXT,
     AT(nq_value_conf, to),
     BYTES(TEXT_BYTES),
     .required = true,
     .help = "what it stands for"},
};

static const struct nq_block value_block = {BLOCK(value_options),
                                            .size = sizeof(struct nq_value_conf)};

#define VALUES                                                                           \
    .name = "values", .kind = NQ_OPTION_LIST, AT(nq_field_conf, values),                 \
    .count_offset = offsetof(struct nq_field_conf, value_count), .min = 1,               \
    .max = NQ_CONFIG_VALUES_MAX, .block = &value_block

static const struct nq_word computer_kinds[] = {
    {"any", NQ_COMPUTER_ANY},         {"name", NQ_COMPUTER_NAME},
    {"address", NQ_COMPUTER_ADDRESS}, {"mac", NQ_COMPUTER_MAC},
    {"uuid", NQ_COMPUTER_UUID},       {NULL, 0}};

static const struct nq_option computer_options[] = {
    PLACE(nq_field_conf),
    NARROW,
    {.name = "kind",
     .kind = NQ_OPTION_WORD,
     AT(nq_field_conf, kind),
     .words = computer_kinds,
     .preset = "any",
     .help = "what the text must be; anything else names nobody. address and mac also "
             "take the octets themselves, name takes what is none of the others"},
};

static const struct nq_option field_options[] = {
    PLACE(nq_field_conf),
    NARROW,
    {VALUES, .help = "what people are shown instead of exactly this text"},
};

static const struct nq_option action_options[] = {
    PLACE(nq_field_conf),
    NARROW,
    {VALUES, .help = "which text means which action"},
};

static const struct nq_block condition_block = {
    BLOCK(condition_options), .size = sizeof(struct nq_condition_conf), .choice = PLACES};
static const struct nq_block computer_block = {BLOCK(computer_options), .optional = true,
                                               .choice = PLACES};
static const struct nq_block field_block = {BLOCK(field_options), .optional = true,
                                            .choice = PLACES};
static const struct nq_block action_block = {BLOCK(action_options), .optional = true,
                                             .choice = PLACES};

/* ---- words -------------------------------------------------------------------------- */

static const struct nq_word trigger_actions[] = {
    {"quarantine", NQ_ACTION_QUARANTINE}, {"scanFinished", NQ_ACTION_SCAN_FINISHED},
    {"release", NQ_ACTION_RELEASE},       {"note", NQ_ACTION_NOTE},
    {"ignore", NQ_ACTION_IGNORE},         {NULL, 0}};

static const struct nq_word proofs[] = {
    {"any", NQ_PROOF_ANY}, {"listed", NQ_PROOF_LISTED}, {"v3", NQ_PROOF_V3}, {NULL, 0}};

static const char *word_of(const struct nq_word *words, int value)
{
    while (words->text && words->value != value) {
        words++;
    }
    return words->text ? words->text : "";
}

const char *nq_config_action_word(enum nq_trigger_action action)
{
    return word_of(trigger_actions, (int)action);
}

const char *nq_config_proof_word(enum nq_proof proof)
{
    return word_of(proofs, (int)proof);
}

bool nq_config_action(const char *word, enum nq_trigger_action *ret_action)
{
    for (const struct nq_word *row = trigger_actions; row->text; row++) {
        if (strcmp(row->text, word) == 0) {
            *ret_action = (enum nq_trigger_action)row->value;
            return true;
        }
    }
    return false;
}

/* ---- the trigger -------------------------------------------------------------------- */

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
     .help = "value of snmpTrapOID.0; this or enterprise is needed"},
    {.name = "prefix",
     .kind = NQ_OPTION_FLAG,
     AT(nq_trigger_conf, oid_prefix),
     .preset = "false",
     .help = "true: trap_oid and all below it"},
    {.name = "enterprise",
     .kind = NQ_OPTION_OID,
     AT(nq_trigger_conf, enterprise),
     .help = "of an SNMPv1 trap: snmpTrapOID.0 is ENTERPRISE.0.SPECIFIC, from some "
             "senders ENTERPRISE.SPECIFIC"},
    {.name = "specific",
     .kind = NQ_OPTION_NUMBERS,
     AT(nq_trigger_conf, specific),
     .count_offset = offsetof(struct nq_trigger_conf, specific_count),
     .count_max = NQ_CONFIG_SPECIFICS_MAX,
     .min = 0,
     .max = INT32_MAX,
     .help = "with enterprise: the specific numbers; default: any"},
    {.name = "encoding",
     .kind = NQ_OPTION_ENCODING,
     AT(nq_trigger_conf, encoding),
     BYTES(40),
     .help =
         "of the texts in the trap, which become UTF-8 before anything looks at them; "
         "default: bytes as they are"},
    {.name = "action",
     .kind = NQ_OPTION_WORD,
     AT(nq_trigger_conf, action),
     .words = trigger_actions,
     .preset = "quarantine",
     .help = "what such a trap means; ignore: it is counted and nothing else"},
    {.name = "action_by",
     .kind = NQ_OPTION_BLOCK,
     AT(nq_trigger_conf, action_by),
     .block = &action_block,
     .help = "a text of the trap that says which action; action stands for all others"},
    {.name = "proof",
     .kind = NQ_OPTION_WORD,
     AT(nq_trigger_conf, proof),
     .words = proofs,
     .preset = "listed",
     .help = "who must have sent it: anybody, a row of sources, or one of its SNMPv3 "
             "users; a trap that proves less is held for a person"},
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
     .block = &computer_block,
     .help = "whom the trap names: a name, an address, a MAC address or a UUID"},
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
