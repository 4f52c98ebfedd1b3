/* Certified gradients of rules with synthetic gradients: exact seeds give BPTT's bits, a synthesiser that says nothing those of the rule
 * without, one that says constants those of the same seeds given to the reference; files of synthesisers, good and bad.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cases.h"
#include "gradient.h"
#include "test/run.h"

static const ep_model models[] = {EP_LSTM, EP_ALIF, EP_LIF, EP_LSNN, EP_SYNAPTIC};
enum { N_MODEL = 5, WINDOW = 3 };

static vfy_case make(int n, double kappa)
{
    vfy_case_spec s = {.model = models[n % N_MODEL], .n_in = 2, .n_rec = 3, .n_out = 2, .T = 10, .delay = models[n % N_MODEL] == EP_LSTM ? 1 : 2,
                       .B = 1, .no_reg = true, .seed = 40 + (uint64_t)n};
    vfy_case k;
    ep_status st = vfy_case_make(&s, &k);
    ck_assert(st == EP_OK || st == EP_UNABLE);
    k.net.kappa = kappa;
    return k;
}

static vfy_gradient certify(const vfy_case *k, ep_rule rule, ref_seed seed, const vfy_synth *synth)
{
    vfy_gradient_args a = {.rule = rule, .window = WINDOW, .seed = seed, .synth = synth, .round = VFY_F64, .most_bits = 4096, .threads = 1};
    vfy_gradient g;
    ck_assert_int_eq(vfy_gradient_certify(&k->net, &k->batch, &a, &g), EP_OK);
    ck_assert_uint_gt(g.decided, 0);
    return g;
}

/* How many entries of a are not b's, bit for bit, where both are decided. */
static size_t differ(const vfy_gradient *a, const vfy_gradient *b)
{
    size_t n = 0;
    ck_assert_uint_eq(a->n, b->n);
    for (size_t k = 0; k < a->n; k++) {
        if (a->entry[k].want.kind == VFY_UNDECIDED || b->entry[k].want.kind == VFY_UNDECIDED) continue; /* a tie that rationals alone decide */
        n += a->entry[k].want.kind != b->entry[k].want.kind ||
             (a->entry[k].want.kind == VFY_VALUE && (a->entry[k].want.bits != b->entry[k].want.bits || a->entry[k].want.extra != b->entry[k].want.extra));
    }
    return n;
}

/* bptt, tbptt, eprop3 without seeds; the -sg rules with exact seeds zc are bptt, with seeds c they are not. */
START_TEST(exact_seeds)
{
    static const ep_rule rules[] = {EP_TBPTT_SG, EP_EPROP3_SG}, bare[] = {EP_TBPTT, EP_EPROP3};
    vfy_case k = make(_i, 0.75);
    vfy_gradient bptt = certify(&k, EP_BPTT, REF_SEED_NONE, NULL);
    for (int r = 0; r < 2; r++) {
        vfy_gradient exact = certify(&k, rules[r], REF_SEED_ZC, NULL), c = certify(&k, rules[r], REF_SEED_C, NULL);
        vfy_gradient none = certify(&k, rules[r], REF_SEED_NONE, NULL), without = certify(&k, bare[r], REF_SEED_NONE, NULL);
        ck_assert_uint_eq(differ(&exact, &bptt), 0);
        ck_assert_uint_gt(differ(&c, &bptt), 0);
        ck_assert_uint_gt(differ(&c, &none), 0);
        ck_assert_uint_eq(differ(&none, &without), 0);
        vfy_gradient *const all[] = {&exact, &c, &none, &without};
        for (int n = 0; n < 4; n++) vfy_gradient_free(all[n]);
    }
    vfy_gradient_free(&bptt);
    vfy_case_free(&k);
}
END_TEST

/* Parameters that make a synthesiser say each * (i + 1) / 16 whatever it sees: by q alone. */
static vfy_synth constant(const vfy_case *k, int hidden, ref_seed says, ref_sees sees, double each)
{
    vfy_synth s = {.n_hid = hidden, .sees = sees};
    size_t one = 0, two = 0; /* size of h units = h (n_u + 1 + n_s) + n_s */
    ck_assert_int_eq(vfy_synth_needs(&s, &k->net, says, &s.n), EP_OK);
    s.theta = calloc(s.n, sizeof *s.theta);
    s.n_hid = 1;
    ck_assert_int_eq(vfy_synth_needs(&s, &k->net, says, &one), EP_OK);
    s.n_hid = 2;
    ck_assert_int_eq(vfy_synth_needs(&s, &k->net, says, &two), EP_OK);
    s.n_hid = hidden;
    size_t per_unit = two - one, n_s = one - per_unit;
    for (size_t i = 0; i < n_s; i++) s.theta[s.n - n_s + i] = each * (double)(i + 1) / 16;
    for (size_t i = 0; hidden && i < per_unit / 2; i++) s.theta[i] = 0.25; /* V: what comes of it is not read while W = 0 */
    return s;
}

START_TEST(a_synthesiser_says_them)
{
    static const ref_seed kinds[] = {REF_SEED_C, REF_SEED_Z, REF_SEED_ZC};
    ep_rule rule = _i % 2 ? EP_TBPTT_SG : EP_EPROP3_SG;
    ref_seed says = kinds[_i % 3];
    vfy_case k = make(_i, _i % 4 ? 0.75 : 0);
    vfy_synth mute = constant(&k, _i % 5 == 0 ? 0 : 2, says, _i % 2 ? REF_SEES_Z : REF_SEES_STATE, 0), loud = constant(&k, mute.n_hid, says, mute.sees, 1);
    vfy_gradient none = certify(&k, rule, REF_SEED_NONE, NULL), nothing = certify(&k, rule, says, &mute), said = certify(&k, rule, says, &loud);
    ck_assert_uint_eq(differ(&nothing, &none), 0);
    ck_assert_uint_gt(differ(&said, &none), 0);
    /* the same constants given to the reference, at 512 bits */
    ref_ctx c;
    ref_net net;
    ref_run run;
    ref_grad g;
    ref_seeds given;
    ck_assert_int_eq(ref_ctx_init(&c, ref_arith_mpfr(), 512), EP_OK);
    ck_assert_int_eq(ref_net_load(&c, &k.net, &net), EP_OK);
    ck_assert_int_eq(ref_run_batch(&c, &net, &k.batch, &run), EP_OK);
    ck_assert_int_eq(ref_seeds_init(&c, &net, k.batch.T, WINDOW, &given), EP_OK);
    size_t n_s = (size_t)ref_seed_width(&c, &net, says);
    ref_num *s = ref_vec(&c, n_s);
    for (size_t i = 0; i < n_s; i++) ref_set_d(&c, &s[i], (double)(i + 1) / 16);
    for (int m = 0; m < ref_boundaries(k.batch.T, WINDOW); m++) ref_seed_unpack(&c, &net, says, s, m, &given);
    ref_rule_args a = {.rule = rule, .window = WINDOW, .seed = says, .given = &given, .threads = 1};
    ck_assert_int_eq(ref_grad_init(&c, &net, &g), EP_OK);
    ck_assert_int_eq(ref_gradient(&c, &run, &a, &g), EP_OK);
    for (size_t i = 0; i < said.n; i++) {
        const vfy_entry *e = &said.entry[i];
        if (e->want.kind == VFY_VALUE) ck_assert_msg(e->nearest == mpfr_get_d(g.g[e->group][e->at].r, MPFR_RNDN), "%s[%zu]", ep_group_name(e->group), e->at);
    }
    ref_ctx_clear(&c);
    loud.n--; /* one number short */
    vfy_gradient_args bad = {.rule = rule, .window = WINDOW, .seed = says, .synth = &loud, .round = VFY_F64, .most_bits = 256, .threads = 1};
    vfy_gradient no;
    ck_assert_int_eq(vfy_gradient_certify(&k.net, &k.batch, &bad, &no), EP_DOMAIN);
    vfy_gradient *const all[] = {&none, &nothing, &said};
    for (int n = 0; n < 3; n++) vfy_gradient_free(all[n]);
    vfy_synth_free(&mute);
    vfy_synth_free(&loud);
    vfy_case_free(&k);
}
END_TEST

/* ---- files --------------------------------------------------------------------------------------------------- */

static const struct { const char *text, *says; } files[] = {
    {"synth 1\nsees state\nhidden 2\n0.5 -1e-3\n0x1p-4\n", NULL},
    {"synth 1 sees z hidden 0 1 2 3", NULL},
    {"synth 2\n", ":1: found '2', expected version 1"},
    {"synth 1\nsees all\n", ":2: found 'all', expected z or state"},
    {"synth 1\nsees z\nhidden -1\n", ":3: found '-1', expected 0 to 1048576"},
    {"synth 1\nsees z\nhidden 0\n1\n2 x\n", ":5: found 'x', expected a finite number"},
    {"synth 1\nsees z\nhidden 0\n1 nan\n", ":4: found 'nan', expected a finite number"},
    {"synth 1\nsees z\nhidden 0\n", "found the end, expected numbers"},
    {"sees z\n", ":1: found 'sees', expected synth"},
    {"", "found the end, expected synth"}};

START_TEST(files_are_read)
{
    char path[] = "/tmp/eprop-synth-XXXXXX", err[512] = "";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    size_t n = strlen(files[_i].text);
    ck_assert_int_eq((int)write(fd, files[_i].text, n), (int)n);
    (void)close(fd);
    vfy_synth s = {.n_hid = 77};
    ep_status st = vfy_synth_read(path, &s, err, sizeof err);
    (void)unlink(path);
    if (files[_i].says) {
        ck_assert_int_eq(st, EP_FORMAT);
        ck_assert_msg(strstr(err, files[_i].says) && strncmp(err, path, strlen(path)) == 0, "'%s', wanted '%s'", err, files[_i].says);
        ck_assert_int_eq(s.n_hid, 77);
        return;
    }
    ck_assert_msg(st == EP_OK, "%s", err);
    ck_assert_int_eq(s.n_hid, _i ? 0 : 2);
    ck_assert_int_eq((int)s.sees, _i ? REF_SEES_Z : REF_SEES_STATE);
    ck_assert_uint_eq(s.n, 3);
    ck_assert(s.theta[2] == (_i ? 3 : 0.0625));
    vfy_synth_free(&s);
    ck_assert_int_eq(vfy_synth_read("/nonexistent/synth", &s, err, sizeof err), EP_IO);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("gradient_windows");
    TCase *c = tcase_create("seeds");
    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, exact_seeds, 0, N_MODEL);
    tcase_add_loop_test(c, a_synthesiser_says_them, 0, 12);
    tcase_add_loop_test(c, files_are_read, 0, (int)(sizeof files / sizeof *files));
    suite_add_tcase(s, c);
    return test_run(s);
}
