/* The command line of eprop-train.
 * SPDX-License-Identifier: MIT */
#include "options.h"

#include "oneshot.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: eprop-train TASK [options]\n"
    "       eprop-train --list [TASK] | --help | --version\n"
    "\n"
    "Trains the network of a task by a learning rule and writes its learning curve.\n"
    "\n"
    "  --variant V          a variant of the task (--list shows them)\n"
    "  --rule RULE          bptt, rtrl, eprop1-symmetric, eprop1-random (default), eprop1-adaptive, eprop1-global,\n"
    "                       tbptt, tbptt-sg, eprop3, eprop3-sg\n"
    "  --engine ENGINE      fast[:f32|f64] (default), scalar[:f64|f32], reference[:BITS], fixed:PROFILE|FILE\n"
    "  --seed N             of weights, inputs and order (default 1)\n"
    "  --iterations N       at most\n"
    "  --set NAME=VALUE     any number of the task's description; repeatable (--list TASK shows all with their values)\n"
    "  --data DIR           for tasks that read data\n"
    "  --out DIR            manifest.json, curve.csv, summary.json, data/*.tsv; created if missing\n"
    "  --json FILE          the summary as JSON\n"
    "  --checkpoint FILE    written at the end, on SIGINT and SIGTERM, and every --checkpoint-every iterations\n"
    "  --checkpoint-every N default 100\n"
    "  --resume             go on from --checkpoint, bit for bit\n"
    "  --check N            every N iterations compare the engine's gradient with the reference's, and the rule's with BPTT's\n"
    "  --compare N          the same for the rule and BPTT alone, which costs no more than a gradient\n"
    "  --threads N          default: all processors\n"
    "  --quiet              no progress bar, no summary\n"
    "\n"
    "mpirun -n K eprop-train ...: each process takes its part of every batch; the curve is that of one process but for the order of sums\n"
    "\n"
    "exit codes: 0 done; 1 the training diverged; 2 usage or bad input; 3 the machine failed (disk, memory)\n";

enum { O_VARIANT = 256, O_RULE, O_ENGINE, O_SEED, O_ITERATIONS, O_SET, O_DATA, O_OUT, O_JSON, O_CHECKPOINT, O_EVERY, O_RESUME,
       O_CHECK, O_COMPARE, O_THREADS, O_QUIET, O_LIST, O_HELP, O_VERSION };

static const struct option table[] = {
    {"variant", 1, NULL, O_VARIANT}, {"rule", 1, NULL, O_RULE}, {"engine", 1, NULL, O_ENGINE}, {"seed", 1, NULL, O_SEED},
    {"iterations", 1, NULL, O_ITERATIONS}, {"set", 1, NULL, O_SET}, {"data", 1, NULL, O_DATA}, {"out", 1, NULL, O_OUT},
    {"json", 1, NULL, O_JSON}, {"checkpoint", 1, NULL, O_CHECKPOINT}, {"checkpoint-every", 1, NULL, O_EVERY},
    {"resume", 0, NULL, O_RESUME}, {"check", 1, NULL, O_CHECK}, {"compare", 1, NULL, O_COMPARE}, {"threads", 1, NULL, O_THREADS}, {"quiet", 0, NULL, O_QUIET},
    {"list", 0, NULL, O_LIST}, {"help", 0, NULL, O_HELP}, {"version", 0, NULL, O_VERSION}, {NULL, 0, NULL, 0}};

static int bad(const char *fmt, const char *a, const char *b)
{
    fprintf(stderr, "eprop-train: ");
    fprintf(stderr, fmt, a, b);
    fprintf(stderr, "; see eprop-train --help\n");
    return 2;
}

static bool number(const char *text, long lo, long hi, long *out)
{
    char *end;
    errno = 0;
    long v = strtol(text, &end, 10);
    if (errno || end == text || *end || v < lo || v > hi) return false;
    *out = v;
    return true;
}

/* ---- --list ------------------------------------------------------------------------------------------------------- */

static int list_task(const task_kind *kind)
{
    char value[64], why[TASK_WHY];
    for (const char *const *v = kind->variants; *v; v++) {
        task t;
        if (task_describe(kind, *v, 1, &t, why) != EP_OK) return 3;
        printf("%s, variant %s%s\n", kind->name, *v, v == kind->variants ? " (default)" : "");
        for (size_t n = 0; n < task_spec_count(); n++) {
            const char *name = task_spec_get(&t.spec, n, value, sizeof value);
            printf("  %-16s %s\n", name, value);
        }
    }
    return 0;
}

static int unknown(const char *name)
{
    const char *why = task_left_out(name);
    return why ? bad("task '%s': %s", name, why) : bad("task '%s': not known, --list shows them%s", name, "");
}

static int list(const char *name)
{
    if (name) {
        const task_kind *kind = task_find(name);
        if (shot_find(name)) return bad("task '%s': its numbers are listed by eprop-train %s --list", name, name);
        return kind ? list_task(kind) : unknown(name);
    }
    for (const task_kind *const *k = task_kinds(); *k; k++) {
        printf("%-14s %s\n%14s variants:", (*k)->name, (*k)->summary, "");
        for (const char *const *v = (*k)->variants; *v; v++) printf(" %s", *v);
        printf("; measure: %s\n", (*k)->measure);
        for (int p = 0; p < TASK_MOST_PUBLISHED && (*k)->published[p].what; p++)
            printf("%14s published: %s %g by %s (%s)\n", "", (*k)->published[p].what, (*k)->published[p].value,
                   ep_rule_name((*k)->published[p].rule), (*k)->published[p].source);
    }
    for (const shot_kind *const *k = shot_kinds; *k; k++) {
        printf("%-14s %s\n%14s variants:", (*k)->name, (*k)->summary, "");
        for (const char *const *v = (*k)->variants; *v; v++) printf(" %s", *v);
        printf("; measure: %s; own options: eprop-train %s --help\n", (*k)->measure, (*k)->name);
    }
    return 0;
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

/* What must be known before the others can be read: the task is described first. */
typedef struct early { const char *name, *variant; long seed; bool list; } early;

static int read_early(int argc, char **argv, early *e)
{
    int c;
    opterr = 0;
    optind = 1;
    while ((c = getopt_long(argc, argv, "h", table, NULL)) != -1) {
        if (c == O_HELP || c == 'h') return fputs(usage, stdout) < 0 ? 3 : 0;
        if (c == O_VERSION) return puts("eprop-train " EP_VERSION) < 0 ? 3 : 0;
        if (c == '?' || c == ':') return bad("bad option or missing value: %s%s", argv[optind - 1], "");
        if (c == O_VARIANT) e->variant = optarg;
        if (c == O_LIST) e->list = true;
        if (c == O_SEED && !number(optarg, 0, INT32_MAX, &e->seed)) return bad("--seed %s: expected a whole number from 0 to 2147483647%s", optarg, "");
    }
    if (argc - optind > 1) return bad("found '%s' behind the task%s", argv[optind + 1], "");
    e->name = argv[optind];
    if (!e->list && !e->name) return bad("found no task, expected one of --list%s%s", "", "");
    return -1;
}

static int set(options *o, const char *text)
{
    char name[64];
    const char *eq = strchr(text, '=');
    if (!eq || (size_t)(eq - text) >= sizeof name) return bad("--set %s: expected NAME=VALUE%s", text, "");
    memcpy(name, text, (size_t)(eq - text));
    name[eq - text] = '\0';
    if (task_spec_set(&o->t.spec, name, eq + 1, o->why) == EP_OK) return -1;
    fprintf(stderr, "eprop-train: --set %s\n", o->why);
    return 2;
}

static int read_number(options *o, int c, const char *text)
{
    long v = 0;
    if (!number(text, c == O_THREADS ? 1 : 0, c == O_THREADS ? 64 : 1000000000, &v))
        return bad(c == O_THREADS ? "--threads %s: expected a whole number from 1 to 64%s" : "'%s': expected a whole number from 0 to 1e9%s", text, "");
    if (c == O_ITERATIONS) o->t.spec.iterations = (int)v;
    if (c == O_EVERY) o->train.checkpoint_every = v;
    if (c == O_CHECK) o->train.check_every = v;
    if (c == O_COMPARE) o->train.compare_every = v;
    if (c == O_THREADS) o->train.threads = (int)v;
    return -1;
}

static int read_one(options *o, int c, const char *text)
{
    switch (c) {
    case O_RULE: return ep_rule_parse(text, &o->train.rule) ? -1 : bad("--rule %s: not known%s", text, "");
    case O_ENGINE:
        if (task_engine_parse(text, &o->train.engine, o->why) == EP_OK) return -1;
        fprintf(stderr, "eprop-train: %s\n", o->why);
        return 2;
    case O_SET: return set(o, text);
    case O_DATA: o->t.data_dir = text; return -1;
    case O_OUT: o->train.out = text; return -1;
    case O_JSON: o->json = text; return -1;
    case O_CHECKPOINT: o->train.checkpoint = text; return -1;
    case O_RESUME: o->train.resume = true; return -1;
    case O_QUIET: o->quiet = true; return -1;
    case O_ITERATIONS:
    case O_EVERY:
    case O_CHECK:
    case O_COMPARE:
    case O_THREADS: return read_number(o, c, text);
    default: return -1;
    }
}

int options_read(int argc, char **argv, options *o)
{
    early e = {.seed = 1};
    int c, code = read_early(argc, argv, &e);
    if (code >= 0) return code;
    if (e.list) return list(e.name);
    const task_kind *kind = task_find(e.name);
    if (!kind) return unknown(e.name);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    *o = (options){.train = {.rule = EP_EPROP1_RANDOM, .checkpoint_every = 100, .threads = processors < 1 ? 1 : processors > 64 ? 64 : (int)processors}};
    if (task_describe(kind, e.variant, (uint64_t)e.seed, &o->t, o->why) != EP_OK || task_engine_parse("fast", &o->train.engine, o->why) != EP_OK) {
        fprintf(stderr, "eprop-train: %s\n", o->why);
        return 2;
    }
    optind = 1;
    while ((c = getopt_long(argc, argv, "h", table, NULL)) != -1)
        if ((code = read_one(o, c, optarg)) >= 0) return code;
    if (o->train.resume && !o->train.checkpoint) return bad("--resume: expected --checkpoint FILE%s%s", "", "");
    return -1;
}
