/* The scalar engine: one table of functions in one number type.
 *
 * Included once by f32.c and once by f64.c; every function is static, so both live in one library.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_SCALAR_ENGINE_H
#define OPT_SCALAR_ENGINE_H

#include <stdio.h>

#include "access.h"

static state *inside(opt_state *s) { return (state *)(void *)s; }
static const state *inside_const(const opt_state *s) { return (const state *)(const void *)s; }

static ep_status supports(ep_model model, ep_rule rule, const ep_options *opt)
{
    bool windows = rule >= EP_TBPTT && rule <= EP_EPROP3_SG;
    (void)opt;
    return rule == EP_EPROP2 || (windows && model == EP_RATE) ? EP_NOTIMPL : EP_OK;
}

static void plan_model(state *s)
{
    bool old = s->net.opt.spike_from == EP_FROM_OLD_V && (s->net.model <= EP_LSNN);
    s->nh = (size_t)opt_hidden_count(s->net.model, &s->net.opt);
    s->nc = (size_t)ep_model_channels(s->net.model);
    s->v = s->net.model == EP_SYNAPTIC ? 1 : 0;
    s->a = s->net.model == EP_ALIF || s->net.model == EP_LSNN ? 1 : -1;
    s->decider = old ? (int)s->nh - 1 : s->v;
    s->n_ref = s->net.n_ref + (s->net.opt.ref_count == EP_REFR_N_PLUS_1 ? 1 : 0);
}

static void plan(const opt_config *cfg, state *s)
{
    *s = (state){.cfg = *cfg, .net = *cfg->net};
    s->cfg.net = NULL;
    s->n_in = (size_t)cfg->net->n_in;
    s->n_rec = (size_t)cfg->net->n_rec;
    s->n_out = (size_t)cfg->net->n_out;
    s->delay = (size_t)cfg->net->opt.delay;
    s->streams = opt_config_streams(cfg);
    s->longest = (size_t)(s->streams && cfg->window > cfg->T ? cfg->window : cfg->T);
    s->cap = s->longest + s->delay + 1;
    s->online = opt_rule_online(cfg->rule);
    s->symmetric = cfg->rule == EP_EPROP1_SYMMETRIC;
    s->n_slot = s->online || s->streams ? (size_t)cfg->B : 1;
    s->nb = (size_t)cfg->B;
    for (int g = 0; g < (int)EP_N_GROUP; g++) {
        s->first[g] = s->n_par;
        s->size[g] = ep_group_size(&s->net, (ep_group)g);
        s->n_par += s->size[g];
    }
    plan_model(s);
}

/* Bytes of a state and of the head that comes before its arrays. */
static size_t bytes_of(state *s, unsigned char *base)
{
    cursor c = {.base = base, .used = (sizeof *s + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN};
    carve(&c, s);
    return c.too_large ? 0 : c.used;
}

static size_t state_size(const opt_config *cfg)
{
    state s;
    opt_config bare = *cfg;
    ep_net net = *cfg->net;
    net.Win = net.Wrec = net.b = net.Wout = net.bout = net.B = NULL;
    for (int p = 0; p < EP_N_THETA; p++) net.theta[p] = NULL;
    bare.net = &net;
    if (opt_config_check(&bare, NULL, 0) != EP_OK) return 0;
    if (supports(net.model, cfg->rule, &net.opt) != EP_OK) return 0;
    plan(&bare, &s);
    return bytes_of(&s, NULL);
}

static void clear(real *v, size_t n)
{
    if (v) zero(v, n);
}

/* Before the first step, every step was one with this beta. */
static void fill_beta(state *s)
{
    for (size_t k = 0; s->a >= 0 && k < s->cap * s->n_rec; k++) s->beta[k] = theta(s, EP_BETA, k % s->n_rec);
}

static void reset(opt_state *handle, unsigned what)
{
    state *s = inside(handle);
    size_t B = (size_t)s->cfg.B, frames = B * s->cap, n = s->n_rec, slots = s->n_slot, P = s->n_par;
    s->nb = B;
    s->one = 1;
    clear(s->silence, s->n_in);
    if (what & OPT_RESET_STATE) {
        s->t = 0;
        s->learnt = true;
        s->pending = false;
        s->window = 0;
        clear(s->I, frames * n * s->nc);
        clear(s->h, frames * n * s->nh);
        clear(s->z, frames * n);
        clear(s->q, frames * n * NQ);
        clear(s->refr, frames * n);
        fill_beta(s);
        clear(s->y, frames * s->n_out);
        clear(s->err, frames * s->n_out);
        clear(s->eps, slots * P * s->nh);
        clear(s->e, slots * P);
        clear(s->ebar, slots * P);
        clear(s->zbar, slots * (n + 1));
        clear(s->late, slots * ((size_t)s->net.opt.delay_L + 1) * n);
        clear(s->S, slots * n * P * s->nh);
        clear(s->zs, slots * (s->delay + 1) * n * P);
        clear(s->Y, slots * s->n_out * P);
    }
    if (what & OPT_RESET_GRAD) {
        s->T_all = 0;
        clear(s->acc, slots * P);
        clear(s->total, P);
        clear(s->R, slots * P);
        clear(s->Rs, slots * n * P);
        clear(s->zsum, B * n);
        clear(s->loss, B);
    }
}

/* Converts n numbers; false if one is out of range in this format. */
static bool load(const state *s, int g, const double *from, real *to, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        to[k] = from ? (real)from[k] : 0;
        if (g >= 0 ? !in_range(s, g, k, to[k]) : !isfinite(to[k])) return false;
    }
    return true;
}

static bool load_all(const opt_config *cfg, state *s)
{
    const ep_net *net = cfg->net;
    const double *from[EP_N_GROUP] = {net->Win, net->Wrec, net->b, net->Wout, net->bout};
    for (int p = 0; p < EP_N_THETA; p++) from[EP_G_THETA + p] = net->theta[p];
    for (int g = 0; g < (int)EP_N_GROUP; g++)
        if (!load(s, g, from[g], s->par + s->first[g], s->size[g])) return false;
    for (size_t k = 0; k < s->n_out; k++) /* no feedback matrix: Wout^T */
        for (size_t j = 0; j < s->n_rec; j++) {
            double b = net->B ? net->B[j * s->n_out + k] : net->Wout ? net->Wout[k * s->n_rec + j] : 0;
            if (!load(s, -1, &b, &s->fb[j * s->n_out + k], 1)) return false;
        }
    s->kappa = (real)net->kappa;
    s->v_th = (real)net->v_th;
    s->gamma = (real)net->gamma;
    s->b_forget = (real)net->b_forget;
    bool constants = s->kappa < 1 && isfinite(s->v_th) && isfinite(s->gamma) && isfinite(s->b_forget) &&
                     (!ep_model_spikes(net->model) || s->v_th > 0) && isfinite((real)cfg->c_reg) &&
                     isfinite((real)cfg->f_target) && isfinite((real)net->opt.g_in_value) &&
                     isfinite((real)net->opt.g_a_value) && isfinite((real)net->opt.g_out_value);
    if (!constants) return false;
    derive_gains(s);
    fill_beta(s);
    return true;
}

static ep_status init(const opt_config *cfg, void *mem, size_t bytes, opt_state **out)
{
    size_t need = state_size(cfg);
    ep_status st = opt_config_check(cfg, NULL, 0);
    if (st == EP_OK) st = supports(cfg->net->model, cfg->rule, &cfg->net->opt);
    if (st != EP_OK) return st;
    if (!need) return EP_NOMEM;
    if (!mem || (uintptr_t)mem % OPT_ALIGN || bytes < need) return EP_DOMAIN;
    state *s = mem;
    plan(cfg, s);
    (void)bytes_of(s, mem);
    reset((opt_state *)mem, OPT_RESET_ALL);
    if (!load_all(cfg, s)) return EP_DOMAIN;
    *out = (opt_state *)mem;
    return EP_OK;
}

static ep_status step(opt_state *handle, const void *x)
{
    state *s = inside(handle);
    if (!all_finite(x, s->nb * s->n_in)) return EP_DOMAIN;
    if (s->streams && s->eps) return EP_NOTIMPL; /* its traces move in backward */
    s->pending = false;
    s->window = 0;
    if (x) step_all(s, x, s->n_in);
    else step_all(s, s->silence, 0);
    return EP_OK;
}

static ep_status check_signal(const state *s, const opt_signal *sig)
{
    int kinds = (sig->err != NULL) + (sig->target != NULL) + (sig->L != NULL);
    size_t n = s->nb * s->n_out;
    if (kinds > 1 || (sig->weight && !sig->target)) return EP_DOMAIN;
    if (sig->L && s->cfg.rule == EP_RTRL) return EP_NOTIMPL;
    bool good = all_finite(sig->err, n) && all_finite(sig->target, n) && all_finite(sig->weight, s->nb) &&
                all_not_negative(sig->weight, s->nb) && all_finite(sig->L, s->nb * s->n_rec);
    if (s->cfg.loss == EP_CLASSIFICATION) good = good && all_not_negative(sig->target, n);
    return good ? EP_OK : EP_DOMAIN;
}

static ep_status learn(opt_state *handle, const opt_signal *sig)
{
    state *s = inside(handle);
    const opt_signal silent = {.err = NULL};
    if (!sig) sig = &silent;
    if (!s->online) return EP_NOTIMPL;
    if (s->learnt) return EP_DOMAIN;
    ep_status st = check_signal(s, sig);
    if (st != EP_OK) return st;
    const real *err = sig->err, *target = sig->target, *weight = sig->weight;
    for (size_t b = 0; b < s->nb; b++) {
        real *to = s->err + frame(s, b, s->t) * s->n_out;
        for (size_t k = 0; err && k < s->n_out; k++) to[k] = err[b * s->n_out + k];
        if (target) loss_step(s, b, s->t, target + b * s->n_out, weight ? weight[b] : 1);
    }
    learn_all(s, sig->L);
    return EP_OK;
}

static ep_status check_trials(const state *s, const opt_trials *tr, int longest)
{
    if (tr->T < 0 || tr->T > longest || tr->B < 0 || tr->B > s->cfg.B) return EP_DOMAIN;
    size_t steps = (size_t)tr->T * (size_t)tr->B;
    if (tr->bits) return EP_NOTIMPL;
    if (!all_finite(tr->x, steps * s->n_in) || !all_finite(tr->target, steps * s->n_out) ||
        !all_finite(tr->mask, steps) || !all_not_negative(tr->mask, steps) || !all_finite(tr->err, steps * s->n_out))
        return EP_DOMAIN;
    if (s->cfg.loss == EP_CLASSIFICATION && !all_not_negative(tr->target, steps * s->n_out)) return EP_DOMAIN;
    return EP_OK;
}

static ep_status check_gradient(const state *s)
{
    for (int g = 0; g < (int)EP_N_GROUP; g++)
        for (size_t k = 0; k < s->size[g]; k++)
            if (!isfinite(gradient_entry(s, g, k))) return EP_UNABLE;
    return EP_OK;
}

static ep_status forward(opt_state *handle, const opt_trials *tr)
{
    state *s = inside(handle);
    if (!s->streams) return EP_NOTIMPL;
    if (tr->T < 1) return EP_DOMAIN;
    ep_status st = check_trials(s, tr, s->cfg.window);
    if (st != EP_OK) return st;
    if ((s->pending && s->eps) || (s->t > 0 && (size_t)tr->B != s->nb)) return EP_DOMAIN;
    s->nb = (size_t)tr->B;
    forward_window(s, tr);
    s->window = (uint64_t)tr->T;
    s->pending = true;
    return EP_OK;
}

static ep_status backward(opt_state *handle, const opt_trials *tr)
{
    state *s = inside(handle);
    if (!s->streams) return EP_NOTIMPL;
    if (!s->pending || tr->T < 1 || (uint64_t)tr->T > s->t || (size_t)tr->B != s->nb) return EP_DOMAIN;
    ep_status st = check_trials(s, tr, s->cfg.window);
    if (st != EP_OK) return st;
    backward_window(s, tr);
    s->pending = false;
    return check_gradient(s);
}

static ep_status grad(opt_state *handle, const opt_trials *tr)
{
    state *s = inside(handle);
    ep_status st = check_trials(s, tr, s->cfg.T);
    if (st != EP_OK) return st;
    if (tr->delivered && s->cfg.window < 1) return EP_DOMAIN;
    reset(handle, OPT_RESET_ALL);
    s->nb = (size_t)tr->B;
    gradient_run(s, tr);
    s->pending = s->eps != NULL; /* traces are those of the last trial alone: reset before forward */
    return check_gradient(s);
}

static size_t count(const opt_state *s, int quantity) { return count_of(inside_const(s), quantity); }

static ep_status get(const opt_state *handle, int quantity, void *out, size_t n)
{
    const state *s = inside_const(handle);
    real *to = out;
    if (n != count_of(s, quantity)) return EP_DOMAIN;
    if (n && (quantity & OPT_ALL_BIT)) {
        get_all(s, quantity, to);
        return EP_OK;
    }
    for (size_t k = 0; k < n; k++) {
        const real *from = place_of(s, quantity, k);
        to[k] = from ? *from : computed(s, quantity, k);
    }
    return EP_OK;
}

static ep_status set(opt_state *handle, int quantity, const void *in, size_t n)
{
    state *s = inside(handle);
    const real *from = in;
    int g = group_of(quantity, OPT_PARAM_0);
    if (n != count_of(s, quantity)) return EP_DOMAIN;
    if ((quantity & OPT_ALL_BIT) || (n && !place_of(s, quantity, 0))) return EP_NOTIMPL;
    for (size_t k = 0; k < n; k++)
        if (g >= 0 ? !in_range(s, g, k, from[k]) : !isfinite(from[k])) return EP_DOMAIN;
    for (size_t k = 0; k < n; k++) *place_of(s, quantity, k) = from[k];
    if (g >= (int)EP_G_THETA) derive_gains(s);
    if (g == (int)EP_G_THETA + (int)EP_BETA && s->t == 0) fill_beta(s);
    return EP_OK;
}

static void describe(const opt_state *handle, char *buf, size_t n)
{
    const state *s = inside_const(handle);
    (void)snprintf(buf, n, "scalar %s, one thread, strict order, no contraction, rule %s",
                   sizeof(real) == sizeof(double) ? "binary64" : "binary32", ep_rule_name(s->cfg.rule));
}

#endif
