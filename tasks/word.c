/* word: the next word of running text, by its probability under a softmax over the whole vocabulary.
 *
 *   inputs    word t, one of V units: the rows of Win are its embedding, straight into the gates
 *   outputs   V logits; target: word t + 1 (a line's or sentence's end is a word)
 *   trial     T words; the state is carried through it, across windows, and starts at 0; with carry = 1 it is carried on
 *             through the whole text, which is cut into as many streams as a batch has trials
 *   loss      mean cross-entropy a word, in nats; perplexity is its exponential
 *   grammar   text drawn from word_grammar.c, 46 words, whose best possible perplexity is known (default)
 *   text      --data DIR with ptb.train.txt, ptb.valid.txt, ptb.test.txt: any text in this form
 *   ptb       the same, refused unless sizes and vocabulary are those of the Penn Treebank
 *
 * DIR/data/word.tsv: loss and perplexity on the held-out parts, beside that of word frequencies alone and of the grammar itself.
 * Chosen here: everything but the sizes of the Penn Treebank; the paper's numbers are not known.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "word_corpus.h"

static const char *const variants[] = {"grammar", "text", "ptb", NULL};
static const size_t treebank[TASK_N_SPLIT + 1] = {929589, 73760, 82430, 10000};
static const size_t drawn[TASK_N_SPLIT] = {60000, 6000, 6000};

static void describe(const char *variant, task_spec *s)
{
    bool grammar = strcmp(variant, "grammar") == 0, ptb = strcmp(variant, "ptb") == 0;
    s->model = EP_LSTM;
    s->opt.loss_norm = EP_NORM_BOTH;
    s->n_in = s->n_out = 1; /* open() knows */
    s->n_rec = grammar ? 50 : 200;
    s->bias = s->bout = true;
    s->v_th = 1;
    s->gamma = 0.3;
    s->T = 60;
    s->window = 20;
    s->loss = EP_CLASSIFICATION;
    s->optimizer = TASK_ADAM;
    s->lr = grammar ? 5e-3 : 1e-3;
    s->clip = 5;
    s->batch = 20;
    s->iterations = grammar ? 500 : ptb ? 7740 : 2000; /* ptb: ten times the text */
    s->valid_every = 100;
    s->valid_trials = s->test_trials = 100;
}

static size_t trials_in(const task *t, task_split split)
{
    const task_corpus *c = t->own;
    size_t n = c->part[split].n;
    return n ? (n - 1) / (size_t)t->spec.T : 0;
}

static int most(int wanted, size_t there) { return (size_t)wanted < there ? wanted : (int)there; }

static ep_status load(const task *t, task_corpus *c, char why[TASK_WHY])
{
    if (strcmp(t->variant, "grammar") == 0) {
        if (!t->data_dir) return task_corpus_draw(t->seed, drawn, c);
        (void)snprintf(why, TASK_WHY, "word: found --data with variant grammar, which draws its own text: expected --variant text or ptb");
        return EP_DOMAIN;
    }
    if (!t->data_dir) {
        (void)snprintf(why, TASK_WHY, "word: expected --data DIR with ptb.train.txt, ptb.valid.txt and ptb.test.txt");
        return EP_DOMAIN;
    }
    ep_status st = task_corpus_read(t->data_dir, c, why);
    if (st != EP_OK || strcmp(t->variant, "ptb") != 0) return st;
    st = task_corpus_check(c, treebank, why);
    if (st != EP_OK) task_corpus_free(c);
    return st;
}

static ep_status open(task *t, char why[TASK_WHY])
{
    static const char *const names[] = {"training", "validation", "test"};
    task_spec *s = &t->spec;
    task_corpus *c = calloc(1, sizeof *c);
    if (!c) return EP_NOMEM;
    ep_status st = load(t, c, why);
    if (st != EP_OK) {
        free(c);
        return st;
    }
    t->own = c;
    s->n_in = s->n_out = (int)c->n_words;
    for (int k = 0; k < TASK_N_SPLIT; k++)
        if (s->T < 1 || trials_in(t, (task_split)k) == 0) {
            (void)snprintf(why, TASK_WHY, "word: found %zu words of %s text, expected more than T = %d", c->part[k].n, names[k], s->T);
            return EP_DOMAIN;
        }
    if (s->nets != 1) {
        (void)snprintf(why, TASK_WHY, "word: nets = %d: expected 1, the second would read the answer", s->nets);
        return EP_DOMAIN;
    }
    s->valid_trials = most(s->valid_trials, trials_in(t, TASK_VALID));
    s->test_trials = most(s->test_trials, trials_in(t, TASK_TEST));
    return EP_OK;
}

static void close(task *t)
{
    if (t->own) task_corpus_free(t->own);
    free(t->own);
}

static uint64_t count(const task *t, task_split split) { return trials_in(t, split); }

static size_t first_word(const task *t, task_split split, uint64_t index)
{
    return (size_t)(index % trials_in(t, split)) * (size_t)t->spec.T;
}

static void trial(const task *t, task_split split, uint64_t index, const task_trial *out)
{
    const task_corpus *c = t->own;
    const uint32_t *id = c->part[split].id + first_word(t, split, index);
    for (size_t step = 0; step < (size_t)out->steps; step++) {
        out->x[step * c->n_words + id[step]] = 1;
        out->target[step * c->n_words + id[step + 1]] = 1;
        out->mask[step] = 1;
    }
}

/* ---- perplexity ----------------------------------------------------------------------------------------- */

/* Sums of -ln p over the words of a part: the network's, by frequencies alone, the grammar's. */
typedef struct tally { double network, frequency, source; size_t words; } tally;

/* -ln of the training text's frequencies, with one more of each word. */
static double *frequencies(const task_corpus *c)
{
    double *v = calloc(c->n_words, sizeof *v), all = (double)(c->part[TASK_TRAIN].n + c->n_words);
    for (size_t k = 0; v && k < c->part[TASK_TRAIN].n; k++) v[c->part[TASK_TRAIN].id[k]] += 1;
    for (size_t k = 0; v && k < c->n_words; k++) v[k] = -log((v[k] + 1) / all);
    return v;
}

/* -ln softmax(y)_k */
static double surprise(const double *y, size_t n, size_t k)
{
    double top = y[0];
    for (size_t i = 1; i < n; i++) top = fmax(top, y[i]);
    double sum = exp(y[0] - top);
    for (size_t i = 1; i < n; i++) sum += exp(y[i] - top);
    return log(sum) + top - y[k];
}

static ep_status add_trial(const task *t, const task_oracle *ask, task_split split, uint64_t index, const double *frequency,
                           task_trial *tr, double *y, tally *sum)
{
    const task_corpus *c = t->own;
    size_t first = first_word(t, split, index);
    ep_status st = ask->answer(ask->user, split, index, tr, y);
    for (size_t step = 0; st == EP_OK && step < (size_t)tr->steps; step++) {
        size_t next = c->part[split].id[first + step + 1];
        sum->network += surprise(y + step * c->n_words, c->n_words, next);
        sum->frequency += frequency[next];
        if (c->part[split].surprise) sum->source += c->part[split].surprise[first + step + 1];
        sum->words++;
    }
    return st;
}

static ep_status write_table(const char *dir, const task *t, const tally *sum, char why[TASK_WHY])
{
    static const char *const names[] = {"train", "valid", "test"};
    const task_corpus *c = t->own;
    char path[4096];
    (void)snprintf(path, sizeof path, "%.3800s/data/word.tsv", dir);
    FILE *f = fopen(path, "w");
    if (f) {
        (void)fprintf(f, "# split\twords\tloss\tperplexity\tfrequencies\tsource\n");
        for (int k = TASK_VALID; k < TASK_N_SPLIT; k++) {
            double n = (double)sum[k].words;
            (void)fprintf(f, "%s\t%zu\t%.9g\t%.6g\t%.6g\t", names[k], sum[k].words, sum[k].network / n, exp(sum[k].network / n),
                          exp(sum[k].frequency / n));
            if (c->part[k].surprise) (void)fprintf(f, "%.6g\n", exp(sum[k].source / n));
            else (void)fprintf(f, "-\n");
        }
    }
    bool bad = !f || ferror(f);
    if (f && fclose(f) != 0) bad = true;
    if (bad) (void)snprintf(why, TASK_WHY, "%.300s: cannot be written: %s", path, strerror(errno));
    return bad ? EP_IO : EP_OK;
}

static ep_status report(const task *t, const task_oracle *ask, const char *dir, char why[TASK_WHY])
{
    const task_spec *s = &t->spec;
    size_t steps = (size_t)s->T, V = (size_t)s->n_out;
    tally sum[TASK_N_SPLIT] = {{0}};
    double *frequency = frequencies(t->own), *y = calloc(steps * V, sizeof *y);
    task_trial tr = {.x = calloc(steps * V, sizeof *tr.x), .target = calloc(steps * V, sizeof *tr.target), .mask = calloc(steps, sizeof *tr.mask)};
    ep_status st = frequency && y && tr.x && tr.target && tr.mask ? EP_OK : EP_NOMEM;
    for (int k = TASK_VALID; k < TASK_N_SPLIT; k++) {
        int trials = k == TASK_VALID ? s->valid_trials : s->test_trials;
        for (int i = 0; st == EP_OK && i < trials; i++) st = add_trial(t, ask, (task_split)k, (uint64_t)i, frequency, &tr, y, &sum[k]);
    }
    if (st == EP_OK) st = write_table(dir, t, sum, why);
    free(frequency);
    free(y);
    free(tr.x);
    free(tr.target);
    free(tr.mask);
    return st;
}

const task_kind task_word = {
    .name = "word",
    .summary = "the next word of running text: a grammar's, or the Penn Treebank's",
    .variants = variants,
    .measure = "loss",
    .describe = describe,
    .open = open,
    .close = close,
    .count = count,
    .runs_on = true,
    .trial = trial,
    .report = report,
};
