/* What a state holds, and how it lies in the caller's memory.
 *
 * A parameter vector is [Win | Wrec | b | Wout | bout | theta...], each group shaped as in ep_net. A frame is what
 * one trial records of one step; frames of steps t = 0, -1.. are zero, so delays need no special case.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_SCALAR_STATE_H
#define OPT_SCALAR_STATE_H

#include "../opt.h"
#include "numbers.h"

enum { NH = 3, NC = 4, NQ = 5 };

/* Recorded activations q. Spiking cells, and LSTM. */
enum { PSI, DZDA, PSI_FREE, DZDA_FREE, Z_FREE };
enum { GI, GF, GG, GO, PHI };

/* Local derivatives of neuron j at step t. */
typedef struct jac {
    real hh[NH][NH];             /* dh^t/dh^{t-1} */
    real hz_loc[NH], hz_tr[NH];  /* dh^t/dz^{t-1}: the part in the trace, the part transmitted with L */
    real hI[NH][NC];             /* dh^t/dI_c^t */
    real hp[NH][EP_N_THETA];     /* dh^t/dtheta_p */
    real zh[NH];                 /* dz^t/dh^t */
    real zI[NC];                 /* dz^t/dI_c^t */
    real zp[EP_N_THETA];         /* dz^t/dtheta_p */
} jac;

typedef struct state {
    opt_config cfg; /* cfg.net is not kept */
    ep_net net;     /* sizes, options, constants; its arrays are not kept */
    size_t n_in, n_rec, n_out, nh, nc, delay, cap; /* cap: frames of one trial, longest + d + 1 */
    size_t longest; /* steps that are recorded at once */
    size_t n_slot;  /* trials that have traces and accumulators of their own: B where they run on, else 1 */
    size_t first[EP_N_GROUP], size[EP_N_GROUP], n_par;
    int v, a, decider; /* components of h; a = -1: none */
    int n_ref;      /* with ref_count applied */
    bool symmetric, online, learnt;
    bool streams, pending; /* windows go on from each other; one waits for its backward */
    size_t nb;      /* trials in use */
    uint64_t t, T_all; /* last finished step; steps since the gradient was cleared */
    uint64_t window;   /* steps of the last forward() */
    real g_out, kappa, v_th, gamma, b_forget, one; /* one = 1: what biases multiply */
    real *par, *fb;            /* [n_par], [n_rec][n_out] */
    real *g_in, *g_a;          /* [n_rec] */
    real *silence;             /* [n_in] zeros: the input where none is given */
    real *I, *h, *z, *q, *refr, *y, *err; /* [B][cap] frames of [n_rec][nc], [n_rec][nh], [n_rec], [n_rec][NQ], ... */
    real *beta;                /* [cap][n_rec] beta that a step used: derivatives of z^{t-1} are those of its own step */
    real *zsum, *loss, *norm;  /* [B][n_rec] sum of z over t; [B]; [B] what loss_norm divides by */
    real *acc, *total;         /* [n_slot][n_par] gradient of a trial; [n_par] of the trials summed (offline) */
    real *reg;                 /* [n_rec] c_reg (fbar - f*)/(T B) */
    real *eps, *e, *ebar, *R;  /* [n_slot][n_par][nh], [n_slot][n_par] ..; R = sum_t e */
    real *zbar, *late;         /* [n_slot][n_rec + 1]; [n_slot][delay_L + 1][n_rec] */
    real *dy, *dz, *Ltr, *dh, *dI; /* adjoints of one trial, [T + d + 2] steps */
    real *S, *zs, *Y, *Rs;     /* RTRL: [n_slot] x [n_rec][n_par][nh], [d+1][n_rec][n_par], [n_out][n_par], [n_rec][n_par] */
    jac *J;                    /* [2][n_rec] */
} state;

/* ---- carving ------------------------------------------------------------------------------------ */

typedef struct cursor {
    unsigned char *base; /* NULL: only count */
    size_t used;
    bool too_large;
} cursor;

static size_t times(cursor *c, size_t a, size_t b)
{
    if (b && a > SIZE_MAX / 2 / b) {
        c->too_large = true;
        return 0;
    }
    return a * b;
}

/* Room for a b d e elements, aligned to OPT_ALIGN. */
static void *take(cursor *c, size_t element, size_t a, size_t b, size_t d, size_t e)
{
    size_t n = times(c, times(c, times(c, times(c, element, a), b), d), e), at = c->used;
    if (n > SIZE_MAX / 2 - c->used - OPT_ALIGN) {
        c->too_large = true;
        return NULL;
    }
    c->used += (n + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN;
    return c->base ? c->base + at : NULL;
}

static real *numbers(cursor *c, size_t a, size_t b, size_t d, size_t e) { return take(c, sizeof(real), a, b, d, e); }

static void carve_rule(cursor *c, state *s)
{
    size_t steps = s->longest + s->delay + 2, n = s->n_rec, slots = s->n_slot, P = s->n_par;
    ep_rule r = s->cfg.rule;
    bool reg = s->cfg.c_reg > 0, forward = s->online && r != EP_RTRL, e3 = r == EP_EPROP3 || r == EP_EPROP3_SG;
    if (forward || e3) {
        s->eps = numbers(c, slots, P, s->nh, 1);
        s->e = numbers(c, slots, P, 1, 1);
        s->ebar = numbers(c, slots, P, 1, 1);
    }
    if (forward && reg) s->R = numbers(c, slots, P, 1, 1);
    if (forward) s->late = numbers(c, slots, (size_t)s->net.opt.delay_L + 1, n, 1);
    if (s->online || (s->streams && e3)) s->zbar = numbers(c, slots, n + 1, 1, 1);
    if (r == EP_RTRL) {
        s->S = numbers(c, slots, n, P, s->nh);
        s->zs = numbers(c, slots, s->delay + 1, n, P);
        s->Y = numbers(c, slots, s->n_out, P, 1);
        if (reg) s->Rs = numbers(c, slots, n, P, 1);
    }
    if (s->online || s->longest == 0) return;
    s->dy = numbers(c, steps, s->n_out, 1, 1);
    s->dz = numbers(c, steps, n, 1, 1);
    s->Ltr = numbers(c, steps, n, 1, 1);
    s->dh = numbers(c, steps, n, s->nh, 1);
    s->dI = numbers(c, steps, n, s->nc, 1);
}

static void carve(cursor *c, state *s)
{
    size_t B = (size_t)s->cfg.B, n = s->n_rec, frames = times(c, B, s->cap);
    s->par = numbers(c, s->n_par, 1, 1, 1);
    s->fb = numbers(c, n, s->n_out, 1, 1);
    s->g_in = numbers(c, n, 1, 1, 1);
    s->g_a = numbers(c, n, 1, 1, 1);
    s->silence = numbers(c, s->n_in, 1, 1, 1);
    s->I = numbers(c, frames, n, s->nc, 1);
    s->h = numbers(c, frames, n, s->nh, 1);
    s->z = numbers(c, frames, n, 1, 1);
    s->q = numbers(c, frames, n, NQ, 1);
    s->refr = numbers(c, frames, n, 1, 1);
    s->beta = numbers(c, s->a < 0 ? 0 : s->cap, n, 1, 1);
    s->y = numbers(c, frames, s->n_out, 1, 1);
    s->err = numbers(c, frames, s->n_out, 1, 1);
    s->zsum = numbers(c, B, n, 1, 1);
    s->loss = numbers(c, B, 1, 1, 1);
    s->norm = numbers(c, B, 1, 1, 1);
    s->acc = numbers(c, s->n_slot, s->n_par, 1, 1);
    s->total = numbers(c, s->n_par, 1, 1, 1);
    s->reg = numbers(c, n, 1, 1, 1);
    s->J = take(c, sizeof(jac), 2, n, 1, 1);
    carve_rule(c, s);
}

/* ---- where things are ---------------------------------------------------------------------------- */

static inline size_t frame(const state *s, size_t b, uint64_t t) { return b * s->cap + (size_t)(t % s->cap); }
/* The frame of step t - back, back <= d. */
static inline size_t frame_before(const state *s, size_t b, uint64_t t, size_t back)
{
    return b * s->cap + (size_t)((t + s->cap - back) % s->cap);
}
static inline const real *group(const state *s, int g) { return s->par + s->first[g]; }
static inline real theta(const state *s, ep_theta p, size_t j)
{
    return s->size[EP_G_THETA + (int)p] ? s->par[s->first[EP_G_THETA + (int)p] + j] : 0;
}

/* Neuron j at one step, and where it was a step before. */
typedef struct spot {
    size_t j;
    const real *h_prev, *q_prev, *I;
    real z_prev, refr_prev;
    real *h, *z, *q, *refr;
    real *beta, beta_prev;
} spot;

static inline spot spot_at(const state *s, size_t b, uint64_t t, size_t j)
{
    size_t now = frame(s, b, t) * s->n_rec + j, before = frame_before(s, b, t, 1) * s->n_rec + j;
    spot k = {.j = j, .h_prev = s->h + before * s->nh, .q_prev = s->q + before * NQ, .I = s->I + now * s->nc,
                  .z_prev = s->z[before], .refr_prev = s->refr[before],
                  .h = s->h + now * s->nh, .z = s->z + now, .q = s->q + now * NQ, .refr = s->refr + now};
    if (s->a < 0) return k;
    k.beta = s->beta + frame(s, 0, t) * s->n_rec + j;
    k.beta_prev = s->beta[frame_before(s, 0, t, 1) * s->n_rec + j];
    return k;
}

#endif
