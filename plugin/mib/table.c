/* SPDX-License-Identifier: Apache-2.0 */
/* table.c: see table.h. No name is built but the one that is answered. */
#include "mib/table.h"

#include <stdint.h>
#include <string.h>

const oid nq_oid_root[] = {NQ_OID_ROOT};
const size_t nq_oid_root_len = OID_LENGTH(nq_oid_root);

/* Every value that a cell can have fits on the stack; the name is written once. */
struct name {
    oid arcs[MAX_OID_LEN];
    size_t len;
};

_Static_assert(OID_LENGTH(nq_oid_root) + 3 + 1 + NQ_INDEX_PARTS <= MAX_OID_LEN,
               "OID_ROOT is too long");

/* Writes the OID up to the columns (room for MAX_OID_LEN); returns its length. */
static size_t table_root(const struct nq_table *table, oid *ret_oid)
{
    memcpy(ret_oid, nq_oid_root, sizeof(nq_oid_root));
    size_t len = nq_oid_root_len;
    ret_oid[len++] = NQ_ARC_OBJECTS;
    ret_oid[len++] = table->branch;
    if (!table->scalars) {
        ret_oid[len++] = NQ_ARC_ENTRY;
    }
    return len;
}

static size_t root_length(const struct nq_table *table)
{
    return nq_oid_root_len + (table->scalars ? 2 : 3);
}

/* The name begins with what table_root() writes, and goes on. */
static bool is_below(const struct nq_table *table, const oid *name, size_t len)
{
    const oid *arc = name + nq_oid_root_len;
    return len > root_length(table) &&
           memcmp(name, nq_oid_root, sizeof(nq_oid_root)) == 0 &&
           arc[0] == NQ_ARC_OBJECTS && arc[1] == table->branch &&
           (table->scalars || arc[2] == NQ_ARC_ENTRY);
}

/* ---- rows ---------------------------------------------------------------------------- */

static const void *row_at(const struct nq_rows *rows, size_t i)
{
    if (rows->stride == 0) {
        return ((const void *const *)rows->base)[i];
    }
    return (const char *)rows->base + i * rows->stride;
}

static oid index_part(const struct nq_table *table, const void *row, size_t part)
{
    uint32_t value;
    memcpy(&value, (const char *)row + table->index_offsets[part], sizeof(value));
    return value;
}

/* As snmp_oid_compare(), of the row's index with the index in a request. */
static int compare_index(const struct nq_table *table, const void *row, const oid *index,
                         size_t index_len)
{
    for (size_t part = 0; part < table->index_count; part++) {
        if (part == index_len) {
            return 1;
        }
        const oid value = index_part(table, row, part);
        const oid other = nq_table_arc(index[part]);
        if (value != other) {
            return value < other ? -1 : 1;
        }
    }
    return table->index_count < index_len ? -1 : 0;
}

/* The first row at or behind the index; rows->count when there is none. */
static size_t lower_bound(const struct nq_table *table, const struct nq_rows *rows,
                          const oid *index, size_t index_len)
{
    size_t low = 0;
    size_t high = rows->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare_index(table, row_at(rows, middle), index, index_len) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const void *nq_table_find(const struct nq_table *table, const struct nq_rows *rows,
                          const oid *index, size_t index_len)
{
    const size_t at = lower_bound(table, rows, index, index_len);
    if (at == rows->count) {
        return NULL;
    }
    const void *row = row_at(rows, at);
    return compare_index(table, row, index, index_len) == 0 ? row : NULL;
}

/* ---- columns ------------------------------------------------------------------------- */

/* The first column at or behind number; table->column_count when there is none. */
static size_t column_from(const struct nq_table *table, oid number)
{
    size_t low = 0;
    size_t high = table->column_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (table->columns[middle].number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const struct nq_column *nq_table_column(const struct nq_table *table, oid number,
                                        bool any)
{
    const size_t at = column_from(table, number);
    if (at == table->column_count || table->columns[at].number != number) {
        return NULL;
    }
    const struct nq_column *column = &table->columns[at];
    return any || column->access != NQ_NOT_ACCESSIBLE ? column : NULL;
}

bool nq_table_split(const struct nq_table *table, const netsnmp_variable_list *vb,
                    const struct nq_column **ret_column, const oid **ret_index,
                    size_t *ret_index_len)
{
    if (!is_below(table, vb->name, vb->name_length)) {
        return false;
    }
    const size_t root_len = root_length(table);
    *ret_column = nq_table_column(table, nq_table_arc(vb->name[root_len]), false);
    *ret_index = vb->name + root_len + 1;
    *ret_index_len = vb->name_length - root_len - 1;
    return *ret_column != NULL;
}

/* ---- cells --------------------------------------------------------------------------- */

static void name_cell(const struct nq_table *table, const void *row,
                      const struct nq_column *column, struct name *ret_name)
{
    ret_name->len = table_root(table, ret_name->arcs);
    ret_name->arcs[ret_name->len++] = column->number;
    for (size_t part = 0; part < table->index_count; part++) {
        ret_name->arcs[ret_name->len++] = index_part(table, row, part);
    }
}

static void read_cell(const void *row, const struct nq_column *column,
                      struct nq_value *ret_value)
{
    column->read((const char *)row + column->offset, ret_value);
}

bool nq_table_append(const struct nq_table *table, const void *row,
                     const struct nq_column *column, netsnmp_variable_list **vars)
{
    struct name name;
    struct nq_value value;
    name_cell(table, row, column, &name);
    read_cell(row, column, &value);
    return snmp_varlist_add_variable(vars, name.arcs, name.len, column->type, &value.as,
                                     value.len) != NULL;
}

static void answer(netsnmp_agent_request_info *reqinfo, netsnmp_request_info *request,
                   const void *row, const struct nq_column *column)
{
    struct nq_value value;
    read_cell(row, column, &value);
    if (snmp_set_var_typed_value(request->requestvb, column->type, &value.as,
                                 value.len) != 0) {
        netsnmp_set_request_error(reqinfo, request, SNMP_ERR_RESOURCEUNAVAILABLE);
    }
}

/* ---- GET and GETNEXT ----------------------------------------------------------------- */

static void get(const struct nq_table *table, const struct nq_rows *rows,
                netsnmp_agent_request_info *reqinfo, netsnmp_request_info *request)
{
    const struct nq_column *column;
    const oid *index;
    size_t index_len;
    if (!nq_table_split(table, request->requestvb, &column, &index, &index_len)) {
        netsnmp_set_request_error(reqinfo, request, SNMP_NOSUCHOBJECT);
        return;
    }
    const void *row = nq_table_find(table, rows, index, index_len);
    if (!row) {
        netsnmp_set_request_error(reqinfo, request, SNMP_NOSUCHINSTANCE);
        return;
    }
    answer(reqinfo, request, row, column);
}

/* Where a walk goes on behind a name. */
struct cursor {
    size_t column;
    size_t row;
};

/* False: nothing of this table comes behind the name. */
static bool seek(const struct nq_table *table, const struct nq_rows *rows,
                 const netsnmp_request_info *request, struct cursor *ret_at)
{
    const netsnmp_variable_list *vb = request->requestvb;
    *ret_at = (struct cursor){0};
    if (!is_below(table, vb->name, vb->name_length)) {
        oid root[MAX_OID_LEN];
        const size_t root_len = table_root(table, root);
        return snmp_oid_compare(vb->name, vb->name_length, root, root_len) <= 0;
    }
    const size_t root_len = root_length(table);
    const oid number = nq_table_arc(vb->name[root_len]);
    const oid *index = vb->name + root_len + 1;
    const size_t index_len = vb->name_length - root_len - 1;
    ret_at->column = column_from(table, number);
    if (ret_at->column < table->column_count &&
        table->columns[ret_at->column].number == number) {
        ret_at->row = lower_bound(table, rows, index, index_len);
        if (ret_at->row < rows->count && !request->inclusive &&
            compare_index(table, row_at(rows, ret_at->row), index, index_len) == 0) {
            ret_at->row++;
        }
    }
    return true;
}

/* Leaving the varbind alone tells the agent to go on with the next registration. */
static void get_next(const struct nq_table *table, const struct nq_rows *rows,
                     netsnmp_agent_request_info *reqinfo, netsnmp_request_info *request)
{
    struct cursor at;
    if (rows->count == 0 || !seek(table, rows, request, &at)) {
        return;
    }
    while (at.column < table->column_count &&
           (at.row >= rows->count ||
            table->columns[at.column].access == NQ_NOT_ACCESSIBLE)) {
        at.column++;
        at.row = 0;
    }
    if (at.column == table->column_count) {
        return;
    }
    const void *row = row_at(rows, at.row);
    const struct nq_column *column = &table->columns[at.column];
    struct name name;
    name_cell(table, row, column, &name);
    if (snmp_set_var_objid(request->requestvb, name.arcs, name.len) != 0) {
        netsnmp_set_request_error(reqinfo, request, SNMP_ERR_RESOURCEUNAVAILABLE);
        return;
    }
    answer(reqinfo, request, row, column);
}

/* ---- registration -------------------------------------------------------------------- */

static int handle(netsnmp_mib_handler *handler, netsnmp_handler_registration *reginfo,
                  netsnmp_agent_request_info *reqinfo, netsnmp_request_info *requests)
{
    (void)reginfo;
    const struct nq_face *face = handler->myvoid;
    const struct nq_table *table = face->table;
    if (reqinfo->mode != MODE_GET && reqinfo->mode != MODE_GETNEXT) {
        nq_table_set(face, reqinfo, requests);
        return SNMP_ERR_NOERROR;
    }
    const struct nq_rows rows =
        nq_face_is_live(face) ? table->rows(face->source) : (struct nq_rows){0};
    for (netsnmp_request_info *request = requests; request; request = request->next) {
        if (request->processed) {
            continue;
        }
        if (reqinfo->mode == MODE_GET) {
            get(table, &rows, reqinfo, request);
        } else {
            get_next(table, &rows, reqinfo, request);
        }
    }
    return SNMP_ERR_NOERROR;
}

static bool register_face(struct nq_face *face, int priority, struct nq_err *reterr)
{
    const struct nq_table *table = face->table;

    /* The node itself is registered, so that a walk of anything below it ends here. */
    oid node[MAX_OID_LEN];
    const size_t node_len = table_root(table, node) - (table->scalars ? 0 : 1);
    netsnmp_handler_registration *registration = netsnmp_create_handler_registration(
        table->name, handle, node, node_len, HANDLER_CAN_RWRITE);
    if (!registration) {
        return nq_fail(reterr, NQ_HOST, "%s: no memory for a handler", table->name);
    }
    registration->handler->myvoid = face;
    registration->priority = priority;
    const int result = netsnmp_register_handler(registration);
    if (result != MIB_REGISTERED_OK) { /* and the registration is freed */
        return nq_fail(reterr, NQ_HOST, "%s: registration refused (%s)", table->name,
                       result == MIB_DUPLICATE_REGISTRATION ? "already registered"
                                                            : "failed");
    }
    face->registration = registration;
    return true;
}

bool nq_face_open(struct nq_face *face, const struct nq_table *table, void *source,
                  struct nq_err *reterr)
{
    *face = (struct nq_face){.table = table, .source = source};
    return register_face(face, DEFAULT_MIB_PRIORITY, reterr);
}

bool nq_face_rank(struct nq_face *face, int priority, struct nq_err *reterr)
{
    nq_face_close(face);
    return register_face(face, priority, reterr);
}

void nq_face_close(struct nq_face *face)
{
    if (face->registration) {
        (void)netsnmp_unregister_handler(face->registration);
        face->registration = NULL;
    }
}
