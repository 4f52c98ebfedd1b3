/* evidence_e.h: external truth: numbers that others computed, and cases worked by hand.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_EVIDENCE_E_H
#define VFY_EVIDENCE_E_H

#include "algo.h"

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

/* The published set-up alone, as doubles; what is drawn and in which order is part of it. */
typedef struct vfy_table_a_case {
    ep_net net;
    ep_batch batch;
    double *store;
} vfy_table_a_case;
EP_MUST_USE ep_status vfy_table_a_make(vfy_table_a_case *out);
void vfy_table_a_free(vfy_table_a_case *k);

/* ---- cases worked by hand --------------------------------------------------------------------------------- */

/* Runs every hand-worked case of a model (EP_N_MODEL: all) and counts the entries of the states, of BPTT's
 * gradient and of the factorization's that are not the fraction on paper. `wrap` makes the view that both
 * gradients are computed through; NULL is ref_view_plain. A model without a case is EP_NOTIMPL. */
typedef ref_view (*vfy_wrap)(const ref_net *net, const ref_traj *tr, void *user);
EP_MUST_USE ep_status vfy_handworked(vfy_wrap wrap, void *user, ep_model only, int *mismatches);

size_t vfy_handworked_count(void);
const char *vfy_handworked_name(size_t n);
/* One case; *compared (may be NULL) counts the entries compared. */
EP_MUST_USE ep_status vfy_handworked_run(size_t n, vfy_wrap wrap, void *user, int *mismatches, int *compared);

/* ---- all of it -------------------------------------------------------------------------------------------- */

typedef struct vfy_e_row {
    const char *name;
    double value, limit;
    bool holds;
    char note[160];
} vfy_e_row;

/* Fills at most `most` rows: Table A against NEST (five, limit 1e-12) and against TensorFlow (one, 1e-6), then each
 * hand-worked case (value: mismatching fractions, limit 0). EP_DOMAIN if `most` is too small. */
EP_MUST_USE ep_status vfy_evidence_e(vfy_e_row *rows, size_t most, size_t *n);

#endif
