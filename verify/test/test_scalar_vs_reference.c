/* The scalar engine in binary64 against the reference at 160 bits: every model, preset and rule, and random options;
 * every entry within 1e-12 of the largest of its group.
 * SPDX-License-Identifier: MIT */
#include "scalar_port.h"
#include "test/run.h"

enum { WINDOW = 7, N_RANDOM = 120 };

static const ep_rule all_rules[] = {EP_BPTT, EP_RTRL, EP_EPROP1_SYMMETRIC, EP_EPROP1_RANDOM, EP_EPROP1_ADAPTIVE,
                                    EP_EPROP1_GLOBAL, EP_TBPTT};
enum { N_RULE = sizeof all_rules / sizeof *all_rules };

static double *as_doubles(const ref_ctx *c, const ref_num *v, size_t n)
{
    double *out = malloc((n + 1) * sizeof *out);
    for (size_t i = 0; i < n; i++) out[i] = c->ar->to_d(&v[i]);
    return out;
}

static void compare64(const vfy_case *k, const port *p, ref_ctx *c, const ref_grad *want, const char *what)
{
    for (int g = 0; g < (int)EP_N_GROUP; g++) {
        size_t n;
        double *got = port_get(p, OPT_GRAD(g), &n), top = 0;
        ck_assert_uint_eq(n, want->n[g]);
        double *ref = as_doubles(c, want->g[g], n);
        for (size_t i = 0; i < n; i++) top = fmax(top, fabs(ref[i]));
        for (size_t i = 0; i < n; i++)
            ck_assert_msg(fabs(got[i] - ref[i]) <= 1e-12 * top, "%s %s %s[%zu]: got %a want %a", k->name, what,
                          ep_group_name((ep_group)g), i, got[i], ref[i]);
        free(got);
        free(ref);
    }
}

static void one_rule64(const vfy_case *k, truth *r, ep_rule rule)
{
    port p = port_open(opt_scalar_f64(), k, rule, WINDOW);
    ref_rule_args a = {.rule = rule, .window = WINDOW, .threads = 1};
    ref_grad want;
    ck_assert_int_eq(p.e->grad(p.s, &p.tr), EP_OK);
    ck_assert_msg(port_same_spikes(&p, r), "%s: spikes differ", k->name);
    ck_assert_int_eq(ref_grad_init(&r->c, &r->net, &want), EP_OK);
    ck_assert_int_eq(ref_gradient(&r->c, &r->run, &a, &want), EP_OK);
    compare64(k, &p, &r->c, &want, ep_rule_name(rule));
    size_t n;
    double *E = port_get(&p, OPT_LOSS, &n), ref = r->c.ar->to_d(r->run.E);
    ck_assert_msg(fabs(*E - ref) <= 1e-12 * fabs(ref), "%s: loss %a want %a", k->name, *E, ref);
    free(E);
    port_close(&p);
}

START_TEST(gradients_in_binary64)
{
    vfy_case k;
    truth r;
    if (port_case(_i, &k)) {
        truth_open(&k, ref_arith_mpfr(), 160, &r);
        for (int m = 0; m < N_RULE; m++)
            if (all_rules[m] != EP_TBPTT || k.net.model != EP_RATE) one_rule64(&k, &r, all_rules[m]);
        ref_ctx_clear(&r.c);
    } else {
        ck_assert_msg(false, "%s: no live case", k.name);
    }
    vfy_case_free(&k);
}
END_TEST

/* What BPTT delivers at the boundaries, in the order h, z, z_loc, y; freed by the caller. */
static void exact_seeds(const vfy_case *k, opt_seeds *out, void *store[4])
{
    port p = port_open(opt_scalar_f64(), k, EP_BPTT, WINDOW);
    size_t n = (size_t)k->net.n_rec, m = (size_t)((k->batch.T - 1) / WINDOW * k->batch.B);
    size_t size[4] = {n * (size_t)opt_hidden_count(k->net.model, &k->net.opt), n * (size_t)k->net.opt.delay, n,
                      (size_t)k->net.n_out};
    for (int a = 0; a < 4; a++) {
        store[a] = calloc(m * size[a] + 1, sizeof(double));
        ck_assert_ptr_nonnull(store[a]);
    }
    *out = (opt_seeds){store[0], store[1], store[2], store[3]};
    p.tr.delivered = out;
    ck_assert_int_eq(p.e->grad(p.s, &p.tr), EP_OK);
    port_close(&p);
}

/* e-prop 3 with nothing, the hidden state, z, or everything seeded; with everything it is BPTT. */
static void seeded64(const vfy_case *k, truth *r, ref_seed seed, const opt_seeds *all)
{
    static const char *const names[] = {"eprop3 none", "eprop3 c", "eprop3 z", "eprop3 zc"};
    bool h = seed == REF_SEED_C || seed == REF_SEED_ZC, z = seed == REF_SEED_Z || seed == REF_SEED_ZC;
    opt_seeds some = {h ? all->h : NULL, z ? all->z : NULL, z ? all->z_loc : NULL, seed == REF_SEED_ZC ? all->y : NULL};
    port p = port_open(opt_scalar_f64(), k, EP_EPROP3, WINDOW);
    ref_rule_args a = {.rule = EP_EPROP3, .window = WINDOW, .seed = seed, .threads = 1};
    ref_rule_args whole = {.rule = EP_BPTT, .threads = 1};
    ref_grad want;
    p.tr.seeds = &some;
    ck_assert_int_eq(p.e->grad(p.s, &p.tr), EP_OK);
    ck_assert_int_eq(ref_grad_init(&r->c, &r->net, &want), EP_OK);
    ck_assert_int_eq(ref_gradient(&r->c, &r->run, &a, &want), EP_OK);
    compare64(k, &p, &r->c, &want, names[seed]);
    if (seed == REF_SEED_ZC) { /* nothing is missing then, in truncated BPTT neither */
        port q = port_open(opt_scalar_f64(), k, EP_TBPTT_SG, WINDOW);
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

START_TEST(seeds_in_binary64)
{
    vfy_case k;
    truth r;
    opt_seeds all;
    void *store[4];
    if (_i % EP_N_MODEL == EP_RATE) return;
    ck_assert_msg(port_case(_i, &k), "%s: no live case", k.name);
    truth_open(&k, ref_arith_mpfr(), 160, &r);
    exact_seeds(&k, &all, store);
    for (int seed = REF_SEED_NONE; seed <= REF_SEED_ZC; seed++) seeded64(&k, &r, (ref_seed)seed, &all);
    for (int a = 0; a < 4; a++) free(store[a]);
    ref_ctx_clear(&r.c);
    vfy_case_free(&k);
}
END_TEST

static ep_gain random_gain(uint64_t r, double *value)
{
    *value = 0.75;
    return (ep_gain)(r % 3);
}

/* Every option drawn by itself. */
static ep_options random_options(uint64_t seed, ep_model m)
{
    uint64_t r[20];
    for (uint64_t i = 0; i < 20; i++) r[i] = ep_rng_u64(seed, 99, i) >> 32;
    ep_options o = {.gain_differentiated = r[3] & 1, .psi_width = (ep_psi_width)(r[4] & 1),
                    .dz_da = (ep_dz_da)(r[5] & 1), .psi_scale = (ep_psi_scale)(r[6] & 1),
                    .psi_shape = (ep_psi_shape)(r[7] & 3), .spike_test = (ep_spike_test)(r[8] & 1),
                    .spike_from = (ep_spike_from)(r[9] & 1), .ref_count = (ep_ref_count)(r[10] & 1),
                    .reset = (ep_reset)(r[11] % 3), .adapt_source = (ep_adapt_source)(r[12] % 3),
                    .psi_refractory = (ep_psi_refractory)(r[13] & 1), .reset_path = (ep_reset_path)(r[14] % 3),
                    .loss_norm = (ep_loss_norm)(r[15] & 3), .phi = (ep_phi)(r[16] & 1),
                    .delay = m == EP_LSTM ? 1 : 1 + (int)(r[17] % 4), .delay_L = (int)(r[18] % 3)};
    o.g_in = random_gain(r[0], &o.g_in_value);
    o.g_a = random_gain(r[1], &o.g_a_value);
    o.g_out = random_gain(r[2], &o.g_out_value);
    return o;
}

/* Networks as they come: alive or not, the equations hold. */
START_TEST(random_options_in_binary64)
{
    ep_model m = (ep_model)(_i % EP_N_MODEL);
    vfy_case_spec spec = {.model = m, .n_rec = 4, .T = 24, .B = 2, .n_ref = _i % 4, .free_options = true,
                          .opt = random_options((uint64_t)_i, m), .loss = (ep_loss)(_i / 6 % 2), .seed = (uint64_t)_i};
    vfy_case k;
    truth r;
    ep_status st = vfy_case_make(&spec, &k);
    ck_assert(st == EP_OK || st == EP_UNABLE);
    truth_open(&k, ref_arith_mpfr(), 160, &r);
    one_rule64(&k, &r, EP_BPTT);
    one_rule64(&k, &r, EP_RTRL);
    one_rule64(&k, &r, EP_EPROP1_RANDOM);
    ref_ctx_clear(&r.c);
    vfy_case_free(&k);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scalar_vs_reference");
    TCase *t = tcase_create("gradients");
    tcase_set_timeout(t, 600);
    tcase_add_loop_test(t, gradients_in_binary64, 0, port_loops(PORT_N_CASE));
    tcase_add_loop_test(t, seeds_in_binary64, 0, port_loops(PORT_N_CASE));
    tcase_add_loop_test(t, random_options_in_binary64, 0, port_loops(N_RANDOM));
    suite_add_tcase(suite, t);
    return test_run(suite);
}
