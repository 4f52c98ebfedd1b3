/* oneshot.h: what tasks of e-prop 2 have in common.
 *
 *   teaching trial -> learning signals of the error module -> one update of Win, Wrec -> test trial
 *
 * An outer loop trains both networks by the gradient of the test trial's loss through the update (opt_e2.h).
 * One task = one shot_kind: a description, episodes, a judge of outputs. Episodes are pure functions of (seed, split, index).
 * SPDX-License-Identifier: MIT */
#ifndef TASK_ONESHOT_H
#define TASK_ONESHOT_H

#include "train.h"

#include "opt_e2.h"

/* The description; a task's own begins with it. In `s`: T is the teaching trial's, c_reg that of all three passes. */
typedef struct shot_spec {
    task_spec s;
    int T_test;
    int n_mod, n_code;             /* neurons of the error module; of what tells it the target */
    int first_order;               /* 1: traces count as constants in the outer gradient */
    int unseen;                    /* episodes of the final comparison */
    double eta;                    /* of the inner update */
    double mod_in, mod_rec, mod_p; /* initial weights of the module: N(0, (w / sqrt(fan-in))^2) */
    double mod_f_target;           /* spikes a step */
} shot_spec;

/* A number of a description, by name; `at` in the struct. */
typedef struct shot_row { const char *name; size_t at; bool whole; } shot_row;
/* A number that cannot be set, because it follows from others. */
typedef struct shot_derived { const char *name, *from; } shot_derived;

/* E: the loss without regularisers; measure: what is reported; other: a second such number, or NAN. */
typedef struct shot_score { double E, measure, other; } shot_score;

typedef enum shot_trial { SHOT_TEACH, SHOT_TEST } shot_trial;
/* Beside the splits: episodes that others have fixed, where a task has such. */
enum { SHOT_OFFICIAL = TASK_N_SPLIT };

/* Where one episode goes; the arrays come in zeroed. */
typedef struct shot_episode {
    float *x, *code, *x_test;  /* [T][n_in], [T][n_code], [T_test][n_in] */
    void *aim;                 /* what the judge needs to know, kind->aim_size bytes */
} shot_episode;

typedef struct shot_kind shot_kind;
typedef struct shot_machine shot_machine;
typedef struct shot_outcome shot_outcome;

/* A task at work. Read only while it trains: episode and judge are called from several threads. */
typedef struct shot_task {
    const shot_kind *kind;
    const char *variant;
    const shot_spec *spec;
    uint64_t seed;
    const char *data_dir, *official_dir; /* or NULL */
    uint64_t stamp;                      /* hash of the data; 0: none */
    void *own;                           /* what open() made */
} shot_task;

struct shot_kind {
    const char *name, *summary;
    const char *about;                  /* for --help: lines that end in a newline */
    const char *const *variants;        /* NULL-terminated; the first is the default */
    const char *measure, *other;        /* column names; other may be NULL */
    const char *episodes;               /* what they are called: "movements" */
    const shot_row *rows;               /* its own numbers; name = NULL ends */
    const shot_derived *derived;        /* name = NULL ends; may be NULL */
    size_t spec_size;
    bool takes_data, takes_official;
    void (*describe)(const char *variant, shot_spec *out);
    /* Sets what follows from other numbers. May be NULL. */
    void (*settle)(shot_spec *s);
    /* After shot_check's own tests. */
    ep_status (*check)(const shot_spec *s, char why[TASK_WHY]);
    /* Loads data. May be NULL, both. */
    ep_status (*open)(shot_task *t, char why[TASK_WHY]);
    void (*close)(shot_task *t);
    size_t (*aim_size)(const shot_spec *s); /* a multiple of 8 */
    void (*episode)(const shot_task *t, int split, uint64_t index, const shot_episode *out);
    /* What outputs y [steps][n_out] are worth; err = dE/dy times weight, or NULL. */
    shot_score (*judge)(const shot_task *t, const void *aim, shot_trial trial, const float *y, double weight, float *err);
    /* Episodes of SHOT_OFFICIAL. May be NULL: none. */
    uint64_t (*official)(const shot_task *t);
    /* Ways to answer that need no network, beside the common ones; NULL-terminated names; may be NULL, both. */
    const char *const *other_ways;
    shot_score (*answer)(const shot_task *t, int way, int split, uint64_t index);
    /* One line: a score beside that without an update. */
    void (*say)(const shot_score *s, const shot_score *still, char *buf, size_t n);
    /* The task's own tables into DIR/data. May be NULL. */
    ep_status (*report)(shot_machine *m, const char *dir, char why[TASK_WHY]);
};

extern const shot_kind *const shot_kinds[]; /* NULL-terminated */
const shot_kind *shot_find(const char *name);

/* ---- description -------------------------------------------------------------------------------------------------------- */

/* [kind->spec_size] bytes, described; NULL: no memory. The caller frees it. */
shot_spec *shot_describe(const shot_kind *kind, const char *variant);
/* EP_DOMAIN: unknown name or value; why says what was expected. */
EP_MUST_USE ep_status shot_set(const shot_kind *kind, shot_spec *s, const char *name, const char *value, char why[TASK_WHY]);
/* Name and value of the n-th number that task_spec does not have; NULL behind the last. */
const char *shot_get(const shot_kind *kind, const shot_spec *s, size_t n, char *buf, size_t size);
/* Sets what follows from other numbers. */
void shot_settle(const shot_kind *kind, shot_spec *s);
/* Settles, then checks. */
EP_MUST_USE ep_status shot_check(const shot_kind *kind, shot_spec *s, char why[TASK_WHY]);
EP_MUST_USE ep_status shot_open(shot_task *t, char why[TASK_WHY]);
void shot_close(shot_task *t);

/* ---- both networks at work ------------------------------------------------------------------------------------------------ */

/* Their weights in one vector (main: Win, Wrec, b, Wout, bout; then the module's), the engine, and a batch of episodes. */
struct shot_machine {
    const shot_task *t;
    ep_net net[2];
    double *theta[2];
    size_t n, at[2][EP_G_BOUT + 1], count[2][EP_G_BOUT + 1];
    unsigned char *trained;    /* [n] */
    opt_e2 *e;
    void *mem;
    size_t bytes, aim_size;
    int B, threads;
    const task_team *team;     /* shares batches; NULL: alone */
    unsigned char *group;      /* [B] of the trials at hand */
    float *x, *code, *x_test, *y, *err; /* [B][steps][...] */
    char *aim;                 /* [B][aim_size] */
    double seconds;            /* in the engine */
};

/* B: most episodes of a batch, over all of the team. EP_DOMAIN: fewer than members. */
EP_MUST_USE ep_status shot_machine_open(const shot_task *t, int B, int threads, const task_team *team, shot_machine *out, char why[TASK_WHY]);
void shot_machine_close(shot_machine *m);
void shot_draw(const shot_machine *m, double *w);
EP_MUST_USE ep_status shot_load(shot_machine *m, const double *w, char why[TASK_WHY]);
/* Episodes first .. first+B-1 of a split, forward, by this process alone; their mean score. still: without the update. EP_UNABLE: not finite. */
EP_MUST_USE ep_status shot_run(shot_machine *m, int split, uint64_t first, int B, bool still, shot_score *out);
/* The same for a batch that the team shares, and gradient [n] of mean loss + regularisers: the same for all members, and but for the roundings
 * of a sum in double that of one alone. */
EP_MUST_USE ep_status shot_gradient(shot_machine *m, uint64_t first, int B, shot_score *out, double *g);
/* After shot_run of B episodes: their gradient [n], by this process alone. */
EP_MUST_USE ep_status shot_backward(shot_machine *m, int B, double *g);
/* The worst that any member met: all go on alike. */
EP_MUST_USE ep_status shot_agree(const task_team *team, ep_status st);
/* Mean over the first n episodes of a split, each by one member. */
EP_MUST_USE ep_status shot_mean(shot_machine *m, int split, uint64_t n, bool still, shot_score *out);

/* ---- training ----------------------------------------------------------------------------------------------------------- */

typedef struct shot_options {
    long iterations, checkpoint_every;
    long check_every;      /* the engine beside the reference; 0: never */
    int threads;
    const char *checkpoint, *out;
    bool resume;
    const task_team *team; /* shares every batch, rank 0 writes; NULL: alone */
    const volatile sig_atomic_t *stop;
    void (*see)(void *user, const task_point *p, double seconds_left);
    void *user;
} shot_options;

/* Rows of the final comparison; behind them the kind's own. */
enum { SHOT_STILL, SHOT_TAUGHT, SHOT_SYMMETRIC, SHOT_RANDOM, SHOT_BPTT, SHOT_N_WAY, SHOT_MOST_WAYS = SHOT_N_WAY + 4 };

struct shot_outcome {
    task_end end;
    long iterations;
    task_point last;
    int ways;
    const char *way[SHOT_MOST_WAYS];
    shot_score unseen[SHOT_MOST_WAYS], official[SHOT_MOST_WAYS];
    double eta[SHOT_MOST_WAYS];  /* of the update; the baselines' were chosen on validation episodes */
    uint64_t n_official;         /* episodes; 0: none */
    opt_e2_facts facts;
    long checks, flipped;        /* of the engine by the reference; those in which a spike differed */
    double check_r, check_cosine; /* worst */
    double total, engine, compared; /* seconds; compared: of the final comparison */
    size_t bytes;
    char what[128];
};

EP_MUST_USE ep_status shot_train(const shot_task *t, const shot_options *o, shot_outcome *out, char why[TASK_WHY]);
/* The outer gradient of training episode `index` at weights w, which are loaded, beside the reference's: check_cosine, check_flips (spikes that
 * differ), check_r in units of the rounding that is allowed (NAN where a spike differs). Seconds to minutes. */
EP_MUST_USE ep_status shot_check_engine(shot_machine *m, const double *w, uint64_t index, task_point *p);
/* One trial, one update by e-prop 1 or a BPTT step on Win and Wrec, the test trial: mean over the first `count` episodes of a
 * split, each by one member. They are told the derivative of the teaching trial's loss by every output. */
EP_MUST_USE ep_status shot_baseline(const shot_machine *m, const double *w, int way, double eta, int split, uint64_t count, shot_score *out);
/* Fills unseen, official, eta, way. */
EP_MUST_USE ep_status shot_compare(shot_machine *m, const double *w, shot_outcome *out, char why[TASK_WHY]);

/* A table DIR/data/KIND_NAME.tsv. */
EP_MUST_USE ep_status shot_table_open(const shot_task *t, const char *dir, const char *name, FILE **f, char why[TASK_WHY]);
EP_MUST_USE ep_status shot_table_close(FILE *f, const char *name, char why[TASK_WHY]);
/* All tables: rasters and learning signals of the first unseen episode, curve, comparison, the kind's own. */
EP_MUST_USE ep_status shot_write(shot_machine *m, const shot_outcome *r, const char *dir, char why[TASK_WHY]);

#endif
