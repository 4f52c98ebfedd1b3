/* Kernels in binary64; compiled with the flags of this instruction set, run only where the processor reports it.
 * SPDX-License-Identifier: MIT */
#if defined(__x86_64__)
#define OPT_REAL double
#define OPT_DOUBLE 1
#define VEC_BYTES 32
#define ISA avx2
#include "k_table.h"
#else
typedef int opt_no_avx2_f64;
#endif
