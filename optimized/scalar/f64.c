/* The scalar engine in binary64.
 * SPDX-License-Identifier: MIT */
#define OPT_REAL double
#define OPT_DOUBLE 1
#include "engine.h"

const opt_engine *opt_scalar_f64(void)
{
    static const opt_engine engine = {
        "scalar-f64", OPT_BINARY64, sizeof(real), supports, state_size, init, reset,
        step, learn, grad, count, get, set, describe, forward, backward,
    };
    return &engine;
}
