/* vectors_expect.c: what a case must compute: proved values, and how far rounding alone can lead.
 *
 * Two passes over the same algorithms: intervals give the value, the running arithmetic gives mag.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "expect.h"
#include "trunc.h"

enum { BITS = 256, MORE_BITS = 512, N_ROW = VFY_Q_EBAR - VFY_Q_EPS_S + 1 };

/* One pass: everything that was computed, in one arithmetic. */
typedef struct pass {
    ref_ctx c;
    ref_net net;
    ref_run run;
    ref_grad g;
    ref_num **L;            /* [B] -> [T+2][n_rec], or NULL */
    ref_num *row[N_ROW];    /* traces [B][T][n_rec][M] */
} pass;

/* Where a watched trace goes. */
typedef struct watched {
    const vfy_epv_case *k;
    pass *p;
    int b, columns;
} watched;

/* ---- the running arithmetic with underflow: below the normal range a product or a quotient is off by up to half of the
 * smallest subnormal, 2^-150 = u 2^-126 (2^-1075 = u 2^-1022) ---------------------------------------------------------- */

static void underflow(ref_num *r, double normal)
{
    if (!mpfr_zero_p(r->e.r) && fabs(mpfr_get_d(r->e.r, MPFR_RNDZ)) < normal) r->e.mag += normal;
}

static void mul32(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { ref_arith_running()->mul(c, r, a, b); underflow(r, 0x1p-126); }
static void div32(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { ref_arith_running()->div(c, r, a, b); underflow(r, 0x1p-126); }
static void mul64(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { ref_arith_running()->mul(c, r, a, b); underflow(r, 0x1p-1022); }
static void div64(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { ref_arith_running()->div(c, r, a, b); underflow(r, 0x1p-1022); }

/* The running bound takes functions as correctly rounded (u |r|). Those of C libraries are not: exp and log are off by up
 * to 1 ulp (2 u), tanh by up to 3 ulp (6 u); a sigmoid is an exp, a sum and a division (4 u). */
static void widen(ref_num *r, double more) { r->e.mag += more * fabs(mpfr_get_d(r->e.r, MPFR_RNDA)); }
static void libm_exp(ref_ctx *c, ref_num *r, const ref_num *a) { ref_arith_running()->exp(c, r, a); widen(r, 1); }
static void libm_log(ref_ctx *c, ref_num *r, const ref_num *a) { ref_arith_running()->log(c, r, a); widen(r, 1); }
static void libm_tanh(ref_ctx *c, ref_num *r, const ref_num *a) { ref_arith_running()->tanh(c, r, a); widen(r, 5); }
static void libm_sigmoid(ref_ctx *c, ref_num *r, const ref_num *a) { ref_arith_running()->sigmoid(c, r, a); widen(r, 3); }

ref_arith vfy_running_in(vfy_format f)
{
    ref_arith ar = *ref_arith_running();
    ar.exp = libm_exp;
    ar.log = libm_log;
    ar.tanh = libm_tanh;
    ar.sigmoid = libm_sigmoid;
    ar.mul = f == VFY_F32 ? mul32 : mul64;
    ar.div = f == VFY_F32 ? div32 : div64;
    return ar;
}

static uint64_t bit(int q) { return UINT64_C(1) << q; }

uint64_t vfy_rule_quantities(ep_rule r, ep_model m)
{
    bool eprop1 = r == EP_EPROP1_SYMMETRIC || r == EP_EPROP1_RANDOM || r == EP_EPROP1_ADAPTIVE || r == EP_EPROP1_GLOBAL;
    uint64_t mask = 0;
    for (int q = 0; q < VFY_N_QUANTITY; q++) {
        bool row = q >= VFY_Q_EPS_S && q <= VFY_Q_EBAR;
        if (!vfy_quantity_of_model((vfy_quantity)q, m) || (row && !eprop1) || vfy_quantity_of_chain((vfy_quantity)q)) continue;
        if (q == VFY_Q_L && !eprop1 && r != EP_BPTT) continue;
        mask |= bit(q);
    }
    return mask;
}

int vfy_trace_column(const vfy_epv_case *k, int col)
{
    int width = ep_model_channels(k->net.model) * (k->net.n_in + k->net.n_rec + 1), at = width;
    if (col < width) return col;
    if (!ep_model_has(k->net.model, (ep_theta)(col - width))) return -1;
    for (int p = 0; p < col - width; p++) at += ep_model_has(k->net.model, (ep_theta)p);
    return at;
}

/* Row of a component's eligibility vector, in the order of the quantities from VFY_Q_EPS_S; -1 if the format has none. */
static int row_of(const char *component)
{
    static const char *const names[] = {"s", "v", "a", "c"};
    for (int i = 0; i < 4; i++)
        if (!strcmp(component, names[i])) return i;
    return -1;
}

/* Component h by name; LIF has no a, so its last v stands where a would. */
static const char *component_name(const ref_net *net, int h)
{
    return net->model == EP_LIF && h > 0 ? "v_old" : net->cell->hidden[h];
}

int vfy_component_row(const ref_net *net, int h) { return row_of(component_name(net, h)); }

static void see(void *user, ref_ctx *c, int t, int j, int col, const ref_num *eps, const ref_num *e, const ref_num *ebar)
{
    const watched *w = user;
    int m = vfy_trace_column(w->k, col);
    if (m < 0) return;
    size_t N = (size_t)w->k->net.n_rec, T = (size_t)w->k->batch.T;
    size_t at = ((((size_t)w->b * T + (size_t)(t - 1)) * N + (size_t)j) * (size_t)w->columns) + (size_t)m;
    for (int h = 0; h < w->p->net.nh; h++) {
        int row = vfy_component_row(&w->p->net, h);
        if (row >= 0) ref_set(c, &w->p->row[row][at], &eps[h]);
    }
    ref_set(c, &w->p->row[VFY_Q_E - VFY_Q_EPS_S][at], e);
    if (ebar) ref_set(c, &w->p->row[VFY_Q_EBAR - VFY_Q_EPS_S][at], ebar);
}

static ep_status signals(const vfy_epv_case *k, uint64_t mask, int b, pass *p)
{
    ref_view v = ref_view_plain(&p->net, &p->run.tr[b]);
    ref_adjoint adj = {.every_L = true};
    size_t n = ((size_t)p->run.T + 2) * (size_t)p->net.n_rec;
    ep_status st = EP_OK;
    if (!(mask & (bit(VFY_Q_L) | bit(VFY_Q_E))) && !k->given[2]) return EP_OK;
    if (k->rule == EP_BPTT) {
        st = ref_adjoint_run(&p->c, &v, p->run.reg, NULL, &adj);
        p->L[b] = adj.L;
        return st;
    }
    p->L[b] = ref_vec(&p->c, n);
    if (!p->L[b]) return p->c.status;
    ref_signal_feedback(&p->c, &v, k->rule == EP_EPROP1_SYMMETRIC ? NULL : p->net.B, p->L[b]);
    size_t trial = (size_t)p->run.T * (size_t)p->net.n_rec;
    for (size_t i = 0; k->given[2] && i < trial; i++) /* L in the place of the one computed */
        ref_set_d(&p->c, &p->L[b][(size_t)p->net.n_rec + i], k->given[2][(size_t)b * trial + i]);
    if (!(mask & bit(VFY_Q_E)) && !k->given[2]) return p->c.status;
    ref_grad spare;
    watched w = {k, p, b, vfy_trace_columns(&k->net)};
    ref_trace_watch watch = {mask & bit(VFY_Q_E) ? see : NULL, &w};
    ref_signal s = {.L_ebar = p->L[b], .late = p->net.opt.delay_L, .reg = k->given[2] ? p->run.reg : NULL};
    st = ref_grad_init(&p->c, &p->net, &spare);
    if (st == EP_OK) st = ref_grad_traces(&p->c, &v, &s, k->given[2] ? &p->g : &spare, &watch, 1);
    ref_num *dy = k->given[2] ? ref_vec(&p->c, ((size_t)p->run.T + 2) * (size_t)p->net.n_out) : NULL;
    if (st != EP_OK || !dy) return st != EP_OK ? st : p->c.status;
    ref_readout_adjoint(&p->c, &v, dy);
    ref_grad_readout(&p->c, &v, dy, &p->g);
    return p->c.status;
}

static ep_status pass_open(const vfy_epv_case *k, uint64_t mask, const ref_arith *ar, long bits, pass *p)
{
    memset(p, 0, sizeof *p);
    ep_status st = ref_ctx_init(&p->c, ar, bits);
    if (st != EP_OK) return st;
    ref_rule_args a = {.rule = k->rule, .window = k->window ? k->window : 1, .seed = (ref_seed)k->seed, .reg_off = k->reg_off,
                       .threads = 1};
    st = ref_net_load(&p->c, &k->net, &p->net);
    p->net.z_given = k->given[0];
    p->net.psi_given = k->given[1];
    if (st == EP_OK) st = ref_run_batch_exact(&p->c, &p->net, &k->net, &k->batch, &p->run, NULL);
    if (st == EP_OK) st = ref_grad_init(&p->c, &p->net, &p->g);
    if (st == EP_OK && mask >> VFY_Q_GRAD && !k->given[2]) st = ref_gradient(&p->c, &p->run, &a, &p->g);
    p->L = ref_bytes(&p->c, (size_t)k->batch.B * sizeof *p->L);
    for (int q = VFY_Q_EPS_S; q <= VFY_Q_EBAR; q++) {
        vfy_shape s = vfy_quantity_shape((vfy_quantity)q, &k->net, k->batch.T, k->batch.B, k->updates);
        if (mask & bit(VFY_Q_E)) p->row[q - VFY_Q_EPS_S] = ref_vec(&p->c, vfy_shape_size(&s));
    }
    if (st == EP_OK) st = p->c.status;
    for (int b = 0; st == EP_OK && b < k->batch.B; b++) st = signals(k, mask, b, p);
    if (st != EP_OK) ref_ctx_clear(&p->c);
    return st;
}

int vfy_component_of(const ref_net *net, const char *name)
{
    for (int h = 0; h < net->nh; h++)
        if (!strcmp(component_name(net, h), name)) return h;
    return -1;
}

static const char *state_name(int q) { return q == VFY_Q_S ? "s" : q == VFY_Q_V ? "v" : q == VFY_Q_A ? "a" : "c"; }

/* The number of quantity q at `at`; NULL where the pass does not have it. r is an integer and not here. */
static const ref_num *number(const vfy_epv_case *k, const pass *p, int q, size_t at)
{
    size_t T = (size_t)k->batch.T, N = (size_t)k->net.n_rec, K = (size_t)k->net.n_out, nc = (size_t)p->net.nc;
    size_t width = q == VFY_Q_I ? N * nc : q == VFY_Q_Y || q == VFY_Q_ERR ? K : N;
    if (q >= VFY_Q_GRAD) return &p->g.g[q - VFY_Q_GRAD][at];
    if (q == VFY_Q_LOSS) return p->run.E;
    if (q >= VFY_Q_EPS_S && q <= VFY_Q_EBAR) return &p->row[q - VFY_Q_EPS_S][at];
    size_t b = at / (T * width), t = at / width % T + 1, i = at % width;
    const ref_traj *tr = &p->run.tr[b];
    switch (q) {
    case VFY_Q_I: return &tr->I[t * width + i % N * nc + i / N]; /* [c][n_rec] there, [n_rec][c] here */
    case VFY_Q_Z: return &tr->z[t * N + i];
    case VFY_Q_PSI: return &tr->q[(t * N + i) * (size_t)p->net.nq + REF_Q_PSI];
    case VFY_Q_Y: return &tr->y[t * K + i];
    case VFY_Q_ERR: return &tr->err[t * K + i];
    case VFY_Q_L: return &p->L[b][t * N + i];
    default: {
        int h = vfy_component_of(&p->net, state_name(q));
        return h < 0 ? NULL : &tr->h[(t * N + i) * (size_t)p->net.nh + (size_t)h];
    }
    }
}

/* Both ends have one sign and agree to 200 bits, so the truncations of the two differ only because a number of few bits
 * lies between them: the end away from 0 stands for it. */
static mpfr_srcptr stands_for(mpfr_srcptr lo, mpfr_srcptr hi)
{
    mpfr_t width;
    mpfr_init2(width, 64);
    mpfr_sub(width, hi, lo, MPFR_RNDU);
    mpfr_srcptr far = mpfr_sgn(lo) > 0 ? hi : lo;
    bool tight = mpfr_sgn(lo) * mpfr_sgn(hi) > 0 && mpfr_get_exp(width) < mpfr_get_exp(far) - 200;
    mpfr_clear(width);
    return tight ? far : NULL;
}

/* mag rounded up to 20 bits: where it passed through libm its last bits are the machine's, and files are everyone's. */
static double upper(double mag)
{
    int e;
    double m = frexp(mag, &e);
    return ldexp(ceil(ldexp(m, 20)), e - 20);
}

bool vfy_write_down(vfy_format f, const ref_num *in, const ref_num *err, vfy_want *w)
{
    mpfr_srcptr lo = &in->i->left, hi = &in->i->right;
    uint64_t bits_hi;
    unsigned extra_hi;
    w->mag = isfinite(err->e.mag) ? upper(err->e.mag) : err->e.mag;
    if (mpfr_zero_p(lo) && mpfr_zero_p(hi) && w->mag == 0) {
        w->kind = VFY_ZERO;
        return true;
    }
    w->kind = VFY_VALUE;
    if (!isfinite(w->mag) || vfy_trunc12_bits(f, lo, &w->bits, &w->extra) != EP_OK ||
        vfy_trunc12_bits(f, hi, &bits_hi, &extra_hi) != EP_OK) return false;
    if (bits_hi == w->bits && extra_hi == w->extra) return true;
    mpfr_srcptr far = stands_for(lo, hi);
    return far && vfy_trunc12_bits(f, far, &w->bits, &w->extra) == EP_OK;
}

static ep_status add_quantity(vfy_epv_case *k, const pass *in, const pass *err, int q, vfy_certainty *out)
{
    vfy_shape shape = vfy_quantity_shape((vfy_quantity)q, &k->net, k->batch.T, k->batch.B, k->updates);
    size_t n = vfy_shape_size(&shape), T = (size_t)k->batch.T, N = (size_t)k->net.n_rec;
    ep_status st = EP_OK;
    for (size_t at = 0; st == EP_OK && at < n; at++) {
        vfy_want w = {.q = (vfy_quantity)q, .at = at};
        bool ok;
        if (q == VFY_Q_R) {
            w.kind = VFY_VALUE;
            ok = vfy_bits_of(k->format, in->run.tr[at / (T * N)].refr[at % (T * N) + N], &w.bits);
        } else {
            const ref_num *x = number(k, in, q, at), *y = number(k, err, q, at);
            ok = x && y && vfy_write_down(k->format, x, y, &w);
        }
        if (ok) st = vfy_epv_add(k, &w);
        else out->left_out++;
    }
    return st;
}

/* x = v - A of neuron j at step t, and w = the width of psi. */
static void spike_test(ref_ctx *c, const ref_net *net, const ref_traj *tr, int t, int j, ref_num *x, ref_num *w)
{
    const ref_num *h = &tr->h[((size_t)t * (size_t)net->n_rec + (size_t)j) * (size_t)net->nh];
    int old = vfy_component_of(net, "v_old"), a = vfy_component_of(net, "a");
    ref_set(c, w, net->v_th);
    if (a >= 0) ref_addmul(c, w, &net->theta[EP_BETA][j], &h[a]);
    ref_sub(c, x, &h[old >= 0 ? old : vfy_component_of(net, "v")], w);
    if (net->opt.psi_width == EP_WIDTH_VTH) ref_set(c, w, net->v_th);
}

void vfy_certify_step(const vfy_epv_case *k, vfy_side *in, vfy_side *err, int t, vfy_certainty *out)
{
    const double u = k->format == VFY_F32 ? 0x1p-24 : 0x1p-53;
    ref_num *a = in->work, *b = err->work;
    mpfr_t m;
    mpfr_init2(m, 64);
    for (int j = 0; j < k->net.n_rec; j++) {
        spike_test(in->c, in->net, in->tr, t, j, &a[0], &a[1]);
        spike_test(err->c, err->net, err->tr, t, j, &b[0], &b[1]);
        mpfi_mig(m, a[0].i);
        double far = mpfr_get_d(m, MPFR_RNDD);
        out->margin = fmin(out->margin, far);
        if (!k->given[0] && far <= VFY_ROBUST * u * b[0].e.mag) out->robust = false;
        if (b[0].e.mag == 0) continue; /* v = 0: exact in every port */
        err->c->ar->abs(err->c, &b[0], &b[0]);
        ref_div(err->c, &b[0], &b[0], &b[1]);
        ref_sub(err->c, &b[0], &err->c->one, &b[0]);
        double foot = fabs(err->c->ar->to_d(&b[0]));
        if (k->net.opt.psi_shape == EP_TRIANGLE && !k->given[1] && foot <= VFY_ROBUST * u * b[0].e.mag) out->robust = false;
    }
    mpfr_clear(m);
}

/* Margin of every spike test, and its distance from what rounding can do; the foot of a triangular psi counts too. */
static ep_status certify(const vfy_epv_case *k, pass *in, pass *err, vfy_certainty *out)
{
    vfy_side x = {&in->c, &in->net, NULL, ref_vec(&in->c, 2)}, y = {&err->c, &err->net, NULL, ref_vec(&err->c, 2)};
    out->margin = ep_model_spikes(k->net.model) ? (double)INFINITY : 0;
    out->robust = true;
    if (!x.work || !y.work) return EP_NOMEM;
    for (int trial = 0; trial < k->batch.B && ep_model_spikes(k->net.model); trial++) {
        x.tr = &in->run.tr[trial];
        y.tr = &err->run.tr[trial];
        for (int t = 1; t <= k->batch.T; t++) vfy_certify_step(k, &x, &y, t, out);
    }
    return EP_OK;
}

static ep_status expect_at(vfy_epv_case *k, uint64_t mask, long bits, vfy_certainty *out)
{
    pass in, err;
    const ref_arith ar = vfy_running_in(k->format);
    *out = (vfy_certainty){0};
    ep_status st = pass_open(k, mask, ref_arith_mpfi(), bits, &in);
    if (st != EP_OK) return st;
    st = pass_open(k, mask, &ar, bits, &err);
    if (st == EP_OK) {
        st = certify(k, &in, &err, out);
        for (int q = 0; st == EP_OK && q < VFY_N_QUANTITY; q++)
            if (mask & bit(q)) st = add_quantity(k, &in, &err, q, out);
        ref_ctx_clear(&err.c);
    }
    ref_ctx_clear(&in.c);
    return st;
}

ep_status vfy_expect(vfy_epv_case *c, uint64_t mask, vfy_certainty *out)
{
    size_t had = c->n_want;
    if (vfy_format_is_fixed(c->format)) {
        *out = (vfy_certainty){.robust = true};
        return vfy_expect_fixed(c, mask, NULL);
    }
    if (c->updates) return vfy_expect_chain(c, out);
    mask &= vfy_rule_quantities(c->rule, c->net.model);
    if (c->given[0]) mask &= ~bit(VFY_Q_Z);
    if (c->given[1]) mask &= ~bit(VFY_Q_PSI);
    if (c->given[2]) mask &= ~bit(VFY_Q_L);
    ep_status st = expect_at(c, mask, BITS, out);
    if (st == EP_OK && out->left_out) {
        c->n_want = had;
        st = expect_at(c, mask, MORE_BITS, out);
    }
    if (st != EP_OK) return st;
    c->has_margin = ep_model_spikes(c->net.model) && isfinite(out->margin) && !c->given[0];
    c->margin = c->has_margin ? out->margin : 0;
    return EP_OK;
}
