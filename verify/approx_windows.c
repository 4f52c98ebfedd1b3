/* How far the rules that cut time into windows are from BPTT, window by window.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "approx.h"

static const struct { ep_rule rule; ref_seed seed; } rules[VFY_N_WINDOW_RULE] = {
    {EP_TBPTT, REF_SEED_NONE},   {EP_TBPTT_SG, REF_SEED_C},   {EP_TBPTT_SG, REF_SEED_Z},   {EP_TBPTT_SG, REF_SEED_ZC},
    {EP_EPROP3, REF_SEED_NONE},  {EP_EPROP3_SG, REF_SEED_C},  {EP_EPROP3_SG, REF_SEED_Z},  {EP_EPROP3_SG, REF_SEED_ZC}};

enum { LATE = 8 }; /* errors in the last T/8 steps alone */

/* A memory that outlasts windows: forget gates at 0.88 and more. */
static ep_status make_case(ep_model m, int n_rec, int T, int network, vfy_case *k)
{
    vfy_case_spec s = {.model = m, .n_in = 4, .n_rec = n_rec, .n_out = 2, .T = T, .n_ref = 2, .no_reg = true,
                       .seed = 2000 + (uint64_t)network};
    ep_status st = vfy_case_make(&s, k);
    if (m == EP_LSTM) k->net.b_forget = 2.0;
    return st;
}

static ep_status gradient(const vfy_session *s, ref_ctx *c, const ref_rule_args *a, ref_grad *g)
{
    ep_status st = ref_grad_init(c, &s->net, g);
    return st == EP_OK ? ref_gradient(c, &s->run, a, g) : st;
}

/* One rule in memory of its own, which goes with it. */
static ep_status one_rule(vfy_session *s, const ref_grad *bptt, int rule, int window, int place, vfy_window_row *out)
{
    ref_ctx c;
    ref_grad g;
    ref_rule_args a = {.rule = rules[rule].rule, .window = window, .seed = rules[rule].seed, .threads = 1};
    ep_status st = ref_ctx_fork(&c, &s->c);
    if (st != EP_OK) return st;
    st = gradient(s, &c, &a, &g);
    if (st == EP_OK) vfy_grad_direction(&c, &g, bptt, &out->cosine[place], &out->rel_norm[place], &out->rel_err[place]);
    ref_ctx_clear(&c);
    return st;
}

/* All rules and windows on one network, errors placed one way. */
static ep_status one_place(const vfy_case *k, int place, vfy_window_row *rows, size_t n)
{
    vfy_session s;
    ref_grad bptt;
    ref_rule_args exact = {.rule = EP_BPTT, .threads = 1};
    ep_status st = vfy_session_open(k, ref_arith_binary64(), 53, 0, 0, &s);
    if (st != EP_OK) return st;
    st = gradient(&s, &s.c, &exact, &bptt);
    for (int g = EP_G_WIN; st == EP_OK && g <= EP_G_BIAS; g++)
        if (!(vfy_group_scale(&s.c, &bptt, g) > 0.0)) st = EP_UNABLE; /* nothing to be far from */
    for (size_t i = 0; st == EP_OK && i < n; i++)
        st = one_rule(&s, &bptt, (int)(i % VFY_N_WINDOW_RULE), rows[i].window, place, &rows[i]);
    vfy_session_close(&s);
    return st;
}

size_t vfy_window_lengths(int T, int *out, size_t most)
{
    size_t n = 0;
    for (int w = 1; w <= T && n < most; w++)
        if (T % w == 0) out[n++] = w;
    return n;
}

ep_status vfy_window_distances(ep_model m, int n_rec, int T, int network, vfy_window_row *out, size_t most, size_t *n)
{
    int length[VFY_MOST_WINDOWS];
    size_t lengths = vfy_window_lengths(T, length, VFY_MOST_WINDOWS), rows = lengths * VFY_N_WINDOW_RULE;
    vfy_case k;
    *n = 0;
    if (m == EP_RATE) return EP_NOTIMPL;
    if (T < LATE || rows > most) return EP_DOMAIN;
    for (size_t i = 0; i < rows; i++)
        out[i] = (vfy_window_row){.rule = rules[i % VFY_N_WINDOW_RULE].rule, .seed = rules[i % VFY_N_WINDOW_RULE].seed,
                                  .window = length[i / VFY_N_WINDOW_RULE], .network = network};
    double *late = calloc((size_t)T, sizeof *late);
    ep_status st = make_case(m, n_rec, T, network, &k);
    if (!late) st = EP_NOMEM;
    if (st == EP_OK) st = one_place(&k, VFY_EVERY_STEP, out, rows);
    for (int t = T - T / LATE; st == EP_OK && t < T; t++) late[t] = 1.0;
    k.batch.mask = late;
    if (st == EP_OK) st = one_place(&k, VFY_AT_THE_END, out, rows);
    free(late);
    vfy_case_free(&k);
    if (st == EP_OK) *n = rows;
    return st;
}
