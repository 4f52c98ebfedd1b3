/* fast.h: what the parts of the fast engine share: paths, processor features, flush-to-zero, threads.
 *
 * A path is an engine for some configurations. The dispatcher asks the paths in order and the last one, the scalar
 * engine, takes everything; describe() says which path a state runs on.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_H
#define OPT_FAST_H

#include "../opt.h"

typedef struct fast_path {
    opt_engine engine;
    bool (*takes)(const opt_config *cfg); /* a configuration that opt_config_check has passed */
} fast_path;

const fast_path *fast_lsnn_f32(void);
const fast_path *fast_lsnn_f64(void);

/* Instruction sets for which kernels are compiled; each contains those before it. */
typedef enum fast_isa { FAST_BASE, FAST_AVX2, FAST_AVX512, FAST_N_ISA } fast_isa;

/* The widest set that this processor, as it reports itself, and its operating system support, and that is compiled
 * in; EPROP_FAST_ISA (base, avx2, avx512) in the environment lowers it. */
fast_isa fast_isa_chosen(void);
const char *fast_isa_name(fast_isa isa);

/* Subnormal results and operands count as zero between enter and leave, on this thread only. */
typedef struct fast_ftz {
    uint64_t saved;
} fast_ftz;
fast_ftz fast_ftz_enter(void);
void fast_ftz_leave(fast_ftz was);
const char *fast_ftz_name(void);

/* Runs work(arg, n) for n = 0..count-1, each once, on at most `threads` threads including the caller, under
 * fast_ftz_enter. `lane` < threads names the thread that runs it. Where a thread can't be had, others do its share. */
typedef void fast_work(void *arg, size_t n, size_t lane);
enum { FAST_MOST_THREADS = 64 };
void fast_parallel(fast_work *work, void *arg, size_t count, size_t threads);

#endif
