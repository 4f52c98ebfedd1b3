/* batch.h: trials side by side, made by several threads; and the order in which a training set is read.
 * SPDX-License-Identifier: MIT */
#ifndef TASK_BATCH_H
#define TASK_BATCH_H

#include "task.h"

/* fn(arg, n) for n = 0 .. count-1, on `threads` threads. */
void task_parallel(void (*fn)(void *arg, size_t n), void *arg, size_t count, int threads);

typedef struct task_batch {
    int T, B, most_B;
    int B_all;                /* trials that a mean over the batch is of: B, or those of all processes */
    float *x[TASK_MOST_NETS]; /* [B][T][n_in]; the second network reads frames last to first */
    uint64_t *bits;           /* [B][T][task_words(n_in)] in place of x while `bare`; else NULL */
    bool bare;
    double *target, *mask;    /* [B][T][n_out], [B][T] */
    int *steps;               /* [B]; behind them all is 0 */
    double *norm;             /* [B] what loss_norm divides by within the trial */
    uint64_t *index;          /* [B] */
    task_split split;
    bool keeps;               /* its trials never change: to fill it with those that it has is no work */
} task_batch;

EP_MUST_USE ep_status task_batch_make(const task_spec *s, int most_B, task_batch *out);
void task_batch_free(task_batch *bt);
/* From now on the trials of a kind whose inputs are spikes are made of bits, a 32nd of the memory: what reads x needs
 * bare = false before the batch is filled. EP_NOMEM. */
EP_MUST_USE ep_status task_batch_bare(task_batch *bt, const task *t);
/* Trials index[0 .. B-1] of a split. */
void task_batch_fill(task_batch *bt, const task *t, task_split split, const uint64_t *index, int B, int threads);
/* Trial b as the task sees it. */
task_trial task_batch_trial(const task_batch *bt, const task_spec *s, int b);
/* Step of the reversed trial that reads step s: frames in reverse order, steps of a frame in theirs. */
int task_reversed(int s, int steps, int frame);

/* What err of trial b has been divided by; and the part of it that is the trial's own. */
double task_loss_divisor(const task_spec *s, const task_batch *bt, int b);
double task_loss_steps_divisor(const task_spec *s, int T, const double *mask);

/* The order of a finite training set: shuffled every epoch, trials of similar length share a batch; or (carry) as it runs. */
typedef struct task_order {
    uint64_t count, epoch; /* count 0: index = iteration * batch + b */
    uint32_t *index;
    bool ready;
} task_order;
EP_MUST_USE ep_status task_order_make(const task *t, task_order *out);
void task_order_free(task_order *o);
/* carry: trials that each lane reads in order, an epoch; else 0. */
uint64_t task_order_lane(const task_order *o, const task *t);
/* Indices of a training batch, a pure function of (seed, iteration). */
void task_order_batch(task_order *o, const task *t, long iteration, uint64_t *index);

#endif
