/* The general path's gradients of trials and chunks: any convention, every rule that windows.
 *
 *   Ltr^t = Wrec' dI^{t+d} + tr^{t+1} . dh^{t+1};  L^t = g_out F dy^t + reg + Ltr^t
 *
 * bptt, tbptt*: one run with all of L^t. eprop3*: Ltr^t from that run, then a second one over the whole trial with
 * L^t = Ltr^t + reg + g_out F errbar^t, whose own paths nothing cuts. e-prop 1: the second alone, Ltr = 0.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSNN_GENERAL_H
#define OPT_FAST_LSNN_GENERAL_H

#include "lsnn_params.h"

/* Where windows end. Boundary m lies behind row (m + 1) window - 1 < T - 1. */
typedef struct border {
    const lsnn *s;
    const opt_seeds *given, *wanted;
    size_t b, end, m; /* rows of the window of a row: up to end */
    bool here, near_; /* a boundary right behind the row; d or fewer rows behind it */
} border;

static border border_at(const lsnn *s, const opt_trials *tr, size_t b, size_t row)
{
    size_t T = (size_t)tr->T, length = (size_t)s->cfg.window;
    border x = {.s = s, .given = tr->seeds, .wanted = s->streams ? NULL : tr->delivered, .b = b, .end = T};
    bool ends = length && (row / length + 1) * length < T;
    if (!ends && !s->streams) return x;
    if (ends) x.m = row / length; /* the window of a stream ends with its last row */
    if (ends) x.end = (x.m + 1) * length;
    x.here = row + 1 == x.end;
    x.near_ = row + s->delay >= x.end;
    return x;
}

/* `n` numbers that cross: handed out, and where the rule cuts replaced by what is given or 0. An array has `each` numbers a
 * boundary and trial; these begin at `first`, `stride` apart. */
static void cross(const border *x, void *given, void *wanted, size_t each, size_t first, size_t stride, size_t n, real *row)
{
    size_t at = (x->m * x->s->nb + x->b) * each + first;
    const real *from = given;
    real *to = wanted;
    for (size_t k = 0; k < n; k++) {
        if (to) to[at + k * stride] = row[k];
        if (x->s->cut) row[k] = from ? from[at + k * stride] : 0;
    }
}

#define CROSS(x, part, ...) \
    cross((x), (x)->given ? (x)->given->part : NULL, (x)->wanted ? (x)->wanted->part : NULL, __VA_ARGS__)

/* errbar = g_out dy in windows; dy of the first step too. */
static void window_errors(const lsnn *s, const strip *w, const opt_trials *tr, real *first)
{
    for (size_t t = w->steps; t-- > 0;) {
        border x = border_at(s, tr, w->b, t);
        real *to = w->errbar + t * w->le;
        for (size_t k = 0; k < s->n_out; k++) to[k] = t + 1 < w->steps ? s->kappa * to[k + w->le] : 0;
        if (x.here) CROSS(&x, y, s->n_out, 0, 1, s->n_out, to);
        for (size_t k = 0; k < s->n_out; k++) to[k] = w->err[t * s->kp + k] + to[k];
    }
    if (w->steps) memcpy(first, w->errbar, s->kp * sizeof(real));
    for (size_t t = 0; t < w->steps; t++)
        for (size_t k = 0; k < s->n_out; k++) w->errbar[t * w->le + k] *= s->g_out;
}

/* The same for weights whose learning signal is `late` steps late. */
static void late_errors(const lsnn *s, const strip *w, size_t late)
{
    for (size_t t = w->steps; t-- > 0;) {
        real *to = w->errbar + t * w->le;
        for (size_t k = 0; k < s->n_out; k++)
            to[k] = (t >= late ? s->g_out * w->err[(t - late) * s->kp + k] : 0) + (t + 1 < w->steps ? s->kappa * to[k + w->le] : 0);
    }
}

static real *back_row(const lsnn *s, const lane *ln, size_t row) { return ln->back + row * s->np; }

static void add_row(real *to, const real *from, size_t n)
{
    for (size_t j = 0; j < n; j++) to[j] += from[j];
}

/* Ltr of one row, and what of h and z crosses behind it. */
static void transmitted(const lsnn *s, const strip *w, const opt_trials *tr, const lane *ln, size_t t)
{
    border x = border_at(s, tr, w->b, t);
    size_t n = s->n_rec, nh = s->nh;
    real *Ltr = ln->Ltr + t * s->np, *reset = back_row(s, ln, nh + 1);
    memset(Ltr, 0, s->np * sizeof(real));
    if (t + s->delay < w->steps) s->k->general_transmit(s, ln, t + s->delay, Ltr);
    if (x.here) add_row(Ltr, reset, n);
    if (x.near_) CROSS(&x, z, s->delay * n, (x.end - 1 - t) * n, 1, n, Ltr);
    if (!x.here) add_row(Ltr, reset, n);
    if (!x.here) return;
    CROSS(&x, z_loc, n, 0, 1, n, back_row(s, ln, nh));
    for (size_t m = 0; m < nh; m++) CROSS(&x, h, n * nh, m, nh, n, back_row(s, ln, m));
}

static bool is_eprop3(const lsnn *s) { return s->cfg.rule == EP_EPROP3 || s->cfg.rule == EP_EPROP3_SG; }

/* Adjoints in windows: Ltr, and the G run with all of L. */
static void adjoints(const lsnn *s, const opt_trials *tr, const strip *w, lane *ln)
{
    window_errors(s, w, tr, ln->dy);
    s->k->general_signals(s, w, ln);
    s->k->general_start(s, ln, false);
    for (size_t t = w->steps; t-- > 0;) {
        transmitted(s, w, tr, ln, t);
        add_row(ln->signal + t * s->np, ln->Ltr + t * s->np, s->n_rec);
        s->k->general_row(s, w, ln, t, false, 0);
    }
}

static void general_backward(const lsnn *s, const opt_trials *tr, const strip *w, real *dW, real *dWout, lane *ln)
{
    if (s->bptt) adjoints(s, tr, w, ln);
    if (!s->bptt || is_eprop3(s)) {
        late_errors(s, w, s->bptt ? 0 : (size_t)s->net.opt.delay_L);
        s->k->general_signals(s, w, ln);
        s->k->general_start(s, ln, false);
        for (size_t t = w->steps; t-- > 0;) {
            if (s->bptt) add_row(ln->signal + t * s->np, ln->Ltr + t * s->np, s->n_rec);
            s->k->general_row(s, w, ln, t, false, 0);
        }
        late_errors(s, w, 0);
    }
    s->k->general_gather(s, w, ln, dW);
    s->k->readout(s, w, dWout);
}

/* ---- chunks ---------------------------------------------------------------------------------------------------- */

/* The signal of step t (from 0) joins the ring; `to` receives that of delay_L steps ago. */
static void general_learn(const lsnn *s, size_t home, uint64_t t, const real *err, const real *L, real *to)
{
    size_t ring = late_ring(s), late = (size_t)s->net.opt.delay_L;
    real *now = s->pend + (home * ring + (size_t)(t % ring)) * s->np;
    const real *then = s->pend + (home * ring + (size_t)((t + ring - late) % ring)) * s->np;
    for (size_t j = 0; j < s->n_rec; j++) now[j] = L ? L[j] : 0;
    for (size_t k = 0; !L && k < s->n_out; k++) {
        real e = s->g_out * err[k];
        for (size_t j = 0; j < s->n_rec; j++) now[j] += e * s->F[k * s->np + j];
    }
    memcpy(to, then, s->np * sizeof(real));
}

/* ln->signal has the filtered signals; Ltr, where given, meets e itself. */
static void general_traces(const lsnn *s, const strip *w, lane *ln, const real *Ltr, real *dW, real *dR)
{
    real decay = 1;
    for (size_t j = 0; j < s->n_rec; j++) ln->lead[j] = s->kappa * ln->signal[j];
    s->k->general_start(s, ln, true);
    for (size_t t = w->steps; t-- > 0; decay *= s->kappa) {
        if (Ltr) add_row(ln->signal + t * s->np, Ltr + t * s->np, s->n_rec);
        s->k->general_row(s, w, ln, t, true, decay);
    }
    s->k->general_pass(s, w, ln, dW, dR);
}

static void general_chunk(const lsnn *s, const strip *w, lane *ln, real *dW, real *dR)
{
    memcpy(ln->signal, w->L, w->steps * s->np * sizeof(real));
    for (size_t t = w->steps - 1; t-- > 0;)
        for (size_t j = 0; j < s->n_rec; j++) ln->signal[t * s->np + j] += s->kappa * ln->signal[(t + 1) * s->np + j];
    general_traces(s, w, ln, NULL, dW, dR);
}

#endif
