/* Forward in time: explicit eligibility vectors and traces, one row (postsynaptic neuron) after another.
 *
 *   M^t      = dh^t/dh^{t-1} + (dh^t/dz^{t-1}, local) (dz^{t-1}/dh^{t-1})^T
 *   eps(t)   = M^t eps(t-1) + (dh^t/dI_c) pre_i^t                    weights of channel c, bias: pre = 1
 *   eps(t)   = M^t eps(t-1) + dh^t/dtheta_p + (dh^t/dz^{t-1}, local) dz^{t-1}/dtheta_p
 *   e(t)     = (dz^t/dh^t)^T eps(t) + (dz^t/dI_c) pre_i^t,  or + dz^t/dtheta_p
 *   ebar(t)  = kappa ebar(t-1) + e(t)
 *   gradient = sum_t (L_e^t + reg) e(t) + L_ebar^{t-late} ebar(t)
 *
 * Two things save work without changing what is computed. Where component 0 moves by a constant (a leaky membrane), its
 * vectors are the same numbers in all rows with that constant: a table made once a group of rows. And a component that
 * only decays at a step is scaled once for the row instead of once a synapse.
 *
 * SPDX-License-Identifier: MIT */
#include "traces.h"

void ref_row_map(ref_ctx *c, int nh, ref_jac *J, const ref_jac *before, const ref_num *M[REF_NH][REF_NH])
{
    for (int h = 0; h < nh; h++)
        for (int m = 0; m < nh; m++)
            M[h][m] = ref_jac_add(c, J, J->hh[h][m], ref_jac_mul(c, J, J->hz_loc[h], before->zh[m]));
}

/* Columns of a row: channel by channel n_in inputs, n_rec recurrent, bias; then the cell's constants. */
static ref_num *target(const ref_net *net, ref_grad *g, int j, int col)
{
    int n_in = net->n_in, n = net->n_rec, width = n_in + n + 1, ch = col / width, k = col % width;
    if (ch >= net->nc) {
        int p = col - net->nc * width;
        return net->theta[p] ? &g->g[EP_G_THETA + p][j] : NULL;
    }
    size_t at = (size_t)ch * (size_t)n + (size_t)j;
    if (k < n_in) return &g->g[EP_G_WIN][at * (size_t)n_in + (size_t)k];
    if (k == n_in + n) return &g->g[EP_G_BIAS][at];
    if (k - n_in == j && ep_model_masks_diagonal(net->model)) return NULL;
    return &g->g[EP_G_WREC][at * (size_t)n + (size_t)(k - n_in)];
}

/* eps <- M eps for the components from `first` on; component 0 may come from the table. */
static void move(ref_ctx *c, const ref_row *r, const ref_num *M[REF_NH][REF_NH], ref_num *eps, const ref_num *eps0)
{
    int first = eps0 ? 1 : 0;
    if (r->triangular) {
        for (int h = r->nh - 1; h >= first; h--) {
            if (!M[h][h]) ref_set(c, &eps[h], &c->zero);
            else if (M[h][h] != c->unit) ref_mul(c, &eps[h], &eps[h], M[h][h]);
            for (int m = 0; m < h; m++) ref_addmul(c, &eps[h], M[h][m], m == 0 && eps0 ? eps0 : &eps[m]);
        }
        return;
    }
    for (int h = first; h < r->nh; h++) {
        ref_set(c, &r->fresh[h], &c->zero);
        for (int m = 0; m < r->nh; m++) ref_addmul(c, &r->fresh[h], M[h][m], m == 0 && eps0 ? eps0 : &eps[m]);
    }
    for (int h = first; h < r->nh; h++) ref_set(c, &eps[h], &r->fresh[h]);
}

/* r->e = sum_h zh[h] eps[h] + direct pre; false if it is structurally zero. */
static bool trace(ref_ctx *c, const ref_row *r, const ref_num *const *zh, const ref_num *eps, const ref_num *eps0,
                  const ref_num *direct, const ref_num *pre)
{
    bool any = false;
    for (int h = 0; eps && h < r->nh; h++) {
        const ref_num *x = h == 0 && eps0 ? eps0 : &eps[h];
        if (!zh[h]) continue;
        if (any) ref_addmul(c, r->e, zh[h], x);
        else ref_mul(c, r->e, zh[h], x);
        any = true;
    }
    if (!direct || !pre) return any;
    if (!any) ref_set(c, r->e, &c->zero);
    ref_addmul(c, r->e, direct, pre);
    return true;
}

/* gradient += L e + L_ebar ebar; e is r->e where e_live. */
static void harvest(ref_ctx *c, ref_row *r, int col, bool e_live)
{
    if (e_live && r->L_now) ref_addmul(c, r->to[col], r->L_now, r->e);
    if (!r->ebar) return;
    ref_num *ebar = &r->ebar[col];
    if (r->heard[col]) ref_mul(c, ebar, ebar, r->w->v->net->kappa);
    if (e_live) ref_add(c, ebar, ebar, r->e);
    r->heard[col] = r->heard[col] || e_live;
    if (r->heard[col]) ref_addmul(c, r->to[col], r->L_ebar, ebar);
}

static void see(ref_ctx *c, const ref_row *r, int t, int col, const ref_num *eps, bool e_live)
{
    const ref_trace_watch *watch = r->w->watch;
    if (watch && watch->see)
        watch->see(watch->user, c, t, r->j, col, eps, e_live ? r->e : &c->zero, r->ebar ? &r->ebar[col] : NULL);
}

/* One column, one step, in full: drive[h] pre moves eps, direct pre enters e. */
static void column(ref_ctx *c, ref_row *r, int t, int col, const ref_num *const *drive, const ref_num *direct,
                   const ref_num *pre)
{
    ref_num *eps = r->eps + (size_t)col * (size_t)r->nh;
    if (!r->to[col]) return;
    if (r->live[col]) move(c, r, r->M, eps, NULL);
    for (int h = 0; pre && h < r->nh; h++) {
        if (!drive[h]) continue;
        ref_addmul(c, &eps[h], drive[h], pre);
        r->live[col] = true;
    }
    bool e = r->spoken && trace(c, r, r->J[t & 1].zh, r->live[col] ? eps : NULL, NULL, direct, pre);
    harvest(c, r, col, e);
    see(c, r, t, col, eps, e);
}

/* One weight column where component 0 comes from the table and the others may be waiting to decay. */
static void column_shared(ref_ctx *c, ref_row *r, int t, int col, const ref_num *const *zh, const ref_num *direct,
                          const ref_num *pre)
{
    ref_num *eps = r->eps + (size_t)col * (size_t)r->nh;
    size_t n = (size_t)r->table->n;
    const ref_num *before = r->table->p + (size_t)(t - 1) * n + (size_t)col, *now = before + n;
    if (!r->to[col] || t < r->table->from[col]) return;
    if (r->moves && t > r->table->from[col]) move(c, r, r->M, eps, before);
    if (r->ebar) harvest(c, r, col, trace(c, r, zh, eps, now, direct, pre));
    if (r->ebar || !r->spoken) return;
    /* nothing but the gradient asks for e: gradient += (L zh) eps, with L zh formed once for the row */
    ref_addmul(c, r->to[col], zh[0], now);
    for (int h = 1; h < r->nh; h++) ref_addmul(c, r->to[col], zh[h], &eps[h]);
    ref_addmul(c, r->to[col], direct, pre);
}

static void load_signal(ref_ctx *c, ref_row *r, int t)
{
    const ref_signal *s = r->w->s;
    int n = r->w->v->net->n_rec, late = t - s->late;
    ref_set(c, r->L, &c->zero);
    if (s->L_e) ref_add(c, r->L, r->L, &s->L_e[(size_t)t * (size_t)n + (size_t)r->j]);
    if (s->reg) ref_add(c, r->L, r->L, &s->reg[r->j]);
    r->L_now = c->ar->is_zero(r->L) ? NULL : r->L;
    r->L_ebar = s->L_ebar && late >= 1 ? ref_sparse(c, &s->L_ebar[(size_t)late * (size_t)n + (size_t)r->j]) : NULL;
    r->spoken = r->L_now || r->ebar || r->w->watch;
}

/* Jacobians and the row's map at step t. */
static void load_map(ref_ctx *c, ref_row *r, int t)
{
    ref_jac *J = &r->J[t & 1];
    r->w->v->jac(r->w->v, c, t, r->j, J);
    ref_row_map(c, r->nh, J, &r->J[(t - 1) & 1], r->M);
    r->triangular = true;
    for (int h = 0; h < r->nh; h++)
        for (int m = h + 1; m < r->nh; m++) r->triangular = r->triangular && !r->M[h][m];
}

/* Constants of the cell are columns with a drive of their own at every step. */
static void constants(ref_ctx *c, ref_row *r, int t)
{
    const ref_net *net = r->w->v->net;
    ref_jac *J = &r->J[t & 1], *before = &r->J[(t - 1) & 1];
    int first = net->nc * (net->n_in + net->n_rec + 1);
    for (int p = 0; p < EP_N_THETA; p++) {
        const ref_num *drive[REF_NH] = {NULL};
        if (!net->theta[p]) continue;
        for (int h = 0; h < r->nh; h++)
            drive[h] = ref_jac_add(c, J, J->hp[h][p], ref_jac_mul(c, J, J->hz_loc[h], before->zp[p]));
        column(c, r, t, first + p, drive, J->zp[p], c->unit);
    }
}

static void weights(ref_ctx *c, ref_row *r, int t)
{
    const ref_net *net = r->w->v->net;
    const ref_jac *J = &r->J[t & 1];
    int width = r->w->pre->n + 1;
    const ref_num **pre = r->w->pre->at + (size_t)t * (size_t)r->w->pre->n;
    for (int ch = 0; ch < net->nc; ch++) {
        const ref_num *drive[REF_NH];
        for (int h = 0; h < REF_NH; h++) drive[h] = J->hI[h][ch];
        for (int k = 0; k < width; k++)
            column(c, r, t, ch * width + k, drive, J->zI[ch], k + 1 < width ? pre[k] : c->unit);
    }
}

/* wait_h = product of decays that stored eps_h has not seen yet. A step moves the stored vectors only if one of the
 * components is reached by more than its own decay; then the waiting decays go with it. */
static void settle(ref_ctx *c, ref_row *r, ref_jac *J)
{
    for (int h = 1; h < r->nh; h++) ref_set(c, &r->before[h], &r->wait[h]);
    r->moves = !r->triangular;
    for (int h = 1; h < r->nh; h++)
        for (int m = 0; m < r->nh; m++) r->moves = r->moves || (m != h && r->M[h][m]);
    for (int h = 1; h < r->nh; h++) {
        if (!r->M[h][h]) ref_set(c, &r->wait[h], &c->zero);
        else if (r->M[h][h] != c->unit) ref_mul(c, &r->wait[h], &r->wait[h], r->M[h][h]);
    }
    if (!r->moves) return;
    for (int h = 1; h < r->nh; h++)
        for (int m = 1; m < r->nh; m++)
            if (m != h) r->M[h][m] = ref_jac_mul(c, J, r->M[h][m], ref_sparse(c, &r->before[m]));
    for (int h = 1; h < r->nh; h++) {
        ref_set(c, &r->due[h], &r->wait[h]);
        ref_set(c, &r->wait[h], &c->one);
        r->M[h][h] = &r->due[h];
    }
}

static void weights_shared(ref_ctx *c, ref_row *r, int t)
{
    ref_jac *J = &r->J[t & 1];
    const ref_num *zh[REF_NH] = {J->zh[0]};
    const ref_num **pre = r->w->pre->at + (size_t)t * (size_t)r->w->pre->n;
    settle(c, r, J);
    for (int h = 1; h < r->nh; h++) zh[h] = ref_jac_mul(c, J, J->zh[h], ref_sparse(c, &r->wait[h]));
    const ref_num *direct = J->zI[0];
    bool e = direct != NULL;
    for (int h = 0; h < r->nh; h++) e = e || zh[h];
    r->spoken = r->ebar || (r->spoken && e);
    if (!r->moves && !r->spoken) return;
    for (int h = 0; !r->ebar && h < r->nh; h++) zh[h] = ref_jac_mul(c, J, r->L_now, zh[h]);
    if (!r->ebar) direct = ref_jac_mul(c, J, r->L_now, direct);
    for (int k = 0; k < r->w->pre->n; k++) column_shared(c, r, t, k, zh, direct, pre[k]);
    column_shared(c, r, t, r->w->pre->n, zh, direct, c->unit);
}

ep_status ref_row_init(ref_ctx *c, const ref_trace_job *w, int j, const ref_pre_table *table, ref_row *r)
{
    size_t n = (size_t)w->n_col, nh = (size_t)w->v->net->nh;
    *r = (ref_row){.w = w, .j = j, .nh = w->v->net->nh, .table = table};
    r->eps = ref_vec(c, n * nh);
    if (w->s->L_ebar) r->ebar = ref_vec(c, n);
    r->e = ref_vec(c, 1);
    r->L = ref_vec(c, 1);
    r->fresh = ref_vec(c, REF_NH);
    r->wait = ref_vec(c, REF_NH);
    r->due = ref_vec(c, REF_NH);
    r->before = ref_vec(c, REF_NH);
    r->live = ref_bytes(c, n * sizeof *r->live);
    r->heard = ref_bytes(c, n * sizeof *r->heard);
    r->to = ref_bytes(c, n * sizeof *r->to);
    for (int k = 0; k < 2; k++) {
        ep_status st = ref_jac_init(c, &r->J[k]);
        if (st != EP_OK) return st;
    }
    if (c->status != EP_OK) return c->status;
    for (int h = 0; h < REF_NH; h++) ref_set(c, &r->wait[h], &c->one);
    for (int col = 0; col < w->n_col; col++) r->to[col] = target(w->v->net, w->g, j, col);
    return EP_OK;
}

void ref_row_step(ref_ctx *c, ref_row *r, int t)
{
    load_map(c, r, t);
    load_signal(c, r, t);
    constants(c, r, t);
    if (r->table) weights_shared(c, r, t);
    else weights(c, r, t);
}

ep_status ref_trace_row(const ref_trace_job *w, const ref_ctx *parent, int j, const ref_pre_table *table)
{
    ref_ctx c; /* a row's memory goes with the row */
    ref_row r;
    ep_status st = ref_ctx_fork(&c, parent);
    if (st != EP_OK) return st;
    st = ref_row_init(&c, w, j, table, &r);
    for (int t = 1; st == EP_OK && t <= w->v->tr->T; t++) ref_row_step(&c, &r, t);
    if (st == EP_OK) st = c.status;
    ref_ctx_clear(&c);
    return st;
}
