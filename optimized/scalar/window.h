/* What crosses the end of a window, read from given seeds and delivered to the caller.
 *
 * Boundary m lies behind step s = (m+1) window < T. A term of step t that comes from step t2 > t crosses it iff
 * t <= s < t2, where m is t's own window.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_SCALAR_WINDOW_H
#define OPT_SCALAR_WINDOW_H

#include "state.h"

typedef struct window {
    const state *s;
    size_t b, T, length; /* length 0: one window */
    uint64_t from;       /* steps before the window's or trial's first */
    bool cut;            /* the rule cuts at boundaries; else they are only observed */
    bool open;           /* one window of a stream: what lies behind T crosses boundary 0 */
    const opt_seeds *seeds, *delivered;
} window;

/* The step behind which t's window ends, at most T. */
static size_t window_end(const window *w, size_t t)
{
    if (w->open) return w->T;
    size_t end = w->length ? ((t - 1) / w->length + 1) * w->length : w->T;
    return end < w->T ? end : w->T;
}

/* Steps beyond T deliver 0, but a given seed counts. */
static bool crosses(const window *w, size_t t, size_t t2)
{
    return (w->open || window_end(w, t) < w->T) && t2 > window_end(w, t);
}

/* Entry of a seed array with n numbers a boundary and trial; NULL if the array is absent. */
static real *seed_at(const window *w, void *array, size_t t, size_t n, size_t k)
{
    size_t m = w->open ? 0 : (t - 1) / w->length;
    return array ? (real *)array + (m * w->s->nb + w->b) * n + k : NULL;
}

/* A crossing term: deliver what was computed; go on with it, with the given seed, or with nothing. */
static real cross(const window *w, size_t t, real computed, size_t n, size_t k, void *given, void *deliver)
{
    real *to = seed_at(w, deliver, t, n, k);
    const real *from = seed_at(w, given, t, n, k);
    if (to) *to = computed;
    return !w->cut ? computed : from ? *from : 0;
}

#define CROSS(w, t, computed, n, k, part) \
    cross((w), (t), (computed), (n), (k), (w)->seeds ? (w)->seeds->part : NULL, \
          (w)->delivered ? (w)->delivered->part : NULL)

#endif
