/* ALPHABET/CHARACTER/NAME.png, and the official runs.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "folder.h"
#include "glyph.h"

typedef struct walk { glyph_set *s; char *why; } walk;

static ep_status each(walk *w, const char *dir, task_folder_visit *f) { return task_folder_each(dir, f, w, w->why, TASK_WHY); }

static ep_status wrong(char why[TASK_WHY], const char *path, const char *what)
{
    (void)snprintf(why, TASK_WHY, "%.300s: %s", path, what);
    return EP_FORMAT;
}

static ep_status visit_picture(void *user, const char *path, const char *name)
{
    walk *w = user;
    unsigned char ink[GLYPH_AREA];
    size_t n = strlen(name);
    if (n < 5 || strcasecmp(name + n - 4, ".png") != 0) return EP_OK;
    ep_status st = glyph_read_png(path, ink, w->why);
    return st == EP_OK ? glyph_put(w->s, ink) : st;
}

static ep_status visit_character(void *user, const char *path, const char *name)
{
    walk *w = user;
    (void)name;
    if (!task_is_folder(path)) return EP_OK;
    ep_status st = glyph_add_class(w->s);
    if (st == EP_OK) st = each(w, path, visit_picture);
    if (st != EP_OK || w->s->of[w->s->n_classes - 1].count >= 2) return st;
    return wrong(w->why, path, "found fewer than two .png pictures, expected one to learn from and others to ask for");
}

static ep_status visit_alphabet(void *user, const char *path, const char *name)
{
    walk *w = user;
    size_t before = w->s->n_classes;
    if (!task_is_folder(path)) return EP_OK;
    if (strlen(name) >= GLYPH_NAME) return wrong(w->why, path, "found an alphabet's name of more than 63 bytes");
    ep_status st = glyph_add_alphabet(w->s, name);
    if (st == EP_OK) st = each(w, path, visit_character);
    if (st != EP_OK || w->s->n_classes > before) return st;
    return wrong(w->why, path, "empty alphabet: found no folder of a character, expected ALPHABET/CHARACTER/NAME.png");
}

static ep_status load_both(walk *w, const char *dir)
{
    char back[4096], eval[4096];
    bool two = snprintf(back, sizeof back, "%s/images_background", dir) < (int)sizeof back && task_is_folder(back);
    bool test = two && snprintf(eval, sizeof eval, "%s/images_evaluation", dir) < (int)sizeof eval && task_is_folder(eval);
    ep_status st = each(w, two ? back : dir, visit_alphabet);
    size_t n = w->s->n_alphabets;
    if (st == EP_OK && test) st = each(w, eval, visit_alphabet);
    if (st == EP_OK && n == 0) st = wrong(w->why, two ? back : dir, "found no alphabet, expected ALPHABET/CHARACTER/NAME.png");
    return st == EP_OK ? glyph_divide(w->s, n, w->why) : st;
}

ep_status glyph_load(const char *dir, glyph_form form, glyph_set *out, char why[TASK_WHY])
{
    glyph_set s = {.form = form};
    walk w = {&s, why};
    why[0] = '\0';
    ep_status st = load_both(&w, dir);
    if (st == EP_NOMEM && !why[0]) (void)snprintf(why, TASK_WHY, "omniglot: out of memory");
    if (st == EP_OK) *out = s;
    else glyph_free(&s);
    return st;
}

/* ---- official runs ------------------------------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

int glyph_find_label(const glyph_labels *l, const char *example)
{
    for (int k = 0; k < l->n_way; k++)
        if (strcmp(l->class[k], example) == 0) return k;
    return -1;
}

ep_status glyph_read_labels(const char *path, glyph_labels *l, char why[TASK_WHY])
{
    char line[2 * GLYPH_LABEL + 4], a[GLYPH_LABEL], b[GLYPH_LABEL], text[96];
    FILE *f = fopen(path, "r");
    ep_status st = EP_OK;
    if (!f) {
        (void)snprintf(why, TASK_WHY, "%.300s: cannot be read: %s", path, strerror(errno));
        return EP_IO;
    }
    l->n_test = l->n_way = 0;
    for (int n = 1; st == EP_OK && fgets(line, sizeof line, f); n++) {
        char extra;
        int found = sscanf(line, "%255s %255s %c", a, b, &extra);
        if (found == EOF) continue; /* an empty line */
        (void)snprintf(text, sizeof text, "line %d: expected a test picture and a training picture, of at most %d", n, GLYPH_MOST_WAY);
        if (found != 2 || !strchr(line, '\n') || l->n_test == GLYPH_MOST_WAY) {
            st = wrong(why, path, text);
            break;
        }
        strcpy(l->test[l->n_test], a);
        strcpy(l->example[l->n_test++], b);
        if (glyph_find_label(l, b) < 0) strcpy(l->class[l->n_way++], b);
    }
    (void)fclose(f);
    if (st == EP_OK && l->n_way < 2) st = wrong(why, path, "found fewer than two classes");
    qsort(l->class, (size_t)l->n_way, sizeof *l->class, by_text);
    return st;
}

static ep_status read_reduced(const char *dir, const char *name, glyph_form form, unsigned char *out, char why[TASK_WHY])
{
    char path[4096];
    unsigned char ink[GLYPH_AREA];
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path) return wrong(why, dir, "path too long");
    ep_status st = glyph_read_png(path, ink, why);
    if (st == EP_OK) glyph_reduce(form, ink, out);
    return st;
}

static ep_status load_run(const char *dir, const glyph_labels *l, glyph_form form, glyph_run *r, char why[TASK_WHY])
{
    size_t area = (size_t)form.side * (size_t)form.side;
    *r = (glyph_run){.n_way = l->n_way, .n_test = l->n_test, .example = malloc((size_t)l->n_way * area), .test = malloc((size_t)l->n_test * area)};
    r->label = malloc((size_t)l->n_test * sizeof *r->label);
    ep_status st = r->example && r->test && r->label ? EP_OK : EP_NOMEM;
    for (int k = 0; st == EP_OK && k < l->n_way; k++) st = read_reduced(dir, l->class[k], form, r->example + (size_t)k * area, why);
    for (int k = 0; st == EP_OK && k < l->n_test; k++) {
        st = read_reduced(dir, l->test[k], form, r->test + (size_t)k * area, why);
        r->label[k] = glyph_find_label(l, l->example[k]);
    }
    return st;
}

typedef struct run_walk { glyph_runs *runs; const char *dir; char *why; glyph_labels *l; } run_walk;

static ep_status visit_run(void *user, const char *path, const char *name)
{
    run_walk *w = user;
    char file[4096];
    (void)name;
    if (!task_is_folder(path) || snprintf(file, sizeof file, "%s/class_labels.txt", path) >= (int)sizeof file) return EP_OK;
    if (w->runs->n == w->runs->room) {
        size_t room = w->runs->room ? 2 * w->runs->room : 32;
        glyph_run *more = realloc(w->runs->run, room * sizeof *more);
        if (!more) return EP_NOMEM;
        w->runs->run = more;
        w->runs->room = room;
    }
    ep_status st = glyph_read_labels(file, w->l, w->why);
    return st == EP_OK ? load_run(w->dir, w->l, w->runs->form, &w->runs->run[w->runs->n++], w->why) : st;
}

ep_status glyph_load_runs(const char *dir, glyph_form form, glyph_runs *out, char why[TASK_WHY])
{
    glyph_runs r = {.form = form};
    run_walk w = {&r, dir, why, malloc(sizeof *w.l)};
    why[0] = '\0';
    ep_status st = w.l ? task_folder_each(dir, visit_run, &w, why, TASK_WHY) : EP_NOMEM;
    if (st == EP_OK && r.n == 0) st = wrong(why, dir, "found no run, expected RUN/class_labels.txt");
    if (st == EP_NOMEM && !why[0]) (void)snprintf(why, TASK_WHY, "omniglot: out of memory");
    free(w.l);
    if (st == EP_OK) *out = r;
    else glyph_free_runs(&r);
    return st;
}

void glyph_free_runs(glyph_runs *r)
{
    for (size_t k = 0; k < r->n; k++) {
        free(r->run[k].example);
        free(r->run[k].test);
        free(r->run[k].label);
    }
    free(r->run);
    *r = (glyph_runs){0};
}
