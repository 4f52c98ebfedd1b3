/* LSTM: gates, cell and eligibility traces.
 * SPDX-License-Identifier: MIT */
#include "core.h"

enum { GATE_I, GATE_F, GATE_G, GATE_O, SLOPE_OF_TANH };

/* Value of source i, and its fraction: z is still that of the step before. */
static int32_t source(const fix_state *s, const int32_t *x, size_t i, unsigned *f)
{
    size_t in = (size_t)s->n_in;
    *f = i < in ? fix_frac(s, FIX_X) : i + 1 < (size_t)s->M ? fix_frac(s, FIX_z) : 0;
    return i < in ? x[i] : i + 1 < (size_t)s->M ? fix_load(&s->q[FIX_z], i - in) : 1;
}

static int32_t of_gate(const fix_state *s, unsigned q, size_t gate, size_t j)
{
    return fix_load(&s->q[q], gate * (size_t)s->n_rec + j);
}

/* Q_q(a b) to place k of q; a and b of quantities qa and qb. */
static void multiply(fix_state *s, unsigned q, size_t k, unsigned qa, int64_t a, unsigned qb, int64_t b)
{
    fix_store(&s->q[q], k, fix_fit(s, q, a * b, fix_frac(s, qa) + fix_frac(s, qb), (uint32_t)k, 0));
}

/* SD_k = Q_SD(1 - v^2) or Q_SD(v - v^2), v of fraction f. */
static void slope(fix_state *s, size_t k, int64_t v, unsigned f, bool of_tanh)
{
    int64_t first = of_tanh ? fix_up(1, 2 * f) : fix_up(v, f);
    fix_store(&s->q[FIX_SD], k, fix_fit(s, FIX_SD, first - v * v, 2 * f, (uint32_t)k, 0));
}

static void gate(fix_state *s, size_t q, const int32_t *x)
{
    const fix_array *w = &s->q[FIX_W];
    size_t M = (size_t)s->M, n = (size_t)s->n_rec, A = q / n;
    unsigned fw = fix_frac(s, FIX_W), fi = fix_frac(s, FIX_I), fg = fix_frac(s, FIX_GA), fu;
    unsigned top = fix_max(fw + fix_max(fix_frac(s, FIX_X), fix_frac(s, FIX_z)), fi);
    int64_t sum = A == GATE_F ? fix_up(s->b_forget, top - fi) : 0;
    for (size_t i = 0; i < M; i++) {
        int64_t u = source(s, x, i, &fu);
        if (u != 0) sum += fix_up(u * fix_load(w, q * M + i), top - fw - fu);
    }
    int32_t I = fix_fit(s, FIX_I, sum, top, (uint32_t)q, 0), g = A == GATE_G ? fix_tanh(I, fi, fg) : fix_sigma(I, fi, fg);
    fix_store(&s->q[FIX_I], q, I);
    fix_store(&s->q[FIX_GA], q, g);
    slope(s, q, g, fg, A == GATE_G);
}

static void cell(fix_state *s, size_t j)
{
    size_t n = (size_t)s->n_rec;
    unsigned fg = fix_frac(s, FIX_GA), fc = fix_frac(s, FIX_CC), fh = fix_frac(s, FIX_H);
    int64_t c = fix_load(&s->q[FIX_CC], j), gi = of_gate(s, FIX_GA, GATE_I, j), gf = of_gate(s, FIX_GA, GATE_F, j);
    int64_t gg = of_gate(s, FIX_GA, GATE_G, j), go = of_gate(s, FIX_GA, GATE_O, j);
    multiply(s, FIX_LD, GATE_I * n + j, FIX_SD, of_gate(s, FIX_SD, GATE_I, j), FIX_GA, gg);
    multiply(s, FIX_LD, GATE_F * n + j, FIX_SD, of_gate(s, FIX_SD, GATE_F, j), FIX_CC, c);
    multiply(s, FIX_LD, GATE_G * n + j, FIX_SD, of_gate(s, FIX_SD, GATE_G, j), FIX_GA, gi);
    int32_t now = fix_fit2(s, FIX_CC, gf * c, fg + fc, gi * gg, 2 * fg, (uint32_t)j, 0), h = fix_tanh(now, fc, fh);
    fix_store(&s->q[FIX_CC], j, now);
    fix_store(&s->q[FIX_H], j, h);
    multiply(s, FIX_LD, GATE_O * n + j, FIX_SD, of_gate(s, FIX_SD, GATE_O, j), FIX_H, h);
    slope(s, SLOPE_OF_TANH * n + j, h, fh, true);
    multiply(s, FIX_OP, j, FIX_GA, go, FIX_SD, of_gate(s, FIX_SD, SLOPE_OF_TANH, j));
}

/* e of row q and source i; its eps too where the row has one. */
static int32_t eligibility(fix_state *s, size_t q, size_t i, int64_t u, unsigned fu)
{
    size_t n = (size_t)s->n_rec, j = q % n, k = q * (size_t)s->M + i;
    unsigned fe = fix_frac(s, FIX_EL), f = fix_frac(s, FIX_LD) + fu;
    int64_t now = fix_load(&s->q[FIX_LD], q) * u;
    if (q / n == GATE_O) return now ? fix_fit(s, FIX_E, now, f, (uint32_t)q, (uint32_t)i) : 0;
    int64_t old = fix_load(&s->q[FIX_EL], k);
    if (now == 0 && old == 0) return 0;
    int32_t eps = fix_fit2(s, FIX_EL, of_gate(s, FIX_GA, GATE_F, j) * old, fix_frac(s, FIX_GA) + fe, now, f, (uint32_t)q, (uint32_t)i);
    fix_store(&s->q[FIX_EL], k, eps);
    return fix_fit(s, FIX_E, (int64_t)fix_load(&s->q[FIX_OP], j) * eps, fix_frac(s, FIX_OP) + fe, (uint32_t)q, (uint32_t)i);
}

static void traces(fix_state *s, const int32_t *x)
{
    fix_array *eb = &s->q[FIX_EB];
    size_t M = (size_t)s->M;
    unsigned fd = fix_frac(s, FIX_D) + fix_frac(s, FIX_EB), fe = fix_frac(s, FIX_E), fu;
    for (size_t i = 0; i < M; i++) {
        int64_t u = source(s, x, i, &fu);
        for (size_t q = 0; q < (size_t)s->rows; q++) {
            int32_t e = eligibility(s, q, i, u, fu), bar = fix_load(eb, q * M + i);
            if ((e | bar) == 0) continue;
            fix_store(eb, q * M + i, fix_fit2(s, FIX_EB, (int64_t)s->kappa * bar, fd, e, fe, (uint32_t)q, (uint32_t)i));
        }
    }
}

void fix_lstm(fix_state *s, const int32_t *x)
{
    size_t n = (size_t)s->n_rec;
    for (size_t q = 0; q < 4 * n; q++) gate(s, q, x);
    for (size_t j = 0; j < n; j++) cell(s, j);
    traces(s, x);
    for (size_t j = 0; j < n; j++)
        multiply(s, FIX_z, j, FIX_GA, of_gate(s, FIX_GA, GATE_O, j), FIX_H, fix_load(&s->q[FIX_H], j));
}
