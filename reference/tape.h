/* tape.h: reverse-mode automatic differentiation over any arithmetic, and whole networks written on it.
 *
 *   node k = f_k(parents);   adj_p += (df_k/dp) adj_k   for k = last..first
 *
 * The independent route: forward equations, psi, masks, readout and loss are written here a second time
 * and share nothing with the cells or the algorithms, so a slip there shows as a difference.
 *
 * SPDX-License-Identifier: MIT */
#ifndef REF_TAPE_H
#define REF_TAPE_H

#include "synth.h"

/* ---- the tape ----------------------------------------------------------------------------------- */

/* A quantity: id < 0 means constant (nothing is recorded); v = NULL means that its value is exactly 0. */
typedef struct ref_var { int id; const ref_num *v; } ref_var;

typedef struct ref_tape_edge { int parent; const ref_num *w; } ref_tape_edge;

typedef struct ref_tape {
    ref_ctx *c;            /* owns values and adjoints; must outlive the tape */
    ref_tape_edge *edge;   /* node k owns edge[first[k]] .. edge[first[k+1]-1] */
    size_t *first;         /* [n_node + 1] */
    size_t n_node, n_edge, cap_node, cap_edge;
    ref_num **adj;         /* [n_node]; NULL = 0 */
    size_t cap_adj;
    ref_num *pool;         /* numbers not yet handed out */
    size_t pool_left;
    ref_num *minus_one;
    ep_status status;      /* first failure; later operations return the constant 0 */
} ref_tape;

EP_MUST_USE ep_status ref_tape_init(ref_ctx *c, ref_tape *t);
void ref_tape_clear(ref_tape *t);
/* Nodes and edges recorded so far; edges may be NULL. */
size_t ref_tape_count(const ref_tape *t, size_t *edges);
/* A number of the tape's arena, value 0; on EP_NOMEM a number that is safe to write, and t->status is set. */
ref_num *ref_tape_num(ref_tape *t);

/* Values are not copied: *v must stay unchanged while the tape is used. NULL means 0. */
ref_var ref_tape_leaf(ref_tape *t, const ref_num *v);
ref_var ref_tape_constant(const ref_tape *t, const ref_num *v);
/* The same value with its gradient cut. */
ref_var ref_tape_detach(ref_var a);
/* The value as a number that can be read: &zero for an exact 0. */
const ref_num *ref_tape_value(const ref_tape *t, ref_var a);

ref_var ref_tape_add(ref_tape *t, ref_var a, ref_var b);
ref_var ref_tape_sub(ref_tape *t, ref_var a, ref_var b);
ref_var ref_tape_mul(ref_tape *t, ref_var a, ref_var b);
/* b = 0 sets EP_DOMAIN. */
ref_var ref_tape_div(ref_tape *t, ref_var a, ref_var b);
ref_var ref_tape_neg(ref_tape *t, ref_var a);
/* a times a constant; *s must stay unchanged. */
ref_var ref_tape_scale(ref_tape *t, ref_var a, const ref_num *s);
/* sum_k a_k b_k as one node; n >= 0. */
ref_var ref_tape_dot(ref_tape *t, size_t n, const ref_var *a, const ref_var *b);

/* Nonlinear functions. EP_NOTIMPL where the arithmetic has none; EP_DOMAIN in symbolic arithmetics, whose
 * values must be given. abs, pos: derivative 0 at 0; EP_UNABLE if the sign is undecided. */
ref_var ref_tape_exp(ref_tape *t, ref_var a);
ref_var ref_tape_log(ref_tape *t, ref_var a);
ref_var ref_tape_abs(ref_tape *t, ref_var a);
ref_var ref_tape_pos(ref_tape *t, ref_var a);
/* With given != NULL the value is taken from there: derivatives 1 - y^2 and y (1 - y) follow from it. */
ref_var ref_tape_tanh(ref_tape *t, ref_var a, const ref_num *given);
ref_var ref_tape_sigmoid(ref_tape *t, ref_var a, const ref_num *given);
/* A node whose value and partial derivatives are given (a spike with its pseudo-derivatives). */
ref_var ref_tape_spike(ref_tape *t, const ref_num *value, size_t n, const ref_var *parent, const ref_num *const *partial);

/* Reverse sweep: adj_a += w (w = NULL: 1) for as many seeds as wanted, then one sweep, then read. The adjoint of a
 * constant or of what no seed reaches is NULL, i.e. 0. Cost: one multiply-add per edge reached. */
EP_MUST_USE ep_status ref_tape_seed(ref_tape *t, ref_var a, const ref_num *w);
EP_MUST_USE ep_status ref_tape_sweep(ref_tape *t);
const ref_num *ref_tape_adjoint(const ref_tape *t, ref_var a);
/* Forgets all adjoints, so that another sweep can start. */
void ref_tape_unseed(ref_tape *t);

/* ---- networks on the tape -------------------------------------------------------------------------- */

enum {
    REF_TAPE_NO_REG = 1,  /* leave the rate regulariser out */
    REF_TAPE_FORCED = 2,  /* ordered arithmetics: take spikes, psi and activations from run->tr as well */
    REF_TAPE_CUT = 4      /* cut every transmitted path: recurrent weights, and the reset unless it is local;
                             this is e-prop 1 with symmetric feedback */
};

typedef struct ref_tape_args {
    unsigned flags;
    int window; /* >= 1: all state (v, a, s, c, z, the unmasked spike, y) is detached every `window` steps, as in
                   truncated BPTT; 0: whole trial */
    /* With window >= 1, [B] each, NULL: none; shapes as in algo.h. The unmasked spike takes part in no seed. */
    const ref_seeds *given;     /* E += sum of seed x state at every window's end */
    const ref_seeds *delivered; /* receive dE/dstate by the paths that cross */
    ref_num *const *Ltr;        /* [B] of [T+2][n_rec]: receives dE/dz^t by recurrent weights and the transmitted reset */
    const ref_num *const *on_z; /* [B] of [T+2][n_rec]: E += sum_t on_z^t z^t */
} ref_tape_args;

typedef struct ref_tape_report {
    ref_num *E;            /* in: NULL, or a number that receives the loss with its regulariser (ordered only) */
    bool spike_mismatch;   /* the tape's spikes differ from run->tr; first place below, status EP_DOMAIN */
    int b, t, j;           /* also set with EP_UNABLE: where a spike test was undecided */
    size_t nodes, edges;
} ref_tape_report;

/* dE/dtheta of the whole batch for every group of g (NULL groups are skipped), overwritten, by the tape's own forward pass.
 *
 * Ordered arithmetics: everything from net and bt; run may be NULL, else its spikes must agree with the tape's.
 * Symbolic arithmetics: run gives x, z, q, err and reg; E = sum_t err_k^t y_k^t + sum_t reg_j z_j^t.
 * The synaptic cell always decides from the new v. gain_differentiated acts where a gain is a complement. Autograd's
 * dz/da is -beta psi v/A whatever the width.
 * EP_DOMAIN: spike mismatch, symbolic without run, division by a threshold A = 0. EP_UNABLE: undecided spike.
 * EP_NOTIMPL: the arithmetic lacks a function. g is untouched on failure.
 * Time and memory grow as T B n_rec (n_rec + n_in) n_ch, 32 bytes each; meant for n_rec <= 20, T <= 100. rep may be NULL. */
EP_MUST_USE ep_status ref_tape_run(ref_ctx *c, const ref_net *net, const ep_batch *bt, const ref_run *run,
                                   const ref_tape_args *args, ref_grad *g, ref_tape_report *rep);
/* The same without window and report. */
EP_MUST_USE ep_status ref_tape_gradient(ref_ctx *c, const ref_net *net, const ep_batch *bt, const ref_run *run,
                                        unsigned flags, ref_grad *g);

/* The synthesiser written on the tape: s [n_s] from u [n_u], and g [n] += dE_sg/dtheta towards target [n_s]. a [n_hid]: its
 * hidden layer, read in symbolic arithmetics alone. g, s: NULL, not wanted. Fails as ref_tape_tanh does. */
EP_MUST_USE ep_status ref_tape_synth(ref_ctx *c, const ref_synth *sg, const ref_num *u, const ref_num *a, const ref_num *target,
                                     ref_num *s, ref_num *g);

#endif
