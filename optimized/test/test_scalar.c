/* The scalar engine without an oracle: online = offline, linearity, additivity, equivariance, causality, forced steps.
 * SPDX-License-Identifier: MIT */
#include "net.h"
#include "test/run.h"

enum { N_IN = 3, N_REC = 4, N_OUT = 2, T = 24, B = 3, N_CASE = EP_N_MODEL * EP_N_PRESET * 2 };

static const opt_engine *engine_of(int n) { return n / EP_N_MODEL / EP_N_PRESET ? opt_scalar_f32() : opt_scalar_f64(); }

/* A network, its trials, and the configuration of case n. */
typedef struct fixture {
    toy k;
    const double *x, *target;
    double *mask;
    opt_config cfg;
    const opt_engine *e;
} fixture;

static fixture fixture_make(int n, ep_rule rule, double c_reg)
{
    ep_model m = (ep_model)(n % EP_N_MODEL);
    fixture f = {.k = toy_make(m, (ep_preset)(n / EP_N_MODEL % EP_N_PRESET), N_IN, N_REC, N_OUT, 11 + (uint64_t)n)};
    f.k.net.opt.delay = m == EP_LSTM ? 1 : 1 + n % 3;
    f.k.net.opt.delay_L = n % 2 ? 3 : 0;
    f.k.net.n_ref = ep_model_spikes(m) ? 2 : 0;
    f.x = toy_spikes(&f.k, (size_t)B * T * N_IN, 0.5);
    f.target = toy_draw(&f.k, (size_t)B * T * N_OUT, -1, 1);
    f.mask = toy_draw(&f.k, (size_t)B * T, 0, 1);
    f.e = engine_of(n);
    f.cfg = (opt_config){.rule = rule, .loss = EP_REGRESSION, .c_reg = c_reg, .f_target = 0.0625, .B = B, .T = T,
                         .window = 5};
    return f;
}

static rig fixture_open(fixture *f)
{
    f->cfg.net = &f->k.net;
    return rig_open(f->e, &f->cfg);
}

static bool group_has(const rig *r, int g) { return r->e->count(r->s, OPT_GRAD(g)) > 0; }

static void same_bits(const rig *a, const rig *b, int quantity, const char *what)
{
    size_t n, m;
    double *p = rig_get(a, quantity, &n), *q = rig_get(b, quantity, &m);
    ck_assert_uint_eq(n, m);
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(p[i] == q[i], "%s: quantity %#x[%zu]: %a and %a", what, (unsigned)quantity, i, p[i], q[i]);
    free(p);
    free(q);
}

/* The whole gradient as doubles. */
static double *gradient(const rig *r, size_t *n)
{
    size_t used = 0;
    *n = 0;
    for (int g = 0; g < (int)EP_N_GROUP; g++) *n += r->e->count(r->s, OPT_GRAD(g));
    double *all = malloc((*n + 1) * sizeof *all);
    ck_assert_ptr_nonnull(all);
    for (int g = 0; g < (int)EP_N_GROUP; g++) {
        size_t m;
        double *part = rig_get(r, OPT_GRAD(g), &m);
        memcpy(all + used, part, m * sizeof *all);
        used += m;
        free(part);
    }
    return all;
}

static double largest(const double *v, size_t n)
{
    double top = 0;
    for (size_t i = 0; i < n; i++) top = fmax(top, fabs(v[i]));
    return top;
}

/* Steps and learns by target with weights m^t, or by the errors or signals that `leader` has at each step. */
static void run_online(const fixture *f, const rig *r, const rig *leader, int quantity)
{
    for (size_t t = 0; t < T; t++) {
        void *x = rig_slice(r, f->x, B, T, N_IN, t), *target = rig_slice(r, f->target, B, T, N_OUT, t);
        void *weight = rig_slice(r, f->mask, B, T, 1, t), *given = NULL;
        opt_signal sig = {.target = target, .weight = weight};
        ck_assert_int_eq(r->e->step(r->s, x), EP_OK);
        if (leader) {
            size_t n;
            ck_assert_int_eq(leader->e->step(leader->s, x), EP_OK);
            ck_assert_int_eq(leader->e->learn(leader->s, &sig), EP_OK);
            double *v = rig_get(leader, quantity, &n);
            given = rig_in(r, v, n);
            free(v);
            sig = (opt_signal){.err = quantity == OPT_ERR ? given : NULL, .L = quantity == OPT_L ? given : NULL};
        }
        ck_assert_int_eq(r->e->learn(r->s, &sig), EP_OK);
        free(x);
        free(target);
        free(weight);
        free(given);
    }
}

START_TEST(online_equals_offline_bit_for_bit)
{
    for (ep_rule rule = EP_RTRL; rule <= EP_EPROP1_GLOBAL; rule++) {
        fixture f = fixture_make(_i, rule, 0.5);
        rig whole = fixture_open(&f), step = fixture_open(&f), by_err = fixture_open(&f), leader = fixture_open(&f);
        ck_assert_int_eq(rig_grad(&whole, T, B, f.x, f.target, f.mask), EP_OK);
        run_online(&f, &step, NULL, 0);
        run_online(&f, &by_err, &leader, OPT_ERR);
        for (int g = 0; g < (int)EP_N_GROUP; g++) {
            same_bits(&whole, &step, OPT_GRAD(g), "by target");
            same_bits(&whole, &by_err, OPT_GRAD(g), "by err");
        }
        same_bits(&whole, &step, OPT_LOSS, "loss");
        same_bits(&whole, &step, OPT_Z, "z");
        rig_close(&whole);
        rig_close(&step);
        rig_close(&by_err);
        rig_close(&leader);
        free(f.k.store);
    }
}
END_TEST

START_TEST(a_given_signal_replaces_feedback)
{
    fixture f = fixture_make(_i, EP_EPROP1_RANDOM, 0.5);
    rig leader = fixture_open(&f), r = fixture_open(&f);
    run_online(&f, &r, &leader, OPT_L);
    for (int g = 0; g < (int)EP_N_GROUP; g++) {
        if (g != EP_G_WOUT && g != EP_G_BOUT) {
            same_bits(&leader, &r, OPT_GRAD(g), "by L");
            continue;
        }
        size_t n;
        double *out = rig_get(&r, OPT_GRAD(g), &n);
        ck_assert(largest(out, n) == 0);
        free(out);
    }
    rig_close(&leader);
    rig_close(&r);
    free(f.k.store);
}
END_TEST

/* A step without learn has no signal of its own, and loses the late one that was due. */
START_TEST(a_skipped_signal_is_zero)
{
    enum { SKIP = 5, LATE = 2 };
    fixture f = fixture_make(_i, EP_EPROP1_RANDOM, 0);
    f.k.net.opt.delay_L = LATE;
    rig a = fixture_open(&f), b = fixture_open(&f);
    for (size_t t = 0; t < T; t++) {
        double L[B * N_REC], none[B * N_REC] = {0};
        for (size_t k = 0; k < B * N_REC; k++) L[k] = ep_rng_uniform(3, t, k) - 0.5;
        void *x = rig_slice(&a, f.x, B, T, N_IN, t), *given = rig_in(&a, L, B * N_REC), *zero = rig_in(&a, none, B * N_REC);
        opt_signal sig = {.L = given}, silent = {.L = zero};
        ck_assert_int_eq(a.e->step(a.s, x), EP_OK);
        ck_assert_int_eq(b.e->step(b.s, x), EP_OK);
        if (t != SKIP) ck_assert_int_eq(a.e->learn(a.s, &sig), EP_OK);
        ck_assert_int_eq(b.e->learn(b.s, t == SKIP || t + LATE == SKIP ? &silent : &sig), EP_OK);
        free(x);
        free(given);
        free(zero);
    }
    for (int g = 0; g < (int)EP_N_GROUP; g++) same_bits(&a, &b, OPT_GRAD(g), "skipped");
    rig_close(&a);
    rig_close(&b);
    free(f.k.store);
}
END_TEST

/* Gradient of e-prop 1 under the signals c1 L1 + c2 L2, drawn anew from fixed keys. */
static double *under_signals(fixture *f, double c1, double c2, size_t *n)
{
    rig r = fixture_open(f);
    double L[B * N_REC];
    for (size_t t = 0; t < T; t++) {
        for (size_t k = 0; k < B * N_REC; k++)
            L[k] = c1 * (ep_rng_uniform(1, 1, t * B * N_REC + k) - 0.5) + c2 * (ep_rng_uniform(2, 2, t * B * N_REC + k) - 0.5);
        void *x = rig_slice(&r, f->x, B, T, N_IN, t), *given = rig_in(&r, L, B * N_REC);
        opt_signal sig = {.L = given};
        ck_assert_int_eq(r.e->step(r.s, x), EP_OK);
        ck_assert_int_eq(r.e->learn(r.s, &sig), EP_OK);
        free(x);
        free(given);
    }
    double *g = gradient(&r, n);
    rig_close(&r);
    return g;
}

START_TEST(gradient_is_linear_in_L)
{
    fixture f = fixture_make(_i, EP_EPROP1_RANDOM, 0);
    size_t n;
    double *none = under_signals(&f, 0, 0, &n), *one = under_signals(&f, 1, 0, &n), *four = under_signals(&f, 4, 0, &n);
    double *two = under_signals(&f, 0, 1, &n), *both = under_signals(&f, 1, 1, &n);
    double u = f.e->format == OPT_BINARY32 ? 0x1p-24 : 0x1p-53, top = largest(one, n) + largest(two, n);
    ck_assert(largest(none, n) == 0);
    ck_assert(top > 0);
    for (size_t i = 0; i < n; i++) {
        ck_assert_msg(four[i] == 4 * one[i], "[%zu] %a and 4 x %a", i, four[i], one[i]);
        /* each of T B terms and of as many sums is off by a few u of at most T B top */
        ck_assert_msg(fabs(both[i] - one[i] - two[i]) <= 8 * T * B * u * T * B * top, "[%zu] %a and %a + %a", i, both[i],
                      one[i], two[i]);
    }
    free(none);
    free(one);
    free(four);
    free(two);
    free(both);
    free(f.k.store);
}
END_TEST

static const ep_rule every_rule[] = {EP_BPTT, EP_RTRL, EP_EPROP1_SYMMETRIC, EP_EPROP1_RANDOM, EP_TBPTT, EP_EPROP3};
enum { N_RULE = sizeof every_rule / sizeof *every_rule };

static bool skipped(const fixture *f, ep_rule rule)
{
    return f->e->supports(f->k.net.model, rule, &f->k.net.opt) != EP_OK;
}

/* Adds in the engine's format, as the engine does. */
static double add(const fixture *f, double a, double b)
{
    return f->e->format == OPT_BINARY32 ? (double)((float)a + (float)b) : a + b;
}

START_TEST(batch_is_the_sum_of_its_trials_bit_for_bit)
{
    for (int m = 0; m < N_RULE; m++) {
        fixture f = fixture_make(_i, every_rule[m], 0);
        if (!skipped(&f, every_rule[m])) {
            rig r = fixture_open(&f);
            size_t n;
            ck_assert_int_eq(rig_grad(&r, T, B, f.x, f.target, f.mask), EP_OK);
            double *all = gradient(&r, &n), *sum = calloc(n, sizeof *sum);
            ck_assert(largest(all, n) > 0);
            for (size_t b = 0; b < B; b++) {
                ck_assert_int_eq(rig_grad(&r, T, 1, f.x + b * T * N_IN, f.target + b * T * N_OUT, f.mask + b * T), EP_OK);
                double *one = gradient(&r, &n);
                for (size_t i = 0; i < n; i++) sum[i] = add(&f, sum[i], one[i]);
                free(one);
            }
            for (size_t i = 0; i < n; i++)
                ck_assert_msg(all[i] == sum[i], "%s [%zu]: %a and %a", ep_rule_name(every_rule[m]), i, all[i], sum[i]);
            free(all);
            free(sum);
            rig_close(&r);
        }
        free(f.k.store);
    }
}
END_TEST

/* What comes after the last step that counts must not matter. */
START_TEST(later_inputs_change_nothing_earlier)
{
    enum { LAST = 13 };
    for (int m = 0; m < N_RULE; m++) {
        fixture f = fixture_make(_i, every_rule[m], 0);
        f.k.net.opt.delay_L = 0; /* a late signal meets later traces */
        if (!skipped(&f, every_rule[m])) {
            rig a = fixture_open(&f), b = fixture_open(&f);
            double *x = malloc((size_t)B * T * N_IN * sizeof *x);
            memcpy(x, f.x, (size_t)B * T * N_IN * sizeof *x);
            for (size_t t = 0; t < (size_t)B * T; t++) {
                if (t % T < LAST) continue;
                f.mask[t] = 0;
                for (size_t i = 0; i < N_IN; i++) x[t * N_IN + i] = 3 - x[t * N_IN + i];
            }
            ck_assert_int_eq(rig_grad(&a, T, B, f.x, f.target, f.mask), EP_OK);
            ck_assert_int_eq(rig_grad(&b, T, B, x, f.target, f.mask), EP_OK);
            for (int g = 0; g < (int)EP_N_GROUP; g++) same_bits(&a, &b, OPT_GRAD(g), "later input");
            free(x);
            rig_close(&a);
            rig_close(&b);
        }
        free(f.k.store);
    }
}
END_TEST

/* The same network with its neurons in another order: new[j] = old[order[j]]. */
static toy permuted(const fixture *f, const size_t order[N_REC], double *store)
{
    toy k = f->k;
    const ep_net *net = &f->k.net;
    size_t nc = (size_t)ep_model_channels(net->model);
    double *in = store, *rec = in + nc * N_REC * N_IN, *b = rec + nc * N_REC * N_REC, *out = b + nc * N_REC;
    double *fb = out + N_OUT * N_REC, *theta = fb + N_OUT * N_REC;
    for (size_t ch = 0; ch < nc; ch++)
        for (size_t j = 0; j < N_REC; j++) {
            size_t to = ch * N_REC + j, from = ch * N_REC + order[j];
            b[to] = net->b[from];
            for (size_t i = 0; i < N_IN; i++) in[to * N_IN + i] = net->Win[from * N_IN + i];
            for (size_t i = 0; i < N_REC; i++) rec[to * N_REC + i] = net->Wrec[from * N_REC + order[i]];
        }
    for (size_t j = 0; j < N_REC; j++)
        for (size_t o = 0; o < N_OUT; o++) {
            out[o * N_REC + j] = net->Wout[o * N_REC + order[j]];
            fb[j * N_OUT + o] = net->B[order[j] * N_OUT + o];
        }
    for (size_t p = 0; p < EP_N_THETA; p++) {
        for (size_t j = 0; net->theta[p] && j < N_REC; j++) theta[p * N_REC + j] = net->theta[p][order[j]];
        if (net->theta[p]) k.net.theta[p] = theta + p * N_REC;
    }
    k.net.Win = in;
    k.net.Wrec = rec;
    k.net.b = b;
    k.net.Wout = out;
    k.net.B = fb;
    return k;
}

START_TEST(order_of_neurons_does_not_matter)
{
    static const size_t order[N_REC] = {2, 0, 3, 1};
    double store[1024];
    if (engine_of(_i)->format == OPT_BINARY32) return; /* rounding alone may flip a spike there */
    for (int m = 0; m < N_RULE; m++) {
        fixture f = fixture_make(_i, every_rule[m], 0.5), g = f;
        g.k = permuted(&f, order, store);
        if (!skipped(&f, every_rule[m])) {
            rig a = fixture_open(&f), b = fixture_open(&g);
            size_t n;
            ck_assert_int_eq(rig_grad(&a, T, B, f.x, f.target, f.mask), EP_OK);
            ck_assert_int_eq(rig_grad(&b, T, B, f.x, f.target, f.mask), EP_OK);
            for (int q = 0; q < (int)EP_N_GROUP; q++) {
                if (q == EP_G_BOUT || !group_has(&a, q)) continue;
                double *p = rig_get(&a, OPT_GRAD(q), &n), *s = rig_get(&b, OPT_GRAD(q), &n), top = largest(p, n);
                size_t width = q == EP_G_WIN ? N_IN : q == EP_G_WREC ? N_REC : 1;
                for (size_t i = 0; i < n; i++) {
                    size_t row = i / width, j = order[row % N_REC], col = q == EP_G_WREC ? order[i % width] : i % width;
                    double want = p[(row / N_REC * N_REC + j) * width + col];
                    ck_assert_msg(fabs(s[i] - want) <= 1e-12 * top, "%s %s[%zu]: %a and %a",
                                  ep_rule_name(every_rule[m]), ep_group_name((ep_group)q), i, s[i], want);
                }
                free(p);
                free(s);
            }
            rig_close(&a);
            rig_close(&b);
        }
        free(f.k.store);
    }
}
END_TEST

/* Everything that a step reads, carried from one state to a fresh one: the next step is the same. The fresh one gets its beta, with which
 * every step before the first was one, after it was made. */
START_TEST(a_forced_state_steps_like_its_source)
{
    static const int carried[] = {OPT_V, OPT_A, OPT_V_OLD, OPT_S, OPT_C, OPT_Z_PAST, OPT_PSI, OPT_DZDA, OPT_PSI_FREE,
                                  OPT_DZDA_FREE, OPT_Z_FREE, OPT_REFR, OPT_GATES, OPT_Y, OPT_ZBAR};
    fixture f = fixture_make(_i, EP_EPROP1_SYMMETRIC, 0);
    f.k.net.opt.delay_L = 0;
    if (_i % 2) f.k.net.opt.adapt_source = EP_ADAPT_Z_UNMASKED;
    fixture other = f;
    const double *beta = f.k.net.theta[EP_BETA], none[N_REC] = {0};
    if (beta) other.k.net.theta[EP_BETA] = none;
    rig a = fixture_open(&f), b = fixture_open(&other);
    run_online(&f, &a, NULL, 0);
    for (size_t c = 0; c < sizeof carried / sizeof *carried; c++) {
        size_t n;
        double *v = rig_get(&a, carried[c], &n);
        rig_set(&b, carried[c], v, n);
        free(v);
    }
    for (int g = 0; g < (int)EP_N_GROUP; g++)
        for (int q = OPT_EPS_0; q <= OPT_EBAR_0; q += OPT_E_0 - OPT_EPS_0) {
            size_t n;
            double *v = rig_get(&a, q + g, &n);
            rig_set(&b, q + g, v, n);
            free(v);
        }
    if (beta) rig_set(&b, OPT_PARAM(EP_G_THETA + EP_BETA), beta, N_REC);
    void *x = rig_slice(&a, f.x, B, T, N_IN, 5);
    for (int steps = 0; steps < 4; steps++) {
        ck_assert_int_eq(a.e->step(a.s, x), EP_OK);
        ck_assert_int_eq(b.e->step(b.s, x), EP_OK);
        for (size_t c = 0; c < sizeof carried / sizeof *carried; c++) same_bits(&a, &b, carried[c], "forced");
        for (int g = 0; g < (int)EP_N_GROUP; g++) same_bits(&a, &b, OPT_EBAR(g), "forced");
    }
    free(x);
    rig_close(&a);
    rig_close(&b);
    free(f.k.store);
}
END_TEST

/* FNV-1a over the bits of doubles; -0 counts as 0. */
static uint64_t digest(uint64_t h, const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t bits;
        double x = v[i] == 0 ? 0 : v[i];
        memcpy(&bits, &x, sizeof bits);
        for (int k = 0; k < 64; k += 8) h = (h ^ (bits >> k & 255)) * UINT64_C(1099511628211);
    }
    return h;
}

/* Models that need no exp, log or tanh: known answers, equal for every compiler, flag and IEEE machine. */
START_TEST(bits_are_those_of_every_machine)
{
    static const uint64_t want[2] = {UINT64_C(0x8dc22e74237291ad), UINT64_C(0x8c62363c81fff31e)};
    uint64_t h = UINT64_C(14695981039346656037);
    for (int n = 0; n < EP_N_MODEL * EP_N_PRESET; n++)
        for (int m = 0; m < N_RULE; m++) {
            fixture f = fixture_make(n + _i * EP_N_MODEL * EP_N_PRESET, every_rule[m], 0.5);
            if (ep_model_spikes(f.k.net.model)) {
                size_t len;
                rig r = fixture_open(&f);
                ck_assert_int_eq(rig_grad(&r, T, B, f.x, f.target, f.mask), EP_OK);
                double *g = gradient(&r, &len);
                h = digest(h, g, len);
                free(g);
                rig_close(&r);
            }
            free(f.k.store);
        }
    ck_assert_msg(h == want[_i], "%s: digest %016llx", _i ? "binary32" : "binary64", (unsigned long long)h);
}
END_TEST

/* The subjects of this file are alive: spikes happen, and not at every step. */
START_TEST(networks_fire)
{
    fixture f = fixture_make(_i, EP_BPTT, 0);
    rig r = fixture_open(&f);
    size_t n, fired = 0;
    ck_assert_int_eq(rig_grad(&r, T, B, f.x, f.target, f.mask), EP_OK);
    double *z = rig_get(&r, OPT_ALL(OPT_Z), &n);
    ck_assert_uint_eq(n, (size_t)B * T * N_REC);
    for (size_t i = 0; i < n; i++) fired += z[i] != 0;
    if (ep_model_spikes(f.k.net.model)) ck_assert_msg(fired > 5 && fired < n / 2, "%zu spikes in %zu", fired, n);
    free(z);
    rig_close(&r);
    free(f.k.store);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scalar");
    TCase *t = tcase_create("properties");
    int loops = test_first(N_CASE);
    tcase_set_timeout(t, 600);
    tcase_add_loop_test(t, networks_fire, 0, loops);
    tcase_add_loop_test(t, online_equals_offline_bit_for_bit, 0, loops);
    tcase_add_loop_test(t, a_given_signal_replaces_feedback, 0, loops);
    tcase_add_loop_test(t, a_skipped_signal_is_zero, 0, loops);
    tcase_add_loop_test(t, gradient_is_linear_in_L, 0, loops);
    tcase_add_loop_test(t, batch_is_the_sum_of_its_trials_bit_for_bit, 0, loops);
    tcase_add_loop_test(t, later_inputs_change_nothing_earlier, 0, loops);
    tcase_add_loop_test(t, order_of_neurons_does_not_matter, 0, loops);
    tcase_add_loop_test(t, a_forced_state_steps_like_its_source, 0, loops);
    tcase_add_loop_test(t, bits_are_those_of_every_machine, 0, 2);
    suite_add_tcase(suite, t);
    return test_run(suite);
}
