/* lstm_subject.h: an LSTM with random weights, inputs and targets, the quadratic loss that the peers are given, and an engine at work on it.
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_LSTM_SUBJECT_H
#define BENCH_LSTM_SUBJECT_H

#include "opt.h"

typedef struct lstm_subject {
    char name[80];
    ep_net net;
    int T, B;
    double *store, *x64, *target64;
    float *x32, *target32;
} lstm_subject;

typedef struct lstm_worker {
    const opt_engine *e;
    opt_state *s;
    void *mem;
    size_t bytes;
    ep_rule rule;
    int window;
    opt_trials tr;
} lstm_worker;

/* False: no memory. */
bool bench_lstm_make(int n_rec, int n_in, int n_out, int T, int B, lstm_subject *k);
void bench_lstm_free(lstm_subject *k);
/* False: not supported, or no memory. window: of tbptt and eprop3. */
bool bench_lstm_open(const lstm_subject *k, const opt_engine *e, ep_rule rule, int chunk, int window, int threads, lstm_worker *w);
void bench_lstm_close(lstm_worker *w);
/* One gradient; arg is a lstm_worker. */
bool bench_lstm_run(void *arg);
/* Largest |got - want| / |want|, Euclidean, over the groups; want: whole trials in binary64 under the same rule. */
double bench_lstm_error(const lstm_subject *k, const lstm_worker *w);
/* The same between two workers of one format. */
double bench_lstm_difference(const lstm_worker *a, const lstm_worker *b);

#endif
