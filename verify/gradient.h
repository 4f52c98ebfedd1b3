/* gradient.h: correctly rounded gradients of any network in a vector file.
 *
 * Each entry is decided (both ends of a proved enclosure round to the same number), structurally zero (exact), or
 * undecided at the precision allowed: then its enclosure is given, never a guess.
 *
 * SPDX-License-Identifier: MIT */
#ifndef VFY_GRADIENT_H
#define VFY_GRADIENT_H

#include "algo.h"
#include "epv.h"
#include "result.h"
#include "synth_file.h"

typedef struct vfy_gradient_args {
    ep_rule rule;
    int window;              /* tbptt*, eprop3* */
    ref_seed seed;           /* what is seeded at a window's end, exactly; or what the synthesiser says */
    const vfy_synth *synth;  /* tbptt-sg, eprop3-sg: says the seeds; NULL: they are exact */
    bool reg_off;
    vfy_format round;        /* the format rounded to */
    long most_bits;          /* precision cap */
    int threads;
    const vfy_progress *progress;
} vfy_gradient_args;

typedef struct vfy_entry {
    ep_group group;
    size_t at;               /* row-major position in the group */
    vfy_want want;           /* as it stands in a vector file */
    double nearest;          /* VFY_VALUE: correctly rounded */
} vfy_entry;

typedef struct vfy_gradient {
    vfy_entry *entry;
    size_t n, decided, zero, undecided;
    long bits;               /* precision of the last round */
    size_t ties;             /* spike tests that only exact arithmetic could decide */
} vfy_gradient;

/* Ziv's strategy on intervals: starts at 128 bits and raises the precision by what the widest open entry lacks.
 * Small spiking networks whose entries stay open at 512 bits are settled in rationals.
 * EP_NOTIMPL: no such rule; EP_DOMAIN: a synthesiser of other sizes; EP_UNABLE: a spike test stayed undecided, so every entry is. Free with vfy_gradient_free. */
EP_MUST_USE ep_status vfy_gradient_certify(const ep_net *net, const ep_batch *bt, const vfy_gradient_args *a,
                                           vfy_gradient *out);
void vfy_gradient_free(vfy_gradient *g);

#endif
