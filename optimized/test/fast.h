/* Random cases for the fast LSNN path, and comparison of engines.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_TEST_FAST_H
#define OPT_TEST_FAST_H

#include <stdio.h>

#include "net.h"

/* A case: network, trials, configuration. */
typedef struct trial_set {
    toy k;
    double *x, *target, *mask;
    opt_config cfg;
    int T, B;
} trial_set;

static inline int draw(uint64_t seed, uint64_t what, int n) { return (int)(ep_rng_u64(seed, 31, what) >> 33) % n; }

static inline void scale_by(toy *k, const double *p, size_t n, double factor)
{
    for (size_t i = 0; p && i < n; i++) k->store[(size_t)(p - k->store) + i] *= factor;
}

static inline double power_of_two_below(double v) { return exp2(floor(log2(v))); }

static inline void draw_trials(trial_set *s, uint64_t seed)
{
    size_t steps = (size_t)s->T * (size_t)s->B, n_x = steps * (size_t)s->k.net.n_in;
    bool real_inputs = draw(seed, 5, 3) == 0;
    s->x = toy_spikes(&s->k, n_x, real_inputs ? 1.1 : draw(seed, 6, 4) == 0 ? 0.8 : 0.15);
    for (size_t i = 0; real_inputs && i < n_x; i++) {
        double u = ep_rng_uniform(seed, 8, i);
        s->x[i] = u < 0.2 ? 0 : nearbyint(64 * (u - 0.3)) / 64;
    }
    s->target = toy_draw(&s->k, steps * (size_t)s->k.net.n_out, 0, 1);
    s->mask = draw(seed, 7, 2) ? toy_draw(&s->k, steps, 0, 1) : NULL;
}

/* Case of a seed: any size, delay, refractoriness, gain, constants, kind of input; every option that the path takes. */
static inline trial_set case_make(uint64_t seed, ep_rule rule)
{
    static const int sizes[] = {1, 2, 3, 7, 15, 16, 17, 31, 33, 64, 65}, outs[] = {1, 2, 5, 16, 17};
    ep_model m = (ep_model)draw(seed, 0, 3);
    int n = sizes[draw(seed, 1, 11)], n_in = sizes[draw(seed, 2, 11)], n_out = outs[draw(seed, 3, 5)];
    trial_set s = {.k = toy_make(m, EP_PAPER2019, n_in, n, n_out, seed), .B = 1 + draw(seed, 4, 5)};
    ep_options *o = &s.k.net.opt;
    if (draw(seed, 9, 8) == 0) s.B = 17;
    s.T = s.B > 5 ? 12 : 1 + draw(seed, 10, 60);
    o->delay = draw(seed, 11, 3) == 0 ? 1 + draw(seed, 12, 70) : 1;
    o->g_in = (ep_gain)draw(seed, 13, 3);
    o->g_a = (ep_gain)draw(seed, 14, 3);
    o->g_out = (ep_gain)draw(seed, 15, 3);
    o->g_in_value = o->g_a_value = o->g_out_value = 0.75;
    o->psi_scale = (ep_psi_scale)draw(seed, 16, 2);
    o->spike_test = (ep_spike_test)draw(seed, 17, 2);
    o->ref_count = (ep_ref_count)draw(seed, 18, 2);
    o->reset = draw(seed, 19, 2) ? EP_RESET_VTH_NEXT : EP_RESET_VTH_SAME;
    o->psi_refractory = (ep_psi_refractory)draw(seed, 20, 2);
    o->reset_path = draw(seed, 21, 2) ? EP_RESET_TRANSMITTED : EP_RESET_DETACHED;
    o->loss_norm = (ep_loss_norm)draw(seed, 22, 4);
    s.k.net.n_ref = draw(seed, 23, 4);
    double gain = o->g_in == EP_GAIN_COMPLEMENT ? 6 : 1;
    scale_by(&s.k, s.k.net.Win, (size_t)(n * n_in), gain * power_of_two_below(2 / sqrt(n_in)));
    scale_by(&s.k, s.k.net.Wrec, (size_t)(n * n), gain * power_of_two_below(1 / sqrt(n)));
    scale_by(&s.k, s.k.net.Wout, (size_t)(n * n_out), power_of_two_below(1 / sqrt(n)));
    if (draw(seed, 24, 2))
        for (int j = 1; j < n; j++) s.k.store[s.k.net.theta[EP_ALPHA] - s.k.store + j] = s.k.net.theta[EP_ALPHA][0];
    draw_trials(&s, seed);
    s.cfg = (opt_config){.rule = rule, .loss = (ep_loss)draw(seed, 25, 2), .B = s.B, .T = s.T, .threads = 1 + draw(seed, 26, 3),
                         .c_reg = draw(seed, 27, 2) ? 0.5 : 0, .f_target = 0.0625, .window = rule == EP_TBPTT ? 7 : 0};
    return s;
}

static inline void draw_options(ep_options *o, uint64_t seed)
{
    o->gain_differentiated = draw(seed, 40, 2);
    o->psi_width = (ep_psi_width)draw(seed, 41, 2);
    o->dz_da = (ep_dz_da)draw(seed, 42, 2);
    o->psi_shape = (ep_psi_shape)draw(seed, 43, 4);
    o->spike_from = (ep_spike_from)draw(seed, 44, 2);
    o->reset = (ep_reset)draw(seed, 45, 3);
    o->adapt_source = (ep_adapt_source)draw(seed, 46, 3);
    o->reset_path = (ep_reset_path)draw(seed, 47, 3);
    o->delay_L = draw(seed, 48, 3) == 0 ? draw(seed, 49, 6) : 0;
    o->g_in = (ep_gain)draw(seed, 13, 3);
    o->g_in_value = 0.75;
    if (draw(seed, 50, 2)) o->delay = 1 + draw(seed, 51, 9);
}

/* A case that the special kernels do not take. */
static inline trial_set general_case(uint64_t seed, ep_rule rule)
{
    trial_set s = case_make(seed, rule);
    if (draw(seed, 52, 4) == 0) {
        free(s.k.store);
        s.k = toy_make(EP_SYNAPTIC, EP_PAPER2019, 5, 1 + draw(seed, 53, 35), 3, seed);
        scale_by(&s.k, s.k.net.Win, 5 * (size_t)s.k.net.n_rec, draw(seed, 13, 3) == EP_GAIN_COMPLEMENT ? 1.5 : 0.25);
        s.T = 1 + draw(seed, 54, 40);
        s.B = 1 + draw(seed, 55, 4);
        draw_trials(&s, seed);
        s.cfg.T = s.T;
        s.cfg.B = s.B;
    }
    draw_options(&s.k.net.opt, seed);
    if (s.k.net.model == EP_LIF) s.k.net.opt.psi_shape = EP_ARCTAN;
    s.cfg.window = rule <= EP_BPTT || rule >= EP_TBPTT ? 1 + draw(seed, 56, 12) : 0;
    if (s.k.net.model != EP_SYNAPTIC && s.k.net.opt.psi_shape == EP_TRIANGLE) s.k.net.opt.reset_path = EP_RESET_LOCAL;
    return s;
}

/* Special kernels and general ones in turn. */
static inline trial_set any_case(uint64_t seed, ep_rule rule) { return seed % 2 ? general_case(seed, rule) : case_make(seed, rule); }

static inline rig case_open(trial_set *s, const opt_engine *e, int chunk)
{
    s->cfg.net = &s->k.net;
    s->cfg.chunk = chunk;
    return rig_open(e, &s->cfg);
}

static inline rig case_run(trial_set *s, const opt_engine *e, int chunk)
{
    rig r = case_open(s, e, chunk);
    ck_assert_int_eq(rig_grad(&r, s->T, s->B, s->x, s->target, s->mask), EP_OK);
    return r;
}

static inline void same_bits(const rig *a, const rig *b, int quantity, const char *what)
{
    size_t n, m;
    double *p = rig_get(a, quantity, &n), *q = rig_get(b, quantity, &m);
    ck_assert_uint_eq(n, m);
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(p[i] == q[i], "%s: quantity %#x[%zu]: %a and %a", what, (unsigned)quantity, i, p[i], q[i]);
    free(p);
    free(q);
}

/* Entries within tolerance of the largest of the group; the largest is returned. */
static inline double close_to(const double *p, const double *q, size_t n, double tolerance, const char *what)
{
    double top = 0;
    for (size_t i = 0; i < n; i++) top = fmax(top, fabs(q[i]));
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(fabs(p[i] - q[i]) <= tolerance * top, "%s [%zu]: got %a want %a, largest %a", what, i, p[i], q[i], top);
    return top;
}

static inline double close_gradients(const rig *a, const rig *b, double tolerance, const char *what)
{
    double top = 0;
    for (int g = EP_G_WIN; g <= EP_G_BOUT; g++) {
        size_t n, m;
        double *p = rig_get(a, OPT_GRAD(g), &n), *q = rig_get(b, OPT_GRAD(g), &m);
        ck_assert_uint_eq(n, m);
        top = fmax(top, close_to(p, q, n, tolerance, what));
        free(p);
        free(q);
    }
    return top;
}

/* Steps and learns, by targets or by signals as such; now and then asks for the gradient, changes weights, or clears the gradient. */
static inline void online_steps(const trial_set *s, const rig *r, bool given_L, bool disturb)
{
    size_t B = (size_t)s->B, T = (size_t)s->T, n = (size_t)s->k.net.n_rec, K = (size_t)s->k.net.n_out;
    double *w = malloc((n * K + 1) * sizeof *w);
    for (size_t t = 0; t < T; t++) {
        void *x = rig_slice(r, s->x, B, T, (size_t)s->k.net.n_in, t), *target = rig_slice(r, s->target, B, T, K, t);
        double *L = malloc((B * n + 1) * sizeof *L);
        for (size_t i = 0; i < B * n; i++) L[i] = ep_rng_normal(3, t, i, 16);
        void *L_in = rig_in(r, L, B * n);
        opt_signal sig = {.target = given_L && t % 3 ? NULL : target, .L = given_L && t % 3 ? L_in : NULL};
        ck_assert_int_eq(r->e->step(r->s, t % 5 == 4 ? NULL : x), EP_OK);
        if (disturb && t % 7 == 3) (void)close_gradients(r, r, 0, "asking changes nothing");
        if (t % 4 != 2 || s->k.net.opt.delay_L > 0) ck_assert_int_eq(r->e->learn(r->s, t % 11 == 6 ? NULL : &sig), EP_OK);
        if (t == T / 3)
            for (size_t i = 0; i < n * K; i++) w[i] = ep_rng_normal(4, t, i, 10) / 4;
        if (t == T / 3) rig_set(r, OPT_PARAM(EP_G_WOUT), w, n * K);
        if (t == T / 2) r->e->reset(r->s, OPT_RESET_GRAD);
        free(x);
        free(target);
        free(L);
        free(L_in);
    }
    free(w);
}

#endif
