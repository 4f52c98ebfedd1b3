/* The omniglot task: episodes, spikes, judge, refusals, the outer loop.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "omniglot.h"
#include "test/run.h"

static char why[TASK_WHY];

static omniglot_spec tiny(void)
{
    omniglot_spec s = {0};
    omniglot_kind.describe("small", &s.e2);
    s.way = s.queries = 3;
    s.side = 10;
    s.on = 8;
    s.off = 2;
    s.decide = 3;
    s.e2.s.n_rec = 24;
    s.e2.n_mod = 20;
    s.e2.s.batch = 6;
    s.e2.s.valid_trials = 4;
    s.e2.s.valid_every = 2;
    s.e2.unseen = 12;
    return s;
}

static shot_task opened(omniglot_spec *s)
{
    shot_task t = {.kind = &omniglot_kind, .variant = "test", .spec = &s->e2, .seed = 1};
    ck_assert_msg(shot_check(&omniglot_kind, &s->e2, why) == EP_OK, "%s", why);
    ck_assert_msg(shot_open(&t, why) == EP_OK, "%s", why);
    return t;
}

/* Which picture of the set a pointer is. */
static size_t number_of(const omniglot_data *d, const unsigned char *p) { return (size_t)(p - d->set.pixel) / (size_t)(d->set.form.side * d->set.form.side); }

static size_t character_of(const omniglot_data *d, size_t number)
{
    size_t c = 0;
    while (number >= d->set.of[c].first + (size_t)d->set.of[c].count) c++;
    return c;
}

/* Classes of an episode differ, a query shows its class by another picture, and no character of one split is ever in another. */
START_TEST(episodes)
{
    omniglot_spec s = tiny();
    s.within = s.turned = _i;
    shot_task t = opened(&s);
    const omniglot_data *d = t.own;
    int turned = 0, labels[3] = {0};
    for (int split = 0; split < TASK_N_SPLIT; split++)
        for (uint64_t n = 0; n < 200; n++) {
            omniglot_episode e, again;
            omniglot_choose(&t, split, n, &e);
            omniglot_choose(&t, split, n, &again);
            ck_assert_int_eq(memcmp(&e, &again, sizeof e), 0);
            size_t c[3], picture[3];
            for (int k = 0; k < 3; k++) {
                picture[k] = number_of(d, e.example[k]);
                c[k] = character_of(d, picture[k]);
                turned += e.turn[k] != 0;
                ck_assert_int_eq(d->set.split[d->set.of[c[k]].alphabet], split);
                ck_assert(!s.within || d->set.of[c[k]].alphabet == d->set.of[c[0]].alphabet);
                for (int q = 0; q < k; q++) ck_assert(c[q] != c[k] || e.turn[q] != e.turn[k]);
            }
            for (int q = 0; q < 3; q++) {
                size_t k = (size_t)e.label[q];
                ck_assert(k < 3 && e.query_turn[q] == e.turn[k]);
                labels[k] += split == TASK_TEST;
                ck_assert_uint_eq(character_of(d, number_of(d, e.query[q])), c[k]);
                ck_assert_uint_ne(number_of(d, e.query[q]), picture[k]);
            }
        }
    ck_assert(s.turned ? turned > 300 : turned == 0);
    for (int k = 0; k < 3; k++) ck_assert_int_gt(labels[k], 150); /* 200 each in the mean */
    shot_close(&t);
}
END_TEST

/* Four quarters are none; a turned picture has the same cells elsewhere. */
START_TEST(turning)
{
    unsigned char p[16], q[16], r[16];
    for (int i = 0; i < 16; i++) p[i] = (unsigned char)i;
    for (int turn = 1; turn < 4; turn++) {
        for (int i = 0; i < 16; i++) q[i] = omniglot_pixel(p, 4, turn, i / 4, i % 4);
        for (int i = 0; i < 16; i++) r[i] = omniglot_pixel(q, 4, 4 - turn, i / 4, i % 4);
        ck_assert_int_eq(memcmp(p, r, sizeof p), 0);
        ck_assert_int_ne(memcmp(p, q, sizeof p), 0);
        for (int i = 0; i < 16; i++) r[i] = omniglot_pixel(q, 4, 1, i / 4, i % 4);
        for (int i = 0; i < 16; i++) ck_assert_int_eq(r[i], omniglot_pixel(p, 4, (turn + 1) % 4, i / 4, i % 4));
    }
}
END_TEST

/* Each pixel spikes `rate` times its ink, to within one spike a show; nothing is shown in the gaps; the code says which example it is. */
START_TEST(spikes)
{
    omniglot_spec s = tiny();
    shot_task t = opened(&s);
    float x[30 * 100] = {0}, x_test[30 * 100] = {0}, code[30 * 3] = {0};
    int64_t label[3];
    omniglot_episode e;
    shot_episode out = {x, code, x_test, label};
    omniglot_kind.episode(&t, TASK_TEST, 7, &out);
    omniglot_choose(&t, TASK_TEST, 7, &e);
    double total = 0.0;
    for (int k = 0; k < 3; k++) {
        ck_assert_int_eq(label[k], e.label[k]);
        for (int i = 0; i < 100; i++) {
            double sum[2] = {0.0, 0.0}, want[2] = {s.in_rate * s.on * e.example[k][i] / 255.0, s.in_rate * s.on * e.query[k][i] / 255.0};
            for (int q = 0; q < 10; q++) {
                const float v[2] = {x[(10 * k + q) * 100 + i], x_test[(10 * k + q) * 100 + i]};
                for (int r = 0; r < 2; r++) {
                    ck_assert(v[r] == 0.0F || (v[r] == 1.0F && q < 8));
                    sum[r] += (double)v[r];
                }
            }
            for (int r = 0; r < 2; r++) ck_assert_double_lt(fabs(sum[r] - want[r]), 1.0);
            total += sum[0];
        }
        for (int q = 0; q < 10; q++)
            for (int c = 0; c < 3; c++) ck_assert_float_eq(code[(10 * k + q) * 3 + c], c == k && q < 8 ? 1.0F : 0.0F);
    }
    ck_assert_double_gt(total, 30.0);
    shot_close(&t);
}
END_TEST

/* err against central differences of E: halving h quarters what they leave out; the rest is err's own rounding to float, and E's. */
START_TEST(loss_and_its_derivative)
{
    omniglot_spec s = tiny();
    const shot_task t = {.kind = &omniglot_kind, .variant = "test", .spec = &s.e2, .seed = 1};
    ck_assert_int_eq(shot_check(&omniglot_kind, &s.e2, why), EP_OK);
    const int64_t label[3] = {2, 0, 2};
    float y[90], err[90];
    for (int i = 0; i < 90; i++) y[i] = (float)ep_rng_normal(4, 1, (uint64_t)i, 10);
    for (int trial = 0; trial < 2; trial++) {
        int seen = 0;
        (void)omniglot_kind.judge(&t, label, (shot_trial)trial, y, 1.0, err);
        for (int i = 0; i < 90; i++) {
            double d[2];
            for (int k = 0; k < 2; k++) {
                float h = ldexpf(1.0F, -6 - k), keep = y[i];
                y[i] = keep + h;
                double up = omniglot_kind.judge(&t, label, (shot_trial)trial, y, 1.0, NULL).E;
                y[i] = keep - h;
                double down = omniglot_kind.judge(&t, label, (shot_trial)trial, y, 1.0, NULL).E;
                y[i] = keep;
                d[k] = (up - down) / (2.0 * (double)h);
            }
            double limit = fabs(d[0] - d[1]) + 0x1p-24 * fabs(d[1]) + 1e-13;
            ck_assert_msg(fabs((double)err[i] - d[1]) <= limit, "y[%d]: %.9g, differences %.9g, limit %.2g", i, (double)err[i], d[1], limit);
            int step = i / 3 % 10;
            ck_assert((err[i] != 0.0F) == (step >= 5 && step < 8));
            seen += err[i] != 0.0F;
        }
        ck_assert_int_eq(seen, 27);
    }
    memset(y, 0, sizeof y);
    shot_score l = omniglot_kind.judge(&t, label, SHOT_TEST, y, 1.0, NULL);
    ck_assert_double_eq_tol(l.E, log(3.0), 1e-15);
    ck_assert_double_eq(l.measure, 1.0); /* silence knows nothing */
    for (int q = 0; q < 3; q++) y[(10 * q + 6) * 3 + (int)label[q]] = q == 1 ? -1.0F : 1.0F;
    l = omniglot_kind.judge(&t, label, SHOT_TEST, y, 1.0, NULL);
    ck_assert_double_eq_tol(l.measure, 1.0 / 3.0, 1e-15);
}
END_TEST

/* A run in which each test picture is one of the training pictures: nearest pixels are never wrong, and the network is asked about all. */
START_TEST(official_runs)
{
    omniglot_spec s = tiny();
    shot_task t = opened(&s);
    omniglot_data *d = t.own;
    glyph_run *r = calloc(1, sizeof *r);
    ck_assert_ptr_nonnull(r);
    *r = (glyph_run){.n_way = 3, .n_test = 6, .example = malloc(300), .test = malloc(600), .label = malloc(6 * sizeof(int))};
    ck_assert(r->example && r->test && r->label);
    memcpy(r->example, d->set.pixel, 300);
    for (int k = 0; k < 6; k++) {
        r->label[k] = k * 2 % 3;
        memcpy(r->test + 100 * k, r->example + 100 * r->label[k], 100);
    }
    d->runs = (glyph_runs){.form = d->set.form, .n = 1, .room = 1, .run = r};
    ck_assert_uint_eq(omniglot_official(&t), 2);
    omniglot_episode e;
    omniglot_choose(&t, SHOT_OFFICIAL, 1, &e);
    for (int q = 0; q < 3; q++) ck_assert(e.label[q] == r->label[3 + q] && e.query[q] == r->test + 100 * (3 + q));
    shot_machine m;
    shot_outcome o = {0};
    ck_assert_int_eq(shot_machine_open(&t, 2, 1, NULL, &m, why), EP_OK);
    double *w = calloc(m.n, sizeof *w);
    ck_assert_ptr_nonnull(w);
    shot_draw(&m, w);
    ck_assert_msg(shot_compare(&m, w, &o, why) == EP_OK, "%s", why);
    ck_assert_uint_eq(o.n_official, 2);
    ck_assert_int_eq(o.ways, 7);
    ck_assert_str_eq(o.way[5], "nearest pixels");
    ck_assert_double_eq(o.official[5].measure, 0.0);
    ck_assert_double_eq_tol(o.official[6].measure, 2.0 / 3.0, 1e-15);
    for (int k = 0; k < SHOT_N_WAY; k++) ck_assert(o.official[k].E > 0.0 && o.unseen[k].E > 0.0 && o.unseen[k].measure > 0.1);
    for (int k = SHOT_SYMMETRIC; k < SHOT_N_WAY; k++) ck_assert_double_gt(o.eta[k], 0.0);
    free(w);
    shot_machine_close(&m);
    shot_close(&t);
}
END_TEST

static ep_status train(omniglot_spec *s, long iterations, int threads, const char *checkpoint, bool resume, shot_outcome *r)
{
    shot_options o = {.iterations = iterations, .threads = threads, .checkpoint = checkpoint, .resume = resume};
    shot_task t = opened(s);
    ep_status st = shot_train(&t, &o, r, why);
    shot_close(&t);
    return st;
}

/* Three iterations and three more are six, whatever the threads; with other data they are refused. */
START_TEST(resumes_bit_for_bit)
{
    omniglot_spec s = tiny();
    shot_outcome whole, part;
    char a[] = "/tmp/test_omniglot_XXXXXX";
    int fd = mkstemp(a);
    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    ck_assert_msg(train(&s, 6, 1, NULL, false, &whole) == EP_OK, "%s", why);
    ck_assert_int_eq(train(&s, 3, 2, a, false, &part), EP_OK);
    ck_assert_msg(train(&s, 6, 2, a, true, &part) == EP_OK, "%s", why);
    ck_assert_int_eq(part.iterations, 6);
    ck_assert_double_eq(part.last.loss, whole.last.loss);
    ck_assert_double_eq(part.last.norm, whole.last.norm);
    for (int k = 0; k < SHOT_N_WAY; k++) ck_assert_double_eq(part.unseen[k].E, whole.unseen[k].E);
    ck_assert(whole.facts.update > 0.0 && whole.facts.rate[0] > 0.0 && whole.facts.rate[1] > 0.0 && whole.facts.rate[2] > 0.0);
    s.centred = 0;
    ck_assert_int_eq(train(&s, 7, 1, a, true, &part), EP_FORMAT);
    ck_assert_msg(strstr(why, "another run") && strstr(why, "centred"), "%s", why);
    (void)unlink(a);
}
END_TEST

/* Weights that run away: an outcome. */
START_TEST(diverges)
{
    omniglot_spec s = tiny();
    shot_outcome r;
    shot_task t = opened(&s);
    const shot_options o = {.iterations = 5, .threads = 1};
    s.e2.s.clip = 0.0;
    s.e2.s.lr = 1e39; /* beyond binary32 */
    ck_assert_msg(shot_train(&t, &o, &r, why) == EP_OK, "%s", why);
    shot_close(&t);
    ck_assert_int_eq(r.end, TASK_DIVERGED);
    ck_assert_int_eq(r.iterations, 1);
}
END_TEST

START_TEST(refuses)
{
    static const struct { const char *name, *value, *says; } wrong[] = {
        {"way", "2.5", "whole number"}, {"in_rate", "x", "a number"}, {"T", "100", "follows from way, on and off"}, {"n_in", "784", "follows from side"},
        {"n_code", "5", "follows from way"}, {"nothing", "1", "nothing"}};
    static const struct { const char *name, *value, *says; } range[] = {
        {"way", "1", "way"}, {"way", "65", "way"}, {"queries", "0", "queries"}, {"side", "3", "side"}, {"side", "65", "side"}, {"on", "0", "on, off"},
        {"decide", "0", "decide"}, {"decide", "9", "decide"}, {"within", "2", "within"}, {"in_rate", "1.5", "in_rate"}, {"n_mod", "0", "n_mod"},
        {"unseen", "0", "unseen"}};
    omniglot_spec s = tiny();
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        ck_assert_int_eq(shot_set(&omniglot_kind, &s.e2, wrong[k].name, wrong[k].value, why), EP_DOMAIN);
        ck_assert_msg(strstr(why, wrong[k].says) != NULL, "%s", why);
    }
    for (size_t k = 0; k < sizeof range / sizeof *range; k++) {
        s = tiny();
        ck_assert_int_eq(shot_set(&omniglot_kind, &s.e2, range[k].name, range[k].value, why), EP_OK);
        ck_assert_int_eq(shot_check(&omniglot_kind, &s.e2, why), EP_DOMAIN);
        ck_assert_msg(strstr(why, range[k].says) && !strchr(why, '\n'), "%s", why);
    }
    s = tiny();
    s.way = 21; /* generated alphabets have 20 characters */
    s.within = 1;
    shot_task t = {.kind = &omniglot_kind, .variant = "test", .spec = &s.e2, .seed = 1};
    s.turned = 0;
    ck_assert_int_eq(shot_check(&omniglot_kind, &s.e2, why), EP_OK);
    ck_assert_int_eq(shot_open(&t, why), EP_DOMAIN);
    ck_assert_msg(strstr(why, "generated01") && strstr(why, "found 20 characters, expected at least way = 21"), "%s", why);
    ck_assert_ptr_null(t.own);
}
END_TEST

/* Outer gradient steps lower the loss of the batch they were computed on, below what chance can. */
START_TEST(descends)
{
    omniglot_spec s = tiny();
    shot_machine m;
    shot_score l;
    s.e2.s.c_reg = 0.0;
    shot_task t = opened(&s);
    ck_assert_msg(shot_machine_open(&t, 6, 1, NULL, &m, why) == EP_OK, "%s", why);
    double *w = calloc(m.n, sizeof *w), *g = calloc(m.n, sizeof *g);
    shot_draw(&m, w);
    for (int i = 0; i < 40; i++) {
        ck_assert_int_eq(shot_load(&m, w, why), EP_OK);
        ck_assert_int_eq(shot_gradient(&m, 0, 6, &l, g), EP_OK);
        double norm = 0.0;
        for (size_t e = 0; e < m.n; e++) norm += g[e] * g[e];
        for (size_t e = 0; e < m.n; e++) w[e] -= 0.1 * g[e] / sqrt(norm);
    }
    ck_assert_msg(l.E < 0.9 * log(3.0), "loss %g", l.E);
    free(w);
    free(g);
    shot_machine_close(&m);
    shot_close(&t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("omniglot");
    TCase *t = tcase_create("omniglot");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, episodes, 0, 2);
    tcase_add_test(t, turning);
    tcase_add_test(t, spikes);
    tcase_add_test(t, loss_and_its_derivative);
    tcase_add_test(t, official_runs);
    tcase_add_test(t, resumes_bit_for_bit);
    tcase_add_test(t, diverges);
    tcase_add_test(t, refuses);
    tcase_add_test(t, descends);
    suite_add_tcase(s, t);
    return test_run(s);
}
