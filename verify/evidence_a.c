/* Evidence A: the identity as polynomials over a prime field.
 *
 * Weights, inputs, spikes, psi, activations, err, decays, gains are independent uniform elements of F_p, so every
 * trajectory is covered at once. If the two sides differed as polynomials of degree <= D, an entry would still
 * agree with probability <= D/p a trial (Schwartz-Zippel). D comes from running both programs over the degree
 * arithmetic.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "evidence.h"

static size_t differing(const ref_ctx *c, const ref_grad *a, const ref_grad *b)
{
    size_t n = 0;
    (void)c;
    for (int k = 0; k < EP_N_GROUP; k++)
        for (size_t i = 0; i < a->n[k]; i++) n += a->g[k][i].f != b->g[k][i].f;
    return n;
}

static int dead(const ref_ctx *c, const ref_grad *g)
{
    int n = 0;
    for (int k = 0; k < EP_N_GROUP; k++) {
        bool any = false;
        for (size_t i = 0; i < g->n[k]; i++) any = any || !c->ar->is_zero(&g->g[k][i]);
        n += g->n[k] && !any;
    }
    return n;
}

static int64_t degree_of(const ref_grad *g)
{
    int64_t most = 0;
    for (int k = 0; k < EP_N_GROUP; k++)
        for (size_t i = 0; i < g->n[k]; i++)
            if (g->g[k][i].deg > most) most = g->g[k][i].deg;
    return most;
}

static ep_status measure_degree(const vfy_case *k, const vfy_views *w, int64_t *out)
{
    vfy_session s;
    vfy_pair p;
    ep_status st = vfy_session_open(k, ref_arith_degree(), 53, 0, 0, &s);
    if (st != EP_OK) return st;
    st = vfy_pair_compute(&s.c, &s.run, w, 1, &p);
    if (st == EP_OK) {
        int64_t a = degree_of(&p.bptt), b = degree_of(&p.traces);
        *out = a > b ? a : b;
    }
    vfy_session_close(&s);
    return st;
}

/* RTRL, the tape and e-prop 3 with full boundary seeds must give BPTT's elements as well. */
static ep_status other_routes(const vfy_case *k, vfy_session *s, const ref_grad *bptt, vfy_identity *out)
{
    ref_grad g[3];
    ref_rule_args rtrl = {.rule = EP_RTRL, .threads = 1};
    ref_rule_args seeded = {.rule = EP_EPROP3, .window = 3, .seed = REF_SEED_ZC, .threads = 1};
    ep_status st = EP_OK;
    for (int n = 0; st == EP_OK && n < 3; n++) st = ref_grad_init(&s->c, &s->net, &g[n]);
    if (st == EP_OK) st = ref_gradient(&s->c, &s->run, &rtrl, &g[0]);
    if (st == EP_OK) st = ref_gradient(&s->c, &s->run, &seeded, &g[1]);
    if (st == EP_OK) st = ref_tape_gradient(&s->c, &s->net, &k->batch, &s->run, 0, &g[2]);
    if (st != EP_OK) return st;
    out->differ_rtrl = differing(&s->c, &g[0], bptt);
    out->differ_eprop3 = differing(&s->c, &g[1], bptt);
    out->differ_tape = differing(&s->c, &g[2], bptt);
    return EP_OK;
}

ep_status vfy_measure_identity(const vfy_case *k, uint64_t prime, uint64_t seed, const vfy_views *w, vfy_identity *out)
{
    vfy_session s;
    vfy_pair p;
    *out = (vfy_identity){0};
    ep_status st = measure_degree(k, w && w->window ? w : NULL, &out->degree);
    if (st != EP_OK) return st;
    st = vfy_session_open(k, ref_arith_field(), 53, prime, seed, &s);
    if (st != EP_OK) return st;
    st = vfy_pair_compute(&s.c, &s.run, w, 1, &p);
    if (st == EP_OK) {
        out->differ = differing(&s.c, &p.bptt, &p.traces);
        out->dead_groups = dead(&s.c, &p.bptt);
        for (int g = 0; g < EP_N_GROUP; g++) out->entries += p.bptt.n[g];
        if (!w || !w->window) st = other_routes(k, &s, &p.bptt, out);
    }
    vfy_session_close(&s);
    return st;
}

enum { TRIALS = 2 };

ep_status vfy_prove_a(const vfy_task *t)
{
    vfy_variant v[64];
    size_t n = vfy_variants(t->model, t->level, v, 64);
    static const uint64_t prime[2] = {REF_PRIME_1, REF_PRIME_2};
    for (size_t k = 0; k < n; k++) {
        vfy_case kase;
        vfy_row row = {.evidence = 'A', .verdict = VFY_HOLDS};
        vfy_identity id = {0};
        size_t wrong = 0, deg = 0;
        ep_status st = vfy_variant_case(t->model, &v[k], 5, 8 + 2 * v[k].delay, 100 + k, &kase);
        for (int trial = 0; trial < TRIALS * 2 && (st == EP_OK || st == EP_UNABLE); trial++) {
            st = vfy_measure_identity(&kase, prime[trial % 2], 1000 * k + (uint64_t)trial, NULL, &id);
            wrong += id.differ + id.differ_rtrl + id.differ_tape + id.differ_eprop3;
            deg = (size_t)id.degree;
            if (id.dead_groups) row.verdict = VFY_VACUOUS;
        }
        if (st == EP_OK) {
            double bits = (61.0 - log2((double)deg)) * TRIALS * 2;
            snprintf(row.bound, sizeof row.bound, "chance 2^-%.0f", bits);
            snprintf(row.value, sizeof row.value, "%zu of %zu differ", wrong, id.entries);
            snprintf(row.note, sizeof row.note, "degree %zu, two primes, %d trials each", deg, TRIALS);
            row.size = (double)wrong;
            if (wrong) row.verdict = VFY_FAILS;
        }
        snprintf(row.model, sizeof row.model, "%s", ep_model_name(t->model));
        snprintf(row.subject, sizeof row.subject, "%s", kase.name);
        snprintf(row.compared, sizeof row.compared, "BPTT = sum L e = RTRL = tape = e-prop 3 (zc)");
        vfy_case_free(&kase);
        if (st != EP_OK) return st;
        vfy_results_add(t->out, &row);
        vfy_say(t->progress, "A: algebraic identity", (double)(k + 1) / (double)n);
    }
    return EP_OK;
}
