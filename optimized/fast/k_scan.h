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

/* ---- events of a strip, by channel ------------------------------------------------------------------ */

/* Bit i of word t becomes bit t of word i: halves of ever smaller squares change places. */
#define SWAP_BITS(type, a, b, by, low) \
    do { \
        type t_ = ((*(a) >> (by)) ^ *(b)) & (low); \
        *(b) ^= t_; \
        *(a) ^= t_ << (by); \
    } while (0)

typedef uint64_t words64 __attribute__((vector_size(VEC_BYTES), may_alias));
enum { WORDS = VEC_BYTES / 8 };

INLINE void turn_round(uint64_t *a, unsigned by, uint64_t low)
{
    for (unsigned from = 0; from < 64; from += 2 * by) {
        if (by >= WORDS)
            for (unsigned k = from; k < from + by; k += WORDS)
                SWAP_BITS(words64, (words64 *)(void *)(a + k), (words64 *)(void *)(a + k + by), by, low);
        else
            UNROLL for (unsigned k = 0; k < by; k++) SWAP_BITS(uint64_t, a + from + k, a + from + k + by, by, low);
    }
}

static void turn_square(uint64_t *a)
{
    turn_round(a, 32, UINT64_C(0x00000000ffffffff));
    turn_round(a, 16, UINT64_C(0x0000ffff0000ffff));
    turn_round(a, 8, UINT64_C(0x00ff00ff00ff00ff));
    turn_round(a, 4, UINT64_C(0x0f0f0f0f0f0f0f0f));
    turn_round(a, 2, UINT64_C(0x3333333333333333));
    turn_round(a, 1, UINT64_C(0x5555555555555555));
}

/* turned [64 words][squares]: bit t of square q of channel c is bit c of row 64 q + t. */
static void turn_bits(const uint64_t *rows_of, size_t words, size_t steps, uint64_t *turned, size_t squares)
{
    for (size_t q = 0; q < squares; q++)
        for (size_t word = 0; word < words; word++) {
            _Alignas(64) uint64_t a[64] = {0};
            uint64_t any = 0;
            size_t n = steps - q * 64 < 64 ? steps - q * 64 : 64;
            for (size_t t = 0; t < n; t++) any |= a[t] = rows_of[(q * 64 + t) * words + word];
            if (any) turn_square(a);
            for (size_t c = 0; c < 64; c++) turned[(word * 64 + c) * squares + q] = a[c];
        }
}

/* times[first[i] .. first[i+1]): the steps after t0 at which channel i is not 0, ascending, of `steps` steps. */
static void sort_events(const lsnn *s, const strip *w, lane *ln, size_t t0, size_t steps)
{
    size_t squares = (steps + 63) / 64, n = 0;
    uint64_t *z = ln->turned + s->xw * 64 * squares;
    if (w->fed) turn_bits(w->xbits + t0 * s->xw, s->xw, steps, ln->turned, squares);
    turn_bits(strip_z(s, w, t0), s->zw, steps, z, squares);
    for (size_t i = 0; i + 1 < s->R; i++) {
        ln->first[i] = (uint32_t)n;
        if (i >= s->n_in) n += list_bits(z + (i - s->n_in) * squares, squares, 0, ln->times + n);
        else if (w->fed) n += list_bits(ln->turned + i * squares, squares, 0, ln->times + n);
    }
    ln->first[s->R - 1] = ln->first[s->R] = (uint32_t)n;
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

INLINE void gather_tile(size_t nv, const lsnn *s, const strip *w, const lane *ln, size_t t0, matrix hist, real *dW,
                        size_t i, size_t end)
{
    for (; i < end; i++) {
        const uint32_t *at = ln->times + ln->first[i], *stop = ln->times + ln->first[i + 1];
        vec acc[8];
        EACH(q, o, nv) __builtin_prefetch(dW + (i + 4) * s->np + o, 1);
        if (at == stop) continue;
        EACH(q, o, nv) acc[q] = v_set(0);
        gather_row(nv, at, stop, hist.at, hist.ld, i < s->n_in && !w->binary ? w->x + t0 * s->n_in + i : NULL, s->n_in, acc);
        EACH(q, o, nv) v_store(dW + i * s->np + o, v_load(dW + i * s->np + o) + acc[q]);
    }
}

/* Events above this share of a channel block make its sums a GEMM of depth `steps`. */
#define GATHER_DENSE 0.5

static bool mostly(const lane *ln, size_t from, size_t to, size_t steps)
{
    return to > from && (double)(ln->first[to] - ln->first[from]) > GATHER_DENSE * (double)((to - from) * steps);
}

static void spike_matrix(const lsnn *s, const strip *w, size_t t0, size_t steps, real *pre)
{
    for (size_t t = 0; t < steps; t++)
        for (size_t i = 0; i < s->n_rec; i++)
            pre[t * s->n_rec + i] = (real)(strip_z(s, w, t0 + t)[i / 64] >> (i % 64) & 1);
}

/* Sorts the events of a block and says which channels are dense: inputs only where they are there as numbers. */
static void prepare_events(const lsnn *s, const strip *w, lane *ln, size_t t0, size_t steps)
{
    sort_events(s, w, ln, t0, steps);
    ln->dense_in = w->x && mostly(ln, 0, s->n_in, steps);
    ln->dense_rec = mostly(ln, s->n_in, s->R - 1, steps);
    if (ln->dense_rec) spike_matrix(s, w, t0, steps, ln->pre);
}

/* Sums of the dense channels of `width` neurons. */
static void dense_channels(const lsnn *s, const strip *w, const lane *ln, size_t t0, size_t steps, matrix hist, target in,
                           size_t width)
{
    target rec = {in.at + s->n_in * in.ld, in.ld};
    if (ln->dense_in) multiply((factor){w->x + t0 * s->n_in, 1, s->n_in}, s->n_in, steps, hist, in, width);
    if (ln->dense_rec) multiply((factor){ln->pre, 1, s->n_rec}, s->n_rec, steps, hist, rec, width);
}

/* dW[i][..] += sum over a block's steps of hist pre, neurons of one tile. */
static void gather_block(const lsnn *s, const strip *w, const lane *ln, size_t t0, size_t steps, matrix hist, real *dW,
                         size_t width)
{
    size_t from = ln->dense_in ? s->n_in : 0, to = ln->dense_rec ? s->n_in : s->R - 1;
    dense_channels(s, w, ln, t0, steps, hist, (target){dW, s->np}, width);
    WITH_TILE(width, gather_tile, s, w, ln, t0, hist, dW, from, to)
}

/* ---- the scan ------------------------------------------------------------------------------------------- */

/* Neurons j .. of one block of steps, into hist [steps][TILE], which holds the signals where `given`. */
INLINE void scan_tile(size_t nv, const lsnn *s, const lane *ln, const real *psi, const real *errbar, size_t steps, bool given,
                      size_t j, real *hist, real *db)
{
    const real *alpha = s->alpha + j, *rho = s->rho + j, *beta = s->beta_g + j, *g_in = s->g_in + j;
    vec M[4], H[4], sum[4];
    EACH(q, o, nv)
    {
        M[q] = v_load(ln->M + j + o);
        H[q] = v_load(ln->H + j + o);
        sum[q] = v_load(db + j + o);
    }
    for (size_t t = steps; t-- > 0;) {
        const real *p = psi + t * s->np + j;
        if (t >= AHEAD) EACH(q, o, nv) __builtin_prefetch(p - AHEAD * s->np + o);
        real *to = hist + t * TILE;
        vec L[4];
        if (given) EACH(q, o, nv) L[q] = v_load(to + o);
        else learning_signal(nv, s, j, errbar + t * s->kp, L);
        EACH(q, o, nv)
        {
            vec G = v_load(p + o) * (L[q] - v_load(beta + o) * M[q]);
            M[q] = v_load(rho + o) * M[q] + G;
            H[q] = v_load(alpha + o) * H[q] + G;
            vec dv = v_load(g_in + o) * H[q];
            sum[q] += dv;
            v_store(to + o, dv);
        }
    }
    EACH(q, o, nv)
    {
        v_store(ln->M + j + o, M[q]);
        v_store(ln->H + j + o, H[q]);
        v_store(db + j + o, sum[q]);
    }
}

/* Outputs above this number make the learning signal a GEMM of its own. */
enum { FEW_OUTPUTS = 4 };

/* Learning signals of one tile and block, by rows of hist. */
static void signals_of_block(const lsnn *s, const real *errbar, size_t steps, size_t j, size_t width, real *hist)
{
    for (size_t t = 0; t < steps; t++)
        for (size_t o = 0; o < width; o += LANES) v_store(hist + t * TILE + o, v_load(s->reg + j + o));
    multiply((factor){errbar, s->kp, 1}, steps, s->n_out, (matrix){s->F + j, s->np}, (target){hist, TILE}, width);
}

/* A block's history of one tile stays in the second level of cache between scan and gather. */
static void k_scan(const lsnn *s, const strip *w, lane *ln, real *dW)
{
    const real *errbar = w->errbar;
    real *db = dW + (s->R - 1) * s->np;
    memset(ln->M, 0, s->np * sizeof(real));
    memset(ln->H, 0, s->np * sizeof(real));
    for (size_t end = w->steps, t0; end > 0; end = t0) {
        t0 = (end - 1) / BLOCK_STEPS * BLOCK_STEPS;
        prepare_events(s, w, ln, t0, end - t0);
        for (size_t j = 0; j < s->np; j += TILE) {
            size_t width = s->np - j < TILE ? s->np - j : TILE;
            bool given = s->n_out > FEW_OUTPUTS;
            if (given) signals_of_block(s, errbar + t0 * s->kp, end - t0, j, width, ln->tile);
            for (size_t o = 0; o < width; o += 4 * LANES)
                WITH_QUARTER(width - o, scan_tile, s, ln, w->psi + t0 * s->np, errbar + t0 * s->kp, end - t0, given, j + o,
                             ln->tile + o, db)
            gather_block(s, w, ln, t0, end - t0, (matrix){ln->tile, TILE}, dW + j, width);
        }
    }
}

INLINE void readout_rows(size_t nv, const lsnn *s, const strip *w, size_t from, real *dWout)
{
    vec bias[8];
    EACH(q, o, nv) bias[q] = v_set(0);
    for (size_t t = 0; t < w->steps; t++) {
        const uint64_t *z = strip_z(s, w, t + s->delay);
        vec e[8];
        EACH(q, o, nv) bias[q] += e[q] = v_load(w->errbar + t * w->le + from + o);
        for (size_t k = 0; k < s->zw; k++)
            for (uint64_t left = z[k]; left; left &= left - 1) {
                real *row = dWout + (k * 64 + (size_t)__builtin_ctzll(left)) * s->kp;
                EACH(q, o, nv) v_store(row + o, v_load(row + o) + e[q]);
            }
    }
    real *row = dWout + s->n_rec * s->kp;
    EACH(q, o, nv) v_store(row + o, v_load(row + o) + bias[q]);
}

static void k_readout(const lsnn *s, const strip *w, real *dWout)
{
    for (size_t k = 0; k < s->kp; k += TILE) WITH_TILE(s->kp - k, readout_rows, s, w, k, dWout + k)
}

#endif
