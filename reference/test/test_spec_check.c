/* test_spec_check.c: every stated range is enforced, with a message that names what was found.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "eprop.h"
#include "test/run.h"

enum { NI = 3, NR = 4, NO = 2, T = 5, NB = 2 };

typedef struct sample {
    double Win[4 * NR * NI], Wrec[4 * NR * NR], b[4 * NR], Wout[NO * NR], bout[NO], B[NR * NO], theta[EP_N_THETA][NR];
    double x[NB * T * NI], target[NB * T * NO], mask[NB * T];
    ep_net net;
    ep_batch batch;
    char why[160];
} sample;

static void make(sample *s, ep_model m)
{
    memset(s, 0, sizeof *s);
    s->net = (ep_net){.model = m, .opt = ep_preset_options(EP_PAPER2019), .n_in = NI, .n_rec = NR, .n_out = NO,
                      .Win = s->Win, .Wrec = s->Wrec, .b = s->b, .Wout = s->Wout, .bout = s->bout, .B = s->B,
                      .kappa = 0.5, .v_th = 1, .gamma = 0.3, .n_ref = 2};
    for (int p = 0; p < EP_N_THETA; p++) s->net.theta[p] = s->theta[p];
    s->batch = (ep_batch){.T = T, .B = NB, .x = s->x, .target = s->target, .mask = s->mask, .loss = EP_REGRESSION};
}

static ep_status verdict(sample *s)
{
    ep_status a = ep_net_check(&s->net, s->why, sizeof s->why);
    return a ? a : ep_batch_check(&s->net, &s->batch, s->why, sizeof s->why);
}

static void expect(sample *s, const char *message)
{
    ck_assert_int_eq(verdict(s), EP_DOMAIN);
    ck_assert_str_eq(s->why, message);
}

START_TEST(a_good_network_passes)
{
    sample s;
    make(&s, (ep_model)_i);
    ck_assert_msg(verdict(&s) == EP_OK, "%s", s.why);
    for (int p = 0; p < EP_N_THETA; p++) s.net.theta[p] = NULL;
    s.net.Win = s.net.Wrec = s.net.b = s.net.Wout = s.net.bout = s.net.B = NULL;
    s.batch.x = s.batch.target = s.batch.mask = NULL;
    ck_assert_msg(verdict(&s) == EP_OK, "%s", s.why);
}
END_TEST

/* A value in each array: refused when not finite, at the index that is named. */
START_TEST(values_that_are_not_finite)
{
    const double bad[] = {NAN, INFINITY, -INFINITY};
    sample s;
    for (size_t k = 0; k < 3; k++) {
        const struct {
            double *at;
            const char *name;
        } cell[] = {{&s.Win[2 * NI + 1], "Win[2][1]"},      {&s.Wrec[1 * NR + 3], "Wrec[1][3]"}, {&s.b[3], "b[3]"},
                    {&s.Wout[1 * NR + 2], "Wout[1][2]"},    {&s.bout[1], "bout[1]"},           {&s.B[3 * NO + 1], "B[3][1]"},
                    {&s.x[(T + 2) * NI + 1], "x[1][3][1]"}, {&s.target[3 * NO + 1], "target[0][4][1]"},
                    {&s.mask[T + 4], "mask[1][5]"}};
        for (size_t i = 0; i < sizeof cell / sizeof *cell; i++) {
            make(&s, EP_ALIF);
            *cell[i].at = bad[k];
            ck_assert_int_eq(verdict(&s), EP_DOMAIN);
            size_t len = strlen(cell[i].name);
            ck_assert_msg(strncmp(s.why, cell[i].name, len) == 0 && s.why[len] == ' ', "%s: %s", cell[i].name, s.why);
        }
    }
    make(&s, EP_LSTM);
    s.Win[(2 * NR + 1) * NI + 2] = NAN;
    expect(&s, "Win[2][1][2] = nan: expected a finite number");
}
END_TEST

START_TEST(decays_are_in_zero_to_one)
{
    const ep_model model[EP_N_THETA] = {EP_LIF, EP_ALIF, EP_LSNN, EP_SYNAPTIC};
    const double bad[] = {1, 1.5, -0x1p-60, NAN, INFINITY};
    sample s;
    char want[160];
    for (int p = 0; p < EP_N_THETA; p++)
        for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
            make(&s, model[p]);
            s.theta[p][2] = bad[k];
            if (p == EP_BETA && isfinite(bad[k])) {
                ck_assert_int_eq(verdict(&s), EP_OK);
                continue;
            }
            snprintf(want, sizeof want, "%s[2] = %.17g: expected %s", ep_theta_name((ep_theta)p), bad[k],
                     p == EP_BETA ? "a finite number" : "a decay in [0, 1)");
            expect(&s, want);
        }
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        make(&s, EP_RATE);
        s.net.kappa = bad[k];
        snprintf(want, sizeof want, "kappa = %.17g: expected a decay in [0, 1)", bad[k]);
        expect(&s, want);
    }
    make(&s, EP_LIF);
    s.theta[EP_RHO][0] = 2; /* LIF has no rho */
    s.theta[EP_ALPHA][0] = nextafter(1, s.x[0]);
    ck_assert_int_eq(verdict(&s), EP_OK);
}
END_TEST

START_TEST(sizes_and_integers)
{
    sample s;
    const int bad[] = {0, -1, EP_MAX_DIM + 1, INT32_MIN};
    char want[160];
    for (size_t k = 0; k < 4; k++) {
        int *dim[] = {&s.net.n_in, &s.net.n_rec, &s.net.n_out, &s.batch.T, &s.batch.B};
        const char *name[] = {"n_in", "n_rec", "n_out", "T", "B"};
        for (int i = 0; i < 5; i++) {
            make(&s, EP_LIF);
            *dim[i] = bad[k];
            snprintf(want, sizeof want, "%s = %d: expected 1 to 1048576", name[i], bad[k]);
            expect(&s, want);
        }
        if (bad[k] == 0) continue;
        make(&s, EP_LIF);
        s.net.n_ref = bad[k];
        snprintf(want, sizeof want, "n_ref = %d: expected 0 to 1048576", bad[k]);
        expect(&s, want);
    }
    make(&s, EP_LIF);
    s.net.opt.delay = 0;
    expect(&s, "delay = 0: expected 1 to 1048576");
    make(&s, EP_LIF);
    s.net.opt.delay_L = -1;
    expect(&s, "delay_L = -1: expected 0 to 1048576");
    make(&s, EP_LIF);
    s.net.opt.delay = T + 1;
    ck_assert_int_eq(verdict(&s), EP_OK);
    make(&s, EP_LSTM);
    s.net.opt.delay = 2;
    expect(&s, "delay = 2: expected 1 for model lstm");
}
END_TEST

START_TEST(diagonal)
{
    sample s;
    for (int m = 0; m < EP_N_MODEL; m++) {
        make(&s, (ep_model)m);
        s.Wrec[3 * NR + 3] = 0.5;
        if (m == EP_LSTM) ck_assert_int_eq(verdict(&s), EP_OK);
        else expect(&s, "Wrec[3][3] = 0.5: expected 0 (no self-connections)");
    }
}
END_TEST

START_TEST(enumerators_and_gains)
{
    sample s;
    make(&s, EP_LIF);
    s.net.model = EP_N_MODEL;
    expect(&s, "model = 6: expected 0 to 5");
    make(&s, EP_LIF);
    s.batch.loss = (ep_loss)-1;
    expect(&s, "loss = -1: expected 0 to 1");
    make(&s, EP_LIF);
    s.net.opt.reset = (ep_reset)3;
    expect(&s, "option reset: not one of its values");
    make(&s, EP_LIF);
    s.net.opt.g_out = (ep_gain)3;
    expect(&s, "option g_out: not one of its values");
    make(&s, EP_LSTM);
    s.net.opt.g_a_value = NAN; /* not used */
    ck_assert_int_eq(verdict(&s), EP_OK);
    s.net.opt.g_a = EP_GAIN_VALUE;
    expect(&s, "g_a = nan: expected a finite number");
}
END_TEST

START_TEST(scalars)
{
    sample s;
    for (int m = 0; m < EP_N_MODEL; m++) {
        make(&s, (ep_model)m);
        s.net.v_th = 0;
        if (ep_model_spikes((ep_model)m)) expect(&s, "v_th = 0: expected a finite number > 0");
        else ck_assert_int_eq(verdict(&s), EP_OK);
        make(&s, (ep_model)m);
        s.net.gamma = -0.25;
        if (ep_model_spikes((ep_model)m)) expect(&s, "gamma = -0.25: expected a finite number > 0");
        else ck_assert_int_eq(verdict(&s), EP_OK);
    }
    make(&s, EP_LSTM);
    s.net.b_forget = INFINITY;
    expect(&s, "b_forget = inf: expected a finite number");
    make(&s, EP_LIF);
    s.batch.c_reg = -1;
    expect(&s, "c_reg = -1: expected a finite number >= 0");
    make(&s, EP_LIF);
    s.batch.f_target = NAN;
    expect(&s, "f_target = nan: expected a finite number");
    make(&s, EP_LIF);
    s.mask[7] = -0.5;
    expect(&s, "mask[1][3] = -0.5: expected a finite number >= 0");
    make(&s, EP_LIF);
    s.target[0] = -0.5;
    ck_assert_int_eq(verdict(&s), EP_OK);
    s.batch.loss = EP_CLASSIFICATION;
    expect(&s, "target[0][1][0] = -0.5: expected a finite number >= 0");
}
END_TEST

START_TEST(messages_fit_any_buffer)
{
    sample s;
    make(&s, EP_LIF);
    s.Wrec[0] = -1.2345678901234567e-300;
    char small[8];
    memset(small, 'x', sizeof small);
    ck_assert_int_eq(ep_net_check(&s.net, small, 4), EP_DOMAIN);
    ck_assert_mem_eq(small, "Wre\0xxxx", 8);
    ck_assert_int_eq(ep_net_check(&s.net, NULL, 0), EP_DOMAIN);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("spec_check");
    TCase *c = tcase_create("ranges");
    tcase_add_loop_test(c, a_good_network_passes, 0, EP_N_MODEL);
    tcase_add_test(c, values_that_are_not_finite);
    tcase_add_test(c, decays_are_in_zero_to_one);
    tcase_add_test(c, sizes_and_integers);
    tcase_add_test(c, diagonal);
    tcase_add_test(c, enumerators_and_gains);
    tcase_add_test(c, scalars);
    tcase_add_test(c, messages_fit_any_buffer);
    suite_add_tcase(s, c);
    return test_run(s);
}
