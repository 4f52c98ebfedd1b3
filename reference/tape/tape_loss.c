/* Loss and rate regulariser, written on the tape.
 * SPDX-License-Identifier: MIT */
#include "tape_model.h"

static ref_var number(tape_net *n, double d)
{
    ref_num *r = ref_tape_num(n->t);
    ref_set_d(n->t->c, r, d);
    return ref_tape_constant(n->t, r);
}

/* What the trial's loss is divided by: 1, steps with m > 0, B, or both. */
static ref_var divisor(tape_net *n, int b)
{
    const ep_batch *bt = n->bt;
    ep_loss_norm norm = n->net->opt.loss_norm;
    int steps = 0;
    for (int t = 0; t < bt->T; t++) steps += !bt->mask || bt->mask[tape_ix(b, bt->T, t)] > 0;
    ref_var by_steps = number(n, norm == EP_NORM_STEPS || norm == EP_NORM_BOTH ? steps : 1);
    return ref_tape_mul(n->t, by_steps, number(n, norm == EP_NORM_BATCH || norm == EP_NORM_BOTH ? bt->B : 1));
}

/* 1/2 sum_k (y_k - y*_k)^2 */
static ref_var squared_error(tape_net *n, const ref_var *y, const double *target)
{
    for (int k = 0; k < n->net->n_out; k++) {
        ref_var e = target ? ref_tape_sub(n->t, y[k], number(n, target[k])) : y[k];
        tape_pair(n, e, e);
    }
    return ref_tape_mul(n->t, tape_sum(n), number(n, 0.5));
}

/* -sum_k p*_k log softmax(y)_k; the largest y is subtracted first as a constant. */
static ref_var cross_entropy(tape_net *n, const ref_var *y, const double *target)
{
    ref_tape *t = n->t;
    int K = n->net->n_out, top = 0;
    if (!target || K == 0) return number(n, 0);
    for (int k = 1; k < K; k++)
        if (t->c->ar->to_d(ref_tape_value(t, y[k])) > t->c->ar->to_d(ref_tape_value(t, y[top]))) top = k;
    ref_var shift = ref_tape_detach(y[top]), total = number(n, 0);
    for (int k = 0; k < K; k++) total = ref_tape_add(t, total, ref_tape_exp(t, ref_tape_sub(t, y[k], shift)));
    ref_var log_total = ref_tape_log(t, total);
    for (int k = 0; k < K; k++) {
        ref_var lp = ref_tape_sub(t, ref_tape_sub(t, y[k], shift), log_total);
        tape_pair(n, number(n, -target[k]), lp);
    }
    return tape_sum(n);
}

ref_var tape_loss(tape_net *n, const tape_trial *s, int b)
{
    const ep_batch *bt = n->bt;
    int K = n->net->n_out;
    ref_var E = number(n, 0), by = divisor(n, b);
    for (int t = 1; t <= bt->T && n->t->status == EP_OK; t++) {
        size_t row = tape_ix(b, bt->T, t - 1);
        double m = bt->mask ? bt->mask[row] : 1;
        if (!(m > 0)) continue;
        const double *target = bt->target ? bt->target + row * (size_t)K : NULL;
        const ref_var *y = &s->y[tape_ix(t, K, 0)];
        ref_var e = bt->loss == EP_CLASSIFICATION ? cross_entropy(n, y, target) : squared_error(n, y, target);
        E = ref_tape_add(n->t, E, ref_tape_mul(n->t, number(n, m), e));
    }
    return E.id < 0 && !E.v ? E : ref_tape_div(n->t, E, by);
}

ref_var tape_regulariser(tape_net *n, const tape_trial *s)
{
    const ep_batch *bt = n->bt;
    int N = n->net->n_rec;
    ref_var one = number(n, 1), count = ref_tape_mul(n->t, number(n, bt->T), number(n, bt->B));
    ref_var target = number(n, bt->f_target), E = number(n, 0);
    for (int j = 0; j < N; j++) {
        for (int b = 0; b < bt->B; b++)
            for (int t = 1; t <= bt->T; t++) tape_pair(n, s[b].z[tape_ix(t, N, j)], one);
        ref_var off = ref_tape_sub(n->t, ref_tape_div(n->t, tape_sum(n), count), target);
        E = ref_tape_add(n->t, E, ref_tape_mul(n->t, off, off));
    }
    return ref_tape_mul(n->t, E, ref_tape_mul(n->t, number(n, bt->c_reg), number(n, 0.5)));
}
