/* eprop-verify profile: prints a profile of fixed point as a file, and checks it for a size of network.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "fixed.h"

static int help(void)
{
    printf("usage: eprop-verify profile NAME|FILE [--size N_IN,N_REC,N_OUT]\n\n"
           "Prints the profile of fixed point NAME (q15, s16.15, w8, reckon) or in FILE as a profile file (reference/FIXED.md,\n"
           "section 8.1). With --size says instead for which networks of that size no sum can leave 64 bits.\n"
           "Exit code 0; 1 if not even a LIF network with regression error is accepted; 2 for a bad file or usage.\n");
    return CLI_HOLDS;
}

static int load(const char *name, ref_profile *p)
{
    char err[200] = "";
    if (ep_fixed_profile(name, p) == EP_OK) return CLI_HOLDS;
    FILE *f = fopen(name, "r");
    if (!f) return cli_usage("profile: found '%.60s' (%s), expected q15, s16.15, w8, reckon or a file", name, strerror(errno));
    ep_status s = ep_fixed_profile_read(f, name, p, err, sizeof err);
    fclose(f);
    return s == EP_OK ? CLI_HOLDS : cli_usage("%s", err);
}

static bool numbers(const char *text, int *out)
{
    for (int k = 0; k < 3; k++) {
        char *end;
        long v = strtol(text, &end, 10);
        if (end == text || v < 1 || v > 4096 || *end != (k < 2 ? ',' : '\0')) return false;
        out[k] = (int)v;
        text = end + 1;
    }
    return true;
}

static int check(const ref_profile *p, const int *n)
{
    static const char *const kinds[] = {"regression", "softmax", "regression, rate regulariser"};
    int ok = 0;
    for (int k = 0; k < 3; k++) {
        ref_fixed_net net = {.profile = *p, .n_in = n[0], .n_rec = n[1], .n_out = n[2], .softmax = k == 1, .c_reg = k == 2};
        bool fits = ref_fixed_check(&net) == EP_OK;
        printf("LIF, ALIF, %s: %s\n", kinds[k], fits ? "accepted" : "refused");
        if (k == 0) ok = fits;
    }
    return ok ? CLI_HOLDS : CLI_FAILS;
}

int cmd_profile(int argc, char **argv)
{
    ref_profile p;
    int n[3];
    if (argc > 1 && !strcmp(argv[1], "--help")) return help();
    if (argc != 2 && argc != 4) return cli_usage("profile: found %d arguments, expected NAME|FILE [--size N_IN,N_REC,N_OUT]", argc - 1);
    if (argc == 4 && strcmp(argv[2], "--size") != 0) return cli_usage("profile: found '%.40s', expected --size", argv[2]);
    if (argc == 4 && !numbers(argv[3], n)) return cli_usage("profile: found '%.40s', expected three numbers from 1 to 4096 with commas", argv[3]);
    int code = load(argv[1], &p);
    if (code != CLI_HOLDS) return code;
    if (argc == 4) return check(&p, n);
    ep_status s = ep_fixed_profile_write(stdout, &p);
    return s == EP_OK ? CLI_HOLDS : cli_status(s, "profile");
}
