/* Small networks for the scalar float engine on other machines: models that need no exp, log or tanh, so that every
 * IEEE machine gives the same bits. Inputs come from the counter-based generator.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_TEST_FLOAT_GOLDEN_H
#define VFY_TEST_FLOAT_GOLDEN_H

#include <stdio.h>
#include <string.h>

#include "../../optimized/opt.h"

enum { F_IN = 6, F_REC = 10, F_OUT = 2, F_CASES = 5, F_DECAY = 3, F_MEMORY = 96 * 1024, F_MOST = 4096 };

typedef struct float_case {
    ep_net net;
    opt_config cfg;
    const opt_engine *e;
    double Win[F_REC * F_IN], Wrec[F_REC * F_REC], b[F_REC], Wout[F_OUT * F_REC], B[F_REC * F_OUT], theta[3][F_REC];
    int T, silent; /* no input after this step */
    uint64_t seed, drawn;
} float_case;

/* What a run has seen. */
typedef struct float_seen {
    uint64_t spikes, all; /* digests of the spike trains and of everything at the end */
    unsigned long spike_count, subnormals;
    double g[F_REC * F_IN]; /* gradient by Win */
} float_seen;

/* A multiple of 2^-12 in [low, high). */
static inline double float_number(float_case *c, double low, double high)
{
    uint64_t r = ep_rng_u64(c->seed, 1, c->drawn++) >> 52;
    return low + (high - low) * ((double)r / 4096);
}

static inline void float_fill(float_case *c, double *v, int n, double low, double high)
{
    for (int k = 0; k < n; k++) v[k] = float_number(c, low, high);
}

/* 0 ALIF e-prop 1, 1 LIF with gains 1 - alpha, 2 ALIF BPTT, 3 long silence: everything decays through the subnormal numbers,
 * 4 as 0 in binary64. */
static inline void float_network(float_case *c, int k)
{
    static const ep_rule rules[F_CASES] = {EP_EPROP1_SYMMETRIC, EP_EPROP1_RANDOM, EP_BPTT, EP_EPROP1_RANDOM, EP_EPROP1_SYMMETRIC};
    *c = (float_case){.seed = (uint64_t)k + 1, .T = k == F_DECAY ? 330 : 60};
    c->silent = k == F_DECAY ? 20 : c->T;
    double scale = k == 1 ? 6 : 1;
    float_fill(c, c->Win, F_REC * F_IN, -0.4 * scale, 0.9 * scale);
    float_fill(c, c->Wrec, F_REC * F_REC, -0.6 * scale, 0.6 * scale);
    for (int j = 0; j < F_REC; j++) c->Wrec[j * F_REC + j] = 0;
    if (k != F_DECAY) float_fill(c, c->b, F_REC, -0.05, 0.1);
    float_fill(c, c->Wout, F_OUT * F_REC, -0.7, 0.7);
    float_fill(c, c->B, F_REC * F_OUT, -0.7, 0.7);
    for (int p = 0; p < 3; p++) float_fill(c, c->theta[p], F_REC, p == EP_BETA ? 0.1 : 0.75, p == EP_BETA ? 0.3 : k == F_DECAY ? 0.8 : 0.95);
    c->net = (ep_net){.model = k == 1 ? EP_LIF : EP_ALIF, .opt = ep_preset_options(k == 1 ? EP_OFFICIAL_LIGHTLIF : EP_PAPER2019),
                      .n_in = F_IN, .n_rec = F_REC, .n_out = F_OUT, .Win = c->Win, .Wrec = c->Wrec, .b = c->b, .Wout = c->Wout, .B = c->B,
                      .kappa = 0.75, .v_th = 0.625, .gamma = 0.3125, .n_ref = 2};
    for (int p = 0; p < 3; p++)
        if (ep_model_has(c->net.model, (ep_theta)p)) c->net.theta[p] = c->theta[p];
    c->cfg = (opt_config){.net = &c->net, .rule = rules[k], .B = 1, .T = rules[k] == EP_BPTT ? c->T : 0};
    c->e = k == 4 ? opt_scalar_f64() : opt_scalar_f32();
}

static inline uint64_t float_hash(uint64_t h, uint64_t n)
{
    for (int k = 0; k < 8; k++, n >>= 8) h = (h ^ (n & 255)) * UINT64_C(1099511628211);
    return h;
}

/* Number k of an array in the engine's type: its bits, and its value. */
static inline uint64_t float_bits(const opt_engine *e, const void *v, size_t k, double *value)
{
    uint64_t wide;
    uint32_t narrow;
    if (e->format == OPT_BINARY64) {
        memcpy(&wide, (const double *)v + k, sizeof wide);
        memcpy(value, (const double *)v + k, sizeof *value);
        return wide;
    }
    memcpy(&narrow, (const float *)v + k, sizeof narrow);
    *value = (double)((const float *)v)[k];
    return narrow;
}

static inline void float_put(const opt_engine *e, void *v, size_t k, double value)
{
    if (e->format == OPT_BINARY64) ((double *)v)[k] = value;
    else ((float *)v)[k] = (float)value;
}

static inline bool float_collect(const float_case *c, const opt_state *s, double *buffer, float_seen *seen)
{
    static const int what[] = {OPT_GRAD(EP_G_WIN), OPT_GRAD(EP_G_WREC), OPT_GRAD(EP_G_BIAS), OPT_GRAD(EP_G_WOUT), OPT_GRAD(EP_G_BOUT), OPT_V, OPT_A,
                               OPT_PSI, OPT_Y, OPT_ZBAR, OPT_EPS(EP_G_WIN), OPT_EBAR(EP_G_WIN), OPT_EBAR(EP_G_WREC)};
    for (size_t q = 0; q < sizeof what / sizeof *what; q++) {
        size_t n = c->e->count(s, what[q]);
        if (n > F_MOST || c->e->get(s, what[q], buffer, n) != EP_OK) return false;
        for (size_t k = 0; k < n; k++) {
            double value, tiny = c->e->format == OPT_BINARY64 ? 0x1p-1022 : 0x1p-126;
            uint64_t bits = float_bits(c->e, buffer, k, &value);
            seen->all = float_hash(seen->all, value != value ? 1 : bits); /* the sign of a NaN is a machine's own */
            seen->subnormals += (bits << 1 & (c->e->format == OPT_BINARY64 ? UINT64_MAX : UINT32_MAX)) != 0 && value < tiny && value > -tiny;
            if (q == 0) seen->g[k] = value;
        }
    }
    return true;
}

static inline void float_spikes(const float_case *c, const opt_state *s, double *buffer, float_seen *seen)
{
    if (c->e->get(s, OPT_Z, buffer, F_REC) != EP_OK) return;
    for (size_t j = 0; j < F_REC; j++) {
        double z;
        (void)float_bits(c->e, buffer, j, &z);
        seen->spikes = float_hash(seen->spikes, z > 0);
        seen->spike_count += z > 0;
    }
}

/* False: something was refused. memory: F_MEMORY bytes, aligned to OPT_ALIGN; buffer: F_MOST doubles; x, target: the case's inputs. */
static inline bool float_run(int k, float_case *c, void *memory, double *buffer, float_seen *seen)
{
    static double x[60 * F_IN], target[60 * F_OUT]; /* of all steps for BPTT, of one else */
    opt_state *s;
    *seen = (float_seen){.spikes = UINT64_C(14695981039346656037), .all = UINT64_C(14695981039346656037)};
    float_network(c, k);
    if (c->e->init(&c->cfg, memory, F_MEMORY, &s) != EP_OK) return false;
    bool whole = c->cfg.T > 0;
    for (int t = 0; t < c->T; t++) {
        size_t at = whole ? (size_t)t : 0;
        for (size_t i = 0; i < F_IN; i++) float_put(c->e, x, at * F_IN + i, float_number(c, 0, 1) < 0.25 && t < c->silent);
        for (size_t i = 0; i < F_OUT; i++) float_put(c->e, target, at * F_OUT + i, float_number(c, -1, 1));
        if (whole) continue;
        if (c->e->step(s, x) != EP_OK || c->e->learn(s, &(opt_signal){.target = target}) != EP_OK) return false;
        float_spikes(c, s, buffer, seen);
    }
    if (whole) {
        if (c->e->grad(s, &(opt_trials){.T = c->T, .B = 1, .x = x, .target = target}) != EP_OK) return false;
        size_t n = c->e->count(s, OPT_ALL(OPT_Z));
        if (n > F_MOST || c->e->get(s, OPT_ALL(OPT_Z), buffer, n) != EP_OK) return false;
        for (size_t j = 0; j < n; j++) {
            double z;
            (void)float_bits(c->e, buffer, j, &z);
            seen->spikes = float_hash(seen->spikes, z > 0);
            seen->spike_count += z > 0;
        }
    }
    return float_collect(c, s, buffer, seen);
}

/* Runs every case and prints its digests and the gradient by Win, the lines that cross_class.awk compares. The program's exit code. */
static inline int float_say(void *memory, double *buffer, float_case *c, float_seen *seen)
{
    for (int k = 0; k < F_CASES; k++) {
        if (!float_run(k, c, memory, buffer, seen)) {
            printf("case %d refused\n", k);
            return 1;
        }
        printf("case %d all %08lx%08lx spikes %08lx%08lx count %lu subnormal %lu\n", k, (unsigned long)(seen->all >> 32),
               (unsigned long)(seen->all & 0xffffffffu), (unsigned long)(seen->spikes >> 32), (unsigned long)(seen->spikes & 0xffffffffu),
               seen->spike_count, seen->subnormals);
        for (int n = 0; n < F_REC * F_IN; n++) printf("g %d %d %.9e\n", k, n, seen->g[n]);
    }
    printf("end\n");
    return 0;
}

#endif
