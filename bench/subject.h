/* subject.h: a synthetic network at a wanted firing rate, and an engine at work on it.
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_SUBJECT_H
#define BENCH_SUBJECT_H

#include "opt.h"

typedef struct subject {
    ep_net net;
    int T, B;
    double *store, *x64, *target64;
    float *x32, *target32, *W32, *Wout32; /* W32 [n_rec][n_in + n_rec] */
    double rate; /* spikes a neuron and step */
} subject;

/* An ALIF network (half of the neurons adapt) that fires at about `rate` on Poisson inputs of 2 %. All numbers fit
 * into float32. False: no memory. */
bool bench_subject_make(int n_in, int n_rec, int n_out, int T, int B, double rate, subject *s);
void bench_subject_free(subject *s);

typedef struct worker {
    const opt_engine *e;
    opt_state *s;
    void *mem;
    size_t bytes;
    opt_trials tr;
} worker;

/* False: not supported, or no memory. */
bool bench_worker_open(const subject *s, const opt_engine *e, ep_rule rule, int chunk, int threads, worker *w);
void bench_worker_close(worker *w);
bool bench_worker_run(const worker *w);

/* Largest |a - b| / largest |b| over the groups Win, Wrec, b, Wout, bout. */
double bench_worker_error(const worker *a, const worker *b);
/* Spikes in which two workers that keep them differ, of all; -1: they are not kept. */
double bench_worker_flips(const worker *a, const worker *b);

#endif
