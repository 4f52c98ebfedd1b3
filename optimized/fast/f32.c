/* The fast engine in binary32: the first path that takes a configuration runs it.
 * SPDX-License-Identifier: MIT */
#include "dispatch.h"
#include "lstm.h"

static const fast_path *path_at(size_t n)
{
    const fast_path *const paths[] = {fast_lsnn_f32(), fast_lstm_f32(), NULL};
    return paths[n];
}

static const opt_engine *last_resort(void) { return opt_scalar_f32(); }

const opt_engine *opt_fast_f32(void)
{
    static const opt_engine engine = {
        "fast-f32", OPT_BINARY32, sizeof(float), supports, state_size, init, reset,
        step, learn, grad, count, get, set, describe, forward, backward,
    };
    return &engine;
}
