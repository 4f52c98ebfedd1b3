/* test_plugin.c: a right port passes, ports with one wrong line are caught at that line, broken ones are named.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "plugin.h"
#include "test/run.h"
#include "trunc.h"

enum { NI = 3, NO = 2, T = 40, M = NI + 3 };

/* The plugins lie beside this program. */
static void plugin_path(int kind, char *path, size_t n)
{
    char self[512];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    ck_assert(len > 0);
    self[len] = '\0';
    *strrchr(self, '/') = '\0';
    ck_assert((size_t)snprintf(path, n, "%s/plugin_tiny%d.so", self, kind) < n);
}

/* A value with its first-order rounding error bound in units of u: every operation adds |result|. Binary64, whose own
 * rounding is 2^-29 of what is judged. */
typedef struct num {
    double v, m;
} num;
static num exactly(double v) { return (num){v, 0}; }
static num plus(num a, num b) { return (num){a.v + b.v, a.m + b.m + fabs(a.v + b.v)}; }
static num times(num a, num b) { return (num){a.v * b.v, fabs(a.v) * b.m + fabs(b.v) * a.m + fabs(a.v * b.v)}; }
static num minus(num a, num b) { return plus(a, (num){-b.v, b.m}); }
static num over(num a, num b)
{
    double q = a.v / b.v;
    return (num){q, a.m / fabs(b.v) + fabs(q / b.v) * b.m + fabs(q)};
}

typedef struct model {
    double Win[NI], b[1], Wout[NO], bout[NO], alpha[1], x[T * NI], target[T * NO];
    ep_net net;
    ep_batch batch;
    vfy_epv_case c;
} model;

static void want(model *m, vfy_quantity q, size_t at, num x)
{
    mpfr_t r;
    vfy_want w = {.q = q, .at = at, .mag = x.m};
    mpfr_init2(r, 53);
    mpfr_set_d(r, x.v, MPFR_RNDN);
    ck_assert_int_eq(vfy_trunc12_bits(VFY_F32, r, &w.bits, &w.extra), EP_OK);
    mpfr_clear(r);
    ck_assert_int_eq(vfy_epv_add(&m->c, &w), EP_OK);
}

static void make_inputs(model *m, uint64_t seed)
{
    memset(m, 0, sizeof *m);
    for (int i = 0; i < NI; i++) m->Win[i] = (double)(float)(0.1 + 0.25 * ep_rng_uniform(seed, 1, (uint64_t)i));
    for (int i = 0; i < T * NI; i++) m->x[i] = ep_rng_uniform(seed, 2, (uint64_t)i) < 0.2;
    for (int k = 0; k < NO; k++) m->Wout[k] = (double)(float)(0.5 + ep_rng_uniform(seed, 3, (uint64_t)k)), m->bout[k] = 0.0625;
    for (int i = 0; i < T * NO; i++) m->target[i] = (double)(float)ep_rng_uniform(seed, 4, (uint64_t)i);
    m->b[0] = 0.046875;
    m->alpha[0] = (double)0.9f;
    m->net = (ep_net){.model = EP_LIF, .opt = ep_preset_options(EP_PAPER2019), .n_in = NI, .n_rec = 1, .n_out = NO,
                      .Win = m->Win, .b = m->b, .Wout = m->Wout, .bout = m->bout, .theta = {m->alpha},
                      .kappa = (double)0.8f, .v_th = (double)0.6f, .gamma = (double)0.3f, .n_ref = 3};
    m->batch = (ep_batch){.T = T, .B = 1, .x = m->x, .target = m->target};
}

/* The 1-neuron network again, from its equations, with error bounds; expected lines for all quantities. */
static void make(model *m, uint64_t seed)
{
    char err[VFY_EPV_ERR];
    num v = {0}, y[NO] = {{0}}, eps[M] = {{0}}, ebar[M] = {{0}}, g[M] = {{0}}, zb = {0}, ob = {0}, gw[NO] = {{0}}, gb[NO] = {{0}}, E = {0};
    make_inputs(m, seed);
    ck_assert_msg(vfy_epv_from_net(&m->net, &m->batch, EP_EPROP1_SYMMETRIC, VFY_F32, &m->c, err, sizeof err) == EP_OK, "%s", err);
    num alpha = exactly(m->alpha[0]), kappa = exactly(m->net.kappa), vth = exactly(m->net.v_th);
    int z = 0, r = 0, spikes = 0, suppressed = 0, felt = 0;
    for (int t = 1; t <= T; t++) {
        size_t at = (size_t)(t - 1);
        num I = exactly(m->b[0]), v_old = v, L = {0};
        for (int i = 0; i < NI; i++) I = plus(I, times(exactly(m->Win[i]), exactly(m->x[(t - 1) * NI + i])));
        v = minus(plus(times(alpha, v), I), times(vth, exactly(z)));
        ck_assert_msg(fabs(v.v - vth.v) > 1e-4, "margin too small at %d", t);
        z = r == 0 && v.v > vth.v;
        suppressed += r > 0 && v.v > vth.v;
        num u = over(minus(v, vth), vth), tent = minus(exactly(1), (num){fabs(u.v), u.m});
        num psi = r > 0 || tent.v < 0 ? exactly(0) : times(over(exactly(m->net.gamma), vth), tent);
        r = z ? m->net.n_ref - 1 : r > 0 ? r - 1 : 0;
        spikes += z;
        felt += psi.v > 0;
        want(m, VFY_Q_I, at, I), want(m, VFY_Q_V, at, v), want(m, VFY_Q_Z, at, exactly(z)), want(m, VFY_Q_PSI, at, psi);
        want(m, VFY_Q_R, at, exactly(r));
        zb = plus(times(kappa, zb), exactly(z));
        ob = plus(times(kappa, ob), exactly(1));
        for (int k = 0; k < NO; k++) {
            y[k] = plus(times(kappa, y[k]), plus(times(exactly(m->Wout[k]), exactly(z)), exactly(m->bout[k])));
            num e = minus(y[k], exactly(m->target[(t - 1) * NO + k]));
            L = plus(L, times(exactly(m->Wout[k]), e));
            gw[k] = plus(gw[k], times(e, zb));
            gb[k] = plus(gb[k], times(e, ob));
            E = plus(E, times(times(exactly(0.5), e), e));
            want(m, VFY_Q_Y, at * NO + (size_t)k, y[k]), want(m, VFY_Q_ERR, at * NO + (size_t)k, e);
        }
        want(m, VFY_Q_L, at, L);
        for (int c = 0; c < M; c++) {
            num pre = c < NI ? exactly(m->x[(t - 1) * NI + c]) : c == NI ? exactly(0) : c == NI + 1 ? exactly(1) : v_old;
            eps[c] = plus(times(alpha, eps[c]), pre);
            num e = times(psi, eps[c]);
            ebar[c] = plus(times(kappa, ebar[c]), e);
            g[c] = plus(g[c], times(L, ebar[c]));
            want(m, VFY_Q_EPS_V, at * M + (size_t)c, eps[c]), want(m, VFY_Q_E, at * M + (size_t)c, e);
            want(m, VFY_Q_EBAR, at * M + (size_t)c, ebar[c]);
        }
    }
    ck_assert_msg(spikes >= 2 && suppressed >= 1 && felt >= T / 10, "%d spikes, %d suppressed, %d psi > 0", spikes, suppressed,
                  felt); /* nothing is idle */
    for (int i = 0; i < NI; i++) want(m, VFY_Q_GRAD + EP_G_WIN, (size_t)i, g[i]);
    want(m, VFY_Q_GRAD + EP_G_BIAS, 0, g[NI + 1]), want(m, VFY_Q_GRAD + EP_G_THETA, 0, g[NI + 2]), want(m, VFY_Q_LOSS, 0, E);
    for (size_t k = 0; k < NO; k++) want(m, VFY_Q_GRAD + EP_G_WOUT, k, gw[k]), want(m, VFY_Q_GRAD + EP_G_BOUT, k, gb[k]);
    vfy_want zero = {.q = VFY_Q_GRAD + EP_G_WREC, .kind = VFY_ZERO};
    ck_assert_int_eq(vfy_epv_add(&m->c, &zero), EP_OK);
}

static void judge(int kind, const vfy_epv_case *c, vfy_comparison *out)
{
    char path[600], err[VFY_EPV_ERR] = "";
    vfy_plugin p;
    vfy_answer a;
    plugin_path(kind, path, sizeof path);
    ck_assert_msg(vfy_plugin_load(path, &p, err, sizeof err) == EP_OK, "%s", err);
    ck_assert_msg(vfy_plugin_run(p.port, c, &a, err, sizeof err) == EP_OK, "%s", err);
    vfy_compare(c, &a, vfy_error_limit(c), out);
    vfy_answer_clear(&a);
    vfy_plugin_unload(&p);
}

START_TEST(the_right_port_passes)
{
    static model m;
    vfy_comparison r;
    char text[200];
    make(&m, (uint64_t)_i);
    judge(0, &m.c, &r);
    vfy_divergence_text(&m.c, &r, text, sizeof text);
    ck_assert_msg(!r.first.found, "%s", text);
    ck_assert_uint_eq(r.compared + r.not_answered, m.c.n_want);
    ck_assert_uint_eq(r.not_answered, 1); /* dWrec, which the port does not claim */
    for (int q = 0; q < VFY_N_QUANTITY; q++) {
        const vfy_tensor *t = &r.q[q];
        if (t->n == 0) continue;
        ck_assert_msg(t->max_r <= r.limit && t->over == 0, "%s: r = %g", vfy_quantity_name((vfy_quantity)q), t->max_r);
        ck_assert_msg(t->cosine > 1 - 1e-10 && fabs(t->norm_ratio - 1) < 1e-5, "%s: cosine %a, norm ratio %a",
                      vfy_quantity_name((vfy_quantity)q), t->cosine, t->norm_ratio);
    }
    ck_assert(r.q[VFY_Q_GRAD].max_r > 0); /* binary32 does round */
    vfy_epv_case_clear(&m.c);
}
END_TEST

/* One wrong line in the port; the first divergence is that line's quantity. */
START_TEST(a_wrong_line_is_found_at_its_quantity)
{
    static const vfy_quantity line[] = {VFY_Q_V, VFY_Q_PSI, VFY_Q_EPS_V, VFY_Q_EBAR, VFY_Q_L, VFY_Q_GRAD + EP_G_WIN,
                                        VFY_Q_I, VFY_Q_Y, VFY_Q_Z, VFY_Q_E};
    static model m;
    vfy_comparison r;
    char text[200];
    make(&m, 1);
    judge(_i, &m.c, &r);
    vfy_divergence_text(&m.c, &r, text, sizeof text);
    ck_assert_msg(r.first.found && r.first.q == line[_i - 1], "%s", text);
    ck_assert_msg(strncmp(text, vfy_quantity_name(line[_i - 1]), strlen(vfy_quantity_name(line[_i - 1]))) == 0, "%s", text);
    for (size_t i = 0; i < m.c.n_want; i++) { /* nothing before it is over the limit */
        const vfy_want *w = &m.c.want[i];
        vfy_shape shape = vfy_quantity_shape(w->q, &m.c.net, T, 1, 0);
        int t = vfy_shape_step(&shape, w->at);
        if (t && t < r.first.t) ck_assert_uint_eq(r.q[w->q].over > 0 && w == r.first.want, 0);
    }
    vfy_epv_case_clear(&m.c);
}
END_TEST

START_TEST(broken_tables_are_named)
{
    const struct {
        int kind;
        ep_status status;
        const char *message;
    } bad[] = {{20, EP_PORT, "interface version 2, expected 1"}, {21, EP_PORT, "the table has no run"},
               {22, EP_PORT, "exports no symbol eprop_port_v1"}, {23, EP_PORT, "table of 16 bytes, expected at least"},
               {24, EP_PORT, "eprop_port_v1 returned NULL"},     {25, EP_PORT, "name `Tiny Port`, expected 1 to 32 of a-z"},
               {26, EP_PORT, "the port claims nothing"},         {30, EP_PORT, "the table has no set"},
               {31, EP_PORT, "the table has no input_fraction"},
               {99, EP_IO, "cannot be loaded"}};
    char path[600], err[VFY_EPV_ERR];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vfy_plugin p = {0};
        plugin_path(bad[i].kind, path, sizeof path);
        ck_assert_int_eq(vfy_plugin_load(path, &p, err, sizeof err), bad[i].status);
        ck_assert_msg(strstr(err, bad[i].message) != NULL, "%s", err);
        ck_assert(p.object == NULL && p.port == NULL);
    }
    vfy_plugin p;
    ck_assert_int_eq(vfy_plugin_load("Makefile", &p, err, sizeof err), EP_IO);
}
END_TEST

static ep_status run_kind(int kind, const vfy_epv_case *c, vfy_comparison *r, char *err, size_t n)
{
    char path[600];
    vfy_plugin p;
    vfy_answer a;
    plugin_path(kind, path, sizeof path);
    ck_assert_int_eq(vfy_plugin_load(path, &p, err, n), EP_OK);
    ep_status s = vfy_plugin_run(p.port, c, &a, err, n);
    if (!s) {
        vfy_compare(c, &a, 1, r);
        vfy_answer_clear(&a);
    }
    vfy_plugin_unload(&p);
    return s;
}

START_TEST(broken_answers_are_named)
{
    static model m;
    vfy_comparison r;
    char err[VFY_EPV_ERR];
    make(&m, 1);
    ck_assert_int_eq(run_kind(27, &m.c, &r, err, sizeof err), EP_PORT);
    ck_assert_str_eq(err, "tiny: run reported a trace row that was not asked for");
    ck_assert_int_eq(run_kind(28, &m.c, &r, err, sizeof err), EP_PORT);
    ck_assert_str_eq(err, "tiny: run answered 3: the board is on fire");
    ck_assert_int_eq(run_kind(29, &m.c, &r, err, sizeof err), EP_OK); /* answers nothing: NaN everywhere */
    ck_assert(r.first.found && r.first.q == VFY_Q_I && r.first.t == 1 && isinf(r.first.r));
    ck_assert_uint_eq(r.q[VFY_Q_V].over, T);
    vfy_epv_case_clear(&m.c);
}
END_TEST

START_TEST(cases_outside_the_claims)
{
    static model m;
    vfy_comparison r;
    char err[VFY_EPV_ERR];
    make(&m, 1);
    const vfy_epv_case good = m.c;
    m.c.net.model = EP_RATE;
    ck_assert_int_eq(run_kind(0, &m.c, &r, err, sizeof err), EP_NOTIMPL);
    ck_assert_str_eq(err, "tiny does not claim model rate");
    m.c = good, m.c.rule = EP_RTRL;
    ck_assert_int_eq(run_kind(0, &m.c, &r, err, sizeof err), EP_NOTIMPL);
    ck_assert_str_eq(err, "tiny does not claim rule rtrl");
    m.c = good, m.c.format = VFY_F64;
    ck_assert_int_eq(run_kind(0, &m.c, &r, err, sizeof err), EP_NOTIMPL);
    ck_assert_str_eq(err, "tiny does not claim format f64");
    m.c = good, m.c.batch.B = 2;
    ck_assert_int_eq(run_kind(0, &m.c, &r, err, sizeof err), EP_NOTIMPL);
    ck_assert_str_eq(err, "tiny claims B up to 1, the case has 2");
    m.c = good, m.c.net.opt.reset = EP_RESET_VTH_SAME;
    ck_assert_int_eq(run_kind(0, &m.c, &r, err, sizeof err), EP_NOTIMPL);
    ck_assert_str_eq(err, "tiny: open answered 1: only the options of the 2019 paper");
    m.c = good, m.c.given[1] = m.x;
    ck_assert_int_eq(run_kind(0, &m.c, &r, err, sizeof err), EP_NOTIMPL);
    ck_assert_str_eq(err, "tiny cannot take psi as given");
    m.c = good, m.c.n_want = 0;
    ck_assert_int_eq(run_kind(0, &m.c, &r, err, sizeof err), EP_NOTIMPL);
    ck_assert_str_eq(err, "tiny claims none of the quantities the case expects");
    m.c = good;
    vfy_epv_case_clear(&m.c);
}
END_TEST

/* A port inside this program that only remembers what it was handed. */
static struct {
    eprop_case c;
    int32_t option[EPROP_N_OPTION];
    double gain[3], first[EPROP_N_INPUT]; /* element 1 of each input */
    bool given[EPROP_N_INPUT];
    int open, closed;
} seen;
static int32_t echo_open(const eprop_case *c, void **handle)
{
    seen.c = *c;
    memcpy(seen.option, c->option, sizeof seen.option);
    memcpy(seen.gain, c->gain, sizeof seen.gain);
    for (int i = 0; i < EPROP_N_INPUT; i++) {
        seen.given[i] = c->input[i] != NULL;
        if (!c->input[i]) continue;
        seen.first[i] = c->format == EPROP_F32 ? (double)((const float *)c->input[i])[1] : ((const double *)c->input[i])[1];
    }
    seen.open++;
    *handle = &seen;
    return EPROP_OK;
}
static int32_t echo_run(void *handle, const eprop_result *out) { return (void)handle, (void)out, EPROP_OK; }
static void echo_close(void *handle) { seen.closed += handle == &seen; }
static const char *echo_reason(void *handle) { return (void)handle, "none"; }

/* Every option at every value, every scalar and array, in both formats, reaches the port as it is. */
START_TEST(the_port_is_handed_the_whole_case)
{
    const uint64_t all = ~UINT64_C(0);
    const eprop_port port = {.size = sizeof port, .version = 1, .name = "echo", .release = "1", .formats = all, .models = all,
                             .rules = all, .losses = all, .quantities = all, .open = echo_open, .run = echo_run,
                             .close = echo_close, .reason = echo_reason, .given = all};
    double a[VFY_N_INPUT][64];
    for (int i = 0; i < VFY_N_INPUT; i++)
        for (int k = 0; k < 64; k++) a[i][k] = k == 1 ? 0.5 + i : 0;
    ep_net net = {.model = EP_SYNAPTIC, .n_in = 2, .n_rec = 3, .n_out = 4, .Win = a[0], .Wrec = a[1], .b = a[2], .Wout = a[3],
                  .bout = a[4], .B = a[5], .theta = {a[6], a[7], a[8], a[9]}, .kappa = 0.1, .v_th = 0.2, .gamma = 0.3,
                  .b_forget = 0.4, .n_ref = 9};
    vfy_epv_case c = {.rule = EP_EPROP3, .format = VFY_F64, .net = net, .window = 7, .seed = VFY_SEED_Z, .reg_off = true,
                      .batch = {.T = 5, .B = 2, .x = a[10], .target = a[11], .mask = a[12], .loss = EP_CLASSIFICATION,
                                .c_reg = 0.5, .f_target = 0.6},
                      .given = {a[13], a[14], a[15]}, .updates = 9, .online = true, .carry = true, .eta = 0.7, .lambda = 0.8,
                      .n_report = 2, .report = {4, 9}};
    vfy_want w = {.q = VFY_Q_LOSS};
    vfy_answer answer;
    char err[VFY_EPV_ERR] = "";
    ck_assert_int_eq(vfy_epv_add(&c, &w), EP_OK);
    memset(&seen, 0, sizeof seen);
    int runs = 0;
    for (size_t row = 0; row < ep_option_count(); row++)
        for (int v = 0; ep_option_at(row)->values[v]; v++, runs++) {
            const char *value = ep_option_at(row)->values[v];
            c.format = (vfy_format)(runs % 2);
            c.net.opt = ep_preset_options(EP_PAPER2019);
            ck_assert(ep_option_set(&c.net.opt, ep_option_at(row)->name, value[0] == '<' ? "7" : value));
            ck_assert_msg(vfy_plugin_run(&port, &c, &answer, err, sizeof err) == EP_OK, "%s", err);
            vfy_answer_clear(&answer);
            for (size_t k = 0; k < EPROP_N_OPTION; k++) {
                bool number = value[0] == '<' && row >= EPROP_OPT_DELAY;
                int32_t plain = k == EPROP_OPT_DELAY, want = k == row ? (number ? 7 : v) : plain;
                ck_assert_msg(seen.option[k] == want, "%s=%s: option %zu is %d", ep_option_at(row)->name, value, k, seen.option[k]);
            }
            if (row < 3) ck_assert(seen.gain[row] == (v == 2 ? 7 : 0));
            for (int i = 0; i < EPROP_N_INPUT; i++) ck_assert(seen.given[i] && seen.first[i] == 0.5 + i);
        }
    const eprop_case *g = &seen.c;
    ck_assert(g->updates == 9 && g->online == 1 && g->carry == 1 && g->n_report == 2 && g->eta == 0.7 && g->lambda == 0.8);
    ck_assert(g->size == sizeof *g && g->model == EPROP_SYNAPTIC && g->rule == EPROP_RULE_EPROP3 && g->T == 5 && g->B == 2);
    ck_assert(g->n_in == 2 && g->n_rec == 3 && g->n_out == 4 && g->n_ref == 9 && g->window == 7 && g->seed == EPROP_SEED_Z);
    ck_assert(g->reg_off == 1 && g->loss == EPROP_LOSS_CLASSIFICATION && g->n_option == EPROP_N_OPTION);
    ck_assert(g->n_input == EPROP_N_INPUT && g->kappa == 0.1 && g->v_th == 0.2 && g->gamma == 0.3 && g->b_forget == 0.4);
    ck_assert(g->c_reg == 0.5 && g->f_target == 0.6 && seen.open == runs && seen.closed == runs);
    ck_assert_uint_eq(ep_option_count(), EPROP_N_OPTION);
    c.net.Win = NULL;
    ck_assert_int_eq(vfy_plugin_run(&port, &c, &answer, err, sizeof err), EP_OK);
    ck_assert(!seen.given[EPROP_IN_WIN] && seen.given[EPROP_IN_WREC]);
    vfy_answer_clear(&answer);
    vfy_epv_case_clear(&c);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("plugin");
    TCase *c = tcase_create("ports in shared objects");
    tcase_add_loop_test(c, the_right_port_passes, 1, 9);
    tcase_add_loop_test(c, a_wrong_line_is_found_at_its_quantity, 1, 11);
    tcase_add_test(c, broken_tables_are_named);
    tcase_add_test(c, broken_answers_are_named);
    tcase_add_test(c, cases_outside_the_claims);
    tcase_add_test(c, the_port_is_handed_the_whole_case);
    suite_add_tcase(s, c);
    return test_run(s);
}
