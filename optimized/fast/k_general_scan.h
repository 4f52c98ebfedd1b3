/* Backward in time under any convention: adjoints of the neurons' own paths, several at a time ("runs"), which differ in
 * what they are given from outside:
 *
 *   G: the learning signals;  V: kappa^{t1-t};  R: 1;  U_m: nothing, but dh_m = 1 behind the last step
 *
 *   dz^t = given^t + loc^{t+1} . dh^{t+1};  dh^t = zh^t dz^t + hh^{t+1}' dh^{t+1};  dI^t = hI^t . dh^t
 *
 * Whole trials need G alone. A chunk needs all: with eps, ebar the traces before it, S^X = sum_t dI_X^t pre^t and
 * c_X = hh' dh_X + (loc . dh_X) zh of the step before,
 *
 *   dW += S^G + c_G . eps + lambda ebar;  ebar <- kappa^c ebar + S^V + c_V . eps;  eps_m <- S^{U_m} + c_{U_m} . eps
 *
 * and likewise for theta_p, whose S are sums of hp . dh + zp dz over the chunk's own steps.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_K_GENERAL_SCAN_H
#define OPT_FAST_K_GENERAL_SCAN_H

#include "k_general.h"
#include "k_scan.h"

enum { RUN_G, RUN_V, RUN_R, RUN_U };

/* Rows of one run: adjoints that come from the step after, by h, by the local and by the transmitted path of z. */
INLINE real *back_of(const lsnn *s, const lane *ln, size_t run, size_t row)
{
    return ln->back + (run * (s->nh + 2) + row) * s->np;
}

/* Sums of one run: theta_p, then the bias. */
INLINE real *sum_of(const lsnn *s, const lane *ln, size_t run, size_t row)
{
    return ln->acc + (run * (EP_N_THETA + 1) + row) * s->np;
}

INLINE void add_to(real *to, vec v) { v_store(to, v_load(to) + v); }

/* One run of one vector at step t. */
INLINE void run_row(unsigned nh, const lsnn *s, const lane *ln, size_t run, size_t t, size_t j, vec given, const jac *J)
{
    vec dz = given + v_load(back_of(s, ln, run, nh) + j), dh[NH_MOST], dI = v_set(0), loc = v_set(0), tr = v_set(0);
    for (unsigned m = 0; m < nh; m++) {
        dh[m] = J->zh[m] * dz + v_load(back_of(s, ln, run, m) + j);
        dI += J->hI[m] * dh[m];
        loc += J->loc[m] * dh[m];
        tr += J->tr[m] * dh[m];
    }
    for (unsigned m = 0; m < nh; m++) {
        vec sum = v_set(0);
        for (unsigned k = 0; k < nh; k++) sum += J->hh[k][m] * dh[k];
        v_store(back_of(s, ln, run, m) + j, sum);
    }
    v_store(back_of(s, ln, run, nh) + j, loc);
    v_store(back_of(s, ln, run, nh + 1) + j, tr);
    v_store(ln->hist[run] + t * s->np + j, dI);
    add_to(sum_of(s, ln, run, EP_N_THETA) + j, dI);
    for (size_t p = 0; p < EP_N_THETA; p++) {
        vec sum = v_set(0);
        if (!s->learns[p]) continue;
        if (p == EP_BETA) sum = J->zp * dz;
        for (unsigned m = 0; m < nh; m++) sum += J->hp[m][p] * dh[m];
        add_to(sum_of(s, ln, run, p) + j, sum);
    }
}

INLINE void runs_at(unsigned nh, const lsnn *s, const strip *w, const lane *ln, size_t t, bool traces, real decay)
{
    size_t ldq = s->nq * s->np;
    for (size_t j = 0; j < s->np; j += LANES) {
        spot k = {w->q + t * ldq + j, w->q + (t + 1) * ldq + j, s->np, t ? s->beta : s->beta_last};
        jac J;
        jac_at(nh, s, &k, j, &J);
        run_row(nh, s, ln, RUN_G, t, j, v_load(ln->signal + t * s->np + j), &J);
        if (!traces) continue;
        run_row(nh, s, ln, RUN_V, t, j, v_set(decay), &J);
        if (s->dR) run_row(nh, s, ln, RUN_R, t, j, v_set(1), &J);
        for (unsigned m = 0; m < nh; m++) run_row(nh, s, ln, RUN_U + m, t, j, v_set(0), &J);
    }
}

static void k_general_row(const lsnn *s, const strip *w, const lane *ln, size_t t, bool traces, real decay)
{
    switch (s->nh) {
    case 1: runs_at(1, s, w, ln, t, traces, decay); break;
    case 2: runs_at(2, s, w, ln, t, traces, decay); break;
    default: runs_at(3, s, w, ln, t, traces, decay); break;
    }
}

static void k_general_start(const lsnn *s, const lane *ln, bool traces)
{
    size_t runs = traces ? RUN_U + s->nh : 1;
    memset(ln->back, 0, runs * (s->nh + 2) * s->np * sizeof(real));
    memset(ln->acc, 0, runs * (EP_N_THETA + 1) * s->np * sizeof(real));
    for (size_t m = 0; traces && m < s->nh; m++)
        for (size_t j = 0; j < s->n_rec; j++) back_of(s, ln, RUN_U + m, m)[j] = 1;
}

/* signal rows = reg + F errbar. */
static void k_general_signals(const lsnn *s, const strip *w, const lane *ln)
{
    for (size_t t = 0; t < w->steps; t++) memcpy(ln->signal + t * s->np, s->reg, s->np * sizeof(real));
    multiply((factor){w->errbar, w->le, 1}, w->steps, s->n_out, (matrix){s->F, s->np}, (target){ln->signal, s->np}, s->np);
}

/* to [np] += Wrec' dI of the G run at step t. */
static void k_general_transmit(const lsnn *s, const lane *ln, size_t t, real *to)
{
    const real *rec = s->packed + s->n_out * s->np;
    multiply_packed((matrix){ln->hist[RUN_G] + t * s->np, s->np}, 1, s->n_rec, rec, s->n_rec * PANEL, (target){to, s->np},
                    s->np / PANEL);
}

/* dW of a whole trial from the G run. */
static void k_general_gather(const lsnn *s, const strip *w, lane *ln, real *dW)
{
    for (size_t end = w->steps, t0; end > 0; end = t0) {
        t0 = (end - 1) / BLOCK_STEPS * BLOCK_STEPS;
        prepare_events(s, w, ln, t0, end - t0);
        for (size_t j = 0; j < s->np; j += TILE)
            gather_block(s, w, ln, t0, end - t0, (matrix){ln->hist[RUN_G] + t0 * s->np + j, s->np}, dW + j,
                         s->np - j < TILE ? s->np - j : TILE);
    }
    for (size_t j = 0; j < s->np; j += LANES) {
        add_to(dW + (s->R - 1) * s->np + j, v_load(sum_of(s, ln, RUN_G, EP_N_THETA) + j));
        for (size_t p = 0; p < EP_N_THETA; p++) add_to(dW + (s->R + p) * s->np + j, v_load(sum_of(s, ln, RUN_G, p) + j));
    }
}

/* ---- a chunk's pass over the synapses ------------------------------------------------------------------------- */

typedef struct carried {
    real *dW, *dR, *ebar, *eps; /* rows of channels; eps [nh] of them, `plane` apart */
    size_t plane;
} carried;

/* S^X of channel i. */
INLINE vec general_sum(const lsnn *s, const strip *w, const lane *ln, size_t run, size_t i, size_t j)
{
    vec sum = v_set(0);
    if (i + 1 >= s->R) return v_load(sum_of(s, ln, run, i + 1 == s->R ? EP_N_THETA : i - s->R) + j);
    gather_row(1, ln->times + ln->first[i], ln->times + ln->first[i + 1], ln->hist[run] + j, s->np,
               i < s->n_in && !w->binary ? w->x + i : NULL, s->n_in, &sum);
    return sum;
}

/* c_X . eps, and what comes through z alone. */
INLINE vec general_carry(unsigned nh, const lsnn *s, const lane *ln, size_t run, size_t i, size_t j, const jac *J, const vec *eps)
{
    vec loc = v_load(back_of(s, ln, run, nh) + j), sum = v_set(0);
    for (unsigned m = 0; m < nh; m++) sum += (v_load(back_of(s, ln, run, m) + j) + loc * J->zh[m]) * eps[m];
    if (i == s->R + EP_BETA) sum += loc * J->zp;
    return sum;
}

INLINE void general_synapses(unsigned nh, const lsnn *s, const strip *w, const lane *ln, const carried *c, real decay, size_t j)
{
    jac J = {.zp = v_set(0)};
    vec lambda = v_load(ln->lead + j);
    for (unsigned m = 0; m < NH_MOST; m++) J.zh[m] = v_set(0);
    jac_output(s, w->q + j, s->beta_last, j, &J);
    for (size_t i = 0; i < s->rows; i++) {
        size_t at = i * s->np + j;
        vec eps[NH_MOST], e = v_load(c->ebar + at);
        if (i >= s->R && !s->learns[i - s->R]) continue;
        for (unsigned m = 0; m < nh; m++) eps[m] = v_load(c->eps + m * c->plane + at);
        add_to(c->dW + at, general_sum(s, w, ln, RUN_G, i, j) + general_carry(nh, s, ln, RUN_G, i, j, &J, eps) + lambda * e);
        v_store(c->ebar + at, v_set(decay) * e + general_sum(s, w, ln, RUN_V, i, j) + general_carry(nh, s, ln, RUN_V, i, j, &J, eps));
        if (c->dR) add_to(c->dR + at, general_sum(s, w, ln, RUN_R, i, j) + general_carry(nh, s, ln, RUN_R, i, j, &J, eps));
        for (unsigned m = 0; m < nh; m++)
            v_store(c->eps + m * c->plane + at,
                    general_sum(s, w, ln, RUN_U + m, i, j) + general_carry(nh, s, ln, RUN_U + m, i, j, &J, eps));
    }
}

/* Learns a chunk whose runs are done. */
static void k_general_pass(const lsnn *s, const strip *w, lane *ln, real *dW, real *dR)
{
    size_t plane = s->rows * s->np;
    carried c = {dW, dR, s->ebar + w->home * plane, s->eps + w->home * s->nh * plane, plane};
    real decay = 1;
    sort_events(s, w, ln, 0, w->steps);
    for (size_t t = 0; t < w->steps; t++) decay *= s->kappa;
    for (size_t j = 0; j < s->np; j += LANES) switch (s->nh) {
        case 1: general_synapses(1, s, w, ln, &c, decay, j); break;
        case 2: general_synapses(2, s, w, ln, &c, decay, j); break;
        default: general_synapses(3, s, w, ln, &c, decay, j); break;
        }
}

#endif
