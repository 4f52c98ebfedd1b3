/* Trials window by window: the state goes on, memory and cost a window depend on the window alone.
 *
 *   forward over a window -> y -> err; the synthesiser looks at the window's end and says the seeds there; backward, which
 *   delivers what crosses the window's start: the synthesiser's target for the end of the window before
 *
 * The last window may be shorter; behind it lies nothing, so its seeds are 0, unless the next batch goes on from it.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "machine.h"

typedef struct stream {
    task_machine *m;
    const task_batch *bt;
    task_result *r;
    int from, n;     /* steps of the window */
    bool first, last; /* nothing lies before it, behind it */
} stream;

/* x, or y into the batch's outputs: n numbers a step of each trial. */
static const void *inputs(const stream *w)
{
    const task_machine *m = w->m;
    size_t n_in = (size_t)m->t->spec.n_in, n = (size_t)w->n * n_in, T = (size_t)w->bt->T;
    bool single = m->engine.opt->format == OPT_BINARY32;
    for (size_t b = 0; b < (size_t)w->bt->B; b++) {
        const float *from = w->bt->x[0] + (b * T + (size_t)w->from) * n_in;
        if (single) memcpy((float *)m->x + b * n, from, n * sizeof *from);
        for (size_t k = 0; !single && k < n; k++) ((double *)m->x)[b * n + k] = (double)from[k];
    }
    return m->x;
}

static ep_status outputs(const stream *w)
{
    task_machine *m = w->m;
    size_t K = (size_t)m->t->spec.n_out, n = (size_t)w->n * K, B = (size_t)w->bt->B, T = (size_t)w->bt->T;
    double *part = m->window_y;
    if (m->engine.opt->count(m->s[0], OPT_ALL(OPT_Y)) != B * n) return EP_NOTIMPL;
    ep_status st = m->engine.opt->get(m->s[0], OPT_ALL(OPT_Y), m->scratch, B * n);
    if (st != EP_OK) return st;
    task_from_engine(m, OPT_Y, m->scratch, B * n, part);
    for (size_t b = 0; b < B; b++) memcpy(m->y + b * T * K + (size_t)w->from * K, part + b * n, n * sizeof *part);
    return EP_OK;
}

static ep_status forward(stream *w)
{
    task_machine *m = w->m;
    opt_trials tr = {.T = w->n, .B = w->bt->B, .x = inputs(w)};
    double start = task_now();
    ep_status st = m->engine.opt->forward(m->s[0], &tr);
    if (st == EP_OK) st = outputs(w);
    double middle = task_now();
    if (st == EP_OK) w->r->loss += task_loss_steps(&m->t->spec, w->bt, w->from, w->n, m->window_y, m->window_err, m->part, m->threads);
    size_t n = (size_t)w->n * (size_t)m->t->spec.n_out, all = (size_t)w->bt->T * (size_t)m->t->spec.n_out;
    for (size_t b = 0; b < (size_t)w->bt->B; b++)
        memcpy(m->err_sum + b * all + (size_t)w->from * (size_t)m->t->spec.n_out, m->window_err + b * n, n * sizeof *m->err_sum);
    m->seconds[TASK_T_ENGINE] += middle - start;
    m->seconds[TASK_T_LOSS] += task_now() - middle;
    return st;
}

/* Also without a gradient that is wanted: the traces of eprop3 move here. */
static ep_status backward(stream *w)
{
    task_machine *m = w->m;
    task_future *f = m->future;
    size_t B = (size_t)w->bt->B, outs = B * (size_t)w->n * (size_t)m->t->spec.n_out;
    double start = task_now();
    ep_status st = EP_OK;
    task_to_engine(m, OPT_ERR, m->window_err, outs, m->err[0]);
    opt_trials tr = {.T = w->n, .B = w->bt->B, .x = m->x, .err = m->err[0]};
    if (f && !w->last) {
        st = task_future_see(f, m->s[0], B);
        if (st == EP_OK) st = task_future_say(f, B, 1);
        tr.seeds = &f->seeds;
    }
    if (f && !w->first) tr.delivered = &f->delivered;
    if (st == EP_OK) st = m->engine.opt->backward(m->s[0], &tr);
    if (st == EP_OK && f && !w->first && w->r->learn) task_future_learn(f, B, 1, true);
    if (st == EP_OK && f) task_future_pass(f);
    m->seconds[TASK_T_ENGINE] += task_now() - start;
    return st;
}

/* The window's gradient to the caller, who changes the weights. */
static ep_status hand_over(stream *w, ep_status st)
{
    task_machine *m = w->m;
    if (st == EP_OK) st = task_machine_gradient(m, w->r);
    m->engine.opt->reset(m->s[0], OPT_RESET_GRAD);
    return w->r->window(w->r->user, st);
}

ep_status task_stream_run(task_machine *m, const task_batch *bt, task_result *r)
{
    const task_spec *s = &m->t->spec;
    stream w = {.m = m, .bt = bt, .r = r};
    ep_status st = EP_OK;
    r->loss = r->loss_reg = r->rate = 0;
    m->engine.opt->reset(m->s[0], r->goes_on ? OPT_RESET_GRAD : OPT_RESET_ALL);
    if (m->future) task_future_begin(m->future, s, bt);
    for (; st == EP_OK && w.from < bt->T; w.from += w.n) {
        w.n = bt->T - w.from < s->window ? bt->T - w.from : s->window;
        w.first = w.from == 0 && !r->goes_on;
        w.last = w.from + w.n == bt->T && !r->more;
        st = forward(&w);
        if (st == EP_OK && (r->grad || m->rule >= EP_EPROP3)) st = backward(&w);
        if (r->grad && r->window) st = hand_over(&w, st);
    }
    if (st == EP_OK && r->grad && !r->window) st = task_machine_gradient(m, r);
    if (st == EP_OK && r->y) memcpy(r->y, m->y, (size_t)bt->B * (size_t)bt->T * (size_t)s->n_out * sizeof *r->y);
    return st;
}
