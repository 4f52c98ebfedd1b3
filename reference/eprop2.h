/* eprop2.h: e-prop 2, one update of a network by the learning signals of a second one, and the gradient through it.
 *
 *   training trial   z^t = main(W, x);  L^t = module([code^t; z^t; x^t]), the readout of its filtered spikes;  Wout = P
 *   inner update     W' = W - eta sum_t L_j^t e_ji^t      on Win and Wrec of the main network
 *   test trial       E(main(W', x'))  +  rate regularisers of the three passes
 *   outer gradient   dE/d everything, BPTT through the update: the traces e are differentiated too
 *
 * Main and module: LIF, ALIF, LSNN or the rate unit. The equations, and what is taken of psi at its kinks: EPROP2.md.
 *
 * SPDX-License-Identifier: MIT */
#ifndef REF_EPROP2_H
#define REF_EPROP2_H

#include "algo.h"

/* What is differentiated. The learning signal always is, and with it everything that the module hears. */
typedef enum ref_e2_order {
    REF_E2_FULL,         /* L and e, and psi inside e */
    REF_E2_PSI_DETACHED, /* L and e, but psi inside e counts as a constant */
    REF_E2_FIRST,        /* L alone: e counts as a constant */
    REF_E2_N_ORDER
} ref_e2_order;

const char *ref_e2_order_name(ref_e2_order o);

/* A problem in doubles; the caller owns the arrays.
 *   main    [n_in] -> N -> [n_out]
 *   module  [n_code + N + n_in] -> M -> [N]: its Wout is P, its kappa filters its spikes, its bout is a constant L
 *   train   x of the training trial [B][T][n_in]; c_reg, f_target: the main network's rate there; no loss
 *   code    x [B][T][n_code]; c_reg, f_target: the module's rate; T, B as in train
 *   test    x', target, mask, loss, c_reg, f_target of the test trial; its T is its own, B as in train */
typedef struct ref_e2_source {
    ep_net main, module;
    ep_batch train, code, test;
    double eta;
} ref_e2_source;

/* Ranges and what is implemented; `why` (>= 160 bytes) says what was found and expected. */
EP_MUST_USE ep_status ref_e2_check(const ref_e2_source *s, char *why, size_t n);

/* A problem in an arithmetic, run forward. */
typedef struct ref_e2 {
    const ref_e2_source *src;
    ref_net main, module;
    int n_code;
    ref_num *eta;
    ref_run train, mod, test; /* B trajectories each */
    ref_num **slope;          /* [B] -> [T+2][N] d psi/d (v - A) of the training trial */
    ref_grad *dW;             /* [B] sum_t L e; Win and Wrec count */
    ref_net *after;           /* [B] the main network with W' */
    ref_num *E;               /* the outer loss with all regularisers; not symbolic */
} ref_e2;

/* Both trials and the update of every b, traces explicit. Symbolic arithmetics draw states, psi and its slope. Cost of a
 * trial: two forward passes and N (N + n_in) T for the traces. EP_UNABLE: a spike, or the side of a kink, is undecided. */
EP_MUST_USE ep_status ref_e2_run(ref_ctx *c, const ref_e2_source *src, int threads, ref_e2 *out);

typedef struct ref_e2_grad { ref_grad main, module; } ref_e2_grad;
EP_MUST_USE ep_status ref_e2_grad_init(ref_ctx *c, const ref_e2 *p, ref_e2_grad *g);

/* How the adjoint reads one recorded trial, role by role; verify/ seeds bugs by wrapping it. */
typedef struct ref_e2_views {
    ref_view trace, train, mod, test; /* trace: what the eligibility traces are made of; train: BPTT of the same trial */
    const ref_num *slope;             /* [T+2][N] */
    const ref_num *beta;              /* [N] dA/da in d psi/d a = -beta slope; NULL: none */
    const ref_num *eta;
    int lag;                          /* steps from a main spike to the module's input: 0 */
} ref_e2_views;
typedef struct ref_e2_wrap {
    void (*wrap)(ref_ctx *c, const ref_e2 *p, int b, ref_e2_views *w, void *user);
    void *user;
} ref_e2_wrap;

/* g += dE/dtheta of every group of both networks (module: Wout is P), summed over the batch: the hand-written adjoint.
 * Cost of a trial: three backward passes; the update is passed by scans over neurons, no sum over synapses and time
 * beyond those. wrap may be NULL. */
EP_MUST_USE ep_status ref_e2_gradient(ref_ctx *c, const ref_e2 *p, ref_e2_order order, const ref_e2_wrap *wrap, ref_e2_grad *g);

/* dE along one direction of all parameters, forward in time with explicit traces and their tangents (forward over the
 * rule): equals <gradient, direction>. Full order. */
EP_MUST_USE ep_status ref_e2_tangent(ref_ctx *c, const ref_e2 *p, const ref_e2_grad *direction, ref_num *dE);

/* r = d psi/d(v - A) of a recorded step, psi being the trace's. Spiking, x = v - A, w the width v_th, s psi's scale:
 * (s/w) sign(x) f'(|x|/w); 0 at x = 0; triangle: 0 for |x| >= w; 0 while refractory where psi is. Rate: d(1 - z^2)/dv.
 * Symbolic spiking: drawn. EP_UNABLE: the side of a kink is undecided. */
EP_MUST_USE ep_status ref_psi_slope(ref_ctx *c, const ref_net *net, int j, const ref_spot *s, int refr_prev, ref_num *r);

#endif
