/* fixed.h: the slow integer model of reference/FIXED.md, on GMP integers.
 *
 * Each operation is written as that text has it: terms, sum, rounding, range. Nothing is skipped, nothing is fast.
 * SPDX-License-Identifier: MIT */
#ifndef REF_FIXED_H
#define REF_FIXED_H

#include "eprop.h"

typedef enum { REF_FLOOR, REF_NEAREST_EVEN, REF_NEAREST_UP, REF_STOCHASTIC } ref_rounding;
typedef enum { REF_SATURATE, REF_WRAP } ref_overflow;
typedef enum { REF_FB_SYMMETRIC, REF_FB_RANDOM, REF_FB_GLOBAL, REF_FB_ADAPTIVE } ref_feedback;

/* The quantities of FIXED.md, section 3, by their numbers there. */
enum {
    RQ_X, RQ_D, RQ_B, RQ_S, RQ_N, RQ_W, RQ_WO, RQ_FB, RQ_I, RQ_A, RQ_V, RQ_U, RQ_P,
    RQ_EV, RQ_EA, RQ_T, RQ_E, RQ_EB, RQ_Y, RQ_ER, RQ_L, RQ_ZB, RQ_G, RQ_GO,
    RQ_z, RQ_r, /* without a format */
    RQ_EX, RQ_PR, RQ_C, RQ_CN, RQ_ES, RQ_R,
    RQ_COUNT
};

typedef struct ref_format {
    int bits, frac;
    ref_rounding rounding;
    ref_overflow overflow;
} ref_format;

typedef struct ref_profile {
    ref_format q[RQ_COUNT]; /* bits 0: no format */
    int clip; /* units in the last place that one update may change a weight by; 0 = any */
} ref_profile;

/* A network in integers of the profile's formats. The caller owns all arrays; they are read by ref_fixed_new only. */
typedef struct ref_fixed_net {
    ref_profile profile;
    int n_in, n_rec, n_out, delay, n_ref;
    bool alif;
    bool softmax;              /* error 13c instead of 13 */
    ref_feedback feedback;
    int64_t alpha, kappa, keep, v_th, slope, eta;
    int64_t c_reg, n_star;     /* formats C, CN; c_reg = 0: no rate regulariser */
    const int64_t *rho, *beta; /* [n_rec], ALIF only */
    const int64_t *W;          /* [n_rec][n_in + n_rec + 1] */
    const int64_t *WO;         /* [n_out][n_rec + 1] */
    const int64_t *FB;         /* [n_rec][n_out]; global: one; symmetric: not read */
    uint64_t seed;
} ref_fixed_net;

typedef struct ref_fixed ref_fixed;

/* Names "q15", "s16.15", "w8", "reckon". EP_DOMAIN for another name. */
EP_MUST_USE ep_status ref_fixed_profile(const char *name, ref_profile *p);
/* Section 6: EP_DOMAIN if a sum of net's profile could leave 64 bits for a network of its kind and sizes, or sizes are out of
 * range. Constants and weights are not read. */
EP_MUST_USE ep_status ref_fixed_check(const ref_fixed_net *net);
/* A model in its initial state. EP_DOMAIN for what section 6 refuses, EP_NOMEM. Free with ref_fixed_free. */
EP_MUST_USE ep_status ref_fixed_new(ref_fixed **s, const ref_fixed_net *net);
void ref_fixed_free(ref_fixed *s);
/* Starts a trial. */
void ref_fixed_begin(ref_fixed *s);
/* One step: x [n_in], target [n_out] (format Y, softmax: PR) or NULL for a masked step. EP_DOMAIN (nothing done) if one is outside its format.
 * Cost O(n_rec (n_in + n_rec)) GMP operations. */
EP_MUST_USE ep_status ref_fixed_step(ref_fixed *s, const int64_t *x, const int64_t *target);
/* Ends a trial: adds the rate regulariser's gradient, section 4.3. */
void ref_fixed_end(ref_fixed *s);
/* Section 5. */
void ref_fixed_update(ref_fixed *s);
/* Elements of quantity q, 0 if it is not kept; element i of it, row-major; events of q. */
size_t ref_fixed_count(const ref_fixed *s, int q);
int64_t ref_fixed_get(const ref_fixed *s, int q, size_t i);
uint64_t ref_fixed_events(const ref_fixed *s, int q);
/* Section 7. */
uint64_t ref_fixed_digest(const ref_fixed *s);

/* Section 4.1 for tests: the p of exp(d, f), and its I. d <= 2^32. */
int64_t ref_fixed_exp(int64_t d, int f, int64_t *I);

#endif
