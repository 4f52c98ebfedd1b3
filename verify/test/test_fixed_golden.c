/* The digests that every machine must reach: by the core here, and by the slow model, which knows nothing of the core.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdio.h>

#include "fixed.h"
#include "fixed_golden.h"
#include "test/run.h"

static uint64_t memory[G_MEMORY / 8];
static golden g;

START_TEST(test_core_digest)
{
    uint64_t d = golden_run(_i, &g, memory);
    ck_assert_msg(d == golden_digest[_i], "case %d: 0x%016llx", _i, (unsigned long long)d);
}
END_TEST

static void widen(int64_t *to, const int32_t *from, int n)
{
    for (int k = 0; k < n; k++) to[k] = from[k];
}

static ref_fixed *model_of(const fix_config *c, const char *profile)
{
    static int64_t rho[G_REC], beta[G_REC], W[G_REC * G_M], WO[G_OUT * (G_REC + 1)], FB[G_REC * G_OUT];
    ref_fixed *s;
    widen(rho, c->rho, G_REC);
    widen(beta, c->beta, G_REC);
    widen(W, c->W, G_REC * G_M);
    widen(WO, c->WO, G_OUT * (G_REC + 1));
    widen(FB, c->FB, G_REC * G_OUT);
    ref_fixed_net net = {.n_in = c->n_in, .n_rec = c->n_rec, .n_out = c->n_out, .delay = c->delay, .n_ref = c->n_ref, .alif = c->alif, .lstm = c->lstm,
                         .softmax = c->softmax, .b_forget = c->b_forget, .c_reg = c->c_reg, .n_star = c->n_star,
                         .feedback = (ref_feedback)c->feedback, .alpha = c->alpha, .kappa = c->kappa, .keep = c->keep,
                         .v_th = c->v_th, .slope = c->slope, .eta = c->eta, .rho = rho, .beta = beta, .W = W, .WO = WO, .FB = FB,
                         .seed = c->seed};
    ck_assert_int_eq(ep_fixed_profile(profile, &net.profile), EP_OK);
    ck_assert_int_eq(ref_fixed_new(&s, &net), EP_OK);
    return s;
}

START_TEST(test_model_digest)
{
    static const char *const names[4] = {"q15", "s16.15", "w8", "reckon"};
    int32_t x[G_IN], target[G_OUT];
    int64_t x64[G_IN], target64[G_OUT], changed = 0;
    int spikes = 0, held = 0;
    golden_network(&g, _i);
    ref_fixed *s = model_of(&g.c, names[_i % 4]);
    for (int t = 1; t <= G_T; t++) {
        golden_input(&g, t, x, target);
        widen(x64, x, G_IN);
        widen(target64, target, G_OUT);
        if (t == 70) {
            ref_fixed_end(s);
            ref_fixed_begin(s);
        }
        ck_assert_int_eq(ref_fixed_step(s, x64, t % 7 ? target64 : NULL), EP_OK);
        for (size_t j = 0; j < G_REC && !g.c.lstm; j++) {
            spikes += (int)ref_fixed_get(s, RQ_z, j);
            held += ref_fixed_get(s, RQ_r, j) > 0;
        }
        if (t % 10 == 0) ref_fixed_update(s);
    }
    size_t n_w = ref_fixed_count(s, RQ_W);
    for (size_t k = 0; k < n_w; k++) changed += ref_fixed_get(s, RQ_W, k) != g.W[k];
    ck_assert_msg(ref_fixed_digest(s) == golden_digest[_i], "case %d: 0x%016llx", _i, (unsigned long long)ref_fixed_digest(s));
    /* 1 to 30 % of all steps spike, and learning moved at least a tenth of the weights. */
    if (!g.c.lstm) {
        ck_assert_int_gt(spikes, G_REC * G_T / 100);
        ck_assert_int_lt(spikes, G_REC * G_T * 3 / 10);
        ck_assert_int_gt(held, 0);
    }
    ck_assert_int_gt(changed, (int64_t)n_w / 10);
    ref_fixed_free(s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fixed core: golden digests");
    TCase *tc = tcase_create("digests");
    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, test_core_digest, 0, G_CASES);
    tcase_add_loop_test(tc, test_model_digest, 0, G_CASES);
    suite_add_tcase(suite, tc);
    return test_run(suite);
}
