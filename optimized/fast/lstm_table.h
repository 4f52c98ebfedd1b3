/* The table of one instruction set and number type; included once by each lstm_<type>_<set>.c after its macros.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSTM_TABLE_H
#define OPT_FAST_LSTM_TABLE_H

#include "lstm_gemm.h"
#include "lstm_move.h"
#include "rate_cell.h"

static void carry_row(const LSTM_NAME(fast_trace_row) *c)
{
    vec mu = v_set(c->mu), mu1 = v_set(c->mu1), lambda = v_set(c->lambda);
    for (size_t i = 0; i < c->n; i += LANES) {
        vec G = v_load(c->G + i);
        if (c->eps) {
            vec eps = v_load(c->eps + i);
            G = v_fma(mu, eps, G);
            if (c->R) v_store(c->R + i, v_fma(mu1, eps, v_load(c->R + i)));
        }
        if (c->ebar) G = v_fma(lambda, v_load(c->ebar + i), G);
        v_store(c->G + i, G);
    }
}

static void filter_row(size_t n, real keep, const real *from, real *to)
{
    vec k = v_set(keep);
    for (size_t i = 0; i < n; i += LANES) v_store(to + i, v_fma(k, v_load(to + i), v_load(from + i)));
}

/* x - x is 0 for finite x and NaN otherwise; NaN stays NaN when added. */
static bool finite_all(size_t n, const real *v)
{
    vec sum = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        vec x;
        memcpy(&x, v + i, sizeof x);
        sum += x - x;
    }
    real rest = v_sum(sum);
    for (; i < n; i++) rest += v[i] - v[i];
    return rest == 0;
}

#define LSTM_TABLE(getter, name) \
    const LSTM_NAME(fast_lstm_kernels) *LSTM_NAME(getter)(void) \
    { \
        static const LSTM_NAME(fast_lstm_kernels) table = { \
            name, PANEL, gemm_pack, gemm, gemm_transposed, {lstm_forward, rate_forward}, \
            {lstm_backward, rate_backward}, {lstm_decay, rate_decay}, carry_row, move_traces, filter_row, finite_all, \
        }; \
        return &table; \
    }

#endif
