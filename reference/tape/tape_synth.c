/* The synthesiser and its loss, written on the tape.
 * SPDX-License-Identifier: MIT */
#include "tape.h"

/* One layer of `rows` outputs: products with `fan` inputs, plus offsets; *theta moves behind it. */
static void affine(ref_tape *t, ref_var **theta, int rows, int fan, const ref_var *in, ref_var *out)
{
    const ref_var *matrix = *theta, *offset = matrix + (size_t)rows * (size_t)fan;
    for (int r = 0; r < rows; r++)
        out[r] = ref_tape_add(t, ref_tape_dot(t, (size_t)fan, matrix + (size_t)r * (size_t)fan, in), offset[r]);
    *theta += (size_t)rows * (size_t)fan + (size_t)rows;
}

static ref_var *vars(ref_ctx *c, size_t n) { return ref_bytes(c, n * sizeof(ref_var)); }

/* Records s and E_sg; theta are leaves already. */
static ref_var record(ref_tape *t, const ref_synth *sg, const ref_num *u, const ref_num *a, const ref_num *target,
                      ref_var *theta, ref_var *in, ref_var *hid, ref_var *out)
{
    ref_num *half = ref_tape_num(t);
    ref_var E = ref_tape_constant(t, NULL);
    ref_set_d(t->c, half, 0.5);
    for (int i = 0; i < sg->n_u; i++) in[i] = ref_tape_constant(t, &u[i]);
    if (sg->n_hid) affine(t, &theta, sg->n_hid, sg->n_u, in, hid);
    for (int l = 0; l < sg->n_hid; l++) hid[l] = ref_tape_tanh(t, hid[l], t->c->ar->symbolic ? &a[l] : NULL);
    affine(t, &theta, sg->n_s, sg->n_hid ? sg->n_hid : sg->n_u, sg->n_hid ? hid : in, out);
    for (int k = 0; target && k < sg->n_s; k++) {
        ref_var D = ref_tape_sub(t, out[k], ref_tape_constant(t, &target[k]));
        E = ref_tape_add(t, E, ref_tape_scale(t, ref_tape_mul(t, D, D), half));
    }
    return E;
}

ep_status ref_tape_synth(ref_ctx *c, const ref_synth *sg, const ref_num *u, const ref_num *a, const ref_num *target,
                         ref_num *s, ref_num *g)
{
    ref_ctx scratch;
    ref_tape t;
    ep_status st = ref_ctx_fork(&scratch, c);
    if (st != EP_OK) return st;
    st = ref_tape_init(&scratch, &t);
    if (st != EP_OK) {
        ref_ctx_clear(&scratch);
        return st;
    }
    ref_var *theta = vars(&scratch, sg->n), *in = vars(&scratch, (size_t)sg->n_u), *hid = vars(&scratch, (size_t)sg->n_hid);
    ref_var *out = vars(&scratch, (size_t)sg->n_s);
    if (theta && in && hid && out) {
        for (size_t i = 0; i < sg->n; i++) theta[i] = ref_tape_leaf(&t, &sg->theta[i]);
        ref_var E = record(&t, sg, u, a, target, theta, in, hid, out);
        st = ref_tape_seed(&t, E, NULL);
        if (st == EP_OK) st = ref_tape_sweep(&t);
        for (int k = 0; st == EP_OK && s && k < sg->n_s; k++) ref_set(c, &s[k], ref_tape_value(&t, out[k]));
        for (size_t i = 0; st == EP_OK && g && i < sg->n; i++) ref_addmul(c, &g[i], c->unit, ref_tape_adjoint(&t, theta[i]));
    } else st = scratch.status;
    ref_tape_clear(&t);
    ref_ctx_clear(&scratch);
    return st;
}
