/* future.h: what lies behind the ends of windows: what the synthesiser sees there, the seeds that it says, and what the next
 * window then delivers, which it is to learn.
 *
 *   u   z^{t-q} [d][n_rec]; sg_input = state: also h^t [n_rec][nh], and y^t [n_out] where kappa > 0
 *   s   sg_seed c: h [n_rec][nh]; z: z [d][n_rec], z_loc [n_rec]; zc: h, z, z_loc, and y [n_out] where kappa > 0
 *       z_loc only of units that spike
 *
 * A row is one boundary of one trial, boundary by boundary. s is in units of the trial's loss as a sum: what crosses, times
 * what loss_norm divides by.
 * SPDX-License-Identifier: MIT */
#ifndef TASK_FUTURE_H
#define TASK_FUTURE_H

#include "batch.h"
#include "opt.h"
#include "synth.h"

enum { FUTURE_PARTS = 4, FUTURE_SEES = 5 };

typedef struct task_future {
    task_synth sg;
    const opt_engine *e;
    int sees[FUTURE_SEES];          /* quantities of u; -1 ends */
    size_t width[FUTURE_SEES];      /* numbers a trial */
    size_t nh;                      /* components of h, which lie side by side in u: sees[1 .. nh] */
    size_t size[FUTURE_PARTS];      /* numbers of h, z, z_loc, y a row */
    bool says[FUTURE_PARTS];
    size_t B, most;                 /* trials at most; rows */
    void *u, *before, *s, *target;  /* [most][n_u] now and at the boundary before, [most][n_s] */
    void *seed[FUTURE_PARTS], *back[FUTURE_PARTS];
    void *scratch;                  /* the largest quantity that is read */
    double *scale;                  /* [B] */
    bool off;                       /* given up: says 0, learns nothing */
    double rms;                     /* of what it said last */
    double error;                   /* of its last step: rms of s - s* over that of s* */
    double sum;                     /* of s*^2 since the last step */
    opt_seeds seeds, delivered;     /* for the engine */
} task_future;

/* For boundaries at most of B trials of up to T steps (T = 0: one window). EP_NOMEM. */
EP_MUST_USE ep_status task_future_make(const task_spec *s, const ep_net *net, const opt_engine *e, int B, int boundaries, int T,
                                       uint64_t seed, task_future *out);
void task_future_free(task_future *f);
/* Takes what loss_norm divides by from the batch. */
void task_future_begin(task_future *f, const task_spec *s, const task_batch *bt);
/* Gives it up. */
void task_future_off(task_future *f);
/* Looks at the state as it stands, one boundary; or at every boundary of the T recorded steps. EP_DOMAIN: the engine has not what it is to see. */
EP_MUST_USE ep_status task_future_see(task_future *f, const opt_state *state, size_t B);
EP_MUST_USE ep_status task_future_see_all(task_future *f, const opt_state *state, size_t B, size_t T, size_t window);
/* Seeds of the boundaries seen last, into f->seeds. Where it diverges (sg_limit) it is off from then on; EP_UNABLE unless
 * sg_drop. */
EP_MUST_USE ep_status task_future_say(task_future *f, size_t B, size_t boundaries);
/* Learns from f->delivered: of the boundaries seen last, or (before) of the one before. */
void task_future_learn(task_future *f, size_t B, size_t boundaries, bool before);
/* One change of the synthesiser by what it has learnt. */
void task_future_step(task_future *f);
/* What is seen now becomes the boundary before. */
void task_future_pass(task_future *f);

#endif
