/* BPTT of a group of trials that lie side by side, step by step: the scan with what is transmitted.
 *
 * sum_l Wrec_lj g_in dv_l^{t+d} is wanted only where psi_j^t > 0: so many dot products with a row of weights, shared by
 * the group while it is in the cache; or one GEMM a step where most psi are not 0.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_K_BPTT_H
#define OPT_FAST_K_BPTT_H

#include "k_scan.h"

/* Share of psi > 0 from which one GEMM is cheaper than dot products: for one trial, and for a group. */
#define DENSE_PSI_ONE 0.7
#define DENSE_PSI_GROUP 0.25
/* Steps of a group that are fetched ahead of their use. */
enum { BPTT_AHEAD = 2 };

/* Bits of psi > 0, of neurons word * 64 and on. */
INLINE uint64_t active_bits(const lsnn *s, const real *psi, size_t word)
{
    uint64_t bits = 0;
    size_t start = word * 64, end = start + 64 < s->np ? start + 64 : s->np;
    for (size_t j = start; j < end; j += LANES) bits |= v_above(v_load(psi + j), v_set(0)) << (j - start);
    return s->n_rec - start < 64 ? bits & ((UINT64_C(1) << (s->n_rec - start)) - 1) : bits;
}

/* out[j] += sum_l W[j][l] g[l] for n = 4 or 8 (a constant) of j, some of which may be the same. */
INLINE void dots(size_t n, const real *W, size_t np, const uint32_t *j, const real *g, real *out)
{
    vec sum[8];
    real before[8], dot[8];
    UNROLL for (size_t q = 0; q < n; q++) sum[q] = v_set(0), before[q] = out[j[q]];
    for (size_t l = 0; l < np; l += LANES) {
        vec x = v_load(g + l);
        UNROLL for (size_t q = 0; q < n; q++) sum[q] = v_fma(v_load(W + j[q] * np + l), x, sum[q]);
    }
    UNROLL for (size_t q = 0; q < n; q += 4) v_sums(sum + q, dot + q);
    UNROLL for (size_t q = 0; q < n; q++) out[j[q]] = before[q] + dot[q];
}

static void dots_of_word(const lsnn *s, size_t word, uint64_t bits, const real *g, real *out)
{
    const real *W = s->W + s->n_in * s->np;
    uint32_t at[64 + LIST_SLACK];
    size_t n = list_bits(&bits, 1, (uint32_t)(word * 64), at), q = 0;
    if (n == 0) return;
    for (size_t k = n; k < n + 3; k++) at[k] = at[n - 1];
    for (; q + 4 < n; q += 8) dots(8, W, s->np, at + q, g, out);
    for (; q < n; q += 4) dots(4, W, s->np, at + q, g, out);
}

/* Is a product with all of Wrec cheaper than dot products for where psi > 0? As it is at one step. */
static bool mostly_active(const lsnn *s, const strip *w, size_t n, size_t t)
{
    size_t active = 0;
    for (size_t g = 0; g < n; g++)
        for (size_t k = 0; k < s->zw; k++) active += (size_t)__builtin_popcountll(active_bits(s, w[g].psi + t * w[g].ld, k));
    return (double)active > (n < 4 ? DENSE_PSI_ONE : DENSE_PSI_GROUP) * (double)(n * s->n_rec);
}

/* L [n][np] of row t: from the readout, and from dv of row t + d where that is `crossed`. */
static void signals_at(const lsnn *s, const strip *w, size_t n, lane *ln, size_t t, bool crossed, bool dense)
{
    size_t panels = s->np / PANEL;
    target L = {ln->L, s->np};
    const real *dv = w[0].psi + (t + s->delay) * w[0].ld;
    for (size_t g = 0; g < n; g++) memcpy(ln->L + g * s->np, s->reg, s->np * sizeof(real));
    multiply_packed((matrix){w[0].errbar + t * w[0].le, s->kp}, n, s->n_out, s->packed, s->n_out * PANEL, L, panels);
    if (!crossed) return;
    if (dense) {
        const real *rec = s->packed + s->n_out * s->np;
        multiply_packed((matrix){dv, s->np}, n, s->n_rec, rec, s->n_rec * PANEL, L, panels);
        return;
    }
    for (size_t k = 0; k < s->zw; k++) /* a word's rows of weights serve all trials */
        for (size_t g = 0; g < n; g++)
            dots_of_word(s, k, active_bits(s, w[g].psi + t * w[g].ld, k), dv + g * s->np, ln->L + g * s->np);
}

/* psi <- dv of one trial and step; `ahead` is psi of a step that will soon be wanted. */
static void bptt_row(const lsnn *s, real *psi, const real *ahead, const real *L, real *M, real *H, real *db)
{
    const real *alpha = s->alpha, *rho = s->rho, *beta = s->beta_g, *g_in = s->g_in, *back = s->back;
    size_t np = s->np;
    for (size_t j = 0; j < np; j += LANES) {
        __builtin_prefetch(ahead + j, 1, 2);
        vec h = v_load(H + j), m = v_load(M + j), l = v_load(L + j) - v_load(back + j) * h;
        vec G = v_load(psi + j) * (l - v_load(beta + j) * m);
        v_store(M + j, v_load(rho + j) * m + G);
        h = v_load(alpha + j) * h + G;
        v_store(H + j, h);
        vec dv = v_load(g_in + j) * h;
        v_store(psi + j, dv);
        v_store(db + j, v_load(db + j) + dv);
    }
}

/* ---- the gradient of a block of steps, all trials of the group ------------------------------------------- */

/* times[first[i] .. first[i+1]): rows t GROUP + g at which channel i of trial g is not 0, t from t0. */
static void sort_group(const lsnn *s, const strip *w, size_t n, lane *ln, size_t t0, size_t steps)
{
    size_t events = 0, words = s->xw + s->zw, square = 64 * words;
    for (size_t g = 0; g < n; g++) {
        uint64_t *to = ln->turned + g * square;
        if (w[g].fed) turn_bits(w[g].xbits + t0 * s->xw, s->xw, steps, to, 1);
        turn_bits(strip_z(s, &w[g], t0), s->zw, steps, to + 64 * s->xw, 1);
    }
    for (size_t i = 0; i + 1 < s->R; i++) {
        size_t at = i < s->n_in ? i : 64 * s->xw + i - s->n_in;
        ln->first[i] = (uint32_t)events;
        for (size_t g = 0; g < n && (i >= s->n_in || w[g].fed); g++)
            events += list_bits_by(GROUP, ln->turned + g * square + at, 1, (uint32_t)g, ln->times + events);
    }
    ln->first[s->R - 1] = ln->first[s->R] = (uint32_t)events;
}

static bool all_binary(const strip *w, size_t n)
{
    for (size_t g = 0; g < n; g++)
        if (!w[g].binary) return false;
    return true;
}

/* Input channel i with values. */
INLINE void add_valued(size_t nv, const lsnn *s, const strip *w, const uint32_t *at, const uint32_t *end, size_t t0, size_t i,
                       matrix hist, vec *acc)
{
    for (; at < end; at++) {
        size_t t = *at / GROUP, g = *at % GROUP;
        vec x = v_set(w[g].x[(t0 + t) * s->n_in + i]);
        EACH(q, o, nv) acc[q] = v_fma(x, v_load(hist.at + t * hist.ld + g * s->np + o), acc[q]);
    }
}

INLINE void gather_group_tile(size_t nv, const lsnn *s, const strip *w, size_t n, const lane *ln, size_t t0, matrix hist,
                              real *dW, bool binary)
{
    for (size_t i = ln->dense_in ? s->n_in : 0, to = ln->dense_rec ? s->n_in : s->R - 1; i < to; i++) {
        const uint32_t *at = ln->times + ln->first[i], *end = ln->times + ln->first[i + 1];
        vec acc[8];
        EACH(q, o, nv) __builtin_prefetch(dW + (i + 4) * s->np + o, 1);
        if (at == end) continue;
        EACH(q, o, nv) acc[q] = v_set(0);
        if (i < s->n_in && !binary) add_valued(nv, s, w, at, end, t0, i, hist, acc);
        else if (n == GROUP) gather_row(nv, at, end, hist.at, s->np, NULL, 0, acc);
        else
            for (; at < end; at++)
                EACH(q, o, nv) acc[q] += v_load(hist.at + *at / GROUP * hist.ld + *at % GROUP * s->np + o);
        EACH(q, o, nv) v_store(dW + i * s->np + o, v_load(dW + i * s->np + o) + acc[q]);
    }
}

/* dW += sum over the block's steps and trials of dv pre. */
static void gather_group(const lsnn *s, const strip *w, size_t n, lane *ln, size_t t0, size_t steps, real *dW)
{
    bool binary = all_binary(w, n);
    sort_group(s, w, n, ln, t0, steps);
    ln->dense_in = w[0].x && mostly(ln, 0, s->n_in, n * steps);
    ln->dense_rec = mostly(ln, s->n_in, s->R - 1, n * steps);
    for (size_t g = 0; g < n && (ln->dense_in || ln->dense_rec); g++) {
        if (ln->dense_rec) spike_matrix(s, &w[g], t0, steps, ln->pre);
        dense_channels(s, &w[g], ln, t0, steps, (matrix){w[g].psi + t0 * w[g].ld, w[g].ld}, (target){dW, s->np}, s->np);
    }
    for (size_t j = 0; j < s->np; j += TILE)
        WITH_TILE(s->np - j, gather_group_tile, s, w, n, ln, t0, (matrix){w[0].psi + t0 * w[0].ld + j, w[0].ld}, dW + j, binary)
}

/* Blocks of GROUP_STEPS: their dv are gathered while they are in a cache. */
static void k_bptt(const lsnn *s, const strip *w, size_t n, lane *ln, real *dW)
{
    size_t steps = w[0].steps, window = s->window ? s->window : steps;
    real *db = dW + (s->R - 1) * s->np;
    for (size_t last = steps, t0; last > 0; last = t0) {
        bool dense = mostly_active(s, w, n, last - 1);
        t0 = (last - 1) / GROUP_STEPS * GROUP_STEPS;
        for (size_t t = last; t-- > t0;) {
            size_t end = (t / window + 1) * window < steps ? (t / window + 1) * window : steps;
            if (t + 1 == end) {
                memset(ln->M, 0, n * s->np * sizeof(real));
                memset(ln->H, 0, n * s->np * sizeof(real));
            }
            signals_at(s, w, n, ln, t, t + s->delay < end, dense);
            for (size_t g = 0; g < n; g++)
                bptt_row(s, w[g].psi + t * w[g].ld, w[g].psi + (t < BPTT_AHEAD ? 0 : t - BPTT_AHEAD) * w[g].ld, ln->L + g * s->np, ln->M + g * s->np, ln->H + g * s->np, db);
        }
        gather_group(s, w, n, ln, t0, last - t0, dW);
    }
}

#endif
