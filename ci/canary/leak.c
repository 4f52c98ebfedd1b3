/* Loses memory. SPDX-License-Identifier: MIT */
#include <stdlib.h>
int main(void)
{
    volatile char *p = malloc(100);
    p[0] = 1;
    p = NULL;
    return p != NULL;
}
