/* epv_write.c: the text of vector files.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "epv_parse.h"

static const double *input_of(const vfy_epv_case *c, vfy_input i)
{
    switch (i) {
    case VFY_IN_WIN: return c->net.Win;
    case VFY_IN_WREC: return c->net.Wrec;
    case VFY_IN_BIAS: return c->net.b;
    case VFY_IN_WOUT: return c->net.Wout;
    case VFY_IN_BOUT: return c->net.bout;
    case VFY_IN_FEEDBACK: return vfy_rule_has_feedback(c->rule) ? c->net.B : NULL;
    case VFY_IN_X: return c->batch.x;
    case VFY_IN_TARGET: return c->batch.target;
    case VFY_IN_MASK: return c->batch.mask;
    case VFY_IN_GIVEN_Z:
    case VFY_IN_GIVEN_PSI:
    case VFY_IN_GIVEN_L: return c->given[i - VFY_IN_GIVEN_Z];
    default: return vfy_input_of_model(i, c->net.model) ? c->net.theta[i - VFY_IN_THETA] : NULL;
    }
}

static const struct {
    int key;
    bool always; /* written even if 0, for spiking models */
} scalars[] = {{VFY_K_KAPPA, false}, {VFY_K_V_TH, true}, {VFY_K_GAMMA, true}, {VFY_K_B_FORGET, false},
               {VFY_K_C_REG, false}, {VFY_K_F_TARGET, false}, {VFY_K_ETA, false}, {VFY_K_LAMBDA, false}, {VFY_K_SLOPE, true}};
enum { N_SCALAR = 9 };

static double scalar_of(const vfy_epv_case *c, int key)
{
    switch (key) {
    case VFY_K_KAPPA: return c->net.kappa;
    case VFY_K_V_TH: return c->net.v_th;
    case VFY_K_GAMMA: return c->net.gamma;
    case VFY_K_B_FORGET: return c->net.b_forget;
    case VFY_K_C_REG: return c->batch.c_reg;
    case VFY_K_ETA: return c->eta;
    case VFY_K_LAMBDA: return c->lambda;
    case VFY_K_SLOPE: return c->slope;
    default: return c->batch.f_target;
    }
}

static ep_status not_exact(const vfy_epv_case *c, const char *where, double v, char *err, size_t n)
{
    char format[24];
    if (n) (void)snprintf(err, n, "%s = %a: expected a number of format %s", where, v, vfy_epv_format(c, format));
    return EP_DOMAIN;
}

static ep_status check_exact(const vfy_epv_case *c, char *err, size_t n)
{
    uint64_t bits;
    const ep_options *o = &c->net.opt;
    const double gain[] = {o->g_in_value, o->g_a_value, o->g_out_value};
    const ep_gain kind[] = {o->g_in, o->g_a, o->g_out};
    for (int i = 0; i < N_SCALAR; i++) {
        double v = scalar_of(c, scalars[i].key);
        if (!vfy_bits_of(c->format, v, &bits)) return not_exact(c, vfy_key_name[scalars[i].key], v, err, n);
    }
    for (int i = 0; i < 3; i++)
        if (kind[i] == EP_GAIN_VALUE && !vfy_bits_of(c->format, gain[i], &bits))
            return not_exact(c, ep_option_at((size_t)i)->name, gain[i], err, n);
    for (int i = 0; i < VFY_N_INPUT; i++) {
        const double *a = input_of(c, (vfy_input)i);
        vfy_shape shape = vfy_input_shape((vfy_input)i, &c->net, c->batch.T, c->batch.B);
        size_t size = vfy_shape_size(&shape);
        if (size > VFY_EPV_MAX_ARRAY) {
            if (n) (void)snprintf(err, n, "array %s has %zu elements, at most %d are allowed", vfy_input_name((vfy_input)i),
                                  size, VFY_EPV_MAX_ARRAY);
            return EP_DOMAIN;
        }
        for (size_t k = 0; a && k < size; k++) {
            char where[64];
            if (vfy_bits_of(c->format, a[k], &bits)) continue;
            vfy_position_text(vfy_input_name((vfy_input)i), &shape, k, where, sizeof where);
            return not_exact(c, where, a[k], err, n);
        }
    }
    return EP_OK;
}

/* What a reader would refuse and the types allow. */
static ep_status check_case(const vfy_epv_case *c, char *err, size_t n)
{
    const char *bad = NULL;
    if (vfy_rule_has_window(c->rule) && (c->window < 1 || c->window > EP_MAX_DIM)) bad = "window";
    else if (vfy_rule_has_feedback(c->rule) && !c->net.B) bad = "B";
    else if (vfy_format_is_fixed(c->format) && (c->has_margin || c->given[0] || c->given[1] || c->given[2])) bad = "margin, given";
    else if (c->has_margin && !(isfinite(c->margin) && c->margin >= 0)) bad = "margin";
    else if (!memchr(c->flags, 0, sizeof c->flags) ||
             strspn(c->flags, "abcdefghijklmnopqrstuvwxyz0123456789-,") != strlen(c->flags)) bad = "flags";
    else if (c->updates && (c->n_report < 1 || !(c->eta > 0) || !vfy_rule_is_eprop1(c->rule) || ((c->online || c->carry) && c->batch.B > 1) ||
                            (c->online && c->batch.c_reg != 0) || c->family != VFY_FAMILY_CHAIN)) bad = "chain";
    for (size_t i = 0; !bad && i < c->n_want; i++) {
        const vfy_want *w = &c->want[i];
        vfy_shape shape = vfy_quantity_shape(w->q, &c->net, c->batch.T, c->batch.B, c->updates);
        bool ok = vfy_quantity_of_model(w->q, c->net.model) && w->at < vfy_shape_size(&shape);
        if (w->kind == VFY_VALUE)
            ok = ok && vfy_bits_finite(c->format, w->bits) && w->extra < 4096 && isfinite(w->mag) && w->mag >= 0;
        if (w->kind == VFY_UNDECIDED) ok = ok && w->lo <= w->hi;
        if (!ok) bad = vfy_quantity_name(w->q);
    }
    if (!bad) return check_exact(c, err, n);
    if (n) (void)snprintf(err, n, "%s: not a value that a vector file can hold", bad);
    return EP_DOMAIN;
}

ep_status vfy_epv_from_net(const ep_net *net, const ep_batch *b, ep_rule rule, vfy_format format, vfy_epv_case *out,
                           char *err, size_t n)
{
    vfy_epv_case c = {.rule = rule, .format = format, .net = *net, .batch = *b};
    char why[192];
    ep_status s;
    if ((s = ep_net_check(net, why, sizeof why)) || (s = ep_batch_check(net, b, why, sizeof why))) {
        if (n) (void)snprintf(err, n, "%s", why);
        return s;
    }
    const int dim[] = {net->n_in, net->n_rec, net->n_out, b->B};
    for (int i = 0; i < 4; i++)
        if (dim[i] > VFY_EPV_MAX_DIM) {
            if (n) (void)snprintf(err, n, "dimension %d: expected at most %d in a vector file", dim[i], VFY_EPV_MAX_DIM);
            return EP_DOMAIN;
        }
    if (vfy_rule_has_feedback(rule) && !net->B) {
        if (n) (void)snprintf(err, n, "B is not given: expected the feedback weights of rule %s", ep_rule_name(rule));
        return EP_DOMAIN;
    }
    if (!vfy_rule_has_feedback(rule)) c.net.B = NULL;
    if ((s = check_exact(&c, err, n))) return s;
    *out = c;
    return EP_OK;
}

static void print_options(FILE *f, const vfy_epv_case *c)
{
    char want[32], have[32], hex[17];
    int preset = 0, best = 1 << 20;
    for (int p = 0; p < EP_N_PRESET; p++) { /* the nearest preset, then what differs */
        ep_options o = ep_preset_options((ep_preset)p);
        int differ = 0;
        for (size_t i = 0; i < ep_option_count(); i++) {
            const char *name = ep_option_at(i)->name;
            (void)(ep_option_get(&c->net.opt, name, want, sizeof want) && ep_option_get(&o, name, have, sizeof have));
            differ += strcmp(want, have) != 0;
        }
        if (differ < best) best = differ, preset = p;
    }
    ep_options o = ep_preset_options((ep_preset)preset);
    fprintf(f, "preset %s\n", ep_preset_name((ep_preset)preset));
    const double gain[] = {c->net.opt.g_in_value, c->net.opt.g_a_value, c->net.opt.g_out_value};
    const ep_gain kind[] = {c->net.opt.g_in, c->net.opt.g_a, c->net.opt.g_out};
    for (size_t i = 0; i < ep_option_count(); i++) {
        const char *name = ep_option_at(i)->name;
        uint64_t bits;
        (void)(ep_option_get(&c->net.opt, name, want, sizeof want) && ep_option_get(&o, name, have, sizeof have));
        if (strcmp(want, have) == 0) continue;
        if (i < 3 && kind[i] == EP_GAIN_VALUE && vfy_bits_of(c->format, gain[i], &bits)) {
            vfy_bits_text(c->format, bits, hex);
            fprintf(f, "option %s #%s\n", name, hex);
        } else {
            fprintf(f, "option %s %s\n", name, want);
        }
    }
}

static void print_chain(FILE *f, const vfy_epv_case *c)
{
    if (!c->updates) return;
    fprintf(f, "updates %d\nregime %s\ncarry %s\nreport ", c->updates, c->online ? "online" : "batch", c->carry ? "all" : "none");
    for (int i = 0; i < c->n_report; i++) fprintf(f, "%s%d", i ? "," : "", c->report[i]);
    fprintf(f, "\n");
}

static void print_given(FILE *f, const vfy_epv_case *c)
{
    const char *comma = "given ";
    for (int i = 0; i < 3; i++) {
        if (!c->given[i]) continue;
        fprintf(f, "%s%s", comma, vfy_input_name((vfy_input)(VFY_IN_GIVEN_Z + i)));
        comma = ",";
    }
    if (*comma == ',') fprintf(f, "\n");
}

static void print_head(FILE *f, const vfy_epv_case *c)
{
    char hex[17], format[24];
    uint64_t bits;
    fprintf(f, "model %s\n", ep_model_name(c->net.model));
    print_options(f, c);
    fprintf(f, "rule %s\nformat %s\nT %d\nB %d\n", ep_rule_name(c->rule), vfy_epv_format(c, format), c->batch.T, c->batch.B);
    fprintf(f, "n_in %d\nn_rec %d\nn_out %d\n", c->net.n_in, c->net.n_rec, c->net.n_out);
    fprintf(f, "loss %s\n", ep_loss_name(c->batch.loss));
    if (c->net.n_ref) fprintf(f, "n_ref %d\n", c->net.n_ref);
    for (int i = 0; i < N_SCALAR; i++) {
        if (!vfy_bits_of(c->format, scalar_of(c, scalars[i].key), &bits)) continue; /* excluded by check_exact */
        if (!bits && !(scalars[i].always && ep_model_spikes(c->net.model))) continue;
        if (scalars[i].key == (vfy_format_is_fixed(c->format) ? VFY_K_GAMMA : VFY_K_SLOPE)) continue;
        vfy_bits_text(c->format, bits, hex);
        fprintf(f, "%s %s\n", vfy_key_name[scalars[i].key], hex);
    }
    if (vfy_rule_has_window(c->rule)) fprintf(f, "window %d\n", c->window);
    if (vfy_rule_has_seed(c->rule)) fprintf(f, "seed %s\n", vfy_seed_name(c->seed));
    if (c->reg_off) fprintf(f, "reg off\n");
    print_chain(f, c);
    print_given(f, c);
    if (vfy_format_is_fixed(c->format)) fprintf(f, "draws %llu\n", (unsigned long long)c->draws);
    if (c->family != VFY_FAMILY_GRAD) fprintf(f, "family %s\n", vfy_family_name(c->family));
    if (c->has_margin && vfy_bits_of(VFY_F64, c->margin, &bits)) {
        vfy_bits_text(VFY_F64, bits, hex);
        fprintf(f, "margin %s\n", hex);
    }
    if (c->rng) fprintf(f, "rng %llu\n", (unsigned long long)c->rng);
    if (c->flags[0]) fprintf(f, "flags %s\n", c->flags);
}

static void print_position(FILE *f, const char *verb, const char *name, const vfy_shape *s, size_t at)
{
    int index[VFY_MAX_AXES];
    vfy_shape_index(s, at, index);
    fprintf(f, "%s %s", verb, name);
    for (int d = 0; d < s->nd; d++) fprintf(f, " %d", index[d]);
}

static void print_inputs(FILE *f, const vfy_epv_case *c)
{
    uint64_t one, bits;
    char hex[17];
    (void)vfy_bits_of(c->format, 1, &one);
    for (int i = 0; i < VFY_N_INPUT; i++) {
        const double *a = input_of(c, (vfy_input)i);
        vfy_shape shape = vfy_input_shape((vfy_input)i, &c->net, c->batch.T, c->batch.B);
        size_t size = a ? vfy_shape_size(&shape) : 0;
        for (size_t k = 0; k < size; k++) {
            bool all = i == VFY_IN_FEEDBACK; /* a B of zeros differs from no B */
            if (!vfy_bits_of(c->format, a[k], &bits) || (!all && bits == (i == VFY_IN_MASK ? one : 0))) continue;
            print_position(f, "in", vfy_input_name((vfy_input)i), &shape, k);
            vfy_bits_text(c->format, bits, hex);
            fprintf(f, " %s\n", hex);
        }
    }
}

static void print_want(FILE *f, const vfy_epv_case *c)
{
    char a[17], b[17];
    for (size_t i = 0; i < c->n_want; i++) {
        const vfy_want *w = &c->want[i];
        uint64_t lo, hi;
        vfy_shape shape = vfy_quantity_shape(w->q, &c->net, c->batch.T, c->batch.B, c->updates);
        print_position(f, "out", vfy_quantity_name(w->q), &shape, w->at);
        if (w->kind == VFY_ZERO) {
            fprintf(f, " zero\n");
            continue;
        }
        memcpy(&lo, w->kind == VFY_VALUE ? &w->mag : &w->lo, sizeof lo);
        memcpy(&hi, &w->hi, sizeof hi);
        vfy_bits_text(VFY_F64, lo, b);
        if (vfy_format_is_fixed(c->format)) {
            vfy_bits_text(c->format, w->bits, a);
            fprintf(f, " %s\n", a);
        } else if (w->kind == VFY_VALUE) {
            vfy_bits_text(c->format, w->bits, a);
            fprintf(f, " %s.%03x mag %s\n", a, w->extra & 0xfffu, b);
        } else {
            vfy_bits_text(VFY_F64, hi, a);
            fprintf(f, " undecided %s %s\n", b, a);
        }
    }
}

static ep_status print_case(FILE *f, vfy_epv_case *c, char *err, size_t n)
{
    char *body = NULL;
    size_t size = 0;
    unsigned char digest[32];
    vfy_sha256 sha;
    ep_status s = check_case(c, err, n);
    if (s) return s;
    FILE *m = open_memstream(&body, &size);
    if (!m) return EP_NOMEM;
    print_head(m, c);
    print_inputs(m, c);
    print_want(m, c);
    fprintf(m, "end\n");
    bool bad = ferror(m) != 0;
    if (fclose(m) || bad) {
        if (n) (void)snprintf(err, n, "no memory for a case");
        free(body);
        return EP_NOMEM;
    }
    vfy_sha256_init(&sha);
    vfy_sha256_add(&sha, body, size);
    vfy_sha256_end(&sha, digest);
    for (int i = 0; i < 8; i++) (void)snprintf(c->id + 2 * i, 3, "%02x", digest[i]);
    fprintf(f, "case ep:%s\n", c->id);
    bad = fwrite(body, 1, size, f) != size;
    free(body);
    if (bad && n) (void)snprintf(err, n, "cannot write: %s", strerror(errno));
    return bad ? EP_IO : EP_OK;
}

ep_status vfy_epv_print(FILE *f, vfy_epv_case *cases, size_t n, char *err, size_t n_err)
{
    if (n == 0) {
        if (n_err) (void)snprintf(err, n_err, "a vector file needs at least one case");
        return EP_DOMAIN;
    }
    ep_status s = EP_OK;
    fprintf(f, "epv %d\n", VFY_EPV_VERSION);
    for (size_t i = 0; !s && i < n; i++) s = print_case(f, &cases[i], err, n_err);
    if (!s && ferror(f)) {
        if (n_err) (void)snprintf(err, n_err, "cannot write: %s", strerror(errno));
        s = EP_IO;
    }
    return s;
}
