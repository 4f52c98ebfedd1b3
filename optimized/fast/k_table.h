/* One table of kernels. The including file defines OPT_REAL, OPT_DOUBLE, VEC_BYTES and ISA.
 * SPDX-License-Identifier: MIT */
#include "k_bptt.h"
#include "k_chunk.h"
#include "k_forward.h"
#include "k_general_scan.h"

#define ISA_TEXT2(x) #x
#define ISA_TEXT(x) ISA_TEXT2(x)

const lsnn_kernels LSNN_TABLE(ISA) = {
    .name = ISA_TEXT(ISA), .forward = k_forward, .scan = k_scan, .bptt = k_bptt, .readout = k_readout, .chunk_scan = k_chunk_scan, .chunk_pass = k_chunk_pass, .finite = k_finite,
    .general_start = k_general_start, .general_signals = k_general_signals, .general_transmit = k_general_transmit,
    .general_row = k_general_row, .general_gather = k_general_gather, .general_pass = k_general_pass,
};
