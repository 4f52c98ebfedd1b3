/* The spike decision and its pseudo-derivatives, in ordered arithmetics from the tape's own numbers.
 * SPDX-License-Identifier: MIT */
#include "tape_model.h"

/* scale x shape(|u|), u = (v - A)/width. */
static void shape_of_psi(tape_net *n, ref_num *psi, const ref_num *absu, const ref_num *scale)
{
    ref_ctx *c = n->t->c;
    const ref_arith *ar = c->ar;
    ref_num *s = ref_tape_num(n->t);
    switch (n->net->opt.psi_shape) {
    case EP_TRIANGLE:
        ref_sub(c, s, &c->one, absu);
        ar->pos(c, s, s);
        ref_mul(c, psi, scale, s);
        return;
    case EP_FAST_SIGMOID:
        ref_add(c, s, &c->one, absu);
        ref_mul(c, s, s, s);
        ref_div(c, psi, scale, s);
        return;
    case EP_EXPONENTIAL:
        if (!ar->exp) break;
        ref_neg(c, s, absu);
        ar->exp(c, s, s);
        ref_mul(c, psi, scale, s);
        return;
    case EP_ARCTAN:
        if (!ar->pi) break;
        ar->pi(c, s);
        ref_mul(c, s, s, absu);
        ref_mul(c, s, s, s);
        ref_add(c, s, &c->one, s);
        ref_div(c, psi, scale, s);
        return;
    }
    tape_fail(n, EP_NOTIMPL);
}

/* dz/dv and dz/dA of the spike without refractoriness; diff = v - A. */
static void pseudo_derivatives(tape_net *n, const ref_num *v, const ref_num *A, const ref_num *diff, ref_num *dv, ref_num *dA)
{
    ref_ctx *c = n->t->c;
    const ep_options *o = &n->net->opt;
    bool wide = o->psi_width == EP_WIDTH_A;
    if (wide || o->dz_da == EP_DZDA_AUTOGRAD) {
        int s = c->ar->sign(A);
        if (s == REF_ZERO || s == REF_UNDECIDED) {
            tape_fail(n, s == REF_ZERO ? EP_DOMAIN : EP_UNABLE);
            return;
        }
    }
    ref_num *u = ref_tape_num(n->t), *scale = ref_tape_num(n->t);
    ref_div(c, u, diff, wide ? A : n->net->v_th);
    c->ar->abs(c, u, u);
    ref_set(c, scale, n->net->psi_scale);
    if (wide && o->psi_scale == EP_SCALE_GAMMA_VTH) {
        ref_mul(c, scale, scale, n->net->v_th);
        ref_div(c, scale, scale, A);
    }
    shape_of_psi(n, dv, u, scale);
    ref_neg(c, dA, dv);
    if (o->dz_da == EP_DZDA_AUTOGRAD) {
        ref_mul(c, dA, dA, v);
        ref_div(c, dA, dA, A);
    }
}

/* d psi/d(v - A): nothing at a kink (v = A; the triangle's foot). */
static void slope_of_psi(tape_net *n, const ref_num *diff, ref_num *slope)
{
    ref_ctx *c = n->t->c;
    const ref_arith *ar = c->ar;
    ref_num *absu = ref_tape_num(n->t), *s = ref_tape_num(n->t), *two = ref_tape_num(n->t);
    int side = ar->sign(diff), inside = REF_POS;
    ar->abs(c, absu, diff);
    if (n->net->opt.psi_shape == EP_TRIANGLE) {
        ref_sub(c, s, absu, n->net->v_th);
        inside = -ar->sign(s);
    }
    if (side == REF_UNDECIDED || inside == -REF_UNDECIDED) tape_fail(n, EP_UNABLE);
    if (side == REF_ZERO || inside != REF_POS) return;
    ref_div(c, absu, absu, n->net->v_th);
    shape_of_psi(n, slope, absu, n->net->psi_scale); /* scale f(u); below: scale f'(u) */
    ref_set_d(c, two, -2);
    switch (n->net->opt.psi_shape) {
    case EP_TRIANGLE: ref_neg(c, slope, n->net->psi_scale); break;
    case EP_FAST_SIGMOID: /* f' = -2 f / (1 + u) */
        ref_add(c, s, &c->one, absu);
        ref_mul(c, slope, slope, two);
        ref_div(c, slope, slope, s);
        break;
    case EP_EXPONENTIAL: ref_neg(c, slope, slope); break;
    case EP_ARCTAN: /* f' = -2 pi^2 u f^2 */
        if (!ar->pi) break;
        ar->pi(c, s);
        ref_mul(c, s, s, s);
        ref_mul(c, s, s, absu);
        ref_mul(c, s, s, two);
        ref_mul(c, slope, slope, slope);
        ref_mul(c, slope, slope, s);
        ref_div(c, slope, slope, n->net->psi_scale);
        break;
    }
    if (side == REF_NEG) ref_neg(c, slope, slope);
    ref_div(c, slope, slope, n->net->v_th);
}

/* psi as a quantity with parents v and A; silent: 0 while refractory. */
static void keep_psi(tape_net *n, tape_trial *s, int t, int j, const ref_var parent[2], const ref_num *psi,
                     const ref_num *slope)
{
    ref_num *minus = ref_tape_num(n->t);
    ref_neg(n->t->c, minus, slope);
    const ref_num *partial[2] = {ref_sparse(n->t->c, slope), ref_sparse(n->t->c, minus)};
    s->psi[tape_ix(t, n->net->n_rec, j)] = ref_tape_spike(n->t, psi, 2, parent, partial);
}

static ref_var recorded_spike(tape_net *n, tape_trial *s, int t, int j, const ref_var parent[2], ref_var *unmasked)
{
    size_t at = tape_ix(t, n->net->n_rec, j);
    const ref_num *q = s->rec->q + at * (size_t)s->rec->nq;
    const ref_num *masked[2] = {&q[0], &q[1]}, *free_of_mask[2] = {&q[2], &q[3]};
    *unmasked = ref_tape_spike(n->t, &q[4], 2, parent, free_of_mask);
    if (s->psi) keep_psi(n, s, t, j, parent, &q[0], &s->slope[at]);
    return ref_tape_spike(n->t, &s->rec->z[at], 2, parent, masked);
}

static void mark(tape_net *n, int t, int j)
{
    n->rep->t = t;
    n->rep->j = j;
}

ref_var tape_fire(tape_net *n, tape_trial *s, int t, int j, ref_var v, ref_var A, ref_var *unmasked)
{
    const ref_var parent[2] = {v, A};
    if (n->given) return recorded_spike(n, s, t, j, parent, unmasked);

    ref_ctx *c = n->t->c;
    const ep_options *o = &n->net->opt;
    const ref_num *v_num = ref_tape_value(n->t, v), *A_num = ref_tape_value(n->t, A);
    ref_num *diff = ref_tape_num(n->t), *dv = ref_tape_num(n->t), *dA = ref_tape_num(n->t);
    ref_sub(c, diff, v_num, A_num);
    int sign = c->ar->sign(diff);
    if (sign == REF_UNDECIDED) {
        if (n->t->status == EP_OK) mark(n, t, j);
        tape_fail(n, EP_UNABLE);
    }
    bool above = sign == REF_POS || (sign == REF_ZERO && o->spike_test == EP_TEST_GE);
    bool refractory = s->refr[j] > 0;
    bool z = above && !refractory;
    if (z) s->refr[j] = n->net->n_ref - 1;
    else if (refractory) s->refr[j]--;

    pseudo_derivatives(n, v_num, A_num, diff, dv, dA);
    const ref_num *partial[2] = {dv, dA};
    *unmasked = ref_tape_spike(n->t, above ? &c->one : &c->zero, 2, parent, partial);
    if (s->rec && n->t->status == EP_OK && c->ar->is_zero(&s->rec->z[tape_ix(t, n->net->n_rec, j)]) == z) {
        mark(n, t, j);
        n->rep->spike_mismatch = true;
        tape_fail(n, EP_DOMAIN);
    }
    bool silent = refractory && o->psi_refractory == EP_PSI_ZERO;
    if (s->psi && !silent) {
        ref_num *slope = ref_tape_num(n->t);
        slope_of_psi(n, diff, slope);
        keep_psi(n, s, t, j, parent, dv, slope);
    }
    return ref_tape_spike(n->t, z ? &c->one : &c->zero, silent ? 0 : 2, parent, partial);
}
