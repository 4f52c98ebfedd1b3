/* lstm.h: the fast path for LSTM and rate units: every rule but RTRL.
 *
 * A row of memory is u^t = [z^{t-d} | x^t | 1], so input, recurrent weights and bias are one matrix W: currents are
 * W u, and every gradient of weights is one product dI^T u over all trials and steps of a block.
 *   bptt, tbptt*    adjoints backward in time
 *   eprop1-*        config.chunk > 0 or T = 0: online, by chunks with exact carries, memory constant in T; else the scan
 *                   of whole trials without the transmitted product, fed by filtered errors
 *   eprop3*         both scans side by side
 *   tbptt*, eprop3* with config.chunk > 0 or T = 0, no regulariser: window by window, memory constant in T; eprop3 keeps several windows,
 *                   learns them together, and moves its traces as chunks do
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSTM_H
#define OPT_FAST_LSTM_H

#include "fast.h"

const fast_path *fast_lstm_f32(void);
const fast_path *fast_lstm_f64(void);

#endif
