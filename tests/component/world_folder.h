/* SPDX-License-Identifier: Apache-2.0 */
/* world_folder.h: the folder of a test program with servers, and the programs that run in
 * it; what tests themselves need of it is in world_manager.h. */
#ifndef NQ_TESTS_WORLD_FOLDER_H
#define NQ_TESTS_WORLD_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define WAIT_MS   10000
#define PATH_ROOM 4096
#define ARGS_MAX  24

/* Starts a program in the folder. *ret_output receives both its outputs. */
pid_t folder_start(char *const args[], int *ret_output);

/* Reads until mark stands in text, or to the end of the output. */
bool folder_read_until(int fd, char *text, size_t size, const char *mark);

/* The whole file, for the caller to free. */
char *folder_text(const char *path);

#endif
