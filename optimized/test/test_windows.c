/* Windows one by one, in every engine: with the seeds that bptt delivers they add up to bptt, and each delivers at its
 * start what bptt delivers there; with any seeds they are what grad computes in one call.
 * SPDX-License-Identifier: MIT */
#include "net.h"
#include "test/run.h"

static const ep_model models[] = {EP_LSTM, EP_ALIF, EP_LIF, EP_LSNN, EP_SYNAPTIC};
static const ep_rule rules[] = {EP_TBPTT, EP_TBPTT_SG, EP_EPROP3, EP_EPROP3_SG};
enum { N_MODEL = 5, N_RULE = 4, TRIALS = 3, STEPS = 17, N_IN = 3, N_REC = 9, N_OUT = 2 };

typedef struct fixture {
    toy k;
    double *x, *target;
    opt_config cfg;
    size_t nh, d;
} fixture;

static fixture fixture_make(int n)
{
    ep_model m = models[n % N_MODEL];
    fixture f = {.k = toy_make(m, (ep_preset)(n / N_MODEL % 3), N_IN, N_REC, N_OUT, 300 + (uint64_t)n)};
    f.k.net.opt.loss_norm = EP_NORM_SUM;
    f.k.net.opt.delay = m == EP_LSTM ? 1 : 1 + n % 4;
    f.k.net.kappa = n % 3 ? 0.75 : 0;
    f.x = m == EP_LSTM ? toy_draw(&f.k, TRIALS * STEPS * N_IN, -1, 1) : toy_spikes(&f.k, TRIALS * STEPS * N_IN, 0.4);
    f.target = toy_draw(&f.k, TRIALS * STEPS * N_OUT, 0, 1);
    f.cfg = (opt_config){.rule = rules[n / 2 % N_RULE], .loss = n % 2 ? EP_CLASSIFICATION : EP_REGRESSION, .B = TRIALS,
                         .window = 7, .threads = 1 + n % 2};
    f.nh = (size_t)opt_hidden_count(m, &f.k.net.opt);
    f.d = (size_t)f.k.net.opt.delay;
    return f;
}

static rig fixture_open(fixture *f, const opt_engine *e)
{
    f->cfg.net = &f->k.net;
    return rig_open(e, &f->cfg);
}

/* ---- seeds: doubles, one block of arrays ------------------------------------------------------------------- */

typedef struct seeds {
    size_t n[4]; /* numbers of h, z, z_loc, y a boundary */
    double *v[4];
    opt_seeds s;
} seeds;

static seeds seeds_make(const fixture *f, size_t boundaries, uint64_t fill)
{
    seeds a = {.n = {TRIALS * N_REC * f->nh, TRIALS * f->d * N_REC, TRIALS * N_REC, TRIALS * N_OUT}};
    for (size_t k = 0; k < 4; k++) {
        a.v[k] = calloc(boundaries * a.n[k] + 1, sizeof(double));
        ck_assert_ptr_nonnull(a.v[k]);
        for (size_t i = 0; fill && i < boundaries * a.n[k]; i++) a.v[k][i] = ep_rng_uniform(fill, k, i) - 0.5;
    }
    if (f->k.net.model == EP_LSTM) memset(a.v[2], 0, boundaries * a.n[2] * sizeof(double)); /* has no local path */
    a.s = (opt_seeds){.h = a.v[0], .z = a.v[1], .z_loc = a.v[2], .y = a.v[3]};
    return a;
}

static opt_seeds seeds_at(const seeds *a, size_t m)
{
    return (opt_seeds){.h = a->v[0] + m * a->n[0], .z = a->v[1] + m * a->n[1], .z_loc = a->v[2] + m * a->n[2],
                       .y = a->v[3] + m * a->n[3]};
}

static void seeds_free(seeds *a)
{
    for (size_t k = 0; k < 4; k++) free(a->v[k]);
}

/* Entries q < most of z, all of the rest: within 1e-12 of the largest of their kind. Are they not all zero? */
static bool seeds_close(const fixture *f, opt_seeds got, opt_seeds want, size_t most, const char *what)
{
    const double *p[] = {got.h, got.z, got.z_loc, got.y}, *q[] = {want.h, want.z, want.z_loc, want.y};
    const size_t n[] = {TRIALS * N_REC * f->nh, TRIALS * f->d * N_REC, TRIALS * N_REC, TRIALS * N_OUT};
    bool alive = false;
    for (size_t k = 0; k < 4; k++) {
        double top = 0;
        for (size_t i = 0; i < n[k]; i++)
            if (k != 1 || i / N_REC % f->d < most) top = fmax(top, fabs(q[k][i]));
        for (size_t i = 0; i < n[k]; i++)
            if (k != 1 || i / N_REC % f->d < most)
                ck_assert_msg(fabs(p[k][i] - q[k][i]) <= 1e-12 * top, "%s: kind %zu [%zu]: %a, want %a", what, k, i, p[k][i], q[k][i]);
        alive = alive || top > 0;
    }
    return alive;
}

/* ---- gradients --------------------------------------------------------------------------------------------- */

static void same_gradient(const rig *a, const rig *b, const char *what)
{
    for (int g = 0; g < (int)EP_N_GROUP; g++) {
        size_t n, m;
        double *p = rig_get(a, OPT_GRAD(g), &n), *q = rig_get(b, OPT_GRAD(g), &m), top = 0;
        ck_assert_uint_eq(n, m);
        for (size_t i = 0; i < n; i++) top = fmax(top, fabs(q[i]));
        for (size_t i = 0; i < n; i++)
            ck_assert_msg(fabs(p[i] - q[i]) <= 1e-12 * top, "%s: gradient of %s[%zu]: %a, want %a", what,
                          ep_group_name((ep_group)g), i, p[i], q[i]);
        ck_assert_msg(n == 0 || top > 0, "%s: gradient of %s is 0", what, ep_group_name((ep_group)g));
        free(p);
        free(q);
    }
}

/* Steps from .. from + T - 1 of all trials. */
static void window_of(const fixture *f, size_t from, size_t T, double *x, double *target)
{
    for (size_t b = 0; b < TRIALS; b++) {
        memcpy(x + b * T * N_IN, f->x + (b * STEPS + from) * N_IN, T * N_IN * sizeof *x);
        memcpy(target + b * T * N_OUT, f->target + (b * STEPS + from) * N_OUT, T * N_OUT * sizeof *x);
    }
}

/* Forward and back over steps from .. from + T - 1; by err where told, in place of the target. */
static void run_window(const fixture *f, const rig *r, size_t from, size_t T, const opt_seeds *end, const opt_seeds *start,
                       bool by_err)
{
    double x[TRIALS * STEPS * N_IN], target[TRIALS * STEPS * N_OUT], err[TRIALS * STEPS * N_OUT];
    opt_trials tr = {.T = (int)T, .B = TRIALS, .x = x, .target = target};
    window_of(f, from, T, x, target);
    ck_assert_int_eq(r->e->backward(r->s, &tr), EP_DOMAIN); /* nothing to go back over */
    ck_assert_int_eq(r->e->forward(r->s, &tr), EP_OK);
    if (by_err) { /* the window's errors, all of them, as the engine made them */
        ck_assert_uint_eq(r->e->count(r->s, OPT_ALL(OPT_ERR)), T * TRIALS * N_OUT);
        ck_assert_int_eq(r->e->get(r->s, OPT_ALL(OPT_ERR), err, T * TRIALS * N_OUT), EP_OK);
        tr.target = NULL;
        tr.err = err;
    }
    tr.seeds = end;
    tr.delivered = start;
    ck_assert_int_eq(r->e->backward(r->s, &tr), EP_OK);
}

static void on_a_path_of_its_own(const rig *r)
{
    char text[256];
    r->e->describe(r->s, text, sizeof text);
    ck_assert_msg(r->e == opt_scalar_f64() || strstr(text, "windows of") != NULL, "%s", text);
}

static const opt_engine *engine_of(int n) { return n % 2 ? opt_fast_f64() : opt_scalar_f64(); }

/* Windows of 1 to 7 steps, shorter than the delay among them. */
START_TEST(exact_seeds_give_bptt)
{
    static const size_t ends[] = {4, 5, 11, 12, STEPS};
    fixture f = fixture_make(_i / 2);
    ep_rule rule = f.cfg.rule;
    opt_seeds exact[5];
    seeds store[5], got = seeds_make(&f, 1, 0);
    rig bptt;
    f.cfg.rule = EP_BPTT;
    f.cfg.T = STEPS;
    for (size_t k = 0; k < 5; k++) {
        store[k] = seeds_make(&f, STEPS, 0);
        exact[k] = store[k].s;
        f.cfg.window = (int)ends[k];
        bptt = fixture_open(&f, opt_scalar_f64());
        opt_trials tr = {.T = STEPS, .B = TRIALS, .x = f.x, .target = f.target, .delivered = &exact[k]};
        ck_assert_int_eq(bptt.e->grad(bptt.s, &tr), EP_OK);
        if (k < 4) rig_close(&bptt);
    }
    f.cfg.rule = rule;
    f.cfg.T = 0;
    f.cfg.window = 7;
    rig r = fixture_open(&f, engine_of(_i));
    on_a_path_of_its_own(&r);
    for (size_t k = 0; k < 5; k++) {
        size_t from = k ? ends[k - 1] : 0;
        run_window(&f, &r, from, ends[k] - from, k < 4 ? &exact[k] : NULL, &got.s, true);
        if (k) ck_assert(seeds_close(&f, got.s, exact[k - 1], from, "what the start delivers"));
    }
    same_gradient(&r, &bptt, ep_rule_name(rule));
    rig_close(&r);
    rig_close(&bptt);
    for (size_t k = 0; k < 5; k++) seeds_free(&store[k]);
    seeds_free(&got);
    free(f.k.store);
}
END_TEST

/* grad in one call, whole trials in memory, against windows, and against grad window by window. */
START_TEST(any_seeds_give_grad)
{
    fixture f = fixture_make(_i / 2);
    size_t D = 5, n = (STEPS - 1) / D;
    seeds given = seeds_make(&f, n, 77), want = seeds_make(&f, n, 0), got = seeds_make(&f, n, 0);
    opt_trials tr = {.T = STEPS, .B = TRIALS, .x = f.x, .target = f.target, .seeds = &given.s, .delivered = &want.s};
    f.cfg.window = (int)D;
    f.cfg.T = STEPS;
    rig whole = fixture_open(&f, opt_scalar_f64());
    ck_assert_int_eq(whole.e->grad(whole.s, &tr), EP_OK);
    f.cfg.chunk = 1;
    bool seeded = f.k.net.model == EP_LSTM || f.cfg.rule != EP_TBPTT; /* special kernels take no seeds */
    rig one = fixture_open(&f, seeded ? engine_of(_i) : opt_scalar_f64());
    f.cfg.T = 0;
    rig r = fixture_open(&f, engine_of(_i));
    for (size_t m = 0; m <= n; m++) {
        opt_seeds end = seeds_at(&given, m < n ? m : 0), start = seeds_at(&got, m ? m - 1 : 0);
        run_window(&f, &r, m * D, m < n ? D : STEPS - n * D, m < n ? &end : NULL, m ? &start : NULL, false);
        if (m) ck_assert(seeds_close(&f, start, seeds_at(&want, m - 1), D, "delivered"));
    }
    same_gradient(&r, &whole, "windows");
    tr.delivered = &got.s;
    for (size_t k = 0; k < 4; k++) memset(got.v[k], 0, n * got.n[k] * sizeof(double));
    ck_assert_int_eq(one.e->grad(one.s, &tr), EP_OK);
    same_gradient(&one, &whole, "grad by windows");
    for (size_t m = 0; m < n; m++) ck_assert(seeds_close(&f, seeds_at(&got, m), seeds_at(&want, m), D, "delivered by grad"));
    rig *const all[] = {&whole, &r, &one};
    for (size_t k = 0; k < 3; k++) rig_close(all[k]);
    seeds *const sets[] = {&given, &want, &got};
    for (size_t k = 0; k < 3; k++) seeds_free(sets[k]);
    free(f.k.store);
}
END_TEST

/* 200 windows in the memory of one; the order of calls is checked. */
START_TEST(a_stream_needs_the_memory_of_a_window)
{
    fixture f = fixture_make(_i); /* every model */
    double x[TRIALS * 7 * N_IN] = {0};
    opt_trials tr = {.T = 7, .B = TRIALS, .x = x};
    f.cfg.rule = EP_EPROP3;
    f.cfg.T = 100000;
    f.cfg.chunk = 1;
    f.cfg.net = &f.k.net;
    if (f.k.net.model == EP_LSTM) ck_assert_uint_lt(opt_fast_f64()->state_size(&f.cfg), 600000);
    f.cfg.T = 0;
    rig r = fixture_open(&f, opt_fast_f64());
    ck_assert_uint_lt(r.bytes, 600000);
    ck_assert_int_eq(r.e->step(r.s, x), EP_NOTIMPL);
    for (size_t k = 0; k < 200; k++) {
        for (size_t i = 0; i < TRIALS * 7 * N_IN; i++) x[i] = ep_rng_uniform(3, k, i);
        ck_assert_int_eq(r.e->forward(r.s, &tr), EP_OK);
        ck_assert_int_eq(r.e->forward(r.s, &tr), EP_DOMAIN); /* eprop3: the traces have not moved */
        ck_assert_int_eq(r.e->backward(r.s, &tr), EP_OK);
    }
    tr.T = 8;
    ck_assert_int_eq(r.e->forward(r.s, &tr), EP_DOMAIN);
    tr.T = 7, tr.B = 2;
    ck_assert_int_eq(r.e->forward(r.s, &tr), EP_DOMAIN);
    r.e->reset(r.s, OPT_RESET_ALL);
    ck_assert_int_eq(r.e->forward(r.s, &tr), EP_OK);
    rig_close(&r);
    f.cfg.T = 0;
    f.cfg.c_reg = 0.5; /* the mean rate is a trial's */
    r = fixture_open(&f, opt_scalar_f64());
    ck_assert_int_eq(r.e->forward(r.s, &tr), EP_NOTIMPL);
    rig_close(&r);
    free(f.k.store);
}
END_TEST

/* Two windows; with `bad`, each call after one that is refused, which must leave no trace. */
static void two_windows(const fixture *f, const rig *r, bool bad)
{
    static const double wrong[] = {NAN, INFINITY, -INFINITY};
    double x[TRIALS * 7 * N_IN], target[TRIALS * 7 * N_OUT], err[TRIALS * 7 * N_OUT] = {0}, mask[TRIALS * 7];
    for (size_t i = 0; i < TRIALS * 7; i++) mask[i] = 1;
    for (size_t k = 0; k < 2; k++) {
        opt_trials tr = {.T = 7, .B = TRIALS, .x = x, .target = target, .mask = mask};
        window_of(f, 7 * k, 7, x, target);
        double *const at[] = {&x[TRIALS * 7 * N_IN - 1], &target[5], &mask[11]};
        for (size_t n = 0; bad && n < 3; n++) {
            double was = *at[n];
            *at[n] = wrong[(n + k) % 3];
            ck_assert_int_eq(r->e->forward(r->s, &tr), EP_DOMAIN);
            *at[n] = was;
        }
        mask[3] = -1;
        if (bad) ck_assert_int_eq(r->e->forward(r->s, &tr), EP_DOMAIN);
        mask[3] = 1;
        ck_assert_int_eq(r->e->forward(r->s, &tr), EP_OK);
        opt_trials no = tr;
        no.err = err;
        err[TRIALS * 7 * N_OUT - 1] = wrong[k];
        if (bad) ck_assert_int_eq(r->e->backward(r->s, &no), EP_DOMAIN);
        err[TRIALS * 7 * N_OUT - 1] = 0;
        ck_assert_int_eq(r->e->backward(r->s, &tr), EP_OK);
    }
}

START_TEST(bad_windows_are_refused)
{
    fixture f = fixture_make(_i / 2);
    f.cfg.loss = EP_REGRESSION;
    rig clean = fixture_open(&f, engine_of(_i)), r = fixture_open(&f, engine_of(_i));
    two_windows(&f, &clean, false);
    two_windows(&f, &r, true);
    for (int g = 0; g < (int)EP_N_GROUP; g++) {
        size_t n, m;
        double *p = rig_get(&clean, OPT_GRAD(g), &n), *q = rig_get(&r, OPT_GRAD(g), &m);
        ck_assert_uint_eq(n, m);
        ck_assert_msg(memcmp(p, q, n * sizeof *p) == 0, "%s differs", ep_group_name((ep_group)g));
        free(p);
        free(q);
    }
    rig_close(&clean);
    rig_close(&r);
    free(f.k.store);
}
END_TEST

/* One more window of numbers drawn for it, with a seed. */
static void random_window(const fixture *f, const rig *r, uint64_t k)
{
    enum { D = 3 };
    double x[TRIALS * D * N_IN], target[TRIALS * D * N_OUT], h[TRIALS * N_REC];
    opt_seeds end = {.h = h};
    for (size_t i = 0; i < TRIALS * D * N_IN; i++) x[i] = ep_rng_uniform(8, k, i) - 0.5;
    for (size_t i = 0; i < TRIALS * D * N_OUT; i++) target[i] = ep_rng_uniform(9, k, i);
    for (size_t i = 0; i < TRIALS * N_REC; i++) h[i] = ep_rng_uniform(10, k, i) - 0.5;
    opt_trials tr = {.T = D - (int)(k % 4 == 3), .B = TRIALS, .x = x, .target = target};
    ck_assert_int_eq(r->e->forward(r->s, &tr), EP_OK);
    if (f->cfg.rule == EP_EPROP3_SG) tr.seeds = &end;
    ck_assert_int_eq(r->e->backward(r->s, &tr), EP_OK);
}

static void scale_weights(const rig *r, ep_group g, double by)
{
    size_t n;
    double *v = rig_get(r, OPT_PARAM(g), &n);
    for (size_t i = 0; i < n; i++) v[i] *= by;
    ck_assert_int_eq(r->e->set(r->s, OPT_PARAM(g), v, n), EP_OK);
    free(v);
}

/* Many windows; between them the gradient is read, cleared, weights change, in all mixtures: an engine that learns several
 * windows together gives what one gives that learns each by itself. */
START_TEST(whatever_happens_between_windows)
{
    static const ep_group changed[] = {EP_G_WREC, EP_G_WOUT, EP_G_BIAS};
    fixture f = fixture_make(N_MODEL * (_i / 2 * 3 + _i % 2)); /* LSTM; weights small enough that no rounding error grows */
    f.cfg.rule = _i / 2 % 2 ? EP_EPROP3 : EP_EPROP3_SG;
    f.cfg.window = 3;
    rig all[2] = {fixture_open(&f, opt_scalar_f64()), fixture_open(&f, opt_fast_f64())};
    for (uint64_t k = 0; k < 40; k++) {
        unsigned what = (unsigned)(ep_rng_u64(11, (uint64_t)_i, k) % 64);
        for (size_t n = 0; n < 2; n++) random_window(&f, &all[n], k);
        if (what % 4 == 0) same_gradient(&all[1], &all[0], "between windows");
        for (size_t n = 0; n < 2; n++) {
            if (what / 4 % 4 == 0) all[n].e->reset(all[n].s, OPT_RESET_GRAD);
            if (what / 16 < 3) scale_weights(&all[n], changed[what / 16], k % 2 ? 0.9375 : 1.0625);
        }
    }
    for (size_t n = 0; n < 2; n++) random_window(&f, &all[n], 99);
    same_gradient(&all[1], &all[0], "in the end");
    for (size_t n = 0; n < 2; n++) rig_close(&all[n]);
    free(f.k.store);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("windows");
    TCase *c = tcase_create("windows");
    tcase_add_loop_test(c, exact_seeds_give_bptt, 0, 120);
    tcase_add_loop_test(c, any_seeds_give_grad, 0, 120);
    tcase_add_loop_test(c, whatever_happens_between_windows, 0, 36);
    tcase_add_loop_test(c, bad_windows_are_refused, 0, 60);
    tcase_add_loop_test(c, a_stream_needs_the_memory_of_a_window, 0, N_MODEL);
    tcase_set_timeout(c, 60);
    suite_add_tcase(s, c);
    return test_run(s);
}
