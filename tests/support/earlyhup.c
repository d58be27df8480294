/* SPDX-License-Identifier: Apache-2.0 */
/* earlyhup.c: LD_PRELOAD helper that sends a process SIGHUP before its main() begins, and
 * before the libraries that it is linked with begin: at a moment that no test can meet from
 * outside. */
#include <signal.h>

__attribute__((constructor)) static void hang_up(void)
{
    (void)raise(SIGHUP);
}
