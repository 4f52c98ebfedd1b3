/* Building local Jacobians whose zeros and ones stay visible as pointers.
 * SPDX-License-Identifier: MIT */
#include <assert.h>

#include "cell.h"

void ref_jac_reset(ref_jac *J)
{
    ref_num *work = J->work;
    *J = (ref_jac){.work = work};
}

ep_status ref_jac_init(ref_ctx *c, ref_jac *J)
{
    *J = (ref_jac){.work = ref_vec(c, REF_JAC_WORK)};
    return c->status;
}

static ref_num *take(ref_jac *J)
{
    assert(J->used < REF_JAC_WORK);
    return &J->work[J->used++];
}

const ref_num *ref_jac_mul(ref_ctx *c, ref_jac *J, const ref_num *a, const ref_num *b)
{
    if (!a || !b) return NULL;
    if (a == c->unit) return b;
    if (b == c->unit) return a;
    ref_num *r = take(J);
    ref_mul(c, r, a, b);
    return r;
}

const ref_num *ref_jac_add(ref_ctx *c, ref_jac *J, const ref_num *a, const ref_num *b)
{
    if (!a) return b;
    if (!b) return a;
    ref_num *r = take(J);
    ref_add(c, r, a, b);
    return r;
}

const ref_num *ref_jac_neg(ref_ctx *c, ref_jac *J, const ref_num *a)
{
    if (!a) return NULL;
    ref_num *r = take(J);
    ref_neg(c, r, a);
    return r;
}

ref_spot ref_traj_spot(const ref_traj *tr, int t, int j)
{
    size_t n = (size_t)tr->n_rec, now = (size_t)t * n + (size_t)j, before = now - n;
    size_t nh = (size_t)tr->nh, nq = (size_t)tr->nq, nc = (size_t)tr->nc;
    return (ref_spot){.h_prev = tr->h + before * nh, .z_prev = tr->z + before, .q_prev = tr->q + before * nq,
                      .I = tr->I + now * nc, .h = tr->h + now * nh, .z = tr->z + now, .q = tr->q + now * nq};
}
