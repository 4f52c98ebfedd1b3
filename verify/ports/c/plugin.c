/* plugin.c: network.h as a shared object: the template of a port that eprop-verify loads.
 *
 *     cc -std=c11 -O2 -ffp-contract=off -fPIC -shared -I.. -o plugin.so plugin.c -lm  &&  eprop-verify port --plugin ./plugin.so
 *
 * The interface: verify/eprop_port.h. Forced steps (set, step) are there; chains and given numbers are port.c's.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "network.h"
#include "eprop_port.h"

/* network.h keeps one case and one trial in hand; a handle brings its own back before every call. */
typedef struct handle { const eprop_case *k; int b; } handle;
static const eprop_result *out;
static int alone;               /* a single step: arrays hold one step of one trial */
static const handle *in_hand;   /* whose case stands in c */
static const char *last = "none";

static void rows(int q, int b, int t, const float *at, int n, int m)
{
    if (!out->trace || !(out->traces >> q & 1)) return;
    for (int j = 0; j < n; j++) out->trace(out->user, q, b, t, j, at + j * m);
}

static void put(int q, size_t first, const float *at, int n, int m, int stride)
{
    float *to = q < (int)out->n_quantity ? out->quantity[q] : NULL;
    for (int j = 0; to && j < n; j++)
        for (int i = 0; i < m; i++) to[first + (size_t)(j * m + i)] = at[j * stride + i];
}

static void report_step(int b, int t)
{
    const struct { int q; const float *at; int n; } array[] = {
        {EPROP_Q_I, s.I, c.n_rec}, {EPROP_Q_V, s.v, c.n_rec}, {EPROP_Q_A, s.a, c.n_rec}, {EPROP_Q_Z, s.z[t % RING], c.n_rec},
        {EPROP_Q_R, s.r, c.n_rec}, {EPROP_Q_PSI, s.psi, c.n_rec}, {EPROP_Q_Y, s.y, c.n_out}, {EPROP_Q_ERR, s.err, c.n_out},
        {EPROP_Q_L, s.L, c.n_rec}};
    size_t step_number = alone ? 0 : (size_t)b * (size_t)c.T + (size_t)(t - 1);
    for (size_t k = 0; k < sizeof array / sizeof *array; k++)
        put(array[k].q, step_number * (size_t)array[k].n, array[k].at, array[k].n, 1, 1);
    rows(EPROP_Q_EPS_V, b, t, &s.eps_v[0][0], c.n_rec, ROW);
    if (adaptive) rows(EPROP_Q_EPS_A, b, t, &s.eps_a[0][0], c.n_rec, ROW);
    rows(EPROP_Q_E, b, t, &s.e[0][0], c.n_rec, ROW);
    rows(EPROP_Q_EBAR, b, t, &s.ebar[0][0], c.n_rec, ROW);
}

static void report_gradients(void)
{
    int N = c.n_rec, bias = c.n_in + N;
    put(EPROP_Q_LOSS, 0, &sum.E, 1, 1, 1);
    put(EPROP_Q_DWIN, 0, &sum.g[0][0], N, c.n_in, ROW);
    put(EPROP_Q_DWREC, 0, &sum.g[0][c.n_in], N, N, ROW);
    for (int p = 0; p < (adaptive ? 4 : 2); p++) {
        static const int q[] = {EPROP_Q_DBIAS, EPROP_Q_DALPHA, EPROP_Q_DRHO, EPROP_Q_DBETA};
        put(q[p], 0, &sum.g[0][bias + p], N, 1, ROW);
    }
    put(EPROP_Q_DWOUT, 0, &sum.Wout[0][0], c.n_out, N, REC);
    put(EPROP_Q_DBOUT, 0, sum.bout, c.n_out, 1, 1);
}

static void report_update(int u) { (void)u; }

static void load(float *to, int stride, const void *from, int n, int m)
{
    for (int j = 0; from && j < n; j++)
        for (int i = 0; i < m; i++) to[j * stride + i] = ((const float *)from)[j * m + i];
}

/* The handle's case into c. */
static void take(const handle *h)
{
    static const char *const rule[] = {"", "", "eprop1-symmetric", "eprop1-random", "eprop1-adaptive", "eprop1-global"};
    const eprop_case *k = h->k;
    const void *const *in = k->input;
    int N = k->n_rec;
    memset(&c, 0, sizeof c);
    strcpy(c.rule, rule[k->rule]);
    strcpy(c.loss, k->loss == EPROP_LOSS_CLASSIFICATION ? "classification" : "regression");
    c.T = k->T, c.B = k->B, c.n_in = k->n_in, c.n_rec = N, c.n_out = k->n_out, c.n_ref = k->n_ref;
    c.delay = k->option[EPROP_OPT_DELAY], c.delay_L = k->option[EPROP_OPT_DELAY_L];
    c.kappa = (float)k->kappa, c.v_th = (float)k->v_th, c.gamma = (float)k->gamma;
    c.c_reg = (float)k->c_reg, c.f_target = (float)k->f_target;
    adaptive = k->model == EPROP_ALIF;
    symmetric = k->rule == EPROP_RULE_EPROP1_SYMMETRIC;
    columns = c.n_in + N + 2 + (adaptive ? 2 : 0);
    load(&c.Win[0][0], IN, in[EPROP_IN_WIN], N, c.n_in);
    load(&c.Wrec[0][0], REC, in[EPROP_IN_WREC], N, N);
    load(c.b, 1, in[EPROP_IN_BIAS], N, 1);
    load(&c.Wout[0][0], REC, in[EPROP_IN_WOUT], c.n_out, N);
    load(c.bout, 1, in[EPROP_IN_BOUT], c.n_out, 1);
    load(&c.Bfb[0][0], OUT, in[EPROP_IN_FEEDBACK], N, c.n_out);
    load(c.alpha, 1, in[EPROP_IN_ALPHA], N, 1);
    load(c.rho, 1, in[EPROP_IN_RHO], N, 1);
    load(c.beta, 1, in[EPROP_IN_BETA], N, 1);
    for (int j = 0; symmetric && j < N; j++)
        for (int i = 0; i < c.n_out; i++) c.Bfb[j][i] = c.Wout[i][j];
    for (int b = 0; b < c.B; b++) {
        size_t at = (size_t)b * (size_t)c.T;
        const float *x = in[EPROP_IN_X], *target = in[EPROP_IN_TARGET], *mask = in[EPROP_IN_MASK];
        load(&c.x[b][1][0], IN, x ? x + at * (size_t)c.n_in : NULL, c.T, c.n_in);
        load(&c.target[b][1][0], OUT, target ? target + at * (size_t)c.n_out : NULL, c.T, c.n_out);
        for (int t = 1; t <= c.T; t++) c.mask[b][t] = mask ? mask[at + (size_t)(t - 1)] : 1;
    }
    in_hand = h;
}

static int32_t port_open(const eprop_case *k, void **h)
{
    handle *mine = malloc(sizeof *mine);
    if (!mine) return EPROP_NO_MEMORY;
    int known = k->option[EPROP_OPT_DELAY] < RING && k->option[EPROP_OPT_DELAY_L] < RING && k->updates == 0;
    for (uint32_t i = 0; i < k->n_option; i++)
        if (i != EPROP_OPT_DELAY && i != EPROP_OPT_DELAY_L && i != EPROP_OPT_RESET_PATH) known = known && k->option[i] == 0;
    if (!known || k->option[EPROP_OPT_RESET_PATH] == 1) {
        free(mine);
        last = "this convention or size";
        return EPROP_UNSUPPORTED;
    }
    *mine = (handle){k, 0};
    *h = mine;
    return EPROP_OK;
}

static int32_t port_run(void *h, const eprop_result *to)
{
    take(h);
    out = to;
    alone = 0;
    run();
    return EPROP_OK;
}

static int32_t port_set(void *h, int32_t b, int32_t t, int32_t q, const void *values)
{
    const struct { int q; float *at; } state[] = {{EPROP_Q_V, s.v}, {EPROP_Q_A, s.a}, {EPROP_Q_R, s.r}, {EPROP_Q_Y, s.y}, {EPROP_Q_Z, s.z[t % RING]}};
    const struct { int q; float *at; } trace[] = {{EPROP_Q_EPS_V, &s.eps_v[0][0]}, {EPROP_Q_EPS_A, &s.eps_a[0][0]},
                                                  {EPROP_Q_E, &s.e[0][0]}, {EPROP_Q_EBAR, &s.ebar[0][0]}};
    if (in_hand != h) take(h);
    ((handle *)h)->b = b;
    for (int i = 0; i < 5; i++)
        if (state[i].q == q) load(state[i].at, 1, values, q == EPROP_Q_Y ? c.n_out : c.n_rec, 1);
    for (int i = 0; i < 4; i++)
        if (trace[i].q == q) load(trace[i].at, ROW, values, c.n_rec, columns);
    return EPROP_OK;
}

static int32_t port_step(void *h, int32_t b, int32_t t, const eprop_result *to)
{
    if (in_hand != h) take(h);
    out = to;
    alone = 1;
    step(b, t);
    return EPROP_OK;
}

static void port_close(void *h)
{
    if (in_hand == h) in_hand = NULL;
    free(h);
}

static const char *port_reason(void *h) { return (void)h, last; }

const eprop_port *eprop_port_v1(void);
const eprop_port *eprop_port_v1(void)
{
    static const eprop_port port = {
        .size = sizeof port, .version = EPROP_PORT_VERSION, .name = "c-plugin", .release = "1", .formats = EPROP_BIT(EPROP_F32),
        .models = EPROP_BIT(EPROP_LIF) | EPROP_BIT(EPROP_ALIF), .rules = (uint64_t)15 << EPROP_RULE_EPROP1_SYMMETRIC, .losses = 3,
        .quantities = (EPROP_BIT(EPROP_Q_DALPHA_S) - 1) & ~(EPROP_BIT(EPROP_Q_S) | EPROP_BIT(EPROP_Q_C) | EPROP_BIT(EPROP_Q_EPS_S) | EPROP_BIT(EPROP_Q_EPS_C)),
        .flags = EPROP_CAN_SET_STATE | EPROP_REPEATABLE, .max_in = IN, .max_rec = REC, .max_out = OUT, .max_T = STEPS, .max_B = TRIALS,
        .open = port_open, .run = port_run, .set = port_set, .step = port_step, .close = port_close, .reason = port_reason};
    return &port;
}
