/* Real-time recurrent learning: the full sensitivity of every neuron to every parameter, forward in time.
 *
 *   dI_cl/dtheta = sum_i Wrec^c_li P_i(t-d) + [theta is a weight of row l, channel c] pre
 *   S_l(t) = dh/dh S_l(t-1) + (dh/dz, local and transmitted) P_l(t-1) + dh/dI dI/dtheta + dh/dtheta
 *   P_l(t) = dz/dh S_l(t) + dz/dI dI/dtheta + dz/dtheta
 *   Y_k(t) = kappa Y_k(t-1) + g_out sum_l Wout_kl P_l(t);  gradient = sum_t err_k Y_k + reg_l P_l
 *
 * SPDX-License-Identifier: MIT */
#include "internal.h"

enum { MOST_REC = 64 };

typedef struct sens {
    const ref_view *v;
    const ref_pre *pre;
    int P, ring;    /* parameters; steps of P kept: d + 1 */
    int width;      /* n_in + n_rec + 1 */
    ref_num *S;     /* [n_rec][P][nh] */
    ref_num *z;     /* [ring][n_rec][P] */
    ref_num *Y;     /* [n_out][P] */
    ref_num *dI, *fresh; /* [nc], [nh] */
    ref_jac J;
} sens;

/* Parameters in the order of columns: row j, then its columns (channels x width, constants). */
static int row_of(const sens *s, int p) { return p / (s->v->net->nc * s->width + EP_N_THETA); }
static int col_of(const sens *s, int p) { return p % (s->v->net->nc * s->width + EP_N_THETA); }

static ref_num *z_sens(const sens *s, int t, int l)
{
    return s->z + ((size_t)(t % s->ring) * (size_t)s->v->net->n_rec + (size_t)l) * (size_t)s->P;
}

/* The presynaptic value of a weight column at step t. */
static const ref_num *pre_of(ref_ctx *c, const sens *s, int t, int k)
{
    return k == s->width - 1 ? c->unit : s->pre->at[(size_t)t * (size_t)s->pre->n + (size_t)k];
}

static void drive(ref_ctx *c, const sens *s, int t, int l, int p)
{
    const ref_net *net = s->v->net;
    int n = net->n_rec, col = col_of(s, p), t0 = t - s->v->delay;
    for (int ch = 0; ch < net->nc; ch++) {
        ref_set(c, &s->dI[ch], &c->zero);
        for (int i = 0; t0 >= 1 && i < n; i++)
            ref_addmul(c, &s->dI[ch], &net->Wrec[((size_t)ch * (size_t)n + (size_t)l) * (size_t)n + (size_t)i],
                       ref_sparse(c, &z_sens(s, t0, i)[p]));
        if (row_of(s, p) == l && col / s->width == ch && col < net->nc * s->width)
            ref_addmul(c, &s->dI[ch], &c->one, pre_of(c, s, t, col % s->width));
    }
}

static void update(ref_ctx *c, const sens *s, int t, int l, int p)
{
    const ref_net *net = s->v->net;
    const ref_jac *J = &s->J;
    int theta = row_of(s, p) == l ? col_of(s, p) - net->nc * s->width : -1;
    ref_num *S = s->S + ((size_t)l * (size_t)s->P + (size_t)p) * (size_t)net->nh;
    const ref_num *z_before = ref_sparse(c, &z_sens(s, t - 1, l)[p]);
    for (int h = 0; h < net->nh; h++) {
        ref_num *r = &s->fresh[h];
        ref_set(c, r, &c->zero);
        for (int m = 0; m < net->nh; m++) ref_addmul(c, r, J->hh[h][m], ref_sparse(c, &S[m]));
        ref_addmul(c, r, J->hz_loc[h], z_before);
        ref_addmul(c, r, J->hz_tr[h], z_before);
        for (int ch = 0; ch < net->nc; ch++) ref_addmul(c, r, J->hI[h][ch], &s->dI[ch]);
        if (theta >= 0) ref_addmul(c, r, &c->one, J->hp[h][theta]);
    }
    ref_num *z = &z_sens(s, t, l)[p];
    ref_set(c, z, &c->zero);
    for (int h = 0; h < net->nh; h++) {
        ref_set(c, &S[h], &s->fresh[h]);
        ref_addmul(c, z, J->zh[h], &S[h]);
    }
    for (int ch = 0; ch < net->nc; ch++) ref_addmul(c, z, J->zI[ch], &s->dI[ch]);
    if (theta >= 0) ref_addmul(c, z, &c->one, J->zp[theta]);
}

static ref_num *target(const sens *s, ref_grad *g, int p)
{
    const ref_net *net = s->v->net;
    int n = net->n_rec, j = row_of(s, p), col = col_of(s, p), ch = col / s->width, k = col % s->width;
    if (col >= net->nc * s->width) {
        int theta = col - net->nc * s->width;
        return net->theta[theta] ? &g->g[EP_G_THETA + theta][j] : NULL;
    }
    size_t row = (size_t)ch * (size_t)n + (size_t)j;
    if (k < net->n_in) return &g->g[EP_G_WIN][row * (size_t)net->n_in + (size_t)k];
    if (k == net->n_in + n) return &g->g[EP_G_BIAS][row];
    if (k - net->n_in == j && ep_model_masks_diagonal(net->model)) return NULL;
    return &g->g[EP_G_WREC][row * (size_t)n + (size_t)(k - net->n_in)];
}

/* The readout filters sensitivities forward: Y_k = kappa Y_k + g_out sum_l Wout_kl P_l; gradient += err Y + reg P. */
static void harvest(ref_ctx *c, const sens *s, const ref_num *reg, int t, int p, ref_num *g)
{
    const ref_net *net = s->v->net;
    int n = net->n_rec;
    for (int k = 0; k < net->n_out; k++) {
        ref_num *Y = &s->Y[(size_t)k * (size_t)s->P + (size_t)p];
        ref_mul(c, Y, Y, net->kappa);
        for (int l = 0; l < n; l++)
            ref_addmul3(c, Y, net->g_out, &net->Wout[(size_t)k * (size_t)n + (size_t)l],
                        ref_sparse(c, &z_sens(s, t, l)[p]));
        ref_addmul(c, g, ref_sparse(c, ref_at2(s->v->tr->err, net->n_out, t, k)), Y);
    }
    for (int l = 0; reg && l < n; l++) ref_addmul(c, g, &reg[l], ref_sparse(c, &z_sens(s, t, l)[p]));
}

static ep_status sens_init(ref_ctx *c, const ref_view *v, const ref_pre *pre, sens *s)
{
    const ref_net *net = v->net;
    size_t n = (size_t)net->n_rec;
    *s = (sens){.v = v, .pre = pre, .ring = v->delay + 1, .width = net->n_in + net->n_rec + 1};
    s->P = net->n_rec * (net->nc * s->width + EP_N_THETA);
    s->S = ref_vec(c, n * (size_t)s->P * (size_t)net->nh);
    s->z = ref_vec(c, (size_t)s->ring * n * (size_t)s->P);
    s->Y = ref_vec(c, (size_t)net->n_out * (size_t)s->P);
    s->dI = ref_vec(c, REF_NC);
    s->fresh = ref_vec(c, REF_NH);
    return c->status == EP_OK ? ref_jac_init(c, &s->J) : c->status;
}

/* Readout weights forward in time: zbar = kappa zbar + g_out z; dWout = sum_t err zbar. */
static void readout_forward(ref_ctx *c, const ref_view *v, ref_grad *g, ref_num *zbar)
{
    const ref_net *net = v->net;
    int n = net->n_rec;
    for (int j = 0; j <= n; j++) {
        ref_set(c, zbar, &c->zero);
        for (int t = 1; t <= v->tr->T; t++) {
            ref_mul(c, zbar, zbar, net->kappa);
            ref_addmul(c, zbar, net->g_out, j < n ? ref_sparse(c, ref_at2(v->tr->z, n, t, j)) : c->unit);
            for (int k = 0; k < net->n_out; k++) {
                ref_num *to = j < n ? &g->g[EP_G_WOUT][(size_t)k * (size_t)n + (size_t)j] : &g->g[EP_G_BOUT][k];
                ref_addmul(c, to, ref_sparse(c, ref_at2(v->tr->err, net->n_out, t, k)), zbar);
            }
        }
    }
}

ep_status ref_grad_rtrl(ref_ctx *c, const ref_view *v, const ref_num *reg, ref_grad *g)
{
    sens s;
    ref_pre pre;
    if (v->net->n_rec > MOST_REC) return EP_NOTIMPL;
    ep_status st = ref_pre_build(c, v, &pre);
    if (st == EP_OK) st = sens_init(c, v, &pre, &s);
    if (st != EP_OK) return st;
    for (int t = 1; t <= v->tr->T; t++) {
        for (int l = 0; l < v->net->n_rec; l++) {
            v->jac(v, c, t, l, &s.J);
            for (int p = 0; p < s.P; p++) {
                if (!target(&s, g, p)) continue;
                drive(c, &s, t, l, p);
                update(c, &s, t, l, p);
            }
        }
        for (int p = 0; p < s.P; p++) {
            ref_num *to = target(&s, g, p);
            if (to) harvest(c, &s, reg, t, p, to);
        }
    }
    readout_forward(c, v, g, s.fresh);
    return c->status;
}
