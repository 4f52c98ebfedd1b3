/* expect_fixed.c: what a case of fixed point must compute: the integers of the slow model, reference/FIXED.md.
 *
 * All trials run on one model, one after the other: t, which the draws of stochastic rounding count by, goes on from trial
 * to trial and from update to update. The rate regulariser is added at each trial's end.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "fixed.h"

typedef struct run {
    vfy_epv_case *k;
    ref_fixed *s;
    uint64_t mask;
    size_t n, M, K, nc; /* neurons, sources, outputs, channels */
    int64_t *store;     /* all arrays of the network, then one step's x and target */
    int64_t *x, *target;
    double *count;      /* [n] spikes since the start */
} run;

/* ---- the network ------------------------------------------------------------------------------------------------- */

static int64_t at(const double *a, size_t i) { return a ? (int64_t)a[i] : 0; }

static void pack(const run *r, ref_fixed_net *net)
{
    const ep_net *f = &r->k->net;
    size_t in = (size_t)f->n_in, rows = r->nc * r->n;
    int64_t *W = r->store, *WO = W + rows * r->M, *FB = WO + r->K * (r->n + 1), *rho = FB + r->n * r->K, *beta = rho + r->n;
    for (size_t q = 0; q < rows; q++) {
        for (size_t i = 0; i < in; i++) W[q * r->M + i] = at(f->Win, q * in + i);
        for (size_t i = 0; i < r->n; i++) W[q * r->M + in + i] = at(f->Wrec, q * r->n + i);
        W[(q + 1) * r->M - 1] = at(f->b, q);
    }
    for (size_t k = 0; k < r->K; k++) {
        for (size_t j = 0; j < r->n; j++) WO[k * (r->n + 1) + j] = at(f->Wout, k * r->n + j);
        WO[(k + 1) * (r->n + 1) - 1] = at(f->bout, k);
    }
    for (size_t i = 0; i < r->n * r->K; i++) FB[i] = at(f->B, i);
    for (size_t j = 0; j < r->n; j++) {
        rho[j] = at(f->theta[EP_RHO], j);
        beta[j] = at(f->theta[EP_BETA], j);
    }
    net->W = W, net->WO = WO, net->FB = FB, net->rho = rho, net->beta = beta;
}

static ref_feedback feedback_of(ep_rule rule)
{
    return rule == EP_EPROP1_SYMMETRIC ? REF_FB_SYMMETRIC : rule == EP_EPROP1_GLOBAL ? REF_FB_GLOBAL
         : rule == EP_EPROP1_ADAPTIVE  ? REF_FB_ADAPTIVE : REF_FB_RANDOM;
}

static ep_status open_run(vfy_epv_case *k, uint64_t mask, run *r)
{
    const ep_net *f = &k->net;
    bool lstm = f->model == EP_LSTM;
    *r = (run){.k = k, .mask = mask, .n = (size_t)f->n_rec, .K = (size_t)f->n_out, .nc = lstm ? 4 : 1};
    r->M = (size_t)f->n_in + r->n + 1;
    ref_fixed_net net = {.n_in = f->n_in, .n_rec = f->n_rec, .n_out = f->n_out, .delay = f->opt.delay, .n_ref = f->n_ref,
                         .alif = f->model == EP_ALIF, .lstm = lstm, .softmax = k->batch.loss == EP_CLASSIFICATION, .feedback = feedback_of(k->rule),
                         .alpha = at(f->theta[EP_ALPHA], 0), .kappa = (int64_t)f->kappa, .v_th = (int64_t)f->v_th, .slope = (int64_t)k->slope,
                         .eta = (int64_t)k->eta, .b_forget = (int64_t)f->b_forget, .c_reg = (int64_t)k->batch.c_reg,
                         .n_star = (int64_t)k->batch.f_target, .seed = k->draws};
    if (k->format == VFY_FIXED_USER) {
        if (!k->fixed) return EP_NOTIMPL;
        net.profile = *k->fixed;
    } else {
        ep_status named = ep_fixed_profile(vfy_format_name(k->format) + strlen("fixed:"), &net.profile);
        if (named != EP_OK) return named;
    }
    net.keep = (INT64_C(1) << net.profile.q[RQ_D].frac) - (int64_t)k->lambda;
    size_t words = r->nc * r->n * r->M + r->K * (r->n + 1) + r->n * (r->K + 2) + (size_t)f->n_in + r->K;
    r->store = malloc(words * sizeof *r->store);
    r->count = calloc(r->n, sizeof *r->count);
    if (!r->store || !r->count) return EP_NOMEM;
    r->x = r->store + words - (size_t)f->n_in - r->K;
    r->target = r->x + f->n_in;
    pack(r, &net);
    return ref_fixed_new(&r->s, &net);
}

static ep_status step(run *r, int b, int t)
{
    const ep_batch *bt = &r->k->batch;
    size_t at_step = (size_t)b * (size_t)bt->T + (size_t)(t - 1), in = (size_t)r->k->net.n_in;
    bool masked = bt->mask && bt->mask[at_step] == 0;
    for (size_t i = 0; i < in; i++) r->x[i] = at(bt->x, at_step * in + i);
    for (size_t k = 0; k < r->K; k++) r->target[k] = at(bt->target, at_step * r->K + k);
    ep_status st = ref_fixed_step(r->s, r->x, masked ? NULL : r->target);
    for (size_t j = 0; j < r->n; j++) r->count[j] += (double)ref_fixed_get(r->s, RQ_z, j);
    return st;
}

/* ---- what it computes -------------------------------------------------------------------------------------------- */

/* Element (j, m) of a trace: channel by channel the sources. false: no number of the model (gradients of constants, the output
 * gate's eps). */
static bool trace(const run *r, vfy_quantity q, size_t j, size_t m, int64_t *v)
{
    size_t c = m / r->M, i = m % r->M;
    bool masked = r->nc == 1 && i == (size_t)r->k->net.n_in + j;
    *v = 0;
    if (c >= r->nc) return false;
    if (masked) return true;
    if (q == VFY_Q_EPS_V) *v = ref_fixed_get(r->s, RQ_EV, i);
    else if (q == VFY_Q_EPS_A) *v = ref_fixed_get(r->s, RQ_EA, j * r->M + i);
    else if (q == VFY_Q_E) *v = ref_fixed_get(r->s, RQ_E, j * r->M + i);
    else if (q == VFY_Q_EBAR) *v = ref_fixed_get(r->s, RQ_EB, (c * r->n + j) * r->M + i);
    else if (c < 3) *v = ref_fixed_get(r->s, RQ_EL, (c * r->n + j) * r->M + i);
    return true;
}

static int number_of(vfy_quantity q)
{
    static const int number[] = {[VFY_Q_I] = RQ_I, [VFY_Q_V] = RQ_V, [VFY_Q_A] = RQ_A, [VFY_Q_C] = RQ_CC, [VFY_Q_Z] = RQ_z, [VFY_Q_R] = RQ_r,
                                 [VFY_Q_PSI] = RQ_P, [VFY_Q_Y] = RQ_Y, [VFY_Q_ERR] = RQ_ER, [VFY_Q_L] = RQ_L};
    return number[q];
}

/* Element i of a group, whose rows are among the columns of W (WO, G, GO). */
static int64_t parameter(const run *r, ep_group g, int weights, int readout, size_t i)
{
    size_t in = (size_t)r->k->net.n_in;
    switch (g) {
    case EP_G_WIN: return ref_fixed_get(r->s, weights, i / in * r->M + i % in);
    case EP_G_WREC: return ref_fixed_get(r->s, weights, i / r->n * r->M + in + i % r->n);
    case EP_G_BIAS: return ref_fixed_get(r->s, weights, (i + 1) * r->M - 1);
    case EP_G_WOUT: return ref_fixed_get(r->s, readout, i / r->n * (r->n + 1) + i % r->n);
    default: return ref_fixed_get(r->s, readout, (i + 1) * (r->n + 1) - 1);
    }
}

static bool has(const run *r, vfy_quantity q)
{
    ep_model m = r->k->net.model;
    if (!(r->mask >> q & 1) || !vfy_quantity_of_model(q, m) || q == VFY_Q_S || q == VFY_Q_EPS_S || q == VFY_Q_LOSS || q == VFY_Q_ULOSS) return false;
    return q != VFY_Q_E || m == EP_ALIF; /* the others keep no e */
}

static ep_status add(run *r, vfy_quantity q, size_t position, double value)
{
    vfy_want w = {.q = q, .kind = VFY_VALUE, .at = position};
    return vfy_bits_of(r->k->format, value, &w.bits) ? vfy_epv_add(r->k, &w) : EP_DOMAIN;
}

static ep_status add_step(run *r, int b, int t)
{
    ep_status st = EP_OK;
    for (int i = 0; i <= VFY_Q_L && st == EP_OK; i++) {
        vfy_quantity q = (vfy_quantity)i;
        if (!has(r, q)) continue;
        vfy_shape s = vfy_quantity_shape(q, &r->k->net, r->k->batch.T, r->k->batch.B, 0);
        size_t T = (size_t)r->k->batch.T, width = vfy_shape_size(&s) / (T * (size_t)r->k->batch.B), cols = (size_t)vfy_trace_columns(&r->k->net);
        for (size_t k = 0; k < width && st == EP_OK; k++) {
            bool rows = q >= VFY_Q_EPS_S && q <= VFY_Q_EBAR;
            int64_t v = rows ? 0 : ref_fixed_get(r->s, number_of(q), k);
            if (rows && !trace(r, q, k / cols, k % cols, &v)) continue;
            st = add(r, q, ((size_t)b * T + (size_t)(t - 1)) * width + k, (double)v);
        }
    }
    return st;
}

/* Gradients, or (u > 0) the weights after update u. */
static ep_status add_parameters(run *r, int u)
{
    const ep_net *net = &r->k->net;
    ep_status st = EP_OK;
    for (int g = EP_G_WIN; g <= EP_G_BOUT; g++) {
        vfy_quantity q = (vfy_quantity)((u ? VFY_Q_WEIGHT : VFY_Q_GRAD) + g);
        size_t n = ep_group_size(net, (ep_group)g);
        for (size_t i = 0; has(r, q) && st == EP_OK && i < n; i++)
            st = add(r, q, u ? (size_t)(u - 1) * n + i : i, (double)parameter(r, (ep_group)g, u ? RQ_W : RQ_G, u ? RQ_WO : RQ_GO, i));
    }
    for (size_t i = 0; u && r->k->rule == EP_EPROP1_ADAPTIVE && st == EP_OK && i < r->n * r->K; i++)
        st = add(r, VFY_Q_FEEDBACK, (size_t)(u - 1) * r->n * r->K + i, (double)ref_fixed_get(r->s, RQ_FB, i));
    for (size_t j = 0; u && has(r, VFY_Q_COUNT) && st == EP_OK && j < r->n; j++) st = add(r, VFY_Q_COUNT, (size_t)(u - 1) * r->n + j, r->count[j]);
    return st;
}

static ep_status run_all(run *r)
{
    const vfy_epv_case *k = r->k;
    ep_status st = EP_OK;
    for (int u = 1; u <= (k->updates ? k->updates : 1); u++) {
        for (int b = 0; b < k->batch.B; b++) {
            if (u == 1 || !k->carry) ref_fixed_begin(r->s);
            for (int t = 1; t <= k->batch.T; t++) {
                if ((st = step(r, b, t)) != EP_OK) return st;
                if (!k->updates && (st = add_step(r, b, t)) != EP_OK) return st;
                if (k->online) ref_fixed_update(r->s);
            }
            ref_fixed_end(r->s);
        }
        if (!k->updates) return add_parameters(r, 0);
        if (!k->online) ref_fixed_update(r->s);
        if (vfy_epv_reports(k, u) && (st = add_parameters(r, u)) != EP_OK) return st;
    }
    return st;
}

ep_status vfy_expect_fixed(vfy_epv_case *c, uint64_t mask, uint64_t *events)
{
    size_t had = c->n_want;
    run r;
    ep_status st = open_run(c, mask, &r);
    if (st == EP_OK) st = run_all(&r);
    for (int q = 0; st == EP_OK && events && q < RQ_COUNT; q++) events[q] = ref_fixed_events(r.s, q);
    if (st != EP_OK) c->n_want = had;
    ref_fixed_free(r.s);
    free(r.store);
    free(r.count);
    return st;
}
