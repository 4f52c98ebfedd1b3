/* Properties of the algorithms that need no oracle, and what sharing and threads must not change.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <string.h>

#include "algo.h"
#include "test/run.h"

enum { N = 5, IN = 3, OUT = 2, T = 24, BATCH = 2, STORE = 4096 };

/* A small network whose numbers are dyadic; shape by model, contents by seed. */
typedef struct subject {
    ep_net net;
    ep_batch bt;
    double store[STORE];
    size_t used;
} subject;

static double *numbers(subject *s, uint64_t seed, uint64_t stream, size_t n, double mean, double scale)
{
    double *v = s->store + s->used;
    s->used += n;
    ck_assert_uint_le(s->used, STORE);
    for (size_t i = 0; i < n; i++) {
        double g = mean + scale * ep_rng_normal(seed, stream, i, 24);
        v[i] = (double)(long)(g * 1024.0) / 1024.0;
    }
    return v;
}

static void make(subject *s, ep_model m, uint64_t seed)
{
    size_t nc = (size_t)ep_model_channels(m);
    bool spikes = ep_model_spikes(m);
    memset(s, 0, sizeof *s);
    s->net = (ep_net){.model = m, .n_in = IN, .n_rec = N, .n_out = OUT, .kappa = 0.75, .v_th = 0.625, .gamma = 0.3125,
                      .b_forget = 0.5, .n_ref = spikes ? (int)(seed % 4) : 0};
    s->net.opt = ep_preset_options(EP_PAPER2019);
    s->net.opt.delay = m == EP_LSTM ? 1 : 1 + (int)(seed % 3);
    s->net.Win = numbers(s, seed, 1, nc * N * IN, spikes ? 0.1 : 0.0, 0.4);
    double *rec = numbers(s, seed, 2, nc * N * N, 0.0, 0.3);
    for (size_t j = 0; ep_model_masks_diagonal(m) && j < N; j++) rec[j * N + j] = 0.0;
    s->net.Wrec = rec;
    s->net.b = numbers(s, seed, 3, nc * N, spikes ? 0.1 : 0.0, 0.05);
    s->net.Wout = numbers(s, seed, 4, (size_t)OUT * N, 0.0, 0.5);
    s->net.bout = numbers(s, seed, 5, OUT, 0.0, 0.2);
    s->net.B = numbers(s, seed, 6, (size_t)OUT * N, 0.0, 0.5);
    for (int p = 0; p < EP_N_THETA; p++)
        if (ep_model_has(m, (ep_theta)p)) s->net.theta[p] = numbers(s, seed, 7, N, p == EP_BETA ? 0.25 : 0.875, 0.03125);
    s->bt = (ep_batch){.T = T, .B = BATCH, .c_reg = 2.0, .f_target = 0.125};
    double *x = numbers(s, seed, 8, (size_t)BATCH * T * IN, 0.0, 1.0);
    for (size_t i = 0; spikes && i < (size_t)BATCH * T * IN; i++) x[i] = x[i] > 0.5 ? 1.0 : 0.0;
    s->bt.x = x;
    s->bt.target = numbers(s, seed, 9, (size_t)BATCH * T * OUT, 0.0, 0.5);
}

typedef struct computed { ref_ctx c; ref_net net; ref_run run; } computed;

static void record(const subject *s, const ref_arith *ar, long prec, computed *r)
{
    ck_assert_int_eq(ref_ctx_init(&r->c, ar, prec), EP_OK);
    ck_assert_int_eq(ref_net_load(&r->c, &s->net, &r->net), EP_OK);
    ck_assert_int_eq(ref_run_batch(&r->c, &r->net, &s->bt, &r->run), EP_OK);
}

static ref_grad gradient(computed *r, ref_rule_args a)
{
    ref_grad g;
    if (!a.threads) a.threads = 1;
    ck_assert_int_eq(ref_grad_init(&r->c, &r->net, &g), EP_OK);
    ck_assert_int_eq(ref_gradient(&r->c, &r->run, &a, &g), EP_OK);
    return g;
}

/* Number of entries that are not exactly equal; *alive counts the non-zero ones of b. */
static size_t unequal(computed *r, const ref_grad *a, const ref_grad *b, size_t *alive)
{
    size_t n = 0;
    ref_num *d = &r->c.tmp;
    *alive = 0;
    for (int g = 0; g < EP_N_GROUP; g++)
        for (size_t i = 0; i < a->n[g]; i++) {
            ref_sub(&r->c, d, &a->g[g][i], &b->g[g][i]);
            n += !r->c.ar->is_zero(d);
            *alive += !r->c.ar->is_zero(&b->g[g][i]);
        }
    return n;
}

static const ref_arith *exact_for(ep_model m) { return ep_model_spikes(m) ? ref_arith_rational() : ref_arith_field(); }

/* A window as long as the trial cuts nothing; a window beyond it neither; truncation takes no seeds. */
START_TEST(test_window_whole)
{
    subject s;
    computed r;
    size_t alive;
    make(&s, (ep_model)(_i % EP_N_MODEL), 10 + (uint64_t)_i);
    record(&s, exact_for(s.net.model), 53, &r);
    ref_grad whole = gradient(&r, (ref_rule_args){.rule = EP_BPTT});
    ref_grad cut = gradient(&r, (ref_rule_args){.rule = EP_TBPTT, .window = T + _i % 2});
    ck_assert_uint_eq(unequal(&r, &cut, &whole, &alive), 0);
    ck_assert_uint_gt(alive, N);
    ref_grad shorter = gradient(&r, (ref_rule_args){.rule = EP_TBPTT, .window = 2});
    ck_assert_uint_gt(unequal(&r, &shorter, &whole, &alive), 0);
    ref_grad unseeded = gradient(&r, (ref_rule_args){.rule = EP_TBPTT, .window = 2, .seed = REF_SEED_ZC});
    ck_assert_uint_eq(unequal(&r, &unseeded, &shorter, &alive), 0);
    ref_ctx_clear(&r.c);
}
END_TEST

/* e-prop 1 by random feedback with B = Wout^T is e-prop 1 symmetric; with another B it is not. */
START_TEST(test_feedback)
{
    subject s;
    computed r;
    size_t alive;
    make(&s, (ep_model)(_i % EP_N_MODEL), 30 + (uint64_t)_i);
    record(&s, exact_for(s.net.model), 53, &r);
    ref_grad sym = gradient(&r, (ref_rule_args){.rule = EP_EPROP1_SYMMETRIC});
    ref_grad random = gradient(&r, (ref_rule_args){.rule = EP_EPROP1_RANDOM});
    ck_assert_uint_gt(unequal(&r, &random, &sym, &alive), 0);
    for (int j = 0; j < N; j++)
        for (int k = 0; k < OUT; k++) ref_set(&r.c, &r.net.B[j * OUT + k], &r.net.Wout[k * N + j]);
    ref_grad same = gradient(&r, (ref_rule_args){.rule = EP_EPROP1_RANDOM});
    ck_assert_uint_eq(unequal(&r, &same, &sym, &alive), 0);
    ck_assert_uint_gt(alive, N);
    ref_ctx_clear(&r.c);
}
END_TEST

/* Without the regulariser a batch's gradient is the sum of its trials'. */
START_TEST(test_batch_additive)
{
    subject s, one;
    computed all, single;
    size_t alive;
    make(&s, EP_ALIF, 50 + (uint64_t)_i);
    s.bt.c_reg = 0.0;
    record(&s, ref_arith_rational(), 53, &all);
    ref_grad sum = gradient(&all, (ref_rule_args){.rule = EP_BPTT});
    ref_grad parts;
    ck_assert_int_eq(ref_grad_init(&all.c, &all.net, &parts), EP_OK);
    for (int b = 0; b < BATCH; b++) {
        one = s;
        one.bt.B = 1;
        one.bt.x = s.bt.x + (size_t)b * T * IN;
        one.bt.target = s.bt.target + (size_t)b * T * OUT;
        record(&one, ref_arith_rational(), 53, &single);
        ref_grad g = gradient(&single, (ref_rule_args){.rule = EP_BPTT});
        for (int k = 0; k < EP_N_GROUP; k++)
            for (size_t i = 0; i < g.n[k]; i++) ref_add(&all.c, &parts.g[k][i], &parts.g[k][i], &g.g[k][i]);
        ref_ctx_clear(&single.c);
    }
    ck_assert_uint_eq(unequal(&all, &parts, &sum, &alive), 0);
    ck_assert_uint_gt(alive, N);
    ref_ctx_clear(&all.c);
}
END_TEST

static void ignore(void *user, ref_ctx *c, int t, int j, int col, const ref_num *eps, const ref_num *e, const ref_num *ebar)
{
    long *count = user;
    (void)c, (void)t, (void)j, (void)col, (void)eps, (void)e, (void)ebar;
    ++*count;
}

/* Traces watched (every vector kept in full) and traces with shared, waiting vectors: the same rationals. */
START_TEST(test_shared_traces)
{
    subject s;
    computed r;
    size_t alive;
    long seen = 0;
    ref_grad g[2];
    make(&s, _i % 2 ? EP_ALIF : EP_SYNAPTIC, 70 + (uint64_t)_i);
    double alpha[N] = {0.875, 0.875, 0.75, 0.875, 0.75};
    s.net.theta[EP_ALPHA] = alpha; /* two groups of rows */
    s.net.opt = ep_preset_options((ep_preset)(_i % EP_N_PRESET));
    s.net.opt.spike_from = _i / 2 % 2 ? EP_FROM_OLD_V : EP_FROM_NEW_V; /* three components, each driven by another */
    if (s.net.model == EP_SYNAPTIC) s.net.opt.spike_from = EP_FROM_NEW_V;
    if (_i % 5 < 3) s.net.opt.reset = EP_RESET_VTH_NEXT;
    record(&s, ref_arith_rational(), 53, &r);
    ref_view v = ref_view_plain(&r.net, &r.run.tr[0]);
    ref_num *L = ref_vec(&r.c, (T + 2) * N);
    ref_signal_feedback(&r.c, &v, NULL, L);
    ref_signal sig = {.L_e = L, .L_ebar = _i % 3 ? NULL : L, .reg = r.run.reg, .late = _i % 4};
    ref_trace_watch watch = {ignore, &seen};
    for (int k = 0; k < 2; k++) {
        ck_assert_int_eq(ref_grad_init(&r.c, &r.net, &g[k]), EP_OK);
        ck_assert_int_eq(ref_grad_traces(&r.c, &v, &sig, &g[k], k ? NULL : &watch, 1 + k), EP_OK);
    }
    ck_assert_int_gt(seen, T * N);
    ck_assert_uint_eq(unequal(&r, &g[1], &g[0], &alive), 0);
    ck_assert_uint_gt(alive, N);
    ref_ctx_clear(&r.c);
}
END_TEST

/* The number of threads changes no bit. */
START_TEST(test_threads)
{
    subject s;
    computed r;
    size_t alive;
    make(&s, (ep_model)(_i % EP_N_MODEL), 90 + (uint64_t)_i);
    record(&s, ref_arith_mpfr(), 80, &r);
    ref_grad one = gradient(&r, (ref_rule_args){.rule = EP_EPROP1_RANDOM, .threads = 1});
    ref_grad three = gradient(&r, (ref_rule_args){.rule = EP_EPROP1_RANDOM, .threads = 3});
    ck_assert_uint_eq(unequal(&r, &three, &one, &alive), 0);
    ck_assert_uint_gt(alive, N);
    ref_ctx_clear(&r.c);
}
END_TEST

/* sum L e is linear in L, and zero without it. */
START_TEST(test_linear_in_L)
{
    subject s;
    computed r;
    size_t alive;
    ref_grad g[3], sum;
    make(&s, EP_LSNN, 110 + (uint64_t)_i);
    record(&s, ref_arith_rational(), 53, &r);
    ref_view v = ref_view_plain(&r.net, &r.run.tr[0]);
    ref_num *L = ref_vec(&r.c, 4 * (T + 2) * N), *part[4];
    for (int k = 0; k < 4; k++) part[k] = L + k * (T + 2) * N;
    for (int i = 0; i < (T + 2) * N; i++) {
        ref_set_d(&r.c, &part[0][i], ep_rng_normal(7, (uint64_t)_i, (uint64_t)i, 8));
        ref_set_d(&r.c, &part[1][i], ep_rng_normal(8, (uint64_t)_i, (uint64_t)i, 8));
        ref_add(&r.c, &part[2][i], &part[0][i], &part[1][i]);
    }
    for (int k = 0; k < 3; k++) {
        ref_signal sig = {.L_e = part[k]};
        ck_assert_int_eq(ref_grad_init(&r.c, &r.net, &g[k]), EP_OK);
        ck_assert_int_eq(ref_grad_traces(&r.c, &v, &sig, &g[k], NULL, 1), EP_OK);
    }
    ck_assert_int_eq(ref_grad_init(&r.c, &r.net, &sum), EP_OK);
    ref_signal none = {.L_e = part[3]};
    ck_assert_int_eq(ref_grad_traces(&r.c, &v, &none, &sum, NULL, 1), EP_OK);
    ref_grad zero;
    ck_assert_int_eq(ref_grad_init(&r.c, &r.net, &zero), EP_OK);
    ck_assert_uint_eq(unequal(&r, &sum, &zero, &alive), 0);
    for (int k = 0; k < EP_N_GROUP; k++)
        for (size_t i = 0; i < sum.n[k]; i++) ref_add(&r.c, &sum.g[k][i], &g[0].g[k][i], &g[1].g[k][i]);
    ck_assert_uint_eq(unequal(&r, &sum, &g[2], &alive), 0);
    ck_assert_uint_gt(alive, N);
    ref_ctx_clear(&r.c);
}
END_TEST

/* v^2 = alpha I^1 + I^2 = v_th exactly, with alpha I^1 = (1/2 + 2^-40)(1/4 + 2^-39) = 1/8 + 2^-40 + 2^-42 + 2^-79 of 77
 * bits; the rest of 5/8 comes in two parts, the high one by a spike of neuron 1, the low one by an input. Intervals of 64
 * bits can't decide it. */
START_TEST(test_tie)
{
    double alpha[2] = {0.5 + 0x1p-40, 0.5}, Win[4] = {0.25 + 0x1p-39, -0x1p-79, 1.0, 0.0};
    double Wrec[4] = {0.0, 0.5 - (0x1p-40 + 0x1p-42), 0.0, 0.0}, xs[4] = {1.0, 0.0, 0.0, 1.0};
    ep_net net = {.model = EP_LIF, .n_in = 2, .n_rec = 2, .n_out = 1, .Win = Win, .Wrec = Wrec, .v_th = 0.625, .gamma = 0.3125};
    ep_batch bt = {.T = 2, .B = 1, .x = xs};
    net.opt = ep_preset_options(EP_PAPER2019);
    net.opt.spike_test = _i ? EP_TEST_GE : EP_TEST_GT;
    net.theta[EP_ALPHA] = alpha;
    ref_ctx c;
    ref_net n;
    ref_run run;
    size_t settled = 0;
    ck_assert_int_eq(ref_ctx_init(&c, ref_arith_mpfi(), 64), EP_OK);
    ck_assert_int_eq(ref_net_load(&c, &net, &n), EP_OK);
    ck_assert_int_eq(ref_run_batch(&c, &n, &bt, &run), EP_UNABLE);
    ck_assert_int_eq(ref_run_batch_exact(&c, &n, &net, &bt, &run, &settled), EP_OK);
    ck_assert_uint_eq(settled, 1);
    ck_assert_int_eq((int)c.ar->to_d(ref_at2(run.tr[0].z, 2, 1, 1)), 1);
    ck_assert_int_eq((int)c.ar->to_d(ref_at2(run.tr[0].z, 2, 2, 0)), _i);
    ref_ctx_clear(&c);
}
END_TEST

/* A signal that arrives late is the same signal, shifted. */
START_TEST(test_late)
{
    subject s;
    computed r;
    size_t alive;
    ref_grad shifted;
    make(&s, EP_ALIF, 130 + (uint64_t)_i);
    s.bt.B = 1;
    s.net.opt.delay_L = 1 + _i;
    record(&s, ref_arith_rational(), 53, &r);
    ref_grad late = gradient(&r, (ref_rule_args){.rule = EP_EPROP1_SYMMETRIC});
    ref_view v = ref_view_plain(&r.net, &r.run.tr[0]);
    ref_num *L = ref_vec(&r.c, 2 * (T + 2) * N), *moved = L + (T + 2) * N, *dy = ref_vec(&r.c, (T + 2) * OUT);
    ref_signal_feedback(&r.c, &v, NULL, L);
    for (int i = (2 + _i) * N; i < (T + 1) * N; i++) ref_set(&r.c, &moved[i], &L[i - (1 + _i) * N]);
    ref_signal sig = {.L_ebar = moved, .reg = r.run.reg};
    ck_assert_int_eq(ref_grad_init(&r.c, &r.net, &shifted), EP_OK);
    ck_assert_int_eq(ref_grad_traces(&r.c, &v, &sig, &shifted, NULL, 1), EP_OK);
    ref_readout_adjoint(&r.c, &v, dy);
    ref_grad_readout(&r.c, &v, dy, &shifted);
    ck_assert_uint_eq(unequal(&r, &late, &shifted, &alive), 0);
    ck_assert_uint_gt(alive, N);
    ref_ctx_clear(&r.c);
}
END_TEST

/* n_ref is the shortest interval between spikes; one more under the other count. Driven hard, neurons fire at it. */
START_TEST(test_refractory)
{
    subject s;
    computed r;
    make(&s, EP_LIF, 140);
    double strong[N] = {9, 9, 9, 9, 9};
    s.net.b = strong;
    s.net.Win = s.net.Wrec = NULL;
    s.net.n_ref = _i / 2;
    s.net.opt.ref_count = _i % 2 ? EP_REFR_N_PLUS_1 : EP_REFR_N;
    record(&s, ref_arith_binary64(), 53, &r);
    int interval = s.net.n_ref + _i % 2;
    for (int t = 1; t <= T; t++)
        ck_assert_int_eq((int)ref_at2(r.run.tr[0].z, N, t, 0)->d, interval < 2 || (t - 1) % interval == 0);
    ref_ctx_clear(&r.c);
}
END_TEST

/* Kolen-Pollack by hand: Wout = 1/2, B = 1/4, dWout = 3, lambda = 1/8, eta = 1/16. */
START_TEST(test_kolen_pollack)
{
    double W = 0.5, B = 0.25, alpha = 0.5;
    ep_net net = {.model = EP_LIF, .n_in = 1, .n_rec = 1, .n_out = 1, .Wout = &W, .B = &B, .v_th = 1.0, .gamma = 0.25};
    net.opt = ep_preset_options(EP_PAPER2019);
    net.theta[EP_ALPHA] = &alpha;
    ref_ctx c;
    ref_net n;
    ref_grad g;
    ck_assert_int_eq(ref_ctx_init(&c, ref_arith_rational(), 53), EP_OK);
    ck_assert_int_eq(ref_net_load(&c, &net, &n), EP_OK);
    ck_assert_int_eq(ref_grad_init(&c, &n, &g), EP_OK);
    ref_num *k = ref_vec(&c, 2);
    ref_set_d(&c, &g.g[EP_G_WOUT][0], 3.0);
    ref_set_d(&c, &k[0], 0.0625);
    ref_set_d(&c, &k[1], 0.125);
    ref_kolen_pollack(&c, &n, &g, &k[0], &k[1]);
    ck_assert_double_eq(c.ar->to_d(n.Wout), 0.5 * 0.875 - 0.1875);
    ck_assert_double_eq(c.ar->to_d(n.B), 0.25 * 0.875 - 0.1875);
    ref_ctx_clear(&c);
}
END_TEST

/* What has no meaning is refused. */
START_TEST(test_refused)
{
    subject s;
    computed r;
    ref_grad g;
    make(&s, EP_LIF, 1);
    record(&s, ref_arith_binary64(), 53, &r);
    ck_assert_int_eq(ref_grad_init(&r.c, &r.net, &g), EP_OK);
    ref_rule_args no_window = {.rule = EP_TBPTT, .threads = 1}, eprop2 = {.rule = EP_EPROP2, .threads = 1};
    ck_assert_int_eq(ref_gradient(&r.c, &r.run, &no_window, &g), EP_DOMAIN);
    ck_assert_int_eq(ref_gradient(&r.c, &r.run, &eprop2, &g), EP_NOTIMPL);
    ref_ctx_clear(&r.c);
    ref_ctx q; /* rationals have no tanh */
    ref_net n;
    ref_run run;
    make(&s, EP_RATE, 1);
    ck_assert_int_eq(ref_ctx_init(&q, ref_arith_rational(), 53), EP_OK);
    ck_assert_int_eq(ref_net_load(&q, &s.net, &n), EP_OK);
    ck_assert_int_eq(ref_run_batch(&q, &n, &s.bt, &run), EP_NOTIMPL);
    ref_ctx_clear(&q);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("algorithms");
    TCase *t = tcase_create("properties");
    tcase_set_timeout(t, 300);
    tcase_add_loop_test(t, test_window_whole, 0, test_loops(24));
    tcase_add_loop_test(t, test_feedback, 0, test_loops(24));
    tcase_add_loop_test(t, test_batch_additive, 0, test_loops(12));
    tcase_add_loop_test(t, test_shared_traces, 0, test_loops(48));
    tcase_add_loop_test(t, test_threads, 0, test_loops(12));
    tcase_add_loop_test(t, test_linear_in_L, 0, test_loops(8));
    tcase_add_loop_test(t, test_tie, 0, 2);
    tcase_add_loop_test(t, test_late, 0, 3);
    tcase_add_loop_test(t, test_refractory, 0, 10);
    tcase_add_test(t, test_kolen_pollack);
    tcase_add_test(t, test_refused);
    suite_add_tcase(s, t);
    return test_run(s);
}
