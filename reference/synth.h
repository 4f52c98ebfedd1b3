/* synth.h: the synthesiser: a small network that says, from the state at a window's end, what all later windows would
 * send back across it.
 *
 *   linear         s = W u + q
 *   hidden layer   a = tanh(V u + p);  s = W a + q
 *   E_sg = 1/2 sum_k (s_k - s*_k)^2        one boundary of one trial; gradients add up over boundaries and trials
 *
 * u, what crosses the boundary behind step t forwards, one array after the other:
 *   z^{t-q} [d][n_rec], q = 0..d-1 (the paper's, with d = 1);   REF_SEES_STATE: also h^t [n_rec][nh], and y^t [n_out] if kappa > 0.
 * s, what crosses it backwards, parts of ref_seeds one after the other:
 *   seed c: h [n_rec][nh];   seed z: z [d][n_rec], z_loc [n_rec];   seed zc: h, z, z_loc, and y [n_out] if kappa > 0;
 *   z_loc only where the cell has a local path from z: spiking cells.
 *
 * s*, the target at boundary m: what window m+1 delivers at its start, seeded at its end by this same synthesiser as it
 * stands (bootstrapped), or by 0 where it is the last of the sequence. It is a constant: neither it nor s sends a gradient
 * into the network, and nothing flows through the target into the parameters.
 *
 * SPDX-License-Identifier: MIT */
#ifndef REF_SYNTH_H
#define REF_SYNTH_H

#include "algo.h"

typedef enum ref_sees { REF_SEES_Z, REF_SEES_STATE } ref_sees;

/* Parameters in the order V [n_hid][n_u], p [n_hid], W [n_s][n_hid], q [n_s]; n_hid = 0 (linear): W [n_s][n_u], q [n_s]. */
typedef struct ref_synth {
    int n_u, n_hid, n_s;
    size_t n;       /* parameters */
    ref_num *theta; /* [n] */
    ref_num *work;  /* [n_s + 2] */
} ref_synth;

/* n_hid (n_u + 1) + n_s (n_hid + 1), or n_s (n_u + 1). */
size_t ref_synth_size(int n_u, int n_hid, int n_s);
/* All parameters 0: says 0. EP_DOMAIN: a negative size. EP_NOTIMPL: a hidden layer where the arithmetic has no tanh. */
EP_MUST_USE ep_status ref_synth_init(ref_ctx *c, int n_u, int n_hid, int n_s, ref_synth *sg);
/* s [n_s] and the hidden layer a [n_hid] from u [n_u]; no aliases. Symbolic arithmetics draw a. */
void ref_synth_say(ref_ctx *c, const ref_synth *sg, const ref_num *u, ref_num *a, ref_num *s);
/* E += E_sg. */
void ref_synth_loss(ref_ctx *c, const ref_synth *sg, const ref_num *s, const ref_num *target, ref_num *E);
/* g [n] += dE_sg/dtheta of what ref_synth_say made of u, towards target [n_s]:
 *   D = s - s*;  dq = D;  dW = D a^T;  dp = (1 - a^2) W^T D;  dV = dp u^T */
void ref_synth_learn(ref_ctx *c, const ref_synth *sg, const ref_num *u, const ref_num *a, const ref_num *s,
                     const ref_num *target, ref_num *g);

/* Numbers in u and in s. */
int ref_sees_width(const ref_ctx *c, const ref_net *net, ref_sees sees);
int ref_seed_width(const ref_ctx *c, const ref_net *net, ref_seed which);
/* u at step t of a recorded trial. */
void ref_sees_read(ref_ctx *c, const ref_net *net, const ref_traj *tr, ref_sees sees, int t, ref_num *u);
/* Boundary m of the seeds from s, and s from them; arrays that are NULL are passed over (read as 0). */
void ref_seed_unpack(ref_ctx *c, const ref_net *net, ref_seed which, const ref_num *s, int m, const ref_seeds *to);
void ref_seed_pack(ref_ctx *c, const ref_net *net, ref_seed which, const ref_seeds *from, int m, ref_num *s);

/* A synthesiser at work: where it looks, what it says, and what it is to learn of it. */
typedef struct ref_synth_use {
    const ref_synth *sg; /* n_u, n_s as ref_sees_width, ref_seed_width say */
    ref_sees sees;
    ref_seed says;
    ref_num *g;          /* [n] += its gradient over all boundaries of all trials */
    ref_num *E;          /* += its loss; NULL: not wanted */
} ref_synth_use;
/* Adjoints inside windows of `length` steps seeded by the synthesiser, and its own gradient towards what they deliver. */
EP_MUST_USE ep_status ref_synth_run(ref_ctx *c, const ref_view *v, const ref_num *reg, int length, const ref_synth_use *use,
                                    ref_adjoint *out);

#endif
