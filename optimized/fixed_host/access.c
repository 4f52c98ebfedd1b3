/* Named quantities: where they lie, in which format, what a unit stands for.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "host.h"

int host_group(int quantity, int first)
{
    int g = quantity - first;
    return g >= 0 && g < (int)EP_N_GROUP ? g : -1;
}

size_t host_place(const host *h, ep_group g, size_t k, size_t *j)
{
    size_t n = h->n_rec, M = h->M;
    switch (g) {
    case EP_G_WIN: return *j = k / h->n_in, *j * M + k % h->n_in;
    case EP_G_WREC: return *j = k / n, *j * M + h->n_in + k % n;
    case EP_G_BIAS: return *j = k, k * M + M - 1;
    case EP_G_WOUT: return *j = k % n, k / n * (n + 1) + k % n;
    default: return *j = n, k * (n + 1) + n; /* bout */
    }
}

static bool by_neuron(ep_group g) { return g != EP_G_WOUT && g != EP_G_BOUT; }

/* The core's quantity behind a state quantity; FIX_COUNT: none. */
static int behind(int quantity)
{
    switch (quantity) {
    case OPT_V: return FIX_V;
    case OPT_C: return FIX_CC;
    case OPT_A: return FIX_A;
    case OPT_Z: return FIX_z;
    case OPT_PSI: return FIX_P;
    case OPT_REFR: return FIX_r;
    case OPT_I: return FIX_I;
    case OPT_Y: return FIX_Y;
    case OPT_ERR: return FIX_ER;
    case OPT_L: return FIX_L;
    case OPT_ZBAR: return FIX_ZB;
    default: return FIX_COUNT;
    }
}

size_t host_width(const host *h, int r)
{
    if (r == REC_Y || r == REC_ERR) return h->n_out;
    if (r != REC_Z && host_is_lstm(h)) return 0;
    return r == REC_A && h->net.model == EP_LIF ? 0 : h->n_rec;
}

static int recorded(int quantity)
{
    static const int slot[REC_COUNT] = {OPT_V, OPT_A, OPT_Z, OPT_PSI, OPT_I, OPT_Y, OPT_ERR};
    for (int r = 0; r < REC_COUNT; r++)
        if (slot[r] == quantity) return r;
    return -1;
}

/* Trace quantities: components a synapse, and the core's quantity of component c. */
static size_t components(const host *h, int quantity, int *g)
{
    bool alif = h->net.model != EP_LIF, lstm = host_is_lstm(h);
    size_t per = 1;
    if ((*g = host_group(quantity, OPT_EPS_0)) >= 0) per = lstm ? 0 : alif ? 2 : 1;
    else if ((*g = host_group(quantity, OPT_E_0)) >= 0) per = alif && !lstm ? 1 : 0;
    else *g = host_group(quantity, OPT_EBAR_0);
    return *g >= 0 && *g <= EP_G_BIAS ? per : 0;
}

static unsigned trace_quantity(int quantity, size_t component)
{
    if (host_group(quantity, OPT_EPS_0) >= 0) return component ? FIX_EA : FIX_EV;
    return host_group(quantity, OPT_E_0) >= 0 ? FIX_E : FIX_EB;
}

size_t host_count(const host *h, int quantity)
{
    int g;
    size_t B = (size_t)h->cfg.B, per = components(h, quantity, &g);
    if (quantity & OPT_ALL_BIT) {
        int r = recorded(quantity & ~OPT_ALL_BIT);
        return r >= 0 && h->T_all <= (uint64_t)h->cfg.T ? h->nb * (size_t)h->T_all * host_width(h, r) : 0;
    }
    if (per) return B * per * ep_group_size(&h->net, (ep_group)g);
    if ((g = host_group(quantity, OPT_PARAM_0)) >= 0) return ep_group_size(&h->net, (ep_group)g);
    if ((g = host_group(quantity, OPT_GRAD_0)) >= 0) return g < (int)EP_G_THETA ? ep_group_size(&h->net, (ep_group)g) : 0;
    if (quantity == OPT_FEEDBACK) return h->cfg.rule == EP_EPROP1_SYMMETRIC ? 0 : h->n_rec * h->n_out;
    if (host_is_lstm(h) && (quantity == OPT_Z_PAST || quantity == OPT_I)) return 0;
    if (quantity == OPT_Z_PAST) return B * (size_t)h->net.opt.delay * h->n_rec;
    return B * fix_elements(h->core[0], behind(quantity));
}

unsigned host_format(const host *h, int quantity, size_t k)
{
    int g;
    size_t per = components(h, quantity, &g);
    if (per) return trace_quantity(quantity, k % per);
    if ((g = host_group(quantity, OPT_PARAM_0)) >= 0)
        return g >= (int)EP_G_THETA ? (g == EP_G_THETA + EP_BETA ? FIX_B : FIX_D) : by_neuron((ep_group)g) ? FIX_W : FIX_WO;
    if ((g = host_group(quantity, OPT_GRAD_0)) >= 0) return by_neuron((ep_group)g) ? FIX_G : FIX_GO;
    if (quantity == OPT_FIXED_X) return FIX_X;
    if (quantity == OPT_FIXED_TARGET) return h->cfg.loss == EP_CLASSIFICATION ? FIX_PR : FIX_Y;
    if (quantity == OPT_FEEDBACK) return FIX_FB;
    return (unsigned)behind(quantity & ~OPT_ALL_BIT);
}

double host_unit(const host *h, int quantity, size_t k)
{
    int g;
    size_t j, per = components(h, quantity, &g);
    unsigned q = host_format(h, quantity, k);
    double unit = host_has_fraction(h, q) ? ldexp(1, -h->profile.q[q].frac) : 1;
    if (per) {
        (void)host_place(h, (ep_group)g, k / per % ep_group_size(&h->net, (ep_group)g), &j);
        return unit * h->g_in[j % h->n_rec] * (q == FIX_EA ? h->g_a[j % h->n_rec] : q == FIX_EV ? 1 / h->c : 1);
    }
    if ((g = host_group(quantity, OPT_PARAM_0)) >= 0) {
        if (g >= (int)EP_G_THETA) return g == EP_G_THETA + EP_BETA ? unit / (h->c * h->g_a[k]) : unit;
        (void)host_place(h, (ep_group)g, k, &j);
        return unit / (by_neuron((ep_group)g) ? h->g_in[j % h->n_rec] : h->g_out);
    }
    if ((g = host_group(quantity, OPT_GRAD_0)) >= 0) {
        (void)host_place(h, (ep_group)g, k, &j);
        return unit * (by_neuron((ep_group)g) ? h->g_in[j % h->n_rec] : h->g_out) / h->least;
    }
    switch (quantity & ~OPT_ALL_BIT) {
    case OPT_FEEDBACK: return unit / h->g_out;
    case OPT_ZBAR: return unit * h->g_out;
    case OPT_A: return unit * h->g_a[k % h->n_rec];
    case OPT_V:
    case OPT_I: return unit / h->c;
    case OPT_PSI: return unit * h->c;
    default: return unit;
    }
}
