/* numpy's legacy generator: MT19937 (Matsumoto and Nishimura 1998), seeded by Knuth's recurrence.
 * SPDX-License-Identifier: MIT */
#include "numpy_rng.h"

#include <math.h>

enum { N = 624, M = 397 };

void task_numpy_seed(task_numpy_rng *r, uint32_t seed)
{
    r->key[0] = seed;
    for (uint32_t k = 1; k < N; k++) {
        uint32_t before = r->key[k - 1];
        r->key[k] = UINT32_C(1812433253) * (before ^ (before >> 30)) + k;
    }
    r->pos = N;
    r->has_gauss = false;
    r->gauss = 0.0;
}

static void refill(task_numpy_rng *r)
{
    for (int k = 0; k < N; k++) {
        uint32_t y = (r->key[k] & UINT32_C(0x80000000)) | (r->key[(k + 1) % N] & UINT32_C(0x7fffffff));
        r->key[k] = r->key[(k + M) % N] ^ (y >> 1) ^ (y & 1 ? UINT32_C(0x9908b0df) : 0);
    }
    r->pos = 0;
}

uint32_t task_numpy_u32(task_numpy_rng *r)
{
    if (r->pos == N) refill(r);
    uint32_t y = r->key[r->pos++];
    y ^= y >> 11;
    y ^= (y << 7) & UINT32_C(0x9d2c5680);
    y ^= (y << 15) & UINT32_C(0xefc60000);
    return y ^ (y >> 18);
}

double task_numpy_rand(task_numpy_rng *r)
{
    double high = (double)(task_numpy_u32(r) >> 5), low = (double)(task_numpy_u32(r) >> 6);
    return (high * 0x1p26 + low) * 0x1p-53;
}

double task_numpy_randn(task_numpy_rng *r)
{
    if (r->has_gauss) {
        r->has_gauss = false;
        return r->gauss;
    }
    double a, b, s;
    do {
        a = 2.0 * task_numpy_rand(r) - 1.0;
        b = 2.0 * task_numpy_rand(r) - 1.0;
        s = a * a + b * b;
    } while (s >= 1.0 || s == 0.0);
    double f = sqrt(-2.0 * log(s) / s);
    r->gauss = f * a;
    r->has_gauss = true;
    return f * b;
}

double task_numpy_uniform(task_numpy_rng *r, double lo, double hi) { return lo + (hi - lo) * task_numpy_rand(r); }

void task_numpy_linspace(double lo, double hi, size_t n, double *out)
{
    double step = (hi - lo) / (double)(n - 1);
    for (size_t i = 0; i < n; i++) out[i] = (double)i * step + lo;
    out[n - 1] = hi;
}
