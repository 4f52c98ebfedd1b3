/* problem.c: cases by name, and the networks they stand for.
 * SPDX-License-Identifier: MIT */
#include "problem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const suites[] = {"gradient", "forward", "reference", "fixed", "port", "peer"};
enum { MOST_N = 4096, MOST_T = 100000, MOST_B = 4096 };

static bool size_ok(int v, int most) { return v >= 1 && v <= most; }

ep_status bench_case_parse(const char *id, bench_case *out, char why[BENCH_WHY])
{
    char model[24], rule[24], rest[2];
    double per_cent = 2;
    *out = (bench_case){.rate = 0.02};
    int got = sscanf(id, "%15[a-z]/%23[a-z]/%23[a-z0-9-]/N%d-I%d-O%d-T%d-B%d-r%lf%1s", out->suite, model, rule, &out->N, &out->n_in, &out->n_out,
                     &out->T, &out->B, &per_cent, rest);
    bool known = false;
    for (size_t k = 0; k < sizeof suites / sizeof *suites; k++) known = known || strcmp(out->suite, suites[k]) == 0;
    out->rate = per_cent / 100;
    if (got != 8 && got != 9) {
        bench_say(why, "found case '%.80s', expected SUITE/MODEL/RULE/N100-I100-O3-T1000-B1[-r2]", id);
        return EP_DOMAIN;
    }
    if (!known || !ep_model_parse(model, &out->model) || !ep_rule_parse(rule, &out->rule)) {
        bench_say(why, "found case '%.80s', expected a suite (gradient, forward, reference, fixed, port, peer), a model and a rule that exist", id);
        return EP_DOMAIN;
    }
    if (!size_ok(out->N, MOST_N) || !size_ok(out->n_in, MOST_N) || !size_ok(out->n_out, MOST_N) || !size_ok(out->T, MOST_T) ||
        !size_ok(out->B, MOST_B) || !(per_cent > 0 && per_cent <= 100)) {
        bench_say(why, "found case '%.80s', expected N, I, O, B from 1 to %d, T from 1 to %d, a rate above 0 and up to 100 %%", id, MOST_N, MOST_T);
        return EP_DOMAIN;
    }
    return EP_OK;
}

void bench_case_name(const bench_case *c, char id[BENCH_ID])
{
    int n = snprintf(id, BENCH_ID, "%s/%s/%s/N%d-I%d-O%d-T%d-B%d", c->suite, ep_model_name(c->model), ep_rule_name(c->rule), c->N, c->n_in, c->n_out,
                     c->T, c->B);
    if (ep_model_spikes(c->model)) snprintf(id + n, BENCH_ID - (size_t)n, "-r%g", 100 * c->rate);
}

/* ---- smooth cells: LSTM and rate unit ------------------------------------------------------------------- */

static double as_float(double v) { return (double)(float)v; }

static double *draw(double **at, uint64_t stream, size_t n, double scale)
{
    double *v = *at;
    *at += n;
    for (size_t k = 0; k < n; k++) v[k] = as_float(scale * ep_rng_normal(7, stream, k, 20));
    return v;
}

static float *floats(const double *v, size_t n)
{
    float *f = malloc((n + 1) * sizeof *f);
    for (size_t k = 0; f && k < n; k++) f[k] = (float)v[k];
    return f;
}

/* Weights N(0, 1/N), inputs N(0, 1), regression. */
static bool make_smooth(const bench_case *c, subject *s)
{
    size_t N = (size_t)c->N, I = (size_t)c->n_in, K = (size_t)c->n_out, ch = (size_t)ep_model_channels(c->model), steps = (size_t)c->T * (size_t)c->B;
    double w = 1 / sqrt((double)N);
    *s = (subject){.T = c->T, .B = c->B, .net = {.model = c->model, .n_in = c->n_in, .n_rec = c->N, .n_out = c->n_out, .v_th = 1, .gamma = 1}};
    s->net.opt = ep_preset_options(EP_PAPER2019);
    s->store = malloc((ch * N * (I + N + 1) + K * N + N + steps * (I + K)) * sizeof *s->store);
    if (!s->store) return false;
    double *at = s->store, *rec;
    s->net.Win = draw(&at, 1, ch * N * I, 1 / sqrt((double)I));
    s->net.Wrec = rec = draw(&at, 2, ch * N * N, w);
    for (size_t j = 0; ep_model_masks_diagonal(c->model) && j < N; j++) rec[j * N + j] = 0;
    s->net.b = draw(&at, 3, ch * N, w);
    s->net.Wout = draw(&at, 4, K * N, w);
    for (size_t j = 0; j < N; j++) at[j] = as_float(0.9);
    if (ep_model_has(c->model, EP_ALPHA)) s->net.theta[EP_ALPHA] = at;
    at += N;
    s->x64 = draw(&at, 5, steps * I, 1);
    s->target64 = draw(&at, 6, steps * K, 1);
    s->x32 = floats(s->x64, steps * I);
    s->target32 = floats(s->target64, steps * K);
    return s->x32 && s->target32;
}

ep_status bench_case_make(const bench_case *c, subject *s)
{
    if (c->model == EP_LSTM || c->model == EP_RATE) return make_smooth(c, s) ? EP_OK : EP_NOMEM;
    if (c->model != EP_ALIF && c->model != EP_LIF) return EP_NOTIMPL;
    if (!bench_subject_make(c->n_in, c->N, c->n_out, c->T, c->B, c->rate, s)) return EP_NOMEM;
    s->net.model = c->model;
    if (c->model == EP_LIF) s->net.theta[EP_RHO] = s->net.theta[EP_BETA] = NULL;
    return EP_OK;
}
