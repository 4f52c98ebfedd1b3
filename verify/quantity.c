/* quantity.c: names, order and shapes of inputs and quantities.
 * SPDX-License-Identifier: MIT */
#include "quantity.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

typedef struct named {
    const char *name, *axes;
} named;

static const char *const format_names[VFY_N_FORMAT] = {"f32", "f64", " ", "fixed:q15", "fixed:s16.15", "fixed:w8", "fixed:reckon", "fixed:file"};

static const named inputs[VFY_N_INPUT] = {
    {"Win", "cji"}, {"Wrec", "cjl"}, {"b", "cj"},   {"Wout", "kj"},    {"bout", "k"}, {"B", "jk"},     {"alpha", "j"},
    {"rho", "j"},   {"beta", "j"},   {"alpha_s", "j"}, {"x", "bti"},  {"target", "btk"}, {"mask", "bt"},
    {"z", "btj"},   {"psi", "btj"}, {"L", "btj"}};

static const named quantities[VFY_N_QUANTITY] = {
    {"I", "btcj"},     {"s", "btj"},      {"v", "btj"},  {"a", "btj"},     {"c", "btj"},     {"z", "btj"},
    {"r", "btj"},      {"psi", "btj"},    {"eps_s", "btjm"}, {"eps_v", "btjm"}, {"eps_a", "btjm"}, {"eps_c", "btjm"}, {"e", "btjm"},
    {"ebar", "btjm"},  {"y", "btk"},      {"err", "btk"}, {"E", ""},       {"L", "btj"},     {"dWin", "cji"},
    {"dWrec", "cjl"},  {"db", "cj"},      {"dWout", "kj"}, {"dbout", "k"}, {"dalpha", "j"},  {"drho", "j"},
    {"dbeta", "j"},    {"dalpha_s", "j"}, {"count", "uj"}, {"loss", "u"},     {"Win", "ucji"},   {"Wrec", "ucjl"},
    {"b", "ucj"},      {"Wout", "ukj"},   {"bout", "uk"},  {"B", "ujk"}};

static int index_of(const named *table, int n, const char *s)
{
    for (int i = 0; i < n; i++)
        if (strcmp(table[i].name, s) == 0) return i;
    return -1;
}

const char *vfy_format_name(vfy_format f) { return f < VFY_N_FORMAT ? format_names[f] : "?"; }
const char *vfy_input_name(vfy_input i) { return i < VFY_N_INPUT ? inputs[i].name : "?"; }
const char *vfy_quantity_name(vfy_quantity q) { return q < VFY_N_QUANTITY ? quantities[q].name : "?"; }

bool vfy_format_parse(const char *s, vfy_format *out, char profile[17])
{
    profile[0] = '\0';
    for (int i = 0; i < VFY_FIXED_USER; i++)
        if (i != VFY_I32 && strcmp(format_names[i], s) == 0) {
            *out = (vfy_format)i;
            return true;
        }
    if (strncmp(s, "fixed:", 6) != 0 || strlen(s) != 22 || strspn(s + 6, "0123456789abcdef") != 16) return false;
    memcpy(profile, s + 6, 17);
    *out = VFY_FIXED_USER;
    return true;
}

bool vfy_input_parse(const char *s, vfy_input *out)
{
    int i = index_of(inputs, VFY_N_INPUT, s);
    if (i >= 0) *out = (vfy_input)i;
    return i >= 0;
}

bool vfy_quantity_parse(const char *s, vfy_quantity *out)
{
    int i = index_of(quantities, VFY_N_QUANTITY, s);
    if (i >= 0) *out = (vfy_quantity)i;
    return i >= 0;
}

bool vfy_input_of_model(vfy_input i, ep_model m)
{
    if (i == VFY_IN_GIVEN_Z || i == VFY_IN_GIVEN_PSI) return ep_model_spikes(m);
    if (i < VFY_IN_THETA || i >= VFY_IN_X) return i < VFY_N_INPUT;
    return ep_model_has(m, (ep_theta)(i - VFY_IN_THETA));
}

bool vfy_quantity_of_model(vfy_quantity q, ep_model m)
{
    if (q == VFY_Q_COUNT) return ep_model_spikes(m);
    if (q >= VFY_Q_GRAD + EP_G_THETA && q < VFY_Q_COUNT) {
        int p = (int)q - VFY_Q_GRAD - EP_G_THETA;
        return p < EP_N_THETA && ep_model_has(m, (ep_theta)p);
    }
    switch (q) {
    case VFY_Q_S:
    case VFY_Q_EPS_S: return ep_model_has(m, EP_ALPHA_S);
    case VFY_Q_V:
    case VFY_Q_EPS_V: return m != EP_LSTM;
    case VFY_Q_A:
    case VFY_Q_EPS_A: return ep_model_has(m, EP_RHO);
    case VFY_Q_C:
    case VFY_Q_EPS_C: return m == EP_LSTM;
    case VFY_Q_R:
    case VFY_Q_PSI: return ep_model_spikes(m);
    default: return true;
    }
}

int vfy_trace_columns(const ep_net *net)
{
    int n = ep_model_channels(net->model) * (net->n_in + net->n_rec + 1);
    for (int p = 0; p < EP_N_THETA; p++) n += ep_model_has(net->model, (ep_theta)p);
    return n;
}

static vfy_shape shape_of(const char *axes, const ep_net *net, int T, int B, int U)
{
    vfy_shape s = {0};
    for (; *axes; axes++) {
        int n = 0;
        switch (*axes) {
        case 'b': n = B; break;
        case 't': n = T; break;
        case 'u': n = U; break;
        case 'c': n = ep_model_channels(net->model); break;
        case 'i': n = net->n_in; break;
        case 'k': n = net->n_out; break;
        case 'm': n = vfy_trace_columns(net); break;
        default: n = net->n_rec; break;
        }
        if (n == 1 && (*axes == 'b' || *axes == 'c')) continue;
        s.axis[s.nd] = *axes;
        s.n[s.nd++] = n;
    }
    return s;
}

vfy_shape vfy_input_shape(vfy_input i, const ep_net *net, int T, int B) { return shape_of(inputs[i].axes, net, T, B, 0); }

vfy_shape vfy_quantity_shape(vfy_quantity q, const ep_net *net, int T, int B, int U)
{
    return shape_of(quantities[q].axes, net, T, B, U);
}

size_t vfy_shape_size(const vfy_shape *s)
{
    size_t n = 1;
    for (int d = 0; d < s->nd; d++) {
        if (n > SIZE_MAX / (size_t)s->n[d]) return SIZE_MAX;
        n *= (size_t)s->n[d];
    }
    return n;
}

void vfy_shape_index(const vfy_shape *s, size_t at, int index[VFY_MAX_AXES])
{
    for (int d = s->nd - 1; d >= 0; d--) {
        index[d] = (int)(at % (size_t)s->n[d]) + vfy_axis_from_one(s->axis[d]);
        at /= (size_t)s->n[d];
    }
}

int vfy_shape_step(const vfy_shape *s, size_t at)
{
    int index[VFY_MAX_AXES];
    vfy_shape_index(s, at, index);
    for (int d = 0; d < s->nd; d++)
        if (vfy_axis_from_one(s->axis[d])) return index[d];
    return 0;
}

void vfy_position_text(const char *name, const vfy_shape *s, size_t at, char *buf, size_t n)
{
    int index[VFY_MAX_AXES];
    char text[96];
    vfy_shape_index(s, at, index);
    int len = snprintf(text, sizeof text, "%.24s", name);
    for (int d = 0; d < s->nd && len > 0; d++) len += snprintf(text + len, sizeof text - (size_t)len, "[%d]", index[d]);
    if (n) (void)snprintf(buf, n, "%s", text);
}
