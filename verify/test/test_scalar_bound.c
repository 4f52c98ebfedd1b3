/* The scalar engine in binary32 against the running error bound: |got - ref| <= u mag for every gradient entry.
 *
 * mag is that of the same operations in the same order, u = 2^-24. What the engine does in another order is composed
 * here from the reference's parts in the engine's order, so the limit stays 1:
 *   - e-prop 1: the regulariser is summed apart, sum_t L ebar + reg sum_t e;
 *   - e-prop 1: the readout is trained forward in time, as in the reference's RTRL;
 *   - RTRL with a regulariser is left to the binary64 test.
 * exp, log, tanh and the sigmoid: wide_libm.h. Underflow adds less than 2^-126. Second order is not allowed for: the bound is
 * wide.
 * SPDX-License-Identifier: MIT */
#include "scalar_port.h"
#include "test/run.h"
#include "wide_libm.h"

enum { WINDOW = 7 };

/* ---- the engine's order -------------------------------------------------------------------------------- */

static size_t row_of(const ref_net *net, int g, size_t k)
{
    size_t n = (size_t)net->n_rec;
    return (g == EP_G_WIN ? k / (size_t)net->n_in : g == EP_G_WREC ? k / n : k) % n;
}

/* sum L ebar + reg sum e; readout groups from `readout`. */
static void eprop1_in_order(truth *r, bool symmetric, const ref_grad *readout, ref_grad *g)
{
    size_t n = (size_t)r->net.n_rec, steps = (size_t)r->run.T + 2;
    ref_view v = ref_view_plain(&r->net, &r->run.tr[0]);
    ref_num *L = ref_vec(&r->c, steps * n), *ones = ref_vec(&r->c, n);
    ref_grad R;
    ref_signal learn = {.L_ebar = L, .late = r->net.opt.delay_L}, count = {.reg = ones};
    for (size_t j = 0; j < n; j++) ref_set(&r->c, &ones[j], &r->c.one);
    ref_signal_feedback(&r->c, &v, symmetric ? NULL : r->net.B, L);
    ck_assert_int_eq(ref_grad_init(&r->c, &r->net, &R), EP_OK);
    ck_assert_int_eq(ref_grad_traces(&r->c, &v, &learn, g, NULL, 1), EP_OK);
    ck_assert_int_eq(ref_grad_traces(&r->c, &v, &count, &R, NULL, 1), EP_OK);
    for (int k = 0; k < (int)EP_N_GROUP; k++) {
        bool out = k == EP_G_WOUT || k == EP_G_BOUT;
        for (size_t i = 0; i < g->n[k]; i++) {
            if (out) ref_set(&r->c, &g->g[k][i], &readout->g[k][i]);
            else ref_addmul(&r->c, &g->g[k][i], &r->run.reg[row_of(&r->net, k, i)], &R.g[k][i]);
        }
    }
}

static double worst;

static void compare32(const vfy_case *k, const port *p, const ref_grad *want, const char *what)
{
    for (int g = 0; g < (int)EP_N_GROUP; g++) {
        size_t n;
        double *got = port_get(p, OPT_GRAD(g), &n);
        ck_assert_uint_eq(n, want->n[g]);
        for (size_t i = 0; i < n; i++) {
            double ref = mpfr_get_d(want->g[g][i].e.r, MPFR_RNDN), limit = ldexp(want->g[g][i].e.mag, -24) + 0x1p-126;
            double off = fabs(got[i] - ref);
            worst = fmax(worst, off / limit);
            ck_assert_msg(isfinite(limit) && off <= limit, "%s %s %s[%zu]: got %a want %a limit %a", k->name, what,
                          ep_group_name((ep_group)g), i, got[i], ref, limit);
        }
        free(got);
    }
}

/* Spikes must be those of the reference: the case's margins are wide. */
static void one_rule32(const vfy_case *k, truth *r, ep_rule rule, const ref_grad *want)
{
    port p = port_open(opt_scalar_f32(), k, rule, WINDOW);
    ck_assert_int_eq(p.e->grad(p.s, &p.tr), EP_OK);
    ck_assert_msg(port_same_spikes(&p, r), "%s: spikes differ", k->name);
    compare32(k, &p, want, ep_rule_name(rule));
    port_close(&p);
}

static ref_grad gradient(truth *r, ep_rule rule)
{
    ref_grad g;
    ref_rule_args a = {.rule = rule, .window = WINDOW, .threads = 1};
    ck_assert_int_eq(ref_grad_init(&r->c, &r->net, &g), EP_OK);
    ck_assert_int_eq(ref_gradient(&r->c, &r->run, &a, &g), EP_OK);
    return g;
}

static void every_rule32(const vfy_case *k, truth *r)
{
    bool windows = k->net.model != EP_RATE;
    ref_grad whole = gradient(r, EP_BPTT), forward = gradient(r, EP_RTRL), one, other;
    one_rule32(k, r, EP_BPTT, &whole);
    if (k->batch.c_reg == 0.0) one_rule32(k, r, EP_RTRL, &forward);
    ck_assert_int_eq(ref_grad_init(&r->c, &r->net, &one), EP_OK);
    ck_assert_int_eq(ref_grad_init(&r->c, &r->net, &other), EP_OK);
    eprop1_in_order(r, true, &forward, &one);
    eprop1_in_order(r, false, &forward, &other);
    one_rule32(k, r, EP_EPROP1_SYMMETRIC, &one);
    one_rule32(k, r, EP_EPROP1_RANDOM, &other);
    if (!windows) return;
    one = gradient(r, EP_TBPTT);
    other = gradient(r, EP_EPROP3);
    one_rule32(k, r, EP_TBPTT, &one);
    one_rule32(k, r, EP_EPROP3, &other);
}

START_TEST(gradients_in_binary32)
{
    vfy_case k;
    truth r;
    const ref_arith ar = with_libm();
    ck_assert_msg(port_case(_i, &k), "%s: no live case", k.name);
    k.batch.B = 1; /* over trials, the engine and the reference sum in different order */
    if (_i / EP_N_MODEL % 2) k.batch.c_reg = 0.0;
    truth_open(&k, &ar, 128, &r);
    every_rule32(&k, &r);
    ref_ctx_clear(&r.c);
    vfy_case_free(&k);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scalar_bound");
    TCase *t = tcase_create("gradients");
    tcase_set_timeout(t, 600);
    tcase_add_loop_test(t, gradients_in_binary32, 0, port_loops(PORT_N_CASE));
    suite_add_tcase(suite, t);
    int failed = test_run(suite);
    if (getenv("CK_FORK")) printf("largest share of the limit: %.3g\n", worst);
    return failed;
}
