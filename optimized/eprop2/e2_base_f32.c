/* One trial in binary32, for any processor.
 * SPDX-License-Identifier: MIT */
#define OPT_REAL float
#define OPT_DOUBLE 0
#define VEC_BYTES 16
#define ISA base
#include "e2_trial.h"
