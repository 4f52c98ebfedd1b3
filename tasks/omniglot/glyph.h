/* glyph.h: pictures of characters by hand: Omniglot's folders, its official one-shot runs, or generated ones.
 *
 *   a picture      GLYPH_SIDE x GLYPH_SIDE, ink or not
 *   reduced        side x side; a cell is the share of its area that is ink, in 1/255, rounded to nearest
 *
 * SPDX-License-Identifier: MIT */
#ifndef TASK_GLYPH_H
#define TASK_GLYPH_H

#include <stddef.h>

#include "task.h"

enum { GLYPH_SIDE = 105, GLYPH_AREA = GLYPH_SIDE * GLYPH_SIDE, GLYPH_NAME = 64 };

/* How pictures are prepared. centred: first moved by whole pixels until the middle of the ink's box is that of the
 * picture. */
typedef struct glyph_form { int side; bool centred; } glyph_form;

typedef struct glyph_class { size_t alphabet, first; int count; } glyph_class;

/* Alphabets, each of them whole in one split; classes in the order of their alphabets; pictures in that of their classes. */
typedef struct glyph_set {
    glyph_form form;
    size_t n_alphabets, n_classes, n_pictures;
    size_t room[3];             /* of the arrays */
    char (*name)[GLYPH_NAME];   /* of an alphabet */
    task_split *split;          /* of an alphabet */
    glyph_class *of;
    unsigned char *pixel;       /* [n_pictures][side][side] */
} glyph_set;

/* One official run: which picture of the training shows the same character as each of the test. */
typedef struct glyph_run {
    int n_way, n_test;
    unsigned char *example, *test; /* [n_way][side][side], [n_test][side][side] */
    int *label;                 /* [n_test] 0 .. n_way-1 */
} glyph_run;
typedef struct glyph_runs { glyph_form form; size_t n, room; glyph_run *run; } glyph_runs;

/* ink [GLYPH_AREA], 1 where there is ink -> out [side][side]. Whole numbers only: the same bits everywhere. */
void glyph_reduce(glyph_form form, const unsigned char *ink, unsigned char *out);
/* ink [GLYPH_AREA] of a generated character: two to four curved strokes, bent, slanted, moved and thickened by the drawer's
 * hand. A pure function of its arguments, the same bits everywhere. */
void glyph_draw(int alphabet, int character, int drawer, unsigned char *ink);

/* Black (below half of white) is ink. EP_FORMAT: no PNG, damaged, another size, no ink; EP_IO: cannot be read; EP_NOTIMPL: built
 * without libpng. why: file, found, expected. */
EP_MUST_USE ep_status glyph_read_png(const char *path, unsigned char *ink, char why[TASK_WHY]);
bool glyph_png_built(void);

/* 30 alphabets of 20 characters by 20 drawers. */
EP_MUST_USE ep_status glyph_generate(glyph_form form, glyph_set *out, char why[TASK_WHY]);
/* DIR/ALPHABET/CHARACTER/NAME.png; or DIR holds images_background and, for the test split, images_evaluation in place of
 * alphabets. What is no folder or no .png is passed over. EP_FORMAT: an alphabet without characters, a character with less than two
 * pictures, too few alphabets for three splits, a picture that cannot be read. */
EP_MUST_USE ep_status glyph_load(const char *dir, glyph_form form, glyph_set *out, char why[TASK_WHY]);
/* Of the first n_background alphabets the last sixth by name is for validation; where there are no others for tests, half of the last third. At
 * least one each. */
EP_MUST_USE ep_status glyph_divide(glyph_set *s, size_t n_background, char why[TASK_WHY]);
void glyph_free(glyph_set *s);
/* Grow a set, in this order; glyph_put takes ink [GLYPH_AREA]. */
EP_MUST_USE ep_status glyph_add_alphabet(glyph_set *s, const char *name);
EP_MUST_USE ep_status glyph_add_class(glyph_set *s);
EP_MUST_USE ep_status glyph_put(glyph_set *s, const unsigned char *ink);

enum { GLYPH_MOST_WAY = 64, GLYPH_LABEL = 256 };
/* A run's labels: test picture k is of the class that training picture `example` k shows; the classes, each once, by name. */
typedef struct glyph_labels {
    int n_test, n_way;
    char test[GLYPH_MOST_WAY][GLYPH_LABEL], example[GLYPH_MOST_WAY][GLYPH_LABEL], class[GLYPH_MOST_WAY][GLYPH_LABEL];
} glyph_labels;
EP_MUST_USE ep_status glyph_read_labels(const char *path, glyph_labels *out, char why[TASK_WHY]);
/* Index of a class; -1: there is none of this name. */
int glyph_find_label(const glyph_labels *l, const char *example);

/* DIR/RUN/class_labels.txt, whose lines name a test picture and the training picture of its class, relative to DIR. */
EP_MUST_USE ep_status glyph_load_runs(const char *dir, glyph_form form, glyph_runs *out, char why[TASK_WHY]);
void glyph_free_runs(glyph_runs *r);

#endif
