/* The loss of several readouts' sum, or of independent bits, in doubles.
 *
 *   bits   E = - sum_k m log2 P(target_k),  P(1) = 1 / (1 + exp(-y_k))      err_k = m (P(1) - target_k) / ln 2
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "machine.h"

typedef double real;
#define r_exp exp
#define r_log log
#include "../optimized/loss.h"

static const double ln2 = 0.69314718055994530942;

typedef struct job {
    const task_spec *s;
    const task_batch *bt;
    const double *y;
    double *err, *part;
    size_t from, n;
} job;

static double loss_bits(size_t K, const double *y, const double *target, double m, double *err)
{
    double loss = 0;
    for (size_t k = 0; k < K; k++) {
        double e = exp(-fabs(y[k])), p = y[k] > 0 ? 1 / (1 + e) : e / (1 + e);
        loss += m / ln2 * (fmax(y[k], 0) - y[k] * target[k] + log1p(e));
        err[k] = m / ln2 * (p - target[k]);
    }
    return loss;
}

double task_loss_steps_divisor(const task_spec *s, int T, const double *mask) { return loss_divisor(s->opt.loss_norm, 1, (size_t)T, mask); }

double task_loss_divisor(const task_spec *s, const task_batch *bt, int b)
{
    bool batch = s->opt.loss_norm == EP_NORM_BATCH || s->opt.loss_norm == EP_NORM_BOTH;
    return bt->norm[b] * (batch ? bt->B_all : 1);
}

static void one_trial(void *arg, size_t b)
{
    const job *w = arg;
    const task_spec *s = w->s;
    size_t K = (size_t)s->n_out, T = (size_t)w->bt->T;
    const double *mask = w->bt->mask + b * T, *target = w->bt->target + b * T * K;
    double norm = task_loss_divisor(s, w->bt, (int)b);
    w->part[b] = 0;
    for (size_t n = 0; n < w->n; n++) {
        size_t at = (b * w->n + n) * K, t = w->from + n;
        double *to = w->err + at, m = mask[t] / norm;
        const double *y = w->y + at, *want = target + t * K;
        memset(to, 0, K * sizeof *to);
        if (!(m > 0)) continue;
        w->part[b] += s->bits                          ? loss_bits(K, y, want, m, to)
                      : s->loss == EP_CLASSIFICATION ? loss_classification(K, y, want, m, to)
                                                     : loss_regression(K, y, want, m, to);
    }
}

double task_loss_steps(const task_spec *s, const task_batch *bt, int from, int n, const double *y, double *err, double *part, int threads)
{
    job w = {.s = s, .bt = bt, .y = y, .err = err, .part = part, .from = (size_t)from, .n = (size_t)n};
    double sum = 0;
    task_parallel(one_trial, &w, (size_t)bt->B, threads);
    for (int b = 0; b < bt->B; b++) sum += part[b];
    return sum;
}

double task_loss(const task_spec *s, const task_batch *bt, const double *y, double *err, double *part, int threads)
{
    return task_loss_steps(s, bt, 0, bt->T, y, err, part, threads);
}
