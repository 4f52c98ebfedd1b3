/* The rate regulariser E_reg = c_reg/2 sum_j (fbar_j - f*)^2, fbar_j the mean of z_j over steps and trials.
 *
 * Its part of the learning signal, c_reg (fbar_j - f*)/(T B), is known only at the end: rules that go backward read it
 * from s->reg; rules that go forward sum their traces unweighted and multiply once.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_SCALAR_REGULARISER_H
#define OPT_SCALAR_REGULARISER_H

#include "state.h"

static real mean_rate(const state *s, size_t j)
{
    real sum = 0, steps = (real)s->T_all * (real)s->nb;
    for (size_t b = 0; b < s->nb; b++) sum += s->zsum[b * s->n_rec + j];
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
        real d = mean_rate(s, j) - (real)s->cfg.f_target;
        E += (real)0.5 * (d * ((real)s->cfg.c_reg * d));
    }
    return E;
}

static void reg_prepare(state *s)
{
    for (size_t j = 0; j < s->n_rec; j++) s->reg[j] = s->cfg.c_reg > 0 ? reg_signal(s, j) : 0;
}

#endif
