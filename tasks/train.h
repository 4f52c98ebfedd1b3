/* train.h: training that can be watched, stopped, resumed and checked while it runs.
 *
 *   iteration i: batch i -> gradient at w_i (row i of the curve: the loss before the update) -> w_{i+1}
 *
 * SPDX-License-Identifier: MIT */
#ifndef TASK_TRAIN_H
#define TASK_TRAIN_H

#include <signal.h>
#include <stdio.h>

#include "machine.h"
#include "optim.h"
#include "team.h"

/* One row of the curve; NAN where nothing was measured. */
typedef struct task_point {
    long iteration;
    double loss, loss_reg, rate, norm, lr;
    double valid_loss, valid_measure;
    double check_cosine, check_r; /* engine's gradient against the reference's; r in units of its error bound */
    double check_flips;           /* spikes that differ */
    double bptt_cosine;           /* rule's gradient of Win, Wrec, b against BPTT's, on the batch */
    double bptt_distance;         /* norm of their difference, in units of BPTT's */
    double sg_error;              /* synthesiser: root mean square of s - s* over that of s*, of its last update */
    double length, solved;        /* curriculum: steps of the batch's longest trial; score, after this iteration */
} task_point;

typedef enum task_end { TASK_ENDED, TASK_STOP_RULE, TASK_SIGNAL, TASK_DIVERGED, TASK_SG_DIVERGED } task_end;

typedef struct task_train_options {
    task_engine engine;
    ep_rule rule;
    int threads;
    long check_every;       /* both comparisons of task_check; 0: never */
    long compare_every;     /* the rule with BPTT alone */
    const char *checkpoint; /* or NULL */
    long checkpoint_every;  /* iterations; 0: only at the end */
    bool resume;            /* start from the checkpoint */
    const char *out;        /* folder that exists, or NULL */
    const task_team *team;  /* each member trains on its part of every batch, rank 0 writes; NULL: alone */
    const volatile sig_atomic_t *stop; /* becomes non-zero: finish the step and end; or NULL */
    void (*see)(void *user, const task_point *p, double seconds_left); /* after every iteration; or NULL */
    void *user;
} task_train_options;

typedef struct task_outcome {
    task_end end;
    long start, iterations;       /* first and number of done iterations (of all runs together) */
    long updates;                 /* of the weights: one an iteration, or one a window */
    double solved;                /* the curriculum's score; NAN */
    long sg_off;                  /* update at which the synthesiser diverged; -1 */
    double sg_rms;                /* of what it said then */
    long stopped_at;              /* iterations done when the stop rule held; -1 */
    task_point last;
    double test_loss, test_measure;
    double first_flip_t, first_flip_j, first_flip_margin; /* of the first check that saw one; NAN */
    double seconds[TASK_N_PHASE], total;
    double valid_engine;          /* seconds of `valid` that the engine took */
    double ns_per_neuron_step;    /* of the engine's time */
    size_t engine_bytes;
    char engine[256];
} task_outcome;

/* Trains. EP_IO, EP_FORMAT (checkpoint), EP_NOMEM, EP_NOTIMPL, EP_DOMAIN with a line in why. Divergence is an outcome. */
EP_MUST_USE ep_status task_train(const task *t, const task_train_options *o, task_outcome *out, char why[TASK_WHY]);

/* ---- its parts ------------------------------------------------------------------------------------------------ */

/* All that training carries from one iteration to the next. */
typedef struct task_state {
    task *t;
    const task_train_options *o;
    task_model model;
    task_optim optim;
    long iteration;   /* done */
    long stopped_at;
    long updates;     /* of the weights */
    task_future *future; /* the synthesiser's; NULL without one */
    long sg_off;      /* update at which it was given up; -1 */
} task_state;

/* There is something at path that is no regular file, so that renaming onto it would remove a device or a pipe. */
bool task_is_special(const char *path);
/* Writes to a temporary name, syncs, renames: the file is whole or the old one. EP_IO: why says what failed; or a device is there. */
EP_MUST_USE ep_status task_checkpoint_write(const char *path, const task_state *s, char why[TASK_WHY]);
/* EP_FORMAT: damaged, or of another task, rule, engine, seed or option; the state is unchanged then. */
EP_MUST_USE ep_status task_checkpoint_read(const char *path, task_state *s, char why[TASK_WHY]);

/* Opens DIR/curve.csv; rows of iterations >= from are dropped (all for from = 0). */
EP_MUST_USE ep_status task_curve_open(const char *dir, long from, FILE **out, char why[TASK_WHY]);
EP_MUST_USE ep_status task_curve_put(FILE *f, const task_point *p);

/* Mean loss and measure (NAN without one) of the first n trials of a split. */
EP_MUST_USE ep_status task_evaluate(task_machine *m, task_batch *bt, task_split split, long n, double *loss, double *measure);

/* Compares the engine with the reference on the batch's first trial, and the rule with BPTT on the whole batch, whose
 * gradient under the rule is g; task_check does the first only with `reference`. */
typedef struct task_checker {
    task_machine *m;
    task_machine bptt;      /* opened only if has_bptt */
    bool has_bptt;
    task_batch one;
    double *got, *want, *mag, *margin;
    unsigned char *z;
} task_checker;
EP_MUST_USE ep_status task_checker_make(task_machine *m, task_checker *out, char why[TASK_WHY]);
void task_checker_free(task_checker *c);
EP_MUST_USE ep_status task_check(task_checker *c, const task_batch *bt, const double *g, bool reference, task_point *p, task_outcome *o);

/* Data for figures into DIR/data: output.tsv, spikes.tsv, neurons.tsv, of the first test trial. */
EP_MUST_USE ep_status task_write_data(task_machine *m, task_batch *bt, const char *dir, char why[TASK_WHY]);
/* DIR/manifest.json: what ran, where, with what. */
EP_MUST_USE ep_status task_write_manifest(const task *t, const task_train_options *o, int argc, char **argv, char why[TASK_WHY]);
/* What came out as JSON, to a path. */
EP_MUST_USE ep_status task_write_summary(const task *t, const task_train_options *o, const task_outcome *r, const char *path, char why[TASK_WHY]);

extern const char *const task_phase_names[TASK_N_PHASE];

#endif
