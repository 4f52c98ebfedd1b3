/* fixed_profile.h: profiles of fixed point, FIXED.md, section 8, and their files. Plain C: no library, no allocation.
 * SPDX-License-Identifier: MIT */
#ifndef REF_FIXED_PROFILE_H
#define REF_FIXED_PROFILE_H

#include <stdio.h>

#include "eprop.h"

typedef enum { REF_FLOOR, REF_NEAREST_EVEN, REF_NEAREST_UP, REF_STOCHASTIC } ref_rounding;
typedef enum { REF_SATURATE, REF_WRAP } ref_overflow;
/* The quantities of FIXED.md, section 3, by their numbers there. */
enum {
    RQ_X, RQ_D, RQ_B, RQ_S, RQ_N, RQ_W, RQ_WO, RQ_FB, RQ_I, RQ_A, RQ_V, RQ_U, RQ_P,
    RQ_EV, RQ_EA, RQ_T, RQ_E, RQ_EB, RQ_Y, RQ_ER, RQ_L, RQ_ZB, RQ_G, RQ_GO,
    RQ_z, RQ_r, /* z has a format for LSTM only, r none */
    RQ_EX, RQ_PR, RQ_C, RQ_CN, RQ_ES, RQ_R,
    RQ_GA, RQ_CC, RQ_H, RQ_SD, RQ_LD, RQ_OP, RQ_EL,
    RQ_COUNT
};

typedef struct ref_format {
    int bits, frac;
    ref_rounding rounding;
    ref_overflow overflow;
} ref_format;

typedef struct ref_profile {
    ref_format q[RQ_COUNT]; /* bits 0: no format */
    int clip; /* units in the last place that one update may change a weight by; 0 = any */
} ref_profile;

/* Names "q15", "s16.15", "w8", "reckon". EP_DOMAIN for another name. */
EP_MUST_USE ep_status ep_fixed_profile(const char *name, ref_profile *p);
/* The names in order, NULL from the fourth on. */
const char *ep_fixed_profile_name(int k);
/* The name of quantity q in FIXED.md and in profile files, "?" for another number. */
const char *ep_fixed_quantity_name(int q);
/* Quantity q is a constant or is rounded by its own rule: its format has neither rounding nor overflow. */
bool ep_fixed_is_constant(int q);
/* bits and frac lie in what FIXED.md allows quantity q. */
bool ep_fixed_format_valid(const ref_format *f, int q);
/* Reads a profile file; file is its name for messages. EP_FORMAT, EP_IO with err = "FILE:LINE: found ..., expected ...".
 * Whether a network's sums fit is asked later: ref_fixed_check. */
EP_MUST_USE ep_status ep_fixed_profile_read(FILE *f, const char *file, ref_profile *p, char *err, size_t n_err);
/* Writes p as a file that reads back as p. EP_IO. */
EP_MUST_USE ep_status ep_fixed_profile_write(FILE *f, const ref_profile *p);

#endif
