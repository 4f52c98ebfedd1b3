/* vectors_given.c: cases in which spikes, psi or the learning signal are given: for ports that compute a part.
 *
 * What is given is drawn anew, not what the network would do by itself, so that a port which computes its own is found out.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vectors.h"

enum { SEEDS = 60, STREAM = 400 };
enum { Z = 1, PSI = 2, SIGNAL = 4 };

typedef struct recipe {
    ep_model model;
    ep_rule rule;
    unsigned given;
    int B, n_ref, delay, late;
    bool reg;
} recipe;

static const recipe recipes[] = {
    /* model rule given B n_ref delay delay_L reg; the first are those of the self-test */
    {EP_ALIF, EP_EPROP1_SYMMETRIC, Z | PSI | SIGNAL, 1, 0, 1, 0, false},
    {EP_LIF, EP_EPROP1_RANDOM, Z | PSI, 2, 0, 2, 0, true},
    {EP_ALIF, EP_EPROP1_RANDOM, Z, 1, 3, 1, 0, true},
    {EP_LIF, EP_EPROP1_SYMMETRIC, SIGNAL, 1, 0, 1, 2, true},
    {EP_LIF, EP_EPROP1_SYMMETRIC, Z | PSI | SIGNAL, 1, 0, 1, 0, false},
    {EP_ALIF, EP_EPROP1_SYMMETRIC, Z | PSI, 1, 0, 1, 0, false},
    {EP_LSNN, EP_EPROP1_RANDOM, Z | PSI | SIGNAL, 1, 0, 2, 0, true},
    {EP_SYNAPTIC, EP_EPROP1_SYMMETRIC, Z | PSI | SIGNAL, 1, 0, 1, 0, true},
    {EP_LSTM, EP_EPROP1_SYMMETRIC, SIGNAL, 2, 0, 1, 0, false},
    {EP_RATE, EP_EPROP1_RANDOM, SIGNAL, 1, 0, 1, 0, true},
};
enum { N_RECIPE = sizeof recipes / sizeof *recipes, N_SELFTEST = 4 };

/* z: spikes, one in six; psi: in [0, 1/2), a third 0; L: in [-1, 1). All k 2^-12. */
static double draw(int kind, uint64_t seed, uint64_t at)
{
    double u = ep_rng_uniform(seed, STREAM + (uint64_t)kind, at), v = (double)(int)(u * 4096) / 4096;
    if (kind == 0) return u < 1.0 / 6 ? 1 : 0;
    if (kind == 1) return v < 1.0 / 3 ? 0 : v / 2;
    return 2 * v - 1;
}

static ep_status give(const recipe *r, uint64_t seed, vfy_made *m)
{
    size_t n = (size_t)m->c.batch.T * (size_t)m->c.batch.B * (size_t)m->c.net.n_rec;
    double *p = m->own[0] = malloc(3 * n * sizeof *p);
    if (!p) return EP_NOMEM;
    for (int kind = 0; kind < 3; kind++) {
        for (size_t i = 0; i < n; i++) p[(size_t)kind * n + i] = draw(kind, seed, i);
        if (r->given >> kind & 1) m->c.given[kind] = p + (size_t)kind * n;
    }
    return EP_OK;
}

typedef struct wish { const recipe *r; vfy_format f; uint64_t seed; } wish;

static ep_status attempt(const void *of, int k, vfy_made *m, bool *good, char *err, size_t n)
{
    const wish *w = of;
    const recipe *r = w->r;
    vfy_format f = w->f;
    uint64_t seed = w->seed + (uint64_t)k;
    vfy_case_spec spec = {.model = r->model, .B = r->B, .T = 14, .n_rec = 3, .n_in = 2, .n_out = 2, .n_ref = r->n_ref, .no_reg = !r->reg,
                          .free_options = true, .seed = seed};
    vfy_certainty sure;
    spec.opt = ep_preset_options(EP_PAPER2019);
    spec.opt.delay = r->delay;
    spec.opt.delay_L = r->late;
    *good = false;
    ep_status st = vfy_case_make(&spec, &m->net);
    if (st == EP_UNABLE && m->net.live.rate > 0.02) st = EP_OK;
    if (st == EP_OK) st = vfy_epv_from_net(&m->net.net, &m->net.batch, r->rule, f, &m->c, err, n);
    if (st != EP_OK) return st == EP_UNABLE ? EP_OK : st;
    m->c.family = VFY_FAMILY_TRACE;
    m->c.rng = seed;
    st = give(r, seed, m);
    if (st == EP_OK) st = vfy_expect(&m->c, ~UINT64_C(0), &sure);
    if (st == EP_UNABLE) return EP_OK;
    *good = st == EP_OK && sure.robust && sure.left_out == 0;
    vfy_flags_fill(&m->c);
    return st;
}

static ep_status make_given(const void *what, vfy_made *m, char *err, size_t n)
{
    const wish *w = what;
    char none[120];
    (void)snprintf(none, sizeof none, "no case of %s with given numbers, seed %llu", ep_model_name(w->r->model), (unsigned long long)w->seed);
    ep_status st = vfy_vectors_search(m, attempt, w, SEEDS, none, err, n);
    (void)snprintf(m->file, sizeof m->file, "given.epv");
    return st;
}

ep_status vfy_vectors_given(const vfy_vectors_args *a, vfy_plan *p)
{
    ep_status st = EP_OK;
    int formats = a->level ? 2 : 1, count = a->level ? N_RECIPE : N_SELFTEST;
    if (a->one_preset && a->preset != EP_PAPER2019) return EP_OK;
    for (int i = 0; i < count; i++)
        for (int f = 0; st == EP_OK && f < formats; f++) {
            const wish w = {&recipes[i], (vfy_format)f, (a->seed * 7919 + 500000 + (uint64_t)(2 * i + f)) * SEEDS};
            st = vfy_plan_add(p, make_given, &w, sizeof w, VFY_COST);
        }
    return st;
}
