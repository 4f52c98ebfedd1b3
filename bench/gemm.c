/* bench-gemm: the LSTM engine's own packed products beside the installed CBLAS, in the same rounds: steps (all trials of a
 * step times weights) and gradients of weights (K = steps x trials). Why the engine calls no CBLAS: this table.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "lines.h"
#include "roofline.h"

#define OPT_REAL float
#define OPT_DOUBLE 0
#include "fast/fast.h"
#include "fast/lstm_kernels.h"

enum { BLOCK = 768 }; /* rows that the engine packs at once */

typedef struct product {
    const char *name;
    size_t m, n, k;
    bool weights; /* C += A^T B, A [k][m], B [k][n]; else C = A B, A [m][k] */
    double target, stretch; /* share of the peak */
    const fast_lstm_kernels_f32 *own;
    bench_sgemm *blas;
    size_t lda, ldb;
    float *A, *B, *C, *P, *sliver;
} product;

static const fast_lstm_kernels_f32 *kernels(void)
{
#if defined(__x86_64__)
    if (fast_isa_chosen() == FAST_AVX512) return fast_lstm_avx512_f32();
    if (fast_isa_chosen() == FAST_AVX2) return fast_lstm_avx2_f32();
#endif
    return fast_lstm_base_f32();
}

static float *draw(size_t n, uint64_t stream)
{
    float *v = aligned_alloc(64, (n * sizeof *v + 63) / 64 * 64 + 64);
    for (size_t i = 0; v && i < n; i++) v[i] = (float)ep_rng_normal(1, stream, i, 12);
    return v;
}

static bool run_own(void *arg)
{
    const product *p = arg;
    size_t panels = (p->n + p->own->panel - 1) / p->own->panel;
    if (!p->weights) {
        p->own->gemm(p->m, p->n, p->k, p->A, p->lda, p->P, p->C, p->ldb, false);
        return true;
    }
    for (size_t k = 0; k < p->k; k += BLOCK) {
        size_t rows = p->k - k < BLOCK ? p->k - k : BLOCK;
        p->own->pack(rows, p->n, 0, panels, p->B + k * p->ldb, p->ldb, p->P, rows);
        p->own->gemm_transposed(0, p->m, p->n, rows, p->A + k * p->lda, p->lda, p->P, rows, p->C, p->ldb, NULL, p->sliver);
    }
    return true;
}

static bool run_blas(void *arg)
{
    const product *p = arg;
    int m = (int)p->m, n = (int)p->n, k = (int)p->k;
    p->blas(101, p->weights ? 112 : 111, 111, m, n, k, 1, p->A, (int)p->lda, p->B, (int)p->ldb, p->weights ? 1 : 0, p->C, (int)p->ldb);
    return true;
}

/* Largest difference of the two results, relative to the largest entry. */
static double difference(product *p)
{
    size_t n = p->m * p->ldb;
    float *keep = draw(n, 9);
    double off = 0, top = 0;
    for (size_t i = 0; i < n; i++) p->C[i] = 0;
    (void)run_own(p);
    for (size_t i = 0; keep && i < n; i++) keep[i] = p->C[i], p->C[i] = 0;
    (void)run_blas(p);
    for (size_t i = 0; keep && i < n; i++) {
        if (i % p->ldb >= p->n) continue;
        off = fmax(off, fabs((double)keep[i] - (double)p->C[i]));
        top = fmax(top, fabs((double)p->C[i]));
    }
    free(keep);
    return off / top;
}

static bool compare(product *p, double peak, bench_out *out)
{
    int rounds = out->rounds ? out->rounds : 15;
    size_t panel = p->own->panel, np = (p->n + panel - 1) / panel * panel;
    p->lda = (p->weights ? p->m : p->k) / 16 * 16 + 32;
    p->ldb = np + 16;
    size_t rows = p->weights ? BLOCK : p->k;
    p->A = draw((p->weights ? p->k : p->m) * p->lda, 1);
    p->B = draw(p->k * p->ldb, 2);
    p->C = draw(p->m * p->ldb, 3);
    p->P = draw(rows * np, 4);
    p->sliver = draw(LSTM_TILE_ROWS * BLOCK + LSTM_PAD, 5);
    bool good = p->A && p->B && p->C && p->P && p->sliver;
    if (good && !p->weights) p->own->pack(p->k, p->n, 0, np / panel, p->B, p->ldb, p->P, p->k);
    if (good) {
        bench_side s[2] = {{.run = run_own, .arg = p}, {.run = run_blas, .arg = p}};
        double work = 2e-9 * (double)p->m * (double)p->n * (double)p->k;
        bench_paired(s, p->blas ? 2 : 1, rounds, 5);
        double own = work / bench_seconds(&s[0], rounds);
        (void)printf("%s %zux%zux%zu: own %.1f GF/s", p->name, p->m, p->n, p->k, own);
        if (p->blas) (void)printf(", CBLAS %.1f GF/s", work / bench_seconds(&s[1], rounds));
        (void)printf("\n");
        bench_line share = {.subject = p->name, .what = "share of the multiply-add peak", .unit = "%", .got = 100 * own / peak,
                            .target = p->target, .stretch = p->stretch};
        bench_put(out, &share);
        if (p->blas) {
            bench_line ratio = bench_line_of(p->name, "speed relative to the installed CBLAS", bench_side_ratio(&s[1], &s[0], rounds));
            ratio.judged = true;
            ratio.error = difference(p);
            ratio.target = 0.9; /* at least on par, within the scatter of a shared machine */
            ratio.stretch = 1.1;
            bench_put(out, &ratio);
        }
    }
    float *const all[] = {p->A, p->B, p->C, p->P, p->sliver};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
    return good;
}

int main(int argc, char **argv)
{
    product list[] = {{.name = "step, LSTM N=256 B=64", .m = 64, .n = 1024, .k = 321},
                      {.name = "back, LSTM N=256 B=64", .m = 64, .n = 256, .k = 1024},
                      {.name = "step, LSTM N=100 B=100", .m = 100, .n = 400, .k = 111},
                      {.name = "step, dense N=800 B=32", .m = 32, .n = 800, .k = 800, .target = 55, .stretch = 65},
                      {.name = "step, LSTM N=256 B=8", .m = 8, .n = 1024, .k = 321},
                      {.name = "step, LSTM N=256 B=1", .m = 1, .n = 1024, .k = 321},
                      {.name = "weights, LSTM N=256, T B = 12800", .m = 1024, .n = 320, .k = 12800, .weights = true},
                      {.name = "weights, LSTM N=100, T B = 2000", .m = 400, .n = 110, .k = 2000, .weights = true},
                      {.name = "weights, N=800, T B = 2560", .m = 800, .n = 839, .k = 2560, .weights = true}};
    bench_out out;
    int code = bench_lines_open(argc, argv, "The engines' own matrix products beside the installed CBLAS, one core, float32.", &out);
    if (code >= 0) return code;
    bench_machine machine = bench_machine_measure();
    bench_machine_print(&machine, stdout);
    (void)printf("own products: %s\n", kernels()->isa);
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        list[i].own = kernels();
        list[i].blas = bench_blas_open();
        if (!compare(&list[i], machine.fma, &out)) {
            (void)fprintf(stderr, "bench-gemm: out of memory\n");
            return 3;
        }
    }
    return bench_lines_close(&out);
}
