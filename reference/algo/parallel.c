/* Independent rows on several threads.
 * SPDX-License-Identifier: MIT */
#include <pthread.h>

#include "internal.h"

typedef struct job {
    pthread_mutex_t lock;
    int next, count;
    ep_status (*fn)(void *arg, ref_ctx *scratch, int n);
    void *arg;
    const ref_ctx *parent;
    ep_status status;
} job;

static int take(job *w)
{
    pthread_mutex_lock(&w->lock);
    int n = w->status == EP_OK && w->next < w->count ? w->next++ : -1;
    if (n > 0) ref_tick(w->parent, (double)(n) / (double)w->count);
    pthread_mutex_unlock(&w->lock);
    return n;
}

static void fail(job *w, ep_status st)
{
    pthread_mutex_lock(&w->lock);
    if (w->status == EP_OK) w->status = st;
    pthread_mutex_unlock(&w->lock);
}

static void run(job *w)
{
    ref_ctx scratch;
    ep_status st = ref_ctx_fork(&scratch, w->parent);
    if (st != EP_OK) {
        fail(w, st);
        return;
    }
    for (int n = take(w); n >= 0; n = take(w)) {
        st = w->fn(w->arg, &scratch, n);
        if (st == EP_OK) st = scratch.status;
        if (st != EP_OK) fail(w, st);
    }
    ref_ctx_clear(&scratch);
}

static void *thread_main(void *arg)
{
    run(arg);
    mpfr_free_cache();
    return NULL;
}

ep_status ref_parallel(ref_ctx *c, int count, int threads, ep_status (*fn)(void *, ref_ctx *, int), void *arg)
{
    enum { MOST = 64 };
    pthread_t id[MOST];
    int started = 0, extra = threads < count ? threads - 1 : count - 1;
    job w = {.count = count, .fn = fn, .arg = arg, .parent = c, .status = EP_OK};
    if (extra > MOST) extra = MOST;
    pthread_mutex_init(&w.lock, NULL);
    while (started < extra && pthread_create(&id[started], NULL, thread_main, &w) == 0) started++;
    run(&w);
    for (int k = 0; k < started; k++) pthread_join(id[k], NULL);
    pthread_mutex_destroy(&w.lock);
    return w.status;
}
