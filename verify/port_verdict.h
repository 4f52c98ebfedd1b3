/* port_verdict.h: what an answer is worth, and where it first goes wrong.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_PORT_VERDICT_H
#define VFY_PORT_VERDICT_H

#include "oracle.h"

typedef enum vfy_class { VFY_CLASS_FAIL, VFY_CLASS_DIRECTION, VFY_CLASS_BOUND, VFY_CLASS_EXACT } vfy_class;
const char *vfy_class_name(vfy_class c);
bool vfy_class_parse(const char *s, vfy_class *out);

typedef enum vfy_status { VFY_PASSED, VFY_FAILED, VFY_UNTESTED, VFY_PORT_BROKE } vfy_status;

/* Direction means: every gradient tensor has cosine >= VFY_COSINE and a norm within VFY_NORM of the true one. */
#define VFY_COSINE 0.99
#define VFY_NORM 1.25

typedef struct vfy_judged {
    const vfy_epv_case *c;
    vfy_status status;
    vfy_class reached;
    double percent;          /* largest r of a gradient or state, as a share of the limit */
    size_t compared, live;   /* entries compared; of them not zero */
    bool diverged, missing;  /* missing: the first wrong element was not sent */
    bool flushed;            /* the first wrong element is 0 in the place of a subnormal number */
    bool excused;            /* a failure that is known and listed: reported, but no failure of the whole */
    int t, flip;             /* step of the first divergence; first forgiven flip, 0: none */
    vfy_quantity q;
    size_t at;
    char first[200];         /* "v[3][0]: got .., want .., r = .." */
    char reason[400];        /* why it was not tested or broke */
    char cause[300], forced[200];
    char rest[200];          /* after a flip: what was computed from the port's own spikes */
} vfy_judged;

/* Judges one outcome and releases its answer. */
void vfy_judge(const vfy_epv_case *c, vfy_outcome *o, vfy_class claim, vfy_judged *out);
/* Likely causes, from flags that failing cases have at the first wrong quantity and passing ones have not. */
void vfy_judge_causes(vfy_judged *all, size_t n);
/* Shows the port the reference's state of the step before its first divergence and judges that step alone. Needs a port
 * that can set states; a divergence without a time has no step. oracle NULL: the state is taken from the case's expected
 * lines, if they hold all of it. */
EP_MUST_USE ep_status vfy_judge_forced(const vfy_port_args *a, const vfy_claims *p, const vfy_oracle *oracle, vfy_judged *j);

/* After a flipped spike, forgiven or not: shows the port the case again, runs the reference on its spikes (and psi), and
 * judges what it computed from them. e-prop 1 on spiking models, with a reference; else nothing happens. */
EP_MUST_USE ep_status vfy_judge_own(const vfy_port_args *a, const vfy_oracle *oracle, vfy_judged *j);

/* One case alone. */
EP_MUST_USE ep_status vfy_port_ask(const vfy_port_args *a, const vfy_epv_case *c, vfy_claims *claims, vfy_outcome *out, char *err, size_t n);
/* Prints every number of steps (of a chain: updates) from..to that the port claims beside the certified one; with a
 * reference also what the file does not hold. EP_NOTIMPL: the port declined. */
EP_MUST_USE ep_status vfy_port_trace(const vfy_port_args *a, const vfy_oracle *oracle, const vfy_epv_case *c, int from, int to, FILE *f,
                                     char *err, size_t n);

/* The failing case whose divergence stands earliest in the flow of data; NULL: none. */
const vfy_judged *vfy_judge_first(const vfy_judged *all, size_t n);

typedef struct vfy_tally { size_t passed, failed, excused, untested, broke, compared, live; double percent; vfy_class reached; } vfy_tally;
vfy_tally vfy_judge_tally(const vfy_judged *all, size_t n);
/* Exit code: 3 broke, 1 failed, 4 nothing tested, 0. */
int vfy_tally_code(const vfy_tally *t);

typedef struct vfy_report {
    const vfy_claims *port;
    const vfy_judged *all;
    size_t n;
    vfy_class claim;
    const char *again;       /* a command that shows one case again, but for its id */
} vfy_report;
void vfy_report_tap(FILE *f, const vfy_report *r);
void vfy_report_junit(FILE *f, const vfy_report *r);
/* EP_NOTIMPL: built without Jansson. */
EP_MUST_USE ep_status vfy_report_json(FILE *f, const vfy_report *r);

#endif
