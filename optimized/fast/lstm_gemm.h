/* Matrix products with a packed right factor, for one instruction set and number type.
 *
 * A packed matrix B [k][n] lies in panels of PANEL columns, [n/PANEL][k][PANEL], the last one padded with zeros. Every
 * entry of C is one sum over ascending k that starts at 0 and is then stored or added, whatever the number of rows at
 * hand: results do not depend on how rows are shared out among threads. C has rows of whole panels.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSTM_GEMM_H
#define OPT_FAST_LSTM_GEMM_H

#include <stdbool.h>

#include "vmath.h"

#define INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

enum { PANEL = 2 * LANES, TILE_ROWS = VEC_BYTES == 64 ? 12 : 6 };

/* left, right [rows] = A B; a_{r,k} = A[r row + k step]. `rows` is a constant where this is called. */
INLINE void tile_sum(size_t rows, size_t k, const real *A, size_t row, size_t step, const real *B, vec *left, vec *right)
{
    UNROLL for (size_t r = 0; r < rows; r++) left[r] = right[r] = (vec){0};
    for (size_t p = 0; p < k; p++) {
        vec b0 = v_load(B), b1 = v_load(B + LANES);
        UNROLL for (size_t r = 0; r < rows; r++) {
            vec a = v_set(A[r * row]);
            left[r] = v_fma(a, b0, left[r]);
            right[r] = v_fma(a, b1, right[r]);
        }
        A += step;
        B += PANEL;
    }
}

/* C [rows][PANEL] (+)= A B. */
INLINE void tile(size_t rows, size_t k, const real *A, size_t row, size_t step, const real *B, real *C, size_t ldc,
                 bool add)
{
    vec left[TILE_ROWS], right[TILE_ROWS];
    tile_sum(rows, k, A, row, step, B, left, right);
    UNROLL for (size_t r = 0; r < rows; r++) {
        real *to = C + r * ldc;
        if (add) {
            left[r] += v_load(to);
            right[r] += v_load(to + LANES);
        }
        v_store(to, left[r]);
        v_store(to + LANES, right[r]);
    }
}

/* `rows` columns of A [k][..] side by side. */
INLINE void sliver_copy(size_t rows, size_t k, const real *A, size_t lda, real *to)
{
    for (size_t q = 0; q < k; q++) memcpy(to + q * rows, A + q * lda, rows * sizeof(real));
}

/* sums[r ldc] += sum_k a_{k,r} for a sliver; reads up to a vector behind it. */
INLINE void sliver_sums(size_t rows, size_t k, const real *sliver, real *sums, size_t ldc)
{
    enum { MOST = (TILE_ROWS + LANES - 1) / LANES };
    size_t n = (rows + LANES - 1) / LANES;
    vec even[MOST] = {{0}}, odd[MOST] = {{0}}, a;
    real all[MOST * LANES];
    for (size_t q = 0; q < k; q++)
        for (size_t v = 0; v < n; v++) {
            memcpy(&a, sliver + q * rows + v * LANES, sizeof a);
            if (q % 2) odd[v] += a;
            else even[v] += a;
        }
    for (size_t v = 0; v < n; v++) even[v] += odd[v];
    memcpy(all, even, sizeof all);
    for (size_t r = 0; r < rows; r++) sums[r * ldc] += all[r];
}

#define TILE_OF(rows) \
    static void tile_across_##rows(size_t k, const real *A, size_t lda, const real *B, real *C, size_t ldc, bool add) \
    { \
        tile(rows, k, A, lda, 1, B, C, ldc, add); \
    } \
    static void tile_sliver_##rows(size_t n, size_t k, const real *A, size_t lda, const real *B, size_t height, real *C, \
                                   size_t ldc, real *sums, real *sliver) \
    { \
        sliver_copy(rows, k, A, lda, sliver); \
        if (sums) sliver_sums(rows, k, sliver, sums, ldc); \
        for (size_t p = 0; p * PANEL < n; p++) \
            tile(rows, k, sliver, 1, rows, B + p * height * PANEL, C + p * PANEL, ldc, true); \
    }
TILE_OF(1)
TILE_OF(2)
TILE_OF(4)
TILE_OF(6)
#if VEC_BYTES == 64
TILE_OF(8)
TILE_OF(12)
#endif

/* How many of `left` rows the next tile takes. */
static size_t tile_rows(size_t left)
{
    static const size_t sizes[] = {12, 8, 6, 4, 2, 1};
    size_t n = 0;
    if (TILE_ROWS == 12 && left == 16) return 8;
    while (sizes[n] > TILE_ROWS || sizes[n] > left) n++;
    return sizes[n];
}

static void tile_across(size_t rows, size_t k, const real *A, size_t lda, const real *B, real *C, size_t ldc, bool add)
{
    switch (rows) {
#if VEC_BYTES == 64
    case 12: tile_across_12(k, A, lda, B, C, ldc, add); break;
    case 8: tile_across_8(k, A, lda, B, C, ldc, add); break;
#endif
    case 6: tile_across_6(k, A, lda, B, C, ldc, add); break;
    case 4: tile_across_4(k, A, lda, B, C, ldc, add); break;
    case 2: tile_across_2(k, A, lda, B, C, ldc, add); break;
    default: tile_across_1(k, A, lda, B, C, ldc, add);
    }
}

/* C [rows][n] += A^T B for `rows` columns of A. */
static void tile_sliver(size_t rows, size_t n, size_t k, const real *A, size_t lda, const real *B, size_t height,
                        real *C, size_t ldc, real *sums, real *sliver)
{
    switch (rows) {
#if VEC_BYTES == 64
    case 12: tile_sliver_12(n, k, A, lda, B, height, C, ldc, sums, sliver); break;
    case 8: tile_sliver_8(n, k, A, lda, B, height, C, ldc, sums, sliver); break;
#endif
    case 6: tile_sliver_6(n, k, A, lda, B, height, C, ldc, sums, sliver); break;
    case 4: tile_sliver_4(n, k, A, lda, B, height, C, ldc, sums, sliver); break;
    case 2: tile_sliver_2(n, k, A, lda, B, height, C, ldc, sums, sliver); break;
    default: tile_sliver_1(n, k, A, lda, B, height, C, ldc, sums, sliver);
    }
}

/* Panels p0 .. p1-1 of B [k][n] with rows of ldb, into panels of `height` >= k rows. */
static void gemm_pack(size_t k, size_t n, size_t p0, size_t p1, const real *B, size_t ldb, real *to, size_t height)
{
    for (size_t p = p0; p < p1; p++) {
        size_t most = n - p * PANEL < PANEL ? n - p * PANEL : PANEL;
        real *at = to + p * height * PANEL;
        for (size_t q = 0; q < k; q++, at += PANEL) {
            memcpy(at, B + q * ldb + p * PANEL, most * sizeof(real));
            memset(at + most, 0, (PANEL - most) * sizeof(real));
        }
    }
}

static size_t gemm_panels(size_t n) { return (n + PANEL - 1) / PANEL; }

/* C [m][n] (+)= A [m][k] B, B packed. */
static void gemm(size_t m, size_t n, size_t k, const real *A, size_t lda, const real *B, real *C, size_t ldc, bool add)
{
    for (size_t p = 0; p < gemm_panels(n); p++)
        for (size_t r = 0, take; r < m; r += take) {
            take = tile_rows(m - r);
            tile_across(take, k, A + r * lda, lda, B + p * k * PANEL, C + r * ldc + p * PANEL, ldc, add);
        }
}

/* Rows r0 .. r1-1 of C [m][n] += A^T B, A [k][m] with rows of lda, B packed from `height` >= k rows; with sums also
 * sums[r ldc] += sum_k a_{k,r}. sliver: TILE_ROWS k + LANES numbers. */
static void gemm_transposed(size_t r0, size_t r1, size_t n, size_t k, const real *A, size_t lda, const real *B,
                            size_t height, real *C, size_t ldc, real *sums, real *sliver)
{
    for (size_t r = r0, take; r < r1; r += take) {
        take = tile_rows(r1 - r);
        tile_sliver(take, n, k, A + r, lda, B, height, C + r * ldc, ldc, sums ? sums + r * ldc : NULL, sliver);
    }
}

#endif
