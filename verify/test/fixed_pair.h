/* One random network twice: for the slow integer model and for the freestanding core.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_TEST_FIXED_PAIR_H
#define VFY_TEST_FIXED_PAIR_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../optimized/fixed/fix.h"
#include "fixed.h"

enum { MAX_IN = 4, MAX_REC = 6, MAX_OUT = 3, MAX_M = MAX_IN + MAX_REC + 1 };

typedef enum { PAIR_ANY, PAIR_SPIKING, PAIR_LSTM /* with weights up to 1/2: errors of larger ones grow step by step */ } pair_kind;

typedef struct pair {
    uint64_t seed, drawn;
    pair_kind kind;
    int most; /* inputs, neurons, outputs; 0: as many as there is room for */
    bool extreme; /* constants and inputs from the whole of their formats and its ends */
    fix_profile profile;
    fix_config c;
    ref_fixed_net net;
    int32_t rho[MAX_REC], beta[MAX_REC], W[4 * MAX_REC * MAX_M], WO[MAX_OUT * (MAX_REC + 1)], FB[MAX_REC * MAX_OUT];
    int64_t rho64[MAX_REC], beta64[MAX_REC], W64[4 * MAX_REC * MAX_M], WO64[MAX_OUT * (MAX_REC + 1)], FB64[MAX_REC * MAX_OUT];
    fix_state *core;
    ref_fixed *model;
    void *memory;
} pair;

static inline uint32_t pick(pair *p, uint32_t n) { return (uint32_t)(ep_rng_u64(p->seed, 1, p->drawn++) % n); }

/* In format q: a number in [low, high] / 16 if it can be held, or an extreme one. */
static inline int32_t number(pair *p, int q, int low, int high)
{
    const fix_format *f = &p->profile.q[q];
    int64_t end = q == FIX_D ? INT64_C(1) << f->frac : INT64_C(1) << (f->bits - 1), n;
    if (p->extreme) {
        uint64_t r = ep_rng_u64(p->seed, 2, p->drawn++);
        n = r % 4 == 0 ? end - 1 : r % 4 == 1 ? -end : (int64_t)(r >> 8) % end * (r % 4 == 2 ? 1 : -1);
    } else {
        int64_t one = INT64_C(1) << f->frac, span = (high - low) * one;
        n = (low * one + (int64_t)(ep_rng_u64(p->seed, 2, p->drawn++) % (uint64_t)(span + 1))) / 16;
    }
    if (low >= 0 && n < 0) n = -1 - n;
    if (q == FIX_V && n == 0) n = 1;
    return (int32_t)(n < -end ? -end : n >= end ? end - 1 : n);
}

static inline void widen(int64_t *to, const int32_t *from, int n)
{
    for (int k = 0; k < n; k++) to[k] = from[k];
}

static inline ref_profile as_ref(const fix_profile *f)
{
    ref_profile r = {.clip = f->clip};
    for (int q = 0; q < FIX_COUNT; q++) {
        const fix_format *a = &f->q[q];
        r.q[q] = (ref_format){a->bits, a->frac, (ref_rounding)a->rounding, (ref_overflow)a->overflow};
    }
    return r;
}

/* Roundings, overflows, widths and fractions at random around a profile's. */
static inline void pair_disturb(pair *p)
{
    for (int q = 0; q < FIX_COUNT; q++) {
        fix_format *f = &p->profile.q[q];
        if (f->bits == 0) *f = fix_q15.q[q];
        f->rounding = (uint8_t)pick(p, 4);
        f->overflow = (uint8_t)pick(p, 2);
        if (q > FIX_N && q != FIX_C && pick(p, 3) == 0) f->bits = (uint8_t)(f->bits / 2 + 1 + (int)pick(p, 4));
        int frac = f->frac + (int)pick(p, 7) - 3;
        if (pick(p, 3) == 0) f->frac = (uint8_t)(frac < 0 ? 0 : frac > 30 ? 30 : frac);
        if (f->bits > 32) f->bits = 32;
        if ((q == FIX_CN || q == FIX_ES) && pick(p, 2)) *f = (fix_format){3, 0, f->rounding, f->overflow}; /* sums that a short trial reaches */
        if (q == FIX_LD && pick(p, 3) == 0) *f = (fix_format){4, 5, f->rounding, f->overflow};
        if ((q == FIX_EX || q == FIX_GA || q == FIX_H) && pick(p, 2)) *f = (fix_format){32, 28, f->rounding, f->overflow}; /* all of the exponential */
        if ((q == FIX_EX || q == FIX_PR || q == FIX_GA || q == FIX_H) && f->frac + 2 > f->bits) f->frac = (uint8_t)(f->bits - 2);
    }
    p->profile.clip = (uint8_t)(pick(p, 3) ? 0 : 1 + pick(p, 3));
}

/* The model's question to ref_fixed_check: sizes, kind, profile. */
static inline ref_fixed_net as_kind(const fix_config *c)
{
    return (ref_fixed_net){.profile = as_ref(c->profile), .n_in = c->n_in, .n_rec = c->n_rec, .n_out = c->n_out, .delay = c->delay,
                           .n_ref = c->n_ref, .alif = c->alif, .lstm = c->lstm, .softmax = c->softmax, .feedback = (ref_feedback)c->feedback,
                           .c_reg = c->c_reg};
}

/* 1 to room, or to p's most. */
static inline int32_t size(pair *p, uint32_t room)
{
    return 1 + (int32_t)pick(p, p->most > 0 && (uint32_t)p->most < room ? (uint32_t)p->most : room);
}

/* Everything but the profile, which is set before. */
static inline void pair_network(pair *p)
{
    fix_config *c = &p->c;
    *c = (fix_config){.profile = &p->profile, .n_in = size(p, MAX_IN), .n_rec = size(p, MAX_REC),
                      .n_out = size(p, MAX_OUT), .delay = 1 + (int32_t)pick(p, 4), .n_ref = (int32_t)pick(p, 5),
                      .alif = pick(p, 3) != 0, .softmax = pick(p, 2), .feedback = (fix_feedback)pick(p, 4), .rho = p->rho, .beta = p->beta,
                      .W = p->W, .WO = p->WO, .FB = p->FB, .seed = ep_rng_u64(p->seed, 3, 0)};
    if (p->kind == PAIR_LSTM || (p->kind == PAIR_ANY && p->profile.q[FIX_GA].bits && pick(p, 3) == 0)) {
        c->lstm = true;
        c->alif = false;
        c->delay = 1;
        c->n_ref = 0;
        c->b_forget = number(p, FIX_I, 0, 16);
    }
    int n = c->n_rec, M = c->n_in + n + 1;
    c->alpha = number(p, FIX_D, 12, 15);
    c->kappa = number(p, FIX_D, 8, 15);
    c->keep = pick(p, 4) ? number(p, FIX_D, 15, 16) : INT32_C(1) << p->profile.q[FIX_D].frac;
    c->v_th = number(p, FIX_V, 8, 16);
    c->slope = number(p, FIX_S, 4, 20);
    c->eta = number(p, FIX_N, 0, 4);
    if (!c->lstm && pick(p, 2)) {
        c->c_reg = number(p, FIX_C, 0, 2);
        c->n_star = number(p, FIX_CN, 0, 64);
    }
    for (int j = 0; j < n; j++) {
        p->rho[j] = number(p, FIX_D, 14, 16);
        p->beta[j] = pick(p, 4) ? number(p, FIX_B, 0, 16) : 0;
    }
    for (int q = 0; q < (c->lstm ? 4 * n : n); q++)
        for (int i = 0; i < M; i++)
            p->W[q * M + i] = p->kind == PAIR_LSTM ? number(p, FIX_W, -8, 8)
                              : c->lstm ? number(p, FIX_W, -24, 24) : i == c->n_in + q ? 0 : number(p, FIX_W, -6, 14);
    for (int k = 0; k < c->n_out * (n + 1); k++) p->WO[k] = number(p, FIX_WO, -16, 16);
    for (int k = 0; k < n * c->n_out; k++) p->FB[k] = number(p, FIX_FB, -16, 16);
    widen(p->rho64, p->rho, MAX_REC);
    widen(p->beta64, p->beta, MAX_REC);
    widen(p->W64, p->W, 4 * MAX_REC * MAX_M);
    widen(p->WO64, p->WO, MAX_OUT * (MAX_REC + 1));
    widen(p->FB64, p->FB, MAX_REC * MAX_OUT);
    p->net = as_kind(c);
    p->net.alpha = c->alpha;
    p->net.kappa = c->kappa;
    p->net.keep = c->keep;
    p->net.v_th = c->v_th;
    p->net.slope = c->slope;
    p->net.eta = c->eta;
    p->net.n_star = c->n_star;
    p->net.b_forget = c->b_forget;
    p->net.rho = p->rho64;
    p->net.beta = p->beta64;
    p->net.W = p->W64;
    p->net.WO = p->WO64;
    p->net.FB = p->FB64;
    p->net.seed = c->seed;
}

/* aligned_alloc of exactly the size asked for, so that a sanitizer sees one byte beyond. */
static inline void pair_open(pair *p)
{
    size_t size = fix_state_size(&p->c);
    ck_assert_uint_gt(size, 0);
    p->memory = aligned_alloc(FIX_ALIGN, size);
    ck_assert_int_eq(fix_init(&p->core, &p->c, p->memory, size), FIX_OK);
    ck_assert_int_eq(ref_fixed_new(&p->model, &p->net), EP_OK);
}

static inline void pair_close(pair *p)
{
    ref_fixed_free(p->model);
    free(p->memory);
}

static inline void pair_input(pair *p, int32_t *x, int32_t *target)
{
    for (int i = 0; i < p->c.n_in; i++) x[i] = p->extreme || pick(p, 3) == 0 ? number(p, FIX_X, 16, 16) : 0;
    uint64_t one = UINT64_C(1) << p->profile.q[FIX_PR].frac;
    for (int k = 0; k < p->c.n_out; k++)
        target[k] = !p->c.softmax      ? number(p, FIX_Y, -16, 16)
                    : pick(p, 4) == 0 ? (int32_t)one
                                      : (int32_t)(ep_rng_u64(p->seed, 4, p->drawn++) % (one + 1));
}

static inline void pair_step(pair *p, const int32_t *x, const int32_t *target)
{
    int64_t x64[MAX_IN], y64[MAX_OUT];
    widen(x64, x, p->c.n_in);
    if (target) widen(y64, target, p->c.n_out);
    if (fix_step(p->core, x, target) != FIX_OK) ck_abort_msg("the core refuses a step");
    if (ref_fixed_step(p->model, x64, target ? y64 : NULL) != EP_OK) ck_abort_msg("the model refuses a step");
}

/* Check writes a line for every assertion that holds: the millions of comparisons are plain. */
static inline void pair_compare(const pair *p, const char *when, int t)
{
    for (int q = 0; q < FIX_COUNT; q++) {
        size_t n = fix_elements(p->core, q);
        if (n != ref_fixed_count(p->model, q)) ck_abort_msg("quantity %d: core keeps %zu, model %zu", q, n, ref_fixed_count(p->model, q));
        for (size_t i = 0; i < n; i++) {
            long core = (long)fix_get(p->core, q, i), model = (long)ref_fixed_get(p->model, q, i);
            if (core != model)
                ck_abort_msg("seed %llu, %s, step %d, quantity %d [%zu]: core %ld, model %ld", (unsigned long long)p->seed, when, t, q, i, core, model);
        }
        unsigned long long core = fix_events(p->core, q), model = ref_fixed_events(p->model, q);
        if (core != model)
            ck_abort_msg("seed %llu, %s, step %d, events of quantity %d: core %llu, model %llu", (unsigned long long)p->seed, when, t, q, core, model);
    }
    if (fix_digest(p->core) != ref_fixed_digest(p->model)) ck_abort_msg("seed %llu, %s, step %d: digests differ", (unsigned long long)p->seed, when, t);
}

#endif
