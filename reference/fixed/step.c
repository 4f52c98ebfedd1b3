/* One step and the weight update, FIXED.md, sections 4 and 5, in the order of that text.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "model.h"

static int frac(const ref_fixed *s, int q) { return s->net.profile.q[q].frac; }
static int width(const ref_fixed *s) { return s->M; }
static mpz_t *at(ref_fixed *s, int q, int j, int i, int row) { return &s->v[q][(size_t)j * (size_t)row + (size_t)i]; }

static int past_spike(const ref_fixed *s, int steps, int j)
{
    return s->past[(size_t)(steps - 1) * (size_t)s->net.n_rec + (size_t)j];
}

/* The source's value and its fraction. */
static int64_t source(const ref_fixed *s, const int64_t *x, int i, int *f)
{
    *f = 0;
    if (i < s->net.n_in) {
        *f = frac(s, RQ_X);
        return x[i];
    }
    i -= s->net.n_in;
    return i < s->net.n_rec ? past_spike(s, s->net.delay, i) : 1;
}

/* a += n 2^-f v[q][k]. */
static void product(const ref_fixed *s, ref_sum *a, int64_t n, int f, int q, const mpz_t v)
{
    ref_sum_add(a, n, v, f + frac(s, q));
}

static void add(const ref_fixed *s, ref_sum *a, int q, const mpz_t v) { product(s, a, 1, 0, q, v); }

/* v = Q_q(decay v + n 2^-f). */
static void leak(ref_fixed *s, int q, mpz_t v, int64_t decay, int64_t n, int f, int j, int i)
{
    ref_sum a;
    ref_sum_init(&a);
    product(s, &a, decay, frac(s, RQ_D), q, v);
    ref_sum_add_si(&a, n, f);
    ref_sum_fit(s, v, &a, q, j, i);
    ref_sum_clear(&a);
}

/* v = Q_q(decay v + w), w of quantity p. */
static void leak_into(ref_fixed *s, int q, mpz_t v, int64_t decay, int p, const mpz_t w, int j, int i)
{
    ref_sum a;
    ref_sum_init(&a);
    product(s, &a, decay, frac(s, RQ_D), q, v);
    add(s, &a, p, w);
    ref_sum_fit(s, v, &a, q, j, i);
    ref_sum_clear(&a);
}

static bool masked(const ref_fixed *s, int j, int i) { return i == s->net.n_in + j; }

static void currents(ref_fixed *s, const int64_t *x)
{
    ref_sum a;
    ref_sum_init(&a);
    for (int j = 0; j < s->net.n_rec; j++) {
        ref_sum_zero(&a);
        for (int i = 0; i < s->M; i++) {
            int f;
            int64_t p = source(s, x, i, &f);
            product(s, &a, p, f, RQ_W, *at(s, RQ_W, j, i, width(s)));
        }
        ref_sum_fit(s, s->v[RQ_I][j], &a, RQ_I, j, 0);
    }
    ref_sum_clear(&a);
}

static void psi(ref_fixed *s, const ref_sum *d, int j)
{
    ref_sum a, b;
    ref_sum_init(&a);
    ref_sum_init(&b);
    ref_sum_fit(s, s->v[RQ_U][j], d, RQ_U, j, 0);
    ref_sum_add_si(&a, s->net.v_th, frac(s, RQ_V));
    product(s, &a, mpz_sgn(s->v[RQ_U][j]) < 0 ? 1 : -1, 0, RQ_U, s->v[RQ_U][j]);
    if (mpz_sgn(a.n) < 0) mpz_set_ui(a.n, 0);
    ref_sum_add(&b, s->net.slope, a.n, frac(s, RQ_S) + a.frac);
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
    product(s, &a, s->net.alpha, frac(s, RQ_D), RQ_V, v[j]);
    add(s, &a, RQ_I, s->v[RQ_I][j]);
    ref_sum_add_si(&a, z ? -s->net.v_th : 0, frac(s, RQ_V));
    ref_sum_fit(s, v[j], &a, RQ_V, j, 0);

    ref_sum_zero(&a);
    add(s, &a, RQ_V, v[j]);
    ref_sum_add_si(&a, -s->net.v_th, frac(s, RQ_V));
    if (s->net.alif) product(s, &a, -s->beta[j], frac(s, RQ_B), RQ_A, s->v[RQ_A][j]);
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

static void trace(ref_fixed *s, int j, int i, mpz_t e)
{
    mpz_t *p = &s->v[RQ_P][j];
    mpz_set_ui(e, 0);
    if (mpz_sgn(*p) != 0) {
        ref_sum a;
        mpz_t T;
        ref_sum_init(&a);
        mpz_init(T);
        add(s, &a, RQ_EV, s->v[RQ_EV][i]);
        if (s->net.alif) product(s, &a, -s->beta[j], frac(s, RQ_B), RQ_EA, *at(s, RQ_EA, j, i, width(s)));
        ref_sum_fit(s, T, &a, RQ_T, j, i);
        ref_sum_zero(&a);
        mpz_mul(T, T, *p);
        ref_sum_add(&a, 1, T, frac(s, RQ_P) + frac(s, RQ_T));
        ref_sum_fit(s, e, &a, RQ_E, j, i);
        mpz_clear(T);
        ref_sum_clear(&a);
    }
    leak_into(s, RQ_EB, *at(s, RQ_EB, j, i, width(s)), s->net.kappa, RQ_E, e, j, i);
}

static void traces(ref_fixed *s)
{
    mpz_t e;
    mpz_init(e);
    for (int j = 0; j < s->net.n_rec; j++)
        for (int i = 0; i < s->M; i++) {
            if (masked(s, j, i)) continue;
            trace(s, j, i, e);
            if (s->net.alif) mpz_set(*at(s, RQ_E, j, i, width(s)), e);
        }
    mpz_clear(e);
}

static void readout(ref_fixed *s)
{
    int n = s->net.n_rec;
    ref_sum a;
    ref_sum_init(&a);
    for (int j = 0; j <= n; j++)
        leak(s, RQ_ZB, s->v[RQ_ZB][j], s->net.kappa, j == n ? 1 : mpz_sgn(s->v[RQ_z][j]), 0, 0, j);
    for (int k = 0; k < s->net.n_out; k++) {
        ref_sum_zero(&a);
        product(s, &a, s->net.kappa, frac(s, RQ_D), RQ_Y, s->v[RQ_Y][k]);
        for (int j = 0; j <= n; j++)
            product(s, &a, j == n ? 1 : mpz_sgn(s->v[RQ_z][j]), 0, RQ_WO, *at(s, RQ_WO, k, j, n + 1));
        ref_sum_fit(s, s->v[RQ_Y][k], &a, RQ_Y, k, 0);
    }
    ref_sum_clear(&a);
}

/* g = Q_q(g + l b), l and b of quantities ql and qb. */
static void accumulate(ref_fixed *s, int q, mpz_t g, int ql, const mpz_t l, int qb, const mpz_t b, int j, int i)
{
    ref_sum a;
    mpz_t m;
    ref_sum_init(&a);
    mpz_init(m);
    mpz_mul(m, l, b);
    add(s, &a, q, g);
    ref_sum_add(&a, 1, m, frac(s, ql) + frac(s, qb));
    ref_sum_fit(s, g, &a, q, j, i);
    mpz_clear(m);
    ref_sum_clear(&a);
}

static void signals(ref_fixed *s, const int64_t *target)
{
    ref_feedback fb = s->net.feedback;
    ref_sum a;
    mpz_t m;
    ref_sum_init(&a);
    mpz_init(m);
    for (int k = 0; k < s->net.n_out; k++) {
        ref_sum_zero(&a);
        add(s, &a, RQ_Y, s->v[RQ_Y][k]);
        ref_sum_add_si(&a, -target[k], frac(s, RQ_Y));
        ref_sum_fit(s, s->v[RQ_ER][k], &a, RQ_ER, k, 0);
    }
    for (int j = 0; j < s->net.n_rec; j++) {
        ref_sum_zero(&a);
        for (int k = 0; k < s->net.n_out; k++) {
            mpz_t *b = fb == REF_FB_SYMMETRIC ? at(s, RQ_WO, k, j, s->net.n_rec + 1)
                             : fb == REF_FB_GLOBAL  ? &s->v[RQ_FB][0]
                                                    : at(s, RQ_FB, j, k, s->net.n_out);
            mpz_mul(m, *b, s->v[RQ_ER][k]);
            ref_sum_add(&a, 1, m, frac(s, fb == REF_FB_SYMMETRIC ? RQ_WO : RQ_FB) + frac(s, RQ_ER));
        }
        ref_sum_fit(s, s->v[RQ_L][j], &a, RQ_L, j, 0);
    }
    mpz_clear(m);
    ref_sum_clear(&a);
}

static void gradients(ref_fixed *s)
{
    int n = s->net.n_rec;
    for (int j = 0; j < n; j++)
        for (int i = 0; i < s->M; i++)
            if (!masked(s, j, i))
                accumulate(s, RQ_G, *at(s, RQ_G, j, i, width(s)), RQ_L, s->v[RQ_L][j], RQ_EB, *at(s, RQ_EB, j, i, width(s)), j, i);
    for (int k = 0; k < s->net.n_out; k++)
        for (int j = 0; j <= n; j++)
            accumulate(s, RQ_GO, *at(s, RQ_GO, k, j, n + 1), RQ_ER, s->v[RQ_ER][k], RQ_ZB, s->v[RQ_ZB][j], k, j);
}

static bool all_in(const ref_fixed *s, int q, const int64_t *v, int n)
{
    int64_t end = INT64_C(1) << (s->net.profile.q[q].bits - 1);
    for (int k = 0; k < n; k++)
        if (v[k] < -end || v[k] >= end) return false;
    return true;
}

ep_status ref_fixed_step(ref_fixed *s, const int64_t *x, const int64_t *target)
{
    int n = s->net.n_rec;
    if (!all_in(s, RQ_X, x, s->net.n_in) || (target && !all_in(s, RQ_Y, target, s->net.n_out))) return EP_DOMAIN;
    s->t++;
    for (int i = 0; i < s->M; i++) {
        int f;
        int64_t p = source(s, x, i, &f);
        /* All sources are terms of operation 1 with their own fraction. */
        leak(s, RQ_EV, s->v[RQ_EV][i], s->net.alpha, p, f, 0, i);
    }
    for (int j = 0; s->net.alif && j < n; j++)
        for (int i = 0; i < s->M; i++)
            if (!masked(s, j, i))
                leak_into(s, RQ_EA, *at(s, RQ_EA, j, i, width(s)), s->rho[j], RQ_E, *at(s, RQ_E, j, i, width(s)), j, i);
    currents(s, x);
    for (int j = 0; j < n; j++) neuron(s, j);
    memmove(s->past + n, s->past, (size_t)n * (size_t)(s->net.delay - 1));
    for (int j = 0; j < n; j++) s->past[j] = mpz_sgn(s->v[RQ_z][j]) != 0;
    traces(s);
    readout(s);
    if (target) {
        signals(s, target);
        gradients(s);
        return EP_OK;
    }
    for (int k = 0; k < s->net.n_out; k++) mpz_set_ui(s->v[RQ_ER][k], 0);
    for (int j = 0; j < n; j++) mpz_set_ui(s->v[RQ_L][j], 0);
    return EP_OK;
}

/* w = Q_q(keep w - clipped eta g), keep NULL: 1. */
static void change(ref_fixed *s, int q, mpz_t w, bool decay, int qg, const mpz_t g, int j, int i)
{
    int f = frac(s, RQ_N) + frac(s, qg);
    ref_sum a, delta;
    ref_sum_init(&a);
    ref_sum_init(&delta);
    ref_sum_add(&delta, s->net.eta, g, f);
    if (s->net.profile.clip > 0) {
        mpz_t limit;
        mpz_init_set_ui(limit, (unsigned long)s->net.profile.clip);
        mpz_mul_2exp(limit, limit, (mp_bitcnt_t)(f - frac(s, q)));
        if (mpz_cmpabs(delta.n, limit) > 0) {
            if (mpz_sgn(delta.n) < 0) mpz_neg(limit, limit);
            mpz_set(delta.n, limit);
        }
        mpz_clear(limit);
    }
    if (decay) product(s, &a, s->net.keep, frac(s, RQ_D), q, w);
    else add(s, &a, q, w);
    ref_sum_add(&a, -1, delta.n, f);
    ref_sum_fit(s, w, &a, q, j, i);
    ref_sum_clear(&a);
    ref_sum_clear(&delta);
}

void ref_fixed_update(ref_fixed *s)
{
    int n = s->net.n_rec;
    bool adaptive = s->net.feedback == REF_FB_ADAPTIVE;
    for (int j = 0; j < n; j++)
        for (int i = 0; i < s->M; i++)
            if (!masked(s, j, i)) change(s, RQ_W, *at(s, RQ_W, j, i, s->M), false, RQ_G, *at(s, RQ_G, j, i, s->M), j, i);
    for (int k = 0; k < s->net.n_out; k++)
        for (int j = 0; j <= n; j++) {
            mpz_t *g = at(s, RQ_GO, k, j, n + 1);
            change(s, RQ_WO, *at(s, RQ_WO, k, j, n + 1), adaptive && j < n, RQ_GO, *g, k, j);
            if (adaptive && j < n) change(s, RQ_FB, *at(s, RQ_FB, j, k, s->net.n_out), true, RQ_GO, *g, j, k);
        }
    for (size_t k = 0; k < s->count[RQ_G]; k++) mpz_set_ui(s->v[RQ_G][k], 0);
    for (size_t k = 0; k < s->count[RQ_GO]; k++) mpz_set_ui(s->v[RQ_GO][k], 0);
}
