/* run.h: runs a program of the build and keeps what it said.
 * SPDX-License-Identifier: MIT */
#ifndef CONFORM_RUN_H
#define CONFORM_RUN_H

#include <stdbool.h>
#include <stddef.h>

enum { RUN_TEXT = 65536, RUN_ARGS = 16 };

/* Exit code (128 + signal if killed), and the beginning of both outputs. */
typedef struct run_result { int code; char out[RUN_TEXT], err[RUN_TEXT]; } run_result;

/* Runs $EPROP_BUILD/NAME (default: build/NAME) with the arguments up to a NULL, input from /dev/null, at most
 * `seconds` (EPROP_TEST_PATIENCE times as many). path: value of PATH for it, or NULL to keep ours. */
void run_program(run_result *r, const char *name, const char *const *args, const char *path, unsigned seconds);
/* $EPROP_BUILD/NAME. */
const char *run_where(const char *name);
bool run_exists(const char *path);
int run_lines(const char *text);

/* A new folder for one test; the caller removes it with run_clean. */
void run_temp(char *out, size_t n);
void run_clean(const char *dir);
/* DIR/NAME, good until the fourth call from here. */
const char *run_path(const char *dir, const char *name);
void run_write(const char *dir, const char *name, const char *text);
/* The file's text, to be freed; NULL if there is none. */
char *run_read(const char *dir, const char *name);
/* Entries of a folder, without . and .. */
int run_entries(const char *dir);

#endif
