/* The naive dense MPFR program: the yardstick, written apart from the reference.
 * SPDX-License-Identifier: MIT */
#include "naive.h"

#include <stdlib.h>

#include "roofline.h"

#define RN MPFR_RNDN

typedef struct dense {
    const bench_net *b;
    int n, in, K, T;
    mpfr_t *W, *U, *O;           /* Wrec, Win, Wout */
    mpfr_t *v, *a, *psi, *z, *x; /* [T+2][n or in] */
    mpfr_t *L, *dv, *da, *dy, *y;
    mpfr_t alpha, rho, beta, kappa, v_th, s, t;
} dense;

static mpfr_t *numbers(size_t n, long bits)
{
    mpfr_t *v = malloc(n * sizeof *v);
    for (size_t i = 0; v && i < n; i++) {
        mpfr_init2(v[i], bits);
        mpfr_set_zero(v[i], 1);
    }
    return v;
}

static void release(mpfr_t *v, size_t n)
{
    for (size_t i = 0; v && i < n; i++) mpfr_clear(v[i]);
    free(v);
}

static void load(mpfr_t *v, const double *d, size_t n)
{
    for (size_t i = 0; i < n; i++) mpfr_set_d(v[i], d[i], RN);
}

static void forward(dense *d)
{
    int n = d->n, in = d->in;
    int *refr = calloc((size_t)n, sizeof *refr);
    for (int t = 1; refr && t <= d->T; t++) {
        for (int j = 0; j < n; j++) {
            mpfr_t *v = &d->v[t * n + j], *a = &d->a[t * n + j], *psi = &d->psi[t * n + j];
            mpfr_mul(*a, d->rho, d->a[(t - 1) * n + j], RN);
            mpfr_add(*a, *a, d->z[(t - 1) * n + j], RN);
            mpfr_mul(*v, d->alpha, d->v[(t - 1) * n + j], RN);
            for (int i = 0; i < n; i++) mpfr_fma(*v, d->W[j * n + i], d->z[(t - 1) * n + i], *v, RN);
            for (int i = 0; i < in; i++) mpfr_fma(*v, d->U[j * in + i], d->x[t * in + i], *v, RN);
            mpfr_mul(d->s, d->v_th, d->z[(t - 1) * n + j], RN);
            mpfr_sub(*v, *v, d->s, RN);
            mpfr_mul(d->s, d->beta, *a, RN);
            mpfr_sub(d->s, *v, d->s, RN);
            mpfr_sub(d->s, d->s, d->v_th, RN);
            int fires = mpfr_sgn(d->s) > 0 && refr[j] == 0, silent = refr[j] > 0;
            mpfr_div(d->s, d->s, d->v_th, RN);
            mpfr_abs(d->s, d->s, RN);
            mpfr_ui_sub(d->s, 1, d->s, RN);
            if (mpfr_sgn(d->s) > 0 && !silent) {
                mpfr_mul_d(d->s, d->s, d->b->net.gamma, RN);
                mpfr_div(*psi, d->s, d->v_th, RN);
            }
            mpfr_set_si(d->z[t * n + j], fires, RN);
            refr[j] = fires ? d->b->net.n_ref - 1 : refr[j] > 0 ? refr[j] - 1 : 0;
        }
        for (int k = 0; k < d->K; k++) {
            mpfr_mul(d->y[t * d->K + k], d->kappa, d->y[(t - 1) * d->K + k], RN);
            for (int j = 0; j < n; j++)
                mpfr_fma(d->y[t * d->K + k], d->O[k * n + j], d->z[t * n + j], d->y[t * d->K + k], RN);
        }
    }
    free(refr);
}

static void backward(dense *d, mpfr_t *gW, mpfr_t *gU)
{
    int n = d->n, in = d->in, K = d->K;
    for (int t = d->T; t >= 1; t--) {
        for (int k = 0; k < K; k++) {
            mpfr_mul(d->dy[t * K + k], d->kappa, d->dy[(t + 1) * K + k], RN);
            mpfr_add(d->dy[t * K + k], d->dy[t * K + k], d->y[t * K + k], RN);
            mpfr_sub_d(d->dy[t * K + k], d->dy[t * K + k], d->b->batch.target[(t - 1) * K + k], RN);
        }
        for (int j = 0; j < n; j++) {
            mpfr_t *L = &d->L[t * n + j], *dv = &d->dv[t * n + j], *da = &d->da[t * n + j];
            for (int k = 0; k < K; k++) mpfr_fma(*L, d->O[k * n + j], d->dy[t * K + k], *L, RN);
            for (int l = 0; l < n; l++) mpfr_fma(*L, d->W[l * n + j], d->dv[(t + 1) * n + l], *L, RN);
            mpfr_mul(d->s, d->v_th, d->dv[(t + 1) * n + j], RN);
            mpfr_sub(*L, *L, d->s, RN);
            mpfr_add(d->s, *L, d->da[(t + 1) * n + j], RN);
            mpfr_mul(d->s, d->psi[t * n + j], d->s, RN);
            mpfr_fma(*dv, d->alpha, d->dv[(t + 1) * n + j], d->s, RN);
            mpfr_mul(d->s, d->beta, d->s, RN);
            mpfr_neg(d->s, d->s, RN);
            mpfr_fma(*da, d->rho, d->da[(t + 1) * n + j], d->s, RN);
            for (int i = 0; i < n; i++) mpfr_fma(gW[j * n + i], *dv, d->z[(t - 1) * n + i], gW[j * n + i], RN);
            for (int i = 0; i < in; i++) mpfr_fma(gU[j * in + i], *dv, d->x[t * in + i], gU[j * in + i], RN);
        }
    }
}

/* One synapse, one step: eps^a, eps^v, e, and the gradient. */
static void synapse(dense *d, int t, int j, mpfr_t pre, mpfr_t ev, mpfr_t ea, mpfr_t e, mpfr_t g)
{
    mpfr_fma(ea, d->rho, ea, e, RN);
    mpfr_fma(ev, d->alpha, ev, pre, RN);
    mpfr_mul(d->t, d->beta, ea, RN);
    mpfr_sub(d->t, ev, d->t, RN);
    mpfr_mul(e, d->psi[t * d->n + j], d->t, RN);
    mpfr_fma(g, d->L[t * d->n + j], e, g, RN);
}

static bool traces(dense *d, mpfr_t *gW, mpfr_t *gU, long bits)
{
    int n = d->n, in = d->in, w = n + in;
    mpfr_t *m = numbers((size_t)n * (size_t)w * 3, bits);
    for (int t = 1; m && t <= d->T; t++)
        for (int j = 0; j < n; j++)
            for (int i = 0; i < w; i++) {
                mpfr_t *p = m + 3 * (j * w + i);
                if (i < n) synapse(d, t, j, d->z[(t - 1) * n + i], p[0], p[1], p[2], gW[j * n + i]);
                else synapse(d, t, j, d->x[t * in + i - n], p[0], p[1], p[2], gU[j * in + i - n]);
            }
    release(m, (size_t)n * (size_t)w * 3);
    return m != NULL;
}

static double *to_doubles(mpfr_t *v, size_t n, int zero_diagonal)
{
    double *d = malloc(n * sizeof *d);
    for (size_t i = 0; d && i < n; i++)
        d[i] = zero_diagonal && i % (size_t)(zero_diagonal + 1) == 0 ? 0.0 : mpfr_get_d(v[i], RN);
    return d;
}

enum { N_ARRAY = 18 };

static ep_status run(dense *d, long bits, mpfr_t **g, bench_naive *out)
{
    size_t n = (size_t)d->n, in = (size_t)d->in;
    double t0 = bench_cpu_seconds();
    forward(d);
    double t1 = bench_cpu_seconds();
    backward(d, g[0], g[1]);
    double t2 = bench_cpu_seconds();
    if (!traces(d, g[2], g[3], bits)) return EP_NOMEM;
    double t3 = bench_cpu_seconds();
    *out = (bench_naive){to_doubles(g[0], n * n, d->n), to_doubles(g[1], n * in, 0), to_doubles(g[2], n * n, d->n),
                         to_doubles(g[3], n * in, 0), t1 - t0, t2 - t1, t3 - t2};
    return out->bptt_rec && out->bptt_in && out->trace_rec && out->trace_in ? EP_OK : EP_NOMEM;
}

ep_status bench_naive_run(const bench_net *b, long bits, bench_naive *out)
{
    dense d = {.b = b, .n = b->net.n_rec, .in = b->net.n_in, .K = b->net.n_out, .T = b->batch.T};
    size_t n = (size_t)d.n, in = (size_t)d.in, K = (size_t)d.K, steps = (size_t)d.T + 2;
    mpfr_t *g[4], **array[N_ARRAY] = {&d.W, &d.U, &d.O, &d.v, &d.a, &d.psi, &d.z, &d.x, &d.L, &d.dv, &d.da, &d.dy, &d.y,
                                      &g[0], &g[1], &g[2], &g[3], NULL};
    const size_t size[N_ARRAY] = {n * n, n * in, K * n, steps * n, steps * n, steps * n, steps * n, steps * in, steps * n,
                                  steps * n, steps * n, steps * K, steps * K, n * n, n * in, n * n, n * in, 0};
    ep_status st = EP_OK;
    for (int k = 0; array[k]; k++)
        if (!(*array[k] = numbers(size[k], bits))) st = EP_NOMEM;
    mpfr_inits2(bits, d.alpha, d.rho, d.beta, d.kappa, d.v_th, d.s, d.t, (mpfr_ptr)0);
    if (st == EP_OK) {
        load(d.W, b->net.Wrec, n * n);
        load(d.U, b->net.Win, n * in);
        load(d.O, b->net.Wout, K * n);
        load(d.x + in, b->batch.x, (size_t)d.T * in);
        mpfr_set_d(d.alpha, b->net.theta[EP_ALPHA][0], RN);
        mpfr_set_d(d.rho, b->net.theta[EP_RHO][0], RN);
        mpfr_set_d(d.beta, b->net.theta[EP_BETA][0], RN);
        mpfr_set_d(d.kappa, b->net.kappa, RN);
        mpfr_set_d(d.v_th, b->net.v_th, RN);
        st = run(&d, bits, g, out);
    }
    mpfr_clears(d.alpha, d.rho, d.beta, d.kappa, d.v_th, d.s, d.t, (mpfr_ptr)0);
    for (int k = 0; array[k]; k++) release(*array[k], size[k]);
    return st;
}

void bench_naive_free(bench_naive *n)
{
    free(n->bptt_rec);
    free(n->bptt_in);
    free(n->trace_rec);
    free(n->trace_in);
}
