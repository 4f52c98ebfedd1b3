/* Step by step on the fast LSNN path: the open chunk, and when it closes.
 *
 * Rows 0 .. fill-1 of the histories are the steps since the last close. A chunk closes when it is full, and before
 * anything that reads or clears the gradient or changes a parameter.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSNN_ONLINE_H
#define OPT_FAST_LSNN_ONLINE_H

#include "lsnn_run.h"

static strip open_strip(const lsnn *s, size_t b, size_t steps)
{
    strip w = strip_of(s, b, steps, s->lanes, 0, 1);
    w.x = s->n_in ? s->x + b * s->block * s->n_in : NULL;
    w.fed = s->n_in > 0;
    w.L = s->has_L || s->general ? s->L + b * s->block * s->np : NULL;
    w.binary = s->binary[b];
    return w;
}

static void close_slot(void *arg, size_t slot, size_t lane_index)
{
    const job *a = arg;
    lsnn *s = a->s;
    size_t b, end;
    slot_range(a, slot, &b, &end);
    for (; b < end; b++) {
        strip w = open_strip(s, b, s->fill);
        w.errbar = s->lanes[lane_index].errbar;
        close_chunk(s, &w, slot, &s->lanes[lane_index]);
        s->binary[b] = true;
    }
}

/* Learns the open rows. A last step without a signal can still be learnt: its traces are the carried ones. */
static void close_open(lsnn *s)
{
    job a = {.s = s, .slots = slots_for(s->nb)};
    if (!s->chunked || s->fill == 0) return;
    fast_parallel(close_slot, &a, a.slots, s->n_lane);
    memcpy(s->beta_last, s->beta, s->np * sizeof(real));
    s->reduced = false;
    s->has_L = false;
    s->fill = 0;
}

/* dW_ji += L_j ebar_ji and dWout_kj += g_out err_k zbar_j at the step that the carried traces are those of. */
static void learn_late(lsnn *s, size_t b, const real *err, const real *L)
{
    const real *ebar = s->ebar + b * s->rows * s->np, *zbar = s->zbar + b * (s->n_rec + 1);
    for (size_t j = 0; j < s->n_rec; j++) {
        real signal = L ? L[j] : 0;
        for (size_t k = 0; !s->general && k < s->n_out; k++) signal += s->g_out * s->F[k * s->np + j] * err[k];
        for (size_t i = 0; i < s->rows; i++) s->dW[i * s->np + j] += signal * ebar[i * s->np + j];
    }
    for (size_t j = 0; j <= s->n_rec; j++)
        for (size_t k = 0; k < s->n_out; k++) s->dWout[j * s->kp + k] += s->g_out * err[k] * zbar[j];
}

/* Where nothing is learnt step by step, one row is enough. */
static void forget_rows(lsnn *s)
{
    for (size_t b = 0; b < s->nb && s->fill; b++) {
        strip w = strip_of(s, b, 0, s->lanes, 0, 1);
        memcpy(s->y0 + b * s->kp, w.y + (s->fill - 1) * s->kp, s->kp * sizeof(real));
        memmove(w.zbits, w.zbits + s->fill * s->zw, s->delay * s->zw * sizeof(uint64_t));
    }
    s->fill = 0;
}

/* One step of all trials; x is finite. */
static void step_all(lsnn *s, const real *x)
{
    size_t row;
    s->pending = false;
    if (!s->chunked) forget_rows(s);
    else if (s->fill == s->block) close_open(s);
    row = s->fill;
    for (size_t b = 0; b < s->nb; b++) {
        strip w = s->chunked ? open_strip(s, b, row + 1) : strip_of(s, b, 1, s->lanes, 0, 1);
        if (s->chunked) {
            real *to = s->x + (b * s->block + row) * s->n_in;
            if (x) memcpy(to, x + b * s->n_in, s->n_in * sizeof(real));
            else memset(to, 0, s->n_in * sizeof(real));
            memset(s->L + (b * s->block + row) * s->np, 0, s->np * sizeof(real));
            if (s->general) memset(s->pend + (b * late_ring(s) + (size_t)(s->t % late_ring(s))) * s->np, 0, s->np * sizeof(real));
        } else w.x = x && s->n_in ? x + b * s->n_in : NULL;
        w.fed = w.x;
        s->k->forward(s, &w, 1, s->lanes, row, row + 1);
        s->binary[b] = w.binary;
        memset(w.err + row * s->kp, 0, s->kp * sizeof(real));
    }
    s->last = row;
    s->fill = row + 1;
    s->learnt = false;
    s->t++;
    s->T_all++;
}

static ep_status check_signal(const lsnn *s, const opt_signal *sig)
{
    size_t n = s->nb * s->n_out;
    const void *const given[] = {sig->err, sig->target, sig->weight, sig->L};
    const size_t size[] = {n, n, s->nb, s->nb * s->n_rec};
    if ((sig->err != NULL) + (sig->target != NULL) + (sig->L != NULL) > 1 || (sig->weight && !sig->target))
        return EP_DOMAIN;
    for (int k = 0; k < 4; k++)
        if (given[k] && !s->k->finite(given[k], size[k])) return EP_DOMAIN;
    bool good = not_negative(sig->weight, s->nb);
    if (s->cfg.loss == EP_CLASSIFICATION) good = good && not_negative(sig->target, n);
    return good ? EP_OK : EP_DOMAIN;
}

static void learn_all(lsnn *s, const opt_signal *sig)
{
    const real *err = sig->err, *target = sig->target, *weight = sig->weight, *L = sig->L;
    for (size_t b = 0; b < s->nb; b++) {
        size_t row = b * s->block + s->last;
        if (err) memcpy(s->err + row * s->kp, err + b * s->n_out, s->n_out * sizeof(real));
        if (target)
            error_row(s, b, s->y + row * s->kp, target + b * s->n_out, weight ? weight[b] : 1, s->err + row * s->kp);
        if (s->general) {
            real *to = s->L + (b * s->block + (s->fill ? s->fill - 1 : 0)) * s->np;
            general_learn(s, b, s->t - 1, s->err + row * s->kp, L ? L + b * s->n_rec : NULL, to);
            if (s->fill == 0) learn_late(s, b, s->err + row * s->kp, to);
        } else if (s->fill == 0) learn_late(s, b, s->err + row * s->kp, L ? L + b * s->n_rec : NULL);
        else if (L) memcpy(s->L + row * s->np, L + b * s->n_rec, s->n_rec * sizeof(real));
    }
    s->has_L = s->fill && (s->has_L || L);
    s->learnt = true;
}

#endif
