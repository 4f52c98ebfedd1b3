/* The synthesiser: its gradient against differences of its loss, float against double, that it starts at 0 and learns.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <string.h>

#include "future.h"
#include "test/run.h"

enum { ROWS = 7, N_U = 5, N_S = 3, CASES = 12 };

typedef struct fixture {
    task_spec spec;
    task_synth sg;
    double u[ROWS * N_U], target[ROWS * N_S], s[ROWS * N_S];
} fixture;

/* Hidden layers of 0 (linear), 4 and 9 units; all parameters other than 0. */
static void fixture_make(fixture *f, int n, bool wide)
{
    static const int hidden[] = {0, 4, 9};
    f->spec = (task_spec){.sg_hidden = hidden[n % 3], .sg_lr = 1e-2, .adam_b1 = 0.9, .adam_b2 = 0.999, .adam_eps = 1e-8};
    ck_assert_int_eq(task_synth_make(&f->spec, N_U, N_S, ROWS, wide, (uint64_t)n, &f->sg), EP_OK);
    f->sg.optim.spec = &f->sg.rules;
    for (size_t k = 0; k < f->sg.n; k++) f->sg.theta[k] = ep_rng_normal(5, (uint64_t)n, k, 32);
    for (size_t k = 0; k < ROWS * N_U; k++) f->u[k] = ep_rng_normal(6, (uint64_t)n, k, 32);
    for (size_t k = 0; k < ROWS * N_S; k++) f->target[k] = ep_rng_normal(7, (uint64_t)n, k, 32);
    task_synth_load(&f->sg);
}

static double loss(fixture *f)
{
    double E = 0;
    task_synth_load(&f->sg);
    task_synth_say(&f->sg, ROWS, f->u, f->s);
    for (int k = 0; k < ROWS * N_S; k++) E += 0.5 * (f->s[k] - f->target[k]) * (f->s[k] - f->target[k]);
    return E;
}

/* Differences over 2h: what is cut off is h^2/6 of a third derivative, which for these sizes is below 1e4 E; what is rounded
 * 2^-53 E times some 100 operations over h. */
START_TEST(gradient_is_the_slope_of_the_loss)
{
    const double h = 1e-5;
    fixture f;
    fixture_make(&f, _i, true);
    double E = loss(&f), top = 0;
    task_synth_learn(&f.sg, ROWS, f.u, f.target);
    ck_assert_double_eq_tol(f.sg.E, E, 1e-13 * E);
    for (size_t k = 0; k < f.sg.n; k++) {
        double was = f.sg.theta[k];
        f.sg.theta[k] = was + h;
        double up = loss(&f);
        f.sg.theta[k] = was - h;
        double slope = (up - loss(&f)) / (2 * h), limit = (h * h / 6 * 1e4 + 100 * 0x1p-53 / h) * E;
        f.sg.theta[k] = was;
        ck_assert_msg(fabs(slope - f.sg.g[k]) <= limit, "parameter %zu: %g, slope %g, limit %g", k, f.sg.g[k], slope, limit);
        top = fmax(top, fabs(slope));
        ck_assert_msg(fabs(f.sg.g[k]) > 0, "parameter %zu has no gradient", k);
    }
    ck_assert_double_gt(top, 0.1);
    task_synth_free(&f.sg);
}
END_TEST

/* Sums of at most ROWS, N_U and 9 terms that do not cancel by more than 2^7. */
START_TEST(float_is_double_rounded)
{
    fixture f, g;
    float u[ROWS * N_U], target[ROWS * N_S], s[ROWS * N_S];
    fixture_make(&f, _i, true);
    fixture_make(&g, _i, false);
    for (int k = 0; k < ROWS * N_U; k++) u[k] = (float)f.u[k];
    for (int k = 0; k < ROWS * N_S; k++) target[k] = (float)f.target[k];
    (void)loss(&f);
    task_synth_say(&g.sg, ROWS, u, s);
    for (int k = 0; k < ROWS * N_S; k++) ck_assert_double_eq_tol((double)s[k], f.s[k], 30 * 0x1p-17);
    task_synth_learn(&f.sg, ROWS, f.u, f.target);
    task_synth_learn(&g.sg, ROWS, u, target);
    double top = 0;
    for (size_t k = 0; k < f.sg.n; k++) top = fmax(top, fabs(f.sg.g[k]));
    for (size_t k = 0; k < f.sg.n; k++) ck_assert_double_eq_tol(g.sg.g[k], f.sg.g[k], 30 * 0x1p-17 * top);
    task_synth_free(&f.sg);
    task_synth_free(&g.sg);
}
END_TEST

START_TEST(it_says_nothing_before_it_has_learnt)
{
    task_spec spec = {.sg_hidden = _i * 6, .sg_lr = 1e-2, .adam_b1 = 0.9, .adam_b2 = 0.999, .adam_eps = 1e-8};
    task_synth sg;
    double u[N_U] = {1, -2, 3, -4, 5}, s[N_S] = {1, 1, 1}, before;
    ck_assert_int_eq(task_synth_make(&spec, N_U, N_S, 1, true, 3, &sg), EP_OK);
    task_synth_say(&sg, 1, u, s);
    for (int k = 0; k < N_S; k++) ck_assert(!(s[k] < 0 || s[k] > 0));
    before = sg.theta[0];
    task_synth_step(&sg); /* of no rows */
    ck_assert(!(sg.theta[0] < before || sg.theta[0] > before));
    ck_assert_double_eq(sg.optim.p1, 1);
    task_synth_free(&sg);
}
END_TEST

/* Another synthesiser of the same shape is the teacher. */
START_TEST(it_learns_what_another_says)
{
    fixture f, teacher;
    double first = 0, E = 0;
    fixture_make(&f, _i, true);
    fixture_make(&teacher, _i + 3, true);
    for (int n = 0; n < 3000; n++) {
        for (size_t k = 0; k < ROWS * N_U; k++) f.u[k] = ep_rng_normal(8, (uint64_t)n, k, 32);
        task_synth_say(&teacher.sg, ROWS, f.u, f.target);
        task_synth_learn(&f.sg, ROWS, f.u, f.target);
        E = 0.98 * E + 0.02 * f.sg.E;
        task_synth_step(&f.sg);
        if (n == 100) first = E;
    }
    ck_assert_msg(E < 0.2 * first, "%g of %g", E, first);
    task_synth_free(&f.sg);
    task_synth_free(&teacher.sg);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("synth");
    TCase *c = tcase_create("synth");
    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, gradient_is_the_slope_of_the_loss, 0, CASES);
    tcase_add_loop_test(c, float_is_double_rounded, 0, CASES);
    tcase_add_loop_test(c, it_says_nothing_before_it_has_learnt, 0, 2);
    tcase_add_loop_test(c, it_learns_what_another_says, 0, 3);
    suite_add_tcase(s, c);
    return test_run(s);
}
