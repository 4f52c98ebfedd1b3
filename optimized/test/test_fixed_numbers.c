/* The integer engine's numbers: which networks, targets and settings it refuses and why, and what comes back of those it takes.
 * SPDX-License-Identifier: MIT */
#include "fixed_job.h"

static void refused(const opt_config *cfg, ep_status st, const char *reason)
{
    static _Alignas(OPT_ALIGN) unsigned char mem[1 << 17];
    char why[160] = "";
    opt_state *s = NULL;
    ck_assert_int_eq(opt_fixed_check(cfg, &fix_q15, why, sizeof why), st);
    ck_assert_msg(strstr(why, reason) != NULL, "'%s' does not name '%s'", why, reason);
    ck_assert_int_eq(opt_fixed("q15")->init(cfg, mem, sizeof mem, &s), st);
    ck_assert_ptr_null(s);
}

START_TEST(test_refusals)
{
    job *j = job_make(EP_ALIF, EP_PAPER2019, EP_EPROP1_GLOBAL, 41);
    opt_config c = j->cfg;
    double weight[REC * IN], B[REC * OUT], *alpha = j->alpha;
    memcpy(weight, j->k.net.Win, sizeof weight);
    for (int k = 0; k < REC * OUT; k++) B[k] = 0.25;
    j->k.net.Win = weight;
    refused(&c, EP_DOMAIN, "B[0][1]");
    j->k.net.B = B;
    ck_assert_int_eq(opt_fixed_check(&c, &fix_q15, NULL, 0), EP_OK);
    weight[2 * IN + 3] = 8.5;
    refused(&c, EP_DOMAIN, "Win[2][3] = 8.5: expected -8 to 7.99975586, the range of format W (16.12)");
    weight[2 * IN + 3] = 0;
    alpha[4] = 0.9;
    refused(&c, EP_DOMAIN, "alpha[4]");
    alpha[4] = 0.875;
    j->k.net.kappa = 0.99999;
    refused(&c, EP_DOMAIN, "kappa = 0.99999");
    j->k.net.kappa = 0.5;
    j->k.net.v_th = 1e-5;
    refused(&c, EP_DOMAIN, "v_th");
    j->k.net.v_th = 0.625;
    j->k.net.opt.g_a = EP_GAIN_VALUE;
    j->k.net.opt.g_a_value = 0;
    refused(&c, EP_DOMAIN, "gain[0] = 0: expected more than 0");
    j->k.net.opt.g_a = EP_GAIN_ONE;
    c.c_reg = 1;
    c.T = 0;
    refused(&c, EP_DOMAIN, "c_reg = 1: expected T > 0");
    c.c_reg = 0;
    c.T = STEPS;
    j->k.net.opt.delay_L = 1;
    refused(&c, EP_NOTIMPL, "delay_L");
    j->k.net.opt.delay_L = 0;
    j->k.net.model = EP_LSTM;
    j->k.net.opt.delay = 1;
    j->k.net.Win = j->k.net.Wrec = j->k.net.b = NULL;
    ck_assert_int_eq(opt_fixed_check(&c, &fix_q15, NULL, 0), EP_OK);
    c.profile = &fix_w8;
    refused(&c, EP_NOTIMPL, "no formats for lstm");
    c.profile = NULL;
    c.c_reg = 1;
    refused(&c, EP_NOTIMPL, "c_reg");
    c.c_reg = 0;
    j->k.net.opt.phi = EP_PHI_IDENTITY;
    refused(&c, EP_NOTIMPL, "phi");
    j->k.net.model = EP_ALIF;
    j->k.net.Win = weight;
    j->k.net.opt.delay = 2;
    j->k.net.opt.reset = EP_RESET_VTH_SAME;
    refused(&c, EP_NOTIMPL, "reset");
    j->k.net.opt.reset = EP_RESET_VTH_NEXT;
    c.rule = EP_BPTT;
    refused(&c, EP_NOTIMPL, "rule");
    c = j->cfg;
    fix_profile wide = fix_q15;
    wide.q[FIX_P].bits = wide.q[FIX_T].bits = 32;
    wide.q[FIX_E].frac = 40;
    c.profile = &wide;
    refused(&c, EP_DOMAIN, "64 bits");
    ck_assert_uint_eq(opt_fixed(NULL)->state_size(&j->cfg), 0); /* no profile */
    ck_assert_ptr_null(opt_fixed("q16"));
    job_free(j);
}
END_TEST

START_TEST(test_numbers_outside)
{
    job *j = job_make(EP_ALIF, EP_PAPER2019, EP_EPROP1_RANDOM, 51);
    const opt_engine *e = opt_fixed("w8");
    rig r = rig_open(e, &j->cfg);
    const double v[] = {-3, 1.0 / 128, 3.0 / 128, 1.5, 2, NAN};
    int32_t n[6], x[TRIALS * IN] = {0}, set[REC * REC] = {0};
    ck_assert_uint_eq(opt_fixed_encode(r.s, OPT_PARAM(EP_G_BIAS), v, n, 6), 3);
    const int32_t want[] = {-128, 0, 2, 96, 127, 0}; /* 8.6, ties to even */
    for (int k = 0; k < 6; k++) ck_assert_int_eq(n[k], want[k]);
    x[TRIALS * IN - 1] = 128;
    ck_assert_int_eq(e->step(r.s, x), EP_DOMAIN);
    set[REC + 1] = 1;
    ck_assert_int_eq(e->set(r.s, OPT_PARAM(EP_G_WREC), set, REC * REC), EP_DOMAIN); /* the diagonal */
    set[REC + 1] = 0;
    set[1] = 128;
    ck_assert_int_eq(e->set(r.s, OPT_PARAM(EP_G_WREC), set, REC * REC), EP_DOMAIN);
    set[1] = 127;
    ck_assert_int_eq(e->set(r.s, OPT_PARAM(EP_G_WREC), set, REC * REC), EP_OK);
    ck_assert_int_eq(e->set(r.s, OPT_PSI, set, TRIALS * REC), EP_NOTIMPL);
    rig_close(&r);
    job_free(j);
}
END_TEST

/* Probabilities lie between 0 and 1, both of which are allowed. */
START_TEST(test_probabilities)
{
    job *j = job_make(EP_ALIF, EP_PAPER2019, EP_EPROP1_RANDOM, 51);
    j->cfg.loss = EP_CLASSIFICATION;
    rig r = rig_open(opt_fixed("q15"), &j->cfg);
    int32_t *x = encoded(&r, OPT_FIXED_X, j->x, TRIALS * IN), target[TRIALS * OUT] = {0};
    double one = 1;
    ck_assert_uint_eq(opt_fixed_encode(r.s, OPT_FIXED_TARGET, &one, target, 1), 0);
    ck_assert_int_gt(target[0], 0);
    int32_t top = target[0];
    ck_assert_int_eq(r.e->step(r.s, x), EP_OK);
    const int32_t last[] = {-1, top + 1, 0, top};
    for (size_t k = 0; k < sizeof last / sizeof *last; k++) {
        target[TRIALS * OUT - 1] = last[k];
        ck_assert_int_eq(r.e->learn(r.s, &(opt_signal){.target = target}), k < 2 ? EP_DOMAIN : EP_OK);
        if (k == 2) ck_assert_int_eq(r.e->step(r.s, x), EP_OK);
    }
    free(x);
    rig_close(&r);
    job_free(j);
}
END_TEST

/* Each neuron's constants come back as they were given, rounded to their formats. */
START_TEST(test_constants_come_back)
{
    static const ep_theta kept[] = {EP_ALPHA, EP_RHO, EP_BETA};
    job *j = job_make(EP_ALIF, EP_PAPER2019, EP_EPROP1_RANDOM, 53);
    rig r = rig_open(opt_fixed("q15"), &j->cfg);
    for (size_t q = 0; q < sizeof kept / sizeof *kept; q++) {
        size_t n;
        int32_t *v = read_all(&r, OPT_PARAM(EP_G_THETA + kept[q]), &n);
        ck_assert_uint_eq(n, REC);
        for (size_t k = 0; k < n; k++)
            ck_assert_int_eq(v[k], rounded(&fix_q15, kept[q] == EP_BETA ? FIX_B : FIX_D, j->k.net.theta[kept[q]][k]));
        ck_assert_int_gt(magnitude(&r, OPT_PARAM(EP_G_THETA + kept[q])), 0);
        free(v);
    }
    rig_close(&r);
    job_free(j);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fixed numbers");
    TCase *tc = tcase_create("numbers");
    tcase_add_test(tc, test_refusals);
    tcase_add_test(tc, test_numbers_outside);
    tcase_add_test(tc, test_probabilities);
    tcase_add_test(tc, test_constants_come_back);
    suite_add_tcase(suite, tc);
    return test_run(suite);
}
