/* Evidence A to D in windows, as rows.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "windows.h"

enum { MOST_VARIANTS = 64, BITS = 256, WINDOW = 7 };

/* B and C take every third variant, which alternates presets and losses, where there are many; all of them with --level full. */
static bool taken(const vfy_task *t, size_t n, size_t k) { return t->level == VFY_FULL || n < 5 || k < 2 || k % 3 == 0; }

static vfy_row row_of(const vfy_task *t, char evidence, const vfy_case *k, const char *compared)
{
    vfy_row row = {.evidence = evidence, .verdict = VFY_HOLDS};
    snprintf(row.model, sizeof row.model, "%s", ep_model_name(t->model));
    snprintf(row.subject, sizeof row.subject, "%s", k->name);
    snprintf(row.compared, sizeof row.compared, "%s", compared);
    return row;
}

/* One line of the table: gaps that must be closed. */
typedef struct line { const char *compared; const vfy_gap *gap[4]; int n; } line;

static int lines_of(const vfy_windows *w, line out[3])
{
    out[0] = (line){"truncated BPTT with all seeds exact = BPTT", {&w->tbptt, &w->delivered}, 2};
    out[1] = (line){"BPTT - e-prop 3 (c; z) = what seeds left out", {&w->rest[0], &w->rest[1]}, 2};
    out[2] = (line){"any seeds: tape = tbptt, e-prop 3, synthesiser", {&w->tape_tbptt, &w->tape_delivered, &w->tape_eprop3, &w->synth}, 4};
    return 3;
}

/* Seeds c never suffice, seeds z where vfy_z_suffices says; where something is missing, it is not 0. */
static bool as_alive_as_expected(const vfy_case *k, const vfy_windows *w, int window)
{
    bool z = vfy_z_suffices(&k->net, window);
    bool dead = w->tbptt.dead || w->delivered.dead || w->tape_tbptt.dead || w->tape_delivered.dead || w->tape_eprop3.dead ||
                w->synth.dead || w->rest[0].dead || (!z && w->rest[1].dead);
    return !dead && w->part[0].differ > 0 && (z || w->part[1].differ > 0);
}

/* ---- A ---------------------------------------------------------------------------------------------------- */

static void add_up(const vfy_windows *one, line *total, vfy_gap *sum)
{
    line now[3];
    int n = lines_of(one, now);
    for (int i = 0; i < n; i++) {
        total[i] = now[i];
        for (int g = 0; g < now[i].n; g++) {
            sum[i].differ += now[i].gap[g]->differ;
            sum[i].entries += now[i].gap[g]->entries;
        }
    }
}

static int64_t largest_degree(const vfy_windows *w)
{
    line l[3];
    int64_t d = 1;
    for (int i = lines_of(w, l) - 1; i >= 0; i--)
        for (int g = 0; g < l[i].n; g++)
            if (l[i].gap[g]->degree > d) d = l[i].gap[g]->degree;
    return d;
}

static void say_identity(vfy_row *row, size_t differ, size_t entries, int64_t degree, int trials)
{
    snprintf(row->bound, sizeof row->bound, "chance 2^-%.0f", (61.0 - log2((double)degree)) * trials);
    snprintf(row->value, sizeof row->value, "%zu of %zu differ", differ, entries);
    row->size = (double)differ;
    if (differ) row->verdict = VFY_FAILS;
}

static ep_status variant_a(const vfy_task *t, const vfy_case *k, int window, uint64_t seed)
{
    static const uint64_t prime[2] = {REF_PRIME_1, REF_PRIME_2};
    const vfy_views exact = {.window = window, .seed = REF_SEED_ZC};
    vfy_windows degree, w;
    vfy_identity id = {0};
    vfy_gap sum[3] = {{0}};
    line l[3];
    size_t differ = 0, entries = 0;
    bool alive = true;
    ep_status st = vfy_measure_windows(k, ref_arith_degree(), 53, 0, 0, window, &degree);
    for (int trial = 0; st == EP_OK && trial < 2; trial++) {
        st = vfy_measure_windows(k, ref_arith_field(), 53, prime[trial], seed + (uint64_t)trial, window, &w);
        if (st == EP_OK) st = vfy_measure_identity(k, prime[trial], seed + (uint64_t)trial, &exact, &id);
        if (st != EP_OK) return st;
        add_up(&w, l, sum);
        alive = alive && as_alive_as_expected(k, &w, window) && !id.dead_groups;
        differ += id.differ;
        entries += id.entries;
    }
    if (st != EP_OK) return st;
    for (int i = -1; i < 3; i++) {
        vfy_row row = row_of(t, 'A', k, i < 0 ? "e-prop 3 with all seeds exact = BPTT" : l[i].compared);
        if (i < 0) say_identity(&row, differ, entries, id.degree, 2);
        else say_identity(&row, sum[i].differ, sum[i].entries, largest_degree(&degree), 2);
        snprintf(row.note, sizeof row.note, "windows of %d, degree %lld, two primes", window,
                 (long long)(i < 0 ? id.degree : largest_degree(&degree)));
        if (row.verdict == VFY_HOLDS && !alive) row.verdict = VFY_VACUOUS;
        vfy_results_add(t->out, &row);
    }
    return EP_OK;
}

ep_status vfy_windows_a(const vfy_task *t)
{
    static const int windows[] = {1, 3, 2, 5, 4};
    vfy_variant v[MOST_VARIANTS];
    size_t n = vfy_variants(t->model, t->level, v, MOST_VARIANTS);
    for (size_t k = 0; k < n; k++) {
        vfy_case kase;
        ep_status st = vfy_variant_case(t->model, &v[k], 5, 8 + 2 * v[k].delay, 100 + k, &kase);
        if (st == EP_UNABLE) st = EP_OK; /* symbols are always live */
        for (size_t i = 0; st == EP_OK && i < (n < 5 ? 5 : 1); i++)
            st = variant_a(t, &kase, windows[(k + i) % 5], 7000 + 50 * k + 10 * i);
        vfy_case_free(&kase);
        if (st != EP_OK) return st;
        vfy_say(t->progress, "A: windows", (double)(k + 1) / (double)n);
    }
    return EP_OK;
}

/* ---- B ---------------------------------------------------------------------------------------------------- */

static ep_status row_b(const vfy_task *t, const vfy_case *k, bool vacuous, ref_seed seed)
{
    static const char *const text[] = {"BPTT is not e-prop 3 without seeds, proved", "BPTT is not e-prop 3 (c), proved",
                                       "BPTT is not e-prop 3 (z), proved", "|BPTT - e-prop 3 (zc)| / scale, proved"};
    const vfy_views w = {.window = WINDOW, .seed = seed};
    const double q = 53.0;
    vfy_certificate ct = {0};
    vfy_row row = row_of(t, 'B', k, text[seed]);
    ep_status st = vfy_certify(k, q, &w, t->threads, NULL, &ct);
    if (st != EP_OK && st != EP_UNABLE) return st;
    if (st == EP_UNABLE) row.verdict = VFY_UNPROVED;
    else if (vacuous) row.verdict = VFY_VACUOUS;
    if (seed == REF_SEED_ZC) {
        row.size = exp2(ct.log2_gap);
        vfy_log2_text(exp2(-q), row.bound, sizeof row.bound);
        vfy_log2_text(row.size, row.value, sizeof row.value);
        if (ct.disjoint) row.verdict = VFY_FAILS;
        else if (!(ct.log2_gap <= -q)) row.verdict = VFY_UNPROVED;
    } else {
        row.size = -(double)ct.disjoint;
        snprintf(row.bound, sizeof row.bound, ">= 1 entry");
        snprintf(row.value, sizeof row.value, "%zu of %zu", ct.disjoint, ct.entries);
        if (!ct.disjoint) row.verdict = VFY_FAILS;
    }
    snprintf(row.note, sizeof row.note, "windows of %d, %zu entries at %ld and %ld bits; %zu spikes proved", WINDOW, ct.entries,
             ct.bits_L, ct.bits_e, ct.spikes);
    vfy_results_add(t->out, &row);
    return EP_OK;
}

ep_status vfy_windows_b(const vfy_task *t)
{
    vfy_variant v[MOST_VARIANTS];
    size_t n = vfy_variants(t->model, t->level, v, MOST_VARIANTS);
    for (size_t k = 0; k < n; k++) {
        vfy_case kase;
        if (!taken(t, n, k)) continue;
        ep_status st = vfy_variant_case(t->model, &v[k], 6, 50, 400 + k, &kase);
        bool vacuous = st == EP_UNABLE, all = t->level == VFY_FULL || k < 2;
        if (vacuous) st = EP_OK;
        if (st == EP_OK) st = row_b(t, &kase, vacuous, REF_SEED_ZC);
        if (st == EP_OK && all) st = row_b(t, &kase, vacuous, REF_SEED_C);
        if (st == EP_OK && all) st = row_b(t, &kase, vacuous, REF_SEED_Z);
        vfy_case_free(&kase);
        if (st != EP_OK) return st;
        vfy_say(t->progress, "B: windows", (double)(k + 1) / (double)n);
    }
    return EP_OK;
}

/* ---- C ---------------------------------------------------------------------------------------------------- */

ep_status vfy_windows_c(const vfy_task *t)
{
    static const long bits[] = {24, 53, 113, 1024};
    const vfy_views w = {.window = WINDOW, .seed = REF_SEED_ZC};
    vfy_variant v[MOST_VARIANTS];
    size_t n = vfy_variants(t->model, t->level, v, MOST_VARIANTS);
    for (size_t k = 0; k < n; k++) {
        vfy_case kase;
        vfy_scaling sc = {0};
        char text[48];
        double worst = 0.0;
        if (!taken(t, n, k)) continue;
        ep_status st = vfy_variant_case(t->model, &v[k], 6, 40, 300 + k, &kase);
        vfy_row row = row_of(t, 'C', &kase, "|BPTT - e-prop 3 (zc)| / (u mag), 24..1024");
        if (st == EP_UNABLE) row.verdict = VFY_VACUOUS, st = EP_OK;
        for (int b = 0; b < 4 && st == EP_OK; b++) {
            st = vfy_measure_scaling(&kase, bits[b], &w, &sc);
            worst = fmax(worst, sc.ratio);
        }
        vfy_case_free(&kase);
        if (st != EP_OK) return st;
        vfy_log2_text(sc.err, text, sizeof text);
        snprintf(row.bound, sizeof row.bound, "1");
        snprintf(row.value, sizeof row.value, "%.3g", worst);
        snprintf(row.note, sizeof row.note, "windows of %d, relative difference at 1024 bits %s", WINDOW, text);
        row.size = worst;
        if (worst > 1.0) row.verdict = VFY_FAILS;
        vfy_results_add(t->out, &row);
        vfy_say(t->progress, "C: windows", (double)(k + 1) / (double)n);
    }
    return EP_OK;
}

/* ---- D ---------------------------------------------------------------------------------------------------- */

static void add_d(const vfy_task *t, const vfy_case *k, const char *compared, double value, double limit, bool vacuous,
                  const char *note)
{
    vfy_row row = row_of(t, 'D', k, compared);
    row.verdict = !(value <= limit) ? VFY_FAILS : vacuous ? VFY_VACUOUS : VFY_HOLDS;
    row.size = value;
    vfy_log2_text(limit, row.bound, sizeof row.bound);
    vfy_log2_text(value, row.value, sizeof row.value);
    snprintf(row.note, sizeof row.note, "%s", note);
    vfy_results_add(t->out, &row);
}

static ep_status variant_d(const vfy_task *t, const vfy_case *k, int window, bool vacuous)
{
    const double limit = ldexp(1.0, -100); /* as for whole trials: rounding is far below, a slip far above */
    vfy_windows w;
    line l[3];
    char note[96];
    ep_status st = vfy_measure_windows(k, ref_arith_mpfr(), BITS, 0, 0, window, &w);
    if (st != EP_OK) return st;
    bool z = vfy_z_suffices(&k->net, window), dead = vacuous || !as_alive_as_expected(k, &w, window);
    snprintf(note, sizeof note, "windows of %d; e-prop 3 is off by %.2g with seeds c, %.2g with z", window, w.part[0].distance,
             w.part[1].distance);
    for (int i = 0, n = lines_of(&w, l); i < n; i++) {
        double worst = 0.0;
        for (int g = 0; g < l[i].n; g++)
            worst = fmax(worst, l[i].gap[g]->distance);
        add_d(t, k, l[i].compared, worst, limit, dead, note);
    }
    if (z) add_d(t, k, "e-prop 3 (z) = BPTT where all paths leave", w.part[1].distance, limit, dead, note);
    add_d(t, k, "synthesiser's seeds: tape = truncated BPTT", w.by_synth.distance, limit, dead || w.by_synth.dead, note);
    return EP_OK;
}

/* Linear, and hidden layers narrower and wider than what they say. */
static ep_status synthesisers(const vfy_task *t)
{
    static const int size[][3] = {{6, 0, 8}, {6, 3, 8}, {12, 9, 4}};
    for (int i = 0; i < 3; i++) {
        vfy_case k = {0};
        double value, limit;
        snprintf(k.name, sizeof k.name, "synthesiser %d - %d - %d", size[i][0], size[i][1], size[i][2]);
        ep_status st = vfy_measure_synth(size[i][0], size[i][1], size[i][2], BITS, 77 + (uint64_t)i, &value, &limit);
        if (st != EP_OK) return st;
        /* a linear one's loss is a square: its central differences are exact but for rounding */
        add_d(t, &k, "synthesiser: differences = gradient", value, fmax(limit, ldexp(1.0, -100)), false, "256 bits, all parameters");
    }
    return EP_OK;
}

ep_status vfy_windows_d(const vfy_task *t)
{
    static const int windows[] = {7, 1, 4, 10, 3};
    vfy_variant v[MOST_VARIANTS];
    size_t n = vfy_variants(t->model, t->level, v, MOST_VARIANTS);
    for (size_t k = 0; k < n; k++) {
        vfy_case kase;
        ep_status st = vfy_variant_case(t->model, &v[k], 5, 30, 500 + k, &kase);
        bool vacuous = st == EP_UNABLE;
        if (vacuous) st = EP_OK;
        for (size_t i = 0; st == EP_OK && i < (n < 5 ? 5 : 1); i++) st = variant_d(t, &kase, windows[(k + i) % 5], vacuous);
        vfy_case_free(&kase);
        if (st != EP_OK) return st;
        vfy_say(t->progress, "D: windows", (double)(k + 1) / (double)n);
    }
    return t->model == EP_LSTM ? synthesisers(t) : EP_OK;
}
