/* eprop-train arm.
 * SPDX-License-Identifier: MIT */
#include "arm_cli.h"

#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "arm.h"
#include "ending.h"

static const char usage[] =
    "usage: eprop-train arm [options]\n"
    "\n"
    "e-prop 2: an outer loop trains a network and an error module so that one update, driven by the module's learning signals, suffices to\n"
    "learn a movement of a two-joint arm. At the end, movements never seen are learnt from one trial each and compared with what no update,\n"
    "e-prop 1 and one BPTT step of the same network reach.\n"
    "\n"
    "  --variant V          paper (default: 400 + 300 neurons, 500 steps, batch 100), small (80 + 60, 250 steps, batch 20)\n"
    "  --seed N             of weights and movements (default 1)\n"
    "  --iterations N       of the outer loop\n"
    "  --set NAME=VALUE     any number of the description; repeatable (--list shows all)\n"
    "  --out DIR            manifest.json, curve.csv, summary.json, data/arm_*.tsv; created if missing\n"
    "  --json FILE          the summary as JSON\n"
    "  --checkpoint FILE    written at the end, on SIGINT and SIGTERM, and every --checkpoint-every iterations\n"
    "  --checkpoint-every N default 20\n"
    "  --resume             go on from --checkpoint, bit for bit\n"
    "  --threads N          default: all processors; results do not depend on it\n"
    "  --quiet              no progress, no summary\n"
    "  --list               every number of the description\n"
    "\n"
    "exit codes: 0 done; 1 the training diverged; 2 usage or bad input; 3 the machine failed (disk, memory)\n";

typedef struct line {
    arm_spec spec;
    arm_options o;
    const char *variant, *json;
    long seed;
    bool quiet, list;
    char why[TASK_WHY];
} line;

enum { O_VARIANT = 256, O_SEED, O_ITERATIONS, O_SET, O_OUT, O_JSON, O_CHECKPOINT, O_EVERY, O_RESUME, O_THREADS, O_QUIET, O_LIST, O_HELP };

static const struct option table[] = {
    {"variant", 1, NULL, O_VARIANT}, {"seed", 1, NULL, O_SEED}, {"iterations", 1, NULL, O_ITERATIONS}, {"set", 1, NULL, O_SET},
    {"out", 1, NULL, O_OUT}, {"json", 1, NULL, O_JSON}, {"checkpoint", 1, NULL, O_CHECKPOINT}, {"checkpoint-every", 1, NULL, O_EVERY},
    {"resume", 0, NULL, O_RESUME}, {"threads", 1, NULL, O_THREADS}, {"quiet", 0, NULL, O_QUIET}, {"list", 0, NULL, O_LIST},
    {"help", 0, NULL, O_HELP}, {NULL, 0, NULL, 0}};

static int bad(const char *what, const char *found)
{
    fprintf(stderr, "eprop-train: arm: %s: found '%.80s'; see eprop-train arm --help\n", what, found);
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

static int set(line *l, const char *text)
{
    char name[64];
    const char *eq = strchr(text, '=');
    if (!eq || (size_t)(eq - text) >= sizeof name) return bad("--set: expected NAME=VALUE", text);
    memcpy(name, text, (size_t)(eq - text));
    name[eq - text] = '\0';
    if (arm_set(&l->spec, name, eq + 1, l->why) == EP_OK) return -1;
    fprintf(stderr, "eprop-train: --set %s\n", l->why);
    return 2;
}

static int read_one(line *l, int c, const char *text)
{
    long n;
    switch (c) {
    case O_SEED: return number(text, 0, 2147483647, &l->seed) ? -1 : bad("--seed: expected a whole number from 0 to 2147483647", text);
    case O_ITERATIONS:
        if (!number(text, 0, 1000000000, &n)) return bad("--iterations: expected a whole number from 0 to 1e9", text);
        l->spec.s.iterations = (int)n;
        return -1;
    case O_EVERY: return number(text, 0, 1000000000, &l->o.checkpoint_every) ? -1 : bad("--checkpoint-every: expected a whole number", text);
    case O_THREADS:
        if (!number(text, 1, 64, &n)) return bad("--threads: expected 1 to 64", text);
        l->o.threads = (int)n;
        return -1;
    case O_SET: return set(l, text);
    case O_OUT: l->o.out = text; return -1;
    case O_JSON: l->json = text; return -1;
    case O_CHECKPOINT: l->o.checkpoint = text; return -1;
    case O_RESUME: l->o.resume = true; return -1;
    case O_QUIET: l->quiet = true; return -1;
    case O_LIST: l->list = true; return -1;
    default: return -1;
    }
}

static int known_variant(const char *v)
{
    for (const char *const *k = arm_variants; *k; k++)
        if (strcmp(*k, v) == 0) return -1;
    return bad("--variant: expected paper or small", v);
}

static int read_line(int argc, char **argv, line *l)
{
    int c, code;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    *l = (line){.variant = arm_variants[0], .seed = 1, .o = {.checkpoint_every = 20}};
    l->o.threads = processors < 1 ? 1 : processors > 64 ? 64 : (int)processors;
    opterr = 0;
    optind = 2;
    while ((c = getopt_long(argc, argv, ":h", table, NULL)) != -1) { /* the variant first: the rest changes its numbers */
        if (c == O_HELP || c == 'h') return fputs(usage, stdout) < 0 ? 3 : 0;
        if (c == '?' || c == ':') return bad("bad option or missing value", argv[optind - 1]);
        if (c == O_VARIANT) l->variant = optarg;
    }
    if (optind < argc) return bad("expected no further argument", argv[optind]);
    if ((code = known_variant(l->variant)) >= 0) return code;
    arm_describe(l->variant, &l->spec);
    optind = 2;
    while ((c = getopt_long(argc, argv, ":h", table, NULL)) != -1)
        if ((code = read_one(l, c, optarg)) >= 0) return code;
    if (l->o.resume && !l->o.checkpoint) return bad("--resume: expected --checkpoint FILE", "");
    l->o.iterations = l->spec.s.iterations;
    return -1;
}

static void list_numbers(const line *l)
{
    char value[64];
    printf("arm, variant %s\n", l->variant);
    for (size_t n = 0; n < arm_own_count(); n++) {
        const char *name = arm_own_get(&l->spec, n, value, sizeof value);
        printf("  %-16s %s\n", name, value);
    }
    for (size_t n = 0; n < task_spec_count(); n++) {
        const char *name = task_spec_get(&l->spec.s, n, value, sizeof value);
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

static void print_results(const line *l, const arm_outcome *r)
{
    struct rusage u = {0};
    (void)getrusage(RUSAGE_SELF, &u);
    printf("arm %s, eprop2, %s, seed %ld\n", l->variant, r->what, l->seed);
    printf(r->end == TASK_SIGNAL ? "stopped by a signal after %ld iterations\n" : "ended after %ld iterations\n", r->iterations);
    printf("last loss %.6g, regularisers %.4g; rates %.4f, %.4f, %.4f spikes a step; update |eta dW| / |W| %.3g\n", r->last.loss, r->last.loss_reg,
           r->facts.rate[0], r->facts.rate[1], r->facts.rate[2], r->facts.update);
    for (int k = 0; r->end == TASK_ENDED && k < ARM_N_WAY; k++)
        printf("  %-22s hand %.5f m^2 (%.0f %% of no update), velocity %.4f%s\n", arm_way_names[k], r->unseen[k].hand,
               100.0 * r->unseen[k].hand / r->unseen[ARM_STILL].hand, r->unseen[k].vel, k == ARM_TAUGHT ? "   <- one trial, learnt to learn" : "");
    printf("time %.1f s, engine %.1f s; engine's memory %.1f MB, peak %.1f MB\n", r->total, r->engine, (double)r->bytes / 1e6, (double)u.ru_maxrss / 1024.0);
}

static json_t *real(double v) { return isfinite(v) ? json_real(v) : json_null(); }

static int write_summary(const line *l, const arm_outcome *r, const char *path)
{
    json_t *ways = json_array();
    for (int k = 0; r->end == TASK_ENDED && k < ARM_N_WAY; k++)
        (void)json_array_append_new(ways, json_pack("{s:s, s:o, s:o, s:o, s:o}", "way", arm_way_names[k], "eta", real(r->eta[k]), "hand_mse",
                                                    real(r->unseen[k].hand), "velocity_mse", real(r->unseen[k].vel), "loss", real(r->unseen[k].E)));
    json_t *root = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:o, s:o, s:o, s:i, s:o}", "task", "arm", "variant", l->variant, "rule", "eprop2", "engine",
                             r->what, "seed", (json_int_t)l->seed, "iterations", (json_int_t)r->iterations, "end",
                             r->end == TASK_DIVERGED ? "diverged" : r->end == TASK_SIGNAL ? "signal" : "ended", "last_loss", real(r->last.loss), "seconds",
                             real(r->total), "engine_seconds", real(r->engine), "unseen_movements", l->spec.unseen, "unseen", ways);
    int bad_write = !root || json_dump_file(root, path, JSON_INDENT(1)) != 0;
    json_decref(root);
    if (bad_write) fprintf(stderr, "eprop-train: %s: cannot be written\n", path);
    return bad_write ? 3 : 0;
}

static int report(const line *l, const arm_outcome *r)
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
    const task_kind kind = {.name = "arm"};
    const task t = {.kind = &kind, .variant = l->variant, .spec = l->spec.s, .seed = (uint64_t)l->seed};
    task_train_options o = {.rule = EP_EPROP2, .threads = l->o.threads, .out = l->o.out};
    (void)snprintf(o.engine.name, sizeof o.engine.name, "fast:f32");
    ep_status st = task_write_manifest(&t, &o, argc, argv, l->why);
    return st == EP_OK ? 0 : cli_failed(st, l->why);
}

int arm_main(int argc, char **argv, const volatile sig_atomic_t *stop)
{
    line l;
    arm_outcome r;
    int code = read_line(argc, argv, &l);
    if (code >= 0) return code;
    if (l.list) {
        list_numbers(&l);
        return 0;
    }
    if (arm_check(&l.spec, l.why) != EP_OK) return cli_failed(EP_DOMAIN, l.why);
    code = prepare_out(&l, argc, argv);
    if (code) return code;
    bool bar = !l.quiet && isatty(STDERR_FILENO);
    l.o.stop = stop;
    l.o.see = bar ? see : NULL;
    l.o.user = &l;
    ep_status st = arm_train(&l.spec, (uint64_t)l.seed, l.variant, &l.o, &r, l.why);
    if (bar) fprintf(stderr, "\r\033[K");
    return st == EP_OK ? report(&l, &r) : cli_failed(st, l.why);
}
