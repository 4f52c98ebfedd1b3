/* The speech task on a small tree: sizes, trials, judgement, refusals; a short training with its tables.
 * SPDX-License-Identifier: MIT */
#include "speech.h"
#include "timit_tree.h"
#include "train.h"

#include <math.h>

#include "test/run.h"

static char why[TASK_WHY];

static void make(void)
{
    tree_make();
    ck_assert_int_eq(setenv("EPROP_CACHE", tree_path("cache"), 1), 0);
    tree_sphere("TRAIN/DR1/FAAA0/SX1.WAV", 16000, 16000, 16000, 1, "");
    tree_text("TRAIN/DR1/FAAA0/SX1.PHN", "0 5000 s\n5000 12000 iy\n12000 14000 h#\n");
    tree_utterance("TRAIN/DR1/FAAA0", "SX2", true);
    tree_utterance("TRAIN/DR3/MEEE0", "SX6", true);
    tree_utterance("TEST/DR1/MBBB0", "SX3", true);
    tree_utterance("TEST/DR2/MCCC0", "SX4", true);
}

static void describe(const char *variant, task *t)
{
    ck_assert_ptr_nonnull(task_find("speech"));
    ck_assert_int_eq(task_describe(task_find("speech"), variant, 1, t, why), EP_OK);
    t->data_dir = tree_dir;
}

static void set(task *t, const char *name, const char *value)
{
    ck_assert_msg(task_spec_set(&t->spec, name, value, why) == EP_OK, "%s", why);
}

static void opened(const char *variant, task *t)
{
    describe(variant, t);
    ck_assert_msg(task_open(t, why) == EP_OK, "%s", why);
}

START_TEST(sizes_follow_from_the_data)
{
    static const struct { const char *variant; int n_in, frame, n_rec; } want[] = {
        {"lsnn", 39, 5, 400}, {"lsnn-fbank", 123, 5, 400}, {"lstm", 39, 1, 200}, {"lstm-fbank", 123, 1, 200}};
    for (size_t v = 0; v < 4; v++) {
        task t;
        opened(want[v].variant, &t);
        ck_assert_int_eq(t.spec.n_in, want[v].n_in);
        ck_assert_int_eq(t.spec.n_out, 61);
        ck_assert_int_eq(t.spec.n_rec, want[v].n_rec);
        ck_assert_int_eq(t.spec.nets, 2);
        ck_assert_int_eq(t.spec.T, 98 * want[v].frame);
        ck_assert_int_eq(task_steps(&t, TASK_TRAIN, 0), 98 * want[v].frame);
        ck_assert_int_eq(task_steps(&t, TASK_TRAIN, 1), 11 * want[v].frame);
        ck_assert_int_eq(task_steps(&t, TASK_TRAIN, 3), 98 * want[v].frame); /* indices wrap around */
        ck_assert_uint_eq(t.kind->count(&t, TASK_TRAIN), 3);
        ck_assert_uint_eq(t.kind->count(&t, TASK_VALID), 1);
        ck_assert_uint_eq(t.kind->count(&t, TASK_TEST), 1);
        ck_assert_int_eq(t.spec.test_trials, 1);
        task_close(&t);
    }
}
END_TEST

static float tx[98 * 5 * 39];
static double target[98 * 5 * 61], mask[98 * 5], y[98 * 5 * 61];

static task_trial first_trial(const task *t)
{
    task_trial tr = {.steps = 98 * 5, .x = tx, .target = target, .mask = mask};
    memset(tx, 0, sizeof tx);
    memset(target, 0, sizeof target);
    memset(mask, 0, sizeof mask);
    t->kind->trial(t, TASK_TRAIN, 0, &tr);
    return tr;
}

START_TEST(a_frame_is_held_for_five_steps)
{
    task t;
    opened("lsnn", &t);
    const task_speech_data *d = t.own;
    (void)first_trial(&t);
    const int s = task_phone_find("s"), iy = task_phone_find("iy"), h = task_phone_find("h#");
    for (int step = 0; step < 98 * 5; step++) {
        int f = step / 5, centre = 160 * f + 200, want = centre < 5000 ? s : centre < 12000 ? iy : centre < 14000 ? h : -1;
        ck_assert_mem_eq(tx + step * 39, d->frames.x + f * 39, 39 * sizeof *tx);
        ck_assert(!(fabs(mask[step] - (want >= 0)) > 0));
        for (int k = 0; k < 61; k++) ck_assert(!(fabs(target[step * 61 + k] - (k == want)) > 0));
    }
    task_close(&t);
}
END_TEST

START_TEST(frames_are_judged_by_the_sum_over_their_steps)
{
    task t;
    task_score sum = {0};
    opened("lsnn", &t);
    task_trial tr = first_trial(&t);
    memset(y, 0, sizeof y);
    /* frame f: the right class gets 0.3 in each of its 5 steps; every third frame another gets 2 in one step alone: 2 > 1.5 */
    int labelled = 0, wrong = 0;
    for (int f = 0; f < 98; f++) {
        bool counts = mask[f * 5] > 0;
        for (int k = 0; k < 61; k++)
            for (int q = 0; q < 5; q++) y[(f * 5 + q) * 61 + k] = 0.3 * target[(f * 5 + q) * 61 + k];
        if (f % 3 == 0) y[(f * 5 + 4) * 61 + 7] = 2;
        labelled += counts;
        wrong += counts && f % 3 == 0;
    }
    t.kind->score(&t, &tr, y, &sum);
    ck_assert_int_eq((int)sum.of, labelled);
    ck_assert_int_eq((int)sum.good, labelled - wrong);
    ck_assert(wrong > 20 && labelled > 80 && labelled < 98);
    task_close(&t);
}
END_TEST

static void refused(task *t, ep_status st, const char *words)
{
    ck_assert_int_eq(task_open(t, why), st);
    ck_assert_msg(strstr(why, words) && !strchr(why, '\n'), "%s", why);
    task_close(t);
}

START_TEST(bad_input_is_refused)
{
    task t;
    describe(NULL, &t);
    t.data_dir = NULL;
    refused(&t, EP_DOMAIN, "--data DIR");
    describe(NULL, &t);
    t.data_dir = tree_path("TRAIN/DR1/FAAA0/SX1.WAV");
    refused(&t, EP_DOMAIN, "no such directory");
    describe(NULL, &t);
    set(&t, "n_in", "40");
    refused(&t, EP_DOMAIN, "n_in = 40");
    describe(NULL, &t);
    set(&t, "frame", "20000");
    refused(&t, EP_DOMAIN, "too long");
    tree_sphere("TRAIN/DR3/MEEE0/SX6.WAV", 2000, 2000, 16000, 1, "sample_coding -s26 pcm,embedded-shorten-v2.00\n");
    describe(NULL, &t);
    refused(&t, EP_FORMAT, "compressed with shorten");
    tree_utterance("TRAIN/DR3/MEEE0", "SX6", true);
    tree_text("TRAIN/DR3/MEEE0/SX6.PHN", "0 2000 ggg\n");
    describe(NULL, &t);
    refused(&t, EP_FORMAT, "SX6.PHN:1: found phoneme \"ggg\"");
    ck_assert_int_eq(remove(tree_path("TRAIN/DR3/MEEE0/SX6.PHN")), 0);
    describe(NULL, &t);
    refused(&t, EP_FORMAT, "no .PHN");
}
END_TEST

/* ---- training ------------------------------------------------------------------------------------------------- */

static double worst_cosine;

static void see(void *user, const task_point *p, double left)
{
    (void)user;
    (void)left;
    ck_assert(isfinite(p->loss) && p->norm > 0);
    if (!isnan(p->check_cosine) && p->check_cosine < worst_cosine) worst_cosine = p->check_cosine;
}

/* rows < 0: more than that many. */
static void check_tables(const char *name, int rows)
{
    char path[100], line[200];
    int n = 0;
    (void)snprintf(path, sizeof path, "out/data/%s.tsv", name);
    FILE *f = fopen(tree_path(path), "r");
    ck_assert_msg(f != NULL, "%s", path);
    while (fgets(line, sizeof line, f)) n += line[0] != '#';
    ck_assert_int_eq(fclose(f), 0);
    ck_assert_msg(rows < 0 ? n > -rows : n == rows, "%s: %d rows", path, n);
}

static void train(const char *variant, ep_rule rule)
{
    task t;
    task_outcome r;
    task_train_options o = {.rule = rule, .threads = 1, .check_every = 1, .out = tree_path("out"), .see = see};
    describe(variant, &t);
    set(&t, "n_rec", "9");
    if (t.spec.model == EP_LSNN) set(&t, "n_alif", "3");
    set(&t, "batch", "3");
    set(&t, "iterations", "2");
    set(&t, "w_in", "1");
    set(&t, "valid_every", "1");
    ck_assert_msg(task_open(&t, why) == EP_OK, "%s", why);
    ck_assert_int_eq(task_engine_parse("scalar:f64", &o.engine, why), EP_OK);
    worst_cosine = 2;
    ck_assert_msg(task_train(&t, &o, &r, why) == EP_OK, "%s", why);
    ck_assert_int_eq(r.end, TASK_ENDED);
    ck_assert_msg(worst_cosine > 1 - 1e-9 && worst_cosine < 1 + 1e-9, "cosine %.17g", worst_cosine);
    ck_assert(r.test_measure >= 0 && r.test_measure <= 1 && r.last.valid_measure >= 0 && r.last.valid_measure <= 1);
    check_tables("speech_parts", 3);
    check_tables("speech_accuracy", 2);
    check_tables("speech_confusion", 39 * 39);
    check_tables("speech_spectrogram", -11 * 40);
    task_close(&t);
}

START_TEST(every_rule_trains_both_directions)
{
    ck_assert(mkdir(tree_path("out"), 0777) == 0 && mkdir(tree_path("out/data"), 0777) == 0);
    static const ep_rule rule[] = {EP_BPTT, EP_EPROP1_SYMMETRIC, EP_EPROP1_RANDOM, EP_EPROP1_ADAPTIVE, EP_EPROP1_GLOBAL};
    for (size_t k = 0; k < sizeof rule / sizeof *rule; k++) train("lsnn", rule[k]);
    train("lstm", EP_BPTT);
    train("lstm", EP_EPROP1_RANDOM);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("speech_task");
    TCase *c = tcase_create("task");
    tcase_add_checked_fixture(c, make, tree_remove);
    tcase_set_timeout(c, 120);
    tcase_add_test(c, sizes_follow_from_the_data);
    tcase_add_test(c, a_frame_is_held_for_five_steps);
    tcase_add_test(c, frames_are_judged_by_the_sum_over_their_steps);
    tcase_add_test(c, bad_input_is_refused);
    tcase_add_test(c, every_rule_trains_both_directions);
    suite_add_tcase(s, c);
    return test_run(s);
}
