/* svg_terse.c: gnuplot's SVG in fewer words: symbols that no point uses, groups with nothing in them, blanks between tags, the font that
 * all texts share, hundredths of pixels; colours in hexadecimal; single quotes, which a data URI need not encode.
 * SPDX-License-Identifier: MIT */
#include "rep.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAMILY "Helvetica,Arial,sans-serif"
#define SIZE "14"

enum { DEEPEST = 64 };

/* Where open groups begin in the output, and where their content does. */
typedef struct nest { size_t from[DEEPEST], inside[DEEPEST]; int depth; } nest;

static bool is(const char *s, size_t n, const char *word) { return strlen(word) == n && memcmp(s, word, n) == 0; }

/* ---- definitions ------------------------------------------------------------------------------------ */

/* Is #id used in s[0..n)? */
static bool used(const char *s, size_t n, const char *id, size_t len)
{
    for (const char *at = s, *end = s + n; (at = memchr(at, '#', (size_t)(end - at))); at++)
        if ((size_t)(end - at) > len + 1 && memcmp(at + 1, id, len) == 0 && strchr("'\")", at[1 + len])) return true;
    return false;
}

/* The definition that ends at the end of s[0..n): its length; 0: not one that is understood. */
static size_t last_definition(const char *s, size_t n)
{
    static const char filter[] = "</filter>";
    size_t end = n;
    while (end && isspace((unsigned char)s[end - 1])) end--;
    if (end < 2 || s[end - 1] != '>') return 0;
    bool block = end > sizeof filter && memcmp(s + end - sizeof filter + 1, filter, sizeof filter - 1) == 0;
    if (!block && s[end - 2] != '/') return 0;
    for (size_t k = end - 1; k-- > 0;)
        if (s[k] == '<' && (block ? strncmp(s + k, "<filter ", 8) == 0 : true)) return n - k;
    return 0;
}

/* Copies s without the definitions to which nothing refers. Later ones may refer to earlier ones, so they are looked at from the last. */
static void without_unused(const rep_buf *s, rep_buf *out)
{
    const char *begin = strstr(s->s, "<defs>"), *stop = begin ? strstr(begin, "</defs>") : NULL;
    if (!stop) {
        rep_put_bytes(out, s->s, s->n);
        return;
    }
    begin += strlen("<defs>");
    size_t n = (size_t)(stop - begin), len;
    rep_buf kept = {0}; /* the text behind what is being looked at */
    rep_put_bytes(&kept, stop, s->n - (size_t)(stop - s->s));
    for (; !kept.failed && (len = last_definition(begin, n)); n -= len) {
        const char *d = begin + n - len, *id = strstr(d, " id='"), *quote = id ? strchr(id + 5, '\'') : NULL;
        if (quote && quote < d + len && !used(kept.s, kept.n, id + 5, (size_t)(quote - id - 5))) continue;
        rep_buf more = {0};
        rep_put_bytes(&more, d, len);
        rep_put_bytes(&more, kept.s, kept.n);
        rep_buf_clear(&kept);
        kept = more;
    }
    rep_put_bytes(out, s->s, (size_t)(begin + n - s->s));
    rep_put_bytes(out, kept.s ? kept.s : "", kept.n);
    out->failed = out->failed || kept.failed;
    rep_buf_clear(&kept);
}

/* ---- values ------------------------------------------------------------------------------------------ */

/* A number without zeros at its end; in tenths if it is a place. */
static size_t put_number(const char *s, bool place, rep_buf *out)
{
    char *end, text[64];
    double v = strtod(s, &end);
    int n = snprintf(text, sizeof text, "%.*f", place ? 1 : 3, v);
    while (n > 1 && strchr(text, '.') && (text[n - 1] == '0' || text[n - 1] == '.'))
        if (text[--n] == '.') break;
    if (n == 2 && memcmp(text, "-0", 2) == 0) rep_put(out, "0");
    else rep_put_bytes(out, text, (size_t)n);
    return (size_t)(end - s);
}

static bool decimal(const char *s) { return isdigit((unsigned char)*s) || (*s == '-' && isdigit((unsigned char)s[1])); }

/* A value as it is, but for rgb(r, g, b) and, where they are all that varies, numbers. */
static void put_value(const char *name, size_t len, const char *s, size_t n, rep_buf *out)
{
    bool turn = is(name, len, "transform"), number = is(name, len, "stroke-width") || is(name, len, "font-size"), place = false;
    for (size_t k = 0; k < n;) {
        unsigned r, g, b;
        int took = 0;
        if (strncmp(s + k, "rgb(", 4) == 0 && sscanf(s + k, "rgb(%3u,%3u,%3u)%n", &r, &g, &b, &took) == 3 && took && r < 256 && g < 256 && b < 256) {
            rep_put(out, "#%02x%02x%02x", r, g, b);
            k += (size_t)took;
        } else if ((turn || number) && decimal(s + k) && (k == 0 || !isalnum((unsigned char)s[k - 1]))) {
            k += put_number(s + k, place, out);
        } else {
            if (turn && s[k] == '(') place = k >= 9 && strncmp(s + k - 9, "translate", 9) == 0;
            rep_put_bytes(out, s + k++, 1);
        }
    }
}

/* ---- tags ---------------------------------------------------------------------------------------------- */

/* Is this attribute of a group the font that the whole figure has? */
static bool known(const char *tag, size_t tag_len, const char *name, size_t len, const char *value, size_t n)
{
    if (!is(tag, tag_len, "g")) return false;
    return is(name, len, "font-family") ? is(value, n, FAMILY) : is(name, len, "font-size") && (is(value, n, SIZE) || is(value, n, SIZE ".00"));
}

/* The opening or single tag s[0..n), from < to >. */
static void put_tag(const char *s, size_t n, rep_buf *out)
{
    size_t name = 1;
    while (name < n && (isalnum((unsigned char)s[name]) || s[name] == ':')) name++;
    rep_put_bytes(out, s, name);
    for (size_t k = name; k < n;) {
        size_t from = k;
        while (k < n && isspace((unsigned char)s[k])) k++;
        size_t word = k;
        while (k < n && (isalnum((unsigned char)s[k]) || strchr(":-_", s[k]))) k++;
        const char *quote = k > word && k + 1 < n && s[k] == '=' && strchr("'\"", s[k + 1]) ? memchr(s + k + 2, s[k + 1], n - k - 2) : NULL;
        if (!quote) { /* the end, or nothing that is understood */
            from = s[word] == '/' || s[word] == '>' ? word : from;
            rep_put_bytes(out, s + from, n - from);
            return;
        }
        const char *value = s + k + 2;
        size_t len = (size_t)(quote - value);
        char mark = memchr(value, '\'', len) ? '"' : '\'';
        if (!known(s + 1, name - 1, s + word, k - word, value, len)) {
            rep_put(out, " %.*s=%c", (int)(k - word), s + word, mark);
            put_value(s + word, k - word, value, len, out);
            rep_put_bytes(out, &mark, 1);
            if (is(s + 1, name - 1, "g") && is(value, len, "gnuplot_canvas")) rep_put(out, " font-family='" FAMILY "' font-size='" SIZE "'");
        }
        k = (size_t)(quote + 1 - s);
    }
}

/* A group that has just been closed with nothing in it goes; others are closed. */
static void close_group(nest *w, rep_buf *out)
{
    if (w->depth > 0 && w->depth-- <= DEEPEST && out->n == w->inside[w->depth]) out->n = w->from[w->depth], out->s[out->n] = '\0';
    else rep_put(out, "</g>\n");
}

static void put_open(nest *w, const char *s, size_t n, rep_buf *out)
{
    bool opens = n > 2 && s[1] == 'g' && !isalnum((unsigned char)s[2]) && s[n - 2] != '/';
    if (opens && w->depth < DEEPEST) w->from[w->depth] = out->n;
    put_tag(s, n, out);
    if (opens && w->depth < DEEPEST) w->inside[w->depth] = out->n;
    w->depth += opens;
}

/* <tspan>text</tspan> at s without attributes: length of the text; 0: not that. */
static size_t bare_span(const char *s)
{
    static const char open[] = "<tspan>", close[] = "</tspan>";
    if (strncmp(s, open, sizeof open - 1) != 0) return 0;
    size_t n = strcspn(s + sizeof open - 1, "<");
    return strncmp(s + sizeof open - 1 + n, close, sizeof close - 1) == 0 ? n : 0;
}

void rep_svg_terse(const rep_buf *svg, rep_buf *out)
{
    nest w = {.depth = 0};
    rep_buf in = {0};
    without_unused(svg, &in);
    for (const char *at = in.s; at && *at && !out->failed;) {
        size_t text = strcspn(at, "<"), blank = strspn(at, " \t\r\n"), span;
        bool inside = strncmp(at + text, "<t", 2) == 0 || strncmp(at + text, "</t", 3) == 0; /* of a text or tspan */
        if (blank < text || (inside && !memchr(at, '\n', text))) rep_put_bytes(out, at, text);
        at += text;
        const char *end = *at ? strchr(at, '>') : NULL;
        if (!end) {
            rep_put_bytes(out, at, strlen(at));
            break;
        }
        size_t n = (size_t)(end + 1 - at);
        if ((span = bare_span(at))) {
            rep_put_bytes(out, at + strlen("<tspan>"), span);
            n = strlen("<tspan></tspan>") + span;
        } else if (n == 4 && memcmp(at, "</g>", 4) == 0) close_group(&w, out);
        else if (strchr("/?!", at[1])) rep_put_bytes(out, at, n);
        else put_open(&w, at, n, out);
        at += n;
    }
    out->failed = out->failed || in.failed;
    rep_buf_clear(&in);
}
