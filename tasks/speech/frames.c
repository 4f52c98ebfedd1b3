/* The frames of a tree.
 * SPDX-License-Identifier: MIT */
#include "frames.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ep_status no_memory(char *err, size_t n)
{
    (void)snprintf(err, n, "speech: out of memory for the features");
    return EP_NOMEM;
}

static bool grow(task_frames *f, size_t *capacity, size_t frames)
{
    size_t size = (size_t)task_feature_size(f->kind), want = *capacity;
    if (frames <= want) return true;
    while (want < frames) want = want ? want + want / 2 : 65536;
    float *x = realloc(f->x, want * size * sizeof *x);
    if (x) f->x = x;
    int8_t *label = realloc(f->label, want);
    if (label) f->label = label;
    if (!x || !label) return false;
    *capacity = want;
    return true;
}

/* Static features and labels of one utterance, behind the frames that are there. */
static ep_status add(task_frames *f, size_t *capacity, const task_utterance *u, size_t k, task_extractor *e, char *err, size_t n)
{
    int16_t *samples = NULL;
    size_t count, size = (size_t)task_feature_size(f->kind);
    task_labels labels = {0};
    ep_status st = task_audio_read(u->wav, &samples, &count, err, n);
    if (!st) st = task_labels_read(u->phn, count, &labels, err, n);
    size_t frames = st ? 0 : task_feature_frames(count);
    f->first[k + 1] = f->first[k] + frames;
    if (!st && !grow(f, capacity, f->first[k + 1])) st = no_memory(err, n);
    if (!st) {
        task_extractor_run(e, samples, count, f->x + f->first[k] * size, size);
        for (size_t t = 0; t < frames; t++)
            f->label[f->first[k] + t] = (int8_t)task_labels_at(&labels, t * TASK_STEP + TASK_WINDOW / 2);
    }
    task_labels_free(&labels);
    free(samples);
    return st;
}

static ep_status normalise(const task_timit *t, task_frames *f, char *err, size_t n)
{
    size_t size = (size_t)task_feature_size(f->kind), fixed = (size_t)task_feature_static(f->kind), rows = f->first[f->n];
    bool *use = calloc(rows + 1, sizeof *use);
    if (!use) return no_memory(err, n);
    for (size_t k = 0; k < f->n; k++)
        for (size_t r = f->first[k]; r < f->first[k + 1]; r++) use[r] = t->utt[k].part == TASK_TRAIN;
    task_feature_zscore(f->x, rows, fixed, size, use);
    for (size_t k = 0; k < f->n; k++)
        task_feature_deltas(f->x + f->first[k] * size, f->first[k + 1] - f->first[k], fixed, size);
    task_feature_zscore(f->x, rows, size, size, use);
    free(use);
    return EP_OK;
}

static ep_status compute(const task_timit *t, task_frames *f, char *err, size_t n)
{
    size_t capacity = 0;
    task_extractor *e = task_extractor_new(f->kind);
    f->first = calloc(f->n + 1, sizeof *f->first);
    ep_status st = e && f->first ? EP_OK : no_memory(err, n);
    for (size_t k = 0; !st && k < f->n; k++) {
        if (t->utt[k].part == TASK_N_SPLIT) f->first[k + 1] = f->first[k];
        else st = add(f, &capacity, &t->utt[k], k, e, err, n);
    }
    task_extractor_free(e);
    return st ? st : normalise(t, f, err, n);
}

ep_status task_frames_load(const task_timit *t, task_feature kind, const char *cache, task_frames *out, char *err, size_t n)
{
    task_frames f = {.kind = kind, .n = t->n};
    uint64_t key = 0;
    ep_status st = task_frames_key(t, kind, &key, err, n);
    char *path = st || !cache ? NULL : task_cache_path(cache, kind, key);
    if (path) f.cached = task_cache_read(path, key, &f) == EP_OK;
    if (!st && !f.cached) {
        st = compute(t, &f, err, n);
        if (!st && path && task_cache_write(path, key, &f)) {
            (void)snprintf(f.note, sizeof f.note, "%.200s: cannot keep the features here; they are computed anew each time", path);
        }
    }
    free(path);
    if (st) task_frames_free(&f);
    else *out = f;
    return st;
}

void task_frames_free(task_frames *f)
{
    free(f->first);
    free(f->x);
    free(f->label);
    *f = (task_frames){0};
}
