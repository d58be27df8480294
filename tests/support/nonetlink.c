/* SPDX-License-Identifier: Apache-2.0 */
/* nonetlink.c: LD_PRELOAD helper that takes netlink sockets from a process, as systemd's
 * RestrictAddressFamilies= does when AF_NETLINK is not in it: the kernel itself refuses them,
 * those of the C library too. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define LOAD(field)                                                                      \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define SKIP_UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skip))
#define RETURN(what)             BPF_STMT(BPF_RET | BPF_K, (what))

__attribute__((constructor)) static void forbid(void)
{
    struct sock_filter filter[] = {
        LOAD(nr),
        SKIP_UNLESS(__NR_socket, 3),
        LOAD(args[0]), /* its lower half: every machine we run on is little-endian */
        SKIP_UNLESS(AF_NETLINK, 1),
        RETURN(SECCOMP_RET_ERRNO | EAFNOSUPPORT),
        RETURN(SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        abort();
    }
}
