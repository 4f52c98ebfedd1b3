/* prepare_speed.c: plot data of the engines side by side.
 * SPDX-License-Identifier: MIT */
#include "series.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL = 96 };

/* "alif eprop1-symmetric, N100 T1000 B1" of gradient/alif/eprop1-symmetric/N100-I100-O3-T1000-B1-r2; another suite stands in front. "" for
 * the reference's arithmetics, which are another matter than engines, and for what is no case. */
static void label(const char *id, char out[LABEL])
{
    char suite[16], model[24], rule[24];
    int N, I, O, T, B;
    out[0] = '\0';
    if (sscanf(id, "%15[^/]/%23[^/]/%23[^/]/N%d-I%d-O%d-T%d-B%d", suite, model, rule, &N, &I, &O, &T, &B) != 8 || strcmp(suite, "reference") == 0) return;
    bool plain = strcmp(suite, "gradient") == 0;
    snprintf(out, LABEL, "%s%s%s %s, N%d T%d B%d", plain ? "" : suite, plain ? "" : " ", model, rule, N, T, B);
}

static bool first_of_case(const rep_table *t, int r) { return r == 0 || strcmp(rep_cell(t, r, 0), rep_cell(t, r - 1, 0)) != 0; }

static bool shown(const rep_table *t, int r, const char *text) { return *text && isfinite(rep_num(t, r, 3)) && !first_of_case(t, r); }

static void block(const rep_table *t, const char *who, char (*text)[LABEL], rep_names *kase, rep_buf *dat)
{
    rep_put_block(dat, "place  times as fast as the first subject  low  high");
    for (int r = 0; r < t->rows; r++) {
        if (!shown(t, r, text[r]) || strcmp(rep_cell(t, r, 1), who) != 0) continue;
        rep_put(dat, "%d", rep_names_add(kase, text[r]) + 1);
        for (int c = 3; c <= 5; c++) {
            rep_put(dat, " ");
            rep_put_number(dat, rep_num(t, r, c));
        }
        rep_put(dat, "\n");
    }
    rep_put(dat, "%d NaN NaN NaN\n", kase->n + 1); /* no block is empty */
}

ep_status rep_prepare_speed(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err)
{
    rep_names kase = {0}, who = {0};
    double least = 0.7; /* where the axis begins: in sight of 1 */
    char(*text)[LABEL] = calloc((size_t)t->rows + 1, sizeof *text);
    for (int r = 0; text && r < t->rows; r++) {
        label(rep_cell(t, r, 0), text[r]);
        if (!shown(t, r, text[r])) continue;
        rep_names_add(&kase, text[r]);
        rep_names_add(&who, rep_cell(t, r, 1));
        if (rep_num(t, r, 4) < least) least = rep_num(t, r, 4);
    }
    bool none = who.n == 0;
    if (none) rep_names_add(&who, "-");
    if (none) rep_names_add(&kase, "-");
    for (int k = 0; text && k < who.n; k++) block(t, who.s[k], text, &kase, dat);
    rep_names_put(&who, "subject", vars);
    rep_names_put(&kase, "kase", vars);
    rep_put(vars, "least = %.9g\nH = %d\nnone = %d\n", least, 170 + 34 * (kase.n > 2 ? kase.n : 2), none);
    bool lost = !text || kase.failed || who.failed || dat->failed || vars->failed;
    free(text);
    rep_names_clear(&kase);
    rep_names_clear(&who);
    return lost ? rep_fail(err, EP_NOMEM, "out of memory") : EP_OK;
}
