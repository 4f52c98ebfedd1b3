/* A spiking network learns a curve by e-prop: prints the loss of every 20th gradient step.
 * SPDX-License-Identifier: MIT */
#include <eprop.h>
#include <math.h>
#include <opt.h>
#include <stdio.h>
#include <stdlib.h>

enum { N_IN = 40, N = 100, T = 500, STEPS = 200 };

static double Win[N * N_IN], Wrec[N * N], Wout[N], alpha[N], rho[N], beta[N];
static float x[T * N_IN], target[T], w[N * N], g[N * N];

/* w <- w - rate dE/dw, for one group of parameters. */
static ep_status descend(const opt_engine *e, opt_state *s, ep_group of, float rate)
{
    size_t n = e->count(s, OPT_PARAM(of));
    ep_status st = e->get(s, OPT_PARAM(of), w, n);
    if (st == EP_OK) st = e->get(s, OPT_GRAD(of), g, n);
    for (size_t k = 0; k < n; k++) w[k] -= rate * g[k];
    return st == EP_OK ? e->set(s, OPT_PARAM(of), w, n) : st;
}

int main(void)
{
    for (size_t k = 0; k < N * N_IN; k++) Win[k] = 0.15 * ep_rng_normal(1, 1, k, 20);
    for (size_t k = 0; k < N * N; k++) Wrec[k] = k % (N + 1) ? 0.02 * ep_rng_normal(1, 2, k, 20) : 0;
    for (size_t j = 0; j < N; j++) {
        Wout[j] = 0.1 * ep_rng_normal(1, 3, j, 20);
        alpha[j] = exp(-1 / 20.0); /* membrane: 20 steps */
        rho[j] = exp(-1 / 200.0);  /* adaptation: 200 steps, in every second neuron */
        beta[j] = j % 2 ? 0.02 : 0;
    }
    for (size_t k = 0; k < T * N_IN; k++) x[k] = ep_rng_uniform(1, 4, k) < 0.05;
    for (int t = 0; t < T; t++) target[t] = (float)(sin(t * 0.0251) + 0.5 * sin(t * 0.0628));

    ep_net net = {.model = EP_LSNN, .opt = ep_preset_options(EP_PAPER2019), .n_in = N_IN, .n_rec = N, .n_out = 1,
                  .Win = Win, .Wrec = Wrec, .Wout = Wout, .theta = {alpha, rho, beta},
                  .kappa = exp(-1 / 20.0), .v_th = 0.6, .gamma = 0.3, .n_ref = 3};
    opt_config cfg = {.net = &net, .rule = EP_EPROP1_SYMMETRIC, .loss = EP_REGRESSION, .B = 1, .T = T};
    const opt_engine *e = opt_fast_f32();
    size_t bytes = e->state_size(&cfg); /* a multiple of OPT_ALIGN; 0: out of range */
    void *mem = bytes ? aligned_alloc(OPT_ALIGN, bytes) : NULL;
    opt_state *s;
    if (!mem || e->init(&cfg, mem, bytes, &s) != EP_OK) return 3;

    opt_trials trial = {.T = T, .B = 1, .x = x, .target = target};
    float loss = 0;
    ep_status st = EP_OK;
    for (int k = 0; k <= STEPS && st == EP_OK; k++) {
        if ((st = e->grad(s, &trial)) == EP_OK) st = e->get(s, OPT_LOSS, &loss, 1);
        for (int of = EP_G_WIN; of <= EP_G_WOUT && st == EP_OK; of++)
            if (of != EP_G_BIAS) st = descend(e, s, (ep_group)of, 2e-4f);
        if (k % 20 == 0) printf("step %3d  loss %8.3f\n", k, (double)loss);
    }
    free(mem);
    if (st != EP_OK) fprintf(stderr, "example: %s\n", ep_status_name(st));
    return st == EP_OK ? 0 : 1;
}
