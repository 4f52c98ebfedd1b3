/* Windows that go on from each other: each is recorded, then run backward between two boundaries. Memory depends on the
 * window alone.
 *
 * eprop3: what comes back inside a window makes Ltr^s; the windows of a chunk are learnt together (lstm_learn.h) when the chunk is
 * full or the gradient is asked for. The readout learns at once, dy from zero behind the window:
 *
 *   dWout += g_out (sum_s dy^s z^s + kappa dy^{t0} zbar)
 *
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSTM_WINDOW_H
#define OPT_FAST_LSTM_WINDOW_H

#include "lstm_chunk.h"

/* Room for `steps` more: what is learnt may go, and what is not, once there is no more room. */
static void make_room(state *s, uint64_t steps)
{
    if (s->e3 && s->t - s->base + steps > s->cap) chunk_flush(s, s->t, true);
    if (s->e3 && s->flushed < s->t) return;
    if (s->e3) traces_follow(s);
    if (s->t > s->base) window_shift(s);
}

/* `steps` more steps of tr, whose first is step origin + 1. */
static void window_forward(state *s, const opt_trials *tr, uint64_t origin, uint64_t steps)
{
    make_room(s, steps);
    job w = {.s = s, .tr = tr, .origin = origin, .from = s->t, .T = s->t + steps, .parts = s->threads, .stream = true};
    pack_weights(s);
    fast_parallel(forward_part, &w, w.parts, s->threads);
    s->start = s->t;
    s->t += steps;
    s->T_all += steps;
    s->learnt = true;
}

/* The readout's filtered z from before the window meets errors of the window, and moves on. */
static void readout_carry(const job *w, const real *dy, size_t b)
{
    state *s = w->s;
    size_t np = s->np;
    real *zbar = s->zbar + b * (np + LSTM_PAD);
    for (size_t k = 0; k < s->n_out; k++) {
        real later = s->kappa * dy[k];
        for (size_t j = 0; j < np; j++) s->Gout[k * np + j] += later * zbar[j];
        s->gbout[k] += later * zbar[np];
    }
    for (uint64_t t = w->from + 1; t <= w->T; t++) {
        s->k->filter(np, s->kappa, z_row(s, t, b), zbar);
        zbar[np] = s->kappa * zbar[np] + 1;
    }
}

/* n numbers of each trial to seed array `to` of boundary m. */
static void deliver_rows(const state *s, size_t m, const real *from, size_t ld, size_t n, void *to)
{
    for (size_t b = 0; to && b < s->nb; b++) memcpy((real *)to + (m * s->nb + b) * n, from + b * ld, n * sizeof(real));
}

/* What the window's start delivers; lo = from, d = 1, as LSTM has it. */
static void window_deliver(const job *w, size_t m)
{
    state *s = w->s;
    const opt_seeds *out = w->tr->delivered;
    real *y = s->e3 ? s->eb : block_row(w, s->dy, w->from + 1, 0, s->ldy);
    deliver_rows(s, m, s->carry, s->np, s->n_rec, out->h);
    s->k->gemm(s->nb, s->np, s->nc * s->np, block_row(w, s->dI, w->from + 1, 0, s->ldi), s->ldi, s->Wb, s->L, s->np, false);
    deliver_rows(s, m, s->L, s->np, s->n_rec, out->z);
    zero(s->L, s->nb * s->np);
    deliver_rows(s, m, s->L, s->np, s->n_rec, out->z_loc);
    for (size_t k = 0; out->y && k < s->nb * s->n_out; k++)
        ((real *)out->y)[m * s->nb * s->n_out + k] = s->kappa * y[k / s->n_out * s->ldy + k % s->n_out];
}

/* The gradient of the window that is recorded; boundary m of tr->delivered is its start, m < 0: none. */
static void window_backward(state *s, const opt_trials *tr, uint64_t origin, bool ends, long m)
{
    job w = {.s = s, .tr = tr, .origin = origin, .from = s->start, .T = s->t, .parts = s->threads, .stream = true, .ends = ends};
    pack_weights(s);
    backward_run(&w);
    for (size_t b = 0; s->e3 && s->kappa > 0 && b < s->nb; b++) readout_carry(&w, block_row(&w, s->dy, s->start + 1, b, s->ldy), b);
    if (tr->delivered && m >= 0) window_deliver(&w, (size_t)m);
}

#endif
