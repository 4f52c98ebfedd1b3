/* Pattern generation trained on a device: e-prop 1 in q15, 32 ALIF neurons, 24 inputs, 100 steps a trial, one update a trial.
 * Prints the learning curve, sums of squared errors as integers, and the digest of everything: the same text on every machine.
 * Ends with "end" if the error fell to a fifth.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "device_net.h"

enum { IN = 24, N = 32, TRIALS = 20, STEPS = 100, ROOM = 48 * 1024 };

static uint64_t memory[ROOM / 8];
static int32_t room[N * (IN + N + 1) + (N + 1) + N + 2 * N];
static device_net d;

int main(void)
{
    fix_state *s;
    uint64_t first = 0, last = 0;
    device_make(&d, &fix_q15, IN, N, 1, 1800, room);
    d.c.eta = 1; /* 2^-15 */
    if (fix_init(&s, &d.c, memory, sizeof memory) != FIX_OK) return 1;
    for (int trial = 0; trial < TRIALS; trial++) {
        unsigned spikes = 0;
        last = 0;
        fix_begin(s);
        for (uint32_t t = 0; t < STEPS; t++) {
            int32_t x[IN], target = device_target(&d, t, STEPS);
            device_input(&d, t, x);
            if (fix_step(s, x, &target) != FIX_OK) return 1;
            int64_t off = (int64_t)fix_get(s, FIX_Y, 0) - target;
            last += (uint64_t)(off * off);
            for (size_t j = 0; j < N; j++) spikes += (unsigned)fix_get(s, FIX_z, j);
        }
        fix_update(s);
        if (trial == 0) first = last;
        printf("%d %lu %u\n", trial, (unsigned long)(last >> 8), spikes);
    }
    uint64_t h = fix_digest(s);
    printf("digest %08lx%08lx state %lu bytes\n", (unsigned long)(h >> 32), (unsigned long)(h & 0xffffffffu), (unsigned long)fix_state_size(&d.c));
    if (last < first / 5) printf("end\n");
    return last >= first / 5;
}
