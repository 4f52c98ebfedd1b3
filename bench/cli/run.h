/* run.h: what the files of `eprop-bench run` share: the suites, the plan of a run, its tables.
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_CLI_RUN_H
#define BENCH_CLI_RUN_H

#include "cli.h"
#include "problem.h"

/* A group of subjects measured side by side on one case; the first is what the others are compared with. */
enum { CLI_SUBJECTS = 16, CLI_GUESTS = 8, MOST_ROUNDS = 1000 };
typedef struct cli_group { const char *id; const char *subject[CLI_SUBJECTS]; } cli_group;

/* A program that is not ours: --port NAME=COMMAND, --peer NAME=COMMAND. */
typedef struct cli_guest { char subject[BENCH_SUBJECT]; const char *command; } cli_guest;

typedef struct plan {
    const char *suite, *dir, *only;
    bool full, resume;
    int rounds, cpu, n_guest;
    double work;
    uint64_t seed;
    cli_guest guest[CLI_GUESTS];
    FILE *file;
    bench_samples all;
    bool wrong, noisy;
} plan;

/* The k-th group that the plan asks for, its guests included; false: there are not so many. */
bool cli_group_at(const plan *p, int k, cli_group *out);
int cli_subjects(const cli_group *g);
/* Is there such a suite? */
bool cli_suite_known(const char *name);
/* NAME=COMMAND becomes a guest of the kind `port:` or `peer:`. */
int cli_guest_add(plan *p, const char *kind, const char *text);
/* What a subject's name stands for: a guest's command, eprop-train for tasks; NULL: the name says it all. */
const char *cli_command(const plan *p, const cli_group *g, const char *who);

/* data/speed.tsv, and data/task_time.tsv where there are tasks; the same on stdout. Sets p->noisy. */
int cli_write_tables(plan *p);

#endif
