/* bench-engines: the fast LSNN path against the scalar engine, a tight online baseline and the targets.
 *
 * Subjects of a comparison run in interleaved rounds in random order; ratios are medians of paired ratios of CPU time
 * (wall time where threads are compared). Every line carries the error of the same run.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "online.h"
#include "roofline.h"
#include "subject.h"

enum { MOST = 8, MOST_ROUNDS = 31 };

typedef struct entry {
    const char *name;
    const opt_engine *e; /* NULL: the tight online baseline */
    ep_rule rule;
    int chunk, threads, share, repeats; /* share: this part of the work is run, the time scaled */
    double prototype;          /* seconds that a prototype reached */
    worker w;
    float *room, *g;
    double time[MOST_ROUNDS], error, flips;
} entry;

static uint64_t drawn;

static double median(double *v, int n)
{
    for (int i = 1; i < n; i++)
        for (int k = i; k > 0 && v[k] < v[k - 1]; k--) {
            double t = v[k];
            v[k] = v[k - 1];
            v[k - 1] = t;
        }
    return n % 2 ? v[n / 2] : 0.5 * (v[n / 2 - 1] + v[n / 2]);
}

static double ratio(const entry *a, const entry *b, int rounds)
{
    double r[MOST_ROUNDS];
    for (int k = 0; k < rounds; k++) r[k] = a->time[k] / b->time[k];
    return median(r, rounds);
}

static double seconds(const entry *a, int rounds)
{
    double t[MOST_ROUNDS];
    memcpy(t, a->time, sizeof t);
    return median(t, rounds);
}

static void run_online(const subject *s, const entry *a)
{
    size_t n = (size_t)s->net.n_rec, R = n + (size_t)s->net.n_in, T = (size_t)s->T;
    int steps = s->T * s->B / a->share < s->T ? s->T * s->B / a->share : s->T, trials = s->T * s->B / a->share / steps;
    memset(a->g, 0, n * R * sizeof *a->g);
    for (size_t b = 0; b < (size_t)trials; b++)
        bench_online(&s->net, s->W32, s->Wout32, s->x32 + b * T * (size_t)s->net.n_in,
                     s->target32 + b * T * (size_t)s->net.n_out, steps, a->room, a->g);
}

static bool open_entry(const subject *s, entry *a)
{
    size_t n = (size_t)s->net.n_rec, R = n + (size_t)s->net.n_in, room = bench_online_room(&s->net, s->T);
    if (a->share < 1) a->share = 1;
    if (a->e) return bench_worker_open(s, a->e, a->rule, a->chunk, a->threads, &a->w);
    a->room = aligned_alloc(64, (room * sizeof(float) + 63) / 64 * 64);
    a->g = malloc(n * R * sizeof *a->g);
    return a->room && a->g;
}

static void close_entry(entry *a)
{
    if (a->e) bench_worker_close(&a->w);
    free(a->room);
    free(a->g);
}

static void run_entry(const subject *s, const entry *a)
{
    if (a->e) (void)bench_worker_run(&a->w);
    else run_online(s, a);
}

/* A measurement repeats what is shorter than this. */
#define LEAST_SECONDS 0.005

/* Rounds in random order; times scaled to the whole work. */
static void measure(const subject *s, entry *a, int n, int rounds, bool wall)
{
    for (int round = -1; round < rounds; round++) { /* the first warms up */
        int order[MOST];
        for (int k = 0; k < n; k++) order[k] = k;
        for (int k = n - 1; k > 0; k--) {
            int other = (int)(ep_rng_u64(9, 9, drawn++) % (uint64_t)(k + 1)), t = order[k];
            order[k] = order[other];
            order[other] = t;
        }
        for (int k = 0; k < n; k++) {
            entry *x = &a[order[k]];
            double t;
            if (x->repeats > 1) run_entry(s, x); /* what others left in the caches is not this entry's matter */
            t = wall ? bench_wall_seconds() : bench_cpu_seconds();
            for (int i = 0; i < x->repeats || i == 0; i++) run_entry(s, x);
            t = ((wall ? bench_wall_seconds() : bench_cpu_seconds()) - t) / (x->repeats ? x->repeats : 1);
            if (round >= 0) x->time[round] = t * x->share;
            else x->repeats = t < LEAST_SECONDS ? (int)(LEAST_SECONDS / (t + 1e-6)) + 1 : 1;
        }
    }
}

/* Error of each entry against binary64 of the same rule. */
static void judge(const subject *s, entry *a, const opt_engine *truth)
{
    worker w;
    a->error = a->flips = NAN;
    if (!a->e || !bench_worker_open(s, truth, a->rule, 0, 1, &w)) return;
    if (bench_worker_run(&w)) {
        a->error = bench_worker_error(&a->w, &w);
        a->flips = bench_worker_flips(&a->w, &w);
    }
    bench_worker_close(&w);
}

/* The tight baseline computes what the engines compute: its Win against the scan's. */
static double baseline_error(const subject *s, const entry *online, const entry *scan)
{
    size_t n = (size_t)s->net.n_rec, n_in = (size_t)s->net.n_in, R = n + n_in;
    float *v = malloc((n * n_in + 1) * sizeof *v);
    double top = 0, off = 0;
    if (!v || online->share > 1 || scan->w.e->get(scan->w.s, OPT_GRAD(EP_G_WIN), v, n * n_in) != EP_OK) off = NAN;
    else
        for (size_t k = 0; k < n * n_in; k++) {
            top = fmax(top, fabs((double)v[k]));
            off = fmax(off, fabs((double)v[k] - (double)online->g[k / n_in * R + k % n_in]));
        }
    free(v);
    return off / top;
}

static void print_entry(const subject *s, const entry *a, const entry *base, int rounds)
{
    double t = seconds(a, rounds);
    printf("  %-22s %10.6f s  %8.1fx  ", a->name, t, ratio(base, a, rounds));
    if (a->prototype > 0) printf("prototype %.5f s: %5.2f  ", a->prototype, t / a->prototype);
    else printf("%-27s", "");
    printf("error %.1e", a->error);
    if (a->e) printf("  flips %.0f of %.3g  %6.1f MB", a->flips, s->rate * s->T * (double)s->B * s->net.n_rec, (double)a->w.bytes * 1e-6);
    if (a->share > 1) printf("  (1/%d run, scaled)", a->share);
    printf("\n");
}

static void verdict(const char *what, double got, double target, bool at_least)
{
    printf("  %-52s %8.2f  target %s %.3g: %s\n", what, got, at_least ? ">=" : "<=", target,
           (at_least ? got >= target : got <= target) ? "met" : "MISSED");
}

typedef struct task {
    int n_in, n, K, T, B, online_share, scalar_share, rounds;
    double scan, bptt, chunk_limit;
    bool judged_by_scalar;
} task;

static void compare_task(const task *k)
{
    subject s;
    char text[256];
    entry a[MOST] = {
        {.name = "online, tight", .share = k->online_share},
        {.name = "e-prop 1 scan", .e = opt_fast_f32(), .rule = EP_EPROP1_SYMMETRIC, .prototype = k->scan},
        {.name = "e-prop 1 chunks", .e = opt_fast_f32(), .rule = EP_EPROP1_SYMMETRIC, .chunk = 128},
        {.name = "BPTT", .e = opt_fast_f32(), .rule = EP_BPTT, .prototype = k->bptt},
        {.name = "scalar engine, online", .e = opt_scalar_f32(), .rule = EP_EPROP1_SYMMETRIC},
    };
    int n = k->scalar_share ? 5 : 4;
    if (!bench_subject_make(k->n_in, k->n, k->K, k->T, k->B, 0.018, &s)) return;
    printf("\nALIF N=%d n_in=%d n_out=%d T=%d B=%d, firing %.2f %%\n", k->n, k->n_in, k->K, k->T, k->B, 100 * s.rate);
    for (int i = 0; i < n; i++)
        if (!open_entry(&s, &a[i])) return;
    a[1].e->describe(a[1].w.s, text, sizeof text);
    printf("  [%s]\n", text);
    measure(&s, a, n, k->rounds, false);
    for (int i = 0; i < n; i++) judge(&s, &a[i], k->judged_by_scalar ? opt_scalar_f64() : opt_fast_f64());
    a[0].error = baseline_error(&s, &a[0], &a[1]);
    for (int i = 0; i < n; i++) print_entry(&s, &a[i], &a[0], k->rounds);
    verdict("chunks against tight online", ratio(&a[0], &a[2], k->rounds), 12, true);
    verdict("chunks against the scan", ratio(&a[2], &a[1], k->rounds), k->chunk_limit, false);
    for (int i = 0; i < n; i++) close_entry(&a[i]);
    bench_subject_free(&s);
}

/* ---- threads, exponents, rates ------------------------------------------------------------------------ */

static void compare_threads(void)
{
    static const struct {
        const char *name;
        ep_rule rule;
        int chunk;
    } what[] = {{"e-prop scan", EP_EPROP1_SYMMETRIC, 0}, {"e-prop chunks", EP_EPROP1_SYMMETRIC, 128}, {"BPTT", EP_BPTT, 0}};
    subject s;
    if (!bench_subject_make(100, 100, 2, 1000, 32, 0.018, &s)) return;
    printf("\nTwo threads against one, N=100 T=1000 B=32, wall time\n");
    for (size_t k = 0; k < sizeof what / sizeof *what; k++) {
        char line[96];
        entry a[2] = {{.name = "1", .e = opt_fast_f32(), .rule = what[k].rule, .chunk = what[k].chunk, .threads = 1},
                      {.name = "2", .e = opt_fast_f32(), .rule = what[k].rule, .chunk = what[k].chunk, .threads = 2}};
        if (!open_entry(&s, &a[0]) || !open_entry(&s, &a[1])) return;
        measure(&s, a, 2, 9, true);
        (void)snprintf(line, sizeof line, "%s: difference of the results %.1g", what[k].name, bench_worker_error(&a[0].w, &a[1].w));
        verdict(line, ratio(&a[0], &a[1], 9), 1.7, true);
        close_entry(&a[0]);
        close_entry(&a[1]);
    }
    bench_subject_free(&s);
}

static double time_one(int n_in, int n, int T, int B, double rate, ep_rule rule, int chunk, int rounds, double *got)
{
    subject s;
    entry a = {.name = "", .e = opt_fast_f32(), .rule = rule, .chunk = chunk};
    double t = NAN;
    if (!bench_subject_make(n_in, n, 2, T, B, rate, &s)) return NAN;
    if (open_entry(&s, &a)) {
        measure(&s, &a, 1, rounds, false);
        t = seconds(&a, rounds);
        close_entry(&a);
    }
    *got = s.rate;
    bench_subject_free(&s);
    return t;
}

static void exponents(void)
{
    double r, t[5];
    int N[] = {100, 400, 800, 3200};
    printf("\nExponents (fast, float32, 1.8 %%)\n");
    for (int chunk = 0; chunk < 129; chunk += 128) {
        t[0] = time_one(100, 100, 1000, 1, 0.018, EP_EPROP1_SYMMETRIC, chunk, 11, &r);
        t[1] = time_one(100, 100, 10000, 1, 0.018, EP_EPROP1_SYMMETRIC, chunk, 5, &r);
        verdict(chunk ? "in T, chunks, 1000 to 10000" : "in T, scan, 1000 to 10000", log10(t[1] / t[0]), 1.1, false);
    }
    for (int k = 0; k < 4; k++) t[k] = time_one(100, N[k], 600, 1, 0.018, EP_EPROP1_SYMMETRIC, 0, k < 3 ? 11 : 3, &r);
    verdict("in N, e-prop scan, 100 to 400", log(t[1] / t[0]) / log(4), 1.3, false);
    verdict("in N, e-prop scan, 800 to 3200", log(t[3] / t[2]) / log(4), 2.3, false);
}

static void rates(void)
{
    static const double rate[] = {0.005, 0.02, 0.05, 0.2, 0.4};
    printf("\nSeconds by firing rate, N=400 n_in=100 T=200 B=8: scan, chunks of 64, BPTT\n");
    for (size_t k = 0; k < sizeof rate / sizeof *rate; k++) {
        double r, a = time_one(100, 400, 200, 8, rate[k], EP_EPROP1_SYMMETRIC, 0, 3, &r);
        double b = time_one(100, 400, 200, 8, rate[k], EP_EPROP1_SYMMETRIC, 64, 3, &r);
        double c = time_one(100, 400, 200, 8, rate[k], EP_BPTT, 0, 3, &r);
        printf("  %5.1f %%  %10.6f  %10.6f  %10.6f\n", 100 * r, a, b, c);
    }
}

int main(void)
{
    static const task tasks[] = {
        {100, 100, 2, 1000, 1, 1, 1, 11, 0.00023, 0.00085, 2.5, true},
        {100, 100, 2, 1000, 32, 8, 0, 7, 0.0099, 0.0188, 2.5, true},
        {39, 800, 61, 600, 32, 192, 0, 3, 0.12, 0.39, 5, false},
    };
    double peak = bench_fma_peak(), blas = bench_blas_sgemm();
    printf("one core, measured now: %.0f GF/s float32 FMA, %.1f GB/s from memory\n", peak, bench_stream_read());
    printf("installed CBLAS, sgemm 512: %.0f GF/s, %.0f %% of peak (the LSNN path has its own GEMM and does not call it)\n",
           blas, 100 * blas / peak);
    if (blas > 0 && blas < 0.5 * peak)
        printf("  slow for this processor: set OPENBLAS_CORETYPE=SkylakeX (AVX-512) or Haswell (AVX2) before anything "
               "that uses it\n");
    for (size_t k = 0; k < sizeof tasks / sizeof *tasks; k++) compare_task(&tasks[k]);
    compare_threads();
    exponents();
    rates();
    return 0;
}
