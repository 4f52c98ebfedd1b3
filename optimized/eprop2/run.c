/* Batches: trials over threads, rates over the batch, gradients summed in a fixed order.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "e2_state.h"

typedef struct job {
    opt_e2 *s;
    const opt_e2_trials *tr;
    const float *err;
    float *y;
    float eta;
} job;

static void forward_one(void *arg, size_t b, size_t lane)
{
    const job *j = arg;
    j->s->k->forward(j->s, j->tr, (int)b, j->eta, &j->s->lane[lane], j->y);
}

static size_t group_of(const opt_e2_trials *tr, int b) { return tr->group ? tr->group[b] : (size_t)b % OPT_E2_GROUPS; }

/* All trials of a group, in their order: whoever runs it, the order of sums is the same. */
static void backward_group(void *arg, size_t group, size_t lane)
{
    const job *j = arg;
    for (int b = 0; b < j->tr->B; b++)
        if (group_of(j->tr, b) == group)
            j->s->k->backward(j->s, j->tr, b, j->err, &j->s->lane[lane], &j->s->g_main[group], &j->s->g_mod[group]);
}

static const e2_pass *pass_of(const e2_trial *r, int which) { return which == 0 ? &r->train : which == 1 ? &r->mod : &r->test; }

/* reg_j = c_reg (fbar_j - f*)/(T B), E_reg, and the mean rate of one of the three passes. */
static void regularise(opt_e2 *s, const opt_e2_trials *tr, int which)
{
    const e2_net *w = which == 1 ? &s->mod : &s->main;
    int T = which == 2 ? s->cfg.T_test : s->cfg.T;
    double steps = (double)T * (double)(tr->whole ? tr->whole : tr->B), c = s->cfg.c_reg[which], total = 0.0;
    float *reg = s->reg[which];
    memset(s->count, 0, (size_t)w->n * sizeof *s->count);
    for (int b = 0; b < tr->B; b++) {
        const e2_pass *p = pass_of(&s->trial[b], which);
        for (int t = 0; t < T; t++)
            for (int k = 0; k < p->count[t]; k++) s->count[p->event[e2_row(t, w->n) + (size_t)k]] += 1.0;
    }
    if (tr->whole && s->cfg.sum) s->cfg.sum(s->cfg.user, s->count, (size_t)w->n);
    for (int j = 0; j < w->n; j++) {
        double fbar = s->count[j] / steps, off = fbar - s->cfg.f_target[which];
        total += fbar;
        s->facts.reg += 0.5 * c * off * off;
        reg[j] = (float)(c * off / steps);
    }
    s->facts.rate[which] = w->n ? total / w->n : 0.0;
}

static double squares(const float *w, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) sum += (double)w[i] * (double)w[i];
    return sum;
}

ep_status opt_e2_forward(opt_e2 *s, const opt_e2_trials *tr, bool still, float *y)
{
    if (tr->B < 1 || tr->B > s->cfg.B || tr->whole < 0) return EP_DOMAIN;
    job j = {.s = s, .tr = tr, .y = y, .eta = still ? 0.0F : (float)s->cfg.eta};
    double moved = 0.0, w2 = squares(s->main.Win, e2_row(s->main.n_in, s->main.pad)) + squares(s->main.Wrec, e2_row(s->main.n, s->main.pad));
    bool finite = true;
    fast_parallel(forward_one, &j, (size_t)tr->B, (size_t)s->cfg.threads);
    s->B = tr->B;
    s->facts = (opt_e2_facts){0};
    for (int b = 0; b < tr->B; b++) {
        finite = finite && s->trial[b].finite;
        moved += s->trial[b].update;
    }
    for (int k = 0; k < 3; k++) regularise(s, tr, k);
    if (tr->whole && s->cfg.sum) s->cfg.sum(s->cfg.user, &moved, 1);
    s->facts.update = w2 > 0.0 ? sqrt(moved / (tr->whole ? tr->whole : tr->B) / w2) : 0.0;
    return finite ? EP_OK : EP_UNABLE;
}

static void clear(e2_grad *g, const e2_net *w)
{
    memset(g->Win, 0, e2_row(w->n_in, w->pad) * sizeof(float));
    memset(g->Wrec, 0, e2_row(w->n, w->pad) * sizeof(float));
    memset(g->b, 0, (size_t)w->pad * sizeof(float));
    memset(g->Wout, 0, e2_row(w->n, w->pad_out) * sizeof(float));
    memset(g->bout, 0, (size_t)w->pad_out * sizeof(float));
}

static bool finite(const float *v, size_t n)
{
    float check = 0.0F;
    for (size_t i = 0; i < n; i++) check += v[i] - v[i]; /* NaN where it is not finite */
    return check == 0.0F;
}

static bool finite_grad(const e2_grad *g, const e2_net *w)
{
    return finite(g->Win, e2_row(w->n_in, w->pad)) && finite(g->Wrec, e2_row(w->n, w->pad)) && finite(g->b, (size_t)w->pad) &&
           finite(g->Wout, e2_row(w->n, w->pad_out)) && finite(g->bout, (size_t)w->pad_out);
}

ep_status opt_e2_backward(opt_e2 *s, const opt_e2_trials *tr, const float *err)
{
    if (tr->B != s->B || s->B < 1) return EP_DOMAIN;
    job j = {.s = s, .tr = tr, .err = err};
    memset(s->used, 0, sizeof s->used);
    for (int b = 0; b < tr->B; b++) {
        size_t k = group_of(tr, b);
        if (k >= OPT_E2_GROUPS) return EP_DOMAIN;
        s->used[k] = true;
    }
    for (size_t k = 0; k < OPT_E2_GROUPS; k++) {
        if (!s->used[k]) continue;
        clear(&s->g_main[k], &s->main);
        clear(&s->g_mod[k], &s->mod);
    }
    fast_parallel(backward_group, &j, OPT_E2_GROUPS, (size_t)s->cfg.threads);
    bool good = true;
    for (size_t k = 0; k < OPT_E2_GROUPS; k++)
        if (s->used[k]) good = finite_grad(&s->g_main[k], &s->main) && finite_grad(&s->g_mod[k], &s->mod) && good;
    return good ? EP_OK : EP_UNABLE;
}
