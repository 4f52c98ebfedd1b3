/* The state of the e-prop 2 engine: what it takes, how memory is laid out, parameters in and gradients out.
 * SPDX-License-Identifier: MIT */
#include "e2_state.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- what is taken --------------------------------------------------------------------------------------- */

static const char *refused(const ep_net *net)
{
    const ep_options *o = &net->opt;
    if (net->model != EP_LIF && net->model != EP_ALIF && net->model != EP_LSNN) return "model (expected lif, alif, lsnn)";
    if (o->psi_width != EP_WIDTH_VTH) return "psi_width";
    if (o->dz_da != EP_DZDA_PSI) return "dz_da";
    if (o->psi_shape != EP_TRIANGLE) return "psi_shape";
    if (o->spike_test != EP_TEST_GT) return "spike_test";
    if (o->spike_from != EP_FROM_NEW_V) return "spike_from";
    if (o->reset != EP_RESET_VTH_NEXT) return "reset";
    if (o->adapt_source != EP_ADAPT_Z) return "adapt_source";
    if (o->psi_refractory != EP_PSI_ZERO) return "psi_refractory";
    if (o->reset_path != EP_RESET_TRANSMITTED) return "reset_path";
    if (o->gain_differentiated) return "gain_diff";
    if (o->delay_L) return "delay_L";
    return NULL;
}

static bool in_range(const opt_e2_config *c, char *why, size_t n)
{
    const ep_net *nets[2] = {c->main, c->module};
    for (int k = 0; k < 2; k++) {
        if (ep_net_check(nets[k], why, n) != EP_OK) return false;
        const char *no = refused(nets[k]);
        if (no) {
            snprintf(why, n, "e-prop 2 engine: %s: found another %s than it is written for", k ? "error module" : "main network", no);
            return false;
        }
    }
    bool sizes = c->T >= 1 && c->T_test >= 1 && c->B >= 1 && c->T <= EP_MAX_DIM && c->T_test <= EP_MAX_DIM && c->B <= EP_MAX_DIM;
    bool joined = c->module->n_out == c->main->n_rec && c->module->n_in >= c->main->n_rec + c->main->n_in;
    bool narrow = c->main->n_rec <= UINT16_MAX && c->module->n_rec <= UINT16_MAX;
    if (sizes && joined && narrow && isfinite(c->eta) && c->eta >= 0.0) return true;
    snprintf(why, n, "e-prop 2 engine: found T, T', B = %d, %d, %d, module %d -> %d on %d neurons with %d inputs, eta %g: out of range", c->T,
             c->T_test, c->B, c->module->n_in, c->module->n_out, c->main->n_rec, c->main->n_in, c->eta);
    return false;
}

/* ---- memory ------------------------------------------------------------------------------------------------ */

typedef struct arena { unsigned char *p; size_t used; } arena;

/* With p = NULL only counts. */
static void *take(arena *a, size_t count, size_t size)
{
    void *at = a->p ? a->p + a->used : NULL;
    size_t bytes = (count * size + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN;
    a->used += bytes;
    return at;
}

static float *floats(arena *a, size_t rows, int pad) { return take(a, rows * (size_t)pad, sizeof(float)); }

static int padded(int n) { return n ? (n + E2_PAD - 1) / E2_PAD * E2_PAD : E2_PAD; }

static e2_grad take_grad(arena *a, const e2_net *w)
{
    e2_grad g = {.Win = floats(a, (size_t)w->n_in, w->pad)};
    g.Wrec = floats(a, (size_t)w->n, w->pad);
    g.b = floats(a, 1, w->pad);
    g.Wout = floats(a, (size_t)w->n, w->pad_out);
    g.bout = floats(a, 1, w->pad_out);
    return g;
}

static void take_net(arena *a, const ep_net *src, e2_net *w)
{
    *w = (e2_net){.n_in = src->n_in, .n = src->n_rec, .n_out = src->n_out, .pad = padded(src->n_rec), .pad_out = padded(src->n_out)};
    float **const row[] = {&w->alpha, &w->rho, &w->beta, &w->g_in, &w->g_a};
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) *row[k] = floats(a, 1, w->pad);
    e2_grad p = take_grad(a, w);
    w->Win = p.Win;
    w->Wrec = p.Wrec;
    w->b = p.b;
    w->Wout = p.Wout;
    w->bout = p.bout;
}

static e2_pass take_pass(arena *a, const e2_net *w, int T)
{
    e2_pass p = {.x = floats(a, (size_t)T, w->pad)};
    p.event = take(a, (size_t)T * (size_t)w->n, sizeof *p.event);
    p.count = take(a, (size_t)T, sizeof *p.count);
    p.y = floats(a, (size_t)T, w->pad_out);
    return p;
}

static e2_lane take_lane(arena *a, const opt_e2 *s)
{
    int longest = s->cfg.T > s->cfg.T_test ? s->cfg.T : s->cfg.T_test, pad = s->main.pad;
    int wide = pad > s->mod.pad ? pad : s->mod.pad, out = s->main.pad_out > s->mod.pad_out ? s->main.pad_out : s->mod.pad_out;
    int d = s->main.d > s->mod.d ? s->main.d : s->mod.d;
    size_t T = (size_t)longest, n_in = (size_t)(s->main.n_in > s->mod.n_in ? s->main.n_in : s->mod.n_in);
    e2_lane l = {.I = floats(a, 1, wide)};
    float **const one[] = {&l.v, &l.a, &l.z};
    float **const own[] = {&l.dlam, &l.lam, &l.xi_v, &l.xi_a, &l.dQ, &l.hv, &l.ha};
    for (size_t k = 0; k < sizeof one / sizeof *one; k++) *one[k] = floats(a, 1, wide);
    for (size_t k = 0; k < sizeof own / sizeof *own; k++) *own[k] = floats(a, (size_t)s->cfg.T + E2_BLOCK, pad);
    l.dI = floats(a, T + (size_t)d + E2_BLOCK, wide);
    l.direct = floats(a, T, wide);
    l.dy = floats(a, T + E2_BLOCK, out);
    l.Xin = floats(a, (size_t)s->main.n_in, pad);
    l.Xrec = floats(a, (size_t)s->main.n, pad);
    l.refr = take(a, (size_t)wide, sizeof *l.refr);
    l.hot = take(a, n_in + 1, sizeof *l.hot);
    l.hot_value = take(a, n_in + 1, sizeof *l.hot_value);
    return l;
}

/* Lays everything out; the same calls count and place. */
static void lay_out(arena *a, const opt_e2_config *cfg, opt_e2 *s)
{
    *s = (opt_e2){.cfg = *cfg, .n_code = cfg->module->n_in - cfg->main->n_rec - cfg->main->n_in};
    s->cfg.threads = cfg->threads < 1 ? 1 : cfg->threads > FAST_MOST_THREADS ? FAST_MOST_THREADS : cfg->threads;
    take_net(a, cfg->main, &s->main);
    take_net(a, cfg->module, &s->mod);
    s->main.d = cfg->main->opt.delay;
    s->mod.d = cfg->module->opt.delay;
    s->trial = take(a, (size_t)cfg->B, sizeof *s->trial);
    for (int b = 0; b < cfg->B; b++) {
        e2_trial r = {.train = take_pass(a, &s->main, cfg->T), .mod = take_pass(a, &s->mod, cfg->T), .test = take_pass(a, &s->main, cfg->T_test)};
        r.Win = floats(a, (size_t)s->main.n_in, s->main.pad);
        r.Wrec = floats(a, (size_t)s->main.n, s->main.pad);
        if (a->p) s->trial[b] = r;
    }
    for (int k = 0; k < OPT_E2_GROUPS; k++) {
        s->g_main[k] = take_grad(a, &s->main);
        s->g_mod[k] = take_grad(a, &s->mod);
    }
    for (int k = 0; k < 3; k++) s->reg[k] = floats(a, 1, k == 1 ? s->mod.pad : s->main.pad);
    int most = s->main.n > s->mod.n ? s->main.n : s->mod.n;
    s->count = take(a, (size_t)(most > s->main.n_out ? most : s->main.n_out), sizeof *s->count);
    s->lane = take(a, (size_t)s->cfg.threads, sizeof *s->lane);
    for (int k = 0; k < s->cfg.threads; k++) {
        e2_lane l = take_lane(a, s);
        if (a->p) s->lane[k] = l;
    }
}

size_t opt_e2_size(const opt_e2_config *cfg, char *why, size_t n)
{
    char own[256] = "";
    arena a = {0};
    opt_e2 s;
    if (!in_range(cfg, why ? why : own, why ? n : sizeof own)) return 0;
    (void)take(&a, 1, sizeof s);
    lay_out(&a, cfg, &s);
    return a.used;
}

/* ---- constants ------------------------------------------------------------------------------------------------ */

static float gain(ep_gain kind, double value, double decay)
{
    return (float)(kind == EP_GAIN_VALUE ? value : kind == EP_GAIN_COMPLEMENT ? 1.0 - decay : 1.0);
}

static void constants(const ep_net *src, e2_net *w)
{
    const ep_options *o = &src->opt;
    for (int j = 0; j < w->n; j++) {
        double theta[3] = {0.0, 0.0, 0.0};
        for (int p = 0; p < 3; p++)
            if (ep_model_has(src->model, (ep_theta)p) && src->theta[p]) theta[p] = src->theta[p][j];
        w->alpha[j] = (float)theta[EP_ALPHA];
        w->rho[j] = (float)theta[EP_RHO];
        w->beta[j] = (float)theta[EP_BETA];
        w->g_in[j] = gain(o->g_in, o->g_in_value, theta[EP_ALPHA]);
        w->g_a[j] = gain(o->g_a, o->g_a_value, theta[EP_RHO]);
        w->adapts = w->adapts || theta[EP_BETA] != 0.0;
    }
    w->kappa = (float)src->kappa;
    w->g_out = gain(o->g_out, o->g_out_value, src->kappa);
    w->v_th = (float)src->v_th;
    w->slope = (float)((o->psi_scale == EP_SCALE_GAMMA ? src->gamma : src->gamma / src->v_th) / src->v_th);
    w->n_ref = src->n_ref + (o->ref_count == EP_REFR_N_PLUS_1 ? 1 : 0);
}

ep_status opt_e2_init(const opt_e2_config *cfg, void *mem, size_t bytes, opt_e2 **out)
{
    size_t need = opt_e2_size(cfg, NULL, 0);
    if (!need || !mem || (uintptr_t)mem % OPT_ALIGN || bytes < need) return EP_DOMAIN;
    memset(mem, 0, need);
    arena a = {.p = mem};
    opt_e2 *s = take(&a, 1, sizeof *s);
    lay_out(&a, cfg, s);
    constants(cfg->main, &s->main);
    constants(cfg->module, &s->mod);
    s->k = &e2_kernels_base;
#if defined(__x86_64__)
    fast_isa isa = fast_isa_chosen();
    s->k = isa == FAST_AVX512 ? &e2_kernels_avx512 : isa == FAST_AVX2 ? &e2_kernels_avx2 : s->k;
#endif
    s->cfg.main = s->cfg.module = NULL; /* the caller's: not read again */
    *out = s;
    return EP_OK;
}

/* ---- parameters in, gradients out -------------------------------------------------------------------------------- */

/* Where a group stands: [rows of presynaptic][pad], `post` of them used. */
typedef struct place { float *at; int pre, post, pad; bool masked; } place;

static place place_of(const e2_net *w, const e2_grad *g, ep_group group)
{
    switch (group) {
    case EP_G_WIN: return (place){g->Win, w->n_in, w->n, w->pad, false};
    case EP_G_WREC: return (place){g->Wrec, w->n, w->n, w->pad, true};
    case EP_G_BIAS: return (place){g->b, 1, w->n, w->pad, false};
    case EP_G_WOUT: return (place){g->Wout, w->n, w->n_out, w->pad_out, false};
    case EP_G_BOUT: return (place){g->bout, 1, w->n_out, w->pad_out, false};
    default: return (place){0};
    }
}

ep_status opt_e2_set(opt_e2 *s, opt_e2_net net, ep_group group, const double *in, size_t n)
{
    const e2_net *w = net == OPT_E2_MAIN ? &s->main : &s->mod;
    const e2_grad p = {w->Win, w->Wrec, w->b, w->Wout, w->bout};
    place a = place_of(w, &p, group);
    if (!a.at || n != (size_t)a.pre * (size_t)a.post) return EP_DOMAIN;
    for (size_t k = 0; k < n; k++)
        if (!isfinite((float)in[k])) return EP_DOMAIN;
    for (int i = 0; i < a.pre; i++)
        for (int j = 0; j < a.post; j++)
            a.at[e2_row(i, a.pad) + (size_t)j] = a.masked && i == j ? 0.0F : (float)in[e2_row(j, a.pre) + (size_t)i];
    s->B = 0;
    return EP_OK;
}

ep_status opt_e2_grad(const opt_e2 *s, opt_e2_net net, ep_group group, double *out, size_t n)
{
    const e2_net *w = net == OPT_E2_MAIN ? &s->main : &s->mod;
    const e2_grad *g = net == OPT_E2_MAIN ? s->g_main : s->g_mod;
    place a = place_of(w, &g[0], group);
    if (!a.at || n != (size_t)a.pre * (size_t)a.post) return EP_DOMAIN;
    for (int i = 0; i < a.pre; i++) {
        memset(s->count, 0, (size_t)a.post * sizeof *s->count);
        for (int k = 0; k < OPT_E2_GROUPS; k++) {
            const float *row = s->used[k] ? place_of(w, &g[k], group).at + e2_row(i, a.pad) : NULL;
            for (int j = 0; row && j < a.post; j++) s->count[j] += (double)row[j];
        }
        for (int j = 0; j < a.post; j++) out[e2_row(j, a.pre) + (size_t)i] = a.masked && i == j ? 0.0 : s->count[j];
    }
    return EP_OK;
}

ep_status opt_e2_record(const opt_e2 *s, int what, int b, float *out, size_t n)
{
    if (b < 0 || b >= s->B || what < 0 || what > 3) return EP_DOMAIN;
    const e2_trial *r = &s->trial[b];
    const e2_pass *p = what == 0 ? &r->train : what == 2 ? &r->test : &r->mod;
    int T = what == 2 ? s->cfg.T_test : s->cfg.T, N = what == 1 ? s->mod.n : s->main.n;
    if (n != (size_t)T * (size_t)N) return EP_DOMAIN;
    memset(out, 0, n * sizeof *out);
    for (int t = 0; t < T; t++) {
        for (int k = 0; what < 3 && k < p->count[t]; k++) out[e2_row(t, N) + p->event[e2_row(t, N) + (size_t)k]] = 1.0F;
        if (what == 3) memcpy(out + e2_row(t, N), p->y + e2_row(t, s->mod.pad_out), (size_t)N * sizeof *out);
    }
    return EP_OK;
}

opt_e2_facts opt_e2_look(const opt_e2 *s) { return s->facts; }

void opt_e2_describe(const opt_e2 *s, char *buf, size_t n)
{
    snprintf(buf, n, "e-prop 2 in binary32, %s, %d thread%s", s->k->name, s->cfg.threads, s->cfg.threads > 1 ? "s" : "");
}
