/* Tables for figures: rasters and learning signals of one unseen episode, the curve, the comparison.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "oneshot.h"

ep_status shot_table_open(const shot_task *t, const char *dir, const char *name, FILE **f, char why[TASK_WHY])
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/data/%s_%s.tsv", dir, t->kind->name, name) >= (int)sizeof path) return EP_IO;
    *f = fopen(path, "w");
    if (!*f) (void)snprintf(why, TASK_WHY, "%.300s: cannot be written: %s", path, strerror(errno));
    return *f ? EP_OK : EP_IO;
}

ep_status shot_table_close(FILE *f, const char *name, char why[TASK_WHY])
{
    bool bad = ferror(f) != 0;
    bad = fclose(f) != 0 || bad;
    if (bad) (void)snprintf(why, TASK_WHY, "the table of %s cannot be written", name);
    return bad ? EP_IO : EP_OK;
}

static ep_status rasters(const shot_machine *m, const char *dir, char why[TASK_WHY])
{
    static const char *const series[3] = {"network, training trial", "error module, training trial", "network, test trial"};
    FILE *f;
    const shot_spec *s = m->t->spec;
    int longer = s->s.T > s->T_test ? s->s.T : s->T_test, wide = s->s.n_rec > s->n_mod ? s->s.n_rec : s->n_mod;
    float *z = malloc((size_t)longer * (size_t)wide * sizeof *z);
    ep_status st = z ? shot_table_open(m->t, dir, "raster", &f, why) : EP_NOMEM;
    if (st != EP_OK) {
        free(z);
        return st;
    }
    fprintf(f, "# series\tt\tneuron\n");
    for (int k = 0; st == EP_OK && k < 3; k++) {
        int N = k == 1 ? s->n_mod : s->s.n_rec, T = k == 2 ? s->T_test : s->s.T;
        st = opt_e2_record(m->e, k, 0, z, (size_t)T * (size_t)N);
        for (int t = 0; st == EP_OK && t < T; t++)
            for (int j = 0; j < N; j++)
                if (z[(size_t)t * (size_t)N + (size_t)j] > 0.0F) fprintf(f, "%s\t%d\t%d\n", series[k], t + 1, j);
    }
    free(z);
    ep_status closed = shot_table_close(f, "rasters", why);
    return st == EP_OK ? closed : st;
}

static ep_status signals(const shot_machine *m, const char *dir, char why[TASK_WHY])
{
    enum { SHOWN = 5 };
    FILE *f;
    int T = m->t->spec->s.T, N = m->t->spec->s.n_rec;
    float *L = malloc((size_t)T * (size_t)N * sizeof *L);
    ep_status st = L ? shot_table_open(m->t, dir, "signal", &f, why) : EP_NOMEM;
    if (st != EP_OK) {
        free(L);
        return st;
    }
    fprintf(f, "# series\tt\tL\n");
    st = opt_e2_record(m->e, 3, 0, L, (size_t)T * (size_t)N);
    for (int k = 0; st == EP_OK && k < SHOWN && k < N; k++)
        for (int t = 0; t < T; t++) fprintf(f, "neuron %d\t%d\t%.6g\n", k, t + 1, (double)L[(size_t)t * (size_t)N + (size_t)k]);
    free(L);
    ep_status closed = shot_table_close(f, "learning signals", why);
    return st == EP_OK ? closed : st;
}

static void put_ways(FILE *f, const shot_machine *m, const shot_outcome *r, const char *set, uint64_t n, const shot_score *s)
{
    for (int k = 0; k < r->ways; k++) {
        fprintf(f, "%s\t", r->way[k]);
        if (m->t->kind->official) fprintf(f, "%s\t", set);
        fprintf(f, "%llu\t", (unsigned long long)n);
        if (isnan(r->eta[k])) fprintf(f, "-\t");
        else fprintf(f, "%g\t", r->eta[k]);
        fprintf(f, "%.6g\t", s[k].measure);
        if (m->t->kind->other) fprintf(f, "%.6g\t", s[k].other);
        fprintf(f, "%.6g\t%.3f\t%ld\n", s[k].E, s[k].measure / s[SHOT_STILL].measure, r->iterations);
    }
}

static ep_status comparison(const shot_machine *m, const shot_outcome *r, const char *dir, char why[TASK_WHY])
{
    const shot_kind *k = m->t->kind;
    FILE *f;
    ep_status st = shot_table_open(m->t, dir, "unseen", &f, why);
    if (st != EP_OK) return st;
    fprintf(f, "# way\t%s%s\teta\t%s\t%s%sloss\tshare\titerations\n", k->official ? "set\t" : "", k->episodes, k->measure, k->other ? k->other : "",
            k->other ? "\t" : "");
    put_ways(f, m, r, "unseen", (uint64_t)m->t->spec->unseen, r->unseen);
    if (r->n_official) put_ways(f, m, r, "official", r->n_official, r->official);
    return shot_table_close(f, "the comparison", why);
}

/* Held-out measures of DIR/curve.csv, which the runs before a resumed one have written too. */
static ep_status curve(const shot_machine *m, const char *dir, char why[TASK_WHY])
{
    enum { LOSS_COLUMNS = 7 };
    char path[4096], row[512];
    FILE *in, *f;
    ep_status st = shot_table_open(m->t, dir, "curve", &f, why);
    if (st != EP_OK) return st;
    in = snprintf(path, sizeof path, "%s/curve.csv", dir) < (int)sizeof path ? fopen(path, "r") : NULL;
    fprintf(f, "# series\tseed\titeration\t%s\n", m->t->kind->measure);
    while (in && fgets(row, sizeof row, in)) {
        const char *at = row;
        for (int k = 0; at && k < LOSS_COLUMNS; k++) at = (at = strchr(at, ',')) ? at + 1 : NULL;
        if (at && *row >= '0' && *row <= '9' && *at != ',' && *at != '\n')
            fprintf(f, "e-prop 2\t%llu\t%ld\t%.6g\n", (unsigned long long)m->t->seed, strtol(row, NULL, 10), strtod(at, NULL));
    }
    if (in) (void)fclose(in);
    return shot_table_close(f, "the curve", why);
}

ep_status shot_write(shot_machine *m, const shot_outcome *r, const char *dir, char why[TASK_WHY])
{
    shot_score s;
    ep_status st = comparison(m, r, dir, why);
    if (st == EP_OK) st = curve(m, dir, why);
    if (st == EP_OK && m->t->kind->report) st = m->t->kind->report(m, dir, why);
    if (st == EP_OK) st = shot_run(m, TASK_TEST, 0, 1, false, &s); /* its spikes stay for what follows */
    if (st == EP_OK) st = rasters(m, dir, why);
    if (st == EP_OK) st = signals(m, dir, why);
    return st;
}
