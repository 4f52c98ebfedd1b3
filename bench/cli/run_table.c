/* run_table.c: what a run says: medians, paired ratios to the first subject of each case, errors.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "run.h"
#include "run_task.h"

/* Rounds in which both were measured. One thread: processor time, which other work on the machine disturbs less than the wall
 * clock; several: the wall clock. Training that never reached its stop rule has no time to it. */
static int pairs(const plan *p, const char *id, const char *base, const char *label, double *a, double *b, bench_sample *last)
{
    int n = 0;
    bool wall = strchr(label, '@') != NULL;
    for (int r = 0; r < p->rounds && r < MOST_ROUNDS; r++) {
        bool have_a = false, have_b = false;
        for (int k = 0; k < p->all.n; k++) {
            const bench_sample *s = &p->all.s[k];
            if (s->round != r || strcmp(s->id, id) != 0 || s->reps < 0) continue;
            if (strcmp(s->subject, base) == 0) a[n] = wall ? s->seconds : s->cpu, have_a = true;
            if (strcmp(s->subject, label) == 0) b[n] = wall ? s->seconds : s->cpu, have_b = true, *last = *s;
        }
        n += have_a && have_b;
    }
    return n;
}

static bool valid(const plan *p, const cli_group *g)
{
    double a[MOST_ROUNDS], b[MOST_ROUNDS];
    bench_sample s;
    int n = pairs(p, g->id, g->subject[0], "again", a, b, &s);
    bench_interval r = bench_ratio(a, b, n, p->seed);
    return n >= 4 && r.low <= 1 && r.high >= 1;
}

/* The ratio as text and as columns; "-" where it is not claimed. */
static void claim(bool ok, bench_interval r, char text[64], char columns[64])
{
    snprintf(text, 64, "-");
    snprintf(columns, 64, "-\t-\t-");
    if (!ok || isnan(r.mid)) return;
    snprintf(text, 64, "%.3g [%.3g, %.3g]", 1 / r.mid, 1 / r.high, 1 / r.low);
    snprintf(columns, 64, "%.3g\t%.3g\t%.3g", 1 / r.mid, 1 / r.high, 1 / r.low);
}

static void write_group(plan *p, const cli_group *g, FILE *tsv)
{
    double a[MOST_ROUNDS], b[MOST_ROUNDS];
    bool ok = valid(p, g);
    if (!ok) p->noisy = true;
    printf("%s%s\n", g->id, ok ? "" : "   (A/A pair invalid: no ratio is claimed)");
    for (int k = 0; k < cli_subjects(g); k++) {
        bench_sample s = {0};
        int n = pairs(p, g->id, g->subject[0], g->subject[k], a, b, &s);
        char text[64], columns[64], flips[24] = "-";
        if (n == 0) {
            printf("  %-14s no sample\n", g->subject[k]);
            continue;
        }
        claim(ok, bench_ratio(a, b, n, p->seed), text, columns);
        if (s.flips >= 0) snprintf(flips, sizeof flips, "%.0f", s.flips);
        printf("  %-14s %11.4g s   %-26s error %-9.2g flips %-4s outliers %d of %d\n", g->subject[k], bench_median(b, n), text, s.error, flips,
               bench_outliers(b, n), n);
        fprintf(tsv, "%s\t%s\t%.6g\t%s\t%.3g\t%s\t%.1f\t%d\t%d\n", g->id, g->subject[k], bench_median(b, n), columns, s.error, flips, s.peak_mb,
                bench_outliers(b, n), n);
    }
}

/* Time to the stop rule: iterations too, and how many of the seeds reached it. */
static void write_task(plan *p, const cli_group *g, FILE *tsv)
{
    double a[MOST_ROUNDS], b[MOST_ROUNDS], its[MOST_ROUNDS];
    bool ok = valid(p, g);
    if (!ok) p->noisy = true;
    printf("%s%s\n", g->id, ok ? "" : "   (A/A pair invalid: no ratio is claimed)");
    for (int k = 0; k < cli_subjects(g); k++) {
        bench_sample s = {0};
        int runs = 0, reached = 0, n = pairs(p, g->id, g->subject[0], g->subject[k], a, b, &s);
        double own[MOST_ROUNDS], error = 0;
        for (int i = 0; i < p->all.n && reached < MOST_ROUNDS; i++) {
            const bench_sample *q = &p->all.s[i];
            if (strcmp(q->id, g->id) != 0 || strcmp(q->subject, g->subject[k]) != 0) continue;
            runs++;
            error = fmax(error, q->error);
            if (q->reps < 0) continue;
            own[reached] = q->seconds;
            its[reached++] = (double)q->reps;
        }
        char text[64], columns[64], time[32] = "-", iterations[32] = "-";
        claim(ok && n == runs && runs > 0, bench_ratio(a, b, n, p->seed), text, columns);
        if (reached) snprintf(time, sizeof time, "%.4g", bench_median(own, reached));
        if (reached) snprintf(iterations, sizeof iterations, "%.4g", bench_median(its, reached));
        printf("  %-20s %9s s   %-26s %s iterations, stop rule met in %d of %d runs, error %.2g\n", g->subject[k], time, text, iterations, reached, runs, error);
        if (runs) fprintf(tsv, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%.3g\n", g->id, g->subject[k], time, columns, iterations, reached, runs, error);
    }
}

static int write_table(plan *p, const char *name, const char *head, bool task)
{
    char path[4096], tmp[4200];
    cli_group g;
    bool any = false;
    for (int k = 0; cli_group_at(p, k, &g); k++) any = any || bench_is_task(g.id) == task;
    if (!any) return CLI_OK;
    if ((size_t)snprintf(path, sizeof path, "%s/data/%s.tsv", p->dir, name) >= sizeof path) return cli_failed(EP_IO, "the path is too long");
    snprintf(tmp, sizeof tmp, "%s.tmp", path);
    FILE *f = fopen(tmp, "w");
    if (f) fprintf(f, "# %s\n", head);
    for (int k = 0; f && cli_group_at(p, k, &g); k++) {
        if (bench_is_task(g.id) != task) continue;
        if (task) write_task(p, &g, f);
        else write_group(p, &g, f);
    }
    bool bad = !f || ferror(f);
    if (f) bad = fclose(f) != 0 || bad;
    if (bad || rename(tmp, path) != 0) {
        (void)remove(tmp);
        return cli_failed(EP_IO, "cannot write a table in data/");
    }
    return CLI_OK;
}

/* The stopwatch's share of the measurement in which it is largest; times that a program says of itself are not ours to judge. */
static void write_harness(const plan *p)
{
    bench_cost c = bench_harness_cost();
    double most = 0;
    for (int k = 0; k < p->all.n; k++) {
        const bench_sample *s = &p->all.s[k];
        if (s->reps < 1 || !(s->seconds > 0) || bench_is_task(s->id) || strncmp(s->subject, "peer:", 5) == 0) continue;
        most = fmax(most, (c.repetition + c.measurement / (double)s->reps) / s->seconds);
    }
    if (most > 0)
        printf("stopwatch: %.1f ns a repetition, %.0f ns a measurement: at most %.2g %% of what was measured\n", 1e9 * c.repetition, 1e9 * c.measurement, 100 * most);
}

int cli_write_tables(plan *p)
{
    int rc = write_table(p, "speed", "case\tsubject\tseconds\ttimes_faster\tlow\thigh\terror\tflips\tpeak_mb\toutliers\trounds", false);
    if (rc == CLI_OK) rc = write_table(p, "task_time", "case\trule\tseconds\ttimes_faster\tlow\thigh\titerations\treached\truns\terror", true);
    if (rc == CLI_OK) write_harness(p);
    if (rc == CLI_OK && p->all.clock_back)
        fprintf(stderr, "eprop-bench: the clock went back %d times during the run; times are measured by a clock that does not\n", p->all.clock_back);
    return rc;
}
