/* The slope of the pseudo-derivative, for gradients through eligibility traces.
 *
 *   spiking  d psi/dx = (s/w) sign(x) f'(|x|/w),  x = v - A, w = v_th, s = psi's scale
 *            f' = -1 for |x| < w, else 0;  -2/(1+u)^3;  -exp(-u);  -2 pi^2 u/(1+(pi u)^2)^2
 *   rate     d(1 - z^2)/dv = -2 z (1 - z^2)
 *
 * At a kink the slope is 0: at x = 0, and for the triangle at |x| = w, where every neuron at rest is.
 * SPDX-License-Identifier: MIT */
#include "eprop2.h"

static void square(ref_ctx *c, ref_num *r) { ref_mul(c, r, r, r); }

/* r = -f'(u), u > 0. */
static ep_status steepness(ref_ctx *c, ep_psi_shape kind, ref_num *u, ref_num *r)
{
    ref_num *w = &c->tmp2;
    switch (kind) {
    case EP_TRIANGLE:
        ref_set(c, r, &c->one);
        return EP_OK;
    case EP_FAST_SIGMOID:
        ref_add(c, u, &c->one, u);
        ref_mul(c, w, u, u);
        ref_mul(c, u, u, w);
        ref_set_d(c, w, 2.0);
        ref_div(c, r, w, u);
        return EP_OK;
    case EP_EXPONENTIAL:
        if (!c->ar->exp) return EP_NOTIMPL;
        ref_neg(c, u, u);
        c->ar->exp(c, r, u);
        return EP_OK;
    case EP_ARCTAN: /* 2 pi (pi u) / (1 + (pi u)^2)^2 */
        if (!c->ar->pi) return EP_NOTIMPL;
        c->ar->pi(c, r);
        ref_mul(c, u, u, r);
        ref_mul(c, r, r, u);
        ref_add(c, r, r, r);
        square(c, u);
        ref_add(c, u, &c->one, u);
        square(c, u);
        ref_div(c, r, r, u);
        return EP_OK;
    }
    return EP_DOMAIN;
}

static void rate_slope(ref_ctx *c, const ref_spot *s, ref_num *r)
{
    ref_mul(c, r, s->z, s->z);
    ref_sub(c, r, r, &c->one);
    ref_mul(c, r, r, s->z);
    ref_add(c, r, r, r);
}

static ep_status spike_slope(ref_ctx *c, const ref_net *net, int j, const ref_spot *s, ref_num *w, ref_num *r)
{
    ref_num *x = &w[0], *u = &w[1];
    ref_sub(c, x, &s->h[0], net->v_th);
    if (net->theta[EP_BETA]) {
        ref_mul(c, u, &net->theta[EP_BETA][j], &s->h[1]);
        ref_sub(c, x, x, u);
    }
    int side = c->ar->sign(x), open = REF_POS;
    c->ar->abs(c, u, x);
    ref_sub(c, &c->tmp2, net->v_th, u);
    if (net->opt.psi_shape == EP_TRIANGLE) open = c->ar->sign(&c->tmp2);
    if (open == REF_UNDECIDED || side == REF_UNDECIDED) return EP_UNABLE;
    if (open != REF_POS || side == REF_ZERO) return EP_OK;
    ref_div(c, u, u, net->v_th);
    ep_status st = steepness(c, net->opt.psi_shape, u, r);
    ref_mul(c, r, r, net->psi_scale);
    ref_div(c, r, r, net->v_th);
    if (side == REF_POS) ref_neg(c, r, r);
    return st;
}

ep_status ref_psi_slope(ref_ctx *c, const ref_net *net, int j, const ref_spot *s, int refr_prev, ref_num *r)
{
    ref_set(c, r, &c->zero);
    if (net->model == EP_RATE) {
        rate_slope(c, s, r);
        return EP_OK;
    }
    if (c->ar->symbolic) {
        ref_draw(c, r);
        return EP_OK;
    }
    if (refr_prev > 0 && net->opt.psi_refractory == EP_PSI_ZERO) return EP_OK;
    ref_num *w = ref_vec(c, 2);
    return w ? spike_slope(c, net, j, s, w, r) : c->status;
}
