/* Windows that go on from each other on the general LSNN path: each is recorded, then run backward between two boundaries.
 * Memory depends on the window alone.
 *
 * Rows 0 .. fill-1 of the histories are the last window. tbptt*: the G run, whose end is the seeds. eprop3*: Ltr from that
 * run; then a window is a chunk (k_general_scan.h) whose signals are F errbar + Ltr, and whose traces run on.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSNN_WINDOW_H
#define OPT_FAST_LSNN_WINDOW_H

#include "lsnn_run.h"

static void window_forward_slot(void *arg, size_t slot, size_t lane_index)
{
    const job *a = arg;
    lsnn *s = a->s;
    size_t b, end;
    slot_range(a, slot, &b, &end);
    for (; b < end; b++) {
        strip w = strip_of(s, b, s->fill, &s->lanes[lane_index], 0, 1);
        end_chunk(s, &w);
        w.steps = (size_t)a->tr->T;
        feed(s, a->tr, 0, &w);
        s->k->forward(s, &w, 1, &s->lanes[lane_index], 0, w.steps);
        s->binary[b] = w.binary;
        errors(s, &w, a->tr, 0);
    }
}

/* dE/dz^{-q} of the window's first step by Wrec: from this window, or where it is shorter, from behind it. */
static void deliver_z(const lsnn *s, const opt_trials *tr, const strip *w, const lane *ln, size_t q, real *to)
{
    size_t n = s->n_rec;
    const real *given = tr->seeds ? tr->seeds->z : NULL, *reset = back_row(s, ln, s->nh + 1);
    memset(ln->cur, 0, s->np * sizeof(real));
    if (s->delay - q <= w->steps) s->k->general_transmit(s, ln, s->delay - q - 1, ln->cur);
    else if (given) memcpy(ln->cur, given + (w->b * s->delay + q + w->steps) * n, n * sizeof(real));
    if (q == 0) add_row(ln->cur, reset, n);
    memcpy(to, ln->cur, n * sizeof(real));
}

/* What crosses the window's start, after its G run; errbar holds g_out dy, dy^1 is taken as errbar is made of it. */
static void deliver(const lsnn *s, const opt_trials *tr, const strip *w, const lane *ln)
{
    size_t n = s->n_rec, nh = s->nh;
    real *h = tr->delivered->h, *z = tr->delivered->z, *z_loc = tr->delivered->z_loc, *y = tr->delivered->y;
    for (size_t m = 0; h && m < nh; m++)
        for (size_t j = 0; j < n; j++) h[(w->b * n + j) * nh + m] = back_row(s, ln, m)[j];
    for (size_t q = 0; z && q < s->delay; q++) deliver_z(s, tr, w, ln, q, z + (w->b * s->delay + q) * n);
    if (z_loc) memcpy(z_loc + w->b * n, back_row(s, ln, nh), n * sizeof(real));
    for (size_t k = 0; y && k < s->n_out; k++) y[w->b * s->n_out + k] = s->kappa * ln->dy[k];
}

static void window_backward_slot(void *arg, size_t slot, size_t lane_index)
{
    const job *a = arg;
    lsnn *s = a->s;
    lane *ln = &s->lanes[lane_index];
    real *dW = s->dW + slot * s->rows * s->np, *dWout = s->dWout + slot * (s->n_rec + 1) * s->kp;
    size_t b, end;
    slot_range(a, slot, &b, &end);
    for (; b < end; b++) {
        strip w = strip_of(s, b, s->fill, ln, 0, 1);
        feed(s, a->tr, 0, &w);
        w.binary = s->binary[b];
        if (a->tr->err) errors(s, &w, a->tr, 0);
        adjoints(s, a->tr, &w, ln);
        if (a->tr->delivered) deliver(s, a->tr, &w, ln);
        if (s->traces) {
            late_errors(s, &w, 0);
            s->k->general_signals(s, &w, ln);
            general_traces(s, &w, ln, ln->Ltr, dW, NULL);
            readout_chunk(s, &w, dWout);
        } else {
            s->k->general_gather(s, &w, ln, dW);
            s->k->readout(s, &w, dWout);
        }
    }
}

/* tr is in range and finite. */
static void window_forward(lsnn *s, const opt_trials *tr)
{
    s->nb = (size_t)tr->B;
    job a = {.s = s, .tr = tr, .slots = slots_for(s->nb)};
    for (size_t b = 0; b < s->nb; b++) s->norm[b] = 1;
    fast_parallel(window_forward_slot, &a, a.slots, s->n_lane);
    s->fill = (size_t)tr->T;
    s->last = s->fill - 1;
    s->t += s->fill;
    s->T_all += s->fill;
    s->learnt = s->pending = true;
}

static ep_status window_backward(lsnn *s, const opt_trials *tr)
{
    job a = {.s = s, .tr = tr, .slots = slots_for(s->nb)};
    fast_parallel(window_backward_slot, &a, a.slots, s->n_lane);
    memcpy(s->beta_last, s->beta, s->np * sizeof(real));
    s->pending = s->reduced = false;
    bool good = s->k->finite(s->dW, a.slots * s->rows * s->np) && s->k->finite(s->dWout, a.slots * (s->n_rec + 1) * s->kp);
    return good ? EP_OK : EP_UNABLE;
}

#endif
