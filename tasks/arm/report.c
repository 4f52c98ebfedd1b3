/* Tables for figures: paths, rasters and learning signals of one unseen movement; the comparison.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arm.h"

static ep_status open_table(const char *dir, const char *name, FILE **f, char why[TASK_WHY])
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/data/%s.tsv", dir, name) >= (int)sizeof path) return EP_IO;
    *f = fopen(path, "w");
    if (!*f) (void)snprintf(why, TASK_WHY, "%.300s: cannot be written: %s", path, strerror(errno));
    return *f ? EP_OK : EP_IO;
}

static ep_status close_table(FILE *f, const char *name, char why[TASK_WHY])
{
    bool bad = ferror(f) != 0;
    bad = fclose(f) != 0 || bad;
    if (bad) (void)snprintf(why, TASK_WHY, "%s.tsv: cannot be written", name);
    return bad ? EP_IO : EP_OK;
}

static void put_path(FILE *f, const char *series, int T, const double *hand)
{
    for (int t = 0; t < T; t++) fprintf(f, "%s\t%d\t%.6g\t%.6g\n", series, t + 1, hand[2 * t], hand[2 * t + 1]);
}

static ep_status paths(arm_machine *m, const char *dir, char why[TASK_WHY])
{
    static const char *const series[2] = {"before learning", "after one trial"};
    FILE *f;
    arm_loss l;
    int T = m->spec->s.T;
    double *hand = malloc(2 * (size_t)T * sizeof *hand);
    ep_status st = hand ? open_table(dir, "arm_path", &f, why) : EP_NOMEM;
    if (st != EP_OK) {
        free(hand);
        return st;
    }
    fprintf(f, "# series\tt\tx\ty\n");
    for (int k = 0; st == EP_OK && k < 2; k++) { /* the taught one last: its spikes stay for the rasters */
        st = arm_run(m, TASK_TEST, 0, 1, k == 0, &l);
        if (k == 0) put_path(f, "target", T, m->path[0].hand);
        arm_follow(m->spec, m->y, hand);
        put_path(f, series[k], T, hand);
    }
    free(hand);
    ep_status closed = close_table(f, "arm_path", why);
    return st == EP_OK ? closed : st;
}

static ep_status rasters(const arm_machine *m, const char *dir, char why[TASK_WHY])
{
    static const char *const series[3] = {"network, training trial", "error module, training trial", "network, test trial"};
    FILE *f;
    int T = m->spec->s.T, wide = m->spec->s.n_rec > m->spec->n_mod ? m->spec->s.n_rec : m->spec->n_mod;
    float *z = malloc((size_t)T * (size_t)wide * sizeof *z);
    ep_status st = z ? open_table(dir, "arm_raster", &f, why) : EP_NOMEM;
    if (st != EP_OK) {
        free(z);
        return st;
    }
    fprintf(f, "# series\tt\tneuron\n");
    for (int k = 0; st == EP_OK && k < 3; k++) {
        int N = k == 1 ? m->spec->n_mod : m->spec->s.n_rec;
        st = opt_e2_record(m->e, k, 0, z, (size_t)T * (size_t)N);
        for (int t = 0; st == EP_OK && t < T; t++)
            for (int j = 0; j < N; j++)
                if (z[(size_t)t * (size_t)N + (size_t)j] > 0.0F) fprintf(f, "%s\t%d\t%d\n", series[k], t + 1, j);
    }
    free(z);
    ep_status closed = close_table(f, "arm_raster", why);
    return st == EP_OK ? closed : st;
}

static ep_status signals(const arm_machine *m, const char *dir, char why[TASK_WHY])
{
    enum { SHOWN = 5 };
    FILE *f;
    int T = m->spec->s.T, N = m->spec->s.n_rec;
    float *L = malloc((size_t)T * (size_t)N * sizeof *L);
    ep_status st = L ? open_table(dir, "arm_signal", &f, why) : EP_NOMEM;
    if (st != EP_OK) {
        free(L);
        return st;
    }
    fprintf(f, "# series\tt\tL\n");
    st = opt_e2_record(m->e, 3, 0, L, (size_t)T * (size_t)N);
    for (int k = 0; st == EP_OK && k < SHOWN && k < N; k++)
        for (int t = 0; t < T; t++) fprintf(f, "neuron %d\t%d\t%.6g\n", k, t + 1, (double)L[(size_t)t * (size_t)N + (size_t)k]);
    free(L);
    ep_status closed = close_table(f, "arm_signal", why);
    return st == EP_OK ? closed : st;
}

static ep_status comparison(const arm_machine *m, const arm_outcome *r, const char *dir, char why[TASK_WHY])
{
    FILE *f;
    ep_status st = open_table(dir, "arm_unseen", &f, why);
    if (st != EP_OK) return st;
    fprintf(f, "# way\tmovements\teta\thand_mse\tvelocity_mse\tloss\tshare\titerations\n");
    for (int k = 0; k < ARM_N_WAY; k++)
        fprintf(f, "%s\t%d\t%g\t%.6g\t%.6g\t%.6g\t%.3f\t%ld\n", arm_way_names[k], m->spec->unseen, r->eta[k], r->unseen[k].hand, r->unseen[k].vel,
                r->unseen[k].E, r->unseen[k].hand / r->unseen[ARM_STILL].hand, r->iterations);
    return close_table(f, "arm_unseen", why);
}

/* Held-out errors of DIR/curve.csv, which the runs before a resumed one have written too. */
static ep_status curve(const arm_machine *m, const char *dir, char why[TASK_WHY])
{
    enum { LOSS_COLUMNS = 7 };
    char path[4096], row[512];
    FILE *in, *f;
    ep_status st = open_table(dir, "arm_curve", &f, why);
    if (st != EP_OK) return st;
    in = snprintf(path, sizeof path, "%s/curve.csv", dir) < (int)sizeof path ? fopen(path, "r") : NULL;
    fprintf(f, "# series\tseed\titeration\thand_mse\n");
    while (in && fgets(row, sizeof row, in)) {
        const char *at = row;
        for (int k = 0; at && k < LOSS_COLUMNS; k++) at = (at = strchr(at, ',')) ? at + 1 : NULL;
        if (at && *row >= '0' && *row <= '9' && *at != ',' && *at != '\n')
            fprintf(f, "e-prop 2\t%llu\t%ld\t%.6g\n", (unsigned long long)m->seed, strtol(row, NULL, 10), strtod(at, NULL));
    }
    if (in) (void)fclose(in);
    return close_table(f, "arm_curve", why);
}

ep_status arm_write(arm_machine *m, const arm_outcome *r, const char *dir, char why[TASK_WHY])
{
    ep_status st = comparison(m, r, dir, why);
    if (st == EP_OK) st = curve(m, dir, why);
    if (st == EP_OK) st = paths(m, dir, why);
    if (st == EP_OK) st = rasters(m, dir, why);
    if (st == EP_OK) st = signals(m, dir, why);
    return st;
}
