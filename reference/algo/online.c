/* e-prop 1 as it runs beside the network: one step of everything, nothing of the past kept but what the equations keep.
 *
 *   L^t = g_out sum_k B_jk err_k^t;  g_ji += L_j^{t-late} ebar_ji^t;  g_kj (Wout) += g_out err_k^t zbar_j^t,
 *   zbar^t = kappa zbar^{t-1} + z^t (bias: 1 for z)
 *
 * With weights that stay and states from zero this is e-prop 1 of rules.c; the rows are those of traces.c.
 * SPDX-License-Identifier: MIT */
#include "traces.h"

enum { ROWS = 4 }; /* even, so that Jacobians of odd and even steps keep their places */

struct ref_online_work {
    ref_view v;
    ref_trace_job job;
    ref_pre pre;
    ref_signal signal;
    ref_trace_watch both;
    ref_row *row;        /* [n_rec] */
    ref_num *z;          /* [delay + 1][n_rec] ring */
    ref_num *late;       /* [delay_L + 1][n_rec] ring of L */
    ref_num *L;          /* [ROWS + 2][n_rec] what meets ebar, by row */
    ref_num *zbar;       /* [n_rec + 1], the last: 1 filtered */
    ref_num *w;          /* of loss and regulariser */
    int *list;
    ref_online *o;
};

static ref_num *ring(ref_num *a, const ref_net *net, int t, int depth) { return a + (size_t)(t % depth) * (size_t)net->n_rec; }

static const ref_num *z_delayed(const ref_view *v, ref_ctx *c, int row, int i)
{
    const ref_online *o = v->user;
    int d = v->net->opt.delay, from = o->t - d;
    (void)row;
    return from < 1 ? NULL : ref_sparse(c, ring(o->work->z, v->net, from, d + 1) + i);
}

/* Sums e for the regulariser, and shows it to whoever watches. */
static void see(void *user, ref_ctx *c, int t, int j, int col, const ref_num *eps, const ref_num *e, const ref_num *ebar)
{
    const ref_online *o = user;
    ref_num *sum = &o->sum_e[(size_t)j * (size_t)o->work->job.n_col + (size_t)col];
    ref_addmul(c, sum, c->unit, ref_sparse(c, e));
    if (o->watch.see) o->watch.see(o->watch.user, c, t, j, col, eps, e, ebar);
}

ep_status ref_online_init(ref_ctx *c, ref_net *net, ref_online *o)
{
    size_t n = (size_t)net->n_rec;
    struct ref_online_work *w = ref_bytes(c, sizeof *w);
    *o = (ref_online){.net = net, .work = w};
    ep_status st = ref_traj_init(c, net, ROWS, &o->tr);
    if (st == EP_OK) st = ref_grad_init(c, net, &o->g);
    if (st != EP_OK) return st;
    w->o = o;
    w->v = ref_view_plain(net, &o->tr);
    w->v.z_pre = z_delayed;
    w->v.user = o;
    w->pre = (ref_pre){.n = net->n_in + net->n_rec};
    w->pre.at = ref_bytes(c, (size_t)(ROWS + 1) * (size_t)w->pre.n * sizeof *w->pre.at);
    w->list = ref_bytes(c, (size_t)w->pre.n * sizeof *w->list);
    w->z = ref_vec(c, (size_t)(net->opt.delay + 1) * n);
    w->late = ref_vec(c, (size_t)(net->opt.delay_L + 1) * n);
    w->L = ref_vec(c, (ROWS + 2) * n);
    w->zbar = ref_vec(c, n + 1);
    w->w = ref_vec(c, REF_LOSS_WORK);
    w->row = ref_bytes(c, n * sizeof *w->row);
    w->signal = (ref_signal){.L_ebar = w->L};
    w->both = (ref_trace_watch){see, o};
    w->job = (ref_trace_job){.v = &w->v, .s = &w->signal, .pre = &w->pre, .watch = &w->both, .g = &o->g,
                             .n_col = net->nc * (w->pre.n + 1) + EP_N_THETA};
    o->L = ref_vec(c, n);
    o->spikes = ref_vec(c, n);
    o->sum_e = ref_vec(c, n * (size_t)w->job.n_col);
    for (int j = 0; c->status == EP_OK && j < net->n_rec; j++) {
        st = ref_row_init(c, &w->job, j, NULL, &w->row[j]);
        if (st != EP_OK) return st;
    }
    return c->status;
}

static void zero(ref_ctx *c, ref_num *a, size_t n)
{
    for (size_t i = 0; i < n; i++) ref_set(c, &a[i], &c->zero);
}

/* Row r as it is at t = 0. */
static void clear_row(ref_ctx *c, const ref_online *o, int r)
{
    const ref_net *net = o->net;
    const ref_traj *tr = &o->tr;
    size_t n = (size_t)net->n_rec, k = (size_t)r * n;
    zero(c, tr->h + k * (size_t)net->nh, n * (size_t)net->nh);
    zero(c, tr->q + k * (size_t)net->nq, n * (size_t)net->nq);
    zero(c, tr->z + k, n);
    zero(c, ref_at2(tr->y, net->n_out, r, 0), (size_t)net->n_out);
    for (size_t j = 0; j < n; j++) tr->refr[k + j] = 0;
}

void ref_online_reset(ref_ctx *c, ref_online *o)
{
    struct ref_online_work *w = o->work;
    size_t n = (size_t)o->net->n_rec, cols = (size_t)w->job.n_col;
    o->row = o->t = 0;
    clear_row(c, o, 0);
    zero(c, w->z, (size_t)(o->net->opt.delay + 1) * n);
    zero(c, w->late, (size_t)(o->net->opt.delay_L + 1) * n);
    zero(c, w->zbar, n + 1);
    for (size_t j = 0; j < n; j++) {
        ref_row *r = &w->row[j];
        zero(c, r->eps, cols * (size_t)r->nh);
        zero(c, r->ebar, cols);
        for (size_t m = 0; m < cols; m++) r->live[m] = r->heard[m] = false;
        ref_jac_reset(&r->J[0]);
    }
}

/* Before the rows begin again, the last one becomes row 0. */
static void wrap(ref_ctx *c, ref_online *o)
{
    const ref_net *net = o->net;
    const ref_traj *tr = &o->tr;
    size_t n = (size_t)net->n_rec, last = ROWS * n;
    for (size_t i = 0; i < n * (size_t)net->nh; i++) ref_set(c, &tr->h[i], &tr->h[last * (size_t)net->nh + i]);
    for (size_t i = 0; i < n * (size_t)net->nq; i++) ref_set(c, &tr->q[i], &tr->q[last * (size_t)net->nq + i]);
    for (size_t j = 0; j < n; j++) ref_set(c, &tr->z[j], &tr->z[last + j]), tr->refr[j] = tr->refr[last + j];
    for (int k = 0; k < net->n_out; k++) ref_set(c, &tr->y[k], ref_at2(tr->y, net->n_out, ROWS, k));
    o->row = 0;
}

static ep_status network(ref_ctx *c, ref_online *o, const ep_batch *bt, int b, int t)
{
    const ref_net *net = o->net;
    struct ref_online_work *w = o->work;
    ref_traj *tr = &o->tr;
    size_t n = (size_t)net->n_rec, in = (size_t)net->n_in, k = (size_t)o->row * n;
    const double *x = bt->x ? bt->x + ((size_t)b * (size_t)bt->T + (size_t)(t - 1)) * in : NULL;
    const ref_num **at = w->pre.at + (size_t)o->row * (size_t)w->pre.n;
    for (size_t i = 0; i < in; i++) ref_set_d(c, &tr->x[(size_t)o->row * in + i], x ? x[i] : 0.0);
    int count = ref_events(c, &w->v, o->row, at, w->list);
    for (size_t j = 0; j < n; j++) {
        ref_spot s = ref_traj_spot(tr, o->row, (int)j);
        ref_num *h = tr->h + (k + j) * (size_t)net->nh, *q = tr->q + (k + j) * (size_t)net->nq;
        ref_drive(c, net, (int)j, at, w->list, count, tr->I + (k + j) * (size_t)net->nc);
        ref_impose(c, net, bt, b, t, (int)j);
        ep_status st = net->cell->step(c, net, (int)j, &s, h, &tr->z[k + j], q, tr->refr[k - n + j], &tr->refr[k + j]);
        c->given_z = c->given_psi = false;
        if (st != EP_OK) return st;
    }
    for (size_t j = 0; j < n; j++) {
        ref_set(c, ring(w->z, net, o->t, net->opt.delay + 1) + j, &tr->z[k + j]);
        ref_addmul(c, &o->spikes[j], c->unit, ref_sparse(c, &tr->z[k + j]));
    }
    ref_readout(c, net, tr, o->row);
    return c->status;
}

/* err and L of this step; what meets ebar is the L of delay_L steps ago. */
static void learn(ref_ctx *c, ref_online *o, ep_rule rule, const ep_batch *bt, int b, int t, const double *given)
{
    const ref_net *net = o->net;
    struct ref_online_work *w = o->work;
    int late = net->opt.delay_L;
    size_t n = (size_t)net->n_rec;
    ref_num *err = ref_at2(o->tr.err, net->n_out, o->row, 0), *now = ring(w->late, net, o->t, late + 1);
    ref_loss_step(c, net, bt, b, t, ref_loss_divisor(net, bt, b), ref_at2(o->tr.y, net->n_out, o->row, 0), err, o->tr.loss, w->w);
    ref_signal_step(c, net, rule == EP_EPROP1_SYMMETRIC ? NULL : net->B, err, o->L);
    for (size_t j = 0; j < n; j++) {
        if (given) ref_set_d(c, &o->L[j], given[j]);
        ref_set(c, &now[j], &o->L[j]);
    }
    const ref_num *due = ring(w->late, net, o->t + 1, late + 1);
    for (size_t j = 0; j < n; j++) ref_set(c, &w->L[(size_t)o->row * n + j], o->t > late ? &due[j] : &c->zero);
}

/* Wout and bout: err zbar. */
static void readout_gradient(ref_ctx *c, ref_online *o)
{
    const ref_net *net = o->net;
    struct ref_online_work *w = o->work;
    size_t n = (size_t)net->n_rec;
    const ref_num *z = &o->tr.z[(size_t)o->row * n];
    for (size_t j = 0; j <= n; j++) {
        ref_num *zbar = &w->zbar[j];
        ref_mul(c, zbar, zbar, net->kappa);
        ref_addmul(c, zbar, c->unit, j < n ? ref_sparse(c, &z[j]) : c->unit);
        for (int k = 0; k < net->n_out; k++) {
            ref_num *to = j < n ? &o->g.g[EP_G_WOUT][(size_t)k * n + j] : &o->g.g[EP_G_BOUT][k];
            ref_addmul3(c, to, net->g_out, ref_sparse(c, ref_at2(o->tr.err, net->n_out, o->row, k)), ref_sparse(c, zbar));
        }
    }
}

ep_status ref_online_step(ref_ctx *c, ref_online *o, ep_rule rule, const ep_batch *bt, int b, int t, const double *L_given)
{
    struct ref_online_work *w = o->work;
    if (o->row == ROWS) wrap(c, o);
    o->row++;
    o->t++;
    ep_status st = network(c, o, bt, b, t);
    if (st != EP_OK) return st;
    learn(c, o, rule, bt, b, t, L_given);
    for (int j = 0; j < o->net->n_rec; j++) ref_row_step(c, &w->row[j], o->row);
    readout_gradient(c, o);
    return c->status;
}

void ref_online_regularise(ref_ctx *c, ref_online *o, const ep_batch *bt)
{
    struct ref_online_work *w = o->work;
    if (bt->c_reg == 0.0) return;
    for (int j = 0; j < o->net->n_rec; j++) {
        ref_num *reg = &w->w[REF_REG_WORK];
        ref_regulariser(c, bt, (double)bt->T * (double)bt->B, &o->spikes[j], reg, o->tr.loss, w->w);
        for (int m = 0; m < w->job.n_col; m++)
            if (w->row[j].to[m])
                ref_addmul(c, w->row[j].to[m], reg, ref_sparse(c, &o->sum_e[(size_t)j * (size_t)w->job.n_col + (size_t)m]));
    }
}

void ref_online_update(ref_ctx *c, ref_online *o, ep_rule rule, const ref_num *eta, const ref_num *lambda)
{
    ref_net *net = o->net;
    ref_num *W[] = {[EP_G_WIN] = net->Win, [EP_G_WREC] = net->Wrec, [EP_G_BIAS] = net->b, [EP_G_WOUT] = net->Wout,
                    [EP_G_BOUT] = net->bout};
    if (rule == EP_EPROP1_ADAPTIVE) ref_kolen_pollack(c, net, &o->g, eta, lambda);
    for (int k = EP_G_WIN; k <= EP_G_BOUT; k++)
        for (size_t i = 0; i < o->g.n[k] && !(k == EP_G_WOUT && rule == EP_EPROP1_ADAPTIVE); i++) {
            ref_mul(c, &c->tmp, eta, &o->g.g[k][i]);
            ref_sub(c, &W[k][i], &W[k][i], &c->tmp);
        }
    for (int k = 0; k < EP_N_GROUP; k++) zero(c, o->g.g[k], o->g.n[k]);
    zero(c, o->spikes, (size_t)net->n_rec);
    zero(c, o->sum_e, (size_t)net->n_rec * (size_t)o->work->job.n_col);
}
