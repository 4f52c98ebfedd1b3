/* The fast LSNN path as an engine, in one number type. Included once by lsnn_f32.c and once by lsnn_f64.c.
 *
 * Takes LIF, ALIF, LSNN and synaptic, every rule but RTRL and e-prop 2, every option. Special kernels for what is common:
 * triangular psi of width v_th, spikes decided from the new v, reset by v_th (next or same step, transmitted or detached),
 * adaptation by z; rules bptt, tbptt without seeds, and e-prop 1 without delay_L. General kernels for all else, with the
 * gradients of theta, seeds, what windows deliver, and windows one by one; describe() says which.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSNN_H
#define OPT_FAST_LSNN_H

#include <stdio.h>

#include "lsnn_access.h"
#include "lsnn_online.h"
#include "lsnn_window.h"

static lsnn *inside(opt_state *s) { return (lsnn *)(void *)s; }
static const lsnn *inside_const(const opt_state *s) { return (const lsnn *)(const void *)s; }

static ep_status supports(ep_model model, ep_rule rule, const ep_options *opt)
{
    (void)opt;
    return (model <= EP_LSNN || model == EP_SYNAPTIC) && rule != EP_EPROP2 && rule != EP_RTRL ? EP_OK : EP_NOTIMPL;
}

static bool takes(const opt_config *cfg)
{
    ep_model m = cfg->net->model;
    lsnn s;
    if (supports(m, cfg->rule, &cfg->net->opt) != EP_OK) return false;
    plan(cfg, &s);
    return s.R <= UINT32_MAX / s.block; /* events are counted in 32 bits */
}

static size_t state_size(const opt_config *cfg)
{
    lsnn s;
    plan(cfg, &s);
    return bytes_of(&s, NULL);
}

static void clear_gradient(lsnn *s, bool counts)
{
    s->T_all = 0;
    s->reduced = false;
    memset(s->dW, 0, s->n_slot * s->rows * s->np * sizeof(real));
    memset(s->dWout, 0, s->n_slot * (s->n_rec + 1) * s->kp * sizeof(real));
    if (s->dR) memset(s->dR, 0, s->n_slot * s->rows * s->np * sizeof(real));
    memset(s->reg, 0, s->np * sizeof(real));
    if (counts) memset(s->spikes, 0, (size_t)s->cfg.B * s->n_rec * sizeof *s->spikes);
    memset(s->loss, 0, (size_t)s->cfg.B * sizeof(real));
}

static void reset(opt_state *handle, unsigned what)
{
    lsnn *s = inside(handle);
    fast_ftz was = fast_ftz_enter();
    close_open(s);
    s->nb = (size_t)s->cfg.B;
    if (what & OPT_RESET_STATE) {
        s->t = 0;
        s->fill = s->last = 0;
        s->has_L = s->pending = false;
        for (size_t b = 0; b < s->nb; b++) s->binary[b] = true;
        memset(s->y, 0, s->nb * s->block * s->kp * sizeof(real));
        memset(s->err, 0, s->nb * s->block * s->kp * sizeof(real));
        s->learnt = true;
        s->distinct_alpha = alpha_differs(s);
        for (size_t b = 0; b < s->nb; b++) clear_trial(s, b);
        for (size_t h = 0; s->traces && h < s->n_home; h++) clear_traces(s, h);
    }
    if (what & OPT_RESET_GRAD) clear_gradient(s, true);
    fast_ftz_leave(was);
}

static ep_status init(const opt_config *cfg, void *mem, size_t bytes, opt_state **out)
{
    static const lsnn_kernels *const tables[FAST_N_ISA] = {
        &LSNN_TABLE(base),
#if defined(__x86_64__)
        &LSNN_TABLE(avx2), &LSNN_TABLE(avx512),
#endif
    };
    size_t need = state_size(cfg);
    lsnn *s = mem;
    if (!need) return EP_NOMEM;
    if (!mem || (uintptr_t)mem % OPT_ALIGN || bytes < need) return EP_DOMAIN;
    memset(mem, 0, need);
    plan(cfg, s);
    (void)bytes_of(s, mem);
    s->self = s;
    s->isa = fast_isa_chosen();
    s->k = tables[s->isa];
    if (!load_all(cfg, s)) return EP_DOMAIN;
    reset((opt_state *)mem, OPT_RESET_ALL);
    *out = (opt_state *)mem;
    return EP_OK;
}

static bool finite_or_absent(const lsnn *s, const void *v, size_t n) { return !v || s->k->finite(v, n); }

/* No bit behind the last input. */
static bool bits_in_range(const lsnn *s, const uint64_t *bits, size_t steps)
{
    uint64_t beyond = s->n_in % 64 ? ~UINT64_C(0) << (s->n_in % 64) : 0, found = 0;
    for (size_t t = 1; t <= steps; t++) found |= bits[t * s->xw - 1] & beyond;
    return found == 0;
}

static ep_status check_trials(const lsnn *s, const opt_trials *tr, int longest)
{
    if (tr->T < 0 || tr->T > longest || tr->B < 0 || tr->B > s->cfg.B) return EP_DOMAIN;
    size_t steps = (size_t)tr->T * (size_t)tr->B;
    bool good = finite_or_absent(s, tr->target, steps * s->n_out) && finite_or_absent(s, tr->mask, steps) &&
                not_negative(tr->mask, steps) && finite_or_absent(s, tr->err, steps * s->n_out);
    if (s->cfg.loss == EP_CLASSIFICATION) good = good && not_negative(tr->target, steps * s->n_out);
    if (!good) return EP_DOMAIN;
    if (tr->bits && count_of(s, OPT_X_WORDS) == 0) return EP_NOTIMPL;
    if (tr->bits && (tr->x || !bits_in_range(s, tr->bits, steps))) return EP_DOMAIN;
    if (tr->delivered && s->cfg.window < 1) return EP_DOMAIN;
    return (tr->seeds || tr->delivered) && !s->general && s->bptt ? EP_NOTIMPL : EP_OK;
}

static ep_status grad(opt_state *handle, const opt_trials *tr)
{
    lsnn *s = inside(handle);
    fast_ftz was = fast_ftz_enter();
    ep_status st = check_trials(s, tr, s->cfg.T);
    if (st == EP_OK) {
        s->fill = 0; /* nothing of an open chunk is wanted */
        clear_gradient(s, tr->part != OPT_BACKWARD || !s->keep_all || s->forgets || s->chunked);
        s->nb = (size_t)tr->B;
        st = run_trials(s, tr);
        s->pending = s->streams && s->traces; /* traces are cleared trial by trial: reset before forward */
    }
    fast_ftz_leave(was);
    return st;
}

static ep_status step(opt_state *handle, const void *x)
{
    lsnn *s = inside(handle);
    fast_ftz was = fast_ftz_enter();
    ep_status st = finite_or_absent(s, x, s->nb * s->n_in) ? EP_OK : EP_DOMAIN;
    if (st == EP_OK && (s->lean || (s->streams && s->traces))) st = EP_NOTIMPL; /* traces move in grad alone, or in backward */
    if (st == EP_OK) step_all(s, x);
    fast_ftz_leave(was);
    return st;
}

static ep_status learn(opt_state *handle, const opt_signal *sig)
{
    lsnn *s = inside(handle);
    const opt_signal silent = {.err = NULL};
    if (!s->chunked || s->lean) return EP_NOTIMPL;
    if (s->learnt) return EP_DOMAIN;
    fast_ftz was = fast_ftz_enter();
    ep_status st = check_signal(s, sig ? sig : &silent);
    if (st == EP_OK) learn_all(s, sig ? sig : &silent);
    fast_ftz_leave(was);
    return st;
}

static ep_status forward(opt_state *handle, const opt_trials *tr)
{
    lsnn *s = inside(handle);
    if (!s->streams) return EP_NOTIMPL;
    fast_ftz was = fast_ftz_enter();
    ep_status st = tr->T < 1 ? EP_DOMAIN : check_trials(s, tr, s->cfg.window);
    bool good = st == EP_OK && finite_or_absent(s, tr->x, (size_t)tr->T * (size_t)tr->B * s->n_in) &&
                !(s->pending && s->traces) && (s->t == 0 || (size_t)tr->B == s->nb);
    if (good) window_forward(s, tr);
    fast_ftz_leave(was);
    return good ? EP_OK : EP_DOMAIN;
}

static ep_status backward(opt_state *handle, const opt_trials *tr)
{
    lsnn *s = inside(handle);
    if (!s->streams) return EP_NOTIMPL;
    if (!s->pending || tr->T < 1 || (size_t)tr->T != s->fill || (size_t)tr->B != s->nb) return EP_DOMAIN;
    fast_ftz was = fast_ftz_enter();
    ep_status st = check_trials(s, tr, s->cfg.window);
    if (st == EP_OK) st = window_backward(s, tr);
    fast_ftz_leave(was);
    return st;
}

static size_t count(const opt_state *s, int quantity) { return count_of(inside_const(s), quantity); }

static ep_status get(const opt_state *handle, int quantity, void *out, size_t n)
{
    const lsnn *s = inside_const(handle);
    real *to = out;
    if (n != count_of(s, quantity)) return EP_DOMAIN;
    if (quantity == OPT_X_WORDS && n) return EP_NOTIMPL;
    int g = group_of(quantity, OPT_GRAD_0);
    if (g >= 0) {
        fast_ftz was = fast_ftz_enter();
        close_open(s->self);
        fast_ftz_leave(was);
    }
    if (n && (quantity & OPT_ALL_BIT)) get_all(s, quantity & ~OPT_ALL_BIT, to);
    else if (g >= 0 && n) get_gradient(s, g, to);
    else
        for (size_t k = 0; k < n; k++) to[k] = number_of(s, quantity, k);
    return EP_OK;
}

static ep_status set(opt_state *handle, int quantity, const void *in, size_t n)
{
    lsnn *s = inside(handle);
    const real *from = in;
    int g = group_of(quantity, OPT_PARAM_0);
    if (n != count_of(s, quantity)) return EP_DOMAIN;
    if ((quantity & OPT_ALL_BIT) || (n && !place_of(s, quantity, 0))) return EP_NOTIMPL;
    bool plain = g >= 0 && g < (int)EP_G_THETA; /* any finite numbers, but for Wrec's diagonal */
    if (plain && !s->k->finite(from, n)) return EP_DOMAIN;
    for (size_t k = 0; g == EP_G_WREC && k < n; k += s->n_rec + 1)
        if (!in_range(s, g, k, from[k])) return EP_DOMAIN;
    for (size_t k = 0; !plain && k < n; k++)
        if (g >= 0 ? !in_range(s, g, k, from[k]) : !isfinite(from[k])) return EP_DOMAIN;
    fast_ftz was = fast_ftz_enter();
    if (g >= 0 || quantity == OPT_FEEDBACK) close_open(s);
    fast_ftz_leave(was);
    matrix m = matrix_of(s, s->W, s->Wout, g);
    if (g >= 0 && n) matrix_set(&m, from);
    for (size_t k = 0; g < 0 && k < n; k++) *place_of(s, quantity, k) = from[k];
    bool derived_from = (g >= 0 && g != EP_G_WIN && g != EP_G_BIAS && g != EP_G_BOUT) || quantity == OPT_FEEDBACK;
    if (g == (int)EP_G_THETA + (int)EP_ALPHA || g == (int)EP_G_THETA + (int)EP_RHO) carry_over(s);
    if (derived_from) derive(s);
    return EP_OK;
}

static void describe(const opt_state *handle, char *buf, size_t n)
{
    const lsnn *s = inside_const(handle);
    char form[48] = "whole-trial scan";
    if (s->streams) (void)snprintf(form, sizeof form, "windows of %zu steps", s->block);
    else if (s->chunked) (void)snprintf(form, sizeof form, "chunks of %zu steps%s", s->block, s->lean ? ", grad only" : "");
    else if (s->bptt) (void)snprintf(form, sizeof form, "bptt scan");
    (void)snprintf(buf, n, "fast lsnn%s %s, %s, %zu threads, sums over %zu slots of trials, %s, %s, rule %s",
                   s->general ? ", general kernels," : "", sizeof(real) == sizeof(double) ? "binary64" : "binary32", s->k->name, s->n_lane,
                   slots_for(s->nb), form,
                   fast_ftz_name(), ep_rule_name(s->cfg.rule));
}

#endif
