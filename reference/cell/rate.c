/* Leaky rate unit, the smooth member of the family.
 *
 *   v^t = alpha v^{t-1} + I^t;   z^t = tanh(v^t);   dz/dv = 1 - z^2
 *
 * SPDX-License-Identifier: MIT */
#include "cell.h"

static int n_hidden(const ref_net *net) { (void)net; return 1; }

static ep_status step(ref_ctx *c, const ref_net *net, int j, const ref_spot *s, ref_num *h, ref_num *z, ref_num *q,
                      int refr_prev, int *refr)
{
    (void)q;
    (void)refr_prev;
    *refr = 0;
    if (!c->ar->tanh) return EP_NOTIMPL;
    ref_mul(c, h, &net->theta[EP_ALPHA][j], s->h_prev);
    ref_add(c, h, h, s->I);
    c->ar->tanh(c, z, h);
    return EP_OK;
}

static void jac(ref_ctx *c, const ref_net *net, int j, const ref_spot *s, ref_jac *J)
{
    J->hh[0][0] = ref_sparse(c, &net->theta[EP_ALPHA][j]);
    J->hI[0][0] = c->unit;
    J->hp[0][EP_ALPHA] = ref_sparse(c, s->h_prev);
    J->zh[0] = ref_jac_add(c, J, &c->one, ref_jac_neg(c, J, ref_jac_mul(c, J, s->z, s->z)));
}

const ref_cell *ref_cell_rate(void)
{
    static const char *const hidden[] = {"v", NULL};
    static const char *const q[] = {NULL};
    static const ref_cell cell = {"rate", EP_RATE, n_hidden, hidden, 0, q, true, step, jac};
    return &cell;
}
