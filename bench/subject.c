/* SPDX-License-Identifier: MIT */
#include "subject.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double as_float(double v) { return (double)(float)v; }

static size_t numbers_of(const subject *s)
{
    size_t n = (size_t)s->net.n_rec, n_in = (size_t)s->net.n_in, K = (size_t)s->net.n_out;
    size_t steps = (size_t)s->T * (size_t)s->B;
    return n * (n_in + n + K + 4) + K + steps * (n_in + K);
}

/* Pointers into the store; weights at drive 1. */
static void fill(subject *s)
{
    size_t n = (size_t)s->net.n_rec, n_in = (size_t)s->net.n_in, K = (size_t)s->net.n_out;
    size_t steps = (size_t)s->T * (size_t)s->B;
    double *in = s->store, *rec = in + n * n_in, *out = rec + n * n, *alpha = out + K * n, *rho = alpha + n;
    double *beta = rho + n;
    for (size_t k = 0; k < n * n_in; k++) in[k] = as_float((ep_rng_uniform(1, 1, k) - 0.35) * 2 / sqrt((double)n_in));
    for (size_t k = 0; k < n * n; k++)
        rec[k] = k / n == k % n ? 0 : as_float((ep_rng_uniform(1, 2, k) - 0.5) * 2 / sqrt((double)n));
    for (size_t k = 0; k < n * K; k++) out[k] = as_float((ep_rng_uniform(1, 3, k) - 0.5) * 2 / sqrt((double)n));
    for (size_t j = 0; j < n; j++) {
        alpha[j] = as_float(0.95);
        rho[j] = as_float(0.995);
        beta[j] = j % 2 ? as_float(0.07) : 0;
    }
    s->net.Win = in;
    s->net.Wrec = rec;
    s->net.Wout = out;
    s->net.theta[EP_ALPHA] = alpha;
    s->net.theta[EP_RHO] = rho;
    s->net.theta[EP_BETA] = beta;
    s->x64 = beta + n;
    s->target64 = s->x64 + steps * n_in;
    for (size_t k = 0; k < steps * n_in; k++) s->x64[k] = ep_rng_uniform(1, 4, k) < 0.02;
    for (size_t k = 0; k < steps * K; k++) s->target64[k] = as_float(sin(0.01 * (double)k));
}

static float *floats(const double *v, size_t n)
{
    float *f = malloc((n + 1) * sizeof *f);
    for (size_t k = 0; f && k < n; k++) f[k] = (float)v[k];
    return f;
}

static double rate_of(const subject *s)
{
    worker w;
    double sum = 0, all[4096];
    float *f = (float *)(void *)all;
    subject few = *s;
    few.B = 1;
    if (!bench_worker_open(&few, opt_fast_f32(), EP_EPROP1_SYMMETRIC, 0, 1, &w)) return 0;
    if (bench_worker_run(&w) && w.e->get(w.s, OPT_FBAR, f, (size_t)s->net.n_rec) == EP_OK)
        for (int j = 0; j < s->net.n_rec; j++) sum += (double)f[j] / s->net.n_rec;
    bench_worker_close(&w);
    return sum;
}

/* Scales Win until the rate fits. */
static void calibrate(subject *s, double rate)
{
    size_t n = (size_t)s->net.n_rec * (size_t)s->net.n_in;
    double low = 0, high = 64, drive = 1;
    double *base = malloc((n + 1) * sizeof *base), *in = s->store;
    if (!base) return;
    memcpy(base, in, n * sizeof *base);
    for (int k = 0; k < 14; k++) {
        for (size_t i = 0; i < n; i++) in[i] = as_float(base[i] * drive);
        s->rate = rate_of(s);
        if (fabs(s->rate / rate - 1) < 0.05) break;
        if (s->rate < rate) low = drive;
        else high = drive;
        drive = high < 64 ? 0.5 * (low + high) : 2 * drive;
    }
    free(base);
}

bool bench_subject_make(int n_in, int n_rec, int n_out, int T, int B, double rate, subject *s)
{
    *s = (subject){.T = T, .B = B, .net = {.model = EP_ALIF, .n_in = n_in, .n_rec = n_rec, .n_out = n_out, .kappa = 0.875,
                                          .v_th = 0.625, .gamma = 0.3125}};
    size_t n = (size_t)n_rec, R = n + (size_t)n_in, steps = (size_t)T * (size_t)B;
    s->net.opt = ep_preset_options(EP_PAPER2019);
    s->store = malloc(numbers_of(s) * sizeof *s->store);
    if (!s->store || n_rec > 4096) return false;
    fill(s);
    s->x32 = floats(s->x64, steps * (size_t)n_in);
    s->target32 = floats(s->target64, steps * (size_t)n_out);
    s->Wout32 = floats(s->net.Wout, n * (size_t)n_out);
    s->W32 = malloc(n * R * sizeof *s->W32);
    if (!s->x32 || !s->target32 || !s->Wout32 || !s->W32) return false;
    calibrate(s, rate);
    for (size_t j = 0; j < n; j++)
        for (size_t i = 0; i < R; i++)
            s->W32[j * R + i] = (float)(i < (size_t)n_in ? s->net.Win[j * (size_t)n_in + i] : s->net.Wrec[j * n + i - (size_t)n_in]);
    return true;
}

void bench_subject_free(subject *s)
{
    free(s->store);
    free(s->x32);
    free(s->target32);
    free(s->W32);
    free(s->Wout32);
}

bool bench_worker_open(const subject *s, const opt_engine *e, ep_rule rule, int chunk, int threads, worker *w)
{
    opt_config cfg = {.net = &s->net, .rule = rule, .B = s->B, .T = s->T, .chunk = chunk, .threads = threads,
                      .grad_only = true};
    bool wide = e->format == OPT_BINARY64;
    *w = (worker){.e = e, .bytes = e->state_size(&cfg)};
    if (!w->bytes) return false;
    w->mem = aligned_alloc(OPT_ALIGN, (w->bytes + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN);
    if (!w->mem || e->init(&cfg, w->mem, w->bytes, &w->s) != EP_OK) {
        free(w->mem);
        w->mem = NULL;
        return false;
    }
    w->tr = (opt_trials){.T = s->T, .B = s->B, .x = wide ? (const void *)s->x64 : s->x32,
                         .target = wide ? (const void *)s->target64 : s->target32};
    return true;
}

void bench_worker_close(worker *w) { free(w->mem); }

bool bench_worker_run(const worker *w) { return w->e->grad(w->s, &w->tr) == EP_OK; }

static double *read_all(const worker *w, int quantity, size_t *n)
{
    *n = w->e->count(w->s, quantity);
    double *v = malloc((*n + 1) * sizeof *v);
    if (!v || w->e->get(w->s, quantity, v, *n) != EP_OK) *n = 0;
    for (size_t k = *n; w->e->format == OPT_BINARY32 && k-- > 0;) v[k] = (double)((float *)(void *)v)[k];
    return v;
}

double bench_worker_error(const worker *a, const worker *b)
{
    double worst = 0;
    for (int g = EP_G_WIN; g <= EP_G_BOUT; g++) {
        size_t n, m;
        double *p = read_all(a, OPT_GRAD(g), &n), *q = read_all(b, OPT_GRAD(g), &m), top = 0, off = 0;
        for (size_t k = 0; k < n && k < m; k++) {
            top = fmax(top, fabs(q[k]));
            off = fmax(off, fabs(p[k] - q[k]));
        }
        if (top > 0) worst = fmax(worst, off / top);
        free(p);
        free(q);
    }
    return worst;
}

double bench_worker_flips(const worker *a, const worker *b)
{
    size_t n, m;
    double *p = read_all(a, OPT_ALL(OPT_Z), &n), *q = read_all(b, OPT_ALL(OPT_Z), &m), flips = 0;
    for (size_t k = 0; k < n && k < m; k++) flips += p[k] < q[k] || p[k] > q[k];
    free(p);
    free(q);
    return n && m ? flips : -1;
}
