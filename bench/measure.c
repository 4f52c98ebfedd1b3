/* measure.c: one subject on one case in this process: warm up, repeat, compare with the truth.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "roofline.h"
#include "runner.h"

static bool begins(const char *s, const char *with) { return strncmp(s, with, strlen(with)) == 0; }

static ep_status open_runner(runner *r, char why[BENCH_WHY])
{
    bool port = begins(r->name, "port:"), peer = begins(r->name, "peer:");
    if ((port || peer) && !r->command) return bench_say(why, "%s: expected --command, what the name stands for", r->name), EP_DOMAIN;
    size_t n = port ? strlen(r->command) : 0;
    if (strcmp(r->k->suite, "reference") == 0) return bench_open_reference(r, why);
    if (port && n > 3 && strcmp(r->command + n - 3, ".so") == 0) return bench_open_plugin(r, why);
    if (port) return bench_open_lines(r, why);
    if (peer) return bench_open_peer(r, why);
    return begins(r->name, "fixed:") ? bench_open_fixed(r, why) : bench_open_engine(r, why);
}

/* Not inlined: callgrind counts what happens inside this function. */
__attribute__((noinline)) static ep_status bench_once(runner *r, char why[BENCH_WHY]) { return r->once(r, why); }

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
            if (isnan(r->g[i])) off = (double)INFINITY;
        }
        if (off > 0) worst = fmax(worst, top > 0 ? off / top : (double)INFINITY);
        at += n;
    }
    return worst;
}

static double flips_of(const runner *r, const bench_truth *t)
{
    size_t n = (size_t)r->k->N * (size_t)r->k->T * (size_t)r->k->B, flips = 0;
    for (size_t i = 0; t->z && r->z && i < n; i++) {
        if (r->z[i] < 0) return -1;
        flips += r->z[i] != t->z[i];
    }
    return t->z && r->z ? (double)flips : -1;
}

static ep_status repeat(runner *r, double work, double plant, bench_sample *out, char why[BENCH_WHY])
{
    ep_status st = bench_once(r, why); /* warm up, and find out how long one takes */
    *out = (bench_sample){.seconds = r->seconds, .cpu = r->seconds, .reps = 1};
    if (st != EP_OK || r->times_itself) return st;
    double wall = bench_wall_seconds(), cpu = bench_cpu_seconds();
    st = bench_once(r, why);
    double each = bench_wall_seconds() - wall;
    long reps = each > 0 && work / each < 1e7 ? (long)ceil(work / each) : 1;
    if (reps < 1) reps = 1;
    if (reps > 1 || plant > 0) { /* else that one was long enough */
        long extra = (long)floor((double)reps * plant / 100 + 0.5);
        wall = bench_wall_seconds();
        cpu = bench_cpu_seconds();
        for (long k = 0; st == EP_OK && k < reps + extra; k++) st = bench_once(r, why);
    }
    out->seconds = (bench_wall_seconds() - wall) / (double)reps;
    out->cpu = (bench_cpu_seconds() - cpu) / (double)reps;
    if (begins(r->name, "port:")) out->cpu = out->seconds; /* another process may have done the work */
    out->reps = reps;
    return st;
}

static ep_status judge(runner *r, const bench_truth *truth, bench_sample *out, char why[BENCH_WHY])
{
    struct rusage use;
    bool forward = strcmp(r->k->suite, "forward") == 0;
    ep_status st = r->fetch ? r->fetch(r, why) : EP_OK;
    if (st != EP_OK) return st;
    if (truth->g && !forward && !r->symbolic) out->error = error_of(r, truth);
    if (!isfinite(out->error)) {
        bench_say(why, "%s: the result is wrong: no number, or not zero where it must be", r->name);
        return EP_UNABLE;
    }
    out->flips = flips_of(r, truth);
    out->peak_mb = r->peak_mb;
    if (!(r->peak_mb > 0) && getrusage(RUSAGE_SELF, &use) == 0) out->peak_mb = (double)use.ru_maxrss / 1024;
    return EP_OK;
}

static ep_status nothing(runner *r, char why[BENCH_WHY])
{
    (void)r, (void)why;
    return EP_OK;
}

bench_cost bench_harness_cost(void)
{
    runner idle = {.name = "nothing", .once = nothing};
    bench_cost least = {.repetition = (double)INFINITY, .measurement = (double)INFINITY};
    for (int k = 0; k < 9; k++) {
        char why[BENCH_WHY];
        bench_sample s;
        if (repeat(&idle, 1e-3, 0, &s, why) != EP_OK) continue;
        double wall = bench_wall_seconds();
        for (int n = 0; n < 100; n++) (void)bench_wall_seconds(), (void)bench_cpu_seconds();
        least.measurement = fmin(least.measurement, (bench_wall_seconds() - wall) / 100 * 2);
        least.repetition = fmin(least.repetition, s.seconds);
    }
    return least;
}

ep_status bench_measure(const bench_case *c, const bench_how *how, const bench_truth *truth, bench_sample *out, char why[BENCH_WHY])
{
    subject s;
    struct timespec now;
    runner r = {.k = c, .s = &s, .name = how->subject, .command = how->command, .dir = how->dir};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    why[0] = '\0';
    ep_status st = bench_case_make(c, &s);
    if (st == EP_OK) {
        for (int k = EP_G_WIN; k <= EP_G_BOUT; k++) r.n += ep_group_size(&s.net, (ep_group)k);
        r.g = calloc(r.n + 1, sizeof *r.g);
        st = r.g ? open_runner(&r, why) : EP_NOMEM;
    }
    bool opened = st == EP_OK;
    if (st == EP_OK) st = repeat(&r, how->work, how->plant, out, why);
    if (st == EP_OK) st = judge(&r, truth, out, why);
    if (opened && r.close) r.close(&r);
    bench_case_name(c, out->id);
    snprintf(out->subject, sizeof out->subject, "%s", how->subject);
    out->at = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
    if (st != EP_OK && !*why) bench_say(why, "%s, %s: %s", out->id, how->subject, ep_status_name(st));
    free(r.g);
    free(r.z);
    bench_subject_free(&s);
    return st;
}
