/* table_a.h: a published pattern-generation run: what two simulators computed from the same drawn numbers.
 * SPDX-License-Identifier: MIT */
#ifndef TASK_TABLE_A_H
#define TASK_TABLE_A_H

#include "eprop.h"

enum { TABLE_A_IN = 100, TABLE_A_REC = 100, TABLE_A_T = 1000 };

/* The set-up as doubles; what is drawn and in which order is part of it:
 *
 *   100 inputs, 100 LIF, 1 output, T = 1000; alpha = kappa = exp(-1/30), v_th = 0.03, gamma = 0.3
 *   g_in = 1 - alpha, g_out = 1 - kappa, psi = (gamma/v_th) max(0, 1 - |v - v_th|/v_th), reset by v_th one step later
 *   E = 1/2 sum (y - y*)^2 + 300/2 sum_j (mean z_j - 0.01)^2 */
typedef struct task_table_a {
    ep_net net;
    ep_batch batch;
    double *store;
} task_table_a;

EP_MUST_USE ep_status task_table_a_make(task_table_a *out);
void task_table_a_free(task_table_a *k);

#endif
