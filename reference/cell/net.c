/* Loading a network into an arithmetic.
 * SPDX-License-Identifier: MIT */
#include "cell.h"

const ref_cell *ref_cell_of(ep_model m)
{
    switch (m) {
    case EP_LIF:
    case EP_ALIF:
    case EP_LSNN: return ref_cell_spiking();
    case EP_LSTM: return ref_cell_lstm();
    case EP_RATE: return ref_cell_rate();
    case EP_SYNAPTIC: return ref_cell_synaptic();
    default: return NULL;
    }
}

/* n numbers from src. Symbolic: a free symbol for every non-zero entry, so that masks stay. */
static ref_num *load(ref_ctx *c, const double *src, size_t n)
{
    ref_num *v = ref_vec(c, n);
    for (size_t i = 0; v && src && i < n; i++) {
        if (c->ar->symbolic && src[i] != 0.0) ref_draw(c, &v[i]);
        else ref_set_d(c, &v[i], src[i]);
    }
    return v;
}

/* A gain per neuron (n numbers): 1, 1 - decay_j, or a value. Symbolic: free. */
static ref_num *load_gain(ref_ctx *c, ep_gain kind, double value, const ref_num *decay, size_t n)
{
    ref_num *g = ref_vec(c, n);
    for (size_t j = 0; g && j < n; j++) {
        if (c->ar->symbolic) ref_draw(c, &g[j]);
        else if (kind == EP_GAIN_VALUE) ref_set_d(c, &g[j], value);
        else if (kind == EP_GAIN_COMPLEMENT && decay) ref_sub(c, &g[j], &c->one, &decay[j]);
        else ref_set(c, &g[j], &c->one);
    }
    return g;
}

static ref_num *load_psi_scale(ref_ctx *c, const ep_net *src, const ref_num *v_th)
{
    ref_num *s = ref_vec(c, 1);
    if (!s || !v_th || c->ar->symbolic || !ep_model_spikes(src->model)) return s;
    ref_set_d(c, s, src->gamma);
    if (src->opt.psi_scale == EP_SCALE_GAMMA_VTH) ref_div(c, s, s, v_th);
    return s;
}

static void load_constants(ref_ctx *c, const ep_net *src, ref_net *out)
{
    size_t n = (size_t)out->n_rec;
    for (int p = 0; p < EP_N_THETA; p++)
        out->theta[p] = ep_model_has(src->model, (ep_theta)p) ? load(c, src->theta[p], n) : NULL;
    ref_num *in_decay = out->theta[src->model == EP_SYNAPTIC ? EP_ALPHA_S : EP_ALPHA];
    out->g_in = load_gain(c, src->opt.g_in, src->opt.g_in_value, in_decay, n);
    out->g_a = load_gain(c, src->opt.g_a, src->opt.g_a_value, out->theta[EP_RHO], n);
    out->kappa = load(c, &src->kappa, 1);
    out->g_out = load_gain(c, src->opt.g_out, src->opt.g_out_value, out->kappa, 1);
    out->v_th = load(c, &src->v_th, 1);
    out->b_forget = load(c, &src->b_forget, 1);
    out->psi_scale = load_psi_scale(c, src, out->v_th);
}

ep_status ref_net_load(ref_ctx *c, const ep_net *src, ref_net *out)
{
    const ref_cell *cell = ref_cell_of(src->model);
    if (!cell) return EP_DOMAIN;
    *out = (ref_net){.cell = cell, .model = src->model, .opt = src->opt,
                     .n_in = src->n_in, .n_rec = src->n_rec, .n_out = src->n_out};
    out->nh = cell->n_hidden(out);
    out->nc = ep_model_channels(src->model);
    out->nq = cell->n_q;
    out->n_ref = src->n_ref + (src->opt.ref_count == EP_REFR_N_PLUS_1 ? 1 : 0);
    out->Win = load(c, src->Win, ref_group_size(out, EP_G_WIN));
    out->Wrec = load(c, src->Wrec, ref_group_size(out, EP_G_WREC));
    out->b = load(c, src->b, ref_group_size(out, EP_G_BIAS));
    out->Wout = load(c, src->Wout, ref_group_size(out, EP_G_WOUT));
    out->bout = load(c, src->bout, ref_group_size(out, EP_G_BOUT));
    out->B = src->B ? load(c, src->B, ref_group_size(out, EP_G_WOUT)) : NULL;
    load_constants(c, src, out);
    return c->status;
}

size_t ref_group_size(const ref_net *net, ep_group g)
{
    size_t n = (size_t)net->n_rec, nc = (size_t)net->nc;
    switch (g) {
    case EP_G_WIN: return nc * n * (size_t)net->n_in;
    case EP_G_WREC: return nc * n * n;
    case EP_G_BIAS: return nc * n;
    case EP_G_WOUT: return (size_t)net->n_out * n;
    case EP_G_BOUT: return (size_t)net->n_out;
    default: return ep_model_has(net->model, (ep_theta)(g - EP_G_THETA)) ? n : 0;
    }
}
