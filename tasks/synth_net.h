/* The synthesiser's products in one number type. The including file defines real, NAME and GEMM.
 *
 *   C [m][n] = beta C + op(A) op(B), rows of A, B, C as they lie
 *
 * SPDX-License-Identifier: MIT */

static void NAME(load)(task_synth *sg)
{
    real *to = sg->par;
    for (size_t k = 0; k < sg->n; k++) to[k] = (real)sg->theta[k];
}

/* out [rows][n] = q + in [rows][m] W^T, W [n][m]. */
static void NAME(layer)(size_t rows, size_t m, size_t n, const real *in, const real *W, const real *q, real *out)
{
    for (size_t r = 0; r < rows; r++) memcpy(out + r * n, q, n * sizeof *out);
    GEMM(CblasNoTrans, CblasTrans, rows, n, m, in, m, W, m, 1, out, n);
}

/* gW [n][m] += D^T in;  gq [n] += D^T 1. */
static void NAME(layer_gradient)(const task_synth *sg, size_t rows, size_t m, size_t n, const real *in, const real *D, real *gW, real *gq)
{
    const real *ones = sg->ones;
    GEMM(CblasTrans, CblasNoTrans, n, m, rows, D, n, in, m, 1, gW, m);
    GEMM(CblasTrans, CblasNoTrans, n, 1, rows, D, n, ones, 1, 1, gq, 1);
}

static void NAME(say)(task_synth *sg, size_t rows, const real *u, real *s)
{
    size_t m = (size_t)sg->n_u, h = (size_t)sg->n_hid, n = (size_t)sg->n_s;
    const real *V = sg->par, *W = V + (h ? h * (m + 1) : 0);
    real *a = sg->a;
    if (h) {
        NAME(layer)(rows, m, h, u, V, V + h * m, a);
        for (size_t k = 0; k < rows * h; k++) a[k] = TANH(a[k]);
    }
    NAME(layer)(rows, h ? h : m, n, h ? a : u, W, W + n * (h ? h : m), s);
}

/* D = s - s*;  dq = D, dW = D a^T;  dp = (1 - a^2) W^T D, dV = dp u^T */
static void NAME(learn)(task_synth *sg, size_t rows, const real *u, const real *target)
{
    size_t m = (size_t)sg->n_u, h = (size_t)sg->n_hid, n = (size_t)sg->n_s, below = h ? h : m, first = h ? h * (m + 1) : 0;
    real *D = sg->d, *a = sg->a, *da = sg->da, *g = sg->part;
    const real *W = (const real *)sg->par + first;
    NAME(say)(sg, rows, u, D);
    for (size_t k = 0; k < rows * n; k++) {
        D[k] -= target[k];
        sg->E += 0.5 * (double)D[k] * (double)D[k];
    }
    memset(g, 0, sg->n * sizeof *g);
    NAME(layer_gradient)(sg, rows, below, n, h ? a : u, D, g + first, g + first + n * below);
    if (h) {
        GEMM(CblasNoTrans, CblasNoTrans, rows, h, n, D, n, W, h, 0, da, h);
        for (size_t k = 0; k < rows * h; k++) da[k] *= 1 - a[k] * a[k];
        NAME(layer_gradient)(sg, rows, m, h, u, da, g, g + h * m);
    }
    for (size_t k = 0; k < sg->n; k++) sg->g[k] += (double)g[k];
    sg->rows += rows;
}
