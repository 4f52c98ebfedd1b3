/* test_plugin_compare.c: the comparer's numbers: r to known values and against MPFR, tensors, order of divergences.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compare.h"
#include "test/run.h"
#include "trunc.h"

START_TEST(known_ratios)
{
    const struct {
        vfy_format f;
        uint64_t bits;
        unsigned extra;
        double mag, got, r;
    } k[] = {
        {VFY_F32, 0x3f800000, 0, 1, 1, 0},
        {VFY_F32, 0x3f800000, 0, 1, 0x1.000002p0, 2},
        {VFY_F32, 0x3f800000, 0x800, 1, 1, 1},
        {VFY_F32, 0x3f800000, 0x800, 1, 0x1.000002p0, 1},
        {VFY_F32, 0xbf800000, 0x800, 2, -0x1.000002p0, 0.5},
        {VFY_F32, 0xbf800000, 0, 1, 1, 0x1p25},
        {VFY_F32, 0x00000001, 0x800, 0x1p-149, 0x1p-149, 0x1p23},
        {VFY_F32, 0x00000000, 0, 0, 0, 0},
        {VFY_F32, 0x80000000, 0, 0, 0, 0},
        {VFY_F32, 0x00000000, 1, 0x1p-149, 0, 0x1p12},
        {VFY_F32, 0x3f800000, 0, 0, 0x1.000002p0, INFINITY},
        {VFY_F32, 0x3f800000, 0, 1, NAN, INFINITY},
        {VFY_F32, 0x3f800000, 0, 1, INFINITY, INFINITY},
        {VFY_F64, UINT64_C(0x3ff0000000000000), 0, 1, 0x1.0000000000001p0, 2},
        {VFY_F64, UINT64_C(0x3ff0000000000000), 0x400, 1, 1, 0.5},
        {VFY_F64, UINT64_C(0xbff0000000000000), 0xfff, 1, -1, 2 * 4095.0 / 4096},
        {VFY_F64, 1, 0x800, 0x1p-1074, 0x1p-1074, 0x1p52},
        {VFY_F64, 0, 1, 0x1p-1074, 0, 0x1p41},
        {VFY_F64, UINT64_C(0x7fefffffffffffff), 0x800, 0x1p1023, 0x1.fffffffffffffp1023, 1},
        {VFY_F64, UINT64_C(0x7fe0000000000000), 0, 0x1p1023, -0x1p1023, 0x1p54},
    };
    for (size_t i = 0; i < sizeof k / sizeof *k; i++) {
        vfy_want w = {.kind = VFY_VALUE, .bits = k[i].bits, .extra = k[i].extra, .mag = k[i].mag};
        double r = vfy_error_ratio(k[i].f, k[i].got, &w);
        ck_assert_msg(r == k[i].r, "line %zu: r = %a, want %a", i, r, k[i].r);
    }
    vfy_want zero = {.kind = VFY_ZERO}, open = {.kind = VFY_UNDECIDED, .lo = -1, .hi = 2};
    ck_assert(vfy_error_ratio(VFY_F32, -0.0, &zero) == 0 && isinf(vfy_error_ratio(VFY_F32, 0x1p-149, &zero)));
    ck_assert(vfy_error_ratio(VFY_F32, 2, &open) == 0 && isinf(vfy_error_ratio(VFY_F32, 2.5, &open)));
}
END_TEST

/* r of random pairs, over the whole range and near each other, against MPFR. */
START_TEST(ratios_against_mpfr)
{
    vfy_format f = (vfy_format)(_i % 2);
    bool near = _i / 2;
    mpfr_t want, d;
    mpfr_inits2(3000, want, d, (mpfr_ptr)0);
    for (uint64_t n = 0; n < (uint64_t)test_loops(3000); n++) {
        uint64_t m = f == VFY_F32 ? UINT32_MAX : UINT64_MAX, g;
        vfy_want w = {.kind = VFY_VALUE, .bits = ep_rng_u64(11, 1, n) & m, .extra = (unsigned)(ep_rng_u64(11, 2, n) % 4096),
                      .mag = ldexp(1 + ep_rng_uniform(11, 3, n), (int)(ep_rng_u64(11, 4, n) % 60) - 30)};
        g = near ? w.bits + ep_rng_u64(11, 5, n) % 3 : ep_rng_u64(11, 6, n) & m;
        if (!vfy_bits_finite(f, w.bits) || !vfy_bits_finite(f, g)) continue;
        double got = vfy_bits_value(f, g), mine = vfy_error_ratio(f, got, &w);
        vfy_trunc12_value(f, w.bits, w.extra, want);
        mpfr_d_sub(d, got, want, MPFR_RNDN);
        mpfr_abs(d, d, MPFR_RNDN);
        mpfr_mul_2ui(d, d, f == VFY_F32 ? 24 : 53, MPFR_RNDN);
        mpfr_div_d(d, d, w.mag, MPFR_RNDN);
        double r = mpfr_get_d(d, MPFR_RNDN);
        if (r < 0x1p-900 || r > 0x1p900) continue; /* r itself leaves binary64 */
        ck_assert_msg(fabs(mine - r) <= 0x1p-50 * r, "got %a want %llx.%03x mag %a: r = %a, MPFR %a", got,
                      (unsigned long long)w.bits, w.extra, w.mag, mine, r);
    }
    mpfr_clears(want, d, (mpfr_ptr)0);
}
END_TEST

/* A case of 2 neurons, 3 steps, 2 trials with hand-made answers. */
static vfy_epv_case small_case(void)
{
    vfy_epv_case c = {.format = VFY_F64, .net = {.model = EP_ALIF, .n_in = 1, .n_rec = 2, .n_out = 1}, .batch = {.T = 3, .B = 2}};
    return c;
}
static void expect(vfy_epv_case *c, vfy_quantity q, size_t at, double v)
{
    vfy_want w = {.q = q, .at = at, .mag = 1};
    ck_assert(vfy_bits_of(VFY_F64, v, &w.bits) && vfy_epv_add(c, &w) == EP_OK);
}

START_TEST(tensor_measures)
{
    vfy_epv_case c = small_case();
    vfy_answer a;
    vfy_comparison r;
    const double want[] = {3e200, -4e200, 0, 0}, got[] = {6e200, -8e200, 0, 1e190};
    for (size_t k = 0; k < 4; k++) expect(&c, VFY_Q_GRAD + EP_G_WREC, k, want[k]);
    expect(&c, VFY_Q_LOSS, 0, 2);
    vfy_want open = {.q = VFY_Q_GRAD + EP_G_WIN, .kind = VFY_UNDECIDED, .lo = -1, .hi = 1};
    ck_assert_int_eq(vfy_epv_add(&c, &open), EP_OK);
    ck_assert_int_eq(vfy_answer_init(&a, &c, ~(UINT64_C(1) << VFY_Q_LOSS)), EP_OK);
    ck_assert(!a.q[VFY_Q_LOSS] && !a.q[VFY_Q_V] && isnan(vfy_answer_value(&a, VFY_Q_GRAD + EP_G_WREC, 3)));
    memcpy(a.q[VFY_Q_GRAD + EP_G_WREC], got, sizeof got);
    *(double *)a.q[VFY_Q_GRAD + EP_G_WIN] = 0.5;
    vfy_compare(&c, &a, 1, &r);
    const vfy_tensor *t = &r.q[VFY_Q_GRAD + EP_G_WREC], *o = &r.q[VFY_Q_GRAD + EP_G_WIN];
    ck_assert(t->n == 4 && t->over == 3 && t->at_max == 1 && fabs(t->cosine - 1) < 1e-15 && fabs(t->norm_ratio - 2) < 1e-15);
    ck_assert_msg(t->sign_agreement == 0.75, "%a", t->sign_agreement);
    ck_assert(o->n == 1 && o->undecided == 1 && o->max_r == 0 && isnan(o->cosine) && isnan(o->sign_agreement));
    ck_assert(r.compared == 5 && r.not_answered == 1 && r.first.found && r.first.at == 0);
    vfy_answer_clear(&a);
    vfy_epv_case_clear(&c);
}
END_TEST

/* Each entry is wrong in turn together with all later ones: the earliest in (t, rank, position) is reported. */
START_TEST(order_of_divergence)
{
    const struct {
        vfy_quantity q;
        size_t at;
        int t;
    } order[] = {{VFY_Q_I, 0, 1},         {VFY_Q_V, 0, 1},   {VFY_Q_V, 1, 1},   {VFY_Q_V, 6, 1}, {VFY_Q_A, 0, 1},
                 {VFY_Q_Z, 0, 1},         {VFY_Q_PSI, 0, 1}, {VFY_Q_EPS_V, 0, 1}, {VFY_Q_EPS_A, 3, 1}, {VFY_Q_E, 0, 1},
                 {VFY_Q_EBAR, 0, 1},      {VFY_Q_L, 0, 1},   {VFY_Q_I, 2, 2},   {VFY_Q_L, 2, 2}, {VFY_Q_V, 4, 3},
                 {VFY_Q_LOSS, 0, 4},      {VFY_Q_GRAD + EP_G_WIN, 1, 4}, {VFY_Q_GRAD + EP_G_WREC, 0, 4}};
    size_t n = sizeof order / sizeof *order;
    vfy_epv_case c = small_case();
    vfy_answer a;
    vfy_comparison r;
    for (size_t i = n; i-- > 0;) expect(&c, order[i].q, order[i].at, 0);
    ck_assert_int_eq(vfy_answer_init(&a, &c, ~UINT64_C(0)), EP_OK);
    for (size_t i = 0; i < n; i++) {
        vfy_compare(&c, &a, 1, &r);
        ck_assert_msg(r.first.found && r.first.q == order[i].q && r.first.at == order[i].at && r.first.t == order[i].t,
                      "%zu: %s at %zu", i, vfy_quantity_name(r.first.q), r.first.at);
        ((double *)a.q[order[i].q])[order[i].at] = 0;
    }
    vfy_compare(&c, &a, 1, &r);
    ck_assert(!r.first.found && r.compared == n);
    vfy_answer_clear(&a);
    vfy_epv_case_clear(&c);
}
END_TEST

START_TEST(limits_and_memory)
{
    vfy_epv_case c = small_case();
    vfy_answer a = {.format = VFY_F32};
    ck_assert(vfy_error_limit(&c) == 1 / (1 - 3 * 20 * 0x1p-53));
    c.format = VFY_F32;
    ck_assert(vfy_error_limit(&c) > 1 && vfy_error_limit(&c) < 1.00001);
    c.batch.T = EP_MAX_DIM;
    ck_assert(vfy_error_limit(&c) == 2);
    c.net.n_in = c.net.n_rec = 65536;
    vfy_want w = {.q = VFY_Q_E, .kind = VFY_ZERO};
    ck_assert_int_eq(vfy_epv_add(&c, &w), EP_OK);
    ck_assert_int_eq(vfy_answer_init(&a, &c, ~UINT64_C(0)), EP_DOMAIN);
    ck_assert_ptr_null(a.q[VFY_Q_E]);
    vfy_epv_case_clear(&c);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("plugin_compare");
    TCase *c = tcase_create("comparer");
    tcase_add_test(c, known_ratios);
    tcase_add_loop_test(c, ratios_against_mpfr, 0, 4);
    tcase_add_test(c, tensor_measures);
    tcase_add_test(c, order_of_divergence);
    tcase_add_test(c, limits_and_memory);
    suite_add_tcase(s, c);
    return test_run(s);
}
