/* opt.h: one API for all engines (scalar, fast, fixed): a network of one model trained by one rule, in memory
 * that the caller owns.
 *
 *   online    init, then every step: step(x^t), optionally get(y^t), learn(signal^t); at the end get(OPT_GRAD(g))
 *   offline   init, then grad(trials); get(OPT_GRAD(g))
 *   windows   init, then for every window forward(steps), optionally get(state), backward(steps); get(OPT_GRAD(g))
 *
 * Batch is a dimension: every array has B trials side by side. Arrays travel in the engine's element type:
 * float (OPT_BINARY32), double (OPT_BINARY64), int32_t (OPT_FIXED). Kernels never allocate, print or keep globals.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_H
#define OPT_H

#include "eprop.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { OPT_ALIGN = 64, OPT_RTRL_MOST_REC = 64 };

typedef enum opt_format { OPT_BINARY32, OPT_BINARY64, OPT_FIXED } opt_format;

/* What is fixed for the life of a state. n_in, n_rec, n_out, B and T may be 0. */
typedef struct opt_config {
    const ep_net *net;  /* its numbers are copied by init; state_size reads sizes, model and options only */
    ep_rule rule;
    ep_loss loss;
    double c_reg, f_target; /* E_reg = c_reg/2 sum_j (fbar_j - f_target)^2; c_reg = 0: none */
    int B;       /* most trials side by side */
    int T;       /* longest trial of grad; 0: online use only */
    int window;  /* tbptt*, eprop3*: steps, >= 1; bptt: where opt_seeds are delivered, 0 = nowhere; else ignored */
    int threads; /* 0 and 1: the calling thread alone; engines without threads ignore it */
    int chunk;   /* steps of a chunk in engines that learn online by chunks; 0: the engine chooses. tbptt*, eprop3* of
                  * LSTM: > 0 = grad window by window */
    bool grad_only; /* fast engine, e-prop 1 of spiking models by chunks: step and learn are refused, and traces kept for each thread in
                     * place of each trial; else ignored */
    const struct fix_profile *profile; /* OPT_FIXED: the formats (copied), NULL = the engine's own; else ignored */
    uint64_t seed;                     /* OPT_FIXED: of stochastic rounding; else ignored */
    int v_shift;                       /* OPT_FIXED, spiking: potentials are held times 2^v_shift (opt_fixed.h); else ignored */
} opt_config;

/* The learning signal of one step, all NULL or zero where nothing is to be learnt. Weights of e-prop 1 get
 * L_j^{t-delay_L} ebar^t with L = g_out sum_k B_jk err_k; RTRL and the readout get err^t exactly. Give one of: */
typedef struct opt_signal {
    const void *err;    /* [B][n_out] err_k^t = dE/dy_k^t as far as it is local in time */
    const void *target; /* [B][n_out]: err follows from y^t by the loss ... */
    const void *weight; /* [B] ... with these m^t, already normalised; NULL = all 1; only with target */
    const void *L;      /* [B][n_rec] learning signal itself: no feedback inside, no readout gradient; e-prop 1 */
} opt_signal;

/* What crosses the end of a window: the part of an adjoint that comes from later windows. Boundary m = 0.. lies
 * behind step s = (m+1) window < T, so there are (T-1)/window. NULL arrays: zero, or not wanted. */
typedef struct opt_seeds {
    void *h;     /* [m][B][n_rec][nh] dE/dh^s: sum (dh^{s+1}/dh^s)^T dh^{s+1} */
    void *z;     /* [m][B][d][n_rec] dE/dz^{s-q}, q = 0..d-1, transmitted: by Wrec, and by the reset where q = 0;
                  * entries of q >= window are neither read nor written */
    void *z_loc; /* [m][B][n_rec] dE/dz^s by the local path z^s -> h^{s+1} (adaptation, reset if it is local) */
    void *y;     /* [m][B][n_out] kappa dy^{s+1} */
} opt_seeds;

/* Which part of a gradient: all of it; the forward pass alone (states, y, E); the rest, for the trials whose forward
 * pass was the last call of grad, with the same x. Between the two, errors may be made of several networks' outputs. */
typedef enum opt_part { OPT_WHOLE, OPT_FORWARD, OPT_BACKWARD } opt_part;

/* Whole trials for grad; loss_norm of the network's options is applied inside. */
typedef struct opt_trials {
    int T, B;           /* at most config.T, config.B */
    const void *x;      /* [B][T][n_in]; NULL = 0 */
    /* In place of x, [B][T][n] words: input i is 1 where bit i mod 64 of word i/64 is set, else 0; no bit behind the last
     * input. For grad where n = count(OPT_X_WORDS) > 0; EP_NOTIMPL elsewhere. */
    const uint64_t *bits;
    const void *target; /* [B][T][n_out]; NULL = 0; classification: probabilities p* */
    const void *mask;   /* [B][T], m^t >= 0; NULL = 1 */
    const void *err;    /* [B][T][n_out] err^t itself, weighted and normalised, in place of target and mask, which
                         * are then not read; E is the regulariser's part alone */
    opt_part part;      /* after OPT_FORWARD gradients are 0 and online states need reset */
    bool alone;         /* OPT_FORWARD: an OPT_BACKWARD is not to follow, so that histories need not be kept; if one does, it runs the trials again */
    const opt_seeds *seeds;     /* tbptt-sg, eprop3*: given; NULL = 0 */
    const opt_seeds *delivered; /* bptt, tbptt*, eprop3*: receives what each window's start delivers; NULL = not wanted */
} opt_trials;

/* ---- named quantities --------------------------------------------------------------------------- */

/* State is that of the last finished step t; set before a step forces the step. nh components of h:
 * LIF (v), ALIF and LSNN (v, a), each with v_old last where spike_from = old; synaptic (s, v); LSTM (c); rate (v). */
enum {
    OPT_PARAM_0 = 0x00, OPT_GRAD_0 = 0x10, OPT_EPS_0 = 0x20, OPT_E_0 = 0x30, OPT_EBAR_0 = 0x40,
    OPT_FEEDBACK = 0x100, /* [n_rec][n_out] B of e-prop 1; symmetric e-prop reads Wout */
    OPT_V, OPT_A, OPT_V_OLD, OPT_S, OPT_C, /* [B][n_rec] components of h */
    OPT_Z,        /* [B][n_rec] */
    OPT_PSI,      /* [B][n_rec] dz/dh of the component that decides the spike */
    OPT_DZDA,     /* [B][n_rec] dz/dA, A = v_th + beta a */
    OPT_PSI_FREE, OPT_DZDA_FREE, OPT_Z_FREE, /* [B][n_rec] the same and the spike before the refractory rule */
    OPT_REFR,     /* [B][n_rec] refractory counter */
    OPT_I,        /* [B][n_rec][n_ch] */
    OPT_GATES,    /* [B][n_rec][5] LSTM: i, f, g, o, phi(c) */
    OPT_Y,        /* [B][n_out] */
    OPT_ERR,      /* [B][n_out] */
    OPT_Z_PAST,   /* [B][d][n_rec] z^t, z^{t-1} .. z^{t-d+1} */
    OPT_FBAR,     /* [n_rec] mean of z over steps and trials */
    OPT_LOSS,     /* [1] E of the steps learnt by target, with the regulariser */
    OPT_L,        /* [B][n_rec] last learning signal of e-prop 1, before delay_L */
    OPT_ZBAR,     /* [B][n_rec + 1] filtered z (and 1): what meets err in the readout's gradient */
    OPT_X_WORDS,  /* [n] only counted: words of a step of opt_trials.bits */
    OPT_ALL_BIT = 0x1000
};
/* Parameters and gradients by ep_group, shaped as in ep_net. grad is that of everything since the last reset. */
#define OPT_PARAM(g) (OPT_PARAM_0 + (int)(g))
#define OPT_GRAD(g) (OPT_GRAD_0 + (int)(g))
/* Eligibility vectors [B][group][nh], traces and filtered traces [B][group] of Win, Wrec, b, theta; e-prop 1. */
#define OPT_EPS(g) (OPT_EPS_0 + (int)(g))
#define OPT_E(g) (OPT_E_0 + (int)(g))
#define OPT_EBAR(g) (OPT_EBAR_0 + (int)(g))
/* OPT_V .. OPT_ERR over the steps of the last grad, or (T = 0) forward: [B][T] in place of [B]. Read only. */
#define OPT_ALL(q) ((q) | OPT_ALL_BIT)

/* What reset clears. Parameters always stay. */
enum { OPT_RESET_STATE = 1, OPT_RESET_GRAD = 2, OPT_RESET_ALL = 3 };

typedef struct opt_state opt_state;

/* An engine: a table of functions, so that engines are interchangeable. Every function that fails leaves the
 * state as it was, except grad, which leaves a state that needs reset. Results are defined for any finite input. */
typedef struct opt_engine {
    const char *name;
    opt_format format;
    size_t element; /* bytes of one number in every array */
    /* EP_OK or EP_NOTIMPL. Sizes are init's matter. */
    ep_status (*supports)(ep_model model, ep_rule rule, const ep_options *opt);
    /* Bytes that init needs, a multiple of OPT_ALIGN; 0 if the configuration is out of range, not supported, or larger than memory. */
    size_t (*state_size)(const opt_config *cfg);
    /* Lays a state into mem and loads the parameters. EP_DOMAIN: mem not aligned to OPT_ALIGN, bytes too small,
     * or a number that is out of range, not finite, or no longer so in the engine's format. The state holds
     * pointers into mem: it must not be copied. Ends with the end of mem; nothing to release. */
    ep_status (*init)(const opt_config *cfg, void *mem, size_t bytes, opt_state **out);
    void (*reset)(opt_state *s, unsigned what);
    /* Advances all trials by one step: states, readout, and the rule's traces. x [B][n_in], NULL = 0.
     * EP_DOMAIN: x not finite. */
    ep_status (*step)(opt_state *s, const void *x);
    /* Adds the gradient of the step just done; at most once a step. With delay_L > 0 call it every step. NULL: no
     * new signal. EP_DOMAIN: not finite, no step to learn from; EP_NOTIMPL: the rule does not learn online. */
    ep_status (*learn)(opt_state *s, const opt_signal *sig);
    /* Gradient of whole trials under the rule; resets state and gradient first (OPT_BACKWARD after an OPT_FORWARD of the
     * same trials goes on from there, or runs it again), and leaves the state of step T. With
     * fewer trials than config.B, only those go on until the next reset.
     * EP_DOMAIN: sizes or numbers out of range; EP_UNABLE: the result overflowed the format. */
    ep_status (*grad)(opt_state *s, const opt_trials *tr);
    /* Numbers of a quantity; 0 if this state does not have it. */
    size_t (*count)(const opt_state *s, int quantity);
    /* n must be count(quantity). EP_DOMAIN: it is not, or (set) a number is out of range. EP_NOTIMPL: read only. A parameter
     * set between two steps counts from the later one on; traces and gradients of earlier steps stay what they were. */
    ep_status (*get)(const opt_state *s, int quantity, void *out, size_t n);
    ep_status (*set)(opt_state *s, int quantity, const void *in, size_t n);
    /* One line: what runs (instruction set, threads, order of sums), for the record of a measurement. */
    void (*describe)(const opt_state *s, char *buf, size_t n);
    /* tbptt*, eprop3* window by window, where opt_config_streams(): the state goes on for tr->T <= config.window steps of
     * tr->B trials (fixed by the first call after a reset), which are recorded; get() then reads the state at the
     * window's end, of which a synthetic gradient is a function. Memory and cost depend on the window alone. m^t is
     * already normalised: loss_norm is not applied. EP_DOMAIN: sizes or numbers out of range; eprop3: the window before
     * waits for its backward. EP_NOTIMPL: other rules; engines without it. */
    ep_status (*forward)(opt_state *s, const opt_trials *tr);
    /* Adds the gradient of the window that forward has just recorded; tr as it was there, or with err. tr->seeds, with one boundary:
     * what crosses the window's end; tr->delivered: receives what crosses its start, the target of the synthetic
     * gradient there. Where the window is shorter than d, z of q < d - T at the start is that of q + T at its end.
     * With exact seeds the windows of tbptt add up to bptt. An engine may put the work off until the gradient is read or cleared, a
     * parameter is set, or it has no more room. EP_DOMAIN: no forward before, or numbers not finite. EP_UNABLE: overflow. */
    ep_status (*backward)(opt_state *s, const opt_trials *tr);
} opt_engine;

/* Portable, strict order: each gradient entry is summed over t = 1..T within a trial, then over trials b = 0..B-1;
 * sums over neurons run over ascending index; nothing is contracted. Bits are equal on every IEEE machine for models
 * and losses that need no exp, log or tanh (which are libm's): LIF, ALIF, LSNN, synaptic with regression and any psi
 * but the exponential. Every model, option, and rule but e-prop 2. */
const opt_engine *opt_scalar_f32(void);
const opt_engine *opt_scalar_f64(void);

/* Event-driven, vectorised, threads over trials; results do not depend on config.threads. Spiking models run by special
 * kernels where the convention and rule are common, else by general ones; describe() names them, fast/lsnn.h lists what
 * is which. What no kernel knows falls back to the scalar engine, and describe() says that: a trial of more than 2^32 events.
 * No RTRL. Gradients of theta
 * are absent (count 0) with the special kernels; so are seeds, and what windows deliver (EP_NOTIMPL): for these, ask for
 * tbptt-sg, whose gradient without seeds is tbptt's, or bptt with window > 0.
 * e-prop 1 with T > 0 and chunk = 0: grad by a scan over the whole trial, no learn(); otherwise by chunks: memory constant
 * in T, gradients complete at the end of each chunk and at get(). tbptt*, eprop3* of LSTM with chunk > 0 and no
 * regulariser: grad goes window by window, memory constant in T, no OPT_ALL. */
const opt_engine *opt_fast_f32(void);
const opt_engine *opt_fast_f64(void);

/* Integers: opt_fixed.h. */

/* Checks the ranges of a configuration and its network; `why` (>= 160 bytes, or NULL) says what was wrong. */
EP_MUST_USE ep_status opt_config_check(const opt_config *cfg, char *why, size_t n);
/* Does the rule learn step by step: rtrl and e-prop 1. */
bool opt_rule_online(ep_rule r);
/* Is this configuration for forward and backward: a windowed rule with T = 0, no regulariser. */
bool opt_config_streams(const opt_config *cfg);
/* Number of hidden components, in the order above. */
int opt_hidden_count(ep_model m, const ep_options *o);

#ifdef __cplusplus
}
#endif
#endif
