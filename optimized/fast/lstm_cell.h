/* LSTM: gates forward and adjoints backward, one trial and step, vectors over neurons.
 *
 *   i, f, o = sigmoid(I_i, I_f + b_forget, I_o), g = tanh(I_g);  c^t = f c^{t-1} + i g;  z^t = o phi(c^t)
 *   dc = o phi'(c) L + f^{t+1} dc^{t+1}
 *   dI_i = g i(1-i) dc, dI_f = c^{t-1} f(1-f) dc, dI_g = i(1-g^2) dc, dI_o = phi(c) o(1-o) L
 *
 * With L the learning signal of e-prop, dc is the S of its scan, and dI what meets [z^{t-1}; x^t; 1].
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSTM_CELL_H
#define OPT_FAST_LSTM_CELL_H

#include "lstm_kernels.h"
#include "vmath.h"

typedef LSTM_NAME(fast_cell_row) cell_row;

static void lstm_forward(const cell_row *c)
{
    vec offset = v_set(c->b_forget);
    for (size_t j = 0; j < c->n; j += LANES) {
        real *q = c->q + j;
        vec i = v_sigmoid(v_load(q)), f = v_sigmoid(v_load(q + c->n) + offset);
        vec g = v_tanh(v_load(q + 2 * c->n)), o = v_sigmoid(v_load(q + 3 * c->n));
        vec h = v_fma(f, v_load(c->h_prev + j), i * g), phi = h;
        if (!c->identity) phi = v_tanh(h);
        vec z = o * phi;
        v_store(q, i);
        v_store(q + c->n, f);
        v_store(q + 2 * c->n, g);
        v_store(q + 3 * c->n, o);
        v_store(c->h + j, h);
        v_store(c->phi + j, phi);
        v_store(c->z + j, z);
        v_store(c->zsum + j, v_load(c->zsum + j) + z);
    }
}

/* (dc/dI) S for i, f and g. */
static inline void lstm_spread(const cell_row *c, size_t j, vec i, vec f, vec g, vec S)
{
    vec one = v_set(1);
    v_store(c->D + j, S * (g * (i * (one - i))));
    v_store(c->D + c->n + j, S * (v_load(c->h_prev + j) * (f * (one - f))));
    v_store(c->D + 2 * c->n + j, S * (i * (one - g * g)));
}

static void lstm_backward(const cell_row *c)
{
    vec one = v_set(1);
    for (size_t j = c->lo; j < c->hi; j += LANES) {
        const real *q = c->q + j;
        vec i = v_load(q), f = v_load(q + c->n), g = v_load(q + 2 * c->n), o = v_load(q + 3 * c->n);
        vec phi = v_load(c->phi + j), L = v_load(c->L + j) + v_load(c->reg + j);
        vec w = o;
        if (!c->identity) w *= one - phi * phi;
        vec S = v_fma(w, L, v_load(c->carry + j));
        lstm_spread(c, j, i, f, g, S);
        v_store(c->D + 3 * c->n + j, L * (phi * (o * (one - o))));
        v_store(c->carry + j, f * S);
    }
}

static void lstm_decay(const cell_row *c)
{
    for (size_t j = c->lo; j < c->hi; j += LANES) {
        const real *q = c->q + j;
        vec f = v_load(q + c->n), F = v_load(c->carry + j);
        lstm_spread(c, j, v_load(q), f, v_load(q + 2 * c->n), F);
        v_store(c->carry + j, f * F);
    }
}

#endif
