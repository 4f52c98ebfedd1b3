/* cmd_compare.c: two run directories, case by case: of two commits, engines, compilers.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const char usage[] =
    "usage: eprop-bench compare DIR_A DIR_B [--force]\n"
    "Prints for every case and subject that both runs have the ratio time(B)/time(A) with its 95 % interval (medians, unpaired).\n"
    "Runs on different processors are refused; with --force they are compared under that label.\n"
    "exit codes: 0 compared; 2 usage, a damaged run, different machines; 4 nothing in common\n";

enum { MOST = 1000 };

static int collect(const bench_samples *all, const bench_sample *like, double *out)
{
    int n = 0;
    for (int k = 0; k < all->n && n < MOST; k++)
        if (strcmp(all->s[k].id, like->id) == 0 && strcmp(all->s[k].subject, like->subject) == 0) out[n++] = all->s[k].seconds;
    return n;
}

static bool first_of_its_kind(const bench_samples *all, int at)
{
    for (int k = 0; k < at; k++)
        if (strcmp(all->s[k].id, all->s[at].id) == 0 && strcmp(all->s[k].subject, all->s[at].subject) == 0) return false;
    return strcmp(all->s[at].subject, "again") != 0;
}

static int table(const bench_samples *a, const bench_samples *b)
{
    double x[MOST], y[MOST];
    int rows = 0;
    for (int k = 0; k < a->n; k++) {
        if (!first_of_its_kind(a, k)) continue;
        int n = collect(a, &a->s[k], x), m = collect(b, &a->s[k], y);
        if (m == 0) continue;
        bench_interval r = bench_ratio_unpaired(x, n, y, m, 1);
        const char *word = r.low > 1.03 ? "slower" : r.high < 1 / 1.03 ? "faster" : "the same within noise";
        printf("%-52s %-12s %8.3f [%.3f, %.3f]  %s\n", a->s[k].id, a->s[k].subject, r.mid, r.low, r.high, word);
        rows++;
    }
    return rows;
}

int cmd_compare(int argc, char **argv)
{
    static const struct option options[] = {{"force", no_argument, NULL, 'f'}, {"help", no_argument, NULL, 'h'}, {0}};
    bool force = false;
    char why[BENCH_WHY] = "";
    for (int o; (o = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (o == 'h') return fputs(usage, stdout) < 0 ? CLI_MACHINE : CLI_OK;
        if (o == '?') return CLI_USAGE;
        force = true;
    }
    if (argc - optind != 2) return cli_usage("compare: expected DIR_A DIR_B; see eprop-bench compare --help");
    bench_origin m[2];
    bench_samples s[2] = {{0}, {0}};
    ep_status st = EP_OK;
    for (int k = 0; st == EP_OK && k < 2; k++) {
        st = bench_manifest_read(argv[optind + k], &m[k], why);
        if (st == EP_OK) st = bench_samples_read(argv[optind + k], &s[k], NULL, why);
    }
    int rc = st == EP_OK ? CLI_OK : cli_failed(st, why);
    bool same = rc == CLI_OK && strcmp(m[0].cpu, m[1].cpu) == 0;
    if (rc == CLI_OK && !same && !force)
        rc = cli_usage("found runs on '%s' and on '%s', expected the same processor, or --force", m[0].cpu, m[1].cpu);
    if (rc == CLI_OK) {
        if (!same) printf("DIFFERENT MACHINES: A on %s, B on %s: the ratios are those of machines and programs together\n", m[0].cpu, m[1].cpu);
        printf("A: commit %s, %s\nB: commit %s, %s\n", m[0].commit, m[0].compiler, m[1].commit, m[1].compiler);
        if (table(&s[0], &s[1]) == 0) {
            fprintf(stderr, "eprop-bench: the two runs have no case in common\n");
            rc = 4;
        }
    }
    bench_samples_free(&s[0]);
    bench_samples_free(&s[1]);
    return rc;
}
