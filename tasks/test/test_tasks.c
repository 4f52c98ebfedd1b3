/* Generators: golden bits, and what the descriptions promise; descriptions by text.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <string.h>

#include "batch.h"
#include "test/run.h"

static task opened(const char *name, const char *variant)
{
    char why[TASK_WHY];
    task t;
    ck_assert_int_eq(task_describe(task_find(name), variant, 1, &t, why), EP_OK);
    ck_assert_msg(task_open(&t, why) == EP_OK, "%s", why);
    return t;
}

static task_batch filled(const task *t, task_split split, uint64_t first, int B)
{
    task_batch bt;
    uint64_t index[64];
    for (int b = 0; b < B; b++) index[b] = first + (uint64_t)b;
    ck_assert_int_eq(task_batch_make(&t->spec, B, &bt), EP_OK);
    task_batch_fill(&bt, t, split, index, B, 2);
    return bt;
}

/* Bits of the numbers, whatever the machine's byte order. */
static uint64_t digest(const task *t, const task_batch *bt)
{
    size_t steps = (size_t)bt->B * (size_t)bt->T, n_in = (size_t)t->spec.n_in, K = (size_t)t->spec.n_out;
    uint64_t h = EP_HASH;
    unsigned char b[8];
    for (size_t k = 0; k < steps * (n_in + K + 1); k++) {
        double v = k < steps * n_in ? (double)bt->x[0][k] : k < steps * (n_in + K) ? bt->target[k - steps * n_in] : bt->mask[k - steps * (n_in + K)];
        uint64_t bits;
        memcpy(&bits, &v, sizeof bits);
        for (int i = 0; i < 8; i++) b[i] = (unsigned char)(bits >> 8 * i);
        h = ep_hash(h, b, 8);
    }
    return h;
}

/* Trials made of bits are those made of numbers; numbers come back where they are asked for. */
START_TEST(bits_are_the_numbers)
{
    static const char *const names[] = {"store-recall", "evidence"};
    enum { B = 3 };
    task t = opened(names[_i], NULL);
    const uint64_t index[B] = {4, 5, 9};
    task_batch want, got;
    size_t n_in = (size_t)t.spec.n_in, words = task_words(t.spec.n_in), steps = B * (size_t)t.spec.T, spikes = 0;
    ck_assert_int_eq(task_batch_make(&t.spec, B, &want), EP_OK);
    ck_assert_int_eq(task_batch_make(&t.spec, B, &got), EP_OK);
    ck_assert_int_eq(task_batch_bare(&got, &t), EP_OK);
    task_batch_fill(&want, &t, TASK_VALID, index, B, 1);
    for (int again = 0; again < 2; again++) task_batch_fill(&got, &t, TASK_VALID, index, B, 2); /* nothing of the last is left */
    ck_assert(got.bare && !task_batch_trial(&got, &t.spec, 0).x);
    for (size_t k = 0; k < steps * n_in; k++) {
        bool set = got.bits[k / n_in * words + k % n_in / 64] >> k % n_in % 64 & 1;
        ck_assert_msg(set == (want.x[0][k] > 0), "step %zu, input %zu", k / n_in, k % n_in);
        spikes += set;
    }
    ck_assert_uint_gt(spikes, steps / 10);
    ck_assert_mem_eq(got.target, want.target, steps * (size_t)t.spec.n_out * sizeof *got.target);
    got.bare = false;
    task_batch_fill(&got, &t, TASK_VALID, index, B, 1);
    ck_assert_uint_eq(digest(&t, &got), digest(&t, &want));
    task_batch_free(&want);
    task_batch_free(&got);
    task_close(&t);
}
END_TEST

/* A batch that keeps its trials makes them once, and others when they are asked for. */
START_TEST(a_batch_that_keeps_is_filled_once)
{
    task t = opened("evidence", NULL);
    const uint64_t some[3] = {0, 1, 2}, others[3] = {0, 1, 3};
    task_batch bt = filled(&t, TASK_VALID, 0, 3), want = filled(&t, TASK_VALID, 0, 3);
    bt.keeps = true;
    float was = bt.x[0][0];
    bt.x[0][0] = 7; /* seen to stay */
    task_batch_fill(&bt, &t, TASK_VALID, some, 3, 1);
    ck_assert(bt.x[0][0] > 6);
    bt.x[0][0] = was;
    ck_assert_uint_eq(digest(&t, &bt), digest(&t, &want));
    for (int k = 0; k < 3; k++) { /* other trials, another number of them, another split */
        task_split split = k == 2 ? TASK_TEST : TASK_VALID;
        task_batch_fill(&bt, &t, split, k ? some : others, k == 1 ? 2 : 3, 1);
        task_batch_fill(&want, &t, split, k ? some : others, k == 1 ? 2 : 3, 1);
        ck_assert_int_eq(bt.B, want.B);
        ck_assert_uint_eq(digest(&t, &bt), digest(&t, &want));
    }
    task_batch_free(&bt);
    task_batch_free(&want);
    task_close(&t);
}
END_TEST

/* ---- golden ---------------------------------------------------------------------------------------------------- */

static const struct { const char *name, *variant; uint64_t train, test; } golden[] = {
    {"pattern", "tutorial", UINT64_C(0x5778d6690f9141a9), UINT64_C(0x5778d6690f9141a9)},
    {"pattern", "paper", UINT64_C(0x48b37436a3f7ae05), UINT64_C(0x48b37436a3f7ae05)},
    {"store-recall", "default", UINT64_C(0x88db54037ff12098), UINT64_C(0x51e35c7e5843e5f8)},
    {"evidence", "default", UINT64_C(0x120fd4867767d965), UINT64_C(0x089f05d7c0764078)},
    {"copy-repeat", "default", UINT64_C(0xdc63ce0644daff05), UINT64_C(0xc2fc8f8ca163d135)},
};

START_TEST(bits_are_those_of_every_machine)
{
    task t = opened(golden[_i].name, golden[_i].variant);
    uint64_t got[2];
    for (int k = 0; t.kind->advance && k < 5; k++) t.kind->advance(&t, 0);
    for (int k = 0; k < 2; k++) {
        task_batch bt = filled(&t, k ? TASK_TEST : TASK_TRAIN, 3, 2);
        got[k] = digest(&t, &bt);
        task_batch_free(&bt);
    }
    ck_assert_msg(got[0] == golden[_i].train && got[1] == golden[_i].test, "{\"%s\", \"%s\", UINT64_C(0x%016llx), UINT64_C(0x%016llx)},",
                  golden[_i].name, golden[_i].variant, (unsigned long long)got[0], (unsigned long long)got[1]);
    task_close(&t);
}
END_TEST

START_TEST(a_trial_does_not_depend_on_its_neighbours)
{
    const char *const names[] = {"pattern", "store-recall", "evidence"};
    task t = opened(names[_i], NULL);
    task_batch many = filled(&t, TASK_VALID, 0, 5), one = filled(&t, TASK_VALID, 3, 1);
    size_t n = (size_t)t.spec.T * (size_t)t.spec.n_in;
    ck_assert_mem_eq(many.x[0] + 3 * n, one.x[0], n * sizeof(float));
    bool differs = memcmp(many.x[0], one.x[0], n * sizeof(float)) != 0;
    ck_assert_msg(differs != (_i == 0), "trials 0 and 3"); /* pattern is frozen */
    task_batch_free(&many);
    task_batch_free(&one);
    task_close(&t);
}
END_TEST

/* ---- what the tasks promise ---------------------------------------------------------------------------------------- */

static double mean(const float *x, int T, int n_in, int i0, int n, int t0, int t1)
{
    double sum = 0;
    (void)T;
    for (int t = t0; t < t1; t++)
        for (int i = i0; i < i0 + n; i++) sum += (double)x[(size_t)t * (size_t)n_in + (size_t)i];
    return sum / ((double)n * (t1 - t0));
}

/* Every recall asks for the value shown at the last store; nothing is asked for elsewhere. */
START_TEST(store_recall_is_consistent)
{
    task t = opened("store-recall", NULL);
    task_batch bt = filled(&t, TASK_TRAIN, (uint64_t)_i * 16, 16);
    for (int b = 0; b < 16; b++) {
        task_trial tr = task_batch_trial(&bt, &t.spec, b);
        int memory = -1, recalls = 0;
        for (int s = 0; s < 12; s++) {
            double rate[4];
            for (int g = 0; g < 4; g++) rate[g] = mean(tr.x, t.spec.T, 100, 25 * g, 25, 200 * s, 200 * s + 200);
            for (int g = 0; g < 4; g++) ck_assert_msg(rate[g] == 0 || fabs(rate[g] - 0.05) < 0.025, "rate %g", rate[g]);
            int value = rate[0] > 0 ? 0 : rate[1] > 0 ? 1 : -1;
            bool store = rate[2] > 0, recall = rate[3] > 0;
            ck_assert(!(rate[0] > 0 && rate[1] > 0) && !(store && recall) && recall == (value < 0));
            ck_assert(!store || memory < 0);
            ck_assert(!recall || memory >= 0);
            for (int step = 200 * s; step < 200 * s + 200; step++) {
                ck_assert(tr.mask[step] == (recall ? 1 : 0));
                ck_assert(tr.target[2 * step] == (recall && memory == 0 ? 1 : 0) && tr.target[2 * step + 1] == (recall && memory == 1 ? 1 : 0));
            }
            recalls += recall;
            memory = store ? value : recall ? -1 : memory;
        }
        ck_assert_int_gt(recalls, 0);
    }
    task_batch_free(&bt);
    task_close(&t);
}
END_TEST

START_TEST(evidence_is_counted)
{
    task t = opened("evidence", NULL);
    task_batch bt = filled(&t, TASK_TRAIN, (uint64_t)_i * 32, 32);
    int right = 0;
    for (int b = 0; b < 32; b++) {
        task_trial tr = task_batch_trial(&bt, &t.spec, b);
        int cues[2] = {0};
        for (int k = 0; k < 7; k++) {
            double left = mean(tr.x, 0, 40, 0, 10, 150 * k + 50, 150 * k + 150), other = mean(tr.x, 0, 40, 10, 10, 150 * k + 50, 150 * k + 150);
            ck_assert((left > 0) != (other > 0));
            ck_assert(mean(tr.x, 0, 40, 0, 20, 150 * k, 150 * k + 50) == 0);
            cues[other > 0]++;
        }
        int label = tr.target[2 * 2249] > 0.5 ? 0 : 1;
        ck_assert_int_eq(label, cues[1] > cues[0]);
        ck_assert(tr.mask[2099] == 0 && tr.mask[2100] == 1 && tr.mask[2249] == 1);
        ck_assert(mean(tr.x, 0, 40, 20, 10, 0, 2100) == 0 && fabs(mean(tr.x, 0, 40, 20, 10, 2100, 2250) - 0.04) < 0.025);
        ck_assert(fabs(mean(tr.x, 0, 40, 30, 10, 0, 2250) - 0.01) < 0.005);
        right += label;
    }
    ck_assert(right > 4 && right < 28);
    task_batch_free(&bt);
    task_close(&t);
}
END_TEST

START_TEST(pattern_is_normalised)
{
    const char *const variants[] = {"tutorial", "table-a", "paper"};
    task t = opened("pattern", variants[_i]);
    task_batch bt = filled(&t, TASK_TRAIN, 0, 1);
    for (int k = 0; k < t.spec.n_out; k++) {
        double top = 0;
        for (int s = 0; s < 1000; s++) top = fmax(top, fabs(bt.target[s * t.spec.n_out + k]));
        ck_assert(bt.target[k] == 0 && top == 1);
    }
    double rate = mean(bt.x[0], 0, t.spec.n_in, 0, t.spec.n_in, 0, 1000);
    ck_assert_msg(fabs(rate - (_i == 2 ? 0.02 : 0.05)) < 0.002, "rate %g", rate);
    task_batch_free(&bt);
    task_close(&t);
}
END_TEST

START_TEST(sine_is_a_sine)
{
    for (int k = -3000; k < 3000; k++) {
        double u = k / 977.0;
        ck_assert_msg(fabs(task_sine(u) - sin(6.283185307179586 * (u - nearbyint(u)))) < 1e-15, "sine of %g turns: %.17g", u, task_sine(u));
    }
}
END_TEST

START_TEST(decisions_are_counted)
{
    const double target[14] = {1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1}, mask[7] = {1, 1, 1, 2, 0, 1, 1};
    const double y[14] = {3, 0, 0, 1, 5, 0, 0, 2, 9, 0, 0, 1, 0, 1}; /* sums: 3:1 right, 5:4 wrong, 0:2 right */
    task_trial tr = {.steps = 7, .target = (double *)(uintptr_t)target, .mask = (double *)(uintptr_t)mask};
    task_score s = {0};
    task_decide(&(task){.spec.n_out = 2}, &tr, y, &s);
    ck_assert_double_eq(s.of, 3);
    ck_assert_double_eq(s.good, 2);
}
END_TEST

/* ---- batches -------------------------------------------------------------------------------------------------------------- */

START_TEST(reversal_keeps_frames)
{
    const int want[7] = {4, 5, 6, 1, 2, 3, 0}; /* 7 steps in frames of 3 */
    for (int s = 0; s < 7; s++) ck_assert_int_eq(task_reversed(s, 7, 3), want[s]);
    for (int s = 0; s < 12; s++) ck_assert_int_eq(task_reversed(task_reversed(s, 12, 4), 12, 4), s);
    for (int s = 0; s < 9; s++) ck_assert_int_eq(task_reversed(s, 9, 1), 8 - s);
}
END_TEST

static uint64_t ten(const task *t, task_split split) { (void)t; (void)split; return 10; }
static int lengths(const task *t, task_split split, uint64_t index) { (void)t; (void)split; return 1 + (int)(index * 7 % 10); }

/* Each epoch holds every trial once; another epoch another order; the same seed the same. */
START_TEST(epochs_are_permutations)
{
    task_kind kind = {.name = "ten", .count = ten, .steps = _i ? lengths : NULL};
    task t = {.kind = &kind, .seed = 5};
    t.spec.batch = 4;
    task_order a, b;
    uint64_t index[4], again[4];
    uint32_t seen[2] = {0};
    ck_assert_int_eq(task_order_make(&t, &a), EP_OK);
    ck_assert_int_eq(task_order_make(&t, &b), EP_OK);
    task_order_batch(&b, &t, 4, again);
    for (long i = 0; i < 5; i++) {
        task_order_batch(&a, &t, i, index);
        for (int k = 0; k < 4; k++) seen[(4 * i + k) / 10] |= 1u << index[k];
    }
    ck_assert_uint_eq(seen[0], 1023);
    ck_assert_uint_eq(seen[1], 1023);
    ck_assert_mem_eq(index, again, sizeof index);
    task_order_free(&a);
    task_order_free(&b);
}
END_TEST

/* ---- descriptions by text ----------------------------------------------------------------------------------------------------- */

START_TEST(descriptions_read_back)
{
    char why[TASK_WHY], value[64];
    task a, b;
    ck_assert_int_eq(task_describe(&task_evidence, NULL, 1, &a, why), EP_OK);
    ck_assert_int_eq(task_describe(&task_pattern, "paper", 1, &b, why), EP_OK);
    for (size_t n = 0; n < task_spec_count(); n++) {
        const char *name = task_spec_get(&a.spec, n, value, sizeof value);
        ck_assert_msg(task_spec_set(&b.spec, name, value, why) == EP_OK, "%s", why);
        char again[64];
        (void)task_spec_get(&b.spec, n, again, sizeof again);
        ck_assert_str_eq(value, again);
    }
    ck_assert(a.spec.beta == b.spec.beta && a.spec.stop_below == b.spec.stop_below && a.spec.model == b.spec.model);
}
END_TEST

static const struct { const char *name, *value, *says; } wrong[] = {
    {"lr", "fast", "expected a number"}, {"lr", "-1", "from 0"}, {"lr", "nan", "from 0"}, {"lr", "", "expected a number"},
    {"batch", "1.5", "whole number"}, {"batch", "0", "from 1"}, {"T", "99999999", "from 1"}, {"density", "0", "from 1e-09"},
    {"model", "transformer", "lif alif"}, {"loss", "hinge", "regression"}, {"optimizer", "lion", "adam"},
    {"n_recs", "5", "--list"}, {"reset", "hard", "v_th"}, {"delay", "0", "expected"},
};

START_TEST(bad_values_get_a_line)
{
    char why[TASK_WHY] = "";
    task t;
    ck_assert_int_eq(task_describe(&task_pattern, NULL, 1, &t, why), EP_OK);
    task_spec before = t.spec;
    ck_assert_int_eq(task_spec_set(&t.spec, wrong[_i].name, wrong[_i].value, why), EP_DOMAIN);
    ck_assert_msg(strstr(why, wrong[_i].says) && strstr(why, wrong[_i].name), "%s", why);
    for (size_t n = 0; n < task_spec_count(); n++) {
        char a[64], b[64];
        (void)task_spec_get(&before, n, a, sizeof a);
        (void)task_spec_get(&t.spec, n, b, sizeof b);
        ck_assert_str_eq(a, b);
    }
}
END_TEST

START_TEST(impossible_descriptions_are_refused)
{
    static const struct { const char *task, *variant, *name, *value; } no[] = {
        {"store-recall", NULL, "n_in", "3"}, {"store-recall", NULL, "T", "200"}, {"store-recall", NULL, "n_out", "3"},
        {"evidence", NULL, "T", "1000"}, {"pattern", "table-a", "n_rec", "99"}, {"evidence", NULL, "n_alif", "101"},
        {"pattern", NULL, "n_alif", "10"}};
    char why[TASK_WHY] = "";
    task t;
    ck_assert_int_eq(task_describe(task_find(no[_i].task), no[_i].variant, 1, &t, why), EP_OK);
    ck_assert_int_eq(task_spec_set(&t.spec, no[_i].name, no[_i].value, why), EP_OK);
    ck_assert_int_eq(task_open(&t, why), EP_DOMAIN);
    ck_assert(strlen(why) > 10);
    task_close(&t);
    ck_assert_int_eq(task_describe(&task_pattern, "none", 1, &t, why), EP_DOMAIN);
    ck_assert(strstr(why, "tutorial"));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tasks");
    TCase *t = tcase_create("tasks");
    tcase_set_timeout(t, 0);
    tcase_add_loop_test(t, bits_are_those_of_every_machine, 0, 5);
    tcase_add_loop_test(t, bits_are_the_numbers, 0, 2);
    tcase_add_test(t, a_batch_that_keeps_is_filled_once);
    tcase_add_loop_test(t, a_trial_does_not_depend_on_its_neighbours, 0, 3);
    tcase_add_loop_test(t, store_recall_is_consistent, 0, 4);
    tcase_add_loop_test(t, evidence_is_counted, 0, 2);
    tcase_add_loop_test(t, pattern_is_normalised, 0, 3);
    tcase_add_test(t, sine_is_a_sine);
    tcase_add_test(t, decisions_are_counted);
    tcase_add_test(t, reversal_keeps_frames);
    tcase_add_loop_test(t, epochs_are_permutations, 0, 2);
    tcase_add_test(t, descriptions_read_back);
    tcase_add_loop_test(t, bad_values_get_a_line, 0, (int)(sizeof wrong / sizeof *wrong));
    tcase_add_loop_test(t, impossible_descriptions_are_refused, 0, 7);
    suite_add_tcase(s, t);
    return test_run(s);
}
