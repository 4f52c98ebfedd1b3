/* vectors_fixed.c: cases of fixed point: for each profile the families of the others, in integers.
 *
 * Plain cases stay inside their formats and are alive. Edge cases draw constants and inputs from the whole of their formats and
 * its ends; of many the one is taken in which most quantities leave theirs.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "fixed.h"

enum { SEEDS = 400, EDGES = 40, ENOUGH = 5, UPDATES = 1000, FEWER = 100, STREAM = 600 };

typedef struct recipe {
    vfy_family family;
    ep_model model;
    ep_rule rule;
    ep_loss loss;
    int B, T, N, n_ref, delay;
    bool reg, mask, online, carry;
} recipe;

static const recipe recipes[] = {
    /* family model rule loss B T N n_ref delay reg mask online carry; those of the self-test first */
    {VFY_FAMILY_TRACE, EP_LIF, EP_EPROP1_SYMMETRIC, EP_REGRESSION, 1, 14, 3, 3, 1, false, false, false, false},
    {VFY_FAMILY_TRACE, EP_ALIF, EP_EPROP1_SYMMETRIC, EP_REGRESSION, 1, 14, 3, 0, 2, true, true, false, false},
    {VFY_FAMILY_TRACE, EP_ALIF, EP_EPROP1_RANDOM, EP_CLASSIFICATION, 2, 10, 3, 3, 1, false, true, false, false},
    {VFY_FAMILY_TRACE, EP_LSTM, EP_EPROP1_SYMMETRIC, EP_REGRESSION, 2, 8, 3, 0, 1, false, true, false, false},
    {VFY_FAMILY_EDGE, EP_ALIF, EP_EPROP1_RANDOM, EP_REGRESSION, 1, 24, 3, 2, 1, true, false, false, false},
    {VFY_FAMILY_EDGE, EP_LIF, EP_EPROP1_SYMMETRIC, EP_REGRESSION, 1, 24, 3, 0, 2, false, false, false, false},
    {VFY_FAMILY_EDGE, EP_LSTM, EP_EPROP1_RANDOM, EP_REGRESSION, 1, 16, 2, 0, 1, false, false, false, false},
    {VFY_FAMILY_CHAIN, EP_ALIF, EP_EPROP1_RANDOM, EP_REGRESSION, 2, 4, 2, 0, 1, true, false, false, false},
    {VFY_FAMILY_CHAIN, EP_LIF, EP_EPROP1_ADAPTIVE, EP_REGRESSION, 1, 6, 3, 2, 1, false, true, true, true},
    {VFY_FAMILY_STEP, EP_LIF, EP_EPROP1_RANDOM, EP_CLASSIFICATION, 1, 6, 3, 2, 1, true, false, false, false},
    {VFY_FAMILY_STEP, EP_ALIF, EP_EPROP1_GLOBAL, EP_REGRESSION, 2, 6, 2, 0, 3, false, true, false, false},
    {VFY_FAMILY_LOOP, EP_ALIF, EP_EPROP1_GLOBAL, EP_REGRESSION, 1, 40, 5, 2, 1, true, true, false, false},
    {VFY_FAMILY_GRAD, EP_ALIF, EP_EPROP1_SYMMETRIC, EP_CLASSIFICATION, 2, 60, 6, 3, 2, true, false, false, false},
    {VFY_FAMILY_GRAD, EP_LSTM, EP_EPROP1_RANDOM, EP_CLASSIFICATION, 2, 30, 4, 0, 1, false, false, false, false},
    {VFY_FAMILY_CHAIN, EP_ALIF, EP_EPROP1_SYMMETRIC, EP_CLASSIFICATION, 1, 4, 2, 0, 2, false, false, false, true},
    {VFY_FAMILY_CHAIN, EP_LSTM, EP_EPROP1_SYMMETRIC, EP_REGRESSION, 1, 4, 2, 0, 1, false, false, true, true},
};
enum { N_RECIPE = sizeof recipes / sizeof *recipes, N_SELFTEST = 9 };

typedef struct maker {
    const recipe *r;
    ref_profile p;
    const ref_profile *user; /* p's original, if it came from a file: it outlives the cases */
    vfy_format format;
    uint64_t seed, drawn;
    int updates; /* of a chain */
    const char *id; /* of a profile file */
    bool extreme;
} maker;

static uint32_t pick(maker *k, uint32_t n) { return (uint32_t)(ep_rng_u64(k->seed, STREAM, k->drawn++) % n); }

/* In format q: a number in [low, high] / 16 if it can be held, or one from all of the format and its ends. */
static double number(maker *k, int q, int low, int high)
{
    const ref_format *f = &k->p.q[q];
    int64_t end = q == RQ_D ? INT64_C(1) << f->frac : INT64_C(1) << (f->bits - 1), n;
    if (k->extreme && pick(k, k->r->model == EP_LSTM ? 8 : 4) == 0) { /* gates that stand at their ends learn nothing */
        uint64_t r = ep_rng_u64(k->seed, STREAM + 1, k->drawn++);
        n = r % 4 == 0 ? end - 1 : r % 4 == 1 ? -end : (int64_t)(r >> 8) % end * (r % 4 == 2 ? 1 : -1);
    } else {
        int64_t one = INT64_C(1) << f->frac, span = (high - low) * one;
        n = (low * one + (int64_t)(ep_rng_u64(k->seed, STREAM + 1, k->drawn++) % (uint64_t)(span + 1))) / 16;
    }
    if (low >= 0 && n < 0) n = -1 - n;
    return (double)(n < -end ? -end : n >= end ? end - 1 : n);
}

static double *fill(maker *k, double **at, size_t n, int q, int low, int high)
{
    double *a = *at;
    *at += n;
    for (size_t i = 0; i < n; i++) a[i] = number(k, q, low, high);
    return a;
}

/* ---- one case ---------------------------------------------------------------------------------------------------- */

static void draw_weights(maker *k, ep_net *net, double **at)
{
    size_t n = (size_t)net->n_rec, in = (size_t)net->n_in, out = (size_t)net->n_out, rows = net->model == EP_LSTM ? 4 * n : n;
    int low = net->model == EP_LSTM ? -24 : -6, high = net->model == EP_LSTM ? 24 : 14;
    net->Win = fill(k, at, rows * in, RQ_W, low, high);
    double *rec = fill(k, at, rows * n, RQ_W, low, high);
    for (size_t j = 0; net->model != EP_LSTM && j < n; j++) rec[j * n + j] = 0;
    net->Wrec = rec;
    net->b = fill(k, at, rows, RQ_W, low, high / 2);
    net->Wout = fill(k, at, out * n, RQ_WO, -16, 16);
    net->bout = fill(k, at, out, RQ_WO, -16, 16);
    if (k->r->rule == EP_EPROP1_SYMMETRIC) return;
    double *B = fill(k, at, n * out, RQ_FB, -16, 16);
    for (size_t i = 1; k->r->rule == EP_EPROP1_GLOBAL && i < n * out; i++) B[i] = B[0];
    net->B = B;
}

static void draw_constants(maker *k, vfy_made *m, double **at)
{
    ep_net *net = &m->net.net;
    size_t n = (size_t)net->n_rec;
    double *theta[EP_N_THETA] = {0};
    for (int p = EP_ALPHA; p <= EP_BETA; p++) {
        if (!ep_model_has(net->model, (ep_theta)p)) continue;
        theta[p] = p == EP_BETA ? fill(k, at, n, RQ_B, 1, 16) : fill(k, at, n, RQ_D, p == EP_ALPHA ? 12 : 14, 15);
        net->theta[p] = theta[p];
    }
    for (size_t j = 1; theta[EP_ALPHA] && j < n; j++) theta[EP_ALPHA][j] = theta[EP_ALPHA][0];
    net->kappa = number(k, RQ_D, 8, 15);
    if (net->model == EP_LSTM) {
        net->b_forget = number(k, RQ_I, 0, 16);
        return;
    }
    net->v_th = fmax(1, number(k, RQ_V, 8, 16));
    m->c.slope = number(k, RQ_S, 4, 20);
    if (!k->r->reg) return;
    m->net.batch.c_reg = fmax(1, number(k, RQ_C, 0, 2));
    m->net.batch.f_target = number(k, RQ_CN, 0, 64);
}

static void draw_batch(maker *k, vfy_made *m, double **at)
{
    ep_batch *bt = &m->net.batch;
    size_t steps = (size_t)bt->T * (size_t)bt->B, in = (size_t)m->net.net.n_in, out = (size_t)m->net.net.n_out;
    double *x = fill(k, at, steps * in, RQ_X, 8, 24), *y = *at, *mask;
    for (size_t i = 0; i < steps * in; i++)
        x[i] = pick(k, 5) >= 2 ? 0 : pick(k, 4) == 0 && !k->extreme ? -x[i] : x[i];
    *at += steps * out;
    double one = (double)(INT64_C(1) << k->p.q[RQ_PR].frac);
    for (size_t i = 0; i < steps * out; i++)
        y[i] = bt->loss == EP_REGRESSION ? number(k, RQ_Y, -16, 16) : pick(k, 4) ? floor(one * pick(k, 1u << 16) / 65536) : one;
    bt->x = x;
    bt->target = y;
    if (!k->r->mask) return;
    mask = *at;
    *at += steps;
    for (size_t i = 0; i < steps; i++) mask[i] = pick(k, 5) > 0;
    bt->mask = mask;
}

static size_t room(const recipe *r, size_t in, size_t out)
{
    size_t n = (size_t)r->N, steps = (size_t)r->T * (size_t)r->B;
    return 4 * n * (in + n + 1) + 2 * out * (n + 1) + 3 * n + steps * (in + out + 1);
}

static ep_status draw(maker *k, vfy_made *m)
{
    static const int report[] = {1, 2, 3, 10, 100, UPDATES};
    const recipe *r = k->r;
    ep_options o = ep_preset_options(EP_PAPER2019);
    o.delay = r->delay;
    m->net.net = (ep_net){.model = r->model, .opt = o, .n_in = 2, .n_rec = r->N, .n_out = 2, .n_ref = r->n_ref};
    m->net.batch = (ep_batch){.T = r->T, .B = r->B, .loss = r->loss};
    double *at = m->own[0] = calloc(room(r, 2, 2), sizeof *at);
    if (!at) return EP_NOMEM;
    draw_weights(k, &m->net.net, &at);
    draw_constants(k, m, &at);
    draw_batch(k, m, &at);
    vfy_epv_case *c = &m->c;
    c->rule = r->rule;
    c->format = k->format;
    c->family = r->family;
    c->net = m->net.net;
    c->batch = m->net.batch;
    c->rng = k->seed;
    c->draws = ep_rng_u64(k->seed, STREAM + 2, 0);
    if (k->format == VFY_FIXED_USER) {
        c->fixed = k->user;
        memcpy(c->profile, k->id, sizeof c->profile);
    }
    if (r->family != VFY_FAMILY_CHAIN) return EP_OK;
    c->updates = k->updates;
    c->n_report = (int)(sizeof report / sizeof *report) - (k->updates < UPDATES);
    memcpy(c->report, report, sizeof report);
    c->online = r->online;
    c->carry = r->carry;
    c->eta = fmax(1, floor(ldexp(1 + pick(k, 4), k->p.q[RQ_N].frac - 9)));
    c->lambda = r->rule == EP_EPROP1_ADAPTIVE ? ldexp(1, k->p.q[RQ_D].frac - 10) : 0;
    return EP_OK;
}

/* ---- which are good ---------------------------------------------------------------------------------------------- */

static uint64_t wanted(vfy_family f)
{
    uint64_t all = ~UINT64_C(0), traces = UINT64_C(63) << VFY_Q_EPS_S, states = (UINT64_C(1) << VFY_Q_GRAD) - 1;
    return f == VFY_FAMILY_GRAD ? all & ~states : f == VFY_FAMILY_LOOP ? all & ~traces : all;
}

static double share(const vfy_epv_case *c, vfy_quantity q)
{
    size_t n = 0, live = 0;
    for (size_t i = 0; i < c->n_want; i++)
        if (c->want[i].q == q) n++, live += c->want[i].bits != 0;
    return n ? (double)live / (double)n : 1;
}

/* Distinct weights between the first report and the last: it learns, and does not stand at the ends of its formats. */
static bool learns(const vfy_epv_case *c)
{
    size_t changed = 0, n = 0;
    for (size_t i = 0; i < c->n_want; i++)
        for (size_t j = 0; c->want[i].q == VFY_Q_WEIGHT && j < i; j++) {
            vfy_shape s = vfy_quantity_shape(VFY_Q_WEIGHT, &c->net, c->batch.T, c->batch.B, c->updates);
            size_t width = vfy_shape_size(&s) / (size_t)c->updates;
            if (c->want[j].q != VFY_Q_WEIGHT || c->want[j].at != c->want[i].at % width || vfy_shape_step(&s, c->want[i].at) != c->updates) continue;
            n++;
            changed += c->want[i].bits != c->want[j].bits;
        }
    return 2 * changed >= n && n;
}

/* Numbers that left their formats: which count, traces of a running network or its weights. */
static int left(const uint64_t *events)
{
    int n = 0;
    for (int q = RQ_W; q < RQ_COUNT; q++) n += events[q] > 0;
    return n;
}

static bool is_alive(const vfy_epv_case *c)
{
    double spikes = share(c, VFY_Q_Z), psi = share(c, VFY_Q_PSI), least = c->family == VFY_FAMILY_EDGE ? 0.05 : 0.2;
    for (int g = EP_G_WIN; g <= EP_G_BOUT; g++)
        if (share(c, (vfy_quantity)(VFY_Q_GRAD + g)) < least) return false;
    if (c->updates) return learns(c);
    return c->net.model == EP_LSTM || (spikes > 0.04 && psi > least && share(c, VFY_Q_EBAR) > least);
}

static ep_status attempt(const maker *k, vfy_made *m, int *score, char *err, size_t n)
{
    uint64_t events[RQ_COUNT] = {0};
    char why[192];
    maker mine = *k;
    *score = -1;
    ep_status st = draw(&mine, m);
    if (st == EP_OK && !vfy_fixed_case_valid(&m->c, why, sizeof why)) {
        if (n) (void)snprintf(err, n, "%s", why);
        return EP_DOMAIN;
    }
    if (st == EP_OK) st = vfy_expect_fixed(&m->c, wanted(m->c.family), events);
    if (st != EP_OK || !is_alive(&m->c)) return st;
    *score = k->extreme ? left(events) : left(events) && !m->c.updates ? 0 : 1; /* a chain may leave its formats */
    vfy_flags_fill(&m->c);
    return EP_OK;
}

/* The first that is alive and fits; of extreme ones that which leaves most formats. */
static ep_status make_fixed(const void *what, vfy_made *m, char *err, size_t n)
{
    maker k = *(const maker *)what;
    const uint64_t seed = k.seed;
    int best = -1, most = k.extreme ? EDGES : SEEDS;
    uint64_t at = 0;
    ep_status st = EP_OK;
    for (int i = 0; st == EP_OK && i <= most; i++) { /* the last time: the best one again */
        int score;
        if (i == most && best < 0) break;
        vfy_made_clear(m);
        memset(m, 0, sizeof *m);
        k.seed = i == most ? at : seed + (uint64_t)i;
        st = attempt(&k, m, &score, err, n);
        if (score > best) best = score, at = k.seed;
        if (score >= (k.extreme ? ENOUGH : 1)) break;
    }
    (void)snprintf(m->file, sizeof m->file, "fixed-%.40s.epv", k.id);
    if (st != EP_OK || best >= 0) return st;
    if (n) (void)snprintf(err, n, "no live case of %s %s %s, seed %llu", k.id, ep_model_name(k.r->model), vfy_family_name(k.r->family), (unsigned long long)seed);
    return EP_UNABLE;
}

static ep_status plan_profile(const vfy_vectors_args *a, vfy_format f, const ref_profile *p, const char *name, vfy_plan *out)
{
    ep_status st = EP_OK;
    for (int i = 0; st == EP_OK && i < (a->level ? N_RECIPE : N_SELFTEST); i++) {
        maker k = {.r = &recipes[i], .p = *p, .user = a->profile, .format = f, .id = name, .updates = a->level ? UPDATES : FEWER, .extreme = recipes[i].family == VFY_FAMILY_EDGE,
                   .seed = (a->seed * 7919 + 700000 + (uint64_t)(N_RECIPE * (int)f + i)) * SEEDS};
        if (recipes[i].model == EP_LSTM && !p->q[RQ_GA].bits) continue;
        if (recipes[i].reg && !p->q[RQ_C].bits) continue;
        if (recipes[i].loss == EP_CLASSIFICATION && !p->q[RQ_PR].bits) continue;
        st = vfy_plan_add(out, make_fixed, &k, sizeof k, VFY_COST);
    }
    return st;
}

ep_status vfy_vectors_fixed(const vfy_vectors_args *a, vfy_plan *out)
{
    ep_status st = EP_OK;
    if (a->profile) return plan_profile(a, VFY_FIXED_USER, a->profile, a->profile_id, out);
    if (a->one_preset && a->preset != EP_PAPER2019) return EP_OK;
    for (int f = VFY_FIXED_Q15; st == EP_OK && f <= VFY_FIXED_RECKON; f++) {
        const char *name = vfy_format_name((vfy_format)f) + strlen("fixed:");
        ref_profile p;
        st = ep_fixed_profile(name, &p);
        if (st == EP_OK) st = plan_profile(a, (vfy_format)f, &p, name, out);
    }
    return st;
}
