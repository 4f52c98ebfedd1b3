/* omniglot.h: one-shot learning of characters: K classes from one picture each (e-prop 2; oneshot.h).
 *
 *   teaching trial   K shows: example k for `on` steps, with code neuron k active, then `off` silent steps
 *   test trial       `queries` shows of other pictures of random ones of the K classes; outputs of the last `decide` steps of `on` count
 *   pixel i          spikes at rate in_rate times its ink, evenly: x_i^t = floor(r (t+1) + phase_i) - floor(r t + phase_i), t within a show
 *   loss             cross-entropy of softmax(y), mean over queries and deciding steps
 *
 * SPDX-License-Identifier: MIT */
#ifndef TASK_OMNIGLOT_H
#define TASK_OMNIGLOT_H

#include "glyph.h"
#include "oneshot.h"

enum { OMNIGLOT_MOST_WAY = GLYPH_MOST_WAY };

typedef struct omniglot_spec {
    shot_spec e2;
    int way, queries, side;
    int on, off, decide;       /* steps */
    int centred;               /* 1: characters are moved to the middle */
    int within;                /* 1: the classes of an episode are of one alphabet */
    int turned;                /* 1: in training a character turned by a quarter is another one */
    double in_rate;            /* spikes a step of a pixel that is all ink */
} omniglot_spec;

extern const shot_kind omniglot_kind;

/* A class to draw from: a character, turned by `turn` quarters. */
typedef struct omniglot_class { size_t character; int turn; } omniglot_class;

/* What open() makes. Classes of a split stand in the order of their alphabets. */
typedef struct omniglot_data {
    glyph_set set;
    glyph_runs runs;
    size_t n[TASK_N_SPLIT];
    omniglot_class *of[TASK_N_SPLIT];
    size_t n_groups[TASK_N_SPLIT];       /* within: alphabets (times turns) */
    size_t *group[TASK_N_SPLIT];         /* [n_groups + 1] where each begins */
    double *phase;                       /* [side side] */
} omniglot_data;

/* One episode: pictures [side][side] and which class each test picture is of. */
typedef struct omniglot_episode {
    int way, queries;
    const unsigned char *example[OMNIGLOT_MOST_WAY], *query[OMNIGLOT_MOST_WAY];
    int turn[OMNIGLOT_MOST_WAY], label[OMNIGLOT_MOST_WAY], query_turn[OMNIGLOT_MOST_WAY];
} omniglot_episode;

EP_MUST_USE ep_status omniglot_open(shot_task *t, char why[TASK_WHY]);
void omniglot_close(shot_task *t);
/* The pictures of an episode: a pure function of (seed, split, index) and the data. */
void omniglot_choose(const shot_task *t, int split, uint64_t index, omniglot_episode *out);
/* Pixel (y, x) of a picture turned by quarters. */
unsigned char omniglot_pixel(const unsigned char *picture, int side, int turn, int y, int x);
/* Episodes of the official runs; 0 without. */
uint64_t omniglot_official(const shot_task *t);

#endif
