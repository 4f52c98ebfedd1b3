/* Every task by every rule on every engine: two iterations are trained, or one line says what is missing.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "test/run.h"
#include "timit_tree.h"
#include "train.h"

typedef const char *const setting[2];

typedef struct row {
    const char *task, *variant;
    setting set[10];
} row;

static const row rows[] = {
    {"pattern", NULL, {{"T", "100"}, {"n_in", "12"}, {"n_rec", "8"}}},
    {"pattern", NULL, {{"T", "50"}, {"n_in", "12"}, {"n_rec", "5"}, {"model", "rate"}, {"c_reg", "0"}}},
    {"store-recall", NULL, {{"T", "400"}, {"n_in", "20"}, {"n_rec", "4"}, {"n_alif", "2"}, {"batch", "2"}}},
    {"evidence", NULL, {{"T", "1200"}, {"n_in", "12"}, {"n_rec", "4"}, {"n_alif", "2"}, {"batch", "1"}, {"w_in", "1.5"}}},
    {"copy-repeat", "small", {{"n_rec", "5"}, {"batch", "2"}, {"w_fb", "1"}}},
    {"copy-repeat", "small", {{"n_rec", "5"}, {"batch", "2"}, {"window", "2"}, {"stream", "1"}, {"sg_hidden", "3"}, {"sg_seed", "zc"}}},
#ifdef TASK_SPEECH
    {"speech", "lsnn", {{"n_rec", "4"}, {"n_alif", "2"}, {"batch", "2"}, {"w_in", "1"}}},
    {"speech", "lstm", {{"n_rec", "3"}, {"batch", "2"}}},
#endif
};
enum { N_ROW = sizeof rows / sizeof *rows };

static const char *const engines[] = {"reference", "scalar:f64", "scalar:f32", "fast:f64", "fast:f32", "fixed:q15", "fixed:s16.15", "fixed:w8", "fixed:reckon"};
enum { N_ENGINE = sizeof engines / sizeof *engines };

/* The table of the specification: what a model can't be trained by. */
static bool exists(const task_spec *s, ep_rule rule, const char *engine)
{
    bool eprop1 = rule >= EP_EPROP1_SYMMETRIC && rule <= EP_EPROP1_GLOBAL;
    bool windows = rule == EP_TBPTT || rule == EP_EPROP3;
    if (strncmp(engine, "fixed", 5) == 0)
        return eprop1 && s->model != EP_RATE && (s->model != EP_LSTM || strcmp(engine, "fixed:q15") == 0 || strcmp(engine, "fixed:s16.15") == 0);
    if (rule == EP_RTRL) return strncmp(engine, "fast", 4) != 0;
    return rule == EP_BPTT || eprop1 || (windows && s->model != EP_RATE);
}

static task opened(const row *r)
{
    char why[TASK_WHY];
    static setting all[] = {{"iterations", "2"}, {"valid_every", "0"}, {"test_trials", "1"}, {"window", "25"}, {"w_fb", "1"}};
    task t;
    ck_assert_int_eq(task_describe(task_find(r->task), r->variant, 2, &t, why), EP_OK);
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) ck_assert_int_eq(task_spec_set(&t.spec, all[k][0], all[k][1], why), EP_OK);
    for (setting *s = r->set; (*s)[0]; s++) ck_assert_msg(task_spec_set(&t.spec, (*s)[0], (*s)[1], why) == EP_OK, "%s", why);
    t.data_dir = tree_dir;
    ck_assert_msg(task_open(&t, why) == EP_OK, "%s", why);
    return t;
}

static void one(const row *r, const char *engine, ep_rule rule)
{
    char why[TASK_WHY], id[100];
    task t = opened(r);
    task_train_options o = {.rule = rule, .threads = 1};
    task_outcome out;
    ck_assert_int_eq(task_engine_parse(engine, &o.engine, why), EP_OK);
    (void)snprintf(id, sizeof id, "%s %s %s %s", r->task, ep_model_name(t.spec.model), ep_rule_name(rule), engine);
    ep_status st = task_train(&t, &o, &out, why);
    if (exists(&t.spec, rule, engine)) {
        ck_assert_msg(st == EP_OK, "%s: %s: %s", id, ep_status_name(st), why);
        ck_assert_msg(out.end == TASK_ENDED && out.iterations == 2, "%s: ended as %d", id, (int)out.end);
        ck_assert_msg(isfinite(out.last.loss) && out.last.loss > 0 && out.last.norm > 0, "%s: loss %g, gradient %g", id, out.last.loss, out.last.norm);
        if (ep_model_spikes(t.spec.model)) ck_assert_msg(out.last.rate > 0.001 && out.last.rate < 0.5, "%s: rate %g", id, out.last.rate);
    } else if (st != EP_OK || (rule != EP_TBPTT_SG && rule != EP_EPROP3_SG)) { /* with synthesisers these may exist */
        ck_assert_msg(st == EP_NOTIMPL, "%s: %s: %s", id, ep_status_name(st), why);
        ck_assert_msg(strlen(why) > 20 && !strchr(why, '\n'), "%s: '%s'", id, why);
        ck_assert_msg(strstr(why, ep_rule_name(rule)) || strstr(why, engine), "%s: '%s' names neither rule nor engine", id, why);
    }
    task_close(&t);
}

/* A part without a gradient would make all others pass: row and engine by the loop, every rule. */
START_TEST(trains_or_says_why)
{
    tree_make();
    ck_assert_int_eq(setenv("EPROP_CACHE", tree_path("cache"), 1), 0);
    tree_utterance("TRAIN/DR1/FAAA0", "SX1", true);
    tree_utterance("TRAIN/DR3/MEEE0", "SX6", true);
    tree_utterance("TEST/DR1/MBBB0", "SX3", true);
    tree_utterance("TEST/DR2/MCCC0", "SX4", true);
    int at = test_spread(_i, N_ROW * N_ENGINE);
    for (int rule = 0; rule < EP_N_RULE; rule++) one(&rows[at / N_ENGINE], engines[at % N_ENGINE], (ep_rule)rule);
    tree_remove();
}
END_TEST

int main(void)
{
    Suite *s = suite_create("matrix");
    TCase *c = tcase_create("matrix");
    tcase_set_timeout(c, 0);
    tcase_add_loop_test(c, trains_or_says_why, 0, test_first(N_ROW * N_ENGINE));
    suite_add_tcase(s, c);
    return test_run(s);
}
