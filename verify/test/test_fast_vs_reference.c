/* The fast engine's LSNN path judged by the reference: binary64 within 1e-12 of the largest of a group, under every
 * preset, rule and several chunks, special kernels and general; binary32 within the limit that the replay of its own operations yields; spikes those
 * of the reference, whose margins are wide.
 * SPDX-License-Identifier: MIT */
#include "fast_replay.h"

#include <string.h>

#include "test/run.h"

enum { WINDOW = 7, N_KIND = 4, N_CASE = N_KIND * EP_N_PRESET * PORT_N_VARIANT };

static const ep_rule rules[] = {EP_BPTT, EP_TBPTT, EP_EPROP1_SYMMETRIC, EP_EPROP1_RANDOM, EP_EPROP3};
enum { N_RULE = sizeof rules / sizeof *rules, N_REPLAYED = 4 };

/* Case n of the models that the path has. */
static void open_case(int n, vfy_case *k)
{
    static const ep_model kinds[N_KIND] = {EP_LIF, EP_ALIF, EP_LSNN, EP_SYNAPTIC};
    ck_assert_msg(port_case((int)kinds[n % N_KIND] + n / N_KIND * EP_N_MODEL, k), "%s: no live case", k->name);
}

static port open_engine(const opt_engine *e, const vfy_case *k, ep_rule rule, int chunk)
{
    port p = port_open(e, k, rule, rule >= EP_TBPTT ? WINDOW : 0);
    opt_config cfg = p.cfg;
    cfg.chunk = chunk;
    size_t need = e->state_size(&cfg);
    free(p.mem);
    p.mem = aligned_alloc(OPT_ALIGN, (need + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN);
    ck_assert_int_eq(e->init(&cfg, p.mem, need, &p.s), EP_OK);
    return p;
}

static bool path_is(const port *p, const char *name)
{
    char text[256];
    p->e->describe(p->s, text, sizeof text);
    return strncmp(text, name, strlen(name)) == 0;
}

static int on_own_path;

static void compare64(const vfy_case *k, truth *r, ep_rule rule, int chunk, const ref_grad *want)
{
    port p = open_engine(opt_fast_f64(), k, rule, chunk);
    ck_assert(path_is(&p, "fast lsnn"));
    on_own_path += path_is(&p, "fast lsnn binary");
    ck_assert_int_eq(p.e->grad(p.s, &p.tr), EP_OK);
    if (!chunk) ck_assert_msg(port_same_spikes(&p, r), "%s: spikes differ", k->name);
    for (int g = 0; g < (int)EP_N_GROUP; g++) {
        size_t n;
        double *got = port_get(&p, OPT_GRAD(g), &n), top = 0;
        if (g >= EP_G_THETA && n == 0) continue; /* constants are not learnt on the path of its own */
        ck_assert_uint_eq(n, want->n[g]);
        for (size_t i = 0; i < n; i++) top = fmax(top, fabs(r->c.ar->to_d(&want->g[g][i])));
        for (size_t i = 0; i < n; i++) {
            double ref = r->c.ar->to_d(&want->g[g][i]);
            ck_assert_msg(fabs(got[i] - ref) <= 1e-12 * top, "%s %s chunk %d %s[%zu]: got %a want %a", k->name,
                          ep_rule_name(rule), chunk, ep_group_name((ep_group)g), i, got[i], ref);
        }
        free(got);
    }
    port_close(&p);
}

START_TEST(gradients_in_binary64)
{
    vfy_case k;
    truth r;
    open_case(_i, &k);
    k.net.opt.delay_L = _i % 9 == 4 ? 2 : 0;
    truth_open(&k, ref_arith_mpfr(), 160, &r);
    for (int m = 0; m < N_RULE; m++) {
        ref_rule_args a = {.rule = rules[m], .window = WINDOW, .threads = 1};
        ref_grad want;
        ck_assert_int_eq(ref_grad_init(&r.c, &r.net, &want), EP_OK);
        ck_assert_int_eq(ref_gradient(&r.c, &r.run, &a, &want), EP_OK);
        for (int chunk = 0; chunk < (m < 2 || m == N_REPLAYED ? 1 : 31); chunk += 6) compare64(&k, &r, rules[m], chunk, &want);
    }
    ref_ctx_clear(&r.c);
    vfy_case_free(&k);
}
END_TEST

static double worst;

static void compare32(const vfy_case *k, truth *r, ep_rule rule, int chunk)
{
    port p = open_engine(opt_fast_f32(), k, rule, chunk);
    replay a;
    ck_assert_int_eq(p.e->grad(p.s, &p.tr), EP_OK);
    if (!path_is(&p, "fast lsnn binary32")) {
        port_close(&p);
        return;
    }
    on_own_path++;
    if (!chunk) ck_assert_msg(port_same_spikes(&p, r), "%s: spikes differ", k->name);
    replay_open(&a, r, rule, chunk);
    if (chunk) replay_chunks(&a);
    else replay_whole(&a, rule == EP_TBPTT ? WINDOW : 0);
    for (int g = 0; g < EP_G_THETA; g++) {
        size_t n;
        double *got = port_get(&p, OPT_GRAD(g), &n);
        for (size_t i = 0; i < n; i++) {
            const ref_num *want = replay_entry(&a, g, i);
            double ref = r->c.ar->to_d(want), limit = ldexp(want->e.mag, -24) + 0x1p-120;
            worst = fmax(worst, fabs(got[i] - ref) / limit);
            ck_assert_msg(fabs(got[i] - ref) <= limit, "%s %s chunk %d %s[%zu]: got %a want %a limit %a", k->name,
                          ep_rule_name(rule), chunk, ep_group_name((ep_group)g), i, got[i], ref, limit);
        }
        free(got);
    }
    port_close(&p);
}

/* The replay itself must be the reference's gradient, or its limit would say nothing. */
static void replay_is_true(const vfy_case *k, truth *r, ep_rule rule, int chunk)
{
    replay a;
    ref_grad want;
    ref_rule_args args = {.rule = rule, .window = WINDOW, .threads = 1};
    ck_assert_int_eq(ref_grad_init(&r->c, &r->net, &want), EP_OK);
    ck_assert_int_eq(ref_gradient(&r->c, &r->run, &args, &want), EP_OK);
    replay_open(&a, r, rule, chunk);
    if (chunk) replay_chunks(&a);
    else replay_whole(&a, rule == EP_TBPTT ? WINDOW : 0);
    for (int g = 0; g < EP_G_THETA; g++)
        for (size_t i = 0; i < want.n[g]; i++) {
            double x = r->c.ar->to_d(replay_entry(&a, g, i)), y = r->c.ar->to_d(&want.g[g][i]);
            ck_assert_msg(fabs(x - y) <= 0x1p-40 * (fabs(y) + 1), "%s %s chunk %d %s[%zu]: replay %a reference %a", k->name,
                          ep_rule_name(rule), chunk, ep_group_name((ep_group)g), i, x, y);
        }
}

static bool replayed(const ep_options *o)
{
    return o->psi_shape == EP_TRIANGLE && o->psi_width == EP_WIDTH_VTH && o->dz_da == EP_DZDA_PSI &&
           o->adapt_source == EP_ADAPT_Z && o->reset != EP_RESET_A_NEXT && o->reset_path != EP_RESET_LOCAL &&
           o->spike_from == EP_FROM_NEW_V;
}

START_TEST(gradients_in_binary32)
{
    vfy_case k;
    truth r;
    open_case(_i, &k);
    k.batch.B = 1; /* sums over trials run in the engine's slots */
    k.batch.loss = EP_REGRESSION; /* libm's exp is not the engine's matter */
    k.net.opt.delay_L = 0;
    if (_i % 2) k.batch.c_reg = 0.0;
    if (replayed(&k.net.opt) && k.net.model != EP_SYNAPTIC) {
        truth_open(&k, ref_arith_running(), 128, &r);
        for (int m = 0; m < N_REPLAYED; m++)
            for (int chunk = 0; chunk < (m < 2 ? 1 : 40); chunk += 11) {
                replay_is_true(&k, &r, rules[m], chunk);
                compare32(&k, &r, rules[m], chunk);
            }
        ref_ctx_clear(&r.c);
    }
    vfy_case_free(&k);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fast_vs_reference");
    TCase *t = tcase_create("lsnn");
    tcase_set_timeout(t, 600);
    tcase_add_loop_test(t, gradients_in_binary64, 0, port_loops(N_CASE));
    tcase_add_loop_test(t, gradients_in_binary32, 0, port_loops(N_CASE));
    suite_add_tcase(suite, t);
    int failed = test_run(suite);
    if (getenv("CK_FORK")) printf("own path %d times; largest share of the limit: %.3g\n", on_own_path, worst);
    return failed;
}
