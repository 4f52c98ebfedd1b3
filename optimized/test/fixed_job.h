/* fixed_job.h: a small network of the integer engine with spikes, targets and a configuration; what is read from it.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_TEST_FIXED_JOB_H
#define OPT_TEST_FIXED_JOB_H

#include "net.h"
#include "opt_fixed.h"

enum { IN = 5, REC = 7, OUT = 2, STEPS = 30, TRIALS = 3, SYN = IN + REC + 1 };

typedef struct job {
    toy k;
    double alpha[REC], *x, *target, *mask; /* mask: NULL, or as flags */
    int32_t *flags;
    opt_config cfg;
} job;

static inline job *job_make(ep_model model, ep_preset preset, ep_rule rule, uint64_t seed)
{
    job *j = calloc(1, sizeof *j);
    ck_assert_ptr_nonnull(j);
    j->k = toy_make(model, preset, IN, REC, OUT, seed);
    for (int n = 0; n < REC; n++) j->alpha[n] = 0.875;
    j->k.net.theta[EP_ALPHA] = j->alpha;
    j->k.net.n_ref = 2;
    j->k.net.opt.delay = 2;
    j->k.net.opt.loss_norm = EP_NORM_SUM;
    j->x = toy_spikes(&j->k, TRIALS * STEPS * IN, 0.3);
    j->target = toy_draw(&j->k, TRIALS * STEPS * OUT, -1, 1);
    j->cfg = (opt_config){.net = &j->k.net, .rule = rule, .B = TRIALS, .T = STEPS, .seed = 77};
    return j;
}

static inline void job_free(job *j)
{
    free(j->k.store);
    free(j);
}

static inline int32_t *encoded(const rig *r, int quantity, const double *from, size_t n)
{
    int32_t *to = malloc(n * sizeof *to);
    ck_assert_ptr_nonnull(to);
    ck_assert_uint_eq(opt_fixed_encode(r->s, quantity, from, to, n), 0);
    return to;
}

static inline int32_t *read_all(const rig *r, int quantity, size_t *n)
{
    *n = r->e->count(r->s, quantity);
    int32_t *to = malloc((*n + 1) * sizeof *to);
    ck_assert_ptr_nonnull(to);
    ck_assert_int_eq(r->e->get(r->s, quantity, to, *n), EP_OK);
    return to;
}

static inline long magnitude(const rig *r, int quantity)
{
    size_t n;
    long sum = 0;
    int32_t *p = read_all(r, quantity, &n);
    for (size_t k = 0; k < n; k++) sum += labs((long)p[k]);
    free(p);
    return sum;
}

/* As the engine rounds: ties to even. */
static inline int32_t rounded(const fix_profile *p, unsigned q, double v) { return (int32_t)nearbyint(ldexp(v, p->q[q].frac)); }

#endif
