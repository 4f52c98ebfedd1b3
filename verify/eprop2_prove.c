/* The evidence for e-prop 2 as rows.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "eprop2_evidence.h"

static const vfy_e2_spec cases[] = {
    {.main = EP_LIF, .module = EP_LIF, .n_ref = 5, .seed = 1},
    {.main = EP_ALIF, .module = EP_LIF, .n_ref = 3, .delay = 2, .B = 2, .T_test = 20, .seed = 2},
    {.main = EP_LSNN, .module = EP_ALIF, .n_ref = 3, .reset_path = EP_RESET_LOCAL, .seed = 3},
    {.main = EP_LIF, .module = EP_LSNN, .n_ref = 3, .psi_refractory = EP_PSI_UNMASKED, .loss = EP_CLASSIFICATION, .n_out = 3, .seed = 4},
    {.main = EP_ALIF, .module = EP_ALIF, .delay = 3, .g_in = EP_GAIN_COMPLEMENT, .seed = 5},
    {.main = EP_ALIF, .module = EP_LIF, .n_ref = 2, .psi_shape = EP_FAST_SIGMOID, .reset_path = EP_RESET_DETACHED, .seed = 6},
    {.main = EP_RATE, .module = EP_RATE, .delay = 2, .B = 2, .T_test = 20, .seed = 7},
    {.main = EP_ALIF, .module = EP_RATE, .n_ref = 3, .seed = 8},
    /* the rest at level full */
    {.main = EP_RATE, .module = EP_LIF, .seed = 9},
    {.main = EP_LIF, .module = EP_RATE, .n_ref = 3, .psi_shape = EP_EXPONENTIAL, .seed = 10},
    {.main = EP_ALIF, .module = EP_LIF, .n_ref = 3, .psi_shape = EP_ARCTAN, .delay = 2, .seed = 11},
    {.main = EP_LIF, .module = EP_LIF, .n_rec = 8, .n_mod = 6, .n_in = 3, .T = 40, .n_ref = 5, .seed = 12},
    {.main = EP_LSNN, .module = EP_LSNN, .n_rec = 7, .n_mod = 7, .n_code = 4, .T = 40, .B = 3, .n_ref = 3, .seed = 13},
    {.main = EP_ALIF, .module = EP_ALIF, .n_rec = 5, .n_mod = 5, .T = 30, .T_test = 45, .delay = 4, .n_ref = 3, .seed = 14},
    {.main = EP_RATE, .module = EP_RATE, .n_rec = 6, .n_mod = 6, .T = 30, .loss = EP_CLASSIFICATION, .n_out = 3, .seed = 15},
    {.main = EP_ALIF, .module = EP_LIF, .n_ref = 3, .step = 1.0, .seed = 16},
};
enum { N_CASE = sizeof cases / sizeof *cases, N_QUICK = 8, TRIALS = 2 };

size_t vfy_e2_cases(vfy_level level, vfy_e2_spec *out, size_t most)
{
    size_t n = level == VFY_FULL ? N_CASE : N_QUICK;
    if (n > most) n = most;
    for (size_t k = 0; k < n; k++) out[k] = cases[k];
    return n;
}

static vfy_row start(char evidence, const vfy_e2_case *k, const char *compared, bool vacuous)
{
    vfy_row row = {.evidence = evidence, .verdict = vacuous ? VFY_VACUOUS : VFY_HOLDS};
    snprintf(row.model, sizeof row.model, "eprop2");
    snprintf(row.subject, sizeof row.subject, "%.127s", k->name);
    snprintf(row.compared, sizeof row.compared, "%s", compared);
    return row;
}

static void judge(const vfy_e2_task *t, vfy_row *row, double value, double limit)
{
    vfy_log2_text(limit, row->bound, sizeof row->bound);
    vfy_log2_text(value, row->value, sizeof row->value);
    row->size = value;
    if (!(value <= limit)) row->verdict = VFY_FAILS;
    vfy_results_add(t->out, row);
}

static void count(const vfy_e2_task *t, vfy_row *row, size_t differ, size_t entries)
{
    snprintf(row->value, sizeof row->value, "%zu of %zu differ", differ, entries);
    row->size = (double)differ;
    if (differ) row->verdict = VFY_FAILS;
    vfy_results_add(t->out, row);
}

static ep_status prove_a(const vfy_e2_task *t, const vfy_e2_case *k, bool vacuous)
{
    static const uint64_t prime[2] = {REF_PRIME_1, REF_PRIME_2};
    vfy_row row = start('A', k, "adjoint = tape = tangents, all orders", vacuous);
    size_t wrong = 0;
    vfy_e2_identity id = {0}, full = {0};
    for (int trial = 0; trial < 2 * TRIALS; trial++)
        for (int o = 0; o < REF_E2_N_ORDER; o++) {
            ep_status st = vfy_e2_measure_identity(k, (ref_e2_order)o, prime[trial % 2], (uint64_t)trial + 1, NULL, &id);
            if (st != EP_OK) return st;
            wrong += id.differ + id.tangent_differs;
            if (o == REF_E2_FULL) full = id;
            if (id.dead_groups) row.verdict = VFY_VACUOUS;
        }
    snprintf(row.bound, sizeof row.bound, "chance 2^-%.0f", (61.0 - log2((double)full.degree)) * 2 * TRIALS);
    snprintf(row.note, sizeof row.note, "degree %lld, two primes, %d trials each", (long long)full.degree, TRIALS);
    count(t, &row, wrong, full.entries);
    /* exactly, on the trajectory itself, where every function is rational */
    bool rational = ep_model_spikes(k->spec.main) && ep_model_spikes(k->spec.module) && k->spec.loss == EP_REGRESSION &&
                    k->spec.psi_shape == EP_TRIANGLE; /* fractions stay short: denominators are powers of 2 and of v_th */
    if (!rational) return EP_OK;
    size_t entries, differ;
    ep_status st = vfy_e2_measure_rational(k, REF_E2_FULL, NULL, &entries, &differ);
    if (st != EP_OK) return st;
    row = start('A', k, "adjoint = tape, rationals", vacuous);
    snprintf(row.bound, sizeof row.bound, "exact");
    count(t, &row, differ, entries);
    return EP_OK;
}

static ep_status prove_b(const vfy_e2_task *t, const vfy_e2_case *k, bool vacuous)
{
    const double q = 53.0;
    vfy_e2_certificate ct;
    vfy_row row = start('B', k, "|adjoint - tape| / scale, proved", vacuous);
    ep_status st = vfy_e2_certify(k, q, NULL, &ct);
    if (st != EP_OK && st != EP_UNABLE) return st;
    snprintf(row.note, sizeof row.note, "%zu entries at %ld bits; %zu spikes proved", ct.entries, ct.bits, ct.spikes);
    if (st == EP_UNABLE || (!ct.disjoint && !(ct.log2_gap <= -q))) row.verdict = VFY_UNPROVED;
    row.size = exp2(ct.log2_gap);
    vfy_log2_text(exp2(-q), row.bound, sizeof row.bound);
    vfy_log2_text(row.size, row.value, sizeof row.value);
    if (ct.disjoint) row.verdict = VFY_FAILS;
    vfy_results_add(t->out, &row);
    return EP_OK;
}

static ep_status prove_c(const vfy_e2_task *t, const vfy_e2_case *k, bool vacuous)
{
    static const long bits[] = {24, 53, 113, 256, 512, 1024};
    vfy_row row = start('C', k, "|adjoint - tape| / (u mag) at 24..1024 bits", vacuous);
    double worst = 0.0, last = 0.0;
    for (size_t b = 0; b < sizeof bits / sizeof *bits; b++) {
        vfy_scaling sc;
        ep_status st = vfy_e2_measure_scaling(k, bits[b], NULL, &sc);
        if (st != EP_OK) return st;
        worst = fmax(worst, sc.ratio);
        last = sc.err;
    }
    char text[48];
    vfy_log2_text(last, text, sizeof text);
    snprintf(row.bound, sizeof row.bound, "1");
    snprintf(row.value, sizeof row.value, "%.3g", worst);
    snprintf(row.note, sizeof row.note, "relative difference at 1024 bits %s", text);
    row.size = worst;
    if (!(worst <= 1.0)) row.verdict = VFY_FAILS;
    vfy_results_add(t->out, &row);
    return EP_OK;
}

static ep_status prove_d(const vfy_e2_task *t, const vfy_e2_case *k, bool vacuous)
{
    /* at 256 bits; see evidence_d.c: roundings lie far below 2^-100, slips above 2^-20 */
    const double limit = ldexp(1.0, -100);
    static const char *const what[] = {"tape = adjoint", "tape with psi detached = adjoint, psi detached",
                                       "tape with e detached = adjoint, first order"};
    vfy_e2_routes r;
    ep_status st = vfy_e2_measure_routes(k, 256, NULL, &r);
    if (st != EP_OK) return st;
    for (int o = 0; o < REF_E2_N_ORDER; o++) {
        vfy_row row = start('D', k, what[o], vacuous);
        snprintf(row.note, sizeof row.note, "rates %.1f, %.1f, %.1f %%; update %.0f %% of W; second order %.0f %% of the gradient",
                 100.0 * k->live.rate[0], 100.0 * k->live.rate[1], 100.0 * k->live.rate[2], 100.0 * k->live.update,
                 100.0 * k->live.second);
        judge(t, &row, r.tape[o], limit);
    }
    vfy_row row = start('D', k, "tangents forward in time = adjoint", vacuous);
    judge(t, &row, r.tangent, limit);
    if (r.fd_limit > 0.0) {
        row = start('D', k, "central differences = adjoint", vacuous);
        judge(t, &row, r.fd, r.fd_limit);
    }
    return EP_OK;
}

ep_status vfy_e2_prove(const vfy_e2_task *t)
{
    static ep_status (*const prove[])(const vfy_e2_task *, const vfy_e2_case *, bool) = {prove_a, prove_b, prove_c, prove_d};
    vfy_e2_spec spec[N_CASE];
    size_t n = vfy_e2_cases(t->level, spec, N_CASE);
    for (size_t k = 0; k < n; k++) {
        vfy_e2_case kase;
        ep_status st = vfy_e2_case_make(&spec[k], &kase);
        bool vacuous = st == EP_UNABLE;
        if (vacuous) st = EP_OK;
        for (const char *e = t->evidence; st == EP_OK && *e; e++)
            if (*e >= 'A' && *e <= 'D') st = prove[*e - 'A'](t, &kase, vacuous);
        vfy_e2_case_free(&kase);
        if (st != EP_OK) return st;
        vfy_say(t->progress, "e-prop 2: through the inner update", (double)(k + 1) / (double)n);
    }
    return t->out->status;
}
