/* bench-arith: multiply-adds per second of each arithmetic through ref_addmul, beside the raw library calls.
 *
 * The two sides of a pair run in turn, round after round, on the same operands; rates are medians over
 * rounds, the ratio is the median of the rounds' ratios. Results are compared before anything is printed.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arith.h"
#include "roofline.h"
#include "stat.h"

enum { N = 64, ROUNDS = 41 };

__extension__ typedef unsigned __int128 u128;

/* Both sides of a pair own their operands; the sum of N products goes to r. */
typedef struct pair {
    ref_ctx c;
    ref_num *a, *b, *r;  /* through the interface */
    ref_num *A, *B, *R;  /* raw: the same types, made by the libraries' own init */
    ref_num raw[2 * N + 2];
    uint64_t prime;
} pair;

static void through(pair *p)
{
    for (int i = 0; i < N; i++) ref_addmul(&p->c, p->r, p->a + i, p->b + i);
}

static void raw_mpfr(pair *p)
{
    mpfr_ptr t = p->raw[2 * N + 1].r;
    for (int i = 0; i < N; i++) {
        mpfr_mul(t, p->A[i].r, p->B[i].r, MPFR_RNDN);
        mpfr_add(p->R->r, p->R->r, t, MPFR_RNDN);
    }
}

static void raw_mpfi(pair *p)
{
    mpfi_ptr t = p->raw[2 * N + 1].i;
    for (int i = 0; i < N; i++) {
        mpfi_mul(t, p->A[i].i, p->B[i].i);
        mpfi_add(p->R->i, p->R->i, t);
    }
}

static void raw_double(pair *p)
{
    for (int i = 0; i < N; i++) p->R->d += p->A[i].d * p->B[i].d;
}

static void raw_float(pair *p)
{
    for (int i = 0; i < N; i++) p->R->s += p->A[i].s * p->B[i].s;
}

static void raw_field(pair *p)
{
    for (int i = 0; i < N; i++) p->R->f = (uint64_t)(((u128)p->A[i].f * p->B[i].f + p->R->f) % p->prime);
}

static void raw_rational(pair *p)
{
    mpq_ptr t = p->raw[2 * N + 1].q;
    for (int i = 0; i < N; i++) {
        mpq_mul(t, p->A[i].q, p->B[i].q);
        mpq_add(p->R->q, p->R->q, t);
    }
}

typedef struct row {
    const char *name, *raw_name;
    const ref_arith *(*ar)(void);
    long prec;
    void (*raw)(pair *);
} row;

static const row ROWS[] = {
    { "mpfr 128", "mpfr_mul+mpfr_add", ref_arith_mpfr, 128, raw_mpfr },
    { "mpfr 256", "mpfr_mul+mpfr_add", ref_arith_mpfr, 256, raw_mpfr },
    { "mpfr 512", "mpfr_mul+mpfr_add", ref_arith_mpfr, 512, raw_mpfr },
    { "mpfr 1024", "mpfr_mul+mpfr_add", ref_arith_mpfr, 1024, raw_mpfr },
    { "mpfi 128", "mpfi_mul+mpfi_add", ref_arith_mpfi, 128, raw_mpfi },
    { "mpfi 512", "mpfi_mul+mpfi_add", ref_arith_mpfi, 512, raw_mpfi },
    { "running 128", "mpfr_mul+mpfr_add", ref_arith_running, 128, raw_mpfr },
    { "field", "uint128 % p", ref_arith_field, 0, raw_field },
    { "binary64", "double", ref_arith_binary64, 0, raw_double },
    { "binary32", "float", ref_arith_binary32, 0, raw_float },
    { "rational", "mpq_mul+mpq_add", ref_arith_rational, 0, raw_rational },
};

static const char *family(const row *w) { return w->ar()->name; }

/* Random 30-bit operands around 1, full-length significands by a division by 3 where that is possible. */
static void fill(pair *p, bool divide)
{
    for (uint64_t i = 0; i < N; i++) {
        ref_set_d(&p->c, p->a + i, ep_rng_normal(1, 1, i, 30));
        ref_set_d(&p->c, p->b + i, ep_rng_normal(1, 2, i, 30));
        if (!divide) continue;
        ref_set_d(&p->c, &p->c.tmp2, 3.0);
        ref_div(&p->c, p->a + i, p->a + i, &p->c.tmp2);
        ref_div(&p->c, p->b + i, p->b + i, &p->c.tmp2);
    }
}

static void raw_copy(const row *w, ref_num *to, const ref_num *from)
{
    const char *f = family(w);
    if (!strcmp(f, "mpfr") || !strcmp(f, "running")) {
        mpfr_init2(to->r, w->prec);
        mpfr_set(to->r, from->r, MPFR_RNDN);
    } else if (!strcmp(f, "mpfi")) {
        mpfi_init2(to->i, w->prec);
        mpfi_set(to->i, from->i);
    } else if (!strcmp(f, "rational")) {
        mpq_init(to->q);
        mpq_set(to->q, from->q);
    } else {
        *to = *from;
    }
}

static void raw_free(const row *w, ref_num *x)
{
    const char *f = family(w);
    if (!strcmp(f, "mpfr") || !strcmp(f, "running")) mpfr_clear(x->r);
    else if (!strcmp(f, "mpfi")) mpfi_clear(x->i);
    else if (!strcmp(f, "rational")) mpq_clear(x->q);
}

static double seconds(void (*f)(pair *), pair *p, long reps)
{
    double t = bench_wall_seconds();
    for (long k = 0; k < reps; k++) f(p);
    return bench_wall_seconds() - t;
}

static bool agree(const row *w, const pair *p)
{
    const ref_arith *ar = w->ar();
    return ar->to_d(p->r) == (ar == ref_arith_running() ? mpfr_get_d(p->R->r, MPFR_RNDN) : ar->to_d(p->R));
}

static ep_status measure(const row *w, bool *agrees, double *rate, double *rate_raw, double *ratio)
{
    pair p;
    ep_status s = ref_ctx_init(&p.c, w->ar(), w->prec);
    if (s != EP_OK) return s;
    p.prime = p.c.prime;
    p.a = ref_vec(&p.c, N), p.b = ref_vec(&p.c, N), p.r = ref_vec(&p.c, 1);
    if (p.c.status == EP_OK) {
        bool rational = w->ar() == ref_arith_rational();
        fill(&p, !rational);
        p.A = p.raw, p.B = p.raw + N, p.R = p.raw + 2 * N;
        for (int i = 0; i < N; i++) raw_copy(w, p.A + i, p.a + i), raw_copy(w, p.B + i, p.b + i);
        raw_copy(w, p.R, p.r), raw_copy(w, p.R + 1, p.r);
        through(&p), w->raw(&p);
        *agrees = agree(w, &p);
        long reps = 1;
        while (seconds(w->raw, &p, reps) < 2e-3) reps *= 2;
        double got[ROUNDS], raw[ROUNDS], q[ROUNDS], n = (double)reps * N;
        for (int k = 0; k < ROUNDS; k++) {
            double g, r;
            if (k & 1) g = seconds(through, &p, reps), r = seconds(w->raw, &p, reps);
            else r = seconds(w->raw, &p, reps), g = seconds(through, &p, reps);
            got[k] = n / g, raw[k] = n / r, q[k] = g / r;
        }
        *rate = bench_median(got, ROUNDS), *rate_raw = bench_median(raw, ROUNDS), *ratio = bench_median(q, ROUNDS);
        for (int i = 0; i < 2 * N + 2; i++) raw_free(w, p.raw + i);
    }
    s = p.c.status;
    ref_ctx_clear(&p.c);
    return s;
}

int main(void)
{
    int code = 0;
    printf("%-12s %16s %16s %7s  %s\n", "arithmetic", "multiply-adds/s", "raw/s", "ratio", "raw calls");
    for (size_t k = 0; k < sizeof ROWS / sizeof *ROWS; k++) {
        bool agrees = false;
        double rate, raw, ratio;
        ep_status s = measure(ROWS + k, &agrees, &rate, &raw, &ratio);
        if (s != EP_OK) {
            fprintf(stderr, "bench-arith: %s: %s\n", ROWS[k].name, ep_status_name(s));
            return 3;
        }
        if (!agrees) fprintf(stderr, "bench-arith: %s: the result differs from that of %s\n", ROWS[k].name, ROWS[k].raw_name);
        bool over = ROWS[k].ar() == ref_arith_mpfr() && ratio > 1.3;
        if (!agrees || over) code = 1;
        printf("%-12s %16.4g %16.4g %7.3f  %s%s\n", ROWS[k].name, rate, raw, ratio, ROWS[k].raw_name,
               over ? "  over 1.3" : "");
        fflush(stdout);
    }
    mpfr_free_cache();
    return code;
}
