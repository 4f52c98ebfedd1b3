/* vectors.c: which cases there are: the core, and a pairwise cover of everything that can be combined.
 * SPDX-License-Identifier: MIT */
#include "vectors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Factors of a case; each has the values 0..levels-1. */
enum { F_MODEL, F_PRESET, F_RULE, F_FORMAT, F_FAMILY, F_LOSS, F_NREF, F_DELAY, F_TRIALS, F_LATE, N_FACTOR };
static const ep_rule rules[] = {EP_EPROP1_SYMMETRIC, EP_EPROP1_RANDOM, EP_BPTT, EP_RTRL,
                                EP_EPROP1_GLOBAL,    EP_EPROP1_ADAPTIVE, EP_TBPTT, EP_EPROP3};
static const vfy_family families[] = {VFY_FAMILY_TRACE, VFY_FAMILY_GRAD, VFY_FAMILY_LOOP, VFY_FAMILY_STEP};
static const int levels[N_FACTOR] = {EP_N_MODEL, EP_N_PRESET, 8, 2, 4, 2, 2, 2, 2, 2};
enum { MOST_LEVELS = 8, TRIES = 40, SEEDS = 60 };

typedef struct item { int f[N_FACTOR]; } item;

static bool possible(const item *i)
{
    ep_model m = (ep_model)i->f[F_MODEL];
    ep_rule r = rules[i->f[F_RULE]];
    bool eprop1 = r >= EP_EPROP1_SYMMETRIC && r <= EP_EPROP1_GLOBAL;
    if (!ep_model_spikes(m) && i->f[F_NREF]) return false;
    if (m == EP_LSTM && i->f[F_DELAY]) return false;
    if (m == EP_RATE && (r == EP_TBPTT || r == EP_EPROP3)) return false;
    if (r == EP_EPROP1_GLOBAL && i->f[F_LOSS] == EP_CLASSIFICATION) return false; /* errors cancel: L = 0 exactly */
    return eprop1 || !i->f[F_LATE];
}

/* ---- one case --------------------------------------------------------------------------------------------- */

static uint64_t wanted(vfy_family f)
{
    uint64_t all = (UINT64_C(1) << VFY_Q_COUNT) - 1, traces = UINT64_C(63) << VFY_Q_EPS_S;
    uint64_t gradients = all & ~((UINT64_C(1) << VFY_Q_LOSS) - 1) & ~(UINT64_C(1) << VFY_Q_L);
    if (f == VFY_FAMILY_GRAD) return gradients;
    return f == VFY_FAMILY_LOOP ? all & ~traces & ~(UINT64_C(1) << VFY_Q_I) & ~(UINT64_C(1) << VFY_Q_R) : all;
}

static vfy_case_spec spec_of(const item *i, uint64_t seed)
{
    vfy_family f = families[i->f[F_FAMILY]];
    vfy_case_spec s = {.model = (ep_model)i->f[F_MODEL], .loss = (ep_loss)i->f[F_LOSS], .B = 1 + i->f[F_TRIALS],
                       .n_ref = i->f[F_NREF] ? 3 : 0, .no_reg = seed % 3 == 1, .free_options = true, .seed = seed};
    s.opt = ep_preset_options((ep_preset)i->f[F_PRESET]);
    s.opt.delay = i->f[F_DELAY] ? 3 : 1;
    s.opt.delay_L = i->f[F_LATE] ? 2 : 0;
    s.n_rec = f == VFY_FAMILY_GRAD ? 6 : f == VFY_FAMILY_LOOP ? 5 : 3;
    s.n_in = f == VFY_FAMILY_GRAD ? 4 : f == VFY_FAMILY_LOOP ? 3 : 2;
    s.n_out = 2;
    s.T = f == VFY_FAMILY_GRAD ? 60 : f == VFY_FAMILY_LOOP ? 40 : f == VFY_FAMILY_TRACE ? 16 : 8;
    return s;
}

void vfy_made_clear(vfy_made *m)
{
    vfy_epv_case_clear(&m->c);
    vfy_case_free(&m->net);
    for (int i = 0; i < 2; i++) free(m->own[i]);
}

static ep_status same_feedback(vfy_made *m)
{
    size_t n = (size_t)m->net.net.n_rec * (size_t)m->net.net.n_out;
    m->own[0] = malloc(n * sizeof *m->own[0]);
    if (!m->own[0]) return EP_NOMEM;
    for (size_t i = 0; i < n; i++) m->own[0][i] = 0.375;
    m->net.net.B = m->own[0];
    return EP_OK;
}

ep_status vfy_vectors_search(vfy_made *m, vfy_attempt attempt, const void *of, int most, const char *none, char *err, size_t n)
{
    bool good = false;
    ep_status st = EP_OK;
    for (int k = 0; st == EP_OK && !good && k < most; k++) {
        vfy_made_clear(m);
        memset(m, 0, sizeof *m);
        st = attempt(of, k, m, &good, err, n);
    }
    if (st != EP_OK || good) return st;
    if (n) (void)snprintf(err, n, "%s", none);
    return EP_UNABLE;
}

typedef struct wish { item i; uint64_t seed; } wish;

/* The last tries take fewer spikes for alive. */
static ep_status attempt(const void *of, int k, vfy_made *m, bool *good, char *err, size_t n)
{
    const item *i = &((const wish *)of)->i;
    uint64_t seed = ((const wish *)of)->seed * 1000003 + (uint64_t)k + 1;
    bool last = k >= 4;
    vfy_case_spec spec = spec_of(i, seed);
    vfy_certainty sure;
    *good = false;
    ep_status st = vfy_case_make(&spec, &m->net);
    if (st == EP_UNABLE && last && m->net.live.rate > 0.02) st = EP_OK;
    if (st != EP_OK) return st == EP_UNABLE ? EP_OK : st;
    ep_rule rule = rules[i->f[F_RULE]];
    if (rule == EP_EPROP1_GLOBAL) st = same_feedback(m);
    if (st == EP_OK) st = vfy_epv_from_net(&m->net.net, &m->net.batch, rule, (vfy_format)i->f[F_FORMAT], &m->c, err, n);
    if (st != EP_OK) return st;
    m->c.family = families[i->f[F_FAMILY]];
    m->c.rng = seed;
    if (rule == EP_TBPTT || rule == EP_EPROP3) m->c.window = 5;
    if (rule == EP_EPROP3) m->c.seed = (vfy_seed)(seed % VFY_N_SEED);
    st = vfy_expect(&m->c, wanted(m->c.family), &sure);
    if (st == EP_UNABLE) return EP_OK;
    if (st != EP_OK) return st;
    *good = sure.robust && sure.left_out == 0;
    vfy_flags_fill(&m->c);
    return EP_OK;
}

static ep_status make_item(const void *what, vfy_made *m, char *err, size_t n)
{
    const wish *w = what;
    const item *i = &w->i;
    const char *model = ep_model_name((ep_model)i->f[F_MODEL]), *preset = ep_preset_name((ep_preset)i->f[F_PRESET]);
    char none[200];
    (void)snprintf(none, sizeof none, "no live case with safe spikes: %s %s %s %s seed %llu", model, preset, ep_rule_name(rules[i->f[F_RULE]]),
                   vfy_family_name(families[i->f[F_FAMILY]]), (unsigned long long)w->seed);
    ep_status st = vfy_vectors_search(m, attempt, w, SEEDS, none, err, n);
    (void)snprintf(m->file, sizeof m->file, "%s-%s.epv", preset, model);
    return st;
}

static ep_status plan_item(const item *i, uint64_t seed, vfy_plan *p)
{
    const wish w = {*i, seed};
    return vfy_plan_add(p, make_item, &w, sizeof w, VFY_COST);
}

/* ---- the core: what most ports claim, in every family and with every feature ---------------------------------- */

static ep_status core(const vfy_vectors_args *a, vfy_plan *p)
{
    static const int features[][N_FACTOR - F_FAMILY] = {
        /* family loss n_ref delay trials late */
        {0, 0, 0, 0, 0, 0}, {0, 0, 1, 1, 0, 0}, {0, 1, 1, 0, 1, 0}, {2, 0, 1, 1, 1, 0}, {1, 0, 1, 0, 0, 1}, {3, 0, 0, 0, 1, 1}};
    int formats = a->level ? 2 : 1;
    ep_status st = EP_OK;
    if (a->one_preset && a->preset != EP_PAPER2019) return EP_OK;
    for (int model = EP_LIF; model <= EP_ALIF; model++)
        for (int rule = 0; rule < 2; rule++)
            for (int format = 0; format < formats; format++)
                for (size_t k = 0; st == EP_OK && k < sizeof features / sizeof *features; k++) {
                    item i = {{model, EP_PAPER2019, rule, format}};
                    memcpy(&i.f[F_FAMILY], features[k], sizeof features[k]);
                    st = plan_item(&i, a->seed * 7919 + p->n, p);
                }
    return st;
}

/* ---- pairwise ---------------------------------------------------------------------------------------------------- */

typedef struct cover { bool done[N_FACTOR][MOST_LEVELS][N_FACTOR][MOST_LEVELS]; } cover;

static int gain(const cover *c, const item *i)
{
    int g = 0;
    for (int a = 0; a < N_FACTOR; a++)
        for (int b = a + 1; b < N_FACTOR; b++) g += !c->done[a][i->f[a]][b][i->f[b]];
    return g;
}

static void mark(cover *c, const item *i)
{
    for (int a = 0; a < N_FACTOR; a++)
        for (int b = a + 1; b < N_FACTOR; b++) c->done[a][i->f[a]][b][i->f[b]] = true;
}

/* The best of some random items that have value x of factor a and y of b; false if none is possible. */
static bool best_with(const cover *c, const vfy_vectors_args *args, uint64_t stream, int a, int x, int b, int y, item *out)
{
    int most = -1;
    for (uint64_t k = 0; k < TRIES; k++) {
        item i;
        for (int f = 0; f < N_FACTOR; f++)
            i.f[f] = (int)(ep_rng_u64(args->seed, stream, k * N_FACTOR + (uint64_t)f) % (uint64_t)levels[f]);
        if (args->one_preset) i.f[F_PRESET] = (int)args->preset;
        i.f[a] = x;
        i.f[b] = y;
        if (args->one_preset && i.f[F_PRESET] != (int)args->preset) return false;
        int g = possible(&i) ? gain(c, &i) : -1;
        if (g <= most) continue;
        most = g;
        *out = i;
    }
    return most >= 0;
}

static ep_status pairwise(const vfy_vectors_args *a, int rounds, vfy_plan *p)
{
    cover *c = calloc(1, sizeof *c);
    ep_status st = c ? EP_OK : EP_NOMEM;
    uint64_t stream = 1000;
    for (int round = 0; st == EP_OK && round < rounds; round++) {
        memset(c, 0, sizeof *c);
        for (int f = 0; f < N_FACTOR; f++)
            for (int x = 0; x < levels[f]; x++)
                for (int g = f + 1; g < N_FACTOR; g++)
                    for (int y = 0; st == EP_OK && y < levels[g]; y++) {
                        item i;
                        if (c->done[f][x][g][y]) continue;
                        c->done[f][x][g][y] = true;
                        if (!best_with(c, a, stream++, f, x, g, y, &i)) continue;
                        mark(c, &i);
                        st = plan_item(&i, a->seed * 7919 + 100000 + p->n, p);
                    }
    }
    free(c);
    return st;
}

/* New kinds go last: what stands before keeps its seeds and ids. */
ep_status vfy_vectors_plan(const vfy_vectors_args *a, vfy_plan *p)
{
    if (a->profile) return vfy_vectors_fixed(a, p);
    ep_status st = core(a, p);
    if (st == EP_OK) st = vfy_vectors_edge(a, p);
    if (st == EP_OK && a->level) st = pairwise(a, a->level == 1 ? 1 : 12, p);
    if (st == EP_OK) st = vfy_vectors_chains(a, p);
    if (st == EP_OK) st = vfy_vectors_given(a, p);
    return st == EP_OK ? vfy_vectors_fixed(a, p) : st;
}

ep_status vfy_vectors_make(const vfy_vectors_args *a, vfy_vectors *out, char *err, size_t n)
{
    vfy_plan p = {0};
    *out = (vfy_vectors){0};
    if (n) err[0] = '\0';
    ep_status st = vfy_vectors_plan(a, &p);
    if (st == EP_OK) st = vfy_plan_run(&p, a->threads, a->progress, out, err, n);
    vfy_plan_free(&p);
    return st;
}

void vfy_vectors_free(vfy_vectors *v)
{
    for (size_t i = 0; i < v->n; i++) vfy_made_clear(&v->made[i]);
    free(v->made);
    *v = (vfy_vectors){0};
}
