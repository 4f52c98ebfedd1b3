/* The spike and its pseudo-derivative, shared by all cells that spike.
 *
 *   x = v - A,  A = v_th + beta a;   z = 1 if x > 0 (option: x >= 0) and the neuron is not refractory
 *   psi = s f(|x| / w),  s = gamma/v_th (options: gamma; with width A: gamma/A),  w = v_th (option: A)
 *   f(u) = max(0, 1-u), 1/(1+u)^2, exp(-u), 1/(1+(pi u)^2)
 *   dz/dA = -psi (option: -psi v/A)
 *
 * SPDX-License-Identifier: MIT */
#include "cell.h"

/* r = f(u), u >= 0. */
static ep_status shape(ref_ctx *c, ep_psi_shape kind, ref_num *r, ref_num *u)
{
    switch (kind) {
    case EP_TRIANGLE:
        ref_sub(c, u, &c->one, u);
        c->ar->pos(c, r, u);
        return EP_OK;
    case EP_FAST_SIGMOID:
        ref_add(c, u, &c->one, u);
        ref_mul(c, u, u, u);
        ref_div(c, r, &c->one, u);
        return EP_OK;
    case EP_EXPONENTIAL:
        if (!c->ar->exp) return EP_NOTIMPL;
        ref_neg(c, u, u);
        c->ar->exp(c, r, u);
        return EP_OK;
    case EP_ARCTAN:
        if (!c->ar->pi) return EP_NOTIMPL;
        c->ar->pi(c, r);
        ref_mul(c, u, u, r);
        ref_mul(c, u, u, u);
        ref_add(c, u, &c->one, u);
        ref_div(c, r, &c->one, u);
        return EP_OK;
    }
    return EP_DOMAIN;
}

/* dz/dA from psi. */
static ep_status adaptive_part(ref_ctx *c, const ref_net *net, const ref_num *v, const ref_num *A, const ref_num *psi, ref_num *dzdA)
{
    ref_neg(c, dzdA, psi);
    if (net->opt.dz_da == EP_DZDA_AUTOGRAD) {
        ref_mul(c, dzdA, dzdA, v);
        ref_div(c, dzdA, dzdA, A);
    }
    return EP_OK;
}

/* psi and dz/dA from x = v - A, before the refractory rule. */
static ep_status pseudo_derivative(ref_ctx *c, const ref_net *net, const ref_num *v, const ref_num *A,
                                   const ref_num *x, ref_num *psi, ref_num *dzdA)
{
    ref_num *u = &c->tmp2;
    if (c->given_psi) {
        ref_set_d(c, psi, c->psi_value);
        return adaptive_part(c, net, v, A, psi, dzdA);
    }
    c->ar->abs(c, u, x);
    ref_div(c, u, u, net->opt.psi_width == EP_WIDTH_A ? A : net->v_th);
    ep_status st = shape(c, net->opt.psi_shape, psi, u);
    if (st != EP_OK) return st;
    ref_mul(c, psi, psi, net->psi_scale);
    if (net->opt.psi_width == EP_WIDTH_A && net->opt.psi_scale == EP_SCALE_GAMMA_VTH) {
        ref_mul(c, psi, psi, net->v_th);
        ref_div(c, psi, psi, A);
    }
    return adaptive_part(c, net, v, A, psi, dzdA);
}

static void draw(ref_ctx *c, const ref_net *net, ref_num *z, ref_num *q)
{
    ref_draw(c, z);
    for (int k = REF_Q_PSI; k <= REF_Q_PSI_FREE; k += REF_Q_PSI_FREE - REF_Q_PSI) {
        ref_draw(c, &q[k]);
        if (net->opt.dz_da == EP_DZDA_AUTOGRAD) ref_draw(c, &q[k + 1]);
        else ref_neg(c, &q[k + 1], &q[k]);
    }
    ref_draw(c, &q[REF_Q_Z_FREE]);
}

ep_status ref_spike(ref_ctx *c, const ref_net *net, const ref_num *v, const ref_num *A, ref_num *z, ref_num *q,
                    int refr_prev, int *refr)
{
    *refr = 0;
    if (c->ar->symbolic) {
        draw(c, net, z, q);
        return EP_OK;
    }
    ref_num *x = &q[REF_Q_Z_FREE]; /* holds v - A until the spike overwrites it */
    ref_sub(c, x, v, A);
    if (c->keep_test) ref_set(c, c->keep_test, x);
    int s = c->ar->sign(x);
    if (s == REF_UNDECIDED && c->hinted) s = c->hint;
    if (c->given_z && (s == REF_UNDECIDED || refr_prev == 0)) s = c->z_value != 0.0 ? REF_POS : REF_NEG;
    if (s == REF_UNDECIDED) return EP_UNABLE;
    ep_status st = pseudo_derivative(c, net, v, A, x, &q[REF_Q_PSI_FREE], &q[REF_Q_DZDA_FREE]);
    if (st != EP_OK) return st;
    bool fires = s == REF_POS || (s == REF_ZERO && net->opt.spike_test == EP_TEST_GE);
    bool refractory = refr_prev > 0, masked = refractory && net->opt.psi_refractory == EP_PSI_ZERO;
    masked = masked && !c->given_psi;
    bool spike = c->given_z ? c->z_value != 0.0 : fires && !refractory;
    ref_set(c, &q[REF_Q_Z_FREE], fires ? &c->one : &c->zero);
    ref_set(c, z, spike ? &c->one : &c->zero);
    ref_set(c, &q[REF_Q_PSI], masked ? &c->zero : &q[REF_Q_PSI_FREE]);
    ref_set(c, &q[REF_Q_DZDA], masked ? &c->zero : &q[REF_Q_DZDA_FREE]);
    *refr = spike ? net->n_ref - 1 : refr_prev - 1;
    if (*refr < 0) *refr = 0;
    return EP_OK;
}
