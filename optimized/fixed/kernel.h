/* Q of many numbers with one format, in words of KERNEL_BITS bits, without branches, so that compilers can use SIMD.
 *
 * With B = 2^(bits-1): floor(n 2^-d) = floor((n + B) 2^-d) - B 2^-d, and n + B is not negative. Nearest: half a unit less one is added, and
 * one more where the floor is odd (even ties); floor: nothing.
 * SPDX-License-Identifier: MIT */
#define KERNEL_PASTE(a, b) a##b
#define KERNEL_NAME(a, b) KERNEL_PASTE(a, b)
#define WORD KERNEL_NAME(KERNEL_NAME(int, KERNEL_BITS), _t)
#define UWORD KERNEL_NAME(KERNEL_NAME(uint, KERNEL_BITS), _t)

/* The number that is congruent to u; a conversion the compiler leaves out. */
static inline WORD KERNEL_NAME(as_signed, KERNEL_BITS)(UWORD u)
{
    return u >> (KERNEL_BITS - 1) ? -1 - (WORD)(UWORD)~u : (WORD)u;
}

/* out[k] = Q(c x[k] + y[k]), one: without y; returns the events. */
static inline uint32_t KERNEL_NAME(combine, KERNEL_BITS)(const fix_plan *p, const bool wrap, const bool one, int32_t c,
                                                         const int32_t *restrict x, const int32_t *restrict y, int32_t *restrict out, size_t n)
{
    const UWORD C = (UWORD)(WORD)c << p->up_x, bias = (UWORD)1 << (KERNEL_BITS - 1), low = bias >> p->down;
    const UWORD add = p->nearest ? (((UWORD)1 << p->down) >> 1) - p->even : 0, odd = p->even;
    const unsigned d = p->down, up = p->up_y;
    const WORD end = (WORD)1 << (p->bits - 1), last = end - 1;
    uint32_t events = 0;
    for (size_t k = 0; k < n; k++) {
        UWORD u = C * (UWORD)(WORD)x[k] + (one ? 0 : (UWORD)(WORD)y[k] << up) + bias;
        u = (u + add + ((u >> d) & odd)) >> d;
        WORD q = KERNEL_NAME(as_signed, KERNEL_BITS)(u - low), to;
        if (wrap) to = KERNEL_NAME(as_signed, KERNEL_BITS)((((UWORD)q + (UWORD)end) & ((UWORD)end * 2 - 1)) - (UWORD)end);
        else to = q < -end ? -end : q > last ? last : q;
        events += to != q;
        out[k] = (int32_t)to;
    }
    return events;
}

#undef UWORD
#undef WORD
#undef KERNEL_NAME
#undef KERNEL_PASTE
