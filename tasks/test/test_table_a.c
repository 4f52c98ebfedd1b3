/* A training run that others published: its losses, and its spikes beside the exact ones.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "test/run.h"
#include "train.h"

static double table[5];
static void keep_loss(void *user, const task_point *p, double left)
{
    (void)user;
    (void)left;
    table[p->iteration] = p->loss;
}

START_TEST(published_run_is_reproduced)
{
    static const double nest[5] = {101.964356999041, 103.466731126205, 103.340607074771, 103.680244037686, 104.412775748752};
    static const double tf[5] = {101.964363098144, 103.466735839843, 103.340606689453, 103.680244445800, 104.412780761718};
    static const char *const engines[] = {"fast:f64", "fast:f32", "scalar:f64"};
    char why[TASK_WHY];
    task t;
    ck_assert_int_eq(task_describe(&task_pattern, "table-a", 1, &t, why), EP_OK);
    ck_assert_int_eq(task_open(&t, why), EP_OK);
    task_train_options o = {.rule = EP_EPROP1_RANDOM, .threads = 1, .see = keep_loss};
    task_outcome r;
    ck_assert_int_eq(task_engine_parse(engines[_i], &o.engine, why), EP_OK);
    ck_assert_msg(task_train(&t, &o, &r, why) == EP_OK, "%s", why);
    for (int k = 0; k < 5; k++) {
        double want = _i == 1 ? tf[k] : nest[k], limit = _i == 1 ? 1e-6 : 1e-12;
        ck_assert_msg(fabs(table[k] - want) <= limit * want, "%s update %d: got %.15g want %.15g", engines[_i], k, table[k], want);
    }
    task_close(&t);
}
END_TEST

/* The published run in binary32, spike by spike beside the exact trajectory of the same weights: none may differ, for one alone would move
 * the losses by more than 1e-6. */
START_TEST(spikes_of_the_published_run)
{
    char why[TASK_WHY];
    task t;
    task_engine e;
    task_model model;
    task_machine m;
    task_batch bt;
    task_optim optim;
    double seconds[TASK_N_PHASE] = {0};
    const uint64_t first = 0;
    ck_assert_int_eq(task_describe(&task_pattern, "table-a", 1, &t, why), EP_OK);
    ck_assert_int_eq(task_open(&t, why), EP_OK);
    ck_assert_int_eq(task_engine_parse("fast:f32", &e, why), EP_OK);
    ck_assert_int_eq(task_model_make(&t, EP_EPROP1_RANDOM, &model), EP_OK);
    ck_assert_int_eq(task_optim_make(&t.spec, model.n, &optim), EP_OK);
    ck_assert_msg(task_machine_open(&t, &model, &e, EP_EPROP1_RANDOM, 1, 1, seconds, &m, why) == EP_OK, "%s", why);
    ck_assert_int_eq(task_batch_make(&t.spec, 1, &bt), EP_OK);
    task_batch_fill(&bt, &t, TASK_TRAIN, &first, 1, 1);
    enum { STEPS = 1000, NEURONS = 100 };
    static unsigned char z[STEPS * NEURONS];
    static double margin[STEPS * NEURONS];
    static float got[STEPS * NEURONS];
    double *g = calloc(model.n, sizeof *g), nearest = INFINITY;
    int spikes = 0, flips = 0;
    for (long update = 0; update < 5; update++) {
        task_result r = {.grad = g}, none = {0};
        task_truth truth = {.z = z, .margin = margin};
        for (size_t k = 0; k < model.n; k++) model.w[k] = (double)(float)model.w[k];
        ck_assert_int_eq(task_machine_load(&m), EP_OK);
        ck_assert_int_eq(task_machine_run(&m, &bt, &r), EP_OK);
        ck_assert_int_eq(e.opt->get(m.s[0], OPT_ALL(OPT_Z), got, STEPS * NEURONS), EP_OK);
        ck_assert_int_eq(task_reference_run(&model, EP_EPROP1_RANDOM, 0, &bt, 1, &none, &truth), EP_OK);
        for (int k = 0; k < STEPS * NEURONS; k++) {
            spikes += z[k];
            nearest = fmin(nearest, margin[k]);
            if ((got[k] > 0.5F) == (z[k] != 0)) continue;
            if (flips++ == 0) printf("update %ld: first spike that differs: step %d, neuron %d, margin %.3g\n", update + 1, k / NEURONS + 1, k % NEURONS, margin[k]);
        }
        (void)task_optim_step(&optim, &model, update, g);
    }
    ck_assert_msg(flips == 0, "%d spikes differ", flips);
    ck_assert_msg(spikes > 1000 && nearest < 1e-4, "%d spikes, nearest %g", spikes, nearest);
    printf("published run: of %d spikes in five updates none differs in binary32; nearest to the threshold %.3g\n", spikes, nearest);
    free(g);
    task_batch_free(&bt);
    task_machine_close(&m);
    task_optim_free(&optim);
    task_model_free(&model);
    task_close(&t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("table_a");
    TCase *t = tcase_create("table_a");
    tcase_set_timeout(t, 0);
    tcase_add_loop_test(t, published_run_is_reproduced, 0, test_multiplier() < 0.5 ? 2 : 3);
    tcase_add_test(t, spikes_of_the_published_run);
    suite_add_tcase(s, t);
    return test_run(s);
}
