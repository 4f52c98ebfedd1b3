/* arm.h: one-shot learning of a movement: a two-joint arm follows a path after one trial (e-prop 2; oneshot.h).
 *
 * Kinematics: links of 0.5 m; phi_q^t = phi_q^0 + unit dt sum_{s<=t} y_q^s, phi^0 = (0, pi/2);
 *   x = (cos phi_1 + cos(phi_1 + phi_2))/2,  y = (sin phi_1 + sin(phi_1 + phi_2))/2.
 * Outer loss of a trial: 1/2 (w_vel mse(velocity) + mse(hand)), means over steps and both coordinates, and rate regularisers.
 * SPDX-License-Identifier: MIT */
#ifndef TASK_ARM_H
#define TASK_ARM_H

#include "oneshot.h"

enum { ARM_JOINTS = 2, ARM_SINES = 5, ARM_CLOCK = 10 };

/* n_code: of the target's population code, half for each coordinate. */
typedef struct arm_spec {
    shot_spec e2;
    double code_rate;          /* most spikes a step */
    double code_sigma;         /* m */
    double w_vel, vel_unit;    /* weight of the velocities; rad/s of a readout of 1 */
} arm_spec;

extern const shot_kind arm_kind;

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
/* The loss of velocities y (measure: mean square of the hand's error, m^2; other: of the velocities), and err [T][2] = dE/dy
 * times `weight` (NULL: not wanted). */
shot_score arm_judge(const arm_spec *s, const arm_path *want, const float *y, double weight, float *err);

#endif
