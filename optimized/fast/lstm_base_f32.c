/* Kernels of LSTM and rate units in binary32 for vectors of 16 bytes.
 * SPDX-License-Identifier: MIT */
#define OPT_REAL float
#define OPT_DOUBLE 0
#define VEC_BYTES 16
#include "lstm_table.h"

LSTM_TABLE(fast_lstm_base, "base")
