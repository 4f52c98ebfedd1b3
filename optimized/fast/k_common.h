/* Shared by the kernels: full unrolling over the vectors of a tile, lists of set bits.
 *
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_K_COMMON_H
#define OPT_FAST_K_COMMON_H

#include "vec.h"
#include "lsnn_state.h"

#define INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
/* for each vector q of a tile of nv (a constant), at offset o from the tile's start */
#define EACH(q, o, nv) UNROLL for (size_t q = 0, o = 0; q < (nv); q++, o += LANES)

enum { TILE = 8 * LANES };
/* Rows of memory fetched ahead of their use. */
enum { AHEAD = 8 };

/* Calls f(nv, ...) with the number of vectors left, at most 8, as a constant. */
#define WITH_TILE(left, f, ...) \
    switch ((left) / LANES) { \
    case 0: break; \
    case 1: f(1, __VA_ARGS__); break; \
    case 2: f(2, __VA_ARGS__); break; \
    case 3: f(3, __VA_ARGS__); break; \
    case 4: f(4, __VA_ARGS__); break; \
    case 5: f(5, __VA_ARGS__); break; \
    case 6: f(6, __VA_ARGS__); break; \
    case 7: f(7, __VA_ARGS__); break; \
    default: f(8, __VA_ARGS__); break; \
    }
#define WITH_QUARTER(left, f, ...) \
    switch ((left) / LANES) { \
    case 0: break; \
    case 1: f(1, __VA_ARGS__); break; \
    case 2: f(2, __VA_ARGS__); break; \
    case 3: f(3, __VA_ARGS__); break; \
    default: f(4, __VA_ARGS__); break; \
    }

/* first + by * index of the bits set, ascending. Four are written whether they are there or not, since how
 * many there are can't be predicted: `out` has LIST_SLACK more places than bits. */
enum { LIST_SLACK = 4 };

INLINE size_t list_bits_by(uint32_t by, const uint64_t *bits, size_t words, uint32_t first, uint32_t *out)
{
    size_t n = 0;
    for (size_t w = 0; w < words; w++, first += 64 * by) {
        uint64_t left = bits[w], stop = UINT64_C(1) << 63;
        uint32_t *to = out + n;
        n += (size_t)__builtin_popcountll(left);
        UNROLL for (size_t k = 0; k < LIST_SLACK; k++, left &= left - 1) to[k] = first + by * (uint32_t)__builtin_ctzll(left | stop);
        for (to += LIST_SLACK; left; left &= left - 1) *to++ = first + by * (uint32_t)__builtin_ctzll(left);
    }
    return n;
}

INLINE size_t list_bits(const uint64_t *bits, size_t words, uint32_t first, uint32_t *out)
{
    return list_bits_by(1, bits, words, first, out);
}

INLINE size_t count_bits(const uint64_t *bits, size_t words)
{
    size_t n = 0;
    for (size_t w = 0; w < words; w++) n += (size_t)__builtin_popcountll(bits[w]);
    return n;
}

/* C[r][j..] += sum_k A[r rs + k ks] B[k][j..] for r < rows (a constant), nv vectors; summed by ascending k. */
INLINE void multiply_tile(size_t nv, size_t rows, const real *A, size_t rs, size_t ks, size_t K, const real *B, size_t ldb,
                          real *C, size_t ldc)
{
    vec c[4][4];
    UNROLL for (size_t r = 0; r < rows; r++) EACH(q, o, nv) c[r][q] = v_load(C + r * ldc + o);
    for (size_t k = 0; k < K; k++) {
        vec b[4];
        EACH(q, o, nv) b[q] = v_load(B + k * ldb + o);
        UNROLL for (size_t r = 0; r < rows; r++)
        {
            vec x = v_set(A[r * rs + k * ks]);
            EACH(q, o, nv) c[r][q] = v_fma(x, b[q], c[r][q]);
        }
    }
    UNROLL for (size_t r = 0; r < rows; r++) EACH(q, o, nv) v_store(C + r * ldc + o, c[r][q]);
}

/* Vectors of a tile of four rows: sums, factors and a row of B stay in registers, of which AVX-512 has 32, others 16. */
enum { COLUMNS = VEC_BYTES == 64 ? 4 : 2 };
#define WITH_COLUMNS(left, f, ...) \
    switch ((left) / LANES < COLUMNS ? (left) / LANES : COLUMNS) { \
    case 0: break; \
    case 1: f(1, __VA_ARGS__); break; \
    case 2: f(2, __VA_ARGS__); break; \
    case 3: f(3, __VA_ARGS__); break; \
    default: f(4, __VA_ARGS__); break; \
    }
#define MULTIPLY_4(nv, ...) multiply_tile(nv, 4, __VA_ARGS__)
#define MULTIPLY_1(nv, ...) multiply_tile(nv, 1, __VA_ARGS__)

/* A factor whose entry r, k is at[r rs + k ks]; a matrix whose rows are ld apart. */
typedef struct factor {
    const real *at;
    size_t rs, ks;
} factor;
typedef struct matrix {
    const real *at;
    size_t ld;
} matrix;
typedef struct target {
    real *at;
    size_t ld;
} target;

/* C [rows][width] += A [rows][K] B [K][width]; width a multiple of LANES. */
static inline void multiply(factor A, size_t rows, size_t K, matrix B, target C, size_t width)
{
    for (size_t j = 0; j < width; j += COLUMNS * LANES) {
        size_t r = 0;
        for (; r + 4 <= rows; r += 4)
            WITH_COLUMNS(width - j, MULTIPLY_4, A.at + r * A.rs, A.rs, A.ks, K, B.at + j, B.ld, C.at + r * C.ld + j, C.ld)
        for (; r < rows; r++)
            WITH_COLUMNS(width - j, MULTIPLY_1, A.at + r * A.rs, A.rs, A.ks, K, B.at + j, B.ld, C.at + r * C.ld + j, C.ld)
    }
}

/* ---- product with packed weights ----------------------------------------------------------------------- */

/* Packed: panels of PANEL columns (one line of cache), each [K][PANEL]: a product reads them from first to last. */
enum { PANEL = 64 / sizeof(real), PANEL_VECS = PANEL / LANES };
/* Rows of a tile: as many sums as there are registers for. */
enum { ROWS_MOST = VEC_BYTES == 64 ? 16 : VEC_BYTES == 32 ? 6 : 3 };

/* C[r][..] += A[r][0..K) P for `rows` rows and `panels` panels `next` apart (constants). */
INLINE void packed_tile(size_t rows, size_t panels, matrix A, size_t K, const real *P, size_t next, target C)
{
    vec c[ROWS_MOST][4 * PANEL_VECS];
    UNROLL for (size_t r = 0; r < rows; r++)
        EACH(q, o, panels * PANEL_VECS) c[r][q] = v_load(C.at + r * C.ld + o);
    for (size_t k = 0; k < K; k++, P += PANEL) {
        vec b[4 * PANEL_VECS];
        UNROLL for (size_t m = 0; m < panels; m++) EACH(q, o, PANEL_VECS) b[m * PANEL_VECS + q] = v_load(P + m * next + o);
        UNROLL for (size_t r = 0; r < rows; r++)
        {
            vec x = v_set(A.at[r * A.ld + k]);
            EACH(q, o, panels * PANEL_VECS) c[r][q] = v_fma(x, b[q], c[r][q]);
        }
    }
    UNROLL for (size_t r = 0; r < rows; r++)
        EACH(q, o, panels * PANEL_VECS) v_store(C.at + r * C.ld + o, c[r][q]);
}

/* C [rows][n PANEL] += A [rows][K] P, P packed with `next` numbers a panel. */
static void multiply_packed(matrix A, size_t rows, size_t K, const real *P, size_t next, target C, size_t n)
{
    for (size_t p = 0; p < n; p++, P += next, C.at += PANEL) {
        matrix a = A;
        target c = C;
        size_t left = rows;
        if (rows == 1 && p + 4 <= n) { /* one row has too few sums of its own to keep the processor busy */
            packed_tile(1, 4, a, K, P, next, c);
            p += 3;
            P += 3 * next;
            C.at += 3 * PANEL;
            continue;
        }
#define SOME_ROWS(m) \
    for (; ROWS_MOST >= (m) && left >= (m); left -= (m), a.at += (m) * a.ld, c.at += (m) * c.ld) \
    packed_tile(ROWS_MOST < (m) ? 1 : (m), 1, a, K, P, next, c)
        SOME_ROWS(16);
        SOME_ROWS(8);
        SOME_ROWS(6);
        SOME_ROWS(4);
        SOME_ROWS(3);
        SOME_ROWS(2);
        SOME_ROWS(1);
#undef SOME_ROWS
    }
}

#endif
