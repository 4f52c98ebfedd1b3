/* The tasks of e-prop 2.
 * SPDX-License-Identifier: MIT */
#include "arm.h"
#include "omniglot.h"

const shot_kind *const shot_kinds[] = {&arm_kind, &omniglot_kind, NULL};
