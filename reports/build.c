/* build.c: from the files of a run to a report, and from a report to itself.
 * SPDX-License-Identifier: MIT */
#include "rep.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- SHA256SUMS: `hash  path`, as sha256sum writes and checks it -------------------------------- */

typedef struct sums { const char *dir; rep_buf text; } sums;

static ep_status add_sum(sums *u, const char *name, rep_error *err)
{
    char path[REP_PATH], hex[65];
    rep_buf b = {0};
    ep_status s = rep_path(path, err, "%s/%s", u->dir, name);
    if (s == EP_OK) s = rep_file_read(path, &b, NULL, err);
    if (s == EP_OK) rep_sha256(b.s, b.n, hex);
    if (s == EP_OK) rep_put(&u->text, "%s  %s\n", hex, name);
    rep_buf_clear(&b);
    return s;
}

static ep_status write_named(const char *dir, const char *name, const rep_buf *b, rep_error *err)
{
    char path[REP_PATH];
    ep_status s = rep_path(path, err, "%s/%s", dir, name);
    return s == EP_OK ? rep_file_write(path, b, err) : s;
}

/* A file of a run, under its name in the report. */
static ep_status copy_file(const char *from, const char *name, sums *u, rep_error *err)
{
    rep_buf b = {0};
    ep_status s = rep_file_read(from, &b, NULL, err);
    if (s == EP_OK) s = write_named(u->dir, name, &b, err);
    if (s == EP_OK) s = add_sum(u, name, err);
    rep_buf_clear(&b);
    return s;
}

static ep_status write_manifest(const rep_input *in, sums *u, rep_error *err)
{
    json_t *o = json_pack("{ssssss}", "program", "eprop-report " EP_VERSION, "gnuplot", in->gnuplot, "commit", in->commit);
    char *text = o ? json_dumps(o, JSON_INDENT(2)) : NULL;
    rep_buf b = {0};
    if (text) rep_put(&b, "%s\n", text);
    free(text);
    json_decref(o);
    ep_status s = b.n ? write_named(u->dir, "manifest.json", &b, err) : rep_fail(err, EP_FORMAT, "commit: found no UTF-8 text");
    if (s == EP_OK) s = add_sum(u, "manifest.json", err);
    rep_buf_clear(&b);
    return s;
}

static ep_status draw_figures(rep_input *in, sums *u, rep_error *err)
{
    static const char *const ext[4] = {"dat", "gp", "svg", "pdf"};
    ep_status s = EP_OK;
    for (int k = 0; s == EP_OK && k < rep_part_count(); k++) {
        const rep_part *p = rep_part_at(k);
        if (!p->script || !in->part[k].table.present) continue;
        s = rep_figure_draw(u->dir, p, &in->part[k].table, *in->gnuplot != '\0', &in->part[k].svg, err);
        for (int e = 0; s == EP_OK && e < (*in->gnuplot ? 4 : 2); e++) {
            char name[96];
            snprintf(name, sizeof name, "figures/%s.%s", p->name, ext[e]);
            s = add_sum(u, name, err);
        }
    }
    return s;
}

static ep_status copy_inputs(const rep_input *in, sums *u, rep_error *err)
{
    char name[96];
    ep_status s = *in->prove_path ? copy_file(in->prove_path, "prove.json", u, err) : EP_OK;
    for (int k = 0; s == EP_OK && k < rep_part_count(); k++) {
        snprintf(name, sizeof name, "data/%s.tsv", rep_part_at(k)->name);
        if (in->part[k].table.present) s = copy_file(in->part[k].path, name, u, err);
    }
    for (int k = 0; s == EP_OK && k < in->n_manifest; k++) {
        snprintf(name, sizeof name, "runs/%s.json", in->manifest[k].name);
        s = write_named(u->dir, name, &in->manifest[k].text, err);
        if (s == EP_OK) s = add_sum(u, name, err);
    }
    return s;
}

static ep_status write_pages(const rep_input *in, sums *u, rep_error *err)
{
    static const char *const names[2] = {"report.md", "report.html"};
    ep_status s = EP_OK;
    for (int k = 0; s == EP_OK && k < 2; k++) {
        rep_buf page = {0};
        rep_write(in, k == 1, &page);
        s = write_named(u->dir, names[k], &page, err);
        if (s == EP_OK) s = add_sum(u, names[k], err);
        rep_buf_clear(&page);
    }
    return s;
}

/* The whole report in an existing empty folder. */
static ep_status build_in(const char *dir, rep_input *in, rep_buf *list, rep_error *err)
{
    static const char *const folder[3] = {"figures", "data", "runs"};
    char path[REP_PATH];
    sums u = {.dir = dir};
    ep_status s = EP_OK;
    for (int k = 0; s == EP_OK && k < 3; k++) {
        s = rep_path(path, err, "%s/%s", dir, folder[k]);
        if (s == EP_OK) s = rep_dir_make(path, err);
    }
    if (s == EP_OK) s = copy_inputs(in, &u, err);
    if (s == EP_OK) s = draw_figures(in, &u, err);
    if (s == EP_OK) s = write_pages(in, &u, err);
    if (s == EP_OK) s = write_manifest(in, &u, err);
    if (s == EP_OK) s = write_named(dir, "SHA256SUMS", &u.text, err);
    *list = u.text;
    return s;
}

/* The commit that the report states: the one given, that of the proof, or that of the first manifest. */
static ep_status choose_commit(const char *given, rep_input *in, rep_error *err)
{
    const char *c = given ? given : in->prove.commit;
    for (int k = 0; !c && k < in->n_manifest; k++) c = json_string_value(json_object_get(in->manifest[k].json, "commit"));
    if (!c) c = "";
    if (strlen(c) >= sizeof in->commit) return rep_fail(err, EP_DOMAIN, "commit: found %zu characters, expected fewer than %zu", strlen(c), sizeof in->commit);
    snprintf(in->commit, sizeof in->commit, "%s", c);
    return EP_OK;
}

static ep_status prepare(const char *const *run, int n, const char *commit, rep_input *in, rep_error *err)
{
    ep_status s = rep_input_read(run, n, in, err);
    bool missing = false;
    if (s == EP_OK) s = rep_gnuplot_version(in->gnuplot, sizeof in->gnuplot, &missing, err);
    if (missing) {
        in->gnuplot[0] = '\0';
        s = EP_OK;
    }
    if (s == EP_OK) s = choose_commit(commit, in, err);
    return s;
}

static int figures_of(const rep_input *in)
{
    int n = 0;
    for (int k = 0; k < rep_part_count(); k++) n += rep_part_at(k)->script && in->part[k].table.present;
    return n;
}

ep_status rep_build(const char *const *run_dir, int n, const char *out_dir, const char *commit, int *undrawn, rep_error *err)
{
    rep_input in;
    rep_buf list = {0};
    char tmp[REP_PATH] = "";
    *undrawn = 0;
    ep_status s = prepare(run_dir, n, commit, &in, err);
    if (s == EP_OK && !*in.gnuplot) *undrawn = figures_of(&in);
    if (s == EP_OK) s = rep_dir_temp(out_dir, tmp, err);
    if (s == EP_OK) {
        s = build_in(tmp, &in, &list, err);
        if (s == EP_OK) s = rep_dir_publish(tmp, out_dir, err);
        if (s != EP_OK) rep_dir_remove(tmp);
    }
    rep_buf_clear(&list);
    rep_input_clear(&in);
    return s;
}

static ep_status manifest_commit(const char *dir, char *out, size_t n, rep_error *err)
{
    char path[REP_PATH];
    rep_buf b = {0};
    ep_status s = rep_path(path, err, "%s/manifest.json", dir);
    if (s == EP_OK) s = rep_file_read(path, &b, NULL, err);
    json_t *o = s == EP_OK ? json_loadb(b.s, b.n, 0, NULL) : NULL;
    const char *c = json_string_value(json_object_get(o, "commit"));
    if (s == EP_OK && !c) s = rep_fail(err, EP_FORMAT, "%s: found no commit, expected a manifest that eprop-report wrote", path);
    if (c) snprintf(out, n, "%s", c);
    json_decref(o);
    rep_buf_clear(&b);
    return s;
}

/* One line of SHA256SUMS against the file on disk and the line of the rebuilt report. */
static void compare(const char *dir, const char *line, const rep_buf *rebuilt, rep_buf *text, int *differ)
{
    char path[REP_PATH], hex[65];
    rep_error ignored;
    rep_buf b = {0};
    const char *name = line + 66;
    const char *why = NULL;
    if (rep_path(path, &ignored, "%s/%s", dir, name) != EP_OK || rep_file_read(path, &b, NULL, &ignored) != EP_OK) {
        why = "cannot be read";
    } else {
        rep_sha256(b.s, b.n, hex);
        if (strncmp(hex, line, 64) != 0) why = "is not the file that SHA256SUMS lists";
        else if (!strstr(rebuilt->s, line)) why = "comes out differently when it is built again";
    }
    if (why) {
        ++*differ;
        rep_put(text, "%s %s\n", name, why);
    }
    rep_buf_clear(&b);
}

static ep_status compare_all(const char *dir, rep_buf *listed, const rep_buf *rebuilt, rep_buf *text, int *differ, rep_error *err)
{
    int n = 0, want = 0;
    for (size_t k = 0; k < rebuilt->n; k++) want += rebuilt->s[k] == '\n';
    for (char *line = listed->s, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        n++;
        if (strlen(line) < 67 || strspn(line, "0123456789abcdef") != 64 || strncmp(line + 64, "  ", 2) != 0 || strstr(line, "..") || line[66] == '/')
            return rep_fail(err, EP_FORMAT, "%s/SHA256SUMS:%d: found '%.40s', expected a hash, two blanks and a path", dir, n, line);
        compare(dir, line, rebuilt, text, differ);
    }
    if (n != want) {
        ++*differ;
        rep_put(text, "SHA256SUMS lists %d files, built again there are %d\n", n, want);
    }
    return EP_OK;
}

ep_status rep_check(const char *out_dir, rep_buf *text, int *differ, rep_error *err)
{
    rep_input in = {0};
    rep_buf listed = {0}, rebuilt = {0};
    char tmp[REP_PATH] = "", commit[96], path[REP_PATH];
    *differ = 0;
    ep_status s = rep_path(path, err, "%s/SHA256SUMS", out_dir);
    bool missing = false;
    if (s == EP_OK) s = rep_file_read(path, &listed, &missing, err);
    if (missing) s = rep_fail(err, EP_FORMAT, "%s: found no such file, expected a folder that eprop-report wrote", path);
    if (s == EP_OK) s = manifest_commit(out_dir, commit, sizeof commit, err);
    if (s == EP_OK) s = prepare(&out_dir, 1, commit, &in, err);
    if (s == EP_OK && !*in.gnuplot && figures_of(&in)) s = EP_IO; /* err has the line */
    if (s == EP_OK) {
        const char *base = getenv("TMPDIR");
        s = rep_path(path, err, "%s/eprop-report", base && *base ? base : "/tmp");
    }
    if (s == EP_OK) s = rep_dir_temp(path, tmp, err);
    if (s == EP_OK) {
        s = build_in(tmp, &in, &rebuilt, err);
        rep_dir_remove(tmp);
    }
    if (s == EP_OK) s = compare_all(out_dir, &listed, &rebuilt, text, differ, err);
    rep_buf_clear(&listed);
    rep_buf_clear(&rebuilt);
    rep_input_clear(&in);
    return s;
}
