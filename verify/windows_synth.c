/* The synthesiser's gradient against central differences of its loss.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "windows.h"

enum { SHIFT = 40 };

typedef struct subject {
    ref_ctx c;
    ref_synth sg;
    ref_num *u, *a, *s, *target, *g, *keep, *diff, *E;
} subject;

static void draw(ref_ctx *c, ref_num *v, int n, uint64_t seed, uint64_t stream)
{
    for (int i = 0; i < n; i++) ref_set_d(c, &v[i], ldexp(rint(ldexp(ep_rng_uniform(seed, stream, (uint64_t)i) - 0.5, 12)), -12));
}

static ep_status open_subject(int n_u, int n_hid, int n_s, long bits, uint64_t seed, subject *x)
{
    ep_status st = ref_ctx_init(&x->c, ref_arith_mpfr(), bits);
    if (st != EP_OK) return st;
    ref_num **const vec[] = {&x->u, &x->a, &x->s, &x->target, &x->E, &x->keep, &x->diff};
    const int size[] = {n_u, n_hid, n_s, n_s, 1, 1, 1};
    st = ref_synth_init(&x->c, n_u, n_hid, n_s, &x->sg);
    for (int k = 0; k < 7 && st == EP_OK; k++) *vec[k] = ref_vec(&x->c, (size_t)size[k]);
    if (st == EP_OK) {
        x->g = ref_vec(&x->c, x->sg.n);
        st = x->c.status;
    }
    if (st != EP_OK) {
        ref_ctx_clear(&x->c);
        return st;
    }
    draw(&x->c, x->sg.theta, (int)x->sg.n, seed, 0);
    draw(&x->c, x->u, n_u, seed, 1);
    draw(&x->c, x->target, n_s, seed, 2);
    ref_synth_say(&x->c, &x->sg, x->u, x->a, x->s);
    ref_synth_learn(&x->c, &x->sg, x->u, x->a, x->s, x->target, x->g);
    return EP_OK;
}

/* (E(theta_i + h) - E(theta_i - h)) / 2h - g_i. */
static double off(subject *x, size_t i, double h)
{
    ref_ctx *c = &x->c;
    ref_num *keep = x->keep, *diff = x->diff, *theta = &x->sg.theta[i], *step = &c->tmp;
    double sign = 1.0;
    ref_set(c, keep, theta);
    ref_set(c, diff, &c->zero);
    for (int side = 0; side < 2; side++, sign = -sign) {
        ref_set_d(c, step, sign * h);
        ref_add(c, theta, keep, step);
        ref_synth_say(c, &x->sg, x->u, x->a, x->s);
        ref_set(c, x->E, &c->zero);
        ref_synth_loss(c, &x->sg, x->s, x->target, x->E);
        if (side) ref_neg(c, x->E, x->E);
        ref_add(c, diff, diff, x->E);
    }
    ref_set(c, theta, keep);
    ref_set_d(c, step, 2.0 * h);
    ref_div(c, diff, diff, step);
    ref_sub(c, diff, diff, &x->g[i]);
    return c->ar->to_d(diff);
}

ep_status vfy_measure_synth(int n_u, int n_hid, int n_s, long bits, uint64_t seed, double *value, double *limit)
{
    subject x;
    double most = 0.0;
    *value = *limit = 0.0;
    ep_status st = open_subject(n_u, n_hid, n_s, bits, seed, &x);
    if (st != EP_OK) return st;
    for (size_t i = 0; i < x.sg.n; i++) {
        double d = off(&x, i, ldexp(1.0, -SHIFT)), half = off(&x, i, ldexp(1.0, -SHIFT - 1));
        *value = fmax(*value, fabs(half));
        *limit = fmax(*limit, 1.01 * fabs(d - half));
        most = fmax(most, fabs(x.c.ar->to_d(&x.g[i])));
    }
    ref_ctx_clear(&x.c);
    if (!(most > 0.0)) return EP_UNABLE;
    *value /= most;
    *limit /= most;
    return EP_OK;
}
