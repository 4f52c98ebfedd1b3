/* The fast engine's general kernels in binary32, within the limit that the replay of their own operations yields: every model
 * that spikes, preset and variant that the special kernels do not take, every rule, whole trials and chunks, gradients of
 * theta too.
 * SPDX-License-Identifier: MIT */
#include "general_replay.h"

#include <string.h>

#include "test/run.h"

enum { WINDOW = 7, N_KIND = 4, N_CASE = N_KIND * EP_N_PRESET * PORT_N_VARIANT };

static const ep_rule rules[] = {EP_BPTT, EP_TBPTT_SG, EP_EPROP3, EP_EPROP1_SYMMETRIC, EP_EPROP1_RANDOM};
enum { N_RULE = sizeof rules / sizeof *rules };

static void open_case(int n, vfy_case *k)
{
    static const ep_model kinds[N_KIND] = {EP_LIF, EP_ALIF, EP_LSNN, EP_SYNAPTIC};
    ck_assert_msg(port_case((int)kinds[n % N_KIND] + n / N_KIND * EP_N_MODEL, k), "%s: no live case", k->name);
    k->batch.B = 1;               /* sums over trials run in the engine's slots */
    k->batch.loss = EP_REGRESSION; /* libm's exp is not the engine's matter */
    k->net.opt.loss_norm = EP_NORM_SUM;
    k->net.opt.delay_L = n % 5 == 0 ? 2 : 0;
    if (n % 7 == 0) k->net.opt.psi_shape = (ep_psi_shape)(1 + n / 7 % 3);
    if (n % 2) k->batch.c_reg = 0.0;
}

static int replays;
static double worst, largest;

/* Exact: the replay is the reference's gradient, or its limit would say nothing. */
static void replay_is_true(truth *r, const vfy_case *k, ep_rule rule, general *a)
{
    ref_grad want;
    ref_rule_args args = {.rule = rule, .window = WINDOW, .threads = 1};
    ck_assert_int_eq(ref_grad_init(&r->c, &r->net, &want), EP_OK);
    ck_assert_int_eq(ref_gradient(&r->c, &r->run, &args, &want), EP_OK);
    for (int g = 0; g < (int)EP_N_GROUP; g++)
        for (size_t i = 0; i < want.n[g]; i++) {
            double x = r->c.ar->to_d(general_entry(a, g, i)), y = r->c.ar->to_d(&want.g[g][i]);
            ck_assert_msg(fabs(x - y) <= 0x1p-40 * (fabs(y) + 1), "%s %s %s[%zu]: replay %a reference %a", k->name,
                          ep_rule_name(rule), ep_group_name((ep_group)g), i, x, y);
        }
}

static bool general_engine(const port *p)
{
    char text[256];
    p->e->describe(p->s, text, sizeof text);
    return strncmp(text, "fast lsnn, general", 18) == 0;
}

static void judge(truth *r, const vfy_case *k, ep_rule rule, int chunk)
{
    port p = port_open(opt_fast_f32(), k, rule, rule >= EP_TBPTT ? WINDOW : 0);
    opt_config cfg = p.cfg;
    cfg.chunk = chunk;
    size_t need = p.e->state_size(&cfg);
    free(p.mem);
    p.mem = aligned_alloc(OPT_ALIGN, (need + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN);
    ck_assert_int_eq(p.e->init(&cfg, p.mem, need, &p.s), EP_OK);
    if (general_engine(&p)) {
        general a;
        replays++;
        ck_assert_int_eq(p.e->grad(p.s, &p.tr), EP_OK);
        if (!chunk) ck_assert_msg(port_same_spikes(&p, r), "%s: spikes differ", k->name);
        general_open(&a, r, rule, WINDOW, chunk);
        general_run(&a);
        replay_is_true(r, k, rule, &a);
        for (int g = 0; g < (int)EP_N_GROUP; g++) {
            size_t n;
            double *got = port_get(&p, OPT_GRAD(g), &n);
            for (size_t i = 0; i < n; i++) {
                const ref_num *want = general_entry(&a, g, i);
                double ref = r->c.ar->to_d(want), limit = ldexp(want->e.mag, -24) + 0x1p-120;
                worst = fmax(worst, fabs(got[i] - ref) / limit);
                largest = fmax(largest, fabs(got[i]));
                ck_assert_msg(fabs(got[i] - ref) <= limit, "%s %s chunk %d %s[%zu]: got %a want %a limit %a", k->name,
                              ep_rule_name(rule), chunk, ep_group_name((ep_group)g), i, got[i], ref, limit);
            }
            free(got);
        }
        general_close(&a);
    }
    port_close(&p);
}

START_TEST(gradients_in_binary32)
{
    vfy_case k;
    truth r;
    open_case(_i, &k);
    truth_open(&k, ref_arith_running(), 128, &r);
    for (int m = 0; m < N_RULE; m++)
        for (int chunk = 0; chunk < (m < 3 ? 1 : 24); chunk += 11) judge(&r, &k, rules[m], chunk);
    ref_ctx_clear(&r.c);
    vfy_case_free(&k);
}
END_TEST

/* Without forks the cases above have been counted. */
START_TEST(cases_were_alive)
{
    if (replays) ck_assert_msg(largest > 1e-3 && worst > 0.01, "largest gradient %g, share of the limit %g", largest, worst);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fast_general_bound");
    TCase *t = tcase_create("general");
    tcase_set_timeout(t, 600);
    tcase_add_loop_test(t, gradients_in_binary32, 0, port_loops(N_CASE));
    tcase_add_test(t, cases_were_alive);
    suite_add_tcase(suite, t);
    int failed = test_run(suite);
    if (getenv("CK_FORK")) printf("%d replays; largest share of the limit: %.3g\n", replays, worst);
    return failed;
}
