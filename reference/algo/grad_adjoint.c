/* The BPTT form of the gradient, from adjoints.
 *
 *   dE/dWrec^c_ji = sum_t dI_cj^t z_i^{t-d};  dE/dWin^c_ji = sum_t dI_cj^t x_i^t;  dE/db_cj = sum_t dI_cj^t
 *   dE/dtheta_p,j = sum_t (dh/dtheta_p)^T dh_j^t + (dz/dtheta_p) dz_j^t
 *   dE/dWout_kj = g_out sum_t dy_k^t z_j^t;  dE/dbout_k = g_out sum_t dy_k^t
 *
 * SPDX-License-Identifier: MIT */
#include "internal.h"

void ref_grad_readout(ref_ctx *c, const ref_view *v, const ref_num *dy, ref_grad *g)
{
    int K = v->net->n_out, n = v->net->n_rec;
    for (int k = 0; k < K; k++) {
        for (int t = 1; t <= v->tr->T; t++) {
            const ref_num *d = ref_sparse(c, &dy[(size_t)t * (size_t)K + (size_t)k]);
            if (!d) continue;
            ref_num *s = &c->tmp2;
            ref_mul(c, s, v->net->g_out, d);
            ref_add(c, &g->g[EP_G_BOUT][k], &g->g[EP_G_BOUT][k], s);
            for (int j = 0; j < n; j++)
                ref_addmul(c, &g->g[EP_G_WOUT][(size_t)k * (size_t)n + (size_t)j], s,
                           ref_sparse(c, ref_at2(v->tr->z, n, t, j)));
        }
    }
}

typedef struct rows {
    const ref_view *v;
    const ref_pre *pre;
    const ref_adjoint *a;
    ref_grad *g;
} rows;

static void weights_step(ref_ctx *c, const rows *w, int t, int j)
{
    const ref_net *net = w->v->net;
    size_t n = (size_t)net->n_rec, n_in = (size_t)net->n_in, nc = (size_t)net->nc, width = (size_t)w->pre->n;
    const ref_num **at = w->pre->at + (size_t)t * width;
    const int *list = w->pre->list + (size_t)t * width;
    bool masked = ep_model_masks_diagonal(net->model);
    for (size_t ch = 0; ch < nc; ch++) {
        const ref_num *dI = ref_sparse(c, &w->a->dI[((size_t)t * n + (size_t)j) * nc + ch]);
        size_t row = ch * n + (size_t)j;
        if (!dI) continue;
        ref_add(c, &w->g->g[EP_G_BIAS][row], &w->g->g[EP_G_BIAS][row], dI);
        for (int k = 0; k < w->pre->count[t]; k++) {
            size_t i = (size_t)list[k];
            if (i < n_in) ref_addmul(c, &w->g->g[EP_G_WIN][row * n_in + i], dI, at[i]);
            else if (!masked || i - n_in != (size_t)j)
                ref_addmul(c, &w->g->g[EP_G_WREC][row * n + (i - n_in)], dI, at[i]);
        }
    }
}

static void constants_step(ref_ctx *c, const rows *w, int t, int j, ref_jac *J)
{
    const ref_net *net = w->v->net;
    size_t at = (size_t)t * (size_t)net->n_rec + (size_t)j, nh = (size_t)net->nh;
    w->v->jac(w->v, c, t, j, J);
    for (int p = 0; p < EP_N_THETA; p++) {
        if (!net->theta[p]) continue;
        ref_num *g = &w->g->g[EP_G_THETA + p][j];
        for (size_t h = 0; h < nh; h++) ref_addmul(c, g, J->hp[h][p], ref_sparse(c, &w->a->dh[at * nh + h]));
        ref_addmul(c, g, J->zp[p], ref_sparse(c, &w->a->dz[at]));
    }
}

static ep_status one_row(void *arg, ref_ctx *c, int j)
{
    const rows *w = arg;
    ref_jac J;
    ep_status st = ref_jac_init(c, &J);
    for (int t = 1; st == EP_OK && t <= w->v->tr->T; t++) {
        weights_step(c, w, t, j);
        constants_step(c, w, t, j, &J);
    }
    return st;
}

ep_status ref_grad_adjoint(ref_ctx *c, const ref_view *v, const ref_adjoint *adj, ref_grad *g)
{
    ref_pre pre;
    ep_status st = ref_pre_build(c, v, &pre);
    if (st != EP_OK) return st;
    rows w = {.v = v, .pre = &pre, .a = adj, .g = g};
    st = ref_parallel(c, v->net->n_rec, 1, one_row, &w);
    if (st == EP_OK) ref_grad_readout(c, v, adj->dy, g);
    return st;
}
