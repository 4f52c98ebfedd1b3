/* Runs the scalar engine on a case of the judge, and the reference on the same case in any arithmetic.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_SCALAR_PORT_H
#define VFY_SCALAR_PORT_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../optimized/opt.h"
#include "cases.h"
#include "test/run.h"

enum { PORT_N_VARIANT = 3, PORT_N_CASE = EP_N_MODEL * EP_N_PRESET * PORT_N_VARIANT };

/* n loops, scaled by the environment's multiplier, at least one of each model. */
static inline int port_loops(int n)
{
    int loops = test_first(n);
    return loops < EP_N_MODEL ? EP_N_MODEL : loops;
}

/* Case n: model x preset x variant; variants differ in delay, refractoriness, batch, loss (variant 1: classification),
 * loss_norm, reset path and lateness. False: none of the seeds tried is alive. */
static inline bool port_case(int n, vfy_case *k)
{
    int v = n / EP_N_MODEL / EP_N_PRESET;
    vfy_case_spec spec = {.model = (ep_model)(n % EP_N_MODEL), .preset = (ep_preset)(n / EP_N_MODEL % EP_N_PRESET),
                          .T = 30, .n_rec = 5, .delay = v == 1 ? 3 : 1, .n_ref = v == 1 ? 3 : v == 2 ? 2 : 0,
                          .B = v == 0 ? 1 : 2, .loss = v == 1 ? EP_CLASSIFICATION : EP_REGRESSION,
                          .reset_path = v == 2 ? EP_RESET_LOCAL : EP_RESET_TRANSMITTED};
    bool alive = false;
    for (spec.seed = 77; !alive && spec.seed < 82; spec.seed++) {
        alive = vfy_case_make(&spec, k) == EP_OK;
        if (!alive && spec.seed < 81) vfy_case_free(k);
    }
    k->net.opt.loss_norm = (ep_loss_norm)(n / 3 % 4);
    k->net.opt.delay_L = v == 1 ? 2 : 0;
    for (int t = 0; v == 1 && t < k->batch.T; t += 2) /* probabilities that do not sum to 1 */
        k->store[k->batch.target - k->store + t * k->net.n_out] *= 0.5;
    return alive;
}

/* n numbers in the engine's element type; NULL stays NULL. */
static inline void *port_numbers(const opt_engine *e, const double *from, size_t n)
{
    if (!from) return NULL;
    void *to = malloc(n * e->element + 1);
    ck_assert_ptr_nonnull(to);
    for (size_t i = 0; i < n; i++) {
        if (e->format == OPT_BINARY32) ((float *)to)[i] = (float)from[i];
        else ((double *)to)[i] = from[i];
    }
    return to;
}

typedef struct port {
    const opt_engine *e;
    opt_state *s;
    void *mem, *x, *target, *mask;
    opt_trials tr;
    opt_config cfg;
} port;

static inline port port_open(const opt_engine *e, const vfy_case *k, ep_rule rule, int window)
{
    const ep_batch *bt = &k->batch;
    size_t steps = (size_t)bt->T * (size_t)bt->B;
    port p = {.e = e, .cfg = {.net = &k->net, .rule = rule, .loss = bt->loss, .c_reg = bt->c_reg,
                              .f_target = bt->f_target, .B = bt->B, .T = bt->T, .window = window}};
    size_t need = e->state_size(&p.cfg);
    ck_assert_msg(need > 0, "%s: state_size 0", k->name);
    p.mem = aligned_alloc(OPT_ALIGN, (need + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN);
    ck_assert_int_eq(e->init(&p.cfg, p.mem, need, &p.s), EP_OK);
    p.x = port_numbers(e, bt->x, steps * (size_t)k->net.n_in);
    p.target = port_numbers(e, bt->target, steps * (size_t)k->net.n_out);
    p.mask = port_numbers(e, bt->mask, steps);
    p.tr = (opt_trials){.T = bt->T, .B = bt->B, .x = p.x, .target = p.target, .mask = p.mask};
    return p;
}

static inline void port_close(port *p)
{
    free(p->mem);
    free(p->x);
    free(p->target);
    free(p->mask);
}

/* A quantity as doubles; NULL if there is none. */
static inline double *port_get(const port *p, int quantity, size_t *n)
{
    *n = p->e->count(p->s, quantity);
    if (*n == 0) return NULL;
    double *out = malloc(*n * sizeof *out);
    ck_assert_ptr_nonnull(out);
    ck_assert_int_eq(p->e->get(p->s, quantity, out, *n), EP_OK); /* elements are at most as wide as doubles */
    for (size_t i = *n; p->e->format == OPT_BINARY32 && i-- > 0;) out[i] = (double)((float *)(void *)out)[i];
    return out;
}

/* The reference's record of a case. */
typedef struct truth {
    ref_ctx c;
    ref_net net;
    ref_run run;
} truth;

static inline void truth_open(const vfy_case *k, const ref_arith *ar, long prec, truth *r)
{
    ck_assert_int_eq(ref_ctx_init(&r->c, ar, prec), EP_OK);
    ck_assert_int_eq(ref_net_load(&r->c, &k->net, &r->net), EP_OK);
    ck_assert_int_eq(ref_run_batch(&r->c, &r->net, &k->batch, &r->run), EP_OK);
}

/* Did the port spike where the reference spiked? */
static inline bool port_same_spikes(const port *p, const truth *r)
{
    size_t n, N = (size_t)r->net.n_rec, T = (size_t)r->run.T;
    if (!ep_model_spikes(r->net.model)) return true;
    double *z = port_get(p, OPT_ALL(OPT_Z), &n);
    bool same = n == N * T * (size_t)r->run.B;
    for (size_t i = 0; same && i < n; i++) {
        const ref_num *want = ref_at2(r->run.tr[i / (N * T)].z, (int)N, (int)(i / N % T) + 1, (int)(i % N));
        same = z[i] == r->c.ar->to_d(want);
    }
    free(z);
    return same;
}

#endif
