/* fixed_case.c: what cases of fixed point must be. Numbers are the integers of reference/FIXED.md, scalars too.
 * SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <string.h>

#include "epv_parse.h"
#include "fixed_profile.h"

typedef struct checked {
    const vfy_epv_case *c;
    const ref_profile *p; /* NULL: a profile file that is not here */
    char *why;
    size_t n;
} checked;

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static bool no(const checked *k, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (k->n) (void)vsnprintf(k->why, k->n, format, args);
    va_end(args);
    return false;
}

/* from..to in units of the last place; of a known profile also the format's own range. */
static bool number(const checked *k, const char *name, double v, int q, double least)
{
    double most = 0x1p31 - 1, low = -0x1p31;
    if (k->p && q == RQ_D) most = (double)(INT64_C(1) << k->p->q[q].frac) - 1;
    else if (k->p && k->p->q[q].bits == 0) return no(k, "%s: the profile has no format for it", name);
    else if (k->p) most = (double)((INT64_C(1) << (k->p->q[q].bits - 1)) - 1), low = -most - 1;
    if (least > low) low = least;
    return v >= low && v <= most ? true : no(k, "%s = %.0f, expected an integer from %.0f to %.0f", name, v, low, most);
}

static bool array(const checked *k, vfy_input i, const double *a, int q, double least)
{
    vfy_shape s = vfy_input_shape(i, &k->c->net, k->c->batch.T, k->c->batch.B);
    size_t n = a ? vfy_shape_size(&s) : 0;
    for (size_t at = 0; at < n; at++)
        if (!number(k, vfy_input_name(i), a[at], q, least)) return false;
    return true;
}

static bool right_kind(const checked *k)
{
    const vfy_epv_case *c = k->c;
    ep_options o = ep_preset_options(EP_PAPER2019);
    char want[40], have[40];
    if (c->net.model != EP_LIF && c->net.model != EP_ALIF && c->net.model != EP_LSTM) return no(k, "model %s: integers have lif, alif, lstm", ep_model_name(c->net.model));
    if (!vfy_rule_is_eprop1(c->rule)) return no(k, "rule %s: integers have eprop1-*", ep_rule_name(c->rule));
    for (size_t i = 0; i < ep_option_count(); i++) {
        const char *name = ep_option_at(i)->name;
        if (!strcmp(name, "delay") || !ep_option_get(&c->net.opt, name, have, sizeof have) || !ep_option_get(&o, name, want, sizeof want)) continue;
        if (strcmp(want, have)) return no(k, "option %s %s: integers follow paper2019, with any delay", name, have);
    }
    if (c->net.model == EP_LSTM && (c->net.opt.delay != 1 || c->net.n_ref || c->batch.c_reg != 0)) return no(k, "LSTM: found delay, n_ref or c_reg, expected none");
    return c->net.opt.delay <= 255 && c->net.n_ref <= 65535 ? true : no(k, "delay or n_ref too long for integers");
}

static bool scalars(const checked *k)
{
    const vfy_epv_case *c = k->c;
    bool spiking = c->net.model != EP_LSTM;
    return number(k, "kappa", c->net.kappa, RQ_D, 0) && number(k, "lambda", c->lambda, RQ_D, 0) && (!c->updates || number(k, "eta", c->eta, RQ_N, 0)) &&
           (!spiking || (number(k, "v_th", c->net.v_th, RQ_V, 1) && number(k, "slope", c->slope, RQ_S, 0))) &&
           (spiking || number(k, "b_forget", c->net.b_forget, RQ_I, -0x1p31)) &&
           (c->batch.c_reg == 0 || (number(k, "c_reg", c->batch.c_reg, RQ_C, 0) && number(k, "f_target", c->batch.f_target, RQ_CN, 0)));
}

/* One alpha for all neurons, one word of global feedback, no self-connection. */
static bool structure(const checked *k)
{
    const vfy_epv_case *c = k->c;
    const ep_net *net = &c->net;
    size_t n = (size_t)net->n_rec, words = n * (size_t)net->n_out;
    for (size_t j = 1; net->theta[EP_ALPHA] && j < n; j++)
        if (net->theta[EP_ALPHA][j] != net->theta[EP_ALPHA][0]) return no(k, "alpha: integers have one for all neurons");
    for (size_t i = 1; c->rule == EP_EPROP1_GLOBAL && i < words; i++)
        if (net->B[i] != net->B[0]) return no(k, "B: global feedback is one number");
    for (size_t j = 0; net->model != EP_LSTM && net->Wrec && j < n; j++)
        if (net->Wrec[j * n + j] != 0) return no(k, "Wrec: the diagonal must be 0");
    size_t steps = (size_t)c->batch.T * (size_t)c->batch.B;
    for (size_t t = 0; c->batch.mask && t < steps; t++)
        if (c->batch.mask[t] != 0 && c->batch.mask[t] != 1) return no(k, "mask: integers have 0 and 1");
    return true;
}

static bool targets(const checked *k)
{
    const vfy_epv_case *c = k->c;
    size_t n = (size_t)c->batch.T * (size_t)c->batch.B * (size_t)c->net.n_out;
    if (c->batch.loss == EP_REGRESSION) return array(k, VFY_IN_TARGET, c->batch.target, RQ_Y, -0x1p31);
    for (size_t i = 0; c->batch.target && i < n; i++)
        if (c->batch.target[i] < 0 || (k->p && c->batch.target[i] > (double)(INT64_C(1) << k->p->q[RQ_PR].frac)))
            return no(k, "target = %.0f, expected a probability from 0 to 1 in format PR", c->batch.target[i]);
    return true;
}

bool vfy_fixed_case_valid(const vfy_epv_case *c, char *why, size_t n)
{
    ref_profile p;
    const double any = -0x1p31;
    bool known = c->format != VFY_FIXED_USER && ep_fixed_profile(vfy_format_name(c->format) + strlen("fixed:"), &p) == EP_OK;
    const checked k = {c, known ? &p : NULL, why, n};
    return right_kind(&k) && scalars(&k) && structure(&k) && array(&k, VFY_IN_WIN, c->net.Win, RQ_W, any) &&
           array(&k, VFY_IN_WREC, c->net.Wrec, RQ_W, any) && array(&k, VFY_IN_BIAS, c->net.b, RQ_W, any) &&
           array(&k, VFY_IN_WOUT, c->net.Wout, RQ_WO, any) && array(&k, VFY_IN_BOUT, c->net.bout, RQ_WO, any) &&
           array(&k, VFY_IN_FEEDBACK, c->net.B, RQ_FB, any) && array(&k, (vfy_input)(VFY_IN_THETA + EP_ALPHA), c->net.theta[EP_ALPHA], RQ_D, 0) &&
           array(&k, (vfy_input)(VFY_IN_THETA + EP_RHO), c->net.theta[EP_RHO], RQ_D, 0) &&
           array(&k, (vfy_input)(VFY_IN_THETA + EP_BETA), c->net.theta[EP_BETA], RQ_B, 0) && array(&k, VFY_IN_X, c->batch.x, RQ_X, any) && targets(&k);
}
