/* Steps, learning, whole trials, reading and writing.
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

void host_reset(opt_state *s, unsigned what)
{
    host *h = host_of(s);
    h->nb = (size_t)h->cfg.B;
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

static ep_status learn_target(host *h, size_t b, const int32_t *target)
{
    double unit = ldexp(1, -h->profile.q[FIX_Y].frac);
    for (size_t k = 0; k < h->n_out; k++) {
        double d = ((double)fix_get(h->core[b], FIX_Y, k) - (double)target[k]) * unit;
        h->loss += 0.5 * d * d;
    }
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
    if (!all_fit(h, FIX_ER, err, h->nb * K) || !all_fit(h, FIX_Y, target, h->nb * K) || !all_fit(h, FIX_L, L, h->nb * n) ||
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
            size_t width = fix_elements(h->core[b], what[r]);
            int32_t *to = h->record[r] + (b * T + t) * width;
            for (size_t k = 0; k < width; k++) to[k] = fix_get(h->core[b], what[r], k);
        }
}

ep_status host_grad(opt_state *s, const opt_trials *tr)
{
    host *h = host_of(s);
    if (tr->T < 0 || tr->T > h->cfg.T || tr->B < 0 || tr->B > h->cfg.B || tr->delivered) return EP_DOMAIN;
    size_t T = (size_t)tr->T, B = (size_t)tr->B, in = h->n_in, K = h->n_out;
    const int32_t *x = tr->x, *target = tr->target, *mask = tr->mask;
    if (!all_fit(h, FIX_X, x, B * T * in) || !all_fit(h, FIX_Y, target, B * T * K) || !all_flags(mask, B * T)) return EP_DOMAIN;
    host_reset(s, OPT_RESET_ALL);
    h->nb = B;
    for (size_t t = 0; t < T; t++) {
        ep_status st = x ? advance(h, x + t * in, T * in) : advance(h, h->silence, 0);
        for (size_t b = 0; st == EP_OK && b < B; b++)
            if (!mask || mask[b * T + t]) st = learn_target(h, b, target ? target + (b * T + t) * K : h->silence);
        if (st != EP_OK) return st;
        record(h, T, t);
    }
    h->learnt = true;
    return EP_OK;
}

/* ---- reading and writing --------------------------------------------------------------------------------- */

size_t host_count_of(const opt_state *s, int quantity) { return host_count(host_of_const(s), quantity); }

/* Sum over the trials, within the gradient's format. */
static int32_t summed(const host *h, unsigned q, size_t i)
{
    int64_t sum = 0, end = INT64_C(1) << (h->profile.q[q].bits - 1);
    for (size_t b = 0; b < (size_t)h->cfg.B; b++) sum += fix_get(h->core[b], (int)q, i);
    return (int32_t)(sum < -end ? -end : sum >= end ? end - 1 : sum);
}

/* A number that some core holds: quantity q, element i of trial b. */
typedef struct spot {
    size_t b, i;
    unsigned q;
} spot;

static spot spot_of(const host *h, int quantity, size_t k)
{
    int g = host_group(quantity, OPT_PARAM_0);
    size_t j, B = (size_t)h->cfg.B, all = host_count(h, quantity), of_trial = all / B;
    unsigned q = host_format(h, quantity, k);
    if (g >= 0) return (spot){0, host_place(h, (ep_group)g, k, &j), q};
    if (quantity == OPT_FEEDBACK) return (spot){0, h->cfg.rule == EP_EPROP1_GLOBAL ? 0 : k, q};
    spot at = {k / of_trial, k % of_trial, q};
    if (quantity < OPT_EPS_0 || quantity >= OPT_FEEDBACK) return at;
    g = quantity % 0x10; /* traces */
    size_t per = of_trial / ep_group_size(&h->net, (ep_group)g), place = host_place(h, (ep_group)g, at.i / per, &j);
    at.i = q == FIX_EV ? place - j * h->M : place;
    return at;
}

/* Row of z^{t-back} in the core's ring of past spikes. */
static uint8_t *past_spike(const fix_state *c, size_t back, size_t j)
{
    size_t row = (c->newest + c->delay - back) % c->delay;
    return c->past + row * (size_t)c->n_rec + j;
}

static int32_t number(const host *h, int quantity, size_t k)
{
    int g = host_group(quantity, OPT_GRAD_0), p = host_group(quantity, OPT_PARAM_0) - (int)EP_G_THETA;
    size_t j, n = h->n_rec, d = (size_t)h->net.opt.delay;
    if (g >= 0) {
        size_t place = host_place(h, (ep_group)g, k, &j);
        return summed(h, g == EP_G_WOUT || g == EP_G_BOUT ? FIX_GO : FIX_G, place);
    }
    if (p >= 0) return p == EP_ALPHA ? h->core[0]->alpha : p == EP_RHO ? h->rho[k] : h->beta[k];
    if (quantity == OPT_Z_PAST) return *past_spike(h->core[k / n / d], k / n % d, k % n);
    spot at = spot_of(h, quantity, k);
    return fix_get(h->core[at.b], (int)at.q, at.i);
}

static const int32_t *record_of(const host *h, int quantity)
{
    static const int slot[REC_COUNT] = {OPT_V, OPT_A, OPT_Z, OPT_PSI, OPT_I, OPT_Y, OPT_ERR};
    for (int r = 0; r < REC_COUNT; r++)
        if (slot[r] == quantity) return h->record[r];
    return NULL;
}

ep_status host_get(const opt_state *s, int quantity, void *out, size_t n)
{
    const host *h = host_of_const(s);
    int32_t *to = out;
    if (n != host_count(h, quantity)) return EP_DOMAIN;
    const int32_t *from = quantity & OPT_ALL_BIT ? record_of(h, quantity & ~OPT_ALL_BIT) : NULL;
    for (size_t k = 0; k < n; k++) to[k] = from ? from[k] : number(h, quantity, k);
    return EP_OK;
}

static bool settable(int quantity)
{
    if (quantity < OPT_EPS_0) return host_group(quantity, OPT_PARAM_0) >= 0 && host_group(quantity, OPT_PARAM_0) < (int)EP_G_THETA;
    if (quantity < OPT_FEEDBACK) return quantity >= OPT_E_0;
    return quantity == OPT_FEEDBACK || quantity == OPT_V || quantity == OPT_A || quantity == OPT_Z || quantity == OPT_REFR ||
           quantity == OPT_Y || quantity == OPT_ZBAR || quantity == OPT_Z_PAST;
}

static bool may_set(const host *h, int quantity, size_t k, int32_t v)
{
    unsigned q = host_format(h, quantity, k);
    size_t n = h->n_rec;
    int g = quantity < OPT_FEEDBACK ? quantity % 0x10 : -1;
    if (g == EP_G_WREC && k / n % n == k % n) return v == 0;
    if (quantity == OPT_Z || quantity == OPT_Z_PAST) return v == 0 || v == 1;
    if (quantity == OPT_REFR) return v >= 0 && v <= 65535;
    return fix_in_format(&h->profile, q, &v, 1);
}

ep_status host_set(opt_state *s, int quantity, const void *in, size_t n)
{
    host *h = host_of(s);
    const int32_t *from = in;
    size_t N = h->n_rec, d = (size_t)h->net.opt.delay;
    if (n != host_count(h, quantity)) return EP_DOMAIN;
    if (n && !settable(quantity)) return EP_NOTIMPL;
    for (size_t k = 0; k < n; k++) {
        bool same = quantity != OPT_FEEDBACK || h->cfg.rule != EP_EPROP1_GLOBAL || from[k] == from[0];
        if (!same || !may_set(h, quantity, k, from[k])) return EP_DOMAIN;
    }
    for (size_t k = 0; k < n; k++) {
        if (quantity == OPT_Z_PAST) {
            fix_state *c = h->core[k / N / d];
            *past_spike(c, k / N % d, k % N) = (uint8_t)from[k];
            if (k / N % d == 0) fix_store(&c->q[FIX_z], k % N, from[k]);
            continue;
        }
        spot at = spot_of(h, quantity, k);
        if (fix_set(h->core[at.b], (int)at.q, at.i, from[k]) != FIX_OK) return EP_DOMAIN;
    }
    return EP_OK;
}

/* ---- beside opt.h -------------------------------------------------------------------------------------- */

size_t opt_fixed_encode(const opt_state *s, int quantity, const double *from, int32_t *to, size_t n)
{
    const host *h = host_of_const(s);
    bool known = quantity == OPT_FIXED_X || host_count(h, quantity) > 0;
    size_t misfits = 0;
    for (size_t k = 0; known && k < n; k++) {
        unsigned q = host_format(h, quantity, k);
        double unit = host_unit(h, quantity, k);
        if (q < FIX_N_FORMAT) misfits += !host_round(&h->profile, q, from[k] / unit * ldexp(1, -h->profile.q[q].frac), &to[k]);
        else to[k] = from[k] > 0 ? (int32_t)fmin(nearbyint(from[k]), 65535) : 0;
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
    if (!host_round(&h->profile, FIX_N, eta, &rate) || !(kept >= 0 && kept <= one)) return EP_DOMAIN;
    keep = (int32_t)kept;
    for (int g = 0; g < 2; g++)
        for (size_t i = 0; i < fix_elements(h->core[0], (int)gradients[g]); i++)
            fix_store(&h->core[0]->q[gradients[g]], i, summed(h, gradients[g], i));
    h->core[0]->eta = rate;
    h->core[0]->keep = keep;
    fix_update(h->core[0]);
    for (size_t b = 1; b < (size_t)h->cfg.B; b++)
        for (int g = 0; g < 2; g++) fix_fill(&h->core[b]->q[gradients[g]], NULL);
    return EP_OK;
}
