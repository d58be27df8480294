/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_trigger_file.c: whatever a file of triggers holds, it is refused with a reason, or
 * its triggers judge traps within bounds, and matching agrees with explaining.
 * test_fuzz_trigger_file.c replays the corpus. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "trap/text.h"
#include "trap/trigger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libconfig 1.5 loses a text that is not closed, or that stands where none may. */
const char *__lsan_default_suppressions(void) __attribute__((visibility("default")));

const char *__lsan_default_suppressions(void)
{
    return "leak:strbuf_append\nleak:libconfig_yylex\n";
}

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

#define HEAD                                                                             \
    "h\nUDP: [192.0.2.1]:162->[192.0.2.2]:162\n"                                         \
    ".1.3.6.1.2.1.1.3.0 100\n.1.3.6.1.6.3.1.1.4.1.0 "
#define ADDED                                                                            \
    ".1.3.6.1.6.3.18.1.3.0 192.0.2.12\n.1.3.6.1.6.3.18.1.4.0 \"70 75 62 \"\n"            \
    ".1.3.6.1.6.3.1.1.4.3.0 .1.3.6.1.4.1.6101.135\n"

/* An alert, a v1 trap, Shift-JIS text, octets and an address, nothing at all. */
static const char *const traps[] = {
    HEAD
    ".1.3.6.1.4.1.32473.1.0.190\n.1.3.6.1.4.1.32473.1.1.1.0 190\n"
    ".1.3.6.1.4.1.32473.1.1.2.0 \"41 6C 65 72 74 3A 20 4D 61 6C 77 61 72 65 0A 53 75 "
    "62 6A 65 63 74 3A 20 56 44 49 2D 30 31 0A 53 65 76 65 72 69 74 79 3A 20 43 72 69 "
    "74 69 63 61 6C \"\n",
    HEAD
    ".1.3.6.1.4.1.6101.135.0.1\n.1.3.6.1.4.1.6101.135.1 \"56 69 72 75 73 21 \"\n" ADDED,
    HEAD
    ".1.3.6.1.4.1.6101.141.0.1\n.1.3.6.1.4.1.6101.141 \"4E 53 58 2D 51 55 41 52 41 4E "
    "54 49 4E 45 2C 56 44 49 2D 30 31 2C 83 5C 95 5C 2C 83 7C \"\n"
    ".1.3.6.1.4.1.6101.142 \"2C 95 \"\n" ADDED,
    HEAD ".1.3.6.1.4.1.10734.3.4.3.0.6\n.1.3.6.1.4.1.10734.3.4.3.1.1 7\n"
         ".1.3.6.1.4.1.10734.3.4.3.1.5 192.0.2.11\n"
         ".1.3.6.1.4.1.10734.3.4.3.1.6 \"00 50 56 A2 00 11 \"\n",
    HEAD ".1.3.6.1.6.3.1.1.5.1\n",
};

struct facts {
    const struct nq_trigger_conf *decides;
    const struct nq_trigger_conf *last;
};

static void take_fact(void *arg, const struct nq_trigger_conf *trigger,
                      const char *sentence)
{
    struct facts *facts = arg;
    char again[NQ_TRIGGER_SENTENCE];
    require(strlen(sentence) < NQ_TRIGGER_SENTENCE);
    require(strcmp(nq_text_escape(sentence, again, sizeof(again)), sentence) == 0);
    require(!facts->decides || facts->decides == trigger);
    if (strcmp(sentence, "matches") == 0) {
        facts->decides = trigger;
    }
    facts->last = trigger;
}

static void check_text(const char *text)
{
    char again[NQ_TEXT_MAX + 1];
    require(!text || (*text && strlen(text) <= NQ_TEXT_MAX));
    require(!text || strcmp(nq_text_escape(text, again, sizeof(again)), text) == 0);
}

static void judge(const struct nq_triggers *triggers, const char *text)
{
    struct nq_trap trap;
    struct nq_err err = {0};
    struct nq_trigger_result result;
    struct facts facts = {0};
    require(nq_trap_from_text(text, strlen(text), &trap, &err));
    nq_triggers_match(triggers, &trap, &result);
    nq_triggers_explain(triggers, &trap, take_fact, &facts);
    require(facts.decides == result.trigger);
    require((result.action != 0) == (result.trigger != NULL));
    require(result.action == 0 || *nq_config_action_word(result.action));
    check_text(result.computer);
    check_text(result.cause);
    check_text(result.severity);
    nq_trigger_result_done(&result);
    nq_trap_done(&trap);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Other files are none of the fuzzer's business. */
    static const char include[] = "@include";
    struct nq_err err = {0};
    if (size > 0 && memmem(data, size, include, sizeof(include) - 1)) {
        return 0;
    }
    struct nq_config *conf =
        nq_config_read_triggers("file", (const char *)data, size, &err);
    if (!conf) {
        require(err.code == NQ_CONFIG_VALUE || err.code == NQ_CONFIG_FILE);
        require(strncmp(err.detail, "file:", 5) == 0 && err.detail[5] != '\0');
        return 0;
    }
    struct nq_triggers *triggers = nq_triggers_new(conf, &err);
    require(triggers); /* what was taken also compiles */
    for (size_t i = 0; i < sizeof(traps) / sizeof(traps[0]); i++) {
        judge(triggers, traps[i]);
    }
    (void)nq_triggers_free(triggers);
    (void)nq_config_free(conf);
    return 0;
}
