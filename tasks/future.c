/* What lies behind the ends of windows.
 * SPDX-License-Identifier: MIT */
#include "future.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { H, Z, Z_LOC, Y };

/* Components of h, in the order of opt.h. */
static int hidden(const ep_net *net, int *sees)
{
    bool spikes = ep_model_spikes(net->model);
    int n = 0;
    if (net->model == EP_SYNAPTIC) sees[n++] = OPT_S;
    sees[n++] = net->model == EP_LSTM ? OPT_C : OPT_V;
    if (net->model == EP_ALIF || net->model == EP_LSNN) sees[n++] = OPT_A;
    if (spikes && n < opt_hidden_count(net->model, &net->opt)) sees[n++] = OPT_V_OLD;
    return n;
}

static void layout(const task_spec *s, const ep_net *net, task_future *f)
{
    size_t N = (size_t)net->n_rec, K = (size_t)net->n_out, d = (size_t)net->opt.delay;
    bool all = s->sg_seed == TASK_SEED_ZC, y = net->kappa > 0;
    int n = 1;
    f->sees[0] = OPT_Z_PAST;
    f->width[0] = d * N;
    if (s->sg_input == TASK_SEES_STATE) {
        f->nh = (size_t)hidden(net, f->sees + 1);
        n += (int)f->nh;
        for (int k = 1; k < n; k++) f->width[k] = N;
        if (y) {
            f->sees[n] = OPT_Y;
            f->width[n++] = K;
        }
    }
    if (n < FUTURE_SEES) f->sees[n] = -1;
    f->size[H] = N * (size_t)opt_hidden_count(net->model, &net->opt);
    f->size[Z] = d * N;
    f->size[Z_LOC] = N;
    f->size[Y] = K;
    f->says[H] = s->sg_seed != TASK_SEED_Z;
    f->says[Z] = s->sg_seed != TASK_SEED_C;
    f->says[Z_LOC] = f->says[Z] && ep_model_spikes(net->model);
    f->says[Y] = all && y;
}

static size_t total(const size_t *n, const bool *of, int count)
{
    size_t sum = 0;
    for (int k = 0; k < count; k++) sum += !of || of[k] ? n[k] : 0;
    return sum;
}

static size_t seen(const task_future *f)
{
    size_t n = 0;
    for (int k = 0; k < FUTURE_SEES && f->sees[k] >= 0; k++) n += f->width[k];
    return n;
}

static ep_status allocate(task_future *f, int T)
{
    size_t each = f->e->element, n_u = (size_t)f->sg.n_u, n_s = (size_t)f->sg.n_s, widest = 0;
    bool good = true;
    for (int k = 0; k < FUTURE_SEES && f->sees[k] >= 0; k++)
        if (f->width[k] > widest) widest = f->width[k];
    f->u = calloc(f->most * n_u + 1, each);
    f->before = calloc(f->most * n_u + 1, each);
    f->s = calloc(f->most * n_s + 1, each);
    f->target = calloc(f->most * n_s + 1, each);
    f->scratch = calloc(f->B * (size_t)(T > 0 ? T : 1) * widest + 1, each);
    f->scale = calloc(f->B + 1, sizeof *f->scale);
    for (int k = 0; k < FUTURE_PARTS; k++) {
        f->seed[k] = calloc(f->most * f->size[k] + 1, each);
        f->back[k] = calloc(f->most * f->size[k] + 1, each);
        good = good && f->seed[k] && f->back[k];
    }
    return good && f->u && f->before && f->s && f->target && f->scratch && f->scale ? EP_OK : EP_NOMEM;
}

ep_status task_future_make(const task_spec *s, const ep_net *net, const opt_engine *e, int B, int boundaries, int T, uint64_t seed,
                           task_future *out)
{
    task_future *f = out;
    *f = (task_future){.e = e, .B = (size_t)B, .most = (size_t)B * (size_t)(boundaries > 0 ? boundaries : 1)};
    layout(s, net, f);
    ep_status st = task_synth_make(s, (int)seen(f), (int)total(f->size, f->says, FUTURE_PARTS), f->most, e->element == sizeof(double), seed, &f->sg);
    if (st == EP_OK) {
        f->sg.optim.spec = &f->sg.rules;
        st = allocate(f, T);
    }
    if (st != EP_OK) {
        task_future_free(f);
        return st;
    }
    f->seeds = (opt_seeds){.h = f->seed[H], .z = f->seed[Z], .z_loc = f->seed[Z_LOC], .y = f->seed[Y]};
    f->delivered = (opt_seeds){.h = f->back[H], .z = f->back[Z], .z_loc = f->back[Z_LOC], .y = f->back[Y]};
    return EP_OK;
}

void task_future_free(task_future *f)
{
    task_synth_free(&f->sg);
    free(f->u);
    free(f->before);
    free(f->s);
    free(f->target);
    free(f->scratch);
    free(f->scale);
    for (int k = 0; k < FUTURE_PARTS; k++) {
        free(f->seed[k]);
        free(f->back[k]);
    }
    *f = (task_future){0};
}

void task_future_begin(task_future *f, const task_spec *s, const task_batch *bt)
{
    for (int b = 0; b < bt->B; b++) f->scale[b] = task_loss_divisor(s, bt, b);
}

/* ---- looking ------------------------------------------------------------------------------------------------- */

static char *at(void *a, size_t row, size_t ld, size_t column, size_t each) { return (char *)a + (row * ld + column) * each; }

/* Quantity k of one trial to row r of u. z^{t-q} first; component k of h^t at every nh-th place; y last. */
static void look(task_future *f, size_t r, int k, const char *from)
{
    size_t each = f->e->element, n = f->width[k], nh = f->nh, n_u = (size_t)f->sg.n_u;
    bool h = k > 0 && (size_t)k <= nh;
    size_t column = k == 0 ? 0 : f->width[0] + (h ? (size_t)k - 1 : nh * f->size[Z_LOC]);
    for (size_t j = 0; h && j < n; j++) memcpy(at(f->u, r, n_u, column + j * nh, each), from + j * each, each);
    if (!h) memcpy(at(f->u, r, n_u, column, each), from, n * each);
}

ep_status task_future_see(task_future *f, const opt_state *state, size_t B)
{
    size_t each = f->e->element;
    for (int k = 0; k < FUTURE_SEES && f->sees[k] >= 0; k++) {
        size_t w = f->width[k];
        ep_status st = f->e->get(state, f->sees[k], f->scratch, f->B * w);
        if (st != EP_OK) return st;
        for (size_t b = 0; b < B; b++) look(f, b, k, at(f->scratch, b, w, 0, each));
    }
    return EP_OK;
}

/* z^{t-q} of one boundary from the z of all steps; 0 before the first. */
static void past(const task_future *f, size_t N, size_t b, size_t T, size_t t, char *to)
{
    size_t each = f->e->element, d = f->width[0] / N;
    for (size_t q = 0; q < d; q++) {
        if (t > q) memcpy(to + q * N * each, at(f->scratch, b * T + t - q - 1, N, 0, each), N * each);
        else memset(to + q * N * each, 0, N * each);
    }
}

ep_status task_future_see_all(task_future *f, const opt_state *state, size_t B, size_t T, size_t window)
{
    size_t each = f->e->element, N = f->size[Z_LOC];
    for (int k = 0; k < FUTURE_SEES && f->sees[k] >= 0; k++) {
        size_t w = k ? f->width[k] : N;
        ep_status st = f->e->get(state, OPT_ALL(k ? f->sees[k] : OPT_Z), f->scratch, B * T * w);
        if (st != EP_OK) return st;
        for (size_t m = 0; (m + 1) * window < T; m++)
            for (size_t b = 0; b < B; b++) {
                if (k == 0) past(f, N, b, T, (m + 1) * window, at(f->u, m * B + b, (size_t)f->sg.n_u, 0, each));
                else look(f, m * B + b, k, at(f->scratch, b * T + (m + 1) * window - 1, w, 0, each));
            }
    }
    return EP_OK;
}

void task_future_pass(task_future *f)
{
    void *now = f->u;
    f->u = f->before;
    f->before = now;
}

/* ---- saying and learning ------------------------------------------------------------------------------------------ */

/* Numbers of a row times what its trial scales by, from `from` to `to`. */
static void scaled(const task_future *f, const void *from, void *to, size_t n, double by)
{
    for (size_t k = 0; k < n; k++) {
        if (f->sg.wide) ((double *)to)[k] = ((const double *)from)[k] * by;
        else ((float *)to)[k] = ((const float *)from)[k] * (float)by;
    }
}

/* Rows of s to the arrays of seeds (out), or what came back to rows of the target. */
static void exchange(task_future *f, size_t B, size_t boundaries, bool out)
{
    size_t each = f->e->element, n_s = (size_t)f->sg.n_s, column = 0;
    for (int k = 0; k < FUTURE_PARTS; k++) {
        size_t w = f->size[k];
        if (!f->says[k]) continue;
        for (size_t r = 0; r < boundaries * B; r++) {
            double by = f->scale[r % B];
            if (out) scaled(f, at(f->s, r, n_s, column, each), at(f->seed[k], r, w, 0, each), w, 1 / by);
            else scaled(f, at(f->back[k], r, w, 0, each), at(f->target, r, n_s, column, each), w, by);
        }
        column += w;
    }
}

static double squares(const task_future *f, const void *a, size_t n)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++) {
        double v = f->sg.wide ? ((const double *)a)[k] : (double)((const float *)a)[k];
        sum += v * v;
    }
    return sum;
}

void task_future_off(task_future *f)
{
    f->off = true;
    for (int k = 0; k < FUTURE_PARTS; k++) memset(f->seed[k], 0, f->most * f->size[k] * f->e->element);
}

ep_status task_future_say(task_future *f, size_t B, size_t boundaries)
{
    size_t rows = B * boundaries;
    if (f->off || !rows) return EP_OK;
    task_synth_say(&f->sg, rows, f->u, f->s);
    f->rms = sqrt(squares(f, f->s, rows * (size_t)f->sg.n_s) / ((double)rows * f->sg.n_s));
    if (!(f->rms <= f->sg.rules.sg_limit)) {
        task_future_off(f);
        return f->sg.rules.sg_drop ? EP_OK : EP_UNABLE;
    }
    exchange(f, B, boundaries, true);
    return EP_OK;
}

void task_future_learn(task_future *f, size_t B, size_t boundaries, bool before)
{
    if (f->off || !boundaries) return;
    exchange(f, B, boundaries, false);
    f->sum += squares(f, f->target, B * boundaries * (size_t)f->sg.n_s);
    task_synth_learn(&f->sg, B * boundaries, before ? f->before : f->u, f->target);
}

void task_future_step(task_future *f)
{
    if (f->off || !f->sg.rows) return;
    f->error = f->sum > 0 ? sqrt(2 * f->sg.E / f->sum) : NAN;
    f->sum = 0;
    task_synth_step(&f->sg);
}
