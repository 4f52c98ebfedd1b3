/* vectors_plan.c: cases are planned one after the other, which settles their seeds and their order, and made on several threads.
 * SPDX-License-Identifier: MIT */
#include <mpfr.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

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
    size_t next, failed; /* failed: the first one, plan->n: none */
    double done, all;    /* costs */
    ep_status status;
    char *err;
    size_t n_err;
} work;

/* The next case, or plan->n when there is none or one has failed. Those before a failed one were taken before it, so that the
 * failure that is reported does not hang on threads. */
static size_t take(work *w)
{
    pthread_mutex_lock(&w->lock);
    size_t i = w->status == EP_OK && w->next < w->plan->n ? w->next++ : w->plan->n;
    pthread_mutex_unlock(&w->lock);
    return i;
}

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

static void run(work *w)
{
    for (size_t i; (i = take(w)) < w->plan->n;) {
        char err[512] = "";
        const vfy_job *j = &w->plan->job[i];
        ep_status st = j->make(j->what, &w->made[i], err, sizeof err);
        finish(w, i, st, err);
    }
}

static void *thread_main(void *arg)
{
    run(arg);
    mpfr_free_cache();
    return NULL;
}

ep_status vfy_plan_run(const vfy_plan *p, int threads, const vfy_progress *progress, vfy_vectors *out, char *err, size_t n)
{
    enum { MOST = 64 };
    pthread_t id[MOST];
    int started = 0, extra = threads > MOST ? MOST : threads - 1;
    work w = {.plan = p, .progress = progress, .failed = p->n, .status = EP_OK, .err = err, .n_err = n, .made = calloc(p->n + 1, sizeof *w.made)};
    if (!w.made) return EP_NOMEM;
    for (size_t i = 0; i < p->n; i++) w.all += p->job[i].cost;
    pthread_mutex_init(&w.lock, NULL);
    while (started < extra && pthread_create(&id[started], NULL, thread_main, &w) == 0) started++;
    run(&w);
    for (int k = 0; k < started; k++) pthread_join(id[k], NULL);
    pthread_mutex_destroy(&w.lock);
    *out = (vfy_vectors){w.made, p->n}; /* also what failed has something to give back */
    if (w.status != EP_OK) vfy_vectors_free(out);
    return w.status;
}
