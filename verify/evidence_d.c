/* Evidence D: independent routes to the same gradient, in MPFR.
 *
 *   tape              its own forward equations, psi, masks and loss      = BPTT = sum L e
 *   RTRL              sensitivities forward in time                         = BPTT
 *   tape, paths cut   what e-prop 1 with symmetric feedback claims to be    = e-prop 1
 *   tape, detached    state cut at every window's end                       = truncated BPTT
 *   central differences of the loss, smooth cells                           = BPTT
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "evidence.h"

enum { WINDOW = 7, FD_SHIFT = 40 };

static ep_status against_tape(const vfy_case *k, vfy_session *s, const vfy_pair *p, vfy_routes *out)
{
    ref_grad tape;
    ref_tape_report rep = {0};
    ref_tape_args whole = {0};
    ep_status st = ref_grad_init(&s->c, &s->net, &tape);
    if (st == EP_OK) st = ref_tape_run(&s->c, &s->net, &k->batch, &s->run, &whole, &tape, &rep);
    out->spikes_differ = rep.spike_mismatch;
    if (st != EP_OK) return st;
    out->bptt = vfy_grad_distance(&s->c, &p->bptt, &tape);
    out->traces = vfy_grad_distance(&s->c, &p->traces, &tape);
    return EP_OK;
}

/* A rule of ours against the tape with the same paths cut. */
static ep_status rule_against_tape(const vfy_case *k, vfy_session *s, ref_rule_args rule, ref_tape_args cut, double *out)
{
    ref_grad ours, tape;
    ep_status st = ref_grad_init(&s->c, &s->net, &ours);
    if (st == EP_OK) st = ref_grad_init(&s->c, &s->net, &tape);
    if (st == EP_OK) st = ref_gradient(&s->c, &s->run, &rule, &ours);
    if (st == EP_OK) st = ref_tape_run(&s->c, &s->net, &k->batch, &s->run, &cut, &tape, NULL);
    if (st == EP_OK) *out = vfy_grad_distance(&s->c, &ours, &tape);
    return st;
}

static ep_status rules(const vfy_case *k, vfy_session *s, const vfy_pair *p, vfy_routes *out)
{
    ref_grad g;
    ref_rule_args rtrl = {.rule = EP_RTRL, .threads = 1};
    ref_rule_args sym = {.rule = EP_EPROP1_SYMMETRIC, .threads = 1};
    ref_rule_args cut = {.rule = EP_TBPTT, .window = WINDOW, .threads = 1, .reg_off = true};
    ep_status st = ref_grad_init(&s->c, &s->net, &g);
    if (st == EP_OK) st = ref_gradient(&s->c, &s->run, &rtrl, &g);
    if (st != EP_OK) return st;
    out->rtrl = vfy_grad_distance(&s->c, &p->bptt, &g);
    st = rule_against_tape(k, s, sym, (ref_tape_args){.flags = REF_TAPE_CUT}, &out->eprop1_cut);
    if (st != EP_OK) return st;
    return rule_against_tape(k, s, cut, (ref_tape_args){.flags = REF_TAPE_NO_REG, .window = WINDOW}, &out->tbptt);
}

/* The parameter arrays of a network by group; NULL where there is none. */
static ref_num *parameter(ref_net *net, int g)
{
    ref_num *const fixed[] = {net->Win, net->Wrec, net->b, net->Wout, net->bout};
    return g < EP_G_THETA ? fixed[g] : net->theta[g - EP_G_THETA];
}

/* E(theta_i + step) for one shifted parameter, in a fork whose memory is freed at once. */
static ep_status loss_at(vfy_session *s, const vfy_case *k, ref_num *param, double step, ref_num *E)
{
    ref_ctx c;
    ref_run run;
    ref_num keep;
    ep_status st = ref_ctx_fork(&c, &s->c);
    if (st != EP_OK) return st;
    ref_num *copy = ref_vec(&c, 1), *shift = ref_vec(&c, 1);
    if (c.status == EP_OK) {
        ref_set_d(&c, shift, step);
        ref_add(&c, copy, param, shift);
        keep = *param; /* swap the number in, and back */
        *param = *copy;
        st = ref_run_batch(&c, &s->net, &k->batch, &run);
        if (st == EP_OK) ref_set(&s->c, E, run.E);
        *param = keep;
    } else st = c.status;
    ref_ctx_clear(&c);
    return st;
}

static bool masked(const ref_net *net, int g, size_t i)
{
    size_t n = (size_t)net->n_rec;
    return g == EP_G_WREC && ep_model_masks_diagonal(net->model) && i / n == i % n;
}

/* |central difference - BPTT| / scale over a sample of every group; the limit comes from the h^2 law: halving
 * h quarters the truncation error, so the error at h/2 is at most |D(h) - D(h/2)| up to O(h^4). */
static ep_status differences(const vfy_case *k, vfy_session *s, const ref_grad *bptt, vfy_routes *out)
{
    ref_num *w = ref_vec(&s->c, 4);
    if (!w) return s->c.status;
    for (int g = 0; g < EP_N_GROUP; g++) {
        ref_num *theta = parameter(&s->net, g);
        double scale = vfy_group_scale(&s->c, bptt, g);
        size_t stride = bptt->n[g] / 5 + 1;
        for (size_t i = 0; theta && i < bptt->n[g]; i += stride) {
            double d[2];
            if (masked(&s->net, g, i)) continue;
            for (int half = 0; half < 2; half++) {
                double h = ldexp(1.0, -FD_SHIFT - half);
                ep_status st = loss_at(s, k, &theta[i], h, &w[0]);
                if (st == EP_OK) st = loss_at(s, k, &theta[i], -h, &w[1]);
                if (st != EP_OK) return st;
                ref_sub(&s->c, &w[2], &w[0], &w[1]);
                ref_set_d(&s->c, &w[3], 2.0 * h);
                ref_div(&s->c, &w[2], &w[2], &w[3]);
                ref_sub(&s->c, &w[2], &w[2], &bptt->g[g][i]);
                d[half] = s->c.ar->to_d(&w[2]);
            }
            out->fd = fmax(out->fd, fabs(d[1]) / scale);
            out->fd_limit = fmax(out->fd_limit, 1.01 * fabs(d[0] - d[1]) / scale);
        }
    }
    return EP_OK;
}

ep_status vfy_measure_routes(const vfy_case *k, long bits, const vfy_views *w, vfy_routes *out)
{
    vfy_session s;
    vfy_pair p;
    *out = (vfy_routes){0};
    ep_status st = vfy_session_open(k, ref_arith_mpfr(), bits, 0, 0, &s);
    if (st != EP_OK) return st;
    st = vfy_pair_compute(&s.c, &s.run, w, 1, &p);
    if (st == EP_OK) st = against_tape(k, &s, &p, out);
    if (st == EP_OK) st = rules(k, &s, &p, out);
    if (st == EP_OK && s.net.cell->smooth) st = differences(k, &s, &p.bptt, out);
    vfy_session_close(&s);
    return st;
}

/* One row of the table. */
static void add(const vfy_task *t, const vfy_case *k, const char *compared, double value, double limit, bool vacuous)
{
    vfy_row row = {.evidence = 'D', .verdict = value <= limit ? VFY_HOLDS : VFY_FAILS, .size = value};
    if (row.verdict == VFY_HOLDS && vacuous) row.verdict = VFY_VACUOUS;
    snprintf(row.model, sizeof row.model, "%s", ep_model_name(t->model));
    snprintf(row.subject, sizeof row.subject, "%s", k->name);
    snprintf(row.compared, sizeof row.compared, "%s", compared);
    vfy_log2_text(limit, row.bound, sizeof row.bound);
    vfy_log2_text(value, row.value, sizeof row.value);
    snprintf(row.note, sizeof row.note, "rate %.1f %%, psi > 0 in %.0f %%, transmitted %.0f %%", 100.0 * k->live.rate,
             100.0 * k->live.psi_share, 100.0 * k->live.transmitted);
    vfy_results_add(t->out, &row);
}

ep_status vfy_prove_d(const vfy_task *t)
{
    enum { BITS = 256 };
    vfy_variant v[64];
    size_t n = vfy_variants(t->model, t->level, v, 64);
    /* T N steps of at most 2^4 roundings each, growing by at most a bit a step: far below 2^-100 at 256 bits,
     * while the smallest slip shows above 2^-20. */
    const double limit = ldexp(1.0, -100);
    for (size_t k = 0; k < n; k++) {
        vfy_case kase;
        vfy_routes r;
        ep_status st = vfy_variant_case(t->model, &v[k], 5, 30, 500 + k, &kase);
        bool vacuous = st == EP_UNABLE;
        if (st == EP_OK || vacuous) st = vfy_measure_routes(&kase, BITS, NULL, &r);
        if (st == EP_OK) {
            add(t, &kase, "tape = BPTT", r.bptt, limit, vacuous);
            add(t, &kase, "tape = sum L e", r.traces, limit, vacuous);
            add(t, &kase, "RTRL = BPTT", r.rtrl, limit, vacuous);
            add(t, &kase, "tape with paths cut = e-prop 1 symmetric", r.eprop1_cut, limit, vacuous);
            add(t, &kase, "tape detached every 7 steps = truncated BPTT", r.tbptt, limit, vacuous);
            if (r.fd_limit > 0.0) add(t, &kase, "central differences = BPTT", r.fd, r.fd_limit, vacuous);
        }
        vfy_case_free(&kase);
        if (st != EP_OK) return st;
        vfy_say(t->progress, "D: independent routes", (double)(k + 1) / (double)n);
    }
    return EP_OK;
}
