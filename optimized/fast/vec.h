/* Vectors of the engine's number type in the width of one instruction set, by the compiler's vector extensions.
 *
 * The including file defines OPT_REAL, OPT_DOUBLE and VEC_BYTES (16, 32, 64). Elementwise arithmetic is the same IEEE
 * operation in every width, so whatever is not summed across lanes has the same bits on every instruction set.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_VEC_H
#define OPT_FAST_VEC_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef OPT_REAL real;
#if OPT_DOUBLE
typedef int64_t lane_int;
#else
typedef int32_t lane_int;
#endif
typedef real vec __attribute__((vector_size(VEC_BYTES), may_alias));
typedef lane_int ivec __attribute__((vector_size(VEC_BYTES), may_alias));
enum { LANES = VEC_BYTES / sizeof(real) };

static inline vec v_load(const real *p) { return *(const vec *)(const void *)p; }
static inline void v_store(real *p, vec a) { *(vec *)(void *)p = a; }
static inline vec v_set(real a) { return a - (vec){0}; }
static inline vec v_pick(ivec mask, vec a) { return (vec)((ivec)a & mask); }
static inline vec v_abs(vec a)
{
#if OPT_DOUBLE
    return (vec)((ivec)a & INT64_MAX);
#else
    return (vec)((ivec)a & INT32_MAX);
#endif
}

/* a b + c with one rounding where the processor has it. Only where sums are long; see LIMITS in lsnn_kernels.h. */
static inline vec v_fma(vec a, vec b, vec c)
{
#if VEC_BYTES == 64 && OPT_DOUBLE
    return (vec)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif VEC_BYTES == 64
    return (vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif VEC_BYTES == 32 && OPT_DOUBLE
    return (vec)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#elif VEC_BYTES == 32
    return (vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return a * b + c;
#endif
}

/* Bit l: is lane l of a comparison true? */
static inline uint64_t v_bits(ivec mask)
{
#if VEC_BYTES == 64 && OPT_DOUBLE
    return _mm512_movepi64_mask((__m512i)mask);
#elif VEC_BYTES == 64
    return _mm512_movepi32_mask((__m512i)mask);
#elif VEC_BYTES == 32 && OPT_DOUBLE
    return (uint32_t)_mm256_movemask_pd((__m256d)mask);
#elif VEC_BYTES == 32
    return (uint32_t)_mm256_movemask_ps((__m256)mask);
#else
    uint64_t bits = 0;
    for (int l = 0; l < LANES; l++) bits |= (uint64_t)(mask[l] & 1) << l;
    return bits;
#endif
}

/* The same, from a comparison's mask in the form that compiles best. */
static inline uint64_t v_mask(ivec mask)
{
#if VEC_BYTES == 64 && OPT_DOUBLE
    return _mm512_test_epi64_mask((__m512i)mask, (__m512i)mask);
#elif VEC_BYTES == 64
    return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask);
#else
    return v_bits(mask);
#endif
}

/* Bits of a > b. */
static inline uint64_t v_above(vec a, vec b)
{
#if VEC_BYTES == 64 && OPT_DOUBLE
    return _mm512_cmp_pd_mask((__m512d)a, (__m512d)b, _CMP_GT_OQ);
#elif VEC_BYTES == 64
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_GT_OQ);
#else
    return v_bits(a > b);
#endif
}

/* Bits of a == b. */
static inline uint64_t v_equal(vec a, vec b)
{
#if VEC_BYTES == 64 && OPT_DOUBLE
    return _mm512_cmp_pd_mask((__m512d)a, (__m512d)b, _CMP_EQ_OQ);
#elif VEC_BYTES == 64
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_EQ_OQ);
#else
    return v_bits(a == b);
#endif
}

/* Pairwise: halves are added until one lane is left. */
static inline real v_sum(vec a)
{
    real x[LANES];
    memcpy(x, &a, sizeof x);
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++) x[l] += x[l + half];
    return x[0];
}

#endif
