/* windows.h: gradients cut into windows. What is exact once all that crosses a boundary is given there, what exactly is
 * missing otherwise, and the synthesiser that says what is not known yet.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_WINDOWS_H
#define VFY_WINDOWS_H

#include "evidence.h"
#include "synth.h"

/* Two gradients, or two sets of seeds: entries that differ, and the largest difference relative to the largest entry of
 * its group (of BPTT's, for what is left out). dead: groups that are 0 on both sides although the model lets them be anything else. degree: of either side,
 * in the degree arithmetic. */
typedef struct vfy_gap { size_t entries, differ; double distance; int dead; int64_t degree; } vfy_gap;

typedef struct vfy_windows {
    vfy_gap tbptt;            /* truncated BPTT with exact seeds zc, against BPTT */
    vfy_gap delivered;        /* what its windows deliver, against the exact seeds */
    vfy_gap part[2], rest[2]; /* e-prop 3 with seeds c; z: against BPTT; BPTT minus it, against what is left out, by itself */
    vfy_gap tape_tbptt, tape_eprop3, tape_delivered; /* arbitrary seeds: against the tape with the same paths cut */
    vfy_gap synth, by_synth;  /* seeds that a synthesiser says: its own gradient, and the network's, against the tape */
} vfy_windows;

/* All of these on one case in one arithmetic; prime, seed: the field's. Hidden layer of the synthesiser: 3, symbols: none.
 * The convention must not adapt by the unmasked spike, which the tape cuts elsewhere. EP_UNABLE: an undecided spike. */
EP_MUST_USE ep_status vfy_measure_windows(const vfy_case *k, const ref_arith *ar, long prec, uint64_t prime, uint64_t seed,
                                          int window, vfy_windows *out);

/* Do seeds z alone make e-prop 3 exact? Where every transmitted path of a window's steps leaves it, no L inside hears a
 * hidden state: windows no longer than the delay, and a transmitted reset only in windows of one step. */
bool vfy_z_suffices(const ep_net *net, int window);

/* Largest |central difference of E_sg - gradient| over all parameters of a synthesiser, and its limit by the h^2 law, both
 * relative to the largest entry. EP_UNABLE: the gradient is 0. */
EP_MUST_USE ep_status vfy_measure_synth(int n_u, int n_hid, int n_s, long bits, uint64_t seed, double *value, double *limit);

#endif
