/* Local derivatives of one neuron at one recorded step.
 *
 * Learning rules see a model only through these: a new cell is a step, its derivatives, and its rows in the tables.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_SCALAR_JACOBIAN_H
#define OPT_SCALAR_JACOBIAN_H

#include "state.h"

/* dz^t/d(h^t, I^t, theta). */
static void jac_output(const state *s, const spot *k, jac *J)
{
    const real *q = k->q;
    switch (s->net.model) {
    case EP_LSTM:
        J->zh[0] = s->net.opt.phi == EP_PHI_TANH ? q[GO] * (1 - q[PHI] * q[PHI]) : q[GO];
        J->zI[GO] = q[PHI] * (q[GO] * (1 - q[GO]));
        return;
    case EP_RATE: J->zh[0] = 1 - *k->z * *k->z; return;
    default: break;
    }
    J->zh[s->decider] = q[PSI];
    if (s->a < 0) return;
    J->zh[s->a] = *k->beta * q[DZDA];
    J->zp[EP_BETA] = k->h[s->a] * q[DZDA];
}

/* Row a of dh^t/d(h^{t-1}, z^{t-1}, theta). The unmasked spike is a function of h^{t-1}, beta and a^{t-1}. */
static void jac_adaptation(const state *s, const spot *k, jac *J)
{
    const ep_options *o = &s->net.opt;
    int a = s->a;
    real rho = theta(s, EP_RHO, k->j), g = s->g_a[k->j], a_prev = k->h_prev[a];
    real source = k->z_prev, per_gain = source; /* da^t/dg_a */
    J->hh[a][a] = rho;
    if (o->adapt_source == EP_ADAPT_RHO_SUM) {
        J->hz_loc[a] = rho * g;
        J->hp[a][EP_RHO] = a_prev + g * source;
        per_gain = rho * source;
    } else if (o->adapt_source == EP_ADAPT_Z_UNMASKED) {
        real g_dA = g * k->q_prev[DZDA_FREE];
        J->hh[a][s->decider] = g * k->q_prev[PSI_FREE];
        J->hh[a][a] = rho + k->beta_prev * g_dA;
        J->hp[a][EP_RHO] = a_prev;
        J->hp[a][EP_BETA] = a_prev * g_dA;
        per_gain = k->q_prev[Z_FREE];
    } else {
        J->hz_loc[a] = g;
        J->hp[a][EP_RHO] = a_prev;
    }
    if (o->gain_differentiated && o->g_a == EP_GAIN_COMPLEMENT) J->hp[a][EP_RHO] -= per_gain;
}

/* The reset -R z^{t-1} of v^t: dv/dz^{t-1} = -R, on the path that the option names; where R = A^t = v_th + beta a^t,
 * v^t also depends on whatever a^t depends on. */
static void jac_reset(const state *s, const spot *k, jac *J)
{
    const ep_options *o = &s->net.opt;
    int v = s->v, a = s->a;
    real R = s->v_th;
    if (o->reset == EP_RESET_VTH_SAME) R = theta(s, EP_ALPHA, k->j) * s->v_th;
    if (o->reset == EP_RESET_A_NEXT && a >= 0) {
        real beta = theta(s, EP_BETA, k->j), by_a = -(beta * k->z_prev);
        R = s->v_th + beta * k->h[a];
        for (size_t m = 0; m < s->nh; m++) J->hh[v][m] += by_a * J->hh[a][m];
        J->hz_loc[v] += by_a * J->hz_loc[a];
        J->hp[v][EP_RHO] += by_a * J->hp[a][EP_RHO];
        J->hp[v][EP_BETA] += by_a * J->hp[a][EP_BETA] - k->z_prev * k->h[a];
    }
    if (o->reset_path == EP_RESET_TRANSMITTED) J->hz_tr[v] -= R;
    if (o->reset_path == EP_RESET_LOCAL) J->hz_loc[v] -= R;
}

static void jac_spiking(const state *s, const spot *k, jac *J)
{
    const ep_options *o = &s->net.opt;
    int v = s->v;
    J->hh[v][v] = theta(s, EP_ALPHA, k->j);
    J->hI[v][0] = s->g_in[k->j];
    J->hp[v][EP_ALPHA] = k->h_prev[v];
    if (o->reset == EP_RESET_VTH_SAME) J->hp[v][EP_ALPHA] -= s->v_th * k->z_prev;
    if (o->gain_differentiated && o->g_in == EP_GAIN_COMPLEMENT) J->hp[v][EP_ALPHA] -= k->I[0];
    if (s->a >= 0) jac_adaptation(s, k, J);
    jac_reset(s, k, J);
    if (s->decider != v) J->hh[s->decider][v] = 1;
}

/* v^t contains s^t: its row is row s plus its own leak and reset. */
static void jac_synaptic(const state *s, const spot *k, jac *J)
{
    const ep_options *o = &s->net.opt;
    int v = s->v;
    real alpha = theta(s, EP_ALPHA, k->j), R = s->v_th, ds = k->h_prev[0], dv = k->h_prev[v];
    if (o->gain_differentiated && o->g_in == EP_GAIN_COMPLEMENT) ds -= k->I[0];
    if (o->reset == EP_RESET_VTH_SAME) {
        dv -= s->v_th * k->z_prev;
        R = alpha * s->v_th;
    }
    J->hh[0][0] = J->hh[v][0] = theta(s, EP_ALPHA_S, k->j);
    J->hh[v][v] = alpha;
    J->hI[0][0] = J->hI[v][0] = s->g_in[k->j];
    J->hp[0][EP_ALPHA_S] = J->hp[v][EP_ALPHA_S] = ds;
    J->hp[v][EP_ALPHA] = dv;
    if (o->reset_path == EP_RESET_TRANSMITTED) J->hz_tr[v] = -R;
    if (o->reset_path == EP_RESET_LOCAL) J->hz_loc[v] = -R;
}

/* dc/dI_i = g i(1-i), dc/dI_f = c^{t-1} f(1-f), dc/dI_g = i(1-g^2), dc^t/dc^{t-1} = f. */
static void jac_lstm(const spot *k, jac *J)
{
    const real *q = k->q;
    J->hh[0][0] = q[GF];
    J->hI[0][GI] = q[GG] * (q[GI] * (1 - q[GI]));
    J->hI[0][GF] = k->h_prev[0] * (q[GF] * (1 - q[GF]));
    J->hI[0][GG] = q[GI] * (1 - q[GG] * q[GG]);
}

static void jac_rate(const state *s, const spot *k, jac *J)
{
    J->hh[0][0] = theta(s, EP_ALPHA, k->j);
    J->hI[0][0] = 1;
    J->hp[0][EP_ALPHA] = k->h_prev[0];
}

/* All of them, of neuron j of trial b at step t. */
static jac jac_at(const state *s, size_t b, uint64_t t, size_t j)
{
    jac J = {.zh = {0}};
    spot k = spot_at(s, b, t, j);
    jac_output(s, &k, &J);
    switch (s->net.model) {
    case EP_LSTM: jac_lstm(&k, &J); break;
    case EP_RATE: jac_rate(s, &k, &J); break;
    case EP_SYNAPTIC: jac_synaptic(s, &k, &J); break;
    default: jac_spiking(s, &k, &J);
    }
    return J;
}

/* Those of z alone. */
static jac jac_output_at(const state *s, size_t b, uint64_t t, size_t j)
{
    jac J = {.zh = {0}};
    spot k = spot_at(s, b, t, j);
    jac_output(s, &k, &J);
    return J;
}

#endif
