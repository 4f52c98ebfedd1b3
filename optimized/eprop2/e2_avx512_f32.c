/* One trial in binary32; compiled with the flags of this instruction set, run only where the processor reports it.
 * SPDX-License-Identifier: MIT */
#if defined(__x86_64__)
#define OPT_REAL float
#define OPT_DOUBLE 0
#define VEC_BYTES 64
#define ISA avx512
#include "e2_trial.h"
#else
typedef int opt_no_e2_avx512_f32;
#endif
