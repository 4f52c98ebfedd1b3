/* Brute force for the tape's tests: dE/dp of one parameter p at a time by a forward simulation on dual numbers.
 * SPDX-License-Identifier: MIT */
#ifndef TEST_TAPE_BRUTE_H
#define TEST_TAPE_BRUTE_H

#include <string.h>

#include "tape.h"
#include "test_tape_dual.h"

enum { BF_T = 16, BF_B = 2, BF_N = 4 };

typedef struct bf_case {
    ref_ctx c;
    ref_net net;
    ep_batch bt;
    ref_tape_args args;
    bool given;            /* activations are those of run */
    ref_run run;
    ref_traj tr[BF_B];
    ref_grad g;
    uint64_t seed, drawn;
    int spikes, suppressed; /* of the last simulation */
    bool fired[BF_B][BF_T + 1][BF_N];
} bf_case;

typedef struct bf_sim {
    ref_ctx *c;
    bf_case *f;
    ep_group group; /* EP_N_GROUP: none */
    size_t index;
    int b;
    dual v[BF_N], a[BF_N], s[BF_N], zu[BF_N];
    dual z[BF_T + 1][BF_N], seen[BF_T + 1][BF_N], y[BF_T + 1][BF_N], y_prev[BF_N];
    int wait[BF_N];
} bf_sim;

static inline dual bf_par(bf_sim *m, ep_group g, const ref_num *base, size_t k)
{
    dual r = base ? du_const(m->c, &base[k]) : du_new(m->c);
    if (m->group == g && m->index == k) ref_set_d(m->c, r.d, 1);
    return r;
}
static inline dual bf_theta(bf_sim *m, ep_theta p, int j)
{
    return bf_par(m, (ep_group)(EP_G_THETA + (int)p), m->f->net.theta[p], (size_t)j);
}
static inline dual bf_gain(bf_sim *m, const ref_num *base, bool complement, ep_theta p, int j)
{
    dual r = du_const(m->c, &base[j]);
    if (complement && m->f->net.opt.gain_differentiated) ref_sub(m->c, r.d, r.d, bf_theta(m, p, j).d);
    return r;
}

static inline dual bf_input(bf_sim *m, int t, int i)
{
    bf_case *f = m->f;
    if (f->c.ar->symbolic) return du_const(m->c, &f->tr[m->b].x[t * f->net.n_in + i]);
    return du_int(m->c, f->bt.x[(m->b * f->bt.T + t - 1) * f->net.n_in + i]);
}

static inline dual bf_current(bf_sim *m, int t, int ch, int j)
{
    ref_ctx *c = m->c;
    const ref_net *net = &m->f->net;
    int N = net->n_rec;
    dual I = bf_par(m, EP_G_BIAS, net->b, (size_t)(ch * N + j));
    for (int i = 0; i < net->n_in; i++)
        I = du_add(c, I, du_mul(c, bf_par(m, EP_G_WIN, net->Win, (size_t)((ch * N + j) * net->n_in + i)), bf_input(m, t, i)));
    if (t - net->opt.delay < 1) return I;
    for (int i = 0; i < N; i++) {
        if (i == j && net->model != EP_LSTM) continue;
        dual z = m->seen[t - net->opt.delay][i];
        if (m->f->args.flags & REF_TAPE_CUT) z = du_stop(c, z);
        I = du_add(c, I, du_mul(c, bf_par(m, EP_G_WREC, net->Wrec, (size_t)((ch * N + j) * N + i)), z));
    }
    return I;
}

/* psi of v against the threshold A, without refractoriness. */
static inline dual bf_psi(bf_sim *m, dual v, dual A)
{
    ref_ctx *c = m->c;
    const ref_net *net = &m->f->net;
    const ep_options *o = &net->opt;
    dual v_th = du_const(c, net->v_th), one = du_int(c, 1), s = du_const(c, net->psi_scale);
    dual width = o->psi_width == EP_WIDTH_A ? du_stop(c, A) : v_th;
    if (o->psi_width == EP_WIDTH_A && o->psi_scale == EP_SCALE_GAMMA_VTH) s = du_div(c, du_mul(c, s, v_th), du_stop(c, A));
    dual u = du_div(c, du_sub(c, du_stop(c, v), du_stop(c, A)), width), e = du_new(c);
    if (c->ar->sign(u.v) == REF_NEG) u = du_sub(c, du_new(c), u);
    switch (o->psi_shape) {
    case EP_TRIANGLE:
        e = du_sub(c, one, u);
        return c->ar->sign(e.v) == REF_POS ? du_mul(c, s, e) : du_new(c);
    case EP_FAST_SIGMOID:
        e = du_add(c, one, u);
        return du_div(c, s, du_mul(c, e, e));
    case EP_EXPONENTIAL:
        c->ar->exp(c, e.v, u.v);
        return du_div(c, s, e);
    case EP_ARCTAN:
        c->ar->pi(c, e.v);
        e = du_mul(c, e, u);
        return du_div(c, s, du_add(c, one, du_mul(c, e, e)));
    }
    return e;
}

static inline dual bf_spike(bf_sim *m, int t, int j, dual v, dual A)
{
    ref_ctx *c = m->c;
    bf_case *f = m->f;
    const ep_options *o = &f->net.opt;
    size_t at = (size_t)(t * f->net.n_rec + j);
    dual z, zu, dv, dA, minus = du_int(c, -1);
    if (f->given) {
        const ref_num *q = f->tr[m->b].q + at * (size_t)f->net.nq;
        z = du_const(c, &f->tr[m->b].z[at]);
        zu = du_const(c, &q[4]);
        ref_set(c, z.d, du_add(c, du_mul(c, du_const(c, &q[0]), v), du_mul(c, du_const(c, &q[1]), A)).d);
        ref_set(c, zu.d, du_add(c, du_mul(c, du_const(c, &q[2]), v), du_mul(c, du_const(c, &q[3]), A)).d);
        m->zu[j] = zu;
        return z;
    }
    int sign = c->ar->sign(du_sub(c, v, A).v);
    bool over = o->spike_test == EP_TEST_GE ? sign != REF_NEG : sign == REF_POS;
    dv = bf_psi(m, v, A);
    dA = du_mul(c, minus, dv);
    if (o->dz_da == EP_DZDA_AUTOGRAD) dA = du_div(c, du_mul(c, dA, du_stop(c, v)), du_stop(c, A));
    zu = du_int(c, over);
    ref_set(c, zu.d, du_add(c, du_mul(c, dv, v), du_mul(c, dA, A)).d);
    m->zu[j] = zu;
    if (m->wait[j] > 0) {
        m->wait[j]--;
        f->suppressed += over;
        z = du_new(c);
        if (o->psi_refractory == EP_PSI_UNMASKED) ref_set(c, z.d, zu.d);
        return z;
    }
    if (over) m->wait[j] = f->net.n_ref - 1;
    f->spikes += over;
    f->fired[m->b][t][j] = over;
    return zu;
}

static inline dual bf_spiking(bf_sim *m, int t, int j)
{
    ref_ctx *c = m->c;
    const ref_net *net = &m->f->net;
    const ep_options *o = &net->opt;
    dual v_th = du_const(c, net->v_th), alpha = bf_theta(m, EP_ALPHA, j), A = v_th;
    dual z1 = m->seen[t - 1][j], zr = z1, v1 = m->v[j], drive = bf_current(m, t, 0, j);
    if (o->reset_path == EP_RESET_DETACHED) zr = du_stop(c, zr);
    if (o->reset_path == EP_RESET_TRANSMITTED && (m->f->args.flags & REF_TAPE_CUT)) zr = du_stop(c, zr);
    if (net->theta[EP_BETA]) {
        dual rho = bf_theta(m, EP_RHO, j), ga = bf_gain(m, net->g_a, o->g_a == EP_GAIN_COMPLEMENT, EP_RHO, j);
        dual jump = du_mul(c, ga, o->adapt_source == EP_ADAPT_Z_UNMASKED ? m->zu[j] : z1);
        if (o->adapt_source == EP_ADAPT_RHO_SUM) jump = du_mul(c, rho, jump);
        m->a[j] = du_add(c, du_mul(c, rho, m->a[j]), jump);
        A = du_add(c, v_th, du_mul(c, bf_theta(m, EP_BETA, j), m->a[j]));
    }
    ep_theta leak_in = net->model == EP_SYNAPTIC ? EP_ALPHA_S : EP_ALPHA;
    drive = du_mul(c, bf_gain(m, net->g_in, o->g_in == EP_GAIN_COMPLEMENT, leak_in, j), drive);
    if (net->model == EP_SYNAPTIC) drive = m->s[j] = du_add(c, du_mul(c, bf_theta(m, EP_ALPHA_S, j), m->s[j]), drive);
    dual drop = du_mul(c, o->reset == EP_RESET_A_NEXT ? A : v_th, zr);
    if (o->reset == EP_RESET_VTH_SAME) drop = du_mul(c, alpha, drop);
    m->v[j] = du_sub(c, du_add(c, du_mul(c, alpha, v1), drive), drop);
    bool late = o->spike_from == EP_FROM_OLD_V && net->model != EP_SYNAPTIC;
    return bf_spike(m, t, j, late ? v1 : m->v[j], A);
}

static inline dual bf_neuron(bf_sim *m, int t, int j)
{
    ref_ctx *c = m->c;
    bf_case *f = m->f;
    const ref_net *net = &f->net;
    size_t at = (size_t)(t * net->n_rec + j);
    const ref_num *q = f->given ? f->tr[m->b].q + at * (size_t)net->nq : NULL;
    if (net->model == EP_RATE) {
        m->v[j] = du_add(c, du_mul(c, bf_theta(m, EP_ALPHA, j), m->v[j]), bf_current(m, t, 0, j));
        return du_tanh(c, m->v[j], f->given ? &f->tr[m->b].z[at] : NULL);
    }
    if (net->model != EP_LSTM) return bf_spiking(m, t, j);
    dual gi = du_sigmoid(c, bf_current(m, t, 0, j), q ? q : NULL);
    dual gf = du_sigmoid(c, du_add(c, bf_current(m, t, 1, j), du_const(c, net->b_forget)), q ? q + 1 : NULL);
    dual gg = du_tanh(c, bf_current(m, t, 2, j), q ? q + 2 : NULL);
    dual go = du_sigmoid(c, bf_current(m, t, 3, j), q ? q + 3 : NULL);
    m->v[j] = du_add(c, du_mul(c, gf, m->v[j]), du_mul(c, gi, gg));
    return du_mul(c, go, net->opt.phi == EP_PHI_IDENTITY ? m->v[j] : du_tanh(c, m->v[j], q ? q + 4 : NULL));
}

static inline void bf_window(bf_sim *m, int t)
{
    for (int j = 0; j < m->f->net.n_rec; j++) {
        m->v[j] = du_stop(m->c, m->v[j]);
        m->a[j] = du_stop(m->c, m->a[j]);
        m->s[j] = du_stop(m->c, m->s[j]);
        m->zu[j] = du_stop(m->c, m->zu[j]);
        for (int r = 0; r < t; r++) m->seen[r][j] = du_stop(m->c, m->seen[r][j]);
    }
    for (int k = 0; k < m->f->net.n_out; k++) m->y_prev[k] = du_stop(m->c, m->y_prev[k]);
}

static inline void bf_trial(bf_sim *m)
{
    ref_ctx *c = m->c;
    const ref_net *net = &m->f->net;
    int N = net->n_rec;
    for (int j = 0; j < BF_N; j++) {
        m->v[j] = m->a[j] = m->s[j] = m->zu[j] = m->seen[0][j] = m->y_prev[j] = du_new(c);
        m->wait[j] = 0;
    }
    for (int t = 1; t <= m->f->bt.T; t++) {
        if (m->f->args.window && (t - 1) % m->f->args.window == 0) bf_window(m, t);
        for (int j = 0; j < N; j++) m->z[t][j] = m->seen[t][j] = bf_neuron(m, t, j);
        for (int k = 0; k < net->n_out; k++) {
            dual in = bf_par(m, EP_G_BOUT, net->bout, (size_t)k);
            for (int j = 0; j < N; j++)
                in = du_add(c, in, du_mul(c, bf_par(m, EP_G_WOUT, net->Wout, (size_t)(k * N + j)), m->z[t][j]));
            m->y[t][k] = m->y_prev[k] = du_add(c, du_mul(c, du_const(c, net->kappa), m->y_prev[k]),
                                              du_mul(c, du_const(c, net->g_out), in));
        }
    }
}

/* sum_k of one step's loss. */
static inline dual bf_step_loss(bf_sim *m, int t)
{
    ref_ctx *c = m->c;
    bf_case *f = m->f;
    int K = f->net.n_out;
    const double *want = f->bt.target + (m->b * f->bt.T + t - 1) * K;
    dual E = du_new(c), total = du_new(c);
    if (f->bt.loss == EP_REGRESSION) {
        for (int k = 0; k < K; k++) {
            dual e = du_sub(c, m->y[t][k], du_int(c, want[k]));
            E = du_add(c, E, du_mul(c, du_int(c, 0.5), du_mul(c, e, e)));
        }
        return E;
    }
    dual p[BF_N];
    for (int k = 0; k < K; k++) {
        dual e = du_new(c);
        c->ar->exp(c, e.v, m->y[t][k].v);
        p[k] = du_chain(c, e.v, e.v, m->y[t][k]);
        total = du_add(c, total, p[k]);
    }
    for (int k = 0; k < K; k++) {
        dual s = du_div(c, p[k], total), l = du_new(c);
        c->ar->log(c, l.v, s.v);
        ref_div(c, l.d, s.d, s.v);
        E = du_sub(c, E, du_mul(c, du_int(c, want[k]), l));
    }
    return E;
}

static inline dual bf_trial_loss(bf_sim *m)
{
    ref_ctx *c = m->c;
    bf_case *f = m->f;
    dual E = du_new(c);
    int steps = 0;
    for (int t = 1; t <= f->bt.T; t++) {
        double w = f->bt.mask ? f->bt.mask[m->b * f->bt.T + t - 1] : 1;
        if (f->c.ar->symbolic) {
            for (int k = 0; k < f->net.n_out; k++)
                E = du_add(c, E, du_mul(c, du_const(c, &f->tr[m->b].err[t * f->net.n_out + k]), m->y[t][k]));
            continue;
        }
        steps += w > 0;
        E = du_add(c, E, du_mul(c, du_int(c, w), bf_step_loss(m, t)));
    }
    if (f->c.ar->symbolic) return E;
    ep_loss_norm n = f->net.opt.loss_norm;
    if ((n == EP_NORM_STEPS || n == EP_NORM_BOTH) && steps) E = du_div(c, E, du_int(c, steps));
    if (n == EP_NORM_BATCH || n == EP_NORM_BOTH) E = du_div(c, E, du_int(c, f->bt.B));
    return E;
}

/* E and dE/dp, p = entry `index` of `group`, written to E and dE (numbers of f->c). */
static inline void bf_simulate(bf_case *f, ep_group group, size_t index, ref_num *E, ref_num *dE)
{
    ref_ctx own, *c = &own;
    if (ref_ctx_fork(c, &f->c) != EP_OK) return;
    bf_sim sim, *m = &sim;
    *m = (bf_sim){.c = c, .f = f, .group = group, .index = index};
    f->spikes = f->suppressed = 0;
    memset(f->fired, 0, sizeof f->fired);
    bool reg = !(f->args.flags & REF_TAPE_NO_REG);
    dual sum = du_new(c), fbar[BF_N], TB = du_int(c, f->bt.T * f->bt.B);
    for (int j = 0; j < BF_N; j++) fbar[j] = du_new(c);
    for (m->b = 0; m->b < f->bt.B; m->b++) {
        bf_trial(m);
        sum = du_add(c, sum, bf_trial_loss(m));
        for (int t = 1; t <= f->bt.T; t++)
            for (int j = 0; j < f->net.n_rec; j++) fbar[j] = du_add(c, fbar[j], m->z[t][j]);
    }
    for (int j = 0; reg && j < f->net.n_rec; j++) {
        if (f->c.ar->symbolic) {
            sum = du_add(c, sum, du_mul(c, du_const(c, &f->run.reg[j]), fbar[j]));
            continue;
        }
        dual off = du_sub(c, du_div(c, fbar[j], TB), du_int(c, f->bt.f_target));
        sum = du_add(c, sum, du_mul(c, du_int(c, f->bt.c_reg / 2), du_mul(c, off, off)));
    }
    ref_set(&f->c, E, sum.v);
    ref_set(&f->c, dE, sum.d);
    ref_ctx_clear(c);
}

#endif
