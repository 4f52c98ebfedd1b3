/* The outer loss along one direction of all parameters, forward in time: tangents (written with a dot: W.) of both
 * trials, of explicit traces, and of the update. Forward over the rule, where outer.c is reverse over it.
 *
 *   h.^t = (dh/dh) h.^{t-1} + (dh/dz) z.^{t-1} + (dh/dI) I.^t + (dh/dtheta) theta.;  z. = (dz/dh)^T h. + (dz/dtheta) theta.
 *   I.^t = sum_i W.  pre + W pre.  + b.;   y.^t = kappa y.^{t-1} + g_out (Wout. z + Wout z. + bout.)
 *   eps  = M eps' + (dh/dI) pre,   e = f^T eps,   f = dz/dh = (psi, -beta psi)
 *   eps. = M. eps' + M eps.' + (dh/dI) pre.,  e. = f.^T eps + f^T eps.
 *   W'.  = W. - eta sum_t (L. e + L e.);   E. = sum err y. + sum reg z. of all three passes
 *
 * SPDX-License-Identifier: MIT */
#include "eprop2_internal.h"

enum { V = 0, A = 1 };

/* Tangents of one pass. */
typedef struct pass {
    const ref_net *net;
    const ref_traj *tr;
    const ref_grad *dir; /* direction of the parameters */
    ref_num *x, *h, *z, *y; /* [T+2][n_in], [T+2][n_rec][nh], [T+2][n_rec], [T+2][n_out] */
} pass;

static ep_status pass_init(ref_ctx *c, const ref_net *net, const ref_traj *tr, const ref_grad *dir, pass *p)
{
    size_t steps = (size_t)tr->T + 2, n = (size_t)net->n_rec;
    *p = (pass){.net = net, .tr = tr, .dir = dir};
    p->x = ref_vec(c, steps * (size_t)net->n_in);
    p->h = ref_vec(c, steps * n * (size_t)net->nh);
    p->z = ref_vec(c, steps * n);
    p->y = ref_vec(c, steps * (size_t)net->n_out);
    return c->status;
}

static void current(ref_ctx *c, const pass *p, int t, size_t j, ref_num *I)
{
    size_t n_in = (size_t)p->net->n_in, n = (size_t)p->net->n_rec;
    int from = t - p->net->opt.delay;
    ref_set(c, I, &p->dir->g[EP_G_BIAS][j]);
    for (size_t i = 0; i < n_in; i++) {
        ref_addmul(c, I, &p->dir->g[EP_G_WIN][j * n_in + i], ref_sparse(c, &p->tr->x[(size_t)t * n_in + i]));
        ref_addmul(c, I, &p->net->Win[j * n_in + i], ref_sparse(c, &p->x[(size_t)t * n_in + i]));
    }
    for (size_t i = 0; from >= 1 && i < n; i++) {
        if (i == j) continue; /* masked */
        ref_addmul(c, I, &p->dir->g[EP_G_WREC][j * n + i], ref_sparse(c, &p->tr->z[(size_t)from * n + i]));
        ref_addmul(c, I, &p->net->Wrec[j * n + i], ref_sparse(c, &p->z[(size_t)from * n + i]));
    }
}

static void neuron(ref_ctx *c, const pass *p, int t, int j, const ref_num *I, ref_jac *J)
{
    size_t n = (size_t)p->net->n_rec, at = (size_t)t * n + (size_t)j, nh = (size_t)p->net->nh;
    ref_spot s = ref_traj_spot(p->tr, t, j);
    ref_num *h = p->h + at * nh, *z = &p->z[at];
    const ref_num *h1 = p->h + (at - n) * nh, *z1 = ref_sparse(c, &p->z[at - n]);
    ref_jac_reset(J);
    p->net->cell->jac(c, p->net, j, &s, J);
    for (size_t k = 0; k < nh; k++) {
        for (size_t m = 0; m < nh; m++) ref_addmul(c, &h[k], J->hh[k][m], ref_sparse(c, &h1[m]));
        ref_addmul(c, &h[k], J->hz_loc[k], z1);
        ref_addmul(c, &h[k], J->hz_tr[k], z1);
        ref_addmul(c, &h[k], J->hI[k][0], ref_sparse(c, I));
        for (int q = 0; q < EP_N_THETA; q++)
            if (p->net->theta[q]) ref_addmul(c, &h[k], J->hp[k][q], &p->dir->g[EP_G_THETA + q][j]);
        ref_addmul(c, z, J->zh[k], ref_sparse(c, &h[k]));
    }
    for (int q = 0; q < EP_N_THETA; q++)
        if (p->net->theta[q]) ref_addmul(c, z, J->zp[q], &p->dir->g[EP_G_THETA + q][j]);
}

static void readout(ref_ctx *c, const pass *p, int t)
{
    size_t K = (size_t)p->net->n_out, n = (size_t)p->net->n_rec, row = (size_t)t;
    for (size_t k = 0; k < K; k++) {
        ref_num *y = &p->y[row * K + k], *sum = &c->tmp2;
        ref_set(c, sum, &p->dir->g[EP_G_BOUT][k]);
        for (size_t j = 0; j < n; j++) {
            ref_addmul(c, sum, &p->dir->g[EP_G_WOUT][k * n + j], ref_sparse(c, &p->tr->z[row * n + j]));
            ref_addmul(c, sum, &p->net->Wout[k * n + j], ref_sparse(c, &p->z[row * n + j]));
        }
        ref_mul(c, y, p->net->kappa, &p->y[(row - 1) * K + k]);
        ref_addmul(c, y, p->net->g_out, sum);
    }
}

static ep_status run_pass(ref_ctx *c, const pass *p)
{
    ref_jac J;
    ref_num *I = ref_vec(c, 1);
    ep_status st = ref_jac_init(c, &J);
    for (int t = 1; st == EP_OK && t <= p->tr->T; t++) {
        for (int j = 0; j < p->net->n_rec; j++) {
            current(c, p, t, (size_t)j, I);
            neuron(c, p, t, j, I, &J);
        }
        readout(c, p, t);
    }
    return st == EP_OK ? c->status : st;
}

/* psi, its tangent, and the tangent of f = dz/dh, of neuron j at every step. */
typedef struct factor { ref_num *f, *df; } factor; /* [T+2][nh] */

static ep_status factors(ref_ctx *c, const pass *p, const ref_num *slope, int j, factor *out)
{
    size_t n = (size_t)p->net->n_rec, nh = (size_t)p->net->nh, steps = (size_t)p->tr->T + 2;
    bool adapts = ref_e2_adapts(p->net);
    out->f = ref_vec(c, steps * nh);
    out->df = ref_vec(c, steps * nh);
    ref_num *one = &c->one, *w = ref_vec(c, 1);
    if (c->status != EP_OK) return c->status;
    for (size_t t = 1; t + 1 < steps; t++) {
        size_t at = t * n + (size_t)j;
        ref_spot s = ref_traj_spot(p->tr, (int)t, j);
        ref_num *f = out->f + t * nh, *df = out->df + t * nh;
        const ref_num *beta = adapts ? &p->net->theta[EP_BETA][j] : NULL, *dbeta = adapts ? &p->dir->g[EP_G_THETA + EP_BETA][j] : NULL;
        if (p->net->model == EP_RATE) {
            ref_mul(c, f, s.z, s.z);
            ref_sub(c, f, one, f);
        } else ref_set(c, f, &s.q[REF_Q_PSI]);
        ref_set(c, w, &p->h[at * nh + V]); /* (v - A). */
        if (adapts) {
            ref_mul(c, &c->tmp2, beta, &p->h[at * nh + A]);
            ref_addmul(c, &c->tmp2, dbeta, &s.h[A]);
            ref_sub(c, w, w, &c->tmp2);
        }
        ref_mul(c, df, &slope[at], w);
        if (!adapts) continue;
        ref_mul(c, &f[A], beta, &f[V]);
        ref_neg(c, &f[A], &f[A]);
        ref_mul(c, &df[A], beta, &df[V]);
        ref_addmul(c, &df[A], dbeta, &f[V]);
        ref_neg(c, &df[A], &df[A]);
    }
    return c->status;
}

/* Sums over t of one synapse: dW. += L. e + L e. */
typedef struct synapse { ref_num *eps, *deps, *fresh, *e, *de, *zero; } synapse;

/* One component of eps and eps.: r = d h'[V or A].  Decays are alpha, rho; the local path from z is g_a (into a), and
 * -v_th (into v) where the reset is local. */
static void move(ref_ctx *c, const pass *p, const synapse *s, size_t j, bool local_reset)
{
    const ref_net *net = p->net;
    const ref_num *alpha = &net->theta[EP_ALPHA][j], *dalpha = &p->dir->g[EP_G_THETA + EP_ALPHA][j];
    if (ref_e2_adapts(net)) {
        const ref_num *rho = &net->theta[EP_RHO][j], *drho = &p->dir->g[EP_G_THETA + EP_RHO][j];
        ref_mul(c, &s->deps[A], rho, &s->deps[A]);
        ref_addmul(c, &s->deps[A], drho, &s->eps[A]);
        ref_addmul(c, &s->deps[A], &net->g_a[j], s->de);
        ref_mul(c, &s->eps[A], rho, &s->eps[A]);
        ref_addmul(c, &s->eps[A], &net->g_a[j], s->e);
    }
    ref_mul(c, &s->deps[V], alpha, &s->deps[V]);
    ref_addmul(c, &s->deps[V], dalpha, &s->eps[V]);
    ref_mul(c, &s->eps[V], alpha, &s->eps[V]);
    if (!local_reset) return;
    ref_mul(c, s->fresh, net->v_th, s->de);
    ref_sub(c, &s->deps[V], &s->deps[V], s->fresh);
    ref_mul(c, s->fresh, net->v_th, s->e);
    ref_sub(c, &s->eps[V], &s->eps[V], s->fresh);
}

static void one_synapse(ref_ctx *c, const pass *p, const pass *mod, const factor *f, const synapse *s, size_t j, int col,
                        ref_num *dW)
{
    const ref_net *net = p->net;
    size_t n = (size_t)net->n_rec, n_in = (size_t)net->n_in, nh = (size_t)net->nh, k = (size_t)col;
    const ref_num *gain = net->model == EP_RATE ? &c->one : &net->g_in[j];
    bool rec = k >= n_in, local = net->model != EP_RATE && net->opt.reset_path == EP_RESET_LOCAL;
    for (size_t h = 0; h < nh; h++) {
        ref_set(c, &s->eps[h], &c->zero);
        ref_set(c, &s->deps[h], &c->zero);
    }
    ref_set(c, s->e, &c->zero);
    ref_set(c, s->de, &c->zero);
    for (int t = 1; t <= p->tr->T; t++) {
        int from = rec ? t - net->opt.delay : t;
        size_t at = (size_t)t * nh;
        const ref_num *pre = rec ? &p->tr->z[(size_t)(from < 0 ? 0 : from) * n + (k - n_in)] : &p->tr->x[(size_t)t * n_in + k];
        const ref_num *dpre = rec ? &p->z[(size_t)(from < 0 ? 0 : from) * n + (k - n_in)] : s->zero;
        move(c, p, s, j, local);
        ref_addmul(c, &s->eps[V], gain, pre);
        ref_addmul(c, &s->deps[V], gain, dpre);
        ref_set(c, s->e, &c->zero);
        ref_set(c, s->de, &c->zero);
        for (size_t h = 0; h < nh; h++) {
            ref_addmul(c, s->e, &f->f[at + h], &s->eps[h]);
            ref_addmul(c, s->de, &f->df[at + h], &s->eps[h]);
            ref_addmul(c, s->de, &f->f[at + h], &s->deps[h]);
        }
        ref_addmul(c, dW, &mod->y[(size_t)t * n + j], s->e);
        ref_addmul(c, dW, &mod->tr->y[(size_t)t * n + j], s->de);
    }
}

/* W'. of Win and Wrec into after; the other groups keep the direction. */
static ep_status update(ref_ctx *c, const ref_e2 *p, int b, const pass *train, const pass *mod, ref_grad *after)
{
    size_t n = (size_t)p->main.n_rec, n_in = (size_t)p->main.n_in;
    ref_num *w = ref_vec(c, 2 * REF_NH + 5);
    if (!w) return c->status;
    synapse s = {w, w + REF_NH, w + 2 * REF_NH, w + 2 * REF_NH + 1, w + 2 * REF_NH + 2, w + 2 * REF_NH + 3};
    ref_num *dW = w + 2 * REF_NH + 4;
    *after = *train->dir;
    after->g[EP_G_WIN] = ref_vec(c, n * n_in);
    after->g[EP_G_WREC] = ref_vec(c, n * n);
    if (c->status != EP_OK) return c->status;
    for (size_t j = 0; j < n; j++) {
        factor f;
        ep_status st = factors(c, train, p->slope[b], (int)j, &f);
        for (size_t col = 0; st == EP_OK && col < n_in + n; col++) {
            bool rec = col >= n_in;
            size_t to = rec ? j * n + (col - n_in) : j * n_in + col;
            int g = rec ? EP_G_WREC : EP_G_WIN;
            ref_set(c, dW, &c->zero);
            if (rec && col - n_in == j) continue;
            one_synapse(c, train, mod, &f, &s, j, (int)col, dW);
            ref_mul(c, dW, p->eta, dW);
            ref_sub(c, &after->g[g][to], &train->dir->g[g][to], dW);
        }
        if (st != EP_OK) return st;
    }
    return EP_OK;
}

static void collect(ref_ctx *c, const pass *p, const ref_num *reg, bool loss, ref_num *dE)
{
    size_t K = (size_t)p->net->n_out, n = (size_t)p->net->n_rec;
    for (size_t t = 1; t <= (size_t)p->tr->T; t++) {
        for (size_t k = 0; loss && k < K; k++) ref_addmul(c, dE, &p->tr->err[t * K + k], &p->y[t * K + k]);
        for (size_t j = 0; j < n; j++) ref_addmul(c, dE, &reg[j], &p->z[t * n + j]);
    }
}

static ep_status trial(ref_ctx *c, const ref_e2 *p, int b, const ref_e2_grad *dir, ref_num *dE)
{
    pass train, mod, test;
    ref_grad after;
    size_t N = (size_t)p->main.n_rec, width = (size_t)p->module.n_in;
    ep_status st = pass_init(c, &p->main, &p->train.tr[b], &dir->main, &train);
    if (st == EP_OK) st = pass_init(c, &p->module, &p->mod.tr[b], &dir->module, &mod);
    if (st == EP_OK) st = run_pass(c, &train);
    for (size_t t = 1; st == EP_OK && t <= (size_t)p->train.T; t++)
        for (size_t j = 0; j < N; j++) ref_set(c, &mod.x[t * width + (size_t)p->n_code + j], &train.z[t * N + j]);
    if (st == EP_OK) st = run_pass(c, &mod);
    if (st == EP_OK) st = update(c, p, b, &train, &mod, &after);
    if (st == EP_OK) st = pass_init(c, &p->after[b], &p->test.tr[b], &after, &test);
    if (st == EP_OK) st = run_pass(c, &test);
    if (st != EP_OK) return st;
    collect(c, &train, p->train.reg, false, dE);
    collect(c, &mod, p->mod.reg, false, dE);
    collect(c, &test, p->test.reg, true, dE);
    return c->status;
}

ep_status ref_e2_tangent(ref_ctx *c, const ref_e2 *p, const ref_e2_grad *direction, ref_num *dE)
{
    ep_status st = EP_OK;
    ref_set(c, dE, &c->zero);
    for (int b = 0; st == EP_OK && b < p->train.B; b++) {
        ref_ctx own;
        st = ref_ctx_fork(&own, c);
        if (st != EP_OK) return st;
        ref_num *part = ref_vec(&own, 1);
        st = part ? trial(&own, p, b, direction, part) : own.status;
        if (st == EP_OK) ref_add(c, dE, dE, part);
        ref_ctx_clear(&own);
    }
    return st;
}
