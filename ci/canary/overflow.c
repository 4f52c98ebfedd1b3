/* Writes behind an array. SPDX-License-Identifier: MIT */
#include <stdlib.h>
int main(int argc, char **argv)
{
    (void)argv;
    volatile char *p = malloc(8);
    p[7 + argc] = 1;
    free((void *)p);
    return 0;
}
