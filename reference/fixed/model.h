/* Inside the slow integer model.
 * SPDX-License-Identifier: MIT */
#ifndef REF_FIXED_MODEL_H
#define REF_FIXED_MODEL_H

#include <gmp.h>

#include "../fixed.h"

struct ref_fixed {
    ref_fixed_net net; /* its array pointers are not used after ref_fixed_new */
    int M;
    uint32_t t;
    int64_t *rho, *beta;
    mpz_t *v[RQ_COUNT]; /* arrays of the quantities; NULL where not kept */
    size_t count[RQ_COUNT];
    unsigned char *past; /* [delay][n_rec]: row 0 is z^{t-1} */
    uint64_t events[RQ_N_FORMAT];
};

/* A sum of terms with fractions, exact. */
typedef struct ref_sum {
    mpz_t n;
    int frac;
} ref_sum;

void ref_sum_init(ref_sum *a);
void ref_sum_clear(ref_sum *a);
void ref_sum_zero(ref_sum *a);
/* a += k n 2^-frac. */
void ref_sum_add(ref_sum *a, int64_t k, const mpz_t n, int frac);
void ref_sum_add_si(ref_sum *a, int64_t n, int frac);
/* out = Q_q(a), with the draw's index (j, i); counts an event. */
void ref_sum_fit(ref_fixed *s, mpz_t out, const ref_sum *a, int q, int j, int i);

#endif
