/* diff.c: what changed from one report to another, beyond noise.
 * SPDX-License-Identifier: MIT */
#include "rep.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct tally { rep_buf *text; int better, worse, appeared, vanished, same; } tally;

static void say(tally *t, int *count, const char *word, const char *table, const char *row, const char *how)
{
    ++*count;
    rep_put(t->text, "%-9s %s: %s%s%s\n", word, table, row, *how ? ": " : "", how);
}

/* ---- comparisons of the proof: a verdict is all that can change ------------------------------------------ */

static bool same_row(const rep_row *a, const rep_row *b)
{
    return strcmp(a->model, b->model) == 0 && strcmp(a->evidence, b->evidence) == 0 && strcmp(a->name, b->name) == 0 &&
           strcmp(a->compared, b->compared) == 0;
}

static const rep_row *find_row(const rep_prove *p, const rep_row *like)
{
    for (int k = 0; k < p->n_rows; k++)
        if (same_row(&p->rows[k], like)) return &p->rows[k];
    return NULL;
}

static void name_row(const rep_row *r, char *out, size_t n)
{
    snprintf(out, n, "%.40s, %.8s, %.100s, %.100s", r->model, r->evidence, r->name, r->compared);
}

static void diff_prove(const rep_prove *a, const rep_prove *b, tally *t)
{
    char name[320], how[64];
    for (int k = 0; k < a->n_rows; k++) {
        const rep_row *r = &a->rows[k], *q = find_row(b, r);
        name_row(r, name, sizeof name);
        if (!q) {
            say(t, &t->vanished, "vanished", "prove", name, "");
            continue;
        }
        snprintf(how, sizeof how, "%s, then %s", rep_verdict_name(r->verdict), rep_verdict_name(q->verdict));
        if (q->verdict > r->verdict) say(t, &t->worse, "worse", "prove", name, how);
        else if (q->verdict < r->verdict) say(t, &t->better, "better", "prove", name, how);
        else t->same++;
    }
    for (int k = 0; k < b->n_rows; k++) {
        name_row(&b->rows[k], name, sizeof name);
        if (!find_row(a, &b->rows[k])) say(t, &t->appeared, "appeared", "prove", name, rep_verdict_name(b->rows[k].verdict));
    }
}

/* ---- tables --------------------------------------------------------------------------------------------- */

static int find_key(const rep_table *t, const rep_table *of, int row, int key)
{
    for (int r = 0; r < t->rows; r++) {
        bool same = true;
        for (int c = 0; same && c < key; c++) same = strcmp(rep_cell(t, r, c), rep_cell(of, row, c)) == 0;
        if (same) return r;
    }
    return -1;
}

static void name_key(const rep_table *t, int row, int key, char *out, size_t n)
{
    out[0] = '\0';
    for (int c = 0; c < key; c++) {
        size_t have = strlen(out);
        snprintf(out + have, n - have, "%s%.60s", c ? ", " : "", rep_cell(t, row, c));
    }
}

/* Do the intervals have a number in common? Without intervals: are the values equal? */
static bool within_noise(const rep_part *p, const rep_table *a, int r, const rep_table *b, int q)
{
    double x = rep_num(a, r, p->value), y = rep_num(b, q, p->value);
    if (isnan(x) || isnan(y)) return isnan(x) == isnan(y);
    if (!p->low) return !(x < y) && !(x > y);
    return !(rep_num(a, r, p->high) < rep_num(b, q, p->low)) && !(rep_num(b, q, p->high) < rep_num(a, r, p->low));
}

static void diff_row(const rep_part *p, const rep_table *a, int r, const rep_table *b, int q, tally *t)
{
    char name[400], how[160];
    name_key(a, r, p->key, name, sizeof name);
    double x = rep_num(a, r, p->value), y = rep_num(b, q, p->value);
    if (within_noise(p, a, r, b, q)) {
        t->same++;
        return;
    }
    snprintf(how, sizeof how, "%.40s %.40s, then %.40s", a->head[p->value], rep_cell(a, r, p->value), rep_cell(b, q, p->value));
    bool better = isnan(x) || (!isnan(y) && (p->better > 0 ? y > x : y < x));
    if (better) say(t, &t->better, "better", p->name, name, how);
    else say(t, &t->worse, "worse", p->name, name, how);
}

static void diff_table(const rep_part *p, const rep_table *a, const rep_table *b, tally *t)
{
    char name[400];
    if (!a->present || !b->present || p->key == 0) {
        if (a->present && !b->present) say(t, &t->vanished, "vanished", p->name, "the whole table", "");
        if (!a->present && b->present) say(t, &t->appeared, "appeared", p->name, "the whole table", "");
        return;
    }
    for (int r = 0; r < a->rows; r++) {
        int q = find_key(b, a, r, p->key);
        name_key(a, r, p->key, name, sizeof name);
        if (q >= 0) diff_row(p, a, r, b, q, t);
        else say(t, &t->vanished, "vanished", p->name, name, "");
    }
    for (int q = 0; q < b->rows; q++) {
        name_key(b, q, p->key, name, sizeof name);
        if (find_key(a, b, q, p->key) < 0) say(t, &t->appeared, "appeared", p->name, name, "");
    }
}

ep_status rep_diff(const char *a, const char *b, rep_buf *text, int *worse, rep_error *err)
{
    rep_input x = {0}, y = {0};
    tally t = {.text = text};
    ep_status s = rep_input_read(&a, 1, &x, err);
    if (s == EP_OK) s = rep_input_read(&b, 1, &y, err);
    if (s == EP_OK) {
        diff_prove(&x.prove, &y.prove, &t);
        for (int k = 0; k < rep_part_count(); k++) diff_table(rep_part_at(k), &x.part[k].table, &y.part[k].table, &t);
        rep_put(text, "%d better, %d worse, %d appeared, %d vanished, %d the same within noise\n", t.better, t.worse, t.appeared, t.vanished, t.same);
        *worse = t.worse + t.vanished;
        if (text->failed) s = rep_fail(err, EP_NOMEM, "out of memory");
    }
    rep_input_clear(&x);
    rep_input_clear(&y);
    return s;
}
