/* SPDX-License-Identifier: Apache-2.0 */
/* secret.c: see secret.h. */
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

/* Judges the open descriptor, not the path: what was checked is what is read. */
static bool check_file(int fd, const char *path, bool credential, struct nq_err *reterr)
{
    const mode_t too_open = credential ? 0037 : 0077;
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return nq_fail_errno(reterr, NQ_SECRET_FILE, "%s", path);
    }
    if (!S_ISREG(info.st_mode)) {
        return nq_fail(reterr, NQ_SECRET_FILE, "%s: not a regular file", path);
    }
    if (info.st_uid != 0 && info.st_uid != geteuid()) {
        return nq_fail(reterr, NQ_SECRET_FILE,
                       "%s: belongs to user %u, not to root or user %u", path,
                       (unsigned)info.st_uid, (unsigned)geteuid());
    }
    if (info.st_mode & too_open) {
        return nq_fail(reterr, NQ_SECRET_FILE,
                       "%s: mode %04o lets others at it; use 0600 or 0400", path,
                       (unsigned)(info.st_mode & 07777));
    }
    return true;
}

/* Fills at most NQ_SECRET_MAX + 1 bytes: one more than allowed shows an oversized file. */
static bool read_all(int fd, char *data, size_t *ret_len)
{
    size_t len = 0;
    while (len < NQ_SECRET_MAX + 1) {
        const ssize_t got = read(fd, data + len, NQ_SECRET_MAX + 1 - len);
        if (got == 0) {
            break;
        }
        if (got < 0) {
            if (errno == EINTR) {
                continue;
            }
            return false;
        }
        len += (size_t)got;
    }
    *ret_len = len;
    return true;
}

static bool check_content(const struct nq_secret *secret, const char *path,
                          struct nq_err *reterr)
{
    if (secret->len > NQ_SECRET_MAX) {
        return nq_fail(reterr, NQ_SECRET_FILE, "%s: longer than %d bytes", path,
                       NQ_SECRET_MAX);
    }
    if (secret->len == 0) {
        return nq_fail(reterr, NQ_SECRET_FILE, "%s: empty", path);
    }
    if (memchr(secret->data, '\0', secret->len)) {
        return nq_fail(reterr, NQ_SECRET_FILE, "%s: contains a NUL byte", path);
    }
    return true;
}

static bool is_credential(const char *name)
{
    return strchr(name, '/') == NULL;
}

char *nq_secret_path(const char *name, struct nq_err *reterr)
{
    if (!is_credential(name)) {
        return nq_strdup(name);
    }
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    if (!directory || !directory[0]) {
        (void)nq_fail(reterr, NQ_SECRET_FILE,
                      "%s: a name without / is a credential of systemd, but "
                      "CREDENTIALS_DIRECTORY is not set: use LoadCredential= in the "
                      "unit, or an absolute path",
                      name);
        return NULL;
    }
    return nq_sprintf("%s/%s", directory, name);
}

static bool load_path(struct nq_secret *secret, const char *path, bool credential,
                      struct nq_err *reterr)
{
    /* O_NONBLOCK: opening a FIFO in its place must not hang. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        return nq_fail_errno(reterr, NQ_SECRET_FILE, "%s", path);
    }
    bool good = check_file(fd, path, credential, reterr);
    if (good) {
        secret->data = nq_calloc(NQ_SECRET_MAX + 2, 1);
        good = read_all(fd, secret->data, &secret->len);
        if (!good) {
            (void)nq_fail_errno(reterr, NQ_SECRET_FILE, "%s", path);
        }
    }
    (void)close(fd);
    if (good) {
        if (secret->len > 0 && secret->data[secret->len - 1] == '\n') {
            secret->data[--secret->len] = '\0';
        }
        good = check_content(secret, path, reterr);
    }
    if (!good) {
        nq_secret_done(secret);
    }
    return good;
}

bool nq_secret_load(struct nq_secret *secret, const char *name, struct nq_err *reterr)
{
    *secret = (struct nq_secret){0};
    char *path = nq_secret_path(name, reterr);
    const bool good = path && load_path(secret, path, is_credential(name), reterr);
    free(path);
    return good;
}

bool nq_secret_same(const struct nq_secret *a, const struct nq_secret *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

char *nq_secret_free_text(char *text)
{
    if (text) {
        explicit_bzero(text, strlen(text));
        free(text);
    }
    return NULL;
}

void nq_secret_done(struct nq_secret *secret)
{
    if (secret->data) {
        explicit_bzero(secret->data, NQ_SECRET_MAX + 2);
        free(secret->data);
    }
    *secret = (struct nq_secret){0};
}
