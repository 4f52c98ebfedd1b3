/* run_task.h: a training run as a measurement.
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_TASK_H
#define BENCH_RUN_TASK_H

#include "problem.h"

bool bench_is_task(const char *id);
/* how->command is the path of eprop-train. EP_DOMAIN: no such case, or eprop-train refused; EP_IO: it could not be run. */
EP_MUST_USE ep_status bench_task_measure(const char *id, const bench_how *how, int round, bench_sample *out, char why[BENCH_WHY]);

#endif
