/* optim.h: how a gradient changes weights.
 *
 *   sgd    w <- w - rate g
 *   adam   m <- b1 m + (1-b1) g;  v <- b2 v + (1-b2) g^2
 *          w <- w - rate (m / (1-b1^t)) / (sqrt(v / (1-b2^t)) + eps)                      (Kingma and Ba 2015)
 *   with   g the loss's gradient, clipped to norm `clip`, plus l2 w
 *
 * SPDX-License-Identifier: MIT */
#ifndef TASK_OPTIM_H
#define TASK_OPTIM_H

#include "model.h"

typedef struct task_optim {
    const task_spec *spec;
    size_t n;
    double *m, *v, *step; /* [n]; adam: m, v; step: the last change of w */
    double p1, p2;        /* b1^t, b2^t */
} task_optim;

EP_MUST_USE ep_status task_optim_make(const task_spec *s, size_t n, task_optim *out);
void task_optim_free(task_optim *o);
/* Rate of an iteration, counted from 0. */
double task_rate(const task_spec *s, long iteration);
/* Changes w by g, both [n]; g is overwritten. Writes the change into o->step. */
void task_optim_apply(task_optim *o, double rate, double *w, double *g);
/* One iteration of a model: update, Kolen-Pollack where feedback adapts, constraints. Returns the gradient's norm before
 * clipping. Feedback: B <- (1-lambda) B + (change of Wout)^T, Wout <- (1-lambda) Wout + its change. */
double task_optim_step(task_optim *o, task_model *m, long iteration, double *g);

#endif
