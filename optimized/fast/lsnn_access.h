/* Named quantities of the fast LSNN path: count, get, set.
 *
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSNN_ACCESS_H
#define OPT_FAST_LSNN_ACCESS_H

#include "lsnn_run.h"

static int group_of(int quantity, int first)
{
    int g = quantity - first;
    return g >= 0 && g < (int)EP_N_GROUP ? g : -1;
}

/* A state quantity: rows of `width` numbers, one a trial, `stride` apart. Base NULL: none of these. */
typedef struct field {
    real *base;
    size_t stride, width;
} field;

/* Row q of each trial's last step; absent outside the general path. */
static field general_field(const lsnn *s, int q)
{
    if (!s->general || q < 0) return (field){.base = NULL};
    return (field){s->now + (size_t)q * s->np, s->nq * s->np, s->n_rec};
}

static field field_of(const lsnn *s, int quantity)
{
    switch (quantity) {
    case OPT_S: return general_field(s, s->synaptic ? s->q_a : -1);
    case OPT_PSI: return general_field(s, s->q_psi);
    case OPT_DZDA: return general_field(s, s->q_dzda);
    case OPT_V: if (s->general) return general_field(s, s->q_v);
        return (field){s->v, s->np, s->n_rec};
    case OPT_A: if (s->general) return general_field(s, s->has_a ? s->q_a : -1);
        return (field){s->has_a ? s->a : NULL, s->np, s->has_a ? s->n_rec : 0};
    case OPT_Z: if (s->general) return general_field(s, s->q_z);
        return (field){s->z, s->np, s->n_rec};
    case OPT_REFR: return (field){s->refr, s->np, s->n_rec};
    case OPT_Y: return (field){s->y + s->last * s->kp, s->block * s->kp, s->n_out};
    case OPT_ERR: return (field){s->err + s->last * s->kp, s->block * s->kp, s->n_out};
    default: return (field){.base = NULL};
    }
}

static size_t count_of(const lsnn *s, int quantity)
{
    int g = group_of(quantity, OPT_PARAM_0), d = group_of(quantity, OPT_GRAD_0);
    size_t B = (size_t)s->cfg.B;
    if (quantity & OPT_ALL_BIT) {
        int q = quantity & ~OPT_ALL_BIT;
        bool kept = !s->chunked && (s->streams || s->T_all == s->fill) && (q == OPT_Z || q == OPT_Y || q == OPT_ERR);
        return kept ? s->nb * s->fill * (q == OPT_Z ? s->n_rec : s->n_out) : 0;
    }
    if (g >= 0) return ep_group_size(&s->net, (ep_group)g);
    if (d >= 0) return d < (int)EP_G_THETA || s->general ? ep_group_size(&s->net, (ep_group)d) : 0;
    switch (quantity) {
    case OPT_FEEDBACK: return s->n_rec * s->n_out;
    case OPT_Z_PAST: return B * s->delay * s->n_rec;
    case OPT_FBAR: return s->n_rec;
    case OPT_LOSS: return 1;
    case OPT_X_WORDS: return s->chunked || s->streams ? 0 : s->xw;
    default: return B * field_of(s, quantity).width;
    }
}

/* The gradient lies as the parameters do; theta_p behind the channels. */
static matrix gradient_of(const lsnn *s, real *dW, real *dWout, int g)
{
    if (g < (int)EP_G_THETA) return matrix_of(s, dW, dWout, g);
    return (matrix){dW + (s->R + (size_t)(g - (int)EP_G_THETA)) * s->np, s->n_rec, 1, 1, 0};
}

/* Slots in their order, then the regulariser's part. */
static void get_gradient(const lsnn *s, int g, real *out)
{
    bool readout = g == EP_G_WOUT || g == EP_G_BOUT, regularised = s->dR && !readout;
    size_t slots = s->reduced ? 1 : s->n_slot, next = readout ? (s->n_rec + 1) * s->kp : s->rows * s->np;
    matrix m = gradient_of(s, s->dW, s->dWout, g), r = regularised ? gradient_of(s, s->dR, NULL, g) : m;
    for (size_t k = 0; k < m.rows; k++) {
        real factor = regularised ? reg_signal(s, k) : 0;
        for (size_t c = 0; c < m.cols; c++, out++) {
            size_t at = k * m.by_row + c * m.by_col;
            real sum = 0, R = 0;
            for (size_t slot = 0; slot < slots; slot++) sum += m.base[slot * next + at];
            for (size_t slot = 0; regularised && slot < slots; slot++) R += r.base[slot * next + at];
            *out = g == EP_G_WREC && k == c ? 0 : regularised ? sum + factor * R : sum;
        }
    }
}

static real loss_of(const lsnn *s)
{
    real E = 0, R = 0;
    for (size_t b = 0; b < s->nb; b++) E += s->loss[b];
    if (!(s->cfg.c_reg > 0) || s->T_all == 0 || s->nb == 0) return E;
    for (size_t j = 0; j < s->n_rec; j++) {
        real d = mean_rate(s, j) - (real)s->cfg.f_target;
        R += (real)0.5 * (d * ((real)s->cfg.c_reg * d));
    }
    return E + R;
}

/* z of trial b, row r of its bits. */
static real spike_at(const lsnn *s, size_t b, size_t row, size_t j)
{
    return (real)(s->zbits[(b * (s->block + s->delay) + row) * s->zw + j / 64] >> (j % 64) & 1);
}

static void get_all(const lsnn *s, int quantity, real *out)
{
    for (size_t b = 0; b < s->nb; b++)
        for (size_t t = 0; t < s->fill; t++) {
            const real *row = (quantity == OPT_Y ? s->y : s->err) + (b * s->block + t) * s->kp;
            if (quantity == OPT_Z)
                for (size_t j = 0; j < s->n_rec; j++) *out++ = spike_at(s, b, t + s->delay, j);
            else
                for (size_t k = 0; k < s->n_out; k++) *out++ = row[k];
        }
}

static real number_of(const lsnn *s, int quantity, size_t k)
{
    int g = group_of(quantity, OPT_PARAM_0);
    field f = field_of(s, quantity);
    size_t n = s->n_rec;
    if (g >= 0) return *parameter(s, g, k);
    if (f.base && (quantity == OPT_Y || quantity == OPT_ERR) && s->t == 0) return 0;
    if (f.base) return f.base[k / f.width * f.stride + k % f.width];
    if (quantity == OPT_FEEDBACK) return s->fb[k % s->n_out * s->np + k / s->n_out];
    if (quantity == OPT_FBAR) return mean_rate(s, k);
    if (quantity == OPT_Z_PAST) return spike_at(s, k / n / s->delay, s->fill + s->delay - 1 - k / n % s->delay, k % n);
    return loss_of(s);
}

/* Where a number that may be set lies, or NULL. */
static real *place_of(const lsnn *s, int quantity, size_t k)
{
    int g = group_of(quantity, OPT_PARAM_0);
    if (g >= 0) return parameter(s, g, k);
    if (quantity == OPT_FEEDBACK) return &s->fb[k % s->n_out * s->np + k / s->n_out];
    if (quantity != OPT_V && quantity != OPT_A) return NULL;
    field f = field_of(s, quantity);
    return f.base ? f.base + k / f.width * f.stride + k % f.width : NULL;
}

#endif
