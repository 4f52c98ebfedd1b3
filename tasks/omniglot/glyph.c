/* Sets of pictures: reduction, growth, division.
 * SPDX-License-Identifier: MIT */
#include "glyph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* By how much a line's ink [GLYPH_SIDE] moves so that the middle of its extent comes to the middle of the picture. */
static int shift_of(const bool *ink)
{
    int lo = 0, hi = GLYPH_SIDE - 1;
    while (lo < GLYPH_SIDE && !ink[lo]) lo++;
    while (hi > lo && !ink[hi]) hi--;
    return lo < GLYPH_SIDE ? (3 * GLYPH_SIDE - 1 - lo - hi) / 2 - GLYPH_SIDE : 0; /* half a pixel up */
}

/* The next ink of a line at or behind x; GLYPH_SIDE: there is none. */
static int next_ink(const unsigned char *line, int x)
{
    const unsigned char *p = memchr(line + x, 1, (size_t)(GLYPH_SIDE - x));
    return p ? (int)(p - line) : GLYPH_SIDE;
}

static void shifts(const unsigned char *ink, int *down, int *right)
{
    bool row[GLYPH_SIDE] = {false}, column[GLYPH_SIDE] = {false};
    for (int y = 0; y < GLYPH_SIDE; y++) {
        const unsigned char *line = ink + y * GLYPH_SIDE;
        for (int x = next_ink(line, 0); x < GLYPH_SIDE; x = next_ink(line, x + 1)) row[y] = column[x] = true;
    }
    *down = shift_of(row);
    *right = shift_of(column);
}

/* In units of 1/side of a pixel, pixel p is [p side, (p+1) side) and cell c is [c GLYPH_SIDE, (c+1) GLYPH_SIDE). */
static int overlap(int p, int c, int side)
{
    int a = p * side, b = a + side, lo = c * GLYPH_SIDE, hi = lo + GLYPH_SIDE;
    return (b < hi ? b : hi) - (a > lo ? a : lo);
}

void glyph_reduce(glyph_form form, const unsigned char *ink, unsigned char *out)
{
    int sum[GLYPH_AREA], side = form.side, down = 0, right = 0;
    memset(sum, 0, (size_t)(side * side) * sizeof *sum);
    if (form.centred) shifts(ink, &down, &right);
    for (int y = 0; y < GLYPH_SIDE; y++)
        for (int x = next_ink(ink + y * GLYPH_SIDE, 0); x < GLYPH_SIDE; x = next_ink(ink + y * GLYPH_SIDE, x + 1)) {
            int v = y + down, h = x + right;
            for (int r = v * side / GLYPH_SIDE; r < side && r * GLYPH_SIDE < (v + 1) * side; r++)
                for (int c = h * side / GLYPH_SIDE; c < side && c * GLYPH_SIDE < (h + 1) * side; c++)
                    sum[r * side + c] += overlap(v, r, side) * overlap(h, c, side);
        }
    for (int k = 0; k < side * side; k++) out[k] = (unsigned char)((sum[k] * 255 + GLYPH_AREA / 2) / GLYPH_AREA);
}

/* Room for one more element of `size` bytes; doubles. */
static void *grown(void *p, size_t n, size_t *room, size_t size)
{
    if (n < *room) return p;
    size_t more = *room ? 2 * *room : 32;
    void *q = realloc(p, more * size);
    if (q) *room = more;
    return q;
}

ep_status glyph_add_alphabet(glyph_set *s, const char *name)
{
    size_t room = s->room[0];
    void *p = grown(s->name, s->n_alphabets, &room, sizeof *s->name);
    if (!p) return EP_NOMEM;
    s->name = p;
    p = grown(s->split, s->n_alphabets, &s->room[0], sizeof *s->split);
    if (!p) return EP_NOMEM;
    s->split = p;
    s->split[s->n_alphabets] = TASK_TRAIN;
    (void)snprintf(s->name[s->n_alphabets++], GLYPH_NAME, "%s", name);
    return EP_OK;
}

ep_status glyph_add_class(glyph_set *s)
{
    void *p = grown(s->of, s->n_classes, &s->room[1], sizeof *s->of);
    if (!p) return EP_NOMEM;
    s->of = p;
    s->of[s->n_classes++] = (glyph_class){s->n_alphabets - 1, s->n_pictures, 0};
    return EP_OK;
}

ep_status glyph_put(glyph_set *s, const unsigned char *ink)
{
    size_t area = (size_t)s->form.side * (size_t)s->form.side;
    void *p = grown(s->pixel, s->n_pictures, &s->room[2], area);
    if (!p) return EP_NOMEM;
    s->pixel = p;
    glyph_reduce(s->form, ink, s->pixel + s->n_pictures++ * area);
    s->of[s->n_classes - 1].count++;
    return EP_OK;
}

ep_status glyph_divide(glyph_set *s, size_t n_background, char why[TASK_WHY])
{
    enum { EVERY = 6 };
    bool own_test = s->n_alphabets > n_background;
    size_t part = n_background / EVERY > 0 ? n_background / EVERY : 1, held = own_test ? part : 2 * part;
    if (n_background <= held) {
        (void)snprintf(why, TASK_WHY, "omniglot: found %zu alphabet%s, expected at least %zu: to train, to validate%s", n_background,
                       n_background == 1 ? "" : "s", held + 1, own_test ? "" : ", to test");
        return EP_FORMAT;
    }
    for (size_t a = 0; a < s->n_alphabets; a++) {
        size_t back = n_background - 1 - a; /* the last ones by name */
        s->split[a] = a >= n_background ? TASK_TEST : back >= held ? TASK_TRAIN : own_test || back >= part ? TASK_VALID : TASK_TEST;
    }
    return EP_OK;
}

void glyph_free(glyph_set *s)
{
    free(s->name);
    free(s->split);
    free(s->of);
    free(s->pixel);
    *s = (glyph_set){0};
}
