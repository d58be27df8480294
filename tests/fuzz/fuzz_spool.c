/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_spool.c: whatever stands in a file of the spool, it is handed over as it is or moved
 * to refused/, it is read as a trap or not, and only a file of our own is believed about
 * the proof of its sender. The first byte chooses: even is a file that only we can have
 * written, odd is one that others could write. test_fuzz_spool.c replays the corpus. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "trap/spool.h"
#include "trap/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char top[] = "/tmp/nq-fuzz-spool-XXXXXX";
static char dir[64];

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void quiet(void *arg, enum nq_log_level level, const char *line)
{
    (void)arg;
    (void)level;
    require(!strpbrk(line, "\n\x1b"));
}

static void remove_folders(void)
{
    static const char *const folders[] = {"tmp", "new", "refused", ""};
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        char path[96];
        (void)snprintf(path, sizeof(path), "%s/%s", dir, folders[i]);
        (void)rmdir(path);
    }
    (void)rmdir(top);
}

static void open_spool_once(void)
{
    if (dir[0] == '\0') {
        require(mkdtemp(top) != NULL);
        (void)snprintf(dir, sizeof(dir), "%s/spool", top);
        require(nq_spool_prepare(dir, NULL));
        require(atexit(remove_folders) == 0);
    }
    nq_log_to(quiet, NULL);
}

static void write_file(bool own, const uint8_t *data, size_t size)
{
    char path[96];
    (void)snprintf(path, sizeof(path), "%s/new/1", dir);
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    require(fchmod(fd, own ? 0640 : 0660) == 0 && close(fd) == 0);
}

struct expected {
    bool own;
    const uint8_t *data;
    size_t size;
};

static void take(void *arg, const char *name, const char *text, size_t len, bool own)
{
    const struct expected *expected = arg;
    struct nq_trap trap;
    struct nq_err err = {0};
    require(strcmp(name, "1") == 0 && own == expected->own);
    require(len == expected->size && memcmp(text, expected->data, len) == 0);
    const bool is_trap = own ? nq_trap_from_own_text(text, len, &trap, &err)
                             : nq_trap_from_text(text, len, &trap, &err);
    if (is_trap) {
        require(trap.proof <= NQ_PROOF_V3);
        require(trap.proof == 0 ||
                (own && memcmp(text, NQ_TEXT_OWN, sizeof(NQ_TEXT_OWN) - 1) == 0));
        nq_trap_done(&trap);
        nq_spool_remove(dir, name);
    } else {
        require(err.detail[0] != '\0');
        nq_spool_refuse(dir, name);
    }
}

/* false: there is no such file. */
static bool remove_from(const char *folder)
{
    char path[96];
    (void)snprintf(path, sizeof(path), "%s/%s/1", dir, folder);
    return unlink(path) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    open_spool_once();
    struct expected expected = {data[0] % 2 == 0, data + 1, size - 1};
    write_file(expected.own, expected.data, expected.size);
    const size_t taken = nq_spool_read(dir, 1, take, &expected);
    require(taken == (expected.size > 0 && expected.size <= NQ_TRAP_TEXT_MAX));
    require(!remove_from("new"));
    require(taken == 1 || remove_from("refused"));
    (void)remove_from("refused");
    nq_log_to(NULL, NULL);
    return 0;
}
