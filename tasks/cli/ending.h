/* ending.h: how eprop-train says that something failed, for all its command lines. Exit codes: 2 bad input, 3 the machine.
 * SPDX-License-Identifier: MIT */
#ifndef TASK_CLI_ENDING_H
#define TASK_CLI_ENDING_H

#include "task.h"

/* 3 for EP_IO and EP_NOMEM, 0 for EP_OK, else 2. */
int cli_exit_code(ep_status st);
/* One line on stderr: why, or the status's name where why is empty. Returns cli_exit_code(st). */
int cli_failed(ep_status st, const char *why);
/* Makes DIR and DIR/data where they are missing. Returns 0, or says why not and returns the exit code. */
int cli_make_folders(const char *dir);

#endif
