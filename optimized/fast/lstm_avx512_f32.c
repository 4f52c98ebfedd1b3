/* Kernels of LSTM and rate units in binary32 for AVX-512; compiled with the flags of this instruction set.
 * SPDX-License-Identifier: MIT */
#if defined(__x86_64__)
#define OPT_REAL float
#define OPT_DOUBLE 0
#define VEC_BYTES 64
#include "lstm_table.h"

LSTM_TABLE(fast_lstm_avx512, "avx512")
#else
typedef int fast_lstm_no_avx512_f32;
#endif
