/* approx.h: how far rules that approximate are from BPTT, so that an approximation is not taken for a bug.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_APPROX_H
#define VFY_APPROX_H

#include "evidence.h"

typedef struct vfy_distance {
    ep_rule rule;
    int window;             /* 0 where it has none */
    ref_seed seed;
    double cosine, rel_norm, rel_err; /* over Win, Wrec and biases, against BPTT */
} vfy_distance;

/* The rules measured, in MPFR at 128 bits: e-prop 1 symmetric, random, global; truncated BPTT; e-prop 3 with each
 * seed; at windows 1, 4, 7, 20. Fills at most `most`. */
EP_MUST_USE ep_status vfy_measure_distances(const vfy_case *k, vfy_distance *out, size_t most, size_t *n);

/* The case that distances are quoted for: ten neurons, 80 steps, no regulariser. */
EP_MUST_USE ep_status vfy_distance_case(ep_model m, vfy_case *out);

/* One rule. */
EP_MUST_USE ep_status vfy_measure_distance(const vfy_case *k, ep_rule rule, int window, ref_seed seed, vfy_distance *out);

#endif
