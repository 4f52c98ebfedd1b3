/* prepare.c: plot data of the figures that compare models and rules.
 * SPDX-License-Identifier: MIT */
#include "series.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ep_status done(const rep_names *l, const rep_buf *dat, const rep_buf *vars, rep_error *err)
{
    if ((l && l->failed) || dat->failed || vars->failed) return rep_fail(err, EP_NOMEM, "out of memory");
    return EP_OK;
}

ep_status rep_prepare_precision(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err)
{
    rep_names model = {0};
    double most = 0;
    for (int r = 0; r < t->rows; r++) rep_names_add(&model, rep_cell(t, r, 0));
    for (int m = 0; m < model.n; m++) {
        rep_put_block(dat, "bits  log2 of: error, bound, error with a seeded bug");
        for (int r = 0; r < t->rows; r++) {
            if (strcmp(rep_cell(t, r, 0), model.s[m]) != 0) continue;
            rep_put_number(dat, rep_num(t, r, 1));
            for (int col = 2; col <= 4; col++) {
                rep_put(dat, " ");
                rep_put_number(dat, rep_log2(rep_cell(t, r, col)));
            }
            rep_put(dat, "\n");
            most = fmax(most, rep_num(t, r, 1));
        }
    }
    rep_names_put(&model, "model", vars);
    rep_put(vars, "bits_max = %.9g\n", most > 0 ? most : 53);
    ep_status s = done(&model, dat, vars, err);
    rep_names_clear(&model);
    return s;
}

/* The dot plots: one category a line of the figure, one colour a model. `y` and `y2` are columns. */
static ep_status dots(const rep_table *t, const rep_names *category, const int *of, int y, int y2, bool logs, rep_buf *dat, rep_buf *vars,
                      rep_error *err)
{
    rep_names model = {0};
    for (int r = 0; r < t->rows; r++) rep_names_add(&model, rep_cell(t, r, 0));
    for (int m = 0; m < model.n; m++) {
        rep_put_block(dat, "category  first value  second value");
        for (int r = 0; r < t->rows; r++) {
            if (strcmp(rep_cell(t, r, 0), model.s[m]) != 0) continue;
            rep_put(dat, "%d ", of[r] + 1);
            rep_put_number(dat, logs ? rep_log2(rep_cell(t, r, y)) * log10(2) : rep_num(t, r, y));
            rep_put(dat, " ");
            rep_put_number(dat, rep_num(t, r, y2));
            rep_put(dat, "\n");
        }
    }
    rep_names_put(&model, "model", vars);
    rep_names_put(category, "category", vars);
    rep_put(vars, "H = %d\n", 140 + 34 * category->n);
    ep_status s = done(&model, dat, vars, err);
    rep_names_clear(&model);
    return s;
}

/* "eprop3, 10 steps, seed zc" from the columns rule, window and seed, where they say something. */
static void label(const rep_table *t, int r, int rule, char *out, size_t n)
{
    const char *name = rule >= 0 ? rep_cell(t, r, rule) : "", *seed = rep_cell(t, r, rule < 0 ? 2 : rule + 2);
    double w = rep_num(t, r, rule < 0 ? 1 : rule + 1);
    char window[32] = "", seeds[64] = "";
    if (w > 0) snprintf(window, sizeof window, "%swindow %.0f", *name ? ", " : "", w);
    if (strcmp(seed, "-") != 0 && strcmp(seed, "n/a") != 0)
        snprintf(seeds, sizeof seeds, "%sseed %.40s", *name || *window ? ", " : "", seed);
    snprintf(out, n, "%.60s%s%s", name, window, seeds);
}

static ep_status labelled_dots(const rep_table *t, int rule, int y, int y2, bool logs, rep_buf *dat, rep_buf *vars, rep_error *err)
{
    enum { LABEL = 192 };
    rep_names category = {0};
    int *of = calloc((size_t)t->rows, sizeof *of);
    char *text = calloc((size_t)t->rows, LABEL);
    ep_status s = of && text ? EP_OK : rep_fail(err, EP_NOMEM, "out of memory");
    for (int r = 0; s == EP_OK && r < t->rows; r++) {
        char *at = text + (size_t)r * LABEL;
        label(t, r, rule, at, LABEL);
        of[r] = rep_names_add(&category, *at ? at : "-");
        if (of[r] < 0) s = rep_fail(err, EP_NOMEM, "out of memory");
    }
    if (s == EP_OK) s = dots(t, &category, of, y, y2, logs, dat, vars, err);
    rep_names_clear(&category);
    free(text);
    free(of);
    return s;
}

ep_status rep_prepare_approx(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err)
{
    return labelled_dots(t, 1, 4, 5, false, dat, vars, err);
}

ep_status rep_prepare_boundary(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err)
{
    return labelled_dots(t, -1, 3, 4, true, dat, vars, err);
}

static int by_first(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One series of the needed precision, sorted by x; its last point carries the label "N = 50". Returns its length. */
static int needed_series(const rep_table *t, const char *model, int x, int fixed, const char *value, double (*xy)[2], rep_buf *dat)
{
    int n = 0;
    for (int r = 0; r < t->rows; r++) {
        if (strcmp(rep_cell(t, r, 0), model) != 0 || strcmp(rep_cell(t, r, fixed), value) != 0) continue;
        xy[n][0] = rep_num(t, r, x);
        xy[n++][1] = rep_num(t, r, 3);
    }
    if (n == 0) return 0;
    qsort(xy, (size_t)n, sizeof *xy, by_first);
    rep_put_block(dat, "x  bits needed  label");
    for (int k = 0; k < n; k++) {
        rep_put(dat, "%.9g %.9g ", xy[k][0], xy[k][1]);
        rep_put(dat, k == n - 1 ? "\"%c = %s\"\n" : "\"\"\n", fixed == 1 ? 'N' : 'T', value);
    }
    return n;
}

/* All series of the needed precision against column x (T or N) at each value of the other. */
static ep_status needed(const rep_table *t, const rep_names *model, int x, int fixed, const char *name, rep_buf *dat, rep_buf *vars,
                        rep_error *err)
{
    rep_names at = {0};
    rep_buf owner = {0};
    int series = 0;
    double(*xy)[2] = malloc((size_t)t->rows * sizeof *xy);
    for (int r = 0; r < t->rows; r++) rep_names_add(&at, rep_cell(t, r, fixed));
    for (int m = 0; xy && m < model->n; m++)
        for (int k = 0; k < at.n; k++)
            if (needed_series(t, model->s[m], x, fixed, at.s[k], xy, dat) > 0) rep_put(&owner, "%s%d", series++ ? ", " : "", m + 1);
    rep_put(vars, "n_%s = %d\narray of_%s[%d] = [%s]\n", name, series, name, series, owner.s ? owner.s : "");
    bool lost = !xy || owner.failed || at.failed;
    free(xy);
    rep_buf_clear(&owner);
    rep_names_clear(&at);
    return lost ? rep_fail(err, EP_NOMEM, "out of memory") : EP_OK;
}

ep_status rep_prepare_certified(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err)
{
    rep_names model = {0};
    for (int r = 0; r < t->rows; r++)
        for (int col = 1; col <= 4; col++)
            if (!isfinite(rep_num(t, r, col)))
                return rep_fail(err, EP_FORMAT, "row %d: found '%.40s' in column %s, expected a number", r + 1, rep_cell(t, r, col),
                                t->head[col]);
    for (int r = 0; r < t->rows; r++) rep_names_add(&model, rep_cell(t, r, 0));
    rep_names_put(&model, "model", vars);
    rep_put(vars, "q = %.9g\n", rep_num(t, 0, 4));
    ep_status s = needed(t, &model, 2, 1, "steps", dat, vars, err);
    if (s == EP_OK) s = needed(t, &model, 1, 2, "neurons", dat, vars, err);
    if (s == EP_OK) s = done(&model, dat, vars, err);
    rep_names_clear(&model);
    return s;
}
