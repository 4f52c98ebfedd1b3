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
    bool some = false;
    for (int r = 0; r < t->rows; r++) some = some || isfinite(rep_log2(rep_cell(t, r, 2)));
    rep_put(vars, "bits_max = %.9g\nsome = %d\n", most > 0 ? most : 53, some);
    ep_status s = done(&model, dat, vars, err);
    rep_names_clear(&model);
    return s;
}

/* A dot plot: one category a line of the figure, one colour a model; the values stand in two columns of the table. */
typedef struct plot { int rule, window, seed, first, second; bool log; int line; } plot;

/* One category: a learning rule with its window and seed, and where its parts first appear. */
typedef struct category { char text[192]; int rule, seed, row, place; double window; } category;

static int by_rule_seed_window(const void *a, const void *b)
{
    const category *x = a, *y = b;
    if (x->rule != y->rule) return x->rule - y->rule;
    if (x->seed != y->seed) return x->seed - y->seed;
    if (x->window != y->window) return x->window < y->window ? -1 : 1;
    return x->row - y->row;
}

static bool says(const char *s) { return strcmp(s, "-") != 0 && strcmp(s, "n/a") != 0; }

/* "eprop3, window 10, seed zc" from the columns rule, window and seed, where they say something. */
static void label(const rep_table *t, int r, const plot *p, char *out, size_t n)
{
    const char *name = p->rule >= 0 ? rep_cell(t, r, p->rule) : "", *seed = rep_cell(t, r, p->seed);
    char window[32] = "", seeds[64] = "";
    if (rep_num(t, r, p->window) > 0) snprintf(window, sizeof window, "%swindow %.0f", *name ? ", " : "", rep_num(t, r, p->window));
    if (says(seed)) snprintf(seeds, sizeof seeds, "%sseed %.40s", *name || *window ? ", " : "", seed);
    snprintf(out, n, "%.60s%s%s", name, window, seeds);
}

/* Fills of[row] with the row's place among the sorted categories, and `sorted` with their labels. */
static bool categorise(const rep_table *t, const plot *p, category *c, int *of, rep_names *sorted)
{
    rep_names rule = {0}, seed = {0}, text = {0};
    bool ok = true;
    for (int r = 0; ok && r < t->rows; r++) {
        category *k = &c[text.n];
        int before = text.n;
        label(t, r, p, k->text, sizeof k->text);
        of[r] = rep_names_add(&text, k->text);
        k = &c[before];
        if (text.n > before) {
            k->rule = p->rule >= 0 ? rep_names_add(&rule, rep_cell(t, r, p->rule)) : 0;
            k->seed = rep_names_add(&seed, rep_cell(t, r, p->seed));
            k->window = rep_num(t, r, p->window);
            k->row = before;
        }
        ok = of[r] >= 0 && k->rule >= 0 && k->seed >= 0;
    }
    int n = text.n;
    rep_names_clear(&rule);
    rep_names_clear(&seed);
    rep_names_clear(&text);
    if (!ok) return false;
    qsort(c, (size_t)n, sizeof *c, by_rule_seed_window);
    for (int k = 0; k < n; k++) {
        for (int r = 0; r < t->rows; r++)
            if (of[r] == c[k].row) of[r] = -1 - k;
        ok = rep_names_add(sorted, c[k].text) >= 0 && ok;
    }
    for (int r = 0; r < t->rows; r++) of[r] = -1 - of[r];
    return ok;
}

/* Where a logarithmic axis puts an error of exactly 0: left of all others; NAN if there is none. */
static double zero_place(const rep_table *t, const plot *p)
{
    double least = -16;
    bool zero = false;
    for (int r = 0; r < t->rows; r++) {
        double x = rep_num(t, r, p->first), l = rep_log2(rep_cell(t, r, p->first)) * log10(2);
        zero = zero || x == 0;
        if (isfinite(l) && l < least) least = floor(l);
    }
    return p->log && zero ? least - 2 : (double)NAN;
}

static void dots(const rep_table *t, const plot *p, const rep_names *model, const int *of, double zero, rep_buf *dat)
{
    for (int m = 0; m < model->n; m++) {
        rep_put_block(dat, "category  first value  second value");
        for (int r = 0; r < t->rows; r++) {
            if (strcmp(rep_cell(t, r, 0), model->s[m]) != 0) continue;
            double x = rep_num(t, r, p->first), l = rep_log2(rep_cell(t, r, p->first)) * log10(2);
            rep_put(dat, "%d ", of[r] + 1);
            rep_put_number(dat, !p->log ? x : x == 0 && isnan(l) ? zero : l);
            rep_put(dat, " ");
            rep_put_number(dat, rep_num(t, r, p->second));
            rep_put(dat, "\n");
        }
    }
}

static bool some_number(const rep_table *t, int col)
{
    for (int r = 0; r < t->rows; r++)
        if (isfinite(rep_num(t, r, col)) && rep_num(t, r, col) > 0) return true;
    return false;
}

static ep_status dot_plot(const rep_table *t, const plot *p, rep_buf *dat, rep_buf *vars, rep_error *err)
{
    rep_names model = {0}, sorted = {0};
    int *of = calloc((size_t)t->rows, sizeof *of);
    category *c = calloc((size_t)t->rows + 1, sizeof *c);
    ep_status s = of && c && categorise(t, p, c, of, &sorted) ? EP_OK : rep_fail(err, EP_NOMEM, "out of memory");
    if (s == EP_OK) {
        double zero = zero_place(t, p);
        for (int r = 0; r < t->rows; r++) rep_names_add(&model, rep_cell(t, r, 0));
        dots(t, p, &model, of, zero, dat);
        rep_names_put(&model, "model", vars);
        rep_names_put(&sorted, "category", vars);
        rep_put(vars, "H = %d\nzero = ", 140 + p->line * sorted.n);
        rep_put_number(vars, zero);
        rep_put(vars, "\nsome_first = %d\nsome_second = %d\n", some_number(t, p->first), some_number(t, p->second));
        s = done(&model, dat, vars, err);
    }
    rep_names_clear(&model);
    rep_names_clear(&sorted);
    free(c);
    free(of);
    return s;
}

ep_status rep_prepare_approx(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err)
{
    static const plot p = {.rule = 1, .window = 2, .seed = 3, .first = 4, .second = 5, .line = 26};
    return dot_plot(t, &p, dat, vars, err);
}

ep_status rep_prepare_boundary(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err)
{
    static const plot p = {.rule = -1, .window = 1, .seed = 2, .first = 3, .second = 4, .log = true, .line = 34};
    return dot_plot(t, &p, dat, vars, err);
}

static int by_first(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One series of the needed precision, sorted by x; its last point carries the label "N = 50". Returns its length,
 * 0 for a single point, which shows no growth. */
static int needed_series(const rep_table *t, const char *model, int x, int fixed, const char *value, double (*xy)[2], rep_buf *dat)
{
    int n = 0;
    for (int r = 0; r < t->rows; r++) {
        if (strcmp(rep_cell(t, r, 0), model) != 0 || strcmp(rep_cell(t, r, fixed), value) != 0) continue;
        xy[n][0] = rep_num(t, r, x);
        xy[n++][1] = rep_num(t, r, 3);
    }
    if (n < 2) return 0;
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
    rep_put(vars, "n_%s = %d\narray of_%s[%d] = [%s]\n", name, series, name, series ? series : 1, owner.s ? owner.s : "1");
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
