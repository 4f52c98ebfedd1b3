/* bench-lstm: the fast engine's LSTM against the processor's own limit, rules interleaved, the error of the same run on
 * the same line. Usage: bench-lstm [ROUNDS] (5)
 * SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "opt.h"

enum { N_REC = 256, N_IN = 64, N_OUT = 61, T = 200, B = 64, MOST_ROUNDS = 99 };

/* A rule in one form, timed in every round. */
typedef struct entry {
    const char *name;
    ep_rule rule;
    int chunk, threads;
    bool transmitted; /* has the products Wrec^T dI */
    double wall[MOST_ROUNDS], error;
    opt_state *s;
    void *mem;
    double mb;
} entry;

static double seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* CPU seconds of the process where one thread runs: other processes count less. */
static double cpu_seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *v, int n)
{
    double w[MOST_ROUNDS];
    for (int i = 0; i < n; i++) w[i] = v[i];
    qsort(w, (size_t)n, sizeof *w, by_value);
    return n % 2 ? w[n / 2] : 0.5 * (w[n / 2 - 1] + w[n / 2]);
}

/* Median of the rounds' ratios a / b. */
static double ratio(const entry *a, const entry *b, int rounds)
{
    double w[MOST_ROUNDS];
    for (int i = 0; i < rounds; i++) w[i] = a->wall[i] / b->wall[i];
    return median(w, rounds);
}

/* ---- limits of the machine ---------------------------------------------------------------------------- */

enum { CHAINS = 12, TURNS = 4000000 };

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 12")
#endif

#define CHAIN_LOOP(vector, set1, fma) \
    vector a[CHAINS], x = set1(0.999f); \
    for (int k = 0; k < CHAINS; k++) a[k] = set1((float)k); \
    for (int n = 0; n < TURNS; n++) \
        UNROLL for (int k = 0; k < CHAINS; k++) a[k] = fma(a[k], x, x); \
    for (int k = 1; k < CHAINS; k++) a[0] = a[0] + a[k]; \
    return a[0][0];

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static float chains_512(void)
{
    CHAIN_LOOP(__m512, _mm512_set1_ps, _mm512_fmadd_ps)
}
__attribute__((target("avx2,fma"))) static float chains_256(void)
{
    CHAIN_LOOP(__m256, _mm256_set1_ps, _mm256_fmadd_ps)
}
#endif

/* GF/s of independent multiply-adds in registers, one core; 0 where it is not known how. */
static double fma_peak(void)
{
    double best = 0;
#if defined(__x86_64__)
    bool wide = __builtin_cpu_supports("avx512f") != 0;
    if (!wide && !__builtin_cpu_supports("fma")) return 0;
    volatile float keep = 0;
    for (int r = 0; r < 3; r++) {
        double t = cpu_seconds();
        keep = wide ? chains_512() : chains_256();
        t = cpu_seconds() - t;
        best = fmax(best, 2e-9 * (wide ? 16 : 8) * CHAINS * TURNS / t);
    }
    (void)keep;
#endif
    return best;
}

typedef void sgemm(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda, const float *b,
                   int ldb, float beta, float *c, int ldc);

/* GF/s of the installed CBLAS on 512 x 512 x 512, one thread if it obeys OPENBLAS_NUM_THREADS; 0: none found. */
static double cblas_speed(void)
{
    static const char *const names[] = {"libopenblas.so.0", "libcblas.so.3", "libblas.so.3"};
    static float a[512 * 512], b[512 * 512], c[512 * 512];
    void *lib = NULL, *f = NULL;
    double best = 0;
    (void)setenv("OPENBLAS_NUM_THREADS", "1", 0);
    for (size_t n = 0; !f && n < 3; n++) {
        lib = dlopen(names[n], RTLD_NOW | RTLD_LOCAL);
        f = lib ? dlsym(lib, "cblas_sgemm") : NULL;
    }
    if (!f) return 0;
    sgemm *call;
    *(void **)(void *)&call = f;
    for (int r = 0; r < 6; r++) {
        double t = cpu_seconds();
        call(101, 111, 111, 512, 512, 512, 1, a, 512, b, 512, 0, c, 512);
        best = fmax(best, 2e-9 * 512.0 * 512 * 512 / (cpu_seconds() - t));
    }
    return best;
}

/* ---- the subject ------------------------------------------------------------------------------------------- */

typedef struct subject {
    ep_net net;
    double *store;
    float *x, *target;
    double *x64, *target64;
} subject;

static void *need(void *p)
{
    if (p) return p;
    (void)fprintf(stderr, "bench-lstm: out of memory\n");
    exit(3);
}

static double *draw(size_t n, uint64_t stream, double scale)
{
    double *v = need(malloc(n * sizeof *v));
    for (size_t i = 0; i < n; i++) v[i] = scale * ep_rng_normal(1, stream, i, 20);
    return v;
}

static subject subject_make(double kappa)
{
    size_t steps = (size_t)T * B;
    double scale = 1 / sqrt((double)N_REC);
    subject k = {.x = need(malloc(steps * N_IN * sizeof(float))), .target = need(calloc(steps * N_OUT, sizeof(float))),
                 .x64 = draw(steps * N_IN, 4, 1), .target64 = need(calloc(steps * N_OUT, sizeof(double)))};
    k.net = (ep_net){.model = EP_LSTM, .opt = ep_preset_options(EP_PAPER2019), .n_in = N_IN, .n_rec = N_REC,
                     .n_out = N_OUT, .Win = draw((size_t)4 * N_REC * N_IN, 1, scale),
                     .Wrec = draw((size_t)4 * N_REC * N_REC, 2, scale), .b = draw((size_t)4 * N_REC, 5, scale),
                     .Wout = draw((size_t)N_REC * N_OUT, 3, scale), .kappa = kappa, .v_th = 1, .gamma = 1};
    for (size_t i = 0; i < steps * N_IN; i++) k.x64[i] = (double)(k.x[i] = (float)k.x64[i]);
    for (size_t i = 0; i < steps; i++) {
        size_t at = i * N_OUT + ep_rng_u64(1, 6, i) % N_OUT;
        k.target[at] = 1;
        k.target64[at] = 1;
    }
    return k;
}

static void entry_open(const opt_engine *e, const subject *k, entry *n)
{
    opt_config cfg = {.net = &k->net, .rule = n->rule, .loss = EP_CLASSIFICATION, .B = B, .T = T, .window = 20,
                      .threads = n->threads, .chunk = n->chunk};
    size_t bytes = e->state_size(&cfg);
    n->mem = need(aligned_alloc(OPT_ALIGN, (bytes + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN));
    n->mb = (double)bytes * 1e-6;
    if (e->init(&cfg, n->mem, bytes, &n->s) == EP_OK) return;
    (void)fprintf(stderr, "bench-lstm: init failed\n");
    exit(3);
}

/* |got - want| / |want|, Euclidean, of the largest such group; want in binary64. */
static double error_of(entry *n, const subject *k)
{
    entry exact = {.rule = n->rule, .chunk = 0, .threads = 2};
    const opt_engine *e = opt_fast_f32(), *wide = opt_fast_f64();
    opt_trials tr = {.T = T, .B = B, .x = k->x64, .target = k->target64};
    double worst = 0;
    entry_open(wide, k, &exact);
    if (wide->grad(exact.s, &tr) != EP_OK) return NAN;
    for (int g = 0; g < (int)EP_G_THETA; g++) {
        size_t m = e->count(n->s, OPT_GRAD(g));
        float *got = need(malloc(m * sizeof *got));
        double *want = need(malloc(m * sizeof *want)), off = 0, size = 0;
        if (e->get(n->s, OPT_GRAD(g), got, m) != EP_OK || wide->get(exact.s, OPT_GRAD(g), want, m) != EP_OK) return NAN;
        for (size_t i = 0; i < m; i++) {
            off += ((double)got[i] - want[i]) * ((double)got[i] - want[i]);
            size += want[i] * want[i];
        }
        worst = fmax(worst, sqrt(off / size));
        free(got);
        free(want);
    }
    free(exact.mem);
    return worst;
}

static double flop_of(const entry *n)
{
    double rows = 2.0 * T * B, wide = 4.0 * N_REC;
    double weights = rows * wide * (N_REC + N_IN + 1), out = rows * N_REC * N_OUT;
    return 2 * weights + (n->transmitted ? rows * wide * N_REC : 0) + 3 * out;
}

static void measure(entry *list, size_t n, const subject *k, int rounds)
{
    const opt_engine *e = opt_fast_f32();
    opt_trials tr = {.T = T, .B = B, .x = k->x, .target = k->target};
    for (int r = -1; r < rounds; r++) /* the first round touches memory */
        for (size_t i = 0; i < n; i++) {
            double t = list[i].threads > 1 ? seconds() : cpu_seconds();
            ep_status st = e->grad(list[i].s, &tr);
            t = (list[i].threads > 1 ? seconds() : cpu_seconds()) - t;
            if (r >= 0) list[i].wall[r] = st == EP_OK ? t : NAN;
        }
    for (size_t i = 0; i < n; i++) list[i].error = error_of(&list[i], k);
}

static void target_line(const char *what, double got, double target, const char *unit)
{
    (void)printf("%-44s %8.2f%s  target %.2f%s  %s\n", what, got, unit, target, unit, got >= target ? "met" : "missed");
}

static void report(entry *list, size_t n, int rounds, double peak)
{
    char line[400];
    opt_fast_f32()->describe(list[0].s, line, sizeof line);
    (void)printf("engine: %s\n%-34s %9s %9s %7s %8s %9s\n", line, "", "seconds", "GF/s", "% peak", "MB", "error");
    for (size_t i = 0; i < n; i++) {
        double t = median(list[i].wall, rounds), speed = 1e-9 * flop_of(&list[i]) / t;
        (void)printf("%-34s %9.4f %9.1f %7.1f %8.1f %9.1e\n", list[i].name, t, speed,
                     peak > 0 ? 100 * speed / peak / list[i].threads : 0, list[i].mb, list[i].error);
    }
    if (peak > 0)
        target_line("LSTM BPTT, share of the multiply-add peak", 1e-7 * flop_of(&list[0]) / median(list[0].wall, rounds) / peak,
                    55, " %");
    target_line("LSTM e-prop, speed relative to own BPTT", ratio(&list[0], &list[1], rounds), 1.3, "x");
    target_line("two threads, BPTT (wall / one thread's CPU)", ratio(&list[0], &list[4], rounds), 1.7, "x");
    (void)printf("%-44s %8.2fx\n", "chunks of 50 / whole-trial scan, time", ratio(&list[2], &list[1], rounds));
    (void)printf("%-44s %8.2fx\n", "eprop3, windows of 20 / BPTT, time", ratio(&list[3], &list[0], rounds));
}

int main(int argc, char **argv)
{
    entry list[] = {{.name = "bptt", .rule = EP_BPTT, .threads = 1, .transmitted = true},
                    {.name = "eprop1, scan", .rule = EP_EPROP1_SYMMETRIC, .threads = 1},
                    {.name = "eprop1, chunks of 50 (GF/s of scan)", .rule = EP_EPROP1_SYMMETRIC, .threads = 1, .chunk = 50},
                    {.name = "eprop3, windows of 20", .rule = EP_EPROP3, .threads = 1, .transmitted = true},
                    {.name = "bptt, two threads", .rule = EP_BPTT, .threads = 2, .transmitted = true}};
    size_t n = sizeof list / sizeof *list;
    int rounds = argc > 1 ? atoi(argv[1]) : 5;
    if (rounds < 1 || rounds > MOST_ROUNDS) {
        (void)fprintf(stderr, "usage: bench-lstm [ROUNDS], 1 to %d\n", MOST_ROUNDS);
        return 2;
    }
    double peak = fma_peak(), blas = cblas_speed();
    (void)printf("LSTM N=%d n_in=%d n_out=%d T=%d B=%d, binary32, median of %d rounds; multiply-add peak of one core %.1f GF/s\n",
                 N_REC, N_IN, N_OUT, T, B, rounds, peak);
    (void)printf("installed CBLAS: %.1f GF/s (this engine does not use it)\n", blas);
    if (blas > 0 && peak > 0 && blas < 0.4 * peak)
        (void)printf("  that is slow: OpenBLAS may not know this processor; set OPENBLAS_CORETYPE=%s before the program starts\n",
                     peak > 0 && __builtin_cpu_supports("avx512f") ? "SkylakeX" : "Haswell");
    subject k = subject_make(0);
    for (size_t i = 0; i < n; i++) entry_open(opt_fast_f32(), &k, &list[i]);
    measure(list, n, &k, rounds);
    report(list, n, rounds, peak);
    bool good = true;
    for (size_t i = 0; i < n; i++) good = good && list[i].error < 1e-3;
    return good ? 0 : 1;
}
