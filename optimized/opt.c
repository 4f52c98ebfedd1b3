/* What all engines share: ranges of a configuration, and facts about rules and models.
 * SPDX-License-Identifier: MIT */
#include "opt.h"

#include <math.h>
#include <stdio.h>

bool opt_rule_online(ep_rule r) { return r >= EP_RTRL && r <= EP_EPROP1_GLOBAL; }

bool opt_config_streams(const opt_config *cfg)
{
    bool windows = cfg->rule >= EP_TBPTT && cfg->rule <= EP_EPROP3_SG;
    return windows && cfg->T == 0 && !(cfg->c_reg > 0);
}

int opt_hidden_count(ep_model m, const ep_options *o)
{
    bool old = o->spike_from == EP_FROM_OLD_V;
    switch (m) {
    case EP_LIF: return old ? 2 : 1;
    case EP_ALIF:
    case EP_LSNN: return old ? 3 : 2;
    case EP_SYNAPTIC: return 2;
    default: return 1;
    }
}

static ep_status complain(char *why, size_t n, const char *name, double got, const char *expected)
{
    if (why && n) (void)snprintf(why, n, "%s = %.17g: expected %s", name, got, expected);
    return EP_DOMAIN;
}

static ep_status check_extent(char *why, size_t n, const char *name, int got)
{
    if (got >= 0 && got <= EP_MAX_DIM) return EP_OK;
    return complain(why, n, name, got, "0 to 1048576");
}

/* An extent of 0 is checked as 1, without the arrays that it empties. */
static ep_status check_net(const ep_net *net, char *why, size_t n)
{
    ep_net one = *net;
    if (net->n_in == 0) {
        one.n_in = 1;
        one.Win = NULL;
    }
    if (net->n_out == 0) {
        one.n_out = 1;
        one.Wout = one.bout = one.B = NULL;
    }
    if (net->n_rec == 0) {
        one.n_rec = 1;
        one.Win = one.Wrec = one.b = one.Wout = one.B = NULL;
        for (int p = 0; p < EP_N_THETA; p++) one.theta[p] = NULL;
    }
    return ep_net_check(&one, why, n);
}

ep_status opt_config_check(const opt_config *cfg, char *why, size_t n)
{
    bool windows = cfg->rule >= EP_TBPTT && cfg->rule <= EP_EPROP3_SG;
    const struct {
        const char *name;
        int got;
    } extent[] = {{"n_in", cfg->net->n_in}, {"n_rec", cfg->net->n_rec}, {"n_out", cfg->net->n_out}, {"B", cfg->B},
                  {"T", cfg->T}, {"window", cfg->window}, {"threads", cfg->threads}, {"chunk", cfg->chunk}};
    for (size_t k = 0; k < sizeof extent / sizeof *extent; k++) {
        ep_status st = check_extent(why, n, extent[k].name, extent[k].got);
        if (st != EP_OK) return st;
    }
    if ((int)cfg->rule < 0 || cfg->rule >= EP_N_RULE) return complain(why, n, "rule", (int)cfg->rule, "0 to 10");
    if ((int)cfg->loss < 0 || cfg->loss >= EP_N_LOSS) return complain(why, n, "loss", (int)cfg->loss, "0 or 1");
    if (windows && cfg->window < 1) return complain(why, n, "window", cfg->window, "at least 1 for this rule");
    if (!isfinite(cfg->c_reg) || cfg->c_reg < 0) return complain(why, n, "c_reg", cfg->c_reg, "a finite number >= 0");
    if (!isfinite(cfg->f_target)) return complain(why, n, "f_target", cfg->f_target, "a finite number");
    if (cfg->rule == EP_RTRL && cfg->net->n_rec > OPT_RTRL_MOST_REC)
        return complain(why, n, "n_rec", cfg->net->n_rec, "at most 64 for rtrl");
    return check_net(cfg->net, why, n);
}
