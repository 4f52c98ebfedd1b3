/* Text files into numbers of words.
 * SPDX-License-Identifier: MIT */
#include "word_corpus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH = 4096 };
static const char *const names[TASK_N_SPLIT] = {"ptb.train.txt", "ptb.valid.txt", "ptb.test.txt"};
static const char eos[] = "<eos>";

/* A file in memory, cut into words. */
typedef struct source {
    char path[PATH];
    char *text;
    size_t size;
    const char **word; /* [n] into text, or eos */
    size_t *line;      /* [n] */
    size_t n, room;
} source;

static ep_status fail(const source *f, size_t line, char why[TASK_WHY], const char *found, const char *expected)
{
    if (line) (void)snprintf(why, TASK_WHY, "%.300s:%zu: found %.60s, expected %.100s", f->path, line, found, expected);
    else (void)snprintf(why, TASK_WHY, "%.300s: found %.60s, expected %.100s", f->path, found, expected);
    return EP_FORMAT;
}

static void drop(source *f)
{
    free(f->text);
    free(f->word);
    free(f->line);
    *f = (source){.n = 0};
}

static ep_status slurp(source *f, char why[TASK_WHY])
{
    FILE *in = fopen(f->path, "rb");
    size_t room = 1 << 16;
    ep_status st = EP_OK;
    f->text = malloc(room + 1);
    while (in && f->text) {
        f->size += fread(f->text + f->size, 1, room - f->size, in);
        if (f->size < room) break;
        char *more = realloc(f->text, 2 * room + 1);
        if (!more) st = EP_NOMEM;
        else f->text = more, room *= 2;
        if (st != EP_OK) break;
    }
    if (!in || ferror(in)) {
        (void)snprintf(why, TASK_WHY, "%.300s: cannot be read: %s", f->path, strerror(errno));
        st = EP_IO;
    }
    if (in) (void)fclose(in);
    if (st == EP_OK && !f->text) st = EP_NOMEM;
    if (st == EP_OK) f->text[f->size] = '\0';
    return st;
}

/* Bytes of the character at s in UTF-8, 0 if it is none: no overlong forms, surrogates, or numbers above 10FFFF. */
static size_t character(const unsigned char *s, size_t left)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;
    if (n < 2) return n;
    uint32_t c = s[0] & (0xFFu >> (n + 1));
    for (size_t k = 1; k < n; k++) {
        if (k >= left || s[k] >> 6 != 2) return 0;
        c = c << 6 | (s[k] & 0x3Fu);
    }
    return c >= least[n] && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF) ? n : 0;
}

static ep_status check_bytes(const source *f, char why[TASK_WHY])
{
    const unsigned char *s = (const unsigned char *)f->text;
    size_t line = 1;
    for (size_t k = 0, n; k < f->size; k += n) {
        char byte[32];
        n = character(s + k, f->size - k);
        (void)snprintf(byte, sizeof byte, "byte 0x%02x", s[k]);
        if (s[k] == 0 || n == 0) return fail(f, line, why, byte, "text in UTF-8");
        line += s[k] == '\n';
    }
    return EP_OK;
}

static bool add(source *f, const char *word, size_t line)
{
    if (f->n == f->room) {
        size_t room = f->room ? 2 * f->room : 1024;
        const char **w = realloc(f->word, room * sizeof *w);
        if (w) f->word = w;
        size_t *l = w ? realloc(f->line, room * sizeof *l) : NULL;
        if (!l) return false;
        f->line = l;
        f->room = room;
    }
    f->word[f->n] = word;
    f->line[f->n++] = line;
    return true;
}

/* One line without its end, NUL behind it. */
static ep_status cut_line(source *f, char *s, size_t line, char why[TASK_WHY])
{
    size_t before = f->n, n = strlen(s);
    if (n && s[n - 1] == '\r') s[n - 1] = '\0';
    for (char *save = NULL, *w = strtok_r(s, " \t", &save); w; w = strtok_r(NULL, " \t", &save))
        if (!add(f, w, line)) return EP_NOMEM;
    if (f->n == before) return fail(f, line, why, "an empty line", "words");
    return add(f, eos, line) ? EP_OK : EP_NOMEM;
}

static ep_status load(const char *dir, const char *name, source *f, char why[TASK_WHY])
{
    *f = (source){.n = 0};
    (void)snprintf(f->path, sizeof f->path, "%.3800s/%s", dir, name);
    ep_status st = slurp(f, why);
    if (st == EP_OK) st = check_bytes(f, why);
    char *s = f->text;
    for (size_t line = 1; st == EP_OK && s < f->text + f->size; line++) {
        char *end = memchr(s, '\n', (size_t)(f->text + f->size - s));
        if (!end) end = f->text + f->size;
        *end = '\0';
        st = cut_line(f, s, line, why);
        s = end + 1;
    }
    return st == EP_OK && f->n == 0 ? fail(f, 0, why, "no words", "a line a sentence") : st;
}

/* ---- vocabulary --------------------------------------------------------------------------------------- */

typedef struct entry { const char *word; size_t count; uint32_t id; } entry;

static int by_text(const void *a, const void *b) { return strcmp(((const entry *)a)->word, ((const entry *)b)->word); }

static int by_count(const void *a, const void *b)
{
    const entry *p = a, *q = b;
    return p->count != q->count ? (p->count < q->count ? 1 : -1) : strcmp(p->word, q->word);
}

/* Different words of the training file, numbered by frequency; *out [*n] is in the order of their text. */
static ep_status count_words(const source *f, entry **out, size_t *n, char why[TASK_WHY])
{
    entry *all = calloc(f->n, sizeof *all);
    if (!all) return EP_NOMEM;
    for (size_t k = 0; k < f->n; k++) all[k] = (entry){.word = f->word[k], .count = 1};
    qsort(all, f->n, sizeof *all, by_text);
    *n = 0;
    for (size_t k = 0; k < f->n; k++) {
        if (*n && !strcmp(all[*n - 1].word, all[k].word)) all[*n - 1].count++;
        else all[(*n)++] = all[k];
    }
    *out = all;
    if (*n < 3) return fail(f, 0, why, "one word again and again", "at least two different words beside the ends of lines"); /* <eos> is one */
    if (*n > EP_MAX_DIM) return fail(f, 0, why, "more different words than a network can have", "at most 1048576");
    qsort(all, *n, sizeof *all, by_count);
    for (size_t k = 0; k < *n; k++) all[k].id = (uint32_t)k;
    return EP_OK;
}

static ep_status keep_words(task_corpus *c, const entry *all, size_t n)
{
    size_t size = 0;
    for (size_t k = 0; k < n; k++) size += strlen(all[k].word) + 1;
    c->text = malloc(size);
    c->word = calloc(n, sizeof *c->word);
    if (!c->text || !c->word) return EP_NOMEM;
    c->n_words = n;
    char *to = c->text;
    for (size_t k = 0; k < n; k++) {
        size_t len = strlen(all[k].word) + 1;
        c->word[k] = memcpy(to, all[k].word, len);
        to += len;
    }
    return EP_OK;
}

static ep_status number(const source *f, const entry *all, size_t n, task_text *out, char why[TASK_WHY])
{
    out->id = calloc(f->n, sizeof *out->id);
    if (!out->id) return EP_NOMEM;
    out->n = f->n;
    for (size_t k = 0; k < f->n; k++) {
        entry key = {.word = f->word[k]};
        const entry *e = bsearch(&key, all, n, sizeof *all, by_text);
        char found[64];
        if (!e) {
            (void)snprintf(found, sizeof found, "the word '%.40s'", f->word[k]);
            return fail(f, f->line[k], why, found, "a word that the training file has");
        }
        out->id[k] = e->id;
    }
    return EP_OK;
}

ep_status task_corpus_read(const char *dir, task_corpus *out, char why[TASK_WHY])
{
    source f[TASK_N_SPLIT];
    task_corpus c = {0};
    entry *all = NULL;
    size_t n = 0;
    ep_status st = EP_OK;
    strcpy(why, "");
    for (int k = 0; k < TASK_N_SPLIT; k++) f[k] = (source){.n = 0};
    for (int k = 0; k < TASK_N_SPLIT && st == EP_OK; k++) st = load(dir, names[k], &f[k], why);
    if (st == EP_OK) st = count_words(&f[TASK_TRAIN], &all, &n, why);
    if (st == EP_OK) st = keep_words(&c, all, n);
    if (st == EP_OK) qsort(all, n, sizeof *all, by_text);
    for (int k = 0; k < TASK_N_SPLIT && st == EP_OK; k++) st = number(&f[k], all, n, &c.part[k], why);
    for (int k = 0; k < TASK_N_SPLIT; k++) drop(&f[k]);
    free(all);
    if (st == EP_OK) *out = c;
    else task_corpus_free(&c);
    return st;
}

ep_status task_corpus_check(const task_corpus *c, const size_t wanted[TASK_N_SPLIT + 1], char why[TASK_WHY])
{
    for (int k = 0; k < TASK_N_SPLIT; k++) {
        if (c->part[k].n == wanted[k]) continue;
        (void)snprintf(why, TASK_WHY, "%s: found %zu words with the ends of lines, expected %zu", names[k], c->part[k].n, wanted[k]);
        return EP_FORMAT;
    }
    if (c->n_words == wanted[TASK_N_SPLIT]) return EP_OK;
    (void)snprintf(why, TASK_WHY, "%s: found %zu different words, expected %zu", names[TASK_TRAIN], c->n_words, wanted[TASK_N_SPLIT]);
    return EP_FORMAT;
}

void task_corpus_free(task_corpus *c)
{
    for (int k = 0; k < TASK_N_SPLIT; k++) {
        free(c->part[k].id);
        free(c->part[k].surprise);
    }
    free(c->text);
    free(c->word);
    *c = (task_corpus){0};
}
