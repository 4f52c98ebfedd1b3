/* What a state of the fast LSNN path holds, and the kernels that work on it.
 *
 * Weights lie transposed, one row per presynaptic channel: n_in inputs, n_rec neurons, bias; R = n_in + n_rec + 1.
 * Rows of neurons are padded to np numbers (64 bytes), rows of outputs to kp; what is padded is and stays 0.
 * A strip is one trial over a block of steps: a whole trial, or a chunk. Step s = 0.. of a block is row s of its
 * histories; spikes are bits, z of step s in row s + d, so row s is what the synapses see at step s.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSNN_STATE_H
#define OPT_FAST_LSNN_STATE_H

#include "fast.h"

typedef OPT_REAL real;

enum { GROUP = 16, MOST_SLOTS = 16, N_HIST = 4, BLOCK_STEPS = 512, GROUP_STEPS = 64, MOST_RUNS = 6,
       SUM_TILE = 4 * OPT_ALIGN / sizeof(real) };

/* Histories of one trial over a block. */
typedef struct strip {
    size_t b, steps, home;         /* home: whose traces: the trial's, or its thread's */
    const real *x;                 /* [steps][n_in] */
    bool fed, binary, bad;         /* there are inputs: x, or xbits alone; they are 0 or 1; one is not finite */
    uint64_t *zbits, *xbits;       /* [steps + d][zw], [steps][xw] */
    real *psi;                     /* [steps] rows ld apart; BPTT leaves dv here; NULL: not wanted */
    size_t ld;                     /* np, or n np where n trials lie side by side step by step */
    real *errbar;                  /* [steps] rows of [kp], le apart: g_out times filtered errors */
    size_t le;
    real *y, *err;                 /* [steps][kp] */
    real *L;                       /* [steps][np] learning signals given as such, or NULL; general: always */
    real *q;                       /* general: [steps + 1][nq][np], row t + 1 of step t */
} strip;

/* Scratch memory of one thread. */
typedef struct lane {
    real *psi;                     /* [block][GROUP][np] where histories are not kept for all trials */
    uint64_t *xbits;               /* [GROUP][block][xw], likewise */
    real *errbar;                  /* [block][GROUP][kp] */
    real *I, *M, *H, *L, *gz;      /* [GROUP][np] each; gz: [GROUP][n_rec] spikes as numbers */
    real *tile;                    /* [BLOCK_STEPS] x 8 vectors: a tile's history */
    real *hist[MOST_RUNS];         /* [block][np]: H^G, H^U, H^V, H^R of a chunk; general: dI of each run */
    real *sums[N_HIST];            /* [R][SUM_TILE]: sums of dense channels over a chunk, of a tile of neurons */
    real *coef;                    /* [N_COEF][np] */
    bool dense_in, dense_rec;
    uint64_t *turned;              /* [64 (xw + zw)][steps/64] bits by channel */
    uint32_t *first, *times;       /* [R]: row i has times[first[i] .. first[i + 1]) */
    real *cur;                     /* [np] currents of one trial */
    uint32_t *rows, *z_rows;       /* [R], [GROUP][np]: rows of W that a step adds, and of the last spikes; with slack */
    uint64_t *bits;                /* [GROUP][zw] psi > 0 */
    real *signal, *Ltr, *back, *acc, *q; /* general: [block][np] each; [runs][nh + 2][np]; [runs][theta, b][np]; a strip's */
    real *lead, *dy;               /* general: [np] kappa times the filtered signal of a chunk's first step; [kp] dy of a window's */
    real *pre;                     /* [block][n_rec]: spikes as numbers, for the dense form */
} lane;

/* Carry coefficients of a chunk, one a neuron. */
enum { C_G, C_U, C_V, C_R, C_SG, C_SU, C_SV, C_SR, C_AG, C_AU, C_AV, C_AR, C_LAMBDA, N_COEF }; /* of p, bias, eps^a; of ebar */

typedef struct lsnn {
    opt_config cfg; /* cfg.net is not kept */
    ep_net net;     /* sizes, options, constants; its arrays are not kept */
    const struct lsnn_kernels *k;
    fast_isa isa;
    size_t n_in, n_rec, n_out, R, np, kp, zw, xw, delay;
    size_t block;      /* rows of a history: T, or the chunk */
    size_t window;     /* truncated BPTT; else 0 */
    size_t n_slot, n_lane, nb;
    bool chunked, bptt, keep_all, has_a, ge, same_step, unmasked, distinct_alpha;
    bool streams, traces, pending; /* windows go on from each other; traces run on; a window waits for its backward */
    bool lean;         /* chunks for grad alone: traces of threads */
    bool forgets;      /* the last whole trials left no psi behind */
    size_t n_home;     /* sets of traces: B, lean: n_lane */
    /* General path: components of h, numbers kept of a neuron and step, rows of dW (the theta_p follow the channels). */
    bool general, synaptic, old_v, cut, learns[EP_N_THETA];
    size_t nh, nq, rows;
    int q_v, q_a, q_psi, q_z, q_dzda, q_psi_free, q_dzda_free, q_z_free, q_I; /* -1: not kept */
    int n_ref;
    real g_out, kappa, v_th, gamma, scale, inverse_width;
    real *W, *packed;  /* [R + 1][np], the last row 0; BPTT: F and Wrec by rows of neurons, in panels */
    real *F;           /* [n_out][np] feedback in use: Wout or B^T */
    real *Wout, *fb;   /* [n_rec + 1][kp] transposed, the bias last; [n_out][np] B^T */
    real *alpha, *rho, *beta, *beta_g, *g_in, *g_a, *back, *reg; /* [np]; beta g_a; what the reset transmits */
    real *v, *a, *z, *refr; /* [B][np] */
    real *y0;          /* [B][kp] y before the block */
    uint64_t *zbits, *xbits;
    real *psi, *y, *err, *x, *L; /* [B] strips */
    bool *binary, *bad; /* [B] inputs of the last whole trial were 0 or 1; one was not finite */
    uint32_t *spikes;  /* [B][n_rec] since the gradient was cleared */
    real *norm, *loss; /* [B] */
    real *dW, *dWout, *dR; /* [n_slot] x [R][np], [n_rec + 1][kp], [R][np] */
    real *ebar, *epsa; /* [n_home][R][np] carried by chunks */
    real *psi_last, *beta_last; /* [n_home][np], [np]: psi and beta of the last step that a chunk has learnt */
    real *p;           /* [n_home][R][np], of which [R] is in use where all neurons have one alpha */
    real *zbar;        /* [n_home][n_rec + 1] */
    real *q, *now, *eps, *pend; /* general: [B] strips'; [B][nq][np]; [n_home] x [nh][rows][np], [delay_L + 1][np] */
    real *power;       /* [block + 1][np] alpha^k */
    lane *lanes;
    struct lsnn *self; /* get() closes the open chunk */
    size_t fill, last; /* rows in the open block; row of the last step's y and err */
    bool learnt, has_L, reduced; /* has_L: the open chunk has signals given as such; reduced: slot 0 holds the sum over the slots */
    uint64_t t, T_all;
} lsnn;

typedef struct lsnn_kernels {
    const char *name;
    /* Steps `from` .. to-1 of a group of strips. */
    void (*forward)(lsnn *s, strip *w, size_t n, lane *ln, size_t from, size_t to);
    /* dW from psi and filtered errors: e-prop 1 of a whole trial. */
    void (*scan)(const lsnn *s, const strip *w, lane *ln, real *dW);
    /* dW of a group of strips that lie side by side; dv in place of psi. */
    void (*bptt)(const lsnn *s, const strip *w, size_t n, lane *ln, real *dW);
    void (*readout)(const lsnn *s, const strip *w, real *dWout);
    /* A chunk: histories and coefficients, then one pass over the synapses. */
    void (*chunk_scan)(const lsnn *s, const strip *w, lane *ln);
    void (*chunk_pass)(const lsnn *s, const strip *w, lane *ln, real *dW, real *dR);
    /* General path: runs at 0, those of traces too or not; signals of all steps; Wrec' dI; one step of the runs; dW of a trial;
     * a chunk's pass. */
    void (*general_start)(const lsnn *s, const lane *ln, bool traces);
    void (*general_signals)(const lsnn *s, const strip *w, const lane *ln);
    void (*general_transmit)(const lsnn *s, const lane *ln, size_t t, real *to);
    void (*general_row)(const lsnn *s, const strip *w, const lane *ln, size_t t, bool traces, real decay);
    void (*general_gather)(const lsnn *s, const strip *w, lane *ln, real *dW);
    void (*general_pass)(const lsnn *s, const strip *w, lane *ln, real *dW, real *dR);
    bool (*finite)(const real *v, size_t n);
} lsnn_kernels;

#define LSNN_NAME3(a, b, c) a##_##b##_##c
#define LSNN_NAME2(a, b, c) LSNN_NAME3(a, b, c)
#if OPT_DOUBLE
#define LSNN_TABLE(isa) LSNN_NAME2(lsnn_kernels, isa, f64)
#else
#define LSNN_TABLE(isa) LSNN_NAME2(lsnn_kernels, isa, f32)
#endif

extern const lsnn_kernels LSNN_TABLE(base), LSNN_TABLE(avx2), LSNN_TABLE(avx512);

static inline const uint64_t *strip_z(const lsnn *s, const strip *w, size_t row) { return w->zbits + row * s->zw; }

#endif
