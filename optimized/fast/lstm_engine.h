/* The fast path for LSTM and rate units: one table of functions in one number type.
 *
 * Included once by lstm_f32.c and once by lstm_f64.c.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSTM_ENGINE_H
#define OPT_FAST_LSTM_ENGINE_H

#include <stdio.h>

#include "lstm_access.h"
#include "lstm_window.h"

static state *inside(opt_state *s) { return (state *)(void *)s; }
static const state *inside_const(const opt_state *s) { return (const state *)(const void *)s; }

static bool takes(const opt_config *cfg)
{
    return (cfg->net->model == EP_LSTM || cfg->net->model == EP_RATE) && cfg->rule != EP_RTRL;
}

static ep_status supports(ep_model model, ep_rule rule, const ep_options *opt)
{
    bool windows = rule >= EP_TBPTT && rule <= EP_EPROP3_SG;
    (void)opt;
    if (model != EP_LSTM && model != EP_RATE) return EP_NOTIMPL;
    return rule == EP_EPROP2 || rule == EP_RTRL || (windows && model == EP_RATE) ? EP_NOTIMPL : EP_OK;
}

static const kernels *kernels_chosen(void)
{
#if defined(__x86_64__)
    switch (fast_isa_chosen()) {
    case FAST_AVX512: return LSTM_NAME(fast_lstm_avx512)();
    case FAST_AVX2: return LSTM_NAME(fast_lstm_avx2)();
    default: break;
    }
#endif
    return LSTM_NAME(fast_lstm_base)();
}

static size_t padded(const state *s, size_t n) { return (n + s->k->panel - 1) / s->k->panel * s->k->panel; }
static size_t larger(size_t a, size_t b) { return a > b ? a : b; }
static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Steps that windows one by one keep: eprop3 moves its traces, which are large, once for several windows, whose records take
 * about as much memory. */
static size_t windows_kept(const state *s)
{
    size_t window = (size_t)s->cfg.window, most = smaller(KEPT, s->ldg);
    return s->e3 && window < most ? most / window * window : window;
}

static void plan_sizes(state *s)
{
    size_t B = (size_t)s->cfg.B, T = (size_t)s->cfg.T;
    s->nc = (size_t)ep_model_channels(s->net.model);
    s->cell = s->net.model == EP_LSTM ? 0 : 1;
    s->ne = s->cell == 0 ? 3 : 1;
    s->np = padded(s, s->n_rec);
    s->nu = s->n_rec + s->n_in + 1;
    s->ldg = padded(s, s->nu);
    s->ldu = s->ldg + LSTM_PAD / 2; /* not a power of two: rows of one column fall into different cache sets */
    s->ldq = s->nc * s->np;
    s->ldi = s->ldq + LSTM_PAD / 2;
    s->ldy = padded(s, s->n_out);
    s->cap = s->streams ? windows_kept(s) : !s->chunks ? larger(T, 1) : s->cfg.chunk > 0 ? (size_t)s->cfg.chunk : CHUNK;
    s->block = larger(1, smaller(s->cap, BLOCK_ROWS / larger(B, 1)));
    s->together = larger(s->cap, smaller(s->cap * B, BLOCK_ROWS));
    s->span = larger(larger(s->block * B, s->chunks || s->streams ? s->together : 1), B);
    s->threads = smaller(larger((size_t)s->cfg.threads, 1), FAST_MOST_THREADS);
}

static void plan(const opt_config *cfg, state *s)
{
    *s = (state){.cfg = *cfg, .net = *cfg->net, .k = kernels_chosen()};
    s->cfg.net = NULL;
    s->n_in = (size_t)cfg->net->n_in;
    s->n_rec = (size_t)cfg->net->n_rec;
    s->n_out = (size_t)cfg->net->n_out;
    s->d = (size_t)cfg->net->opt.delay;
    s->late = (size_t)cfg->net->opt.delay_L;
    s->eprop1 = opt_rule_online(cfg->rule);
    s->symmetric = cfg->rule == EP_EPROP1_SYMMETRIC;
    s->windows = cfg->rule >= EP_TBPTT && cfg->rule <= EP_EPROP3_SG;
    s->e3 = cfg->rule == EP_EPROP3 || cfg->rule == EP_EPROP3_SG;
    s->chunks = s->eprop1 && (cfg->chunk > 0 || cfg->T == 0);
    s->streams = s->windows && (cfg->T == 0 || cfg->chunk > 0) && !(cfg->c_reg > 0);
    s->nb = (size_t)cfg->B;
    for (int g = 0; g < (int)EP_N_GROUP; g++) {
        s->first[g] = s->n_par;
        s->size[g] = ep_group_size(&s->net, (ep_group)g);
        s->n_par += s->size[g];
    }
    plan_sizes(s);
}

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

/* Only what is read before it is written: slot 0, the z of steps before the first, and sums. */
static void clear_state(state *s)
{
    size_t B = (size_t)s->cfg.B;
    s->t = s->base = s->start = s->flushed = s->moved = 0;
    s->learnt = true;
    s->live = s->pending = s->ahead = false;
    zero(s->u, (s->d + 1) * B * s->ldu);
    zero(s->q, B * s->ldq);
    zero(s->h, B * s->np);
    zero(s->phi, B * s->np);
    zero(s->y, B * s->ldy);
    zero(s->err, B * s->ldy);
    if (s->zbar) zero(s->zbar, B * (s->np + LSTM_PAD));
    if (s->a_eps) zero(s->a_eps, B * s->np);
    if (s->a_ebar) zero(s->a_ebar, B * s->np);
    if (!s->chunks) return;
    zero(s->ring, (s->late + 1) * B * s->np);
}

static void clear_gradient(state *s)
{
    size_t B = (size_t)s->cfg.B, rows = s->nc * s->np;
    s->T_all = 0;
    zero(s->G, rows * s->ldg);
    zero(s->Gout, s->n_out * s->np);
    zero(s->gbout, s->ldy);
    zero(s->galpha, s->np);
    zero(s->zsum, B * s->np);
    zero(s->loss, B);
    zero(s->reg, s->np);
    if (!s->chunks) return;
    zero(s->a_R, B * s->np);
    if (s->R) zero(s->R, rows * s->ldg);
    zero(s->regs, s->np);
}

static void reset(opt_state *handle, unsigned what)
{
    state *s = inside(handle);
    fast_ftz was = fast_ftz_enter();
    if ((what & OPT_RESET_ALL) != OPT_RESET_ALL && (what & OPT_RESET_ALL)) settle(handle);
    s->nb = (size_t)s->cfg.B;
    if (what & OPT_RESET_STATE) clear_state(s);
    if (what & OPT_RESET_GRAD) clear_gradient(s);
    fast_ftz_leave(was);
}

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
    s->b_forget = (real)net->b_forget;
    s->g_out = net->opt.g_out == EP_GAIN_VALUE ? (real)net->opt.g_out_value
               : net->opt.g_out == EP_GAIN_COMPLEMENT ? 1 - s->kappa : 1;
    zero(s->alpha, s->np);
    for (size_t j = 0; j < s->np; j++) s->ones[j] = 1;
    return s->kappa < 1 && isfinite(s->b_forget) && isfinite(s->g_out) && isfinite((real)cfg->c_reg) &&
           isfinite((real)cfg->f_target);
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
    s->stale = s->alpha_set = true;
    reset((opt_state *)mem, OPT_RESET_ALL);
    if (!load_all(cfg, s)) return EP_DOMAIN;
    *out = (opt_state *)mem;
    return EP_OK;
}

static bool finite_or_null(const state *s, const void *v, size_t n) { return !v || s->k->finite(n, v); }

static ep_status step(opt_state *handle, const void *x)
{
    state *s = inside(handle);
    if (!finite_or_null(s, x, s->nb * s->n_in)) return EP_DOMAIN;
    if (s->streams && s->e3) return EP_NOTIMPL; /* its traces move in backward */
    s->pending = s->ahead = false;
    fast_ftz was = fast_ftz_enter();
    online_step(s, x, s->n_in);
    fast_ftz_leave(was);
    return EP_OK;
}

static ep_status check_signal(const state *s, const opt_signal *sig)
{
    int kinds = (sig->err != NULL) + (sig->target != NULL) + (sig->L != NULL);
    size_t n = s->nb * s->n_out;
    if (kinds > 1 || (sig->weight && !sig->target)) return EP_DOMAIN;
    bool good = finite_or_null(s, sig->err, n) && finite_or_null(s, sig->target, n) &&
                all_finite(sig->weight, s->nb) && all_not_negative(sig->weight, s->nb) &&
                finite_or_null(s, sig->L, s->nb * s->n_rec);
    if (s->cfg.loss == EP_CLASSIFICATION) good = good && all_not_negative(sig->target, n);
    return good ? EP_OK : EP_DOMAIN;
}

static ep_status learn(opt_state *handle, const opt_signal *sig)
{
    state *s = inside(handle);
    const opt_signal silent = {.err = NULL};
    if (!sig) sig = &silent;
    if (!s->chunks) return EP_NOTIMPL;
    if (s->learnt) return EP_DOMAIN;
    ep_status st = check_signal(s, sig);
    if (st != EP_OK) return st;
    const real *err = sig->err, *target = sig->target, *weight = sig->weight;
    fast_ftz was = fast_ftz_enter();
    for (size_t b = 0; b < s->nb; b++) {
        if (err) memcpy(row(s, s->err, s->t, b, s->ldy), err + b * s->n_out, s->n_out * sizeof *err);
        if (target) loss_row(s, s->t, b, target + b * s->n_out, weight ? weight[b] : 1);
    }
    online_learn(s, sig->L);
    fast_ftz_leave(was);
    return EP_OK;
}

/* Whole trials window by window: a window's seeds are given, so it does not wait for later ones. */
static void grad_by_windows(state *s, const opt_trials *tr)
{
    uint64_t T = (uint64_t)tr->T, length = (uint64_t)s->cfg.window;
    for (uint64_t from = 0; from < T; from += length) {
        window_forward(s, tr, 0, from + length < T ? length : T - from);
        if (tr->part == OPT_FORWARD) s->flushed = s->moved = s->t; /* nothing to learn */
        if (tr->part != OPT_FORWARD) window_backward(s, tr, 0, from + length >= T, (long)(from / length) - 1);
    }
}

/* Whole trials step by step, by chunks. */
static void grad_by_chunks(state *s, const opt_trials *tr)
{
    size_t T = (size_t)tr->T;
    const real *x = tr->x;
    for (size_t t = 1; t <= T; t++) {
        online_step(s, x && s->n_in ? x + (t - 1) * s->n_in : NULL, T * s->n_in);
        for (size_t b = 0; b < s->nb; b++) loss_of_trials(s, tr, t - 1, t, b);
        if (tr->part != OPT_FORWARD) online_learn(s, NULL);
    }
    settle((const opt_state *)(const void *)s);
}

/* The losses' errors alone, of states that are recorded. */
static void losses_again(state *s, const opt_trials *tr)
{
    zero(s->loss, s->nb);
    for (size_t b = 0; b < s->nb; b++)
        for (uint64_t t = 1; t <= s->t; t++) {
            zero(row(s, s->err, t, b, s->ldy), s->ldy);
            loss_of_trials(s, tr, (size_t)t - 1, t, b);
        }
}

static void grad_by_scan(state *s, const opt_trials *tr)
{
    job w = {.s = s, .tr = tr, .T = (uint64_t)tr->T, .parts = s->threads};
    pack_weights(s);
    take_alpha(s);
    if (s->ahead) losses_again(s, tr);
    else fast_parallel(forward_part, &w, w.parts, s->threads);
    s->t = s->T_all = w.T;
    s->learnt = true;
    for (size_t j = 0; s->cfg.c_reg > 0 && j < s->n_rec; j++) s->reg[j] = reg_signal(s, j);
    if (tr->part != OPT_FORWARD) backward_run(&w);
}

static bool gradient_finite(const state *s)
{
    size_t rows = s->nc * s->np;
    bool good = s->k->finite(rows * s->ldg, s->G) && s->k->finite(s->n_rec, s->galpha);
    for (size_t k = 0; good && k < s->size[EP_G_WOUT]; k++) good = isfinite(gradient_entry(s, EP_G_WOUT, k));
    for (size_t k = 0; good && k < s->size[EP_G_BOUT]; k++) good = isfinite(gradient_entry(s, EP_G_BOUT, k));
    for (int g = 0; s->R && good && g < (int)EP_N_GROUP; g++)
        for (size_t k = 0; k < s->size[g]; k++) good = good && isfinite(gradient_entry(s, g, k));
    return good;
}

static ep_status check_trials(const state *s, const opt_trials *tr, int longest)
{
    if (tr->T < 0 || tr->T > longest || tr->B < 0 || tr->B > s->cfg.B) return EP_DOMAIN;
    size_t steps = (size_t)tr->T * (size_t)tr->B;
    if (tr->bits) return EP_NOTIMPL;
    if (!finite_or_null(s, tr->x, steps * s->n_in) || !finite_or_null(s, tr->target, steps * s->n_out) ||
        !finite_or_null(s, tr->mask, steps) || !all_not_negative(tr->mask, steps) ||
        !finite_or_null(s, tr->err, steps * s->n_out))
        return EP_DOMAIN;
    if (s->cfg.loss == EP_CLASSIFICATION && !all_not_negative(tr->target, steps * s->n_out)) return EP_DOMAIN;
    return EP_OK;
}

static ep_status forward(opt_state *handle, const opt_trials *tr)
{
    state *s = inside(handle);
    if (!s->streams) return EP_NOTIMPL;
    if (tr->T < 1) return EP_DOMAIN;
    ep_status st = check_trials(s, tr, s->cfg.window);
    if (st != EP_OK) return st;
    if ((s->pending && s->e3) || (s->t > 0 && (size_t)tr->B != s->nb)) return EP_DOMAIN;
    fast_ftz was = fast_ftz_enter();
    s->nb = (size_t)tr->B;
    for (size_t b = 0; b < s->nb; b++) s->norm[b] = 1;
    window_forward(s, tr, s->t, (uint64_t)tr->T);
    s->pending = true;
    fast_ftz_leave(was);
    return EP_OK;
}

static ep_status backward(opt_state *handle, const opt_trials *tr)
{
    state *s = inside(handle);
    if (!s->streams) return EP_NOTIMPL;
    if (!s->pending || (uint64_t)tr->T != s->t - s->start || (size_t)tr->B != s->nb) return EP_DOMAIN;
    ep_status st = check_trials(s, tr, s->cfg.window);
    if (st != EP_OK) return st;
    fast_ftz was = fast_ftz_enter();
    for (size_t n = 0; tr->err && n < (size_t)tr->T; n++)
        for (size_t b = 0; b < s->nb; b++) loss_of_trials(s, tr, n, s->start + 1 + n, b);
    window_backward(s, tr, s->start, false, 0);
    s->pending = false;
    bool good = gradient_finite(s) && (!s->e3 || s->k->finite((size_t)tr->T * s->nb * s->np, row(s, s->sig, s->start + 1, 0, s->np)));
    fast_ftz_leave(was);
    return good ? EP_OK : EP_UNABLE;
}

static ep_status grad(opt_state *handle, const opt_trials *tr)
{
    state *s = inside(handle);
    ep_status st = check_trials(s, tr, s->cfg.T);
    if (st != EP_OK) return st;
    if (tr->delivered && s->cfg.window < 1) return EP_DOMAIN;
    bool scan = !s->streams && !s->chunks && s->cfg.T > 0, goes_on = s->ahead && tr->part == OPT_BACKWARD &&
                (uint64_t)tr->T == s->t && (size_t)tr->B == s->nb;
    if (!goes_on) reset(handle, OPT_RESET_ALL);
    fast_ftz was = fast_ftz_enter();
    s->nb = (size_t)tr->B;
    for (size_t b = 0; b < s->nb; b++) {
        const real *mask = tr->mask ? (const real *)tr->mask + b * (size_t)tr->T : NULL;
        s->norm[b] = loss_divisor(s->net.opt.loss_norm, s->nb, (size_t)tr->T, mask);
    }
    if (s->streams) grad_by_windows(s, tr);
    else if (s->chunks) grad_by_chunks(s, tr);
    else if (scan) grad_by_scan(s, tr);
    if (s->streams) settle(handle);
    s->ahead = scan && tr->part == OPT_FORWARD;
    s->pending = s->e3; /* loss_norm was applied: reset before forward */
    bool good = gradient_finite(s);
    fast_ftz_leave(was);
    return good ? EP_OK : EP_UNABLE;
}

static size_t count(const opt_state *s, int quantity) { return count_of(inside_const(s), quantity); }

static ep_status get(const opt_state *handle, int quantity, void *out, size_t n)
{
    const state *s = inside_const(handle);
    real *to = out;
    if (n != count_of(s, quantity)) return EP_DOMAIN;
    fast_ftz was = fast_ftz_enter();
    if (group_of(quantity, OPT_GRAD_0) >= 0) settle(handle);
    if (n && (quantity & OPT_ALL_BIT)) get_all(s, quantity & ~OPT_ALL_BIT, to);
    else
        for (size_t k = 0; k < n; k++) {
            const real *from = place_of(s, quantity, k);
            to[k] = from ? *from : computed(s, quantity, k);
        }
    fast_ftz_leave(was);
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
    fast_ftz was = fast_ftz_enter();
    if (s->streams) settle(handle); /* signals of before are made of what was in force then */
    fast_ftz_leave(was);
    for (size_t k = 0; k < n; k++) *place_of(s, quantity, k) = from[k];
    s->ahead = false;
    if (g >= 0 || quantity == OPT_FEEDBACK) s->stale = true;
    if (g == (int)EP_G_THETA + (int)EP_ALPHA) s->alpha_set = true;
    return EP_OK;
}

static void describe(const opt_state *handle, char *buf, size_t n)
{
    const state *s = inside_const(handle);
    char form[48] = "adjoints of whole trials";
    if (s->streams) (void)snprintf(form, sizeof form, "windows of %zu steps", s->cap);
    else if (s->chunks) (void)snprintf(form, sizeof form, "chunks of %zu steps", s->cap);
    else if (s->eprop1) (void)snprintf(form, sizeof form, "scan of whole trials");
    (void)snprintf(buf, n, "fast %s %s, %s, own packed products, %zu thread%s, fixed order of sums, %s, %s, rule %s",
                   ep_model_name(s->net.model), sizeof(real) == sizeof(double) ? "binary64" : "binary32", s->k->isa,
                   s->threads, s->threads == 1 ? "" : "s", fast_ftz_name(), form, ep_rule_name(s->cfg.rule));
}

#endif
