/* SPDX-License-Identifier: Apache-2.0 */
/* mibrows.c: prints the rows of mib/, for tests that read the MIB module by other parsers:
 * "object OID NAME ACCESS TYPE" for each column and "notification OID NAME OBJECT...". */
#include <stdio.h>

#include "mib/tables.h"

static const char *const access_names[] = {
    [NQ_NOT_ACCESSIBLE] = "not-accessible",
    [NQ_READ_ONLY] = "read-only",
    [NQ_READ_WRITE] = "read-write",
    [NQ_READ_CREATE] = "read-create",
};

static void print_root(oid arc)
{
    for (size_t i = 0; i < nq_oid_root_len; i++) {
        (void)printf("%lu.", nq_oid_root[i]);
    }
    (void)printf("%lu", arc);
}

static void print_object(const struct nq_table *table, const struct nq_column *column)
{
    (void)printf("object ");
    print_root(NQ_ARC_OBJECTS);
    (void)printf(".%lu", table->branch);
    if (!table->scalars) {
        (void)printf(".%d", NQ_ARC_ENTRY);
    }
    (void)printf(".%lu %s %s %d\n", column->number, column->name,
                 access_names[column->access], column->type);
}

static void print_notification(const struct nq_notification *what)
{
    (void)printf("notification ");
    print_root(NQ_ARC_NOTIFICATIONS);
    (void)printf(".%lu %s", (unsigned long)what->number, what->name);
    for (size_t i = 0; i < what->column_count; i++) {
        (void)printf(" %s", nq_table_column(what->table, what->columns[i], false)->name);
    }
    (void)printf("\n");
}

int main(void)
{
    for (size_t t = 0; t < nq_mib_table_count; t++) {
        for (size_t c = 0; c < nq_mib_tables[t]->column_count; c++) {
            print_object(nq_mib_tables[t], &nq_mib_tables[t]->columns[c]);
        }
    }
    for (size_t i = 0; i < nq_mib_notification_count; i++) {
        print_notification(&nq_mib_notifications[i]);
    }
    return 0;
}
