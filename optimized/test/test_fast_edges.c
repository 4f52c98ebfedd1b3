/* The fast engine at its edges: extents of 0 and 1, silence, saturation, delays beyond the end, bad input, modes of the
 * processor; properties that need no oracle; and what it leaves to the scalar engine.
 * SPDX-License-Identifier: MIT */
#include "fast.h"

static const ep_rule rules[] = {EP_BPTT, EP_TBPTT, EP_EPROP1_SYMMETRIC, EP_EPROP1_RANDOM};
enum { N_RULE = sizeof rules / sizeof *rules };

static const opt_engine *engine_of(int n) { return n % 2 ? opt_fast_f32() : opt_fast_f64(); }

static double largest_gradient(const rig *r)
{
    double top = 0;
    for (int g = EP_G_WIN; g <= EP_G_BOUT; g++) {
        size_t n;
        double *v = rig_get(r, OPT_GRAD(g), &n);
        for (size_t i = 0; i < n; i++) {
            ck_assert_msg(isfinite(v[i]), "group %d[%zu]: %a", g, i, v[i]);
            top = fmax(top, fabs(v[i]));
        }
        free(v);
    }
    return top;
}

/* Ones in, halves wanted; then steps without input. */
static void small_run(toy *k, const opt_engine *e, ep_rule rule, int T, int B, int chunk)
{
    opt_config cfg = {.net = &k->net, .rule = rule, .c_reg = 0.5, .f_target = 0.0625, .B = B, .T = T, .chunk = chunk,
                      .window = rule == EP_TBPTT ? 2 : 0};
    size_t steps = (size_t)T * (size_t)B, n_x = steps * (size_t)k->net.n_in, n_y = steps * (size_t)k->net.n_out;
    double *x = malloc((n_x + 1) * sizeof *x), *target = malloc((n_y + 1) * sizeof *target);
    rig r = rig_open(e, &cfg);
    for (size_t i = 0; i < n_x; i++) x[i] = 1;
    for (size_t i = 0; i < n_y; i++) target[i] = 0.5;
    ck_assert_int_eq(rig_grad(&r, T, B, x, target, NULL), EP_OK);
    double top = largest_gradient(&r);
    if (steps == 0) ck_assert(top == 0);
    else if (k->net.n_out > 0) ck_assert(top > 0);
    e->reset(r.s, OPT_RESET_ALL);
    ck_assert(largest_gradient(&r) == 0);
    bool chunks = opt_rule_online(rule) && (T == 0 || chunk > 0);
    for (int t = 0; t < 3; t++) {
        ck_assert_int_eq(e->step(r.s, NULL), EP_OK);
        ck_assert_int_eq(e->learn(r.s, NULL), chunks ? EP_OK : EP_NOTIMPL);
    }
    (void)largest_gradient(&r);
    free(x);
    free(target);
    rig_close(&r);
}

START_TEST(extents_of_zero_and_one)
{
    for (int shape = 0; shape < 8; shape++)
        for (int m = 0; m < N_RULE; m++) {
            toy k = toy_make((ep_model)(_i / 2), EP_PAPER2019, shape & 1, shape >> 1 & 1, shape >> 2, 3);
            for (int T = 0; T < 3; T++)
                for (int B = 0; B < 3; B++)
                    for (int chunk = 0; chunk < 3; chunk++) small_run(&k, engine_of(_i), rules[m], T, B, chunk);
            free(k.store);
        }
}
END_TEST

static const ep_model spiking[] = {EP_LIF, EP_ALIF, EP_LSNN, EP_SYNAPTIC};

/* Bias far below and far above the threshold: no spike, and a spike at every step that refractoriness allows; in a
 * batch large enough for the dense forms. */
START_TEST(all_silent_and_all_firing)
{
    enum { N = 19, T = 24, B = 9 };
    double b[N];
    bool general = _i >= 6;
    toy k = toy_make(general ? spiking[_i / 2 - 3] : spiking[_i / 2], EP_PAPER2019, 2, N, 3, 7);
    if (general) k.net.opt.psi_shape = EP_FAST_SIGMOID; /* never 0: silent neurons have gradients */
    for (int n_ref = 0; n_ref < 4; n_ref++)
        for (int on = 0; on < 2; on++)
            for (int m = 0; m < N_RULE; m++) {
                for (int j = 0; j < N; j++) b[j] = on ? 4000 : -4000;
                k.net.b = b;
                k.net.n_ref = n_ref;
                opt_config cfg = {.net = &k.net, .rule = rules[m], .B = B, .T = T, .window = rules[m] == EP_TBPTT ? 5 : 0};
                rig r = rig_open(engine_of(_i), &cfg), want = rig_open(opt_scalar_f64(), &cfg);
                size_t n;
                ck_assert_int_eq(rig_grad(&r, T, B, NULL, NULL, NULL), EP_OK);
                ck_assert_int_eq(rig_grad(&want, T, B, NULL, NULL, NULL), EP_OK);
                double *z = rig_get(&r, OPT_ALL(OPT_Z), &n);
                ck_assert_uint_eq(n, N * T * B);
                size_t wrong = 0;
                for (size_t i = 0; i < n; i++) wrong += z[i] != (on && i / N % T % (size_t)(n_ref ? n_ref : 1) == 0 ? 1 : 0);
                ck_assert_uint_eq(wrong, 0);
                double top = close_gradients(&r, &want, _i % 2 ? 1e-4 : 1e-12, "all or nothing");
                ck_assert(top > 0);
                free(z);
                rig_close(&r);
                rig_close(&want);
            }
    free(k.store);
}
END_TEST

/* Neurons that fire at most steps with v within reach of the threshold: the dense forms, with gradients in them. */
START_TEST(high_rates_have_gradients)
{
    enum { N = 19, T = 24, B = 17 };
    double b[N], mean = 0;
    toy k = toy_make(_i / 2 % 2 ? EP_ALIF : EP_LIF, EP_PAPER2019, 2, N, 3, 7);
    if (_i >= 4) k.net.opt.psi_shape = EP_ARCTAN; /* general kernels */
    size_t n;
    scale_by(&k, k.net.Wrec, N * N, 1.0 / 128);
    if (k.net.theta[EP_BETA]) scale_by(&k, k.net.theta[EP_BETA], N, 1.0 / 256);
    for (int j = 0; j < N; j++) b[j] = k.net.v_th * (1 + 1.4 * (1 - k.net.theta[EP_ALPHA][j]));
    k.net.b = b;
    for (int m = 0; m < N_RULE; m++)
        for (int chunk = 0; chunk < 9; chunk += 8) {
            opt_config cfg = {.net = &k.net, .rule = rules[m], .B = B, .T = T, .chunk = chunk, .c_reg = _i % 2 ? 0.5 : 0,
                              .window = rules[m] == EP_TBPTT ? 5 : 0};
            rig r = rig_open(opt_fast_f64(), &cfg), want = rig_open(opt_scalar_f64(), &cfg);
            ck_assert_int_eq(rig_grad(&r, T, B, NULL, NULL, NULL), EP_OK);
            ck_assert_int_eq(rig_grad(&want, T, B, NULL, NULL, NULL), EP_OK);
            double *f = rig_get(&r, OPT_FBAR, &n), *g = rig_get(&want, OPT_GRAD(EP_G_WREC), &n), top = 0;
            for (size_t j = 0; j < N; j++) mean += f[j] / N;
            for (size_t i = 0; i < n; i++) top = fmax(top, fabs(g[i]));
            ck_assert(top > 0);
            (void)close_gradients(&r, &want, 1e-12, "high rate");
            free(f);
            free(g);
            rig_close(&r);
            rig_close(&want);
        }
    ck_assert_msg(mean > 0.6 * 2 * N_RULE, "rate %g", mean / (2 * N_RULE));
    free(k.store);
}
END_TEST

START_TEST(delay_beyond_the_end)
{
    for (int m = 0; m < N_RULE; m++)
        for (int chunk = 0; chunk < 8; chunk += 3) {
            toy k = toy_make((ep_model)(_i / 2), EP_PAPER2019, 2, 3, 1, 5);
            k.net.opt.delay = 50;
            small_run(&k, engine_of(_i), rules[m], 10, 2, chunk);
            opt_config cfg = {.net = &k.net, .rule = rules[m], .B = 1, .T = 10, .chunk = chunk,
                              .window = rules[m] == EP_TBPTT ? 3 : 0};
            double x[20], target[10] = {1, 1};
            size_t n;
            for (int i = 0; i < 20; i++) x[i] = 1;
            rig r = rig_open(engine_of(_i), &cfg);
            ck_assert_int_eq(rig_grad(&r, 10, 1, x, target, NULL), EP_OK);
            double *rec = rig_get(&r, OPT_GRAD(EP_G_WREC), &n);
            for (size_t i = 0; i < n; i++) ck_assert(rec[i] == 0);
            ck_assert(largest_gradient(&r) > 0);
            free(rec);
            rig_close(&r);
            free(k.store);
        }
}
END_TEST

START_TEST(bad_input_is_refused)
{
    static const double bad[] = {NAN, INFINITY, -INFINITY};
    toy k = toy_make(EP_ALIF, EP_PAPER2019, 17, 3, 2, 7);
    opt_config cfg = {.net = &k.net, .rule = EP_EPROP1_RANDOM, .B = 2, .T = 8, .chunk = _i % 2 ? 3 : 0};
    const opt_engine *e = engine_of(_i / 2);
    double x[3 * 9 * 17] = {0}, y[3 * 9 * 2] = {0}, mask[2 * 8] = {0}; /* room for the sizes refused below */
    rig r = rig_open(e, &cfg);
    for (int n = 0; n < 3; n++)
        for (size_t at = 0; at < 2 * 8 * 17; at += 15) {
            x[at] = bad[n];
            ck_assert_int_eq(rig_grad(&r, 8, 2, x, y, NULL), EP_DOMAIN);
            x[at] = 0;
            y[at % 32] = bad[n];
            ck_assert_int_eq(rig_grad(&r, 8, 2, x, y, NULL), EP_DOMAIN);
            y[at % 32] = 0;
            mask[at % 16] = n ? bad[n] : -1;
            ck_assert_int_eq(rig_grad(&r, 8, 2, x, y, mask), EP_DOMAIN);
            mask[at % 16] = 0;
        }
    ck_assert_int_eq(rig_grad(&r, 9, 2, x, y, NULL), EP_DOMAIN);
    ck_assert_int_eq(rig_grad(&r, 8, 3, x, y, NULL), EP_DOMAIN);
    double w[9] = {0, 1, 1, 1, 0, 1, 1, 1, NAN};
    void *in = rig_in(&r, w, 9);
    ck_assert_int_eq(e->set(r.s, OPT_PARAM(EP_G_WREC), in, 9), EP_DOMAIN);
    free(in);
    opt_state *s;
    ck_assert_int_eq(e->init(&cfg, (char *)r.mem + 8, r.bytes - 8, &s), EP_DOMAIN);
    ck_assert_int_eq(e->init(&cfg, r.mem, r.bytes - 1, &s), EP_DOMAIN);
    rig_close(&r);
    free(k.store);
}
END_TEST

/* Entry k of a group becomes v: refused, and the group stays as it is. */
static void refused(const rig *r, int g, size_t k, double v)
{
    size_t n;
    double *w = rig_get(r, OPT_PARAM(g), &n), was = w[k];
    w[k] = v;
    void *in = rig_in(r, w, n);
    ck_assert_msg(r->e->set(r->s, OPT_PARAM(g), in, n) == EP_DOMAIN, "%s group %d[%zu] = %g", r->e->name, g, k, v);
    free(in);
    free(w);
    w = rig_get(r, OPT_PARAM(g), &n);
    ck_assert(w[k] <= was && w[k] >= was);
    rig_set(r, OPT_PARAM(g), w, n);
    free(w);
}

/* Each entry of each group: no NAN, no connection to oneself, no decay outside [0, 1). */
START_TEST(parameters_out_of_range_are_refused)
{
    static const opt_engine *(*const engine[])(void) = {opt_fast_f64, opt_fast_f32, opt_scalar_f64, opt_scalar_f32};
    toy k = toy_make((ep_model)(_i / 4), EP_PAPER2019, 3, 4, 2, 7);
    opt_config cfg = {.net = &k.net, .rule = EP_EPROP1_SYMMETRIC, .B = 1, .T = 4, .chunk = 2};
    rig r = rig_open(engine[_i % 4](), &cfg);
    for (int g = 0; g < EP_N_GROUP; g++)
        for (size_t n = 0; n < r.e->count(r.s, OPT_PARAM(g)); n++) {
            refused(&r, g, n, NAN);
            if (g == EP_G_WREC && ep_model_masks_diagonal(k.net.model) && n % 5 == 0) refused(&r, g, n, 0.5);
            if (g < (int)EP_G_THETA || g == (int)EP_G_THETA + (int)EP_BETA) continue;
            refused(&r, g, n, 1);
            refused(&r, g, n, -0.5);
        }
    rig_close(&r);
    free(k.store);
}
END_TEST

static size_t all_zero(const rig *r, int quantity, const char *when)
{
    size_t n;
    double *v = rig_get(r, quantity, &n);
    for (size_t k = 0; k < n; k++)
        if (v[k] != 0) ck_abort_msg("%s: quantity %d[%zu] is %g", when, quantity, k, v[k]);
    free(v);
    return n;
}

/* What can be read of the state is 0 at the start and after a reset, and the steps that follow are those of a new engine. */
START_TEST(a_reset_forgets)
{
    static const int states[] = {OPT_V, OPT_A, OPT_Z, OPT_Y, OPT_ERR, OPT_C};
    enum { B = 3, T = 7, N = 20, N_IN = 2, N_OUT = 5 };
    toy k = toy_make((ep_model)(_i / 2), EP_PAPER2019, N_IN, N, N_OUT, 7);
    opt_config cfg = {.net = &k.net, .rule = EP_EPROP1_SYMMETRIC, .B = B, .T = T, .chunk = 4};
    rig r = rig_open(_i % 2 ? opt_scalar_f64() : opt_fast_f64(), &cfg);
    double *x = toy_spikes(&k, B * N_IN, 2), *target = toy_draw(&k, B * N_OUT, 0, 1), *first = NULL, *g;
    size_t n, read = 0;
    for (int round = 0; round < 2; round++) {
        for (size_t q = 0; q < sizeof states / sizeof *states; q++) read += all_zero(&r, states[q], round ? "after a reset" : "at the start");
        for (int t = 0; t < T; t++) {
            ck_assert_int_eq(r.e->step(r.s, x), EP_OK);
            ck_assert_int_eq(r.e->learn(r.s, &(opt_signal){.target = target}), EP_OK);
        }
        g = rig_get(&r, OPT_Y, &n);
        if (first) (void)close_to(g, first, n, 0, "y of the second round");
        ck_assert(g[n - 1] != 0);
        free(first);
        first = g;
        r.e->reset(r.s, OPT_RESET_ALL);
    }
    ck_assert_uint_ge(read, 2 * B * (N + 2 * N_OUT));
    free(first);
    rig_close(&r);
    free(k.store);
}
END_TEST

/* A signal is for the step before it, once: not before the first, not twice, not across a reset. */
START_TEST(a_signal_needs_its_step)
{
    static const ep_model model[] = {EP_LIF, EP_SYNAPTIC, EP_LSTM, EP_RATE};
    toy k = toy_make(model[_i], EP_PAPER2019, 2, 3, 2, 7);
    opt_config cfg = {.net = &k.net, .rule = EP_EPROP1_RANDOM, .B = 1, .T = 8, .chunk = 3};
    rig r = rig_open(opt_fast_f64(), &cfg);
    const double x[2] = {1, 0};
    for (int n = 0; n < 2; n++) {
        ck_assert_int_eq(r.e->learn(r.s, NULL), EP_DOMAIN);
        ck_assert_int_eq(r.e->step(r.s, x), EP_OK);
        ck_assert_int_eq(r.e->learn(r.s, NULL), EP_OK);
        ck_assert_int_eq(r.e->learn(r.s, NULL), EP_DOMAIN);
        ck_assert_int_eq(r.e->step(r.s, NULL), EP_OK); /* no input */
        r.e->reset(r.s, OPT_RESET_STATE);
    }
    rig_close(&r);
    free(k.store);
}
END_TEST

/* Subnormal numbers mean zero inside calls only. */
START_TEST(processor_mode_is_restored)
{
    volatile double tiny = 0x1p-1060, one = 1;
    trial_set s = case_make((uint64_t)_i, EP_EPROP1_RANDOM);
    s.cfg.threads = 2;
    rig r = case_run(&s, engine_of(_i), _i % 2 ? 4 : 0);
    ck_assert(tiny * one > 0);
    r.e->reset(r.s, OPT_RESET_ALL);
    ck_assert_int_eq(r.e->step(r.s, NULL), EP_OK);
    (void)r.e->learn(r.s, NULL);
    (void)largest_gradient(&r);
    ck_assert(tiny * one > 0);
    rig_close(&r);
    free(s.k.store);
}
END_TEST

START_TEST(batch_is_the_sum_of_its_trials)
{
    for (int m = 0; m < N_RULE; m++) {
        trial_set s = any_case((uint64_t)_i, rules[m]);
        s.cfg.c_reg = 0;
        s.k.net.opt.loss_norm = EP_NORM_SUM;
        rig all = case_run(&s, opt_fast_f64(), _i % 3 == 2 ? 5 : 0), one = case_open(&s, opt_fast_f64(), _i % 3 == 2 ? 5 : 0);
        for (int g = EP_G_WIN; g < (int)EP_N_GROUP; g++) {
            size_t n, T = (size_t)s.T;
            double *want = rig_get(&all, OPT_GRAD(g), &n), *sum = calloc(n + 1, sizeof *sum);
            for (size_t b = 0; b < (size_t)s.B; b++) {
                ck_assert_int_eq(rig_grad(&one, s.T, 1, s.x + b * T * (size_t)s.k.net.n_in,
                                          s.target + b * T * (size_t)s.k.net.n_out, s.mask ? s.mask + b * T : NULL), EP_OK);
                double *part = rig_get(&one, OPT_GRAD(g), &n);
                for (size_t i = 0; i < n; i++) sum[i] += part[i];
                free(part);
            }
            (void)close_to(sum, want, n, 1e-12, "sum of trials");
            free(want);
            free(sum);
        }
        rig_close(&all);
        rig_close(&one);
        free(s.k.store);
    }
}
END_TEST

/* Neurons 0 and 1 .. n-1 change places by reversal: the gradient of Win follows. */
START_TEST(order_of_neurons_does_not_matter)
{
    trial_set s = any_case((uint64_t)_i, rules[_i / 2 % N_RULE]), t = any_case((uint64_t)_i, rules[_i / 2 % N_RULE]);
    size_t n = (size_t)s.k.net.n_rec, n_in = (size_t)s.k.net.n_in, K = (size_t)s.k.net.n_out, m;
    const ep_net *a = &s.k.net, *b = &t.k.net;
    double *to = t.k.store;
    for (size_t j = 0; j < n; j++) {
        size_t q = n - 1 - j;
        for (size_t i = 0; i < n_in; i++) to[b->Win - to + (ptrdiff_t)(q * n_in + i)] = a->Win[j * n_in + i];
        for (size_t i = 0; i < n; i++) to[b->Wrec - to + (ptrdiff_t)(q * n + n - 1 - i)] = a->Wrec[j * n + i];
        for (size_t k = 0; k < K; k++) {
            to[b->Wout - to + (ptrdiff_t)(k * n + q)] = a->Wout[k * n + j];
            to[b->B - to + (ptrdiff_t)(q * K + k)] = a->B[j * K + k];
        }
        to[b->b - to + (ptrdiff_t)q] = a->b[j];
        for (int p = 0; p < EP_N_THETA; p++)
            if (a->theta[p]) to[b->theta[p] - to + (ptrdiff_t)q] = a->theta[p][j];
    }
    rig r = case_run(&s, opt_fast_f64(), _i % 3 == 2 ? 4 : 0), w = case_run(&t, opt_fast_f64(), _i % 3 == 2 ? 4 : 0);
    double *p = rig_get(&r, OPT_GRAD(EP_G_WIN), &m), *v = rig_get(&w, OPT_GRAD(EP_G_WIN), &m), *back = calloc(m + 1, sizeof *p);
    for (size_t j = 0; j < n; j++) memcpy(back + (n - 1 - j) * n_in, v + j * n_in, n_in * sizeof *v);
    (void)close_to(back, p, m, 1e-12, "reversed");
    free(p);
    free(v);
    p = rig_get(&r, OPT_GRAD(EP_G_THETA), &m);
    v = rig_get(&w, OPT_GRAD(EP_G_THETA), &m);
    for (size_t j = 0; j < m; j++) back[j] = v[n - 1 - j];
    (void)close_to(back, p, m, 1e-12, "reversed alpha");
    free(p);
    free(v);
    free(back);
    rig_close(&r);
    rig_close(&w);
    free(s.k.store);
    free(t.k.store);
}
END_TEST

/* What no kernel here knows is the scalar engine's, and the record says so. */
START_TEST(the_rest_is_the_scalar_engines)
{
    char text[256];
    toy k = toy_make(EP_RATE, EP_PAPER2019, 3, 5, 2, (uint64_t)_i);
    opt_config cfg = {.net = &k.net, .rule = EP_EPROP1_RANDOM, .B = 2, .T = 9};
    double x[2 * 9 * 3], target[2 * 9 * 2];
    for (int i = 0; i < 54; i++) x[i] = ep_rng_normal((uint64_t)_i, 1, (uint64_t)i, 10);
    for (int i = 0; i < 36; i++) target[i] = ep_rng_normal((uint64_t)_i, 2, (uint64_t)i, 10);
    rig got = rig_open(opt_fast_f32(), &cfg), want = rig_open(opt_scalar_f32(), &cfg);
    ck_assert_int_eq(rig_grad(&got, 9, 2, x, target, NULL), EP_OK);
    ck_assert_int_eq(rig_grad(&want, 9, 2, x, target, NULL), EP_OK);
    got.e->describe(got.s, text, sizeof text);
    if (strncmp(text, "fast, by general path: scalar", 29) == 0)
        for (int g = EP_G_WIN; g < (int)EP_N_GROUP; g++) same_bits(&got, &want, OPT_GRAD(g), "scalar");
    else ck_assert_msg(strncmp(text, "fast ", 5) == 0, "%s", text);
    (void)close_gradients(&got, &want, 1e-4, "rate");
    rig_close(&got);
    rig_close(&want);
    free(k.store);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fast_edges");
    TCase *t = tcase_create("edges");
    tcase_set_timeout(t, 300);
    tcase_add_loop_test(t, extents_of_zero_and_one, 0, 6);
    tcase_add_loop_test(t, all_silent_and_all_firing, 0, 14);
    tcase_add_loop_test(t, high_rates_have_gradients, 0, 8);
    tcase_add_loop_test(t, delay_beyond_the_end, 0, 6);
    tcase_add_loop_test(t, bad_input_is_refused, 0, 4);
    tcase_add_loop_test(t, parameters_out_of_range_are_refused, 0, 4 * EP_N_MODEL);
    tcase_add_loop_test(t, a_reset_forgets, 0, 2 * EP_N_MODEL);
    tcase_add_loop_test(t, a_signal_needs_its_step, 0, 4);
    tcase_add_loop_test(t, processor_mode_is_restored, 0, 4);
    tcase_add_loop_test(t, batch_is_the_sum_of_its_trials, 0, test_loops(60));
    tcase_add_loop_test(t, order_of_neurons_does_not_matter, 0, test_loops(60));
    tcase_add_loop_test(t, the_rest_is_the_scalar_engines, 0, test_loops(10));
    suite_add_tcase(suite, t);
    return test_run(suite);
}
