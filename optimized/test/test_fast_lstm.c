/* The fast engine's LSTM and rate units: equal to the scalar engine on odd sizes and every instruction set, and what holds
 * without an oracle: online = offline, thread counts, additivity, equivariance, causality, edges, bad input.
 * SPDX-License-Identifier: MIT */
#include "net.h"

#if defined(__x86_64__)
#include <xmmintrin.h>

#include "test/run.h"
#endif

static const char *const sets[] = {"avx512", "avx2", "base"};

typedef struct shape {
    int n_in, n_rec, n_out, T, B;
} shape;

/* Sizes around the width of a vector (4 to 16), of a tile (6, 12 rows), of a panel (8 to 32), and nothing at all; the last
 * goes backward in blocks of 19, 19 and 1 steps. */
static const shape shapes[] = {
    {3, 5, 2, 9, 3},   {0, 1, 1, 1, 1},  {1, 33, 3, 5, 13}, {7, 31, 33, 6, 25}, {2, 64, 1, 12, 17}, {5, 4, 0, 7, 2},
    {0, 0, 2, 4, 2},   {3, 8, 2, 0, 4},  {3, 8, 2, 6, 0},   {65, 3, 2, 4, 5},   {4, 40, 5, 30, 12}, {1, 2, 2, 39, 40},
};
enum { N_SHAPE = sizeof shapes / sizeof *shapes };

static const ep_rule rules[] = {EP_BPTT, EP_EPROP1_SYMMETRIC, EP_EPROP1_RANDOM, EP_TBPTT, EP_EPROP3};
enum { N_RULE = sizeof rules / sizeof *rules };

typedef struct fixture {
    toy k;
    shape sh;
    const double *x, *target, *mask;
    opt_config cfg;
} fixture;

static fixture fixture_make(shape sh, ep_model m, ep_rule rule, uint64_t seed)
{
    size_t steps = (size_t)sh.B * (size_t)sh.T;
    fixture f = {.k = toy_make(m, EP_PAPER2019, sh.n_in, sh.n_rec, sh.n_out, 900 + seed), .sh = sh};
    double *rec = (double *)(uintptr_t)f.k.net.Wrec, scale = sh.n_rec > 8 ? 0.125 : 1; /* large ones are chaotic otherwise */
    for (size_t at = 0; rec && at < ep_group_size(&f.k.net, EP_G_WREC); at++) rec[at] *= scale;
    f.k.net.kappa = seed % 3 ? 0.75 : 0;
    f.k.net.opt.phi = seed % 2 ? EP_PHI_IDENTITY : EP_PHI_TANH;
    f.k.net.opt.loss_norm = (ep_loss_norm)(seed % 4);
    f.k.net.opt.delay_L = (int)(seed % 5) - 2 > 0 ? 3 : 0;
    f.k.net.opt.delay = m == EP_LSTM ? 1 : 1 + (int)(seed % 3);
    f.x = toy_draw(&f.k, steps * (size_t)sh.n_in, -1, 1);
    f.target = toy_draw(&f.k, steps * (size_t)sh.n_out, 0, 1);
    f.mask = seed % 2 ? toy_spikes(&f.k, steps, 0.6) : NULL;
    f.cfg = (opt_config){.rule = rule, .loss = seed % 2 ? EP_CLASSIFICATION : EP_REGRESSION, .B = sh.B, .T = sh.T,
                         .c_reg = seed % 4 < 2 ? 0.5 : 0, .f_target = 0.0625, .window = 4};
    return f;
}

static rig fixture_open(fixture *f, const opt_engine *e)
{
    f->cfg.net = &f->k.net;
    return rig_open(e, &f->cfg);
}

static ep_status fixture_grad(const fixture *f, const rig *r)
{
    return rig_grad(r, f->sh.T, f->sh.B, f->x, f->target, f->mask);
}

/* Every number of a quantity within tol of the largest, in both. */
static void close_to(const rig *a, const rig *b, int quantity, double tol, const char *what)
{
    size_t n, m;
    double *p = rig_get(a, quantity, &n), *q = rig_get(b, quantity, &m), top = 0;
    ck_assert_msg(n == m, "%s: quantity %#x has %zu and %zu numbers", what, (unsigned)quantity, n, m);
    for (size_t i = 0; i < n; i++) top = fmax(top, fabs(q[i]));
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(fabs(p[i] - q[i]) <= tol * top, "%s: quantity %#x[%zu]: %a and %a, top %a", what,
                      (unsigned)quantity, i, p[i], q[i], top);
    free(p);
    free(q);
}

static void same_gradient(const rig *a, const rig *b, double tol, const char *what)
{
    for (int g = 0; g < (int)EP_N_GROUP; g++) close_to(a, b, OPT_GRAD(g), tol, what);
}

static bool skips(ep_model m, ep_rule rule) { return m == EP_RATE && rule >= EP_TBPTT; }

static void is_fast(const rig *r, const char *set)
{
    char line[400];
    r->e->describe(r->s, line, sizeof line);
    ck_assert_msg(strncmp(line, "fast ", 5) == 0 && !strstr(line, "scalar"), "runs as: %s", line);
    (void)set;
}

/* Scalar engine and fast engine sum at most some hundred terms in another order: 1e-12 of the largest is 4500 u. */
START_TEST(equals_scalar_engine)
{
    int at = test_spread(_i, 24 * N_SHAPE), sh = at % N_SHAPE, set = at / N_SHAPE % 3, chunk = at / N_SHAPE / 3 % 4;
    ep_model m = at / N_SHAPE / 12 ? EP_RATE : EP_LSTM;
    static const int chunks[] = {0, 1, 5, 200};
    static const int all[] = {OPT_Z, OPT_Y, OPT_ERR, OPT_C, OPT_V, OPT_GATES};
    ck_assert_int_eq(setenv("EPROP_FAST_ISA", sets[set], 1), 0);
    for (int n = 0; n < N_RULE; n++) {
        if (skips(m, rules[n]) || (chunk && rules[n] == EP_BPTT)) continue;
        fixture f = fixture_make(shapes[sh], m, rules[n], (uint64_t)(7 * _i + n));
        rig want = fixture_open(&f, opt_scalar_f64());
        f.cfg.chunk = chunks[chunk];
        rig got = fixture_open(&f, opt_fast_f64());
        is_fast(&got, sets[set]);
        ck_assert_int_eq(fixture_grad(&f, &want), EP_OK);
        ck_assert_int_eq(fixture_grad(&f, &got), EP_OK);
        same_gradient(&got, &want, 1e-12, ep_rule_name(rules[n]));
        close_to(&got, &want, OPT_LOSS, 1e-12, "loss");
        close_to(&got, &want, OPT_FBAR, 1e-12, "fbar");
        close_to(&got, &want, OPT_Z_PAST, 1e-12, "past z");
        for (size_t q = 0; q < sizeof all / sizeof *all; q++) {
            close_to(&got, &want, all[q], 1e-12, "last step");
            if (!chunk) close_to(&got, &want, OPT_ALL(all[q]), 1e-12, "all steps");
        }
        rig_close(&want);
        rig_close(&got);
        free(f.k.store);
    }
}
END_TEST

/* ---- online ------------------------------------------------------------------------------------------- */

/* Step t by step t0+1 .. t1; the signal by target, or by what `leader` has of `quantity` after it learnt by target. */
static void run_online(const fixture *f, const rig *r, const rig *leader, int quantity, size_t t0, size_t t1)
{
    size_t B = (size_t)f->sh.B, T = (size_t)f->sh.T;
    for (size_t t = t0; t < t1; t++) {
        void *x = rig_slice(r, f->x, B, T, (size_t)f->sh.n_in, t), *given = NULL;
        void *target = rig_slice(r, f->target, B, T, (size_t)f->sh.n_out, t);
        opt_signal sig = {.target = target};
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
        free(given);
    }
}

static const shape online_shape = {3, 6, 2, 150, 3};

static fixture online_fixture(int n, ep_rule rule)
{
    fixture f = fixture_make(online_shape, n % 2 ? EP_RATE : EP_LSTM, rule, (uint64_t)n);
    f.mask = NULL;
    f.k.net.opt.loss_norm = EP_NORM_SUM;
    return f;
}

/* Longer than T and in chunks of any length, by target, by err and by L; reading on the way changes nothing but sums'
 * order. */
START_TEST(online_equals_offline)
{
    fixture f = online_fixture(_i, _i % 3 ? EP_EPROP1_RANDOM : EP_EPROP1_SYMMETRIC);
    rig plain = fixture_open(&f, opt_scalar_f64());
    ck_assert_int_eq(fixture_grad(&f, &plain), EP_OK);
    f.cfg.T = 0;
    f.cfg.chunk = _i % 4 == 0 ? 0 : 3 * _i;
    rig whole = fixture_open(&f, opt_fast_f64()), broken = fixture_open(&f, opt_fast_f64());
    rig leader = fixture_open(&f, opt_fast_f64()), by_err = fixture_open(&f, opt_fast_f64());
    rig by_L = fixture_open(&f, opt_fast_f64());
    run_online(&f, &whole, NULL, 0, 0, 150);
    for (size_t t = 0; t < 150; t += 25) {
        size_t n;
        run_online(&f, &broken, NULL, 0, t, t + 25);
        free(rig_get(&broken, OPT_GRAD(EP_G_WIN), &n));
    }
    run_online(&f, &by_err, &leader, OPT_ERR, 0, 150);
    leader.e->reset(leader.s, OPT_RESET_ALL);
    run_online(&f, &by_L, &leader, OPT_L, 0, 150);
    same_gradient(&whole, &plain, 1e-12, "online");
    same_gradient(&broken, &plain, 1e-12, "read on the way");
    same_gradient(&by_err, &plain, 1e-12, "by err");
    for (int g = 0; g < EP_G_WOUT; g++) close_to(&by_L, &plain, OPT_GRAD(g), 1e-12, "by L");
    close_to(&whole, &plain, OPT_LOSS, 1e-12, "loss");
    rig *const all[] = {&plain, &whole, &broken, &leader, &by_err, &by_L};
    for (size_t k = 0; k < 6; k++) rig_close(all[k]);
    free(f.k.store);
}
END_TEST

/* The scalar engine with the same sequence of calls: parameters, states and gradients changed on the way. */
static void eventful(const fixture *f, const rig *r)
{
    size_t n, m;
    run_online(f, r, NULL, 0, 0, 37);
    double *w = rig_get(r, OPT_PARAM(EP_G_WREC), &n), *z = rig_get(r, OPT_Z, &m);
    for (size_t i = 0; i < n; i++) w[i] *= 0.75;
    for (size_t i = 0; i < m; i++) z[i] = 0.25 - 0.5 * z[i];
    rig_set(r, OPT_PARAM(EP_G_WREC), w, n);
    rig_set(r, OPT_Z, z, m);
    rig_set(r, r->cfg.net->model == EP_LSTM ? OPT_C : OPT_V, z, m);
    run_online(f, r, NULL, 0, 37, 60);
    r->e->reset(r->s, OPT_RESET_GRAD);
    run_online(f, r, NULL, 0, 60, 100);
    r->e->reset(r->s, OPT_RESET_STATE);
    run_online(f, r, NULL, 0, 100, 150);
    free(w);
    free(z);
}

START_TEST(changes_on_the_way)
{
    fixture f = online_fixture(_i, EP_EPROP1_SYMMETRIC);
    f.cfg.c_reg = 0;
    f.cfg.T = 0;
    f.cfg.chunk = 1 + 9 * _i;
    rig plain = fixture_open(&f, opt_scalar_f64()), fast = fixture_open(&f, opt_fast_f64());
    eventful(&f, &plain);
    eventful(&f, &fast);
    same_gradient(&fast, &plain, 1e-12, "changes on the way");
    rig_close(&plain);
    rig_close(&fast);
    free(f.k.store);
}
END_TEST

/* Errors end at step 70; inputs after it differ: the gradient must be the same numbers, by chunks and by the scan. */
START_TEST(later_inputs_change_nothing)
{
    fixture f = online_fixture(_i, EP_EPROP1_RANDOM);
    f.cfg.c_reg = 0;
    f.k.net.opt.delay_L = 0;
    f.cfg.chunk = _i % 3 * 16;
    size_t B = 3, T = 150, I = 3;
    double *mask = toy_draw(&f.k, B * T, 1, 1), *x = toy_draw(&f.k, B * T * I, -1, 1);
    for (size_t at = 0; at < B * T; at++) mask[at] = at % T < 70 ? 1 : 0;
    for (size_t at = 0; at < B * T * I; at++)
        if (at / I % T < 70) x[at] = f.x[at];
    rig a = fixture_open(&f, opt_fast_f32()), b = fixture_open(&f, opt_fast_f32());
    ck_assert_int_eq(rig_grad(&a, 150, 3, f.x, f.target, mask), EP_OK);
    ck_assert_int_eq(rig_grad(&b, 150, 3, x, f.target, mask), EP_OK);
    same_gradient(&a, &b, 0, "later inputs");
    size_t n, differ = 0;
    double *p = rig_get(&a, OPT_Z, &n), *q = rig_get(&b, OPT_Z, &n);
    for (size_t i = 0; i < n; i++) differ += p[i] != q[i];
    ck_assert_uint_gt(differ, 0);
    free(p);
    free(q);
    rig_close(&a);
    rig_close(&b);
    free(f.k.store);
}
END_TEST

/* ---- invariances ---------------------------------------------------------------------------------------- */

static const shape wide_shape = {6, 20, 3, 40, 29};

START_TEST(threads_change_no_bit)
{
    ep_rule rule = rules[_i % N_RULE];
    ep_model m = _i / N_RULE ? EP_RATE : EP_LSTM;
    static const int threads[] = {1, 2, 3, 7, 64};
    if (skips(m, rule)) return;
    for (int chunk = 0; chunk <= (opt_rule_online(rule) ? 16 : 0); chunk += 16) {
        fixture f = fixture_make(wide_shape, m, rule, 5);
        f.cfg.chunk = chunk;
        rig one = fixture_open(&f, opt_fast_f32());
        ck_assert_int_eq(fixture_grad(&f, &one), EP_OK);
        for (int n = 1; n < 5; n++) {
            f.cfg.threads = threads[n];
            rig r = fixture_open(&f, opt_fast_f32());
            ck_assert_int_eq(fixture_grad(&f, &r), EP_OK);
            same_gradient(&r, &one, 0, "threads");
            close_to(&r, &one, OPT_LOSS, 0, "loss");
            rig_close(&r);
        }
        rig_close(&one);
        free(f.k.store);
    }
}
END_TEST

/* Without the regulariser and with the loss summed, a batch is the sum of its parts. */
START_TEST(batches_add_up)
{
    fixture f = fixture_make(wide_shape, _i % 2 ? EP_RATE : EP_LSTM, _i / 2 ? EP_EPROP1_RANDOM : EP_BPTT, 5);
    f.cfg.c_reg = 0;
    f.k.net.opt.loss_norm = EP_NORM_SUM;
    f.mask = NULL;
    size_t T = 40, cut = 11;
    rig all = fixture_open(&f, opt_fast_f64()), r = fixture_open(&f, opt_fast_f64());
    ck_assert_int_eq(fixture_grad(&f, &all), EP_OK);
    double *sum[EP_N_GROUP];
    size_t n[EP_N_GROUP];
    ck_assert_int_eq(rig_grad(&r, 40, 11, f.x, f.target, NULL), EP_OK);
    for (int g = 0; g < (int)EP_N_GROUP; g++) sum[g] = rig_get(&r, OPT_GRAD(g), &n[g]);
    ck_assert_int_eq(rig_grad(&r, 40, 18, f.x + cut * T * 6, f.target + cut * T * 3, NULL), EP_OK);
    for (int g = 0; g < (int)EP_N_GROUP; g++) {
        double *part = rig_get(&r, OPT_GRAD(g), &n[g]), *want = rig_get(&all, OPT_GRAD(g), &n[g]), top = 0;
        for (size_t i = 0; i < n[g]; i++) top = fmax(top, fabs(want[i]));
        for (size_t i = 0; i < n[g]; i++)
            ck_assert_msg(fabs(sum[g][i] + part[i] - want[i]) <= 1e-12 * top, "group %d[%zu]: %a + %a, whole %a", g, i,
                          sum[g][i], part[i], want[i]);
        free(part);
        free(want);
        free(sum[g]);
    }
    rig_close(&all);
    rig_close(&r);
    free(f.k.store);
}
END_TEST

/* Neuron j becomes neuron (j + 7) mod n: rows and columns of everything move with it. */
static size_t moved(size_t j, size_t n) { return (j + 7) % n; }

static void permute(toy *k, const double *from, const double **to, size_t nc, size_t n, size_t columns, bool both)
{
    double *p = toy_draw(k, nc * n * columns, 0, 0);
    for (size_t at = 0; at < nc * n * columns; at++) {
        size_t c = at % columns, j = at / columns % n, ch = at / columns / n;
        p[(ch * n + moved(j, n)) * columns + (both ? moved(c, n) : c)] = from[at];
    }
    *to = p;
}

START_TEST(neurons_may_be_renumbered)
{
    fixture f = fixture_make(wide_shape, _i % 2 ? EP_RATE : EP_LSTM, _i / 2 ? EP_EPROP1_SYMMETRIC : EP_BPTT, 5);
    size_t n = 20, nc = (size_t)ep_model_channels(f.k.net.model);
    rig a = fixture_open(&f, opt_fast_f64());
    ck_assert_int_eq(fixture_grad(&f, &a), EP_OK);
    ep_net *net = &f.k.net;
    double *out = toy_draw(&f.k, 3 * n, 0, 0);
    for (size_t at = 0; at < 3 * n; at++) out[at / n * n + moved(at % n, n)] = net->Wout[at];
    net->Wout = out;
    permute(&f.k, net->Win, &net->Win, nc, n, 6, false);
    permute(&f.k, net->Wrec, &net->Wrec, nc, n, n, true);
    permute(&f.k, net->b, &net->b, nc, n, 1, false);
    if (net->theta[EP_ALPHA]) permute(&f.k, net->theta[EP_ALPHA], &net->theta[EP_ALPHA], 1, n, 1, false);
    rig b = fixture_open(&f, opt_fast_f64());
    ck_assert_int_eq(fixture_grad(&f, &b), EP_OK);
    size_t size;
    double *p = rig_get(&a, OPT_GRAD(EP_G_WREC), &size), *q = rig_get(&b, OPT_GRAD(EP_G_WREC), &size), top = 0;
    for (size_t i = 0; i < size; i++) top = fmax(top, fabs(p[i]));
    for (size_t i = 0; i < size; i++) {
        double got = q[i / n / n * n * n + moved(i / n % n, n) * n + moved(i % n, n)];
        ck_assert_msg(fabs(p[i] - got) <= 1e-12 * top, "Wrec[%zu]: %a and %a", i, p[i], got);
    }
    free(p);
    free(q);
    rig_close(&a);
    rig_close(&b);
    free(f.k.store);
}
END_TEST

/* ---- limits ----------------------------------------------------------------------------------------------- */

START_TEST(memory_is_constant_in_T_by_chunks)
{
    fixture f = fixture_make(online_shape, _i ? EP_RATE : EP_LSTM, EP_EPROP1_RANDOM, 1);
    f.cfg.net = &f.k.net;
    f.cfg.chunk = 32;
    f.cfg.T = 100;
    size_t small = opt_fast_f32()->state_size(&f.cfg);
    f.cfg.T = 1000000;
    ck_assert_uint_eq(opt_fast_f32()->state_size(&f.cfg), small);
    f.cfg.chunk = 0;
    ck_assert_uint_gt(opt_fast_f32()->state_size(&f.cfg), small);
    free(f.k.store);
}
END_TEST

static void refuses(const rig *r, const fixture *f, size_t at, double bad, int which)
{
    double *v[3] = {(double *)(uintptr_t)f->x, (double *)(uintptr_t)f->target, (double *)(uintptr_t)f->mask};
    double was = v[which][at];
    v[which][at] = bad;
    ck_assert_msg(fixture_grad(f, r) == EP_DOMAIN, "array %d[%zu] = %a", which, at, bad);
    v[which][at] = was;
}

START_TEST(bad_input_is_refused)
{
    const opt_engine *e = _i % 2 ? opt_fast_f32() : opt_fast_f64();
    ck_assert_int_eq(setenv("EPROP_FAST_ISA", sets[_i % 3], 1), 0);
    fixture f = fixture_make(wide_shape, EP_LSTM, EP_BPTT, 3);
    rig r = fixture_open(&f, e), other = fixture_open(&f, e);
    ck_assert_int_eq(fixture_grad(&f, &r), EP_OK);
    ck_assert_int_eq(fixture_grad(&f, &other), EP_OK);
    for (size_t at = 0; at < 29 * 40; at += 83) {
        refuses(&r, &f, at * 6 + at % 6, NAN, 0);
        refuses(&r, &f, at * 6 + at % 6, -INFINITY, 0);
        refuses(&r, &f, at * 3 + at % 3, INFINITY, 1);
        refuses(&r, &f, at * 3 + at % 3, -0.5, 1); /* a probability */
        refuses(&r, &f, at, NAN, 2);
        refuses(&r, &f, at, -1, 2);
    }
    refuses(&r, &f, 29 * 40 * 6 - 1, NAN, 0);
    same_gradient(&r, &other, 0, "after refusals");
    double big[6 * 29] = {0};
    big[100] = NAN;
    void *x = rig_in(&r, big, 6 * 29);
    ck_assert_int_eq(r.e->step(r.s, x), EP_DOMAIN);
    free(x);
    close_to(&r, &other, OPT_Z, 0, "after a refused step");
    f.k.net.b_forget = e->format == OPT_BINARY32 ? 1e39 : INFINITY;
    opt_state *s;
    ck_assert_int_eq(e->init(&f.cfg, r.mem, r.bytes, &s), EP_DOMAIN);
    f.k.net.b_forget = 0;
    ck_assert_int_eq(e->init(&f.cfg, (char *)r.mem + 8, r.bytes, &s), EP_DOMAIN);
    ck_assert_int_eq(e->init(&f.cfg, r.mem, r.bytes - 1, &s), EP_DOMAIN);
    rig_close(&r);
    rig_close(&other);
    free(f.k.store);
}
END_TEST

/* A readout of 1e30 squares beyond binary32: UNABLE, and the state can be used again. */
START_TEST(overflow_is_reported)
{
    fixture f = fixture_make(wide_shape, EP_LSTM, _i ? EP_EPROP1_SYMMETRIC : EP_BPTT, 2);
    f.cfg.chunk = _i == 2 ? 8 : 0;
    rig r = fixture_open(&f, opt_fast_f32());
    double *big = toy_draw(&f.k, (size_t)29 * 40 * 3, 0, 0);
    for (size_t i = 0; i < (size_t)29 * 40 * 3; i++) big[i] = 3e38;
    ck_assert_int_eq(rig_grad(&r, 40, 29, f.x, big, NULL), EP_UNABLE);
    ck_assert_int_eq(fixture_grad(&f, &r), EP_OK);
    rig_close(&r);
    free(f.k.store);
}
END_TEST

#if defined(__x86_64__)
START_TEST(the_caller_keeps_subnormal_numbers)
{
    fixture f = fixture_make(wide_shape, EP_LSTM, EP_EPROP1_RANDOM, 2);
    f.cfg.chunk = 8;
    rig r = fixture_open(&f, opt_fast_f32());
    unsigned control = _mm_getcsr() & 0xffc0u; /* without the sticky exception flags */
    ck_assert_int_eq(fixture_grad(&f, &r), EP_OK);
    ck_assert_uint_eq(_mm_getcsr() & 0xffc0u, control);
    volatile float tiny = 0x1p-126f;
    ck_assert(tiny / 2 > 0);
    rig_close(&r);
    free(f.k.store);
}
END_TEST
#endif

int main(void)
{
    Suite *suite = suite_create("fast_lstm");
    TCase *t = tcase_create("engine");
    tcase_set_timeout(t, 600);
    tcase_add_loop_test(t, equals_scalar_engine, 0, test_first(N_SHAPE * 24));
    tcase_add_loop_test(t, online_equals_offline, 0, test_first(12));
    tcase_add_loop_test(t, changes_on_the_way, 0, test_first(8));
    tcase_add_loop_test(t, later_inputs_change_nothing, 0, test_first(6));
    tcase_add_loop_test(t, threads_change_no_bit, 0, test_first(2 * N_RULE));
    tcase_add_loop_test(t, batches_add_up, 0, test_first(4));
    tcase_add_loop_test(t, neurons_may_be_renumbered, 0, test_first(4));
    tcase_add_loop_test(t, memory_is_constant_in_T_by_chunks, 0, 2);
    tcase_add_loop_test(t, bad_input_is_refused, 0, test_first(6));
    tcase_add_loop_test(t, overflow_is_reported, 0, 3);
#if defined(__x86_64__)
    tcase_add_test(t, the_caller_keeps_subnormal_numbers);
#endif
    suite_add_tcase(suite, t);
    return test_run(suite);
}
