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
    return float_say(memory, buffer, &c, &seen);
}
