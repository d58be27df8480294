/* SPDX-License-Identifier: Apache-2.0 */
/* table.h: MIB tables as data, and the one handler that answers for all of them.
 * A branch of scalars is a table too: one row whose index is the 0 of ".0".
 * Not for: knowing what any table means.
 *
 * Owns    the registration, between open() and close(). Rows stay their provider's.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   open(), with *reterr. Requests fail with the SNMP error that fits.
 * Limits  NQ_INDEX_PARTS sub-identifiers in an index, each an Unsigned32. A GETNEXT costs
 *         two binary searches, whatever the number of rows. NQ_SET_MAX varbinds in a SET of
 *         a table that makes rows.
 */
#ifndef NQ_MIB_TABLE_H
#define NQ_MIB_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>

#include "base/err.h"
#include "mib/value.h"

#define NQ_INDEX_PARTS   2
#define NQ_MAKER_COLUMNS 16
#define NQ_SET_MAX       1000

/* Elements of an array; OID_LENGTH() is right for arrays of oid only. */
#define NQ_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* OID_ROOT and what follows it. */
#define NQ_ARC_NOTIFICATIONS 0
#define NQ_ARC_OBJECTS       1
#define NQ_ARC_ENTRY         1 /* tables only: TABLE.1.COLUMN.INDEX */

extern const oid nq_oid_root[];
extern const size_t nq_oid_root_len;

/* ---- the data ------------------------------------------------------------------------ */

enum nq_access { NQ_NOT_ACCESSIBLE, NQ_READ_ONLY, NQ_READ_WRITE, NQ_READ_CREATE };

/* A value that a SET brings, after the checks of its column. */
struct nq_new_value {
    long number;       /* ASN_INTEGER */
    const char *text;  /* ASN_OCTET_STR: UTF-8 without control characters */
    const char *actor; /* SNMP security name, or "snmp" */
};

/* What a column that can be set takes and does. INTEGER: low to high. OCTET STRING: NqText.
 * A read-create column has the limits only: its table's maker does the rest. */
struct nq_writer {
    long low;
    long high;

    /* SNMP_ERR_NOERROR, or why not now; has no effect. May be NULL. */
    int (*may)(void *source, const void *row, const struct nq_new_value *value);

    /* Never fails. */
    void (*commit)(void *source, const void *row, const struct nq_new_value *value);
};

struct nq_column {
    const char *name; /* as in the MIB module */
    oid number;
    u_char type; /* ASN_... */
    enum nq_access access;
    nq_value_fn *read;
    size_t offset;                  /* of the field in the row */
    const struct nq_writer *writer; /* NQ_READ_WRITE and NQ_READ_CREATE */
};

/* All that the varbinds of one SET want of one row. */
struct nq_row_change {
    const void *row; /* NULL: there is none yet */
    uint32_t index;
    size_t others; /* rows that the varbinds before make */

    /* By column number; NULL: the SET does not name it. */
    const struct nq_new_value *values[NQ_MAKER_COLUMNS];
};

/* How a SET makes, changes and removes rows (RowStatus of RFC 2579). */
struct nq_row_maker {
    /* SNMP_ERR_NOERROR, or why not and for which column; has no effect on what is shown.
     * Tells whether there will be a row that was not there. */
    int (*may)(void *source, const struct nq_row_change *change, oid *ret_column,
               bool *ret_makes);

    /* Never fails. */
    void (*commit)(void *source, const struct nq_row_change *change, const char *actor);
};

/* The rows as they are now, in rising order of their index: structs side by side
 * (stride), or pointers to them (stride 0). */
struct nq_rows {
    const void *base;
    size_t count;
    size_t stride;
};

struct nq_table {
    const char *name; /* as in the MIB module: the table, or the branch of scalars */
    oid branch;       /* OID_ROOT.1.branch */
    bool scalars;     /* no entry node; one row with index 0 */
    const struct nq_column *columns; /* rising numbers; accessible ones contiguous */
    size_t column_count;
    size_t index_offsets[NQ_INDEX_PARTS]; /* uint32_t fields of the row */
    size_t index_count;

    /* Borrowed until the source changes. */
    struct nq_rows (*rows)(void *source);

    /* False: a GET finds no row whatever rows() has, and a SET is told that nobody is there
     * instead of that the row is not. NULL: true. */
    bool (*is_live)(void *source);

    /* NULL: a SET makes no rows. Else each column that can be set is NQ_READ_CREATE, below
     * NQ_MAKER_COLUMNS, and the index is one number, not 0. */
    const struct nq_row_maker *maker;
};

/* Column rows. kind is one of value.h; the size of the field is checked against it. */
#define NQ_FIELD(kind, row, field)                                                       \
    (offsetof(row, field) +                                                              \
     0 * sizeof(char[sizeof(((row *)0)->field) == NQ_SIZE_##kind ? 1 : -1]))
#define NQ_COLUMN(n, mib_name, asn, kind, row, field, may_access, how)                   \
    {                                                                                    \
        .name = #mib_name, .number = (n), .type = (asn), .access = (may_access),         \
        .read = nq_value_##kind, .offset = NQ_FIELD(kind, row, field), .writer = (how)   \
    }
#define NQ_INDEX(n, mib_name, row, field)                                                \
    NQ_COLUMN(n, mib_name, ASN_UNSIGNED, u32, row, field, NQ_NOT_ACCESSIBLE, NULL)
#define NQ_RO(n, mib_name, asn, kind, row, field)                                        \
    NQ_COLUMN(n, mib_name, asn, kind, row, field, NQ_READ_ONLY, NULL)
#define NQ_RW(n, mib_name, asn, kind, row, field, how)                                   \
    NQ_COLUMN(n, mib_name, asn, kind, row, field, NQ_READ_WRITE, how)
#define NQ_RC(n, mib_name, asn, kind, row, field, how)                                   \
    NQ_COLUMN(n, mib_name, asn, kind, row, field, NQ_READ_CREATE, how)

/* ---- the handler --------------------------------------------------------------------- */

/* One value that a SET brought, before it is carried out. */
struct nq_set_done {
    const struct nq_table *table;
    const struct nq_column *column;
    uint32_t instance; /* the last number of the name */
    const char *actor; /* as in struct nq_new_value */
    const char *text;  /* how the actor was proven, from where, both values */
};

typedef void nq_set_fn(void *source, const struct nq_set_done *done);

/* One registration; a member of the struct that opens it. */
struct nq_face {
    const struct nq_table *table;
    void *source; /* for table->rows(), the writers and on_set */
    netsnmp_handler_registration *registration;

    /* Free to set while it is open. */
    bool read_only;    /* every SET ends with notWritable */
    nq_set_fn *on_set; /* keeps a record of SETs; NULL: nobody does */
};

/* Registers the table with the host; *face must stay where it is until close(). */
bool nq_face_open(struct nq_face *face, const struct nq_table *table, void *source,
                  struct nq_err *reterr) __attribute__((warn_unused_result));

/* The same for a face that has its table and source, open or not: of several that are
 * registered at one master, the one with the lowest number is asked. */
bool nq_face_rank(struct nq_face *face, int priority, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Does nothing for a face that is not open. */
void nq_face_close(struct nq_face *face);

/* ---- reading without a request (notifications, tests) -------------------------------- */

/* NULL when there is no such column, or when it is not accessible and `any` is false. */
const struct nq_column *nq_table_column(const struct nq_table *table, oid number,
                                        bool any);

/* Appends name and value of one cell to *vars; false when memory is short. */
bool nq_table_append(const struct nq_table *table, const void *row,
                     const struct nq_column *column, netsnmp_variable_list **vars)
    __attribute__((warn_unused_result));

static inline bool nq_face_is_live(const struct nq_face *face)
{
    return !face->table->is_live || face->table->is_live(face->source);
}

/* ---- between table.c and set*.c ------------------------------------------------------ */

/* A sub-identifier of a request. AgentX hands over those from 2^31 on with the sign
 * extended (libnetsnmp 5.9.3); on the wire they have 32 bits always. */
static inline oid nq_table_arc(oid arc)
{
    return arc & UINT32_MAX;
}

const void *nq_table_find(const struct nq_table *table, const struct nq_rows *rows,
                          const oid *index, size_t index_len);

/* Column and index that a name of this table means; false when it is not below it. */
bool nq_table_split(const struct nq_table *table, const netsnmp_variable_list *vb,
                    const struct nq_column **ret_column, const oid **ret_index,
                    size_t *ret_index_len);

/* All requests of one phase of a SET. */
void nq_table_set(const struct nq_face *face, netsnmp_agent_request_info *reqinfo,
                  netsnmp_request_info *requests);

#endif
