/* Contexts, the arena, aliasing and the promises that all arithmetics share.
 * SPDX-License-Identifier: MIT */
#include "test_arith_util.h"

typedef void (*op2)(ref_ctx *, ref_num *, const ref_num *, const ref_num *);
typedef void (*op1)(ref_ctx *, ref_num *, const ref_num *);

START_TEST(precision_out_of_range_is_refused_and_leaves_the_context)
{
    const ref_arith *ar = arith_at(_i);
    static const long bad[] = { -5, 0, 1, REF_MAX_PREC + 1L, 1L << 40 };
    static const long good[] = { REF_MIN_PREC, 24, REF_MAX_PREC };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        ref_ctx c;
        unsigned char before[sizeof c];
        memset(&c, 0x5a, sizeof c);
        memset(before, 0x5a, sizeof before);
        ep_status s = ref_ctx_init(&c, ar, bad[k]);
        if (ar->limbs_per_num) {
            ck_assert_int_eq(s, EP_DOMAIN);
            ck_assert_mem_eq(&c, before, sizeof c);
        } else {
            ck_assert_int_eq(s, EP_OK);
            ref_ctx_clear(&c);
        }
    }
    for (size_t k = 0; k < sizeof good / sizeof *good; k++) {
        ref_ctx c;
        ctx_open(&c, ar, good[k]);
        ck_assert(ar->is_zero(&c.zero) && !ar->is_zero(&c.one) && c.unit == &c.one);
        ck_assert(ar->is_one(&c.one) == (ar != ref_arith_degree()));
        if (ar == ref_arith_mpfr()) ck_assert_int_eq(mpfr_get_prec(c.tmp2.r), good[k]);
        ref_ctx_clear(&c);
    }
}
END_TEST

/* Random vectors, small and larger than a block; a value written into each number must survive all
 * later allocations, so no two numbers or significands overlap. */
START_TEST(arena_keeps_numbers_apart)
{
    const ref_arith *ar = arith_at(_i);
    enum { N = 300 };
    static ref_num *v[N];
    static size_t n[N];
    dice d = { 11, (uint64_t)_i, 0 };
    ref_ctx c;
    ctx_open(&c, ar, 2 + roll_int(&d, 0, 400));
    size_t before = c.bytes, asked = 0;
    for (int k = 0; k < N; k++) {
        n[k] = k % 50 == 49 ? 20000 : (size_t)roll_int(&d, 0, 12);
        v[k] = ref_vec(&c, n[k]);
        ck_assert_ptr_nonnull(v[k]);
        ck_assert_uint_eq((uintptr_t)v[k] % _Alignof(max_align_t), 0);
        asked += n[k] * sizeof(ref_num);
        size_t set = 0;
        for (size_t i = 0; i < n[k]; i++) set += !ar->is_zero(v[k] + i);
        ck_assert_uint_eq(set, 0);
        unsigned char *b = ref_bytes(&c, (size_t)k % 40);
        ck_assert_ptr_nonnull(b);
        for (int i = 0; i < k % 40; i++) ck_assert_uint_eq(b[i], 0);
        memset(b, 0xff, (size_t)k % 40);
        for (size_t i = 0; i < n[k]; i++) ref_set_d(&c, v[k] + i, (double)((k * 7 + (int)i) % 3 + 1));
    }
    for (int k = 0; k < N; k++)
        for (size_t i = 0; i < n[k]; i++) {
            ref_set_d(&c, &c.tmp, (double)((k * 7 + (int)i) % 3 + 1));
            if (!same(ar, v[k] + i, &c.tmp)) ck_abort_msg("%s: vector %d number %zu was overwritten", ar->name, k, i);
        }
    ck_assert_uint_ge(c.bytes - before, asked);
    ck_assert_int_eq(c.status, EP_OK);
    ref_ctx_clear(&c);
    ck_assert_uint_eq(c.bytes, 0);
}
END_TEST

START_TEST(many_small_vectors_waste_little)
{
    ref_ctx c;
    ctx_open(&c, ref_arith_mpfr(), 256);
    const size_t n = 100000, each = sizeof(ref_num) + 32;
    for (size_t i = 0; i < n; i++)
        if (!ref_vec(&c, 1)) ck_abort_msg("vector %zu", i);
    /* blocks double up to 1 MiB, so at most one block of that size is unused */
    ck_assert_uint_le(c.bytes, n * each + n * each / 100 + (1u << 20) + 8192);
    ref_ctx_clear(&c);
}
END_TEST

START_TEST(overflowing_sizes_give_null_and_a_sticky_status)
{
    const ref_arith *ar = arith_at(_i);
    ref_ctx c;
    ctx_open(&c, ar, 4096);
    size_t bytes = c.bytes;
    ck_assert_ptr_null(ref_vec(&c, SIZE_MAX));
    ck_assert_int_eq(c.status, EP_NOMEM);
    ck_assert_ptr_null(ref_vec(&c, SIZE_MAX / sizeof(ref_num) + 1));
    if (ar->limbs_per_num) ck_assert_ptr_null(ref_vec(&c, SIZE_MAX / sizeof(ref_num)));
    ck_assert_ptr_null(ref_bytes(&c, SIZE_MAX));
    ck_assert_ptr_null(ref_bytes(&c, SIZE_MAX - 20));
    ck_assert_uint_eq(c.bytes, bytes);
    ref_num *v = ref_vec(&c, 2);
    ck_assert_ptr_nonnull(v);
    ref_div(&c, v, &c.one, &c.zero); /* EP_UNABLE in four arithmetics, too late to be seen */
    ck_assert_int_eq(c.status, EP_NOMEM);
    ref_ctx_clear(&c);
}
END_TEST

START_TEST(fork_shares_the_setting_and_not_the_memory)
{
    const ref_arith *ar = arith_at(_i);
    ref_ctx a, b, g;
    ctx_open(&a, ar, 77);
    a.prime = REF_PRIME_2;
    a.seed = 99;
    ref_num *x = ref_vec(&a, 4);
    ref_draw(&a, x);
    ref_draw(&a, x + 1);
    ck_assert_int_eq(ref_ctx_fork(&b, &a), EP_OK);
    ck_assert_int_eq(ref_ctx_fork(&g, &b), EP_OK);
    ck_assert(b.ar == ar && b.prec == 77 && b.prime == REF_PRIME_2 && b.seed == 99 && b.drawn == 0);
    ck_assert(b.unit == &a.one && g.unit == &a.one && b.blocks != a.blocks);
    ref_num *y = ref_vec(&b, 3);
    ref_draw(&b, y);
    ref_draw(&b, y + 1);
    ck_assert(same(ar, x, y) && same(ar, x + 1, y + 1));
    if (ar->is_one(&a.one)) ck_assert_ptr_eq(ref_sparse(&b, &b.one), a.unit);
    ref_set_d(&a, x + 2, 3.0);
    ref_ctx_clear(&g);
    ref_ctx_clear(&b);
    ref_set_d(&a, x + 3, 3.0);
    ck_assert(same(ar, x + 2, x + 3));
    ref_ctx_clear(&a);
}
END_TEST

/* An operand: dyadic, sometimes 0; intervals get width, running values get an error. */
static void operand(ref_ctx *c, ref_num *r, dice *d)
{
    if (c->ar->symbolic && roll(d) % 4) {
        ref_draw(c, r);
        return;
    }
    double x = roll(d) % 8 ? roll_dyadic(d, 20, -6, 3) : 0.0;
    ref_set_d(c, r, x);
    if (c->ar == ref_arith_running()) r->e.mag = ldexp(fabs(x), -2);
    if (c->ar == ref_arith_mpfi() && roll(d) % 4) {
        mpfr_set_d(&r->i->right, x + ldexp(1.0, roll_int(d, -8, 5)), MPFR_RNDU);
    }
}

START_TEST(aliased_operands_change_nothing)
{
    const ref_arith *ar = arith_at(_i % N_ARITH);
    const op2 two[] = { ar->add, ar->sub, ar->mul, ar->div };
    const op1 one[] = { ar->set, ar->neg, ar->abs, ar->pos, ar->exp, ar->log, ar->tanh, ar->sigmoid };
    dice d = { 21, (uint64_t)_i, 0 };
    ref_ctx c;
    ctx_open(&c, ar, roll_int(&d, 2, 300));
    ref_num *v = ref_vec(&c, 6);
    ref_num *a = v, *b = v + 1, *want = v + 2, *ra = v + 3, *a2 = v + 4, *want2 = v + 5;
    for (int rep = 0; rep < 40; rep++) {
        operand(&c, a, &d);
        operand(&c, b, &d);
        for (size_t k = 0; k < sizeof two / sizeof *two; k++) {
            two[k](&c, want, a, b);
            ref_set(&c, ra, a), two[k](&c, ra, ra, b);
            ck_assert_msg(same(ar, ra, want), "%s: r == a, operation %zu", ar->name, k);
            ref_set(&c, ra, b), two[k](&c, ra, a, ra);
            ck_assert_msg(same(ar, ra, want), "%s: r == b, operation %zu", ar->name, k);
            ref_set(&c, a2, a), two[k](&c, want2, a, a2);
            ref_set(&c, ra, a), two[k](&c, ra, ra, ra);
            ck_assert_msg(same(ar, ra, want2), "%s: r == a == b, operation %zu", ar->name, k);
        }
        for (size_t k = 0; k < sizeof one / sizeof *one; k++) {
            if (!one[k]) continue;
            uint64_t drawn = c.drawn;
            one[k](&c, want, a);
            c.drawn = drawn;
            ref_set(&c, ra, a), one[k](&c, ra, ra);
            ck_assert_msg(same(ar, ra, want), "%s: r == a, unary operation %zu", ar->name, k);
        }
    }
    ref_ctx_clear(&c);
}
END_TEST

START_TEST(addmul_is_mul_then_add)
{
    const ref_arith *ar = arith_at(_i % N_ARITH);
    dice d = { 31, (uint64_t)_i, 0 };
    ref_ctx c;
    ctx_open(&c, ar, 60);
    ref_num *v = ref_vec(&c, 6);
    ref_num *a = v, *b = v + 1, *e = v + 2, *r = v + 3, *want = v + 4, *t = v + 5;
    operand(&c, a, &d), operand(&c, b, &d), operand(&c, e, &d), operand(&c, r, &d);
    ref_mul(&c, t, a, b), ref_add(&c, want, r, t);
    ref_set(&c, t, r);
    ref_addmul(&c, t, a, b);
    ck_assert(same(ar, t, want));
    ref_addmul(&c, t, NULL, b), ref_addmul(&c, t, a, NULL), ref_addmul3(&c, t, a, NULL, b);
    ck_assert(same(ar, t, want));
    ref_add(&c, want, r, a);
    ref_set(&c, t, r), ref_addmul(&c, t, a, c.unit);
    ck_assert(same(ar, t, want));
    ref_set(&c, t, r), ref_addmul(&c, t, c.unit, a);
    ck_assert(same(ar, t, want));
    ref_mul(&c, t, a, b), ref_mul(&c, t, t, e), ref_add(&c, want, r, t);
    ref_set(&c, t, r), ref_addmul3(&c, t, a, b, e);
    ck_assert(same(ar, t, want));
    ck_assert_ptr_null(ref_sparse(&c, &c.zero));
    ck_assert_ptr_null(ref_sparse(&c, NULL));
    ref_ctx_clear(&c);
}
END_TEST

START_TEST(nan_and_infinity_have_no_sign_and_no_exact_image)
{
    const ref_arith *ar = arith_at(_i);
    ref_ctx c;
    ctx_open(&c, ar, 53);
    ref_num *x = ref_vec(&c, 1);
    ref_set_d(&c, x, (double)NAN);
    bool exact = ar == ref_arith_rational() || ar == ref_arith_field();
    ck_assert_int_eq(c.status, exact ? EP_DOMAIN : EP_OK);
    if (!exact && !ar->symbolic) ck_assert_int_eq(ar->sign(x), REF_UNDECIDED);
    if (ar == ref_arith_running()) ck_assert(isinf(x->e.mag));
    ref_ctx_clear(&c);
}
END_TEST

START_TEST(sign_and_rectifier)
{
    const ref_arith *ar = arith_at(_i);
    static const double in[] = { -2.5, -0.0, 0.0, 2.5 };
    static const int sign[] = { REF_NEG, REF_ZERO, REF_ZERO, REF_POS };
    ref_ctx c;
    ctx_open(&c, ar, 53);
    ref_num *x = ref_vec(&c, 2);
    for (int k = 0; k < 4; k++) {
        ref_set_d(&c, x, in[k]);
        ck_assert_int_eq(ar->sign(x), ar->symbolic ? REF_FREE : sign[k]);
        ck_assert(ar->is_zero(x) == (in[k] == 0));
        if (ar->symbolic) continue;
        ar->pos(&c, x + 1, x);
        ck_assert(ar->to_d(x + 1) == (in[k] > 0 ? in[k] : 0));
        ar->abs(&c, x + 1, x);
        ck_assert(ar->to_d(x + 1) == fabs(in[k]));
        ref_neg(&c, x + 1, x);
        ck_assert(ar->to_d(x + 1) == -in[k]);
    }
    ref_ctx_clear(&c);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("arith");
    TCase *t = tcase_create("common");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, precision_out_of_range_is_refused_and_leaves_the_context, 0, N_ARITH);
    tcase_add_loop_test(t, arena_keeps_numbers_apart, 0, N_ARITH);
    tcase_add_test(t, many_small_vectors_waste_little);
    tcase_add_loop_test(t, overflowing_sizes_give_null_and_a_sticky_status, 0, N_ARITH);
    tcase_add_loop_test(t, fork_shares_the_setting_and_not_the_memory, 0, N_ARITH);
    tcase_add_loop_test(t, aliased_operands_change_nothing, 0, test_loops(50) * N_ARITH);
    tcase_add_loop_test(t, addmul_is_mul_then_add, 0, test_loops(100) * N_ARITH);
    tcase_add_loop_test(t, nan_and_infinity_have_no_sign_and_no_exact_image, 0, N_ARITH);
    tcase_add_loop_test(t, sign_and_rectifier, 0, N_ARITH);
    suite_add_tcase(s, t);
    return run_suite(s);
}
