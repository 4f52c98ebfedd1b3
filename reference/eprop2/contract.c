/* The inner update seen from the outside: S = sum_ji X_ji sum_t L_j^t e_ji^t for a constant X, forward and back.
 *
 * X does not depend on time, so the sum over presynaptic i moves inside the recursion of the traces, and what is left is
 * a scan over neurons:
 *
 *   Q_j^t      = sum_i X_ji pre_i^t
 *   xi_j^t     = (dh^t/dh^{t-1}) xi_j^{t-1} + (dh^t/dz^{t-1}, local) lambda_j^{t-1} + (dh^t/dI) Q_j^t
 *   lambda_j^t = (dz^t/dh^t)^T xi_j^t = dS/dL_j^t
 *
 * and back, t = T..1, with dlambda = dS/dlambda and so on:
 *
 *   dlambda_j^t = L_j^t + (dh^{t+1}/dz^t, local)^T dxi_j^{t+1}
 *   dxi_j^t     = (dz^t/dh^t) dlambda_j^t + (dh^{t+1}/dh^t)^T dxi_j^{t+1};   dQ_j^t = (dh^t/dI)^T dxi_j^t
 *   dpsi_j^t    = dlambda_j^t (xi_v - beta xi_a);   into v: slope dpsi;   into a: -beta slope dpsi
 *   into z_i^t: sum_j X_ji dQ_j^{t+d}
 *
 * SPDX-License-Identifier: MIT */
#include "eprop2_internal.h"

enum { V = 0, A = 1 };

ep_status ref_e2_scan_init(ref_ctx *c, const ref_e2 *p, ref_e2_scan *s)
{
    size_t n = ((size_t)p->src->train.T + 2) * (size_t)p->main.n_rec, nh = (size_t)p->main.nh;
    s->xi = ref_vec(c, n * nh);
    s->lambda = ref_vec(c, n);
    s->dlambda = ref_vec(c, n);
    s->dxi = ref_vec(c, n * nh);
    s->dQ = ref_vec(c, n);
    s->z_in = ref_vec(c, n);
    s->h_in = ref_vec(c, n * nh);
    return c->status;
}

static ep_status two_rows(ref_ctx *c, int n, ref_jac *rows)
{
    ep_status st = EP_OK;
    for (int k = 0; st == EP_OK && k < 2 * n; k++) st = ref_jac_init(c, &rows[k]);
    return st;
}

/* Q = sum_i X_ji pre_i^t. */
static void drive(ref_ctx *c, const ref_e2_scan *s, const ref_view *v, int j, const ref_num **at, const int *list, int count,
                  ref_num *Q)
{
    size_t n_in = (size_t)v->net->n_in, n = (size_t)v->net->n_rec, row = (size_t)j;
    ref_set(c, Q, &c->zero);
    for (int k = 0; k < count; k++) {
        size_t i = (size_t)list[k];
        const ref_num *X = i < n_in ? &s->X_in[row * n_in + i] : &s->X_rec[row * n + (i - n_in)];
        ref_addmul(c, Q, X, at[i]);
    }
}

static void advance(ref_ctx *c, const ref_e2_scan *s, const ref_view *v, const ref_jac *J, int t, int j, const ref_num *Q)
{
    size_t at = (size_t)t * (size_t)v->net->n_rec + (size_t)j, before = at - (size_t)v->net->n_rec, nh = (size_t)v->net->nh;
    ref_num *xi = s->xi + at * nh;
    for (size_t h = 0; h < nh; h++) {
        for (size_t m = 0; m < nh; m++) ref_addmul(c, &xi[h], J->hh[h][m], ref_sparse(c, &s->xi[before * nh + m]));
        ref_addmul(c, &xi[h], J->hz_loc[h], ref_sparse(c, &s->lambda[before]));
        ref_addmul(c, &xi[h], J->hI[h][0], ref_sparse(c, Q));
    }
    for (size_t h = 0; h < nh; h++) ref_addmul(c, &s->lambda[at], J->zh[h], ref_sparse(c, &xi[h]));
}

ep_status ref_e2_contract(ref_ctx *c, const ref_e2_views *w, ref_e2_scan *s)
{
    const ref_view *v = &w->trace;
    int n = v->net->n_rec;
    size_t width = (size_t)(v->net->n_in + n);
    const ref_num **at = ref_bytes(c, width * sizeof *at);
    int *list = ref_bytes(c, width * sizeof *list);
    ref_num *Q = ref_vec(c, 1);
    ref_jac J;
    ep_status st = ref_jac_init(c, &J);
    if (st != EP_OK || c->status != EP_OK) return c->status;
    for (int t = 1; t <= v->tr->T; t++) {
        int count = ref_events(c, v, t, at, list);
        for (int j = 0; j < n; j++) {
            drive(c, s, v, j, at, list, count, Q);
            v->jac(v, c, t, j, &J);
            advance(c, s, v, &J, t, j, Q);
        }
    }
    return c->status;
}

/* dlambda, dxi, dQ of neuron j at step t. */
static void retreat(ref_ctx *c, const ref_e2_scan *s, const ref_view *v, const ref_jac *J, const ref_jac *J2, int t, int j,
                    const ref_num *L)
{
    size_t n = (size_t)v->net->n_rec, at = (size_t)t * n + (size_t)j, nh = (size_t)v->net->nh;
    ref_num *dxi = s->dxi + at * nh;
    const ref_num *later = s->dxi + (at + n) * nh;
    ref_set(c, &s->dlambda[at], &L[at]);
    for (size_t m = 0; t < v->tr->T && m < nh; m++)
        ref_addmul(c, &s->dlambda[at], J2->hz_loc[m], ref_sparse(c, &later[m]));
    for (size_t h = 0; h < nh; h++) {
        ref_addmul(c, &dxi[h], J->zh[h], ref_sparse(c, &s->dlambda[at]));
        for (size_t m = 0; t < v->tr->T && m < nh; m++) ref_addmul(c, &dxi[h], J2->hh[m][h], ref_sparse(c, &later[m]));
    }
    for (size_t h = 0; h < nh; h++) ref_addmul(c, &s->dQ[at], J->hI[h][0], ref_sparse(c, &dxi[h]));
}

/* Through psi into the hidden state, and into beta. */
static void through_psi(ref_ctx *c, const ref_e2_scan *s, const ref_e2_views *w, int t, int j, ref_grad *g)
{
    const ref_net *net = w->trace.net;
    size_t at = (size_t)t * (size_t)net->n_rec + (size_t)j, nh = (size_t)net->nh;
    const ref_num *slope = ref_sparse(c, &w->slope[at]), *xi = s->xi + at * nh;
    ref_num *d = &c->tmp2;
    if (!slope) return;
    ref_set(c, d, &xi[V]);
    if (ref_e2_adapts(net)) {
        ref_mul(c, &c->tmp, &net->theta[EP_BETA][j], &xi[A]);
        ref_sub(c, d, d, &c->tmp);
    }
    ref_mul(c, d, d, &s->dlambda[at]);
    ref_mul(c, d, d, slope); /* dS/d(v - A) */
    ref_add(c, &s->h_in[at * nh + V], &s->h_in[at * nh + V], d);
    if (!ref_e2_adapts(net)) return;
    ref_neg(c, d, d);
    if (w->beta) ref_addmul(c, &s->h_in[at * nh + A], ref_sparse(c, &w->beta[j]), d);
    ref_spot spot = ref_traj_spot(w->trace.tr, t, j);
    ref_addmul(c, &g->g[EP_G_THETA + EP_BETA][j], ref_sparse(c, &spot.h[A]), d);
}

/* The decays and beta as factors of the traces' own recursion. */
static void constants(ref_ctx *c, const ref_e2_scan *s, const ref_view *v, int t, int j, ref_grad *g)
{
    const ref_net *net = v->net;
    size_t n = (size_t)net->n_rec, at = (size_t)t * n + (size_t)j, nh = (size_t)net->nh;
    const ref_num *dxi = s->dxi + at * nh, *xi = s->xi + at * nh, *before = s->xi + (at - n) * nh;
    ref_addmul(c, &g->g[EP_G_THETA + EP_ALPHA][j], ref_sparse(c, &dxi[V]), ref_sparse(c, &before[V]));
    if (!ref_e2_adapts(net)) return;
    ref_spot spot = ref_traj_spot(v->tr, t, j);
    ref_addmul(c, &g->g[EP_G_THETA + EP_RHO][j], ref_sparse(c, &dxi[A]), ref_sparse(c, &before[A]));
    ref_addmul3(c, &g->g[EP_G_THETA + EP_BETA][j], ref_sparse(c, &s->dlambda[at]), ref_sparse(c, &spot.q[REF_Q_DZDA]),
                ref_sparse(c, &xi[A]));
}

/* z_in_i^{t-d} += sum_j X_ji dQ_j^t. */
static void to_spikes(ref_ctx *c, const ref_e2_scan *s, const ref_view *v, int t)
{
    size_t n = (size_t)v->net->n_rec;
    int from = t - v->delay;
    if (from < 1) return;
    for (size_t j = 0; j < n; j++) {
        const ref_num *dQ = ref_sparse(c, &s->dQ[(size_t)t * n + j]);
        for (size_t i = 0; dQ && i < n; i++)
            ref_addmul(c, &s->z_in[(size_t)from * n + i], ref_sparse(c, &s->X_rec[j * n + i]), dQ);
    }
}

ep_status ref_e2_contract_back(ref_ctx *c, const ref_e2_views *w, ref_e2_order order, const ref_num *L, ref_e2_scan *s,
                               ref_grad *g)
{
    const ref_view *v = &w->trace;
    int n = v->net->n_rec;
    if (order == REF_E2_FIRST) return EP_OK;
    ref_jac *rows = ref_bytes(c, 2 * (size_t)n * sizeof *rows);
    ep_status st = rows ? two_rows(c, n, rows) : c->status;
    if (st != EP_OK) return st;
    for (int t = v->tr->T; t >= 1; t--) {
        ref_jac *now = rows + (t & 1) * n, *next = rows + (1 - (t & 1)) * n;
        for (int j = 0; j < n; j++) {
            v->jac(v, c, t, j, &now[j]);
            retreat(c, s, v, &now[j], &next[j], t, j, L);
            if (order == REF_E2_FULL) through_psi(c, s, w, t, j, g);
            constants(c, s, v, t, j, g);
        }
        to_spikes(c, s, v, t);
    }
    return c->status;
}
