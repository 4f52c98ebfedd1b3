/* handworked.h: cases whose every number was worked on paper. Lists are text: entries by commas, an entry is a sum
 * of terms `p/q` or `p/q*lnN` by blanks.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_HANDWORKED_H
#define VFY_HANDWORKED_H

#include "evidence_e.h"

typedef struct vfy_paper {
    const char *name;
    bool logs;     /* parameters hold logarithms: MPFR at 256 bits, equal to 2^-200, instead of exact rationals */
    ep_net net;    /* sizes, options and constants; its arrays are NULL */
    ep_batch batch;
    const char *param[EP_N_GROUP];
    const char *h, *z, *y, *E; /* [T][n_rec][nh], [T][n_rec], [T][n_out], 1 */
    const char *q;             /* [T][n_rec][n_q]: psi alone, or all the LSTM's activations */
    int n_q;
    const char *want[EP_N_GROUP];
} vfy_paper;

/* A gradient of paper n by `make`, and how many of its entries are not those of `want`. */
typedef ep_status (*vfy_paper_make)(void *user, ref_ctx *c, const ref_run *run, ref_grad *g);
ep_status vfy_paper_judge(size_t n, vfy_paper_make make, void *user, const char *const *want, int *mismatches, int *compared);

size_t vfy_paper_count(void);
const vfy_paper *vfy_paper_at(size_t n);

#endif
