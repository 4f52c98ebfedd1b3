/* arm.h: one-shot learning of a movement: a two-joint arm follows a path after one trial (e-prop 2).
 *
 *   training trial -> learning signals of the error module -> one update -> test trial of the same movement
 *
 * Kinematics: links of 0.5 m; phi_q^t = phi_q^0 + unit dt sum_{s<=t} y_q^s, phi^0 = (0, pi/2);
 *   x = (cos phi_1 + cos(phi_1 + phi_2))/2,  y = (sin phi_1 + sin(phi_1 + phi_2))/2.
 * Outer loss of a trial: 1/2 (w_vel mse(velocity) + mse(hand)), means over steps and both coordinates, and rate regularisers.
 * SPDX-License-Identifier: MIT */
#ifndef TASK_ARM_H
#define TASK_ARM_H

#include "train.h"

#include "opt_e2.h"

enum { ARM_JOINTS = 2, ARM_SINES = 5, ARM_CLOCK = 10 };

/* The description: what all tasks have (n_in, n_rec, n_out, T, tau_*, lr, batch, ... in `s`), and the rest. */
typedef struct arm_spec {
    task_spec s;
    int n_mod, n_code;         /* neurons of the error module; of the target's population code, half for each coordinate */
    int first_order;           /* 1: traces count as constants in the outer gradient */
    double eta;                /* of the inner update */
    double code_rate;          /* most spikes a step */
    double code_sigma;         /* m */
    double mod_in, mod_rec, mod_p; /* initial weights of the module: N(0, (w / sqrt(fan-in))^2) */
    double mod_f_target;       /* spikes a step */
    double w_vel, vel_unit;    /* weight of the velocities; rad/s of a readout of 1 */
    int unseen;                /* movements of the final comparison */
} arm_spec;

void arm_describe(const char *variant, arm_spec *out);
extern const char *const arm_variants[];
EP_MUST_USE ep_status arm_set(arm_spec *s, const char *name, const char *value, char why[TASK_WHY]);
size_t arm_own_count(void);
/* Name and value of the n-th number that task_spec does not have. */
const char *arm_own_get(const arm_spec *s, size_t n, char *buf, size_t size);
EP_MUST_USE ep_status arm_check(const arm_spec *s, char why[TASK_WHY]);

/* ---- movements --------------------------------------------------------------------------------------------------- */

/* One movement: angles, the velocities that give them (readout's units), the hand's path. [T][2] each. */
typedef struct arm_path { double *phi, *vel, *hand; } arm_path;

/* Sums of ARM_SINES sines a joint, clipped to +-pi/2 about the start. Pure function of (seed, split, index). */
void arm_movement(const arm_spec *s, uint64_t seed, task_split split, uint64_t index, arm_path *out);
/* Clock [T][ARM_CLOCK]: five phases of two neurons, a spike every 10 steps. */
void arm_clock(const arm_spec *s, float *x);
/* The target's code [T][n_code]: Poisson neurons with Gaussian tuning, centres from -1.4 to 1.4 m. */
void arm_code(const arm_spec *s, uint64_t seed, task_split split, uint64_t index, const double *hand, float *code);
/* Where velocities y [T][2] lead: hand [T][2]. */
void arm_follow(const arm_spec *s, const float *y, double *hand);

typedef struct arm_loss { double vel, hand, E; } arm_loss; /* mean squares; E without regularisers */
/* The loss of velocities y, and err [T][2] = dE/dy times `weight` (NULL: not wanted). */
arm_loss arm_judge(const arm_spec *s, const arm_path *want, const float *y, double weight, float *err);

/* ---- at work ------------------------------------------------------------------------------------------------------ */

/* Both networks, their weights in one vector (main: Win, Wrec, b, Wout, bout; then the module's), and the engine. */
typedef struct arm_machine {
    const arm_spec *spec;
    uint64_t seed;
    ep_net net[2];
    double *theta[2];
    size_t n, at[2][EP_G_BOUT + 1], count[2][EP_G_BOUT + 1];
    unsigned char *trained;    /* [n] */
    opt_e2 *e;
    void *mem;
    size_t bytes;
    int B, threads;
    float *x, *code, *y, *err; /* [B][T][...] */
    arm_path *path;            /* [B] */
    double *store;
    opt_e2_trials tr;
    double seconds;            /* in the engine */
} arm_machine;

EP_MUST_USE ep_status arm_machine_open(const arm_spec *s, uint64_t seed, int B, int threads, arm_machine *out, char why[TASK_WHY]);
void arm_machine_close(arm_machine *m);
void arm_draw(const arm_machine *m, double *w);
EP_MUST_USE ep_status arm_load(arm_machine *m, const double *w, char why[TASK_WHY]);
/* Movements first .. first+B-1 of a split, forward; the batch's mean loss. still: without the update. EP_UNABLE: not finite. */
EP_MUST_USE ep_status arm_run(arm_machine *m, task_split split, uint64_t first, int B, bool still, arm_loss *out);
/* After arm_run: gradient [n] of mean loss + regularisers. */
EP_MUST_USE ep_status arm_gradient(arm_machine *m, double *g);

typedef struct arm_options {
    long iterations, checkpoint_every;
    int threads;
    const char *checkpoint, *out;
    bool resume;
    const volatile sig_atomic_t *stop;
    void (*see)(void *user, const task_point *p, double seconds_left);
    void *user;
} arm_options;

/* Rows of the final comparison. */
enum { ARM_STILL, ARM_TAUGHT, ARM_SYMMETRIC, ARM_RANDOM, ARM_BPTT, ARM_N_WAY };
extern const char *const arm_way_names[ARM_N_WAY];
typedef struct arm_outcome {
    task_end end;
    long iterations;
    task_point last;
    arm_loss unseen[ARM_N_WAY];
    double eta[ARM_N_WAY];     /* chosen on validation movements; the baselines' */
    opt_e2_facts facts;
    double total, engine;
    size_t bytes;
    char what[128];
} arm_outcome;

EP_MUST_USE ep_status arm_train(const arm_spec *s, uint64_t seed, const char *variant, const arm_options *o, arm_outcome *out, char why[TASK_WHY]);
/* One trial, one update by e-prop 1 or a BPTT step on Win and Wrec, the test trial: mean over movements first.. of a split. */
EP_MUST_USE ep_status arm_baseline(const arm_machine *m, const double *w, int way, double eta, task_split split, uint64_t first, int count,
                                   arm_loss *out);
/* DIR/data/arm_*.tsv: paths, rasters, learning signals of the first unseen movement, comparison. */
EP_MUST_USE ep_status arm_write(arm_machine *m, const arm_outcome *r, const char *dir, char why[TASK_WHY]);

#endif
