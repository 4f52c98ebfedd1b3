/* Measures of the outer gradient: adjoint, tape, tangents, central differences.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "eprop2_evidence.h"
#include "../reference/tape/tape_eprop2.h"

typedef struct session {
    ref_ctx c;
    ref_e2 p;
} session;

static ep_status open_session(const ref_e2_source *src, const ref_arith *ar, long prec, uint64_t prime, uint64_t seed, session *s)
{
    ep_status st = ref_ctx_init(&s->c, ar, prec);
    if (st != EP_OK) return st;
    if (prime) s->c.prime = prime;
    s->c.seed = seed;
    st = ref_e2_run(&s->c, src, 1, &s->p);
    if (st != EP_OK) ref_ctx_clear(&s->c);
    return st;
}

typedef struct two_routes { ref_e2_grad adjoint, tape; } two_routes;

static ep_status both(session *s, ref_e2_order order, const ref_e2_wrap *wrap, two_routes *r)
{
    ep_status st = ref_e2_grad_init(&s->c, &s->p, &r->adjoint);
    if (st == EP_OK) st = ref_e2_grad_init(&s->c, &s->p, &r->tape);
    if (st == EP_OK) st = ref_e2_gradient(&s->c, &s->p, order, wrap, &r->adjoint);
    return st == EP_OK ? ref_tape_eprop2(&s->c, &s->p, order, &r->tape, NULL) : st;
}

static const ref_grad *part(const ref_e2_grad *g, int net) { return net ? &g->module : &g->main; }

/* A random direction of all parameters; masked weights stay 0. */
static ep_status direction(session *s, uint64_t seed, ref_e2_grad *d)
{
    ep_status st = ref_e2_grad_init(&s->c, &s->p, d);
    uint64_t drawn = 0;
    for (int m = 0; st == EP_OK && m < 2; m++)
        for (int g = 0; g < EP_N_GROUP; g++) {
            size_t n = (size_t)(m ? s->p.module.n_rec : s->p.main.n_rec);
            for (size_t i = 0; i < part(d, m)->n[g]; i++)
                if (g != EP_G_WREC || i / n != i % n)
                    ref_set_d(&s->c, &part(d, m)->g[g][i], ep_rng_normal(seed, 77, drawn++, 24));
        }
    return st;
}

/* product = <g, d>, size = sum |g d| as a double. */
static void inner_product(session *s, const ref_e2_grad *g, const ref_e2_grad *d, ref_num *product, double *size)
{
    ref_ctx *c = &s->c;
    *size = 0.0;
    ref_set(c, product, &c->zero);
    for (int m = 0; m < 2; m++)
        for (int k = 0; k < EP_N_GROUP; k++)
            for (size_t i = 0; i < part(g, m)->n[k]; i++) {
                const ref_num *a = &part(g, m)->g[k][i], *b = &part(d, m)->g[k][i];
                ref_addmul(c, product, ref_sparse(c, a), ref_sparse(c, b));
                if (!c->ar->symbolic) *size += fabs(c->ar->to_d(a) * c->ar->to_d(b));
            }
}

static ep_status tangent(session *s, const ref_e2_grad *g, uint64_t seed, ref_num *w, double *size)
{
    ref_e2_grad d;
    ep_status st = direction(s, seed, &d);
    if (st == EP_OK) st = ref_e2_tangent(&s->c, &s->p, &d, &w[0]);
    if (st != EP_OK) return st;
    inner_product(s, g, &d, &w[1], size);
    ref_sub(&s->c, &w[2], &w[0], &w[1]);
    return s->c.status;
}

static bool same(const ref_arith *ar, const ref_num *a, const ref_num *b)
{
    return ar == ref_arith_rational() ? mpq_equal(a->q, b->q) != 0 : a->f == b->f;
}

static void count_differing(const ref_ctx *c, const two_routes *r, size_t *entries, size_t *differ, int *dead)
{
    for (int m = 0; m < 2; m++)
        for (int k = 0; k < EP_N_GROUP; k++) {
            const ref_grad *a = part(&r->adjoint, m), *b = part(&r->tape, m);
            bool any = false;
            for (size_t i = 0; i < a->n[k]; i++) {
                *differ += !same(c->ar, &a->g[k][i], &b->g[k][i]);
                any = any || !c->ar->is_zero(&b->g[k][i]);
            }
            *entries += a->n[k];
            if (dead) *dead += a->n[k] && !any;
        }
}

static ep_status measure_degree(const vfy_e2_case *k, ref_e2_order order, int64_t *most)
{
    session s;
    two_routes r;
    ep_status st = open_session(&k->src, ref_arith_degree(), 53, 0, 0, &s);
    if (st != EP_OK) return st;
    st = both(&s, order, NULL, &r);
    for (int m = 0; st == EP_OK && m < 2; m++)
        for (int g = 0; g < EP_N_GROUP; g++)
            for (size_t i = 0; i < part(&r.tape, m)->n[g]; i++) {
                int64_t a = part(&r.adjoint, m)->g[g][i].deg, b = part(&r.tape, m)->g[g][i].deg, d = a > b ? a : b;
                if (d > *most) *most = d;
            }
    ref_ctx_clear(&s.c);
    return st;
}

ep_status vfy_e2_measure_identity(const vfy_e2_case *k, ref_e2_order order, uint64_t prime, uint64_t seed,
                                  const ref_e2_wrap *wrap, vfy_e2_identity *out)
{
    session s;
    two_routes r;
    *out = (vfy_e2_identity){0};
    ep_status st = measure_degree(k, order, &out->degree);
    if (st == EP_OK) st = open_session(&k->src, ref_arith_field(), 53, prime, seed, &s);
    if (st != EP_OK) return st;
    st = both(&s, order, wrap, &r);
    if (st == EP_OK) count_differing(&s.c, &r, &out->entries, &out->differ, &out->dead_groups);
    if (st == EP_OK && order == REF_E2_FULL) {
        double size;
        ref_num *w = ref_vec(&s.c, 3);
        st = w ? tangent(&s, &r.adjoint, seed, w, &size) : s.c.status;
        if (st == EP_OK) out->tangent_differs = !s.c.ar->is_zero(&w[2]);
    }
    ref_ctx_clear(&s.c);
    return st;
}

ep_status vfy_e2_measure_rational(const vfy_e2_case *k, ref_e2_order order, const ref_e2_wrap *wrap, size_t *entries, size_t *differ)
{
    session s;
    two_routes r;
    *entries = *differ = 0;
    ep_status st = open_session(&k->src, ref_arith_rational(), 53, 0, 0, &s);
    if (st != EP_OK) return st;
    st = both(&s, order, wrap, &r);
    if (st == EP_OK) count_differing(&s.c, &r, entries, differ, NULL);
    ref_ctx_clear(&s.c);
    return st;
}

/* ---- B ---------------------------------------------------------------------------------------------------- */

static double log2_of(mpfr_srcptr x)
{
    long e = 0;
    if (mpfr_inf_p(x) || mpfr_nan_p(x)) return INFINITY;
    if (mpfr_zero_p(x)) return -INFINITY;
    double m = mpfr_get_d_2exp(&e, x, MPFR_RNDU);
    return log2(fabs(m)) + (double)e;
}

static void enclose(const two_routes *r, long prec, vfy_e2_certificate *out)
{
    mpfi_t diff;
    mpfr_t m;
    mpfi_init2(diff, prec);
    mpfr_init2(m, 64);
    out->log2_gap = -INFINITY;
    out->entries = out->disjoint = 0;
    for (int net = 0; net < 2; net++)
        for (int g = 0; g < EP_N_GROUP; g++) {
            const ref_grad *a = part(&r->adjoint, net), *b = part(&r->tape, net);
            double scale = -INFINITY, gap = -INFINITY;
            for (size_t i = 0; i < a->n[g]; i++) {
                mpfi_mig(m, b->g[g][i].i);
                scale = fmax(scale, log2_of(m));
                mpfi_sub(diff, a->g[g][i].i, b->g[g][i].i);
                out->disjoint += !mpfi_has_zero(diff);
                mpfi_mag(m, diff);
                gap = fmax(gap, log2_of(m));
                out->entries++;
            }
            if (gap > -INFINITY) out->log2_gap = fmax(out->log2_gap, scale > -INFINITY ? gap - scale : INFINITY);
        }
    mpfi_clear(diff);
    mpfr_clear(m);
}

static size_t count_spikes(const ref_ctx *c, const ref_run *r)
{
    size_t n = 0;
    for (int b = 0; b < r->B; b++)
        for (int t = 1; t <= r->T; t++)
            for (int j = 0; j < r->net->n_rec; j++) n += !c->ar->is_zero(ref_at2(r->tr[b].z, r->net->n_rec, t, j));
    return n;
}

ep_status vfy_e2_certify(const vfy_e2_case *k, double q, const ref_e2_wrap *wrap, vfy_e2_certificate *out)
{
    enum { FIRST = 256, ROUNDS = 5, GUARD = 16 };
    ep_status st = EP_OK;
    *out = (vfy_e2_certificate){.bits = FIRST, .log2_gap = INFINITY};
    for (int round = 0; round < ROUNDS; round++) {
        session s;
        two_routes r;
        st = open_session(&k->src, ref_arith_mpfi(), out->bits, 0, 0, &s);
        if (st == EP_OK) {
            st = both(&s, REF_E2_FULL, wrap, &r);
            if (st == EP_OK) enclose(&r, s.c.prec, out);
            out->spikes = count_spikes(&s.c, &s.p.train) + count_spikes(&s.c, &s.p.mod) + count_spikes(&s.c, &s.p.test);
            ref_ctx_clear(&s.c);
        }
        if (st != EP_OK && st != EP_UNABLE) return st;
        if (st == EP_OK && (out->log2_gap <= -q || out->disjoint)) return EP_OK;
        if (round + 1 == ROUNDS) break;
        out->bits += st == EP_OK && isfinite(out->log2_gap) ? (long)ceil(out->log2_gap + q) + GUARD : out->bits;
    }
    return st;
}

/* ---- C ---------------------------------------------------------------------------------------------------- */

ep_status vfy_e2_measure_scaling(const vfy_e2_case *k, long bits, const ref_e2_wrap *wrap, vfy_scaling *out)
{
    session s;
    two_routes r;
    *out = (vfy_scaling){0};
    ep_status st = open_session(&k->src, ref_arith_running(), bits, 0, 0, &s);
    if (st != EP_OK) return st;
    st = both(&s, REF_E2_FULL, wrap, &r);
    double u = ldexp(1.0, (int)-bits);
    ref_num *d = st == EP_OK ? ref_vec(&s.c, 1) : NULL;
    for (int m = 0; d && m < 2; m++)
        for (int g = 0; g < EP_N_GROUP; g++) {
            const ref_grad *a = part(&r.adjoint, m), *b = part(&r.tape, m);
            double scale = vfy_group_scale(&s.c, b, g);
            for (size_t i = 0; i < a->n[g]; i++) {
                double limit = u * (a->g[g][i].e.mag + b->g[g][i].e.mag);
                ref_sub(&s.c, d, &a->g[g][i], &b->g[g][i]);
                double diff = fabs(mpfr_get_d(d->e.r, MPFR_RNDN));
                if (diff > 0.0) out->ratio = fmax(out->ratio, limit > 0.0 ? diff / limit : INFINITY);
                if (scale > 0.0) {
                    out->err = fmax(out->err, diff / scale);
                    out->bound = fmax(out->bound, limit / scale);
                }
            }
        }
    ref_ctx_clear(&s.c);
    return st;
}

/* ---- D ---------------------------------------------------------------------------------------------------- */

/* Where a group's parameters lie in the case's own memory, to be shifted and put back. */
static double *parameters(const vfy_case *k, int g)
{
    const ep_net *n = &k->net;
    const double *const at[] = {n->Win, n->Wrec, n->b, n->Wout, n->bout};
    const double *p = g < EP_G_THETA ? at[g] : n->theta[g - EP_G_THETA];
    return p ? k->store + (p - k->store) : NULL;
}

static ep_status loss_at(const vfy_e2_case *k, long bits, double *param, double shift, mpfr_ptr E)
{
    session s;
    double keep = *param;
    *param += shift;
    ep_status st = open_session(&k->src, ref_arith_mpfr(), bits, 0, 0, &s);
    *param = keep;
    if (st != EP_OK) return st;
    mpfr_set(E, s.p.E->r, MPFR_RNDN);
    ref_ctx_clear(&s.c);
    return EP_OK;
}

/* Central difference minus the adjoint's entry. */
static ep_status difference(const vfy_e2_case *k, long bits, double *param, double h, const ref_num *entry, double *out)
{
    mpfr_t up, down;
    mpfr_inits2((mpfr_prec_t)bits, up, down, (mpfr_ptr)0);
    ep_status st = loss_at(k, bits, param, h, up);
    if (st == EP_OK) st = loss_at(k, bits, param, -h, down);
    mpfr_sub(up, up, down, MPFR_RNDN);
    mpfr_div_d(up, up, 2.0 * h, MPFR_RNDN);
    mpfr_sub(up, up, entry->r, MPFR_RNDN);
    *out = mpfr_get_d(up, MPFR_RNDN);
    mpfr_clears(up, down, (mpfr_ptr)0);
    return st;
}

/* Halving h quarters the truncation error, so the error at h/2 is at most |D(h) - D(h/2)| up to O(h^4). Parameters lie on
 * a grid of 2^-14, so that theta +- h is exact. */
static ep_status differences(const vfy_e2_case *k, session *s, long bits, const ref_e2_grad *adjoint, vfy_e2_routes *out)
{
    enum { SHIFT = 36, SAMPLE = 4 };
    for (int m = 0; m < 2; m++)
        for (int g = 0; g < EP_N_GROUP; g++) {
            const ref_grad *a = part(adjoint, m);
            double *theta = parameters(m ? &k->module : &k->main, g), scale = vfy_group_scale(&s->c, a, g);
            size_t stride = a->n[g] / SAMPLE + 1, n = (size_t)(m ? s->p.module.n_rec : s->p.main.n_rec);
            for (size_t i = 1 % (a->n[g] ? a->n[g] : 1); theta && i < a->n[g]; i += stride) {
                double d[2] = {0.0, 0.0};
                if (g == EP_G_WREC && i / n == i % n) continue;
                for (int half = 0; half < 2; half++) {
                    ep_status st = difference(k, bits, &theta[i], ldexp(1.0, -SHIFT - half), &a->g[g][i], &d[half]);
                    if (st != EP_OK) return st;
                }
                out->fd = fmax(out->fd, fabs(d[1]) / scale);
                out->fd_limit = fmax(out->fd_limit, 1.01 * fabs(d[0] - d[1]) / scale);
            }
        }
    return EP_OK;
}

ep_status vfy_e2_measure_routes(const vfy_e2_case *k, long bits, const ref_e2_wrap *wrap, vfy_e2_routes *out)
{
    session s;
    two_routes r = {0};
    *out = (vfy_e2_routes){0};
    ep_status st = open_session(&k->src, ref_arith_mpfr(), bits, 0, 0, &s);
    if (st != EP_OK) return st;
    for (int o = REF_E2_N_ORDER - 1; st == EP_OK && o >= 0; o--) { /* the full order last: it stays in r */
        st = both(&s, (ref_e2_order)o, wrap, &r);
        for (int m = 0; st == EP_OK && m < 2; m++)
            out->tape[o] = fmax(out->tape[o], vfy_grad_distance(&s.c, part(&r.adjoint, m), part(&r.tape, m)));
    }
    ref_num *w = ref_vec(&s.c, 3);
    double size = 0.0;
    if (st == EP_OK) st = w ? tangent(&s, &r.adjoint, 3, w, &size) : s.c.status;
    if (st == EP_OK) out->tangent = fabs(s.c.ar->to_d(&w[2])) / size;
    bool smooth = s.p.main.cell->smooth && s.p.module.cell->smooth;
    if (st == EP_OK && smooth) st = differences(k, &s, bits, &r.adjoint, out);
    ref_ctx_clear(&s.c);
    return st;
}
