/* Table A: the published pattern-generation run, drawn and trained again.
 *
 *   100 inputs, 100 LIF, 1 output, T = 1000; alpha = kappa = exp(-1/30), v_th = 0.03, gamma = 0.3
 *   g_in = 1 - alpha, g_out = 1 - kappa, psi = (gamma/v_th) max(0, 1 - |v - v_th|/v_th), reset by v_th one step later
 *   W <- W - 1e-4 dW for Win, Wrec, Wout;  dW = e-prop 1 of  1/2 sum (y - y*)^2 + 300/2 sum_j (mean z_j - 0.01)^2
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "evidence_e.h"
#include "numpy_rng.h"

enum { N_IN = 100, N_REC = 100, T = 1000, N_SINE = 4 };
enum { N_WIN = N_REC * N_IN, N_WREC = N_REC * N_REC, N_STORE = N_WIN + N_WREC + 3 * N_REC + T * N_IN + 2 * T };

static const double nest_loss[VFY_TABLE_A_LOSSES] = {101.964356999041, 103.466731126205, 103.340607074771,
                                                      103.680244037686, 104.412775748752};
static const double tf_loss[VFY_TABLE_A_LOSSES] = {101.964363098144, 103.466735839843, 103.340606689453,
                                                    103.680244445800, 104.412780761718};

/* randn/10 rounded to float32. */
static double weight(vfy_numpy_rng *r) { return (double)(float)(vfy_numpy_randn(r) / 10.0); }

/* w [post][pre] of numbers drawn pre by pre. */
static void draw_weights(vfy_numpy_rng *r, int n_pre, int n_post, double *w)
{
    for (int i = 0; i < n_pre; i++)
        for (int j = 0; j < n_post; j++) w[j * n_pre + i] = weight(r);
}

static void draw_target(vfy_numpy_rng *r, double *phase, double *target)
{
    static const int period[N_SINE] = {1000, 500, 333, 200};
    const double pi = 3.141592653589793;
    double amp[N_SINE], start[N_SINE], top = 0.0, first;
    for (int k = 0; k < N_SINE; k++) amp[k] = vfy_numpy_uniform(r, 0.5, 2.0);
    for (int k = 0; k < N_SINE; k++) start[k] = vfy_numpy_uniform(r, 0.0, 2.0 * pi);
    for (int k = 0; k < N_SINE; k++) {
        vfy_numpy_linspace(start[k], 2.0 * pi * (double)(T / period[k]) + start[k], T, phase);
        for (int t = 0; t < T; t++) target[t] += amp[k] * sin(phase[t]);
    }
    first = target[0];
    for (int t = 0; t < T; t++) {
        target[t] -= first;
        top = fmax(top, fabs(target[t]));
    }
    for (int t = 0; t < T; t++) target[t] /= top;
}

ep_status vfy_table_a_make(vfy_table_a_case *out)
{
    double *s = calloc(N_STORE, sizeof *s);
    if (!s) return EP_NOMEM;
    double *Win = s, *Wrec = Win + N_WIN, *Wout = Wrec + N_WREC, *B = Wout + N_REC, *alpha = B + N_REC;
    double *x = alpha + N_REC, *target = x + T * N_IN, *phase = target + T;
    vfy_numpy_rng r;
    vfy_numpy_seed(&r, 1);
    draw_weights(&r, N_IN, N_REC, Win);
    draw_weights(&r, N_REC, N_REC, Wrec);
    draw_weights(&r, N_REC, 1, Wout);
    draw_weights(&r, N_REC, 1, B);
    for (int k = 0; k < T * N_IN; k++) x[k] = vfy_numpy_rand(&r) < 0.05 && k >= N_IN ? 1.0 : 0.0;
    draw_target(&r, phase, target);
    for (int j = 0; j < N_REC; j++) {
        Wrec[j * N_REC + j] = 0.0;
        alpha[j] = exp(-1.0 / 30.0);
    }
    ep_options opt = {.g_in = EP_GAIN_COMPLEMENT, .g_out = EP_GAIN_COMPLEMENT, .delay = 1};
    *out = (vfy_table_a_case){
        .net = {.model = EP_LIF, .opt = opt, .n_in = N_IN, .n_rec = N_REC, .n_out = 1, .Win = Win, .Wrec = Wrec,
                .Wout = Wout, .B = B, .theta[EP_ALPHA] = alpha, .kappa = alpha[0], .v_th = 0.03, .gamma = 0.3},
        .batch = {.T = T, .B = 1, .x = x, .target = target, .loss = EP_REGRESSION, .c_reg = 300.0, .f_target = 0.01},
        .store = s};
    return EP_OK;
}

void vfy_table_a_free(vfy_table_a_case *k)
{
    free(k->store);
    k->store = NULL;
}

static void see_spikes(const ref_ctx *c, const ref_traj *tr, vfy_table_a_row *row)
{
    row->spikes = 0;
    row->spike_hash = UINT64_C(14695981039346656037);
    for (size_t k = N_REC; k < (size_t)(T + 1) * N_REC; k++) {
        bool spike = !c->ar->is_zero(&tr->z[k]);
        row->spikes += spike;
        row->spike_hash = (row->spike_hash ^ (uint64_t)spike) * UINT64_C(1099511628211);
    }
}

/* w <- w - eta g. */
static void descend(ref_ctx *c, ref_num *w, const ref_num *g, size_t n)
{
    ref_num *step = &c->tmp2, *eta = &c->tmp;
    for (size_t k = 0; k < n; k++) {
        ref_set_d(c, eta, 1e-4);
        ref_mul(c, step, eta, &g[k]);
        ref_sub(c, &w[k], &w[k], step);
    }
}

static ep_status update(ref_ctx *c, ref_net *net, const ref_run *run, int threads)
{
    ref_grad g;
    ref_rule_args rule = {.rule = EP_EPROP1_RANDOM, .threads = threads};
    ep_status st = ref_grad_init(c, net, &g);
    if (st == EP_OK) st = ref_gradient(c, run, &rule, &g);
    if (st != EP_OK) return st;
    descend(c, net->Win, g.g[EP_G_WIN], g.n[EP_G_WIN]);
    descend(c, net->Wrec, g.g[EP_G_WREC], g.n[EP_G_WREC]);
    descend(c, net->Wout, g.g[EP_G_WOUT], g.n[EP_G_WOUT]);
    return c->status;
}

/* One trial, its loss and, unless it is the last, the update; in an arena of its own, so that memory is one trial's. */
static ep_status trial(ref_ctx *c, ref_net *net, const ep_batch *bt, int threads, bool last, vfy_table_a_row *row)
{
    ref_ctx own;
    ref_run run;
    ep_status st = ref_ctx_fork(&own, c);
    if (st != EP_OK) return st;
    st = ref_run_batch(&own, net, bt, &run);
    if (st == EP_OK) {
        row->loss = own.ar->to_d(run.tr[0].loss);
        see_spikes(&own, &run.tr[0], row);
        if (!last) st = update(&own, net, &run, threads);
    }
    ref_ctx_clear(&own);
    return st;
}

ep_status vfy_table_a(const ref_arith *ar, long prec, int threads, int losses, vfy_table_a_row *rows)
{
    vfy_table_a_row got[VFY_TABLE_A_LOSSES];
    vfy_table_a_case k;
    ref_ctx c;
    ref_net net;
    if (losses < 1 || losses > VFY_TABLE_A_LOSSES) return EP_DOMAIN;
    ep_status st = vfy_table_a_make(&k);
    if (st != EP_OK) return st;
    st = ref_ctx_init(&c, ar, prec);
    if (st != EP_OK) {
        vfy_table_a_free(&k);
        return st;
    }
    st = ref_net_load(&c, &k.net, &net);
    for (int u = 0; st == EP_OK && u < losses; u++) {
        st = trial(&c, &net, &k.batch, threads, u == losses - 1, &got[u]);
        got[u].nest = nest_loss[u];
        got[u].tf = tf_loss[u];
        got[u].rel_nest = fabs(got[u].loss - nest_loss[u]) / nest_loss[u];
        got[u].rel_tf = fabs(got[u].loss - tf_loss[u]) / tf_loss[u];
    }
    for (int u = 0; st == EP_OK && u < losses; u++) rows[u] = got[u];
    ref_ctx_clear(&c);
    vfy_table_a_free(&k);
    return st;
}
