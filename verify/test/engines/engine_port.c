/* engine_port.c: an engine of optimized/ behind the door for ports: implementations by other people of everything that
 * vector files ask for. Which engine, and how it is driven, is chosen when it is compiled:
 *
 *   ENGINE   scalar, fast; or FIXED, the name of an integer profile: numbers are rounded on the way in, decoded on the way out
 *   ONLINE   0: gradients of whole trials by grad; 1: step by step by step and learn, states and traces read after each
 *   CHUNK    steps of a chunk, for engines that learn online by chunks; 0: the engine chooses
 *   NAME     of the port
 *   FORMATS  BOTH, F32_ALONE
 *   CLAIMS   what it can report: SCALAR, SCALAR_ONLINE, FAST, FAST_CHUNK, FAST_ONLINE, FIXED_SPIKES, FIXED_GRADIENT
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "../../../optimized/opt.h"
#ifdef FIXED
#include "../../../optimized/opt_fixed.h"
#endif
#include "eprop_port.h"

#define PASTE3(a, b, c) a##b##c
#define ENGINE_FUNCTION(engine, format) PASTE3(opt_, engine, format)

#define Q(name) EPROP_BIT(EPROP_Q_##name)
#define WEIGHTS (Q(LOSS) | Q(DWIN) | Q(DWREC) | Q(DBIAS) | Q(DWOUT) | Q(DBOUT))
#define CONSTANTS (Q(DALPHA) | Q(DRHO) | Q(DBETA) | Q(DALPHA_S))
#define STATES (Q(S) | Q(V) | Q(A) | Q(C) | Q(Z) | Q(Y) | Q(ERR))
#define ROWS ((uint64_t)63 << EPROP_Q_EPS_S)
#define SCALAR (STATES | Q(PSI) | WEIGHTS | CONSTANTS)
#define SCALAR_ONLINE (SCALAR | Q(I) | Q(R) | Q(L) | ROWS)
#define FAST (Q(Z) | Q(Y) | Q(ERR) | WEIGHTS)
#define FAST_CHUNK WEIGHTS
#define FAST_ONLINE (STATES | Q(R) | WEIGHTS)
#define BOTH 3
#define F32_ALONE 1
#define FIXED_SPIKES Q(Z)
#define FIXED_GRADIENT (WEIGHTS & ~Q(LOSS))

typedef struct engine_port {
    const eprop_case *c;
    ep_net net;
    double *own[EPROP_N_INPUT];
    void *fed[EPROP_N_INPUT]; /* x, target, mask as the engine takes them */
    opt_seeds seeds;
    void *seed_store[4];
} engine_port;

static const char *last = "nothing went wrong";
static const uint64_t online_rules = EPROP_BIT(EPROP_RULE_RTRL) | (uint64_t)15 << EPROP_RULE_EPROP1_SYMMETRIC;

#ifdef FIXED
static const opt_engine *engine_of(const eprop_case *c) { return (void)c, opt_fixed(FIXED); }
#else
static const opt_engine *engine_of(const eprop_case *c) { return c->format == EPROP_F32 ? ENGINE_FUNCTION(ENGINE, _f32)() : ENGINE_FUNCTION(ENGINE, _f64)(); }
#endif

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
    for (int i = 0; i < EPROP_N_INPUT; i++) {
        free(p->own[i]);
        free(p->fed[i]);
    }
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

/* An engine ready for the case; NULL: it refused. */
static opt_state *ready(engine_port *p, ep_rule rule, void **mem)
{
    const eprop_case *c = p->c;
    const opt_engine *e = engine_of(c);
    opt_state *s = NULL;
    opt_config cfg = {.net = &p->net, .rule = rule, .loss = (ep_loss)c->loss, .c_reg = c->c_reg, .f_target = c->f_target,
                      .B = c->B, .T = c->T, .window = c->window, .chunk = CHUNK};
    size_t need = e->state_size(&cfg);
    *mem = need ? aligned_alloc(OPT_ALIGN, (need + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN) : NULL;
    if (*mem && e->init(&cfg, *mem, need, &s) == EP_OK) return s;
    last = "the engine refused the case";
    return NULL;
}

/* An array of the case as the engine takes it; *ok becomes 0 where that cannot be. */
static const void *feed(engine_port *p, const opt_state *s, int i, int *ok)
{
#ifdef FIXED
    size_t n = p->own[i] ? size_of(p->c, i) : 0;
    int32_t *to = p->own[i] ? p->fed[i] = malloc((n + 1) * sizeof *to) : NULL;
    if (p->own[i] && !to) *ok = 0;
    for (size_t k = 0; to && i == EPROP_IN_MASK && k < n; k++) {
        to[k] = (int32_t)p->own[i][k];
        if (p->own[i][k] != to[k] || (to[k] | 1) != 1) *ok = 0; /* a weight that integers do not have */
    }
    if (to && i != EPROP_IN_MASK && opt_fixed_encode(s, i == EPROP_IN_X ? OPT_FIXED_X : OPT_FIXED_TARGET, p->own[i], to, n) != 0) *ok = 0;
    return to;
#else
    return (void)s, (void)ok, p->c->input[i];
#endif
}

/* A quantity of the engine in the case's format. */
static int take(const engine_port *p, const opt_state *s, int quantity, void *to, size_t n)
{
    const opt_engine *e = engine_of(p->c);
#ifdef FIXED
    int32_t *raw = malloc((n + 1) * sizeof *raw);
    double *value = malloc((n + 1) * sizeof *value);
    int ok = raw && value && e->get(s, quantity, raw, n) == EP_OK;
    if (ok) opt_fixed_decode(s, quantity & ~OPT_ALL_BIT, raw, value, n);
    for (size_t k = 0; ok && k < n; k++) {
        if (p->c->format == EPROP_F32) ((float *)to)[k] = (float)value[k];
        else ((double *)to)[k] = value[k];
    }
    free(raw);
    free(value);
    return ok;
#else
    return (void)p, e->get(s, quantity, to, n) == EP_OK;
#endif
}

/* Whole trials under a rule. delivered: where windows' seeds go. */
static opt_state *grad(engine_port *p, ep_rule rule, const opt_seeds *given, opt_seeds *delivered, void **mem)
{
    const eprop_case *c = p->c;
    opt_state *s = ready(p, rule, mem);
    int ok = s != NULL;
    if (!ok) return NULL;
    opt_trials tr = {.T = c->T, .B = c->B, .x = feed(p, s, EPROP_IN_X, &ok), .target = feed(p, s, EPROP_IN_TARGET, &ok),
                     .mask = feed(p, s, EPROP_IN_MASK, &ok), .seeds = given, .delivered = delivered};
    if (ok && engine_of(c)->grad(s, &tr) == EP_OK) return s;
    last = "the engine refused the trials";
    return NULL;
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

/* ---- step by step ------------------------------------------------------------------------------------------------ */

static const struct { int q, opt; } of_step[] = {
    {EPROP_Q_I, OPT_I}, {EPROP_Q_S, OPT_S}, {EPROP_Q_V, OPT_V}, {EPROP_Q_A, OPT_A}, {EPROP_Q_C, OPT_C}, {EPROP_Q_Z, OPT_Z},
    {EPROP_Q_R, OPT_REFR}, {EPROP_Q_PSI, OPT_PSI}, {EPROP_Q_Y, OPT_Y}, {EPROP_Q_ERR, OPT_ERR}, {EPROP_Q_L, OPT_L}};

/* Steps of the trials while they go side by side. room holds any array of the engine. */
typedef struct walk {
    engine_port *p;
    const opt_engine *e;
    const eprop_result *out;
    opt_state *s;
    char *room, *row, *x, *target, *weight;
    size_t columns; /* of the row so far */
} walk;

/* [B][n] of this step into [B][T][n]. Engines have the channels of a neuron side by side, ports the neurons of a channel. */
static int keep_states(walk *w, int t)
{
    size_t B = (size_t)w->p->c->B, T = (size_t)w->p->c->T, size = w->e->element, all = (size_t)ep_model_channels(w->p->net.model);
    for (size_t k = 0; k < sizeof of_step / sizeof *of_step; k++) {
        char *to = w->out->quantity[of_step[k].q];
        size_t n = to ? w->e->count(w->s, of_step[k].opt) : 0, width = n / B, channels = of_step[k].q == EPROP_Q_I ? all : 1;
        if (n && w->e->get(w->s, of_step[k].opt, w->room, n) != EP_OK) return 0;
        for (size_t b = 0; b < B; b++)
            for (size_t i = 0; i < width; i++) {
                size_t at = i % channels * (width / channels) + i / channels;
                memcpy(to + ((b * T + (size_t)t - 1) * width + at) * size, w->room + (b * width + i) * size, size);
            }
    }
    return 1;
}

/* Appends n parameters of a group, from `first` on, to the row of trial b; per numbers each, of which number `part`. */
static int append(walk *w, int quantity, size_t b, size_t first, size_t n, size_t per, size_t part)
{
    size_t all = w->e->count(w->s, quantity), size = w->e->element, trial = all / (size_t)w->p->c->B;
    if (!all) return 1;
    if (w->e->get(w->s, quantity, w->room, all) != EP_OK) return 0;
    for (size_t i = 0; i < n; i++)
        memcpy(w->row + w->columns++ * size, w->room + (b * trial + (first + i) * per + part) * size, size);
    return 1;
}

/* The component of h that an eligibility vector belongs to; -1: the model has none. */
static int component_of(const eprop_case *c, int q)
{
    bool adaptive = c->model == EPROP_ALIF || c->model == EPROP_LSNN, synaptic = c->model == EPROP_SYNAPTIC;
    switch (q) {
    case EPROP_Q_EPS_S: return synaptic ? 0 : -1;
    case EPROP_Q_EPS_V: return synaptic ? 1 : c->model == EPROP_LSTM ? -1 : 0;
    case EPROP_Q_EPS_A: return adaptive ? 1 : -1;
    case EPROP_Q_EPS_C: return c->model == EPROP_LSTM ? 0 : -1;
    default: return 0;
    }
}

static int trace_row(walk *w, int q, size_t b, size_t j)
{
    const eprop_case *c = w->p->c;
    size_t n = (size_t)c->n_rec, in = (size_t)c->n_in, channels = (size_t)ep_model_channels(w->p->net.model), part = 0, per = 1;
    int from = q == EPROP_Q_E ? OPT_E_0 : q == EPROP_Q_EBAR ? OPT_EBAR_0 : OPT_EPS_0, ok = 1;
    if (from == OPT_EPS_0) {
        part = (size_t)component_of(c, q);
        per = (size_t)opt_hidden_count(w->p->net.model, &w->p->net.opt);
    }
    w->columns = 0;
    for (size_t ch = 0; ch < channels; ch++)
        ok = ok && append(w, from + EP_G_WIN, b, (ch * n + j) * in, in, per, part) && append(w, from + EP_G_WREC, b, (ch * n + j) * n, n, per, part) &&
             append(w, from + EP_G_BIAS, b, ch * n + j, 1, per, part);
    for (int p = 0; p < EP_N_THETA; p++) ok = ok && append(w, from + EP_G_THETA + p, b, j, 1, per, part);
    return ok;
}

static int keep_traces(walk *w, int t)
{
    const eprop_case *c = w->p->c;
    for (int q = EPROP_Q_EPS_S; q <= EPROP_Q_EBAR; q++)
        for (int b = 0; (w->out->traces >> q & 1) && component_of(c, q) >= 0 && b < c->B; b++)
            for (int j = 0; j < c->n_rec; j++) {
                if (!trace_row(w, q, (size_t)b, (size_t)j)) return 0;
                w->out->trace(w->out->user, q, b, t, j, w->row);
            }
    return 1;
}

/* m^t of a trial over what loss_norm divides it by. */
static double weight_of(const engine_port *p, int b, int t)
{
    const double *m = p->own[EPROP_IN_MASK];
    ep_loss_norm norm = p->net.opt.loss_norm;
    int T = p->c->T, steps = 0;
    for (int s = 0; s < T; s++) steps += !m || m[b * T + s] > 0;
    double by = (norm == EP_NORM_STEPS || norm == EP_NORM_BOTH) && steps ? steps : 1;
    if (norm == EP_NORM_BATCH || norm == EP_NORM_BOTH) by *= p->c->B;
    return (m ? m[b * T + t - 1] : 1) / by;
}

static void number(const walk *w, char *to, size_t at, double value)
{
    if (w->p->c->format == EPROP_F32) ((float *)(void *)to)[at] = (float)value;
    else ((double *)(void *)to)[at] = value;
}

/* x^t, target and weight of all trials, side by side. */
static void lay_out(walk *w, int t)
{
    const engine_port *p = w->p;
    const double *x = p->own[EPROP_IN_X], *target = p->own[EPROP_IN_TARGET];
    int T = p->c->T, in = p->c->n_in, K = p->c->n_out;
    for (int b = 0; b < p->c->B; b++) {
        for (int i = 0; i < in; i++) number(w, w->x, (size_t)(b * in + i), x ? x[(b * T + t - 1) * in + i] : 0);
        for (int k = 0; k < K; k++) number(w, w->target, (size_t)(b * K + k), target ? target[(b * T + t - 1) * K + k] : 0);
        number(w, w->weight, (size_t)b, weight_of(p, b, t));
    }
}

static int all_steps(walk *w)
{
    opt_signal signal = {.target = w->target, .weight = w->weight};
    for (int t = 1; t <= w->p->c->T; t++) {
        lay_out(w, t);
        if (w->e->step(w->s, w->x) != EP_OK || w->e->learn(w->s, &signal) != EP_OK) return 0;
        if (!keep_states(w, t) || !keep_traces(w, t)) return 0;
    }
    return 1;
}

static opt_state *online(engine_port *p, const eprop_result *out, void **mem)
{
    size_t B = (size_t)p->c->B, n = (size_t)p->c->n_rec, wide = 4 * ((size_t)p->c->n_in + n + 1) + EP_N_THETA;
    walk w = {.p = p, .e = engine_of(p->c), .out = out, .s = ready(p, (ep_rule)p->c->rule, mem)};
    size_t size = sizeof(double) * (4 * B * n * wide + wide + B * ((size_t)p->c->n_in + (size_t)p->c->n_out + 1));
    char *store = w.s ? malloc(size) : NULL;
    if (!store) return NULL;
    w.row = store;
    w.x = w.row + wide * sizeof(double);
    w.target = w.x + B * (size_t)p->c->n_in * sizeof(double);
    w.weight = w.target + B * (size_t)p->c->n_out * sizeof(double);
    w.room = w.weight + B * sizeof(double);
    int ok = all_steps(&w);
    free(store);
    if (!ok) last = "the engine refused a step";
    return ok ? w.s : NULL;
}

/* ---- the port ---------------------------------------------------------------------------------------------------- */

/* What the engine keeps of whole trials; online, states are already there. */
static int keep_rest(const engine_port *p, const opt_state *s, const eprop_result *out)
{
    for (int q = ONLINE ? EPROP_Q_LOSS : 0; q < (int)out->n_quantity && q < EPROP_N_QUANTITY; q++) {
        size_t n = out->quantity[q] && q != EPROP_Q_L ? engine_of(p->c)->count(s, quantity_of(q)) : 0;
        if (n && !take(p, s, quantity_of(q), out->quantity[q], n)) return 0;
    }
    return 1;
}

static int32_t engine_run(void *handle, const eprop_result *out)
{
    engine_port *p = handle;
    opt_seeds some = {0};
    void *mem = NULL;
    int seeded = p->c->rule == EPROP_RULE_EPROP3 && p->c->seed != EPROP_SEED_NONE;
    if (seeded && !exact_seeds(p, &some)) return EPROP_FAILED;
    opt_state *s = ONLINE ? online(p, out, &mem) : grad(p, (ep_rule)p->c->rule, seeded ? &some : NULL, NULL, &mem);
#ifdef FIXED
    int32_t answer = s && keep_rest(p, s, out) ? EPROP_OK : EPROP_UNSUPPORTED; /* a number that the profile does not have */
#else
    int32_t answer = s && keep_rest(p, s, out) ? EPROP_OK : EPROP_FAILED;
#endif
    free(mem);
    return answer;
}

static const char *engine_reason(void *handle) { return (void)handle, last; }

const eprop_port *eprop_port_v1(void);
const eprop_port *eprop_port_v1(void)
{
    static eprop_port port = {.size = sizeof port, .version = EPROP_PORT_VERSION, .name = NAME, .release = "1", .formats = FORMATS,
                              .models = 63, .losses = 3, .quantities = CLAIMS, .open = engine_open, .run = engine_run,
                              .close = engine_close, .reason = engine_reason, .flags = EPROP_REPEATABLE};
    port.rules = ONLINE ? online_rules : 0x7ff;
    return &port;
}
