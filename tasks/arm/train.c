/* The outer loop: batch, gradient through the updates, Adam; checkpoints; the final comparison.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arm.h"

enum { IDENTITY = 1024 };

typedef struct loop {
    const arm_spec *spec;
    const arm_options *o;
    arm_machine m;
    double *g;
    char identity[IDENTITY];  /* the variant and every number that task_spec does not hold */
    task_kind kind;
    task t;
    task_train_options train; /* what the checkpoint's identity is made of */
    task_state state;
    FILE *curve;
} loop;

static void name_run(loop *l, const char *variant, uint64_t seed)
{
    char value[64];
    size_t used = (size_t)snprintf(l->identity, sizeof l->identity, "%s", variant);
    for (size_t n = 0; n < arm_own_count() && used < sizeof l->identity; n++) {
        const char *name = arm_own_get(l->spec, n, value, sizeof value);
        if (strcmp(name, "unseen") != 0) used += (size_t)snprintf(l->identity + used, sizeof l->identity - used, "\n%s %s", name, value);
    }
    l->kind = (task_kind){.name = "arm"};
    l->t = (task){.kind = &l->kind, .variant = l->identity, .spec = l->spec->s, .seed = seed};
    l->train.rule = EP_EPROP2;
    (void)snprintf(l->train.engine.name, sizeof l->train.engine.name, "fast:f32");
}

static ep_status start(loop *l, char why[TASK_WHY])
{
    l->g = calloc(l->m.n, sizeof *l->g);
    double *w = calloc(l->m.n, sizeof *w);
    l->state = (task_state){.t = &l->t, .o = &l->train, .model = {.spec = &l->t.spec, .n = l->m.n, .w = w, .trained = l->m.trained}, .stopped_at = -1};
    if (!l->g || !w) return EP_NOMEM;
    ep_status st = task_optim_make(&l->t.spec, l->m.n, &l->state.optim);
    if (st != EP_OK) return st;
    arm_draw(&l->m, w);
    if (l->o->resume) st = task_checkpoint_read(l->o->checkpoint, &l->state, why);
    if (st == EP_OK && l->o->out) st = task_curve_open(l->o->out, l->state.iteration, &l->curve, why);
    return st;
}

static ep_status save(loop *l, char why[TASK_WHY])
{
    return l->o->checkpoint ? task_checkpoint_write(l->o->checkpoint, &l->state, why) : EP_OK;
}

/* Mean over the first n movements of a split, in batches. */
static ep_status mean_of(arm_machine *m, task_split split, int n, bool still, arm_loss *out)
{
    *out = (arm_loss){0};
    for (int done = 0; done < n;) {
        arm_loss part;
        int B = n - done < m->B ? n - done : m->B;
        ep_status st = arm_run(m, split, (uint64_t)done, B, still, &part);
        if (st != EP_OK) return st;
        out->vel += part.vel * B / n;
        out->hand += part.hand * B / n;
        out->E += part.E * B / n;
        done += B;
    }
    return EP_OK;
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
    arm_loss loss, valid;
    *p = (task_point){.iteration = i, .lr = task_rate(s, i), .valid_loss = NAN, .valid_measure = NAN, .check_cosine = NAN, .check_r = NAN,
                      .check_flips = NAN, .bptt_cosine = NAN};
    ep_status st = arm_load(&l->m, l->state.model.w, why);
    if (st == EP_OK && s->valid_every > 0 && i % s->valid_every == 0) {
        st = mean_of(&l->m, TASK_VALID, s->valid_trials, false, &valid);
        p->valid_loss = valid.E;
        p->valid_measure = valid.hand;
    }
    if (st == EP_OK) st = arm_run(&l->m, TASK_TRAIN, (uint64_t)i * (uint64_t)s->batch, s->batch, false, &loss);
    if (st == EP_OK) st = arm_gradient(&l->m, l->g);
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

static ep_status outer_loop(loop *l, arm_outcome *out, char why[TASK_WHY])
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
        if (st != EP_OK) break;
        out->last = p;
        long done = l->state.iteration;
        double each = (task_now() - began) / (double)(done - first);
        if (l->o->see) l->o->see(l->o->user, &p, each * (double)(l->o->iterations - done));
        bool stop = l->o->stop && *l->o->stop;
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

/* The baselines' step is chosen on validation movements, by the hand's error. */
static ep_status best_eta(loop *l, int way, double *eta)
{
    static const double factor[] = {0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0};
    double best = INFINITY;
    int n = l->spec->unseen < 10 ? l->spec->unseen : 10;
    for (size_t k = 0; k < sizeof factor / sizeof *factor; k++) {
        arm_loss loss;
        ep_status st = arm_baseline(&l->m, l->state.model.w, way, factor[k], TASK_VALID, 0, n, &loss);
        if (st == EP_UNABLE || st == EP_DOMAIN) continue; /* too large a step */
        if (st != EP_OK) return st;
        if (!(loss.hand < best)) continue;
        best = loss.hand;
        *eta = factor[k];
    }
    return isfinite(best) ? EP_OK : EP_UNABLE;
}

static ep_status compare(loop *l, arm_outcome *out, char why[TASK_WHY])
{
    int n = l->spec->unseen;
    ep_status st = arm_load(&l->m, l->state.model.w, why);
    if (st == EP_OK) st = mean_of(&l->m, TASK_TEST, n, true, &out->unseen[ARM_STILL]);
    if (st == EP_OK) st = mean_of(&l->m, TASK_TEST, n, false, &out->unseen[ARM_TAUGHT]);
    out->eta[ARM_TAUGHT] = l->spec->eta;
    for (int way = ARM_SYMMETRIC; st == EP_OK && way < ARM_N_WAY; way++) {
        st = best_eta(l, way, &out->eta[way]);
        if (st == EP_OK) st = arm_baseline(&l->m, l->state.model.w, way, out->eta[way], TASK_TEST, 0, n, &out->unseen[way]);
    }
    return st;
}

static void finish(loop *l)
{
    if (l->curve) (void)fclose(l->curve);
    free(l->state.model.w);
    free(l->g);
    task_optim_free(&l->state.optim);
    arm_machine_close(&l->m);
}

ep_status arm_train(const arm_spec *s, uint64_t seed, const char *variant, const arm_options *o, arm_outcome *out, char why[TASK_WHY])
{
    loop l = {.spec = s, .o = o};
    double began = task_now();
    *out = (arm_outcome){0};
    name_run(&l, variant, seed);
    ep_status st = arm_machine_open(s, seed, s->s.batch, o->threads, &l.m, why);
    if (st != EP_OK) return st;
    opt_e2_describe(l.m.e, out->what, sizeof out->what);
    out->bytes = l.m.bytes;
    st = start(&l, why);
    if (st == EP_OK) st = outer_loop(&l, out, why);
    if (st == EP_OK && out->end == TASK_ENDED) {
        st = compare(&l, out, why);
        if (l.curve) (void)fflush(l.curve);
        if (st == EP_OK && o->out) st = arm_write(&l.m, out, o->out, why);
    }
    out->engine = l.m.seconds;
    out->total = task_now() - began;
    finish(&l);
    return st;
}
