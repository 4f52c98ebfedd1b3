/* fixed_port.c: the integer engine (optimized/opt_fixed.h) behind the door for ports, word for word: nothing is scaled or rounded on
 * the way, so it is judged as integers are, by equality. PROFILE: q15, s16.15, w8, reckon; FORMAT: its bit. One trial: the engine
 * keeps a core for each, vectors have all trials on one.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../../optimized/opt.h"
#include "../../../optimized/opt_fixed.h"
#include "eprop_port.h"

#define Q(name) EPROP_BIT(EPROP_Q_##name)
enum { MOST_INPUT = 16 };

typedef struct fixed_port {
    const eprop_case *c;
    opt_config cfg;
    ep_net net;
    double *own[MOST_INPUT];
    int32_t *room, *count, *silence; /* count: [n_rec] spikes so far */
    void *mem;
    opt_state *s;
} fixed_port;

static const char *last = "nothing went wrong";

static const opt_engine *engine(void) { return opt_fixed(PROFILE); }

static const fix_profile *profile_of(void)
{
    static const struct { const char *name; const fix_profile *is; } all[] = {{"q15", &fix_q15}, {"s16.15", &fix_s16_15}, {"w8", &fix_w8}, {"reckon", &fix_reckon}};
    for (int k = 0; k < 4; k++)
        if (!strcmp(all[k].name, PROFILE)) return all[k].is;
    return NULL;
}

static double unit(unsigned q) { return ldexp(1, -profile_of()->q[q].frac); }

/* The numbers that the words of an input stand for; the engine rounds them back to the same words. */
static int value_of(fixed_port *p, int i, size_t n, unsigned q)
{
    const int32_t *from = i < (int)p->c->n_input ? p->c->input[i] : NULL;
    if (!from) return 1;
    p->own[i] = malloc((n + 1) * sizeof *p->own[i]);
    for (size_t k = 0; p->own[i] && k < n; k++) p->own[i][k] = from[k] * unit(q);
    return p->own[i] != NULL;
}

static int load(fixed_port *p)
{
    const eprop_case *c = p->c;
    size_t n = (size_t)c->n_rec, in = (size_t)c->n_in, out = (size_t)c->n_out;
    return value_of(p, EPROP_IN_WIN, n * in, FIX_W) && value_of(p, EPROP_IN_WREC, n * n, FIX_W) && value_of(p, EPROP_IN_BIAS, n, FIX_W) &&
           value_of(p, EPROP_IN_WOUT, out * n, FIX_WO) && value_of(p, EPROP_IN_BOUT, out, FIX_WO) && value_of(p, EPROP_IN_FEEDBACK, n * out, FIX_FB) &&
           value_of(p, EPROP_IN_ALPHA, n, FIX_D) && value_of(p, EPROP_IN_RHO, n, FIX_D) && value_of(p, EPROP_IN_BETA, n, FIX_B);
}

static void fixed_close(void *handle)
{
    fixed_port *p = handle;
    for (int i = 0; i < MOST_INPUT; i++) free(p->own[i]);
    free(p->room);
    free(p->mem);
    free(p);
}

static int prepare(fixed_port *p)
{
    const eprop_case *c = p->c;
    double v_th = c->v_th * unit(FIX_V), T = c->T;
    ep_options o = ep_preset_options(EP_PAPER2019);
    o.delay = c->option[EPROP_OPT_DELAY];
    p->net = (ep_net){.model = (ep_model)c->model, .opt = o, .n_in = c->n_in, .n_rec = c->n_rec, .n_out = c->n_out, .Win = p->own[EPROP_IN_WIN],
                      .Wrec = p->own[EPROP_IN_WREC], .b = p->own[EPROP_IN_BIAS], .Wout = p->own[EPROP_IN_WOUT], .bout = p->own[EPROP_IN_BOUT],
                      .B = p->own[EPROP_IN_FEEDBACK], .theta = {p->own[EPROP_IN_ALPHA], p->own[EPROP_IN_RHO], p->own[EPROP_IN_BETA]},
                      .kappa = c->kappa * unit(FIX_D), .v_th = v_th, .gamma = c->slope * unit(FIX_S) * v_th * v_th, .n_ref = c->n_ref};
    p->cfg = (opt_config){.net = &p->net, .rule = (ep_rule)c->rule, .loss = (ep_loss)c->loss, .c_reg = c->c_reg * unit(FIX_C) * T * T,
                          .f_target = c->f_target * unit(FIX_CN) / T, .B = 1, .T = c->T, .seed = c->draws};
    size_t need = engine()->state_size(&p->cfg), n = (size_t)c->n_rec, wide = 2 * n * ((size_t)c->n_in + n + 1) + n * (size_t)c->n_out;
    p->mem = need ? aligned_alloc(OPT_ALIGN, (need + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN) : NULL;
    p->room = calloc(wide + n + (size_t)c->n_in + (size_t)c->n_out, sizeof *p->room);
    if (!p->room || !p->mem) return 0;
    p->count = p->room + wide;
    p->silence = p->count + n;
    return engine()->init(&p->cfg, p->mem, need, &p->s) == EP_OK;
}

static int32_t fixed_open(const eprop_case *c, void **handle)
{
    fixed_port *p = calloc(1, sizeof *p);
    if (!p) return EPROP_NO_MEMORY;
    p->c = c;
    if (load(p) && prepare(p)) {
        *handle = p;
        return EPROP_OK;
    }
    fixed_close(p);
    last = "the engine refused the case";
    return EPROP_UNSUPPORTED;
}

/* A quantity of the engine as it is, to `to`. */
static void keep(const fixed_port *p, int quantity, int32_t *to)
{
    size_t n = engine()->count(p->s, quantity);
    if (to && n && engine()->get(p->s, quantity, to, n) != EP_OK) memset(to, 0x7f, n * sizeof *to); /* will not pass */
}

static void keep_step(fixed_port *p, int t, const eprop_result *out)
{
    static const struct { int q, opt; } state[] = {{EPROP_Q_I, OPT_I}, {EPROP_Q_V, OPT_V}, {EPROP_Q_A, OPT_A}, {EPROP_Q_Z, OPT_Z}, {EPROP_Q_R, OPT_REFR},
                                                   {EPROP_Q_PSI, OPT_PSI}, {EPROP_Q_Y, OPT_Y}, {EPROP_Q_ERR, OPT_ERR}, {EPROP_Q_L, OPT_L}};
    for (size_t k = 0; k < sizeof state / sizeof *state; k++) {
        int32_t *to = out->quantity[state[k].q];
        if (to) keep(p, state[k].opt, to + (size_t)(t - 1) * engine()->count(p->s, state[k].opt));
    }
}

/* Row j of a trace from the groups of the engine; part of per numbers each. */
static void keep_row(fixed_port *p, int t, int j, int q, int from, size_t per, size_t part, const eprop_result *out)
{
    size_t n = (size_t)p->c->n_rec, in = (size_t)p->c->n_in, columns = 0;
    int32_t row[512] = {0};
    const struct { ep_group g; size_t width; } group[] = {{EP_G_WIN, in}, {EP_G_WREC, n}, {EP_G_BIAS, 1}};
    for (int g = 0; g < 3; g++) {
        keep(p, from + (int)group[g].g, p->room);
        for (size_t i = 0; i < group[g].width; i++) row[columns++] = p->room[((size_t)j * group[g].width + i) * per + part];
    }
    /* The engine keeps eps_v once for all neurons, and knows no masks there. */
    row[in + (size_t)j] = 0;
    out->trace(out->user, q, 0, t, j, row);
}

static void keep_traces(fixed_port *p, int t, const eprop_result *out)
{
    size_t per = p->c->model == EPROP_ALIF ? 2 : 1;
    for (int j = 0; j < p->c->n_rec; j++) {
        if (out->traces & Q(EPS_V)) keep_row(p, t, j, EPROP_Q_EPS_V, OPT_EPS_0, per, 0, out);
        if (out->traces & Q(EPS_A) && per == 2) keep_row(p, t, j, EPROP_Q_EPS_A, OPT_EPS_0, per, 1, out);
        if (out->traces & Q(E) && per == 2) keep_row(p, t, j, EPROP_Q_E, OPT_E_0, 1, 0, out);
        if (out->traces & Q(EBAR)) keep_row(p, t, j, EPROP_Q_EBAR, OPT_EBAR_0, 1, 0, out);
    }
}

static int steps(fixed_port *p, const eprop_result *out)
{
    const eprop_case *c = p->c;
    const int32_t *x = c->input[EPROP_IN_X], *y = c->input[EPROP_IN_TARGET], *mask = c->input[EPROP_IN_MASK];
    for (int t = 1; t <= c->T; t++) {
        int32_t one = mask ? mask[t - 1] : 1;
        const opt_signal signal = {.target = y ? y + (t - 1) * c->n_out : p->silence, .weight = &one};
        if (engine()->step(p->s, x ? x + (t - 1) * c->n_in : NULL) != EP_OK || engine()->learn(p->s, &signal) != EP_OK) return 0;
        keep(p, OPT_Z, p->room);
        for (int j = 0; j < c->n_rec; j++) p->count[j] += p->room[j];
        if (!c->updates) keep_step(p, t, out), keep_traces(p, t, out);
        if (c->updates && c->online && opt_fixed_update(p->s, c->eta * unit(FIX_N), c->lambda * unit(FIX_D)) != EP_OK) return 0;
    }
    return opt_fixed_end(p->s, c->T) == EP_OK;
}

static void keep_update(fixed_port *p, int u, const eprop_result *out)
{
    int32_t *count = out->quantity[EPROP_Q_COUNT];
    for (int g = EP_G_WIN; g <= EP_G_BOUT + 1; g++) {
        int quantity = g > EP_G_BOUT ? OPT_FEEDBACK : OPT_PARAM(g);
        int32_t *to = out->quantity[EPROP_Q_WIN + g];
        if (to) keep(p, quantity, to + (size_t)(u - 1) * engine()->count(p->s, quantity));
    }
    if (count) memcpy(count + (size_t)(u - 1) * (size_t)p->c->n_rec, p->count, (size_t)p->c->n_rec * sizeof *count);
}

static int32_t fixed_run(void *handle, const eprop_result *out)
{
    fixed_port *p = handle;
    const eprop_case *c = p->c;
    last = "the engine refused a step";
    for (int u = 1; u <= (c->updates ? c->updates : 1); u++) {
        if (u > 1 && !c->carry) engine()->reset(p->s, OPT_RESET_STATE);
        if (!steps(p, out)) return EPROP_FAILED;
        if (!c->updates) break;
        if (!c->online && opt_fixed_update(p->s, c->eta * unit(FIX_N), c->lambda * unit(FIX_D)) != EP_OK) return EPROP_FAILED;
        keep_update(p, u, out);
    }
    for (int g = EP_G_WIN; !c->updates && g <= EP_G_BOUT; g++) keep(p, OPT_GRAD(g), out->quantity[EPROP_Q_DWIN + g]);
    return EPROP_OK;
}

static const char *fixed_reason(void *handle) { return (void)handle, last; }

const eprop_port *eprop_port_v1(void);
const eprop_port *eprop_port_v1(void)
{
    static const eprop_port port = {
        .size = sizeof port, .version = EPROP_PORT_VERSION, .name = NAME, .release = "1", .formats = EPROP_BIT(FORMAT),
        .models = EPROP_BIT(EPROP_LIF) | EPROP_BIT(EPROP_ALIF), .rules = (uint64_t)15 << EPROP_RULE_EPROP1_SYMMETRIC, .losses = 3,
        .quantities = Q(I) | Q(V) | Q(A) | Q(Z) | Q(R) | Q(PSI) | Q(EPS_V) | Q(EPS_A) | Q(E) | Q(EBAR) | Q(Y) | Q(ERR) | Q(L) | Q(DWIN) | Q(DWREC) |
                      Q(DBIAS) | Q(DWOUT) | Q(DBOUT) | Q(COUNT) | Q(WIN) | Q(WREC) | Q(BIAS) | Q(WOUT) | Q(BOUT) | Q(FEEDBACK),
        .max_rec = 128, .max_in = 128, .max_B = 1, .open = fixed_open, .run = fixed_run, .close = fixed_close, .reason = fixed_reason,
        .flags = EPROP_REPEATABLE};
    return &port;
}
