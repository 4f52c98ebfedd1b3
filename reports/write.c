/* write.c: the text of the report, for a reader who meets e-prop for the first time.
 * SPDX-License-Identifier: MIT */
#include "doc.h"
#include "series.h"

#include <math.h>
#include <stdio.h>
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
    doc_para(d, NULL, "eprop-verify %s, level %s, commit %s, drawn by %s.", p->version, or_dash(p->level), or_dash(in->commit), in->gnuplot);
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
    doc_heading(d, 2, "evidence", "The evidence");
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
    doc_heading(d, 2, "blind", "What each kind of evidence cannot see");
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

static void slips(const rep_input *in, rep_doc *d)
{
    doc_heading(d, 2, "slips", "Would a mistake be noticed?");
    doc_para(d, NULL,
             "A test that cannot fail is worth nothing. So every slip that a port could make is made on purpose, in three places: in the traces, in "
             "the learning signal, and in the neuron model itself. The table says which evidence noticed it. A slip in the neuron model changes both "
             "ways of computing the gradient alike, so A, B and C must miss it and D or E must find it.");
    if (in->slips.present) whole_table(&in->slips, d);
    else doc_note(d, "Not in this run: data/slips.tsv.");
}

static void liveness(const rep_input *in, rep_doc *d)
{
    doc_heading(d, 2, "alive", "Was there anything to compare?");
    doc_para(d, NULL, "Two gradients that are both zero agree too. A case counts only if its neurons spike, the pseudo-derivative is open often enough, and "
                      "recurrent paths contribute to the gradient.");
    if (in->liveness.present) {
        char title[64];
        snprintf(title, sizeof title, "%d cases", in->liveness.rows);
        doc_fold_begin(d, title);
        whole_table(&in->liveness, d);
        doc_fold_end(d);
    } else doc_note(d, "Not in this run: data/liveness.tsv.");
}

static void comparisons(const rep_input *in, rep_doc *d)
{
    static const char *const head[] = {"model", "evidence", "case", "compared", "value", "bound", "verdict", "note"};
    const rep_prove *p = &in->prove;
    char title[64];
    doc_heading(d, 2, "all", "Every comparison");
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

void rep_write(const rep_input *in, bool html, rep_buf *out)
{
    static const char *const before[][2] = {{"words", "In plain words"}, {"evidence", "The evidence"}};
    static const char *const after[][2] = {{"slips", "Would a mistake be noticed?"}, {"alive", "Was there anything to compare?"},
                                           {"blind", "What each kind of evidence cannot see"}, {"all", "Every comparison"}, {"again", "Make it again"}};
    enum { BEFORE = 2, AFTER = 5 };
    const char *entry[BEFORE + REP_N_FIGURE + AFTER][2];
    rep_doc doc = {out, html}, *d = &doc;
    memcpy(entry, before, sizeof before);
    for (int k = 0; k < REP_N_FIGURE; k++) {
        entry[BEFORE + k][0] = rep_figures[k].name;
        entry[BEFORE + k][1] = rep_figures[k].title;
    }
    memcpy(entry + BEFORE + REP_N_FIGURE, after, sizeof after);
    doc_begin(d, "Are BPTT and e-prop the same gradient?");
    headline(in, d);
    doc_contents(d, (const char *const(*)[2])entry, BEFORE + REP_N_FIGURE + AFTER);
    introduction(d);
    evidence(in, d);
    for (int k = 0; k < REP_N_FIGURE; k++) {
        const rep_figure *f = &rep_figures[k];
        doc_heading(d, 2, f->name, f->title);
        if (in->svg[k].n) doc_figure(d, f, &in->svg[k]);
        else doc_note(d, "Not in this run: data/%s.tsv.", f->name);
        doc_para(d, "What is shown.", "%s", f->shows);
        doc_para(d, "What to conclude.", "%s", f->conclude);
        doc_para(d, "What it cannot see.", "%s", f->blind);
    }
    slips(in, d);
    liveness(in, d);
    blind_spots(in, d);
    comparisons(in, d);
    reproduce(in, d);
    doc_end(d);
}
