/* One pass of one network, forward and back. Compiled once an instruction set.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_E2_PASS_H
#define OPT_E2_PASS_H

#include <string.h>

#include "e2_state.h"

#include "../fast/vec.h"

static inline void add_row(float *to, const float *from, int n)
{
    for (int i = 0; i < n; i += LANES) v_store(to + i, v_load(to + i) + v_load(from + i));
}

static inline void add_scaled(float *to, float f, const float *from, int n)
{
    vec k = v_set(f);
    for (int i = 0; i < n; i += LANES) v_store(to + i, v_fma(k, v_load(from + i), v_load(to + i)));
}

/* Four lanes: what is left of a vector when its quarters (halves) are added. */
typedef float quad __attribute__((vector_size(16), may_alias));

static inline quad fold(vec a)
{
    quad q[LANES / 4];
    memcpy(q, &a, sizeof q);
    for (int half = LANES / 8; half > 0; half /= 2)
        for (int k = 0; k < half; k++) q[k] += q[k + half];
    return q[0];
}

/* The sums of four vectors. */
static inline quad sum_four(const vec s[4])
{
    quad a = fold(s[0]), b = fold(s[1]), c = fold(s[2]), d = fold(s[3]);
#if defined(__x86_64__)
    __m128 w = (__m128)a, x = (__m128)b, y = (__m128)c, z = (__m128)d;
    _MM_TRANSPOSE4_PS(w, x, y, z);
    return ((quad)w + (quad)x) + ((quad)y + (quad)z);
#else
    quad r;
    const quad in[4] = {a, b, c, d};
    for (int k = 0; k < 4; k++) r[k] = (in[k][0] + in[k][1]) + (in[k][2] + in[k][3]);
    return r;
#endif
}

/* out[k] = sum_i rows[at[k]][i] b[i] for four rows: b is loaded once. */
static inline void four_products(const float *rows, const int *at, const float *b, int n, float *out)
{
    const float *r0 = rows + e2_row(at[0], n), *r1 = rows + e2_row(at[1], n), *r2 = rows + e2_row(at[2], n), *r3 = rows + e2_row(at[3], n);
    vec s[4] = {v_set(0), v_set(0), v_set(0), v_set(0)};
    for (size_t i = 0; i < (size_t)n; i += LANES) {
        vec x = v_load(b + i);
        s[0] = v_fma(v_load(r0 + i), x, s[0]);
        s[1] = v_fma(v_load(r1 + i), x, s[1]);
        s[2] = v_fma(v_load(r2 + i), x, s[2]);
        s[3] = v_fma(v_load(r3 + i), x, s[3]);
    }
    quad q = sum_four(s);
    for (int k = 0; k < 4; k++) out[at[k]] = q[k];
}

/* Two rows by four steps: a[q] = r m[q], b[q] = r' m[q]. */
static inline void two_by_four(const float *r0, const float *r1, const float *m, int n, quad *a, quad *b)
{
    const float *m0 = m, *m1 = m + n, *m2 = m1 + n, *m3 = m2 + n;
    vec s[4] = {v_set(0), v_set(0), v_set(0), v_set(0)}, u[4] = {v_set(0), v_set(0), v_set(0), v_set(0)};
    for (size_t i = 0; i < (size_t)n; i += LANES) {
        vec x = v_load(r0 + i), y = v_load(r1 + i), z0 = v_load(m0 + i), z1 = v_load(m1 + i), z2 = v_load(m2 + i), z3 = v_load(m3 + i);
        s[0] = v_fma(x, z0, s[0]);
        s[1] = v_fma(x, z1, s[1]);
        s[2] = v_fma(x, z2, s[2]);
        s[3] = v_fma(x, z3, s[3]);
        u[0] = v_fma(y, z0, u[0]);
        u[1] = v_fma(y, z1, u[1]);
        u[2] = v_fma(y, z2, u[2]);
        u[3] = v_fma(y, z3, u[3]);
    }
    *a = sum_four(s);
    *b = sum_four(u);
}

/* out[t][r] += f sum_i rows[r][i] m[t][i] for t < T, r < n_rows: a row is read once for eight steps. m has room for whole
 * blocks of steps behind its end, whatever stands there. */
static void rows_by_steps(float *out, int out_pad, const float *rows, int n_rows, const float *m, int n, int T, float f)
{
    for (int t0 = 0; t0 < T; t0 += E2_BLOCK)
        for (int r = 0; r < n_rows; r += 2) {
            const float *row = rows + e2_row(r, n), *other = r + 1 < n_rows ? row + n : row;
            for (int t = t0; t < t0 + E2_BLOCK && t < T; t += 4) {
                quad a, b;
                two_by_four(row, other, m + e2_row(t, n), n, &a, &b);
                for (int q = 0; q < 4 && t + q < T; q++) {
                    float *to = out + e2_row(t + q, out_pad) + (size_t)r;
                    to[0] += f * a[q];
                    if (other != row) to[1] += f * b[q];
                }
            }
        }
}

/* Non-zero values of x [count], inputs at, at + 1, ..., behind the n in the lane's list; zeros are passed over eight at a time. Returns the new n. */
static int collect_dense(const float *x, int count, int at, int n, e2_lane *l)
{
    enum { CHUNK = 8 };
    for (int i = 0; i < count;) {
        uint64_t bits[CHUNK / 2];
        int end = i + CHUNK < count ? i + CHUNK : count;
        if (i + CHUNK <= count) {
            memcpy(bits, x + i, sizeof bits);
            if (!(bits[0] | bits[1] | bits[2] | bits[3])) i = end;
        }
        for (; i < end; i++) {
            l->hot[n] = (uint32_t)(at + i);
            l->hot_value[n] = x[i];
            n += x[i] != 0.0F;
        }
    }
    return n;
}

/* Non-zero inputs of step t into the lane's list. */
static int collect_inputs(const e2_input *in, int t, int n_main, e2_lane *l)
{
    int n = in->first ? collect_dense(in->first + e2_row(t, in->n_first), in->n_first, 0, 0, l) : 0;
    const uint16_t *e = in->spikes ? in->spikes->event + e2_row(t, n_main) : NULL;
    for (int k = 0; e && k < in->spikes->count[t]; k++) {
        l->hot[n] = (uint32_t)(in->n_first + e[k]);
        l->hot_value[n++] = 1.0F;
    }
    return in->last ? collect_dense(in->last + e2_row(t, in->n_last), in->n_last, in->n_first + in->n_spikes, n, l) : n;
}

static void drive(const e2_net *w, const float *Win, const float *Wrec, const e2_pass *p, int t, int hot, e2_lane *l)
{
    memcpy(l->I, w->b, (size_t)w->pad * sizeof *l->I);
    for (int k = 0; k < hot; k++) add_scaled(l->I, l->hot_value[k], Win + e2_row((int)l->hot[k], w->pad), w->pad);
    int from = t - w->d;
    for (int k = 0; from >= 0 && k < p->count[from]; k++)
        add_row(l->I, Wrec + e2_row(p->event[e2_row(from, w->n) + (size_t)k], w->pad), w->pad);
}

/* Membrane, adaptation, spikes; x = v - A. */
static void neurons(const e2_net *w, e2_pass *p, int t, e2_lane *l)
{
    float *x = p->x + e2_row(t, w->pad);
    uint16_t *event = p->event + e2_row(t, w->n);
    int count = 0;
    for (int j = 0; j < w->pad; j += LANES) {
        vec z = v_load(l->z + j), v = v_load(w->alpha + j) * v_load(l->v + j) + v_load(w->g_in + j) * v_load(l->I + j) - v_set(w->v_th) * z;
        vec A = v_set(w->v_th);
        if (w->adapts) {
            vec a = v_load(w->rho + j) * v_load(l->a + j) + v_load(w->g_a + j) * z;
            v_store(l->a + j, a);
            A = A + v_load(w->beta + j) * a;
        }
        v_store(l->v + j, v);
        v_store(x + j, v - A);
    }
    for (int j = 0; j < w->n; j++) {
        bool refractory = l->refr[j] > 0, fires = !refractory && x[j] > 0.0F;
        if (refractory) l->refr[j]--;
        if (fires) {
            event[count++] = (uint16_t)j;
            l->refr[j] = w->n_ref > 1 ? w->n_ref - 1 : 0;
        }
        if (refractory) x[j] = 4.0F * w->v_th; /* psi and its slope are 0 there */
        l->z[j] = fires ? 1.0F : 0.0F;
    }
    p->count[t] = (uint16_t)count;
}

static void readout(const e2_net *w, e2_pass *p, int t)
{
    float *y = p->y + e2_row(t, w->pad_out);
    const uint16_t *event = p->event + e2_row(t, w->n);
    memcpy(y, w->bout, (size_t)w->pad_out * sizeof *y);
    for (int k = 0; k < p->count[t]; k++) add_row(y, w->Wout + e2_row(event[k], w->pad_out), w->pad_out);
    for (int k = 0; k < w->pad_out; k += LANES) {
        vec now = v_set(w->g_out) * v_load(y + k);
        if (t > 0) now = now + v_set(w->kappa) * v_load(y - w->pad_out + k);
        v_store(y + k, now);
    }
}

static void run_pass(const e2_net *w, const float *Win, const float *Wrec, const e2_input *in, int n_main, int T, e2_pass *p, e2_lane *l)
{
    memset(l->v, 0, (size_t)w->pad * sizeof *l->v);
    memset(l->a, 0, (size_t)w->pad * sizeof *l->a);
    memset(l->z, 0, (size_t)w->pad * sizeof *l->z);
    memset(l->refr, 0, (size_t)w->pad * sizeof *l->refr);
    for (int t = 0; t < T; t++) {
        drive(w, Win, Wrec, p, t, collect_inputs(in, t, n_main, l), l);
        neurons(w, p, t, l);
        readout(w, p, t);
    }
}

/* psi = (scale/v_th) max(0, v_th - |x|): exactly 0 at rest. */
static inline vec psi_of(const e2_net *w, vec x)
{
    vec u = v_set(w->v_th) - v_abs(x);
    return v_pick((ivec)(u > v_set(0)), v_set(w->slope) * u);
}

/* d psi/dx. */
static inline vec slope_of(const e2_net *w, vec x)
{
    vec k = v_set(w->slope), in = v_pick((ivec)(v_abs(x) < v_set(w->v_th)), k);
    return v_pick((ivec)(x < v_set(0)), in) - v_pick((ivec)(x > v_set(0)), in);
}

/* L_j = sum_l Wrec_lj dI_l, where psi_j > 0. */
static void transmitted(const e2_net *w, const float *Wrec, const float *x, const float *later, float *L)
{
    int at[4], n = 0;
    for (int j = 0; j < w->n; j++) {
        at[n] = j;
        n += x[j] < w->v_th && x[j] > -w->v_th;
        if (n < 4) continue;
        four_products(Wrec, at, later, w->pad, L);
        n = 0;
    }
    for (int k = n; n > 0 && k < 4; k++) at[k] = at[0];
    if (n > 0) four_products(Wrec, at, later, w->pad, L);
}

/* BPTT of one pass into dI [T + d][pad] from what reaches z directly; hv, ha: what reaches v and a, or NULL. */
static void bptt(const e2_net *w, const float *Wrec, const e2_pass *p, int T, const float *reg, const float *hv, const float *ha,
                 e2_lane *l)
{
    float *dv = l->v, *da = l->a, *L = l->I;
    size_t row = (size_t)w->pad * sizeof *dv;
    memset(dv, 0, row);
    memset(da, 0, row);
    memset(L, 0, row);
    memset(l->dI + e2_row(T, w->pad), 0, row * (size_t)w->d);
    for (int t = T - 1; t >= 0; t--) {
        const float *x = p->x + e2_row(t, w->pad), *later = l->dI + e2_row(t + w->d, w->pad);
        const float *direct = l->direct + e2_row(t, w->pad);
        float *dI = l->dI + e2_row(t, w->pad);
        if (t + w->d < T) transmitted(w, Wrec, x, later, L);
        for (int j = 0; j < w->pad; j += LANES) {
            vec psi = psi_of(w, v_load(x + j)), v1 = v_load(dv + j);
            vec dz = v_load(L + j) + v_load(direct + j) + v_load(reg + j) - v_set(w->v_th) * v1;
            if (w->adapts) {
                vec a1 = v_load(da + j);
                dz = dz + v_load(w->g_a + j) * a1;
                vec a = v_load(w->rho + j) * a1 - v_load(w->beta + j) * psi * dz;
                if (ha) a = a + v_load(ha + e2_row(t, w->pad) + j);
                v_store(da + j, a);
            }
            vec v = psi * dz + v_load(w->alpha + j) * v1;
            if (hv) v = v + v_load(hv + e2_row(t, w->pad) + j);
            v_store(dv + j, v);
            v_store(dI + j, v_load(w->g_in + j) * v);
        }
    }
}

/* Gradients of Win, Wrec, b from m = dI (or dQ) [T][pad]: one row an event. */
static void weights(const e2_net *w, const e2_input *in, int n_main, const e2_pass *p, int T, const float *m, float *gin, float *grec, float *gb,
                    e2_lane *l)
{
    for (int t = 0; t < T; t++) {
        const float *row = m + e2_row(t, w->pad);
        int hot = collect_inputs(in, t, n_main, l), from = t - w->d;
        for (int k = 0; k < hot; k++) add_scaled(gin + e2_row((int)l->hot[k], w->pad), l->hot_value[k], row, w->pad);
        for (int k = 0; from >= 0 && k < p->count[from]; k++)
            add_row(grec + e2_row(p->event[e2_row(from, w->n) + (size_t)k], w->pad), row, w->pad);
        if (gb) add_row(gb, row, w->pad);
    }
}

/* dy = err + kappa dy'; gradients of the readout; what reaches z directly. err [T][stride]. */
static void readout_back(const e2_net *w, const e2_pass *p, int T, const float *err, int stride, e2_grad *g, e2_lane *l)
{
    for (int t = T - 1; t >= 0; t--) {
        float *dy = l->dy + e2_row(t, w->pad_out);
        memset(dy, 0, (size_t)w->pad_out * sizeof *dy);
        memcpy(dy, err + e2_row(t, stride), (size_t)w->n_out * sizeof *dy);
        if (t + 1 < T) add_scaled(dy, w->kappa, dy + w->pad_out, w->pad_out);
        const uint16_t *event = p->event + e2_row(t, w->n);
        for (int k = 0; k < p->count[t]; k++) add_scaled(g->Wout + e2_row(event[k], w->pad_out), w->g_out, dy, w->pad_out);
        add_scaled(g->bout, w->g_out, dy, w->pad_out);
    }
    memset(l->direct, 0, e2_row(T, w->pad) * sizeof *l->direct);
    rows_by_steps(l->direct, w->pad, w->Wout, w->n, l->dy, w->pad_out, T, w->g_out);
}

#endif
