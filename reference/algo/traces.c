/* Forward in time: explicit eligibility vectors and traces, one row (postsynaptic neuron) after another.
 *
 *   M^t      = dh^t/dh^{t-1} + (dh^t/dz^{t-1}, local) (dz^{t-1}/dh^{t-1})^T
 *   eps(t)   = M^t eps(t-1) + (dh^t/dI_c) pre_i^t                    weights of channel c, bias: pre = 1
 *   eps(t)   = M^t eps(t-1) + dh^t/dtheta_p + (dh^t/dz^{t-1}, local) dz^{t-1}/dtheta_p
 *   e(t)     = (dz^t/dh^t)^T eps(t) + (dz^t/dI_c) pre_i^t,  or + dz^t/dtheta_p
 *   ebar(t)  = kappa ebar(t-1) + e(t)
 *   gradient = sum_t (L_e^t + reg) e(t) + L_ebar^{t-late} ebar(t)
 *
 * Memory per thread: one row of traces, n_in + n_rec numbers a component, whatever T is.
 * SPDX-License-Identifier: MIT */
#include "internal.h"

typedef struct job {
    const ref_view *v;
    const ref_signal *s;
    const ref_pre *pre;
    const ref_trace_watch *watch;
    ref_grad *g;
    int n_col; /* columns of a row */
} job;

/* One row in flight. */
typedef struct row {
    const job *w;
    int j, nh;
    ref_num *eps;  /* [n_col][nh] */
    ref_num *ebar; /* [n_col] */
    ref_num *e, *L_e, *fresh; /* 1, 1, [nh] */
    bool *live, *heard; /* [n_col] eps, ebar can be non-zero */
    const ref_num *L_ebar;
    ref_jac J[2];  /* of step t and t-1, alternating */
    const ref_num *M[REF_NH][REF_NH];
    bool triangular; /* M has no entry right of its diagonal */
    bool spoken;     /* some L or the filter needs e this step */
} row;

void ref_row_map(ref_ctx *c, int nh, ref_jac *J, const ref_jac *before, const ref_num *M[REF_NH][REF_NH])
{
    for (int h = 0; h < nh; h++)
        for (int m = 0; m < nh; m++)
            M[h][m] = ref_jac_add(c, J, J->hh[h][m], ref_jac_mul(c, J, J->hz_loc[h], before->zh[m]));
}

/* Where the gradient of a column goes; NULL for a masked self-connection. */
static ref_num *target(const row *r, int col)
{
    const ref_net *net = r->w->v->net;
    int n_in = net->n_in, n = net->n_rec, width = n_in + n + 1, ch = col / width, k = col % width;
    if (ch >= net->nc) {
        int p = col - net->nc * width;
        return net->theta[p] ? &r->w->g->g[EP_G_THETA + p][r->j] : NULL;
    }
    size_t at = (size_t)ch * (size_t)n + (size_t)r->j;
    if (k < n_in) return &r->w->g->g[EP_G_WIN][at * (size_t)n_in + (size_t)k];
    if (k == n_in + n) return &r->w->g->g[EP_G_BIAS][at];
    if (k - n_in == r->j && ep_model_masks_diagonal(net->model)) return NULL;
    return &r->w->g->g[EP_G_WREC][at * (size_t)n + (size_t)(k - n_in)];
}

/* eps <- M eps. */
static void move(ref_ctx *c, const row *r, ref_num *eps)
{
    if (r->triangular) {
        for (int h = r->nh - 1; h >= 0; h--) {
            if (r->M[h][h] == c->unit) {}
            else if (r->M[h][h]) ref_mul(c, &eps[h], &eps[h], r->M[h][h]);
            else ref_set(c, &eps[h], &c->zero);
            for (int m = 0; m < h; m++) ref_addmul(c, &eps[h], r->M[h][m], &eps[m]);
        }
        return;
    }
    for (int h = 0; h < r->nh; h++) {
        ref_set(c, &r->fresh[h], &c->zero);
        for (int m = 0; m < r->nh; m++) ref_addmul(c, &r->fresh[h], r->M[h][m], &eps[m]);
    }
    for (int h = 0; h < r->nh; h++) ref_set(c, &eps[h], &r->fresh[h]);
}

/* e of one column into r->e; false if it is structurally zero. */
static bool trace(ref_ctx *c, const row *r, const ref_jac *J, int col, const ref_num *direct, const ref_num *pre)
{
    bool any = false;
    for (int h = 0; r->live[col] && h < r->nh; h++) {
        if (!J->zh[h]) continue;
        const ref_num *eps = &r->eps[(size_t)col * (size_t)r->nh + (size_t)h];
        if (any) ref_addmul(c, r->e, J->zh[h], eps);
        else ref_mul(c, r->e, J->zh[h], eps);
        any = true;
    }
    if (!direct || !pre) return any;
    if (!any) ref_set(c, r->e, &c->zero);
    ref_addmul(c, r->e, direct, pre);
    return true;
}

/* One column, one step: drive[h] pre moves eps, direct pre enters e. */
static void column(ref_ctx *c, row *r, int t, int col, const ref_num *const *drive, const ref_num *direct,
                   const ref_num *pre)
{
    const ref_jac *J = &r->J[t & 1];
    ref_num *eps = r->eps + (size_t)col * (size_t)r->nh, *to = target(r, col);
    if (!to) return;
    if (r->live[col]) move(c, r, eps);
    for (int h = 0; pre && h < r->nh; h++) {
        if (!drive[h]) continue;
        ref_addmul(c, &eps[h], drive[h], pre);
        r->live[col] = true;
    }
    bool e = r->spoken && trace(c, r, J, col, direct, pre);
    if (e && r->L_e) ref_addmul(c, to, r->L_e, r->e);
    if (r->ebar) {
        ref_num *ebar = &r->ebar[col];
        if (r->heard[col]) ref_mul(c, ebar, ebar, r->w->v->net->kappa);
        if (e) ref_add(c, ebar, ebar, r->e);
        r->heard[col] = r->heard[col] || e;
        if (r->heard[col]) ref_addmul(c, to, r->L_ebar, ebar);
    }
    if (r->w->watch && r->w->watch->see)
        r->w->watch->see(r->w->watch->user, c, t, r->j, col, eps, e ? r->e : &c->zero, r->ebar ? &r->ebar[col] : NULL);
}

static void load_signal(ref_ctx *c, row *r, int t)
{
    const ref_signal *s = r->w->s;
    int n = r->w->v->net->n_rec, late = t - s->late;
    ref_num *L = r->L_e + 1;
    ref_set(c, L, &c->zero);
    if (s->L_e) ref_add(c, L, L, &s->L_e[(size_t)t * (size_t)n + (size_t)r->j]);
    if (s->reg) ref_add(c, L, L, &s->reg[r->j]);
    r->L_ebar = s->L_ebar && late >= 1 ? ref_sparse(c, &s->L_ebar[(size_t)late * (size_t)n + (size_t)r->j]) : NULL;
}

static void step(ref_ctx *c, row *r, int t)
{
    const ref_net *net = r->w->v->net;
    ref_jac *J = &r->J[t & 1], *before = &r->J[(t - 1) & 1];
    int width = net->n_in + net->n_rec + 1;
    const ref_num **pre = r->w->pre->at + (size_t)t * (size_t)r->w->pre->n;
    r->w->v->jac(r->w->v, c, t, r->j, J);
    ref_row_map(c, r->nh, J, before, r->M);
    r->triangular = true;
    for (int h = 0; h < r->nh; h++)
        for (int m = h + 1; m < r->nh; m++) r->triangular = r->triangular && !r->M[h][m];
    load_signal(c, r, t);
    ref_num *keep = r->L_e;
    r->L_e = c->ar->is_zero(keep + 1) ? NULL : keep + 1;
    r->spoken = r->L_e || r->ebar || r->w->watch;
    for (int ch = 0; ch < net->nc; ch++) {
        const ref_num *drive[REF_NH];
        for (int h = 0; h < REF_NH; h++) drive[h] = J->hI[h][ch];
        for (int k = 0; k < width - 1; k++)
            column(c, r, t, ch * width + k, drive, J->zI[ch], pre[k]);
        column(c, r, t, ch * width + width - 1, drive, J->zI[ch], c->unit);
    }
    for (int p = 0; p < EP_N_THETA; p++) {
        const ref_num *drive[REF_NH] = {NULL};
        if (!net->theta[p]) continue;
        for (int h = 0; h < r->nh; h++)
            drive[h] = ref_jac_add(c, J, J->hp[h][p], ref_jac_mul(c, J, J->hz_loc[h], before->zp[p]));
        column(c, r, t, net->nc * width + p, drive, J->zp[p], c->unit);
    }
    r->L_e = keep;
}

static ep_status row_init(ref_ctx *c, const job *w, int j, row *r)
{
    size_t n = (size_t)w->n_col, nh = (size_t)w->v->net->nh;
    *r = (row){.w = w, .j = j, .nh = w->v->net->nh};
    r->eps = ref_vec(c, n * nh);
    if (w->s->L_ebar) r->ebar = ref_vec(c, n);
    r->e = ref_vec(c, 1);
    r->L_e = ref_vec(c, 2);
    r->fresh = ref_vec(c, nh);
    r->live = ref_bytes(c, n * sizeof *r->live);
    r->heard = ref_bytes(c, n * sizeof *r->heard);
    for (int k = 0; k < 2; k++) {
        ep_status st = ref_jac_init(c, &r->J[k]);
        if (st != EP_OK) return st;
    }
    return c->status;
}

static ep_status one_row(void *arg, ref_ctx *scratch, int j)
{
    const job *w = arg;
    ref_ctx c; /* a row's memory goes with the row */
    row r;
    ep_status st = ref_ctx_fork(&c, scratch);
    if (st != EP_OK) return st;
    st = row_init(&c, w, j, &r);
    for (int t = 1; st == EP_OK && t <= w->v->tr->T; t++) step(&c, &r, t);
    if (st == EP_OK) st = c.status;
    ref_ctx_clear(&c);
    return st;
}

ep_status ref_grad_traces(ref_ctx *c, const ref_view *v, const ref_signal *s, ref_grad *g,
                          const ref_trace_watch *watch, int threads)
{
    ref_pre pre;
    ep_status st = ref_pre_build(c, v, &pre);
    if (st != EP_OK) return st;
    job w = {.v = v, .s = s, .pre = &pre, .watch = watch, .g = g,
             .n_col = v->net->nc * (v->net->n_in + v->net->n_rec + 1) + EP_N_THETA};
    return ref_parallel(c, v->net->n_rec, threads, one_row, &w);
}
