/* The scalar engine at its edges: extents of 0 and 1, delays beyond the end, silence, saturation, and bad input.
 * SPDX-License-Identifier: MIT */
#include "net.h"
#include "test/run.h"

static const ep_rule every_rule[] = {EP_BPTT, EP_RTRL, EP_EPROP1_SYMMETRIC, EP_EPROP1_RANDOM, EP_TBPTT, EP_TBPTT_SG,
                                     EP_EPROP3, EP_EPROP3_SG};
enum { N_RULE = sizeof every_rule / sizeof *every_rule };

static const opt_engine *engine_of(int n) { return n % 2 ? opt_scalar_f32() : opt_scalar_f64(); }

static opt_config config(const toy *k, ep_rule rule, int T, int B)
{
    return (opt_config){.net = &k->net, .rule = rule, .loss = EP_REGRESSION, .c_reg = 0.5, .f_target = 0.0625, .B = B,
                        .T = T, .window = 2};
}

static double largest_of(const rig *r, int quantity)
{
    size_t n;
    double *v = rig_get(r, quantity, &n), top = 0;
    for (size_t i = 0; i < n; i++) {
        ck_assert_msg(isfinite(v[i]), "quantity %#x[%zu]: %a", (unsigned)quantity, i, v[i]);
        top = fmax(top, fabs(v[i]));
    }
    free(v);
    return top;
}

static double largest_gradient(const rig *r)
{
    double top = 0;
    for (int g = 0; g < (int)EP_N_GROUP; g++) top = fmax(top, largest_of(r, OPT_GRAD(g)));
    return top;
}

/* Offline on T steps, then three steps online where the rule learns so. */
static void small_run(const toy *k, const opt_engine *e, ep_rule rule, int T, int B)
{
    opt_config cfg = config(k, rule, T, B);
    rig r = rig_open(e, &cfg);
    size_t steps = (size_t)T * (size_t)B, n_x = steps * (size_t)k->net.n_in, n_y = steps * (size_t)k->net.n_out;
    double *x = malloc((n_x + 1) * sizeof *x), *target = malloc((n_y + 1) * sizeof *target);
    for (size_t i = 0; i < n_x; i++) x[i] = 1;
    for (size_t i = 0; i < n_y; i++) target[i] = 0.5;
    ck_assert_int_eq(rig_grad(&r, T, B, x, target, NULL), EP_OK);
    double top = largest_gradient(&r);
    if (steps == 0) ck_assert(top == 0);
    else if (k->net.n_out > 0) ck_assert(top > 0); /* the readout's bias learns even alone */
    (void)largest_of(&r, OPT_LOSS);
    (void)largest_of(&r, OPT_FBAR);
    e->reset(r.s, OPT_RESET_ALL);
    ck_assert(largest_gradient(&r) == 0);
    for (int t = 0; t < 3; t++) {
        ck_assert_int_eq(e->step(r.s, NULL), EP_OK);
        ck_assert_int_eq(e->learn(r.s, NULL), opt_rule_online(rule) ? EP_OK : EP_NOTIMPL);
    }
    (void)largest_gradient(&r);
    free(x);
    free(target);
    rig_close(&r);
}

START_TEST(extents_of_zero_and_one)
{
    ep_model m = (ep_model)(_i / 2);
    for (int shape = 0; shape < 8; shape++)
        for (int k = 0; k < N_RULE; k++) {
            toy net = toy_make(m, EP_PAPER2019, shape & 1, shape >> 1 & 1, shape >> 2, 3);
            if (engine_of(_i)->supports(m, every_rule[k], &net.net.opt) == EP_OK)
                for (int T = 0; T < 3; T++)
                    for (int B = 0; B < 3; B++) small_run(&net, engine_of(_i), every_rule[k], T, B);
            free(net.store);
        }
}
END_TEST

/* Spikes that would arrive after the end leave no gradient; the rest does not change. */
START_TEST(delay_beyond_the_end)
{
    ep_model m = (ep_model)(_i / 2);
    if (m == EP_LSTM) return; /* its delay is 1 */
    for (int k = 0; k < N_RULE; k++) {
        toy net = toy_make(m, EP_PAPER2019, 2, 3, 1, 5);
        net.net.opt.delay = 50;
        net.net.opt.delay_L = 40;
        if (engine_of(_i)->supports(m, every_rule[k], &net.net.opt) == EP_OK) {
            small_run(&net, engine_of(_i), every_rule[k], 10, 2);
            opt_config cfg = config(&net, every_rule[k], 10, 1);
            double x[20], target[10] = {1, 1};
            for (int i = 0; i < 20; i++) x[i] = 1;
            rig r = rig_open(engine_of(_i), &cfg);
            ck_assert_int_eq(rig_grad(&r, 10, 1, x, target, NULL), EP_OK);
            ck_assert(largest_of(&r, OPT_GRAD(EP_G_WREC)) == 0);
            ck_assert(largest_of(&r, OPT_GRAD(EP_G_WIN)) > 0); /* by the regulariser where L comes too late */
            rig_close(&r);
        }
        free(net.store);
    }
}
END_TEST

/* Bias far below and far above the threshold: no spike, and a spike at every step that refractoriness allows. */
START_TEST(all_silent_and_all_firing)
{
    for (int n_ref = 0; n_ref < 4; n_ref++) {
        toy k = toy_make((ep_model)(_i / 2), EP_PAPER2019, 2, 3, 1, 7);
        double b[12], target[24] = {0};
        size_t n;
        if (!ep_model_spikes(k.net.model)) {
            free(k.store);
            return;
        }
        for (int on = 0; on < 2; on++) {
            for (int j = 0; j < 12; j++) b[j] = on ? 40 : -40;
            k.net.b = b;
            k.net.n_ref = n_ref;
            opt_config cfg = config(&k, EP_BPTT, 24, 1);
            rig r = rig_open(engine_of(_i), &cfg);
            ck_assert_int_eq(rig_grad(&r, 24, 1, NULL, target, NULL), EP_OK);
            double *z = rig_get(&r, OPT_ALL(OPT_Z), &n);
            for (size_t t = 0; t < 24; t++)
                for (size_t j = 0; j < 3; j++)
                    ck_assert(z[t * 3 + j] == (on && t % (size_t)(n_ref ? n_ref : 1) == 0 ? 1 : 0));
            (void)largest_gradient(&r);
            free(z);
            rig_close(&r);
        }
        free(k.store);
    }
}
END_TEST

/* v = v_th exactly: no spike with >, a spike with >=. */
START_TEST(a_tie_is_decided_by_the_option)
{
    for (int ge = 0; ge < 2; ge++) {
        toy k = toy_make((ep_model)(_i / 2), EP_PAPER2019, 1, 1, 1, 7);
        const double b[4] = {0.625};
        size_t n;
        k.net.b = b;
        k.net.opt.spike_test = ge ? EP_TEST_GE : EP_TEST_GT;
        opt_config cfg = config(&k, EP_BPTT, 1, 1);
        rig r = rig_open(engine_of(_i), &cfg);
        ck_assert_int_eq(rig_grad(&r, 1, 1, NULL, NULL, NULL), EP_OK);
        double *z = rig_get(&r, OPT_Z, &n);
        if (ep_model_spikes(k.net.model)) ck_assert(z[0] == ge);
        free(z);
        rig_close(&r);
        free(k.store);
    }
}
END_TEST

static void *odd_memory(size_t bytes, unsigned char **base)
{
    *base = aligned_alloc(OPT_ALIGN, (bytes / OPT_ALIGN + 3) * OPT_ALIGN);
    ck_assert_ptr_nonnull(*base);
    return *base;
}

START_TEST(memory_is_checked)
{
    const opt_engine *e = engine_of(_i);
    toy k = toy_make(EP_ALIF, EP_PAPER2019, 2, 3, 1, 7);
    opt_config cfg = config(&k, EP_BPTT, 8, 1);
    size_t need = e->state_size(&cfg);
    unsigned char *base, *mem = odd_memory(need, &base);
    opt_state *s = NULL;
    ck_assert_int_eq(e->init(&cfg, mem, need - 1, &s), EP_DOMAIN);
    ck_assert_int_eq(e->init(&cfg, mem, 0, &s), EP_DOMAIN);
    ck_assert_int_eq(e->init(&cfg, NULL, need, &s), EP_DOMAIN);
    ck_assert_int_eq(e->init(&cfg, mem + 8, need + 8, &s), EP_DOMAIN);
    ck_assert_ptr_null(s);
    ck_assert_int_eq(e->init(&cfg, mem, need, &s), EP_OK);
    cfg.B = EP_MAX_DIM;
    k.net.n_in = k.net.n_rec = k.net.n_out = EP_MAX_DIM;
    cfg.rule = EP_EPROP1_RANDOM;
    ck_assert_uint_eq(e->state_size(&cfg), 0); /* more than memory can address */
    free(base);
    free(k.store);
}
END_TEST

static ep_status try_init(const opt_engine *e, const opt_config *cfg)
{
    opt_state *s = NULL;
    size_t need = e->state_size(cfg), room = need ? need : 4096;
    unsigned char *base, *mem = odd_memory(room, &base);
    ep_status st = e->init(cfg, mem, room, &s);
    ck_assert((st == EP_OK) == (s != NULL));
    free(base);
    return st;
}

/* Each array in turn gets a number that is not finite, or not finite in float. */
START_TEST(weights_are_checked)
{
    const opt_engine *e = engine_of(_i);
    toy k = toy_make(EP_ALIF, EP_PAPER2019, 2, 3, 1, 7);
    opt_config cfg = config(&k, EP_EPROP1_RANDOM, 8, 1);
    const double *arrays[] = {k.net.Win, k.net.Wrec + 1, k.net.b, k.net.Wout, k.net.bout, k.net.B,
                              k.net.theta[EP_ALPHA], k.net.theta[EP_RHO], k.net.theta[EP_BETA]};
    const double bad[] = {NAN, INFINITY, -INFINITY, 1e300};
    ck_assert_int_eq(try_init(e, &cfg), EP_OK);
    for (size_t a = 0; a < sizeof arrays / sizeof *arrays; a++)
        for (size_t v = 0; v < 4; v++) {
            double *at = k.store + (arrays[a] - k.store), keep = *at;
            bool decay = arrays[a] == k.net.theta[EP_ALPHA] || arrays[a] == k.net.theta[EP_RHO];
            *at = bad[v];
            bool fits = v == 3 && e->format == OPT_BINARY64 && !decay;
            ck_assert_msg(try_init(e, &cfg) == (fits ? EP_OK : EP_DOMAIN), "array %zu, %a", a, bad[v]);
            *at = keep;
        }
    double *diagonal = k.store + (k.net.Wrec - k.store), *alpha = k.store + (k.net.theta[EP_ALPHA] - k.store);
    *diagonal = 0.5;
    ck_assert_int_eq(try_init(e, &cfg), EP_DOMAIN);
    *diagonal = 0;
    *alpha = 1 - 0x1p-40; /* 1 in float */
    ck_assert_int_eq(try_init(e, &cfg), e->format == OPT_BINARY32 ? EP_DOMAIN : EP_OK);
    *alpha = 0.75;
    k.net.kappa = 1 - 0x1p-40;
    ck_assert_int_eq(try_init(e, &cfg), e->format == OPT_BINARY32 ? EP_DOMAIN : EP_OK);
    free(k.store);
}
END_TEST

START_TEST(configurations_are_checked)
{
    const opt_engine *e = engine_of(_i);
    toy k = toy_make(EP_ALIF, EP_PAPER2019, 2, 3, 1, 7), rate = toy_make(EP_RATE, EP_PAPER2019, 2, 3, 1, 7);
    const opt_config good = config(&k, EP_TBPTT, 8, 1);
    opt_config c = good;
    c.window = 0;
    ck_assert_int_eq(try_init(e, &c), EP_DOMAIN);
    c = good;
    c.T = -1;
    ck_assert_int_eq(try_init(e, &c), EP_DOMAIN);
    c = good;
    c.c_reg = NAN;
    ck_assert_int_eq(try_init(e, &c), EP_DOMAIN);
    c = good;
    c.rule = EP_EPROP2;
    ck_assert_int_eq(try_init(e, &c), EP_NOTIMPL);
    ck_assert_uint_eq(e->state_size(&c), 0);
    c = config(&rate, EP_EPROP3, 8, 1);
    ck_assert_int_eq(try_init(e, &c), EP_NOTIMPL);
    k.net.opt.delay = 0;
    ck_assert_int_eq(try_init(e, &good), EP_DOMAIN);
    k.net.opt.delay = 1;
    k.net.n_rec = OPT_RTRL_MOST_REC + 1;
    c = good;
    c.rule = EP_RTRL;
    ck_assert_uint_eq(e->state_size(&c), 0);
    free(k.store);
    free(rate.store);
}
END_TEST

START_TEST(inputs_are_checked)
{
    const opt_engine *e = engine_of(_i);
    toy k = toy_make(EP_ALIF, EP_PAPER2019, 2, 3, 1, 7);
    opt_config cfg = config(&k, EP_EPROP1_RANDOM, 8, 1);
    rig r = rig_open(e, &cfg);
    double x[16], target[8] = {1}, mask[8] = {1}, *all[] = {x, target, mask};
    const double bad[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 16; i++) x[i] = 1;
    ck_assert_int_eq(rig_grad(&r, 8, 1, x, target, mask), EP_OK);
    for (int a = 0; a < 3; a++)
        for (int v = 0; v < 3; v++) {
            all[a][7] = bad[v];
            ck_assert_int_eq(rig_grad(&r, 8, 1, x, target, mask), EP_DOMAIN);
            all[a][7] = 0;
        }
    mask[3] = -0.5;
    ck_assert_int_eq(rig_grad(&r, 8, 1, x, target, mask), EP_DOMAIN);
    mask[3] = 1;
    ck_assert_int_eq(rig_grad(&r, 9, 1, NULL, NULL, NULL), EP_DOMAIN);
    ck_assert_int_eq(rig_grad(&r, 8, 2, NULL, NULL, NULL), EP_DOMAIN);
    ck_assert_int_eq(rig_grad(&r, -1, 1, NULL, NULL, NULL), EP_DOMAIN);
    ck_assert_int_eq(rig_grad(&r, 8, 1, NULL, NULL, NULL), EP_OK);
    target[0] = e->format == OPT_BINARY32 ? 3e38 : 1e308; /* finite, but its square is not */
    opt_config bptt = config(&k, EP_BPTT, 8, 1);
    rig q = rig_open(e, &bptt);
    double huge[3] = {e->format == OPT_BINARY32 ? 1e30 : 1e300, 0, 0};
    rig_set(&q, OPT_PARAM(EP_G_WOUT), huge, 3);
    ck_assert_int_eq(rig_grad(&q, 8, 1, x, target, mask), EP_UNABLE); /* L = Wout err overflows */
    rig_close(&q);
    rig_close(&r);
    free(k.store);
}
END_TEST

/* A refused step leaves the state: the run goes on as if it had not been asked. */
START_TEST(steps_and_signals_are_checked)
{
    const opt_engine *e = engine_of(_i);
    toy k = toy_make(EP_ALIF, EP_PAPER2019, 2, 3, 1, 7);
    opt_config cfg = config(&k, EP_EPROP1_RANDOM, 0, 1), bptt = config(&k, EP_BPTT, 8, 1), rtrl = config(&k, EP_RTRL, 0, 1);
    rig a = rig_open(e, &cfg), b = rig_open(e, &cfg), c = rig_open(e, &bptt), d = rig_open(e, &rtrl);
    const double good_x[] = {1, 1}, bad_x[] = {1, NAN}, one[] = {1, 1, 1}, bad[] = {NAN, 1, 1};
    void *x = rig_in(&a, good_x, 2), *nan_x = rig_in(&a, bad_x, 2), *g = rig_in(&a, one, 3), *n = rig_in(&a, bad, 3);
    const opt_signal refused[] = {{.err = n}, {.target = n}, {.target = g, .weight = n}, {.L = n},
                                  {.err = g, .L = g}, {.err = g, .weight = g}};
    const opt_signal by_err = {.err = g}, by_L = {.L = g};
    ck_assert_int_eq(e->learn(a.s, &by_err), EP_DOMAIN); /* no step yet */
    for (int t = 0; t < 12; t++) {
        ck_assert_int_eq(e->step(a.s, x), EP_OK);
        ck_assert_int_eq(e->step(b.s, nan_x), EP_DOMAIN);
        ck_assert_int_eq(e->step(b.s, x), EP_OK);
        for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
            ck_assert_int_eq(e->learn(b.s, &refused[i]), EP_DOMAIN);
        ck_assert_int_eq(e->learn(a.s, &by_err), EP_OK);
        ck_assert_int_eq(e->learn(b.s, &by_err), EP_OK);
        ck_assert_int_eq(e->learn(b.s, &by_err), EP_DOMAIN); /* once a step */
    }
    for (int q = 0; q < (int)EP_N_GROUP; q++) {
        size_t m;
        double *p = rig_get(&a, OPT_GRAD(q), &m), *s = rig_get(&b, OPT_GRAD(q), &m);
        for (size_t i = 0; i < m; i++) ck_assert(p[i] == s[i]);
        free(p);
        free(s);
    }
    ck_assert_int_eq(e->step(c.s, x), EP_OK);
    ck_assert_int_eq(e->learn(c.s, &by_err), EP_NOTIMPL);
    ck_assert_int_eq(e->step(d.s, x), EP_OK);
    ck_assert_int_eq(e->learn(d.s, &by_L), EP_NOTIMPL);
    rig_close(&a);
    rig_close(&b);
    rig_close(&c);
    rig_close(&d);
    free(x);
    free(nan_x);
    free(g);
    free(n);
    free(k.store);
}
END_TEST

START_TEST(quantities_are_checked)
{
    const opt_engine *e = engine_of(_i);
    toy k = toy_make(EP_ALIF, EP_LSNN_OFFICIAL, 2, 3, 1, 7);
    opt_config cfg = config(&k, EP_EPROP1_RANDOM, 4, 2);
    rig r = rig_open(e, &cfg);
    const size_t want[][2] = {{OPT_V, 6}, {OPT_A, 6}, {OPT_V_OLD, 6}, {OPT_S, 0}, {OPT_C, 0}, {OPT_GATES, 0},
                              {OPT_PARAM(EP_G_WIN), 6}, {OPT_PARAM(EP_G_THETA + EP_ALPHA_S), 0}, {OPT_Z_PAST, 6},
                              {OPT_EPS(EP_G_WREC), 2 * 9 * 3}, {OPT_E(EP_G_BIAS), 6}, {OPT_EBAR(EP_G_WOUT), 0},
                              {OPT_ZBAR, 8}, {OPT_LOSS, 1}, {OPT_ALL(OPT_V), 0}, {OPT_ALL(OPT_LOSS), 0}, {0x7777, 0}};
    double room[64] = {0}, bad[6] = {0.5, NAN, 0.5};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        ck_assert_msg(e->count(r.s, (int)want[i][0]) == want[i][1], "%#zx: %zu", want[i][0], e->count(r.s, (int)want[i][0]));
    ck_assert_int_eq(e->get(r.s, OPT_V, room, 5), EP_DOMAIN);
    ck_assert_int_eq(e->get(r.s, 0x7777, room, 1), EP_DOMAIN);
    ck_assert_int_eq(e->set(r.s, OPT_V, room, 7), EP_DOMAIN);
    void *nan = rig_in(&r, bad, 6);
    ck_assert_int_eq(e->set(r.s, OPT_V, nan, 6), EP_DOMAIN);
    ck_assert_int_eq(e->set(r.s, OPT_PARAM(EP_G_THETA), nan, 3), EP_DOMAIN);
    double self[9] = {0, 0.5, 0.5, 0.5, 0.25, 0.5, 0.5, 0.5, 0};
    void *rec = rig_in(&r, self, 9);
    ck_assert_int_eq(e->set(r.s, OPT_PARAM(EP_G_WREC), rec, 9), EP_DOMAIN); /* a self-connection */
    free(rec);
    ck_assert_int_eq(e->set(r.s, OPT_GRAD(EP_G_BIAS), room, 3), EP_NOTIMPL);
    ck_assert_int_eq(e->set(r.s, OPT_FBAR, room, 3), EP_NOTIMPL);
    size_t n;
    double *v = rig_get(&r, OPT_V, &n), *alpha = rig_get(&r, OPT_PARAM(EP_G_THETA), &n);
    for (size_t i = 0; i < 3; i++) ck_assert(alpha[i] == k.net.theta[EP_ALPHA][i] && v[i] == 0);
    ck_assert_int_eq(rig_grad(&r, 4, 1, NULL, NULL, NULL), EP_OK);
    ck_assert_uint_eq(e->count(r.s, OPT_ALL(OPT_V)), 12); /* one of two trials in use */
    e->describe(r.s, (char *)room, sizeof room);
    ck_assert_ptr_nonnull(strstr((char *)room, "strict order"));
    free(v);
    free(alpha);
    free(nan);
    rig_close(&r);
    free(k.store);
}
END_TEST

/* Setting a decay moves the gain that is its complement. */
START_TEST(gains_follow_their_decay)
{
    const opt_engine *e = engine_of(_i);
    toy k = toy_make(EP_ALIF, EP_LSNN_OFFICIAL, 2, 3, 1, 7), other = toy_make(EP_ALIF, EP_LSNN_OFFICIAL, 2, 3, 1, 7);
    const double alpha[3] = {0.5, 0.25, 0.75}, x[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    size_t n;
    opt_config by_set = config(&k, EP_BPTT, 4, 1), by_init = config(&other, EP_BPTT, 4, 1);
    other.net.theta[EP_ALPHA] = other.net.theta[EP_RHO] = alpha;
    rig a = rig_open(e, &by_set), b = rig_open(e, &by_init);
    rig_set(&a, OPT_PARAM(EP_G_THETA + EP_ALPHA), alpha, 3);
    rig_set(&a, OPT_PARAM(EP_G_THETA + EP_RHO), alpha, 3);
    ck_assert_int_eq(rig_grad(&a, 4, 1, x, NULL, NULL), EP_OK);
    ck_assert_int_eq(rig_grad(&b, 4, 1, x, NULL, NULL), EP_OK);
    double *p = rig_get(&a, OPT_ALL(OPT_V), &n), *q = rig_get(&b, OPT_ALL(OPT_V), &n);
    for (size_t i = 0; i < n; i++) ck_assert(p[i] == q[i]);
    free(p);
    free(q);
    rig_close(&a);
    rig_close(&b);
    free(k.store);
    free(other.store);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scalar_edges");
    TCase *t = tcase_create("edges");
    tcase_set_timeout(t, 600);
    tcase_add_loop_test(t, extents_of_zero_and_one, 0, 2 * EP_N_MODEL);
    tcase_add_loop_test(t, delay_beyond_the_end, 0, 2 * EP_N_MODEL);
    tcase_add_loop_test(t, all_silent_and_all_firing, 0, 2 * EP_N_MODEL);
    tcase_add_loop_test(t, a_tie_is_decided_by_the_option, 0, 2 * EP_N_MODEL);
    tcase_add_loop_test(t, memory_is_checked, 0, 2);
    tcase_add_loop_test(t, weights_are_checked, 0, 2);
    tcase_add_loop_test(t, configurations_are_checked, 0, 2);
    tcase_add_loop_test(t, inputs_are_checked, 0, 2);
    tcase_add_loop_test(t, steps_and_signals_are_checked, 0, 2);
    tcase_add_loop_test(t, quantities_are_checked, 0, 2);
    tcase_add_loop_test(t, gains_follow_their_decay, 0, 2);
    suite_add_tcase(suite, t);
    return test_run(suite);
}
