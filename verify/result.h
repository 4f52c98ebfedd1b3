/* result.h: what was compared, what was found, and the verdict; collected by every kind of evidence.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_RESULT_H
#define VFY_RESULT_H

#include <stdio.h>

#include "eprop.h"

typedef enum vfy_verdict { VFY_HOLDS, VFY_VACUOUS, VFY_UNPROVED, VFY_FAILS } vfy_verdict;
const char *vfy_verdict_name(vfy_verdict v);

typedef struct vfy_row {
    char evidence;         /* 'A'..'E' */
    char model[16];
    char subject[128];     /* the case, and the seed that makes it */
    char compared[80];
    char bound[48], value[48]; /* as text: "2^-61.2", "exact" */
    char note[200];
    vfy_verdict verdict;
    double size;           /* how far it went, for picking the worst of several */
} vfy_row;

typedef struct vfy_results {
    vfy_row *rows;
    size_t n, cap;
    ep_status status;      /* EP_NOMEM if a row was lost */
} vfy_results;

/* Appends a copy. */
void vfy_results_add(vfy_results *r, const vfy_row *row);
void vfy_results_clear(vfy_results *r);
/* The worst verdict; VFY_VACUOUS if there is no row. */
vfy_verdict vfy_results_worst(const vfy_results *r);

/* "2^-61.2" of a positive value, "0" of zero, "inf". */
void vfy_log2_text(double value, char *buf, size_t n);

/* How a long run says where it is; may be NULL. */
typedef struct vfy_progress {
    void (*say)(void *user, const char *what, double done); /* done in [0, 1] */
    void *user;
} vfy_progress;
void vfy_say(const vfy_progress *p, const char *what, double done);

#endif
