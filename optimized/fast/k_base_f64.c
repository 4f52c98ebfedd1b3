/* Kernels in binary64 for any processor.
 * SPDX-License-Identifier: MIT */
#define OPT_REAL double
#define OPT_DOUBLE 1
#define VEC_BYTES 16
#define ISA base
#include "k_table.h"
