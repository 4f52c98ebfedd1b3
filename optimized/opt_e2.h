/* opt_e2.h: e-prop 2 in binary32: a batch of training trials, updates and test trials, and the outer gradient through them.
 *
 *   forward    x, code, x' -> z, L, W' of every trial, y'
 *   backward   err' = dE/dy' -> dE/d all parameters of both networks; the three rate regularisers are added inside
 *
 * The same numbers as reference/eprop2.h, convention paper2019 (its EPROP2.md has the equations). LIF, ALIF and LSNN; gains
 * and delay are free. Event-driven: weights are read by the spikes that use them; a backward pass reads a row of weights
 * only where psi > 0. Trials are recorded, not run again: memory grows with B. Results do not depend on the
 * number of threads. No allocation.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_E2_H
#define OPT_E2_H

#include "opt.h"

typedef struct opt_e2_config {
    const ep_net *main, *module; /* sizes, options, constants; weights are set by opt_e2_set. module: [n_code + N + n_in] -> M -> [N] */
    int T, T_test, B, threads;
    double eta;
    double c_reg[3], f_target[3]; /* training trial, module, test trial */
    bool first_order;             /* traces count as constants on the way back */
    /* Of batches that several processes share: v [n] <- its sum over all of them, the same bits for all. NULL: there is one process. */
    void (*sum)(void *user, double *v, size_t n);
    void *user;
} opt_e2_config;

typedef struct opt_e2 opt_e2;

/* A gradient is a sum in double of this many sums in binary32, each in the order of its trials: where processes share whole groups, the gradient is
 * that of one process but for the roundings of the double sum. */
enum { OPT_E2_GROUPS = 16 };

/* Parameters and gradients, shaped as in ep_net; module's Wout is P. Constants of the cells are not trained here. */
typedef enum opt_e2_net { OPT_E2_MAIN, OPT_E2_MODULE } opt_e2_net;

/* One batch. NULL arrays are zero. */
typedef struct opt_e2_trials {
    int B;             /* at most config.B */
    const float *x;    /* [B][T][n_in] */
    const float *code; /* [B][T][n_code] */
    const float *x_test; /* [B][T_test][n_in] */
    /* This is a part of a batch of `whole` trials that several processes share (0: it is all): rates are the whole batch's, by config.sum. */
    int whole;
    const unsigned char *group; /* [B] 0..OPT_E2_GROUPS-1 the partial sum that a trial's gradient goes to; NULL: b mod OPT_E2_GROUPS */
} opt_e2_trials;

/* Spikes a neuron and step, and what else a run is watched by. */
typedef struct opt_e2_facts {
    double rate[3];  /* training trial, module, test trial */
    double reg;      /* E of the three regularisers */
    double update;   /* |eta dW| / |W|, Win and Wrec, mean square over the batch */
} opt_e2_facts;

/* Bytes that init needs; 0: out of range or not implemented, `why` (>= 160 bytes, or NULL) says what. */
size_t opt_e2_size(const opt_e2_config *cfg, char *why, size_t n);
/* EP_DOMAIN: mem not aligned to OPT_ALIGN or too small. All weights 0. */
EP_MUST_USE ep_status opt_e2_init(const opt_e2_config *cfg, void *mem, size_t bytes, opt_e2 **out);
/* EP_DOMAIN: a number is not finite in binary32, n is not the group's size. Masked weights are read as 0. */
EP_MUST_USE ep_status opt_e2_set(opt_e2 *s, opt_e2_net net, ep_group g, const double *w, size_t n);
/* y [B][T_test][n_out], or NULL. With eta = 0 in place of the configured one if `still`. EP_UNABLE: not finite. */
EP_MUST_USE ep_status opt_e2_forward(opt_e2 *s, const opt_e2_trials *tr, bool still, float *y);
/* After forward, of the same trials: the gradient of sum err y + regularisers. err [B][T_test][n_out]. EP_UNABLE: not finite. */
EP_MUST_USE ep_status opt_e2_backward(opt_e2 *s, const opt_e2_trials *tr, const float *err);
EP_MUST_USE ep_status opt_e2_grad(const opt_e2 *s, opt_e2_net net, ep_group g, double *out, size_t n);
opt_e2_facts opt_e2_look(const opt_e2 *s);
/* Of trial b of the last forward: spikes [T][n] of a pass (0 training, 1 module, 2 test), or L [T][N] (3). */
EP_MUST_USE ep_status opt_e2_record(const opt_e2 *s, int what, int b, float *out, size_t n);
/* What runs, in a line. */
void opt_e2_describe(const opt_e2 *s, char *buf, size_t n);

#endif
