/* .PHN: one line "start end label" for each segment, in samples.
 * SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timit.h"

enum { LINE_SIZE = 256 };

typedef struct reader {
    const char *path;
    size_t line, samples, capacity;
    bool past; /* the segment before ended past the audio */
    task_labels labels;
    char *err;
    size_t n;
} reader;

static ep_status bad(const reader *r, const char *found, const char *expected)
{
    (void)snprintf(r->err, r->n, "%s:%zu: found %s; expected %s", r->path, r->line, found, expected);
    return EP_FORMAT;
}

static bool number(char **p, int32_t *out)
{
    if (!isdigit((unsigned char)**p)) return false;
    errno = 0;
    unsigned long v = strtoul(*p, p, 10);
    *out = (int32_t)v;
    return !errno && v <= INT32_MAX;
}

static bool blanks(char **p)
{
    char *start = *p;
    while (**p == ' ' || **p == '\t') ++*p;
    return *p > start;
}

static ep_status append(reader *r, task_segment s)
{
    if (r->labels.n == r->capacity) {
        size_t capacity = r->capacity ? 2 * r->capacity : 64;
        task_segment *seg = realloc(r->labels.seg, capacity * sizeof *seg);
        if (!seg) return EP_NOMEM;
        r->labels.seg = seg;
        r->capacity = capacity;
    }
    r->labels.seg[r->labels.n++] = s;
    return EP_OK;
}

/* A segment within the order and the audio. */
static ep_status placed(reader *r, task_segment s)
{
    char found[120], want[120];
    int32_t before = r->labels.n ? r->labels.seg[r->labels.n - 1].end : 0;
    if (r->past) {
        (void)snprintf(found, sizeof found, "a label after one that ends past the audio");
        (void)snprintf(want, sizeof want, "only the last label to reach past %zu samples", r->samples);
        return bad(r, found, want);
    }
    if (s.start < before || s.end < s.start) {
        (void)snprintf(found, sizeof found, "a segment from %d to %d", s.start, s.end);
        (void)snprintf(want, sizeof want, "one that starts at %d or later and does not end before it starts", before);
        return bad(r, found, want);
    }
    if ((size_t)s.start >= r->samples) {
        (void)snprintf(found, sizeof found, "a segment that starts at %d", s.start);
        (void)snprintf(want, sizeof want, "a start before the end of the audio, which has %zu samples", r->samples);
        return bad(r, found, want);
    }
    r->past = (size_t)s.end > r->samples;
    if (r->past) s.end = (int32_t)r->samples;
    return append(r, s);
}

static ep_status parse(reader *r, char *line)
{
    static const char grammar[] = "\"start end label\" with two whole numbers of samples";
    char found[LINE_SIZE + 20], *p = line;
    task_segment s;
    (void)snprintf(found, sizeof found, "\"%.200s\"", line);
    if (!number(&p, &s.start) || !blanks(&p) || !number(&p, &s.end) || !blanks(&p)) return bad(r, found, grammar);
    char *label = p;
    while (*p && !isspace((unsigned char)*p)) p++;
    char *end = p;
    (void)blanks(&p);
    if (*p || end == label) return bad(r, found, grammar);
    *end = '\0';
    s.phone = task_phone_find(label);
    if (s.phone < 0) {
        (void)snprintf(found, sizeof found, "phoneme \"%.100s\"", label);
        return bad(r, found, "one of TIMIT's 61 labels");
    }
    return placed(r, s);
}

static ep_status parse_all(reader *r, FILE *f)
{
    char line[LINE_SIZE];
    ep_status st = EP_OK;
    while (!st && fgets(line, sizeof line, f)) {
        size_t size = strlen(line);
        r->line++;
        if (size + 1 == sizeof line && line[size - 1] != '\n') return bad(r, "a line of more than 254 characters", "a label");
        while (size && (line[size - 1] == '\n' || line[size - 1] == '\r')) line[--size] = '\0';
        st = parse(r, line);
    }
    if (!st && ferror(f)) {
        (void)snprintf(r->err, r->n, "%s: cannot read: %s", r->path, strerror(errno));
        return EP_IO;
    }
    if (!st && r->labels.n == 0) {
        r->line = 1;
        return bad(r, "an empty file", "at least one line \"start end label\"");
    }
    return st;
}

ep_status task_labels_read(const char *path, size_t samples, task_labels *out, char *err, size_t n)
{
    reader r = {.path = path, .samples = samples, .err = err, .n = n};
    FILE *f = fopen(path, "r");
    if (!f) {
        (void)snprintf(err, n, "%s: cannot open: %s", path, strerror(errno));
        return EP_IO;
    }
    ep_status st = parse_all(&r, f);
    (void)fclose(f);
    if (st) {
        if (st == EP_NOMEM) (void)snprintf(err, n, "%s: out of memory", path);
        task_labels_free(&r.labels);
        return st;
    }
    *out = r.labels;
    return EP_OK;
}

void task_labels_free(task_labels *l)
{
    free(l->seg);
    *l = (task_labels){0};
}

int task_labels_at(const task_labels *l, size_t sample)
{
    size_t lo = 0, hi = l->n; /* first segment that ends after the sample */
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if ((size_t)l->seg[mid].end > sample) hi = mid;
        else lo = mid + 1;
    }
    return lo < l->n && (size_t)l->seg[lo].start <= sample ? l->seg[lo].phone : -1;
}
