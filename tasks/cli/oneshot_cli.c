/* eprop-train TASK for the tasks of e-prop 2.
 * SPDX-License-Identifier: MIT */
#include "oneshot_cli.h"

#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ending.h"
#include "oneshot.h"

static const char options[] =
    "  --seed N             of weights and episodes (default 1)\n"
    "  --iterations N       of the outer loop\n"
    "  --set NAME=VALUE     any number of the description; repeatable (--list shows all)\n"
    "  --out DIR            manifest.json, curve.csv, summary.json, data/%s_*.tsv; created if missing\n"
    "  --json FILE          the summary as JSON\n"
    "  --checkpoint FILE    written at the end, on SIGINT and SIGTERM, and every --checkpoint-every iterations\n"
    "  --checkpoint-every N default 20\n"
    "  --resume             go on from --checkpoint, bit for bit\n"
    "  --check N            every N iterations the outer gradient of one episode beside the reference's (seconds to minutes each)\n"
    "  --threads N          default: all processors; results do not depend on it\n"
    "  --quiet              no progress, no summary\n"
    "  --list               every number of the description\n"
    "\n"
    "exit codes: 0 done; 1 the training diverged; 2 usage or bad input; 3 the machine failed (disk, memory)\n";

static int help(const shot_kind *kind)
{
    int done = printf("usage: eprop-train %s [options]\n\n%s", kind->name, kind->about);
    return done < 0 || printf(options, kind->name) < 0 ? 3 : 0;
}

typedef struct line {
    const shot_kind *kind;
    shot_spec *spec;
    shot_options o;
    const char *variant, *json, *data, *runs;
    long seed;
    bool quiet, list;
    task_team team;
    char why[TASK_WHY];
} line;

enum { O_VARIANT = 256, O_SEED, O_ITERATIONS, O_SET, O_OUT, O_JSON, O_CHECKPOINT, O_EVERY, O_CHECK, O_RESUME, O_THREADS, O_QUIET, O_LIST, O_WAY, O_DATA, O_RUNS, O_HELP };

static const struct option table[] = {
    {"variant", 1, NULL, O_VARIANT}, {"seed", 1, NULL, O_SEED}, {"iterations", 1, NULL, O_ITERATIONS}, {"set", 1, NULL, O_SET},
    {"out", 1, NULL, O_OUT}, {"json", 1, NULL, O_JSON}, {"checkpoint", 1, NULL, O_CHECKPOINT}, {"checkpoint-every", 1, NULL, O_EVERY},
    {"check", 1, NULL, O_CHECK}, {"resume", 0, NULL, O_RESUME}, {"threads", 1, NULL, O_THREADS}, {"quiet", 0, NULL, O_QUIET}, {"list", 0, NULL, O_LIST},
    {"way", 1, NULL, O_WAY}, {"data", 1, NULL, O_DATA}, {"runs", 1, NULL, O_RUNS}, {"help", 0, NULL, O_HELP}, {NULL, 0, NULL, 0}};

static int bad(const line *l, const char *what, const char *found)
{
    fprintf(stderr, "eprop-train: %s: %s: found '%.80s'; see eprop-train %s --help\n", l->kind->name, what, found, l->kind->name);
    return 2;
}

static bool number(const char *text, long lo, long hi, long *out)
{
    char *end;
    long v = strtol(text, &end, 10);
    if (end == text || *end || v < lo || v > hi) return false;
    *out = v;
    return true;
}

static int set_number(line *l, const char *name, const char *value)
{
    if (shot_set(l->kind, l->spec, name, value, l->why) == EP_OK) return -1;
    fprintf(stderr, "eprop-train: --set %s\n", l->why);
    return 2;
}

static int set(line *l, const char *text)
{
    char name[64];
    const char *eq = strchr(text, '=');
    if (!eq || (size_t)(eq - text) >= sizeof name) return bad(l, "--set: expected NAME=VALUE", text);
    memcpy(name, text, (size_t)(eq - text));
    name[eq - text] = '\0';
    return set_number(l, name, eq + 1);
}

static int read_one(line *l, int c, const char *text)
{
    long n;
    switch (c) {
    case O_SEED: return number(text, 0, 2147483647, &l->seed) ? -1 : bad(l, "--seed: expected a whole number from 0 to 2147483647", text);
    case O_ITERATIONS:
        if (!number(text, 0, 1000000000, &n)) return bad(l, "--iterations: expected a whole number from 0 to 1e9", text);
        l->spec->s.iterations = (int)n;
        return -1;
    case O_EVERY: return number(text, 0, 1000000000, &l->o.checkpoint_every) ? -1 : bad(l, "--checkpoint-every: expected a whole number", text);
    case O_CHECK: return number(text, 0, 1000000000, &l->o.check_every) ? -1 : bad(l, "--check: expected a whole number", text);
    case O_THREADS:
        if (!number(text, 1, 64, &n)) return bad(l, "--threads: expected 1 to 64", text);
        l->o.threads = (int)n;
        return -1;
    case O_SET: return set(l, text);
    case O_WAY: return set_number(l, "way", text);
    case O_DATA: l->data = text; return -1;
    case O_RUNS: l->runs = text; return -1;
    case O_OUT: l->o.out = text; return -1;
    case O_JSON: l->json = text; return -1;
    case O_CHECKPOINT: l->o.checkpoint = text; return -1;
    case O_RESUME: l->o.resume = true; return -1;
    case O_QUIET: l->quiet = true; return -1;
    case O_LIST: l->list = true; return -1;
    default: return -1;
    }
}

static int known_variant(const line *l)
{
    for (const char *const *k = l->kind->variants; *k; k++)
        if (strcmp(*k, l->variant) == 0) return -1;
    return bad(l, "--variant: expected paper or small", l->variant);
}

static int read_line(int argc, char **argv, line *l)
{
    int c, code;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    l->variant = l->kind->variants[0];
    l->seed = 1;
    l->o.checkpoint_every = 20;
    l->o.threads = processors < 1 ? 1 : processors > 64 ? 64 : (int)processors;
    opterr = 0;
    optind = 2;
    while ((c = getopt_long(argc, argv, ":h", table, NULL)) != -1) { /* the variant first: the rest changes its numbers */
        if (c == O_HELP || c == 'h') return help(l->kind);
        if (c == '?' || c == ':') return bad(l, "bad option or missing value", argv[optind - 1]);
        if (c == O_VARIANT) l->variant = optarg;
    }
    if (optind < argc) return bad(l, "expected no further argument", argv[optind]);
    if ((code = known_variant(l)) >= 0) return code;
    l->spec = shot_describe(l->kind, l->variant);
    if (!l->spec) return cli_failed(EP_NOMEM, "");
    optind = 2;
    while ((c = getopt_long(argc, argv, ":h", table, NULL)) != -1)
        if ((code = read_one(l, c, optarg)) >= 0) return code;
    if (l->o.resume && !l->o.checkpoint) return bad(l, "--resume: expected --checkpoint FILE", "");
    l->o.iterations = l->spec->s.iterations;
    return -1;
}

static void list_numbers(const line *l)
{
    char value[64];
    const char *name;
    printf("%s, variant %s\n", l->kind->name, l->variant);
    for (size_t n = 0; (name = shot_get(l->kind, l->spec, n, value, sizeof value)); n++) printf("  %-16s %s\n", name, value);
    for (size_t n = 0; n < task_spec_count(); n++) {
        name = task_spec_get(&l->spec->s, n, value, sizeof value);
        printf("  %-16s %s\n", name, value);
    }
}

static void see(void *user, const task_point *p, double left)
{
    static double last;
    const line *l = user;
    double now = task_now();
    if (now - last < 0.2) return;
    last = now;
    fprintf(stderr, "\r\033[K%ld/%ld loss %.4g, regularisers %.3g, rate %.3g, %.0f s left", p->iteration + 1, l->o.iterations, p->loss, p->loss_reg, p->rate, left);
    (void)fflush(stderr);
}

/* ---- results --------------------------------------------------------------------------------------------------------- */

static void print_ways(const line *l, const shot_outcome *r, const char *title, uint64_t n, const shot_score *s)
{
    char text[128];
    printf("%s: %llu %s\n", title, (unsigned long long)n, l->kind->episodes);
    for (int k = 0; k < r->ways; k++) {
        l->kind->say(&s[k], &s[SHOT_STILL], text, sizeof text);
        printf("  %-22s %s%s\n", r->way[k], text, k == SHOT_TAUGHT ? "   <- one trial, learnt to learn" : "");
    }
}

static void print_results(const line *l, const shot_outcome *r)
{
    struct rusage u = {0};
    (void)getrusage(RUSAGE_SELF, &u);
    printf("%s %s, eprop2, %s, seed %ld\n", l->kind->name, l->variant, r->what, l->seed);
    printf(r->end == TASK_SIGNAL ? "stopped by a signal after %ld iterations\n" : "ended after %ld iterations\n", r->iterations);
    if (!isnan(r->last.loss)) /* else it had nothing left to do */
        printf("last loss %.6g, regularisers %.4g; rates %.4f, %.4f, %.4f spikes a step; update |eta dW| / |W| %.3g\n", r->last.loss, r->last.loss_reg,
               r->facts.rate[0], r->facts.rate[1], r->facts.rate[2], r->facts.update);
    if (r->checks)
        printf("%ld checks by the reference: r %.3g of the rounding allowed, cosine %.9f; a spike differed in %ld\n", r->checks, r->check_r, r->check_cosine, r->flipped);
    if (r->end == TASK_ENDED) print_ways(l, r, "never seen", (uint64_t)l->spec->unseen, r->unseen);
    if (r->end == TASK_ENDED && r->n_official) print_ways(l, r, "official runs", r->n_official, r->official);
    printf("time %.1f s: engine %.1f s while training, comparison %.1f s; engine's memory %.1f MB, peak %.1f MB\n", r->total, r->engine, r->compared,
           (double)r->bytes / 1e6, (double)u.ru_maxrss / 1024.0);
}

static json_t *real(double v) { return isfinite(v) ? json_real(v) : json_null(); }

static json_t *ways(const line *l, const shot_outcome *r, const shot_score *s)
{
    json_t *list = json_array();
    for (int k = 0; k < r->ways; k++) {
        json_t *way = json_pack("{s:s, s:o, s:o, s:o}", "way", r->way[k], "eta", real(r->eta[k]), l->kind->measure, real(s[k].measure), "loss", real(s[k].E));
        if (l->kind->other) (void)json_object_set_new(way, l->kind->other, real(s[k].other));
        (void)json_array_append_new(list, way);
    }
    return list;
}

static int write_summary(const line *l, const shot_outcome *r, const char *path)
{
    char count[64];
    (void)snprintf(count, sizeof count, "unseen_%s", l->kind->episodes);
    json_t *root = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:o, s:o, s:o, s:i, s:o}", "task", l->kind->name, "variant", l->variant, "rule", "eprop2",
                             "engine", r->what, "seed", (json_int_t)l->seed, "iterations", (json_int_t)r->iterations, "end",
                             r->end == TASK_DIVERGED ? "diverged" : r->end == TASK_SIGNAL ? "signal" : "ended", "last_loss", real(r->last.loss), "seconds",
                             real(r->total), "engine_seconds", real(r->engine), count, l->spec->unseen, "unseen", ways(l, r, r->unseen));
    if (r->checks) (void)json_object_set_new(root, "checks", json_pack("{s:I, s:I, s:o, s:o}", "done", (json_int_t)r->checks, "spike_differed", (json_int_t)r->flipped,
                                                                      "r", real(r->check_r), "cosine", real(r->check_cosine)));
    if (r->n_official) (void)json_object_set_new(root, "official", ways(l, r, r->official));
    int bad_write = !root || json_dump_file(root, path, JSON_INDENT(1)) != 0;
    json_decref(root);
    if (bad_write) fprintf(stderr, "eprop-train: %s: cannot be written\n", path);
    return bad_write ? 3 : 0;
}

static int report(const line *l, const shot_outcome *r)
{
    char path[4096];
    int code = l->json ? write_summary(l, r, l->json) : 0;
    if (code == 0 && l->o.out && snprintf(path, sizeof path, "%s/summary.json", l->o.out) < (int)sizeof path) code = write_summary(l, r, path);
    if (code) return code;
    if (!l->quiet) print_results(l, r);
    if (r->end != TASK_DIVERGED) return 0;
    fprintf(stderr, "eprop-train: training diverged at iteration %ld: loss or gradient is not finite%s\n", r->iterations,
            l->o.checkpoint ? "; the last checkpoint is kept" : "");
    return 1;
}

static int prepare_out(line *l, int argc, char **argv)
{
    if (!l->o.out) return 0;
    int code = cli_make_folders(l->o.out);
    if (code) return code;
    const task_kind kind = {.name = l->kind->name};
    const task t = {.kind = &kind, .variant = l->variant, .spec = l->spec->s, .seed = (uint64_t)l->seed, .data_dir = l->data};
    task_train_options o = {.rule = EP_EPROP2, .threads = l->o.threads, .out = l->o.out};
    (void)snprintf(o.engine.name, sizeof o.engine.name, "fast:f32");
    ep_status st = task_write_manifest(&t, &o, argc, argv, l->why);
    return st == EP_OK ? 0 : cli_failed(st, l->why);
}

static bool leads(const line *l) { return l->team.rank == 0; }

/* Rank 0 says what all met. */
static int failed(const line *l, ep_status st) { return leads(l) || *l->why ? cli_failed(st, l->why) : cli_exit_code(st); }

/* Ends the run of a task that is open. */
static int train(line *l, const shot_task *t, int argc, char **argv)
{
    shot_outcome r;
    int code = leads(l) ? prepare_out(l, argc, argv) : 0;
    bool bar = leads(l) && !l->quiet && isatty(STDERR_FILENO);
    task_team_most(&l->team, &code, 1);
    if (code) return code;
    l->o.see = bar ? see : NULL;
    l->o.user = l;
    l->o.team = l->team.size > 1 ? &l->team : NULL;
    ep_status st = shot_train(t, &l->o, &r, l->why);
    if (bar) fprintf(stderr, "\r\033[K");
    if (st != EP_OK) {
        if (!leads(l)) l->why[0] = '\0';
        return failed(l, st);
    }
    return leads(l) ? report(l, &r) : r.end == TASK_DIVERGED;
}

static int run(line *l, int argc, char **argv)
{
    shot_task t = {.kind = l->kind, .variant = l->variant, .spec = l->spec, .seed = (uint64_t)l->seed, .data_dir = l->data, .official_dir = l->runs};
    ep_status st = shot_check(l->kind, l->spec, l->why);
    if (st == EP_OK) st = shot_open(&t, l->why);
    if (st != EP_OK && !leads(l)) l->why[0] = '\0'; /* all fail alike */
    if (st != EP_OK) return failed(l, st == EP_IO ? EP_DOMAIN : st); /* data that are not there: bad input */
    int code = train(l, &t, argc, argv);
    shot_close(&t);
    return code;
}

static int with_team(line *l, int argc, char **argv)
{
    if (!task_team_join(&argc, &argv, &l->team)) {
        fprintf(stderr, "eprop-train: found %d processes of mpirun, expected one: this program was built without MPI\n", task_team_started());
        return 2;
    }
    int code = run(l, argc, argv);
    task_team_leave(&l->team);
    return code;
}

int oneshot_main(const struct shot_kind *kind, int argc, char **argv, const volatile sig_atomic_t *stop)
{
    line l = {.kind = kind};
    int code = read_line(argc, argv, &l);
    if (code < 0 && l.list) {
        shot_settle(kind, l.spec);
        list_numbers(&l);
        code = 0;
    }
    l.o.stop = stop;
    if (code < 0) code = with_team(&l, argc, argv);
    free(l.spec);
    return code;
}
