/* e-prop 1 beside the running network against e-prop 1 over a recorded trial, and what chains are made of.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>

#include "expect.h"
#include "test/run.h"

enum { BITS = 160, N_RULE = 4 };
static const ep_rule rules[N_RULE] = {EP_EPROP1_SYMMETRIC, EP_EPROP1_RANDOM, EP_EPROP1_ADAPTIVE, EP_EPROP1_GLOBAL};

static vfy_case make_case(ep_model m, ep_preset p, int B, int T, bool reg)
{
    vfy_case k;
    vfy_case_spec s = {.model = m, .B = B, .T = T, .n_rec = 3, .n_in = 2, .n_ref = 3, .no_reg = !reg, .free_options = true, .seed = 5};
    s.opt = ep_preset_options(p);
    if (m != EP_LSTM) s.opt.delay = 2;
    s.opt.delay_L = (int)p % 3;
    ep_status st = vfy_case_make(&s, &k);
    ck_assert(st == EP_OK || st == EP_UNABLE);
    return k;
}

/* Largest distance of the gradients, as a share of the largest entry of the group. */
static double distance(ref_ctx *c, const ref_grad *a, const ref_grad *b)
{
    double worst = 0;
    for (int g = 0; g < EP_N_GROUP; g++) {
        double scale = 0, most = 0;
        for (size_t i = 0; i < a->n[g]; i++) {
            scale = fmax(scale, fabs(c->ar->to_d(&a->g[g][i])));
            ref_sub(c, &c->tmp2, &a->g[g][i], &b->g[g][i]);
            most = fmax(most, fabs(c->ar->to_d(&c->tmp2)));
        }
        if (most > 0) worst = fmax(worst, scale > 0 ? most / scale : INFINITY);
    }
    return worst;
}

/* All models and presets: whole trials from zero. */
START_TEST(steps_add_up_to_the_recorded_trial)
{
    ep_model m = (ep_model)(_i % EP_N_MODEL);
    ep_preset p = (ep_preset)(_i / EP_N_MODEL);
    vfy_case k = make_case(m, p, 2, 24, true);
    for (int r = 0; r < N_RULE; r++) {
        ref_ctx c;
        ref_net net;
        ref_run run;
        ref_grad g;
        ref_online o;
        ref_rule_args a = {.rule = rules[r], .window = 1, .threads = 1};
        ck_assert_int_eq(ref_ctx_init(&c, ref_arith_mpfr(), BITS), EP_OK);
        ck_assert_int_eq(ref_net_load(&c, &k.net, &net), EP_OK);
        ck_assert_int_eq(ref_run_batch(&c, &net, &k.batch, &run), EP_OK);
        ck_assert_int_eq(ref_grad_init(&c, &net, &g), EP_OK);
        ck_assert_int_eq(ref_gradient(&c, &run, &a, &g), EP_OK);
        ck_assert_int_eq(ref_online_init(&c, &net, &o), EP_OK);
        for (int b = 0; b < 2; b++) {
            ref_online_reset(&c, &o);
            for (int t = 1; t <= k.batch.T; t++) {
                ck_assert_int_eq(ref_online_step(&c, &o, rules[r], &k.batch, b, t, NULL), EP_OK);
                for (int j = 0; j < net.n_rec; j++)
                    ck_assert(c.ar->to_d(ref_at2(o.tr.z, net.n_rec, o.row, j)) == c.ar->to_d(ref_at2(run.tr[b].z, net.n_rec, t, j)));
            }
        }
        ref_online_regularise(&c, &o, &k.batch);
        ck_assert_msg(distance(&c, &g, &o.g) < 0x1p-130, "%s: %g", k.name, distance(&c, &g, &o.g));
        ref_sub(&c, &c.tmp2, o.tr.loss, run.E);
        ck_assert(fabs(c.ar->to_d(&c.tmp2)) <= 0x1p-130 * fabs(c.ar->to_d(run.E)));
        double any = 0;
        for (size_t i = 0; i < g.n[EP_G_WIN]; i++) any = fmax(any, fabs(c.ar->to_d(&g.g[EP_G_WIN][i])));
        ck_assert_msg(any > 0 || rules[r] == EP_EPROP1_GLOBAL, "%s: no gradient", k.name);
        ref_ctx_clear(&c);
    }
    vfy_case_free(&k);
}
END_TEST

/* With rate 0, two carried segments are one trial of twice the length. */
START_TEST(carried_segments_are_one_trial)
{
    ep_model m = (ep_model)_i;
    vfy_case k = make_case(m, EP_PAPER2019, 1, 24, false);
    ref_ctx c;
    ref_net net[2];
    ref_online o[2];
    ck_assert_int_eq(ref_ctx_init(&c, ref_arith_mpfr(), BITS), EP_OK);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(ref_net_load(&c, &k.net, &net[i]), EP_OK);
        ck_assert_int_eq(ref_online_init(&c, &net[i], &o[i]), EP_OK);
        ref_online_reset(&c, &o[i]);
    }
    ref_grad sum;
    ck_assert_int_eq(ref_grad_init(&c, &net[0], &sum), EP_OK);
    for (int t = 1; t <= 24; t++) {
        ck_assert_int_eq(ref_online_step(&c, &o[0], EP_EPROP1_RANDOM, &k.batch, 0, t, NULL), EP_OK);
        ck_assert_int_eq(ref_online_step(&c, &o[1], EP_EPROP1_RANDOM, &k.batch, 0, t, NULL), EP_OK);
        if (t % 12) continue; /* an update of rate 0 clears the gradient and keeps the states */
        for (int g = 0; g < EP_N_GROUP; g++)
            for (size_t i = 0; i < sum.n[g]; i++) ref_add(&c, &sum.g[g][i], &sum.g[g][i], &o[1].g.g[g][i]);
        ref_online_update(&c, &o[1], EP_EPROP1_RANDOM, &c.zero, &c.zero);
    }
    ck_assert_msg(distance(&c, &o[0].g, &sum) < 0x1p-130, "%s", k.name);
    ref_ctx_clear(&c);
    vfy_case_free(&k);
}
END_TEST

static const vfy_want *find(const vfy_epv_case *c, vfy_quantity q, size_t at)
{
    for (size_t i = 0; i < c->n_want; i++)
        if (c->want[i].q == q && c->want[i].at == at) return &c->want[i];
    return NULL;
}

/* One LIF neuron by hand: alpha = kappa = 0, Win = 3/4, Wout = 2, v_th = 1/2, gamma = 1/4, x = 1, target 1, eta = 1/8.
 * Update 1: v = 3/4, z = 1, psi = 1/4, y = 2, err = 1, L = 2, e = 1/4: dWin = db = 1/2, dWout = dbout = 1, E = 1/2.
 * Update 2 from Win = 11/16, b = -1/16, Wout = 15/8, bout = -1/8: v = 5/8, psi = 3/8, y = 7/4, err = 3/4, L = 45/32,
 * dWin = 135/256, dWout = 3/4, E = 9/32. */
START_TEST(two_updates_by_hand)
{
    double alpha[1] = {0}, win[1] = {0.75}, wout[1] = {2}, x[1] = {1}, target[1] = {1};
    ep_net net = {.model = EP_LIF, .opt = ep_preset_options(EP_PAPER2019), .n_in = 1, .n_rec = 1, .n_out = 1, .Win = win, .Wout = wout,
                  .theta = {alpha}, .v_th = 0.5, .gamma = 0.25};
    ep_batch b = {.T = 1, .B = 1, .x = x, .target = target};
    static const struct { vfy_quantity q; size_t at; double value; } hand[] = {
        {VFY_Q_COUNT, 0, 1}, {VFY_Q_COUNT, 1, 2}, {VFY_Q_ULOSS, 0, 0.5}, {VFY_Q_ULOSS, 1, 9.0 / 32}, {VFY_Q_WEIGHT + EP_G_WIN, 0, 0.6875},
        {VFY_Q_WEIGHT + EP_G_WIN, 1, 0.6875 - 135.0 / 2048}, {VFY_Q_WEIGHT + EP_G_WOUT, 0, 1.875}, {VFY_Q_WEIGHT + EP_G_WOUT, 1, 57.0 / 32},
        {VFY_Q_WEIGHT + EP_G_BOUT, 0, -0.125}, {VFY_Q_WEIGHT + EP_G_BOUT, 1, -7.0 / 32}, {VFY_Q_WEIGHT + EP_G_BIAS, 0, -0.0625}};
    for (int online = 0; online < 2; online++) { /* of one step: the same */
        vfy_epv_case c;
        vfy_certainty sure;
        char err[256] = "";
        ck_assert_int_eq(vfy_epv_from_net(&net, &b, EP_EPROP1_SYMMETRIC, VFY_F32, &c, err, sizeof err), EP_OK);
        c.family = VFY_FAMILY_CHAIN;
        c.updates = 2, c.eta = 0.125, c.online = online, c.n_report = 2, c.report[0] = 1, c.report[1] = 2;
        ck_assert_int_eq(vfy_expect(&c, ~UINT64_C(0), &sure), EP_OK);
        ck_assert_msg(sure.robust && sure.left_out == 0 && sure.margin == 0.125, "%d %zu %g", sure.robust, sure.left_out, sure.margin);
        for (size_t i = 0; i < sizeof hand / sizeof *hand; i++) {
            const vfy_want *w = find(&c, hand[i].q, hand[i].at);
            ck_assert_ptr_nonnull(w);
            ck_assert_msg(w->kind == VFY_VALUE && vfy_bits_value(VFY_F32, w->bits) == hand[i].value && w->extra == 0, "%s %zu: %a",
                          vfy_quantity_name(w->q), w->at, vfy_bits_value(VFY_F32, w->bits));
        }
        const vfy_want *diagonal = find(&c, VFY_Q_WEIGHT + EP_G_WREC, 1);
        ck_assert(diagonal && diagonal->kind == VFY_ZERO);
        vfy_epv_case_clear(&c);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("chain");
    TCase *t = tcase_create("chain");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, steps_add_up_to_the_recorded_trial, 0, EP_N_MODEL * EP_N_PRESET);
    tcase_add_loop_test(t, carried_segments_are_one_trial, 0, EP_N_MODEL);
    tcase_add_test(t, two_updates_by_hand);
    suite_add_tcase(suite, t);
    return test_run(suite);
}
