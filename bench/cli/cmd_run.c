/* cmd_run.c: a suite into a run directory: fresh processes in balanced random order, an A/A pair in every group.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "problem.h"

static const char usage[] =
    "usage: eprop-bench run [SUITE] --out DIR [OPTION]...\n"
    "  SUITE          gradient (default), forward, reference, all\n"
    "  --level L      quick (default) or full: the paper's largest networks too\n"
    "  --only TEXT    cases whose name has TEXT\n"
    "  --rounds N     measurements of each subject (default 6); --work S seconds of each (default 0.05)\n"
    "  --resume       go on where a run into DIR was stopped\n"
    "  --cpu N        the processor to stay on (default: the last one)   --seed N   of orders and intervals (default 1)\n"
    "Each round measures every subject of a case in a fresh process, in random order, the first subject twice: if those two differ\n"
    "(their ratio's interval leaves out 1), the machine was too noisy, and no ratio of that case is claimed (exit 3).\n"
    "A result that is wrong, by more than half the digits of its format, is a failure (exit 1), however fast.\n";

#define PAPER "N100-I100-O3-T1000-B1-r2"
#define ENGINES {"scalar:f32", "fast:f32"}
static const cli_group quick[] = {
    {"gradient/alif/bptt/" PAPER, {"scalar:f32", "fast:f32", "fast:f64"}},
    {"gradient/alif/eprop1-symmetric/" PAPER, ENGINES},
    {"gradient/lif/eprop1-symmetric/" PAPER, ENGINES},
    {"gradient/lstm/bptt/N100-I10-O10-T100-B16", ENGINES},
    {"gradient/lstm/eprop1-symmetric/N100-I10-O10-T100-B16", ENGINES},
    {"gradient/rate/bptt/N100-I10-O10-T100-B16", ENGINES},
    {"forward/alif/bptt/" PAPER, ENGINES},
    {"forward/lstm/bptt/N100-I10-O10-T100-B16", ENGINES},
    {"reference/alif/bptt/N30-I30-O3-T100-B1-r5", {"binary64", "mpfr:128", "mpfr:256", "mpfr:1024", "mpfi:128", "field", "running:128"}},
    {"reference/lstm/bptt/N20-I10-O3-T50-B1", {"binary64", "mpfr:128", "mpfr:256", "mpfr:1024", "mpfi:128", "field", "running:128"}},
};
static const cli_group full[] = {
    {"gradient/alif/bptt/N100-I100-O3-T1000-B32-r2", {"scalar:f32", "fast:f32", "fast:f32@2"}},
    {"gradient/alif/eprop1-symmetric/N100-I100-O3-T1000-B32-r2", {"scalar:f32", "fast:f32", "fast:f32@2"}},
    {"gradient/alif/eprop1-symmetric/N800-I39-O61-T600-B4-r2", {"scalar:f32", "fast:f32", "fast:f32@2"}},
    {"gradient/alif/bptt/N800-I39-O61-T600-B4-r2", {"scalar:f32", "fast:f32", "fast:f32@2"}},
    {"gradient/lstm/bptt/N256-I64-O64-T200-B16", {"scalar:f32", "fast:f32", "fast:f32@2"}},
    {"gradient/lstm/eprop1-symmetric/N256-I64-O64-T200-B16", {"scalar:f32", "fast:f32", "fast:f32@2"}},
};
enum { N_QUICK = sizeof quick / sizeof *quick, N_FULL = sizeof full / sizeof *full, MOST_ROUNDS = 1000 };

typedef struct plan {
    const char *suite, *dir, *only;
    bool full, resume;
    int rounds, cpu;
    double work;
    uint64_t seed;
    FILE *file;
    bench_samples all;
    bool wrong, noisy;
} plan;

static bool chosen(const plan *p, const cli_group *g)
{
    size_t n = strlen(p->suite);
    if (p->only && !strstr(g->id, p->only)) return false;
    return strcmp(p->suite, "all") == 0 || (strncmp(g->id, p->suite, n) == 0 && g->id[n] == '/');
}

static const cli_group *group_at(const plan *p, int k)
{
    for (int m = 0; m < N_QUICK; m++)
        if (chosen(p, &quick[m]) && k-- == 0) return &quick[m];
    for (int m = 0; p->full && m < N_FULL; m++)
        if (chosen(p, &full[m]) && k-- == 0) return &full[m];
    return NULL;
}

static int subjects(const cli_group *g)
{
    int n = 0;
    while (n < CLI_SUBJECTS && g->subject[n]) n++;
    return n;
}

/* The k-th measurement of a round: the subjects, then the first again under the name "again". */
static const char *name_of(const cli_group *g, int k) { return k < subjects(g) ? g->subject[k] : g->subject[0]; }
static const char *label_of(const cli_group *g, int k) { return k < subjects(g) ? g->subject[k] : "again"; }

static bool done_before(const plan *p, const char *id, const char *label, int round)
{
    for (int k = 0; k < p->all.n; k++) {
        const bench_sample *s = &p->all.s[k];
        if (s->round == round && strcmp(s->subject, label) == 0 && strcmp(s->id, id) == 0) return true;
    }
    return false;
}

static int measure_one(plan *p, const bench_spawn *a, const cli_group *g, int k, int round, int place)
{
    char why[BENCH_WHY] = "";
    bench_sample s;
    if (done_before(p, g->id, label_of(g, k), round)) return CLI_OK;
    ep_status st = bench_spawn_run(a, g->id, name_of(g, k), round, &s, why);
    if (st == EP_NOTIMPL) return CLI_OK;
    if (st != EP_OK) return cli_failed(st, why);
    snprintf(s.subject, sizeof s.subject, "%s", label_of(g, k));
    s.order = place;
    if (!(s.flips > 0) && !(s.error <= cli_error_limit(name_of(g, k)))) {
        fprintf(stderr, "eprop-bench: %s, %s: the result is wrong: error %.3g, expected at most %.3g; not recorded\n", g->id, s.subject, s.error,
                cli_error_limit(name_of(g, k)));
        return CLI_FAILED;
    }
    st = bench_sample_append(p->file, &p->all, &s, why);
    return st == EP_OK ? CLI_OK : cli_failed(st, why);
}

static int measure_group(plan *p, const cli_group *g, int done, int all)
{
    char why[BENCH_WHY] = "";
    bench_case c;
    bench_truth t;
    bench_spawn a = {.program = cli_self(), .dir = p->dir, .work = p->work, .cpu = p->cpu, .seed = p->seed, .timeout = 600};
    int n = subjects(g) + 1, order[CLI_SUBJECTS + 1], rc = CLI_OK;
    ep_status st = bench_case_parse(g->id, &c, why);
    if (st == EP_OK) st = bench_truth_get(&c, p->dir, &t, why);
    if (st != EP_OK) return cli_failed(st, why);
    bench_truth_free(&t);
    for (int r = 0; rc == CLI_OK && r < p->rounds; r++) {
        cli_progress(g->id, done * p->rounds + r, all * p->rounds);
        cli_order(p->seed, r, n, order);
        for (int k = 0; rc == CLI_OK && k < n; k++) rc = measure_one(p, &a, g, order[k], r, k);
    }
    return rc;
}

/* ---- the table ------------------------------------------------------------------------------------------- */

/* Rounds in which both were measured. One thread: processor time, which other work on the machine disturbs less than the wall
 * clock; several: the wall clock. */
static int pairs(const plan *p, const char *id, const char *base, const char *label, double *a, double *b, bench_sample *last)
{
    int n = 0;
    bool wall = strchr(label, '@') != NULL;
    for (int r = 0; r < p->rounds && r < MOST_ROUNDS; r++) {
        bool have_a = false, have_b = false;
        for (int k = 0; k < p->all.n; k++) {
            const bench_sample *s = &p->all.s[k];
            if (s->round != r || strcmp(s->id, id) != 0) continue;
            if (strcmp(s->subject, base) == 0) a[n] = wall ? s->seconds : s->cpu, have_a = true;
            if (strcmp(s->subject, label) == 0) b[n] = wall ? s->seconds : s->cpu, have_b = true, *last = *s;
        }
        n += have_a && have_b;
    }
    return n;
}

static bool valid(const plan *p, const cli_group *g)
{
    double a[MOST_ROUNDS], b[MOST_ROUNDS];
    bench_sample s;
    int n = pairs(p, g->id, g->subject[0], "again", a, b, &s);
    bench_interval r = bench_ratio(a, b, n, p->seed);
    return n >= 4 && r.low <= 1 && r.high >= 1;
}

static void write_group(plan *p, const cli_group *g, FILE *tsv)
{
    double a[MOST_ROUNDS], b[MOST_ROUNDS];
    bool ok = valid(p, g);
    if (!ok) p->noisy = true;
    printf("%s%s\n", g->id, ok ? "" : "   (A/A pair invalid: no ratio is claimed)");
    for (int k = 0; k < subjects(g); k++) {
        bench_sample s = {0};
        int n = pairs(p, g->id, g->subject[0], g->subject[k], a, b, &s);
        if (n == 0) continue;
        bench_interval r = bench_ratio(a, b, n, p->seed);
        double t = bench_median(b, n);
        char claim[64] = "-", columns[64] = "-\t-\t-", flips[24] = "-";
        if (ok) snprintf(claim, sizeof claim, "%.3g [%.3g, %.3g]", 1 / r.mid, 1 / r.high, 1 / r.low);
        if (ok) snprintf(columns, sizeof columns, "%.3g\t%.3g\t%.3g", 1 / r.mid, 1 / r.high, 1 / r.low);
        if (s.flips >= 0) snprintf(flips, sizeof flips, "%.0f", s.flips);
        printf("  %-14s %11.4g s   %-26s error %-9.2g flips %-4s outliers %d of %d\n", g->subject[k], t, claim, s.error, flips, bench_outliers(b, n), n);
        fprintf(tsv, "%s\t%s\t%.6g\t%s\t%.3g\t%s\t%.1f\t%d\t%d\n", g->id, g->subject[k], t, columns, s.error, flips, s.peak_mb, bench_outliers(b, n), n);
    }
}

static int write_table(plan *p)
{
    char path[4096], tmp[4096];
    snprintf(path, sizeof path, "%s/data/speed.tsv", p->dir);
    snprintf(tmp, sizeof tmp, "%s/data/speed.tsv.tmp", p->dir);
    FILE *f = fopen(tmp, "w");
    if (!f) return cli_failed(EP_IO, "cannot write data/speed.tsv");
    fprintf(f, "# case\tsubject\tseconds\ttimes_faster\tlow\thigh\terror\tflips\tpeak_mb\toutliers\trounds\n");
    for (int k = 0; group_at(p, k); k++) write_group(p, group_at(p, k), f);
    bool bad = fclose(f) != 0 || rename(tmp, path) != 0;
    if (bad) return cli_failed(EP_IO, "cannot write data/speed.tsv");
    if (p->all.clock_back) fprintf(stderr, "eprop-bench: the clock went back %d times during the run; times are measured by a clock that does not\n", p->all.clock_back);
    return CLI_OK;
}

static int start(plan *p, int argc, char **argv)
{
    char why[BENCH_WHY] = "", path[4096];
    long cut = 0;
    ep_status s = bench_dir_open(p->dir, p->resume, why);
    if (s == EP_OK) s = bench_samples_read(p->dir, &p->all, &cut, why);
    if (s == EP_OK) s = bench_manifest_write(p->dir, argc, argv, p->seed, why);
    if (s != EP_OK) return cli_failed(s, why);
    snprintf(path, sizeof path, "%s/samples.jsonl", p->dir);
    if (access(path, F_OK) == 0 && truncate(path, cut) != 0) return cli_failed(EP_IO, "samples.jsonl: cannot cut its broken last line");
    p->file = fopen(path, "ab");
    return p->file ? CLI_OK : cli_failed(EP_IO, "samples.jsonl: cannot write");
}

static int parse(int argc, char **argv, plan *p)
{
    static const struct option options[] = {
        {"level", required_argument, NULL, 'l'}, {"out", required_argument, NULL, 'o'}, {"rounds", required_argument, NULL, 'r'},
        {"work", required_argument, NULL, 'w'}, {"resume", no_argument, NULL, 'R'}, {"cpu", required_argument, NULL, 'c'},
        {"seed", required_argument, NULL, 's'}, {"only", required_argument, NULL, 'O'}, {"help", no_argument, NULL, 'h'}, {0}};
    double v;
    for (int o; (o = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (o) {
        case 'h': exit(fputs(usage, stdout) < 0 ? CLI_MACHINE : CLI_OK);
        case 'l':
            if (strcmp(optarg, "quick") != 0 && strcmp(optarg, "full") != 0) return cli_usage("--level: found '%s', expected quick or full", optarg);
            p->full = strcmp(optarg, "full") == 0;
            break;
        case 'o': p->dir = optarg; break;
        case 'O': p->only = optarg; break;
        case 'R': p->resume = true; break;
        case 'r':
            if (!cli_number(optarg, 4, MOST_ROUNDS, &v)) return cli_usage("--rounds: found '%s', expected 4 to %d", optarg, MOST_ROUNDS);
            p->rounds = (int)v;
            break;
        case 'w':
            if (!cli_number(optarg, 0, 60, &p->work)) return cli_usage("--work: found '%s', expected 0 to 60 seconds", optarg);
            break;
        case 'c':
            if (!cli_number(optarg, -1, 1023, &v)) return cli_usage("--cpu: found '%s', expected a processor's number, or -1 for any", optarg);
            p->cpu = (int)v;
            break;
        case 's':
            if (!cli_number(optarg, 0, 9e15, &v)) return cli_usage("--seed: found '%s', expected a whole number", optarg);
            p->seed = (uint64_t)v;
            break;
        default: return CLI_USAGE;
        }
    }
    if (optind < argc) p->suite = argv[optind++];
    if (optind < argc) return cli_usage("found '%s' after the suite, expected nothing", argv[optind]);
    if (!p->dir) return cli_usage("run: expected --out DIR; see eprop-bench run --help");
    return group_at(p, 0) ? CLI_OK : p->only ? cli_usage("--only: found no case with '%s' in suite %s", p->only, p->suite) : cli_usage("found suite '%s', expected gradient, forward, reference or all", p->suite);
}

int cmd_run(int argc, char **argv)
{
    plan p = {.suite = "gradient", .rounds = 6, .cpu = cli_cpu(), .work = 0.05, .seed = 1};
    int rc = parse(argc, argv, &p), all = 0;
    if (rc != CLI_OK) return rc;
    rc = start(&p, argc, argv);
    while (group_at(&p, all)) all++;
    for (int k = 0; rc == CLI_OK && k < all; k++) {
        rc = measure_group(&p, group_at(&p, k), k, all);
        if (rc == CLI_FAILED) {
            p.wrong = true;
            rc = CLI_OK;
        }
    }
    cli_progress_end();
    if (rc == CLI_OK) rc = write_table(&p);
    if (p.file) fclose(p.file);
    bench_samples_free(&p.all);
    if (rc != CLI_OK) return rc;
    return p.wrong ? CLI_FAILED : p.noisy ? CLI_MACHINE : CLI_OK;
}
