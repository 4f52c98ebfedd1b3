/* stat.h: what can be said of repeated measurements.
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_STAT_H
#define BENCH_STAT_H

#include <stdint.h>

/* An estimate and its 95 % interval. */
typedef struct bench_interval { double low, mid, high; } bench_interval;

/* Quantile q in [0, 1] of n >= 1 values, linear between neighbours; NAN for n < 1 or no memory. */
double bench_quantile(const double *v, int n, double q);
double bench_median(const double *v, int n);
/* Median of the paired ratios b[k]/a[k], interval by percentile bootstrap over pairs: 2000 resamples, drawn by
 * ep_rng from `seed`. NAN for n < 1. Cost 2000 n log n. */
bench_interval bench_ratio(const double *a, const double *b, int n, uint64_t seed);
/* median(b)/median(a) of unpaired samples, each resampled on its own. */
bench_interval bench_ratio_unpaired(const double *a, int n, const double *b, int m, uint64_t seed);
/* p of y = c x^p: slope of log y on log x by least squares, interval by bootstrap over points (resamples in which all
 * x are equal are drawn again). NAN for n < 2. */
bench_interval bench_exponent(const double *x, const double *y, int n, uint64_t seed);
/* Values more than 1.5 interquartile ranges outside the quartiles: counted, never removed. */
int bench_outliers(const double *v, int n);

#endif
