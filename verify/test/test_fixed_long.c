/* Many random steps of core and model, all profiles, half of the networks with formats at random: with EPROP_TEST_MULTIPLIER=1000
 * ten million. Small networks, so that each step is cheap and saturates often.
 * SPDX-License-Identifier: MIT */
#include "fixed_pair.h"
#include "test/run.h"

static const fix_profile *const profiles[] = {&fix_q15, &fix_s16_15, &fix_w8, &fix_reckon};
static const char *const names[] = {"q15", "s16.15", "w8", "reckon"};
enum { N_PROFILE = 4, STEPS = 2500, T = 50 };

typedef struct seen {
    long steps, networks, lstm, spikes;
    uint64_t saturations, wraps;
} seen;

/* The digest is of all kept numbers and counters; where it differs, the first number that does is named. */
static void compare(const pair *p, const char *when, int t)
{
    if (fix_digest(p->core) != ref_fixed_digest(p->model)) pair_compare(p, when, t);
}

static void run(pair *p, seen *s)
{
    int32_t x[MAX_IN], target[MAX_OUT];
    pair_open(p);
    for (int t = 1; t <= T; t++) {
        pair_input(p, x, target);
        pair_step(p, x, pick(p, 5) ? target : NULL);
        compare(p, "step", t);
        for (size_t j = 0; !p->c.lstm && j < (size_t)p->c.n_rec; j++) s->spikes += fix_get(p->core, FIX_z, j);
        uint32_t what = pick(p, 12);
        if (what < 3) {
            fix_update(p->core);
            ref_fixed_update(p->model);
        } else if (what == 3) {
            fix_end(p->core);
            ref_fixed_end(p->model);
        } else if (what == 4) {
            fix_begin(p->core);
            ref_fixed_begin(p->model);
        }
    }
    pair_compare(p, "end", T);
    s->steps += T;
    s->networks++;
    s->lstm += p->c.lstm;
    for (int q = 0; q < FIX_COUNT; q++) *(p->profile.q[q].overflow == FIX_WRAP ? &s->wraps : &s->saturations) += fix_events(p->core, q);
    pair_close(p);
}

START_TEST(test_many_steps)
{
    double want = STEPS * test_multiplier();
    seen s = {0};
    for (uint64_t k = 0; (double)s.steps < want; k++) {
        pair p = {.seed = (UINT64_C(10) + (uint64_t)_i) << 32 | k, .profile = *profiles[_i], .extreme = k % 4 >= 2, .most = 2};
        if (k % 2) pair_disturb(&p);
        pair_network(&p);
        if (fix_state_size(&p.c) > 0) run(&p, &s);
    }
    if (getenv("EPROP_TEST_TABLE"))
        printf("%s: %ld steps of %ld networks (%ld LSTM) equal, %ld spikes, %llu saturations, %llu wraps\n", names[_i], s.steps, s.networks, s.lstm,
               s.spikes, (unsigned long long)s.saturations, (unsigned long long)s.wraps);
    if (want < 1000) return;
    ck_assert_int_gt(s.spikes, s.steps / 20);
    ck_assert_int_gt((long)s.saturations, s.steps / 20);
    ck_assert_int_gt((long)s.wraps, s.steps / 20);
    ck_assert_int_gt(s.lstm, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fixed core: many steps");
    for (int k = 0; k < N_PROFILE; k++) { /* CK_RUN_CASE=w8 runs one */
        TCase *tc = tcase_create(names[k]);
        tcase_set_timeout(tc, 0);
        tcase_add_loop_test(tc, test_many_steps, k, k + 1);
        suite_add_tcase(suite, tc);
    }
    return test_run(suite);
}
