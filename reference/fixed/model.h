/* Inside the slow integer model.
 * SPDX-License-Identifier: MIT */
#ifndef REF_FIXED_MODEL_H
#define REF_FIXED_MODEL_H

#include <gmp.h>

#include "../fixed.h"

struct ref_fixed {
    ref_fixed_net net; /* its array pointers are not used after ref_fixed_new */
    int M, rows; /* rows of W */
    uint32_t t;
    int64_t *rho, *beta;
    mpz_t *v[RQ_COUNT]; /* arrays of the quantities; NULL where not kept */
    size_t count[RQ_COUNT];
    mpz_t *u; /* [M], LSTM: the sources of this step, and their fractions */
    int *fu;
    unsigned char *past; /* [delay][n_rec]: row 0 is z^{t-1} */
    uint64_t events[RQ_COUNT];
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
/* a += v w 2^-frac. */
void ref_sum_add_product(ref_sum *a, const mpz_t v, const mpz_t w, int frac);
void ref_sum_add_si(ref_sum *a, int64_t n, int frac);
/* out = Q_q(a), with the draw's index (j, i); counts an event. */
void ref_sum_fit(ref_fixed *s, mpz_t out, const ref_sum *a, int q, int j, int i);

/* step.c, readout.c */
int ref_model_frac(const ref_fixed *s, int q);
mpz_t *ref_model_at(ref_fixed *s, int q, int j, int i, int row);
bool ref_model_masked(const ref_fixed *s, int j, int i);
bool ref_model_in_format(const ref_profile *p, int q, int64_t n);
/* Quantity q has a format that this network uses. */
bool ref_model_uses(const ref_fixed_net *net, int q);
/* a += n 2^-f v, v of quantity q; a += v; a += v w. */
void ref_model_product(const ref_fixed *s, ref_sum *a, int64_t n, int f, int q, const mpz_t v);
void ref_model_add(const ref_fixed *s, ref_sum *a, int q, const mpz_t v);
void ref_model_times(const ref_fixed *s, ref_sum *a, int qv, const mpz_t v, int qw, const mpz_t w);
/* The value of source i and its fraction. */
void ref_model_source(const ref_fixed *s, mpz_t value, const int64_t *x, int i, int *f);
/* Operations 3 and 21. */
void ref_model_currents(ref_fixed *s, const int64_t *x);
/* EB = Q_EB(kappa EB + e). */
void ref_model_filter(ref_fixed *s, int row, int i, const mpz_t e);
/* Operations 21 to 31 and 10. */
void ref_model_lstm(ref_fixed *s, const int64_t *x);
/* Operations 11 to 20. */
void ref_model_readout(ref_fixed *s);
void ref_model_learn(ref_fixed *s, const int64_t *target);
void ref_model_count(ref_fixed *s, int j, int i, const mpz_t e);

/* Section 4.1. */
void ref_model_exp(mpz_t p, mpz_t I, const mpz_t d, int f);
void ref_model_ratio(mpz_t out, const mpz_t a, const mpz_t b, int f);
/* Section 4.4. */
void ref_model_sigma(mpz_t out, const mpz_t n, int f, int g);
void ref_model_tanh(mpz_t out, const mpz_t n, int f, int g);

#endif
