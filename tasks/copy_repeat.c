/* copy-repeat: a pattern of N symbols of 8 random bits is shown once and to be put out R times (Jaderberg et al. 2017).
 *
 *   inputs    8 bits; start; repeats
 *   trial     step 1: start = 1; N steps: a symbol each; one step: repeats = R / 10; R N steps of output; one step: end.
 *             (R + 1) N + 3 steps, its length
 *   outputs   logits of the 8 bits and of "end": R N symbols without, then one with end alone
 *   loss      bits a symbol, mean over the R N + 1 steps of output and the batch
 *   levels    N = R = 1 at first; a batch with a loss below 0.15 bits solves it: R + 1 while R < N, else N + 1 and R = 1
 *   measure   part of the symbols with a wrong bit, at the longest level solved
 *   default   LSTM of 100, batch 100, Adam 1e-3, clip 1, 15,000 batches
 *   small     LSTM of 50, batch 32, 3000 batches
 *
 * Chosen here: the value of the repeats' channel, the end as an output of its own, its weight in the loss, a forget gate that
 * starts open (b_forget 1), bits of a symbol that are summed. Lengths beyond T are not tried: the level stays.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "task.h"

enum { BITS = 8, START = BITS, REPEATS = BITS + 1, END = BITS, N_IN = BITS + 2, N_OUT = BITS + 1, USE_BITS = 1 };
enum { SYMBOLS, TIMES, SOLVED_SYMBOLS, SOLVED_TIMES };
static const double solved_below = 0.15;

static const char *const variants[] = {"default", "small", NULL};

static long length(long symbols, long times) { return (times + 1) * symbols + 3; }

static void describe(const char *variant, task_spec *s)
{
    bool small = strcmp(variant, "small") == 0;
    s->model = EP_LSTM;
    s->opt.loss_norm = EP_NORM_BOTH;
    s->n_in = N_IN;
    s->n_rec = small ? 50 : 100;
    s->n_out = N_OUT;
    s->b_forget = 1;
    s->bias = s->bout = true;
    s->v_th = 1;
    s->gamma = 0.3;
    s->T = small ? 40 : 150;
    s->bits = true;
    s->optimizer = TASK_ADAM;
    s->lr = 1e-3;
    s->clip = 1;
    s->window = 4;
    s->batch = small ? 32 : 100;
    s->iterations = small ? 3000 : 15000;
    s->test_trials = s->batch;
}

static ep_status open(task *t, char why[TASK_WHY])
{
    const task_spec *s = &t->spec;
    bool good = s->n_in == N_IN && s->n_out == N_OUT && s->T >= length(1, 1) && s->nets == 1;
    if (!good) strcpy(why, "copy-repeat: expected n_in = 10, n_out = 9, T >= 5, nets = 1");
    t->level[SYMBOLS] = t->level[TIMES] = 1;
    return good ? EP_OK : EP_DOMAIN;
}

/* Symbols and repeats of a split's trials: tests are of the longest level that has been solved. */
static void level(const task *t, task_split split, long *symbols, long *times)
{
    bool solved = split == TASK_TEST && t->level[SOLVED_SYMBOLS];
    *symbols = t->level[solved ? SOLVED_SYMBOLS : SYMBOLS];
    *times = t->level[solved ? SOLVED_TIMES : TIMES];
}

static int steps(const task *t, task_split split, uint64_t index)
{
    long symbols, times;
    (void)index;
    level(t, split, &symbols, &times);
    return (int)length(symbols, times);
}

static void trial(const task *t, task_split split, uint64_t index, const task_trial *out)
{
    long symbols, times;
    uint64_t stream = task_stream(split, index, USE_BITS);
    level(t, split, &symbols, &times);
    size_t N = (size_t)symbols, first = N + 2, last = first + (size_t)times * N;
    out->x[START] = 1;
    out->x[(N + 1) * N_IN + REPEATS] = (float)times / 10;
    for (size_t n = 0; n < N; n++) {
        uint64_t bits = ep_rng_u64(t->seed, stream, n);
        for (size_t k = 0; k < BITS; k++) {
            bool one = bits >> k & 1;
            out->x[(n + 1) * N_IN + k] = one;
            for (size_t step = first + n; step < last; step += N) out->target[step * N_OUT + k] = one;
        }
    }
    out->target[last * N_OUT + END] = 1;
    for (size_t step = first; step <= last; step++) out->mask[step] = 1;
}

static void score(const task *t, const task_trial *tr, const double *y, task_score *sum)
{
    (void)t;
    for (int step = 0; step < tr->steps; step++) {
        bool good = true;
        if (!(tr->mask[step] > 0)) continue;
        for (int k = 0; k < N_OUT; k++) good = good && (y[step * N_OUT + k] > 0) == (tr->target[step * N_OUT + k] > 0.5);
        sum->good += good;
        sum->of += 1;
    }
}

static double solved(const task *t)
{
    return t->level[SOLVED_SYMBOLS] ? (double)length(t->level[SOLVED_SYMBOLS], t->level[SOLVED_TIMES]) : 0;
}

static void advance(task *t, double loss)
{
    long *at = t->level, symbols = at[SYMBOLS], times = at[TIMES];
    if (!(loss < solved_below)) return;
    if ((double)length(symbols, times) > solved(t)) {
        at[SOLVED_SYMBOLS] = symbols;
        at[SOLVED_TIMES] = times;
    }
    long next_symbols = times < symbols ? symbols : symbols + 1, next_times = times < symbols ? times + 1 : 1;
    if (length(next_symbols, next_times) > t->spec.T) return;
    at[SYMBOLS] = next_symbols;
    at[TIMES] = next_times;
}

static void put_panel(FILE *f, const char *name, int steps, int channels, const double *v)
{
    for (int n = 0; n < steps * channels; n++) fprintf(f, "%s\t%d\t%d\t%.4g\n", name, n / channels + 1, n % channels + 1, v[n]);
}

/* trial.tsv: series t channel value, of the first test trial; outputs as probabilities. */
static ep_status report(const task *t, const task_oracle *ask, const char *dir, char why[TASK_WHY])
{
    size_t T = (size_t)t->spec.T;
    char path[4096];
    float *x = calloc(T * N_IN, sizeof *x);
    double *v = calloc(T * (N_IN + 2 * N_OUT + 1), sizeof *v), *target = v + T * N_IN, *y = target + T * N_OUT;
    task_trial tr = {.x = x, .target = target, .mask = y + T * N_OUT};
    ep_status st = x && v ? ask->answer(ask->user, TASK_TEST, 0, &tr, y) : EP_NOMEM;
    FILE *f = st == EP_OK && snprintf(path, sizeof path, "%s/data/trial.tsv", dir) < (int)sizeof path ? fopen(path, "w") : NULL;
    if (f) {
        for (int n = 0; n < tr.steps * N_IN; n++) v[n] = (double)x[n];
        for (int n = 0; n < tr.steps * N_OUT; n++) y[n] = tr.mask[n / N_OUT] > 0 ? 1 / (1 + exp(-y[n])) : 0;
        fprintf(f, "# series t channel value\n");
        put_panel(f, "input", tr.steps, N_IN, v);
        put_panel(f, "target", tr.steps, N_OUT, target);
        put_panel(f, "output", tr.steps, N_OUT, y);
    }
    bool bad = !f || (ferror(f) | fclose(f));
    if (st == EP_OK && bad) {
        (void)snprintf(why, TASK_WHY, "%.300s/data/trial.tsv: cannot be written: %s", dir, strerror(errno));
        st = EP_IO;
    }
    free(x);
    free(v);
    return st;
}

const task_kind task_copy_repeat = {
    .name = "copy-repeat",
    .summary = "a pattern is shown once and put out again and again; it grows with what is solved",
    .variants = variants,
    .measure = "symbol error",
    .published = {{"longest sequence solved", EP_BPTT, 39, "second-hand, Fig. 5 of the paper"},
                  {"longest sequence solved", EP_EPROP3_SG, 74, "second-hand, Fig. 5 of the paper"}},
    .describe = describe,
    .open = open,
    .steps = steps,
    .trial = trial,
    .score = score,
    .advance = advance,
    .solved = solved,
    .report = report,
};
