/* net.h: the network that the reference is timed on.
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#include "algo.h"

/* ALIF, paper2019, one alpha, rho and beta for all neurons, zero-mean weights, inputs at 2 %; the drive is scaled
 * until about 2 % of the neurons spike at a step. All numbers are dyadic. */
typedef struct bench_net {
    ep_net net;
    ep_batch batch;
    double *store;
    double rate, psi_share;
} bench_net;

EP_MUST_USE ep_status bench_net_make(int n_rec, int n_in, int T, bench_net *out);
void bench_net_free(bench_net *b);

/* Peak memory of this process in MB. */
double bench_peak_mb(void);

#endif
