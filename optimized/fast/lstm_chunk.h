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
 *
 * The traces follow when they are needed: those of a trial's last chunk never are. Windows of eprop3 learn here too: their
 * S^s = w (Ltr^s + Lh^s) + f^{s+1} S^{s+1} (lstm_window.h).
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSTM_CHUNK_H
#define OPT_FAST_LSTM_CHUNK_H

#include "lstm_learn.h"

static void signal_step(const chunk *w, uint64_t t, size_t b)
{
    state *s = w->s;
    size_t at = b * s->np;
    cell_row c = cell_at(s, t, b);
    s->k->filter(s->np, s->kappa, row(s, s->sig, t, b, s->np), s->Lh + at);
    c.L = s->Lh + at;
    c.carry = s->S + at;
    c.D = learn_row(w, s->Dq, t, b, s->ldi);
    c.dalpha = s->a_S + at;
    s->k->backward[s->cell](&c);
    if (!s->R) return;
    c.L = s->ones;
    c.carry = s->S1 + at;
    c.D = learn_row(w, s->D1, t, b, s->ldi);
    c.dalpha = s->a_1 + at;
    s->k->backward[s->cell](&c);
}

/* Leaves mu in S, that of L = 1 in S1, lambda in Lh. */
static void signal_part(void *arg, size_t n, size_t lane)
{
    const chunk *w = arg;
    state *s = w->s;
    size_t b0 = part_of(s->nb, w->parts, n), b1 = part_of(s->nb, w->parts, n + 1), np = s->np;
    real *const start_0[] = {s->S, s->S1, s->Lh, s->a_S, s->a_1};
    (void)lane;
    for (size_t k = 0; k < sizeof start_0 / sizeof *start_0; k++) zero(start_0[k] + b0 * np, (b1 - b0) * np);
    for (uint64_t t = w->to; b0 < b1 && t >= w->from; t--)
        for (size_t b = b0; b < b1; b++) signal_step(w, t, b);
    for (size_t k = b0 * np; k < b1 * np; k++) s->Lh[k] *= s->kappa;
}

/* G += D^T u over all trials of a piece that is packed. */
static void sum_part(void *arg, size_t n, size_t lane)
{
    const chunk *w = arg;
    state *s = w->s;
    weights_rows(s, w->parts, n, lane, w->rows, learn_row(w, s->Dq, w->piece, 0, s->ldi), w->rows, s->G);
    if (s->R) weights_rows(s, w->parts, n, lane, w->rows, learn_row(w, s->D1, w->piece, 0, s->ldi), w->rows, s->R);
}

static void sum_pieces(chunk *w)
{
    state *s = w->s;
    size_t most = s->span / s->nb;
    for (w->piece = w->from; w->piece <= w->to; w->piece += most) {
        uint64_t left = w->to - w->piece + 1;
        w->rows = (left < most ? (size_t)left : most) * s->nb;
        s->k->pack(w->rows, columns_of(s), 0, panels_of(s), row(s, s->u, w->piece, 0, s->ldu), s->ldu, s->pack, w->rows);
        fast_parallel(sum_part, w, w->parts, s->threads);
    }
}

/* Gradients of alpha, all of the chunk. */
static void carry_alpha(const state *s)
{
    for (size_t b = 0, at = 0; b < s->nb; b++, at = b * s->np)
        for (size_t j = 0; j < s->np; j++, at++) {
            s->galpha[j] += s->a_S[at] + s->S[at] * s->a_eps[at] + s->Lh[at] * s->a_ebar[at];
            s->a_R[at] += s->a_1[at] + s->S1[at] * s->a_eps[at];
        }
}

/* Signals of steps flushed+1 .. to enter the gradient. goes_on: the traces, if there are any, are moved in the same pass. */
static void chunk_flush(state *s, uint64_t to, bool goes_on)
{
    chunk w = {.s = s, .from = s->flushed + 1, .to = to, .parts = s->threads, .carry = true};
    if (to <= s->flushed || s->nb == 0) return;
    pack_weights(s);
    traces_follow(s);
    if (s->chunks) {
        fast_parallel(signal_part, &w, w.parts, s->threads);
        if (s->cell == 1) carry_alpha(s);
        sum_pieces(&w);
        if (s->live && goes_on) move_traces(&w);
    } else learn_windows(&w, goes_on);
    s->flushed = to;
    if (s->moved == to) return;
    if (s->live) fast_parallel(carry_part, &w, w.parts, s->threads);
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
    bool full = s->t - s->base == s->cap;
    if (s->chunks && (full || s->alpha_set)) {
        chunk_flush(s, s->t, true);
        traces_follow(s);
    }
    if (full) window_shift(s);
    if (s->alpha_set) take_alpha(s);
    if (s->streams) s->start = s->base;
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
        s->k->pack(s->nb, np, 0, np / s->k->panel, s->zbar, wide, s->pack, s->nb);
        s->k->gemm_transposed(0, s->n_out, np, s->nb, err, s->ldy, s->pack, s->nb, s->Gout, np, NULL, s->slivers);
        for (size_t b = 0; b < s->nb; b++)
            for (size_t k = 0; k < s->n_out; k++) s->gbout[k] += err[b * s->ldy + k] * s->zbar[b * wide + np];
    }
    memcpy(row(s, s->sig, s->t, 0, np), s->ring + (size_t)((s->t + ring - s->late) % ring) * s->nb * np,
           s->nb * np * sizeof *now);
}

#endif
