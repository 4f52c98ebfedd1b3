/* Descriptions by text: every number of task_spec by its name, and the options of ep_options.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "task.h"

typedef enum { K_INT, K_REAL, K_BOOL, K_MODEL, K_LOSS, K_OPTIMIZER, K_UPDATE, K_SEED, K_SEES } kind;

typedef struct entry {
    const char *name;
    kind kind;
    size_t at;
    double lo, hi;
} entry;

#define ENTRY(name, kind, lo, hi) {#name, kind, offsetof(task_spec, name), lo, hi}
#define MOST EP_MAX_DIM

static const entry entries[] = {
    ENTRY(model, K_MODEL, 0, 0), ENTRY(nets, K_INT, 1, TASK_MOST_NETS), ENTRY(frame, K_INT, 1, MOST),
    ENTRY(n_in, K_INT, 1, MOST), ENTRY(n_rec, K_INT, 1, MOST), ENTRY(n_out, K_INT, 1, MOST), ENTRY(n_alif, K_INT, 0, MOST),
    ENTRY(tau_m, K_REAL, 0, 1e9), ENTRY(tau_a, K_REAL, 0, 1e9), ENTRY(tau_out, K_REAL, 0, 1e9), ENTRY(beta, K_REAL, 0, 1e9),
    ENTRY(v_th, K_REAL, 1e-9, 1e9), ENTRY(gamma, K_REAL, 1e-9, 1e9), ENTRY(n_ref, K_INT, 0, MOST),
    ENTRY(b_forget, K_REAL, -1e9, 1e9), ENTRY(bias, K_BOOL, 0, 1), ENTRY(bout, K_BOOL, 0, 1), ENTRY(w_in, K_REAL, 0, 1e9), ENTRY(w_rec, K_REAL, 0, 1e9),
    ENTRY(w_out, K_REAL, 0, 1e9), ENTRY(w_fb, K_REAL, 0, 1e9), ENTRY(density, K_REAL, 1e-9, 1),
    ENTRY(inhibitory, K_REAL, 0, 1), ENTRY(T, K_INT, 1, MOST), ENTRY(loss, K_LOSS, 0, 0), ENTRY(bits, K_BOOL, 0, 1), ENTRY(c_reg, K_REAL, 0, 1e12),
    ENTRY(f_target, K_REAL, 0, 1), ENTRY(optimizer, K_OPTIMIZER, 0, 0), ENTRY(lr, K_REAL, 0, 1e9),
    ENTRY(lr_factor, K_REAL, 0, 1e9), ENTRY(lr_every, K_INT, 0, 1e9), ENTRY(lr_warmup, K_INT, 0, 1e9),
    ENTRY(adam_b1, K_REAL, 0, 1 - 0x1p-53), ENTRY(adam_b2, K_REAL, 0, 1 - 0x1p-53), ENTRY(adam_eps, K_REAL, 1e-300, 1),
    ENTRY(l2, K_REAL, 0, 1e9), ENTRY(clip, K_REAL, 0, 1e300), ENTRY(fb_decay, K_REAL, 0, 1), ENTRY(batch, K_INT, 1, MOST),
    ENTRY(iterations, K_INT, 0, 1e9), ENTRY(window, K_INT, 0, MOST), ENTRY(update, K_UPDATE, 0, 0),
    ENTRY(stream, K_BOOL, 0, 1), ENTRY(carry, K_BOOL, 0, 1), ENTRY(sg_seed, K_SEED, 0, 0), ENTRY(sg_input, K_SEES, 0, 0), ENTRY(sg_hidden, K_INT, 0, MOST),
    ENTRY(sg_lr, K_REAL, 0, 1e9), ENTRY(sg_limit, K_REAL, 0, 1e300), ENTRY(sg_drop, K_BOOL, 0, 1), ENTRY(valid_every, K_INT, 0, 1e9),
    ENTRY(valid_trials, K_INT, 0, 1e9), ENTRY(test_trials, K_INT, 0, 1e9), ENTRY(stop_below, K_REAL, -1e300, 1e300)};

enum { N_ENTRY = sizeof entries / sizeof *entries };

/* Values of enumerations that are the tasks' own, by kind - K_OPTIMIZER. */
static const char *const names[][4] = {{"sgd", "adam"}, {"trial", "window"}, {"c", "z", "zc"}, {"z", "state"}};
static const char *const choices[] = {"sgd or adam", "trial or window", "c, z or zc", "z or state"};

static void *place(task_spec *s, const entry *e) { return (unsigned char *)s + e->at; }
static const void *place_const(const task_spec *s, const entry *e) { return (const unsigned char *)s + e->at; }

static ep_status expected(char why[TASK_WHY], const char *name, const char *got, const char *what)
{
    (void)snprintf(why, TASK_WHY, "%.40s = '%.60s': expected %.200s", name, got, what);
    return EP_DOMAIN;
}

static double number_of(const task_spec *s, const entry *e)
{
    const void *at = place_const(s, e);
    return e->kind == K_REAL ? *(const double *)at : e->kind == K_INT ? *(const int *)at : *(const bool *)at;
}

static ep_status range(const entry *e, double v, const char *text, char why[TASK_WHY])
{
    char what[80];
    if (v >= e->lo && v <= e->hi && (e->kind == K_REAL || nearbyint(v) == v)) return EP_OK;
    (void)snprintf(what, sizeof what, "%s from %g to %g", e->kind == K_REAL ? "a number" : "a whole number", e->lo, e->hi);
    return expected(why, e->name, text, what);
}

static ep_status set_number(task_spec *s, const entry *e, const char *text, char why[TASK_WHY])
{
    char *end;
    errno = 0;
    double v = strtod(text, &end);
    if (end == text || *end || errno == ERANGE) return expected(why, e->name, text, "a number");
    ep_status st = range(e, v, text, why);
    if (st != EP_OK) return st;
    if (e->kind == K_REAL) *(double *)place(s, e) = v;
    else if (e->kind == K_INT) *(int *)place(s, e) = (int)v;
    else *(bool *)place(s, e) = v > 0;
    return EP_OK;
}

static void choose(task_spec *s, kind what, int k)
{
    if (what == K_OPTIMIZER) s->optimizer = (task_optimizer)k;
    else if (what == K_UPDATE) s->update = (task_update)k;
    else if (what == K_SEED) s->sg_seed = (task_seed)k;
    else s->sg_input = (task_sees)k;
}

static int chosen(const task_spec *s, kind what)
{
    return what == K_OPTIMIZER ? (int)s->optimizer : what == K_UPDATE ? (int)s->update : what == K_SEED ? (int)s->sg_seed : (int)s->sg_input;
}

static ep_status set_named(task_spec *s, const entry *e, const char *text, char why[TASK_WHY])
{
    if (e->kind == K_MODEL) return ep_model_parse(text, &s->model) ? EP_OK : expected(why, e->name, text, "a model: lif alif lsnn lstm rate");
    if (e->kind == K_LOSS) return ep_loss_parse(text, &s->loss) ? EP_OK : expected(why, e->name, text, "regression or classification");
    for (int k = 0; names[e->kind - K_OPTIMIZER][k]; k++)
        if (strcmp(text, names[e->kind - K_OPTIMIZER][k]) == 0) {
            choose(s, e->kind, k);
            return EP_OK;
        }
    return expected(why, e->name, text, choices[e->kind - K_OPTIMIZER]);
}

static ep_status set_option(task_spec *s, const char *name, const char *value, char why[TASK_WHY])
{
    char what[160] = "";
    if (ep_option_set(&s->opt, name, value)) return EP_OK;
    for (size_t n = 0; n < ep_option_count(); n++) {
        const ep_option_row *row = ep_option_at(n);
        if (strcmp(row->name, name) != 0) continue;
        for (size_t v = 0, used = 0; row->values[v] && used < sizeof what - 24; v++)
            used += (size_t)snprintf(what + used, sizeof what - used, v ? ", %.20s" : "%.20s", row->values[v]);
        return expected(why, name, value, what);
    }
    return expected(why, name, value, "a name that eprop-train --list TASK shows");
}

ep_status task_spec_set(task_spec *s, const char *name, const char *value, char why[TASK_WHY])
{
    for (int n = 0; n < N_ENTRY; n++) {
        const entry *e = &entries[n];
        if (strcmp(e->name, name) != 0) continue;
        return e->kind <= K_BOOL ? set_number(s, e, value, why) : set_named(s, e, value, why);
    }
    return set_option(s, name, value, why);
}

size_t task_spec_count(void) { return N_ENTRY + ep_option_count(); }

static void write_real(double v, char *buf, size_t size)
{
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(buf, size, "%.*g", digits, v);
        if (!(strtod(buf, NULL) < v || strtod(buf, NULL) > v)) return;
    }
}

const char *task_spec_get(const task_spec *s, size_t n, char *buf, size_t size)
{
    if (n >= N_ENTRY) {
        const char *name = ep_option_at(n - N_ENTRY)->name;
        (void)ep_option_get(&s->opt, name, buf, size);
        return name;
    }
    const entry *e = &entries[n];
    if (e->kind == K_REAL) write_real(number_of(s, e), buf, size);
    else if (e->kind <= K_BOOL) (void)snprintf(buf, size, "%d", (int)number_of(s, e));
    else if (e->kind == K_MODEL) (void)snprintf(buf, size, "%s", ep_model_name(s->model));
    else if (e->kind == K_LOSS) (void)snprintf(buf, size, "%s", ep_loss_name(s->loss));
    else (void)snprintf(buf, size, "%s", names[e->kind - K_OPTIMIZER][chosen(s, e->kind)]);
    return e->name;
}

ep_status task_spec_check(const task_spec *s, char why[TASK_WHY])
{
    char text[40];
    for (int n = 0; n < N_ENTRY; n++) {
        if (entries[n].kind > K_BOOL) continue;
        (void)task_spec_get(s, (size_t)n, text, sizeof text);
        ep_status st = range(&entries[n], number_of(s, &entries[n]), text, why);
        if (st != EP_OK) return st;
    }
    (void)snprintf(text, sizeof text, "%d", s->n_alif);
    if (s->n_alif > s->n_rec) return expected(why, "n_alif", text, "at most n_rec");
    if (s->n_alif && s->model != EP_LSNN) return expected(why, "n_alif", text, "0, or model = lsnn");
    if (s->inhibitory > 0 && (s->model == EP_LSTM || s->model == EP_RATE))
        return expected(why, "inhibitory", "> 0", "0 for units that do not spike: the sign of an output is no neuron's property there");
    return EP_OK;
}
