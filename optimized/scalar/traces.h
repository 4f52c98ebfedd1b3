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

/* What is common to all traces of a neuron at a step. */
typedef struct motion {
    jac J, before; /* of steps t and t-1 */
    real M[NH][NH];
} motion;

static motion motion_at(const state *s, size_t b, uint64_t t, size_t j)
{
    motion m = {.J = jac_at(s, b, t, j), .before = jac_output_at(s, b, t - 1, j)};
    for (size_t h = 0; h < s->nh; h++)
        for (size_t k = 0; k < s->nh; k++) m.M[h][k] = m.J.hh[h][k] + m.J.hz_loc[h] * m.before.zh[k];
    return m;
}

/* eps <- M eps + drive; returns e. drive[h] and direct are what the parameter itself adds to h^t and to z^t. */
static real trace_move(size_t nh, const motion *m, const real drive[NH], real direct, real *eps)
{
    real fresh[NH], e = 0;
    for (size_t h = 0; h < nh; h++) {
        fresh[h] = 0;
        for (size_t k = 0; k < nh; k++) fresh[h] += m->M[h][k] * eps[k];
        fresh[h] += drive[h];
    }
    for (size_t h = 0; h < nh; h++) {
        eps[h] = fresh[h];
        e += m->J.zh[h] * eps[h];
    }
    return e + direct;
}

/* The traces of one run of parameters. */
static void traces_run(state *s, const motion *m, const run *r, size_t slot)
{
    real drive[NH] = {0}, direct = r->p < 0 ? 0 : m->J.zp[r->p];
    for (size_t h = 0; r->p >= 0 && h < s->nh; h++) drive[h] = m->J.hp[h][r->p] + m->J.hz_loc[h] * m->before.zp[r->p];
    for (size_t k = 0; k < r->n; k++) {
        size_t at = slot * s->n_par + r->at + k;
        if (k == r->masked) continue;
        for (size_t h = 0; r->p < 0 && h < s->nh; h++) drive[h] = m->J.hI[h][r->ch] * r->pre[k];
        if (r->p < 0) direct = m->J.zI[r->ch] * r->pre[k];
        real e = trace_move(s->nh, m, drive, direct, s->eps + at * s->nh);
        s->e[at] = e;
        s->ebar[at] = s->kappa * s->ebar[at] + e;
        if (s->R) s->R[at] += e;
    }
}

/* All traces of trial b, kept in slot `slot`, to step t. */
static void traces_step(state *s, size_t b, size_t slot, uint64_t t, const real *x)
{
    const real *z_pre = s->z + frame_before(s, b, t, s->delay) * s->n_rec;
    for (size_t j = 0; j < s->n_rec; j++) {
        motion m = motion_at(s, b, t, j);
        for (size_t n = 0; n < runs_of_row(s); n++) {
            run r = run_of(s, j, n, x, z_pre);
            traces_run(s, &m, &r, slot);
        }
    }
}

/* gradient += L_e e + L_ebar ebar for every parameter of neuron j; L_e and reg per neuron, NULL = 0. */
static void traces_meet(state *s, size_t slot, const real *L_e, const real *reg, const real *L_ebar)
{
    for (size_t j = 0; j < s->n_rec; j++) {
        real direct = (L_e ? L_e[j] : 0) + (reg ? reg[j] : 0);
        for (size_t n = 0; n < runs_of_row(s); n++) {
            run r = run_of(s, j, n, NULL, NULL);
            size_t at = slot * s->n_par + r.at; /* the masked trace is 0 */
            for (size_t k = 0; (L_e || reg) && k < r.n; k++) s->acc[at + k] += direct * s->e[at + k];
            for (size_t k = 0; k < r.n; k++) s->acc[at + k] += L_ebar[j] * s->ebar[at + k];
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
