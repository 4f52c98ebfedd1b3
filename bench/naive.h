/* naive.h: what one would write first in MPFR: dense loops, one mpfr_fma a product, nothing skipped.
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_NAIVE_H
#define BENCH_NAIVE_H

#include "net.h"

/* dE/dWrec [n_rec][n_rec] and dE/dWin [n_rec][n_in] of an ALIF network (paper2019, delay 1, no regulariser), by
 * dense BPTT and by sum_t L e with explicit traces, as doubles; the CPU seconds of each half. */
typedef struct bench_naive {
    double *bptt_rec, *bptt_in, *trace_rec, *trace_in;
    double forward_s, bptt_s, traces_s;
} bench_naive;

EP_MUST_USE ep_status bench_naive_run(const bench_net *b, long bits, bench_naive *out);
void bench_naive_free(bench_naive *n);

#endif
