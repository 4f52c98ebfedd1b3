/* From a case to a recorded batch in an arithmetic, and to both halves of the identity.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "evidence.h"

ep_status vfy_session_open(const vfy_case *k, const ref_arith *ar, long prec, uint64_t prime, uint64_t seed, vfy_session *s)
{
    ep_status st = ref_ctx_init(&s->c, ar, prec);
    if (st != EP_OK) return st;
    if (prime) s->c.prime = prime;
    s->c.seed = seed;
    st = ref_net_load(&s->c, &k->net, &s->net);
    if (st == EP_OK) st = ref_run_batch(&s->c, &s->net, &k->batch, &s->run);
    if (st != EP_OK) ref_ctx_clear(&s->c);
    return st;
}

void vfy_session_close(vfy_session *s) { ref_ctx_clear(&s->c); }

static ref_view view_of(ref_view (*make)(const ref_net *, const ref_traj *, void *), const ref_run *run, int b, void *user)
{
    return make ? make(run->net, &run->tr[b], user) : ref_view_plain(run->net, &run->tr[b]);
}

ep_status vfy_pair_compute(ref_ctx *c, const ref_run *run, const vfy_views *w, int threads, vfy_pair *out)
{
    static const vfy_views plain = {0};
    if (!w) w = &plain;
    ep_status st = ref_grad_init(c, run->net, &out->bptt);
    if (st == EP_OK) st = ref_grad_init(c, run->net, &out->traces);
    for (int b = 0; st == EP_OK && b < run->B; b++) {
        ref_view L = view_of(w->L, run, b, w->user), e = view_of(w->e, run, b, w->user);
        ref_adjoint adj = {.every_L = true}; /* views may disagree on where psi is 0 */
        ref_num *dy = ref_vec(c, ((size_t)run->T + 2) * (size_t)run->net->n_out);
        st = c->status;
        if (st == EP_OK) st = ref_adjoint_run(c, &L, run->reg, NULL, &adj);
        if (st == EP_OK) st = ref_grad_adjoint(c, &L, &adj, &out->bptt);
        ref_signal s = {.L_e = adj.L};
        if (st == EP_OK) st = ref_grad_traces(c, &e, &s, &out->traces, NULL, threads);
        if (st != EP_OK) break;
        ref_readout_adjoint(c, &e, dy);
        ref_grad_readout(c, &e, dy, &out->traces);
    }
    return st;
}

double vfy_group_scale(const ref_ctx *c, const ref_grad *g, int group)
{
    double m = 0.0;
    for (size_t i = 0; i < g->n[group]; i++) m = fmax(m, fabs(c->ar->to_d(&g->g[group][i])));
    return m;
}

double vfy_grad_distance(ref_ctx *c, const ref_grad *a, const ref_grad *b)
{
    double worst = 0.0;
    for (int k = 0; k < EP_N_GROUP; k++) {
        double scale = vfy_group_scale(c, b, k), most = 0.0;
        for (size_t i = 0; i < a->n[k]; i++) {
            ref_sub(c, &c->tmp, &a->g[k][i], &b->g[k][i]);
            most = fmax(most, fabs(c->ar->to_d(&c->tmp)));
        }
        if (most > 0.0) worst = fmax(worst, scale > 0.0 ? most / scale : INFINITY);
    }
    return worst;
}

void vfy_grad_direction(ref_ctx *c, const ref_grad *a, const ref_grad *b, double *cosine, double *rel_norm, double *rel_err)
{
    double aa = 0.0, bb = 0.0, ab = 0.0, dd = 0.0;
    for (int k = EP_G_WIN; k <= EP_G_BIAS; k++)
        for (size_t i = 0; i < a->n[k]; i++) {
            double x = c->ar->to_d(&a->g[k][i]), y = c->ar->to_d(&b->g[k][i]);
            aa += x * x;
            bb += y * y;
            ab += x * y;
            ref_sub(c, &c->tmp, &a->g[k][i], &b->g[k][i]);
            double d = c->ar->to_d(&c->tmp);
            dd += d * d;
        }
    *cosine = aa > 0.0 && bb > 0.0 ? ab / sqrt(aa * bb) : 0.0;
    *rel_norm = bb > 0.0 ? sqrt(aa / bb) : 0.0;
    *rel_err = bb > 0.0 ? sqrt(dd / bb) : 0.0;
}
