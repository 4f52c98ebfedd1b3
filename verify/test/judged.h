/* A set of cases and what the judge said of a port's answer to each, for tests that run ports.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_TEST_JUDGED_H
#define VFY_TEST_JUDGED_H

#include <stdio.h>
#include <stdlib.h>

#include "port_verdict.h"
#include "vectors.h"

static vfy_vectors cases;
static const vfy_epv_case **shown; /* [cases.n] as vfy_port_run takes them */
static vfy_judged *judged;         /* [cases.n] */
static vfy_class judged_as;

/* The set of a level, seed 1, as far as `part` plans it; answers are judged as of `as`. False, with a line, if it cannot be made. */
static inline bool judged_open(vfy_vectors_part part, int level, vfy_class as)
{
    vfy_vectors_args a = {.level = level, .seed = 1};
    char err[512] = "";
    vfy_plan p = {0};
    judged_as = as;
    ep_status st = part(&a, &p);
    if (st == EP_OK) st = vfy_plan_run(&p, 1, NULL, &cases, err, sizeof err);
    vfy_plan_free(&p);
    if (st != EP_OK || vfy_vectors_name(&cases) != EP_OK) {
        printf("vectors: %s\n", err);
        return false;
    }
    judged = calloc(cases.n, sizeof *judged);
    shown = calloc(cases.n, sizeof *shown);
    for (size_t i = 0; shown && i < cases.n; i++) shown[i] = &cases.made[i].c;
    return judged && shown;
}

static inline void judged_close(void)
{
    free(judged);
    free(shown);
    vfy_vectors_free(&cases);
}

/* For vfy_port_run. */
static inline void judged_take(void *user, size_t i, vfy_outcome *o)
{
    (void)user;
    vfy_judge(shown[i], o, judged_as, &judged[i]);
}

#endif
