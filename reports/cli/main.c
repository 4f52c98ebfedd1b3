/* main.c: the program eprop-report.
 * SPDX-License-Identifier: MIT */
#include "rep.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: eprop-report build RUN_DIR... OUT_DIR [--commit ID]\n"
    "       eprop-report check OUT_DIR\n"
    "       eprop-report diff A B\n"
    "       eprop-report --help | --version\n"
    "\n"
    "build   reads what the other programs wrote with --out (prove.json, manifest.json, data/*.tsv) and puts report.html,\n"
    "        report.md, figures/, data/, runs/ and SHA256SUMS into OUT_DIR, which is replaced as a whole if it holds an\n"
    "        earlier report\n"
    "check   builds the report in OUT_DIR again from its own data and compares every file\n"
    "diff    of two reports (or run directories): what got better, worse, appeared or vanished, beyond the intervals of the data\n"
    "\n"
    "  --commit ID   the commit to state in the report (default: what the run says)\n"
    "\n"
    "exit codes: 0 done; 1 check found a difference, diff something worse; 2 usage or bad input; 3 the machine failed (disk, memory, gnuplot)\n";

static int bad_usage(const char *what, const char *arg)
{
    fprintf(stderr, "eprop-report: %s%s%s; see eprop-report --help\n", what, arg ? " " : "", arg ? arg : "");
    return 2;
}

static int exit_code(ep_status s)
{
    switch (s) {
    case EP_OK: return 0;
    case EP_FORMAT:
    case EP_DOMAIN: return 2;
    default: return 3;
    }
}

static int build(char *const *run, int n, const char *out, const char *commit)
{
    rep_error err;
    int undrawn;
    ep_status s = rep_build((const char *const *)run, n, out, commit, &undrawn, &err);
    if (s != EP_OK) {
        fprintf(stderr, "eprop-report: %s\n", err.text);
        return exit_code(s);
    }
    printf("%s/report.html\n", out);
    if (undrawn) fprintf(stderr, "eprop-report: %s; the report has its data, and %d figures are not drawn\n", err.text, undrawn);
    return undrawn ? 3 : 0;
}

static int check(const char *out)
{
    rep_error err;
    rep_buf text = {0};
    int differ;
    ep_status s = rep_check(out, &text, &differ, &err);
    if (s != EP_OK) fprintf(stderr, "eprop-report: %s\n", err.text);
    else if (differ) printf("%s%s: %d differences\n", text.s ? text.s : "", out, differ);
    else printf("%s: every file comes out the same\n", out);
    rep_buf_clear(&text);
    return s != EP_OK ? exit_code(s) : differ ? 1 : 0;
}

static int diff(const char *a, const char *b)
{
    rep_error err;
    rep_buf text = {0};
    int worse = 0;
    ep_status s = rep_diff(a, b, &text, &worse, &err);
    if (s != EP_OK) fprintf(stderr, "eprop-report: %s\n", err.text);
    else fputs(text.s, stdout);
    rep_buf_clear(&text);
    return s != EP_OK ? exit_code(s) : worse ? 1 : 0;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"commit", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'}, {0}};
    const char *commit = NULL;
    int o;
    opterr = 0;
    while ((o = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (o == 'h') return fputs(usage, stdout) < 0 ? 3 : 0;
        if (o == 'V') return puts("eprop-report " EP_VERSION) < 0 ? 3 : 0;
        if (o != 'c') return bad_usage("bad option", argv[optind - 1]);
        commit = optarg;
    }
    int n = argc - optind;
    char **a = argv + optind;
    if (n == 0) return bad_usage("found no command, expected build, check or diff", NULL);
    if (strcmp(a[0], "build") == 0) return n >= 3 ? build(a + 1, n - 2, a[n - 1], commit) : bad_usage("build: expected RUN_DIR... OUT_DIR", NULL);
    if (strcmp(a[0], "check") == 0) return n == 2 && !commit ? check(a[1]) : bad_usage("check: expected OUT_DIR alone", NULL);
    if (strcmp(a[0], "diff") == 0) return n == 3 && !commit ? diff(a[1], a[2]) : bad_usage("diff: expected two folders", NULL);
    return bad_usage("expected build, check or diff, found", a[0]);
}

int main(int argc, char **argv)
{
    int code = run(argc, argv);
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    fprintf(stderr, "eprop-report: stdout: cannot be written, the output is not whole\n");
    return 3;
}
