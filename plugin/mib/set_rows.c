/* SPDX-License-Identifier: Apache-2.0 */
/* set_rows.c: the phases of a SET of a table whose rows a SET makes and removes. All varbinds
 * of a row are judged together, in whatever order they come: RFC 2579, RowStatus. As in
 * set.c, RESERVE and ACTION find every reason to refuse and keep nothing, and COMMIT hands
 * over. */
#include "mib/set.h"

#include <stdint.h>
#include <stdlib.h>

/* What the varbinds of one row say, with room for it. */
struct gathered {
    struct nq_row_change change;
    struct nq_new_value values[NQ_MAKER_COLUMNS];
    char texts[NQ_MAKER_COLUMNS][NQ_TEXT_MAX + 1];
};

static oid index_of(const netsnmp_request_info *request)
{
    return nq_table_arc(request->requestvb->name[request->requestvb->name_length - 1]);
}

static oid column_of(const netsnmp_request_info *request)
{
    return nq_table_arc(request->requestvb->name[request->requestvb->name_length - 2]);
}

static bool is_first_of_its_row(const netsnmp_request_info *requests,
                                const netsnmp_request_info *request)
{
    for (; requests != request; requests = requests->next) {
        if (index_of(requests) == index_of(request)) {
            return false;
        }
    }
    return true;
}

/* Every check of one varbind that needs no row. text: as for nq_set_take(). */
static int check(const struct nq_table *table, const netsnmp_variable_list *vb,
                 const struct nq_column **ret_column, char *text,
                 struct nq_new_value *ret_value)
{
    const oid *index;
    size_t index_len;
    if (!nq_table_split(table, vb, ret_column, &index, &index_len) ||
        (*ret_column)->access != NQ_READ_CREATE) {
        return SNMP_ERR_NOTWRITABLE;
    }
    const int error = nq_set_take(*ret_column, vb, text, ret_value);
    if (error != SNMP_ERR_NOERROR) {
        return error;
    }
    return index_len == 1 && index[0] != 0 ? SNMP_ERR_NOERROR : SNMP_ERR_NOCREATION;
}

/* Of two varbinds for the same column the later one counts. */
static void gather(const struct nq_face *face, const netsnmp_request_info *first,
                   struct gathered *ret)
{
    const struct nq_table *table = face->table;
    const oid index = index_of(first);
    const struct nq_rows rows = table->rows(face->source);
    ret->change = (struct nq_row_change){
        .row = nq_table_find(table, &rows, &index, 1),
        .index = (uint32_t)index,
    };
    for (const netsnmp_request_info *r = first; r; r = r->next) {
        const oid number = column_of(r);
        const struct nq_column *column;
        if (index_of(r) == index && number < NQ_MAKER_COLUMNS &&
            check(table, r->requestvb, &column, ret->texts[number],
                  &ret->values[number]) == SNMP_ERR_NOERROR) {
            ret->change.values[number] = &ret->values[number];
        }
    }
}

/* ---- the phases ---------------------------------------------------------------------- */

static void refuse(const struct nq_face *face, netsnmp_agent_request_info *reqinfo,
                   netsnmp_request_info *first, oid column, int error)
{
    const oid index = index_of(first);
    netsnmp_request_info *guilty = first;
    for (netsnmp_request_info *r = first; r; r = r->next) {
        if (index_of(r) == index && column_of(r) == column) {
            guilty = r;
        }
    }
    nq_set_refuse(face, reqinfo, guilty, nq_set_error(reqinfo->mode, error));
}

static bool check_varbinds(const struct nq_face *face,
                           netsnmp_agent_request_info *reqinfo,
                           netsnmp_request_info *requests)
{
    size_t count = 0;
    for (netsnmp_request_info *r = requests; r; r = r->next) {
        const struct nq_column *column;
        struct nq_new_value value;
        char text[NQ_TEXT_MAX + 1];
        const int error = ++count > NQ_SET_MAX
                              ? SNMP_ERR_RESOURCEUNAVAILABLE
                              : check(face->table, r->requestvb, &column, text, &value);
        if (error != SNMP_ERR_NOERROR) {
            nq_set_refuse(face, reqinfo, r, nq_set_error(reqinfo->mode, error));
            return false;
        }
    }
    return true;
}

static void check_rows(const struct nq_face *face, netsnmp_agent_request_info *reqinfo,
                       netsnmp_request_info *requests)
{
    size_t made = 0;
    for (netsnmp_request_info *r = requests; r; r = r->next) {
        if (!is_first_of_its_row(requests, r)) {
            continue;
        }
        struct gathered row;
        gather(face, r, &row);
        row.change.others = made;
        oid column = 0;
        bool makes = false;
        const int error =
            face->table->maker->may(face->source, &row.change, &column, &makes);
        if (error != SNMP_ERR_NOERROR) {
            refuse(face, reqinfo, r, column, error);
            return;
        }
        made += makes;
    }
}

static void log_row(const struct nq_face *face, const struct nq_row_change *change,
                    const struct nq_requester *who)
{
    for (oid number = 0; number < NQ_MAKER_COLUMNS; number++) {
        if (change->values[number]) {
            nq_set_log(face, nq_table_column(face->table, number, false), change->row,
                       change->index, change->values[number], who);
        }
    }
}

static void commit_rows(const struct nq_face *face, netsnmp_agent_request_info *reqinfo,
                        netsnmp_request_info *requests)
{
    struct nq_requester who = nq_set_requester(reqinfo);
    for (netsnmp_request_info *r = requests; r; r = r->next) {
        if (is_first_of_its_row(requests, r)) {
            struct gathered row;
            gather(face, r, &row);
            log_row(face, &row.change, &who);
            face->table->maker->commit(face->source, &row.change, who.name);
        }
    }
    free(who.address);
}

void nq_set_rows(const struct nq_face *face, netsnmp_agent_request_info *reqinfo,
                 netsnmp_request_info *requests)
{
    if (reqinfo->mode == MODE_SET_COMMIT) { /* ACTION has let every varbind pass */
        commit_rows(face, reqinfo, requests);
    } else if (check_varbinds(face, reqinfo, requests)) {
        check_rows(face, reqinfo, requests);
    }
}
