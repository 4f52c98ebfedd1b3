/* The fast engine's general kernels replayed in any arithmetic of the reference, operation by operation: backward in time over
 * the neurons' own paths, whole trials and chunks. In the running arithmetic every entry comes with its error bound in units
 * of u, which is the limit that binary32 is judged by. Local derivatives are the reference's. Deviations from plain replay:
 *
 *   entries   a derivative is a product or short sum of recorded numbers; the engine rounds as often as the reference, in another
 *             order, on partial results that are no larger: mag doubles; the vectors' exp is within 2 ulp = 4 u: 4 |entry| more.
 *             Parameters (mag 0) are exact in both;
 *   0 and 1   adding 0 and multiplying by 1 rounds nothing: what is structurally 0 is left out;
 *   fma       rounds once where the replay rounds twice: the replay's mag bounds it;
 *   trans     sum_l Wrec_lj dI_l runs in an order that depends on the vectors' width: transmitted_to() of fast_replay.h.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_GENERAL_REPLAY_H
#define VFY_GENERAL_REPLAY_H

#include "fast_replay.h"

/* NULL: structurally zero. */
typedef struct derivatives {
    const ref_num *hh[REF_NH][REF_NH], *loc[REF_NH], *tr[REF_NH], *hI[REF_NH], *zh[REF_NH], *hp[REF_NH][EP_N_THETA],
        *zp[EP_N_THETA];
} derivatives;

/* Adjoints of one neuron that are given `given` from outside; what comes from the step after. */
typedef struct path {
    ref_num *h, *loc, *tr; /* [nh], one, one */
    ref_num *dI;           /* [T+2] */
    ref_num *sum;          /* [theta, bias] */
} path;

typedef struct general {
    replay base;
    derivatives *J;        /* [T+1][n] */
    int nh, window, late;
    ref_num *Ltr, *signal; /* [T+2][n] */
    ref_num *eps, *dtheta, *dRtheta, *tbar, *teps; /* [n][R][nh]; theta: [n][theta] gradient, R, ebar; [n][theta][nh] */
} general;

static inline const ref_num *entry_of(general *a, const ref_num *x)
{
    ref_ctx *c = a->base.c;
    if (!x || x == c->unit || !(x->e.mag > 0)) return x;
    ref_num *r = ref_vec(c, 1);
    ref_set(c, r, x);
    r->e.mag = 2 * x->e.mag + 4 * fabs(c->ar->to_d(x));
    return r;
}

static inline void derivatives_at(general *a, int t, int j, derivatives *D)
{
    ref_jac J;
    ck_assert_int_eq(ref_jac_init(a->base.c, &J), EP_OK);
    a->base.v.jac(&a->base.v, a->base.c, t, j, &J);
    for (int m = 0; m < a->nh; m++) {
        for (int k = 0; k < a->nh; k++) D->hh[m][k] = entry_of(a, J.hh[m][k]);
        for (int p = 0; p < EP_N_THETA; p++) D->hp[m][p] = entry_of(a, J.hp[m][p]);
        D->loc[m] = entry_of(a, J.hz_loc[m]);
        D->tr[m] = entry_of(a, J.hz_tr[m]);
        D->hI[m] = entry_of(a, J.hI[m][0]);
        D->zh[m] = entry_of(a, J.zh[m]);
    }
    for (int p = 0; p < EP_N_THETA; p++) D->zp[p] = entry_of(a, J.zp[p]);
}

static inline void general_open(general *a, truth *r, ep_rule rule, int window, int chunk)
{
    *a = (general){.nh = r->net.nh, .window = rule >= EP_TBPTT ? window : 0, .late = opt_rule_online(rule) ? r->net.opt.delay_L : 0};
    replay_open(&a->base, r, rule, chunk);
    size_t n = (size_t)a->base.n, steps = (size_t)a->base.T + 2, nh = (size_t)a->nh;
    a->J = calloc(steps * n, sizeof *a->J);
    ck_assert_ptr_nonnull(a->J);
    for (int t = 1; t <= a->base.T; t++)
        for (int j = 0; j < a->base.n; j++) derivatives_at(a, t, j, &a->J[t * a->base.n + j]);
    a->Ltr = ref_vec(a->base.c, steps * n);
    a->signal = ref_vec(a->base.c, steps * n);
    a->eps = ref_vec(a->base.c, n * (size_t)a->base.R * nh);
    a->dtheta = ref_vec(a->base.c, n * EP_N_THETA);
    a->dRtheta = ref_vec(a->base.c, n * EP_N_THETA);
    a->tbar = ref_vec(a->base.c, n * EP_N_THETA);
    a->teps = ref_vec(a->base.c, n * EP_N_THETA * nh);
}

static inline void general_close(general *a) { free(a->J); }

/* ---- one path -------------------------------------------------------------------------------------------- */

static inline path path_open(general *a)
{
    ref_ctx *c = a->base.c;
    return (path){.h = ref_vec(c, REF_NH), .loc = ref_vec(c, 1), .tr = ref_vec(c, 1), .dI = ref_vec(c, (size_t)a->base.T + 2),
                  .sum = ref_vec(c, EP_N_THETA + 1)};
}

static inline void path_cut(general *a, path *w)
{
    for (int m = 0; m < a->nh; m++) ref_set(a->base.c, &w->h[m], &a->base.c->zero);
    ref_set(a->base.c, w->loc, &a->base.c->zero);
    ref_set(a->base.c, w->tr, &a->base.c->zero);
}

static inline void path_step(general *a, path *w, int t, int j, const ref_num *given)
{
    ref_ctx *c = a->base.c;
    const derivatives *D = &a->J[t * a->base.n + j];
    ref_num *dz = ref_vec(c, 1), *dh = ref_vec(c, REF_NH);
    ref_add(c, dz, given, w->loc);
    for (int m = 0; m < a->nh; m++) {
        ref_addmul(c, &dh[m], D->zh[m], dz);
        ref_add(c, &dh[m], &dh[m], &w->h[m]);
    }
    path_cut(a, w);
    ref_set(c, &w->dI[t], &c->zero);
    for (int m = 0; m < a->nh; m++) {
        ref_addmul(c, &w->dI[t], D->hI[m], &dh[m]);
        ref_addmul(c, w->loc, D->loc[m], &dh[m]);
        ref_addmul(c, w->tr, D->tr[m], &dh[m]);
        for (int k = 0; k < a->nh; k++) ref_addmul(c, &w->h[m], D->hh[k][m], &dh[k]);
    }
    ref_add(c, &w->sum[EP_N_THETA], &w->sum[EP_N_THETA], &w->dI[t]);
    for (int p = 0; p < EP_N_THETA; p++) {
        ref_num *sum = ref_vec(c, 1);
        ref_addmul(c, sum, D->zp[p], dz);
        for (int m = 0; m < a->nh; m++) ref_addmul(c, sum, D->hp[m][p], &dh[m]);
        ref_add(c, &w->sum[p], &w->sum[p], sum);
    }
}

/* ---- whole trials -------------------------------------------------------------------------------------------- */

static inline int window_end(const general *a, int t)
{
    int end = a->window ? ((t - 1) / a->window + 1) * a->window : a->base.T;
    return end < a->base.T ? end : a->base.T;
}

/* errbar of errors that come `late`, filtered across windows. */
static inline void late_errbar(general *a, int late)
{
    ref_ctx *c = a->base.c;
    for (int t = a->base.T; t >= 1; t--)
        for (int k = 0; k < a->base.K; k++) {
            ref_num *e = ref_at2(a->base.errbar, a->base.K, t, k), *g = ref_vec(c, 1);
            if (t > late) ref_mul(c, g, a->base.r->net.g_out, ref_at2(a->base.r->run.tr[0].err, a->base.K, t - late, k));
            ref_set(c, e, &c->zero);
            if (t < a->base.T) ref_mul(c, e, a->base.r->net.kappa, ref_at2(a->base.errbar, a->base.K, t + 1, k));
            ref_add(c, e, g, e);
        }
}

/* All neurons backward; with `cut`, the adjoints of windows, whose Ltr is kept; else Ltr as it is. dI in base.dv. */
static inline void whole_run(general *a, bool cut, path *w)
{
    ref_ctx *c = a->base.c;
    int n = a->base.n, d = a->base.v.delay;
    for (int j = 0; j < n; j++) w[j] = path_open(a);
    for (int t = a->base.T; t >= 1; t--)
        for (int j = 0; j < n; j++) {
            ref_num *L = ref_vec(c, 1), *Ltr = ref_at2(a->Ltr, n, t, j);
            if (cut && t == window_end(a, t)) path_cut(a, &w[j]);
            if (cut) {
                ref_set(c, Ltr, &c->zero);
                if (t + d <= window_end(a, t)) transmitted_to(&a->base, t, j, Ltr);
                ref_add(c, Ltr, Ltr, w[j].tr);
            }
            signal_of(&a->base, t, j, &a->base.r->run.reg[j], L);
            ref_add(c, L, L, Ltr);
            path_step(a, &w[j], t, j, L);
            ref_set(c, ref_at2(a->base.dv, n, t, j), &w[j].dI[t]);
        }
}

static inline void general_whole(general *a)
{
    ref_ctx *c = a->base.c;
    ep_rule rule = a->base.rule;
    bool eprop3 = rule == EP_EPROP3 || rule == EP_EPROP3_SG, adjoint = !opt_rule_online(rule);
    path *w = calloc((size_t)a->base.n, sizeof *w);
    ck_assert_ptr_nonnull(w);
    if (adjoint) {
        replay_errors(&a->base, 1, a->base.T, a->window);
        whole_run(a, true, w);
    }
    if (!adjoint || eprop3) {
        late_errbar(a, a->late);
        whole_run(a, false, w);
        late_errbar(a, 0);
    }
    for (int j = 0; j < a->base.n; j++) {
        for (int i = 0; i < a->base.R; i++)
            for (int s = 1; s <= a->base.T; s++) {
                int t = i + 1 == a->base.R ? a->base.T + 1 - s : s; /* the bias is summed in the scan */
                ref_addmul(c, ref_at2(a->base.dW, a->base.R, j, i), &w[j].dI[t], pre_of(&a->base, t, i));
            }
        for (int p = 0; p < EP_N_THETA; p++) ref_set(c, ref_at2(a->dtheta, EP_N_THETA, j, p), &w[j].sum[p]);
    }
    replay_readout(&a->base, 1, a->base.T);
    free(w);
}

/* ---- chunks ---------------------------------------------------------------------------------------------------- */

enum { PATH_G, PATH_V, PATH_R, PATH_U, N_PATH = PATH_U + REF_NH };

/* Signals of the chunk's steps, of `late` steps before, filtered. */
static inline void chunk_signals(general *a, int t0, int t1)
{
    ref_ctx *c = a->base.c;
    const ref_net *net = &a->base.r->net;
    int n = a->base.n, K = a->base.K;
    for (int t = t1; t >= t0; t--)
        for (int j = 0; j < n; j++) {
            ref_num *L = ref_at2(a->signal, n, t, j), *e = ref_vec(c, 1);
            ref_set(c, L, &c->zero);
            for (int k = 0; t > a->late && k < K; k++) {
                ref_mul(c, e, net->g_out, ref_at2(a->base.r->run.tr[0].err, K, t - a->late, k));
                ref_addmul(c, L, e, a->base.rule == EP_EPROP1_SYMMETRIC ? &net->Wout[k * n + j] : &net->B[j * K + k]);
            }
            if (t < t1) ref_addmul(c, L, net->kappa, ref_at2(a->signal, n, t + 1, j));
        }
}

/* S^X of one channel, or theta_p at i - R. */
static inline ref_num *path_sum(general *a, const path *w, int i, int t0, int t1)
{
    ref_num *sum = ref_vec(a->base.c, 1);
    int R = a->base.R;
    if (i + 1 >= R) return &w->sum[i + 1 == R ? EP_N_THETA : i - R];
    for (int t = t0; t <= t1; t++) ref_addmul(a->base.c, sum, &w->dI[t], pre_of(&a->base, t, i));
    return sum;
}

/* (hh' dh + loc zh) . eps, and loc zp of theta_p; zh, zp of the step before. */
static inline ref_num *path_carry(general *a, const path *w, const derivatives *before, int p, const ref_num *eps)
{
    ref_ctx *c = a->base.c;
    ref_num *sum = ref_vec(c, 1);
    for (int m = 0; m < a->nh; m++) {
        ref_num *factor = ref_vec(c, 1);
        ref_addmul(c, factor, w->loc, before->zh[m]);
        ref_add(c, factor, &w->h[m], factor);
        ref_addmul(c, sum, factor, &eps[m]);
    }
    if (p >= 0) ref_addmul(c, sum, w->loc, before->zp[p]);
    return sum;
}

static inline void chunk_synapse(general *a, const path *w, const derivatives *before, const ref_num *lambda, const ref_num *decay, int j,
                                 int i, int t0, int t1)
{
    ref_ctx *c = a->base.c;
    int R = a->base.R, p = i >= R ? i - R : -1;
    ref_num *eps = p < 0 ? a->eps + (j * R + i) * a->nh : a->teps + (j * EP_N_THETA + p) * a->nh, *S[N_PATH];
    ref_num *e = p < 0 ? ref_at2(a->base.ebar, R, j, i) : ref_at2(a->tbar, EP_N_THETA, j, p);
    ref_num *dW = p < 0 ? ref_at2(a->base.dW, R, j, i) : ref_at2(a->dtheta, EP_N_THETA, j, p);
    ref_num *dR = p < 0 ? ref_at2(a->base.dR, R, j, i) : ref_at2(a->dRtheta, EP_N_THETA, j, p);
    for (int k = 0; k < PATH_U + a->nh; k++) S[k] = path_sum(a, &w[k], i, t0, t1);
    ref_num *more = ref_vec(c, 1), *of[N_PATH];
    for (int k = 0; k < PATH_U + a->nh; k++) of[k] = path_carry(a, &w[k], before, p, eps);
    ref_add(c, more, S[PATH_G], of[PATH_G]);
    ref_addmul(c, more, lambda, e);
    ref_add(c, dW, dW, more);
    ref_mul(c, e, decay, e);
    ref_add(c, e, e, S[PATH_V]);
    ref_add(c, e, e, of[PATH_V]);
    ref_add(c, more, S[PATH_R], of[PATH_R]);
    ref_add(c, dR, dR, more);
    for (int m = 0; m < a->nh; m++) ref_add(c, &eps[m], S[PATH_U + m], of[PATH_U + m]);
}

static inline void chunk_neuron(general *a, int j, int t0, int t1, const ref_num *decay)
{
    ref_ctx *c = a->base.c;
    path w[N_PATH];
    ref_num *power = ref_vec(c, 1), *lambda = ref_vec(c, 1);
    for (int k = 0; k < PATH_U + a->nh; k++) w[k] = path_open(a);
    for (int m = 0; m < a->nh; m++) ref_set(c, &w[PATH_U + m].h[m], &c->one);
    ref_set(c, power, &c->one);
    for (int t = t1; t >= t0; t--) {
        path_step(a, &w[PATH_G], t, j, ref_at2(a->signal, a->base.n, t, j));
        path_step(a, &w[PATH_V], t, j, power);
        path_step(a, &w[PATH_R], t, j, &c->one);
        for (int m = 0; m < a->nh; m++) path_step(a, &w[PATH_U + m], t, j, &c->zero);
        ref_mul(c, power, power, a->base.r->net.kappa);
    }
    ref_mul(c, lambda, a->base.r->net.kappa, ref_at2(a->signal, a->base.n, t0, j));
    for (int i = 0; i < a->base.R + EP_N_THETA; i++)
        if (i < a->base.R || ref_group_size(&a->base.r->net, (ep_group)(EP_G_THETA + (ep_group)(i - a->base.R))) > 0)
            chunk_synapse(a, w, &a->J[(t0 - 1) * a->base.n + j], lambda, decay, j, i, t0, t1);
}

static inline void general_chunks(general *a)
{
    for (int t0 = 1; t0 <= a->base.T; t0 += a->base.chunk) {
        int t1 = t0 + a->base.chunk - 1 < a->base.T ? t0 + a->base.chunk - 1 : a->base.T;
        ref_num *decay = ref_vec(a->base.c, 1);
        ref_set(a->base.c, decay, &a->base.c->one);
        for (int t = t0; t <= t1; t++) ref_mul(a->base.c, decay, decay, a->base.r->net.kappa);
        replay_errors(&a->base, t0, t1, 0);
        chunk_signals(a, t0, t1);
        for (int j = 0; j < a->base.n; j++) chunk_neuron(a, j, t0, t1, decay);
        readout_chunk(&a->base, t0, t1, decay);
    }
}

static inline void general_run(general *a)
{
    if (a->base.chunk) general_chunks(a);
    else general_whole(a);
}

static inline ref_num *general_entry(general *a, int g, size_t k)
{
    if (g < EP_G_THETA) return replay_entry(&a->base, g, k);
    ref_num *sum = ref_vec(a->base.c, 1);
    int j = (int)k, p = g - EP_G_THETA;
    ref_set(a->base.c, sum, ref_at2(a->dtheta, EP_N_THETA, j, p));
    if (a->base.chunk) ref_addmul(a->base.c, sum, &a->base.r->run.reg[j], ref_at2(a->dRtheta, EP_N_THETA, j, p));
    return sum;
}

#endif
