/* An engine at work on a task.
 * SPDX-License-Identifier: MIT */
#include "machine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double task_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- opening ----------------------------------------------------------------------------------------------- */

static opt_config config(const task_machine *m, int k)
{
    const task_spec *s = &m->t->spec;
    int above = 0; /* integers hold v_th as 1/2 .. 1 */
    if (ep_model_spikes(s->model)) (void)frexp(s->v_th, &above);
    return (opt_config){.net = &m->model->ep[k], .rule = m->rule, .loss = s->loss, .c_reg = s->c_reg, .f_target = s->f_target,
                        .B = m->most_B, .T = m->stream ? 0 : s->T, .window = s->window, .threads = m->threads, .v_shift = -above,
                        .profile = m->engine.kind == TASK_FIXED ? &m->engine.profile : NULL};
}

static bool synthetic(ep_rule rule) { return rule == EP_TBPTT_SG || rule == EP_EPROP3_SG; }

/* Whole trials of units that spike do not show every component of h. */
bool task_streams(const task_spec *s, ep_rule rule)
{
    bool sees = synthetic(rule) && s->sg_input == TASK_SEES_STATE && ep_model_spikes(s->model);
    return rule >= EP_TBPTT && rule <= EP_EPROP3_SG && (s->stream || s->carry || s->update == TASK_UPDATE_WINDOW || sees);
}

/* What the rules with windows cannot be combined with. */
static ep_status check_windows(const task_machine *m, char why[TASK_WHY])
{
    const task_spec *s = &m->t->spec;
    const char *found = NULL;
    bool windows = m->rule >= EP_TBPTT && m->rule <= EP_EPROP3_SG;
    if (m->stream && s->c_reg > 0) found = "c_reg > 0 window by window, expected 0: the mean rate is a whole trial's";
    else if ((m->stream || synthetic(m->rule)) && s->nets > 1) found = "nets = 2, expected one network";
    else if (synthetic(m->rule) && (!m->engine.opt || m->engine.kind == TASK_FIXED)) found = "an engine without synthesisers, expected scalar or fast";
    else if (s->carry && !m->stream) found = "carry = 1, expected a rule in windows, with engine scalar or fast: tbptt with windows of T is BPTT of each batch";
    else if (windows && s->update == TASK_UPDATE_WINDOW && !m->engine.opt) found = "update = window with engine reference, expected scalar or fast";
    if (!found) return EP_OK;
    (void)snprintf(why, TASK_WHY, "rule %s: found %s", ep_rule_name(m->rule), found);
    return EP_NOTIMPL;
}

static ep_status open_future(task_machine *m, char why[TASK_WHY])
{
    const task_spec *s = &m->t->spec;
    if (!synthetic(m->rule)) return EP_OK;
    int boundaries = m->stream ? 1 : (s->T - 1) / s->window;
    m->future = malloc(sizeof *m->future);
    if (!m->future) return EP_NOMEM;
    ep_status st = task_future_make(s, &m->model->ep[0], m->engine.opt, m->most_B, boundaries, m->stream ? 0 : s->T, m->t->seed, m->future);
    for (int k = 0; st == EP_OK && k < FUTURE_SEES && m->future->sees[k] >= 0; k++)
        if (m->engine.opt->count(m->s[0], m->future->sees[k]) != (size_t)m->most_B * m->future->width[k]) {
            (void)snprintf(why, TASK_WHY, "engine %s does not show all of the state to a synthesiser, expected sg_input = z or engine scalar", m->engine.name);
            st = EP_NOTIMPL;
            task_future_free(m->future);
        }
    if (st != EP_OK) {
        free(m->future);
        m->future = NULL;
    }
    return st;
}

/* Integers: what they don't have is said before init says only that it is so. */
static ep_status check_fixed(const task_machine *m, const opt_config *cfg, char why[TASK_WHY])
{
    char text[TASK_WHY / 2] = "";
    ep_status st = opt_fixed_check(cfg, &m->engine.profile, text, sizeof text);
    if (st != EP_OK) (void)snprintf(why, TASK_WHY, "engine %s: %s", m->engine.name, text);
    return st;
}

/* What no engine can do for this task. */
static ep_status check_rule(const task_machine *m, char why[TASK_WHY])
{
    const char *name = ep_rule_name(m->rule);
    bool windows = m->rule >= EP_TBPTT && m->rule <= EP_EPROP3_SG;
    if (m->rule == EP_EPROP2) (void)snprintf(why, TASK_WHY, "rule %s: found no error module in this task", name);
    else if (windows && m->t->spec.model == EP_RATE) (void)snprintf(why, TASK_WHY, "rule %s: expected a model of spikes or lstm, found rate", name);
    else return EP_OK;
    return EP_NOTIMPL;
}

static ep_status open_network(task_machine *m, int k, char why[TASK_WHY])
{
    const opt_engine *e = m->engine.opt;
    opt_config cfg = config(m, k);
    ep_status st = opt_config_check(&cfg, why, TASK_WHY);
    if (st == EP_OK && m->engine.kind == TASK_FIXED) st = check_fixed(m, &cfg, why);
    if (st == EP_OK && e->supports(cfg.net->model, cfg.rule, &cfg.net->opt) != EP_OK) {
        (void)snprintf(why, TASK_WHY, "rule %s with model %s on engine %s is not implemented", ep_rule_name(m->rule),
                       ep_model_name(cfg.net->model), m->engine.name);
        st = EP_NOTIMPL;
    }
    size_t bytes = st == EP_OK ? e->state_size(&cfg) : 0;
    if (st == EP_OK && !bytes) {
        (void)snprintf(why, TASK_WHY, "engine %s does not take this network", m->engine.name);
        st = EP_DOMAIN;
    }
    if (st != EP_OK) return st;
    m->mem[k] = aligned_alloc(OPT_ALIGN, (bytes + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN);
    if (!m->mem[k]) return EP_NOMEM;
    m->bytes += bytes;
    st = e->init(&cfg, m->mem[k], bytes, &m->s[k]);
    m->bits = st == EP_OK && !m->stream && e->count(m->s[k], OPT_X_WORDS) > 0;
    if (st == EP_DOMAIN) (void)snprintf(why, TASK_WHY, "engine %s: a weight or constant is out of its range", m->engine.name);
    return st;
}

static size_t largest(const task_machine *m)
{
    const task_spec *s = &m->t->spec;
    size_t steps = (size_t)m->most_B * (size_t)s->T, n = steps * (size_t)s->n_out;
    if (m->engine.kind == TASK_FIXED && steps * (size_t)s->n_rec > n) n = steps * (size_t)s->n_rec; /* spikes */
    for (int g = 0; g < (int)EP_G_THETA; g++)
        if (m->model->net[0].n[g] > n) n = m->model->net[0].n[g];
    return n > (size_t)s->n_rec ? n : (size_t)s->n_rec;
}

static ep_status allocate(task_machine *m)
{
    const task_spec *s = &m->t->spec;
    size_t steps = (size_t)m->most_B * (size_t)s->T, outs = steps * (size_t)s->n_out, each = sizeof(double);
    bool good = true;
    m->y = malloc(outs * sizeof(double));
    m->part = malloc((size_t)m->most_B * sizeof(double));
    m->err_sum = malloc(outs * sizeof(double));
    size_t window = m->stream ? (size_t)m->most_B * (size_t)s->window * (size_t)s->n_out : 0;
    m->window_y = malloc((window + 1) * sizeof(double));
    m->window_err = malloc((window + 1) * sizeof(double));
    good = m->window_y && m->window_err;
    m->target = malloc(outs * each);
    m->mask = malloc(steps * each);
    bool as_is = m->engine.opt && m->engine.opt->format == OPT_BINARY32 && !m->stream;
    m->x = malloc(as_is ? 1 : steps * (size_t)s->n_in * each);
    m->x_fixed = malloc(m->engine.kind == TASK_FIXED ? steps * (size_t)s->n_in * sizeof(int32_t) : 1);
    m->rates = malloc((size_t)s->nets * (size_t)s->n_rec * sizeof(double));
    m->scratch = malloc(largest(m) * each);
    for (int k = 0; k < s->nets && (m->by_err || m->stream); k++) {
        m->err[k] = malloc(outs * each);
        good = good && m->err[k];
    }
    return good && m->y && m->part && m->err_sum && m->target && m->mask && m->x && m->x_fixed && m->rates && m->scratch ? EP_OK : EP_NOMEM;
}

ep_status task_machine_open(const task *t, const task_model *model, const task_engine *engine, ep_rule rule, int most_B,
                            int threads, double *seconds, task_machine *out, char why[TASK_WHY])
{
    task_machine m = {.t = t, .model = model, .engine = *engine, .rule = rule, .most_B = most_B, .threads = threads, .seconds = seconds,
                      .stream = engine->opt && task_streams(&t->spec, rule), .by_err = t->spec.nets > 1 || t->spec.bits || synthetic(rule)};
    strcpy(why, "");
    ep_status st = check_rule(&m, why);
    if (st == EP_OK) st = check_windows(&m, why);
    if (st == EP_OK) st = allocate(&m);
    for (int k = 0; st == EP_OK && engine->opt && k < t->spec.nets; k++) st = open_network(&m, k, why);
    if (st == EP_OK) st = open_future(&m, why);
    if (st == EP_OK) *out = m;
    else task_machine_close(&m);
    return st;
}

void task_machine_close(task_machine *m)
{
    if (m->future) task_future_free(m->future);
    free(m->future);
    free(m->err_sum);
    free(m->window_y);
    free(m->window_err);
    free(m->y);
    free(m->part);
    free(m->target);
    free(m->mask);
    free(m->x);
    free(m->x_fixed);
    free(m->rates);
    free(m->scratch);
    for (int k = 0; k < TASK_MOST_NETS; k++) {
        free(m->mem[k]);
        free(m->err[k]);
    }
    *m = (task_machine){0};
}

void task_machine_describe(const task_machine *m, char *buf, size_t n)
{
    if (m->engine.opt) m->engine.opt->describe(m->s[0], buf, n);
    else (void)snprintf(buf, n, "%s", m->engine.name);
}

/* ---- numbers to and from the engine ---------------------------------------------------------------------------- */

/* Numbers of a quantity; what does not fit an integer format becomes its nearer end. */
void task_to_engine(const task_machine *m, int quantity, const double *from, size_t n, void *to)
{
    switch (m->engine.opt->format) {
    case OPT_BINARY32:
        for (size_t i = 0; i < n; i++) ((float *)to)[i] = (float)from[i];
        break;
    case OPT_BINARY64: memcpy(to, from, n * sizeof *from); break;
    case OPT_FIXED: (void)opt_fixed_encode(m->s[0], quantity, from, to, n); break;
    }
}

void task_from_engine(const task_machine *m, int quantity, const void *from, size_t n, double *to)
{
    switch (m->engine.opt->format) {
    case OPT_BINARY32:
        for (size_t i = 0; i < n; i++) to[i] = (double)((const float *)from)[i];
        break;
    case OPT_BINARY64: memcpy(to, from, n * sizeof *to); break;
    case OPT_FIXED: opt_fixed_decode(m->s[0], quantity, from, to, n); break;
    }
}

static ep_status load_network(task_machine *m, int k)
{
    const opt_engine *e = m->engine.opt;
    const task_params *p = &m->model->net[k];
    for (int g = 0; g < (int)EP_G_THETA; g++) {
        if (!p->n[g]) continue;
        task_to_engine(m, OPT_PARAM(g), p->p[g], p->n[g], m->scratch);
        ep_status st = e->set(m->s[k], OPT_PARAM(g), m->scratch, p->n[g]);
        if (st != EP_OK) return st;
    }
    size_t n = e->count(m->s[k], OPT_FEEDBACK);
    if (m->rule != EP_EPROP1_ADAPTIVE || !n) return EP_OK;
    task_to_engine(m, OPT_FEEDBACK, p->B, n, m->scratch);
    return e->set(m->s[k], OPT_FEEDBACK, m->scratch, n);
}

ep_status task_machine_load(task_machine *m)
{
    double start = task_now();
    ep_status st = EP_OK;
    for (int k = 0; st == EP_OK && m->engine.opt && k < m->t->spec.nets; k++) st = load_network(m, k);
    m->seconds[TASK_T_LOAD] += task_now() - start;
    return st;
}

/* ---- running ------------------------------------------------------------------------------------------------------- */

static const void *input(const task_machine *m, const task_batch *bt, int k)
{
    if (bt->bare) return NULL; /* of bits */
    size_t n = (size_t)bt->B * (size_t)bt->T * (size_t)m->t->spec.n_in;
    if (m->engine.opt->format == OPT_BINARY32) return bt->x[k];
    double *x = m->x;
    for (size_t i = 0; i < n; i++) x[i] = (double)bt->x[k][i];
    if (m->engine.opt->format == OPT_FIXED) (void)opt_fixed_encode(m->s[k], OPT_FIXED_X, x, (int32_t *)m->x_fixed, n);
    return m->engine.opt->format == OPT_FIXED ? m->x_fixed : m->x;
}

static const uint64_t *bits(const task_batch *bt) { return bt->bare ? bt->bits : NULL; }

/* y += the outputs of network k, its steps in the order of the trial. */
static ep_status collect(task_machine *m, const task_batch *bt, int k)
{
    const task_spec *s = &m->t->spec;
    size_t K = (size_t)s->n_out, T = (size_t)bt->T, all = (size_t)bt->B * T * K;
    if (m->engine.opt->count(m->s[k], OPT_ALL(OPT_Y)) != all) return EP_DOMAIN;
    ep_status st = m->engine.opt->get(m->s[k], OPT_ALL(OPT_Y), m->scratch, all);
    if (st != EP_OK) return st;
    task_from_engine(m, OPT_Y, m->scratch, all, k == 0 ? m->y : m->err_sum); /* err_sum is free until the loss is known */
    for (size_t b = 0; k > 0 && b < (size_t)bt->B; b++)
        for (int t = 0; t < bt->steps[b]; t++) {
            size_t back = (size_t)task_reversed(t, bt->steps[b], s->frame);
            for (size_t o = 0; o < K; o++) m->y[(b * T + (size_t)t) * K + o] += m->err_sum[(b * T + back) * K + o];
        }
    return EP_OK;
}

/* Mean of z over steps and trials; where an engine keeps no rates, from its spikes. rate [n_rec]. */
static ep_status rates_of(task_machine *m, int k, const task_batch *bt, double *rate)
{
    const opt_engine *e = m->engine.opt;
    size_t n = (size_t)m->t->spec.n_rec, steps = (size_t)bt->B * (size_t)bt->T;
    if (e->format != OPT_FIXED) {
        if (e->count(m->s[k], OPT_FBAR) != n) return EP_NOTIMPL;
        ep_status st = e->get(m->s[k], OPT_FBAR, m->scratch, n);
        if (st == EP_OK) task_from_engine(m, OPT_FBAR, m->scratch, n, rate);
        return st;
    }
    int32_t *z = m->scratch;
    if (e->count(m->s[k], OPT_ALL(OPT_Z)) != n * steps) return EP_NOTIMPL;
    ep_status st = e->get(m->s[k], OPT_ALL(OPT_Z), z, n * steps);
    for (size_t j = 0; st == EP_OK && j < n; j++) {
        int64_t sum = 0;
        double unit;
        for (size_t i = 0; i < steps; i++) sum += z[i * n + j];
        opt_fixed_decode(m->s[k], OPT_Z, &(int32_t){1}, &unit, 1); /* of LSTM z is a number */
        rate[j] = (double)sum * unit / (double)steps;
    }
    return st;
}

static ep_status regulariser(task_machine *m, const task_batch *bt, task_result *r)
{
    const task_spec *s = &m->t->spec;
    r->loss_reg = r->rate = 0;
    for (int k = 0; k < s->nets; k++) {
        double *rate = m->rates + (size_t)k * (size_t)s->n_rec;
        ep_status st = rates_of(m, k, bt, rate);
        if (st != EP_OK) return st;
        for (int j = 0; j < s->n_rec; j++) {
            double d = rate[j] - s->f_target;
            r->rate += rate[j] / s->n_rec / s->nets;
            r->loss_reg += 0.5 * s->c_reg * d * d;
        }
    }
    return EP_OK;
}

ep_status task_machine_gradient(task_machine *m, task_result *r)
{
    memset(r->grad, 0, m->model->n * sizeof *r->grad);
    for (int k = 0; k < m->t->spec.nets; k++)
        for (int g = 0; g < (int)EP_G_THETA; g++) {
            size_t n = m->model->net[k].n[g];
            if (!n || m->engine.opt->count(m->s[k], OPT_GRAD(g)) != n) continue;
            ep_status st = m->engine.opt->get(m->s[k], OPT_GRAD(g), m->scratch, n);
            if (st != EP_OK) return st;
            task_from_engine(m, OPT_GRAD(g), m->scratch, n, r->grad + task_model_at(m->model, k, (ep_group)g));
        }
    return EP_OK;
}

/* Integers: flags, all that they know of weights. */
static void convert_mask(const task_machine *m, const task_batch *bt)
{
    size_t steps = (size_t)bt->B * (size_t)bt->T;
    if (m->engine.opt->format == OPT_FIXED)
        for (size_t i = 0; i < steps; i++) ((int32_t *)m->mask)[i] = bt->mask[i] > 0;
    else task_to_engine(m, OPT_ERR, bt->mask, steps, m->mask);
}

static ep_status one_network(task_machine *m, const task_batch *bt)
{
    task_to_engine(m, OPT_FIXED_TARGET, bt->target, (size_t)bt->B * (size_t)bt->T * (size_t)m->t->spec.n_out, m->target);
    convert_mask(m, bt);
    opt_trials tr = {.T = bt->T, .B = bt->B, .x = input(m, bt, 0), .bits = bits(bt), .target = m->target, .mask = m->mask};
    return m->engine.opt->grad(m->s[0], &tr);
}

/* Outputs; every step is hidden, so that the engine makes no loss of them. */
static ep_status forward_all(task_machine *m, const task_batch *bt, bool alone)
{
    ep_status st = EP_OK;
    const void *hidden = m->engine.opt->format == OPT_FIXED ? NULL : memset(m->mask, 0, (size_t)bt->B * (size_t)bt->T * m->engine.opt->element);
    for (int k = 0; st == EP_OK && k < m->t->spec.nets; k++) {
        opt_trials tr = {.T = bt->T, .B = bt->B, .x = input(m, bt, k), .bits = bits(bt), .mask = hidden, .part = OPT_FORWARD, .alone = alone};
        st = m->engine.opt->grad(m->s[k], &tr);
        if (st == EP_OK) st = collect(m, bt, k);
    }
    return st;
}

/* err of the summed readouts as the engine takes it: integers before the mean is taken (opt_fixed.h). */
static void convert_errors(const task_machine *m, const task_batch *bt)
{
    size_t each = (size_t)bt->T * (size_t)m->t->spec.n_out, all = (size_t)bt->B * each;
    double *whole = m->scratch;
    if (m->engine.opt->format != OPT_FIXED) {
        task_to_engine(m, OPT_ERR, m->err_sum, all, m->err[0]);
        return;
    }
    convert_mask(m, bt);
    for (int b = 0; b < bt->B; b++) {
        double divisor = task_loss_divisor(&m->t->spec, bt, b);
        for (size_t i = (size_t)b * each; i < (size_t)(b + 1) * each; i++) whole[i] = m->err_sum[i] * divisor;
    }
    task_to_engine(m, OPT_ERR, whole, all, m->err[0]);
}

/* Seeds of all windows of the trials whose forward pass is done. */
static ep_status look_ahead(task_machine *m, const task_batch *bt)
{
    const task_spec *s = &m->t->spec;
    size_t B = (size_t)bt->B, T = (size_t)bt->T, D = (size_t)s->window;
    task_future_begin(m->future, s, bt);
    ep_status st = task_future_see_all(m->future, m->s[0], B, T, D);
    return st == EP_OK ? task_future_say(m->future, B, (T - 1) / D) : st;
}

/* err of the sum to each network, in the order in which it read the trial. */
static ep_status backward_all(task_machine *m, const task_batch *bt, bool learn)
{
    const task_spec *s = &m->t->spec;
    size_t K = (size_t)s->n_out, T = (size_t)bt->T, each = m->engine.opt->element;
    const void *mask = m->engine.opt->format == OPT_FIXED ? m->mask : NULL;
    ep_status st = EP_OK;
    convert_errors(m, bt);
    if (s->nets > 1) memset(m->err[1], 0, (size_t)bt->B * T * K * each);
    for (size_t b = 0; s->nets > 1 && b < (size_t)bt->B; b++)
        for (int t = 0; t < bt->steps[b]; t++)
            memcpy((char *)m->err[1] + (b * T + (size_t)task_reversed(t, bt->steps[b], s->frame)) * K * each,
                   (char *)m->err[0] + (b * T + (size_t)t) * K * each, K * each);
    if (m->future) st = look_ahead(m, bt);
    for (int k = 0; st == EP_OK && k < s->nets; k++) {
        opt_trials tr = {.T = bt->T, .B = bt->B, .x = input(m, bt, k), .bits = bits(bt), .err = m->err[k], .mask = mask, .part = OPT_BACKWARD};
        if (m->future && bt->T > s->window) {
            tr.seeds = &m->future->seeds;
            tr.delivered = &m->future->delivered;
        }
        st = m->engine.opt->grad(m->s[k], &tr);
    }
    if (st == EP_OK && m->future && learn) task_future_learn(m->future, (size_t)bt->B, (size_t)((bt->T - 1) / s->window), false);
    return st;
}

static ep_status run_engine(task_machine *m, const task_batch *bt, task_result *r)
{
    const task_spec *s = &m->t->spec;
    double start = task_now();
    bool whole = r->grad && !m->by_err;
    ep_status st = whole ? one_network(m, bt) : forward_all(m, bt, !r->grad);
    if (st == EP_OK && whole) st = collect(m, bt, 0);
    double middle = task_now();
    if (st == EP_OK) r->loss = task_loss(s, bt, m->y, m->err_sum, m->part, m->threads);
    double after = task_now();
    if (st == EP_OK && m->by_err && r->grad) st = backward_all(m, bt, r->learn);
    if (st == EP_OK && r->grad) st = task_machine_gradient(m, r);
    if (st == EP_OK) st = regulariser(m, bt, r);
    if (st == EP_OK && r->y) memcpy(r->y, m->y, (size_t)bt->B * (size_t)bt->T * (size_t)s->n_out * sizeof *r->y);
    m->seconds[TASK_T_LOSS] += after - middle;
    m->seconds[TASK_T_ENGINE] += middle - start + task_now() - after;
    return st;
}

ep_status task_machine_run(task_machine *m, const task_batch *bt, task_result *r)
{
    double start = task_now();
    if (r->grad) m->steps += (size_t)bt->B * (size_t)bt->T * (size_t)m->t->spec.n_rec * (size_t)m->t->spec.nets;
    if (m->stream) return task_stream_run(m, bt, r);
    if (m->engine.opt) return run_engine(m, bt, r);
    ep_status st = task_reference_run(m->model, m->rule, m->engine.prec, bt, m->threads, r, NULL);
    m->seconds[TASK_T_ENGINE] += task_now() - start;
    return st;
}
