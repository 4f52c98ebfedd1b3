/* Trials side by side.
 * SPDX-License-Identifier: MIT */
#include "batch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_THREADS = 64, USE_ORDER = 240 };

/* ---- threads ------------------------------------------------------------------------------------------- */

typedef struct crew {
    void (*fn)(void *arg, size_t n);
    void *arg;
    size_t count;
    atomic_size_t next;
} crew;

static void *work(void *arg)
{
    crew *c = arg;
    for (size_t n = atomic_fetch_add(&c->next, 1); n < c->count; n = atomic_fetch_add(&c->next, 1)) c->fn(c->arg, n);
    return NULL;
}

void task_parallel(void (*fn)(void *arg, size_t n), void *arg, size_t count, int threads)
{
    crew c = {.fn = fn, .arg = arg, .count = count};
    pthread_t id[MOST_THREADS];
    int want = threads > MOST_THREADS ? MOST_THREADS : threads, started = 0;
    atomic_init(&c.next, 0);
    while (started + 1 < want && (size_t)started + 1 < count && pthread_create(&id[started], NULL, work, &c) == 0) started++;
    (void)work(&c);
    for (int k = 0; k < started; k++) (void)pthread_join(id[k], NULL);
}

/* ---- batches ------------------------------------------------------------------------------------------- */

ep_status task_batch_make(const task_spec *s, int most_B, task_batch *out)
{
    size_t B = (size_t)most_B, steps = B * (size_t)s->T;
    task_batch bt = {.most_B = most_B};
    bool good = true;
    for (int k = 0; k < s->nets; k++) {
        bt.x[k] = malloc(steps * (size_t)s->n_in * sizeof(float));
        good = good && bt.x[k];
    }
    bt.target = malloc(steps * (size_t)s->n_out * sizeof(double));
    bt.mask = malloc(steps * sizeof(double));
    bt.steps = calloc(B, sizeof *bt.steps);
    bt.index = calloc(B, sizeof *bt.index);
    bt.norm = calloc(B, sizeof *bt.norm);
    good = good && bt.norm;
    if (!good || !bt.target || !bt.mask || !bt.steps || !bt.index) {
        task_batch_free(&bt);
        return EP_NOMEM;
    }
    *out = bt;
    return EP_OK;
}

ep_status task_batch_bare(task_batch *bt, const task *t)
{
    const task_spec *s = &t->spec;
    if (!t->kind->spikes || s->nets > 1 || bt->bits) return EP_OK;
    bt->bits = malloc((size_t)bt->most_B * (size_t)s->T * task_words(s->n_in) * sizeof *bt->bits);
    bt->bare = bt->bits;
    return bt->bits ? EP_OK : EP_NOMEM;
}

void task_batch_free(task_batch *bt)
{
    free(bt->bits);
    for (int k = 0; k < TASK_MOST_NETS; k++) free(bt->x[k]);
    free(bt->target);
    free(bt->mask);
    free(bt->steps);
    free(bt->index);
    free(bt->norm);
    *bt = (task_batch){0};
}

task_trial task_batch_trial(const task_batch *bt, const task_spec *s, int b)
{
    size_t at = (size_t)b * (size_t)bt->T;
    return (task_trial){.steps = bt->steps[b], .x = bt->bare ? NULL : bt->x[0] + at * (size_t)s->n_in,
                        .bits = bt->bare ? bt->bits + at * task_words(s->n_in) : NULL,
                        .target = bt->target + at * (size_t)s->n_out, .mask = bt->mask + at};
}

int task_reversed(int s, int steps, int frame)
{
    int first = s / frame * frame, size = first + frame <= steps ? frame : steps - first;
    return steps - first - size + s % frame;
}

typedef struct fill_job {
    task_batch *bt;
    const task *t;
} fill_job;

static void fill_one(void *arg, size_t b)
{
    const fill_job *w = arg;
    const task_spec *s = &w->t->spec;
    size_t T = (size_t)w->bt->T, n_in = (size_t)s->n_in;
    task_trial tr = task_batch_trial(w->bt, s, (int)b);
    if (tr.bits) memset(tr.bits, 0, T * task_words(s->n_in) * sizeof *tr.bits);
    else memset(tr.x, 0, T * n_in * sizeof *tr.x);
    memset(tr.target, 0, T * (size_t)s->n_out * sizeof *tr.target);
    memset(tr.mask, 0, T * sizeof *tr.mask);
    w->t->kind->trial(w->t, w->bt->split, w->bt->index[b], &tr);
    w->bt->norm[b] = task_loss_steps_divisor(s, w->bt->T, tr.mask);
    if (s->nets < 2) return;
    float *back = w->bt->x[1] + b * T * n_in;
    memset(back + (size_t)tr.steps * n_in, 0, (T - (size_t)tr.steps) * n_in * sizeof *back);
    for (int step = 0; step < tr.steps; step++)
        memcpy(back + (size_t)task_reversed(step, tr.steps, s->frame) * n_in, tr.x + (size_t)step * n_in, n_in * sizeof *back);
}

static bool has(const task_batch *bt, task_split split, const uint64_t *index, int B)
{
    return bt->keeps && bt->split == split && bt->B == B && memcmp(bt->index, index, (size_t)B * sizeof *index) == 0;
}

void task_batch_fill(task_batch *bt, const task *t, task_split split, const uint64_t *index, int B, int threads)
{
    fill_job w = {.bt = bt, .t = t};
    if (has(bt, split, index, B)) return;
    bt->B = bt->B_all = B;
    bt->split = split;
    bt->T = 1;
    for (int b = 0; b < B; b++) {
        bt->index[b] = index[b];
        bt->steps[b] = task_steps(t, split, index[b]);
        if (bt->steps[b] > bt->T) bt->T = bt->steps[b];
    }
    task_parallel(fill_one, &w, (size_t)B, threads);
}

/* ---- order ----------------------------------------------------------------------------------------------- */

ep_status task_order_make(const task *t, task_order *out)
{
    *out = (task_order){.count = t->kind->count ? t->kind->count(t, TASK_TRAIN) : 0};
    if (out->count > UINT32_MAX) return EP_DOMAIN;
    if (out->count) out->index = calloc(out->count, sizeof *out->index);
    return out->count && !out->index ? EP_NOMEM : EP_OK;
}

void task_order_free(task_order *o)
{
    free(o->index);
    *o = (task_order){0};
}

static void shuffle(uint64_t seed, uint64_t stream, uint64_t first, uint32_t *v, size_t n, size_t unit)
{
    for (size_t k = n; k > 1; k--) {
        size_t other = task_pick(seed, stream, first + k, (uint32_t)k);
        for (size_t u = 0; u < unit; u++) {
            uint32_t was = v[(k - 1) * unit + u];
            v[(k - 1) * unit + u] = v[other * unit + u];
            v[other * unit + u] = was;
        }
    }
}

/* By steps, then by index; insertion is enough for the few hundred trials of a window. */
static void sort_by_steps(const task *t, uint32_t *v, size_t n)
{
    for (size_t k = 1; k < n; k++) {
        uint32_t now = v[k];
        int steps = task_steps(t, TASK_TRAIN, now);
        size_t to = k;
        for (; to > 0; to--) {
            int before = task_steps(t, TASK_TRAIN, v[to - 1]);
            if (before < steps || (before == steps && v[to - 1] < now)) break;
            v[to] = v[to - 1];
        }
        v[to] = now;
    }
}

/* Shuffled; within windows of 16 batches sorted by length and cut into batches, which are shuffled again. */
static void prepare_epoch(task_order *o, const task *t, uint64_t epoch)
{
    enum { WINDOW = 16 };
    size_t batch = (size_t)t->spec.batch, n = (size_t)o->count;
    uint64_t stream = task_stream(TASK_TRAIN, epoch, USE_ORDER);
    for (size_t k = 0; k < n; k++) o->index[k] = (uint32_t)k;
    shuffle(t->seed, stream, 0, o->index, n, 1);
    for (size_t k = 0; t->kind->steps && k < n; k += WINDOW * batch) {
        size_t size = n - k < WINDOW * batch ? n - k : WINDOW * batch;
        sort_by_steps(t, o->index + k, size);
        shuffle(t->seed, stream, n + 2 + k, o->index + k, size / batch, batch);
    }
    o->epoch = epoch;
    o->ready = true;
}

uint64_t task_order_lane(const task_order *o, const task *t) { return t->spec.carry ? o->count / (uint64_t)t->spec.batch : 0; }

void task_order_batch(task_order *o, const task *t, long iteration, uint64_t *index)
{
    uint64_t first = (uint64_t)iteration * (uint64_t)t->spec.batch, each = task_order_lane(o, t);
    for (int b = 0; each && b < t->spec.batch; b++) index[b] = (uint64_t)b * each + (uint64_t)iteration % each;
    for (int b = 0; !each && b < t->spec.batch; b++) {
        uint64_t at = first + (uint64_t)b;
        index[b] = at;
        if (!o->count) continue;
        if (!o->ready || o->epoch != at / o->count) prepare_epoch(o, t, at / o->count);
        index[b] = o->index[at % o->count];
    }
}
