/* SPDX-License-Identifier: Apache-2.0 */
/* bare.c: see bare.h. Written to be as fast as the API of Net-SNMP allows: no helpers of the
 * library in between, no search where arithmetic will do, no copy but the library's own. */
#include "bare.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"

#define FIRST_COLUMN 2
#define LAST_COLUMN  25
#define COLUMNS      (LAST_COLUMN - FIRST_COLUMN + 1)

struct cell {
    size_t len;
    union {
        u_long number;
        u_char *octets;
    } as;
};

struct row {
    oid index;
    struct cell cells[COLUMNS];
};

static u_char types[COLUMNS];
static struct row *rows;
static size_t row_count;
static netsnmp_handler_registration *registration;

/* Up to the columns: table, entry. */
static const oid entry[] = {BARE_TABLE, 1};
#define ENTRY_LENGTH OID_LENGTH(entry)
#define NAME_LENGTH  (ENTRY_LENGTH + 2)

/* ---- requests ------------------------------------------------------------------------ */

/* The first row behind the index, or at it; row_count when there is none. */
static size_t find(oid index, bool behind)
{
    size_t low = 0;
    size_t high = row_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (rows[middle].index < index || (behind && rows[middle].index == index)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void answer(netsnmp_variable_list *vb, const struct row *row, size_t column)
{
    const struct cell *cell = &row->cells[column];
    const u_char type = types[column];
    (void)snmp_set_var_typed_value(vb, type,
                                   type == ASN_OCTET_STR ? (const void *)cell->as.octets
                                                         : &cell->as.number,
                                   cell->len);
}

static void get(netsnmp_agent_request_info *info, netsnmp_request_info *request)
{
    netsnmp_variable_list *vb = request->requestvb;
    if (vb->name_length == NAME_LENGTH && memcmp(vb->name, entry, sizeof(entry)) == 0 &&
        vb->name[ENTRY_LENGTH] - FIRST_COLUMN < COLUMNS) {
        const oid index = vb->name[ENTRY_LENGTH + 1];
        const size_t at = find(index, false);
        if (at < row_count && rows[at].index == index) {
            answer(vb, &rows[at], vb->name[ENTRY_LENGTH] - FIRST_COLUMN);
            return;
        }
    }
    netsnmp_set_request_error(info, request, SNMP_NOSUCHINSTANCE);
}

static void get_next(netsnmp_request_info *request)
{
    netsnmp_variable_list *vb = request->requestvb;
    size_t column = 0;
    size_t at = 0;
    if (vb->name_length > ENTRY_LENGTH && memcmp(vb->name, entry, sizeof(entry)) == 0 &&
        vb->name[ENTRY_LENGTH] >= FIRST_COLUMN) {
        column = vb->name[ENTRY_LENGTH] - FIRST_COLUMN;
        if (vb->name_length > ENTRY_LENGTH + 1) {
            at = find(vb->name[ENTRY_LENGTH + 1],
                      !request->inclusive || vb->name_length > NAME_LENGTH);
        }
    }
    if (at == row_count) {
        column++;
        at = 0;
    }
    if (column >= COLUMNS || row_count == 0) {
        return;
    }
    oid name[NAME_LENGTH];
    memcpy(name, entry, sizeof(entry));
    name[ENTRY_LENGTH] = column + FIRST_COLUMN;
    name[ENTRY_LENGTH + 1] = rows[at].index;
    (void)snmp_set_var_objid(vb, name, NAME_LENGTH);
    answer(vb, &rows[at], column);
}

static int handle(netsnmp_mib_handler *handler, netsnmp_handler_registration *reginfo,
                  netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
    (void)handler;
    (void)reginfo;
    for (netsnmp_request_info *request = requests; request; request = request->next) {
        if (request->processed) {
            continue;
        }
        if (info->mode == MODE_GET) {
            get(info, request);
        } else if (info->mode == MODE_GETNEXT) {
            get_next(request);
        }
    }
    return SNMP_ERR_NOERROR;
}

/* ---- rows ---------------------------------------------------------------------------- */

static void fail(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

/* Column by column, as the walk saw them. */
static void read_cells(FILE *file)
{
    struct bench_record record;
    u_char content[BENCH_CONTENT_MAX];
    size_t room = 0;
    size_t at = 0;
    while (fread(&record, sizeof(record), 1, file) == 1) {
        if (record.len > sizeof(content) ||
            fread(content, 1, record.len, file) != record.len ||
            record.column - FIRST_COLUMN >= COLUMNS) {
            fail("a record of the rows");
        }
        const size_t column = record.column - FIRST_COLUMN;
        if (column == 0) {
            if (row_count == room) {
                room = room ? 2 * room : 1024;
                rows = realloc(rows, room * sizeof(*rows));
                if (!rows) {
                    fail("memory for rows");
                }
            }
            at = row_count++;
            memset(&rows[at], 0, sizeof(rows[at]));
            rows[at].index = record.index;
        } else {
            at = find(record.index, false);
            if (at == row_count || rows[at].index != record.index) {
                continue; /* it came while the walk was at a later column */
            }
        }
        types[column] = (u_char)record.type;
        struct cell *cell = &rows[at].cells[column];
        if (record.type == ASN_OCTET_STR) {
            cell->len = record.len;
            cell->as.octets = malloc(record.len + 1);
            if (!cell->as.octets) {
                fail("memory for a text");
            }
            memcpy(cell->as.octets, content, record.len);
        } else {
            cell->len = sizeof(cell->as.number);
            for (size_t i = 0; i < record.len; i++) {
                cell->as.number = cell->as.number << 8 | content[i];
            }
        }
    }
}

void bare_start(void)
{
    const char *path = getenv("BARE_ROWS");
    FILE *file = path ? fopen(path, "re") : NULL;
    if (!file) {
        fail("BARE_ROWS");
    }
    read_cells(file);
    (void)fclose(file);
    registration = netsnmp_create_handler_registration(
        "bareTable", handle, entry, ENTRY_LENGTH - 1, HANDLER_CAN_RONLY);
    if (!registration || netsnmp_register_handler(registration) != MIB_REGISTERED_OK) {
        fail("registration");
    }
}

void bare_stop(void)
{
    (void)netsnmp_unregister_handler(registration);
    for (size_t i = 0; i < row_count; i++) {
        for (size_t column = 0; column < COLUMNS; column++) {
            if (types[column] == ASN_OCTET_STR) {
                free(rows[i].cells[column].as.octets);
            }
        }
    }
    free(rows);
    rows = NULL;
    row_count = 0;
}
