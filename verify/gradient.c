/* Correctly rounded gradients by Ziv's strategy.
 * SPDX-License-Identifier: MIT */
#include "gradient.h"

#include <math.h>
#include <stdlib.h>

#include "trunc.h"

enum { START = 128, STEP = 64, MAG_BITS = 256, EXACT_FROM = 512, EXACT_BITS = 2048 };

typedef struct session {
    ref_ctx c;
    ref_net net;
    ref_run run;
    ref_grad g;
} session;

static ep_status open_at(const ep_net *net, const ep_batch *bt, const vfy_gradient_args *a, const ref_arith *ar, long bits,
                         session *s, size_t *ties)
{
    ref_rule_args rule = {.rule = a->rule, .window = a->window, .seed = a->seed, .reg_off = a->reg_off, .threads = a->threads};
    ref_synth sg;
    ref_synth_use use;
    ep_status st = ref_ctx_init(&s->c, ar, bits);
    if (st != EP_OK) return st;
    st = ref_net_load(&s->c, net, &s->net);
    if (st == EP_OK) st = ref_run_batch_exact(&s->c, &s->net, net, bt, &s->run, ties);
    if (st == EP_OK) st = ref_grad_init(&s->c, &s->net, &s->g);
    if (st == EP_OK && a->synth) {
        st = vfy_synth_load(&s->c, a->synth, &s->net, a->seed, &sg, &use);
        rule.synth = &use;
    }
    if (st == EP_OK) st = ref_gradient(&s->c, &s->run, &rule, &s->g);
    if (st == EP_OK) st = s->c.status;
    if (st != EP_OK) ref_ctx_clear(&s->c);
    return st;
}

/* x rounded to nearest in the format; false if it is not finite there. */
static bool nearest(vfy_format f, mpfr_srcptr x, double *out)
{
    *out = f == VFY_F32 ? (double)mpfr_get_flt(x, MPFR_RNDN) : mpfr_get_d(x, MPFR_RNDN);
    return isfinite(*out);
}

/* Decides one entry from its enclosure; returns how many more bits it lacks, 0 if decided. */
static double decide(const vfy_gradient_args *a, const ref_num *x, vfy_entry *e)
{
    mpfr_srcptr lo = &x->i->left, hi = &x->i->right;
    double lo_d, hi_d;
    uint64_t bits_lo, bits_hi;
    unsigned extra_lo, extra_hi;
    e->want.lo = mpfr_get_d(lo, MPFR_RNDD);
    e->want.hi = mpfr_get_d(hi, MPFR_RNDU);
    e->want.kind = VFY_UNDECIDED;
    if (mpfr_zero_p(lo) && mpfr_zero_p(hi)) {
        e->want.kind = VFY_ZERO;
        return 0.0;
    }
    if (!mpfr_number_p(lo) || !mpfr_number_p(hi)) return STEP;
    if (nearest(a->round, lo, &lo_d) && nearest(a->round, hi, &hi_d) && lo_d == hi_d && mpfr_sgn(lo) == mpfr_sgn(hi) &&
        vfy_trunc12_bits(a->round, lo, &bits_lo, &extra_lo) == EP_OK &&
        vfy_trunc12_bits(a->round, hi, &bits_hi, &extra_hi) == EP_OK && bits_lo == bits_hi && extra_lo == extra_hi) {
        e->want.kind = VFY_VALUE;
        e->want.bits = bits_lo;
        e->want.extra = extra_lo;
        e->nearest = lo_d;
        return 0.0;
    }
    double width = e->want.hi - e->want.lo, size = fmax(fabs(e->want.lo), fabs(e->want.hi));
    double lacks = width > 0.0 && size > 0.0 ? 53.0 + 16.0 + log2(width / size) : STEP;
    return fmax(STEP, isfinite(lacks) ? lacks : STEP);
}

/* The least that an open entry lacks and the most; the next round aims at the most. */
static double decide_all(const vfy_gradient_args *a, const session *s, vfy_gradient *out)
{
    double lacks = 0.0;
    out->decided = out->zero = out->undecided = 0;
    for (size_t k = 0; k < out->n; k++) {
        vfy_entry *e = &out->entry[k];
        if (e->want.kind == VFY_UNDECIDED) lacks = fmax(lacks, decide(a, &s->g.g[e->group][e->at], e));
        out->decided += e->want.kind == VFY_VALUE;
        out->zero += e->want.kind == VFY_ZERO;
        out->undecided += e->want.kind == VFY_UNDECIDED;
    }
    return lacks;
}

static ep_status list_entries(const ep_net *net, vfy_gradient *out)
{
    for (int g = 0; g < EP_N_GROUP; g++) out->n += ep_group_size(net, (ep_group)g);
    out->entry = calloc(out->n ? out->n : 1, sizeof *out->entry);
    if (!out->entry) return EP_NOMEM;
    for (int g = 0, k = 0; g < EP_N_GROUP; g++)
        for (size_t i = 0; i < ep_group_size(net, (ep_group)g); i++, k++)
            out->entry[k] = (vfy_entry){.group = (ep_group)g, .at = i,
                                        .want = {.q = (vfy_quantity)(VFY_Q_GRAD + g), .at = i, .kind = VFY_UNDECIDED}};
    return EP_OK;
}

/* Values that lie exactly on a boundary (a short dyadic number reached through a division, say) stay open at every
 * precision; rationals settle them where the model has them and the numbers stay of a size to handle. */
static bool rational_will_do(const ep_net *net, const ep_batch *bt, const vfy_gradient_args *a)
{
    return !(a->synth && a->synth->n_hid) && ep_model_spikes(net->model) && bt->loss == EP_REGRESSION && bt->T <= 64 && net->n_rec <= 32 &&
           (net->opt.psi_shape == EP_TRIANGLE || net->opt.psi_shape == EP_FAST_SIGMOID);
}

static ep_status settle_exactly(const ep_net *net, const ep_batch *bt, const vfy_gradient_args *a, vfy_gradient *out)
{
    session s;
    ref_ctx c;
    ep_status st = open_at(net, bt, a, ref_arith_rational(), EXACT_BITS, &s, NULL);
    if (st != EP_OK) return st;
    st = ref_ctx_init(&c, ref_arith_mpfi(), EXACT_BITS);
    ref_num *x = st == EP_OK ? ref_vec(&c, 1) : NULL;
    out->decided = out->zero = out->undecided = 0;
    for (size_t k = 0; x && k < out->n; k++) {
        vfy_entry *e = &out->entry[k];
        mpfi_set_q(x->i, s.g.g[e->group][e->at].q);
        if (e->want.kind == VFY_UNDECIDED) (void)decide(a, x, e);
        out->decided += e->want.kind == VFY_VALUE;
        out->zero += e->want.kind == VFY_ZERO;
        out->undecided += e->want.kind == VFY_UNDECIDED;
    }
    if (st == EP_OK) ref_ctx_clear(&c);
    ref_ctx_clear(&s.c);
    return st;
}

/* mag of every decided entry, from the running error arithmetic over the whole computation. */
static ep_status measure_mag(const ep_net *net, const ep_batch *bt, const vfy_gradient_args *a, vfy_gradient *out)
{
    session s;
    ep_status st = open_at(net, bt, a, ref_arith_running(), MAG_BITS, &s, NULL);
    if (st != EP_OK) return st;
    for (size_t k = 0; k < out->n; k++) out->entry[k].want.mag = s.g.g[out->entry[k].group][out->entry[k].at].e.mag;
    ref_ctx_clear(&s.c);
    return EP_OK;
}

ep_status vfy_gradient_certify(const ep_net *net, const ep_batch *bt, const vfy_gradient_args *a, vfy_gradient *out)
{
    *out = (vfy_gradient){0};
    ep_status st = list_entries(net, out);
    for (long bits = START; st == EP_OK;) {
        session s;
        out->ties = 0;
        vfy_say(a->progress, "enclosing", (double)bits / (double)a->most_bits);
        st = open_at(net, bt, a, ref_arith_mpfi(), bits, &s, &out->ties);
        if (st != EP_OK) break;
        out->bits = bits;
        double lacks = decide_all(a, &s, out);
        ref_ctx_clear(&s.c);
        if (out->undecided && bits >= EXACT_FROM && rational_will_do(net, bt, a)) st = settle_exactly(net, bt, a, out);
        if (st != EP_OK || !out->undecided || bits == a->most_bits) break;
        bits += (long)ceil(fmax(lacks, 0.5 * (double)bits));
        if (bits > a->most_bits) bits = a->most_bits;
    }
    if (st == EP_OK) st = measure_mag(net, bt, a, out);
    if (st != EP_OK) vfy_gradient_free(out);
    return st;
}

void vfy_gradient_free(vfy_gradient *g)
{
    free(g->entry);
    *g = (vfy_gradient){0};
}
