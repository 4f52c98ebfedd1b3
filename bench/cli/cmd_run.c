/* cmd_run.c: a suite into a run directory: fresh processes in balanced random order, an A/A pair in every group.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"
#include "run_task.h"

static const char usage[] =
    "usage: eprop-bench run [SUITE] --out DIR [OPTION]...\n"
    "  SUITE          gradient (default), forward, reference, fixed, all of these; port; peer; task (time to the stop rule, minutes)\n"
    "  --port NAME=COMMAND   a port for suite port: a shared object NAME.so, or a program that speaks lines (verify/PROTOCOL.md)\n"
    "  --peer NAME=COMMAND   a program that is started with a vector file and prints its time and gradient (bench/peers/README.md),\n"
    "                 beside the subjects of suites gradient and port, and first in suite peer\n"
    "  --level L      quick (default) or full: the paper's largest networks too\n"
    "  --only TEXT    cases whose name has TEXT\n"
    "  --rounds N     measurements of each subject (default 6; of a task: seeds); --work S seconds of each (default 0.05)\n"
    "  --resume       go on where a run into DIR was stopped\n"
    "  --cpu N        the processor to stay on (default: the last one; -1: any)   --seed N   of orders and intervals (default 1)\n"
    "Each round measures every subject of a case in a fresh process, in random order, the first subject twice: if those two differ\n"
    "(their ratio's interval leaves out 1), the machine was too noisy, and no ratio of that case is claimed (exit 3).\n"
    "A result that is wrong, by more than half the digits of its format, is a failure (exit 1), however fast; integers must be those of\n"
    "the reference's slow model. What is not there is said once and left out.\n";

/* The k-th measurement of a round: the subjects, then the first again under the name "again". */
static const char *name_of(const cli_group *g, int k) { return k < cli_subjects(g) ? g->subject[k] : g->subject[0]; }
static const char *label_of(const cli_group *g, int k) { return k < cli_subjects(g) ? g->subject[k] : "again"; }

static bool done_before(const plan *p, const char *id, const char *label, int round)
{
    for (int k = 0; k < p->all.n; k++) {
        const bench_sample *s = &p->all.s[k];
        if (s->round == round && strcmp(s->subject, label) == 0 && strcmp(s->id, id) == 0) return true;
    }
    return false;
}

/* CLI_FAILED: the result is wrong; CLI_NOTIMPL: the subject lacks the case; both were said, and it is not asked again. */
static int measure_one(plan *p, bench_spawn *a, const cli_group *g, int k, int round, int place)
{
    char why[BENCH_WHY] = "";
    bench_sample s;
    if (done_before(p, g->id, label_of(g, k), round)) return CLI_OK;
    a->command = cli_command(p, g, name_of(g, k));
    ep_status st = bench_spawn_run(a, g->id, name_of(g, k), round, &s, why);
    if (st == EP_NOTIMPL) {
        fprintf(stderr, "eprop-bench: %s: left out: %s\n", g->id, why);
        return CLI_NOTIMPL;
    }
    if (st != EP_OK) return cli_failed(st, why);
    snprintf(s.subject, sizeof s.subject, "%s", label_of(g, k));
    s.order = place;
    if (!cli_right(&s, name_of(g, k), why)) {
        fprintf(stderr, "eprop-bench: %s; not recorded\n", why);
        return CLI_FAILED;
    }
    st = bench_sample_append(p->file, &p->all, &s, why);
    return st == EP_OK ? CLI_OK : cli_failed(st, why);
}

static int measure_group(plan *p, const cli_group *g, int done, int all)
{
    char why[BENCH_WHY] = "";
    bench_case c;
    bench_truth t = {0};
    bool task = bench_is_task(g->id);
    bench_spawn a = {.program = cli_self(), .dir = p->dir, .work = p->work, .cpu = p->cpu, .seed = p->seed, .timeout = task ? 3600 : 600};
    int n = cli_subjects(g) + 1, order[CLI_SUBJECTS + 1], rc = CLI_OK;
    bool given_up[CLI_SUBJECTS + 1] = {false};
    ep_status st = task ? EP_OK : bench_case_parse(g->id, &c, why);
    if (st == EP_OK && !task) st = bench_truth_get(&c, p->dir, &t, why);
    if (st != EP_OK) return cli_failed(st, why);
    bench_truth_free(&t);
    for (int r = 0; rc == CLI_OK && r < p->rounds; r++) {
        cli_progress(g->id, done * p->rounds + r, all * p->rounds);
        cli_order(p->seed, r, n, order);
        for (int k = 0; rc == CLI_OK && k < n; k++) {
            int code = given_up[order[k]] ? CLI_OK : measure_one(p, &a, g, order[k], r, k);
            given_up[order[k]] = given_up[order[k]] || code == CLI_FAILED || code == CLI_NOTIMPL;
            p->wrong = p->wrong || code == CLI_FAILED;
            if (code != CLI_FAILED && code != CLI_NOTIMPL) rc = code;
        }
    }
    return rc;
}

static int start(plan *p, int argc, char **argv)
{
    char why[BENCH_WHY] = "", path[4096];
    long cut = 0;
    ep_status s = bench_dir_open(p->dir, p->resume, why);
    if (s == EP_OK) s = bench_samples_read(p->dir, &p->all, &cut, why);
    if (s == EP_OK) s = bench_manifest_write(p->dir, argc, argv, p->seed, why);
    if (s != EP_OK) return cli_failed(s, why);
    snprintf(path, sizeof path, "%s/samples.jsonl", p->dir);
    if (access(path, F_OK) == 0 && truncate(path, cut) != 0) return cli_failed(EP_IO, "samples.jsonl: cannot cut its broken last line");
    p->file = fopen(path, "ab");
    return p->file ? CLI_OK : cli_failed(EP_IO, "samples.jsonl: cannot write");
}

static int set(plan *p, int o, const char *text)
{
    double v;
    switch (o) {
    case 'l':
        if (strcmp(text, "quick") != 0 && strcmp(text, "full") != 0) return cli_usage("--level: found '%s', expected quick or full", text);
        p->full = strcmp(text, "full") == 0;
        return CLI_OK;
    case 'o': p->dir = text; return CLI_OK;
    case 'O': p->only = text; return CLI_OK;
    case 'R': p->resume = true; return CLI_OK;
    case 'P': return cli_guest_add(p, "port:", text);
    case 'E': return cli_guest_add(p, "peer:", text);
    case 'r':
        if (!cli_number(text, 4, MOST_ROUNDS, &v)) return cli_usage("--rounds: found '%s', expected 4 to %d", text, MOST_ROUNDS);
        p->rounds = (int)v;
        return CLI_OK;
    case 'w': return cli_number(text, 0, 60, &p->work) ? CLI_OK : cli_usage("--work: found '%s', expected 0 to 60 seconds", text);
    case 'c':
        if (!cli_number(text, -1, 1023, &v)) return cli_usage("--cpu: found '%s', expected a processor's number, or -1 for any", text);
        p->cpu = (int)v;
        return CLI_OK;
    case 's':
        if (!cli_number(text, 0, 9e15, &v)) return cli_usage("--seed: found '%s', expected a whole number", text);
        p->seed = (uint64_t)v;
        return CLI_OK;
    default: return CLI_USAGE;
    }
}

static int parse(int argc, char **argv, plan *p)
{
    static const struct option options[] = {
        {"level", required_argument, NULL, 'l'}, {"out", required_argument, NULL, 'o'}, {"rounds", required_argument, NULL, 'r'},
        {"work", required_argument, NULL, 'w'}, {"resume", no_argument, NULL, 'R'}, {"cpu", required_argument, NULL, 'c'},
        {"seed", required_argument, NULL, 's'}, {"only", required_argument, NULL, 'O'}, {"port", required_argument, NULL, 'P'},
        {"peer", required_argument, NULL, 'E'}, {"help", no_argument, NULL, 'h'}, {0}};
    cli_group g;
    for (int o; (o = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (o == 'h') return fputs(usage, stdout) < 0 ? CLI_MACHINE : CLI_SHOWN;
        int rc = set(p, o, optarg);
        if (rc != CLI_OK) return rc;
    }
    if (optind < argc) p->suite = argv[optind++];
    if (optind < argc) return cli_usage("found '%s' after the suite, expected nothing", argv[optind]);
    if (!p->dir) return cli_usage("run: expected --out DIR; see eprop-bench run --help");
    if (!cli_suite_known(p->suite)) return cli_usage("found suite '%s', expected gradient, forward, reference, fixed, all, port, peer or task", p->suite);
    if (cli_group_at(p, 0, &g)) return CLI_OK;
    return p->only ? cli_usage("--only: found no case with '%s' in suite %s", p->only, p->suite) : cli_usage("suite %s: expected --port or --peer NAME=COMMAND", p->suite);
}

int cmd_run(int argc, char **argv)
{
    plan p = {.suite = "gradient", .rounds = 6, .cpu = cli_cpu(), .work = 0.05, .seed = 1};
    cli_group g;
    int rc = parse(argc, argv, &p), all = 0;
    if (rc != CLI_OK) return rc == CLI_SHOWN ? CLI_OK : rc;
    rc = start(&p, argc, argv);
    while (cli_group_at(&p, all, &g)) all++;
    for (int k = 0; rc == CLI_OK && cli_group_at(&p, k, &g); k++) rc = measure_group(&p, &g, k, all);
    cli_progress_end();
    if (rc == CLI_OK) rc = cli_write_tables(&p);
    if (p.file) fclose(p.file);
    bench_samples_free(&p.all);
    if (rc != CLI_OK) return rc;
    return p.wrong ? CLI_FAILED : p.noisy ? CLI_MACHINE : CLI_OK;
}
