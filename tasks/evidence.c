/* evidence: seven cues left or right, a pause, then: on which side were more?
 *
 *   inputs   groups of n_in/4: left, right, recall, background; a cue's group spikes with 0.04 a step for 100 steps after
 *            a gap of 50; background spikes with 0.01 throughout; recall with 0.04 in the last 150 steps
 *   trial    7 x 150 steps of cues, a delay of T - 7 x 150 - 150 (default 1050), a decision of 150; a trial leans to one
 *            side with 70 to 30, its label is the side that had more cues
 *   loss     cross-entropy, mean over the last 150 steps and the batch; rate regulariser 300 at 10 Hz
 *   default  50 LIF + 50 ALIF, gains 1, beta = 1.7 (1-rho)/(1-alpha), v_th 0.6, n_ref 5, Adam 5e-3
 *
 * Chosen here: batch 64, at most 1000 iterations, stop once the held-out decision error is below 0.05.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "task.h"

enum { CUES = 7, GAP = 50, CUE = 100, EACH = GAP + CUE, DECISION = 150, USE_CUES = 1, USE_SPIKES = 2 };
enum { LEFT, RIGHT, RECALL, BACKGROUND, GROUPS };

static const char *const variants[] = {"default", NULL};

static void describe(const char *variant, task_spec *s)
{
    (void)variant;
    s->model = EP_LSNN;
    s->opt.loss_norm = EP_NORM_BOTH;
    s->n_in = 40;
    s->n_rec = 100;
    s->n_alif = 50;
    s->n_out = 2;
    s->tau_m = s->tau_out = 20;
    s->tau_a = 2000;
    s->beta = 1.7 * -expm1(-1.0 / s->tau_a) / -expm1(-1.0 / s->tau_m);
    s->v_th = 0.6;
    s->gamma = 0.3;
    s->n_ref = 5;
    s->T = CUES * EACH + 1050 + DECISION;
    s->loss = EP_CLASSIFICATION;
    s->c_reg = 300;
    s->f_target = 0.01;
    s->optimizer = TASK_ADAM;
    s->lr = 5e-3;
    s->batch = 64;
    s->iterations = 1000;
    s->valid_every = 10;
    s->valid_trials = 64;
    s->test_trials = 512;
    s->stop_below = 0.05;
}

static ep_status open(task *t, char why[TASK_WHY])
{
    const task_spec *s = &t->spec;
    bool good = s->n_in >= GROUPS && s->n_out == 2 && s->T >= CUES * EACH + DECISION;
    if (!good) strcpy(why, "evidence: expected n_in >= 4, n_out = 2, T >= 1200");
    return good ? EP_OK : EP_DOMAIN;
}

static void trial(const task *t, task_split split, uint64_t index, const task_trial *out)
{
    const double cue_rate = 0.04, background = 0.01;
    const uint64_t choice = task_stream(split, index, USE_CUES);
    const double lean = task_pick(t->seed, choice, 0, 2) ? 0.7 : 0.3;
    const int T = t->spec.T;
    task_groups in = {.t = t, .out = out, .groups = GROUPS, .stream = task_stream(split, index, USE_SPIKES)};
    int rights = 0;
    for (int k = 0; k < CUES; k++) {
        int side = ep_rng_uniform(t->seed, choice, 1 + (uint64_t)k) < lean ? RIGHT : LEFT;
        task_group_spikes(&in, side, cue_rate, k * EACH + GAP, CUE);
        rights += side == RIGHT;
    }
    task_group_spikes(&in, RECALL, cue_rate, T - DECISION, DECISION);
    task_group_spikes(&in, BACKGROUND, background, 0, T);
    task_ask(t, out, 2 * rights > CUES ? RIGHT : LEFT, T - DECISION, DECISION);
}

const task_kind task_evidence = {
    .name = "evidence",
    .summary = "cues are counted, the answer is due after a delay",
    .variants = variants,
    .spikes = true,
    .measure = "decision error",
    .describe = describe,
    .open = open,
    .trial = trial,
    .score = task_decide,
};
