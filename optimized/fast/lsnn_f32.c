/* The fast LSNN path in binary32.
 * SPDX-License-Identifier: MIT */
#define OPT_REAL float
#define OPT_DOUBLE 0
#include "lsnn.h"

const fast_path *fast_lsnn_f32(void)
{
    static const fast_path path = {
        {"fast-lsnn-f32", OPT_BINARY32, sizeof(real), supports, state_size, init, reset, step, learn, grad, count, get, set,
         describe, forward, backward},
        takes,
    };
    return &path;
}
