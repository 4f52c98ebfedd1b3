/* The tape against networks worked by hand.
 *
 * The two-neuron case. T = 5, d = 2, n_ref = 3, v_th = 1, gamma/v_th = 1/2, alpha = 1/2, rho = 1/4, beta = 1/2,
 * g_in = 1/2, g_a = 1/4, g_out = 1/2, kappa = 1/2; Win = (3, 1), Wrec_01 = 1, Wrec_10 = 2, Wout = (1, 2), biases 0;
 * x = 1, 0, 1, 0, 0; only step 5 has m = 1, with target 1/32; c_reg = 25/16, f* = 0.
 *
 *   t   v_0    a_0    A_0     psi_0     z_0          v_1    a_1   psi_1  z_1
 *   1   3/2    0      1       1/4       1            1/2    0     1/4    0
 *   2   -1/4   1/4    9/8     0 (refr)  0            1/4    0     1/8    0
 *   3   11/8   1/16   33/32   0 (refr)  0 held back  13/8   0     3/16   1
 *   4   11/16  1/64   129/128 87/256    0            -3/16  1/4   0      0
 *   5   27/32  1/256  513/512 431/1024  0            -3/32  1/16  0      0
 *
 * (v_0^3 = -1/8 + 3/2, v_1^3 = 1/8 + (1 + 2)/2, v_0^5 = 11/32 + Wrec_01 z_1^3/2.)
 * y = 1/2, 1/4, 9/8, 9/16, 9/32; err^5 = 9/32 - 1/32 = 1/4; dy^t = 2^-(7-t). fbar = 1/5 each, so every z carries
 * c_reg fbar/(T B) = 1/16. E = 1/32 + 25/32 (1/25 + 1/25) = 3/32. Backward, with L, dz, dv, da as the specification
 * writes them:
 *
 *   5,0: L = 1/8 + 1/16 = 3/16 = dz;  dv = 431/1024 3/16 = 1293/16384;  da = -1293/32768
 *   5,1: L = 5/16;  psi = 0: dv = da = 0
 *   4,0: L = 1/16 + 1/16 - 1293/16384 = 755/16384;  dz = L + da^5/4 = 4747/131072
 *        dv = 87/256 dz + dv^5/2 = 1737021/33554432;  da = -87/512 dz + da^5/4 = -1075005/67108864
 *   4,1: dv = da = 0
 *   3,0: psi = 0: dv = dv^4/2 = 1737021/67108864;  da = da^4/4
 *   3,1: L = 1/16 + 1/16 + Wrec_01 dv_0^5/2 = 5389/32768 = dz;  dv = 3/16 dz = 16167/524288;  da = -16167/1048576
 *   2,0: psi = 0: dv = 1737021/134217728
 *   2,1: L = 1/32 + 1/16 + dv_0^4/2 - dv_1^3 = 5959101/67108864;  dz = L + da^3/4 = 5700429/67108864
 *        dv = dz/8 + dv^3/2 = 13977933/536870912
 *   1,0: L = 1/128 + 1/16 + Wrec_10 dv_1^3/2 - dv_0^2 = 11838915/134217728;  dz = L + da^2/4 = 377770275/4294967296
 *        dv = dz/4 + dv^2/2 = 488939619/17179869184
 *   1,1: L = 1/64 + 1/16 + dv_0^3/2 - dv_1^2 = 34913191/536870912;  dz = 269466347/4294967296
 *        dv = dz/4 + dv^2/2 = 493113275/17179869184
 *
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <string.h>

#include "tape.h"
#include "test/run.h"

typedef struct hand {
    ref_ctx c;
    ref_net n;
    ref_grad g;
} hand;

static ref_num *list(ref_ctx *c, size_t n, const double *v)
{
    ref_num *r = ref_vec(c, n);
    for (size_t k = 0; k < n; k++) ref_set_d(c, &r[k], v[k]);
    return r;
}
#define LIST(c, ...) list((c), sizeof((double[]){__VA_ARGS__}) / sizeof(double), (double[]){__VA_ARGS__})

static void room(hand *h)
{
    const ref_net *n = &h->n;
    size_t N = (size_t)n->n_rec, K = (size_t)n->n_out;
    size_t size[EP_N_GROUP] = {N * (size_t)n->n_in, N * N, N, K * N, K};
    for (int p = 0; p < EP_N_THETA; p++) size[EP_G_THETA + p] = n->theta[p] ? N : 0;
    for (int k = 0; k < EP_N_GROUP; k++) {
        h->g.n[k] = size[k];
        h->g.g[k] = size[k] ? ref_vec(&h->c, size[k]) : NULL;
    }
}

static void two_neurons(hand *h)
{
    memset(h, 0, sizeof *h);
    ck_assert_int_eq(ref_ctx_init(&h->c, ref_arith_rational(), 0), EP_OK);
    ref_ctx *c = &h->c;
    h->n = (ref_net){.model = EP_ALIF, .opt = {.delay = 2}, .n_in = 1, .n_rec = 2, .n_out = 1, .nc = 1, .nq = 5, .n_ref = 3};
    ref_net *n = &h->n;
    n->Win = LIST(c, 3, 1);
    n->Wrec = LIST(c, 0, 1, 2, 0);
    n->b = LIST(c, 0, 0);
    n->Wout = LIST(c, 1, 2);
    n->bout = LIST(c, 0);
    n->theta[EP_ALPHA] = LIST(c, 0.5, 0.5);
    n->theta[EP_RHO] = LIST(c, 0.25, 0.25);
    n->theta[EP_BETA] = LIST(c, 0.5, 0.5);
    n->g_in = LIST(c, 0.5, 0.5);
    n->g_a = LIST(c, 0.25, 0.25);
    n->g_out = n->kappa = n->psi_scale = LIST(c, 0.5);
    n->v_th = LIST(c, 1);
    room(h);
}

static void equal(const hand *h, ep_group g, size_t k, const char *want)
{
    mpq_t w;
    mpq_init(w);
    mpq_set_str(w, want, 10);
    mpq_canonicalize(w);
    ck_assert_msg(mpq_equal(w, h->g.g[g][k].q), "group %d entry %zu: got %a, by hand %s", (int)g, k, mpq_get_d(h->g.g[g][k].q), want);
    mpq_clear(w);
}

START_TEST(two_neurons_by_hand)
{
    hand h;
    two_neurons(&h);
    const double x[] = {1, 0, 1, 0, 0}, target[] = {0, 0, 0, 0, 1.0 / 32}, m[] = {0, 0, 0, 0, 1};
    ep_batch bt = {.T = 5, .B = 1, .x = x, .target = target, .mask = m, .c_reg = 25.0 / 16};
    ref_tape_args args = {0};
    ref_tape_report rep = {.E = ref_vec(&h.c, 1)};
    ck_assert_int_eq(ref_tape_run(&h.c, &h.n, &bt, NULL, &args, &h.g, &rep), EP_OK);
    ck_assert_int_eq(mpq_cmp_si(rep.E->q, 3, 32), 0);
    equal(&h, EP_G_WIN, 0, "933616995/34359738368");  /* (dv_0^1 + dv_0^3)/2 */
    equal(&h, EP_G_WIN, 1, "1022873531/34359738368"); /* (dv_1^1 + dv_1^3)/2 */
    equal(&h, EP_G_WREC, 0, "0");
    equal(&h, EP_G_WREC, 1, "1293/32768");    /* dv_0^5 z_1^3/2 */
    equal(&h, EP_G_WREC, 2, "16167/1048576"); /* dv_1^3 z_0^1/2 */
    equal(&h, EP_G_WREC, 3, "0");
    equal(&h, EP_G_BIAS, 0, "3401119203/34359738368");
    equal(&h, EP_G_BIAS, 1, "1470167387/34359738368");
    equal(&h, EP_G_WOUT, 0, "1/128"); /* dy^1/2 */
    equal(&h, EP_G_WOUT, 1, "1/32");  /* dy^3/2 */
    equal(&h, EP_G_BOUT, 0, "31/128");
    equal(&h, (ep_group)(EP_G_THETA + EP_ALPHA), 0, "37145625/268435456");  /* sum dv^t v^{t-1} */
    equal(&h, (ep_group)(EP_G_THETA + EP_ALPHA), 1, "22255437/1073741824");
    equal(&h, (ep_group)(EP_G_THETA + EP_RHO), 0, "-1406013/536870912");    /* sum da^t a^{t-1} */
    equal(&h, (ep_group)(EP_G_THETA + EP_RHO), 1, "0");
    equal(&h, (ep_group)(EP_G_THETA + EP_BETA), 0, "-1075005/2147483648");  /* -sum psi dz a */
    equal(&h, (ep_group)(EP_G_THETA + EP_BETA), 1, "0");
    ref_ctx_clear(&h.c);
}
END_TEST

/* v = v_th exactly: > stays silent, >= spikes. T = 1, so dE/dWout = g_out (y - y*) z tells. */
START_TEST(ties_follow_the_spike_test)
{
    hand h;
    two_neurons(&h);
    const double x[] = {1}, target[] = {-1};
    ep_batch bt = {.T = 1, .B = 1, .x = x, .target = target};
    ref_set_d(&h.c, &h.n.Win[0], 2); /* v = g_in Win x = 1 */
    ck_assert_int_eq(ref_tape_gradient(&h.c, &h.n, &bt, NULL, 0, &h.g), EP_OK);
    equal(&h, EP_G_WOUT, 0, "0");
    equal(&h, EP_G_WIN, 0, "1/8"); /* err g_out Wout psi g_in x = 1 1/2 1 1/2 1/2 */
    h.n.opt.spike_test = EP_TEST_GE;
    ck_assert_int_eq(ref_tape_gradient(&h.c, &h.n, &bt, NULL, 0, &h.g), EP_OK);
    equal(&h, EP_G_WOUT, 0, "3/4"); /* y = 1/2: err = 3/2 */
    equal(&h, EP_G_WIN, 0, "3/16");
    ref_ctx_clear(&h.c);
}
END_TEST

/* An interval that straddles the threshold decides nothing, and says where. */
START_TEST(undecided_spike)
{
    hand h = {0};
    ck_assert_int_eq(ref_ctx_init(&h.c, ref_arith_mpfi(), 24), EP_OK);
    ref_ctx *c = &h.c;
    h.n = (ref_net){.model = EP_LIF, .opt = {.delay = 1}, .n_in = 1, .n_rec = 1, .n_out = 1, .nc = 1, .nq = 5};
    ref_net *n = &h.n;
    n->Win = LIST(c, 3);
    n->b = LIST(c, 0);
    ref_div(c, n->b, &c->one, n->Win); /* an enclosure of 1/3, times 3: one of 1 = v_th */
    n->Wrec = LIST(c, 0);
    n->Wout = n->bout = LIST(c, 1);
    n->theta[EP_ALPHA] = n->g_out = n->kappa = n->psi_scale = LIST(c, 0.5);
    n->g_in = LIST(c, 3);
    n->v_th = LIST(c, 1);
    room(&h);
    const double x[] = {0, 0}, target[] = {0, 0};
    ep_batch bt = {.T = 2, .B = 1, .x = x, .target = target};
    ref_tape_args args = {0};
    ref_tape_report rep = {.t = -1};
    ck_assert_int_eq(ref_tape_run(c, n, &bt, NULL, &args, &h.g, &rep), EP_UNABLE);
    ck_assert(!rep.spike_mismatch);
    ck_assert_int_eq(rep.t, 1);
    ck_assert_int_eq(rep.j, 0);
    ref_ctx_clear(c);
}
END_TEST

/* Logits of 1000 and 0 in binary64: E = 1000, dE/dbout = p - p* = (1, -1), no overflow. T = 1, g_out = 1. */
START_TEST(large_logits)
{
    hand h = {0};
    ck_assert_int_eq(ref_ctx_init(&h.c, ref_arith_binary64(), 53), EP_OK);
    ref_ctx *c = &h.c;
    h.n = (ref_net){.model = EP_RATE, .opt = {.delay = 1}, .n_in = 1, .n_rec = 1, .n_out = 2, .nc = 1, .nq = 5};
    ref_net *n = &h.n;
    n->Win = n->Wrec = n->b = LIST(c, 0);
    n->Wout = LIST(c, 0, 0);
    n->bout = LIST(c, 1000, 0);
    n->theta[EP_ALPHA] = n->kappa = LIST(c, 0.5);
    n->g_in = n->g_out = n->v_th = n->psi_scale = LIST(c, 1);
    room(&h);
    const double x[] = {0}, target[] = {0, 1};
    ep_batch bt = {.T = 1, .B = 1, .x = x, .target = target, .loss = EP_CLASSIFICATION};
    ref_tape_args args = {0};
    ref_tape_report rep = {.E = ref_vec(c, 1)};
    ck_assert_int_eq(ref_tape_run(c, n, &bt, NULL, &args, &h.g, &rep), EP_OK);
    ck_assert_msg(rep.E->d == 1000, "%a", rep.E->d);
    ck_assert_msg(h.g.g[EP_G_BOUT][0].d == 1 && h.g.g[EP_G_BOUT][1].d == -1, "%a %a", h.g.g[EP_G_BOUT][0].d, h.g.g[EP_G_BOUT][1].d);
    ref_ctx_clear(c);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tape_hand");
    TCase *tc = tcase_create("hand");
    tcase_add_test(tc, two_neurons_by_hand);
    tcase_add_test(tc, ties_follow_the_spike_test);
    tcase_add_test(tc, undecided_spike);
    tcase_add_test(tc, large_logits);
    suite_add_tcase(s, tc);
    return test_run(s);
}
