/* cell.h: what a neuron model is: a forward step and its local Jacobians. Everything else is generic.
 *
 *   h_j^t = F(h_j^{t-1}, z_j^{t-1}, I_j^t; theta_j)      hidden state, nh components
 *   z_j^t = f(h_j^t, I_j^t; theta_j)                     observable state
 *   I_cj^t = sum_i Wrec^c_ji z_i^{t-d} + sum_i Win^c_ji x_i^t + b_cj      c = 1..nc input channels
 *
 * SPDX-License-Identifier: MIT */
#ifndef REF_CELL_H
#define REF_CELL_H

#include "arith.h"

enum { REF_NH = 3, REF_NC = 4, REF_NQ = 5 };

typedef struct ref_net ref_net;
typedef struct ref_traj ref_traj;

/* Local Jacobians of neuron j at step t. NULL = structurally zero. `work` holds derived entries. */
typedef struct ref_jac {
    const ref_num *hh[REF_NH][REF_NH];  /* dh^t/dh^{t-1}: [component of h^t][component of h^{t-1}] */
    const ref_num *hz_loc[REF_NH];      /* dh^t/dz_j^{t-1}, the part that lives in the trace */
    const ref_num *hz_tr[REF_NH];       /* dh^t/dz_j^{t-1}, the part transmitted with L */
    const ref_num *hI[REF_NH][REF_NC];  /* dh^t/dI_c^t */
    const ref_num *zh[REF_NH];          /* dz^t/dh^t */
    const ref_num *zI[REF_NC];          /* dz^t/dI_c^t (LSTM: output gate) */
    const ref_num *hp[REF_NH][EP_N_THETA]; /* dh^t/dtheta_p */
    const ref_num *zp[EP_N_THETA];      /* dz^t/dtheta_p */
    ref_num *work;                      /* REF_JAC_WORK numbers */
    int used;                           /* of work */
} ref_jac;

enum { REF_JAC_WORK = 48 };

/* Where one neuron stands at one step: pointers into a trajectory. */
typedef struct ref_spot {
    const ref_num *h_prev; /* [nh] h^{t-1} */
    const ref_num *z_prev; /* z^{t-1} */
    const ref_num *q_prev; /* [nq] */
    const ref_num *I;      /* [nc] I^t */
    const ref_num *h, *z, *q;
} ref_spot;

typedef struct ref_cell {
    const char *name;
    ep_model model;
    int (*n_hidden)(const ref_net *net);
    const char *const *hidden; /* names of the components: "v", "a" */
    int n_q;                   /* recorded activations and derivatives per neuron and step */
    const char *const *q_names;
    bool smooth;               /* differentiable everywhere: central differences apply */
    /* Forward step of neuron j. refr_prev: counter r^{t-1}; writes h, z, q and *refr. EP_UNABLE if
     * the sign of the spike test is undecided. Symbolic arithmetics draw what is nonlinear. */
    ep_status (*step)(ref_ctx *c, const ref_net *net, int j, const ref_spot *s,
                      ref_num *h, ref_num *z, ref_num *q, int refr_prev, int *refr);
    /* Local Jacobians from the recorded step. */
    void (*jac)(ref_ctx *c, const ref_net *net, int j, const ref_spot *s, ref_jac *J);
} ref_cell;

const ref_cell *ref_cell_spiking(void);
const ref_cell *ref_cell_lstm(void);
const ref_cell *ref_cell_rate(void);
const ref_cell *ref_cell_synaptic(void);
const ref_cell *ref_cell_of(ep_model m);

/* A network in an arithmetic. */
struct ref_net {
    const ref_cell *cell;
    ep_model model;
    ep_options opt;
    int n_in, n_rec, n_out, nh, nc, nq;
    ref_num *Win, *Wrec, *b;  /* [nc][n_rec][n_in], [nc][n_rec][n_rec], [nc][n_rec] */
    ref_num *Wout, *bout, *B; /* [n_out][n_rec], [n_out], [n_rec][n_out] */
    ref_num *theta[EP_N_THETA]; /* [n_rec]; NULL if the cell has none */
    ref_num *g_in, *g_a;      /* [n_rec] */
    ref_num *g_out, *kappa, *v_th, *psi_scale, *b_forget; /* one each */
    int n_ref;                /* effective: with ref_count applied */
    const double *z_given, *psi_given; /* [B][T][n_rec] in the place of the network's own, set after loading; or NULL */
};

/* Loads every number (exactly, if the precision holds 53 bits) and derives gains. Symbolic
 * arithmetics draw free symbols instead, keeping structural zeros. */
EP_MUST_USE ep_status ref_net_load(ref_ctx *c, const ep_net *src, ref_net *out);

/* Entries of a parameter group; 0 if the model does not have it. */
size_t ref_group_size(const ref_net *net, ep_group g);

/* Recorded forward pass of one trial. Index 0 holds the zero state. */
struct ref_traj {
    int T, n_in, n_rec, n_out, nh, nc, nq;
    ref_num *x;   /* [T+1][n_in] */
    ref_num *I;   /* [T+1][n_rec][nc] */
    ref_num *h;   /* [T+1][n_rec][nh] */
    ref_num *z;   /* [T+1][n_rec] */
    ref_num *q;   /* [T+1][n_rec][nq] */
    int *refr;    /* [T+1][n_rec] refractory counter after step t */
    ref_num *y;   /* [T+1][n_out] */
    ref_num *err; /* [T+2][n_out] dE/dy as far as it is local in time */
    ref_num *loss; /* this trial's part of E, without the regulariser */
};

static inline ref_num *ref_at2(ref_num *a, int n, int t, int j) { return a + (size_t)t * (size_t)n + (size_t)j; }
ref_spot ref_traj_spot(const ref_traj *tr, int t, int j);

/* ---- building Jacobian entries: NULL is zero and c->unit is one, so structure survives ---------- */

/* Empties J, keeping its work space. */
void ref_jac_reset(ref_jac *J);
EP_MUST_USE ep_status ref_jac_init(ref_ctx *c, ref_jac *J);
const ref_num *ref_jac_mul(ref_ctx *c, ref_jac *J, const ref_num *a, const ref_num *b);
const ref_num *ref_jac_add(ref_ctx *c, ref_jac *J, const ref_num *a, const ref_num *b);
const ref_num *ref_jac_neg(ref_ctx *c, ref_jac *J, const ref_num *a);

/* ---- the spike, shared by all cells that have one ------------------------------------------------- */

enum { REF_Q_PSI, REF_Q_DZDA, REF_Q_PSI_FREE, REF_Q_DZDA_FREE, REF_Q_Z_FREE };

/* Decides z from v - A, A = v_th + beta a, and records q = {psi, dz/dA, both before the refractory rule, the
 * spike before it}. Symbolic arithmetics draw them. EP_UNABLE if the sign is undecided. */
EP_MUST_USE ep_status ref_spike(ref_ctx *c, const ref_net *net, const ref_num *v, const ref_num *A, ref_num *z,
                                ref_num *q, int refr_prev, int *refr);

#endif
