/* SPDX-License-Identifier: MIT */
#include "manifest.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "origin.h"

static json_t *build(int argc, char *const *argv, uint64_t seed)
{
    char command[1024] = "", text[64];
    const char *commit = getenv("EPROP_COMMIT");
    json_t *o = task_origin();
    for (int k = 0; k < argc; k++)
        snprintf(command + strlen(command), sizeof command - strlen(command), "%s%s", k ? " " : "", argv[k]);
    snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
    json_t *own = json_pack("{s:i, s:s, s:s, s:s}", "schema", BENCH_SCHEMA, "program", "eprop-bench " EP_VERSION, "seed", text, "command", command);
    if (commit && *commit) (void)json_object_set_new(own, "commit", json_string(commit));
    (void)json_object_update(o, own);
    json_decref(own);
    return o;
}

ep_status bench_manifest_write(const char *dir, int argc, char *const *argv, uint64_t seed, char why[BENCH_WHY])
{
    char path[4096], tmp[4096];
    json_t *o = build(argc, argv, seed);
    snprintf(path, sizeof path, "%s/manifest.json", dir);
    snprintf(tmp, sizeof tmp, "%s/manifest.json.tmp", dir);
    bool bad = !o || json_dump_file(o, tmp, JSON_INDENT(2)) != 0 || rename(tmp, path) != 0;
    json_decref(o);
    if (!bad) return EP_OK;
    bench_say(why, "%.400s: cannot write: %s", path, strerror(errno));
    return EP_IO;
}

static ep_status text(const json_t *o, const char *path, const char *key, char *out, size_t n, char why[BENCH_WHY])
{
    const char *s = json_string_value(json_object_get(o, key));
    if (s) {
        snprintf(out, n, "%s", s);
        return EP_OK;
    }
    bench_say(why, "%.400s: found no %s, expected a manifest of eprop-bench", path, key);
    return EP_FORMAT;
}

ep_status bench_manifest_read(const char *dir, bench_origin *out, char why[BENCH_WHY])
{
    char path[4096];
    json_error_t e;
    snprintf(path, sizeof path, "%s/manifest.json", dir);
    *out = (bench_origin){0};
    json_t *o = json_load_file(path, 0, &e);
    if (!o) {
        bench_say(why, "%.300s:%d: %.150s, expected a manifest", path, e.line > 0 ? e.line : 1, e.text);
        return EP_FORMAT;
    }
    ep_status s = EP_OK;
    json_int_t schema = json_integer_value(json_object_get(o, "schema"));
    if (schema != BENCH_SCHEMA) {
        bench_say(why, "%.400s: found schema %lld, expected %d", path, (long long)schema, BENCH_SCHEMA);
        s = EP_FORMAT;
    }
    if (s == EP_OK) s = text(o, path, "cpu", out->cpu, sizeof out->cpu, why);
    if (s == EP_OK) s = text(o, path, "compiler", out->compiler, sizeof out->compiler, why);
    if (s == EP_OK) s = text(o, path, "commit", out->commit, sizeof out->commit, why);
    if (s == EP_OK) s = text(o, path, "host", out->host, sizeof out->host, why);
    json_decref(o);
    return s;
}

static ep_status make(const char *path, char why[BENCH_WHY])
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return EP_OK;
    bench_say(why, "%.400s: cannot make folder: %s", path, strerror(errno));
    return EP_IO;
}

ep_status bench_dir_open(const char *dir, bool resume, char why[BENCH_WHY])
{
    char path[4096];
    ep_status s = make(dir, why);
    if ((size_t)snprintf(path, sizeof path, "%s/samples.jsonl", dir) >= sizeof path - 16) {
        bench_say(why, "%.60s..: the path is too long", dir);
        return EP_DOMAIN;
    }
    if (s == EP_OK && !resume && access(path, F_OK) == 0) {
        bench_say(why, "%.300s: holds samples of an earlier run, expected a new folder, or --resume", dir);
        return EP_DOMAIN;
    }
    snprintf(path, sizeof path, "%s/truth", dir);
    if (s == EP_OK) s = make(path, why);
    snprintf(path, sizeof path, "%s/data", dir);
    return s == EP_OK ? make(path, why) : s;
}

void bench_dir_remove(const char *dir)
{
    static const char *const folder[2] = {"truth", "data"};
    char path[4096];
    for (int k = 0; k < 2; k++) {
        snprintf(path, sizeof path, "%s/%s", dir, folder[k]);
        DIR *d = opendir(path);
        for (const struct dirent *e; d && (e = readdir(d));) {
            snprintf(path, sizeof path, "%s/%s/%s", dir, folder[k], e->d_name);
            unlink(path); /* fails on . and .., as it should */
        }
        if (d) closedir(d);
        snprintf(path, sizeof path, "%s/%s", dir, folder[k]);
        rmdir(path);
    }
    rmdir(dir);
}
