/* draw.c: random networks, trials and rules, ordinary and extreme.
 * SPDX-License-Identifier: MIT */
#include "draw.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const char *const draw_names[DRAW_N] = {
    "beta 0", "rho near 1", "decays 0", "alpha near 1", "kappa near 1", "gamma tiny", "silent", "all firing", "one step", "one neuron",
    "huge weights", "huge readout", "subnormal", "tiny threshold", "delay beyond T", "refractory beyond T", "arrays absent", "mask 0",
    "alpha shared", "beta negative", "huge input", "no input",
    "subnormal threshold", "next to overflow"};

/* Streams: one for choices, one for each kind of number. */
enum { S_CHOICE = 1, S_WIN, S_WREC, S_BIAS, S_WOUT, S_BOUT, S_FB, S_X, S_TARGET, S_MASK, S_TRAIT, S_OPTION, S_THETA };

/* Key of one case. */
static uint64_t key(const draw_case *k) { return k->seed * UINT64_C(0x9e3779b97f4a7c15) + k->number; }

static int choose(const draw_case *k, int stream, uint64_t what, int n)
{
    return (int)(ep_rng_u64(key(k), (uint64_t)stream, what) >> 33) % n;
}

static bool has(const draw_case *k, int trait) { return k->traits >> trait & 1; }

/* In [lo, hi], a number of binary32; in every third case a multiple of 2^-10, so that sums meet thresholds exactly. */
static double number(const draw_case *k, int stream, uint64_t what, double lo, double hi)
{
    double v = lo + (hi - lo) * ep_rng_uniform(key(k), (uint64_t)stream, what);
    return k->number % 3 ? (double)(float)v : nearbyint(v * 1024) / 1024;
}

static double *take(draw_case *k, size_t n)
{
    double *p = k->store + k->used;
    k->used += n;
    return p;
}

/* [ch][rows][columns], numbered as if it were [4][MOST][MOST]. */
static double *matrix(draw_case *k, int stream, int ch, int rows, int columns, double lo, double hi)
{
    double *p = take(k, (size_t)ch * (size_t)rows * (size_t)columns);
    size_t at = 0;
    for (int c = 0; c < ch; c++)
        for (int r = 0; r < rows; r++)
            for (int i = 0; i < columns; i++) p[at++] = number(k, stream, (uint64_t)((c * DRAW_MOST + r) * DRAW_MOST + i), lo, hi);
    return p;
}

static void scale(double *p, size_t n, double by)
{
    for (size_t i = 0; i < n; i++) p[i] = (double)(float)(p[i] * by);
}

static void draw_traits(draw_case *k)
{
    int n = choose(k, S_TRAIT, 0, 4);
    for (int i = 0; i < n; i++) k->traits |= 1U << choose(k, S_TRAIT, (uint64_t)(1 + i), DRAW_N);
    unsigned small = 1U << DRAW_TINY_THRESHOLD | 1U << DRAW_SUBNORMAL_THRESHOLD;
    if (k->traits & small) k->traits &= ~(1U << DRAW_SUBNORMAL | 1U << DRAW_HUGE_WEIGHTS | 1U << DRAW_NEXT_TO_OVERFLOW);
}

/* Sizes that a reference of 128 bits handles in some hundredths of a second. */
static void draw_sizes(draw_case *k, const int most[DRAW_N_SIZE])
{
    static const int in[] = {1, 1, 2, 3, 4, 7, 9}, rec[] = {1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33, 65}, out[] = {1, 1, 2, 3, 5},
                     steps[] = {1, 2, 3, 5, 8, 13, 21, 34, 70, 130}, trials[] = {1, 1, 1, 2, 3, 5};
    static const struct { const int *of; int n; } table[] = {{in, 7}, {rec, 12}, {out, 5}, {steps, 10}, {trials, 6}};
    for (int d = 0; d < DRAW_N_SIZE; d++) k->size[d] = table[d].of[choose(k, S_CHOICE, (uint64_t)(10 + d), table[d].n)];
    if (has(k, DRAW_ONE_STEP)) k->size[DRAW_STEPS] = 1;
    if (has(k, DRAW_ONE_NEURON)) k->size[DRAW_REC] = 1;
    if (k->rule == EP_RTRL && k->size[DRAW_REC] > 5) k->size[DRAW_REC] = 1 + k->size[DRAW_REC] % 5;
    double room = k->net.model == EP_LSTM ? 5000 : 14000;
    for (int d = DRAW_TRIALS; d >= DRAW_STEPS; d--) {
        double cost = (double)k->size[DRAW_REC] * (k->size[DRAW_REC] + k->size[DRAW_IN]) * k->size[DRAW_STEPS] * k->size[DRAW_TRIALS];
        if (cost > room) k->size[d] = 1 + (int)(k->size[d] * room / cost);
    }
    for (int d = 0; most && d < DRAW_N_SIZE; d++)
        if (most[d] > 0 && k->size[d] > most[d]) k->size[d] = most[d];
}

static void draw_options(draw_case *k)
{
    ep_options *o = &k->net.opt;
    *o = ep_preset_options((ep_preset)choose(k, S_OPTION, 0, EP_N_PRESET));
    if (choose(k, S_OPTION, 1, 3)) {
        o->g_in = (ep_gain)choose(k, S_OPTION, 2, 3);
        o->g_a = (ep_gain)choose(k, S_OPTION, 3, 3);
        o->g_out = (ep_gain)choose(k, S_OPTION, 4, 3);
        o->g_in_value = 0.7f;
        o->g_a_value = 1.3f;
        o->g_out_value = 0.9f;
        o->gain_differentiated = choose(k, S_OPTION, 5, 2);
        o->psi_width = (ep_psi_width)(choose(k, S_OPTION, 6, 4) == 0);
        o->dz_da = (ep_dz_da)(choose(k, S_OPTION, 7, 4) == 0);
        o->psi_scale = (ep_psi_scale)choose(k, S_OPTION, 8, 2);
        o->psi_shape = (ep_psi_shape)(choose(k, S_OPTION, 9, 2) ? choose(k, S_OPTION, 10, 4) : 0);
        o->spike_test = (ep_spike_test)choose(k, S_OPTION, 11, 2);
        o->spike_from = (ep_spike_from)(choose(k, S_OPTION, 12, 4) == 0);
        o->ref_count = (ep_ref_count)choose(k, S_OPTION, 13, 2);
        o->reset = (ep_reset)choose(k, S_OPTION, 14, 3);
        o->adapt_source = (ep_adapt_source)(choose(k, S_OPTION, 15, 2) ? choose(k, S_OPTION, 16, 3) : 0);
        o->psi_refractory = (ep_psi_refractory)choose(k, S_OPTION, 17, 2);
        o->reset_path = (ep_reset_path)choose(k, S_OPTION, 18, 3);
        o->loss_norm = (ep_loss_norm)choose(k, S_OPTION, 19, 4);
        o->phi = (ep_phi)choose(k, S_OPTION, 20, 2);
    }
    o->delay = k->net.model == EP_LSTM ? 1 : choose(k, S_OPTION, 21, 3) ? 1 : 1 + choose(k, S_OPTION, 22, 9);
    o->delay_L = choose(k, S_OPTION, 23, 4) ? 0 : choose(k, S_OPTION, 24, 6);
    if (has(k, DRAW_LONG_DELAY) && k->net.model != EP_LSTM) o->delay = 1 + k->size[DRAW_STEPS] + choose(k, S_OPTION, 25, 40);
}

static void draw_decay(const draw_case *k, int p, double *v, int n)
{
    for (int j = 0; j < n; j++) {
        int from = p == EP_ALPHA && has(k, DRAW_ALPHA_SHARED) ? 0 : j;
        double lo = p == EP_BETA ? 0.05 : p == EP_RHO ? 0.8 : 0.5, hi = p == EP_BETA ? 0.5 : p == EP_RHO ? 0.995 : 0.97;
        v[j] = number(k, S_THETA + p, (uint64_t)from, lo, hi);
        if (p == EP_BETA && (has(k, DRAW_BETA_0) || (k->net.model == EP_LSNN && j % 2))) v[j] = 0;
        if (p == EP_BETA && has(k, DRAW_BETA_NEGATIVE)) v[j] = -v[j] / 4;
        if (p != EP_BETA && has(k, DRAW_DECAYS_0)) v[j] = 0;
        if ((p == EP_RHO && has(k, DRAW_RHO_NEAR_1)) || (p == EP_ALPHA && has(k, DRAW_ALPHA_NEAR_1))) v[j] = 1 - 0x1p-24;
    }
}

static void draw_constants(draw_case *k)
{
    ep_net *net = &k->net;
    bool spikes = ep_model_spikes(net->model);
    for (int p = 0; p < EP_N_THETA; p++) {
        if (!ep_model_has(net->model, (ep_theta)p)) continue;
        double *v = take(k, (size_t)net->n_rec);
        draw_decay(k, p, v, net->n_rec);
        net->theta[p] = has(k, DRAW_ARRAYS_ABSENT) && choose(k, S_CHOICE, (uint64_t)(30 + p), 3) == 0 ? NULL : v;
    }
    net->kappa = has(k, DRAW_DECAYS_0) ? 0 : has(k, DRAW_KAPPA_NEAR_1) ? 1 - 0x1p-24 : choose(k, S_CHOICE, 40, 4) ? 0.7f : 0;
    net->v_th = has(k, DRAW_SILENT) ? 0x1p40 : has(k, DRAW_SUBNORMAL_THRESHOLD) ? 0x1p-140 : has(k, DRAW_TINY_THRESHOLD) ? 0x1p-100 : number(k, S_CHOICE, 41, 0.4, 1.1);
    net->gamma = has(k, DRAW_GAMMA_TINY) ? 0x1p-120 : number(k, S_CHOICE, 42, 0.2, 0.6);
    net->b_forget = net->model == EP_LSTM ? number(k, S_CHOICE, 43, 0, 2) : 0;
    net->n_ref = !spikes ? 0 : has(k, DRAW_LONG_REFRACTORY) ? k->size[DRAW_STEPS] + 3 : choose(k, S_CHOICE, 44, 5);
}

static void scale_weights(draw_case *k, double *Win, double *Wrec, double *b, double *Wout, double *B)
{
    const ep_net *net = &k->net;
    size_t n = (size_t)net->n_rec, nc = (size_t)ep_model_channels(net->model), in = nc * n * (size_t)net->n_in, K = n * (size_t)net->n_out;
    double by = has(k, DRAW_NEXT_TO_OVERFLOW) ? 0x1p120 : has(k, DRAW_HUGE_WEIGHTS) ? 0x1p30 : has(k, DRAW_SUBNORMAL) ? 0x1p-130 : has(k, DRAW_SUBNORMAL_THRESHOLD) ? 0x1p-140 : has(k, DRAW_TINY_THRESHOLD) ? 0x1p-100 : 1;
    if (!ep_model_spikes(net->model) && by > 1) by = 64;
    scale(Win, in, by);
    scale(Wrec, nc * n * n, by);
    scale(b, nc * n, by);
    for (size_t j = 0; has(k, DRAW_FIRING) && j < nc * n; j++) b[j] = (double)(float)(b[j] + 4 * (by < 1 ? by : 1));
    double out = has(k, DRAW_HUGE_READOUT) ? 0x1p40 : has(k, DRAW_SUBNORMAL) ? 0x1p-132 : 1;
    scale(Wout, K, out);
    scale(B, K, out);
}

static void draw_weights(draw_case *k)
{
    ep_net *net = &k->net;
    int n = net->n_rec, nc = ep_model_channels(net->model);
    bool spikes = ep_model_spikes(net->model), absent = has(k, DRAW_ARRAYS_ABSENT);
    double gain = spikes && net->opt.g_in == EP_GAIN_COMPLEMENT ? 5 : 1, in = gain / sqrt(net->n_in), rec = gain / sqrt(n);
    double *Win = matrix(k, S_WIN, nc, n, net->n_in, (spikes ? -0.4 : -1) * in, (spikes ? 1.2 : 1) * in);
    double *Wrec = matrix(k, S_WREC, nc, n, n, -0.8 * rec, 0.8 * rec), *b = matrix(k, S_BIAS, nc, n, 1, -0.05 * gain, 0.15 * gain);
    double *Wout = matrix(k, S_WOUT, 1, net->n_out, n, -0.8, 0.8), *bout = matrix(k, S_BOUT, 1, net->n_out, 1, -0.1, 0.1);
    double *B = matrix(k, S_FB, 1, n, net->n_out, -0.8, 0.8);
    for (int j = 0; ep_model_masks_diagonal(net->model) && j < n; j++) Wrec[j * n + j] = 0;
    scale_weights(k, Win, Wrec, b, Wout, B);
    net->Win = Win;
    net->Wrec = absent && choose(k, S_CHOICE, 50, 3) == 0 ? NULL : Wrec;
    net->b = absent && choose(k, S_CHOICE, 51, 2) ? NULL : b;
    net->Wout = absent && choose(k, S_CHOICE, 52, 4) == 0 ? NULL : Wout;
    net->bout = absent && choose(k, S_CHOICE, 53, 2) ? NULL : bout;
    net->B = absent && choose(k, S_CHOICE, 54, 2) ? NULL : B;
    if (k->rule == EP_EPROP1_GLOBAL && net->B) /* all B_jk equal */
        for (int i = 0; i < n * net->n_out; i++) B[i] = B[0];
}

static void draw_trials(draw_case *k)
{
    ep_batch *bt = &k->batch;
    int I = k->net.n_in, K = k->net.n_out, kind = choose(k, S_CHOICE, 60, 4);
    size_t steps = (size_t)bt->T * (size_t)bt->B;
    double *x = take(k, steps * (size_t)I), *target = take(k, steps * (size_t)K), *mask = take(k, steps), rate = kind == 1 ? 0.8 : 0.2;
    for (size_t s = 0; s < steps; s++) {
        uint64_t at = (uint64_t)(s / (size_t)bt->T) * 4096 + s % (size_t)bt->T;
        for (int i = 0; i < I; i++) {
            double v = number(k, S_X, at * DRAW_MOST + (uint64_t)i, -0.5, 1.5), u = ep_rng_uniform(key(k), S_X, at * DRAW_MOST + (uint64_t)i);
            x[s * (size_t)I + (size_t)i] = kind == 2 ? v : u < rate ? (has(k, DRAW_HUGE_INPUT) ? 0x1p20 : 1) : 0;
        }
        double left = 1;
        for (int c = 0; c < K; c++) {
            double v = number(k, S_TARGET, at * DRAW_MOST + (uint64_t)c, -1, 1);
            if (bt->loss == EP_CLASSIFICATION) v = c + 1 == K && s % 2 ? left : left * nearbyint(512 * (v + 1)) / 1024;
            left -= v;
            target[s * (size_t)K + (size_t)c] = v;
        }
        mask[s] = has(k, DRAW_MASK_0) || ep_rng_uniform(key(k), S_MASK, at) < 0.2 ? 0 : number(k, S_MASK, at + (1 << 20), 0, 2);
    }
    bt->x = has(k, DRAW_NO_INPUT) ? NULL : x;
    bt->target = has(k, DRAW_ARRAYS_ABSENT) && choose(k, S_CHOICE, 61, 2) && bt->loss == EP_REGRESSION ? NULL : target;
    bt->mask = has(k, DRAW_MASK_0) || choose(k, S_CHOICE, 62, 2) ? mask : NULL;
}

static ep_rule draw_rule(const draw_case *k)
{
    static const ep_rule common[] = {EP_BPTT, EP_RTRL, EP_EPROP1_SYMMETRIC, EP_EPROP1_SYMMETRIC, EP_EPROP1_RANDOM, EP_EPROP1_ADAPTIVE,
                                     EP_EPROP1_GLOBAL, EP_TBPTT, EP_TBPTT_SG, EP_EPROP3, EP_EPROP3_SG};
    return common[choose(k, S_CHOICE, 1, k->net.model == EP_RATE ? 7 : 11)];
}

ep_status draw_make(uint64_t seed, uint64_t number_of, const int most[DRAW_N_SIZE], draw_case *out)
{
    static const ep_model models[] = {EP_LIF, EP_ALIF, EP_LSNN, EP_LSTM, EP_RATE, EP_SYNAPTIC, EP_LIF, EP_ALIF};
    draw_case *k = out;
    *k = (draw_case){.seed = seed, .number = number_of};
    k->store = calloc(1 << 17, sizeof *k->store);
    if (!k->store) return EP_NOMEM;
    k->net.model = models[choose(k, S_CHOICE, 0, 8)];
    k->rule = draw_rule(k);
    draw_traits(k);
    draw_sizes(k, most);
    k->net.n_in = k->size[DRAW_IN];
    k->net.n_rec = k->size[DRAW_REC];
    k->net.n_out = k->size[DRAW_OUT];
    draw_options(k);
    k->batch = (ep_batch){.T = k->size[DRAW_STEPS], .B = k->size[DRAW_TRIALS], .loss = (ep_loss)(choose(k, S_CHOICE, 2, 3) == 0),
                          .c_reg = choose(k, S_CHOICE, 3, 2) ? 0.5 : 0, .f_target = 0.0625};
    k->window = k->rule <= EP_BPTT || k->rule >= EP_TBPTT ? 1 + choose(k, S_CHOICE, 4, 9) : 0;
    k->chunk = 1 + choose(k, S_CHOICE, 5, 9);
    k->threads = 1 + choose(k, S_CHOICE, 6, 2);
    draw_constants(k);
    draw_weights(k);
    draw_trials(k);
    return EP_OK;
}

void draw_free(draw_case *k)
{
    free(k->store);
    k->store = NULL;
}

void draw_describe(const draw_case *k, char *buf, size_t n)
{
    int used = snprintf(buf, n, "%s %s %s in=%d rec=%d out=%d T=%d B=%d d=%d n_ref=%d window=%d chunk=%d", ep_model_name(k->net.model),
                        ep_rule_name(k->rule), ep_loss_name(k->batch.loss), k->net.n_in, k->net.n_rec, k->net.n_out, k->batch.T, k->batch.B,
                        k->net.opt.delay, k->net.n_ref, k->window, k->chunk);
    for (int t = 0; t < DRAW_N && used > 0 && (size_t)used < n; t++)
        if (has(k, t)) used += snprintf(buf + used, n - (size_t)used, ", %s", draw_names[t]);
}
