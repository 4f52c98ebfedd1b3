/* series.c: groups the rows of a table into the series and categories of a figure.
 * SPDX-License-Identifier: MIT */
#include "series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int rep_names_add(rep_names *l, const char *s)
{
    for (int k = 0; k < l->n; k++)
        if (strcmp(l->s[k], s) == 0) return k;
    if (l->n == l->cap) {
        int cap = l->cap ? 2 * l->cap : 16;
        const char **more = realloc(l->s, (size_t)cap * sizeof *more);
        if (!more) {
            l->failed = true;
            return -1;
        }
        l->s = more;
        l->cap = cap;
    }
    l->s[l->n] = s;
    return l->n++;
}

void rep_names_clear(rep_names *l)
{
    free(l->s);
    rep_buf_clear(&l->own);
    *l = (rep_names){0};
}

void rep_names_put(const rep_names *l, const char *name, rep_buf *vars)
{
    rep_put(vars, "array %s[%d] = [", name, l->n);
    for (int k = 0; k < l->n; k++) {
        if (k) rep_put(vars, ", ");
        rep_put_gnuplot(vars, l->s[k]);
    }
    rep_put(vars, "]\n");
}

void rep_put_number(rep_buf *b, double x)
{
    if (isfinite(x)) rep_put(b, "%.9g", x);
    else rep_put(b, "NaN");
}

void rep_put_block(rep_buf *b, const char *title) { rep_put(b, "%s# %s\n", b->n ? "\n\n" : "", title); }
