/* A gradient in two parts: the forward pass, then the rest from given errors, is the gradient in one, bit for bit.
 * SPDX-License-Identifier: MIT */
#include "fast.h"
#include "test/run.h"

static const ep_rule rules[] = {EP_BPTT, EP_TBPTT, EP_EPROP1_SYMMETRIC, EP_EPROP1_RANDOM, EP_EPROP3};
enum { N_RULE = sizeof rules / sizeof *rules };

static double alive;

static ep_status part(const rig *r, const trial_set *s, const double *x, const double *err, opt_part which)
{
    size_t steps = (size_t)s->T * (size_t)s->B, n_out = (size_t)s->k.net.n_out;
    bool whole = err == NULL;
    void *xs = rig_in(r, x, steps * (size_t)s->k.net.n_in), *es = rig_in(r, err, steps * n_out);
    void *ts = rig_in(r, whole ? s->target : NULL, steps * n_out), *ms = rig_in(r, whole ? s->mask : NULL, steps);
    opt_trials tr = {.T = s->T, .B = s->B, .x = xs, .target = ts, .mask = ms, .err = es, .part = which};
    ep_status st = r->e->grad(r->s, &tr);
    free(xs);
    free(es);
    free(ts);
    free(ms);
    return st;
}

/* A forward pass that sees no target. */
static void blind(const rig *r, const trial_set *s, bool alone)
{
    opt_trials tr = {.T = s->T, .B = s->B, .x = rig_in(r, s->x, (size_t)s->T * (size_t)s->B * (size_t)s->k.net.n_in), .part = OPT_FORWARD, .alone = alone};
    ck_assert_int_eq(r->e->grad(r->s, &tr), EP_OK);
    free((void *)(uintptr_t)tr.x);
}

/* alone: that the rest is to follow is not said beforehand. */
static void compare_parts(trial_set *s, const opt_engine *e, int chunk, bool alone)
{
    rig want = case_open(s, e, chunk), got = case_open(s, e, chunk);
    size_t n;
    ck_assert_int_eq(part(&want, s, s->x, NULL, OPT_WHOLE), EP_OK);
    bool all = chunk == 0;
    double *err = rig_get(&want, OPT_ALL(OPT_ERR), &n);
    ck_assert_int_eq(part(&got, s, s->x, NULL, OPT_FORWARD), EP_OK);
    same_bits(&got, &want, OPT_FBAR, "fbar");
    same_bits(&got, &want, OPT_LOSS, "loss");
    if (all) same_bits(&got, &want, OPT_ALL(OPT_Y), "y");
    for (int g = 0; g < (int)EP_G_THETA; g++) {
        double *zero = rig_get(&got, OPT_GRAD(g), &n);
        for (size_t k = 0; k < n; k++) ck_assert_msg(!(zero[k] < 0 || zero[k] > 0), "gradient %zu of group %d after a forward pass", k, g);
        free(zero);
    }
    if (all) { /* after a forward pass that saw no target, so that the errors can only be the given ones */
        blind(&got, s, alone);
        same_bits(&got, &want, OPT_ALL(OPT_Y), "y");
        ck_assert_int_eq(part(&got, s, s->x, err, OPT_BACKWARD), EP_OK);
        same_bits(&got, &want, OPT_FBAR, "fbar");
        for (int g = 0; g < (int)EP_G_THETA; g++) {
            same_bits(&got, &want, OPT_GRAD(g), ep_group_name((ep_group)g));
            double *w = rig_get(&want, OPT_GRAD(g), &n);
            for (size_t k = 0; k < n; k++) alive += w[k] < 0 || w[k] > 0;
            free(w);
        }
        err[0] = NAN;
        ck_assert_int_eq(part(&got, s, s->x, err, OPT_BACKWARD), EP_DOMAIN);
    }
    free(err);
    rig_close(&want);
    rig_close(&got);
}

static void two_parts(trial_set *s, const opt_engine *e, int chunk)
{
    compare_parts(s, e, chunk, false);
    compare_parts(s, e, chunk, true);
}

START_TEST(spiking)
{
    for (int m = 0; m < N_RULE; m++) {
        trial_set s = case_make((uint64_t)_i, rules[m]);
        if (rules[m] == EP_EPROP3) s.cfg.window = 7;
        two_parts(&s, opt_scalar_f64(), 0);
        two_parts(&s, opt_scalar_f32(), 0);
        two_parts(&s, opt_fast_f64(), 0);
        two_parts(&s, opt_fast_f32(), 0);
        two_parts(&s, opt_fast_f32(), 5);
        free(s.k.store);
    }
}
END_TEST

START_TEST(lstm)
{
    for (int m = 0; m < N_RULE; m++) {
        trial_set s = {.k = toy_make(EP_LSTM, EP_PAPER2019, 3, 1 + _i, 2, (uint64_t)_i), .T = 9, .B = 1 + _i % 4};
        draw_trials(&s, (uint64_t)_i);
        s.cfg = (opt_config){.rule = rules[m], .loss = (ep_loss)(_i % 2), .B = s.B, .T = s.T, .window = 4,
                             .c_reg = _i % 3 ? 0.5 : 0, .f_target = 0.0625};
        two_parts(&s, opt_scalar_f64(), 0);
        two_parts(&s, opt_fast_f32(), 0);
        two_parts(&s, opt_fast_f64(), 0);
        free(s.k.store);
    }
}
END_TEST

START_TEST(gradients_were_alive) { ck_assert_double_gt(alive, 100); }
END_TEST

int main(void)
{
    Suite *s = suite_create("parts");
    TCase *t = tcase_create("parts");
    tcase_set_timeout(t, 0);
    tcase_add_loop_test(t, spiking, 0, test_loops(12));
    tcase_add_loop_test(t, lstm, 0, test_loops(8));
    tcase_add_test(t, gradients_were_alive);
    suite_add_tcase(s, t);
    return test_run_as(s, CK_NOFORK);
}
