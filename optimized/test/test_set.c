/* Parameters that change between steps, in every path of the fast engine beside the scalar engine: what is derived from a
 * parameter, kept or not, follows it; traces of earlier steps stay what they were.
 * SPDX-License-Identifier: MIT */
#include "fast.h"

static const ep_rule rules[] = {EP_EPROP1_SYMMETRIC, EP_EPROP1_RANDOM, EP_EPROP1_GLOBAL};
enum { N_RULE = 3, WEIGHTS = 5, N_CHANGE = WEIGHTS + EP_N_THETA };

/* New numbers of a group, within its range; alpha may become equal, or stay so. */
static void change(const trial_set *s, const rig *r, int g, uint64_t seed)
{
    size_t n = r->e->count(r->s, OPT_PARAM(g));
    double *w = calloc(n + 1, sizeof *w);
    bool equal = draw(seed, 70, 3) == 0;
    for (size_t k = 0; k < n; k++) {
        double u = ep_rng_uniform(seed, 71, equal ? 0 : k);
        bool masked = g == EP_G_WREC && ep_model_masks_diagonal(s->k.net.model) && k / (size_t)s->k.net.n_rec == k % (size_t)s->k.net.n_rec;
        w[k] = g == (int)EP_G_THETA + (int)EP_BETA ? 0.3 * u : g >= (int)EP_G_THETA ? 0.5 + 0.4 * u : masked ? 0 : u - 0.375;
    }
    if (n) rig_set(r, OPT_PARAM(g), w, n);
    free(w);
}

/* Steps, and changes of group g before the first step, between a step and its signal, and after it. */
static void online(const trial_set *s, const rig *r, int g, uint64_t seed)
{
    size_t B = (size_t)s->B, T = (size_t)s->T, K = (size_t)s->k.net.n_out;
    for (size_t t = 0; t < T; t++) {
        void *x = rig_slice(r, s->x, B, T, (size_t)s->k.net.n_in, t), *target = rig_slice(r, s->target, B, T, K, t);
        opt_signal sig = {.target = target};
        if (t % 5 == 0 && draw(seed, t, 3)) change(s, r, g, seed + t);
        ck_assert_int_eq(r->e->step(r->s, x), EP_OK);
        if (t % 7 == 3) change(s, r, g, seed + 100 + t);
        if (t % 4 != 2 || s->k.net.opt.delay_L > 0) ck_assert_int_eq(r->e->learn(r->s, &sig), EP_OK);
        free(x);
        free(target);
    }
}

static void compare(trial_set *s, int g, uint64_t seed, const char *what)
{
    rig want = case_open(s, opt_scalar_f64(), 0);
    online(s, &want, g, seed);
    for (int chunk = 1; chunk < 40; chunk = 3 * chunk + 2) {
        rig got = case_open(s, opt_fast_f64(), chunk);
        char text[256];
        online(s, &got, g, seed);
        got.e->describe(got.s, text, sizeof text);
        ck_assert_msg(strncmp(text, "fast, by general path", 21) != 0, "%s", text);
        (void)close_gradients(&got, &want, 1e-12, what);
        rig_close(&got);
    }
    rig_close(&want);
    free(s->k.store);
}

START_TEST(spiking_by_special_kernels)
{
    for (int g = 0; g < N_CHANGE; g++) {
        trial_set s = case_make((uint64_t)_i, rules[_i % N_RULE]);
        compare(&s, g, (uint64_t)_i, ep_group_name((ep_group)g));
    }
}
END_TEST

START_TEST(spiking_by_general_kernels)
{
    for (int g = 0; g < N_CHANGE; g++) {
        trial_set s = general_case((uint64_t)_i, rules[_i % N_RULE]);
        compare(&s, g, (uint64_t)_i, ep_group_name((ep_group)g));
    }
}
END_TEST

START_TEST(lstm_and_rate_units)
{
    for (int g = 0; g < N_CHANGE; g++) {
        ep_model m = _i % 2 ? EP_LSTM : EP_RATE;
        trial_set s = {.k = toy_make(m, EP_PAPER2019, 3, 1 + _i % 9, 2, (uint64_t)_i), .B = 1 + _i % 3, .T = 30};
        draw_trials(&s, (uint64_t)_i);
        s.cfg = (opt_config){.rule = rules[_i % N_RULE], .B = s.B, .T = s.T, .c_reg = _i % 5 ? 0 : 0.5};
        compare(&s, g, (uint64_t)_i, ep_group_name((ep_group)g));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("set");
    TCase *t = tcase_create("set");
    tcase_set_timeout(t, 300);
    tcase_add_loop_test(t, spiking_by_special_kernels, 0, loops(30));
    tcase_add_loop_test(t, spiking_by_general_kernels, 0, loops(30));
    tcase_add_loop_test(t, lstm_and_rate_units, 0, loops(30));
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
