/* Planted bugs on this machine: for each whether it matters here, by what the machine is, and whether the golden digests or
 * numbers caught it. Without a bug all must be right. The float engine's lines follow, compiled with contraction.
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <limits.h>
#include <stdio.h>

#include "fixed_golden.h"
#include "float_golden.h"

int cross_bug;
bool host_round(const fix_profile *p, unsigned q, double v, int32_t *n); /* inside the engine around the core */

static _Alignas(OPT_ALIGN) unsigned char memory[F_MEMORY];
static double buffer[F_MOST];
static golden g;
static float_case c;
static float_seen seen;

/* Conversions at and beyond the ends of 32 bits. */
static int numbers_wrong(void)
{
    static const volatile double v[] = {1e6, -1e6, 65535.75, -65536, 65536, 0.5};
    static const int32_t want[] = {INT32_MAX, INT32_MIN, 2147475456, INT32_MIN, INT32_MAX, 16384};
    int wrong = 0;
    for (size_t k = 0; k < sizeof v / sizeof *v; k++) {
        int32_t n;
        (void)host_round(&fix_s16_15, FIX_W, v[k], &n);
        wrong += n != want[k];
    }
    return wrong;
}

static int caught(int bug)
{
    int wrong;
    cross_bug = bug;
    wrong = numbers_wrong();
    for (int k = 0; k < G_CASES; k++) wrong += golden_run(k, &g, memory) != golden_digest[k];
    cross_bug = 0;
    return wrong != 0;
}

static int big_endian(void)
{
    const uint16_t one = 1;
    return *(const unsigned char *)&one == 0;
}

/* What the machine makes of a number too large; a machine that saturates hides the bug. */
static int converts_otherwise(void)
{
    volatile double large = 32768e6;
    /* cppcheck-suppress floatConversionOverflow ; the machine's own answer is what is asked for */
    return (int32_t)large != INT32_MAX || (int32_t)-large != INT32_MIN;
}

int main(void)
{
    const struct {
        const char *name;
        int matters;
    } bug[] = {{"signed-char", CHAR_MIN == 0}, {"two-byte-memcpy", big_endian()}, {"long-of-64-bits", sizeof(long) < 8},
               {"unsaturated-conversion", converts_otherwise()}};
    if (caught(0)) {
        printf("wrong without a bug\n");
        return 1;
    }
    for (int k = 0; k < 4; k++) printf("bug %s %d %d\n", bug[k].name, bug[k].matters, caught(k + 1));
#ifdef __FP_FAST_FMAF
    printf("contraction 1\n");
#else
    printf("contraction 0\n");
#endif
    return float_say(memory, buffer, &c, &seen);
}
