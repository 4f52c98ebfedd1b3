/* The shadow's neurons: LIF and ALIF with forced spikes, and LSTM.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_TEST_FIXED_SHADOW_CELL_H
#define VFY_TEST_FIXED_SHADOW_CELL_H

#include "fixed_shadow.h"

/* x or 1; the recurrent sources are the caller's. */
static inline real outer_source(const pair *p, const int32_t *x, int i)
{
    return (real){i < p->c.n_in ? value(p, FIX_X, x[i]) : 1, 0};
}

static inline real spiking_source(const pair *p, const shadow *s, const int32_t *x, int i)
{
    int j = i - p->c.n_in;
    return j >= 0 && j < p->c.n_rec ? (real){s->z[p->c.delay - 1][j], 0} : outer_source(p, x, i);
}

static inline void follow_neuron(const pair *p, shadow *s, const int32_t *x, int j, int t)
{
    const fix_config *c = &p->c;
    double current = 0, th = value(p, FIX_V, c->v_th), beta = c->alif ? value(p, FIX_B, p->beta[j]) : 0;
    double slope = value(p, FIX_S, c->slope), unit_I = unit_of(p, FIX_I, p->profile.q[FIX_W].frac + p->profile.q[FIX_X].frac);
    int M = c->n_in + c->n_rec + 1;
    for (int i = 0; i < M; i++) current += value(p, FIX_W, p->W[j * M + i]) * spiking_source(p, s, x, i).x;
    judge(p, s, FIX_I, (size_t)j, (real){current, unit_I}, t);
    s->V[j] = leak(s->V[j], value(p, FIX_D, c->alpha), current - th * s->z[0][j], unit_I, unit(p, FIX_V));
    if (c->alif) s->A[j] = leak(s->A[j], value(p, FIX_D, p->rho[j]), s->z[0][j], 0, unit(p, FIX_A));
    real u = {s->V[j].x - th - beta * s->A[j].x, s->V[j].bound + beta * s->A[j].bound + unit(p, FIX_U)};
    s->P[j] = s->r[j] ? (real){0, 0} : (real){slope * fmax(0, th - fabs(u.x)), slope * u.bound + unit(p, FIX_P)};
    judge(p, s, FIX_V, (size_t)j, s->V[j], t);
    if (!s->r[j]) judge(p, s, FIX_U, (size_t)j, u, t);
    judge(p, s, FIX_P, (size_t)j, s->P[j], t);
    if (c->alif) judge(p, s, FIX_A, (size_t)j, s->A[j], t);
    s->r[j] = fix_get(p->core, FIX_r, (size_t)j);
}

/* An error d of eps^a comes back as (rho - beta P) d through e, with the core's P. */
static inline void follow_trace(const pair *p, shadow *s, int j, int i, double old_P, int t)
{
    const fix_config *c = &p->c;
    size_t k = (size_t)(j * (c->n_in + c->n_rec + 1) + i);
    double beta = c->alif ? value(p, FIX_B, p->beta[j]) : 0, rho = c->alif ? value(p, FIX_D, p->rho[j]) : 0;
    double P = kept(p, FIX_P, (size_t)j);
    real *ea = &s->EA[j][i];
    if (c->alif) {
        *ea = (real){rho * ea->x + s->E[j][i].x, fabs(rho - beta * old_P) * ea->bound + s->own[j][i] + unit(p, FIX_EA)};
        judge(p, s, FIX_EA, k, *ea, t);
    }
    double T = s->EV[i].x - beta * ea->x;
    s->own[j][i] = s->P[j].bound * fabs(T) + (P != 0 ? P * (s->EV[i].bound + unit(p, FIX_T)) + unit(p, FIX_E) : 0);
    s->E[j][i] = (real){s->P[j].x * T, s->own[j][i] + beta * P * ea->bound};
    if (c->alif) judge(p, s, FIX_E, k, s->E[j][i], t);
    follow_ebar(p, s, j, i, s->E[j][i], t);
    if (c->c_reg == 0) return;
    s->ES[j][i] = leak(s->ES[j][i], 1, s->E[j][i].x, s->E[j][i].bound, unit_of(p, FIX_ES, p->profile.q[FIX_E].frac));
    judge(p, s, FIX_ES, k, s->ES[j][i], t);
}

static inline void follow_spiking(const pair *p, shadow *s, const int32_t *x, int t)
{
    int n = p->c.n_rec, M = p->c.n_in + n + 1;
    for (int i = 0; i < M; i++) {
        s->EV[i] = leak(s->EV[i], value(p, FIX_D, p->c.alpha), spiking_source(p, s, x, i).x, 0, unit(p, FIX_EV));
        judge(p, s, FIX_EV, (size_t)i, s->EV[i], t);
    }
    for (int j = 0; j < n; j++) follow_neuron(p, s, x, j, t);
    for (int k = 4; k > 0; k--)
        for (int j = 0; j < n; j++) s->z[k][j] = s->z[k - 1][j];
    for (int j = 0; j < n; j++) {
        s->z[0][j] = fix_get(p->core, FIX_z, (size_t)j);
        s->count[j] += s->z[0][j];
        s->Z[j] = (real){s->z[0][j], 0};
    }
    for (int j = 0; j < n; j++)
        for (int i = 0; i < M; i++)
            if (i != p->c.n_in + j) follow_trace(p, s, j, i, s->old_P[j], t);
    for (int j = 0; j < n; j++) s->old_P[j] = kept(p, FIX_P, (size_t)j);
}

/* The rate regulariser at the end of the trial: operations 19 and 20. */
static inline void follow_end(const pair *p, shadow *s, int t)
{
    int n = p->c.n_rec, M = p->c.n_in + n + 1;
    for (int j = 0; p->c.c_reg > 0 && j < n; j++) {
        real R = {value(p, FIX_C, p->c.c_reg) * (s->count[j] - value(p, FIX_CN, p->c.n_star)), unit(p, FIX_R)};
        judge(p, s, FIX_R, (size_t)j, R, t);
        for (int i = 0; i < M; i++) {
            if (i == p->c.n_in + j) continue;
            double sum = s->ES[j][i].x; /* the core's own is cleared: at most its bound away */
            accumulate(p, s, FIX_G, (size_t)(j * M + i), &s->G[j][i], R, kept(p, FIX_R, (size_t)j), s->ES[j][i], fabs(sum) + s->ES[j][i].bound, t);
        }
    }
}

/* The functions of section 4.4 are within half a unit and 2^-25; sigma is 1/4-Lipschitz, tanh 1-Lipschitz,
 * and neither leaves its range. */
static inline real sigma_of(const pair *p, real x) { return (real){1 / (1 + exp(-x.x)), fmin(x.bound / 4, 1) + value(p, FIX_GA, 0.5) + 0x1p-25}; }
static inline real tanh_of(const pair *p, int q, real x) { return (real){tanh(x.x), fmin(x.bound, 2) + value(p, q, 0.5) + 0x1p-25}; }

/* 1 - v^2 moves by at most (|v| + |v'|) dv, v - v^2 by |1 - v - v'| dv. */
static inline real slope_of(const pair *p, real v, bool of_tanh)
{
    return of_tanh ? (real){1 - v.x * v.x, (2 * fabs(v.x) + v.bound) * v.bound + unit(p, FIX_SD)}
                   : (real){v.x - v.x * v.x, (fabs(1 - 2 * v.x) + v.bound) * v.bound + unit(p, FIX_SD)};
}

static inline void follow_gate(const pair *p, shadow *s, const real *u, int q, int t)
{
    int n = p->c.n_rec, M = p->c.n_in + n + 1, A = q / n;
    real I = {A == 1 ? value(p, FIX_I, p->c.b_forget) : 0, unit(p, FIX_I)};
    for (int i = 0; i < M; i++) {
        double w = value(p, FIX_W, p->W[q * M + i]);
        I.x += w * u[i].x;
        I.bound += fabs(w) * u[i].bound;
    }
    judge(p, s, FIX_I, (size_t)q, I, t);
    s->GA[q] = A == 2 ? tanh_of(p, FIX_GA, I) : sigma_of(p, I);
    s->SD[q] = slope_of(p, s->GA[q], A == 2);
    judge(p, s, FIX_GA, (size_t)q, s->GA[q], t);
    judge(p, s, FIX_SD, (size_t)q, s->SD[q], t);
}

static inline void follow_cell(const pair *p, shadow *s, int j, double old_c, int t)
{
    size_t n = (size_t)p->c.n_rec, k = (size_t)j, i = k, f = n + k, g = 2 * n + k, o = 3 * n + k, th = 4 * n + k;
#define CORE(q, at) kept(p, FIX_##q, at)
    s->LD[i] = times(p, FIX_LD, s->SD[i], CORE(SD, i), s->GA[g], CORE(GA, g));
    s->LD[f] = times(p, FIX_LD, s->SD[f], CORE(SD, f), s->CC[j], old_c);
    s->LD[g] = times(p, FIX_LD, s->SD[g], CORE(SD, g), s->GA[i], CORE(GA, i));
    s->CC[j] = (real){s->GA[f].x * s->CC[j].x + s->GA[i].x * s->GA[g].x,
                      product_bound(s->GA[f], CORE(GA, f), s->CC[j], old_c) + product_bound(s->GA[i], CORE(GA, i), s->GA[g], CORE(GA, g)) + unit(p, FIX_CC)};
    s->H[j] = tanh_of(p, FIX_H, s->CC[j]);
    s->LD[o] = times(p, FIX_LD, s->SD[o], CORE(SD, o), s->H[j], CORE(H, k));
    s->SD[th] = slope_of(p, s->H[j], true);
    s->OP[j] = times(p, FIX_OP, s->GA[o], CORE(GA, o), s->SD[th], CORE(SD, th));
    s->Z[j] = times(p, FIX_z, s->GA[o], CORE(GA, o), s->H[j], CORE(H, k));
    for (size_t q = i; q < 4 * n; q += n) judge(p, s, FIX_LD, q, s->LD[q], t);
    judge(p, s, FIX_CC, k, s->CC[j], t);
    judge(p, s, FIX_H, k, s->H[j], t);
    judge(p, s, FIX_SD, th, s->SD[th], t);
    judge(p, s, FIX_OP, k, s->OP[j], t);
    judge(p, s, FIX_z, k, s->Z[j], t);
}

static inline void follow_lstm_trace(const pair *p, shadow *s, int q, int i, real u, double core_u, double old_eps, int t)
{
    int n = p->c.n_rec, j = q % n;
    size_t row = (size_t)q, k = (size_t)(q * (p->c.n_in + n + 1) + i), f = (size_t)(n + j);
    real now = {s->LD[q].x * u.x, product_bound(s->LD[q], CORE(LD, row), u, core_u)}, e = {now.x, now.bound + unit(p, FIX_E)};
    if (q < 3 * n) {
        real *eps = &s->EL[q][i];
        *eps = (real){s->GA[f].x * eps->x + now.x, product_bound(s->GA[f], CORE(GA, f), *eps, old_eps) + now.bound + unit(p, FIX_EL)};
        judge(p, s, FIX_EL, k, *eps, t);
        e = times(p, FIX_E, s->OP[j], CORE(OP, (size_t)j), *eps, CORE(EL, k));
    }
    follow_ebar(p, s, q, i, e, t);
}
#undef CORE

/* What the core kept before the step. */
typedef struct before {
    double z[MAX_REC], c[MAX_REC], eps[3 * MAX_REC][MAX_M];
} before;

static inline void remember(const pair *p, before *b)
{
    int n = p->c.n_rec, M = p->c.n_in + n + 1;
    for (int j = 0; j < n; j++) {
        b->z[j] = kept(p, FIX_z, (size_t)j);
        b->c[j] = kept(p, FIX_CC, (size_t)j);
    }
    for (int q = 0; q < 3 * n; q++)
        for (int i = 0; i < M; i++) b->eps[q][i] = kept(p, FIX_EL, (size_t)(q * M + i));
}

static inline void follow_lstm(const pair *p, shadow *s, const before *b, const int32_t *x, int t)
{
    int n = p->c.n_rec, in = p->c.n_in, M = in + n + 1;
    real u[MAX_M];
    for (int i = 0; i < M; i++) u[i] = i >= in && i < in + n ? s->Z[i - in] : outer_source(p, x, i);
    for (int q = 0; q < 4 * n; q++) follow_gate(p, s, u, q, t);
    for (int j = 0; j < n; j++) follow_cell(p, s, j, b->c[j], t);
    for (int q = 0; q < 4 * n; q++)
        for (int i = 0; i < M; i++)
            follow_lstm_trace(p, s, q, i, u[i], i >= in && i < in + n ? b->z[i - in] : u[i].x, q < 3 * n ? b->eps[q][i] : 0, t);
}

#endif
