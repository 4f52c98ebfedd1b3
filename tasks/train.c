/* The training loop.
 * SPDX-License-Identifier: MIT */
#include "train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const task_phase_names[TASK_N_PHASE] = {"data", "load", "engine", "loss", "update", "valid", "check", "files"};

/* A run at work. Of a team each member has the same weights; what is not a gradient's matter is rank 0's. */
typedef struct run {
    task_state s;
    task live;   /* with the level as it moves */
    task_machine m;
    task_machine apart;   /* carry: evaluates, so that m stays in the midst of its text */
    task_batch bt;
    task_batch held;      /* held-out trials, where one batch has room for all and no curriculum moves them */
    task_order order;
    task_checker check;
    uint64_t *index;
    task_team team;
    int first, mine; /* trials of the batch that are this member's */
    double *grad;
    double norm;  /* largest of the gradients since the iteration began */
    FILE *curve;
    task_outcome out;
} run;

static bool lead(const run *r) { return r->team.rank == 0; }

/* The same for all: what became of the worst. */
static ep_status agree(const run *r, ep_status st)
{
    int worst = (int)st;
    task_team_most(&r->team, &worst, 1);
    return (ep_status)worst;
}

/* ---- evaluation ------------------------------------------------------------------------------------------------ */

typedef struct score_job {
    const task *t;
    const task_batch *bt;
    const double *y;
    task_score *score; /* [B] */
} score_job;

static void score_one(void *arg, size_t b)
{
    const score_job *w = arg;
    task_trial tr = task_batch_trial(w->bt, &w->t->spec, (int)b);
    w->score[b] = (task_score){0};
    w->t->kind->score(w->t, &tr, w->y + b * (size_t)w->bt->T * (size_t)w->t->spec.n_out, &w->score[b]);
}

static ep_status evaluate_some(task_machine *m, task_batch *bt, task_score *each, double *loss, task_score *sum)
{
    task_result r = {0};
    ep_status st = task_machine_run(m, bt, &r);
    score_job w = {.t = m->t, .bt = bt, .y = m->y, .score = each};
    if (st != EP_OK) return st;
    *loss += r.loss * (m->t->spec.opt.loss_norm >= EP_NORM_BATCH ? bt->B : 1);
    if (!m->t->kind->score) return EP_OK;
    if (m->engine.opt) task_parallel(score_one, &w, (size_t)bt->B, m->threads);
    for (int b = 0; b < bt->B; b++) {
        if (!m->engine.opt) score_one(&w, (size_t)b);
        sum->good += each[b].good;
        sum->of += each[b].of;
    }
    return EP_OK;
}

ep_status task_evaluate(task_machine *m, task_batch *bt, task_split split, long n, double *loss, double *measure)
{
    uint64_t count = m->t->kind->count ? m->t->kind->count(m->t, split) : 0;
    long total = count && (uint64_t)n > count ? (long)count : n;
    task_score *each = calloc((size_t)m->most_B, sizeof *each), sum = {0};
    uint64_t *index = calloc((size_t)m->most_B, sizeof *index);
    ep_status st = each && index ? EP_OK : EP_NOMEM;
    *loss = 0;
    for (long first = 0; st == EP_OK && first < total; first += m->most_B) {
        int B = total - first < m->most_B ? (int)(total - first) : m->most_B;
        for (int b = 0; b < B; b++) index[b] = (uint64_t)(first + b);
        task_batch_fill(bt, m->t, split, index, B, m->threads);
        st = evaluate_some(m, bt, each, loss, &sum);
    }
    *loss = total > 0 ? *loss / (double)total : NAN;
    *measure = sum.of > 0 ? 1 - sum.good / sum.of : NAN;
    free(each);
    free(index);
    return st;
}

/* ---- one iteration ------------------------------------------------------------------------------------------------ */

static void lap(run *r, int phase, double *since)
{
    double now = task_now();
    r->out.seconds[phase] += now - *since;
    *since = now;
}

static task_machine *judge(run *r) { return r->s.t->spec.carry ? &r->apart : &r->m; }

/* Held-out loss and measure; time spent inside counts as the evaluation's alone. */
static ep_status validate(run *r, task_split split, long n, double *loss, double *measure)
{
    if (!lead(r)) return EP_OK;
    double before[TASK_N_PHASE], start = task_now();
    memcpy(before, r->out.seconds, sizeof before);
    ep_status st = r->s.t->spec.carry ? task_machine_load(&r->apart) : EP_OK;
    if (st == EP_OK) st = task_evaluate(judge(r), split == TASK_VALID && r->held.keeps ? &r->held : &r->bt, split, n, loss, measure);
    r->out.valid_engine += r->out.seconds[TASK_T_ENGINE] - before[TASK_T_ENGINE];
    memcpy(r->out.seconds, before, sizeof before);
    r->out.seconds[TASK_T_VALID] += task_now() - start;
    return st;
}

static bool due(long iteration, long every) { return every > 0 && iteration % every == 0; }

/* What the members found out, together. */
static void gather_synth(run *r)
{
    task_future *f = r->s.future;
    double few[3] = {(double)f->sg.rows, f->sg.E, f->sum};
    int off = f->off;
    task_team_sum(&r->team, f->sg.g, f->sg.n);
    task_team_sum(&r->team, few, 3);
    task_team_most(&r->team, &off, 1);
    f->sg.rows = (size_t)few[0];
    f->sg.E = few[1];
    f->sum = few[2];
    if (off) task_future_off(f);
}

/* One change of the weights, and of the synthesiser. */
static void change(run *r)
{
    task_team_sum(&r->team, r->grad, r->s.model.n);
    if (r->s.future && r->team.size > 1) gather_synth(r);
    double norm = task_optim_step(&r->s.optim, &r->s.model, r->s.iteration, r->grad);
    r->norm = fmax(r->norm, norm);
    r->s.updates++;
    if (r->s.future) task_future_step(r->s.future);
}

static ep_status after_window(void *user, ep_status st)
{
    run *r = user;
    double at = task_now();
    st = agree(r, st);
    if (st != EP_OK) return st;
    change(r);
    lap(r, TASK_T_UPDATE, &at);
    st = task_machine_load(&r->m);
    return st == EP_DOMAIN ? EP_UNABLE : st;
}

/* Where the engine made the loss itself, its mean was over this member's trials. */
static void share(run *r)
{
    ep_loss_norm norm = r->s.t->spec.opt.loss_norm;
    if (r->team.size < 2 || r->m.by_err || r->m.stream || (norm != EP_NORM_BATCH && norm != EP_NORM_BOTH)) return;
    for (size_t k = 0; k < r->s.model.n; k++) r->grad[k] *= (double)r->mine / r->s.t->spec.batch;
}

/* The rule's gradient on the batch at the present weights, beside BPTT's and the reference's. */
static ep_status compare(run *r, bool reference, task_point *p)
{
    task_result all = {.grad = r->grad};
    double before[TASK_N_PHASE], start = task_now();
    memcpy(before, r->out.seconds, sizeof before);
    ep_status st = task_machine_run(&r->m, &r->bt, &all);
    memcpy(r->out.seconds, before, sizeof before);
    r->out.seconds[TASK_T_CHECK] += task_now() - start;
    return st == EP_OK ? task_check(&r->check, &r->bt, r->grad, reference, p, &r->out) : st;
}

/* The gradient, in one piece or window by window, and the changes by it. */
static ep_status learn(run *r, task_point *p)
{
    const task_train_options *o = r->s.o;
    bool windows = r->m.stream && r->s.t->spec.update == TASK_UPDATE_WINDOW, check = due(p->iteration, o->check_every);
    task_result got = {.grad = r->grad, .learn = true, .window = windows ? after_window : NULL, .user = r};
    uint64_t lane = task_order_lane(&r->order, r->s.t), at_trial = lane ? (uint64_t)p->iteration % lane : 0;
    got.goes_on = at_trial > 0;
    got.more = lane && at_trial + 1 < lane;
    ep_status st = EP_OK;
    bool beside = lead(r) && (check || due(p->iteration, o->compare_every));
    if (windows && beside) st = compare(r, check, p);
    if (windows) st = agree(r, st);
    if (st == EP_OK) st = task_machine_run(&r->m, &r->bt, &got);
    if (st == EP_OK && !isfinite(got.loss)) st = EP_UNABLE;
    if (st == EP_OK && !windows && beside) st = task_check(&r->check, &r->bt, r->grad, check, p, &r->out);
    st = agree(r, st);
    if (st != EP_OK) return st;
    double sums[2] = {got.loss, got.rate * r->mine / r->s.t->spec.batch};
    task_team_sum(&r->team, sums, 2);
    p->loss = sums[0];
    p->loss_reg = got.loss_reg;
    p->rate = sums[1];
    if (windows) return EP_OK;
    share(r);
    double at = task_now();
    change(r);
    lap(r, TASK_T_UPDATE, &at);
    return EP_OK;
}

/* The iteration has changed the weights. */
static void advance(run *r, task_point *p)
{
    const task_future *f = r->s.future;
    p->norm = r->norm;
    p->length = r->bt.T;
    if (r->live.kind->advance) r->live.kind->advance(&r->live, p->loss);
    if (r->live.kind->solved) p->solved = r->live.kind->solved(&r->live);
    if (f) p->sg_error = f->error;
    if (f && f->off && r->s.sg_off < 0) r->s.sg_off = r->s.updates;
    r->s.iteration++;
}

/* EP_UNABLE: the loss or gradient is not finite, or the synthesiser diverged. */
static ep_status iterate(run *r, task_point *p)
{
    const task_spec *s = &r->s.t->spec;
    const long i = r->s.iteration;
    double at;
    *p = (task_point){.iteration = i, .lr = task_rate(s, i), .valid_loss = NAN, .valid_measure = NAN, .check_cosine = NAN,
                      .check_r = NAN, .check_flips = NAN, .bptt_cosine = NAN, .bptt_distance = NAN, .sg_error = NAN, .solved = NAN};
    r->norm = 0;
    ep_status st = task_machine_load(&r->m);
    if (st == EP_DOMAIN) return EP_UNABLE;
    if (st == EP_OK && due(i, s->valid_every) && s->valid_trials > 0)
        st = agree(r, validate(r, TASK_VALID, s->valid_trials, &p->valid_loss, &p->valid_measure));
    if (st != EP_OK) return st;
    at = task_now();
    task_order_batch(&r->order, r->s.t, i, r->index);
    task_batch_fill(&r->bt, r->s.t, TASK_TRAIN, r->index + r->first, r->mine, r->s.o->threads);
    r->bt.B_all = s->batch;
    lap(r, TASK_T_DATA, &at);
    st = learn(r, p);
    if (st == EP_OK) advance(r, p);
    return st;
}

static bool stop_rule(const run *r, const task_point *p)
{
    const task_spec *s = &r->s.t->spec;
    double measure = r->s.t->kind->score ? p->valid_measure : p->valid_loss;
    return s->stop_below >= 0 && measure < s->stop_below;
}

static ep_status curve_failed(const run *r, char why[TASK_WHY])
{
    (void)snprintf(why, TASK_WHY, "%.300s/curve.csv: cannot be written", r->s.o->out);
    return EP_IO;
}

/* carry: states and traces of a text that runs on are no part of a checkpoint, so one is made where it begins anew. */
static bool in_a_text(const run *r)
{
    uint64_t lane = task_order_lane(&r->order, r->s.t);
    return lane && (uint64_t)r->s.iteration % lane > 0;
}

/* The curve first: a checkpoint never knows more than the file. */
static ep_status save(run *r, char why[TASK_WHY])
{
    double at = task_now();
    ep_status st = r->curve && fflush(r->curve) != 0 ? curve_failed(r, why) : EP_OK;
    if (st == EP_OK && r->s.o->checkpoint && lead(r) && !in_a_text(r)) st = task_checkpoint_write(r->s.o->checkpoint, &r->s, why);
    lap(r, TASK_T_FILES, &at);
    return st;
}

static ep_status record(run *r, const task_point *p, double start, char why[TASK_WHY])
{
    const task_train_options *o = r->s.o;
    double at = task_now(), spent = at - start;
    long done = r->s.iteration - r->out.start, left = r->s.t->spec.iterations - r->s.iteration;
    ep_status st = r->curve ? task_curve_put(r->curve, p) : EP_OK;
    if (st != EP_OK) st = curve_failed(r, why);
    if (o->see && lead(r)) o->see(o->user, p, spent / (double)(done > 0 ? done : 1) * (double)left);
    lap(r, TASK_T_FILES, &at);
    return st;
}

/* The stop rule looks at what the row's weights gave; the update of that row has been made by then. */
static ep_status loop(run *r, char why[TASK_WHY])
{
    const task_train_options *o = r->s.o;
    double start = task_now();
    ep_status st = EP_OK;
    r->out.end = TASK_ENDED;
    while (st == EP_OK && r->s.iteration < r->s.t->spec.iterations) {
        int stop = o->stop && *o->stop;
        task_team_most(&r->team, &stop, 1);
        if (stop) {
            r->out.end = TASK_SIGNAL;
            break;
        }
        task_point p;
        st = iterate(r, &p);
        if (st == EP_UNABLE) {
            bool synth = r->s.future && r->s.future->off && !r->s.t->spec.sg_drop;
            r->out.end = synth ? TASK_SG_DIVERGED : TASK_DIVERGED;
            if (synth) r->s.sg_off = r->s.updates;
            r->out.last = p;
            return EP_OK;
        }
        if (st == EP_DOMAIN && !*why)
            (void)snprintf(why, TASK_WHY, "iteration %ld: engine %s: an input, target or the regulariser is outside its formats", r->s.iteration, o->engine.name);
        if (st != EP_OK) break;
        r->out.last = p;
        st = record(r, &p, start, why);
        int met = lead(r) && r->s.stopped_at < 0 && stop_rule(r, &p);
        task_team_most(&r->team, &met, 1);
        if (met) {
            r->s.stopped_at = p.iteration;
            r->out.end = TASK_STOP_RULE;
            break;
        }
        if (st == EP_OK && (r->s.t->spec.carry ? !in_a_text(r) : due(r->s.iteration, o->checkpoint_every))) st = save(r, why);
        st = agree(r, st);
    }
    return st == EP_OK ? save(r, why) : st;
}

/* ---- the whole run --------------------------------------------------------------------------------------------------- */

/* This member's part of every batch. */
static ep_status open_team(run *r, char why[TASK_WHY])
{
    const task_spec *s = &r->s.t->spec;
    r->team = r->s.o->team ? *r->s.o->team : (task_team){.size = 1};
    long size = r->team.size, rank = r->team.rank, batch = s->batch;
    r->first = (int)(rank * batch / size);
    r->mine = (int)((rank + 1) * batch / size) - r->first;
    if (batch >= size && (size == 1 || !(s->c_reg > 0))) return EP_OK;
    if (batch < size) (void)snprintf(why, TASK_WHY, "batch = %ld: expected at least as many trials as processes, %ld", batch, size);
    else (void)snprintf(why, TASK_WHY, "c_reg = %g with %ld processes: expected 0, the mean rate is the whole batch's", s->c_reg, size);
    return batch < size ? EP_DOMAIN : EP_NOTIMPL;
}

/* A machine beside the one that is in the midst of its text. */
static ep_status open_apart(run *r, char why[TASK_WHY])
{
    const task_train_options *o = r->s.o;
    if (!o->check_every && !o->compare_every) return task_machine_open(r->s.t, &r->s.model, &o->engine, o->rule, r->mine, o->threads, r->out.seconds, &r->apart, why);
    (void)snprintf(why, TASK_WHY, "carry = 1: found --check or --compare, expected neither: they begin each trial anew");
    return EP_NOTIMPL;
}

static ep_status open_held(run *r)
{
    const task *t = r->s.t;
    const task_spec *s = &t->spec;
    uint64_t count = t->kind->count ? t->kind->count(t, TASK_VALID) : 0;
    int n = count && (uint64_t)s->valid_trials > count ? (int)count : s->valid_trials;
    if (!lead(r) || s->valid_every < 1 || n < 1 || n > r->mine || t->kind->advance) return EP_OK;
    ep_status st = task_batch_make(s, n, &r->held);
    if (st == EP_OK && r->bt.bare) st = task_batch_bare(&r->held, t);
    r->held.keeps = st == EP_OK;
    return st;
}

static ep_status open_run(run *r, char why[TASK_WHY])
{
    const task *t = r->s.t;
    const task_train_options *o = r->s.o;
    ep_status st = open_team(r, why);
    if (st == EP_OK) st = task_model_make(t, o->rule, &r->s.model);
    if (st == EP_OK) st = task_optim_make(&t->spec, r->s.model.n, &r->s.optim);
    if (st == EP_OK) st = task_machine_open(t, &r->s.model, &o->engine, o->rule, r->mine, o->threads, r->out.seconds, &r->m, why);
    if (st == EP_OK) r->s.future = r->m.future;
    if (st == EP_OK && t->spec.carry) st = open_apart(r, why);
    if (st == EP_OK && o->resume) st = task_checkpoint_read(o->checkpoint, &r->s, why);
    if (st == EP_OK) st = task_batch_make(&t->spec, t->spec.batch, &r->bt);
    if (st == EP_OK && r->m.bits) st = task_batch_bare(&r->bt, t);
    r->bt.keeps = !t->kind->advance; /* of a set of one batch it is made once */
    if (st == EP_OK) st = open_held(r);
    if (st == EP_OK) st = task_order_make(t, &r->order);
    if (st == EP_OK && (o->check_every || o->compare_every) && lead(r)) st = task_checker_make(&r->m, &r->check, why);
    r->index = calloc((size_t)t->spec.batch, sizeof *r->index);
    r->grad = calloc(r->s.model.n + 1, sizeof *r->grad);
    if (st == EP_OK && (!r->index || !r->grad)) st = EP_NOMEM;
    if (st == EP_OK && o->out && lead(r)) st = task_curve_open(o->out, r->s.iteration, &r->curve, why);
    return st;
}

static void close_run(run *r)
{
    if (r->curve) (void)fclose(r->curve);
    task_checker_free(&r->check);
    task_order_free(&r->order);
    task_batch_free(&r->bt);
    task_batch_free(&r->held);
    task_machine_close(&r->m);
    task_machine_close(&r->apart);
    task_optim_free(&r->s.optim);
    task_model_free(&r->s.model);
    free(r->index);
    free(r->grad);
}

static ep_status answer(void *user, task_split split, uint64_t index, task_trial *tr, double *y)
{
    run *r = user;
    const task_spec *s = &r->s.t->spec;
    task_result got = {.y = y};
    task_batch_fill(&r->bt, r->s.t, split, &index, 1, 1);
    task_trial from = task_batch_trial(&r->bt, s, 0);
    size_t steps = (size_t)from.steps;
    tr->steps = from.steps;
    memcpy(tr->x, from.x, steps * (size_t)s->n_in * sizeof *tr->x);
    memcpy(tr->target, from.target, steps * (size_t)s->n_out * sizeof *tr->target);
    memcpy(tr->mask, from.mask, steps * sizeof *tr->mask);
    return task_machine_run(judge(r), &r->bt, &got);
}

/* Test, figures' data, the task's own tables. */
static ep_status finish(run *r, char why[TASK_WHY])
{
    const task *t = r->s.t;
    task_oracle ask = {.answer = answer, .user = r};
    if (!lead(r)) return EP_OK;
    ep_status st = task_machine_load(judge(r));
    if (st == EP_OK && t->spec.test_trials > 0)
        st = validate(r, TASK_TEST, t->spec.test_trials, &r->out.test_loss, &r->out.test_measure);
    double at = task_now();
    r->bt.bare = r->bt.keeps = false; /* tables show numbers */
    if (st == EP_OK && r->s.o->out) st = task_write_data(judge(r), &r->bt, r->s.o->out, why);
    if (st == EP_OK && r->s.o->out && t->kind->report) st = t->kind->report(t, &ask, r->s.o->out, why);
    if (st == EP_IO && !*why) (void)snprintf(why, TASK_WHY, "%.300s/data: a table cannot be written in full (is the disk full?)", r->s.o->out);
    lap(r, TASK_T_FILES, &at);
    return st;
}

ep_status task_train(const task *t, const task_train_options *o, task_outcome *out, char why[TASK_WHY])
{
    run r = {.live = *t, .s = {.o = o, .stopped_at = -1, .sg_off = -1}};
    r.s.t = &r.live;
    double start = task_now();
    strcpy(why, "");
    r.out = (task_outcome){.test_loss = NAN, .test_measure = NAN, .first_flip_t = NAN, .first_flip_j = NAN, .first_flip_margin = NAN};
    ep_status st = open_run(&r, why);
    int said = lead(&r) && st != EP_OK;
    task_team_most(&r.team, &said, 1);
    if (said && !lead(&r)) strcpy(why, ""); /* rank 0 says it */
    st = agree(&r, st);
    if (st == EP_OK) {
        r.out.start = r.s.iteration;
        r.out.engine_bytes = r.m.bytes + (r.check.has_bptt ? r.check.bptt.bytes : 0);
        task_machine_describe(&r.m, r.out.engine, sizeof r.out.engine);
        st = loop(&r, why);
        if (st == EP_OK && r.out.end < TASK_DIVERGED) st = finish(&r, why);
        r.out.iterations = r.s.iteration;
        r.out.updates = r.s.updates;
        r.out.solved = t->kind->solved ? t->kind->solved(&r.live) : NAN;
        r.out.sg_off = r.s.sg_off;
        r.out.sg_rms = r.s.future ? r.s.future->rms : NAN;
        r.out.stopped_at = r.s.stopped_at;
        r.out.total = task_now() - start;
        r.out.ns_per_neuron_step = r.m.steps ? 1e9 * r.out.seconds[TASK_T_ENGINE] / (double)r.m.steps : NAN;
        if (st == EP_OK) *out = r.out;
    }
    close_run(&r);
    return st;
}
