/* Inside the integer core: the state, and the operation align - sum - round - fit.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FIX_CORE_H
#define OPT_FIX_CORE_H

#include "fix.h"

/* Loops stay loops: a freestanding program may not have the memcpy and memset that gcc would make of them. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

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
    uint64_t events[FIX_COUNT];
    const fix_profile *profile;
    const int32_t *rho, *beta;
    uint8_t *past; /* [delay][n_rec], row t mod delay */
    uint16_t *active; /* [M] room for the sources with a value at this step */
    uint64_t seed, uses; /* uses: bit q set if the network uses the format of q */
    int32_t n_in, n_rec, n_out, M, n_ref, alpha, kappa, keep, v_th, slope, eta, b_forget, c_reg, n_star;
    int32_t rows; /* of W: n_rec, LSTM 4 n_rec */
    uint32_t t, delay, row, newest; /* row: that of z^{t-delay}, to be overwritten; newest: that of z^{t-1} */
    fix_feedback feedback;
    bool alif, lstm, softmax;
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
/* ---- many numbers at once: stretches of a row of synapses ---- */

enum { FIX_BLOCK = 64 };

/* How Q_q(c x 2^-fx + y 2^-fy) is computed for many x and y. one: without y; narrow: no sum leaves 32 bits; drawn: by stochastic
 * rounding. */
typedef struct fix_plan {
    unsigned q, fx, fy, up_x, up_y, down, bits;
    bool one, nearest, even, wrap, drawn, narrow;
} fix_plan;

/* n numbers of row j from source i on: where stochastic rounding draws. */
typedef struct fix_place {
    uint32_t j, i;
    size_t n;
} fix_place;

/* c x and y of magnitudes 2^ex and 2^ey at most; c x alone. */
fix_plan fix_plan_sum(const fix_state *s, unsigned q, unsigned ex, unsigned fx, unsigned ey, unsigned fy);
fix_plan fix_plan_one(const fix_state *s, unsigned q, unsigned ex, unsigned fx);
/* For fix_add: what is added to a number of q. */
fix_plan fix_plan_add(const fix_state *s, unsigned q, unsigned ex, unsigned fx);
unsigned fix_exponent(const fix_state *s, unsigned q); /* log2 of the magnitude, section 6 */
/* out = Q(c x + y), out being neither x nor y. */
void fix_combine(fix_state *s, const fix_plan *p, int32_t c, const int32_t *x, const int32_t *y, int32_t *out, fix_place at);
/* g = Q(g + c y). */
void fix_add(fix_state *s, const fix_plan *p, int32_t c, const int32_t *y, int32_t *g, fix_place at);
void fix_read(const fix_array *a, size_t at, int32_t *to, size_t n);
void fix_write(fix_array *a, size_t at, const int32_t *from, size_t n);

/* g[k] = Q_q(g[k] + m 2^-f). */
void fix_accumulate(fix_state *s, unsigned q, size_t k, int64_t m, unsigned f, size_t j, size_t i);
/* The network uses the format of q. */
bool fix_uses(const fix_config *c, unsigned q);
/* Section 6 of FIXED.md. */
bool fix_profile_fits(const fix_config *c);
void fix_fill(fix_array *a, const int32_t *v); /* NULL: 0 */
bool fix_in_format(const fix_profile *p, unsigned q, const int32_t *v, size_t n);

/* Section 4.1: p of exp(d 2^-f) = p 2^-(30+I); a / b to the nearest multiple of 2^-f, 0 <= a <= b. */
int32_t fix_exp(uint64_t d, unsigned f, uint32_t *I);
int32_t fix_ratio(uint64_t a, uint64_t b, unsigned f);
/* Section 4.4: sigma and tanh of n 2^-f with fraction g; operations 21 to 31 and 10. */
int32_t fix_sigma(int32_t n, unsigned f, unsigned g);
int32_t fix_tanh(int32_t n, unsigned f, unsigned g);
void fix_lstm(fix_state *s, const int32_t *x);
/* Sections 4.2 and 4.3. */
bool fix_is_distribution(const fix_state *s, const int32_t *target);
void fix_softmax_error(fix_state *s, const int32_t *target);
void fix_rate_count(fix_state *s);

#endif
