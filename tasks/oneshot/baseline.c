/* What one update of the same network does when nothing has learnt to teach: e-prop 1 with symmetric and random feedback, and one
 * step of BPTT, on Win and Wrec, from the teaching trial's own loss, whose derivative by every output they are told.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "oneshot.h"

#include "opt.h"

typedef struct student {
    const shot_machine *m;
    ep_net net;
    opt_config cfg;
    void *mem;
    opt_state *s;
    double *B;           /* feedback */
    float *w, *g, *x, *code, *x_test, *y, *err;
    void *aim;
} student;

static void close_student(student *a)
{
    void *const all[] = {a->mem, a->B, a->w, a->g, a->x, a->code, a->x_test, a->y, a->err, a->aim};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) free(all[k]);
}

static ep_status make_arrays(student *a)
{
    const shot_spec *s = a->m->t->spec;
    size_t N = (size_t)s->s.n_rec, n_in = (size_t)s->s.n_in, n_out = (size_t)s->s.n_out, most = N * (N > n_in ? N : n_in);
    size_t T = (size_t)s->s.T, T2 = (size_t)s->T_test, longer = T > T2 ? T : T2;
    a->B = malloc(N * n_out * sizeof *a->B);
    a->w = malloc(most * sizeof *a->w);
    a->g = malloc(most * sizeof *a->g);
    a->x = malloc(T * n_in * sizeof *a->x);
    a->code = malloc(T * (size_t)s->n_code * sizeof *a->code);
    a->x_test = malloc(T2 * n_in * sizeof *a->x_test);
    a->y = malloc(longer * n_out * sizeof *a->y);
    a->err = malloc(longer * n_out * sizeof *a->err);
    a->aim = malloc(a->m->aim_size);
    return a->B && a->w && a->g && a->x && a->code && a->x_test && a->y && a->err && a->aim ? EP_OK : EP_NOMEM;
}

static ep_status open_student(const shot_machine *m, const double *w, int way, student *a)
{
    const shot_spec *s = m->t->spec;
    size_t N = (size_t)s->s.n_rec;
    *a = (student){.m = m, .net = m->net[0]};
    if (make_arrays(a) != EP_OK) return EP_NOMEM;
    for (size_t i = 0; i < N * (size_t)s->s.n_out; i++) a->B[i] = s->s.w_fb / sqrt((double)N) * ep_rng_normal(m->t->seed, 2000, i, 24);
    a->net.Win = w + m->at[0][EP_G_WIN];
    a->net.Wrec = w + m->at[0][EP_G_WREC];
    a->net.b = w + m->at[0][EP_G_BIAS];
    a->net.Wout = w + m->at[0][EP_G_WOUT];
    a->net.bout = w + m->at[0][EP_G_BOUT];
    if (way == SHOT_RANDOM) a->net.B = a->B;
    a->cfg = (opt_config){.net = &a->net, .rule = way == SHOT_BPTT ? EP_BPTT : way == SHOT_RANDOM ? EP_EPROP1_RANDOM : EP_EPROP1_SYMMETRIC,
                          .loss = EP_REGRESSION, .B = 1, .T = s->s.T > s->T_test ? s->s.T : s->T_test, .threads = 1};
    size_t n = opt_fast_f32()->state_size(&a->cfg);
    a->mem = n ? aligned_alloc(OPT_ALIGN, n) : NULL;
    return a->mem ? opt_fast_f32()->init(&a->cfg, a->mem, n, &a->s) : EP_NOMEM;
}

/* W - eta dW (sign -1), or back by loading W (eta = 0). */
static ep_status move(student *a, ep_group g, const double *w, double eta)
{
    const opt_engine *e = opt_fast_f32();
    size_t n = e->count(a->s, OPT_PARAM(g));
    ep_status st = eta != 0.0 ? e->get(a->s, OPT_GRAD(g), a->g, n) : EP_OK;
    for (size_t i = 0; i < n; i++) a->w[i] = (float)(w[i] - (eta != 0.0 ? eta * (double)a->g[i] : 0.0));
    return st == EP_OK ? e->set(a->s, OPT_PARAM(g), a->w, n) : st;
}

static ep_status step(student *a, double eta)
{
    ep_status st = move(a, EP_G_WIN, a->net.Win, eta);
    return st == EP_OK ? move(a, EP_G_WREC, a->net.Wrec, eta) : st;
}

/* Runs a trial forward into y. */
static ep_status forward(student *a, opt_trials *tr, const float *x, int T)
{
    const opt_engine *e = opt_fast_f32();
    size_t n = (size_t)T * (size_t)a->net.n_out;
    *tr = (opt_trials){.T = T, .B = 1, .x = x, .err = a->err, .part = OPT_FORWARD};
    memset(a->err, 0, n * sizeof *a->err);
    ep_status st = e->grad(a->s, tr);
    return st == EP_OK ? e->get(a->s, OPT_ALL(OPT_Y), a->y, n) : st;
}

/* The teaching trial, the update, the test trial. */
static ep_status teach(student *a, double eta, shot_score *out)
{
    const shot_task *t = a->m->t;
    opt_trials tr;
    ep_status st = step(a, 0.0);
    if (st == EP_OK) st = forward(a, &tr, a->x, t->spec->s.T);
    if (st != EP_OK) return st;
    (void)t->kind->judge(t, a->aim, SHOT_TEACH, a->y, 1.0, a->err);
    tr.part = OPT_BACKWARD;
    st = opt_fast_f32()->grad(a->s, &tr);
    if (st == EP_OK) st = step(a, eta);
    if (st == EP_OK) st = forward(a, &tr, a->x_test, t->spec->T_test);
    if (st == EP_OK) *out = t->kind->judge(t, a->aim, SHOT_TEST, a->y, 1.0, NULL);
    return st;
}

static void make_episode(student *a, int split, uint64_t index)
{
    const shot_spec *s = a->m->t->spec;
    shot_episode e = {a->x, a->code, a->x_test, a->aim};
    memset(a->x, 0, (size_t)s->s.T * (size_t)s->s.n_in * sizeof *a->x);
    memset(a->code, 0, (size_t)s->s.T * (size_t)s->n_code * sizeof *a->code);
    memset(a->x_test, 0, (size_t)s->T_test * (size_t)s->s.n_in * sizeof *a->x_test);
    a->m->t->kind->episode(a->m->t, split, index, &e);
}

ep_status shot_baseline(const shot_machine *m, const double *w, int way, double eta, int split, uint64_t count, shot_score *out)
{
    student a;
    uint64_t rank = m->team ? (uint64_t)m->team->rank : 0, size = m->team ? (uint64_t)m->team->size : 1;
    double sum[3] = {0.0, 0.0, 0.0};
    ep_status st = open_student(m, w, way, &a);
    for (uint64_t n = rank; st == EP_OK && n < count; n += size) {
        shot_score l = {0};
        make_episode(&a, split, n);
        st = teach(&a, eta, &l);
        sum[0] += l.E / (double)count;
        sum[1] += l.measure / (double)count;
        sum[2] += l.other / (double)count;
    }
    close_student(&a);
    if (m->team) task_team_sum(m->team, sum, 3);
    *out = (shot_score){sum[0], sum[1], sum[2]};
    return shot_agree(m->team, st);
}
