/* What the parts of the e-prop 2 engine share: parameters, a recorded pass, one trial, one lane's work.
 *
 * All weights stand transposed, [presynaptic][postsynaptic]: an event adds one row, and what reaches a neuron from its
 * targets is the product of its own row with their adjoints. Rows are padded to whole vectors with zeros.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_E2_STATE_H
#define OPT_E2_STATE_H

#include "../fast/fast.h"
#include "../opt_e2.h"

enum { E2_PAD = 16, E2_BLOCK = 8 };

/* One network's constants and weights. */
typedef struct e2_net {
    int n_in, n, n_out, pad, pad_out; /* pad: n rounded up */
    int d, n_ref;
    bool adapts;
    float kappa, g_out, v_th, slope;  /* slope: of psi, its scale / v_th */
    float *alpha, *rho, *beta, *g_in, *g_a; /* [pad] */
    float *Win, *Wrec, *b;            /* [n_in][pad], [n][pad], [pad] */
    float *Wout, *bout;               /* [n][pad_out], [pad_out] */
} e2_net;

/* Gradients in the same layout. */
typedef struct e2_grad { float *Win, *Wrec, *b, *Wout, *bout; } e2_grad;

/* One pass of one network. */
typedef struct e2_pass {
    float *x;                 /* [T][pad] v - A; beyond psi's reach while refractory */
    uint16_t *event;          /* [T][n] indices of spikes, ascending */
    uint16_t *count;          /* [T] */
    float *y;                 /* [T][pad_out] */
} e2_pass;

typedef struct e2_trial {
    e2_pass train, mod, test;
    float *Win, *Wrec;        /* W' */
    double update;            /* |eta dW|^2 */
    bool finite;
} e2_trial;

/* Scratch of one lane. T is the longer trial; behind the steps of lam, dQ, dI and dy there is room for a block. */
typedef struct e2_lane {
    float *I, *v, *a, *z;     /* [most pad] state; and adjoints */
    float *dI;                /* [T + d][most pad] */
    float *dlam, *lam, *xi_v, *xi_a, *dQ; /* [T][pad] */
    float *direct;            /* [T][most pad] what reaches z from readouts and from outside */
    float *hv, *ha;           /* [T][pad] what reaches v and a */
    float *dy;                /* [T][most pad_out] */
    float *Xin, *Xrec;        /* [n_in][pad], [n][pad]; G', then X */
    int *refr;
    uint32_t *hot;            /* [most inputs] non-zero inputs of a step */
    float *hot_value;
} e2_lane;

struct opt_e2 {
    opt_e2_config cfg;
    int n_code;
    e2_net main, mod;
    e2_trial *trial;          /* [B] */
    e2_grad g_main[OPT_E2_GROUPS], g_mod[OPT_E2_GROUPS];
    float *reg[3];            /* [pad] constant parts of L */
    double *count;            /* [most n, n_out] scratch: spikes of a pass; a row of a gradient */
    e2_lane *lane;            /* [threads] */
    double w2;                /* |Win|^2 + |Wrec|^2 */
    opt_e2_facts facts;
    int B;                    /* trials of the last forward; 0: none */
    bool used[OPT_E2_GROUPS]; /* groups that hold gradients */
    const struct e2_kernels *k;
};

/* Inputs of one pass: rows of x, or the three sources of the module. */
typedef struct e2_input {
    const float *first;       /* [T][n_first] */
    int n_first;
    const e2_pass *spikes;    /* of the main network, n_spikes columns behind the first */
    int n_spikes;
    const float *last;        /* [T][n_last] */
    int n_last;
} e2_input;

typedef struct e2_kernels {
    const char *name;
    void (*forward)(opt_e2 *s, const opt_e2_trials *tr, int b, float eta, e2_lane *l, float *y);
    void (*backward)(opt_e2 *s, const opt_e2_trials *tr, int b, const float *err, e2_lane *l, e2_grad *main, e2_grad *mod);
} e2_kernels;
extern const e2_kernels e2_kernels_base, e2_kernels_avx2, e2_kernels_avx512;

static inline size_t e2_row(int t, int pad) { return (size_t)t * (size_t)pad; }

#endif
