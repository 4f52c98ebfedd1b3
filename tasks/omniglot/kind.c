/* Omniglot as a task of e-prop 2: its numbers, its episodes, its judge.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "omniglot.h"

static const omniglot_spec *own(const shot_spec *s) { return (const omniglot_spec *)s; }

static void describe(const char *variant, shot_spec *out)
{
    bool small = variant && strcmp(variant, "small") == 0;
    *(omniglot_spec *)out = (omniglot_spec){.way = 5, .queries = 5, .side = small ? 14 : 28, .on = small ? 15 : 20, .off = 5, .decide = 5, .centred = 1,
                                            .turned = 1, .in_rate = 0.4};
    *out = (shot_spec){.n_mod = small ? 60 : 200, .eta = 2e-3, .mod_in = 2.0, .mod_rec = 0.5, .mod_p = 1.0, .mod_f_target = 0.05, .unseen = 200};
    out->s = (task_spec){.model = EP_LIF, .nets = 1, .frame = 1, .n_rec = small ? 100 : 200, .tau_m = 3.0, .tau_a = 0.0, .tau_out = 3.0, .v_th = 0.4,
                         .gamma = 0.3, .n_ref = 3, .bias = false, .bout = false, .w_in = 2.0, .w_rec = 0.5, .w_out = 1.0, .w_fb = 1.0, .density = 1.0,
                         .loss = EP_CLASSIFICATION, .c_reg = 0.1, .f_target = 0.05, .optimizer = TASK_ADAM, .lr = small ? 3e-3 : 1e-3, .lr_factor = 1.0,
                         .adam_b1 = 0.9, .adam_b2 = 0.999, .adam_eps = 1e-8, .clip = 1.0, .batch = small ? 20 : 32, .iterations = small ? 2000 : 10000,
                         .window = 1, .valid_every = small ? 20 : 50, .valid_trials = 100, .test_trials = 0, .stop_below = -1.0};
    out->s.opt.delay = 1;
}

static int show(const omniglot_spec *s) { return s->on + s->off; }

static void settle(shot_spec *e2)
{
    const omniglot_spec *s = own(e2);
    e2->s.T = s->way * show(s);
    e2->T_test = s->queries * show(s);
    e2->s.n_in = s->side * s->side;
    e2->s.n_out = e2->n_code = s->way;
}

static ep_status check(const shot_spec *e2, char why[TASK_WHY])
{
    const omniglot_spec *s = own(e2);
    const struct { bool bad; const char *text; } rule[] = {
        {s->way < 2 || s->way > OMNIGLOT_MOST_WAY, "way: expected 2 to 64 classes"},
        {s->queries < 1 || s->queries > OMNIGLOT_MOST_WAY, "queries: expected 1 to 64 pictures"},
        {s->side < 4 || s->side > 64, "side: expected 4 to 64 pixels"},
        {s->on < 1 || show(s) > 200, "on, off: expected 1 to 200 steps in all"},
        {s->decide < 1 || s->decide > s->on, "decide: expected 1 to `on` steps"},
        {s->centred > 1 || s->within > 1 || s->turned > 1, "centred, within, turned: expected 0 or 1"},
        {s->in_rate > 1.0, "in_rate: expected at most one spike a step"}};
    for (size_t k = 0; k < sizeof rule / sizeof *rule; k++)
        if (rule[k].bad) {
            (void)snprintf(why, TASK_WHY, "omniglot: %s", rule[k].text);
            return EP_DOMAIN;
        }
    return EP_OK;
}

/* Which class each query is of. */
static size_t aim_size(const shot_spec *s) { return (size_t)own(s)->queries * sizeof(int64_t); }

/* Spikes of one picture from step `first` on. */
static void present(const shot_task *t, const unsigned char *picture, int turn, int first, float *x)
{
    const omniglot_spec *s = own(t->spec);
    const omniglot_data *d = t->own;
    int area = s->side * s->side;
    for (int i = 0; i < area; i++) {
        double rate = s->in_rate * omniglot_pixel(picture, s->side, turn, i / s->side, i % s->side) / 255.0;
        for (int k = 0; rate > 0.0 && k < s->on; k++)
            x[(size_t)(first + k) * (size_t)area + (size_t)i] = (float)(floor(rate * (k + 1) + d->phase[i]) - floor(rate * k + d->phase[i]));
    }
}

static void episode(const shot_task *t, int split, uint64_t index, const shot_episode *out)
{
    const omniglot_spec *s = own(t->spec);
    int64_t *label = out->aim;
    omniglot_episode e;
    omniglot_choose(t, split, index, &e);
    for (int k = 0; k < s->way; k++) {
        present(t, e.example[k], e.turn[k], k * show(s), out->x);
        for (int q = 0; q < s->on; q++) out->code[(size_t)(k * show(s) + q) * (size_t)s->way + (size_t)k] = 1.0F;
    }
    for (int q = 0; q < s->queries; q++) {
        present(t, e.query[q], e.query_turn[q], q * show(s), out->x_test);
        label[q] = e.label[q];
    }
}

/* -log softmax(y)_label, and weight (softmax(y) - 1_label) into err, or NULL. */
static double entropy(const float *y, int n, int label, double weight, float *err)
{
    double most = (double)y[0], sum = 0.0;
    for (int k = 1; k < n; k++) most = fmax(most, (double)y[k]);
    for (int k = 0; k < n; k++) sum += exp((double)y[k] - most);
    for (int k = 0; err && k < n; k++) err[k] = (float)(weight * (exp((double)y[k] - most) / sum - (k == label ? 1.0 : 0.0)));
    return log(sum) + most - (double)y[label];
}

/* The class with the largest sum of outputs over the deciding steps of show q; -1 where another's is equal: silence knows nothing. */
static int named(const omniglot_spec *s, const float *y, int q)
{
    double sum[OMNIGLOT_MOST_WAY] = {0.0};
    int best = 0, equal = 0;
    for (int k = s->on - s->decide; k < s->on; k++)
        for (int c = 0; c < s->way; c++) sum[c] += (double)y[(size_t)(q * show(s) + k) * (size_t)s->way + (size_t)c];
    for (int c = 1; c < s->way; c++)
        if (sum[c] > sum[best]) best = c;
    for (int c = 0; c < s->way; c++) equal += sum[c] == sum[best];
    return equal == 1 ? best : -1;
}

static shot_score judge(const shot_task *t, const void *aim, shot_trial trial, const float *y, double weight, float *err)
{
    const omniglot_spec *s = own(t->spec);
    const int64_t *label = aim;
    int shows = trial == SHOT_TEACH ? s->way : s->queries, n = s->way;
    double each = 1.0 / ((double)shows * s->decide);
    shot_score r = {.other = NAN};
    if (err) memset(err, 0, (size_t)shows * (size_t)show(s) * (size_t)n * sizeof *err);
    for (int q = 0; q < shows; q++) {
        int want = trial == SHOT_TEACH ? q : (int)label[q];
        for (int k = s->on - s->decide; k < s->on; k++) {
            size_t at = (size_t)(q * show(s) + k) * (size_t)n;
            r.E += each * entropy(y + at, n, want, weight * each, err ? err + at : NULL);
        }
        r.measure += (named(s, y, q) == want ? 0.0 : 1.0) / shows;
    }
    return r;
}

/* ---- ways that need no network ------------------------------------------------------------------------------------------------ */

enum { NEAREST, CHANCE };
static const char *const other_ways[] = {"nearest pixels", "chance", NULL};

static long distance(const unsigned char *a, int a_turn, const unsigned char *b, int b_turn, int side)
{
    long sum = 0;
    for (int i = 0; i < side * side; i++) {
        int off = omniglot_pixel(a, side, a_turn, i / side, i % side) - omniglot_pixel(b, side, b_turn, i / side, i % side);
        sum += (long)off * off;
    }
    return sum;
}

/* Nearest pixels: the example at the smallest Euclidean distance. */
static shot_score answer(const shot_task *t, int way, int split, uint64_t index)
{
    const omniglot_spec *s = own(t->spec);
    shot_score r = {.E = log(s->way), .measure = 1.0 - 1.0 / s->way, .other = NAN};
    omniglot_episode e;
    if (way == CHANCE) return r;
    r = (shot_score){.E = NAN, .other = NAN};
    omniglot_choose(t, split, index, &e);
    for (int q = 0; q < e.queries; q++) {
        int best = 0;
        long least = distance(e.query[q], e.query_turn[q], e.example[0], e.turn[0], s->side);
        for (int k = 1; k < e.way; k++) {
            long d = distance(e.query[q], e.query_turn[q], e.example[k], e.turn[k], s->side);
            if (d >= least) continue;
            least = d;
            best = k;
        }
        r.measure += (best == e.label[q] ? 0.0 : 1.0) / e.queries;
    }
    return r;
}

static void say(const shot_score *s, const shot_score *still, char *buf, size_t n)
{
    (void)still;
    (void)snprintf(buf, n, "%.1f %% wrong", 100.0 * s->measure);
}

/* ---- figures ---------------------------------------------------------------------------------------------------------------------- */

/* A row of pictures with gaps of two cells, row by row; of each its class, and which one was named (0: was not asked). */
static void put_strip(FILE *f, const char *series, int n, const unsigned char *const *picture, const int *turn, const int *class, const int *said, int side)
{
    for (int y = 0; y < side; y++)
        for (int k = 0; k < n; k++)
            for (int x = 0; x < side + (k + 1 < n ? 2 : 0); x++) {
                double ink = x < side ? omniglot_pixel(picture[k], side, turn[k], y, x) / 255.0 : 0.0;
                fprintf(f, "%s\t%d\t%d\t%.3g\t%d\t%d\t%d\n", series, k * (side + 2) + x, y, ink, class[k] + 1, said ? said[k] + 1 : 0, x == 0 && y == 0);
            }
}

/* The pictures of the first unseen episode, and what the network says of them after the update. */
static ep_status report(shot_machine *m, const char *dir, char why[TASK_WHY])
{
    const omniglot_spec *s = own(m->t->spec);
    FILE *f;
    omniglot_episode e;
    shot_score score;
    int said[OMNIGLOT_MOST_WAY], order[OMNIGLOT_MOST_WAY];
    ep_status st = shot_run(m, TASK_TEST, 0, 1, false, &score);
    if (st == EP_OK) st = shot_table_open(m->t, dir, "pictures", &f, why);
    if (st != EP_OK) return st;
    omniglot_choose(m->t, TASK_TEST, 0, &e);
    for (int k = 0; k < e.way; k++) order[k] = k;
    for (int q = 0; q < e.queries; q++) said[q] = named(s, m->y, q);
    fprintf(f, "# series\tx\ty\tink\tclass\tnamed\tfirst\n");
    put_strip(f, "one example of each class", e.way, e.example, e.turn, order, NULL, s->side);
    put_strip(f, "asked afterwards", e.queries, e.query, e.query_turn, e.label, said, s->side);
    return shot_table_close(f, "pictures", why);
}

#define WHOLE(name) {#name, offsetof(omniglot_spec, name), true}
static const shot_row rows[] = {WHOLE(way), WHOLE(queries), WHOLE(side), WHOLE(on), WHOLE(off), WHOLE(decide), WHOLE(centred), WHOLE(within),
                                WHOLE(turned), {"in_rate", offsetof(omniglot_spec, in_rate), false}, {NULL, 0, false}};
static const shot_derived derived[] = {{"T", "way, on and off"}, {"n_in", "side"}, {"n_out", "way"}, {"n_code", "way"}, {NULL, NULL}};
static const char *const variants[] = {"paper", "small", NULL};

const shot_kind omniglot_kind = {
    .name = "omniglot", .summary = "one-shot learning of characters, by e-prop 2",
    .about = "e-prop 2: an outer loop trains a network and an error module so that one update, driven by the module's learning signals, suffices to\n"
             "learn new characters from one picture each. At the end, characters of alphabets never seen are learnt and named, and this is compared\n"
             "with what no update, e-prop 1 and one BPTT step of the same network reach, with the nearest example in pixels, and with chance.\n"
             "\n"
             "  --variant V          paper (default: 28 x 28, 5 classes, 200 + 200 neurons, batch 32), small (14 x 14, 100 + 60, batch 20)\n"
             "  --way K              classes of an episode (default 5)\n"
             "  --data DIR           Omniglot's folders: ALPHABET/CHARACTER/NAME.png, or images_background and images_evaluation of such\n"
             "                       (default: generated characters)\n"
             "  --runs DIR           the official one-shot runs, RUN/class_labels.txt: a further comparison at the end; needs --way 20\n",
    .variants = variants, .measure = "error", .episodes = "episodes", .rows = rows, .derived = derived, .spec_size = sizeof(omniglot_spec),
    .takes_data = true, .takes_official = true, .describe = describe, .settle = settle, .check = check, .open = omniglot_open, .close = omniglot_close,
    .aim_size = aim_size, .episode = episode, .judge = judge, .official = omniglot_official, .other_ways = other_ways, .answer = answer, .say = say,
    .report = report};
