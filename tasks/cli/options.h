/* options.h: the command line of eprop-train.
 * SPDX-License-Identifier: MIT */
#ifndef TASK_CLI_OPTIONS_H
#define TASK_CLI_OPTIONS_H

#include "train.h"

typedef struct options {
    task t;
    task_train_options train;
    const char *json;
    bool quiet;
    char why[TASK_WHY];
} options;

/* Reads the command line. Returns -1 to go on, else the exit code: 0 after --help, --version, --list; 2 with one line
 * on stderr. The task is described, not yet opened. */
int options_read(int argc, char **argv, options *o);

#endif
