/* model.h: the trained numbers of a task: all weights in one vector, with views by network and group.
 * SPDX-License-Identifier: MIT */
#ifndef TASK_MODEL_H
#define TASK_MODEL_H

#include "task.h"

typedef struct task_model {
    const task_spec *spec;
    ep_rule rule;
    size_t n, n_fb;
    double *w;               /* [n] network by network, group by group */
    double *fb;              /* [n_fb] feedback, [nets][n_rec][n_out] */
    unsigned char *trained;  /* [n] 0: stays 0 (diagonal, absent synapse, bias that is not wanted) */
    signed char *sign;       /* [n] -1, 1: the weight's sign is fixed; 0: free */
    double *theta;           /* alpha, rho, beta [n_rec] each */
    task_params net[TASK_MOST_NETS]; /* views */
    ep_net ep[TASK_MOST_NETS];       /* views for the engines */
} task_model;

/* Draws initial weights: N(0, (w/sqrt(fan-in))^2) by ep_rng, in counters of their own for each (network, group). */
EP_MUST_USE ep_status task_model_make(const task *t, ep_rule rule, task_model *out);
void task_model_free(task_model *m);
/* Sets what is not trained to 0 and clips weights whose sign is fixed. */
void task_model_constrain(task_model *m);
/* Where group g of network k lies in w, and its size (0: the model has none). */
size_t task_model_at(const task_model *m, int k, ep_group g);

#endif
