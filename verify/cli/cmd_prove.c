/* eprop-verify prove.
 * SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "outfile.h"
#include "prove.h"

typedef struct options {
    vfy_prove_args a;
    const char *json, *out;
    bool done; /* help was printed */
} options;

static void print_help(void)
{
    printf("usage: eprop-verify prove [OPTION]...\n\n"
           "Proves that BPTT and the e-prop factorization sum_t L e are the same gradient, and what becomes of it in windows:\n"
           "exact with exact seeds for all that crosses a boundary, off by what is left out otherwise.\n\n"
           "  --model M       lif, alif, lsnn, lstm, rate, synaptic or all (default all)\n"
           "  --evidence E    letters of ABCDE (default ABCDE):\n"
           "                    A algebraic identity in two prime fields   B certified enclosures\n"
           "                    C precision scaling from 24 to 1024 bits   D independent routes\n"
           "                    E external truth\n"
           "  --level L       quick (default) or full\n"
           "  --threads N     threads, 1 to 64 (default: all processors)\n"
           "  --json FILE     the same results for machines\n"
           "  --out DIR       prove.json and the data of the report's figures\n"
           "  --help          this text\n\n"
           "Exit code: 0 all holds, 1 something does not, 2 usage, 4 a comparison was vacuous, 5 undecided.\n");
}

static bool parse_models(const char *s, vfy_prove_args *a)
{
    ep_model m;
    bool all = !strcmp(s, "all");
    if (!all && !ep_model_parse(s, &m)) return false;
    for (int k = 0; k < EP_N_MODEL; k++) a->model[k] = all || k == (int)m;
    return true;
}

static bool parse_evidence(const char *s, vfy_prove_args *a)
{
    size_t n = 0;
    if (!*s || strspn(s, "ABCDE") != strlen(s)) return false;
    for (const char *e = "ABCDE"; *e; e++)
        if (strchr(s, *e)) a->evidence[n++] = *e;
    a->evidence[n] = '\0';
    return true;
}

static int parse(int argc, char **argv, options *o)
{
    static const struct option longs[] = {{"model", 1, 0, 'm'}, {"evidence", 1, 0, 'e'}, {"level", 1, 0, 'l'},
                                          {"threads", 1, 0, 't'}, {"json", 1, 0, 'j'}, {"out", 1, 0, 'o'},
                                          {"help", 0, 0, 'h'}, {0, 0, 0, 0}};
    long n;
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":", longs, NULL)) != -1;) {
        if (c == 'm' && !parse_models(optarg, &o->a))
            return cli_usage("--model: found '%.40s', expected lif, alif, lsnn, lstm, rate, synaptic or all", optarg);
        if (c == 'e' && !parse_evidence(optarg, &o->a))
            return cli_usage("--evidence: found '%.40s', expected letters of ABCDE", optarg);
        if (c == 'l') {
            if (strcmp(optarg, "quick") && strcmp(optarg, "full"))
                return cli_usage("--level: found '%.40s', expected quick or full", optarg);
            o->a.level = strcmp(optarg, "full") ? VFY_QUICK : VFY_FULL;
        }
        if (c == 't') {
            if (!cli_number(optarg, 1, 64, &n)) return cli_usage("--threads: found '%.40s', expected 1 to 64", optarg);
            o->a.threads = (int)n;
        }
        if (c == 'j') o->json = optarg;
        if (c == 'o') o->out = optarg;
        if (c == 'h') {
            print_help();
            o->done = true;
            return CLI_HOLDS;
        }
        if (c == '?') return cli_usage("prove: found '%.60s', expected an option of `prove --help`", argv[optind - 1]);
        if (c == ':') return cli_usage("prove: %.60s: expected a value", argv[optind - 1]);
    }
    if (optind < argc) return cli_usage("prove: found '%.60s', expected no further argument", argv[optind]);
    return CLI_HOLDS;
}

static int write_results(const options *o, const vfy_results *r, vfy_cost cost)
{
    char err[512] = "", path[4096];
    ep_status st = EP_OK;
    if (o->json) st = vfy_prove_write_json(o->json, r, &o->a, cost, err, sizeof err);
    if (st == EP_OK && o->out) st = vfy_prove_write_data(o->out, &o->a, err, sizeof err);
    if (st == EP_OK && o->out) {
        if ((size_t)snprintf(path, sizeof path, "%s/prove.json", o->out) >= sizeof path) st = EP_DOMAIN;
        else st = vfy_prove_write_json(path, r, &o->a, cost, err, sizeof err);
    }
    cli_progress_end();
    return st == EP_OK ? CLI_HOLDS : cli_usage("%s", *err ? err : ep_status_name(st));
}

int cmd_prove(int argc, char **argv)
{
    vfy_results r = {0};
    vfy_progress progress = cli_progress();
    options o = {.a = {.evidence = "ABCDE", .threads = cli_threads(), .progress = &progress}};
    char err[512] = "";
    for (int m = 0; m < EP_N_MODEL; m++) o.a.model[m] = true;
    int code = parse(argc, argv, &o);
    if (code != CLI_HOLDS || o.done) return code;
    if (o.out && vfy_make_dir(o.out, err, sizeof err) != EP_OK) return cli_usage("%s", err);
    double start = cli_seconds();
    ep_status st = vfy_prove(&o.a, &r);
    cli_progress_end();
    if (st != EP_OK) {
        vfy_results_clear(&r);
        return cli_status(st, "prove");
    }
    vfy_cost cost = {cli_seconds() - start, cli_peak_rss_mb()};
    vfy_prove_print(stdout, &r, &o.a, isatty(STDOUT_FILENO) == 1);
    st = vfy_prove_print_distances(stdout, &o.a);
    printf("\n%zu comparisons: %s; %.1f s, %.0f MB\n", r.n, vfy_verdict_name(vfy_results_worst(&r)), cost.seconds, cost.peak_rss_mb);
    if (st != EP_OK) {
        vfy_results_clear(&r);
        return cli_status(st, "distances");
    }
    code = write_results(&o, &r, cost);
    if (code == CLI_HOLDS) code = cli_verdict(vfy_results_worst(&r));
    vfy_results_clear(&r);
    return code;
}
