/* port_own.c: what a port computed from its own spikes.
 *
 * One flipped spike changes everything after it by O(1). So after a flip the reference is run again on the port's spikes,
 * and its psi where it reports it: what it computed from them is judged as if it had been given.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "port_verdict.h"

static void keep(void *user, size_t i, vfy_outcome *o)
{
    (void)i;
    *(vfy_outcome *)user = *o;
}

ep_status vfy_port_ask(const vfy_port_args *a, const vfy_epv_case *c, vfy_claims *claims, vfy_outcome *out, char *err, size_t n)
{
    *out = (vfy_outcome){.end = VFY_ABSENT};
    return vfy_port_run(a, &c, 1, claims, keep, out, err, n);
}

/* Quantity q of the answer as numbers; NULL if it was not asked for, or an element is not one: spikes 0 or 1, psi finite. */
static double *own(const vfy_epv_case *c, const vfy_answer *a, vfy_quantity q)
{
    vfy_shape s = vfy_quantity_shape(q, &c->net, c->batch.T, c->batch.B, c->updates);
    size_t n = vfy_shape_size(&s);
    double *p = a->q[q] ? malloc(n * sizeof *p) : NULL;
    for (size_t i = 0; p && i < n; i++) {
        p[i] = vfy_answer_value(a, q, i);
        if (q == VFY_Q_Z ? p[i] == 0 || p[i] == 1 : isfinite(p[i])) continue;
        free(p);
        return NULL;
    }
    return p;
}

static uint64_t bit(int q) { return UINT64_C(1) << q; }

/* Expected lines from the port's z (up to psi) and from its z and psi (traces and what follows). */
static ep_status expect_own(const vfy_oracle *oracle, const vfy_epv_case *c, const double *z, const double *psi, vfy_epv_case *out)
{
    vfy_certainty sure;
    uint64_t mask = vfy_wanted(c), first = (bit(VFY_Q_PSI + 1) - 1) & mask;
    *out = *c;
    out->want = NULL;
    out->n_want = out->cap_want = 0;
    out->given[0] = z;
    ep_status st = oracle->expect(out, psi ? first : mask, &sure);
    out->given[1] = psi;
    if (st == EP_OK && psi && mask != first) st = oracle->expect(out, mask & ~first, &sure);
    return st;
}

/* Near its foot psi of the reference may be 0 where the port's is not yet: what is given instead is not judged by it. */
static void judge_rest(const vfy_epv_case *c, const vfy_answer *a, vfy_judged *j)
{
    vfy_comparison r;
    double most = 0;
    vfy_compare(c, a, vfy_error_limit(c), &r);
    for (int q = 0; q < VFY_N_QUANTITY; q++)
        if (r.q[q].n) most = fmax(most, r.q[q].max_r / r.limit);
    if (!r.first.found) {
        (void)snprintf(j->rest, sizeof j->rest, "with its own spikes all %zu other values are right, %.0f %% of the limit", r.compared, 100 * most);
        return;
    }
    char text[160];
    vfy_divergence_text(c, &r, text, sizeof text);
    (void)snprintf(j->rest, sizeof j->rest, "with its own spikes the first wrong value is %.150s", text);
    if (j->status != VFY_PASSED) return;
    j->status = VFY_FAILED; /* the flip was forgiven, this is not */
    j->reached = VFY_CLASS_FAIL;
    j->diverged = true;
    j->missing = isnan(r.first.got);
    j->t = r.first.t;
    j->q = r.first.q;
    j->at = r.first.at;
    (void)snprintf(j->first, sizeof j->first, "after a forgiven flip, %.160s", text);
}

ep_status vfy_judge_own(const vfy_port_args *a, const vfy_oracle *oracle, vfy_judged *j)
{
    const vfy_epv_case *c = j->c;
    bool flipped = j->flip || (j->status == VFY_FAILED && j->diverged && j->q == VFY_Q_Z);
    bool eprop1 = c->rule >= EP_EPROP1_SYMMETRIC && c->rule <= EP_EPROP1_GLOBAL;
    vfy_claims again;
    vfy_outcome o;
    char err[512];
    if (!oracle || !flipped || !c->n_want || !eprop1 || c->updates || c->given[0] || !ep_model_spikes(c->net.model)) return EP_OK;
    ep_status st = vfy_port_ask(a, c, &again, &o, err, sizeof err);
    if (st != EP_OK || o.end != VFY_ANSWERED) return st == EP_PORT || st == EP_IO ? EP_OK : st;
    double *z = own(c, &o.answer, VFY_Q_Z), *psi = own(c, &o.answer, VFY_Q_PSI);
    vfy_epv_case mine = {.want = NULL};
    if (z) st = expect_own(oracle, c, z, psi, &mine);
    if (z && st == EP_OK) judge_rest(&mine, &o.answer, j);
    else if (st == EP_UNABLE) st = EP_OK;
    free(mine.want);
    free(z);
    free(psi);
    vfy_answer_clear(&o.answer);
    return st;
}
