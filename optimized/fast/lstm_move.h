/* Traces move on: what they were enters the gradient, and a product of what is new is added, in one pass over memory.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSTM_MOVE_H
#define OPT_FAST_LSTM_MOVE_H

#include "lstm_gemm.h"
#include "lstm_kernels.h"

typedef LSTM_NAME(fast_trace_move) trace_move;

/* LANES numbers of row r at column i; sum: what is new. */
INLINE void move_vector(const trace_move *m, size_t r, size_t i, vec sum)
{
    size_t at = r * m->ld + i;
    if (m->E) sum = v_fma(v_set(m->e[r]), v_load(m->E + at), sum);
    if (!m->fresh) {
        vec old = v_load(m->C + at);
        if (m->G) v_store(m->G + at, v_fma(v_set(m->g[r]), old, v_load(m->G + at)));
        if (m->R) v_store(m->R + at, v_fma(v_set(m->r[r]), old, v_load(m->R + at)));
        sum = v_fma(v_set(m->keep[r]), old, sum);
    }
    v_store(m->C + at, sum);
}

/* `rows` rows from r on. The column behind the n: in the last panel, or in a vector of its own. */
INLINE void move_tile(const trace_move *m, size_t rows, size_t r)
{
    enum { LINE = 64 / sizeof(real) };
    sliver_copy(rows, m->k, m->A + r, m->lda, m->sliver);
    for (size_t p = 0; p * PANEL < m->n; p++) {
        vec left[TILE_ROWS], right[TILE_ROWS];
        for (size_t q = 0; q < rows; q++) /* the next tile */
            for (size_t i = 0; i < PANEL; i += LINE) __builtin_prefetch(m->C + (r + rows + q) * m->ld + p * PANEL + i, 1);
        tile_sum(rows, m->k, m->sliver, 1, rows, m->B + p * m->height * PANEL, left, right);
        UNROLL for (size_t q = 0; q < rows; q++) {
            move_vector(m, r + q, p * PANEL, left[q]);
            move_vector(m, r + q, p * PANEL + LANES, right[q]);
        }
    }
    for (size_t q = 0; m->n % PANEL == 0 && q < rows; q++) move_vector(m, r + q, m->n, (vec){0});
    sliver_sums(rows, m->k, m->sliver, m->C + r * m->ld + m->n, m->ld);
}

static void move_traces(const trace_move *m)
{
    for (size_t r = 0, take; r < m->rows; r += take) {
        take = tile_rows(m->rows - r);
        switch (take) {
#if VEC_BYTES == 64
        case 12: move_tile(m, 12, r); break;
        case 8: move_tile(m, 8, r); break;
#endif
        case 6: move_tile(m, 6, r); break;
        case 4: move_tile(m, 4, r); break;
        case 2: move_tile(m, 2, r); break;
        default: move_tile(m, 1, r);
        }
    }
}

#endif
