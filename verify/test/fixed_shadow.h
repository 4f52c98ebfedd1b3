/* What quantisation costs, FIXED.md, section 9: the real-valued recursions of a quantised network with the core's own spikes,
 * and beside each number a bound on the core's distance from it. This file: what both kinds of network share.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_TEST_FIXED_SHADOW_H
#define VFY_TEST_FIXED_SHADOW_H

#include <math.h>

#include "fixed_pair.h"

/* A real-valued quantity and the bound on the core's distance from it. */
typedef struct real {
    double x, bound;
} real;

/* What was compared of one quantity: how often, the largest bound, distance and distance / bound; sums of log bound and distance. */
typedef struct ledger {
    long n;
    double bound, off, ratio, log_bound, sum_off;
} ledger;

typedef struct shadow {
    real A[MAX_REC], V[MAX_REC], P[MAX_REC], EV[MAX_M], EA[MAX_REC][MAX_M], E[MAX_REC][MAX_M], ES[MAX_REC][MAX_M];
    real GA[4 * MAX_REC], SD[5 * MAX_REC], LD[4 * MAX_REC], CC[MAX_REC], H[MAX_REC], OP[MAX_REC], EL[3 * MAX_REC][MAX_M];
    real EB[4 * MAX_REC][MAX_M], G[4 * MAX_REC][MAX_M];
    real Z[MAX_REC]; /* z of the newest step; spikes are exact */
    real Y[MAX_OUT], PR[MAX_OUT], ER[MAX_OUT], L[MAX_REC], ZB[MAX_REC + 1], GO[MAX_OUT][MAX_REC + 1];
    int z[5][MAX_REC]; /* z^{t-1}, z^{t-2}, ... */
    double own[MAX_REC][MAX_M]; /* bound of e but for eps^a's part */
    double old_P[MAX_REC]; /* the core's, of the step before */
    int r[MAX_REC], count[MAX_REC];
    ledger of[FIX_COUNT];
} shadow;

static inline double value(const pair *p, int q, double n) { return ldexp(n, -p->profile.q[q].frac); }
static inline double kept(const pair *p, int q, size_t i) { return value(p, q, fix_get(p->core, q, i)); }

/* The farthest that rounding moves: half a unit to nearest, less than a unit else. */
static inline double unit(const pair *p, int q)
{
    bool nearest = p->profile.q[q].rounding == FIX_NEAREST_EVEN || p->profile.q[q].rounding == FIX_NEAREST_UP;
    return value(p, q, nearest ? 0.5 : 1);
}

/* The same for a sum of fraction F: nothing is dropped where the format is as fine. */
static inline double unit_of(const pair *p, int q, int F) { return F > p->profile.q[q].frac ? unit(p, q) : 0; }

/* The shadow's own doubles: a few hundred operations on numbers below 2^20, each within 2^-53 of its result. */
static const double own_error = 0x1p-24;

static inline void judge(const pair *p, shadow *s, int q, size_t i, real r, int t)
{
    double off = fabs(kept(p, q, i) - r.x);
    ledger *l = &s->of[q];
    if (!(off <= r.bound + own_error))
        ck_abort_msg("seed %llu, step %d, quantity %d [%zu]: off by %a, bound %a", (unsigned long long)p->seed, t, q, i, off, r.bound);
    if (!(r.bound > 0)) return;
    l->n++;
    l->log_bound += log(r.bound);
    l->sum_off += off;
    l->bound = fmax(l->bound, r.bound);
    l->off = fmax(l->off, off);
    l->ratio = fmax(l->ratio, off / r.bound);
}

static inline real leak(real old, double decay, double x, double bound, double u)
{
    return (real){decay * old.x + x, decay * old.bound + bound + u};
}

/* a b, with the core's numbers for a and b. */
static inline double product_bound(real a, double core_a, real b, double core_b)
{
    return fabs(core_a) * b.bound + fabs(core_b) * a.bound + a.bound * b.bound;
}

/* a b rounded into q. */
static inline real times(const pair *p, int q, real a, double core_a, real b, double core_b)
{
    return (real){a.x * b.x, product_bound(a, core_a, b, core_b) + unit(p, q)};
}

static inline void follow_ebar(const pair *p, shadow *s, int row, int i, real e, int t)
{
    size_t k = (size_t)(row * (p->c.n_in + p->c.n_rec + 1) + i);
    s->EB[row][i] = leak(s->EB[row][i], value(p, FIX_D, p->c.kappa), e.x, e.bound, unit(p, FIX_EB));
    judge(p, s, FIX_EB, k, s->EB[row][i], t);
}

/* FIXED.md, section 4.2, from the core's y; and each probability moves by at most half of what y moves. */
static inline void follow_softmax(const pair *p, shadow *s, const int32_t *target, int t)
{
    int n = p->c.n_out;
    double top = s->Y[0].x, moved = 0, sum = 0, mass = 0;
    for (int k = 0; k < n; k++) {
        top = fmax(top, s->Y[k].x);
        moved = fmax(moved, s->Y[k].bound);
        mass += value(p, FIX_PR, target[k]);
    }
    for (int k = 0; k < n; k++) sum += exp(s->Y[k].x - top);
    for (int k = 0; k < n; k++) {
        s->PR[k] = (real){exp(s->Y[k].x - top) / sum, moved / 2 + n * (unit(p, FIX_EX) + 0x1p-25) + value(p, FIX_PR, 0.5)};
        s->ER[k] = (real){s->PR[k].x * mass - value(p, FIX_PR, target[k]), s->PR[k].bound * mass + unit(p, FIX_ER)};
        judge(p, s, FIX_PR, (size_t)k, s->PR[k], t);
        judge(p, s, FIX_ER, (size_t)k, s->ER[k], t);
    }
}

static inline void follow_readout(const pair *p, shadow *s, const int32_t *target, int t)
{
    const fix_config *c = &p->c;
    int n = c->n_rec;
    double kappa = value(p, FIX_D, c->kappa);
    for (int j = 0; j <= n; j++) {
        real z = j == n ? (real){1, 0} : s->Z[j];
        s->ZB[j] = leak(s->ZB[j], kappa, z.x, z.bound, unit(p, FIX_ZB));
        judge(p, s, FIX_ZB, (size_t)j, s->ZB[j], t);
    }
    for (int k = 0; k < c->n_out; k++) {
        real sum = {value(p, FIX_WO, p->WO[k * (n + 1) + n]), 0};
        for (int j = 0; j < n; j++) {
            double w = value(p, FIX_WO, p->WO[k * (n + 1) + j]);
            sum.x += w * s->Z[j].x;
            sum.bound += fabs(w) * s->Z[j].bound;
        }
        s->Y[k] = leak(s->Y[k], kappa, sum.x, sum.bound, unit(p, FIX_Y));
        judge(p, s, FIX_Y, (size_t)k, s->Y[k], t);
    }
    if (c->softmax) {
        follow_softmax(p, s, target, t);
        return;
    }
    for (int k = 0; k < c->n_out; k++) {
        s->ER[k] = (real){s->Y[k].x - value(p, FIX_Y, target[k]), s->Y[k].bound + unit_of(p, FIX_ER, p->profile.q[FIX_Y].frac)};
        judge(p, s, FIX_ER, (size_t)k, s->ER[k], t);
    }
}

/* sum += a b, each sum rounded. */
static inline void accumulate(const pair *p, shadow *s, int q, size_t k, real *sum, real a, double core_a, real b, double core_b, int t)
{
    real m = times(p, q, a, core_a, b, core_b);
    *sum = (real){sum->x + m.x, sum->bound + m.bound};
    judge(p, s, q, k, *sum, t);
}

static inline void follow_gradients(const pair *p, shadow *s, int t)
{
    const fix_config *c = &p->c;
    int n = c->n_rec, M = c->n_in + n + 1;
    for (int j = 0; j < n; j++) {
        s->L[j] = (real){0, unit(p, FIX_L)};
        for (int k = 0; k < c->n_out; k++) {
            double b = c->feedback == FIX_SYMMETRIC ? value(p, FIX_WO, p->WO[k * (n + 1) + j])
                                                    : value(p, FIX_FB, p->FB[c->feedback == FIX_GLOBAL ? 0 : j * c->n_out + k]);
            s->L[j].x += b * s->ER[k].x;
            s->L[j].bound += fabs(b) * s->ER[k].bound;
        }
        judge(p, s, FIX_L, (size_t)j, s->L[j], t);
    }
    for (int q = 0; q < (c->lstm ? 4 * n : n); q++)
        for (int i = 0; i < M; i++) {
            size_t k = (size_t)(q * M + i);
            if (!c->lstm && i == c->n_in + q) continue;
            accumulate(p, s, FIX_G, k, &s->G[q][i], s->L[q % n], kept(p, FIX_L, (size_t)(q % n)), s->EB[q][i], kept(p, FIX_EB, k), t);
        }
    for (int k = 0; k < c->n_out; k++)
        for (int j = 0; j <= n; j++)
            accumulate(p, s, FIX_GO, (size_t)(k * (n + 1) + j), &s->GO[k][j], s->ER[k], kept(p, FIX_ER, (size_t)k), s->ZB[j],
                       kept(p, FIX_ZB, (size_t)j), t);
}

#endif
