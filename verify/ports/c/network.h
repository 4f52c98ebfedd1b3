/* network.h: e-prop 1 for LIF and ALIF in binary32, with updates of the weights: what port.c lets eprop-verify judge.
 * The place for your own code. Convention paper2019, any delay, refractoriness, late learning signal.
 * SPDX-License-Identifier: MIT */
#ifndef PORT_NETWORK_H
#define PORT_NETWORK_H

#include <math.h>
#include <string.h>

#ifndef PORT_SIZE /* neurons, inputs */
#define PORT_SIZE 16
#define PORT_STEPS 512
#endif
enum { IN = PORT_SIZE, REC = PORT_SIZE, OUT = 4, ROW = IN + REC + 4, STEPS = PORT_STEPS, TRIALS = 4, RING = 33 };

static struct {                          /* one case, as it was sent */
    char model[24], preset[24], rule[24], loss[24], format[24], path[24], want[400];
    char regime[24], carry[24], report[400], given[24];
    int T, B, n_in, n_rec, n_out, n_ref, delay, delay_L, updates, odd; /* odd: an option that is not here */
    float kappa, v_th, gamma, c_reg, f_target, eta, lambda;
    float Win[REC][IN], Wrec[REC][REC], b[REC], Wout[OUT][REC], bout[OUT], Bfb[REC][OUT], alpha[REC], rho[REC], beta[REC];
    float x[TRIALS][STEPS + 1][IN], target[TRIALS][STEPS + 1][OUT], mask[TRIALS][STEPS + 1];
    float z[TRIALS][STEPS + 1][REC], psi[TRIALS][STEPS + 1][REC], L[TRIALS][STEPS + 1][REC]; /* if given */
} c;
static struct {                          /* one trial after its last step */
    float I[REC], v[REC], a[REC], r[REC], psi[REC], y[OUT], err[OUT], L[REC], zbar[REC], onebar;
    float z[RING][REC], late[RING][REC]; /* z and L of the last steps: z^t is z[t % RING] */
    float eps_v[REC][ROW], eps_a[REC][ROW], e[REC][ROW], ebar[REC][ROW]; /* columns: inputs, recurrent, bias, constants */
} s;
static struct sums { float g[REC][ROW], e[REC][ROW], Wout[OUT][REC], bout[OUT], spikes[REC], E; } sum; /* since the last update */
static float count[REC];                 /* spikes since the start */
static int columns, adaptive, symmetric, given_z, given_psi, given_L;

/* ---- the network ------------------------------------------------------------------------------------------------- */

static void traces(int trial, int t, int j, float v_before, float a_before)
{
    const float *z = s.z[(t - c.delay + RING) % RING];
    int bias = c.n_in + c.n_rec;
    for (int m = 0; m < columns; m++) {
        float pre = m == bias ? 1 : m == bias + 1 ? v_before : 0;
        float R = m == bias + 2 ? a_before : 0, U = m == bias + 3 ? -s.a[j] : 0;
        if (m < c.n_in)
            pre = c.x[trial][t][m];
        else if (m < bias)
            pre = m - c.n_in == j ? 0 : z[m - c.n_in];
        s.eps_a[j][m] = c.rho[j] * s.eps_a[j][m] + s.e[j][m] + R;
        s.eps_v[j][m] = c.alpha[j] * s.eps_v[j][m] + pre;
        s.e[j][m] = s.psi[j] * (s.eps_v[j][m] - c.beta[j] * s.eps_a[j][m] + U);
        s.ebar[j][m] = c.kappa * s.ebar[j][m] + s.e[j][m];
    }
}

static void forward(int trial, int t)
{
    const float *z = s.z[(t - c.delay + RING) % RING], *z_before = s.z[(t - 1) % RING];
    float *z_now = s.z[t % RING];
    for (int j = 0; j < c.n_rec; j++) {
        float v_before = s.v[j], a_before = s.a[j];
        float I = c.b[j];
        for (int i = 0; i < c.n_rec; i++)
            I += c.Wrec[j][i] * z[i];
        for (int i = 0; i < c.n_in; i++)
            I += c.Win[j][i] * c.x[trial][t][i];
        s.I[j] = I;
        s.v[j] = c.alpha[j] * v_before + I - c.v_th * z_before[j];
        s.a[j] = c.rho[j] * a_before + z_before[j];
        float above = s.v[j] - (c.v_th + c.beta[j] * s.a[j]);
        float tent = 1 - fabsf(above) / c.v_th;
        int refractory = s.r[j] > 0;
        s.psi[j] = tent > 0 && !refractory ? c.gamma / c.v_th * tent : 0;
        z_now[j] = above > 0 && !refractory ? 1 : 0;
        if (given_psi) s.psi[j] = c.psi[trial][t][j];
        if (given_z) z_now[j] = c.z[trial][t][j];
        if (z_now[j] > 0)
            s.r[j] = c.n_ref > 1 ? (float)(c.n_ref - 1) : 0;
        else if (refractory)
            s.r[j] -= 1;
        sum.spikes[j] += z_now[j];
        count[j] += z_now[j];
        traces(trial, t, j, v_before, a_before);
    }
}

static void readout(int trial, int t)
{
    float p[OUT], top = -INFINITY, all = 0, mass = 0;
    float m = c.mask[trial][t];
    for (int k = 0; k < c.n_out; k++) {
        float drive = c.bout[k];
        for (int j = 0; j < c.n_rec; j++)
            drive += c.Wout[k][j] * s.z[t % RING][j];
        s.y[k] = c.kappa * s.y[k] + drive;
        if (s.y[k] > top) top = s.y[k];
    }
    for (int k = 0; k < c.n_out; k++) {
        all += p[k] = expf(s.y[k] - top);
        mass += c.target[trial][t][k];
    }
    for (int k = 0; k < c.n_out; k++) {
        float want = c.target[trial][t][k];
        float off = s.y[k] - want;
        if (strcmp(c.loss, "classification")) {
            s.err[k] = m * off;
            sum.E += 0.5f * (off * s.err[k]);
        } else {
            s.err[k] = m * (p[k] / all * mass - want);
            sum.E += m * (want * (logf(all) - s.y[k] + top));
        }
    }
}

static void learn(int trial, int t)
{
    s.onebar = c.kappa * s.onebar + 1;
    for (int j = 0; j < c.n_rec; j++) {
        s.L[j] = 0;
        for (int k = 0; k < c.n_out; k++)
            s.L[j] += c.Bfb[j][k] * s.err[k];
        if (given_L) s.L[j] = c.L[trial][t][j];
        s.late[t % RING][j] = s.L[j];
        float L = s.late[(t - c.delay_L + RING) % RING][j];
        s.zbar[j] = c.kappa * s.zbar[j] + s.z[t % RING][j];
        for (int m = 0; m < columns; m++) {
            sum.g[j][m] += L * s.ebar[j][m];
            sum.e[j][m] += s.e[j][m];
        }
        for (int k = 0; k < c.n_out; k++)
            sum.Wout[k][j] += s.err[k] * s.zbar[j];
    }
    for (int k = 0; k < c.n_out; k++)
        sum.bout[k] += s.err[k] * s.onebar;
}

static void regularise(void)
{
    float steps = (float)(c.T * c.B);
    for (int j = 0; j < c.n_rec && c.c_reg > 0; j++) {
        float off = sum.spikes[j] / steps - c.f_target;
        float reg = c.c_reg * off / steps;
        sum.E += 0.5f * (c.c_reg * off * off);
        for (int m = 0; m < columns; m++)
            sum.g[j][m] += reg * sum.e[j][m];
    }
}

/* Weights after a step (online) or a batch; the gradient begins anew. */
static void update(void)
{
    int bias = c.n_in + c.n_rec;
    for (int j = 0; j < c.n_rec; j++) {
        for (int i = 0; i < c.n_in; i++)
            c.Win[j][i] -= c.eta * sum.g[j][i];
        for (int i = 0; i < c.n_rec; i++)
            c.Wrec[j][i] -= c.eta * sum.g[j][c.n_in + i];
        c.b[j] -= c.eta * sum.g[j][bias];
        for (int k = 0; k < c.n_out; k++) {
            float change = c.eta * sum.Wout[k][j];
            c.Wout[k][j] = c.Wout[k][j] - c.lambda * c.Wout[k][j] - change;
            if (!strcmp(c.rule, "eprop1-adaptive"))
                c.Bfb[j][k] = c.Bfb[j][k] - c.lambda * c.Bfb[j][k] - change;
            if (symmetric)
                c.Bfb[j][k] = c.Wout[k][j];
        }
    }
    for (int k = 0; k < c.n_out; k++)
        c.bout[k] -= c.eta * sum.bout[k];
    sum = (struct sums){.E = sum.E};
}

/* ---- one case ---------------------------------------------------------------------------------------------------- */

static void report_step(int b, int t);
static void report_gradients(void);
static void report_update(int u);

/* Step T of the last trial is step 0 of the next: z and L of the last steps change their places. */
static void carry_on(void)
{
    float z[RING][REC], late[RING][REC];
    memcpy(z, s.z, sizeof z);
    memcpy(late, s.late, sizeof late);
    for (int k = 0; k < RING; k++) {
        memcpy(s.z[k], z[(k + c.T) % RING], sizeof s.z[k]);
        memcpy(s.late[k], late[(k + c.T) % RING], sizeof s.late[k]);
    }
}

static void step(int b, int t)
{
    forward(b, t);
    readout(b, t);
    learn(b, t);
    if (!c.updates) report_step(b, t);
}

static void run(void)
{
    columns = c.n_in + c.n_rec + 2 + (adaptive ? 2 : 0);
    for (int j = 0; j < c.n_rec && symmetric; j++)
        for (int k = 0; k < c.n_out; k++) c.Bfb[j][k] = c.Wout[k][j];
    memset(&sum, 0, sizeof sum);
    memset(count, 0, sizeof count);
    for (int u = 1; u <= (c.updates ? c.updates : 1); u++) {
        for (int b = 0; b < c.B; b++) {
            if (u > 1 && !strcmp(c.carry, "all"))
                carry_on();
            else
                memset(&s, 0, sizeof s);
            for (int t = 1; t <= c.T; t++) {
                step(b, t);
                if (!strcmp(c.regime, "online")) update();
            }
        }
        if (strcmp(c.regime, "online")) regularise();
        if (!strcmp(c.regime, "batch")) update();
        if (c.updates) report_update(u);
        if (c.updates)
            sum.E = 0;
    }
    if (!c.updates) report_gradients();
}

#endif
