/* run_engine.c: a float engine of optimized/ as a subject.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "runner.h"

static const opt_engine *engine_of(const char *name)
{
    static const struct { const char *name; const opt_engine *(*get)(void); } of[] = {
        {"scalar:f32", opt_scalar_f32}, {"scalar:f64", opt_scalar_f64}, {"fast:f32", opt_fast_f32}, {"fast:f64", opt_fast_f64}};
    for (size_t k = 0; k < sizeof of / sizeof *of; k++)
        if (strcmp(name, of[k].name) == 0) return of[k].get();
    return NULL;
}

static ep_status once(runner *r, char why[BENCH_WHY])
{
    if (bench_worker_run(r->own)) return EP_OK;
    bench_say(why, "%s: the result overflowed", r->name);
    return EP_UNABLE;
}

static double *numbers(const worker *w, int quantity, size_t n)
{
    double *v = malloc((n + 1) * sizeof *v);
    if (v && w->e->get(w->s, quantity, v, n) != EP_OK) {
        free(v);
        return NULL;
    }
    const float *f = (const float *)(const void *)v;
    for (size_t i = n; v && w->e->format == OPT_BINARY32 && i-- > 0;) v[i] = (double)f[i];
    return v;
}

static ep_status fetch(runner *r, char why[BENCH_WHY])
{
    const worker *w = r->own;
    size_t at = 0, steps = (size_t)r->k->N * (size_t)r->k->T * (size_t)r->k->B;
    for (int k = EP_G_WIN; w->tr.part != OPT_FORWARD && k <= EP_G_BOUT; k++) {
        size_t n = ep_group_size(&r->s->net, (ep_group)k);
        double *v = numbers(w, OPT_GRAD(k), n);
        if (!v) return bench_say(why, "%s: cannot read the gradient", r->name), EP_UNABLE;
        memcpy(r->g + at, v, n * sizeof *v);
        free(v);
        at += n;
    }
    double *z = ep_model_spikes(r->k->model) && w->e->count(w->s, OPT_ALL(OPT_Z)) == steps ? numbers(w, OPT_ALL(OPT_Z), steps) : NULL;
    if (z) r->z = malloc(steps + 1);
    for (size_t i = 0; z && r->z && i < steps; i++) r->z[i] = z[i] > 0.5;
    free(z);
    return EP_OK;
}

static void close_engine(runner *r)
{
    bench_worker_close(r->own);
    free(r->own);
}

ep_status bench_open_engine(runner *r, char why[BENCH_WHY])
{
    char base[BENCH_SUBJECT];
    int threads = 1, chunk = 0;
    snprintf(base, sizeof base, "%s", r->name);
    char *at = strchr(base, '@');
    if (at) *at++ = '\0';
    if (at) threads = atoi(at);
    at = strchr(base, '+');
    if (at) *at++ = '\0';
    if (at) chunk = atoi(at);
    const opt_engine *e = engine_of(base);
    if (!e || threads < 1 || threads > 256 || chunk < 0) {
        bench_say(why, "found subject '%s', expected scalar or fast with :f32 or :f64, then nothing, +CHUNK or @THREADS; fixed:PROFILE; or port:NAME, peer:NAME with --command",
                 r->name);
        return EP_DOMAIN;
    }
    worker *w = calloc(1, sizeof *w);
    if (!w) return EP_NOMEM;
    if (e->supports(r->s->net.model, r->k->rule, &r->s->net.opt) != EP_OK || !bench_worker_open(r->s, e, r->k->rule, chunk, threads, w)) {
        free(w);
        bench_say(why, "%s: no %s for model %s", r->name, ep_rule_name(r->k->rule), ep_model_name(r->k->model));
        return EP_NOTIMPL;
    }
    if (strcmp(r->k->suite, "forward") == 0) w->tr.part = OPT_FORWARD;
    r->own = w;
    r->once = once;
    r->fetch = fetch;
    r->close = close_engine;
    return EP_OK;
}
