/* threads.h: the fast LSNN path by two threads.
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_THREADS_H
#define BENCH_THREADS_H

#include "lines.h"
#include "subject.h"

/* Two threads against one, by wall time, and whether they give the same numbers. False: no memory. */
bool bench_threads(bench_out *out);

#endif
