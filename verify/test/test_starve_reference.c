/* Memory that ends at any request: every function of the reference says EP_NOMEM, keeps no block, and crashes nowhere.
 * SPDX-License-Identifier: MIT */
#include "algo.h"
#include "cases.h"
#include "eprop2_case.h"
#include "evidence.h"
#include "fixed_pair.h"
#include "starve.h"
#include "synth.h"
#include "tape.h"
#include "test/run.h"

static vfy_case networks[EP_N_MODEL];

typedef struct rule_case { const vfy_case *k; const ref_arith *ar; ref_rule_args a; } rule_case;

static ep_status by_rule(const void *of)
{
    const rule_case *r = of;
    vfy_session s;
    ref_grad g;
    ep_status st = vfy_session_open(r->k, r->ar, 64, 2305843009213693951u, 1, &s);
    if (st) return st;
    st = ref_grad_init(&s.c, &s.net, &g);
    if (!st) st = ref_gradient(&s.c, &s.run, &r->a, &g);
    vfy_session_close(&s);
    return st;
}

START_TEST(every_rule)
{
    char what[64];
    for (int m = 0; m < EP_N_MODEL; m++)
        for (int rule = 0; rule < EP_EPROP2; rule++) {
            rule_case r = {&networks[m], rule % 2 ? ref_arith_mpfr() : ref_arith_mpfi(),
                           {.rule = (ep_rule)rule, .window = 3, .seed = REF_SEED_ZC, .threads = rule % 3 + 1}};
            snprintf(what, sizeof what, "%s %s", ep_model_name((ep_model)m), ep_rule_name((ep_rule)rule));
            expect_nomem(by_rule, &r, 24, what);
        }
}
END_TEST

static ep_status by_factorization(const void *of)
{
    const vfy_case *k = of;
    vfy_session s;
    ref_grad g, h;
    ep_status st = vfy_session_open(k, ref_arith_running(), 64, 0, 1, &s);
    if (st) return st;
    st = ref_grad_init(&s.c, &s.net, &g);
    if (!st) st = ref_gradient_factorized(&s.c, &s.run, 2, &g);
    if (!st) st = ref_grad_init(&s.c, &s.net, &h);
    if (!st) st = ref_tape_gradient(&s.c, &s.net, &k->batch, NULL, 0, &h);
    vfy_session_close(&s);
    return st;
}

static ep_status step_by_step(const void *of)
{
    const vfy_case *k = of;
    ref_ctx c;
    ref_net net;
    ref_online o;
    ep_status st = ref_ctx_init(&c, ref_arith_mpfr(), 64);
    if (st) return st;
    st = ref_net_load(&c, &k->net, &net);
    if (!st) st = ref_online_init(&c, &net, &o);
    for (int t = 1; !st && t <= k->batch.T; t++) st = ref_online_step(&c, &o, EP_EPROP1_SYMMETRIC, &k->batch, 0, t, NULL);
    if (!st) ref_online_regularise(&c, &o, &k->batch);
    if (!st) st = c.status;
    ref_ctx_clear(&c);
    return st;
}

START_TEST(factorization_tape_steps)
{
    for (int m = 0; m < EP_N_MODEL; m++) {
        expect_nomem(by_factorization, &networks[m], 40, ep_model_name((ep_model)m));
        expect_nomem(step_by_step, &networks[m], 60, ep_model_name((ep_model)m));
    }
}
END_TEST

static ep_status by_tape(const void *of)
{
    const vfy_case *k = of;
    vfy_session s;
    ref_grad g;
    ep_status st = vfy_session_open(k, ref_arith_mpfr(), 64, 0, 1, &s);
    if (st) return st;
    st = ref_grad_init(&s.c, &s.net, &g);
    if (!st) st = ref_tape_gradient(&s.c, &s.net, &k->batch, NULL, 0, &g);
    vfy_session_close(&s);
    return st;
}
/* Where inputs are many, the input weights are a request of their own: it alone can be refused. */
START_TEST(many_inputs)
{
    vfy_case k;
    ck_assert_int_eq(vfy_case_make(&(vfy_case_spec){.model = EP_LIF, .n_in = 300, .n_rec = 4, .T = 20, .seed = 1}, &k), EP_OK);
    expect_nomem(by_tape, &k, 2000, "300 inputs"); /* each request, also at a tenth of the draws */
    vfy_case_free(&k);
}
END_TEST

static ep_status learning_to_learn(const void *of)
{
    const vfy_e2_case *k = of;
    ref_ctx c;
    ref_e2 p;
    ref_e2_grad g;
    ref_num *dE = NULL;
    vfy_e2_live live;
    ep_status st = ref_ctx_init(&c, ref_arith_mpfr(), 64);
    if (st) return st;
    st = ref_e2_run(&c, &k->src, 2, &p);
    if (!st) st = ref_e2_grad_init(&c, &p, &g);
    if (!st) st = ref_e2_gradient(&c, &p, REF_E2_FULL, NULL, &g);
    if (!st && !(dE = ref_vec(&c, 1))) st = EP_NOMEM;
    if (!st) st = ref_e2_tangent(&c, &p, &g, dE);
    ref_ctx_clear(&c);
    return st ? st : vfy_e2_liveness(&k->src, &live);
}
START_TEST(eprop2)
{
    vfy_e2_spec spec = {.main = EP_LIF, .module = EP_LIF, .seed = 33};
    vfy_e2_case k;
    ck_assert_int_eq(vfy_e2_case_make(&spec, &k), EP_OK);
    expect_nomem(learning_to_learn, &k, 60, "e-prop 2");
    vfy_e2_case_free(&k);
}
END_TEST

static void fill(ref_ctx *c, ref_num *v, size_t n)
{
    for (size_t i = 0; v && i < n; i++) ref_set_d(c, &v[i], 0.25 + (double)(i % 3));
}
static ep_status taped(const void *of)
{
    const int *size = of;
    ref_ctx c;
    ref_synth sg;
    ep_status st = ref_ctx_init(&c, ref_arith_mpfr(), 64);
    if (st) return st;
    st = ref_synth_init(&c, size[0], size[1], size[2], &sg);
    ref_num *u = ref_vec(&c, (size_t)size[0]), *a = ref_vec(&c, (size_t)size[1]), *target = ref_vec(&c, (size_t)size[2]), *g = ref_vec(&c, st ? 0 : sg.n);
    if (!st) st = c.status;
    if (!st) {
        fill(&c, u, (size_t)size[0]);
        fill(&c, target, (size_t)size[2]);
        fill(&c, sg.theta, sg.n);
        st = ref_tape_synth(&c, &sg, u, a, target, NULL, g);
    }
    if (!st && c.ar->is_zero(&g[sg.n - 1])) st = EP_UNABLE; /* nothing was taped */
    ref_ctx_clear(&c);
    return st;
}
START_TEST(synthesiser)
{
    static const int least[] = {1, 0, 1}, linear[] = {3, 0, 2}, hidden[] = {40, 30, 50};
    expect_nomem(taped, least, 1000, "the least synthesiser"); /* each request, also at a fifth of the draws */
    expect_nomem(taped, linear, 60, "a linear synthesiser");
    expect_nomem(taped, hidden, 1000, "a hidden layer"); /* its arrays are requests of their own */
}
END_TEST

static ep_status integers(const void *of)
{
    ref_fixed *s;
    ep_status st = ref_fixed_new(&s, of);
    if (!st) ref_fixed_free(s);
    return st;
}
/* LIF, ALIF, LSTM: the first of the random networks that is one. */
enum { N_KIND = 3 };
START_TEST(fixed_model)
{
    pair p = {.kind = _i == 2 ? PAIR_LSTM : PAIR_SPIKING, .profile = fix_q15};
    do {
        p.seed++;
        pair_network(&p);
    } while (p.c.lstm != (_i == 2) || p.c.alif != (_i == 1));
    expect_nomem(integers, &p.net, 600, "integers"); /* each request, also at a tenth of the draws */
}
END_TEST

static void prepare(void) { starve_networks(networks); }
static void tidy(void) { starve_free(networks); }

int main(void)
{
    Suite *s = suite_create("starve reference");
    TCase *t = tcase_create("memory");
    tcase_add_unchecked_fixture(t, prepare, tidy);
    tcase_set_timeout(t, 300);
    tcase_add_test(t, synthesiser);
    tcase_add_loop_test(t, fixed_model, 0, N_KIND);
    tcase_add_test(t, many_inputs);
    tcase_add_test(t, eprop2);
    tcase_add_test(t, factorization_tape_steps);
    tcase_add_test(t, every_rule);
    suite_add_tcase(s, t);
    return test_run(s);
}
