/* prepare_case.c: plot data of the figures that show one case: its raster and its gradient matrices.
 * SPDX-License-Identifier: MIT */
#include "series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FOCUS = 3 }; /* neurons drawn as curves: more cannot be told apart */

static int by_index(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

/* Neurons by number of spikes, most first, ties by index: the first FOCUS are drawn as curves. */
static int pick(const rep_table *t, const rep_names *neuron, int *focus)
{
    int n = 0;
    while (n < FOCUS && n < neuron->n) {
        int best = -1, most = -1;
        for (int k = 0; k < neuron->n; k++) {
            int spikes = 0;
            bool taken = false;
            for (int m = 0; m < n; m++) taken = taken || focus[m] == k;
            for (int r = 0; r < t->rows; r++) spikes += strcmp(rep_cell(t, r, 1), neuron->s[k]) == 0 && rep_num(t, r, 2) > 0.5;
            if (!taken && spikes > most) {
                best = k;
                most = spikes;
            }
        }
        focus[n++] = best;
    }
    qsort(focus, (size_t)n, sizeof *focus, by_index);
    return n;
}

static void spikes(const rep_table *t, const rep_names *neuron, const int *focus, int n, rep_buf *dat)
{
    rep_put_block(dat, "spikes: t, neuron, colour (0: not drawn below)");
    bool any = false;
    for (int r = 0; r < t->rows; r++) {
        if (!(rep_num(t, r, 2) > 0.5)) continue;
        int colour = 0;
        for (int m = 0; m < n; m++)
            if (strcmp(rep_cell(t, r, 1), neuron->s[focus[m]]) == 0) colour = m + 1;
        rep_put(dat, "%s %s %d\n", rep_cell(t, r, 0), rep_cell(t, r, 1), colour);
        any = true;
    }
    if (!any) rep_put(dat, "NaN NaN 0\n");
}

ep_status rep_prepare_raster(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err)
{
    rep_names neuron = {0};
    double last = 0, jmax = 0;
    for (int r = 0; r < t->rows; r++) {
        if (isnan(rep_num(t, r, 0)) || isnan(rep_num(t, r, 1)) || isnan(rep_num(t, r, 2)))
            return rep_fail(err, EP_FORMAT, "row %d: found no number in t, j or z, expected one", r + 1);
        last = fmax(last, rep_num(t, r, 0));
        jmax = fmax(jmax, rep_num(t, r, 1));
    }
    for (int r = 0; r < t->rows; r++) rep_names_add(&neuron, rep_cell(t, r, 1));
    int focus[FOCUS], n = pick(t, &neuron, focus);
    spikes(t, &neuron, focus, n, dat);
    for (int m = 0; m < n; m++) {
        rep_put_block(dat, "t v psi e L");
        for (int r = 0; r < t->rows; r++) {
            if (strcmp(rep_cell(t, r, 1), neuron.s[focus[m]]) != 0) continue;
            rep_put_number(dat, rep_num(t, r, 0));
            for (int col = 3; col <= 6; col++) {
                rep_put(dat, " ");
                rep_put_number(dat, rep_num(t, r, col));
            }
            rep_put(dat, "\n");
        }
    }
    rep_put(vars, "H = 760\nn_focus = %d\nt_max = %.9g\nj_max = %.9g\narray focus[%d] = [", n, last, jmax, n);
    for (int m = 0; m < n; m++) {
        rep_put(vars, m ? ", " : "");
        rep_put_gnuplot(vars, neuron.s[focus[m]]);
    }
    rep_put(vars, "]\n");
    bool lost = neuron.failed || dat->failed || vars->failed;
    rep_names_clear(&neuron);
    return lost ? rep_fail(err, EP_NOMEM, "out of memory") : EP_OK;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Range of the colours: the largest magnitude, or the 98th percentile where few entries tower above the rest. */
static double span(const double *m, size_t n, double *sorted)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(m[i]) && m[i] != 0) sorted[k++] = fabs(m[i]);
    if (k == 0) return 0;
    qsort(sorted, k, sizeof *sorted, ascending);
    double p98 = sorted[((k - 1) * 98 + 99) / 100], most = sorted[k - 1];
    return most > 2 * p98 ? p98 : most;
}

static void matrix(const double *m, int rows, int cols, const char *title, rep_buf *dat)
{
    rep_put_block(dat, title);
    for (int j = 0; j < rows; j++) {
        for (int i = 0; i < cols; i++) {
            rep_put(dat, "%s", i ? " " : "");
            rep_put_number(dat, m[(size_t)j * (size_t)cols + (size_t)i]);
        }
        rep_put(dat, "\n");
    }
}

static ep_status extent(const rep_table *t, int *lo, int *hi, rep_error *err)
{
    for (int r = 0; r < t->rows; r++)
        for (int k = 0; k < 2; k++) {
            double x = rep_num(t, r, k);
            if (!(x >= 0 && x < 4096))
                return rep_fail(err, EP_FORMAT, "row %d: found '%.40s' in column %s, expected an index from 0 to 4095", r + 1,
                                rep_cell(t, r, k), t->head[k]);
            if (r == 0 || (int)x < lo[k]) lo[k] = (int)x;
            if (r == 0 || (int)x > hi[k]) hi[k] = (int)x;
        }
    return EP_OK;
}

ep_status rep_prepare_gradients(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err)
{
    static const char *const titles[3] = {"BPTT", "e-prop 1", "difference"};
    int lo[2], hi[2];
    ep_status s = extent(t, lo, hi, err);
    if (s != EP_OK) return s;
    int rows = hi[0] - lo[0] + 1, cols = hi[1] - lo[1] + 1;
    size_t n = (size_t)rows * (size_t)cols;
    double *m = malloc(4 * n * sizeof *m);
    if (!m) return rep_fail(err, EP_NOMEM, "out of memory");
    for (size_t k = 0; k < 3 * n; k++) m[k] = (double)NAN;
    for (int r = 0; r < t->rows; r++) {
        size_t at = (size_t)((int)rep_num(t, r, 0) - lo[0]) * (size_t)cols + (size_t)((int)rep_num(t, r, 1) - lo[1]);
        for (size_t k = 0; k < 3; k++) m[k * n + at] = rep_num(t, r, (int)k + 2);
    }
    for (int k = 0; k < 3; k++) matrix(m + (size_t)k * n, rows, cols, titles[k], dat);
    double both = fmax(span(m, n, m + 3 * n), span(m + n, n, m + 3 * n)), diff = span(m + 2 * n, n, m + 3 * n);
    rep_put(vars, "H = 430\nj0 = %d\ni0 = %d\nrows = %d\ncols = %d\nspan_both = %.4g\nspan_diff = %.4g\n", lo[0], lo[1], rows, cols,
            both > 0 ? both : 1, diff > 0 ? diff : 1);
    free(m);
    return dat->failed || vars->failed ? rep_fail(err, EP_NOMEM, "out of memory") : EP_OK;
}
