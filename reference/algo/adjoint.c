/* Backward in time: BPTT's adjoints, whole or in windows.
 *
 *   dy^t = err^t + kappa dy^{t+1}
 *   L_j^t = g_out sum_k Wout_kj dy_k^t + reg_j + sum_{l,c} Wrec^c_lj dI_cl^{t+d} + (dh^{t+1}/dz^t, transmitted)^T dh^{t+1}
 *   dz_j^t = L_j^t + (dh^{t+1}/dz^t, local)^T dh^{t+1}
 *   dh_j^t = (dz^t/dh^t)^T dz_j^t + (dh^{t+1}/dh^t)^T dh_j^{t+1}
 *   dI_cj^t = (dh^t/dI_c)^T dh_j^t + (dz^t/dI_c) dz_j^t
 *
 * In windows, a term that comes from beyond a window's end is delivered to whoever asks for it, and what is given at that
 * boundary (or nothing) goes on in its place.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "internal.h"

typedef struct sweep {
    const ref_view *v;
    const ref_num *reg;
    const ref_windows *w; /* NULL: whole */
    ref_jac *now, *next;  /* [n_rec] Jacobians of steps t and t+1 */
    ref_num *sum;         /* the transmitted part where nobody keeps it */
    ref_num *sent;        /* a term on its way across a boundary */
} sweep;

/* ---- boundaries ------------------------------------------------------------------------------------- */

int ref_boundaries(int T, int length) { return T > 0 ? (T - 1) / length : 0; }

ep_status ref_seeds_init(ref_ctx *c, const ref_net *net, int T, int length, ref_seeds *s)
{
    if (length < 1) return EP_DOMAIN;
    size_t m = (size_t)ref_boundaries(T, length), n = (size_t)net->n_rec;
    *s = (ref_seeds){.h = ref_vec(c, m * n * (size_t)net->nh), .z = ref_vec(c, m * n * (size_t)net->opt.delay),
                     .z_loc = ref_vec(c, m * n), .y = ref_vec(c, m * (size_t)net->n_out)};
    return c->status;
}

ref_seeds ref_seeds_part(const ref_seeds *s, ref_seed which)
{
    bool h = which == REF_SEED_C || which == REF_SEED_ZC, z = which == REF_SEED_Z || which == REF_SEED_ZC;
    return (ref_seeds){.h = h ? s->h : NULL, .z = z ? s->z : NULL, .z_loc = z ? s->z_loc : NULL,
                       .y = which == REF_SEED_ZC ? s->y : NULL};
}

/* A term of step t that comes from step t2: inside a window (m < 0), or across boundary m, `back` steps behind t. */
typedef struct way { int m, back; } way;
static way from_step(const sweep *s, int t, int t2)
{
    int m = s->w ? (t - 1) / s->w->length : -1, end = s->w ? (m + 1) * s->w->length : 0;
    return end < s->v->tr->T && t2 > end ? (way){m, end - t} : (way){-1, 0};
}

/* Where the term is summed: r, or apart from it; NULL if nobody hears it. */
static ref_num *depart(ref_ctx *c, const sweep *s, way y, ref_num *r, const ref_num *deliver)
{
    if (y.m < 0) return r;
    if (!s->w->whole && !deliver) return NULL;
    ref_set(c, s->sent, &c->zero);
    return s->sent;
}

/* The term arrives in r; entry `at` of the boundary's arrays. */
static void arrive(ref_ctx *c, const sweep *s, way y, ref_num *r, size_t at, const ref_num *given, ref_num *deliver)
{
    if (y.m < 0) return;
    if (deliver) ref_set(c, &deliver[at], s->sent);
    if (s->w->whole) ref_add(c, r, r, s->sent);
    else if (given) ref_add(c, r, r, &given[at]);
}

/* Entry of an array [m][n]. */
static size_t entry(way y, int n, size_t k) { return (size_t)(y.m < 0 ? 0 : y.m) * (size_t)n + k; }

static const ref_seeds *given(const sweep *s)
{
    static const ref_seeds none = {0};
    return s->w ? &s->w->given : &none;
}

static const ref_seeds *delivered(const sweep *s)
{
    static const ref_seeds none = {0};
    return s->w ? &s->w->delivered : &none;
}

/* ---- one step ----------------------------------------------------------------------------------------- */

static void readout_step(ref_ctx *c, const sweep *s, ref_adjoint *a, int t)
{
    int K = s->v->net->n_out;
    way y = from_step(s, t, t + 1);
    for (int k = 0; k < K; k++) {
        ref_num *dy = ref_at2(a->dy, K, t, k);
        ref_set(c, dy, ref_at2(s->v->tr->err, K, t, k));
        ref_num *to = depart(c, s, y, dy, delivered(s)->y);
        if (to) ref_addmul(c, to, s->v->net->kappa, ref_sparse(c, ref_at2(a->dy, K, t + 1, k)));
        arrive(c, s, y, dy, entry(y, K, (size_t)k), given(s)->y, delivered(s)->y);
    }
}

/* r += sum_{l,ch} Wrec^ch_lj dI_chl^{t+d}. */
static void from_synapses(ref_ctx *c, const sweep *s, const ref_adjoint *a, int t, int j, ref_num *r)
{
    const ref_net *net = s->v->net;
    int t2 = t + s->v->delay, n = net->n_rec;
    if (t2 > s->v->tr->T) return;
    for (int ch = 0; ch < net->nc; ch++)
        for (int l = 0; l < n; l++) {
            const ref_num *dI = &a->dI[((size_t)t2 * (size_t)n + (size_t)l) * (size_t)net->nc + (size_t)ch];
            const ref_num *w = &net->Wrec[((size_t)ch * (size_t)n + (size_t)l) * (size_t)n + (size_t)j];
            if (!c->ar->is_zero(dI) && !c->ar->is_zero(w)) ref_addmul(c, r, w, dI);
        }
}

/* r += g^T dh^{t+1} for one vector g of the Jacobian at t+1. */
static void from_hidden(ref_ctx *c, const sweep *s, const ref_adjoint *a, int t, int j, const ref_num *const *g, ref_num *r)
{
    size_t nh = (size_t)s->v->net->nh, n = (size_t)s->v->net->n_rec;
    const ref_num *dh = t < s->v->tr->T ? a->dh + ((size_t)(t + 1) * n + (size_t)j) * nh : NULL;
    for (size_t h = 0; dh && h < nh; h++) ref_addmul(c, r, g[h], ref_sparse(c, &dh[h]));
}

/* The transmitted part of L: synapses reach d steps ahead, the reset one. Where both cross, they cross together. */
static void transmitted_step(ref_ctx *c, const sweep *s, const ref_adjoint *a, int t, int j, ref_num *Ltr)
{
    int n = s->v->net->n_rec;
    way syn = from_step(s, t, t + s->v->delay), reset = from_step(s, t, t + 1);
    ref_num *to = depart(c, s, syn, Ltr, delivered(s)->z);
    if (to) from_synapses(c, s, a, t, j, to);
    if (reset.m < 0) to = Ltr;
    if (to) from_hidden(c, s, a, t, j, s->next[j].hz_tr, to);
    size_t at = entry(syn, n * s->v->net->opt.delay, (size_t)syn.back * (size_t)n + (size_t)j);
    arrive(c, s, syn, Ltr, at, given(s)->z, delivered(s)->z);
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
    transmitted_step(c, s, a, t, j, Ltr);
    for (int k = 0; k < net->n_out; k++)
        ref_addmul(c, L, &net->Wout[(size_t)k * (size_t)n + (size_t)j], ref_sparse(c, ref_at2(a->dy, net->n_out, t, k)));
    ref_mul(c, L, L, net->g_out);
    if (s->reg) ref_add(c, L, L, &s->reg[j]);
    if (a->z_in) ref_add(c, L, L, &a->z_in[(size_t)t * (size_t)n + (size_t)j]);
    ref_add(c, L, L, Ltr);
    ref_set(c, dz, L);
    way y = from_step(s, t, t + 1);
    ref_num *to = depart(c, s, y, dz, delivered(s)->z_loc);
    if (to) from_hidden(c, s, a, t, j, s->next[j].hz_loc, to);
    arrive(c, s, y, dz, entry(y, n, (size_t)j), given(s)->z_loc, delivered(s)->z_loc);
}

static void state_step(ref_ctx *c, const sweep *s, ref_adjoint *a, int t, int j)
{
    const ref_net *net = s->v->net;
    size_t at = (size_t)t * (size_t)net->n_rec + (size_t)j, nh = (size_t)net->nh, nc = (size_t)net->nc;
    const ref_num *dz = &a->dz[at];
    ref_num *dh = a->dh + at * nh, *dI = a->dI + at * nc;
    const ref_jac *J = &s->now[j], *J2 = &s->next[j];
    way y = from_step(s, t, t + 1);
    for (size_t h = 0; h < nh; h++) {
        const ref_num *column[REF_NH] = {NULL};
        for (size_t m = 0; m < nh; m++) column[m] = J2->hh[m][h];
        if (a->h_in) ref_add(c, &dh[h], &dh[h], &a->h_in[at * nh + h]);
        ref_addmul(c, &dh[h], J->zh[h], dz);
        ref_num *to = depart(c, s, y, &dh[h], delivered(s)->h);
        if (to) from_hidden(c, s, a, t, j, column, to);
        arrive(c, s, y, &dh[h], entry(y, net->n_rec * net->nh, (size_t)j * nh + h), given(s)->h, delivered(s)->h);
    }
    for (size_t ch = 0; ch < nc; ch++) {
        for (size_t h = 0; h < nh; h++) ref_addmul(c, &dI[ch], J->hI[h][ch], ref_sparse(c, &dh[h]));
        ref_addmul(c, &dI[ch], J->zI[ch], dz);
    }
}

/* Does L at t matter to anyone, where dz/dh = 0 takes it from the network? */
static bool heard(const sweep *s, const ref_adjoint *a, int t)
{
    const ref_seeds *d = delivered(s);
    return a->every_L || ((d->z || d->z_loc) && from_step(s, t, t + s->v->delay).m >= 0);
}

static ep_status adjoint_init(ref_ctx *c, const ref_view *v, bool windows, ref_adjoint *a)
{
    size_t steps = (size_t)v->tr->T + 2, n = (size_t)v->net->n_rec;
    a->L = ref_vec(c, steps * n);
    a->Ltr = windows ? ref_vec(c, steps * n) : NULL;
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
    s->sent = ref_vec(c, 1);
    if (!s->sum || !s->sent) return c->status;
    for (int k = 0; k < 2 * n; k++) {
        ep_status st = ref_jac_init(c, &jacs[k]);
        if (st != EP_OK) return st;
    }
    for (int t = T; t >= 1; t--) {
        if (t % 16 == 0) ref_tick(c, (double)(T - t) / (double)T);
        readout_step(c, s, a, t);
        for (int j = 0; j < n; j++) {
            s->v->jac(s->v, c, t, j, &s->now[j]);
            if (heard(s, a, t) || visible(s->v->net, &s->now[j])) signal_step(c, s, a, t, j);
            state_step(c, s, a, t, j);
        }
        ref_jac *swap = s->now;
        s->now = s->next;
        s->next = swap;
    }
    return c->status;
}

ep_status ref_adjoint_run(ref_ctx *c, const ref_view *v, const ref_num *reg, const ref_windows *w, ref_adjoint *out)
{
    if (w && (w->length < 1 || v->delay > v->net->opt.delay)) return EP_DOMAIN;
    ep_status st = adjoint_init(c, v, w != NULL, out);
    if (st != EP_OK) return st;
    ref_jac *jacs = calloc(2 * (size_t)v->net->n_rec, sizeof *jacs);
    if (!jacs) return EP_NOMEM;
    sweep s = {.v = v, .reg = reg, .w = w};
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
