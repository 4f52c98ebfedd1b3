/* Networks of any size for devices, made from integers alone: weights by a linear congruential generator, inputs that repeat every trial,
 * a target of two sines by rotation.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_TEST_DEVICE_NET_H
#define VFY_TEST_DEVICE_NET_H

#include "../../optimized/fixed/fix.h"

typedef struct device_net {
    fix_config c;
    uint32_t random;
    int32_t *W, *WO, *FB, *rho, *beta;
} device_net;

/* low..high in units of 2^-12, rounded down into format q. */
static inline int32_t device_number(device_net *d, unsigned q, int32_t low, int32_t high)
{
    d->random = d->random * 1664525u + 1013904223u;
    int32_t n = low + (int32_t)((d->random >> 8) % (uint32_t)(high - low + 1));
    return (int32_t)(n * ((int64_t)1 << d->c.profile->q[q].frac) >= 0 ? n * ((int64_t)1 << d->c.profile->q[q].frac) / 4096
                                                                       : -(-n * ((int64_t)1 << d->c.profile->q[q].frac) / 4096));
}

/* Words of int32 that a network's constants take. */
static inline uint32_t device_room(uint32_t n_in, uint32_t n, uint32_t n_out) { return n * (n_in + n + 1) + n_out * (n + 1) + n * n_out + 2 * n; }

/* ALIF, random feedback. drive: weights of the inputs, in units of 2^-12; room: device_room words. */
static inline void device_make(device_net *d, const fix_profile *p, int32_t n_in, int32_t n, int32_t n_out, int32_t drive, int32_t *room)
{
    int32_t M = n_in + n + 1, spread = 1;
    while (spread * spread < n) spread++;
    *d = (device_net){.random = 1};
    d->W = room;
    d->WO = d->W + n * M;
    d->FB = d->WO + n_out * (n + 1);
    d->rho = d->FB + n * n_out;
    d->beta = d->rho + n;
    d->c = (fix_config){.profile = p, .n_in = n_in, .n_rec = n, .n_out = n_out, .delay = 1, .n_ref = 3, .alif = true, .feedback = FIX_RANDOM,
                        .rho = d->rho, .beta = d->beta, .W = d->W, .WO = d->WO, .FB = d->FB, .seed = 1};
    d->c.alpha = device_number(d, FIX_D, 3891, 3891); /* 0.95 */
    d->c.kappa = d->c.alpha;
    d->c.keep = (int32_t)1 << p->q[FIX_D].frac;
    d->c.v_th = device_number(d, FIX_V, 2458, 2458); /* 0.6 */
    d->c.slope = device_number(d, FIX_S, 3413, 3413); /* 0.3 / v_th^2 */
    for (int32_t j = 0; j < n; j++) {
        d->rho[j] = device_number(d, FIX_D, 4055, 4055); /* 0.99 */
        d->beta[j] = j % 2 ? device_number(d, FIX_B, 287, 287) : 0;
        for (int32_t i = 0; i < M; i++)
            d->W[j * M + i] = i == n_in + j || i == M - 1 ? 0 : i < n_in ? device_number(d, FIX_W, -drive / 2, drive) : device_number(d, FIX_W, -4096 / spread, 4096 / spread);
    }
    for (int32_t k = 0; k < n_out * (n + 1); k++) d->WO[k] = device_number(d, FIX_WO, -4096 / spread, 4096 / spread);
    for (int32_t k = 0; k < n * n_out; k++) d->FB[k] = device_number(d, FIX_FB, -4096 / spread, 4096 / spread);
}

/* Inputs of step t of a trial: 2 % of them spike, the same in each trial. */
static inline void device_input(const device_net *d, uint32_t t, int32_t *x)
{
    for (uint32_t i = 0; i < (uint32_t)d->c.n_in; i++) {
        uint32_t h = (t * 0x9E3779B1u) ^ (i * 0x85EBCA77u);
        h = (h ^ h >> 15) * 0x2C1B3C6Du;
        h = (h ^ h >> 12) * 0x297A2D39u;
        x[i] = (h ^ h >> 15) % 50 == 0 ? (int32_t)1 << d->c.profile->q[FIX_X].frac : 0;
    }
}

/* sin(2 pi n / 2^16) 2^14, by a parabola and its correction; at most 0.2 % off. */
static inline int32_t device_sine(uint32_t n)
{
    int32_t a = (int32_t)(n & 32767u), y = (int32_t)((int64_t)a * (32768 - a) / 16384); /* 0..16384 on the half wave */
    y = (int32_t)((int64_t)y * (12697 + (int64_t)y * 3687 / 16384) / 16384);
    return n & 32768u ? -y : y;
}

/* In format Y: half a sine of one period a trial of T steps, half one of three. */
static inline int32_t device_target(const device_net *d, uint32_t t, uint32_t T)
{
    uint32_t phase = t * (65536u / T);
    int64_t sum = device_sine(phase) + device_sine(3 * phase + 9000);
    return (int32_t)(sum * ((int64_t)1 << d->c.profile->q[FIX_Y].frac) / 32768);
}

#endif
