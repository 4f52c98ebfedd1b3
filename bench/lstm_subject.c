/* SPDX-License-Identifier: MIT */
#include "lstm_subject.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

bool bench_lstm_make(int n_rec, int n_in, int n_out, int T, int B, lstm_subject *k)
{
    size_t n = (size_t)n_rec, in = (size_t)n_in, K = (size_t)n_out, steps = (size_t)T * (size_t)B, w = 4 * n * (n + in + 1) + K * n;
    *k = (lstm_subject){.T = T, .B = B, .store = malloc((w + steps * (in + K)) * sizeof(double)),
                        .x32 = malloc(steps * in * sizeof(float)), .target32 = malloc(steps * K * sizeof(float))};
    (void)snprintf(k->name, sizeof k->name, "LSTM N=%d n_in=%d n_out=%d T=%d B=%d", n_rec, n_in, n_out, T, B);
    if (!k->store || !k->x32 || !k->target32) return false;
    double scale = 1 / sqrt((double)n_rec), *v = k->store;
    for (size_t i = 0; i < w; i++) v[i] = (double)(float)(scale * ep_rng_normal(1, 1, i, 20));
    k->net = (ep_net){.model = EP_LSTM, .opt = ep_preset_options(EP_PAPER2019), .n_in = n_in, .n_rec = n_rec, .n_out = n_out,
                      .Win = v, .Wrec = v + 4 * n * in, .b = v + 4 * n * (n + in), .Wout = v + 4 * n * (n + in + 1), .v_th = 1,
                      .gamma = 1};
    k->x64 = v + w;
    k->target64 = k->x64 + steps * in;
    for (size_t i = 0; i < steps * in; i++) k->x64[i] = (double)(k->x32[i] = (float)ep_rng_normal(1, 4, i, 20));
    for (size_t i = 0; i < steps * K; i++) k->target64[i] = (double)(k->target32[i] = ep_rng_u64(1, 6, i / K) % K == i % K);
    return true;
}

void bench_lstm_free(lstm_subject *k)
{
    free(k->store);
    free(k->x32);
    free(k->target32);
}

bool bench_lstm_open(const lstm_subject *k, const opt_engine *e, ep_rule rule, int chunk, int window, int threads, lstm_worker *w)
{
    bool wide = e->format == OPT_BINARY64;
    opt_config cfg = {.net = &k->net, .rule = rule, .loss = EP_REGRESSION, .B = k->B, .T = k->T, .window = window,
                      .threads = threads, .chunk = chunk};
    *w = (lstm_worker){.e = e, .bytes = e->state_size(&cfg), .rule = rule, .window = window};
    w->mem = w->bytes ? aligned_alloc(OPT_ALIGN, w->bytes) : NULL;
    w->tr = (opt_trials){.T = k->T, .B = k->B, .x = wide ? (void *)k->x64 : k->x32, .target = wide ? (void *)k->target64 : k->target32};
    return w->mem && e->init(&cfg, w->mem, w->bytes, &w->s) == EP_OK;
}

void bench_lstm_close(lstm_worker *w) { free(w->mem); }

bool bench_lstm_run(void *arg)
{
    const lstm_worker *w = arg;
    return w->e->grad(w->s, &w->tr) == EP_OK;
}

static double *gradient(const lstm_worker *w, int g, size_t *n)
{
    *n = w->e->count(w->s, OPT_GRAD(g));
    double *v = malloc((*n + 1) * sizeof *v);
    if (!v || w->e->get(w->s, OPT_GRAD(g), v, *n) != EP_OK) *n = 0;
    for (size_t i = *n; w->e->format == OPT_BINARY32 && i-- > 0;) v[i] = (double)((float *)(void *)v)[i];
    return v;
}

double bench_lstm_difference(const lstm_worker *a, const lstm_worker *b)
{
    double worst = 0;
    for (int g = 0; g < (int)EP_G_THETA; g++) {
        size_t n, m;
        double *p = gradient(a, g, &n), *q = gradient(b, g, &m), off = 0, size = 0;
        for (size_t i = 0; i < n && i < m; i++) {
            off += (p[i] - q[i]) * (p[i] - q[i]);
            size += q[i] * q[i];
        }
        worst = n && n == m && size > 0 ? fmax(worst, sqrt(off / size)) : (double)INFINITY;
        free(p);
        free(q);
    }
    return worst;
}

double bench_lstm_error(const lstm_subject *k, const lstm_worker *w)
{
    lstm_worker exact = {0};
    double error = NAN;
    if (bench_lstm_open(k, opt_fast_f64(), w->rule, 0, w->window, 2, &exact) && bench_lstm_run(&exact))
        error = bench_lstm_difference(w, &exact);
    bench_lstm_close(&exact);
    return error;
}
