/* Vector files: what a set holds, that the same arguments give the same bytes, that files read back, and that other
 * people's engines agree with every case.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "judged.h"
#include "test/run.h"

static void make(vfy_vectors_args a, vfy_vectors *v)
{
    char err[512] = "";
    ck_assert_msg(vfy_vectors_make(&a, v, err, sizeof err) == EP_OK, "%s", err);
    ck_assert_int_eq(vfy_vectors_name(v), EP_OK);
}

START_TEST(same_arguments_same_ids)
{
    vfy_vectors a, b, c;
    make((vfy_vectors_args){.level = 0, .seed = 1}, &a); /* chains are found at once for seed 1 */
    make((vfy_vectors_args){.level = 0, .seed = 1, .threads = 3}, &b); /* threads change nothing */
    make((vfy_vectors_args){.level = 0, .seed = 4}, &c);
    ck_assert_uint_eq(a.n, b.n);
    size_t differ = 0;
    for (size_t i = 0; i < a.n; i++) {
        ck_assert_str_eq(a.made[i].c.id, b.made[i].c.id);
        differ += i < c.n && strcmp(a.made[i].c.id, c.made[i].c.id) != 0;
    }
    ck_assert_uint_ge(differ, 20); /* all but the edges, which are by hand */
    vfy_vectors_free(&a);
    vfy_vectors_free(&b);
    vfy_vectors_free(&c);
}
END_TEST

static bool holds(const vfy_epv_case *c, vfy_quantity q)
{
    for (size_t i = 0; i < c->n_want; i++)
        if (c->want[i].q == q) return true;
    return false;
}

/* Every pair of model, rule, format, family that the rules allow. */
START_TEST(pairs_are_covered)
{
    bool model_rule[EP_N_MODEL][EP_N_RULE] = {{false}}, model_family[EP_N_MODEL][VFY_N_FAMILY] = {{false}};
    bool rule_format[EP_N_RULE][VFY_N_FORMAT] = {{false}};
    ck_assert_uint_le(cases.n, 400);
    for (size_t i = 0; i < cases.n; i++) {
        const vfy_epv_case *c = &cases.made[i].c;
        if (c->family == VFY_FAMILY_REJECT) continue;
        model_rule[c->net.model][c->rule] = model_family[c->net.model][c->family] = rule_format[c->rule][c->format] = true;
    }
    for (int r = EP_BPTT; r <= EP_EPROP3; r++) {
        if (r == EP_TBPTT_SG) continue; /* needs a trained predictor: no vectors */
        ck_assert(rule_format[r][VFY_F32] && rule_format[r][VFY_F64]);
        for (int m = 0; m < EP_N_MODEL; m++)
            ck_assert_msg(model_rule[m][r] || (m == EP_RATE && r >= EP_TBPTT), "%s %s", ep_model_name((ep_model)m), ep_rule_name((ep_rule)r));
    }
    for (int m = 0; m < EP_N_MODEL; m++)
        for (int f = VFY_FAMILY_GRAD; f <= VFY_FAMILY_LOOP; f++) ck_assert_msg(model_family[m][f], "model %d family %d", m, f);
}
END_TEST

START_TEST(every_case_is_live_and_sure)
{
    size_t reject = 0;
    for (size_t i = 0; i < cases.n; i++) {
        const vfy_epv_case *c = &cases.made[i].c;
        size_t live = 0;
        if (c->family == VFY_FAMILY_REJECT) {
            ck_assert_uint_eq(c->n_want, 0);
            reject++;
            continue;
        }
        for (size_t k = 0; k < c->n_want; k++) {
            ck_assert_int_ne(c->want[k].kind, VFY_UNDECIDED);
            live += c->want[k].kind == VFY_VALUE && c->want[k].q >= VFY_Q_GRAD && vfy_bits_value(c->format, c->want[k].bits) != 0;
        }
        ck_assert_msg(live > 0, "%s: no gradient that is not 0", c->id);
        if (vfy_format_is_fixed(c->format)) continue;
        ck_assert(holds(c, c->updates ? VFY_Q_ULOSS : VFY_Q_LOSS) || c->family == VFY_FAMILY_GRAD);
        if (ep_model_spikes(c->net.model) && c->family != VFY_FAMILY_EDGE && !c->given[0]) ck_assert_msg(c->has_margin && c->margin > 0, "%s", c->id);
    }
    ck_assert_uint_gt(reject, 0);
}
END_TEST

START_TEST(flags_have_names)
{
    size_t used[64] = {0};
    ck_assert_uint_le(vfy_flag_count(), 64);
    for (size_t i = 0; i < cases.n; i++)
        for (size_t f = 0; f < vfy_flag_count(); f++) used[f] += vfy_flags_has(cases.made[i].c.flags, vfy_flag_at(f)->name);
    for (size_t f = 0; f < vfy_flag_count(); f++) ck_assert_msg(used[f] > 0, "no case for %s", vfy_flag_at(f)->name);
    ck_assert(vfy_flags_has("a,bc,d", "bc") && vfy_flags_has("a,bc,d", "d") && !vfy_flags_has("a,bc,d", "b") && !vfy_flags_has("", "a"));
}
END_TEST

/* v^t, psi and e of one neuron by hand: alpha = v_th = 1/2, input 1/2 at every step, gamma = 1/4: v = 1/2 is a tie. */
START_TEST(one_neuron_by_hand)
{
    double alpha[1] = {0.5}, w[1] = {0.5}, wout[1] = {1}, zero[1] = {0}, x[3] = {1, 1, 1};
    ep_net net = {.model = EP_LIF, .opt = ep_preset_options(EP_PAPER2019), .n_in = 1, .n_rec = 1, .n_out = 1, .Win = w, .Wrec = zero,
                  .Wout = wout, .theta = {alpha}, .v_th = 0.5, .gamma = 0.25};
    ep_batch b = {.T = 3, .B = 1, .x = x};
    static const struct { vfy_quantity q; size_t at; double value; } hand[] = {
        {VFY_Q_V, 0, 0.5}, {VFY_Q_V, 1, 0.75}, {VFY_Q_V, 2, 0.375}, {VFY_Q_Z, 0, 0}, {VFY_Q_Z, 1, 1}, {VFY_Q_Z, 2, 0},
        {VFY_Q_PSI, 0, 0.5}, {VFY_Q_PSI, 1, 0.25}, {VFY_Q_PSI, 2, 0.375}, {VFY_Q_EPS_V, 0, 1}, {VFY_Q_EPS_V, 4, 1.5}, {VFY_Q_EPS_V, 8, 1.75},
        {VFY_Q_E, 0, 0.5}, {VFY_Q_E, 4, 0.375}, {VFY_Q_E, 8, 0.65625}, {VFY_Q_L, 1, 1}, {VFY_Q_GRAD + EP_G_WIN, 0, 0.375}, {VFY_Q_LOSS, 0, 0.5}};
    vfy_epv_case c;
    vfy_certainty sure;
    char err[256] = "";
    ck_assert_int_eq(vfy_epv_from_net(&net, &b, EP_EPROP1_SYMMETRIC, VFY_F32, &c, err, sizeof err), EP_OK);
    ck_assert_int_eq(vfy_expect(&c, ~UINT64_C(0), &sure), EP_OK);
    ck_assert(sure.margin == 0 && !sure.robust && sure.left_out == 0);
    for (size_t i = 0; i < sizeof hand / sizeof *hand; i++) {
        bool found = false;
        for (size_t k = 0; k < c.n_want; k++) {
            const vfy_want *w1 = &c.want[k];
            if (w1->q != hand[i].q || w1->at != hand[i].at) continue;
            double got = w1->kind == VFY_ZERO ? 0 : vfy_bits_value(VFY_F32, w1->bits);
            ck_assert_msg(got == hand[i].value && (w1->kind == VFY_ZERO || w1->extra == 0), "%s %zu: %a", vfy_quantity_name(w1->q), w1->at, got);
            found = true;
        }
        ck_assert(found);
    }
    vfy_epv_case_clear(&c);
}
END_TEST

/* The scalar engines share no code with the reference: all models, presets, rules and formats; whole trials, and step by
 * step with the traces that they keep. */
START_TEST(engines_agree)
{
    static const struct { const char *so; size_t passed, live; } way[] = {{ENGINE_DIR "/scalar.so", 150, 40000}, {ENGINE_DIR "/scalar-online.so", 120, 90000}};
    char err[512] = "";
    vfy_port_args a = {.way = VFY_WAY_PLUGIN, .target = way[_i].so, .timeout = 20};
    vfy_claims claims;
    ck_assert_msg(vfy_port_run(&a, shown, cases.n, &claims, judged_take, NULL, err, sizeof err) == EP_OK, "%s", err);
    for (size_t i = 0; i < cases.n; i++)
        ck_assert_msg(judged[i].status == VFY_PASSED || (judged[i].status == VFY_UNTESTED && (strstr(judged[i].reason, "is not claimed") || shown[i]->updates)), "%s %s %s: %s %s",
                      shown[i]->id, ep_model_name(shown[i]->net.model), ep_rule_name(shown[i]->rule), judged[i].first, judged[i].reason);
    vfy_tally t = vfy_judge_tally(judged, cases.n);
    ck_assert_uint_ge(t.passed, way[_i].passed);
    ck_assert_uint_ge(t.live, way[_i].live);
}
END_TEST

START_TEST(a_directory_appears_whole)
{
    char dir[] = "/tmp/test_vectors_XXXXXX", path[128], err[512] = "";
    vfy_vectors_args a = {.level = 0, .seed = 1};
    vfy_vectors v;
    ck_assert_ptr_nonnull(mkdtemp(dir));
    make(a, &v);
    ck_assert_msg(vfy_vectors_write(dir, &a, &v, err, sizeof err) == EP_OK, "%s", err);
    ck_assert_int_eq(vfy_vectors_write(dir, &a, &v, err, sizeof err), EP_IO); /* not over another */
    ck_assert_ptr_nonnull(strstr(err, "not an empty directory"));
    static const char *const names[] = {"MANIFEST", "notes", "edge.epv", "paper2019-lif.epv", "paper2019-alif.epv", "chain-paper2019.epv", "given.epv",
                                        "fixed-q15.epv", "fixed-s16.15.epv", "fixed-w8.epv", "fixed-reckon.epv"};
    size_t found = 0;
    for (int i = 0; i < 11; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        ck_assert_int_eq(access(path, R_OK), 0);
        if (i >= 2) {
            vfy_epv_file *f = NULL;
            ck_assert_msg(vfy_epv_read(path, &f, err, sizeof err) == EP_OK, "%s", err);
            found += f->n;
            vfy_epv_free(f);
        }
    }
    char command[160];
    (void)snprintf(command, sizeof command, "cd %s && sha256sum --quiet -c MANIFEST && test $(ls | wc -l) -eq 11", dir);
    ck_assert_int_eq(system(command), 0);
    (void)snprintf(command, sizeof command, "rm -r %s", dir);
    ck_assert_int_eq(system(command), 0);
    ck_assert_uint_eq(found, v.n);
    vfy_vectors_free(&v);
}
END_TEST

int main(void)
{
    if (!judged_open(vfy_vectors_plan, 1, VFY_CLASS_BOUND)) return 1;
    Suite *suite = suite_create("vectors");
    TCase *t = tcase_create("vectors");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, same_arguments_same_ids);
    tcase_add_test(t, pairs_are_covered);
    tcase_add_test(t, every_case_is_live_and_sure);
    tcase_add_test(t, flags_have_names);
    tcase_add_test(t, one_neuron_by_hand);
    tcase_add_loop_test(t, engines_agree, 0, 2);
    tcase_add_test(t, a_directory_appears_whole);
    suite_add_tcase(suite, t);
    int failed = test_run(suite);
    judged_close();
    return failed;
}
