/* One trial of e-prop 2, forward and back. Compiled once an instruction set, which defines ISA.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "e2_pass.h"

static e2_input outer_input(const float *x, int b, int T, int n)
{
    return (e2_input){.first = x && n ? x + (size_t)b * e2_row(T, n) : NULL, .n_first = n};
}

static e2_input module_input(const opt_e2 *s, const opt_e2_trials *tr, int b)
{
    e2_input u = outer_input(tr->code, b, s->cfg.T, s->n_code), x = outer_input(tr->x, b, s->cfg.T, s->main.n_in);
    u.spikes = &s->trial[b].train;
    u.n_spikes = s->main.n;
    u.last = x.first;
    u.n_last = x.n_first;
    return u;
}

static void clear_diagonal(float *w, int n, int pad)
{
    for (int j = 0; j < n; j++) w[e2_row(j, pad) + (size_t)j] = 0.0F;
}

/* dQ, dlam from L, backward in time: dW_ji = sum_t dQ_j^t pre_i^t. xi of the contracted traces is there: hv, ha too. */
static void traces_back(const e2_net *w, const e2_pass *p, int T, const float *L, bool second, e2_lane *l)
{
    float *v = l->v, *a = l->a;
    memset(v, 0, (size_t)w->pad * sizeof *v);
    memset(a, 0, (size_t)w->pad * sizeof *a);
    for (int t = T - 1; t >= 0; t--)
        for (int j = 0; j < w->pad; j += LANES) {
            size_t at = e2_row(t, w->pad) + (size_t)j;
            vec x = v_load(p->x + at), psi = psi_of(w, x), dlam = v_load(L + at);
            if (w->adapts) {
                vec a1 = v_load(a + j);
                dlam = dlam + v_load(w->g_a + j) * a1;
                v_store(a + j, v_load(w->rho + j) * a1 - v_load(w->beta + j) * psi * dlam);
            }
            vec v1 = psi * dlam + v_load(w->alpha + j) * v_load(v + j);
            v_store(v + j, v1);
            v_store(l->dQ + at, v_load(w->g_in + j) * v1);
            if (!second) continue;
            vec d = v_load(l->xi_v + at);
            if (w->adapts) d = d - v_load(w->beta + j) * v_load(l->xi_a + at);
            d = slope_of(w, x) * dlam * d;
            v_store(l->hv + at, d);
            if (w->adapts) v_store(l->ha + at, v_set(0) - v_load(w->beta + j) * d);
        }
}

/* xi and lambda: what each neuron's trace is worth. */
static void contract(const e2_net *w, const e2_input *in, const e2_pass *p, int T, e2_lane *l)
{
    float *Q = l->I, *v = l->v, *a = l->a, *lam1 = l->z;
    size_t row = (size_t)w->pad * sizeof *v;
    memset(v, 0, row);
    memset(a, 0, row);
    memset(lam1, 0, row);
    for (int t = 0; t < T; t++) {
        int hot = collect_inputs(in, t, 0, l), from = t - w->d;
        memset(Q, 0, row);
        for (int k = 0; k < hot; k++) add_scaled(Q, l->hot_value[k], l->Xin + e2_row((int)l->hot[k], w->pad), w->pad);
        for (int k = 0; from >= 0 && k < p->count[from]; k++)
            add_row(Q, l->Xrec + e2_row(p->event[e2_row(from, w->n) + (size_t)k], w->pad), w->pad);
        for (int j = 0; j < w->pad; j += LANES) {
            size_t at = e2_row(t, w->pad) + (size_t)j;
            vec e = v_load(w->alpha + j) * v_load(v + j) + v_load(w->g_in + j) * v_load(Q + j);
            v_store(v + j, e);
            v_store(l->xi_v + at, e);
            if (w->adapts) {
                vec ea = v_load(w->rho + j) * v_load(a + j) + v_load(w->g_a + j) * v_load(lam1 + j);
                v_store(a + j, ea);
                v_store(l->xi_a + at, ea);
                e = e - v_load(w->beta + j) * ea;
            }
            e = psi_of(w, v_load(p->x + at)) * e;
            v_store(lam1 + j, e);
            v_store(l->lam + at, e);
        }
    }
}

/* W' = W - eta dW; dW stands in W'. Returns |eta dW|^2. */
static double update(float *after, const float *before, size_t n, float eta)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        float d = eta * after[i];
        sum += (double)d * (double)d;
        after[i] = before[i] - d;
    }
    return sum;
}

static void trial_forward(opt_e2 *s, const opt_e2_trials *tr, int b, float eta, e2_lane *l, float *y)
{
    e2_trial *r = &s->trial[b];
    const e2_net *w = &s->main, *m = &s->mod;
    int T = s->cfg.T, T2 = s->cfg.T_test;
    e2_input x = outer_input(tr->x, b, T, w->n_in), x2 = outer_input(tr->x_test, b, T2, w->n_in), u = module_input(s, tr, b);
    run_pass(w, w->Win, w->Wrec, &x, 0, T, &r->train, l);
    run_pass(m, m->Win, m->Wrec, &u, w->n, T, &r->mod, l);
    size_t n_in = e2_row(w->n_in, w->pad), n_rec = e2_row(w->n, w->pad);
    memset(r->Win, 0, n_in * sizeof *r->Win);
    memset(r->Wrec, 0, n_rec * sizeof *r->Wrec);
    if (eta != 0.0F) {
        traces_back(w, &r->train, T, r->mod.y, false, l);
        weights(w, &x, 0, &r->train, T, l->dQ, r->Win, r->Wrec, NULL, l);
        clear_diagonal(r->Wrec, w->n, w->pad);
    }
    r->update = update(r->Win, w->Win, n_in, eta) + update(r->Wrec, w->Wrec, n_rec, eta);
    run_pass(w, r->Win, r->Wrec, &x2, 0, T2, &r->test, l);
    r->finite = isfinite(r->update);
    for (int t = 0; t < T2; t++)
        for (int k = 0; k < w->n_out; k++) {
            float v = r->test.y[e2_row(t, w->pad_out) + (size_t)k];
            r->finite = r->finite && isfinite(v);
            if (y) y[(size_t)b * e2_row(T2, w->n_out) + e2_row(t, w->n_out) + (size_t)k] = v;
        }
}

/* G' and X = -eta G'. */
static void test_back(opt_e2 *s, const opt_e2_trials *tr, int b, const float *err, e2_lane *l, e2_grad *g)
{
    const e2_net *w = &s->main;
    e2_trial *r = &s->trial[b];
    int T = s->cfg.T_test;
    e2_input x = outer_input(tr->x_test, b, T, w->n_in);
    size_t n_in = e2_row(w->n_in, w->pad), n_rec = e2_row(w->n, w->pad);
    float eta = (float)s->cfg.eta;
    readout_back(w, &r->test, T, err + (size_t)b * e2_row(T, w->n_out), w->n_out, g, l);
    bptt(w, r->Wrec, &r->test, T, s->reg[2], NULL, NULL, l);
    memset(l->Xin, 0, n_in * sizeof *l->Xin);
    memset(l->Xrec, 0, n_rec * sizeof *l->Xrec);
    weights(w, &x, 0, &r->test, T, l->dI, l->Xin, l->Xrec, g->b, l);
    clear_diagonal(l->Xrec, w->n, w->pad);
    for (size_t i = 0; i < n_in; i++) {
        g->Win[i] += l->Xin[i];
        l->Xin[i] *= -eta;
    }
    for (size_t i = 0; i < n_rec; i++) {
        g->Wrec[i] += l->Xrec[i];
        l->Xrec[i] *= -eta;
    }
}

static void trial_backward(opt_e2 *s, const opt_e2_trials *tr, int b, const float *err, e2_lane *l, e2_grad *main, e2_grad *mod)
{
    const e2_net *w = &s->main, *m = &s->mod;
    e2_trial *r = &s->trial[b];
    int T = s->cfg.T;
    bool second = !s->cfg.first_order;
    e2_input x = outer_input(tr->x, b, T, w->n_in), u = module_input(s, tr, b);
    test_back(s, tr, b, err, l, main);
    contract(w, &x, &r->train, T, l);
    readout_back(m, &r->mod, T, l->lam, w->pad, mod, l);
    bptt(m, m->Wrec, &r->mod, T, s->reg[1], NULL, NULL, l);
    weights(m, &u, w->n, &r->mod, T, l->dI, mod->Win, mod->Wrec, mod->b, l);
    /* into the spikes of the training trial: what the module hears, what the traces hold */
    memset(l->direct, 0, e2_row(T, w->pad) * sizeof *l->direct);
    rows_by_steps(l->direct, w->pad, m->Win + e2_row(s->n_code, m->pad), w->n, l->dI, m->pad, T, 1.0F);
    if (second) {
        traces_back(w, &r->train, T, r->mod.y, true, l);
        if (T > w->d) rows_by_steps(l->direct, w->pad, l->Xrec, w->n, l->dQ + e2_row(w->d, w->pad), w->pad, T - w->d, 1.0F);
    }
    bptt(w, w->Wrec, &r->train, T, s->reg[0], second ? l->hv : NULL, second && w->adapts ? l->ha : NULL, l);
    weights(w, &x, 0, &r->train, T, l->dI, main->Win, main->Wrec, main->b, l);
}

#define E2_TABLE2(isa) e2_kernels_##isa
#define E2_TABLE(isa) E2_TABLE2(isa)
#define E2_TEXT2(isa) #isa
#define E2_TEXT(isa) E2_TEXT2(isa)
const e2_kernels E2_TABLE(ISA) = {.name = E2_TEXT(ISA), .forward = trial_forward, .backward = trial_backward};
