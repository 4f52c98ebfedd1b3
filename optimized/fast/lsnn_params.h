/* Parameters of the fast LSNN path: in from ep_net or from the caller's arrays, out again, and what derives from them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_LSNN_PARAMS_H
#define OPT_FAST_LSNN_PARAMS_H

#include "lsnn_memory.h"

/* Where a group lies: row r, column c of it at base[r by_row + c by_col]. Base NULL: the group is not here. */
typedef struct matrix {
    real *base;
    size_t rows, cols, by_row, by_col;
} matrix;

/* Parameters lie in W and Wout, gradients likewise in dW and dWout of a slot. */
static matrix matrix_of(const lsnn *s, real *W, real *Wout, int g)
{
    size_t n = s->n_rec;
    switch (g) {
    case EP_G_WIN: return (matrix){W, n, s->n_in, 1, s->np};
    case EP_G_WREC: return (matrix){W + s->n_in * s->np, n, n, 1, s->np};
    case EP_G_BIAS: return (matrix){W + (s->R - 1) * s->np, n, 1, 1, 0};
    case EP_G_WOUT: return (matrix){Wout, s->n_out, n, 1, s->kp};
    case EP_G_BOUT: return (matrix){Wout + n * s->kp, s->n_out, 1, 1, 0};
    case EP_G_THETA + EP_ALPHA: return (matrix){s->alpha, n, 1, 1, 0};
    case EP_G_THETA + EP_RHO: return (matrix){s->has_a ? s->rho : NULL, n, 1, 1, 0};
    case EP_G_THETA + EP_ALPHA_S: return (matrix){s->synaptic ? s->rho : NULL, n, 1, 1, 0}; /* no neuron has both */
    case EP_G_THETA + EP_BETA: return (matrix){s->has_a ? s->beta : NULL, n, 1, 1, 0};
    default: return (matrix){.base = NULL};
    }
}

/* Entry k of a parameter group; NULL: the group is not here. */
static real *parameter(const lsnn *s, int g, size_t k)
{
    matrix m = matrix_of(s, s->W, s->Wout, g);
    return m.base ? m.base + k / m.cols * m.by_row + k % m.cols * m.by_col : NULL;
}

static void matrix_set(const matrix *m, const real *in)
{
    for (size_t r = 0; r < m->rows; r++)
        for (size_t c = 0; c < m->cols; c++) m->base[r * m->by_row + c * m->by_col] = in[r * m->cols + c];
}

static bool in_range(const lsnn *s, int g, size_t k, real v)
{
    if (!isfinite(v)) return false;
    if (g == EP_G_WREC && k / s->n_rec == k % s->n_rec) return v >= 0 && v <= 0;
    return g < EP_G_THETA || g == (int)EP_G_THETA + (int)EP_BETA || (v >= 0 && v < 1);
}

/* F [n_out][np], then Wrec [n_rec][np] by rows of neurons, each in panels of one line of cache: row k of panel p of K
 * rows at (p K + k) width. */
static void pack(lsnn *s)
{
    size_t width = OPT_ALIGN / sizeof(real);
    real *rec = s->packed + s->n_out * s->np;
    for (size_t j = 0; j < s->n_rec; j++) {
        size_t panel = j / width, at = j % width;
        for (size_t k = 0; k < s->n_out; k++) s->packed[(panel * s->n_out + k) * width + at] = s->F[k * s->np + j];
        for (size_t l = 0; l < s->n_rec; l++) rec[(panel * s->n_rec + l) * width + at] = s->W[(s->n_in + j) * s->np + l];
    }
}

static real gain(ep_gain kind, double value, real decay)
{
    return kind == EP_GAIN_VALUE ? (real)value : kind == EP_GAIN_COMPLEMENT ? 1 - decay : 1;
}

static real gain_in(const lsnn *s, size_t j)
{
    return gain(s->net.opt.g_in, s->net.opt.g_in_value, s->synaptic ? s->rho[j] : s->alpha[j]);
}

static real gain_a(const lsnn *s, size_t j) { return gain(s->net.opt.g_a, s->net.opt.g_a_value, s->rho[j]); }

/* Everything that is computed from parameters and options. */
static void derive(lsnn *s)
{
    const ep_options *o = &s->net.opt;
    real one = 1;
    for (size_t j = 0; j < s->n_rec; j++) {
        s->g_in[j] = gain_in(s, j);
        s->g_a[j] = gain_a(s, j);
        s->beta_g[j] = s->beta[j] * s->g_a[j];
        s->back[j] = o->reset_path == EP_RESET_DETACHED ? 0 : s->same_step ? s->alpha[j] * s->v_th : s->v_th;
    }
    s->g_out = gain(o->g_out, o->g_out_value, s->kappa);
    s->scale = o->psi_scale == EP_SCALE_GAMMA ? s->gamma : s->gamma / s->v_th;
    s->inverse_width = one / s->v_th;
    bool symmetric = s->bptt || s->cfg.rule == EP_EPROP1_SYMMETRIC;
    for (size_t k = 0; k < s->n_out; k++)
        for (size_t j = 0; j < s->n_rec; j++)
            s->F[k * s->np + j] = symmetric ? s->Wout[j * s->kp + k] : s->fb[k * s->np + j];
    if (s->bptt) pack(s);
    for (size_t c = 0; s->chunked && c <= s->block; c++)
        for (size_t j = 0; j < s->np; j++)
            s->power[c * s->np + j] = c ? s->power[(c - 1) * s->np + j] * s->alpha[j] : one;
}

/* Does p need a number for each synapse? */
static bool alpha_differs(const lsnn *s)
{
    for (size_t j = 1; j < s->n_rec; j++)
        if (s->alpha[j] < s->alpha[0] || s->alpha[j] > s->alpha[0]) return true;
    return false;
}

/* alpha or rho are new, what derives from them is not yet: the special kernels' p and eps^a, which are kept without g_in and
 * g_a, go over to the new gains, and p to a number for each synapse where neurons begin to differ. */
static void carry_over(lsnn *s)
{
    bool spread = !s->distinct_alpha && alpha_differs(s);
    size_t np = s->np, plane = s->R * np;
    if (!s->chunked || s->general) return;
    for (size_t h = 0; h < s->n_home; h++)
        for (size_t i = s->R; i-- > 0;) {
            real *p = s->p + h * plane + i * np, *a = s->has_a ? s->epsa + h * plane + i * np : NULL, one = s->p[h * plane + i];
            for (size_t j = 0; spread && j < np; j++) p[j] = one;
            if (!spread && !s->distinct_alpha && np) s->p[h * plane + i] *= s->g_in[0] / gain_in(s, 0);
            for (size_t j = 0; (spread || s->distinct_alpha) && j < s->n_rec; j++) p[j] *= s->g_in[j] / gain_in(s, j);
            for (size_t j = 0; a && j < s->n_rec; j++) a[j] *= s->g_a[j] / gain_a(s, j);
        }
    s->distinct_alpha = s->distinct_alpha || spread;
}

static bool load_group(lsnn *s, int g, const double *from)
{
    size_t n = ep_group_size(&s->net, (ep_group)g);
    if (n && !parameter(s, g, 0)) return true;
    for (size_t k = 0; k < n; k++) {
        real v = from ? (real)from[k] : 0;
        if (!in_range(s, g, k, v)) return false;
        *parameter(s, g, k) = v;
    }
    return true;
}

static bool load_all(const opt_config *cfg, lsnn *s)
{
    const ep_net *net = cfg->net;
    const double *from[EP_N_GROUP] = {net->Win, net->Wrec, net->b, net->Wout, net->bout};
    const double constant[] = {net->kappa, net->v_th, net->gamma, cfg->c_reg, cfg->f_target, net->opt.g_in_value,
                               net->opt.g_a_value, net->opt.g_out_value};
    for (int p = 0; p < EP_N_THETA; p++) from[EP_G_THETA + p] = net->theta[p];
    for (int g = 0; g < (int)EP_N_GROUP; g++)
        if (!load_group(s, g, from[g])) return false;
    for (size_t k = 0; k < s->n_out; k++)
        for (size_t j = 0; j < s->n_rec; j++) {
            double b = net->B ? net->B[j * s->n_out + k] : net->Wout ? net->Wout[k * s->n_rec + j] : 0;
            if (!isfinite((real)b)) return false;
            s->fb[k * s->np + j] = (real)b;
        }
    for (size_t k = 0; k < sizeof constant / sizeof *constant; k++)
        if (!isfinite((real)constant[k])) return false;
    s->kappa = (real)net->kappa;
    s->v_th = (real)net->v_th;
    s->gamma = (real)net->gamma;
    if (!(s->kappa < 1) || !(s->v_th > 0) || !isfinite(1 / s->v_th)) return false;
    memcpy(s->beta_last, s->beta, s->np * sizeof(real));
    derive(s);
    return true;
}

#endif
