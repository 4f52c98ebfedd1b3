/* Forward in time: currents of all trials as one product a step, cells, readout, loss.
 *
 *   I^t = W u^t;  y^t = kappa y^{t-1} + g_out (Wout z^t + bout)
 *
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSTM_FORWARD_H
#define OPT_FAST_LSTM_FORWARD_H

#include "lstm_state.h"
#include "../loss.h"

/* Column n of a packed matrix of k rows: entry q lies at [q panel]. */
static real *packed_column(const state *s, real *to, size_t k, size_t n)
{
    return to + n / s->k->panel * k * s->k->panel + n % s->k->panel;
}

/* W in the order of u: recurrent, input, bias; column n is channel n / np, neuron n % np. */
static void pack_forward(const state *s)
{
    size_t wide = s->k->panel, n_rec = s->n_rec, n_in = s->n_in;
    zero(s->Wf, s->nu * s->nc * s->np);
    for (size_t of = 0; of < s->nc * n_rec; of++) {
        real *to = packed_column(s, s->Wf, s->nu, of / n_rec * s->np + of % n_rec), *in = to + n_rec * wide;
        const real *Wrec = group(s, EP_G_WREC) + of * n_rec, *Win = group(s, EP_G_WIN) + of * n_in;
        for (size_t i = 0; i < n_rec; i++) to[i * wide] = Wrec[i];
        for (size_t i = 0; i < n_in; i++) in[i * wide] = Win[i];
        in[n_in * wide] = group(s, EP_G_BIAS)[of];
    }
}

/* Wrec by rows of (channel, neuron). */
static void pack_backward(const state *s)
{
    size_t rows = s->nc * s->np, n = s->n_rec;
    zero(s->Wb, rows * s->np);
    for (size_t i = 0; i < n; i++) {
        real *to = packed_column(s, s->Wb, rows, i);
        for (size_t of = 0; of < s->nc * n; of++)
            to[(of / n * s->np + of % n) * s->k->panel] = group(s, EP_G_WREC)[of * n + i];
    }
}

/* Wout forward [np][n_out], and g_out B^T or g_out Wout back [n_out][np]. */
static void pack_readout(const state *s)
{
    const real *Wout = group(s, EP_G_WOUT);
    bool symmetric = s->symmetric || !s->eprop1;
    zero(s->Wo, s->np * s->ldy);
    zero(s->Wl, s->n_out * s->np);
    for (size_t k = 0; k < s->n_out; k++) {
        real *to = packed_column(s, s->Wo, s->np, k);
        for (size_t j = 0; j < s->n_rec; j++) {
            to[j * s->k->panel] = Wout[k * s->n_rec + j];
            packed_column(s, s->Wl, s->n_out, j)[k * s->k->panel] =
                s->g_out * (symmetric ? Wout[k * s->n_rec + j] : s->fb[j * s->n_out + k]);
        }
    }
}

static void pack_weights(state *s)
{
    if (!s->stale) return;
    pack_forward(s);
    if (!s->eprop1) pack_backward(s);
    pack_readout(s);
    s->stale = false;
}

/* Alpha of the steps to come; those before have learnt with theirs. */
static void take_alpha(state *s)
{
    s->alpha_set = false;
    for (size_t j = 0; s->cell == 1 && j < s->n_rec; j++) s->alpha[j] = group(s, EP_G_THETA + (int)EP_ALPHA)[j];
}

/* Step t of trials b0 .. b1-1; x of trial b at x + b stride, NULL = 0. */
static void forward_rows(state *s, uint64_t t, size_t b0, size_t b1, const real *x, size_t stride)
{
    const real *bout = group(s, EP_G_BOUT);
    size_t n = b1 - b0;
    for (size_t b = b0; b < b1; b++) {
        real *in = row(s, s->u, t, b, s->ldu) + s->n_rec; /* over what pads z */
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

/* err^t and loss of trial b with weight m. */
static void loss_row(state *s, uint64_t t, size_t b, const real *target, real m)
{
    const real *y = row(s, s->y, t, b, s->ldy);
    real *err = row(s, s->err, t, b, s->ldy);
    if (m == 0) return;
    s->loss[b] += s->cfg.loss == EP_CLASSIFICATION ? loss_classification(s->n_out, y, target, m, err)
                                                   : loss_regression(s->n_out, y, target, m, err);
}

/* Step t is the n-th, from 0, of the trials given. */
static void loss_of_trials(state *s, const opt_trials *tr, size_t n, uint64_t t, size_t b)
{
    size_t at = b * (size_t)tr->T + n;
    if (tr->err) {
        memcpy(row(s, s->err, t, b, s->ldy), (const real *)tr->err + at * s->n_out, s->n_out * sizeof(real));
        return;
    }
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
