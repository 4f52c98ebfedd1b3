/* From a network of doubles to a profile's formats, with the reason where that can't be.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host.h"

/* The ends of format q for what the core takes from outside. */
static void ends(const fix_profile *p, unsigned q, double *low, double *high)
{
    double end = ldexp(1, q == FIX_D || q == FIX_PR ? p->q[q].frac : p->q[q].bits - 1);
    bool positive = q == FIX_D || q == FIX_B || q == FIX_S || q == FIX_N || q == FIX_PR || q == FIX_C || q == FIX_CN;
    *low = positive ? 0 : -end;
    *high = q == FIX_PR ? end : end - 1;
}

bool host_round(const fix_profile *p, unsigned q, double v, int32_t *n)
{
    double low, high, at = nearbyint(ldexp(v, p->q[q].frac));
    ends(p, q, &low, &high);
    bool inside = at >= low && at <= high;
    *n = inside ? (int32_t)at : isnan(at) ? 0 : (int32_t)(at < low ? low : high);
    return inside;
}

static double gain(ep_gain g, double value, double decay) { return g == EP_GAIN_ONE ? 1 : g == EP_GAIN_VALUE ? value : 1 - decay; }
static double theta(const ep_net *net, ep_theta p, size_t j) { return net->theta[p] ? net->theta[p][j] : 0; }

double host_gain_in(const ep_net *net, size_t j)
{
    return net->model == EP_LSTM ? 1 : gain(net->opt.g_in, net->opt.g_in_value, theta(net, EP_ALPHA, j));
}
double host_gain_a(const ep_net *net, size_t j) { return gain(net->opt.g_a, net->opt.g_a_value, theta(net, EP_RHO, j)); }
double host_gain_out(const ep_net *net) { return gain(net->opt.g_out, net->opt.g_out_value, net->kappa); }

/* What a conversion writes to and complains with. */
typedef struct target {
    const fix_profile *p;
    host *h; /* NULL: only look */
    double c; /* 2^v_shift */
    char *why;
    size_t n;
} target;

/* A number's name for a message; j, i < 0: not an index. */
typedef struct label {
    const char *name;
    int j, i;
} label;

static bool complain(const target *t, label l, double v, const char *expected)
{
    char at[32] = "";
    if (l.j >= 0) (void)snprintf(at, sizeof at, l.i < 0 ? "[%d]" : "[%d][%d]", l.j, l.i);
    if (t->why && t->n) (void)snprintf(t->why, t->n, "%s%s = %.9g: expected %s", l.name, at, v, expected);
    return false;
}

static bool fits(const target *t, label l, unsigned q, double v, int32_t *to)
{
    static const char *const name[] = {[FIX_D] = "D", [FIX_B] = "B", [FIX_S] = "S", [FIX_W] = "W", [FIX_WO] = "WO", [FIX_FB] = "FB",
                                       [FIX_V] = "V", [FIX_I] = "I", [FIX_C] = "C", [FIX_CN] = "CN"};
    char expected[96];
    double low, high, unit = ldexp(1, -t->p->q[q].frac);
    if (host_round(t->p, q, v, to)) return true;
    ends(t->p, q, &low, &high);
    (void)snprintf(expected, sizeof expected, "%.9g to %.9g, the range of format %s (%d.%d)", low * unit, high * unit, name[q],
                   t->p->q[q].bits, t->p->q[q].frac);
    return complain(t, l, v, expected);
}

static bool scalars_fit(const target *t, const ep_net *net, host_constants *k)
{
    bool wide = net->opt.psi_scale == EP_SCALE_GAMMA;
    double top = net->v_th * t->c, slope = net->gamma / (top * (wide ? t->c : top));
    const label v_th = {"v_th", -1, -1};
    if (!fits(t, (label){"kappa", -1, -1}, FIX_D, net->kappa, &k->kappa)) return false;
    if (net->model == EP_LSTM) return fits(t, (label){"b_forget", -1, -1}, FIX_I, net->b_forget, &k->b_forget);
    if (!fits(t, (label){"alpha", 0, -1}, FIX_D, theta(net, EP_ALPHA, 0), &k->alpha) || !fits(t, v_th, FIX_V, top, &k->v_th)) return false;
    if (k->v_th < 1) return complain(t, v_th, top, "at least one unit of format V");
    return fits(t, (label){wide ? "gamma/v_th" : "gamma/v_th^2", -1, -1}, FIX_S, slope, &k->slope);
}

static bool neurons_fit(const target *t, const ep_net *net, int32_t alpha)
{
    for (int j = 0; j < net->n_rec && net->model != EP_LSTM; j++) {
        size_t row = (size_t)j;
        int32_t n, rho = 0, beta = 0;
        double own = theta(net, EP_ALPHA, row), folded = theta(net, EP_BETA, row) * host_gain_a(net, row) * t->c;
        if (!fits(t, (label){"alpha", j, -1}, FIX_D, own, &n)) return false;
        if (n != alpha) return complain(t, (label){"alpha", j, -1}, own, "that of neuron 0: the core has one alpha");
        if (!(host_gain_in(net, row) > 0) || !(host_gain_a(net, row) > 0))
            return complain(t, (label){"gain", j, -1}, fmin(host_gain_in(net, row), host_gain_a(net, row)), "more than 0");
        if (net->model == EP_LIF) continue;
        if (!fits(t, (label){"rho", j, -1}, FIX_D, theta(net, EP_RHO, row), &rho)) return false;
        if (!fits(t, (label){"beta", j, -1}, FIX_B, folded, &beta)) return false;
        if (!t->h) continue;
        t->h->rho[j] = rho;
        t->h->beta[j] = beta;
    }
    return true;
}

static bool group_fits(const target *t, const ep_net *net, ep_group g, const double *from)
{
    bool out = g == EP_G_WOUT || g == EP_G_BOUT;
    size_t columns = g == EP_G_WIN ? (size_t)net->n_in : g == EP_G_WREC || g == EP_G_WOUT ? (size_t)net->n_rec : 1;
    for (size_t k = 0, row; from && k < ep_group_size(net, g); k++) {
        label l = {ep_group_name(g), (int)(k / columns), columns > 1 ? (int)(k % columns) : -1};
        unsigned q = out ? FIX_WO : FIX_W;
        double v = from[k] * (out ? host_gain_out(net) : host_gain_in(net, k / columns) * t->c);
        int32_t n;
        if (!fits(t, l, q, v, &n)) return false;
        if (t->h && fix_set(t->h->core[0], (int)q, host_place(t->h, g, k, &row), n) != FIX_OK) return false;
    }
    return true;
}

/* No feedback matrix: Wout^T. */
static bool feedback_fits(const target *t, const ep_net *net, ep_rule rule)
{
    size_t K = (size_t)net->n_out, n = (size_t)net->n_rec;
    int32_t first = 0, b;
    if (rule == EP_EPROP1_SYMMETRIC) return true;
    for (size_t j = 0; j < n; j++)
        for (size_t k = 0; k < K; k++) {
            double v = net->B ? net->B[j * K + k] : net->Wout ? net->Wout[k * n + j] : 0;
            label l = {"B", (int)j, (int)k};
            if (!fits(t, l, FIX_FB, v * host_gain_out(net), &b)) return false;
            if (j == 0 && k == 0) first = b;
            if (rule == EP_EPROP1_GLOBAL && b != first) return complain(t, l, v, "that of B[0][0]: global feedback is one number");
            if (t->h && fix_set(t->h->core[0], FIX_FB, rule == EP_EPROP1_GLOBAL ? 0 : j * K + k, b) != FIX_OK) return false;
        }
    return true;
}

double host_divisor(ep_loss_norm norm, size_t steps, size_t B)
{
    double by_steps = norm == EP_NORM_STEPS || norm == EP_NORM_BOTH ? (double)steps : 1;
    double by_batch = norm == EP_NORM_BATCH || norm == EP_NORM_BOTH ? (double)B : 1;
    return fmax(by_steps, 1) * fmax(by_batch, 1);
}

bool host_regulariser(const opt_config *cfg, const fix_profile *p, size_t T, size_t B, double divisor, int32_t *c_reg, int32_t *n_star)
{
    double steps = (double)T * (double)B;
    *c_reg = *n_star = 0;
    if (!(cfg->c_reg > 0)) return true;
    return steps > 0 && host_round(p, FIX_C, cfg->c_reg * divisor / (steps * steps), c_reg) && host_round(p, FIX_CN, cfg->f_target * steps, n_star) && *c_reg > 0;
}

ep_status host_convert(const opt_config *cfg, const fix_profile *p, host *h, host_constants *k, char *why, size_t n)
{
    const ep_net *net = cfg->net;
    const double *from[] = {net->Win, net->Wrec, net->b, net->Wout, net->bout};
    target t = {p, h, net->model == EP_LSTM ? 1 : ldexp(1, cfg->v_shift), why, n};
    double divisor = host_divisor(net->opt.loss_norm, (size_t)cfg->T, (size_t)cfg->B); /* nearly all steps unmasked: the largest */
    *k = (host_constants){.n_ref = net->n_ref + (net->opt.ref_count == EP_REFR_N_PLUS_1 ? 1 : 0)};
    bool fit = scalars_fit(&t, net, k) && neurons_fit(&t, net, k->alpha);
    if (fit && !(host_gain_out(net) > 0)) fit = complain(&t, (label){"g_out", -1, -1}, host_gain_out(net), "more than 0");
    for (int g = EP_G_WIN; fit && g <= EP_G_BOUT; g++) fit = group_fits(&t, net, (ep_group)g, from[g]);
    if (fit && !host_regulariser(cfg, p, (size_t)cfg->T, (size_t)cfg->B, divisor, &k->c_reg, &k->n_star))
        fit = complain(&t, (label){"c_reg", -1, -1}, cfg->c_reg, "T > 0, and c_reg / (T B)^2 and f_target T B in the formats C and CN, not 0");
    return fit && feedback_fits(&t, net, cfg->rule) ? EP_OK : EP_DOMAIN;
}
