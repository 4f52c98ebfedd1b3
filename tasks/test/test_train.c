/* Training: resumed bit for bit, stopped, damaged, diverged, disk full; engines beside each other; several networks.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/run.h"
#include "train.h"

static char dir[] = "/tmp/eprop-train-XXXXXX";

static const char *at(const char *name)
{
    static char path[4][128];
    static int turn;
    turn = (turn + 1) % 4;
    (void)snprintf(path[turn], sizeof path[turn], "%s/%s", dir, name);
    return path[turn];
}

typedef const char *const setting[2];

/* store-recall, early: 20 neurons, 2 symbols, 3 trials. */
static task small(setting *set)
{
    char why[TASK_WHY];
    static setting base[] = {{"T", "400"}, {"batch", "3"}, {"iterations", "6"}, {"valid_every", "0"}, {"test_trials", "0"}, {"n_in", "8"}, {NULL, NULL}};
    task t;
    ck_assert_int_eq(task_describe(&task_store_recall, "early", 3, &t, why), EP_OK);
    for (int k = 0; k < 2; k++)
        for (setting *s = k ? set : base; s && (*s)[0]; s++) ck_assert_msg(task_spec_set(&t.spec, (*s)[0], (*s)[1], why) == EP_OK, "%s", why);
    ck_assert_msg(task_open(&t, why) == EP_OK, "%s", why);
    return t;
}

static task_train_options options(const char *engine, ep_rule rule)
{
    char why[TASK_WHY];
    task_train_options o = {.rule = rule, .threads = 2};
    ck_assert_msg(task_engine_parse(engine, &o.engine, why) == EP_OK, "%s", why);
    return o;
}

static task_outcome trained(const task *t, const task_train_options *o)
{
    char why[TASK_WHY];
    task_outcome r;
    ep_status st = task_train(t, o, &r, why);
    ck_assert_msg(st == EP_OK, "%s: %s", ep_status_name(st), why);
    return r;
}

static char *slurp(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f != NULL, "%s", path);
    char *p = calloc(1, 1 << 20);
    *n = fread(p, 1, 1 << 20, f);
    (void)fclose(f);
    return p;
}

static void spit(const char *path, const char *p, size_t n)
{
    FILE *f = fopen(path, "wb");
    ck_assert(f && fwrite(p, 1, n, f) == n && fclose(f) == 0);
}

static void same_files(const char *a, const char *b)
{
    size_t n, m;
    char *p = slurp(a, &n), *q = slurp(b, &m);
    ck_assert_uint_eq(n, m);
    ck_assert_mem_eq(p, q, n);
    free(p);
    free(q);
}

/* ---- resume --------------------------------------------------------------------------------------------------- */

static const struct { const char *engine; ep_rule rule; } kinds[] = {
    {"fast", EP_EPROP1_RANDOM}, {"fast", EP_BPTT}, {"scalar", EP_EPROP1_ADAPTIVE}, {"fast:f64", EP_EPROP1_GLOBAL},
    {"scalar:f32", EP_EPROP1_SYMMETRIC}, {"fast", EP_TBPTT}, {"scalar", EP_RTRL}, {"scalar", EP_EPROP3}, {"reference", EP_EPROP1_RANDOM}};
enum { N_KIND = sizeof kinds / sizeof *kinds };
static setting windows[] = {{"window", "50"}, {"fb_decay", "0.01"}, {NULL, NULL}};
static setting windows_short[] = {{"window", "50"}, {"fb_decay", "0.01"}, {"iterations", "2"}, {NULL, NULL}};
static setting windows_slow[] = {{"window", "50"}, {"n_rec", "6"}, {"n_alif", "2"}, {NULL, NULL}};
static setting windows_slow_short[] = {{"window", "50"}, {"n_rec", "6"}, {"n_alif", "2"}, {"iterations", "2"}, {NULL, NULL}};

/* Six iterations at once, or two, then the rest with other threads: the same checkpoint and curve, byte by byte. */
START_TEST(resumed_bit_for_bit)
{
    bool slow = kinds[_i].rule == EP_RTRL || strcmp(kinds[_i].engine, "reference") == 0;
    task whole = small(slow ? windows_slow : windows), part = small(slow ? windows_slow_short : windows_short);
    task_train_options o = options(kinds[_i].engine, kinds[_i].rule);
    (void)mkdir(at("a"), 0777);
    (void)mkdir(at("a/data"), 0777);
    (void)mkdir(at("b"), 0777);
    (void)mkdir(at("b/data"), 0777);
    o.checkpoint = at("a.ck");
    o.out = at("a");
    task_outcome r = trained(&whole, &o);
    ck_assert_int_eq(r.iterations, 6);
    ck_assert(r.last.loss > 0 && r.last.norm > 0);
    o.checkpoint = at("b.ck");
    o.out = at("b");
    o.threads = 1;
    (void)trained(&part, &o);
    FILE *f = fopen(at("b/curve.csv"), "a"); /* as a killed run leaves it: a row too many, and half of one */
    ck_assert(f && fputs("2,1,1,1,1,1,,,,,,\n3,0.7", f) >= 0 && fclose(f) == 0);
    o.resume = true;
    o.threads = 2;
    r = trained(&whole, &o);
    ck_assert_int_eq(r.start, 2);
    same_files(at("a.ck"), at("b.ck"));
    same_files(at("a/curve.csv"), at("b/curve.csv"));
    task_close(&whole);
    task_close(&part);
}
END_TEST

/* ---- bad checkpoints ---------------------------------------------------------------------------------------------- */

static task_state state_of(task *t, const task_train_options *o)
{
    task_state s = {.t = t, .o = o, .stopped_at = -1, .sg_off = -1};
    ck_assert_int_eq(task_model_make(t, o->rule, &s.model), EP_OK);
    ck_assert_int_eq(task_optim_make(&t->spec, s.model.n, &s.optim), EP_OK);
    return s;
}

static void free_state(task_state *s)
{
    task_model_free(&s->model);
    task_optim_free(&s->optim);
}

/* One bit anywhere, any end: refused, and nothing is changed. */
START_TEST(damage_is_refused)
{
    char why[TASK_WHY];
    task t = small(NULL);
    task_train_options o = options("scalar", EP_BPTT);
    task_state s = state_of(&t, &o), before = s;
    size_t n;
    ck_assert_int_eq(task_checkpoint_write(at("d.ck"), &s, why), EP_OK);
    char *p = slurp(at("d.ck"), &n);
    uint64_t weights = ep_hash(EP_HASH, s.model.w, s.model.n * sizeof(double));
    for (size_t k = 0; k < n; k += 1 + n / 500) {
        p[k] = (char)(p[k] ^ 1 << k % 8);
        spit(at("e.ck"), p, n);
        ck_assert_msg(task_checkpoint_read(at("e.ck"), &s, why) == EP_FORMAT, "bit of byte %zu", k);
        p[k] = (char)(p[k] ^ 1 << k % 8);
    }
    for (size_t k = 0; k < n; k += 1 + n / 50) {
        spit(at("e.ck"), p, k);
        ck_assert_msg(task_checkpoint_read(at("e.ck"), &s, why) == EP_FORMAT, "cut at %zu", k);
    }
    ck_assert(s.iteration == before.iteration && weights == ep_hash(EP_HASH, s.model.w, s.model.n * sizeof(double)));
    spit(at("e.ck"), p, n);
    ck_assert_int_eq(task_checkpoint_read(at("e.ck"), &s, why), EP_OK);
    ck_assert_int_eq(task_checkpoint_read(at("none.ck"), &s, why), EP_IO);
    free(p);
    free_state(&s);
    task_close(&t);
}
END_TEST

static setting other_lr[] = {{"lr", "0.5"}, {NULL, NULL}}, other_size[] = {{"n_rec", "21"}, {NULL, NULL}}, longer[] = {{"iterations", "9"}, {NULL, NULL}};

START_TEST(foreign_checkpoints_are_refused)
{
    char why[TASK_WHY];
    task t = small(NULL), u = small(_i == 0 ? other_lr : _i == 1 ? other_size : NULL), more = small(longer);
    task_train_options o = options("scalar", EP_BPTT), p = options(_i == 2 ? "fast" : "scalar", _i == 3 ? EP_TBPTT : EP_BPTT);
    static const char *const says[] = {"'lr 0.01', expected 'lr 0.5'", "'n_rec 20', expected 'n_rec 21'", "'engine scalar', expected 'engine fast'",
                                       "'rule bptt', expected 'rule tbptt'", "'seed 3', expected 'seed 4'"};
    if (_i == 4) u.seed = 4;
    task_state s = state_of(&t, &o), v = state_of(&u, &p), w = state_of(&more, &o);
    ck_assert_int_eq(task_checkpoint_write(at("f.ck"), &s, why), EP_OK);
    ck_assert_int_eq(task_checkpoint_read(at("f.ck"), &v, why), EP_FORMAT);
    ck_assert_msg(strstr(why, says[_i]) != NULL, "%s", why);
    ck_assert_int_eq(task_checkpoint_read(at("f.ck"), &w, why), EP_OK); /* only longer: the same run */
    free_state(&s);
    free_state(&v);
    free_state(&w);
    task_close(&t);
    task_close(&u);
    task_close(&more);
}
END_TEST

/* ---- how a run ends -------------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t stop;
static void stop_at_two(void *user, const task_point *p, double left)
{
    (void)user;
    (void)left;
    if (p->iteration == 2) stop = 1;
}

START_TEST(a_signal_ends_with_a_checkpoint)
{
    task t = small(NULL);
    task_train_options o = options("fast", EP_EPROP1_RANDOM);
    o.checkpoint = at("s.ck");
    o.stop = &stop;
    o.see = stop_at_two;
    stop = 0;
    task_outcome r = trained(&t, &o);
    ck_assert(r.end == TASK_SIGNAL && r.iterations == 3);
    stop = 0;
    o.see = NULL;
    o.resume = true;
    r = trained(&t, &o);
    ck_assert(r.start == 3 && r.iterations == 6 && r.end == TASK_ENDED);
    o.resume = false;
    o.checkpoint = at("whole.ck");
    (void)trained(&t, &o);
    same_files(at("s.ck"), at("whole.ck"));
    task_close(&t);
}
END_TEST

static setting wild[] = {{"optimizer", "sgd"}, {"lr", "1e9"}, {"lr_factor", "1e9"}, {"lr_every", "1"}, {"iterations", "60"}, {"loss", "regression"}, {"tau_out", "1e4"}, {NULL, NULL}};

/* The last checkpoint stays, and it is good. */
START_TEST(divergence_stops)
{
    char why[TASK_WHY];
    task t = small(wild);
    task_train_options o = options(_i ? "scalar" : "fast", EP_BPTT);
    o.checkpoint = at("n.ck");
    o.checkpoint_every = 1;
    task_outcome r = trained(&t, &o);
    ck_assert_msg(r.end == TASK_DIVERGED && r.iterations > 0 && r.iterations < 60, "%d after %ld", (int)r.end, r.iterations);
    task_state s = state_of(&t, &o);
    ck_assert_msg(task_checkpoint_read(at("n.ck"), &s, why) == EP_OK, "%s", why);
    ck_assert_int_eq(s.iteration, r.iterations);
    free_state(&s);
    task_close(&t);
}
END_TEST

static setting easy[] = {{"valid_every", "2"}, {"valid_trials", "3"}, {"stop_below", "2"}, {"iterations", "50"}, {NULL, NULL}};

START_TEST(the_stop_rule_stops)
{
    task t = small(easy);
    task_train_options o = options("fast", EP_BPTT);
    task_outcome r = trained(&t, &o);
    ck_assert(r.end == TASK_STOP_RULE && r.stopped_at == 0 && r.last.valid_measure >= 0 && r.last.valid_measure <= 1);
    task_close(&t);
}
END_TEST

/* A file that cannot grow stands for a full disk. */
START_TEST(a_full_disk_keeps_the_old_checkpoint)
{
    char why[TASK_WHY];
    task t = small(NULL);
    task_train_options o = options("fast", EP_BPTT);
    struct rlimit was, tiny;
    task_outcome r;
    o.checkpoint = at("full.ck");
    (void)trained(&t, &o);
    size_t n, m;
    char *before = slurp(at("full.ck"), &n);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &was), 0);
    tiny = was;
    tiny.rlim_cur = 1000;
    (void)signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tiny), 0);
    ep_status st = task_train(&t, &o, &r, why);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &was), 0);
    ck_assert_msg(st == EP_IO && strstr(why, "the one before stays"), "%s: %s", ep_status_name(st), why);
    char *after = slurp(at("full.ck"), &m);
    ck_assert(n == m && memcmp(before, after, n) == 0 && access(at("full.ck.tmp"), F_OK) != 0);
    o.checkpoint = at("no/such/folder.ck");
    ck_assert_int_eq(task_train(&t, &o, &r, why), EP_IO);
    ck_assert_msg(strstr(why, "no/such/folder.ck") != NULL, "%s", why);
    free(before);
    free(after);
    task_close(&t);
}
END_TEST

/* ---- engines -------------------------------------------------------------------------------------------------------------- */

static setting tiny_net[] = {{"n_rec", "8"}, {"n_alif", "4"}, {"bias", "1"}, {NULL, NULL}};
static setting tiny_pair[] = {{"n_rec", "8"}, {"n_alif", "4"}, {"nets", "2"}, {"frame", "5"}, {NULL, NULL}};

/* Every engine, its gradient judged by the reference inside its error bound while it trains. */
START_TEST(checked_while_training)
{
    static const char *const engines[] = {"scalar:f64", "scalar:f32", "fast:f64", "fast:f32"};
    static const ep_rule rules[] = {EP_BPTT, EP_EPROP1_RANDOM, EP_EPROP1_ADAPTIVE};
    for (int pair = 0; pair < 2; pair++)
        for (int m = 0; m < 3; m++) {
            task t = small(pair ? tiny_pair : tiny_net);
            task_train_options o = options(engines[_i], rules[m]);
            o.check_every = 5;
            task_outcome r = trained(&t, &o);
            ck_assert_msg(r.last.check_flips == 0 || isnan(r.last.check_r), "flips");
            if (r.last.check_flips == 0) ck_assert_msg(r.last.check_cosine > 1 - 1e-6 && r.last.check_r > 0 && r.last.check_r < 1.01, "%s %s nets %d: cosine %.17g r %g", engines[_i], ep_rule_name(rules[m]), pair + 1, r.last.check_cosine, r.last.check_r);
            ck_assert_msg(rules[m] == EP_BPTT ? r.last.bptt_cosine == 1 : fabs(r.last.bptt_cosine) > 1e-4 && r.last.bptt_cosine < 0.999, "%s: %g", ep_rule_name(rules[m]), r.last.bptt_cosine);
            ck_assert(r.last.rate > 0.001 && r.last.norm > 0);
            task_close(&t);
        }
}
END_TEST

static void load_run(task_machine *m, const task_batch *bt, task_result *r)
{
    ck_assert_int_eq(task_machine_load(m), EP_OK);
    ck_assert_int_eq(task_machine_run(m, bt, r), EP_OK);
}

static setting smooth[] = {{"model", "rate"}, {"n_rec", "6"}, {"n_alif", "0"}, {"nets", "2"}, {"frame", "5"}, {"c_reg", "0"}, {NULL, NULL}};

/* Two networks, one backwards: the gradient of the summed readouts' loss is the slope that differences show. */
START_TEST(two_directions_share_a_loss)
{
    char why[TASK_WHY];
    task t = small(smooth);
    task_engine e;
    task_model model;
    task_machine m;
    task_batch bt;
    double seconds[TASK_N_PHASE] = {0};
    const uint64_t index[3] = {5, 6, 7};
    ck_assert_int_eq(task_engine_parse(_i ? "fast:f64" : "scalar", &e, why), EP_OK);
    ck_assert_int_eq(task_model_make(&t, EP_BPTT, &model), EP_OK);
    ck_assert_msg(task_machine_open(&t, &model, &e, EP_BPTT, 3, 1, seconds, &m, why) == EP_OK, "%s", why);
    ck_assert_int_eq(task_batch_make(&t.spec, 3, &bt), EP_OK);
    task_batch_fill(&bt, &t, TASK_TRAIN, index, 3, 1);
    double *g = calloc(model.n, sizeof *g), seen = 0;
    task_result r = {.grad = g}, lo = {0}, hi = {0};
    load_run(&m, &bt, &r);
    for (size_t k = 0; k < model.n; k += 7) {
        const double h = 1e-6, was = model.w[k];
        if (!model.trained[k]) continue;
        model.w[k] = was + h;
        load_run(&m, &bt, &hi);
        model.w[k] = was - h;
        load_run(&m, &bt, &lo);
        model.w[k] = was;
        double slope = (hi.loss - lo.loss) / (2 * h);
        ck_assert_msg(fabs(slope - g[k]) < 1e-6 * (1 + fabs(slope)), "weight %zu: got %.12g, slope %.12g", k, g[k], slope);
        seen += fabs(slope) > 1e-4;
    }
    ck_assert_double_gt(seen, 10);
    free(g);
    task_batch_free(&bt);
    task_machine_close(&m);
    task_model_free(&model);
    task_close(&t);
}
END_TEST

/* Integers: their gradient points where the reference's does, is not it, and training goes on from a checkpoint. */
START_TEST(integers_train)
{
    static setting set[] = {{"T", "300"}, {"n_rec", "30"}, {"n_in", "20"}, {"w_in", "1.5"}, {"iterations", "6"}, {"test_trials", "0"}, {NULL, NULL}};
    char why[TASK_WHY];
    task t;
    ck_assert_int_eq(task_describe(&task_pattern, NULL, 1, &t, why), EP_OK);
    for (setting *s = set; (*s)[0]; s++) ck_assert_int_eq(task_spec_set(&t.spec, (*s)[0], (*s)[1], why), EP_OK);
    ck_assert_int_eq(task_open(&t, why), EP_OK);
    task_train_options o = options(_i ? "fixed:q15" : "fixed:s16.15", EP_EPROP1_RANDOM);
    o.check_every = 5;
    o.checkpoint = at("i.ck");
    task_outcome r = trained(&t, &o);
    ck_assert_msg(r.last.check_cosine > 0.9 && r.last.check_cosine < 1 - 1e-12, "cosine %.17g, %g flips", r.last.check_cosine, r.last.check_flips);
    ck_assert(r.last.rate > 0.005 && r.last.norm > 0);
    o.checkpoint = at("j.ck");
    t.spec.iterations = 3;
    (void)trained(&t, &o);
    t.spec.iterations = 6;
    o.resume = true;
    (void)trained(&t, &o);
    same_files(at("i.ck"), at("j.ck"));
    task_close(&t);
}
END_TEST

START_TEST(what_is_missing_is_said)
{
    char why[TASK_WHY];
    task t = small(NULL);
    task_outcome r;
    task_train_options o = options("fast", _i ? EP_EPROP2 : EP_RTRL);
    ck_assert_int_eq(task_train(&t, &o, &r, why), EP_NOTIMPL);
    ck_assert_msg(strstr(why, ep_rule_name(o.rule)) != NULL, "%s", why);
    task_engine e;
    static const char *const bad[] = {"slow", "fast:f16", "scalar:", "reference:5", "reference:x", "fixed", ""};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) ck_assert_msg(task_engine_parse(bad[k], &e, why) == EP_DOMAIN, "%s", bad[k]);
    task_close(&t);
}
END_TEST

int main(void)
{
    if (!mkdtemp(dir)) return 1;
    Suite *s = suite_create("train");
    TCase *t = tcase_create("train");
    tcase_set_timeout(t, 0);
    tcase_add_loop_test(t, resumed_bit_for_bit, 0, N_KIND);
    tcase_add_test(t, damage_is_refused);
    tcase_add_loop_test(t, foreign_checkpoints_are_refused, 0, 5);
    tcase_add_test(t, a_signal_ends_with_a_checkpoint);
    tcase_add_loop_test(t, divergence_stops, 0, 2);
    tcase_add_test(t, the_stop_rule_stops);
    tcase_add_test(t, a_full_disk_keeps_the_old_checkpoint);
    tcase_add_loop_test(t, checked_while_training, 0, 4);
    tcase_add_loop_test(t, two_directions_share_a_loss, 0, 2);
    tcase_add_loop_test(t, integers_train, 0, 2);
    tcase_add_loop_test(t, what_is_missing_is_said, 0, 2);
    suite_add_tcase(s, t);
    int failed = test_run(s);
    char line[80];
    (void)snprintf(line, sizeof line, "rm -rf %s", dir);
    if (system(line) != 0) failed++;
    return failed ? 1 : 0;
}
