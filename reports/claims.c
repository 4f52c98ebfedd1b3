/* claims.c: what the report says first: each claim that its tables can carry or break, counted from them.
 * SPDX-License-Identifier: MIT */
#include "doc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int column(const rep_table *t, const char *name)
{
    for (int c = 0; c < t->cols; c++)
        if (strcmp(t->head[c], name) == 0) return c;
    return -1;
}

/* Does a cell satisfy `good`: one of some words, a|b, or a number, <=X? A cell that says nothing is not counted: -1. */
static int satisfies(const rep_table *t, int r, int c, const char *good)
{
    const char *s = rep_cell(t, r, c);
    if (strcmp(s, "-") == 0 || strcmp(s, "n/a") == 0) return -1;
    if (strncmp(good, "<=", 2) == 0) return rep_num(t, r, c) <= strtod(good + 2, NULL);
    for (size_t n; *good; good += n + (good[n] == '|')) {
        n = strcspn(good, "|");
        if (strlen(s) == n && strncmp(s, good, n) == 0) return 1;
    }
    return 0;
}

void rep_claim_count(const rep_part *p, const rep_table *t, int *held, int *all)
{
    int c = p->claim && t->present ? column(t, p->verdict) : -1;
    *held = *all = 0;
    for (int r = 0; c >= 0 && r < t->rows; r++) {
        int v = satisfies(t, r, c, p->good);
        *all += v >= 0;
        *held += v > 0;
    }
}

static void row(const char *claim, const char *where, int held, int all, rep_doc *d)
{
    char count[48];
    const char *cell[4] = {claim, count, held == all ? "holds" : "not everywhere", where};
    snprintf(count, sizeof count, "%d of %d", held, all);
    doc_row(d, cell, 4);
}

void rep_claims(const rep_input *in, rep_doc *d)
{
    static const char *const head[4] = {"claim", "true in", "", "where"};
    bool any = in->prove.rows != NULL;
    int held, all;
    for (int k = 0; k < rep_part_count(); k++) {
        rep_claim_count(rep_part_at(k), &in->part[k].table, &held, &all);
        any = any || all;
    }
    if (!any) return;
    doc_heading(d, 2, "claims", "What is claimed, and how often it was true");
    doc_table_begin(d, head, 4);
    if (in->prove.rows)
        row("BPTT and the sum of traces times learning signals are the same gradient", rep_topics[0]->title, in->prove.count[REP_HOLDS], in->prove.n_rows, d);
    for (int m = 0, k = 0; m < REP_N_TOPIC; m++)
        for (int j = 0; j < rep_topics[m]->n; j++, k++) {
            rep_claim_count(rep_part_at(k), &in->part[k].table, &held, &all);
            if (all) row(rep_part_at(k)->claim, rep_part_at(k)->title, held, all, d);
        }
    doc_table_end(d);
}
