/* port_verdict.c: from an answer to a verdict.
 * SPDX-License-Identifier: MIT */
#include "port_verdict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "flags.h"
#include "oracle.h"

static const char *const class_names[] = {"fail", "direction", "bound", "exact"};
const char *vfy_class_name(vfy_class c) { return class_names[c]; }

bool vfy_class_parse(const char *s, vfy_class *out)
{
    for (int i = VFY_CLASS_DIRECTION; i <= VFY_CLASS_EXACT; i++)
        if (!strcmp(s, class_names[i])) return *out = (vfy_class)i, true;
    return false;
}

/* ---- flips that rounding may cause --------------------------------------------------------------------------------- */

static const vfy_want *want_at(const vfy_epv_case *c, vfy_quantity q, size_t at)
{
    for (size_t i = 0; i < c->n_want; i++)
        if (c->want[i].q == q && c->want[i].at == at) return &c->want[i];
    return NULL;
}

/* Is the spike test of this entry within rounding's reach? */
static bool may_flip(const vfy_epv_case *c, const vfy_want *z)
{
    double u = c->format == VFY_F32 ? 0x1p-24 : 0x1p-53, x, mag;
    const vfy_want *v = want_at(c, VFY_Q_V, z->at), *a = want_at(c, VFY_Q_A, z->at);
    size_t j = z->at % (size_t)c->net.n_rec;
    double beta = a && c->net.theta[EP_BETA] ? c->net.theta[EP_BETA][j] : 0;
    if (!v || v->kind != VFY_VALUE) return false;
    x = vfy_bits_value(c->format, v->bits) - c->net.v_th;
    mag = v->mag + fabs(x) + 1;
    if (a && a->kind == VFY_VALUE) {
        x -= beta * vfy_bits_value(c->format, a->bits);
        mag += beta * a->mag + fabs(x);
    }
    return fabs(x) <= VFY_ROBUST * u * mag;
}

/* First step at which a trial's spikes differ where they may: from there on nothing is judged. T + 2: none. */
static int first_flip(const vfy_epv_case *c, const vfy_answer *a)
{
    int first = c->batch.T + 2;
    if (c->family != VFY_FAMILY_EDGE || !vfy_flags_has(c->flags, "near-threshold") || !a->q[VFY_Q_Z]) return first;
    vfy_shape s = vfy_quantity_shape(VFY_Q_Z, &c->net, c->batch.T, c->batch.B, c->updates);
    for (size_t i = 0; i < c->n_want; i++) {
        const vfy_want *w = &c->want[i];
        int t = w->q == VFY_Q_Z ? vfy_shape_step(&s, w->at) : first;
        if (t < first && vfy_answer_value(a, VFY_Q_Z, w->at) != vfy_bits_value(c->format, w->bits) && may_flip(c, w)) first = t;
    }
    return first;
}

/* A copy of the case's expected lines without those that a flip leaves open. */
static size_t keep_before(const vfy_epv_case *c, int flip, vfy_want *out)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n_want; i++) {
        const vfy_want *w = &c->want[i];
        vfy_shape s = vfy_quantity_shape(w->q, &c->net, c->batch.T, c->batch.B, c->updates);
        int t = vfy_shape_step(&s, w->at);
        if (t > 0 && (t < flip || (t == flip && w->q < VFY_Q_Z))) out[n++] = *w;
    }
    return n;
}

/* ---- one case ------------------------------------------------------------------------------------------------------- */

static vfy_class class_of(const vfy_epv_case *c, const vfy_answer *a, const vfy_comparison *r)
{
    bool exact = true, any = false;
    for (size_t i = 0; i < c->n_want && exact; i++)
        if (a->q[c->want[i].q]) exact = vfy_is_nearest(c->format, vfy_answer_value(a, c->want[i].q, c->want[i].at), &c->want[i]);
    if (exact) return VFY_CLASS_EXACT;
    if (!r->first.found) return VFY_CLASS_BOUND;
    for (int q = VFY_Q_GRAD; q < VFY_N_QUANTITY; q++) {
        const vfy_tensor *t = &r->q[q];
        if (q == VFY_Q_COUNT || q == VFY_Q_ULOSS) continue;
        if (!t->n || isnan(t->norm_ratio)) continue;
        any = true;
        if (!(t->cosine >= VFY_COSINE) || !(t->norm_ratio <= VFY_NORM) || !(t->norm_ratio >= 1 / VFY_NORM)) return VFY_CLASS_FAIL;
    }
    return any ? VFY_CLASS_DIRECTION : VFY_CLASS_FAIL;
}

static bool is_subnormal(vfy_format f, const vfy_want *w)
{
    double x = w->kind == VFY_VALUE && !vfy_format_is_fixed(f) ? fabs(vfy_bits_value(f, w->bits)) : 0;
    return x > 0 && x < (f == VFY_F32 ? 0x1p-126 : 0x1p-1022);
}

static void note_first(const vfy_epv_case *c, const vfy_comparison *r, vfy_judged *out)
{
    out->diverged = true;
    out->missing = isnan(r->first.got);
    out->flushed = r->first.got == 0 && is_subnormal(c->format, r->first.want);
    out->t = r->first.t;
    out->q = r->first.q;
    out->at = r->first.at;
    vfy_divergence_text(c, r, out->first, sizeof out->first);
}

static void judge_answer(const vfy_epv_case *c, const vfy_answer *a, vfy_class claim, vfy_judged *out)
{
    vfy_comparison r;
    vfy_compare(c, a, vfy_error_limit(c), &r);
    out->compared = r.compared;
    for (size_t i = 0; i < c->n_want; i++)
        if (a->q[c->want[i].q] && c->want[i].kind == VFY_VALUE && vfy_bits_value(c->format, c->want[i].bits) != 0) out->live++;
    for (int q = 0; q < VFY_N_QUANTITY; q++)
        if (r.q[q].n && 100 * r.q[q].max_r / r.limit > out->percent) out->percent = 100 * r.q[q].max_r / r.limit;
    out->reached = class_of(c, a, &r);
    out->status = r.compared == 0 ? VFY_UNTESTED : out->reached >= claim ? VFY_PASSED : VFY_FAILED;
    if (r.compared == 0) (void)snprintf(out->reason, sizeof out->reason, "nothing could be compared");
    if (r.first.found) note_first(c, &r, out);
}

/* What the reference beside the port has found. */
static void judge_streamed(const vfy_epv_case *c, vfy_streamed *s, vfy_class claim, vfy_judged *out)
{
    vfy_comparison *r = &s->r;
    r->first.want = r->first.found ? &s->want : NULL;
    out->compared = r->compared;
    out->live = s->live;
    out->flip = s->flip;
    for (int q = 0; q < VFY_N_QUANTITY; q++)
        if (r->q[q].n && 100 * r->q[q].max_r / r->limit > out->percent) out->percent = 100 * r->q[q].max_r / r->limit;
    out->reached = r->first.found ? VFY_CLASS_FAIL : s->exact ? VFY_CLASS_EXACT : VFY_CLASS_BOUND;
    out->status = r->compared == 0 ? VFY_UNTESTED : out->reached >= claim ? VFY_PASSED : VFY_FAILED;
    if (r->compared == 0) (void)snprintf(out->reason, sizeof out->reason, "nothing could be compared");
    if (r->first.found) note_first(c, r, out);
}

void vfy_judge(const vfy_epv_case *c, vfy_outcome *o, vfy_class claim, vfy_judged *out)
{
    *out = (vfy_judged){.c = c};
    (void)snprintf(out->reason, sizeof out->reason, "%s", o->reason);
    if (o->end == VFY_BROKE) {
        out->status = VFY_PORT_BROKE;
    } else if (c->family == VFY_FAMILY_REJECT && o->end != VFY_OUTSIDE && o->end != VFY_ABSENT) {
        out->status = o->end == VFY_DECLINED ? VFY_PASSED : VFY_FAILED;
        out->compared = 1;
        out->reached = o->end == VFY_DECLINED ? VFY_CLASS_EXACT : VFY_CLASS_FAIL;
        if (o->end != VFY_DECLINED) (void)snprintf(out->first, sizeof out->first, "the rule is not defined for this model: expected `unsupported`");
    } else if (o->end != VFY_ANSWERED) {
        out->status = VFY_UNTESTED;
    } else if (o->streamed) {
        judge_streamed(c, o->streamed, claim, out);
    } else {
        vfy_epv_case part = *c;
        int flip = first_flip(c, &o->answer);
        vfy_want *kept = flip <= c->batch.T ? malloc((c->n_want + 1) * sizeof *kept) : NULL;
        if (kept) {
            part.want = kept;
            part.n_want = keep_before(c, flip, kept);
            out->flip = flip;
        }
        judge_answer(&part, &o->answer, claim, out);
        free(kept);
    }
    vfy_outcome_clear(o);
}

/* ---- all cases -------------------------------------------------------------------------------------------------------- */

static bool of_readout(vfy_quantity q) { return q == VFY_Q_GRAD + EP_G_WOUT || q == VFY_Q_GRAD + EP_G_BOUT; }

/* The recurrent layer's gradients are one place, the readout's another. */
static bool same_place(vfy_quantity a, vfy_quantity b)
{
    return a == b || a == VFY_N_QUANTITY || (vfy_quantity_is_gradient(a) && vfy_quantity_is_gradient(b) && of_readout(a) == of_readout(b)) ||
           (vfy_quantity_of_chain(a) && vfy_quantity_of_chain(b));
}

/* Edge cases are too small to speak for every bug that their sizes allow. */
static bool passed_with(const vfy_judged *all, size_t n, const vfy_flag *f)
{
    for (size_t i = 0; i < n; i++)
        if (all[i].status == VFY_PASSED && all[i].c->family != VFY_FAMILY_EDGE && vfy_flag_applies(f, all[i].c)) return true;
    return false;
}

static void cause_of(const vfy_judged *all, size_t n, vfy_judged *j)
{
    size_t used = 0;
    for (int strict = 1; strict >= 0 && !used; strict--)
        for (size_t i = 0; i < vfy_flag_count(); i++) {
            const vfy_flag *f = vfy_flag_at(i);
            bool shown = j->flushed ? f->needs == VFY_NEEDS_FLUSH : same_place(f->q, j->q) && vfy_flag_applies(f, j->c) && !(strict && passed_with(all, n, f));
            if (!shown) continue;
            int w = snprintf(j->cause + used, sizeof j->cause - used, "%s%s (%s)", used ? "; or " : "", f->name, f->what);
            if (w < 0 || (size_t)w >= sizeof j->cause - used) {
                j->cause[used] = '\0';
                return;
            }
            used += (size_t)w;
        }
}

void vfy_judge_causes(vfy_judged *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        vfy_judged *j = &all[i];
        if (j->status != VFY_FAILED || !j->diverged) continue;
        if (j->missing) (void)snprintf(j->cause, sizeof j->cause, "the quantity is claimed, but this element was not sent or is not a number");
        else cause_of(all, n, j);
    }
}

const vfy_judged *vfy_judge_first(const vfy_judged *all, size_t n)
{
    const vfy_judged *first = NULL;
    for (size_t i = 0; i < n; i++) {
        const vfy_judged *j = &all[i];
        if (j->status == VFY_FAILED && !j->excused && j->diverged && (!first || j->q < first->q)) first = j;
    }
    return first;
}

vfy_tally vfy_judge_tally(const vfy_judged *all, size_t n)
{
    vfy_tally t = {.reached = VFY_CLASS_EXACT};
    for (size_t i = 0; i < n; i++) {
        const vfy_judged *j = &all[i];
        t.passed += j->status == VFY_PASSED;
        t.failed += j->status == VFY_FAILED && !j->excused;
        t.excused += j->status == VFY_FAILED && j->excused;
        t.untested += j->status == VFY_UNTESTED;
        t.broke += j->status == VFY_PORT_BROKE;
        t.compared += j->compared;
        t.live += j->live;
        if (j->status == VFY_PASSED || j->status == VFY_FAILED) {
            if (j->reached < t.reached) t.reached = j->reached;
            if (j->percent > t.percent) t.percent = j->percent;
        }
    }
    if (t.passed + t.failed == 0) t.reached = VFY_CLASS_FAIL;
    return t;
}

int vfy_tally_code(const vfy_tally *t)
{
    if (t->broke) return 3;
    if (t->failed) return 1;
    return t->passed == 0 || t->live == 0 ? 4 : 0;
}
