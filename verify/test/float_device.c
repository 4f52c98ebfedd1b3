/* The scalar float engine on a device or an emulator: for each network the digests of its spikes and of all its numbers, and a gradient.
 * cross_class.awk compares two machines' lines.
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <stdio.h>

#include "float_golden.h"

static _Alignas(OPT_ALIGN) unsigned char memory[F_MEMORY];
static double buffer[F_MOST];
static float_case c;
static float_seen seen;

int main(void)
{
    printf("eval %d\n", (int)FLT_EVAL_METHOD);
    for (int k = 0; k < F_CASES; k++) {
        if (!float_run(k, &c, memory, buffer, &seen)) {
            printf("case %d refused\n", k);
            return 1;
        }
        printf("case %d all %08lx%08lx spikes %08lx%08lx count %lu subnormal %lu\n", k, (unsigned long)(seen.all >> 32),
               (unsigned long)(seen.all & 0xffffffffu), (unsigned long)(seen.spikes >> 32), (unsigned long)(seen.spikes & 0xffffffffu),
               seen.spike_count, seen.subnormals);
        for (int n = 0; n < F_REC * F_IN; n++) printf("g %d %d %.9e\n", k, n, seen.g[n]);
    }
    printf("end\n");
    return 0;
}
