/* The synthesiser: its value, its own gradient by hand, and its place between the windows of a trial.
 * SPDX-License-Identifier: MIT */
#include "internal.h"
#include "synth.h"

size_t ref_synth_size(int n_u, int n_hid, int n_s)
{
    size_t u = (size_t)n_u, hid = (size_t)n_hid, s = (size_t)n_s;
    return n_hid ? hid * (u + 1) + s * (hid + 1) : s * (u + 1);
}

ep_status ref_synth_init(ref_ctx *c, int n_u, int n_hid, int n_s, ref_synth *sg)
{
    if (n_u < 0 || n_hid < 0 || n_s < 0) return EP_DOMAIN;
    if (n_hid && !c->ar->tanh) return EP_NOTIMPL;
    *sg = (ref_synth){.n_u = n_u, .n_hid = n_hid, .n_s = n_s, .n = ref_synth_size(n_u, n_hid, n_s)};
    sg->theta = ref_vec(c, sg->n);
    sg->work = ref_vec(c, (size_t)n_s + 2);
    return c->status;
}

/* One layer: matrix [rows][columns], then its offsets [rows]. */
typedef struct layer { const ref_num *in; size_t rows, columns, at; } layer;

static layer hidden_layer(const ref_synth *sg, const ref_num *u)
{
    return (layer){u, (size_t)sg->n_hid, (size_t)sg->n_u, 0};
}

static layer output_layer(const ref_synth *sg, const ref_num *u, const ref_num *a)
{
    size_t hid = (size_t)sg->n_hid, before = sg->n_hid ? hid * ((size_t)sg->n_u + 1) : 0;
    return (layer){sg->n_hid ? a : u, (size_t)sg->n_s, sg->n_hid ? hid : (size_t)sg->n_u, before};
}

/* out = matrix in + offsets. */
static void say(ref_ctx *c, const ref_synth *sg, const layer *l, ref_num *out)
{
    for (size_t r = 0; r < l->rows; r++) {
        ref_set(c, &out[r], &sg->theta[l->at + l->rows * l->columns + r]);
        for (size_t i = 0; i < l->columns; i++)
            ref_addmul(c, &out[r], &sg->theta[l->at + r * l->columns + i], ref_sparse(c, &l->in[i]));
    }
}

/* g += dE/dtheta of one row, from the adjoint of its output. */
static void learn(ref_ctx *c, const layer *l, size_t r, const ref_num *adjoint, ref_num *g)
{
    ref_num *offset = &g[l->at + l->rows * l->columns + r];
    ref_add(c, offset, offset, adjoint);
    for (size_t i = 0; i < l->columns; i++) ref_addmul(c, &g[l->at + r * l->columns + i], adjoint, ref_sparse(c, &l->in[i]));
}

void ref_synth_say(ref_ctx *c, const ref_synth *sg, const ref_num *u, ref_num *a, ref_num *s)
{
    layer in = hidden_layer(sg, u), out = output_layer(sg, u, a);
    say(c, sg, &in, a);
    for (size_t l = 0; l < in.rows; l++) c->ar->tanh(c, &a[l], &a[l]);
    say(c, sg, &out, s);
}

void ref_synth_loss(ref_ctx *c, const ref_synth *sg, const ref_num *s, const ref_num *target, ref_num *E)
{
    ref_num *r = &sg->work[sg->n_s], *half = r + 1;
    ref_set_d(c, half, 0.5);
    for (int k = 0; k < sg->n_s; k++) {
        ref_sub(c, r, &s[k], &target[k]);
        ref_mul(c, r, r, r);
        ref_addmul(c, E, r, half);
    }
}

void ref_synth_learn(ref_ctx *c, const ref_synth *sg, const ref_num *u, const ref_num *a, const ref_num *s,
                     const ref_num *target, ref_num *g)
{
    layer in = hidden_layer(sg, u), out = output_layer(sg, u, a);
    ref_num *D = sg->work, *r = &sg->work[sg->n_s];
    for (size_t k = 0; k < out.rows; k++) {
        ref_sub(c, &D[k], &s[k], &target[k]);
        learn(c, &out, k, &D[k], g);
    }
    for (size_t l = 0; l < in.rows; l++) {
        ref_set(c, r, &c->zero);
        for (size_t k = 0; k < out.rows; k++) ref_addmul(c, r, &sg->theta[out.at + k * out.columns + l], &D[k]);
        ref_mul(c, &c->tmp2, &a[l], &a[l]);
        ref_sub(c, &c->tmp2, &c->one, &c->tmp2);
        ref_mul(c, r, r, &c->tmp2);
        learn(c, &in, l, r, g);
    }
}

/* ---- what it looks at, and what it says ------------------------------------------------------------- */

static bool remembers_y(const ref_ctx *c, const ref_net *net) { return !c->ar->is_zero(net->kappa); }

int ref_sees_width(const ref_ctx *c, const ref_net *net, ref_sees sees)
{
    int z = net->opt.delay * net->n_rec, y = remembers_y(c, net) ? net->n_out : 0;
    return sees == REF_SEES_Z ? z : z + net->n_rec * net->nh + y;
}

void ref_sees_read(ref_ctx *c, const ref_net *net, const ref_traj *tr, ref_sees sees, int t, ref_num *u)
{
    int n = net->n_rec, width = n * net->nh;
    for (int q = 0; q < net->opt.delay; q++)
        for (int j = 0; j < n; j++) ref_set(c, u++, t > q ? ref_at2(tr->z, n, t - q, j) : &c->zero);
    if (sees == REF_SEES_Z) return;
    for (int i = 0; i < width; i++) ref_set(c, u++, ref_at2(tr->h, width, t, i));
    for (int k = 0; remembers_y(c, net) && k < net->n_out; k++) ref_set(c, u++, ref_at2(tr->y, net->n_out, t, k));
}

/* The arrays of a seed at boundary m, in order; returns how many. */
typedef struct part { ref_num *at; size_t n; } part;
static int parts(const ref_ctx *c, const ref_net *net, ref_seed which, const ref_seeds *s, int m, part out[4])
{
    size_t n = (size_t)net->n_rec, h = n * (size_t)net->nh, z = n * (size_t)net->opt.delay, y = (size_t)net->n_out;
    size_t k = (size_t)m;
    int count = 0;
    bool zs = which == REF_SEED_Z || which == REF_SEED_ZC;
    if (which == REF_SEED_C || which == REF_SEED_ZC) out[count++] = (part){s->h ? s->h + k * h : NULL, h};
    if (zs) out[count++] = (part){s->z ? s->z + k * z : NULL, z};
    if (zs && ep_model_spikes(net->model)) out[count++] = (part){s->z_loc ? s->z_loc + k * n : NULL, n};
    if (which == REF_SEED_ZC && remembers_y(c, net)) out[count++] = (part){s->y ? s->y + k * y : NULL, y};
    return count;
}

int ref_seed_width(const ref_ctx *c, const ref_net *net, ref_seed which)
{
    const ref_seeds none = {0};
    part p[4];
    size_t n = 0;
    for (int k = parts(c, net, which, &none, 0, p); k > 0; k--) n += p[k - 1].n;
    return (int)n;
}

void ref_seed_unpack(ref_ctx *c, const ref_net *net, ref_seed which, const ref_num *s, int m, const ref_seeds *to)
{
    part p[4];
    int count = parts(c, net, which, to, m, p);
    for (int k = 0; k < count; s += p[k++].n)
        for (size_t i = 0; p[k].at && i < p[k].n; i++) ref_set(c, &p[k].at[i], &s[i]);
}

void ref_seed_pack(ref_ctx *c, const ref_net *net, ref_seed which, const ref_seeds *from, int m, ref_num *s)
{
    part p[4];
    int count = parts(c, net, which, from, m, p);
    for (int k = 0; k < count; s += p[k++].n)
        for (size_t i = 0; i < p[k].n; i++) ref_set(c, &s[i], p[k].at ? &p[k].at[i] : &c->zero);
}

/* ---- between the windows of a trial ------------------------------------------------------------------ */

ep_status ref_synth_run(ref_ctx *c, const ref_view *v, const ref_num *reg, int length, const ref_synth_use *use,
                        ref_adjoint *out)
{
    const ref_net *net = v->net;
    const ref_synth *sg = use->sg;
    ref_windows w = {.length = length};
    if (length < 1 || sg->n_u != ref_sees_width(c, net, use->sees) || sg->n_s != ref_seed_width(c, net, use->says))
        return EP_DOMAIN;
    size_t M = (size_t)ref_boundaries(v->tr->T, length), n_u = (size_t)sg->n_u, n_hid = (size_t)sg->n_hid, n_s = (size_t)sg->n_s;
    ref_num *u = ref_vec(c, M * n_u), *a = ref_vec(c, M * n_hid), *s = ref_vec(c, M * n_s), *target = ref_vec(c, n_s);
    ref_seeds said;
    ep_status st = ref_seeds_init(c, net, v->tr->T, length, &said);
    if (st == EP_OK) st = ref_seeds_init(c, net, v->tr->T, length, &w.delivered);
    if (st != EP_OK) return st;
    w.given = ref_seeds_part(&said, use->says);
    for (size_t m = 0; m < M; m++) {
        ref_sees_read(c, net, v->tr, use->sees, ((int)m + 1) * length, u + m * n_u);
        ref_synth_say(c, sg, u + m * n_u, a + m * n_hid, s + m * n_s);
        ref_seed_unpack(c, net, use->says, s + m * n_s, (int)m, &said);
    }
    st = ref_adjoint_run(c, v, reg, &w, out);
    for (size_t m = 0; st == EP_OK && m < M; m++) {
        ref_seed_pack(c, net, use->says, &w.delivered, (int)m, target);
        ref_synth_learn(c, sg, u + m * n_u, a + m * n_hid, s + m * n_s, target, use->g);
        if (use->E) ref_synth_loss(c, sg, s + m * n_s, target, use->E);
    }
    return st;
}
