/* LIF and ALIF. Hidden state h = (v), (v, a), and the last v as a further component where the spike
 * is decided from it.
 *
 *   a^t = rho a^{t-1} + g_a z^{t-1}            options: unmasked spike; rho (a^{t-1} + g_a z^{t-1})
 *   A^t = v_th + beta a^t
 *   v^t = alpha v^{t-1} + g_in I^t - R z^{t-1},  R = v_th       options: A^t; alpha v_th (reset in the same step)
 *   z^t = H(v^t - A^t)                         option: H(v^{t-1} - A^t)
 *
 * SPDX-License-Identifier: MIT */
#include "cell.h"

static bool adapts(const ref_net *net) { return net->model != EP_LIF; }
static bool from_old(const ref_net *net) { return net->opt.spike_from == EP_FROM_OLD_V; }
static int n_hidden(const ref_net *net) { return 1 + (adapts(net) ? 1 : 0) + (from_old(net) ? 1 : 0); }

/* Components: v is 0, a is 1, the voltage that decides the spike is D. */
enum { V = 0, A = 1 };
static int decider(const ref_net *net) { return from_old(net) ? n_hidden(net) - 1 : V; }

static void adaptation(ref_ctx *c, const ref_net *net, int j, const ref_spot *s, ref_num *a)
{
    const ref_num *z = net->opt.adapt_source == EP_ADAPT_Z_UNMASKED ? &s->q_prev[REF_Q_Z_FREE] : s->z_prev;
    const ref_num *rho = &net->theta[EP_RHO][j];
    ref_set(c, a, &c->zero);
    if (net->opt.adapt_source == EP_ADAPT_RHO_SUM) {
        ref_set(c, a, &s->h_prev[A]);
        ref_addmul(c, a, &net->g_a[j], ref_sparse(c, z));
        ref_mul(c, a, a, rho);
        return;
    }
    ref_addmul(c, a, rho, &s->h_prev[A]);
    ref_addmul(c, a, &net->g_a[j], ref_sparse(c, z));
}

/* v^t = alpha (v^{t-1} [- v_th z^{t-1}]) + g_in I^t [- R z^{t-1}]. */
static void membrane(ref_ctx *c, const ref_net *net, int j, const ref_spot *s, const ref_num *thr, ref_num *v)
{
    const ref_num *z = ref_sparse(c, s->z_prev);
    bool same = net->opt.reset == EP_RESET_VTH_SAME;
    const ref_num *R = net->opt.reset == EP_RESET_A_NEXT ? thr : net->v_th;
    ref_num *reset = &c->tmp2;
    ref_set(c, reset, &c->zero);
    ref_addmul(c, reset, R, z);
    ref_set(c, v, &s->h_prev[V]);
    if (same) ref_sub(c, v, v, reset);
    ref_mul(c, v, v, &net->theta[EP_ALPHA][j]);
    ref_addmul(c, v, &net->g_in[j], &s->I[0]);
    if (!same) ref_sub(c, v, v, reset);
}

static ep_status step(ref_ctx *c, const ref_net *net, int j, const ref_spot *s, ref_num *h, ref_num *z, ref_num *q,
                      int refr_prev, int *refr)
{
    ref_num *thr = &q[REF_Q_DZDA]; /* A^t, until ref_spike overwrites it */
    if (adapts(net)) adaptation(c, net, j, s, &h[A]);
    ref_set(c, thr, net->v_th);
    if (adapts(net)) ref_addmul(c, thr, &net->theta[EP_BETA][j], &h[A]);
    membrane(c, net, j, s, thr, &h[V]);
    if (from_old(net)) ref_set(c, &h[decider(net)], &s->h_prev[V]);
    return ref_spike(c, net, &h[decider(net)], thr, z, q, refr_prev, refr);
}

/* Row a of dh^t/d(h^{t-1}, z^{t-1}, theta). */
static void jac_adaptation(ref_ctx *c, const ref_net *net, int j, const ref_spot *s, ref_jac *J)
{
    const ref_num *rho = ref_sparse(c, &net->theta[EP_RHO][j]), *g_a = ref_sparse(c, &net->g_a[j]);
    const ref_num *beta = ref_sparse(c, &net->theta[EP_BETA][j]), *a_prev = ref_sparse(c, &s->h_prev[A]);
    const ref_num *source = ref_sparse(c, s->z_prev), *gain = g_a;
    J->hh[A][A] = rho;
    J->hp[A][EP_RHO] = a_prev;
    if (net->opt.adapt_source == EP_ADAPT_RHO_SUM) {
        J->hz_loc[A] = ref_jac_mul(c, J, rho, g_a);
        J->hp[A][EP_RHO] = ref_jac_add(c, J, a_prev, ref_jac_mul(c, J, g_a, source));
        gain = rho;
    } else if (net->opt.adapt_source == EP_ADAPT_Z_UNMASKED) {
        const ref_num *dA = ref_sparse(c, &s->q_prev[REF_Q_DZDA_FREE]);
        const ref_num *g_dA = ref_jac_mul(c, J, g_a, dA);
        source = ref_sparse(c, &s->q_prev[REF_Q_Z_FREE]);
        J->hh[A][decider(net)] = ref_jac_mul(c, J, g_a, ref_sparse(c, &s->q_prev[REF_Q_PSI_FREE]));
        J->hh[A][A] = ref_jac_add(c, J, rho, ref_jac_mul(c, J, beta, g_dA));
        J->hp[A][EP_BETA] = ref_jac_mul(c, J, a_prev, g_dA);
    } else {
        J->hz_loc[A] = g_a;
    }
    if (net->opt.gain_differentiated && net->opt.g_a == EP_GAIN_COMPLEMENT) { /* dg_a/drho = -1 */
        const ref_num *dg = net->opt.adapt_source == EP_ADAPT_RHO_SUM ? ref_jac_mul(c, J, gain, source) : source;
        J->hp[A][EP_RHO] = ref_jac_add(c, J, J->hp[A][EP_RHO], ref_jac_neg(c, J, dg));
    }
}

static void add_to(ref_ctx *c, ref_jac *J, const ref_num **slot, const ref_num *a)
{
    *slot = ref_jac_add(c, J, *slot, a);
}

/* A-next: v^t also falls with A^t = v_th + beta a^t where z^{t-1} = 1; chain through row a. */
static void jac_reset_adaptive(ref_ctx *c, const ref_net *net, int j, const ref_spot *s, ref_jac *J)
{
    const ref_num *z = ref_sparse(c, s->z_prev), *minus_z = ref_jac_neg(c, J, z);
    const ref_num *k = ref_jac_mul(c, J, ref_sparse(c, &net->theta[EP_BETA][j]), minus_z);
    for (int m = 0; m < net->nh; m++) add_to(c, J, &J->hh[V][m], ref_jac_mul(c, J, k, J->hh[A][m]));
    add_to(c, J, &J->hz_loc[V], ref_jac_mul(c, J, k, J->hz_loc[A]));
    add_to(c, J, &J->hp[V][EP_RHO], ref_jac_mul(c, J, k, J->hp[A][EP_RHO]));
    add_to(c, J, &J->hp[V][EP_BETA], ref_jac_mul(c, J, k, J->hp[A][EP_BETA]));
    add_to(c, J, &J->hp[V][EP_BETA], ref_jac_mul(c, J, minus_z, ref_sparse(c, &s->h[A])));
}

/* -R: what one spike takes from the next v. */
static const ref_num *minus_R(ref_ctx *c, const ref_net *net, int j, const ref_spot *s, ref_jac *J)
{
    const ref_num *R = net->v_th;
    if (net->opt.reset == EP_RESET_VTH_SAME) R = ref_jac_mul(c, J, &net->theta[EP_ALPHA][j], R);
    if (net->opt.reset == EP_RESET_A_NEXT && adapts(net))
        R = ref_jac_add(c, J, R, ref_jac_mul(c, J, &net->theta[EP_BETA][j], ref_sparse(c, &s->h[A])));
    return ref_jac_neg(c, J, R);
}

static void jac_membrane(ref_ctx *c, const ref_net *net, int j, const ref_spot *s, ref_jac *J)
{
    const ref_num *z = ref_sparse(c, s->z_prev);
    J->hh[V][V] = ref_sparse(c, &net->theta[EP_ALPHA][j]);
    J->hI[V][0] = ref_sparse(c, &net->g_in[j]);
    J->hp[V][EP_ALPHA] = ref_sparse(c, &s->h_prev[V]);
    if (net->opt.reset == EP_RESET_VTH_SAME)
        add_to(c, J, &J->hp[V][EP_ALPHA], ref_jac_neg(c, J, ref_jac_mul(c, J, net->v_th, z)));
    if (net->opt.gain_differentiated && net->opt.g_in == EP_GAIN_COMPLEMENT) /* dg_in/dalpha = -1 */
        add_to(c, J, &J->hp[V][EP_ALPHA], ref_jac_neg(c, J, ref_sparse(c, &s->I[0])));
    if (net->opt.reset == EP_RESET_A_NEXT && adapts(net)) jac_reset_adaptive(c, net, j, s, J);
    const ref_num *reset = minus_R(c, net, j, s, J);
    if (net->opt.reset_path == EP_RESET_TRANSMITTED) J->hz_tr[V] = reset;
    if (net->opt.reset_path == EP_RESET_LOCAL) add_to(c, J, &J->hz_loc[V], reset);
}

static void jac(ref_ctx *c, const ref_net *net, int j, const ref_spot *s, ref_jac *J)
{
    int D = decider(net);
    if (adapts(net)) jac_adaptation(c, net, j, s, J);
    jac_membrane(c, net, j, s, J);
    if (D != V) J->hh[D][V] = c->unit;
    J->zh[D] = ref_sparse(c, &s->q[REF_Q_PSI]);
    if (!adapts(net)) return;
    const ref_num *dA = ref_sparse(c, &s->q[REF_Q_DZDA]);
    J->zh[A] = ref_jac_mul(c, J, ref_sparse(c, &net->theta[EP_BETA][j]), dA);
    J->zp[EP_BETA] = ref_jac_mul(c, J, ref_sparse(c, &s->h[A]), dA);
}

const ref_cell *ref_cell_spiking(void)
{
    static const char *const hidden[] = {"v", "a", "v_old", NULL};
    static const char *const q[] = {"psi", "dzdA", "psi_free", "dzdA_free", "z_free", NULL};
    static const ref_cell cell = {"spiking", EP_ALIF, n_hidden, hidden, 5, q, false, step, jac};
    return &cell;
}
