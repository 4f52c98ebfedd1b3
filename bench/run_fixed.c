/* run_fixed.c: the integer core as a subject. Every integer of its gradient, and every spike, must be the slow model's of
 * reference/: that is what right means for integers. How far integers are from real numbers is the sample's error.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fixed.h"
#include "opt_fixed.h"
#include "runner.h"

typedef struct integers {
    worker w;
    int32_t *x, *target, *g; /* g [n]: the last gradient */
} integers;

static ep_status once(runner *r, char why[BENCH_WHY])
{
    integers *a = r->own;
    if (bench_worker_run(&a->w)) return EP_OK;
    bench_say(why, "%s: the engine refused", r->name);
    return EP_UNABLE;
}

/* ---- the slow model on the integers that the engine holds ------------------------------------------------------ */

static int64_t *wide(const integers *a, int quantity, size_t n)
{
    int32_t *narrow = malloc((n + 1) * sizeof *narrow);
    int64_t *v = calloc(n + 1, sizeof *v);
    if (narrow && v && n && a->w.e->get(a->w.s, quantity, narrow, n) == EP_OK)
        for (size_t k = 0; k < n; k++) v[k] = narrow[k];
    free(narrow);
    return v;
}

/* Rows of a matrix beside the columns of others: [n][total] from [n][m] at column `from`. */
static void place(int64_t *to, size_t total, size_t from, const int64_t *v, size_t n, size_t m)
{
    for (size_t j = 0; v && j < n; j++)
        for (size_t i = 0; i < m; i++) to[j * total + from + i] = v[j * m + i];
}

static int64_t rounded(const ref_profile *p, int q, double v) { return (int64_t)llrint(ldexp(v, p->q[q].frac)); }

typedef struct slow { int64_t *part[8], *W, *WO; ref_fixed *m; } slow;

static void slow_free(slow *m)
{
    for (int k = 0; k < 8; k++) free(m->part[k]);
    free(m->W);
    free(m->WO);
    if (m->m) ref_fixed_free(m->m);
}

static ep_status slow_open(const runner *r, const char *profile, slow *m)
{
    const integers *a = r->own;
    const ep_net *net = &r->s->net;
    size_t N = (size_t)net->n_rec, I = (size_t)net->n_in, K = (size_t)net->n_out, M = I + N + 1;
    ref_fixed_net s = {.n_in = net->n_in, .n_rec = net->n_rec, .n_out = net->n_out, .delay = net->opt.delay, .n_ref = net->n_ref,
                       .alif = net->model != EP_LIF, .feedback = REF_FB_SYMMETRIC};
    ep_status st = ep_fixed_profile(profile, &s.profile);
    if (st != EP_OK) return st;
    for (int g = EP_G_WIN; g <= EP_G_BOUT; g++) m->part[g] = wide(a, OPT_PARAM(g), ep_group_size(net, (ep_group)g));
    for (int p = EP_ALPHA; s.alif && p <= EP_BETA; p++) m->part[5 + p] = wide(a, OPT_PARAM(EP_G_THETA + p), N);
    m->W = calloc(N * M + 1, sizeof *m->W);
    m->WO = calloc(K * (N + 1) + 1, sizeof *m->WO);
    if (!m->W || !m->WO) return EP_NOMEM;
    place(m->W, M, 0, m->part[EP_G_WIN], N, I);
    place(m->W, M, I, m->part[EP_G_WREC], N, N);
    place(m->W, M, I + N, m->part[EP_G_BIAS], N, 1);
    place(m->WO, N + 1, 0, m->part[EP_G_WOUT], K, N);
    place(m->WO, N + 1, N, m->part[EP_G_BOUT], K, 1);
    s.W = m->W;
    s.WO = m->WO;
    s.rho = m->part[5 + EP_RHO];
    s.beta = m->part[5 + EP_BETA];
    s.alpha = rounded(&s.profile, RQ_D, net->theta[EP_ALPHA][0]);
    s.kappa = rounded(&s.profile, RQ_D, net->kappa);
    s.keep = INT64_C(1) << s.profile.q[RQ_D].frac;
    s.v_th = rounded(&s.profile, RQ_V, net->v_th);
    s.slope = rounded(&s.profile, RQ_S, net->gamma / (net->v_th * net->v_th));
    return ref_fixed_new(&m->m, &s);
}

/* Runs the trial; the spikes go to z. */
static ep_status slow_run(const runner *r, slow *m, signed char *z)
{
    const integers *a = r->own;
    size_t N = (size_t)r->k->N, I = (size_t)r->k->n_in, K = (size_t)r->k->n_out, T = (size_t)r->k->T;
    int64_t *x = calloc(I + K + 1, sizeof *x);
    ep_status st = x ? EP_OK : EP_NOMEM;
    if (x) ref_fixed_begin(m->m);
    for (size_t t = 0; st == EP_OK && t < T; t++) {
        for (size_t i = 0; i < I; i++) x[i] = a->x[t * I + i];
        for (size_t k = 0; k < K; k++) x[I + k] = a->target[t * K + k];
        st = ref_fixed_step(m->m, x, x + I);
        for (size_t j = 0; st == EP_OK && j < N; j++) z[t * N + j] = ref_fixed_get(m->m, RQ_z, j) > 0;
    }
    if (st == EP_OK) ref_fixed_end(m->m);
    free(x);
    return st;
}

/* Where the slow model keeps number i of group g: in G [N][M] or GO [K][N + 1]. */
static int64_t slow_gradient(const runner *r, const slow *m, int g, size_t i)
{
    size_t N = (size_t)r->k->N, I = (size_t)r->k->n_in, M = I + N + 1;
    switch (g) {
    case EP_G_WIN: return ref_fixed_get(m->m, RQ_G, i / I * M + i % I);
    case EP_G_WREC: return ref_fixed_get(m->m, RQ_G, i / N * M + I + i % N);
    case EP_G_BIAS: return ref_fixed_get(m->m, RQ_G, i * M + I + N);
    case EP_G_WOUT: return ref_fixed_get(m->m, RQ_GO, i / N * (N + 1) + i % N);
    default: return ref_fixed_get(m->m, RQ_GO, i * (N + 1) + N);
    }
}

static ep_status compare(const runner *r, const slow *m, const signed char *z, char why[BENCH_WHY])
{
    const integers *a = r->own;
    size_t at = 0, live = 0;
    for (size_t i = 0; i < (size_t)r->k->N * (size_t)r->k->T; i++)
        if (z[i] != r->z[i]) return bench_say(why, "%s: spike %zu is not the slow model's", r->name, i), EP_UNABLE;
    for (int g = EP_G_WIN; g <= EP_G_BOUT; g++)
        for (size_t i = 0, n = ep_group_size(&r->s->net, (ep_group)g); i < n; i++, at++) {
            int64_t want = slow_gradient(r, m, g, i);
            live += want != 0;
            if (a->g[at] == want) continue;
            bench_say(why, "%s: gradient of %s, number %zu: found %ld, the slow model has %lld", r->name, ep_group_name((ep_group)g), i, (long)a->g[at], (long long)want);
            return EP_UNABLE;
        }
    if (live == 0) return bench_say(why, "%s: every gradient is 0: nothing was compared", r->name), EP_UNABLE;
    return EP_OK;
}

/* ---- the subject ------------------------------------------------------------------------------------------------- */

static ep_status read_back(runner *r)
{
    integers *a = r->own;
    const opt_engine *e = a->w.e;
    size_t at = 0, steps = (size_t)r->k->N * (size_t)r->k->T;
    for (int g = EP_G_WIN; g <= EP_G_BOUT; g++) {
        size_t n = ep_group_size(&r->s->net, (ep_group)g);
        if (e->get(a->w.s, OPT_GRAD(g), a->g + at, n) != EP_OK) return EP_UNABLE;
        opt_fixed_decode(a->w.s, OPT_GRAD(g), a->g + at, r->g + at, n);
        at += n;
    }
    int32_t *z = malloc((steps + 1) * sizeof *z);
    r->z = malloc(steps + 1);
    ep_status st = z && r->z ? e->get(a->w.s, OPT_ALL(OPT_Z), z, steps) : EP_NOMEM;
    for (size_t i = 0; st == EP_OK && i < steps; i++) r->z[i] = z[i] > 0;
    free(z);
    return st;
}

/* The slow model takes seconds: what it said of a case is kept as a hash of its gradient and spikes. */
static uint64_t digest(const runner *r)
{
    const integers *a = r->own;
    uint64_t h = EP_HASH;
    for (size_t i = 0; i < r->n; i++) {
        unsigned char byte[4];
        for (int k = 0; k < 4; k++) byte[k] = (unsigned char)((uint32_t)a->g[i] >> 8 * k);
        h = ep_hash(h, byte, 4);
    }
    return ep_hash(h, r->z, (size_t)r->k->N * (size_t)r->k->T);
}

static bool digest_path(const runner *r, char *path, size_t n)
{
    char id[BENCH_ID];
    bench_case_name(r->k, id);
    for (char *c = id; *c; c++) *c = *c == '/' ? '_' : *c;
    return r->dir && (size_t)snprintf(path, n, "%s/truth/%s.%s", r->dir, id, strchr(r->name, ':') + 1) < n;
}

static bool known(const runner *r, uint64_t h)
{
    char path[4096];
    unsigned long long want = 0;
    FILE *f = digest_path(r, path, sizeof path) ? fopen(path, "r") : NULL;
    bool same = f && fscanf(f, "%llx", &want) == 1 && want == h;
    if (f) (void)fclose(f);
    return same;
}

static ep_status judge(runner *r, char why[BENCH_WHY])
{
    char path[4096];
    slow m = {.m = NULL};
    uint64_t h = digest(r);
    if (known(r, h)) return EP_OK;
    signed char *z = calloc((size_t)r->k->N * (size_t)r->k->T + 1, 1);
    ep_status st = z ? slow_open(r, strchr(r->name, ':') + 1, &m) : EP_NOMEM;
    if (st == EP_OK) st = slow_run(r, &m, z);
    if (st == EP_OK) st = compare(r, &m, z, why);
    FILE *f = st == EP_OK && digest_path(r, path, sizeof path) ? fopen(path, "w") : NULL;
    if (f) fprintf(f, "%016llx\n", (unsigned long long)h);
    if (f) (void)fclose(f); /* one that is not whole is made again */
    slow_free(&m);
    free(z);
    return st;
}

/* Stochastic rounding draws other numbers in every trial: what is judged is the first trial of a fresh state. */
static ep_status fetch(runner *r, char why[BENCH_WHY])
{
    integers *a = r->own;
    opt_trials tr = a->w.tr;
    bench_worker_close(&a->w);
    a->w.mem = NULL;
    if (!bench_worker_open(r->s, opt_fixed(strchr(r->name, ':') + 1), r->k->rule, 0, 1, &a->w)) return EP_NOMEM;
    a->w.tr = tr;
    ep_status st = once(r, why);
    if (st == EP_OK) st = read_back(r);
    return st == EP_OK ? judge(r, why) : st;
}

static void close_fixed(runner *r)
{
    integers *a = r->own;
    if (a->w.mem) bench_worker_close(&a->w);
    free(a->x);
    free(a->target);
    free(a->g);
    free(a);
}

ep_status bench_open_fixed(runner *r, char why[BENCH_WHY])
{
    const opt_engine *e = opt_fixed(strchr(r->name, ':') + 1);
    size_t nx = (size_t)r->k->T * (size_t)r->k->n_in, nt = (size_t)r->k->T * (size_t)r->k->n_out;
    if (!e) return bench_say(why, "found subject '%s', expected fixed:q15, s16.15, w8 or reckon", r->name), EP_DOMAIN;
    if (r->k->B != 1) return bench_say(why, "%s: found B = %d, expected 1: the slow model has one trial", r->name, r->k->B), EP_NOTIMPL;
    integers *a = r->own = calloc(1, sizeof *a);
    if (!a) return EP_NOMEM;
    a->x = malloc((nx + 1) * sizeof *a->x);
    a->target = malloc((nt + 1) * sizeof *a->target);
    a->g = malloc((r->n + 1) * sizeof *a->g);
    ep_status st = a->x && a->target && a->g ? EP_OK : EP_NOMEM;
    if (st == EP_OK && (e->supports(r->s->net.model, r->k->rule, &r->s->net.opt) != EP_OK || r->k->rule != EP_EPROP1_SYMMETRIC ||
                        !ep_model_spikes(r->k->model) || !bench_worker_open(r->s, e, r->k->rule, 0, 1, &a->w))) {
        bench_say(why, "%s: no %s for model %s", r->name, ep_rule_name(r->k->rule), ep_model_name(r->k->model));
        st = EP_NOTIMPL;
    }
    if (st == EP_OK && opt_fixed_encode(a->w.s, OPT_FIXED_X, r->s->x64, a->x, nx) + opt_fixed_encode(a->w.s, OPT_FIXED_TARGET, r->s->target64, a->target, nt) > 0) {
        bench_say(why, "%s: inputs or targets leave the profile's formats", r->name);
        st = EP_UNABLE;
    }
    a->w.tr.x = a->x;
    a->w.tr.target = a->target;
    r->once = once;
    r->fetch = fetch;
    r->close = close_fixed;
    if (st != EP_OK) close_fixed(r);
    return st;
}
