/* Both networks and the engine on batches of movements.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arm.h"

enum { MAIN, MODULE };

static void lay_out_weights(arm_machine *m)
{
    m->n = 0;
    for (int k = 0; k < 2; k++)
        for (int g = 0; g <= EP_G_BOUT; g++) {
            m->at[k][g] = m->n;
            m->count[k][g] = ep_group_size(&m->net[k], (ep_group)g);
            m->n += m->count[k][g];
        }
}

/* Biases and masked weights stay 0. */
static void mark_trained(arm_machine *m)
{
    for (int k = 0; k < 2; k++)
        for (int g = 0; g <= EP_G_BOUT; g++) {
            size_t N = (size_t)m->net[k].n_rec;
            for (size_t i = 0; i < m->count[k][g]; i++) {
                bool on = g != EP_G_BIAS || m->spec->s.bias;
                if (g == EP_G_BOUT) on = k == MAIN && m->spec->s.bout;
                if (g == EP_G_WREC && i / N == i % N) on = false;
                m->trained[m->at[k][g] + i] = on;
            }
        }
}

static double decay(double tau) { return tau > 0.0 ? exp(-1.0 / tau) : 0.0; }

static ep_status make_nets(arm_machine *m)
{
    const task_spec *s = &m->spec->s;
    for (int k = 0; k < 2; k++) {
        int N = k ? m->spec->n_mod : s->n_rec;
        m->theta[k] = malloc((size_t)N * sizeof *m->theta[k]);
        if (!m->theta[k]) return EP_NOMEM;
        for (int j = 0; j < N; j++) m->theta[k][j] = decay(s->tau_m);
        m->net[k] = (ep_net){.model = s->model, .opt = s->opt, .n_in = k ? m->spec->n_code + s->n_rec + s->n_in : s->n_in, .n_rec = N,
                             .n_out = k ? s->n_rec : s->n_out, .kappa = decay(s->tau_out), .v_th = s->v_th, .gamma = s->gamma, .n_ref = s->n_ref};
        m->net[k].theta[EP_ALPHA] = m->theta[k];
    }
    return EP_OK;
}

static ep_status make_engine(arm_machine *m, int threads, char why[TASK_WHY])
{
    const arm_spec *s = m->spec;
    opt_e2_config c = {.main = &m->net[MAIN], .module = &m->net[MODULE], .T = s->s.T, .T_test = s->s.T, .B = m->B, .threads = threads, .eta = s->eta,
                       .c_reg = {s->s.c_reg, s->s.c_reg, s->s.c_reg}, .f_target = {s->s.f_target, s->mod_f_target, s->s.f_target},
                       .first_order = s->first_order != 0};
    m->bytes = opt_e2_size(&c, why, TASK_WHY);
    if (!m->bytes) return EP_NOTIMPL;
    m->mem = aligned_alloc(OPT_ALIGN, m->bytes);
    return m->mem ? opt_e2_init(&c, m->mem, m->bytes, &m->e) : EP_NOMEM;
}

static ep_status make_arrays(arm_machine *m)
{
    size_t steps = (size_t)m->B * (size_t)m->spec->s.T;
    m->trained = malloc(m->n);
    m->x = malloc(steps * ARM_CLOCK * sizeof *m->x);
    m->code = malloc(steps * (size_t)m->spec->n_code * sizeof *m->code);
    m->y = malloc(steps * 2 * sizeof *m->y);
    m->err = malloc(steps * 2 * sizeof *m->err);
    m->path = malloc((size_t)m->B * sizeof *m->path);
    m->store = malloc(steps * 6 * sizeof *m->store);
    if (!m->trained || !m->x || !m->code || !m->y || !m->err || !m->path || !m->store) return EP_NOMEM;
    for (size_t b = 0; b < (size_t)m->B; b++) {
        double *p = m->store + b * (size_t)m->spec->s.T * 6;
        m->path[b] = (arm_path){p, p + 2 * m->spec->s.T, p + 4 * m->spec->s.T};
        arm_clock(m->spec, m->x + b * (size_t)m->spec->s.T * ARM_CLOCK);
    }
    m->tr = (opt_e2_trials){.x = m->x, .code = m->code, .x_test = m->x};
    return EP_OK;
}

ep_status arm_machine_open(const arm_spec *s, uint64_t seed, int B, int threads, arm_machine *out, char why[TASK_WHY])
{
    *out = (arm_machine){.spec = s, .seed = seed, .B = B, .threads = threads};
    ep_status st = make_nets(out);
    if (st == EP_OK) {
        lay_out_weights(out);
        st = make_arrays(out);
    }
    if (st == EP_OK) {
        mark_trained(out);
        st = make_engine(out, threads, why);
    }
    if (st == EP_NOMEM) (void)snprintf(why, TASK_WHY, "arm: not enough memory for batches of %d movements", B);
    if (st != EP_OK) arm_machine_close(out);
    return st;
}

void arm_machine_close(arm_machine *m)
{
    void *const all[] = {m->theta[0], m->theta[1], m->trained, m->mem, m->x, m->code, m->y, m->err, m->path, m->store};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) free(all[k]);
    *m = (arm_machine){0};
}

void arm_draw(const arm_machine *m, double *w)
{
    const arm_spec *s = m->spec;
    const double size[2][EP_G_BOUT + 1] = {{s->s.w_in, s->s.w_rec, 0.0, s->s.w_out, 0.0}, {s->mod_in, s->mod_rec, 0.0, s->mod_p, 0.0}};
    for (int k = 0; k < 2; k++)
        for (int g = 0; g <= EP_G_BOUT; g++) {
            double fan = g == EP_G_WIN ? m->net[k].n_in : m->net[k].n_rec;
            for (size_t i = 0; i < m->count[k][g]; i++) {
                size_t e = m->at[k][g] + i;
                double draw = size[k][g] > 0.0 ? ep_rng_normal(m->seed, 1000 + 10 * (uint64_t)k + (uint64_t)g, i, 24) : 0.0;
                w[e] = m->trained[e] ? size[k][g] / sqrt(fan) * draw : 0.0;
            }
        }
}

ep_status arm_load(arm_machine *m, const double *w, char why[TASK_WHY])
{
    for (int k = 0; k < 2; k++)
        for (int g = 0; g <= EP_G_BOUT; g++)
            if (m->count[k][g] && opt_e2_set(m->e, (opt_e2_net)k, (ep_group)g, w + m->at[k][g], m->count[k][g]) != EP_OK) {
                (void)snprintf(why, TASK_WHY, "arm: a weight of %s is not finite in binary32", ep_group_name((ep_group)g));
                return EP_UNABLE;
            }
    return EP_OK;
}

typedef struct making { arm_machine *m; task_split split; uint64_t first; } making;

static void make_one(void *arg, size_t b)
{
    const making *w = arg;
    const arm_machine *m = w->m;
    size_t n = (size_t)m->spec->s.T * (size_t)m->spec->n_code;
    arm_movement(m->spec, m->seed, w->split, w->first + b, &m->path[b]);
    arm_code(m->spec, m->seed, w->split, w->first + b, m->path[b].hand, m->code + b * n);
}

ep_status arm_run(arm_machine *m, task_split split, uint64_t first, int B, bool still, arm_loss *out)
{
    const arm_spec *s = m->spec;
    size_t T = (size_t)s->s.T;
    making w = {m, split, first};
    task_parallel(make_one, &w, (size_t)B, m->threads);
    double start = task_now();
    m->tr.B = B;
    ep_status st = opt_e2_forward(m->e, &m->tr, still, m->y);
    m->seconds += task_now() - start;
    *out = (arm_loss){0};
    for (int b = 0; b < B; b++) {
        size_t at = (size_t)b * T * 2;
        arm_loss l = arm_judge(s, &m->path[b], m->y + at, 1.0 / B, m->err + at);
        out->vel += l.vel / B;
        out->hand += l.hand / B;
        out->E += l.E / B;
    }
    return st == EP_OK && !isfinite(out->E) ? EP_UNABLE : st;
}

ep_status arm_gradient(arm_machine *m, double *g)
{
    double start = task_now();
    ep_status st = opt_e2_backward(m->e, &m->tr, m->err);
    m->seconds += task_now() - start;
    for (int k = 0; k < 2; k++)
        for (int group = 0; st == EP_OK && group <= EP_G_BOUT; group++)
            if (m->count[k][group]) st = opt_e2_grad(m->e, (opt_e2_net)k, (ep_group)group, g + m->at[k][group], m->count[k][group]);
    for (size_t e = 0; e < m->n; e++)
        if (!m->trained[e]) g[e] = 0.0;
    return st;
}
