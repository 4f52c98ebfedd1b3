/* Forward in time: currents by the rows of the channels that are not 0, then the neurons, then the readout.
 *
 * Every sum runs in the order of the scalar engine (bias, inputs, neurons, ascending), nothing is contracted and what
 * is left out is 0: in the event form v, a, z and y have the scalar engine's bits, up to subnormal numbers.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_K_FORWARD_H
#define OPT_FAST_K_FORWARD_H

#include "k_general.h"

/* Share of spikes from which the recurrent sum of a group of at least DENSE_LEAST trials is a GEMM. */
#define DENSE_RATE 0.2
enum { DENSE_LEAST = 4 };

/* Rows of W of the neurons that fired at one step of a trial. */
typedef struct trial_list {
    uint32_t *at;
    size_t n;
} trial_list;

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

/* Which inputs of a row are not 0; false: one of them is not 1 either. */
static bool input_bits(const real *x, size_t n, uint64_t *bits)
{
    ivec other = {0};
    size_t i = 0;
    for (size_t word = 0; word * 64 < n; word++) {
        size_t end = n - i < 64 ? n : i + 64, l = 0;
        uint64_t set = 0;
        for (; i + LANES <= end; i += LANES, l += LANES) {
            vec v;
            memcpy(&v, x + i, sizeof v);
            other |= (v != v_set(0)) & (v != v_set(1));
            set |= v_mask(v != v_set(0)) << l;
        }
        if (i < end) { /* the rest: the last LANES inputs, some of which have been seen */
            size_t seen = LANES - (end - i);
            vec v = {0};
            if (n < LANES) for (size_t k = 0; k < n; k++) v[seen + k] = x[k];
            else memcpy(&v, x + end - LANES, sizeof v);
            other |= (v != v_set(0)) & (v != v_set(1));
            set |= v_mask(v != v_set(0)) >> seen << l;
            i = end;
        }
        bits[word] = set;
    }
    return v_mask(other) == 0;
}

/* ---- neurons --------------------------------------------------------------------------------------------- */

/* What a pass over the neurons need not ask at every vector. */
enum { ADAPTS = 1, REFRACTORY = 2, OTHER = 4 /* reset in the same step, >=, psi unmasked */, BARE = 8 /* psi is not wanted */ };

/* Constants as vectors, and where a trial's rows lie: local to a pass, since a store through a vector may change any
 * number of the state as far as the compiler knows. */
typedef struct pass {
    vec th, inverse_width, scale, one, pause;
    const real *alpha, *g_in, *rho, *g_a, *beta;
    real *v, *a, *z, *refr, *psi;
    bool ge, same_step, unmasked;
} pass;

/* Four rows to be added, in this order. */
typedef struct four {
    const real *row[4];
} four;

INLINE vec add_four(vec I, const four *f, size_t j)
{
    return I + v_load(f->row[0] + j) + v_load(f->row[1] + j) + v_load(f->row[2] + j) + v_load(f->row[3] + j);
}

/* psi and spikes, from x = v - A. Returns the spikes' bits. */
INLINE uint64_t spikes_of(unsigned kind, const pass *c, vec x, size_t j)
{
    vec p = {0};
    if (!(kind & BARE)) {
        vec u = v_abs(x) * c->inverse_width;
        p = v_pick(u < c->one, c->scale * (c->one - u));
    }
    ivec over = x > v_set(0);
    if ((kind & OTHER) && c->ge) over = x >= v_set(0);
    if (kind & REFRACTORY) {
        vec left = v_load(c->refr + j);
        ivec refractory = left > v_set(0);
        over &= ~refractory;
        left = v_pick(refractory, left - c->one); /* 0 stays 0 */
        v_store(c->refr + j, left + v_pick(over, c->pause));
        if (!((kind & OTHER) && c->unmasked)) p = v_pick(~refractory, p);
    }
    if (!(kind & BARE)) v_store(c->psi + j, p);
    v_store(c->z + j, v_pick(over, c->one));
    return v_mask(over);
}

INLINE uint64_t neurons(unsigned kind, const pass *c, vec I, size_t j)
{
    vec v = v_load(c->v + j), z = v_load(c->z + j), A = c->th, alpha = v_load(c->alpha + j), in = v_load(c->g_in + j) * I;
    if (kind & ADAPTS) {
        vec a = v_load(c->rho + j) * v_load(c->a + j) + v_load(c->g_a + j) * z;
        v_store(c->a + j, a);
        A += v_load(c->beta + j) * a;
    }
    if ((kind & OTHER) && c->same_step) v = alpha * (v - c->th * z) + in;
    else v = (alpha * v + in) - c->th * z;
    v_store(c->v + j, v);
    return spikes_of(kind, c, v - A, j);
}

/* All neurons of a trial: I = base + the last four rows, then the step. */
INLINE void neurons_pass(unsigned kind, const lsnn *s, size_t b, const real *base, const four *rest, real *psi, uint64_t *now)
{
    size_t at = b * s->np, np = s->np;
    four last = *rest;
    pass c = {.th = v_set(s->v_th), .inverse_width = v_set(s->inverse_width), .scale = v_set(s->scale), .one = v_set(1),
              .pause = v_set((real)(s->n_ref > 1 ? s->n_ref - 1 : 0)), .alpha = s->alpha, .g_in = s->g_in, .rho = s->rho,
              .g_a = s->g_a, .beta = s->beta, .v = s->v + at, .a = s->a + at, .z = s->z + at, .refr = s->refr + at,
              .psi = psi, .ge = s->ge, .same_step = s->same_step, .unmasked = s->unmasked};
    for (size_t j = 0; j < np; now++) {
        size_t start = j, end = np - j < 64 ? np : j + 64;
        uint64_t bits = 0;
        for (; j < end; j += LANES) bits |= neurons(kind, &c, add_four(v_load(base + j), &last, j), j) << (j - start);
        *now = bits;
    }
}

static void step_neurons(const lsnn *s, size_t b, const real *base, const four *last, real *psi, uint64_t *now)
{
    switch ((s->has_a ? ADAPTS : 0) | (s->n_ref > 1 ? REFRACTORY : 0) | (s->ge || s->same_step || s->unmasked ? OTHER : 0) | (psi ? 0 : BARE)) {
    case 0: neurons_pass(0, s, b, base, last, psi, now); break;
    case ADAPTS: neurons_pass(ADAPTS, s, b, base, last, psi, now); break;
    case REFRACTORY: neurons_pass(REFRACTORY, s, b, base, last, psi, now); break;
    case ADAPTS | REFRACTORY: neurons_pass(ADAPTS | REFRACTORY, s, b, base, last, psi, now); break;
    case ADAPTS | REFRACTORY | BARE: neurons_pass(ADAPTS | REFRACTORY | BARE, s, b, base, last, psi, now); break;
    default: /* absent parts are 0 */
        if (psi) neurons_pass(ADAPTS | REFRACTORY | OTHER, s, b, base, last, psi, now);
        else neurons_pass(ADAPTS | REFRACTORY | OTHER | BARE, s, b, base, last, psi, now);
    }
}

/* Any convention: row t + 1 of the strip's history from row t. */
static void step_general(const lsnn *s, const strip *w, size_t t, const real *base, const four *last, uint64_t *now)
{
    size_t ldq = s->nq * s->np;
    for (size_t j = 0; j < s->np; now++) {
        size_t start = j, end = s->np - j < 64 ? s->np : j + 64;
        uint64_t bits = 0;
        for (; j < end; j += LANES) {
            spot k = {w->q + t * ldq + j, w->q + (t + 1) * ldq + j, s->np, s->beta_last};
            bits |= general_neurons(s, add_four(v_load(base + j), last, j), j, s->refr + w->b * s->np + j, &k) << (j - start);
        }
        *now = bits;
    }
}

/* ---- currents -------------------------------------------------------------------------------------------- */

/* to = base + rows[0..3]; all neurons at a time, so that rows beyond the caches stream. */
static void add_rows(const lsnn *s, const real *base, const four *f, real *to)
{
    for (size_t j = 0; j < s->np; j += LANES) v_store(to + j, add_four(v_load(base + j), f, j));
}

static four four_of(const lsnn *s, const uint32_t *at)
{
    four f;
    for (int k = 0; k < 4; k++) f.row[k] = s->W + at[k] * s->np;
    return f;
}

/* to = base + sum of x_i W_i over the inputs listed. */
static void add_values(const lsnn *s, const real *base, const real *x, const uint32_t *at, size_t n, real *to)
{
    for (size_t j = 0; j < s->np; j += LANES) {
        vec I = v_load(base + j);
        for (size_t k = 0; k < n; k++) I += v_set(x[at[k]]) * v_load(s->W + at[k] * s->np + j);
        v_store(to + j, I);
    }
}

/* The row of zeros behind the bias fills the last four. */
INLINE void pad_rows(const lsnn *s, uint32_t *at, size_t n)
{
    for (size_t k = 0; k < 4; k++) at[n + k] = (uint32_t)s->R;
}

/* Bits of the inputs of step t, read when they are wanted, and fetched some steps ahead, so that memory is read while the
 * processor computes. */
INLINE void list_inputs(const lsnn *s, strip *w, size_t t)
{
    if (!w->x) return; /* they are there */
    const real *x = w->x + t * s->n_in;
    if (t + AHEAD < w->steps)
        for (size_t i = 0; i < s->n_in; i += 64 / sizeof(real)) __builtin_prefetch(x + AHEAD * s->n_in + i);
    if (input_bits(x, s->n_in, w->xbits + t * s->xw)) return;
    w->binary = false;
    w->bad = w->bad || !k_finite(x, s->n_in);
}

/* Rows in order: bias, inputs, neurons; `rec` rows of neurons are listed already, or UNKNOWN.
 * dense: recurrent currents that take the place of events. */
#define UNKNOWN SIZE_MAX

static void forward_neurons(const lsnn *s, strip *w, lane *ln, size_t t, const real *dense, const trial_list *z)
{
    const real *base = s->W + (s->R - 1) * s->np, *zeros = base + s->np;
    uint32_t *at = ln->rows;
    size_t n = 0, k = 0;
    if (w->fed) {
        list_inputs(s, w, t);
        n = list_bits(w->xbits + t * s->xw, s->xw, 0, at);
    }
    if (n && !w->binary) {
        add_values(s, base, w->x + t * s->n_in, at, n, ln->cur);
        base = ln->cur;
        n = 0;
    }
    if (!dense && z->n == UNKNOWN) n += list_bits(strip_z(s, w, t), s->zw, (uint32_t)s->n_in, at + n);
    else if (!dense) {
        for (size_t m = 0; m < z->n; m += 4) memcpy(at + n + m, z->at + m, 4 * sizeof *at);
        n += z->n;
    }
    pad_rows(s, at, n);
    for (; k + 4 < n; k += 4, base = ln->cur) {
        four f = four_of(s, at + k);
        add_rows(s, base, &f, ln->cur);
    }
    four last = four_of(s, at + k);
    if (dense && n) {
        add_rows(s, base, &last, ln->cur);
        base = ln->cur;
    }
    if (dense) last = (four){{dense, zeros, zeros, zeros}};
    uint64_t *now = w->zbits + (t + s->delay) * s->zw;
    if (s->general) step_general(s, w, t, base, &last, now);
    else step_neurons(s, w->b, base, &last, w->psi ? w->psi + t * w->ld : NULL, now);
}

INLINE void readout_tile(size_t nv, const lsnn *s, const trial_list *z, size_t k, const real *before, real *y)
{
    const real *W = s->Wout + k;
    vec sum[8];
    EACH(q, o, nv) sum[q] = v_load(W + s->n_rec * s->kp + o);
    for (size_t n = 0; n < z->n; n++) EACH(q, o, nv) sum[q] += v_load(W + (z->at[n] - s->n_in) * s->kp + o);
    EACH(q, o, nv) v_store(y + k + o, v_set(s->kappa) * v_load(before + k + o) + v_set(s->g_out) * sum[q]);
}

/* One trial, one step; z: the spikes of step t - 1 listed, then those of step t. */
static void forward_step(lsnn *s, strip *w, lane *ln, size_t t, const real *dense, trial_list *z)
{
    const real *before = t ? w->y + (t - 1) * s->kp : s->y0 + w->b * s->kp;
    if (s->delay > 1) z->n = UNKNOWN;
    forward_neurons(s, w, ln, t, dense, z);
    z->n = list_bits(w->zbits + (t + s->delay) * s->zw, s->zw, (uint32_t)s->n_in, z->at);
    for (size_t n = 0; n < z->n; n++) {
        s->spikes[w->b * s->n_rec + z->at[n] - s->n_in]++;
        for (size_t j = 0; j < 256 / sizeof(real); j += 64 / sizeof(real)) __builtin_prefetch(s->W + z->at[n] * s->np + j);
    }
    for (size_t k = 0; k < s->kp; k += TILE)
        WITH_TILE(s->kp - k, readout_tile, s, z, k, before, w->y + t * s->kp)
}

static void spikes_as_numbers(const lsnn *s, const uint64_t *bits, real *z)
{
    for (size_t i = 0; i < s->n_rec; i++) z[i] = (real)(bits[i / 64] >> (i % 64) & 1);
}

/* I [n][np] = spikes [n][n_rec] Wrec^T; false where events are cheaper. */
static bool dense_currents(const lsnn *s, const strip *w, size_t n, lane *ln, size_t t)
{
    size_t spikes = 0;
    if (n < DENSE_LEAST) return false;
    for (size_t g = 0; g < n; g++) spikes += count_bits(strip_z(s, &w[g], t), s->zw);
    if ((double)spikes <= DENSE_RATE * (double)(n * s->n_rec)) return false;
    for (size_t g = 0; g < n; g++) spikes_as_numbers(s, strip_z(s, &w[g], t), ln->gz + g * s->n_rec);
    memset(ln->I, 0, n * s->np * sizeof(real));
    multiply((factor){ln->gz, s->n_rec, 1}, n, s->n_rec, (matrix){s->W + s->n_in * s->np, s->np}, (target){ln->I, s->np}, s->np);
    return true;
}

static void k_forward(lsnn *s, strip *w, size_t n, lane *ln, size_t from, size_t to)
{
    trial_list z[GROUP];
    for (size_t g = 0; g < n; g++) z[g] = (trial_list){.at = ln->z_rows + g * (s->np + 2 * LIST_SLACK), .n = UNKNOWN};
    size_t ldq = s->nq * s->np;
    for (size_t g = 0; s->general && g < n; g++) memcpy(w[g].q + from * ldq, s->now + w[g].b * ldq, ldq * sizeof(real));
    for (size_t t = from; t < to; t++) {
        bool dense = dense_currents(s, w, n, ln, t);
        for (size_t g = 0; g < n; g++) forward_step(s, &w[g], ln, t, dense ? ln->I + g * s->np : NULL, &z[g]);
    }
    for (size_t g = 0; s->general && g < n; g++) memcpy(s->now + w[g].b * ldq, w[g].q + to * ldq, ldq * sizeof(real));
}

#endif
