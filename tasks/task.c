/* The list of tasks, and how one is opened.
 * SPDX-License-Identifier: MIT */
#include "task.h"

#include <stdio.h>
#include <string.h>

static const task_kind *const kinds[] = {&task_pattern, &task_store_recall, &task_evidence, &task_copy_repeat,
#ifdef TASK_SPEECH /* libsndfile and FFTW are there */
                                         &task_speech,
#endif
                                         &task_word, NULL};

const task_kind *const *task_kinds(void) { return kinds; }

const task_kind *task_find(const char *name)
{
    for (const task_kind *const *k = kinds; *k; k++)
        if (strcmp((*k)->name, name) == 0) return *k;
    return NULL;
}

const char *task_left_out(const char *name)
{
    return strcmp(name, "speech") == 0 ? "built without libsndfile and FFTW, which it needs; make deps installs them" : NULL;
}

ep_status task_describe(const task_kind *kind, const char *variant, uint64_t seed, task *out, char why[TASK_WHY])
{
    const char *const *v = kind->variants;
    while (variant && *v && strcmp(*v, variant) != 0) v++;
    if (!*v) {
        int used = snprintf(why, TASK_WHY, "variant '%.40s' of %s: expected", variant, kind->name);
        for (v = kind->variants; *v && used < TASK_WHY - 40; v++) used += snprintf(why + used, (size_t)(TASK_WHY - used), " %s", *v);
        return EP_DOMAIN;
    }
    *out = (task){.kind = kind, .variant = *v, .seed = seed};
    out->spec = (task_spec){.opt.delay = 1, .nets = 1, .frame = 1, .w_in = 1, .w_rec = 1, .w_out = 1, .w_fb = 1, .density = 1,
                            .lr_factor = 1, .adam_b1 = 0.9, .adam_b2 = 0.999, .adam_eps = 1e-8, .batch = 1, .sg_lr = 1e-3, .sg_limit = 1e4,
                            .iterations = 1, .stop_below = -1};
    kind->describe(*v, &out->spec);
    return EP_OK;
}

ep_status task_open(task *t, char why[TASK_WHY])
{
    ep_status st = t->kind->open ? t->kind->open(t, why) : EP_OK;
    if (st == EP_OK) st = task_spec_check(&t->spec, why);
    if (st != EP_OK || !t->spec.carry) return st;
    if (!t->kind->runs_on) (void)snprintf(why, TASK_WHY, "carry = 1: found task %s, whose trials begin anew, expected word", t->kind->name);
    else if (t->kind->count(t, TASK_TRAIN) < (uint64_t)t->spec.batch)
        (void)snprintf(why, TASK_WHY, "carry = 1: found %d lanes, expected at most one a trial: %llu", t->spec.batch, (unsigned long long)t->kind->count(t, TASK_TRAIN));
    else return EP_OK;
    return EP_DOMAIN;
}

void task_close(task *t)
{
    if (t->kind->close) t->kind->close(t);
    t->own = NULL;
}

int task_steps(const task *t, task_split split, uint64_t index)
{
    return t->kind->steps ? t->kind->steps(t, split, index) : t->spec.T;
}

void task_ask(const task *t, const task_trial *out, int k, int first, int steps)
{
    for (int step = first; step < first + steps; step++) {
        out->target[(size_t)step * (size_t)t->spec.n_out + (size_t)k] = 1;
        out->mask[step] = 1;
    }
}

static int largest(int n, const double *v)
{
    int best = 0;
    for (int k = 1; k < n; k++)
        if (v[k] > v[best]) best = k;
    return best;
}

void task_decide(const task *t, const task_trial *tr, const double *y, task_score *sum)
{
    int n_out = t->spec.n_out;
    size_t K = (size_t)n_out, T = (size_t)tr->steps;
    for (size_t first = 0, end; first < T; first = end) {
        int wanted = largest(n_out, tr->target + first * K), chosen = 0;
        double best = 0;
        end = first + 1;
        if (!(tr->mask[first] > 0)) continue;
        while (end < T && tr->mask[end] > 0 && largest(n_out, tr->target + end * K) == wanted) end++;
        for (size_t k = 0; k < K; k++) {
            double total = 0;
            for (size_t step = first; step < end; step++) total += tr->mask[step] * y[step * K + k];
            if (k == 0 || total > best) {
                best = total;
                chosen = (int)k;
            }
        }
        sum->good += chosen == wanted;
        sum->of += 1;
    }
}
