/* Walks {TRAIN,TEST}/DRn/SPEAKER/SENTENCE.{WAV,PHN}.
 * SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "folder.h"
#include "timit.h"

enum { MOST_NESTED = 3 }; /* directories above TRAIN and TEST, as in timit/timit/train */

typedef struct walk {
    task_timit *t;
    size_t capacity;
    task_utterance now; /* side, region and speaker of the directory at hand */
    char *err;
    size_t n;
} walk;

static ep_status out_of_memory(const walk *w)
{
    (void)snprintf(w->err, w->n, "out of memory");
    return EP_NOMEM;
}

static ep_status each(walk *w, const char *dir, task_folder_visit *f) { return task_folder_each(dir, f, w, w->err, w->n); }

static void lower(char *out, size_t n, const char *name, size_t size)
{
    size_t k = 0;
    for (; k < size && k + 1 < n; k++) out[k] = (char)tolower((unsigned char)name[k]);
    out[k] = '\0';
}

static task_utterance *utterance_of(walk *w)
{
    task_timit *t = w->t;
    if (t->n && !strcmp(t->utt[t->n - 1].sentence, w->now.sentence) && !strcmp(t->utt[t->n - 1].speaker, w->now.speaker) &&
        t->utt[t->n - 1].test_side == w->now.test_side && t->utt[t->n - 1].region == w->now.region)
        return &t->utt[t->n - 1];
    if (t->n == w->capacity) {
        size_t capacity = w->capacity ? 2 * w->capacity : 1024;
        task_utterance *utt = realloc(t->utt, capacity * sizeof *utt);
        if (!utt) return NULL;
        t->utt = utt;
        w->capacity = capacity;
    }
    t->utt[t->n] = w->now;
    return &t->utt[t->n++];
}

/* SENTENCE.WAV, .WAV.wav (a RIFF copy beside the original, which then is not needed), .PHN; others are passed over. */
static ep_status visit_file(void *user, const char *path, const char *name)
{
    walk *w = user;
    size_t stem = strcspn(name, ".");
    const char *ext = name + stem;
    bool wav = !strcasecmp(ext, ".wav"), copy = !strcasecmp(ext, ".wav.wav"), phn = !strcasecmp(ext, ".phn");
    if (!(wav || copy || phn) || task_is_folder(path)) return EP_OK;
    if (!strncasecmp(name, "sa", 2)) return EP_OK;
    if (stem == 0 || stem >= sizeof w->now.sentence) {
        (void)snprintf(w->err, w->n, "%s: found a sentence name of %zu characters; expected 1 to 15, as in SX217.WAV", path, stem);
        return EP_FORMAT;
    }
    lower(w->now.sentence, sizeof w->now.sentence, name, stem);
    task_utterance *u = utterance_of(w);
    if (!u) return out_of_memory(w);
    char **slot = phn ? &u->phn : &u->wav;
    if (*slot && copy) return EP_OK;
    if (*slot) {
        (void)snprintf(w->err, w->n, "%s: found the same utterance as %s; expected each once", path, *slot);
        return EP_FORMAT;
    }
    *slot = strdup(path);
    return *slot ? EP_OK : out_of_memory(w);
}

static ep_status visit_speaker(void *user, const char *path, const char *name)
{
    walk *w = user;
    if (!task_is_folder(path)) return EP_OK;
    if (strlen(name) >= sizeof w->now.speaker) {
        (void)snprintf(w->err, w->n, "%s: found a speaker's name of %zu characters; expected at most 15, as in FCJF0", path, strlen(name));
        return EP_FORMAT;
    }
    lower(w->now.speaker, sizeof w->now.speaker, name, strlen(name));
    return each(w, path, visit_file);
}

static ep_status visit_region(void *user, const char *path, const char *name)
{
    walk *w = user;
    if (strlen(name) != 3 || strncasecmp(name, "dr", 2) != 0 || name[2] < '1' || name[2] > '8' || !task_is_folder(path)) return EP_OK;
    w->now.region = name[2] - '0';
    return each(w, path, visit_speaker);
}

static ep_status visit_side(void *user, const char *path, const char *name)
{
    walk *w = user;
    bool test = !strcasecmp(name, "test");
    if ((!test && strcasecmp(name, "train") != 0) || !task_is_folder(path)) return EP_OK;
    w->now = (task_utterance){.test_side = test};
    return each(w, path, visit_region);
}

typedef struct search { char *found; const char *dir; int depth; } search;

static ep_status holds_side(void *user, const char *path, const char *name)
{
    search *s = user;
    bool side = !strcasecmp(name, "train") || !strcasecmp(name, "test");
    if (!s->found && side && task_is_folder(path)) s->found = strdup(s->dir);
    return EP_OK;
}

static char *find_root(const char *dir, int depth);

static ep_status go_down(void *user, const char *path, const char *name)
{
    search *s = user;
    (void)name;
    if (!s->found && task_is_folder(path)) s->found = find_root(path, s->depth - 1);
    return EP_OK;
}

/* The directory at or below dir that holds TRAIN or TEST, or NULL. */
static char *find_root(const char *dir, int depth)
{
    char err[8];
    search s = {.dir = dir, .depth = depth};
    ep_status st = task_folder_each(dir, holds_side, &s, err, sizeof err);
    if (st == EP_OK && !s.found && depth > 0) st = task_folder_each(dir, go_down, &s, err, sizeof err);
    if (st == EP_OK) return s.found;
    free(s.found);
    return NULL;
}

static int by_place(const void *x, const void *y)
{
    const task_utterance *a = x, *b = y;
    int c = (int)a->test_side - (int)b->test_side;
    if (!c) c = a->region - b->region;
    if (!c) c = strcmp(a->speaker, b->speaker);
    return c ? c : strcmp(a->sentence, b->sentence);
}

static ep_status check_pairs(const walk *w)
{
    const task_timit *t = w->t;
    for (size_t k = 0; k < t->n; k++) {
        const task_utterance *u = &t->utt[k];
        if (u->wav && u->phn) continue;
        (void)snprintf(w->err, w->n, "%s: found no %s beside it; expected both", u->wav ? u->wav : u->phn, u->wav ? ".PHN" : ".WAV");
        return EP_FORMAT;
    }
    for (size_t k = 1; k < t->n; k++) {
        if (by_place(&t->utt[k - 1], &t->utt[k]) != 0) continue;
        (void)snprintf(w->err, w->n, "%s: found the same utterance as %s; expected each once", t->utt[k].wav, t->utt[k - 1].wav);
        return EP_FORMAT;
    }
    return EP_OK;
}

static ep_status open_root(walk *w, const char *dir)
{
    if (!task_is_folder(dir)) {
        (void)snprintf(w->err, w->n, "%s: found no such directory; expected TIMIT's tree", dir);
        return EP_DOMAIN;
    }
    char *root = find_root(dir, MOST_NESTED);
    if (!root) {
        (void)snprintf(w->err, w->n, "%s: found no directory TRAIN or TEST; expected {TRAIN,TEST}/DR<1-8>/SPEAKER/SENTENCE.{WAV,PHN}", dir);
        return EP_FORMAT;
    }
    ep_status st = each(w, root, visit_side);
    free(root);
    return st;
}

ep_status task_timit_open(const char *dir, task_timit *out, char *err, size_t n)
{
    task_timit t = {0};
    walk w = {.t = &t, .err = err, .n = n};
    ep_status st = open_root(&w, dir);
    if (!st && t.n == 0) {
        (void)snprintf(err, n, "%s: found no utterance; expected {TRAIN,TEST}/DR<1-8>/SPEAKER/SENTENCE.{WAV,PHN}", dir);
        st = EP_FORMAT;
    }
    if (!st) qsort(t.utt, t.n, sizeof *t.utt, by_place);
    if (!st) st = check_pairs(&w);
    if (!st) st = task_timit_divide(&t, err, n);
    if (st) task_timit_free(&t);
    else *out = t;
    return st;
}

void task_timit_free(task_timit *t)
{
    for (size_t k = 0; k < t->n; k++) {
        free(t->utt[k].wav);
        free(t->utt[k].phn);
    }
    free(t->utt);
    *t = (task_timit){0};
}
