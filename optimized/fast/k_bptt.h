/* BPTT of a group of trials: the scan with what is transmitted.
 *
 * sum_l Wrec_lj g_in dv_l^{t+d} is wanted only where psi_j^t > 0: so many dot products with a row of weights, shared by
 * the group while it is in the cache; or one GEMM a step where most psi are not 0.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_K_BPTT_H
#define OPT_FAST_K_BPTT_H

#include "k_scan.h"

/* Share of psi > 0 from which one GEMM is cheaper than dot products: for one trial, and for a group. */
#define DENSE_PSI_ONE 0.7
#define DENSE_PSI_GROUP 0.5

/* Bits of psi > 0, of neurons word * 64 and on. */
INLINE uint64_t active_bits(const lsnn *s, const real *psi, size_t word)
{
    uint64_t bits = 0;
    size_t start = word * 64, end = start + 64 < s->np ? start + 64 : s->np;
    for (size_t j = start; j < end; j += LANES) bits |= v_above(v_load(psi + j), v_set(0)) << (j - start);
    return s->n_rec - start < 64 ? bits & ((UINT64_C(1) << (s->n_rec - start)) - 1) : bits;
}

/* out[j] = sum_l W[j][l] g[l] for four j. */
INLINE void four_dots(const real *W, size_t np, const uint32_t *j, const real *g, real *out)
{
    vec sum[4] = {v_set(0), v_set(0), v_set(0), v_set(0)};
    for (size_t l = 0; l < np; l += LANES) {
        vec x = v_load(g + l);
        UNROLL for (size_t q = 0; q < 4; q++) sum[q] = v_fma(v_load(W + j[q] * np + l), x, sum[q]);
    }
    UNROLL for (size_t q = 0; q < 4; q++) out[j[q]] = v_sum(sum[q]);
}

static void dots_of_word(const lsnn *s, size_t word, uint64_t bits, const real *g, real *out)
{
    uint32_t at[64 + 4];
    size_t n = 0;
    for (; bits; bits &= bits - 1) at[n++] = (uint32_t)(word * 64 + (size_t)__builtin_ctzll(bits));
    if (n == 0) return;
    for (size_t q = n; q < n + 3; q++) at[q] = at[n - 1];
    for (size_t q = 0; q < n; q += 4) four_dots(s->W + s->n_in * s->np, s->np, at + q, g, out);
}

/* trans [n][np] of row t, from dv of row t + d. */
static void transmit(const lsnn *s, const strip *w, size_t n, lane *ln, size_t t)
{
    size_t active = 0, from = (t + s->delay) * s->np;
    for (size_t g = 0; g < n; g++)
        for (size_t k = 0; k < s->zw; k++)
            active += (size_t)__builtin_popcountll(ln->bits[g * s->zw + k] = active_bits(s, w[g].psi + t * s->np, k));
    if ((double)active > (n < 4 ? DENSE_PSI_ONE : DENSE_PSI_GROUP) * (double)(n * s->n_rec)) {
        memset(ln->trans, 0, n * s->np * sizeof(real));
        multiply((factor){w[0].psi + from, s->block * s->np, 1}, n, s->n_rec, s->Wrec, s->np, ln->trans);
        return;
    }
    for (size_t k = 0; k < s->zw; k++)
        for (size_t g = 0; g < n; g++)
            dots_of_word(s, k, ln->bits[g * s->zw + k], w[g].psi + from, ln->trans + g * s->np);
}

INLINE void bptt_tile(size_t nv, const lsnn *s, real *psi, const real *errbar, const real *trans, real *M, real *H,
                      real *db, size_t j)
{
    vec L[4];
    learning_signal(nv, s, j, errbar, L);
    EACH(q, o, nv)
    {
        size_t at = j + o;
        vec h = v_load(H + at), m = v_load(M + at), l = L[q] - v_load(s->back + at) * h;
        if (trans) l += v_load(trans + at);
        vec G = v_load(psi + at) * (l - v_load(s->beta_g + at) * m);
        v_store(M + at, v_load(s->rho + at) * m + G);
        h = v_load(s->alpha + at) * h + G;
        v_store(H + at, h);
        vec dv = v_load(s->g_in + at) * h;
        v_store(psi + at, dv);
        v_store(db + at, v_load(db + at) + dv);
    }
}

static void k_bptt(const lsnn *s, const strip *w, size_t n, lane *ln, real *db)
{
    size_t steps = w[0].steps, window = s->window ? s->window : steps;
    memset(ln->trans, 0, n * s->np * sizeof(real));
    for (size_t t = steps; t-- > 0;) {
        size_t end = (t / window + 1) * window < steps ? (t / window + 1) * window : steps;
        bool crossed = t + s->delay < end;
        if (t + 1 == end) {
            memset(ln->M, 0, n * s->np * sizeof(real));
            memset(ln->H, 0, n * s->np * sizeof(real));
        }
        if (crossed) transmit(s, w, n, ln, t);
        for (size_t g = 0; g < n; g++)
            for (size_t j = 0; j < s->np; j += 4 * LANES)
                WITH_QUARTER(s->np - j, bptt_tile, s, w[g].psi + t * s->np,
                             ln->errbar + (g * s->block + t) * s->kp, crossed ? ln->trans + g * s->np : NULL,
                             ln->M + g * s->np, ln->H + g * s->np, db, j)
    }
}

#endif
