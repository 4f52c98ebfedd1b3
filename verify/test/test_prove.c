/* The evidence itself: it holds, it sees what it should, it refuses what proves nothing.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "approx.h"
#include "gradient.h"
#include "prove.h"
#include "slips.h"
#include "test/run.h"
#include "windows.h"

START_TEST(test_holds)
{
    static const char *const letter[] = {"A", "B", "C", "D"};
    vfy_prove_args a = {.threads = 1};
    vfy_results r = {0};
    strcpy(a.evidence, letter[_i % 4]);
    a.model[_i / 4] = true;
    ck_assert_int_eq(vfy_prove(&a, &r), EP_OK);
    ck_assert_uint_gt(r.n, 1);
    for (size_t k = 0; k < r.n; k++)
        ck_assert_msg(r.rows[k].verdict == VFY_HOLDS, "%c %s: %s: %s > %s", r.rows[k].evidence, r.rows[k].subject,
                      r.rows[k].compared, r.rows[k].value, r.rows[k].bound);
    vfy_results_clear(&r);
}
END_TEST

/* Every slip in every place: seen as the blind spots predict, and caught. */
START_TEST(test_slip)
{
    vfy_slip_row r;
    vfy_bug bug = {.slip = (vfy_slip)(_i / VFY_N_PLACE), .place = (vfy_place)(_i % VFY_N_PLACE)};
    ck_assert_int_eq(vfy_slip_try(bug, &r), EP_OK);
    if (!r.applies) return;
    for (int k = 0; k < VFY_N_SEES; k++)
        ck_assert_msg(r.seen[k] == VFY_NO_CASE || r.seen[k] == r.predicted[k], "%s in %s: evidence %c saw %d, predicted %d",
                      vfy_slip_name(bug.slip), vfy_place_name(bug.place), "ABCDER"[k], r.seen[k], r.predicted[k]);
    ck_assert_msg(r.caught, "%s in %s: caught by nothing", vfy_slip_name(bug.slip), vfy_place_name(bug.place));
}
END_TEST

/* External truth as rows: losses of Table A, the paper's workings, and these in windows. */
START_TEST(test_external)
{
    static const size_t least[EP_N_MODEL] = {[EP_LIF] = 12, [EP_ALIF] = 4, [EP_LSNN] = 4, [EP_LSTM] = 3, [EP_RATE] = 1};
    vfy_prove_args a = {.evidence = "E", .threads = 1};
    vfy_results r = {0};
    a.model[_i] = true;
    ck_assert_int_eq(vfy_prove(&a, &r), EP_OK);
    ck_assert_msg(r.n >= least[_i], "%s: %zu rows", ep_model_name((ep_model)_i), r.n);
    size_t losses = 0, windows = 0;
    for (size_t k = 0; k < r.n; k++) {
        ck_assert_msg(r.rows[k].verdict == VFY_HOLDS && r.rows[k].evidence == 'E', "%s: %s: %s", r.rows[k].subject, r.rows[k].compared, r.rows[k].value);
        losses += strstr(r.rows[k].compared, "published loss") != NULL;
        windows += strstr(r.rows[k].subject, "windows of") != NULL;
    }
    ck_assert((losses > 1) == (_i == EP_LIF) && (windows > 0) == (_i != EP_RATE));
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    vfy_prove_print(f, &r, &a, false);
    fclose(f);
    ck_assert_msg(strstr(text, "  E  numbers others computed and cases worked on paper") && strstr(text, "  holds\n") && !strstr(text, "worst:"), "%s", text);
    free(text);
    vfy_results_clear(&r);
}
END_TEST

/* A synthesiser's gradient is that of its loss: central differences agree at every precision, and nearer the more bits there are. */
START_TEST(test_synthesiser)
{
    double value[2], limit[2];
    for (int k = 0; k < 2; k++) ck_assert_int_eq(vfy_measure_synth(4, _i, 3, k ? 256 : 96, 7, &value[k], &limit[k]), EP_OK);
    double bound = _i ? limit[1] : 0x1p-200; /* linear: its loss is a square, so differences are exact but for rounding */
    ck_assert_msg(value[1] <= bound, "%a > %a", value[1], bound);
    ck_assert(!_i || value[0] > value[1]);
}
END_TEST

/* At level full spiking models are proved under every reset path and delay besides. */
START_TEST(test_variants)
{
    vfy_variant v[2][64];
    for (int m = 0; m < EP_N_MODEL; m++) {
        size_t quick = vfy_variants((ep_model)m, VFY_QUICK, v[0], 64), full = vfy_variants((ep_model)m, VFY_FULL, v[1], 64);
        bool seen[3][4] = {{false}};
        ck_assert_uint_eq(full, quick + (ep_model_spikes((ep_model)m) ? 9 : 0));
        for (size_t k = 0; k < full; k++) seen[v[1][k].path][v[1][k].delay] = true;
        for (int path = 0; path < 3 && full > quick; path++)
            for (int d = 1; d <= 3; d++) ck_assert(seen[path][d]);
    }
}
END_TEST

/* With exact seeds e-prop 3 is BPTT if and only if the seeds cover all that crosses the boundary. */
START_TEST(test_boundary)
{
    vfy_case_spec s = {.model = _i ? EP_ALIF : EP_LSTM, .n_in = 4, .n_rec = 8, .T = 40, .delay = _i ? 3 : 1, .n_ref = 2,
                       .no_reg = true, .seed = 60 + (uint64_t)_i};
    vfy_case k;
    vfy_distance d;
    ck_assert_int_eq(vfy_case_make(&s, &k), EP_OK);
    ck_assert_double_gt(k.net.kappa, 0.0);
    for (int seed = REF_SEED_NONE; seed <= REF_SEED_ZC; seed++) {
        ck_assert_int_eq(vfy_measure_distance(&k, EP_EPROP3, 7, (ref_seed)seed, &d), EP_OK);
        if (seed == REF_SEED_ZC) ck_assert_msg(d.rel_err < 0x1p-100, "zc: %a", d.rel_err);
        else ck_assert_msg(d.rel_err > 1e-3, "seed %d: %a", seed, d.rel_err);
    }
    vfy_case_free(&k);
}
END_TEST

/* A silent network is vacuous, never a pass. */
START_TEST(test_silent)
{
    vfy_case_spec s = {.model = EP_LIF, .n_in = 2, .n_rec = 3, .n_out = 1, .T = 10, .seed = 1};
    vfy_case k;
    vfy_live live;
    ck_assert_int_eq(vfy_case_make(&s, &k), EP_OK);
    k.net.Win = k.net.Wrec = k.net.b = NULL;
    ck_assert_int_eq(vfy_case_liveness(&k, &live), EP_OK);
    ck_assert(!live.alive);
    ck_assert_double_eq(live.rate, 0.0);
    vfy_results none = {0};
    ck_assert_int_eq(vfy_results_worst(&none), VFY_VACUOUS);
    vfy_case_free(&k);
}
END_TEST

static vfy_gradient certified(const vfy_case *k, ep_rule rule, vfy_format f, long most)
{
    vfy_gradient g;
    vfy_gradient_args a = {.rule = rule, .window = 5, .round = f, .most_bits = most, .threads = 1};
    ck_assert_int_eq(vfy_gradient_certify(&k->net, &k->batch, &a, &g), EP_OK);
    return g;
}

/* Correct rounding against exact rationals: spiking networks with a regression loss have rational gradients. */
START_TEST(test_rounding)
{
    static const ep_rule rules[] = {EP_BPTT, EP_EPROP1_RANDOM, EP_TBPTT, EP_RTRL};
    vfy_format f = _i % 2 ? VFY_F64 : VFY_F32;
    vfy_case_spec s = {.model = _i % 3 ? EP_ALIF : EP_SYNAPTIC, .n_in = 3, .n_rec = 4, .T = 16, .n_ref = 2,
                       .seed = 80 + (uint64_t)_i};
    vfy_case k;
    vfy_session e;
    ref_grad exact;
    ref_rule_args rule = {.rule = rules[_i % 4], .window = 5, .threads = 1};
    ck_assert_int_eq(vfy_case_make(&s, &k), EP_OK);
    vfy_gradient g = certified(&k, rule.rule, f, 4096);
    ck_assert_int_eq(vfy_session_open(&k, ref_arith_rational(), 53, 0, 0, &e), EP_OK);
    ck_assert_int_eq(ref_grad_init(&e.c, &e.net, &exact), EP_OK);
    ck_assert_int_eq(ref_gradient(&e.c, &e.run, &rule, &exact), EP_OK);
    ck_assert_uint_eq(g.undecided, 0);
    ck_assert_uint_gt(g.decided, 8);
    for (size_t i = 0; i < g.n; i++) {
        const vfy_entry *x = &g.entry[i];
        mpfr_t r;
        mpfr_init2(r, 2000);
        mpfr_set_q(r, exact.g[x->group][x->at].q, MPFR_RNDZ);
        double want = f == VFY_F32 ? (double)mpfr_get_flt(r, MPFR_RNDN) : mpfr_get_d(r, MPFR_RNDN);
        if (x->want.kind == VFY_ZERO) ck_assert(mpfr_zero_p(r));
        else ck_assert_msg(x->nearest == want, "entry %zu: got %a, want %a", i, x->nearest, want);
        mpfr_clear(r);
    }
    ref_ctx_clear(&e.c);
    vfy_gradient_free(&g);
    vfy_case_free(&k);
}
END_TEST

/* Global feedback with softmax: sum_k (p_k - p*_k) = 0 exactly, but no enclosure shows it. Undecided, with 0 inside. */
START_TEST(test_undecided)
{
    vfy_case_spec s = {.model = EP_LIF, .loss = EP_CLASSIFICATION, .n_in = 2, .n_rec = 3, .T = 12, .n_ref = 0, .rate = 0.1,
                       .no_reg = true, .seed = 5};
    double ones[6] = {1, 1, 1, 1, 1, 1};
    vfy_case k;
    size_t open = 0;
    ck_assert_int_eq(vfy_case_make(&s, &k), EP_OK);
    k.net.B = ones;
    vfy_gradient g = certified(&k, EP_EPROP1_GLOBAL, VFY_F64, 256);
    for (size_t i = 0; i < g.n; i++) {
        const vfy_entry *e = &g.entry[i];
        if (e->group == EP_G_WOUT || e->group == EP_G_BOUT || e->want.kind == VFY_ZERO) continue;
        ck_assert_int_eq(e->want.kind, VFY_UNDECIDED);
        ck_assert(e->want.lo <= 0.0 && e->want.hi >= 0.0 && e->want.hi - e->want.lo < 1e-30);
        open++;
    }
    ck_assert_uint_gt(open, 0);
    ck_assert_uint_eq(open, g.undecided);
    vfy_gradient_free(&g);
    vfy_case_free(&k);
}
END_TEST

int main(void)
{
    bool whole = test_multiplier() >= 0.5;
    Suite *s = suite_create("prove");
    TCase *t = tcase_create("evidence");
    tcase_set_timeout(t, 600);
    if (whole) tcase_add_loop_test(t, test_holds, 0, 4 * EP_N_MODEL);
    else tcase_add_loop_test(t, test_holds, 4 * EP_RATE, 4 * EP_RATE + 4); /* two cases a letter: for memory tools */
    tcase_add_loop_test(t, test_external, EP_LIF + (test_multiplier() < 0.2), EP_N_MODEL); /* LIF has Table A: 1000 steps of 100 neurons */
    tcase_add_loop_test(t, test_synthesiser, 0, 3);
    tcase_add_test(t, test_variants);
    tcase_add_loop_test(t, test_slip, 0, whole ? VFY_N_SLIP * VFY_N_PLACE : VFY_N_PLACE);
    tcase_add_loop_test(t, test_boundary, 0, 2);
    tcase_add_test(t, test_silent);
    tcase_add_loop_test(t, test_rounding, 0, whole ? 24 : 2);
    tcase_add_test(t, test_undecided);
    suite_add_tcase(s, t);
    return test_run(s);
}
