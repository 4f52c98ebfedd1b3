/* Forward in time: currents of all trials as one product a step, cells, readout, loss.
 *
 *   I^t = W u^t;  y^t = kappa y^{t-1} + g_out (Wout z^t + bout)
 *
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSTM_FORWARD_H
#define OPT_FAST_LSTM_FORWARD_H

#include "lstm_state.h"

/* Weights in the order of u: recurrent, input, bias. */
static real weight_at(const state *s, size_t j, size_t ch, size_t column)
{
    size_t of = ch * s->n_rec + j;
    if (j >= s->n_rec) return 0;
    if (column < s->np) return column < s->n_rec ? group(s, EP_G_WREC)[of * s->n_rec + column] : 0;
    if (column < s->np + s->n_in) return group(s, EP_G_WIN)[of * s->n_in + column - s->np];
    return group(s, EP_G_BIAS)[of];
}

/* Packs B [k][n] whose entry is given by a function of the state. */
typedef real entry_of(const state *s, size_t k, size_t n);

static real entry_forward(const state *s, size_t k, size_t n) { return weight_at(s, n % s->np, n / s->np, k); }
static real entry_backward(const state *s, size_t k, size_t n) { return weight_at(s, k % s->np, k / s->np, n); }
static real entry_out(const state *s, size_t k, size_t n)
{
    return k < s->n_rec ? group(s, EP_G_WOUT)[n * s->n_rec + k] : 0;
}
static real entry_feedback(const state *s, size_t k, size_t n)
{
    bool symmetric = s->symmetric || !s->eprop1;
    if (n >= s->n_rec) return 0;
    return s->g_out * (symmetric ? group(s, EP_G_WOUT)[k * s->n_rec + n] : s->fb[n * s->n_out + k]);
}

static void pack_matrix(const state *s, size_t k, size_t n, entry_of *entry, real *to)
{
    size_t wide = s->k->panel;
    for (size_t p = 0; p < n; p += wide)
        for (size_t q = 0; q < k; q++)
            for (size_t c = p; c < p + wide; c++) *to++ = c < n ? entry(s, q, c) : 0;
}

static void pack_weights(state *s)
{
    if (!s->stale) return;
    pack_matrix(s, s->nu, s->nc * s->np, entry_forward, s->Wf);
    if (!s->eprop1) pack_matrix(s, s->nc * s->np, s->np, entry_backward, s->Wb);
    pack_matrix(s, s->np, s->n_out, entry_out, s->Wo);
    pack_matrix(s, s->n_out, s->np, entry_feedback, s->Wl);
    for (size_t j = 0; s->cell == 1 && j < s->n_rec; j++) s->alpha[j] = group(s, EP_G_THETA + (int)EP_ALPHA)[j];
    s->stale = false;
}

/* Step t of trials b0 .. b1-1; x of trial b at x + b stride, NULL = 0. */
static void forward_rows(state *s, uint64_t t, size_t b0, size_t b1, const real *x, size_t stride)
{
    const real *bout = group(s, EP_G_BOUT);
    size_t n = b1 - b0;
    for (size_t b = b0; b < b1; b++) {
        real *in = row(s, s->u, t, b, s->ldu) + s->np;
        if (x && s->n_in) memcpy(in, x + b * stride, s->n_in * sizeof *in);
        else zero(in, s->n_in);
        in[s->n_in] = 1;
    }
    s->k->gemm(n, s->nc * s->np, s->nu, row(s, s->u, t, b0, s->ldu), s->ldu, s->Wf, row(s, s->q, t, b0, s->ldq),
               s->ldq, false);
    for (size_t b = b0; b < b1; b++) {
        cell_row c = cell_at(s, t, b);
        s->k->forward[s->cell](&c);
    }
    s->k->gemm(n, s->n_out, s->np, z_row(s, t, b0), s->ldu, s->Wo, row(s, s->y, t, b0, s->ldy), s->ldy, false);
    for (size_t b = b0; b < b1; b++) {
        const real *before = row(s, s->y, t - 1, b, s->ldy);
        real *y = row(s, s->y, t, b, s->ldy), *err = row(s, s->err, t, b, s->ldy);
        for (size_t k = 0; k < s->n_out; k++) y[k] = s->kappa * before[k] + s->g_out * (y[k] + bout[k]);
        zero(err, s->ldy);
    }
}

static real loss_regression(size_t n, const real *y, const real *target, real m, real *err)
{
    real loss = 0;
    for (size_t k = 0; k < n; k++) {
        real diff = y[k] - (target ? target[k] : 0);
        err[k] = m * diff;
        loss += (real)0.5 * (diff * err[k]);
    }
    return loss;
}

static real loss_classification(size_t n, const real *y, const real *target, real m, real *err)
{
    real top = n ? y[0] : 0, sum = 0, mass = 0, loss = 0;
    for (size_t k = 1; k < n; k++) top = y[k] > top ? y[k] : top;
    for (size_t k = 0; k < n; k++) {
        err[k] = r_exp(y[k] - top);
        sum += err[k];
        mass += target ? target[k] : 0;
    }
    for (size_t k = 0; k < n; k++) {
        real p = target ? target[k] : 0;
        if (p > 0) loss += m * (p * (r_log(sum) - y[k] + top));
        err[k] = m * (err[k] / sum * mass - p);
    }
    return loss;
}

/* err^t and loss of trial b with weight m. */
static void loss_row(state *s, uint64_t t, size_t b, const real *target, real m)
{
    const real *y = row(s, s->y, t, b, s->ldy);
    real *err = row(s, s->err, t, b, s->ldy);
    if (m == 0) return;
    s->loss[b] += s->cfg.loss == EP_CLASSIFICATION ? loss_classification(s->n_out, y, target, m, err)
                                                   : loss_regression(s->n_out, y, target, m, err);
}

/* What loss_norm divides the weights of trial b by. */
static real loss_divisor(const state *s, const opt_trials *tr, size_t b)
{
    ep_loss_norm norm = s->net.opt.loss_norm;
    const real *mask = tr->mask ? (const real *)tr->mask + b * (size_t)tr->T : NULL;
    size_t steps = 0;
    for (size_t t = 0; t < (size_t)tr->T; t++) steps += !mask || mask[t] > 0;
    real by = 1;
    if ((norm == EP_NORM_STEPS || norm == EP_NORM_BOTH) && steps > 0) by *= (real)steps;
    if (norm == EP_NORM_BATCH || norm == EP_NORM_BOTH) by *= (real)s->nb;
    return by;
}

static void loss_of_trials(state *s, const opt_trials *tr, uint64_t t, size_t b)
{
    size_t at = b * (size_t)tr->T + (size_t)t - 1;
    real m = (tr->mask ? ((const real *)tr->mask)[at] : 1) / s->norm[b];
    loss_row(s, t, b, tr->target ? (const real *)tr->target + at * s->n_out : NULL, m);
}

static real mean_rate(const state *s, size_t j)
{
    real sum = 0, steps = (real)s->T_all * (real)s->nb;
    for (size_t b = 0; b < s->nb; b++) sum += s->zsum[b * s->np + j];
    return steps > 0 ? sum / steps : 0;
}

/* c_reg (fbar_j - f*)/(T B). */
static real reg_signal(const state *s, size_t j)
{
    real steps = (real)s->T_all * (real)s->nb;
    return steps > 0 ? (real)s->cfg.c_reg * (mean_rate(s, j) - (real)s->cfg.f_target) / steps : 0;
}

static real reg_loss(const state *s)
{
    real E = 0;
    for (size_t j = 0; s->T_all > 0 && s->nb > 0 && j < s->n_rec; j++) {
        real off = mean_rate(s, j) - (real)s->cfg.f_target;
        E += (real)0.5 * (off * ((real)s->cfg.c_reg * off));
    }
    return E;
}

#endif
