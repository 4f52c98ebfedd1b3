/* The tape against the cells and algorithms, which share no code with it: random networks under random options, loaded
 * and recorded through the public interface. Exact in the field for all models and in rationals for the spiking ones;
 * at 300 bits with every psi shape and loss.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "tape.h"
#include "test/run.h"

enum { IN = 3, REC = 4, OUT = 2, T = 14, B = 2, N_MODELS = 6 };
static const ep_model MODELS[N_MODELS] = {EP_LIF, EP_ALIF, EP_LSNN, EP_SYNAPTIC, EP_RATE, EP_LSTM};

typedef struct subject {
    uint64_t seed, drawn;
    ep_net net;
    ep_batch bt;
    double Win[4 * REC * IN], Wrec[4 * REC * REC], b[4 * REC], Wout[OUT * REC], bout[OUT], theta[EP_N_THETA][REC];
    double x[B * T * IN], target[B * T * OUT], mask[B * T];
} subject;

static unsigned pick(subject *s, unsigned below)
{
    return (unsigned)(ep_rng_u64(s->seed, 3, s->drawn++) % below);
}

/* Multiples of 1/16 in [lo, hi]. */
static void fill(subject *s, double *v, int n, double lo, double hi)
{
    for (int k = 0; k < n; k++) v[k] = lo + pick(s, (unsigned)((hi - lo) * 16) + 1) / 16.0;
}

static void choose_options(subject *s, ep_options *o, bool transcendental)
{
    o->g_in = (ep_gain)pick(s, 3);
    o->g_a = (ep_gain)pick(s, 3);
    o->g_out = (ep_gain)pick(s, 3);
    o->g_in_value = 1.25;
    o->g_a_value = 0.75;
    o->g_out_value = 0.5;
    o->gain_differentiated = pick(s, 2);
    o->psi_width = (ep_psi_width)pick(s, 2);
    o->dz_da = (ep_dz_da)pick(s, 2);
    o->psi_scale = (ep_psi_scale)pick(s, 2);
    o->psi_shape = (ep_psi_shape)pick(s, transcendental ? 4 : 2);
    o->spike_test = (ep_spike_test)pick(s, 2);
    o->spike_from = (ep_spike_from)pick(s, 2);
    o->ref_count = (ep_ref_count)pick(s, 2);
    o->reset = (ep_reset)pick(s, 3);
    o->adapt_source = (ep_adapt_source)pick(s, 3);
    o->psi_refractory = (ep_psi_refractory)pick(s, 2);
    o->reset_path = (ep_reset_path)pick(s, 3);
    o->loss_norm = (ep_loss_norm)pick(s, 4);
    o->phi = (ep_phi)pick(s, 2);
    o->delay = s->net.model == EP_LSTM ? 1 : 1 + (int)pick(s, 3);
}

static void make_subject(subject *s, uint64_t seed, ep_model model, bool transcendental)
{
    *s = (subject){.seed = seed};
    s->net = (ep_net){.model = model, .n_in = IN, .n_rec = REC, .n_out = OUT, .Win = s->Win, .Wrec = s->Wrec, .b = s->b,
                      .Wout = s->Wout, .bout = s->bout, .kappa = 0.75, .v_th = 0.75, .gamma = 0.25, .b_forget = 1};
    s->net.n_ref = (int)pick(s, 4);
    choose_options(s, &s->net.opt, transcendental);
    fill(s, s->Win, 4 * REC * IN, -0.5, 1);
    fill(s, s->Wrec, 4 * REC * REC, -1, 1);
    for (int j = 0; j < REC && model != EP_LSTM; j++) s->Wrec[j * REC + j] = 0;
    fill(s, s->b, 4 * REC, -0.25, 0.25);
    fill(s, s->Wout, OUT * REC, -1, 1);
    fill(s, s->bout, OUT, -0.5, 0.5);
    fill(s, s->theta[EP_ALPHA], REC, 0.5, 0.9375);
    fill(s, s->theta[EP_RHO], REC, 0.625, 0.9375);
    fill(s, s->theta[EP_BETA], REC, 0.25, 0.5);
    fill(s, s->theta[EP_ALPHA_S], REC, 0.25, 0.5);
    if (model == EP_LSNN) s->theta[EP_BETA][1] = 0;
    for (int p = 0; p < EP_N_THETA; p++) s->net.theta[p] = ep_model_has(model, (ep_theta)p) ? s->theta[p] : NULL;
    fill(s, s->x, B * T * IN, -1, 1);
    fill(s, s->target, B * T * OUT, 0, 1);
    fill(s, s->mask, B * T, 0, 1);
    for (int k = 0; k < B * T; k++) s->mask[k] = pick(s, 3) ? s->mask[k] : 0;
    s->bt = (ep_batch){.T = T, .B = B, .x = s->x, .target = s->target, .mask = pick(s, 2) ? s->mask : NULL,
                       .loss = transcendental ? (ep_loss)pick(s, 2) : EP_REGRESSION, .c_reg = 3, .f_target = 0.125};
}

/* 2^e is the limit of |tape - algorithm|; e = 0 asks for equality. */
static void compare(ref_ctx *c, const ref_net *net, const ref_grad *tape, const ref_grad *algo, int e, const char *rule, int n)
{
    ref_num *d = ref_vec(c, 1);
    for (int g = 0; g < EP_N_GROUP; g++)
        for (size_t k = 0; k < algo->n[g]; k++) {
            ref_sub(c, d, &tape->g[g][k], &algo->g[g][k]);
            bool same = e == 0 ? c->ar->is_zero(d) : fabs(c->ar->to_d(d)) <= ldexp(1, e);
            ck_assert_msg(same, "case %d %s %s %s[%zu]: tape %a, algorithm %a", n, rule, ep_model_name(net->model), ep_group_name((ep_group)g), k,
                          c->ar->to_d(&tape->g[g][k]), c->ar->to_d(&algo->g[g][k]));
        }
}

typedef struct pair { ref_ctx c; subject s; ref_net net; ref_run run; ref_tape_report rep; } pair;

static void record(pair *p, const ref_arith *ar, long prec, int n, ep_model model)
{
    char why[256] = "";
    make_subject(&p->s, 50000 + (uint64_t)n, model, prec > 0);
    ck_assert_msg(ep_net_check(&p->s.net, why, sizeof why) == EP_OK, "case %d: %s", n, why);
    ck_assert_int_eq(ref_ctx_init(&p->c, ar, prec), EP_OK);
    p->c.seed = (uint64_t)n;
    ck_assert_int_eq(ref_net_load(&p->c, &p->s.net, &p->net), EP_OK);
    ck_assert_int_eq(ref_run_batch(&p->c, &p->net, &p->s.bt, &p->run), EP_OK);
}

/* One rule by the algorithms, and by the tape cut where the rule cuts. */
static void rule_and_tape(pair *p, ep_rule rule, const ref_tape_args *args, int e, int n)
{
    ref_grad tape, algo;
    ref_rule_args how = {.rule = rule, .window = args->window, .threads = 1};
    ck_assert_int_eq(ref_grad_init(&p->c, &p->net, &tape), EP_OK);
    ck_assert_int_eq(ref_grad_init(&p->c, &p->net, &algo), EP_OK);
    ck_assert_int_eq(ref_gradient(&p->c, &p->run, &how, &algo), EP_OK);
    p->rep = (ref_tape_report){.E = ref_vec(&p->c, 1)};
    ep_status st = ref_tape_run(&p->c, &p->net, &p->s.bt, &p->run, args, &tape, &p->rep);
    ck_assert_msg(st == EP_OK, "case %d: status %d, spikes differ %d at b %d t %d j %d", n, (int)st, p->rep.spike_mismatch,
                  p->rep.b, p->rep.t, p->rep.j);
    compare(&p->c, &p->net, &tape, &algo, e, ep_rule_name(rule), n);
}

static void both_routes(const ref_arith *ar, long prec, int n, ep_model model, int e)
{
    pair p;
    record(&p, ar, prec, n, model);
    rule_and_tape(&p, EP_BPTT, &(ref_tape_args){0}, e, n);
    if (!ar->symbolic) {
        ref_num *d = ref_vec(&p.c, 1);
        ref_sub(&p.c, d, p.rep.E, p.run.E);
        bool same = e == 0 ? ar->is_zero(d) : fabs(ar->to_d(d)) <= ldexp(1, e);
        ck_assert_msg(same, "case %d: loss %a, recorded %a", n, ar->to_d(p.rep.E), ar->to_d(p.run.E));
    }
    rule_and_tape(&p, EP_EPROP1_SYMMETRIC, &(ref_tape_args){.flags = REF_TAPE_CUT}, e, n);
    /* The unmasked spike is a state that crosses a window's end on the tape; in the cells it is a function of (v, a, beta)
     * of the step before, so beta reaches it across the cut. Both are truncated BPTT, of different states. */
    if (p.s.net.opt.adapt_source != EP_ADAPT_Z_UNMASKED) rule_and_tape(&p, EP_TBPTT, &(ref_tape_args){.window = 5}, e, n);
    ref_ctx_clear(&p.c);
}

START_TEST(field_equals_bptt) { both_routes(ref_arith_field(), 0, _i, MODELS[_i % N_MODELS], 0); }
END_TEST
START_TEST(rationals_equal_bptt) { both_routes(ref_arith_rational(), 0, _i, MODELS[_i % 4], 0); }
END_TEST
/* Fewer than 2^18 roundings of numbers below 2^30. */
START_TEST(high_precision_equals_bptt) { both_routes(ref_arith_mpfr(), 300, _i, MODELS[_i % N_MODELS], -250); }
END_TEST

/* ALIF with every symbol free and d = 1: dE/dWin has degree 3T + 3: six factors at T = 1 (err, g_out, Wout, psi,
 * g_in, x) and three for each further step (g_a beta psi). */
START_TEST(degree_of_alif)
{
    pair p;
    make_subject(&p.s, 1, EP_ALIF, false);
    p.s.net.opt = ep_preset_options(EP_PAPER2019);
    p.s.bt.T = 1 + _i;
    ref_grad g;
    ck_assert_int_eq(ref_ctx_init(&p.c, ref_arith_degree(), 0), EP_OK);
    ck_assert_int_eq(ref_net_load(&p.c, &p.s.net, &p.net), EP_OK);
    ck_assert_int_eq(ref_run_batch(&p.c, &p.net, &p.s.bt, &p.run), EP_OK);
    ck_assert_int_eq(ref_grad_init(&p.c, &p.net, &g), EP_OK);
    ck_assert_int_eq(ref_tape_gradient(&p.c, &p.net, &p.s.bt, &p.run, 0, &g), EP_OK);
    double most = 0;
    for (int k = 0; k < REC * IN; k++) most = fmax(most, p.c.ar->to_d(&g.g[EP_G_WIN][k]));
    ck_assert_msg(most == 3 * (1 + _i) + 3, "T = %d: degree %a", 1 + _i, most);
    ref_ctx_clear(&p.c);
}
END_TEST

/* The rational cases would say little without spikes, or with silent groups. */
START_TEST(cases_are_alive)
{
    int firing = 0, n = test_loops(40);
    for (int i = 0; i < n; i++) {
        pair p;
        record(&p, ref_arith_rational(), 0, i, MODELS[i % 4]);
        int spikes = 0, alive = 0;
        for (int k = REC; k < (T + 1) * REC; k++) spikes += !p.c.ar->is_zero(&p.run.tr[0].z[k]);
        ref_grad g;
        ck_assert_int_eq(ref_grad_init(&p.c, &p.net, &g), EP_OK);
        ck_assert_int_eq(ref_tape_gradient(&p.c, &p.net, &p.s.bt, &p.run, 0, &g), EP_OK);
        for (int k = 0; k < REC * REC; k++) alive += !p.c.ar->is_zero(&g.g[EP_G_WREC][k]);
        firing += spikes >= REC && alive >= REC;
        ref_ctx_clear(&p.c);
    }
    ck_assert_msg(2 * firing >= n, "only %d of %d cases fire and have recurrent gradients", firing, n);
}
END_TEST

int main(void)
{
    Suite *su = suite_create("tape_cells");
    TCase *tc = tcase_create("two routes");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, field_equals_bptt, 0, test_loops(240));
    tcase_add_loop_test(tc, rationals_equal_bptt, 0, test_loops(120));
    tcase_add_loop_test(tc, high_precision_equals_bptt, 0, test_loops(240));
    tcase_add_loop_test(tc, degree_of_alif, 0, T);
    tcase_add_test(tc, cases_are_alive);
    suite_add_tcase(su, tc);
    return test_run(su);
}
