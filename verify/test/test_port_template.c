/* The template port and its one-line mistakes: what the verdict says about them.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../ports/c/template.h"
#include "flags.h"
#include "port_detect.h"
#include "judged.h"
#include "test/run.h"

static int run_template(void *user)
{
    vfy_template_choose(*(const int *)user);
    return vfy_template_main();
}

static int number_of(const char *name)
{
    for (int m = 0; vfy_mutants[m].name; m++)
        if (!strcmp(vfy_mutants[m].name, name)) return m + 1;
    return *name ? -1 : 0;
}

static vfy_port_args args_of(int *mutant)
{
    return (vfy_port_args){.way = VFY_WAY_FUNCTION, .function = run_template, .user = mutant, .timeout = 10};
}

static void run(int *mutant, vfy_claims *claims)
{
    char err[512] = "";
    vfy_port_args a = args_of(mutant);
    ck_assert_msg(vfy_port_run(&a, shown, cases.n, claims, judged_take, NULL, err, sizeof err) == EP_OK, "%s", err);
    vfy_judge_causes(judged, cases.n);
}

/* Mistake, quantity, the flag that must be among the likely causes, and what the forced step says. */
static const struct { const char *name; vfy_quantity q; const char *flag, *forced; } rows[] = {
    {"reset-missing", VFY_Q_V, "reset-missing", "the bug is in the line that computes v"},
    {"delay-ignored", VFY_Q_I, "delay-index", "the bug is in the line that computes I"},
    {"psi-refractory", VFY_Q_PSI, "psi-refractory", "the bug is in the line that computes psi"},
    {"eps-a-psi-now", VFY_Q_EPS_A, "psi-now", "the bug is in the line that computes eps_a"},
    {"e-beta-missing", VFY_Q_E, "beta-e", "the bug is in the line that computes e"},
    {"ebar-alpha", VFY_Q_EBAR, "ebar-decay", "the bug is in the line that computes ebar"},
    {"err-no-softmax", VFY_Q_ERR, "softmax-missing", "the bug is in the line that computes err"},
    {"L-transposed", VFY_Q_L, "feedback-transposed", "the bug is in the line that computes L"},
    {"state-kept", VFY_Q_V, "state-kept", "starts from zero"},
    {"eps-v-flushed", VFY_Q_EPS_V, "subnormal", "the bug is in the line that computes eps_v"},
    {"zbar-unfiltered", VFY_Q_GRAD + EP_G_WOUT, "readout-trace", ""}};

START_TEST(verdicts_name_the_line)
{
    int mutant = number_of(rows[_i].name);
    vfy_claims claims;
    ck_assert_int_gt(mutant, 0);
    run(&mutant, &claims);
    size_t at = (size_t)(vfy_judge_first(judged, cases.n) - judged);
    vfy_judged *j = &judged[at];
    vfy_port_args a = args_of(&mutant);
    ck_assert_int_eq(vfy_judge_forced(&a, &claims, vfy_reference(), j), EP_OK);
    ck_assert_msg(j->q == rows[_i].q, "%s: %s", rows[_i].name, j->first);
    ck_assert_msg(strstr(j->cause, rows[_i].flag), "%s: likely '%s'", rows[_i].name, j->cause);
    if (j->q == VFY_Q_PSI) ck_assert_msg(!strstr(j->cause, "psi-scale"), "cases without refractoriness passed: %s", j->cause);
    ck_assert_msg(*rows[_i].forced ? strstr(j->forced, rows[_i].forced) != NULL : !*j->forced, "%s: forced '%s'", rows[_i].name, j->forced);
}
END_TEST

/* A late consequence alone is not blamed: e is wrong because psi is, and the forced step of psi is wrong too; but the
 * port without a mistake passes every forced step. */
START_TEST(forced_steps_of_the_right_port)
{
    int mutant = 0;
    vfy_claims claims;
    vfy_port_args a = args_of(&mutant);
    run(&mutant, &claims);
    ck_assert(claims.set);
    size_t n = 0;
    for (size_t i = 0; i < cases.n; i++) {
        vfy_judged *j = &judged[i];
        ck_assert_msg(j->status == VFY_PASSED || j->status == VFY_UNTESTED, "%s", j->first);
        if (j->status != VFY_PASSED || j->c->family != VFY_FAMILY_TRACE) continue;
        static const vfy_quantity q[] = {VFY_Q_V, VFY_Q_E, VFY_Q_EBAR, VFY_Q_Y};
        j->diverged = true;
        j->t = 3 + (int)(i % 5);
        j->q = q[i % 4];
        vfy_shape s = vfy_quantity_shape(j->q, &j->c->net, j->c->batch.T, j->c->batch.B, j->c->updates);
        j->at = vfy_shape_size(&s) - 1; /* the last trial */
        ck_assert_int_eq(vfy_judge_forced(&a, &claims, vfy_reference(), j), EP_OK);
        ck_assert_msg(strstr(j->forced, "is right"), "%s t=%d: %s", vfy_quantity_name(j->q), j->t, j->forced);
        n++;
    }
    ck_assert_uint_ge(n, 8);
}
END_TEST

/* After a flip the rest is judged from the port's own spikes: these are wrong in z alone; spikes that are none cannot be
 * taken; and a flip that is forgiven does not excuse a wrong filter behind it. */
static const struct { const char *name, *says; vfy_status status; } own[] = {
    {"spike-at-tie", "with its own spikes all", VFY_FAILED}, {"refractory-missing", "with its own spikes all", VFY_FAILED},
    {"spike-from-old", "with its own spikes all", VFY_FAILED}, {"spike-height", "", VFY_FAILED},
    {"ebar-alpha", "the first wrong value is ebar[", VFY_FAILED}, {"", "with its own spikes all", VFY_PASSED}};

START_TEST(the_rest_after_a_flip)
{
    int mutant = number_of(own[_i].name);
    vfy_claims claims;
    vfy_port_args a = args_of(&mutant);
    vfy_judged *j = NULL;
    run(&mutant, &claims);
    if (_i < 4) j = &judged[vfy_judge_first(judged, cases.n) - judged];
    for (size_t i = 0; i < cases.n && !j; i++)
        if (vfy_flags_has(cases.made[i].c.flags, "near-threshold")) {
            j = &judged[i];
            j->status = VFY_PASSED;
            if (!j->flip) j->flip = 3; /* as if it had flipped: what follows is judged all the same */
        }
    ck_assert_ptr_nonnull(j);
    ck_assert_int_eq(vfy_judge_own(&a, vfy_reference(), j), EP_OK);
    ck_assert_msg(*own[_i].says ? strstr(j->rest, own[_i].says) != NULL : !*j->rest, "%s: '%s' %s", own[_i].name, j->rest, j->first);
    ck_assert_int_eq(j->status, own[_i].status);
    if (_i == 4) ck_assert_msg(strstr(j->first, "after a forgiven flip") != NULL && j->q == VFY_Q_EBAR, "%s", j->first);
    if (_i == 0) { /* without a reference nothing is claimed about the rest */
        j->rest[0] = '\0';
        ck_assert_int_eq(vfy_judge_own(&a, NULL, j), EP_OK);
        ck_assert(!*j->rest);
    }
}
END_TEST

/* The same door for shared objects: the right one passes, the one without a reset is told the line by a forced step. */
START_TEST(forced_steps_of_shared_objects)
{
    char path[600], err[512] = "";
    vfy_claims claims;
    (void)snprintf(path, sizeof path, PLUGIN_SO, _i ? "no_reset/" : "");
    vfy_port_args a = {.way = VFY_WAY_PLUGIN, .target = path, .timeout = 10};
    ck_assert_msg(vfy_port_run(&a, shown, cases.n, &claims, judged_take, NULL, err, sizeof err) == EP_OK, "%s", err);
    ck_assert(claims.set);
    vfy_tally t = vfy_judge_tally(judged, cases.n);
    const vfy_judged *first = vfy_judge_first(judged, cases.n);
    ck_assert_msg(_i ? t.failed > 5 : t.failed == 0 && t.passed > 20, "%zu passed, %zu failed %s", t.passed, t.failed, first ? first->first : "");
    size_t n = 0;
    for (size_t i = 0; i < cases.n; i++) {
        vfy_judged *j = &judged[i];
        if (_i ? j != first : j->status != VFY_PASSED || j->c->family != VFY_FAMILY_TRACE) continue;
        if (!_i) {
            static const vfy_quantity q[] = {VFY_Q_V, VFY_Q_E, VFY_Q_EBAR, VFY_Q_Y};
            j->diverged = true;
            j->t = 3 + (int)(i % 5);
            j->q = q[i % 4];
            vfy_shape s = vfy_quantity_shape(j->q, &j->c->net, j->c->batch.T, j->c->batch.B, 0);
            j->at = vfy_shape_size(&s) - 1;
        }
        ck_assert_int_eq(vfy_judge_forced(&a, &claims, vfy_reference(), j), EP_OK);
        ck_assert_msg(strstr(j->forced, _i ? "the bug is in the line that computes v" : "is right"), "%s t=%d: %s", vfy_quantity_name(j->q), j->t, j->forced);
        n++;
    }
    ck_assert_uint_ge(n, _i ? 1 : 4);
}
END_TEST

/* Every number of a step, and the wrong ones marked. */
START_TEST(a_trace_shows_the_wrong_line)
{
    int mutant = number_of("e-beta-missing");
    vfy_port_args a = args_of(&mutant);
    char *text = NULL, err[512] = "";
    size_t size = 0, k = 0;
    while (k < cases.n && !(cases.made[k].c.family == VFY_FAMILY_TRACE && cases.made[k].c.net.model == EP_ALIF)) k++;
    ck_assert_uint_lt(k, cases.n);
    FILE *f = open_memstream(&text, &size);
    ck_assert_msg(vfy_port_trace(&a, vfy_reference(), &cases.made[k].c, 1, 9, f, err, sizeof err) == EP_OK, "%s", err);
    (void)fclose(f);
    const char *first = strstr(text, "<-");
    ck_assert_ptr_nonnull(first);
    while (first > text && first[-1] != '\n') first--;
    char t[8], name[32];
    ck_assert_int_eq(sscanf(first, "%7s %31s", t, name), 2);
    ck_assert_msg(name[0] == 'e' && name[1] == '[', "first marked: %s", name);
    ck_assert(strstr(text, "    1  I[1]") && strstr(text, "    9  L[9]") && !strstr(text, "   10  I["));
    free(text);
}
END_TEST

/* What the port follows, whatever it was asked for. psi without 1/v_th is another code's convention; psi in refractoriness
 * is an option of no preset; recurrent weights by columns are nobody's. */
static const struct { const char *name; bool fits, is_preset; ep_preset preset; const char *option, *value; } conventions[] = {
    {"", true, true, EP_PAPER2019, "g_in", "1"},
    {"psi-scale", true, true, EP_EPROP_PYTORCH, "psi_scale", "gamma"},
    {"psi-refractory", true, false, EP_PAPER2019, "psi_refractory", "unmasked"},
    {"refractory-long", true, false, EP_PAPER2019, "ref_count", "n+1"},
    {"wrec-transposed", false, false, EP_PAPER2019, "", ""}};

START_TEST(conventions_are_detected)
{
    int mutant = number_of(conventions[_i].name);
    vfy_port_args a = args_of(&mutant);
    vfy_detected d[EP_N_PRESET];
    vfy_claims claims;
    char err[512] = "";
    ck_assert_msg(vfy_port_detect(&a, false, EP_PAPER2019, NULL, &claims, d, err, sizeof err) == EP_OK, "%s", err);
    for (int l = 0; l < EP_N_PRESET; l++) ck_assert_int_eq(d[l].answered, l == EP_PAPER2019);
    const vfy_detected *p = &d[EP_PAPER2019];
    ck_assert_int_eq(p->fits, conventions[_i].fits);
    if (!p->fits) return;
    ck_assert_int_eq(p->is_preset, conventions[_i].is_preset);
    if (p->is_preset) ck_assert_int_eq(p->preset, conventions[_i].preset);
    for (int i = 0; i < p->n_option; i++)
        if (!strcmp(p->option[i].name, conventions[_i].option)) {
            ck_assert_str_eq(p->option[i].value, conventions[_i].value);
            ck_assert(*p->option[i].excluded);
        }
}
END_TEST

/* Names are unique, and there are enough. */
START_TEST(catalogue)
{
    size_t n = 0;
    for (; vfy_mutants[n].name; n++)
        for (size_t k = 0; k < n; k++) ck_assert_str_ne(vfy_mutants[n].name, vfy_mutants[k].name);
    ck_assert_uint_ge(n, 60);
    for (n = 0; vfy_fixed_mutants[n].name; n++)
        for (size_t k = 0; k < n; k++) ck_assert_str_ne(vfy_fixed_mutants[n].name, vfy_fixed_mutants[k].name);
    ck_assert_uint_ge(n, 60);
}
END_TEST

int main(void)
{
    if (!judged_open(vfy_vectors_plan, 0, VFY_CLASS_BOUND)) return 1;
    Suite *suite = suite_create("port_template");
    TCase *t = tcase_create("template");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, verdicts_name_the_line, 0, (int)(sizeof rows / sizeof *rows));
    tcase_add_test(t, forced_steps_of_the_right_port);
    tcase_add_loop_test(t, the_rest_after_a_flip, 0, 6);
    tcase_add_test(t, a_trace_shows_the_wrong_line);
    tcase_add_loop_test(t, forced_steps_of_shared_objects, 0, 2);
    tcase_add_loop_test(t, conventions_are_detected, 0, 5);
    tcase_add_test(t, catalogue);
    suite_add_tcase(suite, t);
    int failed = test_run(suite);
    judged_close();
    return failed;
}
