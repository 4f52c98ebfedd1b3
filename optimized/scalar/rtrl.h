/* Real-time recurrent learning: exact, forward in time, the sensitivity of every neuron to every parameter.
 *
 *   dI_cl/dtheta = sum_i Wrec^c_li P_i(t-d) + [theta is a weight of row l, channel c] pre
 *   S_l(t) = (dh/dh) S_l(t-1) + (dh/dz, local + transmitted) P_l(t-1) + (dh/dI) dI/dtheta + [row l] dh/dtheta
 *   P_l(t) = (dz/dh)^T S_l(t) + (dz/dI) dI/dtheta + [row l] dz/dtheta
 *   Y_k(t) = kappa Y_k(t-1) + g_out sum_l Wout_kl P_l(t);  gradient = sum_t err_k Y_k + reg_l P_l
 *
 * Cost n_rec^3 (n_rec + n_in) a step, memory n_rec^2 (n_rec + n_in) (nh + d + 1) a trial.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_SCALAR_RTRL_H
#define OPT_SCALAR_RTRL_H

#include "forward.h"
#include "jacobian.h"

/* P_0(t - back) of one trial; neuron l follows n_par numbers later. */
static real *sensitivity(const state *s, size_t b, uint64_t t, size_t back)
{
    size_t ring = s->delay + 1;
    return s->zs + (b * ring + (size_t)((t + ring - back) % ring)) * s->n_rec * s->n_par;
}

/* One parameter of row j: at, channel or theta, and what it multiplies. */
typedef struct parameter {
    size_t j, at;
    int ch, p;
    real pre;
} parameter;

/* Sensitivity of neuron l to parameter c. */
static void rtrl_entry(state *s, size_t b, uint64_t t, size_t l, const jac *J, const parameter *c)
{
    const real *Wrec = group(s, EP_G_WREC), *past = sensitivity(s, b, t, s->delay) + c->at;
    real P_before = sensitivity(s, b, t, 1)[l * s->n_par + c->at];
    real *S = s->S + ((b * s->n_rec + l) * s->n_par + c->at) * s->nh, fresh[NH], dI[NC], P = 0;
    bool own = c->j == l;
    for (size_t ch = 0; ch < s->nc; ch++) {
        dI[ch] = 0;
        for (size_t i = 0; i < s->n_rec; i++) dI[ch] += Wrec[(ch * s->n_rec + l) * s->n_rec + i] * past[i * s->n_par];
        if (own && c->p < 0 && (size_t)c->ch == ch) dI[ch] += c->pre;
    }
    for (size_t h = 0; h < s->nh; h++) {
        fresh[h] = 0;
        for (size_t m = 0; m < s->nh; m++) fresh[h] += J->hh[h][m] * S[m];
        fresh[h] += J->hz_loc[h] * P_before;
        fresh[h] += J->hz_tr[h] * P_before;
        for (size_t ch = 0; ch < s->nc; ch++) fresh[h] += J->hI[h][ch] * dI[ch];
        if (own && c->p >= 0) fresh[h] += J->hp[h][c->p];
    }
    for (size_t h = 0; h < s->nh; h++) {
        S[h] = fresh[h];
        P += J->zh[h] * S[h];
    }
    for (size_t ch = 0; ch < s->nc; ch++) P += J->zI[ch] * dI[ch];
    if (own && c->p >= 0) P += J->zp[c->p];
    sensitivity(s, b, t, 0)[l * s->n_par + c->at] = P;
    if (s->Rs) s->Rs[(b * s->n_rec + l) * s->n_par + c->at] += P;
}

static void rtrl_readout(state *s, size_t b, uint64_t t, size_t i)
{
    const real *P = sensitivity(s, b, t, 0) + i, *Wout = group(s, EP_G_WOUT);
    for (size_t k = 0; k < s->n_out; k++) {
        real *Y = s->Y + (b * s->n_out + k) * s->n_par + i;
        *Y = s->kappa * *Y;
        for (size_t l = 0; l < s->n_rec; l++) *Y += s->g_out * Wout[k * s->n_rec + l] * P[l * s->n_par];
    }
}

static void rtrl_step(state *s, size_t b, uint64_t t, const real *x)
{
    const real *z_pre = s->z + frame_before(s, b, t, s->delay) * s->n_rec;
    for (size_t l = 0; l < s->n_rec; l++) {
        jac J = jac_at(s, b, t, l);
        for (size_t j = 0; j < s->n_rec; j++)
            for (size_t n = 0; n < runs_of_row(s); n++) {
                run r = run_of(s, j, n, x, z_pre);
                for (size_t k = 0; k < r.n; k++) {
                    parameter c = {.j = j, .at = r.at + k, .ch = r.ch, .p = r.p, .pre = r.pre[k]};
                    if (k != r.masked) rtrl_entry(s, b, t, l, &J, &c);
                }
            }
    }
    for (size_t i = 0; i < s->n_par; i++) rtrl_readout(s, b, t, i);
}

static void rtrl_learn(state *s, size_t b, uint64_t t)
{
    const real *err = s->err + frame(s, b, t) * s->n_out;
    for (size_t k = 0; k < s->n_out; k++)
        for (size_t i = 0; i < s->n_par; i++)
            s->acc[b * s->n_par + i] += err[k] * s->Y[(b * s->n_out + k) * s->n_par + i];
}

/* The regulariser's part of one parameter: sum_l reg_l sum_t P_l. */
static real rtrl_reg(const state *s, size_t i)
{
    real sum = 0;
    for (size_t l = 0; l < s->n_rec; l++) {
        real R = 0;
        for (size_t b = 0; b < s->nb; b++) R += s->Rs[(b * s->n_rec + l) * s->n_par + i];
        sum += reg_signal(s, l) * R;
    }
    return sum;
}

#endif
