/* bench-wordlength: how many bits does e-prop need? Word lengths of 4 to 24 bits for weights, traces and membrane, one at a time:
 * cosine of the gradient to the exact one, numbers that leave their range, and what training reaches.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eprop.h"
#include "word.h"

enum { N_WHOLE = 5, N_ROUNDING = 3 };

static const int lengths[] = {4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 24};
enum { N_LENGTH = sizeof lengths / sizeof *lengths };

/* The first two are trained too: floor pushes weights and traces to one side, which the gradient shows already. */
enum { N_TRAINED = 2 };
static const char *const rounding_name[N_ROUNDING] = {"nearest-even", "stochastic", "floor"};
static const fix_rounding rounding_of[N_ROUNDING] = {FIX_NEAREST_EVEN, FIX_STOCHASTIC, FIX_FLOOR};

typedef struct options {
    const char *dir;
    int networks, seeds, iterations;
    word_group first, last;
    double eta;
} options;

/* One word: group, rounding, bits before and behind the point (the sign is one of bits). */
typedef struct word {
    word_group group;
    int rounding, bits, frac;
} word;

typedef struct gradient_score {
    double forced, least, full; /* cosine to the exact gradient with the core's spikes: mean and least; to the unquantised network's */
    double lost, rate;          /* numbers outside their range of all written; spikes a step and neuron */
} gradient_score;

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool score(const options *o, word w, gradient_score *out)
{
    *out = (gradient_score){.least = 1};
    uint64_t events = 0, values = 0;
    for (int k = 0; k < o->networks; k++) {
        word_task t, q;
        word_core core;
        word_trial trial;
        static double exact[WORD_REC][WORD_M];
        word_task_make((uint64_t)k, &t);
        fix_profile p = word_profile(w.group, w.bits, w.frac, rounding_of[w.rounding]);
        bool ok = word_core_open(&core, &t, w.group, &p, 0, (uint64_t)k);
        if (ok) {
            q = t;
            word_core_weights(&core, &q);
            word_core_run(&core, &trial);
            word_real_gradient(&q, (const unsigned char(*)[WORD_REC])trial.z, exact);
            double c = word_cosine(trial.G, exact);
            out->forced += c / o->networks;
            out->least = fmin(out->least, c);
            word_real_gradient(&t, NULL, exact);
            out->full += word_cosine(trial.G, exact) / o->networks;
            out->rate += trial.spikes / (double)(WORD_T * WORD_REC) / o->networks;
            events += trial.events + (w.group == WORD_WEIGHTS ? (uint64_t)core.clipped : 0);
            values += trial.values;
        }
        word_core_close(&core);
        if (!ok) return false;
    }
    out->lost = (double)events / (double)values;
    return true;
}

/* Loss after training, of one seed; *lost: part of the updates' weights or the trials' numbers outside their range. */
static bool train(const options *o, word w, int seed, double *loss, double *lost)
{
    word_task t;
    word_core core;
    word_trial trial;
    word_task_make((uint64_t)(1000 + seed), &t);
    fix_profile p = word_profile(w.group, w.bits, w.frac, rounding_of[w.rounding]);
    bool ok = word_core_open(&core, &t, w.group, &p, o->eta, (uint64_t)seed);
    uint64_t events = 0, values = 0;
    *loss = 0;
    for (int k = 0; ok && k < o->iterations; k++) {
        word_core_run(&core, &trial);
        fix_update(core.s);
        events += trial.events;
        values += trial.values;
        if (k >= o->iterations - 10) *loss += trial.nmse / fmin(10, o->iterations);
    }
    *lost = (double)events / (double)(values + !values);
    word_core_close(&core);
    return ok;
}

static bool train_all(const options *o, word w, double *median, double *low, double *high, double *lost)
{
    double loss[64], part;
    *lost = 0;
    for (int k = 0; k < o->seeds; k++) {
        if (!train(o, w, k, &loss[k], &part)) return false;
        *lost += part / o->seeds;
    }
    qsort(loss, (size_t)o->seeds, sizeof *loss, compare);
    *low = loss[0];
    *high = loss[o->seeds - 1];
    *median = (loss[(o->seeds - 1) / 2] + loss[o->seeds / 2]) / 2;
    return true;
}

static void progress(const char *what, double done)
{
    if (isatty(STDERR_FILENO)) fprintf(stderr, "\r\033[K%-24s %3.0f %%", what, 100 * done);
}

/* The tables: every split of every word, and for each word the split whose gradients point best, trained. */
typedef struct tables {
    FILE *split, *best;
} tables;

/* Traces leave the spikes as they are; weights and membrane change them, so the unquantised network is the measure. */
static double judged(word w, const gradient_score *s) { return w.group == WORD_TRACES ? s->forced : s->full; }

static bool sweep_word(const options *o, const tables *t, word w)
{
    gradient_score s, best = {0};
    double median, low, high, lost;
    int best_frac = -1;
    const char *g = word_group_name[w.group], *r = rounding_name[w.rounding];
    for (int whole = 0; whole < N_WHOLE; whole++) {
        w.frac = w.bits - 1 - whole;
        if (w.frac < 0 || !score(o, w, &s)) continue;
        fprintf(t->split, "%s, %d bits, %s\t%d\t%.6f\t%.6f\t%.6f\t%.6f\t%.3g\t%.4f\n", g, w.bits, r, whole, judged(w, &s), s.forced, s.least, s.full,
                s.lost, s.rate);
        if (best_frac >= 0 && judged(w, &s) <= judged(w, &best)) continue;
        best = s;
        best_frac = w.frac;
    }
    w.frac = best_frac;
    if (best_frac < 0) return false;
    fprintf(t->best, "%s, %s\t%d\t%d\t%.6f\t%.3g\t", g, r, w.bits, best_frac, judged(w, &best), best.lost);
    if (w.rounding >= N_TRAINED) fputs("-\t-\t-\t-\n", t->best);
    else if (!train_all(o, w, &median, &low, &high, &lost)) return false;
    else fprintf(t->best, "%.6f\t%.6f\t%.6f\t%.3g\n", median, low, high, lost);
    return fflush(t->best) == 0 && fflush(t->split) == 0;
}

static bool sweep(const options *o, const tables *t)
{
    fprintf(t->split, "# series whole cosine cosine_forced cosine_least cosine_full out_of_range spike_rate\n");
    fprintf(t->best, "# series bits frac cosine out_of_range nmse nmse_low nmse_high out_of_range_training\n");
    word w;
    int done = 0, all = (int)(o->last - o->first + 1) * N_ROUNDING * N_LENGTH;
    for (w.group = o->first; w.group <= o->last; w.group++)
        for (w.rounding = 0; w.rounding < N_ROUNDING; w.rounding++)
            for (int k = 0; k < N_LENGTH; k++) {
                w.bits = lengths[k];
                progress(word_group_name[w.group], done++ / (double)all);
                if (!sweep_word(o, t, w)) return false;
            }
    progress("done", 1);
    if (isatty(STDERR_FILENO)) fputc('\n', stderr);
    return true;
}

/* DIR/NAME, opened for writing; the folder is made. */
static FILE *table(const char *dir, const char *name)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path) return NULL;
    return fopen(path, "w");
}

static bool manifest(const options *o, const char *dir)
{
    FILE *f = table(dir, "manifest.json");
    if (!f) return false;
    fprintf(f, "{\"program\": \"bench-wordlength\", \"version\": \"%s\", \"networks\": %d, \"seeds\": %d, \"iterations\": %d, \"eta\": %g, \"n_in\": %d, \"n_rec\": %d, \"T\": %d}\n",
            EP_VERSION, o->networks, o->seeds, o->iterations, o->eta, WORD_IN, WORD_REC, WORD_T);
    return fclose(f) == 0;
}

static bool folder(const char *path) { return mkdir(path, 0777) == 0 || errno == EEXIST; }

/* Written beside DIR and renamed: a run that was stopped leaves DIR.tmp. */
static bool run(const options *o)
{
    char tmp[4096], data[4096 + 8];
    if (snprintf(tmp, sizeof tmp, "%s.tmp", o->dir) >= (int)sizeof tmp) return false;
    (void)snprintf(data, sizeof data, "%s/data", tmp);
    if (!folder(tmp) || !folder(data)) return false;
    tables t = {table(data, "wordlength_splits.tsv"), table(data, "wordlength.tsv")};
    bool ok = t.split && t.best && sweep(o, &t) && manifest(o, tmp);
    if (t.split && fclose(t.split) != 0) ok = false;
    if (t.best && fclose(t.best) != 0) ok = false;
    return ok && rename(tmp, o->dir) == 0;
}

static bool whole_number(const char *text, int most, int *out)
{
    char *end;
    long v = strtol(text, &end, 10);
    if (end == text || *end || v < 1 || v > most) return false;
    *out = (int)v;
    return true;
}

static bool choose(const char *name, options *o)
{
    for (int g = 0; g < WORD_N_GROUP; g++)
        if (strcmp(name, word_group_name[g]) == 0) {
            o->first = o->last = (word_group)g;
            return true;
        }
    return false;
}

static int usage(FILE *f)
{
    fprintf(f, "usage: bench-wordlength --out DIR [--group G] [--networks N] [--seeds N] [--iterations N]\n\n"
               "Sweeps the word length of weights, traces and membrane from %d to %d bits, one at a time, in a pattern-generation\n"
               "network of %d neurons. DIR becomes a run directory with data/wordlength.tsv and data/wordlength_splits.tsv.\n"
               "  --group G       weights, traces or membrane alone\n  --networks N    gradients a row (5)\n  --seeds N       trainings a row (3)\n  --iterations N  updates a training (200)\n\n"
               "Exit codes: 0 success, 2 usage, 3 disk or memory\n", lengths[0], lengths[N_LENGTH - 1], WORD_REC);
    return f == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
    static const struct option names[] = {{"out", 1, 0, 'o'}, {"group", 1, 0, 'g'}, {"networks", 1, 0, 'n'}, {"seeds", 1, 0, 's'}, {"iterations", 1, 0, 'i'}, {"help", 0, 0, 'h'}, {0, 0, 0, 0}};
    options o = {.last = WORD_N_GROUP - 1, .networks = 5, .seeds = 3, .iterations = 200, .eta = 1e-4};
    int c;
    while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
        bool ok = c == 'o' || c == 'h' || (c == 'g' && choose(optarg, &o)) || (c == 'n' && whole_number(optarg, 1000, &o.networks)) || (c == 's' && whole_number(optarg, 64, &o.seeds)) ||
                  (c == 'i' && whole_number(optarg, 100000, &o.iterations));
        if (c == 'h') return usage(stdout);
        if (c == 'o') o.dir = optarg;
        if (!ok) return usage(stderr);
    }
    if (optind < argc || !o.dir) return usage(stderr);
    struct stat there;
    if (stat(o.dir, &there) == 0) {
        fprintf(stderr, "bench-wordlength: %s: found something there, expected a name that is free\n", o.dir);
        return 2;
    }
    if (run(&o)) return 0;
    fprintf(stderr, "bench-wordlength: %s: %s\n", o.dir, strerror(errno));
    return 3;
}
