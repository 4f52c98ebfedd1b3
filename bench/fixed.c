/* bench-fixed: a full step (forward, traces, gradient) of the integer core beside the scalar float engine, in interleaved rounds.
 * Each line carries what the same run computed: spikes that differ from binary64, and the angle of the gradient to it.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "opt_fixed.h"
#include "paired.h"
#include "subject.h"

enum { MOST = 5, ROUNDS = 9, N_IN = 100, N_OUT = 2, STEPS = 100 };

typedef struct entry {
    const char *name;
    worker w;
    int32_t *x, *target;
} entry;

static bool open_fixed(const subject *s, entry *a)
{
    size_t nx = (size_t)s->T * N_IN, nt = (size_t)s->T * N_OUT;
    if (!bench_worker_open(s, opt_fixed(a->name), EP_EPROP1_SYMMETRIC, 0, 1, &a->w)) return false;
    a->x = malloc(nx * sizeof *a->x);
    a->target = malloc(nt * sizeof *a->target);
    if (!a->x || !a->target) return false;
    if (opt_fixed_encode(a->w.s, OPT_FIXED_X, s->x64, a->x, nx) + opt_fixed_encode(a->w.s, OPT_FIXED_TARGET, s->target64, a->target, nt) > 0)
        return false;
    a->w.tr.x = a->x;
    a->w.tr.target = a->target;
    return true;
}

static double *numbers(const entry *a, int quantity, size_t *n)
{
    const opt_engine *e = a->w.e;
    *n = e->count(a->w.s, quantity);
    void *raw = malloc(*n * 8 + 8);
    double *v = malloc((*n + 1) * sizeof *v);
    if (!raw || !v || e->get(a->w.s, quantity, raw, *n) != EP_OK) *n = 0;
    if (*n && e->format == OPT_FIXED) opt_fixed_decode(a->w.s, quantity, raw, v, *n);
    else
        for (size_t k = 0; k < *n; k++) v[k] = e->format == OPT_BINARY64 ? ((double *)raw)[k] : (double)((float *)raw)[k];
    free(raw);
    return v;
}

/* Cosine of the gradients by Wrec, and spikes that differ. */
static void judge(const entry *a, const entry *truth, double *cosine, long *flips, long *spikes)
{
    size_t n, m;
    double *g = numbers(a, OPT_GRAD(EP_G_WREC), &n), *h = numbers(truth, OPT_GRAD(EP_G_WREC), &m), gg = 0, hh = 0, gh = 0;
    for (size_t k = 0; k < n && k < m; k++) {
        gg += g[k] * g[k];
        hh += h[k] * h[k];
        gh += g[k] * h[k];
    }
    *cosine = gh / sqrt(gg * hh);
    free(g);
    free(h);
    g = numbers(a, OPT_ALL(OPT_Z), &n);
    h = numbers(truth, OPT_ALL(OPT_Z), &m);
    *flips = *spikes = 0;
    for (size_t k = 0; k < n && k < m; k++) {
        *flips += (g[k] > 0) != (h[k] > 0);
        *spikes += h[k] > 0;
    }
    free(g);
    free(h);
}

static bool run(void *arg) { return bench_worker_run(&((const entry *)arg)->w); }

static int compare(int n_rec)
{
    static const char *const names[] = {"q15", "s16.15", "w8", "reckon"};
    subject s;
    entry a[MOST] = {{.name = "scalar float32"}}, truth = {.name = "binary64"};
    bench_side side[MOST];
    if (!bench_subject_make(N_IN, n_rec, N_OUT, STEPS, 1, 0.02, &s)) return 3;
    if (!bench_worker_open(&s, opt_scalar_f32(), EP_EPROP1_SYMMETRIC, 0, 1, &a[0].w) ||
        !bench_worker_open(&s, opt_scalar_f64(), EP_EPROP1_SYMMETRIC, 0, 1, &truth.w))
        return 3;
    for (int k = 0; k + 1 < MOST; k++) {
        a[k + 1].name = names[k];
        if (!open_fixed(&s, &a[k + 1])) return 3;
    }
    for (int k = 0; k < MOST; k++) side[k] = (bench_side){.run = run, .arg = &a[k]};
    bench_paired(side, MOST, ROUNDS, 1);
    if (!bench_worker_run(&truth.w)) return 3;
    printf("ALIF N=%d n_in=%d n_out=%d, %d steps, firing %.2f %%: forward, traces, gradient\n", n_rec, N_IN, N_OUT, STEPS, 100 * s.rate);
    for (int k = 0; k < MOST; k++) {
        double seconds = bench_seconds(&side[k], ROUNDS), cosine;
        long flips, spikes;
        bench_interval r = bench_side_ratio(&side[0], &side[k], ROUNDS);
        if (!(seconds > 0)) return 3; /* one of its runs failed */
        judge(&a[k], &truth, &cosine, &flips, &spikes);
        printf("  %-15s %8.2f us a step  %6.2fx as fast as float32 [%.2f, %.2f]  cosine %.6f  flips %ld of %ld\n", a[k].name,
               1e6 * seconds / STEPS, r.mid, r.low, r.high, cosine, flips, spikes);
    }
    for (int k = 0; k < MOST; k++) {
        bench_worker_close(&a[k].w);
        free(a[k].x);
        free(a[k].target);
    }
    bench_worker_close(&truth.w);
    bench_subject_free(&s);
    return 0;
}

int main(void)
{
    int status = compare(64);
    return status ? status : compare(256);
}
