/* online.h: e-prop 1 step by step with one set of traces a synapse, written tight: the baseline of "online by chunks".
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_ONLINE_H
#define BENCH_ONLINE_H

#include <stddef.h>

#include "eprop.h"

/* Numbers that one trial needs. */
size_t bench_online_room(const ep_net *net, int T);

/* Gradient of Win, then Wrec [n_rec][n_in + n_rec], under symmetric e-prop 1 with regression, added to g; ALIF under the
 * first convention, all neurons with one alpha and one rho, delay 1, no refractoriness.
 *   p_i <- alpha p_i + pre_i;  eps <- rho eps + e;  e = psi_j (p_i - beta_j eps);  ebar <- kappa ebar + e;  g += L_j ebar
 * room: bench_online_room() numbers, aligned to 64. Cost n_rec (n_in + n_rec) T, whatever the rate. */
void bench_online(const ep_net *net, const float *W, const float *Wout, const float *x, const float *target, int T,
                  float *room, float *g);

#endif
