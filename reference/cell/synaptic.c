/* LIF with an exponential synaptic current: h = (s, v). The example of adding a cell: this file, its row in
 * ref_cell_of and in the model tables, and its own forward equations on the tape are all there is.
 *
 *   s^t = alpha_s s^{t-1} + g_in I^t
 *   v^t = alpha v^{t-1} + s^t - R z^{t-1},  R = v_th    option: alpha v_th (reset in the same step)
 *   z^t = H(v^t - v_th)
 *
 * SPDX-License-Identifier: MIT */
#include "cell.h"

enum { S = 0, V = 1 };

static int n_hidden(const ref_net *net) { (void)net; return 2; }

static ep_status step(ref_ctx *c, const ref_net *net, int j, const ref_spot *s, ref_num *h, ref_num *z, ref_num *q,
                      int refr_prev, int *refr)
{
    const ref_num *alpha = &net->theta[EP_ALPHA][j];
    ref_num *reset = &c->tmp2;
    ref_set(c, reset, &c->zero);
    ref_addmul(c, reset, net->v_th, ref_sparse(c, s->z_prev));
    if (net->opt.reset == EP_RESET_VTH_SAME) ref_mul(c, reset, alpha, reset);
    ref_mul(c, &h[V], alpha, &s->h_prev[V]);
    ref_sub(c, &h[V], &h[V], reset);
    ref_mul(c, &h[S], &net->theta[EP_ALPHA_S][j], &s->h_prev[S]);
    ref_addmul(c, &h[S], &net->g_in[j], s->I);
    ref_add(c, &h[V], &h[V], &h[S]);
    return ref_spike(c, net, &h[V], net->v_th, z, q, refr_prev, refr);
}

static void jac(ref_ctx *c, const ref_net *net, int j, const ref_spot *s, ref_jac *J)
{
    const ref_num *alpha = ref_sparse(c, &net->theta[EP_ALPHA][j]);
    const ref_num *alpha_s = ref_sparse(c, &net->theta[EP_ALPHA_S][j]);
    bool same = net->opt.reset == EP_RESET_VTH_SAME;
    const ref_num *ds = ref_sparse(c, &s->h_prev[S]), *dv = ref_sparse(c, &s->h_prev[V]);
    if (net->opt.gain_differentiated && net->opt.g_in == EP_GAIN_COMPLEMENT) /* dg_in/dalpha_s = -1 */
        ds = ref_jac_add(c, J, ds, ref_jac_neg(c, J, ref_sparse(c, s->I)));
    if (same) dv = ref_jac_add(c, J, dv, ref_jac_neg(c, J, ref_jac_mul(c, J, net->v_th, ref_sparse(c, s->z_prev))));
    J->hh[S][S] = J->hh[V][S] = alpha_s;
    J->hh[V][V] = alpha;
    J->hI[S][0] = J->hI[V][0] = ref_sparse(c, &net->g_in[j]);
    J->hp[S][EP_ALPHA_S] = J->hp[V][EP_ALPHA_S] = ds;
    J->hp[V][EP_ALPHA] = dv;
    const ref_num *reset = ref_jac_neg(c, J, same ? ref_jac_mul(c, J, alpha, net->v_th) : net->v_th);
    if (net->opt.reset_path == EP_RESET_TRANSMITTED) J->hz_tr[V] = reset;
    if (net->opt.reset_path == EP_RESET_LOCAL) J->hz_loc[V] = reset;
    J->zh[V] = ref_sparse(c, &s->q[REF_Q_PSI]);
}

const ref_cell *ref_cell_synaptic(void)
{
    static const char *const hidden[] = {"s", "v", NULL};
    static const char *const q[] = {"psi", "dzdA", "psi_free", "dzdA_free", "z_free", NULL};
    static const ref_cell cell = {"synaptic", EP_SYNAPTIC, n_hidden, hidden, 5, q, false, step, jac};
    return &cell;
}
