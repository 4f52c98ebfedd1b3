/* write.c: the text of the report, for a reader who meets e-prop for the first time.
 * SPDX-License-Identifier: MIT */
#include "doc.h"
#include "series.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[5][3] = {
    {"A", "algebraic identity", "Both ways are computed in exact arithmetic modulo a prime, with random symbols in the place of weights, spikes and "
                                "derivatives. If they agree, the formulas are the same polynomial; the chance of a false pass is printed."},
    {"B", "certified enclosure", "Interval arithmetic proves every spike decision of a real trial and bounds the difference of both gradients from above."},
    {"C", "precision scaling", "The difference must shrink with every bit of precision, at 24 to 1024 bits, as rounding predicts."},
    {"D", "independent routes", "A generic automatic differentiation with its own forward equations, real-time recurrent learning, and finite "
                                "differences where the model is smooth."},
    {"E", "external truth", "Numbers that others computed and published, and cases worked by hand in fractions."},
};

static const char *or_dash(const char *s) { return s && *s ? s : "-"; }

static void headline(const rep_input *in, rep_doc *d)
{
    const rep_prove *p = &in->prove;
    static const char *const text[REP_N_VERDICT] = {
        "It holds: BPTT and the e-prop factorization gave the same gradient in everything that was compared.",
        "Nothing can be concluded: at least one case was too quiet to count.",
        "Undecided: at least one comparison could not be settled at the allowed precision.",
        "It does not hold: at least one comparison failed.",
    };
    char detail[512], facts[256] = "";
    rep_verdict worst = rep_prove_worst(p);
    if (isfinite(p->seconds)) snprintf(facts, sizeof facts, " It took %.1f s", p->seconds);
    if (isfinite(p->peak_rss_mb)) snprintf(facts + strlen(facts), sizeof facts - strlen(facts), "%s %.0f MB of memory", *facts ? " and" : " It took", p->peak_rss_mb);
    snprintf(detail, sizeof detail, "%d comparisons: %d hold, %d fail, %d undecided, %d vacuous.%s%s", p->n_rows, p->count[REP_HOLDS],
             p->count[REP_FAILS], p->count[REP_UNDECIDED], p->count[REP_VACUOUS], facts, *facts ? "." : "");
    doc_verdict(d, worst, text[worst], detail);
    if (strcmp(p->verdict, rep_verdict_name(worst)) != 0) doc_note(d, "The program that made the run states its verdict as: %s", p->verdict);
    doc_para(d, NULL, "eprop-verify %s, level %s, commit %s, drawn by %s.", p->version, or_dash(p->level), or_dash(in->commit), or_dash(in->gnuplot));
}

static void introduction(rep_doc *d)
{
    doc_heading(d, 2, "words", "In plain words");
    doc_para(d, NULL,
             "A recurrent network learns from the gradient: for every weight, how much the error would change if the weight changed a little. The "
             "usual way to compute it, backpropagation through time (BPTT), stores a whole trial and runs through it backward. E-prop factorizes "
             "the same gradient differently: every synapse keeps an eligibility trace that runs forward in time, and the gradient is the sum over "
             "time of trace times learning signal.");
    doc_para(d, "What is proved.", "With the true learning signal L, both ways give the same number for every weight: dE/dW_ji = sum over t of L_j(t) e_ji(t). "
                                   "Replacing the true L by one that is available online makes e-prop an approximation; how good, is measured below and not proved.");
    doc_para(d, "Why it matters.", "Whoever ports e-prop to a new language, simulator or chip can tell an approximation that belongs to the rule from a mistake in the program.");
}

static const char *cell_of(const rep_prove *p, const char *model, const char *evidence, char *buf, size_t n)
{
    int count[REP_N_VERDICT] = {0}, all = 0;
    for (int k = 0; k < p->n_rows; k++)
        if (strcmp(p->rows[k].model, model) == 0 && strcmp(p->rows[k].evidence, evidence) == 0) {
            count[p->rows[k].verdict]++;
            all++;
        }
    if (!all) return "not run";
    for (int v = REP_N_VERDICT - 1; v > 0; v--)
        if (count[v]) {
            snprintf(buf, n, "%s: %d of %d", rep_verdict_name((rep_verdict)v), count[v], all);
            return buf;
        }
    snprintf(buf, n, "holds: %d", all);
    return buf;
}

static void evidence(const rep_input *in, rep_doc *d)
{
    static const char *const head[] = {"model", "A", "B", "C", "D", "E"}, *const meaning[] = {"evidence", "name", "how it works"};
    const rep_prove *p = &in->prove;
    rep_names model = {0};
    doc_heading(d, 3, "evidence", "The evidence");
    doc_para(d, NULL, "Five independent kinds of evidence, A to E. The number is how many comparisons were made.");
    doc_table_begin(d, head, 6);
    for (int k = 0; k < p->n_rows; k++) rep_names_add(&model, p->rows[k].model);
    for (int m = 0; m < model.n; m++) {
        char buf[5][48];
        const char *row[6] = {model.s[m]};
        for (int k = 0; k < 5; k++) row[k + 1] = cell_of(p, model.s[m], kinds[k][0], buf[k], sizeof buf[k]);
        doc_row(d, row, 6);
    }
    doc_table_end(d);
    if (model.failed) d->out->failed = true;
    rep_names_clear(&model);
    doc_table_begin(d, meaning, 3);
    for (int k = 0; k < 5; k++) doc_row(d, kinds[k], 3);
    doc_table_end(d);
    doc_para(d, "The words.", "holds: proved or measured within its bound. fails: outside its bound. undecided: the allowed precision could not tell. vacuous: the "
                              "network was too quiet for the case to count.");
}

static void blind_spots(const rep_input *in, rep_doc *d)
{
    static const char *const head[] = {"evidence", "what it cannot see"};
    doc_heading(d, 3, "blind", "What each kind of evidence cannot see");
    if (in->prove.n_blind == 0) {
        doc_note(d, "Not in this run: prove.json lists no blind spots.");
        return;
    }
    doc_table_begin(d, head, 2);
    for (int k = 0; k < in->prove.n_blind; k++) {
        const char *row[2] = {in->prove.blind[k].evidence, in->prove.blind[k].text};
        doc_row(d, row, 2);
    }
    doc_table_end(d);
}

static void whole_table(const rep_table *t, rep_doc *d)
{
    doc_table_begin(d, (const char *const *)t->head, t->cols);
    for (int r = 0; r < t->rows; r++) doc_row(d, (const char *const *)(t->cell + (size_t)r * (size_t)t->cols), t->cols);
    doc_table_end(d);
}

enum { FOLD = 24 }; /* longer tables are folded */

static void printed(const rep_table *t, rep_doc *d)
{
    char title[64];
    snprintf(title, sizeof title, "%d rows", t->rows);
    if (t->rows > FOLD) doc_fold_begin(d, title);
    whole_table(t, d);
    if (t->rows > FOLD) doc_fold_end(d);
}

static void part(const rep_part *p, const rep_part_data *data, rep_doc *d)
{
    doc_heading(d, 3, p->name, p->title);
    if (p->script) doc_figure(d, p, &data->svg);
    if (p->shows) doc_para(d, p->script ? "What is shown." : NULL, "%s", p->shows);
    if (p->conclude) doc_para(d, p->script ? "What to conclude." : NULL, "%s", p->conclude);
    if (p->blind) doc_para(d, "What it cannot see.", "%s", p->blind);
    if (p->print || !p->script) printed(&data->table, d);
}

static bool has(const rep_input *in, int topic)
{
    int first = 0;
    for (int k = 0; k < topic; k++) first += rep_topics[k]->n;
    for (int k = 0; k < rep_topics[topic]->n; k++)
        if (in->part[first + k].table.present) return true;
    return topic == 0 && in->prove.rows;
}

static void comparisons(const rep_input *in, rep_doc *d)
{
    static const char *const head[] = {"model", "evidence", "case", "compared", "value", "bound", "verdict", "note"};
    const rep_prove *p = &in->prove;
    char title[64];
    doc_heading(d, 2, "all", "Every comparison");
    if (!d->html) {
        doc_para(d, NULL, "All %d stand in report.html and, for machines, in prove.json.", p->n_rows);
        return;
    }
    for (int v = REP_N_VERDICT - 1; v >= 0; v--) {
        if (!p->count[v]) continue;
        snprintf(title, sizeof title, "%s: %d", rep_verdict_name((rep_verdict)v), p->count[v]);
        doc_fold_begin(d, title);
        doc_table_begin(d, head, 8);
        for (int k = 0; k < p->n_rows; k++) {
            const rep_row *r = &p->rows[k];
            const char *row[8] = {r->model, r->evidence, r->name, r->compared, r->value, r->bound, rep_verdict_name(r->verdict), r->note};
            if ((int)r->verdict == v) doc_row(d, row, 8);
        }
        doc_table_end(d);
        doc_fold_end(d);
    }
}

static void reproduce(const rep_input *in, rep_doc *d)
{
    doc_heading(d, 2, "again", "Make it again");
    doc_para(d, NULL, "The run and this report, from the source:");
    if (*in->commit) doc_code(d, "git checkout %s && make deps report", in->commit);
    else doc_code(d, "make deps report");
    doc_para(d, NULL, "The report alone, from the data beside it; every file is compared with SHA256SUMS:");
    doc_code(d, "eprop-report check REPORT_FOLDER");
}

/* ---- where the runs were made --------------------------------------------------------------------------- */

static void fact(const char *name, const json_t *v, rep_doc *d)
{
    char buf[400];
    char *text = json_is_string(v) ? NULL : json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
    snprintf(buf, sizeof buf, "%s", json_is_string(v) ? json_string_value(v) : text ? text : "");
    free(text);
    const char *row[2] = {name, buf};
    doc_row(d, row, 2);
}

static void environment(const rep_input *in, rep_doc *d)
{
    static const char *const head[] = {"fact", "value"};
    doc_heading(d, 2, "environment", "Where the runs were made");
    for (int k = 0; k < in->n_manifest; k++) {
        const char *name;
        const json_t *v;
        doc_fold_begin(d, in->manifest[k].name);
        doc_table_begin(d, head, 2);
        json_object_foreach((json_t *)in->manifest[k].json, name, v) fact(name, v, d);
        doc_table_end(d);
        doc_fold_end(d);
    }
    if (*in->gnuplot) doc_para(d, NULL, "The figures were drawn by %s.", in->gnuplot);
}

/* A kind of evidence that sees everything would not be listed; the list itself stands beside the evidence. */
static void limits(const rep_input *in, rep_doc *d)
{
    doc_heading(d, 2, "limits", "What is not claimed");
    if (in->prove.n_blind > 0)
        doc_para(d, NULL, "Each kind of evidence is blind to something: %d blind spots stand beside the evidence, and no kind is claimed to see all.", in->prove.n_blind);
    doc_para(d, NULL, "The gradient of a spiking network is a surrogate: the derivative of a spike is replaced by a pseudo-derivative. What is proved "
                      "equal are two ways to compute that surrogate; neither is the derivative of the loss with respect to the weights.");
    doc_para(d, NULL, "Numbers quoted from the paper or from other projects are second-hand; they are marked as quoted wherever they stand beside ours.");
    doc_para(d, NULL, "Times hold for the machine, compiler and libraries named above. Ratios of one run carry further than times, but not to every machine.");
}

/* Tables that a report can show and that none of its runs has. */
static void absent(const rep_input *in, rep_doc *d)
{
    bool any = false;
    for (int k = 0; k < rep_part_count(); k++) {
        if (in->part[k].table.present) continue;
        if (!any) doc_heading(d, 2, "absent", "What this report does not have");
        any = true;
        doc_note(d, "Not in this run: data/%s.tsv.", rep_part_at(k)->name);
    }
}

/* ---- the page ------------------------------------------------------------------------------------------- */

static void contents(const rep_input *in, rep_doc *d)
{
    doc_contents_begin(d);
    doc_entry(d, "words", "In plain words");
    for (int k = 0; k < REP_N_TOPIC; k++)
        if (has(in, k)) doc_entry(d, rep_topics[k]->id, rep_topics[k]->title);
    doc_entry(d, "environment", "Where the runs were made");
    doc_entry(d, "again", "Make it again");
    doc_entry(d, "limits", "What is not claimed");
    if (in->prove.rows) doc_entry(d, "all", "Every comparison");
    doc_contents_end(d);
}

static void topics(const rep_input *in, rep_doc *d)
{
    for (int m = 0, k = 0; m < REP_N_TOPIC; m++) {
        const rep_topic *t = rep_topics[m];
        if (has(in, m)) {
            doc_heading(d, 2, t->id, t->title);
            doc_para(d, NULL, "%s", t->text);
        }
        if (m == 0 && in->prove.rows) {
            evidence(in, d);
            blind_spots(in, d);
        }
        for (int j = 0; j < t->n; j++, k++)
            if (in->part[k].table.present) part(rep_part_at(k), &in->part[k], d);
    }
}

void rep_write(const rep_input *in, bool html, rep_buf *out)
{
    rep_doc doc = {out, html}, *d = &doc;
    doc_begin(d, in->prove.rows ? "Are BPTT and e-prop the same gradient?" : "E-prop: results");
    if (in->prove.rows) headline(in, d);
    rep_claims(in, d);
    contents(in, d);
    introduction(d);
    topics(in, d);
    environment(in, d);
    reproduce(in, d);
    limits(in, d);
    absent(in, d);
    if (in->prove.rows) comparisons(in, d);
    doc_end(d);
}
