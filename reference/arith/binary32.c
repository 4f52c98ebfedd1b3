/* binary32.c: IEEE float, every operation rounded to float; elementary functions are those of libm.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "internal.h"

static void b32_place(ref_ctx *c, ref_num *x, mp_limb_t *limbs) { (void)c; (void)limbs; x->s = 0; }
static void b32_set(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; r->s = a->s; }
static void b32_set_d(ref_ctx *c, ref_num *r, double a) { (void)c; r->s = (float)a; }
static void b32_add(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { (void)c; r->s = a->s + b->s; }
static void b32_sub(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { (void)c; r->s = a->s - b->s; }
static void b32_mul(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { (void)c; r->s = a->s * b->s; }
static void b32_div(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { (void)c; r->s = a->s / b->s; }
static void b32_neg(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; r->s = -a->s; }
static void b32_abs(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; r->s = fabsf(a->s); }
static void b32_pos(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; r->s = a->s <= 0 ? 0 : a->s; }
static void b32_exp(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; r->s = expf(a->s); }
static void b32_log(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; r->s = logf(a->s); }
static void b32_tanh(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; r->s = tanhf(a->s); }
static void b32_pi(ref_ctx *c, ref_num *r) { (void)c; r->s = 0x1.921fb6p+1f; }

static void b32_sigmoid(ref_ctx *c, ref_num *r, const ref_num *a)
{
    (void)c;
    float e = expf(-fabsf(a->s));
    r->s = a->s < 0 ? e / (1 + e) : 1 / (1 + e);
}

static int b32_sign(const ref_num *a)
{
    return a->s > 0 ? REF_POS : a->s < 0 ? REF_NEG : a->s == 0 ? REF_ZERO : REF_UNDECIDED;
}

static bool b32_is_zero(const ref_num *a) { return a->s == 0; }
static bool b32_is_one(const ref_num *a) { return a->s == 1; }
static double b32_to_d(const ref_num *a) { return (double)a->s; }

const ref_arith *ref_arith_binary32(void)
{
    static const ref_arith ar = {
        .name = "binary32", .place = b32_place, .set = b32_set, .set_d = b32_set_d,
        .add = b32_add, .sub = b32_sub, .mul = b32_mul, .div = b32_div, .neg = b32_neg, .abs = b32_abs,
        .pos = b32_pos, .exp = b32_exp, .log = b32_log, .tanh = b32_tanh, .sigmoid = b32_sigmoid, .pi = b32_pi,
        .sign = b32_sign, .is_zero = b32_is_zero, .is_one = b32_is_one, .to_d = b32_to_d,
    };
    return &ar;
}
