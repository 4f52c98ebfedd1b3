/* The forward pass, recorded.
 *
 *   I_cj^t = b_cj + sum_i Win^c_ji x_i^t + sum_i Wrec^c_ji z_i^{t-d};  (h, z)_j^t = cell(h^{t-1}, z^{t-1}, I^t)
 *   y_k^t = kappa y_k^{t-1} + g_out (sum_j Wout_kj z_j^t + bout_k)
 *
 * Sums run over events: zeros cost nothing.
 * SPDX-License-Identifier: MIT */
#include "internal.h"

ep_status ref_traj_init(ref_ctx *c, const ref_net *net, int T, ref_traj *tr)
{
    size_t steps = (size_t)T + 2, n = (size_t)net->n_rec;
    *tr = (ref_traj){.T = T, .n_in = net->n_in, .n_rec = net->n_rec, .n_out = net->n_out,
                     .nh = net->nh, .nc = net->nc, .nq = net->nq};
    tr->x = ref_vec(c, steps * (size_t)net->n_in);
    tr->I = ref_vec(c, steps * n * (size_t)net->nc);
    tr->h = ref_vec(c, steps * n * (size_t)net->nh);
    tr->z = ref_vec(c, steps * n);
    tr->q = ref_vec(c, steps * n * (size_t)net->nq);
    tr->refr = ref_bytes(c, steps * n * sizeof *tr->refr);
    tr->y = ref_vec(c, steps * (size_t)net->n_out);
    tr->err = ref_vec(c, steps * (size_t)net->n_out);
    tr->loss = ref_vec(c, 1);
    return c->status;
}

void ref_load_inputs(ref_ctx *c, const ep_batch *bt, int b, ref_traj *tr)
{
    size_t n = (size_t)tr->T * (size_t)tr->n_in;
    const double *x = bt->x ? bt->x + (size_t)b * n : NULL;
    for (size_t k = 0; k < n; k++) {
        ref_num *to = tr->x + (size_t)tr->n_in + k;
        if (c->ar->symbolic) ref_draw(c, to);
        else if (x && x[k] != 0.0) ref_set_d(c, to, x[k]);
    }
}

int ref_events(ref_ctx *c, const ref_view *v, int t, const ref_num **at, int *list)
{
    int n_in = v->net->n_in, n = n_in + v->net->n_rec, count = 0;
    for (int i = 0; i < n; i++) {
        at[i] = i < n_in ? v->x(v, c, t, i) : v->z_pre(v, c, t, i - n_in);
        if (at[i]) list[count++] = i;
    }
    return count;
}

void ref_drive(ref_ctx *c, const ref_net *net, int j, const ref_num **at, const int *list, int count, ref_num *I)
{
    size_t n_in = (size_t)net->n_in, n_rec = (size_t)net->n_rec;
    for (int ch = 0; ch < net->nc; ch++) {
        size_t row = (size_t)ch * n_rec + (size_t)j;
        ref_set(c, &I[ch], &net->b[row]);
        for (int k = 0; k < count; k++) {
            size_t i = (size_t)list[k];
            const ref_num *w = i < n_in ? &net->Win[row * n_in + i] : &net->Wrec[row * n_rec + (i - n_in)];
            ref_addmul(c, &I[ch], w, at[i]);
        }
    }
}

void ref_readout(ref_ctx *c, const ref_net *net, ref_traj *tr, int t)
{
    for (int k = 0; k < net->n_out; k++) {
        ref_num *y = ref_at2(tr->y, net->n_out, t, k), *sum = &c->tmp2;
        ref_set(c, sum, &net->bout[k]);
        for (int j = 0; j < net->n_rec; j++)
            ref_addmul(c, sum, &net->Wout[(size_t)k * (size_t)net->n_rec + (size_t)j],
                       ref_sparse(c, ref_at2(tr->z, net->n_rec, t, j)));
        ref_mul(c, y, net->kappa, ref_at2(tr->y, net->n_out, t - 1, k));
        ref_addmul(c, y, net->g_out, sum);
    }
}

/* What is given for neuron j at step t of trial b, for ref_spike. */
void ref_impose(ref_ctx *c, const ref_net *net, const ep_batch *bt, int b, int t, int j)
{
    size_t at = ((size_t)b * (size_t)bt->T + (size_t)(t - 1)) * (size_t)net->n_rec + (size_t)j;
    c->given_z = net->z_given != NULL;
    c->given_psi = net->psi_given != NULL;
    if (c->given_z) c->z_value = net->z_given[at];
    if (c->given_psi) c->psi_value = net->psi_given[at];
}

/* One neuron, one step; an undecided spike test is settled exactly where src allows it. */
static ep_status neuron(ref_ctx *c, const ref_net *net, const ep_net *src, const ep_batch *bt, int b, ref_traj *tr, int t,
                        int j, size_t *settled)
{
    ref_spot s = ref_traj_spot(tr, t, j);
    size_t k = (size_t)t * (size_t)net->n_rec + (size_t)j, before = k - (size_t)net->n_rec;
    ref_num *h = tr->h + k * (size_t)net->nh, *q = tr->q + k * (size_t)net->nq;
    ep_status st = net->cell->step(c, net, j, &s, h, &tr->z[k], q, tr->refr[before], &tr->refr[k]);
    if (st != EP_UNABLE || !src) return st;
    st = ref_exact_sign(c, src, bt, b, tr, t, j, &c->hint);
    if (st != EP_OK) return EP_UNABLE;
    c->hinted = true;
    st = net->cell->step(c, net, j, &s, h, &tr->z[k], q, tr->refr[before], &tr->refr[k]);
    c->hinted = false;
    if (settled) ++*settled;
    return st;
}

ep_status ref_forward_steps(ref_ctx *c, const ref_net *net, const ep_net *src, const ep_batch *bt, int b, ref_traj *tr,
                            size_t *settled)
{
    size_t n = (size_t)(net->n_in + net->n_rec);
    const ref_num **at = ref_bytes(c, n * sizeof *at);
    int *list = ref_bytes(c, n * sizeof *list);
    if (c->status != EP_OK) return c->status;
    ref_view v = ref_view_plain(net, tr);
    for (int t = 1; t <= tr->T; t++) {
        int count = ref_events(c, &v, t, at, list);
        for (int j = 0; j < net->n_rec; j++) {
            size_t k = (size_t)t * (size_t)net->n_rec + (size_t)j;
            ref_drive(c, net, j, at, list, count, tr->I + k * (size_t)net->nc);
            ref_impose(c, net, bt, b, t, j);
            ep_status st = neuron(c, net, src, bt, b, tr, t, j, settled);
            c->given_z = c->given_psi = false;
            if (st != EP_OK) return st;
        }
        ref_readout(c, net, tr, t);
    }
    return c->status;
}

ep_status ref_forward(ref_ctx *c, const ref_net *net, const ep_net *src, const ep_batch *bt, int b, ref_traj *tr,
                      size_t *settled)
{
    ep_status st = ref_traj_init(c, net, bt->T, tr);
    if (st != EP_OK) return st;
    ref_load_inputs(c, bt, b, tr);
    st = ref_forward_steps(c, net, src, bt, b, tr, settled);
    if (st == EP_OK) st = ref_loss(c, net, bt, b, tr);
    return st != EP_OK ? st : c->status;
}
