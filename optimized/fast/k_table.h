/* One table of kernels. The including file defines OPT_REAL, OPT_DOUBLE, VEC_BYTES and ISA.
 * SPDX-License-Identifier: MIT */
#include "k_bptt.h"
#include "k_chunk.h"
#include "k_forward.h"

#define ISA_TEXT2(x) #x
#define ISA_TEXT(x) ISA_TEXT2(x)

const lsnn_kernels LSNN_TABLE(ISA) = {
    .name = ISA_TEXT(ISA), .forward = k_forward, .scan = k_scan, .bptt = k_bptt, .readout = k_readout, .chunk_scan = k_chunk_scan, .chunk_pass = k_chunk_pass, .finite = k_finite,
};
