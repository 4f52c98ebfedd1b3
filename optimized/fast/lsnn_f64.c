/* The fast LSNN path in binary64.
 * SPDX-License-Identifier: MIT */
#define OPT_REAL double
#define OPT_DOUBLE 1
#include "lsnn.h"

const fast_path *fast_lsnn_f64(void)
{
    static const fast_path path = {
        {"fast-lsnn-f64", OPT_BINARY64, sizeof(real), supports, state_size, init, reset, step, learn, grad, count, get, set,
         describe, forward, backward},
        takes,
    };
    return &path;
}
