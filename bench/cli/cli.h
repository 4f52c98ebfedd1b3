/* cli.h: what the commands of eprop-bench share.
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_CLI_H
#define BENCH_CLI_H

#include <getopt.h>

#include "manifest.h"
#include "spawn.h"
#include "stat.h"

enum { CLI_OK = 0, CLI_FAILED = 1 /* a measured claim */, CLI_USAGE = 2, CLI_MACHINE = 3, CLI_NOTIMPL = 4 /* child only */,
       CLI_SHOWN = -1 /* of a command line that was read: its help, and all is done */ };

int cmd_run(int argc, char **argv);
int cmd_scale(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_gate(int argc, char **argv);
int cmd_sweep(int argc, char **argv);
int cmd_child(int argc, char **argv);

/* One line on stderr; returns CLI_USAGE. */
int cli_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* One line on stderr; the exit code of a failed call. */
int cli_failed(ep_status s, const char *why);
/* A number in [lo, hi], or false. */
bool cli_number(const char *text, double lo, double hi, double *out);
/* The path of this program, for children. */
const char *cli_self(void);
/* The last processor this process may use: the first is the busiest with interrupts. */
int cli_cpu(void);
/* Progress on stderr where it is a terminal: what is in hand, how much is done, how long it will take. */
void cli_progress(const char *what, int done, int all);
void cli_progress_end(void);

/* Is the sample's result one that the subject may give? Half of the digits of its format may be lost, relative to a group's largest
 * entry: that a result is as accurate as its format allows is the judge's matter, not the stopwatch's. Where spikes fell within
 * rounding of the threshold the trajectories part: then at most 2 per cent of the spikes may differ. Integers were compared with
 * the slow model where they were measured. false: a line in why. */
bool cli_right(const bench_sample *s, const char *who, char why[BENCH_WHY]);

/* The order of n things in a round: random in even rounds, reversed in odd ones, so that each thing is as often early as late. */
void cli_order(uint64_t seed, int round, int n, int *order);

#endif
