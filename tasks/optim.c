/* Updates of weights.
 * SPDX-License-Identifier: MIT */
#include "optim.h"

#include <math.h>
#include <stdlib.h>

ep_status task_optim_make(const task_spec *s, size_t n, task_optim *out)
{
    task_optim o = {.spec = s, .n = n, .p1 = 1, .p2 = 1};
    o.m = calloc(n + 1, sizeof *o.m);
    o.v = calloc(n + 1, sizeof *o.v);
    o.step = calloc(n + 1, sizeof *o.step);
    if (!o.m || !o.v || !o.step) {
        task_optim_free(&o);
        return EP_NOMEM;
    }
    *out = o;
    return EP_OK;
}

void task_optim_free(task_optim *o)
{
    free(o->m);
    free(o->v);
    free(o->step);
    *o = (task_optim){0};
}

double task_rate(const task_spec *s, long iteration)
{
    double rate = s->lr;
    for (long k = 0; s->lr_every > 0 && k < iteration / s->lr_every; k++) rate *= s->lr_factor;
    if (s->lr_warmup > 0 && iteration + 1 < s->lr_warmup) rate *= (double)(iteration + 1) / s->lr_warmup;
    return rate;
}

static void descend(task_optim *o, double rate, double *w, const double *g)
{
    const double l2 = o->spec->l2;
    double *step = o->step;
    for (size_t e = 0; e < o->n; e++) {
        step[e] = -(rate * (g[e] + l2 * w[e]));
        w[e] += step[e];
    }
}

static void adam(task_optim *o, double rate, double *w, const double *g)
{
    const task_spec *s = o->spec;
    const double b1 = s->adam_b1, b2 = s->adam_b2, eps = s->adam_eps;
    o->p1 *= b1;
    o->p2 *= b2;
    const double c1 = 1 - o->p1, c2 = 1 - o->p2;
    for (size_t e = 0; e < o->n; e++) {
        double d = g[e] + s->l2 * w[e];
        o->m[e] = b1 * o->m[e] + (1 - b1) * d;
        o->v[e] = b2 * o->v[e] + (1 - b2) * (d * d);
        o->step[e] = -(rate * ((o->m[e] / c1) / (sqrt(o->v[e] / c2) + eps)));
        w[e] += o->step[e];
    }
}

void task_optim_apply(task_optim *o, double rate, double *w, double *g)
{
    if (o->spec->optimizer == TASK_SGD) descend(o, rate, w, g);
    else adam(o, rate, w, g);
}

/* What is not trained gets 0; four sums, so that additions need not wait for each other. */
static double clipped(double *g, const unsigned char *trained, size_t n, double most)
{
    double sum[4] = {0};
    for (size_t e = 0; e < n; e++) {
        g[e] = trained[e] ? g[e] : 0;
        sum[e % 4] += g[e] * g[e];
    }
    double norm = sqrt((sum[0] + sum[1]) + (sum[2] + sum[3]));
    if (most > 0 && norm > most)
        for (size_t e = 0; e < n; e++) g[e] *= most / norm;
    return norm;
}

static void kolen_pollack(const task_optim *o, task_model *m)
{
    const task_spec *s = m->spec;
    size_t N = (size_t)s->n_rec, K = (size_t)s->n_out;
    for (int k = 0; k < s->nets; k++) {
        size_t at = task_model_at(m, k, EP_G_WOUT);
        for (size_t out = 0; out < K; out++)
            for (size_t j = 0; j < N; j++) {
                double change = o->step[at + out * N + j], *w = &m->w[at + out * N + j], *B = &m->net[k].B[j * K + out];
                *w -= s->fb_decay * (*w - change);
                *B = *B - s->fb_decay * *B + change;
            }
    }
}

double task_optim_step(task_optim *o, task_model *m, long iteration, double *g)
{
    double norm = clipped(g, m->trained, m->n, m->spec->clip);
    task_optim_apply(o, task_rate(m->spec, iteration), m->w, g);
    if (m->rule == EP_EPROP1_ADAPTIVE) kolen_pollack(o, m);
    task_model_constrain(m);
    return norm;
}
