/* LSTM without peepholes. Hidden state c; four input channels i, f, g, o.
 *
 *   i,f,o = sigmoid(I_i), sigmoid(I_f + b_forget), sigmoid(I_o);  g = tanh(I_g)
 *   c^t = f c^{t-1} + i g;   z^t = o phi(c^t),  phi = tanh (option: identity)
 *   dc/dI_i = g i(1-i),  dc/dI_f = c^{t-1} f(1-f),  dc/dI_g = i(1-g^2),  dz/dI_o = phi(c) o(1-o),  dz/dc = o phi'(c)
 *
 * SPDX-License-Identifier: MIT */
#include "cell.h"

enum { GI, GF, GG, GO, PHI };

static int n_hidden(const ref_net *net) { (void)net; return 1; }

static ep_status step(ref_ctx *c, const ref_net *net, int j, const ref_spot *s, ref_num *h, ref_num *z, ref_num *q,
                      int refr_prev, int *refr)
{
    (void)j;
    (void)refr_prev;
    *refr = 0;
    if (!c->ar->sigmoid || !c->ar->tanh) return EP_NOTIMPL;
    c->ar->sigmoid(c, &q[GI], &s->I[GI]);
    ref_add(c, &q[GF], &s->I[GF], net->b_forget);
    c->ar->sigmoid(c, &q[GF], &q[GF]);
    c->ar->tanh(c, &q[GG], &s->I[GG]);
    c->ar->sigmoid(c, &q[GO], &s->I[GO]);
    ref_mul(c, h, &q[GF], s->h_prev);
    ref_addmul(c, h, &q[GI], &q[GG]);
    if (net->opt.phi == EP_PHI_TANH) c->ar->tanh(c, &q[PHI], h);
    else ref_set(c, &q[PHI], h);
    ref_mul(c, z, &q[GO], &q[PHI]);
    return EP_OK;
}

/* s (1 - s), the sigmoid's derivative from its value. */
static const ref_num *dsigmoid(ref_ctx *c, ref_jac *J, const ref_num *s)
{
    return ref_jac_mul(c, J, s, ref_jac_add(c, J, &c->one, ref_jac_neg(c, J, s)));
}

/* 1 - t^2, tanh's derivative from its value. */
static const ref_num *dtanh(ref_ctx *c, ref_jac *J, const ref_num *t)
{
    return ref_jac_add(c, J, &c->one, ref_jac_neg(c, J, ref_jac_mul(c, J, t, t)));
}

static void jac(ref_ctx *c, const ref_net *net, int j, const ref_spot *s, ref_jac *J)
{
    (void)j;
    const ref_num *q = s->q;
    J->hh[0][0] = &q[GF];
    J->hI[0][GI] = ref_jac_mul(c, J, &q[GG], dsigmoid(c, J, &q[GI]));
    J->hI[0][GF] = ref_jac_mul(c, J, ref_sparse(c, s->h_prev), dsigmoid(c, J, &q[GF]));
    J->hI[0][GG] = ref_jac_mul(c, J, &q[GI], dtanh(c, J, &q[GG]));
    J->zI[GO] = ref_jac_mul(c, J, &q[PHI], dsigmoid(c, J, &q[GO]));
    J->zh[0] = net->opt.phi == EP_PHI_TANH ? ref_jac_mul(c, J, &q[GO], dtanh(c, J, &q[PHI])) : &q[GO];
}

const ref_cell *ref_cell_lstm(void)
{
    static const char *const hidden[] = {"c", NULL};
    static const char *const q[] = {"i", "f", "g", "o", "phi", NULL};
    static const ref_cell cell = {"lstm", EP_LSTM, n_hidden, hidden, 5, q, true, step, jac};
    return &cell;
}
