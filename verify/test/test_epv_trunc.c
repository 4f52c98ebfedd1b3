/* test_epv_trunc.c: expected values: truncation towards zero with 12 further bits, in both formats.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "epv.h"
#include "test/run.h"
#include "trunc.h"

enum { BINARY = VFY_F64 + 1 }; /* f32 and f64: words of fixed point are whole numbers and need no further bits */

static void expect(vfy_format f, const char *hex, const char *want)
{
    mpfr_t x;
    char text[VFY_TRUNC_TEXT] = "";
    mpfr_init2(x, 300);
    ck_assert(mpfr_set_str(x, hex, 0, MPFR_RNDN) == 0);
    ck_assert_int_eq(vfy_trunc12(f, x, text), EP_OK);
    ck_assert_msg(strcmp(text, want) == 0, "%s: %s, want %s", hex, text, want);
    mpfr_clear(x);
}

/* Worked by hand. */
START_TEST(known_answers)
{
    expect(VFY_F32, "1", "3f800000.000");
    expect(VFY_F32, "-1", "bf800000.000");
    expect(VFY_F32, "0x1.0000018p0", "3f800000.c00");
    expect(VFY_F32, "0x1.fffffeffffp0", "3fffffff.7ff"); /* truncated, not rounded */
    expect(VFY_F32, "-0x1.000002002p0", "bf800001.001");
    expect(VFY_F32, "0x1.0000000000001p0", "3f800000.000");
    expect(VFY_F32, "0", "00000000.000");
    expect(VFY_F32, "-0", "80000000.000");
    expect(VFY_F32, "0x1p-126", "00800000.000");
    expect(VFY_F32, "0x1.fffffffp-127", "007fffff.fc0"); /* just below the normal range */
    expect(VFY_F32, "0x1.8p-149", "00000001.800");
    expect(VFY_F32, "0x1p-150", "00000000.800");
    expect(VFY_F32, "-0x1p-161", "80000000.001");
    expect(VFY_F32, "-0x1p-162", "80000000.000");
    expect(VFY_F32, "0x1p-5000", "00000000.000");
    expect(VFY_F32, "0x1.ffffffffffffp127", "7f7fffff.fff");
    expect(VFY_F64, "1", "3ff0000000000000.000");
    expect(VFY_F64, "0x1.00000000000018p0", "3ff0000000000001.800");
    expect(VFY_F64, "-0x1.fffffffffffff00f8p1", "c00fffffffffffff.00f");
    expect(VFY_F64, "0x1.8p-1074", "0000000000000001.800");
    expect(VFY_F64, "0x1p-1086", "0000000000000000.001");
    expect(VFY_F64, "0x1.fffffffffffffffffp1023", "7fefffffffffffff.fff");
}
END_TEST

START_TEST(out_of_the_format)
{
    mpfr_t x;
    char text[VFY_TRUNC_TEXT] = "same";
    mpfr_init2(x, 100);
    const double bad[] = {INFINITY, -INFINITY, NAN, 0x1p128, -0x1p1000};
    for (size_t i = 0; i < 5; i++) {
        mpfr_set_d(x, bad[i], MPFR_RNDN);
        ck_assert_int_eq(vfy_trunc12(VFY_F32, x, text), EP_DOMAIN);
    }
    mpfr_set_ui_2exp(x, 1, 1024, MPFR_RNDN);
    ck_assert_int_eq(vfy_trunc12(VFY_F64, x, text), EP_DOMAIN);
    ck_assert_str_eq(text, "same");
    mpfr_clear(x);
}
END_TEST

/* For random x over the whole range: back to a number, and 0 <= |x| - |back| < ulp/4096, with the bits of the value
 * truncated by MPFR itself (f64, normal range). */
START_TEST(random_values)
{
    vfy_format f = (vfy_format)_i;
    int p = f == VFY_F32 ? 24 : 53, emin = f == VFY_F32 ? -126 : -1022, emax = f == VFY_F32 ? 127 : 1023;
    mpfr_t x, back, ulp;
    mpfr_inits2(200, x, back, ulp, (mpfr_ptr)0);
    for (uint64_t n = 0; n < (uint64_t)test_loops(4000); n++) {
        int e = emin - p - 20 + (int)(ep_rng_u64(3, 4, n) % (uint64_t)(emax - emin + p + 20));
        mpfr_set_ui(x, 1, MPFR_RNDN);
        for (uint64_t k = 0; k < 2; k++) { /* 1.<106 random bits> */
            mpfr_set_d(back, ep_rng_uniform(5, 2 * n + k, 0), MPFR_RNDN);
            mpfr_div_2ui(back, back, 53 * (unsigned)k, MPFR_RNDN);
            mpfr_add(x, x, back, MPFR_RNDN);
        }
        mpfr_mul_2si(x, x, e, MPFR_RNDN);
        if (n % 2) mpfr_neg(x, x, MPFR_RNDN);
        uint64_t bits;
        unsigned extra;
        ck_assert_int_eq(vfy_trunc12_bits(f, x, &bits, &extra), EP_OK);
        ck_assert(extra < 4096 && vfy_bits_finite(f, bits));
        vfy_trunc12_value(f, bits, extra, back);
        if (e >= emin) ck_assert_msg(f != VFY_F64 || vfy_bits_value(f, bits) == mpfr_get_d(x, MPFR_RNDZ), "%a",
                                     vfy_bits_value(f, bits));
        mpfr_sub(back, x, back, MPFR_RNDN);
        ck_assert(mpfr_zero_p(back) || mpfr_signbit(back) == mpfr_signbit(x));
        mpfr_set_ui_2exp(ulp, 1, (e < emin ? emin : e) - p + 1 - 12, MPFR_RNDN);
        ck_assert_msg(mpfr_cmpabs(back, ulp) < 0, "exponent %d, bits %llx.%03x", e, (unsigned long long)bits, extra);
    }
    mpfr_clears(x, back, ulp, (mpfr_ptr)0);
}
END_TEST

START_TEST(raw_bits)
{
    uint64_t bits;
    char text[17];
    const double v[] = {0, -0.0, 1, -2.5, 0x1p-149, 0x1.fffffep127, 0x1p-126};
    for (size_t i = 0; i < sizeof v / sizeof *v; i++)
        for (int f = 0; f < BINARY; f++) {
            ck_assert(vfy_bits_of((vfy_format)f, v[i], &bits));
            vfy_bits_text((vfy_format)f, bits, text);
            uint64_t again = ~bits;
            ck_assert(vfy_bits_parse((vfy_format)f, text, &again) && again == bits);
            double back = vfy_bits_value((vfy_format)f, bits);
            ck_assert(memcmp(&back, &v[i], sizeof back) == 0);
        }
    ck_assert(!vfy_bits_of(VFY_F32, 0.1, &bits) && !vfy_bits_of(VFY_F32, 0x1p-150, &bits));
    ck_assert(!vfy_bits_of(VFY_F32, 0x1p128, &bits) && !vfy_bits_of(VFY_F64, INFINITY, &bits));
    ck_assert(!vfy_bits_of(VFY_F32, NAN, &bits) && !vfy_bits_of(VFY_F32, 0x1.ffffffp127, &bits));
    const char *bad[] = {"", "3f80000", "3f8000000", "3F800000", "3f80000g", " 3f80000", "0x3f8000"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) ck_assert(!vfy_bits_parse(VFY_F32, bad[i], &bits));
    ck_assert(!vfy_bits_finite(VFY_F32, 0xff800000) && !vfy_bits_finite(VFY_F64, UINT64_C(0x7ff8000000000000)));
    ck_assert(vfy_bits_finite(VFY_F32, 0xff7fffff) && vfy_bits_finite(VFY_F64, UINT64_C(0x7fefffffffffffff)));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("epv_trunc");
    TCase *c = tcase_create("values");
    tcase_add_test(c, known_answers);
    tcase_add_test(c, out_of_the_format);
    tcase_add_loop_test(c, random_values, 0, BINARY);
    tcase_add_test(c, raw_bits);
    suite_add_tcase(s, c);
    return test_run(s);
}
