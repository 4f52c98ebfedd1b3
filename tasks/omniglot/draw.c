/* Generated characters, the stand-in for Omniglot.
 *
 * An alphabet has a temper: how long and how bent its strokes are, and how far they turn from one to the next. A character is two to four
 * strokes, each a cubic curve. A drawer has a hand: slant, width and height, pen, and how unsteady it is; every point is a little elsewhere every
 * time. All by counter-based numbers, sums, products and task_sine.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "glyph.h"

enum { ALPHABETS = 30, CHARACTERS = 20, DRAWERS = 20, MOST_STROKES = 4, DOTS = 96 };
static const uint64_t set_seed = 1905; /* one set, whatever the run's seed is */

typedef struct point { double x, y; } point;

/* Numbers of a place in the set: counters go up as they are drawn. */
typedef struct source { uint64_t stream, k; } source;
enum { TEMPER = 1, SHAPE, HAND, SLIP };

static source source_of(int use, int alphabet, int character, int drawer)
{
    return (source){(((uint64_t)use * 1000 + (uint64_t)alphabet) * 1000 + (uint64_t)character) * 1000 + (uint64_t)drawer, 0};
}

static double between(source *s, double lo, double hi) { return lo + (hi - lo) * ep_rng_uniform(set_seed, s->stream, s->k++); }
static double normal(source *s, double sd) { return sd * ep_rng_normal(set_seed, s->stream, s->k++, 24); }

static double clamped(double v, double lo, double hi) { return v < lo ? lo : v > hi ? hi : v; }

/* Strokes of a character in the unit square: four points each. */
static int shape(int alphabet, int character, point p[MOST_STROKES][4])
{
    source a = source_of(TEMPER, alphabet, 0, 0), s = source_of(SHAPE, alphabet, character, 0);
    double reach = between(&a, 0.18, 0.32), bend = between(&a, 0.03, 0.25), turn = between(&a, 0.1, 0.5);
    int n = 2 + (int)between(&s, 0.0, 3.0);
    double angle = between(&s, 0.0, 1.0);
    point at = {between(&s, 0.25, 0.75), between(&s, 0.25, 0.75)};
    for (int k = 0; k < n; k++) {
        for (int q = 0; q < 4; q++) {
            p[k][q] = at;
            if (q == 3) break;
            double step = reach * between(&s, 0.6, 1.4);
            angle += between(&s, -bend, bend);
            at.x = clamped(at.x + step * task_sine(angle + 0.25), 0.08, 0.92);
            at.y = clamped(at.y + step * task_sine(angle), 0.08, 0.92);
        }
        angle += 0.25 + between(&s, -turn, turn);
        double from = between(&s, 0.0, 1.0); /* the next one begins anew, or where this one passed */
        point other = {between(&s, 0.2, 0.8), between(&s, 0.2, 0.8)};
        at = from < 0.5 ? p[k][(int)(from * 8.0)] : other;
    }
    return n;
}

static void dot(unsigned char *ink, double x, double y, double pen)
{
    int reach = (int)pen + 1, cx = (int)x, cy = (int)y;
    for (int v = cy - reach; v <= cy + reach; v++) {
        double dy = v + 0.5 - y;
        if (v < 0 || v >= GLYPH_SIDE || dy * dy > pen * pen) continue;
        for (int h = cx - reach; h <= cx + reach; h++) {
            double dx = h + 0.5 - x;
            if (h >= 0 && h < GLYPH_SIDE && dx * dx + dy * dy <= pen * pen) ink[v * GLYPH_SIDE + h] = 1;
        }
    }
}

static void stroke(unsigned char *ink, const point p[4], double pen)
{
    for (int k = 0; k <= DOTS; k++) {
        double u = (double)k / DOTS, w = 1.0 - u, c[4] = {w * w * w, 3.0 * w * w * u, 3.0 * w * u * u, u * u * u}, x = 0.0, y = 0.0;
        for (int q = 0; q < 4; q++) {
            x += c[q] * p[q].x;
            y += c[q] * p[q].y;
        }
        dot(ink, GLYPH_SIDE * x, GLYPH_SIDE * y, pen);
    }
}

void glyph_draw(int alphabet, int character, int drawer, unsigned char *ink)
{
    point p[MOST_STROKES][4];
    source h = source_of(HAND, alphabet, 0, drawer), s = source_of(SLIP, alphabet, character, drawer);
    double slant = normal(&h, 0.15), wide = between(&h, 0.8, 1.1), tall = between(&h, 0.8, 1.1), pen = between(&h, 1.2, 2.0), unsteady = between(&h, 0.02, 0.045);
    double right = normal(&s, 0.05), down = normal(&s, 0.05);
    int n = shape(alphabet, character, p);
    memset(ink, 0, GLYPH_AREA);
    for (int k = 0; k < n; k++) {
        for (int q = 0; q < 4; q++) {
            double x = p[k][q].x - 0.5 + normal(&s, unsteady), y = p[k][q].y - 0.5 + normal(&s, unsteady);
            p[k][q].x = clamped(0.5 + wide * x + slant * y + right, 0.03, 0.97);
            p[k][q].y = clamped(0.5 + tall * y + down, 0.03, 0.97);
        }
        stroke(ink, p[k], pen);
    }
}

ep_status glyph_generate(glyph_form form, glyph_set *out, char why[TASK_WHY])
{
    unsigned char ink[GLYPH_AREA];
    glyph_set s = {.form = form};
    ep_status st = EP_OK;
    for (int a = 0; st == EP_OK && a < ALPHABETS; a++) {
        char name[GLYPH_NAME];
        (void)snprintf(name, sizeof name, "generated%02d", a + 1);
        st = glyph_add_alphabet(&s, name);
        for (int c = 0; st == EP_OK && c < CHARACTERS; c++) {
            st = glyph_add_class(&s);
            for (int d = 0; st == EP_OK && d < DRAWERS; d++) {
                glyph_draw(a, c, d, ink);
                st = glyph_put(&s, ink);
            }
        }
    }
    if (st == EP_OK) st = glyph_divide(&s, ALPHABETS, why);
    else (void)snprintf(why, TASK_WHY, "omniglot: out of memory");
    if (st == EP_OK) *out = s;
    else glyph_free(&s);
    return st;
}
