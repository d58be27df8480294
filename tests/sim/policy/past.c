/* SPDX-License-Identifier: Apache-2.0 */
/* past.c: how the inventory showed a VM before it changed, for an inventory that is
 * behind. */
#include <stdlib.h>
#include <string.h>

#include "vm.h"

void sim_vm_remember(struct sim_vm *vm, uint64_t now_ms)
{
    vm->past = sim_grow(vm->past, vm->past_count + 1, sizeof(*vm->past));
    vm->past[vm->past_count++] = (struct sim_past){
        .doc = cJSON_Duplicate(vm->doc, 1),
        .vifs = cJSON_Duplicate(vm->vifs, 1),
        .until_ms = now_ms,
    };
}

void sim_vm_forget(struct sim_vm *vm, uint64_t before_ms)
{
    size_t old = 0;

    while (old < vm->past_count && vm->past[old].until_ms <= before_ms) {
        cJSON_Delete(vm->past[old].doc);
        cJSON_Delete(vm->past[old].vifs);
        old++;
    }
    if (old > 0) {
        vm->past_count -= old;
        memmove(vm->past, vm->past + old, vm->past_count * sizeof(*vm->past));
    }
}

bool sim_vm_shown(const struct sim_vm *vm, uint64_t at_ms, const cJSON **ret_doc,
                  const cJSON **ret_vifs)
{
    if (at_ms < vm->born_ms || at_ms >= vm->gone_ms) {
        return false;
    }
    *ret_doc = vm->doc;
    *ret_vifs = vm->vifs;
    for (size_t i = vm->past_count; i > 0 && vm->past[i - 1].until_ms > at_ms; i--) {
        *ret_doc = vm->past[i - 1].doc;
        *ret_vifs = vm->past[i - 1].vifs;
    }
    return true;
}
