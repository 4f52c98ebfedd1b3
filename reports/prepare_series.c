/* prepare_series.c: plot data of figures that show any number of series: as they are, or their quartiles over seeds.
 * SPDX-License-Identifier: MIT */
#include "series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void cell(const rep_table *t, int r, int col, rep_buf *dat)
{
    double x = rep_num(t, r, col);
    if (!isnan(x)) rep_put(dat, "%s", rep_cell(t, r, col));
    else if (strcmp(rep_cell(t, r, col), "nan") == 0 || strcmp(rep_cell(t, r, col), "-") == 0 || strcmp(rep_cell(t, r, col), "n/a") == 0) rep_put(dat, "NaN");
    else {
        rep_put(dat, "\"");
        for (const char *c = rep_cell(t, r, col); *c; c++) rep_put(dat, "%c", *c == '"' || *c == '\\' ? '\'' : *c);
        rep_put(dat, "\"");
    }
}

static void head(const rep_table *t, int from, const char *series, rep_buf *dat)
{
    rep_put(dat, "%s# %s:", dat->n ? "\n\n" : "", series);
    for (int c = from; c < t->cols; c++) rep_put(dat, " %s", t->head[c]);
    rep_put(dat, "\n");
}

static void put_heads(const rep_table *t, int from, rep_buf *vars)
{
    rep_names names = {0};
    for (int c = from; c < t->cols; c++) rep_names_add(&names, t->head[c]);
    rep_names_put(&names, "head", vars);
    if (names.failed) vars->failed = true;
    rep_names_clear(&names);
}

ep_status rep_prepare_series(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err)
{
    rep_names series = {0};
    if (t->cols < 2) return rep_fail(err, EP_FORMAT, "found %d columns, expected a series and at least one value", t->cols);
    for (int r = 0; r < t->rows; r++) rep_names_add(&series, rep_cell(t, r, 0));
    for (int k = 0; k < series.n; k++) {
        head(t, 1, series.s[k], dat);
        for (int r = 0; r < t->rows; r++) {
            if (strcmp(rep_cell(t, r, 0), series.s[k]) != 0) continue;
            for (int c = 1; c < t->cols; c++) {
                cell(t, r, c, dat);
                rep_put(dat, c + 1 < t->cols ? " " : "\n");
            }
        }
    }
    rep_names_put(&series, "series", vars);
    put_heads(t, 1, vars);
    bool lost = series.failed || dat->failed || vars->failed;
    rep_names_clear(&series);
    return lost ? rep_fail(err, EP_NOMEM, "out of memory") : EP_OK;
}

/* ---- quartiles over seeds --------------------------------------------------------------------------- */

typedef struct place { double x; int row; } place;

static int by_x(const void *a, const void *b)
{
    const place *p = a, *q = b;
    return p->x < q->x ? -1 : p->x > q->x ? 1 : p->row - q->row;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Quantile q of n sorted values, linear between them; NAN if there are none. */
static double quantile(const double *v, int n, double q)
{
    if (n == 0) return (double)NAN;
    double at = q * (n - 1);
    int k = (int)at;
    return k + 1 < n ? v[k] + (at - k) * (v[k + 1] - v[k]) : v[n - 1];
}

/* Quartiles of column c over n rows. */
static void quartiles(const rep_table *t, const place *at, int n, int c, double *v, rep_buf *dat)
{
    int m = 0;
    for (int k = 0; k < n; k++)
        if (isfinite(rep_num(t, at[k].row, c))) v[m++] = rep_num(t, at[k].row, c);
    qsort(v, (size_t)m, sizeof *v, by_value);
    for (int q = 1; q <= 3; q++) {
        rep_put(dat, " ");
        rep_put_number(dat, quantile(v, m, 0.25 * q));
    }
}

static void one_series(const rep_table *t, const char *name, place *at, double *v, rep_buf *dat)
{
    int n = 0;
    head(t, 2, name, dat);
    for (int r = 0; r < t->rows; r++)
        if (strcmp(rep_cell(t, r, 0), name) == 0) at[n++] = (place){rep_num(t, r, 2), r};
    qsort(at, (size_t)n, sizeof *at, by_x);
    for (int k = 0, m; k < n; k += m) {
        for (m = 1; k + m < n && !(at[k + m].x > at[k].x); m++) continue;
        rep_put_number(dat, at[k].x);
        for (int c = 3; c < t->cols; c++) quartiles(t, at + k, m, c, v, dat);
        rep_put(dat, "\n");
    }
}

static int seeds_of(const rep_table *t, const char *name)
{
    rep_names seed = {0};
    for (int r = 0; r < t->rows; r++)
        if (strcmp(rep_cell(t, r, 0), name) == 0) rep_names_add(&seed, rep_cell(t, r, 1));
    int n = seed.n;
    rep_names_clear(&seed);
    return n;
}

ep_status rep_prepare_quartiles(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err)
{
    rep_names series = {0};
    if (t->cols < 4) return rep_fail(err, EP_FORMAT, "found %d columns, expected series, seed, x and at least one value", t->cols);
    for (int r = 0; r < t->rows; r++) {
        if (!isfinite(rep_num(t, r, 2)))
            return rep_fail(err, EP_FORMAT, "row %d: found '%.40s' in column %s, expected a number", r + 1, rep_cell(t, r, 2), t->head[2]);
        rep_names_add(&series, rep_cell(t, r, 0));
    }
    place *at = calloc((size_t)t->rows + 1, sizeof *at);
    double *v = calloc((size_t)t->rows + 1, sizeof *v);
    for (int k = 0; at && v && k < series.n; k++) one_series(t, series.s[k], at, v, dat);
    rep_names_put(&series, "series", vars);
    rep_put(vars, "array seeds[%d] = [", series.n);
    for (int k = 0; k < series.n; k++) rep_put(vars, "%s%d", k ? ", " : "", seeds_of(t, series.s[k]));
    rep_put(vars, "]\n");
    put_heads(t, 2, vars);
    bool lost = !at || !v || series.failed || dat->failed || vars->failed;
    free(at);
    free(v);
    rep_names_clear(&series);
    return lost ? rep_fail(err, EP_NOMEM, "out of memory") : EP_OK;
}

ep_status rep_prepare_panels(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err)
{
    rep_put(vars, "H = 660\n");
    return rep_prepare_quartiles(t, dat, vars, err);
}
