/* Training that is verified while it runs.
 *
 *   engine against reference   one trial: cosine, r = max |got - want| / (u mag), spikes that differ
 *   rule against BPTT          the whole batch: cosine over Win, Wrec, b; distance in units of BPTT's norm
 *
 * A synthesiser says the same seeds in both.
 *
 * The reference is given the weights as the engine holds them, rounded to its format. While r stays below about 1 the
 * difference is rounding; a spike that differs changes a gradient by far more, so r is left empty then. Engines that flush
 * subnormal numbers to 0 lose at most one smallest normal number a step, which a trace carries on for T steps at most.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train.h"

enum { PREC = 128, PREC_SINGLE = 64 };

ep_status task_checker_make(task_machine *m, task_checker *out, char why[TASK_WHY])
{
    const task_spec *s = &m->t->spec;
    task_checker c = {.m = m};
    size_t spikes = (size_t)s->nets * (size_t)s->T * (size_t)s->n_rec;
    ep_status st = task_batch_make(s, 1, &c.one);
    c.got = malloc(m->model->n * sizeof(double));
    c.want = malloc(m->model->n * sizeof(double));
    c.mag = malloc(m->model->n * sizeof(double));
    c.margin = malloc(spikes * sizeof(double));
    c.z = malloc(spikes);
    if (st == EP_OK && !(c.got && c.want && c.mag && c.margin && c.z)) st = EP_NOMEM;
    if (st == EP_OK && m->rule != EP_BPTT && m->rule != EP_RTRL) {
        task_engine e = m->engine;
        if (e.kind == TASK_FIXED) e = (task_engine){.kind = TASK_FAST, .opt = opt_fast_f64(), .name = "fast:f64"};
        st = task_machine_open(m->t, m->model, &e, EP_BPTT, m->most_B, m->threads, m->seconds, &c.bptt, why);
        c.has_bptt = st == EP_OK;
    }
    if (st == EP_OK) *out = c;
    else task_checker_free(&c);
    return st;
}

void task_checker_free(task_checker *c)
{
    if (c->has_bptt) task_machine_close(&c->bptt);
    task_batch_free(&c->one);
    free(c->got);
    free(c->want);
    free(c->mag);
    free(c->margin);
    free(c->z);
    *c = (task_checker){0};
}

static double cosine(const double *a, const double *b, size_t n, double sum[3])
{
    for (size_t k = 0; k < n; k++) {
        sum[0] += a[k] * b[k];
        sum[1] += a[k] * a[k];
        sum[2] += b[k] * b[k];
    }
    return sum[1] > 0 && sum[2] > 0 ? sum[0] / sqrt(sum[1] * sum[2]) : NAN;
}

/* ---- the model in the engine's numbers ------------------------------------------------------------------------ */

typedef struct rounded {
    task_spec spec;
    task_model m;
} rounded;

static void round_all(double *v, size_t n)
{
    for (size_t k = 0; k < n; k++) v[k] = (double)(float)v[k];
}

static double *copied(const double *v, size_t n)
{
    double *to = malloc((n + 1) * sizeof *to);
    if (to) memcpy(to, v, n * sizeof *to);
    return to;
}

/* A copy of the numbers that a float engine holds; views of it point into the copy. */
static ep_status round_model(const task_model *m, rounded *out)
{
    const task_spec *s = m->spec;
    size_t n_theta = 3 * (size_t)s->n_rec;
    *out = (rounded){.spec = *s, .m = *m};
    out->m.w = copied(m->w, m->n);
    out->m.fb = copied(m->fb, m->n_fb);
    out->m.theta = copied(m->theta, n_theta);
    if (!out->m.w || !out->m.fb || !out->m.theta) return EP_NOMEM;
    round_all(out->m.w, m->n);
    round_all(out->m.fb, m->n_fb);
    round_all(out->m.theta, n_theta);
    out->m.spec = &out->spec;
    out->spec.c_reg = (double)(float)s->c_reg;
    out->spec.f_target = (double)(float)s->f_target;
    out->spec.v_th = (double)(float)s->v_th;
    for (int k = 0; k < s->nets; k++) {
        ep_net *net = &out->m.ep[k];
        for (int g = 0; g < (int)EP_G_THETA; g++) out->m.net[k].p[g] = out->m.w + (m->net[k].p[g] - m->w);
        out->m.net[k].B = out->m.fb + (m->net[k].B - m->fb);
        double *const *p = out->m.net[k].p;
        net->Win = p[EP_G_WIN];
        net->Wrec = p[EP_G_WREC];
        net->b = p[EP_G_BIAS];
        net->Wout = p[EP_G_WOUT];
        net->bout = p[EP_G_BOUT];
        if (net->B) net->B = out->m.net[k].B;
        for (int th = 0; th < EP_N_THETA; th++)
            if (net->theta[th]) net->theta[th] = out->m.theta + (net->theta[th] - m->theta);
        net->kappa = (double)(float)net->kappa;
        net->v_th = (double)(float)net->v_th;
        net->gamma = (double)(float)net->gamma;
        net->b_forget = (double)(float)net->b_forget;
    }
    return EP_OK;
}

static void free_rounded(rounded *r)
{
    free(r->m.w);
    free(r->m.fb);
    free(r->m.theta);
}

/* ---- engine against reference ----------------------------------------------------------------------------------- */

static ep_status compare_spikes(task_checker *c, task_point *p, task_outcome *o)
{
    const task_machine *m = c->m;
    const opt_engine *e = m->engine.opt;
    size_t n = (size_t)c->one.T * (size_t)m->t->spec.n_rec, N = (size_t)m->t->spec.n_rec;
    p->check_flips = 0;
    if (!e || !ep_model_spikes(m->t->spec.model)) return EP_OK;
    void *z = malloc(n * e->element + 1);
    if (!z) return EP_NOMEM;
    for (int k = 0; k < m->t->spec.nets; k++) {
        if (e->count(m->s[k], OPT_ALL(OPT_Z)) != n || e->get(m->s[k], OPT_ALL(OPT_Z), z, n) != EP_OK) {
            p->check_flips = NAN;
            break;
        }
        for (size_t i = 0; i < n; i++) {
            bool got = e->element == sizeof(double) ? ((double *)z)[i] > 0.5
                       : e->format == OPT_BINARY32  ? ((float *)z)[i] > 0.5F
                                                    : ((int32_t *)z)[i] != 0;
            if (got == (c->z[(size_t)k * n + i] != 0)) continue;
            if (p->check_flips++ > 0 || !isnan(o->first_flip_t)) continue;
            o->first_flip_t = (double)(i / N + 1);
            o->first_flip_j = (double)(i % N);
            o->first_flip_margin = c->margin[(size_t)k * n + i];
        }
    }
    free(z);
    return EP_OK;
}

static void compare_gradients(const task_checker *c, task_point *p)
{
    bool single = c->m->engine.opt && c->m->engine.opt->format == OPT_BINARY32;
    bool integers = c->m->engine.kind == TASK_FIXED; /* whose distance is no matter of u */
    double u = single ? 0x1p-24 : 0x1p-53, T = c->one.T, sum[3] = {0}, flushed = T * T * (single ? 0x1p-126 : 0x1p-1022);
    p->check_cosine = cosine(c->got, c->want, c->m->model->n, sum);
    p->check_r = 0;
    if (integers || p->check_flips > 0) { /* the bound holds for equal spikes only */
        p->check_r = NAN;
        return;
    }
    for (size_t k = 0; k < c->m->model->n; k++) {
        double err = fabs(c->got[k] - c->want[k]);
        if (c->m->model->trained[k] && err > 0) p->check_r = fmax(p->check_r, err / (u * c->mag[k] + flushed));
    }
}

static ep_status against_reference(task_checker *c, const task_batch *bt, task_point *p, task_outcome *o)
{
    task_machine *m = c->m;
    bool single = m->engine.opt && m->engine.opt->format == OPT_BINARY32;
    task_result got = {.grad = c->got}, none = {0};
    task_truth truth = {.grad = c->want, .mag = c->mag, .z = c->z, .margin = c->margin, .u = single ? 0x1p-24 : 0x1p-53,
                        .sg = m->future && !m->future->off ? &m->future->sg : NULL};
    rounded r = {0};
    task_batch_fill(&c->one, m->t, bt->split, bt->index, 1, 1);
    ep_status st = task_machine_run(m, &c->one, &got);
    if (st == EP_OK && single) {
        if (!m->by_err && !m->stream) round_all(c->one.target, (size_t)c->one.T * (size_t)m->t->spec.n_out);
        st = round_model(m->model, &r);
    }
    if (st == EP_OK) st = task_reference_run(single ? &r.m : m->model, m->rule, single ? PREC_SINGLE : PREC, &c->one, m->threads, &none, &truth);
    if (st == EP_OK) {
        st = compare_spikes(c, p, o);
        compare_gradients(c, p);
    }
    free_rounded(&r);
    return st;
}

static ep_status against_bptt(task_checker *c, const task_batch *bt, const double *g, task_point *p)
{
    task_result r = {.grad = c->got};
    double sum[3] = {0};
    p->bptt_cosine = 1;
    p->bptt_distance = 0;
    if (!c->has_bptt) return EP_OK;
    ep_status st = task_machine_load(&c->bptt);
    if (st == EP_OK) st = task_machine_run(&c->bptt, bt, &r);
    if (st == EP_UNABLE) { /* BPTT may overflow where the rule does not */
        p->bptt_cosine = p->bptt_distance = NAN;
        return EP_OK;
    }
    for (int k = 0; st == EP_OK && k < c->m->t->spec.nets; k++)
        for (int group = EP_G_WIN; group <= EP_G_BIAS; group++) {
            size_t at = task_model_at(c->m->model, k, (ep_group)group);
            for (size_t e = 0; e < c->m->model->net[k].n[group]; e++)
                if (c->m->model->trained[at + e]) p->bptt_cosine = cosine(c->got + at + e, g + at + e, 1, sum);
        }
    p->bptt_distance = sqrt(fmax(sum[1] + sum[2] - 2 * sum[0], 0) / sum[1]);
    return st;
}

ep_status task_check(task_checker *c, const task_batch *bt, const double *g, bool reference, task_point *p, task_outcome *o)
{
    double before[TASK_N_PHASE], start = task_now();
    memcpy(before, c->m->seconds, sizeof before);
    size_t steps = c->m->steps;
    ep_status st = against_bptt(c, bt, g, p);
    if (st == EP_OK && reference) st = against_reference(c, bt, p, o);
    memcpy(c->m->seconds, before, sizeof before); /* all of it is the check's time */
    c->m->seconds[TASK_T_CHECK] += task_now() - start;
    c->m->steps = steps;
    return st;
}
