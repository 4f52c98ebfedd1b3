/* The fast engine's sigmoid and tanh against MPFR, through the engine: with no weights the currents are the biases, and
 * the gates after one step are sigmoid(b_i), sigmoid(b_f), tanh(b_g), sigmoid(b_o).
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <mpfr.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../optimized/opt.h"
#include "test/run.h"

/* LIMITS, in ulp of the exact result: e^-|x| = 2^n (1 + p) carries at most 1 ulp from p and the last rounding;
 * 1/(1 + e) adds two roundings and a division e/(1 + e) three half ulp, doubled where the quotient's binade is the
 * smaller one: 3. tanh = -m/(2 + m): m carries 1.5 ulp (2^n - 1 and the sum), of opposite sign in the denominator where
 * it weighs less, and two roundings more, doubled likewise: 4. */
static const double limit_sigmoid = 3, limit_tanh = 4;

enum { N = 512, N_ROUND = 40 };
static double worst[2][2];

/* Uniform in the exponent near 0, uniform beyond; both signs; a few ends. */
static double argument(uint64_t seed, uint64_t k)
{
    static const double ends[] = {0, 1, 40, 60, 87, 0.34657359, 0.17328679, 1e-30, 5.9604644775390625e-8, 20};
    uint64_t pick = ep_rng_u64(seed, 7, 3 * k);
    double u = ep_rng_uniform(seed, 7, 3 * k + 1), sign = pick & 1 ? -1 : 1;
    if (k < 20) return (k & 1 ? -1 : 1) * ends[k / 2];
    if (pick & 2) return sign * ldexp(1 + u, -(int)(pick >> 8 & 31));
    return sign * u * (pick & 4 ? 86 : 12);
}

static double distance(double got, double x, bool tanh_, bool is_float)
{
    mpfr_t a, b, want;
    mpfr_inits2(200, a, b, want, (mpfr_ptr)0);
    mpfr_set_d(a, x, MPFR_RNDN);
    if (tanh_) mpfr_tanh(want, a, MPFR_RNDN);
    else {
        mpfr_neg(a, a, MPFR_RNDN);
        mpfr_exp(b, a, MPFR_RNDN);
        mpfr_add_ui(b, b, 1, MPFR_RNDN);
        mpfr_ui_div(want, 1, b, MPFR_RNDN);
    }
    double exact = mpfr_get_d(want, MPFR_RNDN);
    mpfr_sub_d(want, want, got, MPFR_RNDN);
    double off = fabs(mpfr_get_d(want, MPFR_RNDN)), ulp = exact == 0 ? 1 : ldexp(1, ilogb(exact) - (is_float ? 23 : 52));
    mpfr_clears(a, b, want, (mpfr_ptr)0);
    return off / ulp;
}

static void one_round(const opt_engine *e, uint64_t seed)
{
    static double b[4 * N];
    bool is_float = e->format == OPT_BINARY32;
    for (uint64_t k = 0; k < 4 * N; k++) b[k] = is_float ? (double)(float)argument(seed, k) : argument(seed, k);
    ep_net net = {.model = EP_LSTM, .opt = ep_preset_options(EP_PAPER2019), .n_in = 1, .n_rec = N, .n_out = 1, .b = b};
    opt_config cfg = {.net = &net, .B = 1, .T = 0};
    size_t bytes = e->state_size(&cfg);
    void *mem = aligned_alloc(OPT_ALIGN, (bytes + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN);
    opt_state *s;
    double out[5 * N];
    ck_assert_int_eq(e->init(&cfg, mem, bytes, &s), EP_OK);
    ck_assert_int_eq(e->step(s, NULL), EP_OK);
    ck_assert_int_eq(e->get(s, OPT_GATES, out, 5 * (size_t)N), EP_OK);
    for (size_t j = 0; j < N; j++)
        for (size_t g = 0; g < 4; g++) {
            double x = b[g * N + j], got = is_float ? (double)((float *)(void *)out)[5 * j + g] : out[5 * j + g];
            double off = distance(got, x, g == 2, is_float), limit = g == 2 ? limit_tanh : limit_sigmoid;
            worst[is_float][g == 2] = fmax(worst[is_float][g == 2], off);
            ck_assert_msg(off <= limit, "%s: gate %zu of %a: got %a, off by %.3g ulp", e->name, g, x, got, off);
        }
    free(mem);
}

START_TEST(gates_within_ulps)
{
    static const char *const sets[] = {"base", "avx2", "avx512"};
    ck_assert_int_eq(setenv("EPROP_FAST_ISA", sets[_i % 3], 1), 0);
    one_round(opt_fast_f32(), (uint64_t)_i / 3);
    one_round(opt_fast_f64(), (uint64_t)_i / 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fast_lstm_math");
    TCase *t = tcase_create("gates");
    tcase_set_timeout(t, 600);
    tcase_add_loop_test(t, gates_within_ulps, 0, 3 * test_loops(N_ROUND));
    suite_add_tcase(suite, t);
    int failed = test_run(suite);
    if (getenv("CK_FORK"))
        printf("largest errors in ulp: binary32 sigmoid %.2f tanh %.2f, binary64 sigmoid %.2f tanh %.2f\n", worst[1][0],
               worst[1][1], worst[0][0], worst[0][1]);
    return failed;
}
