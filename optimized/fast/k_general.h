/* Any convention of the specification, one vector of neurons at a time: the forward step, and its local derivatives.
 *
 *   dh^t/dh^{t-1} = hh;  dh^t/dz^{t-1} = loc (in the trace) + tr (transmitted);  dh^t/dI = hI;  dh^t/dtheta_p = hp
 *   dz^t/dh^t = zh;  dz^t/dbeta = zp
 *
 * h is (v, a) and, where the old v decides, v^{t-1}; synaptic (s, v). A row of history holds the quantities q_*, np
 * numbers each.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_K_GENERAL_H
#define OPT_FAST_K_GENERAL_H

#include "k_common.h"
#include "vmath.h"

enum { NH_MOST = 3 };

/* ---- the forward step -------------------------------------------------------------------------------------- */

/* Rows of one neuron's vector: row k of `now` and of the step before. */
typedef struct spot {
    const real *before;
    real *now;
    size_t np;
    const real *beta_before; /* [np] of the step before */
} spot;

INLINE vec old(const spot *k, int q) { return v_load(k->before + (size_t)q * k->np); }
INLINE vec got(const spot *k, int q) { return v_load(k->now + (size_t)q * k->np); }
INLINE void put(const spot *k, int q, vec v)
{
    if (q >= 0) v_store(k->now + (size_t)q * k->np, v);
}

INLINE vec shape_of(ep_psi_shape kind, vec u)
{
    vec one = v_set(1), w = one + u, p = v_set((real)3.14159265358979323846) * u, low = v_set(EXP_LOW), rest;
    switch (kind) {
    case EP_FAST_SIGMOID: return one / (w * w);
    case EP_ARCTAN: return one / (one + p * p);
    case EP_EXPONENTIAL:
        w = v_blend((ivec)(-u < low), low, -u);
        p = v_exp_parts(w, &rest);
        return p * (one + rest);
    default: return v_pick(u < one, one - u);
    }
}

INLINE uint64_t decide(const lsnn *s, vec v, vec A, real *refr, const spot *k)
{
    const ep_options *o = &s->net.opt;
    vec x = v - A, w = v_set(s->v_th), left = v_load(refr), one = v_set(1), scale = v_set(s->gamma);
    if (o->psi_width == EP_WIDTH_A) w = A;
    if (o->psi_scale == EP_SCALE_GAMMA_VTH) scale = scale / w;
    vec psi = scale * shape_of(o->psi_shape, v_abs(x) / w), dzda = -psi;
    if (o->dz_da == EP_DZDA_AUTOGRAD) dzda = dzda * v / A;
    ivec over = x > v_set(0), refractory = left > v_set(0);
    if (s->ge) over = x >= v_set(0);
    ivec fires = over & ~refractory;
    put(k, s->q_psi_free, psi);
    put(k, s->q_dzda_free, dzda);
    put(k, s->q_z_free, v_pick(over, one));
    ivec seen = ~refractory;
    if (s->unmasked) seen |= refractory;
    put(k, s->q_psi, v_pick(seen, psi));
    put(k, s->q_dzda, v_pick(seen, dzda));
    put(k, s->q_z, v_pick(fires, one));
    left = v_pick(refractory, left - one);
    v_store(refr, left + v_pick(fires, v_set((real)(s->n_ref > 1 ? s->n_ref - 1 : 0))));
    return v_mask(fires);
}

INLINE vec adaptation(const lsnn *s, const spot *k, size_t j)
{
    vec rho = v_load(s->rho + j), g = v_load(s->g_a + j), a = old(k, s->q_a);
    switch (s->net.opt.adapt_source) {
    case EP_ADAPT_Z_UNMASKED: return rho * a + g * old(k, s->q_z_free);
    case EP_ADAPT_RHO_SUM: return rho * (a + g * old(k, s->q_z));
    default: return rho * a + g * old(k, s->q_z);
    }
}

/* One vector; returns its spikes' bits. */
INLINE uint64_t general_neurons(const lsnn *s, vec I, size_t j, real *refr, const spot *k)
{
    vec alpha = v_load(s->alpha + j), v = old(k, s->q_v), z = old(k, s->q_z), th = v_set(s->v_th), A = th;
    vec in = v_load(s->g_in + j) * I, fresh;
    put(k, s->q_I, I);
    if (s->synaptic) {
        vec R = th * z, syn = v_load(s->rho + j) * old(k, s->q_a) + in;
        if (s->same_step) R = alpha * R;
        put(k, s->q_a, syn);
        fresh = alpha * v - R + syn;
    } else {
        if (s->has_a) {
            vec a = adaptation(s, k, j);
            put(k, s->q_a, a);
            A = th + v_load(s->beta + j) * a;
        }
        if (s->same_step) fresh = alpha * (v - th * z) + in;
        else if (s->net.opt.reset == EP_RESET_A_NEXT) fresh = alpha * v + in - A * z;
        else fresh = alpha * v + in - th * z;
    }
    put(k, s->q_v, fresh);
    return decide(s, s->old_v ? v : fresh, A, refr, k);
}

/* ---- local derivatives -------------------------------------------------------------------------------------- */

typedef struct jac {
    vec hh[NH_MOST][NH_MOST], loc[NH_MOST], tr[NH_MOST], hI[NH_MOST], hp[NH_MOST][EP_N_THETA], zh[NH_MOST], zp;
} jac;

/* Components of h: v, then a; synaptic: s, then v. */
INLINE int at_v(const lsnn *s) { return s->synaptic ? 1 : 0; }
enum { AT_A = 1 };

/* dz^t/d(h^t, beta) from one row and its step's beta. */
INLINE void jac_output(const lsnn *s, const real *row, const real *beta, size_t j, jac *J)
{
    int decider = s->old_v ? (int)s->nh - 1 : at_v(s);
    J->zh[decider] = v_load(row + (size_t)s->q_psi * s->np);
    if (!s->has_a) return;
    vec dzda = v_load(row + (size_t)s->q_dzda * s->np);
    J->zh[AT_A] = v_load(beta + j) * dzda;
    J->zp = v_load(row + (size_t)s->q_a * s->np) * dzda;
}

INLINE void jac_adaptation(const lsnn *s, const spot *k, size_t j, jac *J)
{
    const ep_options *o = &s->net.opt;
    vec rho = v_load(s->rho + j), g = v_load(s->g_a + j), a = old(k, s->q_a), z = old(k, s->q_z), per_gain = z;
    J->hh[AT_A][AT_A] = rho;
    J->hp[AT_A][EP_RHO] = a;
    if (o->adapt_source == EP_ADAPT_RHO_SUM) {
        J->loc[AT_A] = rho * g;
        J->hp[AT_A][EP_RHO] = a + g * z;
        per_gain = rho * z;
    } else if (o->adapt_source == EP_ADAPT_Z_UNMASKED) {
        vec g_dA = g * old(k, s->q_dzda_free);
        J->hh[AT_A][s->old_v ? (int)s->nh - 1 : 0] = g * old(k, s->q_psi_free);
        J->hh[AT_A][AT_A] = rho + v_load(k->beta_before + j) * g_dA;
        J->hp[AT_A][EP_BETA] = a * g_dA;
        per_gain = old(k, s->q_z_free);
    } else J->loc[AT_A] = g;
    if (o->gain_differentiated && o->g_a == EP_GAIN_COMPLEMENT) J->hp[AT_A][EP_RHO] -= per_gain;
}

/* -R z^{t-1} of v^t; where R = A^t, v^t also depends on whatever a^t depends on. */
INLINE void jac_reset(unsigned nh, const lsnn *s, const spot *k, size_t j, jac *J)
{
    const ep_options *o = &s->net.opt;
    int v = at_v(s);
    vec R = v_set(s->v_th);
    if (s->same_step) R = v_load(s->alpha + j) * R;
    else if (o->reset == EP_RESET_A_NEXT && s->has_a) {
        vec beta = v_load(s->beta + j), z = old(k, s->q_z), a = got(k, s->q_a), by_a = -(beta * z);
        R = v_set(s->v_th) + beta * a;
        for (unsigned m = 0; m < nh; m++) J->hh[v][m] += by_a * J->hh[AT_A][m];
        J->loc[v] += by_a * J->loc[AT_A];
        J->hp[v][EP_RHO] += by_a * J->hp[AT_A][EP_RHO];
        J->hp[v][EP_BETA] += by_a * J->hp[AT_A][EP_BETA] - z * a;
    }
    if (o->reset_path == EP_RESET_TRANSMITTED) J->tr[v] -= R;
    if (o->reset_path == EP_RESET_LOCAL) J->loc[v] -= R;
}

/* v^t contains s^t: its row is row s plus its own leak. */
INLINE void jac_synaptic(const lsnn *s, const spot *k, size_t j, jac *J)
{
    const ep_options *o = &s->net.opt;
    vec decay = v_load(s->rho + j), ds = old(k, s->q_a), g = v_load(s->g_in + j);
    if (o->gain_differentiated && o->g_in == EP_GAIN_COMPLEMENT) ds -= got(k, s->q_I);
    J->hh[0][0] = J->hh[1][0] = decay;
    J->hI[0] = J->hI[1] = g;
    J->hp[0][EP_ALPHA_S] = J->hp[1][EP_ALPHA_S] = ds;
}

INLINE void jac_at(unsigned nh, const lsnn *s, const spot *k, size_t j, jac *J)
{
    const ep_options *o = &s->net.opt;
    int v = at_v(s);
    for (unsigned a = 0; a < NH_MOST; a++) {
        J->loc[a] = J->tr[a] = J->hI[a] = J->zh[a] = v_set(0);
        for (unsigned b = 0; b < NH_MOST; b++) J->hh[a][b] = v_set(0);
        for (int p = 0; p < EP_N_THETA; p++) J->hp[a][p] = v_set(0);
    }
    J->zp = v_set(0);
    jac_output(s, k->now, s->beta, j, J);
    J->hh[v][v] = v_load(s->alpha + j);
    J->hp[v][EP_ALPHA] = old(k, s->q_v);
    if (s->same_step) J->hp[v][EP_ALPHA] -= v_set(s->v_th) * old(k, s->q_z);
    if (s->synaptic) jac_synaptic(s, k, j, J);
    else {
        J->hI[v] = v_load(s->g_in + j);
        if (o->gain_differentiated && o->g_in == EP_GAIN_COMPLEMENT) J->hp[v][EP_ALPHA] -= got(k, s->q_I);
        if (s->has_a) jac_adaptation(s, k, j, J);
    }
    jac_reset(nh, s, k, j, J);
    if (s->old_v) J->hh[nh - 1][v] = v_set(1);
}

#endif
