/* Making networks that are alive.
 * SPDX-License-Identifier: MIT */
#include "cases.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GRID = 14, ATTEMPTS = 400 };

/* Streams of the generator, one for each kind of number. */
enum { S_WIN = 1, S_WREC, S_BIAS, S_WOUT, S_BOUT, S_FB, S_X, S_TARGET, S_MASK, S_THETA = 16 };

static double dyadic(double v) { return nearbyint(ldexp(v, GRID)) * ldexp(1.0, -GRID); }

typedef struct maker {
    vfy_case *k;
    uint64_t seed;
    double drive; /* mean input current that the attempt aims at */
} maker;

static double *take(maker *m, size_t n)
{
    double *p = m->k->store + m->k->used;
    m->k->used += n;
    return p;
}

static double *normals(maker *m, uint64_t stream, size_t n, double scale, double mean)
{
    double *p = take(m, n);
    for (size_t i = 0; i < n; i++) p[i] = dyadic(mean + scale * ep_rng_normal(m->seed, stream, i, 24));
    return p;
}

static double *uniforms(maker *m, uint64_t stream, size_t n, double lo, double hi)
{
    double *p = take(m, n);
    for (size_t i = 0; i < n; i++) p[i] = dyadic(lo + (hi - lo) * ep_rng_uniform(m->seed, stream, i));
    return p;
}

/* Numbers a case needs, generously. */
static size_t store_size(const vfy_case_spec *s)
{
    size_t n = (size_t)s->n_rec, in = (size_t)s->n_in, out = (size_t)s->n_out, nc = (size_t)ep_model_channels(s->model);
    size_t steps = (size_t)s->T * (size_t)s->B;
    return nc * n * (in + n + 1) + out * (2 * n + 1) + n * EP_N_THETA + steps * (in + out + 1);
}

static void make_constants(maker *m)
{
    vfy_case *k = m->k;
    ep_net *net = &k->net;
    size_t n = (size_t)net->n_rec;
    bool slow = net->opt.g_a == EP_GAIN_COMPLEMENT;
    for (int p = 0; p < EP_N_THETA; p++) {
        if (!ep_model_has(net->model, (ep_theta)p)) continue;
        double lo = p == EP_RHO ? 0.9 : p == EP_BETA ? 0.1 : 0.75, hi = p == EP_RHO ? 0.98 : p == EP_BETA ? 0.3 : 0.95;
        double *v = uniforms(m, S_THETA + (uint64_t)p, n, slow && p == EP_BETA ? 1.0 : lo, slow && p == EP_BETA ? 3.0 : hi);
        for (size_t j = 1; net->model == EP_LSNN && p == EP_BETA && j < n; j += 2) v[j] = 0.0; /* the LIF half */
        net->theta[p] = v;
    }
    net->kappa = dyadic(0.8);
    net->v_th = dyadic(0.625);
    net->gamma = dyadic(0.3125);
    net->b_forget = net->model == EP_LSTM ? 0.5 : 0.0;
    net->n_ref = ep_model_spikes(net->model) ? k->spec.n_ref : 0;
}

static void make_weights(maker *m)
{
    ep_net *net = &m->k->net;
    size_t n = (size_t)net->n_rec, in = (size_t)net->n_in, out = (size_t)net->n_out;
    size_t nc = (size_t)ep_model_channels(net->model);
    bool spikes = ep_model_spikes(net->model);
    double gain = net->opt.g_in == EP_GAIN_COMPLEMENT ? 6.0 : 1.0, unit = spikes ? m->drive * gain : 1.0;
    net->Win = normals(m, S_WIN, nc * n * in, (spikes ? 0.8 : 0.5) * unit, spikes ? 0.25 * unit : 0.0);
    double *rec = normals(m, S_WREC, nc * n * n, (spikes ? 1.2 * unit : 0.9) / sqrt((double)n), 0.0);
    for (size_t j = 0; ep_model_masks_diagonal(net->model) && j < n; j++) rec[j * n + j] = 0.0;
    net->Wrec = rec;
    net->b = normals(m, S_BIAS, nc * n, spikes ? 0.02 * unit : 0.2, spikes ? 0.05 * unit : 0.0);
    net->Wout = normals(m, S_WOUT, out * n, 1.0 / sqrt((double)n), 0.0);
    net->bout = normals(m, S_BOUT, out, 0.1, 0.0);
    net->B = normals(m, S_FB, out * n, 1.0 / sqrt((double)n), 0.0);
}

static void make_trials(maker *m)
{
    vfy_case *k = m->k;
    ep_batch *bt = &k->batch;
    size_t steps = (size_t)k->spec.T * (size_t)k->spec.B, in = (size_t)k->net.n_in, out = (size_t)k->net.n_out;
    *bt = (ep_batch){.T = k->spec.T, .B = k->spec.B, .loss = k->spec.loss};
    bool spikes = ep_model_spikes(k->net.model);
    double busy = fmin(0.15, 1.0 / (double)in); /* about one input spike a step */
    double *x = spikes ? uniforms(m, S_X, steps * in, 0.0, 1.0) : normals(m, S_X, steps * in, 0.7, 0.0);
    for (size_t i = 0; spikes && i < steps * in; i++) x[i] = x[i] < busy ? 1.0 : 0.0;
    double *target = normals(m, S_TARGET, steps * out, 0.6, 0.0);
    for (size_t s = 0; bt->loss == EP_CLASSIFICATION && s < steps; s++) { /* p*: dyadic, sums to 1 */
        double left = 1.0;
        for (size_t c = 0; c < out; c++) {
            double p = c + 1 == out ? left : dyadic(left * ep_rng_uniform(m->seed, S_TARGET, s * out + c));
            target[s * out + c] = p;
            left -= p;
        }
    }
    double *mask = take(m, steps);
    for (size_t s = 0; s < steps; s++) mask[s] = ep_rng_uniform(m->seed, S_MASK, s) < 0.2 ? 0.0 : s % 3 ? 1.0 : 0.5;
    bt->x = x;
    bt->target = target;
    bt->mask = mask;
    bt->c_reg = k->spec.no_reg ? 0.0 : 8.0;
    bt->f_target = dyadic(0.05);
}

static ep_status attempt(vfy_case *k, uint64_t seed, double drive)
{
    maker m = {.k = k, .seed = seed, .drive = drive};
    k->used = 0;
    make_constants(&m);
    make_weights(&m);
    make_trials(&m);
    return vfy_case_liveness(k, &k->live);
}

static void fill_defaults(vfy_case_spec *s)
{
    if (!s->n_in) s->n_in = 4;
    if (!s->n_rec) s->n_rec = 6;
    if (!s->n_out) s->n_out = 2;
    if (!s->T) s->T = 40;
    if (!s->B) s->B = 1;
    if (!s->delay) s->delay = 1;
    if (s->rate == 0.0) s->rate = 0.08;
}

static void set_up(const vfy_case_spec *spec, vfy_case *k)
{
    *k = (vfy_case){.spec = *spec};
    fill_defaults(&k->spec);
    const vfy_case_spec *s = &k->spec;
    k->net = (ep_net){.model = s->model, .n_in = s->n_in, .n_rec = s->n_rec, .n_out = s->n_out};
    k->net.opt = s->free_options ? s->opt : ep_preset_options(s->preset);
    if (!s->free_options) {
        k->net.opt.reset_path = s->reset_path;
        k->net.opt.delay = s->model == EP_LSTM ? 1 : s->delay;
    }
    snprintf(k->name, sizeof k->name, "%s %s %s N=%d T=%d d=%d n_ref=%d seed=%llu", ep_model_name(s->model),
             s->free_options ? "options" : ep_preset_name(s->preset), ep_loss_name(s->loss), s->n_rec, s->T,
             k->net.opt.delay, s->n_ref, (unsigned long long)s->seed);
}

ep_status vfy_case_make(const vfy_case_spec *spec, vfy_case *out)
{
    set_up(spec, out);
    out->store = malloc(store_size(&out->spec) * sizeof *out->store);
    if (!out->store) return EP_NOMEM;
    double drive = 0.5;
    bool strict = spec->rate != 0.0; /* a rate asked for is a rate to keep */
    int tries = strict ? 16 : 4;
    for (int k = 0; k < ATTEMPTS; k++) {
        uint64_t seed = out->spec.seed * ATTEMPTS + (uint64_t)(k / tries);
        ep_status st = attempt(out, seed, drive);
        if (st != EP_OK) return st;
        if (out->live.alive && (!strict || fabs(out->live.rate / out->spec.rate - 1.0) < 0.5)) return EP_OK;
        double aim = out->spec.rate, got = out->live.rate; /* some tries at the drive, then new weights */
        drive = k % tries == tries - 1 ? 0.5 : got < aim ? drive * 1.3 : got > 1.5 * aim ? drive * 0.8 : drive * 1.05;
    }
    return EP_UNABLE;
}

void vfy_case_free(vfy_case *k)
{
    free(k->store);
    k->store = NULL;
}
