/* SPDX-License-Identifier: MIT */
#include "stat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eprop.h"

enum { RESAMPLES = 2000, STREAM = 0x57a7 };

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of values that are already sorted. */
static double at(const double *sorted, int n, double q)
{
    double place = q * (n - 1);
    int k = (int)place;
    return k + 1 < n ? sorted[k] + (place - k) * (sorted[k + 1] - sorted[k]) : sorted[n - 1];
}

double bench_quantile(const double *v, int n, double q)
{
    double *copy = n >= 1 ? malloc((size_t)n * sizeof *copy) : NULL;
    if (!copy) return (double)NAN;
    memcpy(copy, v, (size_t)n * sizeof *copy);
    qsort(copy, (size_t)n, sizeof *copy, ascending);
    double r = at(copy, n, q);
    free(copy);
    return r;
}

double bench_median(const double *v, int n) { return bench_quantile(v, n, 0.5); }

/* ---- bootstrap: the same resampling for every estimate ------------------------------------------------- */

typedef struct draws { uint64_t seed, counter; } draws;

static int pick(draws *d, int n) { return (int)(ep_rng_u64(d->seed, STREAM, d->counter++) % (uint64_t)n); }

typedef struct sample { const double *a, *b; int n, m; double *room; } sample;

/* An estimate from one resample, or from the sample itself where d is NULL. */
typedef double (*estimate)(const sample *s, draws *d);

static bench_interval bootstrap(const sample *s, estimate f, uint64_t seed)
{
    bench_interval r = {(double)NAN, (double)NAN, (double)NAN};
    double *all = malloc(RESAMPLES * sizeof *all);
    draws d = {.seed = seed};
    if (!all) return r;
    r.mid = f(s, NULL);
    for (int k = 0; k < RESAMPLES; k++) all[k] = f(s, &d);
    qsort(all, RESAMPLES, sizeof *all, ascending);
    r.low = at(all, RESAMPLES, 0.025);
    r.high = at(all, RESAMPLES, 0.975);
    free(all);
    return r;
}

static double median_of(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, ascending);
    return at(v, n, 0.5);
}

static double paired(const sample *s, draws *d)
{
    for (int k = 0; k < s->n; k++) {
        int i = d ? pick(d, s->n) : k;
        s->room[k] = s->b[i] / s->a[i];
    }
    return median_of(s->room, s->n);
}

static double unpaired(const sample *s, draws *d)
{
    for (int k = 0; k < s->n; k++) s->room[k] = s->a[d ? pick(d, s->n) : k];
    double a = median_of(s->room, s->n);
    for (int k = 0; k < s->m; k++) s->room[k] = s->b[d ? pick(d, s->m) : k];
    return median_of(s->room, s->m) / a;
}

static double slope(const sample *s, draws *d)
{
    for (int tries = 0; tries < 100; tries++) {
        double mx = 0, my = 0, xx = 0, xy = 0;
        for (int k = 0; k < s->n; k++) s->room[k] = d ? pick(d, s->n) : k;
        for (int k = 0; k < s->n; k++) {
            mx += log(s->a[(int)s->room[k]]) / s->n;
            my += log(s->b[(int)s->room[k]]) / s->n;
        }
        for (int k = 0; k < s->n; k++) {
            double x = log(s->a[(int)s->room[k]]) - mx, y = log(s->b[(int)s->room[k]]) - my;
            xx += x * x;
            xy += x * y;
        }
        if (xx > 1e-12) return xy / xx;
        if (!d) break;
    }
    return (double)NAN;
}

static bench_interval with_room(sample s, int room, estimate f, uint64_t seed)
{
    bench_interval r = {(double)NAN, (double)NAN, (double)NAN};
    s.room = room >= 1 ? malloc((size_t)room * sizeof *s.room) : NULL;
    if (s.room) r = bootstrap(&s, f, seed);
    free(s.room);
    return r;
}

bench_interval bench_ratio(const double *a, const double *b, int n, uint64_t seed)
{
    return with_room((sample){.a = a, .b = b, .n = n}, n, paired, seed);
}

bench_interval bench_ratio_unpaired(const double *a, int n, const double *b, int m, uint64_t seed)
{
    return with_room((sample){.a = a, .b = b, .n = n, .m = m}, n < 1 || m < 1 ? 0 : n > m ? n : m, unpaired, seed);
}

bench_interval bench_exponent(const double *x, const double *y, int n, uint64_t seed)
{
    return with_room((sample){.a = x, .b = y, .n = n}, n < 2 ? 0 : n, slope, seed);
}

int bench_outliers(const double *v, int n)
{
    double low = bench_quantile(v, n, 0.25), high = bench_quantile(v, n, 0.75), reach = 1.5 * (high - low);
    int out = 0;
    for (int k = 0; k < n; k++) out += v[k] < low - reach || v[k] > high + reach;
    return out;
}
