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

/* fn(arg, scratch, n) for n = 0..count-1 on `threads` threads; each thread has its own fork of c. */
EP_MUST_USE ep_status ref_parallel(ref_ctx *c, int count, int threads,
                                   ep_status (*fn)(void *arg, ref_ctx *scratch, int n), void *arg);

/* err^t = dE/dy^t and the trial's loss, from y. Symbolic: err drawn. */
EP_MUST_USE ep_status ref_loss(ref_ctx *c, const ref_net *net, const ep_batch *bt, int b, ref_traj *tr);

#endif
