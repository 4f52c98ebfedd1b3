/* task.h: what a task is: an experiment's description, a source of trials, and a judgement of outputs.
 *
 *   one task = one file that defines a task_kind and stands in the list of task.c
 *   trials are pure functions of (task, split, index): counter-based numbers (ep_rng), the same bits on every machine
 *   everything else (engines, optimizers, checkpoints, curves, figures' data) is the harness's: train.h
 *
 * SPDX-License-Identifier: MIT */
#ifndef TASK_H
#define TASK_H

#include "eprop.h"

enum { TASK_WHY = 512, TASK_MOST_NETS = 2, TASK_MOST_PUBLISHED = 4, TASK_NAME = 32, TASK_LEVELS = 4 };

typedef enum task_split { TASK_TRAIN, TASK_VALID, TASK_TEST, TASK_N_SPLIT } task_split;
typedef enum task_optimizer { TASK_SGD, TASK_ADAM } task_optimizer;
/* Rules with windows: weights change after the trials, or after every window of them. */
typedef enum task_update { TASK_UPDATE_TRIAL, TASK_UPDATE_WINDOW } task_update;
/* What the synthesiser says of a window's end: dE/dh; the part of dE/dz that is still to come; all that crosses it. */
typedef enum task_seed { TASK_SEED_C, TASK_SEED_Z, TASK_SEED_ZC } task_seed;
/* What it looks at: the last d values of z; also h, and y where kappa > 0. */
typedef enum task_sees { TASK_SEES_Z, TASK_SEES_STATE } task_sees;

/* A figure that others published for this task. */
typedef struct task_published {
    const char *what;   /* "iterations to the stop rule" */
    ep_rule rule;
    double value;
    const char *source; /* who says so, and how far that is to be trusted */
} task_published;

/* The description of an experiment. Every number is an option of the command line: --set NAME=VALUE (task_spec_set). */
typedef struct task_spec {
    /* network */
    ep_model model;
    ep_options opt;
    int nets;       /* 1; 2: the second reads each trial's frames last to first, the readouts are added */
    int frame;      /* steps of a frame, which stay in order in a reversed trial */
    int n_in, n_rec, n_out;
    int n_alif;     /* the last n_alif of n_rec adapt (LSNN) */
    double tau_m, tau_a, tau_out; /* steps; 0: no memory (decay 0) */
    double beta, v_th, gamma;
    int n_ref;
    double b_forget;              /* LSTM: fixed offset of the forget gate */
    bool bias, bout;              /* are b and bout trained (else 0) */
    double w_in, w_rec, w_out;    /* initial weights: N(0, (w / sqrt(fan-in))^2) */
    double w_fb;                  /* random feedback: N(0, (w_fb / sqrt(n_rec))^2); global: all equal w_fb / sqrt(n_rec) */
    double density;               /* part of Win and Wrec that exists, 0 < density <= 1 */
    double inhibitory;            /* part of the neurons whose outgoing weights are <= 0, the others' >= 0; 0: no constraint */
    /* trials and loss */
    int T;          /* most steps of a trial */
    ep_loss loss;
    bool bits;      /* outputs are logits of independent bits, in place of loss: E = - sum_k m log2 P(target_k), in bits */
    double c_reg, f_target;       /* rate regulariser; f_target in spikes a step */
    /* training */
    task_optimizer optimizer;
    double lr, lr_factor;         /* rate = lr * lr_factor^(iteration / lr_every) * min(1, (iteration + 1) / lr_warmup) */
    int lr_every, lr_warmup;      /* 0: none */
    double adam_b1, adam_b2, adam_eps;
    double l2;                    /* dE += l2 w */
    double clip;                  /* largest norm of the whole gradient; 0: none */
    double fb_decay;              /* lambda of Kolen-Pollack, for Wout and B */
    int batch, iterations;
    /* rules with windows */
    int window;                   /* steps */
    task_update update;
    bool stream;                  /* window by window, in memory that does not depend on T; update = window implies it */
    bool carry;                   /* running text: batches go on from each other through an epoch, lane b reads count / batch trials in order */
    task_seed sg_seed;
    task_sees sg_input;
    int sg_hidden;                /* units of the synthesiser's hidden layer; 0: linear */
    double sg_lr;                 /* rate of its Adam */
    double sg_limit;              /* it diverges where the root mean square of what it says is above, in units of dE/dh of a trial's summed loss */
    bool sg_drop;                 /* training goes on without it then */
    /* evaluation */
    int valid_every, valid_trials, test_trials; /* 0: never */
    double stop_below;            /* stop once the held-out measure is below; negative: never */
} task_spec;

/* Where one trial goes. All arrays come in zeroed. */
typedef struct task_trial {
    int steps;      /* <= spec.T; given by task_kind.steps */
    float *x;       /* [steps][n_in]; NULL where bits take its place */
    uint64_t *bits; /* NULL, or, for kinds whose inputs are spikes, [steps][task_words(n_in)]: bit i mod 64 of word i/64 is input i */
    double *target; /* [steps][n_out]; classification: probabilities */
    double *mask;   /* [steps] m^t >= 0 */
} task_trial;

/* Sums over trials. measure = 1 - good / of where of > 0, else the mean loss. */
typedef struct task_score { double good, of; } task_score;

/* The trained network as an oracle: fills a trial (arrays of spec.T steps) and its outputs y [steps][n_out]. */
typedef struct task_oracle {
    ep_status (*answer)(void *user, task_split split, uint64_t index, task_trial *tr, double *y);
    void *user;
} task_oracle;

/* Initial parameters of one network, by ep_group; NULL where there is none. */
typedef struct task_params {
    double *p[EP_N_GROUP];
    size_t n[EP_N_GROUP];
    double *B; /* [n_rec][n_out] */
} task_params;

typedef struct task_kind task_kind;

/* A task at work. Read only while it trains: trial and score are called from several threads. */
typedef struct task {
    const task_kind *kind;
    const char *variant;
    task_spec spec;
    uint64_t seed;
    const char *data_dir; /* --data, or NULL */
    void *own;            /* what open() made */
    long level[TASK_LEVELS]; /* a curriculum's place, part of the checkpoint; what it means is the kind's matter */
} task;

struct task_kind {
    const char *name, *summary;
    const char *const *variants; /* NULL-terminated; the first is the default */
    bool spikes;                 /* all inputs come by task_group_spikes, so a trial can be made of bits */
    const char *measure;         /* what 1 - good/of is called: "decision error"; or "loss" */
    task_published published[TASK_MOST_PUBLISHED]; /* what = NULL ends */
    /* Fills the description of a variant (zeroed before, with delay 1 and density 1). */
    void (*describe)(const char *variant, task_spec *spec);
    /* After all options are set: loads data, sets sizes that follow from it. why gets one line. May be NULL. */
    ep_status (*open)(task *t, char why[TASK_WHY]);
    void (*close)(task *t);
    /* Trials in a split; NULL or 0: as many as wanted. Indices beyond it wrap around: index % count; the training
     * split is shuffled by the harness once an epoch. */
    uint64_t (*count)(const task *t, task_split split);
    bool runs_on;                /* trial i + 1 of a split goes on where trial i ends */
    /* Steps of a trial, 1 .. spec.T; NULL: always spec.T. */
    int (*steps)(const task *t, task_split split, uint64_t index);
    void (*trial)(const task *t, task_split split, uint64_t index, const task_trial *out);
    /* Adds what the outputs y [steps][n_out] of a trial are worth; NULL: the loss alone judges. */
    void (*score)(const task *t, const task_trial *tr, const double *y, task_score *sum);
    /* Overwrites initial parameters (already drawn); NULL: they stay. */
    void (*start)(const task *t, int net, task_params *params);
    /* After each iteration: moves the level by the loss of the batch. NULL: there is no curriculum. */
    void (*advance)(task *t, double loss);
    /* The curriculum's score so far, which only rises; NULL without one. */
    double (*solved)(const task *t);
    /* After training: writes the task's own tables into DIR/data. May be NULL. */
    ep_status (*report)(const task *t, const task_oracle *ask, const char *dir, char why[TASK_WHY]);
};

extern const task_kind task_pattern, task_store_recall, task_evidence, task_speech, task_copy_repeat;

/* The list of tasks, NULL-terminated. */
const task_kind *const *task_kinds(void);
const task_kind *task_find(const char *name);
extern const task_kind task_word;
/* Why a task that exists is not in this build; NULL: there is no such task. */
const char *task_left_out(const char *name);
/* Describes a variant (NULL: the first). EP_DOMAIN: no such variant. Options are set between this and task_open. */
EP_MUST_USE ep_status task_describe(const task_kind *kind, const char *variant, uint64_t seed, task *out, char why[TASK_WHY]);
/* Checks the description, opens the data. */
EP_MUST_USE ep_status task_open(task *t, char why[TASK_WHY]);
void task_close(task *t);
int task_steps(const task *t, task_split split, uint64_t index);

/* ---- descriptions by text -------------------------------------------------------------------------- */

/* Sets a number, or an option of ep_options, by name. EP_DOMAIN: unknown name or value; why says what was expected. */
EP_MUST_USE ep_status task_spec_set(task_spec *s, const char *name, const char *value, char why[TASK_WHY]);
size_t task_spec_count(void);
/* Name and value of the n-th entry; floating point by the shortest of %.15g .. %.17g that reads back. */
const char *task_spec_get(const task_spec *s, size_t n, char *buf, size_t size);
EP_MUST_USE ep_status task_spec_check(const task_spec *s, char why[TASK_WHY]);

/* ---- numbers for generators -------------------------------------------------------------------------- */

/* Stream of a split's trial: no two of (split, index, use) share one. use < 256. */
uint64_t task_stream(task_split split, uint64_t index, unsigned use);
/* A whole number in [0, n), n < 2^32, from a uniform one. */
uint32_t task_pick(uint64_t seed, uint64_t stream, uint64_t counter, uint32_t n);
/* Poisson spikes in bins: x[t * stride + i] = 1 with probability p for i < n, t < T. Uses counters from `counter` on;
 * returns the counter after the last. T n < 2^32. */
uint64_t task_spikes(uint64_t seed, uint64_t stream, uint64_t counter, double p, int T, int n, int stride, float *x);
/* 64-bit words of n bits. */
static inline size_t task_words(int n) { return ((size_t)n + 63) / 64; }
/* sin(2 pi turns), |error| <= 2^-51, the same bits on every machine. */
double task_sine(double turns);
/* A trial whose inputs are groups of neurons, n_in / groups each, that fall silent and spike together. */
typedef struct task_groups {
    const task *t;
    const task_trial *out;
    int groups;
    uint64_t stream, drawn; /* counters used so far */
} task_groups;
/* Group g spikes with probability p a step, for `steps` steps from `first` on. */
void task_group_spikes(task_groups *in, int g, double p, int first, int steps);
/* Output k is what is asked for, for `steps` steps from `first` on. */
void task_ask(const task *t, const task_trial *out, int k, int first, int steps);
/* task_kind.score for decisions: a run of steps with m > 0 and one target counts as one; chosen is the k with the largest sum of m y. */
void task_decide(const task *t, const task_trial *tr, const double *y, task_score *sum);

#endif
