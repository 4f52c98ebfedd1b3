/* What verify/LIMITS.md says of the ends: sizes, ranges, precision, long runs, memory. At an end there is a status, not a crash.
 * EPROP_TEST_TABLE=1 prints what was measured.
 * SPDX-License-Identifier: MIT */
#include "../../optimized/opt_fixed.h"
#include "evidence.h"
#include "scalar_port.h"

#include <string.h>

#include "test/run.h"

static const opt_engine *engine(int i)
{
    const opt_engine *const all[] = {opt_scalar_f32(), opt_scalar_f64(), opt_fast_f32(), opt_fast_f64(), opt_fixed("q15"), opt_fixed("s16.15")};
    return all[i];
}
enum { N_ENGINE = 6, N_FLOAT = 4 };

static bool table(void) { return getenv("EPROP_TEST_TABLE") != NULL; }

/* A network for sizes alone: its arrays are not read. */
static ep_net shape(ep_model m, int n_in, int n_rec, int n_out)
{
    return (ep_net){.model = m, .opt = ep_preset_options(EP_PAPER2019), .n_in = n_in, .n_rec = n_rec, .n_out = n_out, .v_th = 1, .gamma = 0.3};
}

/* ---- sizes ----------------------------------------------------------------------------------------------------- */

START_TEST(a_size_beyond_its_range_is_refused)
{
    static const char *const names[] = {"n_in", "n_rec", "n_out", "B", "T", "window", "chunk", "threads"};
    ep_net net = shape(EP_LIF, 2, 2, 2);
    opt_config cfg = {.net = &net, .rule = EP_EPROP1_SYMMETRIC, .B = 1, .T = 5};
    int *const at[] = {&net.n_in, &net.n_rec, &net.n_out, &cfg.B, &cfg.T, &cfg.window, &cfg.chunk, &cfg.threads};
    char why[256] = "";
    for (int e = 0; e < N_ENGINE; e++) ck_assert_uint_gt(engine(e)->state_size(&cfg), 0);
    *at[_i] = _i % 2 ? EP_MAX_DIM + 1 : -1;
    ck_assert_int_eq(opt_config_check(&cfg, why, sizeof why), EP_DOMAIN);
    ck_assert_msg(strncmp(why, names[_i], strlen(names[_i])) == 0 && strstr(why, "expected"), "%s", why);
    for (int e = 0; e < N_ENGINE; e++) ck_assert_uint_eq(engine(e)->state_size(&cfg), 0);
}
END_TEST

/* The least that each size may be: windows of one step, but not of none. */
START_TEST(least_sizes)
{
    ep_net net = shape(EP_LIF, 0, 1, 0);
    for (int rule = EP_TBPTT; rule <= (int)EP_EPROP3_SG; rule++) {
        opt_config cfg = {.net = &net, .rule = (ep_rule)rule, .B = 1, .T = 1, .window = 1};
        ck_assert_int_eq(opt_config_check(&cfg, NULL, 0), EP_OK);
        cfg.window = 0;
        ck_assert_int_eq(opt_config_check(&cfg, NULL, 0), EP_DOMAIN);
    }
}
END_TEST

/* Every size in its range, all of them together beyond what a machine addresses. */
START_TEST(a_product_beyond_memory_is_refused)
{
    ep_net net = shape(_i % 2 ? EP_LSTM : EP_ALIF, EP_MAX_DIM, EP_MAX_DIM, EP_MAX_DIM);
    opt_config cfg = {.net = &net, .rule = _i < 2 ? EP_BPTT : EP_EPROP1_SYMMETRIC, .B = EP_MAX_DIM, .T = EP_MAX_DIM};
    ck_assert_int_eq(opt_config_check(&cfg, NULL, 0), EP_OK);
    for (int e = 0; e < N_ENGINE; e++) ck_assert_uint_eq(engine(e)->state_size(&cfg), 0);
}
END_TEST

START_TEST(other_ends)
{
    ref_ctx c;
    ep_net net = shape(EP_LIF, 1, OPT_RTRL_MOST_REC + 1, 1);
    opt_config cfg = {.net = &net, .rule = EP_RTRL, .B = 1, .T = 5};
    for (int e = 0; e < N_FLOAT; e++) ck_assert_uint_eq(engine(e)->state_size(&cfg), 0);
    net.n_rec--;
    ck_assert_uint_gt(engine(0)->state_size(&cfg), 0);
    ck_assert_int_eq(engine(2)->supports(EP_LIF, EP_RTRL, &net.opt), EP_NOTIMPL);
    cfg.rule = EP_EPROP1_SYMMETRIC;
    net.opt.delay = 256;
    ck_assert_uint_eq(engine(4)->state_size(&cfg), 0);
    net.opt.delay = 255;
    ck_assert_uint_gt(engine(4)->state_size(&cfg), 0);
    net.n_rec = 4097;
    ck_assert_uint_eq(engine(4)->state_size(&cfg), 0);
    ck_assert_int_eq(ref_ctx_init(&c, ref_arith_mpfr(), REF_MIN_PREC - 1), EP_DOMAIN);
    ck_assert_int_eq(ref_ctx_init(&c, ref_arith_mpfr(), REF_MAX_PREC + 1), EP_DOMAIN);
    ck_assert_int_eq(ref_ctx_init(&c, ref_arith_mpfr(), REF_MAX_PREC), EP_OK);
    ref_ctx_clear(&c);
}
END_TEST

/* ---- a run of one neuron and one output ---------------------------------------------------------------------------- */

typedef struct lone {
    double Win[1], Wout[1], bout[1], alpha[1], *x, *target;
    vfy_case k;
} lone;

static void lone_make(lone *l, int T, double wout, double target)
{
    *l = (lone){.Win = {1}, .Wout = {wout}, .bout = {0.1f}, .alpha = {0.875}, .x = malloc((size_t)T * sizeof(double)), .target = malloc((size_t)T * sizeof(double))};
    ck_assert(l->x && l->target);
    for (int t = 0; t < T; t++) {
        l->x[t] = t % 3 == 0;
        l->target[t] = target;
    }
    l->k.net = shape(EP_LIF, 1, 1, 1);
    l->k.net.Win = l->Win;
    l->k.net.Wout = l->Wout;
    l->k.net.bout = l->bout;
    l->k.net.theta[EP_ALPHA] = l->alpha;
    l->k.batch = (ep_batch){.T = T, .B = 1, .x = l->x, .target = l->target};
}

static void lone_free(lone *l)
{
    free(l->x);
    free(l->target);
}

static double one_number(const port *p, int quantity)
{
    size_t n;
    double *v = port_get(p, quantity, &n), got;
    ck_assert_uint_eq(n, 1);
    got = v[0];
    free(v);
    return got;
}

/* Gradients leave binary32 on the way, not binary64: a status; then the same state answers a smaller question. */
START_TEST(overflow_is_a_status)
{
    lone l;
    lone_make(&l, 40, 0x1p80, 0x1p70);
    port p = port_open(engine(_i), &l.k, EP_BPTT, 0);
    bool single = p.e->format == OPT_BINARY32;
    ck_assert_int_eq(p.e->grad(p.s, &p.tr), single ? EP_UNABLE : EP_OK);
    if (!single) ck_assert(isfinite(one_number(&p, OPT_GRAD(EP_G_BIAS))));
    size_t n = p.e->count(p.s, OPT_PARAM(EP_G_WOUT));
    double one = 1;
    float small = 1;
    ck_assert_uint_eq(n, 1);
    p.e->reset(p.s, OPT_RESET_ALL);
    ck_assert_int_eq(p.e->set(p.s, OPT_PARAM(EP_G_WOUT), single ? (void *)&small : (void *)&one, 1), EP_OK);
    for (int t = 0; t < 40; t++)
        if (single) ((float *)p.target)[t] = 1;
        else ((double *)p.target)[t] = 1;
    ck_assert_int_eq(p.e->grad(p.s, &p.tr), EP_OK);
    ck_assert(isfinite(one_number(&p, OPT_GRAD(EP_G_BOUT))));
    port_close(&p);
    lone_free(&l);
}
END_TEST

/* 1/v_th outside the format: the fast engine, which multiplies by it, says so; the scalar one divides. */
START_TEST(a_threshold_without_an_inverse)
{
    lone l;
    lone_make(&l, 10, 1, 0);
    l.k.net.v_th = 0x1p-140;
    l.k.net.opt.psi_scale = EP_SCALE_GAMMA;
    opt_config cfg = {.net = &l.k.net, .rule = EP_BPTT, .B = 1, .T = 10};
    size_t bytes = engine(_i)->state_size(&cfg);
    void *mem = aligned_alloc(OPT_ALIGN, bytes);
    opt_state *s;
    ck_assert_ptr_nonnull(mem);
    ck_assert_int_eq(engine(_i)->init(&cfg, mem, bytes, &s), _i == 2 ? EP_DOMAIN : EP_OK);
    free(mem);
    lone_free(&l);
}
END_TEST

/* A sum over T steps of one trial rounds T times: at most T u of the sum of |terms|, here of equal terms, the worst kind. */
START_TEST(long_runs_lose_at_most_T_roundings)
{
    static const int steps[] = {1000, 10000, 100000};
    int T = steps[_i / N_FLOAT];
    if (test_multiplier() < 1 && T > 10000) return;
    lone l;
    lone_make(&l, T, 0, 0);
    port p = port_open(engine(_i % N_FLOAT), &l.k, EP_EPROP1_SYMMETRIC, 0);
    ck_assert_int_eq(p.e->grad(p.s, &p.tr), EP_OK);
    double want = (double)T * (double)0.1f, off = fabs(one_number(&p, OPT_GRAD(EP_G_BOUT)) / want - 1), u = p.e->format == OPT_BINARY32 ? 0x1p-24 : 0x1p-53;
    if (table()) printf("| %s %s | %d | %.2g | %.2g |\n", p.e->name, u > 1e-10 ? "binary32" : "binary64", T, off, T * u);
    ck_assert_msg(off <= T * u, "%s T = %d: off by %g", p.e->name, T, off);
    port_close(&p);
    lone_free(&l);
}
END_TEST

/* An adaptation that never decays, a spike at nearly every step: it grows without end, and stays finite and sorted. */
START_TEST(adaptation_next_to_one_stays_finite)
{
    static const double rho[1] = {1 - 0x1p-24}, beta[1] = {0x1p-20};
    lone l;
    lone_make(&l, 20000, 1, 0);
    l.Win[0] = 4;
    l.k.net.model = EP_ALIF;
    l.k.net.theta[EP_RHO] = rho;
    l.k.net.theta[EP_BETA] = beta;
    port p = port_open(engine(_i), &l.k, EP_EPROP1_SYMMETRIC, 0);
    ck_assert_int_eq(p.e->grad(p.s, &p.tr), EP_OK);
    double a = one_number(&p, OPT_A);
    ck_assert_msg(a > 1000 && a < 20000, "a = %g", a);
    ck_assert(isfinite(one_number(&p, OPT_GRAD(EP_G_BIAS))) && one_number(&p, OPT_GRAD(EP_G_BIAS)) != 0);
    port_close(&p);
    lone_free(&l);
}
END_TEST

/* ---- precision ------------------------------------------------------------------------------------------------------- */

/* Proved to 53 bits whatever T; what the adjoint loses grows with T by fewer bits a step than LIMITS.md says. */
START_TEST(certified_precision_is_lost_step_by_step)
{
    static const struct { ep_model model; int T; double most; } row[] = {{EP_LIF, 60, 1}, {EP_ALIF, 60, 1}, {EP_LSTM, 20, 3}, {EP_RATE, 30, 2}};
    double lost[2];
    for (int twice = 0; twice < 2; twice++) {
        vfy_case k;
        vfy_certificate c;
        vfy_case_spec spec = {.model = row[_i].model, .n_rec = 8, .n_in = 6, .T = row[_i].T << twice, .seed = 5};
        ck_assert_int_eq(vfy_case_make(&spec, &k), EP_OK);
        ck_assert_int_eq(vfy_certify(&k, 53, NULL, 1, NULL, &c), EP_OK);
        ck_assert(c.log2_gap <= -53 && c.disjoint == 0 && c.undecided == 0);
        lost[twice] = c.bits_lost;
        if (table()) printf("| %s | %d | %.0f | %.2f |\n", ep_model_name(spec.model), spec.T, c.bits_lost, c.bits_lost / spec.T);
        vfy_case_free(&k);
    }
    ck_assert_msg((lost[1] - lost[0]) / row[_i].T < row[_i].most, "%g bits a step", (lost[1] - lost[0]) / row[_i].T);
}
END_TEST

/* ---- memory ------------------------------------------------------------------------------------------------------------- */

/* LIMITS.md: scalar engine, bytes of a number times what is written there; the rest is small. */
START_TEST(scalar_memory_is_the_formula)
{
    static const int T[] = {100, 1000};
    ep_model m = _i % 2 ? EP_LSTM : EP_ALIF;
    double N = 120, I = 60, K = 4, B = 5, nc = m == EP_LSTM ? 4 : 1, nh = m == EP_LSTM ? 1 : 2, t = T[_i / 2 % 2];
    ep_net net = shape(m, (int)I, (int)N, (int)K);
    bool bptt = _i >= 4;
    opt_config cfg = {.net = &net, .rule = bptt ? EP_BPTT : EP_EPROP1_SYMMETRIC, .B = (int)B, .T = (int)t};
    double P = nc * N * (I + N + 1) + K * (N + 1), state = B * t * (N * (nc + nh + 7) + 2 * K) + (m == EP_ALIF ? t * N : 0);
    double rule = bptt ? P + t * (N * (2 + nh + nc) + K) : B * P * (nh + 3), want = 2 * P + state + rule;
    for (int e = 0; e < 2; e++) {
        double got = (double)engine(e)->state_size(&cfg) / (double)engine(e)->element;
        ck_assert_msg(fabs(got / want - 1) < 0.05, "%s: %g numbers, formula %g", engine(e)->name, got, want);
    }
}
END_TEST

/* A recorded trial of the reference: numbers of 64 bytes and their significands. */
START_TEST(reference_memory_is_the_formula)
{
    static const long bits[] = {128, 512};
    vfy_case k;
    truth r;
    vfy_case_spec spec = {.model = EP_ALIF, .n_rec = 20, .n_in = 20, .T = 100, .seed = 5};
    if (vfy_case_make(&spec, &k) == EP_NOMEM) ck_abort_msg("no memory");
    truth_open(&k, ref_arith_mpfr(), bits[_i], &r);
    double N = 20, I = 20, K = 2, numbers = 102 * (I + N * (1 + 2 + 1 + 5) + 2 * K) + N * (I + N + 1) + N * 12;
    double want = numbers * (64 + (double)bits[_i] / 8);
    if (table()) printf("reference, %ld bits: %zu bytes, formula %.0f\n", bits[_i], r.c.bytes, want);
    ck_assert_msg((double)r.c.bytes > 0.8 * want && (double)r.c.bytes < 1.3 * want, "%zu bytes, formula %g", r.c.bytes, want);
    ref_ctx_clear(&r.c);
    vfy_case_free(&k);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("limits");
    TCase *t = tcase_create("limits");
    tcase_set_timeout(t, 300);
    tcase_add_loop_test(t, a_size_beyond_its_range_is_refused, 0, 8);
    tcase_add_test(t, least_sizes);
    tcase_add_loop_test(t, a_product_beyond_memory_is_refused, 0, 4);
    tcase_add_test(t, other_ends);
    tcase_add_loop_test(t, overflow_is_a_status, 0, N_FLOAT);
    tcase_add_loop_test(t, a_threshold_without_an_inverse, 0, N_FLOAT);
    tcase_add_loop_test(t, long_runs_lose_at_most_T_roundings, 0, 3 * N_FLOAT);
    tcase_add_loop_test(t, adaptation_next_to_one_stays_finite, 0, N_FLOAT);
    tcase_add_loop_test(t, certified_precision_is_lost_step_by_step, 0, 4);
    tcase_add_loop_test(t, scalar_memory_is_the_formula, 0, 8);
    tcase_add_loop_test(t, reference_memory_is_the_formula, 0, 2);
    suite_add_tcase(suite, t);
    return test_run(suite);
}
