/* run_task.c: training until a task's stop rule holds, as one measurement: eprop-train, and what its summary says.
 *
 *   case     task/TASK/SIZE: a line of the table below    subject  RULE[:ENGINE]    seed  1 + round
 *
 * The error is 1 - cosine between the engine's and the reference's gradient of the first batch; the time is the whole training's,
 * held-out trials included, without that comparison and without writing files. A run that ends without the rule held has reps = - its iterations.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run_task.h"

enum { MOST_ARGS = 40, PATH = 4200 };

/* The stop rule is a line of the description: held-out error below stop_below, asked for every valid_every iterations. */
static const struct { const char *id, *task; const char *set[10]; } sizes[] = {
    {"task/store-recall/small", "store-recall",
     {"T=1200", "batch=32", "iterations=150", "valid_every=2", "valid_trials=64", "stop_below=0.05", "test_trials=0"}},
    {"task/evidence/small", "evidence", {"T=1500", "batch=32", "iterations=150", "valid_every=5", "test_trials=0"}},
};

bool bench_is_task(const char *id) { return strncmp(id, "task/", 5) == 0; }

static int find(const char *id)
{
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
        if (strcmp(sizes[k].id, id) == 0) return (int)k;
    return -1;
}

/* Runs it with its output thrown away; stderr is passed on. */
static ep_status train(const char *const argv[], char why[BENCH_WHY])
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0) _exit(127);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) return EP_OK;
    bench_say(why, "%.300s: %s %d", argv[0], WIFEXITED(status) ? "exit" : "signal", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    return WIFEXITED(status) && WEXITSTATUS(status) == 2 ? EP_DOMAIN : EP_IO;
}

static double number(const json_t *o, const char *key) { return json_is_number(json_object_get(o, key)) ? json_number_value(json_object_get(o, key)) : (double)NAN; }

static ep_status read_summary(const char *dir, bench_sample *out, char why[BENCH_WHY])
{
    char path[PATH];
    json_error_t e;
    snprintf(path, sizeof path, "%.4000s/summary.json", dir);
    json_t *o = json_load_file(path, 0, &e);
    double total = number(o, "seconds"), done = number(o, "iterations"), at = number(o, "stopped_at");
    static const char *const apart[] = {"check", "files"};
    for (int k = 0; k < 2; k++) total -= fmax(0, number(json_object_get(o, "phases"), apart[k]));
    out->peak_mb = number(o, "peak_rss_mb");
    json_decref(o);
    if (!(total > 0) || !(done >= 0)) return bench_say(why, "%.400s: found no seconds or iterations", path), EP_FORMAT;
    out->seconds = out->cpu = total;
    out->reps = isnan(at) ? -(long)done : (long)at;
    return EP_OK;
}

/* The first row of the curve: columns 9 and 11, cosine to the reference and spikes that differ. */
static ep_status read_check(const char *dir, bench_sample *out, char why[BENCH_WHY])
{
    char path[PATH], line[1024];
    double cosine = (double)NAN, flips = (double)NAN;
    snprintf(path, sizeof path, "%.4000s/curve.csv", dir);
    FILE *f = fopen(path, "r");
    bool row = f && fgets(line, sizeof line, f) && fgets(line, sizeof line, f);
    char *at = line;
    for (int c = 1; row && at; c++) {
        char *comma = strchr(at, ',');
        if (c == 9) cosine = strtod(at, NULL);
        if (c == 11) flips = strtod(at, NULL);
        at = comma ? comma + 1 : NULL;
    }
    if (f) (void)fclose(f);
    if (!(cosine > -2)) return bench_say(why, "%.400s: found no cosine in its first row", path), EP_FORMAT;
    out->error = 1 - cosine > 0 ? 1 - cosine : 0;
    out->flips = flips;
    return EP_OK;
}

static void clean(const char *dir)
{
    static const char *const names[] = {"summary.json", "manifest.json", "curve.csv", "data/output.tsv", "data/spikes.tsv", "data/neurons.tsv", "data"};
    char path[PATH];
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        snprintf(path, sizeof path, "%.4000s/%s", dir, names[k]);
        (void)remove(path);
    }
    (void)rmdir(dir);
}

ep_status bench_task_measure(const char *id, const bench_how *how, int round, bench_sample *out, char why[BENCH_WHY])
{
    char rule[BENCH_SUBJECT], seed[24], dir[] = "/tmp/eprop-bench-task-XXXXXX";
    const char *argv[MOST_ARGS];
    struct timespec now;
    int k = find(id), n = 0;
    if (k < 0) return bench_say(why, "found case '%.80s', expected %s or %s", id, sizes[0].id, sizes[1].id), EP_DOMAIN;
    if (!how->command) return bench_say(why, "%s: expected --command, the path of eprop-train", id), EP_DOMAIN;
    if (!mkdtemp(dir)) return bench_say(why, "%s: cannot be made: %s", dir, strerror(errno)), EP_IO;
    snprintf(rule, sizeof rule, "%s", how->subject);
    char *engine = strchr(rule, ':');
    if (engine) *engine++ = '\0';
    snprintf(seed, sizeof seed, "%d", round + 1);
    const char *const fixed[] = {how->command, sizes[k].task, "--rule", rule, "--seed", seed, "--threads", "1", "--check", "100000", "--quiet", "--out", dir};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) argv[n++] = fixed[i];
    for (int i = 0; sizes[k].set[i]; i++) argv[n++] = "--set", argv[n++] = sizes[k].set[i];
    if (engine) argv[n++] = "--engine", argv[n++] = engine;
    argv[n] = NULL;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    *out = (bench_sample){.at = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec, .flips = -1};
    snprintf(out->id, sizeof out->id, "%s", id);
    snprintf(out->subject, sizeof out->subject, "%s", how->subject);
    ep_status st = train(argv, why);
    if (st == EP_OK) st = read_summary(dir, out, why);
    if (st == EP_OK) st = read_check(dir, out, why);
    clean(dir);
    return st;
}
