/* arm.c: runs a case through an engine.
 * SPDX-License-Identifier: MIT */
#include "arm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const arm arms[ARM_N] = {
    {"scalar f32", false, true, ARM_WHOLE},          {"scalar f64", false, false, ARM_WHOLE},
    {"scalar f32 steps", false, true, ARM_STEPS},    {"scalar f64 steps", false, false, ARM_STEPS},
    {"scalar f64 windows", false, false, ARM_WINDOWS}, {"fast f32", true, true, ARM_WHOLE},
    {"fast f64", true, false, ARM_WHOLE},            {"fast f32 chunks", true, true, ARM_CHUNKS},
    {"fast f64 chunks", true, false, ARM_CHUNKS},    {"fast f32 steps", true, true, ARM_STEPS},
    {"fast f64 steps", true, false, ARM_STEPS},      {"fast f32 windows", true, true, ARM_WINDOWS},
    {"fast f64 windows", true, false, ARM_WINDOWS},  {"scalar f32 windows", false, true, ARM_WINDOWS}};

const char *const arm_plants[PLANT_N] = {"none", "an input one step late", "a refractory step too many", "beta wrong by 2^-10",
                                         "one weight wrong by 2^-14", "the reset's path exchanged", "the regulariser forgotten"};

const char *arm_name(int i)
{
    static const char *const fixed[ARM_N_FIXED] = {"fixed q15", "fixed s16.15", "fixed w8", "fixed reckon"};
    return i < ARM_N ? arms[i].name : fixed[i - ARM_N];
}

static bool windowed(ep_rule r) { return r >= EP_TBPTT && r <= EP_EPROP3_SG; }

bool arm_takes(const arm *a, const draw_case *k)
{
    switch (a->way) {
    case ARM_WHOLE: return true;
    case ARM_CHUNKS: return opt_rule_online(k->rule) || (windowed(k->rule) && k->net.model == EP_LSTM && !(k->batch.c_reg > 0));
    case ARM_STEPS: return opt_rule_online(k->rule) && k->net.opt.loss_norm == EP_NORM_SUM && !(k->batch.c_reg > 0);
    default: return windowed(k->rule) && k->net.opt.loss_norm == EP_NORM_SUM && !(k->batch.c_reg > 0);
    }
}

typedef struct work {
    const arm *a;
    const opt_engine *e;
    opt_state *s;
    void *mem;
    ep_net net;
    opt_config cfg;
    double *own[2]; /* numbers that a planted error changed */
    int T, B;
    void *x, *target, *mask;
} work;

static void *numbers(const work *w, const double *from, size_t n)
{
    if (!from) return NULL;
    void *to = malloc(n * w->e->element + 1);
    for (size_t i = 0; to && i < n; i++) {
        if (w->a->single) ((float *)to)[i] = (float)from[i];
        else ((double *)to)[i] = from[i];
    }
    return to;
}

static const double *changed(work *w, int slot, const double *from, size_t n)
{
    if (!from) return NULL;
    w->own[slot] = malloc(n * sizeof(double));
    if (w->own[slot]) memcpy(w->own[slot], from, n * sizeof(double));
    return w->own[slot];
}

static void plant(work *w, arm_plant p)
{
    ep_net *net = &w->net;
    size_t N = (size_t)net->n_rec;
    if (p == PLANT_REFRACTORY) net->n_ref += net->n_ref ? 1 : 2;
    if (p == PLANT_BETA && net->theta[EP_BETA]) {
        net->theta[EP_BETA] = changed(w, 0, net->theta[EP_BETA], N);
        for (size_t j = 0; w->own[0] && j < N; j++) w->own[0][j] = (double)(float)(w->own[0][j] * (1 + 0x1p-10));
    }
    if (p == PLANT_WEIGHT && net->Wrec) {
        net->Wrec = changed(w, 0, net->Wrec, N * N * (size_t)ep_model_channels(net->model));
        if (w->own[0] && N > 1) w->own[0][1] = (double)(float)(w->own[0][1] * (1 + 0x1p-14));
    }
    if (p == PLANT_RESET_PATH) net->opt.reset_path = net->opt.reset_path == EP_RESET_DETACHED ? EP_RESET_LOCAL : EP_RESET_DETACHED;
    if (p == PLANT_REGULARISER) w->cfg.c_reg = 0;
}

static void trials(work *w, const draw_case *k, arm_plant p)
{
    size_t steps = (size_t)w->T * (size_t)w->B, I = (size_t)k->net.n_in;
    const double *x = k->batch.x;
    if (p == PLANT_LATE_INPUT && x) {
        x = changed(w, 1, x, steps * I);
        for (size_t b = 0; x && b < (size_t)w->B; b++) {
            double *row = w->own[1] + b * (size_t)w->T * I;
            memmove(row + I, row, ((size_t)w->T - 1) * I * sizeof *row);
            memset(row, 0, I * sizeof *row);
        }
    }
    w->x = numbers(w, x, steps * I);
    w->target = numbers(w, k->batch.target, steps * (size_t)k->net.n_out);
    w->mask = numbers(w, k->batch.mask, steps);
}

/* Row t of each trial of [B][T][n], n elements of the engine's size. */
static void *row(const work *w, const void *from, size_t n, size_t t)
{
    size_t wide = n * w->e->element;
    unsigned char *to = from ? malloc((size_t)w->B * wide + 1) : NULL;
    for (size_t b = 0; to && b < (size_t)w->B; b++) memcpy(to + b * wide, (const unsigned char *)from + (b * (size_t)w->T + t) * wide, wide);
    return to;
}

static ep_status by_steps(work *w)
{
    ep_status st = EP_OK;
    for (size_t t = 0; st == EP_OK && t < (size_t)w->T; t++) {
        void *x = row(w, w->x, (size_t)w->net.n_in, t), *target = row(w, w->target, (size_t)w->net.n_out, t), *m = row(w, w->mask, 1, t);
        void *none = calloc((size_t)w->B * (size_t)w->net.n_out + 1, sizeof(double));
        opt_signal sig = {.target = target ? target : none, .weight = m};
        st = w->e->step(w->s, x);
        if (st == EP_OK) st = w->e->learn(w->s, &sig);
        free(x);
        free(target);
        free(m);
        free(none);
    }
    return st;
}

/* Steps t0.. of each trial, as a trial of their own. */
static void *part(const work *w, const void *from, size_t n, size_t t0, size_t steps)
{
    size_t wide = n * w->e->element;
    unsigned char *to = from ? malloc((size_t)w->B * steps * wide + 1) : NULL;
    for (size_t b = 0; to && b < (size_t)w->B; b++)
        memcpy(to + b * steps * wide, (const unsigned char *)from + (b * (size_t)w->T + t0) * wide, steps * wide);
    return to;
}

static ep_status by_windows(work *w)
{
    ep_status st = EP_OK;
    for (int t0 = 0; st == EP_OK && t0 < w->T; t0 += w->cfg.window) {
        int steps = w->T - t0 < w->cfg.window ? w->T - t0 : w->cfg.window;
        void *x = part(w, w->x, (size_t)w->net.n_in, (size_t)t0, (size_t)steps), *m = part(w, w->mask, 1, (size_t)t0, (size_t)steps);
        void *target = part(w, w->target, (size_t)w->net.n_out, (size_t)t0, (size_t)steps);
        opt_trials tr = {.T = steps, .B = w->B, .x = x, .target = target, .mask = m};
        st = w->e->forward(w->s, &tr);
        if (st == EP_OK) st = w->e->backward(w->s, &tr);
        free(x);
        free(target);
        free(m);
    }
    return st;
}

static double *fetch(const work *w, int quantity, size_t *n)
{
    *n = w->e->count(w->s, quantity);
    double *out = *n ? malloc(*n * sizeof *out) : NULL;
    if (!out || w->e->get(w->s, quantity, out, *n) != EP_OK) {
        free(out);
        *n = 0;
        return NULL;
    }
    for (size_t i = *n; w->a->single && i-- > 0;) out[i] = (double)((float *)(void *)out)[i];
    return out;
}

static void collect(const work *w, answer *out)
{
    static const int all[] = {OPT_Z, OPT_V, OPT_A, OPT_PSI, OPT_Y};
    size_t n;
    for (int g = 0; g < (int)EP_N_GROUP; g++) out->grad[g] = fetch(w, OPT_GRAD(g), &out->n[g]);
    double *loss = fetch(w, OPT_LOSS, &n);
    out->loss = loss ? *loss : 0;
    free(loss);
    for (int q = 0; q < 5 && w->a->way == ARM_WHOLE; q++) {
        size_t want = (size_t)w->T * (size_t)w->B * (size_t)(q == ALL_Y ? w->net.n_out : w->net.n_rec);
        out->all[q] = fetch(w, OPT_ALL(all[q]), &n);
        if (n == want) continue;
        free(out->all[q]);
        out->all[q] = NULL;
    }
}

static void name_path(const work *w, char path[64])
{
    char text[256];
    w->e->describe(w->s, text, sizeof text);
    if (strncmp(text, "fast, by", 8) == 0) snprintf(path, 64, "fast, by the scalar engine");
    else snprintf(path, 64, "%.*s", (int)strcspn(text, " "), text);
    if (strstr(text, "general kernels")) snprintf(path, 64, "fast lsnn, general kernels");
    else if (strncmp(text, "fast lsnn", 9) == 0) snprintf(path, 64, "fast lsnn, special kernels");
    else if (strncmp(text, "fast l", 6) == 0 || strncmp(text, "fast r", 6) == 0) snprintf(path, 64, "%.9s", text);
}

void arm_run(const arm *a, const draw_case *k, arm_plant p, answer *out)
{
    work w = {.a = a, .net = k->net, .T = k->batch.T, .B = k->batch.B};
    w.e = a->fast ? (a->single ? opt_fast_f32() : opt_fast_f64()) : a->single ? opt_scalar_f32() : opt_scalar_f64();
    w.cfg = (opt_config){.net = &w.net, .rule = k->rule, .loss = k->batch.loss, .c_reg = k->batch.c_reg, .f_target = k->batch.f_target, .B = w.B,
                         .T = a->way == ARM_STEPS || a->way == ARM_WINDOWS ? 0 : w.T, .window = windowed(k->rule) ? k->window : 0,
                         .threads = k->threads, .chunk = a->way == ARM_CHUNKS || (a->way == ARM_STEPS && a->fast) ? k->chunk : 0};
    *out = (answer){.status = w.e->supports(k->net.model, k->rule, &k->net.opt)};
    out->refused = out->status == EP_NOTIMPL;
    if (out->status != EP_OK) return;
    plant(&w, p);
    size_t bytes = w.e->state_size(&w.cfg);
    out->status = EP_DOMAIN;
    w.mem = bytes ? aligned_alloc(OPT_ALIGN, bytes) : NULL;
    if (w.mem) memset(w.mem, 0xff, bytes); /* NaN: nothing may be read before it is written */
    if (w.mem) out->status = w.e->init(&w.cfg, w.mem, bytes, &w.s);
    if (w.mem && out->status == EP_OK) {
        out->reached_init = true;
        trials(&w, k, p);
        opt_trials tr = {.T = w.T, .B = w.B, .x = w.x, .target = w.target, .mask = w.mask};
        out->status = a->way == ARM_STEPS ? by_steps(&w) : a->way == ARM_WINDOWS ? by_windows(&w) : w.e->grad(w.s, &tr);
        if (out->status == EP_OK) collect(&w, out);
        name_path(&w, out->path);
    }
    out->refused = out->status == EP_NOTIMPL;
    free(w.x);
    free(w.target);
    free(w.mask);
    free(w.mem);
    free(w.own[0]);
    free(w.own[1]);
}

void answer_free(answer *a)
{
    for (int g = 0; g < (int)EP_N_GROUP; g++) free(a->grad[g]);
    for (int q = 0; q < 5; q++) free(a->all[q]);
}
