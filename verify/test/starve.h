/* starve.h: what becomes of a piece of work when memory ends in the middle of it.
 *
 * The linker sends every malloc, calloc, realloc and strdup of the program's own objects here (-Wl,--wrap; libraries keep
 * theirs). starve() runs the work once undisturbed, then again and again with the k-th of its requests refused.
 * SPDX-License-Identifier: MIT */
#ifndef STARVE_H
#define STARVE_H

#include <check.h>

#include "cases.h"
#include "test/run.h"

/* A small network of every model. */
static inline void starve_networks(vfy_case networks[EP_N_MODEL])
{
    for (int m = 0; m < EP_N_MODEL; m++)
        ck_assert_int_eq(vfy_case_make(&(vfy_case_spec){.model = (ep_model)m, .T = 30, .delay = m == EP_LSNN ? 2 : 1, .seed = 1},
                                       &networks[m]), EP_OK);
}
static inline void starve_free(vfy_case networks[EP_N_MODEL])
{
    for (int m = 0; m < EP_N_MODEL; m++) vfy_case_free(&networks[m]);
}

/* Everything the work asks for must be given back by it, whatever it returns. */
typedef ep_status (*starve_work)(const void *of);

typedef struct starve_report {
    size_t requests;  /* of the undisturbed run */
    size_t refused;   /* runs with a refusal */
    size_t survived;  /* of them: ended with EP_OK although something was refused */
    size_t other;     /* ended with another status than EP_NOMEM and EP_OK */
    size_t leaks;     /* runs that kept blocks */
    size_t worst;     /* request of the first run that is in one of the last three, from 1; 0: none */
    ep_status first, status; /* of the undisturbed run; of the worst */
} starve_report;

/* Refuses the k-th request alone, and from the k-th on all: each for at most `most` values of k, the first ones one by one. */
starve_report starve(starve_work work, const void *of, size_t most);

/* Refuses in turn, at fewer requests with EPROP_TEST_MULTIPLIER below 1. survives: something is asked for that the work can do without. */
static inline void expect(starve_work work, const void *of, size_t most, const char *what, bool survives)
{
    double some = test_multiplier() * (double)most;
    starve_report r = starve(work, of, some > 4 ? (size_t)some : most < 4 ? most : 4);
    ck_assert_msg(r.first == EP_OK && r.requests > 0, "%s: undisturbed: %s after %zu requests", what, ep_status_name(r.first), r.requests);
    ck_assert_msg(!r.leaks, "%s: %zu runs of %zu keep blocks, the first at request %zu of %zu", what, r.leaks, r.refused, r.worst, r.requests);
    ck_assert_msg(!r.other && (!r.survived || survives), "%s: %zu runs of %zu end well, %zu otherwise; the first at request %zu of %zu: %s", what, r.survived,
                  r.refused, r.other, r.worst, r.requests, ep_status_name(r.status));
}

static inline void expect_nomem(starve_work work, const void *of, size_t most, const char *what) { expect(work, of, most, what, false); }

#endif
