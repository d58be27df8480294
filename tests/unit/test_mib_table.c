/* SPDX-License-Identifier: Apache-2.0 */
/* mib/table.h asked through the agent library itself: see agent_fixture.h. */
#include "agent_fixture.h"

#include "base/mem.h"
#include "base/text.h"
#include "mib/mib.h"
#include "mib/source.h"
#include "mib/tables.h"

/* ---- two tables of the test's own ---------------------------------------------------- */

struct pet {
    uint32_t house;
    uint32_t number;
    char *name;
    uint32_t mood;
    char *note;
    uint64_t barks;
    int64_t born_ms;
    uint32_t skills;
};

static struct pet pets[] = {
    {1, 1, (char[]){"Ada"}, 1, NULL, 1, 0, 0},
    {1, 7, (char[]){"Bo\nb"}, 2, NULL, UINT64_MAX, 1234567890123, 0x01},
    {2, 1, NULL, 1, NULL, 5000000000, 1000, 0x10},
    {9, 4294967295, (char[]){"Zo\xC3\xAB"}, 3, NULL, 0, 0, 0x1F},
};
static const struct pet *const pets_by_pointer[] = {&pets[0], &pets[1], &pets[2],
                                                    &pets[3]};

static size_t pet_count = NQ_LENGTH(pets);
static bool by_pointer;
static int refused_mood; /* may() says no to this one */
static unsigned committed;
static char actor[64];

static struct nq_rows pet_rows(void *source)
{
    (void)source;
    if (by_pointer) {
        return (struct nq_rows){.base = pets_by_pointer, .count = pet_count};
    }
    return (struct nq_rows){.base = pets, .count = pet_count, .stride = sizeof(pets[0])};
}

static int may_mood(void *source, const void *row, const struct nq_new_value *value)
{
    (void)source;
    (void)row;
    return value->number == refused_mood ? SNMP_ERR_INCONSISTENTVALUE : SNMP_ERR_NOERROR;
}

static struct pet *found(const void *row)
{
    for (size_t i = 0; i < NQ_LENGTH(pets); i++) {
        if (&pets[i] == row) {
            return &pets[i];
        }
    }
    fail_msg("a row that is none");
    return NULL;
}

static void commit_mood(void *source, const void *row, const struct nq_new_value *value)
{
    (void)source;
    found(row)->mood = (uint32_t)value->number;
    committed++;
    (void)snprintf(actor, sizeof(actor), "%s", value->actor);
}

static void commit_note(void *source, const void *row, const struct nq_new_value *value)
{
    (void)source;
    nq_text_set(&found(row)->note, value->text);
    committed++;
}

static const struct nq_writer mood_writer = {
    .low = 1, .high = 5, .may = may_mood, .commit = commit_mood};
static const struct nq_writer note_writer = {.commit = commit_note};

/* A gap at 7, as in tables that grew. */
static const struct nq_column pet_columns[] = {
    NQ_INDEX(1, petHouse, struct pet, house),
    NQ_INDEX(2, petNumber, struct pet, number),
    NQ_RO(3, petName, ASN_OCTET_STR, text, struct pet, name),
    NQ_RW(4, petMood, ASN_INTEGER, u32, struct pet, mood, &mood_writer),
    NQ_RW(5, petNote, ASN_OCTET_STR, text, struct pet, note, &note_writer),
    NQ_RO(6, petBarks, ASN_COUNTER64, u64, struct pet, barks),
    NQ_RO(8, petBorn, ASN_OCTET_STR, date, struct pet, born_ms),
    NQ_RO(9, petBornAt, ASN_UNSIGNED, seconds, struct pet, born_ms),
    NQ_RO(10, petSkills, ASN_OCTET_STR, bits, struct pet, skills),
};

#define PET_BRANCH 60
static const struct nq_table pet_table = {
    .name = "petTable",
    .branch = PET_BRANCH,
    .columns = pet_columns,
    .column_count = NQ_LENGTH(pet_columns),
    .index_offsets = {offsetof(struct pet, house), offsetof(struct pet, number)},
    .index_count = 2,
    .rows = pet_rows,
};

struct zoo {
    uint32_t instance;
    uint32_t mood;
    uint32_t size;
};

static const struct zoo zoo = {.mood = 1, .size = 42};

static struct nq_rows zoo_rows(void *source)
{
    (void)source;
    return (struct nq_rows){.base = &zoo, .count = 1, .stride = sizeof(zoo)};
}

static const struct nq_column zoo_columns[] = {
    NQ_RO(1, zooMood, ASN_INTEGER, u32, struct zoo, mood),
    NQ_RO(2, zooSize, ASN_GAUGE, u32, struct zoo, size),
};

#define ZOO_BRANCH 61
static const struct nq_table zoo_scalars = {
    .name = "zoo",
    .branch = ZOO_BRANCH,
    .scalars = true,
    .columns = zoo_columns,
    .column_count = NQ_LENGTH(zoo_columns),
    .index_offsets = {offsetof(struct zoo, instance)},
    .index_count = 1,
    .rows = zoo_rows,
};

/* ---- asking -------------------------------------------------------------------------- */

static struct nq_face pet_face;
static struct nq_face zoo_face;

#define PET(...) NAME((long)PET_BRANCH, 1L, __VA_ARGS__)

static int open_tables(void **state)
{
    (void)state;
    pet_count = NQ_LENGTH(pets);
    by_pointer = false;
    refused_mood = 0;
    committed = 0;
    for (size_t i = 0; i < NQ_LENGTH(pets); i++) {
        pets[i].mood = 1 + (uint32_t)i % 3;
        nq_text_set(&pets[i].note, NULL);
    }
    return nq_face_open(&pet_face, &pet_table, NULL, NULL) &&
                   nq_face_open(&zoo_face, &zoo_scalars, NULL, NULL)
               ? 0
               : -1;
}

static int close_tables(void **state)
{
    (void)state;
    nq_face_close(&zoo_face);
    nq_face_close(&pet_face);
    nq_face_close(&pet_face);
    for (size_t i = 0; i < NQ_LENGTH(pets); i++) {
        nq_text_set(&pets[i].note, NULL);
    }
    return 0;
}

/* ---- GET ----------------------------------------------------------------------------- */

static void get_answers_every_instance_with_its_type(void **state)
{
    (void)state;
    for (int pass = 0; pass < 2; pass++) {
        by_pointer = pass == 1;
        for (size_t c = 2; c < NQ_LENGTH(pet_columns); c++) {
            for (size_t r = 0; r < NQ_LENGTH(pets); r++) {
                const struct name name = PET((long)pet_columns[c].number,
                                             (long)pets[r].house, (long)pets[r].number);
                assert_int_equal(get_type(name), pet_columns[c].type);
            }
        }
    }
    assert_int_equal(get_type(NAME((long)ZOO_BRANCH, 2L, 0L)), ASN_GAUGE);
}

static void get_of_no_object_and_of_no_instance_are_told_apart(void **state)
{
    (void)state;
    const struct name no_object[] = {
        NAME((long)PET_BRANCH),   NAME((long)PET_BRANCH, 1L),
        PET(1L, 1L, 1L),          PET(2L, 1L, 1L),
        PET(7L, 1L, 1L),          PET(11L, 1L, 1L),
        PET(0L, 1L, 1L),          NAME((long)PET_BRANCH, 2L, 3L, 1L, 1L),
        PET(4294967295L, 1L, 1L), NAME((long)ZOO_BRANCH, 3L, 0L),
        NAME((long)ZOO_BRANCH),
    };
    for (size_t i = 0; i < NQ_LENGTH(no_object); i++) {
        assert_int_equal(get_type(no_object[i]), SNMP_NOSUCHOBJECT);
    }
    const struct name no_instance[] = {
        PET(3L),
        PET(3L, 1L),
        PET(3L, 1L, 2L),
        PET(3L, 1L, 1L, 0L),
        PET(3L, 0L, 0L),
        PET(3L, 4294967295L, 4294967295L),
        PET(10L, 9L, 4294967294L),
        NAME((long)ZOO_BRANCH, 1L),
        NAME((long)ZOO_BRANCH, 1L, 1L),
        NAME((long)ZOO_BRANCH, 1L, 0L, 0L),
    };
    for (size_t i = 0; i < NQ_LENGTH(no_instance); i++) {
        assert_int_equal(get_type(no_instance[i]), SNMP_NOSUCHINSTANCE);
    }
    struct name longest = PET(3L, 1L, 1L);
    while (longest.len < MAX_OID_LEN) {
        longest.arcs[longest.len++] = 4294967295;
    }
    assert_int_equal(get_type(longest), SNMP_NOSUCHINSTANCE);
}

/* As AgentX hands them over. */
static void sub_identifiers_with_an_extended_sign_are_those_of_the_wire(void **state)
{
    (void)state;
    struct name name = PET(3L, 9L, 4294967295L);
    name.arcs[name.len - 1] = (oid)-1;
    assert_int_equal(get_type(name), ASN_OCTET_STR);
    name.arcs[name.len - 1] = (oid)-2;
    assert_is_next(name, PET(3L, 9L, 4294967295L));
    name = PET(4L, 9L, 4294967295L);
    name.arcs[name.len - 1] = (oid)-1;
    assert_int_equal(set_number(name, 4), SNMP_ERR_NOERROR);
    assert_int_equal(pets[3].mood, 4);
}

static void values_have_the_octets_that_the_mib_promises(void **state)
{
    (void)state;
    netsnmp_pdu *pdu = request_of(SNMP_MSG_GET);
    add(pdu, PET(3L, 1L, 7L), ASN_NULL, NULL, 0);
    add(pdu, PET(3L, 2L, 1L), ASN_NULL, NULL, 0);
    add(pdu, PET(6L, 2L, 1L), ASN_NULL, NULL, 0);
    add(pdu, PET(8L, 1L, 7L), ASN_NULL, NULL, 0);
    add(pdu, PET(8L, 1L, 1L), ASN_NULL, NULL, 0);
    add(pdu, PET(9L, 1L, 7L), ASN_NULL, NULL, 0);
    add(pdu, PET(10L, 1L, 7L), ASN_NULL, NULL, 0);
    add(pdu, PET(10L, 9L, 4294967295L), ASN_NULL, NULL, 0);
    netsnmp_pdu *response = ask(pdu);
    const netsnmp_variable_list *vb = response->variables;

    assert_int_equal(vb->val_len, 5); /* the newline is escaped */
    assert_memory_equal(vb->val.string, "Bo\\nb", 5);
    vb = vb->next_variable;
    assert_int_equal(vb->val_len, 0);
    vb = vb->next_variable;
    assert_int_equal(vb->val.counter64->high, 1);
    assert_int_equal(vb->val.counter64->low, 5000000000 - 4294967296);
    vb = vb->next_variable;
    /* 2009-02-14 00:31:30.1 in a zone one hour east */
    const u_char date[] = {0x07, 0xD9, 2, 14, 0, 31, 30, 1, '+', 1, 0};
    assert_int_equal(vb->val_len, sizeof(date));
    assert_memory_equal(vb->val.string, date, sizeof(date));
    vb = vb->next_variable;
    const u_char unknown[8] = {0};
    assert_int_equal(vb->val_len, sizeof(unknown));
    assert_memory_equal(vb->val.string, unknown, sizeof(unknown));
    vb = vb->next_variable;
    assert_int_equal(*vb->val.integer, 1234567890);
    vb = vb->next_variable;
    assert_int_equal(vb->val_len, 1);
    assert_int_equal(vb->val.bitstring[0], 0x80);
    vb = vb->next_variable;
    assert_int_equal(vb->val.bitstring[0], 0xF8);
    snmp_free_pdu(response);
}

static void long_text_is_cut_to_255_octets_between_characters(void **state)
{
    (void)state;
    char text[601];
    for (size_t i = 0; i < 300; i++) {
        memcpy(text + 2 * i, "\xC3\xA4", 2);
    }
    text[600] = '\0';
    const char *field = text;
    struct nq_value value;
    nq_value_text(&field, &value);
    assert_int_equal(value.len, 254);
}

/* ---- GETNEXT, GETBULK ---------------------------------------------------------------- */

static void walk_gives_each_instance_once_and_goes_on_with_the_next_branch(void **state)
{
    (void)state;
    for (int pass = 0; pass < 2; pass++) {
        by_pointer = pass == 1;
        struct name at = NAME((long)PET_BRANCH);
        for (size_t c = 2; c < NQ_LENGTH(pet_columns); c++) {
            for (size_t r = 0; r < NQ_LENGTH(pets); r++) {
                const struct name expected =
                    PET((long)pet_columns[c].number, (long)pets[r].house,
                        (long)pets[r].number);
                at = next_of(at);
                assert_name(at, expected);
            }
        }
        at = next_of(at);
        assert_name(at, NAME((long)ZOO_BRANCH, 1L, 0L));
        at = next_of(at);
        assert_name(at, NAME((long)ZOO_BRANCH, 2L, 0L));
        at = next_of(at);
        assert_true(at.len == 0 || at.arcs[nq_oid_root_len] != NQ_ARC_OBJECTS);
    }
}

static void getnext_of_odd_names_finds_the_first_instance_behind_them(void **state)
{
    (void)state;
    const struct name first = PET(3L, 1L, 1L);
    assert_is_next(NAME((long)PET_BRANCH, 0L), first);
    assert_is_next(NAME((long)PET_BRANCH, 0L, 9L, 9L), first);
    assert_is_next(NAME((long)PET_BRANCH, 1L), first);
    assert_is_next(PET(0L), first);
    assert_is_next(PET(1L, 9L, 9L), first);
    assert_is_next(PET(2L), first);
    assert_is_next(PET(3L), first);
    assert_is_next(PET(3L, 0L, 4294967295L), first);
    assert_is_next(PET(3L, 1L), first);
    assert_is_next(PET(3L, 1L, 1L, 0L), PET(3L, 1L, 7L));
    assert_is_next(PET(3L, 1L, 6L, 9L, 9L), PET(3L, 1L, 7L));
    assert_is_next(PET(3L, 1L, 8L), PET(3L, 2L, 1L));
    assert_is_next(PET(3L, 2L), PET(3L, 2L, 1L));
    assert_is_next(PET(3L, 9L, 4294967294L), PET(3L, 9L, 4294967295L));
    assert_is_next(PET(3L, 9L, 4294967295L), PET(4L, 1L, 1L));
    assert_is_next(PET(3L, 4294967295L, 1L), PET(4L, 1L, 1L));
    assert_is_next(PET(6L, 10L), PET(8L, 1L, 1L));
    assert_is_next(PET(7L), PET(8L, 1L, 1L));
    assert_is_next(PET(10L, 10L), NAME((long)ZOO_BRANCH, 1L, 0L));
    assert_is_next(PET(4294967295L), NAME((long)ZOO_BRANCH, 1L, 0L));
    assert_is_next(NAME((long)PET_BRANCH, 2L), NAME((long)ZOO_BRANCH, 1L, 0L));
    assert_is_next(NAME((long)ZOO_BRANCH, 1L, 0L, 5L), NAME((long)ZOO_BRANCH, 2L, 0L));
    assert_is_next(NAME((long)ZOO_BRANCH, 1L, 1L), NAME((long)ZOO_BRANCH, 2L, 0L));
}

static void getnext_equals_a_search_through_all_names_for_random_names(void **state)
{
    (void)state;
    struct name all[NQ_LENGTH(pet_columns) * NQ_LENGTH(pets)];
    size_t count = 0;
    for (size_t c = 2; c < NQ_LENGTH(pet_columns); c++) {
        for (size_t r = 0; r < NQ_LENGTH(pets); r++) {
            all[count++] = PET((long)pet_columns[c].number, (long)pets[r].house,
                               (long)pets[r].number);
        }
    }
    static const oid pool[] = {0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 4294967294, 4294967295};
    unsigned seed = 7;
    for (int round = 0; round < 3000; round++) {
        struct name name = NAME((long)PET_BRANCH);
        const int extra = rand_r(&seed) % 7;
        for (int i = 0; i < extra; i++) {
            name.arcs[name.len++] =
                i == 0 ? 1 : pool[(size_t)rand_r(&seed) % NQ_LENGTH(pool)];
        }
        struct name expected = NAME((long)ZOO_BRANCH, 1L, 0L);
        for (size_t i = count; i > 0; i--) {
            if (snmp_oid_compare(all[i - 1].arcs, all[i - 1].len, name.arcs, name.len) >
                0) {
                expected = all[i - 1];
            }
        }
        assert_is_next(name, expected);
    }
}

static void empty_table_is_passed_by(void **state)
{
    (void)state;
    pet_count = 0;
    assert_is_next(NAME((long)PET_BRANCH), NAME((long)ZOO_BRANCH, 1L, 0L));
    assert_is_next(PET(4L, 1L, 1L), NAME((long)ZOO_BRANCH, 1L, 0L));
    assert_int_equal(get_type(PET(4L, 1L, 1L)), SNMP_NOSUCHINSTANCE);
}

static void getbulk_gives_what_a_walk_gives(void **state)
{
    (void)state;
    netsnmp_pdu *pdu = request_of(SNMP_MSG_GETBULK);
    pdu->non_repeaters = 0;
    pdu->max_repetitions = 6;
    add(pdu, PET(3L), ASN_NULL, NULL, 0);
    add(pdu, PET(9L), ASN_NULL, NULL, 0);
    netsnmp_pdu *response = ask(pdu);
    struct name at[2] = {PET(3L), PET(9L)};
    size_t count = 0;
    for (const netsnmp_variable_list *vb = response->variables; vb;
         vb = vb->next_variable) {
        struct name *column = &at[count++ % 2];
        *column = next_of(*column);
        assert_int_equal(
            netsnmp_oid_equals(vb->name, vb->name_length, column->arcs, column->len), 0);
    }
    assert_int_equal(count, 12);
    snmp_free_pdu(response);
}

/* ---- SET ----------------------------------------------------------------------------- */

static void set_commits_and_reads_back(void **state)
{
    (void)state;
    assert_int_equal(set_number(PET(4L, 1L, 7L), 5), SNMP_ERR_NOERROR);
    assert_int_equal(pets[1].mood, 5);
    assert_int_equal(set_text(PET(5L, 2L, 1L), "gr\xC3\xBC\xC3\x9F"), SNMP_ERR_NOERROR);
    assert_string_equal(pets[2].note, "gr\xC3\xBC\xC3\x9F");
    assert_int_equal(set_text(PET(5L, 2L, 1L), ""), SNMP_ERR_NOERROR);
    assert_string_equal(pets[2].note, "");
    assert_int_equal(committed, 3);
}

static void set_is_logged_with_who_what_and_both_values(void **state)
{
    (void)state;
    assert_int_equal(set_number(PET(4L, 1L, 7L), 4), SNMP_ERR_NOERROR);
    assert_non_null(strstr(log_line, "SET petMood.7: actor=snmp level="));
    assert_non_null(strstr(log_line, "old=2 new=4"));
    assert_string_equal(actor, "snmp");
    assert_int_equal(set_text(PET(5L, 1L, 7L), "a"), SNMP_ERR_NOERROR);
    assert_int_equal(set_text(PET(5L, 1L, 7L), "b"), SNMP_ERR_NOERROR);
    assert_non_null(strstr(log_line, "old=\"a\" new=\"b\""));
}

static void set_of_wrong_values_gets_the_precise_error(void **state)
{
    (void)state;
    const long number = 1;
    const struct name mood = PET(4L, 1L, 1L);
    const struct name note = PET(5L, 1L, 1L);
    assert_int_equal(set_error(mood, ASN_OCTET_STR, "1", 1), SNMP_ERR_WRONGTYPE);
    assert_int_equal(set_error(mood, ASN_UNSIGNED, &number, sizeof(number)),
                     SNMP_ERR_WRONGTYPE);
    assert_int_equal(set_error(mood, ASN_NULL, NULL, 0), SNMP_ERR_WRONGTYPE);
    assert_int_equal(set_error(note, ASN_INTEGER, &number, sizeof(number)),
                     SNMP_ERR_WRONGTYPE);
    assert_int_equal(set_error(note, ASN_NULL, NULL, 0), SNMP_ERR_WRONGTYPE);
    assert_int_equal(set_number(mood, 0), SNMP_ERR_WRONGVALUE);
    assert_int_equal(set_number(mood, 6), SNMP_ERR_WRONGVALUE);
    assert_int_equal(set_number(mood, -1), SNMP_ERR_WRONGVALUE);
    assert_int_equal(set_number(mood, 2147483647), SNMP_ERR_WRONGVALUE);

    char text[300];
    memset(text, 'x', sizeof(text));
    assert_int_equal(set_error(note, ASN_OCTET_STR, text, 256), SNMP_ERR_WRONGLENGTH);
    assert_int_equal(set_error(note, ASN_OCTET_STR, text, 255), SNMP_ERR_NOERROR);
    assert_int_equal(set_error(note, ASN_OCTET_STR, "a\0b", 3), SNMP_ERR_WRONGVALUE);
    assert_int_equal(set_text(note, "\xC3"), SNMP_ERR_WRONGVALUE);
    assert_int_equal(set_text(note, "\xFF\xFE"), SNMP_ERR_WRONGVALUE);
    assert_int_equal(set_text(note, "two\nlines"), SNMP_ERR_WRONGVALUE);
    assert_int_equal(committed, 1);
}

static void set_of_what_cannot_be_set_gets_the_precise_error(void **state)
{
    (void)state;
    assert_int_equal(set_text(PET(3L, 1L, 1L), "x"), SNMP_ERR_NOTWRITABLE);
    assert_int_equal(set_number(PET(1L, 1L, 1L), 1), SNMP_ERR_NOTWRITABLE);
    assert_int_equal(set_number(PET(7L, 1L, 1L), 1), SNMP_ERR_NOTWRITABLE);
    assert_int_equal(set_number(NAME((long)PET_BRANCH), 1), SNMP_ERR_NOTWRITABLE);
    assert_int_equal(set_number(PET(4L, 1L, 2L), 1), SNMP_ERR_NOCREATION);
    assert_int_equal(set_number(PET(4L), 1), SNMP_ERR_NOCREATION);
    assert_int_equal(set_number(PET(4L, 1L, 1L, 1L), 1), SNMP_ERR_NOCREATION);
    assert_int_equal(set_number(NAME((long)ZOO_BRANCH, 1L, 0L), 1), SNMP_ERR_NOTWRITABLE);
    refused_mood = 3;
    assert_int_equal(set_number(PET(4L, 1L, 1L), 3), SNMP_ERR_INCONSISTENTVALUE);
    assert_int_equal(committed, 0);
}

static void set_of_several_happens_as_a_whole_or_not_at_all(void **state)
{
    (void)state;
    refused_mood = 3;
    for (long last = 3; last <= 4; last++) {
        const long good = 5;
        netsnmp_pdu *pdu = request_of(SNMP_MSG_SET);
        add(pdu, PET(4L, 1L, 1L), ASN_INTEGER, &good, sizeof(good));
        add(pdu, PET(5L, 1L, 1L), ASN_OCTET_STR, "note", 4);
        add(pdu, PET(4L, 2L, 1L), ASN_INTEGER, &last, sizeof(last));
        netsnmp_pdu *response = ask(pdu);
        if (last == refused_mood) {
            assert_int_equal(response->errstat, SNMP_ERR_INCONSISTENTVALUE);
            assert_int_equal(response->errindex, 3);
            assert_int_equal(committed, 0);
            assert_int_equal(pets[0].mood, 1);
        } else {
            assert_int_equal(response->errstat, SNMP_ERR_NOERROR);
            assert_int_equal(committed, 3);
        }
        snmp_free_pdu(response);
    }
}

/* ---- registration -------------------------------------------------------------------- */

static void registering_twice_fails_with_a_reason_and_the_first_stays(void **state)
{
    (void)state;
    struct nq_face second;
    struct nq_err err = {0};
    assert_false(nq_face_open(&second, &pet_table, NULL, &err));
    assert_int_equal(err.code, NQ_HOST);
    assert_non_null(strstr(err.detail, "petTable"));
    nq_face_close(&second);
    assert_int_equal(get_type(PET(4L, 1L, 1L)), ASN_INTEGER);
}

static void closed_table_is_gone_and_can_be_opened_again(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        nq_face_close(&pet_face);
        assert_int_equal(get_type(PET(4L, 1L, 1L)), SNMP_NOSUCHOBJECT);
        assert_true(nq_face_open(&pet_face, &pet_table, NULL, NULL));
        assert_int_equal(get_type(PET(4L, 1L, 1L)), ASN_INTEGER);
    }
}

/* ---- the real MIB without an engine -------------------------------------------------- */

static long get_number(struct name name)
{
    netsnmp_pdu *response = ask_one(SNMP_MSG_GET, name);
    const long number = *response->variables->val.integer;
    snmp_free_pdu(response);
    return number;
}

static void without_an_engine_the_scalars_say_so_and_the_tables_are_empty(void **state)
{
    (void)state;
    struct nq_mib *mib = nq_mib_start(NQ_HOST_DLMOD, NULL, NULL);
    assert_non_null(mib);
    nq_mib_serve(mib, NULL, "the disk is full");
    assert_int_equal(get_number(NAME(1L, 2L, 0L)), NQ_MODE_STOPPED);
    assert_int_equal(get_number(NAME(1L, 3L, 0L)), NQ_HEALTH_FAILED);
    assert_int_equal(get_number(NAME(1L, 6L, 0L)), NQ_HOST_DLMOD);
    netsnmp_pdu *response = ask_one(SNMP_MSG_GET, NAME(1L, 4L, 0L));
    assert_int_equal(response->variables->val_len, strlen("the disk is full"));
    assert_memory_equal(response->variables->val.string, "the disk is full",
                        response->variables->val_len);
    snmp_free_pdu(response);
    assert_int_equal(set_number(NAME(1L, 2L, 0L), 2), SNMP_ERR_RESOURCEUNAVAILABLE);
    assert_is_next(NAME(6L), PET(3L, 1L, 1L));

    struct nq_err err = {0};
    assert_null(
        nq_mib_start(NQ_HOST_DLMOD, NULL, &err)); /* the first one is in the way */
    assert_int_equal(err.code, NQ_HOST);
    assert_null(nq_mib_stop(mib));
    assert_int_equal(get_type(NAME(1L, 2L, 0L)), SNMP_NOSUCHOBJECT);
}

/* One cell of a branch of scalars, as text. */
static const char *shown(const struct nq_table *table, const struct nq_scalars *row,
                         oid number)
{
    static char text[NQ_TEXT_MAX + 1];
    netsnmp_variable_list *vars = NULL;
    const struct nq_column *column = nq_table_column(table, number, false);
    assert_non_null(column);
    assert_true(nq_table_append(table, row, column, &vars));
    if (vars->type == ASN_OCTET_STR) {
        (void)snprintf(text, sizeof(text), "%.*s", (int)vars->val_len, vars->val.string);
    } else {
        (void)snprintf(text, sizeof(text), "%lu", (u_long)*vars->val.integer);
    }
    snmp_free_varbind(vars);
    return text;
}

static void governor_log_and_reconciler_are_shown_as_the_engine_sees_them(void **state)
{
    (void)state;
    const struct nq_scalars row = {.idle = 1,
                                   .view = {.governor_state = NQ_GOVERNOR_TRIPPED,
                                            .governor_reason = "too many",
                                            .governor_hour_count = 31,
                                            .governor_hour_limit = 30,
                                            .reconciled_ms = 1234567890123,
                                            .log_head = "abc"}};
    assert_string_equal(shown(&nq_table_governor, &row, 1), "3");
    assert_string_equal(shown(&nq_table_governor, &row, 2), "too many");
    assert_string_equal(shown(&nq_table_governor, &row, 3), "1");
    assert_string_equal(shown(&nq_table_governor, &row, 4), "31");
    assert_string_equal(shown(&nq_table_governor, &row, 5), "30");
    assert_string_equal(shown(&nq_table_engine, &row, 7), "1");
    assert_string_equal(shown(&nq_table_engine, &row, 8), "1234567890");
    assert_string_equal(shown(&nq_table_engine, &row, 9), "abc");
}

#define ROW_INDEX 2147483646

static void notification_objects_are_cells_of_the_row_it_is_about(void **state)
{
    (void)state;
    const struct nq_case record = {.id = ROW_INDEX};
    const struct nq_finding finding = {.index = ROW_INDEX};
    const struct nq_manager_row manager = {.index = ROW_INDEX};
    const struct nq_scalars scalars = {.view = {.mode = NQ_MODE_STOPPED}};
    const struct {
        const struct nq_table *table;
        const void *row;
    } rows[] = {
        {&nq_table_vms, &record},
        {&nq_table_findings, &finding},
        {&nq_table_managers, &manager},
    };
    for (size_t i = 0; i < nq_mib_notification_count; i++) {
        const struct nq_notification *what = &nq_mib_notifications[i];
        const void *row = what->table->scalars ? &scalars : NULL;
        for (size_t k = 0; k < NQ_LENGTH(rows); k++) {
            row = what->table == rows[k].table ? rows[k].row : row;
        }
        assert_non_null(row);
        assert_true(what->column_count > 0);
        for (size_t k = 0; k < what->column_count; k++) {
            const struct nq_column *column =
                nq_table_column(what->table, what->columns[k], false);
            assert_non_null(column);
            netsnmp_variable_list *vars = NULL;
            assert_true(nq_table_append(what->table, row, column, &vars));
            const struct name name =
                what->table->scalars
                    ? NAME((long)what->table->branch, (long)column->number, 0L)
                    : NAME((long)what->table->branch, 1L, (long)column->number,
                           (long)ROW_INDEX);
            assert_int_equal(
                netsnmp_oid_equals(vars->name, vars->name_length, name.arcs, name.len),
                0);
            snmp_free_varbind(vars);
        }
    }
}

#define TABLE_TEST(name) cmocka_unit_test_setup_teardown(name, open_tables, close_tables)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(get_answers_every_instance_with_its_type),
        TABLE_TEST(get_of_no_object_and_of_no_instance_are_told_apart),
        TABLE_TEST(sub_identifiers_with_an_extended_sign_are_those_of_the_wire),
        TABLE_TEST(values_have_the_octets_that_the_mib_promises),
        TABLE_TEST(long_text_is_cut_to_255_octets_between_characters),
        TABLE_TEST(walk_gives_each_instance_once_and_goes_on_with_the_next_branch),
        TABLE_TEST(getnext_of_odd_names_finds_the_first_instance_behind_them),
        TABLE_TEST(getnext_equals_a_search_through_all_names_for_random_names),
        TABLE_TEST(empty_table_is_passed_by),
        TABLE_TEST(getbulk_gives_what_a_walk_gives),
        TABLE_TEST(set_commits_and_reads_back),
        TABLE_TEST(set_is_logged_with_who_what_and_both_values),
        TABLE_TEST(set_of_wrong_values_gets_the_precise_error),
        TABLE_TEST(set_of_what_cannot_be_set_gets_the_precise_error),
        TABLE_TEST(set_of_several_happens_as_a_whole_or_not_at_all),
        TABLE_TEST(registering_twice_fails_with_a_reason_and_the_first_stays),
        TABLE_TEST(closed_table_is_gone_and_can_be_opened_again),
        TABLE_TEST(without_an_engine_the_scalars_say_so_and_the_tables_are_empty),
        TABLE_TEST(governor_log_and_reconciler_are_shown_as_the_engine_sees_them),
        TABLE_TEST(notification_objects_are_cells_of_the_row_it_is_about),
    };
    return cmocka_run_group_tests(tests, open_agent, close_agent);
}
