/* vectors_edge.c: cases at the edges, and cases that no port should compute.
 *
 * Edge cases are single networks with numbers chosen by hand: spike tests that are exact ties, traces that decay into
 * subnormals, silence, one step, decays of 0, a spike every step, a spike test within rounding's reach.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vectors.h"

enum { MOST_T = 160, MOST_N = 2, STORE = 64 + 4 * MOST_T };

/* Arrays of one network by hand; all in one block, so that one free releases them. */
typedef struct hand {
    double Win[MOST_N], Wrec[MOST_N * MOST_N], b[MOST_N], Wout[MOST_N], bout[1], theta[EP_N_THETA][MOST_N];
    double x[MOST_T], target[MOST_T];
} hand;

typedef struct edge {
    const char *flags;
    ep_model model;
    ep_preset preset;
    int n_rec, T, n_ref;
    double alpha, rho, beta, kappa, v_th, gamma, weight, recurrent, bias;
    int last;          /* x = 1 up to this step */
    bool strict;       /* judged in full: the arithmetic up to each spike is exact */
} edge;

static const edge edges[] = {
    {"tie", EP_LIF, EP_PAPER2019, 1, 12, 0, 0.5, 0, 0, 0.5, 0.5, 0.25, 0.5, 0, 0, 12, true},
    {"tie", EP_LIF, EP_NEST_BSSHSLM, 1, 12, 0, 0.5, 0, 0, 0.5, 0.5, 0.25, 0.5, 0, 0, 12, true},
    {"tie", EP_ALIF, EP_MLGENN, 2, 8, 0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.5, 0.25, 0, 8, true},
    {"tie,refractory", EP_ALIF, EP_PAPER2019, 2, 10, 3, 0.5, 0.5, 0.25, 0, 0.5, 0.25, 0.5, 0.25, 0.25, 10, true},
    {"subnormal", EP_LIF, EP_PAPER2019, 2, 150, 0, 0.5, 0, 0, 0.5, 1, 0.5, 0.75, 0.25, 0, 1, true},
    {"subnormal", EP_ALIF, EP_PAPER2019, 2, 150, 0, 0.5, 0.5, 0.25, 0.5, 1, 0.5, 1.25, 0.25, 0, 1, true},
    {"silence", EP_ALIF, EP_PAPER2019, 2, 10, 2, 0.75, 0.9375, 0.25, 0.5, 1, 0.25, 0.0625, 0.25, 0, 0, true},
    {"one-step", EP_LIF, EP_PAPER2019, 1, 1, 0, 0.75, 0, 0, 0.5, 0.5, 0.25, 0.75, 0, 0, 1, true},
    {"one-step", EP_ALIF, EP_PAPER2019, 2, 1, 4, 0.75, 0.875, 0.25, 0.5, 0.5, 0.25, 0.75, 0.5, 0.125, 1, true},
    {"no-decay", EP_ALIF, EP_PAPER2019, 2, 10, 0, 0, 0, 0.25, 0, 0.5, 0.25, 0.75, 0.5, 0, 10, true},
    {"every-step", EP_LIF, EP_PAPER2019, 2, 10, 1, 0.5, 0, 0, 0.5, 0.5, 0.25, 2, 0.25, 0, 10, true},
    {"long-refractory", EP_ALIF, EP_PAPER2019, 2, 12, 30, 0.5, 0.75, 0.25, 0.5, 0.5, 0.25, 1, 0.5, 0, 12, true},
    {"near-threshold", EP_LIF, EP_PAPER2019, 1, 24, 0, 0x1.99999ap-1, 0, 0, 0.5, 0, 0.25, 0x1.99999ap-4, 0, 0, 24, false},
};
enum { N_EDGE = sizeof edges / sizeof *edges };

/* v_th at which the third spike test is closer to a tie than rounding can resolve: v^3 rounded to binary32. */
static double near_threshold(const edge *e)
{
    double v = 0;
    for (int t = 0; t < 3; t++) v = e->alpha * v + e->weight;
    return (double)(float)v;
}

static void fill(const edge *e, double v_th, hand *h, vfy_made *m)
{
    for (int j = 0; j < e->n_rec; j++) {
        h->Win[j] = e->weight * (j ? 0.5 : 1);
        h->b[j] = e->bias;
        h->Wout[j] = j ? -0.5 : 1;
        h->theta[EP_ALPHA][j] = e->alpha;
        h->theta[EP_RHO][j] = e->rho;
        h->theta[EP_BETA][j] = e->beta;
        for (int i = 0; i < e->n_rec; i++) h->Wrec[j * e->n_rec + i] = i == j ? 0 : e->recurrent;
    }
    h->bout[0] = 0.125;
    for (int t = 0; t < e->T; t++) {
        h->x[t] = t < e->last ? 1 : 0;
        h->target[t] = 0.25 * (t % 3);
    }
    m->net.net = (ep_net){.model = e->model, .opt = ep_preset_options(e->preset), .n_in = 1, .n_rec = e->n_rec, .n_out = 1,
                          .Win = h->Win, .Wrec = h->Wrec, .b = h->b, .Wout = h->Wout, .bout = h->bout, .kappa = e->kappa,
                          .v_th = v_th, .gamma = e->gamma, .n_ref = e->n_ref};
    for (int p = 0; p < EP_N_THETA; p++)
        if (ep_model_has(e->model, (ep_theta)p)) m->net.net.theta[p] = h->theta[p];
    m->net.batch = (ep_batch){.T = e->T, .B = 1, .x = h->x, .target = h->target, .loss = EP_REGRESSION};
}

/* Large T: the last steps alone are enough to see a subnormal flushed, and keep the file small. */
static void thin(vfy_epv_case *c)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->n_want; i++) {
        vfy_shape s = vfy_quantity_shape(c->want[i].q, &c->net, c->batch.T, c->batch.B, c->updates);
        int t = vfy_shape_step(&s, c->want[i].at);
        if (t == 0 || t <= 4 || t > c->batch.T - 4 || (t >= 126 && t <= 130)) c->want[kept++] = c->want[i];
    }
    c->n_want = kept;
}

/* What makes the case an edge, then the bugs that any case can catch, as far as there is room. */
static void name_flags(const char *edge_flags, vfy_epv_case *c)
{
    char all[2 * VFY_EPV_MAX_FLAGS];
    vfy_flags_fill(c);
    (void)snprintf(all, sizeof all, "%s,%s", edge_flags, c->flags);
    if (strlen(all) > VFY_EPV_MAX_FLAGS) {
        all[VFY_EPV_MAX_FLAGS + 1] = '\0';
        *strrchr(all, ',') = '\0';
    }
    memcpy(c->flags, all, strlen(all) + 1);
}

typedef struct wish {
    const edge *e;
    vfy_format f;
    ep_model model; /* of a case to be refused */
    ep_rule rule;
} wish;

static ep_status make_edge(const void *what, vfy_made *m, char *err, size_t n)
{
    const wish *w = what;
    const edge *e = w->e;
    vfy_certainty sure;
    hand *h = calloc(1, sizeof *h);
    if (!h) return EP_NOMEM;
    m->own[0] = (double *)h;
    fill(e, e->v_th > 0 ? e->v_th : near_threshold(e), h, m);
    ep_status st = vfy_epv_from_net(&m->net.net, &m->net.batch, EP_EPROP1_SYMMETRIC, w->f, &m->c, err, n);
    if (st == EP_OK) {
        m->c.family = VFY_FAMILY_EDGE;
        st = vfy_expect(&m->c, ~UINT64_C(0), &sure);
        name_flags(e->flags, &m->c);
    }
    if (st == EP_OK && e->T > 100) thin(&m->c);
    if (st != EP_OK && n && !err[0]) (void)snprintf(err, n, "edge case %s: %s", e->flags, ep_status_name(st));
    (void)snprintf(m->file, sizeof m->file, "edge.epv");
    return st;
}

/* Rules that are not defined for a model: the only right answer is `unsupported`. */
static ep_status make_reject(const void *what, vfy_made *m, char *err, size_t n)
{
    const wish *w = what;
    edge e = edges[0];
    hand *h = calloc(1, sizeof *h);
    if (!h) return EP_NOMEM;
    e.model = w->model;
    m->own[0] = (double *)h;
    fill(&e, e.v_th, h, m);
    ep_status st = vfy_epv_from_net(&m->net.net, &m->net.batch, w->rule, VFY_F32, &m->c, err, n);
    m->c.family = VFY_FAMILY_REJECT;
    m->c.window = w->rule == EP_TBPTT || w->rule == EP_EPROP3 ? 4 : 0;
    (void)snprintf(m->file, sizeof m->file, "reject.epv");
    return st;
}

ep_status vfy_vectors_edge(const vfy_vectors_args *a, vfy_plan *p)
{
    ep_status st = EP_OK;
    int formats = a->level ? 2 : 1;
    for (int i = 0; i < N_EDGE; i++) {
        if (a->one_preset && edges[i].preset != a->preset) continue;
        for (int f = 0; st == EP_OK && f < formats; f++)
            st = vfy_plan_add(p, make_edge, &(wish){.e = &edges[i], .f = (vfy_format)f}, sizeof(wish), VFY_COST);
    }
    static const wish undefined[] = {{.model = EP_RATE, .rule = EP_TBPTT}, {.model = EP_RATE, .rule = EP_EPROP3},
                                     {.model = EP_LSTM, .rule = EP_EPROP2}, {.model = EP_RATE, .rule = EP_EPROP2}};
    for (size_t i = 0; a->level && st == EP_OK && i < sizeof undefined / sizeof *undefined; i++)
        st = vfy_plan_add(p, make_reject, &undefined[i], sizeof undefined[i], VFY_COST);
    return st;
}
