/* Networks on the tape against forward sensitivities on dual numbers: exactly in rationals and in a prime field, and
 * within the rounding of 300 bits where functions are transcendental; smooth models also against central differences.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>

#include "test/run.h"
#include "test_tape_random.h"

static const ep_model MODELS[] = {EP_LIF, EP_ALIF, EP_LSNN, EP_SYNAPTIC, EP_RATE, EP_LSTM};
enum { SPIKING = 4, ALL = 6 };

/* |a - b| <= 2^e, in doubles only after the subtraction; e = 0 asks for equality. */
static bool same(ref_ctx *c, const ref_num *a, const ref_num *b, int e, double *off)
{
    ref_num *d = ref_vec(c, 1);
    ref_sub(c, d, a, b);
    *off = c->ar->to_d(d);
    return e == 0 ? c->ar->is_zero(d) : fabs(*off) <= ldexp(1, e);
}

/* Every entry of every group against the brute force; returns the number of groups that are not all zero. */
static int compare(bf_case *f, const ref_run *run, int e, const char *what, int n)
{
    int alive = 0;
    ref_num *E = ref_vec(&f->c, 1), *dE = ref_vec(&f->c, 1), *own = ref_vec(&f->c, 1);
    ref_tape_report rep = {.E = own};
    bf_gradient_room(f);
    ep_status st = ref_tape_run(&f->c, &f->net, &f->bt, run, &f->args, &f->g, &rep);
    ck_assert_msg(st == EP_OK, "%s case %d: status %d", what, n, (int)st);
    for (int g = 0; g < EP_N_GROUP; g++) {
        int nonzero = 0;
        for (size_t k = 0; k < f->g.n[g]; k++) {
            double off;
            bf_simulate(f, (ep_group)g, k, E, dE);
            nonzero += !f->c.ar->is_zero(dE);
            ck_assert_msg(same(&f->c, &f->g.g[g][k], dE, e, &off), "%s case %d model %d group %d entry %zu: tape %a, duals %a, off %a",
                          what, n, (int)f->net.model, g, k, f->c.ar->to_d(&f->g.g[g][k]), f->c.ar->to_d(dE), off);
        }
        alive += nonzero > 0;
    }
    double off;
    if (!f->c.ar->symbolic) ck_assert_msg(same(&f->c, own, E, e, &off), "%s case %d: loss off by %a", what, n, off);
    ck_assert_uint_gt(rep.nodes, 0);
    return alive;
}

static void draw_args(bf_case *f)
{
    f->args.window = bf_draw(f, 3) ? 0 : 4;
    f->args.flags = (bf_draw(f, 4) ? 0u : REF_TAPE_CUT) | (bf_draw(f, 4) ? 0u : REF_TAPE_NO_REG);
}

START_TEST(spiking_equals_duals_in_rationals)
{
    bf_case f;
    ck_assert_int_eq(bf_init(&f, ref_arith_rational(), 0, 1000 + (uint64_t)_i, MODELS[_i % SPIKING]), EP_OK);
    draw_args(&f);
    compare(&f, NULL, 0, "rational", _i);
    ref_ctx_clear(&f.c);
}
END_TEST

START_TEST(forced_equals_duals_in_rationals)
{
    bf_case f;
    ck_assert_int_eq(bf_init(&f, ref_arith_rational(), 0, 5000 + (uint64_t)_i, MODELS[_i % ALL]), EP_OK);
    draw_args(&f);
    f.args.flags |= REF_TAPE_FORCED;
    f.given = true;
    bf_recorded(&f);
    ck_assert_int_ge(compare(&f, &f.run, 0, "forced", _i), 5);
    ref_ctx_clear(&f.c);
}
END_TEST

START_TEST(all_models_equal_duals_in_the_field)
{
    bf_case f;
    ck_assert_int_eq(bf_init(&f, ref_arith_field(), 0, 9000 + (uint64_t)_i, MODELS[_i % ALL]), EP_OK);
    draw_args(&f);
    f.given = true;
    bf_recorded(&f);
    ck_assert_int_ge(compare(&f, &f.run, 0, "field", _i), 5);
    ref_ctx_clear(&f.c);
}
END_TEST

/* 300 bits: fewer than 2^18 roundings of numbers below 2^30 leave at most 2^-252. */
START_TEST(all_models_equal_duals_at_300_bits)
{
    bf_case f;
    ck_assert_int_eq(bf_init(&f, ref_arith_mpfr(), 300, 20000 + (uint64_t)_i, MODELS[_i % ALL]), EP_OK);
    draw_args(&f);
    f.bt.loss = (_i / ALL) % 2 ? EP_CLASSIFICATION : EP_REGRESSION;
    compare(&f, NULL, -250, "mpfr", _i);
    ref_ctx_clear(&f.c);
}
END_TEST

/* A random case says something only if neurons spike, are held back by refractoriness, and gradients are alive. */
START_TEST(rational_cases_are_alive)
{
    int spikes = 0, suppressed = 0, full = 0, n = test_loops(24);
    for (int i = 0; i < n; i++) {
        bf_case f;
        ck_assert_int_eq(bf_init(&f, ref_arith_rational(), 0, 1000 + (uint64_t)i, EP_ALIF), EP_OK);
        full += compare(&f, NULL, 0, "alive", i) >= 8;
        spikes += f.spikes > 0;
        suppressed += f.suppressed > 0;
        ref_ctx_clear(&f.c);
    }
    ck_assert_msg(2 * full >= n && 2 * spikes >= n, "of %d: spikes %d, full gradients %d", n, spikes, full);
    ck_assert_msg(n < 8 || suppressed > 0, "no spike suppressed in %d cases", n);
}
END_TEST

/* Smooth models: (E(p + h) - E(p - h))/2h by the tape's own forward pass, h = 2^-80. The third derivative's share is
 * h^2 E'''/6 < 2^-160 2^30, the rounding 2^-300 2^18 2^20/h < 2^-182: both below 2^-125. */
START_TEST(smooth_equals_central_differences)
{
    bf_case f;
    ck_assert_int_eq(bf_init(&f, ref_arith_mpfr(), 300, 30000 + (uint64_t)_i, _i % 2 ? EP_RATE : EP_LSTM), EP_OK);
    f.bt.loss = (_i / 2) % 2 ? EP_CLASSIFICATION : EP_REGRESSION;
    ref_ctx *c = &f.c;
    ref_num *base[EP_N_GROUP] = {f.net.Win, f.net.Wrec, f.net.b, f.net.Wout, f.net.bout, f.net.theta[0]};
    ref_num *h = ref_vec(c, 1), *up = ref_vec(c, 1), *down = ref_vec(c, 1), *keep = ref_vec(c, 1);
    ref_set_d(c, h, ldexp(1, -80));
    bf_gradient_room(&f);
    ref_grad unused = f.g;
    bf_gradient_room(&f);
    ck_assert_int_eq(ref_tape_gradient(c, &f.net, &f.bt, NULL, 0, &f.g), EP_OK);
    for (int g = 0; g < EP_N_GROUP; g++)
        for (size_t k = 0; k < f.g.n[g]; k++) {
            if (g == EP_G_WREC && f.net.model == EP_RATE && k % (size_t)(f.net.n_rec + 1) == 0) continue;
            ref_tape_report r = {.E = up};
            ref_set(c, keep, &base[g][k]);
            ref_add(c, &base[g][k], keep, h);
            ck_assert_int_eq(ref_tape_run(c, &f.net, &f.bt, NULL, &f.args, &unused, &r), EP_OK);
            r.E = down;
            ref_sub(c, &base[g][k], keep, h);
            ck_assert_int_eq(ref_tape_run(c, &f.net, &f.bt, NULL, &f.args, &unused, &r), EP_OK);
            ref_set(c, &base[g][k], keep);
            ref_sub(c, up, up, down);
            ref_add(c, down, h, h);
            ref_div(c, up, up, down);
            double off;
            ck_assert_msg(same(c, up, &f.g.g[g][k], -125, &off), "case %d group %d entry %zu: off %a", _i, g, k, off);
        }
    ref_ctx_clear(&f.c);
}
END_TEST

START_TEST(recorded_spikes_are_compared)
{
    bf_case f;
    ck_assert_int_eq(bf_init(&f, ref_arith_rational(), 0, 40000 + (uint64_t)_i, MODELS[_i % SPIKING]), EP_OK);
    bf_recorded(&f);
    bf_gradient_room(&f);
    ref_num *E = ref_vec(&f.c, 2);
    bf_simulate(&f, EP_N_GROUP, 0, E, E + 1);
    for (int b = 0; b < 2; b++)
        for (int t = 1; t <= f.bt.T; t++)
            for (int j = 0; j < 3; j++) ref_set_d(&f.c, &f.tr[b].z[t * 3 + j], f.fired[b][t][j]);
    ref_tape_report rep = {0};
    ck_assert_int_eq(ref_tape_run(&f.c, &f.net, &f.bt, &f.run, &f.args, &f.g, &rep), EP_OK);
    ck_assert(!rep.spike_mismatch);
    int b = _i % 2, t = 1 + _i % f.bt.T, j = _i % 3;
    ref_num *z = &f.tr[b].z[t * 3 + j], *before = ref_vec(&f.c, 1);
    ref_sub(&f.c, z, &f.c.one, z);
    ref_set(&f.c, before, &f.g.g[EP_G_BOUT][0]);
    ref_set_d(&f.c, &f.g.g[EP_G_WIN][0], 12345);
    ck_assert_int_eq(ref_tape_run(&f.c, &f.net, &f.bt, &f.run, &f.args, &f.g, &rep), EP_DOMAIN);
    ck_assert(rep.spike_mismatch);
    ck_assert_msg(rep.b == b && rep.t == t && rep.j == j, "found (%d,%d,%d), seeded (%d,%d,%d)", rep.b, rep.t, rep.j, b, t, j);
    ck_assert(f.c.ar->to_d(&f.g.g[EP_G_WIN][0]) == 12345);
    ref_ctx_clear(&f.c);
}
END_TEST

START_TEST(refusals)
{
    bf_case f;
    ck_assert_int_eq(bf_init(&f, ref_arith_field(), 0, 1, EP_ALIF), EP_OK);
    bf_gradient_room(&f);
    ck_assert_int_eq(ref_tape_gradient(&f.c, &f.net, &f.bt, NULL, 0, &f.g), EP_DOMAIN);
    ref_ctx_clear(&f.c);
    ck_assert_int_eq(bf_init(&f, ref_arith_rational(), 0, 1, EP_LSTM), EP_OK);
    bf_gradient_room(&f);
    ck_assert_int_eq(ref_tape_gradient(&f.c, &f.net, &f.bt, NULL, 0, &f.g), EP_NOTIMPL);
    ref_ctx_clear(&f.c);
    ck_assert_int_eq(bf_init(&f, ref_arith_rational(), 0, 1, EP_LIF), EP_OK);
    bf_gradient_room(&f);
    f.net.opt.psi_shape = EP_ARCTAN;
    ck_assert_int_eq(ref_tape_gradient(&f.c, &f.net, &f.bt, NULL, 0, &f.g), EP_NOTIMPL);
    f.net.opt.psi_shape = EP_TRIANGLE;
    f.net.opt.psi_width = EP_WIDTH_A;
    ref_set_d(&f.c, f.net.v_th, 0);
    ck_assert_int_eq(ref_tape_gradient(&f.c, &f.net, &f.bt, NULL, 0, &f.g), EP_DOMAIN);
    ref_ctx_clear(&f.c);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tape_net");
    TCase *tc = tcase_create("networks");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, spiking_equals_duals_in_rationals, 0, test_loops(120));
    tcase_add_loop_test(tc, forced_equals_duals_in_rationals, 0, test_loops(60));
    tcase_add_loop_test(tc, all_models_equal_duals_in_the_field, 0, test_loops(120));
    tcase_add_loop_test(tc, all_models_equal_duals_at_300_bits, 0, test_loops(72));
    tcase_add_test(tc, rational_cases_are_alive);
    tcase_add_loop_test(tc, smooth_equals_central_differences, 0, test_loops(8));
    tcase_add_loop_test(tc, recorded_spikes_are_compared, 0, test_loops(24));
    tcase_add_test(tc, refusals);
    suite_add_tcase(s, tc);
    return test_run(s);
}
