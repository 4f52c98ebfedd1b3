/* The fast engine's LSTM and rate units in binary64 against the reference at 160 bits: every preset and rule, whole
 * trials and chunks; every entry within 1e-12 of the largest of its group.
 * SPDX-License-Identifier: MIT */
#include "scalar_port.h"
#include "test/run.h"

enum { WINDOW = 7, N_LSTM_CASE = 2 * EP_N_PRESET * PORT_N_VARIANT };

static const ep_rule all_rules[] = {EP_BPTT, EP_EPROP1_SYMMETRIC, EP_EPROP1_RANDOM, EP_EPROP1_ADAPTIVE,
                                    EP_EPROP1_GLOBAL, EP_TBPTT};
enum { N_RULE = sizeof all_rules / sizeof *all_rules };

static double worst;

/* Case n of those whose model is LSTM or rate. */
static int case_number(int n) { return n / 2 * EP_N_MODEL + (n % 2 ? EP_RATE : EP_LSTM); }

/* An engine at work with chunks of c steps, 0: whole trials. */
static port open_chunked(const opt_engine *e, const vfy_case *k, ep_rule rule, int c)
{
    port p = port_open(e, k, rule, WINDOW);
    p.cfg.chunk = c;
    free(p.mem);
    size_t need = e->state_size(&p.cfg);
    p.mem = aligned_alloc(OPT_ALIGN, (need + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN);
    ck_assert_int_eq(e->init(&p.cfg, p.mem, need, &p.s), EP_OK);
    char line[400];
    e->describe(p.s, line, sizeof line);
    ck_assert_msg(strncmp(line, "fast ", 5) == 0, "%s runs as: %s", k->name, line);
    return p;
}

static void compare64(const vfy_case *k, const port *p, ref_ctx *c, const ref_grad *want, const char *what)
{
    for (int g = 0; g < (int)EP_N_GROUP; g++) {
        size_t n;
        double *got = port_get(p, OPT_GRAD(g), &n), top = 0;
        ck_assert_uint_eq(n, want->n[g]);
        for (size_t i = 0; i < n; i++) top = fmax(top, fabs(c->ar->to_d(&want->g[g][i])));
        for (size_t i = 0; i < n; i++) {
            double ref = c->ar->to_d(&want->g[g][i]);
            if (top > 0) worst = fmax(worst, fabs(got[i] - ref) / top);
            ck_assert_msg(fabs(got[i] - ref) <= 1e-12 * top, "%s %s %s[%zu]: got %a want %a", k->name, what,
                          ep_group_name((ep_group)g), i, got[i], ref);
        }
        free(got);
    }
}

static void one_rule64(const vfy_case *k, truth *r, ep_rule rule)
{
    static const int chunks[] = {0, 1, 7, 64};
    ref_rule_args a = {.rule = rule, .window = WINDOW, .threads = 1};
    ref_grad want;
    ck_assert_int_eq(ref_grad_init(&r->c, &r->net, &want), EP_OK);
    ck_assert_int_eq(ref_gradient(&r->c, &r->run, &a, &want), EP_OK);
    for (int n = 0; n < (opt_rule_online(rule) ? 4 : 1); n++) {
        port p = open_chunked(opt_fast_f64(), k, rule, chunks[n]);
        ck_assert_int_eq(p.e->grad(p.s, &p.tr), EP_OK);
        char what[64];
        (void)snprintf(what, sizeof what, "%s chunk %d", ep_rule_name(rule), chunks[n]);
        compare64(k, &p, &r->c, &want, what);
        size_t m;
        double *E = port_get(&p, OPT_LOSS, &m), ref = r->c.ar->to_d(r->run.E);
        ck_assert_msg(fabs(*E - ref) <= 1e-12 * fabs(ref), "%s: loss %a want %a", k->name, *E, ref);
        free(E);
        port_close(&p);
    }
}

START_TEST(gradients_in_binary64)
{
    vfy_case k;
    truth r;
    ck_assert_msg(port_case(case_number(_i), &k), "%s: no live case", k.name);
    truth_open(&k, ref_arith_mpfr(), 160, &r);
    for (int m = 0; m < N_RULE; m++)
        if (all_rules[m] != EP_TBPTT || k.net.model != EP_RATE) one_rule64(&k, &r, all_rules[m]);
    ref_ctx_clear(&r.c);
    vfy_case_free(&k);
}
END_TEST

/* What BPTT of `e` delivers at the boundaries, in the order h, z, z_loc, y; freed by the caller. */
static void exact_seeds(const opt_engine *e, const vfy_case *k, opt_seeds *out, void *store[4], size_t size[4])
{
    port p = port_open(e, k, EP_BPTT, WINDOW);
    size_t n = (size_t)k->net.n_rec, m = (size_t)((k->batch.T - 1) / WINDOW * k->batch.B);
    size_t per[4] = {n * (size_t)opt_hidden_count(k->net.model, &k->net.opt), n * (size_t)k->net.opt.delay, n,
                     (size_t)k->net.n_out};
    for (int a = 0; a < 4; a++) {
        size[a] = m * per[a];
        store[a] = calloc(size[a] + 1, sizeof(double));
        ck_assert_ptr_nonnull(store[a]);
    }
    *out = (opt_seeds){store[0], store[1], store[2], store[3]};
    p.tr.delivered = out;
    ck_assert_int_eq(p.e->grad(p.s, &p.tr), EP_OK);
    port_close(&p);
}

static void seeded64(const vfy_case *k, truth *r, ref_seed seed, const opt_seeds *all)
{
    static const char *const names[] = {"eprop3 none", "eprop3 c", "eprop3 z", "eprop3 zc"};
    bool h = seed == REF_SEED_C || seed == REF_SEED_ZC, z = seed == REF_SEED_Z || seed == REF_SEED_ZC;
    opt_seeds some = {h ? all->h : NULL, z ? all->z : NULL, z ? all->z_loc : NULL, seed == REF_SEED_ZC ? all->y : NULL};
    port p = open_chunked(opt_fast_f64(), k, EP_EPROP3, 0);
    ref_rule_args a = {.rule = EP_EPROP3, .window = WINDOW, .seed = seed, .threads = 1};
    ref_rule_args whole = {.rule = EP_BPTT, .threads = 1};
    ref_grad want;
    p.tr.seeds = &some;
    ck_assert_int_eq(p.e->grad(p.s, &p.tr), EP_OK);
    ck_assert_int_eq(ref_grad_init(&r->c, &r->net, &want), EP_OK);
    ck_assert_int_eq(ref_gradient(&r->c, &r->run, &a, &want), EP_OK);
    compare64(k, &p, &r->c, &want, names[seed]);
    if (seed == REF_SEED_ZC) {
        port q = open_chunked(opt_fast_f64(), k, EP_TBPTT_SG, 0);
        q.tr.seeds = all;
        ck_assert_int_eq(q.e->grad(q.s, &q.tr), EP_OK);
        ck_assert_int_eq(ref_grad_init(&r->c, &r->net, &want), EP_OK);
        ck_assert_int_eq(ref_gradient(&r->c, &r->run, &whole, &want), EP_OK);
        compare64(k, &p, &r->c, &want, "eprop3 zc = bptt");
        compare64(k, &q, &r->c, &want, "tbptt-sg zc = bptt");
        port_close(&q);
    }
    port_close(&p);
}

/* What the fast engine delivers is what the scalar one does; seeded with it, windows are as the reference says. */
START_TEST(seeds_in_binary64)
{
    vfy_case k;
    truth r;
    opt_seeds all, plain;
    void *store[4], *other[4];
    size_t size[4];
    ck_assert_msg(port_case(case_number(_i), &k), "%s: no live case", k.name);
    exact_seeds(opt_fast_f64(), &k, &all, store, size);
    exact_seeds(opt_scalar_f64(), &k, &plain, other, size);
    for (int a = 0; a < 4; a++) {
        double *got = store[a], *want = other[a], top = 0;
        for (size_t i = 0; i < size[a]; i++) top = fmax(top, fabs(want[i]));
        for (size_t i = 0; i < size[a]; i++)
            ck_assert_msg(fabs(got[i] - want[i]) <= 1e-12 * top, "%s: seed %d[%zu]: got %a want %a", k.name, a, i,
                          got[i], want[i]);
    }
    truth_open(&k, ref_arith_mpfr(), 160, &r);
    for (int seed = REF_SEED_NONE; k.net.model == EP_LSTM && seed <= REF_SEED_ZC; seed++)
        seeded64(&k, &r, (ref_seed)seed, &all);
    for (int a = 0; a < 4; a++) {
        free(store[a]);
        free(other[a]);
    }
    ref_ctx_clear(&r.c);
    vfy_case_free(&k);
}
END_TEST

/* phi, g_out, loss_norm, lateness and delay drawn by themselves. */
START_TEST(random_options_in_binary64)
{
    ep_model m = _i % 2 ? EP_RATE : EP_LSTM;
    uint64_t r[6];
    for (uint64_t i = 0; i < 6; i++) r[i] = ep_rng_u64((uint64_t)_i, 98, i) >> 32;
    vfy_case_spec spec = {.model = m, .n_rec = 3 + _i % 3, .T = 24, .B = 1 + _i % 3, .free_options = true,
                          .opt = {.g_out = (ep_gain)(r[0] % 3), .g_out_value = 0.75, .phi = (ep_phi)(r[1] & 1),
                                  .loss_norm = (ep_loss_norm)(r[2] & 3), .delay = m == EP_LSTM ? 1 : 1 + (int)(r[3] % 4),
                                  .delay_L = (int)(r[4] % 5)},
                          .loss = (ep_loss)(_i / 2 % 2), .seed = (uint64_t)_i};
    vfy_case k;
    truth t;
    ep_status st = vfy_case_make(&spec, &k);
    ck_assert(st == EP_OK || st == EP_UNABLE);
    truth_open(&k, ref_arith_mpfr(), 160, &t);
    one_rule64(&k, &t, EP_BPTT);
    one_rule64(&k, &t, EP_EPROP1_RANDOM);
    ref_ctx_clear(&t.c);
    vfy_case_free(&k);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fast_lstm_vs_reference");
    TCase *t = tcase_create("gradients");
    tcase_set_timeout(t, 600);
    tcase_add_loop_test(t, gradients_in_binary64, 0, port_loops(N_LSTM_CASE));
    tcase_add_loop_test(t, seeds_in_binary64, 0, port_loops(N_LSTM_CASE));
    tcase_add_loop_test(t, random_options_in_binary64, 0, port_loops(40));
    suite_add_tcase(suite, t);
    int failed = test_run(suite);
    if (getenv("CK_FORK")) printf("largest difference, as a share of its group's largest entry: %.3g\n", worst);
    return failed;
}
