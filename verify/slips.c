/* Seeding slips by wrapping the view through which an algorithm reads a trial.
 * SPDX-License-Identifier: MIT */
#include "slips.h"

enum { V = 0, A = 1 }; /* components of ALIF's hidden state under paper2019 */

const char *vfy_slip_name(vfy_slip s)
{
    static const char *const names[] = {
        "psi^t for psi^{t-1} in eps^a", "eps^a used after its update", "z^{t-d+1} for z^{t-d}", "x a step off",
        "psi not zeroed while refractory", "reset missing", "alpha and rho swapped", "beta term missing in eps^a",
        "beta term missing in e", "LSTM: f^{t-1} for f^t", "LSTM: z^t for z^{t-1}",
        "windows: seed of a step too late", "windows: seed of the next window", "windows: seed without its Jacobian",
        "windows: psi of the next step at the end", "windows: no seed through adaptation", "windows: no seed through the readout",
        "windows: traces start anew"};
    return names[s];
}

const char *vfy_place_name(vfy_place p)
{
    static const char *const names[] = {"traces", "L", "cell"};
    return names[p];
}

static void plain_jac(const ref_view *v, ref_ctx *c, int t, int j, ref_jac *J)
{
    ref_view plain = ref_view_plain(v->net, v->tr);
    plain.jac(&plain, c, t, j, J);
}

/* Writes the local self-path through z into dh^t/dh^{t-1}, from the given (right or wrong) dz^{t-1}. */
static void fold(ref_ctx *c, const ref_view *v, ref_jac *J, const ref_jac *before)
{
    const ref_num *M[REF_NH][REF_NH];
    int nh = v->net->nh;
    ref_row_map(c, nh, J, before, M);
    for (int h = 0; h < nh; h++) {
        for (int m = 0; m < nh; m++) J->hh[h][m] = M[h][m];
        for (int p = 0; p < EP_N_THETA; p++)
            J->hp[h][p] = ref_jac_add(c, J, J->hp[h][p], ref_jac_mul(c, J, J->hz_loc[h], before->zp[p]));
        J->hz_loc[h] = NULL;
    }
}

/* The Jacobian of step t-1 in memory of its own. */
static ref_jac earlier(const ref_view *v, ref_ctx *c, int t, int j)
{
    ref_jac before;
    if (ref_jac_init(c, &before) == EP_OK && t > 1) plain_jac(v, c, t - 1, j, &before);
    return before;
}

static void epsa_after(const ref_view *v, ref_ctx *c, int t, int j, ref_jac *J)
{
    ref_jac before = earlier(v, c, t, j);
    const ref_num *g = J->hz_loc[A], *zv = J->zh[V], *za = J->zh[A], *rho = J->hh[A][A];
    fold(c, v, J, &before);
    J->zh[V] = ref_jac_add(c, J, zv, ref_jac_mul(c, J, za, ref_jac_mul(c, J, g, zv)));
    J->zh[A] = ref_jac_mul(c, J, za, ref_jac_add(c, J, rho, ref_jac_mul(c, J, g, za)));
}

static void psi_refractory(const ref_view *v, ref_ctx *c, int t, int j, ref_jac *J)
{
    ref_spot s = ref_traj_spot(v->tr, t, j);
    const ref_num *dA = ref_sparse(c, &s.q[REF_Q_DZDA_FREE]);
    J->zh[V] = ref_sparse(c, &s.q[REF_Q_PSI_FREE]);
    J->zh[A] = ref_jac_mul(c, J, ref_sparse(c, &v->net->theta[EP_BETA][j]), dA);
    J->zp[EP_BETA] = ref_jac_mul(c, J, ref_sparse(c, &s.h[A]), dA);
}

static void wrong_jac(const ref_view *v, ref_ctx *c, int t, int j, ref_jac *J)
{
    const vfy_bug *bug = v->user;
    ref_jac before;
    plain_jac(v, c, t, j, J);
    switch (bug->slip) {
    case VFY_SLIP_PSI_NOW: {
        ref_jac now = *J;
        fold(c, v, J, &now);
        break;
    }
    case VFY_SLIP_EPSA_AFTER: epsa_after(v, c, t, j, J); break;
    case VFY_SLIP_PSI_REFRACTORY: psi_refractory(v, c, t, j, J); break;
    case VFY_SLIP_RESET: J->hz_tr[V] = J->hz_loc[V] = NULL; break;
    case VFY_SLIP_DECAYS: {
        const ref_num *alpha = J->hh[V][V];
        J->hh[V][V] = J->hh[A][A];
        J->hh[A][A] = alpha;
        break;
    }
    case VFY_SLIP_BETA_EPSA:
        before = earlier(v, c, t, j);
        before.zh[A] = NULL;
        fold(c, v, J, &before);
        break;
    case VFY_SLIP_BETA_E:
        before = earlier(v, c, t, j);
        fold(c, v, J, &before);
        J->zh[A] = NULL;
        break;
    case VFY_SLIP_F_BEFORE: J->hh[0][0] = ref_traj_spot(v->tr, t, j).q_prev + 1; break;
    default: break;
    }
}

static const ref_num *late_x(const ref_view *v, ref_ctx *c, int t, int i)
{
    return t > 1 ? ref_sparse(c, ref_at2(v->tr->x, v->tr->n_in, t - 1, i)) : NULL;
}

static const ref_num *early_z(const ref_view *v, ref_ctx *c, int t, int i)
{
    int s = t - v->net->opt.delay + 1;
    return s < 1 ? NULL : ref_sparse(c, ref_at2(v->tr->z, v->tr->n_rec, s, i));
}

static bool is_z_slip(vfy_slip s) { return s == VFY_SLIP_Z_OFF || s == VFY_SLIP_LSTM_Z_OFF; }

static ref_view wrong_view(const ref_net *net, const ref_traj *tr, const vfy_bug *bug)
{
    ref_view v = ref_view_plain(net, tr);
    v.user = bug;
    v.jac = wrong_jac;
    if (bug->slip == VFY_SLIP_X_OFF) v.x = late_x;
    if (is_z_slip(bug->slip)) {
        if (bug->place == VFY_IN_L) v.delay++; /* what L receives from the synapses is a step off */
        else v.z_pre = early_z;
    }
    return v;
}

static ref_view view_L(const ref_net *net, const ref_traj *tr, void *user)
{
    const vfy_bug *bug = user;
    return bug->place == VFY_IN_TRACES ? ref_view_plain(net, tr) : wrong_view(net, tr, bug);
}

static ref_view view_e(const ref_net *net, const ref_traj *tr, void *user)
{
    const vfy_bug *bug = user;
    return bug->place == VFY_IN_L ? ref_view_plain(net, tr) : wrong_view(net, tr, bug);
}

vfy_views vfy_bug_views(const vfy_bug *bug)
{
    union { const vfy_bug *in; void *out; } cast = {bug}; /* the views only read it */
    if (vfy_slip_in_windows(bug->slip)) return vfy_window_bug_views(bug);
    return (vfy_views){.L = view_L, .e = view_e, .user = cast.out};
}
