/* The loss of several readouts' sum, in doubles.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "machine.h"

typedef double real;
#define r_exp exp
#define r_log log
#include "../optimized/loss.h"

double task_loss_divisor(const task_spec *s, const task_batch *bt, int b)
{
    return loss_divisor(s->opt.loss_norm, (size_t)bt->B, (size_t)bt->T, bt->mask + (size_t)b * (size_t)bt->T);
}

typedef struct job {
    const task_spec *s;
    const task_batch *bt;
    const double *y;
    double *err, *part;
} job;

static void one_trial(void *arg, size_t b)
{
    const job *w = arg;
    size_t K = (size_t)w->s->n_out, T = (size_t)w->bt->T;
    const double *mask = w->bt->mask + b * T;
    double norm = task_loss_divisor(w->s, w->bt, (int)b);
    w->part[b] = 0;
    for (size_t t = 0; t < T; t++) {
        size_t at = (b * T + t) * K;
        double *to = w->err + at;
        memset(to, 0, K * sizeof *to);
        if (!(mask[t] > 0)) continue;
        w->part[b] += w->s->loss == EP_CLASSIFICATION
                          ? loss_classification(K, w->y + at, w->bt->target + at, mask[t] / norm, to)
                          : loss_regression(K, w->y + at, w->bt->target + at, mask[t] / norm, to);
    }
}

double task_loss(const task_spec *s, const task_batch *bt, const double *y, double *err, double *part, int threads)
{
    job w = {.s = s, .bt = bt, .y = y, .err = err, .part = part};
    double sum = 0;
    task_parallel(one_trial, &w, (size_t)bt->B, threads);
    for (int b = 0; b < bt->B; b++) sum += part[b];
    return sum;
}
