/* Half of it runs: coverage must name the other half.
 * SPDX-License-Identifier: MIT */
static int half(int x)
{
    if (x)
        return 1;
    return 0;
}
int main(void) { return half(0); }
