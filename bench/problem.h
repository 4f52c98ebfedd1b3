/* problem.h: what is measured: a case (network, rule, size) and who computes it.
 *
 *   case     SUITE/MODEL/RULE/N100-I100-O3-T1000-B1[-r2]     gradient, forward, reference, fixed, port, peer
 *   subject  who computes it: runner.h
 *
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_PROBLEM_H
#define BENCH_PROBLEM_H

#include "sample.h"
#include "subject.h"

typedef struct bench_case {
    char suite[16];
    ep_model model;
    ep_rule rule;
    int N, n_in, n_out, T, B;
    double rate; /* spiking cells: wanted firing rate */
} bench_case;

/* EP_DOMAIN with a line in why. */
EP_MUST_USE ep_status bench_case_parse(const char *id, bench_case *out, char why[BENCH_WHY]);
void bench_case_name(const bench_case *c, char id[BENCH_ID]);

/* The case's network and trials; every number fits float32. */
EP_MUST_USE ep_status bench_case_make(const bench_case *c, subject *s);

/* What is right: gradients of the groups Win .. bout one after the other, and the spikes [B][T][N] where they are kept. */
typedef struct bench_truth {
    double *g;
    size_t n;
    unsigned char *z; /* NULL: not kept */
    char against[24]; /* who says so: "reference" in binary64, or "scalar:f64" for cases too large for it */
} bench_truth;

/* Makes it, or reads what an earlier call for the same case left in DIR/truth/. */
EP_MUST_USE ep_status bench_truth_get(const bench_case *c, const char *dir, bench_truth *out, char why[BENCH_WHY]);
void bench_truth_free(bench_truth *t);

/* How to measure: who (runner.h lists the names), and for how long. */
typedef struct bench_how {
    const char *subject, *command; /* command: what port:NAME or peer:NAME stands for */
    const char *dir;               /* for what is kept between processes, or NULL */
    double work, plant;            /* seconds of work at least; per cent of work added, for tests of the gate */
} bench_how;

/* Runs the case in this process, after a warm-up. Fills all of the sample but round and order. EP_NOTIMPL: the subject does not have
 * this case. EP_UNABLE: the result overflowed, or integers are not those of the slow model. */
EP_MUST_USE ep_status bench_measure(const bench_case *c, const bench_how *how, const bench_truth *truth, bench_sample *out, char why[BENCH_WHY]);

/* What the stopwatch itself adds, in seconds: to each repetition, and to each measurement (both clocks read at both ends).
 * Measured by a subject that does nothing; smallest of several. */
typedef struct bench_cost { double repetition, measurement; } bench_cost;
bench_cost bench_harness_cost(void);

#endif
