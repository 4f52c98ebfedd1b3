/* judge.c: is every number that an engine answers as close to the reference as its format allows?
 * SPDX-License-Identifier: MIT */
#include "judge.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "truth.h"

typedef struct hearing {
    const draw_case *k;
    const arm *a;
    arm_tally *seen;
    const truth *t;
    char *first;
    int findings;
    bool alive;
} hearing;

__attribute__((format(printf, 2, 3))) static void find(hearing *h, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (h->findings++ == 0) (void)vsnprintf(h->first, JUDGE_TEXT, format, args);
    va_end(args);
    h->seen->findings++;
}

/* Beyond it, an intermediate result in another order may have left the range. */
static double range_of(const truth *t) { return t->single ? 0x1p90 : 0x1p900; }

static void one(hearing *h, double got, const ref_num *want, double limit, double top, const char *name, size_t i)
{
    double ref = mpfr_get_d(want->e.r, MPFR_RNDN), off = fabs(got - ref);
    h->seen->numbers++;
    if (top > 0 && !(limit <= top / 64)) h->seen->loose++;
    if (!isfinite(limit)) return;
    if (!(off <= limit)) find(h, "%s[%zu]: got %a, the reference has %a, limit %a", name, i, got, ref, limit);
    else if (limit > 0 && off / limit > h->seen->worst) h->seen->worst = off / limit;
}

static double largest(const ref_num *v, size_t n)
{
    double top = 0;
    for (size_t i = 0; i < n; i++) top = fmax(top, fabs(mpfr_get_d(v[i].e.r, MPFR_RNDN)));
    return top;
}

static void gradients(hearing *h, const answer *a)
{
    for (int g = 0; g < (int)EP_N_GROUP; g++) {
        const ref_num *want = h->t->g.g[g];
        double top = largest(want, h->t->g.n[g]);
        if (a->n[g] == 0 && g >= EP_G_THETA) continue; /* special kernels have no gradients of theta */
        if (a->n[g] != h->t->g.n[g]) find(h, "%s: %zu numbers, expected %zu", ep_group_name((ep_group)g), a->n[g], h->t->g.n[g]);
        else
            for (size_t i = 0; i < a->n[g]; i++) {
                h->alive = h->alive || a->grad[g][i] != 0;
                one(h, a->grad[g][i], &want[i], truth_limit(h->t, &want[i]), top, ep_group_name((ep_group)g), i);
            }
    }
}

/* Quantity q of step t (0-based) of trial b in the reference's record; NULL: it has none. */
static const ref_num *recorded(const truth *t, int q, int b, size_t step, size_t j)
{
    const ref_traj *tr = &t->run.tr[b];
    size_t at = (step + 1) * (size_t)t->net.n_rec + j, nh = (size_t)t->net.nh;
    bool spikes = ep_model_spikes(t->net.model);
    switch (q) {
    case ALL_V: return t->net.model == EP_LSTM ? NULL : &tr->h[at * nh + (t->net.model == EP_SYNAPTIC)];
    case ALL_A: return t->net.model == EP_ALIF || t->net.model == EP_LSNN ? &tr->h[at * nh + 1] : NULL;
    case ALL_PSI: return spikes ? &tr->q[at * (size_t)t->net.nq + REF_Q_PSI] : NULL;
    case ALL_Y: return &tr->y[(step + 1) * (size_t)t->net.n_out + j];
    default: return spikes ? NULL : &tr->z[at];
    }
}

static void states(hearing *h, const answer *a)
{
    static const char *const names[] = {"z", "v", "a", "psi", "y"};
    size_t T = (size_t)h->t->run.T, at = 0;
    for (int q = 0; q < 5; q++) {
        size_t n = (size_t)(q == ALL_Y ? h->t->net.n_out : h->t->net.n_rec);
        if (!a->all[q] || !recorded(h->t, q, 0, 0, 0)) continue;
        at = 0;
        for (int b = 0; b < h->t->run.B; b++)
            for (size_t s = 0; s < T; s++)
                for (size_t j = 0; j < n; j++, at++) {
                    const ref_num *want = recorded(h->t, q, b, s, j);
                    one(h, a->all[q][at], want, want->e.mag + h->t->world.tiny, fabs(mpfr_get_d(want->e.r, MPFR_RNDN)), names[q], at);
                }
    }
}

/* E is a sum over outputs too. */
static void loss(hearing *h, const answer *a)
{
    const ref_num *E = h->t->run.E;
    double limit = truth_limit(h->t, E) * (1 + h->t->net.n_out);
    one(h, a->loss, E, limit, fabs(mpfr_get_d(E->e.r, MPFR_RNDN)), "loss", 0);
}

static void compare(hearing *h, const answer *a)
{
    size_t ties;
    long wrong = truth_wrong_spike(h->t, &ties);
    h->seen->ties += (long)ties;
    if (wrong >= 0) {
        size_t n = (size_t)h->t->net.n_rec, T = (size_t)h->t->run.T, at = (size_t)wrong;
        find(h, "spike of trial %zu, step %zu, neuron %zu: got %g, the reference decides otherwise", at / n / T, at / n % T + 1, at % n,
             h->t->z[at]);
        return;
    }
    states(h, a);
    gradients(h, a);
    loss(h, a);
    if (h->alive) h->seen->alive++;
}

static void note_path(tally *seen, const char *path)
{
    for (int p = 0; p < JUDGE_PATHS && path[0]; p++) {
        if (!seen->path[p][0]) snprintf(seen->path[p], sizeof seen->path[p], "%s", path);
        if (strcmp(seen->path[p], path) != 0) continue;
        seen->path_n[p]++;
        return;
    }
}

/* The reference for these spikes, made once for all arms that share them. */
static ep_status truth_for(const draw_case *k, const arm *a, const double *z, truth made[4], const truth **t)
{
    size_t n = (size_t)k->batch.T * (size_t)k->batch.B * (size_t)k->net.n_rec * sizeof *z;
    truth *at = &made[2 * a->fast + a->single];
    *t = at;
    if (at->open && ((!z && !at->z) || (z && at->z && memcmp(z, at->z, n) == 0))) return EP_OK;
    truth_close(at);
    return truth_open(k, a->single, a->fast, z, at);
}

/* The fast engine multiplies by 1/v_th and says so where the format does not hold it (LIMITS.md). */
static bool too_low(const hearing *h, const answer *a)
{
    double v_th = h->k->net.v_th, top = h->a->single ? (double)FLT_MAX : DBL_MAX;
    return h->a->fast && !a->reached_init && ep_model_spikes(h->k->net.model) && 1 / v_th > top;
}

static void judge_arm(hearing *h, const answer *a, const double *z, truth made[4])
{
    double peak;
    ep_status st;
    if (a->refused || (a->status == EP_DOMAIN && too_low(h, a))) {
        h->seen->refused++;
        return;
    }
    st = truth_for(h->k, h->a, ep_model_spikes(h->k->net.model) ? z : NULL, made, &h->t);
    peak = h->t->world.peak;
    if (st == EP_UNABLE) h->seen->open++;
    else if (st != EP_OK) find(h, "the reference answers %s", ep_status_name(st));
    else if (a->status != EP_OK && peak > range_of(h->t)) h->seen->refused++;
    else if (a->status != EP_OK) find(h, "%s answers %s; the largest number on the way is %g", a->reached_init ? "grad" : "init", ep_status_name(a->status), peak);
    else if (peak > range_of(h->t)) h->seen->overflowed++;
    else compare(h, a);
}

static int integers(const draw_case *k, arm_plant plant, unsigned mask, tally *seen, char *first, int *at, int before)
{
    int findings = 0;
    for (int i = 0; i < ARM_N_FIXED; i++) {
        char text[JUDGE_TEXT] = "";
        if (!(mask >> (ARM_N + i) & 1) || !judge_fixed(k, i, plant, &seen->arm[ARM_N + i], text)) continue;
        if (!before && !findings++) {
            memcpy(first, text, JUDGE_TEXT);
            *at = ARM_N + i;
        }
    }
    return findings;
}

int judge_case(const draw_case *k, arm_plant plant, unsigned mask, tally *seen, char *first, int *at)
{
    truth made[4] = {{.open = false}};
    double *z[4] = {NULL};
    int findings = 0;
    first[0] = '\0';
    seen->cases++;
    seen->model[k->net.model]++;
    for (int t = 0; t < DRAW_N; t++) seen->trait[t] += k->traits >> t & 1;
    for (int i = 0; i < ARM_N; i++) {
        char text[JUDGE_TEXT] = "";
        answer a;
        hearing h = {.k = k, .a = &arms[i], .seen = &seen->arm[i], .first = text};
        double **own = &z[2 * arms[i].fast + arms[i].single];
        if (!arm_takes(&arms[i], k) || !(mask >> i & 1)) continue;
        arm_run(&arms[i], k, plant, &a);
        h.seen->cases++;
        note_path(seen, a.path);
        if (a.all[ALL_Z] && ep_model_spikes(k->net.model)) {
            free(*own);
            *own = a.all[ALL_Z];
            a.all[ALL_Z] = NULL;
        }
        judge_arm(&h, &a, *own, made);
        if (h.findings && !findings) {
            memcpy(first, text, JUDGE_TEXT);
            *at = i;
        }
        findings += h.findings;
        answer_free(&a);
    }
    for (int i = 0; i < 4; i++) {
        truth_close(&made[i]);
        free(z[i]);
    }
    return findings + integers(k, plant, mask, seen, first, at, findings);
}
