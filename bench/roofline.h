/* roofline.h: what this machine can do, measured in the run that quotes it.
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_ROOFLINE_H
#define BENCH_ROOFLINE_H

#include <stddef.h>

double bench_cpu_seconds(void);  /* of this process, all threads */
double bench_wall_seconds(void);
double bench_fma_peak(void);     /* float32 GF/s of one core, in registers */
double bench_stream_read(void);  /* GB/s of one core from memory */
/* GF/s of the installed CBLAS in a 512^3 sgemm on one thread, 0 if there is none; loaded when asked, not linked. */
double bench_blas_sgemm(void);

#endif
