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

ref_view vfy_view_of(ref_view (*make)(const ref_net *, const ref_traj *, void *), const ref_run *run, int b, void *user)
{
    return make ? make(run->net, &run->tr[b], user) : ref_view_plain(run->net, &run->tr[b]);
}

ep_status vfy_adjoints(ref_ctx *c, const ref_run *run, int b, const vfy_views *w, ref_adjoint *bptt, ref_adjoint *heard)
{
    ref_view L = vfy_view_of(w->L, run, b, w->user);
    if (!w->window) {
        ep_status whole = ref_adjoint_run(c, &L, run->reg, NULL, bptt);
        *heard = *bptt;
        return whole;
    }
    ref_windows observed = {.length = w->window, .whole = true}, cut = {.length = w->window};
    ref_view in_windows = vfy_view_of(w->cut ? w->cut : w->L, run, b, w->user);
    ep_status st = ref_seeds_init(c, run->net, run->T, w->window, &observed.delivered);
    if (st == EP_OK) st = ref_adjoint_run(c, &L, run->reg, &observed, bptt);
    if (st != EP_OK) return st;
    if (w->spoil) w->spoil(c, &L, run->reg, bptt, w->window, &observed.delivered, w->user);
    cut.given = ref_seeds_part(&observed.delivered, w->seed);
    return ref_adjoint_run(c, &in_windows, run->reg, &cut, heard);
}

/* The half that meets traces. */
static ep_status over_traces(ref_ctx *c, const ref_run *run, int b, const vfy_views *w, const ref_adjoint *heard, int threads,
                             ref_grad *g)
{
    ref_view e = vfy_view_of(w->e, run, b, w->user);
    if (w->window) return ref_grad_windows(c, &e, run->reg, heard, threads, g);
    ref_num *dy = ref_vec(c, ((size_t)run->T + 2) * (size_t)run->net->n_out);
    if (!dy) return c->status;
    ref_signal s = {.L_e = heard->L};
    ep_status st = ref_grad_traces(c, &e, &s, g, NULL, threads);
    ref_readout_adjoint(c, &e, dy);
    ref_grad_readout(c, &e, dy, g);
    return st;
}

ep_status vfy_pair_compute(ref_ctx *c, const ref_run *run, const vfy_views *w, int threads, vfy_pair *out)
{
    static const vfy_views plain = {0};
    if (!w) w = &plain;
    ep_status st = ref_grad_init(c, run->net, &out->bptt);
    if (st == EP_OK) st = ref_grad_init(c, run->net, &out->traces);
    for (int b = 0; st == EP_OK && b < run->B; b++) {
        ref_adjoint bptt = {.every_L = true}, heard = {.every_L = true}; /* views may disagree on where psi is 0 */
        ref_view L = vfy_view_of(w->L, run, b, w->user);
        st = vfy_adjoints(c, run, b, w, &bptt, &heard);
        if (st == EP_OK) st = ref_grad_adjoint(c, &L, &bptt, &out->bptt);
        if (st == EP_OK) st = over_traces(c, run, b, w, &heard, threads, &out->traces);
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
