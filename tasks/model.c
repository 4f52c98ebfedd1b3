/* The trained numbers of a task.
 * SPDX-License-Identifier: MIT */
#include "model.h"

#include <math.h>
#include <stdlib.h>

enum { GROUPS = EP_G_THETA, USE_WEIGHTS = 200, USE_FEEDBACK = 220, USE_DENSITY = 230, USE_SIGN = 250 };

static ep_net sizes(const task_spec *s)
{
    return (ep_net){.model = s->model, .opt = s->opt, .n_in = s->n_in, .n_rec = s->n_rec, .n_out = s->n_out};
}

size_t task_model_at(const task_model *m, int k, ep_group g) { return (size_t)(m->net[k].p[g] - m->w); }

static double decay(double tau) { return tau > 0 ? exp(-1.0 / tau) : 0; }

/* What enters an engine: decays, thresholds and pointers to the weights. */
static void fill_networks(task_model *m)
{
    const task_spec *s = m->spec;
    size_t n = (size_t)s->n_rec;
    double *alpha = m->theta, *rho = alpha + n, *beta = rho + n;
    for (size_t j = 0; j < n; j++) {
        bool adapts = s->model == EP_ALIF || j >= n - (size_t)s->n_alif;
        alpha[j] = decay(s->tau_m);
        rho[j] = decay(s->tau_a);
        beta[j] = adapts ? s->beta : 0;
    }
    for (int k = 0; k < s->nets; k++) {
        double *const *p = m->net[k].p;
        ep_net net = sizes(s);
        net.Win = p[EP_G_WIN];
        net.Wrec = p[EP_G_WREC];
        net.b = p[EP_G_BIAS];
        net.Wout = p[EP_G_WOUT];
        net.bout = p[EP_G_BOUT];
        net.B = m->rule == EP_EPROP1_SYMMETRIC ? NULL : m->net[k].B;
        const double *theta[EP_N_THETA] = {[EP_ALPHA] = alpha, [EP_RHO] = rho, [EP_BETA] = beta};
        for (int th = 0; th < EP_N_THETA; th++)
            if (ep_model_has(s->model, (ep_theta)th)) net.theta[th] = theta[th];
        net.kappa = decay(s->tau_out);
        net.v_th = s->v_th;
        net.b_forget = s->b_forget;
        net.gamma = s->gamma;
        net.n_ref = s->n_ref;
        m->ep[k] = net;
    }
}

static bool inhibitory(const task *t, int k, size_t i)
{
    return ep_rng_uniform(t->seed, task_stream(TASK_TRAIN, (uint64_t)k, USE_SIGN), i) < t->spec.inhibitory;
}

static bool group_trained(const task_spec *s, int k, int g)
{
    return g == EP_G_BIAS ? s->bias : g == EP_G_BOUT ? s->bout && k == 0 : true;
}

/* Weights of one group; column i is the sender. */
static void draw_group(const task *t, task_model *m, int k, int g)
{
    const task_spec *s = &t->spec;
    const double scale[GROUPS] = {s->w_in, s->w_rec, 0, s->w_out, 0};
    size_t cols = g == EP_G_WIN ? (size_t)s->n_in : (size_t)s->n_rec, first = task_model_at(m, k, (ep_group)g);
    uint64_t use = task_stream(TASK_TRAIN, (uint64_t)k, USE_WEIGHTS + (unsigned)g);
    uint64_t some = task_stream(TASK_TRAIN, (uint64_t)k, USE_DENSITY + (unsigned)g);
    bool sparse = s->density < 1 && g <= EP_G_WREC, sender = g == EP_G_WREC || g == EP_G_WOUT;
    double size = scale[g] / sqrt((double)cols * (sparse ? s->density : 1));
    for (size_t e = 0; e < m->net[k].n[g]; e++) {
        size_t j = e / cols % (size_t)s->n_rec, i = e % cols;
        bool here = group_trained(s, k, g) && !(g == EP_G_WREC && i == j && ep_model_masks_diagonal(s->model)) &&
                    !(sparse && ep_rng_uniform(t->seed, some, e) >= s->density);
        m->trained[first + e] = here;
        m->w[first + e] = here && scale[g] > 0 ? size * ep_rng_normal(t->seed, use, e, 32) : 0;
        if (s->inhibitory > 0 && sender) {
            m->sign[first + e] = inhibitory(t, k, i) ? -1 : 1;
            m->w[first + e] = m->sign[first + e] * fabs(m->w[first + e]);
        }
    }
}

static void draw_feedback(const task *t, task_model *m, int k)
{
    size_t n = (size_t)t->spec.n_rec * (size_t)t->spec.n_out;
    double size = t->spec.w_fb / sqrt((double)t->spec.n_rec);
    for (size_t e = 0; e < n; e++) {
        double unit = m->rule == EP_EPROP1_GLOBAL ? 1 : ep_rng_normal(t->seed, task_stream(TASK_TRAIN, (uint64_t)k, USE_FEEDBACK), e, 32);
        m->net[k].B[e] = size * unit;
    }
}

static ep_status allocate(task_model *m)
{
    const task_spec *s = m->spec;
    ep_net one = sizes(s);
    for (int g = 0; g < GROUPS; g++) m->n += (size_t)s->nets * ep_group_size(&one, (ep_group)g);
    m->n_fb = (size_t)s->nets * (size_t)s->n_rec * (size_t)s->n_out;
    m->w = calloc(m->n, sizeof *m->w);
    m->fb = calloc(m->n_fb, sizeof *m->fb);
    m->trained = calloc(m->n, 1);
    m->sign = calloc(m->n, 1);
    m->theta = calloc(3 * (size_t)s->n_rec, sizeof *m->theta);
    if (!m->w || !m->fb || !m->trained || !m->sign || !m->theta) return EP_NOMEM;
    double *at = m->w;
    for (int k = 0; k < s->nets; k++) {
        m->net[k].B = m->fb + (size_t)k * (size_t)s->n_rec * (size_t)s->n_out;
        for (int g = 0; g < GROUPS; g++) {
            m->net[k].p[g] = at;
            m->net[k].n[g] = ep_group_size(&one, (ep_group)g);
            at += m->net[k].n[g];
        }
    }
    return EP_OK;
}

ep_status task_model_make(const task *t, ep_rule rule, task_model *out)
{
    task_model m = {.spec = &t->spec, .rule = rule};
    ep_status st = allocate(&m);
    for (int k = 0; st == EP_OK && k < t->spec.nets; k++) {
        for (int g = 0; g < GROUPS; g++) draw_group(t, &m, k, g);
        draw_feedback(t, &m, k);
        if (t->kind->start) t->kind->start(t, k, &m.net[k]);
    }
    if (st != EP_OK) {
        task_model_free(&m);
        return st;
    }
    fill_networks(&m);
    task_model_constrain(&m);
    *out = m;
    return EP_OK;
}

void task_model_free(task_model *m)
{
    free(m->w);
    free(m->fb);
    free(m->trained);
    free(m->sign);
    free(m->theta);
    *m = (task_model){0};
}

void task_model_constrain(task_model *m)
{
    for (size_t e = 0; e < m->n; e++)
        if (!m->trained[e] || m->w[e] * m->sign[e] < 0) m->w[e] = 0;
}
