/* bench-engines: the fast LSNN path against the scalar engine and a tight online baseline, at the sizes of the targets.
 *
 * Subjects of a comparison run in the same rounds; ratios are medians of paired ratios. Every line carries the error of the
 * same run.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "online.h"
#include "roofline.h"
#include "threads.h"

/* A side of a comparison: an engine, or the tight online baseline. */
typedef struct entry {
    const char *name;
    const opt_engine *e; /* NULL: the tight online baseline */
    ep_rule rule;
    int chunk, share;    /* share: this part of the baseline's work is run */
    worker w;
    const subject *s;
    float *room, *g;
    double error, flips;
} entry;

static bool run_online(const entry *a)
{
    const subject *s = a->s;
    size_t n = (size_t)s->net.n_rec, R = n + (size_t)s->net.n_in, T = (size_t)s->T;
    int steps = s->T * s->B / a->share < s->T ? s->T * s->B / a->share : s->T, trials = s->T * s->B / a->share / steps;
    memset(a->g, 0, n * R * sizeof *a->g);
    for (size_t b = 0; b < (size_t)trials; b++)
        bench_online(&s->net, s->W32, s->Wout32, s->x32 + b * T * (size_t)s->net.n_in,
                     s->target32 + b * T * (size_t)s->net.n_out, steps, a->room, a->g);
    return true;
}

static bool run_entry(void *arg)
{
    entry *a = arg;
    return a->e ? bench_worker_run(&a->w) : run_online(a);
}

static bool open_entry(const subject *s, entry *a)
{
    size_t n = (size_t)s->net.n_rec, R = n + (size_t)s->net.n_in, room = bench_online_room(&s->net, s->T);
    a->s = s;
    if (a->share < 1) a->share = 1;
    if (a->e) return bench_worker_open(s, a->e, a->rule, a->chunk, 1, &a->w);
    a->room = aligned_alloc(64, (room * sizeof(float) + 63) / 64 * 64);
    a->g = malloc(n * R * sizeof *a->g);
    return a->room && a->g;
}

static void close_entry(entry *a)
{
    if (a->e) bench_worker_close(&a->w);
    free(a->room);
    free(a->g);
}

/* Error of an entry against binary64 of the same rule. */
static void judge(const subject *s, entry *a, const opt_engine *truth)
{
    worker w;
    a->error = a->flips = NAN;
    if (!a->e || !bench_worker_open(s, truth, a->rule, 0, 1, &w)) return;
    if (bench_worker_run(&w)) {
        a->error = bench_worker_error(&a->w, &w);
        a->flips = bench_worker_flips(&a->w, &w);
    }
    bench_worker_close(&w);
}

/* The tight baseline computes what the engines compute: its Win against the scan's. */
static double baseline_error(const subject *s, const entry *online, const entry *scan)
{
    size_t n = (size_t)s->net.n_rec, n_in = (size_t)s->net.n_in, R = n + n_in;
    float *v = malloc((n * n_in + 1) * sizeof *v);
    double top = 0, off = 0;
    if (!v || online->share > 1 || scan->w.e->get(scan->w.s, OPT_GRAD(EP_G_WIN), v, n * n_in) != EP_OK) off = NAN;
    else
        for (size_t k = 0; k < n * n_in; k++) {
            top = fmax(top, fabs((double)v[k]));
            off = fmax(off, fabs((double)v[k] - (double)online->g[k / n_in * R + k % n_in]));
        }
    free(v);
    return off / top;
}

typedef struct task {
    int n_in, n, K, T, B, online_share, scalar_share, rounds;
    double chunk_limit;
    bool judged_by_scalar;
} task;

enum { ONLINE, SCAN, CHUNKS, BPTT, SCALAR, N_ENTRY };

static void report(const task *k, const subject *s, const char *name, const entry *a, const bench_side *side, int n, int rounds,
                   bench_out *out)
{
    for (int i = 0; i < n; i++) {
        bench_line l = {.subject = name, .what = a[i].name, .unit = "s", .got = bench_seconds(&side[i], rounds),
                        .judged = !isnan(a[i].error), .error = a[i].error};
        bench_put(out, &l);
        if (a[i].e) {
            char what[64];
            (void)snprintf(what, sizeof what, "%s, memory", a[i].name);
            bench_line mb = {.subject = name, .what = what, .unit = "MB", .got = (double)a[i].w.bytes * 1e-6};
            bench_put(out, &mb);
        }
        if (a[i].e && a[i].flips >= 0) /* kept where the whole trial is */
            printf("    %.0f of %.3g spikes differ from binary64's\n", a[i].flips, s->rate * s->T * (double)s->B * s->net.n_rec);
        if (a[i].share > 1) printf("    1/%d was run, its time scaled\n", a[i].share);
    }
    bench_line chunks = bench_line_of(name, "chunks, speed relative to tight online", bench_side_ratio(&side[ONLINE], &side[CHUNKS], rounds));
    chunks.target = 12, chunks.stretch = 20, chunks.judged = true, chunks.error = a[CHUNKS].error;
    bench_put(out, &chunks);
    bench_line cost = bench_line_of(name, "chunks, time relative to the scan", bench_side_ratio(&side[CHUNKS], &side[SCAN], rounds));
    cost.target = k->chunk_limit, cost.at_most = true, cost.judged = true, cost.error = a[CHUNKS].error;
    bench_put(out, &cost);
}

static bool compare_task(const task *k, bench_out *out)
{
    subject s;
    char name[96], text[256];
    entry a[N_ENTRY] = {
        {.name = "online, tight", .share = k->online_share},
        {.name = "e-prop 1 scan", .e = opt_fast_f32(), .rule = EP_EPROP1_SYMMETRIC},
        {.name = "e-prop 1 chunks", .e = opt_fast_f32(), .rule = EP_EPROP1_SYMMETRIC, .chunk = 256},
        {.name = "BPTT", .e = opt_fast_f32(), .rule = EP_BPTT},
        {.name = "scalar engine, online", .e = opt_scalar_f32(), .rule = EP_EPROP1_SYMMETRIC},
    };
    bench_side side[N_ENTRY] = {{0}};
    int n = k->scalar_share ? N_ENTRY : N_ENTRY - 1, rounds = out->rounds ? out->rounds : k->rounds;
    bool good = bench_subject_make(k->n_in, k->n, k->K, k->T, k->B, 0.018, &s);
    for (int i = 0; good && i < n; i++) {
        good = open_entry(&s, &a[i]);
        side[i] = (bench_side){.run = run_entry, .arg = &a[i], .share = a[i].share};
    }
    if (good) {
        (void)snprintf(name, sizeof name, "ALIF N=%d n_in=%d n_out=%d T=%d B=%d", k->n, k->n_in, k->K, k->T, k->B);
        a[SCAN].e->describe(a[SCAN].w.s, text, sizeof text);
        printf("\n%s, firing %.2f %%\n[%s]\n", name, 100 * s.rate, text);
        bench_paired(side, n, rounds, 9);
        for (int i = 0; i < n; i++) judge(&s, &a[i], k->judged_by_scalar ? opt_scalar_f64() : opt_fast_f64());
        a[ONLINE].error = baseline_error(&s, &a[ONLINE], &a[SCAN]);
        report(k, &s, name, a, side, n, rounds, out);
    }
    for (int i = 0; i < n; i++) close_entry(&a[i]);
    bench_subject_free(&s);
    return good;
}

int main(int argc, char **argv)
{
    static const task tasks[] = {
        {100, 100, 2, 1000, 1, 1, 1, 11, 2.5, true},
        {100, 100, 2, 1000, 32, 8, 0, 7, 2.5, true},
        {39, 800, 61, 600, 32, 192, 0, 3, 5, false},
    };
    bench_out out;
    int code = bench_lines_open(argc, argv, "The fast LSNN path: rules and threads, float32; how cost grows with each size: eprop-bench scale.", &out);
    if (code >= 0) return code;
    bench_machine m = bench_machine_measure();
    bench_machine_print(&m, stdout);
    bool good = true;
    for (size_t k = 0; good && k < sizeof tasks / sizeof *tasks; k++) good = compare_task(&tasks[k], &out);
    good = good && bench_threads(&out);
    if (!good) (void)fprintf(stderr, "bench-engines: out of memory\n");
    code = bench_lines_close(&out);
    return good ? code : 3;
}
