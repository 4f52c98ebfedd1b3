/* Inside the integer core: the state, and the operation align - sum - round - fit.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FIX_CORE_H
#define OPT_FIX_CORE_H

#include "fix.h"

/* The caller's memory may be declared as anything. */
#if defined(__GNUC__)
#define FIX_MAY_ALIAS __attribute__((may_alias))
#else
#define FIX_MAY_ALIAS
#endif
typedef int8_t FIX_MAY_ALIAS fix_i8;
typedef int16_t FIX_MAY_ALIAS fix_i16;
typedef int32_t FIX_MAY_ALIAS fix_i32;

/* An array of numbers, each in 1, 2 or 4 bytes. */
typedef struct fix_array {
    void *p;
    uint32_t n;
    uint32_t bytes;
} fix_array;

struct fix_state {
    fix_array q[FIX_COUNT];
    uint64_t events[FIX_N_FORMAT];
    const fix_profile *profile;
    const int32_t *rho, *beta;
    uint8_t *past; /* [delay][n_rec], row t mod delay */
    uint64_t seed;
    int32_t n_in, n_rec, n_out, M, n_ref, alpha, kappa, keep, v_th, slope, eta;
    uint32_t t, delay, row, newest; /* row: that of z^{t-delay}, to be overwritten; newest: that of z^{t-1} */
    fix_feedback feedback;
    bool alif;
} FIX_MAY_ALIAS;

static inline int32_t fix_load(const fix_array *a, size_t i)
{
    if (a->bytes == 2) return ((const fix_i16 *)a->p)[i];
    if (a->bytes == 1) return ((const fix_i8 *)a->p)[i];
    return ((const fix_i32 *)a->p)[i];
}

/* n lies in the array's format, so that no conversion changes it. */
static inline void fix_store(fix_array *a, size_t i, int32_t n)
{
    if (a->bytes == 2) ((fix_i16 *)a->p)[i] = (int16_t)n;
    else if (a->bytes == 1) ((fix_i8 *)a->p)[i] = (int8_t)n;
    else ((fix_i32 *)a->p)[i] = n;
}

/* floor(n 2^-s), 0 <= s <= 62. */
static inline int64_t fix_floor(int64_t n, unsigned s) { return n >= 0 ? n >> s : -1 - ((-1 - n) >> s); }
/* n 2^s; the result fits by the check of the profile. */
static inline int64_t fix_up(int64_t n, unsigned s) { return n * ((int64_t)1 << s); }

static inline unsigned fix_frac(const fix_state *s, unsigned q) { return s->profile->q[q].frac; }
static inline unsigned fix_max(unsigned a, unsigned b) { return a > b ? a : b; }

/* Q_q of the sum n with fraction f, the draw's index (j, i). */
int32_t fix_fit(fix_state *s, unsigned q, int64_t n, unsigned f, uint32_t j, uint32_t i);
/* Q_q(a 2^-fa + b 2^-fb). */
int32_t fix_fit2(fix_state *s, unsigned q, int64_t a, unsigned fa, int64_t b, unsigned fb, uint32_t j, uint32_t i);
/* Section 6 of FIXED.md. */
bool fix_profile_fits(const fix_profile *p, int32_t n_in, int32_t n_rec, int32_t n_out);
void fix_fill(fix_array *a, const int32_t *v); /* NULL: 0 */
bool fix_in_format(const fix_profile *p, unsigned q, const int32_t *v, size_t n);

#endif
