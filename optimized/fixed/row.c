/* Operations on stretches of a row of synapses, in the fewest bits that hold them.
 * SPDX-License-Identifier: MIT */
#include "core.h"

#define KERNEL_BITS 32
#include "kernel.h"
#undef KERNEL_BITS
#define KERNEL_BITS 64
#include "kernel.h"
#undef KERNEL_BITS

fix_plan fix_plan_sum(const fix_state *s, unsigned q, unsigned ex, unsigned fx, unsigned ey, unsigned fy)
{
    const fix_format *f = &s->profile->q[q];
    unsigned finest = fix_max(fix_max(fx, fy), f->frac);
    fix_plan p = {.q = q, .fx = fx, .fy = fy, .up_x = finest - fx, .up_y = finest - fy, .down = finest - f->frac, .bits = f->bits};
    unsigned x = ex + p.up_x, y = ey + p.up_y;
    p.nearest = p.down > 0 && (f->rounding == FIX_NEAREST_EVEN || f->rounding == FIX_NEAREST_UP);
    p.even = p.nearest && f->rounding == FIX_NEAREST_EVEN;
    p.wrap = f->overflow == FIX_WRAP;
    p.drawn = f->rounding == FIX_STOCHASTIC && p.down > 0;
    p.narrow = x < 31 && y < 31 && p.down < 31 && f->bits < 32 &&
               ((uint64_t)1 << x) + ((uint64_t)1 << y) + ((uint64_t)1 << p.down) < (uint64_t)1 << 31;
    return p;
}

fix_plan fix_plan_one(const fix_state *s, unsigned q, unsigned ex, unsigned fx)
{
    fix_plan p = fix_plan_sum(s, q, ex, fx, 0, fx);
    p.one = true;
    return p;
}

unsigned fix_exponent(const fix_state *s, unsigned q) { return q == FIX_D ? s->profile->q[q].frac : s->profile->q[q].bits - 1u; }

#define COMBINE(bits, wrap) (p->one ? combine##bits(p, wrap, true, c, x, x, out, at.n) : combine##bits(p, wrap, false, c, x, y, out, at.n))

void fix_combine(fix_state *s, const fix_plan *p, int32_t c, const int32_t *x, const int32_t *y, int32_t *out, fix_place at)
{
    if (!p->drawn) {
        if (p->narrow) s->events[p->q] += p->wrap ? COMBINE(32, true) : COMBINE(32, false);
        else s->events[p->q] += p->wrap ? COMBINE(64, true) : COMBINE(64, false);
        return;
    }
    for (size_t k = 0; k < at.n; k++)
        if (p->one) out[k] = x[k] ? fix_fit(s, p->q, (int64_t)c * x[k], p->fx, at.j, at.i + (uint32_t)k) : 0;
        else out[k] = x[k] | y[k] ? fix_fit2(s, p->q, (int64_t)c * x[k], p->fx, y[k], p->fy, at.j, at.i + (uint32_t)k) : 0;
}

/* g + r within the format, r = c y rounded; as g is a multiple of the unit, it only decides which ties are even. */
static uint32_t add_narrow(const fix_plan *p, int32_t c, const int32_t *restrict y, int32_t *restrict g, size_t n)
{
    const uint32_t C = (uint32_t)c << p->up_x, bias = (uint32_t)1 << 31, low = bias >> p->down, odd = p->even;
    const uint32_t add = p->nearest ? (((uint32_t)1 << p->down) >> 1) - p->even : 0;
    const unsigned d = p->down;
    const int32_t last = as_signed32((((uint32_t)1 << (p->bits - 1)) - 1)), first = -1 - last;
    uint32_t events = 0;
    for (size_t k = 0; k < n; k++) {
        uint32_t u = C * (uint32_t)y[k] + bias;
        u = (u + add + (((u >> d) + (uint32_t)g[k] - low) & odd)) >> d;
        int32_t r = as_signed32(u - low), lo = first - (r < 0 ? r : 0), hi = last - (r > 0 ? r : 0);
        int32_t from = g[k] < lo ? lo : g[k] > hi ? hi : g[k];
        events += from != g[k];
        g[k] = from + r;
    }
    return events;
}

void fix_add(fix_state *s, const fix_plan *p, int32_t c, const int32_t *y, int32_t *g, fix_place at)
{
    if (p->narrow) {
        s->events[p->q] += add_narrow(p, c, y, g, at.n);
        return;
    }
    for (size_t k = 0; k < at.n; k++)
        if (y[k] != 0) g[k] = fix_fit2(s, p->q, g[k], p->fy, (int64_t)c * y[k], p->fx, at.j, at.i + (uint32_t)k);
}

fix_plan fix_plan_add(const fix_state *s, unsigned q, unsigned ex, unsigned fx)
{
    fix_plan p = fix_plan_sum(s, q, ex, fx, 0, s->profile->q[q].frac);
    unsigned x = ex + p.up_x;
    p.narrow = x < 31 && p.down < 31 && !p.wrap && !p.drawn && ((uint64_t)1 << x) + ((uint64_t)1 << p.down) < (uint64_t)1 << 31;
    return p;
}

void fix_read(const fix_array *a, size_t at, int32_t *restrict to, size_t n)
{
    const fix_i8 *one = (const fix_i8 *)a->p + at;
    const fix_i16 *two = (const fix_i16 *)a->p + at;
    const fix_i32 *four = (const fix_i32 *)a->p + at;
    if (a->bytes == 2)
        for (size_t k = 0; k < n; k++) to[k] = two[k];
    else if (a->bytes == 1)
        for (size_t k = 0; k < n; k++) to[k] = one[k];
    else
        for (size_t k = 0; k < n; k++) to[k] = four[k];
}

void fix_write(fix_array *a, size_t at, const int32_t *restrict from, size_t n)
{
    fix_i8 *one = (fix_i8 *)a->p + at;
    fix_i16 *two = (fix_i16 *)a->p + at;
    fix_i32 *four = (fix_i32 *)a->p + at;
    if (a->bytes == 2)
        for (size_t k = 0; k < n; k++) two[k] = (int16_t)from[k];
    else if (a->bytes == 1)
        for (size_t k = 0; k < n; k++) one[k] = (int8_t)from[k];
    else
        for (size_t k = 0; k < n; k++) four[k] = from[k];
}
