/* The synthesiser of gradients.
 * SPDX-License-Identifier: MIT */
#include "synth.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { USE_SYNTH = 245 };

#define real float
#define NAME(f) f##_single
#define TANH tanhf
#define GEMM(ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc) \
    cblas_sgemm(CblasRowMajor, ta, tb, (int)(m), (int)(n), (int)(k), 1, a, (int)(lda), b, (int)(ldb), beta, c, (int)(ldc))
#include "synth_net.h"
#undef real
#undef NAME
#undef TANH
#undef GEMM
#define real double
#define NAME(f) f##_double
#define TANH tanh
#define GEMM(ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc) \
    cblas_dgemm(CblasRowMajor, ta, tb, (int)(m), (int)(n), (int)(k), 1, a, (int)(lda), b, (int)(ldb), beta, c, (int)(ldc))
#include "synth_net.h"

static ep_status allocate(task_synth *sg)
{
    size_t each = sg->wide ? sizeof(double) : sizeof(float), hid = (size_t)sg->n_hid, n_s = (size_t)sg->n_s;
    sg->theta = calloc(sg->n + 1, sizeof *sg->theta);
    sg->g = calloc(sg->n + 1, sizeof *sg->g);
    sg->par = calloc(sg->n + 1, each);
    sg->part = calloc(sg->n + 1, each);
    sg->a = calloc(sg->most * hid + 1, each);
    sg->da = calloc(sg->most * hid + 1, each);
    sg->d = calloc(sg->most * n_s + 1, each);
    sg->ones = calloc(sg->most + 1, each);
    if (!sg->theta || !sg->g || !sg->par || !sg->part || !sg->a || !sg->da || !sg->d || !sg->ones) return EP_NOMEM;
    for (size_t k = 0; k < sg->most; k++) {
        if (sg->wide) ((double *)sg->ones)[k] = 1;
        else ((float *)sg->ones)[k] = 1;
    }
    return EP_OK;
}

ep_status task_synth_make(const task_spec *s, int n_u, int n_s, size_t most, bool wide, uint64_t seed, task_synth *out)
{
    size_t m = (size_t)n_u, h = (size_t)s->sg_hidden, n = (size_t)n_s;
    task_synth sg = {.n_u = n_u, .n_hid = s->sg_hidden, .n_s = n_s, .wide = wide, .most = most,
                     .n = h ? h * (m + 1) + n * (h + 1) : n * (m + 1), .rules = *s};
    sg.rules.optimizer = TASK_ADAM;
    sg.rules.l2 = 0;
    ep_status st = allocate(&sg);
    if (st == EP_OK) st = task_optim_make(&sg.rules, sg.n, &sg.optim);
    if (st != EP_OK) {
        task_synth_free(&sg);
        return st;
    }
    uint64_t stream = task_stream(TASK_TRAIN, 0, USE_SYNTH);
    for (size_t k = 0; k < h * m; k++) sg.theta[k] = ep_rng_normal(seed, stream, k, 32) / sqrt((double)n_u);
    *out = sg;
    out->optim.spec = &out->rules;
    task_synth_load(out);
    return EP_OK;
}

void task_synth_free(task_synth *sg)
{
    void *all[] = {sg->theta, sg->g, sg->par, sg->part, sg->a, sg->da, sg->d, sg->ones};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) free(all[k]);
    task_optim_free(&sg->optim);
    *sg = (task_synth){0};
}

void task_synth_load(task_synth *sg)
{
    if (sg->wide) load_double(sg);
    else load_single(sg);
}

void task_synth_say(task_synth *sg, size_t rows, const void *u, void *s)
{
    if (sg->wide) say_double(sg, rows, u, s);
    else say_single(sg, rows, u, s);
}

void task_synth_learn(task_synth *sg, size_t rows, const void *u, const void *target)
{
    if (sg->wide) learn_double(sg, rows, u, target);
    else learn_single(sg, rows, u, target);
}

void task_synth_step(task_synth *sg)
{
    if (!sg->rows) return;
    for (size_t k = 0; k < sg->n; k++) sg->g[k] /= (double)sg->rows;
    task_optim_apply(&sg->optim, sg->rules.sg_lr, sg->theta, sg->g);
    memset(sg->g, 0, sg->n * sizeof *sg->g);
    sg->rows = 0;
    sg->E = 0;
    task_synth_load(sg);
}
