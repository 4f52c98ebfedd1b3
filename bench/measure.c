/* measure.c: one subject on one case in this process: warm up, repeat, compare with the truth.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "algo.h"
#include "problem.h"
#include "roofline.h"

/* A subject ready to run. */
typedef struct runner {
    worker w;                 /* engines */
    ref_ctx c;                /* reference: a fresh arena each repetition */
    const ref_arith *ar;
    long prec;
    const bench_case *k;
    const subject *s;
    double *g;                /* [n] gradient of the last run */
    size_t n;
    bool forward;
} runner;

static const opt_engine *engine_of(const char *name)
{
    static const struct { const char *name; const opt_engine *(*get)(void); } of[] = {
        {"scalar:f32", opt_scalar_f32}, {"scalar:f64", opt_scalar_f64}, {"fast:f32", opt_fast_f32}, {"fast:f64", opt_fast_f64}};
    for (size_t k = 0; k < sizeof of / sizeof *of; k++)
        if (strcmp(name, of[k].name) == 0) return of[k].get();
    return NULL;
}

static const ref_arith *arith_of(const char *name, long *prec)
{
    static const struct { const char *name; const ref_arith *(*get)(void); } of[] = {
        {"binary64", ref_arith_binary64}, {"mpfr", ref_arith_mpfr}, {"mpfi", ref_arith_mpfi}, {"field", ref_arith_field},
        {"running", ref_arith_running}};
    char word[24];
    *prec = 53;
    if (sscanf(name, "%23[a-z0-9]:%ld", word, prec) < 1) return NULL;
    for (size_t k = 0; k < sizeof of / sizeof *of; k++)
        if (strcmp(word, of[k].name) == 0) return of[k].get();
    return NULL;
}

static ep_status open_engine(const char *name, runner *r, char why[BENCH_WHY])
{
    char base[BENCH_SUBJECT];
    int threads = 1;
    snprintf(base, sizeof base, "%s", name);
    char *at = strchr(base, '@');
    if (at) *at++ = '\0';
    if (at) threads = atoi(at);
    const opt_engine *e = engine_of(base);
    if (!e || threads < 1 || threads > 256) {
        bench_say(why, "found subject '%s', expected scalar or fast with :f32 or :f64, then nothing or @THREADS", name);
        return EP_DOMAIN;
    }
    if (e->supports(r->s->net.model, r->k->rule, &r->s->net.opt) != EP_OK || !bench_worker_open(r->s, e, r->k->rule, 0, threads, &r->w)) {
        bench_say(why, "%s: no %s for model %s", name, ep_rule_name(r->k->rule), ep_model_name(r->k->model));
        return EP_NOTIMPL;
    }
    if (r->forward) r->w.tr.part = OPT_FORWARD;
    return EP_OK;
}

static ep_status run_reference(runner *r)
{
    ref_net net;
    ref_run run;
    ref_grad g;
    ep_batch batch = {.T = r->k->T, .B = r->k->B, .x = r->s->x64, .target = r->s->target64};
    ref_rule_args args = {.rule = r->k->rule, .window = 1, .threads = 1};
    ep_status st = ref_ctx_init(&r->c, r->ar, r->prec);
    if (st != EP_OK) return st;
    st = ref_net_load(&r->c, &r->s->net, &net);
    if (st == EP_OK) st = ref_run_batch(&r->c, &net, &batch, &run);
    if (st == EP_OK) st = ref_grad_init(&r->c, &net, &g);
    if (st == EP_OK) st = ref_gradient(&r->c, &run, &args, &g);
    size_t at = 0;
    for (int k = EP_G_WIN; st == EP_OK && !r->ar->symbolic && k <= EP_G_BOUT; k++)
        for (size_t i = 0; i < g.n[k]; i++) r->g[at++] = r->ar->to_d(&g.g[k][i]);
    ref_ctx_clear(&r->c);
    return st;
}

/* Not inlined: callgrind counts what happens inside this function. */
__attribute__((noinline)) static ep_status bench_once(runner *r)
{
    if (r->ar) return run_reference(r);
    return bench_worker_run(&r->w) ? EP_OK : EP_UNABLE;
}

static ep_status fetch(runner *r)
{
    bool narrow = r->w.e->format == OPT_BINARY32;
    size_t at = 0;
    for (int k = EP_G_WIN; k <= EP_G_BOUT; k++) {
        size_t n = ep_group_size(&r->s->net, (ep_group)k);
        if (r->w.e->get(r->w.s, OPT_GRAD(k), r->g + at, n) != EP_OK) return EP_UNABLE;
        const float *f = (const float *)(const void *)(r->g + at);
        for (size_t i = n; narrow && i-- > 0;) r->g[at + i] = (double)f[i];
        at += n;
    }
    return EP_OK;
}

static double error_of(const runner *r, const bench_truth *t)
{
    double worst = 0;
    size_t at = 0;
    for (int k = EP_G_WIN; k <= EP_G_BOUT; k++) {
        size_t n = ep_group_size(&r->s->net, (ep_group)k);
        double top = 0, off = 0;
        for (size_t i = at; i < at + n; i++) {
            top = fmax(top, fabs(t->g[i]));
            off = fmax(off, fabs(r->g[i] - t->g[i]));
            if (isnan(r->g[i])) off = INFINITY;
        }
        if (off > 0) worst = fmax(worst, top > 0 ? off / top : INFINITY);
        at += n;
    }
    return worst;
}

static double flips_of(const runner *r, const bench_truth *t)
{
    size_t n = (size_t)r->k->N * (size_t)r->k->T * (size_t)r->k->B;
    if (!t->z || r->ar || r->w.e->count(r->w.s, OPT_ALL(OPT_Z)) != n) return -1;
    double *z = malloc(n * sizeof *z), flips = 0;
    if (!z || r->w.e->get(r->w.s, OPT_ALL(OPT_Z), z, n) != EP_OK) flips = -1;
    const float *f = (const float *)(const void *)z;
    for (size_t i = 0; flips >= 0 && i < n; i++)
        flips += ((r->w.e->format == OPT_BINARY32 ? (double)f[i] : z[i]) > 0.5) != t->z[i];
    free(z);
    return flips;
}

static ep_status repeat(runner *r, double work, double plant, bench_sample *out)
{
    long reps = 0, extra = 0;
    ep_status st = bench_once(r); /* warm up, and find out how long one takes */
    double t0 = bench_wall_seconds();
    if (st == EP_OK) st = bench_once(r);
    double each = bench_wall_seconds() - t0;
    reps = each > 0 && work / each < 1e7 ? (long)ceil(work / each) : 1;
    if (reps < 1) reps = 1;
    extra = (long)floor((double)reps * plant / 100 + 0.5);
    double wall = bench_wall_seconds(), cpu = bench_cpu_seconds();
    for (long k = 0; st == EP_OK && k < reps + extra; k++) st = bench_once(r);
    out->seconds = (bench_wall_seconds() - wall) / (double)reps;
    out->cpu = (bench_cpu_seconds() - cpu) / (double)reps;
    out->reps = reps;
    return st;
}

ep_status bench_measure(const bench_case *c, const char *name, double work, double plant, const bench_truth *truth, bench_sample *out,
                        char why[BENCH_WHY])
{
    subject s;
    struct timespec now;
    struct rusage use;
    runner r = {.k = c, .s = &s, .forward = strcmp(c->suite, "forward") == 0};
    clock_gettime(CLOCK_REALTIME, &now);
    *out = (bench_sample){.at = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec, .flips = -1};
    bench_case_name(c, out->id);
    snprintf(out->subject, sizeof out->subject, "%s", name);
    ep_status st = bench_case_make(c, &s);
    if (st != EP_OK) {
        bench_say(why, "%s: %s", out->id, ep_status_name(st));
        return st;
    }
    for (int k = EP_G_WIN; k <= EP_G_BOUT; k++) r.n += ep_group_size(&s.net, (ep_group)k);
    r.g = calloc(r.n + 1, sizeof *r.g);
    bool reference = strcmp(c->suite, "reference") == 0;
    if (reference) r.ar = arith_of(name, &r.prec);
    if (reference && !r.ar) {
        bench_say(why, "found subject '%s', expected binary64, field, or mpfr, mpfi, running with :BITS", name);
        st = EP_DOMAIN;
    } else if (!reference) st = open_engine(name, &r, why);
    bool opened = st == EP_OK && !reference;
    if (st == EP_OK) st = repeat(&r, work, plant, out);
    if (st == EP_OK && !reference && !r.forward) st = fetch(&r);
    bool comparable = st == EP_OK && truth->g && !r.forward && !(r.ar && r.ar->symbolic);
    if (comparable) out->error = error_of(&r, truth);
    if (st == EP_OK) out->flips = flips_of(&r, truth);
    if (st == EP_OK && getrusage(RUSAGE_SELF, &use) == 0) out->peak_mb = (double)use.ru_maxrss / 1024;
    if (st != EP_OK && !*why) bench_say(why, "%s, %s: %s", out->id, name, ep_status_name(st));
    if (opened) bench_worker_close(&r.w);
    free(r.g);
    bench_subject_free(&s);
    return st;
}
