/* port_response.c: ports that cannot talk: their answers in a file.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "port.h"

enum { LINE = 1100 };

typedef struct response {
    FILE *f;
    const char *path;
    long line;
    char text[LINE];
    const vfy_epv_case *const *cases;
    size_t n;
    vfy_outcome *out; /* [n] */
    const vfy_claims *claims;
    const vfy_streaming *streaming;
} response;

/* The next line without its line feed; false at the end. EP_FORMAT goes into *st. */
static bool next(response *r, ep_status *st, char *err, size_t n)
{
    r->line++;
    if (!fgets(r->text, sizeof r->text, r->f)) return false;
    size_t len = strcspn(r->text, "\n");
    if (r->text[len] != '\n') {
        *st = EP_FORMAT;
        if (n) (void)snprintf(err, n, "%.200s:%ld: found a line without a line feed or longer than %d bytes", r->path, r->line, LINE - 2);
        return false;
    }
    r->text[len] = '\0';
    return true;
}

static size_t find(const response *r, const char *id)
{
    size_t i = 0;
    while (i < r->n && strcmp(r->cases[i]->id, id)) i++;
    return i;
}

/* The answer after a `case` line. Answers to cases that are not asked are skipped. */
static ep_status one_answer(response *r, size_t i, char *err, size_t n)
{
    vfy_hearing h;
    vfy_heard heard = VFY_MORE;
    ep_status st = EP_OK;
    if (i == r->n) {
        while (next(r, &st, err, n))
            if (!strncmp(r->text, "done ", 5) || !strncmp(r->text, "unsupported ", 12)) return EP_OK;
        return st;
    }
    const vfy_epv_case *c = r->cases[i];
    st = vfy_hearing_open(&h, c, vfy_asked(c) & r->claims->quantities, r->streaming);
    if (st != EP_OK) return st;
    long from = r->line;
    while (heard == VFY_MORE && next(r, &st, err, n)) heard = vfy_hearing_line(&h, r->text);
    vfy_outcome *o = &r->out[i];
    o->end = heard == VFY_DONE ? VFY_ANSWERED : heard == VFY_UNSUPPORTED ? VFY_DECLINED : VFY_BROKE;
    if (heard == VFY_DONE) vfy_hearing_take(&h, o);
    else if (heard == VFY_MORE) (void)snprintf(o->reason, sizeof o->reason, "%.200s:%ld: the answer ends without `done`", r->path, from);
    else if (heard == VFY_BROKEN) (void)snprintf(o->reason, sizeof o->reason, "%.200s:%ld: %s", r->path, r->line, h.reason);
    else (void)snprintf(o->reason, sizeof o->reason, "%s", h.reason);
    vfy_hearing_close(&h);
    bool lost = heard == VFY_BROKEN; /* find the next case again */
    while (lost && next(r, &st, err, n))
        if (!strncmp(r->text, "done ", 5)) break;
    return st;
}

static ep_status read_all(response *r, vfy_claims *claims, char *err, size_t n)
{
    ep_status st = EP_OK;
    char why[200] = "the file is empty";
    if (!next(r, &st, err, n) || vfy_claims_parse(r->text, claims, why, sizeof why) != EP_OK) {
        if (st == EP_OK && n) (void)snprintf(err, n, "%.200s:%ld: %s", r->path, r->line, why);
        return st == EP_OK ? EP_PORT : st;
    }
    while (st == EP_OK && next(r, &st, err, n)) {
        if (strncmp(r->text, "case ep:", 8) != 0) {
            if (n) (void)snprintf(err, n, "%.200s:%ld: found `%.60s`, expected `case ep:ID`", r->path, r->line, r->text);
            return EP_PORT;
        }
        size_t i = find(r, r->text + 8);
        if (i < r->n && r->out[i].end != VFY_ABSENT) {
            if (n) (void)snprintf(err, n, "%.200s:%ld: case %s is answered twice", r->path, r->line, r->text + 8);
            return EP_PORT;
        }
        st = one_answer(r, i, err, n);
    }
    return st;
}

ep_status vfy_response_run(const vfy_port_args *a, const vfy_epv_case *const *cases, size_t n, vfy_claims *claims, vfy_done done,
                           void *user, char *err, size_t n_err)
{
    const char *path = a->target;
    response r = {.f = fopen(path, "r"), .path = path, .cases = cases, .n = n, .claims = claims, .streaming = a->streaming};
    if (!r.f) {
        if (n_err) (void)snprintf(err, n_err, "%.200s: cannot open: %s", path, strerror(errno));
        return EP_IO;
    }
    r.out = calloc(n + 1, sizeof *r.out);
    ep_status st = r.out ? EP_OK : EP_NOMEM;
    for (size_t i = 0; st == EP_OK && i < n; i++) r.out[i].end = VFY_ABSENT;
    if (st == EP_OK) st = read_all(&r, claims, err, n_err);
    for (size_t i = 0; i < n && r.out; i++) {
        if (st != EP_OK) {
            vfy_outcome_clear(&r.out[i]);
            continue;
        }
        if (r.out[i].end == VFY_ABSENT && !vfy_claims_cover(claims, cases[i], r.out[i].reason, sizeof r.out[i].reason)) r.out[i].end = VFY_OUTSIDE;
        else if (r.out[i].end == VFY_ABSENT) (void)snprintf(r.out[i].reason, sizeof r.out[i].reason, "the file has no answer to it");
        done(user, i, &r.out[i]);
    }
    free(r.out);
    (void)fclose(r.f);
    return st == EP_FORMAT ? EP_PORT : st;
}
