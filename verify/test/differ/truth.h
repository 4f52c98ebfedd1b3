/* truth.h: what the reference says of a case, with the distance that a program of a format may keep.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_DIFFER_TRUTH_H
#define VFY_DIFFER_TRUTH_H

#include "algo.h"
#include "ball.h"
#include "draw.h"

typedef struct truth {
    ball_world world;
    ref_ctx c;
    ref_net net;
    ref_run run;
    ref_grad g;
    double *z;   /* [B][T][n_rec] the spikes it was made for; NULL: its own */
    bool single; /* binary32 */
    bool open;
} truth;

/* Spikes are the program's own, z [B][T][n_rec], or (NULL) decided here: EP_UNABLE where the distance does not decide one.
 * flushes: the program takes subnormal numbers for 0. EP_NOMEM, EP_NOTIMPL. */
EP_MUST_USE ep_status truth_open(const draw_case *k, bool single, bool flushes, const double *z, truth *t);
void truth_close(truth *t);

/* The first of the program's spikes that the reference contradicts, as an index into z, or -1; *ties: those that it leaves open. */
long truth_wrong_spike(const truth *t, size_t *ties);

/* The distance that entry x of a gradient may have: its own, and the order in which steps and trials are added. */
double truth_limit(const truth *t, const ref_num *x);

#endif
