/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the tags on a VM mean something to us. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nsx/tags.h"

#define TEXT(text) ((char *)(uintptr_t)(text))

static struct nq_tag_conf watched[NQ_CONFIG_WATCHED_MAX];
static struct nq_tag_conf protected[NQ_CONFIG_PROTECTED_TAGS];
static struct nq_config conf;

static int begin(void **state)
{
    (void)state;
    conf = (struct nq_config){
        .tag_scope = TEXT("nsx-quarantine"),
        .tag_value = TEXT("isolated"),
        .watched_tags = watched,
        .protect = {.tags = protected},
    };
    return 0;
}

static void our_tag_is_ours_with_its_scope_only(void **state)
{
    (void)state;
    assert_int_equal(nq_tags_of(&conf, "nsx-quarantine", "isolated"), NQ_TAGS_OURS);
    assert_int_equal(nq_tags_of(&conf, "", "isolated"), 0);
    assert_int_equal(nq_tags_of(&conf, "NSX-Quarantine", "isolated"), 0);
    assert_int_equal(nq_tags_of(&conf, "nsx-quarantine", "Isolated"), 0);
}

static void a_tag_without_a_scope_in_the_configuration_counts_with_any(void **state)
{
    (void)state;
    watched[0] = (struct nq_tag_conf){NULL, TEXT("infected")};
    watched[1] = (struct nq_tag_conf){TEXT("dsm"), TEXT("infected")};
    conf.watched_tag_count = 2;
    protected[0] = (struct nq_tag_conf){NULL, TEXT("vip")};
    protected[1] = (struct nq_tag_conf){TEXT(""), TEXT("vip")};
    conf.protect.tag_count = 2;
    assert_int_equal(nq_tags_of(&conf, "other", "infected"), NQ_TAGS_WATCHED(0));
    assert_int_equal(nq_tags_of(&conf, "dsm", "infected"),
                     NQ_TAGS_WATCHED(0) | NQ_TAGS_WATCHED(1));
    assert_int_equal(nq_tags_of(&conf, "role", "vip"), NQ_TAGS_PROTECTED(0));
    assert_int_equal(nq_tags_of(&conf, "", "vip"),
                     NQ_TAGS_PROTECTED(0) | NQ_TAGS_PROTECTED(1));
}

static void one_tag_may_mean_several_things(void **state)
{
    (void)state;
    watched[0] = protected[0] =
        (struct nq_tag_conf){TEXT("nsx-quarantine"), TEXT("isolated")};
    conf.watched_tag_count = conf.protect.tag_count = 1;
    assert_int_equal(nq_tags_of(&conf, "nsx-quarantine", "isolated"),
                     NQ_TAGS_OURS | NQ_TAGS_WATCHED(0) | NQ_TAGS_PROTECTED(0));
}

/* NSX for vSphere has no scopes: what the configuration says of them counts for nothing. */
static void by_name_alone_every_scope_fits(void **state)
{
    (void)state;
    protected[0] = (struct nq_tag_conf){TEXT("role"), TEXT("vip")};
    conf.protect.tag_count = 1;
    assert_int_equal(nq_tags_of_name(&conf, "isolated"), NQ_TAGS_OURS);
    assert_int_equal(nq_tags_of_name(&conf, "vip"), NQ_TAGS_PROTECTED(0));
    assert_int_equal(nq_tags_of_name(&conf, "other"), 0);
}

static void the_last_rows_have_bits_of_their_own(void **state)
{
    (void)state;
    static char names[NQ_CONFIG_WATCHED_MAX + NQ_CONFIG_PROTECTED_TAGS][2];
    unsigned all = NQ_TAGS_OURS;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        names[i][0] = (char)('A' + i);
        if (i < NQ_CONFIG_WATCHED_MAX) {
            watched[i] = (struct nq_tag_conf){NULL, names[i]};
        } else {
            protected[i - NQ_CONFIG_WATCHED_MAX] = (struct nq_tag_conf){NULL, names[i]};
        }
    }
    conf.watched_tag_count = NQ_CONFIG_WATCHED_MAX;
    conf.protect.tag_count = NQ_CONFIG_PROTECTED_TAGS;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const unsigned tags = nq_tags_of(&conf, "", names[i]);
        assert_true(tags != 0 && (tags & (tags - 1)) == 0 && (tags & all) == 0);
        assert_int_equal((tags & NQ_TAGS_QUARANTINE) != 0, i < NQ_CONFIG_WATCHED_MAX);
        all |= tags;
    }
}

#define TEST(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(our_tag_is_ours_with_its_scope_only),
        TEST(a_tag_without_a_scope_in_the_configuration_counts_with_any),
        TEST(one_tag_may_mean_several_things),
        TEST(by_name_alone_every_scope_fits),
        TEST(the_last_rows_have_bits_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
