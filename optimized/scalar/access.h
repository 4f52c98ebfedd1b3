/* Named quantities: count, get, set.
 *
 * SPDX-License-Identifier: MIT */
#ifndef OPT_SCALAR_ACCESS_H
#define OPT_SCALAR_ACCESS_H

#include <string.h>

#include "rules.h"

/* A quantity that lies in frames: `width` numbers a frame, entry k at base + frame stride + k step + first. */
typedef struct field {
    real *base;
    size_t stride, step, first, width;
} field;

static field hidden_field(const state *s, int component)
{
    if (component < 0) return (field){.base = NULL};
    return (field){s->h, s->n_rec * s->nh, s->nh, (size_t)component, s->n_rec};
}

static field activation_field(const state *s, int which)
{
    if (!ep_model_spikes(s->net.model)) return (field){.base = NULL};
    return (field){s->q, s->n_rec * NQ, NQ, (size_t)which, s->n_rec};
}

/* Base NULL: this state does not have it, or it does not lie in frames. */
static field field_of(const state *s, int quantity)
{
    bool lstm = s->net.model == EP_LSTM, synaptic = s->net.model == EP_SYNAPTIC;
    switch (quantity) {
    case OPT_V: return hidden_field(s, lstm ? -1 : s->v);
    case OPT_A: return hidden_field(s, s->a);
    case OPT_V_OLD: return hidden_field(s, s->decider != s->v ? s->decider : -1);
    case OPT_S: return hidden_field(s, synaptic ? 0 : -1);
    case OPT_C: return hidden_field(s, lstm ? 0 : -1);
    case OPT_Z: return (field){s->z, s->n_rec, 1, 0, s->n_rec};
    case OPT_PSI: return activation_field(s, PSI);
    case OPT_DZDA: return activation_field(s, DZDA);
    case OPT_PSI_FREE: return activation_field(s, PSI_FREE);
    case OPT_DZDA_FREE: return activation_field(s, DZDA_FREE);
    case OPT_Z_FREE: return activation_field(s, Z_FREE);
    case OPT_REFR: return (field){s->refr, s->n_rec, 1, 0, s->n_rec};
    case OPT_I: return (field){s->I, s->n_rec * s->nc, 1, 0, s->n_rec * s->nc};
    case OPT_GATES: return (field){lstm ? s->q : NULL, s->n_rec * NQ, 1, 0, lstm ? s->n_rec * NQ : 0};
    case OPT_Y: return (field){s->y, s->n_out, 1, 0, s->n_out};
    case OPT_ERR: return (field){s->err, s->n_out, 1, 0, s->n_out};
    default: return (field){.base = NULL};
    }
}

/* Group of OPT_x(g), given the quantity's class; -1 if it is not one. */
static int group_of(int quantity, int first)
{
    int g = quantity - first;
    return g >= 0 && g < (int)EP_N_GROUP ? g : -1;
}

/* The contiguous array behind a trace quantity: `per` numbers a parameter. */
static real *trace_array(const state *s, int quantity, int *g, size_t *per)
{
    *per = 1;
    if ((*g = group_of(quantity, OPT_EPS_0)) >= 0) {
        *per = s->nh;
        return s->eps;
    }
    if ((*g = group_of(quantity, OPT_E_0)) >= 0) return s->e;
    if ((*g = group_of(quantity, OPT_EBAR_0)) >= 0) return s->ebar;
    return NULL;
}

/* Last steps that OPT_ALL shows: those of a whole trial, or of a stream's window. */
static uint64_t recorded(const state *s)
{
    if (s->streams && s->cfg.T == 0) return s->window;
    return s->T_all <= (uint64_t)s->cfg.T && s->T_all == s->t ? s->T_all : 0;
}

static size_t count_of(const state *s, int quantity)
{
    int g;
    size_t per, n = s->n_rec, B = (size_t)s->cfg.B;
    if (quantity & OPT_ALL_BIT)
        return s->nb * (size_t)recorded(s) * field_of(s, quantity & ~OPT_ALL_BIT).width;
    if ((g = group_of(quantity, OPT_PARAM_0)) >= 0 || (g = group_of(quantity, OPT_GRAD_0)) >= 0) return s->size[g];
    if (trace_array(s, quantity, &g, &per))
        return s->online && g != EP_G_WOUT && g != EP_G_BOUT ? B * s->size[g] * per : 0;
    switch (quantity) {
    case OPT_FEEDBACK: return n * s->n_out;
    case OPT_Z_PAST: return B * s->delay * n;
    case OPT_FBAR: return n;
    case OPT_LOSS: return 1;
    case OPT_L: return s->late ? B * n : 0;
    case OPT_ZBAR: return s->zbar ? B * (n + 1) : 0;
    default: return B * field_of(s, quantity).width;
    }
}

/* Where number k of a state quantity lies; NULL: it is computed, not stored. */
static real *place_of(const state *s, int quantity, size_t k)
{
    int g;
    size_t per, n = s->n_rec;
    real *traces = trace_array(s, quantity, &g, &per);
    field f = field_of(s, quantity);
    if (traces) {
        size_t of_trial = s->size[g] * per, b = k / of_trial;
        return traces + (b * s->n_par + s->first[g]) * per + k % of_trial;
    }
    if (f.base) return f.base + frame(s, k / f.width, s->t) * f.stride + k % f.width * f.step + f.first;
    if ((g = group_of(quantity, OPT_PARAM_0)) >= 0) return s->par + s->first[g] + k;
    switch (quantity) {
    case OPT_FEEDBACK: return s->fb + k;
    case OPT_ZBAR: return s->zbar + k;
    case OPT_L: return late_signal(s, k / n, s->t, 0) + k % n;
    case OPT_Z_PAST: return s->z + frame_before(s, k / n / s->delay, s->t, k / n % s->delay) * n + k % n;
    default: return NULL;
    }
}

static void get_all(const state *s, int quantity, real *out)
{
    field f = field_of(s, quantity & ~OPT_ALL_BIT);
    for (size_t b = 0; b < s->nb; b++)
        for (uint64_t t = s->t - recorded(s) + 1; t <= s->t; t++)
            for (size_t k = 0; k < f.width; k++) *out++ = f.base[frame(s, b, t) * f.stride + k * f.step + f.first];
}

static real computed(const state *s, int quantity, size_t k)
{
    int g = group_of(quantity, OPT_GRAD_0);
    real E = 0;
    if (g >= 0) return gradient_entry(s, g, k);
    if (quantity == OPT_FBAR) return mean_rate(s, k);
    for (size_t b = 0; b < s->nb; b++) E += s->loss[b];
    return s->cfg.c_reg > 0 ? E + reg_loss(s) : E;
}

static void derive_gains(state *s)
{
    const ep_options *o = &s->net.opt;
    ep_theta decay = s->net.model == EP_SYNAPTIC ? EP_ALPHA_S : EP_ALPHA;
    for (size_t j = 0; j < s->n_rec; j++) {
        bool has_in = s->size[EP_G_THETA + decay] > 0, has_a = s->size[EP_G_THETA + EP_RHO] > 0;
        s->g_in[j] = o->g_in == EP_GAIN_VALUE ? (real)o->g_in_value
                     : o->g_in == EP_GAIN_COMPLEMENT && has_in ? 1 - theta(s, decay, j) : 1;
        s->g_a[j] = o->g_a == EP_GAIN_VALUE ? (real)o->g_a_value
                    : o->g_a == EP_GAIN_COMPLEMENT && has_a ? 1 - theta(s, EP_RHO, j) : 1;
    }
    s->g_out = o->g_out == EP_GAIN_VALUE ? (real)o->g_out_value : o->g_out == EP_GAIN_COMPLEMENT ? 1 - s->kappa : 1;
}

/* Is v allowed as entry k of a parameter group? */
static bool in_range(const state *s, int g, size_t k, real v)
{
    if (!isfinite(v)) return false;
    if (g == EP_G_WREC && ep_model_masks_diagonal(s->net.model) && k / s->n_rec == k % s->n_rec) return v == 0;
    return g < EP_G_THETA || g == (int)EP_G_THETA + (int)EP_BETA || (v >= 0 && v < 1);
}

#endif
