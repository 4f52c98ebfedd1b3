/* The forward pass of one trial by one step.
 *
 *   I_cj^t = b_cj + sum_i Win^c_ji x_i^t + sum_i Wrec^c_ji z_i^{t-d};  (h, z)_j^t by the cell
 *
 * Order of the sum: bias, inputs, recurrent, each by ascending index.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_SCALAR_FORWARD_H
#define OPT_SCALAR_FORWARD_H

#include "cell.h"
#include "readout.h"

/* One parameter of row j: where it is in a parameter vector, its channel, and what it multiplies. */
typedef struct column {
    size_t at;
    int ch, p; /* p >= 0: theta_p, no channel */
    real pre;
} column;

/* Column n of row j of channel by channel n_in inputs, n_rec recurrent, bias; then theta. False: masked or absent. */
static bool column_of(const state *s, size_t j, size_t n, const real *x, const real *z_pre, column *out)
{
    size_t width = s->n_in + s->n_rec + 1, ch = n / width, k = n % width, row = ch * s->n_rec + j;
    if (ch >= s->nc) {
        size_t p = n - s->nc * width;
        *out = (column){.at = s->first[EP_G_THETA + p] + j, .ch = 0, .p = (int)p, .pre = 1};
        return s->size[EP_G_THETA + p] > 0;
    }
    *out = (column){.ch = (int)ch, .p = -1, .pre = 1, .at = s->first[EP_G_BIAS] + row};
    if (k < s->n_in) {
        out->at = s->first[EP_G_WIN] + row * s->n_in + k;
        out->pre = x ? x[k] : 0;
    } else if (k < s->n_in + s->n_rec) {
        size_t i = k - s->n_in;
        out->at = s->first[EP_G_WREC] + row * s->n_rec + i;
        out->pre = z_pre[i];
        return i != j || !ep_model_masks_diagonal(s->net.model);
    }
    return true;
}

static size_t columns_of_row(const state *s) { return s->nc * (s->n_in + s->n_rec + 1) + EP_N_THETA; }

static void forward_step(state *s, size_t b, uint64_t t, const real *x)
{
    const real *Win = group(s, EP_G_WIN), *Wrec = group(s, EP_G_WREC), *bias = group(s, EP_G_BIAS);
    const real *z_pre = s->z + frame_before(s, b, t, s->delay) * s->n_rec;
    real *I = s->I + frame(s, b, t) * s->n_rec * s->nc, *z = s->z + frame(s, b, t) * s->n_rec;
    for (size_t j = 0; j < s->n_rec; j++) {
        for (size_t ch = 0; ch < s->nc; ch++) {
            size_t row = ch * s->n_rec + j;
            real sum = bias[row];
            for (size_t i = 0; x && i < s->n_in; i++) sum += Win[row * s->n_in + i] * x[i];
            for (size_t i = 0; i < s->n_rec; i++) sum += Wrec[row * s->n_rec + i] * z_pre[i];
            I[j * s->nc + ch] = sum;
        }
        spot k = spot_at(s, b, t, j);
        cell_step(s, &k);
        s->zsum[b * s->n_rec + j] += z[j];
    }
    readout_step(s, b, t);
}

#endif
