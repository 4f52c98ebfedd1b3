/* Sizes of a state of the fast LSNN path, and how it lies in the caller's memory.
 *
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSNN_MEMORY_H
#define OPT_FAST_LSNN_MEMORY_H

#include <math.h>
#include <string.h>

#include "lsnn_state.h"

typedef struct cursor {
    unsigned char *base; /* NULL: only count */
    size_t used;
    bool too_large;
} cursor;

/* Room for a b c elements, aligned to OPT_ALIGN. */
static void *take(cursor *at, size_t element, size_t a, size_t b, size_t c)
{
    size_t n = element, factor[3] = {a, b, c}, start = at->used;
    for (int f = 0; f < 3; f++) {
        if (factor[f] && n > SIZE_MAX / 4 / factor[f]) at->too_large = true;
        n = at->too_large ? 0 : n * factor[f];
    }
    if (n > SIZE_MAX / 4 - start) {
        at->too_large = true;
        n = 0;
    }
    at->used += (n + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN;
    return at->base ? at->base + start : NULL;
}

static real *numbers(cursor *c, size_t a, size_t b, size_t d) { return take(c, sizeof(real), a, b, d); }

static size_t padded(size_t n)
{
    size_t unit = OPT_ALIGN / sizeof(real);
    return (n + unit - 1) / unit * unit;
}

/* Trials that share an accumulator, so that the order of every sum is a matter of the batch alone. */
static size_t slots_for(size_t B)
{
    if (B < 2 * GROUP) return B < 2 ? 1 : 2;
    return B / GROUP < MOST_SLOTS ? B / GROUP : MOST_SLOTS;
}

enum { CHUNK_MOST = 256, CHUNK_LEAST = 16, CHUNK_BYTES = 16 << 20 };

/* Steps of a chunk. Cost a synapse and step: pass/c + 3 rate; a neuron: independent of c. The pass reads and writes all traces, so
 * long chunks pay as long as the four histories of a chunk stay in the last cache: LSNN.md has the measurements. */
static size_t chunk_for(size_t np)
{
    size_t c = CHUNK_MOST;
    while (c > CHUNK_LEAST && c * np * N_HIST * sizeof(real) > CHUNK_BYTES) c /= 2;
    return c;
}

/* Conventions and rules that the special kernels know. */
static bool special(const opt_config *cfg)
{
    const ep_options *o = &cfg->net->opt;
    bool lif = cfg->net->model == EP_LIF, online = opt_rule_online(cfg->rule);
    if (!online && cfg->rule != EP_TBPTT && (cfg->rule != EP_BPTT || cfg->window > 0)) return false;
    return cfg->net->model != EP_SYNAPTIC && o->psi_shape == EP_TRIANGLE && (lif || o->psi_width == EP_WIDTH_VTH) &&
           (lif || o->dz_da == EP_DZDA_PSI) && o->spike_from == EP_FROM_NEW_V &&
           (o->reset == EP_RESET_VTH_NEXT || o->reset == EP_RESET_VTH_SAME || lif) &&
           o->reset_path != EP_RESET_LOCAL && (lif || o->adapt_source == EP_ADAPT_Z) && (o->delay_L == 0 || !online);
}

/* What the general path keeps of a neuron and step. */
static void plan_general(const opt_config *cfg, lsnn *s)
{
    const ep_options *o = &cfg->net->opt;
    bool unmasked = s->has_a && o->adapt_source == EP_ADAPT_Z_UNMASKED;
    const struct {
        int *at;
        bool kept;
    } q[] = {{&s->q_v, true}, {&s->q_psi, true}, {&s->q_z, true}, {&s->q_a, s->has_a || s->synaptic}, {&s->q_dzda, s->has_a},
             {&s->q_psi_free, unmasked}, {&s->q_dzda_free, unmasked}, {&s->q_z_free, unmasked},
             {&s->q_I, o->gain_differentiated && o->g_in == EP_GAIN_COMPLEMENT}};
    s->old_v = o->spike_from == EP_FROM_OLD_V && !s->synaptic;
    s->cut = cfg->rule != EP_BPTT;
    s->nh = (size_t)opt_hidden_count(cfg->net->model, o);
    s->rows = s->R + EP_N_THETA;
    for (int p = 0; p < EP_N_THETA; p++) s->learns[p] = ep_model_has(cfg->net->model, (ep_theta)p);
    for (size_t k = 0; k < sizeof q / sizeof *q; k++) *q[k].at = q[k].kept ? (int)s->nq++ : -1;
}

static void plan(const opt_config *cfg, lsnn *s)
{
    const ep_options *o = &cfg->net->opt;
    size_t T = (size_t)cfg->T, chunk = (size_t)cfg->chunk;
    bool online = opt_rule_online(cfg->rule);
    *s = (lsnn){.cfg = *cfg, .net = *cfg->net};
    s->cfg.net = NULL;
    s->n_in = (size_t)cfg->net->n_in;
    s->n_rec = (size_t)cfg->net->n_rec;
    s->n_out = (size_t)cfg->net->n_out;
    s->R = s->n_in + s->n_rec + 1;
    s->np = padded(s->n_rec);
    s->kp = padded(s->n_out);
    s->zw = (s->np + 63) / 64;
    s->xw = (s->n_in + 63) / 64;
    s->delay = (size_t)o->delay;
    s->bptt = !online;
    s->chunked = online && (T == 0 || chunk > 0);
    s->streams = opt_config_streams(cfg);
    s->block = s->streams ? (size_t)cfg->window : s->chunked ? (chunk ? chunk : chunk_for(s->np)) : T;
    s->traces = s->chunked || (s->streams && (cfg->rule == EP_EPROP3 || cfg->rule == EP_EPROP3_SG));
    if (s->block == 0 || (s->chunked && T > 0 && s->block > T)) s->block = T ? T : 1;
    s->window = cfg->rule == EP_TBPTT ? (size_t)cfg->window : 0;
    s->lean = s->chunked && T > 0 && cfg->grad_only;
    s->keep_all = !s->lean && (s->chunked || s->streams || cfg->c_reg > 0); /* the regulariser's part of L is known after the last trial */
    s->general = s->streams || !special(cfg);
    s->synaptic = cfg->net->model == EP_SYNAPTIC;
    s->has_a = cfg->net->model != EP_LIF && !s->synaptic;
    s->rows = s->R;
    if (s->general) plan_general(cfg, s);
    s->ge = o->spike_test == EP_TEST_GE;
    s->same_step = o->reset == EP_RESET_VTH_SAME;
    s->unmasked = o->psi_refractory == EP_PSI_UNMASKED;
    s->n_ref = cfg->net->n_ref + (o->ref_count == EP_REFR_N_PLUS_1 ? 1 : 0);
    s->nb = (size_t)cfg->B;
    s->n_slot = slots_for(s->nb);
    s->n_lane = cfg->threads > 1 ? (size_t)cfg->threads : 1;
    if (s->n_lane > FAST_MOST_THREADS) s->n_lane = FAST_MOST_THREADS;
    if (s->n_lane > s->n_slot) s->n_lane = s->n_slot;
    s->n_home = s->lean ? s->n_lane : s->nb;
}

static void carve_lane(cursor *c, const lsnn *s, lane *ln)
{
    size_t most = s->chunked ? 1 : (size_t)s->cfg.B < GROUP ? (size_t)s->cfg.B : GROUP, group = s->keep_all ? 0 : most;
    size_t rows = s->bptt ? GROUP * GROUP_STEPS : s->chunked || s->block < BLOCK_STEPS ? s->block : BLOCK_STEPS; /* sorted at once */
    lane l = {.psi = numbers(c, s->general ? 0 : group, s->block, s->np)};
    l.xbits = take(c, sizeof(uint64_t), group, s->block, s->xw);
    size_t whole = s->general ? 1 : 0, runs = !s->general ? 0 : s->traces ? 3 + s->nh : 1;
    l.errbar = numbers(c, s->bptt ? most : 1, s->block, s->kp);
    l.I = numbers(c, GROUP, s->np, 1);
    l.M = numbers(c, GROUP, s->np, 1);
    l.H = numbers(c, GROUP, s->np, 1);
    l.L = numbers(c, GROUP, s->np, 1);
    l.tile = numbers(c, s->chunked || s->bptt ? 0 : rows, 8 * OPT_ALIGN / sizeof(real), 1);
    l.gz = numbers(c, GROUP, s->n_rec, 1);
    for (int h = 0; s->chunked && !s->general && h < N_HIST; h++) {
        l.hist[h] = numbers(c, s->block, s->np, 1);
        l.sums[h] = numbers(c, s->R, SUM_TILE, 1);
    }
    for (size_t h = 0; h < runs; h++) l.hist[h] = numbers(c, s->block, s->np, 1);
    l.signal = numbers(c, whole * s->block, s->np, 1);
    l.Ltr = numbers(c, s->bptt ? whole * s->block : 0, s->np, 1);
    l.lead = numbers(c, s->general && s->traces ? s->np : 0, 1, 1);
    l.dy = numbers(c, whole * s->kp, 1, 1);
    l.back = numbers(c, runs, s->nh + 2, s->np);
    l.acc = numbers(c, runs, EP_N_THETA + 1, s->np);
    l.q = numbers(c, s->keep_all ? 0 : whole * (s->block + 1), s->nq, s->np);
    l.coef = numbers(c, N_COEF, s->np, 1);
    l.first = take(c, sizeof(uint32_t), s->R + 1, 1, 1);
    l.times = take(c, sizeof(uint32_t), s->R + 4, rows + 1, 1);
    l.turned = take(c, sizeof(uint64_t), 64 * (s->xw + s->zw), (rows + 63) / 64, 1);
    l.cur = numbers(c, s->np, 1, 1);
    l.rows = take(c, sizeof(uint32_t), s->R + 16, 1, 1);
    l.z_rows = take(c, sizeof(uint32_t), GROUP, s->np + 8, 1);
    l.bits = take(c, sizeof(uint64_t), GROUP, s->zw, 1);
    l.pre = numbers(c, rows, s->n_rec, 1);
    if (ln) *ln = l;
}

static void carve_trials(cursor *c, lsnn *s)
{
    size_t B = (size_t)s->cfg.B, all = s->keep_all ? B : 0, chunks = s->chunked ? s->n_home : 0, traces = s->traces ? s->n_home : 0;
    s->v = numbers(c, B, s->np, 1);
    s->a = numbers(c, B, s->np, 1);
    s->z = numbers(c, B, s->np, 1);
    s->refr = numbers(c, B, s->np, 1);
    s->y0 = numbers(c, B, s->kp, 1);
    s->zbits = take(c, sizeof(uint64_t), B, s->block + s->delay, s->zw);
    s->xbits = take(c, sizeof(uint64_t), all, s->block, s->xw);
    s->psi = numbers(c, s->general ? 0 : all, s->block, s->np);
    s->q = numbers(c, s->general ? all : 0, s->block + 1, s->nq * s->np);
    s->now = numbers(c, s->general ? B : 0, s->nq, s->np);
    s->eps = numbers(c, s->general ? traces : 0, s->nh * s->rows, s->np);
    s->pend = numbers(c, s->general ? chunks : 0, (size_t)s->net.opt.delay_L + 1, s->np);
    s->y = numbers(c, B, s->block, s->kp);
    s->err = numbers(c, B, s->block, s->kp);
    s->x = numbers(c, s->lean ? 0 : chunks, s->block, s->n_in);
    s->L = numbers(c, s->lean && !s->general ? 0 : chunks, s->block, s->np);
    s->binary = take(c, sizeof(bool), B, 1, 1);
    s->bad = take(c, sizeof(bool), B, 1, 1);
    s->spikes = take(c, sizeof(uint32_t), B, s->n_rec, 1);
    s->norm = numbers(c, B, 1, 1);
    s->loss = numbers(c, B, 1, 1);
    s->ebar = numbers(c, traces, s->rows, s->np);
    s->epsa = numbers(c, s->has_a && !s->general ? chunks : 0, s->R, s->np);
    s->p = numbers(c, s->general ? 0 : chunks, s->R, s->np); /* sizes are the same for any constants */
    s->psi_last = numbers(c, s->general ? 0 : chunks, s->np, 1);
    s->zbar = numbers(c, traces, s->n_rec + 1, 1);
    s->power = numbers(c, s->chunked ? s->block + 1 : 0, s->np, 1);
}

/* Bytes of a state; with a base, its pointers too. 0: larger than memory can be. */
static size_t bytes_of(lsnn *s, unsigned char *base)
{
    cursor c = {.base = base, .used = (sizeof *s + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN};
    real **row[] = {&s->alpha, &s->rho, &s->beta, &s->beta_g, &s->beta_last, &s->g_in, &s->g_a, &s->back, &s->reg};
    s->lanes = take(&c, sizeof(lane), s->n_lane, 1, 1);
    s->W = numbers(&c, s->R + 1, s->np, 1);
    s->packed = numbers(&c, s->bptt ? s->n_out + s->n_rec : 0, s->np, 1);
    s->F = numbers(&c, s->n_out, s->np, 1);
    s->fb = numbers(&c, s->n_out, s->np, 1);
    s->Wout = numbers(&c, s->n_rec + 1, s->kp, 1);
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) *row[k] = numbers(&c, s->np, 1, 1);
    carve_trials(&c, s);
    s->dW = numbers(&c, s->n_slot, s->rows, s->np);
    s->dWout = numbers(&c, s->n_slot, s->n_rec + 1, s->kp);
    s->dR = s->chunked && s->cfg.c_reg > 0 ? numbers(&c, s->n_slot, s->rows, s->np) : NULL;
    for (size_t k = 0; k < s->n_lane; k++) carve_lane(&c, s, base ? &s->lanes[k] : NULL);
    return c.too_large ? 0 : c.used;
}

#endif
