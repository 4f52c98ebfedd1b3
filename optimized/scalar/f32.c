/* The scalar engine in binary32.
 * SPDX-License-Identifier: MIT */
#define OPT_REAL float
#define OPT_DOUBLE 0
#include "engine.h"

const opt_engine *opt_scalar_f32(void)
{
    static const opt_engine engine = {
        "scalar-f32", OPT_BINARY32, sizeof(real), supports, state_size, init, reset,
        step, learn, grad, count, get, set, describe, forward, backward,
    };
    return &engine;
}
