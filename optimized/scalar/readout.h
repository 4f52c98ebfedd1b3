/* Readout and losses.
 *
 *   y_k^t = kappa y_k^{t-1} + g_out (bout_k + sum_j Wout_kj z_j^t)
 *   regression      E = 1/2 sum_t m^t sum_k (y - y*)^2          err = m (y - y*)
 *   classification  E = - sum_t m^t sum_k p* log softmax(y)     err = m (p sum_l p*_l - p*)
 *
 * The readout is trained exactly in every rule, backward (sum_t dy z) or forward (sum_t err zbar).
 * SPDX-License-Identifier: MIT */
#ifndef OPT_SCALAR_READOUT_H
#define OPT_SCALAR_READOUT_H

#include "state.h"
#include "../loss.h"

static void readout_step(state *s, size_t b, uint64_t t)
{
    const real *Wout = group(s, EP_G_WOUT), *bout = group(s, EP_G_BOUT), *z = s->z + frame(s, b, t) * s->n_rec;
    const real *y_prev = s->y + frame_before(s, b, t, 1) * s->n_out;
    real *y = s->y + frame(s, b, t) * s->n_out, *err = s->err + frame(s, b, t) * s->n_out;
    for (size_t k = 0; k < s->n_out; k++) {
        real sum = bout[k];
        for (size_t j = 0; j < s->n_rec; j++) sum += Wout[k * s->n_rec + j] * z[j];
        y[k] = s->kappa * y_prev[k] + s->g_out * sum;
        err[k] = 0;
    }
}

/* err^t and the loss of one trial and step with weight m. */
static void loss_step(state *s, size_t b, uint64_t t, const real *target, real m)
{
    const real *y = s->y + frame(s, b, t) * s->n_out;
    real *err = s->err + frame(s, b, t) * s->n_out;
    bool softmax = s->cfg.loss == EP_CLASSIFICATION;
    if (m == 0) return;
    s->loss[b] += softmax ? loss_classification(s->n_out, y, target, m, err)
                          : loss_regression(s->n_out, y, target, m, err);
}

/* zbar^t = kappa zbar^{t-1} + g_out z^t, the last one for z = 1. */
static void readout_filter(state *s, size_t b, uint64_t t)
{
    const real *z = s->z + frame(s, b, t) * s->n_rec;
    real *zbar = s->zbar + b * (s->n_rec + 1);
    for (size_t j = 0; j < s->n_rec; j++) zbar[j] = s->kappa * zbar[j] + s->g_out * z[j];
    zbar[s->n_rec] = s->kappa * zbar[s->n_rec] + s->g_out;
}

/* dWout += err zbar, forward in time. */
static void readout_learn(const state *s, size_t b, uint64_t t, real *g)
{
    const real *err = s->err + frame(s, b, t) * s->n_out, *zbar = s->zbar + b * (s->n_rec + 1);
    real *Wout = g + s->first[EP_G_WOUT], *bout = g + s->first[EP_G_BOUT];
    for (size_t k = 0; k < s->n_out; k++) {
        for (size_t j = 0; j < s->n_rec; j++) Wout[k * s->n_rec + j] += err[k] * zbar[j];
        bout[k] += err[k] * zbar[s->n_rec];
    }
}

/* dWout += g_out dy z of T steps behind `from`, from adjoints dy [T+2][n_out]. */
static void readout_gradient(const state *s, size_t b, uint64_t from, size_t T, const real *dy, real *g)
{
    real *Wout = g + s->first[EP_G_WOUT], *bout = g + s->first[EP_G_BOUT];
    for (size_t t = 1; t <= T; t++) {
        const real *z = s->z + frame(s, b, from + t) * s->n_rec;
        for (size_t k = 0; k < s->n_out; k++) {
            real d = s->g_out * dy[t * s->n_out + k];
            bout[k] += d;
            for (size_t j = 0; j < s->n_rec; j++) Wout[k * s->n_rec + j] += d * z[j];
        }
    }
}

#endif
