/* numpy_rng.h: numpy's legacy generator (RandomState), for numbers that others drew with it.
 * SPDX-License-Identifier: MIT */
#ifndef TASK_NUMPY_RNG_H
#define TASK_NUMPY_RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* MT19937 with numpy's one cached normal number. */
typedef struct task_numpy_rng {
    uint32_t key[624];
    int pos;
    bool has_gauss;
    double gauss;
} task_numpy_rng;

/* numpy.random.seed(seed) for an integer seed below 2^32. */
void task_numpy_seed(task_numpy_rng *r, uint32_t seed);
/* The next 32 bits of MT19937. */
uint32_t task_numpy_u32(task_numpy_rng *r);
/* rand(): k 2^-53 in [0, 1), from two draws of 27 and 26 bits. */
double task_numpy_rand(task_numpy_rng *r);
/* randn(): Marsaglia's polar method; the second number of each pair is kept for the next call. */
double task_numpy_randn(task_numpy_rng *r);
/* uniform(lo, hi) = lo + (hi - lo) rand(). */
double task_numpy_uniform(task_numpy_rng *r, double lo, double hi);
/* linspace(lo, hi, n) into out [n], n >= 2: lo + i ((hi - lo)/(n - 1)), the last one exactly hi. */
void task_numpy_linspace(double lo, double hi, size_t n, double *out);

#endif
