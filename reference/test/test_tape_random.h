/* Small random networks, trials and recorded runs for the tape's tests.
 * SPDX-License-Identifier: MIT */
#ifndef TEST_TAPE_RANDOM_H
#define TEST_TAPE_RANDOM_H

#include "test_tape_brute.h"

static inline uint64_t bf_draw(bf_case *f, uint64_t below)
{
    return ep_rng_u64(f->seed, 77, f->drawn++) % below;
}

/* k numbers: dyadic in [lo, hi] with steps of 1/16, or free symbols. */
static inline ref_num *bf_numbers(bf_case *f, size_t k, double lo, double hi)
{
    ref_num *r = ref_vec(&f->c, k);
    for (size_t i = 0; i < k; i++) {
        if (f->c.ar->symbolic) ref_draw(&f->c, &r[i]);
        else ref_set_d(&f->c, &r[i], lo + (double)bf_draw(f, (uint64_t)((hi - lo) * 16) + 1) / 16);
    }
    return r;
}
static inline double *bf_doubles(bf_case *f, int k, double lo, double hi, uint64_t zero_of_3)
{
    double *r = ref_bytes(&f->c, (size_t)k * sizeof *r);
    for (int i = 0; i < k; i++)
        r[i] = bf_draw(f, 3) < zero_of_3 ? 0 : lo + (double)bf_draw(f, (uint64_t)((hi - lo) * 16) + 1) / 16;
    return r;
}
static inline ref_num *bf_gains(bf_case *f, ep_gain kind, const ref_num *decay)
{
    ref_num *r = bf_numbers(f, (size_t)f->net.n_rec, 0.5, 1.5);
    for (int j = 0; j < f->net.n_rec && !f->c.ar->symbolic; j++) {
        if (kind == EP_GAIN_ONE) ref_set_d(&f->c, &r[j], 1);
        if (kind == EP_GAIN_COMPLEMENT && decay) ref_sub(&f->c, &r[j], &f->c.one, &decay[j]);
    }
    return r;
}

static inline void bf_options(bf_case *f, ep_options *o, bool transcendental)
{
    o->g_in = (ep_gain)bf_draw(f, 3);
    o->g_a = (ep_gain)bf_draw(f, 3);
    o->gain_differentiated = bf_draw(f, 2);
    o->psi_width = (ep_psi_width)bf_draw(f, 2);
    o->dz_da = (ep_dz_da)bf_draw(f, 2);
    o->psi_scale = (ep_psi_scale)bf_draw(f, 2);
    o->psi_shape = (ep_psi_shape)bf_draw(f, transcendental ? 4 : 2);
    o->spike_test = (ep_spike_test)bf_draw(f, 2);
    o->spike_from = (ep_spike_from)bf_draw(f, 2);
    o->reset = (ep_reset)bf_draw(f, 3);
    o->adapt_source = (ep_adapt_source)bf_draw(f, 3);
    o->psi_refractory = (ep_psi_refractory)bf_draw(f, 2);
    o->reset_path = (ep_reset_path)bf_draw(f, 3);
    o->loss_norm = (ep_loss_norm)bf_draw(f, 4);
    o->phi = (ep_phi)bf_draw(f, 2);
    o->delay = 1 + (int)bf_draw(f, 3);
}

static inline void bf_network(bf_case *f)
{
    ref_net *n = &f->net;
    size_t N = (size_t)n->n_rec, in = (size_t)n->n_in, out = (size_t)n->n_out, ch = n->model == EP_LSTM ? 4 : 1;
    bool adaptive = n->model == EP_ALIF || n->model == EP_LSNN;
    n->nc = (int)ch;
    n->nq = 5;
    n->Win = bf_numbers(f, ch * N * in, -0.5, 1);
    n->Wrec = bf_numbers(f, ch * N * N, -1, 1);
    for (size_t j = 0; n->model != EP_LSTM && j < N; j++) ref_set(&f->c, &n->Wrec[j * N + j], &f->c.zero);
    n->b = bf_numbers(f, ch * N, -0.25, 0.25);
    n->Wout = bf_numbers(f, out * N, -1, 1);
    n->bout = bf_numbers(f, out, -1, 1);
    if (n->model != EP_LSTM) n->theta[EP_ALPHA] = bf_numbers(f, N, 0.5, 0.9375);
    if (adaptive) n->theta[EP_RHO] = bf_numbers(f, N, 0.75, 0.9375);
    if (adaptive) n->theta[EP_BETA] = bf_numbers(f, N, 0.25, 0.5);
    if (n->model == EP_LSNN) ref_set(&f->c, &n->theta[EP_BETA][0], &f->c.zero);
    if (n->model == EP_SYNAPTIC) n->theta[EP_ALPHA_S] = bf_numbers(f, N, 0.25, 0.5);
    n->g_in = bf_gains(f, n->opt.g_in, n->theta[n->model == EP_SYNAPTIC ? EP_ALPHA_S : EP_ALPHA]);
    n->g_a = bf_gains(f, n->opt.g_a, n->theta[EP_RHO]);
    n->g_out = bf_numbers(f, 1, 0.5, 1);
    n->kappa = bf_numbers(f, 1, 0.5, 0.875);
    n->v_th = bf_numbers(f, 1, 0.5, 0.75);
    n->psi_scale = bf_numbers(f, 1, 0.25, 0.5);
    n->b_forget = bf_numbers(f, 1, 1, 1);
    n->n_ref = (int)bf_draw(f, 5);
}

static inline void bf_trials(bf_case *f, int T, int B)
{
    f->bt = (ep_batch){.T = T, .B = B, .c_reg = 2.5, .f_target = 0.125};
    f->bt.x = bf_doubles(f, B * T * f->net.n_in, 0.25, 1, 1);
    f->bt.target = bf_doubles(f, B * T * f->net.n_out, 0, 1, 0);
    f->bt.mask = bf_draw(f, 2) ? bf_doubles(f, B * T, 0.5, 1, 1) : NULL;
}

/* A recorded run of arbitrary numbers. */
static inline void bf_recorded(bf_case *f)
{
    ref_net *n = &f->net;
    size_t rows = (size_t)f->bt.T + 2, N = (size_t)n->n_rec;
    f->run = (ref_run){.net = n, .B = f->bt.B, .T = f->bt.T, .tr = f->tr, .reg = bf_numbers(f, N, -1, 1)};
    for (int b = 0; b < f->bt.B; b++) {
        f->tr[b] = (ref_traj){.T = f->bt.T, .n_in = n->n_in, .n_rec = n->n_rec, .n_out = n->n_out, .nc = n->nc, .nq = n->nq};
        f->tr[b].x = bf_numbers(f, rows * (size_t)n->n_in, 0, 1);
        f->tr[b].z = bf_numbers(f, rows * N, 0, 1);
        f->tr[b].q = bf_numbers(f, rows * N * (size_t)n->nq, -0.5, 0.5);
        f->tr[b].err = bf_numbers(f, rows * (size_t)n->n_out, -1, 1);
    }
}

static inline ep_status bf_init(bf_case *f, const ref_arith *ar, long prec, uint64_t seed, ep_model model)
{
    memset(f, 0, sizeof *f);
    f->seed = seed;
    ep_status st = ref_ctx_init(&f->c, ar, prec);
    if (st != EP_OK) return st;
    f->c.seed = seed;
    f->net.model = model;
    f->net.n_in = 2;
    f->net.n_rec = 3;
    f->net.n_out = 2;
    bf_options(f, &f->net.opt, ar->exp && !ar->symbolic);
    bf_network(f);
    bf_trials(f, 9, 2);
    return f->c.status;
}

/* Room for the gradient of every group the model has. */
static inline void bf_gradient_room(bf_case *f)
{
    const ref_net *n = &f->net;
    size_t N = (size_t)n->n_rec, ch = (size_t)n->nc;
    size_t size[EP_N_GROUP] = {ch * N * (size_t)n->n_in, ch * N * N, ch * N, (size_t)n->n_out * N, (size_t)n->n_out};
    for (int p = 0; p < EP_N_THETA; p++) size[EP_G_THETA + p] = n->theta[p] ? N : 0;
    for (int g = 0; g < EP_N_GROUP; g++) {
        f->g.n[g] = size[g];
        f->g.g[g] = size[g] ? ref_vec(&f->c, size[g]) : NULL;
    }
}

#endif
