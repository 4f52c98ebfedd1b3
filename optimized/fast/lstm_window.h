/* Windows that go on from each other: each is recorded, then run backward between two boundaries. Memory depends on the
 * window alone.
 *
 * eprop3: eligibility traces run on. With Lh and S those of the window, from zero behind its end, what the traces
 * before it add, and how they move on, is that of a chunk (lstm_chunk.h):
 *
 *   S^s = w (Ltr^s + Lh^s) + f^{s+1} S^{s+1};  mu = f^{t0} S^{t0}, lambda = kappa Lh^{t0}
 *   dW += mu eps + lambda ebar;  dWout += g_out (sum_s dy^s z^s + kappa dy^{t0} zbar)
 *
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSTM_WINDOW_H
#define OPT_FAST_LSTM_WINDOW_H

#include "lstm_chunk.h"

/* `steps` more steps of tr, whose first is step origin + 1. */
static void window_forward(state *s, const opt_trials *tr, uint64_t origin, uint64_t steps)
{
    if (s->t > s->base) window_shift(s);
    job w = {.s = s, .tr = tr, .origin = origin, .from = s->t, .T = s->t + steps, .parts = s->threads, .stream = true};
    pack_weights(s);
    fast_parallel(forward_part, &w, w.parts, s->threads);
    s->t += steps;
    s->T_all += steps;
    s->learnt = true;
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

/* Readout and traces of eprop3 across the window's start; lo = from. */
static void window_traces(const job *w)
{
    state *s = w->s;
    chunk c = {.s = s, .from = w->from + 1, .to = w->T, .parts = s->threads};
    const real *dy = block_row(w, s->dy, w->from + 1, 0, s->ldy);
    size_t np = s->np, wide = np + LSTM_PAD;
    for (size_t b = 0; b < s->nb; b++) {
        real *zbar = s->zbar + b * wide;
        for (size_t k = 0; k < s->n_out; k++) {
            real later = s->kappa * dy[b * s->ldy + k];
            for (size_t j = 0; j < np; j++) s->Gout[k * np + j] += later * zbar[j];
            s->gbout[k] += later * zbar[np];
        }
        for (uint64_t t = c.from; t <= c.to; t++) {
            s->k->filter(np, s->kappa, z_row(s, t, b), zbar);
            zbar[np] = s->kappa * zbar[np] + 1;
        }
    }
    bool first = traces_start(s);
    fast_parallel(scan_part, &c, c.parts, s->threads);
    memcpy(s->S, s->carry2, s->nb * np * sizeof(real));
    s->k->gemm(s->nb, np, s->n_out, dy, s->ldy, s->Wl, s->Lh, np, false);
    if (!first) fast_parallel(carry_part, &c, c.parts, s->threads);
    fast_parallel(trace_part, &c, c.parts, s->threads);
}

/* The gradient of the window that is recorded; boundary m of tr->delivered is its start, m < 0: none. */
static void window_backward(state *s, const opt_trials *tr, uint64_t origin, bool ends, long m)
{
    job w = {.s = s, .tr = tr, .origin = origin, .from = s->base, .T = s->t, .parts = s->threads, .stream = true, .ends = ends};
    pack_weights(s);
    backward_run(&w);
    if (tr->delivered && m >= 0) window_deliver(&w, (size_t)m);
    if (s->e3) window_traces(&w);
}

#endif
