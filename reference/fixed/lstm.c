/* LSTM: FIXED.md, section 4.4.
 * SPDX-License-Identifier: MIT */
#include "model.h"

enum { GATE_I, GATE_F, GATE_G, GATE_O, SLOPE_OF_TANH };

static int row(const ref_fixed *s, int gate, int j) { return gate * s->net.n_rec + j; }
static mpz_t *gate(ref_fixed *s, int q, int A, int j) { return &s->v[q][row(s, A, j)]; }

/* out = Q_q(v w), v and w of quantities qv and qw. */
static void multiply(ref_fixed *s, int q, mpz_t out, int qv, const mpz_t v, int qw, const mpz_t w, int j, int i)
{
    ref_sum a;
    ref_sum_init(&a);
    ref_model_times(s, &a, qv, v, qw, w);
    ref_sum_fit(s, out, &a, q, j, i);
    ref_sum_clear(&a);
}

/* SD_k = Q_SD(1 - v^2), or Q_SD(v - v^2). */
static void slope(ref_fixed *s, int k, int qv, const mpz_t v, bool of_tanh)
{
    ref_sum a;
    mpz_t minus;
    ref_sum_init(&a);
    mpz_init(minus);
    mpz_neg(minus, v);
    if (of_tanh) ref_sum_add_si(&a, 1, 0);
    else ref_model_add(s, &a, qv, v);
    ref_model_times(s, &a, qv, minus, qv, v);
    ref_sum_fit(s, s->v[RQ_SD][k], &a, RQ_SD, k, 0);
    mpz_clear(minus);
    ref_sum_clear(&a);
}

static void gates(ref_fixed *s)
{
    int f = ref_model_frac(s, RQ_I), g = ref_model_frac(s, RQ_GA), n = s->net.n_rec;
    for (int q = 0; q < 4 * n; q++) {
        bool is_g = q / n == GATE_G;
        if (is_g) ref_model_tanh(s->v[RQ_GA][q], s->v[RQ_I][q], f, g);
        else ref_model_sigma(s->v[RQ_GA][q], s->v[RQ_I][q], f, g);
        slope(s, q, RQ_GA, s->v[RQ_GA][q], is_g);
    }
}

/* Operations 24 to 29. */
static void cell(ref_fixed *s, int j)
{
    mpz_t *c = &s->v[RQ_CC][j], *h = &s->v[RQ_H][j];
    ref_sum a;
    multiply(s, RQ_LD, *gate(s, RQ_LD, GATE_I, j), RQ_SD, *gate(s, RQ_SD, GATE_I, j), RQ_GA, *gate(s, RQ_GA, GATE_G, j), row(s, GATE_I, j), 0);
    multiply(s, RQ_LD, *gate(s, RQ_LD, GATE_F, j), RQ_SD, *gate(s, RQ_SD, GATE_F, j), RQ_CC, *c, row(s, GATE_F, j), 0);
    multiply(s, RQ_LD, *gate(s, RQ_LD, GATE_G, j), RQ_SD, *gate(s, RQ_SD, GATE_G, j), RQ_GA, *gate(s, RQ_GA, GATE_I, j), row(s, GATE_G, j), 0);
    ref_sum_init(&a);
    ref_model_times(s, &a, RQ_GA, *gate(s, RQ_GA, GATE_F, j), RQ_CC, *c);
    ref_model_times(s, &a, RQ_GA, *gate(s, RQ_GA, GATE_I, j), RQ_GA, *gate(s, RQ_GA, GATE_G, j));
    ref_sum_fit(s, *c, &a, RQ_CC, j, 0);
    ref_sum_clear(&a);
    ref_model_tanh(*h, *c, ref_model_frac(s, RQ_CC), ref_model_frac(s, RQ_H));
    multiply(s, RQ_z, s->v[RQ_z][j], RQ_GA, *gate(s, RQ_GA, GATE_O, j), RQ_H, *h, j, 0);
    multiply(s, RQ_LD, *gate(s, RQ_LD, GATE_O, j), RQ_SD, *gate(s, RQ_SD, GATE_O, j), RQ_H, *h, row(s, GATE_O, j), 0);
    slope(s, row(s, SLOPE_OF_TANH, j), RQ_H, *h, true);
    multiply(s, RQ_OP, s->v[RQ_OP][j], RQ_GA, *gate(s, RQ_GA, GATE_O, j), RQ_SD, *gate(s, RQ_SD, SLOPE_OF_TANH, j), j, 0);
}

static void traces(ref_fixed *s)
{
    int n = s->net.n_rec;
    ref_sum a;
    mpz_t e;
    ref_sum_init(&a);
    mpz_init(e);
    for (int q = 0; q < 4 * n; q++)
        for (int i = 0; i < s->M; i++) {
            int j = q % n;
            ref_sum_zero(&a);
            if (q / n == GATE_O) {
                ref_sum_add_product(&a, s->v[RQ_LD][q], s->u[i], ref_model_frac(s, RQ_LD) + s->fu[i]);
            } else {
                mpz_t *el = ref_model_at(s, RQ_EL, q, i, s->M);
                ref_model_times(s, &a, RQ_GA, *gate(s, RQ_GA, GATE_F, j), RQ_EL, *el);
                ref_sum_add_product(&a, s->v[RQ_LD][q], s->u[i], ref_model_frac(s, RQ_LD) + s->fu[i]);
                ref_sum_fit(s, *el, &a, RQ_EL, q, i);
                ref_sum_zero(&a);
                ref_model_times(s, &a, RQ_OP, s->v[RQ_OP][j], RQ_EL, *el);
            }
            ref_sum_fit(s, e, &a, RQ_E, q, i);
            ref_model_filter(s, q, i, e);
        }
    mpz_clear(e);
    ref_sum_clear(&a);
}

void ref_model_lstm(ref_fixed *s, const int64_t *x)
{
    for (int i = 0; i < s->M; i++) ref_model_source(s, s->u[i], x, i, &s->fu[i]);
    ref_model_currents(s, x);
    gates(s);
    for (int j = 0; j < s->net.n_rec; j++) cell(s, j);
    traces(s);
}
