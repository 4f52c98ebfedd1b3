/* The learning rules: which signal meets which derivative.
 *
 *   bptt, tbptt*       adjoints -> gradient
 *   eprop1-*           fed back errors x filtered traces, step by step
 *   eprop3*            transmitted part of windowed adjoints x traces + fed back errors x filtered traces
 *   rtrl               errors x filtered sensitivities, step by step
 *
 * SPDX-License-Identifier: MIT */
#ifndef OPT_SCALAR_RULES_H
#define OPT_SCALAR_RULES_H

#include "bptt.h"
#include "regulariser.h"
#include "rtrl.h"
#include "traces.h"

/* x of trial b at x + b stride. */
static void step_all(state *s, const real *x, size_t stride)
{
    s->t++;
    s->T_all++;
    s->learnt = false;
    for (size_t b = 0; b < s->nb; b++) {
        const real *xb = x + b * stride;
        forward_step(s, b, s->t, xb);
        if (!s->online) continue;
        readout_filter(s, b, s->t);
        if (s->cfg.rule == EP_RTRL) {
            rtrl_step(s, b, s->t, xb);
            continue;
        }
        traces_step(s, b, b, s->t, xb);
        zero(late_signal(s, b, s->t, 0), s->n_rec);
    }
}

/* States and readout alone. */
static void forward_all(state *s, const real *x, size_t stride)
{
    s->t++;
    s->T_all++;
    s->learnt = true;
    for (size_t b = 0; b < s->nb; b++) forward_step(s, b, s->t, x + b * stride);
}

/* The frames hold err^t. L: given signals [B][n_rec] in place of feedback, or NULL. */
static void learn_all(state *s, const real *L)
{
    size_t late = (size_t)s->net.opt.delay_L;
    s->learnt = true;
    for (size_t b = 0; b < s->nb; b++) {
        if (!L) readout_learn(s, b, s->t, s->acc + b * s->n_par);
        if (s->cfg.rule == EP_RTRL) {
            rtrl_learn(s, b, s->t);
            continue;
        }
        real *now = late_signal(s, b, s->t, 0);
        if (!L) feedback(s, b, s->t, s->symmetric, now);
        for (size_t j = 0; L && j < s->n_rec; j++) now[j] = L[b * s->n_rec + j];
        traces_meet(s, b, NULL, NULL, late_signal(s, b, s->t, late));
    }
}

/* One gradient entry of group g, element k of it. */
static real gradient_entry(const state *s, int g, size_t k)
{
    size_t i = s->first[g] + k, row = g == EP_G_WIN ? k / s->n_in : g == EP_G_WREC ? k / s->n_rec : k;
    real sum = 0, R = 0;
    if (!s->online) return s->total[i];
    for (size_t b = 0; b < s->nb; b++) sum += s->acc[b * s->n_par + i];
    if (g == EP_G_WOUT || g == EP_G_BOUT) return sum;
    if (s->Rs) return sum + rtrl_reg(s, i);
    if (!s->R) return sum;
    for (size_t b = 0; b < s->nb; b++) R += s->R[b * s->n_par + i];
    return sum + reg_signal(s, row % s->n_rec) * R;
}

static const real *mask_of(const opt_trials *tr, size_t b)
{
    return tr->mask ? (const real *)tr->mask + b * (size_t)tr->T : NULL;
}

/* Step `at` is step t of the trials given. */
static void losses(state *s, const opt_trials *tr, size_t t, uint64_t at)
{
    const real *target = tr->target, *err = tr->err;
    for (size_t b = 0; err && b < s->nb; b++)
        for (size_t k = 0; k < s->n_out; k++)
            s->err[frame(s, b, at) * s->n_out + k] = err[(b * (size_t)tr->T + t - 1) * s->n_out + k];
    if (err) return;
    for (size_t b = 0; b < s->nb; b++) {
        const real *mask = mask_of(tr, b);
        real m = (mask ? mask[t - 1] : 1) / s->norm[b];
        loss_step(s, b, at, target ? target + (b * (size_t)tr->T + t - 1) * s->n_out : NULL, m);
    }
}

/* e-prop 3 of a recorded trial or window whose adjoints are known: traces run from t = 1 across all windows. */
static void eprop3_trial(state *s, const window *w, size_t slot, const real *x, size_t stride)
{
    real *L = s->dz; /* the adjoints' dz is not needed any more */
    size_t b = w->b, T = w->T;
    if (!w->open) {
        zero(s->eps, s->n_par * s->nh);
        zero(s->ebar, s->n_par);
    }
    for (size_t t = 1; t <= T; t++) {
        traces_step(s, b, slot, w->from + t, x + (t - 1) * stride);
        feedback(s, b, w->from + t, true, L);
        traces_meet(s, slot, s->Ltr + t * s->n_rec, w->open ? NULL : s->reg, L);
        if (!w->open) continue;
        readout_filter(s, b, w->from + t);
        readout_learn(s, b, w->from + t, s->acc + slot * s->n_par);
    }
    if (w->open) return;
    for (size_t t = T; t >= 1; t--)
        for (size_t k = 0; k < s->n_out; k++) {
            real later = t < T ? s->kappa * s->dy[(t + 1) * s->n_out + k] : 0;
            s->dy[t * s->n_out + k] = s->err[frame(s, b, t) * s->n_out + k] + later;
        }
    readout_gradient(s, b, 0, T, s->dy, s->acc);
}

static void backward_trial(state *s, const opt_trials *tr, size_t b)
{
    bool eprop3 = s->eps != NULL;
    size_t T = (size_t)tr->T, stride = tr->x ? s->n_in : 0;
    const real *x = tr->x ? (const real *)tr->x + b * T * s->n_in : s->silence;
    window w = {.s = s, .b = b, .T = T, .length = (size_t)s->cfg.window, .cut = s->cfg.rule != EP_BPTT,
                .seeds = tr->seeds, .delivered = tr->delivered};
    zero(s->acc, s->n_par);
    adjoint_run(s, &w);
    if (eprop3) eprop3_trial(s, &w, 0, x, stride);
    else adjoint_gradient(s, &w, x, stride);
    for (size_t i = 0; i < s->n_par; i++) s->total[i] += s->acc[i];
}

/* The window that ends with the last step. */
static void backward_window(state *s, const opt_trials *tr)
{
    size_t T = (size_t)tr->T, stride = tr->x ? s->n_in : 0;
    for (size_t t = 1; tr->err && t <= T; t++) losses(s, tr, t, s->t - T + t);
    for (size_t b = 0; b < s->nb; b++) {
        const real *x = tr->x ? (const real *)tr->x + b * T * s->n_in : s->silence;
        window w = {.s = s, .b = b, .T = T, .from = s->t - T, .cut = true, .open = true, .seeds = tr->seeds};
        size_t slot = s->eps ? b : 0;
        zero(s->acc + slot * s->n_par, s->n_par);
        adjoint_run(s, &w);
        if (tr->delivered) adjoint_deliver(s, &w, tr->delivered);
        if (s->eps) eprop3_trial(s, &w, slot, x, stride);
        else adjoint_gradient(s, &w, x, stride);
        for (size_t i = 0; i < s->n_par; i++) s->total[i] += s->acc[slot * s->n_par + i];
    }
}

/* Steps of a window that go on from the state; m^t is already normalised. */
static void forward_window(state *s, const opt_trials *tr)
{
    size_t T = (size_t)tr->T, stride = tr->x ? s->n_in : 0;
    const real *x = tr->x ? tr->x : s->silence;
    zero(s->reg, s->n_rec);
    for (size_t b = 0; b < s->nb; b++) s->norm[b] = 1;
    for (size_t t = 1; t <= T; t++) {
        step_all(s, x + (t - 1) * stride, T * stride);
        losses(s, tr, t, s->t);
    }
}

/* Whole trials under the state's rule; the state is fresh. */
static void gradient_run(state *s, const opt_trials *tr)
{
    size_t T = (size_t)tr->T, stride = tr->x ? s->n_in : 0;
    const real *x = tr->x ? tr->x : s->silence;
    for (size_t b = 0; b < s->nb; b++) s->norm[b] = loss_divisor(s->net.opt.loss_norm, s->nb, T, mask_of(tr, b));
    for (size_t t = 1; t <= T; t++) {
        const real *xt = x + (t - 1) * stride;
        if (tr->part == OPT_FORWARD) forward_all(s, xt, T * stride);
        else step_all(s, xt, T * stride);
        losses(s, tr, t, s->t);
        if (s->online && tr->part != OPT_FORWARD) learn_all(s, NULL);
    }
    if (s->online || tr->part == OPT_FORWARD) return;
    reg_prepare(s);
    for (size_t b = 0; b < s->nb; b++) backward_trial(s, tr, b);
}

#endif
