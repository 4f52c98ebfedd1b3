/* check.c: every stated range of a network and a batch, with a message that says what was found and expected.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "eprop.h"

typedef struct complaint {
    char *why;
    size_t n;
} complaint;

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static ep_status
complain(complaint c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (c.why && c.n) (void)vsnprintf(c.why, c.n, format, args);
    va_end(args);
    return EP_DOMAIN;
}

typedef enum range { FINITE, NOT_NEGATIVE, POSITIVE, DECAY } range;
static const char *const range_text[] = {"a finite number", "a finite number >= 0", "a finite number > 0",
                                         "a decay in [0, 1)"};

static bool in_range(double v, range r)
{
    if (!isfinite(v)) return false;
    switch (r) {
    case NOT_NEGATIVE: return v >= 0;
    case POSITIVE: return v > 0;
    case DECAY: return v >= 0 && v < 1;
    default: return true;
    }
}

static ep_status check_scalar(complaint c, const char *name, double v, range r)
{
    return in_range(v, r) ? EP_OK : complain(c, "%s = %.17g: expected %s", name, v, range_text[r]);
}

static ep_status check_size(complaint c, const char *name, int v)
{
    if (v >= 1 && v <= EP_MAX_DIM) return EP_OK;
    return complain(c, "%s = %d: expected 1 to %d", name, v, EP_MAX_DIM);
}

/* Extents of an array; axis `one` counts from 1 in messages (time), -1 = none. */
typedef struct shape {
    int nd, n[3], one;
} shape;

static void put_index(char *buf, size_t size, const shape *s, size_t at)
{
    size_t index[3] = {0};
    for (int a = s->nd - 1; a >= 0; a--) {
        index[a] = at % (size_t)s->n[a] + (a == s->one);
        at /= (size_t)s->n[a];
    }
    size_t len = 0;
    for (int a = 0; a < s->nd; a++) len += (size_t)snprintf(buf + len, size - len, "[%zu]", index[a]);
}

static ep_status check_array(complaint c, const char *name, const double *a, shape s, range r)
{
    size_t n = 1;
    for (int d = 0; d < s.nd; d++) n *= (size_t)s.n[d];
    for (size_t i = 0; a && i < n; i++) {
        if (in_range(a[i], r)) continue;
        char where[80];
        put_index(where, sizeof where, &s, i);
        return complain(c, "%s%s = %.17g: expected %s", name, where, a[i], range_text[r]);
    }
    return EP_OK;
}

static ep_status check_options(complaint c, const ep_options *o, ep_model m)
{
    char text[32];
    const struct {
        const char *name;
        ep_gain kind;
        double value;
    } gain[] = {{"g_in", o->g_in, o->g_in_value}, {"g_a", o->g_a, o->g_a_value}, {"g_out", o->g_out, o->g_out_value}};
    for (size_t i = 0; i < 3; i++)
        if (gain[i].kind == EP_GAIN_VALUE) {
            ep_status s = check_scalar(c, gain[i].name, gain[i].value, FINITE);
            if (s) return s;
        }
    if (o->delay < 1 || o->delay > EP_MAX_DIM)
        return complain(c, "delay = %d: expected 1 to %d", o->delay, EP_MAX_DIM);
    if (o->delay_L < 0 || o->delay_L > EP_MAX_DIM)
        return complain(c, "delay_L = %d: expected 0 to %d", o->delay_L, EP_MAX_DIM);
    if (m == EP_LSTM && o->delay != 1) return complain(c, "delay = %d: expected 1 for model lstm", o->delay);
    for (size_t i = 0; i < ep_option_count(); i++) {
        const char *name = ep_option_at(i)->name;
        if (!ep_option_get(o, name, text, sizeof text)) return complain(c, "option %s: not one of its values", name);
    }
    return EP_OK;
}

static ep_status check_scalars(complaint c, const ep_net *net)
{
    bool spikes = ep_model_spikes(net->model);
    ep_status s;
    if ((s = check_scalar(c, "kappa", net->kappa, DECAY))) return s;
    if ((s = check_scalar(c, "v_th", net->v_th, spikes ? POSITIVE : FINITE))) return s;
    if ((s = check_scalar(c, "gamma", net->gamma, spikes ? POSITIVE : FINITE))) return s;
    if ((s = check_scalar(c, "b_forget", net->b_forget, FINITE))) return s;
    if (net->n_ref < 0 || net->n_ref > EP_MAX_DIM)
        return complain(c, "n_ref = %d: expected 0 to %d", net->n_ref, EP_MAX_DIM);
    return EP_OK;
}

static ep_status check_arrays(complaint c, const ep_net *net)
{
    int nc = ep_model_channels(net->model), rec = net->n_rec;
    bool many = nc > 1;
    const shape in = {many ? 3 : 2, {many ? nc : rec, many ? rec : net->n_in, net->n_in}, -1};
    const shape ww = {many ? 3 : 2, {many ? nc : rec, rec, rec}, -1};
    const shape bias = {many ? 2 : 1, {many ? nc : rec, rec, 1}, -1};
    ep_status s;
    if ((s = check_array(c, "Win", net->Win, in, FINITE))) return s;
    if ((s = check_array(c, "Wrec", net->Wrec, ww, FINITE))) return s;
    if ((s = check_array(c, "b", net->b, bias, FINITE))) return s;
    if ((s = check_array(c, "Wout", net->Wout, (shape){2, {net->n_out, rec, 1}, -1}, FINITE))) return s;
    if ((s = check_array(c, "bout", net->bout, (shape){1, {net->n_out, 1, 1}, -1}, FINITE))) return s;
    if ((s = check_array(c, "B", net->B, (shape){2, {rec, net->n_out, 1}, -1}, FINITE))) return s;
    for (int p = 0; p < EP_N_THETA; p++) {
        if (!ep_model_has(net->model, (ep_theta)p)) continue;
        range r = p == EP_BETA ? FINITE : DECAY;
        if ((s = check_array(c, ep_theta_name((ep_theta)p), net->theta[p], (shape){1, {rec, 1, 1}, -1}, r))) return s;
    }
    if (!ep_model_masks_diagonal(net->model) || !net->Wrec) return EP_OK;
    for (size_t j = 0, n = (size_t)rec; j < n; j++)
        if (net->Wrec[j * n + j] != 0)
            return complain(c, "Wrec[%zu][%zu] = %.17g: expected 0 (no self-connections)", j, j, net->Wrec[j * n + j]);
    return EP_OK;
}

ep_status ep_net_check(const ep_net *net, char *why, size_t n)
{
    complaint c = {why, n};
    ep_status s;
    if ((int)net->model < 0 || net->model >= EP_N_MODEL)
        return complain(c, "model = %d: expected 0 to %d", (int)net->model, EP_N_MODEL - 1);
    if ((s = check_size(c, "n_in", net->n_in))) return s;
    if ((s = check_size(c, "n_rec", net->n_rec))) return s;
    if ((s = check_size(c, "n_out", net->n_out))) return s;
    if ((s = check_options(c, &net->opt, net->model))) return s;
    if ((s = check_scalars(c, net))) return s;
    return check_arrays(c, net);
}

ep_status ep_batch_check(const ep_net *net, const ep_batch *b, char *why, size_t n)
{
    complaint c = {why, n};
    ep_status s;
    if ((int)b->loss < 0 || b->loss >= EP_N_LOSS)
        return complain(c, "loss = %d: expected 0 to %d", (int)b->loss, EP_N_LOSS - 1);
    if ((s = check_size(c, "T", b->T))) return s;
    if ((s = check_size(c, "B", b->B))) return s;
    if ((s = check_scalar(c, "c_reg", b->c_reg, NOT_NEGATIVE))) return s;
    if ((s = check_scalar(c, "f_target", b->f_target, FINITE))) return s;
    range target = b->loss == EP_CLASSIFICATION ? NOT_NEGATIVE : FINITE;
    if ((s = check_array(c, "x", b->x, (shape){3, {b->B, b->T, net->n_in}, 1}, FINITE))) return s;
    if ((s = check_array(c, "target", b->target, (shape){3, {b->B, b->T, net->n_out}, 1}, target))) return s;
    return check_array(c, "mask", b->mask, (shape){2, {b->B, b->T, 1}, 1}, NOT_NEGATIVE);
}
