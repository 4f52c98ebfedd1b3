/* A synthesiser's parameters from a text file.
 * SPDX-License-Identifier: MIT */
#include "synth_file.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD = 64, MOST_HIDDEN = 1 << 20 };

typedef struct source {
    const char *path;
    FILE *f;
    long line; /* of the last word */
    bool behind; /* that word ended its line */
    char word[WORD];
    char *err;
    size_t n;
} source;

static ep_status fail(const source *s, const char *expected)
{
    if (s->word[0]) (void)snprintf(s->err, s->n, "%.300s:%ld: found '%.40s', expected %s", s->path, s->line, s->word, expected);
    else (void)snprintf(s->err, s->n, "%.300s:%ld: found the end, expected %s", s->path, s->line, expected);
    return EP_FORMAT;
}

/* The next word, cut off if it is too long for any that is expected; "" at the end. */
static void next(source *s)
{
    size_t n = 0;
    int c;
    s->line += s->behind;
    s->behind = false;
    while ((c = getc(s->f)) != EOF && isspace(c)) s->line += c == '\n';
    for (; c != EOF && !isspace(c); c = getc(s->f))
        if (n + 1 < WORD) s->word[n++] = isprint(c) ? (char)c : '?';
    s->behind = c == '\n';
    s->word[n] = '\0';
}

static ep_status key(source *s, const char *name)
{
    next(s);
    if (strcmp(s->word, name) != 0) return fail(s, name);
    next(s);
    return EP_OK;
}

static ep_status head(source *s, vfy_synth *out)
{
    char *end = s->word;
    ep_status st = key(s, "synth");
    if (st == EP_OK && strcmp(s->word, "1") != 0) st = fail(s, "version 1");
    if (st == EP_OK) st = key(s, "sees");
    if (st == EP_OK && strcmp(s->word, "z") != 0 && strcmp(s->word, "state") != 0) st = fail(s, "z or state");
    out->sees = strcmp(s->word, "state") == 0 ? REF_SEES_STATE : REF_SEES_Z;
    if (st == EP_OK) st = key(s, "hidden");
    long hidden = st == EP_OK ? strtol(s->word, &end, 10) : 0;
    if (st == EP_OK && (end == s->word || *end || hidden < 0 || hidden > MOST_HIDDEN)) st = fail(s, "0 to 1048576");
    out->n_hid = (int)hidden;
    return st;
}

static ep_status numbers(source *s, vfy_synth *out)
{
    size_t room = 0;
    for (next(s); s->word[0]; next(s)) {
        char *end;
        double v = strtod(s->word, &end);
        if (*end || !isfinite(v)) return fail(s, "a finite number");
        if (out->n == room) {
            room = room ? 2 * room : 256;
            double *more = realloc(out->theta, room * sizeof *more);
            if (!more) return EP_NOMEM;
            out->theta = more;
        }
        out->theta[out->n++] = v;
    }
    return out->n ? EP_OK : fail(s, "numbers");
}

ep_status vfy_synth_read(const char *path, vfy_synth *out, char *err, size_t n)
{
    vfy_synth v = {0};
    source s = {.path = path, .f = fopen(path, "r"), .line = 1, .err = err, .n = n};
    ep_status st = s.f ? head(&s, &v) : EP_IO;
    if (st == EP_OK) st = numbers(&s, &v);
    if (!s.f || ferror(s.f)) {
        (void)snprintf(err, n, "%.300s: cannot be read: %s", path, strerror(errno));
        st = EP_IO;
    }
    if (s.f) (void)fclose(s.f);
    if (st == EP_OK) *out = v;
    else vfy_synth_free(&v);
    return st;
}

void vfy_synth_free(vfy_synth *s)
{
    free(s->theta);
    *s = (vfy_synth){0};
}

ep_status vfy_synth_needs(const vfy_synth *s, const ep_net *net, ref_seed says, size_t *n)
{
    ref_ctx c;
    ref_net r;
    ep_status st = ref_ctx_init(&c, ref_arith_binary64(), 53);
    if (st != EP_OK) return st;
    st = ref_net_load(&c, net, &r);
    if (st == EP_OK) *n = says ? ref_synth_size(ref_sees_width(&c, &r, s->sees), s->n_hid, ref_seed_width(&c, &r, says)) : 0;
    ref_ctx_clear(&c);
    return st;
}

ep_status vfy_synth_load(ref_ctx *c, const vfy_synth *s, const ref_net *net, ref_seed says, ref_synth *sg, ref_synth_use *use)
{
    ep_status st = ref_synth_init(c, ref_sees_width(c, net, s->sees), s->n_hid, ref_seed_width(c, net, says), sg);
    if (st != EP_OK) return st;
    if (sg->n != s->n) return EP_DOMAIN;
    for (size_t k = 0; k < s->n; k++) ref_set_d(c, &sg->theta[k], s->theta[k]);
    *use = (ref_synth_use){.sg = sg, .sees = s->sees, .says = says, .g = ref_vec(c, s->n)};
    return c->status;
}
