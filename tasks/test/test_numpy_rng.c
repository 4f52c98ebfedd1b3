/* numpy's legacy generator against numbers that numpy 1.24 and the C++ standard give.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "numpy_rng.h"
#include "test/run.h"

#define ck_same(got, want) ck_assert_msg((got) == (want), "got %a, want %a", (double)(got), (double)(want))

typedef struct golden {
    uint32_t seed, u32[3];
    double rand[3], randn[5];
    double late[5]; /* rand number 311, 312, 623, 624, 1999, counted from 0: around each refill of the state */
    double after[4]; /* after 999 randn: rand, the number kept from before, a new one, uniform(0.5, 2) */
} golden;

static const golden goldens[] = {
    {0, {2357136044u, 2546248239u, 3071714933u},
     {0x1.18fe1565f12a8p-1, 0x1.6e2d4cf608733p-1, 0x1.349d66b6e894bp-1},
     {0x1.c398ef3e5cfa5p+0, 0x1.99c2cfacc8953p-2, 0x1.f51d25222c9abp-1, 0x1.1ed5969e3314ep+1, 0x1.de1847cb13ddap+0},
     {0x1.2cf25ce2031ccp-3, 0x1.45b8f280519f0p-4, 0x1.a0489891118fcp-1, 0x1.f3d3d9a419a16p-1, 0x1.00e86864bc501p-1},
     {0x1.a4d096ce21fc2p-1, -0x1.6eb574c9b16b2p-2, 0x1.59cb9604a3252p-1, 0x1.f32a33060cec5p+0}},
    {1, {1791095845u, 4282876139u, 3093770124u},
     {0x1.ab07d0ffa3c06p-2, 0x1.70ce5f3baf051p-1, 0x1.dfb906661c000p-14},
     {0x1.9fd5190657c50p+0, -0x1.393822fb7d9adp-1, -0x1.0e6c872548fd2p-1, -0x1.12ae1255cb80cp+0, 0x1.bb16b5735117dp-1},
     {0x1.d1bbbf5de4b9cp-1, 0x1.074a049bfdcd2p-2, 0x1.49acb09cb5fc4p-1, 0x1.823463b9ce89dp-1, 0x1.e4b9915854642p-1},
     {0x1.8c46e7e423b1cp-2, -0x1.7ee2458ea67ffp-3, -0x1.af6e8346dd63dp+0, 0x1.d3d3bfa8b2594p+0}},
    {12345, {3992670690u, 3823185381u, 1358822685u},
     {0x1.dbf6a3f8f84b7p-1, 0x1.43f7f410bb044p-2, 0x1.78aa6d0a2dad8p-3},
     {-0x1.a33dc4f5d203dp-3, 0x1.ea701f566080fp-2, -0x1.09f3df0ae3d0ep-1, -0x1.1c88aeb5231f1p-1, 0x1.f73d654602e58p+0},
     {0x1.5d4657ebcf953p-1, 0x1.d7c0b0345de90p-1, 0x1.98f43baec716fp-1, 0x1.16da93f15e345p-1, 0x1.4205d70f9d11ep-1},
     {0x1.6f438795df7e6p-1, 0x1.5fb7492b810dfp+0, -0x1.c5ec321d99f7bp-1, 0x1.236c67810d7d1p+0}},
    {4294967295u, {419326371u, 479346978u, 3918654476u},
     {0x1.8fe69a3924820p-4, 0x1.d323d824032b1p-1, 0x1.93fc6f61af3f9p-1},
     {0x1.4bfc38c486d8ap-1, 0x1.56b192e507eeep-1, -0x1.149e836f192fdp+0, 0x1.23543dec5a0fcp-2, 0x1.d27bf27c6aaafp-4},
     {0x1.2369739e9c078p-2, 0x1.cc39c1c9cc10cp-1, 0x1.4b503fd156088p-3, 0x1.1e2bf4ed4fa5bp-1, 0x1.6f8e202307648p-3},
     {0x1.328411638c768p-2, 0x1.adea44c300e5dp-1, 0x1.57f470897fd1cp-2, 0x1.3bfa27c7c396ap+0}},
};
enum { N_GOLDEN = sizeof goldens / sizeof *goldens };

START_TEST(test_words)
{
    const golden *g = &goldens[_i];
    task_numpy_rng r;
    task_numpy_seed(&r, g->seed);
    for (int k = 0; k < 3; k++) ck_assert_uint_eq(task_numpy_u32(&r), g->u32[k]);
}
END_TEST

/* ISO C++ 26.5.5: the 10000th number of mt19937 with its default seed. */
START_TEST(test_standard_word)
{
    task_numpy_rng r;
    task_numpy_seed(&r, 5489);
    for (int k = 0; k < 9999; k++) (void)task_numpy_u32(&r);
    ck_assert_uint_eq(task_numpy_u32(&r), 4123659995u);
}
END_TEST

START_TEST(test_rand)
{
    static const int late[5] = {311, 312, 623, 624, 1999};
    const golden *g = &goldens[_i];
    task_numpy_rng r;
    task_numpy_seed(&r, g->seed);
    int seen = 0;
    for (int k = 0; k < 2000; k++) {
        double x = task_numpy_rand(&r);
        if (k < 3) ck_same(x, g->rand[k]);
        if (k != late[seen]) continue;
        ck_same(x, g->late[seen]);
        if (++seen == 5) break;
    }
    ck_assert_int_eq(seen, 5);
}
END_TEST

/* log is not correctly rounded everywhere: a normal number may differ from numpy's by the libraries' last bits. */
static void same_normal(double got, double want)
{
    ck_assert_msg(fabs(got - want) <= 4 * 0x1p-53 * fabs(want), "got %a, want %a", got, want);
}

START_TEST(test_randn)
{
    const golden *g = &goldens[_i];
    task_numpy_rng r;
    task_numpy_seed(&r, g->seed);
    for (int k = 0; k < 5; k++) same_normal(task_numpy_randn(&r), g->randn[k]);
}
END_TEST

/* A number kept by randn outlives other draws, and seeding forgets it. */
START_TEST(test_cache)
{
    const golden *g = &goldens[_i];
    task_numpy_rng r;
    task_numpy_seed(&r, g->seed);
    for (int k = 0; k < 999; k++) (void)task_numpy_randn(&r);
    ck_assert(r.has_gauss);
    ck_same(task_numpy_rand(&r), g->after[0]);
    same_normal(task_numpy_randn(&r), g->after[1]);
    same_normal(task_numpy_randn(&r), g->after[2]);
    ck_same(task_numpy_uniform(&r, 0.5, 2.0), g->after[3]);
    ck_assert(r.has_gauss);
    task_numpy_seed(&r, g->seed);
    same_normal(task_numpy_randn(&r), g->randn[0]);
}
END_TEST

START_TEST(test_linspace)
{
    static const double want[7] = {0x1.3333333333333p-2, 0x1.8888888888889p+0, 0x1.6222222222222p+1, 0x1.0p+2,
                                   0x1.4eeeeeeeeeeefp+2, 0x1.9dddddddddddep+2, 0x1.ecccccccccccdp+2};
    double got[7];
    task_numpy_linspace(0.3, 7.7, 7, got);
    for (int k = 0; k < 7; k++) ck_same(got[k], want[k]);
}
END_TEST

/* Each number of rand is the word pair (a >> 5, b >> 6) of a second generator; each uniform lies in its interval. */
START_TEST(test_bits)
{
    task_numpy_rng r, words;
    uint32_t seed = (uint32_t)_i * 2654435761u;
    task_numpy_seed(&r, seed);
    task_numpy_seed(&words, seed);
    for (int k = 0; k < 700; k++) {
        uint64_t a = task_numpy_u32(&words) >> 5, b = task_numpy_u32(&words) >> 6;
        double x = k & 1 ? task_numpy_uniform(&r, -3.0, 5.0) : task_numpy_rand(&r), u = ldexp((double)(a << 26 | b), -53);
        ck_same(x, k & 1 ? -3.0 + 8.0 * u : u);
        ck_assert_msg(k & 1 ? x >= -3.0 && x < 5.0 : x >= 0.0 && x < 1.0, "out of range: %a", x);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("numpy_rng");
    TCase *t = tcase_create("golden");
    tcase_add_loop_test(t, test_words, 0, N_GOLDEN);
    tcase_add_loop_test(t, test_rand, 0, N_GOLDEN);
    tcase_add_loop_test(t, test_randn, 0, N_GOLDEN);
    tcase_add_loop_test(t, test_cache, 0, N_GOLDEN);
    tcase_add_test(t, test_standard_word);
    tcase_add_test(t, test_linspace);
    suite_add_tcase(s, t);
    TCase *loops = tcase_create("loops");
    tcase_set_timeout(loops, 0);
    tcase_add_loop_test(loops, test_bits, 0, 1 + test_loops(200));
    suite_add_tcase(s, loops);
    return test_run(s);
}
