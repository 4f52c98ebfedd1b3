/* binary64.c: IEEE double, round to nearest; elementary functions are those of libm.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "internal.h"

static void b64_place(ref_ctx *c, ref_num *x, mp_limb_t *limbs) { (void)c; (void)limbs; x->d = 0; }
static void b64_set(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; r->d = a->d; }
static void b64_set_d(ref_ctx *c, ref_num *r, double a) { (void)c; r->d = a; }
static void b64_add(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { (void)c; r->d = a->d + b->d; }
static void b64_sub(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { (void)c; r->d = a->d - b->d; }
static void b64_mul(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { (void)c; r->d = a->d * b->d; }
static void b64_div(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { (void)c; r->d = a->d / b->d; }
static void b64_neg(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; r->d = -a->d; }
static void b64_abs(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; r->d = fabs(a->d); }
static void b64_pos(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; r->d = a->d <= 0 ? 0 : a->d; }
static void b64_exp(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; r->d = exp(a->d); }
static void b64_log(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; r->d = log(a->d); }
static void b64_tanh(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; r->d = tanh(a->d); }
static void b64_pi(ref_ctx *c, ref_num *r) { (void)c; r->d = 0x1.921fb54442d18p+1; }

static void b64_sigmoid(ref_ctx *c, ref_num *r, const ref_num *a)
{
    (void)c;
    double e = exp(-fabs(a->d));
    r->d = a->d < 0 ? e / (1 + e) : 1 / (1 + e);
}

static int b64_sign(const ref_num *a)
{
    return a->d > 0 ? REF_POS : a->d < 0 ? REF_NEG : a->d == 0 ? REF_ZERO : REF_UNDECIDED;
}

static bool b64_is_zero(const ref_num *a) { return a->d == 0; }
static bool b64_is_one(const ref_num *a) { return a->d == 1; }
static double b64_to_d(const ref_num *a) { return a->d; }

const ref_arith *ref_arith_binary64(void)
{
    static const ref_arith ar = {
        .name = "binary64", .place = b64_place, .set = b64_set, .set_d = b64_set_d,
        .add = b64_add, .sub = b64_sub, .mul = b64_mul, .div = b64_div, .neg = b64_neg, .abs = b64_abs,
        .pos = b64_pos, .exp = b64_exp, .log = b64_log, .tanh = b64_tanh, .sigmoid = b64_sigmoid, .pi = b64_pi,
        .sign = b64_sign, .is_zero = b64_is_zero, .is_one = b64_is_one, .to_d = b64_to_d,
    };
    return &ar;
}
