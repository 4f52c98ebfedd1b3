/* plugin.c: ports in shared objects.
 * SPDX-License-Identifier: MIT */
#include "plugin.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* The port's numbers are the suite's, so that no table stands between them. */
_Static_assert(EPROP_SYNAPTIC == (int)EP_SYNAPTIC && EPROP_LSTM == (int)EP_LSTM, "models");
_Static_assert(EPROP_RULE_EPROP2 == (int)EP_EPROP2 && EPROP_RULE_TBPTT == (int)EP_TBPTT, "rules");
_Static_assert(EPROP_LOSS_CLASSIFICATION == (int)EP_CLASSIFICATION, "losses");
_Static_assert(EPROP_F64 == (int)VFY_F64 && EPROP_SEED_ZC == (int)VFY_SEED_ZC, "formats, seeds");
_Static_assert(EPROP_N_INPUT == (int)VFY_N_INPUT && EPROP_IN_X == (int)VFY_IN_X, "inputs");
_Static_assert(EPROP_N_QUANTITY == (int)VFY_N_QUANTITY && EPROP_Q_DWIN == (int)VFY_Q_GRAD, "quantities");
_Static_assert(EPROP_Q_EPS_S == (int)VFY_Q_EPS_S && EPROP_Q_EBAR == (int)VFY_Q_EBAR, "quantities");
_Static_assert(EPROP_IN_L == (int)VFY_IN_GIVEN_L && EPROP_Q_COUNT == (int)VFY_Q_COUNT, "release 2");
_Static_assert(EPROP_Q_WIN == (int)VFY_Q_WEIGHT && EPROP_Q_FEEDBACK == (int)VFY_Q_FEEDBACK, "release 2");
_Static_assert(EPROP_FIXED_Q15 == (int)VFY_FIXED_Q15 && EPROP_FIXED_RECKON == (int)VFY_FIXED_RECKON, "formats");
_Static_assert(VFY_N_QUANTITY <= 64, "a mask has 64 bits");

enum { FIRST_TABLE = offsetof(eprop_port, given) }; /* bytes of the table in release 1 */

#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
static ep_status say(ep_status s, char *err, size_t n, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (n) (void)vsnprintf(err, n, format, args);
    va_end(args);
    return s;
}

static ep_status check_table(const char *path, const eprop_port *p, char *err, size_t n)
{
    if (!p) return say(EP_PORT, err, n, "%s: %s returned NULL", path, EPROP_PORT_SYMBOL);
    if (p->size < FIRST_TABLE)
        return say(EP_PORT, err, n, "%s: table of %u bytes, expected at least %d", path, (unsigned)p->size, FIRST_TABLE);
    if (p->version != EPROP_PORT_VERSION)
        return say(EP_PORT, err, n, "%s: interface version %u, expected %d", path, (unsigned)p->version, EPROP_PORT_VERSION);
    const char *missing = !p->name ? "name" : !p->release ? "release" : !p->open ? "open" : !p->run ? "run"
                        : !p->close ? "close" : !p->reason ? "reason" : NULL;
    if (!missing && p->flags & EPROP_CAN_SET_STATE) missing = !p->set ? "set" : !p->step ? "step" : NULL;
    if (!missing && p->formats >> EPROP_I32 & 1)
        missing = !p->input_fraction ? "input_fraction" : !p->quantity_fraction ? "quantity_fraction" : NULL;
    if (missing) return say(EP_PORT, err, n, "%s: the table has no %s", path, missing);
    size_t len = strlen(p->name);
    if (len == 0 || len > 32 || strspn(p->name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != len)
        return say(EP_PORT, err, n, "%s: name `%.40s`, expected 1 to 32 of a-z, 0-9, - and _", path, p->name);
    if (!p->formats || !p->models || !p->rules || !p->losses || !p->quantities)
        return say(EP_PORT, err, n, "%s: the port claims nothing: formats, models, rules, losses or quantities is 0", path);
    return EP_OK;
}

ep_status vfy_plugin_load(const char *path, vfy_plugin *out, char *err, size_t n)
{
    /* Without a slash, dlopen would search the system's folders. */
    char *file = malloc(strlen(path) + 3);
    if (!file) return EP_NOMEM;
    (void)sprintf(file, "%s%s", strchr(path, '/') ? "" : "./", path);
    void *object = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    free(file);
    if (!object) return say(EP_IO, err, n, "%s: cannot be loaded: %s", path, dlerror());
    union {
        void *object;
        eprop_port_function function;
    } symbol = {.object = dlsym(object, EPROP_PORT_SYMBOL)};
    ep_status s = symbol.object ? EP_OK : say(EP_PORT, err, n, "%s: exports no symbol %s", path, EPROP_PORT_SYMBOL);
    const eprop_port *port = s ? NULL : symbol.function();
    if (!s) s = check_table(path, port, err, n);
    if (s) {
        (void)dlclose(object);
        return s;
    }
    *out = (vfy_plugin){.object = object};
    memcpy(&out->table, port, port->size < sizeof *port ? port->size : sizeof *port);
    out->port = &out->table;
    return EP_OK;
}

void vfy_plugin_unload(vfy_plugin *p)
{
    if (p->object) (void)dlclose(p->object);
    *p = (vfy_plugin){0};
}

ep_status vfy_plugin_claims(const eprop_port *p, const vfy_epv_case *c, char *err, size_t n)
{
    const struct {
        uint64_t mask;
        int bit;
        const char *what, *name;
    } claim[] = {{p->models, (int)c->net.model, "model", ep_model_name(c->net.model)},
                 {p->rules, (int)c->rule, "rule", ep_rule_name(c->rule)},
                 {p->formats, (int)c->format, "format", vfy_format_name(c->format)},
                 {p->losses, (int)c->batch.loss, "loss", ep_loss_name(c->batch.loss)}};
    for (size_t i = 0; i < sizeof claim / sizeof *claim; i++)
        if (!(claim[i].mask >> claim[i].bit & 1))
            return say(EP_NOTIMPL, err, n, "%s does not claim %s %s", p->name, claim[i].what, claim[i].name);
    const struct {
        int limit, value;
        const char *name;
    } size[] = {{p->max_in, c->net.n_in, "n_in"}, {p->max_rec, c->net.n_rec, "n_rec"}, {p->max_out, c->net.n_out, "n_out"},
                {p->max_T, c->batch.T, "T"},      {p->max_B, c->batch.B, "B"}};
    for (size_t i = 0; i < sizeof size / sizeof *size; i++)
        if (size[i].limit > 0 && size[i].value > size[i].limit)
            return say(EP_NOTIMPL, err, n, "%s claims %s up to %d, the case has %d", p->name, size[i].name, size[i].limit,
                       size[i].value);
    for (int i = VFY_IN_GIVEN_Z; i <= VFY_IN_GIVEN_L; i++)
        if (c->given[i - VFY_IN_GIVEN_Z] && !(p->given >> i & 1))
            return say(EP_NOTIMPL, err, n, "%s cannot take %s as given", p->name, vfy_input_name((vfy_input)i));
    if (!(p->quantities & vfy_wanted(c)))
        return say(EP_NOTIMPL, err, n, "%s claims none of the quantities the case expects", p->name);
    return EP_OK;
}

/* A case in the port's terms: the arrays in the case's format. */
typedef struct handed {
    eprop_case c;
    int32_t option[EPROP_N_OPTION], report[VFY_EPV_MAX_REPORT];
    double gain[3];
    const void *input[EPROP_N_INPUT];
    void *own[EPROP_N_INPUT]; /* floats */
} handed;

static void hand_options(const ep_options *o, handed *h)
{
    const int32_t v[EPROP_N_OPTION] = {
        [EPROP_OPT_G_IN] = (int32_t)o->g_in, [EPROP_OPT_G_A] = (int32_t)o->g_a, [EPROP_OPT_G_OUT] = (int32_t)o->g_out,
        [EPROP_OPT_GAIN_DIFF] = o->gain_differentiated, [EPROP_OPT_PSI_WIDTH] = (int32_t)o->psi_width,
        [EPROP_OPT_DZ_DA] = (int32_t)o->dz_da, [EPROP_OPT_PSI_SCALE] = (int32_t)o->psi_scale,
        [EPROP_OPT_PSI_SHAPE] = (int32_t)o->psi_shape, [EPROP_OPT_SPIKE_TEST] = (int32_t)o->spike_test,
        [EPROP_OPT_SPIKE_FROM] = (int32_t)o->spike_from, [EPROP_OPT_REF_COUNT] = (int32_t)o->ref_count,
        [EPROP_OPT_RESET] = (int32_t)o->reset, [EPROP_OPT_ADAPT_SOURCE] = (int32_t)o->adapt_source,
        [EPROP_OPT_PSI_REFRACTORY] = (int32_t)o->psi_refractory, [EPROP_OPT_RESET_PATH] = (int32_t)o->reset_path,
        [EPROP_OPT_LOSS_NORM] = (int32_t)o->loss_norm, [EPROP_OPT_PHI] = (int32_t)o->phi, [EPROP_OPT_DELAY] = o->delay,
        [EPROP_OPT_DELAY_L] = o->delay_L};
    memcpy(h->option, v, sizeof v);
    h->gain[0] = o->g_in_value;
    h->gain[1] = o->g_a_value;
    h->gain[2] = o->g_out_value;
}

/* Numbers as the port takes them: float, or int32_t. */
static void *narrow(vfy_format format, const double *from, size_t n)
{
    float *f = malloc((n + 1) * sizeof *f);
    int32_t *words = (void *)f;
    _Static_assert(sizeof(float) == sizeof(int32_t), "one block for both");
    for (size_t k = 0; f && k < n; k++)
        if (format == VFY_F32) f[k] = (float)from[k];
        else words[k] = (int32_t)from[k];
    return f;
}

static ep_status hand_inputs(const vfy_epv_case *c, handed *h)
{
    const double *in[EPROP_N_INPUT] = {c->net.Win, c->net.Wrec, c->net.b, c->net.Wout, c->net.bout, c->net.B};
    for (int p = 0; p < EP_N_THETA; p++) in[VFY_IN_THETA + p] = c->net.theta[p];
    in[EPROP_IN_X] = c->batch.x;
    in[EPROP_IN_TARGET] = c->batch.target;
    in[EPROP_IN_MASK] = c->batch.mask;
    for (int i = 0; i < 3; i++) in[EPROP_IN_Z + i] = c->given[i];
    for (int i = 0; i < EPROP_N_INPUT; i++) {
        h->input[i] = in[i];
        if (!in[i] || c->format == VFY_F64) continue;
        vfy_shape shape = vfy_input_shape((vfy_input)i, &c->net, c->batch.T, c->batch.B);
        size_t n = vfy_shape_size(&shape);
        h->input[i] = h->own[i] = narrow(c->format, in[i], n);
        if (!h->own[i]) return EP_NOMEM;
    }
    return EP_OK;
}

static void hand_clear(handed *h)
{
    for (int i = 0; i < EPROP_N_INPUT; i++) free(h->own[i]);
    free(h);
}

static handed *hand(const vfy_epv_case *c)
{
    handed *h = calloc(1, sizeof *h);
    if (!h) return NULL;
    h->c = (eprop_case){.size = sizeof h->c, .model = (int32_t)c->net.model, .rule = (int32_t)c->rule,
                        .format = (int32_t)c->format, .loss = (int32_t)c->batch.loss, .T = c->batch.T, .B = c->batch.B,
                        .n_in = c->net.n_in, .n_rec = c->net.n_rec, .n_out = c->net.n_out, .n_ref = c->net.n_ref,
                        .window = c->window, .seed = (int32_t)c->seed, .reg_off = c->reg_off, .n_option = EPROP_N_OPTION,
                        .option = h->option, .gain = h->gain, .kappa = c->net.kappa, .v_th = c->net.v_th,
                        .gamma = c->net.gamma, .b_forget = c->net.b_forget, .c_reg = c->batch.c_reg,
                        .f_target = c->batch.f_target, .n_input = EPROP_N_INPUT, .input = h->input, .updates = c->updates,
                        .online = c->online, .carry = c->carry, .n_report = (uint32_t)c->n_report, .report = h->report,
                        .eta = c->eta, .lambda = c->lambda, .slope = c->slope, .draws = c->draws};
    for (int i = 0; i < c->n_report; i++) h->report[i] = c->report[i];
    hand_options(&c->net.opt, h);
    if (hand_inputs(c, h) == EP_OK) return h;
    hand_clear(h);
    return NULL;
}

/* Rows of traces on their way into an answer. */
typedef struct collector {
    const vfy_epv_case *c;
    vfy_answer *a;
    int columns;
    uint64_t traces;
    bool broken; /* a row that was not asked for */
} collector;

static void widen(double *to, const int32_t *from, size_t n)
{
    for (size_t k = 0; k < n; k++) to[k] = (double)from[k];
}

static void collect(void *user, int32_t q, int32_t b, int32_t t, int32_t j, const void *row)
{
    collector *k = user;
    int T = k->c->batch.T, N = k->c->net.n_rec;
    if (q < 0 || q >= VFY_N_QUANTITY || !(k->traces >> q & 1) || b < 0 || b >= k->c->batch.B || t < 1 || t > T || j < 0 ||
        j >= N || !row) {
        k->broken = true;
        return;
    }
    size_t size = (k->a->format == VFY_F32 ? sizeof(float) : sizeof(double)) * (size_t)k->columns;
    size_t at = ((size_t)b * (size_t)T + (size_t)(t - 1)) * (size_t)N + (size_t)j;
    if (vfy_format_is_fixed(k->a->format)) widen((double *)k->a->q[q] + at * (size_t)k->columns, row, (size_t)k->columns);
    else memcpy((char *)k->a->q[q] + at * size, row, size);
}

static ep_status port_status(const eprop_port *p, void *handle, int32_t answer, const char *call, char *err, size_t n)
{
    if (answer == EPROP_OK) return EP_OK;
    const char *reason = p->reason(handle);
    ep_status s = answer == EPROP_UNSUPPORTED ? EP_NOTIMPL : answer == EPROP_NO_MEMORY ? EP_NOMEM : EP_PORT;
    return say(s, err, n, "%s: %s answered %d: %.120s", p->name, call, (int)answer, reason ? reason : "no reason given");
}

size_t vfy_plugin_width(const vfy_epv_case *c, vfy_quantity q)
{
    vfy_shape s = vfy_quantity_shape(q, &c->net, c->batch.T, c->batch.B, c->updates);
    bool timed = false;
    for (int d = 0; d < s.nd; d++) timed = timed || s.axis[d] == 't';
    return timed ? vfy_shape_size(&s) / ((size_t)c->batch.T * (size_t)c->batch.B) : 0;
}

/* Where a port writes: elements from[q].. of the answer's arrays, n[q] of each. Integers go by way of arrays of their own. */
typedef struct lent {
    void *quantity[VFY_N_QUANTITY];
    int32_t *words[VFY_N_QUANTITY];
    size_t from[VFY_N_QUANTITY], n[VFY_N_QUANTITY];
    collector rows;
} lent;

/* t = 0: all; else step t of trial b alone. */
static ep_status lend(const vfy_epv_case *c, vfy_answer *a, int b, int t, lent *l)
{
    const uint64_t rows = UINT64_C(63) << EPROP_Q_EPS_S;
    const size_t size = c->format == VFY_F32 ? sizeof(float) : sizeof(double);
    *l = (lent){.rows = {.c = c, .a = a, .columns = vfy_trace_columns(&c->net)}};
    for (int q = 0; q < VFY_N_QUANTITY; q++) {
        vfy_shape shape = vfy_quantity_shape((vfy_quantity)q, &c->net, c->batch.T, c->batch.B, c->updates);
        size_t width = vfy_plugin_width(c, (vfy_quantity)q);
        if (a->q[q] && rows >> q & 1) l->rows.traces |= UINT64_C(1) << q;
        if (!a->q[q] || rows >> q & 1 || (t && !width)) continue;
        l->n[q] = t ? width : vfy_shape_size(&shape);
        l->from[q] = t ? ((size_t)b * (size_t)c->batch.T + (size_t)(t - 1)) * width : 0;
        l->quantity[q] = (char *)a->q[q] + l->from[q] * size;
        if (!vfy_format_is_fixed(c->format)) continue;
        l->quantity[q] = l->words[q] = malloc((l->n[q] + 1) * sizeof *l->words[q]);
        if (!l->words[q]) return EP_NOMEM;
        for (size_t k = 0; k < l->n[q]; k++) l->words[q][k] = INT32_MIN;
    }
    return EP_OK;
}

static void take_back(lent *l, vfy_answer *a)
{
    for (int q = 0; q < VFY_N_QUANTITY; q++) {
        if (l->words[q] && a->q[q]) widen((double *)a->q[q] + l->from[q], l->words[q], l->n[q]);
        free(l->words[q]);
    }
}

/* run, or step t of trial b. */
static ep_status ask_port(const eprop_port *p, void *handle, const vfy_epv_case *c, int b, int t, vfy_answer *a, char *err, size_t n)
{
    lent l;
    ep_status s = lend(c, a, b, t, &l);
    eprop_result result = {.size = sizeof result, .n_quantity = VFY_N_QUANTITY, .quantity = l.quantity, .traces = l.rows.traces,
                           .trace = collect, .user = &l.rows};
    const char *call = t ? "step" : "run";
    if (s) s = say(s, err, n, "no memory for the answer");
    else s = port_status(p, handle, t ? p->step(handle, b, t, &result) : p->run(handle, &result), call, err, n);
    take_back(&l, a);
    if (!s && l.rows.broken) s = say(EP_PORT, err, n, "%s: %s reported a trace row that was not asked for", p->name, call);
    return s;
}

struct vfy_plugin_case {
    const eprop_port *p;
    const vfy_epv_case *c;
    handed *h;
    void *handle;
};

ep_status vfy_plugin_open(const eprop_port *p, const vfy_epv_case *c, vfy_plugin_case **out, char *err, size_t n)
{
    ep_status s = vfy_plugin_claims(p, c, err, n);
    if (s) return s;
    vfy_plugin_case *k = calloc(1, sizeof *k);
    if (k) *k = (vfy_plugin_case){.p = p, .c = c, .h = hand(c)};
    if (!k || !k->h) s = say(EP_NOMEM, err, n, "no memory for the case");
    else s = port_status(p, NULL, p->open(&k->h->c, &k->handle), "open", err, n);
    if (!s) {
        *out = k;
        return EP_OK;
    }
    if (k && k->h) hand_clear(k->h);
    free(k);
    return s;
}

void vfy_plugin_close(vfy_plugin_case *k)
{
    if (!k) return;
    k->p->close(k->handle);
    hand_clear(k->h);
    free(k);
}

ep_status vfy_plugin_answer(vfy_plugin_case *k, vfy_answer *out, char *err, size_t n)
{
    vfy_answer a;
    if (vfy_answer_init(&a, k->c, k->p->quantities)) return say(EP_DOMAIN, err, n, "the answer to the case cannot be held in memory");
    ep_status s = ask_port(k->p, k->handle, k->c, 0, 0, &a, err, n);
    if (s) vfy_answer_clear(&a);
    else *out = a;
    return s;
}

ep_status vfy_plugin_set(vfy_plugin_case *k, int b, int t, vfy_quantity q, const double *values, char *err, size_t n)
{
    size_t width = vfy_plugin_width(k->c, q);
    bool can = k->p->flags & EPROP_CAN_SET_STATE && width, wide = k->c->format == VFY_F64;
    void *own = can && !wide ? narrow(k->c->format, values, width) : NULL;
    if (!can || (!own && !wide)) return say(can ? EP_NOMEM : EP_NOTIMPL, err, n, "%s: this state cannot be set", k->p->name);
    ep_status s = port_status(k->p, k->handle, k->p->set(k->handle, b, t, (int32_t)q, wide ? (const void *)values : own), "set", err, n);
    free(own);
    return s;
}

ep_status vfy_plugin_step(vfy_plugin_case *k, int b, int t, vfy_answer *out, char *err, size_t n)
{
    vfy_answer a;
    if (!(k->p->flags & EPROP_CAN_SET_STATE)) return say(EP_NOTIMPL, err, n, "%s: no single steps", k->p->name);
    if (vfy_answer_init(&a, k->c, k->p->quantities)) return say(EP_DOMAIN, err, n, "the answer to the case cannot be held in memory");
    ep_status s = ask_port(k->p, k->handle, k->c, b, t, &a, err, n);
    if (s) vfy_answer_clear(&a);
    else *out = a;
    return s;
}

ep_status vfy_plugin_run(const eprop_port *p, const vfy_epv_case *c, vfy_answer *out, char *err, size_t n)
{
    vfy_plugin_case *k = NULL;
    ep_status s = vfy_plugin_open(p, c, &k, err, n);
    if (!s) s = vfy_plugin_answer(k, out, err, n);
    vfy_plugin_close(k);
    return s;
}
