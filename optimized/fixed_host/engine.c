/* The table of functions around the integer core.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host.h"

static const char *unsupported(ep_model model, ep_rule rule, const ep_options *opt)
{
    static const char *const paper_only[] = {"psi_width", "dz_da", "psi_shape", "spike_test", "spike_from", "reset", "adapt_source",
                                             "psi_refractory", "delay_L"};
    if (model > EP_LSNN && model != EP_LSTM) return "model: expected lif, alif, lsnn or lstm";
    if (rule < EP_EPROP1_SYMMETRIC || rule > EP_EPROP1_GLOBAL) return "rule: expected one of eprop1-*";
    if (model == EP_LSTM) return opt->phi != EP_PHI_TANH ? "phi: expected tanh" : opt->delay_L ? "delay_L" : NULL;
    if (opt->reset_path == EP_RESET_LOCAL) return "reset_path";
    ep_options paper = ep_preset_options(EP_PAPER2019);
    for (size_t k = 0; k < sizeof paper_only / sizeof *paper_only; k++) {
        char has[32], needs[32];
        if (!ep_option_get(opt, paper_only[k], has, sizeof has) || !ep_option_get(&paper, paper_only[k], needs, sizeof needs) ||
            strcmp(has, needs) != 0)
            return paper_only[k];
    }
    return NULL;
}

static ep_status supports(ep_model model, ep_rule rule, const ep_options *opt)
{
    return unsupported(model, rule, opt) ? EP_NOTIMPL : EP_OK;
}

static fix_config core_config(const opt_config *cfg, const fix_profile *p, const host_constants *k)
{
    const ep_net *net = cfg->net;
    static const fix_feedback feedback[] = {FIX_SYMMETRIC, FIX_RANDOM, FIX_ADAPTIVE, FIX_GLOBAL};
    bool lstm = net->model == EP_LSTM;
    return (fix_config){.profile = p, .n_in = net->n_in, .n_rec = net->n_rec, .n_out = net->n_out, .delay = lstm ? 1 : net->opt.delay,
                        .n_ref = lstm ? 0 : k->n_ref, .alif = !lstm && net->model != EP_LIF, .lstm = lstm, .b_forget = k->b_forget, .feedback = feedback[cfg->rule - EP_EPROP1_SYMMETRIC],
                        .alpha = k->alpha, .kappa = k->kappa, .v_th = k->v_th, .slope = k->slope, .c_reg = k->c_reg, .n_star = k->n_star,
                        .softmax = cfg->loss == EP_CLASSIFICATION, .seed = cfg->seed};
}

static ep_status say(char *why, size_t n, ep_status st, const char *text)
{
    if (why && n) (void)snprintf(why, n, "%s", text);
    return st;
}

/* All but the network's numbers. */
static ep_status check_shape(const opt_config *cfg, const fix_profile *p, char *why, size_t n)
{
    const char *missing = unsupported(cfg->net->model, cfg->rule, &cfg->net->opt);
    const host_constants none = {.n_ref = cfg->net->n_ref, .c_reg = cfg->c_reg > 0};
    if (missing) {
        if (why && n) (void)snprintf(why, n, "integers do not have this %s", missing);
        return EP_NOTIMPL;
    }
    if (!p) return say(why, n, EP_DOMAIN, "no profile given");
    if (cfg->net->model == EP_LSTM && !p->q[FIX_GA].bits)
        return say(why, n, EP_NOTIMPL, "profile: found no formats for lstm, expected those of q15 or s16.15");
    if (cfg->net->model == EP_LSTM && cfg->c_reg > 0) return say(why, n, EP_NOTIMPL, "integers do not have the regulariser c_reg of lstm: expected 0");
    if (cfg->B < 1) return say(why, n, EP_DOMAIN, "B = 0: expected at least one trial");
    fix_config c = core_config(cfg, p, &none);
    if (fix_state_size(&c) > 0) return EP_OK;
    if (cfg->net->n_in < 1 || cfg->net->n_rec < 1 || cfg->net->n_out < 1 || cfg->net->n_in > 4096 || cfg->net->n_rec > 4096 || cfg->net->n_out > 4096)
        return say(why, n, EP_DOMAIN, "n_in, n_rec, n_out: expected 1 to 4096 each");
    if (c.delay > 255 || c.n_ref > 65534) return say(why, n, EP_DOMAIN, "delay, n_ref: expected at most 255 and 65534");
    return say(why, n, EP_DOMAIN, "profile: a format is out of range, or a sum of this network could leave 64 bits");
}

ep_status opt_fixed_check(const opt_config *cfg, const fix_profile *own, char *why, size_t n)
{
    const fix_profile *p = cfg->profile ? cfg->profile : own;
    host_constants k;
    ep_status st = opt_config_check(cfg, why, n);
    if (st == EP_OK) st = check_shape(cfg, p, why, n);
    return st == EP_OK ? host_convert(cfg, p, NULL, &k, why, n) : st;
}

/* ---- memory ------------------------------------------------------------------------------------------ */

typedef struct cursor {
    unsigned char *base; /* NULL: only count */
    size_t used;
    bool too_large;
} cursor;

static void *take(cursor *c, size_t element, size_t count)
{
    size_t at = c->used;
    if (count > (SIZE_MAX / 2 - OPT_ALIGN - at) / element) {
        c->too_large = true;
        return NULL;
    }
    c->used += (element * count + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN;
    return c->base ? c->base + at : NULL;
}

static size_t lay_out(host *h, const opt_config *cfg, const fix_config *core, unsigned char *base, void **room)
{
    cursor c = {.base = base};
    size_t n = (size_t)cfg->net->n_rec, K = (size_t)cfg->net->n_out, in = (size_t)cfg->net->n_in, B = (size_t)cfg->B;
    size_t frames = B * (size_t)cfg->T, each = (fix_state_size(core) + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN;
    (void)take(&c, sizeof *h, 1);
    h->g_in = take(&c, sizeof *h->g_in, n);
    h->g_a = take(&c, sizeof *h->g_a, n);
    h->rho = take(&c, sizeof *h->rho, n);
    h->beta = take(&c, sizeof *h->beta, n);
    h->divisor = take(&c, sizeof *h->divisor, B);
    h->silence = take(&c, sizeof *h->silence, in > K ? in : K);
    for (int r = 0; r < REC_COUNT; r++) {
        size_t width = host_width(h, r);
        h->record[r] = take(&c, sizeof *h->record[r] * (width ? width : 1), width ? frames : 0);
    }
    h->core = take(&c, sizeof *h->core, B);
    *room = take(&c, each, B);
    return c.too_large ? 0 : c.used;
}

static size_t size_of(const opt_config *cfg, const fix_profile *own)
{
    const fix_profile *p = cfg->profile ? cfg->profile : own;
    opt_config bare = *cfg;
    ep_net net = *cfg->net;
    host h;
    void *room;
    const host_constants none = {.n_ref = net.n_ref, .c_reg = cfg->c_reg > 0};
    net.Win = net.Wrec = net.b = net.Wout = net.bout = net.B = NULL;
    for (int k = 0; k < EP_N_THETA; k++) net.theta[k] = NULL;
    bare.net = &net;
    if (opt_config_check(&bare, NULL, 0) != EP_OK || check_shape(&bare, p, NULL, 0) != EP_OK) return 0;
    fix_config c = core_config(&bare, p, &none);
    h.net = net;
    h.n_rec = (size_t)net.n_rec;
    h.n_out = (size_t)net.n_out;
    return lay_out(&h, &bare, &c, NULL, &room);
}

static ep_status open_cores(host *h, fix_config *c, unsigned char *room)
{
    size_t size = fix_state_size(c), each = (size + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN;
    static const int shared[] = {FIX_W, FIX_WO, FIX_FB};
    c->profile = &h->profile;
    c->rho = h->rho;
    c->beta = h->beta;
    for (size_t b = 0; b < (size_t)h->cfg.B; b++, c->seed++) {
        if (fix_init(&h->core[b], c, room + b * each, each) != FIX_OK) return EP_DOMAIN;
        for (int k = 0; k < 3; k++) h->core[b]->q[shared[k]].p = h->core[0]->q[shared[k]].p;
    }
    return EP_OK;
}

static ep_status init_with(const opt_config *cfg, const fix_profile *own, void *mem, size_t bytes, opt_state **out)
{
    const fix_profile *p = cfg->profile ? cfg->profile : own;
    host_constants k;
    void *room;
    size_t need;
    ep_status st = opt_fixed_check(cfg, own, NULL, 0);
    if (st != EP_OK) return st;
    if (!(need = size_of(cfg, own))) return EP_NOMEM;
    if (!mem || (uintptr_t)mem % OPT_ALIGN || bytes < need) return EP_DOMAIN;
    if ((st = host_convert(cfg, p, NULL, &k, NULL, 0)) != EP_OK) return st;
    memset(mem, 0, need);
    host *h = mem;
    fix_config c = core_config(cfg, p, &k);
    h->cfg = *cfg;
    h->net = *cfg->net;
    h->profile = *p;
    h->n_in = (size_t)cfg->net->n_in;
    h->n_rec = (size_t)cfg->net->n_rec;
    h->n_out = (size_t)cfg->net->n_out;
    (void)lay_out(h, cfg, &c, mem, &room);
    h->M = h->n_in + h->n_rec + 1;
    h->nb = (size_t)cfg->B;
    h->g_out = host_gain_out(cfg->net);
    h->c = host_is_lstm(h) ? 1 : ldexp(1, cfg->v_shift);
    h->learnt = true;
    host_divide(h, NULL, 0);
    for (size_t j = 0; j < h->n_rec; j++) {
        h->g_in[j] = h->c * host_gain_in(cfg->net, j);
        h->g_a[j] = host_gain_a(cfg->net, j);
    }
    if ((st = open_cores(h, &c, room)) != EP_OK) return st;
    st = host_convert(cfg, p, h, &k, NULL, 0);
    h->cfg.net = NULL;
    h->cfg.profile = NULL;
    if (st == EP_OK) *out = (opt_state *)mem;
    return st;
}

/* ---- the engines: one for each profile, and one without ---------------------------------------------------- */

static void describe(const opt_state *s, char *buf, size_t n)
{
    static const struct {
        const char *name;
        const fix_profile *p;
    } known[] = {{"q15", &fix_q15}, {"s16.15", &fix_s16_15}, {"w8", &fix_w8}, {"reckon", &fix_reckon}};
    const host *h = host_of_const(s);
    const char *name = "a profile of its own";
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (memcmp(known[k].p, &h->profile, sizeof h->profile) == 0) name = known[k].name;
    (void)snprintf(buf, n, "integers, %s, one thread, a core for each of %d trials, rule %s", name, h->cfg.B, ep_rule_name(h->cfg.rule));
}

#define ENGINE(id, text, own)                                                                                                        \
    static size_t size_##id(const opt_config *cfg) { return size_of(cfg, own); }                                                     \
    static ep_status init_##id(const opt_config *cfg, void *mem, size_t n, opt_state **out) { return init_with(cfg, own, mem, n, out); } \
    static const opt_engine engine_##id = {text, OPT_FIXED, sizeof(int32_t), supports, size_##id, init_##id, host_reset,             \
                                           host_step, host_learn, host_grad, host_count_of, host_get, host_set, describe, NULL, NULL}
ENGINE(q15, "fixed:q15", &fix_q15);
ENGINE(s16_15, "fixed:s16.15", &fix_s16_15);
ENGINE(w8, "fixed:w8", &fix_w8);
ENGINE(reckon, "fixed:reckon", &fix_reckon);
ENGINE(own, "fixed", NULL);

const opt_engine *opt_fixed(const char *profile)
{
    static const opt_engine *const all[] = {&engine_q15, &engine_s16_15, &engine_w8, &engine_reckon};
    if (!profile) return &engine_own;
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        if (strcmp(all[k]->name + strlen("fixed:"), profile) == 0) return all[k];
    return NULL;
}
