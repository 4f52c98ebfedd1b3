/* SPDX-License-Identifier: MIT */
#ifndef TASK_CLI_ARM_H
#define TASK_CLI_ARM_H

#include <signal.h>

/* eprop-train arm: e-prop 2, whose training is an outer loop with a command line of its own. *stop: a signal came.
 * Returns the exit code. */
int arm_main(int argc, char **argv, const volatile sig_atomic_t *stop);

#endif
