/* Segments from phoneme events and the clean signal.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "corpus.h"

enum { BLOCK = 44 /* 2 ms */, BURST_LEAD = 3 * BLOCK, MOST_PIECES = 3 };

typedef struct piece {
    const char *label; /* "": pause */
    long start;
} piece;

typedef struct labeller {
    piece *p;
    size_t n;
    const int16_t *x;
    long samples;
} labeller;

static bool one_of(const char *label, const char *list)
{
    char padded[24];
    (void)snprintf(padded, sizeof padded, " %.16s ", label);
    return strstr(list, padded) != NULL;
}

static const char *closure_of(const char *stop)
{
    static const char *const pair[][2] = {{"p", "pcl"}, {"t", "tcl"}, {"k", "kcl"}, {"ch", "tcl"}, {"b", "bcl"}, {"d", "dcl"}, {"g", "gcl"}, {"jh", "dcl"}};
    for (size_t k = 0; k < sizeof pair / sizeof *pair; k++)
        if (!strcmp(pair[k][0], stop)) return pair[k][1];
    return NULL;
}

/* Zeros before a voiceless burst whose event is at `at`: the event may come up to 6 ms after the first sound. */
static bool silence_before(const labeller *l, long from, long at, long *start, long *end)
{
    long e = at < l->samples ? at : l->samples;
    while (e > from && at - e < BURST_LEAD && l->x[e - 1] != 0) e--;
    long s = e;
    while (s > from && l->x[s - 1] == 0) s--;
    *start = s;
    *end = e;
    return e - s >= 2 * BLOCK;
}

static double roughness(const int16_t *x)
{
    double sum = 0;
    for (int k = 1; k < BLOCK; k++) sum += abs(x[k] - x[k - 1]);
    return sum + 1;
}

/* First 2 ms of a voiced stop in [from, to) that are 4 times as rough as the smoothest before, or `to`. */
static long voiced_burst(const labeller *l, long from, long to)
{
    double least = -1;
    if (to > l->samples) to = l->samples;
    for (long s = from + 2 * BLOCK; s + BLOCK <= to; s += BLOCK) { /* the first 4 ms still belong to the sound before */
        double r = roughness(l->x + s);
        if (least >= 0 && r >= 4 * least) return s;
        if (least < 0 || r < least) least = r;
    }
    return to;
}

static void push(labeller *l, const char *label, long start) { l->p[l->n++] = (piece){label, start}; }

static void add_stop(labeller *l, const char *label, const char *closure, long start, long end, bool first)
{
    bool after_pause = l->n == 0 || !*l->p[l->n - 1].label;
    if (one_of(label, " p t k ch ")) {
        long from, to;
        if (!first && !after_pause && silence_before(l, l->p[l->n - 1].start, start, &from, &to)) {
            push(l, closure, from);
            start = to;
        }
        push(l, label, start);
        return;
    }
    long burst = voiced_burst(l, start, end);
    push(l, closure, start);
    if (burst < end) push(l, label, burst);
}

/* A label of the table lives in two places: "ay axr" is split; these are its halves' own names. */
static const char *label_at(const char *labels, size_t size)
{
    char name[8];
    (void)snprintf(name, sizeof name, "%.*s", (int)size, labels);
    return task_phone_name(task_phone_find(name));
}

static void add_event(labeller *l, const char *labels, long start, long end)
{
    size_t size = strcspn(labels, " ");
    const char *first = *labels ? label_at(labels, size) : "";
    const char *closure = closure_of(first);
    if (closure) {
        add_stop(l, first, closure, start, end, l->n == 0);
        return;
    }
    if (!strcmp(first, "hh") && l->n && *l->p[l->n - 1].label &&
        !one_of(l->p[l->n - 1].label, " p t k ch f th s sh hh pcl tcl kcl q "))
        first = "hv";
    push(l, first, start);
    if (labels[size]) push(l, label_at(labels + size + 1, strlen(labels + size + 1)), start + (end - start) * 6 / 10);
}

static long to_output(long s, long shift) { return (long)(((long long)s * TASK_RATE + CORPUS_SYNTH_RATE / 2) / CORPUS_SYNTH_RATE) + shift; }

/* Pieces to segments that cover [0, total): neighbours of one label joined, pauses named. */
static ep_status segments(const labeller *l, long shift, long total, task_labels *out)
{
    task_segment *seg = malloc((l->n + 2) * sizeof *seg);
    size_t n = 0;
    if (!seg) return EP_NOMEM;
    const int outer = task_phone_find("h#"), inner = task_phone_find("pau");
    seg[n++] = (task_segment){0, (int32_t)total, outer};
    for (size_t k = 0; k < l->n; k++) {
        int phone = *l->p[k].label ? task_phone_find(l->p[k].label) : inner;
        long start = to_output(l->p[k].start, shift);
        bool pause = phone == inner && (seg[n - 1].phone == inner || seg[n - 1].phone == outer);
        if (pause || start >= total) continue;
        while (n > 1 && start <= seg[n - 1].start) n--; /* of no length */
        seg[n - 1].end = (int32_t)start;
        seg[n++] = (task_segment){(int32_t)start, (int32_t)total, phone};
    }
    if (seg[n - 1].phone == inner) seg[n - 1].phone = outer;
    else {
        long end = to_output(l->samples, shift);
        if (end < total) {
            seg[n - 1].end = (int32_t)end;
            seg[n++] = (task_segment){(int32_t)end, (int32_t)total, outer};
        }
    }
    *out = (task_labels){seg, n};
    return EP_OK;
}

ep_status corpus_label(const corpus_event *ev, size_t n, const int16_t *x, long samples, bool rhotic, long shift, long total,
                       task_labels *out, char *err, size_t size)
{
    labeller l = {.p = malloc((MOST_PIECES * n + 1) * sizeof *l.p), .x = x, .samples = samples};
    ep_status st = l.p ? EP_OK : EP_NOMEM;
    for (size_t k = 0; !st && k < n; k++) {
        const char *labels = corpus_phoneme(ev[k].name, rhotic);
        if (labels) {
            add_event(&l, labels, ev[k].start, k + 1 < n ? ev[k + 1].start : samples);
            continue;
        }
        (void)snprintf(err, size, "espeak-ng's phoneme \"%.8s\" has no place in the table of tasks/speech/corpus/map.c", ev[k].name);
        st = EP_FORMAT;
    }
    if (!st) st = segments(&l, shift, total, out);
    free(l.p);
    return st;
}
