/* run_plugin.c: a port in a shared object (verify/eprop_port.h) as a subject.
 * SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "eprop_port.h"
#include "runner.h"

typedef struct plugin {
    void *library, *handle;
    const eprop_port *port;
    eprop_case c;
    int32_t option[EPROP_N_OPTION];
    void *input[EPROP_N_INPUT], *got[EPROP_N_QUANTITY];
    const void *given[EPROP_N_INPUT];
    eprop_result out;
} plugin;

static ep_status once(runner *r, char why[BENCH_WHY])
{
    plugin *p = r->own;
    int32_t code = p->port->run(p->handle, &p->out);
    if (code == EPROP_OK) return EP_OK;
    bench_say(why, "%s: %s", r->name, p->port->reason(p->handle));
    return code == EPROP_UNSUPPORTED ? EP_NOTIMPL : EP_UNABLE;
}

static double number(const plugin *p, const void *v, size_t i)
{
    return p->c.format == EPROP_F64 ? ((const double *)v)[i] : (double)((const float *)v)[i];
}

static ep_status fetch(runner *r, char why[BENCH_WHY])
{
    plugin *p = r->own;
    (void)why;
    size_t at = 0, steps = (size_t)r->k->N * (size_t)r->k->T * (size_t)r->k->B;
    for (int g = EP_G_WIN; g <= EP_G_BOUT; g++)
        for (size_t i = 0, n = ep_group_size(&r->s->net, (ep_group)g); i < n; i++) r->g[at++] = number(p, p->got[EPROP_Q_DWIN + g], i);
    if (p->got[EPROP_Q_Z]) r->z = malloc(steps + 1);
    for (size_t i = 0; r->z && i < steps; i++) r->z[i] = number(p, p->got[EPROP_Q_Z], i) > 0.5;
    return EP_OK;
}

static void close_plugin(runner *r)
{
    plugin *p = r->own;
    if (p->handle) p->port->close(p->handle);
    for (int k = 0; k < EPROP_N_INPUT; k++) free(p->input[k]);
    for (int k = 0; k < EPROP_N_QUANTITY; k++) free(p->got[k]);
    if (p->library) (void)dlclose(p->library);
    free(p);
}

/* ---- the case in the port's format ------------------------------------------------------------------------------- */

static bool copy(plugin *p, int k, const double *v, size_t n)
{
    if (!v) return true;
    p->given[k] = p->input[k] = malloc((n + 1) * sizeof(double));
    for (size_t i = 0; p->input[k] && i < n; i++) {
        if (p->c.format == EPROP_F64) ((double *)p->input[k])[i] = v[i];
        else ((float *)p->input[k])[i] = (float)v[i];
    }
    return p->input[k] != NULL;
}

static bool fill_case(const runner *r, plugin *p)
{
    static const int32_t model[EP_N_MODEL] = {EPROP_LIF, EPROP_ALIF, EPROP_LSNN, EPROP_LSTM, EPROP_RATE, EPROP_SYNAPTIC};
    const ep_net *net = &r->s->net;
    size_t steps = (size_t)r->k->T * (size_t)r->k->B, N = (size_t)net->n_rec;
    p->option[EPROP_OPT_DELAY] = net->opt.delay;
    p->c = (eprop_case){.size = sizeof p->c, .model = model[net->model], .rule = (int32_t)r->k->rule, .loss = EPROP_LOSS_REGRESSION, .T = r->k->T, .B = r->k->B,
                        .n_in = net->n_in, .n_rec = net->n_rec, .n_out = net->n_out, .n_ref = net->n_ref, .n_option = EPROP_N_OPTION, .option = p->option,
                        .kappa = net->kappa, .v_th = net->v_th, .gamma = net->gamma, .b_forget = net->b_forget, .n_input = EPROP_N_INPUT, .input = p->given};
    p->c.format = p->port->formats & EPROP_BIT(EPROP_F32) ? EPROP_F32 : EPROP_F64;
    bool good = copy(p, EPROP_IN_WIN, net->Win, ep_group_size(net, EP_G_WIN)) && copy(p, EPROP_IN_WREC, net->Wrec, ep_group_size(net, EP_G_WREC)) &&
                copy(p, EPROP_IN_BIAS, net->b, ep_group_size(net, EP_G_BIAS)) && copy(p, EPROP_IN_WOUT, net->Wout, ep_group_size(net, EP_G_WOUT)) &&
                copy(p, EPROP_IN_X, r->s->x64, steps * (size_t)net->n_in) && copy(p, EPROP_IN_TARGET, r->s->target64, steps * (size_t)net->n_out);
    for (int t = EP_ALPHA; good && t <= EP_BETA; t++) good = copy(p, EPROP_IN_ALPHA + t, net->theta[t], N);
    for (int g = EP_G_WIN; good && g <= EP_G_BOUT; g++)
        good = (p->got[EPROP_Q_DWIN + g] = calloc(ep_group_size(net, (ep_group)g) + 1, sizeof(double))) != NULL;
    bool z = ep_model_spikes(net->model) && (p->port->quantities & EPROP_BIT(EPROP_Q_Z));
    if (good && z) good = (p->got[EPROP_Q_Z] = calloc(steps * N + 1, sizeof(double))) != NULL;
    p->out = (eprop_result){.size = sizeof p->out, .n_quantity = EPROP_N_QUANTITY, .quantity = p->got};
    return good;
}

/* Claims that the case needs. */
static const char *missing(const runner *r, const eprop_port *t)
{
    uint64_t grads = EPROP_BIT(EPROP_Q_DWIN) | EPROP_BIT(EPROP_Q_DWREC) | EPROP_BIT(EPROP_Q_DBIAS) | EPROP_BIT(EPROP_Q_DWOUT) | EPROP_BIT(EPROP_Q_DBOUT);
    if (!(t->formats & (EPROP_BIT(EPROP_F32) | EPROP_BIT(EPROP_F64)))) return "neither f32 nor f64";
    if (!(t->models >> r->k->model & 1)) return "no such model";
    if (!(t->rules >> r->k->rule & 1)) return "no such rule";
    if (!(t->losses & EPROP_BIT(EPROP_LOSS_REGRESSION))) return "no regression";
    if ((t->quantities & grads) != grads) return "not all gradients";
    if ((t->max_rec && r->k->N > t->max_rec) || (t->max_in && r->k->n_in > t->max_in) || (t->max_out && r->k->n_out > t->max_out) ||
        (t->max_T && r->k->T > t->max_T) || (t->max_B && r->k->B > t->max_B))
        return "smaller networks or trials only";
    return NULL;
}

static ep_status load(runner *r, plugin *p, char why[BENCH_WHY])
{
    p->library = dlopen(r->command, RTLD_NOW | RTLD_LOCAL);
    if (!p->library) return bench_say(why, "%s: cannot be loaded: %.300s", r->name, dlerror()), EP_DOMAIN;
    void *symbol = dlsym(p->library, EPROP_PORT_SYMBOL);
    eprop_port_function get = NULL;
    memcpy(&get, &symbol, sizeof get);
    p->port = get ? get() : NULL;
    if (!p->port || p->port->version != EPROP_PORT_VERSION || !p->port->open || !p->port->run || !p->port->close || !p->port->reason)
        return bench_say(why, "%s: %.300s: found no " EPROP_PORT_SYMBOL " of version %d", r->name, r->command, EPROP_PORT_VERSION), EP_DOMAIN;
    const char *lack = missing(r, p->port);
    if (lack) return bench_say(why, "%s: claims %s", r->name, lack), EP_NOTIMPL;
    if (!fill_case(r, p)) return EP_NOMEM;
    int32_t code = p->port->open(&p->c, &p->handle);
    if (code == EPROP_OK) return EP_OK;
    bench_say(why, "%s: %.300s", r->name, p->port->reason(NULL));
    return code == EPROP_UNSUPPORTED ? EP_NOTIMPL : code == EPROP_NO_MEMORY ? EP_NOMEM : EP_UNABLE;
}

ep_status bench_open_plugin(runner *r, char why[BENCH_WHY])
{
    plugin *p = r->own = calloc(1, sizeof *p);
    if (!p) return EP_NOMEM;
    ep_status st = load(r, p, why);
    r->once = once;
    r->fetch = fetch;
    r->close = close_plugin;
    if (st != EP_OK) close_plugin(r);
    return st;
}
