/* Steps, learning, whole trials, and what integers need beside opt.h.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "host.h"

static bool all_fit(const host *h, unsigned q, const int32_t *v, size_t n) { return !v || fix_in_format(&h->profile, q, v, n); }

static bool all_flags(const int32_t *v, size_t n)
{
    for (size_t k = 0; v && k < n; k++)
        if (v[k] != 0 && v[k] != 1) return false;
    return true;
}

void host_divide(host *h, const int32_t *mask, size_t T)
{
    for (size_t b = 0; b < (size_t)h->cfg.B; b++) h->divisor[b] = 1;
    for (size_t b = 0; T > 0 && b < h->nb; b++) {
        size_t steps = 0;
        for (size_t t = 0; t < T; t++) steps += !mask || mask[b * T + t];
        h->divisor[b] = host_divisor(h->net.opt.loss_norm, steps, h->nb);
    }
    h->least = h->divisor[0];
    for (size_t b = 1; b < h->nb; b++) h->least = fmin(h->least, h->divisor[b]);
}

void host_reset(opt_state *s, unsigned what)
{
    host *h = host_of(s);
    h->nb = (size_t)h->cfg.B;
    if (what & OPT_RESET_GRAD) host_divide(h, NULL, 0);
    for (size_t b = 0; b < h->nb; b++) {
        if (what & OPT_RESET_STATE) fix_begin(h->core[b]);
        if (!(what & OPT_RESET_GRAD)) continue;
        fix_fill(&h->core[b]->q[FIX_G], NULL);
        fix_fill(&h->core[b]->q[FIX_GO], NULL);
    }
    if (what & OPT_RESET_STATE) h->learnt = true;
    if (!(what & OPT_RESET_GRAD)) return;
    h->loss = 0;
    h->T_all = 0;
}

/* x of trial b at x + b stride; all in their format. */
static ep_status advance(host *h, const int32_t *x, size_t stride)
{
    for (size_t b = 0; b < h->nb; b++)
        if (fix_forward(h->core[b], x + b * stride) != FIX_OK) return EP_DOMAIN;
    h->learnt = false;
    h->T_all++;
    return EP_OK;
}

ep_status host_step(opt_state *s, const void *x)
{
    host *h = host_of(s);
    if (!all_fit(h, FIX_X, x, h->nb * h->n_in)) return EP_DOMAIN;
    return x ? advance(h, x, h->n_in) : advance(h, h->silence, 0);
}

static bool targets_fit(const host *h, const int32_t *v, size_t n)
{
    int32_t one = (int32_t)1 << h->profile.q[FIX_PR].frac;
    if (h->cfg.loss != EP_CLASSIFICATION) return all_fit(h, FIX_Y, v, n);
    for (size_t k = 0; v && k < n; k++)
        if (v[k] < 0 || v[k] > one) return false;
    return true;
}

static double loss_of(const host *h, const fix_state *c, const int32_t *target)
{
    bool softmax = h->cfg.loss == EP_CLASSIFICATION;
    double unit = ldexp(1, -h->profile.q[FIX_Y].frac), top = fix_get(c, FIX_Y, 0), sum = 0, loss = 0;
    for (size_t k = 1; k < h->n_out; k++) top = fmax(top, fix_get(c, FIX_Y, k));
    for (size_t k = 0; k < h->n_out; k++) sum += exp((fix_get(c, FIX_Y, k) - top) * unit);
    for (size_t k = 0; k < h->n_out; k++) {
        double y = fix_get(c, FIX_Y, k), d = (y - target[k]) * unit;
        loss += softmax ? ldexp(target[k], -h->profile.q[FIX_PR].frac) * (log(sum) - (y - top) * unit) : 0.5 * d * d;
    }
    return loss;
}

static ep_status learn_target(host *h, size_t b, const int32_t *target)
{
    h->loss += loss_of(h, h->core[b], target) / h->divisor[b];
    return fix_learn(h->core[b], target) == FIX_OK ? EP_OK : EP_DOMAIN;
}

ep_status host_learn(opt_state *s, const opt_signal *sig)
{
    host *h = host_of(s);
    const opt_signal silent = {.err = NULL};
    if (!sig) sig = &silent;
    const int32_t *err = sig->err, *target = sig->target, *weight = sig->weight, *L = sig->L;
    size_t K = h->n_out, n = h->n_rec;
    if (h->learnt || (err != NULL) + (target != NULL) + (L != NULL) > 1 || (weight && !target)) return EP_DOMAIN;
    if (!all_fit(h, FIX_ER, err, h->nb * K) || !targets_fit(h, target, h->nb * K) || !all_fit(h, FIX_L, L, h->nb * n) ||
        !all_flags(weight, h->nb))
        return EP_DOMAIN;
    h->learnt = true;
    for (size_t b = 0; b < h->nb; b++) {
        fix_state *c = h->core[b];
        ep_status st = EP_OK;
        if (err) st = fix_learn_error(c, err + b * K) == FIX_OK ? EP_OK : EP_DOMAIN;
        else if (L) st = fix_learn_signal(c, L + b * n) == FIX_OK ? EP_OK : EP_DOMAIN;
        else if (target && (!weight || weight[b])) st = learn_target(h, b, target + b * K);
        if (st != EP_OK) return st;
    }
    return EP_OK;
}

static void record(host *h, size_t T, size_t t)
{
    static const int what[REC_COUNT] = {FIX_V, FIX_A, FIX_z, FIX_P, FIX_I, FIX_Y, FIX_ER};
    for (int r = 0; r < REC_COUNT; r++)
        for (size_t b = 0; b < h->nb; b++) {
            size_t width = host_width(h, r);
            int32_t *to = h->record[r] + (b * T + t) * width;
            for (size_t k = 0; k < width; k++) to[k] = fix_get(h->core[b], what[r], k);
        }
}

/* What trial b learns in step t. */
static ep_status learn_trial(host *h, const opt_trials *tr, size_t b, size_t t)
{
    const int32_t *target = tr->target, *mask = tr->mask, *err = tr->err;
    size_t at = b * (size_t)tr->T + t;
    if (err) return fix_learn_error(h->core[b], err + at * h->n_out) == FIX_OK ? EP_OK : EP_DOMAIN;
    if (mask && !mask[at]) return EP_OK;
    return learn_target(h, b, target ? target + at * h->n_out : h->silence);
}

ep_status host_grad(opt_state *s, const opt_trials *tr)
{
    host *h = host_of(s);
    if (tr->T < 0 || tr->T > h->cfg.T || tr->B < 0 || tr->B > h->cfg.B || tr->delivered) return EP_DOMAIN;
    if (tr->bits) return EP_NOTIMPL;
    size_t T = (size_t)tr->T, B = (size_t)tr->B, in = h->n_in, K = h->n_out;
    const int32_t *x = tr->x;
    bool learns = tr->part != OPT_FORWARD;
    if (!all_fit(h, FIX_X, x, B * T * in) || !targets_fit(h, tr->target, B * T * K) || !all_flags(tr->mask, B * T) ||
        !all_fit(h, FIX_ER, tr->err, B * T * K))
        return EP_DOMAIN;
    host_reset(s, OPT_RESET_ALL);
    h->nb = B;
    if (B) host_divide(h, tr->mask, T);
    for (size_t t = 0; t < T; t++) {
        ep_status st = x ? advance(h, x + t * in, T * in) : advance(h, h->silence, 0);
        for (size_t b = 0; learns && st == EP_OK && b < B; b++) st = learn_trial(h, tr, b, t);
        if (st != EP_OK) return st;
        record(h, T, t);
    }
    h->learnt = true;
    return T && B && learns ? opt_fixed_end(s, tr->T) : EP_OK;
}

ep_status opt_fixed_end(opt_state *s, int T)
{
    host *h = host_of(s);
    int32_t c_reg, n_star;
    if (!(h->cfg.c_reg > 0)) return EP_OK;
    for (size_t b = 0; b < h->nb; b++)
        if (T < 1 || !host_regulariser(&h->cfg, &h->profile, (size_t)T, h->nb, h->divisor[b], &c_reg, &n_star)) return EP_DOMAIN;
    for (size_t j = 0; j < h->n_rec; j++) { /* every core is given the spikes of all */
        int64_t all = 0, top = (INT64_C(1) << (h->profile.q[FIX_CN].bits - 1)) - 1;
        for (size_t b = 0; b < h->nb; b++) all += fix_get(h->core[b], FIX_CN, j);
        for (size_t b = 0; b < h->nb; b++) fix_store(&h->core[b]->q[FIX_CN], j, (int32_t)(all < top ? all : top));
    }
    for (size_t b = 0; b < h->nb; b++) { /* a trial that is divided later weighs more now */
        (void)host_regulariser(&h->cfg, &h->profile, (size_t)T, h->nb, h->divisor[b], &c_reg, &n_star);
        h->core[b]->c_reg = c_reg;
        h->core[b]->n_star = n_star;
        fix_end(h->core[b]);
    }
    return EP_OK;
}

/* ---- beside opt.h -------------------------------------------------------------------------------------- */

size_t opt_fixed_encode(const opt_state *s, int quantity, const double *from, int32_t *to, size_t n)
{
    const host *h = host_of_const(s);
    bool known = quantity == OPT_FIXED_X || quantity == OPT_FIXED_TARGET || host_count(h, quantity) > 0;
    size_t misfits = 0;
    for (size_t k = 0; known && k < n; k++) {
        unsigned q = host_format(h, quantity, k);
        double unit = host_unit(h, quantity, k);
        if (host_has_fraction(h, q)) misfits += !host_round(&h->profile, q, from[k] / unit * ldexp(1, -h->profile.q[q].frac), &to[k]);
        else {
            to[k] = from[k] > 0 ? (int32_t)fmin(nearbyint(from[k]), 65535) : 0;
            misfits += !(from[k] >= 0 && from[k] <= 65535);
        }
    }
    return known ? misfits : n;
}

void opt_fixed_decode(const opt_state *s, int quantity, const int32_t *from, double *to, size_t n)
{
    for (size_t k = 0; k < n; k++) to[k] = from[k] * host_unit(host_of_const(s), quantity, k);
}

double opt_fixed_loss(const opt_state *s) { return host_of_const(s)->loss; }

uint64_t opt_fixed_events(const opt_state *s, int q)
{
    const host *h = host_of_const(s);
    uint64_t sum = 0;
    for (size_t b = 0; b < (size_t)h->cfg.B; b++) sum += fix_events(h->core[b], q);
    return sum;
}

ep_status opt_fixed_update(opt_state *s, double eta, double lambda)
{
    host *h = host_of(s);
    int32_t rate, keep = 0, one = (int32_t)1 << h->profile.q[FIX_D].frac;
    static const unsigned gradients[] = {FIX_G, FIX_GO};
    double kept = nearbyint((1 - lambda) * one);
    if (!host_round(&h->profile, FIX_N, eta / h->least, &rate) || !(kept >= 0 && kept <= one)) return EP_DOMAIN;
    keep = (int32_t)kept;
    for (int g = 0; g < 2; g++)
        for (size_t i = 0; i < fix_elements(h->core[0], (int)gradients[g]); i++)
            fix_store(&h->core[0]->q[gradients[g]], i, host_summed(h, gradients[g], i));
    h->core[0]->eta = rate;
    h->core[0]->keep = keep;
    fix_update(h->core[0]);
    for (size_t b = 1; b < (size_t)h->cfg.B; b++)
        for (int g = 0; g < 2; g++) fix_fill(&h->core[b]->q[gradients[g]], NULL);
    return EP_OK;
}
