/* Whole learning rules on a recorded batch: which learning signal meets which traces.
 * SPDX-License-Identifier: MIT */
#include "internal.h"
#include "synth.h"

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

/* Adjoints inside the windows of trial b, with the seeds that the rule takes: said by a synthesiser, given, or exact. */
static ep_status windowed(ref_ctx *c, const ref_view *v, const ref_num *reg, const ref_rule_args *a, int b, ref_adjoint *adj)
{
    ref_windows w = {.length = a->window};
    ref_seeds exact;
    if (a->window < 1) return EP_DOMAIN;
    if (a->synth) return ref_synth_run(c, v, reg, a->window, a->synth, adj);
    if (a->delivered) w.delivered = a->delivered[b];
    if (a->rule == EP_TBPTT || a->seed == REF_SEED_NONE) return ref_adjoint_run(c, v, reg, &w, adj);
    if (!a->given) {
        ep_status st = ref_seeds_exact(c, v, reg, a->window, &exact);
        if (st != EP_OK) return st;
    }
    w.given = ref_seeds_part(a->given ? &a->given[b] : &exact, a->seed);
    return ref_adjoint_run(c, v, reg, &w, adj);
}

/* Truncated BPTT, with or without seeds: the readout's adjoint is cut as well, so Wout too gets the window's gradient. */
static ep_status tbptt(ref_ctx *c, const ref_view *v, const ref_num *reg, const ref_rule_args *a, int b, ref_grad *g)
{
    ref_adjoint adj = {0};
    ep_status st = windowed(c, v, reg, a, b, &adj);
    return st == EP_OK ? ref_grad_adjoint(c, v, &adj, g) : st;
}

ep_status ref_grad_windows(ref_ctx *c, const ref_view *v, const ref_num *reg, const ref_adjoint *adj, int threads, ref_grad *g)
{
    ref_num *L = history(c, v, v->net->n_rec);
    if (!adj->Ltr) return EP_DOMAIN;
    if (!L) return c->status;
    ref_signal_feedback(c, v, NULL, L);
    ref_signal s = {.L_e = adj->Ltr, .L_ebar = L, .reg = reg};
    ep_status st = ref_grad_traces(c, v, &s, g, NULL, threads);
    return st == EP_OK ? exact_readout(c, v, g) : st;
}

static ep_status eprop3(ref_ctx *c, const ref_view *v, const ref_num *reg, const ref_rule_args *a, int b, ref_grad *g)
{
    ref_adjoint adj = {0};
    ep_status st = windowed(c, v, reg, a, b, &adj);
    return st == EP_OK ? ref_grad_windows(c, v, reg, &adj, a->threads, g) : st;
}

ep_status ref_seeds_exact(ref_ctx *c, const ref_view *v, const ref_num *reg, int length, ref_seeds *out)
{
    ref_windows w = {.length = length, .whole = true};
    ref_adjoint whole = {0};
    ep_status st = ref_seeds_init(c, v->net, v->tr->T, length, &w.delivered);
    if (st == EP_OK) st = ref_adjoint_run(c, v, reg, &w, &whole);
    if (st == EP_OK) *out = w.delivered;
    return st;
}

static ep_status bptt(ref_ctx *c, const ref_view *v, const ref_num *reg, ref_grad *g)
{
    ref_adjoint adj = {0};
    ep_status st = ref_adjoint_run(c, v, reg, NULL, &adj);
    return st == EP_OK ? ref_grad_adjoint(c, v, &adj, g) : st;
}

static ep_status one_trial(ref_ctx *c, const ref_view *v, const ref_num *reg, const ref_rule_args *a, int b,
                           ref_grad *g)
{
    switch (a->rule) {
    case EP_BPTT: return bptt(c, v, reg, g);
    case EP_RTRL: return ref_grad_rtrl(c, v, reg, g);
    case EP_EPROP1_SYMMETRIC:
    case EP_EPROP1_RANDOM:
    case EP_EPROP1_ADAPTIVE:
    case EP_EPROP1_GLOBAL: return eprop1(c, v, reg, a, g);
    case EP_TBPTT:
    case EP_TBPTT_SG: return tbptt(c, v, reg, a, b, g);
    case EP_EPROP3:
    case EP_EPROP3_SG: return eprop3(c, v, reg, a, b, g);
    default: return EP_NOTIMPL;
    }
}

ep_status ref_gradient(ref_ctx *c, const ref_run *run, const ref_rule_args *a, ref_grad *g)
{
    for (int b = 0; b < run->B; b++) {
        ref_view v = ref_view_plain(run->net, &run->tr[b]);
        ep_status st = one_trial(c, &v, a->reg_off ? NULL : run->reg, a, b, g);
        if (st != EP_OK) return st;
    }
    return c->status;
}

ep_status ref_gradient_factorized(ref_ctx *c, const ref_run *run, int threads, ref_grad *g)
{
    for (int b = 0; b < run->B; b++) {
        ref_view v = ref_view_plain(run->net, &run->tr[b]);
        ref_adjoint adj = {0};
        ep_status st = ref_adjoint_run(c, &v, run->reg, NULL, &adj);
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
