/* Nonlinear functions on the tape.
 * SPDX-License-Identifier: MIT */
#include "tape.h"

static const ref_var zero_var = {-1, NULL};

static void fail(ref_tape *t, ep_status s)
{
    if (t->status == EP_OK) t->status = s;
}

typedef void unary(ref_ctx *c, ref_num *r, const ref_num *a);

static ref_num *apply(ref_tape *t, unary *f, ref_var a)
{
    if (!f) fail(t, EP_NOTIMPL);
    if (t->c->ar->symbolic) fail(t, EP_DOMAIN);
    if (t->status != EP_OK) return NULL;
    ref_num *r = ref_tape_num(t);
    f(t->c, r, ref_tape_value(t, a));
    return r;
}

static ref_var one_parent(ref_tape *t, const ref_num *value, ref_var a, const ref_num *w)
{
    return ref_tape_spike(t, value, 1, &a, &w);
}

ref_var ref_tape_exp(ref_tape *t, ref_var a)
{
    ref_num *r = apply(t, t->c->ar->exp, a);
    return r ? one_parent(t, r, a, r) : zero_var;
}

ref_var ref_tape_log(ref_tape *t, ref_var a)
{
    ref_num *r = apply(t, t->c->ar->log, a);
    if (!r) return zero_var;
    if (!a.v) {
        fail(t, EP_DOMAIN);
        return zero_var;
    }
    ref_num *w = ref_tape_num(t);
    ref_div(t->c, w, &t->c->one, a.v);
    return one_parent(t, r, a, w);
}

/* abs and pos: at_neg and at_pos are the derivatives on either side of 0. */
static ref_var kink(ref_tape *t, unary *f, ref_var a, const ref_num *at_neg, const ref_num *at_pos)
{
    ref_num *r = apply(t, f, a);
    if (!r) return zero_var;
    int s = t->c->ar->sign(ref_tape_value(t, a));
    if (s == REF_UNDECIDED) {
        fail(t, EP_UNABLE);
        return zero_var;
    }
    return one_parent(t, r, a, s == REF_POS ? at_pos : s == REF_NEG ? at_neg : NULL);
}

ref_var ref_tape_abs(ref_tape *t, ref_var a)
{
    return kink(t, t->c->ar->abs, a, t->minus_one, &t->c->one);
}

ref_var ref_tape_pos(ref_tape *t, ref_var a)
{
    return kink(t, t->c->ar->pos, a, NULL, &t->c->one);
}

ref_var ref_tape_tanh(ref_tape *t, ref_var a, const ref_num *given)
{
    const ref_num *y = given ? given : apply(t, t->c->ar->tanh, a);
    if (!y) return zero_var;
    ref_num *w = ref_tape_num(t);
    ref_mul(t->c, w, y, y);
    ref_sub(t->c, w, &t->c->one, w);
    return one_parent(t, y, a, w);
}

ref_var ref_tape_sigmoid(ref_tape *t, ref_var a, const ref_num *given)
{
    const ref_num *y = given ? given : apply(t, t->c->ar->sigmoid, a);
    if (!y) return zero_var;
    ref_num *w = ref_tape_num(t);
    ref_sub(t->c, w, &t->c->one, y);
    ref_mul(t->c, w, w, y);
    return one_parent(t, y, a, w);
}
