/* cli.h: what the subcommands of eprop-verify share.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_CLI_H
#define VFY_CLI_H

#include "eprop.h"
#include "oracle.h"

/* Exit codes; where several apply, the first of 2, 3, 1, 5, 4. */
enum {
    CLI_HOLDS = 0,
    CLI_FAILS = 1,     /* does not hold or conform */
    CLI_USAGE = 2,     /* usage, or a bad vector file */
    CLI_PORT = 3,      /* the port crashed, timed out or broke the protocol */
    CLI_NOTHING = 4,   /* nothing was tested */
    CLI_UNDECIDED = 5
};

/* The program's name, and the reference behind its judge: each program defines them beside its main. */
extern const char cli_name[];
const vfy_oracle *cli_oracle(void); /* NULL: none */

int cmd_prove(int argc, char **argv);
int cmd_gradient(int argc, char **argv);
int cmd_slips(int argc, char **argv);
int cmd_eprop2(int argc, char **argv);
int cmd_vectors(int argc, char **argv);
int cmd_port(int argc, char **argv);
int cmd_selftest(int argc, char **argv);
int cmd_certify(int argc, char **argv);
int cmd_profile(int argc, char **argv);
int cmd_windows(int argc, char **argv);

typedef struct cli_command { const char *name; int (*run)(int argc, char **argv); const char *what; } cli_command;
/* Runs the subcommand that argv names, or --help, --version. */
int cli_run(const cli_command *command, int n, const char *version, int argc, char **argv);
/* One line on stderr: "eprop-verify: ..." ; returns CLI_USAGE. */
int cli_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The exit code of a failed call. */
int cli_status(ep_status st, const char *what);
int cli_verdict(vfy_verdict v);
/* A whole number in [lo, hi], or false. */
bool cli_number(const char *text, long lo, long hi, long *out);
/* A bar on stderr when it is a terminal; ends with cli_progress_end(). */
vfy_progress cli_progress(void);
void cli_progress_end(void);
int cli_threads(void);
double cli_seconds(void);
double cli_peak_rss_mb(void);

#endif
