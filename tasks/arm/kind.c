/* The arm as a task of e-prop 2: its numbers, its episodes, its figure.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arm.h"

static const arm_spec *own(const shot_spec *s) { return (const arm_spec *)s; }

/* paper: sizes, rates and losses of the published code. There psi's scale is gamma, here gamma/v_th, so its inner rate 1e-4 is 1e-4 v_th here; its
 * 100 times a mean over neurons is c_reg/2 times a sum. */
static void describe(const char *variant, shot_spec *out)
{
    bool small = variant && strcmp(variant, "small") == 0;
    *(arm_spec *)out = (arm_spec){.code_rate = 0.2, .code_sigma = 0.2, .w_vel = 0.1, .vel_unit = 2.0};
    *out = (shot_spec){.n_mod = small ? 60 : 300, .n_code = small ? 40 : 200, .eta = small ? 2e-4 : 4e-5, .mod_in = 1.0, .mod_rec = 0.5, .mod_p = 1.0,
                       .mod_f_target = 0.01, .unseen = 100};
    out->s = (task_spec){.model = EP_LIF, .nets = 1, .frame = 1, .n_in = ARM_CLOCK, .n_rec = small ? 80 : 400, .n_out = ARM_JOINTS, .tau_m = 20.0,
                         .tau_a = 0.0, .tau_out = 20.0, .v_th = 0.4, .gamma = 0.3, .n_ref = 5, .bias = false, .bout = false, .w_in = 1.2,
                         .w_rec = 0.5, .w_out = 0.3, .w_fb = 1.0, .density = 1.0, .T = small ? 250 : 500, .loss = EP_REGRESSION,
                         .c_reg = small ? 2.5 : 0.5, .f_target = 0.02, .optimizer = TASK_ADAM, .lr = small ? 3e-3 : 1e-3, .lr_factor = 1.0,
                         .adam_b1 = 0.9, .adam_b2 = 0.999, .adam_eps = 1e-8, .clip = 0.0, .batch = small ? 20 : 100,
                         .iterations = small ? 1000 : 20000, .window = 1, .valid_every = 20, .valid_trials = small ? 40 : 100, .test_trials = 0,
                         .stop_below = -1.0};
    out->s.opt.delay = 1;
}

static void settle(shot_spec *s) { s->T_test = s->s.T; }

static ep_status check(const shot_spec *s, char why[TASK_WHY])
{
    const struct { bool bad; const char *text; } rule[] = {
        {s->s.n_in != ARM_CLOCK || s->s.n_out != ARM_JOINTS, "n_in, n_out: expected 10 and 2, the clock and the joints"},
        {s->s.T < 5 || s->s.T > 5000, "T: expected 5 to 5000 steps"},
        {s->n_code < 2 || s->n_code % 2, "n_code: expected an even number, half for each coordinate"},
        {own(s)->code_rate > 1.0, "code_rate: expected at most one spike a step"},
        {!(own(s)->code_sigma > 0.0) || !(own(s)->vel_unit > 0.0), "code_sigma, vel_unit: expected more than 0"}};
    for (size_t k = 0; k < sizeof rule / sizeof *rule; k++)
        if (rule[k].bad) {
            (void)snprintf(why, TASK_WHY, "arm: %s", rule[k].text);
            return EP_DOMAIN;
        }
    return EP_OK;
}

static size_t aim_size(const shot_spec *s) { return 6 * (size_t)s->s.T * sizeof(double); }

static arm_path path_of(const shot_spec *s, const void *aim)
{
    double *p = (double *)(uintptr_t)aim;
    return (arm_path){p, p + 2 * s->s.T, p + 4 * s->s.T};
}

static void episode(const shot_task *t, int split, uint64_t index, const shot_episode *out)
{
    const arm_spec *s = own(t->spec);
    arm_path p = path_of(t->spec, out->aim);
    arm_movement(s, t->seed, (task_split)split, index, &p);
    arm_clock(s, out->x);
    arm_clock(s, out->x_test);
    arm_code(s, t->seed, (task_split)split, index, p.hand, out->code);
}

/* Both trials have the same target. */
static shot_score judge(const shot_task *t, const void *aim, shot_trial trial, const float *y, double weight, float *err)
{
    arm_path p = path_of(t->spec, aim);
    (void)trial;
    return arm_judge(own(t->spec), &p, y, weight, err);
}

static void say(const shot_score *s, const shot_score *still, char *buf, size_t n)
{
    (void)snprintf(buf, n, "hand %.5f m^2 (%.0f %% of no update), velocity %.4f", s->measure, 100.0 * s->measure / still->measure, s->other);
}

static void put_path(FILE *f, const char *series, int T, const double *hand)
{
    for (int t = 0; t < T; t++) fprintf(f, "%s\t%d\t%.6g\t%.6g\n", series, t + 1, hand[2 * t], hand[2 * t + 1]);
}

static ep_status report(shot_machine *m, const char *dir, char why[TASK_WHY])
{
    static const char *const series[2] = {"before learning", "after one trial"};
    FILE *f;
    shot_score l;
    int T = m->t->spec->s.T;
    double *hand = malloc(2 * (size_t)T * sizeof *hand);
    ep_status st = hand ? shot_table_open(m->t, dir, "path", &f, why) : EP_NOMEM;
    if (st != EP_OK) {
        free(hand);
        return st;
    }
    fprintf(f, "# series\tt\tx\ty\n");
    for (int k = 0; st == EP_OK && k < 2; k++) {
        st = shot_run(m, TASK_TEST, 0, 1, k == 0, &l);
        if (k == 0) put_path(f, "target", T, path_of(m->t->spec, m->aim).hand);
        arm_follow(own(m->t->spec), m->y, hand);
        put_path(f, series[k], T, hand);
    }
    free(hand);
    ep_status closed = shot_table_close(f, "paths", why);
    return st == EP_OK ? closed : st;
}

static const char *const variants[] = {"paper", "small", NULL};
static const shot_row rows[] = {{"code_rate", offsetof(arm_spec, code_rate), false}, {"code_sigma", offsetof(arm_spec, code_sigma), false},
                                {"w_vel", offsetof(arm_spec, w_vel), false}, {"vel_unit", offsetof(arm_spec, vel_unit), false}, {NULL, 0, false}};

const shot_kind arm_kind = {
    .name = "arm", .summary = "one-shot learning of a movement, by e-prop 2",
    .about = "e-prop 2: an outer loop trains a network and an error module so that one update, driven by the module's learning signals, suffices to\n"
             "learn a movement of a two-joint arm. At the end, movements never seen are learnt from one trial each and compared with what no update,\n"
             "e-prop 1 and one BPTT step of the same network reach.\n"
             "\n"
             "  --variant V          paper (default: 400 + 300 neurons, 500 steps, batch 100), small (80 + 60, 250 steps, batch 20)\n",
    .variants = variants, .measure = "hand_mse", .other = "velocity_mse", .episodes = "movements", .rows = rows, .spec_size = sizeof(arm_spec),
    .describe = describe, .settle = settle, .check = check, .aim_size = aim_size, .episode = episode, .judge = judge, .say = say, .report = report};
