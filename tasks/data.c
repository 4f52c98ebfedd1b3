/* Data for figures: the first test trial of the trained network.
 *
 *   output.tsv    t k target y
 *   spikes.tsv    t j rank: a spike; neurons ranked by activity
 *   neurons.tsv   neuron t v a psi e L: the most active LIF and ALIF and the neuron of median activity
 *
 * The last two come from the scalar engine, step by step in binary64; e is the trace of the most active input.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train.h"

enum { CHOSEN = 3, PATH = 4096 };

typedef struct probe {
    const task_spec *s;
    const task_batch *bt;
    const opt_engine *e;
    opt_state *state;
    void *mem;
    FILE *raster, *neurons;
    int chosen[CHOSEN], *rank, input;
    double *q[5];            /* v, a, psi, L [n_rec]; e [n_rec][n_in] */
} probe;

static ep_status open_table(const char *dir, const char *name, const char *head, FILE **out, char why[TASK_WHY])
{
    char path[PATH];
    if (snprintf(path, sizeof path, "%s/data/%s.tsv", dir, name) >= PATH) return EP_IO;
    *out = fopen(path, "w");
    if (*out && fprintf(*out, "# %s\n", head) > 0) return EP_OK;
    (void)snprintf(why, TASK_WHY, "%.300s: cannot be written: %s", path, strerror(errno));
    return EP_IO;
}

static ep_status close_table(FILE *f, ep_status st)
{
    bool bad = f && (ferror(f) | fclose(f));
    return st == EP_OK && bad ? EP_IO : st;
}

static ep_status write_output(const task_machine *m, const task_batch *bt, const char *dir, char why[TASK_WHY])
{
    FILE *f = NULL;
    int K = m->t->spec.n_out;
    ep_status st = open_table(dir, "output", "t k target y mask", &f, why);
    for (int t = 0; st == EP_OK && t < bt->steps[0]; t++)
        for (int k = 0; k < K; k++)
            (void)fprintf(f, "%d\t%d\t%.9g\t%.9g\t%.9g\n", t + 1, k, bt->target[t * K + k], m->y[t * K + k], bt->mask[t]);
    return close_table(f, st);
}

/* ---- step by step --------------------------------------------------------------------------------------------------- */

static ep_status open_probe(const task_machine *m, const task_batch *bt, probe *p)
{
    const task_spec *s = &m->t->spec;
    size_t N = (size_t)s->n_rec;
    *p = (probe){.s = s, .bt = bt, .e = opt_scalar_f64()};
    opt_config cfg = {.net = &m->model->ep[0], .rule = opt_rule_online(m->rule) && m->rule != EP_RTRL ? m->rule : EP_EPROP1_SYMMETRIC,
                      .loss = s->loss, .B = 1};
    size_t bytes = p->e->state_size(&cfg);
    if (!bytes) return EP_NOTIMPL;
    p->mem = aligned_alloc(OPT_ALIGN, (bytes + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN);
    p->rank = calloc(N, sizeof *p->rank);
    for (int q = 0; q < 5; q++) p->q[q] = calloc(q < 4 ? N : N * (size_t)s->n_in, sizeof(double));
    if (!p->mem || !p->rank || !p->q[0] || !p->q[1] || !p->q[2] || !p->q[3] || !p->q[4]) return EP_NOMEM;
    return p->e->init(&cfg, p->mem, bytes, &p->state);
}

static ep_status close_probe(probe *p, ep_status st)
{
    st = close_table(p->raster, st);
    st = close_table(p->neurons, st);
    for (int q = 0; q < 5; q++) free(p->q[q]);
    free(p->rank);
    free(p->mem);
    return st;
}

static ep_status get(const probe *p, int quantity, double *out, size_t n)
{
    if (p->e->count(p->state, quantity) != n) return EP_OK; /* stays 0 */
    return p->e->get(p->state, quantity, out, n);
}

static int busiest_input(const task_batch *bt, int n_in)
{
    int best = 0;
    double most = -1;
    for (int i = 0; i < n_in; i++) {
        double sum = 0;
        for (int t = 0; t < bt->steps[0]; t++) sum += fabs((double)bt->x[0][(size_t)t * (size_t)n_in + (size_t)i]);
        if (sum > most) {
            most = sum;
            best = i;
        }
    }
    return best;
}

/* Ranks by number of spikes, ties by index; z as the engine recorded it. */
static void rank_neurons(probe *p, const double *count)
{
    int N = p->s->n_rec, lif = N - p->s->n_alif, best[2] = {0, N - 1};
    for (int j = 0; j < N; j++) {
        int before = 0;
        for (int l = 0; l < N; l++) before += count[l] > count[j] || (!(count[l] < count[j]) && l < j);
        p->rank[j] = before;
        if (before == N / 2) p->chosen[2] = j;
        int kind = j < lif ? 0 : 1;
        if (count[j] > count[best[kind]]) best[kind] = j;
    }
    p->chosen[0] = best[0];
    p->chosen[1] = p->s->n_alif ? best[1] : p->chosen[2];
    for (int j = 0; j < N && !p->s->n_alif; j++)
        if (p->rank[j] == N / 4) p->chosen[1] = j;
}

static ep_status step(probe *p, int t, const double *err, double *x, double *z)
{
    const task_spec *s = p->s;
    size_t N = (size_t)s->n_rec, n_in = (size_t)s->n_in;
    opt_signal sig = {.err = err};
    for (size_t i = 0; i < n_in; i++) x[i] = (double)p->bt->x[0][(size_t)t * n_in + i];
    ep_status st = p->e->step(p->state, x);
    if (st == EP_OK) st = p->e->learn(p->state, &sig);
    if (st == EP_OK) st = get(p, OPT_Z, z, N);
    return st;
}

static ep_status look(probe *p, int t, const double *z)
{
    const int what[5] = {p->s->model == EP_LSTM ? OPT_C : OPT_V, OPT_A, OPT_PSI, OPT_L, OPT_E(EP_G_WIN)};
    size_t N = (size_t)p->s->n_rec, n_in = (size_t)p->s->n_in;
    ep_status st = EP_OK;
    for (int q = 0; st == EP_OK && q < 5; q++) st = get(p, what[q], p->q[q], q < 4 ? N : N * n_in);
    if (st != EP_OK) return st;
    for (size_t j = 0; j < N; j++)
        if (z[j] > 0.5 && ep_model_spikes(p->s->model)) (void)fprintf(p->raster, "%d\t%zu\t%d\n", t + 1, j, p->rank[j]);
    for (int c = 0; c < CHOSEN; c++) {
        size_t j = (size_t)p->chosen[c];
        (void)fprintf(p->neurons, "%zu\t%d\t%.6g\t%.6g\t%.6g\t%.6g\t%.6g\n", j, t + 1, p->q[0][j], p->q[1][j], p->q[2][j],
                      p->q[4][j * n_in + (size_t)p->input], p->q[3][j]);
    }
    return EP_OK;
}

static ep_status walk(probe *p, const task_machine *m)
{
    size_t N = (size_t)p->s->n_rec, K = (size_t)p->s->n_out;
    double *z = calloc(N, sizeof *z), *x = calloc((size_t)p->s->n_in, sizeof *x);
    ep_status st = z && x ? EP_OK : EP_NOMEM;
    if (st == EP_OK) rank_neurons(p, m->rates);
    for (int t = 0; st == EP_OK && t < p->bt->steps[0]; t++) {
        st = step(p, t, m->err_sum + (size_t)t * K, x, z);
        if (st == EP_OK) st = look(p, t, z);
    }
    free(z);
    free(x);
    return st;
}

ep_status task_write_data(task_machine *m, task_batch *bt, const char *dir, char why[TASK_WHY])
{
    const uint64_t first = 0;
    task_result r = {0};
    probe p;
    task_batch_fill(bt, m->t, TASK_TEST, &first, 1, 1);
    ep_status st = task_machine_run(m, bt, &r);
    if (st == EP_OK) st = write_output(m, bt, dir, why);
    if (st != EP_OK || !m->engine.opt) return st;
    st = open_probe(m, bt, &p);
    p.input = busiest_input(bt, p.s->n_in);
    if (st == EP_OK) st = open_table(dir, "spikes", "t j rank", &p.raster, why);
    if (st == EP_OK) st = open_table(dir, "neurons", "neuron t v a psi e L", &p.neurons, why);
    if (st == EP_OK) st = walk(&p, m);
    return close_probe(&p, st);
}
