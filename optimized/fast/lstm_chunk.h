/* E-prop 1 online, by chunks of steps t0 .. t1 with exact carries: memory is constant in T, and the gradient of a chunk
 * depends on nothing later than t1.
 *
 * Carried over synapses ji and trials: eps(t0-1) and, with kappa > 0, ebar(t0-1). Within the chunk, over neurons,
 * s = t1 .. t0, w = dz/dh, D = dh/dI, f = dh^s/dh^{s-1}:
 *
 *   Lh^s = L^s + kappa Lh^{s+1};       S^s = w Lh^s + f^{s+1} S^{s+1}
 *   K^s = kappa^{t1-s} w + f^{s+1} K^{s+1};  F^{s-1} = f^s F^s, F^{t1} = 1
 *   mu = f^{t0} S^{t0}, nu = f^{t0} K^{t0}, F = F^{t0-1}, lambda = kappa Lh^{t0}
 *   dW   += sum_s D S^s u^s + mu eps + lambda ebar
 *   ebar <- kappa^c ebar + nu eps + sum_s D K^s u^s
 *   eps  <- F eps + sum_s D F^s u^s                                             (old values on the right)
 *
 * The output gate has e = phi(c) o(1-o) u without eps: the same with D S -> dz/dI Lh, dz/dI kappa^{t1-s}. The sum of
 * unfiltered traces R = sum_t e, which the regulariser needs, is dW with L = 1 and no ebar. Alpha of a rate unit is one
 * more synapse, with v^{s-1} in place of u.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSTM_CHUNK_H
#define OPT_FAST_LSTM_CHUNK_H

#include "lstm_backward.h"

/* Steps from .. to. */
typedef struct chunk {
    state *s;
    uint64_t from, to;
    size_t parts;
    size_t rows;      /* of the packed piece */
    uint64_t piece;   /* its first step */
} chunk;

static real *learn_row(const chunk *w, real *a, uint64_t t, size_t b)
{
    return a + ((size_t)(t - w->s->base - 1) * w->s->nb + b) * w->s->ldi;
}

static void scan_step(const chunk *w, uint64_t t, size_t b)
{
    state *s = w->s;
    size_t at = b * s->np;
    cell_row c = cell_at(s, t, b);
    if (s->chunks) { /* windows of eprop3 have made theirs with the adjoints */
        s->k->filter(s->np, s->kappa, row(s, s->sig, t, b, s->np), s->Lh + at);
        c.L = s->Lh + at;
        c.carry = s->S + at;
        c.D = learn_row(w, s->Dq, t, b);
        c.dalpha = s->a_S + at;
        s->k->backward[s->cell](&c);
    }
    if (s->kappa > 0) {
        c.L = s->power + at;
        c.carry = s->K + at;
        c.D = learn_row(w, s->Dk, t, b);
        c.dalpha = s->a_K + at;
        s->k->backward[s->cell](&c);
        for (size_t j = 0; j < s->np; j++) s->power[at + j] *= s->kappa;
    }
    if (s->R) {
        c.L = s->ones;
        c.carry = s->S1 + at;
        c.D = learn_row(w, s->D1, t, b);
        c.dalpha = s->a_1 + at;
        s->k->backward[s->cell](&c);
    }
    c.carry = s->F + at;
    c.D = learn_row(w, s->Du, t, b);
    c.dalpha = s->a_U + at;
    s->k->decay[s->cell](&c);
}

static void scan_part(void *arg, size_t n, size_t lane)
{
    const chunk *w = arg;
    state *s = w->s;
    (void)lane;
    for (size_t b = part_of(s->nb, w->parts, n); b < part_of(s->nb, w->parts, n + 1); b++) {
        real *const start_0[] = {s->S, s->K, s->S1, s->Lh, s->a_S, s->a_K, s->a_1, s->a_U};
        for (size_t k = 0; k < sizeof start_0 / sizeof *start_0; k++) zero(start_0[k] + b * s->np, s->np);
        for (size_t j = 0; j < s->np; j++) s->F[b * s->np + j] = s->power[b * s->np + j] = 1;
        for (uint64_t t = w->to; t >= w->from; t--) scan_step(w, t, b);
    }
}

/* Old eps and ebar into G and R, then what is left of them; rows are shared out, trials in order. */
static void carry_part(void *arg, size_t n, size_t lane)
{
    const chunk *w = arg;
    state *s = w->s;
    size_t rows = s->nc * s->np;
    real keep = 1;
    (void)lane;
    for (uint64_t t = w->from; t <= w->to; t++) keep *= s->kappa;
    for (size_t b = 0; b < s->nb; b++)
        for (size_t r = part_of(rows, w->parts, n); r < part_of(rows, w->parts, n + 1); r++) {
            size_t j = b * s->np + r % s->np;
            bool has = r < s->ne * s->np;
            if (!has && s->kappa == 0) continue;
            trace_row c = {.n = s->ldg, .G = s->G + r * s->ldg, .R = s->R ? s->R + r * s->ldg : NULL,
                           .eps = has ? s->eps + (b * s->ne * s->np + r) * s->ldg : NULL,
                           .ebar = s->kappa > 0 ? s->ebar + (b * rows + r) * s->ldg : NULL,
                           .mu = s->S[j], .mu1 = s->S1[j], .lambda = s->kappa * s->Lh[j], .keep = keep, .nu = s->K[j],
                           .F = s->F[j]};
            s->k->traces(&c);
        }
}

/* The same for alpha; adds all of the chunk. */
static void carry_alpha(const chunk *w)
{
    state *s = w->s;
    real keep = 1;
    for (uint64_t t = w->from; t <= w->to; t++) keep *= s->kappa;
    for (size_t b = 0; b < s->nb; b++)
        for (size_t j = 0, at = b * s->np; j < s->np; j++, at++) {
            real eps = s->a_eps[at], ebar = s->a_ebar[at];
            s->galpha[j] += s->a_S[at] + s->S[at] * eps + s->kappa * s->Lh[at] * ebar;
            s->a_R[at] += s->a_1[at] + s->S1[at] * eps;
            s->a_ebar[at] = keep * ebar + s->K[at] * eps + s->a_K[at];
            s->a_eps[at] = s->F[at] * eps + s->a_U[at];
        }
}

/* G += D^T u over all trials of a piece that is packed. */
static void sum_part(void *arg, size_t n, size_t lane)
{
    const chunk *w = arg;
    state *s = w->s;
    weights_rows(s, w->parts, n, lane, w->rows, learn_row(w, s->Dq, w->piece, 0), w->rows, s->G);
    if (s->R) weights_rows(s, w->parts, n, lane, w->rows, learn_row(w, s->D1, w->piece, 0), w->rows, s->R);
}

/* eps and ebar of one trial; pack: [span / nb][ldg] of its own. */
static void trace_trial(const chunk *w, size_t b, size_t lane)
{
    state *s = w->s;
    size_t c = (size_t)(w->to - w->from + 1), n = columns_of(s), per = s->nb * s->ldi;
    real *pack = s->packs + lane * s->cap * s->ldg, *sliver = s->slivers + lane * sliver_size(s);
    real *eps = s->eps + b * s->ne * s->np * s->ldg, *ebar = s->ebar + b * s->nc * s->np * s->ldg;
    s->k->pack(c, n, 0, panels_of(s), row(s, s->u, w->from, b, s->ldu), s->nb * s->ldu, 1, pack);
    s->k->gemm_transposed(0, s->ne * s->np, n, c, learn_row(w, s->Du, w->from, b), per, pack, c, eps, s->ldg, eps + n,
                          sliver);
    if (s->kappa > 0)
        s->k->gemm_transposed(0, s->nc * s->np, n, c, learn_row(w, s->Dk, w->from, b), per, pack, c, ebar, s->ldg,
                              ebar + n, sliver);
}

static void trace_part(void *arg, size_t n, size_t lane)
{
    const chunk *w = arg;
    for (size_t b = part_of(w->s->nb, w->parts, n); b < part_of(w->s->nb, w->parts, n + 1); b++) trace_trial(w, b, lane);
}

/* Traces begin with zeros: is this the first time? */
static bool traces_start(state *s)
{
    if (s->live) return false;
    zero(s->eps, s->nb * s->ne * s->np * s->ldg);
    if (s->kappa > 0) zero(s->ebar, s->nb * s->nc * s->np * s->ldg);
    zero(s->a_eps, s->nb * s->np);
    zero(s->a_ebar, s->nb * s->np);
    return s->live = true;
}

/* Signals of steps flushed+1 .. to enter the gradient; traces move on to step `to`. */
static void chunk_flush(state *s, uint64_t to)
{
    chunk w = {.s = s, .from = s->flushed + 1, .to = to, .parts = s->threads};
    size_t most = s->nb ? s->span / s->nb : 1;
    if (to <= s->flushed || s->nb == 0) return;
    bool first = traces_start(s);
    fast_parallel(scan_part, &w, w.parts, s->threads);
    if (!first) fast_parallel(carry_part, &w, w.parts, s->threads);
    if (s->cell == 1) carry_alpha(&w);
    for (w.piece = w.from; w.piece <= to; w.piece += most) {
        uint64_t left = to - w.piece + 1;
        w.rows = (left < most ? (size_t)left : most) * s->nb;
        s->k->pack(w.rows, columns_of(s), 0, panels_of(s), row(s, s->u, w.piece, 0, s->ldu), s->ldu, 1, s->pack);
        fast_parallel(sum_part, &w, w.parts, s->threads);
    }
    fast_parallel(trace_part, &w, w.parts, s->threads);
    s->flushed = to;
}

/* Makes room for the next steps: the last one becomes slot 0. */
static void window_shift(state *s)
{
    size_t last = slot(s, s->t), B = s->nb;
    struct {
        real *a;
        size_t ld, from, n;
    } move[] = {{s->u, s->ldu, last + 1, s->d}, {s->q, s->ldq, last, 1}, {s->h, s->np, last, 1},
                {s->phi, s->np, last, 1}, {s->y, s->ldy, last, 1}, {s->err, s->ldy, last, 1}};
    for (size_t k = 0; k < sizeof move / sizeof *move; k++)
        memmove(move[k].a + (k == 0) * B * move[k].ld, move[k].a + move[k].from * B * move[k].ld,
                move[k].n * B * move[k].ld * sizeof(real));
    s->base = s->t;
}

/* One step of all trials; x of trial b at x + b stride. */
static void online_step(state *s, const real *x, size_t stride)
{
    if (s->t - s->base == s->cap) {
        if (s->chunks) chunk_flush(s, s->t);
        window_shift(s);
    }
    if (s->alpha_set) {
        if (s->chunks) chunk_flush(s, s->t);
        take_alpha(s);
    }
    pack_weights(s);
    s->t++;
    s->T_all++;
    s->learnt = false;
    forward_rows(s, s->t, 0, s->nb, x, stride);
    if (!s->chunks) return;
    zero(row(s, s->sig, s->t, 0, s->np), s->nb * s->np);
    zero(s->ring + (size_t)(s->t % (s->late + 1)) * s->nb * s->np, s->nb * s->np);
    for (size_t b = 0; b < s->nb; b++) {
        real *zbar = s->zbar + b * (s->np + LSTM_PAD);
        const real *z = z_row(s, s->t, b);
        for (size_t j = 0; j < s->np; j++) zbar[j] = s->kappa * zbar[j] + s->g_out * z[j];
        zbar[s->np] = s->kappa * zbar[s->np] + s->g_out;
    }
}

/* err^t is in its slot. L: given signals [B][n_rec] in place of feedback, or NULL. */
static void online_learn(state *s, const real *L)
{
    size_t np = s->np, ring = s->late + 1, wide = np + LSTM_PAD;
    real *now = s->ring + (size_t)(s->t % ring) * s->nb * np;
    const real *err = row(s, s->err, s->t, 0, s->ldy);
    pack_weights(s);
    s->learnt = true;
    for (size_t b = 0; L && b < s->nb; b++) memcpy(now + b * np, L + b * s->n_rec, s->n_rec * sizeof *L);
    if (!L) {
        s->k->gemm(s->nb, np, s->n_out, err, s->ldy, s->Wl, now, np, false);
        s->k->pack(s->nb, np, 0, np / s->k->panel, s->zbar, wide, 1, s->pack);
        s->k->gemm_transposed(0, s->n_out, np, s->nb, err, s->ldy, s->pack, s->nb, s->Gout, np, NULL, s->slivers);
        for (size_t b = 0; b < s->nb; b++)
            for (size_t k = 0; k < s->n_out; k++) s->gbout[k] += err[b * s->ldy + k] * s->zbar[b * wide + np];
    }
    memcpy(row(s, s->sig, s->t, 0, np), s->ring + (size_t)((s->t + ring - s->late) % ring) * s->nb * np,
           s->nb * np * sizeof *now);
}

#endif
