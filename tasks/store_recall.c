/* store-recall: a working memory of one bit, read out on command.
 *
 *   inputs   groups of n_in/4: value 0, value 1, store, recall; an active group spikes at 50 Hz
 *   trial    T/200 symbols of 200 steps; each shows a random value, except at recall; without a memory a symbol is
 *            `store` with probability 1/7, with one it is `recall` with probability 1/7, which uses the memory up;
 *            trials without a recall are drawn again
 *   output   the stored value, asked for at recall only (cross-entropy, mean over those steps and the batch)
 *   stop     held-out recall error below 0.05, asked every 10th iteration; others report 28 iterations (BPTT) and 50 (e-prop 1)
 *   default  60 LIF + 40 ALIF, gains 1 - alpha and 1 - rho, Adam 2e-3, batch 128
 *   early    10 LIF + 10 ALIF, v_th 0.01, n_ref 3, Adam 1e-2 x 0.3 every 100 iterations
 *
 * Chosen here: value shown outside recall, n_ref 5 (default), at least one recall a trial.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "task.h"

enum { SYMBOL = 200, GROUPS = 4, MOST_SYMBOLS = 256, USE_SYMBOLS = 1, USE_SPIKES = 2 };
enum { SHOW_0, SHOW_1, STORE = 2, RECALL = 4 }; /* bits: value, command */

static const char *const variants[] = {"default", "early", NULL};

static void describe(const char *variant, task_spec *s)
{
    s->model = EP_LSNN;
    s->opt.g_in = s->opt.g_a = EP_GAIN_COMPLEMENT;
    s->opt.loss_norm = EP_NORM_BOTH;
    s->n_in = 100;
    s->n_rec = 100;
    s->n_alif = 40;
    s->n_out = 2;
    s->tau_m = s->tau_out = 20;
    s->tau_a = 1200;
    s->beta = 1.7;
    s->v_th = 0.03;
    s->gamma = 0.3;
    s->n_ref = 5;
    s->bout = true;
    s->T = 12 * SYMBOL;
    s->loss = EP_CLASSIFICATION;
    s->c_reg = 1;
    s->f_target = 0.01;
    s->optimizer = TASK_ADAM;
    s->lr = 2e-3;
    s->batch = 128;
    s->iterations = 300;
    s->valid_every = 10;
    s->valid_trials = s->test_trials = 128;
    s->stop_below = 0.05;
    if (strcmp(variant, "early") != 0) return;
    s->n_rec = 20;
    s->n_alif = 10;
    s->v_th = 0.01;
    s->n_ref = 3;
    s->lr = 1e-2;
    s->lr_factor = 0.3;
    s->lr_every = 100;
}

static ep_status open(task *t, char why[TASK_WHY])
{
    const task_spec *s = &t->spec;
    bool good = s->n_in >= GROUPS && s->n_out == 2 && s->T >= 2 * SYMBOL && s->T <= MOST_SYMBOLS * SYMBOL;
    if (!good) strcpy(why, "store-recall: expected n_in >= 4, n_out = 2, T from 400 to 51200");
    return good ? EP_OK : EP_DOMAIN;
}

/* Symbols of a trial, drawn again until one is a recall; the last way out is a store and a recall at the end. */
static void draw_symbols(const task *t, task_split split, uint64_t index, int n, unsigned char *symbol)
{
    uint64_t stream = task_stream(split, index, USE_SYMBOLS), drawn = 0;
    int recalls = 0;
    for (int attempt = 0; attempt < 64 && recalls == 0; attempt++) {
        bool stored = false;
        for (int k = 0; k < n; k++) {
            bool command = task_pick(t->seed, stream, drawn++, 7) == 0;
            symbol[k] = task_pick(t->seed, stream, drawn++, 2) ? SHOW_1 : SHOW_0;
            if (!command) continue;
            symbol[k] |= stored ? RECALL : STORE;
            recalls += stored;
            stored = !stored;
        }
    }
    if (recalls == 0) symbol[n - 2] = STORE | SHOW_1, symbol[n - 1] = RECALL;
}

static void trial(const task *t, task_split split, uint64_t index, const task_trial *out)
{
    const double rate = 0.05;
    unsigned char symbol[MOST_SYMBOLS];
    task_groups in = {.t = t, .out = out, .groups = GROUPS, .stream = task_stream(split, index, USE_SPIKES)};
    int n = t->spec.T / SYMBOL, memory = 0;
    draw_symbols(t, split, index, n, symbol);
    for (int k = 0; k < n; k++) {
        int value = symbol[k] & SHOW_1;
        bool store = symbol[k] & STORE, recall = symbol[k] & RECALL;
        const bool active[GROUPS] = {!value && !recall, value && !recall, store, recall};
        for (int g = 0; g < GROUPS; g++)
            if (active[g]) task_group_spikes(&in, g, rate, k * SYMBOL, SYMBOL);
        if (store) memory = value;
        if (recall) task_ask(t, out, memory, k * SYMBOL, SYMBOL);
    }
}

const task_kind task_store_recall = {
    .name = "store-recall",
    .summary = "one bit is stored, kept and recalled on command",
    .variants = variants,
    .spikes = true,
    .measure = "recall error",
    .published = {{"iterations to the stop rule", EP_BPTT, 28, "second-hand, a text that quotes the paper"},
                  {"iterations to the stop rule", EP_EPROP1_SYMMETRIC, 50, "second-hand, a text that quotes the paper; feedback not said"}},
    .describe = describe,
    .open = open,
    .trial = trial,
    .score = task_decide,
};
