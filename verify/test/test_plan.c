/* Planned cases: their order, their count and the failure that is reported do not hang on threads.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "test/run.h"
#include "vectors.h"

enum { N = 60, MOST_THREADS = 8 };
typedef struct wish { int number; bool fails; } wish;

/* Takes a different time for each, so that threads end out of order. */
static ep_status number(const void *what, vfy_made *m, char *err, size_t n)
{
    const wish *w = what;
    volatile double x = 0;
    for (int k = 0; k < (N - w->number) * 500; k++) x += sqrt(k);
    (void)x;
    m->own[0] = malloc(sizeof *m->own[0]); /* given back by who called */
    if (!m->own[0]) return EP_NOMEM;
    *m->own[0] = w->number;
    (void)snprintf(err, n, "number %d", w->number);
    return w->fails ? EP_UNABLE : EP_OK;
}

static ep_status make(int threads, int bad, int worse, const vfy_progress *pr, vfy_vectors *v, char *err, size_t n)
{
    vfy_plan p = {0};
    for (int k = 0; k < N; k++) {
        wish w = {k, k == bad || k == worse};
        ck_assert_int_eq(vfy_plan_add(&p, number, &w, sizeof w, k % 3 ? VFY_COST : VFY_COST_CHAIN), EP_OK);
    }
    ep_status st = vfy_plan_run(&p, threads, pr, v, err, n);
    vfy_plan_free(&p);
    return st;
}

static void rises(void *user, const char *phase, double done)
{
    double *last = user;
    ck_assert_str_eq(phase, "cases");
    ck_assert_double_gt(done, *last);
    *last = done;
}

START_TEST(as_planned)
{
    for (int repeat = 0; repeat < test_loops(20); repeat++) {
        vfy_vectors v;
        double last = 0;
        vfy_progress pr = {rises, &last};
        char err[100] = "";
        ck_assert_int_eq(make(_i, -1, -1, &pr, &v, err, sizeof err), EP_OK);
        ck_assert_uint_eq(v.n, N);
        for (int k = 0; k < N; k++) ck_assert_double_eq(*v.made[k].own[0], k);
        ck_assert_double_eq(last, 1);
        ck_assert_str_eq(err, "");
        vfy_vectors_free(&v);
    }
}
END_TEST

START_TEST(the_first_failure)
{
    for (int repeat = 0; repeat < test_loops(20); repeat++) {
        vfy_vectors v;
        char err[100] = "";
        ck_assert_int_eq(make(_i, 31, 29, NULL, &v, err, sizeof err), EP_UNABLE);
        ck_assert_str_eq(err, "number 29"); /* though 31 takes less time */
        ck_assert_uint_eq(v.n, 0);
        ck_assert_ptr_null(v.made);
    }
}
END_TEST

START_TEST(nothing_planned)
{
    vfy_plan p = {0};
    vfy_vectors v;
    ck_assert_int_eq(vfy_plan_run(&p, _i, NULL, &v, NULL, 0), EP_OK);
    ck_assert_uint_eq(v.n, 0);
    vfy_vectors_free(&v);
}
END_TEST

/* The third try is good; or none is, and each has given back what it had. */
static ep_status third(const void *of, int k, vfy_made *m, bool *good, char *err, size_t n)
{
    const int *wanted = of;
    (void)err, (void)n;
    m->own[0] = malloc(sizeof *m->own[0]);
    *m->own[0] = k;
    *good = k == *wanted;
    return EP_OK;
}
START_TEST(a_search)
{
    vfy_made m = {0};
    char err[100] = "";
    ck_assert_int_eq(vfy_vectors_search(&m, third, &(int){2}, 5, "none", err, sizeof err), EP_OK);
    ck_assert_double_eq(*m.own[0], 2);
    ck_assert_str_eq(err, "");
    ck_assert_int_eq(vfy_vectors_search(&m, third, &(int){5}, 5, "none of five", err, sizeof err), EP_UNABLE);
    ck_assert_str_eq(err, "none of five");
    vfy_made_clear(&m);
}
END_TEST

/* Real cases, those of the self-test: as many threads as one likes make the same. */
START_TEST(the_same_cases)
{
    vfy_vectors one, four;
    char err[512] = "";
    vfy_vectors_args a = {.seed = 1};
    ck_assert_msg(vfy_vectors_make(&a, &one, err, sizeof err) == EP_OK && vfy_vectors_name(&one) == EP_OK, "%s", err);
    a.threads = 4;
    ck_assert_msg(vfy_vectors_make(&a, &four, err, sizeof err) == EP_OK && vfy_vectors_name(&four) == EP_OK, "%s", err);
    ck_assert_uint_eq(one.n, four.n);
    ck_assert_uint_gt(one.n, 40);
    for (size_t i = 0; i < one.n; i++) ck_assert_str_eq(one.made[i].c.id, four.made[i].c.id);
    vfy_vectors_free(&one);
    vfy_vectors_free(&four);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("plan");
    TCase *t = tcase_create("threads");
    tcase_add_loop_test(t, as_planned, 0, MOST_THREADS);
    tcase_add_loop_test(t, the_first_failure, 0, MOST_THREADS);
    tcase_add_loop_test(t, nothing_planned, 0, 3);
    tcase_add_test(t, a_search);
    tcase_add_test(t, the_same_cases);
    tcase_set_timeout(t, 120);
    suite_add_tcase(s, t);
    return test_run(s);
}
