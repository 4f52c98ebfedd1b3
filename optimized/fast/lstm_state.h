/* What a state of the fast path for LSTM and rate units holds, and how it lies in the caller's memory.
 *
 * Slot 0 is step `base`, slot n step base + n; each slot has nb trials side by side, each row is padded. The state
 * z^t lies in u of step t + d, where it is used; once that step has come, x stands where z was padded.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSTM_STATE_H
#define OPT_FAST_LSTM_STATE_H

#include <string.h>

#include "lstm.h"
#include "lstm_kernels.h"
#include "../scalar/numbers.h"

typedef LSTM_NAME(fast_lstm_kernels) kernels;
typedef LSTM_NAME(fast_cell_row) cell_row;
typedef LSTM_NAME(fast_trace_row) trace_line;
typedef LSTM_NAME(fast_trace_move) trace_move;

enum { CHUNK = 64, KEPT = 128, BLOCK_ROWS = 768 };

typedef struct state {
    opt_config cfg; /* cfg.net is not kept */
    ep_net net;     /* sizes, options, constants; its arrays are not kept */
    const kernels *k;
    int cell;                                   /* 0 LSTM, 1 rate */
    size_t n_in, n_rec, n_out, nc, ne, d, late; /* ne: channels with eligibility vectors */
    size_t np, nu, ldu, ldq, ldi, ldy, ldg;     /* padded neurons; columns of u; lengths of rows */
    size_t cap, block, span, nb, threads;       /* steps kept; steps of a block backward; trials in use */
    size_t together;                            /* rows, trial by trial, of which a chunk is learnt at a time */
    size_t first[EP_N_GROUP], size[EP_N_GROUP], n_par;
    bool eprop1, symmetric, chunks, e3, windows; /* chunks: e-prop 1 that learns step by step */
    bool streams, pending;     /* windows go on from each other; one waits for its backward */
    bool stale, alpha_set;     /* parameters changed since they were packed; alpha since the last step */
    bool learnt, live;         /* the last step has learnt; there are traces */
    bool ahead;                /* grad has run the forward pass alone, and nothing since */
    uint64_t t, base, T_all;   /* last step; steps before slot 1; steps since the gradient was cleared */
    uint64_t start;            /* windows one by one: steps before the last one */
    real g_out, kappa, b_forget;
    real *par, *fb, *alpha;    /* [n_par], [n_rec][n_out], [np] */
    real *Wf, *Wb, *Wo, *Wl;   /* packed: [nu][nc np] forward, [nc np][np] backward, [np][n_out] out, [n_out][np] back */
    real *u, *q, *h, *phi, *y, *err; /* slots */
    real *zsum, *loss, *norm, *reg;  /* [B][np], [B], [B], [np] */
    real *G, *Gout, *gbout, *galpha; /* gradients: [nc np][ldg], [n_out][np], [ldy], [np] */
    real *dI, *dy;             /* [block + d][B][ldi], [block + 1][B][ldy] */
    real *L, *L2, *carry, *carry2, *dI2, *eb, *dalpha; /* [B] rows; dI2 [block][B][ldi] */
    real *pack, *slivers;      /* right factor of the block, d steps longer; [threads] slivers */
    real *sig, *ring, *zbar, *ones; /* online: [cap + 1][B][np], [late + 1][B][np], [B][np + PAD], [np]; eprop3 by
                                     * windows has zbar without g_out, and Ltr in sig */
    real *Dq, *D1, *Du, *Dk;   /* online: [cap][B][ldi] for G, R; [threads][cap][ldi] for eps, ebar of a trial */
    real *packs, *regs;        /* online: [threads][cap][ldg]; [np] the regulariser's signal when read */
    real *F, *S, *S1, *K, *Lh, *power; /* [B][np]: carries of the chunk's scans, filtered signal, kappa^{t1-s} */
    real *eps, *ebar, *R;      /* [B][ne np][ldg], [B][nc np][ldg], [nc np][ldg] */
    real *a_eps, *a_ebar, *a_U, *a_K, *a_S, *a_1, *a_R; /* [B][np]: the same for the decay of rate units */
    uint64_t flushed, moved;   /* online: steps whose signals are in the gradient; step of the traces, which may follow later */
} state;

typedef struct cursor {
    unsigned char *base; /* NULL: only count */
    size_t used;
    bool too_large;
} cursor;

static real *numbers(cursor *c, size_t a, size_t b, size_t e)
{
    size_t n = sizeof(real), by[3] = {a, b, e};
    for (int k = 0; k < 3; k++) {
        if (by[k] && n > SIZE_MAX / 4 / by[k]) {
            c->too_large = true;
            return NULL;
        }
        n *= by[k];
    }
    size_t at = c->used;
    if (n > SIZE_MAX / 4 - c->used) {
        c->too_large = true;
        return NULL;
    }
    c->used += (n + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN;
    return c->base ? (real *)(void *)(c->base + at) : NULL;
}

/* Room of one thread for a sliver, and a cache line behind it. */
static size_t sliver_size(const state *s) { return LSTM_TILE_ROWS * s->span + LSTM_PAD; }

/* Traces that run on, and the scans over a chunk that move them. */
static void carve_traces(cursor *c, state *s)
{
    size_t B = (size_t)s->cfg.B, np = s->np;
    s->zbar = numbers(c, B, np + LSTM_PAD, 1);
    s->sig = numbers(c, s->cap + 1, B, np);
    s->Du = numbers(c, s->threads, s->together, s->ldi);
    s->Dk = numbers(c, s->threads, s->together, s->ldi);
    s->packs = numbers(c, s->threads, s->together, s->ldg);
    real **const rows[] = {&s->F, &s->S, &s->S1, &s->K, &s->Lh, &s->power, &s->a_eps, &s->a_ebar, &s->a_U, &s->a_K,
                           &s->a_S, &s->a_1, &s->a_R};
    for (size_t n = 0; n < sizeof rows / sizeof *rows; n++) *rows[n] = numbers(c, B, np, 1);
    s->eps = numbers(c, B, s->ne * np, s->ldg);
    s->ebar = numbers(c, B, s->nc * np, s->ldg);
}

static void carve_online(cursor *c, state *s)
{
    size_t B = (size_t)s->cfg.B, np = s->np;
    s->ring = numbers(c, s->late + 1, B, np);
    s->Dq = numbers(c, s->cap, B, s->ldi);
    s->regs = numbers(c, np, 1, 1);
    if (!(s->cfg.c_reg > 0)) return;
    s->D1 = numbers(c, s->cap, B, s->ldi);
    s->R = numbers(c, s->nc * np, s->ldg, 1);
}

static void carve_offline(cursor *c, state *s)
{
    size_t B = (size_t)s->cfg.B, np = s->np;
    s->dI = numbers(c, s->block + s->d, B, s->ldi);
    s->dy = numbers(c, (s->streams && s->e3 ? s->cap : s->block) + 1, B, s->ldy);
    s->L = numbers(c, B, np, 1);
    s->carry = numbers(c, B, np, 1);
    s->eb = numbers(c, B, s->ldy, 1);
    s->dalpha = numbers(c, B, np, 1);
    if (!s->e3) return;
    s->dI2 = numbers(c, s->streams ? s->threads * s->together : s->block * B, s->ldi, 1);
    if (s->streams) return;
    s->L2 = numbers(c, B, np, 1);
    s->carry2 = numbers(c, B, np, 1);
}

static void carve(cursor *c, state *s)
{
    size_t B = (size_t)s->cfg.B, np = s->np, rows = s->nc * np;
    s->par = numbers(c, s->n_par, 1, 1);
    s->fb = numbers(c, s->n_rec, s->n_out, 1);
    s->alpha = numbers(c, np, 1, 1);
    s->Wf = numbers(c, s->nu, rows, 1);
    s->Wb = numbers(c, rows, np, 1);
    s->Wo = numbers(c, np, s->ldy, 1);
    s->Wl = numbers(c, s->n_out, np, 1);
    s->u = numbers(c, s->cap + s->d + 1, B, s->ldu);
    s->q = numbers(c, s->cap + 1, B, s->ldq);
    s->h = numbers(c, s->cap + 1, B, np);
    s->phi = numbers(c, s->cap + 1, B, np);
    s->y = numbers(c, s->cap + 1, B, s->ldy);
    s->err = numbers(c, s->cap + 1, B, s->ldy);
    s->zsum = numbers(c, B, np, 1);
    s->loss = numbers(c, B, 1, 1);
    s->norm = numbers(c, B, 1, 1);
    s->reg = numbers(c, np, 1, 1);
    s->ones = numbers(c, np, 1, 1);
    s->G = numbers(c, rows, s->ldg, 1);
    s->Gout = numbers(c, s->n_out, np, 1);
    s->gbout = numbers(c, s->ldy, 1, 1);
    s->galpha = numbers(c, np, 1, 1);
    s->pack = numbers(c, s->span + s->d * B, s->ldg, 1);
    s->slivers = numbers(c, s->threads, sliver_size(s), 1);
    if ((s->cfg.T > 0 && !s->chunks) || s->streams) carve_offline(c, s);
    if (s->chunks) carve_online(c, s);
    if (s->chunks || (s->streams && s->e3)) carve_traces(c, s);
}

/* ---- where things are -------------------------------------------------------------------------------- */

static inline size_t slot(const state *s, uint64_t t) { return (size_t)(t - s->base); }
/* Row of trial b at step t of an array with rows of ld numbers. */
static inline real *row(const state *s, real *a, uint64_t t, size_t b, size_t ld)
{
    return a + (slot(s, t) * s->nb + b) * ld;
}
static inline real *z_row(const state *s, uint64_t t, size_t b) { return row(s, s->u, t + s->d, b, s->ldu); }
static inline real *group(const state *s, int g) { return s->par + s->first[g]; }

/* Everything of trial b at step t that a cell needs; L, carry, D and dalpha are the caller's. */
static cell_row cell_at(const state *s, uint64_t t, size_t b)
{
    return (cell_row){.n = s->np, .hi = s->np, .q = row(s, s->q, t, b, s->ldq), .h_prev = row(s, s->h, t - 1, b, s->np),
                      .h = row(s, s->h, t, b, s->np), .phi = row(s, s->phi, t, b, s->np), .z = z_row(s, t, b),
                      .zsum = s->zsum + b * s->np, .alpha = s->alpha, .b_forget = s->b_forget,
                      .identity = s->net.opt.phi == EP_PHI_IDENTITY, .reg = s->reg};
}

#endif
