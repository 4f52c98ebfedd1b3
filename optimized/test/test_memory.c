/* What state_size asks for: the formulas of fast/LSNN.md, constant in T where it says so; and chunks for grad alone, whose
 * gradients have the bits of those that can also be stepped.
 * SPDX-License-Identifier: MIT */
#include "../fast/fast.h"
#include "fast.h"

static size_t size_of(const trial_set *s, int B, int T, int chunk, bool grad_only)
{
    opt_config cfg = s->cfg;
    cfg.net = &s->k.net;
    cfg.B = B, cfg.T = T, cfg.chunk = chunk, cfg.grad_only = grad_only;
    size_t n = opt_fast_f32()->state_size(&cfg);
    ck_assert_uint_gt(n, 0);
    return n;
}

/* A network for sizes alone; its arrays are not read. */
static trial_set sizes(ep_model m, int n_in, int n_rec, ep_rule rule)
{
    trial_set s = {.k = toy_make(m, EP_PAPER2019, 1, 1, 1, 1)};
    s.k.net.n_in = n_in;
    s.k.net.n_rec = n_rec;
    s.k.net.n_out = 10;
    s.cfg = (opt_config){.rule = rule, .threads = 1};
    return s;
}

START_TEST(chunks_do_not_grow_with_T)
{
    static const int shape[][2] = {{39, 800}, {100, 100}, {1, 33}};
    trial_set s = sizes(_i % 2 ? EP_ALIF : EP_LIF, shape[_i / 2][0], shape[_i / 2][1], EP_EPROP1_RANDOM);
    for (int only = 0; only < 2; only++)
        for (int B = 1; B < 40; B += 37)
            ck_assert_uint_eq(size_of(&s, B, 1000, 128, only), size_of(&s, B, 1000000, 128, only));
    ck_assert_uint_gt(size_of(&s, 1, 2000, 0, false), size_of(&s, 1, 1000, 0, false)); /* the whole-trial scan does */
    free(s.k.store);
}
END_TEST

/* Sizes that no address can hold are refused, not wrapped: every engine. */
START_TEST(sizes_beyond_all_memory)
{
    static const ep_model models[] = {EP_LIF, EP_LSTM, EP_RATE};
    const opt_engine *const engines[] = {opt_fast_f32(), opt_fast_f64(), opt_scalar_f64()};
    for (int m = 0; m < 3; m++)
        for (int e = 0; e < 3; e++) {
            trial_set s = sizes(models[m], EP_MAX_DIM, EP_MAX_DIM, EP_BPTT);
            s.cfg.net = &s.k.net;
            s.cfg.B = s.cfg.T = EP_MAX_DIM;
            ck_assert_msg(engines[e]->state_size(&s.cfg) == 0, "model %d, engine %d: %zu bytes", m, e, engines[e]->state_size(&s.cfg));
            free(s.k.store);
        }
}
END_TEST

/* describe() names the kernels of the processor, or those that were asked for. */
START_TEST(kernels_are_named)
{
    char text[256];
    trial_set s = case_make(1, EP_EPROP1_RANDOM);
    rig r = case_open(&s, opt_fast_f32(), 0);
    r.e->describe(r.s, text, sizeof text);
    ck_assert_msg(strstr(text, fast_isa_name(fast_isa_chosen())) != NULL, "%s", text);
    rig_close(&r);
    free(s.k.store);
}
END_TEST

/* In units of 4 bytes, N and K as they are padded; what is left out is small. */
START_TEST(chunks_need_what_is_written)
{
    const double c = 128, n_in = 39, N = 800, K = 16, R = n_in + N + 1;
    bool adapts = _i % 2;
    trial_set s = sizes(adapts ? EP_ALIF : EP_LIF, 39, 800, EP_EPROP1_SYMMETRIC);
    double traces = (adapts ? 3 : 2) * R * N, trial = c * (2 * K + N / 32), online = 2 * c * N + c * n_in;
    double thread = 5 * c * N + 2 * c * R + 4 * 64 * R, common = (1 + 2) * R * N + c * N;
    double full = common + thread + 31 * (traces + trial + online), lean = common + thread + traces + 31 * trial + c * N;
    double got[2] = {(double)size_of(&s, 31, 1000, 128, false) / 4, (double)size_of(&s, 31, 1000, 128, true) / 4};
    ck_assert_msg(fabs(got[0] / full - 1) < 0.05, "full: %g, formula %g", got[0], full);
    ck_assert_msg(fabs(got[1] / lean - 1) < 0.05, "grad only: %g, formula %g", got[1], lean);
    free(s.k.store);
}
END_TEST

/* Only a regulariser needs a second sum of traces. */
START_TEST(regulariser_needs_its_sum)
{
    trial_set s = sizes(EP_ALIF, 39, 800, EP_EPROP1_SYMMETRIC);
    size_t without = size_of(&s, 1, 1000, 128, false);
    s.cfg.c_reg = 1;
    ck_assert_uint_ge(size_of(&s, 1, 1000, 128, false), without + (39 + 800 + 1) * 800 * sizeof(float));
    free(s.k.store);
}
END_TEST

/* The bits do not depend on whose the traces are, nor on threads. */
START_TEST(grad_only_has_the_bits_of_chunks)
{
    static const ep_rule rules[] = {EP_EPROP1_SYMMETRIC, EP_EPROP1_RANDOM, EP_EPROP1_GLOBAL};
    trial_set s = _i % 3 ? case_make((uint64_t)_i, rules[_i % 3]) : general_case((uint64_t)_i, rules[_i / 3 % 3]);
    int chunk = 1 + _i % 23;
    s.cfg.threads = 1 + _i % 2;
    rig full = case_run(&s, opt_fast_f32(), chunk);
    s.cfg.grad_only = true;
    s.cfg.threads = 1 + _i % 3;
    rig lean = case_run(&s, opt_fast_f32(), chunk);
    ck_assert_int_eq(rig_grad(&lean, s.T, s.B, s.x, s.target, s.mask), EP_OK); /* nothing is left of the first time */
    for (int g = EP_G_WIN; g < (int)EP_N_GROUP; g++) same_bits(&lean, &full, OPT_GRAD(g), ep_group_name((ep_group)g));
    static const int quantities[] = {OPT_LOSS, OPT_FBAR, OPT_V, OPT_Y, OPT_Z_PAST};
    for (size_t q = 0; q < sizeof quantities / sizeof *quantities; q++) same_bits(&lean, &full, quantities[q], "state");
    ck_assert_int_eq(lean.e->step(lean.s, NULL), EP_NOTIMPL);
    ck_assert_int_eq(lean.e->learn(lean.s, NULL), EP_NOTIMPL);
    s.cfg.threads = 1;
    if (s.B > 3) ck_assert_uint_lt(size_of(&s, s.B, s.T, chunk, true), size_of(&s, s.B, s.T, chunk, false));
    rig_close(&full);
    rig_close(&lean);
    free(s.k.store);
}
END_TEST

/* More bytes than can be counted: 0, as for all that is refused. */
START_TEST(too_large_to_count)
{
    static const ep_model model[] = {EP_LIF, EP_ALIF, EP_SYNAPTIC, EP_LSTM, EP_RATE};
    trial_set s = sizes(model[_i], EP_MAX_DIM, EP_MAX_DIM, EP_EPROP1_RANDOM);
    s.k.net.n_out = EP_MAX_DIM;
    s.cfg.net = &s.k.net;
    s.cfg.B = EP_MAX_DIM;
    for (int chunk = 0; chunk < 8; chunk += 7) {
        s.cfg.chunk = chunk;
        ck_assert_uint_eq(opt_fast_f32()->state_size(&s.cfg), 0);
        ck_assert_uint_eq(opt_fast_f64()->state_size(&s.cfg), 0);
    }
    free(s.k.store);
}
END_TEST

/* A chunk is as long as asked for, but no longer than the trial. */
START_TEST(chunks_are_as_long_as_asked)
{
    static const struct { int T, chunk; const char *say; } of[] = {
        {0, 7, "chunks of 7 steps"}, {20, 7, "chunks of 7 steps"}, {5, 7, "chunks of 5 steps"}, {0, 0, "chunks of 256 steps"}, {20, 0, "whole-trial scan"}};
    trial_set s = sizes(EP_LIF, 1, 1, EP_EPROP1_RANDOM);
    s.k.net.n_out = 1;
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        char text[256];
        s.cfg.B = 1;
        s.cfg.T = of[i].T;
        rig r = case_open(&s, opt_fast_f64(), of[i].chunk);
        r.e->describe(r.s, text, sizeof text);
        ck_assert_msg(strstr(text, of[i].say) != NULL, "T %d, chunk %d: %s", of[i].T, of[i].chunk, text);
        rig_close(&r);
    }
    free(s.k.store);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memory");
    TCase *t = tcase_create("memory");
    tcase_set_timeout(t, 300);
    tcase_add_test(t, sizes_beyond_all_memory);
    tcase_add_test(t, kernels_are_named);
    tcase_add_loop_test(t, chunks_do_not_grow_with_T, 0, 6);
    tcase_add_loop_test(t, chunks_need_what_is_written, 0, 2);
    tcase_add_test(t, regulariser_needs_its_sum);
    tcase_add_loop_test(t, too_large_to_count, 0, 5);
    tcase_add_test(t, chunks_are_as_long_as_asked);
    tcase_add_loop_test(t, grad_only_has_the_bits_of_chunks, 0, test_loops(60));
    suite_add_tcase(suite, t);
    return test_run(suite);
}
