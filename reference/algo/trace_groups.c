/* Which rows share a table of their first component, and the work split over threads.
 * SPDX-License-Identifier: MIT */
#include "traces.h"

/* A row whose component 0 moves by the same constant at every step, driven through one constant. */
typedef struct leak { const ref_num *decay, *gain; } leak;

/* Rows first..last-1 of `order`, with one leak (or none: decay NULL). */
typedef struct group { int first, last; leak by; } group;

typedef struct plan {
    const ref_trace_job *w;
    leak *of;    /* [n_rec] */
    int *order;  /* [n_rec] rows, those of a group together */
    group *item; /* work items: groups, the large ones split */
    int n_item;
} plan;

static bool same_number(ref_ctx *c, const ref_num *a, const ref_num *b)
{
    if (a == b) return true;
    if (!a || !b || c->ar->symbolic) return false;
    ref_sub(c, &c->tmp, a, b);
    return c->ar->is_zero(&c->tmp);
}

/* Looks at every step: is M[0] = (constant, 0, ..) and dh_0/dI a constant, with no other component driven? */
static ep_status find_leak(ref_ctx *parent, const ref_view *v, int j, leak *out)
{
    ref_ctx c;
    ref_jac J[2];
    *out = (leak){NULL, NULL};
    int nh = v->net->nh;
    if (v->net->nc != 1) return EP_OK;
    ep_status st = ref_ctx_fork(&c, parent);
    if (st != EP_OK) return st;
    for (int k = 0; st == EP_OK && k < 2; k++) st = ref_jac_init(&c, &J[k]);
    bool leaky = st == EP_OK;
    for (int t = 1; leaky && t <= v->tr->T; t++) {
        const ref_num *M[REF_NH][REF_NH];
        v->jac(v, &c, t, j, &J[t & 1]);
        ref_row_map(&c, nh, &J[t & 1], &J[(t - 1) & 1], M);
        const ref_num *gain = J[t & 1].hI[0][0];
        if (t == 1) *out = (leak){M[0][0], gain};
        leaky = gain && M[0][0] && M[0][0] == out->decay && gain == out->gain;
        for (int h = 1; h < nh; h++) leaky = leaky && !M[0][h] && !J[t & 1].hI[h][0];
    }
    if (!leaky) *out = (leak){NULL, NULL};
    ref_ctx_clear(&c);
    return st;
}

static ep_status make_table(ref_ctx *c, const ref_trace_job *w, const leak *by, ref_pre_table *out)
{
    int T = w->v->tr->T, n = w->pre->n + 1;
    *out = (ref_pre_table){.n = n};
    out->p = ref_vec(c, ((size_t)T + 1) * (size_t)n);
    out->from = ref_bytes(c, (size_t)n * sizeof *out->from);
    if (c->status != EP_OK) return c->status;
    for (int k = 0; k < n; k++) out->from[k] = T + 1;
    for (int t = 1; t <= T; t++)
        for (int k = 0; k < n; k++) {
            ref_num *p = out->p + (size_t)t * (size_t)n + (size_t)k;
            const ref_num *pre = k + 1 < n ? w->pre->at[(size_t)t * (size_t)w->pre->n + (size_t)k] : c->unit;
            if (pre && out->from[k] > t) out->from[k] = t;
            if (out->from[k] > t) continue;
            ref_addmul(c, p, by->decay, p - n);
            ref_addmul(c, p, by->gain, pre);
        }
    return EP_OK;
}

static ep_status run_item(void *arg, ref_ctx *scratch, int n)
{
    const plan *p = arg;
    const group *g = &p->item[n];
    ref_ctx c;
    ref_pre_table table;
    bool shared = g->by.decay != NULL;
    ep_status st = ref_ctx_fork(&c, scratch);
    if (st != EP_OK) return st;
    if (shared) st = make_table(&c, p->w, &g->by, &table);
    for (int k = g->first; st == EP_OK && k < g->last; k++)
        st = ref_trace_row(p->w, &c, p->order[k], shared ? &table : NULL);
    ref_ctx_clear(&c);
    return st;
}

/* Rows of equal leak next to each other, each group cut into at most `pieces` items. */
static void make_groups(ref_ctx *c, plan *p, int n, int pieces)
{
    int done = 0;
    bool *taken = ref_bytes(c, (size_t)n * sizeof *taken);
    for (int j = 0; taken && j < n; j++) {
        if (taken[j]) continue;
        int first = done;
        for (int l = j; l < n; l++) {
            bool same = p->of[j].decay ? same_number(c, p->of[j].decay, p->of[l].decay) &&
                                             same_number(c, p->of[j].gain, p->of[l].gain)
                                       : l == j;
            if (taken[l] || !same) continue;
            taken[l] = true;
            p->order[done++] = l;
        }
        int size = done - first, cut = pieces < size ? pieces : size;
        for (int k = 0; k < cut; k++)
            p->item[p->n_item++] = (group){first + size * k / cut, first + size * (k + 1) / cut, p->of[j]};
    }
}

ep_status ref_grad_traces(ref_ctx *c, const ref_view *v, const ref_signal *s, ref_grad *g, const ref_trace_watch *watch,
                          int threads)
{
    ref_pre pre;
    int n = v->net->n_rec;
    ep_status st = ref_pre_build(c, v, &pre);
    ref_trace_job w = {.v = v, .s = s, .pre = &pre, .watch = watch, .g = g,
                       .n_col = v->net->nc * (v->net->n_in + n + 1) + EP_N_THETA};
    plan p = {.w = &w};
    p.of = ref_bytes(c, (size_t)n * sizeof *p.of);
    p.order = ref_bytes(c, (size_t)n * sizeof *p.order);
    p.item = ref_bytes(c, (size_t)n * sizeof *p.item);
    if (st == EP_OK) st = c->status;
    for (int j = 0; st == EP_OK && !watch && j < n; j++) st = find_leak(c, v, j, &p.of[j]);
    if (st != EP_OK) return st;
    make_groups(c, &p, n, threads > 1 ? 4 * threads : 1); /* small enough to keep all threads busy to the end */
    if (c->status != EP_OK) return c->status;
    return ref_parallel(c, p.n_item, threads, run_item, &p);
}
