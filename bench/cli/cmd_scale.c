/* cmd_scale.c: how cost grows with each size, beside what the machine can do.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "problem.h"
#include "roofline.h"

static const char usage[] =
    "usage: eprop-bench scale --out DIR [--level quick|full] [--rounds N] [--work S] [--cpu N] [--seed N]\n"
    "Processor time and peak memory of one gradient against N, T, batch, firing rate, and the reference's against precision: each point the median of\n"
    "N fresh processes (default 3), exponents of cost ~ size^p with 95 % intervals. Writes data/scaling.tsv, exponents.tsv, roofline.tsv.\n"
    "exit codes: 0 measured; 1 a result is wrong; 2 usage; 3 the machine failed\n";

enum { POINTS = 8, MOST_ROUNDS = 100 };

/* One curve: a case with %.0f (or %g) for the size, the sizes, who runs it. quick: so many points at level quick. */
typedef struct curve { const char *name, *axis, *id, *subject; double at[POINTS]; int quick, n; } curve;
static const curve curves[] = {
    {"e-prop, ALIF", "N", "gradient/alif/eprop1-symmetric/N%.0f-I100-O3-T500-B1-r2", "fast:f32", {50, 100, 200, 400, 800, 1600, 3200}, 3, 7},
    {"BPTT, ALIF", "N", "gradient/alif/bptt/N%.0f-I100-O3-T500-B1-r2", "fast:f32", {50, 100, 200, 400, 800}, 3, 5},
    {"e-prop, ALIF", "T", "gradient/alif/eprop1-symmetric/N100-I100-O3-T%.0f-B1-r2", "fast:f32", {100, 300, 1000, 3000, 10000}, 3, 5},
    {"e-prop by chunks, ALIF", "T", "gradient/alif/eprop1-symmetric/N100-I100-O3-T%.0f-B1-r2", "fast:f32+256", {100, 300, 1000, 3000, 10000}, 3, 5},
    {"BPTT, ALIF", "T", "gradient/alif/bptt/N100-I100-O3-T%.0f-B1-r2", "fast:f32", {100, 300, 1000, 3000, 10000}, 3, 5},
    {"e-prop, ALIF", "batch", "gradient/alif/eprop1-symmetric/N100-I100-O3-T500-B%.0f-r2", "fast:f32", {1, 4, 16, 64, 256}, 3, 5},
    {"BPTT, ALIF", "batch", "gradient/alif/bptt/N100-I100-O3-T500-B%.0f-r2", "fast:f32", {1, 4, 16, 64, 256}, 3, 5},
    {"e-prop, ALIF", "rate, %", "gradient/alif/eprop1-symmetric/N100-I100-O3-T200-B4-r%g", "fast:f32", {0.5, 1, 2, 5, 10, 20, 50}, 5, 7},
    {"e-prop by chunks, ALIF", "rate, %", "gradient/alif/eprop1-symmetric/N100-I100-O3-T200-B4-r%g", "fast:f32+256", {0.5, 1, 2, 5, 10, 20, 50}, 5, 7},
    {"BPTT, ALIF", "rate, %", "gradient/alif/bptt/N100-I100-O3-T200-B4-r%g", "fast:f32", {0.5, 1, 2, 5, 10, 20, 50}, 5, 7},
    {"LSTM BPTT", "N", "gradient/lstm/bptt/N%.0f-I32-O16-T100-B16", "fast:f32", {32, 64, 128, 256, 512}, 3, 5},
    {"LSTM e-prop", "N", "gradient/lstm/eprop1-symmetric/N%.0f-I32-O16-T100-B16", "fast:f32", {32, 64, 128, 256, 512}, 3, 5},
    {"reference BPTT", "bits", "reference/alif/bptt/N30-I30-O3-T100-B1-r5", "mpfr:%.0f", {64, 128, 256, 512, 1024}, 4, 5},
};
enum { N_CURVES = sizeof curves / sizeof *curves };

/* Where an exponent is aimed at: of the curve's points from .. to. Elsewhere it is fitted over all points, without an aim. */
static const struct { const char *name, *axis; double from, to, at_most; } aims[] = {
    {"e-prop, ALIF", "T", 100, 10000, 1.1}, {"e-prop by chunks, ALIF", "T", 100, 10000, 1.1}, {"BPTT, ALIF", "T", 100, 10000, 1.1},
    {"e-prop, ALIF", "N", 50, 400, 1.3}, {"e-prop, ALIF", "N", 800, 3200, 2.3}};
enum { N_AIMS = sizeof aims / sizeof *aims };

typedef struct scale {
    const char *dir;
    bool full;
    int rounds, cpu;
    double work;
    uint64_t seed;
    FILE *points, *exponents;
    int wrong;
} scale;

static int one_point(scale *s, const curve *c, double at, double *seconds, double *mb)
{
    char id[BENCH_ID], who[BENCH_SUBJECT], why[BENCH_WHY] = "";
    double t[MOST_ROUNDS], error = 0, flips = -1;
    bench_spawn a = {.program = cli_self(), .dir = s->dir, .work = s->work, .cpu = s->cpu, .seed = s->seed, .timeout = 600};
    bool in_subject = strchr(c->subject, '%') != NULL, right = true;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (in_subject) snprintf(who, sizeof who, c->subject, at);
    else snprintf(id, sizeof id, c->id, at);
#pragma GCC diagnostic pop
    if (in_subject) snprintf(id, sizeof id, "%s", c->id);
    else snprintf(who, sizeof who, "%s", c->subject);
    for (int r = 0; r < s->rounds; r++) {
        bench_sample got;
        ep_status st = bench_spawn_run(&a, id, who, r, &got, why);
        if (st != EP_OK) return cli_failed(st, why);
        t[r] = got.cpu; /* one thread: other work on the machine disturbs it less than the wall clock */
        *mb = got.peak_mb;
        error = fmax(error, got.error);
        flips = got.flips;
        right = right && cli_right(&got, who, why);
    }
    if (!right) {
        fprintf(stderr, "eprop-bench: %s\n", why);
        s->wrong++;
        return CLI_OK;
    }
    *seconds = bench_median(t, s->rounds);
    fprintf(s->points, "%s\t%s\t%g\t%.6g\t%.6g\t%.6g\t%.1f\t%.3g\t%.0f\n", c->name, c->axis, at, *seconds, bench_quantile(t, s->rounds, 0),
            bench_quantile(t, s->rounds, 1), *mb, error, flips);
    printf("  %-22s %-8s %7g %11.4g s %8.1f MB  error %.2g\n", c->name, c->axis, at, *seconds, *mb, error);
    return CLI_OK;
}

static void exponent(scale *s, const curve *c, const double *x, const double *y, int n, double at_most)
{
    bench_interval p = bench_exponent(x, y, n, s->seed);
    char aim[32] = "-\t-";
    if (at_most > 0) snprintf(aim, sizeof aim, "%g\t%s", at_most, p.mid <= at_most ? "met" : "missed");
    fprintf(s->exponents, "%s\t%s\t%g\t%g\t%.3f\t%.3f\t%.3f\t%s\n", c->name, c->axis, x[0], x[n - 1], p.mid, p.low, p.high, aim);
    printf("  %-22s cost ~ %s^%.2f  [%.2f, %.2f] from %g to %g\n", c->name, c->axis, p.mid, p.low, p.high, x[0], x[n - 1]);
}

static void exponents(scale *s, const curve *c, const double *x, const double *y, int n)
{
    bool aimed = false;
    for (int k = 0; k < N_AIMS; k++) {
        int from = 0, to = n;
        if (strcmp(aims[k].name, c->name) != 0 || strcmp(aims[k].axis, c->axis) != 0) continue;
        while (from < n && x[from] < aims[k].from) from++;
        while (to > from && x[to - 1] > aims[k].to) to--;
        bool whole = to - from >= 2 && x[to - 1] >= aims[k].to; /* level quick has fewer points: an exponent, no verdict */
        if (to - from >= 2) exponent(s, c, x + from, y + from, to - from, whole ? aims[k].at_most : 0);
        aimed = aimed || to - from >= 2;
    }
    if (!aimed && n >= 2) exponent(s, c, x, y, n, 0);
}

static int one_curve(scale *s, const curve *c, int k)
{
    double x[POINTS], y[POINTS];
    int n = s->full ? c->n : c->quick, have = 0, rc = CLI_OK;
    for (int i = 0; rc == CLI_OK && i < n; i++) {
        double seconds = (double)NAN, mb = 0;
        cli_progress(c->name, k * POINTS + i, N_CURVES * POINTS);
        rc = one_point(s, c, c->at[i], &seconds, &mb);
        if (rc != CLI_OK || !isfinite(seconds)) continue;
        x[have] = c->at[i];
        y[have++] = seconds;
    }
    if (rc == CLI_OK) exponents(s, c, x, y, have);
    return rc;
}

static FILE *table(const char *dir, const char *name, const char *head)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/data/%s.tsv", dir, name);
    FILE *f = fopen(path, "w");
    if (f) fprintf(f, "# %s\n", head);
    return f;
}

static int roofline(const char *dir)
{
    FILE *f = table(dir, "roofline", "what\tvalue\tunit");
    if (!f) return cli_failed(EP_IO, "cannot write data/roofline.tsv");
    double fma = bench_fma_peak(), read = bench_stream_read(), blas = bench_blas_sgemm();
    fprintf(f, "multiply-adds in registers, float32, one core\t%.1f\tGF/s\nreading memory, one core\t%.1f\tGB/s\ninstalled CBLAS, sgemm 512 cubed\t%.1f\tGF/s\n",
            fma, read, blas);
    printf("  the machine: %.0f GF/s in registers, %.1f GB/s from memory, CBLAS %.0f GF/s%s\n", fma, read, blas,
           blas > 0 && blas < 0.4 * fma ? " (slow: set OPENBLAS_CORETYPE to your processor's family, e.g. SkylakeX, before it loads)" : "");
    return fclose(f) == 0 ? CLI_OK : cli_failed(EP_IO, "cannot write data/roofline.tsv");
}

static int parse(int argc, char **argv, scale *s)
{
    static const struct option options[] = {{"level", required_argument, NULL, 'l'}, {"out", required_argument, NULL, 'o'}, {"rounds", required_argument, NULL, 'r'},
                                            {"work", required_argument, NULL, 'w'}, {"cpu", required_argument, NULL, 'c'}, {"seed", required_argument, NULL, 's'},
                                            {"help", no_argument, NULL, 'h'}, {0}};
    double v;
    for (int o; (o = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (o == 'h') return fputs(usage, stdout) < 0 ? CLI_MACHINE : CLI_SHOWN;
        else if (o == 'o') s->dir = optarg;
        else if (o == 'l' && (strcmp(optarg, "quick") == 0 || strcmp(optarg, "full") == 0)) s->full = strcmp(optarg, "full") == 0;
        else if (o == 'r' && cli_number(optarg, 1, MOST_ROUNDS, &v)) s->rounds = (int)v;
        else if (o == 'w' && cli_number(optarg, 0, 60, &v)) s->work = v;
        else if (o == 'c' && cli_number(optarg, -1, 1023, &v)) s->cpu = (int)v;
        else if (o == 's' && cli_number(optarg, 0, 9e15, &v)) s->seed = (uint64_t)v;
        else return o == '?' ? CLI_USAGE : cli_usage("found '%s' as the value of an option, expected what eprop-bench scale --help says", optarg);
    }
    if (optind < argc) return cli_usage("found '%s', expected options only; see eprop-bench scale --help", argv[optind]);
    return s->dir ? CLI_OK : cli_usage("scale: expected --out DIR; see eprop-bench scale --help");
}

int cmd_scale(int argc, char **argv)
{
    scale s = {.rounds = 3, .cpu = cli_cpu(), .work = 0.02, .seed = 1};
    char why[BENCH_WHY] = "";
    int rc = parse(argc, argv, &s);
    if (rc != CLI_OK) return rc == CLI_SHOWN ? CLI_OK : rc;
    ep_status st = bench_dir_open(s.dir, true, why);
    if (st == EP_OK) st = bench_manifest_write(s.dir, argc, argv, s.seed, why);
    if (st != EP_OK) return cli_failed(st, why);
    s.points = table(s.dir, "scaling", "curve\taxis\tsize\tseconds\tlow\thigh\tpeak_mb\terror\tflips");
    s.exponents = table(s.dir, "exponents", "curve\taxis\tfrom\tto\texponent\tlow\thigh\tat_most\tverdict");
    if (!s.points || !s.exponents) rc = cli_failed(EP_IO, "cannot write tables in data/");
    if (rc == CLI_OK) rc = roofline(s.dir);
    for (int k = 0; rc == CLI_OK && k < N_CURVES; k++) rc = one_curve(&s, &curves[k], k);
    cli_progress_end();
    bool bad = (s.points && fclose(s.points) != 0);
    bad = (s.exponents && fclose(s.exponents) != 0) || bad;
    if (rc == CLI_OK && bad) rc = cli_failed(EP_IO, "cannot write tables in data/");
    return rc == CLI_OK && s.wrong ? CLI_FAILED : rc;
}
