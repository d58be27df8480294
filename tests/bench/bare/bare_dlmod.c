/* SPDX-License-Identifier: Apache-2.0 */
/* bare_dlmod.c: the flat table inside snmpd: dlmod nqBare /path/bare.so */
#include "bare.h"

#define EXPORTED __attribute__((visibility("default")))

EXPORTED void init_nqBare(void);
EXPORTED void deinit_nqBare(void);

void init_nqBare(void)
{
    bare_start();
}

void deinit_nqBare(void)
{
    bare_stop();
}
