/* Kernels of LSTM and rate units in binary64 for AVX2 with FMA; compiled with the flags of this instruction set.
 * SPDX-License-Identifier: MIT */
#if defined(__x86_64__)
#define OPT_REAL double
#define OPT_DOUBLE 1
#define VEC_BYTES 32
#include "lstm_table.h"

LSTM_TABLE(fast_lstm_avx2, "avx2")
#else
typedef int fast_lstm_no_avx2_f64;
#endif
