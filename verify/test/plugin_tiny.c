/* plugin_tiny.c: a port of one LIF neuron under symmetric e-prop 1, binary32, for the tests of the loader and comparer.
 *
 * TINY = 0 is right. TINY = 1..10 has one wrong line, TINY >= 20 a broken table or answer.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "eprop_port.h"

#ifndef TINY
#define TINY 0
#endif

enum { MAX_IN = 8, MAX_OUT = 4, COLUMNS = MAX_IN + 3 };

typedef struct tiny {
    const eprop_case *c;
} tiny;

static const char *last = "nothing went wrong";

static int32_t tiny_open(const eprop_case *c, void **handle)
{
    for (uint32_t i = 0; i < c->n_option; i++)
        if (c->option[i] != (i == EPROP_OPT_DELAY)) {
            last = "only the options of the 2019 paper";
            return EPROP_UNSUPPORTED;
        }
    if (c->c_reg != 0 || c->input[EPROP_IN_MASK]) {
        last = "no regulariser, no mask";
        return EPROP_UNSUPPORTED;
    }
    tiny *p = malloc(sizeof *p);
    if (!p) return EPROP_NO_MEMORY;
    p->c = c;
    *handle = p;
    return EPROP_OK;
}

static void tiny_close(void *handle) { free(handle); }
static const char *tiny_reason(void *handle) { return (void)handle, last; }

static float in(const eprop_case *c, int which, int at)
{
    const float *a = c->input[which];
    return a ? a[at] : 0;
}

static void put(const eprop_result *out, int q, int at, float value)
{
    float *a = out->quantity[q];
    if (a) a[at] = value;
}

static void add(const eprop_result *out, int q, int at, float value)
{
    float *a = out->quantity[q];
    if (a) a[at] += value;
}

static void row(const eprop_result *out, int q, int t, const float *values)
{
    if (out->traces >> q & 1) out->trace(out->user, q, 0, t, 0, values);
}

typedef struct state {
    float v, z, psi, y[MAX_OUT], zbar[MAX_OUT], onebar, err[MAX_OUT], eps[COLUMNS], e[COLUMNS], ebar[COLUMNS];
    int r;
} state;

static float readout(const eprop_case *c, const eprop_result *out, int t, state *s)
{
    float kappa = (float)c->kappa, L = 0;
    s->onebar = kappa * s->onebar + 1;
    s->zbar[0] = kappa * s->zbar[0] + s->z;
    for (int k = 0; k < c->n_out; k++) {
        float w = in(c, EPROP_IN_WOUT, k), drive = w * s->z + in(c, EPROP_IN_BOUT, k), before = s->err[k];
        s->y[k] = (TINY == 8 ? 1 : kappa) * s->y[k] + drive;
        s->err[k] = s->y[k] - in(c, EPROP_IN_TARGET, (t - 1) * c->n_out + k);
        L += w * (TINY == 5 ? before : s->err[k]);
        put(out, EPROP_Q_Y, (t - 1) * c->n_out + k, s->y[k]);
        put(out, EPROP_Q_ERR, (t - 1) * c->n_out + k, s->err[k]);
        add(out, EPROP_Q_DWOUT, k, s->err[k] * s->zbar[0]);
        add(out, EPROP_Q_DBOUT, k, s->err[k] * s->onebar);
        add(out, EPROP_Q_LOSS, 0, 0.5f * s->err[k] * s->err[k]);
    }
    put(out, EPROP_Q_L, t - 1, L);
    return L;
}

/* Columns: inputs, the neuron's masked connection to itself, bias, alpha. */
static void traces(const eprop_case *c, const eprop_result *out, int t, const state *before, state *s)
{
    int n = c->n_in;
    float alpha = in(c, EPROP_IN_ALPHA, 0), kappa = TINY == 4 ? 0 : (float)c->kappa;
    for (int m = 0; m < n + 3; m++) {
        int shift = TINY == 3 ? 2 : 1;
        float pre = m < n ? (t < shift ? 0 : in(c, EPROP_IN_X, (t - shift) * n + m)) : m == n ? 0 : m == n + 1 ? 1 : before->v;
        s->eps[m] = alpha * s->eps[m] + pre;
        s->e[m] = (TINY == 10 ? before->psi : s->psi) * s->eps[m];
        s->ebar[m] = kappa * s->ebar[m] + s->e[m];
    }
    row(out, EPROP_Q_EPS_V, t, s->eps);
    row(out, EPROP_Q_E, t, s->e);
    row(out, EPROP_Q_EBAR, t, s->ebar);
    if (TINY == 27) out->trace(out->user, EPROP_Q_EPS_A, 0, t, 0, s->e);
}

static void step(const eprop_case *c, const eprop_result *out, int t, state *s)
{
    const state before = *s;
    float v_th = (float)c->v_th, I = TINY == 7 ? 0 : in(c, EPROP_IN_BIAS, 0);
    for (int i = 0; i < c->n_in; i++) I += in(c, EPROP_IN_WIN, i) * in(c, EPROP_IN_X, (t - 1) * c->n_in + i);
    s->v = in(c, EPROP_IN_ALPHA, 0) * s->v + I - (TINY == 1 ? 0 : v_th * s->z);
    int refractory = s->r > 0;
    s->z = (!refractory || TINY == 9) && s->v - v_th > 0 ? 1 : 0;
    float u = (s->v - v_th) / v_th, tent = 1 - (u < 0 ? -u : u);
    s->psi = refractory || tent < 0 ? 0 : (float)c->gamma / (TINY == 2 ? 1 : v_th) * tent;
    s->r = s->z > 0 ? c->n_ref - 1 : s->r > 0 ? s->r - 1 : 0;
    put(out, EPROP_Q_I, t - 1, I);
    put(out, EPROP_Q_V, t - 1, s->v);
    put(out, EPROP_Q_Z, t - 1, s->z);
    put(out, EPROP_Q_R, t - 1, (float)(s->r > 0 ? s->r : 0));
    put(out, EPROP_Q_PSI, t - 1, s->psi);
    traces(c, out, t, &before, s);
    float L = readout(c, out, t, s);
    if (TINY == 6 && t == c->T) return;
    for (int i = 0; i < c->n_in; i++) add(out, EPROP_Q_DWIN, i, L * s->ebar[i]);
    add(out, EPROP_Q_DBIAS, 0, L * s->ebar[c->n_in + 1]);
    add(out, EPROP_Q_DALPHA, 0, L * s->ebar[c->n_in + 2]);
}

static int32_t tiny_run(void *handle, const eprop_result *out)
{
    const tiny *p = handle;
    const int sums[] = {EPROP_Q_LOSS, EPROP_Q_DWIN, EPROP_Q_DBIAS, EPROP_Q_DWOUT, EPROP_Q_DBOUT, EPROP_Q_DALPHA};
    const int sizes[] = {1, p->c->n_in, 1, p->c->n_out, p->c->n_out, 1};
    state s;
    memset(&s, 0, sizeof s);
    if (TINY == 28) {
        last = "the board is on fire";
        return EPROP_FAILED;
    }
    if (TINY == 29) return EPROP_OK;
    for (int i = 0; i < 6; i++)
        if (out->quantity[sums[i]]) memset(out->quantity[sums[i]], 0, (size_t)sizes[i] * sizeof(float));
    for (int t = 1; t <= p->c->T; t++) step(p->c, out, t, &s);
    return EPROP_OK;
}

#if TINY == 22
#define SYMBOL tiny_port
#else
#define SYMBOL eprop_port_v1
#endif
const eprop_port *SYMBOL(void);
const eprop_port *SYMBOL(void)
{
    static const eprop_port port = {
        .size = TINY == 23 ? 16 : sizeof(eprop_port),
        .version = TINY == 20 ? 2 : EPROP_PORT_VERSION,
        .name = TINY == 25 ? "Tiny Port" : "tiny",
        .release = "1.0",
        .formats = EPROP_BIT(EPROP_F32) | (TINY == 31 ? EPROP_BIT(EPROP_I32) : 0),
        .models = EPROP_BIT(EPROP_LIF),
        .rules = TINY == 26 ? 0 : EPROP_BIT(EPROP_RULE_EPROP1_SYMMETRIC),
        .losses = EPROP_BIT(EPROP_LOSS_REGRESSION),
        .quantities = EPROP_BIT(EPROP_Q_I) | EPROP_BIT(EPROP_Q_V) | EPROP_BIT(EPROP_Q_Z) | EPROP_BIT(EPROP_Q_R) |
                      EPROP_BIT(EPROP_Q_PSI) | EPROP_BIT(EPROP_Q_EPS_V) | EPROP_BIT(EPROP_Q_E) | EPROP_BIT(EPROP_Q_EBAR) |
                      EPROP_BIT(EPROP_Q_Y) | EPROP_BIT(EPROP_Q_ERR) | EPROP_BIT(EPROP_Q_LOSS) | EPROP_BIT(EPROP_Q_L) |
                      EPROP_BIT(EPROP_Q_DWIN) | EPROP_BIT(EPROP_Q_DBIAS) | EPROP_BIT(EPROP_Q_DWOUT) |
                      EPROP_BIT(EPROP_Q_DBOUT) | EPROP_BIT(EPROP_Q_DALPHA),
        .flags = EPROP_REPEATABLE | (TINY == 30 ? EPROP_CAN_SET_STATE : 0),
        .max_in = MAX_IN,
        .max_rec = 1,
        .max_out = MAX_OUT,
        .max_B = 1,
        .open = tiny_open,
        .run = TINY == 21 ? NULL : tiny_run,
        .close = tiny_close,
        .reason = tiny_reason,
    };
    return TINY == 24 ? NULL : &port;
}
