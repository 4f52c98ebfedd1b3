/* Explicit eligibility traces, one a parameter, forward in time; and the signal that they meet.
 *
 *   M^t    = dh^t/dh^{t-1} + (dh^t/dz^{t-1}, local) dz^{t-1}/dh^{t-1}
 *   eps(t) = M^t eps(t-1) + (dh^t/dI_c) pre^t         theta: + dh^t/dtheta + (dh^t/dz^{t-1}, local) dz^{t-1}/dtheta
 *   e(t)   = (dz^t/dh^t)^T eps(t) + (dz^t/dI_c) pre^t  theta: + dz^t/dtheta
 *   ebar(t) = kappa ebar(t-1) + e(t)
 *
 * ALIF: eps^a(t) = rho eps^a(t-1) + g_a e(t-1), eps^v(t) = alpha eps^v(t-1) + g_in pre, e = psi (eps^v - beta eps^a).
 * SPDX-License-Identifier: MIT */
#ifndef OPT_SCALAR_TRACES_H
#define OPT_SCALAR_TRACES_H

#include "forward.h"
#include "jacobian.h"

/* One eligibility vector moves on; returns e. */
static real trace_move(const state *s, const jac *J, const jac *before, real M[NH][NH], const column *c, real *eps)
{
    real fresh[NH], e = 0;
    for (size_t h = 0; h < s->nh; h++) {
        fresh[h] = 0;
        for (size_t m = 0; m < s->nh; m++) fresh[h] += M[h][m] * eps[m];
        fresh[h] += c->p < 0 ? J->hI[h][c->ch] * c->pre : J->hp[h][c->p] + J->hz_loc[h] * before->zp[c->p];
    }
    for (size_t h = 0; h < s->nh; h++) {
        eps[h] = fresh[h];
        e += J->zh[h] * eps[h];
    }
    return e + (c->p < 0 ? J->zI[c->ch] * c->pre : J->zp[c->p]);
}

/* All traces of trial b, kept in slot `slot`, to step t. */
static void traces_step(state *s, size_t b, size_t slot, uint64_t t, const real *x)
{
    const real *z_pre = s->z + frame_before(s, b, t, s->delay) * s->n_rec;
    for (size_t j = 0; j < s->n_rec; j++) {
        jac J = jac_at(s, b, t, j), before = jac_output_at(s, b, t - 1, j);
        real M[NH][NH] = {{0}};
        for (size_t h = 0; h < s->nh; h++)
            for (size_t m = 0; m < s->nh; m++) M[h][m] = J.hh[h][m] + J.hz_loc[h] * before.zh[m];
        for (size_t n = 0; n < columns_of_row(s); n++) {
            column c;
            if (!column_of(s, j, n, x, z_pre, &c)) continue;
            size_t at = slot * s->n_par + c.at;
            real e = trace_move(s, &J, &before, M, &c, s->eps + at * s->nh);
            s->e[at] = e;
            s->ebar[at] = s->kappa * s->ebar[at] + e;
            if (s->R) s->R[at] += e;
        }
    }
}

/* gradient += L_e e + L_ebar ebar for every parameter of neuron j; L_e and L_ebar per neuron, NULL = 0. */
static void traces_meet(state *s, size_t slot, const real *L_e, const real *reg, const real *L_ebar)
{
    for (size_t j = 0; j < s->n_rec; j++) {
        real direct = (L_e ? L_e[j] : 0) + (reg ? reg[j] : 0);
        for (size_t n = 0; n < columns_of_row(s); n++) {
            column c;
            if (!column_of(s, j, n, NULL, s->z, &c)) continue;
            size_t at = slot * s->n_par + c.at;
            if (L_e || reg) s->acc[at] += direct * s->e[at];
            s->acc[at] += L_ebar[j] * s->ebar[at];
        }
    }
}

/* L_j^t = g_out sum_k B_jk err_k^t; symmetric: B = Wout^T. */
static void feedback(const state *s, size_t b, uint64_t t, bool symmetric, real *L)
{
    const real *err = s->err + frame(s, b, t) * s->n_out, *Wout = group(s, EP_G_WOUT);
    for (size_t j = 0; j < s->n_rec; j++) {
        real sum = 0;
        for (size_t k = 0; k < s->n_out; k++)
            sum += (symmetric ? Wout[k * s->n_rec + j] : s->fb[j * s->n_out + k]) * err[k];
        L[j] = s->g_out * sum;
    }
}

/* The slot of L^{t-late} in the ring of late signals. */
static real *late_signal(const state *s, size_t b, uint64_t t, size_t late)
{
    size_t ring = (size_t)s->net.opt.delay_L + 1;
    return s->late + (b * ring + (size_t)((t + ring - late) % ring)) * s->n_rec;
}

#endif
