/* machine.h: an engine at work on a task: outputs and gradients of batches, in doubles, whatever the engine's format.
 *
 * Several networks (task_spec.nets) run over the same batch; y is the sum of their readouts, the loss and err are those
 * of the sum, computed here; each network's gradient is its engine's.
 * SPDX-License-Identifier: MIT */
#ifndef TASK_MACHINE_H
#define TASK_MACHINE_H

#include "batch.h"
#include "future.h"
#include "model.h"
#include "opt_fixed.h"

typedef enum task_engine_kind { TASK_REFERENCE, TASK_SCALAR, TASK_FAST, TASK_FIXED } task_engine_kind;

typedef struct task_engine {
    task_engine_kind kind;
    const opt_engine *opt; /* NULL: reference */
    fix_profile profile;   /* integers */
    long prec;             /* reference: bits of MPFR; 0: binary64 */
    char name[40];
} task_engine;

/* reference[:BITS], scalar[:f32|f64], fast[:f32|f64], fixed:PROFILE, fixed:FILE (reference/FIXED.md, 8.1); scalar is f64, fast is f32. */
EP_MUST_USE ep_status task_engine_parse(const char *text, task_engine *out, char why[TASK_WHY]);

/* What a batch gave. */
typedef struct task_result {
    double loss;     /* E without the regulariser */
    double loss_reg; /* c_reg/2 sum (fbar - f*)^2, of all networks */
    double rate;     /* spikes a neuron and step */
    double *y;       /* [B][T][n_out], room for the most; NULL: not wanted */
    double *grad;    /* [model.n]; NULL: forward pass alone */
    bool learn;      /* the synthesiser's gradient as well */
    bool goes_on;    /* carry: the batch goes on where the one before ended */
    bool more;       /* ... and one will go on from it */
    /* After each window of a stream, with what became of it: grad is that window's, and the weights may change
     * (task_machine_load). NULL: grad is the sum over all windows. */
    ep_status (*window)(void *user, ep_status st);
    void *user;
} task_result;

/* Seconds spent so far, by phase. */
enum { TASK_T_DATA, TASK_T_LOAD, TASK_T_ENGINE, TASK_T_LOSS, TASK_T_UPDATE, TASK_T_VALID, TASK_T_CHECK, TASK_T_FILES, TASK_N_PHASE };

typedef struct task_machine {
    const task *t;
    const task_model *model;
    task_engine engine;
    ep_rule rule;
    int most_B, threads;
    opt_state *s[TASK_MOST_NETS];
    void *mem[TASK_MOST_NETS];
    size_t bytes;
    void *x, *target, *mask;          /* conversions; x only where the engine's numbers are not float */
    void *err[TASK_MOST_NETS];
    void *x_fixed;                    /* integers: their x */
    double *rates;                    /* [nets][n_rec] mean of z in the last batch */
    double *y, *err_sum, *part;       /* [B][T][n_out] each; [B] */
    double *window_y, *window_err;    /* [B][window][n_out] of a stream */
    void *scratch;                    /* the largest quantity */
    double *seconds;                  /* [TASK_N_PHASE] of the caller */
    bool by_err;                      /* the loss is made here, not in the engine */
    bool stream;                      /* window by window */
    bool bits;                        /* the engine takes bits in place of x */
    task_future *future;              /* rules with synthetic gradients; or NULL */
    size_t steps;                     /* neuron steps of gradients so far */
} task_machine;

/* Room for batches of most_B trials. why gets a line for EP_NOTIMPL and EP_DOMAIN. seconds [TASK_N_PHASE] is added to. */
EP_MUST_USE ep_status task_machine_open(const task *t, const task_model *model, const task_engine *engine, ep_rule rule,
                                        int most_B, int threads, double *seconds, task_machine *out, char why[TASK_WHY]);
void task_machine_close(task_machine *m);
/* Loads the model's present weights. EP_DOMAIN: one is out of the engine's range. */
EP_MUST_USE ep_status task_machine_load(task_machine *m);
/* EP_UNABLE: not finite in the engine's format, or (future->rms > sg_limit) the synthesiser diverged. */
EP_MUST_USE ep_status task_machine_run(task_machine *m, const task_batch *bt, task_result *r);
/* Does a rule with these options run window by window. */
bool task_streams(const task_spec *s, ep_rule rule);
/* Parts of task_machine_run for rules that run window by window; and what it shares with them. */
EP_MUST_USE ep_status task_stream_run(task_machine *m, const task_batch *bt, task_result *r);
void task_to_engine(const task_machine *m, int quantity, const double *from, size_t n, void *to);
void task_from_engine(const task_machine *m, int quantity, const void *from, size_t n, double *to);
EP_MUST_USE ep_status task_machine_gradient(task_machine *m, task_result *r);
/* What runs, in a line. */
void task_machine_describe(const task_machine *m, char *buf, size_t n);

/* E of outputs y [B][T][n_out], and err likewise; part [B] is scratch. */
double task_loss(const task_spec *s, const task_batch *bt, const double *y, double *err, double *part, int threads);
/* The same for n steps behind the first `from`, y and err [B][n][n_out]. */
double task_loss_steps(const task_spec *s, const task_batch *bt, int from, int n, const double *y, double *err, double *part, int threads);

/* The reference in place of an engine: same contract as task_machine_run; spikes and mag where wanted. */
typedef struct task_truth {
    double *grad, *mag;    /* [model.n]; mag: running error bound in units of u, or NULL */
    unsigned char *z;      /* [nets][T][n_rec] of the first trial, or NULL */
    double *margin;        /* [nets][T][n_rec] |v - A| of the first trial, or NULL */
    const task_synth *sg;  /* rules with synthetic gradients: what says the seeds, or NULL; all trials need one divisor of err then */
    double *g_sg;          /* [sg->n] its gradient, or NULL */
    double u;              /* of mag: the engine's unit roundoff; 0: 2^-53 */
} task_truth;
EP_MUST_USE ep_status task_reference_run(const task_model *m, ep_rule rule, long prec, const task_batch *bt, int threads,
                                         task_result *r, const task_truth *truth);

double task_now(void);

#endif
