/* arm.h: a way through an engine: which one, in which format, whole trials, chunks, step by step or window by window.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_DIFFER_ARM_H
#define VFY_DIFFER_ARM_H

#include "../../../optimized/opt.h"
#include "draw.h"

typedef enum arm_way { ARM_WHOLE, ARM_CHUNKS, ARM_STEPS, ARM_WINDOWS } arm_way;
typedef struct arm {
    const char *name;
    bool fast, single;
    arm_way way;
} arm;
/* Behind the floating-point arms stand the integer engines, one a profile (fixed.c). */
enum { ARM_N = 14, ARM_N_FIXED = 4, ARM_N_ALL = ARM_N + ARM_N_FIXED };
extern const arm arms[ARM_N];
const char *arm_name(int i);

/* An error planted into what the engine is told, to see that it is found. */
typedef enum arm_plant { PLANT_NONE, PLANT_LATE_INPUT, PLANT_REFRACTORY, PLANT_BETA, PLANT_WEIGHT, PLANT_RESET_PATH, PLANT_REGULARISER, PLANT_N } arm_plant;
extern const char *const arm_plants[PLANT_N];

/* What an engine answered; every array as doubles. */
typedef struct answer {
    ep_status status;              /* of init or grad: EP_OK, or why there is none */
    bool refused;                  /* the engine says that it does not have this: NOTIMPL */
    bool reached_init;             /* state_size and init accepted the case */
    double *grad[EP_N_GROUP], loss;
    size_t n[EP_N_GROUP];
    double *all[5];                /* z, v, a, psi, y over all steps; NULL: not kept */
    char path[64];                 /* describe()'s first words */
} answer;
enum { ALL_Z, ALL_V, ALL_A, ALL_PSI, ALL_Y };

/* False: the arm is not for this case (rule, model). */
bool arm_takes(const arm *a, const draw_case *k);
void arm_run(const arm *a, const draw_case *k, arm_plant plant, answer *out);
void answer_free(answer *a);

#endif
