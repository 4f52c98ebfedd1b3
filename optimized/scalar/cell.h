/* Forward step of one neuron: h^t, z^t from h^{t-1}, z^{t-1}, I^t.
 *
 * SPDX-License-Identifier: MIT */
#ifndef OPT_SCALAR_CELL_H
#define OPT_SCALAR_CELL_H

#include "state.h"

/* f(u), u >= 0: max(0, 1-u), 1/(1+u)^2, exp(-u), 1/(1+(pi u)^2). */
static real psi_shape(ep_psi_shape kind, real u)
{
    real w = 1 + u, p = (real)3.14159265358979323846 * u;
    switch (kind) {
    case EP_FAST_SIGMOID: return 1 / (w * w);
    case EP_EXPONENTIAL: return r_exp(-u);
    case EP_ARCTAN: return 1 / (1 + p * p);
    default: return u < 1 ? 1 - u : 0;
    }
}

/* z = 1 if v > A (option: v >= A) and the neuron is not refractory; psi = dz/dv; dz/dA = -psi (option: -psi v/A).
 *
 *   psi = (gamma/w) f(|v - A|/w),  w = v_th (option: A);  option: gamma in place of gamma/w */
static void spike(const state *s, real v, real A, const spot *k)
{
    const ep_options *o = &s->net.opt;
    real x = v - A, w = o->psi_width == EP_WIDTH_A ? A : s->v_th;
    real scale = o->psi_scale == EP_SCALE_GAMMA ? s->gamma : s->gamma / w;
    real psi = scale * psi_shape(o->psi_shape, r_abs(x) / w);
    real dzdA = o->dz_da == EP_DZDA_AUTOGRAD ? -psi * v / A : -psi;
    bool over = x > 0 || (x == 0 && o->spike_test == EP_TEST_GE), refractory = k->refr_prev > 0;
    bool fires = over && !refractory, masked = refractory && o->psi_refractory == EP_PSI_ZERO;
    real left = fires ? (real)(s->n_ref - 1) : k->refr_prev - 1;
    *k->z = fires ? 1 : 0;
    *k->refr = left > 0 ? left : 0;
    k->q[PSI] = masked ? 0 : psi;
    k->q[DZDA] = masked ? 0 : dzdA;
    k->q[PSI_FREE] = psi;
    k->q[DZDA_FREE] = dzdA;
    k->q[Z_FREE] = over ? 1 : 0;
}

/* a^t = rho a^{t-1} + g_a z^{t-1}; options: the spike before refractoriness; rho (a^{t-1} + g_a z^{t-1}). */
static real adaptation(const state *s, const spot *k)
{
    real rho = theta(s, EP_RHO, k->j), a = k->h_prev[s->a];
    switch (s->net.opt.adapt_source) {
    case EP_ADAPT_Z_UNMASKED: return rho * a + s->g_a[k->j] * k->q_prev[Z_FREE];
    case EP_ADAPT_RHO_SUM: return rho * (a + s->g_a[k->j] * k->z_prev);
    default: return rho * a + s->g_a[k->j] * k->z_prev;
    }
}

/* LIF and ALIF: v^t = alpha v^{t-1} + g_in I^t - R z^{t-1}, R = v_th; options: A^t; alpha v_th. */
static void step_spiking(const state *s, const spot *k)
{
    real alpha = theta(s, EP_ALPHA, k->j), A = s->v_th, in = s->g_in[k->j] * k->I[0], v = k->h_prev[s->v];
    if (s->a >= 0) {
        *k->beta = theta(s, EP_BETA, k->j);
        k->h[s->a] = adaptation(s, k);
        A = s->v_th + *k->beta * k->h[s->a];
    }
    switch (s->net.opt.reset) {
    case EP_RESET_A_NEXT: k->h[s->v] = alpha * v + in - A * k->z_prev; break;
    case EP_RESET_VTH_SAME: k->h[s->v] = alpha * (v - s->v_th * k->z_prev) + in; break;
    default: k->h[s->v] = alpha * v + in - s->v_th * k->z_prev;
    }
    if (s->decider != s->v) k->h[s->decider] = v;
    spike(s, k->h[s->decider], A, k);
}

/* s^t = alpha_s s^{t-1} + g_in I^t;  v^t = alpha v^{t-1} - R z^{t-1} + s^t, R = v_th; option: alpha v_th. */
static void step_synaptic(const state *s, const spot *k)
{
    real alpha = theta(s, EP_ALPHA, k->j), R = s->v_th * k->z_prev;
    if (s->net.opt.reset == EP_RESET_VTH_SAME) R = alpha * R;
    k->h[0] = theta(s, EP_ALPHA_S, k->j) * k->h_prev[0] + s->g_in[k->j] * k->I[0];
    k->h[s->v] = alpha * k->h_prev[s->v] - R + k->h[0];
    spike(s, k->h[s->v], s->v_th, k);
}

/* i,f,o = sigmoid, g = tanh of their currents; c^t = f c^{t-1} + i g; z^t = o phi(c^t). */
static void step_lstm(const state *s, const spot *k)
{
    real *q = k->q;
    q[GI] = r_sigmoid(k->I[GI]);
    q[GF] = r_sigmoid(k->I[GF] + s->b_forget);
    q[GG] = r_tanh(k->I[GG]);
    q[GO] = r_sigmoid(k->I[GO]);
    k->h[0] = q[GF] * k->h_prev[0] + q[GI] * q[GG];
    q[PHI] = s->net.opt.phi == EP_PHI_TANH ? r_tanh(k->h[0]) : k->h[0];
    *k->z = q[GO] * q[PHI];
}

/* v^t = alpha v^{t-1} + I^t;  z^t = tanh(v^t). No gain. */
static void step_rate(const state *s, const spot *k)
{
    k->h[0] = theta(s, EP_ALPHA, k->j) * k->h_prev[0] + k->I[0];
    *k->z = r_tanh(k->h[0]);
}

static void cell_step(const state *s, const spot *k)
{
    switch (s->net.model) {
    case EP_LSTM: step_lstm(s, k); break;
    case EP_RATE: step_rate(s, k); break;
    case EP_SYNAPTIC: step_synaptic(s, k); break;
    default: step_spiking(s, k);
    }
}

#endif
