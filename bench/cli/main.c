/* main.c: the program eprop-bench.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const struct { const char *name; int (*run)(int, char **); const char *what; } commands[] = {
    {"run", cmd_run, "measure a suite into a run directory"},
    {"scale", cmd_scale, "cost against size, with fitted exponents and the machine's limits"},
    {"compare", cmd_compare, "two run directories, case by case"},
    {"gate", cmd_gate, "is a program slower than another? is an instruction count above its baseline?"},
    {"sweep", cmd_sweep, "trainings from a list, several at a time, also by mpirun; goes on where it was stopped"},
    {"child", cmd_child, "one measurement in this process (what the others start)"},
};
enum { N = sizeof commands / sizeof *commands };

static int help(FILE *f)
{
    fprintf(f, "usage: eprop-bench COMMAND [OPTION]...\n\ncommands:\n");
    for (int k = 0; k < N; k++) fprintf(f, "  %-9s %s\n", commands[k].name, commands[k].what);
    fprintf(f, "\n`eprop-bench COMMAND --help` for a command's options; --version for the version\n"
               "exit codes: 0 done; 1 a measured claim failed; 2 usage or bad input; 3 the machine failed or is too noisy to claim anything\n");
    return f == stdout ? CLI_OK : CLI_USAGE;
}

static int run(int argc, char **argv)
{
    if (argc < 2) return help(stderr);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) return help(stdout);
    if (strcmp(argv[1], "--version") == 0) return puts("eprop-bench " EP_VERSION) < 0 ? CLI_MACHINE : CLI_OK;
    for (int k = 0; k < N; k++)
        if (strcmp(argv[1], commands[k].name) == 0) return commands[k].run(argc - 1, argv + 1);
    return cli_usage("found command '%.40s', expected run, scale, compare, gate or sweep", argv[1]);
}

int main(int argc, char **argv)
{
    int code = run(argc, argv);
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    fprintf(stderr, "eprop-bench: stdout: cannot be written, the output is not whole\n");
    return CLI_MACHINE;
}
