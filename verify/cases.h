/* cases.h: seeded networks that are alive, the subjects of every proof.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_CASES_H
#define VFY_CASES_H

#include "algo.h"

/* What to make. Zero-initialised fields take the defaults in brackets. */
typedef struct vfy_case_spec {
    ep_model model;
    ep_preset preset;
    ep_loss loss;
    int n_in, n_rec, n_out, T, B; /* [4, 6, 2, 40, 1] */
    int delay, n_ref;             /* [1, 0] */
    ep_reset_path reset_path;
    double rate;                  /* aimed-at share of steps with a spike [0.08] */
    bool no_reg;                  /* leave the regulariser out */
    bool free_options;            /* opt replaces the preset's options */
    ep_options opt;
    uint64_t seed;
} vfy_case_spec;

/* How alive a case is; what each model can't have counts as fulfilled. */
typedef struct vfy_live {
    double rate, rate_min;       /* spikes per neuron and step; of the quietest neuron */
    double psi_share;            /* share of (t, j) with psi > 0 */
    double transmitted;          /* |gradient through transmitted paths| / |gradient| */
    bool suppressed, adapted;    /* n_ref suppressed a spike; beta changed one */
    int dead_groups;             /* parameter groups whose gradient is all zero; -1: not looked at, the spikes rule it out */
    bool alive;
} vfy_live;

typedef struct vfy_case {
    vfy_case_spec spec;
    ep_net net;
    ep_batch batch;
    char name[128];
    vfy_live live;
    double *store;
    size_t used;
} vfy_case;

/* Makes a live case: tries seeds derived from spec->seed, scaling the drive until rates fit. All numbers
 * are dyadic with at most 24 bits. EP_UNABLE: none found in the attempts allowed; *out then holds the last. */
EP_MUST_USE ep_status vfy_case_make(const vfy_case_spec *spec, vfy_case *out);
void vfy_case_free(vfy_case *k);

/* Measures liveness in binary64: forward pass, BPTT, and both with paths cut. */
EP_MUST_USE ep_status vfy_case_liveness(const vfy_case *k, vfy_live *out);

#endif
