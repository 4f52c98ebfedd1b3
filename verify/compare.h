/* compare.h: how far a port's numbers are from the certified ones, in units of what rounding alone can do.
 *
 *   r = |got - want| / (u mag)      u = 2^-24 (f32), 2^-53 (f64), mag the reference's first-order error bound
 *
 * Plain C: no MPFR.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_COMPARE_H
#define VFY_COMPARE_H

#include "epv.h"

/* What a port answered: arrays in the case's format (float or double), full row-major shapes; NULL: not answered. */
typedef struct vfy_answer {
    vfy_format format;
    void *q[VFY_N_QUANTITY];
} vfy_answer;

/* Zero-initialised answer with arrays for the quantities that the case expects and `mask` (bit q) allows, every element
 * NaN. EP_DOMAIN: more than VFY_MAX_ANSWER elements. */
enum { VFY_MAX_ANSWER = 1 << 26 };
EP_MUST_USE ep_status vfy_answer_init(vfy_answer *a, const vfy_epv_case *c, uint64_t mask);
void vfy_answer_clear(vfy_answer *a);
double vfy_answer_value(const vfy_answer *a, vfy_quantity q, size_t at);
/* Quantities with expected lines, as bits. */
uint64_t vfy_wanted(const vfy_epv_case *c);
/* What a port is asked for: what is wanted, or, without expected lines, everything that the case computes. */
uint64_t vfy_asked(const vfy_epv_case *c);

/* r of one entry; 0 for an undecided entry whose bounds contain got; infinite if got is not finite, if it misses a
 * structural zero or undecided bounds, or if it differs where mag is 0. Relative error of the result: below 2^-50. */
double vfy_error_ratio(vfy_format f, double got, const vfy_want *w);

/* Is got the exact value rounded to nearest? Half-way cases accept both neighbours. */
bool vfy_is_nearest(vfy_format f, double got, const vfy_want *w);

/* The second-order limit 1/(1 - k u), k the roundings on the longest chain of a case:
 * T (n_in + n_rec + n_out + 16), of a chain times its updates. At least 1, at most 2. */
double vfy_error_limit(const vfy_epv_case *c);

typedef struct vfy_tensor {
    size_t n;               /* entries compared */
    size_t over;            /* of them with r over the limit */
    size_t undecided;       /* expected entries that the reference left open */
    double max_r;
    size_t at_max;
    double cosine, norm_ratio, sign_agreement; /* over the compared entries; NaN where they mean nothing */
} vfy_tensor;

/* The first entry over the limit in the order t (of a chain: update), dataflow rank, position; what has no time comes
 * after step T. */
typedef struct vfy_divergence {
    bool found;
    int t;          /* T + 1 for what has no time */
    vfy_quantity q;
    size_t at;
    double got, r;
    const vfy_want *want;
} vfy_divergence;

typedef struct vfy_comparison {
    double limit;
    size_t compared, not_answered;
    vfy_tensor q[VFY_N_QUANTITY];
    vfy_divergence first;
} vfy_comparison;

/* Compares all expected entries of a case. Cost: linear. */
void vfy_compare(const vfy_epv_case *c, const vfy_answer *a, double limit, vfy_comparison *out);
/* One line: "v[3][0]: got 3f800000, want 3f000000.000, r = 8.4e+06, limit 1.00001". */
void vfy_divergence_text(const vfy_epv_case *c, const vfy_comparison *r, char *buf, size_t n);

#endif
