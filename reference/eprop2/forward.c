/* Both trials and the update between them.
 *
 *   u^t = [code^t; z^t; x^t];  L^t = module(u)^t;  dW_ji = sum_t L_j^t e_ji^t;  W' = W - eta dW
 *
 * SPDX-License-Identifier: MIT */
#include "eprop2_internal.h"

/* The module hears spikes of the same step: nothing of it goes back to the main network within the trial. */
static void join_inputs(ref_ctx *c, const ref_e2 *p, int b, ref_traj *mod)
{
    const ref_traj *tr = &p->train.tr[b];
    const ep_batch *code = &p->src->code;
    int T = tr->T, N = p->main.n_rec, n_in = p->main.n_in, n_code = p->n_code;
    for (int t = 1; t <= T; t++) {
        ref_num *u = ref_at2(mod->x, mod->n_in, t, 0);
        const double *x = code->x ? code->x + ((size_t)b * (size_t)T + (size_t)(t - 1)) * (size_t)n_code : NULL;
        for (int i = 0; i < n_code; i++) {
            if (c->ar->symbolic) ref_draw(c, &u[i]);
            else if (x) ref_set_d(c, &u[i], x[i]);
        }
        for (int j = 0; j < N; j++) ref_set(c, &u[n_code + j], ref_at2(tr->z, N, t, j));
        for (int i = 0; i < n_in; i++) ref_set(c, &u[n_code + N + i], ref_at2(tr->x, n_in, t, i));
    }
}

static ep_status slopes(ref_ctx *c, ref_e2 *p, int b)
{
    const ref_traj *tr = &p->train.tr[b];
    int N = p->main.n_rec;
    p->slope[b] = ref_vec(c, ((size_t)tr->T + 2) * (size_t)N);
    ep_status st = c->status;
    for (int t = 1; t <= tr->T; t++)
        for (int j = 0; st == EP_OK && j < N; j++) {
            ref_spot s = ref_traj_spot(tr, t, j);
            st = ref_psi_slope(c, &p->main, j, &s, tr->refr[(size_t)(t - 1) * (size_t)N + (size_t)j],
                               ref_at2(p->slope[b], N, t, j));
        }
    return st;
}

/* W' = W - eta dW in arrays of its own; everything else is shared. */
static ep_status update(ref_ctx *c, ref_e2 *p, int b)
{
    ref_net *after = &p->after[b];
    const ref_num *W[2] = {p->main.Win, p->main.Wrec};
    *after = p->main;
    for (int g = EP_G_WIN; g <= EP_G_WREC; g++) {
        size_t n = p->dW[b].n[g];
        ref_num *to = ref_vec(c, n);
        if (!to) return c->status;
        for (size_t i = 0; i < n; i++) {
            ref_mul(c, &to[i], p->eta, &p->dW[b].g[g][i]);
            ref_sub(c, &to[i], &W[g][i], &to[i]);
        }
        if (g == EP_G_WIN) after->Win = to;
        else after->Wrec = to;
    }
    return EP_OK;
}

static ep_status trial(ref_ctx *c, ref_e2 *p, int b, int threads)
{
    const ref_e2_source *s = p->src;
    ref_traj *train = &p->train.tr[b], *mod = &p->mod.tr[b];
    ep_status st = ref_traj_init(c, &p->main, s->train.T, train);
    if (st != EP_OK) return st;
    ref_load_inputs(c, &s->train, b, train);
    st = ref_forward_steps(c, &p->main, NULL, &s->train, b, train, NULL);
    if (st == EP_OK) st = slopes(c, p, b);
    if (st == EP_OK) st = ref_traj_init(c, &p->module, s->code.T, mod);
    if (st != EP_OK) return st;
    join_inputs(c, p, b, mod);
    st = ref_forward_steps(c, &p->module, NULL, &s->code, b, mod, NULL);
    if (st == EP_OK) st = ref_grad_init(c, &p->main, &p->dW[b]);
    if (st != EP_OK) return st;
    ref_view v = ref_view_plain(&p->main, train);
    ref_signal L = {.L_e = mod->y};
    st = ref_grad_traces(c, &v, &L, &p->dW[b], NULL, threads);
    if (st == EP_OK) st = update(c, p, b);
    if (st == EP_OK) st = ref_forward(c, &p->after[b], NULL, &s->test, b, &p->test.tr[b], NULL);
    if (st == EP_OK) ref_add(c, p->test.E, p->test.E, p->test.tr[b].loss);
    return st;
}

static void run_init(ref_ctx *c, const ref_net *net, const ep_batch *bt, ref_run *r)
{
    *r = (ref_run){.net = net, .B = bt->B, .T = bt->T};
    r->tr = ref_bytes(c, (size_t)bt->B * sizeof *r->tr);
    r->fbar = ref_vec(c, (size_t)net->n_rec);
    r->reg = ref_vec(c, (size_t)net->n_rec);
    r->E = ref_vec(c, 1);
}

static ep_status init(ref_ctx *c, const ref_e2_source *src, ref_e2 *p)
{
    size_t B = (size_t)src->train.B;
    *p = (ref_e2){.src = src};
    ep_status st = ref_net_load(c, &src->main, &p->main);
    if (st == EP_OK) st = ref_net_load(c, &src->module, &p->module);
    if (st != EP_OK) return st;
    p->n_code = src->module.n_in - src->main.n_rec - src->main.n_in;
    run_init(c, &p->main, &src->train, &p->train);
    run_init(c, &p->module, &src->code, &p->mod);
    run_init(c, &p->main, &src->test, &p->test);
    p->slope = ref_bytes(c, B * sizeof *p->slope);
    p->dW = ref_bytes(c, B * sizeof *p->dW);
    p->after = ref_bytes(c, B * sizeof *p->after);
    p->eta = ref_vec(c, 1);
    p->E = ref_vec(c, 1);
    if (c->status != EP_OK) return c->status;
    if (c->ar->symbolic) ref_draw(c, p->eta);
    else ref_set_d(c, p->eta, src->eta);
    return EP_OK;
}

ep_status ref_e2_run(ref_ctx *c, const ref_e2_source *src, int threads, ref_e2 *out)
{
    char why[256];
    ep_status st = ref_e2_check(src, why, sizeof why);
    if (st == EP_OK) st = init(c, src, out);
    ref_num *w = st == EP_OK ? ref_vec(c, REF_REG_WORK) : NULL;
    if (st == EP_OK) st = c->status;
    for (int b = 0; st == EP_OK && b < src->train.B; b++) st = trial(c, out, b, threads);
    if (st != EP_OK) return st;
    ref_run_regularise(c, &src->train, &out->train, w);
    ref_run_regularise(c, &src->code, &out->mod, w);
    ref_run_regularise(c, &src->test, &out->test, w);
    ref_add(c, out->E, out->train.E, out->mod.E);
    ref_add(c, out->E, out->E, out->test.E);
    return c->status;
}
