/* A list of runs from a file of patterns.
 * SPDX-License-Identifier: MIT */
#include "sweep.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BRACES = 8 };

/* One {...} of a line: its choices, from `at` to `end`. */
typedef struct brace {
    const char *at, *end; /* of the whole, with both braces */
    const char *first;    /* first choice */
    size_t choices;
} brace;

typedef struct pattern {
    const char *text;
    brace b[MOST_BRACES];
    size_t n;
} pattern;

static ep_status refuse(const char *path, int line, const char *found, const char *expected, char why[SWEEP_WHY])
{
    (void)snprintf(why, SWEEP_WHY, "%.200s:%d: found %.100s, expected %.100s", path, line, found, expected);
    return EP_FORMAT;
}

static ep_status parse(const char *path, int line, const char *text, pattern *p, char why[SWEEP_WHY])
{
    *p = (pattern){.text = text};
    for (const char *c = text; *c; c++) {
        if (*c == '}') return refuse(path, line, "'}' without '{'", "{a,b,...}", why);
        if (*c != '{') continue;
        if (p->n == MOST_BRACES) return refuse(path, line, "too many braces", "at most 8", why);
        brace *b = &p->b[p->n++];
        size_t inside = strcspn(c + 1, "{}");
        if (c[1 + inside] != '}') return refuse(path, line, "'{' without '}'", "{a,b,...}", why);
        *b = (brace){.at = c, .end = c + 2 + inside, .first = c + 1, .choices = 1};
        for (const char *k = b->first; k < b->end; k++) {
            if (isspace((unsigned char)*k)) return refuse(path, line, "a blank inside braces", "{a,b,...}", why);
            if (*k != ',' && *k != '}') continue;
            if (k == b->first || k[-1] == ',') return refuse(path, line, "an empty choice", "{a,b,...}", why);
            b->choices += *k == ',';
        }
        c = b->end - 1;
    }
    return EP_OK;
}

static bool append(char *to, size_t room, const char *from, size_t n)
{
    size_t used = strlen(to);
    if (used + n + 1 > room) return false;
    memcpy(to + used, from, n);
    to[used + n] = '\0';
    return true;
}

/* The n-th choice of a brace. */
static const char *choice(const brace *b, size_t n, size_t *length)
{
    const char *c = b->first;
    for (; n > 0; n--) c = strchr(c, ',') + 1;
    *length = strcspn(c, ",}");
    return c;
}

/* Characters that a folder's name may have. */
static void make_name(char *name)
{
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("._=+-", *c)) *c = '_';
}

static bool expand(const pattern *p, size_t number, sweep_run *r)
{
    const char *from = p->text;
    size_t pick[MOST_BRACES] = {0}, length;
    bool good = true;
    r->name[0] = r->text[0] = '\0';
    for (size_t k = p->n; k > 0; k--) {
        pick[k - 1] = number % p->b[k - 1].choices;
        number /= p->b[k - 1].choices;
    }
    for (size_t k = 0; k < p->n; k++) {
        const char *c = choice(&p->b[k], pick[k], &length);
        good = good && append(r->text, sizeof r->text, from, (size_t)(p->b[k].at - from)) && append(r->text, sizeof r->text, c, length) &&
               append(r->name, sizeof r->name, "_", k > 0) && append(r->name, sizeof r->name, c, length);
        from = p->b[k].end;
    }
    good = good && append(r->text, sizeof r->text, from, strlen(from));
    if (p->n == 0) good = good && append(r->name, sizeof r->name, p->text, strlen(p->text));
    make_name(r->name);
    return good;
}

static ep_status add(const char *path, int line, const pattern *p, sweep *s, char why[SWEEP_WHY])
{
    size_t all = 1;
    for (size_t k = 0; k < p->n; k++) all = all > SWEEP_MOST ? all : all * p->b[k].choices;
    if (s->n + all > SWEEP_MOST) return refuse(path, line, "more than 100000 runs", "fewer", why);
    for (size_t number = 0; number < all; number++) {
        if (s->n == s->room) {
            size_t room = s->room ? 2 * s->room : 64;
            sweep_run *grown = realloc(s->run, room * sizeof *grown);
            if (!grown) return EP_NOMEM;
            s->run = grown;
            s->room = room;
        }
        sweep_run *r = &s->run[s->n];
        if (!expand(p, number, r)) return refuse(path, line, "a run too long", "at most 1023 characters, 159 of its name", why);
        for (size_t k = 0; k < s->n; k++)
            if (strcmp(s->run[k].name, r->name) == 0) return refuse(path, line, r->name, "each run once: lines with other choices", why);
        s->n++;
    }
    return EP_OK;
}

/* Blanks at both ends and comments go. */
static char *trimmed(char *line)
{
    line[strcspn(line, "#\r\n")] = '\0';
    while (isspace((unsigned char)*line)) line++;
    for (size_t n = strlen(line); n > 0 && isspace((unsigned char)line[n - 1]); n--) line[n - 1] = '\0';
    return line;
}

static ep_status read_lines(FILE *f, const char *path, sweep *s, char why[SWEEP_WHY])
{
    char line[SWEEP_TEXT + 2];
    ep_status st = EP_OK;
    for (int n = 1; st == EP_OK && fgets(line, sizeof line, f); n++) {
        pattern p;
        if (strlen(line) + 1 == sizeof line && line[sizeof line - 2] != '\n') return refuse(path, n, "a line too long", "at most 1024 characters", why);
        char *text = trimmed(line);
        if (!*text) continue;
        st = parse(path, n, text, &p, why);
        if (st == EP_OK) st = add(path, n, &p, s, why);
    }
    if (st == EP_OK && s->n == 0) return refuse(path, 1, "no run", "a line such as: copy-repeat --rule {bptt,eprop3} --seed {1,2}", why);
    return st;
}

ep_status sweep_read(const char *path, sweep *out, char why[SWEEP_WHY])
{
    sweep s = {0};
    strcpy(why, "");
    FILE *f = fopen(path, "r");
    if (!f) {
        (void)snprintf(why, SWEEP_WHY, "%.200s: cannot be read: %s", path, strerror(errno));
        return EP_IO;
    }
    ep_status st = read_lines(f, path, &s, why);
    if (st == EP_OK && ferror(f)) {
        (void)snprintf(why, SWEEP_WHY, "%.200s: cannot be read: %s", path, strerror(errno));
        st = EP_IO;
    }
    (void)fclose(f);
    if (st == EP_OK) *out = s;
    else sweep_free(&s);
    return st;
}

void sweep_free(sweep *s)
{
    free(s->run);
    *s = (sweep){0};
}

bool sweep_words(char *text, char **argv, int most, int *n)
{
    char *rest = NULL;
    *n = 0;
    for (char *w = strtok_r(text, " \t", &rest); w; w = strtok_r(NULL, " \t", &rest)) {
        if (*n == most) return false;
        argv[(*n)++] = w;
    }
    return true;
}
