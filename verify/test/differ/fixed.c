/* fixed.c: an integer engine through opt.h beside the reference's slow integer model: the same integers, trial by trial.
 *
 * Weights are folded and rounded here anew, from the words of opt_fixed.h: W' = g_in W, beta' = g_a beta, Wout' = g_out Wout, to the
 * nearest, ties to even.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../optimized/opt_fixed.h"
#include "fixed.h"
#include "judge.h"

enum { MOST = DRAW_MOST, ALPHA_BITS = 10 };

typedef struct job {
    ep_net net;
    ref_profile p;
    opt_config cfg;
    ref_fixed_net model;
    double alpha[MOST];
    int64_t rho[MOST], beta[MOST], W[4 * MOST * (2 * MOST + 1)], WO[MOST * (MOST + 1)], FB[MOST * MOST];
    int32_t *x, *target, *mask;
    int T, B;
} job;

/* The case as integers may have it. */
static void tame(const draw_case *k, job *j)
{
    ep_options *o = &j->net.opt, paper = ep_preset_options(EP_PAPER2019);
    j->net = k->net;
    paper.g_in = o->g_in;
    paper.g_a = o->g_a;
    paper.g_out = o->g_out;
    paper.g_in_value = o->g_in_value;
    paper.g_a_value = o->g_a_value;
    paper.g_out_value = o->g_out_value;
    paper.psi_scale = o->psi_scale;
    paper.ref_count = o->ref_count;
    paper.delay = o->delay;
    paper.reset_path = o->reset_path == EP_RESET_LOCAL ? EP_RESET_TRANSMITTED : o->reset_path;
    *o = paper;
    for (int n = 0; n < MOST; n++) j->alpha[n] = ldexp(nearbyint(ldexp(k->net.theta[EP_ALPHA] ? k->net.theta[EP_ALPHA][0] : 0.875, ALPHA_BITS)), -ALPHA_BITS);
    if (ep_model_has(j->net.model, EP_ALPHA)) j->net.theta[EP_ALPHA] = j->alpha;
    bool online = k->rule >= EP_EPROP1_SYMMETRIC && k->rule <= EP_EPROP1_GLOBAL;
    j->T = k->batch.T;
    j->B = k->batch.B;
    j->cfg = (opt_config){.net = &j->net, .rule = online ? k->rule : EP_EPROP1_SYMMETRIC, .loss = k->batch.loss, .B = j->B, .T = j->T,
                          .seed = ep_rng_u64(k->seed, 90, k->number) >> 1};
}

static int64_t rounded(const job *j, int q, double v) { return (int64_t)nearbyint(ldexp(v, j->p.q[q].frac)); }
static double gain(ep_gain g, double value, double decay) { return g == EP_GAIN_ONE ? 1 : g == EP_GAIN_VALUE ? value : 1 - decay; }
static double at(const double *v, int n) { return v ? v[n] : 0; }

static void weights(job *j)
{
    const ep_net *net = &j->net;
    int n = net->n_rec, I = net->n_in, M = I + n + 1, K = net->n_out, nc = ep_model_channels(net->model);
    double g_out = gain(net->opt.g_out, net->opt.g_out_value, net->kappa);
    for (int r = 0; r < nc * n; r++) {
        double g_in = nc > 1 ? 1 : gain(net->opt.g_in, net->opt.g_in_value, j->alpha[0]);
        for (int i = 0; i < I; i++) j->W[r * M + i] = rounded(j, RQ_W, g_in * at(net->Win, r * I + i));
        for (int i = 0; i < n; i++) j->W[r * M + I + i] = rounded(j, RQ_W, g_in * at(net->Wrec, r * n + i));
        j->W[r * M + M - 1] = rounded(j, RQ_W, g_in * at(net->b, r));
    }
    for (int k = 0; k < K; k++)
        for (int i = 0; i <= n; i++) j->WO[k * (n + 1) + i] = rounded(j, RQ_WO, g_out * (i < n ? at(net->Wout, k * n + i) : at(net->bout, k)));
    for (int i = 0; i < n; i++)
        for (int k = 0; k < K; k++)
            j->FB[i * K + k] = rounded(j, RQ_FB, g_out * (net->B ? net->B[i * K + k] : at(net->Wout, k * n + i)));
    for (int i = 0; i < n; i++) {
        j->rho[i] = rounded(j, RQ_D, at(net->theta[EP_RHO], i));
        j->beta[i] = rounded(j, RQ_B, at(net->theta[EP_BETA], i) * gain(net->opt.g_a, net->opt.g_a_value, at(net->theta[EP_RHO], i)));
    }
}

static void model(job *j, arm_plant plant)
{
    static const ref_feedback feedback[] = {REF_FB_SYMMETRIC, REF_FB_RANDOM, REF_FB_ADAPTIVE, REF_FB_GLOBAL};
    const ep_net *net = &j->net;
    bool lstm = net->model == EP_LSTM;
    double width = net->opt.psi_scale == EP_SCALE_GAMMA ? net->v_th : net->v_th * net->v_th;
    weights(j);
    j->model = (ref_fixed_net){.profile = j->p, .n_in = net->n_in, .n_rec = net->n_rec, .n_out = net->n_out, .delay = lstm ? 1 : net->opt.delay,
                               .n_ref = lstm ? 0 : net->n_ref + (net->opt.ref_count == EP_REFR_N_PLUS_1), .alif = !lstm && net->model != EP_LIF,
                               .lstm = lstm, .softmax = j->cfg.loss == EP_CLASSIFICATION, .feedback = feedback[j->cfg.rule - EP_EPROP1_SYMMETRIC],
                               .alpha = lstm ? 0 : rounded(j, RQ_D, j->alpha[0]), .kappa = rounded(j, RQ_D, net->kappa), .v_th = lstm ? 0 : rounded(j, RQ_V, net->v_th),
                               .slope = lstm ? 0 : rounded(j, RQ_S, net->gamma / width), .b_forget = lstm ? rounded(j, RQ_I, net->b_forget) : 0,
                               .rho = j->rho, .beta = j->beta, .W = j->W, .WO = j->WO, .FB = j->FB, .seed = j->cfg.seed};
    if (plant == PLANT_REFRACTORY) j->model.n_ref++;
    if (plant == PLANT_BETA) j->beta[0]++;
    if (plant == PLANT_WEIGHT) j->W[0]++;
}

/* What does not fit becomes the nearer end of the format. */
static int32_t fitted(const job *j, int q, double v)
{
    double end = ldexp(1, q == RQ_PR ? j->p.q[q].frac : j->p.q[q].bits - 1), n = nearbyint(ldexp(v, j->p.q[q].frac));
    double low = q == RQ_PR ? 0 : -end, high = q == RQ_PR ? end : end - 1;
    return (int32_t)(n < low ? low : n > high ? high : n);
}

static bool inputs(const draw_case *k, job *j)
{
    size_t steps = (size_t)j->T * (size_t)j->B, I = (size_t)j->net.n_in, K = (size_t)j->net.n_out;
    j->x = malloc((steps * I + 1) * sizeof *j->x);
    j->target = malloc((steps * K + 1) * sizeof *j->target);
    j->mask = malloc((steps + 1) * sizeof *j->mask);
    if (!j->x || !j->target || !j->mask) return false;
    for (size_t i = 0; i < steps * I; i++) j->x[i] = fitted(j, RQ_X, k->batch.x ? k->batch.x[i] : 0);
    for (size_t i = 0; i < steps * K; i++)
        j->target[i] = fitted(j, j->cfg.loss == EP_CLASSIFICATION ? RQ_PR : RQ_Y, k->batch.target ? k->batch.target[i] : 0);
    for (size_t i = 0; i < steps; i++) j->mask[i] = !k->batch.mask || k->batch.mask[i] > 0;
    return true;
}

/* ---- the engine's record beside the model's ----------------------------------------------------------------- */

enum { N_RECORD = 5 };
typedef struct record {
    int32_t *v[N_RECORD], *grad[EP_G_BOUT + 1];
    size_t n[N_RECORD];
    int64_t *sum; /* [G, GO] of the trials */
} record;

static const int engine_of[N_RECORD] = {OPT_Z, OPT_V, OPT_A, OPT_PSI, OPT_Y}, model_of[N_RECORD] = {RQ_z, RQ_V, RQ_A, RQ_P, RQ_Y};
static const char *const name_of[N_RECORD] = {"z", "v", "a", "psi", "y"};

static int32_t *fetch(const opt_engine *e, const opt_state *s, int q, size_t *n)
{
    *n = e->count(s, q);
    int32_t *to = *n ? malloc(*n * sizeof *to) : NULL;
    if (to && e->get(s, q, to, *n) == EP_OK) return to;
    free(to);
    *n = 0;
    return NULL;
}

static int compare_step(const job *j, const record *r, ref_fixed *m, int b, int t, arm_tally *seen, char *text)
{
    for (int q = 0; q < N_RECORD; q++) {
        size_t wide = (size_t)(q == 4 ? j->net.n_out : j->net.n_rec), from = ((size_t)b * (size_t)j->T + (size_t)t) * wide;
        if (r->n[q] != wide * (size_t)j->T * (size_t)j->B || ref_fixed_count(m, model_of[q]) != wide) continue;
        for (size_t i = 0; i < wide; i++) {
            int64_t want = ref_fixed_get(m, model_of[q], i);
            seen->numbers++;
            if (r->v[q][from + i] == want) continue;
            snprintf(text, JUDGE_TEXT, "trial %d, step %d, %s[%zu]: got %ld, the model has %ld", b, t + 1, name_of[q], i, (long)r->v[q][from + i], (long)want);
            return 1;
        }
    }
    return 0;
}

static int run_trial(const job *j, record *r, int b, arm_tally *seen, char *text)
{
    ref_fixed *m;
    ref_fixed_net net = j->model;
    int64_t x[MOST], target[MOST];
    int found = 0;
    size_t I = (size_t)net.n_in, K = (size_t)net.n_out;
    net.seed += (uint64_t)b;
    if (ref_fixed_new(&m, &net) != EP_OK) {
        snprintf(text, JUDGE_TEXT, "the engine takes a network that the model refuses");
        return 1;
    }
    ref_fixed_begin(m);
    for (int t = 0; t < j->T && !found; t++) {
        size_t step = (size_t)b * (size_t)j->T + (size_t)t;
        for (size_t i = 0; i < I; i++) x[i] = j->x[step * I + i];
        for (size_t k = 0; k < K; k++) target[k] = j->target[step * K + k];
        if (ref_fixed_step(m, x, j->mask[step] ? target : NULL) != EP_OK) {
            snprintf(text, JUDGE_TEXT, "trial %d, step %d: the model refuses what the engine took", b, t + 1);
            found = 1;
        } else
            found = compare_step(j, r, m, b, t, seen, text);
    }
    size_t g = ref_fixed_count(m, RQ_G), go = ref_fixed_count(m, RQ_GO);
    for (size_t i = 0; i < g + go; i++) r->sum[i] += i < g ? ref_fixed_get(m, RQ_G, i) : ref_fixed_get(m, RQ_GO, i - g);
    ref_fixed_free(m);
    return found;
}

/* Entry i of group `of` in the model's layout, G then GO. */
static size_t place(const job *j, int of, size_t i)
{
    size_t n = (size_t)j->net.n_rec, I = (size_t)j->net.n_in, M = I + n + 1, rows = n * (size_t)ep_model_channels(j->net.model);
    switch (of) {
    case EP_G_WIN: return i / I * M + i % I;
    case EP_G_WREC: return i / n * M + I + i % n;
    case EP_G_BIAS: return i * M + M - 1;
    case EP_G_WOUT: return rows * M + i / n * (n + 1) + i % n;
    default: return rows * M + i * (n + 1) + n;
    }
}

static int compare_gradient(const job *j, const record *r, const opt_engine *e, const opt_state *s, arm_tally *seen, char *text)
{
    int found = 0, alive = 0;
    for (int g = EP_G_WIN; g <= EP_G_BOUT && !found; g++) {
        size_t n;
        int q = g >= EP_G_WOUT ? RQ_GO : RQ_G;
        int64_t end = INT64_C(1) << (j->p.q[q].bits - 1);
        int32_t *got = fetch(e, s, OPT_GRAD(g), &n);
        for (size_t i = 0; i < n && !found; i++) {
            int64_t want = r->sum[place(j, g, i)];
            if (want < -end || want >= end) continue; /* the trials' sum leaves the format: its own rule */
            seen->numbers++;
            alive |= want != 0;
            found = got[i] != want;
            if (found) snprintf(text, JUDGE_TEXT, "%s[%zu]: got %ld, the model's trials add up to %ld", ep_group_name((ep_group)g), i, (long)got[i], (long)want);
        }
        free(got);
    }
    seen->alive += alive;
    return found;
}

static int run_job(job *j, const opt_engine *e, opt_state *s, arm_plant plant, arm_tally *seen, char *text)
{
    opt_trials tr = {.T = j->T, .B = j->B, .x = j->x, .target = j->target, .mask = j->mask};
    record r = {.sum = calloc(4 * MOST * (2 * MOST + 1) + MOST * (MOST + 1), sizeof *r.sum)};
    int found = 0;
    ep_status st = e->grad(s, &tr);
    if (st != EP_OK) found = snprintf(text, JUDGE_TEXT, "grad answers %s", ep_status_name(st)) > 0;
    for (int q = 0; q < N_RECORD && !found; q++) r.v[q] = fetch(e, s, OPT_ALL(engine_of[q]), &r.n[q]);
    model(j, plant);
    for (int b = 0; b < j->B && !found && r.sum; b++) found = run_trial(j, &r, b, seen, text);
    if (!found && r.sum) found = compare_gradient(j, &r, e, s, seen, text);
    for (int q = 0; q < N_RECORD; q++) free(r.v[q]);
    free(r.sum);
    return found;
}

int judge_fixed(const draw_case *k, int i, arm_plant plant, arm_tally *seen, char *text)
{
    const char *name = ep_fixed_profile_name(i);
    const opt_engine *e = opt_fixed(name);
    job *j = calloc(1, sizeof *j);
    void *mem = NULL;
    opt_state *s;
    int found = 0;
    if (!j || ep_fixed_profile(name, &j->p) != EP_OK) {
        free(j);
        return 0;
    }
    tame(k, j);
    seen->cases++;
    size_t bytes = e->state_size(&j->cfg);
    if (bytes) mem = aligned_alloc(OPT_ALIGN, bytes);
    if (mem) memset(mem, 0xff, bytes);
    if (!mem || e->init(&j->cfg, mem, bytes, &s) != EP_OK) seen->refused++; /* a constant or weight outside its format; rate, synaptic */
    else if (inputs(k, j)) found = run_job(j, e, s, plant, seen, text);
    seen->findings += found;
    free(j->x);
    free(j->target);
    free(j->mask);
    free(mem);
    free(j);
    return found;
}
