/* Fixed point in vector files: what is refused, that files read back to the same bytes, that the integer template passes, that a
 * unit is enough to fail, and that edge cases leave their formats.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../ports/c/template.h"
#include "expect.h"
#include "fixed.h"
#include "judged.h"
#include "plugin.h"
#include "test/run.h"

/* ---- files ------------------------------------------------------------------------------------------------------- */

/* One LIF neuron in q15: alpha 1/2, v_th 1 (4096), input weight 1, x 1 (256) in both steps. By hand: I = 4096, V = 4096 (not above v_th),
 * then V = 2048 + 4096 = 6144: a spike. */
static const char good[] = "epv 1\ncase ep:-\nmodel lif\npreset paper2019\nrule eprop1-symmetric\nformat fixed:q15\nT 2\nB 1\nn_in 1\nn_rec 1\nn_out 1\n"
                           "loss regression\nv_th 00001000\nslope 00000040\ndraws 7\nfamily edge\nin Win 0 0 00001000\nin Wout 0 0 fffff000\nin alpha 0 00004000\n"
                           "in x 1 0 00000100\nin x 2 0 00000100\nout v 1 0 00001000\nout v 2 0 00001800\nout z 1 0 00000000\nout z 2 0 00000001\nend\n";

static ep_status read_text(const char *text, vfy_epv_file **out, char *err, size_t n)
{
    FILE *f = fmemopen((void *)(size_t)text, strlen(text), "r");
    ck_assert_ptr_nonnull(f);
    ep_status st = vfy_epv_read_stream(f, "t.epv", out, err, n);
    (void)fclose(f);
    return st;
}

/* good with `from` replaced by `to`. */
static void changed(const char *from, const char *to, char *out, size_t n)
{
    const char *at = strstr(good, from);
    ck_assert_msg(at != NULL, "%s", from);
    (void)snprintf(out, n, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
}

static const struct { const char *from, *to, *message; } refused[] = {
    {"fixed:q15", "fixed:q16", ":6: format: found `fixed:q16`, expected f32, f64 or fixed: and a profile"},
    {"fixed:q15", "i32", ":6: format: found `i32`"},
    {"slope 00000040\n", "", ":2: case without key slope, which model lif needs"},
    {"slope 00000040", "gamma 00000040", ":2: case without key slope"},
    {"draws 7", "gamma 00000040", ":15: key gamma: a case of format fixed:q15 has none"},
    {"draws 7", "given z", ":15: key given: a case of format fixed:q15 has none"},
    {"draws 7", "draws -1", ":15: draws: found `-1`, expected an integer from 0 to 2^64 - 1"},
    {"v_th 00001000", "v_th 3f80000000000000", ":13: v_th: found `3f80000000000000`, expected 8 hexadecimal digits"},
    {"v_th 00001000", "v_th 00000000", ":2: v_th = 0, expected an integer from 1 to 32767"},
    {"v_th 00001000", "v_th 00008000", ":2: v_th = 32768, expected an integer from 1 to 32767"},
    {"in Win 0 0 00001000", "in Win 0 0 ffff7fff", ":2: Win = -32769, expected an integer from -32768 to 32767"},
    {"in alpha 0 00004000", "in alpha 0 00008000", ":2: alpha = 32768, expected an integer from 0 to 32767"},
    {"in alpha 0 00004000", "in alpha 0 ffffffff", ":2: alpha = -1, expected"},
    {"in x 1 0 00000100", "in mask 1 00000002", ":2: mask: integers have 0 and 1"},
    {"out v 1 0 00001000", "out v 1 0 00001000.000 mag 0000000000000000", ":22: v: found 5 words after the name, expected 2 indices (tj) and a word"},
    {"out v 1 0 00001000", "out v 1 0 0000100", ":22: found `0000100`, expected 8 hexadecimal digits"},
    {"out v 1 0 00001000", "out v 1 0 zero", ":22: found `zero`, expected 8 hexadecimal digits"},
    {"rule eprop1-symmetric", "rule bptt", ":2: rule bptt: integers have eprop1-*"},
    {"model lif", "model rate", ":2: model rate: integers have lif, alif, lstm"},
    {"preset paper2019", "preset nest-bsshslm", "integers follow paper2019, with any delay"},
    {"preset paper2019", "preset paper2019\noption delay_L 2", ":2: option delay_L 2: integers follow"}};

START_TEST(refusals)
{
    char text[2048], err[VFY_EPV_ERR] = "";
    vfy_epv_file *f = NULL;
    changed(refused[_i].from, refused[_i].to, text, sizeof text);
    ck_assert_int_ne(read_text(text, &f, err, sizeof err), EP_OK);
    ck_assert_msg(strstr(err, refused[_i].message) != NULL, "%s", err);
    ck_assert_ptr_null(f);
}
END_TEST

/* A target of softmax is a probability. */
START_TEST(refused_target)
{
    char text[2048], *at, err[VFY_EPV_ERR] = "";
    vfy_epv_file *f = NULL;
    changed("loss regression", "loss classification", text, sizeof text);
    ck_assert_ptr_nonnull(at = strstr(text, "in x 2 0 00000100"));
    memcpy(at, "in target 1 0 ffffffff\nout v 1 0 00001000\nend\n", sizeof "in target 1 0 ffffffff\nout v 1 0 00001000\nend\n");
    ck_assert_int_ne(read_text(text, &f, err, sizeof err), EP_OK);
    ck_assert_msg(strstr(err, "target = -1, expected a probability from 0 to 1 in format PR") != NULL, "%s", err);
}
END_TEST

/* The file by hand reads back, and the model computes what it says. */
START_TEST(by_hand)
{
    vfy_epv_file *f = NULL;
    char err[VFY_EPV_ERR] = "";
    vfy_certainty sure;
    ck_assert_msg(read_text(good, &f, err, sizeof err) == EP_OK, "%s", err);
    vfy_epv_case *c = &f->cases[0];
    ck_assert_uint_eq(c->draws, 7);
    ck_assert(c->net.Wout[0] == -4096 && c->slope == 64);
    size_t had = c->n_want, same = 0;
    ck_assert_int_eq(vfy_expect(c, ~UINT64_C(0), &sure), EP_OK);
    for (size_t i = 0; i < had; i++)
        for (size_t k = had; k < c->n_want; k++)
            if (c->want[k].q == c->want[i].q && c->want[k].at == c->want[i].at) {
                ck_assert_uint_eq(c->want[k].bits, c->want[i].bits);
                same++;
            }
    ck_assert_uint_eq(same, had);
    vfy_epv_free(f);
}
END_TEST

START_TEST(bytes_come_back)
{
    char *a = NULL, *b = NULL, err[VFY_EPV_ERR] = "";
    size_t na = 0, nb = 0;
    vfy_epv_file *f = NULL;
    for (size_t i = 0; i < cases.n; i++) {
        FILE *m = open_memstream(&a, &na);
        ck_assert_int_eq(vfy_epv_print(m, &cases.made[i].c, 1, err, sizeof err), EP_OK);
        (void)fclose(m);
        ck_assert_msg(read_text(a, &f, err, sizeof err) == EP_OK, "%s", err);
        m = open_memstream(&b, &nb);
        ck_assert_int_eq(vfy_epv_print(m, f->cases, 1, err, sizeof err), EP_OK);
        (void)fclose(m);
        ck_assert_str_eq(a, b);
        vfy_epv_free(f);
        free(a);
        free(b);
    }
}
END_TEST

/* ---- cases ------------------------------------------------------------------------------------------------------- */

START_TEST(edges_leave_their_formats)
{
    bool left[VFY_N_FORMAT][RQ_COUNT] = {{false}};
    for (size_t i = 0; i < cases.n; i++) {
        vfy_epv_case c = cases.made[i].c;
        uint64_t events[RQ_COUNT] = {0};
        if (c.family != VFY_FAMILY_EDGE) continue;
        c.want = NULL;
        c.n_want = c.cap_want = 0;
        ck_assert_int_eq(vfy_expect_fixed(&c, 0, events), EP_OK);
        for (int q = 0; q < RQ_COUNT; q++) left[c.format][q] = left[c.format][q] || events[q];
        free(c.want);
    }
    for (int f = VFY_FIXED_Q15; f <= VFY_FIXED_RECKON; f++) {
        int n = 0;
        for (int q = 0; q < RQ_COUNT; q++) n += left[f][q];
        ck_assert_msg(n >= 5, "%s: %d quantities leave their formats", vfy_format_name((vfy_format)f), n);
    }
    ck_assert(left[VFY_FIXED_Q15][RQ_V] && left[VFY_FIXED_S16_15][RQ_V]); /* saturates, wraps */
}
END_TEST

static int run_template(void *user)
{
    vfy_fixed_template_choose(*(const int *)user);
    return vfy_fixed_template_main();
}

static vfy_tally run(int mutant)
{
    vfy_port_args a = {.way = VFY_WAY_FUNCTION, .function = run_template, .user = &mutant, .timeout = 10};
    vfy_claims claims;
    char err[512] = "";
    ck_assert_msg(vfy_port_run(&a, shown, cases.n, &claims, judged_take, NULL, err, sizeof err) == EP_OK, "%s", err);
    vfy_judge_causes(judged, cases.n);
    return vfy_judge_tally(judged, cases.n);
}

static int number_of(const char *name)
{
    for (int m = 0; vfy_fixed_mutants[m].name; m++)
        if (!strcmp(vfy_fixed_mutants[m].name, name)) return m + 1;
    return -1;
}

START_TEST(the_template_passes)
{
    vfy_tally t = run(0);
    ck_assert_uint_eq(t.passed, cases.n);
    ck_assert_int_eq(t.reached, VFY_CLASS_EXACT);
    ck_assert_uint_gt(t.live, 10000);
}
END_TEST

static const struct { const char *mutant, *cause, *first; } named[] = {
    {"int-draw-swapped", "fixed-draw", "1 unit too"}, {"int-saturate-not", "fixed-range", "units too"}, {"int-reset-missing", "reset-missing", "v["}};

START_TEST(mistakes_are_named)
{
    vfy_tally t = run(number_of(named[_i].mutant));
    const vfy_judged *first = vfy_judge_first(judged, cases.n);
    ck_assert_uint_gt(t.failed, 0);
    ck_assert_ptr_nonnull(first);
    ck_assert_msg(strstr(first->cause, named[_i].cause) != NULL, "%s", first->cause);
    ck_assert_msg(strstr(first->first, named[_i].first) != NULL, "%s", first->first);
}
END_TEST

/* The integer engine with its host around it, through a shared object: chains of updates, edges, draws. */
static const char *const engines[] = {"q15", "s16.15", "w8", "reckon"};

START_TEST(the_engine_passes)
{
    char path[4096], err[512] = "";
    (void)snprintf(path, sizeof path, "%s/integer-%s.so", ENGINE_DIR, engines[_i]);
    vfy_port_args a = {.way = VFY_WAY_PLUGIN, .target = path, .timeout = 20};
    vfy_claims claims;
    ck_assert_msg(vfy_port_run(&a, shown, cases.n, &claims, judged_take, NULL, err, sizeof err) == EP_OK, "%s", err);
    bool family[VFY_N_FAMILY] = {false};
    for (size_t i = 0; i < cases.n; i++) {
        family[shown[i]->family] = family[shown[i]->family] || judged[i].status == VFY_PASSED;
        ck_assert_msg(judged[i].status == VFY_PASSED || (judged[i].status == VFY_UNTESTED && strstr(judged[i].reason, "claimed")), "%s: %s %s", shown[i]->id,
                      judged[i].first, judged[i].reason);
    }
    ck_assert(family[VFY_FAMILY_TRACE] && family[VFY_FAMILY_EDGE] && family[VFY_FAMILY_CHAIN]);
    vfy_tally t = vfy_judge_tally(judged, cases.n);
    ck_assert_uint_ge(t.live, 3000);
}
END_TEST

/* The same in this process: every word of each case that it claims; a word of the expected values changed is found. */
START_TEST(the_engine_in_this_process)
{
    char path[4096], err[512] = "";
    vfy_plugin p;
    vfy_answer a;
    vfy_comparison r;
    size_t ran = 0, live = 0;
    (void)snprintf(path, sizeof path, "%s/integer-%s.so", ENGINE_DIR, engines[_i]);
    ck_assert_msg(vfy_plugin_load(path, &p, err, sizeof err) == EP_OK, "%s", err);
    for (size_t i = 0; i < cases.n; i++) {
        vfy_epv_case c = cases.made[i].c;
        if (vfy_plugin_claims(p.port, &c, err, sizeof err) != EP_OK) continue;
        ck_assert_msg(vfy_plugin_run(p.port, &c, &a, err, sizeof err) == EP_OK, "%s", err);
        for (int wrong = 0; wrong < 2; wrong++) {
            c.want[c.n_want / 2].bits ^= (uint64_t)wrong;
            vfy_compare(&c, &a, vfy_error_limit(&c), &r);
            ck_assert_msg(r.compared > 0 && r.first.found == (wrong == 1), "%s: %zu words", c.id, r.compared);
            c.want[c.n_want / 2].bits ^= (uint64_t)wrong;
        }
        for (size_t k = 0; k < c.n_want; k++) live += c.want[k].bits != 0;
        vfy_answer_clear(&a);
        ran++;
    }
    vfy_plugin_unload(&p);
    ck_assert_uint_ge(ran, 4);
    ck_assert_uint_ge(live, 3000);
}
END_TEST

/* The lines that its host says of a case, read back. */
START_TEST(the_engine_by_lines)
{
    char path[4096], err[512] = "", *text = NULL, *said = NULL, line[200];
    size_t n = 0, words = 0;
    vfy_plugin p;
    (void)snprintf(path, sizeof path, "%s/integer-q15.so", ENGINE_DIR);
    ck_assert_msg(vfy_plugin_load(path, &p, err, sizeof err) == EP_OK, "%s", err);
    const vfy_epv_case *c = NULL;
    for (size_t i = 0; i < cases.n && !c; i++)
        if (shown[i]->family == VFY_FAMILY_TRACE && vfy_plugin_claims(p.port, shown[i], err, sizeof err) == EP_OK) c = shown[i];
    ck_assert_ptr_nonnull(c);
    vfy_plugin_unload(&p);
    FILE *m = open_memstream(&text, &n);
    fputs("eprop 1\n", m);
    ck_assert_int_eq(vfy_case_print(m, c, vfy_asked(c)), EP_OK);
    fputs("bye\n", m);
    (void)fclose(m);
    FILE *in = fmemopen(text, strlen(text), "r"), *out = open_memstream(&said, &n);
    ck_assert_int_eq(vfy_host(path, in, out, out), 0);
    (void)fclose(in);
    (void)fclose(out);
    vfy_hearing h;
    vfy_heard heard = VFY_MORE;
    ck_assert_int_eq(vfy_hearing_open(&h, c, vfy_asked(c), NULL), EP_OK);
    char *at = strstr(said, "\ngot ");
    ck_assert_ptr_nonnull(at);
    for (at++; heard == VFY_MORE && *at; at += strcspn(at, "\n") + 1, words++) {
        (void)snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
        heard = vfy_hearing_line(&h, line);
    }
    ck_assert_msg(heard == VFY_DONE, "%s", h.reason);
    vfy_comparison r;
    vfy_compare(c, &h.answer, vfy_error_limit(c), &r);
    ck_assert_msg(!r.first.found && r.compared > 100 && words > r.compared, "%zu of %zu words", r.compared, words);
    vfy_hearing_close(&h);
    free(text);
    free(said);
}
END_TEST

/* A unit more in one word of the expected values is a failure at that word. */
START_TEST(one_unit_fails)
{
    vfy_epv_case c = cases.made[0].c;
    vfy_claims claims;
    vfy_outcome o;
    vfy_judged j;
    char err[512] = "";
    int mutant = 0;
    vfy_port_args a = {.way = VFY_WAY_FUNCTION, .function = run_template, .user = &mutant, .timeout = 10};
    size_t at = c.n_want / 2;
    c.want[at].bits = (c.want[at].bits + 1) & 0xffffffff;
    ck_assert_int_eq(vfy_port_ask(&a, &c, &claims, &o, err, sizeof err), EP_OK);
    vfy_judge(&c, &o, VFY_CLASS_BOUND, &j);
    c.want[at].bits = (c.want[at].bits - 1) & 0xffffffff;
    ck_assert_int_eq(j.status, VFY_FAILED);
    ck_assert(j.q == c.want[at].q && j.at == c.want[at].at);
    ck_assert_msg(strstr(j.first, "1 unit too low") != NULL, "%s", j.first);
}
END_TEST

int main(void)
{
    if (!judged_open(vfy_vectors_fixed, 0, VFY_CLASS_EXACT)) return 1;
    Suite *suite = suite_create("port_fixed");
    TCase *t = tcase_create("fixed");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, refusals, 0, (int)(sizeof refused / sizeof *refused));
    tcase_add_test(t, refused_target);
    tcase_add_test(t, by_hand);
    tcase_add_test(t, bytes_come_back);
    tcase_add_test(t, edges_leave_their_formats);
    tcase_add_test(t, the_template_passes);
    tcase_add_loop_test(t, mistakes_are_named, 0, (int)(sizeof named / sizeof *named));
    tcase_add_loop_test(t, the_engine_passes, 0, 4);
    tcase_add_loop_test(t, the_engine_in_this_process, 0, 4);
    tcase_add_test(t, the_engine_by_lines);
    tcase_add_test(t, one_unit_fails);
    suite_add_tcase(suite, t);
    int failed = test_run(suite);
    judged_close();
    return failed;
}
