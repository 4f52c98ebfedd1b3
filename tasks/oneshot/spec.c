/* Descriptions by name, for all tasks of e-prop 2.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "oneshot.h"

#define WHOLE(name) {#name, offsetof(shot_spec, name), true}
#define REAL(name) {#name, offsetof(shot_spec, name), false}
static const shot_row common[] = {WHOLE(n_mod), WHOLE(n_code), WHOLE(first_order), WHOLE(unseen), REAL(eta), REAL(mod_in), REAL(mod_rec), REAL(mod_p),
                                  REAL(mod_f_target)};
enum { N_COMMON = sizeof common / sizeof *common };

const shot_kind *shot_find(const char *name)
{
    const shot_kind *const *k = shot_kinds;
    while (*k && strcmp((*k)->name, name) != 0) k++;
    return *k;
}

shot_spec *shot_describe(const shot_kind *kind, const char *variant)
{
    shot_spec *s = calloc(1, kind->spec_size);
    if (s) kind->describe(variant, s);
    if (s) shot_settle(kind, s);
    return s;
}

void shot_settle(const shot_kind *kind, shot_spec *s)
{
    if (kind->settle) kind->settle(s);
}

/* The n-th row; NULL behind the last. */
static const shot_row *row_of(const shot_kind *kind, size_t n)
{
    const shot_row *r = n < N_COMMON ? &common[n] : &kind->rows[n - N_COMMON];
    return r->name ? r : NULL;
}

const char *shot_get(const shot_kind *kind, const shot_spec *s, size_t n, char *buf, size_t size)
{
    const shot_row *r = row_of(kind, n);
    int whole;
    double real;
    if (!r) return NULL;
    if (r->whole) {
        memcpy(&whole, (const char *)s + r->at, sizeof whole);
        (void)snprintf(buf, size, "%d", whole);
    } else {
        memcpy(&real, (const char *)s + r->at, sizeof real);
        (void)snprintf(buf, size, "%.15g", real);
    }
    return r->name;
}

static ep_status set_row(const shot_row *r, shot_spec *s, const char *value, char why[TASK_WHY])
{
    char *end, *to = (char *)s + r->at;
    double v = strtod(value, &end);
    if (end == value || *end || !isfinite(v) || v < 0.0 || v > 1e6 || (r->whole && v != floor(v))) {
        (void)snprintf(why, TASK_WHY, "%s: found '%.60s', expected a %s from 0 to 1e6", r->name, value, r->whole ? "whole number" : "number");
        return EP_DOMAIN;
    }
    int whole = (int)v;
    if (r->whole) memcpy(to, &whole, sizeof whole);
    else memcpy(to, &v, sizeof v);
    return EP_OK;
}

ep_status shot_set(const shot_kind *kind, shot_spec *s, const char *name, const char *value, char why[TASK_WHY])
{
    const shot_row *r;
    for (const shot_derived *d = kind->derived; d && d->name; d++)
        if (strcmp(d->name, name) == 0) {
            (void)snprintf(why, TASK_WHY, "%s: found '%.60s', but it follows from %s", name, value, d->from);
            return EP_DOMAIN;
        }
    for (size_t n = 0; (r = row_of(kind, n)); n++)
        if (strcmp(r->name, name) == 0) return set_row(r, s, value, why);
    return task_spec_set(&s->s, name, value, why);
}

ep_status shot_check(const shot_kind *kind, shot_spec *s, char why[TASK_WHY])
{
    shot_settle(kind, s);
    ep_status st = task_spec_check(&s->s, why);
    if (st != EP_OK) return st;
    const struct { bool bad; const char *text; } rule[] = {
        {s->s.model != EP_LIF, "model: expected lif"},
        {s->n_mod < 1 || s->n_mod > 4096, "n_mod: expected 1 to 4096 neurons"},
        {s->first_order > 1, "first_order: expected 0 or 1"},
        {s->unseen < 1, "unseen: expected at least one"}};
    for (size_t k = 0; k < sizeof rule / sizeof *rule; k++)
        if (rule[k].bad) {
            (void)snprintf(why, TASK_WHY, "%s: %s", kind->name, rule[k].text);
            return EP_DOMAIN;
        }
    return kind->check(s, why);
}

ep_status shot_open(shot_task *t, char why[TASK_WHY])
{
    if (t->data_dir && !t->kind->takes_data) {
        (void)snprintf(why, TASK_WHY, "%s: --data: found '%.200s', but the task takes no data", t->kind->name, t->data_dir);
        return EP_DOMAIN;
    }
    if (t->official_dir && !t->kind->takes_official) {
        (void)snprintf(why, TASK_WHY, "%s: --runs: found '%.200s', but the task takes none", t->kind->name, t->official_dir);
        return EP_DOMAIN;
    }
    return t->kind->open ? t->kind->open(t, why) : EP_OK;
}

void shot_close(shot_task *t)
{
    if (t->kind->close) t->kind->close(t);
    t->own = NULL;
}
