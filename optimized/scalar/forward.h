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

/* The parameters of row j come in runs: n neighbours in a parameter vector that share channel or theta_p and
 * multiply pre[0..n-1]. */
typedef struct run {
    size_t at, n;
    size_t masked; /* the one that does not exist (self-connection); n: none */
    int ch, p;     /* p >= 0: theta_p, no channel */
    const real *pre;
} run;

static size_t runs_of_row(const state *s) { return 3 * s->nc + EP_N_THETA; }

/* Run r of row j: channel by channel inputs, recurrent, bias; then theta (n = 0 where the model has none). */
static run run_of(const state *s, size_t j, size_t r, const real *x, const real *z_pre)
{
    size_t ch = r / 3, row = ch * s->n_rec + j;
    if (ch >= s->nc) {
        size_t p = r - 3 * s->nc, n = s->size[EP_G_THETA + p] > 0 ? 1 : 0;
        return (run){.at = s->first[EP_G_THETA + p] + j, .n = n, .masked = n, .p = (int)p, .pre = &s->one};
    }
    run out = {.n = 1, .masked = 1, .ch = (int)ch, .p = -1, .at = s->first[EP_G_BIAS] + row, .pre = &s->one};
    if (r % 3 == 0) {
        out.at = s->first[EP_G_WIN] + row * s->n_in;
        out.n = out.masked = s->n_in;
        out.pre = x;
    } else if (r % 3 == 1) {
        out.at = s->first[EP_G_WREC] + row * s->n_rec;
        out.n = s->n_rec;
        out.masked = ep_model_masks_diagonal(s->net.model) ? j : out.n;
        out.pre = z_pre;
    }
    return out;
}

static void forward_step(state *s, size_t b, uint64_t t, const real *x)
{
    const real *Win = group(s, EP_G_WIN), *Wrec = group(s, EP_G_WREC), *bias = group(s, EP_G_BIAS);
    const real *z_pre = s->z + frame_before(s, b, t, s->delay) * s->n_rec;
    real *I = s->I + frame(s, b, t) * s->n_rec * s->nc, *z = s->z + frame(s, b, t) * s->n_rec;
    for (size_t j = 0; j < s->n_rec; j++) {
        for (size_t ch = 0; ch < s->nc; ch++) {
            size_t row = ch * s->n_rec + j;
            real sum = bias[row];
            for (size_t i = 0; i < s->n_in; i++) sum += Win[row * s->n_in + i] * x[i];
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
