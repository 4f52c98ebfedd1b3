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

/* ---- in windows --------------------------------------------------------------------------------------- */

enum { VFY_N_WINDOW_RULE = 8, VFY_MOST_WINDOWS = 64 };
enum { VFY_EVERY_STEP, VFY_AT_THE_END, VFY_N_PLACE_OF_ERR }; /* errors at every step; in the last eighth of the trial alone */

/* One rule with exact seeds, one length, one network; errors placed both ways. */
typedef struct vfy_window_row {
    ep_rule rule;
    ref_seed seed;
    int window, network;
    double cosine[VFY_N_PLACE_OF_ERR], rel_norm[VFY_N_PLACE_OF_ERR], rel_err[VFY_N_PLACE_OF_ERR];
} vfy_window_row;

/* The lengths that divide a trial, so that all windows are equally long: 1..T. At most `most`. */
size_t vfy_window_lengths(int T, int *out, size_t most);
/* tbptt, tbptt-sg and eprop3, eprop3-sg with seeds c, z, zc against BPTT, on network number `network` of a model, for every
 * length: rules follow each other within a length. EP_DOMAIN: T < 8, or more rows than `most`. EP_NOTIMPL: rate units.
 * EP_UNABLE: no live network. */
EP_MUST_USE ep_status vfy_window_distances(ep_model m, int n_rec, int T, int network, vfy_window_row *out, size_t most, size_t *n);

#endif
