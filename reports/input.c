/* input.c: what one or more run directories have.
 * SPDX-License-Identifier: MIT */
#include "rep.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool exists(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f) fclose(f);
    return f != NULL;
}

/* The path of dir/name, if exactly one of the directories has it; "" if none has. */
static ep_status find(const char *const *dir, int n, const char *name, char out[REP_PATH], rep_error *err)
{
    char path[REP_PATH];
    out[0] = '\0';
    for (int k = 0; k < n; k++) {
        ep_status s = rep_path(path, err, "%s/%s", dir[k], name);
        if (s != EP_OK) return s;
        if (!exists(path)) continue;
        if (*out) return rep_fail(err, EP_FORMAT, "%s: found it in %.1000s too, expected one run to have it", path, out);
        memcpy(out, path, sizeof path);
    }
    return EP_OK;
}

static ep_status read_parts(const char *const *dir, int n, rep_input *in, rep_error *err)
{
    ep_status s = EP_OK;
    for (int k = 0; s == EP_OK && k < rep_part_count(); k++) {
        const rep_part *p = rep_part_at(k);
        rep_part_data *d = &in->part[k];
        char name[96];
        snprintf(name, sizeof name, "data/%s.tsv", p->name);
        s = find(dir, n, name, d->path, err);
        if (s == EP_OK && *d->path) s = rep_table_read(d->path, d->path, p->want, p->n_want, &d->table, err);
    }
    return s;
}

/* ---- manifests: manifest.json of a run; of a report, those of its runs in runs/ -------------------- */

static ep_status read_manifest(const char *path, const char *name, size_t len, rep_input *in, rep_error *err)
{
    if (in->n_manifest == REP_MAX_RUN) return rep_fail(err, EP_DOMAIN, "found more than %d manifests", REP_MAX_RUN);
    rep_manifest *m = &in->manifest[in->n_manifest];
    json_error_t e;
    ep_status s = rep_file_read(path, &m->text, NULL, err);
    if (s != EP_OK) return s;
    in->n_manifest++;
    snprintf(m->name, sizeof m->name, "%.*s", (int)(len < 60 ? len : 60), name);
    m->json = json_loadb(m->text.s, m->text.n, JSON_REJECT_DUPLICATES, &e);
    if (!m->json) return rep_fail(err, EP_FORMAT, "%s:%d: %s", path, e.line, e.text);
    if (!json_is_object((json_t *)m->json)) return rep_fail(err, EP_FORMAT, "%s:1: found no object, expected a manifest", path);
    for (int k = 0; k + 1 < in->n_manifest; k++)
        if (strcmp(in->manifest[k].name, m->name) == 0)
            return rep_fail(err, EP_FORMAT, "%s: a second run of the name %s, expected different names", path, m->name);
    return EP_OK;
}

static int by_name(const void *a, const void *b) { return strcmp(((const rep_manifest *)a)->name, ((const rep_manifest *)b)->name); }

/* All runs/NAME.json of a report. */
static ep_status read_runs(const char *dir, rep_input *in, rep_error *err)
{
    char path[REP_PATH];
    ep_status s = rep_path(path, err, "%s/runs", dir);
    DIR *d = s == EP_OK ? opendir(path) : NULL;
    if (!d) return s;
    for (const struct dirent *e; s == EP_OK && (e = readdir(d));) {
        const char *dot = strrchr(e->d_name, '.');
        if (!dot || strcmp(dot, ".json") != 0) continue;
        s = rep_path(path, err, "%s/runs/%s", dir, e->d_name);
        if (s == EP_OK) s = read_manifest(path, e->d_name, (size_t)(dot - e->d_name), in, err);
    }
    closedir(d);
    return s;
}

static ep_status read_manifests(const char *const *dir, int n, rep_input *in, rep_error *err)
{
    char path[REP_PATH];
    ep_status s = EP_OK;
    for (int k = 0; s == EP_OK && k < n; k++) {
        s = rep_path(path, err, "%s/report.html", dir[k]);
        if (s == EP_OK && exists(path)) {
            s = read_runs(dir[k], in, err);
            continue;
        }
        if (s == EP_OK) s = rep_path(path, err, "%s/manifest.json", dir[k]);
        size_t end = strlen(dir[k]), begin;
        while (end > 1 && dir[k][end - 1] == '/') end--;
        for (begin = end; begin > 0 && dir[k][begin - 1] != '/'; begin--) continue;
        if (s == EP_OK && exists(path)) s = read_manifest(path, dir[k] + begin, end - begin, in, err);
    }
    qsort(in->manifest, (size_t)in->n_manifest, sizeof *in->manifest, by_name);
    return s;
}

ep_status rep_input_read(const char *const *dir, int n, rep_input *in, rep_error *err)
{
    *in = (rep_input){.part = calloc((size_t)rep_part_count(), sizeof *in->part)};
    if (!in->part) return rep_fail(err, EP_NOMEM, "out of memory");
    ep_status s = find(dir, n, "prove.json", in->prove_path, err);
    if (s == EP_OK && *in->prove_path) s = rep_prove_read(in->prove_path, &in->prove, err);
    if (s == EP_OK) s = read_parts(dir, n, in, err);
    if (s == EP_OK) s = read_manifests(dir, n, in, err);
    bool any = *in->prove_path;
    for (int k = 0; k < rep_part_count(); k++) any = any || *in->part[k].path;
    if (s == EP_OK && !any)
        s = rep_fail(err, EP_FORMAT, "%s: found neither prove.json nor a table in data/ that a report knows, expected a run directory", dir[0]);
    return s;
}

void rep_input_clear(rep_input *in)
{
    rep_prove_clear(&in->prove);
    for (int k = 0; in->part && k < rep_part_count(); k++) {
        rep_table_clear(&in->part[k].table);
        rep_buf_clear(&in->part[k].svg);
    }
    free(in->part);
    for (int k = 0; k < in->n_manifest; k++) {
        rep_buf_clear(&in->manifest[k].text);
        json_decref(in->manifest[k].json);
    }
    *in = (rep_input){0};
}
