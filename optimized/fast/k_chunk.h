/* Online learning by chunks of c steps: what c steps of explicit traces add to the gradient and leave in the traces,
 * in one pass over the synapses. Everything inside a chunk starts from zero at its end t1 and is scanned back to t0:
 *
 *   Lh = L + kappa Lh';  G = psi (Lh - b M);  M <- rho M + G         b = g_a beta
 *   U = psi D;           D <- (rho - b psi) D, D^{t1-1} = 1, U^{t1} = 0
 *   V = psi (kappa^{t1-s} - b K);  K <- rho K + V
 *   H^X <- alpha H^X + X  for X in G, U, V (and G with Lh = 1 for the rate regulariser's sum of traces, R)
 *   dW   += S^G + lambda ebar - b M eps^a(t0)      S^X = alpha H^X_{t0} p + sum_s H^X_s pre^s
 *   ebar <- kappa^c ebar - b K eps^a(t0) + S^V     lambda = kappa Lh^{t0}
 *   eps^a <- D eps^a(t0) + S^U                     p <- alpha^c p + sum_s alpha^{t1-s} pre^s
 *
 * Carried is eps^a of the step before t0, whose psi and beta are kept, so that whatever changes between two steps is right:
 * eps^a(t0) = (rho - b' psi') eps^a + psi' g_in p. This is linear: it enters the coefficients of eps^a and p, neuron by neuron.
 * ebar and eps^a are kept with g_in and without g_a inside. The bias is a channel that is always 1.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_K_CHUNK_H
#define OPT_FAST_K_CHUNK_H

#include "k_scan.h"

/* One of the four scans: filter H and sum of H, and its history. */
INLINE void chunk_row(vec x, vec alpha, vec g_in, vec *H, vec *sum, real *to)
{
    *H = alpha * *H + x;
    vec g = g_in * *H;
    *sum += g;
    v_store(to, g);
}

typedef struct scans {
    vec M, K, D, Mr, H[N_HIST], sum[N_HIST], direct, L;
} scans;

/* One vector of neurons, from the last step to the first. */
INLINE void chunk_steps(size_t nv, const lsnn *s, const strip *w, const lane *ln, size_t j, scans *c)
{
    real decay = 1;
    for (size_t t = w->steps; t-- > 0; decay *= s->kappa) {
        vec L[2];
        learning_signal(nv, s, j, w->errbar + t * s->kp, L);
        EACH(q, o, nv)
        {
            size_t at = t * s->np + j + o;
            vec psi = v_load(w->psi + at), b = v_load(s->beta_g + j + o), rho = v_load(s->rho + j + o);
            vec alpha = v_load(s->alpha + j + o), g_in = v_load(s->g_in + j + o);
            if (w->L) L[q] += c[q].direct = v_set(s->kappa) * c[q].direct + v_load(w->L + at);
            vec G = psi * (L[q] - b * c[q].M), V = psi * (v_set(decay) - b * c[q].K);
            c[q].M = rho * c[q].M + G;
            c[q].K = rho * c[q].K + V;
            chunk_row(G, alpha, g_in, &c[q].H[0], &c[q].sum[0], ln->hist[0] + at);
            chunk_row(V, alpha, g_in, &c[q].H[2], &c[q].sum[2], ln->hist[2] + at);
            if (s->has_a) {
                vec U = v_set(0);
                if (t + 1 < w->steps) {
                    U = psi * c[q].D;
                    c[q].D = (rho - b * psi) * c[q].D;
                }
                chunk_row(U, alpha, g_in, &c[q].H[1], &c[q].sum[1], ln->hist[1] + at);
            }
            if (s->dR) {
                G = psi * (v_set(1) - b * c[q].Mr);
                c[q].Mr = rho * c[q].Mr + G;
                chunk_row(G, alpha, g_in, &c[q].H[3], &c[q].sum[3], ln->hist[3] + at);
            }
            c[q].L = L[q];
        }
    }
}

INLINE void chunk_tile(size_t nv, const lsnn *s, const strip *w, const lane *ln, size_t j)
{
    scans c[2];
    EACH(q, o, nv)
    {
        vec zero = v_set(0);
        c[q] = (scans){.M = zero, .D = v_set(1)};
    }
    chunk_steps(nv, s, w, ln, j, c);
    EACH(q, o, nv)
    {
        real *to = ln->coef + j + o;
        vec b = v_load(s->beta_g + j + o), g_in = v_load(s->g_in + j + o), carry = v_load(s->alpha + j + o) * g_in;
        vec psi = v_load(s->psi_last + w->home * s->np + j + o), decay = v_load(s->rho + j + o) - v_load(s->beta_last + j + o) * v_load(s->g_a + j + o) * psi;
        vec by_a[N_HIST] = {-(b * c[q].M), c[q].D, -(b * c[q].K), -(b * c[q].Mr)}; /* of eps^a(t0) */
        for (size_t h = 0; h < N_HIST; h++) {
            v_store(to + (C_G + h) * s->np, carry * c[q].H[h] + by_a[h] * (psi * g_in));
            v_store(to + (C_SG + h) * s->np, c[q].sum[h]);
            v_store(to + (C_AG + h) * s->np, by_a[h] * decay);
        }
        v_store(to + C_LAMBDA * s->np, v_set(s->kappa) * c[q].L);
    }
}

static void k_chunk_scan(const lsnn *s, const strip *w, lane *ln)
{
    for (size_t j = 0; j < s->np; j += 2 * LANES) {
        if (s->np - j >= 2 * LANES) chunk_tile(2, s, w, ln, j);
        else chunk_tile(1, s, w, ln, j);
    }
}

/* ---- the pass over the synapses ---------------------------------------------------------------------- */

/* Rows of one trial, from neuron j on. */
typedef struct rows {
    real *dW, *dR, *ebar, *epsa, *p;
    size_t j;
} rows;

/* S^X of channel i: events, or sums that a GEMM has left in the lane, or the bias. */
INLINE void channel_sum(size_t nv, const lsnn *s, const strip *w, const lane *ln, const rows *r, size_t i, size_t h,
                        vec *sum)
{
    const real *coef = ln->coef + r->j;
    bool gemm = i < s->n_in ? ln->dense_in : ln->dense_rec;
    EACH(q, o, nv)
    {
        vec p = s->distinct_alpha ? v_load(r->p + i * s->np + o) : v_set(r->p[i]);
        sum[q] = v_load(coef + (C_G + h) * s->np + o) * p;
    }
    if (i + 1 == s->R) EACH(q, o, nv) sum[q] += v_load(coef + (C_SG + h) * s->np + o);
    else if (gemm) EACH(q, o, nv) sum[q] += v_load(ln->sums[h] + i * SUM_TILE + o);
    else
        gather_row(nv, ln->times + ln->first[i], ln->times + ln->first[i + 1], ln->hist[h] + r->j, s->np,
                   i < s->n_in && !w->binary ? w->x + i : NULL, s->n_in, sum);
}

/* p <- alpha^c p + sum alpha^{c-1-t} pre^t where every synapse has its own p. */
INLINE void pre_trace_rows(size_t nv, const lsnn *s, const strip *w, const lane *ln, const rows *r, size_t i)
{
    const real *power = s->power + r->j;
    size_t c = w->steps;
    vec p[4];
    EACH(q, o, nv) p[q] = v_load(power + c * s->np + o) * v_load(r->p + i * s->np + o);
    if (i + 1 == s->R)
        for (size_t t = 0; t < c; t++) EACH(q, o, nv) p[q] += v_load(power + t * s->np + o);
    else
        for (const uint32_t *at = ln->times + ln->first[i]; at < ln->times + ln->first[i + 1]; at++) {
            vec x = v_set(i < s->n_in ? w->x[*at * s->n_in + i] : 1);
            EACH(q, o, nv) p[q] += x * v_load(power + (c - 1 - *at) * s->np + o);
        }
    EACH(q, o, nv) v_store(r->p + i * s->np + o, p[q]);
}

INLINE void synapses(size_t nv, const lsnn *s, const strip *w, const lane *ln, const rows *r, real decay)
{
    const real *coef = ln->coef + r->j;
    for (size_t i = 0; i < s->R; i++) {
        size_t row = i * s->np;
        vec S[4], e[4], a[4];
        channel_sum(nv, s, w, ln, r, i, 0, S);
        EACH(q, o, nv)
        {
            e[q] = v_load(r->ebar + row + o);
            a[q] = s->has_a ? v_load(r->epsa + row + o) : v_set(0);
            vec more = v_load(coef + C_LAMBDA * s->np + o) * e[q] + v_load(coef + C_AG * s->np + o) * a[q];
            v_store(r->dW + row + o, v_load(r->dW + row + o) + (S[q] + more));
        }
        channel_sum(nv, s, w, ln, r, i, 2, S);
        EACH(q, o, nv)
        v_store(r->ebar + row + o, v_set(decay) * e[q] + v_load(coef + C_AV * s->np + o) * a[q] + S[q]);
        if (r->dR) {
            channel_sum(nv, s, w, ln, r, i, 3, S);
            EACH(q, o, nv)
            v_store(r->dR + row + o, v_load(r->dR + row + o) + (S[q] + v_load(coef + C_AR * s->np + o) * a[q]));
        }
        if (s->has_a) {
            channel_sum(nv, s, w, ln, r, i, 1, S);
            EACH(q, o, nv) v_store(r->epsa + row + o, v_load(coef + C_AU * s->np + o) * a[q] + S[q]);
        }
        if (s->distinct_alpha) pre_trace_rows(nv, s, w, ln, r, i);
    }
}

/* The GEMM form: sums of dense channels, depth c, for each history in use and the tile of neurons j ... */
static void dense_sums(const lsnn *s, const strip *w, lane *ln, size_t j)
{
    size_t width = s->np - j < 4 * LANES ? s->np - j : 4 * LANES;
    for (size_t h = 0; h < N_HIST && (ln->dense_in || ln->dense_rec); h++) {
        if ((h == 1 && !s->has_a) || (h == 3 && !s->dR)) continue;
        memset(ln->sums[h], 0, s->R * SUM_TILE * sizeof(real));
        dense_channels(s, w, ln, 0, w->steps, (matrix){ln->hist[h] + j, s->np}, (target){ln->sums[h], SUM_TILE}, width);
    }
}

/* p where it is one number a channel. */
static void pre_traces(const lsnn *s, const strip *w, const lane *ln, real *p)
{
    size_t c = w->steps;
    for (size_t i = 0; i < s->R; i++) {
        real sum = s->power[c * s->np] * p[i];
        if (i + 1 == s->R)
            for (size_t t = 0; t < c; t++) sum += s->power[t * s->np];
        else
            for (const uint32_t *at = ln->times + ln->first[i]; at < ln->times + ln->first[i + 1]; at++)
                sum += (i < s->n_in ? w->x[*at * s->n_in + i] : 1) * s->power[(c - 1 - *at) * s->np];
        p[i] = sum;
    }
}

static void k_chunk_pass(const lsnn *s, const strip *w, lane *ln, real *dW, real *dR)
{
    size_t plane = s->R * s->np;
    real decay = 1, *p = s->p + w->home * plane;
    prepare_events(s, w, ln, 0, w->steps);
    for (size_t t = 0; t < w->steps; t++) decay *= s->kappa;
    for (size_t j = 0; j < s->np; j += 4 * LANES) {
        rows r = {.dW = dW + j, .dR = dR ? dR + j : NULL, .ebar = s->ebar + w->home * plane + j,
                  .epsa = s->has_a ? s->epsa + w->home * plane + j : NULL, .p = s->distinct_alpha ? p + j : p, .j = j};
        dense_sums(s, w, ln, j);
        WITH_QUARTER(s->np - j, synapses, s, w, ln, &r, decay)
    }
    if (!s->distinct_alpha && s->np) pre_traces(s, w, ln, p);
}

#endif
