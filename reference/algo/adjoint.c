/* Backward in time: BPTT's adjoints, whole or in windows.
 *
 *   dy^t = err^t + kappa dy^{t+1}
 *   L_j^t = g_out sum_k Wout_kj dy_k^t + reg_j + sum_{l,c} Wrec^c_lj dI_cl^{t+d} + (dh^{t+1}/dz^t, transmitted)^T dh^{t+1}
 *   dz_j^t = L_j^t + (dh^{t+1}/dz^t, local)^T dh^{t+1}
 *   dh_j^t = (dz^t/dh^t)^T dz_j^t + (dh^{t+1}/dh^t)^T dh_j^{t+1}
 *   dI_cj^t = (dh^t/dI_c)^T dh_j^t + (dz^t/dI_c) dz_j^t
 *
 * In windows, what arrives from beyond a window's end is 0, or taken from given adjoints: by the hidden
 * state (seed C), by z (seed Z), or by both and the readout (seed ZC).
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "internal.h"

typedef struct sweep {
    const ref_view *v;
    const ref_num *reg;
    const ref_adjoint *exact;
    int window;
    ref_seed seed;
    ref_jac *now, *next; /* [n_rec] Jacobians of steps t and t+1 */
    ref_num *sum;        /* the transmitted part where nobody keeps it */
} sweep;

static bool crosses(const sweep *s, int t, int t2) { return s->window > 0 && (t - 1) / s->window != (t2 - 1) / s->window; }

/* The adjoint array that a term from step t2 is read from at step t: own, given, or none. */
static const ref_adjoint *source(const sweep *s, const ref_adjoint *own, int t, int t2, bool seeded)
{
    if (!crosses(s, t, t2)) return own;
    return seeded ? s->exact : NULL;
}

static void readout_step(ref_ctx *c, const sweep *s, ref_adjoint *a, int t)
{
    int K = s->v->net->n_out;
    const ref_adjoint *from = source(s, a, t, t + 1, s->seed == REF_SEED_ZC);
    for (int k = 0; k < K; k++) {
        ref_num *dy = ref_at2(a->dy, K, t, k);
        ref_set(c, dy, ref_at2(s->v->tr->err, K, t, k));
        if (from) ref_addmul(c, dy, s->v->net->kappa, ref_sparse(c, ref_at2(from->dy, K, t + 1, k)));
    }
}

/* r += sum_{l,ch} Wrec^ch_lj dI_chl^{t+d}. */
static void from_synapses(ref_ctx *c, const sweep *s, const ref_adjoint *a, int t, int j, ref_num *r)
{
    const ref_net *net = s->v->net;
    int t2 = t + s->v->delay, n = net->n_rec;
    if (t2 > s->v->tr->T) return;
    const ref_adjoint *from = source(s, a, t, t2, s->seed == REF_SEED_Z || s->seed == REF_SEED_ZC);
    if (!from) return;
    for (int ch = 0; ch < net->nc; ch++)
        for (int l = 0; l < n; l++) {
            const ref_num *dI = &from->dI[((size_t)t2 * (size_t)n + (size_t)l) * (size_t)net->nc + (size_t)ch];
            const ref_num *w = &net->Wrec[((size_t)ch * (size_t)n + (size_t)l) * (size_t)n + (size_t)j];
            if (!c->ar->is_zero(dI) && !c->ar->is_zero(w)) ref_addmul(c, r, w, dI);
        }
}

/* r += g^T dh^{t+1} for one vector g of the Jacobian at t+1. */
static void from_hidden(ref_ctx *c, const sweep *s, const ref_adjoint *from, int t, int j, const ref_num *const *g,
                        ref_num *r)
{
    size_t nh = (size_t)s->v->net->nh, n = (size_t)s->v->net->n_rec;
    const ref_num *dh = from ? from->dh + ((size_t)(t + 1) * n + (size_t)j) * nh : NULL;
    for (size_t h = 0; dh && h < nh; h++) ref_addmul(c, r, g[h], ref_sparse(c, &dh[h]));
}

static bool visible(const ref_net *net, const ref_jac *J)
{
    for (int h = 0; h < net->nh; h++)
        if (J->zh[h]) return true;
    for (int ch = 0; ch < net->nc; ch++)
        if (J->zI[ch]) return true;
    for (int p = 0; p < EP_N_THETA; p++)
        if (J->zp[p]) return true;
    return false;
}

/* L, its transmitted part, and dz of neuron j at step t. */
static void signal_step(ref_ctx *c, const sweep *s, ref_adjoint *a, int t, int j)
{
    const ref_net *net = s->v->net;
    int n = net->n_rec;
    ref_num *L = ref_at2(a->L, n, t, j), *dz = ref_at2(a->dz, n, t, j);
    ref_num *Ltr = a->Ltr ? ref_at2(a->Ltr, n, t, j) : s->sum;
    ref_set(c, Ltr, &c->zero);
    const ref_jac *J2 = &s->next[j];
    const ref_adjoint *z_from = source(s, a, t, t + 1, s->seed == REF_SEED_Z || s->seed == REF_SEED_ZC);
    from_synapses(c, s, a, t, j, Ltr);
    if (t < s->v->tr->T) from_hidden(c, s, z_from, t, j, J2->hz_tr, Ltr);
    for (int k = 0; k < net->n_out; k++)
        ref_addmul(c, L, &net->Wout[(size_t)k * (size_t)n + (size_t)j], ref_sparse(c, ref_at2(a->dy, net->n_out, t, k)));
    ref_mul(c, L, L, net->g_out);
    if (s->reg) ref_add(c, L, L, &s->reg[j]);
    ref_add(c, L, L, Ltr);
    ref_set(c, dz, L);
    if (t < s->v->tr->T) from_hidden(c, s, z_from, t, j, J2->hz_loc, dz);
}

static void state_step(ref_ctx *c, const sweep *s, ref_adjoint *a, int t, int j)
{
    const ref_net *net = s->v->net;
    size_t at = (size_t)t * (size_t)net->n_rec + (size_t)j, nh = (size_t)net->nh, nc = (size_t)net->nc;
    const ref_num *dz = &a->dz[at];
    ref_num *dh = a->dh + at * nh, *dI = a->dI + at * nc;
    const ref_jac *J = &s->now[j], *J2 = &s->next[j];
    const ref_adjoint *h_from = source(s, a, t, t + 1, s->seed == REF_SEED_C || s->seed == REF_SEED_ZC);
    for (size_t h = 0; h < nh; h++) {
        const ref_num *column[REF_NH] = {NULL};
        for (size_t m = 0; m < nh; m++) column[m] = J2->hh[m][h];
        ref_addmul(c, &dh[h], J->zh[h], dz);
        if (t < s->v->tr->T) from_hidden(c, s, h_from, t, j, column, &dh[h]);
    }
    for (size_t ch = 0; ch < nc; ch++) {
        for (size_t h = 0; h < nh; h++) ref_addmul(c, &dI[ch], J->hI[h][ch], ref_sparse(c, &dh[h]));
        ref_addmul(c, &dI[ch], J->zI[ch], dz);
    }
}

static ep_status adjoint_init(ref_ctx *c, const ref_view *v, int window, ref_adjoint *a)
{
    size_t steps = (size_t)v->tr->T + 2, n = (size_t)v->net->n_rec;
    a->L = ref_vec(c, steps * n);
    a->Ltr = window > 0 ? ref_vec(c, steps * n) : NULL;
    a->dz = ref_vec(c, steps * n);
    a->dh = ref_vec(c, steps * n * (size_t)v->net->nh);
    a->dI = ref_vec(c, steps * n * (size_t)v->net->nc);
    a->dy = ref_vec(c, steps * (size_t)v->net->n_out);
    return c->status;
}

static ep_status run(ref_ctx *c, sweep *s, ref_adjoint *a, ref_jac *jacs)
{
    int n = s->v->net->n_rec, T = s->v->tr->T;
    s->now = jacs;
    s->next = jacs + n;
    s->sum = ref_vec(c, 1);
    if (!s->sum) return c->status;
    for (int k = 0; k < 2 * n; k++) {
        ep_status st = ref_jac_init(c, &jacs[k]);
        if (st != EP_OK) return st;
    }
    for (int t = T; t >= 1; t--) {
        if (t % 16 == 0) ref_tick(c, (double)(T - t) / (double)T);
        readout_step(c, s, a, t);
        for (int j = 0; j < n; j++) {
            s->v->jac(s->v, c, t, j, &s->now[j]);
            if (a->every_L || visible(s->v->net, &s->now[j])) signal_step(c, s, a, t, j);
            state_step(c, s, a, t, j);
        }
        ref_jac *swap = s->now;
        s->now = s->next;
        s->next = swap;
    }
    return c->status;
}

ep_status ref_adjoint_run(ref_ctx *c, const ref_view *v, const ref_num *reg, int window, ref_seed seed,
                          const ref_adjoint *exact, ref_adjoint *out)
{
    if (window < 0 || (seed != REF_SEED_NONE && !exact)) return EP_DOMAIN;
    ep_status st = adjoint_init(c, v, window, out);
    if (st != EP_OK) return st;
    ref_jac *jacs = calloc(2 * (size_t)v->net->n_rec, sizeof *jacs);
    if (!jacs) return EP_NOMEM;
    sweep s = {.v = v, .reg = reg, .exact = exact, .window = window, .seed = seed};
    st = run(c, &s, out, jacs);
    free(jacs);
    return st;
}

void ref_readout_adjoint(ref_ctx *c, const ref_view *v, ref_num *dy)
{
    int K = v->net->n_out;
    for (int t = v->tr->T; t >= 1; t--)
        for (int k = 0; k < K; k++) {
            ref_num *r = ref_at2(dy, K, t, k);
            ref_mul(c, r, v->net->kappa, ref_at2(dy, K, t + 1, k));
            ref_add(c, r, r, ref_at2(v->tr->err, K, t, k));
        }
}
