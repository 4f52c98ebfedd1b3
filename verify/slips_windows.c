/* Slips that only windows make: at a boundary, in what crosses it, and in the traces that run on across it.
 * SPDX-License-Identifier: MIT */
#include "slips.h"

bool vfy_slip_in_windows(vfy_slip s) { return s >= VFY_SLIP_WINDOW_LATE; }

vfy_place vfy_slip_window_place(vfy_slip s) { return s == VFY_SLIP_WINDOW_TRACES ? VFY_IN_TRACES : VFY_IN_L; }

static int length(const vfy_bug *bug) { return bug->window ? bug->window : VFY_SLIP_WINDOW; }

static bool starts_window(const ref_view *v, int t) { return t > 1 && (t - 1) % length(v->user) == 0; }

static void plain_jac(const ref_view *v, ref_ctx *c, int t, int j, ref_jac *J)
{
    ref_view plain = ref_view_plain(v->net, v->tr);
    plain.jac(&plain, c, t, j, J);
}

/* Eligibility vectors start from 0 with each window. */
static void forgetting_jac(const ref_view *v, ref_ctx *c, int t, int j, ref_jac *J)
{
    plain_jac(v, c, t, j, J);
    for (int h = 0; starts_window(v, t) && h < v->net->nh; h++) {
        for (int m = 0; m < v->net->nh; m++) J->hh[h][m] = NULL;
        J->hz_loc[h] = NULL;
    }
}

/* At a window's last step, dz/dh of the step after it. */
static void ahead_jac(const ref_view *v, ref_ctx *c, int t, int j, ref_jac *J)
{
    ref_jac next;
    plain_jac(v, c, t, j, J);
    if (!starts_window(v, t + 1) || t >= v->tr->T || ref_jac_init(c, &next) != EP_OK) return;
    plain_jac(v, c, t + 1, j, &next);
    for (int h = 0; h < v->net->nh; h++) J->zh[h] = next.zh[h];
}

static ref_view with_jac(const ref_net *net, const ref_traj *tr, void (*jac)(const ref_view *, ref_ctx *, int, int, ref_jac *),
                         const vfy_bug *bug)
{
    ref_view v = ref_view_plain(net, tr);
    v.jac = jac;
    v.user = bug;
    return v;
}

static ref_view view_e(const ref_net *net, const ref_traj *tr, void *user)
{
    const vfy_bug *bug = user;
    return bug->slip == VFY_SLIP_WINDOW_TRACES ? with_jac(net, tr, forgetting_jac, bug) : ref_view_plain(net, tr);
}

static ref_view view_cut(const ref_net *net, const ref_traj *tr, void *user)
{
    const vfy_bug *bug = user;
    return bug->slip == VFY_SLIP_WINDOW_PSI ? with_jac(net, tr, ahead_jac, bug) : ref_view_plain(net, tr);
}

/* Numbers of each array at one boundary. */
static void widths(const ref_net *net, size_t n[4])
{
    n[0] = (size_t)(net->n_rec * net->nh);
    n[1] = (size_t)(net->n_rec * net->opt.delay);
    n[2] = (size_t)net->n_rec;
    n[3] = (size_t)net->n_out;
}

/* Boundary m <- boundary `from` of other seeds; none: 0. */
static void replace(ref_ctx *c, const ref_net *net, ref_seeds *to, int m, const ref_seeds *other, int from)
{
    ref_num *const at[4] = {to->h, to->z, to->z_loc, to->y};
    const ref_num *src[4] = {NULL, NULL, NULL, NULL};
    size_t n[4];
    widths(net, n);
    if (other) src[0] = other->h, src[1] = other->z, src[2] = other->z_loc, src[3] = other->y;
    for (int k = 0; k < 4; k++)
        for (size_t i = 0; i < n[k]; i++)
            ref_set(c, &at[k][(size_t)m * n[k] + i], src[k] ? &src[k][(size_t)from * n[k] + i] : &c->zero);
}

/* The first boundary's seed is what crosses one step later, if anything does. */
static void one_step_late(ref_ctx *c, const ref_view *v, const ref_num *reg, int window, ref_seeds *s)
{
    ref_seeds late;
    if (ref_boundaries(v->tr->T, window + 1) > 0 && ref_seeds_exact(c, v, reg, window + 1, &late) == EP_OK) replace(c, v->net, s, 0, &late, 0);
}

static void spoil(ref_ctx *c, const ref_view *v, const ref_num *reg, const ref_adjoint *whole, int window, ref_seeds *s, void *user)
{
    const vfy_bug *bug = user;
    const ref_net *net = v->net;
    int M = ref_boundaries(v->tr->T, window);
    size_t n[4];
    widths(net, n);
    switch (bug->slip) {
    case VFY_SLIP_WINDOW_LATE: one_step_late(c, v, reg, window, s); break;
    case VFY_SLIP_WINDOW_NEXT:
        for (int m = 0; m < M; m++) replace(c, net, s, m, m + 1 < M ? s : NULL, m + 1);
        break;
    case VFY_SLIP_WINDOW_BARE:
        for (int m = 0; m < M; m++)
            for (size_t i = 0; i < n[0]; i++)
                ref_set(c, &s->h[(size_t)m * n[0] + i], &whole->dh[(size_t)((m + 1) * window + 1) * n[0] + i]);
        break;
    case VFY_SLIP_WINDOW_LOCAL: s->z_loc = NULL; break;
    case VFY_SLIP_WINDOW_READOUT: s->y = NULL; break;
    default: break;
    }
}

vfy_views vfy_window_bug_views(const vfy_bug *bug)
{
    union { const vfy_bug *in; void *out; } cast = {bug}; /* the views only read it */
    return (vfy_views){.e = view_e, .cut = view_cut, .window = length(bug), .seed = REF_SEED_ZC, .spoil = spoil,
                       .user = cast.out};
}
