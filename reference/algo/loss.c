/* Losses.
 *
 *   regression      E = 1/2 sum_t m^t sum_k (y - y*)^2            err = m (y - y*)
 *   classification  E = - sum_t m^t sum_k p* log softmax(y)       err = m (p sum_l p*_l - p*)
 *
 * loss_norm divides m by the trial's number of steps with m > 0 (steps), by B (batch), or by both.
 * SPDX-License-Identifier: MIT */
#include "internal.h"

/* m^t with the normalisation applied. */
static void weight(ref_ctx *c, const ep_batch *bt, int b, int t, double divisor, ref_num *m)
{
    ref_set_d(c, m, bt->mask ? bt->mask[(size_t)b * (size_t)bt->T + (size_t)(t - 1)] : 1.0);
    if (divisor == 1.0) return;
    ref_num *d = &c->tmp;
    ref_set_d(c, d, divisor);
    ref_div(c, m, m, d);
}

double ref_loss_divisor(const ref_net *net, const ep_batch *bt, int b)
{
    double steps = 0.0, d = 1.0;
    for (int t = 0; t < bt->T; t++)
        if (!bt->mask || bt->mask[(size_t)b * (size_t)bt->T + (size_t)t] > 0.0) steps += 1.0;
    ep_loss_norm n = net->opt.loss_norm;
    if ((n == EP_NORM_STEPS || n == EP_NORM_BOTH) && steps > 0.0) d *= steps;
    if (n == EP_NORM_BATCH || n == EP_NORM_BOTH) d *= (double)bt->B;
    return d;
}

static void regression(ref_ctx *c, int K, const ref_num *y, const double *target, const ref_num *m, ref_num *err,
                       ref_num *loss, ref_num *w)
{
    ref_num *diff = &w[0], *half = &w[1];
    ref_set_d(c, half, 0.5);
    for (int k = 0; k < K; k++) {
        ref_set_d(c, diff, target ? target[k] : 0.0);
        ref_sub(c, diff, &y[k], diff);
        ref_mul(c, &err[k], m, diff);
        ref_mul(c, diff, diff, &err[k]);
        ref_addmul(c, loss, half, diff);
    }
}

/* Softmax shifted by the largest y (as a double; any shift is exact algebra). */
static void classification(ref_ctx *c, int K, const ref_num *y, const double *target, const ref_num *m, ref_num *err,
                           ref_num *loss, ref_num *w)
{
    ref_num *sum = &w[0], *shift = &w[1], *p_all = &w[2], *p = &w[3], *log_p = &w[4];
    double top = c->ar->to_d(&y[0]), mass = 0.0;
    for (int k = 0; k < K; k++) {
        double d = c->ar->to_d(&y[k]);
        if (d > top) top = d;
    }
    ref_set_d(c, shift, top);
    ref_set(c, sum, &c->zero);
    ref_set(c, p_all, &c->zero);
    for (int k = 0; k < K; k++) {
        ref_sub(c, &err[k], &y[k], shift);
        c->ar->exp(c, &err[k], &err[k]);
        ref_add(c, sum, sum, &err[k]);
        ref_set_d(c, p, target ? target[k] : 0.0);
        ref_add(c, p_all, p_all, p);
        mass += target ? target[k] : 0.0;
    }
    for (int k = 0; k < K; k++) {
        ref_set_d(c, p, target ? target[k] : 0.0);
        if (target && target[k] != 0.0) { /* loss += m p* (log sum - (y - shift)) */
            c->ar->log(c, log_p, sum);
            ref_sub(c, log_p, log_p, &y[k]);
            ref_add(c, log_p, log_p, shift);
            ref_mul(c, log_p, log_p, p);
            ref_addmul(c, loss, m, log_p);
        }
        ref_div(c, &err[k], &err[k], sum);
        if (mass != 1.0) ref_mul(c, &err[k], &err[k], p_all);
        ref_sub(c, &err[k], &err[k], p);
        ref_mul(c, &err[k], &err[k], m);
    }
}

void ref_loss_step(ref_ctx *c, const ref_net *net, const ep_batch *bt, int b, int t, double divisor, const ref_num *y,
                   ref_num *err, ref_num *loss, ref_num *w)
{
    int K = net->n_out;
    size_t at = ((size_t)b * (size_t)bt->T + (size_t)(t - 1)) * (size_t)K;
    const double *target = bt->target ? bt->target + at : NULL;
    ref_num *m = w + 5;
    weight(c, bt, b, t, divisor, m);
    if (c->ar->is_zero(m))
        for (int k = 0; k < K; k++) ref_set(c, &err[k], &c->zero);
    else if (bt->loss == EP_REGRESSION) regression(c, K, y, target, m, err, loss, w);
    else classification(c, K, y, target, m, err, loss, w);
}

ep_status ref_loss(ref_ctx *c, const ref_net *net, const ep_batch *bt, int b, ref_traj *tr)
{
    int K = net->n_out;
    double divisor = ref_loss_divisor(net, bt, b);
    ref_num *w = ref_vec(c, REF_LOSS_WORK);
    if (!w) return c->status;
    if (bt->loss == EP_CLASSIFICATION && !c->ar->symbolic && (!c->ar->exp || !c->ar->log)) return EP_NOTIMPL;
    for (int t = 1; t <= tr->T && K > 0; t++) {
        ref_num *y = ref_at2(tr->y, K, t, 0), *err = ref_at2(tr->err, K, t, 0);
        for (int k = 0; k < K && c->ar->symbolic; k++) ref_draw(c, &err[k]);
        if (!c->ar->symbolic) ref_loss_step(c, net, bt, b, t, divisor, y, err, tr->loss, w);
    }
    return c->status;
}
