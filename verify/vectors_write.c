/* vectors_write.c: cases as a directory of files with a manifest, whole or not at all.
 * SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outfile.h"
#include "sha256.h"
#include "vectors.h"

enum { MOST_FILES = 128, PATH = 4096 };

ep_status vfy_vectors_name(vfy_vectors *v)
{
    char *text = NULL, err[VFY_EPV_ERR];
    size_t size = 0;
    ep_status st = EP_OK;
    for (size_t i = 0; st == EP_OK && i < v->n; i++) {
        FILE *m = open_memstream(&text, &size);
        if (!m) return EP_NOMEM;
        st = vfy_epv_print(m, &v->made[i].c, 1, err, sizeof err);
        if (fclose(m) && st == EP_OK) st = EP_NOMEM;
        free(text);
    }
    return st;
}

static ep_status say(ep_status s, char *err, size_t n, const char *path, const char *what)
{
    if (n) (void)snprintf(err, n, "%.200s: %s", path, what);
    return s;
}

static void remove_dir(const char *dir)
{
    char path[PATH];
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, e->d_name) < sizeof path) (void)unlink(path);
    }
    if (d) (void)closedir(d);
    (void)rmdir(dir);
}

static ep_status hash_line(FILE *manifest, const char *dir, const char *name)
{
    char path[PATH], buf[65536];
    unsigned char digest[32];
    vfy_sha256 sha;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, name) >= sizeof path) return EP_DOMAIN;
    FILE *f = fopen(path, "r");
    if (!f) return EP_IO;
    vfy_sha256_init(&sha);
    for (size_t got; (got = fread(buf, 1, sizeof buf, f)) > 0;) vfy_sha256_add(&sha, buf, got);
    bool bad = ferror(f) != 0;
    (void)fclose(f);
    vfy_sha256_end(&sha, digest);
    for (int i = 0; i < 32; i++) fprintf(manifest, "%02x", digest[i]);
    fprintf(manifest, "  %s\n", name);
    return bad ? EP_IO : EP_OK;
}

static void print_notes(FILE *f)
{
    fprintf(f, "# flag | first wrong quantity | the bug | its effect | the equation it breaks\n");
    for (size_t i = 0; i < vfy_flag_count(); i++) {
        const vfy_flag *g = vfy_flag_at(i);
        fprintf(f, "%s | %s | %s | %s | %s\n", g->name, g->q == VFY_N_QUANTITY ? "any" : vfy_quantity_name(g->q), g->what, g->effect, g->equation);
    }
    fprintf(f, "tie | z | a spike test that is exactly 0 decided the other way | a spike too many or too few | z = H(v - v_th - beta a)\n"
               "silence | z | no input at all | NaN from 0/0, or spikes from nothing | all\n"
               "near-threshold | z | a spike test within rounding's reach: a flip is allowed and ends the comparison | none | z\n");
}

typedef struct writer {
    const char *dir; /* the temporary one */
    char name[MOST_FILES][64];
    int n;
} writer;

static int by_name(const void *a, const void *b) { return strcmp(a, b); }

static ep_status write_file(const writer *w, const char *name, const vfy_vectors *v, char *err, size_t n)
{
    char path[PATH];
    vfy_epv_case *list = malloc(v->n * sizeof *list);
    size_t count = 0;
    if (!list) return EP_NOMEM;
    for (size_t i = 0; i < v->n; i++)
        if (!strcmp(v->made[i].file, name)) list[count++] = v->made[i].c;
    ep_status st = (size_t)snprintf(path, sizeof path, "%s/%s", w->dir, name) < sizeof path ? EP_OK : EP_DOMAIN;
    if (st == EP_OK) st = vfy_epv_write(path, list, count, err, n);
    free(list);
    return st;
}

static ep_status write_text(const writer *w, const vfy_vectors_args *a, bool manifest, char *err, size_t n)
{
    char path[PATH];
    vfy_outfile f;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", w->dir, manifest ? "MANIFEST" : "notes") >= sizeof path) return EP_DOMAIN;
    ep_status st = vfy_outfile_open(path, &f, err, n);
    if (st != EP_OK) return st;
    if (!manifest) {
        print_notes(f.f);
        return vfy_outfile_commit(&f, err, n);
    }
    fprintf(f.f, "# vectors v1 level=%d seed=%llu preset=%s", a->level, (unsigned long long)a->seed,
            a->one_preset ? ep_preset_name(a->preset) : "all");
    fprintf(f.f, a->profile ? " profile=%s\n" : "\n", a->profile_id);
    for (int i = 0; st == EP_OK && i < w->n; i++) st = hash_line(f.f, w->dir, w->name[i]);
    if (st == EP_OK) st = hash_line(f.f, w->dir, "notes");
    if (st == EP_OK) return vfy_outfile_commit(&f, err, n);
    vfy_outfile_abort(&f);
    return say(st, err, n, path, "cannot be written");
}

static ep_status write_all(writer *w, const vfy_vectors_args *a, const vfy_vectors *v, char *err, size_t n)
{
    ep_status st = EP_OK;
    for (size_t i = 0; i < v->n; i++) {
        int k = 0;
        while (k < w->n && strcmp(w->name[k], v->made[i].file)) k++;
        if (k < w->n) continue;
        if (w->n == MOST_FILES) return EP_DOMAIN;
        memcpy(w->name[w->n++], v->made[i].file, sizeof w->name[0]);
    }
    qsort(w->name, (size_t)w->n, sizeof w->name[0], by_name);
    for (int i = 0; st == EP_OK && i < w->n; i++) st = write_file(w, w->name[i], v, err, n);
    if (st == EP_OK) st = write_text(w, a, false, err, n);
    return st == EP_OK ? write_text(w, a, true, err, n) : st;
}

ep_status vfy_vectors_write(const char *dir, const vfy_vectors_args *a, const vfy_vectors *v, char *err, size_t n)
{
    char temp[PATH], parent[PATH];
    writer *w = calloc(1, sizeof *w);
    size_t len = strlen(dir);
    if (!w) return EP_NOMEM;
    while (len > 1 && dir[len - 1] == '/') len--;
    int need = snprintf(temp, sizeof temp, "%.*s.tmp.XXXXXX", (int)len, dir);
    ep_status st = need > 0 && (size_t)need < sizeof temp ? EP_OK : EP_DOMAIN;
    (void)snprintf(parent, sizeof parent, "%.*s", (int)len, dir);
    if (st == EP_OK && rmdir(parent) && errno != ENOENT) st = say(EP_IO, err, n, dir, "exists and is not an empty directory");
    char *slash = strrchr(parent, '/');
    if (slash && slash > parent) {
        *slash = '\0';
        if (st == EP_OK) st = vfy_make_dir(parent, err, n);
    }
    if (st == EP_OK && !mkdtemp(temp)) st = say(EP_IO, err, n, dir, strerror(errno));
    else if (st == EP_OK) {
        w->dir = temp;
        st = write_all(w, a, v, err, n);
        if (st == EP_OK && chmod(temp, 0755)) st = say(EP_IO, err, n, dir, strerror(errno));
        (void)snprintf(parent, sizeof parent, "%.*s", (int)len, dir);
        if (st == EP_OK && rename(temp, parent)) st = say(EP_IO, err, n, dir, strerror(errno));
        if (st != EP_OK) remove_dir(temp);
    }
    free(w);
    return st;
}
