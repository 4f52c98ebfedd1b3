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
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++) a[l] += a[l + half];
    return a[0];
}

/* v_sum of four vectors: the same sums, side by side. Halves are added until 16 bytes are left, which change places. */
#if defined(__x86_64__)
#if OPT_DOUBLE
static inline __m128d v_fold(vec a)
{
#if VEC_BYTES == 64
    __m256d b = _mm256_add_pd(_mm512_castpd512_pd256((__m512d)a), _mm512_extractf64x4_pd((__m512d)a, 1));
    return _mm_add_pd(_mm256_castpd256_pd128(b), _mm256_extractf128_pd(b, 1));
#elif VEC_BYTES == 32
    return _mm_add_pd(_mm256_castpd256_pd128((__m256d)a), _mm256_extractf128_pd((__m256d)a, 1));
#else
    return (__m128d)a;
#endif
}

static inline void v_sums(const vec a[4], real sum[4])
{
    __m128d x = v_fold(a[0]), y = v_fold(a[1]), z = v_fold(a[2]), u = v_fold(a[3]);
    _mm_storeu_pd(sum, _mm_add_pd(_mm_unpacklo_pd(x, y), _mm_unpackhi_pd(x, y)));
    _mm_storeu_pd(sum + 2, _mm_add_pd(_mm_unpacklo_pd(z, u), _mm_unpackhi_pd(z, u)));
}
#else
static inline __m128 v_fold(vec a)
{
#if VEC_BYTES == 64
    __m256 b = _mm256_add_ps(_mm512_castps512_ps256((__m512)a), _mm512_extractf32x8_ps((__m512)a, 1));
    return _mm_add_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps(b, 1));
#elif VEC_BYTES == 32
    return _mm_add_ps(_mm256_castps256_ps128((__m256)a), _mm256_extractf128_ps((__m256)a, 1));
#else
    return (__m128)a;
#endif
}

static inline void v_sums(const vec a[4], real sum[4])
{
    __m128 x = v_fold(a[0]), y = v_fold(a[1]), z = v_fold(a[2]), u = v_fold(a[3]);
    __m128 xy = _mm_add_ps(_mm_unpacklo_ps(x, y), _mm_unpackhi_ps(x, y)); /* x0+x2 y0+y2 x1+x3 y1+y3 */
    __m128 zu = _mm_add_ps(_mm_unpacklo_ps(z, u), _mm_unpackhi_ps(z, u));
    _mm_storeu_ps(sum, _mm_add_ps(_mm_movelh_ps(xy, zu), _mm_movehl_ps(zu, xy)));
}
#endif
#else
static inline void v_sums(const vec a[4], real sum[4])
{
    for (int q = 0; q < 4; q++) sum[q] = v_sum(a[q]);
}
#endif

#endif
