/* vectors_plan.c: cases are planned one after the other, which settles their seeds and their order, and made on several threads.
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "algo.h"
#include "vectors.h"

ep_status vfy_plan_add(vfy_plan *p, vfy_maker make, const void *what, size_t bytes, int cost)
{
    if (p->n == p->cap) {
        size_t cap = p->cap ? 2 * p->cap : 64;
        vfy_job *job = realloc(p->job, cap * sizeof *job);
        if (!job) return EP_NOMEM;
        p->job = job;
        p->cap = cap;
    }
    vfy_job j = {make, malloc(bytes), cost};
    if (!j.what) return EP_NOMEM;
    memcpy(j.what, what, bytes);
    p->job[p->n++] = j;
    return EP_OK;
}

void vfy_plan_free(vfy_plan *p)
{
    for (size_t i = 0; i < p->n; i++) free(p->job[i].what);
    free(p->job);
    *p = (vfy_plan){0};
}

typedef struct work {
    pthread_mutex_t lock;
    const vfy_plan *plan;
    const vfy_progress *progress;
    vfy_made *made;
    size_t failed;    /* the first one, plan->n: none */
    double done, all; /* costs */
    ep_status status;
    char *err;
    size_t n_err;
} work;

static void finish(work *w, size_t i, ep_status st, const char *err)
{
    pthread_mutex_lock(&w->lock);
    w->done += w->plan->job[i].cost;
    if (st == EP_OK) vfy_say(w->progress, "cases", w->done / w->all);
    else if (i < w->failed) {
        w->failed = i;
        w->status = st;
        if (w->n_err) (void)snprintf(w->err, w->n_err, "%s", err);
    }
    pthread_mutex_unlock(&w->lock);
}

static ep_status make_one(void *arg, ref_ctx *scratch, int i)
{
    (void)scratch; /* a case has contexts of its own */
    work *w = arg;
    char err[512] = "";
    const vfy_job *j = &w->plan->job[i];
    ep_status st = j->make(j->what, &w->made[i], err, sizeof err);
    finish(w, (size_t)i, st, err);
    return st;
}

/* Of failures the first by the plan: cases before a failed one were taken before it, so that it does not hang on threads. */
ep_status vfy_plan_run(const vfy_plan *p, int threads, const vfy_progress *progress, vfy_vectors *out, char *err, size_t n)
{
    work w = {.plan = p, .progress = progress, .failed = p->n, .status = EP_OK, .err = err, .n_err = n, .made = calloc(p->n + 1, sizeof *w.made)};
    ref_ctx c;
    ep_status st = w.made ? ref_ctx_init(&c, ref_arith_binary64(), 53) : EP_NOMEM;
    if (st != EP_OK) {
        free(w.made);
        return st;
    }
    for (size_t i = 0; i < p->n; i++) w.all += p->job[i].cost;
    pthread_mutex_init(&w.lock, NULL);
    st = ref_parallel(&c, (int)p->n, threads, make_one, &w);
    pthread_mutex_destroy(&w.lock);
    ref_ctx_clear(&c);
    if (w.status != EP_OK) st = w.status;
    *out = (vfy_vectors){w.made, p->n}; /* also what failed has something to give back */
    if (st != EP_OK) vfy_vectors_free(out);
    return st;
}
