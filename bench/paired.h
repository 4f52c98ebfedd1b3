/* paired.h: sides of a comparison run in interleaved rounds in one process; what is quoted are medians of paired ratios.
 * Fresh processes and records on disk: eprop-bench.
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_PAIRED_H
#define BENCH_PAIRED_H

#include <stdbool.h>
#include <stdint.h>

#include "stat.h"

enum { BENCH_SIDES = 16, BENCH_ROUNDS = 99 };

/* One side. Zero-initialise, then set run and arg. */
typedef struct bench_side {
    bool (*run)(void *arg); /* the work once; false: it failed, its time is NaN */
    void *arg;
    double share;           /* run does 1/share of the work, times are scaled; 0: all of it */
    bool wall;              /* wall time, for threads; else CPU time of the process: other processes count less */
    int repeats;            /* set by the warm-up: what is shorter than 5 ms is repeated */
    double time[BENCH_ROUNDS];
} bench_side;

/* Runs n sides in `rounds` rounds after one that warms up, in a random order that the seed fixes. */
void bench_paired(bench_side *s, int n, int rounds, uint64_t seed);

/* Median; NaN if a round failed. */
double bench_seconds(const bench_side *s, int rounds);
/* Of the rounds' ratios a / b. */
bench_interval bench_side_ratio(const bench_side *a, const bench_side *b, int rounds);

#endif
