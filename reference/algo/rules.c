/* Whole learning rules on a recorded batch: which learning signal meets which traces.
 * SPDX-License-Identifier: MIT */
#include "internal.h"

void ref_signal_step(ref_ctx *c, const ref_net *net, const ref_num *B, const ref_num *err, ref_num *L)
{
    int n = net->n_rec, K = net->n_out;
    for (int j = 0; j < n; j++) {
        ref_set(c, &L[j], &c->zero);
        for (int k = 0; k < K; k++) {
            size_t at = B ? (size_t)j * (size_t)K + (size_t)k : (size_t)k * (size_t)n + (size_t)j;
            ref_addmul(c, &L[j], B ? &B[at] : &net->Wout[at], ref_sparse(c, &err[k]));
        }
        ref_mul(c, &L[j], &L[j], net->g_out);
    }
}

void ref_signal_feedback(ref_ctx *c, const ref_view *v, const ref_num *B, ref_num *L)
{
    for (int t = 1; t <= v->tr->T; t++)
        ref_signal_step(c, v->net, B, ref_at2(v->tr->err, v->net->n_out, t, 0), ref_at2(L, v->net->n_rec, t, 0));
}

static ref_num *history(ref_ctx *c, const ref_view *v, int n) { return ref_vec(c, ((size_t)v->tr->T + 2) * (size_t)n); }

/* The readout is trained exactly in every rule. */
static ep_status exact_readout(ref_ctx *c, const ref_view *v, ref_grad *g)
{
    ref_num *dy = history(c, v, v->net->n_out);
    if (!dy) return c->status;
    ref_readout_adjoint(c, v, dy);
    ref_grad_readout(c, v, dy, g);
    return c->status;
}

static ep_status eprop1(ref_ctx *c, const ref_view *v, const ref_num *reg, const ref_rule_args *a, ref_grad *g)
{
    const ref_num *B = a->rule == EP_EPROP1_SYMMETRIC ? NULL : v->net->B;
    ref_num *L = history(c, v, v->net->n_rec);
    if (!L) return c->status;
    ref_signal_feedback(c, v, B, L);
    ref_signal s = {.L_ebar = L, .reg = reg, .late = v->net->opt.delay_L};
    ep_status st = ref_grad_traces(c, v, &s, g, NULL, a->threads);
    return st == EP_OK ? exact_readout(c, v, g) : st;
}

/* Truncated BPTT: the readout's adjoint is cut as well, so Wout too gets the window's gradient. */
static ep_status tbptt(ref_ctx *c, const ref_view *v, const ref_num *reg, const ref_rule_args *a, ref_grad *g)
{
    ref_adjoint adj = {0};
    if (a->window < 1) return EP_DOMAIN;
    ep_status st = ref_adjoint_run(c, v, reg, a->window, REF_SEED_NONE, NULL, &adj);
    return st == EP_OK ? ref_grad_adjoint(c, v, &adj, g) : st;
}

/* e-prop 3: the direct part of L meets the filtered trace, which runs across windows; the transmitted
 * part, from BPTT inside the window and its seeds, meets the trace. */
static ep_status eprop3(ref_ctx *c, const ref_view *v, const ref_num *reg, const ref_rule_args *a, ref_grad *g)
{
    ref_adjoint whole = {0}, adj = {0};
    if (a->window < 1) return EP_DOMAIN;
    ep_status st = EP_OK;
    if (a->seed != REF_SEED_NONE) st = ref_adjoint_run(c, v, reg, 0, REF_SEED_NONE, NULL, &whole);
    if (st == EP_OK) st = ref_adjoint_run(c, v, reg, a->window, a->seed, &whole, &adj);
    ref_num *L = st == EP_OK ? history(c, v, v->net->n_rec) : NULL;
    if (!L) return st == EP_OK ? c->status : st;
    ref_signal_feedback(c, v, NULL, L);
    ref_signal s = {.L_e = adj.Ltr, .L_ebar = L, .reg = reg};
    st = ref_grad_traces(c, v, &s, g, NULL, a->threads);
    return st == EP_OK ? exact_readout(c, v, g) : st;
}

static ep_status bptt(ref_ctx *c, const ref_view *v, const ref_num *reg, ref_grad *g)
{
    ref_adjoint adj = {0};
    ep_status st = ref_adjoint_run(c, v, reg, 0, REF_SEED_NONE, NULL, &adj);
    return st == EP_OK ? ref_grad_adjoint(c, v, &adj, g) : st;
}

static ep_status one_trial(ref_ctx *c, const ref_view *v, const ref_num *reg, const ref_rule_args *a, ref_grad *g)
{
    switch (a->rule) {
    case EP_BPTT: return bptt(c, v, reg, g);
    case EP_RTRL: return ref_grad_rtrl(c, v, reg, g);
    case EP_EPROP1_SYMMETRIC:
    case EP_EPROP1_RANDOM:
    case EP_EPROP1_ADAPTIVE:
    case EP_EPROP1_GLOBAL: return eprop1(c, v, reg, a, g);
    case EP_TBPTT: return tbptt(c, v, reg, a, g);
    case EP_EPROP3: return eprop3(c, v, reg, a, g);
    default: return EP_NOTIMPL;
    }
}

ep_status ref_gradient(ref_ctx *c, const ref_run *run, const ref_rule_args *a, ref_grad *g)
{
    for (int b = 0; b < run->B; b++) {
        ref_view v = ref_view_plain(run->net, &run->tr[b]);
        ep_status st = one_trial(c, &v, a->reg_off ? NULL : run->reg, a, g);
        if (st != EP_OK) return st;
    }
    return c->status;
}

ep_status ref_gradient_factorized(ref_ctx *c, const ref_run *run, int threads, ref_grad *g)
{
    for (int b = 0; b < run->B; b++) {
        ref_view v = ref_view_plain(run->net, &run->tr[b]);
        ref_adjoint adj = {0};
        ep_status st = ref_adjoint_run(c, &v, run->reg, 0, REF_SEED_NONE, NULL, &adj);
        ref_signal s = {.L_e = adj.L};
        if (st == EP_OK) st = ref_grad_traces(c, &v, &s, g, NULL, threads);
        if (st == EP_OK) st = exact_readout(c, &v, g);
        if (st != EP_OK) return st;
    }
    return c->status;
}

void ref_kolen_pollack(ref_ctx *c, ref_net *net, const ref_grad *g, const ref_num *eta, const ref_num *lambda)
{
    ref_num *keep = &c->tmp2;
    size_t n = (size_t)net->n_rec, K = (size_t)net->n_out;
    for (size_t k = 0; k < K; k++)
        for (size_t j = 0; j < n; j++) {
            ref_num *w = &net->Wout[k * n + j], *b = net->B ? &net->B[j * K + k] : NULL, *all[2] = {w, b};
            for (int m = 0; m < 2; m++) {
                if (!all[m]) continue;
                ref_mul(c, keep, lambda, all[m]);
                ref_sub(c, all[m], all[m], keep);
                ref_mul(c, keep, eta, &g->g[EP_G_WOUT][k * n + j]);
                ref_sub(c, all[m], all[m], keep);
            }
        }
}
