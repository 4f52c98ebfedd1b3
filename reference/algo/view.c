/* The plain view of a recorded trial, and the table of presynaptic values that algorithms walk.
 * SPDX-License-Identifier: MIT */
#include "internal.h"

static void plain_jac(const ref_view *v, ref_ctx *c, int t, int j, ref_jac *J)
{
    ref_spot s = ref_traj_spot(v->tr, t, j);
    ref_jac_reset(J);
    v->net->cell->jac(c, v->net, j, &s, J);
}

static const ref_num *plain_x(const ref_view *v, ref_ctx *c, int t, int i)
{
    return ref_sparse(c, ref_at2(v->tr->x, v->tr->n_in, t, i));
}

static const ref_num *plain_z_pre(const ref_view *v, ref_ctx *c, int t, int i)
{
    int s = t - v->net->opt.delay;
    return s < 1 ? NULL : ref_sparse(c, ref_at2(v->tr->z, v->tr->n_rec, s, i));
}

ref_view ref_view_plain(const ref_net *net, const ref_traj *tr)
{
    return (ref_view){.net = net, .tr = tr, .delay = net->opt.delay,
                      .jac = plain_jac, .x = plain_x, .z_pre = plain_z_pre};
}

ep_status ref_pre_build(ref_ctx *c, const ref_view *v, ref_pre *out)
{
    int T = v->tr->T, n_in = v->net->n_in, n = n_in + v->net->n_rec;
    *out = (ref_pre){.n = n};
    out->at = ref_bytes(c, (size_t)(T + 1) * (size_t)n * sizeof *out->at);
    out->list = ref_bytes(c, (size_t)(T + 1) * (size_t)n * sizeof *out->list);
    out->count = ref_bytes(c, (size_t)(T + 1) * sizeof *out->count);
    if (c->status != EP_OK) return c->status;
    for (int t = 1; t <= T; t++) {
        const ref_num **at = out->at + (size_t)t * (size_t)n;
        int *list = out->list + (size_t)t * (size_t)n;
        for (int i = 0; i < n; i++) {
            at[i] = i < n_in ? v->x(v, c, t, i) : v->z_pre(v, c, t, i - n_in);
            if (at[i]) list[out->count[t]++] = i;
        }
    }
    return EP_OK;
}

ep_status ref_grad_init(ref_ctx *c, const ref_net *net, ref_grad *g)
{
    for (int k = 0; k < EP_N_GROUP; k++) {
        g->n[k] = ref_group_size(net, (ep_group)k);
        g->g[k] = g->n[k] ? ref_vec(c, g->n[k]) : NULL;
    }
    return c->status;
}
