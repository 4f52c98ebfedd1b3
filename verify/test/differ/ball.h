/* ball.h: what any correct program in a binary format may answer: an arithmetic of the reference (MPFR at 128 bits) whose
 * numbers carry a proven distance beside their value.
 *
 *   r    the value                        mag   |computed - r| is at most this, second order and underflow included
 *   abs  the sum of |terms| that r is composed of: |r| <= abs
 *
 * The distance does not depend on the order of operations. Where the reference rounds once, a program may round four times (powers
 * recomputed, factors multiplied in another order, fused or not), and a sum of n terms in any order takes at most n roundings of
 * at most u abs each; so a product adds 4 u abs, a sum (n + 4) u abs, n being the longest sum of the network. exp, log, tanh and the
 * sigmoid may be off by 4 ulp (8 u).
 *
 * The forward pass makes numbers that every program holds as such (v, psi, y ..): `forward` multiplies |r|. Gradients are polynomials
 * in those, which a program may factor as it likes: there abs is multiplied, so that a distributed product is bounded too.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_DIFFER_BALL_H
#define VFY_DIFFER_BALL_H

#include <stddef.h>
#include <string.h>

#include "arith.h"

enum { BALL_BITS = 128 };

/* abs lies behind mag: a number has room for an interval. Read and written as bytes, which may lie anywhere. */
typedef struct ball {
    mpfr_t r;
    double mag, abs;
} ball;
_Static_assert(sizeof(ball) <= sizeof(ref_num) && offsetof(ball, mag) == offsetof(ref_num, e.mag), "a ball lies in a number");

static inline double ball_abs_of(const ref_num *x)
{
    double abs;
    memcpy(&abs, (const unsigned char *)x + offsetof(ball, abs), sizeof abs);
    return abs;
}

static inline void ball_abs_set(ref_num *x, double abs) { memcpy((unsigned char *)x + offsetof(ball, abs), &abs, sizeof abs); }

/* The program whose answers are bounded, and what was met: one case at a time. */
typedef struct ball_world {
    double u;          /* unit roundoff */
    double tiny;       /* what an underflow loses: the smallest subnormal; where those are flushed, the least of the sigmoid (LIMITS.md) */
    double normal;     /* below it an input may be flushed, by as much as itself; 0: never */
    double longest;    /* terms of the longest sum */
    bool forward;
    double peak;       /* largest |number| + distance met */
    signed char *test; /* receives the sign of each spike test in turn: -1, 0, 1, 2 = within the distance; or NULL */
    size_t tests, room;
} ball_world;

/* Sticky until the next call. Not for threads. */
void ball_begin(ball_world *w);
const ref_arith *ball_arith(void);

/* Numbers that programs hold as such: abs <- |r|. */
void ball_hold(ref_num *x, size_t n);

#endif
