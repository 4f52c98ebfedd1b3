/* prove.c: reads the results that `eprop-verify prove` wrote as JSON.
 * SPDX-License-Identifier: MIT */
#include "rep.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const verdict_names[REP_N_VERDICT] = {"holds", "vacuous", "undecided", "fails"};

const char *rep_verdict_name(rep_verdict v) { return verdict_names[v]; }

rep_verdict rep_prove_worst(const rep_prove *p)
{
    for (int v = REP_N_VERDICT - 1; v >= 0; v--)
        if (p->count[v]) return (rep_verdict)v;
    return REP_VACUOUS;
}

void rep_prove_clear(rep_prove *p)
{
    json_decref(p->json);
    free(p->rows);
    free(p->blind);
    *p = (rep_prove){0};
}

static const char *kind(const json_t *v)
{
    if (!v) return "nothing";
    static const char *const names[] = {"an object", "an array", "a string", "a number", "a number", "true", "false", "null"};
    return names[json_typeof(v)];
}

/* A member as text; a number is written out and stored back, so that the tree owns every string. */
static ep_status text(json_t *o, const char *where, const char *key, bool needed, const char **out, rep_error *err)
{
    json_t *v = json_object_get(o, key);
    *out = "";
    if (json_is_number(v)) {
        char buf[40];
        snprintf(buf, sizeof buf, json_is_integer(v) ? "%.0f" : "%.4g", json_number_value(v));
        if (json_object_set_new(o, key, json_string(buf)) != 0) return rep_fail(err, EP_NOMEM, "%s: out of memory", where);
        v = json_object_get(o, key);
    }
    if (json_is_string(v)) {
        *out = json_string_value(v);
        return EP_OK;
    }
    if (!needed && (!v || json_is_null(v))) return EP_OK;
    return rep_fail(err, EP_FORMAT, "%s.%s: found %s, expected a string", where, key, kind(v));
}

static ep_status number(const json_t *o, const char *where, const char *key, double *out, rep_error *err)
{
    const json_t *v = json_object_get(o, key);
    *out = (double)NAN;
    if (!v || json_is_null(v)) return EP_OK;
    if (!json_is_number(v)) return rep_fail(err, EP_FORMAT, "%s.%s: found %s, expected a number", where, key, kind(v));
    *out = json_number_value(v);
    return EP_OK;
}

static ep_status read_row(json_t *o, const char *where, rep_row *r, rep_error *err)
{
    if (!json_is_object(o)) return rep_fail(err, EP_FORMAT, "%s: found %s, expected an object", where, kind(o));
    const char *verdict;
    ep_status s = text(o, where, "model", true, &r->model, err);
    if (s == EP_OK) s = text(o, where, "evidence", true, &r->evidence, err);
    if (s == EP_OK) s = text(o, where, "case", false, &r->name, err);
    if (s == EP_OK) s = text(o, where, "compared", false, &r->compared, err);
    if (s == EP_OK) s = text(o, where, "bound", false, &r->bound, err);
    if (s == EP_OK) s = text(o, where, "value", false, &r->value, err);
    if (s == EP_OK) s = text(o, where, "note", false, &r->note, err);
    if (s == EP_OK) s = text(o, where, "verdict", true, &verdict, err);
    if (s != EP_OK) return s;
    if (strlen(r->evidence) != 1 || !strchr("ABCDE", r->evidence[0]))
        return rep_fail(err, EP_FORMAT, "%s.evidence: found '%.40s', expected one of A B C D E", where, r->evidence);
    for (int v = 0; v < REP_N_VERDICT; v++)
        if (strcmp(verdict, verdict_names[v]) == 0) {
            r->verdict = (rep_verdict)v;
            return EP_OK;
        }
    return rep_fail(err, EP_FORMAT, "%s.verdict: found '%.40s', expected holds, fails, undecided or vacuous", where, verdict);
}

static ep_status read_rows(const json_t *root, const char *path, rep_prove *p, rep_error *err)
{
    const json_t *rows = json_object_get(root, "rows");
    if (!json_is_array(rows)) return rep_fail(err, EP_FORMAT, "%s: rows: found %s, expected an array", path, kind(rows));
    p->n_rows = (int)json_array_size(rows);
    p->rows = calloc((size_t)p->n_rows + 1, sizeof *p->rows);
    if (!p->rows) return rep_fail(err, EP_NOMEM, "%s: out of memory", path);
    for (int k = 0; k < p->n_rows; k++) {
        char where[REP_PATH];
        ep_status s = rep_path(where, err, "%.3000s: rows[%d]", path, k);
        if (s == EP_OK) s = read_row(json_array_get(rows, (size_t)k), where, &p->rows[k], err);
        if (s != EP_OK) return s;
        p->count[p->rows[k].verdict]++;
    }
    return EP_OK;
}

static ep_status read_blind(const json_t *root, const char *path, rep_prove *p, rep_error *err)
{
    const json_t *list = json_object_get(root, "blind_spots");
    if (!list) return EP_OK;
    if (!json_is_array(list)) return rep_fail(err, EP_FORMAT, "%s: blind_spots: found %s, expected an array", path, kind(list));
    p->blind = calloc(json_array_size(list) + 1, sizeof *p->blind);
    if (!p->blind) return rep_fail(err, EP_NOMEM, "%s: out of memory", path);
    for (size_t k = 0; k < json_array_size(list); k++) {
        char where[REP_PATH];
        json_t *o = json_array_get(list, k);
        ep_status s = rep_path(where, err, "%.3000s: blind_spots[%zu]", path, k);
        if (s == EP_OK && !json_is_object(o)) s = rep_fail(err, EP_FORMAT, "%s: found %s, expected an object", where, kind(o));
        if (s == EP_OK) s = text(o, where, "evidence", true, &p->blind[k].evidence, err);
        if (s == EP_OK) s = text(o, where, "text", true, &p->blind[k].text, err);
        if (s != EP_OK) return s;
        p->n_blind++;
    }
    return EP_OK;
}

/* A file that says "holds" over a row that fails is damaged: no report may repeat it. */
static ep_status consistent(const rep_prove *p, const char *path, rep_error *err)
{
    rep_verdict worst = rep_prove_worst(p);
    if (strcmp(p->verdict, "holds") == 0 && (worst == REP_FAILS || worst == REP_UNDECIDED))
        return rep_fail(err, EP_FORMAT, "%s: verdict: found 'holds' although %d rows fail and %d are undecided, expected '%s'", path,
                        p->count[REP_FAILS], p->count[REP_UNDECIDED], rep_verdict_name(worst));
    return EP_OK;
}

ep_status rep_prove_read(const char *path, rep_prove *p, rep_error *err)
{
    *p = (rep_prove){0};
    rep_buf b = {0};
    json_error_t je;
    bool missing;
    ep_status s = rep_file_read(path, &b, &missing, err);
    if (missing) s = rep_fail(err, EP_FORMAT, "%s: found no such file, expected what `eprop-verify prove --out` writes", path);
    json_t *root = s == EP_OK ? json_loadb(b.s, b.n, JSON_REJECT_DUPLICATES, &je) : NULL;
    rep_buf_clear(&b);
    if (s != EP_OK) return s;
    p->json = root;
    if (!root) return rep_fail(err, EP_FORMAT, "%s:%d: %s, expected JSON", path, je.line, je.text);
    if (!json_is_object(root)) return rep_fail(err, EP_FORMAT, "%s:1: found %s, expected an object", path, kind(root));
    s = text(root, path, "version", true, &p->version, err);
    if (s == EP_OK) s = text(root, path, "level", false, &p->level, err);
    if (s == EP_OK) s = text(root, path, "commit", false, &p->commit, err);
    if (s == EP_OK) s = text(root, path, "verdict", true, &p->verdict, err);
    if (s == EP_OK) s = number(root, path, "seconds", &p->seconds, err);
    if (s == EP_OK) s = number(root, path, "peak_rss_mb", &p->peak_rss_mb, err);
    if (s == EP_OK) s = read_rows(root, path, p, err);
    if (s == EP_OK) s = read_blind(root, path, p, err);
    if (s == EP_OK) s = consistent(p, path, err);
    return s;
}
