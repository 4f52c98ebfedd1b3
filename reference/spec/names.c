/* names.c: models, rules, groups: their names and plain facts.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "eprop.h"

static const char *const status_names[] = {"ok",          "out of range", "undecided",  "out of memory",
                                           "input/output", "bad format",  "port failed", "not implemented"};
static const char *const model_names[EP_N_MODEL] = {"lif", "alif", "lsnn", "lstm", "rate", "synaptic"};
static const char *const rule_names[EP_N_RULE] = {
    "bptt",          "rtrl",  "eprop1-symmetric", "eprop1-random", "eprop1-adaptive", "eprop1-global",
    "tbptt",         "tbptt-sg", "eprop3",        "eprop3-sg",     "eprop2"};
static const char *const theta_names[EP_N_THETA] = {"alpha", "rho", "beta", "alpha_s"};
static const char *const group_names[EP_N_GROUP] = {"Win", "Wrec", "b", "Wout", "bout", "alpha", "rho", "beta", "alpha_s"};
static const char *const loss_names[EP_N_LOSS] = {"regression", "classification"};
static const char *const preset_names[EP_N_PRESET] = {"paper2019",     "official-alif", "official-lightlif",
                                                      "official-lightalif", "lsnn-official", "nest-bsshslm",
                                                      "mlgenn",        "eprop-pytorch"};

static const char *name_at(const char *const *names, size_t n, int i)
{
    return i >= 0 && (size_t)i < n ? names[i] : "?";
}

static int index_of(const char *const *names, size_t n, const char *s)
{
    for (size_t i = 0; s && i < n; i++)
        if (strcmp(names[i], s) == 0) return (int)i;
    return -1;
}

const char *ep_status_name(ep_status s)
{
    return name_at(status_names, sizeof status_names / sizeof *status_names, (int)s);
}

const char *ep_model_name(ep_model m) { return name_at(model_names, EP_N_MODEL, (int)m); }
const char *ep_rule_name(ep_rule r) { return name_at(rule_names, EP_N_RULE, (int)r); }
const char *ep_group_name(ep_group g) { return name_at(group_names, EP_N_GROUP, (int)g); }
const char *ep_theta_name(ep_theta p) { return name_at(theta_names, EP_N_THETA, (int)p); }
const char *ep_loss_name(ep_loss l) { return name_at(loss_names, EP_N_LOSS, (int)l); }
const char *ep_preset_name(ep_preset p) { return name_at(preset_names, EP_N_PRESET, (int)p); }

bool ep_model_parse(const char *s, ep_model *out)
{
    int i = index_of(model_names, EP_N_MODEL, s);
    if (i >= 0) *out = (ep_model)i;
    return i >= 0;
}

bool ep_rule_parse(const char *s, ep_rule *out)
{
    int i = index_of(rule_names, EP_N_RULE, s);
    if (i >= 0) *out = (ep_rule)i;
    return i >= 0;
}

bool ep_loss_parse(const char *s, ep_loss *out)
{
    int i = index_of(loss_names, EP_N_LOSS, s);
    if (i >= 0) *out = (ep_loss)i;
    return i >= 0;
}

bool ep_preset_parse(const char *s, ep_preset *out)
{
    int i = index_of(preset_names, EP_N_PRESET, s);
    if (i >= 0) *out = (ep_preset)i;
    return i >= 0;
}

int ep_model_channels(ep_model m) { return m == EP_LSTM ? 4 : 1; }

bool ep_model_spikes(ep_model m) { return m == EP_LIF || m == EP_ALIF || m == EP_LSNN || m == EP_SYNAPTIC; }

bool ep_model_masks_diagonal(ep_model m) { return m != EP_LSTM; }

bool ep_model_has(ep_model m, ep_theta p)
{
    switch (p) {
    case EP_ALPHA: return m != EP_LSTM;
    case EP_RHO:
    case EP_BETA: return m == EP_ALIF || m == EP_LSNN;
    case EP_ALPHA_S: return m == EP_SYNAPTIC;
    default: return false;
    }
}

size_t ep_group_size(const ep_net *net, ep_group g)
{
    size_t nc = (size_t)ep_model_channels(net->model);
    size_t n_in = (size_t)net->n_in, n_rec = (size_t)net->n_rec, n_out = (size_t)net->n_out;
    switch (g) {
    case EP_G_WIN: return nc * n_rec * n_in;
    case EP_G_WREC: return nc * n_rec * n_rec;
    case EP_G_BIAS: return nc * n_rec;
    case EP_G_WOUT: return n_out * n_rec;
    case EP_G_BOUT: return n_out;
    default: return g < EP_N_GROUP && ep_model_has(net->model, (ep_theta)(g - EP_G_THETA)) ? n_rec : 0;
    }
}
