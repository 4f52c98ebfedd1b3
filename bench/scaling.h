/* scaling.h: the fast LSNN path over threads, sizes and firing rates.
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_SCALING_H
#define BENCH_SCALING_H

#include "lines.h"
#include "subject.h"

/* Two threads against one, by wall time, and whether they give the same numbers. False: no memory. */
bool bench_threads(bench_out *out);
/* N 100 to 3200, T 100 to 10000, B 1 to 256, firing rates 0.5 to 50 %, with the exponents. False: no memory. */
bool bench_scaling(bench_out *out);

#endif
