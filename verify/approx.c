/* Distances of approximating rules from BPTT.
 * SPDX-License-Identifier: MIT */
#include "approx.h"

enum { BITS = 128 };

/* Global feedback: every neuron hears the same sum of errors. */
static void make_global(ref_ctx *c, ref_net *net)
{
    size_t n = (size_t)net->n_rec * (size_t)net->n_out;
    net->B = ref_vec(c, n);
    for (size_t i = 0; net->B && i < n; i++) ref_set(c, &net->B[i], &c->one);
}

static ep_status measure(vfy_session *s, const ref_grad *bptt, ep_rule rule, int window, ref_seed seed, vfy_distance *out)
{
    ref_grad g;
    ref_net net = s->net;
    ref_rule_args a = {.rule = rule, .window = window, .seed = seed, .threads = 1};
    *out = (vfy_distance){.rule = rule, .window = window, .seed = seed};
    if (rule == EP_EPROP1_GLOBAL) make_global(&s->c, &net);
    ref_run run = s->run;
    run.net = &net;
    ep_status st = ref_grad_init(&s->c, &s->net, &g);
    if (st == EP_OK) st = ref_gradient(&s->c, &run, &a, &g);
    if (st == EP_OK) vfy_grad_direction(&s->c, &g, bptt, &out->cosine, &out->rel_norm, &out->rel_err);
    return st;
}

static ep_status open_with_bptt(const vfy_case *k, vfy_session *s, ref_grad *bptt)
{
    ref_rule_args exact = {.rule = EP_BPTT, .threads = 1};
    ep_status st = vfy_session_open(k, ref_arith_mpfr(), BITS, 0, 0, s);
    if (st != EP_OK) return st;
    st = ref_grad_init(&s->c, &s->net, bptt);
    if (st == EP_OK) st = ref_gradient(&s->c, &s->run, &exact, bptt);
    if (st != EP_OK) vfy_session_close(s);
    return st;
}

ep_status vfy_measure_distance(const vfy_case *k, ep_rule rule, int window, ref_seed seed, vfy_distance *out)
{
    vfy_session s;
    ref_grad bptt;
    ep_status st = open_with_bptt(k, &s, &bptt);
    if (st != EP_OK) return st;
    st = measure(&s, &bptt, rule, window, seed, out);
    vfy_session_close(&s);
    return st;
}

ep_status vfy_measure_distances(const vfy_case *k, vfy_distance *out, size_t most, size_t *n)
{
    static const ep_rule plain[] = {EP_EPROP1_SYMMETRIC, EP_EPROP1_RANDOM, EP_EPROP1_GLOBAL};
    static const int windows[] = {1, 4, 7, 20};
    vfy_session s;
    ref_grad bptt;
    *n = 0;
    ep_status st = open_with_bptt(k, &s, &bptt);
    if (st != EP_OK) return st;
    for (int r = 0; st == EP_OK && r < 3 && *n < most; r++)
        st = measure(&s, &bptt, plain[r], 0, REF_SEED_NONE, &out[(*n)++]);
    for (int w = 0; st == EP_OK && w < 4; w++) {
        if (*n + 5 > most) break;
        st = measure(&s, &bptt, EP_TBPTT, windows[w], REF_SEED_NONE, &out[(*n)++]);
        for (int seed = REF_SEED_NONE; st == EP_OK && seed <= REF_SEED_ZC; seed++)
            st = measure(&s, &bptt, EP_EPROP3, windows[w], (ref_seed)seed, &out[(*n)++]);
    }
    vfy_session_close(&s);
    return st;
}

ep_status vfy_distance_case(ep_model m, vfy_case *out)
{
    vfy_case_spec s = {.model = m, .n_in = 6, .n_rec = 10, .n_out = 2, .T = 80, .n_ref = 3, .no_reg = true, .seed = 31};
    return vfy_case_make(&s, out);
}
