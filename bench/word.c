/* SPDX-License-Identifier: MIT */
#include "word.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eprop.h"

const char *const word_group_name[WORD_N_GROUP] = {"weights", "traces", "membrane"};
static const double pi = 3.14159265358979323846;

void word_task_make(uint64_t seed, word_task *t)
{
    *t = (word_task){.alpha = 0.85, .kappa = 0.85, .rho = 0.98, .v_th = 1, .gamma = 0.3, .n_ref = 2};
    uint64_t k = 0;
    double top = 0;
    for (int j = 0; j < WORD_REC; j++) {
        t->beta[j] = j % 2 ? 0.15 : 0;
        t->FB[j] = 1.0 * ep_rng_normal(seed, 1, k++, 24);
        t->WO[j] = 0.05 * ep_rng_normal(seed, 1, k++, 24);
        for (int i = 0; i < WORD_M; i++)
            if (i != WORD_IN + j && i < WORD_M - 1)
                t->W[j][i] = (i < WORD_IN ? 0.6 : 0.25) * ep_rng_normal(seed, 1, k++, 24);
    }
    for (int s = 0; s < WORD_T; s++) {
        for (int i = 0; i < WORD_IN; i++) t->x[s][i] = ep_rng_uniform(seed, 2, (uint64_t)(s * WORD_IN + i)) < 0.15;
        for (int h = 1; h <= 3; h++)
            t->target[s] += (0.5 + ep_rng_uniform(seed, 3, (uint64_t)h)) * sin(2 * pi * (h * s / (double)WORD_T + ep_rng_uniform(seed, 4, (uint64_t)h)));
        top = fmax(top, fabs(t->target[s]));
    }
    for (int s = 0; s < WORD_T; s++) t->target[s] /= top;
}

fix_profile word_profile(word_group g, int bits, int frac, fix_rounding rounding)
{
    static const fix_profile wide = {
        {[FIX_X] = {2, 0, 0, 0},    [FIX_D] = {24, 22, 0, 0},  [FIX_B] = {24, 20, 0, 0},  [FIX_S] = {24, 20, 0, 0},
         [FIX_N] = {24, 23, 0, 0},  [FIX_W] = {28, 22, 1, 0},  [FIX_WO] = {28, 22, 1, 0}, [FIX_FB] = {24, 18, 1, 0},
         [FIX_I] = {32, 22, 1, 0},  [FIX_A] = {28, 20, 1, 0},  [FIX_V] = {28, 20, 1, 0},  [FIX_U] = {28, 20, 1, 0},
         [FIX_P] = {28, 24, 1, 0},  [FIX_EV] = {28, 20, 1, 0}, [FIX_EA] = {28, 20, 1, 0}, [FIX_T] = {28, 20, 1, 0},
         [FIX_E] = {28, 20, 1, 0},  [FIX_EB] = {28, 20, 1, 0}, [FIX_Y] = {28, 20, 1, 0},  [FIX_ER] = {28, 20, 1, 0},
         [FIX_L] = {28, 20, 1, 0},  [FIX_ZB] = {28, 20, 1, 0}, [FIX_G] = {32, 20, 1, 0},  [FIX_GO] = {32, 20, 1, 0}},
        0};
    static const uint8_t member[WORD_N_GROUP][6] = {
        {FIX_W, FIX_WO, FIX_WO, FIX_WO, FIX_WO, FIX_WO}, {FIX_EV, FIX_EA, FIX_T, FIX_E, FIX_EB, FIX_ZB}, {FIX_V, FIX_A, FIX_U, FIX_U, FIX_U, FIX_U}};
    fix_profile p = wide;
    for (int k = 0; k < 6; k++) p.q[member[g][k]] = (fix_format){(uint8_t)bits, (uint8_t)frac, (uint8_t)rounding, FIX_SATURATE};
    return p;
}

/* Nearest integer of format q, within its range; counts what is outside. */
static int32_t number(word_core *w, unsigned q, double v)
{
    const fix_format *f = &w->profile.q[q];
    double end = ldexp(1, f->bits - 1), n = nearbyint(ldexp(v, f->frac));
    if (n < -end || n > end - 1) w->clipped++;
    return (int32_t)fmax(-end, fmin(end - 1, n));
}

static double value(const word_core *w, unsigned q, size_t i) { return ldexp(fix_get(w->s, (int)q, i), -w->profile.q[q].frac); }

bool word_core_open(word_core *w, const word_task *t, word_group g, const fix_profile *p, double eta, uint64_t seed)
{
    *w = (word_core){.profile = *p, .group = g};
    w->c = (fix_config){.profile = &w->profile, .n_in = WORD_IN, .n_rec = WORD_REC, .n_out = 1, .delay = 1, .n_ref = t->n_ref, .alif = true,
                        .feedback = FIX_RANDOM, .alpha = number(w, FIX_D, t->alpha), .kappa = number(w, FIX_D, t->kappa),
                        .keep = INT32_C(1) << p->q[FIX_D].frac, .v_th = number(w, FIX_V, t->v_th),
                        .slope = number(w, FIX_S, t->gamma / (t->v_th * t->v_th)), .eta = number(w, FIX_N, eta), .rho = w->rho, .beta = w->beta,
                        .W = w->W, .WO = w->WO, .FB = w->FB, .seed = seed};
    for (int j = 0; j < WORD_REC; j++) {
        w->rho[j] = number(w, FIX_D, t->rho);
        w->beta[j] = number(w, FIX_B, t->beta[j]);
        w->FB[j] = number(w, FIX_FB, t->FB[j]);
        for (int i = 0; i < WORD_M; i++) w->W[j * WORD_M + i] = number(w, FIX_W, t->W[j][i]);
    }
    for (int j = 0; j < WORD_WO; j++) w->WO[j] = number(w, FIX_WO, t->WO[j]);
    for (int s = 0; s < WORD_T; s++) {
        w->target[s] = number(w, FIX_Y, t->target[s]);
        for (int i = 0; i < WORD_IN; i++) w->x[s][i] = t->x[s][i];
    }
    size_t size = fix_state_size(&w->c);
    w->mem = size ? malloc(size) : NULL;
    return w->mem && fix_init(&w->s, &w->c, w->mem, size) == FIX_OK;
}

void word_core_close(word_core *w) { free(w->mem); }

/* Numbers that a step writes into the group's formats, or that an update does. */
static uint64_t values_of(word_group g)
{
    const uint64_t pairs = WORD_REC * (WORD_M - 1);
    return g == WORD_WEIGHTS ? pairs + WORD_WO : WORD_T * (g == WORD_TRACES ? 4 * pairs + WORD_M + WORD_WO : 3 * (uint64_t)WORD_REC);
}

static uint64_t events_of(const word_core *w)
{
    static const int first[] = {FIX_W, FIX_EV, FIX_A}, last[] = {FIX_WO, FIX_EB, FIX_U};
    uint64_t n = w->group == WORD_TRACES ? fix_events(w->s, FIX_ZB) : 0;
    for (int q = first[w->group]; q <= last[w->group]; q++) n += fix_events(w->s, q);
    return n;
}

void word_core_run(word_core *w, word_trial *out)
{
    double error = 0, size = 0;
    *out = (word_trial){.events = events_of(w), .values = values_of(w->group)};
    fix_begin(w->s);
    for (int s = 0; s < WORD_T; s++) {
        (void)fix_step(w->s, w->x[s], &w->target[s]); /* inputs lie in their formats */
        double y = value(w, FIX_Y, 0), want = ldexp(w->target[s], -w->profile.q[FIX_Y].frac);
        error += (y - want) * (y - want);
        size += want * want;
        for (size_t j = 0; j < WORD_REC; j++) out->spikes += out->z[s][j] = fix_get(w->s, FIX_z, j) != 0;
    }
    out->events = events_of(w) - out->events;
    out->nmse = error / size;
    for (size_t j = 0; j < WORD_REC; j++)
        for (size_t i = 0; i < WORD_M; i++) out->G[j][i] = value(w, FIX_G, j * WORD_M + i);
}

void word_core_weights(const word_core *w, word_task *t)
{
    for (size_t j = 0; j < WORD_REC; j++)
        for (size_t i = 0; i < WORD_M; i++) t->W[j][i] = value(w, FIX_W, j * WORD_M + i);
    for (size_t j = 0; j < WORD_WO; j++) t->WO[j] = value(w, FIX_WO, j);
}

/* States and traces of the real-valued network. */
typedef struct real {
    double v[WORD_REC], a[WORD_REC], psi[WORD_REC], ev[WORD_M], ea[WORD_REC][WORD_M], e[WORD_REC][WORD_M], eb[WORD_REC][WORD_M], y;
    int r[WORD_REC];
    unsigned char z[WORD_REC];
} real;

static double source(const word_task *t, const real *n, int s, int i)
{
    return i < WORD_IN ? t->x[s][i] : i < WORD_M - 1 ? n->z[i - WORD_IN] : 1;
}

/* True: fires. r and z are the caller's to change. */
static bool real_neuron(const word_task *t, real *n, int s, int j)
{
    double I = 0;
    for (int i = 0; i < WORD_M; i++) I += t->W[j][i] * source(t, n, s, i);
    n->a[j] = t->rho * n->a[j] + n->z[j];
    n->v[j] = t->alpha * n->v[j] + I - t->v_th * n->z[j];
    double u = n->v[j] - t->v_th - t->beta[j] * n->a[j];
    n->psi[j] = n->r[j] ? 0 : t->gamma / (t->v_th * t->v_th) * fmax(0, t->v_th - fabs(u));
    return u > 0 && n->r[j] == 0;
}

/* Neurons and readout of one step. */
static void real_forward(const word_task *t, real *n, int s, const unsigned char *forced)
{
    unsigned char z[WORD_REC];
    double y = t->WO[WORD_REC];
    for (int j = 0; j < WORD_REC; j++) {
        z[j] = real_neuron(t, n, s, j);
        if (forced) z[j] = forced[j];
    }
    for (int j = 0; j < WORD_REC; j++) {
        n->z[j] = z[j];
        n->r[j] = z[j] ? t->n_ref - 1 : n->r[j] > 0 ? n->r[j] - 1 : 0;
        y += t->WO[j] * z[j];
    }
    n->y = t->kappa * n->y + y;
}

void word_real_gradient(const word_task *t, const unsigned char (*z)[WORD_REC], double G[WORD_REC][WORD_M])
{
    real n = {.y = 0};
    memset(G, 0, sizeof(double) * WORD_REC * WORD_M);
    for (int s = 0; s < WORD_T; s++) {
        for (int i = 0; i < WORD_M; i++) n.ev[i] = t->alpha * n.ev[i] + source(t, &n, s, i);
        for (int j = 0; j < WORD_REC; j++)
            for (int i = 0; i < WORD_M; i++)
                if (i != WORD_IN + j) n.ea[j][i] = t->rho * n.ea[j][i] + n.e[j][i];
        real_forward(t, &n, s, z ? z[s] : NULL);
        for (int j = 0; j < WORD_REC; j++)
            for (int i = 0; i < WORD_M; i++) {
                if (i == WORD_IN + j) continue;
                n.e[j][i] = n.psi[j] * (n.ev[i] - t->beta[j] * n.ea[j][i]);
                n.eb[j][i] = t->kappa * n.eb[j][i] + n.e[j][i];
                G[j][i] += t->FB[j] * (n.y - t->target[s]) * n.eb[j][i];
            }
    }
}

double word_cosine(double a[WORD_REC][WORD_M], double b[WORD_REC][WORD_M])
{
    double dot = 0, aa = 0, bb = 0;
    for (int j = 0; j < WORD_REC; j++)
        for (int i = 0; i < WORD_M; i++) {
            dot += a[j][i] * b[j][i];
            aa += a[j][i] * a[j][i];
            bb += b[j][i] * b[j][i];
        }
    return aa > 0 && bb > 0 ? dot / sqrt(aa * bb) : 0;
}
