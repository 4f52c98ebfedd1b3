/* vectors.h: making vector files: cases, and what they must compute.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_VECTORS_H
#define VFY_VECTORS_H

#include "cases.h"
#include "flags.h"
#include "oracle.h"

/* Appends the expected entries of every quantity in `mask` that the case's model and rule have: values truncated
 * towards zero with 12 further bits, proved by intervals; mag from the running error bound, with room for underflow and for
 * the errors of a C library's functions (exp, log 1 ulp, tanh 3 ulp), rounded up to 20 bits. EP_UNABLE: a spike test is
 * undecided; EP_NOTIMPL: no such rule. Cost: two forward and trace passes at 256 bits. */
EP_MUST_USE ep_status vfy_expect(vfy_epv_case *c, uint64_t mask, vfy_certainty *out);
/* Quantities that the rule computes: traces for e-prop 1, L where it is one number a step, gradients, the forward pass. */
uint64_t vfy_rule_quantities(ep_rule r, ep_model m);

/* A set of cases and the networks behind them. */
typedef struct vfy_made {
    vfy_epv_case c;
    vfy_case net;    /* what c views, if made by vfy_case_make */
    double *own[2];  /* further arrays that c views */
    char file[64];   /* the file it belongs to */
} vfy_made;
typedef struct vfy_vectors {
    vfy_made *made;
    size_t n;
} vfy_vectors;
typedef struct vfy_vectors_args {
    int level;               /* 0: what selftest needs; 1: pairwise; 2: everything */
    uint64_t seed;
    bool one_preset;
    ep_preset preset;        /* with one_preset */
    const struct ref_profile *profile; /* only cases of this profile of fixed point, whose file has the hash profile_id */
    char profile_id[17];
    int threads;             /* 0: one; they change nothing but the time */
    const vfy_progress *progress;
} vfy_vectors_args;

/* Makes all cases. err says what failed. Cost: level 1 some 30 s of processor time, most of it for chains. */
EP_MUST_USE ep_status vfy_vectors_make(const vfy_vectors_args *a, vfy_vectors *out, char *err, size_t n);
void vfy_vectors_free(vfy_vectors *v);
/* Gives every case its id, as writing it to a file would. */
EP_MUST_USE ep_status vfy_vectors_name(vfy_vectors *v);
/* Writes the cases as files, MANIFEST (sha256sum's format) and notes into the directory, which must not exist or be
 * empty: everything goes to a directory beside it that is renamed at the end. The same arguments give the same bytes. */
EP_MUST_USE ep_status vfy_vectors_write(const char *dir, const vfy_vectors_args *a, const vfy_vectors *v, char *err, size_t n);

/* Makes one case, m being zero, from what describes it. Where it fails, m is cleared by who called. */
typedef ep_status (*vfy_maker)(const void *what, vfy_made *m, char *err, size_t n);
typedef struct vfy_job { vfy_maker make; void *what; int cost; } vfy_job;
typedef struct vfy_plan { vfy_job *job; size_t n, cap; } vfy_plan;
enum { VFY_COST = 1, VFY_COST_CHAIN = 10 }; /* relative times */
/* Appends a case that make() makes from a copy of the `bytes` at what. */
EP_MUST_USE ep_status vfy_plan_add(vfy_plan *p, vfy_maker make, const void *what, size_t bytes, int cost);
/* Makes the planned cases, in the plan's order whatever the threads. Of failures the first in that order is returned, with its err. */
EP_MUST_USE ep_status vfy_plan_run(const vfy_plan *p, int threads, const vfy_progress *progress, vfy_vectors *out, char *err, size_t n);
void vfy_plan_free(vfy_plan *p);

/* What vfy_vectors_make plans, and parts of it. */
typedef ep_status (*vfy_vectors_part)(const vfy_vectors_args *a, vfy_plan *p);
EP_MUST_USE ep_status vfy_vectors_plan(const vfy_vectors_args *a, vfy_plan *p);
EP_MUST_USE ep_status vfy_vectors_edge(const vfy_vectors_args *a, vfy_plan *p);
EP_MUST_USE ep_status vfy_vectors_chains(const vfy_vectors_args *a, vfy_plan *p);
EP_MUST_USE ep_status vfy_vectors_fixed(const vfy_vectors_args *a, vfy_plan *p);
EP_MUST_USE ep_status vfy_vectors_given(const vfy_vectors_args *a, vfy_plan *p);
void vfy_made_clear(vfy_made *m);
/* The k-th try at a case; *good: it is alive enough, and its spikes are out of rounding's reach. */
typedef ep_status (*vfy_attempt)(const void *of, int k, vfy_made *m, bool *good, char *err, size_t n);
/* Tries k = 0, 1, .. until one is good. EP_UNABLE with `none` in err: none of `most` was. */
EP_MUST_USE ep_status vfy_vectors_search(vfy_made *m, vfy_attempt attempt, const void *of, int most, const char *none, char *err, size_t n);

/* stream.c. */
const vfy_streaming *vfy_reference_streaming(void);
/* The reference behind vfy_oracle. */
const vfy_oracle *vfy_reference(void);

#endif
