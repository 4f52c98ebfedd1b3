/* Eligibility traces of trials and synapses, which live in memory and move on by chunks of steps (lstm_chunk.h has the equations).
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSTM_TRACE_H
#define OPT_FAST_LSTM_TRACE_H

#include "lstm_backward.h"

/* Steps from .. to. */
typedef struct chunk {
    state *s;
    uint64_t from, to;
    size_t parts;
    size_t rows;      /* of the packed piece */
    uint64_t piece;   /* its first step */
    bool move, carry; /* traces move; as they do, what they were enters the gradient */
    bool learn;       /* what windows of eprop3 learn enters the gradient */
} chunk;

static real *learn_row(const chunk *w, real *a, uint64_t t, size_t b, size_t ld)
{
    return a + ((size_t)(t - w->s->base - 1) * w->s->nb + b) * ld;
}

/* What the traces hold enters G and R; neurons are shared out, trials in order. */
static void carry_part(void *arg, size_t n, size_t lane)
{
    const chunk *w = arg;
    state *s = w->s;
    size_t channels = s->kappa > 0 ? s->nc : s->ne, most = (s->nu + s->k->panel / 2 - 1) / (s->k->panel / 2) * (s->k->panel / 2);
    (void)lane;
    for (size_t b = 0; b < s->nb; b++)
        for (size_t of = 0; of < channels; of++)
            for (size_t j = part_of(s->n_rec, w->parts, n); j < part_of(s->n_rec, w->parts, n + 1); j++) {
                size_t r = of * s->np + j, at = b * s->np + j;
                trace_line c = {.n = most, .G = s->G + r * s->ldg, .R = s->R ? s->R + r * s->ldg : NULL,
                                .eps = of < s->ne ? s->eps + (b * s->ne * s->np + r) * s->ldg : NULL,
                                .ebar = s->kappa > 0 ? s->ebar + (b * s->nc * s->np + r) * s->ldg : NULL,
                                .mu = s->S[at], .mu1 = s->S1[at], .lambda = s->Lh[at]};
                s->k->carry(&c);
            }
}

/* Part n's neurons j0 .. j1-1, whole panels, of trials b0 .. b1-1, whose rows lie trial by trial. */
typedef struct share {
    size_t j0, j1, b0, b1, steps, lane;
} share;

/* The lane's row of a trial and step in an array [threads][together][ldi]. */
static real *share_row(const chunk *w, const share *p, real *a, uint64_t t, size_t b)
{
    return a + (p->lane * w->s->together + (b - p->b0) * p->steps + (size_t)(t - w->from)) * w->s->ldi;
}

/* What the traces move on by: rows of the lane's Du and Dk, made backward in time. */
static void decay_start(const state *s, const share *p, size_t b)
{
    size_t at = b * s->np;
    real *const start_0[] = {s->K, s->a_K, s->a_U};
    for (size_t k = 0; k < sizeof start_0 / sizeof *start_0; k++) zero(start_0[k] + at + p->j0, p->j1 - p->j0);
    for (size_t j = at + p->j0; j < at + p->j1; j++) s->F[j] = s->power[j] = 1;
}

/* Leaves nu in K, F in F, kappa^c in power when t is the first step. */
static void decay_step(const chunk *w, uint64_t t, size_t b, const share *p)
{
    state *s = w->s;
    size_t at = b * s->np;
    cell_row c = cell_at(s, t, b);
    c.lo = p->j0;
    c.hi = p->j1;
    if (s->kappa > 0) {
        c.L = s->power + at;
        c.carry = s->K + at;
        c.D = share_row(w, p, s->Dk, t, b);
        c.dalpha = s->a_K + at;
        s->k->backward[s->cell](&c);
        for (size_t j = at + p->j0; j < at + p->j1; j++) s->power[j] *= s->kappa;
    }
    c.carry = s->F + at;
    c.D = share_row(w, p, s->Du, t, b);
    c.dalpha = s->a_U + at;
    s->k->decay[s->cell](&c);
}

static void move_alpha(const state *s, size_t from, size_t to)
{
    for (size_t at = from; at < to; at++) {
        real keep = s->kappa > 0 ? s->power[at] : 0;
        s->a_ebar[at] = keep * s->a_ebar[at] + s->K[at] * s->a_eps[at] + s->a_K[at];
        s->a_eps[at] = s->F[at] * s->a_eps[at] + s->a_U[at];
    }
}

/* Channel `of` of one trial: ebar, which needs the old eps, then eps. */
static void move_channel(const chunk *w, trace_move m, size_t of, size_t b, const share *p)
{
    state *s = w->s;
    size_t r = of * s->np + p->j0, at = b * s->np + p->j0, in_G = r * s->ldg;
    real *eps = of < s->ne ? s->eps + (b * s->ne * s->np + r) * s->ldg : NULL;
    m.G = w->carry ? s->G + in_G : NULL;
    if (s->kappa > 0) {
        m.A = share_row(w, p, s->Dk, w->from, b) + r;
        m.C = s->ebar + (b * s->nc * s->np + r) * s->ldg;
        m.E = s->live ? eps : NULL;
        m.g = s->Lh + at;
        m.keep = s->power + at;
        m.e = s->K + at;
        s->k->move(&m);
    }
    if (!eps) return;
    m.A = share_row(w, p, s->Du, w->from, b) + r;
    m.C = eps;
    m.E = NULL;
    m.R = w->carry && s->R ? s->R + in_G : NULL;
    m.g = s->S + at;
    m.r = s->S1 + at;
    m.keep = s->F + at;
    s->k->move(&m);
}

#endif
