/* tape_model.h: a network and one trial as variables on a tape. Internal to reference/tape.
 * SPDX-License-Identifier: MIT */
#ifndef REF_TAPE_MODEL_H
#define REF_TAPE_MODEL_H

#include "tape.h"

typedef struct tape_net {
    ref_tape *t;
    const ref_net *net;
    const ep_batch *bt;
    ref_tape_args args;
    bool given;          /* activations come from the recorded run */
    ref_var *Win, *Wrec, *b, *Wout, *bout;      /* leaves; a masked weight is the constant 0 */
    ref_var *theta[EP_N_THETA];                 /* leaves; constants 0 where the cell has none */
    ref_var *g_in, *g_a;                        /* [n_rec] */
    ref_var *pair_a, *pair_b;                   /* the sum of products being written */
    size_t n_pair;
    ref_tape_report *rep;
} tape_net;

typedef struct tape_trial {
    const ref_traj *rec; /* recorded trial, or NULL */
    ref_var *x;          /* [n_in] x^t */
    ref_var *z;          /* [T+1][n_rec] */
    ref_var *past;       /* [T+1][n_rec] z as later steps see it: detached beyond a window's start */
    ref_var *heard;      /* [T+1][n_rec] the same before it was detached */
    ref_var *own;        /* [n_rec] z^{t-1} on the neuron's local paths */
    ref_var *v_old;      /* [n_rec] v of the step before h */
    struct tape_cut *cut; /* [boundaries] what was detached there */
    ref_var *y;          /* [T+1][n_out] */
    ref_var *y_before;   /* [n_out] y^{t-1} as step t sees it */
    ref_var *h[3];       /* [n_rec] hidden state of the step before: v or c, a, s */
    ref_var *zu;         /* [n_rec] spike without the refractory mask */
    int *refr;           /* [n_rec] */
    ref_var *psi;        /* [T+1][n_rec] dz/dv as a quantity of its own, or NULL: not asked for */
    const ref_num *slope; /* [T+2][n_rec] its recorded derivative, where activations are given */
} tape_trial;

/* The leaves that a window starts from: their adjoints are what it delivers. */
typedef struct tape_cut {
    ref_var *h[3], *z, *z_loc, *y; /* [n_rec] each, z: [d][n_rec], y: [n_out] */
} tape_cut;

/* Everything that crosses from step t-1 to step t: gets the given seeds, and is cut. */
void tape_cut_window(tape_net *n, tape_trial *s, int b, int t);
/* After the sweep: what the leaves heard. */
void tape_deliver(ref_ctx *c, const tape_net *n, const tape_trial *s, int b);

static inline void tape_fail(tape_net *n, ep_status s)
{
    if (n->t->status == EP_OK) n->t->status = s;
}

static inline size_t tape_ix(int row, int columns, int column)
{
    return (size_t)row * (size_t)columns + (size_t)column;
}

static inline void tape_pair(tape_net *n, ref_var a, ref_var b)
{
    n->pair_a[n->n_pair] = a;
    n->pair_b[n->n_pair++] = b;
}

static inline ref_var tape_sum(tape_net *n)
{
    ref_var r = ref_tape_dot(n->t, n->n_pair, n->pair_a, n->pair_b);
    n->n_pair = 0;
    return r;
}

/* ref_vars, all the constant 0. */
ref_var *tape_vars(ref_ctx *c, size_t n);
/* Parameters as leaves. */
EP_MUST_USE ep_status tape_load(tape_net *n);
/* An empty trial; run gives its recorded form or is NULL. */
EP_MUST_USE ep_status tape_start(tape_net *n, tape_trial *s, const ref_run *run, int b);
/* x^t of trial b as constants. */
void tape_input(tape_net *n, tape_trial *s, int b, int t);
/* Seeds err of the readout and reg of the spikes: what symbolic arithmetics have for a loss. */
EP_MUST_USE ep_status tape_seed_symbols(tape_net *n, const tape_trial *s, const ref_run *run, int b);
/* Adjoints of all leaves. */
void tape_hand_out(ref_ctx *c, const tape_net *n, ref_grad *g);

/* One step of every neuron of trial b and of its readout; t = 1..T. */
void tape_step(tape_net *n, tape_trial *s, int b, int t);

/* Spike of neuron j at t from the membrane v and the threshold A; *unmasked: without refractoriness. */
ref_var tape_fire(tape_net *n, tape_trial *s, int t, int j, ref_var v, ref_var A, ref_var *unmasked);

/* This trial's loss, weighted as loss_norm says. */
ref_var tape_loss(tape_net *n, const tape_trial *s, int b);
/* E_reg over the whole batch. */
ref_var tape_regulariser(tape_net *n, const tape_trial *s);

#endif
