/* algo.h: the algorithms, each written once over arithmetics (arith.h) and cells (cell.h).
 *
 *   learning signal  x  (adjoint | eligibility trace)  =  gradient
 *
 *   BPTT            ref_adjoint_run (whole)            -> ref_grad_adjoint
 *   truncated BPTT  ref_adjoint_run (windows)          -> ref_grad_adjoint, with or without seeds
 *   factorization   ref_adjoint_run (whole) gives L    -> ref_grad_traces
 *   e-prop 1        ref_signal_feedback gives L        -> ref_grad_traces
 *   e-prop 3        ref_adjoint_run (windows, seeds)   -> ref_grad_windows
 *   RTRL            ref_grad_rtrl
 *   e-prop 2        eprop2.h
 *
 * SPDX-License-Identifier: MIT */
#ifndef REF_ALGO_H
#define REF_ALGO_H

#include "cell.h"

/* How an algorithm reads a recorded trial. The plain view asks the cell; verify/ seeds bugs by
 * wrapping one, so that the algorithms themselves hold no switch for bugs. */
typedef struct ref_view ref_view;
struct ref_view {
    const ref_net *net;
    const ref_traj *tr;
    int delay;  /* d */
    void (*jac)(const ref_view *v, ref_ctx *c, int t, int j, ref_jac *J);
    const ref_num *(*x)(const ref_view *v, ref_ctx *c, int t, int i);     /* x_i^t, sparse pointer */
    const ref_num *(*z_pre)(const ref_view *v, ref_ctx *c, int t, int i); /* z_i^{t-d}, sparse pointer */
    const void *user;
};
ref_view ref_view_plain(const ref_net *net, const ref_traj *tr);

/* dE/dtheta by group; NULL where the model has none. */
typedef struct ref_grad { ref_num *g[EP_N_GROUP]; size_t n[EP_N_GROUP]; } ref_grad;
EP_MUST_USE ep_status ref_grad_init(ref_ctx *c, const ref_net *net, ref_grad *g);


/* ---- forward -------------------------------------------------------------------------------- */

/* Records trial b of the batch: states, readout, err, loss. src (may be NULL): an undecided spike test is settled by
 * ref_exact_sign and counted in *settled (may be NULL). EP_UNABLE: a spike test stayed undecided. */
EP_MUST_USE ep_status ref_forward(ref_ctx *c, const ref_net *net, const ep_net *src, const ep_batch *bt, int b,
                                  ref_traj *tr, size_t *settled);

/* The sign of neuron j's spike test at step t, exactly: re-runs this one neuron in rationals from the recorded
 * spikes of all others up to t-1 (rec: the context that recorded them). For ties, which no precision decides. Cost t additions of numbers of about 53 t bits.
 * EP_NOTIMPL: the cell or the psi shape is not rational. */
EP_MUST_USE ep_status ref_exact_sign(const ref_ctx *rec, const ep_net *src, const ep_batch *bt, int b, const ref_traj *tr,
                                     int t, int j, int *sign);

/* A recorded batch: one trajectory a trial, the regulariser's coefficients and the whole loss. */
typedef struct ref_run {
    const ref_net *net;
    int B, T;
    ref_traj *tr;    /* [B] */
    ref_num *fbar;   /* [n_rec] mean of z over time and batch */
    ref_num *reg;    /* [n_rec] c_reg (fbar_j - f*)/(T B), the regulariser's constant part of L */
    ref_num *E;      /* total loss with regulariser */
} ref_run;
EP_MUST_USE ep_status ref_run_batch(ref_ctx *c, const ref_net *net, const ep_batch *bt, ref_run *out);
EP_MUST_USE ep_status ref_run_batch_exact(ref_ctx *c, const ref_net *net, const ep_net *src, const ep_batch *bt,
                                          ref_run *out, size_t *settled);

/* ---- backward in time ------------------------------------------------------------------------ */

/* Which part of what crosses a window's end is given there: hidden state (the paper's c), z, or everything. */
typedef enum ref_seed { REF_SEED_NONE, REF_SEED_C, REF_SEED_Z, REF_SEED_ZC } ref_seed;

/* What crosses window ends backwards in time, one trial: the part of an adjoint that comes from later windows. Boundary
 * m = 0.. lies behind step s = (m+1) length < T, so there are (T-1)/length. NULL arrays: 0, or not wanted. */
typedef struct ref_seeds {
    ref_num *h;     /* [m][n_rec][nh] dE/dh^s: sum (dh^{s+1}/dh^s)^T dh^{s+1} */
    ref_num *z;     /* [m][d][n_rec] dE/dz^{s-q}, q = 0..d-1, transmitted: by Wrec, and by the reset where q = 0;
                     * entries of q >= length are neither read nor written */
    ref_num *z_loc; /* [m][n_rec] dE/dz^s by the local path z^s -> h^{s+1} */
    ref_num *y;     /* [m][n_out] kappa dy^{s+1} */
} ref_seeds;
int ref_boundaries(int T, int length);
/* All four arrays, 0. */
EP_MUST_USE ep_status ref_seeds_init(ref_ctx *c, const ref_net *net, int T, int length, ref_seeds *s);
/* The arrays that a kind of seed gives: c: h; z: z, z_loc; zc: all. */
ref_seeds ref_seeds_part(const ref_seeds *s, ref_seed which);

/* How a trial is cut into windows. */
typedef struct ref_windows {
    int length;           /* steps, >= 1 */
    bool whole;           /* boundaries are only observed: exact BPTT, which delivers exact seeds */
    ref_seeds given;      /* what arrives at each window's end */
    ref_seeds delivered;  /* receives what each window's start sends back: the target of a synthetic gradient */
} ref_windows;

/* Adjoints of one trial. Index T+1.. are 0. */
typedef struct ref_adjoint {
    ref_num *L;   /* [T+2][n_rec] dE/dz_j^t without the local paths: the learning signal */
    ref_num *Ltr; /* [T+2][n_rec] the transmitted part of L alone (recurrent weights, reset); without windows: NULL */
    ref_num *dz;  /* [T+2][n_rec] dE/dz_j^t with the local paths */
    ref_num *dh;  /* [T+2][n_rec][nh] */
    ref_num *dI;  /* [T+2][n_rec][nc] */
    ref_num *dy;  /* [T+2][n_out] dE/dy, the readout's filter included */
    bool every_L; /* set before: L is computed even where dz/dh = 0 makes it irrelevant */
    const ref_num *z_in, *h_in; /* set before: what reaches z [T+2][n_rec] and h [T+2][n_rec][nh] from outside; or NULL */
} ref_adjoint;

/* Exact BPTT (w = NULL), or BPTT inside windows from what is given at their ends. reg may be NULL (no regulariser). */
EP_MUST_USE ep_status ref_adjoint_run(ref_ctx *c, const ref_view *v, const ref_num *reg, const ref_windows *w,
                                      ref_adjoint *out);

/* What exact BPTT delivers at every boundary. */
EP_MUST_USE ep_status ref_seeds_exact(ref_ctx *c, const ref_view *v, const ref_num *reg, int length, ref_seeds *out);

/* g += sum_t adjoint^t x pre^t: the BPTT form of every group. */
EP_MUST_USE ep_status ref_grad_adjoint(ref_ctx *c, const ref_view *v, const ref_adjoint *adj, ref_grad *g);

/* g[Wout], g[bout] += g_out sum_t dy z: exact in every rule. */
void ref_grad_readout(ref_ctx *c, const ref_view *v, const ref_num *dy, ref_grad *g);
/* dy^t = err^t + kappa dy^{t+1} into dy [T+2][n_out]. */
void ref_readout_adjoint(ref_ctx *c, const ref_view *v, ref_num *dy);

/* ---- forward in time ------------------------------------------------------------------------- */

/* What multiplies the traces: sum_t L_e^t e^t + L_ebar^t ebar^t; either may be NULL. [T+2][n_rec] each.
 * late: ebar^t meets L_ebar^{t-late}. */
typedef struct ref_signal { const ref_num *L_e, *L_ebar, *reg; int late; } ref_signal;

/* Watches the traces of one synapse column of one row; any pointer may be NULL. */
typedef struct ref_trace_watch {
    void (*see)(void *user, ref_ctx *c, int t, int j, int col, const ref_num *eps, const ref_num *e, const ref_num *ebar);
    void *user;
} ref_trace_watch;

/* fn(arg, scratch, n) for n = 0..count-1 on `threads` threads; each thread has its own fork of c; those started
 * here give back MPFR's caches. n are taken in order, none behind a failure; the first failure in time is returned. */
EP_MUST_USE ep_status ref_parallel(ref_ctx *c, int count, int threads,
                                   ep_status (*fn)(void *arg, ref_ctx *scratch, int n), void *arg);

/* g += sum_t L_j^t e_ji^t over explicit eligibility vectors, rows in parallel on `threads` threads:
 *   eps(t) = M^t eps(t-1) + drive,  M^t = dh^t/dh^{t-1} + (dh^t/dz^{t-1}) dz^{t-1}/dh^{t-1},  e(t) = dz/dh eps(t) + direct.
 * Columns of a row: channel by channel n_in inputs, n_rec recurrent, bias; then the cell's theta_p. */
EP_MUST_USE ep_status ref_grad_traces(ref_ctx *c, const ref_view *v, const ref_signal *s, ref_grad *g,
                                      const ref_trace_watch *watch, int threads);

/* e-prop 3: g += sum_t (Ltr_j^t + reg_j) e_ji^t + (g_out sum_k Wout_kj err_k^t) ebar_ji^t. The transmitted part, from BPTT inside
 * windows and their seeds, meets the trace, the direct part the filtered one; both run on across windows, and the readout
 * is trained exactly. */
EP_MUST_USE ep_status ref_grad_windows(ref_ctx *c, const ref_view *v, const ref_num *reg, const ref_adjoint *adj, int threads,
                                       ref_grad *g);

/* M^t = dh^t/dh^{t-1} + (dh^t/dz^{t-1}, local part) dz^{t-1}/dh^{t-1}: how an eligibility vector moves. J holds the
 * derived entries. */
void ref_row_map(ref_ctx *c, int nh, ref_jac *J, const ref_jac *before, const ref_num *M[REF_NH][REF_NH]);

/* L_j^t = g_out sum_k B_jk err_k^t into L [T+2][n_rec]; B NULL = Wout^T. */
void ref_signal_feedback(ref_ctx *c, const ref_view *v, const ref_num *B, ref_num *L);

/* Exact real-time recurrent learning, n_rec <= 64: full sensitivities, cost n_rec^3 (n_rec + n_in) T. */
EP_MUST_USE ep_status ref_grad_rtrl(ref_ctx *c, const ref_view *v, const ref_num *reg, ref_grad *g);

/* ---- e-prop 1 beside the running network ------------------------------------------------------- */

/* The network, its traces and its gradient at one step; memory O(n_rec (n_in + n_rec)), whatever T. The rows of tr are
 * steps modulo an even number of them: `row` is the last one, row - 1 the step before it. */
typedef struct ref_online {
    ref_net *net;
    ref_traj tr;
    int row, t;          /* t: steps since the states were zero */
    ref_grad g;          /* since it was cleared, the regulariser not included */
    ref_num *L;          /* [n_rec] of the last step, before its delay */
    ref_num *spikes;     /* [n_rec] sum of z since the gradient was cleared */
    ref_num *sum_e;      /* [n_rec][columns] the same of e */
    ref_trace_watch watch; /* may be set: sees every column of the last step; its t counts rows */
    struct ref_online_work *work;
} ref_online;

/* All zero. net stays the caller's, and ref_online_update changes its weights. */
EP_MUST_USE ep_status ref_online_init(ref_ctx *c, ref_net *net, ref_online *o);
/* States at t = 0: everything but weights, gradient and sums. */
void ref_online_reset(ref_ctx *c, ref_online *o);
/* One step with x^t, y*^t, m^t of trial b: network, readout, L, traces, gradient, tr.loss. L_given (may be NULL): [n_rec] in
 * the place of L. EP_UNABLE: a spike test is undecided. Cost O(n_rec (n_in + n_rec)). */
EP_MUST_USE ep_status ref_online_step(ref_ctx *c, ref_online *o, ep_rule rule, const ep_batch *bt, int b, int t,
                                      const double *L_given);
/* g += c_reg (fbar - f*)/(T B) sum_t e, loss += E_reg, from the sums since the gradient was cleared. */
void ref_online_regularise(ref_ctx *c, ref_online *o, const ep_batch *bt);
/* W <- W - eta g for Win, Wrec, b, Wout, bout; adaptive: Kolen-Pollack for Wout and B. Then clears g and the sums; the
 * loss goes on. */
void ref_online_update(ref_ctx *c, ref_online *o, ep_rule rule, const ref_num *eta, const ref_num *lambda);

/* ---- whole rules on a recorded batch ---------------------------------------------------------- */

typedef struct ref_rule_args {
    ep_rule rule;
    int window;     /* tbptt*, eprop3*: steps; >= 1 */
    ref_seed seed;  /* tbptt-sg, eprop3*: which part of the seeds a window's end receives */
    const ref_seeds *given;     /* [B] the seeds; NULL: exact ones */
    const ref_seeds *delivered; /* [B] receive what window starts deliver; NULL: not wanted */
    const struct ref_synth_use *synth; /* seeds that a synthesiser says (synth.h), in place of seed and given; or NULL */
    bool reg_off;   /* leave the rate regulariser out */
    int threads;    /* >= 1 */
} ref_rule_args;

/* Gradient of the batch under a rule, plain views. EP_NOTIMPL for rules another module owns. */
EP_MUST_USE ep_status ref_gradient(ref_ctx *c, const ref_run *run, const ref_rule_args *a, ref_grad *g);
/* BPTT's gradient by the factorization sum_t L_j^t e_ji^t with the true L. */
EP_MUST_USE ep_status ref_gradient_factorized(ref_ctx *c, const ref_run *run, int threads, ref_grad *g);

/* Kolen-Pollack: Wout <- (1-lambda) Wout - eta dWout, B <- (1-lambda) B - eta dWout^T. */
void ref_kolen_pollack(ref_ctx *c, ref_net *net, const ref_grad *g, const ref_num *eta, const ref_num *lambda);

#endif
