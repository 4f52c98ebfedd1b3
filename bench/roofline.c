/* SPDX-License-Identifier: MIT */
#include "roofline.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds(clockid_t id)
{
    struct timespec t;
    (void)clock_gettime(id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double bench_cpu_seconds(void) { return seconds(CLOCK_PROCESS_CPUTIME_ID); }
double bench_wall_seconds(void) { return seconds(CLOCK_MONOTONIC); }

static volatile float sink;

#if defined(__x86_64__)

/* a b + c by the processor's instruction, 12 chains. */
#define FMA_LOOP(TARGET, NAME, VECTOR, SET, FMA) \
    __attribute__((target(TARGET))) static void NAME(size_t n) \
    { \
        VECTOR acc[12], m = SET(0.999f), a = SET(1e-3f); \
        for (int k = 0; k < 12; k++) acc[k] = SET((float)k); \
        for (size_t i = 0; i < n; i++) { \
            acc[0] = FMA(acc[0], m, a), acc[1] = FMA(acc[1], m, a), acc[2] = FMA(acc[2], m, a); \
            acc[3] = FMA(acc[3], m, a), acc[4] = FMA(acc[4], m, a), acc[5] = FMA(acc[5], m, a); \
            acc[6] = FMA(acc[6], m, a), acc[7] = FMA(acc[7], m, a), acc[8] = FMA(acc[8], m, a); \
            acc[9] = FMA(acc[9], m, a), acc[10] = FMA(acc[10], m, a), acc[11] = FMA(acc[11], m, a); \
        } \
        for (int k = 1; k < 12; k++) acc[0] = FMA(acc[k], m, acc[0]); \
        float first; \
        memcpy(&first, &acc[0], sizeof first); \
        sink = first; \
    }

#include <immintrin.h>
FMA_LOOP("avx512f", fma_512, __m512, _mm512_set1_ps, _mm512_fmadd_ps)
FMA_LOOP("avx2,fma", fma_256, __m256, _mm256_set1_ps, _mm256_fmadd_ps)
#endif

static void fma_plain(size_t n)
{
    float acc[8] = {0};
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < 8; k++) acc[k] = acc[k] * 0.999f + 1e-3f;
    for (int k = 0; k < 8; k++) sink = acc[k];
}

double bench_fma_peak(void)
{
    void (*run)(size_t) = fma_plain;
    double per = 16, best = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f")) run = fma_512, per = 12 * 16 * 2;
    else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) run = fma_256, per = 12 * 8 * 2;
#endif
    for (int k = 0; k < 8; k++) {
        double t = bench_cpu_seconds();
        run(400000);
        t = bench_cpu_seconds() - t;
        if (per * 400000 / t > best) best = per * 400000 / t;
    }
    return best * 1e-9;
}

double bench_stream_read(void)
{
    enum { BYTES = 256 << 20 };
    unsigned char *v = malloc(BYTES);
    double best = 0;
    if (!v) return 0;
    memset(v, 1, BYTES);
    for (int k = 0; k < 3; k++) {
        double t = bench_cpu_seconds();
        const void *hit = memchr(v, 2, BYTES); /* the C library's widest loop; not found */
        t = bench_cpu_seconds() - t;
        if (!hit && BYTES / t > best) best = BYTES / t;
    }
    free(v);
    return best * 1e-9;
}

static double sgemm_rate(bench_sgemm *run)
{
    enum { N = 512 };
    float *v = calloc(3 * N * N, sizeof *v);
    double best = 0;
    for (int k = 0; v && k < 5; k++) {
        double t = bench_cpu_seconds();
        run(101, 111, 111, N, N, N, 1, v, N, v + N * N, N, 0, v + 2 * N * N, N);
        t = bench_cpu_seconds() - t;
        if (2.0 * N * N * N / t > best) best = 2.0 * N * N * N / t;
    }
    free(v);
    return best * 1e-9;
}

static void *blas_library(void)
{
    static const char *const names[] = {"libopenblas.so.0", "libcblas.so.3", "libblas.so.3"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        void *lib = dlopen(names[k], RTLD_NOW | RTLD_LOCAL);
        if (lib && dlsym(lib, "cblas_sgemm")) return lib;
    }
    return NULL;
}

bench_sgemm *bench_blas_open(void)
{
    void *lib = blas_library(), *f = lib ? dlsym(lib, "cblas_sgemm") : NULL;
    void *one = lib ? dlsym(lib, "openblas_set_num_threads") : NULL;
    bench_sgemm *run = NULL;
    void (*set)(int) = NULL;
    memcpy(&run, &f, sizeof run);
    memcpy(&set, &one, sizeof set);
    if (set) set(1);
    return run;
}

double bench_blas_sgemm(void)
{
    bench_sgemm *run = bench_blas_open();
    return run ? sgemm_rate(run) : 0;
}

bench_machine bench_machine_measure(void)
{
    void *lib = blas_library(), *f = lib ? dlsym(lib, "openblas_get_corename") : NULL;
    char *(*corename)(void) = NULL;
    memcpy(&corename, &f, sizeof corename);
    return (bench_machine){.fma = bench_fma_peak(), .read = bench_stream_read(), .blas = bench_blas_sgemm(),
                           .core = corename ? corename() : ""};
}

/* The name by which OpenBLAS knows kernels that suit this processor. */
static const char *core_to_set(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f")) return "SkylakeX";
    if (__builtin_cpu_supports("avx2")) return __builtin_cpu_is("amd") ? "Zen" : "Haswell";
#endif
    return NULL;
}

void bench_machine_print(const bench_machine *m, FILE *out)
{
    const char *set = core_to_set();
    (void)fprintf(out, "one core, measured now: %.0f GF/s float32 multiply-add, %.1f GB/s from memory\n", m->fma, m->read);
    if (!(m->blas > 0)) {
        (void)fprintf(out, "no CBLAS is installed (Debian: libopenblas0); the engines need none\n");
        return;
    }
    (void)fprintf(out, "installed CBLAS%s%s: %.0f GF/s, %.0f %% of that, in a 512^3 sgemm; the engines do not call it\n",
                  *m->core ? ", OpenBLAS for " : "", m->core, m->blas, 100 * m->blas / m->fma);
    if (set && m->blas < 0.5 * m->fma)
        (void)fprintf(out, "  slow: whatever uses it on this machine needs OPENBLAS_CORETYPE=%s set before it starts\n", set);
}
