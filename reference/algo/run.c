/* A batch recorded: every trial forward, then the rate regulariser, which sees them all.
 *
 *   E_reg = c_reg/2 sum_j (fbar_j - f*)^2;   constant part of L: c_reg (fbar_j - f*)/(T B)
 *
 * SPDX-License-Identifier: MIT */
#include "internal.h"

void ref_regulariser(ref_ctx *c, const ep_batch *bt, double steps, ref_num *fbar, ref_num *reg, ref_num *E, ref_num *w)
{
    ref_num *n = &w[0], *c_reg = &w[1], *f = &w[2], *half = &w[3], *d = &c->tmp2;
    ref_set_d(c, n, steps);
    ref_set_d(c, c_reg, bt->c_reg);
    ref_set_d(c, f, bt->f_target);
    ref_set_d(c, half, 0.5);
    ref_div(c, fbar, fbar, n);
    if (bt->c_reg == 0.0) return;
    ref_sub(c, d, fbar, f);
    ref_mul(c, reg, c_reg, d);
    ref_mul(c, d, d, reg);
    ref_addmul(c, E, half, d);
    ref_div(c, reg, reg, n);
}

void ref_run_regularise(ref_ctx *c, const ep_batch *bt, ref_run *r, ref_num *w)
{
    for (int j = 0; j < r->net->n_rec; j++) {
        if (c->ar->symbolic) {
            if (bt->c_reg != 0.0) ref_draw(c, &r->reg[j]);
            continue;
        }
        for (int b = 0; b < r->B; b++)
            for (int t = 1; t <= r->T; t++)
                ref_addmul(c, &r->fbar[j], &c->one, ref_sparse(c, ref_at2(r->tr[b].z, r->net->n_rec, t, j)));
        ref_regulariser(c, bt, (double)r->T * (double)r->B, &r->fbar[j], &r->reg[j], r->E, w);
    }
}

ep_status ref_run_batch(ref_ctx *c, const ref_net *net, const ep_batch *bt, ref_run *out)
{
    return ref_run_batch_exact(c, net, NULL, bt, out, NULL);
}

ep_status ref_run_batch_exact(ref_ctx *c, const ref_net *net, const ep_net *src, const ep_batch *bt, ref_run *out,
                              size_t *settled)
{
    *out = (ref_run){.net = net, .B = bt->B, .T = bt->T};
    out->tr = ref_bytes(c, (size_t)bt->B * sizeof *out->tr);
    out->fbar = ref_vec(c, (size_t)net->n_rec);
    out->reg = ref_vec(c, (size_t)net->n_rec);
    out->E = ref_vec(c, 1);
    ref_num *w = ref_vec(c, REF_REG_WORK);
    if (c->status != EP_OK) return c->status;
    for (int b = 0; b < bt->B; b++) {
        ep_status st = ref_forward(c, net, src, bt, b, &out->tr[b], settled);
        if (st != EP_OK) return st;
        ref_add(c, out->E, out->E, out->tr[b].loss);
    }
    ref_run_regularise(c, bt, out, w);
    return c->status;
}
