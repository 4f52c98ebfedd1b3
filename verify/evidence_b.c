/* Evidence B: certified enclosures on real trajectories.
 *
 * Interval arithmetic proves every spike decision and encloses both gradients; then |BPTT - sum L e| <= 2^-q scale is
 * a theorem about this network. The adjoint loses bits with every step back in time, the traces hardly any, so the two
 * run at different precisions. A pilot at 128 bits measures the loss and predicts what is needed:
 *
 *   bits_L = 128 + log2(width of the pilot) + q - log2(scale)
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "evidence.h"

enum { PILOT = 128, GUARD = 12, ROUNDS = 4, MOST_BITS = 16384 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double log2_of(mpfr_srcptr x)
{
    long e = 0;
    if (mpfr_inf_p(x)) return INFINITY;
    if (mpfr_zero_p(x)) return -INFINITY;
    double m = mpfr_get_d_2exp(&e, x, MPFR_RNDU);
    return log2(fabs(m)) + (double)e;
}

/* log2 of the largest that `measure` finds in a group. */
static double log2_most(const ref_grad *g, int group, int (*measure)(mpfr_ptr, mpfi_srcptr))
{
    mpfr_t d;
    double most = -INFINITY;
    mpfr_init2(d, 64);
    for (size_t i = 0; i < g->n[group]; i++) {
        measure(d, g->g[group][i].i);
        most = fmax(most, log2_of(d));
    }
    mpfr_clear(d);
    return most;
}

/* The widest entry; a lower bound of the largest |entry|. */
static double log2_width(const ref_grad *g, int group) { return log2_most(g, group, mpfi_diam_abs); }
static double log2_scale(const ref_grad *g, int group) { return log2_most(g, group, mpfi_mig); }

/* The plan: how large each group's gradient is (in binary64), and the precisions to try. */
typedef struct plan {
    const vfy_case *k;
    double q, scale[EP_N_GROUP]; /* log2 */
    const vfy_views *w;
    bool every_L;
    int threads;
    const vfy_progress *progress;
    long bits_L, bits_e;
} plan;

/* Progress of one phase, mapped into the whole. */
typedef struct phase { const vfy_progress *p; const char *what; double from, to; } phase;

static void tick(void *user, double done)
{
    const phase *f = user;
    vfy_say(f->p, f->what, f->from + (f->to - f->from) * done);
}

static void watch(ref_ctx *c, phase *f)
{
    c->tick = tick;
    c->tick_user = f;
}

static ep_status open_interval(const plan *p, long bits, vfy_session *s, size_t *settled)
{
    ep_status st = ref_ctx_init(&s->c, ref_arith_mpfi(), bits);
    if (st != EP_OK) return st;
    st = ref_net_load(&s->c, &p->k->net, &s->net);
    if (st == EP_OK) st = ref_run_batch_exact(&s->c, &s->net, &p->k->net, &p->k->batch, &s->run, settled);
    if (st != EP_OK) ref_ctx_clear(&s->c);
    return st;
}

static ep_status measure_scale(plan *p)
{
    vfy_session s;
    ref_grad g;
    ref_rule_args bptt = {.rule = EP_BPTT, .threads = 1};
    ep_status st = vfy_session_open(p->k, ref_arith_binary64(), 53, 0, 0, &s);
    if (st != EP_OK) return st;
    st = ref_grad_init(&s.c, &s.net, &g);
    if (st == EP_OK) st = ref_gradient(&s.c, &s.run, &bptt, &g);
    for (int k = 0; st == EP_OK && k < EP_N_GROUP; k++) p->scale[k] = log2(vfy_group_scale(&s.c, &g, k));
    vfy_session_close(&s);
    return st;
}

/* BPTT of the whole batch; the adjoints stay for the factorization. */
static ep_status backward(const plan *p, vfy_session *s, ref_grad *g, ref_adjoint *heard)
{
    ep_status st = ref_grad_init(&s->c, &s->net, g);
    for (int b = 0; st == EP_OK && b < s->run.B; b++) {
        ref_view v = vfy_view_of(p->w->L, &s->run, b, p->w->user);
        ref_adjoint bptt = {.every_L = p->every_L};
        heard[b] = bptt;
        st = vfy_adjoints(&s->c, &s->run, b, p->w, &bptt, &heard[b]);
        if (st == EP_OK) st = ref_grad_adjoint(&s->c, &v, &bptt, g);
    }
    return st;
}

/* sum L e, or e-prop 3, at another precision; L arrives rounded outwards. */
static ep_status forward_in_time(const plan *p, vfy_session *s, const ref_adjoint *heard, ref_grad *g)
{
    size_t n = ((size_t)s->run.T + 2) * (size_t)s->net.n_rec;
    ep_status st = ref_grad_init(&s->c, &s->net, g);
    for (int b = 0; st == EP_OK && b < s->run.B; b++) {
        ref_view v = vfy_view_of(p->w->e, &s->run, b, p->w->user);
        const ref_num *from = p->w->window ? heard[b].Ltr : heard[b].L;
        ref_num *L = ref_vec(&s->c, n), *dy = ref_vec(&s->c, ((size_t)s->run.T + 2) * (size_t)s->net.n_out);
        if (!L || !dy) return s->c.status;
        for (size_t i = 0; i < n; i++) ref_set(&s->c, &L[i], &from[i]);
        if (p->w->window) {
            ref_adjoint outwards = {.Ltr = L};
            st = ref_grad_windows(&s->c, &v, s->run.reg, &outwards, p->threads, g);
            continue;
        }
        ref_signal sig = {.L_e = L};
        st = ref_grad_traces(&s->c, &v, &sig, g, NULL, p->threads);
        ref_readout_adjoint(&s->c, &v, dy);
        ref_grad_readout(&s->c, &v, dy, g);
    }
    return st;
}

/* Bits that the pilot lost, over all groups. */
static ep_status pilot(plan *p, vfy_certificate *out)
{
    vfy_session s;
    ref_grad g;
    size_t settled = 0;
    ep_status st = open_interval(p, PILOT, &s, &settled);
    if (st != EP_OK) return st;
    ref_adjoint *adj = ref_bytes(&s.c, (size_t)s.run.B * sizeof *adj);
    phase f = {p->progress, "pilot at 128 bits", 0.0, 0.15};
    watch(&s.c, &f);
    st = adj ? backward(p, &s, &g, adj) : EP_NOMEM;
    double lost = 0.0;
    for (int k = 0; st == EP_OK && k < EP_N_GROUP; k++)
        if (g.n[k] && isfinite(p->scale[k])) lost = fmax(lost, PILOT + log2_width(&g, k) - p->scale[k]);
    out->bits_lost = lost;
    p->bits_L = (long)ceil(fmax(PILOT, lost + p->q + GUARD));
    p->bits_e = (long)ceil(PILOT + p->q);
    vfy_session_close(&s);
    return st;
}

static void count_spikes(const vfy_session *s, vfy_certificate *out)
{
    ref_ctx c;
    out->spikes = 0;
    out->min_margin = INFINITY;
    if (!ep_model_spikes(s->net.model) || ref_ctx_fork(&c, &s->c) != EP_OK) return;
    int decider = s->net.opt.spike_from == EP_FROM_OLD_V || s->net.model == EP_SYNAPTIC ? s->net.nh - 1 : 0;
    for (int b = 0; b < s->run.B; b++)
        for (int t = 1; t <= s->run.T; t++)
            for (int j = 0; j < s->net.n_rec; j++) {
                ref_spot at = ref_traj_spot(&s->run.tr[b], t, j);
                ref_sub(&c, &c.tmp2, &at.h[decider], s->net.v_th);
                if (s->net.theta[EP_BETA]) {
                    ref_mul(&c, &c.tmp, &s->net.theta[EP_BETA][j], &at.h[1]);
                    ref_sub(&c, &c.tmp2, &c.tmp2, &c.tmp);
                }
                out->spikes += !c.ar->is_zero(at.z);
                out->min_margin = fmin(out->min_margin, fabs(c.ar->to_d(&c.tmp2)));
            }
    ref_ctx_clear(&c);
}

/* The proved gap over all entries, and how many more bits either side needs. */
static void compare(const plan *p, vfy_session *L, const ref_grad *a, const ref_grad *b, vfy_certificate *out,
                    double *short_L, double *short_e)
{
    mpfi_t diff;
    mpfr_t m;
    mpfi_init2(diff, L->c.prec);
    mpfr_init2(m, 64);
    out->log2_gap = -INFINITY;
    out->entries = out->disjoint = 0;
    *short_L = *short_e = 0.0;
    for (int k = 0; k < EP_N_GROUP; k++) {
        double scale = a->n[k] ? log2_scale(a, k) : 0.0;
        if (!a->n[k]) continue;
        for (size_t i = 0; i < a->n[k]; i++) {
            mpfi_sub(diff, a->g[k][i].i, b->g[k][i].i);
            mpfi_mag(m, diff);
            out->log2_gap = fmax(out->log2_gap, log2_of(m) - scale);
            out->disjoint += !mpfi_has_zero(diff);
            out->entries++;
        }
        *short_L = fmax(*short_L, log2_width(a, k) - scale + p->q + 2);
        *short_e = fmax(*short_e, log2_width(b, k) - scale + p->q + 2);
    }
    mpfi_clear(diff);
    mpfr_clear(m);
}

static ep_status attempt(plan *p, vfy_certificate *out, double *short_L, double *short_e)
{
    vfy_session L, e;
    ref_grad bptt, traces;
    out->undecided = 0;
    ep_status st = open_interval(p, p->bits_L, &L, NULL);
    if (st != EP_OK) return st;
    ref_adjoint *adj = ref_bytes(&L.c, (size_t)L.run.B * sizeof *adj);
    phase back = {p->progress, "BPTT enclosed", 0.15, 0.4}, fwd = {p->progress, "traces enclosed", 0.4, 1.0};
    watch(&L.c, &back);
    st = adj ? backward(p, &L, &bptt, adj) : EP_NOMEM;
    if (st == EP_OK) st = open_interval(p, p->bits_e, &e, NULL);
    if (st == EP_OK) {
        watch(&e.c, &fwd);
        st = forward_in_time(p, &e, adj, &traces);
        if (st == EP_OK) compare(p, &L, &bptt, &traces, out, short_L, short_e);
        count_spikes(&e, out);
        vfy_session_close(&e);
    }
    vfy_session_close(&L);
    return st;
}

ep_status vfy_certify(const vfy_case *k, double q, const vfy_views *w, int threads, const vfy_progress *pr, vfy_certificate *out)
{
    static const vfy_views plain = {0};
    plan p = {.k = k, .q = q, .w = w ? w : &plain, .every_L = w != NULL, .threads = threads, .progress = pr};
    double start = now(), short_L = 0.0, short_e = 0.0;
    *out = (vfy_certificate){0};
    ep_status st = measure_scale(&p);
    if (st == EP_OK) st = pilot(&p, out);
    for (int round = 0; st == EP_OK && round < ROUNDS; round++) {
        st = attempt(&p, out, &short_L, &short_e);
        out->bits_L = p.bits_L;
        out->bits_e = p.bits_e;
        if (st != EP_OK || out->log2_gap <= -q || out->disjoint) break;
        if (short_L > 0.0) p.bits_L += (long)ceil(short_L) + GUARD;
        if (short_e > 0.0) p.bits_e += (long)ceil(short_e) + GUARD;
        if (p.bits_L > MOST_BITS || p.bits_e > MOST_BITS) break;
    }
    out->seconds = now() - start;
    return st;
}

ep_status vfy_prove_b(const vfy_task *t)
{
    vfy_variant v[64];
    size_t n = vfy_variants(t->model, t->level, v, 64);
    const double q = 53.0;
    for (size_t k = 0; k < n; k++) {
        vfy_case kase;
        vfy_certificate ct;
        vfy_row row = {.evidence = 'B', .verdict = VFY_HOLDS};
        ep_status st = vfy_variant_case(t->model, &v[k], 6, 50, 400 + k, &kase);
        if (st == EP_UNABLE) row.verdict = VFY_VACUOUS;
        if (st == EP_OK || st == EP_UNABLE) st = vfy_certify(&kase, q, NULL, t->threads, NULL, &ct);
        snprintf(row.model, sizeof row.model, "%s", ep_model_name(t->model));
        snprintf(row.subject, sizeof row.subject, "%s", kase.name);
        snprintf(row.compared, sizeof row.compared, "|BPTT - sum L e| / scale, proved");
        vfy_log2_text(exp2(-q), row.bound, sizeof row.bound);
        if (st == EP_OK) {
            row.size = exp2(ct.log2_gap);
            vfy_log2_text(row.size, row.value, sizeof row.value);
            snprintf(row.note, sizeof row.note, "%zu entries at %ld and %ld bits; %zu spikes proved, margin %.2g", ct.entries,
                     ct.bits_L, ct.bits_e, ct.spikes, ep_model_spikes(t->model) ? ct.min_margin : 0.0);
            if (ct.disjoint) row.verdict = VFY_FAILS;
            else if (!(ct.log2_gap <= -q)) row.verdict = VFY_UNPROVED;
        }
        vfy_case_free(&kase);
        if (st == EP_UNABLE) row.verdict = VFY_UNPROVED;
        else if (st != EP_OK) return st;
        vfy_results_add(t->out, &row);
        vfy_say(t->progress, "B: certified enclosures", (double)(k + 1) / (double)n);
    }
    return EP_OK;
}
