/* gate.h: what the two kinds of `eprop-bench gate` share.
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_CLI_GATE_H
#define BENCH_CLI_GATE_H

#include "cli.h"

typedef struct gate {
    const char *base, *new_, *id, *subject, *baseline, *out;
    int pairs, cpu, table;
    double work, plant;
    uint64_t seed;
    bool accept;
    char dir[64];     /* for truth/ */
} gate;

/* Against the counts in g->baseline, or into it. CLI_MACHINE: it has none for this compiler and machine, or there is no valgrind. */
int gate_by_instructions(const gate *g);

#endif
