/* buf.c: growing bytes and the escapes of the formats that a report is written in.
 * SPDX-License-Identifier: MIT */
#include "rep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

ep_status rep_fail(rep_error *err, ep_status s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    return s;
}

void rep_buf_clear(rep_buf *b)
{
    free(b->s);
    *b = (rep_buf){0};
}

static bool grow(rep_buf *b, size_t more)
{
    if (b->failed) return false;
    if (b->n + more + 1 <= b->cap) return true;
    size_t cap = b->cap ? b->cap : 256;
    while (cap < b->n + more + 1) cap *= 2;
    char *s = realloc(b->s, cap);
    if (!s) {
        b->failed = true;
        return false;
    }
    b->s = s;
    b->cap = cap;
    return true;
}

void rep_put_bytes(rep_buf *b, const char *s, size_t n)
{
    if (!grow(b, n)) return;
    memcpy(b->s + b->n, s, n);
    b->n += n;
    b->s[b->n] = '\0';
}

void rep_vput(rep_buf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    if (n < 0) b->failed = true;
    if (n >= 0 && grow(b, (size_t)n)) {
        vsnprintf(b->s + b->n, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

void rep_put(rep_buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    rep_vput(b, fmt, ap);
    va_end(ap);
}

static bool control(char c) { return ((unsigned char)c < 0x20 && c != '\n') || c == 0x7f; }

void rep_put_html(rep_buf *b, const char *s)
{
    for (; *s; s++) {
        if (*s == '<') rep_put_bytes(b, "&lt;", 4);
        else if (*s == '>') rep_put_bytes(b, "&gt;", 4);
        else if (*s == '&') rep_put_bytes(b, "&amp;", 5);
        else if (*s == '"') rep_put_bytes(b, "&quot;", 6);
        else rep_put_bytes(b, control(*s) ? "?" : s, 1);
    }
}

void rep_put_markdown(rep_buf *b, const char *s)
{
    for (; *s; s++) {
        if (*s == '<') rep_put_bytes(b, "&lt;", 4);
        else if (*s == '|') rep_put_bytes(b, "\\|", 2);
        else rep_put_bytes(b, *s == '\n' ? " " : control(*s) ? "?" : s, 1);
    }
}

void rep_put_gnuplot(rep_buf *b, const char *s)
{
    rep_put_bytes(b, "'", 1);
    for (; *s; s++) {
        if (*s == '\'') rep_put_bytes(b, "''", 2);
        else rep_put_bytes(b, control(*s) || *s == '\n' || *s == '\\' ? "?" : s, 1);
    }
    rep_put_bytes(b, "'", 1);
}
