/* Rules with windows at work: window by window against whole trials, engine against engine, one window against BPTT; a
 * synthesiser that diverges; curricula and synthesisers resumed bit for bit; copy-repeat's trials and levels.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test/run.h"
#include "train.h"

enum { BATCH = 5 };
typedef const char *const setting[2];
static char dir[] = "/tmp/eprop-stream-XXXXXX";

static const char *at(const char *name)
{
    static char path[4][128];
    static int turn;
    turn = (turn + 1) % 4;
    (void)snprintf(path[turn], sizeof path[turn], "%s/%s", dir, name);
    return path[turn];
}

static void set_all(task *t, setting *set)
{
    char why[TASK_WHY];
    for (; set && (*set)[0]; set++) ck_assert_msg(task_spec_set(&t->spec, (*set)[0], (*set)[1], why) == EP_OK, "%s", why);
}

static task opened(setting *set)
{
    static setting base[] = {{"n_rec", "12"}, {"batch", "5"}, {"T", "40"}, {"test_trials", "0"}, {"sg_hidden", "7"}, {"iterations", "12"}, {NULL, NULL}};
    char why[TASK_WHY];
    task t;
    ck_assert_int_eq(task_describe(&task_copy_repeat, "small", 4, &t, why), EP_OK);
    set_all(&t, base);
    set_all(&t, set);
    ck_assert_msg(task_open(&t, why) == EP_OK, "%s", why);
    t.level[0] = 4; /* length 15 */
    t.level[1] = 2;
    return t;
}

static const ep_rule rules[] = {EP_TBPTT, EP_TBPTT_SG, EP_EPROP3, EP_EPROP3_SG};
enum { N_RULE = 4 };

/* ---- gradients --------------------------------------------------------------------------------------------- */

typedef struct rig {
    task t;
    task_model model;
    task_machine m;
    task_batch bt;
    double seconds[TASK_N_PHASE], *grad;
    task_result r;
} rig;

static void rig_open(rig *g, setting *a, setting *b, const char *engine, ep_rule rule)
{
    char why[TASK_WHY];
    task_engine e;
    uint64_t index[BATCH] = {0, 1, 2, 3, 4};
    memset(g, 0, sizeof *g);
    g->t = opened(a);
    set_all(&g->t, b);
    ck_assert_int_eq(task_engine_parse(engine, &e, why), EP_OK);
    ck_assert_int_eq(task_model_make(&g->t, rule, &g->model), EP_OK);
    ck_assert_msg(task_machine_open(&g->t, &g->model, &e, rule, BATCH, 2, g->seconds, &g->m, why) == EP_OK, "%s", why);
    ck_assert_int_eq(task_batch_make(&g->t.spec, BATCH, &g->bt), EP_OK);
    task_batch_fill(&g->bt, &g->t, TASK_TRAIN, index, BATCH, 2);
    for (size_t k = 0; g->m.future && k < g->m.future->sg.n; k++) g->m.future->sg.theta[k] = 0.3 * ep_rng_normal(9, 9, k, 32);
    if (g->m.future) task_synth_load(&g->m.future->sg);
    g->grad = calloc(g->model.n, sizeof *g->grad);
    g->r = (task_result){.grad = g->grad, .learn = true};
    ck_assert_int_eq(task_machine_load(&g->m), EP_OK);
    ck_assert_int_eq(task_machine_run(&g->m, &g->bt, &g->r), EP_OK);
}

static void rig_close(rig *g)
{
    free(g->grad);
    task_batch_free(&g->bt);
    task_machine_close(&g->m);
    task_model_free(&g->model);
    task_close(&g->t);
}

/* Within `limit` of the largest; the largest is not 0. */
static void close_to(const double *got, const double *want, size_t n, double limit, const char *what)
{
    double top = 0;
    for (size_t k = 0; k < n; k++) top = fmax(top, fabs(want[k]));
    ck_assert_msg(top > 0, "%s: all 0", what);
    for (size_t k = 0; k < n; k++) ck_assert_msg(fabs(got[k] - want[k]) <= limit * top, "%s[%zu]: %.17g, want %.17g", what, k, got[k], want[k]);
}

static void same(const rig *a, const rig *b, double limit, const char *what)
{
    ck_assert_double_eq_tol(a->r.loss, b->r.loss, limit * b->r.loss);
    close_to(a->grad, b->grad, a->model.n, limit, what);
    if (!a->m.future || a->bt.T <= a->t.spec.window) return;
    ck_assert_double_eq_tol(a->m.future->sg.E, b->m.future->sg.E, limit * b->m.future->sg.E);
    close_to(a->m.future->sg.g, b->m.future->sg.g, a->m.future->sg.n, limit, "synthesiser");
}

/* ---- a text that runs on -------------------------------------------------------------------------------------- */

enum { LANES = 3, PIECES = 4, PIECE = 10 };

/* A machine on the grammar's text, trials of `steps` words. */
static void text_open(rig *g, const char *steps, const char *carry, const char *engine, ep_rule rule)
{
    setting set[] = {{"n_rec", "12"}, {"batch", "3"}, {"T", steps}, {"carry", carry}, {"stream", "1"}, {"window", "5"}, {"loss_norm", "sum"},
                     {"sg_seed", "zc"}, {"sg_input", "state"}, {"sg_hidden", "7"}, {"tau_out", "3"}, {NULL, NULL}};
    char why[TASK_WHY];
    task_engine e;
    memset(g, 0, sizeof *g);
    ck_assert_int_eq(task_describe(task_find("word"), NULL, 4, &g->t, why), EP_OK);
    set_all(&g->t, set);
    ck_assert_msg(task_open(&g->t, why) == EP_OK, "%s", why);
    ck_assert_int_eq(task_engine_parse(engine, &e, why), EP_OK);
    ck_assert_int_eq(task_model_make(&g->t, rule, &g->model), EP_OK);
    ck_assert_msg(task_machine_open(&g->t, &g->model, &e, rule, LANES, 2, g->seconds, &g->m, why) == EP_OK, "%s", why);
    ck_assert_int_eq(task_batch_make(&g->t.spec, LANES, &g->bt), EP_OK);
    for (size_t k = 0; g->m.future && k < g->m.future->sg.n; k++) g->m.future->sg.theta[k] = 0.1 * ep_rng_normal(9, 9, k, 32);
    if (g->m.future) task_synth_load(&g->m.future->sg);
    g->grad = calloc(g->model.n, sizeof *g->grad);
    ck_assert_int_eq(task_machine_load(&g->m), EP_OK);
}

/* The text in one piece is what its pieces are, one after the other: loss, gradients, what the synthesiser learns. */
START_TEST(a_text_that_runs_on)
{
    const char *engine = _i / N_RULE ? "scalar:f64" : "fast:f64";
    rig one, run;
    uint64_t lane[LANES] = {0, 1, 2}, index[LANES];
    text_open(&one, "40", "0", engine, rules[_i % N_RULE]);
    text_open(&run, "10", "1", engine, rules[_i % N_RULE]);
    double *sum = calloc(run.model.n, sizeof *sum), loss = 0;
    task_batch_fill(&one.bt, &one.t, TASK_TRAIN, lane, LANES, 1);
    one.r = (task_result){.grad = one.grad, .learn = true};
    ck_assert_int_eq(task_machine_run(&one.m, &one.bt, &one.r), EP_OK);
    for (uint64_t i = 0; i < PIECES; i++) {
        for (uint64_t b = 0; b < LANES; b++) index[b] = b * PIECES + i;
        task_batch_fill(&run.bt, &run.t, TASK_TRAIN, index, LANES, 1);
        run.r = (task_result){.grad = run.grad, .learn = true, .goes_on = i > 0, .more = i + 1 < PIECES};
        ck_assert_int_eq(task_machine_run(&run.m, &run.bt, &run.r), EP_OK);
        for (size_t k = 0; k < run.model.n; k++) sum[k] += run.grad[k];
        loss += run.r.loss;
    }
    memcpy(run.grad, sum, run.model.n * sizeof *sum);
    run.r.loss = loss;
    run.bt.T = PIECES * PIECE;
    same(&run, &one, 1e-11, "text");
    free(sum);
    rig_close(&run);
    rig_close(&one);
}
END_TEST

static setting whole[] = {{"stream", "0"}, {NULL, NULL}}, by_window[] = {{"stream", "1"}, {NULL, NULL}};
static setting lstm_c[] = {{"window", "4"}, {NULL, NULL}}, lstm_zc[] = {{"window", "5"}, {"sg_seed", "zc"}, {"sg_input", "state"}, {"tau_out", "3"}, {NULL, NULL}},
               lstm_z[] = {{"window", "1"}, {"sg_seed", "z"}, {"sg_hidden", "0"}, {NULL, NULL}}, lstm_long[] = {{"window", "30"}, {NULL, NULL}},
               lsnn[] = {{"window", "4"}, {"model", "lsnn"}, {"n_alif", "5"}, {"beta", "0.1"}, {"tau_m", "10"}, {"tau_a", "50"}, {"w_in", "5"},
                         {"delay", "2"}, {"tau_out", "5"}, {"v_th", "0.3"}, {"sg_seed", "zc"}, {"sg_input", "state"}, {NULL, NULL}};
static setting *const nets[] = {lstm_c, lstm_z, lstm_zc, lstm_long, lsnn};
enum { N_NET = 5 };

/* Windows that divide 15 steps, that do not, and one that is longer. */
START_TEST(a_stream_is_the_whole_trial)
{
    setting *net = nets[_i % N_NET];
    ep_rule rule = rules[_i / N_NET];
    rig a, b, c;
    rig_open(&a, net, by_window, "fast:f64", rule);
    rig_open(&b, net, by_window, "scalar:f64", rule);
    rig_open(&c, net, whole, "scalar:f64", rule);
    ck_assert_int_eq(a.bt.T, 15);
    same(&a, &c, 1e-11, "fast by windows against scalar whole");
    same(&b, &c, 1e-11, "scalar by windows against whole");
    rig_close(&a);
    rig_close(&b);
    rig_close(&c);
    rig_open(&a, net, whole, "fast:f64", rule);
    rig_open(&b, net, by_window, "fast:f32", rule);
    same(&b, &a, 1e-4, "float");
    rig_close(&a);
    rig_close(&b);
}
END_TEST

START_TEST(one_window_is_bptt)
{
    rig a, b;
    rig_open(&a, lstm_long, _i % 2 ? by_window : whole, "fast:f64", rules[_i / 2]);
    rig_open(&b, lstm_long, whole, "fast:f64", EP_BPTT);
    close_to(a.grad, b.grad, a.model.n, 1e-12, "gradient");
    rig_close(&a);
    rig_close(&b);
}
END_TEST

static setting tiny[] = {{"window", "4"}, {"n_rec", "6"}, {NULL, NULL}};

/* Bits through every road: engines, online rules among them, and the reference. */
START_TEST(the_reference_agrees)
{
    static const ep_rule of[] = {EP_BPTT, EP_TBPTT, EP_EPROP3, EP_EPROP1_RANDOM, EP_EPROP1_SYMMETRIC, EP_RTRL};
    rig a, b;
    rig_open(&a, tiny, NULL, of[_i] == EP_RTRL ? "scalar:f64" : "fast:f64", of[_i]);
    rig_open(&b, tiny, NULL, "reference:128", of[_i]);
    ck_assert_double_eq_tol(a.r.loss, b.r.loss, 1e-13 * b.r.loss);
    close_to(a.grad, b.grad, a.model.n, 1e-12, ep_rule_name(of[_i]));
    rig_close(&a);
    rig_close(&b);
}
END_TEST

static setting tiny_c[] = {{"window", "4"}, {"n_rec", "6"}, {"sg_hidden", "3"}, {NULL, NULL}},
               tiny_z[] = {{"window", "1"}, {"n_rec", "6"}, {"sg_seed", "z"}, {"sg_hidden", "0"}, {NULL, NULL}},
               tiny_zc[] = {{"window", "6"}, {"n_rec", "6"}, {"sg_seed", "zc"}, {"sg_input", "state"}, {"tau_out", "4"}, {NULL, NULL}},
               tiny_lsnn[] = {{"window", "5"}, {"model", "lsnn"}, {"n_alif", "2"}, {"beta", "0.1"}, {"tau_m", "10"}, {"tau_a", "50"}, {"w_in", "5"}, {"n_rec", "6"},
                              {"delay", "2"}, {"tau_out", "5"}, {"v_th", "0.3"}, {"sg_seed", "zc"}, {"sg_input", "state"}, {NULL, NULL}};
static setting *const tiny_nets[] = {tiny_c, tiny_z, tiny_zc, tiny_lsnn};

/* Seeds and the synthesiser's own gradient, against the reference's. */
START_TEST(the_reference_says_the_same_seeds)
{
    rig a;
    task_result none = {0};
    ep_rule rule = _i % 2 ? EP_EPROP3_SG : EP_TBPTT_SG;
    rig_open(&a, tiny_nets[_i / 2 % 4], _i / 8 ? by_window : whole, "fast:f64", rule);
    double *want = calloc(a.model.n, sizeof *want), *g_sg = calloc(a.m.future->sg.n, sizeof *g_sg);
    task_truth truth = {.grad = want, .sg = &a.m.future->sg, .g_sg = g_sg};
    ck_assert_int_eq(task_reference_run(&a.model, rule, 128, &a.bt, 1, &none, &truth), EP_OK);
    close_to(a.grad, want, a.model.n, 1e-11, "gradient");
    close_to(a.m.future->sg.g, g_sg, a.m.future->sg.n, 1e-11, "synthesiser");
    free(want);
    free(g_sg);
    rig_close(&a);
}
END_TEST

/* Seeds matter, traces matter: every pair of rules differs. */
START_TEST(rules_differ)
{
    rig g[N_RULE];
    for (int k = 0; k < N_RULE; k++) rig_open(&g[k], lstm_c, whole, "fast:f64", rules[k]);
    for (int k = 0; k < N_RULE; k++)
        for (int l = 0; l < k; l++) {
            double diff = 0, size = 0;
            for (size_t e = 0; e < g[k].model.n; e++) {
                diff += pow(g[k].grad[e] - g[l].grad[e], 2);
                size += pow(g[k].grad[e], 2);
            }
            ck_assert_msg(diff > 1e-4 * size, "%d %d: %g of %g", k, l, diff, size);
        }
    for (int k = 0; k < N_RULE; k++) rig_close(&g[k]);
}
END_TEST

/* ---- training ------------------------------------------------------------------------------------------------- */

static task_outcome trained(setting *set, const char *engine, ep_rule rule, int threads, const char *checkpoint, bool resume, ep_status want)
{
    char why[TASK_WHY];
    task t = opened(set);
    task_outcome r = {0};
    task_train_options o = {.rule = rule, .threads = threads, .checkpoint = checkpoint, .resume = resume, .compare_every = 3};
    t.level[0] = t.level[1] = 1;
    ck_assert_int_eq(task_engine_parse(engine, &o.engine, why), EP_OK);
    ep_status st = task_train(&t, &o, &r, why);
    ck_assert_msg(st == want, "%s: %s", ep_status_name(st), why);
    task_close(&t);
    return r;
}

static void same_files(const char *a, const char *b)
{
    static char p[1 << 20], q[1 << 20];
    FILE *f = fopen(a, "rb"), *g = fopen(b, "rb");
    ck_assert(f && g);
    size_t n = fread(p, 1, sizeof p, f), m = fread(q, 1, sizeof q, g);
    (void)fclose(f);
    (void)fclose(g);
    ck_assert(n == m && n > 1000 && n < sizeof p);
    ck_assert_mem_eq(p, q, n);
}

/* The first level is solved on the way: some 200 updates at this rate. */
#define LEARN {"lr", "0.03"}, {"n_rec", "50"}, {"window", "4"}, {"sg_lr", "0.003"}, {"batch", "16"}
static setting learn[] = {LEARN, {"iterations", "260"}, {NULL, NULL}}, learn_short[] = {LEARN, {"iterations", "241"}, {NULL, NULL}},
               learn_w[] = {LEARN, {"iterations", "260"}, {"update", "window"}, {NULL, NULL}},
               learn_w_short[] = {LEARN, {"iterations", "241"}, {"update", "window"}, {NULL, NULL}};

START_TEST(resumed_bit_for_bit)
{
    bool windows = _i % 2;
    ep_rule rule = _i / 2 ? EP_EPROP3_SG : EP_TBPTT_SG;
    task_outcome a = trained(windows ? learn_w : learn, "fast", rule, 2, at("a.ck"), false, EP_OK);
    ck_assert_msg(a.solved >= 5, "solved %g, loss %g", a.solved, a.last.loss); /* so the level has moved */
    ck_assert(windows ? a.updates > 2 * a.iterations - 1 : a.updates == a.iterations);
    (void)trained(windows ? learn_w_short : learn_short, "fast", rule, 1, at("b.ck"), false, EP_OK);
    task_outcome b = trained(windows ? learn_w : learn, "fast", rule, 2, at("b.ck"), true, EP_OK);
    ck_assert_int_eq(b.start, 241);
    ck_assert_int_eq(b.updates, a.updates);
    ck_assert_double_eq(b.solved, a.solved);
    same_files(at("a.ck"), at("b.ck"));
    (void)remove(at("a.ck"));
    (void)remove(at("b.ck"));
}
END_TEST

/* An epoch is 9 batches: 999 trials of 60 words in 111 lanes. */
static task_outcome text_trained(const char *iterations, ep_rule rule, const char *checkpoint, bool resume)
{
    setting set[] = {{"n_rec", "8"}, {"batch", "111"}, {"carry", "1"}, {"sg_seed", "zc"}, {"sg_input", "state"}, {"sg_hidden", "5"},
                     {"valid_every", "4"}, {"valid_trials", "3"}, {"test_trials", "3"}, {"iterations", iterations}, {NULL, NULL}};
    char why[TASK_WHY];
    task t;
    task_outcome r = {0};
    task_train_options o = {.rule = rule, .threads = 1, .checkpoint = checkpoint, .resume = resume};
    ck_assert_int_eq(task_describe(task_find("word"), NULL, 4, &t, why), EP_OK);
    set_all(&t, set);
    ck_assert_msg(task_open(&t, why) == EP_OK, "%s", why);
    ck_assert_int_eq(task_engine_parse("fast", &o.engine, why), EP_OK);
    ck_assert_msg(task_train(&t, &o, &r, why) == EP_OK, "%s", why);
    o.compare_every = 1;
    ck_assert_int_eq(task_train(&t, &o, &r, why), EP_NOTIMPL);
    ck_assert(strstr(why, "expected neither") != NULL);
    task_close(&t);
    return r;
}

/* Checkpoints are made where the text begins anew: what was done behind one is done again. */
START_TEST(a_text_is_resumed_at_its_start)
{
    ep_rule rule = _i ? EP_EPROP3_SG : EP_TBPTT;
    task_outcome a = text_trained("18", rule, at("a.ck"), false), b = text_trained("13", rule, at("b.ck"), false);
    ck_assert(a.test_loss > 0 && a.test_loss < b.test_loss); /* it has learnt */
    b = text_trained("18", rule, at("b.ck"), true);
    ck_assert_int_eq(b.start, 9);
    ck_assert_double_eq(a.last.loss, b.last.loss);
    ck_assert_double_eq(a.test_loss, b.test_loss);
    same_files(at("a.ck"), at("b.ck"));
    (void)remove(at("a.ck"));
    (void)remove(at("b.ck"));
}
END_TEST

static setting spiking[] = {{"window", "2"}, {"model", "lsnn"}, {"n_alif", "5"}, {"beta", "0.1"}, {"tau_m", "10"}, {"tau_a", "50"}, {"w_in", "5"}, {"v_th", "0.3"},
                            {"update", "window"}, {"sg_seed", "zc"}, {"sg_input", "state"}, {NULL, NULL}};

/* Weights that change between the windows of spiking units: both engines keep what runs on. */
START_TEST(spiking_units_learn_window_by_window)
{
    task_outcome a = trained(spiking, "fast:f64", rules[_i], 2, NULL, false, EP_OK), b = trained(spiking, "scalar:f64", rules[_i], 1, NULL, false, EP_OK);
    ck_assert_int_eq(a.updates, 36);
    ck_assert(a.last.loss > 0 && a.last.norm > 0);
    ck_assert_double_eq_tol(a.last.loss, b.last.loss, 1e-9 * b.last.loss);
    ck_assert_double_eq_tol(a.last.norm, b.last.norm, 1e-7 * b.last.norm);
}
END_TEST

static setting wild[] = {{"window", "2"}, {"sg_lr", "3"}, {"sg_limit", "2"}, {NULL, NULL}},
               wild_drop[] = {{"window", "2"}, {"sg_lr", "3"}, {"sg_limit", "2"}, {"sg_drop", "1"}, {NULL, NULL}},
               wild_w[] = {{"window", "2"}, {"sg_lr", "3"}, {"sg_limit", "2"}, {"update", "window"}, {NULL, NULL}},
               wild_drop_w[] = {{"window", "2"}, {"sg_lr", "3"}, {"sg_limit", "2"}, {"sg_drop", "1"}, {"update", "window"}, {NULL, NULL}};

START_TEST(a_synthesiser_that_diverges_is_seen)
{
    ep_rule rule = _i / 2 ? EP_EPROP3_SG : EP_TBPTT_SG;
    task_outcome a = trained(_i % 2 ? wild_w : wild, "fast", rule, 1, NULL, false, EP_OK);
    ck_assert_int_eq(a.end, TASK_SG_DIVERGED);
    ck_assert_int_gt(a.sg_off, 0);
    ck_assert_int_lt(a.sg_off, 30);
    ck_assert_double_gt(a.sg_rms, 2);
    task_outcome b = trained(_i % 2 ? wild_drop_w : wild_drop, "fast", rule, 1, at("d.ck"), false, EP_OK);
    ck_assert_int_eq(b.end, TASK_ENDED);
    ck_assert_int_eq(b.iterations, 12);
    ck_assert_int_ge(b.sg_off, a.sg_off);
    ck_assert_int_le(b.sg_off, a.sg_off + 4); /* the iteration in hand is finished */
    (void)remove(at("d.ck"));
}
END_TEST

/* ---- copy-repeat ------------------------------------------------------------------------------------------------- */

START_TEST(trials_are_what_they_say)
{
    task t = opened(NULL);
    uint64_t index[BATCH] = {10, 11, 12, 13, 14};
    task_batch bt;
    t.level[0] = 1 + _i % 5;
    t.level[1] = 1 + _i % 3;
    int N = 1 + _i % 5, R = 1 + _i % 3, ones = 0;
    ck_assert_int_eq(task_batch_make(&t.spec, BATCH, &bt), EP_OK);
    task_batch_fill(&bt, &t, TASK_TRAIN, index, BATCH, 1);
    ck_assert_int_eq(bt.T, (R + 1) * N + 3);
    for (int b = 0; b < BATCH; b++) {
        task_trial tr = task_batch_trial(&bt, &t.spec, b);
        for (int s = 0; s < tr.steps; s++) {
            bool shown = s >= 1 && s <= N, asked = s >= N + 2;
            ck_assert_double_eq((double)tr.x[10 * s + 8], s == 0);
            ck_assert((tr.x[10 * s + 9] > 0) == (s == N + 1));
            ck_assert_double_eq(tr.mask[s], asked);
            for (int k = 0; k < 8; k++) {
                float want = asked && s + 1 < tr.steps ? tr.x[10 * (1 + (s - N - 2) % N) + k] : 0;
                ck_assert_double_eq(tr.target[9 * s + k], (double)want);
                ck_assert(shown || !(tr.x[10 * s + k] > 0));
                ones += shown && tr.x[10 * s + k] > 0;
            }
            ck_assert_double_eq(tr.target[9 * s + 8], s + 1 == tr.steps);
        }
    }
    ck_assert(ones > 8 * N * BATCH / 4 && ones < 8 * N * BATCH * 3 / 4);
    task_batch_free(&bt);
}
END_TEST

/* R grows up to N, then N; a loss that is not below 0.15 moves nothing; the score never falls; T ends it. */
START_TEST(levels_rise)
{
    static const long way[][3] = {{2, 1, 5}, {2, 2, 7}, {3, 1, 9}, {3, 2, 9}, {3, 3, 12}, {4, 1, 15}, {4, 2, 15}, {4, 3, 15}, {4, 4, 19}, {5, 1, 23}};
    task t = opened(NULL);
    t.level[0] = t.level[1] = 1;
    task_copy_repeat.advance(&t, 0.15);
    ck_assert(t.level[0] == 1 && t.level[1] == 1 && !(task_copy_repeat.solved(&t) > 0));
    for (size_t k = 0; k < sizeof way / sizeof *way; k++) {
        task_copy_repeat.advance(&t, 0.1499);
        ck_assert_msg(t.level[0] == way[k][0] && t.level[1] == way[k][1], "%zu: %ld %ld", k, t.level[0], t.level[1]);
        ck_assert_double_eq(task_copy_repeat.solved(&t), (double)way[k][2]);
        ck_assert_int_eq(task_steps(&t, TASK_TEST, 0), (int)way[k][2]);
    }
    for (int k = 0; k < 100; k++) task_copy_repeat.advance(&t, 0.01);
    ck_assert_int_le(task_steps(&t, TASK_TRAIN, 0), 40);
    ck_assert_double_eq(task_copy_repeat.solved(&t), 39);
}
END_TEST

/* 8 bits that the network gives even odds cost 8 bits, and "end" one more. */
START_TEST(loss_is_in_bits)
{
    task t = opened(NULL);
    uint64_t index[BATCH] = {0, 1, 2, 3, 4};
    task_batch bt;
    ck_assert_int_eq(task_batch_make(&t.spec, BATCH, &bt), EP_OK);
    task_batch_fill(&bt, &t, TASK_TRAIN, index, BATCH, 1);
    double y[BATCH * 15 * 9] = {0}, err[BATCH * 15 * 9], part[BATCH], E = task_loss(&t.spec, &bt, y, err, part, 1);
    ck_assert_double_eq_tol(E, 9, 1e-13);
    for (int k = 0; k < BATCH * 15 * 9; k += 31) { /* err is the slope */
        const double h = 1e-4;
        y[k] = 0.7 + h;
        double up = task_loss(&t.spec, &bt, y, err, part, 1);
        y[k] = 0.7 - h;
        double slope = (up - task_loss(&t.spec, &bt, y, err, part, 1)) / (2 * h);
        y[k] = 0.7;
        (void)task_loss(&t.spec, &bt, y, err, part, 1);
        ck_assert_double_eq_tol(slope, err[k], 1e-9);
    }
    task_batch_free(&bt);
}
END_TEST

int main(void)
{
    if (!mkdtemp(dir)) return EXIT_FAILURE;
    Suite *s = suite_create("stream");
    TCase *c = tcase_create("stream");
    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, a_stream_is_the_whole_trial, 0, N_NET * N_RULE);
    tcase_add_loop_test(c, a_text_that_runs_on, 0, 2 * N_RULE);
    tcase_add_loop_test(c, one_window_is_bptt, 0, 2 * N_RULE);
    tcase_add_loop_test(c, the_reference_agrees, 0, 6);
    tcase_add_loop_test(c, the_reference_says_the_same_seeds, 0, 16);
    tcase_add_test(c, rules_differ);
    tcase_add_loop_test(c, resumed_bit_for_bit, 0, 4);
    tcase_add_loop_test(c, a_text_is_resumed_at_its_start, 0, 2);
    tcase_add_loop_test(c, spiking_units_learn_window_by_window, 0, N_RULE);
    tcase_add_loop_test(c, a_synthesiser_that_diverges_is_seen, 0, 4);
    tcase_add_loop_test(c, trials_are_what_they_say, 0, 15);
    tcase_add_test(c, levels_rise);
    tcase_add_test(c, loss_is_in_bits);
    suite_add_tcase(s, c);
    int failed = test_run(s);
    (void)rmdir(dir);
    return failed;
}
