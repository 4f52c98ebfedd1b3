/* The golden networks on a device or an emulator: prints each digest, returns 0 if all are as they must be.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "fixed_golden.h"

int main(void)
{
    static uint64_t memory[G_MEMORY / 8];
    static golden g;
    int wrong = 0;
    for (int k = 0; k < G_CASES; k++) {
        uint64_t d = golden_run(k, &g, memory);
        wrong += d != golden_digest[k];
        printf("%d 0x%08lx%08lx %lu bytes%s\n", k, (unsigned long)(d >> 32), (unsigned long)(d & 0xffffffffu),
               (unsigned long)fix_state_size(&g.c), d == golden_digest[k] ? "" : " WRONG");
    }
    if (!wrong) printf("end\n");
    return wrong != 0;
}
