/* Making problems of e-prop 2 that are alive.
 * SPDX-License-Identifier: MIT */
#include "eprop2_case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GRID = 14, ATTEMPTS = 60 };
enum { S_CODE = 101, S_X, S_TARGET }; /* streams of the generator */

static double dyadic(double v) { return nearbyint(ldexp(v, GRID)) * ldexp(1.0, -GRID); }

static void fill_defaults(vfy_e2_spec *s)
{
    if (!s->n_in) s->n_in = 2;
    if (!s->n_rec) s->n_rec = 4;
    if (!s->n_out) s->n_out = 2;
    if (!s->n_mod) s->n_mod = 4;
    if (!s->n_code) s->n_code = 2;
    if (!s->T) s->T = 24;
    if (!s->T_test) s->T_test = s->T;
    if (!s->B) s->B = 1;
    if (!s->delay) s->delay = 1;
    if (s->step == 0.0) s->step = 0.25;
}

static ep_options options(const vfy_e2_spec *s)
{
    ep_options o = ep_preset_options(EP_PAPER2019);
    o.delay = s->delay;
    o.reset_path = s->reset_path;
    o.psi_shape = s->psi_shape;
    o.psi_refractory = s->psi_refractory;
    o.g_in = o.g_out = s->g_in;
    return o;
}

/* Spikes for spiking networks, dyadic normals for the rate unit. */
static void make_inputs(double *x, size_t n, bool spikes, double busy, uint64_t seed, uint64_t stream)
{
    for (size_t i = 0; i < n; i++)
        x[i] = spikes ? (ep_rng_uniform(seed, stream, i) < busy ? 1.0 : 0.0) : dyadic(0.7 * ep_rng_normal(seed, stream, i, 24));
}

static void make_target(const vfy_e2_spec *s, double *target, uint64_t seed)
{
    size_t out = (size_t)s->n_out, steps = (size_t)s->T_test * (size_t)s->B;
    for (size_t t = 0; t < steps; t++) {
        double left = 1.0;
        for (size_t k = 0; k < out; k++) {
            double *p = &target[t * out + k];
            if (s->loss == EP_REGRESSION) *p = dyadic(0.6 * ep_rng_normal(seed, S_TARGET, t * out + k, 24));
            else *p = k + 1 == out ? left : dyadic(left * ep_rng_uniform(seed, S_TARGET, t * out + k));
            left -= *p;
        }
    }
}

/* Codes, the test trial, and the two networks joined. */
static void join(vfy_e2_case *k, uint64_t seed)
{
    const vfy_e2_spec *s = &k->spec;
    size_t B = (size_t)s->B, n_code = B * (size_t)s->T * (size_t)s->n_code, n_x = B * (size_t)s->T_test * (size_t)s->n_in;
    double *code = k->store, *x = code + n_code, *target = x + n_x;
    make_inputs(code, n_code, ep_model_spikes(s->module), 0.12, seed, S_CODE);
    make_inputs(x, n_x, ep_model_spikes(s->main), fmin(0.15, 1.0 / s->n_in), seed, S_X);
    make_target(s, target, seed);
    k->src = (ref_e2_source){.main = k->main.net, .module = k->module.net, .eta = 0.0};
    k->src.main.opt = k->src.module.opt = options(s);
    k->src.module.opt.reset_path = EP_RESET_TRANSMITTED;
    k->src.train = (ep_batch){.T = s->T, .B = s->B, .x = k->main.batch.x, .c_reg = 1.0, .f_target = dyadic(0.03)};
    k->src.code = (ep_batch){.T = s->T, .B = s->B, .x = code, .c_reg = 2.0, .f_target = dyadic(0.02)};
    k->src.test = (ep_batch){.T = s->T_test, .B = s->B, .x = x, .target = target, .loss = s->loss, .c_reg = 4.0,
                             .f_target = dyadic(0.05)};
}

static double norm2(const ref_ctx *c, const ref_num *v, size_t n)
{
    double s = 0.0;
    for (size_t i = 0; i < n; i++) s += pow(c->ar->to_d(&v[i]), 2);
    return s;
}

/* |dW| / |W| over the batch. */
static double relative_update(const ref_ctx *c, const ref_e2 *p)
{
    double d = 0.0, w = 0.0;
    const ref_num *W[2] = {p->main.Win, p->main.Wrec};
    for (int b = 0; b < p->train.B; b++)
        for (int g = EP_G_WIN; g <= EP_G_WREC; g++) {
            d += norm2(c, p->dW[b].g[g], p->dW[b].n[g]);
            w += norm2(c, W[g], p->dW[b].n[g]);
        }
    return w > 0.0 ? sqrt(d / w) : 0.0;
}

/* eta from the step that is asked for. */
static ep_status set_eta(vfy_e2_case *k)
{
    ref_ctx c;
    ref_e2 p;
    ep_status st = ref_ctx_init(&c, ref_arith_binary64(), 53);
    if (st != EP_OK) return st;
    st = ref_e2_run(&c, &k->src, 1, &p);
    double size = st == EP_OK ? relative_update(&c, &p) : 0.0;
    int e;
    if (size > 0.0) {
        double m = frexp(k->spec.step / size, &e);
        k->src.eta = ldexp(nearbyint(ldexp(m, 6)), e - 6); /* six bits: rationals stay short */
    }
    ref_ctx_clear(&c);
    return st;
}

static void rates(const ref_run *r, double *mean, double *least)
{
    double total = 0.0, steps = (double)r->T * (double)r->B;
    *least = INFINITY;
    for (int j = 0; j < r->net->n_rec; j++) {
        double n = 0.0;
        for (int b = 0; b < r->B; b++)
            for (int t = 1; t <= r->T; t++) n += ref_at2(r->tr[b].z, r->net->n_rec, t, j)->d != 0.0;
        total += n;
        *least = fmin(*least, n / steps);
    }
    *mean = total / (steps * r->net->n_rec);
}

static int silent(const ref_e2 *p)
{
    int count = 0, N = p->main.n_rec;
    for (int j = 0; j < N; j++) {
        bool any = false;
        for (int b = 0; b < p->mod.B; b++)
            for (int t = 1; t <= p->mod.T; t++) any = any || ref_at2(p->mod.tr[b].y, N, t, j)->d != 0.0;
        count += !any;
    }
    return count;
}

static ep_status gradients(ref_ctx *c, const ref_e2 *p, vfy_e2_live *out)
{
    ref_e2_grad g[2];
    double diff = 0.0, all = 0.0;
    ep_status st = EP_OK;
    for (int k = 0; st == EP_OK && k < 2; k++) {
        st = ref_e2_grad_init(c, p, &g[k]);
        if (st == EP_OK) st = ref_e2_gradient(c, p, k ? REF_E2_FIRST : REF_E2_FULL, NULL, &g[k]);
    }
    for (int m = 0; st == EP_OK && m < 2; m++)
        for (int k = 0; k < EP_N_GROUP; k++) {
            const ref_grad *full = m ? &g[0].module : &g[0].main, *first = m ? &g[1].module : &g[1].main;
            bool any = false;
            for (size_t i = 0; i < full->n[k]; i++) {
                any = any || full->g[k][i].d != 0.0;
                diff += pow(full->g[k][i].d - first->g[k][i].d, 2);
                all += pow(full->g[k][i].d, 2);
            }
            out->dead_groups += full->n[k] && !any;
        }
    out->second = all > 0.0 ? sqrt(diff / all) : 0.0;
    return st;
}

/* Is the test trial another one without the update? */
static ep_status moved(const ref_e2_source *s, const ref_e2 *p, bool *out)
{
    ref_ctx c;
    ref_e2 still;
    ref_e2_source same = *s;
    same.eta = 0.0;
    ep_status st = ref_ctx_init(&c, ref_arith_binary64(), 53);
    if (st != EP_OK) return st;
    st = ref_e2_run(&c, &same, 1, &still);
    size_t n = ((size_t)p->test.T + 1) * (size_t)p->main.n_rec;
    for (int b = 0; st == EP_OK && b < p->test.B; b++)
        for (size_t i = 0; i < n; i++) *out = *out || p->test.tr[b].z[i].d != still.test.tr[b].z[i].d;
    ref_ctx_clear(&c);
    return st;
}

static bool in_range(const vfy_e2_live *l, int k, bool spikes)
{
    return !spikes || (l->rate[k] >= 0.01 && l->rate[k] <= 0.2 && l->rate_min[k] > 0.0);
}

ep_status vfy_e2_liveness(const ref_e2_source *s, vfy_e2_live *out)
{
    ref_ctx c;
    ref_e2 p;
    *out = (vfy_e2_live){0};
    ep_status st = ref_ctx_init(&c, ref_arith_binary64(), 53);
    if (st != EP_OK) return st;
    st = ref_e2_run(&c, s, 1, &p);
    if (st == EP_OK) {
        const ref_run *pass[3] = {&p.train, &p.mod, &p.test};
        for (int k = 0; k < 3; k++) rates(pass[k], &out->rate[k], &out->rate_min[k]);
        out->update = s->eta * relative_update(&c, &p);
        out->silent_L = silent(&p);
        st = gradients(&c, &p, out);
    }
    if (st == EP_OK) st = moved(s, &p, &out->moved);
    bool main_spikes = ep_model_spikes(s->main.model), mod_spikes = ep_model_spikes(s->module.model);
    out->alive = in_range(out, 0, main_spikes) && in_range(out, 1, mod_spikes) && in_range(out, 2, main_spikes) &&
                 out->silent_L == 0 && out->dead_groups == 0 && out->moved && out->second >= 0.01 && out->update > 0.0;
    ref_ctx_clear(&c);
    return st;
}

static ep_status attempt(vfy_e2_case *k, uint64_t seed)
{
    const vfy_e2_spec *s = &k->spec;
    vfy_case_spec main = {.model = s->main, .free_options = true, .n_in = s->n_in, .n_rec = s->n_rec, .n_out = s->n_out,
                          .T = s->T, .B = s->B, .n_ref = s->n_ref, .seed = seed};
    vfy_case_spec module = main;
    main.opt = module.opt = options(s);
    module.opt.reset_path = EP_RESET_TRANSMITTED;
    module.model = s->module;
    module.n_in = s->n_code + s->n_rec + s->n_in;
    module.n_rec = s->n_mod;
    module.n_out = s->n_rec;
    module.seed = seed + 1000003;
    vfy_case_free(&k->main);
    vfy_case_free(&k->module);
    ep_status st = vfy_case_make(&main, &k->main);
    if (st == EP_OK) st = vfy_case_make(&module, &k->module);
    if (st != EP_OK) return st;
    join(k, seed);
    st = set_eta(k);
    return st == EP_OK ? vfy_e2_liveness(&k->src, &k->live) : st;
}

ep_status vfy_e2_case_make(const vfy_e2_spec *spec, vfy_e2_case *out)
{
    *out = (vfy_e2_case){.spec = *spec};
    vfy_e2_spec *s = &out->spec;
    fill_defaults(s);
    size_t n = (size_t)s->B * ((size_t)s->T * (size_t)s->n_code + (size_t)s->T_test * (size_t)(s->n_in + s->n_out));
    out->store = malloc(n * sizeof *out->store);
    if (!out->store) return EP_NOMEM;
    snprintf(out->name, sizeof out->name, "e-prop 2: %s %d taught by %s %d, T=%d/%d B=%d d=%d n_ref=%d %s seed=%llu",
             ep_model_name(s->main), s->n_rec, ep_model_name(s->module), s->n_mod, s->T, s->T_test, s->B, s->delay, s->n_ref,
             ep_loss_name(s->loss), (unsigned long long)s->seed);
    for (int k = 0; k < ATTEMPTS; k++) {
        ep_status st = attempt(out, s->seed * ATTEMPTS + (uint64_t)k);
        if (st == EP_UNABLE) continue; /* no live network there */
        if (st != EP_OK) return st;
        if (out->live.alive) return EP_OK;
    }
    return EP_UNABLE;
}

void vfy_e2_case_free(vfy_e2_case *k)
{
    vfy_case_free(&k->main);
    vfy_case_free(&k->module);
    free(k->store);
    k->store = NULL;
}
