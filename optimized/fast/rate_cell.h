/* Leaky rate units: v^t = alpha v^{t-1} + I^t, z^t = tanh v^t;  dv = (1 - z^2) L + alpha dv^{t+1}, dI = dv.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_RATE_CELL_H
#define OPT_FAST_RATE_CELL_H

#include "lstm_cell.h"

static void rate_forward(const cell_row *c)
{
    for (size_t j = 0; j < c->n; j += LANES) {
        vec v = v_fma(v_load(c->alpha + j), v_load(c->h_prev + j), v_load(c->q + j)), z = v_tanh(v);
        v_store(c->h + j, v);
        v_store(c->z + j, z);
        v_store(c->phi + j, z);
        v_store(c->zsum + j, v_load(c->zsum + j) + z);
    }
}

static void rate_backward(const cell_row *c)
{
    vec one = v_set(1);
    for (size_t j = c->lo; j < c->hi; j += LANES) {
        vec z = v_load(c->phi + j), L = v_load(c->L + j) + v_load(c->reg + j);
        vec dv = v_fma(one - z * z, L, v_load(c->carry + j));
        v_store(c->D + j, dv);
        v_store(c->carry + j, v_load(c->alpha + j) * dv);
        v_store(c->dalpha + j, v_fma(dv, v_load(c->h_prev + j), v_load(c->dalpha + j)));
    }
}

static void rate_decay(const cell_row *c)
{
    for (size_t j = c->lo; j < c->hi; j += LANES) {
        vec F = v_load(c->carry + j);
        v_store(c->D + j, F);
        v_store(c->carry + j, v_load(c->alpha + j) * F);
        v_store(c->dalpha + j, v_fma(F, v_load(c->h_prev + j), v_load(c->dalpha + j)));
    }
}

#endif
