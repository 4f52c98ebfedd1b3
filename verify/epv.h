/* epv.h: the vector file `.epv`: a network, its trials and, if filled in, the certified values of what it computes.
 * Grammar, limits and examples: verify/PROTOCOL.md. Plain C: no MPFR (see trunc.h for values from MPFR).
 * SPDX-License-Identifier: MIT */
#ifndef VFY_EPV_H
#define VFY_EPV_H

#include <stdio.h>

#include "quantity.h"

enum {
    VFY_EPV_VERSION = 1,
    VFY_EPV_MAX_LINE = 255,      /* bytes of a line without its line feed */
    VFY_EPV_MAX_DIM = 65536,     /* n_in, n_rec, n_out, B; T is bounded by EP_MAX_DIM */
    VFY_EPV_MAX_ARRAY = 1 << 24, /* elements of one input array */
    VFY_EPV_MAX_FLAGS = 200,
    VFY_EPV_MAX_REPORT = 16,     /* updates of a chain whose numbers are asked for */
    VFY_EPV_ERR = 320            /* a buffer of this size holds every message about a path of up to 100 bytes */
};

typedef enum vfy_seed { VFY_SEED_NONE, VFY_SEED_C, VFY_SEED_Z, VFY_SEED_ZC, VFY_N_SEED } vfy_seed;
typedef enum vfy_family {
    VFY_FAMILY_GRAD, VFY_FAMILY_STEP, VFY_FAMILY_TRACE, VFY_FAMILY_LOOP, VFY_FAMILY_CHAIN, VFY_FAMILY_EDGE,
    VFY_FAMILY_REJECT, VFY_N_FAMILY
} vfy_family;
const char *vfy_family_name(vfy_family f);
const char *vfy_seed_name(vfy_seed s);

typedef enum vfy_kind { VFY_VALUE, VFY_ZERO, VFY_UNDECIDED } vfy_kind;

/* One expected entry. */
typedef struct vfy_want {
    vfy_quantity q;
    vfy_kind kind;
    size_t at;      /* row-major position in vfy_quantity_shape() */
    uint64_t bits;  /* VFY_VALUE: the exact value truncated towards zero in the case's format */
    unsigned extra; /* VFY_VALUE: the next 12 significand bits */
    double mag;     /* VFY_VALUE: first-order rounding error bound in units of u */
    double lo, hi;  /* VFY_UNDECIDED: lo <= value <= hi */
    long line;      /* where it was read; 0 otherwise */
} vfy_want;

/* One case. net and batch are views: into arrays owned by the case when it was read, the caller's otherwise.
 * Default inputs are NULL (zero; mask: 1; B: Wout^T). */
typedef struct vfy_epv_case {
    char id[17];      /* 16 hexadecimal digits; set by reader and writer */
    long line;        /* of `case` */
    ep_rule rule;
    vfy_format format;
    ep_net net;
    ep_batch batch;
    int window;       /* tbptt, eprop3: steps; else 0 */
    vfy_seed seed;    /* eprop3: what is seeded at a window's end */
    bool reg_off;     /* windows without the rate regulariser */
    vfy_family family;
    /* A chain: so many updates, 0: none. After every step (online) or every batch; carry: states go on from one update to
     * the next. lambda: decay of Wout and B in eprop1-adaptive. */
    int updates, n_report, report[VFY_EPV_MAX_REPORT];
    bool online, carry;
    double eta, lambda;
    /* Fixed point: gamma / v_th^2 in the place of gamma, the seed of stochastic rounding, the hash of a profile file. */
    double slope;
    uint64_t draws;
    char profile[17];
    const struct ref_profile *fixed; /* that profile, where whoever makes the case has it; else NULL */
    /* z, psi, L taken as given, [B][T][n_rec], or NULL: the network's own. */
    const double *given[3];
    bool has_margin;
    double margin;    /* certified min |v - v_th - beta a| over all steps and neurons */
    uint64_t rng;     /* seed the case was generated from; 0 = none */
    char flags[VFY_EPV_MAX_FLAGS + 1]; /* names of the bugs it catches, separated by commas */
    vfy_want *want;
    size_t n_want, cap_want;
    double *own[VFY_N_INPUT];
} vfy_epv_case;

typedef struct vfy_epv_file {
    size_t n, cap;
    vfy_epv_case *cases;
} vfy_epv_file;

/* What a case of fixed point must be: a kind that integers have, and, of a known profile, every number in its format. why
 * (n bytes) says what is not. */
bool vfy_fixed_case_valid(const vfy_epv_case *c, char *why, size_t n);
/* The case's format by name: f32, fixed:q15, fixed:HASH; into buf, which it returns. */
const char *vfy_epv_format(const vfy_epv_case *c, char buf[24]);

/* Is the number of this update asked for? */
bool vfy_epv_reports(const vfy_epv_case *c, int update);

/* Reads a whole file; on failure *out is untouched and err (VFY_EPV_ERR bytes) says FILE:LINE: what was found and
 * expected. EP_FORMAT: malformed; EP_DOMAIN: a value out of its range; EP_IO; EP_NOMEM. Cost: linear. */
EP_MUST_USE ep_status vfy_epv_read(const char *path, vfy_epv_file **out, char *err, size_t n);
/* The same from an open stream; `name` stands for it in messages. */
EP_MUST_USE ep_status vfy_epv_read_stream(FILE *f, const char *name, vfy_epv_file **out, char *err, size_t n);
void vfy_epv_free(vfy_epv_file *f);

/* A case as a view of a network and its trials, without expected lines. EP_DOMAIN: a range is broken, a value is not
 * exactly one of the format, or a dimension exceeds a limit of the file. */
EP_MUST_USE ep_status vfy_epv_from_net(const ep_net *net, const ep_batch *b, ep_rule rule, vfy_format format,
                                       vfy_epv_case *out, char *err, size_t n);
/* Appends an expected entry; vfy_epv_case_clear() releases it. */
EP_MUST_USE ep_status vfy_epv_add(vfy_epv_case *c, const vfy_want *w);
/* Frees what the case owns, not the views of vfy_epv_from_net(). */
void vfy_epv_case_clear(vfy_epv_case *c);

/* Writes n cases: to a temporary name beside path, synced, renamed; on failure nothing is left behind and the old
 * file, if any, stays. Sets each id. */
EP_MUST_USE ep_status vfy_epv_write(const char *path, vfy_epv_case *cases, size_t n, char *err, size_t n_err);
/* The same to a stream, without syncing. */
EP_MUST_USE ep_status vfy_epv_print(FILE *f, vfy_epv_case *cases, size_t n, char *err, size_t n_err);

/* Raw bits and numbers. f32 bits stand in the low half. vfy_bits_of: false if v is not exactly of the format. */
double vfy_bits_value(vfy_format f, uint64_t bits);
bool vfy_bits_of(vfy_format f, double v, uint64_t *bits);
bool vfy_bits_finite(vfy_format f, uint64_t bits);
/* Exactly 8 or 16 lower-case hexadecimal digits; integers of fixed point in two's complement. */
bool vfy_bits_parse(vfy_format f, const char *s, uint64_t *bits);
void vfy_bits_text(vfy_format f, uint64_t bits, char text[17]);

#endif
