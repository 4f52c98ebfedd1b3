/* svg.c: gnuplot's SVG without what nobody can see: points of a line that are less than a tenth of a pixel from it, hundredths of
 * pixels, attributes at their defaults. A learning curve over thousands of iterations becomes some kilobytes.
 * SPDX-License-Identifier: MIT */
#include "rep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOLERANCE 0.1 /* pixels */

typedef struct point { double x, y; bool keep; } point;
typedef struct line { point *p; size_t n, cap; bool failed; } line;

static void add(line *l, double x, double y)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 256;
        point *more = realloc(l->p, cap * sizeof *more);
        if (!more) {
            l->failed = true;
            return;
        }
        l->p = more;
        l->cap = cap;
    }
    l->p[l->n++] = (point){x, y, false};
}

static double distance(const point *p, const point *a, const point *b)
{
    double dx = b->x - a->x, dy = b->y - a->y, len = dx * dx + dy * dy;
    double t = len > 0 ? ((p->x - a->x) * dx + (p->y - a->y) * dy) / len : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return hypot(p->x - a->x - t * dx, p->y - a->y - t * dy);
}

/* Douglas and Peucker: keeps the ends, and of what lies between the farthest point if it is too far away, and so on. The depth is
 * that of an adversary's line at worst, so halves wait on a stack of our own. */
static void thin(line *l)
{
    size_t *stack = malloc((2 * l->n + 2) * sizeof *stack), top = 0;
    if (!stack || l->n == 0) {
        l->failed = l->failed || !stack;
        free(stack);
        return;
    }
    l->p[0].keep = l->p[l->n - 1].keep = true;
    stack[top++] = 0;
    stack[top++] = l->n - 1;
    while (top) {
        size_t b = stack[--top], a = stack[--top], far = a;
        double most = TOLERANCE;
        for (size_t k = a + 1; k < b; k++) {
            double d = distance(&l->p[k], &l->p[a], &l->p[b]);
            if (d > most) most = d, far = k;
        }
        if (far == a) continue;
        l->p[far].keep = true;
        stack[top++] = a;
        stack[top++] = far;
        stack[top++] = far;
        stack[top++] = b;
    }
    free(stack);
}

/* One decimal, without a zero behind the point. */
static void number(rep_buf *out, double v)
{
    long tenths = lround(10 * v);
    rep_put(out, "%s%ld", tenths < 0 ? "-" : "", labs(tenths) / 10);
    if (tenths % 10) rep_put(out, ".%ld", labs(tenths) % 10);
}

static void put(line *l, rep_buf *out)
{
    thin(l);
    for (size_t k = 0; k < l->n; k++) {
        if (!l->p[k].keep) continue;
        rep_put(out, k ? "L" : "M");
        number(out, l->p[k].x);
        rep_put(out, ",");
        number(out, l->p[k].y);
    }
    l->n = 0;
}

/* The path s[0..n) if it is made of absolute M and L alone, and Z; false: it is not. */
static bool path(const char *s, size_t n, rep_buf *out)
{
    line l = {0};
    rep_buf made = {0};
    bool good = true, begun = false;
    for (const char *at = s, *end = s + n; good && at < end;) {
        char *next, c = *at;
        if (c == ' ' || c == '\n' || c == '\t') at++;
        else if (c == 'Z' || c == 'z') {
            put(&l, &made);
            rep_put(&made, "Z");
            at++;
        } else if (c == 'M' || c == 'L') {
            double x = strtod(at + 1, &next), y = 0;
            good = next > at + 1 && *next == ',' && (begun || c == 'M');
            if (good) y = strtod(next + 1, &next);
            good = good && next <= end;
            if (good && c == 'M') put(&l, &made);
            if (good) add(&l, x, y);
            begun = true;
            at = next;
        } else good = false;
    }
    put(&l, &made);
    good = good && !l.failed && !made.failed;
    if (good && made.s) rep_put_bytes(out, made.s, made.n);
    rep_buf_clear(&made);
    free(l.p);
    return good;
}

/* What SVG takes for granted, or says twice: attributes at their defaults, the font of the text around. */
static const char *const idle[][2] = {
    {" stroke-width=\"1.00\" stroke-linecap=\"butt\" stroke-linejoin=\"miter\"", ""},
    {" stroke-linecap=\"butt\" stroke-linejoin=\"miter\"", ""},
    {"<tspan font-family=\"Helvetica,Arial,sans-serif\" >", "<tspan>"},
    {" class=\"gridline\" ", ""},
    {"<image x=", "<image image-rendering='optimizeSpeed' style='image-rendering:pixelated' x="}, /* cells of a matrix are no photograph */
};

static void replace(rep_buf *b, const char *from, const char *to)
{
    rep_buf made = {0};
    const char *at = b->s, *next;
    for (; (next = strstr(at, from)); at = next + strlen(from)) {
        rep_put_bytes(&made, at, (size_t)(next - at));
        rep_put_bytes(&made, to, strlen(to));
    }
    rep_put_bytes(&made, at, strlen(at));
    rep_buf_clear(b);
    *b = made;
}

void rep_svg_thin(const rep_buf *svg, rep_buf *out)
{
    static const char key[] = " d='";
    rep_buf copy = {0}, thinned = {0}, *in = &copy;
    rep_put_bytes(in, svg->s, svg->n);
    for (size_t k = 0; k < sizeof idle / sizeof *idle && !in->failed; k++) replace(in, idle[k][0], idle[k][1]);
    if (in->failed) {
        out->failed = true;
        return;
    }
    const char *at = in->s, *end = in->s + in->n, *defs = strstr(in->s, "</defs>");
    if (!defs) defs = in->s; /* shapes of points are a pixel large: left as they are */
    while (at < end) {
        const char *d = strstr(at, key), *quote = d ? strchr(d + sizeof key - 1, '\'') : NULL;
        if (!quote) break;
        d += sizeof key - 1;
        rep_put_bytes(&thinned, at, (size_t)(d - at));
        if (d < defs || !path(d, (size_t)(quote - d), &thinned)) rep_put_bytes(&thinned, d, (size_t)(quote - d));
        at = quote;
    }
    rep_put_bytes(&thinned, at, (size_t)(end - at));
    rep_buf_clear(in);
    if (thinned.failed) out->failed = true;
    else rep_svg_terse(&thinned, out);
    rep_buf_clear(&thinned);
}

void rep_put_svg_uri(rep_buf *b, const rep_buf *svg)
{
    bool blank = false, closed = false; /* closed: the last thing put was the end of a tag */
    for (size_t k = 0; k < svg->n; k++) {
        char c = svg->s[k];
        if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
            blank = true;
            continue;
        }
        if (blank && !(closed && c == '<')) rep_put(b, "%%20");
        blank = false;
        closed = c == '>';
        if (strchr("%#<>\"&{}|^`\\", c) || (unsigned char)c < 0x20 || (unsigned char)c > 0x7e) rep_put(b, "%%%02X", (unsigned)(unsigned char)c);
        else rep_put_bytes(b, &c, 1);
    }
}
