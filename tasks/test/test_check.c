/* The bound of --check: r <= 1 for plain forms, at the first iteration.
 *
 * Where the loss is made beside the engine (bits, several networks) an engine gives y in its format and takes err, so its
 * err is off by |derr/dy| mag(y) and, rounded once, by |err|, in units of u. A reference that takes its own err for an
 * exact number leaves both out. Output biases show it most: their gradient is sum_t err, whose mag is then the partial sums
 * alone, and P - p* of several steps cancels (copy-repeat: a sum of terms of 0.7 that is 0.01 gave r = 36;
 * two networks: 2.9). Limit: 1, and 1 % for second order.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>

#include "test/run.h"
#include "timit_tree.h"
#include "train.h"

typedef const char *const setting[2];

typedef struct row {
    const char *task, *variant;
    setting set[8];
} row;

static const row rows[] = {
    {"copy-repeat", "small", {{"n_rec", "12"}}},
    {"pattern", "tutorial", {{"T", "60"}, {"n_rec", "40"}}},
    {"pattern", "tutorial", {{"T", "60"}, {"n_rec", "20"}, {"nets", "2"}, {"frame", "5"}}},
    {"pattern", "paper", {{"T", "60"}, {"n_rec", "40"}}},
    {"store-recall", "early", {{"T", "400"}, {"n_in", "8"}, {"n_rec", "12"}, {"n_alif", "6"}, {"batch", "2"}}},
    {"store-recall", "early", {{"T", "400"}, {"n_in", "8"}, {"n_rec", "12"}, {"n_alif", "6"}, {"batch", "2"}, {"nets", "2"}, {"frame", "5"}}},
#ifdef TASK_SPEECH
    {"speech", "lstm", {{"n_rec", "5"}, {"batch", "2"}}},
#endif
};
enum { N_ROW = sizeof rows / sizeof *rows };

static const char *const engines[] = {"scalar:f64", "scalar:f32", "fast:f64", "fast:f32"};
static const ep_rule rules[] = {EP_BPTT, EP_EPROP1_RANDOM, EP_EPROP1_SYMMETRIC, EP_EPROP1_ADAPTIVE, EP_EPROP1_GLOBAL, EP_TBPTT, EP_EPROP3,
                                EP_TBPTT_SG, EP_EPROP3_SG}; /* the last two: of one network */

static task opened(const row *r)
{
    char why[TASK_WHY];
    static setting all[] = {{"iterations", "1"}, {"valid_every", "0"}, {"test_trials", "0"}, {"window", "7"}, {"w_fb", "1"}, {NULL, NULL}};
    task t;
    ck_assert_int_eq(task_describe(task_find(r->task), r->variant, 2, &t, why), EP_OK);
    for (int k = 0; k < 2; k++)
        for (setting *s = k ? r->set : all; (*s)[0]; s++) ck_assert_msg(task_spec_set(&t.spec, (*s)[0], (*s)[1], why) == EP_OK, "%s", why);
    t.data_dir = tree_dir;
    ck_assert_msg(task_open(&t, why) == EP_OK, "%s", why);
    return t;
}

/* One engine, all rules; a row without a spike or an error proves nothing. */
START_TEST(first_gradient_is_within_its_bound)
{
    int at = test_spread(_i, 4 * N_ROW);
    const row *r = &rows[at / 4];
    const char *engine = engines[at % 4];
    tree_make(); /* of short utterances, for speech */
    ck_assert_int_eq(setenv("EPROP_CACHE", tree_path("cache"), 1), 0);
    tree_utterance("TRAIN/DR1/FAAA0", "SX1", true);
    tree_utterance("TRAIN/DR3/MEEE0", "SX6", true);
    tree_utterance("TEST/DR1/MBBB0", "SX3", true);
    tree_utterance("TEST/DR2/MCCC0", "SX4", true);
    for (size_t k = 0; k < sizeof rules / sizeof *rules; k++) {
        char why[TASK_WHY];
        task t = opened(r);
        if (t.spec.nets > 1 && (rules[k] == EP_TBPTT_SG || rules[k] == EP_EPROP3_SG)) {
            task_close(&t);
            continue;
        }
        task_train_options o = {.rule = rules[k], .threads = 1, .check_every = 1};
        task_outcome got;
        ck_assert_int_eq(task_engine_parse(engine, &o.engine, why), EP_OK);
        ep_status st = task_train(&t, &o, &got, why);
        ck_assert_msg(st == EP_OK, "%s %s %s: %s", r->task, engine, ep_rule_name(rules[k]), why);
        const task_point *p = &got.last;
        ck_assert_msg(p->check_flips == 0 && p->norm > 0 && fabs(p->rate) > 0, "%s %s: %g flips, norm %g, rate %g", r->task, engine, p->check_flips, p->norm, p->rate);
        ck_assert_msg(p->check_r > 0 && p->check_r < 1.01, "row %d %s %s %s: r %g", at / 4, r->task, engine, ep_rule_name(rules[k]), p->check_r);
        task_close(&t);
    }
    tree_remove();
}
END_TEST

int main(void)
{
    Suite *s = suite_create("check");
    TCase *c = tcase_create("bound");
    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, first_gradient_is_within_its_bound, 0, test_first(4 * N_ROW));
    suite_add_tcase(s, c);
    return test_run(s);
}
