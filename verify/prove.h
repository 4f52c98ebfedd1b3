/* prove.h: all evidence for a choice of models, and its results on paper.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_PROVE_H
#define VFY_PROVE_H

#include "evidence.h"

typedef struct vfy_prove_args {
    bool model[EP_N_MODEL];
    char evidence[8];      /* letters of A to E, in order, each once */
    vfy_level level;
    int threads;
    const vfy_progress *progress;
} vfy_prove_args;

/* Runs the evidence; every comparison is a row of out. A failing comparison is a row, not an error. */
EP_MUST_USE ep_status vfy_prove(const vfy_prove_args *a, vfy_results *out);

/* One line per model, evidence and comparison: how many cases, the worst value, the bound, the verdict. */
void vfy_prove_print(FILE *f, const vfy_results *r, const vfy_prove_args *a, bool colour);

/* Distances of the approximating rules from BPTT, a line per model: measured, not judged. */
EP_MUST_USE ep_status vfy_prove_print_distances(FILE *f, const vfy_prove_args *a);

/* prove.json: every row, the blind spots, what it cost. */
typedef struct vfy_cost { double seconds, peak_rss_mb; } vfy_cost;
EP_MUST_USE ep_status vfy_prove_write_json(const char *path, const vfy_results *r, const vfy_prove_args *a, vfy_cost cost,
                                           char *err, size_t n);

/* What the figures are drawn from: DIR/data with one TSV each (precision, raster, gradients, approx, boundary, slips,
 * certified, liveness). Takes about as long as the proof. */
EP_MUST_USE ep_status vfy_prove_write_data(const char *dir, const vfy_prove_args *a, char *err, size_t n);

#endif
