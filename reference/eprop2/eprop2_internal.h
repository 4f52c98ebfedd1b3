/* What the parts of e-prop 2 share.
 * SPDX-License-Identifier: MIT */
#ifndef REF_EPROP2_INTERNAL_H
#define REF_EPROP2_INTERNAL_H

#include "../algo/internal.h"
#include "eprop2.h"

/* One trial's traces contracted with X = dE/d(sum L e): what each neuron's trace is worth, and the way back. */
typedef struct ref_e2_scan {
    const ref_num *X_in, *X_rec; /* [N][n_in], [N][N] */
    ref_num *xi;     /* [T+2][N][nh] sum_i X_ji eps_ji^t */
    ref_num *lambda; /* [T+2][N] sum_i X_ji e_ji^t = dE/dL_j^t */
    ref_num *dlambda, *dxi, *dQ; /* adjoints: [T+2][N], [T+2][N][nh], [T+2][N] */
    ref_num *z_in, *h_in;        /* what reaches z and h of the training trial: [T+2][N], [T+2][N][nh] */
} ref_e2_scan;

EP_MUST_USE ep_status ref_e2_scan_init(ref_ctx *c, const ref_e2 *p, ref_e2_scan *s);
/* xi and lambda, forward in time. */
EP_MUST_USE ep_status ref_e2_contract(ref_ctx *c, const ref_e2_views *w, ref_e2_scan *s);
/* z_in, h_in += and the constants' second-order part (g theta +=), backward in time. L [T+2][N]. */
EP_MUST_USE ep_status ref_e2_contract_back(ref_ctx *c, const ref_e2_views *w, ref_e2_order order, const ref_num *L,
                                           ref_e2_scan *s, ref_grad *g);

/* The pseudo-derivative that the trace holds. */
static inline bool ref_e2_adapts(const ref_net *net) { return net->theta[EP_BETA] != NULL; }

#endif
