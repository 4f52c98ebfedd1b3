/* Dual numbers over any arithmetic: a value and its derivative by one parameter, dense, without any sparsity.
 * SPDX-License-Identifier: MIT */
#ifndef TEST_TAPE_DUAL_H
#define TEST_TAPE_DUAL_H

#include "arith.h"

typedef struct dual { ref_num *v, *d; } dual;

static inline dual du_new(ref_ctx *c)
{
    ref_num *p = ref_vec(c, 2);
    return (dual){p, p + 1};
}
static inline dual du_int(ref_ctx *c, double v)
{
    dual r = du_new(c);
    ref_set_d(c, r.v, v);
    return r;
}
static inline dual du_const(ref_ctx *c, const ref_num *v)
{
    dual r = du_new(c);
    ref_set(c, r.v, v);
    return r;
}
static inline dual du_add(ref_ctx *c, dual a, dual b)
{
    dual r = du_new(c);
    ref_add(c, r.v, a.v, b.v);
    ref_add(c, r.d, a.d, b.d);
    return r;
}
static inline dual du_sub(ref_ctx *c, dual a, dual b)
{
    dual r = du_new(c);
    ref_sub(c, r.v, a.v, b.v);
    ref_sub(c, r.d, a.d, b.d);
    return r;
}
static inline dual du_mul(ref_ctx *c, dual a, dual b)
{
    dual r = du_new(c), h = du_new(c);
    ref_mul(c, r.v, a.v, b.v);
    ref_mul(c, r.d, a.v, b.d);
    ref_mul(c, h.d, a.d, b.v);
    ref_add(c, r.d, r.d, h.d);
    return r;
}
static inline dual du_div(ref_ctx *c, dual a, dual b)
{
    dual r = du_new(c), h = du_new(c);
    ref_div(c, r.v, a.v, b.v);
    ref_mul(c, h.d, r.v, b.d);
    ref_sub(c, r.d, a.d, h.d);
    ref_div(c, r.d, r.d, b.v);
    return r;
}
static inline dual du_stop(ref_ctx *c, dual a)
{
    return du_const(c, a.v);
}
/* y = f(a) with dy = (y' as a number) da */
static inline dual du_chain(ref_ctx *c, const ref_num *y, const ref_num *slope, dual a)
{
    dual r = du_const(c, y);
    ref_mul(c, r.d, slope, a.d);
    return r;
}
static inline dual du_tanh(ref_ctx *c, dual a, const ref_num *y)
{
    dual v = du_new(c), one = du_int(c, 1);
    if (y) ref_set(c, v.v, y);
    else c->ar->tanh(c, v.v, a.v);
    return du_chain(c, v.v, du_sub(c, one, du_mul(c, v, v)).v, a);
}
static inline dual du_sigmoid(ref_ctx *c, dual a, const ref_num *y)
{
    dual v = du_new(c);
    if (y) ref_set(c, v.v, y);
    else c->ar->sigmoid(c, v.v, a.v);
    return du_chain(c, v.v, du_sub(c, v, du_mul(c, v, v)).v, a);
}

#endif
