/* Backward in time: adjoints of one recorded trial, whole or in windows, and the gradient from them.
 *
 *   dy^t = err^t + kappa dy^{t+1}
 *   L_j^t = g_out sum_k Wout_kj dy_k^t + reg_j + Ltr_j^t
 *   Ltr_j^t = sum_{c,l} Wrec^c_lj dI_cl^{t+d} + (dh^{t+1}/dz^t, transmitted)^T dh^{t+1}
 *   dz_j^t = L_j^t + (dh^{t+1}/dz^t, local)^T dh^{t+1}
 *   dh_j^t = (dz^t/dh^t)^T dz_j^t + (dh^{t+1}/dh^t)^T dh_j^{t+1}
 *   dI_cj^t = (dh^t/dI_c)^T dh_j^t + (dz^t/dI_c) dz_j^t
 *
 * SPDX-License-Identifier: MIT */
#ifndef OPT_SCALAR_BPTT_H
#define OPT_SCALAR_BPTT_H

#include "forward.h"
#include "jacobian.h"
#include "window.h"

static void adjoint_readout(state *s, const window *w, size_t t)
{
    size_t K = s->n_out;
    const real *err = s->err + frame(s, w->b, w->from + t) * K;
    for (size_t k = 0; k < K; k++) {
        real later = t < w->T ? s->kappa * s->dy[(t + 1) * K + k] : 0;
        if (crosses(w, t, t + 1)) later = CROSS(w, t, later, K, k, y);
        s->dy[t * K + k] = err[k] + later;
    }
}

/* sum_{c,l} Wrec^c_lj dI_cl^t. */
static real from_synapses(const state *s, const window *w, size_t t, size_t j)
{
    const real *Wrec = group(s, EP_G_WREC), *dI = s->dI + t * s->n_rec * s->nc;
    real sum = 0;
    if (t > w->T) return 0;
    for (size_t ch = 0; ch < s->nc; ch++)
        for (size_t l = 0; l < s->n_rec; l++) sum += Wrec[(ch * s->n_rec + l) * s->n_rec + j] * dI[l * s->nc + ch];
    return sum;
}

/* sum + g^T dh^{t+1}; nothing is added beyond the end. */
static real add_hidden(const state *s, const window *w, size_t t, size_t j, const real *g, real sum)
{
    const real *dh = s->dh + ((t + 1) * s->n_rec + j) * s->nh;
    for (size_t h = 0; t < w->T && h < s->nh; h++) sum += g[h] * dh[h];
    return sum;
}

/* Ltr: synapses first, then the reset. Where t + d crosses but t + 1 does not, the reset is not part of the seed. */
static real transmitted(const state *s, const window *w, size_t t, size_t j, const jac *next)
{
    size_t back = window_end(w, t) - t;
    bool synapses = crosses(w, t, t + s->delay), step = crosses(w, t, t + 1);
    real Ltr = from_synapses(s, w, t + s->delay, j);
    if (step) Ltr = add_hidden(s, w, t, j, next->hz_tr, Ltr);
    if (synapses) Ltr = CROSS(w, t, Ltr, s->delay * s->n_rec, back * s->n_rec + j, z);
    return step ? Ltr : add_hidden(s, w, t, j, next->hz_tr, Ltr);
}

static void adjoint_state(state *s, const window *w, size_t t, size_t j, const jac *J, const jac *next)
{
    size_t at = t * s->n_rec + j;
    for (size_t h = 0; h < s->nh; h++) {
        real *dh = &s->dh[at * s->nh + h], by_h[NH] = {0};
        for (size_t m = 0; m < s->nh; m++) by_h[m] = next->hh[m][h];
        *dh = J->zh[h] * s->dz[at];
        if (crosses(w, t, t + 1))
            *dh += CROSS(w, t, add_hidden(s, w, t, j, by_h, 0), s->n_rec * s->nh, j * s->nh + h, h);
        else *dh = add_hidden(s, w, t, j, by_h, *dh);
    }
    for (size_t ch = 0; ch < s->nc; ch++) {
        real sum = 0;
        for (size_t h = 0; h < s->nh; h++) sum += J->hI[h][ch] * s->dh[at * s->nh + h];
        s->dI[at * s->nc + ch] = sum + J->zI[ch] * s->dz[at];
    }
}

static void adjoint_neuron(state *s, const window *w, size_t t, size_t j, const jac *J, const jac *next)
{
    size_t at = t * s->n_rec + j;
    const real *Wout = group(s, EP_G_WOUT);
    real Ltr = transmitted(s, w, t, j, next), L = 0;
    for (size_t k = 0; k < s->n_out; k++) L += Wout[k * s->n_rec + j] * s->dy[t * s->n_out + k];
    L = s->g_out * L + s->reg[j] + Ltr;
    s->Ltr[at] = Ltr;
    if (crosses(w, t, t + 1))
        s->dz[at] = L + CROSS(w, t, add_hidden(s, w, t, j, next->hz_loc, 0), s->n_rec, j, z_loc);
    else s->dz[at] = add_hidden(s, w, t, j, next->hz_loc, L);
    adjoint_state(s, w, t, j, J, next);
}

/* dy, Ltr, dz, dh, dI of steps T..1. */
static void adjoint_run(state *s, const window *w)
{
    for (size_t t = w->T; t >= 1; t--) {
        jac *now = s->J + (t % 2) * s->n_rec, *next = s->J + ((t + 1) % 2) * s->n_rec;
        adjoint_readout(s, w, t);
        for (size_t j = 0; j < s->n_rec; j++) {
            now[j] = jac_at(s, w->b, w->from + t, j);
            adjoint_neuron(s, w, t, j, &now[j], &next[j]);
        }
    }
}

/* What crosses the start of an open window, from adjoints of its step 1; J is that of step 1. */
static void adjoint_deliver(const state *s, const window *w, const opt_seeds *start)
{
    const real *dy = s->dy + s->n_out;
    for (size_t k = 0; start->y && k < s->n_out; k++) *seed_at(w, start->y, 1, s->n_out, k) = s->kappa * dy[k];
    for (size_t j = 0; j < s->n_rec; j++) {
        const jac *J = s->J + s->n_rec + j;
        for (size_t h = 0; start->h && h < s->nh; h++) {
            real by_h[NH] = {0};
            for (size_t m = 0; m < s->nh; m++) by_h[m] = J->hh[m][h];
            *seed_at(w, start->h, 1, s->n_rec * s->nh, j * s->nh + h) = add_hidden(s, w, 0, j, by_h, 0);
        }
        if (start->z_loc) *seed_at(w, start->z_loc, 1, s->n_rec, j) = add_hidden(s, w, 0, j, J->hz_loc, 0);
        for (size_t q = 0; start->z && q < s->delay; q++) {
            const real *later = q + w->T < s->delay && w->seeds ? seed_at(w, w->seeds->z, 1, s->delay * s->n_rec, (q + w->T) * s->n_rec + j) : NULL;
            real L = later ? *later : from_synapses(s, w, s->delay - q, j);
            *seed_at(w, start->z, 1, s->delay * s->n_rec, q * s->n_rec + j) = q == 0 ? add_hidden(s, w, 0, j, J->hz_tr, L) : L;
        }
    }
}

/* gradient += dI pre of neuron j at step t;  theta: (dh/dtheta)^T dh + (dz/dtheta) dz. */
static void adjoint_harvest(state *s, const window *w, size_t t, size_t j, const real *x, const real *z_pre)
{
    size_t at = t * s->n_rec + j;
    jac J = jac_at(s, w->b, w->from + t, j);
    for (size_t n = 0; n < runs_of_row(s); n++) {
        run r = run_of(s, j, n, x, z_pre);
        real *g = s->acc + r.at;
        for (size_t k = 0; r.p < 0 && k < r.n; k++)
            if (k != r.masked) g[k] += s->dI[at * s->nc + (size_t)r.ch] * r.pre[k];
        if (r.p < 0 || r.n == 0) continue;
        for (size_t h = 0; h < s->nh; h++) *g += J.hp[h][r.p] * s->dh[at * s->nh + h];
        *g += J.zp[r.p] * s->dz[at];
    }
}

static void adjoint_gradient(state *s, const window *w, const real *x, size_t stride)
{
    for (size_t t = 1; t <= w->T; t++) {
        const real *z_pre = s->z + frame_before(s, w->b, w->from + t, s->delay) * s->n_rec;
        for (size_t j = 0; j < s->n_rec; j++) adjoint_harvest(s, w, t, j, x + (t - 1) * stride, z_pre);
    }
    readout_gradient(s, w->b, w->from, w->T, s->dy, s->acc);
}

#endif
