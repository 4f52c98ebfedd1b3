/* A chunk is learnt, and its traces move on, some trials at a time: one scan backward in time makes the rows of both products, so that
 * records which were read from memory serve all.
 *
 * Windows of eprop3 learn here, Ltr in sig:
 *
 *   S^s = w (Ltr^s + Lh^s) + f^{s+1} S^{s+1}, Lh^s = g_out Wout^T dy^s, dy from zero behind the chunk
 *   dW += sum_s D S^s u^s + mu eps + lambda ebar
 *
 * E-prop 1 by chunks moves its traces here.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSTM_LEARN_H
#define OPT_FAST_LSTM_LEARN_H

#include "lstm_trace.h"

/* L = Ltr + Lh of a step; where the readout has no memory, windows have done it. */
static void signal_rows(const chunk *w, uint64_t t, const share *p)
{
    state *s = w->s;
    s->k->gemm(p->b1 - p->b0, p->j1 - p->j0, s->n_out, learn_row(w, s->dy, t, p->b0, s->ldy), s->ldy, s->Wl + p->j0 * s->n_out, row(s, s->sig, t, p->b0, s->np) + p->j0,
               s->np, true);
}

/* Leaves mu in S when t is the first step. */
static void learn_step(const chunk *w, uint64_t t, size_t b, const share *p)
{
    state *s = w->s;
    cell_row c = cell_at(s, t, b);
    c.lo = p->j0;
    c.hi = p->j1;
    c.L = row(s, s->sig, t, b, s->np);
    c.carry = s->S + b * s->np;
    c.D = share_row(w, p, s->dI2, t, b);
    c.dalpha = s->a_S + b * s->np;
    s->k->backward[s->cell](&c);
}

/* What the step before reads of a trial, and what is packed afterwards, is fetched ahead: trials are side by side, steps far apart. */
static void fetch_row(const real *from, size_t n)
{
    for (size_t j = 0; j < n; j += OPT_ALIGN / sizeof *from) __builtin_prefetch(from + j);
}

static void fetch_before(const chunk *w, uint64_t t, size_t b, const share *p)
{
    const state *s = w->s;
    size_t n = p->j1 - p->j0;
    fetch_row(row(s, s->u, t, b, s->ldu), s->nu);
    if (t == w->from) return;
    for (size_t of = 0; of < s->nc; of++) fetch_row(row(s, s->q, t - 1, b, s->ldq) + of * s->np + p->j0, n);
    fetch_row(row(s, s->h, t - 2, b, s->np) + p->j0, n);
    if (!w->learn) return;
    fetch_row(row(s, s->phi, t - 1, b, s->np) + p->j0, n);
    fetch_row(row(s, s->sig, t - 1, b, s->np) + p->j0, n);
}

static void scan_trials(const chunk *w, const share *p)
{
    state *s = w->s;
    for (size_t b = p->b0; b < p->b1; b++) {
        if (w->learn) zero(s->S + b * s->np + p->j0, p->j1 - p->j0);
        if (w->move) decay_start(s, p, b);
    }
    for (uint64_t t = w->to; t >= w->from; t--) {
        if (w->learn && s->kappa > 0) signal_rows(w, t, p);
        for (size_t b = p->b0; b < p->b1; b++) {
            fetch_before(w, t, b, p);
            if (w->learn) learn_step(w, t, b, p);
            if (w->move) decay_step(w, t, b, p);
        }
    }
    for (size_t b = p->b0; s->cell == 1 && b < p->b1; b++) move_alpha(s, b * s->np + p->j0, b * s->np + p->j1);
}

/* What was scanned, times u. */
static void share_products(const chunk *w, const share *p)
{
    state *s = w->s;
    size_t rows = (p->j1 < s->n_rec ? p->j1 : s->n_rec) - p->j0, n = columns_of(s), height = (p->b1 - p->b0) * p->steps;
    size_t channels = s->kappa > 0 ? s->nc : s->ne, panel = s->k->panel;
    real *pack = s->packs + p->lane * s->together * s->ldg, *sliver = s->slivers + p->lane * sliver_size(s);
    for (size_t b = p->b0; b < p->b1; b++)
        s->k->pack(p->steps, n, 0, panels_of(s), row(s, s->u, w->from, b, s->ldu), s->nb * s->ldu, pack + (b - p->b0) * p->steps * panel,
                   height);
    for (size_t of = 0; w->learn && of < s->nc; of++) {
        size_t r = of * s->np + p->j0;
        real *G = s->G + r * s->ldg;
        s->k->gemm_transposed(0, rows, n, height, share_row(w, p, s->dI2, w->from, p->b0) + r, s->ldi, pack, height, G, s->ldg, G + n, sliver);
    }
    trace_move m = {.rows = rows, .n = n, .k = p->steps, .height = height, .lda = s->ldi, .ld = s->ldg, .fresh = !s->live, .sliver = sliver};
    for (size_t b = p->b0; w->move && b < p->b1; b++) {
        m.B = pack + (b - p->b0) * p->steps * panel;
        for (size_t of = 0; of < channels; of++) move_channel(w, m, of, b, p);
    }
}

/* Neurons are shared out, trials in order. */
static void chunk_part(void *arg, size_t n, size_t lane)
{
    const chunk *w = arg;
    state *s = w->s;
    size_t panel = s->k->panel, all = s->np / panel, steps = (size_t)(w->to - w->from + 1), most = s->together / steps;
    share p = {.j0 = panel * part_of(all, w->parts, n), .j1 = panel * part_of(all, w->parts, n + 1), .steps = steps, .lane = lane};
    for (; p.j0 < p.j1 && p.b0 < s->nb; p.b0 = p.b1) {
        p.b1 = s->nb - p.b0 < most ? s->nb : p.b0 + most;
        scan_trials(w, &p);
        share_products(w, &p);
    }
}

static void move_traces(chunk *w)
{
    state *s = w->s;
    w->move = true;
    fast_parallel(chunk_part, w, w->parts, s->threads);
    s->live = true;
    s->moved = w->to;
}

/* To where the gradient has got. */
static void traces_follow(state *s)
{
    chunk w = {.s = s, .from = s->moved + 1, .to = s->flushed, .parts = s->threads};
    if (s->moved < s->flushed && s->nb) move_traces(&w);
}

/* dy of all steps, and lambda in Lh. */
static void errors_back(const chunk *w)
{
    state *s = w->s;
    size_t n = s->nb * s->ldy;
    real *dy = learn_row(w, s->dy, w->from, 0, s->ldy);
    memcpy(dy, row(s, s->err, w->from, 0, s->ldy), (size_t)(w->to - w->from + 1) * n * sizeof *dy);
    for (uint64_t t = w->to - 1; t >= w->from; t--) {
        real *now = learn_row(w, s->dy, t, 0, s->ldy);
        for (size_t k = 0; k < n; k++) now[k] += s->kappa * now[n + k];
    }
    s->k->gemm(s->nb, s->np, s->n_out, dy, s->ldy, s->Wl, s->Lh, s->np, false);
    for (size_t k = 0; k < s->nb * s->np; k++) s->Lh[k] *= s->kappa;
}

/* move: the traces, too. */
static void learn_windows(chunk *w, bool move)
{
    w->learn = true;
    if (w->s->kappa > 0) errors_back(w);
    if (move) move_traces(w);
    else fast_parallel(chunk_part, w, w->parts, w->s->threads);
}

#endif
