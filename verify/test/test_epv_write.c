/* test_epv_write.c: what is written is read back the same; a failed write leaves nothing.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "epv.h"
#include "test/run.h"

enum { NI = 3, NR = 4, NO = 2, T = 5, NB = 2, MAX = 4 * NR * NR + NB * T * NR };

typedef struct sample {
    double a[VFY_N_INPUT][MAX];
    ep_net net;
    ep_batch batch;
} sample;

static char folder[64];
static void setup(void)
{
    strcpy(folder, "/tmp/epv-test-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
}
static int entries(void)
{
    int n = 0;
    DIR *d = opendir(folder);
    ck_assert(d != NULL);
    for (struct dirent *e; (e = readdir(d));) n += e->d_name[0] != '.';
    closedir(d);
    return n;
}
static void teardown(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/a.epv", folder);
    (void)unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

/* Random numbers of the format; a third are 0. */
static double draw(vfy_format f, uint64_t seed, uint64_t *at, bool small)
{
    double v = ep_rng_uniform(seed, 1, (*at)++);
    if (v < 0.3) return 0;
    if (!small) v = (v - 0.6) * 8;
    return f == VFY_F32 ? (double)(float)v : v;
}

static void make(sample *s, ep_model m, vfy_format f, uint64_t seed, int B)
{
    uint64_t at = 0;
    memset(s, 0, sizeof *s);
    for (int i = 0; i < VFY_N_INPUT; i++)
        for (int k = 0; k < MAX; k++) s->a[i][k] = draw(f, seed, &at, i >= VFY_IN_THETA);
    for (int j = 0; j < NR; j++)
        if (ep_model_masks_diagonal(m)) s->a[VFY_IN_WREC][j * NR + j] = 0;
    s->net = (ep_net){.model = m, .opt = ep_preset_options((ep_preset)(seed % EP_N_PRESET)),
                      .n_in = NI, .n_rec = NR, .n_out = NO, .Win = s->a[0], .Wrec = s->a[1], .b = s->a[2], .Wout = s->a[3],
                      .bout = s->a[4], .B = s->a[5], .kappa = 0.5, .v_th = 0.625, .gamma = 0.25, .b_forget = -1.5,
                      .n_ref = (int)(seed % 4)};
    for (int p = 0; p < EP_N_THETA; p++) s->net.theta[p] = s->a[VFY_IN_THETA + p];
    s->batch = (ep_batch){.T = T, .B = B, .x = s->a[VFY_IN_X], .target = s->a[VFY_IN_TARGET], .mask = s->a[VFY_IN_MASK],
                          .loss = (ep_loss)(seed % 2), .c_reg = 2, .f_target = 0.125};
    if (seed % 3 == 0) s->net.opt.g_in = EP_GAIN_VALUE, s->net.opt.g_in_value = f == VFY_F32 ? (double)0.1f : 0.1;
    if (m != EP_LSTM) s->net.opt.delay = 1 + (int)(seed % 3);
}

static void same_array(const double *a, const double *b, size_t n, double other, const char *name)
{
    for (size_t k = 0; k < n; k++) {
        double x = a ? a[k] : other, y = b ? b[k] : other;
        ck_assert_msg(memcmp(&x, &y, sizeof x) == 0, "%s at %zu: %a, %a", name, k, x, y);
    }
}

static void same(const vfy_epv_case *x, const vfy_epv_case *y)
{
    const ep_net *a = &x->net, *b = &y->net;
    char s[32], t[32];
    ck_assert(x->rule == y->rule && x->format == y->format && x->window == y->window && x->seed == y->seed);
    ck_assert(x->reg_off == y->reg_off && x->family == y->family && x->has_margin == y->has_margin && x->rng == y->rng);
    ck_assert(x->margin == y->margin && strcmp(x->flags, y->flags) == 0 && strcmp(x->id, y->id) == 0);
    ck_assert(a->model == b->model && a->n_ref == b->n_ref && a->kappa == b->kappa && a->v_th == b->v_th);
    ck_assert(a->gamma == b->gamma && a->b_forget == b->b_forget && x->batch.T == y->batch.T && x->batch.B == y->batch.B);
    ck_assert(x->batch.loss == y->batch.loss && x->batch.c_reg == y->batch.c_reg && x->batch.f_target == y->batch.f_target);
    for (size_t i = 0; i < ep_option_count(); i++) {
        const char *name = ep_option_at(i)->name;
        ck_assert(ep_option_get(&a->opt, name, s, sizeof s) && ep_option_get(&b->opt, name, t, sizeof t));
        ck_assert_msg(strcmp(s, t) == 0, "%s: %s, %s", name, s, t);
    }
    const double *p[] = {a->Win, a->Wrec, a->b, a->Wout, a->bout, a->B, a->theta[0], a->theta[1], a->theta[2], a->theta[3],
                         x->batch.x, x->batch.target, x->batch.mask, x->given[0], x->given[1], x->given[2]};
    const double *q[] = {b->Win, b->Wrec, b->b, b->Wout, b->bout, b->B, b->theta[0], b->theta[1], b->theta[2], b->theta[3],
                         y->batch.x, y->batch.target, y->batch.mask, y->given[0], y->given[1], y->given[2]};
    ck_assert(x->updates == y->updates && x->online == y->online && x->carry == y->carry && x->eta == y->eta && x->lambda == y->lambda);
    ck_assert(x->n_report == y->n_report && memcmp(x->report, y->report, sizeof x->report) == 0);
    for (int i = 0; i < 3; i++) ck_assert(!x->given[i] == !y->given[i]);
    for (int i = 0; i < VFY_N_INPUT; i++) {
        vfy_shape shape = vfy_input_shape((vfy_input)i, a, x->batch.T, x->batch.B);
        if (!vfy_input_of_model((vfy_input)i, a->model)) continue;
        same_array(p[i], q[i], vfy_shape_size(&shape), i == VFY_IN_MASK ? 1 : 0, vfy_input_name((vfy_input)i));
    }
    ck_assert_uint_eq(x->n_want, y->n_want);
    for (size_t i = 0; i < x->n_want; i++) {
        const vfy_want *v = &x->want[i], *w = &y->want[i];
        ck_assert(v->q == w->q && v->kind == w->kind && v->at == w->at && v->bits == w->bits && v->extra == w->extra);
        ck_assert(v->mag == w->mag && v->lo == w->lo && v->hi == w->hi);
    }
}

static void add_wants(vfy_epv_case *c, uint64_t seed)
{
    for (int q = 0; q < VFY_N_QUANTITY; q++) {
        if (!vfy_quantity_of_model((vfy_quantity)q, c->net.model) || vfy_quantity_of_chain((vfy_quantity)q) != (c->updates > 0)) continue;
        if (q == VFY_Q_FEEDBACK && c->rule != EP_EPROP1_ADAPTIVE) continue;
        vfy_shape shape = vfy_quantity_shape((vfy_quantity)q, &c->net, c->batch.T, c->batch.B, c->updates);
        size_t size = vfy_shape_size(&shape);
        vfy_want w = {.q = (vfy_quantity)q, .kind = (vfy_kind)(q % 3), .at = ep_rng_u64(seed, 2, (uint64_t)q) % size};
        if (w.kind == VFY_VALUE)
            ck_assert(vfy_bits_of(c->format, (double)(float)ep_rng_normal(seed, 3, (uint64_t)q, 8), &w.bits)),
                w.extra = (unsigned)q * 150 % 4096, w.mag = 0.1 * q;
        if (w.kind == VFY_UNDECIDED) w.lo = -0.1 * q, w.hi = 0x1p-1074;
        ck_assert_int_eq(vfy_epv_add(c, &w), EP_OK);
    }
}

/* model x format x rule, with batches of 1 and 2. */
/* Chains, and given arrays: e-prop 1 only. */
static void extend(sample *s, vfy_epv_case *c, int k)
{
    bool eprop1 = c->rule >= EP_EPROP1_SYMMETRIC && c->rule <= EP_EPROP1_GLOBAL;
    if (c->family == VFY_FAMILY_CHAIN && !eprop1) c->family = VFY_FAMILY_GRAD;
    if (c->family == VFY_FAMILY_CHAIN) {
        c->updates = 1000, c->n_report = 3, c->report[0] = 1, c->report[1] = 10, c->report[2] = 1000;
        c->carry = k == 0, c->eta = 0x1p-10, c->lambda = c->rule == EP_EPROP1_ADAPTIVE ? 0.25 : 0;
    } else if (eprop1 && ep_model_spikes(c->net.model)) {
        for (int i = 0; i < MAX; i++) s->a[VFY_IN_GIVEN_Z][i] = s->a[VFY_IN_GIVEN_Z][i] != 0;
        for (int i = k; i < 3; i++) c->given[i] = s->a[VFY_IN_GIVEN_Z + i];
    }
}

START_TEST(round_trip)
{
    static sample s[2];
    vfy_epv_case c[2];
    char path[128], err[VFY_EPV_ERR] = "";
    ep_model m = (ep_model)(_i % EP_N_MODEL);
    for (int k = 0; k < 2; k++) {
        ep_rule rule = (ep_rule)((_i + k) % EP_N_RULE);
        vfy_format f = (vfy_format)((_i / 2 + k) % 2);
        make(&s[k], m, f, (uint64_t)(_i + k), 1 + k);
        ck_assert_msg(vfy_epv_from_net(&s[k].net, &s[k].batch, rule, f, &c[k], err, sizeof err) == EP_OK, "%s", err);
        if (rule >= EP_TBPTT && rule <= EP_EPROP3_SG) c[k].window = 3, c[k].reg_off = k;
        if (rule == EP_EPROP3) c[k].seed = VFY_SEED_ZC;
        c[k].family = (vfy_family)(_i % VFY_N_FAMILY);
        extend(&s[k], &c[k], k);
        if (k) c[k].has_margin = true, c[k].margin = 0.1, c[k].rng = 77, strcpy(c[k].flags, "a-b,c");
        add_wants(&c[k], (uint64_t)_i);
    }
    snprintf(path, sizeof path, "%s/a.epv", folder);
    ck_assert_msg(vfy_epv_write(path, c, 2, err, sizeof err) == EP_OK, "%s", err);
    ck_assert_int_eq(entries(), 1);
    vfy_epv_file *f = NULL;
    ck_assert_msg(vfy_epv_read(path, &f, err, sizeof err) == EP_OK, "%s", err);
    ck_assert_uint_eq(f->n, 2);
    for (int k = 0; k < 2; k++) same(&c[k], &f->cases[k]), vfy_epv_case_clear(&c[k]);
    vfy_epv_free(f);
}
END_TEST

START_TEST(refuses_what_the_format_cannot_hold)
{
    static sample s;
    vfy_epv_case c = {.line = 99};
    char err[VFY_EPV_ERR];
    make(&s, EP_ALIF, VFY_F64, 5, 2);
    s.a[VFY_IN_WOUT][5] = 0.1;
    for (int i = 0; i < VFY_IN_WOUT; i++) memset(s.a[i], 0, sizeof s.a[i]);
    ck_assert_int_eq(vfy_epv_from_net(&s.net, &s.batch, EP_BPTT, VFY_F32, &c, err, sizeof err), EP_DOMAIN);
    ck_assert_ptr_nonnull(strstr(err, ": expected a number of format f32"));
    ck_assert_int_eq(c.line, 99);
    make(&s, EP_ALIF, VFY_F32, 5, 2);
    s.a[VFY_IN_WOUT][5] = 0.1;
    ck_assert_int_eq(vfy_epv_from_net(&s.net, &s.batch, EP_BPTT, VFY_F32, &c, err, sizeof err), EP_DOMAIN);
    ck_assert_str_eq(err, "Wout[1][1] = 0x1.999999999999ap-4: expected a number of format f32");
    s.a[VFY_IN_WOUT][5] = 1e300;
    ck_assert_int_eq(vfy_epv_from_net(&s.net, &s.batch, EP_BPTT, VFY_F32, &c, err, sizeof err), EP_DOMAIN);
    s.a[VFY_IN_WOUT][5] = 0;
    s.net.kappa = 0.1;
    ck_assert_int_eq(vfy_epv_from_net(&s.net, &s.batch, EP_BPTT, VFY_F32, &c, err, sizeof err), EP_DOMAIN);
    ck_assert_str_eq(err, "kappa = 0x1.999999999999ap-4: expected a number of format f32");
    s.net.kappa = 1;
    ck_assert_int_eq(vfy_epv_from_net(&s.net, &s.batch, EP_BPTT, VFY_F32, &c, err, sizeof err), EP_DOMAIN);
    ck_assert_str_eq(err, "kappa = 1: expected a decay in [0, 1)");
    s.net.kappa = 0;
    s.net.opt.g_a = EP_GAIN_VALUE;
    s.net.opt.g_a_value = 0.1;
    ck_assert_int_eq(vfy_epv_from_net(&s.net, &s.batch, EP_BPTT, VFY_F32, &c, err, sizeof err), EP_DOMAIN);
    ck_assert_str_eq(err, "g_a = 0x1.999999999999ap-4: expected a number of format f32");
    s.net.opt.g_a = EP_GAIN_ONE;
    const ep_net small = s.net;
    const ep_batch few = s.batch;
    s.net.n_in = VFY_EPV_MAX_DIM + 1;
    s.net.Win = NULL;
    s.batch.x = NULL;
    ck_assert_int_eq(vfy_epv_from_net(&s.net, &s.batch, EP_BPTT, VFY_F32, &c, err, sizeof err), EP_DOMAIN);
    ck_assert_str_eq(err, "dimension 65537: expected at most 65536 in a vector file");
    s.net.n_in = VFY_EPV_MAX_DIM;
    s.batch.T = 1024; /* 2^26 inputs */
    s.batch.target = s.batch.mask = NULL;
    ck_assert_int_eq(vfy_epv_from_net(&s.net, &s.batch, EP_BPTT, VFY_F32, &c, err, sizeof err), EP_DOMAIN);
    ck_assert_msg(strstr(err, "array x has ") == err && strstr(err, " elements, at most 16777216 are allowed"), "%s", err);
    s.net = small;
    s.batch = few;
    s.net.B = NULL;
    ck_assert_int_eq(vfy_epv_from_net(&s.net, &s.batch, EP_EPROP1_RANDOM, VFY_F32, &c, err, sizeof err), EP_DOMAIN);
    ck_assert_int_eq(vfy_epv_from_net(&s.net, &s.batch, EP_BPTT, VFY_F32, &c, err, sizeof err), EP_OK);
}
END_TEST

/* A disk that is full while a case is written. */
START_TEST(no_room)
{
    static sample s;
    vfy_epv_case c = {.line = 99};
    char err[VFY_EPV_ERR] = "";
    make(&s, EP_ALIF, VFY_F32, 5, 2);
    ck_assert_int_eq(vfy_epv_from_net(&s.net, &s.batch, EP_BPTT, VFY_F32, &c, err, sizeof err), EP_OK);
    FILE *f = fopen("/dev/full", "w");
    ck_assert(f != NULL && setvbuf(f, NULL, _IONBF, 0) == 0);
    ck_assert_int_eq(vfy_epv_print(f, &c, 1, err, sizeof err), EP_IO);
    ck_assert_msg(strstr(err, "cannot write: ") != NULL, "%s", err);
    (void)fclose(f);
    vfy_epv_case_clear(&c);
}
END_TEST

START_TEST(a_failed_write_leaves_the_old_file_alone)
{
    static sample s;
    vfy_epv_case c;
    char path[128], err[VFY_EPV_ERR];
    vfy_epv_file *f = NULL;
    make(&s, EP_LIF, VFY_F32, 8, 1);
    ck_assert_int_eq(vfy_epv_from_net(&s.net, &s.batch, EP_BPTT, VFY_F32, &c, err, sizeof err), EP_OK);
    snprintf(path, sizeof path, "%s/a.epv", folder);
    ck_assert_int_eq(vfy_epv_write(path, &c, 1, err, sizeof err), EP_OK);
    vfy_want wrong[] = {{.q = VFY_Q_Z, .kind = VFY_ZERO, .at = T * NR},
                        {.q = VFY_Q_A, .kind = VFY_ZERO},
                        {.q = VFY_Q_Z, .kind = VFY_VALUE, .bits = 0x7f800000},
                        {.q = VFY_Q_Z, .kind = VFY_VALUE, .mag = -1},
                        {.q = VFY_Q_Z, .kind = VFY_VALUE, .extra = 4096},
                        {.q = VFY_Q_Z, .kind = VFY_UNDECIDED, .lo = 1}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ck_assert_int_eq(vfy_epv_add(&c, &wrong[i]), EP_OK);
        ck_assert_msg(vfy_epv_write(path, &c, 1, err, sizeof err) == EP_DOMAIN, "entry %zu", i);
        ck_assert_int_eq(entries(), 1);
        c.n_want = 0;
    }
    strcpy(c.flags, "No blanks");
    ck_assert_int_eq(vfy_epv_write(path, &c, 1, err, sizeof err), EP_DOMAIN);
    c.flags[0] = '\0';
    c.rule = EP_TBPTT;
    ck_assert_int_eq(vfy_epv_write(path, &c, 1, err, sizeof err), EP_DOMAIN);
    ck_assert_str_eq(err, "window: not a value that a vector file can hold");
    ck_assert_int_eq(vfy_epv_write(path, &c, 0, err, sizeof err), EP_DOMAIN);
    ck_assert_int_eq(entries(), 1);
    ck_assert_int_eq(vfy_epv_read(path, &f, err, sizeof err), EP_OK);
    vfy_epv_free(f);
    vfy_epv_case_clear(&c);
}
END_TEST

START_TEST(feedback_of_zeros_is_not_no_feedback)
{
    static sample s;
    vfy_epv_case c;
    char path[128], err[VFY_EPV_ERR];
    vfy_epv_file *f = NULL;
    make(&s, EP_LIF, VFY_F32, 9, 1);
    memset(s.a[VFY_IN_FEEDBACK], 0, sizeof s.a[VFY_IN_FEEDBACK]);
    ck_assert_int_eq(vfy_epv_from_net(&s.net, &s.batch, EP_EPROP1_GLOBAL, VFY_F32, &c, err, sizeof err), EP_OK);
    snprintf(path, sizeof path, "%s/a.epv", folder);
    ck_assert_int_eq(vfy_epv_write(path, &c, 1, err, sizeof err), EP_OK);
    ck_assert_msg(vfy_epv_read(path, &f, err, sizeof err) == EP_OK, "%s", err);
    ck_assert_ptr_nonnull(f->cases[0].net.B);
    vfy_epv_free(f);
}
END_TEST

/* A preset's options are written as its name alone; one changed option as one line more. */
START_TEST(options_are_written_as_preset_and_difference)
{
    static sample s;
    vfy_epv_case c;
    char err[VFY_EPV_ERR], want[64], *text = NULL;
    size_t size;
    for (int p = 0; p < EP_N_PRESET; p++)
        for (int changed = 0; changed < 2; changed++) {
            make(&s, EP_ALIF, VFY_F32, 8, 1);
            s.net.opt = ep_preset_options((ep_preset)p);
            if (changed) ck_assert(ep_option_set(&s.net.opt, "delay", "3"));
            ck_assert_int_eq(vfy_epv_from_net(&s.net, &s.batch, EP_BPTT, VFY_F32, &c, err, sizeof err), EP_OK);
            FILE *f = open_memstream(&text, &size);
            ck_assert_int_eq(vfy_epv_print(f, &c, 1, err, sizeof err), EP_OK);
            fclose(f);
            snprintf(want, sizeof want, "preset %s\n%s", ep_preset_name((ep_preset)p), changed ? "option delay 3\nrule" : "rule");
            ck_assert_msg(strstr(text, want) != NULL, "%s", text);
            free(text);
        }
}
END_TEST

START_TEST(unwritable_places)
{
    static sample s;
    vfy_epv_case c;
    char path[160], err[VFY_EPV_ERR];
    make(&s, EP_LIF, VFY_F32, 8, 1);
    ck_assert_int_eq(vfy_epv_from_net(&s.net, &s.batch, EP_BPTT, VFY_F32, &c, err, sizeof err), EP_OK);
    snprintf(path, sizeof path, "%s/none/a.epv", folder);
    ck_assert_int_eq(vfy_epv_write(path, &c, 1, err, sizeof err), EP_IO);
    ck_assert_ptr_nonnull(strstr(err, "/none/a.epv: cannot write: No such file or directory"));
    snprintf(path, sizeof path, "%s/dir", folder);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(vfy_epv_write(path, &c, 1, err, sizeof err), EP_IO); /* rename onto a folder */
    ck_assert_int_eq(entries(), 1);
    ck_assert_int_eq(rmdir(path), 0);
    FILE *full = fopen("/dev/full", "w");
    if (!full) return;
    ep_status status = vfy_epv_print(full, &c, 1, err, sizeof err);
    ck_assert(fclose(full) != 0 || status == EP_IO);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("epv_write");
    TCase *c = tcase_create("writer");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_loop_test(c, round_trip, 0, 132);
    tcase_add_test(c, refuses_what_the_format_cannot_hold);
    tcase_add_test(c, no_room);
    tcase_add_test(c, a_failed_write_leaves_the_old_file_alone);
    tcase_add_test(c, feedback_of_zeros_is_not_no_feedback);
    tcase_add_test(c, options_are_written_as_preset_and_difference);
    tcase_add_test(c, unwritable_places);
    suite_add_tcase(s, c);
    return test_run(s);
}
