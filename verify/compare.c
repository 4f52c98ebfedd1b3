/* compare.c: errors in units of u mag, tensor by tensor, and the first divergence.
 * SPDX-License-Identifier: MIT */
#include "stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

uint64_t vfy_wanted(const vfy_epv_case *c)
{
    uint64_t mask = 0;
    for (size_t i = 0; i < c->n_want; i++) mask |= UINT64_C(1) << c->want[i].q;
    return mask;
}

uint64_t vfy_asked(const vfy_epv_case *c)
{
    uint64_t all = 0;
    if (c->n_want || c->family == VFY_FAMILY_REJECT) return vfy_wanted(c);
    for (int q = 0; q < VFY_N_QUANTITY; q++)
        if (vfy_quantity_of_model((vfy_quantity)q, c->net.model) && !vfy_quantity_of_chain((vfy_quantity)q)) all |= UINT64_C(1) << q;
    for (int i = 0; i < 3; i++)
        if (c->given[i]) all &= ~(UINT64_C(1) << (i == 0 ? VFY_Q_Z : i == 1 ? VFY_Q_PSI : VFY_Q_L));
    return all;
}

bool vfy_is_streamable(const vfy_epv_case *c)
{
    bool eprop1 = c->rule >= EP_EPROP1_SYMMETRIC && c->rule <= EP_EPROP1_GLOBAL;
    return c->n_want == 0 && c->family != VFY_FAMILY_REJECT && eprop1 && c->batch.B == 1 && !c->updates && !vfy_format_is_fixed(c->format);
}

double vfy_case_elements(const vfy_epv_case *c)
{
    double columns = vfy_trace_columns(&c->net);
    return (double)c->batch.T * c->batch.B * c->net.n_rec * columns;
}

void vfy_answer_clear(vfy_answer *a)
{
    for (int q = 0; q < VFY_N_QUANTITY; q++) free(a->q[q]);
    memset(a, 0, sizeof *a);
}

ep_status vfy_answer_init(vfy_answer *a, const vfy_epv_case *c, uint64_t mask)
{
    vfy_answer out = {.format = c->format};
    size_t total = 0, size = c->format == VFY_F32 ? sizeof(float) : sizeof(double); /* integers as double */
    mask &= vfy_wanted(c);
    for (int q = 0; q < VFY_N_QUANTITY; q++) {
        if (!(mask >> q & 1)) continue;
        vfy_shape shape = vfy_quantity_shape((vfy_quantity)q, &c->net, c->batch.T, c->batch.B, c->updates);
        size_t n = vfy_shape_size(&shape);
        ep_status s = n > VFY_MAX_ANSWER || total + n > VFY_MAX_ANSWER ? EP_DOMAIN : EP_OK;
        if (!s && !(out.q[q] = malloc(n * size))) s = EP_NOMEM;
        if (s) {
            vfy_answer_clear(&out);
            return s;
        }
        total += n;
        for (size_t i = 0; i < n; i++)
            if (c->format == VFY_F32) ((float *)out.q[q])[i] = NAN;
            else ((double *)out.q[q])[i] = (double)NAN;
    }
    *a = out;
    return EP_OK;
}

double vfy_answer_value(const vfy_answer *a, vfy_quantity q, size_t at)
{
    return a->format == VFY_F32 ? (double)((const float *)a->q[q])[at] : ((const double *)a->q[q])[at];
}

static double unit_of(vfy_format f) { return f == VFY_F32 ? 0x1p-24 : 0x1p-53; }

/* |got - want| for a want of 12 bits more than the format. Far from the ends of the range both differences below are
 * exact or rounded once; near the ends all is scaled by a power of two, exactly. The result is scaled too. */
static double distance(vfy_format f, double got, const vfy_want *w, double *scaled_by)
{
    double hi = vfy_bits_value(f, w->bits), scale = 1;
    int e;
    if (fabs(got) > 0x1p1000 || fabs(hi) > 0x1p1000) scale = 0x1p-100;
    else if (fabs(got) < 0x1p-800 && fabs(hi) < 0x1p-800) scale = 0x1p200;
    (void)frexp(hi, &e);
    int emin = f == VFY_F32 ? -125 : -1021, p = f == VFY_F32 ? 24 : 53;
    if (e < emin || hi == 0) e = emin;
    double lo = ldexp((double)w->extra * scale, e - p - 12);
    bool negative = w->bits >> (f == VFY_F32 ? 31 : 63) & 1;
    *scaled_by = scale;
    return fabs((got * scale - hi * scale) - (negative ? -lo : lo));
}

double vfy_error_ratio(vfy_format f, double got, const vfy_want *w)
{
    const double inf = (double)INFINITY;
    if (!isfinite(got)) return inf;
    if (w->kind == VFY_ZERO) return got == 0 ? 0 : inf;
    if (w->kind == VFY_UNDECIDED) return got >= w->lo && got <= w->hi ? 0 : inf;
    if (vfy_format_is_fixed(f)) return got == vfy_bits_value(f, w->bits) ? 0 : inf;
    double scale, d = distance(f, got, w, &scale);
    if (d == 0) return 0;
    return w->mag > 0 ? d / unit_of(f) / (w->mag * scale) : inf;
}

bool vfy_is_nearest(vfy_format f, double got, const vfy_want *w)
{
    if (w->kind == VFY_ZERO) return got == 0;
    if (w->kind == VFY_UNDECIDED) return got >= w->lo && got <= w->hi;
    if (vfy_format_is_fixed(f)) return got == vfy_bits_value(f, w->bits);
    double down = vfy_bits_value(f, w->bits), up = vfy_bits_value(f, w->bits + 1);
    if (w->extra <= 0x800 && got == down) return true;
    return w->extra >= 0x800 && got == up;
}

double vfy_error_limit(const vfy_epv_case *c)
{
    if (vfy_format_is_fixed(c->format)) return 1;
    double k = (c->updates ? (double)c->updates : 1) * (double)c->batch.T * ((double)c->net.n_in + c->net.n_rec + c->net.n_out + 16);
    double ku = k * unit_of(c->format);
    return ku < 0.5 ? 1 / (1 - ku) : 2;
}

typedef struct sums {
    double scale, gg, ww, gw;
    size_t same_sign;
} sums;

static double want_value(vfy_format f, const vfy_want *w) { return w->kind == VFY_ZERO ? 0 : vfy_bits_value(f, w->bits); }

static int sign_of(double x) { return (x > 0) - (x < 0); }

static void add_to(sums *s, double got, double want)
{
    got /= s->scale;
    want /= s->scale;
    s->gg += got * got;
    s->ww += want * want;
    s->gw += got * want;
    s->same_sign += sign_of(got) == sign_of(want);
}

static void note_divergence(const vfy_epv_case *c, const vfy_want *w, double got, double r, vfy_divergence *d)
{
    vfy_shape shape = vfy_quantity_shape(w->q, &c->net, c->batch.T, c->batch.B, c->updates);
    int t = vfy_shape_step(&shape, w->at);
    if (t == 0) t = c->batch.T + 1; /* of a chain every entry has its update */
    if (d->found) {
        if (t != d->t ? t > d->t : w->q != d->q ? w->q > d->q : w->at > d->at) return;
    }
    *d = (vfy_divergence){.found = true, .t = t, .q = w->q, .at = w->at, .got = got, .r = r, .want = w};
}

static void finish(vfy_comparison *out, const sums *s)
{
    for (int q = 0; q < VFY_N_QUANTITY; q++) {
        vfy_tensor *t = &out->q[q];
        size_t n = t->n - t->undecided;
        double gg = s[q].gg, ww = s[q].ww;
        t->cosine = gg > 0 && ww > 0 ? s[q].gw / (sqrt(gg) * sqrt(ww)) : (double)NAN;
        t->norm_ratio = ww > 0 ? sqrt(gg / ww) : (double)NAN;
        t->sign_agreement = n ? (double)s[q].same_sign / (double)n : (double)NAN;
    }
}

void vfy_compare(const vfy_epv_case *c, const vfy_answer *a, double limit, vfy_comparison *out)
{
    sums s[VFY_N_QUANTITY];
    memset(out, 0, sizeof *out);
    memset(s, 0, sizeof s);
    out->limit = limit;
    for (size_t i = 0; i < c->n_want; i++) { /* the largest value scales the sums of squares */
        const vfy_want *w = &c->want[i];
        double x = w->kind == VFY_VALUE ? fabs(want_value(c->format, w)) : 0;
        if (x > s[w->q].scale) s[w->q].scale = x;
    }
    for (int q = 0; q < VFY_N_QUANTITY; q++)
        if (s[q].scale == 0) s[q].scale = 1;
    for (size_t i = 0; i < c->n_want; i++) {
        const vfy_want *w = &c->want[i];
        vfy_tensor *t = &out->q[w->q];
        if (!a->q[w->q]) {
            out->not_answered++;
            continue;
        }
        double got = vfy_answer_value(a, w->q, w->at), r = vfy_error_ratio(c->format, got, w);
        if (t->n == 0 || r > t->max_r) t->max_r = r, t->at_max = w->at;
        t->n++;
        out->compared++;
        if (w->kind == VFY_UNDECIDED) t->undecided++;
        else add_to(&s[w->q], got, want_value(c->format, w));
        if (r > limit) {
            t->over++;
            note_divergence(c, w, got, r, &out->first);
        }
    }
    finish(out, s);
}

/* Fixed point: by how many units in the last place. */
static void integers_text(const vfy_epv_case *c, const vfy_divergence *d, const char *where, char *buf, size_t n)
{
    char got[17] = "nothing", want[17];
    uint64_t bits;
    double off = d->got - vfy_bits_value(c->format, d->want->bits);
    vfy_bits_text(c->format, d->want->bits, want);
    if (vfy_bits_of(c->format, d->got, &bits)) vfy_bits_text(c->format, bits, got);
    if (!n) return;
    if (isnan(off)) (void)snprintf(buf, n, "%s: got %s, want %s", where, got, want);
    else (void)snprintf(buf, n, "%s: got %s, want %s, %.0f unit%s too %s", where, got, want, fabs(off), fabs(off) == 1 ? "" : "s", off > 0 ? "high" : "low");
}

void vfy_divergence_text(const vfy_epv_case *c, const vfy_comparison *r, char *buf, size_t n)
{
    char where[64], hex[17], want[64] = "0 (structural)";
    const vfy_divergence *d = &r->first;
    uint64_t bits;
    if (!d->found) {
        if (n) (void)snprintf(buf, n, "no divergence in %zu entries, limit %.9g", r->compared, r->limit);
        return;
    }
    vfy_shape shape = vfy_quantity_shape(d->q, &c->net, c->batch.T, c->batch.B, c->updates);
    vfy_position_text(vfy_quantity_name(d->q), &shape, d->at, where, sizeof where);
    if (vfy_format_is_fixed(c->format)) {
        integers_text(c, d, where, buf, n);
        return;
    }
    if (d->want->kind == VFY_VALUE) {
        vfy_bits_text(c->format, d->want->bits, hex);
        (void)snprintf(want, sizeof want, "%s.%03x", hex, d->want->extra & 0xfffu);
    } else if (d->want->kind == VFY_UNDECIDED) {
        (void)snprintf(want, sizeof want, "%.17g to %.17g", d->want->lo, d->want->hi);
    }
    if (vfy_bits_of(c->format, d->got, &bits)) vfy_bits_text(c->format, bits, hex);
    else (void)snprintf(hex, sizeof hex, "%g", d->got);
    if (n) (void)snprintf(buf, n, "%s: got %s, want %s, r = %.3g, limit %.9g", where, hex, want, d->r, r->limit);
}
