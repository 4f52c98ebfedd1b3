/* truth.c: the gradient that every measured result is compared with, computed once a case and kept on disc.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "algo.h"
#include "problem.h"

/* The reference takes about 20 ns a multiplication in binary64: a few seconds for the largest that it is asked for. */
#define MOST_PRODUCTS 3e8

static bool small(const bench_case *c)
{
    double ch = ep_model_channels(c->model), R = c->N + c->n_in;
    return ch * c->N * R * c->T * c->B <= MOST_PRODUCTS;
}

static size_t gradient_size(const ep_net *net)
{
    size_t n = 0;
    for (int g = EP_G_WIN; g <= EP_G_BOUT; g++) n += ep_group_size(net, (ep_group)g);
    return n;
}

static bool allocate(const bench_case *c, const ep_net *net, bench_truth *t)
{
    t->n = gradient_size(net);
    t->g = calloc(t->n + 1, sizeof *t->g);
    t->z = ep_model_spikes(c->model) ? calloc((size_t)c->B * (size_t)c->T * (size_t)c->N + 1, 1) : NULL;
    return t->g && (t->z || !ep_model_spikes(c->model));
}

void bench_truth_free(bench_truth *t)
{
    free(t->g);
    free(t->z);
    *t = (bench_truth){0};
}

static ep_status by_reference(const bench_case *c, const subject *s, bench_truth *t)
{
    ref_ctx ctx;
    ref_net net;
    ref_run run;
    ref_grad g;
    ep_batch batch = {.T = c->T, .B = c->B, .x = s->x64, .target = s->target64};
    ref_rule_args args = {.rule = c->rule, .window = 1, .threads = 2};
    ep_status st = ref_ctx_init(&ctx, ref_arith_binary64(), 53);
    if (st != EP_OK) return st;
    st = ref_net_load(&ctx, &s->net, &net);
    if (st == EP_OK) st = ref_run_batch(&ctx, &net, &batch, &run);
    if (st == EP_OK) st = ref_grad_init(&ctx, &net, &g);
    if (st == EP_OK) st = ref_gradient(&ctx, &run, &args, &g);
    size_t at = 0, N = (size_t)c->N, T = (size_t)c->T;
    for (int k = EP_G_WIN; st == EP_OK && k <= EP_G_BOUT; k++)
        for (size_t i = 0; i < g.n[k]; i++) t->g[at++] = g.g[k][i].d;
    for (size_t b = 0; st == EP_OK && t->z && b < (size_t)c->B; b++)
        for (size_t i = 0; i < T * N; i++) t->z[b * T * N + i] = run.tr[b].z[N + i].d > 0.5; /* z[0] is the zero state */
    ref_ctx_clear(&ctx);
    snprintf(t->against, sizeof t->against, "reference");
    return st;
}

static ep_status by_engine(const bench_case *c, const subject *s, bench_truth *t)
{
    worker w;
    size_t at = 0, N = (size_t)c->N, steps = (size_t)c->T * (size_t)c->B;
    if (!bench_worker_open(s, opt_scalar_f64(), c->rule, 0, 1, &w)) return EP_NOTIMPL;
    ep_status st = bench_worker_run(&w) ? EP_OK : EP_UNABLE;
    for (int k = EP_G_WIN; st == EP_OK && k <= EP_G_BOUT; k++) {
        size_t n = ep_group_size(&s->net, (ep_group)k);
        st = w.e->get(w.s, OPT_GRAD(k), t->g + at, n);
        at += n;
    }
    double *z = t->z && w.e->count(w.s, OPT_ALL(OPT_Z)) == steps * N ? malloc(steps * N * sizeof *z) : NULL;
    if (st == EP_OK && z) st = w.e->get(w.s, OPT_ALL(OPT_Z), z, steps * N);
    for (size_t i = 0; st == EP_OK && z && i < steps * N; i++) t->z[i] = z[i] > 0.5;
    if (!z) {
        free(t->z);
        t->z = NULL;
    }
    free(z);
    bench_worker_close(&w);
    snprintf(t->against, sizeof t->against, "scalar:f64");
    return st;
}

/* ---- on disc: a line, then the raw numbers of this machine --------------------------------------------------- */

static bool path_of(const char *dir, const char *id, const char *end, char *path, size_t n)
{
    int len = snprintf(path, n, "%s/truth/%s%s", dir, id, end);
    for (char *p = path + strlen(dir) + 7; len > 0 && *p; p++)
        if (*p == '/') *p = '_';
    return len > 0 && (size_t)len < n;
}

static bool load(FILE *f, const char *id, bench_truth *t)
{
    char line[256], want[256];
    size_t n, with_z, steps;
    if (!fgets(line, sizeof line, f)) return false;
    snprintf(want, sizeof want, "truth 1 %s ", id);
    if (strncmp(line, want, strlen(want)) != 0) return false;
    if (sscanf(line + strlen(want), "%23s %zu %zu %zu", t->against, &n, &with_z, &steps) != 4 || n != t->n) return false;
    bool ok = fread(t->g, sizeof *t->g, n, f) == n;
    if (with_z) return ok && t->z && fread(t->z, 1, steps, f) == steps && fgetc(f) == EOF;
    free(t->z);
    t->z = NULL;
    return ok && fgetc(f) == EOF;
}

static ep_status save(const char *dir, const char *id, const bench_case *c, const bench_truth *t, char why[BENCH_WHY])
{
    char path[4096], tmp[4096];
    size_t steps = (size_t)c->B * (size_t)c->T * (size_t)c->N;
    snprintf(tmp, sizeof tmp, "%s/truth", dir);
    mkdir(tmp, 0777);
    if (!path_of(dir, id, "", path, sizeof path) || !path_of(dir, id, ".tmp", tmp, sizeof tmp)) return EP_DOMAIN;
    FILE *f = fopen(tmp, "wb");
    bool bad = !f || fprintf(f, "truth 1 %s %s %zu %d %zu\n", id, t->against, t->n, t->z != NULL, steps) < 0;
    bad = bad || fwrite(t->g, sizeof *t->g, t->n, f) != t->n || (t->z && fwrite(t->z, 1, steps, f) != steps);
    if (f) bad = fclose(f) != 0 || bad;
    if (!bad) bad = rename(tmp, path) != 0;
    if (!bad) return EP_OK;
    bench_say(why, "%s: cannot write: %s", path, strerror(errno));
    remove(tmp);
    return EP_IO;
}

ep_status bench_truth_get(const bench_case *c, const char *dir, bench_truth *out, char why[BENCH_WHY])
{
    char id[BENCH_ID], path[4096];
    subject s;
    *out = (bench_truth){0};
    bench_case_name(c, id);
    ep_status st = bench_case_make(c, &s);
    if (st == EP_OK && !allocate(c, &s.net, out)) st = EP_NOMEM;
    FILE *f = st == EP_OK && path_of(dir, id, "", path, sizeof path) ? fopen(path, "rb") : NULL;
    bool have = f && load(f, id, out);
    if (f) fclose(f);
    if (st == EP_OK && !have) {
        free(out->z);
        out->z = ep_model_spikes(c->model) ? calloc((size_t)c->B * (size_t)c->T * (size_t)c->N + 1, 1) : NULL;
        st = small(c) ? by_reference(c, &s, out) : by_engine(c, &s, out);
        if (st == EP_OK) st = save(dir, id, c, out, why);
    }
    if (st != EP_OK && st != EP_IO) bench_say(why, "%s: no truth for this case: %s", id, ep_status_name(st));
    if (st != EP_OK) bench_truth_free(out);
    bench_subject_free(&s);
    return st;
}
