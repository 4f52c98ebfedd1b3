/* lines.h: results as lines, for people on stdout and for machines in a file of tab-separated values.
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_LINES_H
#define BENCH_LINES_H

#include <stdbool.h>
#include <stdio.h>

#include "paired.h"

/* One result. Zero-initialise: no target, no interval, no error. */
typedef struct bench_line {
    const char *subject, *what, *unit; /* "ALIF N=100 ...", "e-prop scan", "x" */
    double got, low, high;             /* low = high = 0: no interval */
    double target, stretch;            /* 0: none */
    bool at_most;                      /* the target is an upper limit */
    bool judged;                       /* `error` is that of the same run's result against binary64 */
    double error;
} bench_line;

typedef struct bench_out {
    FILE *tsv;
    const char *program, *path;
    int rounds;   /* 0: as the program likes */
    bool targets; /* only what has a target, and what it is a ratio of */
    int met, missed;
} bench_out;

/* Reads [--tsv FILE] [--rounds N] [--targets]. -1: go on; else the exit code, after --help or a line that says what was wrong. */
int bench_lines_open(int argc, char **argv, const char *about, bench_out *out);
/* One line on stdout and one in the file: program, subject, what, got, low, high, unit, relation, target, stretch,
 * verdict, error; "-" where there is none. */
void bench_put(bench_out *out, const bench_line *l);
bench_line bench_line_of(const char *subject, const char *what, bench_interval r);
/* Says how many targets were met; 0, or 3 if the file could not be written. */
int bench_lines_close(bench_out *out);

#endif
