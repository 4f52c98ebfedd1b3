/* Ties: a spike test whose exact value is 0 stays undecided at every precision of an interval. Over rationals it
 * is decided: v_j^t is a finite sum of dyadic numbers, given the spikes that arrived.
 * SPDX-License-Identifier: MIT */
#include "internal.h"

/* One neuron's own state, from step 0, in rationals. */
typedef struct lone {
    ref_ctx c;
    ref_net net;
    ref_num *h[2], *z[2], *q[2], *I, *w;
} lone;

static ep_status lone_init(const ep_net *src, lone *s)
{
    ep_status st = ref_ctx_init(&s->c, ref_arith_rational(), 53);
    if (st != EP_OK) return st;
    st = ref_net_load(&s->c, src, &s->net);
    for (int k = 0; k < 2; k++) {
        s->h[k] = ref_vec(&s->c, REF_NH);
        s->z[k] = ref_vec(&s->c, 1);
        s->q[k] = ref_vec(&s->c, REF_NQ);
    }
    s->I = ref_vec(&s->c, REF_NC);
    s->w = ref_vec(&s->c, 1);
    if (st == EP_OK) st = s->c.status;
    if (st != EP_OK) ref_ctx_clear(&s->c);
    return st;
}

/* I_j^t from the trial's inputs and the recorded spikes (0 or 1 in every arithmetic). */
static void lone_drive(lone *s, const ep_batch *bt, int b, const ref_traj *tr, const ref_ctx *rec, int t, int j)
{
    ref_ctx *c = &s->c;
    size_t n = (size_t)s->net.n_rec, n_in = (size_t)s->net.n_in;
    const double *x = bt->x ? bt->x + ((size_t)b * (size_t)bt->T + (size_t)(t - 1)) * n_in : NULL;
    int t0 = t - s->net.opt.delay;
    ref_set(c, s->I, &s->net.b[j]);
    for (size_t i = 0; x && i < n_in; i++) {
        if (x[i] == 0.0) continue;
        ref_set_d(c, s->w, x[i]);
        ref_addmul(c, s->I, &s->net.Win[(size_t)j * n_in + i], s->w);
    }
    for (size_t i = 0; t0 >= 1 && i < n; i++)
        if (!rec->ar->is_zero(ref_at2(tr->z, tr->n_rec, t0, (int)i)))
            ref_add(c, s->I, s->I, &s->net.Wrec[(size_t)j * n + i]);
}

ep_status ref_exact_sign(const ref_ctx *rec, const ep_net *src, const ep_batch *bt, int b, const ref_traj *tr, int t, int j,
                         int *sign)
{
    lone s;
    int refr[2] = {0, 0};
    if (!ep_model_spikes(src->model)) return EP_NOTIMPL;
    ep_status st = lone_init(src, &s);
    if (st != EP_OK) return st;
    for (int k = 1; st == EP_OK && k <= t; k++) {
        int now = k & 1, old = now ^ 1;
        ref_spot spot = {.h_prev = s.h[old], .z_prev = s.z[old], .q_prev = s.q[old], .I = s.I};
        lone_drive(&s, bt, b, tr, rec, k, j);
        s.c.keep_test = k == t ? s.w : NULL;
        st = s.net.cell->step(&s.c, &s.net, j, &spot, s.h[now], s.z[now], s.q[now], refr[old], &refr[now]);
    }
    if (st == EP_OK) *sign = s.c.ar->sign(s.w);
    ref_ctx_clear(&s.c);
    return st;
}
