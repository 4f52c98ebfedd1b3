/* eprop2_evidence.h: evidence for the outer gradient of e-prop 2, which goes through the inner update.
 *
 *   A  hand-written adjoint = tape, entry by entry in two prime fields, and its product with a random direction =
 *      tangents forward in time; in rationals on a real trajectory
 *   B  |adjoint - tape| <= 2^-q scale, proved by intervals, with every spike and every kink of psi decided
 *   C  |adjoint - tape| <= u (mag + mag) at every precision
 *   D  tape and tangents in MPFR; central differences where both networks are smooth
 *
 * SPDX-License-Identifier: MIT */
#ifndef VFY_EPROP2_EVIDENCE_H
#define VFY_EPROP2_EVIDENCE_H

#include "eprop2_case.h"
#include "evidence.h"

/* ---- measures: pure functions of a case; wrap (may be NULL) seeds a slip into the adjoint ---------------- */

typedef struct vfy_e2_identity {
    size_t entries, differ; /* adjoint against tape, all entries of both networks */
    bool tangent_differs;   /* <adjoint, random direction> against tangents; full order only */
    int64_t degree;
    int dead_groups;
} vfy_e2_identity;
EP_MUST_USE ep_status vfy_e2_measure_identity(const vfy_e2_case *k, ref_e2_order order, uint64_t prime, uint64_t seed,
                                              const ref_e2_wrap *wrap, vfy_e2_identity *out);

/* Entries that differ in rationals: exact, on the case's own trajectory. Rational cells only. */
EP_MUST_USE ep_status vfy_e2_measure_rational(const vfy_e2_case *k, ref_e2_order order, const ref_e2_wrap *wrap,
                                              size_t *entries, size_t *differ);

typedef struct vfy_e2_certificate {
    long bits;
    double log2_gap; /* proved bound of |adjoint - tape| / scale of the group */
    size_t entries, disjoint, spikes;
} vfy_e2_certificate;
EP_MUST_USE ep_status vfy_e2_certify(const vfy_e2_case *k, double q, const ref_e2_wrap *wrap, vfy_e2_certificate *out);

EP_MUST_USE ep_status vfy_e2_measure_scaling(const vfy_e2_case *k, long bits, const ref_e2_wrap *wrap, vfy_scaling *out);

typedef struct vfy_e2_routes {
    double tape[REF_E2_N_ORDER]; /* relative to the group's scale */
    double tangent;              /* |<adjoint, direction> - tangents| / (|adjoint| |direction|) */
    double fd, fd_limit;         /* smooth cases: central differences, and what their h^2 law allows */
} vfy_e2_routes;
EP_MUST_USE ep_status vfy_e2_measure_routes(const vfy_e2_case *k, long bits, const ref_e2_wrap *wrap, vfy_e2_routes *out);

/* ---- rows and tables ------------------------------------------------------------------------------------------ */

typedef struct vfy_e2_task {
    char evidence[8]; /* letters of A to D */
    vfy_level level;
    const vfy_progress *progress;
    vfy_results *out;
} vfy_e2_task;
/* Every comparison is a row of out, under the model name eprop2. */
EP_MUST_USE ep_status vfy_e2_prove(const vfy_e2_task *t);

/* Cases that are proved. */
size_t vfy_e2_cases(vfy_level level, vfy_e2_spec *out, size_t most);

/* Error against precision of the adjoint, and the same with one slip. */
EP_MUST_USE ep_status vfy_e2_write_precision(FILE *f);
EP_MUST_USE ep_status vfy_e2_write_liveness(FILE *f, vfy_level level);
/* The rows of a proof as a table. */
void vfy_e2_write_rows(FILE *f, const vfy_results *r);
typedef struct vfy_e2_report {
    const vfy_results *rows;
    vfy_level level;
    const vfy_e2_spec *of; /* nine networks from this seed on: what dropping second-order terms costs by the size of the update
                            * |eta dW| / |W|; NULL: the report's, about 10 s */
    const vfy_progress *progress;
} vfy_e2_report;
/* DIR/manifest.json and DIR/data/eprop2_*.tsv: what the report shows. */
EP_MUST_USE ep_status vfy_e2_write_data(const char *dir, const vfy_e2_report *what, char *err, size_t n);
/* The table slip x evidence; *bad (may be NULL) counts slips that one of A, B, C, D or the tangents missed. */
EP_MUST_USE ep_status vfy_e2_slips_write(FILE *f, int *bad);

/* ---- slips ------------------------------------------------------------------------------------------------------ */

typedef enum vfy_e2_slip {
    VFY_E2_SLOPE_MISSING,    /* psi counts as a constant where the full gradient is claimed */
    VFY_E2_SLOPE_SIGN,       /* rises where it falls */
    VFY_E2_SLOPE_REFRACTORY, /* not 0 while refractory */
    VFY_E2_SLOPE_BETA,       /* psi's dependence on a missing */
    VFY_E2_TRACE_Z_OFF,      /* z^{t-d+1} for z^{t-d} in the contracted traces */
    VFY_E2_TRACE_Z_FIXED,    /* presynaptic spikes inside the traces count as constants */
    VFY_E2_TRACE_PSI_NOW,    /* psi^t for psi^{t-1} in eps^a */
    VFY_E2_TRACE_BETA,       /* beta term missing in e */
    VFY_E2_HEARD_MISSING,    /* main spikes that the module hears count as constants */
    VFY_E2_HEARD_LATE,       /* or are taken a step off */
    VFY_E2_NO_FILTER,        /* the module's readout filter missing on the way back */
    VFY_E2_TEST_AT_INIT,     /* test trial's gradient with W_init in the place of W' */
    VFY_E2_ETA_MISSING,      /* eta = 1 on the way back */
    VFY_E2_TRAIN_RESET,      /* reset missing in BPTT of the training trial */
    VFY_E2_TEST_RESET,       /* of the test trial */
    VFY_E2_MODULE_RESET,     /* of the module */
    VFY_E2_N_SLIP
} vfy_e2_slip;
const char *vfy_e2_slip_name(vfy_e2_slip s);
/* *slip must live as long as the wrap. */
ref_e2_wrap vfy_e2_slip_wrap(const vfy_e2_slip *slip);

#endif
