/* Whole trials backward in time: one scan over the neurons in place of one trace a synapse.
 *
 *   G = psi (L - g_a beta M);  M <- rho M + G;  H <- alpha H + G;  dW_ji = g_in sum_s H_j^s pre_i^s
 *
 * e-prop 1: L_j = g_out sum_k F_kj errbar_k + reg_j. BPTT adds what is transmitted, sum_l Wrec_lj g_in dv_l^{t+d} and
 * the reset's part; then H is dv.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_K_SCAN_H
#define OPT_FAST_K_SCAN_H

#include "k_common.h"

INLINE void learning_signal(size_t nv, const lsnn *s, size_t j, const real *errbar, vec *L)
{
    EACH(q, o, nv) L[q] = v_load(s->reg + j + o);
    for (size_t k = 0; k < s->n_out; k++) {
        vec e = v_set(errbar[k]);
        EACH(q, o, nv) L[q] = v_fma(e, v_load(s->F + k * s->np + j + o), L[q]);
    }
}

INLINE void scan_tile(size_t nv, const lsnn *s, const strip *w, const real *errbar, size_t j, real *db)
{
    vec M[4], H[4], sum[4];
    EACH(q, o, nv) M[q] = H[q] = sum[q] = v_set(0);
    for (size_t t = w->steps; t-- > 0;) {
        real *psi = w->psi + t * s->np + j;
        vec L[4];
        learning_signal(nv, s, j, errbar + t * s->kp, L);
        EACH(q, o, nv)
        {
            vec G = v_load(psi + o) * (L[q] - v_load(s->beta_g + j + o) * M[q]);
            M[q] = v_load(s->rho + j + o) * M[q] + G;
            H[q] = v_load(s->alpha + j + o) * H[q] + G;
            vec dv = v_load(s->g_in + j + o) * H[q];
            sum[q] += dv;
            v_store(psi + o, dv);
        }
    }
    EACH(q, o, nv) v_store(db + j + o, v_load(db + j + o) + sum[q]);
}

static void k_scan(const lsnn *s, const strip *w, const real *errbar, real *db)
{
    for (size_t j = 0; j < s->np; j += 4 * LANES) WITH_QUARTER(s->np - j, scan_tile, s, w, errbar, j, db)
}

/* ---- events of a strip, by channel ------------------------------------------------------------------ */

/* Events of one row as row << 32 | channel, four written at a time as in list_bits. */
INLINE uint64_t *flatten_row(const uint64_t *bits, size_t words, uint64_t row, uint64_t *to)
{
    for (size_t k = 0; k < words; k++) {
        uint64_t left = bits[k], stop = UINT64_C(1) << 63, head = row + k * 64, *end = to;
        end += __builtin_popcountll(left);
        for (size_t n = 0; n < LIST_SLACK; n++, left &= left - 1) to[n] = head + (uint64_t)__builtin_ctzll(left | stop);
        for (to += LIST_SLACK; left; left &= left - 1) *to++ = head + (uint64_t)__builtin_ctzll(left);
        to = end;
    }
    return to;
}

/* times[first[i] .. first[i+1]): the rows in which channel i is not 0, ascending. */
static void sort_events(const lsnn *s, const strip *w, lane *ln)
{
    uint32_t *next = ln->first + 1, sum = 0; /* counts, then starts, then ends: first[i + 1] */
    uint64_t *end = ln->flat;
    for (size_t t = 0; t < w->steps; t++) {
        uint64_t row = (uint64_t)t << 32;
        if (w->x) end = flatten_row(w->xbits + t * s->xw, s->xw, row, end);
        end = flatten_row(strip_z(s, w, t), s->zw, row + s->n_in, end);
    }
    memset(ln->first, 0, (s->R + 1) * sizeof *ln->first);
    for (const uint64_t *e = ln->flat; e < end; e++) next[*e & UINT32_MAX]++;
    for (size_t i = 0; i + 1 < s->R; i++) {
        uint32_t n = next[i];
        next[i] = sum;
        sum += n;
    }
    for (const uint64_t *e = ln->flat; e < end; e++) ln->times[next[*e & UINT32_MAX]++] = (uint32_t)(*e >> 32);
}

/* acc += sum over the rows `at` of hist; x: weights by row, stride ld. */
INLINE void gather_row(size_t nv, const uint32_t *at, const uint32_t *end, const real *hist, size_t np, const real *x,
                       size_t ld, vec *acc)
{
    if (x)
        for (; at < end; at++) {
            vec value = v_set(x[*at * ld]);
            EACH(q, o, nv) acc[q] = v_fma(value, v_load(hist + *at * np + o), acc[q]);
        }
    else
        for (; at < end; at++) EACH(q, o, nv) acc[q] += v_load(hist + *at * np + o);
}

INLINE void gather_tile(size_t nv, const lsnn *s, const strip *w, const lane *ln, const real *hist, real *dW, size_t i,
                        size_t end)
{
    for (; i < end; i++) {
        const uint32_t *at = ln->times + ln->first[i], *stop = ln->times + ln->first[i + 1];
        vec acc[8];
        if (at == stop) continue;
        EACH(q, o, nv) acc[q] = v_set(0);
        gather_row(nv, at, stop, hist, s->np, i < s->n_in && !w->binary ? w->x + i : NULL, s->n_in, acc);
        EACH(q, o, nv) v_store(dW + i * s->np + o, v_load(dW + i * s->np + o) + acc[q]);
    }
}

/* Events above this share of a channel block make its sums a GEMM of depth `steps`. */
#define GATHER_DENSE 0.5

static bool mostly(const lane *ln, size_t from, size_t to, size_t steps)
{
    return to > from && (double)(ln->first[to] - ln->first[from]) > GATHER_DENSE * (double)((to - from) * steps);
}

static void spike_matrix(const lsnn *s, const strip *w, real *pre)
{
    for (size_t t = 0; t < w->steps; t++)
        for (size_t i = 0; i < s->n_rec; i++)
            pre[t * s->n_rec + i] = (real)(strip_z(s, w, t)[i / 64] >> (i % 64) & 1);
}

static void k_gather(const lsnn *s, const strip *w, lane *ln, const real *hist, real *dW)
{
    size_t from = 0, to = s->R - 1;
    sort_events(s, w, ln);
    if (mostly(ln, 0, s->n_in, w->steps)) {
        multiply((factor){w->x, 1, s->n_in}, s->n_in, w->steps, hist, s->np, dW);
        from = s->n_in;
    }
    if (mostly(ln, s->n_in, to, w->steps)) {
        spike_matrix(s, w, ln->pre);
        multiply((factor){ln->pre, 1, s->n_rec}, s->n_rec, w->steps, hist, s->np, dW + s->n_in * s->np);
        to = s->n_in;
    }
    for (size_t j = 0; j < s->np; j += TILE) WITH_TILE(s->np - j, gather_tile, s, w, ln, hist + j, dW + j, from, to)
}

INLINE void readout_rows(size_t nv, const lsnn *s, const strip *w, const real *errbar, real *dWout)
{
    vec bias[8];
    EACH(q, o, nv) bias[q] = v_set(0);
    for (size_t t = 0; t < w->steps; t++) {
        const uint64_t *z = strip_z(s, w, t + s->delay);
        vec e[8];
        EACH(q, o, nv) bias[q] += e[q] = v_load(errbar + t * s->kp + o);
        for (size_t k = 0; k < s->zw; k++)
            for (uint64_t left = z[k]; left; left &= left - 1) {
                real *row = dWout + (k * 64 + (size_t)__builtin_ctzll(left)) * s->kp;
                EACH(q, o, nv) v_store(row + o, v_load(row + o) + e[q]);
            }
    }
    real *row = dWout + s->n_rec * s->kp;
    EACH(q, o, nv) v_store(row + o, v_load(row + o) + bias[q]);
}

static void k_readout(const lsnn *s, const strip *w, const real *errbar, real *dWout)
{
    for (size_t k = 0; k < s->kp; k += TILE) WITH_TILE(s->kp - k, readout_rows, s, w, errbar + k, dWout + k)
}

#endif
