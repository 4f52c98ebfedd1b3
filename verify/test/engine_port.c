/* engine_port.c: the scalar engines behind the door for ports: a second implementation, by other people, of everything
 * that vector files ask for.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "../../optimized/opt.h"
#include "eprop_port.h"

typedef struct engine_port {
    const eprop_case *c;
    ep_net net;
    double *own[EPROP_N_INPUT];
    void *fed[EPROP_N_INPUT]; /* x, target, mask as the engine takes them */
    opt_seeds seeds;
    void *seed_store[4];
} engine_port;

static const char *last = "nothing went wrong";

static const opt_engine *engine_of(const eprop_case *c) { return c->format == EPROP_F32 ? opt_scalar_f32() : opt_scalar_f64(); }

static ep_options options_of(const eprop_case *c)
{
    int32_t o[EPROP_N_OPTION] = {0};
    memcpy(o, c->option, sizeof *o * (c->n_option < EPROP_N_OPTION ? c->n_option : EPROP_N_OPTION));
    return (ep_options){
        .g_in = (ep_gain)o[EPROP_OPT_G_IN], .g_a = (ep_gain)o[EPROP_OPT_G_A], .g_out = (ep_gain)o[EPROP_OPT_G_OUT],
        .g_in_value = c->gain[0], .g_a_value = c->gain[1], .g_out_value = c->gain[2],
        .gain_differentiated = o[EPROP_OPT_GAIN_DIFF] != 0, .psi_width = (ep_psi_width)o[EPROP_OPT_PSI_WIDTH],
        .dz_da = (ep_dz_da)o[EPROP_OPT_DZ_DA], .psi_scale = (ep_psi_scale)o[EPROP_OPT_PSI_SCALE],
        .psi_shape = (ep_psi_shape)o[EPROP_OPT_PSI_SHAPE], .spike_test = (ep_spike_test)o[EPROP_OPT_SPIKE_TEST],
        .spike_from = (ep_spike_from)o[EPROP_OPT_SPIKE_FROM], .ref_count = (ep_ref_count)o[EPROP_OPT_REF_COUNT],
        .reset = (ep_reset)o[EPROP_OPT_RESET], .adapt_source = (ep_adapt_source)o[EPROP_OPT_ADAPT_SOURCE],
        .psi_refractory = (ep_psi_refractory)o[EPROP_OPT_PSI_REFRACTORY], .reset_path = (ep_reset_path)o[EPROP_OPT_RESET_PATH],
        .loss_norm = (ep_loss_norm)o[EPROP_OPT_LOSS_NORM], .phi = (ep_phi)o[EPROP_OPT_PHI], .delay = o[EPROP_OPT_DELAY],
        .delay_L = o[EPROP_OPT_DELAY_L]};
}

static size_t size_of(const eprop_case *c, int i)
{
    size_t n = (size_t)c->n_rec, in = (size_t)c->n_in, out = (size_t)c->n_out, nc = c->model == EPROP_LSTM ? 4 : 1;
    size_t steps = (size_t)c->T * (size_t)c->B;
    const size_t size[EPROP_N_INPUT] = {nc * n * in, nc * n * n, nc * n, out * n, out, out * n, n, n, n, n, steps * in, steps * out, steps};
    return size[i];
}

static void engine_close(void *handle)
{
    engine_port *p = handle;
    for (int i = 0; i < EPROP_N_INPUT; i++) free(p->own[i]);
    for (int i = 0; i < 4; i++) free(p->seed_store[i]);
    free(p);
}

/* Numbers of the case as doubles. */
static int load(engine_port *p)
{
    const eprop_case *c = p->c;
    for (int i = 0; i < EPROP_N_INPUT; i++) {
        if (!c->input[i]) continue;
        size_t n = size_of(c, i);
        p->own[i] = malloc((n + 1) * sizeof(double));
        if (!p->own[i]) return 0;
        for (size_t k = 0; k < n; k++)
            p->own[i][k] = c->format == EPROP_F32 ? (double)((const float *)c->input[i])[k] : ((const double *)c->input[i])[k];
    }
    return 1;
}

static int32_t engine_open(const eprop_case *c, void **handle)
{
    engine_port *p = calloc(1, sizeof *p);
    if (!p) return EPROP_NO_MEMORY;
    p->c = c;
    ep_options o = options_of(c);
    if (engine_of(c)->supports((ep_model)c->model, (ep_rule)c->rule, &o) != EP_OK || c->reg_off) {
        free(p);
        last = "the engine does not have this rule for this model";
        return EPROP_UNSUPPORTED;
    }
    if (!load(p)) {
        engine_close(p);
        return EPROP_NO_MEMORY;
    }
    p->net = (ep_net){.model = (ep_model)c->model, .opt = o, .n_in = c->n_in, .n_rec = c->n_rec, .n_out = c->n_out,
                      .Win = p->own[EPROP_IN_WIN], .Wrec = p->own[EPROP_IN_WREC], .b = p->own[EPROP_IN_BIAS],
                      .Wout = p->own[EPROP_IN_WOUT], .bout = p->own[EPROP_IN_BOUT], .B = p->own[EPROP_IN_FEEDBACK],
                      .theta = {p->own[EPROP_IN_ALPHA], p->own[EPROP_IN_RHO], p->own[EPROP_IN_BETA], p->own[EPROP_IN_ALPHA_S]},
                      .kappa = c->kappa, .v_th = c->v_th, .gamma = c->gamma, .b_forget = c->b_forget, .n_ref = c->n_ref};
    *handle = p;
    return EPROP_OK;
}

/* One run of the engine under a rule. delivered: where windows' seeds go; NULL mem: failed. */
static opt_state *grad(engine_port *p, ep_rule rule, const opt_seeds *given, opt_seeds *delivered, void **mem)
{
    const eprop_case *c = p->c;
    const opt_engine *e = engine_of(c);
    opt_state *s = NULL;
    opt_config cfg = {.net = &p->net, .rule = rule, .loss = (ep_loss)c->loss, .c_reg = c->c_reg, .f_target = c->f_target,
                      .B = c->B, .T = c->T, .window = c->window};
    opt_trials tr = {.T = c->T, .B = c->B, .x = c->input[EPROP_IN_X], .target = c->input[EPROP_IN_TARGET],
                     .mask = c->input[EPROP_IN_MASK], .seeds = given, .delivered = delivered};
    size_t need = e->state_size(&cfg);
    *mem = need ? aligned_alloc(OPT_ALIGN, (need + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN) : NULL;
    if (!*mem || e->init(&cfg, *mem, need, &s) != EP_OK || e->grad(s, &tr) != EP_OK) {
        last = "the engine refused the case";
        return NULL;
    }
    return s;
}

/* e-prop 3: what crosses the ends of windows, by a run of BPTT. */
static int exact_seeds(engine_port *p, opt_seeds *out)
{
    const eprop_case *c = p->c;
    size_t n = (size_t)c->n_rec, m = (size_t)((c->T - 1) / c->window * c->B);
    size_t size[4] = {n * (size_t)opt_hidden_count(p->net.model, &p->net.opt), n * (size_t)p->net.opt.delay, n, (size_t)c->n_out};
    void *mem = NULL;
    for (int a = 0; a < 4; a++)
        if (!(p->seed_store[a] = calloc(m * size[a] + 1, sizeof(double)))) return 0;
    p->seeds = (opt_seeds){p->seed_store[0], p->seed_store[1], p->seed_store[2], p->seed_store[3]};
    opt_state *s = grad(p, EP_BPTT, NULL, &p->seeds, &mem);
    free(mem);
    int h = c->seed == EPROP_SEED_C || c->seed == EPROP_SEED_ZC, z = c->seed == EPROP_SEED_Z || c->seed == EPROP_SEED_ZC;
    *out = (opt_seeds){h ? p->seeds.h : NULL, z ? p->seeds.z : NULL, z ? p->seeds.z_loc : NULL,
                       c->seed == EPROP_SEED_ZC ? p->seeds.y : NULL};
    return s != NULL;
}

static int quantity_of(int q)
{
    switch (q) {
    case EPROP_Q_S: return OPT_ALL(OPT_S);
    case EPROP_Q_V: return OPT_ALL(OPT_V);
    case EPROP_Q_A: return OPT_ALL(OPT_A);
    case EPROP_Q_C: return OPT_ALL(OPT_C);
    case EPROP_Q_Z: return OPT_ALL(OPT_Z);
    case EPROP_Q_PSI: return OPT_ALL(OPT_PSI);
    case EPROP_Q_Y: return OPT_ALL(OPT_Y);
    case EPROP_Q_ERR: return OPT_ALL(OPT_ERR);
    case EPROP_Q_LOSS: return OPT_LOSS;
    default: return OPT_GRAD(q - EPROP_Q_DWIN);
    }
}

static int32_t engine_run(void *handle, const eprop_result *out)
{
    engine_port *p = handle;
    const opt_engine *e = engine_of(p->c);
    opt_seeds some = {0};
    void *mem = NULL;
    int seeded = p->c->rule == EPROP_RULE_EPROP3 && p->c->seed != EPROP_SEED_NONE;
    if (seeded && !exact_seeds(p, &some)) return EPROP_FAILED;
    opt_state *s = grad(p, (ep_rule)p->c->rule, &some, NULL, &mem);
    int32_t answer = s ? EPROP_OK : EPROP_FAILED;
    for (int q = 0; s && q < (int)out->n_quantity && q < EPROP_N_QUANTITY; q++) {
        size_t n = out->quantity[q] ? e->count(s, quantity_of(q)) : 0;
        if (n && e->get(s, quantity_of(q), out->quantity[q], n) != EP_OK) answer = EPROP_FAILED;
    }
    free(mem);
    return answer;
}

static const char *engine_reason(void *handle) { return (void)handle, last; }

const eprop_port *eprop_port_v1(void);
const eprop_port *eprop_port_v1(void)
{
    static const uint64_t rows = (uint64_t)63 << EPROP_Q_EPS_S;
    static eprop_port port = {.size = sizeof port, .version = EPROP_PORT_VERSION, .name = "scalar-engine", .release = "1",
                              .formats = 3, .models = 63, .rules = 0x7ff, .losses = 3, .open = engine_open, .run = engine_run,
                              .close = engine_close, .reason = engine_reason, .flags = EPROP_REPEATABLE};
    port.quantities = (EPROP_BIT(EPROP_N_QUANTITY) - 1) & ~rows & ~EPROP_BIT(EPROP_Q_L) & ~EPROP_BIT(EPROP_Q_R) & ~EPROP_BIT(EPROP_Q_I);
    return &port;
}
