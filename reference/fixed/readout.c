/* Readout, errors, signals and gradients, the rate regulariser, the weight update: FIXED.md, operations 11 to 20 and section 5.
 * SPDX-License-Identifier: MIT */
#include "model.h"

/* z_j with its fraction: 0 for spikes. */
static int fraction_of_z(const ref_fixed *s) { return s->net.lstm ? ref_model_frac(s, RQ_z) : 0; }

void ref_model_readout(ref_fixed *s)
{
    int n = s->net.n_rec, fz = fraction_of_z(s);
    ref_sum a;
    ref_sum_init(&a);
    for (int j = 0; j <= n; j++) {
        ref_sum_zero(&a);
        ref_model_product(s, &a, s->net.kappa, ref_model_frac(s, RQ_D), RQ_ZB, s->v[RQ_ZB][j]);
        if (j < n) ref_sum_add(&a, 1, s->v[RQ_z][j], fz);
        else ref_sum_add_si(&a, 1, 0);
        ref_sum_fit(s, s->v[RQ_ZB][j], &a, RQ_ZB, 0, j);
    }
    for (int k = 0; k < s->net.n_out; k++) {
        ref_sum_zero(&a);
        ref_model_product(s, &a, s->net.kappa, ref_model_frac(s, RQ_D), RQ_Y, s->v[RQ_Y][k]);
        for (int j = 0; j < n; j++)
            ref_sum_add_product(&a, s->v[RQ_z][j], *ref_model_at(s, RQ_WO, k, j, n + 1), fz + ref_model_frac(s, RQ_WO));
        ref_model_add(s, &a, RQ_WO, *ref_model_at(s, RQ_WO, k, n, n + 1));
        ref_sum_fit(s, s->v[RQ_Y][k], &a, RQ_Y, k, 0);
    }
    ref_sum_clear(&a);
}

void ref_model_times(const ref_fixed *s, ref_sum *a, int qv, const mpz_t v, int qw, const mpz_t w)
{
    ref_sum_add_product(a, v, w, ref_model_frac(s, qv) + ref_model_frac(s, qw));
}

/* g = Q_q(g + l b), l and b of quantities ql and qb. */
static void accumulate(ref_fixed *s, int q, mpz_t g, int ql, const mpz_t l, int qb, const mpz_t b, int j, int i)
{
    ref_sum a;
    ref_sum_init(&a);
    ref_model_add(s, &a, q, g);
    ref_model_times(s, &a, ql, l, qb, b);
    ref_sum_fit(s, g, &a, q, j, i);
    ref_sum_clear(&a);
}

/* Operation 13. */
static void regression_error(ref_fixed *s, const int64_t *target)
{
    ref_sum a;
    ref_sum_init(&a);
    for (int k = 0; k < s->net.n_out; k++) {
        ref_sum_zero(&a);
        ref_model_add(s, &a, RQ_Y, s->v[RQ_Y][k]);
        ref_sum_add_si(&a, -target[k], ref_model_frac(s, RQ_Y));
        ref_sum_fit(s, s->v[RQ_ER][k], &a, RQ_ER, k, 0);
    }
    ref_sum_clear(&a);
}

/* EX, operation 13a, and its sum. */
static void exponentials(ref_fixed *s, mpz_t sum)
{
    mpz_t m, d, p, I;
    ref_sum a;
    ref_sum_init(&a);
    mpz_inits(m, d, p, I, (mpz_ptr)0);
    mpz_set(m, s->v[RQ_Y][0]);
    for (int k = 1; k < s->net.n_out; k++)
        if (mpz_cmp(s->v[RQ_Y][k], m) > 0) mpz_set(m, s->v[RQ_Y][k]);
    mpz_set_ui(sum, 0);
    for (int k = 0; k < s->net.n_out; k++) {
        mpz_sub(d, m, s->v[RQ_Y][k]);
        ref_model_exp(p, I, d, ref_model_frac(s, RQ_Y));
        ref_sum_zero(&a);
        if (mpz_cmp_ui(I, 31) <= 0) {
            ref_sum_add(&a, 1, p, 30 + (int)mpz_get_ui(I));
            ref_sum_fit(s, s->v[RQ_EX][k], &a, RQ_EX, k, 0);
        } else
            mpz_set_ui(s->v[RQ_EX][k], 0);
        mpz_add(sum, sum, s->v[RQ_EX][k]);
    }
    mpz_clears(m, d, p, I, (mpz_ptr)0);
    ref_sum_clear(&a);
}

/* Operations 13a to 13c. */
static void softmax_error(ref_fixed *s, const int64_t *target)
{
    int f = ref_model_frac(s, RQ_PR);
    int64_t mass = 0;
    mpz_t sum;
    ref_sum a;
    ref_sum_init(&a);
    mpz_init(sum);
    exponentials(s, sum);
    for (int k = 0; k < s->net.n_out; k++) mass += target[k];
    for (int k = 0; k < s->net.n_out; k++) {
        ref_model_ratio(s->v[RQ_PR][k], s->v[RQ_EX][k], sum, f);
        ref_sum_zero(&a);
        ref_model_product(s, &a, mass, f, RQ_PR, s->v[RQ_PR][k]);
        ref_sum_add_si(&a, -target[k], f);
        ref_sum_fit(s, s->v[RQ_ER][k], &a, RQ_ER, k, 0);
    }
    mpz_clear(sum);
    ref_sum_clear(&a);
}

static void signals(ref_fixed *s)
{
    ref_feedback fb = s->net.feedback;
    ref_sum a;
    ref_sum_init(&a);
    for (int j = 0; j < s->net.n_rec; j++) {
        ref_sum_zero(&a);
        for (int k = 0; k < s->net.n_out; k++) {
            mpz_t *b = fb == REF_FB_SYMMETRIC ? ref_model_at(s, RQ_WO, k, j, s->net.n_rec + 1)
                             : fb == REF_FB_GLOBAL  ? &s->v[RQ_FB][0]
                                                    : ref_model_at(s, RQ_FB, j, k, s->net.n_out);
            ref_model_times(s, &a, fb == REF_FB_SYMMETRIC ? RQ_WO : RQ_FB, *b, RQ_ER, s->v[RQ_ER][k]);
        }
        ref_sum_fit(s, s->v[RQ_L][j], &a, RQ_L, j, 0);
    }
    ref_sum_clear(&a);
}

static void gradients(ref_fixed *s)
{
    int n = s->net.n_rec;
    for (int j = 0; j < s->rows; j++)
        for (int i = 0; i < s->M; i++)
            if (!ref_model_masked(s, j, i))
                accumulate(s, RQ_G, *ref_model_at(s, RQ_G, j, i, s->M), RQ_L, s->v[RQ_L][j % n], RQ_EB, *ref_model_at(s, RQ_EB, j, i, s->M), j, i);
    for (int k = 0; k < s->net.n_out; k++)
        for (int j = 0; j <= n; j++)
            accumulate(s, RQ_GO, *ref_model_at(s, RQ_GO, k, j, n + 1), RQ_ER, s->v[RQ_ER][k], RQ_ZB, s->v[RQ_ZB][j], k, j);
}

static void clear(ref_fixed *s, int q)
{
    for (size_t k = 0; k < s->count[q]; k++) mpz_set_ui(s->v[q][k], 0);
}

void ref_model_learn(ref_fixed *s, const int64_t *target)
{
    if (target) {
        if (s->net.softmax) softmax_error(s, target);
        else regression_error(s, target);
        signals(s);
        gradients(s);
    } else {
        clear(s, RQ_EX);
        clear(s, RQ_PR);
        clear(s, RQ_ER);
        clear(s, RQ_L);
    }
    for (int j = 0; s->net.c_reg > 0 && j < s->net.n_rec; j++) {
        ref_sum a;
        ref_sum_init(&a);
        ref_model_add(s, &a, RQ_CN, s->v[RQ_CN][j]);
        ref_sum_add(&a, 1, s->v[RQ_z][j], 0);
        ref_sum_fit(s, s->v[RQ_CN][j], &a, RQ_CN, j, 0);
        ref_sum_clear(&a);
    }
}

/* Operation 18. */
void ref_model_count(ref_fixed *s, int j, int i, const mpz_t e)
{
    mpz_t *sum = ref_model_at(s, RQ_ES, j, i, s->M);
    ref_sum a;
    ref_sum_init(&a);
    ref_model_add(s, &a, RQ_ES, *sum);
    ref_model_add(s, &a, RQ_E, e);
    ref_sum_fit(s, *sum, &a, RQ_ES, j, i);
    ref_sum_clear(&a);
}

void ref_fixed_end(ref_fixed *s)
{
    ref_sum a;
    if (s->net.c_reg == 0) return;
    ref_sum_init(&a);
    for (int j = 0; j < s->net.n_rec; j++) {
        ref_sum_zero(&a);
        ref_model_product(s, &a, s->net.c_reg, ref_model_frac(s, RQ_C), RQ_CN, s->v[RQ_CN][j]);
        ref_sum_add_si(&a, -s->net.c_reg * s->net.n_star, ref_model_frac(s, RQ_C) + ref_model_frac(s, RQ_CN));
        ref_sum_fit(s, s->v[RQ_R][j], &a, RQ_R, j, 0);
        for (int i = 0; i < s->M; i++)
            if (!ref_model_masked(s, j, i))
                accumulate(s, RQ_G, *ref_model_at(s, RQ_G, j, i, s->M), RQ_R, s->v[RQ_R][j], RQ_ES, *ref_model_at(s, RQ_ES, j, i, s->M), j, i);
    }
    ref_sum_clear(&a);
    clear(s, RQ_CN);
    clear(s, RQ_ES);
}

/* w = Q_q(keep w - clipped eta g), keep NULL: 1. */
static void change(ref_fixed *s, int q, mpz_t w, bool decay, int qg, const mpz_t g, int j, int i)
{
    int f = ref_model_frac(s, RQ_N) + ref_model_frac(s, qg);
    ref_sum a, delta;
    ref_sum_init(&a);
    ref_sum_init(&delta);
    ref_sum_add(&delta, s->net.eta, g, f);
    if (s->net.profile.clip > 0) {
        mpz_t limit;
        mpz_init_set_ui(limit, (unsigned long)s->net.profile.clip);
        mpz_mul_2exp(limit, limit, (mp_bitcnt_t)(f - ref_model_frac(s, q)));
        if (mpz_cmpabs(delta.n, limit) > 0) {
            if (mpz_sgn(delta.n) < 0) mpz_neg(limit, limit);
            mpz_set(delta.n, limit);
        }
        mpz_clear(limit);
    }
    if (decay) ref_model_product(s, &a, s->net.keep, ref_model_frac(s, RQ_D), q, w);
    else ref_model_add(s, &a, q, w);
    ref_sum_add(&a, -1, delta.n, f);
    ref_sum_fit(s, w, &a, q, j, i);
    ref_sum_clear(&a);
    ref_sum_clear(&delta);
}

void ref_fixed_update(ref_fixed *s)
{
    int n = s->net.n_rec;
    bool adaptive = s->net.feedback == REF_FB_ADAPTIVE;
    for (int j = 0; j < s->rows; j++)
        for (int i = 0; i < s->M; i++)
            if (!ref_model_masked(s, j, i)) change(s, RQ_W, *ref_model_at(s, RQ_W, j, i, s->M), false, RQ_G, *ref_model_at(s, RQ_G, j, i, s->M), j, i);
    for (int k = 0; k < s->net.n_out; k++)
        for (int j = 0; j <= n; j++) {
            mpz_t *g = ref_model_at(s, RQ_GO, k, j, n + 1);
            change(s, RQ_WO, *ref_model_at(s, RQ_WO, k, j, n + 1), adaptive && j < n, RQ_GO, *g, k, j);
            if (adaptive && j < n) change(s, RQ_FB, *ref_model_at(s, RQ_FB, j, k, s->net.n_out), true, RQ_GO, *g, j, k);
        }
    clear(s, RQ_G);
    clear(s, RQ_GO);
}
