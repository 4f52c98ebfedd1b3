/* The fast LSNN path beside the scalar engine: every reformulation in binary64 to 1e-12, the forward pass bit for bit,
 * and results that depend neither on threads nor on when a chunk closes.
 * SPDX-License-Identifier: MIT */
#include "fast.h"

static const ep_rule rules[] = {EP_BPTT, EP_TBPTT, EP_EPROP1_SYMMETRIC, EP_EPROP1_RANDOM, EP_EPROP1_GLOBAL};
enum { N_RULE = sizeof rules / sizeof *rules };

static void on_own_path(const rig *r)
{
    char text[256];
    r->e->describe(r->s, text, sizeof text);
    ck_assert_msg(strncmp(text, "fast lsnn", 9) == 0, "%s", text);
}

static double alive; /* cases whose gradient is not 0 */

START_TEST(gradients_are_those_of_the_scalar_engine)
{
    for (int m = 0; m < N_RULE; m++) {
        trial_set s = case_make((uint64_t)_i, rules[m]);
        rig want = case_run(&s, opt_scalar_f64(), 0);
        for (int chunk = 0; chunk < 6; chunk++) {
            static const int length[] = {0, 1, 5, 16, 1000, 0};
            if (chunk == 5) setenv("EPROP_FAST_ISA", _i % 2 ? "avx2" : "base", 1);
            rig got = case_run(&s, opt_fast_f64(), length[chunk]);
            unsetenv("EPROP_FAST_ISA");
            on_own_path(&got);
            same_bits(&got, &want, OPT_FBAR, "fbar");
            alive += close_gradients(&got, &want, 1e-12, ep_rule_name(rules[m])) > 0;
            size_t n;
            double *a = rig_get(&got, OPT_LOSS, &n), *b = rig_get(&want, OPT_LOSS, &n);
            (void)close_to(a, b, 1, 1e-12, "loss");
            free(a);
            free(b);
            rig_close(&got);
        }
        rig_close(&want);
        free(s.k.store);
    }
}
END_TEST

/* Small batches run by events: the scalar engine's sums in its order. */
START_TEST(forward_pass_has_the_scalar_engines_bits)
{
    trial_set s = case_make((uint64_t)_i, EP_BPTT);
    if (s.B > 3) s.B = s.cfg.B = 3;
    rig want = case_run(&s, opt_scalar_f32(), 0), got = case_run(&s, opt_fast_f32(), 0);
    same_bits(&got, &want, OPT_ALL(OPT_Z), "z");
    same_bits(&got, &want, OPT_ALL(OPT_Y), "y");
    same_bits(&got, &want, OPT_ALL(OPT_ERR), "err");
    same_bits(&got, &want, OPT_V, "v");
    same_bits(&got, &want, OPT_REFR, "refr");
    same_bits(&got, &want, OPT_Z_PAST, "z past");
    same_bits(&got, &want, OPT_A, "a");
    rig_close(&want);
    rig_close(&got);
    free(s.k.store);
}
END_TEST

/* The forward pass has the same bits on every instruction set; so has whatever is not summed across lanes. */
START_TEST(threads_change_nothing)
{
    static const char *const isa[] = {"base", "avx2", "avx512"};
    for (int m = 0; m < N_RULE; m++) {
        trial_set s = case_make((uint64_t)_i, rules[m]);
        int chunk = _i % 2 ? 9 : 0;
        setenv("EPROP_FAST_ISA", isa[_i % 3], 1);
        s.cfg.threads = 1;
        rig one = case_run(&s, opt_fast_f32(), chunk);
        for (int threads = 2; threads < 10; threads += 3) {
            s.cfg.threads = threads;
            rig many = case_run(&s, opt_fast_f32(), chunk);
            for (int g = EP_G_WIN; g <= EP_G_BOUT; g++) same_bits(&many, &one, OPT_GRAD(g), "threads");
            same_bits(&many, &one, OPT_LOSS, "loss");
            rig_close(&many);
        }
        unsetenv("EPROP_FAST_ISA");
        rig_close(&one);
        free(s.k.store);
    }
}
END_TEST

START_TEST(online_steps_are_those_of_the_scalar_engine)
{
    for (int m = 2; m < N_RULE; m++) {
        trial_set s = case_make((uint64_t)_i, rules[m]);
        s.cfg.c_reg = _i % 4 == 1 ? 0.5 : 0;
        rig want = case_open(&s, opt_scalar_f64(), 0);
        online_steps(&s, &want, _i % 3 == 0, false);
        for (int chunk = 1; chunk < 40; chunk += 9) {
            s.cfg.T = chunk > 30 ? 0 : s.T;
            rig got = case_open(&s, opt_fast_f64(), chunk);
            on_own_path(&got);
            online_steps(&s, &got, _i % 3 == 0, chunk > 10);
            (void)close_gradients(&got, &want, 1e-12, "online");
            same_bits(&got, &want, OPT_Z, "z");
            same_bits(&got, &want, OPT_Y, "y");
            same_bits(&got, &want, OPT_V, "v");
            same_bits(&got, &want, OPT_Z_PAST, "z past");
            rig_close(&got);
        }
        rig_close(&want);
        free(s.k.store);
    }
}
END_TEST

/* The gradient emitted at the end of a chunk is not touched by what comes after it. */
START_TEST(chunks_are_causal)
{
    trial_set s = any_case((uint64_t)_i, EP_EPROP1_RANDOM);
    s.k.net.opt.delay_L = 0; /* a late signal meets later traces: that is meant */
    int T = s.T, chunk = 1 + _i % 9, head = T - T % chunk;
    size_t n_in = (size_t)s.k.net.n_in, n;
    s.cfg.c_reg = 0;
    s.k.net.opt.loss_norm = EP_NORM_SUM;
    s.cfg.threads = 1;
    rig r = case_open(&s, opt_fast_f32(), chunk);
    double *emitted[2];
    for (int later = 0; later < 2; later++) {
        s.T = later ? T : head;
        r.e->reset(r.s, OPT_RESET_ALL);
        for (int t = 0; t < s.T; t++) {
            if (t == head) break;
            void *x = rig_slice(&r, s.x, (size_t)s.B, (size_t)T, n_in, (size_t)t);
            void *y = rig_slice(&r, s.target, (size_t)s.B, (size_t)T, (size_t)s.k.net.n_out, (size_t)t);
            opt_signal sig = {.target = y};
            ck_assert_int_eq(r.e->step(r.s, x), EP_OK);
            ck_assert_int_eq(r.e->learn(r.s, &sig), EP_OK);
            free(x);
            free(y);
        }
        for (int t = head; later && t < T; t++) { /* another future, not learnt from */
            ck_assert_int_eq(r.e->step(r.s, NULL), EP_OK);
            ck_assert_int_eq(r.e->learn(r.s, NULL), EP_OK);
        }
        emitted[later] = rig_get(&r, OPT_GRAD(EP_G_WIN), &n);
    }
    for (size_t i = 0; i < n; i++) ck_assert_msg(emitted[0][i] == emitted[1][i], "[%zu] %a %a", i, emitted[0][i], emitted[1][i]);
    free(emitted[0]);
    free(emitted[1]);
    rig_close(&r);
    free(s.k.store);
}
END_TEST

/* Trials longer than the blocks of 64 and 512 steps by which BPTT and the scan go backward: ends in, at and behind them. */
START_TEST(blocks_of_steps_join)
{
    static const int steps[] = {63, 64, 65, 129, 511, 512, 513, 1100};
    for (int m = 0; m < N_RULE; m++) {
        trial_set s = case_make(3, rules[m]);
        free(s.k.store);
        s.k = toy_make(_i % 2 ? EP_ALIF : EP_LIF, EP_PAPER2019, 5, 7, _i % 3 ? 2 : 6, (uint64_t)_i);
        s.T = s.cfg.T = steps[_i % 8];
        s.B = s.cfg.B = _i % 8 < 4 ? 17 : 2;
        s.k.net.opt.delay = 1 + _i % 3;
        scale_by(&s.k, s.k.net.Wrec, 49, 0.25);
        draw_trials(&s, (uint64_t)_i);
        rig want = case_run(&s, opt_scalar_f64(), 0), got = case_run(&s, opt_fast_f64(), 0);
        on_own_path(&got);
        ck_assert(close_gradients(&got, &want, 1e-12, ep_rule_name(rules[m])) > 0);
        rig_close(&want);
        rig_close(&got);
        free(s.k.store);
    }
}
END_TEST

/* Inputs of a case as 0 and 1, one in eight, and as bits. */
static uint64_t *inputs_as_bits(trial_set *s, uint64_t seed)
{
    size_t rows = (size_t)s->T * (size_t)s->B, n_in = (size_t)s->k.net.n_in, words = (n_in + 63) / 64;
    uint64_t *bits = calloc(rows * words, sizeof *bits);
    for (size_t k = 0; k < rows * n_in; k++) {
        s->x[k] = ep_rng_uniform(seed, 61, k) < 0.125;
        if (s->x[k] > 0) bits[k / n_in * words + k % n_in / 64] |= UINT64_C(1) << k % n_in % 64;
    }
    return bits;
}

static ep_status run_bits(const rig *r, const trial_set *s, const uint64_t *bits, const void *x)
{
    size_t steps = (size_t)s->T * (size_t)s->B;
    void *target = rig_in(r, s->target, steps * (size_t)s->k.net.n_out), *mask = rig_in(r, s->mask, steps);
    opt_trials tr = {.T = s->T, .B = s->B, .x = x, .bits = bits, .target = target, .mask = mask};
    ep_status st = r->e->grad(r->s, &tr);
    free(target);
    free(mask);
    return st;
}

START_TEST(inputs_may_come_as_bits)
{
    for (int m = 0; m < N_RULE; m++) {
        trial_set s = any_case((uint64_t)_i, rules[m]);
        uint64_t *bits = inputs_as_bits(&s, (uint64_t)_i);
        rig want = case_run(&s, opt_fast_f32(), 0), got = case_open(&s, opt_fast_f32(), 0);
        on_own_path(&got);
        ck_assert_uint_eq(got.e->count(got.s, OPT_X_WORDS), ((size_t)s.k.net.n_in + 63) / 64);
        ck_assert_int_eq(run_bits(&got, &s, bits, NULL), EP_OK);
        same_bits(&got, &want, OPT_LOSS, "loss");
        same_bits(&got, &want, OPT_ALL(OPT_Y), "y");
        for (int g = EP_G_WIN; g <= EP_G_BOUT; g++) same_bits(&got, &want, OPT_GRAD(g), "gradient");
        rig_close(&want);
        rig_close(&got);
        free(bits);
        free(s.k.store);
    }
}
END_TEST

START_TEST(bits_beyond_the_inputs_and_other_engines_are_refused)
{
    trial_set s = case_make(3, EP_EPROP1_RANDOM);
    uint64_t *bits = inputs_as_bits(&s, 3), word = 0;
    size_t last = ((size_t)s.k.net.n_in + 63) / 64 - 1;
    ck_assert_int_ne(s.k.net.n_in % 64, 0);
    rig r = case_open(&s, opt_fast_f32(), 0), chunks = case_open(&s, opt_fast_f32(), 1), other = case_open(&s, opt_scalar_f32(), 0);
    bits[last] |= UINT64_C(1) << 63;
    ck_assert_int_eq(run_bits(&r, &s, bits, NULL), EP_DOMAIN);
    bits[last] &= ~(UINT64_C(1) << 63);
    ck_assert_int_eq(run_bits(&r, &s, bits, bits), EP_DOMAIN);
    ck_assert_int_eq(r.e->get(r.s, OPT_X_WORDS, &word, last + 1), EP_NOTIMPL);
    ck_assert_int_eq(run_bits(&r, &s, bits, NULL), EP_OK);
    ck_assert_uint_eq(chunks.e->count(chunks.s, OPT_X_WORDS), 0);
    ck_assert_int_eq(run_bits(&chunks, &s, bits, NULL), EP_NOTIMPL);
    ck_assert_uint_eq(other.e->count(other.s, OPT_X_WORDS), 0);
    ck_assert_int_eq(run_bits(&other, &s, bits, NULL), EP_NOTIMPL);
    rig_close(&r);
    rig_close(&chunks);
    rig_close(&other);
    free(bits);
    free(s.k.store);
}
END_TEST

START_TEST(most_cases_are_alive)
{
    double all = 0, dead = 0;
    for (int n = 0; n < 60; n++) {
        trial_set s = case_make((uint64_t)n, EP_BPTT);
        rig r = case_run(&s, opt_fast_f64(), 0);
        size_t k;
        double *z = rig_get(&r, OPT_FBAR, &k), sum = 0;
        for (size_t j = 0; j < k; j++) sum += z[j];
        all++;
        dead += sum <= 0;
        free(z);
        rig_close(&r);
        free(s.k.store);
    }
    ck_assert_msg(dead < all / 4, "%g of %g cases without a spike", dead, all);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fast_lsnn");
    TCase *t = tcase_create("lsnn");
    tcase_set_timeout(t, 300);
    tcase_add_test(t, most_cases_are_alive);
    tcase_add_loop_test(t, blocks_of_steps_join, 0, 16);
    tcase_add_loop_test(t, gradients_are_those_of_the_scalar_engine, 0, test_loops(80));
    tcase_add_loop_test(t, forward_pass_has_the_scalar_engines_bits, 0, test_loops(80));
    tcase_add_loop_test(t, inputs_may_come_as_bits, 0, test_loops(40));
    tcase_add_test(t, bits_beyond_the_inputs_and_other_engines_are_refused);
    tcase_add_loop_test(t, threads_change_nothing, 0, test_loops(30));
    tcase_add_loop_test(t, online_steps_are_those_of_the_scalar_engine, 0, test_loops(40));
    tcase_add_loop_test(t, chunks_are_causal, 0, test_loops(40));
    suite_add_tcase(suite, t);
    return test_run(suite);
}
