/* frames.h: all frames of a TIMIT tree, normalised, with their labels; computed once and kept in a cache.
 * SPDX-License-Identifier: MIT */
#ifndef TASK_FRAMES_H
#define TASK_FRAMES_H

#include "feature.h"

typedef struct task_frames {
    task_feature kind;
    size_t n;       /* utterances, in the order of the tree; those of no split have no frames */
    size_t *first;  /* [n + 1] first frame of each */
    float *x;       /* [first[n]][task_feature_size(kind)] */
    int8_t *label;  /* [first[n]] 0..60, or -1: unlabelled */
    bool cached;    /* read from the cache */
    char note[300]; /* why the cache was not used or not written; "" if there is nothing to say */
} task_frames;

/* Reads, computes and normalises the utterances that have a split: z-scores over the training frames, deltas, z-scores again.
 * `cache` is a directory, or NULL: the result is kept there in a file named by all that it depends on (names, sizes and
 * times of the files, the split, the definition of the features) and taken from it if nothing has changed and its checksum holds. A
 * cache that is damaged or cannot be written costs time, never the result; note says so.
 * EP_FORMAT, EP_IO, EP_NOMEM with a line in err. Free with task_frames_free. */
EP_MUST_USE ep_status task_frames_load(const task_timit *t, task_feature kind, const char *cache, task_frames *out, char *err, size_t n);
void task_frames_free(task_frames *f);

/* ---- cache.c ------------------------------------------------------------------------------------------ */

/* Identifies the frames of a tree. EP_IO: a file is gone. */
EP_MUST_USE ep_status task_frames_key(const task_timit *t, task_feature kind, uint64_t *key, char *err, size_t n);
/* Fills first, x and label of f (kind and n given). EP_FORMAT: no such cache, another one, or damaged. */
EP_MUST_USE ep_status task_cache_read(const char *path, uint64_t key, task_frames *f);
EP_MUST_USE ep_status task_cache_write(const char *path, uint64_t key, const task_frames *f);
/* Path of the cache's file in a directory. The caller frees it. */
char *task_cache_path(const char *dir, task_feature kind, uint64_t key);

#endif
