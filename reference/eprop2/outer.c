/* The outer gradient, by hand: BPTT of the test trial, through the update, of the module, of the training trial.
 *
 *   G'            = dE/dW' by BPTT of the test trial;   X = dE/d(sum L e) = -eta G'
 *   lambda_j^t    = sum_i X_ji e_ji^t = dE/dL_j^t: what BPTT of the module starts from
 *   training trial: into z_j^t what the module hears of it and what the traces hold of it; into (v, a) what psi holds
 *   dE/dW_init    = G' + BPTT of the training trial
 *
 * SPDX-License-Identifier: MIT */
#include "eprop2_internal.h"

ep_status ref_e2_grad_init(ref_ctx *c, const ref_e2 *p, ref_e2_grad *g)
{
    ep_status st = ref_grad_init(c, &p->main, &g->main);
    return st == EP_OK ? ref_grad_init(c, &p->module, &g->module) : st;
}

static ref_e2_views plain_views(const ref_e2 *p, int b)
{
    ref_e2_views w = {.trace = ref_view_plain(&p->main, &p->train.tr[b]), .train = ref_view_plain(&p->main, &p->train.tr[b]),
                      .mod = ref_view_plain(&p->module, &p->mod.tr[b]), .test = ref_view_plain(&p->after[b], &p->test.tr[b]),
                      .slope = p->slope[b], .beta = p->main.theta[EP_BETA], .eta = p->eta};
    return w;
}

/* G' into own and, added, into g; then X = -eta G' in place. */
static ep_status test_trial(ref_ctx *c, const ref_e2 *p, const ref_e2_views *w, ref_grad *own, ref_grad *g)
{
    ref_adjoint adj = {.every_L = true};
    ep_status st = ref_grad_init(c, &p->main, own);
    if (st == EP_OK) st = ref_adjoint_run(c, &w->test, p->test.reg, NULL, &adj);
    if (st == EP_OK) st = ref_grad_adjoint(c, &w->test, &adj, own);
    if (st != EP_OK) return st;
    for (int k = 0; k < EP_N_GROUP; k++)
        for (size_t i = 0; i < own->n[k]; i++) {
            ref_add(c, &g->g[k][i], &g->g[k][i], &own->g[k][i]);
            if (k > EP_G_WREC) continue;
            ref_mul(c, &own->g[k][i], w->eta, &own->g[k][i]);
            ref_neg(c, &own->g[k][i], &own->g[k][i]);
        }
    return EP_OK;
}

/* z_in_i^t += sum_m WinE_mi dI_m^t for the inputs that are the main network's spikes. */
static void heard_spikes(ref_ctx *c, const ref_e2 *p, const ref_e2_views *w, const ref_adjoint *adj, ref_num *z_in)
{
    size_t N = (size_t)p->main.n_rec, M = (size_t)p->module.n_rec, width = (size_t)p->module.n_in;
    for (int t = 1; t <= p->mod.T; t++) {
        int from = t - w->lag;
        for (size_t m = 0; from >= 1 && m < M; m++) {
            const ref_num *dI = ref_sparse(c, &adj->dI[(size_t)t * M + m]);
            const ref_num *W = w->mod.net->Win + m * width + (size_t)p->n_code;
            for (size_t i = 0; dI && i < N; i++) ref_addmul(c, &z_in[(size_t)from * N + i], ref_sparse(c, &W[i]), dI);
        }
    }
}

/* BPTT of the module, whose loss is felt through L: err = lambda. */
static ep_status module_trial(ref_ctx *c, const ref_e2 *p, const ref_e2_views *w, ref_e2_scan *s, ref_grad *g)
{
    ref_traj tr = *w->mod.tr;
    ref_view v = w->mod;
    ref_adjoint adj = {.every_L = true};
    tr.err = s->lambda;
    v.tr = &tr;
    ep_status st = ref_adjoint_run(c, &v, p->mod.reg, NULL, &adj);
    if (st == EP_OK) st = ref_grad_adjoint(c, &v, &adj, g);
    if (st == EP_OK) heard_spikes(c, p, w, &adj, s->z_in);
    return st;
}

static ep_status training_trial(ref_ctx *c, const ref_e2 *p, const ref_e2_views *w, const ref_e2_scan *s, ref_grad *g)
{
    ref_adjoint adj = {.every_L = true, .z_in = s->z_in, .h_in = s->h_in};
    ep_status st = ref_adjoint_run(c, &w->train, p->train.reg, NULL, &adj);
    return st == EP_OK ? ref_grad_adjoint(c, &w->train, &adj, g) : st;
}

/* One trial, in a context whose memory goes with it. */
static ep_status trial(ref_ctx *c, const ref_e2 *p, int b, ref_e2_order order, const ref_e2_wrap *wrap, ref_e2_grad *g)
{
    ref_e2_views w = plain_views(p, b);
    ref_grad X;
    if (wrap) wrap->wrap(c, p, b, &w, wrap->user);
    ep_status st = test_trial(c, p, &w, &X, &g->main);
    if (st != EP_OK) return st;
    ref_e2_scan s = {.X_in = X.g[EP_G_WIN], .X_rec = X.g[EP_G_WREC]};
    st = ref_e2_scan_init(c, p, &s);
    if (st == EP_OK) st = ref_e2_contract(c, &w, &s);
    if (st == EP_OK) st = module_trial(c, p, &w, &s, &g->module);
    if (st == EP_OK) st = ref_e2_contract_back(c, &w, order, p->mod.tr[b].y, &s, &g->main);
    if (st == EP_OK) st = training_trial(c, p, &w, &s, &g->main);
    return st;
}

ep_status ref_e2_gradient(ref_ctx *c, const ref_e2 *p, ref_e2_order order, const ref_e2_wrap *wrap, ref_e2_grad *g)
{
    ep_status st = EP_OK;
    for (int b = 0; st == EP_OK && b < p->train.B; b++) {
        ref_ctx own;
        st = ref_ctx_fork(&own, c);
        if (st != EP_OK) return st;
        st = trial(&own, p, b, order, wrap, g);
        if (st == EP_OK) st = own.status;
        ref_ctx_clear(&own);
    }
    return st;
}
