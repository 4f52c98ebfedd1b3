/* Table A: the published pattern-generation run, drawn again in numpy's order.
 *
 *   Win, Wrec, Wout, B = randn/10 rounded to float32, then the inputs, then amplitudes and phases of the target
 *
 * SPDX-License-Identifier: MIT */
#include "table_a.h"

#include <math.h>
#include <stdlib.h>

#include "numpy_rng.h"

enum { N_SINE = 4, T = TABLE_A_T, N_IN = TABLE_A_IN, N_REC = TABLE_A_REC };
enum { N_WIN = N_REC * N_IN, N_WREC = N_REC * N_REC, N_STORE = N_WIN + N_WREC + 3 * N_REC + T * N_IN + 2 * T };

/* randn/10 rounded to float32. */
static double weight(task_numpy_rng *r) { return (double)(float)(task_numpy_randn(r) / 10.0); }

/* w [post][pre] of numbers drawn pre by pre. */
static void draw_weights(task_numpy_rng *r, int n_pre, int n_post, double *w)
{
    for (int i = 0; i < n_pre; i++)
        for (int j = 0; j < n_post; j++) w[j * n_pre + i] = weight(r);
}

static void draw_target(task_numpy_rng *r, double *phase, double *target)
{
    static const int period[N_SINE] = {1000, 500, 333, 200};
    const double pi = 3.141592653589793;
    double amp[N_SINE], start[N_SINE], top = 0.0, first;
    for (int k = 0; k < N_SINE; k++) amp[k] = task_numpy_uniform(r, 0.5, 2.0);
    for (int k = 0; k < N_SINE; k++) start[k] = task_numpy_uniform(r, 0.0, 2.0 * pi);
    for (int k = 0; k < N_SINE; k++) {
        task_numpy_linspace(start[k], 2.0 * pi * (double)(T / period[k]) + start[k], T, phase);
        for (int t = 0; t < T; t++) target[t] += amp[k] * sin(phase[t]);
    }
    first = target[0];
    for (int t = 0; t < T; t++) {
        target[t] -= first;
        top = fmax(top, fabs(target[t]));
    }
    for (int t = 0; t < T; t++) target[t] /= top;
}

ep_status task_table_a_make(task_table_a *out)
{
    double *s = calloc(N_STORE, sizeof *s);
    if (!s) return EP_NOMEM;
    double *Win = s, *Wrec = Win + N_WIN, *Wout = Wrec + N_WREC, *B = Wout + N_REC, *alpha = B + N_REC;
    double *x = alpha + N_REC, *target = x + T * N_IN, *phase = target + T;
    task_numpy_rng r;
    task_numpy_seed(&r, 1);
    draw_weights(&r, N_IN, N_REC, Win);
    draw_weights(&r, N_REC, N_REC, Wrec);
    draw_weights(&r, N_REC, 1, Wout);
    draw_weights(&r, N_REC, 1, B);
    for (int k = 0; k < T * N_IN; k++) x[k] = task_numpy_rand(&r) < 0.05 && k >= N_IN ? 1.0 : 0.0;
    draw_target(&r, phase, target);
    for (int j = 0; j < N_REC; j++) {
        Wrec[j * N_REC + j] = 0.0;
        alpha[j] = exp(-1.0 / 30.0);
    }
    ep_options opt = {.g_in = EP_GAIN_COMPLEMENT, .g_out = EP_GAIN_COMPLEMENT, .delay = 1};
    *out = (task_table_a){
        .net = {.model = EP_LIF, .opt = opt, .n_in = N_IN, .n_rec = N_REC, .n_out = 1, .Win = Win, .Wrec = Wrec,
                .Wout = Wout, .B = B, .theta[EP_ALPHA] = alpha, .kappa = alpha[0], .v_th = 0.03, .gamma = 0.3},
        .batch = {.T = T, .B = 1, .x = x, .target = target, .loss = EP_REGRESSION, .c_reg = 300.0, .f_target = 0.01},
        .store = s};
    return EP_OK;
}

void task_table_a_free(task_table_a *k)
{
    free(k->store);
    k->store = NULL;
}
