/* evidence_e.h: external truth: numbers that others computed, and cases worked by hand.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_EVIDENCE_E_H
#define VFY_EVIDENCE_E_H

#include "evidence.h"

/* ---- Table A: pattern generation with 100 LIF neurons, e-prop 1 with random feedback --------- */

enum { VFY_TABLE_A_LOSSES = 5 };

typedef struct vfy_table_a_row {
    double loss;         /* 1/2 sum_t (y - y*)^2 before the update */
    double nest, tf;     /* what NEST (double) and TensorFlow 1.15 (float32) printed */
    double rel_nest, rel_tf; /* |loss - nest| / nest, |loss - tf| / tf */
    long spikes;         /* of all neurons */
    uint64_t spike_hash; /* FNV-1a of the spike train: equal where two runs agree in every spike */
} vfy_table_a_row;

/* Trains the published network and compares the first `losses` of its five: rows [losses]. Weights too are held and
 * updated in the given arithmetic. On one thread an update takes about 0.5 s in binary64 and 3 s in MPFR at 113 bits.
 * EP_DOMAIN: losses not in 1..5; EP_NOMEM; or what ref_run_batch and ref_gradient answer. */
EP_MUST_USE ep_status vfy_table_a(const ref_arith *ar, long prec, int threads, int losses, vfy_table_a_row *rows);

/* ---- cases worked by hand --------------------------------------------------------------------------------- */

/* Runs every hand-worked case of a model (EP_N_MODEL: all) and counts the numbers that are not the fraction on
 * paper: states, loss, BPTT's gradient (through the view w->L) and the factorization's (through w->e); w may be
 * NULL. A model without a case is EP_NOTIMPL. */
EP_MUST_USE ep_status vfy_handworked(const vfy_views *w, ep_model only, int *mismatches);

size_t vfy_handworked_count(void);
const char *vfy_handworked_name(size_t n);
ep_model vfy_handworked_model(size_t n); /* EP_N_MODEL beyond the last */
/* One case; *compared (may be NULL): how many numbers were compared. EP_DOMAIN: no such case. */
EP_MUST_USE ep_status vfy_handworked_run(size_t n, const vfy_views *w, int *mismatches, int *compared);

/* e-prop 3 in windows of w->window steps, from exact seeds w->seed, on the paper's networks: entries that are not BPTT's on paper.
 * EP_NOTIMPL: no case of the model has more steps than a window. */
EP_MUST_USE ep_status vfy_handworked_windows(const vfy_views *w, ep_model only, int *mismatches);
/* Truncated BPTT, and e-prop 3 with no or some of the seeds, worked on paper. EP_DOMAIN: no such case. */
size_t vfy_cut_count(void);
EP_MUST_USE ep_status vfy_cut_run(size_t n, int *mismatches, int *compared);

/* ---- all of it -------------------------------------------------------------------------------------------- */

typedef struct vfy_e_row {
    const char *name;
    double value, limit;
    bool holds;
    char note[160];
} vfy_e_row;

/* The rows of one model (EP_N_MODEL: all), at most `most`: for LIF, Table A against NEST (five, limit 1e-12) and
 * against TensorFlow (one, 1e-6); then each hand-worked case (value: mismatching numbers, limit 0). EP_DOMAIN if
 * `most` is too small; 12 are enough for all. */
EP_MUST_USE ep_status vfy_evidence_e(ep_model only, vfy_e_row *rows, size_t most, size_t *n);

#endif
