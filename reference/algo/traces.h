/* What the two halves of the trace computation share: rows (traces.c) and the groups that they fall into
 * (trace_groups.c).
 * SPDX-License-Identifier: MIT */
#ifndef REF_ALGO_TRACES_H
#define REF_ALGO_TRACES_H

#include "internal.h"

typedef struct ref_trace_job {
    const ref_view *v;
    const ref_signal *s;
    const ref_pre *pre;
    const ref_trace_watch *watch;
    ref_grad *g;
    int n_col; /* columns of a row */
} ref_trace_job;

/* Component 0 of the weight columns of one channel, for all steps: p^t = decay p^{t-1} + gain pre^t. */
typedef struct ref_pre_table {
    int n;       /* n_in + n_rec + 1 columns */
    ref_num *p;  /* [T+1][n] */
    int *from;   /* [n] first step at which it can be non-zero */
} ref_pre_table;

/* One row in flight. */
typedef struct ref_row {
    const ref_trace_job *w;
    int j, nh;
    const ref_pre_table *table; /* NULL: component 0 is kept like the others */
    ref_num *eps;   /* [n_col][nh] */
    ref_num *ebar;  /* [n_col], or NULL */
    ref_num **to;   /* [n_col] where the gradient goes; NULL for a masked self-connection */
    bool *live, *heard; /* [n_col] eps, ebar can be non-zero */
    ref_num *e, *L, *fresh;
    ref_num *wait, *before, *due; /* [nh] decays that stored components have not seen: after, before this step, now */
    const ref_num *L_now, *L_ebar; /* NULL = zero at this step */
    ref_jac J[2];   /* of steps t and t-1, alternating */
    const ref_num *M[REF_NH][REF_NH];
    bool triangular; /* M has no entry right of its diagonal */
    bool spoken;     /* something needs e at this step */
    bool moves;      /* table: the stored components are reached by more than their decay */
} ref_row;

/* An empty row; its numbers belong to c. */
EP_MUST_USE ep_status ref_row_init(ref_ctx *c, const ref_trace_job *w, int j, const ref_pre_table *table, ref_row *r);
/* Step t, after step t - 1. */
void ref_row_step(ref_ctx *c, ref_row *r, int t);
/* All steps of row j. */
EP_MUST_USE ep_status ref_trace_row(const ref_trace_job *w, const ref_ctx *parent, int j, const ref_pre_table *table);

#endif
