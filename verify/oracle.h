/* oracle.h: what the judge asks of a reference behind it. The judge alone has none (NULL) and judges from files.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_ORACLE_H
#define VFY_ORACLE_H

#include "port_detect.h"

/* What is certain about a case's spikes. */
typedef struct vfy_certainty {
    double margin; /* lower bound of |v - v_th - beta a| over all steps and neurons, proved; 0 where nothing spikes */
    bool robust;   /* every spike test and every foot of psi is further away than VFY_ROBUST times what rounding can do */
    size_t left_out; /* wanted entries that no precision up to 512 bits could write down */
} vfy_certainty;

#define VFY_ROBUST 4.0

typedef struct vfy_oracle {
    /* vfy_expect(): appends the expected entries of the quantities in mask. */
    ep_status (*expect)(vfy_epv_case *c, uint64_t mask, vfy_certainty *out);
    /* The cases of level 1, seed 1, as if read from their files, made on so many threads. */
    ep_status (*level_one)(int threads, const vfy_progress *p, vfy_epv_file **out, char *err, size_t n);
    /* vfy_port_detect(). */
    ep_status (*detect)(const vfy_port_args *a, bool one_preset, ep_preset preset, const vfy_progress *p, vfy_claims *claims,
                        vfy_detected *out, char *err, size_t n);
    const vfy_streaming *streaming;
} vfy_oracle;

#endif
