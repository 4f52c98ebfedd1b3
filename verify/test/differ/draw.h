/* draw.h: case number `number` of a seed: a random network, its trials, a rule. Every number is a function of (seed, number, what it
 * is), so that a smaller case keeps the numbers that it still has.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_DIFFER_DRAW_H
#define VFY_DIFFER_DRAW_H

#include "eprop.h"

/* Extremes that a case may have, none to three at once. */
enum {
    DRAW_BETA_0, DRAW_RHO_NEAR_1, DRAW_DECAYS_0, DRAW_ALPHA_NEAR_1, DRAW_KAPPA_NEAR_1, DRAW_GAMMA_TINY, DRAW_SILENT, DRAW_FIRING,
    DRAW_ONE_STEP, DRAW_ONE_NEURON, DRAW_HUGE_WEIGHTS, DRAW_HUGE_READOUT, DRAW_SUBNORMAL, DRAW_TINY_THRESHOLD, DRAW_LONG_DELAY,
    DRAW_LONG_REFRACTORY, DRAW_ARRAYS_ABSENT, DRAW_MASK_0, DRAW_ALPHA_SHARED, DRAW_BETA_NEGATIVE, DRAW_HUGE_INPUT, DRAW_NO_INPUT,
    DRAW_SUBNORMAL_THRESHOLD, DRAW_NEXT_TO_OVERFLOW, DRAW_N
};
extern const char *const draw_names[DRAW_N];

enum { DRAW_IN, DRAW_REC, DRAW_OUT, DRAW_STEPS, DRAW_TRIALS, DRAW_N_SIZE, DRAW_MOST = 128 };

typedef struct draw_case {
    uint64_t seed, number;
    int size[DRAW_N_SIZE]; /* in, rec, out, T, B */
    unsigned traits;       /* bits of the extremes */
    ep_net net;
    ep_batch batch;
    ep_rule rule;
    int window, chunk, threads;
    double *store;
    size_t used;
} draw_case;

/* size: at most so many of each; 0 = as drawn. EP_NOMEM. */
EP_MUST_USE ep_status draw_make(uint64_t seed, uint64_t number, const int size[DRAW_N_SIZE], draw_case *out);
void draw_free(draw_case *k);
/* One line, at least 512 bytes. */
void draw_describe(const draw_case *k, char *buf, size_t n);

#endif
