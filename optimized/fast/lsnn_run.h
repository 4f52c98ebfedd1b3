/* Gradients of whole trials on the fast LSNN path, and the readout's errors.
 *
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSNN_RUN_H
#define OPT_FAST_LSNN_RUN_H

#include "lsnn_params.h"
#include "../scalar/numbers.h"
#include "../loss.h"

/* Strip g of n whose first is trial b; histories lie in the lane where not those of all trials are kept. */
static strip strip_of(const lsnn *s, size_t b, size_t steps, const lane *ln, size_t g, size_t n)
{
    strip w = {.b = b + g, .steps = steps, .binary = true, .zbits = s->zbits + (b + g) * (s->block + s->delay) * s->zw};
    bool own = ln && !s->keep_all, beside = s->bptt;
    size_t at = own ? 0 : b;
    w.home = s->lean && ln ? (size_t)(ln - s->lanes) : w.b;
    w.ld = beside ? n * s->np : s->np;
    w.le = beside ? n * s->kp : s->kp;
    w.psi = (own ? ln->psi : s->psi) + at * s->block * s->np + g * (beside ? s->np : s->block * s->np);
    w.xbits = (own ? ln->xbits : s->xbits) + (at + g) * s->block * s->xw;
    w.errbar = ln ? ln->errbar + (beside ? g * s->kp : 0) : NULL;
    if (s->general) w.q = (own ? ln->q : s->q) + (at + g) * (s->block + 1) * s->nq * s->np;
    w.y = s->y + (b + g) * s->block * s->kp;
    w.err = s->err + (b + g) * s->block * s->kp;
    return w;
}

/* Learning signals of so many steps are kept by the general path. */
static size_t late_ring(const lsnn *s) { return (size_t)s->net.opt.delay_L + 1; }

static void clear_trial(lsnn *s, size_t b)
{
    memset(s->v + b * s->np, 0, s->np * sizeof(real));
    memset(s->a + b * s->np, 0, s->np * sizeof(real));
    memset(s->z + b * s->np, 0, s->np * sizeof(real));
    memset(s->refr + b * s->np, 0, s->np * sizeof(real));
    memset(s->y0 + b * s->kp, 0, s->kp * sizeof(real));
    memset(s->zbits + b * (s->block + s->delay) * s->zw, 0, s->delay * s->zw * sizeof(uint64_t));
    if (s->general) memset(s->now + b * s->nq * s->np, 0, s->nq * s->np * sizeof(real));
}

static void clear_traces(lsnn *s, size_t home)
{
    memset(s->zbar + home * (s->n_rec + 1), 0, (s->n_rec + 1) * sizeof(real));
    memset(s->ebar + home * s->rows * s->np, 0, s->rows * s->np * sizeof(real));
    if (s->general) {
        memset(s->eps + home * s->nh * s->rows * s->np, 0, s->nh * s->rows * s->np * sizeof(real));
        if (s->chunked) memset(s->pend + home * late_ring(s) * s->np, 0, late_ring(s) * s->np * sizeof(real));
        return;
    }
    if (s->has_a) memset(s->epsa + home * s->R * s->np, 0, s->R * s->np * sizeof(real));
    memset(s->p + home * s->R * s->np, 0, s->R * s->np * sizeof(real));
    memset(s->psi_last + home * s->np, 0, s->np * sizeof(real));
}

/* ---- errors --------------------------------------------------------------------------------------- */

static bool not_negative(const real *v, size_t n)
{
    for (size_t i = 0; v && i < n; i++)
        if (!(v[i] >= 0)) return false;
    return true;
}

/* err of one row with weight m; a weight of 0 hides y and target. */
static void error_row(lsnn *s, size_t b, const real *y, const real *target, real m, real *err)
{
    memset(err, 0, s->kp * sizeof(real));
    if (!(m > 0)) return;
    s->loss[b] += s->cfg.loss == EP_CLASSIFICATION ? loss_classification(s->n_out, y, target, m, err)
                                                   : loss_regression(s->n_out, y, target, m, err);
}

/* Errors of rows 0 .. steps-1 of a strip that starts at step t0 of its trial. */
static void errors(lsnn *s, const strip *w, const opt_trials *tr, size_t t0)
{
    size_t start = w->b * (size_t)tr->T + t0;
    const real *target = tr->target ? (const real *)tr->target + start * s->n_out : NULL;
    const real *mask = tr->mask ? (const real *)tr->mask + start : NULL;
    for (size_t t = 0; tr->err && t < w->steps; t++) {
        memset(w->err + t * s->kp, 0, s->kp * sizeof(real));
        memcpy(w->err + t * s->kp, (const real *)tr->err + (start + t) * s->n_out, s->n_out * sizeof(real));
    }
    for (size_t t = 0; !tr->err && t < w->steps; t++)
        error_row(s, w->b, w->y + t * s->kp, target ? target + t * s->n_out : NULL,
                  (mask ? mask[t] : 1) / s->norm[w->b], w->err + t * s->kp);
}

/* errbar^t = err^t + kappa errbar^{t+1}, then times g_out; 0 beyond the end of a window. */
static void filter_errors(const lsnn *s, const strip *w)
{
    for (size_t t = w->steps; t-- > 0;) {
        bool last = t + 1 == w->steps || (s->window && (t + 1) % s->window == 0);
        const real *err = w->err + t * s->kp;
        real *to = w->errbar + t * w->le;
        for (size_t k = 0; k < s->n_out; k++) to[k] = err[k] + (last ? 0 : s->kappa * to[k + w->le]);
    }
    for (size_t t = 0; t < w->steps; t++)
        for (size_t k = 0; k < s->n_out; k++) w->errbar[t * w->le + k] *= s->g_out;
}

#include "lsnn_general.h"

/* ---- whole trials ---------------------------------------------------------------------------------- */

typedef struct job {
    lsnn *s;
    const opt_trials *tr;
    size_t slots;
} job;

static void slot_range(const job *a, size_t slot, size_t *from, size_t *to)
{
    size_t each = a->slots ? (a->s->nb + a->slots - 1) / a->slots : 0;
    *from = slot * each < a->s->nb ? slot * each : a->s->nb;
    *to = *from + each < a->s->nb ? *from + each : a->s->nb;
}

/* The strip's inputs are those of its trial, from step t0 on. */
static void feed(const lsnn *s, const opt_trials *tr, size_t t0, strip *w)
{
    w->x = tr->x && s->n_in ? (const real *)tr->x + (w->b * (size_t)tr->T + t0) * s->n_in : NULL;
    w->fed = w->x || tr->bits;
}

static size_t spikes_of_group(const strip *w, size_t n, const lsnn *s)
{
    size_t sum = 0;
    for (size_t g = 0; g < n; g++)
        for (size_t j = 0; j < s->n_rec; j++) sum += s->spikes[w[g].b * s->n_rec + j];
    return sum;
}

static void forward_group(const job *a, strip *w, size_t n, size_t b, lane *ln)
{
    lsnn *s = a->s;
    size_t T = (size_t)a->tr->T;
    for (size_t g = 0; g < n; g++) {
        clear_trial(s, b + g);
        w[g] = strip_of(s, b, T, ln, g, n);
        feed(s, a->tr, 0, &w[g]);
        if (a->tr->bits) memcpy(w[g].xbits, a->tr->bits + (b + g) * T * s->xw, T * s->xw * sizeof *w[g].xbits);
    }
    for (size_t g = 0; s->forgets && g < n; g++) w[g].psi = NULL;
    s->k->forward(s, w, n, ln, 0, T);
    for (size_t g = 0; g < n; g++) {
        s->bad[b + g] = w[g].bad;
        s->binary[b + g] = w[g].binary;
        errors(s, &w[g], a->tr, 0);
    }
}

static void backward_group(const job *a, const strip *w, size_t n, size_t slot, lane *ln)
{
    const lsnn *s = a->s;
    real *dW = s->dW + slot * s->rows * s->np, *dWout = s->dWout + slot * (s->n_rec + 1) * s->kp;
    if (s->general) {
        if (n) general_backward(s, a->tr, w, dW, dWout, ln);
        return;
    }
    for (size_t g = 0; s->bptt && g < n; g++) filter_errors(s, &w[g]);
    if (s->bptt && n) s->k->bptt(s, w, n, ln, dW);
    for (size_t g = 0; g < n; g++) {
        if (!s->bptt) {
            filter_errors(s, &w[g]);
            s->k->scan(s, &w[g], ln, dW);
        }
        s->k->readout(s, &w[g], dWout);
    }
}

/* Trials run side by side where that shares weights: GEMMs at high rates, and BPTT's. Else one by one, so that a trial's
 * history is used while it is cached. */
static size_t group_size(const lsnn *s, bool dense, size_t left)
{
    size_t n = (dense || (s->bptt && !s->forgets)) && !s->general ? GROUP : 1;
    return n < left ? n : left;
}

/* Where histories are kept, forward and backward are two jobs. */
static void forward_slot(void *arg, size_t slot, size_t lane_index)
{
    const job *a = arg;
    lsnn *s = a->s;
    lane *ln = &s->lanes[lane_index];
    strip w[GROUP];
    size_t b, end, n;
    bool dense = false;
    slot_range(a, slot, &b, &end);
    for (; b < end; b += n) {
        n = group_size(s, dense, end - b);
        forward_group(a, w, n, b, ln);
        dense = (double)spikes_of_group(w, n, s) > 0.2 * (double)(n * s->n_rec) * (double)a->tr->T;
        if (!s->keep_all && a->tr->part != OPT_FORWARD) backward_group(a, w, n, slot, ln);
    }
}

static void backward_slot(void *arg, size_t slot, size_t lane_index)
{
    const job *a = arg;
    lsnn *s = a->s;
    strip w[GROUP];
    size_t b, end, n;
    slot_range(a, slot, &b, &end);
    for (; b < end; b += n) {
        n = group_size(s, true, end - b);
        for (size_t g = 0; g < n; g++) {
            w[g] = strip_of(s, b, (size_t)a->tr->T, &s->lanes[lane_index], g, n);
            feed(s, a->tr, 0, &w[g]);
            w[g].binary = s->binary[b + g];
            if (a->tr->part == OPT_BACKWARD) errors(s, &w[g], a->tr, 0);
        }
        backward_group(a, w, n, slot, &s->lanes[lane_index]);
    }
}

static real mean_rate(const lsnn *s, size_t j)
{
    uint64_t sum = 0;
    real steps = (real)s->T_all * (real)s->nb;
    for (size_t b = 0; b < s->nb; b++) sum += s->spikes[b * s->n_rec + j];
    return steps > 0 ? (real)sum / steps : 0;
}

/* c_reg (fbar_j - f*)/(T B). */
static real reg_signal(const lsnn *s, size_t j)
{
    real steps = (real)s->T_all * (real)s->nb;
    return steps > 0 ? (real)s->cfg.c_reg * (mean_rate(s, j) - (real)s->cfg.f_target) / steps : 0;
}

/* ---- chunks ------------------------------------------------------------------------------------------ */

/* dWout_kj += g_out sum_s errbar_k^s z_j^s + g_out kappa errbar_k^{t0} zbar_j, and zbar moves on. */
static void readout_chunk(lsnn *s, const strip *w, real *dWout)
{
    const real *errbar = w->errbar;
    real *zbar = s->zbar + w->home * (s->n_rec + 1), decay = 1;
    s->k->readout(s, w, dWout);
    for (size_t j = 0; j <= s->n_rec && w->steps; j++)
        for (size_t k = 0; k < s->n_out; k++) dWout[j * s->kp + k] += s->kappa * zbar[j] * errbar[k];
    for (size_t t = 0; t < w->steps; t++) decay *= s->kappa;
    for (size_t j = 0; j <= s->n_rec; j++) zbar[j] *= decay;
    decay = 1;
    for (size_t t = w->steps; t-- > 0; decay *= s->kappa) {
        const uint64_t *z = strip_z(s, w, t + s->delay);
        zbar[s->n_rec] += decay;
        for (size_t k = 0; k < s->zw; k++)
            for (uint64_t left = z[k]; left; left &= left - 1)
                zbar[k * 64 + (size_t)__builtin_ctzll(left)] += decay;
    }
}

/* Keeps the last psi, and moves the last y and spikes to the front. */
static void end_chunk(lsnn *s, const strip *w)
{
    if (w->steps == 0) return;
    if (!s->general) memcpy(s->psi_last + w->home * s->np, w->psi + (w->steps - 1) * w->ld, s->np * sizeof(real));
    memcpy(s->y0 + w->b * s->kp, w->y + (w->steps - 1) * s->kp, s->kp * sizeof(real));
    memmove(w->zbits, w->zbits + w->steps * s->zw, s->delay * s->zw * sizeof(uint64_t));
}

/* Learns the rows of a trial's chunk. */
static void close_chunk(lsnn *s, strip *w, size_t slot, lane *ln)
{
    size_t plane = s->rows * s->np;
    real *dW = s->dW + slot * plane, *dR = s->dR ? s->dR + slot * plane : NULL;
    if (w->steps == 0) return;
    filter_errors(s, w);
    if (s->general) general_chunk(s, w, ln, dW, dR);
    else {
        s->k->chunk_scan(s, w, ln);
        s->k->chunk_pass(s, w, ln, dW, dR);
    }
    readout_chunk(s, w, s->dWout + slot * (s->n_rec + 1) * s->kp);
    end_chunk(s, w);
}

/* Whole trials by chunks: memory constant in T. */
static void chunked_slot(void *arg, size_t slot, size_t lane_index)
{
    const job *a = arg;
    lsnn *s = a->s;
    lane *ln = &s->lanes[lane_index];
    size_t b, end, T = (size_t)a->tr->T;
    slot_range(a, slot, &b, &end);
    for (; b < end; b++) {
        clear_trial(s, b);
        clear_traces(s, s->lean ? lane_index : b);
        s->bad[b] = false;
        for (size_t t = 0; t < T; t += s->block) {
            strip w = strip_of(s, b, T - t < s->block ? T - t : s->block, ln, 0, 1);
            feed(s, a->tr, t, &w);
            s->k->forward(s, &w, 1, ln, 0, w.steps);
            s->bad[b] = s->bad[b] || w.bad;
            errors(s, &w, a->tr, t);
            if (s->general) w.L = s->L + w.home * s->block * s->np;
            for (size_t r = 0; s->general && r < w.steps; r++)
                general_learn(s, w.home, t + r, w.err + r * s->kp, NULL, w.L + r * s->np);
            if (a->tr->part == OPT_FORWARD) end_chunk(s, &w);
            else close_chunk(s, &w, slot, ln);
        }
    }
}

static void run_whole(job *a)
{
    lsnn *s = a->s;
    bool kept = a->tr->part == OPT_BACKWARD && s->keep_all && !s->forgets;
    s->forgets = a->tr->part == OPT_FORWARD && a->tr->alone;
    if (!kept) fast_parallel(forward_slot, a, a->slots, s->n_lane);
    for (size_t j = 0; s->cfg.c_reg > 0 && j < s->n_rec; j++) s->reg[j] = reg_signal(s, j);
    if (s->keep_all && a->tr->part != OPT_FORWARD) fast_parallel(backward_slot, a, a->slots, s->n_lane);
    s->fill = (size_t)a->tr->T;
    s->last = s->fill ? s->fill - 1 : 0;
}

/* Slot 0 += the others, in their order. */
static void reduce_array(real *v, size_t n, size_t slots)
{
    for (size_t slot = 1; slot < slots; slot++)
        for (size_t k = 0; k < n; k++) v[k] += v[slot * n + k];
}

static ep_status run_trials(lsnn *s, const opt_trials *tr)
{
    job a = {.s = s, .tr = tr, .slots = slots_for(s->nb)};
    for (size_t b = 0; b < s->nb; b++)
        s->norm[b] = loss_divisor(s->net.opt.loss_norm, s->nb, (size_t)tr->T, tr->mask ? (const real *)tr->mask + b * (size_t)tr->T : NULL);
    s->t = s->T_all = (uint64_t)tr->T;
    s->learnt = true;
    s->fill = 0;
    s->distinct_alpha = alpha_differs(s); /* traces begin at 0 */
    memcpy(s->beta_last, s->beta, s->np * sizeof(real));
    s->last = (size_t)tr->T ? ((size_t)tr->T - 1) % s->block : 0;
    if (s->chunked) fast_parallel(chunked_slot, &a, a.slots, s->n_lane);
    else run_whole(&a);
    reduce_array(s->dW, s->rows * s->np, a.slots);
    reduce_array(s->dWout, (s->n_rec + 1) * s->kp, a.slots);
    if (s->dR) reduce_array(s->dR, s->rows * s->np, a.slots);
    s->reduced = true;
    for (size_t b = 0; b < s->nb; b++)
        if (s->bad[b]) return EP_DOMAIN;
    bool good = s->k->finite(s->dW, s->rows * s->np) && s->k->finite(s->dWout, (s->n_rec + 1) * s->kp) &&
                (!s->dR || s->k->finite(s->dR, s->rows * s->np));
    return good ? EP_OK : EP_UNABLE;
}

#endif
