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

/* Trials b = group, group + E2_GROUPS, ...: whoever runs it, the order of sums is the same. */
static void backward_group(void *arg, size_t group, size_t lane)
{
    const job *j = arg;
    for (int b = (int)group; b < j->tr->B; b += E2_GROUPS)
        j->s->k->backward(j->s, j->tr, b, j->err, &j->s->lane[lane], &j->s->g_main[group], &j->s->g_mod[group]);
}

static const e2_pass *pass_of(const e2_trial *r, int which) { return which == 0 ? &r->train : which == 1 ? &r->mod : &r->test; }

/* reg_j = c_reg (fbar_j - f*)/(T B), E_reg, and the mean rate of one of the three passes. */
static void regularise(opt_e2 *s, int B, int which)
{
    const e2_net *w = which == 1 ? &s->mod : &s->main;
    int T = which == 2 ? s->cfg.T_test : s->cfg.T;
    double steps = (double)T * (double)B, c = s->cfg.c_reg[which], total = 0.0;
    float *reg = s->reg[which];
    memset(reg, 0, (size_t)w->pad * sizeof *reg);
    for (int b = 0; b < B; b++) {
        const e2_pass *p = pass_of(&s->trial[b], which);
        for (int t = 0; t < T; t++)
            for (int k = 0; k < p->count[t]; k++) reg[p->event[e2_row(t, w->n) + (size_t)k]] += 1.0F; /* counts below 2^24 */
    }
    for (int j = 0; j < w->n; j++) {
        double fbar = (double)reg[j] / steps, off = fbar - s->cfg.f_target[which];
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
    if (tr->B < 1 || tr->B > s->cfg.B) return EP_DOMAIN;
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
    for (int k = 0; k < 3; k++) regularise(s, tr->B, k);
    s->facts.update = w2 > 0.0 ? sqrt(moved / tr->B / w2) : 0.0;
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

/* to += from; false if a sum is not finite. */
static bool gather(float *to, const float *from, size_t n)
{
    float check = 0.0F;
    for (size_t i = 0; i < n; i++) {
        if (from) to[i] += from[i];
        check += to[i] - to[i]; /* NaN where it is not finite */
    }
    return check == 0.0F;
}

static bool gather_grad(e2_grad *to, const e2_grad *from, const e2_net *w)
{
    bool ok = gather(to->Win, from ? from->Win : NULL, e2_row(w->n_in, w->pad));
    ok = gather(to->Wrec, from ? from->Wrec : NULL, e2_row(w->n, w->pad)) && ok;
    ok = gather(to->b, from ? from->b : NULL, (size_t)w->pad) && ok;
    ok = gather(to->Wout, from ? from->Wout : NULL, e2_row(w->n, w->pad_out)) && ok;
    return gather(to->bout, from ? from->bout : NULL, (size_t)w->pad_out) && ok;
}

ep_status opt_e2_backward(opt_e2 *s, const opt_e2_trials *tr, const float *err)
{
    if (tr->B != s->B || s->B < 1) return EP_DOMAIN;
    size_t groups = tr->B < E2_GROUPS ? (size_t)tr->B : E2_GROUPS;
    job j = {.s = s, .tr = tr, .err = err};
    for (size_t k = 0; k < groups; k++) {
        clear(&s->g_main[k], &s->main);
        clear(&s->g_mod[k], &s->mod);
    }
    fast_parallel(backward_group, &j, groups, (size_t)s->cfg.threads);
    bool finite = true;
    for (size_t k = 1; k < groups; k++) {
        (void)gather_grad(&s->g_main[0], &s->g_main[k], &s->main);
        (void)gather_grad(&s->g_mod[0], &s->g_mod[k], &s->mod);
    }
    finite = gather_grad(&s->g_main[0], NULL, &s->main);
    finite = gather_grad(&s->g_mod[0], NULL, &s->mod) && finite;
    return finite ? EP_OK : EP_UNABLE;
}
