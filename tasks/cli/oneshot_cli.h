/* SPDX-License-Identifier: MIT */
#ifndef TASK_CLI_ONESHOT_H
#define TASK_CLI_ONESHOT_H

#include <signal.h>

struct shot_kind;

/* eprop-train arm and omniglot: e-prop 2, whose training is an outer loop with a command line of its own. *stop: a signal came.
 * Returns the exit code. */
int oneshot_main(const struct shot_kind *kind, int argc, char **argv, const volatile sig_atomic_t *stop);

#endif
