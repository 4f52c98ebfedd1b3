/* The engine's outer gradient of one episode beside the reference's, while it trains.
 *
 * The reference computes with the weights and constants that the engine has (in binary32), in the arithmetic that carries the bound `mag` of a
 * program that rounds every operation: |engine - reference| <= 2^-24 mag, as long as no spike differs. Whatever the task's loss is, its derivative
 * err by the outputs y is handed over as a regression with the target y - err.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "oneshot.h"

#include "eprop2.h"

typedef struct truth {
    shot_machine *m;
    ref_e2_source src;
    double *theta[2], *w, *got, *want, *mag, *x, *code, *x_test, *target;
    float *z;
} truth;

static double *widened(const float *v, size_t n)
{
    double *d = malloc(n * sizeof *d);
    for (size_t i = 0; d && i < n; i++) d[i] = (double)v[i];
    return d;
}

static void free_truth(truth *a)
{
    void *const all[] = {a->theta[0], a->theta[1], a->w, a->got, a->want, a->mag, a->x, a->code, a->x_test, a->target, a->z};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) free(all[k]);
}

static double single(double v) { return (double)(float)v; }

/* Both networks as the engine has them. */
static ep_status copy_nets(truth *a, const double *w)
{
    const shot_machine *m = a->m;
    a->w = malloc(m->n * sizeof *a->w);
    if (!a->w) return EP_NOMEM;
    for (size_t e = 0; e < m->n; e++) a->w[e] = single(w[e]);
    for (int k = 0; k < 2; k++) {
        ep_net *n = k ? &a->src.module : &a->src.main;
        const double **const at[] = {&n->Win, &n->Wrec, &n->b, &n->Wout, &n->bout};
        *n = m->net[k];
        a->theta[k] = malloc((size_t)n->n_rec * sizeof *a->theta[k]);
        if (!a->theta[k]) return EP_NOMEM;
        for (int j = 0; j < n->n_rec; j++) a->theta[k][j] = single(m->theta[k][j]);
        n->theta[EP_ALPHA] = a->theta[k];
        n->kappa = single(n->kappa);
        n->v_th = single(n->v_th);
        n->opt.loss_norm = EP_NORM_SUM;
        for (int g = 0; g <= EP_G_BOUT; g++) *at[g] = m->count[k][g] ? a->w + m->at[k][g] : NULL;
    }
    return EP_OK;
}

static ep_status copy_trials(truth *a)
{
    const shot_machine *m = a->m;
    const shot_spec *s = m->t->spec;
    size_t T = (size_t)s->s.T, T2 = (size_t)s->T_test, outs = T2 * (size_t)s->s.n_out;
    int wide = s->s.n_rec > s->n_mod ? s->s.n_rec : s->n_mod, longer = s->s.T > s->T_test ? s->s.T : s->T_test;
    a->x = widened(m->x, T * (size_t)s->s.n_in);
    a->code = widened(m->code, T * (size_t)s->n_code);
    a->x_test = widened(m->x_test, T2 * (size_t)s->s.n_in);
    a->target = widened(m->y, outs);
    a->got = calloc(m->n, sizeof *a->got);
    a->want = calloc(m->n, sizeof *a->want);
    a->mag = calloc(m->n, sizeof *a->mag);
    a->z = malloc((size_t)wide * (size_t)longer * sizeof *a->z);
    if (!a->x || !a->code || !a->x_test || !a->target || !a->got || !a->want || !a->mag || !a->z) return EP_NOMEM;
    for (size_t i = 0; i < outs; i++) a->target[i] -= (double)m->err[i];
    a->src.eta = single(s->eta);
    a->src.train = (ep_batch){.T = s->s.T, .B = 1, .x = a->x, .c_reg = s->s.c_reg, .f_target = s->s.f_target};
    a->src.code = (ep_batch){.T = s->s.T, .B = 1, .x = a->code, .c_reg = s->s.c_reg, .f_target = s->mod_f_target};
    a->src.test = (ep_batch){.T = s->T_test, .B = 1, .x = a->x_test, .target = a->target, .loss = EP_REGRESSION, .c_reg = s->s.c_reg, .f_target = s->s.f_target};
    return EP_OK;
}

/* Spikes of one pass that differ. */
static ep_status count_flips(truth *a, int pass, const ref_run *r, double *flips)
{
    size_t N = (size_t)r->net->n_rec, n = (size_t)r->T * N;
    ep_status st = opt_e2_record(a->m->e, pass, 0, a->z, n);
    for (size_t i = 0; st == EP_OK && i < n; i++) *flips += (double)a->z[i] != mpfr_get_d(r->tr[0].z[N + i].e.r, MPFR_RNDN);
    return st;
}

static void collect(truth *a, const ref_e2_grad *g)
{
    for (int k = 0; k < 2; k++)
        for (int group = 0; group <= EP_G_BOUT; group++)
            for (size_t i = 0; i < a->m->count[k][group]; i++) {
                const ref_num *v = &(k ? &g->module : &g->main)->g[group][i];
                a->want[a->m->at[k][group] + i] = mpfr_get_d(v->e.r, MPFR_RNDN);
                a->mag[a->m->at[k][group] + i] = v->e.mag;
            }
}

static ep_status ask_reference(truth *a, ref_ctx *c, double *flips)
{
    ref_e2 p;
    ref_e2_grad g;
    ep_status st = ref_e2_run(c, &a->src, 1, &p);
    if (st == EP_OK) st = ref_e2_grad_init(c, &p, &g);
    if (st == EP_OK) st = ref_e2_gradient(c, &p, a->m->t->spec->first_order ? REF_E2_FIRST : REF_E2_FULL, NULL, &g);
    if (st != EP_OK) return st;
    collect(a, &g);
    const ref_run *const pass[3] = {&p.train, &p.mod, &p.test};
    for (int k = 0; st == EP_OK && k < 3; k++) st = count_flips(a, k, pass[k], flips);
    return st;
}

static void compare(const truth *a, task_point *p)
{
    double gg = 0.0, ww = 0.0, gw = 0.0, worst = 0.0;
    for (size_t e = 0; e < a->m->n; e++) {
        if (!a->m->trained[e]) continue;
        double off = fabs(a->got[e] - a->want[e]);
        gg += a->got[e] * a->got[e];
        ww += a->want[e] * a->want[e];
        gw += a->got[e] * a->want[e];
        if (off > 0.0) worst = fmax(worst, off / (0x1p-24 * a->mag[e]));
    }
    p->check_cosine = gw / sqrt(gg * ww);
    p->check_r = p->check_flips > 0.0 ? NAN : worst; /* the bound holds for equal spikes */
}

ep_status shot_check_engine(shot_machine *m, const double *w, uint64_t index, task_point *p)
{
    truth a = {.m = m};
    ref_ctx c;
    shot_score score;
    ep_status st = shot_run(m, TASK_TRAIN, index, 1, false, &score);
    if (st == EP_OK) st = copy_nets(&a, w);
    if (st == EP_OK) st = copy_trials(&a);
    if (st == EP_OK) st = shot_backward(m, 1, a.got);
    if (st == EP_OK) st = ref_ctx_init(&c, ref_arith_running(), 64);
    if (st != EP_OK) {
        free_truth(&a);
        return st;
    }
    p->check_flips = 0.0;
    st = ask_reference(&a, &c, &p->check_flips);
    if (st == EP_OK) compare(&a, p);
    ref_ctx_clear(&c);
    free_truth(&a);
    return st;
}
