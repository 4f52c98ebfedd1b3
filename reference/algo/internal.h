/* What the algorithms share among themselves.
 * SPDX-License-Identifier: MIT */
#ifndef REF_ALGO_INTERNAL_H
#define REF_ALGO_INTERNAL_H

#include "algo.h"

/* Presynaptic values of every step: inputs 0..n_in-1, then delayed z. Event-driven loops walk list. */
typedef struct ref_pre {
    int n;
    const ref_num **at; /* [T+1][n] sparse pointers */
    int *list, *count;  /* [T+1][n], [T+1]: indices of the non-zero ones */
} ref_pre;
EP_MUST_USE ep_status ref_pre_build(ref_ctx *c, const ref_view *v, ref_pre *out);

/* err^t = dE/dy^t and the trial's loss, from y. Symbolic: err drawn. */
EP_MUST_USE ep_status ref_loss(ref_ctx *c, const ref_net *net, const ep_batch *bt, int b, ref_traj *tr);

/* The same for one step: err [n_out], loss += its part; divisor: ref_loss_divisor, w: REF_LOSS_WORK numbers. Not symbolic. */
enum { REF_LOSS_WORK = 6, REF_REG_WORK = 4 };
void ref_loss_step(ref_ctx *c, const ref_net *net, const ep_batch *bt, int b, int t, double divisor, const ref_num *y,
                   ref_num *err, ref_num *loss, ref_num *w);
double ref_loss_divisor(const ref_net *net, const ep_batch *bt, int b);
/* fbar (sum of z on entry, mean on exit), reg = c_reg (fbar - f*)/steps, E += E_reg of one neuron. w: REF_REG_WORK numbers. */
void ref_regulariser(ref_ctx *c, const ep_batch *bt, double steps, ref_num *fbar, ref_num *reg, ref_num *E, ref_num *w);

/* ---- the parts of a forward step ------------------------------------------------------------------ */

/* A trajectory of T steps, all zero. */
EP_MUST_USE ep_status ref_traj_init(ref_ctx *c, const ref_net *net, int T, ref_traj *tr);
/* The inputs of trial b; symbolic: drawn. */
void ref_load_inputs(ref_ctx *c, const ep_batch *bt, int b, ref_traj *tr);
/* All steps of a trajectory whose inputs are there: states and readout, no loss. */
EP_MUST_USE ep_status ref_forward_steps(ref_ctx *c, const ref_net *net, const ep_net *src, const ep_batch *bt, int b,
                                        ref_traj *tr, size_t *settled);
/* fbar, reg and E of a recorded batch, whose r->E it adds to. w: REF_REG_WORK numbers. */
void ref_run_regularise(ref_ctx *c, const ep_batch *bt, ref_run *r, ref_num *w);
/* Non-zero inputs and delayed spikes of step t as sparse pointers at[n_in + n_rec], their indices in list; how many. */
int ref_events(ref_ctx *c, const ref_view *v, int t, const ref_num **at, int *list);
/* I[nc] of neuron j from events. */
void ref_drive(ref_ctx *c, const ref_net *net, int j, const ref_num **at, const int *list, int count, ref_num *I);
/* y of step t from z of step t and y of step t - 1. */
void ref_readout(ref_ctx *c, const ref_net *net, ref_traj *tr, int t);
/* L [n_rec] of one step from err [n_out]; B NULL = Wout^T. */
void ref_signal_step(ref_ctx *c, const ref_net *net, const ref_num *B, const ref_num *err, ref_num *L);
/* Tells c what is given for neuron j at step t of trial b. */
void ref_impose(ref_ctx *c, const ref_net *net, const ep_batch *bt, int b, int t, int j);

#endif
