/* Both networks and the engine on batches of episodes.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "oneshot.h"

enum { MAIN, MODULE };

static void lay_out_weights(shot_machine *m)
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
static void mark_trained(shot_machine *m)
{
    const task_spec *s = &m->t->spec->s;
    for (int k = 0; k < 2; k++)
        for (int g = 0; g <= EP_G_BOUT; g++) {
            size_t N = (size_t)m->net[k].n_rec;
            for (size_t i = 0; i < m->count[k][g]; i++) {
                bool on = g != EP_G_BIAS || s->bias;
                if (g == EP_G_BOUT) on = k == MAIN && s->bout;
                if (g == EP_G_WREC && i / N == i % N) on = false;
                m->trained[m->at[k][g] + i] = on;
            }
        }
}

static double decay(double tau) { return tau > 0.0 ? exp(-1.0 / tau) : 0.0; }

static ep_status make_nets(shot_machine *m)
{
    const shot_spec *e2 = m->t->spec;
    const task_spec *s = &e2->s;
    for (int k = 0; k < 2; k++) {
        int N = k ? e2->n_mod : s->n_rec;
        m->theta[k] = malloc((size_t)N * sizeof *m->theta[k]);
        if (!m->theta[k]) return EP_NOMEM;
        for (int j = 0; j < N; j++) m->theta[k][j] = decay(s->tau_m);
        m->net[k] = (ep_net){.model = s->model, .opt = s->opt, .n_in = k ? e2->n_code + s->n_rec + s->n_in : s->n_in, .n_rec = N,
                             .n_out = k ? s->n_rec : s->n_out, .kappa = decay(s->tau_out), .v_th = s->v_th, .gamma = s->gamma, .n_ref = s->n_ref};
        m->net[k].theta[EP_ALPHA] = m->theta[k];
    }
    return EP_OK;
}

static int size_of(const task_team *team) { return team ? team->size : 1; }
static int rank_of(const task_team *team) { return team ? team->rank : 0; }

static void sum_up(void *team, double *v, size_t n) { task_team_sum(team, v, n); }

static ep_status make_engine(shot_machine *m, char why[TASK_WHY])
{
    const shot_spec *s = m->t->spec;
    opt_e2_config c = {.main = &m->net[MAIN], .module = &m->net[MODULE], .T = s->s.T, .T_test = s->T_test, .B = m->B, .threads = m->threads, .eta = s->eta,
                       .c_reg = {s->s.c_reg, s->s.c_reg, s->s.c_reg}, .f_target = {s->s.f_target, s->mod_f_target, s->s.f_target},
                       .first_order = s->first_order != 0, .sum = m->team ? sum_up : NULL, .user = (void *)(uintptr_t)m->team};
    m->bytes = opt_e2_size(&c, why, TASK_WHY);
    if (!m->bytes) return EP_NOTIMPL;
    m->mem = aligned_alloc(OPT_ALIGN, m->bytes);
    return m->mem ? opt_e2_init(&c, m->mem, m->bytes, &m->e) : EP_NOMEM;
}

static ep_status make_arrays(shot_machine *m)
{
    const shot_spec *s = m->t->spec;
    size_t B = (size_t)m->B, T = B * (size_t)s->s.T, T2 = B * (size_t)s->T_test, n_in = (size_t)s->s.n_in, n_out = (size_t)s->s.n_out;
    m->aim_size = m->t->kind->aim_size(s);
    m->trained = malloc(m->n);
    m->x = malloc(T * n_in * sizeof *m->x);
    m->code = malloc(T * (size_t)s->n_code * sizeof *m->code);
    m->x_test = malloc(T2 * n_in * sizeof *m->x_test);
    m->y = malloc(T2 * n_out * sizeof *m->y);
    m->err = malloc(T2 * n_out * sizeof *m->err);
    m->aim = malloc(B * m->aim_size);
    m->group = malloc(B);
    return m->group && m->trained && m->x && m->code && m->x_test && m->y && m->err && m->aim ? EP_OK : EP_NOMEM;
}

/* Episode b of a batch goes to the gradient's group b mod OPT_E2_GROUPS, whole groups to members in turn. */
static bool mine(const task_team *team, int b) { return b % OPT_E2_GROUPS % size_of(team) == rank_of(team); }

static int part_of(const task_team *team, int B)
{
    int n = 0;
    for (int b = 0; b < B; b++) n += mine(team, b);
    return n;
}

ep_status shot_machine_open(const shot_task *t, int B, int threads, const task_team *team, shot_machine *out, char why[TASK_WHY])
{
    int most = B < OPT_E2_GROUPS ? B : OPT_E2_GROUPS;
    *out = (shot_machine){.t = t, .B = part_of(team, B), .threads = threads, .team = team};
    if (size_of(team) > most) {
        (void)snprintf(why, TASK_WHY, "batch = %d: expected at least as many %s as processes, %d, and at most %d processes", B, t->kind->episodes, size_of(team),
                       OPT_E2_GROUPS);
        return EP_DOMAIN;
    }
    ep_status st = make_nets(out);
    if (st == EP_OK) {
        lay_out_weights(out);
        st = make_arrays(out);
    }
    if (st == EP_OK) {
        mark_trained(out);
        st = make_engine(out, why);
    }
    if (st == EP_NOMEM) (void)snprintf(why, TASK_WHY, "%s: not enough memory for batches of %d %s", t->kind->name, B, t->kind->episodes);
    if (st != EP_OK) shot_machine_close(out);
    return st;
}

void shot_machine_close(shot_machine *m)
{
    void *const all[] = {m->theta[0], m->theta[1], m->trained, m->mem, m->x, m->code, m->x_test, m->y, m->err, m->aim, m->group};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) free(all[k]);
    *m = (shot_machine){0};
}

void shot_draw(const shot_machine *m, double *w)
{
    const shot_spec *s = m->t->spec;
    const double size[2][EP_G_BOUT + 1] = {{s->s.w_in, s->s.w_rec, 0.0, s->s.w_out, 0.0}, {s->mod_in, s->mod_rec, 0.0, s->mod_p, 0.0}};
    for (int k = 0; k < 2; k++)
        for (int g = 0; g <= EP_G_BOUT; g++) {
            double fan = g == EP_G_WIN ? m->net[k].n_in : m->net[k].n_rec;
            for (size_t i = 0; i < m->count[k][g]; i++) {
                size_t e = m->at[k][g] + i;
                double draw = size[k][g] > 0.0 ? ep_rng_normal(m->t->seed, 1000 + 10 * (uint64_t)k + (uint64_t)g, i, 24) : 0.0;
                w[e] = m->trained[e] ? size[k][g] / sqrt(fan) * draw : 0.0;
            }
        }
}

ep_status shot_load(shot_machine *m, const double *w, char why[TASK_WHY])
{
    for (int k = 0; k < 2; k++)
        for (int g = 0; g <= EP_G_BOUT; g++)
            if (m->count[k][g] && opt_e2_set(m->e, (opt_e2_net)k, (ep_group)g, w + m->at[k][g], m->count[k][g]) != EP_OK) {
                (void)snprintf(why, TASK_WHY, "%s: a weight of %s is not finite in binary32", m->t->kind->name, ep_group_name((ep_group)g));
                return EP_UNABLE;
            }
    return EP_OK;
}

/* Which episode stands at place b of the batch. */
typedef struct making { shot_machine *m; int split; const uint64_t *index; } making;

static void make_one(void *arg, size_t b)
{
    const making *w = arg;
    const shot_machine *m = w->m;
    const shot_spec *s = m->t->spec;
    size_t T = (size_t)s->s.T, x = T * (size_t)s->s.n_in, code = T * (size_t)s->n_code, x2 = (size_t)s->T_test * (size_t)s->s.n_in;
    shot_episode e = {m->x + b * x, m->code + b * code, m->x_test + b * x2, m->aim + b * m->aim_size};
    memset(e.x, 0, x * sizeof *e.x);
    memset(e.code, 0, code * sizeof *e.code);
    memset(e.x_test, 0, x2 * sizeof *e.x_test);
    m->t->kind->episode(m->t, w->split, w->index[b], &e);
}

static void add(shot_score *sum, const shot_score *s, double weight)
{
    sum->E += weight * s->E;
    sum->measure += weight * s->measure;
    sum->other += weight * s->other;
}

/* B episodes forward; each counts `weight` in the score and in err. */
static ep_status forward(shot_machine *m, const making *w, const opt_e2_trials *tr, bool still, double weight, shot_score *out)
{
    const shot_spec *s = m->t->spec;
    task_parallel(make_one, (void *)(uintptr_t)w, (size_t)tr->B, m->threads);
    double start = task_now();
    ep_status st = opt_e2_forward(m->e, tr, still, m->y);
    m->seconds += task_now() - start;
    *out = (shot_score){0};
    for (int b = 0; b < tr->B; b++) {
        size_t at = (size_t)b * (size_t)s->T_test * (size_t)s->s.n_out;
        shot_score one = m->t->kind->judge(m->t, m->aim + (size_t)b * m->aim_size, SHOT_TEST, m->y + at, weight, m->err + at);
        add(out, &one, weight);
    }
    return st == EP_OK && !isfinite(out->E) ? EP_UNABLE : st;
}

ep_status shot_run(shot_machine *m, int split, uint64_t first, int B, bool still, shot_score *out)
{
    opt_e2_trials tr = {.B = B, .x = m->x, .code = m->code, .x_test = m->x_test};
    uint64_t *index = malloc((size_t)B * sizeof *index);
    making w = {m, split, index};
    for (int b = 0; index && b < B; b++) index[b] = first + (uint64_t)b;
    ep_status st = index ? forward(m, &w, &tr, still, 1.0 / B, out) : EP_NOMEM;
    free(index);
    return st;
}

ep_status shot_agree(const task_team *team, ep_status st)
{
    int worst = (int)st;
    if (team) task_team_most(team, &worst, 1);
    return (ep_status)worst;
}

static void gather_score(const task_team *team, shot_score *s)
{
    double v[3] = {s->E, s->measure, s->other};
    if (team) task_team_sum(team, v, 3);
    *s = (shot_score){v[0], v[1], v[2]};
}

/* Where the part of a member begins. */
static uint64_t cut(const task_team *team, uint64_t n, int rank) { return n * (uint64_t)rank / (uint64_t)size_of(team); }

ep_status shot_mean(shot_machine *m, int split, uint64_t n, bool still, shot_score *out)
{
    ep_status st = EP_OK;
    uint64_t done = cut(m->team, n, rank_of(m->team)), end = cut(m->team, n, rank_of(m->team) + 1);
    *out = (shot_score){0};
    while (st == EP_OK && done < end) {
        shot_score part;
        int B = end - done < (uint64_t)m->B ? (int)(end - done) : m->B;
        st = shot_run(m, split, done, B, still, &part);
        add(out, &part, (double)B / (double)n);
        done += (uint64_t)B;
    }
    gather_score(m->team, out);
    return shot_agree(m->team, st);
}

static ep_status backward(shot_machine *m, const opt_e2_trials *tr, double *g)
{
    double start = task_now();
    ep_status st = opt_e2_backward(m->e, tr, m->err);
    m->seconds += task_now() - start;
    for (int k = 0; k < 2; k++)
        for (int group = 0; st == EP_OK && group <= EP_G_BOUT; group++)
            if (m->count[k][group]) st = opt_e2_grad(m->e, (opt_e2_net)k, (ep_group)group, g + m->at[k][group], m->count[k][group]);
    for (size_t e = 0; e < m->n; e++)
        if (!m->trained[e]) g[e] = 0.0;
    return st;
}

ep_status shot_backward(shot_machine *m, int B, double *g)
{
    opt_e2_trials tr = {.B = B, .x = m->x, .code = m->code, .x_test = m->x_test};
    return backward(m, &tr, g);
}

ep_status shot_gradient(shot_machine *m, uint64_t first, int B, shot_score *out, double *g)
{
    opt_e2_trials tr = {.x = m->x, .code = m->code, .x_test = m->x_test, .whole = m->team ? B : 0, .group = m->group};
    uint64_t *index = malloc((size_t)m->B * sizeof *index);
    making w = {m, TASK_TRAIN, index};
    for (int b = 0; index && b < B; b++) {
        if (!mine(m->team, b)) continue;
        m->group[tr.B] = (unsigned char)(b % OPT_E2_GROUPS);
        index[tr.B++] = first + (uint64_t)b;
    }
    ep_status st = shot_agree(m->team, index ? EP_OK : EP_NOMEM);
    if (st == EP_OK) st = shot_agree(m->team, forward(m, &w, &tr, false, 1.0 / B, out));
    if (st == EP_OK) st = shot_agree(m->team, backward(m, &tr, g));
    free(index);
    if (st != EP_OK) return st;
    if (m->team) task_team_sum(m->team, g, m->n);
    gather_score(m->team, out);
    return EP_OK;
}
