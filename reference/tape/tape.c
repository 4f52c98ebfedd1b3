/* The tape: recording and the reverse sweep.
 * SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "tape.h"

enum { POOL = 256 };

static const ref_var zero_var = {-1, NULL};

static void fail(ref_tape *t, ep_status s)
{
    if (t->status == EP_OK) t->status = s;
}

ref_num *ref_tape_num(ref_tape *t)
{
    if (t->pool_left == 0) {
        ref_num *p = ref_vec(t->c, POOL);
        if (!p) {
            fail(t, EP_NOMEM);
            return &t->c->tmp;
        }
        t->pool = p;
        t->pool_left = POOL;
    }
    t->pool_left--;
    return t->pool++;
}

ep_status ref_tape_init(ref_ctx *c, ref_tape *t)
{
    memset(t, 0, sizeof *t);
    t->c = c;
    t->first = calloc(2, sizeof *t->first);
    if (!t->first) return EP_NOMEM;
    t->cap_node = 1;
    t->minus_one = ref_tape_num(t);
    if (t->status != EP_OK) {
        ref_tape_clear(t);
        return EP_NOMEM;
    }
    ref_neg(c, t->minus_one, &c->one);
    return EP_OK;
}

void ref_tape_clear(ref_tape *t)
{
    free(t->edge);
    free(t->first);
    free(t->adj);
    memset(t, 0, sizeof *t);
}

size_t ref_tape_count(const ref_tape *t, size_t *edges)
{
    if (edges) *edges = t->n_edge;
    return t->n_node;
}

/* ---- recording: edges first, then the node that owns them ---- */

static void edge(ref_tape *t, ref_var parent, const ref_num *w)
{
    if (parent.id < 0 || !w || t->status != EP_OK) return;
    if (t->n_edge == t->cap_edge) {
        size_t cap = t->cap_edge ? 2 * t->cap_edge : 64;
        ref_tape_edge *p = realloc(t->edge, cap * sizeof *p);
        if (!p) {
            fail(t, EP_NOMEM);
            return;
        }
        t->edge = p;
        t->cap_edge = cap;
    }
    t->edge[t->n_edge++] = (ref_tape_edge){parent.id, w};
}

static ref_var push(ref_tape *t, const ref_num *value)
{
    if (t->status == EP_OK && t->n_node == t->cap_node) {
        size_t cap = 2 * t->cap_node;
        size_t *p = cap > INT_MAX ? NULL : realloc(t->first, (cap + 1) * sizeof *p);
        if (!p) {
            fail(t, EP_NOMEM);
        } else {
            t->first = p;
            t->cap_node = cap;
        }
    }
    if (t->status != EP_OK) return zero_var;
    t->first[++t->n_node] = t->n_edge;
    return (ref_var){(int)(t->n_node - 1), ref_sparse(t->c, value)};
}

/* The edges since the last node become a node, or a constant if there are none. */
static ref_var close_node(ref_tape *t, const ref_num *value)
{
    if (t->status != EP_OK) return zero_var;
    if (t->n_edge == t->first[t->n_node]) return ref_tape_constant(t, value);
    return push(t, value);
}

ref_var ref_tape_leaf(ref_tape *t, const ref_num *v)
{
    return push(t, v);
}

ref_var ref_tape_constant(const ref_tape *t, const ref_num *v)
{
    return (ref_var){-1, ref_sparse(t->c, v)};
}

ref_var ref_tape_detach(ref_var a)
{
    a.id = -1;
    return a;
}

const ref_num *ref_tape_value(const ref_tape *t, ref_var a)
{
    return a.v ? a.v : &t->c->zero;
}

ref_var ref_tape_add(ref_tape *t, ref_var a, ref_var b)
{
    if (a.id < 0 && !a.v) return b;
    if (b.id < 0 && !b.v) return a;
    ref_num *r = ref_tape_num(t);
    ref_add(t->c, r, ref_tape_value(t, a), ref_tape_value(t, b));
    edge(t, a, &t->c->one);
    edge(t, b, &t->c->one);
    return close_node(t, r);
}

ref_var ref_tape_sub(ref_tape *t, ref_var a, ref_var b)
{
    if (b.id < 0 && !b.v) return a;
    ref_num *r = ref_tape_num(t);
    ref_sub(t->c, r, ref_tape_value(t, a), ref_tape_value(t, b));
    edge(t, a, &t->c->one);
    edge(t, b, t->minus_one);
    return close_node(t, r);
}

ref_var ref_tape_neg(ref_tape *t, ref_var a)
{
    return ref_tape_sub(t, zero_var, a);
}

ref_var ref_tape_dot(ref_tape *t, size_t n, const ref_var *a, const ref_var *b)
{
    ref_num *r = ref_tape_num(t);
    for (size_t k = 0; k < n; k++) {
        ref_addmul(t->c, r, a[k].v, b[k].v);
        edge(t, a[k], b[k].v);
        edge(t, b[k], a[k].v);
    }
    return close_node(t, r);
}

ref_var ref_tape_mul(ref_tape *t, ref_var a, ref_var b)
{
    return ref_tape_dot(t, 1, &a, &b);
}

ref_var ref_tape_scale(ref_tape *t, ref_var a, const ref_num *s)
{
    return ref_tape_mul(t, a, ref_tape_constant(t, s));
}

ref_var ref_tape_div(ref_tape *t, ref_var a, ref_var b)
{
    if (!b.v) {
        fail(t, EP_DOMAIN);
        return zero_var;
    }
    ref_num *r = ref_tape_num(t), *da = ref_tape_num(t), *db = ref_tape_num(t);
    ref_div(t->c, r, ref_tape_value(t, a), b.v);
    ref_div(t->c, da, &t->c->one, b.v);
    ref_mul(t->c, db, r, da);
    ref_neg(t->c, db, db);
    edge(t, a, ref_sparse(t->c, da));
    edge(t, b, ref_sparse(t->c, db));
    return close_node(t, r);
}

ref_var ref_tape_spike(ref_tape *t, const ref_num *value, size_t n, const ref_var *parent, const ref_num *const *partial)
{
    for (size_t k = 0; k < n; k++) edge(t, parent[k], ref_sparse(t->c, partial[k]));
    return close_node(t, value);
}

/* ---- reverse sweep ---- */

static ref_num *adjoint_of(ref_tape *t, int id)
{
    if (t->cap_adj < t->n_node) {
        ref_num **p = realloc(t->adj, t->n_node * sizeof *p);
        if (!p) {
            fail(t, EP_NOMEM);
            return NULL;
        }
        memset(p + t->cap_adj, 0, (t->n_node - t->cap_adj) * sizeof *p);
        t->adj = p;
        t->cap_adj = t->n_node;
    }
    if (!t->adj[id]) {
        ref_num *r = ref_tape_num(t);
        if (t->status == EP_OK) t->adj[id] = r;
    }
    return t->adj[id];
}

ep_status ref_tape_seed(ref_tape *t, ref_var a, const ref_num *w)
{
    if (a.id < 0 || t->status != EP_OK) return t->status;
    ref_num *r = adjoint_of(t, a.id);
    if (r) ref_addmul(t->c, r, &t->c->one, w ? w : &t->c->one);
    return t->status;
}

ep_status ref_tape_sweep(ref_tape *t)
{
    for (size_t k = t->cap_adj < t->n_node ? t->cap_adj : t->n_node; k-- > 0 && t->status == EP_OK;) {
        const ref_num *down = t->adj[k] ? ref_sparse(t->c, t->adj[k]) : NULL;
        if (!down) continue;
        for (size_t e = t->first[k]; e < t->first[k + 1]; e++) {
            ref_num *r = adjoint_of(t, t->edge[e].parent);
            if (!r) break;
            ref_addmul(t->c, r, t->edge[e].w, down);
        }
    }
    return t->status;
}

const ref_num *ref_tape_adjoint(const ref_tape *t, ref_var a)
{
    return a.id < 0 || (size_t)a.id >= t->cap_adj ? NULL : t->adj[a.id];
}

void ref_tape_unseed(ref_tape *t)
{
    if (t->adj) memset(t->adj, 0, t->cap_adj * sizeof *t->adj);
}
