/* Shifts by the width of the type. SPDX-License-Identifier: MIT */
int main(int argc, char **argv)
{
    (void)argv;
    volatile int by = 31 + argc, v = 1;
    return (v << by) == 77;
}
