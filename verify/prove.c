/* Running all evidence.
 * SPDX-License-Identifier: MIT */
#include "prove.h"

#include <string.h>

#include "approx.h"
#include "evidence_e.h"

static void add_e(vfy_results *out, ep_model m, const vfy_e_row *e)
{
    vfy_row row = {.evidence = 'E', .verdict = e->holds ? VFY_HOLDS : VFY_FAILS, .size = e->value};
    snprintf(row.model, sizeof row.model, "%s", ep_model_name(m));
    snprintf(row.subject, sizeof row.subject, "%.120s", e->name);
    snprintf(row.compared, sizeof row.compared, "%s", e->limit > 0.0 ? "loss = published loss, relative" : "entries that differ from the paper working");
    snprintf(row.bound, sizeof row.bound, "%.3g", e->limit);
    snprintf(row.value, sizeof row.value, "%.3g", e->value);
    snprintf(row.note, sizeof row.note, "%s", e->note);
    vfy_results_add(out, &row);
}

static ep_status prove_e(const vfy_task *t)
{
    enum { MOST = 32 };
    vfy_e_row rows[MOST];
    size_t n = 0;
    ep_status st = vfy_evidence_e(t->model, rows, MOST, &n);
    for (size_t k = 0; st == EP_OK && k < n; k++) add_e(t->out, t->model, &rows[k]);
    vfy_say(t->progress, "E: external truth", 1.0);
    return st;
}

ep_status vfy_prove(const vfy_prove_args *a, vfy_results *out)
{
    static ep_status (*const prove[])(const vfy_task *) = {vfy_prove_a, vfy_prove_b, vfy_prove_c, vfy_prove_d, prove_e};
    static ep_status (*const windows[])(const vfy_task *) = {vfy_windows_a, vfy_windows_b, vfy_windows_c, vfy_windows_d, vfy_windows_e};
    for (int m = 0; m < EP_N_MODEL; m++) {
        vfy_task t = {.model = (ep_model)m, .level = a->level, .threads = a->threads, .progress = a->progress, .out = out};
        for (const char *e = a->evidence; a->model[m] && *e; e++) {
            ep_status st = prove[*e - 'A'](&t);
            if (st == EP_OK) st = windows[*e - 'A'](&t);
            if (st != EP_OK) return st;
        }
    }
    return out->status;
}

/* Rows of one line of the table: same model, evidence, and what was compared. */
static bool same_line(const vfy_row *a, const vfy_row *b)
{
    return a->evidence == b->evidence && !strcmp(a->model, b->model) && !strcmp(a->compared, b->compared);
}

static void print_line(FILE *f, const vfy_results *r, size_t first, bool colour)
{
    static const char *const paint[] = {"\033[32m", "\033[33m", "\033[33m", "\033[31m"};
    const vfy_row *row = &r->rows[first], *worst = row;
    size_t count = 0;
    for (size_t k = first; k < r->n; k++) {
        if (!same_line(row, &r->rows[k])) continue;
        count++;
        const vfy_row *x = &r->rows[k];
        if (x->verdict > worst->verdict || (x->verdict == worst->verdict && x->size > worst->size)) worst = x;
    }
    fprintf(f, "%-8s  %c  %3zu  %-46s  %-13s  %-16s  %s%s%s\n", row->model, row->evidence, count, row->compared, worst->bound,
            worst->value, colour ? paint[worst->verdict] : "", vfy_verdict_name(worst->verdict), colour ? "\033[0m" : "");
    if (worst->verdict != VFY_HOLDS) fprintf(f, "          worst: %s; %s\n", worst->subject, worst->note);
}

void vfy_prove_print(FILE *f, const vfy_results *r, const vfy_prove_args *a, bool colour)
{
    fprintf(f, "%-8s %s %s  %-46s  %-13s  %-16s  %s\n", "model", "ev.", "cases", "compared", "bound", "value", "verdict");
    for (size_t k = 0; k < r->n; k++) {
        bool first = true;
        for (size_t m = 0; m < k; m++) first = first && !same_line(&r->rows[m], &r->rows[k]);
        if (first) print_line(f, r, k, colour);
    }
    fprintf(f, "\nWhat this evidence can't see:\n");
    for (const char *e = a->evidence; *e; e++) fprintf(f, "  %c  %s\n", *e, vfy_blind_spot(*e));
}

/* The columns of the table: a rule, a window, a seed. */
static const struct { const char *head; ep_rule rule; int window; ref_seed seed; } column[] = {
    {"e1-sym", EP_EPROP1_SYMMETRIC, 0, REF_SEED_NONE}, {"e1-rand", EP_EPROP1_RANDOM, 0, REF_SEED_NONE},
    {"e1-glob", EP_EPROP1_GLOBAL, 0, REF_SEED_NONE},   {"tbptt", EP_TBPTT, 7, REF_SEED_NONE},
    {"e3", EP_EPROP3, 7, REF_SEED_NONE},               {"e3-c", EP_EPROP3, 7, REF_SEED_C},
    {"e3-z", EP_EPROP3, 7, REF_SEED_Z},                {"e3-zc", EP_EPROP3, 7, REF_SEED_ZC}};
enum { N_COLUMN = sizeof column / sizeof *column };

static ep_status print_model(FILE *f, ep_model m)
{
    vfy_case k;
    vfy_distance d[N_COLUMN];
    ep_status st = vfy_distance_case(m, &k);
    for (int i = 0; st == EP_OK && i < N_COLUMN; i++)
        st = vfy_measure_distance(&k, column[i].rule, column[i].window, column[i].seed, &d[i]);
    vfy_case_free(&k);
    if (st != EP_OK) return st;
    fprintf(f, "%-8s  cosine ", ep_model_name(m));
    for (int i = 0; i < N_COLUMN; i++) fprintf(f, " %8.4f", d[i].cosine);
    fprintf(f, "\n%-8s  error  ", "");
    for (int i = 0; i < N_COLUMN; i++) fprintf(f, " %8.2g", d[i].rel_err);
    fprintf(f, "\n");
    return EP_OK;
}

ep_status vfy_prove_print_distances(FILE *f, const vfy_prove_args *a)
{
    fprintf(f, "\nHow far approximations are from BPTT, one network a model (e1: e-prop 1; e3: e-prop 3 with exact seeds; windows of 7):\n");
    fprintf(f, "%-8s         ", "model");
    for (int i = 0; i < N_COLUMN; i++) fprintf(f, " %8s", column[i].head);
    fprintf(f, "\n");
    for (int m = 0; m < EP_N_MODEL; m++) {
        ep_status st = a->model[m] ? print_model(f, (ep_model)m) : EP_OK;
        if (st != EP_OK) return st;
    }
    return EP_OK;
}
