/* Named quantities: reading and writing.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "host.h"

size_t host_count_of(const opt_state *s, int quantity) { return host_count(host_of_const(s), quantity); }

int32_t host_summed(const host *h, unsigned q, size_t i)
{
    int64_t sum = 0, end = INT64_C(1) << (h->profile.q[q].bits - 1);
    double weighted = 0;
    for (size_t b = 0; b < (size_t)h->cfg.B; b++) {
        int32_t g = fix_get(h->core[b], (int)q, i);
        if (h->divisor[b] > h->least) weighted += g * (h->least / h->divisor[b]);
        else sum += g;
    }
    sum += (int64_t)nearbyint(weighted);
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
        return host_summed(h, g == EP_G_WOUT || g == EP_G_BOUT ? FIX_GO : FIX_G, place);
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
    return quantity == OPT_FEEDBACK || quantity == OPT_V || quantity == OPT_C || quantity == OPT_A || quantity == OPT_Z || quantity == OPT_REFR ||
           quantity == OPT_Y || quantity == OPT_ZBAR || quantity == OPT_Z_PAST;
}

static bool may_set(const host *h, int quantity, size_t k, int32_t v)
{
    unsigned q = host_format(h, quantity, k);
    size_t n = h->n_rec;
    int g = quantity < OPT_FEEDBACK ? quantity % 0x10 : -1;
    if (g == EP_G_WREC && !host_is_lstm(h) && k / n % n == k % n) return v == 0;
    if ((quantity == OPT_Z && !host_is_lstm(h)) || quantity == OPT_Z_PAST) return v == 0 || v == 1;
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
