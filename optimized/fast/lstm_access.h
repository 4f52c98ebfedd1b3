/* Named quantities of the fast path for LSTM and rate units.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSTM_ACCESS_H
#define OPT_FAST_LSTM_ACCESS_H

#include "lstm_chunk.h"

/* A quantity in slots: `width` numbers a row of ld, `ahead` slots later. */
typedef struct field {
    real *base;
    size_t ld, ahead, width;
} field;

static field field_of(const state *s, int quantity)
{
    bool lstm = s->cell == 0;
    switch (quantity) {
    case OPT_C: return (field){lstm ? s->h : NULL, s->np, 0, lstm ? s->n_rec : 0};
    case OPT_V: return (field){lstm ? NULL : s->h, s->np, 0, lstm ? 0 : s->n_rec};
    case OPT_Z: return (field){s->u, s->ldu, s->d, s->n_rec};
    case OPT_Y: return (field){s->y, s->ldy, 0, s->n_out};
    case OPT_ERR: return (field){s->err, s->ldy, 0, s->n_out};
    default: return (field){.base = NULL};
    }
}

static size_t width_of(const state *s, int quantity)
{
    return quantity == OPT_GATES && s->cell == 0 ? s->n_rec * 5 : field_of(s, quantity).width;
}

static int group_of(int quantity, int first)
{
    int g = quantity - first;
    return g >= 0 && g < (int)EP_N_GROUP ? g : -1;
}

static size_t count_of(const state *s, int quantity)
{
    int g;
    size_t n = s->n_rec, B = (size_t)s->cfg.B;
    if (quantity & OPT_ALL_BIT) {
        bool one = s->streams && s->cfg.T == 0, whole = s->base == 0 && s->start == 0 && s->t == s->T_all;
        return one || whole ? s->nb * (size_t)(s->t - s->start) * width_of(s, quantity & ~OPT_ALL_BIT) : 0;
    }
    if ((g = group_of(quantity, OPT_PARAM_0)) >= 0 || (g = group_of(quantity, OPT_GRAD_0)) >= 0) return s->size[g];
    switch (quantity) {
    case OPT_FEEDBACK: return n * s->n_out;
    case OPT_Z_PAST: return B * s->d * n;
    case OPT_FBAR: return n;
    case OPT_LOSS: return 1;
    case OPT_L: return s->chunks ? B * n : 0;
    case OPT_ZBAR: return s->chunks ? B * (n + 1) : 0;
    default: return B * width_of(s, quantity);
    }
}

/* Number k of a quantity at step t; trial b = k / width. */
static real *place_in_slots(const state *s, field f, uint64_t t, size_t k)
{
    return row(s, f.base, t + f.ahead, k / f.width, f.ld) + k % f.width;
}

/* Where number k lies; NULL: it is computed. */
static real *place_of(const state *s, int quantity, size_t k)
{
    int g;
    size_t n = s->n_rec;
    field f = field_of(s, quantity);
    if (f.base) return place_in_slots(s, f, s->t, k);
    if ((g = group_of(quantity, OPT_PARAM_0)) >= 0) return s->par + s->first[g] + k;
    switch (quantity) {
    case OPT_FEEDBACK: return s->fb + k;
    case OPT_ZBAR: return s->zbar + k / (n + 1) * (s->np + LSTM_PAD) + (k % (n + 1) < n ? k % (n + 1) : s->np);
    case OPT_L: return s->ring + (size_t)(s->t % (s->late + 1)) * s->nb * s->np + k / n * s->np + k % n;
    case OPT_Z_PAST: return row(s, s->u, s->t + s->d - k / n % s->d, k / n / s->d, s->ldu) + k % n;
    default: return NULL;
    }
}

/* i, f, g, o, phi of neuron k / 5. */
static real gate_of(const state *s, uint64_t t, size_t b, size_t k)
{
    if (k % 5 == 4) return row(s, s->phi, t, b, s->np)[k / 5];
    return row(s, s->q, t, b, s->ldq)[k % 5 * s->np + k / 5];
}

static real gradient_entry(const state *s, int g, size_t k)
{
    size_t n = s->n_rec, of = 0, column = n + s->n_in;
    switch (g) {
    case EP_G_WOUT: return (s->chunks ? 1 : s->g_out) * s->Gout[k / n * s->np + k % n];
    case EP_G_BOUT: return (s->chunks ? 1 : s->g_out) * s->gbout[k];
    case EP_G_WIN:
        of = k / s->n_in;
        column = n + k % s->n_in;
        break;
    case EP_G_WREC:
        of = k / n;
        column = k % n;
        if (ep_model_masks_diagonal(s->net.model) && of == column) return 0;
        break;
    case EP_G_BIAS: of = k; break;
    default: {
        real sum = s->galpha[k], R = 0;
        for (size_t b = 0; s->R && b < s->nb; b++) R += s->a_R[b * s->np + k];
        return s->R ? sum + s->regs[k] * R : sum;
    }
    }
    size_t at = (of / n * s->np + of % n) * s->ldg + column;
    return s->R ? s->G[at] + s->regs[of % n] * s->R[at] : s->G[at];
}

/* What is pending enters the gradient: a change of where it is kept, not of what it is. */
static void settle(const opt_state *handle)
{
    state *s = (state *)(uintptr_t)handle;
    if (s->streams && s->e3) {
        uint64_t to = s->pending ? s->start : s->t;
        chunk_flush(s, to, s->live && to - s->flushed <= (uint64_t)s->cfg.window); /* one window of several: more will follow, each by itself */
    }
    if (!s->chunks) return;
    chunk_flush(s, s->learnt ? s->t : s->t - 1, false);
    for (size_t j = 0; s->R && j < s->n_rec; j++) s->regs[j] = reg_signal(s, j);
}

static real computed(const state *s, int quantity, size_t k)
{
    int g = group_of(quantity, OPT_GRAD_0);
    real E = 0;
    if (g >= 0) return gradient_entry(s, g, k);
    if (quantity == OPT_FBAR) return mean_rate(s, k);
    if (quantity == OPT_GATES) return gate_of(s, s->t, k / (s->n_rec * 5), k % (s->n_rec * 5));
    for (size_t b = 0; b < s->nb; b++) E += s->loss[b];
    return s->cfg.c_reg > 0 ? E + reg_loss(s) : E;
}

static void get_all(const state *s, int quantity, real *out)
{
    field f = field_of(s, quantity);
    size_t width = width_of(s, quantity);
    for (size_t b = 0; b < s->nb; b++)
        for (uint64_t t = s->start + 1; t <= s->t; t++, out += width) {
            if (quantity != OPT_GATES) memcpy(out, row(s, f.base, t + f.ahead, b, f.ld), width * sizeof *out);
            for (size_t k = 0; quantity == OPT_GATES && k < width; k++) out[k] = gate_of(s, t, b, k);
        }
}

/* Is v allowed as entry k of a parameter group? */
static bool in_range(const state *s, int g, size_t k, real v)
{
    if (!isfinite(v)) return false;
    if (g == EP_G_WREC && ep_model_masks_diagonal(s->net.model) && k / s->n_rec == k % s->n_rec) return v == 0;
    return g < EP_G_THETA || (v >= 0 && v < 1);
}

#endif
