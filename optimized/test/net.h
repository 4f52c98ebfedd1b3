/* Random networks for tests without an oracle, and typed access to an engine.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_TEST_NET_H
#define OPT_TEST_NET_H

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "opt.h"
#include "test/run.h"

typedef struct toy {
    ep_net net;
    double *store;
    size_t used, size;
    uint64_t seed, drawn;
} toy;

static inline double toy_uniform(toy *k, double lo, double hi)
{
    double u = ep_rng_uniform(k->seed, 5, k->drawn++);
    return nearbyint(ldexp(lo + (hi - lo) * u, 14)) * 0x1p-14;
}

/* n numbers in [lo, hi], multiples of 2^-14; n = 0 gives NULL. */
static inline double *toy_draw(toy *k, size_t n, double lo, double hi)
{
    double *p = k->store + k->used;
    ck_assert_uint_le(k->used + n, k->size);
    for (size_t i = 0; i < n; i++) p[i] = toy_uniform(k, lo, hi);
    k->used += n;
    return n ? p : NULL;
}

/* A network that fires now and then; every option as the preset says. */
static inline toy toy_make(ep_model m, ep_preset preset, int n_in, int n_rec, int n_out, uint64_t seed)
{
    size_t in = (size_t)n_in, n = (size_t)n_rec, out = (size_t)n_out, nc = (size_t)ep_model_channels(m);
    toy k = {.seed = seed, .size = 1 << 17};
    k.store = malloc(k.size * sizeof *k.store);
    ck_assert_ptr_nonnull(k.store);
    k.net = (ep_net){.model = m, .opt = ep_preset_options(preset), .n_in = n_in, .n_rec = n_rec, .n_out = n_out,
                     .kappa = 0.75, .v_th = 0.625, .gamma = 0.3125, .b_forget = m == EP_LSTM ? 0.5 : 0};
    double scale = k.net.opt.g_in == EP_GAIN_COMPLEMENT ? 6 : 1;
    k.net.Win = toy_draw(&k, nc * n * in, -0.4 * scale, 0.9 * scale);
    double *rec = toy_draw(&k, nc * n * n, -0.8 * scale, 0.8 * scale);
    for (size_t j = 0; ep_model_masks_diagonal(m) && j < n; j++) rec[j * n + j] = 0;
    k.net.Wrec = rec;
    k.net.b = toy_draw(&k, nc * n, -0.05 * scale, 0.1 * scale);
    k.net.Wout = toy_draw(&k, out * n, -0.7, 0.7);
    k.net.bout = toy_draw(&k, out, -0.1, 0.1);
    k.net.B = toy_draw(&k, out * n, -0.7, 0.7);
    for (int p = 0; p < EP_N_THETA; p++)
        if (ep_model_has(m, (ep_theta)p))
            k.net.theta[p] = toy_draw(&k, n, p == EP_BETA ? 0.1 : 0.75, p == EP_BETA ? 0.3 : 0.95);
    return k;
}

/* 0 or 1 with the probability of a one, for inputs. */
static inline double *toy_spikes(toy *k, size_t n, double rate)
{
    double *x = toy_draw(k, n, 0, 1);
    for (size_t i = 0; i < n; i++) x[i] = x[i] < rate ? 1 : 0;
    return x;
}

/* An engine at work. Arrays given as doubles are converted to its element type. */
typedef struct rig {
    const opt_engine *e;
    opt_state *s;
    void *mem;
    size_t bytes;
    opt_config cfg;
} rig;

static inline rig rig_open(const opt_engine *e, const opt_config *cfg)
{
    rig r = {.e = e, .cfg = *cfg, .bytes = e->state_size(cfg)};
    ck_assert_msg(r.bytes > 0, "state_size 0");
    r.mem = aligned_alloc(OPT_ALIGN, (r.bytes + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN);
    ck_assert_ptr_nonnull(r.mem);
    memset(r.mem, 0xff, r.bytes); /* NaN: nothing may be read before it is written */
    ck_assert_int_eq(e->init(cfg, r.mem, r.bytes, &r.s), EP_OK);
    return r;
}

static inline void rig_close(rig *r) { free(r->mem); }

static inline void *rig_in(const rig *r, const double *from, size_t n)
{
    if (!from) return NULL;
    void *to = malloc(n * r->e->element + 1);
    ck_assert_ptr_nonnull(to);
    for (size_t i = 0; i < n; i++) {
        if (r->e->format == OPT_BINARY32) ((float *)to)[i] = (float)from[i];
        else ((double *)to)[i] = from[i];
    }
    return to;
}

static inline double *rig_get(const rig *r, int quantity, size_t *n)
{
    *n = r->e->count(r->s, quantity);
    double *out = malloc((*n + 1) * sizeof *out);
    ck_assert_ptr_nonnull(out);
    ck_assert_int_eq(r->e->get(r->s, quantity, out, *n), EP_OK);
    for (size_t i = *n; r->e->format == OPT_BINARY32 && i-- > 0;) out[i] = (double)((float *)(void *)out)[i];
    return out;
}

static inline void rig_set(const rig *r, int quantity, const double *from, size_t n)
{
    void *v = rig_in(r, from, n);
    ck_assert_int_eq(r->e->set(r->s, quantity, v, n), EP_OK);
    free(v);
}

/* Trials by doubles. */
static inline ep_status rig_grad(const rig *r, int T, int B, const double *x, const double *target, const double *mask)
{
    size_t steps = (size_t)T * (size_t)B;
    void *xs = rig_in(r, x, steps * (size_t)r->cfg.net->n_in), *ts = rig_in(r, target, steps * (size_t)r->cfg.net->n_out);
    void *ms = rig_in(r, mask, steps);
    opt_trials tr = {.T = T, .B = B, .x = xs, .target = ts, .mask = ms};
    ep_status st = r->e->grad(r->s, &tr);
    free(xs);
    free(ts);
    free(ms);
    return st;
}

/* Row `t` of each trial of [B][T][n] as [B][n] in the engine's type. */
static inline void *rig_slice(const rig *r, const double *from, size_t B, size_t T, size_t n, size_t t)
{
    double *rows = malloc((B * n + 1) * sizeof *rows);
    ck_assert_ptr_nonnull(rows);
    for (size_t b = 0; b < B; b++) memcpy(rows + b * n, from + (b * T + t) * n, n * sizeof *rows);
    void *v = rig_in(r, rows, B * n);
    free(rows);
    return v;
}

#endif
