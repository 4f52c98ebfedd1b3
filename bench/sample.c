/* SPDX-License-Identifier: MIT */
#include "sample.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void bench_say(char why[BENCH_WHY], const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, BENCH_WHY, fmt, ap);
    va_end(ap);
}

static const char file_name[] = "samples.jsonl";

static uint64_t chain(uint64_t before, const char *body, size_t n)
{
    char hex[17];
    snprintf(hex, sizeof hex, "%016llx", (unsigned long long)before);
    return ep_hash(ep_hash(EP_HASH, hex, 16), body, n);
}

static bool keep(bench_samples *all, const bench_sample *s)
{
    if (all->n == all->cap) {
        int cap = all->cap ? 2 * all->cap : 256;
        bench_sample *more = realloc(all->s, (size_t)cap * sizeof *more);
        if (!more) return false;
        all->s = more;
        all->cap = cap;
    }
    all->clock_back += all->n && s->at < all->s[all->n - 1].at;
    all->s[all->n++] = *s;
    return true;
}

void bench_samples_free(bench_samples *s)
{
    free(s->s);
    *s = (bench_samples){0};
}

/* ---- one line --------------------------------------------------------------------------------------- */

static bool text(const json_t *o, const char *key, char *out, size_t n)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s && (size_t)snprintf(out, n, "%s", s) < n;
}

static bool number(const json_t *o, const char *key, double *out)
{
    const json_t *v = json_object_get(o, key);
    *out = json_number_value(v);
    return json_is_number(v) && isfinite(*out);
}

static const char *parse(const json_t *o, bench_sample *s)
{
    double round, order, reps;
    if (!json_is_object(o)) return "found no object";
    if (!text(o, "case", s->id, sizeof s->id)) return "found no case";
    if (!text(o, "subject", s->subject, sizeof s->subject)) return "found no subject";
    if (!number(o, "round", &round) || !number(o, "order", &order) || !number(o, "reps", &reps)) return "found no round, order or reps";
    if (!number(o, "seconds", &s->seconds) || !(s->seconds > 0)) return "found no positive seconds";
    if (!number(o, "cpu", &s->cpu) || !number(o, "error", &s->error) || !number(o, "flips", &s->flips)) return "found no cpu, error or flips";
    if (!number(o, "peak_mb", &s->peak_mb) || !number(o, "at", &s->at)) return "found no peak_mb or at";
    s->round = (int)round;
    s->order = (int)order;
    s->reps = (long)reps;
    return NULL;
}

ep_status bench_sample_parse(const char *line, bench_sample *s, char why[BENCH_WHY])
{
    json_error_t e;
    json_t *o = json_loads(line, JSON_REJECT_DUPLICATES, &e);
    *s = (bench_sample){0};
    const char *wrong = o ? parse(o, s) : e.text;
    json_decref(o);
    if (!wrong) return EP_OK;
    bench_say(why, "found '%.60s': %s, expected a sample", line, wrong);
    return EP_FORMAT;
}

void bench_sample_format(const bench_sample *s, char *out, size_t n)
{
    snprintf(out, n,
             "{\"case\":\"%s\",\"subject\":\"%s\",\"round\":%d,\"order\":%d,\"seconds\":%.9g,\"cpu\":%.9g,\"reps\":%ld,\"error\":%.6g,"
             "\"flips\":%.17g,\"peak_mb\":%.9g,\"at\":%.6f}", s->id, s->subject, s->round, s->order, s->seconds, s->cpu, s->reps, s->error,
             s->flips, s->peak_mb, s->at);
}

static ep_status read_line(const char *path, int line, char *s, bench_samples *all, char why[BENCH_WHY])
{
    static const char key[] = ",\"sum\":\"";
    char *sum = strstr(s, key);
    bench_sample got;
    if (!sum || strlen(sum) != sizeof key - 1 + 16 + 2) {
        bench_say(why, "%s:%d: found '%.40s', expected a sample that ends with its checksum", path, line, s);
        return EP_FORMAT;
    }
    uint64_t want = chain(all->sum, s, (size_t)(sum - s));
    char hex[17];
    snprintf(hex, sizeof hex, "%016llx", (unsigned long long)want);
    if (memcmp(hex, sum + sizeof key - 1, 16) != 0) {
        bench_say(why, "%s:%d: found checksum %.16s, expected %s: the line, or one before it, was changed", path, line,
                 sum + sizeof key - 1, hex);
        return EP_FORMAT;
    }
    char inner[BENCH_WHY];
    if (bench_sample_parse(s, &got, inner) != EP_OK) {
        bench_say(why, "%s:%d: %.300s", path, line, inner);
        return EP_FORMAT;
    }
    all->sum = want;
    if (keep(all, &got)) return EP_OK;
    bench_say(why, "%s: out of memory", path);
    return EP_NOMEM;
}

ep_status bench_samples_read(const char *dir, bench_samples *out, long *cut, char why[BENCH_WHY])
{
    char path[4096], *line = NULL;
    size_t cap = 0;
    ssize_t n;
    long whole = 0;
    ep_status s = EP_OK;
    *out = (bench_samples){0};
    if (cut) *cut = 0;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, file_name) >= sizeof path) {
        bench_say(why, "%.60s..: the path is too long", dir);
        return EP_DOMAIN;
    }
    FILE *f = fopen(path, "rb");
    if (!f && errno == ENOENT) return EP_OK;
    if (!f) {
        bench_say(why, "%s: cannot read: %s", path, strerror(errno));
        return EP_IO;
    }
    for (int k = 1; s == EP_OK && (n = getline(&line, &cap, f)) > 0; k++) {
        if (line[n - 1] != '\n') {
            if (cut) break;
            bench_say(why, "%s:%d: found a line that breaks off, expected whole samples (run it again with --resume)", path, k);
            s = EP_FORMAT;
            break;
        }
        line[n - 1] = '\0';
        s = read_line(path, k, line, out, why);
        whole += (long)n;
    }
    if (cut) *cut = whole;
    free(line);
    fclose(f);
    if (s != EP_OK) bench_samples_free(out);
    return s;
}

ep_status bench_sample_append(FILE *f, bench_samples *all, const bench_sample *s, char why[BENCH_WHY])
{
    if (!(s->seconds > 0) || !isfinite(s->seconds) || !isfinite(s->error) || !isfinite(s->cpu)) {
        bench_say(why, "%s, %s: found %g s and error %g, expected finite numbers and a positive time", s->id, s->subject, s->seconds, s->error);
        return EP_DOMAIN;
    }
    char body[1024];
    bench_sample_format(s, body, sizeof body);
    size_t n = strlen(body) - 1; /* without the brace */
    uint64_t sum = chain(all->sum, body, n);
    bool bad = fprintf(f, "%.*s,\"sum\":\"%016llx\"}\n", (int)n, body, (unsigned long long)sum) < 0;
    bad = fflush(f) != 0 || bad;
    bad = fsync(fileno(f)) != 0 || bad;
    if (bad) {
        bench_say(why, "%s: cannot write: %s", file_name, strerror(errno));
        return EP_IO;
    }
    all->sum = sum;
    if (keep(all, s)) return EP_OK;
    bench_say(why, "out of memory");
    return EP_NOMEM;
}
