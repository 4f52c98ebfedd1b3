/* SPDX-License-Identifier: MIT */
#include "scaling.h"

#include <math.h>

typedef struct form {
    const char *name;
    ep_rule rule;
    int chunk;
} form;

static const form forms[] = {{"e-prop scan", EP_EPROP1_SYMMETRIC, 0}, {"e-prop chunks", EP_EPROP1_SYMMETRIC, 128}, {"BPTT", EP_BPTT, 0}};
enum { N_FORM = 3 };

static bool run(void *arg) { return bench_worker_run(arg); }

bool bench_threads(bench_out *out)
{
    subject s;
    bool good = bench_subject_make(100, 100, 2, 1000, 32, 0.018, &s);
    printf("\nTwo threads against one, N=100 T=1000 B=32, wall time\n");
    for (size_t k = 0; good && k < N_FORM; k++) {
        worker w[2] = {{0}};
        good = bench_worker_open(&s, opt_fast_f32(), forms[k].rule, forms[k].chunk, 1, &w[0]) &&
               bench_worker_open(&s, opt_fast_f32(), forms[k].rule, forms[k].chunk, 2, &w[1]);
        if (good) {
            char what[64];
            bench_side side[2] = {{.run = run, .arg = &w[0], .wall = true}, {.run = run, .arg = &w[1], .wall = true}};
            bench_paired(side, 2, 9, 4);
            (void)snprintf(what, sizeof what, "two threads, %s", forms[k].name);
            bench_line l = bench_line_of("ALIF N=100 n_in=100 n_out=2 T=1000 B=32", what, bench_side_ratio(&side[0], &side[1], 9));
            l.target = 1.7, l.stretch = 1.9, l.judged = true, l.error = bench_worker_error(&w[0], &w[1]);
            bench_put(out, &l);
        }
        bench_worker_close(&w[0]);
        bench_worker_close(&w[1]);
    }
    bench_subject_free(&s);
    return good;
}

/* Seconds of one gradient in `form`; the firing rate that was reached to *rate. NaN: no memory. */
static double time_one(int n_in, int n, int T, int B, const form *f, int rounds, double *rate)
{
    subject s;
    worker w = {0};
    double t = (double)NAN;
    if (bench_subject_make(n_in, n, 2, T, B, *rate, &s) && bench_worker_open(&s, opt_fast_f32(), f->rule, f->chunk, 1, &w)) {
        bench_side side = {.run = run, .arg = &w};
        bench_paired(&side, 1, rounds, 6);
        t = bench_seconds(&side, rounds);
        *rate = s.rate;
    }
    bench_worker_close(&w);
    bench_subject_free(&s);
    return t;
}

/* Points of one sweep and the exponent between the first and the last. */
static bool sweep(const char *axis, const form *f, const int (*size)[4], int n, int by, double limit, bench_out *out)
{
    double x[8], t[8];
    char what[64];
    for (int i = 0; i < n; i++) {
        double rate = 0.018;
        t[i] = time_one(size[i][0], size[i][1], size[i][2], size[i][3], f, size[i][1] > 1000 ? 3 : 5, &rate);
        x[i] = size[i][by];
        if (isnan(t[i])) return false;
        (void)snprintf(what, sizeof what, "%s, n_in=%d N=%d T=%d B=%d", f->name, size[i][0], size[i][1], size[i][2], size[i][3]);
        bench_line l = {.subject = "ALIF 1.8 %", .what = what, .unit = "s", .got = t[i]};
        bench_put(out, &l);
    }
    (void)snprintf(what, sizeof what, "%s, exponent in %s, %d to %d", f->name, axis, size[0][by], size[n - 1][by]);
    bench_line l = {.subject = "ALIF 1.8 %", .what = what, .unit = "", .got = bench_exponent(x, t, n, 1).mid, .target = limit, .at_most = true};
    bench_put(out, &l);
    return true;
}

static bool rates(bench_out *out)
{
    static const double rate[] = {0.005, 0.02, 0.05, 0.1, 0.2, 0.5};
    for (size_t k = 0; k < sizeof rate / sizeof *rate; k++)
        for (size_t i = 0; i < N_FORM; i++) {
            double r = rate[k], t = time_one(100, 400, 200, 8, &forms[i], 3, &r);
            char what[64];
            if (isnan(t)) return false;
            (void)snprintf(what, sizeof what, "%s, firing %.1f %%", forms[i].name, 100 * r);
            bench_line l = {.subject = "ALIF N=400 n_in=100 T=200 B=8", .what = what, .unit = "s", .got = t};
            bench_put(out, &l);
        }
    return true;
}

bool bench_scaling(bench_out *out)
{
    static const int by_T[][4] = {{100, 100, 100, 1}, {100, 100, 1000, 1}, {100, 100, 10000, 1}};
    static const int low_N[][4] = {{100, 100, 600, 1}, {100, 200, 600, 1}, {100, 400, 600, 1}};
    static const int high_N[][4] = {{100, 800, 600, 1}, {100, 1600, 600, 1}, {100, 3200, 600, 1}};
    static const int by_B[][4] = {{100, 100, 300, 1}, {100, 100, 300, 8}, {100, 100, 300, 32}, {100, 100, 300, 256}};
    printf("\nScaling\n");
    for (size_t i = 0; i < N_FORM; i++)
        if (!sweep("T", &forms[i], by_T, 3, 2, 1.1, out) || !sweep("B", &forms[i], by_B, 4, 3, 0, out)) return false;
    return sweep("N", &forms[0], low_N, 3, 1, 1.3, out) && sweep("N", &forms[0], high_N, 3, 1, 2.3, out) && rates(out);
}
