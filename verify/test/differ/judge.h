/* judge.h: one case through every arm against the reference.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_DIFFER_JUDGE_H
#define VFY_DIFFER_JUDGE_H

#include "arm.h"

enum { JUDGE_TEXT = 256, JUDGE_PATHS = 8 };

/* What was seen of one arm. */
typedef struct arm_tally {
    long cases, numbers; /* compared */
    long alive;          /* with a gradient that is not all 0 */
    long loose;          /* numbers whose limit is above 1/64 of the largest of their kind */
    long ties;           /* spikes that no program of the format need agree on */
    long refused;        /* honest: not implemented, or out of the format's range */
    long overflowed;     /* the format's range may have been left on the way: not compared */
    long open;           /* a spike that the distance leaves open, and the arm does not tell its own */
    long findings;
    double worst;        /* largest share of a limit */
} arm_tally;

typedef struct tally {
    long cases, trait[DRAW_N], model[EP_N_MODEL], path_n[JUDGE_PATHS];
    char path[JUDGE_PATHS][64];
    arm_tally arm[ARM_N_ALL];
} tally;

/* Findings of a case in the arms of a mask; `first` (JUDGE_TEXT bytes) says the first, `at` its arm. */
int judge_case(const draw_case *k, arm_plant plant, unsigned mask, tally *seen, char *first, int *at);

/* The integer engine of profile i beside the reference's integer model, of which every bit must be the same: 1 = a finding, said in `text`. */
int judge_fixed(const draw_case *k, int i, arm_plant plant, arm_tally *seen, char *text);

#endif
