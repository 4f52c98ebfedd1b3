/* port_forced.c: the forced step: with the reference's state of t - 1, is step t still wrong?
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "port_verdict.h"

static bool is_state(vfy_quantity q)
{
    return q == VFY_Q_S || q == VFY_Q_V || q == VFY_Q_A || q == VFY_Q_C || q == VFY_Q_R || q == VFY_Q_Y ||
           (q >= VFY_Q_EPS_S && q <= VFY_Q_EBAR);
}

/* Do the expected lines hold every state that quantity q of a step is computed from? */
static bool holds_state(const vfy_epv_case *c, vfy_quantity q)
{
    uint64_t there = vfy_wanted(c);
    for (int s = 0; s < VFY_Q_GRAD; s++) {
        bool trace = s >= VFY_Q_EPS_S && s <= VFY_Q_EBAR;
        if ((s != VFY_Q_Z && !is_state((vfy_quantity)s)) || !vfy_quantity_of_model((vfy_quantity)s, c->net.model)) continue;
        if ((trace && q < VFY_Q_EPS_S) || (s == VFY_Q_Y && q < VFY_Q_Y)) continue;
        if (!(there >> s & 1)) return false;
    }
    return true;
}

/* Trial of a position; the axis is there only if B > 1. */
static int trial_of(const vfy_epv_case *c, const vfy_shape *s, size_t at)
{
    int index[VFY_MAX_AXES];
    vfy_shape_index(s, at, index);
    return c->batch.B > 1 && s->axis[0] == 'b' ? index[0] : 0;
}

/* The expected value rounded to the format, from its truncation and 12 further bits. */
static uint64_t rounded(const vfy_want *w) { return w->kind == VFY_VALUE ? w->bits + (w->extra >= 0x800) : 0; }

static void print_set(FILE *f, const vfy_epv_case *c, const vfy_want *w, int b, int t)
{
    int index[VFY_MAX_AXES];
    char hex[17];
    vfy_shape s = vfy_quantity_shape(w->q, &c->net, c->batch.T, c->batch.B, c->updates);
    vfy_shape_index(&s, w->at, index);
    fprintf(f, "set t=%d", t);
    if (c->batch.B > 1) fprintf(f, " b=%d", b);
    fprintf(f, " %s", vfy_quantity_name(w->q));
    for (int d = 0; d < s.nd; d++)
        if (s.axis[d] != 'b' && s.axis[d] != 't') fprintf(f, " %d", index[d]);
    vfy_bits_text(c->format, rounded(w), hex);
    fprintf(f, " %s\n", hex);
}

/* Given spikes are no expected values, but a state all the same. */
static void print_given(FILE *f, const vfy_epv_case *c, int b, int t)
{
    int first = t - c->net.opt.delay + 1;
    for (int at = first < 1 ? 1 : first; c->given[0] && at <= t; at++)
        for (int j = 0; j < c->net.n_rec; j++) {
            vfy_want w = {.q = VFY_Q_Z, .kind = VFY_VALUE};
            w.at = ((size_t)b * (size_t)c->batch.T + (size_t)(at - 1)) * (size_t)c->net.n_rec + (size_t)j;
            if (vfy_bits_of(c->format, c->given[0][w.at], &w.bits)) print_set(f, c, &w, b, at);
        }
}

/* State lines of trial b after step t, then `step`; full: the case with every quantity that the reference computes. */
static ep_status print_state(FILE *f, const vfy_epv_case *full, int b, int t)
{
    for (size_t i = 0; i < full->n_want; i++) {
        const vfy_want *w = &full->want[i];
        vfy_shape s = vfy_quantity_shape(w->q, &full->net, full->batch.T, full->batch.B, full->updates);
        int at = vfy_shape_step(&s, w->at);
        bool spike = w->q == VFY_Q_Z && at <= t && at > t - full->net.opt.delay && at > 0;
        if (at == 0 || trial_of(full, &s, w->at) != b || !(spike || (at == t && is_state(w->q)))) continue;
        print_set(f, full, w, b, at);
    }
    print_given(f, full, b, t);
    fprintf(f, "step\n");
    return ferror(f) ? EP_NOMEM : EP_OK;
}

typedef struct step { vfy_judged *j; int b, t; bool heard; } step;

/* Judges quantity q of the step alone; the state that was set is itself rounded once, hence twice the limit. */
static void hear_step(void *user, size_t i, vfy_outcome *o)
{
    step *k = user;
    const vfy_epv_case *c = k->j->c;
    double worst = 0;
    size_t n = 0;
    (void)i;
    for (size_t m = 0; o->end == VFY_ANSWERED && m < c->n_want; m++) {
        const vfy_want *w = &c->want[m];
        vfy_shape s = vfy_quantity_shape(w->q, &c->net, c->batch.T, c->batch.B, c->updates);
        if (w->q != k->j->q || !o->answer.q[w->q] || vfy_shape_step(&s, w->at) != k->t || trial_of(c, &s, w->at) != k->b) continue;
        worst = fmax(worst, vfy_error_ratio(c->format, vfy_answer_value(&o->answer, w->q, w->at), w));
        n++;
    }
    k->heard = true;
    vfy_judged *j = k->j;
    const char *q = vfy_quantity_name(j->q);
    if (!n) (void)snprintf(j->forced, sizeof j->forced, "no answer to the forced step %d: %.120s", k->t, o->reason);
    else if (worst <= 2 * vfy_error_limit(c))
        (void)snprintf(j->forced, sizeof j->forced, "with the right state of step %d, %s of step %d is right: the error came in earlier", k->t - 1, q, k->t);
    else
        (void)snprintf(j->forced, sizeof j->forced, "with the right state of step %d, %s of step %d is still wrong (r = %.3g): the bug is in the line that computes %s",
                       k->t - 1, q, k->t, worst, q);
    vfy_answer_clear(&o->answer);
}

ep_status vfy_judge_forced(const vfy_port_args *a, const vfy_claims *p, const vfy_oracle *oracle, vfy_judged *j)
{
    const vfy_epv_case *c = j->c;
    if (!j->diverged || !p->set || !c->n_want || a->way == VFY_WAY_RESPONSE || c->updates || j->t < 1 || j->t > c->batch.T) return EP_OK;
    if (j->t == 1) {
        (void)snprintf(j->forced, sizeof j->forced, "step 1 starts from zero: the bug is in the line that computes %s", vfy_quantity_name(j->q));
        return EP_OK;
    }
    if (!oracle && !holds_state(c, j->q)) {
        (void)snprintf(j->forced, sizeof j->forced, "not tried: the file does not hold the whole state of step %d, and this judge has no reference", j->t - 1);
        return EP_OK;
    }
    vfy_epv_case full = *c;
    vfy_certainty sure;
    vfy_claims again;
    char *text = NULL, err[512];
    size_t size = 0;
    if (oracle) {
        full.want = NULL;
        full.n_want = full.cap_want = 0;
    }
    vfy_shape s = vfy_quantity_shape(j->q, &c->net, c->batch.T, c->batch.B, c->updates);
    step k = {.j = j, .b = trial_of(c, &s, j->at), .t = j->t};
    ep_status st = oracle ? oracle->expect(&full, (UINT64_C(1) << VFY_Q_LOSS) - 1, &sure) : EP_OK;
    FILE *f = st == EP_OK ? open_memstream(&text, &size) : NULL;
    if (f) {
        st = print_state(f, &full, k.b, j->t - 1);
        if (fclose(f) && st == EP_OK) st = EP_NOMEM;
    }
    vfy_port_args with = *a;
    with.after = text;
    if (f && st == EP_OK) st = vfy_port_run(&with, &c, 1, &again, hear_step, &k, err, sizeof err);
    free(text);
    if (oracle) free(full.want);
    return st == EP_PORT || st == EP_IO ? EP_OK : st;
}
