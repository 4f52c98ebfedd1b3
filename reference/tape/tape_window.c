/* The ends of windows on the tape: what is given there, what is cut, and what the cut ends hear.
 * SPDX-License-Identifier: MIT */
#include "tape_model.h"

/* Component h of the hidden state at the boundary, in the order of the cells; *leaf: where its cut end is kept, -1: nowhere,
 * because no later step reads it. */
static ref_var component(const tape_net *n, const tape_trial *s, int h, int j, int *leaf)
{
    static const int synaptic[2] = {2, 0};
    bool old = n->net->opt.spike_from == EP_FROM_OLD_V && ep_model_spikes(n->net->model) && n->net->model != EP_SYNAPTIC;
    *leaf = n->net->model == EP_SYNAPTIC ? synaptic[h] : h;
    if (!old || h + 1 < n->net->nh) return s->h[*leaf][j];
    *leaf = -1;
    return s->v_old[j];
}

static void seed(tape_net *n, ref_var a, const ref_num *array, size_t at)
{
    if (array && ref_tape_seed(n->t, a, &array[at]) != EP_OK) return; /* t->status keeps it */
}

/* Is z^{s-q} of the window that ends at s, and does anything later read it? */
static bool in_window(const tape_net *n, int s, int q) { return q < n->args.window && q < n->net->opt.delay && s - q >= 1; }

static void give(tape_net *n, const tape_trial *s, const ref_seeds *g, int m, int end)
{
    const ref_net *net = n->net;
    int N = net->n_rec, d = net->opt.delay, leaf;
    for (int j = 0; j < N; j++) {
        for (int h = 0; h < net->nh; h++)
            seed(n, component(n, s, h, j, &leaf), g->h, tape_ix(m * N + j, net->nh, h));
        for (int q = 0; in_window(n, end, q); q++)
            seed(n, s->past[tape_ix(end - q, N, j)], g->z, tape_ix(m * d + q, N, j));
        seed(n, s->own[j], g->z_loc, tape_ix(m, N, j));
    }
    for (int k = 0; k < net->n_out; k++) seed(n, s->y_before[k], g->y, tape_ix(m, net->n_out, k));
}

/* A leaf with the value of *a takes its place. */
static ref_var cut(tape_net *n, ref_var *a)
{
    *a = ref_tape_leaf(n->t, ref_tape_value(n->t, *a));
    return *a;
}

static ref_var *kept(tape_net *n, int count)
{
    ref_var *v = ref_bytes(n->t->c, (size_t)count * sizeof *v);
    if (!v) tape_fail(n, EP_NOMEM);
    for (int i = 0; v && i < count; i++) v[i] = (ref_var){-1, NULL};
    return v;
}

void tape_cut_window(tape_net *n, tape_trial *s, int b, int t)
{
    int N = n->net->n_rec, end = t - 1, m = end / n->args.window - 1, K = n->net->n_out;
    tape_cut *at = &s->cut[m];
    if (n->args.given) give(n, s, &n->args.given[b], m, end);
    for (int h = 0; h < 3; h++) at->h[h] = kept(n, N);
    at->z = kept(n, n->net->opt.delay * N);
    at->z_loc = kept(n, N);
    at->y = kept(n, K);
    if (n->t->status != EP_OK) return;
    for (int j = 0; j < N; j++) {
        for (int h = 0; h < 3; h++) at->h[h][j] = cut(n, &s->h[h][j]);
        s->zu[j] = ref_tape_detach(s->zu[j]);
        for (int q = 0; in_window(n, end, q); q++)
            at->z[tape_ix(q, N, j)] = cut(n, &s->past[tape_ix(end - q, N, j)]);
        at->z_loc[j] = cut(n, &s->own[j]);
    }
    for (int k = 0; k < K; k++) at->y[k] = cut(n, &s->y_before[k]);
}

static void hear(ref_ctx *c, const tape_net *n, ref_var leaf, ref_num *array, size_t at)
{
    const ref_num *a = ref_tape_adjoint(n->t, leaf);
    if (array) ref_set(c, &array[at], a ? a : &c->zero);
}

static void deliver_boundary(ref_ctx *c, const tape_net *n, const tape_trial *s, const ref_seeds *d, int m)
{
    const ref_net *net = n->net;
    const tape_cut *at = &s->cut[m];
    int N = net->n_rec, delay = net->opt.delay, leaf;
    for (int j = 0; j < N; j++) {
        for (int h = 0; h < net->nh; h++) {
            (void)component(n, s, h, j, &leaf);
            hear(c, n, leaf < 0 ? (ref_var){-1, NULL} : at->h[leaf][j], d->h, tape_ix(m * N + j, net->nh, h));
        }
        for (int q = 0; q < delay && q < n->args.window; q++) hear(c, n, at->z[tape_ix(q, N, j)], d->z, tape_ix(m * delay + q, N, j));
        hear(c, n, at->z_loc[j], d->z_loc, tape_ix(m, N, j));
    }
    for (int k = 0; k < net->n_out; k++) hear(c, n, at->y[k], d->y, tape_ix(m, net->n_out, k));
}

void tape_deliver(ref_ctx *c, const tape_net *n, const tape_trial *s, int b)
{
    int N = n->net->n_rec, M = n->args.window > 0 ? ref_boundaries(n->bt->T, n->args.window) : 0;
    for (int m = 0; n->args.delivered && m < M; m++) deliver_boundary(c, n, s, &n->args.delivered[b], m);
    for (int t = 1; n->args.Ltr && t <= n->bt->T; t++)
        for (int j = 0; j < N; j++) hear(c, n, s->heard[tape_ix(t, N, j)], n->args.Ltr[b], tape_ix(t, N, j));
}
