/* The forward equations of every model, written on the tape.
 * SPDX-License-Identifier: MIT */
#include "tape_model.h"

/* I_c,j^t = sum_i Wrec z_i^{t-d} + sum_i Win x_i^t + b */
static ref_var current(tape_net *n, const tape_trial *s, int t, int ch, int j)
{
    const ref_net *net = n->net;
    int row = ch * net->n_rec + j, from = t - net->opt.delay;
    for (int i = 0; from >= 1 && i < net->n_rec; i++) {
        ref_var z = s->past[tape_ix(from, net->n_rec, i)];
        if (n->args.flags & REF_TAPE_CUT) z = ref_tape_detach(z);
        tape_pair(n, n->Wrec[tape_ix(row, net->n_rec, i)], z);
    }
    for (int i = 0; i < net->n_in; i++) tape_pair(n, n->Win[tape_ix(row, net->n_in, i)], s->x[i]);
    tape_pair(n, n->b[row], ref_tape_constant(n->t, &n->t->c->one));
    return tape_sum(n);
}

/* a^t, from z^{t-1} or its unmasked form. */
static ref_var adaptation(tape_net *n, const tape_trial *s, int j, ref_var z_before)
{
    ref_var rho = n->theta[EP_RHO][j], a = s->h[1][j];
    switch (n->net->opt.adapt_source) {
    case EP_ADAPT_RHO_SUM:
        return ref_tape_mul(n->t, rho, ref_tape_add(n->t, a, ref_tape_mul(n->t, n->g_a[j], z_before)));
    case EP_ADAPT_Z_UNMASKED:
        z_before = s->zu[j];
        break;
    case EP_ADAPT_Z:
        break;
    }
    tape_pair(n, rho, a);
    tape_pair(n, n->g_a[j], z_before);
    return tape_sum(n);
}

static bool reset_is_cut(const tape_net *n)
{
    ep_reset_path p = n->net->opt.reset_path;
    return p == EP_RESET_DETACHED || (p == EP_RESET_TRANSMITTED && (n->args.flags & REF_TAPE_CUT) != 0);
}

/* LIF, ALIF, LSNN, and the synaptic cell, whose current s passes through a second leak. */
static ref_var spiking_neuron(tape_net *n, tape_trial *s, int t, int j)
{
    const ref_net *net = n->net;
    ref_tape *tp = n->t;
    ref_var one = ref_tape_constant(tp, &tp->c->one), minus = ref_tape_constant(tp, tp->minus_one);
    ref_var v_th = ref_tape_constant(tp, net->v_th), alpha = n->theta[EP_ALPHA][j];
    ref_var v_before = s->v_old[j] = s->h[0][j], z_before = s->own[j];
    ref_var z_reset = net->opt.reset_path == EP_RESET_TRANSMITTED ? s->past[tape_ix(t - 1, net->n_rec, j)] : z_before;
    if (reset_is_cut(n)) z_reset = ref_tape_detach(z_reset);

    ref_var A = v_th;
    if (net->theta[EP_BETA]) {
        s->h[1][j] = adaptation(n, s, j, z_before);
        A = ref_tape_add(tp, v_th, ref_tape_mul(tp, n->theta[EP_BETA][j], s->h[1][j]));
    }
    ref_var I = current(n, s, t, 0, j), gain = n->g_in[j];
    if (net->model == EP_SYNAPTIC) {
        tape_pair(n, n->theta[EP_ALPHA_S][j], s->h[2][j]);
        tape_pair(n, gain, I);
        I = s->h[2][j] = tape_sum(n);
        gain = one;
    }
    ref_var drop = ref_tape_mul(tp, net->opt.reset == EP_RESET_A_NEXT ? A : v_th, z_reset);
    if (net->opt.reset == EP_RESET_VTH_SAME) {
        tape_pair(n, alpha, ref_tape_sub(tp, v_before, drop));
    } else {
        tape_pair(n, alpha, v_before);
        tape_pair(n, minus, drop);
    }
    tape_pair(n, gain, I);
    ref_var v = s->h[0][j] = tape_sum(n);
    bool old = net->opt.spike_from == EP_FROM_OLD_V && net->model != EP_SYNAPTIC;
    return tape_fire(n, s, t, j, old ? v_before : v, A, &s->zu[j]);
}

static ref_var lstm_unit(tape_net *n, tape_trial *s, int t, int j)
{
    const ref_net *net = n->net;
    ref_tape *tp = n->t;
    const ref_num *q = n->given ? s->rec->q + tape_ix(t, net->n_rec, j) * (size_t)s->rec->nq : NULL;
    ref_var f_in = ref_tape_add(tp, current(n, s, t, 1, j), ref_tape_constant(tp, net->b_forget));
    ref_var i = ref_tape_sigmoid(tp, current(n, s, t, 0, j), q ? &q[0] : NULL);
    ref_var f = ref_tape_sigmoid(tp, f_in, q ? &q[1] : NULL);
    ref_var g = ref_tape_tanh(tp, current(n, s, t, 2, j), q ? &q[2] : NULL);
    ref_var o = ref_tape_sigmoid(tp, current(n, s, t, 3, j), q ? &q[3] : NULL);
    tape_pair(n, f, s->h[0][j]);
    tape_pair(n, i, g);
    ref_var cell = s->h[0][j] = tape_sum(n);
    if (net->opt.phi == EP_PHI_TANH) cell = ref_tape_tanh(tp, cell, q ? &q[4] : NULL);
    return ref_tape_mul(tp, o, cell);
}

static ref_var rate_unit(tape_net *n, tape_trial *s, int t, int j)
{
    ref_var leak = ref_tape_mul(n->t, n->theta[EP_ALPHA][j], s->h[0][j]);
    ref_var v = s->h[0][j] = ref_tape_add(n->t, leak, current(n, s, t, 0, j));
    size_t at = tape_ix(t, n->net->n_rec, j);
    ref_var z = ref_tape_tanh(n->t, v, n->given ? &s->rec->z[at] : NULL);
    if (s->psi) s->psi[at] = ref_tape_sub(n->t, ref_tape_constant(n->t, &n->t->c->one), ref_tape_mul(n->t, z, z));
    return z;
}

/* y^t = kappa y^{t-1} + g_out (Wout z^t + bout) */
static void readout(tape_net *n, tape_trial *s, int t)
{
    const ref_net *net = n->net;
    ref_var one = ref_tape_constant(n->t, &n->t->c->one);
    for (int k = 0; k < net->n_out; k++) {
        for (int j = 0; j < net->n_rec; j++)
            tape_pair(n, n->Wout[tape_ix(k, net->n_rec, j)], s->z[tape_ix(t, net->n_rec, j)]);
        tape_pair(n, n->bout[k], one);
        ref_var in = tape_sum(n);
        tape_pair(n, ref_tape_constant(n->t, net->kappa), s->y_before[k]);
        tape_pair(n, ref_tape_constant(n->t, net->g_out), in);
        s->y[tape_ix(t, net->n_out, k)] = s->y_before[k] = tape_sum(n);
    }
}

/* The same quantity as a node of its own. */
static ref_var copy(tape_net *n, ref_var a)
{
    const ref_num *partial[1] = {&n->t->c->one};
    return ref_tape_spike(n->t, ref_tape_value(n->t, a), 1, &a, partial);
}

void tape_step(tape_net *n, tape_trial *s, int b, int t)
{
    int N = n->net->n_rec;
    if (n->args.window > 0 && t > 1 && (t - 1) % n->args.window == 0) tape_cut_window(n, s, b, t);
    for (int j = 0; j < N && n->t->status == EP_OK; j++) {
        ref_var z;
        switch (n->net->model) {
        case EP_LSTM: z = lstm_unit(n, s, t, j); break;
        case EP_RATE: z = rate_unit(n, s, t, j); break;
        default: z = spiking_neuron(n, s, t, j); break;
        }
        s->z[tape_ix(t, N, j)] = s->own[j] = z;
        s->heard[tape_ix(t, N, j)] = s->past[tape_ix(t, N, j)] = n->args.window > 0 ? copy(n, z) : z;
    }
    readout(n, s, t);
}
