/* Evidence C: at every precision the two gradients differ by rounding alone.
 *
 *   |BPTT - sum L e| <= u (mag_BPTT + mag_e),  u = 2^-bits
 *
 * mag is the first-order running error bound that the `running` arithmetic carries beside each value. Both sides
 * start from the same recorded trajectory, whose numbers count as exact.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "evidence.h"

static void forget_mag(ref_num *v, size_t n)
{
    for (size_t i = 0; v && i < n; i++) v[i].e.mag = 0.0;
}

/* The trajectory is given: its rounding is shared by both sides. */
static void take_as_exact(vfy_session *s)
{
    size_t steps = (size_t)s->run.T + 2, n = (size_t)s->net.n_rec;
    for (int b = 0; b < s->run.B; b++) {
        ref_traj *tr = &s->run.tr[b];
        forget_mag(tr->I, steps * n * (size_t)tr->nc);
        forget_mag(tr->h, steps * n * (size_t)tr->nh);
        forget_mag(tr->z, steps * n);
        forget_mag(tr->q, steps * n * (size_t)tr->nq);
        forget_mag(tr->err, steps * (size_t)tr->n_out);
    }
    forget_mag(s->run.reg, n);
    forget_mag(s->net.g_in, n);
    forget_mag(s->net.g_a, n);
    forget_mag(s->net.g_out, 1);
}

static void compare(vfy_session *s, const vfy_pair *p, double u, vfy_scaling *out)
{
    ref_num *d = &s->c.tmp;
    for (int k = 0; k < EP_N_GROUP; k++) {
        double scale = vfy_group_scale(&s->c, &p->bptt, k);
        for (size_t i = 0; i < p->bptt.n[k]; i++) {
            const ref_num *a = &p->bptt.g[k][i], *b = &p->traces.g[k][i];
            double limit = u * (a->e.mag + b->e.mag);
            ref_sub(&s->c, d, a, b);
            double diff = fabs(mpfr_get_d(d->e.r, MPFR_RNDN));
            if (diff > 0.0) out->ratio = fmax(out->ratio, limit > 0.0 ? diff / limit : INFINITY);
            if (scale > 0.0) {
                out->err = fmax(out->err, diff / scale);
                out->bound = fmax(out->bound, limit / scale);
            }
        }
    }
}

ep_status vfy_measure_scaling(const vfy_case *k, long bits, const vfy_views *w, vfy_scaling *out)
{
    vfy_session s;
    vfy_pair p;
    *out = (vfy_scaling){0};
    ep_status st = vfy_session_open(k, ref_arith_running(), bits, 0, 0, &s);
    if (st != EP_OK) return st;
    take_as_exact(&s);
    st = vfy_pair_compute(&s.c, &s.run, w, 1, &p);
    if (st == EP_OK) compare(&s, &p, ldexp(1.0, (int)-bits), out);
    vfy_session_close(&s);
    return st;
}

ep_status vfy_prove_c(const vfy_task *t)
{
    static const long bits[] = {24, 53, 113, 256, 512, 1024};
    enum { N_BITS = 6 };
    vfy_variant v[64];
    size_t n = vfy_variants(t->model, t->level, v, 64);
    for (size_t k = 0; k < n; k++) {
        vfy_case kase;
        vfy_row row = {.evidence = 'C', .verdict = VFY_HOLDS};
        double worst = 0.0, last = 0.0;
        ep_status st = vfy_variant_case(t->model, &v[k], 6, 40, 300 + k, &kase);
        if (st == EP_UNABLE) row.verdict = VFY_VACUOUS;
        for (int b = 0; b < N_BITS && (st == EP_OK || row.verdict == VFY_VACUOUS); b++) {
            vfy_scaling sc;
            st = vfy_measure_scaling(&kase, bits[b], NULL, &sc);
            if (st != EP_OK) break;
            worst = fmax(worst, sc.ratio);
            last = sc.err;
        }
        snprintf(row.model, sizeof row.model, "%s", ep_model_name(t->model));
        snprintf(row.subject, sizeof row.subject, "%s", kase.name);
        snprintf(row.compared, sizeof row.compared, "|BPTT - sum L e| / (u mag) at 24..1024 bits");
        snprintf(row.bound, sizeof row.bound, "1");
        snprintf(row.value, sizeof row.value, "%.3g", worst);
        char text[48];
        vfy_log2_text(last, text, sizeof text);
        snprintf(row.note, sizeof row.note, "relative difference at 1024 bits %s", text);
        row.size = worst;
        if (worst > 1.0) row.verdict = VFY_FAILS;
        vfy_case_free(&kase);
        if (st != EP_OK) return st;
        vfy_results_add(t->out, &row);
        vfy_say(t->progress, "C: precision scaling", (double)(k + 1) / (double)n);
    }
    return EP_OK;
}
