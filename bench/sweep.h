/* sweep.h: a list of runs from a file of patterns.
 *
 *   a line is the command line of a run of eprop-train, without the program; '#' begins a comment
 *   {a,b,c} in it stands for one of its choices; a line with several stands for all combinations, the last varying fastest
 *   a run's folder is named by its choices joined by '_', or by the line where it has none
 *
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_SWEEP_H
#define BENCH_SWEEP_H

#include "eprop.h"

enum { SWEEP_WHY = 512, SWEEP_TEXT = 1024, SWEEP_NAME = 160, SWEEP_MOST = 100000 };

typedef struct sweep_run {
    char name[SWEEP_NAME]; /* folder */
    char text[SWEEP_TEXT]; /* command line */
} sweep_run;

typedef struct sweep {
    sweep_run *run;
    size_t n, room;
} sweep;

/* EP_IO: the file cannot be read; EP_FORMAT: file, line, what was found; EP_NOMEM. */
EP_MUST_USE ep_status sweep_read(const char *path, sweep *out, char why[SWEEP_WHY]);
void sweep_free(sweep *s);
/* Words of a command line into argv, in place; false: more than `most`. */
bool sweep_words(char *text, char **argv, int most, int *n);

#endif
