/* What one update of the same network does when nothing has learnt to teach: e-prop 1 with symmetric and random feedback, and one
 * step of BPTT, on Win and Wrec, from the training trial's own loss. They see the target itself and its loss; the
 * error of the hand reaches back through the integral of the velocities, which no online rule could know.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arm.h"

#include "opt.h"

const char *const arm_way_names[ARM_N_WAY] = {"no update", "e-prop 2", "e-prop 1, symmetric", "e-prop 1, random", "one BPTT step"};

typedef struct student {
    const arm_machine *m;
    ep_net net;
    opt_config cfg;
    void *mem;
    opt_state *s;
    double *B, *store;   /* feedback; a path */
    float *w, *g, *x, *y, *err;
    arm_path path;
} student;

static void close_student(student *a)
{
    void *const all[] = {a->mem, a->B, a->store, a->w, a->g, a->x, a->y, a->err};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) free(all[k]);
}

static ep_status open_student(const arm_machine *m, const double *w, int way, student *a)
{
    const arm_spec *s = m->spec;
    size_t T = (size_t)s->s.T, N = (size_t)s->s.n_rec, most = N * N + N * ARM_CLOCK;
    *a = (student){.m = m, .net = m->net[0]};
    a->B = malloc(N * ARM_JOINTS * sizeof *a->B);
    a->store = malloc(6 * T * sizeof *a->store);
    a->w = malloc(most * sizeof *a->w);
    a->g = malloc(most * sizeof *a->g);
    a->x = malloc(T * ARM_CLOCK * sizeof *a->x);
    a->y = malloc(2 * T * sizeof *a->y);
    a->err = malloc(2 * T * sizeof *a->err);
    if (!a->B || !a->store || !a->w || !a->g || !a->x || !a->y || !a->err) return EP_NOMEM;
    for (size_t i = 0; i < N * ARM_JOINTS; i++) a->B[i] = s->s.w_fb / sqrt((double)N) * ep_rng_normal(m->seed, 2000, i, 24);
    a->path = (arm_path){a->store, a->store + 2 * T, a->store + 4 * T};
    arm_clock(s, a->x);
    a->net.Win = w + m->at[0][EP_G_WIN];
    a->net.Wrec = w + m->at[0][EP_G_WREC];
    a->net.b = w + m->at[0][EP_G_BIAS];
    a->net.Wout = w + m->at[0][EP_G_WOUT];
    a->net.bout = w + m->at[0][EP_G_BOUT];
    if (way == ARM_RANDOM) a->net.B = a->B;
    a->cfg = (opt_config){.net = &a->net, .rule = way == ARM_BPTT ? EP_BPTT : way == ARM_RANDOM ? EP_EPROP1_RANDOM : EP_EPROP1_SYMMETRIC,
                          .loss = EP_REGRESSION, .B = 1, .T = s->s.T, .threads = 1};
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

/* The training trial, the update, the test trial. */
static ep_status teach(student *a, double eta, arm_loss *out)
{
    const opt_engine *e = opt_fast_f32();
    const arm_spec *s = a->m->spec;
    size_t n = 2 * (size_t)s->s.T;
    opt_trials tr = {.T = s->s.T, .B = 1, .x = a->x, .err = a->err, .part = OPT_FORWARD};
    ep_status st = step(a, 0.0);
    memset(a->err, 0, n * sizeof *a->err);
    if (st == EP_OK) st = e->grad(a->s, &tr);
    if (st == EP_OK) st = e->get(a->s, OPT_ALL(OPT_Y), a->y, n);
    if (st != EP_OK) return st;
    (void)arm_judge(s, &a->path, a->y, 1.0, a->err);
    tr.part = OPT_BACKWARD;
    st = e->grad(a->s, &tr);
    if (st == EP_OK) st = step(a, eta);
    tr.part = OPT_FORWARD;
    if (st == EP_OK) st = e->grad(a->s, &tr);
    if (st == EP_OK) st = e->get(a->s, OPT_ALL(OPT_Y), a->y, n);
    if (st == EP_OK) *out = arm_judge(s, &a->path, a->y, 1.0, NULL);
    return st;
}

ep_status arm_baseline(const arm_machine *m, const double *w, int way, double eta, task_split split, uint64_t first, int count, arm_loss *out)
{
    student a;
    ep_status st = open_student(m, w, way, &a);
    *out = (arm_loss){0};
    for (int n = 0; st == EP_OK && n < count; n++) {
        arm_loss l;
        arm_movement(m->spec, m->seed, split, first + (uint64_t)n, &a.path);
        st = teach(&a, eta, &l);
        out->vel += l.vel / count;
        out->hand += l.hand / count;
        out->E += l.E / count;
    }
    close_student(&a);
    return st;
}
