/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_index.c: room on the disk for the index of SQLite's log, before SQLite writes it.
 * The index is a file, state.db-shm, mapped into memory. SQLite makes it longer by one octet
 * in each 4096, which on a file system with smaller blocks, or one that copies on write,
 * leaves the rest to the first write to the memory; when the disk is full then, that write
 * is a SIGBUS and not an error (https://www.sqlite.org/wal.html, "Use of mmap"; the form of
 * the index: https://www.sqlite.org/walformat.html#the_wal_index_file_format). */
#include <errno.h>
#include <sys/mman.h>
#include <sys/statvfs.h>

#include "store/sqlite_impl.h"

#define REGION_SIZE   32768 /* octets of the index that are mapped together */
#define REGION_FRAMES 4096  /* pages in the log that they can speak of, or a few less */
#define FRAME_SIZE    (4096 + 24)
#define ROOM_MIN      (256 << 10)

bool nq_sqlite_room_to_open(const char *path, struct nq_err *reterr)
{
    struct statvfs disk;
    return statvfs(path, &disk) != 0 || /* opening it says why */
           (uint64_t)disk.f_bavail * disk.f_frsize >= ROOM_MIN ||
           nq_fail(reterr, NQ_STORE_OPEN, "%s: less than %d KiB are free beside it", path,
                   ROOM_MIN >> 10);
}

/* Linux before 5.14 cannot be asked. */
static bool can_be_written(void volatile *region)
{
    return madvise((void *)region, REGION_SIZE, MADV_POPULATE_WRITE) == 0 ||
           errno == EINVAL;
}

bool nq_sqlite_room_for_index(struct sqlite_store *store, struct nq_err *reterr)
{
    sqlite3_file *file = NULL;
    sqlite3_file *log = NULL;
    sqlite3_int64 log_size = 0;
    if (sqlite3_file_control(store->db, "main", SQLITE_FCNTL_FILE_POINTER, &file) ||
        sqlite3_file_control(store->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) ||
        log->pMethods->xFileSize(log, &log_size)) {
        return nq_sqlite_fail(store, NQ_STORE_WRITE, "the size of the log", reterr);
    }
    /* And one region more than the log has now, which is longer than a transaction. */
    const int last = (int)(log_size / FRAME_SIZE / REGION_FRAMES) + 1;
    void volatile *region = NULL;
    bool room = true;
    for (int i = 0; room && i <= last; i++) {
        room =
            file->pMethods->xShmMap(file, i, REGION_SIZE, true, &region) == SQLITE_OK &&
            can_be_written(region);
    }
    return room || nq_fail(reterr, NQ_STORE_WRITE,
                           "the disk has no room for the index of the log (-shm)");
}
