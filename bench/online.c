/* SPDX-License-Identifier: MIT */
#include "online.h"

#include <string.h>

#if defined(__x86_64__) && !defined(__clang__)
#define FOR_THIS_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default"), optimize("O3")))
#else
#define FOR_THIS_PROCESSOR
#endif

typedef struct place {
    float *p, *eps, *ebar, *psi, *v, *a, *z, *y, *L, *pre;
} place;

size_t bench_online_room(const ep_net *net, int T)
{
    size_t n = (size_t)net->n_rec, R = n + (size_t)net->n_in;
    (void)T;
    return 2 * n * R + 2 * R + 5 * n + (size_t)net->n_out;
}

static place place_of(const ep_net *net, float *room)
{
    size_t n = (size_t)net->n_rec, R = n + (size_t)net->n_in;
    place s = {.eps = room};
    s.ebar = s.eps + n * R;
    s.p = s.ebar + n * R;
    s.pre = s.p + R;
    s.psi = s.pre + R;
    s.v = s.psi + n;
    s.a = s.v + n;
    s.z = s.a + n;
    s.L = s.z + n;
    s.y = s.L + n;
    return s;
}

/* One row of synapses by one step. */
FOR_THIS_PROCESSOR
static void traces_row(size_t R, const float *restrict p, float *restrict eps, float *restrict ebar, float *restrict g,
                       const float constants[5])
{
    float psi = constants[0], beta = constants[1], rho = constants[2], kappa = constants[3], L = constants[4];
    for (size_t i = 0; i < R; i++) {
        float e = psi * (p[i] - beta * eps[i]);
        ebar[i] = kappa * ebar[i] + e;
        g[i] += L * ebar[i];
        eps[i] = rho * eps[i] + e;
    }
}

FOR_THIS_PROCESSOR
static float dot(size_t n, const float *restrict a, const float *restrict b)
{
    float sum[16] = {0}, all = 0;
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (size_t l = 0; l < 16; l++) sum[l] += a[i + l] * b[i + l];
    for (; i < n; i++) all += a[i] * b[i];
    for (size_t l = 0; l < 16; l++) all += sum[l];
    return all;
}

static void forward(const ep_net *net, const float *W, const float *Wout, const place *s)
{
    size_t n = (size_t)net->n_rec, R = n + (size_t)net->n_in, K = (size_t)net->n_out;
    float v_th = (float)net->v_th, gamma = (float)net->gamma;
    float alpha = (float)net->theta[EP_ALPHA][0], rho = (float)net->theta[EP_RHO][0];
    for (size_t i = 0; i < R; i++) s->p[i] = alpha * s->p[i] + s->pre[i];
    for (size_t j = 0; j < n; j++) {
        float z = s->z[j], beta = (float)net->theta[EP_BETA][j];
        s->v[j] = alpha * s->v[j] + dot(R, W + j * R, s->pre) - v_th * z;
        s->a[j] = rho * s->a[j] + z;
        float x = s->v[j] - (v_th + beta * s->a[j]), u = (x < 0 ? -x : x) / v_th;
        s->psi[j] = u < 1 ? gamma / v_th * (1 - u) : 0;
        s->z[j] = x > 0 ? 1 : 0;
    }
    for (size_t k = 0; k < K; k++) s->y[k] = (float)net->kappa * s->y[k] + dot(n, Wout + k * n, s->z);
}

void bench_online(const ep_net *net, const float *W, const float *Wout, const float *x, const float *target, int T,
                  float *room, float *g)
{
    size_t n = (size_t)net->n_rec, n_in = (size_t)net->n_in, R = n + n_in, K = (size_t)net->n_out;
    place s = place_of(net, room);
    memset(room, 0, bench_online_room(net, T) * sizeof *room);
    for (size_t t = 0; t < (size_t)T; t++) {
        memcpy(s.pre, x + t * n_in, n_in * sizeof *x);
        memcpy(s.pre + n_in, s.z, n * sizeof *x);
        forward(net, W, Wout, &s);
        for (size_t j = 0; j < n; j++) {
            float L = 0;
            for (size_t k = 0; k < K; k++) L += Wout[k * n + j] * (s.y[k] - target[t * K + k]);
            const float constants[5] = {s.psi[j], (float)net->theta[EP_BETA][j], (float)net->theta[EP_RHO][0],
                                        (float)net->kappa, L};
            traces_row(R, s.p, s.eps + j * R, s.ebar + j * R, g + j * R, constants);
        }
    }
}
