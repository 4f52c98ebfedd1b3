/* The freestanding integer core against the slow integer model: every kept number, every counter, after every step.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "fixed_pair.h"
#include "test/run.h"

static const fix_profile *const profiles[] = {&fix_q15, &fix_s16_15, &fix_w8, &fix_reckon};
static const char *const names[] = {"q15", "s16.15", "w8", "reckon"};
enum { N_PROFILE = 4, T = 12 };

/* What a run has seen; a comparison of silence proves nothing. */
typedef struct seen {
    long spikes, held, psi, changed, rated, probable, gated, networks, saturated[FIX_COUNT], wrapped[FIX_COUNT];
} seen;

static void look(const pair *p, seen *s)
{
    for (size_t j = 0; j < (size_t)p->c.n_rec; j++) {
        s->gated += p->c.lstm && fix_get(p->core, FIX_z, j) != 0;
        s->spikes += !p->c.lstm && fix_get(p->core, FIX_z, j);
        s->held += fix_get(p->core, FIX_r, j) > 0;
        s->psi += fix_get(p->core, FIX_P, j) != 0;
    }
    for (size_t k = 0; k < fix_elements(p->core, FIX_PR); k++) s->probable += fix_get(p->core, FIX_PR, k) != 0;
}

static void run_pair(pair *p, seen *s)
{
    int32_t x[MAX_IN], target[MAX_OUT];
    pair_open(p);
    pair_compare(p, "begin", 0);
    for (int t = 1; t <= T; t++) {
        pair_input(p, x, target);
        pair_step(p, x, pick(p, 5) ? target : NULL);
        pair_compare(p, "step", t);
        look(p, s);
        if (pick(p, 3) == 0) {
            fix_update(p->core);
            ref_fixed_update(p->model);
            pair_compare(p, "update", t);
        }
        if (pick(p, 6) == 0) {
            fix_end(p->core);
            ref_fixed_end(p->model);
            pair_compare(p, "end", t);
            for (size_t j = 0; j < fix_elements(p->core, FIX_R); j++) s->rated += fix_get(p->core, FIX_R, j) != 0;
        }
        if (pick(p, 8) == 0) {
            fix_begin(p->core);
            ref_fixed_begin(p->model);
            pair_compare(p, "trial", t);
        }
    }
    for (size_t k = 0; k < fix_elements(p->core, FIX_W); k++) s->changed += fix_get(p->core, FIX_W, k) != p->W[k];
    for (int q = 0; q < FIX_COUNT; q++)
        (p->profile.q[q].overflow == FIX_WRAP ? s->wrapped : s->saturated)[q] += fix_events(p->core, q) != 0;
    s->networks++;
    pair_close(p);
}

START_TEST(test_profile_networks)
{
    seen s = {0};
    int n = test_loops(300);
    for (int k = 0; k < n; k++) {
        pair p = {.seed = (uint64_t)(1000 * _i + k), .profile = *profiles[_i], .extreme = k % 4 == 3};
        pair_network(&p);
        run_pair(&p, &s);
    }
    if (n < 100) return;
    ck_assert_int_gt(s.spikes, 3 * s.networks);
    if (profiles[_i]->q[FIX_GA].bits) ck_assert_int_gt(s.gated, 3 * s.networks);
    ck_assert_int_gt(s.held, s.networks);
    ck_assert_int_gt(s.psi, s.networks);
    ck_assert_int_gt(s.changed, s.networks);
    ck_assert_int_gt(s.rated, s.networks / 4);
    ck_assert_int_gt(s.probable, s.networks);
}
END_TEST

START_TEST(test_disturbed_profiles)
{
    seen s = {0};
    int n = test_loops(500), refused = 0;
    for (int k = 0; k < n; k++) {
        pair p = {.seed = (uint64_t)(1000000 + 10000 * _i + k), .profile = *profiles[_i], .extreme = k % 3 == 2};
        pair_disturb(&p);
        pair_network(&p);
        bool core = fix_state_size(&p.c) > 0, model = ref_fixed_check(&p.net) == EP_OK;
        if (core != model) ck_abort_msg("seed %llu: core %d, model %d", (unsigned long long)p.seed, core, model);
        if (core) run_pair(&p, &s);
        else refused++;
    }
    ck_assert_int_lt(refused, n);
    if (n < 500) return;
    for (int q = FIX_W; q < FIX_COUNT; q++) {
        /* No operation can leave EX's range, 0 to 1; PR, C, GA and H have no operation; r has no format. */
        if (q == FIX_r || q == FIX_EX || q == FIX_PR || q == FIX_C || q == FIX_GA || q == FIX_H) continue;
        ck_assert_msg(s.saturated[q] > 0, "%s: quantity %d never saturated", names[_i], q);
        ck_assert_msg(s.wrapped[q] > 0, "%s: quantity %d never wrapped", names[_i], q);
    }
}
END_TEST

START_TEST(test_refusal_agrees)
{
    int accepted = 0, n = test_loops(20000);
    for (int k = 0; k < n; k++) {
        pair p = {.seed = (uint64_t)(2000000 + k)};
        uint32_t width = 6 + pick(&p, 27), depth = 1 + pick(&p, 41);
        for (int q = 0; q < FIX_COUNT; q++)
            p.profile.q[q] = (fix_format){(uint8_t)(2 + pick(&p, width)), (uint8_t)pick(&p, depth), (uint8_t)pick(&p, 4), (uint8_t)pick(&p, 2)};
        p.profile.clip = (uint8_t)(pick(&p, 2) ? pick(&p, 256) : 0);
        fix_config c = {.profile = &p.profile, .n_in = 1 + (int32_t)pick(&p, 4096), .n_rec = 1 + (int32_t)pick(&p, 4096),
                        .n_out = 1 + (int32_t)pick(&p, 4096), .delay = 1,
                        .softmax = pick(&p, 2), .c_reg = (int32_t)pick(&p, 2), .lstm = pick(&p, 4) == 0};
        ref_fixed_net net = as_kind(&c);
        bool core = fix_state_size(&c) > 0, model = ref_fixed_check(&net) == EP_OK;
        if (core != model) ck_abort_msg("seed %llu: core %d, model %d", (unsigned long long)p.seed, core, model);
        accepted += core;
    }
    ck_assert_int_lt(accepted, n);
    if (n > 1000) ck_assert_int_gt(accepted, n / 50);
}
END_TEST

/* Quantity q with other bits and fraction: both must say the same, and what is expected. */
static void expect_kind(fix_profile *p, fix_config c, int q, int bits, int frac, bool accepted)
{
    p->q[q].bits = (uint8_t)bits;
    p->q[q].frac = (uint8_t)frac;
    c.profile = p;
    ref_fixed_net net = as_kind(&c);
    ck_assert_msg((fix_state_size(&c) > 0) == accepted, "core: quantity %d as %d.%d", q, bits, frac);
    ck_assert_msg((ref_fixed_check(&net) == EP_OK) == accepted, "model: quantity %d as %d.%d", q, bits, frac);
}

static void expect(fix_profile *p, int q, int bits, int frac, bool accepted)
{
    expect_kind(p, (fix_config){.n_in = 1, .n_rec = 1, .n_out = 1, .delay = 1}, q, bits, frac, accepted);
}

START_TEST(test_refusal_at_limits)
{
    fix_profile p = fix_q15;
    p.q[FIX_V] = (fix_format){2, 40, FIX_FLOOR, FIX_SATURATE};
    p.q[FIX_S].bits = 2;
    p.q[FIX_I].bits = 16;
    expect(&p, FIX_U, 32, 10, true);  /* v_th - |U|: 2^31 2^30 + 2 */
    expect(&p, FIX_U, 32, 9, false);  /* 2^31 2^31 + 2 */
    p = fix_q15;
    p.q[FIX_T].bits = 32;
    expect(&p, FIX_P, 32, 14, true);  /* 2^31 2^31 */
    expect(&p, FIX_E, 16, 24, true);  /* the product's own fraction: nothing is shifted */
    expect(&p, FIX_E, 16, 25, false); /* up by one bit: 2^63 */
    p = fix_q15;
    expect(&p, FIX_X, 33, 8, false);
    expect(&p, FIX_X, 1, 8, false);
    p = fix_q15;
    p.q[FIX_P].bits = p.q[FIX_T].bits = 2;
    p.q[FIX_P].frac = 30;
    p.q[FIX_E].frac = 0;
    expect(&p, FIX_T, 2, 32, true);   /* 62 bits are dropped */
    expect(&p, FIX_T, 2, 33, false);
    p = fix_q15;
    p.clip = 1;
    expect(&p, FIX_W, 16, 31, true);  /* clip counts in units of the product */
    expect(&p, FIX_W, 16, 32, false);
}
END_TEST

/* 4096 of each kind of unit, and no more: each alone, so that no other limit hides it. */
START_TEST(test_refusal_of_sizes)
{
    for (int over = 0; over < 2; over++) {
        int32_t n[3] = {1, 1, 1};
        n[_i] = 4096 + over;
        fix_profile p = fix_w8;
        expect_kind(&p, (fix_config){.n_in = n[0], .n_rec = n[1], .n_out = n[2], .delay = 1}, FIX_X, fix_w8.q[FIX_X].bits, fix_w8.q[FIX_X].frac, !over);
    }
}
END_TEST

START_TEST(test_refusal_of_softmax_and_rate)
{
    fix_config soft = {.n_in = 1, .n_rec = 1, .n_out = 1, .delay = 1, .softmax = true}, rate = {.n_in = 1, .n_rec = 1, .n_out = 1, .delay = 1, .c_reg = 1};
    fix_profile p = fix_q15;
    expect_kind(&p, soft, FIX_EX, 32, 30, true);
    expect_kind(&p, soft, FIX_EX, 32, 31, false);
    expect_kind(&p, soft, FIX_EX, 0, 0, false);
    expect_kind(&p, rate, FIX_EX, 0, 0, true); /* not looked at */
    p = fix_q15;
    expect_kind(&p, soft, FIX_PR, 16, 14, true);
    expect_kind(&p, soft, FIX_PR, 16, 15, false);
    expect_kind(&p, soft, FIX_PR, 32, 30, true);
    soft.n_out = 15;
    expect_kind(&p, soft, FIX_PR, 32, 29, true); /* 15 2^58 + 2^58 */
    soft.n_out = 16;
    expect_kind(&p, soft, FIX_PR, 32, 29, false);
    p = fix_q15;
    p.q[FIX_ES].bits = 32;
    expect_kind(&p, rate, FIX_R, 31, 20, true);  /* 2^30 2^31 */
    expect_kind(&p, rate, FIX_R, 32, 20, false); /* 2^62 and G */
    p = fix_q15;
    expect_kind(&p, rate, FIX_C, 32, 24, true);
    expect_kind(&p, rate, FIX_CN, 32, 24, false); /* 2 2^31 2^31 */
}
END_TEST

START_TEST(test_refusal_of_lstm)
{
    fix_config lstm = {.n_in = 1, .n_rec = 1, .n_out = 1, .delay = 1, .lstm = true};
    fix_profile p = fix_q15;
    expect_kind(&p, lstm, FIX_GA, 32, 29, true);  /* CC: 2^61 + 2^58 */
    expect_kind(&p, lstm, FIX_GA, 32, 30, false); /* 2^63 */
    expect_kind(&p, lstm, FIX_GA, 16, 15, false);
    p = fix_q15;
    expect_kind(&p, lstm, FIX_H, 16, 14, true);
    expect_kind(&p, lstm, FIX_H, 16, 15, false);
    p = fix_q15;
    expect_kind(&p, lstm, FIX_EL, 0, 0, false);
    p = fix_q15;
    p.q[FIX_CC].bits = 32;
    expect_kind(&p, lstm, FIX_SD, 32, 14, true);  /* 2^31 2^31 */
    expect_kind(&p, lstm, FIX_LD, 16, 27, false); /* up by one bit */
    p = fix_w8;
    expect_kind(&p, lstm, FIX_X, 8, 0, false); /* has no formats for LSTM */
    p = fix_q15;
    lstm.alif = true;
    expect_kind(&p, lstm, FIX_X, 16, 8, false);
    lstm.alif = false;
    lstm.c_reg = 1;
    expect_kind(&p, lstm, FIX_X, 16, 8, false);
}
END_TEST

START_TEST(test_profiles_are_the_table)
{
    ref_profile r;
    ck_assert_int_eq(ep_fixed_profile(names[_i], &r), EP_OK);
    ck_assert_int_eq(r.clip, profiles[_i]->clip);
    for (int q = 0; q < FIX_COUNT; q++) {
        const fix_format *f = &profiles[_i]->q[q];
        ck_assert_msg(r.q[q].bits == f->bits && r.q[q].frac == f->frac, "%s, quantity %d", names[_i], q);
        if (q < FIX_W || q == FIX_PR || q == FIX_C || q == FIX_GA || q == FIX_H) continue;
        ck_assert_msg((int)r.q[q].rounding == f->rounding && (int)r.q[q].overflow == f->overflow, "%s, quantity %d", names[_i], q);
    }
    ck_assert_int_eq(ref_fixed_check(&(ref_fixed_net){.profile = r, .n_in = 256, .n_rec = 256, .n_out = 16, .softmax = true, .c_reg = 1}), EP_OK);
    ref_fixed_net lstm = {.profile = r, .n_in = 256, .n_rec = 256, .n_out = 16, .lstm = true};
    ck_assert_int_eq(ref_fixed_check(&lstm), _i < 2 ? EP_OK : EP_DOMAIN);
    ck_assert_int_eq(ep_fixed_profile("q16", &r), EP_DOMAIN);
}
END_TEST

static fix_status opened(const pair *p, size_t shift, size_t less)
{
    size_t size = fix_state_size(&p->c), need = size ? size : 64;
    uint8_t *mem = aligned_alloc(FIX_ALIGN, need + FIX_ALIGN);
    fix_state *s;
    fix_status ok = fix_init(&s, &p->c, mem + shift, need - less);
    free(mem);
    return ok;
}

#define REFUSED(p, status) \
    do { \
        ref_fixed *m_; \
        ck_assert_int_eq(opened(&(p), 0, 0), (status)); \
        ck_assert_int_eq(ref_fixed_new(&m_, &(p).net), EP_DOMAIN); \
    } while (0)

START_TEST(test_bad_input)
{
    pair good, p;
    uint64_t seed = 5;
    for (;; seed++) {
        good = (pair){.seed = seed, .profile = fix_q15};
        pair_network(&good);
        if (!good.c.lstm && good.c.alif) break;
    }
    good.c.profile = &good.profile;
    good.c.c_reg = 1;
    good.net.c_reg = 1;
    good.net.n_star = good.c.n_star = 3;
    ck_assert_int_eq(opened(&good, 0, 0), FIX_OK);
    ck_assert_int_eq(opened(&good, 0, 1), FIX_MEMORY);
    ck_assert_int_eq(opened(&good, 4, 0), FIX_MEMORY);
#define BROKEN(field, value, status) \
    p = good; \
    p.c.profile = &p.profile; \
    p.c.field = (value); \
    p.net.field = (value); \
    REFUSED(p, status)
    BROKEN(n_in, 0, FIX_PROFILE);
    BROKEN(n_rec, 4097, FIX_PROFILE);
    BROKEN(delay, 0, FIX_PROFILE);
    BROKEN(n_ref, 65536, FIX_PROFILE);
    BROKEN(alpha, 32768, FIX_RANGE);
    BROKEN(kappa, -1, FIX_RANGE);
    BROKEN(keep, 32769, FIX_RANGE);
    BROKEN(v_th, 0, FIX_RANGE);
    BROKEN(v_th, 32768, FIX_RANGE);
    BROKEN(slope, -1, FIX_RANGE);
    BROKEN(eta, 32768, FIX_RANGE);
    BROKEN(c_reg, -1, FIX_RANGE);
    BROKEN(c_reg, 1 << 23, FIX_RANGE);
    BROKEN(n_star, -1, FIX_RANGE);
    BROKEN(n_star, 1 << 23, FIX_RANGE);
    static const int32_t decays[] = {-1, 32768}, strengths[] = {-1, 1 << 23};
    for (int k = 0; k < 2; k++) {
        p = good;
        p.c.profile = &p.profile;
        p.c.rho = p.rho, p.c.beta = p.beta, p.net.rho = p.rho64, p.net.beta = p.beta64;
        int at = p.c.n_rec - 1;
        p.rho[at] = decays[k], p.rho64[at] = decays[k];
        REFUSED(p, FIX_RANGE);
        p.rho[at] = good.rho[at], p.rho64[at] = good.rho64[at];
        p.beta[at] = strengths[k], p.beta64[at] = strengths[k];
        REFUSED(p, FIX_RANGE);
    }
    int diagonal = good.c.n_in; /* row 0 */
    good.W[diagonal] = 1;
    good.W64[diagonal] = 1;
    REFUSED(good, FIX_RANGE);
    good.W[diagonal] = 0;
    good.W64[diagonal] = 0;
    good.c.lstm = good.net.lstm = true;
    REFUSED(good, FIX_PROFILE); /* ALIF as well */
    good.c.alif = good.net.alif = false;
    good.c.c_reg = 0;
    good.net.c_reg = 0;
    good.net.n_ref = good.c.n_ref = 1;
    REFUSED(good, FIX_PROFILE);
    good.net.n_ref = good.c.n_ref = 0;
    good.net.delay = good.c.delay = 2;
    REFUSED(good, FIX_PROFILE);
    good.net.delay = good.c.delay = 1;
    good.WO[0] = 32768;
    good.WO64[0] = 32768;
    REFUSED(good, FIX_RANGE);
}
END_TEST

START_TEST(test_bad_step_changes_nothing)
{
    pair p = {.seed = 9, .profile = fix_w8};
    pair_network(&p);
    p.c.softmax = p.net.softmax = false;
    pair_open(&p);
    int32_t x[MAX_IN] = {0}, target[MAX_OUT] = {0};
    uint64_t before = fix_digest(p.core);
    x[0] = 128;
    ck_assert_int_eq(fix_step(p.core, x, target), FIX_RANGE);
    ck_assert_int_eq(ref_fixed_step(p.model, (int64_t[MAX_IN]){128}, (int64_t[MAX_OUT]){0}), EP_DOMAIN);
    x[0] = 0;
    target[0] = -(1 << 23) - 1;
    ck_assert_int_eq(fix_step(p.core, x, target), FIX_RANGE);
    ck_assert_uint_eq(fix_digest(p.core), before);
    target[0]++;
    pair_step(&p, x, target);
    pair_compare(&p, "after refusals", 1);
    pair_close(&p);
}
END_TEST

/* Nothing may be written where a neuron would feed itself, but zero; beside it anything of the format may. */
/* The model's functions beside libm's. exp: 2^-25 of the polynomial, and up to 2^-25 of the argument, of which 24 bits and 32 binades are
 * kept; e = exp, with 30 bits of fraction, then moves sigma by at most e 2^-24, tanh by twice that, and each is rounded once to g bits. */
START_TEST(test_functions_are_near_libm)
{
    long bent = 0;
    for (uint64_t k = 0; k < 3000; k++) {
        int f = (int)(k % 28), g = 1 + (int)(k / 28 % 30);
        int64_t d = (int64_t)(ep_rng_u64(9, 1, k) % ((UINT64_C(20) << f) + 1)), n = k & 1 ? d : -d, I;
        double x = ldexp((double)d, -f), half = ldexp(0.5, -g), p = (double)ref_fixed_exp(d, f, &I);
        double sigma = 1 / (1 + exp(k & 1 ? -x : x)), t = tanh(k & 1 ? x : -x), e = exp(-x);
        ck_assert_msg(fabs(ldexp(p, -30 - (int)I) / e - 1) <= 0x1p-24, "exp(-%a): %.0f 2^-%lld", x, p, 30 + (long long)I);
        ck_assert_msg(fabs(ldexp((double)ref_fixed_sigma(n, f, g), -g) - sigma) <= half + 0x1p-30 + 0x1p-24 * e, "sigma(%lld 2^-%d), %d bits", (long long)n, f, g);
        ck_assert_msg(fabs(ldexp((double)ref_fixed_tanh(n, f, g), -g) - t) <= half + 0x1p-29 + 0x1p-23 * fmax(e * e, 0x1p-7), "tanh(%lld 2^-%d), %d bits", (long long)n, f, g);
        bent += fabs(t) > 0.01 && fabs(t) < 0.99;
    }
    ck_assert_int_gt(bent, 200);
}
END_TEST

START_TEST(test_diagonal_is_shut)
{
    static const int pairs[] = {FIX_W, FIX_EA, FIX_E, FIX_EB, FIX_G, FIX_ES};
    pair p = {.seed = 17, .profile = fix_q15};
    pair_network(&p);
    p.c.alif = p.net.alif = true;
    pair_open(&p);
    size_t M = (size_t)(p.c.n_in + p.c.n_rec + 1), diagonal = (size_t)p.c.n_in;
    int q = pairs[_i];
    if (fix_elements(p.core, q) > 0) { /* a network without a regulariser keeps no sum of traces */
        ck_assert_uint_ge(fix_elements(p.core, q), (size_t)p.c.n_rec * M);
        ck_assert_int_eq(fix_set(p.core, q, diagonal, 1), FIX_RANGE);
        ck_assert_int_eq(fix_set(p.core, q, diagonal, 0), FIX_OK);
        ck_assert_int_eq(fix_set(p.core, q, diagonal + M - 1, 1), FIX_OK);
        ck_assert_int_eq(fix_get(p.core, q, diagonal), 0);
        ck_assert_int_eq(fix_get(p.core, q, diagonal + M - 1), 1);
    } else ck_assert_int_eq(q, FIX_ES);
    pair_close(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fixed core against the integer model");
    TCase *tc = tcase_create("core");
    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, test_profile_networks, 0, N_PROFILE);
    tcase_add_loop_test(tc, test_disturbed_profiles, 0, N_PROFILE);
    tcase_add_test(tc, test_refusal_agrees);
    tcase_add_test(tc, test_refusal_at_limits);
    tcase_add_loop_test(tc, test_refusal_of_sizes, 0, 3);
    tcase_add_test(tc, test_refusal_of_softmax_and_rate);
    tcase_add_test(tc, test_refusal_of_lstm);
    tcase_add_loop_test(tc, test_profiles_are_the_table, 0, N_PROFILE);
    tcase_add_test(tc, test_bad_input);
    tcase_add_test(tc, test_bad_step_changes_nothing);
    tcase_add_test(tc, test_functions_are_near_libm);
    tcase_add_loop_test(tc, test_diagonal_is_shut, 0, 6);
    suite_add_tcase(suite, tc);
    return test_run(suite);
}
