/* table.c: reads tables of tab-separated values, strictly, with the line in every message.
 * SPDX-License-Identifier: MIT */
#include "rep.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool absent(const char *s) { return strcmp(s, "-") == 0 || strcmp(s, "n/a") == 0; }

static bool number(const char *s, double *x)
{
    *x = (double)NAN;
    if (absent(s)) return true;
    if (!*s || strpbrk(s, "xXpP ")) return false; /* gnuplot reads decimal numbers only */
    char *end;
    *x = strtod(s, &end);
    return *end == '\0';
}

static bool whole(const char *s)
{
    if (absent(s)) return true;
    if (*s == '-') s++;
    return *s && strspn(s, "0123456789") == strlen(s) && strlen(s) <= 9;
}

double rep_log2(const char *decimal)
{
    double x;
    if (!number(decimal, &x) || isnan(x)) return (double)NAN;
    char mantissa[64];
    size_t n = strcspn(decimal, "eE");
    if (n >= sizeof mantissa || isinf(x)) return (double)NAN;
    memcpy(mantissa, decimal, n);
    mantissa[n] = '\0';
    double m = fabs(strtod(mantissa, NULL)), e = decimal[n] ? strtod(decimal + n + 1, NULL) : 0;
    return m > 0 ? log2(m) + e * log2(10) : (double)NAN;
}

void rep_table_clear(rep_table *t)
{
    free(t->head);
    free(t->cell);
    free(t->num);
    rep_buf_clear(&t->text);
    *t = (rep_table){0};
}

const char *rep_cell(const rep_table *t, int row, int col) { return t->cell[(size_t)row * (size_t)t->cols + (size_t)col]; }
double rep_num(const rep_table *t, int row, int col) { return t->num[(size_t)row * (size_t)t->cols + (size_t)col]; }

/* Cuts a line into fields at tabs, or at blanks where it has no tab; returns how many, at most max. */
static int fields(char *line, char **out, int max)
{
    bool tabs = strchr(line, '\t') != NULL;
    int n = 0;
    while (n < max) {
        if (!tabs) line += strspn(line, " ");
        if (!tabs && !*line) break;
        out[n++] = line;
        line += strcspn(line, tabs ? "\t" : " ");
        if (!*line) return n;
        *line++ = '\0';
    }
    return n;
}

enum { MAX_COLUMNS = 64 };

static ep_status parse_head(char *line, const char *label, const rep_column *want, int n, rep_table *t, rep_error *err)
{
    char *f[MAX_COLUMNS];
    if (!line || *line != '#')
        return rep_fail(err, EP_FORMAT, "%s:1: found '%.40s', expected a header line that starts with #", label, line ? line : "");
    line++;
    line += strspn(line, " ");
    t->cols = fields(line, f, MAX_COLUMNS);
    for (int k = 0; k < n; k++)
        if (k >= t->cols || strcmp(f[k], want[k].name) != 0)
            return rep_fail(err, EP_FORMAT, "%s:1: found '%.40s' as column %d, expected '%s'", label, k < t->cols ? f[k] : "nothing",
                            k + 1, want[k].name);
    if (t->cols == 0) return rep_fail(err, EP_FORMAT, "%s:1: found no column names, expected some", label);
    t->head = calloc((size_t)t->cols, sizeof *t->head);
    if (!t->head) return rep_fail(err, EP_NOMEM, "%s: out of memory", label);
    memcpy(t->head, f, (size_t)t->cols * sizeof *f);
    return EP_OK;
}

static ep_status parse_row(char *line, int at, const char *label, const rep_column *want, int n, rep_table *t, rep_error *err)
{
    char *f[MAX_COLUMNS + 1];
    int got = fields(line, f, MAX_COLUMNS + 1);
    if (got != t->cols)
        return rep_fail(err, EP_FORMAT, "%s:%d: found %d fields, expected %d", label, at, got, t->cols);
    size_t base = (size_t)t->rows * (size_t)t->cols;
    for (int k = 0; k < got; k++) {
        double x;
        bool ok = number(f[k], &x);
        rep_kind kind = k < n ? want[k].kind : REP_TEXT;
        if (kind == REP_NUM && !ok)
            return rep_fail(err, EP_FORMAT, "%s:%d: found '%.40s' in column %s, expected a decimal number", label, at, f[k], t->head[k]);
        if (kind == REP_INT && !whole(f[k]))
            return rep_fail(err, EP_FORMAT, "%s:%d: found '%.40s' in column %s, expected a whole number", label, at, f[k], t->head[k]);
        if (kind == REP_TEXT && !*f[k])
            return rep_fail(err, EP_FORMAT, "%s:%d: found nothing in column %s, expected a text (or -)", label, at, t->head[k]);
        t->cell[base + (size_t)k] = f[k];
        t->num[base + (size_t)k] = ok ? x : (double)NAN;
    }
    t->rows++;
    return EP_OK;
}

static int count_lines(const rep_buf *b)
{
    int n = 1;
    for (size_t k = 0; k < b->n; k++) n += b->s[k] == '\n';
    return n;
}

ep_status rep_table_parse(rep_buf *text, const char *label, const rep_column *want, int n, rep_table *t, rep_error *err)
{
    *t = (rep_table){.text = *text};
    *text = (rep_buf){0};
    rep_buf *b = &t->text;
    if (b->n && memchr(b->s, '\0', b->n)) return rep_fail(err, EP_FORMAT, "%s: found a NUL byte, expected text", label);
    if (b->n == 0) return rep_fail(err, EP_FORMAT, "%s:1: found an empty file, expected a header line that starts with #", label);
    size_t lines = (size_t)count_lines(b);
    char *line = b->s;
    ep_status s = EP_OK;
    for (int at = 1; s == EP_OK && line; at++) {
        char *next = strchr(line, '\n');
        if (next) *next++ = '\0';
        size_t len = strlen(line);
        if (len && line[len - 1] == '\r') line[len - 1] = '\0';
        if (at == 1) {
            s = parse_head(line, label, want, n, t, err);
            if (s != EP_OK) break;
            t->cell = calloc(lines * (size_t)t->cols, sizeof *t->cell);
            t->num = calloc(lines * (size_t)t->cols, sizeof *t->num);
            if (!t->cell || !t->num) s = rep_fail(err, EP_NOMEM, "%s: out of memory", label);
        } else if (*line && *line != '#') {
            s = parse_row(line, at, label, want, n, t, err);
        }
        line = next;
    }
    t->present = s == EP_OK && t->rows > 0;
    return s;
}

ep_status rep_table_read(const char *path, const char *label, const rep_column *want, int n, rep_table *t, rep_error *err)
{
    rep_buf text = {0};
    bool missing;
    *t = (rep_table){0};
    ep_status s = rep_file_read(path, &text, &missing, err);
    if (s == EP_OK) s = rep_table_parse(&text, label, want, n, t, err);
    rep_buf_clear(&text);
    return missing ? EP_OK : s;
}
