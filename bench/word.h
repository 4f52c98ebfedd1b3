/* word.h: how many bits does e-prop need: a small pattern-generation network in integers of any word length and in binary64.
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_WORD_H
#define BENCH_WORD_H

#include "fixed/fix.h"

enum { WORD_IN = 12, WORD_REC = 24, WORD_M = WORD_IN + WORD_REC + 1, WORD_T = 100, WORD_WO = WORD_REC + 1 };

/* What is shortened; everything else stays wide. */
typedef enum { WORD_WEIGHTS, WORD_TRACES, WORD_MEMBRANE, WORD_N_GROUP } word_group;
extern const char *const word_group_name[WORD_N_GROUP];

/* A task: numbers before any quantisation. Frozen Poisson input, the target a sum of sinusoids, half of the neurons ALIF. */
typedef struct word_task {
    double alpha, kappa, rho, v_th, gamma;
    double beta[WORD_REC], W[WORD_REC][WORD_M], WO[WORD_WO], FB[WORD_REC], target[WORD_T];
    unsigned char x[WORD_T][WORD_IN];
    int n_ref;
} word_task;

/* What one trial in integers leaves. */
typedef struct word_trial {
    unsigned char z[WORD_T][WORD_REC];
    double G[WORD_REC][WORD_M], nmse; /* nmse: sum (y - y*)^2 / sum y*^2 */
    uint64_t events, values;          /* of the group: numbers that left their range, numbers written */
    int spikes;
} word_trial;

/* The same network in integers of one profile, in memory of its own. */
typedef struct word_core {
    fix_profile profile;
    fix_config c;
    int32_t rho[WORD_REC], beta[WORD_REC], W[WORD_REC * WORD_M], WO[WORD_WO], FB[WORD_REC], x[WORD_T][WORD_IN], target[WORD_T];
    word_group group;
    int clipped; /* initial numbers outside their formats */
    fix_state *s;
    void *mem;
} word_core;

void word_task_make(uint64_t seed, word_task *t);
/* All formats wide but the group's: bits.frac with this rounding, saturating. */
fix_profile word_profile(word_group g, int bits, int frac, fix_rounding rounding);
/* False: refused by the core, or no memory. eta: learning rate. Release with word_core_close in either case. */
bool word_core_open(word_core *w, const word_task *t, word_group g, const fix_profile *p, double eta, uint64_t seed);
void word_core_close(word_core *w);
/* One trial from the state at rest; gradients add up until fix_update. */
void word_core_run(word_core *w, word_trial *out);
/* The weights that w holds now, as numbers. */
void word_core_weights(const word_core *w, word_task *t);
/* e-prop 1 by binary64 with t's weights; z: forced spikes, NULL: its own. */
void word_real_gradient(const word_task *t, const unsigned char (*z)[WORD_REC], double G[WORD_REC][WORD_M]);
double word_cosine(double a[WORD_REC][WORD_M], double b[WORD_REC][WORD_M]);

#endif
