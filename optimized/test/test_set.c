/* Parameters that change between steps, in every path of the fast engine beside the scalar engine: what is derived from a
 * parameter, kept or not, follows it; traces of earlier steps stay what they were.
 * SPDX-License-Identifier: MIT */
#include "fast.h"

static const ep_rule rules[] = {EP_EPROP1_SYMMETRIC, EP_EPROP1_RANDOM, EP_EPROP1_GLOBAL};
enum { N_RULE = 3, WEIGHTS = 5, FEEDBACK = WEIGHTS + EP_N_THETA, N_CHANGE };

static const char *change_name(int g) { return g == FEEDBACK ? "feedback" : ep_group_name((ep_group)g); }

/* New numbers of a group or of the feedback, within its range; alpha may become equal, or stay so. */
static void change(const trial_set *s, const rig *r, int g, uint64_t seed)
{
    int quantity = g == FEEDBACK ? OPT_FEEDBACK : OPT_PARAM(g);
    size_t n = r->e->count(r->s, quantity);
    double *w = calloc(n + 1, sizeof *w);
    bool equal = draw(seed, 70, 3) == 0;
    for (size_t k = 0; k < n; k++) {
        double u = ep_rng_uniform(seed, 71, equal ? 0 : k);
        bool masked = g == EP_G_WREC && ep_model_masks_diagonal(s->k.net.model) && k / (size_t)s->k.net.n_rec == k % (size_t)s->k.net.n_rec;
        w[k] = g == (int)EP_G_THETA + (int)EP_BETA ? 0.3 * u : g >= (int)EP_G_THETA && g < FEEDBACK ? 0.5 + 0.4 * u : masked ? 0 : u - 0.375;
    }
    if (n) rig_set(r, quantity, w, n);
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
        compare(&s, g, (uint64_t)_i, change_name(g));
    }
}
END_TEST

START_TEST(spiking_by_general_kernels)
{
    for (int g = 0; g < N_CHANGE; g++) {
        trial_set s = general_case((uint64_t)_i, rules[_i % N_RULE]);
        compare(&s, g, (uint64_t)_i, change_name(g));
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
        compare(&s, g, (uint64_t)_i, change_name(g));
    }
}
END_TEST

/* The quantity in both engines; how many numbers of it are not 0. */
static size_t same_state(const rig *got, const rig *want, int quantity, const char *name)
{
    size_t n, m, alive = 0;
    double *a = rig_get(got, quantity, &n), *b = rig_get(want, quantity, &m);
    ck_assert_uint_eq(n, m);
    for (size_t k = 0; k < n; k++) {
        ck_assert_msg(fabs(a[k] - b[k]) <= 1e-12 * (1 + fabs(b[k])), "%s[%zu]: %.17g, the scalar engine has %.17g", name, k, a[k], b[k]);
        alive += b[k] != 0;
    }
    free(a);
    free(b);
    return alive;
}

/* Another state of the last step, in both engines. */
static void disturb(const rig *got, const rig *want, int quantity, uint64_t seed)
{
    size_t n;
    double *v = rig_get(want, quantity, &n);
    for (size_t k = 0; k < n; k++) v[k] += nearbyint(64 * (ep_rng_uniform(seed, 72, k) - 0.5)) / 256;
    rig_set(want, quantity, v, n);
    rig_set(got, quantity, v, n);
    free(v);
}

/* Two signals at once, and one with an entry that is no number, the first or the last; the step may still learn. */
static void refuses_signals(const rig *r, size_t B, size_t n, size_t K)
{
    enum { MOST = 17 * 65 };
    static double good[MOST], err[MOST], weight[17], L[MOST];
    ck_assert_int_eq(r->e->learn(r->s, &(opt_signal){.err = good, .target = good}), EP_DOMAIN);
    ck_assert_int_eq(r->e->learn(r->s, &(opt_signal){.weight = good}), EP_DOMAIN);
    for (int last = 0; last < 2; last++) {
        double *e = &err[last ? B * K - 1 : 0], *w = &weight[last ? B - 1 : 0], *l = &L[last ? B * n - 1 : 0];
        *e = *w = *l = NAN;
        ck_assert_int_eq(r->e->learn(r->s, &(opt_signal){.err = err}), EP_DOMAIN);
        ck_assert_int_eq(r->e->learn(r->s, &(opt_signal){.target = err}), EP_DOMAIN);
        ck_assert_int_eq(r->e->learn(r->s, &(opt_signal){.target = good, .weight = weight}), EP_DOMAIN);
        ck_assert_int_eq(r->e->learn(r->s, &(opt_signal){.L = L}), EP_DOMAIN);
        *e = *w = *l = 0;
    }
}

/* v and a set before a step force it: the state then is the scalar engine's, and so is what only general kernels keep. */
static size_t forced_steps(trial_set *s, uint64_t seed)
{
    static const struct { int quantity; const char *name; bool general; } seen[] = {
        {OPT_V, "v", false}, {OPT_A, "a", false}, {OPT_Z, "z", false}, {OPT_Y, "y", false}, {OPT_ERR, "err", false}, {OPT_REFR, "refr", false},
        {OPT_PSI, "psi", true}, {OPT_DZDA, "dz/da", true}, {OPT_S, "s", true}};
    size_t B = (size_t)s->B, T = (size_t)s->T, alive = 0;
    rig want = case_open(s, opt_scalar_f64(), 0), got = case_open(s, opt_fast_f64(), 4);
    for (size_t t = 0; t < T; t++) {
        void *x = rig_slice(&want, s->x, B, T, (size_t)s->k.net.n_in, t), *target = rig_slice(&want, s->target, B, T, (size_t)s->k.net.n_out, t);
        if (t % 3 == 2) disturb(&got, &want, OPT_V, seed + t);
        if (t % 5 == 2) disturb(&got, &want, OPT_A, seed + t);
        ck_assert_int_eq(want.e->step(want.s, x), EP_OK);
        ck_assert_int_eq(got.e->step(got.s, x), EP_OK);
        refuses_signals(&got, B, (size_t)s->k.net.n_rec, (size_t)s->k.net.n_out);
        refuses_signals(&want, B, (size_t)s->k.net.n_rec, (size_t)s->k.net.n_out);
        ck_assert_int_eq(want.e->learn(want.s, &(opt_signal){.target = target}), EP_OK);
        ck_assert_int_eq(got.e->learn(got.s, &(opt_signal){.target = target}), EP_OK);
        for (size_t k = 0; k < sizeof seen / sizeof *seen; k++)
            if (!seen[k].general || got.e->count(got.s, seen[k].quantity) > 0) alive += same_state(&got, &want, seen[k].quantity, seen[k].name);
        free(x);
        free(target);
    }
    ck_assert_int_eq(got.e->set(got.s, OPT_Y, s->target, got.e->count(got.s, OPT_Y)), EP_NOTIMPL);
    rig_close(&want);
    rig_close(&got);
    free(s->k.store);
    return alive;
}

/* What the LSTM's chunks keep for the readout and the signal, beside the scalar engine; the readout's may be set. */
START_TEST(states_of_lstm)
{
    trial_set s = {.k = toy_make(EP_LSTM, EP_PAPER2019, 3, 5, 2, (uint64_t)_i), .B = 2, .T = 12};
    size_t n, K = 2, alive = 0;
    draw_trials(&s, (uint64_t)_i);
    s.cfg = (opt_config){.rule = rules[_i % N_RULE], .B = s.B, .T = s.T};
    rig want = case_open(&s, opt_scalar_f64(), 0), got = case_open(&s, opt_fast_f64(), 4);
    for (size_t t = 0; t < 12; t++) {
        void *x = rig_slice(&want, s.x, 2, 12, 3, t), *target = rig_slice(&want, s.target, 2, 12, K, t);
        for (int e = 0; e < 2; e++) {
            const rig *r = e ? &got : &want;
            ck_assert_int_eq(r->e->step(r->s, x), EP_OK);
            ck_assert_int_eq(r->e->learn(r->s, &(opt_signal){.target = target}), EP_OK);
        }
        alive += same_state(&got, &want, OPT_ZBAR, "zbar") + same_state(&got, &want, OPT_C, "c") + same_state(&got, &want, OPT_Y, "y");
        free(x);
        free(target);
    }
    free(rig_get(&got, OPT_ZBAR, &n));
    ck_assert_uint_eq(n, 2 * 6);
    ck_assert_uint_gt(alive, 12 * (12 + 10));
    rig_close(&want);
    rig_close(&got);
    free(s.k.store);
}
END_TEST

START_TEST(states_between_steps)
{
    trial_set s = any_case((uint64_t)_i, rules[_i % N_RULE]);
    s.cfg.c_reg = 0;
    ck_assert_uint_gt(forced_steps(&s, (uint64_t)_i), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("set");
    TCase *t = tcase_create("set");
    tcase_set_timeout(t, 300);
    tcase_add_loop_test(t, spiking_by_special_kernels, 0, test_loops(30));
    tcase_add_loop_test(t, spiking_by_general_kernels, 0, test_loops(30));
    tcase_add_loop_test(t, lstm_and_rate_units, 0, test_loops(30));
    tcase_add_loop_test(t, states_of_lstm, 0, 3);
    tcase_add_loop_test(t, states_between_steps, 0, test_loops(40));
    suite_add_tcase(suite, t);
    return test_run(suite);
}
