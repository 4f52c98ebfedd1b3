/* option.c: the conventions by text.
 * SPDX-License-Identifier: MIT */
#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eprop.h"

/* Order of rows, of enum opt_id and of the columns in reference/PRESETS.md: the same. */
enum opt_id {
    O_G_IN, O_G_A, O_G_OUT, O_GAIN_DIFF, O_PSI_WIDTH, O_DZ_DA, O_PSI_SCALE, O_PSI_SHAPE, O_SPIKE_TEST, O_SPIKE_FROM,
    O_REF_COUNT, O_RESET, O_ADAPT_SOURCE, O_PSI_REFRACTORY, O_RESET_PATH, O_LOSS_NORM, O_PHI, O_DELAY, O_DELAY_L,
    N_OPTION
};

#define NUMBER "<number>"
#define INTEGER "<integer>"

static const ep_option_row rows[N_OPTION] = {
    {"g_in", {"1", "1-alpha", NUMBER}, "gain of the input current in v"},
    {"g_a", {"1", "1-rho", NUMBER}, "gain of the spike in the adaptation a"},
    {"g_out", {"1", "1-kappa", NUMBER}, "gain of the readout"},
    {"gain_diff", {"no", "yes"}, "gains 1-alpha and 1-rho count in dE/dalpha and dE/drho"},
    {"psi_width", {"v_th", "A"}, "psi is scaled by v_th, or by A = v_th + beta a"},
    {"dz_da", {"psi", "autograd"}, "dz/da = -beta psi, or -beta psi v/A"},
    {"psi_scale", {"gamma/v_th", "gamma"}, "height of psi; with psi_width A, A stands for v_th"},
    {"psi_shape", {"triangle", "fast-sigmoid", "exponential", "arctan"}, "shape of psi over u"},
    {"spike_test", {">", ">="}, "v against the threshold"},
    {"spike_from", {"new", "old"}, "z^t is decided from v^t, or from v^{t-1}"},
    {"ref_count", {"n", "n+1"}, "shortest inter-spike interval: n_ref, or n_ref + 1 steps"},
    {"reset", {"v_th-next", "A-next", "v_th-same"}, "what a spike subtracts from v, and when"},
    {"adapt_source", {"z", "z-unmasked", "rho-sum"}, "a is driven by z, z without refractoriness, or rho (a + z)"},
    {"psi_refractory", {"zero", "unmasked"}, "psi while refractory"},
    {"reset_path", {"transmitted", "local", "detached"}, "the reset's gradient is part of L, of the trace, or cut"},
    {"loss_norm", {"sum", "steps", "batch", "both"}, "E is summed, or averaged over steps, batch or both"},
    {"phi", {"tanh", "identity"}, "output nonlinearity of the LSTM"},
    {"delay", {INTEGER}, "transmission delay of recurrent synapses in steps, >= 1"},
    {"delay_L", {INTEGER}, "e-prop 1: steps by which the learning signal arrives late, >= 0"},
};

size_t ep_option_count(void) { return N_OPTION; }

const ep_option_row *ep_option_at(size_t n) { return n < N_OPTION ? &rows[n] : NULL; }

static int row_of(const char *name)
{
    for (int i = 0; name && i < N_OPTION; i++)
        if (strcmp(rows[i].name, name) == 0) return i;
    return N_OPTION;
}

static int value_of(const ep_option_row *row, const char *value)
{
    for (int i = 0; row->values[i]; i++)
        if (strcmp(row->values[i], value) == 0) return i;
    return -1;
}

/* A finite decimal or hexadecimal number, nothing before or behind it. */
static bool number_parse(const char *s, double *out)
{
    char *end;
    if (!strchr("+-.0123456789", *s) || *s == '\0') return false;
    double v = strtod(s, &end);
    if (*end || !isfinite(v)) return false;
    *out = v;
    return true;
}

static bool integer_parse(const char *s, int min, int *out)
{
    char *end;
    if (!strchr("0123456789", *s) || *s == '\0') return false;
    long v = strtol(s, &end, 10);
    if (*end || v < min || v > EP_MAX_DIM) return false;
    *out = (int)v;
    return true;
}

static bool gain_set(ep_gain *kind, double *number, int row, const char *value)
{
    int i = value_of(&rows[row], value);
    if (i == EP_GAIN_ONE || i == EP_GAIN_COMPLEMENT) {
        *kind = (ep_gain)i;
        *number = 0;
        return true;
    }
    if (!number_parse(value, number)) return false;
    *kind = EP_GAIN_VALUE;
    return true;
}

static void choice_set(ep_options *o, int row, int i)
{
    switch (row) {
    case O_GAIN_DIFF: o->gain_differentiated = i == 1; break;
    case O_PSI_WIDTH: o->psi_width = (ep_psi_width)i; break;
    case O_DZ_DA: o->dz_da = (ep_dz_da)i; break;
    case O_PSI_SCALE: o->psi_scale = (ep_psi_scale)i; break;
    case O_PSI_SHAPE: o->psi_shape = (ep_psi_shape)i; break;
    case O_SPIKE_TEST: o->spike_test = (ep_spike_test)i; break;
    case O_SPIKE_FROM: o->spike_from = (ep_spike_from)i; break;
    case O_REF_COUNT: o->ref_count = (ep_ref_count)i; break;
    case O_RESET: o->reset = (ep_reset)i; break;
    case O_ADAPT_SOURCE: o->adapt_source = (ep_adapt_source)i; break;
    case O_PSI_REFRACTORY: o->psi_refractory = (ep_psi_refractory)i; break;
    case O_RESET_PATH: o->reset_path = (ep_reset_path)i; break;
    case O_LOSS_NORM: o->loss_norm = (ep_loss_norm)i; break;
    case O_PHI: o->phi = (ep_phi)i; break;
    default: assert(false);
    }
}

static int choice_get(const ep_options *o, int row)
{
    switch (row) {
    case O_GAIN_DIFF: return o->gain_differentiated;
    case O_PSI_WIDTH: return (int)o->psi_width;
    case O_DZ_DA: return (int)o->dz_da;
    case O_PSI_SCALE: return (int)o->psi_scale;
    case O_PSI_SHAPE: return (int)o->psi_shape;
    case O_SPIKE_TEST: return (int)o->spike_test;
    case O_SPIKE_FROM: return (int)o->spike_from;
    case O_REF_COUNT: return (int)o->ref_count;
    case O_RESET: return (int)o->reset;
    case O_ADAPT_SOURCE: return (int)o->adapt_source;
    case O_PSI_REFRACTORY: return (int)o->psi_refractory;
    case O_RESET_PATH: return (int)o->reset_path;
    case O_LOSS_NORM: return (int)o->loss_norm;
    case O_PHI: return (int)o->phi;
    default: return -1;
    }
}

bool ep_option_set(ep_options *o, const char *name, const char *value)
{
    int row = row_of(name);
    if (row == N_OPTION || !value) return false;
    switch (row) {
    case O_G_IN: return gain_set(&o->g_in, &o->g_in_value, row, value);
    case O_G_A: return gain_set(&o->g_a, &o->g_a_value, row, value);
    case O_G_OUT: return gain_set(&o->g_out, &o->g_out_value, row, value);
    case O_DELAY: return integer_parse(value, 1, &o->delay);
    case O_DELAY_L: return integer_parse(value, 0, &o->delay_L);
    default: break;
    }
    int i = value_of(&rows[row], value);
    if (i >= 0) choice_set(o, row, i);
    return i >= 0;
}

static bool put(char *buf, size_t n, const char *text)
{
    int len = snprintf(buf, n, "%s", text);
    return len >= 0 && (size_t)len < n;
}

static bool gain_get(ep_gain kind, double number, int row, char *buf, size_t n)
{
    if (kind == EP_GAIN_ONE || kind == EP_GAIN_COMPLEMENT) return put(buf, n, rows[row].values[kind]);
    char text[32];
    snprintf(text, sizeof text, "%.17g", number);
    /* "1" is taken by EP_GAIN_ONE. */
    return kind == EP_GAIN_VALUE && put(buf, n, strcmp(text, "1") == 0 ? "1.0" : text);
}

bool ep_option_get(const ep_options *o, const char *name, char *buf, size_t n)
{
    int row = row_of(name);
    char text[32];
    switch (row) {
    case N_OPTION: return false;
    case O_G_IN: return gain_get(o->g_in, o->g_in_value, row, buf, n);
    case O_G_A: return gain_get(o->g_a, o->g_a_value, row, buf, n);
    case O_G_OUT: return gain_get(o->g_out, o->g_out_value, row, buf, n);
    case O_DELAY:
    case O_DELAY_L:
        snprintf(text, sizeof text, "%d", row == O_DELAY ? o->delay : o->delay_L);
        return put(buf, n, text);
    default: break;
    }
    int i = choice_get(o, row), count = 0;
    while (rows[row].values[count]) count++;
    return i >= 0 && i < count && put(buf, n, rows[row].values[i]);
}
