/* The arm task: movements and their loss, the outer loop: threads, checkpoints, interruption, divergence, learning.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arm.h"
#include "test/run.h"

static arm_spec tiny(void)
{
    arm_spec s = {0};
    arm_kind.describe("small", &s.e2);
    s.e2.s.n_rec = 24;
    s.e2.n_mod = 20;
    s.e2.n_code = 12;
    s.e2.s.T = s.e2.T_test = 60;
    s.e2.s.batch = 6;
    s.e2.s.valid_trials = 4;
    s.e2.s.valid_every = 2;
    s.e2.unseen = 4;
    return s;
}

static shot_task task_of(const arm_spec *s) { return (shot_task){.kind = &arm_kind, .variant = "test", .spec = &s->e2, .seed = 1}; }

/* err against central differences of E: halving h quarters what they leave out; the rest is err's own rounding to float. */
START_TEST(loss_and_its_derivative)
{
    arm_spec s = tiny();
    double store[6 * 60];
    float y[120], err[120];
    arm_path p = {store, store + 120, store + 240};
    char why[TASK_WHY];
    ck_assert_msg(shot_check(&arm_kind, &s.e2, why) == EP_OK, "%s", why);
    arm_movement(&s, 3, TASK_TRAIN, 5, &p);
    for (int i = 0; i < 120; i++) y[i] = (float)ep_rng_normal(4, 1, (uint64_t)i, 10);
    shot_score l = arm_judge(&s, &p, y, 1.0, err);
    ck_assert_double_gt(l.measure, 0.0);
    ck_assert_double_eq_tol(l.E, 0.5 * (s.w_vel * l.other + l.measure), 1e-15);
    for (int i = 0; i < 120; i += 7) {
        double d[2];
        for (int k = 0; k < 2; k++) {
            float h = ldexpf(1.0F, -6 - k), keep = y[i];
            y[i] = keep + h;
            double up = arm_judge(&s, &p, y, 1.0, NULL).E;
            y[i] = keep - h;
            double down = arm_judge(&s, &p, y, 1.0, NULL).E;
            y[i] = keep;
            d[k] = (up - down) / (2.0 * (double)h);
        }
        double limit = fabs(d[0] - d[1]) + 0x1p-24 * fabs(d[1]) + 1e-13;
        ck_assert_msg(fabs((double)err[i] - d[1]) <= limit, "y[%d]: %.9g, differences %.9g, limit %.2g", i, (double)err[i], d[1], limit);
        ck_assert_float_ne(err[i], 0.0F);
    }
}
END_TEST

/* Velocities of a movement lead along its path; angles stay within a quarter turn of the start; both hands begin at (1/2, 1/2). */
START_TEST(movements)
{
    arm_spec s = tiny();
    double store[6 * 60], hand[120], other[6 * 60];
    float y[120], code[60 * 12];
    arm_path p = {store, store + 120, store + 240}, q = {other, other + 120, other + 240};
    for (uint64_t n = 0; n < 20; n++) {
        double far = 0.0, spikes = 0.0;
        arm_movement(&s, 1, TASK_TEST, n, &p);
        arm_movement(&s, 1, TASK_TEST, n, &q);
        ck_assert_int_eq(memcmp(store, other, sizeof store), 0);
        for (int i = 0; i < 120; i++) y[i] = (float)p.vel[i];
        arm_follow(&s, y, hand);
        for (int i = 0; i < 120; i++) {
            /* 60 velocities of at most 100, rounded to float, times 0.002 */
            ck_assert_double_le(fabs(hand[i] - p.hand[i]), 60 * 2 * 100 * 0.002 * 0x1p-24);
            ck_assert_double_le(fabs(p.phi[i] - (i % 2 ? 1.5707963267948966 : 0.0)), 1.5707963267948968);
            far = fmax(far, fabs(p.hand[i] - 0.5));
        }
        ck_assert_double_gt(far, 1e-3);
        arm_code(&s, 1, TASK_TEST, n, p.hand, code);
        for (int i = 0; i < 60 * 12; i++) spikes += (double)code[i];
        ck_assert_double_gt(spikes, 10.0);
    }
}
END_TEST


static ep_status train(const arm_spec *s, long iterations, int threads, const char *checkpoint, bool resume, const volatile sig_atomic_t *stop,
                       shot_outcome *r, char why[TASK_WHY])
{
    shot_options o = {.iterations = iterations, .threads = threads, .checkpoint = checkpoint, .resume = resume, .stop = stop};
    const shot_task t = task_of(s);
    return shot_train(&t, &o, r, why);
}

/* Three iterations and three more are six, whatever the threads. */
START_TEST(resumes_bit_for_bit)
{
    arm_spec s = tiny();
    shot_outcome whole, part;
    char a[] = "/tmp/test_arm_XXXXXX", why[TASK_WHY];
    int fd = mkstemp(a);
    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    ck_assert_msg(train(&s, 6, 1, NULL, false, NULL, &whole, why) == EP_OK, "%s", why);
    ck_assert_int_eq(train(&s, 3, 2, a, false, NULL, &part, why), EP_OK);
    ck_assert_msg(train(&s, 6, 2, a, true, NULL, &part, why) == EP_OK, "%s", why);
    ck_assert_int_eq(part.iterations, 6);
    ck_assert_double_eq(part.last.loss, whole.last.loss);
    ck_assert_double_eq(part.last.norm, whole.last.norm);
    for (int k = 0; k < SHOT_N_WAY; k++) ck_assert_double_eq(part.unseen[k].measure, whole.unseen[k].measure);
    ck_assert_double_gt(whole.facts.update, 0.0);
    ck_assert_int_eq(train(&s, 6, 1, a, true, NULL, &part, why), EP_OK); /* nothing left to do */
    ck_assert(isnan(part.last.loss) && part.unseen[SHOT_TAUGHT].E == whole.unseen[SHOT_TAUGHT].E);
    /* of another run: refused, and said why */
    s.e2.eta *= 2;
    ck_assert_int_eq(train(&s, 7, 1, a, true, NULL, &part, why), EP_FORMAT);
    ck_assert_msg(strstr(why, "another run") && strstr(why, "eta"), "%s", why);
    (void)unlink(a);
}
END_TEST

/* A signal ends after the iteration in hand, with a checkpoint to go on from. */
START_TEST(interrupted)
{
    static const volatile sig_atomic_t stop = 1;
    arm_spec s = tiny();
    shot_outcome r;
    char a[] = "/tmp/test_arm_XXXXXX", why[TASK_WHY];
    int fd = mkstemp(a);
    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    ck_assert_msg(train(&s, 50, 1, a, false, &stop, &r, why) == EP_OK, "%s", why);
    ck_assert_int_eq(r.end, TASK_SIGNAL);
    ck_assert_int_eq(r.iterations, 1);
    ck_assert_msg(train(&s, 2, 1, a, true, NULL, &r, why) == EP_OK, "%s", why);
    ck_assert_int_eq(r.end, TASK_ENDED);
    ck_assert_int_eq(r.iterations, 2);
    (void)unlink(a);
}
END_TEST

/* Weights that run away: the outer loss stops being a number; that is an outcome, and no checkpoint is written over. */
START_TEST(diverges)
{
    arm_spec s = tiny();
    shot_outcome r;
    char a[] = "/tmp/test_arm_XXXXXX", why[TASK_WHY];
    int fd = mkstemp(a);
    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    s.e2.s.lr = 1e39; /* beyond binary32 */
    ck_assert_int_eq(train(&s, 5, 1, a, false, NULL, &r, why), EP_OK);
    ck_assert_int_eq(r.end, TASK_DIVERGED);
    ck_assert_int_eq(r.iterations, 1);
    FILE *f = fopen(a, "rb");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fgetc(f), EOF); /* nothing was written */
    (void)fclose(f);
    s.e2.s.lr = 1e38; /* weights are finite, outputs are not */
    ck_assert_int_eq(train(&s, 5, 1, a, false, NULL, &r, why), EP_OK);
    ck_assert_int_eq(r.end, TASK_DIVERGED);
    s.e2.s.lr = 3e-3;
    s.e2.eta = 1e38; /* the update itself overflows */
    ck_assert_int_eq(train(&s, 5, 1, NULL, false, NULL, &r, why), EP_OK);
    ck_assert_int_eq(r.end, TASK_DIVERGED);
    (void)unlink(a);
}
END_TEST

/* Engine and reference agree within the rounding that is allowed; with weights that are a little others they do not. */
START_TEST(checked_by_the_reference)
{
    arm_spec s = tiny();
    const shot_task t = task_of(&s);
    shot_machine m;
    char why[TASK_WHY] = "";
    ck_assert_msg(shot_machine_open(&t, 6, 1, NULL, &m, why) == EP_OK, "%s", why);
    double *w = calloc(m.n, sizeof *w);
    ck_assert_ptr_nonnull(w);
    shot_draw(&m, w);
    ck_assert_int_eq(shot_load(&m, w, why), EP_OK);
    for (uint64_t n = 0; n < 3; n++) {
        task_point p = {.check_r = NAN};
        ck_assert_int_eq(shot_check_engine(&m, w, n, &p), EP_OK);
        ck_assert_msg(p.check_flips > 0.0 || (p.check_r > 0.0 && p.check_r <= 1.0 && p.check_cosine > 0.999), "r %g, cosine %g", p.check_r, p.check_cosine);
        ck_assert_msg(n > 0 || p.check_flips == 0.0, "%g spikes differ", p.check_flips); /* the first at least says something */
    }
    for (size_t e = 0; e < m.n; e++) w[e] *= 1.0 + 0x1p-12;
    task_point p = {.check_r = NAN};
    ck_assert_int_eq(shot_check_engine(&m, w, 0, &p), EP_OK);
    ck_assert(p.check_flips > 0.0 || p.check_r > 1.0);
    free(w);
    shot_machine_close(&m);
}
END_TEST

START_TEST(refuses)
{
    static const struct { const char *name, *value, *says; } wrong[] = {
        {"n_mod", "0.5", "whole number"}, {"eta", "x", "a number"}, {"n_code", "-2", "from 0"}, {"nothing", "1", "nothing"}};
    arm_spec s = tiny();
    char why[TASK_WHY];
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        ck_assert_int_eq(shot_set(&arm_kind, &s.e2, wrong[k].name, wrong[k].value, why), EP_DOMAIN);
        ck_assert_msg(strstr(why, wrong[k].says) != NULL, "%s", why);
    }
    ck_assert_int_eq(shot_check(&arm_kind, &s.e2, why), EP_OK);
    s.e2.n_code = 13;
    ck_assert_int_eq(shot_check(&arm_kind, &s.e2, why), EP_DOMAIN);
    ck_assert_msg(strstr(why, "n_code") != NULL, "%s", why);
    s = tiny();
    s.e2.s.model = EP_LSTM;
    ck_assert_int_ne(shot_check(&arm_kind, &s.e2, why), EP_OK);
    s = tiny();
    s.e2.s.opt.psi_shape = EP_ARCTAN;
    shot_outcome r;
    ck_assert_int_eq(train(&s, 1, 1, NULL, false, NULL, &r, why), EP_NOTIMPL);
    ck_assert_msg(strstr(why, "psi_shape") != NULL, "%s", why);
}
END_TEST

/* Outer gradient steps lower the loss of the batch they were computed on. */
START_TEST(descends)
{
    arm_spec s = tiny();
    shot_machine m;
    shot_score l;
    char why[TASK_WHY] = "";
    s.e2.s.c_reg = 0.0;
    const shot_task t = task_of(&s);
    ck_assert_msg(shot_machine_open(&t, 6, 1, NULL, &m, why) == EP_OK, "%s", why);
    double *w = calloc(m.n, sizeof *w), *g = calloc(m.n, sizeof *g), first = 0.0;
    shot_draw(&m, w);
    for (int i = 0; i < 30; i++) {
        ck_assert_int_eq(shot_load(&m, w, why), EP_OK);
        ck_assert_int_eq(shot_gradient(&m, 0, 6, &l, g), EP_OK);
        if (i == 0) first = l.E;
        double norm = 0.0;
        for (size_t e = 0; e < m.n; e++) norm += g[e] * g[e];
        for (size_t e = 0; e < m.n; e++) w[e] -= 0.03 * g[e] / sqrt(norm);
    }
    ck_assert_msg(l.E < 0.9 * first, "loss from %g to %g", first, l.E);
    free(w);
    free(g);
    shot_machine_close(&m);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("arm");
    TCase *t = tcase_create("arm");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, loss_and_its_derivative);
    tcase_add_test(t, movements);
    tcase_add_test(t, resumes_bit_for_bit);
    tcase_add_test(t, interrupted);
    tcase_add_test(t, diverges);
    tcase_add_test(t, checked_by_the_reference);
    tcase_add_test(t, refuses);
    tcase_add_test(t, descends);
    suite_add_tcase(s, t);
    return test_run(s);
}
