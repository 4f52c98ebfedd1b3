/* The outer loop: batch, gradient through the updates, Adam; checkpoints; then the final comparison.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "oneshot.h"

enum { IDENTITY = 2048 };

typedef struct loop {
    const shot_task *task;
    const shot_options *o;
    shot_machine m;
    double *g;
    char identity[IDENTITY];  /* the variant and every number that task_spec does not hold */
    task_kind kind;
    task t;
    task_train_options train; /* what the checkpoint's identity is made of */
    task_state state;
    FILE *curve;
} loop;

static void name_run(loop *l)
{
    const shot_task *t = l->task;
    char value[64];
    const char *name;
    size_t used = (size_t)snprintf(l->identity, sizeof l->identity, "%s", t->variant);
    for (size_t n = 0; (name = shot_get(t->kind, t->spec, n, value, sizeof value)) && used < sizeof l->identity; n++)
        if (strcmp(name, "unseen") != 0) used += (size_t)snprintf(l->identity + used, sizeof l->identity - used, "\n%s %s", name, value);
    if (t->stamp && used < sizeof l->identity)
        (void)snprintf(l->identity + used, sizeof l->identity - used, "\ndata %016llx", (unsigned long long)t->stamp);
    l->kind = (task_kind){.name = t->kind->name};
    l->t = (task){.kind = &l->kind, .variant = l->identity, .spec = t->spec->s, .seed = t->seed};
    l->train.rule = EP_EPROP2;
    (void)snprintf(l->train.engine.name, sizeof l->train.engine.name, "fast:f32");
}

/* What is not a gradient's matter is rank 0's. */
static bool leads(const loop *l) { return !l->o->team || l->o->team->rank == 0; }

static ep_status start(loop *l, char why[TASK_WHY])
{
    l->g = calloc(l->m.n, sizeof *l->g);
    double *w = calloc(l->m.n, sizeof *w);
    l->state = (task_state){.t = &l->t, .o = &l->train, .model = {.spec = &l->t.spec, .n = l->m.n, .w = w, .trained = l->m.trained}, .stopped_at = -1};
    if (!l->g || !w) return EP_NOMEM;
    ep_status st = task_optim_make(&l->t.spec, l->m.n, &l->state.optim);
    if (st != EP_OK) return st;
    shot_draw(&l->m, w);
    if (l->o->resume) st = task_checkpoint_read(l->o->checkpoint, &l->state, why);
    if (st == EP_OK && l->o->out && leads(l)) st = task_curve_open(l->o->out, l->state.iteration, &l->curve, why);
    return st;
}

static ep_status save(loop *l, char why[TASK_WHY])
{
    return shot_agree(l->o->team, l->o->checkpoint && leads(l) ? task_checkpoint_write(l->o->checkpoint, &l->state, why) : EP_OK);
}

static double squares(const double *g, size_t n)
{
    double sum = 0.0;
    for (size_t k = 0; k < n; k++) sum += g[k] * g[k];
    return sum;
}

/* One iteration. EP_UNABLE: loss or gradient is not finite; weights are as before. */
static ep_status iterate(loop *l, task_point *p, opt_e2_facts *facts, char why[TASK_WHY])
{
    const task_spec *s = &l->t.spec;
    long i = l->state.iteration;
    shot_score loss, valid;
    *p = (task_point){.iteration = i, .lr = task_rate(s, i), .valid_loss = NAN, .valid_measure = NAN, .check_cosine = NAN, .check_r = NAN,
                      .check_flips = NAN, .bptt_cosine = NAN};
    ep_status st = shot_load(&l->m, l->state.model.w, why);
    if (st == EP_OK && s->valid_every > 0 && i % s->valid_every == 0) {
        st = shot_mean(&l->m, TASK_VALID, (uint64_t)s->valid_trials, false, &valid);
        p->valid_loss = valid.E;
        p->valid_measure = valid.measure;
    }
    if (st == EP_OK && l->o->check_every > 0 && i % l->o->check_every == 0)
        st = shot_agree(l->o->team, leads(l) ? shot_check_engine(&l->m, l->state.model.w, (uint64_t)i * (uint64_t)s->batch, p) : EP_OK);
    if (st == EP_OK) st = shot_gradient(&l->m, (uint64_t)i * (uint64_t)s->batch, s->batch, &loss, l->g);
    if (st != EP_OK) return st;
    *facts = opt_e2_look(l->m.e);
    p->loss = loss.E;
    p->loss_reg = facts->reg;
    p->rate = facts->rate[2];
    p->norm = sqrt(squares(l->g, l->m.n));
    if (!isfinite(p->norm) || !isfinite(p->loss + p->loss_reg)) return EP_UNABLE;
    for (size_t k = 0; s->clip > 0.0 && p->norm > s->clip && k < l->m.n; k++) l->g[k] *= s->clip / p->norm;
    task_optim_apply(&l->state.optim, p->lr, l->state.model.w, l->g);
    l->state.iteration++;
    return EP_OK;
}

static void note_check(const task_point *p, shot_outcome *out)
{
    if (isnan(p->check_cosine)) return;
    out->check_cosine = out->checks ? fmin(out->check_cosine, p->check_cosine) : p->check_cosine;
    out->checks++;
    if (isnan(p->check_r)) out->flipped++;
    else out->check_r = fmax(out->check_r, p->check_r);
}

static ep_status outer_loop(loop *l, shot_outcome *out, char why[TASK_WHY])
{
    double began = task_now();
    long first = l->state.iteration;
    ep_status st = EP_OK;
    out->end = TASK_ENDED;
    while (st == EP_OK && l->state.iteration < l->o->iterations) {
        task_point p;
        st = iterate(l, &p, &out->facts, why);
        if (st == EP_UNABLE) { /* diverged: an outcome; the last checkpoint stays */
            out->end = TASK_DIVERGED;
            out->iterations = l->state.iteration;
            return EP_OK;
        }
        if (st == EP_OK && l->curve) st = task_curve_put(l->curve, &p);
        st = shot_agree(l->o->team, st);
        if (st != EP_OK) break;
        out->last = p;
        note_check(&p, out);
        long done = l->state.iteration;
        double each = (task_now() - began) / (double)(done - first);
        if (l->o->see) l->o->see(l->o->user, &p, each * (double)(l->o->iterations - done));
        int stop = l->o->stop && *l->o->stop;
        if (l->o->team) task_team_most(l->o->team, &stop, 1);
        if (stop || (l->o->checkpoint_every > 0 && done % l->o->checkpoint_every == 0)) {
            if (l->curve) (void)fflush(l->curve);
            st = save(l, why);
        }
        if (stop) {
            out->end = TASK_SIGNAL;
            break;
        }
    }
    out->iterations = l->state.iteration;
    return st == EP_OK && out->end == TASK_ENDED ? save(l, why) : st;
}

static void finish(loop *l)
{
    if (l->curve) (void)fclose(l->curve);
    free(l->state.model.w);
    free(l->g);
    task_optim_free(&l->state.optim);
    shot_machine_close(&l->m);
}

ep_status shot_train(const shot_task *t, const shot_options *o, shot_outcome *out, char why[TASK_WHY])
{
    loop l = {.task = t, .o = o};
    double began = task_now();
    *out = (shot_outcome){.last = {.loss = NAN}}; /* nothing yet */
    name_run(&l);
    ep_status st = shot_agree(o->team, shot_machine_open(t, t->spec->s.batch, o->threads, o->team, &l.m, why));
    if (st != EP_OK) {
        shot_machine_close(&l.m);
        return st;
    }
    opt_e2_describe(l.m.e, out->what, sizeof out->what);
    out->bytes = l.m.bytes;
    st = shot_agree(o->team, start(&l, why));
    if (st == EP_OK) st = outer_loop(&l, out, why);
    out->engine = l.m.seconds;
    if (st == EP_OK && out->end == TASK_ENDED) {
        st = shot_compare(&l.m, l.state.model.w, out, why);
        if (l.curve) (void)fflush(l.curve);
        if (st == EP_OK) st = shot_agree(o->team, o->out && leads(&l) ? shot_write(&l.m, out, o->out, why) : EP_OK);
    }
    out->total = task_now() - began;
    finish(&l);
    return st;
}
