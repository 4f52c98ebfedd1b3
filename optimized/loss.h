/* Losses of one trial and step, shared by the engines. The including file defines `real`, r_exp and r_log first.
 *
 *   regression      E = 1/2 sum_k m (y - y*)^2              err = m (y - y*)
 *   classification  E = - sum_k m p* log softmax(y)         err = m (p sum_l p*_l - p*)
 *
 * SPDX-License-Identifier: MIT */
#ifndef OPT_LOSS_H
#define OPT_LOSS_H

static real loss_regression(size_t n, const real *y, const real *target, real m, real *err)
{
    real loss = 0;
    for (size_t k = 0; k < n; k++) {
        real diff = y[k] - (target ? target[k] : 0);
        err[k] = m * diff;
        loss += (real)0.5 * (diff * err[k]);
    }
    return loss;
}

static real loss_classification(size_t n, const real *y, const real *target, real m, real *err)
{
    real top = n ? y[0] : 0, sum = 0, mass = 0, loss = 0;
    for (size_t k = 1; k < n; k++) top = y[k] > top ? y[k] : top;
    for (size_t k = 0; k < n; k++) {
        err[k] = r_exp(y[k] - top);
        sum += err[k];
        mass += target ? target[k] : 0;
    }
    for (size_t k = 0; k < n; k++) {
        real p = target ? target[k] : 0;
        if (p > 0) loss += m * (p * (r_log(sum) - y[k] + top));
        err[k] = m * (err[k] / sum * mass - p);
    }
    return loss;
}

/* What loss_norm divides a trial's weights by: its steps with m > 0, the nb trials, or both. */
static real loss_divisor(ep_loss_norm norm, size_t nb, size_t T, const real *mask)
{
    size_t steps = 0;
    for (size_t t = 0; t < T; t++) steps += !mask || mask[t] > 0;
    real d = 1;
    if ((norm == EP_NORM_STEPS || norm == EP_NORM_BOTH) && steps > 0) d *= (real)steps;
    if (norm == EP_NORM_BATCH || norm == EP_NORM_BOTH) d *= (real)nb;
    return d;
}

#endif
