/* The fast path for LSTM and rate units in binary32.
 * SPDX-License-Identifier: MIT */
#define OPT_REAL float
#define OPT_DOUBLE 0
#include "lstm_engine.h"

const fast_path *fast_lstm_f32(void)
{
    static const fast_path path = {
        {"fast-f32", OPT_BINARY32, sizeof(real), supports, state_size, init, reset, step, learn, grad, count, get, set,
         describe, forward, backward},
        takes,
    };
    return &path;
}
