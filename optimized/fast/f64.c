/* The fast engine in binary64: the first path that takes a configuration runs it.
 * SPDX-License-Identifier: MIT */
#include "dispatch.h"
#include "lstm.h"

static const fast_path *path_at(size_t n)
{
    const fast_path *const paths[] = {fast_lsnn_f64(), fast_lstm_f64(), NULL};
    return paths[n];
}

static const opt_engine *last_resort(void) { return opt_scalar_f64(); }

const opt_engine *opt_fast_f64(void)
{
    static const opt_engine engine = {
        "fast-f64", OPT_BINARY64, sizeof(double), supports, state_size, init, reset,
        step, learn, grad, count, get, set, describe, forward, backward,
    };
    return &engine;
}
