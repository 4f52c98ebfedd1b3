/* runner.h: a subject that is ready to run a case, whoever computes it.
 *
 *   scalar:f32, fast:f64@2, fast:f32+128, fixed:q15 (@THREADS, +STEPS of a chunk)  engines of optimized/                 run_engine.c, run_fixed.c
 *   binary64, mpfr:256, field, ...        the reference in one arithmetic       run_reference.c
 *   port:NAME                             a shared object or a program on lines run_plugin.c, run_lines.c
 *   peer:NAME                             a program that reads a vector file    run_lines.c
 *
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_RUNNER_H
#define BENCH_RUNNER_H

#include "problem.h"

typedef struct runner runner;
struct runner {
    const bench_case *k;
    const subject *s;
    const char *name;         /* as above */
    const char *command;      /* port, peer: what the name stands for */
    const char *dir;          /* for what is kept between processes, or NULL */
    double *g;                /* [n] gradient of the groups Win .. bout: set by fetch */
    size_t n;
    signed char *z;           /* [B][T][N] spikes, -1 where not said: set by fetch where they are known */
    bool symbolic;            /* its numbers cannot be compared */
    bool times_itself;        /* one call of once is the whole measurement, and sets seconds */
    double seconds, peak_mb;  /* peak_mb: of another process that did the work; 0: of this one */
    ep_status (*once)(runner *r, char why[BENCH_WHY]);
    ep_status (*fetch)(runner *r, char why[BENCH_WHY]);
    void (*close)(runner *r);
    void *own;
};

/* Each sets once, fetch, close; EP_NOTIMPL: it lacks the case; EP_DOMAIN: no such subject. On failure nothing is left open. */
EP_MUST_USE ep_status bench_open_engine(runner *r, char why[BENCH_WHY]);
EP_MUST_USE ep_status bench_open_fixed(runner *r, char why[BENCH_WHY]);
EP_MUST_USE ep_status bench_open_reference(runner *r, char why[BENCH_WHY]);
EP_MUST_USE ep_status bench_open_plugin(runner *r, char why[BENCH_WHY]);
EP_MUST_USE ep_status bench_open_lines(runner *r, char why[BENCH_WHY]);
EP_MUST_USE ep_status bench_open_peer(runner *r, char why[BENCH_WHY]);

#endif
