/* degree.c: an upper bound of the degree of a polynomial in the free symbols.
 *
 *   deg(a + b) <= max(deg a, deg b),  deg(a b) <= deg a + deg b,  deg 0 = -1 (no term)
 *
 * A constant of degree 0 may be any number, so no value counts as one.
 * SPDX-License-Identifier: MIT */
#include "internal.h"

enum { NO_TERM = -1 };

static int64_t max2(int64_t a, int64_t b) { return a > b ? a : b; }

static void deg_place(ref_ctx *c, ref_num *x, mp_limb_t *limbs) { (void)c; (void)limbs; x->deg = NO_TERM; }
static void deg_set(ref_ctx *c, ref_num *r, const ref_num *a) { (void)c; r->deg = a->deg; }
static void deg_set_d(ref_ctx *c, ref_num *r, double a) { (void)c; r->deg = a == 0 ? NO_TERM : 0; }
static void deg_add(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { (void)c; r->deg = max2(a->deg, b->deg); }

static void deg_mul(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b)
{
    (void)c;
    if (a->deg < 0 || b->deg < 0)
        r->deg = NO_TERM;
    else
        r->deg = a->deg > INT64_MAX - b->deg ? INT64_MAX : a->deg + b->deg;
}

static void deg_div(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b)
{
    if (b->deg == 0) {
        r->deg = a->deg;
        return;
    }
    ref_fail(c, EP_UNABLE); /* not a polynomial */
    r->deg = INT64_MAX;
}

static void deg_draw(ref_ctx *c, ref_num *r) { (void)c; r->deg = 1; }
static void deg_draw1(ref_ctx *c, ref_num *r, const ref_num *a) { (void)a; deg_draw(c, r); }
static int deg_sign(const ref_num *a) { (void)a; return REF_FREE; }
static bool deg_is_zero(const ref_num *a) { return a->deg < 0; }
static bool deg_is_one(const ref_num *a) { (void)a; return false; }
static double deg_to_d(const ref_num *a) { return (double)a->deg; }

const ref_arith *ref_arith_degree(void)
{
    static const ref_arith ar = {
        .name = "degree", .symbolic = true, .place = deg_place, .set = deg_set, .set_d = deg_set_d,
        .add = deg_add, .sub = deg_add, .mul = deg_mul, .div = deg_div, .neg = deg_set,
        .exp = deg_draw1, .log = deg_draw1, .tanh = deg_draw1, .sigmoid = deg_draw1, .pi = deg_draw,
        .sign = deg_sign, .is_zero = deg_is_zero, .is_one = deg_is_one, .to_d = deg_to_d,
    };
    return &ar;
}
