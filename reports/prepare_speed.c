/* prepare_speed.c: plot data of the engines side by side.
 * SPDX-License-Identifier: MIT */
#include "series.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* "SUITE/MODEL/RULE/SIZE" without the size; the reference's arithmetics are another matter than engines. */
static bool label(const char *id, char *out, size_t n)
{
    const char *size = strrchr(id, '/');
    if (!size || strncmp(id, "reference/", 10) == 0) return false;
    snprintf(out, n, "%.*s, %s", (int)(size - id), id, size + 1);
    for (char *c = out; *c && *c != ','; c++) *c = *c == '/' ? ' ' : *c;
    return true;
}

ep_status rep_prepare_speed(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err)
{
    rep_names kase = {0}, who = {0};
    char text[192];
    for (int pass = 0; pass < 2; pass++)
        for (int r = 0; r < t->rows; r++)
            if (label(rep_cell(t, r, 0), text, sizeof text) && isfinite(rep_num(t, r, 3))) {
                bool first = r == 0 || strcmp(rep_cell(t, r, 0), rep_cell(t, r - 1, 0)) != 0;
                if (pass == 0 && !first) rep_names_add(&who, rep_cell(t, r, 1));
                if (pass == 1) rep_names_add(&kase, text);
            }
    bool none = who.n == 0;
    if (none) rep_names_add(&who, "-");
    if (kase.n == 0) rep_names_add(&kase, "-");
    for (int k = 0; k < who.n; k++) {
        rep_put_block(dat, "place  times as fast as the first subject  low  high");
        for (int r = 0; r < t->rows; r++) {
            bool first = r == 0 || strcmp(rep_cell(t, r, 0), rep_cell(t, r - 1, 0)) != 0;
            if (first || strcmp(rep_cell(t, r, 1), who.s[k]) != 0 || !label(rep_cell(t, r, 0), text, sizeof text) || !isfinite(rep_num(t, r, 3))) continue;
            rep_put(dat, "%d", rep_names_add(&kase, text) + 1);
            for (int c = 3; c <= 5; c++) {
                rep_put(dat, " ");
                rep_put_number(dat, rep_num(t, r, c));
            }
            rep_put(dat, "\n");
        }
        rep_put(dat, "%d NaN NaN NaN\n", kase.n + 1); /* no block is empty */
    }
    rep_names_put(&who, "subject", vars);
    rep_names_put(&kase, "kase", vars);
    rep_put(vars, "H = %d\nnone = %d\n", 130 + 34 * (kase.n > 2 ? kase.n : 2), none);
    bool lost = kase.failed || who.failed || dat->failed || vars->failed;
    rep_names_clear(&kase);
    rep_names_clear(&who);
    return lost ? rep_fail(err, EP_NOMEM, "out of memory") : EP_OK;
}
