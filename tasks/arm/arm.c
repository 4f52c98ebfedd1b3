/* Movements, their code, and what velocities are worth.
 *
 * What the sources leave open and was chosen: a joint's angle is its start plus sum_k a_k (sin 2 pi (f_k t + p_k) - sin 2 pi p_k), a from 0 to
 * 0.4 rad, f from 0.3 to 1.5 Hz, p from 0 to 1; the code is that of the hand's position; a readout of 1 is 2 rad/s.
 * SPDX-License-Identifier: MIT */
#include "arm.h"

#include <math.h>
#include <string.h>

static const double turn = 6.283185307179586, dt = 1e-3;

static double sine(double rad) { return task_sine(rad / turn); }
static double cosine(double rad) { return task_sine(rad / turn + 0.25); }

static void hand_at(const double phi[2], double hand[2])
{
    hand[0] = 0.5 * (cosine(phi[0]) + cosine(phi[0] + phi[1]));
    hand[1] = 0.5 * (sine(phi[0]) + sine(phi[0] + phi[1]));
}

static double start(int joint) { return joint ? turn / 4 : 0.0; }

void arm_movement(const arm_spec *s, uint64_t seed, task_split split, uint64_t index, arm_path *out)
{
    uint64_t stream = task_stream(split, index, 1), k = 0;
    double a[ARM_JOINTS][ARM_SINES], f[ARM_JOINTS][ARM_SINES], p[ARM_JOINTS][ARM_SINES], before[ARM_JOINTS];
    for (int q = 0; q < ARM_JOINTS; q++)
        for (int n = 0; n < ARM_SINES; n++) {
            a[q][n] = 0.4 * ep_rng_uniform(seed, stream, k++);
            f[q][n] = 0.3 + 1.2 * ep_rng_uniform(seed, stream, k++);
            p[q][n] = ep_rng_uniform(seed, stream, k++);
        }
    for (int q = 0; q < ARM_JOINTS; q++) before[q] = start(q);
    for (int t = 0; t < s->e2.s.T; t++) {
        double *phi = out->phi + 2 * t;
        for (int q = 0; q < ARM_JOINTS; q++) {
            double d = 0.0;
            for (int n = 0; n < ARM_SINES; n++) d += a[q][n] * (task_sine(f[q][n] * dt * (t + 1) + p[q][n]) - task_sine(p[q][n]));
            phi[q] = start(q) + fmax(-turn / 4, fmin(turn / 4, d));
            out->vel[2 * t + q] = (phi[q] - before[q]) / (dt * s->vel_unit);
            before[q] = phi[q];
        }
        hand_at(phi, out->hand + 2 * t);
    }
}

void arm_clock(const arm_spec *s, float *x)
{
    enum { PHASES = ARM_CLOCK / 2, EVERY = 10 };
    int T = s->e2.s.T, length = (T + PHASES - 1) / PHASES;
    memset(x, 0, (size_t)T * ARM_CLOCK * sizeof *x);
    for (int t = 0; t < T; t++)
        for (int k = 0; k < 2; k++) x[t * ARM_CLOCK + t / length * 2 + k] = t % EVERY == 5 * k ? 1.0F : 0.0F;
}

void arm_code(const arm_spec *s, uint64_t seed, task_split split, uint64_t index, const double *hand, float *code)
{
    const double reach = 4.0, wide = 2.0 * s->code_sigma * s->code_sigma;
    int half = s->e2.n_code / 2;
    uint64_t stream = task_stream(split, index, 2);
    memset(code, 0, (size_t)s->e2.s.T * (size_t)s->e2.n_code * sizeof *code);
    for (int t = 0; t < s->e2.s.T; t++)
        for (int k = 0; k < s->e2.n_code; k++) {
            int i = k % half;
            double centre = half > 1 ? -1.4 + 2.8 * i / (half - 1) : 0.0, off = k / half < 2 ? hand[2 * t + k / half] - centre : reach;
            if (fabs(off) > reach * s->code_sigma) continue; /* a rate of 3e-4 of the most counts as 0 */
            double p = s->code_rate * exp(-off * off / wide);
            if (ep_rng_uniform(seed, stream, (uint64_t)t * (uint64_t)s->e2.n_code + (uint64_t)k) < p) code[(size_t)t * (size_t)s->e2.n_code + (size_t)k] = 1.0F;
        }
}

void arm_follow(const arm_spec *s, const float *y, double *hand)
{
    double phi[ARM_JOINTS] = {start(0), start(1)};
    for (int t = 0; t < s->e2.s.T; t++) {
        for (int q = 0; q < ARM_JOINTS; q++) phi[q] += dt * s->vel_unit * (double)y[2 * t + q];
        hand_at(phi, hand + 2 * t);
    }
}

shot_score arm_judge(const arm_spec *s, const arm_path *want, const float *y, double weight, float *err)
{
    int T = s->e2.s.T;
    double phi[ARM_JOINTS] = {start(0), start(1)}, hand[2], later[ARM_JOINTS] = {0.0, 0.0};
    shot_score l = {0};
    for (int t = 0; t < T; t++) {
        for (int q = 0; q < ARM_JOINTS; q++) {
            double off = (double)y[2 * t + q] - want->vel[2 * t + q];
            phi[q] += dt * s->vel_unit * (double)y[2 * t + q];
            l.other += off * off / (2.0 * T);
        }
        hand_at(phi, hand);
        for (int k = 0; k < 2; k++) l.measure += (hand[k] - want->hand[2 * t + k]) * (hand[k] - want->hand[2 * t + k]) / (2.0 * T);
    }
    l.E = 0.5 * (s->w_vel * l.other + l.measure);
    for (int t = T - 1; err && t >= 0; t--) { /* dE/dphi^t of all later steps reaches y^t */
        hand_at(phi, hand);
        double ex = (hand[0] - want->hand[2 * t]) / (2.0 * T), ey = (hand[1] - want->hand[2 * t + 1]) / (2.0 * T);
        double sum = phi[0] + phi[1], outer = 0.5 * (-sine(sum) * ex + cosine(sum) * ey);
        later[0] += 0.5 * (-sine(phi[0]) * ex + cosine(phi[0]) * ey) + outer;
        later[1] += outer;
        for (int q = 0; q < ARM_JOINTS; q++) {
            double off = (double)y[2 * t + q] - want->vel[2 * t + q];
            err[2 * t + q] = (float)(weight * (s->w_vel * off / (2.0 * T) + dt * s->vel_unit * later[q]));
            phi[q] -= dt * s->vel_unit * (double)y[2 * t + q];
        }
    }
    return l;
}
