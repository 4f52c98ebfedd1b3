/* Branches on what was never written. SPDX-License-Identifier: MIT */
#include <stdlib.h>
int main(void)
{
    volatile int *p = malloc(sizeof *p);
    int r = *p == 12345 ? 3 : 0;
    free((void *)p);
    return r;
}
