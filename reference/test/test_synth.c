/* The synthesiser against the tape, in every arithmetic that has what it needs, and its parts in order.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>

#include "synth.h"
#include "tape.h"
#include "test/run.h"

enum { MOST = 9 };

static void fill(ref_ctx *c, ref_num *v, size_t n, uint64_t stream)
{
    for (size_t i = 0; i < n; i++)
        if (c->ar->symbolic) ref_draw(c, &v[i]);
        else ref_set_d(c, &v[i], ldexp(rint(1024.0 * (ep_rng_uniform(9, stream, i) - 0.5)), -10));
}

static const struct { const ref_arith *(*ar)(void); long bits; double tolerance; } arithmetic[] = {
    {ref_arith_field, 53, 0.0},       {ref_arith_mpfr, 256, 0x1p-240},   {ref_arith_binary64, 53, 0x1p-46},
    {ref_arith_rational, 53, 0.0},    {ref_arith_running, 113, 0x1p-104}, {ref_arith_binary32, 24, 0x1p-17}};
enum { N_AR = 6, RATIONAL = 3 };
static const int size[][3] = {{3, 0, 2}, {4, 3, 5}, {1, 1, 1}, {6, 2, 1}, {2, 7, 4}, {0, 2, 3}, {3, 0, 0}};
enum { N_SIZE = 7 };

START_TEST(gradient_is_the_tapes)
{
    int ar = _i % N_AR, z = _i / N_AR;
    ref_ctx c;
    ref_synth sg;
    ck_assert_int_eq(ref_ctx_init(&c, arithmetic[ar].ar(), arithmetic[ar].bits), EP_OK);
    ep_status st = ref_synth_init(&c, size[z][0], size[z][1], size[z][2], &sg);
    if (ar == RATIONAL && size[z][1] > 0) {
        ck_assert_int_eq(st, EP_NOTIMPL);
        ref_ctx_clear(&c);
        return;
    }
    ck_assert_int_eq(st, EP_OK);
    ref_num *u = ref_vec(&c, MOST), *a = ref_vec(&c, MOST), *s = ref_vec(&c, MOST), *target = ref_vec(&c, MOST);
    ref_num *g = ref_vec(&c, sg.n), *want = ref_vec(&c, sg.n), *E = ref_vec(&c, 1), *s2 = ref_vec(&c, MOST);
    fill(&c, sg.theta, sg.n, 1);
    fill(&c, u, MOST, 2);
    fill(&c, target, MOST, 3);
    ref_synth_say(&c, &sg, u, a, s);
    ref_synth_learn(&c, &sg, u, a, s, target, g);
    ref_synth_loss(&c, &sg, s, target, E);
    ck_assert_int_eq(ref_tape_synth(&c, &sg, u, a, target, s2, want), EP_OK);
    for (int k = 0; k < sg.n_s; k++) {
        ref_sub(&c, &c.tmp, &s[k], &s2[k]);
        ck_assert(c.ar->is_zero(&c.tmp) || fabs(c.ar->to_d(&c.tmp)) <= arithmetic[ar].tolerance);
    }
    double top = 0.0;
    for (size_t i = 0; i < sg.n; i++) {
        ref_sub(&c, &c.tmp, &g[i], &want[i]);
        if (arithmetic[ar].tolerance == 0.0) ck_assert(c.ar->is_zero(&c.tmp));
        else ck_assert_double_le(fabs(c.ar->to_d(&c.tmp)), arithmetic[ar].tolerance);
        top = fmax(top, fabs(c.ar->to_d(&g[i])));
        ck_assert(size[z][0] == 0 || !c.ar->is_zero(&g[i]));
    }
    ck_assert(size[z][2] == 0 || (top > 0.0 && c.ar->to_d(E) > 0.0));
    /* adds up */
    ref_synth_learn(&c, &sg, u, a, s, target, g);
    for (size_t i = 0; i < sg.n; i++) {
        ref_add(&c, &c.tmp, &want[i], &want[i]);
        ref_sub(&c, &c.tmp, &g[i], &c.tmp);
        ck_assert_double_le(fabs(c.ar->to_d(&c.tmp)), 2.0 * arithmetic[ar].tolerance);
    }
    ref_ctx_clear(&c);
}
END_TEST

/* What it says of nothing is its offsets; sizes are those of the header; negative ones are refused. */
START_TEST(sizes)
{
    ref_ctx c;
    ref_synth sg;
    ck_assert_int_eq(ref_ctx_init(&c, ref_arith_binary64(), 53), EP_OK);
    ck_assert_uint_eq(ref_synth_size(4, 3, 5), 3 * 4 + 3 + 5 * 3 + 5);
    ck_assert_uint_eq(ref_synth_size(4, 0, 5), 5 * 4 + 5);
    ck_assert_int_eq(ref_synth_init(&c, 1, -1, 1, &sg), EP_DOMAIN);
    ck_assert_int_eq(ref_synth_init(&c, 2, 2, 2, &sg), EP_OK);
    ref_num *u = ref_vec(&c, 2), *a = ref_vec(&c, 2), *s = ref_vec(&c, 2);
    u[0].d = 3.0;
    sg.theta[0].d = 0.5; /* V_00 */
    sg.theta[4].d = 0.25; /* p_0 */
    sg.theta[6].d = 2.0; /* W_00 */
    sg.theta[11].d = -7.0; /* q_1 */
    ref_synth_say(&c, &sg, u, a, s);
    ck_assert_double_eq(a[0].d, tanh(1.75));
    ck_assert_double_eq(s[0].d, 2.0 * tanh(1.75));
    ck_assert_double_eq(s[1].d, -7.0);
    ref_ctx_clear(&c);
}
END_TEST

/* Widths and order of what it sees and says, by model, delay and kappa. */
START_TEST(parts_in_order)
{
    static const struct { ep_model m; int d, sees_z, sees_all, c, z, zc; double kappa; } want[] = {
        {EP_LSTM, 1, 5, 10, 5, 5, 10, 0.0}, {EP_LSTM, 1, 5, 12, 5, 5, 12, 0.5}, {EP_ALIF, 3, 15, 27, 10, 20, 32, 0.5},
        {EP_LIF, 2, 10, 15, 5, 15, 20, 0.0}};
    const double theta[5] = {0.5, 0.5, 0.5, 0.5, 0.5};
    ep_net src = {.model = want[_i].m, .n_in = 2, .n_rec = 5, .n_out = 2, .kappa = want[_i].kappa, .v_th = 1.0, .gamma = 0.5};
    ref_ctx c;
    ref_net net;
    ref_seeds a, b;
    src.opt.delay = want[_i].d;
    for (int p = 0; p < EP_N_THETA; p++) src.theta[p] = ep_model_has(want[_i].m, (ep_theta)p) ? theta : NULL;
    ck_assert_int_eq(ref_ctx_init(&c, ref_arith_binary64(), 53), EP_OK);
    ck_assert_int_eq(ref_net_load(&c, &src, &net), EP_OK);
    ck_assert_int_eq(ref_sees_width(&c, &net, REF_SEES_Z), want[_i].sees_z);
    ck_assert_int_eq(ref_sees_width(&c, &net, REF_SEES_STATE), want[_i].sees_all);
    ck_assert_int_eq(ref_seed_width(&c, &net, REF_SEED_C), want[_i].c);
    ck_assert_int_eq(ref_seed_width(&c, &net, REF_SEED_Z), want[_i].z);
    ck_assert_int_eq(ref_seed_width(&c, &net, REF_SEED_ZC), want[_i].zc);
    ck_assert_int_eq(ref_seed_width(&c, &net, REF_SEED_NONE), 0);
    ck_assert_int_eq(ref_boundaries(20, 5), 3);
    ck_assert_int_eq(ref_seeds_init(&c, &net, 20, 5, &a), EP_OK);
    ck_assert_int_eq(ref_seeds_init(&c, &net, 20, 5, &b), EP_OK);
    int n = want[_i].zc;
    ref_num *s = ref_vec(&c, (size_t)n), *back = ref_vec(&c, (size_t)n);
    for (int i = 0; i < n; i++) s[i].d = 1.0 + i;
    ref_seed_unpack(&c, &net, REF_SEED_ZC, s, 2, &a);
    ck_assert_double_eq(a.h[2 * 5 * net.nh].d, 1.0);
    ck_assert_double_eq(a.z[2 * 5 * want[_i].d].d, 1.0 + 5 * net.nh);
    if (want[_i].kappa > 0.0) ck_assert_double_eq(a.y[2 * 2 + 1].d, (double)n);
    ref_seed_pack(&c, &net, REF_SEED_ZC, &a, 2, back);
    for (int i = 0; i < n; i++) ck_assert_double_eq(back[i].d, s[i].d);
    ref_seeds only = ref_seeds_part(&a, REF_SEED_C);
    ref_seed_pack(&c, &net, REF_SEED_ZC, &only, 2, back);
    for (int i = 0; i < n; i++) ck_assert_double_eq(back[i].d, i < 5 * net.nh ? s[i].d : 0.0);
    ref_ctx_clear(&c);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("synth");
    TCase *t = tcase_create("synth");
    tcase_add_loop_test(t, gradient_is_the_tapes, 0, N_AR * N_SIZE);
    tcase_add_test(t, sizes);
    tcase_add_loop_test(t, parts_in_order, 0, 4);
    suite_add_tcase(s, t);
    return test_run(s);
}
