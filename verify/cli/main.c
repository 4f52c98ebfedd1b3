/* eprop-verify: does an implementation of e-prop compute the gradients it claims?
 * SPDX-License-Identifier: MIT */
#include <mpfr.h>
#include <string.h>

#include "cli.h"

static const struct { const char *name; int (*run)(int argc, char **argv); const char *what; } command[] = {
    {"prove", cmd_prove, "prove that BPTT and the e-prop factorization are the same gradient"},
    {"gradient", cmd_gradient, "correctly rounded gradients of a network in a vector file"},
    {"certify", cmd_certify, "prove the two gradients equal on one network of any size"},
    {"slips", cmd_slips, "seed each known slip and show which evidence sees it"},
    {"vectors", cmd_vectors, "write vector files: networks and what they must compute"},
    {"port", cmd_port, "judge an implementation of e-prop, and say where it first goes wrong"},
    {"selftest", cmd_selftest, "run ports that are wrong by one line: can the judge fail?"},
};
enum { N_COMMAND = sizeof command / sizeof *command };

static int help(FILE *f)
{
    fprintf(f, "usage: eprop-verify COMMAND [OPTION]...\n\ncommands:\n");
    for (int i = 0; i < N_COMMAND; i++) fprintf(f, "  %-10s %s\n", command[i].name, command[i].what);
    fprintf(f, "\n  --help       this text; `eprop-verify COMMAND --help` for a command's options\n"
               "  --version    the version, and the versions of the libraries it runs with\n\n"
               "exit codes: 0 holds, 1 does not hold, 2 usage or bad file, 3 port broke, 4 nothing tested, 5 undecided\n");
    return f == stdout ? CLI_HOLDS : CLI_USAGE;
}

int main(int argc, char **argv)
{
    if (argc < 2) return help(stderr);
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) return help(stdout);
    if (!strcmp(argv[1], "--version")) {
        printf("eprop-verify %s (MPFR %s, GMP %s)\n", EP_VERSION, mpfr_get_version(), gmp_version);
        return CLI_HOLDS;
    }
    for (int i = 0; i < N_COMMAND; i++)
        if (!strcmp(argv[1], command[i].name)) {
            int code = command[i].run(argc - 1, argv + 1);
            mpfr_free_cache();
            return code;
        }
    char names[160] = "";
    for (int i = 0; i < N_COMMAND; i++) {
        strcat(names, i ? ", " : "");
        strcat(names, command[i].name);
    }
    return cli_usage("found command '%.40s', expected one of %s", argv[1], names);
}
