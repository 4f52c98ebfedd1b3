/* Windows and their seeds under every option, at odd lengths, and where there is nothing to see.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>

#include "approx.h"
#include "gradient.h"
#include "test/run.h"
#include "windows.h"

static int pick(uint64_t n, uint64_t stream, int values) { return (int)(ep_rng_u64(17, stream, n) % (uint64_t)values); }

/* Any combination of options; the tape cuts the unmasked spike elsewhere, so that one is left out. */
static ep_options any_options(uint64_t n)
{
    ep_options o = ep_preset_options((ep_preset)pick(n, 1, EP_N_PRESET));
    o.reset = (ep_reset)pick(n, 2, 3);
    o.reset_path = (ep_reset_path)pick(n, 3, 3);
    o.adapt_source = pick(n, 4, 2) ? EP_ADAPT_Z : EP_ADAPT_RHO_SUM;
    o.spike_from = (ep_spike_from)pick(n, 5, 2);
    o.psi_refractory = (ep_psi_refractory)pick(n, 6, 2);
    o.loss_norm = (ep_loss_norm)pick(n, 7, 4);
    o.dz_da = (ep_dz_da)pick(n, 8, 2);
    o.gain_differentiated = pick(n, 9, 2);
    o.phi = (ep_phi)pick(n, 10, 2);
    o.delay = 1 + pick(n, 11, 4);
    return o;
}

static void closed(const char *what, const vfy_case *k, int window, vfy_gap g)
{
    ck_assert_msg(g.distance < 0x1p-100, "%s windows of %d: %s: %a", k->name, window, what, g.distance);
}

START_TEST(any_convention)
{
    uint64_t n = (uint64_t)_i;
    ep_model m = (ep_model)(_i % EP_N_MODEL);
    vfy_case_spec s = {.model = m, .loss = (ep_loss)pick(n, 12, EP_N_LOSS), .n_in = 3, .n_rec = 4, .T = 18, .B = 1 + pick(n, 13, 2),
                       .n_ref = pick(n, 14, 4), .free_options = true, .opt = any_options(n), .seed = 900 + n};
    int window = 1 + pick(n, 15, 9);
    vfy_case k;
    vfy_windows w;
    if (m == EP_LSTM) s.opt.delay = 1;
    ep_status st = vfy_case_make(&s, &k);
    ck_assert(st == EP_OK || st == EP_UNABLE); /* some conventions are hard to wake: exactness does not need it */
    ck_assert_int_eq(vfy_measure_windows(&k, ref_arith_mpfr(), 256, 0, 0, window, &w), EP_OK);
    closed("truncated BPTT", &k, window, w.tbptt);
    closed("delivered", &k, window, w.delivered);
    closed("c left out", &k, window, w.rest[0]);
    closed("tape, truncated BPTT", &k, window, w.tape_tbptt);
    closed("tape, delivered", &k, window, w.tape_delivered);
    closed("tape, e-prop 3", &k, window, w.tape_eprop3);
    closed("synthesiser", &k, window, w.synth);
    closed("its seeds", &k, window, w.by_synth);
    closed("z left out", &k, window, w.rest[1]);
    if (vfy_z_suffices(&k.net, window)) closed("z suffices", &k, window, w.part[1]);
    if (st == EP_OK) {
        ck_assert_int_eq(w.tape_tbptt.dead + w.tape_delivered.dead + w.tape_eprop3.dead + w.synth.dead, 0);
        ck_assert_double_gt(w.part[0].distance, 0x1p-40);
        if (!vfy_z_suffices(&k.net, window)) ck_assert_double_gt(w.part[1].distance, 0x1p-40);
    }
    vfy_case_free(&k);
}
END_TEST

/* As long as the trial or longer: no boundary, nothing given, nothing delivered, and every rule is BPTT. */
START_TEST(no_boundary)
{
    vfy_case_spec s = {.model = EP_ALIF, .n_rec = 4, .T = 12, .delay = 2, .seed = 3};
    vfy_case k;
    vfy_windows w;
    ep_status made = vfy_case_make(&s, &k);
    ck_assert(made == EP_OK || made == EP_UNABLE);
    ck_assert_int_eq(vfy_measure_windows(&k, ref_arith_mpfr(), 256, 0, 0, 12 + 7 * _i, &w), EP_OK);
    ck_assert_uint_eq(w.delivered.entries, 0);
    closed("tbptt", &k, 12, w.tbptt);
    closed("e-prop 3 (c)", &k, 12, w.part[0]);
    closed("e-prop 3 (z)", &k, 12, w.part[1]);
    ck_assert_int_eq(w.tbptt.dead, 0);
    vfy_case_free(&k);
}
END_TEST

/* A network without readout sends nothing across a boundary: that is said, and does not pass for agreement. */
START_TEST(nothing_to_see)
{
    vfy_case_spec s = {.model = EP_LIF, .n_rec = 4, .T = 12, .no_reg = true, .seed = 3};
    vfy_case k;
    vfy_windows w;
    ep_status made = vfy_case_make(&s, &k);
    ck_assert(made == EP_OK || made == EP_UNABLE);
    k.net.Wout = NULL;
    ck_assert_int_eq(vfy_measure_windows(&k, ref_arith_mpfr(), 256, 0, 0, 5, &w), EP_OK);
    ck_assert_int_gt(w.delivered.dead, 0);
    ck_assert_int_gt(w.tbptt.dead, 0);
    vfy_case_free(&k);
}
END_TEST

/* What must hold of distances whatever the network: everything seeded is BPTT, so is one window; in windows of one step seeds c
 * add nothing to e-prop 3, and seeds z all of it. */
START_TEST(distances)
{
    enum { T = 12, MOST = VFY_N_WINDOW_RULE * 6 };
    static const ep_model models[] = {EP_LSTM, EP_LSNN, EP_LIF};
    vfy_window_row r[MOST];
    size_t n, none = 4, c = 5, z = 6; /* e-prop 3's rows of the first length */
    ck_assert_int_eq(vfy_window_distances(models[_i], 6, T, _i, r, MOST, &n), EP_OK);
    ck_assert_uint_eq(n, MOST); /* 1, 2, 3, 4, 6, 12 */
    for (int p = 0; p < VFY_N_PLACE_OF_ERR; p++) {
        for (size_t i = 0; i < n; i++) {
            bool exact = r[i].seed == REF_SEED_ZC || r[i].window == T;
            ck_assert_msg(r[i].cosine[p] >= -1.0 - 1e-12 && r[i].cosine[p] <= 1.0 + 1e-12, "%zu: %g", i, r[i].cosine[p]);
            if (exact) ck_assert_msg(r[i].rel_err[p] < 1e-12 && fabs(r[i].rel_norm[p] - 1.0) < 1e-12, "%zu: %g", i, r[i].rel_err[p]);
        }
        ck_assert_double_gt(r[0].rel_err[p], 0.01);
        ck_assert_double_gt(r[none].rel_err[p], 0.01);
        ck_assert_double_eq(r[c].rel_err[p], r[none].rel_err[p]);
        ck_assert_double_le(r[z].rel_err[p], 1e-12);
    }
    ck_assert_int_eq(vfy_window_distances(EP_RATE, 6, T, 0, r, MOST, &n), EP_NOTIMPL);
    ck_assert_int_eq(vfy_window_distances(EP_LIF, 6, 7, 0, r, MOST, &n), EP_DOMAIN);
    ck_assert_int_eq(vfy_window_distances(EP_LIF, 6, 24, 0, r, MOST, &n), EP_DOMAIN); /* eight lengths */
    ck_assert_uint_eq(n, 0);
}
END_TEST

static void open_small(ep_model model, vfy_case *k, vfy_session *e)
{
    vfy_case_spec s = {.model = model, .n_rec = 4, .T = 12, .seed = 3};
    ep_status made = vfy_case_make(&s, k);
    ck_assert(made == EP_OK || made == EP_UNABLE);
    ck_assert_int_eq(vfy_session_open(k, ref_arith_binary64(), 53, 0, 0, e), EP_OK);
}

START_TEST(refused)
{
    vfy_case k;
    vfy_session e;
    ref_synth sg;
    ref_grad g;
    open_small(EP_LIF, &k, &e);
    ck_assert_int_eq(ref_grad_init(&e.c, &e.net, &g), EP_OK);
    ck_assert_int_eq(ref_synth_init(&e.c, 3, 0, 3, &sg), EP_OK); /* neither width fits */
    ref_synth_use use = {.sg = &sg, .sees = REF_SEES_Z, .says = REF_SEED_C, .g = ref_vec(&e.c, sg.n)};
    static const ep_rule rules[] = {EP_TBPTT, EP_TBPTT_SG, EP_EPROP3, EP_EPROP3_SG};
    for (int r = 0; r < 4; r++) {
        ref_rule_args a = {.rule = rules[r], .window = 0, .threads = 1};
        ck_assert_int_eq(ref_gradient(&e.c, &e.run, &a, &g), EP_DOMAIN);
        a.window = 5;
        a.synth = &use;
        ck_assert_int_eq(ref_gradient(&e.c, &e.run, &a, &g), EP_DOMAIN);
    }
    for (int i = 0; i < EP_N_GROUP; i++)
        for (size_t j = 0; j < g.n[i]; j++) ck_assert_double_eq(g.g[i][j].d, 0.0);
    vfy_session_close(&e);
    vfy_case_free(&k);
}
END_TEST

/* A synthesiser that says 0 changes nothing, in windows of one step too. */
START_TEST(shortest_windows)
{
    vfy_case k;
    vfy_session e;
    ref_synth sg;
    ref_grad g, want;
    open_small(EP_ALIF, &k, &e);
    ck_assert_int_eq(ref_grad_init(&e.c, &e.net, &g), EP_OK);
    ck_assert_int_eq(ref_grad_init(&e.c, &e.net, &want), EP_OK);
    ck_assert_int_eq(ref_synth_init(&e.c, ref_sees_width(&e.c, &e.net, REF_SEES_Z), 0, ref_seed_width(&e.c, &e.net, REF_SEED_C), &sg), EP_OK);
    ref_synth_use use = {.sg = &sg, .sees = REF_SEES_Z, .says = REF_SEED_C, .g = ref_vec(&e.c, sg.n)};
    ref_rule_args a = {.rule = EP_TBPTT, .window = 1, .threads = 1};
    ck_assert_int_eq(ref_gradient(&e.c, &e.run, &a, &want), EP_OK);
    a.rule = EP_TBPTT_SG;
    a.synth = &use;
    ck_assert_int_eq(ref_gradient(&e.c, &e.run, &a, &g), EP_OK);
    double top = 0;
    for (int i = 0; i < EP_N_GROUP; i++)
        for (size_t j = 0; j < g.n[i]; j++) {
            ck_assert_double_eq(g.g[i][j].d, want.g[i][j].d);
            top = fmax(top, fabs(want.g[i][j].d));
        }
    ck_assert(top > 0);
    vfy_session_close(&e);
    vfy_case_free(&k);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("seeds");
    TCase *t = tcase_create("windows");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, any_convention, 0, test_loops(60));
    tcase_add_loop_test(t, no_boundary, 0, 2);
    tcase_add_test(t, nothing_to_see);
    tcase_add_loop_test(t, distances, 0, 3);
    tcase_add_test(t, refused);
    tcase_add_test(t, shortest_windows);
    suite_add_tcase(s, t);
    return test_run(s);
}
