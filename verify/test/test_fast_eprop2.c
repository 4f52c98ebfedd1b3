/* The float engine of e-prop 2 against the reference: spikes, y, L, the outer gradient, within the rounding that is allowed.
 *
 * The limit: the reference runs in the arithmetic that carries, beside each number, the first-order error bound of a program
 * that rounds every operation: |engine - reference| <= 2^-24 mag. The engine sums in other orders and contracts
 * products; its roundings are no more than those counted.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eprop2_case.h"
#include "../../optimized/opt_e2.h"
#include "test/run.h"

typedef struct engine { void *mem; opt_e2 *s; float *x, *code, *x2, *y, *err; opt_e2_trials tr; } engine;

static float *narrow(const double *v, size_t n)
{
    float *f = calloc(n + 1, sizeof *f);
    for (size_t i = 0; v && i < n; i++) f[i] = (float)v[i];
    return f;
}

static const double *group_of(const ep_net *n, int g)
{
    const double *const at[] = {n->Win, n->Wrec, n->b, n->Wout, n->bout};
    return at[g];
}

static void open_engine(const ref_e2_source *s, int threads, bool first, engine *e)
{
    opt_e2_config c = {.main = &s->main, .module = &s->module, .T = s->train.T, .T_test = s->test.T, .B = s->train.B,
                       .threads = threads, .eta = s->eta, .first_order = first};
    const ep_batch *bt[3] = {&s->train, &s->code, &s->test};
    char why[256] = "";
    for (int k = 0; k < 3; k++) {
        c.c_reg[k] = bt[k]->c_reg;
        c.f_target[k] = bt[k]->f_target;
    }
    size_t n = opt_e2_size(&c, why, sizeof why), B = (size_t)s->train.B, T = (size_t)s->train.T, T2 = (size_t)s->test.T;
    ck_assert_msg(n > 0, "%s", why);
    e->mem = aligned_alloc(OPT_ALIGN, n);
    ck_assert_int_eq(opt_e2_init(&c, e->mem, n, &e->s), EP_OK);
    for (int net = 0; net < 2; net++)
        for (int g = 0; g <= EP_G_BOUT; g++) {
            const ep_net *w = net ? &s->module : &s->main;
            ck_assert_int_eq(opt_e2_set(e->s, (opt_e2_net)net, (ep_group)g, group_of(w, g), ep_group_size(w, (ep_group)g)), EP_OK);
        }
    size_t n_code = (size_t)(s->module.n_in - s->main.n_rec - s->main.n_in);
    e->x = narrow(s->train.x, B * T * (size_t)s->main.n_in);
    e->code = narrow(s->code.x, B * T * n_code);
    e->x2 = narrow(s->test.x, B * T2 * (size_t)s->main.n_in);
    e->y = narrow(NULL, B * T2 * (size_t)s->main.n_out);
    e->err = narrow(NULL, B * T2 * (size_t)s->main.n_out);
    e->tr = (opt_e2_trials){.B = s->train.B, .x = e->x, .code = e->code, .x_test = e->x2};
}

static void close_engine(engine *e)
{
    free(e->mem);
    free(e->x);
    free(e->code);
    free(e->x2);
    free(e->y);
    free(e->err);
}

/* Largest |got - want| / (2^-24 mag), and largest |want|. */
static double ratio(const double *got, const ref_num *want, size_t n, double *size)
{
    double worst = 0.0;
    for (size_t i = 0; i < n; i++) {
        double w = mpfr_get_d(want[i].e.r, MPFR_RNDN), off = fabs(got[i] - w), limit = 0x1p-24 * want[i].e.mag;
        *size = fmax(*size, fabs(w));
        if (off > 0.0) worst = fmax(worst, off / limit);
    }
    return worst;
}

/* |eta dW| / |W|. Each entry of dW is within 2^-24 mag of the reference's, eta and the product with it are rounded to 2^-24, so
 * |eta dW| is off by the norm of these limits at most; sums of squares are in binary64. */
static void compare_update(const ref_e2 *p, const engine *e)
{
    const double *const W[2] = {p->src->main.Win, p->src->main.Wrec};
    double moved = 0.0, off = 0.0, w2 = 0.0;
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < ep_group_size(&p->src->main, (ep_group)k); i++) {
            w2 += W[k][i] * W[k][i];
            for (int b = 0; b < p->train.B; b++) {
                const ref_num *d = &p->dW[b].g[k][i];
                double v = p->src->eta * mpfr_get_d(d->e.r, MPFR_RNDN), limit = p->src->eta * 0x1p-24 * d->e.mag + 0x1p-23 * fabs(v);
                moved += v * v;
                off += limit * limit;
            }
        }
    double want = sqrt(moved / p->train.B / w2), limit = sqrt(off / p->train.B / w2) + 0x1p-40 * want, got = opt_e2_look(e->s).update;
    ck_assert_double_gt(want, 0.0);
    ck_assert_msg(fabs(got - want) <= limit, "update %.9g, want %.9g within %.3g", got, want, limit);
}

static void same_spikes(const engine *e, int what, int b, const ref_run *r)
{
    size_t N = (size_t)r->net->n_rec, n = (size_t)r->T * N;
    float *z = narrow(NULL, n);
    ck_assert_int_eq(opt_e2_record(e->s, what, b, z, n), EP_OK);
    for (size_t i = 0; i < n; i++)
        ck_assert_msg((double)z[i] == mpfr_get_d(r->tr[b].z[N + i].e.r, MPFR_RNDN), "pass %d trial %d: spike %zu differs", what, b, i);
    free(z);
}

/* err of the reference's own readout; y and L compared on the way. */
static void compare_forward(const ref_e2 *p, engine *e)
{
    size_t K = (size_t)p->main.n_out, N = (size_t)p->main.n_rec, nL = (size_t)p->mod.T * N, ny = (size_t)p->test.T * K;
    for (int b = 0; b < p->test.B; b++) {
        double size = 0.0, *got = calloc(nL + ny, sizeof *got);
        float *L = narrow(NULL, nL);
        same_spikes(e, 0, b, &p->train);
        same_spikes(e, 1, b, &p->mod);
        same_spikes(e, 2, b, &p->test);
        ck_assert_int_eq(opt_e2_record(e->s, 3, b, L, nL), EP_OK);
        for (size_t i = 0; i < nL; i++) got[i] = (double)L[i];
        ck_assert_double_le(ratio(got, p->mod.tr[b].y + N, nL, &size), 1.0);
        for (size_t i = 0; i < ny; i++) got[i] = (double)e->y[(size_t)b * ny + i];
        ck_assert_double_le(ratio(got, p->test.tr[b].y + K, ny, &size), 1.0);
        for (size_t i = 0; i < ny; i++) e->err[(size_t)b * ny + i] = (float)mpfr_get_d(p->test.tr[b].err[K + i].e.r, MPFR_RNDN);
        free(got);
        free(L);
    }
}

static void compare_gradients(const ref_e2_grad *g, const engine *e, const char *name)
{
    for (int net = 0; net < 2; net++)
        for (int k = 0; k <= EP_G_BOUT; k++) {
            const ref_grad *want = net ? &g->module : &g->main;
            double size = 0.0, *got = calloc(want->n[k] + 1, sizeof *got);
            ck_assert_int_eq(opt_e2_grad(e->s, (opt_e2_net)net, (ep_group)k, got, want->n[k]), EP_OK);
            double r = ratio(got, want->g[k], want->n[k], &size);
            ck_assert_msg(r <= 1.0, "%s: %s %s: %.3g of the limit", name, net ? "module" : "main", ep_group_name((ep_group)k), r);
            ck_assert_double_gt(size, 0.0);
            free(got);
        }
}

static const vfy_e2_spec specs[] = {
    {.main = EP_LIF, .module = EP_LIF, .n_ref = 5, .seed = 41},
    {.main = EP_ALIF, .module = EP_LIF, .n_ref = 3, .delay = 2, .B = 3, .T_test = 20, .seed = 42},
    {.main = EP_LSNN, .module = EP_ALIF, .n_ref = 3, .delay = 3, .g_in = EP_GAIN_COMPLEMENT, .seed = 43},
    {.main = EP_LIF, .module = EP_LIF, .n_in = 3, .n_rec = 11, .n_mod = 9, .n_code = 5, .T = 30, .B = 18, .n_ref = 4, .seed = 44},
    {.main = EP_ALIF, .module = EP_ALIF, .n_in = 3, .n_rec = 11, .n_mod = 9, .n_code = 5, .T = 30, .B = 3, .n_ref = 4, .g_in = EP_GAIN_COMPLEMENT, .seed = 45}, /* more neurons than a vector holds, all adapting */
};

START_TEST(test_against_reference)
{
    vfy_e2_case k;
    ref_ctx c;
    ref_e2 p;
    ref_e2_grad g;
    engine e;
    bool first = _i % 2;
    ck_assert_int_eq(vfy_e2_case_make(&specs[_i / 2], &k), EP_OK);
    ck_assert_int_eq(ref_ctx_init(&c, ref_arith_running(), 128), EP_OK);
    ck_assert_int_eq(ref_e2_run(&c, &k.src, 1, &p), EP_OK);
    ck_assert_int_eq(ref_e2_grad_init(&c, &p, &g), EP_OK);
    ck_assert_int_eq(ref_e2_gradient(&c, &p, first ? REF_E2_FIRST : REF_E2_FULL, NULL, &g), EP_OK);
    open_engine(&k.src, 1 + _i % 3, first, &e);
    ck_assert_int_eq(opt_e2_forward(e.s, &e.tr, false, e.y), EP_OK);
    compare_forward(&p, &e);
    compare_update(&p, &e);
    ck_assert_int_eq(opt_e2_backward(e.s, &e.tr, e.err), EP_OK);
    compare_gradients(&g, &e, k.name);
    close_engine(&e);
    ref_ctx_clear(&c);
    vfy_e2_case_free(&k);
}
END_TEST

/* The same bits on any number of threads; a still forward pass is one without an update. */
START_TEST(test_threads_and_still)
{
    vfy_e2_case k;
    engine e[2];
    double *g[2];
    ck_assert_int_eq(vfy_e2_case_make(&specs[3], &k), EP_OK);
    size_t n = ep_group_size(&k.src.main, EP_G_WREC), ny = (size_t)k.src.test.B * (size_t)k.src.test.T * (size_t)k.src.main.n_out;
    for (int t = 0; t < 2; t++) {
        open_engine(&k.src, t ? 3 : 1, false, &e[t]);
        ck_assert_int_eq(opt_e2_forward(e[t].s, &e[t].tr, false, e[t].y), EP_OK);
        for (size_t i = 0; i < ny; i++) e[t].err[i] = e[t].y[i];
        ck_assert_int_eq(opt_e2_backward(e[t].s, &e[t].tr, e[t].err), EP_OK);
        g[t] = calloc(n, sizeof *g[t]);
        ck_assert_int_eq(opt_e2_grad(e[t].s, OPT_E2_MAIN, EP_G_WREC, g[t], n), EP_OK);
    }
    ck_assert_int_eq(memcmp(g[0], g[1], n * sizeof *g[0]), 0);
    ck_assert_double_gt(opt_e2_look(e[0].s).update, 0.01);
    ck_assert_int_eq(opt_e2_forward(e[0].s, &e[0].tr, true, e[0].y), EP_OK);
    ck_assert_double_eq(opt_e2_look(e[0].s).update, 0.0);
    ck_assert_int_ne(memcmp(e[0].y, e[1].y, ny * sizeof *e[0].y), 0);
    for (int t = 0; t < 2; t++) {
        close_engine(&e[t]);
        free(g[t]);
    }
    vfy_e2_case_free(&k);
}
END_TEST

START_TEST(test_refuses)
{
    vfy_e2_case k;
    engine e;
    char why[256];
    ck_assert_int_eq(vfy_e2_case_make(&specs[0], &k), EP_OK);
    opt_e2_config c = {.main = &k.src.main, .module = &k.src.module, .T = 10, .T_test = 10, .B = 1, .threads = 1, .eta = 1.0};
    ck_assert_uint_gt(opt_e2_size(&c, why, sizeof why), 0);
    c.eta = -1.0;
    ck_assert_uint_eq(opt_e2_size(&c, why, sizeof why), 0);
    c.eta = 1.0;
    ep_net other = k.src.main;
    other.opt.psi_shape = EP_ARCTAN;
    c.main = &other;
    ck_assert_uint_eq(opt_e2_size(&c, why, sizeof why), 0);
    ck_assert_msg(strstr(why, "psi_shape") != NULL, "%s", why);
    open_engine(&k.src, 1, false, &e);
    ck_assert_int_eq(opt_e2_backward(e.s, &e.tr, e.err), EP_DOMAIN); /* nothing was run forward */
    double bad[16] = {NAN};
    ck_assert_int_eq(opt_e2_set(e.s, OPT_E2_MAIN, EP_G_WREC, bad, 16), EP_DOMAIN);
    size_t n = ep_group_size(&k.src.main, EP_G_WREC);
    for (int off = -1; off < 2; off++) ck_assert_int_eq(opt_e2_grad(e.s, OPT_E2_MAIN, EP_G_WREC, bad, n + (size_t)off), off ? EP_DOMAIN : EP_OK);
    ck_assert_int_eq(opt_e2_grad(e.s, OPT_E2_MAIN, EP_G_THETA, bad, n), EP_DOMAIN);
    ck_assert_int_eq(opt_e2_forward(e.s, &e.tr, false, e.y), EP_OK);
    e.err[0] = NAN;
    ck_assert_int_eq(opt_e2_backward(e.s, &e.tr, e.err), EP_UNABLE);
    close_engine(&e);
    vfy_e2_case_free(&k);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("fast eprop2");
    TCase *t = tcase_create("engine");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, test_against_reference, 0, 2 * (int)(sizeof specs / sizeof *specs));
    tcase_add_test(t, test_threads_and_still);
    tcase_add_test(t, test_refuses);
    suite_add_tcase(s, t);
    return test_run(s);
}
