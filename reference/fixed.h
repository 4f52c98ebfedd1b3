/* fixed.h: the slow integer model of reference/FIXED.md, on GMP integers.
 *
 * Each operation is written as that text has it: terms, sum, rounding, range. Nothing is skipped, nothing is fast.
 * SPDX-License-Identifier: MIT */
#ifndef REF_FIXED_H
#define REF_FIXED_H

#include "fixed_profile.h"

typedef enum { REF_FB_SYMMETRIC, REF_FB_RANDOM, REF_FB_GLOBAL, REF_FB_ADAPTIVE } ref_feedback;

/* A network in integers of the profile's formats. The caller owns all arrays; they are read by ref_fixed_new only. */
typedef struct ref_fixed_net {
    ref_profile profile;
    int n_in, n_rec, n_out, delay, n_ref;
    bool alif, lstm;           /* neither: LIF */
    bool softmax;              /* error 13c instead of 13 */
    ref_feedback feedback;
    int64_t alpha, kappa, keep, v_th, slope, eta;
    int64_t b_forget;          /* format I; LSTM, which does not read alpha, v_th, slope */
    int64_t c_reg, n_star;     /* formats C, CN; c_reg = 0: no rate regulariser */
    const int64_t *rho, *beta; /* [n_rec], ALIF only */
    const int64_t *W;          /* [n_rec][n_in + n_rec + 1]; LSTM: [4 n_rec][...], rows of i, f, g, o */
    const int64_t *WO;         /* [n_out][n_rec + 1] */
    const int64_t *FB;         /* [n_rec][n_out]; global: one; symmetric: not read */
    uint64_t seed;
} ref_fixed_net;

typedef struct ref_fixed ref_fixed;

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
/* Section 4.4 for tests: sigma(n, f, g), tanh(n, f, g). */
int64_t ref_fixed_sigma(int64_t n, int f, int g);
int64_t ref_fixed_tanh(int64_t n, int f, int g);

#endif
