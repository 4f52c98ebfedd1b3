/* Forward in time: currents by the rows of the channels that are not 0, then the neurons, then the readout.
 *
 * Every sum runs in the order of the scalar engine (bias, inputs, neurons, ascending), nothing is contracted and what
 * is left out is 0: in the event form v, a, z and y have the scalar engine's bits, up to subnormal numbers.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_K_FORWARD_H
#define OPT_FAST_K_FORWARD_H

#include "k_common.h"

/* Share of spikes from which the recurrent sum of a group of at least DENSE_LEAST trials is a GEMM. */
#define DENSE_RATE 0.2
enum { DENSE_LEAST = 4 };

#define ALL_LANES ((UINT64_C(1) << LANES) - 1)

typedef struct events {
    const uint32_t *at; /* indices, ascending */
    size_t n;
    const real *value;  /* by index; NULL: all 1 */
} events;

/* Which inputs of a row are not 0; false: one of them is not 1 either. */
static bool input_bits(const real *x, size_t n, uint64_t *bits)
{
    bool binary = true;
    for (size_t i = 0; i < n; i += 64) {
        size_t m = n - i < 64 ? n - i : 64, l = 0;
        uint64_t set = 0, one = 0;
        for (; l + LANES <= m; l += LANES) {
            vec v;
            memcpy(&v, x + i + l, sizeof v);
            set |= (v_equal(v, v_set(0)) ^ ALL_LANES) << l;
            one |= v_equal(v, v_set(1)) << l;
        }
        for (; l < m; l++) {
            set |= (uint64_t)(x[i + l] < 0 || x[i + l] > 0) << l;
            one |= (uint64_t)(x[i + l] >= 1 && x[i + l] <= 1) << l;
        }
        bits[i / 64] = set;
        binary = binary && set == one;
    }
    return binary;
}

/* psi of nv vectors and their spikes, from v - A. Returns the spikes' bits. */
INLINE uint64_t spikes_of(const lsnn *s, vec x, real *z, real *refr, real *psi)
{
    vec one = v_set(1), u = v_abs(x) * v_set(s->inverse_width), p;
    ivec over = s->ge ? x >= v_set(0) : x > v_set(0);
    p = v_pick(u < one, v_set(s->scale) * (one - u));
    if (s->n_ref > 1) {
        vec left = v_load(refr);
        ivec refractory = left > v_set(0);
        over &= ~refractory;
        left = v_pick(refractory, left - one); /* 0 stays 0 */
        v_store(refr, left + v_pick(over, v_set((real)(s->n_ref - 1))));
        if (!s->unmasked) p = v_pick(~refractory, p);
    }
    v_store(psi, p);
    vec fires = v_pick(over, one);
    v_store(z, fires);
    return v_above(fires, v_set(0));
}

INLINE uint64_t neurons(const lsnn *s, vec I, size_t j, size_t at, real *psi)
{
    vec v = v_load(s->v + at), z = v_load(s->z + at), A = v_set(s->v_th), alpha = v_load(s->alpha + j);
    vec in = v_load(s->g_in + j) * I, th = v_set(s->v_th);
    if (s->has_a) {
        vec a = v_load(s->rho + j) * v_load(s->a + at) + v_load(s->g_a + j) * z;
        v_store(s->a + at, a);
        A += v_load(s->beta + j) * a;
    }
    v = s->same_step ? alpha * (v - th * z) + in : (alpha * v + in) - th * z;
    v_store(s->v + at, v);
    return spikes_of(s, v - A, s->z + at, s->refr + at, psi);
}

INLINE void add_rows(size_t nv, const events *e, const real *W, size_t ld, vec *I)
{
    for (size_t n = 0; n < e->n; n++) {
        const real *row = W + e->at[n] * ld;
        if (e->value) EACH(q, o, nv) I[q] += v_set(e->value[e->at[n]]) * v_load(row + o);
        else EACH(q, o, nv) I[q] += v_load(row + o);
    }
}

/* Neurons j .. j + nv LANES of trial b. dense: recurrent currents that take the place of events. */
INLINE void forward_tile(size_t nv, const lsnn *s, size_t b, size_t j, const events *in, const events *rec,
                         const real *dense, real *psi, uint64_t *bits)
{
    vec I[8];
    const real *W = s->W + j;
    EACH(q, o, nv) I[q] = v_load(W + (s->R - 1) * s->np + o);
    add_rows(nv, in, W, s->np, I);
    if (dense) EACH(q, o, nv) I[q] += v_load(dense + j + o);
    else add_rows(nv, rec, W + s->n_in * s->np, s->np, I);
    EACH(q, o, nv)
    {
        uint64_t z = neurons(s, I[q], j + o, b * s->np + j + o, psi + j + o);
        bits[(j + o) / 64] |= z << ((j + o) % 64);
    }
}

INLINE void readout_tile(size_t nv, const lsnn *s, const events *z, size_t k, const real *before, real *y)
{
    vec sum[8];
    EACH(q, o, nv) sum[q] = v_load(s->Wout + s->n_rec * s->kp + k + o);
    add_rows(nv, z, s->Wout + k, s->kp, sum);
    EACH(q, o, nv) v_store(y + k + o, v_set(s->kappa) * v_load(before + k + o) + v_set(s->g_out) * sum[q]);
}

/* known: how many spikes of step t - 1 the list still holds, which a delay of 1 makes those that arrive; or UNKNOWN.
 * Returns the spikes of step t, listed likewise. */
#define UNKNOWN SIZE_MAX

static size_t forward_step(lsnn *s, strip *w, lane *ln, size_t t, const real *dense, size_t known)
{
    uint64_t *now = w->zbits + (t + s->delay) * s->zw;
    uint32_t *in_at = ln->active, *rec_at = ln->active + s->n_in + LIST_SLACK;
    events in = {.at = in_at}, rec = {.at = rec_at};
    const real *before = t ? w->y + (t - 1) * s->kp : s->y0 + w->b * s->kp;
    if (w->x) {
        const real *x = w->x + t * s->n_in;
        bool binary = input_bits(x, s->n_in, w->xbits + t * s->xw);
        in.value = binary ? NULL : x;
        w->binary = w->binary && binary;
        in.n = list_bits(w->xbits + t * s->xw, s->xw, in_at);
    }
    if (!dense) rec.n = known != UNKNOWN ? known : list_bits(w->zbits + t * s->zw, s->zw, rec_at);
    for (size_t k = 0; k < s->zw; k++) now[k] = 0;
    for (size_t j = 0; j < s->np; j += TILE)
        WITH_TILE(s->np - j, forward_tile, s, w->b, j, &in, &rec, dense, w->psi + t * s->np, now)
    rec.n = list_bits(now, s->zw, rec_at);
    for (size_t n = 0; n < rec.n; n++) s->spikes[w->b * s->n_rec + rec_at[n]]++;
    for (size_t k = 0; k < s->kp; k += TILE)
        WITH_TILE(s->kp - k, readout_tile, s, &rec, k, before, w->y + t * s->kp)
    return rec.n;
}

static void spikes_as_numbers(const lsnn *s, const uint64_t *bits, real *z)
{
    for (size_t i = 0; i < s->n_rec; i++) z[i] = (real)(bits[i / 64] >> (i % 64) & 1);
}

/* I [n][np] = spikes [n][n_rec] Wrec^T; false where events are cheaper. */
static bool dense_currents(const lsnn *s, const strip *w, size_t n, lane *ln, size_t t)
{
    size_t spikes = 0;
    for (size_t g = 0; g < n; g++) spikes += count_bits(strip_z(s, &w[g], t), s->zw);
    if (n < DENSE_LEAST || (double)spikes <= DENSE_RATE * (double)(n * s->n_rec)) return false;
    for (size_t g = 0; g < n; g++) spikes_as_numbers(s, strip_z(s, &w[g], t), ln->gz + g * s->n_rec);
    memset(ln->I, 0, n * s->np * sizeof(real));
    multiply((factor){ln->gz, s->n_rec, 1}, n, s->n_rec, s->W + s->n_in * s->np, s->np, ln->I);
    return true;
}

static void k_forward(lsnn *s, strip *w, size_t n, lane *ln, size_t from, size_t to)
{
    size_t known = UNKNOWN;
    for (size_t t = from; t < to; t++) {
        bool dense = dense_currents(s, w, n, ln, t);
        for (size_t g = 0; g < n; g++)
            known = forward_step(s, &w[g], ln, t, dense ? ln->I + g * s->np : NULL, n == 1 ? known : UNKNOWN);
        if (s->delay > 1) known = UNKNOWN;
    }
}

static bool k_finite(const real *v, size_t n)
{
    size_t i = 0;
    vec bad = v_set(0);
    for (; i + LANES <= n; i += LANES) {
        vec x;
        memcpy(&x, v + i, sizeof x);
        bad += x * v_set(0); /* 0, or NaN */
    }
    real sum = v_sum(bad);
    for (; i < n; i++) sum += v[i] * 0;
    return sum <= 0 && sum >= 0;
}

#endif
