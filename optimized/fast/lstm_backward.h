/* Backward in time over recorded trials: adjoints, or the scan of e-prop, and the gradient as products of blocks.
 *
 *   dy^t = err^t + kappa dy^{t+1}
 *   Ltr^t = Wrec^T dI^{t+d};  L^t = Ltr^t + g_out Wout^T dy^t + reg          bptt, tbptt*: cut or observed at boundaries
 *   L^t = g_out B eb^t + reg, eb^t = kappa eb^{t+1} + err^{t-late}           eprop1-*
 *   L^t = Ltr^t + g_out Wout^T dy^t + reg, Ltr^t of adjoints cut at windows  eprop3*: dy and S run on across windows
 *   dh^t = (dz/dh) L^t + (dh^{t+1}/dh^t) dh^{t+1};  dI^t = (dh/dI) dh^t + (dz/dI) L^t;  dW = sum dI^t u^t
 *
 * One window of a stream is a block whose end and start are boundaries: seeds come in at T, adjoints go out behind from. Of
 * eprop3 it makes Ltr alone; the scan of several windows makes the gradient.
 *
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSTM_BACKWARD_H
#define OPT_FAST_LSTM_BACKWARD_H

#include "lstm_forward.h"

/* One call of grad, or one window of a stream. Steps lo+1 .. hi are the block at hand. */
typedef struct job {
    state *s;
    const opt_trials *tr;
    uint64_t origin, from, T, lo, hi; /* steps before those of tr; before the first, and the last of this job */
    size_t parts;
    bool stream, ends;                /* one window; with nothing behind it */
} job;

static size_t part_of(size_t n, size_t parts, size_t p) { return n * p / parts; }

/* The step behind which t's window ends, at most T. */
static uint64_t window_end(const job *w, uint64_t t)
{
    if (w->stream) return w->T;
    uint64_t length = (uint64_t)w->s->cfg.window, end = length ? ((t - 1) / length + 1) * length : w->T;
    return end < w->T ? end : w->T;
}

static bool crosses(const job *w, uint64_t t, uint64_t t2)
{
    return (w->stream ? !w->ends : window_end(w, t) < w->T) && t2 > window_end(w, t);
}

/* The boundary behind t's window. */
static size_t boundary(const job *w, uint64_t t)
{
    return (size_t)((w->stream ? w->from - w->origin : t - 1) / (uint64_t)w->s->cfg.window);
}

/* n numbers that cross behind t's window: deliver what was computed; go on with it, the given seed, or nothing. */
static void cross(const job *w, uint64_t t, size_t b, size_t n, size_t per, size_t first, real *v, void *given,
                  void *deliver)
{
    size_t at = (boundary(w, t) * w->s->nb + b) * per + first;
    if (deliver && !w->stream) memcpy((real *)deliver + at, v, n * sizeof *v);
    if (!w->s->windows) return;
    if (given) memcpy(v, (real *)given + at, n * sizeof *v);
    else zero(v, n);
}

#define CROSS(w, t, b, n, per, first, v, part) \
    cross((w), (t), (b), (n), (per), (first), (v), (w)->tr->seeds ? (w)->tr->seeds->part : NULL, \
          (w)->tr->delivered ? (w)->tr->delivered->part : NULL)

/* Row of trial b at step t of an array that starts at step lo + 1. */
static real *block_row(const job *w, real *a, uint64_t t, size_t b, size_t ld)
{
    return a + ((size_t)(t - w->lo - 1) * w->s->nb + b) * ld;
}

/* dy^t, windowed unless the rule is eprop3; there eb is windowed. For eprop1, eb is what is fed back. */
static void adjoint_readout(const job *w, uint64_t t, size_t b)
{
    state *s = w->s;
    const real *err = row(s, s->err, t, b, s->ldy);
    real *dy = block_row(w, s->dy, t, b, s->ldy), *eb = s->eb + b * s->ldy;
    const real *later = block_row(w, s->dy, t + 1, b, s->ldy);
    bool cut = !s->eprop1 && !s->e3;
    for (size_t k = 0; k < s->n_out; k++) dy[k] = t < w->T ? s->kappa * later[k] : 0;
    if (cut && crosses(w, t, t + 1)) CROSS(w, t, b, s->n_out, s->n_out, 0, dy, y);
    for (size_t k = 0; k < s->n_out; k++) dy[k] += err[k];
    if (s->e3) {
        for (size_t k = 0; k < s->n_out; k++) eb[k] = s->kappa * eb[k];
        if (crosses(w, t, t + 1)) CROSS(w, t, b, s->n_out, s->n_out, 0, eb, y);
        for (size_t k = 0; k < s->n_out; k++) eb[k] += err[k];
    } else if (s->eprop1) {
        const real *old = t > s->late ? row(s, s->err, t - s->late, b, s->ldy) : NULL;
        for (size_t k = 0; k < s->n_out; k++) eb[k] = s->kappa * eb[k] + (old ? old[k] : 0);
    }
}

/* One window by itself of eprop3 makes Ltr, which other windows' errors meet later (lstm_learn.h). */
static bool leaves_signal(const job *w) { return w->stream && w->s->e3; }

/* The first d steps of such a window send nothing back that anybody asks for. */
static bool sends_nothing(const job *w, uint64_t t) { return leaves_signal(w) && !w->tr->delivered && t <= w->from + w->s->d; }

/* eprop3: Ltr^t, then L^t of the scan, of trials b0 .. */
static real *scan_signal(const job *w, uint64_t t, size_t b0)
{
    state *s = w->s;
    return leaves_signal(w) ? row(s, s->sig, t, b0, s->np) : s->L2 + b0 * s->np;
}

/* Is what such a window leaves all of L, no error of a later one being fed back here? */
static bool window_alone(const job *w) { return leaves_signal(w) && !(w->s->kappa > 0); }

/* L of trials b0 .. b1-1; Ltr of eprop3 is kept for its scan. */
static void learning_signal(const job *w, uint64_t t, size_t b0, size_t b1)
{
    state *s = w->s;
    size_t n = b1 - b0, np = s->np, syn = t + s->d <= w->T;
    real *L = s->L + b0 * np;
    const real *feed = s->eprop1 || s->e3 ? s->eb + b0 * s->ldy : block_row(w, s->dy, t, b0, s->ldy);
    if (!s->eprop1) {
        s->k->gemm(n, np, syn ? s->nc * np : 0, syn ? block_row(w, s->dI, t + s->d, b0, s->ldi) : L, s->ldi, s->Wb, L,
                   np, false);
        if (crosses(w, t, t + s->d))
            for (size_t b = b0; b < b1; b++)
                CROSS(w, t, b, s->n_rec, s->d * s->n_rec, (size_t)(window_end(w, t) - t) * s->n_rec, s->L + b * np, z);
    }
    bool same = s->e3 && window_alone(w) && !(w->tr->seeds && w->tr->seeds->y);
    if (s->e3 && !same) memcpy(scan_signal(w, t, b0), L, n * np * sizeof *L);
    if (s->e3 && !same && window_alone(w))
        s->k->gemm(n, np, s->n_out, block_row(w, s->dy, t, b0, s->ldy), s->ldy, s->Wl, scan_signal(w, t, b0), np, true);
    if (same || !sends_nothing(w, t)) s->k->gemm(n, np, s->n_out, feed, s->ldy, s->Wl, L, np, !s->eprop1);
    if (same) memcpy(scan_signal(w, t, b0), L, n * np * sizeof *L);
}

/* The hidden state's and the local path's part of a boundary; neither model has a local path from z. */
static void cross_hidden(const job *w, uint64_t t, size_t b)
{
    state *s = w->s;
    const opt_seeds *given = w->tr->seeds, *out = w->tr->delivered;
    size_t at = (boundary(w, t) * s->nb + b) * s->n_rec;
    CROSS(w, t, b, s->n_rec, s->n_rec, 0, s->carry + b * s->np, h);
    if (out && out->z_loc && !w->stream) zero((real *)out->z_loc + at, s->n_rec);
    if (s->windows && given && given->z_loc)
        for (size_t j = 0; j < s->n_rec; j++) s->L[b * s->np + j] += ((const real *)given->z_loc)[at + j];
}

/* The scan of eprop3, which knows no windows. */
static void scan_step(const job *w, uint64_t t, size_t b0, size_t b1)
{
    state *s = w->s;
    real *L = scan_signal(w, t, b0);
    s->k->gemm(b1 - b0, s->np, s->n_out, block_row(w, s->dy, t, b0, s->ldy), s->ldy, s->Wl, L, s->np, true);
    for (size_t b = b0; b < b1; b++) {
        cell_row c = cell_at(s, t, b);
        c.L = L + (b - b0) * s->np;
        c.carry = s->carry2 + b * s->np;
        c.dalpha = s->dalpha + b * s->np;
        c.D = block_row(w, s->dI2, t, b, s->ldi);
        s->k->backward[s->cell](&c);
    }
}

static void adjoint_step(const job *w, uint64_t t, size_t b0, size_t b1)
{
    state *s = w->s;
    for (size_t b = b0; b < b1; b++) adjoint_readout(w, t, b);
    learning_signal(w, t, b0, b1);
    for (size_t b = b0; b < b1 && !sends_nothing(w, t); b++) {
        cell_row c = cell_at(s, t, b);
        if (!s->eprop1 && crosses(w, t, t + 1)) cross_hidden(w, t, b);
        c.L = s->L + b * s->np;
        c.carry = s->carry + b * s->np;
        c.dalpha = s->dalpha + b * s->np;
        c.D = block_row(w, s->dI, t, b, s->ldi);
        s->k->backward[s->cell](&c);
    }
    if (s->e3 && !leaves_signal(w)) scan_step(w, t, b0, b1);
}

/* ---- the work that threads share ------------------------------------------------------------------------- */

static void forward_part(void *arg, size_t n, size_t lane)
{
    const job *w = arg;
    state *s = w->s;
    const real *x = w->tr->x;
    size_t b0 = part_of(s->nb, w->parts, n), b1 = part_of(s->nb, w->parts, n + 1);
    size_t T = (size_t)w->tr->T;
    (void)lane;
    if (b0 == b1) return;
    for (uint64_t t = w->from + 1; t <= w->T; t++) {
        size_t at = (size_t)(t - 1 - w->origin);
        forward_rows(s, t, b0, b1, x && s->n_in ? x + at * s->n_in : NULL, T * s->n_in);
        for (size_t b = b0; b < b1; b++) loss_of_trials(s, w->tr, at, t, b);
    }
}

static void adjoint_part(void *arg, size_t n, size_t lane)
{
    const job *w = arg;
    state *s = w->s;
    size_t b0 = part_of(s->nb, w->parts, n), b1 = part_of(s->nb, w->parts, n + 1);
    (void)lane;
    for (uint64_t t = w->hi; b1 > b0 && t > w->lo; t--) adjoint_step(w, t, b0, b1);
}

/* Columns of the weights' gradient but the bias, whose u is 1. */
static size_t columns_of(const state *s) { return s->nu - 1; }
static size_t panels_of(const state *s) { return (columns_of(s) + s->k->panel - 1) / s->k->panel; }

/* Steps lo+1 .. hi+d of u, with the z that the readout needs; that z alone where weights learn later. */
static size_t packed_skip(const job *w) { return leaves_signal(w) ? w->s->d : 0; }
static size_t packed_rows(const job *w) { return ((size_t)(w->hi - w->lo) + w->s->d - packed_skip(w)) * w->s->nb; }

static void pack_part(void *arg, size_t n, size_t lane)
{
    const job *w = arg;
    state *s = w->s;
    size_t panels = panels_of(s);
    (void)lane;
    s->k->pack(packed_rows(w), columns_of(s), part_of(panels, w->parts, n), part_of(panels, w->parts, n + 1),
               row(s, s->u, w->lo + 1 + packed_skip(w), 0, s->ldu), s->ldu, s->pack, packed_rows(w));
}

/* Rows of the weights' gradient that part n takes, whole panels of dI. */
static size_t weight_row(const state *s, size_t parts, size_t n)
{
    return s->k->panel * part_of(s->nc * s->np / s->k->panel, parts, n);
}

/* G += D^T u for the rows of part n, D [k][nc np]; u packed. */
static void weights_rows(state *s, size_t parts, size_t n, size_t lane, size_t k, const real *D, size_t height, real *G)
{
    s->k->gemm_transposed(weight_row(s, parts, n), weight_row(s, parts, n + 1), columns_of(s), k, D, s->ldi, s->pack,
                          height, G, s->ldg, G + columns_of(s), s->slivers + lane * sliver_size(s));
}

static void weights_part(void *arg, size_t n, size_t lane)
{
    const job *w = arg;
    state *s = w->s;
    weights_rows(s, w->parts, n, lane, (size_t)(w->hi - w->lo) * s->nb, s->e3 ? s->dI2 : s->dI, packed_rows(w), s->G);
}

/* dWout += sum dy z; the gain g_out comes when it is read. */
static void readout_block(const job *w)
{
    state *s = w->s;
    size_t rows = (size_t)(w->hi - w->lo) * s->nb;
    s->k->gemm_transposed(0, s->n_out, s->np, rows, s->dy, s->ldy, s->pack + (s->d - packed_skip(w)) * s->nb * s->k->panel, packed_rows(w),
                          s->Gout, s->np, NULL, s->slivers);
    for (size_t r = 0; r < rows; r++)
        for (size_t k = 0; k < s->n_out; k++) s->gbout[k] += s->dy[r * s->ldy + k];
}

/* What steps hi+1 .. hi+d left for the block moves to where the block expects it. */
static void block_prepare(const job *w)
{
    const state *s = w->s;
    size_t steps = (size_t)(w->hi - w->lo);
    if (w->hi == w->T) return;
    memmove(s->dI + steps * s->nb * s->ldi, s->dI, s->d * s->nb * s->ldi * sizeof(real));
    memmove(s->dy + steps * s->nb * s->ldy, s->dy, s->nb * s->ldy * sizeof(real));
}

static void backward_run(job *w)
{
    state *s = w->s;
    size_t B = s->nb;
    zero(s->carry, B * s->np);
    zero(s->eb, B * s->ldy);
    zero(s->dalpha, B * s->np);
    if (s->carry2) zero(s->carry2, B * s->np);
    for (w->hi = w->T; w->hi > w->from; w->hi = w->lo) {
        w->lo = w->hi - w->from > s->block ? w->hi - s->block : w->from;
        block_prepare(w);
        fast_parallel(adjoint_part, w, w->parts, s->threads);
        fast_parallel(pack_part, w, w->parts, s->threads);
        if (!leaves_signal(w)) fast_parallel(weights_part, w, w->parts, s->threads);
        readout_block(w);
    }
    for (size_t b = 0; b < B; b++)
        for (size_t j = 0; j < s->np; j++) s->galpha[j] += s->dalpha[b * s->np + j];
}

#endif
