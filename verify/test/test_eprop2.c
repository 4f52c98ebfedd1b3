/* The outer gradient of e-prop 2: every kind of evidence holds, every slip is seen, what must vanish vanishes.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eprop2_evidence.h"
#include "test/run.h"

enum { N_QUICK = 8 };

/* Case n and one kind of evidence. */
START_TEST(test_e2_holds)
{
    static const int order[N_QUICK] = {1, 6, 0, 2, 3, 4, 5, 7}; /* a short run takes the first: spikes, then rate units */
    const int which = order[_i];
    vfy_e2_spec spec[N_QUICK];
    vfy_e2_case k;
    vfy_e2_identity id;
    vfy_e2_certificate ct;
    vfy_scaling sc;
    vfy_e2_routes r;
    ck_assert_uint_eq(vfy_e2_cases(VFY_QUICK, spec, N_QUICK), N_QUICK);
    ck_assert_int_eq(vfy_e2_case_make(&spec[which], &k), EP_OK);
    ck_assert_int_eq(vfy_e2_measure_identity(&k, REF_E2_FULL, REF_PRIME_2, 5, NULL, &id), EP_OK);
    ck_assert_msg(id.differ == 0 && !id.tangent_differs && id.dead_groups == 0, "%s: %zu of %zu differ, tangents %d, dead %d",
                  k.name, id.differ, id.entries, id.tangent_differs, id.dead_groups);
    ck_assert_int_eq(vfy_e2_certify(&k, 53.0, NULL, &ct), EP_OK);
    ck_assert_msg(ct.log2_gap <= -53.0 && ct.disjoint == 0 && ct.spikes > 0, "%s: gap 2^%g", k.name, ct.log2_gap);
    for (long bits = 24; bits <= 256; bits = bits == 24 ? 53 : bits == 53 ? 256 : 1024) {
        ck_assert_int_eq(vfy_e2_measure_scaling(&k, bits, NULL, &sc), EP_OK);
        ck_assert_msg(sc.ratio <= 1.0 && sc.err > 0.0, "%s: %ld bits: %g of the bound", k.name, bits, sc.ratio);
    }
    ck_assert_int_eq(vfy_e2_measure_routes(&k, 256, NULL, &r), EP_OK);
    for (int o = 0; o < REF_E2_N_ORDER; o++) ck_assert_msg(r.tape[o] < 0x1p-100, "%s: order %d: %a", k.name, o, r.tape[o]);
    ck_assert_msg(r.tangent < 0x1p-100, "%s: tangents %a", k.name, r.tangent);
    ck_assert_msg(r.fd <= r.fd_limit, "%s: central differences %a > %a", k.name, r.fd, r.fd_limit);
    bool smooth = spec[which].main == EP_RATE && spec[which].module == EP_RATE;
    ck_assert(smooth == (r.fd > 0.0)); /* measured, and not 0 by accident */
    vfy_e2_case_free(&k);
}
END_TEST

/* The tape's own slope of psi, for the shapes that only level full proves. */
START_TEST(test_e2_other_shapes)
{
    vfy_e2_spec spec[16];
    vfy_e2_case k;
    vfy_e2_routes r;
    int shapes = 0;
    size_t n = vfy_e2_cases(VFY_FULL, spec, 16);
    for (size_t i = N_QUICK; i < n; i++) {
        if (spec[i].psi_shape != EP_EXPONENTIAL && spec[i].psi_shape != EP_ARCTAN) continue;
        ck_assert_int_eq(vfy_e2_case_make(&spec[i], &k), EP_OK);
        ck_assert_int_eq(vfy_e2_measure_routes(&k, 256, NULL, &r), EP_OK);
        for (int o = 0; o < REF_E2_N_ORDER; o++) ck_assert_msg(r.tape[o] < 0x1p-100, "%s: order %d: %a", k.name, o, r.tape[o]);
        vfy_e2_case_free(&k);
        shapes++;
    }
    ck_assert_int_eq(shapes, 2);
}
END_TEST

static int lines_of(const char *dir, const char *name, char *head, size_t n)
{
    char path[300];
    int c, lines = 0;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "r");
    ck_assert_msg(f != NULL, "no %s", path);
    ck_assert_ptr_nonnull(fgets(head, (int)n, f));
    for (lines = 1; (c = getc(f)) != EOF;) lines += c == '\n';
    fclose(f);
    return lines;
}

/* First-order gradients of Win come near the full ones as the update shrinks, and are off by more as it grows. */
static void check_costs(const char *dir)
{
    char path[300], group[40], order[40];
    double update, cosine, norm, err, last = 0.0, first = 0.0;
    int seeds, rows = 0;
    snprintf(path, sizeof path, "%s/data/eprop2_cost.tsv", dir);
    FILE *f = fopen(path, "r");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fscanf(f, "%*[^\n]"), 0);
    while (fscanf(f, " %39[^\t]\t%39[^\t]\t%lf\t%lf\t%lf\t%lf\t%d", group, order, &update, &cosine, &norm, &err, &seeds) == 7) {
        rows++;
        ck_assert_int_eq(seeds, 9);
        if (!strncmp(group, "module", 6)) ck_assert_msg(err == 0.0, "%s, %s: the module's gradient is off by %g", group, order, err);
        if (strcmp(group, "main Win") || strcmp(order, "first order")) continue;
        if (update < 0.004) first = err;
        last = err;
    }
    fclose(f);
    ck_assert_int_eq(rows, 2 * 6 * 6);
    ck_assert_msg(first > 0.0 && first < 0.1 && last > 3.0 * first, "off by %g at the smallest update, by %g at the largest", first, last);
}

/* Evidence A as rows, and the tables of the report: of networks smaller than the report's. */
START_TEST(test_e2_rows_and_tables)
{
    static const struct { const char *name, *head; int lines; } want[] = {
        {"data/eprop2_evidence.tsv", "# evidence\tcompared\tcase\t", 1 + N_QUICK + 4}, {"data/eprop2_precision.tsv", "# case\tbits\terr\tbound\tslip_err", 1 + 5 * 11},
        {"data/eprop2_orders.tsv", "# series\tseed\tupdate\t", 1 + 3 * 6 * 9}, {"data/eprop2_cost.tsv", "# group\torder\tupdate\t", 1 + 2 * 6 * 6},
        {"data/eprop2_slips.tsv", "# slip\tA\tB", 1 + VFY_E2_N_SLIP}, {"data/eprop2_liveness.tsv", "# case\trate_train\t", 1 + N_QUICK},
        {"manifest.json", "{\"program\": \"eprop-verify eprop2\"", 1}};
    char dir[] = "/tmp/eprop-e2-XXXXXX", command[64], head[600], err[512] = "";
    vfy_results r = {0};
    vfy_e2_task t = {.evidence = "A", .out = &r};
    const vfy_e2_spec small = {.main = EP_LIF, .module = EP_LIF, .n_in = 4, .n_rec = 5, .n_out = 1, .n_mod = 5, .n_code = 3, .T = 30, .n_ref = 3, .seed = 50};
    const vfy_e2_report report = {.rows = &r, .of = &small};
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(vfy_e2_prove(&t), EP_OK);
    ck_assert_uint_eq(r.n, N_QUICK + 4);
    for (size_t k = 0; k < r.n; k++)
        ck_assert_msg(r.rows[k].verdict == VFY_HOLDS && r.rows[k].evidence == 'A' && r.rows[k].size == 0.0, "%s: %s: %s", r.rows[k].subject, r.rows[k].compared, r.rows[k].value);
    ck_assert_msg(vfy_e2_write_data(dir, &report, err, sizeof err) == EP_OK, "%s", err);
    for (size_t k = 0; k < sizeof want / sizeof *want; k++) {
        int lines = lines_of(dir, want[k].name, head, sizeof head);
        ck_assert_msg(!strncmp(head, want[k].head, strlen(want[k].head)), "%s: %s", want[k].name, head);
        ck_assert_msg(lines == want[k].lines, "%s: %d lines, expected %d", want[k].name, lines, want[k].lines);
    }
    check_costs(dir);
    ck_assert_int_eq(vfy_e2_write_data("/proc/no/such", &report, err, sizeof err), EP_IO);
    ck_assert_msg(strstr(err, "/proc/no") != NULL, "%s", err);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    ck_assert_int_eq(system(command), 0);
    vfy_results_clear(&r);
}
END_TEST

START_TEST(test_e2_slips)
{
    int bad = -1;
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    ck_assert_ptr_nonnull(f);
    bad = 0;
    ck_assert_int_eq(vfy_e2_slips_write(f, &bad), EP_OK);
    fclose(f);
    ck_assert_msg(bad == 0, "%s", text);
    int lines = 0;
    for (const char *p = text; *p; p++) lines += *p == '\n';
    ck_assert_int_eq(lines, 1 + VFY_E2_N_SLIP);
    free(text);
}
END_TEST

/* The learning signal reaches the loss through e alone as a factor: dropping what e depends on changes W_init's
 * gradient and nothing of the module's. */
START_TEST(test_e2_orders)
{
    vfy_e2_spec spec = {.main = EP_ALIF, .module = EP_LIF, .n_ref = 3, .delay = 2, .seed = 31};
    vfy_e2_case k;
    ref_ctx c;
    ref_e2 p;
    ref_e2_grad g[REF_E2_N_ORDER];
    ck_assert_int_eq(vfy_e2_case_make(&spec, &k), EP_OK);
    ck_assert_int_eq(ref_ctx_init(&c, ref_arith_binary64(), 53), EP_OK);
    ck_assert_int_eq(ref_e2_run(&c, &k.src, 1, &p), EP_OK);
    for (int o = 0; o < REF_E2_N_ORDER; o++) {
        ck_assert_int_eq(ref_e2_grad_init(&c, &p, &g[o]), EP_OK);
        ck_assert_int_eq(ref_e2_gradient(&c, &p, (ref_e2_order)o, NULL, &g[o]), EP_OK);
    }
    for (int o = 1; o < REF_E2_N_ORDER; o++) {
        for (int group = 0; group < EP_N_GROUP; group++)
            for (size_t i = 0; i < g[0].module.n[group]; i++)
                ck_assert_double_eq(g[o].module.g[group][i].d, g[0].module.g[group][i].d);
        ck_assert_double_gt(vfy_grad_distance(&c, &g[o].main, &g[0].main), 1e-4);
    }
    ref_ctx_clear(&c);
    vfy_e2_case_free(&k);
}
END_TEST

/* Without an update and without the rates of the training trial, the outer gradient is BPTT of the test trial. */
START_TEST(test_e2_no_update)
{
    vfy_e2_spec spec = {.main = EP_LSNN, .module = EP_LIF, .n_ref = 3, .B = 2, .seed = 32};
    vfy_e2_case k;
    ref_ctx c;
    ref_e2 p;
    ref_e2_grad g;
    ref_run run;
    ref_grad bptt;
    ref_rule_args rule = {.rule = EP_BPTT, .threads = 1};
    ck_assert_int_eq(vfy_e2_case_make(&spec, &k), EP_OK);
    k.src.eta = k.src.train.c_reg = k.src.code.c_reg = 0.0;
    ck_assert_int_eq(ref_ctx_init(&c, ref_arith_mpfr(), 128), EP_OK);
    ck_assert_int_eq(ref_e2_run(&c, &k.src, 1, &p), EP_OK);
    ck_assert_int_eq(ref_e2_grad_init(&c, &p, &g), EP_OK);
    ck_assert_int_eq(ref_e2_gradient(&c, &p, REF_E2_FULL, NULL, &g), EP_OK);
    ck_assert_int_eq(ref_run_batch(&c, &p.main, &k.src.test, &run), EP_OK);
    ck_assert_int_eq(ref_grad_init(&c, &p.main, &bptt), EP_OK);
    ck_assert_int_eq(ref_gradient(&c, &run, &rule, &bptt), EP_OK);
    ck_assert_double_gt(vfy_group_scale(&c, &bptt, EP_G_WREC), 0.0);
    ck_assert_double_lt(vfy_grad_distance(&c, &g.main, &bptt), 0x1p-100);
    for (int group = 0; group < EP_N_GROUP; group++) ck_assert_double_eq(vfy_group_scale(&c, &g.module, group), 0.0);
    ref_ctx_clear(&c);
    vfy_e2_case_free(&k);
}
END_TEST

/* A silent module teaches nothing: such a problem is dead, never a pass. */
START_TEST(test_e2_silent)
{
    vfy_e2_spec spec = {.main = EP_LIF, .module = EP_LIF, .seed = 33};
    vfy_e2_case k;
    vfy_e2_live live;
    ck_assert_int_eq(vfy_e2_case_make(&spec, &k), EP_OK);
    ck_assert(k.live.alive);
    k.src.module.Win = k.src.module.Wrec = k.src.module.b = k.src.module.bout = NULL;
    ck_assert_int_eq(vfy_e2_liveness(&k.src, &live), EP_OK);
    ck_assert(!live.alive);
    ck_assert_int_eq(live.silent_L, 4);
    ck_assert_double_eq(live.update, 0.0);
    vfy_e2_case_free(&k);
}
END_TEST

START_TEST(test_e2_refuses)
{
    vfy_e2_spec spec = {.main = EP_LIF, .module = EP_LIF, .seed = 34, .B = 2};
    vfy_e2_case k;
    char why[256];
    ck_assert_int_eq(vfy_e2_case_make(&spec, &k), EP_OK);
    ref_e2_source s = k.src;
    ck_assert_int_eq(ref_e2_check(&s, why, sizeof why), EP_OK);
    s.module.n_out = 3;
    ck_assert_int_eq(ref_e2_check(&s, why, sizeof why), EP_DOMAIN);
    ck_assert_msg(strstr(why, "found 3 outputs, expected 4") != NULL, "%s", why);
    s = k.src;
    s.module.n_in = 5;
    ck_assert_int_eq(ref_e2_check(&s, why, sizeof why), EP_DOMAIN);
    ck_assert_msg(strstr(why, "found 5 inputs, expected at least 6") != NULL, "%s", why);
    s = k.src;
    s.test.B = 1; /* the arrays have room for two */
    ck_assert_int_eq(ref_e2_check(&s, why, sizeof why), EP_DOMAIN);
    ck_assert_msg(strstr(why, "B = 1 (test)") != NULL, "%s", why);
    s = k.src;
    s.eta = NAN;
    ck_assert_int_eq(ref_e2_check(&s, why, sizeof why), EP_DOMAIN);
    ck_assert_msg(strstr(why, "eta: found nan") != NULL, "%s", why);
    s = k.src;
    s.main.opt.reset = EP_RESET_A_NEXT;
    ck_assert_int_eq(ref_e2_check(&s, why, sizeof why), EP_NOTIMPL);
    ck_assert_msg(strstr(why, "option reset") != NULL, "%s", why);
    s = k.src;
    s.module.model = EP_SYNAPTIC;
    ck_assert_int_ne(ref_e2_check(&s, why, sizeof why), EP_OK);
    vfy_e2_case_free(&k);
}
END_TEST

/* psi at a membrane v, from the spike's own code. */
static void psi_at(ref_ctx *c, const ref_net *net, const ref_num *v, ref_num *q)
{
    ref_num *z = ref_vec(c, 1);
    int refr = 0;
    ck_assert_int_eq(ref_spike(c, net, v, net->v_th, z, q, 0, &refr), EP_OK);
}

/* The slope of every shape against central differences of psi, and 0 at the kinks and beyond the triangle's foot. */
START_TEST(test_e2_slope)
{
    static const double at[] = {0.125, 0.375, 0.5625, 0.625, 0.6875, 1.0, 1.25, 1.375};
    double W = 0.0, b = 0.0, alpha = 0.5;
    ep_net src = {.model = EP_LIF, .n_in = 1, .n_rec = 1, .Win = &W, .b = &b, .v_th = 0.625, .gamma = 0.3125};
    ref_ctx c;
    ref_net net;
    src.theta[EP_ALPHA] = &alpha;
    src.opt.delay = 1;
    src.opt.psi_shape = (ep_psi_shape)_i;
    ck_assert_int_eq(ref_ctx_init(&c, ref_arith_mpfr(), 256), EP_OK);
    ck_assert_int_eq(ref_net_load(&c, &src, &net), EP_OK);
    for (size_t k = 0; k < sizeof at / sizeof *at; k++) {
        const double h = 0x1p-60;
        ref_num *w = ref_vec(&c, 4), *q = ref_vec(&c, REF_NQ), *q2 = ref_vec(&c, REF_NQ);
        ref_set_d(&c, &w[0], at[k]);
        ref_set_d(&c, &w[1], h);
        ref_add(&c, &w[2], &w[0], &w[1]);
        psi_at(&c, &net, &w[2], q);
        ref_sub(&c, &w[2], &w[0], &w[1]);
        psi_at(&c, &net, &w[2], q2);
        ref_sub(&c, &w[3], &q[REF_Q_PSI], &q2[REF_Q_PSI]);
        double slope, want = c.ar->to_d(&w[3]) / (2.0 * h);
        ref_spot s = {.h = &w[0]};
        ck_assert_int_eq(ref_psi_slope(&c, &net, 0, &s, 0, &w[1]), EP_OK);
        slope = c.ar->to_d(&w[1]);
        bool foot = _i == EP_TRIANGLE && at[k] >= 1.25;
        if (at[k] == 0.625 || foot) ck_assert_double_eq(slope, 0.0);
        else ck_assert_msg(slope != 0.0 && fabs(slope - want) <= 0x1p-50 * fabs(want), "shape %d at %g: %a, differences %a", _i, at[k], slope, want);
        ck_assert_int_eq(ref_psi_slope(&c, &net, 0, &s, 1, &w[1]), EP_OK);
        ck_assert_double_eq(c.ar->to_d(&w[1]), 0.0);
    }
    ref_ctx_clear(&c);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("eprop2");
    TCase *t = tcase_create("outer gradient");
    tcase_set_timeout(t, 300);
    tcase_add_loop_test(t, test_e2_holds, 0, test_first(N_QUICK));
    if (test_multiplier() >= 0.2) tcase_add_test(t, test_e2_rows_and_tables);
    tcase_add_test(t, test_e2_other_shapes);
    tcase_add_test(t, test_e2_slips);
    tcase_add_test(t, test_e2_orders);
    tcase_add_test(t, test_e2_no_update);
    tcase_add_test(t, test_e2_silent);
    tcase_add_test(t, test_e2_refuses);
    tcase_add_loop_test(t, test_e2_slope, 0, 4);
    suite_add_tcase(s, t);
    return test_run(s);
}
