/* e-prop 2 on the tape: both networks, explicit traces, the update and the test trial as one program, swept once.
 * SPDX-License-Identifier: MIT */
#include "tape_model.h"

#include "tape_eprop2.h"

typedef struct tape_e2 {
    const ref_e2 *p;
    ref_e2_order order;
    tape_net main, module;
    ref_var *eps_v, *eps_a, *e, *dW; /* [N][N + n_in] of the trial in hand */
    tape_trial *train, *mod, *test;  /* [B] */
    const ref_num *minus_eta;
} tape_e2;

/* Traces of row j at step t from the tape's own psi, and dW += L e. Columns: n_in inputs, then N recurrent. */
static void traces_of_row(tape_e2 *x, const tape_trial *s, int t, int j, ref_var L)
{
    tape_net *n = &x->main;
    const ref_net *net = n->net;
    ref_tape *tp = n->t;
    int N = net->n_rec, width = net->n_in + N, from = t - net->opt.delay;
    ref_var one = ref_tape_constant(tp, &tp->c->one), minus = ref_tape_constant(tp, tp->minus_one);
    ref_var psi = s->psi[tape_ix(t, N, j)], gain = net->model == EP_RATE ? one : n->g_in[j];
    if (x->order == REF_E2_PSI_DETACHED) psi = ref_tape_detach(psi);
    bool local = net->model != EP_RATE && net->opt.reset_path == EP_RESET_LOCAL;
    for (int col = 0; col < width; col++) {
        size_t k = tape_ix(j, width, col);
        bool rec = col >= net->n_in;
        ref_var pre = ref_tape_constant(tp, NULL);
        if (rec && col - net->n_in == j) continue;
        if (!rec) pre = s->x[col];
        else if (from >= 1) pre = s->z[tape_ix(from, N, col - net->n_in)];
        tape_pair(n, n->theta[EP_ALPHA][j], x->eps_v[k]);
        tape_pair(n, gain, pre);
        if (local) tape_pair(n, ref_tape_constant(tp, net->v_th), ref_tape_mul(tp, minus, x->e[k]));
        x->eps_v[k] = tape_sum(n);
        ref_var inner = x->eps_v[k];
        if (net->theta[EP_BETA]) {
            tape_pair(n, n->theta[EP_RHO][j], x->eps_a[k]);
            tape_pair(n, n->g_a[j], x->e[k]);
            x->eps_a[k] = tape_sum(n);
            inner = ref_tape_sub(tp, inner, ref_tape_mul(tp, n->theta[EP_BETA][j], x->eps_a[k]));
        }
        x->e[k] = ref_tape_mul(tp, psi, inner);
        ref_var e = x->order == REF_E2_FIRST ? ref_tape_detach(x->e[k]) : x->e[k];
        tape_pair(n, x->dW[k], one);
        tape_pair(n, L, e);
        x->dW[k] = tape_sum(n);
    }
}

/* u^t = [code^t; z^t; x^t]. */
static void module_input(tape_e2 *x, tape_trial *m, const tape_trial *s, int b, int t)
{
    tape_net *n = &x->module;
    const ep_batch *code = &x->p->src->code;
    int n_code = x->p->n_code, N = x->main.net->n_rec, n_in = x->main.net->n_in;
    for (int i = 0; i < n_code; i++) {
        ref_num *r = NULL;
        double d = code->x ? code->x[tape_ix(b, code->T, t - 1) * (size_t)n_code + (size_t)i] : 0;
        if (n->t->c->ar->symbolic) {
            m->x[i] = ref_tape_constant(n->t, &m->rec->x[tape_ix(t, n->net->n_in, i)]);
            continue;
        }
        if (d != 0) {
            r = ref_tape_num(n->t);
            ref_set_d(n->t->c, r, d);
        }
        m->x[i] = ref_tape_constant(n->t, r);
    }
    for (int j = 0; j < N; j++) m->x[n_code + j] = s->z[tape_ix(t, N, j)];
    for (int i = 0; i < n_in; i++) m->x[n_code + N + i] = s->x[i];
}

static ep_status training_trial(tape_e2 *x, int b)
{
    tape_net *n = &x->main, *e = &x->module;
    tape_trial *s = &x->train[b], *m = &x->mod[b];
    ref_ctx *c = n->t->c;
    int N = n->net->n_rec;
    size_t cells = tape_ix(N, N + n->net->n_in, 0);
    n->bt = &x->p->src->train;
    ep_status st = tape_start(n, s, &x->p->train, b);
    if (st == EP_OK) st = tape_start(e, m, &x->p->mod, b);
    if (st != EP_OK) return st;
    s->psi = tape_vars(c, tape_ix(n->bt->T + 1, N, 0));
    s->slope = x->p->slope[b];
    x->eps_v = tape_vars(c, cells);
    x->eps_a = tape_vars(c, cells);
    x->e = tape_vars(c, cells);
    x->dW = tape_vars(c, cells);
    if (!s->psi || !x->eps_v || !x->eps_a || !x->e || !x->dW) return EP_NOMEM;
    for (int t = 1; t <= n->bt->T && n->t->status == EP_OK; t++) {
        tape_input(n, s, b, t);
        tape_step(n, s, b, t);
        module_input(x, m, s, b, t);
        tape_step(e, m, b, t);
        for (int j = 0; j < N; j++) traces_of_row(x, s, t, j, m->y[tape_ix(t, N, j)]);
    }
    return n->t->status;
}

/* W' = W - eta dW as variables in the place of the leaves. */
static ep_status updated(tape_e2 *x, tape_net *after)
{
    tape_net *n = &x->main;
    int N = n->net->n_rec, n_in = n->net->n_in;
    ref_var one = ref_tape_constant(n->t, &n->t->c->one), step = ref_tape_constant(n->t, x->minus_eta);
    *after = *n;
    after->Win = tape_vars(n->t->c, tape_ix(N, n_in, 0));
    after->Wrec = tape_vars(n->t->c, tape_ix(N, N, 0));
    if (!after->Win || !after->Wrec) return EP_NOMEM;
    for (int j = 0; j < N; j++)
        for (int col = 0; col < n_in + N; col++) {
            bool rec = col >= n_in;
            size_t to = rec ? tape_ix(j, N, col - n_in) : tape_ix(j, n_in, col);
            tape_pair(n, rec ? n->Wrec[to] : n->Win[to], one);
            tape_pair(n, x->dW[tape_ix(j, n_in + N, col)], step);
            *(rec ? &after->Wrec[to] : &after->Win[to]) = tape_sum(n);
        }
    return EP_OK;
}

static ep_status test_trial(tape_e2 *x, int b)
{
    tape_net after;
    ep_status st = updated(x, &after);
    if (st != EP_OK) return st;
    after.bt = &x->p->src->test;
    st = tape_start(&after, &x->test[b], &x->p->test, b);
    for (int t = 1; st == EP_OK && t <= after.bt->T && after.t->status == EP_OK; t++) {
        tape_input(&after, &x->test[b], b, t);
        tape_step(&after, &x->test[b], b, t);
    }
    return st == EP_OK ? after.t->status : st;
}

/* Seeds the outer loss. */
static ep_status seed(tape_e2 *x)
{
    const ref_e2_source *s = x->p->src;
    ref_tape *t = x->main.t;
    int B = s->train.B;
    const struct { tape_net *n; const ep_batch *bt; tape_trial *trial; const ref_run *run; } pass[3] = {
        {&x->main, &s->train, x->train, &x->p->train}, {&x->module, &s->code, x->mod, &x->p->mod},
        {&x->main, &s->test, x->test, &x->p->test}};
    ref_var E = {-1, NULL};
    for (int k = 0; k < 3; k++) {
        pass[k].n->bt = pass[k].bt;
        if (t->c->ar->symbolic) {
            for (int b = 0; b < B; b++) {
                ep_status st = tape_seed_symbols(pass[k].n, &pass[k].trial[b], pass[k].run, b);
                if (st != EP_OK) return st;
            }
            continue;
        }
        for (int b = 0; k == 2 && b < B; b++) E = ref_tape_add(t, E, tape_loss(pass[k].n, &pass[k].trial[b], b));
        if (pass[k].bt->c_reg != 0) E = ref_tape_add(t, E, tape_regulariser(pass[k].n, pass[k].trial));
    }
    return t->c->ar->symbolic ? t->status : ref_tape_seed(t, E, NULL);
}

static ep_status record(tape_e2 *x)
{
    ref_ctx *c = x->main.t->c;
    size_t B = (size_t)x->p->src->train.B;
    ref_num *step = ref_tape_num(x->main.t);
    x->train = ref_bytes(c, B * sizeof *x->train);
    x->mod = ref_bytes(c, B * sizeof *x->mod);
    x->test = ref_bytes(c, B * sizeof *x->test);
    if (!x->train || !x->mod || !x->test) return EP_NOMEM;
    ref_neg(c, step, x->p->eta);
    x->minus_eta = step;
    /* room for the longest sum of either pass */
    x->main.bt = x->p->src->test.T > x->p->src->train.T ? &x->p->src->test : &x->p->src->train;
    ep_status st = tape_load(&x->main);
    if (st == EP_OK) st = tape_load(&x->module);
    for (int b = 0; st == EP_OK && b < (int)B; b++) {
        st = training_trial(x, b);
        if (st == EP_OK) st = test_trial(x, b);
    }
    return st;
}

ep_status ref_tape_eprop2(ref_ctx *c, const ref_e2 *p, ref_e2_order order, ref_e2_grad *g, ref_tape_report *rep)
{
    ref_tape_report own = {0};
    ref_tape tape;
    ref_ctx scratch; /* the whole tape is freed with it */
    tape_e2 x = {.p = p, .order = order};
    if (!rep) rep = &own;
    x.main = (tape_net){.t = &tape, .net = &p->main, .bt = &p->src->train, .rep = rep, .given = c->ar->symbolic};
    x.module = (tape_net){.t = &tape, .net = &p->module, .bt = &p->src->code, .rep = rep, .given = c->ar->symbolic};
    ep_status st = ref_ctx_fork(&scratch, c);
    if (st != EP_OK) return st;
    st = ref_tape_init(&scratch, &tape);
    if (st == EP_OK) {
        rep->spike_mismatch = false;
        st = record(&x);
        if (st == EP_OK) st = seed(&x);
        if (st == EP_OK) st = ref_tape_sweep(&tape);
        if (st == EP_OK) tape_hand_out(c, &x.main, &g->main);
        if (st == EP_OK) tape_hand_out(c, &x.module, &g->module);
        rep->nodes = ref_tape_count(&tape, &rep->edges);
        ref_tape_clear(&tape);
    }
    ref_ctx_clear(&scratch);
    return st;
}
