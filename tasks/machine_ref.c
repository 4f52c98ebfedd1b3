/* The reference in place of an engine, and as the judge of one.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../reference/synth.h"
#include "machine.h"

/* One call: the networks' recorded runs in one context. */
typedef struct truth_run {
    const task_model *m;
    const task_batch *bt;
    ref_ctx c;
    ref_net net[TASK_MOST_NETS];
    ref_run run[TASK_MOST_NETS];
    double *x;                  /* [B][T][n_in] */
    double *y, *err, *part;
    double *y_mag, *err_mag;    /* [B][T][n_out] running bounds in units of u */
    double fine;                /* 2^-53/u: a rounding of the loss, which is made in doubles */
} truth_run;

/* by: the units of err, and so of the regulariser's part of L. */
static ep_status record(truth_run *w, int k, double by)
{
    const task_spec *s = w->m->spec;
    size_t n = (size_t)w->bt->B * (size_t)w->bt->T * (size_t)s->n_in;
    ep_batch b = {.T = w->bt->T, .B = w->bt->B, .x = w->x, .target = w->bt->target, .mask = w->bt->mask, .loss = s->loss,
                  .c_reg = by * s->c_reg, .f_target = s->f_target};
    for (size_t i = 0; i < n; i++) w->x[i] = (double)w->bt->x[k][i];
    ep_status st = ref_net_load(&w->c, &w->m->ep[k], &w->net[k]);
    return st == EP_OK ? ref_run_batch(&w->c, &w->net[k], &b, &w->run[k]) : st;
}

static int step_of(const truth_run *w, int k, int b, int t)
{
    return k == 0 || t >= w->bt->steps[b] ? t : task_reversed(t, w->bt->steps[b], w->m->spec->frame);
}

static bool runs(const truth_run *w) { return w->c.ar == ref_arith_running(); }

static void sum_outputs(truth_run *w)
{
    const task_spec *s = w->m->spec;
    int K = s->n_out, T = w->bt->T;
    for (int b = 0; b < w->bt->B; b++)
        for (int t = 0; t < T; t++)
            for (int o = 0; o < K; o++) {
                double sum = 0, mag = 0;
                for (int k = 0; k < s->nets; k++)
                    if (k == 0 || t < w->bt->steps[b]) {
                        const ref_num *y = ref_at2(w->run[k].tr[b].y, K, step_of(w, k, b, t) + 1, o);
                        sum += w->c.ar->to_d(y);
                        if (runs(w)) mag += y->e.mag + 2 * s->nets * w->fine * fabs(w->c.ar->to_d(y));
                    }
                size_t at = ((size_t)b * (size_t)T + (size_t)t) * (size_t)K + (size_t)o;
                w->y[at] = sum;
                w->y_mag[at] = mag;
            }
}

/* One step's bounds of err from those of y, of an engine that makes err in doubles and rounds it to its format:
 *
 *   mag(err_k) = sum_l |derr_k/dy_l| mag(y_l) + |err_k| + 2 fine (roundings of the function itself, on both sides)
 *   regression      derr_k/dy_k = m                     2 |err| (nothing but the last)
 *   bits            derr_k/dy_k = m P (1-P)/ln 2        exp (2), 1 + e, 1/.: 4 m P/ln 2; then 2 |err|
 *   classification  derr_k/dy_l = m' p_k ([k=l] - p_l)  exp (2) of y - max (2 max|y|) above and below the line, sums
 *                                                       of K, 1/., mass: (6 + 2 K + 4 max|y|) m' p_k; then 2 |err|
 *
 * where m' p = err + m p* (bits: m P/ln 2 = err + m p* / ln 2). */
static void bound_step(const truth_run *w, double m, const double *y, const double *err, const double *target, const double *y_mag,
                       double *mag)
{
    const task_spec *s = w->m->spec;
    double top = 0, mass = 0, mean = 0, unit = s->bits ? m / log(2) : m;
    int K = s->n_out;
    bool softmax = !s->bits && s->loss == EP_CLASSIFICATION;
    for (int k = 0; k < K; k++) {
        top = fmax(top, fabs(y[k]));
        mass += unit * target[k];
    }
    for (int k = 0; softmax && k < K && mass > 0; k++) mean += (err[k] + unit * target[k]) / mass * y_mag[k];
    for (int k = 0; k < K; k++) {
        double p = fabs(err[k] + unit * target[k]), by_y = unit * y_mag[k], own = 0;
        if (s->bits) {
            by_y = p * (1 - p / unit) * y_mag[k];
            own = 4 * p;
        } else if (softmax) {
            double q = mass > 0 ? p / mass : 0;
            by_y = p * ((1 - 2 * q) * y_mag[k] + mean); /* (1-q) mag_k + sum over l != k */
            own = (6 + 2 * K + 4 * top) * p;
        }
        mag[k] = by_y + fabs(err[k]) + 2 * w->fine * (own + 2 * fabs(err[k]));
    }
}

static void bound_errors(truth_run *w)
{
    const task_spec *s = w->m->spec;
    for (int b = 0; b < w->bt->B; b++) {
        double norm = task_loss_divisor(s, w->bt, b);
        for (int t = 0; t < w->bt->T; t++) {
            size_t step = (size_t)b * (size_t)w->bt->T + (size_t)t, at = step * (size_t)s->n_out;
            double m = w->bt->mask[step] / norm;
            if (m > 0) bound_step(w, m, w->y + at, w->err + at, w->bt->target + at, w->y_mag + at, w->err_mag + at);
        }
    }
}

/* The errors of the sum take the place of each network's own, times `by`. */
static void share_errors(truth_run *w, double by)
{
    const task_spec *s = w->m->spec;
    int K = s->n_out, T = w->bt->T;
    for (int k = 0; k < s->nets; k++)
        for (int b = 0; b < w->bt->B; b++)
            for (int t = 0; t < T; t++)
                for (int o = 0; o < K; o++) {
                    size_t at = ((size_t)b * (size_t)T + (size_t)t) * (size_t)K + (size_t)o;
                    ref_num *to = ref_at2(w->run[k].tr[b].err, K, step_of(w, k, b, t) + 1, o);
                    ref_set_d(&w->c, to, by * w->err[at]);
                    if (runs(w)) to->e.mag = by * w->err_mag[at]; /* a double by itself would count as exact */
                }
}

static void see_spikes(const truth_run *w, const task_truth *truth)
{
    const task_spec *s = w->m->spec;
    const ref_arith *ar = w->c.ar;
    size_t at = 0;
    for (int k = 0; k < s->nets && ep_model_spikes(s->model); k++)
        for (int t = 1; t <= w->bt->T; t++)
            for (int j = 0; j < s->n_rec; j++, at++) {
                ref_spot spot = ref_traj_spot(&w->run[k].tr[0], t, j);
                double a = w->net[k].nh > 1 ? ar->to_d(&spot.h[1]) : 0, beta = w->m->ep[k].theta[EP_BETA] ? w->m->ep[k].theta[EP_BETA][j] : 0;
                if (truth->z) truth->z[at] = !ar->is_zero(spot.z);
                if (truth->margin) truth->margin[at] = fabs(ar->to_d(&spot.h[0]) - s->v_th - beta * a);
            }
}

/* A synthesiser's numbers in the reference's arithmetic. */
static ep_status load_synth(truth_run *w, const task_synth *from, ref_synth *sg, ref_synth_use *use)
{
    const task_spec *s = w->m->spec;
    static const ref_seed says[] = {REF_SEED_C, REF_SEED_Z, REF_SEED_ZC};
    ep_status st = ref_synth_init(&w->c, from->n_u, from->n_hid, from->n_s, sg);
    if (st != EP_OK) return st;
    for (size_t k = 0; k < sg->n; k++) ref_set_d(&w->c, &sg->theta[k], from->wide ? from->theta[k] : (double)(float)from->theta[k]);
    *use = (ref_synth_use){.sg = sg, .sees = s->sg_input == TASK_SEES_STATE ? REF_SEES_STATE : REF_SEES_Z, .says = says[s->sg_seed],
                           .g = ref_vec(&w->c, sg->n)};
    return use->g ? EP_OK : EP_NOMEM;
}

/* What loss_norm divides err by, the same for all trials: in these units a synthesiser speaks. */
static ep_status common_divisor(const truth_run *w, double *by)
{
    *by = task_loss_divisor(w->m->spec, w->bt, 0);
    for (int b = 1; b < w->bt->B; b++)
        if (fabs(task_loss_divisor(w->m->spec, w->bt, b) - *by) > 0) return EP_NOTIMPL;
    return EP_OK;
}

static ep_status gradients(truth_run *w, ep_rule rule, int threads, double *grad, double *mag, const task_truth *truth, double by)
{
    const task_spec *s = w->m->spec;
    const task_synth *from = truth ? truth->sg : NULL;
    ref_rule_args args = {.rule = rule, .window = s->window, .seed = REF_SEED_NONE, .threads = threads};
    ref_synth sg;
    ref_synth_use use;
    if (from) {
        ep_status st = load_synth(w, from, &sg, &use);
        if (st != EP_OK) return st;
        share_errors(w, by);
        args.synth = &use;
    }
    for (int k = 0; k < s->nets; k++) {
        ref_grad g;
        ep_status st = ref_grad_init(&w->c, &w->net[k], &g);
        if (st == EP_OK) st = ref_gradient(&w->c, &w->run[k], &args, &g);
        if (st != EP_OK) return st;
        for (int group = 0; group < (int)EP_G_THETA; group++) {
            size_t at = task_model_at(w->m, k, (ep_group)group);
            for (size_t e = 0; e < w->m->net[k].n[group]; e++) {
                grad[at + e] = w->c.ar->to_d(&g.g[group][e]) / by;
                if (mag) mag[at + e] = g.g[group][e].e.mag / by;
            }
        }
    }
    for (size_t k = 0; from && truth->g_sg && k < from->n; k++) truth->g_sg[k] = w->c.ar->to_d(&use.g[k]);
    return EP_OK;
}

static void rates(truth_run *w, task_result *r)
{
    const task_spec *s = w->m->spec;
    r->rate = r->loss_reg = 0;
    for (int k = 0; k < s->nets; k++)
        for (int j = 0; j < s->n_rec; j++) {
            double f = w->c.ar->to_d(&w->run[k].fbar[j]), d = f - s->f_target;
            r->rate += f / s->n_rec / s->nets;
            r->loss_reg += 0.5 * s->c_reg * d * d;
        }
}

static ep_status work(truth_run *w, ep_rule rule, int threads, task_result *r, const task_truth *truth)
{
    const task_spec *s = w->m->spec;
    double by = 1;
    ep_status st = !r->grad && truth && truth->sg ? common_divisor(w, &by) : EP_OK;
    for (int k = 0; st == EP_OK && k < s->nets; k++) st = record(w, k, by);
    if (st != EP_OK) return st;
    sum_outputs(w);
    r->loss = task_loss(s, w->bt, w->y, w->err, w->part, threads);
    if (runs(w)) bound_errors(w);
    rates(w, r);
    if (r->y) memcpy(r->y, w->y, (size_t)w->bt->B * (size_t)w->bt->T * (size_t)s->n_out * sizeof *r->y);
    if (s->nets > 1 || s->bits) share_errors(w, 1);
    if (truth) see_spikes(w, truth);
    if (r->grad) return gradients(w, rule, threads, r->grad, NULL, NULL, by);
    return truth && truth->grad ? gradients(w, rule, threads, truth->grad, truth->mag, truth, by) : EP_OK;
}

ep_status task_reference_run(const task_model *m, ep_rule rule, long prec, const task_batch *bt, int threads, task_result *r,
                             const task_truth *truth)
{
    size_t steps = (size_t)bt->B * (size_t)bt->T, outs = steps * (size_t)m->spec->n_out;
    const ref_arith *ar = truth && truth->mag ? ref_arith_running() : prec ? ref_arith_mpfr() : ref_arith_binary64();
    truth_run w = {.m = m, .bt = bt, .fine = truth && truth->u > 0 ? 0x1p-53 / truth->u : 1};
    ep_status st = ref_ctx_init(&w.c, ar, prec ? prec : 53);
    if (st != EP_OK) return st;
    w.x = malloc(steps * (size_t)m->spec->n_in * sizeof *w.x);
    w.y = malloc(outs * sizeof *w.y);
    w.err = malloc(outs * sizeof *w.err);
    w.y_mag = calloc(outs, sizeof *w.y_mag);
    w.err_mag = calloc(outs, sizeof *w.err_mag);
    w.part = malloc((size_t)bt->B * sizeof *w.part);
    st = w.x && w.y && w.err && w.part && w.y_mag && w.err_mag ? work(&w, rule, threads, r, truth) : EP_NOMEM;
    free(w.x);
    free(w.y);
    free(w.err);
    free(w.part);
    free(w.y_mag);
    free(w.err_mag);
    ref_ctx_clear(&w.c);
    return st;
}
