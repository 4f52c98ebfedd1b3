/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "eprop.h"
#include "paired.h"
#include "roofline.h"

#define LEAST_SECONDS 0.005

static double clock_of(const bench_side *s) { return s->wall ? bench_wall_seconds() : bench_cpu_seconds(); }

/* Seconds of one run of the whole work. What others left in the caches is not the matter of a short one. */
static double timed(const bench_side *s)
{
    bool good = s->repeats > 1 ? s->run(s->arg) : true;
    double t = clock_of(s);
    for (int k = 0; k < s->repeats || k == 0; k++) good = s->run(s->arg) && good;
    t = (clock_of(s) - t) / (s->repeats > 1 ? s->repeats : 1);
    return good ? t * (s->share > 0 ? s->share : 1) : (double)NAN;
}

void bench_paired(bench_side *s, int n, int rounds, uint64_t seed)
{
    uint64_t drawn = 0;
    for (int k = 0; k < n; k++) {
        s[k].repeats = 1;
        double t = timed(&s[k]) / (s[k].share > 0 ? s[k].share : 1);
        s[k].repeats = t < LEAST_SECONDS ? (int)(LEAST_SECONDS / (t + 1e-6)) + 1 : 1;
    }
    for (int round = 0; round < rounds; round++) {
        int order[BENCH_SIDES];
        for (int k = 0; k < n; k++) order[k] = k;
        for (int k = n - 1; k > 0; k--) {
            int other = (int)(ep_rng_u64(seed, 9, drawn++) % (uint64_t)(k + 1)), t = order[k];
            order[k] = order[other];
            order[other] = t;
        }
        for (int k = 0; k < n; k++) s[order[k]].time[round] = timed(&s[order[k]]);
    }
}

double bench_seconds(const bench_side *s, int rounds)
{
    for (int k = 0; k < rounds; k++)
        if (isnan(s->time[k])) return (double)NAN;
    return bench_median(s->time, rounds);
}

bench_interval bench_side_ratio(const bench_side *a, const bench_side *b, int rounds)
{
    return bench_ratio(b->time, a->time, rounds, 11);
}
