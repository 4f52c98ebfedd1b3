/* spawn.h: one measurement in a fresh process.
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_SPAWN_H
#define BENCH_SPAWN_H

#include "sample.h"

typedef struct bench_spawn {
    const char *program;  /* an eprop-bench */
    const char *dir;      /* where truth/ is kept */
    const char *command;  /* what the subject's name stands for (--command), or NULL */
    double work;          /* seconds of work at least */
    double plant;         /* per cent of work added */
    int cpu;              /* the processor to stay on; -1: any */
    uint64_t seed;        /* of the environment's size */
    bool callgrind;       /* count instructions: they come in `cpu`, one repetition */
    double timeout;       /* seconds; 0: none */
} bench_spawn;

/* Runs `program child ID SUBJECT` with an environment of random size (0 to 4095 bytes more) and reads its sample.
 * EP_NOTIMPL: the subject does not have the case. EP_UNABLE: the result was not a number. EP_IO: it could not be run, died
 * or said nothing. */
EP_MUST_USE ep_status bench_spawn_run(const bench_spawn *a, const char *id, const char *subject, int round, bench_sample *out, char why[BENCH_WHY]);

#endif
