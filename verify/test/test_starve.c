/* Memory that ends at any request: every function of the judge says EP_NOMEM, keeps no block, and
 * crashes nowhere.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cases.h"
#include "evidence.h"
#include "gradient.h"
#include "plugin.h"
#include "port_verdict.h"
#include "starve.h"
#include "test/run.h"
#include "vectors.h"
#include "windows.h"

static vfy_case networks[EP_N_MODEL];
static char folder[] = "/tmp/eprop-starve-XXXXXX";

static ep_status measured(const void *of)
{
    const vfy_case *k = of;
    vfy_identity identity;
    vfy_scaling scaling;
    vfy_routes routes;
    vfy_certificate certificate;
    ep_status st = vfy_measure_identity(k, 2305843009213693951u, 1, NULL, &identity);
    if (!st) st = vfy_measure_scaling(k, 64, NULL, &scaling);
    if (!st) st = vfy_measure_routes(k, 128, NULL, &routes);
    if (!st) st = vfy_certify(k, 20, NULL, 2, NULL, &certificate);
    return st;
}
static ep_status measured_in_windows(const void *of)
{
    vfy_windows w;
    return vfy_measure_windows(of, ref_arith_mpfr(), 64, 0, 1, 3, &w);
}
static ep_status certified(const void *of)
{
    const vfy_case *k = of;
    vfy_gradient g;
    vfy_gradient_args a = {.rule = EP_EPROP1_SYMMETRIC, .round = VFY_F32, .most_bits = 256, .threads = 1};
    ep_status st = vfy_gradient_certify(&k->net, &k->batch, &a, &g);
    if (!st) vfy_gradient_free(&g);
    return st;
}
START_TEST(evidence)
{
    for (int m = 0; m < EP_N_MODEL; m++) {
        expect_nomem(measured, &networks[m], 8, ep_model_name((ep_model)m));
        expect_nomem(measured_in_windows, &networks[m], 8, ep_model_name((ep_model)m));
        expect_nomem(certified, &networks[m], 8, ep_model_name((ep_model)m));
    }
}
END_TEST

/* ---- the judge ----------------------------------------------------------------------------------------------- */

static ep_status made(const void *of)
{
    vfy_vectors v;
    char err[512];
    ep_status st = vfy_vectors_make(of, &v, err, sizeof err);
    if (!st) vfy_vectors_free(&v);
    return st;
}
static ep_status written(const void *of)
{
    char err[512], path[64];
    const vfy_vectors *v = of;
    vfy_vectors_args a = {.seed = 1};
    static int n;
    snprintf(path, sizeof path, "%s/w%d", folder, n++);
    return vfy_vectors_write(path, &a, v, err, sizeof err);
}
static ep_status read_back(const void *of)
{
    char err[VFY_EPV_ERR];
    vfy_epv_file *file;
    FILE *f = fmemopen((void *)(uintptr_t)of, strlen(of), "r");
    if (!f) return EP_IO;
    ep_status st = vfy_epv_read_stream(f, "text", &file, err, sizeof err);
    if (!st) vfy_epv_free(file);
    fclose(f);
    return st;
}
static vfy_vectors set;
START_TEST(vector_files)
{
    char err[512] = "", *text = NULL;
    size_t n = 0;
    vfy_vectors_args a = {.seed = 1};
    expect_nomem(made, &a, 3, "vectors");
    expect(written, &set, 12, "writing", true); /* a folder's own entry is synced where that can be done */
    for (size_t i = 0; i < set.n; i += 9) {
        FILE *f = open_memstream(&text, &n);
        ck_assert_int_eq(vfy_epv_print(f, &set.made[i].c, 1, err, sizeof err), EP_OK);
        fclose(f);
        expect_nomem(read_back, text, 24, set.made[i].c.id);
        free(text);
    }
}
END_TEST

/* The template port, spoken for in this process: the host says in its protocol that it could not. */
static ep_status hosted(const void *of)
{
    const char *text = of;
    char *said = NULL;
    size_t n = 0;
    FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r"), *out = open_memstream(&said, &n);
    int rc = vfy_host(PLUGIN_SO, in, out, out);
    fclose(in);
    fclose(out);
    ep_status st = rc == 0 && strstr(said, "done") ? EP_OK : EP_NOMEM;
    free(said);
    return st;
}
typedef struct judging { const vfy_epv_case *c; vfy_port_args a; } judging;
static void keep(void *user, size_t i, vfy_outcome *o)
{
    (void)i;
    *(vfy_outcome *)user = *o;
    memset(o, 0, sizeof *o);
}
static ep_status judged(const void *of)
{
    const judging *j = of;
    vfy_claims claims;
    vfy_outcome o = {0};
    vfy_judged verdict;
    char err[VFY_EPV_ERR];
    ep_status st = vfy_port_run(&j->a, &j->c, 1, &claims, keep, &o, err, sizeof err);
    if (st) return st;
    vfy_judge(j->c, &o, VFY_CLASS_BOUND, &verdict);
    if (verdict.status == VFY_PASSED) return EP_OK;
    return strstr(verdict.reason, "memory") ? EP_NOMEM : EP_PORT;
}
START_TEST(ports)
{
    char *text = NULL, what[64], err[VFY_EPV_ERR];
    size_t n = 0, seen = 0, streamed = 0;
    vfy_plugin p;
    ck_assert_int_eq(vfy_plugin_load(PLUGIN_SO, &p, err, sizeof err), EP_OK);
    for (size_t i = 0; i < set.n && seen < 4; i++) {
        const vfy_epv_case *c = &set.made[i].c;
        if (vfy_plugin_claims(p.port, c, err, sizeof err) != EP_OK) continue;
        snprintf(what, sizeof what, "case %s", c->id);
        FILE *f = open_memstream(&text, &n);
        fputs("eprop 1\n", f);
        ck_assert_int_eq(vfy_case_print(f, c, vfy_asked(c)), EP_OK);
        fputs("bye\n", f);
        fclose(f);
        expect_nomem(hosted, text, 40, what);
        free(text);
        judging j = {c, {.way = VFY_WAY_PLUGIN, .target = PLUGIN_SO, .timeout = 20}};
        expect_nomem(judged, &j, 40, what);
        vfy_epv_case bare = *c; /* judged while it comes */
        bare.want = NULL, bare.n_want = bare.cap_want = 0;
        if (c->family == VFY_FAMILY_TRACE && vfy_is_streamable(&bare)) {
            judging k = {&bare, {.way = VFY_WAY_PLUGIN, .target = PLUGIN_SO, .timeout = 20, .streaming = vfy_reference()->streaming}};
            expect_nomem(judged, &k, 20, what);
            streamed++;
        }
        seen++;
    }
    vfy_plugin_unload(&p);
    ck_assert_uint_eq(seen, 4);
    ck_assert_uint_ge(streamed, 1);
}
END_TEST

static void prepare(void)
{
    char err[512] = "";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    starve_networks(networks);
    ck_assert_msg(vfy_vectors_make(&(vfy_vectors_args){.seed = 1}, &set, err, sizeof err) == EP_OK, "%s", err);
    ck_assert_int_eq(vfy_vectors_name(&set), EP_OK);
}
static void tidy(void)
{
    char command[64];
    vfy_vectors_free(&set);
    starve_free(networks);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}

int main(void)
{
    Suite *s = suite_create("starve");
    TCase *t = tcase_create("memory");
    tcase_add_unchecked_fixture(t, prepare, tidy);
    tcase_set_timeout(t, 300);
    tcase_add_test(t, evidence);
    tcase_add_test(t, vector_files);
    tcase_add_test(t, ports);
    suite_add_tcase(s, t);
    return test_run(s);
}
