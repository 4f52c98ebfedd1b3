/* vectors_chain.c: chains of 1000 updates: e-prop 1 that learns, its weights and states carried from update to update.
 *
 * A case must stay judgeable to its end: its learning rate is a small power of two, and of many seeds the first is taken
 * whose every spike test, at every step of every update, lies further from a tie than rounding can have led by then.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vectors.h"

enum { UPDATES = 1000, SEEDS = 400 };

typedef struct recipe {
    ep_model model;
    ep_preset preset;
    ep_rule rule;
    ep_loss loss;
    int B, T, n_ref, delay, late;
    bool online, carry, reg;
    double eta, lambda;
    int first[2]; /* f32, f64: where the search begins; it saves time for seed 1 */
} recipe;

static const recipe recipes[] = {
    /* model preset rule loss B T n_ref delay late online carry reg eta lambda first; the first are those of the self-test */
    {EP_ALIF, EP_PAPER2019, EP_EPROP1_SYMMETRIC, EP_REGRESSION, 2, 8, 0, 1, 0, false, false, true, 0x1p-17, 0, {29, 0}},
    {EP_LIF, EP_PAPER2019, EP_EPROP1_RANDOM, EP_REGRESSION, 1, 8, 3, 1, 0, false, true, true, 0x1p-17, 0, {87, 0}},
    {EP_ALIF, EP_PAPER2019, EP_EPROP1_ADAPTIVE, EP_REGRESSION, 1, 8, 0, 2, 0, false, false, false, 0x1p-16, 0x1p-10, {2, 0}},
    {EP_LIF, EP_PAPER2019, EP_EPROP1_SYMMETRIC, EP_REGRESSION, 1, 8, 0, 1, 2, true, true, false, 0x1p-16, 0, {35, 2}},
    {EP_ALIF, EP_PAPER2019, EP_EPROP1_RANDOM, EP_REGRESSION, 1, 8, 3, 1, 0, true, false, false, 0x1p-16, 0, {2, 0}},
    {EP_LIF, EP_PAPER2019, EP_EPROP1_SYMMETRIC, EP_CLASSIFICATION, 2, 8, 0, 1, 0, false, false, false, 0x1p-16, 0, {6, 0}},
    {EP_LSTM, EP_PAPER2019, EP_EPROP1_SYMMETRIC, EP_REGRESSION, 1, 6, 0, 1, 0, true, true, false, 0x1p-16, 0, {0, 0}},
    {EP_RATE, EP_PAPER2019, EP_EPROP1_RANDOM, EP_REGRESSION, 2, 6, 0, 1, 0, false, false, true, 0x1p-16, 0, {0, 0}},
    {EP_LSNN, EP_LSNN_OFFICIAL, EP_EPROP1_RANDOM, EP_REGRESSION, 1, 8, 3, 2, 0, false, true, false, 0x1p-16, 0, {0, 0}},
    {EP_SYNAPTIC, EP_PAPER2019, EP_EPROP1_ADAPTIVE, EP_REGRESSION, 1, 8, 0, 1, 0, true, true, false, 0x1p-16, 0x1p-10, {3, 0}},
    {EP_ALIF, EP_OFFICIAL_ALIF, EP_EPROP1_SYMMETRIC, EP_REGRESSION, 1, 8, 0, 1, 0, false, false, true, 0x1p-16, 0, {13, 0}},
    {EP_ALIF, EP_OFFICIAL_LIGHTALIF, EP_EPROP1_SYMMETRIC, EP_REGRESSION, 1, 8, 0, 1, 0, true, false, false, 0x1p-14, 0, {1, 0}},
    {EP_LIF, EP_OFFICIAL_LIGHTLIF, EP_EPROP1_RANDOM, EP_REGRESSION, 1, 8, 3, 1, 0, false, false, true, 0x1p-14, 0, {0, 0}},
    {EP_LIF, EP_NEST_BSSHSLM, EP_EPROP1_RANDOM, EP_REGRESSION, 1, 8, 0, 1, 0, false, false, false, 0x1p-14, 0, {2, 0}},
    {EP_ALIF, EP_MLGENN, EP_EPROP1_SYMMETRIC, EP_REGRESSION, 1, 8, 0, 1, 0, true, false, false, 0x1p-16, 0, {7, 0}},
    {EP_ALIF, EP_EPROP_PYTORCH, EP_EPROP1_RANDOM, EP_REGRESSION, 1, 8, 0, 1, 0, true, false, false, 0x1p-16, 0, {1, 0}},
};
enum { N_RECIPE = sizeof recipes / sizeof *recipes, N_SELFTEST = 6 };

static vfy_case_spec spec_of(const recipe *r, uint64_t seed)
{
    vfy_case_spec s = {.model = r->model, .loss = r->loss, .B = r->B, .T = r->T, .n_rec = 3, .n_in = 2, .n_out = 2,
                       .n_ref = r->n_ref, .no_reg = !r->reg, .free_options = true, .seed = seed};
    s.opt = ep_preset_options(r->preset);
    s.opt.delay = r->delay;
    s.opt.delay_L = r->late;
    return s;
}

static double value_at(const vfy_epv_case *c, vfy_quantity q, size_t at)
{
    for (size_t i = 0; i < c->n_want; i++)
        if (c->want[i].q == q && c->want[i].at == at && c->want[i].kind == VFY_VALUE) return vfy_bits_value(c->format, c->want[i].bits);
    return 0;
}

/* It learned something, and it spiked to the end. */
static bool is_live(const vfy_epv_case *c)
{
    double first = value_at(c, VFY_Q_ULOSS, 0), last = value_at(c, VFY_Q_ULOSS, UPDATES - 1), spikes = 0, early = 0;
    for (int j = 0; j < c->net.n_rec; j++) {
        spikes += value_at(c, VFY_Q_COUNT, (size_t)(UPDATES - 1) * (size_t)c->net.n_rec + (size_t)j);
        early += value_at(c, VFY_Q_COUNT, (size_t)(UPDATES / 10 - 1) * (size_t)c->net.n_rec + (size_t)j);
    }
    return fabs(last - first) > 0.01 * fabs(first) && (!ep_model_spikes(c->net.model) || spikes - early > UPDATES / 4);
}

typedef struct wish { const recipe *r; vfy_format f; uint64_t seed; } wish;

static ep_status attempt(const void *of, int k, vfy_made *m, bool *good, char *err, size_t n)
{
    const wish *w = of;
    const recipe *r = w->r;
    vfy_format f = w->f;
    uint64_t seed = w->seed + (uint64_t)(r->first[f] + k) % SEEDS;
    vfy_case_spec spec = spec_of(r, seed);
    vfy_certainty sure;
    *good = false;
    ep_status st = vfy_case_make(&spec, &m->net);
    if (st == EP_UNABLE && m->net.live.rate > 0.02) st = EP_OK; /* so short a trial need not show everything */
    if (st == EP_OK) st = vfy_epv_from_net(&m->net.net, &m->net.batch, r->rule, f, &m->c, err, n);
    if (st != EP_OK) return st == EP_UNABLE ? EP_OK : st;
    static const int report[] = {1, 2, 3, 10, 100, UPDATES};
    m->c.family = VFY_FAMILY_CHAIN;
    m->c.rng = seed;
    m->c.updates = UPDATES;
    m->c.n_report = (int)(sizeof report / sizeof *report);
    memcpy(m->c.report, report, sizeof report);
    m->c.online = r->online;
    m->c.carry = r->carry;
    m->c.eta = r->eta;
    m->c.lambda = r->lambda;
    st = vfy_expect(&m->c, ~UINT64_C(0), &sure);
    if (st == EP_UNABLE) return EP_OK;
    *good = st == EP_OK && sure.robust && sure.left_out == 0 && is_live(&m->c);
    vfy_flags_fill(&m->c);
    return st;
}

static ep_status make_chain(const void *what, vfy_made *m, char *err, size_t n)
{
    const wish *w = what;
    char none[160];
    (void)snprintf(none, sizeof none, "no chain with safe spikes: %s %s %s seed %llu", ep_model_name(w->r->model), ep_preset_name(w->r->preset),
                   ep_rule_name(w->r->rule), (unsigned long long)w->seed);
    ep_status st = vfy_vectors_search(m, attempt, w, SEEDS, none, err, n);
    (void)snprintf(m->file, sizeof m->file, "chain-%s.epv", ep_preset_name(w->r->preset));
    return st;
}

ep_status vfy_vectors_chains(const vfy_vectors_args *a, vfy_plan *p)
{
    ep_status st = EP_OK;
    int formats = a->level ? 2 : 1, count = a->level ? N_RECIPE : N_SELFTEST;
    for (int i = 0; i < count; i++) {
        if (a->one_preset && recipes[i].preset != a->preset) continue;
        for (int f = 0; st == EP_OK && f < formats; f++) {
            const wish w = {&recipes[i], (vfy_format)f, (a->seed * 7919 + 300000 + (uint64_t)(2 * i + f)) * SEEDS};
            st = vfy_plan_add(p, make_chain, &w, sizeof w, VFY_COST_CHAIN);
        }
    }
    return st;
}
