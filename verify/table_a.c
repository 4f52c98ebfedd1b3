/* Table A: the published pattern-generation run, drawn by tasks/, trained again.
 *
 *   100 inputs, 100 LIF, 1 output, T = 1000; alpha = kappa = exp(-1/30), v_th = 0.03, gamma = 0.3
 *   g_in = 1 - alpha, g_out = 1 - kappa, psi = (gamma/v_th) max(0, 1 - |v - v_th|/v_th), reset by v_th one step later
 *   W <- W - 1e-4 dW for Win, Wrec, Wout;  dW = e-prop 1 of  1/2 sum (y - y*)^2 + 300/2 sum_j (mean z_j - 0.01)^2
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "evidence_e.h"
#include "table_a.h"

static const double nest_loss[VFY_TABLE_A_LOSSES] = {101.964356999041, 103.466731126205, 103.340607074771,
                                                      103.680244037686, 104.412775748752};
static const double tf_loss[VFY_TABLE_A_LOSSES] = {101.964363098144, 103.466735839843, 103.340606689453,
                                                    103.680244445800, 104.412780761718};

static void see_spikes(const ref_ctx *c, const ref_traj *tr, vfy_table_a_row *row)
{
    row->spikes = 0;
    row->spike_hash = UINT64_C(14695981039346656037);
    for (size_t k = TABLE_A_REC; k < (size_t)(TABLE_A_T + 1) * TABLE_A_REC; k++) {
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
    task_table_a k;
    ref_ctx c;
    ref_net net;
    if (losses < 1 || losses > VFY_TABLE_A_LOSSES) return EP_DOMAIN;
    ep_status st = task_table_a_make(&k);
    if (st != EP_OK) return st;
    st = ref_ctx_init(&c, ar, prec);
    if (st != EP_OK) {
        task_table_a_free(&k);
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
    task_table_a_free(&k);
    return st;
}
