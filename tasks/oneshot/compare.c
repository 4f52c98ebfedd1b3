/* The final comparison: what was learnt to learn, beside no update, updates that nothing taught, and the kind's own ways.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "oneshot.h"

static const char *const common[SHOT_N_WAY] = {"no update", "e-prop 2", "e-prop 1, symmetric", "e-prop 1, random", "one BPTT step"};

/* The baselines' step is chosen on validation episodes, by the measure; of equal ones the smallest loss. */
static ep_status best_eta(const shot_machine *m, const double *w, int way, double *eta)
{
    static const double factor[] = {0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0};
    shot_score best = {.E = INFINITY, .measure = INFINITY};
    uint64_t n = m->t->spec->unseen < 10 ? (uint64_t)m->t->spec->unseen : 10;
    for (size_t k = 0; k < sizeof factor / sizeof *factor; k++) {
        shot_score s;
        ep_status st = shot_baseline(m, w, way, factor[k], TASK_VALID, n, &s);
        if (st == EP_UNABLE || st == EP_DOMAIN) continue; /* too large a step */
        if (st != EP_OK) return st;
        if (!(s.measure < best.measure || (s.measure == best.measure && s.E < best.E))) continue;
        best = s;
        *eta = factor[k];
    }
    return isfinite(best.measure) ? EP_OK : EP_UNABLE;
}

static ep_status common_ways(shot_machine *m, const double *w, int split, uint64_t n, const double *eta, shot_score *out)
{
    ep_status st = shot_mean(m, split, n, true, &out[SHOT_STILL]);
    if (st == EP_OK) st = shot_mean(m, split, n, false, &out[SHOT_TAUGHT]);
    for (int way = SHOT_SYMMETRIC; st == EP_OK && way < SHOT_N_WAY; way++) st = shot_baseline(m, w, way, eta[way], split, n, &out[way]);
    return st;
}

static void other_ways(const shot_task *t, int ways, int split, uint64_t n, shot_score *out)
{
    for (int way = SHOT_N_WAY; way < ways; way++) {
        out[way] = (shot_score){0};
        for (uint64_t k = 0; k < n; k++) {
            shot_score s = t->kind->answer(t, way - SHOT_N_WAY, split, k);
            out[way].E += s.E / (double)n;
            out[way].measure += s.measure / (double)n;
            out[way].other += s.other / (double)n;
        }
    }
}

ep_status shot_compare(shot_machine *m, const double *w, shot_outcome *out, char why[TASK_WHY])
{
    const shot_task *t = m->t;
    uint64_t n = (uint64_t)t->spec->unseen;
    double start = task_now();
    ep_status st = shot_load(m, w, why);
    for (out->ways = 0; out->ways < SHOT_N_WAY; out->ways++) {
        out->way[out->ways] = common[out->ways];
        out->eta[out->ways] = NAN;
    }
    out->eta[SHOT_TAUGHT] = t->spec->eta;
    for (const char *const *k = t->kind->other_ways; k && *k && out->ways < SHOT_MOST_WAYS; k++) {
        out->eta[out->ways] = NAN;
        out->way[out->ways++] = *k;
    }
    for (int way = SHOT_SYMMETRIC; st == EP_OK && way < SHOT_N_WAY; way++) st = best_eta(m, w, way, &out->eta[way]);
    if (st == EP_OK) st = common_ways(m, w, TASK_TEST, n, out->eta, out->unseen);
    other_ways(t, out->ways, TASK_TEST, n, out->unseen);
    out->n_official = t->kind->official ? t->kind->official(t) : 0;
    if (st == EP_OK && out->n_official) st = common_ways(m, w, SHOT_OFFICIAL, out->n_official, out->eta, out->official);
    other_ways(t, out->ways, SHOT_OFFICIAL, out->n_official, out->official);
    out->compared = task_now() - start;
    return st;
}
