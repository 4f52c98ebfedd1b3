/* The results of a proof as JSON.
 * SPDX-License-Identifier: MIT */
#include <jansson.h>

#include "outfile.h"
#include "prove.h"

static json_t *row_json(const vfy_row *r)
{
    char letter[2] = {r->evidence, '\0'};
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "model", r->model, "evidence", letter, "case", r->subject,
                     "compared", r->compared, "bound", r->bound, "value", r->value, "verdict", vfy_verdict_name(r->verdict),
                     "note", r->note);
}

static json_t *document(const vfy_results *r, const vfy_prove_args *a, vfy_cost cost)
{
    json_t *rows = json_array(), *blind = json_array();
    for (size_t k = 0; k < r->n; k++) json_array_append_new(rows, row_json(&r->rows[k]));
    for (const char *e = a->evidence; *e; e++) {
        char letter[2] = {*e, '\0'};
        json_array_append_new(blind, json_pack("{s:s, s:s}", "evidence", letter, "text", vfy_blind_spot(*e)));
    }
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:f, s:f}", "version", EP_VERSION, "level",
                     a->level == VFY_FULL ? "full" : "quick", "verdict", vfy_verdict_name(vfy_results_worst(r)), "rows", rows,
                     "blind_spots", blind, "seconds", cost.seconds, "peak_rss_mb", cost.peak_rss_mb);
}

ep_status vfy_prove_write_json(const char *path, const vfy_results *r, const vfy_prove_args *a, vfy_cost cost, char *err,
                               size_t n)
{
    vfy_outfile o;
    ep_status st = vfy_outfile_open(path, &o, err, n);
    if (st != EP_OK) return st;
    json_t *doc = document(r, a, cost);
    if (!doc || json_dumpf(doc, o.f, JSON_INDENT(1)) != 0 || fputc('\n', o.f) == EOF) {
        vfy_outfile_abort(&o);
        json_decref(doc);
        return EP_NOMEM;
    }
    json_decref(doc);
    return vfy_outfile_commit(&o, err, n);
}
