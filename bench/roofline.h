/* roofline.h: what this machine can do, measured in the run that quotes it.
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_ROOFLINE_H
#define BENCH_ROOFLINE_H

#include <stdio.h>

double bench_cpu_seconds(void);  /* of this process, all threads */
double bench_wall_seconds(void);
double bench_fma_peak(void);     /* float32 GF/s of one core, in registers */
double bench_stream_read(void);  /* GB/s of one core from memory */

/* The installed CBLAS on one thread; loaded when asked, not linked. NULL: there is none. */
typedef void bench_sgemm(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda, const float *b,
                         int ldb, float beta, float *c, int ldc);
bench_sgemm *bench_blas_open(void);
double bench_blas_sgemm(void); /* its GF/s in a 512^3 product, 0 if there is none */

/* GF/s, GB/s, GF/s of a 512^3 sgemm (0: no CBLAS), and the processor that OpenBLAS takes this one for. */
typedef struct bench_machine {
    double fma, read, blas;
    const char *core;
} bench_machine;
bench_machine bench_machine_measure(void);
/* Two or three lines; where the CBLAS is slower than half of the peak, what to set. */
void bench_machine_print(const bench_machine *m, FILE *out);

#endif
