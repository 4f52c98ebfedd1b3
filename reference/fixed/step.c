/* One step, FIXED.md, section 4, in the order of that text.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "model.h"

int ref_model_frac(const ref_fixed *s, int q) { return s->net.profile.q[q].frac; }
mpz_t *ref_model_at(ref_fixed *s, int q, int j, int i, int row) { return &s->v[q][(size_t)j * (size_t)row + (size_t)i]; }

static int past_spike(const ref_fixed *s, int steps, int j)
{
    return s->past[(size_t)(steps - 1) * (size_t)s->net.n_rec + (size_t)j];
}

void ref_model_source(const ref_fixed *s, mpz_t value, const int64_t *x, int i, int *f)
{
    int j = i - s->net.n_in;
    *f = 0;
    if (j < 0) {
        *f = ref_model_frac(s, RQ_X);
        mpz_set_si(value, (long)x[i]); /* |x| < 2^31 */
    } else if (j >= s->net.n_rec)
        mpz_set_ui(value, 1);
    else if (s->net.lstm) {
        *f = ref_model_frac(s, RQ_z);
        mpz_set(value, s->v[RQ_z][j]); /* not yet that of this step */
    } else
        mpz_set_si(value, past_spike(s, s->net.delay, j));
}

/* a += n 2^-f v[q][k]. */
void ref_model_product(const ref_fixed *s, ref_sum *a, int64_t n, int f, int q, const mpz_t v)
{
    ref_sum_add(a, n, v, f + ref_model_frac(s, q));
}

void ref_model_add(const ref_fixed *s, ref_sum *a, int q, const mpz_t v) { ref_model_product(s, a, 1, 0, q, v); }

/* v = Q_q(decay v + n 2^-f). */
static void leak(ref_fixed *s, int q, mpz_t v, int64_t decay, int64_t n, int f, int j, int i)
{
    ref_sum a;
    ref_sum_init(&a);
    ref_model_product(s, &a, decay, ref_model_frac(s, RQ_D), q, v);
    ref_sum_add_si(&a, n, f);
    ref_sum_fit(s, v, &a, q, j, i);
    ref_sum_clear(&a);
}

/* v = Q_q(decay v + w), w of quantity p. */
static void leak_into(ref_fixed *s, int q, mpz_t v, int64_t decay, int p, const mpz_t w, int j, int i)
{
    ref_sum a;
    ref_sum_init(&a);
    ref_model_product(s, &a, decay, ref_model_frac(s, RQ_D), q, v);
    ref_model_add(s, &a, p, w);
    ref_sum_fit(s, v, &a, q, j, i);
    ref_sum_clear(&a);
}

bool ref_model_masked(const ref_fixed *s, int j, int i) { return !s->net.lstm && i == s->net.n_in + j; }

void ref_model_currents(ref_fixed *s, const int64_t *x)
{
    ref_sum a;
    mpz_t p;
    ref_sum_init(&a);
    mpz_init(p);
    for (int q = 0; q < s->rows; q++) {
        ref_sum_zero(&a);
        for (int i = 0; i < s->M; i++) {
            int f;
            ref_model_source(s, p, x, i, &f);
            ref_sum_add_product(&a, p, *ref_model_at(s, RQ_W, q, i, s->M), f + ref_model_frac(s, RQ_W));
        }
        /* A term of operation 21 whatever its value. */
        if (s->net.lstm) ref_sum_add_si(&a, q / s->net.n_rec == 1 ? s->net.b_forget : 0, ref_model_frac(s, RQ_I));
        ref_sum_fit(s, s->v[RQ_I][q], &a, RQ_I, q, 0);
    }
    mpz_clear(p);
    ref_sum_clear(&a);
}

static void psi(ref_fixed *s, const ref_sum *d, int j)
{
    ref_sum a, b;
    ref_sum_init(&a);
    ref_sum_init(&b);
    ref_sum_fit(s, s->v[RQ_U][j], d, RQ_U, j, 0);
    ref_sum_add_si(&a, s->net.v_th, ref_model_frac(s, RQ_V));
    ref_model_product(s, &a, mpz_sgn(s->v[RQ_U][j]) < 0 ? 1 : -1, 0, RQ_U, s->v[RQ_U][j]);
    if (mpz_sgn(a.n) < 0) mpz_set_ui(a.n, 0);
    ref_sum_add(&b, s->net.slope, a.n, ref_model_frac(s, RQ_S) + a.frac);
    ref_sum_fit(s, s->v[RQ_P][j], &b, RQ_P, j, 0);
    ref_sum_clear(&a);
    ref_sum_clear(&b);
}

static void neuron(ref_fixed *s, int j)
{
    int z = past_spike(s, 1, j);
    mpz_t *v = s->v[RQ_V], *r = s->v[RQ_r];
    ref_sum a;
    ref_sum_init(&a);
    if (s->net.alif) leak(s, RQ_A, s->v[RQ_A][j], s->rho[j], z, 0, j, 0);
    ref_model_product(s, &a, s->net.alpha, ref_model_frac(s, RQ_D), RQ_V, v[j]);
    ref_model_add(s, &a, RQ_I, s->v[RQ_I][j]);
    ref_sum_add_si(&a, z ? -s->net.v_th : 0, ref_model_frac(s, RQ_V));
    ref_sum_fit(s, v[j], &a, RQ_V, j, 0);

    ref_sum_zero(&a);
    ref_model_add(s, &a, RQ_V, v[j]);
    ref_sum_add_si(&a, -s->net.v_th, ref_model_frac(s, RQ_V));
    if (s->net.alif) ref_model_product(s, &a, -s->beta[j], ref_model_frac(s, RQ_B), RQ_A, s->v[RQ_A][j]);
    bool free_to_fire = mpz_sgn(r[j]) == 0;
    mpz_set_ui(s->v[RQ_z][j], mpz_sgn(a.n) > 0 && free_to_fire);
    if (free_to_fire) psi(s, &a, j);
    else {
        mpz_set_ui(s->v[RQ_U][j], 0);
        mpz_set_ui(s->v[RQ_P][j], 0);
    }
    if (mpz_sgn(s->v[RQ_z][j]) && s->net.n_ref > 0) mpz_set_ui(r[j], (unsigned long)s->net.n_ref - 1);
    else if (mpz_sgn(r[j]) > 0) mpz_sub_ui(r[j], r[j], 1);
    ref_sum_clear(&a);
}

void ref_model_filter(ref_fixed *s, int row, int i, const mpz_t e)
{
    leak_into(s, RQ_EB, *ref_model_at(s, RQ_EB, row, i, s->M), s->net.kappa, RQ_E, e, row, i);
}

static void trace(ref_fixed *s, int j, int i, mpz_t e)
{
    mpz_t *p = &s->v[RQ_P][j];
    mpz_set_ui(e, 0);
    if (mpz_sgn(*p) != 0) {
        ref_sum a;
        mpz_t T;
        ref_sum_init(&a);
        mpz_init(T);
        ref_model_add(s, &a, RQ_EV, s->v[RQ_EV][i]);
        if (s->net.alif) ref_model_product(s, &a, -s->beta[j], ref_model_frac(s, RQ_B), RQ_EA, *ref_model_at(s, RQ_EA, j, i, s->M));
        ref_sum_fit(s, T, &a, RQ_T, j, i);
        ref_sum_zero(&a);
        mpz_mul(T, T, *p);
        ref_sum_add(&a, 1, T, ref_model_frac(s, RQ_P) + ref_model_frac(s, RQ_T));
        ref_sum_fit(s, e, &a, RQ_E, j, i);
        mpz_clear(T);
        ref_sum_clear(&a);
    }
    ref_model_filter(s, j, i, e);
}

static void traces(ref_fixed *s)
{
    mpz_t e;
    mpz_init(e);
    for (int j = 0; j < s->net.n_rec; j++)
        for (int i = 0; i < s->M; i++) {
            if (ref_model_masked(s, j, i)) continue;
            trace(s, j, i, e);
            if (s->net.alif) mpz_set(*ref_model_at(s, RQ_E, j, i, s->M), e);
            if (s->net.c_reg > 0) ref_model_count(s, j, i, e);
        }
    mpz_clear(e);
}

static bool all_in(const ref_fixed *s, int q, const int64_t *v, int n)
{
    for (int k = 0; k < n; k++)
        if (!ref_model_in_format(&s->net.profile, q, v[k])) return false;
    return true;
}

static bool target_valid(const ref_fixed *s, const int64_t *target)
{
    if (!s->net.softmax) return all_in(s, RQ_Y, target, s->net.n_out);
    for (int k = 0; k < s->net.n_out; k++)
        if (target[k] < 0 || target[k] > INT64_C(1) << ref_model_frac(s, RQ_PR)) return false;
    return true;
}

static void spiking(ref_fixed *s, const int64_t *x)
{
    int n = s->net.n_rec;
    ref_sum a;
    mpz_t p;
    ref_sum_init(&a);
    mpz_init(p);
    for (int i = 0; i < s->M; i++) {
        int f;
        ref_model_source(s, p, x, i, &f);
        ref_sum_zero(&a);
        ref_model_product(s, &a, s->net.alpha, ref_model_frac(s, RQ_D), RQ_EV, s->v[RQ_EV][i]);
        ref_sum_add(&a, 1, p, f);
        ref_sum_fit(s, s->v[RQ_EV][i], &a, RQ_EV, 0, i);
    }
    mpz_clear(p);
    ref_sum_clear(&a);
    for (int j = 0; s->net.alif && j < n; j++)
        for (int i = 0; i < s->M; i++)
            if (!ref_model_masked(s, j, i))
                leak_into(s, RQ_EA, *ref_model_at(s, RQ_EA, j, i, s->M), s->rho[j], RQ_E, *ref_model_at(s, RQ_E, j, i, s->M), j, i);
    ref_model_currents(s, x);
    for (int j = 0; j < n; j++) neuron(s, j);
    memmove(s->past + n, s->past, (size_t)n * (size_t)(s->net.delay - 1));
    for (int j = 0; j < n; j++) s->past[j] = mpz_sgn(s->v[RQ_z][j]) != 0;
    traces(s);
}

ep_status ref_fixed_step(ref_fixed *s, const int64_t *x, const int64_t *target)
{
    if (!all_in(s, RQ_X, x, s->net.n_in) || (target && !target_valid(s, target))) return EP_DOMAIN;
    s->t++;
    if (s->net.lstm) ref_model_lstm(s, x);
    else spiking(s, x);
    ref_model_readout(s);
    ref_model_learn(s, target);
    return EP_OK;
}
