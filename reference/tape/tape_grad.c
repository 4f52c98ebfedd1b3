/* Builds a batch on the tape, sweeps, and hands the gradient out.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "tape_model.h"

ref_var *tape_vars(ref_ctx *c, size_t n)
{
    ref_var *v = ref_bytes(c, n * sizeof *v);
    for (size_t k = 0; v && k < n; k++) v[k] = (ref_var){-1, NULL};
    return v;
}

/* n leaves with the values at src (NULL: all 0). */
static ref_var *leaves(tape_net *n, size_t count, const ref_num *src)
{
    ref_var *v = tape_vars(n->t->c, count);
    for (size_t k = 0; v && k < count; k++) v[k] = ref_tape_leaf(n->t, src ? &src[k] : NULL);
    return v;
}

static ref_var *recurrent_leaves(tape_net *n)
{
    const ref_net *net = n->net;
    int rows = net->nc * net->n_rec;
    ref_var *v = tape_vars(n->t->c, tape_ix(rows, net->n_rec, 0));
    for (int r = 0; v && r < rows; r++)
        for (int i = 0; i < net->n_rec; i++) {
            size_t k = tape_ix(r, net->n_rec, i);
            bool masked = net->model != EP_LSTM && r == i;
            if (!masked) v[k] = ref_tape_leaf(n->t, net->Wrec ? &net->Wrec[k] : NULL);
        }
    return v;
}

/* A gain is a constant, or 1 - decay with d gain/d decay = -1. */
static ref_var *gains(tape_net *n, const ref_num *src, bool complement, ep_theta decay)
{
    int N = n->net->n_rec;
    ref_var *v = tape_vars(n->t->c, (size_t)N);
    bool bound = complement && n->net->opt.gain_differentiated;
    for (int j = 0; v && j < N; j++) {
        v[j] = ref_tape_constant(n->t, src ? &src[j] : NULL);
        const ref_num *partial[1] = {n->t->minus_one};
        if (bound) v[j] = ref_tape_spike(n->t, ref_tape_value(n->t, v[j]), 1, &n->theta[decay][j], partial);
    }
    return v;
}

ep_status tape_load(tape_net *n)
{
    const ref_net *net = n->net;
    size_t N = (size_t)net->n_rec, rows = N * (size_t)net->nc;
    size_t widest = (size_t)n->bt->T * (size_t)n->bt->B, fan = N + (size_t)net->n_in + (size_t)net->n_out + 4;
    n->Win = leaves(n, rows * (size_t)net->n_in, net->Win);
    n->Wrec = recurrent_leaves(n);
    n->b = leaves(n, rows, net->b);
    n->Wout = leaves(n, (size_t)net->n_out * N, net->Wout);
    n->bout = leaves(n, (size_t)net->n_out, net->bout);
    bool ok = n->Win && n->Wrec && n->b && n->Wout && n->bout;
    for (int p = 0; p < EP_N_THETA; p++) {
        n->theta[p] = net->theta[p] ? leaves(n, N, net->theta[p]) : tape_vars(n->t->c, N);
        ok = ok && n->theta[p];
    }
    if (!ok) return EP_NOMEM;
    n->g_in = gains(n, net->g_in, net->opt.g_in == EP_GAIN_COMPLEMENT, net->model == EP_SYNAPTIC ? EP_ALPHA_S : EP_ALPHA);
    n->g_a = gains(n, net->g_a, net->opt.g_a == EP_GAIN_COMPLEMENT, EP_RHO);
    n->pair_a = tape_vars(n->t->c, widest > fan ? widest : fan);
    n->pair_b = tape_vars(n->t->c, widest > fan ? widest : fan);
    return n->g_in && n->g_a && n->pair_a && n->pair_b ? n->t->status : EP_NOMEM;
}

ep_status tape_start(tape_net *n, tape_trial *s, const ref_run *run, int b)
{
    const ref_net *net = n->net;
    ref_ctx *c = n->t->c;
    size_t N = (size_t)net->n_rec, rows = (size_t)n->bt->T + 1;
    s->rec = run ? &run->tr[b] : NULL;
    s->x = tape_vars(c, (size_t)net->n_in);
    s->z = tape_vars(c, rows * N);
    s->past = tape_vars(c, rows * N);
    s->heard = tape_vars(c, rows * N);
    s->own = tape_vars(c, N);
    s->v_old = tape_vars(c, N);
    int cuts = n->args.window > 0 ? ref_boundaries(n->bt->T, n->args.window) : 0;
    s->cut = ref_bytes(c, (size_t)cuts * sizeof *s->cut);
    s->y = tape_vars(c, rows * (size_t)net->n_out);
    s->y_before = tape_vars(c, (size_t)net->n_out);
    s->zu = tape_vars(c, N);
    s->refr = ref_bytes(c, N * sizeof *s->refr);
    bool ok = s->x && s->z && s->past && s->heard && s->own && s->v_old && s->cut && s->y && s->y_before && s->zu && s->refr;
    for (int h = 0; h < 3; h++) {
        s->h[h] = tape_vars(c, N);
        ok = ok && s->h[h];
    }
    return ok ? EP_OK : EP_NOMEM;
}

void tape_input(tape_net *n, tape_trial *s, int b, int t)
{
    int n_in = n->net->n_in;
    for (int i = 0; i < n_in; i++) {
        if (n->t->c->ar->symbolic) {
            s->x[i] = ref_tape_constant(n->t, &s->rec->x[tape_ix(t, n_in, i)]);
            continue;
        }
        double d = n->bt->x ? n->bt->x[(tape_ix(b, n->bt->T, t - 1)) * (size_t)n_in + (size_t)i] : 0;
        ref_num *r = d != 0 ? ref_tape_num(n->t) : NULL;
        if (r) ref_set_d(n->t->c, r, d);
        s->x[i] = ref_tape_constant(n->t, r);
    }
}

static ep_status forward(tape_net *n, tape_trial *s, const ref_run *run, int b)
{
    ep_status st = tape_start(n, s, run, b);
    if (st != EP_OK) return st;
    n->rep->b = b;
    for (int t = 1; t <= n->bt->T && n->t->status == EP_OK; t++) {
        tape_input(n, s, b, t);
        tape_step(n, s, b, t);
    }
    for (int t = 1; n->args.on_z && t <= n->bt->T && n->t->status == EP_OK; t++)
        for (int j = 0; j < n->net->n_rec; j++) {
            size_t at = tape_ix(t, n->net->n_rec, j);
            st = ref_tape_seed(n->t, s->z[at], &n->args.on_z[b][at]);
        }
    return n->t->status;
}

/* Symbolic: E = sum_t err y + sum_t reg z. */
ep_status tape_seed_symbols(tape_net *n, const tape_trial *s, const ref_run *run, int b)
{
    int K = n->net->n_out, N = n->net->n_rec;
    ep_status st = EP_OK;
    for (int t = 1; t <= n->bt->T && st == EP_OK; t++) {
        for (int k = 0; k < K && st == EP_OK; k++)
            st = ref_tape_seed(n->t, s->y[tape_ix(t, K, k)], &run->tr[b].err[tape_ix(t, K, k)]);
        for (int j = 0; j < N && st == EP_OK && run->reg && !(n->args.flags & REF_TAPE_NO_REG); j++)
            st = ref_tape_seed(n->t, s->z[tape_ix(t, N, j)], &run->reg[j]);
    }
    return st;
}

static ep_status sweep_batch(tape_net *n, tape_trial *s, const ref_run *run)
{
    ref_tape *t = n->t;
    ref_var E = {-1, NULL};
    bool symbolic = t->c->ar->symbolic;
    for (int b = 0; b < n->bt->B; b++) {
        ep_status st = forward(n, &s[b], run, b);
        if (st == EP_OK && symbolic) st = tape_seed_symbols(n, &s[b], run, b);
        if (st != EP_OK) return st;
        if (!symbolic) E = ref_tape_add(t, E, tape_loss(n, &s[b], b));
    }
    if (!symbolic) {
        if (!(n->args.flags & REF_TAPE_NO_REG) && n->bt->c_reg != 0) E = ref_tape_add(t, E, tape_regulariser(n, s));
        if (ref_tape_seed(t, E, NULL) != EP_OK) return t->status;
    }
    ep_status st = ref_tape_sweep(t);
    if (st == EP_OK && !symbolic && n->rep->E) ref_set(t->c, n->rep->E, ref_tape_value(t, E));
    return st;
}

void tape_hand_out(ref_ctx *c, const tape_net *n, ref_grad *g)
{
    const ref_var *from[EP_N_GROUP] = {n->Win, n->Wrec, n->b, n->Wout, n->bout};
    for (int p = 0; p < EP_N_THETA; p++) from[EP_G_THETA + p] = n->theta[p];
    for (int k = 0; k < EP_N_GROUP; k++)
        for (size_t i = 0; g->g[k] && i < g->n[k]; i++) {
            const ref_num *a = ref_tape_adjoint(n->t, from[k][i]);
            ref_set(c, &g->g[k][i], a ? a : &c->zero);
        }
}

ep_status ref_tape_run(ref_ctx *c, const ref_net *net, const ep_batch *bt, const ref_run *run,
                       const ref_tape_args *args, ref_grad *g, ref_tape_report *rep)
{
    ref_tape_report own = {0};
    ref_tape tape;
    ref_ctx scratch; /* the whole tape is freed with it */
    tape_net n = {.t = &tape, .net = net, .bt = bt, .args = *args, .rep = rep ? rep : &own};
    n.given = c->ar->symbolic || (args->flags & REF_TAPE_FORCED) != 0;
    if (n.given && !run) return EP_DOMAIN;
    ep_status st = ref_ctx_fork(&scratch, c);
    if (st != EP_OK) return st;
    st = ref_tape_init(&scratch, &tape);
    if (st == EP_OK) {
        n.rep->spike_mismatch = false;
        tape_trial *s = ref_bytes(&scratch, (size_t)bt->B * sizeof *s);
        st = s ? tape_load(&n) : EP_NOMEM;
        if (st == EP_OK) st = sweep_batch(&n, s, run);
        if (st == EP_OK) tape_hand_out(c, &n, g);
        for (int b = 0; st == EP_OK && b < bt->B; b++) tape_deliver(c, &n, &s[b], b);
        n.rep->nodes = ref_tape_count(&tape, &n.rep->edges);
        ref_tape_clear(&tape);
    }
    ref_ctx_clear(&scratch);
    return st;
}

ep_status ref_tape_gradient(ref_ctx *c, const ref_net *net, const ep_batch *bt, const ref_run *run,
                            unsigned flags, ref_grad *g)
{
    const ref_tape_args args = {.flags = flags};
    return ref_tape_run(c, net, bt, run, &args, g, NULL);
}
