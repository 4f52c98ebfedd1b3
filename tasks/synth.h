/* synth.h: the synthesiser at speed: from what it sees at the ends of windows it says what later windows will send back.
 *
 *   linear         s = W u + q
 *   hidden layer   a = tanh(V u + p);  s = W a + q
 *   E = 1/2 sum over rows, sum_k (s_k - s*_k)^2        rows: boundaries of trials
 *
 * Many rows at once, products by CBLAS, in float or double; parameters are kept and changed in double by its own Adam. The
 * reference is reference/synth.h, with the same order of parameters: V [n_hid][n_u], p [n_hid], W [n_s][n_hid], q [n_s];
 * linear: W [n_s][n_u], q [n_s].
 * SPDX-License-Identifier: MIT */
#ifndef TASK_SYNTH_H
#define TASK_SYNTH_H

#include "optim.h"

typedef struct task_synth {
    int n_u, n_hid, n_s;
    bool wide;           /* double in place of float */
    size_t n, most;      /* parameters; rows at once */
    double *theta, *g;   /* [n]; gradient since the last change, of `rows` rows */
    size_t rows;
    double E;            /* of those rows */
    task_spec rules;     /* of its optimizer */
    task_optim optim;
    void *par, *part;    /* [n] parameters and gradient in its format */
    void *a, *d, *da;    /* [most][n_hid], [most][n_s], [most][n_hid] */
    void *ones;          /* [most] */
} task_synth;

/* Weights of the hidden layer: N(0, 1/n_u) of (seed, stream); the readout starts at 0, so it says 0 at first. */
EP_MUST_USE ep_status task_synth_make(const task_spec *s, int n_u, int n_s, size_t most, bool wide, uint64_t seed, task_synth *out);
void task_synth_free(task_synth *sg);
/* s [rows][n_s] from u [rows][n_u], in its format; rows <= most. */
void task_synth_say(task_synth *sg, size_t rows, const void *u, void *s);
/* Adds gradient and loss of what it now says of u, towards target [rows][n_s]. */
void task_synth_learn(task_synth *sg, size_t rows, const void *u, const void *target);
/* One change by the mean over rows of the gradient, which is cleared; none if there were no rows. */
void task_synth_step(task_synth *sg);
/* After theta has been changed from outside. */
void task_synth_load(task_synth *sg);

#endif
