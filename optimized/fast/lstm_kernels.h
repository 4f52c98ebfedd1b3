/* What an instruction set brings to the fast engine of LSTM and rate units: one table of kernels per number type.
 *
 * Arrays are aligned to a vector, and n is a multiple of the panel.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSTM_KERNELS_H
#define OPT_FAST_LSTM_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

#if OPT_DOUBLE
#define LSTM_NAME(x) x##_f64
#else
#define LSTM_NAME(x) x##_f32
#endif

/* The widest panel of any instruction set. */
enum { LSTM_PAD = 128 / sizeof(OPT_REAL), LSTM_TILE_ROWS = 12 };

/* One trial at one step; each pointer is a row. */
typedef struct LSTM_NAME(fast_cell_row) {
    size_t n, lo, hi;         /* padded neurons; backward, decay: neurons lo .. hi-1 of them, whole panels */
    OPT_REAL *q;              /* LSTM: currents in, gates i, f, g, o out [4][n]; rate: currents [n] */
    const OPT_REAL *h_prev;   /* c^{t-1}; v^{t-1} */
    OPT_REAL *h, *phi, *z;    /* c^t, phi(c^t), z^t; rate: v^t, tanh(v^t) twice, as z may be set afterwards */
    OPT_REAL *zsum;           /* += z^t */
    const OPT_REAL *alpha;    /* rate */
    OPT_REAL b_forget;
    bool identity;            /* phi(c) = c */
    const OPT_REAL *L, *reg;  /* backward: learning signal L + reg */
    OPT_REAL *carry;          /* in: (dh^{t+1}/dh^t) dh^{t+1}; out: (dh^t/dh^{t-1}) dh^t */
    OPT_REAL *D;              /* out: dI^t [channels][n] */
    OPT_REAL *dalpha;         /* rate: += dv^t v^{t-1} */
} LSTM_NAME(fast_cell_row);

/* One row of traces over `n` columns: G += mu eps + lambda ebar, R += mu1 eps. eps, ebar, R may be NULL. */
typedef struct LSTM_NAME(fast_trace_row) {
    size_t n;
    OPT_REAL *G, *R;
    const OPT_REAL *eps, *ebar;
    OPT_REAL mu, mu1, lambda;
} LSTM_NAME(fast_trace_row);

/* Traces C [rows][ld] of one trial and channel move on by k steps, in one pass:
 *   G += g C, R += r C;  C <- keep C + e E + A^T B
 * A [k][..] with rows of lda; B [k][n] packed, and a column of ones behind it. g, r, keep, e: a number a row. */
typedef struct LSTM_NAME(fast_trace_move) {
    size_t rows, n, k, height, lda, ld; /* height: of B, at least k */
    const OPT_REAL *A, *B;
    OPT_REAL *C, *G, *R;      /* G, R: NULL where the gradient has these traces already */
    const OPT_REAL *E;        /* or NULL */
    const OPT_REAL *g, *r, *keep, *e;
    bool fresh;               /* C holds nothing yet */
    OPT_REAL *sliver;         /* as of gemm_transposed */
} LSTM_NAME(fast_trace_move);

typedef struct LSTM_NAME(fast_lstm_kernels) {
    const char *isa;
    size_t panel;
    void (*pack)(size_t k, size_t n, size_t p0, size_t p1, const OPT_REAL *B, size_t ldb, OPT_REAL *to, size_t height);
    void (*gemm)(size_t m, size_t n, size_t k, const OPT_REAL *A, size_t lda, const OPT_REAL *B, OPT_REAL *C,
                 size_t ldc, bool add);
    void (*gemm_transposed)(size_t r0, size_t r1, size_t n, size_t k, const OPT_REAL *A, size_t lda, const OPT_REAL *B,
                            size_t height, OPT_REAL *C, size_t ldc, OPT_REAL *sums, OPT_REAL *sliver);
    /* By model: 0 LSTM, 1 rate. */
    void (*forward[2])(const LSTM_NAME(fast_cell_row) *c);
    void (*backward[2])(const LSTM_NAME(fast_cell_row) *c);
    /* D = (dh/dI) carry for the channels that have eligibility vectors; carry <- (dh^t/dh^{t-1}) carry. */
    void (*decay[2])(const LSTM_NAME(fast_cell_row) *c);
    void (*carry)(const LSTM_NAME(fast_trace_row) *c);
    void (*move)(const LSTM_NAME(fast_trace_move) *m);
    /* to = keep to + from. */
    void (*filter)(size_t n, OPT_REAL keep, const OPT_REAL *from, OPT_REAL *to);
    /* Any n, any alignment. */
    bool (*finite)(size_t n, const OPT_REAL *v);
} LSTM_NAME(fast_lstm_kernels);

const LSTM_NAME(fast_lstm_kernels) *LSTM_NAME(fast_lstm_base)(void);
#if defined(__x86_64__)
const LSTM_NAME(fast_lstm_kernels) *LSTM_NAME(fast_lstm_avx2)(void);
const LSTM_NAME(fast_lstm_kernels) *LSTM_NAME(fast_lstm_avx512)(void);
#endif

#endif
