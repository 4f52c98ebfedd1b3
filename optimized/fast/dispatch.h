/* The dispatcher: a head that names the path, then the path's own state.
 *
 * Included once by f32.c and once by f64.c, which define n_paths, path_at and the scalar engine they end with.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_DISPATCH_H
#define OPT_FAST_DISPATCH_H

#include <stdio.h>
#include <string.h>

#include "fast.h"

static const fast_path *path_at(size_t n);    /* NULL behind the last */
static const opt_engine *last_resort(void);   /* takes what no path takes */

typedef struct head {
    const opt_engine *e;
    opt_state *s;
} head;

enum { HEAD_BYTES = (sizeof(head) + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN };

static const head *head_of(const opt_state *s) { return (const head *)(const void *)s; }

/* RTRL is for small networks and checks: not here. */
static ep_status supports(ep_model model, ep_rule rule, const ep_options *opt)
{
    return rule == EP_RTRL ? EP_NOTIMPL : last_resort()->supports(model, rule, opt);
}

/* The engine for a configuration that is in range. */
static const opt_engine *engine_for(const opt_config *cfg)
{
    for (size_t n = 0; path_at(n); n++)
        if (path_at(n)->takes(cfg)) return &path_at(n)->engine;
    return last_resort();
}

static size_t state_size(const opt_config *cfg)
{
    opt_config bare = *cfg;
    ep_net net = *cfg->net;
    net.Win = net.Wrec = net.b = net.Wout = net.bout = net.B = NULL;
    for (int p = 0; p < EP_N_THETA; p++) net.theta[p] = NULL;
    bare.net = &net;
    if (opt_config_check(&bare, NULL, 0) != EP_OK || supports(net.model, cfg->rule, &net.opt) != EP_OK) return 0;
    size_t n = engine_for(cfg)->state_size(cfg);
    return n && n < SIZE_MAX - HEAD_BYTES ? n + HEAD_BYTES : 0;
}

static ep_status init(const opt_config *cfg, void *mem, size_t bytes, opt_state **out)
{
    ep_status st = opt_config_check(cfg, NULL, 0);
    if (st == EP_OK) st = supports(cfg->net->model, cfg->rule, &cfg->net->opt);
    if (st != EP_OK) return st;
    if (!mem || (uintptr_t)mem % OPT_ALIGN || bytes < HEAD_BYTES) return EP_DOMAIN;
    head h = {.e = engine_for(cfg)};
    st = h.e->init(cfg, (unsigned char *)mem + HEAD_BYTES, bytes - HEAD_BYTES, &h.s);
    if (st != EP_OK) return st;
    memcpy(mem, &h, sizeof h);
    *out = (opt_state *)mem;
    return EP_OK;
}

static void reset(opt_state *s, unsigned what) { head_of(s)->e->reset(head_of(s)->s, what); }
static ep_status step(opt_state *s, const void *x) { return head_of(s)->e->step(head_of(s)->s, x); }
static ep_status learn(opt_state *s, const opt_signal *g) { return head_of(s)->e->learn(head_of(s)->s, g); }
static ep_status grad(opt_state *s, const opt_trials *tr) { return head_of(s)->e->grad(head_of(s)->s, tr); }

static ep_status forward(opt_state *s, const opt_trials *tr) { return head_of(s)->e->forward(head_of(s)->s, tr); }
static ep_status backward(opt_state *s, const opt_trials *tr) { return head_of(s)->e->backward(head_of(s)->s, tr); }
static size_t count(const opt_state *s, int quantity) { return head_of(s)->e->count(head_of(s)->s, quantity); }

static ep_status get(const opt_state *s, int quantity, void *out, size_t n)
{
    return head_of(s)->e->get(head_of(s)->s, quantity, out, n);
}

static ep_status set(opt_state *s, int quantity, const void *in, size_t n)
{
    return head_of(s)->e->set(head_of(s)->s, quantity, in, n);
}

/* What the scalar engine runs is said to be its own. */
static void describe(const opt_state *s, char *buf, size_t n)
{
    int used = head_of(s)->e == last_resort() ? snprintf(buf, n, "fast, by general path: ") : 0;
    if (used >= 0 && (size_t)used < n) head_of(s)->e->describe(head_of(s)->s, buf + used, n - (size_t)used);
}

#endif
