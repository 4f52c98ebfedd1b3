/* Is a case alive? A gradient that is zero, or a network that is silent, proves nothing.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "cases.h"

typedef struct recorded {
    ref_ctx c;
    ref_net net;
    ref_run run;
    ref_grad g;
} recorded;

static ep_status record(const ep_net *net, const ep_batch *bt, recorded *r)
{
    ep_status st = ref_ctx_init(&r->c, ref_arith_binary64(), 53);
    if (st != EP_OK) return st;
    st = ref_net_load(&r->c, net, &r->net);
    if (st == EP_OK) st = ref_run_batch(&r->c, &r->net, bt, &r->run);
    if (st == EP_OK) st = ref_grad_init(&r->c, &r->net, &r->g);
    if (st != EP_OK) ref_ctx_clear(&r->c);
    return st;
}

static void rates(const recorded *r, vfy_live *out)
{
    int n = r->net.n_rec, T = r->run.T;
    double total = 0.0, least = INFINITY, psi = 0.0, steps = (double)T * (double)r->run.B;
    for (int j = 0; j < n; j++) {
        double count = 0.0;
        for (int b = 0; b < r->run.B; b++)
            for (int t = 1; t <= T; t++) {
                ref_spot s = ref_traj_spot(&r->run.tr[b], t, j);
                count += s.z->d != 0.0 ? 1.0 : 0.0;
                if (r->net.nq && s.q[REF_Q_PSI].d > 0.0) psi += 1.0;
                if (ep_model_spikes(r->net.model) && s.q[REF_Q_Z_FREE].d > 0.0 && s.z->d == 0.0) out->suppressed = true;
            }
        total += count;
        if (count < least) least = count;
    }
    out->rate = total / (steps * n);
    out->rate_min = least / steps;
    out->psi_share = psi / (steps * n);
}

static int dead_groups(const recorded *r)
{
    int dead = 0;
    for (int k = 0; k < EP_N_GROUP; k++) {
        bool any = false;
        for (size_t i = 0; i < r->g.n[k]; i++) any = any || r->g.g[k][i].d != 0.0;
        if (r->g.n[k] && !any) dead++;
    }
    return dead;
}

/* Share of the gradient that comes through recurrent weights and reset: BPTT against e-prop 1 with the
 * same network and symmetric feedback, over the groups that differ. */
static ep_status transmitted(recorded *r, double *share)
{
    ref_grad e;
    ref_rule_args cut = {.rule = EP_EPROP1_SYMMETRIC, .threads = 1};
    int late = r->net.opt.delay_L;
    ep_status st = ref_grad_init(&r->c, &r->net, &e);
    r->net.opt.delay_L = 0;
    if (st == EP_OK) st = ref_gradient(&r->c, &r->run, &cut, &e);
    r->net.opt.delay_L = late;
    double diff = 0.0, all = 0.0;
    for (int k = EP_G_WIN; st == EP_OK && k <= EP_G_BIAS; k++)
        for (size_t i = 0; i < e.n[k]; i++) {
            diff += pow(r->g.g[k][i].d - e.g[k][i].d, 2);
            all += pow(r->g.g[k][i].d, 2);
        }
    *share = all > 0.0 ? sqrt(diff / all) : 0.0;
    return st;
}

static bool same_spikes(const recorded *a, const recorded *b)
{
    size_t n = (size_t)a->net.n_rec * ((size_t)a->run.T + 1);
    for (int k = 0; k < a->run.B; k++)
        for (size_t i = 0; i < n; i++)
            if (a->run.tr[k].z[i].d != b->run.tr[k].z[i].d) return false;
    return true;
}

/* Does adaptation change a spike? Runs the network again with beta = 0. */
static ep_status adapted(const vfy_case *k, const recorded *r, bool *out)
{
    ep_net flat = k->net;
    recorded f;
    flat.theta[EP_BETA] = NULL;
    ep_status st = record(&flat, &k->batch, &f);
    if (st != EP_OK) return st;
    *out = !same_spikes(r, &f);
    ref_ctx_clear(&f.c);
    return EP_OK;
}

ep_status vfy_case_liveness(const vfy_case *k, vfy_live *out)
{
    recorded r;
    bool spikes = ep_model_spikes(k->net.model), adapts = ep_model_has(k->net.model, EP_BETA);
    *out = (vfy_live){.suppressed = !spikes || k->net.n_ref < 2, .adapted = !adapts};
    ep_status st = record(&k->net, &k->batch, &r);
    if (st != EP_OK) return st;
    rates(&r, out);
    bool firing = !spikes || (out->rate >= 0.01 && out->rate <= 0.2 && out->rate_min > 0.0 && out->psi_share >= 0.1);
    if (!firing || !out->suppressed) { /* dead already: the gradient need not be looked at */
        ref_ctx_clear(&r.c);
        out->dead_groups = -1;
        return EP_OK;
    }
    ref_rule_args bptt = {.rule = EP_BPTT, .threads = 1};
    st = ref_gradient(&r.c, &r.run, &bptt, &r.g);
    out->dead_groups = dead_groups(&r);
    if (st == EP_OK) st = transmitted(&r, &out->transmitted);
    if (st == EP_OK && adapts) st = adapted(k, &r, &out->adapted);
    out->alive = firing && out->suppressed && out->adapted && out->dead_groups == 0 && out->transmitted >= 0.01;
    ref_ctx_clear(&r.c);
    return st;
}
