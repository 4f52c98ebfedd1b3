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
#define UNROLL _Pragma("GCC unroll 8")
#endif
/* for each vector q of a tile of nv (a constant), at offset o from the tile's start */
#define EACH(q, o, nv) UNROLL for (size_t q = 0, o = 0; q < (nv); q++, o += LANES)

enum { TILE = 8 * LANES };

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

/* Indices of the bits set, ascending. Four are written whether they are there or not, since how many there are can't be
 * predicted: `out` has LIST_SLACK more places than bits. */
enum { LIST_SLACK = 4 };

INLINE size_t list_bits(const uint64_t *bits, size_t words, uint32_t *out)
{
    size_t n = 0;
    for (size_t w = 0; w < words; w++) {
        uint64_t left = bits[w], stop = UINT64_C(1) << 63;
        uint32_t *to = out + n;
        n += (size_t)__builtin_popcountll(left);
        for (size_t k = 0; k < LIST_SLACK; k++, left &= left - 1)
            to[k] = (uint32_t)(w * 64 + (size_t)__builtin_ctzll(left | stop));
        for (to += LIST_SLACK; left; left &= left - 1) *to++ = (uint32_t)(w * 64 + (size_t)__builtin_ctzll(left));
    }
    return n;
}

INLINE size_t count_bits(const uint64_t *bits, size_t words)
{
    size_t n = 0;
    for (size_t w = 0; w < words; w++) n += (size_t)__builtin_popcountll(bits[w]);
    return n;
}

/* C[r][j..] += sum_k A[r rs + k ks] B[k][j..] for r < rows (a constant), nv vectors; summed by ascending k. */
INLINE void multiply_tile(size_t nv, size_t rows, const real *A, size_t rs, size_t ks, size_t K, const real *B, size_t ld,
                          real *C)
{
    vec c[4][4];
    UNROLL for (size_t r = 0; r < rows; r++) EACH(q, o, nv) c[r][q] = v_load(C + r * ld + o);
    for (size_t k = 0; k < K; k++) {
        vec b[4];
        EACH(q, o, nv) b[q] = v_load(B + k * ld + o);
        UNROLL for (size_t r = 0; r < rows; r++)
        {
            vec x = v_set(A[r * rs + k * ks]);
            EACH(q, o, nv) c[r][q] = v_fma(x, b[q], c[r][q]);
        }
    }
    UNROLL for (size_t r = 0; r < rows; r++) EACH(q, o, nv) v_store(C + r * ld + o, c[r][q]);
}

#define MULTIPLY_4(nv, ...) multiply_tile(nv, 4, __VA_ARGS__)
#define MULTIPLY_1(nv, ...) multiply_tile(nv, 1, __VA_ARGS__)

/* A factor whose entry r, k is at[r rs + k ks]. */
typedef struct factor {
    const real *at;
    size_t rs, ks;
} factor;

/* C [rows][ld] += A [rows][K] B [K][ld]; ld a multiple of LANES. */
static inline void multiply(factor A, size_t rows, size_t K, const real *B, size_t ld, real *C)
{
    for (size_t j = 0; j < ld; j += 4 * LANES) {
        size_t r = 0;
        for (; r + 4 <= rows; r += 4)
            WITH_QUARTER(ld - j, MULTIPLY_4, A.at + r * A.rs, A.rs, A.ks, K, B + j, ld, C + r * ld + j)
        for (; r < rows; r++)
            WITH_QUARTER(ld - j, MULTIPLY_1, A.at + r * A.rs, A.rs, A.ks, K, B + j, ld, C + r * ld + j)
    }
}

#endif
