/* What a problem of e-prop 2 must be.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "eprop2.h"

const char *ref_e2_order_name(ref_e2_order o)
{
    static const char *const names[] = {"full", "psi detached", "first order"};
    return o < REF_E2_N_ORDER ? names[o] : "?";
}

static bool known_model(ep_model m) { return m == EP_LIF || m == EP_ALIF || m == EP_LSNN || m == EP_RATE; }

/* The name of the first option whose value the traces' derivative is not written for, or NULL. */
static const char *other_option(const ep_options *o)
{
    const struct { bool other; const char *name; } row[] = {
        {o->psi_width != EP_WIDTH_VTH, "psi_width"}, {o->dz_da != EP_DZDA_PSI, "dz_da"},
        {o->spike_from != EP_FROM_NEW_V, "spike_from"}, {o->reset != EP_RESET_VTH_NEXT, "reset"},
        {o->adapt_source != EP_ADAPT_Z, "adapt_source"}, {o->gain_differentiated, "gain_diff"},
        {o->delay_L != 0, "delay_L"}};
    for (size_t k = 0; k < sizeof row / sizeof *row; k++)
        if (row[k].other) return row[k].name;
    return NULL;
}

static ep_status check_net(const ep_net *net, const char *which, char *why, size_t n)
{
    if (!known_model(net->model)) {
        snprintf(why, n, "e-prop 2: %s: found model %s, expected lif, alif, lsnn or rate", which, ep_model_name(net->model));
        return EP_NOTIMPL;
    }
    const char *name = other_option(&net->opt);
    if (!name) return EP_OK;
    snprintf(why, n, "e-prop 2: %s: option %s: found another value than paper2019's, for which there are no second derivatives",
             which, name);
    return EP_NOTIMPL;
}

ep_status ref_e2_check(const ref_e2_source *s, char *why, size_t n)
{
    int n_code = s->module.n_in - s->main.n_rec - s->main.n_in;
    ep_batch heard = s->code;
    heard.x = heard.target = NULL; /* the module's own columns are joined from three sources */
    ep_status st = ep_net_check(&s->main, why, n);
    if (st == EP_OK) st = ep_net_check(&s->module, why, n);
    if (st == EP_OK) st = check_net(&s->main, "main network", why, n);
    if (st == EP_OK) st = check_net(&s->module, "error module", why, n);
    if (st != EP_OK) return st;
    st = EP_DOMAIN; /* sizes first: the arrays are as long as these say */
    if (s->module.n_out != s->main.n_rec)
        snprintf(why, n, "e-prop 2: error module: found %d outputs, expected %d, one a neuron of the main network",
                 s->module.n_out, s->main.n_rec);
    else if (n_code < 0)
        snprintf(why, n, "e-prop 2: error module: found %d inputs, expected at least %d (the main network's spikes and inputs)",
                 s->module.n_in, s->main.n_rec + s->main.n_in);
    else if (s->code.T != s->train.T || s->code.B != s->train.B || s->test.B != s->train.B)
        snprintf(why, n, "e-prop 2: found T, B = %d, %d (code) and B = %d (test), expected those of the training trial, %d, %d",
                 s->code.T, s->code.B, s->test.B, s->train.T, s->train.B);
    else if (!isfinite(s->eta) || s->eta < 0.0)
        snprintf(why, n, "e-prop 2: eta: found %g, expected a finite number >= 0", s->eta);
    else st = ep_batch_check(&s->main, &s->train, why, n);
    if (st == EP_OK) st = ep_batch_check(&s->module, &heard, why, n);
    if (st == EP_OK) st = ep_batch_check(&s->main, &s->test, why, n);
    return st;
}
