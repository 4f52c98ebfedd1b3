/* The fast engine's reformulation of e-prop 1 and BPTT, replayed in any arithmetic of the reference, operation by
 * operation in the engine's order. In the running arithmetic each entry comes with its error bound, which is how the
 * limit for the reformulated sums is derived: from the operations, not from trials. Deviations from plain replay:
 *
 *   psi    the engine multiplies by 1/v_th rounded once: psi = s (1 - |x| inv) has one more rounding of u = |x|/w <= 1,
 *          so mag(psi) grows by s;
 *   fma    rounds once where the replay rounds twice: the replay's mag bounds it;
 *   trans  sum_l Wrec_lj dv_l runs in an order that depends on the vectors' width. Summing n terms in any order rounds
 *          n - 1 times, each time at most u times the sum of |terms|: mag = sum mag(terms) + n sum |terms|.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_FAST_REPLAY_H
#define VFY_FAST_REPLAY_H

#include "scalar_port.h"

typedef struct replay {
    truth *r;
    ref_ctx *c;
    ref_view v;
    ep_rule rule;
    int T, n, n_in, K, R, chunk;
    ref_num *errbar;                    /* [T+2][K] g_out times filtered, within the chunk */
    ref_num *psi, *dv;                  /* [T+2][n] */
    ref_num *dW, *dR, *ebar, *epsa, *p; /* [n][R] */
    ref_num *dWout, *zbar;              /* [n+1][K], [n+1] */
} replay;

static inline ref_num *fresh(replay *a) { return ref_vec(a->c, 1); }

static inline ref_num *times(replay *a, const ref_num *x, const ref_num *y)
{
    ref_num *r = fresh(a);
    ref_mul(a->c, r, x, y);
    return r;
}

/* r <- f r + x */
static inline void decay_add(replay *a, ref_num *r, const ref_num *f, const ref_num *x)
{
    ref_mul(a->c, r, r, f);
    ref_add(a->c, r, r, x);
}

static inline const ref_num *theta_of(const replay *a, ep_theta p, int j)
{
    return a->r->net.theta[p] ? &a->r->net.theta[p][j] : &a->c->zero;
}

/* What channel i shows neuron j at step t; NULL: 0. The diagonal is masked later. */
static inline const ref_num *pre_of(replay *a, int t, int i)
{
    if (i < a->n_in) return a->v.x(&a->v, a->c, t, i);
    return i + 1 == a->R ? a->c->unit : a->v.z_pre(&a->v, a->c, t, i - a->n_in);
}

static inline void replay_open(replay *a, truth *r, ep_rule rule, int chunk)
{
    const ref_net *net = &r->net;
    *a = (replay){.r = r, .c = &r->c, .v = ref_view_plain(net, &r->run.tr[0]), .rule = rule, .T = r->run.T,
                  .n = net->n_rec, .n_in = net->n_in, .K = net->n_out, .R = net->n_in + net->n_rec + 1, .chunk = chunk};
    size_t n = (size_t)a->n, R = (size_t)a->R, K = (size_t)a->K, steps = (size_t)a->T + 2;
    a->errbar = ref_vec(a->c, steps * K);
    a->psi = ref_vec(a->c, steps * n);
    a->dv = ref_vec(a->c, steps * n);
    a->dW = ref_vec(a->c, n * R);
    a->dR = ref_vec(a->c, n * R);
    a->ebar = ref_vec(a->c, n * R);
    a->epsa = ref_vec(a->c, n * R);
    a->p = ref_vec(a->c, n * R);
    a->dWout = ref_vec(a->c, (n + 1) * K);
    a->zbar = ref_vec(a->c, n + 1);
    for (int t = 1; t <= a->T; t++)
        for (int j = 0; j < a->n; j++) {
            ref_num *psi = ref_at2(a->psi, a->n, t, j);
            ref_set(a->c, psi, &r->run.tr[0].q[(t * a->n + j) * net->nq + REF_Q_PSI]);
            psi->e.mag += a->c->ar->to_d(net->psi_scale) * (net->opt.psi_scale == EP_SCALE_GAMMA ? 1 : 1 / a->c->ar->to_d(net->v_th) + 1);
        }
}

/* errbar^t = err^t + kappa errbar^{t+1}, 0 beyond t1; then times g_out. */
static inline void replay_errors(replay *a, int t0, int t1, int window)
{
    for (int t = t1; t >= t0; t--)
        for (int k = 0; k < a->K; k++) {
            ref_num *e = ref_at2(a->errbar, a->K, t, k);
            ref_set(a->c, e, &a->c->zero);
            if (t < t1 && !(window && t % window == 0)) ref_mul(a->c, e, a->r->net.kappa, ref_at2(a->errbar, a->K, t + 1, k));
            ref_add(a->c, e, ref_at2(a->r->run.tr[0].err, a->K, t, k), e);
        }
    for (int t = t0; t <= t1; t++)
        for (int k = 0; k < a->K; k++) {
            ref_num *e = ref_at2(a->errbar, a->K, t, k);
            ref_mul(a->c, e, e, a->r->net.g_out);
        }
}

static inline void signal_of(replay *a, int t, int j, const ref_num *reg, ref_num *L)
{
    bool symmetric = !opt_rule_online(a->rule) || a->rule == EP_EPROP1_SYMMETRIC;
    const ref_net *net = &a->r->net;
    ref_set(a->c, L, reg);
    for (int k = 0; k < a->K; k++)
        ref_addmul(a->c, L, symmetric ? &net->Wout[k * a->n + j] : &net->B[j * a->K + k], ref_at2(a->errbar, a->K, t, k));
}

/* dWout_kj += sum_t errbar_k z_j; the last row is the bias. */
static inline void replay_readout(replay *a, int t0, int t1)
{
    for (int j = 0; j <= a->n; j++)
        for (int k = 0; k < a->K; k++)
            for (int t = t0; t <= t1; t++)
                ref_addmul(a->c, ref_at2(a->dWout, a->K, j, k),
                           j < a->n ? ref_sparse(a->c, ref_at2(a->r->run.tr[0].z, a->n, t, j)) : a->c->unit,
                           ref_at2(a->errbar, a->K, t, k));
}

/* ---- whole trials -------------------------------------------------------------------------------------- */

/* L + sum_l Wrec_lj dv_l^{t+d} in any order. */
static inline void transmitted_to(replay *a, int t, int j, ref_num *L)
{
    double mag = 0, top = 0;
    ref_num *sum = fresh(a);
    for (int l = 0; l < a->n; l++) {
        ref_num *term = times(a, &a->r->net.Wrec[l * a->n + j], ref_at2(a->dv, a->n, t + a->v.delay, l));
        mag += term->e.mag;
        top += fabs(a->c->ar->to_d(term));
        ref_add(a->c, sum, sum, term);
    }
    double start = fabs(a->c->ar->to_d(L)), start_mag = L->e.mag;
    ref_add(a->c, L, L, sum);
    L->e.mag = start_mag + mag + a->n * (start + top); /* the terms are added to L one by one */
}

/* dv = g_in H, all neurons, backward in time. */
static inline void replay_whole(replay *a, int window)
{
    const ref_net *net = &a->r->net;
    bool bptt = a->rule == EP_BPTT || a->rule == EP_TBPTT;
    ref_num *M = ref_vec(a->c, (size_t)a->n), *H = ref_vec(a->c, (size_t)a->n), *G = fresh(a);
    replay_errors(a, 1, a->T, window);
    for (int t = a->T; t >= 1; t--) {
        int end = window && ((t - 1) / window + 1) * window < a->T ? ((t - 1) / window + 1) * window : a->T;
        for (int j = 0; j < a->n; j++) {
            const ref_num *beta = times(a, theta_of(a, EP_BETA, j), &net->g_a[j]), *back = net->v_th;
            if (net->opt.reset == EP_RESET_VTH_SAME) back = times(a, theta_of(a, EP_ALPHA, j), back);
            if (t == end) ref_set(a->c, &M[j], &a->c->zero);
            if (t == end) ref_set(a->c, &H[j], &a->c->zero);
            signal_of(a, t, j, &a->r->run.reg[j], G);
            if (bptt && t + a->v.delay <= end) transmitted_to(a, t, j, G);
            if (bptt && net->opt.reset_path == EP_RESET_TRANSMITTED) ref_sub(a->c, G, G, times(a, back, &H[j]));
            ref_sub(a->c, G, G, times(a, beta, &M[j]));
            ref_mul(a->c, G, ref_at2(a->psi, a->n, t, j), G);
            decay_add(a, &M[j], theta_of(a, EP_RHO, j), G);
            decay_add(a, &H[j], theta_of(a, EP_ALPHA, j), G);
            ref_mul(a->c, ref_at2(a->dv, a->n, t, j), &net->g_in[j], &H[j]);
        }
    }
    for (int j = 0; j < a->n; j++)
        for (int i = 0; i < a->R; i++)
            for (int s = 1; s <= a->T; s++) {
                int t = i + 1 == a->R ? a->T + 1 - s : s; /* the bias is summed in the scan */
                ref_addmul(a->c, ref_at2(a->dW, a->R, j, i), ref_at2(a->dv, a->n, t, j), pre_of(a, t, i));
            }
    replay_readout(a, 1, a->T);
}

/* ---- chunks --------------------------------------------------------------------------------------------- */

enum { SG, SU, SV, SR, N_SCAN };

typedef struct scanned {
    ref_num *hist[N_SCAN], H[N_SCAN], sum[N_SCAN]; /* hist [T+2] */
    ref_num M, K, Mr, D, L, decay, seed; /* eps^a(t0) = decay eps^a + seed p of the step before */
} scanned;

static inline void scan_step(replay *a, scanned *w, int which, int t, int j, const ref_num *x)
{
    decay_add(a, &w->H[which], theta_of(a, EP_ALPHA, j), x);
    ref_mul(a->c, &w->hist[which][t], &a->r->net.g_in[j], &w->H[which]);
    ref_add(a->c, &w->sum[which], &w->sum[which], &w->hist[which][t]);
}

/* psi (L - b M); M <- rho M + it. */
static inline ref_num *adapted(replay *a, int j, const ref_num *psi, const ref_num *L, const ref_num *b, ref_num *M)
{
    ref_num *G = fresh(a);
    ref_sub(a->c, G, L, times(a, b, M));
    ref_mul(a->c, G, psi, G);
    decay_add(a, M, theta_of(a, EP_RHO, j), G);
    return G;
}

static inline void scan_chunk(replay *a, scanned *w, int j, int t0, int t1)
{
    const ref_num *b = times(a, theta_of(a, EP_BETA, j), &a->r->net.g_a[j]);
    ref_num *decay = fresh(a), *d = fresh(a);
    ref_set(a->c, decay, &a->c->one);
    ref_set(a->c, &w->D, &a->c->one);
    for (int t = t1; t >= t0; t--) {
        const ref_num *psi = ref_at2(a->psi, a->n, t, j);
        signal_of(a, t, j, &a->c->zero, &w->L);
        scan_step(a, w, SG, t, j, adapted(a, j, psi, &w->L, b, &w->M));
        scan_step(a, w, SV, t, j, adapted(a, j, psi, decay, b, &w->K));
        scan_step(a, w, SR, t, j, adapted(a, j, psi, &a->c->one, b, &w->Mr));
        scan_step(a, w, SU, t, j, t < t1 ? times(a, psi, &w->D) : &a->c->zero);
        ref_sub(a->c, d, theta_of(a, EP_RHO, j), times(a, b, psi));
        if (t < t1) ref_mul(a->c, &w->D, d, &w->D);
        ref_mul(a->c, decay, decay, a->r->net.kappa);
    }
    ref_mul(a->c, &w->M, b, &w->M);
    ref_mul(a->c, &w->K, b, &w->K);
    ref_mul(a->c, &w->Mr, b, &w->Mr);
    ref_mul(a->c, &w->L, a->r->net.kappa, &w->L);
    if (t0 == 1) return; /* no step before, and no traces */
    const ref_num *psi = ref_at2(a->psi, a->n, t0 - 1, j);
    ref_sub(a->c, &w->decay, theta_of(a, EP_RHO, j), times(a, b, psi));
    ref_mul(a->c, &w->seed, psi, &a->r->net.g_in[j]);
}

/* (alpha g_in H + of_a seed) p + sum_t hist pre; of_a: what multiplies eps^a(t0) */
static inline ref_num *channel(replay *a, const scanned *w, int which, const ref_num *of_a, int j, int i, int t0, int t1)
{
    ref_num *S = times(a, theta_of(a, EP_ALPHA, j), &a->r->net.g_in[j]);
    ref_mul(a->c, S, S, &w->H[which]);
    ref_add(a->c, S, S, times(a, of_a, &w->seed));
    ref_mul(a->c, S, S, ref_at2(a->p, a->R, j, i));
    if (i + 1 == a->R) ref_add(a->c, S, S, &w->sum[which]);
    for (int t = t0; i + 1 < a->R && t <= t1; t++) ref_addmul(a->c, S, &w->hist[which][t], pre_of(a, t, i));
    return S;
}

static inline void pass_chunk(replay *a, const scanned *w, int j, int t0, int t1, const ref_num *decay)
{
    ref_num *of_a[N_SCAN]; /* of eps^a(t0); with `decay` of the step before, of eps^a there */
    const ref_num *from[N_SCAN] = {[SG] = &w->M, [SU] = &w->D, [SV] = &w->K, [SR] = &w->Mr};
    for (int h = 0; h < N_SCAN; h++) {
        of_a[h] = fresh(a);
        if (h == SU) ref_set(a->c, of_a[h], from[h]);
        else ref_sub(a->c, of_a[h], &a->c->zero, from[h]);
    }
    for (int i = 0; i < a->R; i++) {
        ref_num *S[N_SCAN], *e = ref_at2(a->ebar, a->R, j, i), *q = ref_at2(a->epsa, a->R, j, i);
        ref_num *p = ref_at2(a->p, a->R, j, i), *power = fresh(a), *more = times(a, &w->L, e), *sum = fresh(a);
        ref_num *q_part[N_SCAN];
        for (int h = 0; h < N_SCAN; h++) S[h] = channel(a, w, h, of_a[h], j, i, t0, t1);
        for (int h = 0; h < N_SCAN; h++) q_part[h] = times(a, times(a, of_a[h], &w->decay), q);
        ref_add(a->c, more, more, q_part[SG]);
        ref_add(a->c, more, S[SG], more);
        ref_add(a->c, ref_at2(a->dW, a->R, j, i), ref_at2(a->dW, a->R, j, i), more);
        ref_mul(a->c, e, decay, e);
        ref_add(a->c, e, e, q_part[SV]);
        ref_add(a->c, e, e, S[SV]);
        ref_add(a->c, S[SR], S[SR], q_part[SR]);
        ref_add(a->c, ref_at2(a->dR, a->R, j, i), ref_at2(a->dR, a->R, j, i), S[SR]);
        ref_add(a->c, q, q_part[SU], S[SU]);
        ref_set(a->c, power, &a->c->one);
        for (int t = t1; t >= t0; t--) { /* terms of one sign or not: n roundings of at most the sum of |terms| */
            ref_num *term = fresh(a);
            ref_addmul(a->c, term, power, pre_of(a, t, i));
            sum->e.mag += 2 * (t1 - t0 + 1) * fabs(a->c->ar->to_d(term));
            ref_add(a->c, sum, sum, term);
            ref_mul(a->c, power, power, theta_of(a, EP_ALPHA, j));
        }
        decay_add(a, p, power, sum);
    }
}

static inline void readout_chunk(replay *a, int t0, int t1, const ref_num *decay)
{
    replay_readout(a, t0, t1);
    for (int j = 0; j <= a->n; j++) {
        ref_num *zbar = &a->zbar[j], *power = fresh(a), *kz = times(a, a->r->net.kappa, zbar);
        for (int k = 0; k < a->K; k++)
            ref_addmul(a->c, ref_at2(a->dWout, a->K, j, k), kz, ref_at2(a->errbar, a->K, t0, k));
        ref_mul(a->c, zbar, zbar, decay);
        ref_set(a->c, power, &a->c->one);
        for (int t = t1; t >= t0; t--) {
            ref_addmul(a->c, zbar, power,
                       j < a->n ? ref_sparse(a->c, ref_at2(a->r->run.tr[0].z, a->n, t, j)) : a->c->unit);
            ref_mul(a->c, power, power, a->r->net.kappa);
        }
    }
}

static inline void replay_chunks(replay *a)
{
    for (int t0 = 1; t0 <= a->T; t0 += a->chunk) {
        int t1 = t0 + a->chunk - 1 < a->T ? t0 + a->chunk - 1 : a->T;
        ref_num *decay = fresh(a);
        ref_set(a->c, decay, &a->c->one);
        for (int t = t0; t <= t1; t++) ref_mul(a->c, decay, decay, a->r->net.kappa);
        replay_errors(a, t0, t1, 0);
        for (int j = 0; j < a->n; j++) {
            scanned w;
            ref_num *flat = ref_vec(a->c, 2 * N_SCAN + 7);
            memcpy(w.H, flat, sizeof w.H);
            memcpy(w.sum, flat + N_SCAN, sizeof w.sum);
            memcpy(&w.M, flat + 2 * N_SCAN, 7 * sizeof *flat);
            for (int h = 0; h < N_SCAN; h++) w.hist[h] = ref_vec(a->c, (size_t)a->T + 2);
            scan_chunk(a, &w, j, t0, t1);
            pass_chunk(a, &w, j, t0, t1, decay);
        }
        readout_chunk(a, t0, t1, decay);
    }
}

/* Entry of a gradient group. */
static inline ref_num *replay_entry(replay *a, int g, size_t k)
{
    int n = a->n, at = (int)k, j = g == EP_G_WIN ? at / a->n_in : g == EP_G_WREC ? at / n : at;
    int i = g == EP_G_WIN ? at % a->n_in : g == EP_G_WREC ? a->n_in + at % n : a->R - 1;
    if (g == EP_G_WOUT) return ref_at2(a->dWout, a->K, at % n, at / n);
    if (g == EP_G_BOUT) return ref_at2(a->dWout, a->K, n, at);
    ref_num *sum = fresh(a);
    if (g == EP_G_WREC && i - a->n_in == j) return sum;
    ref_set(a->c, sum, ref_at2(a->dW, a->R, j, i));
    if (a->chunk) ref_addmul(a->c, sum, &a->r->run.reg[j], ref_at2(a->dR, a->R, j, i));
    return sum;
}

#endif
