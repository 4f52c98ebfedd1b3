/* eprop-verify eprop2: the outer gradient of e-prop 2.
 * SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "eprop2_evidence.h"
#include "prove.h"

typedef struct options {
    vfy_e2_task t;
    const char *out;
    bool slips, done;
} options;

static void print_help(void)
{
    printf("usage: eprop-verify eprop2 [OPTION]...\n\n"
           "e-prop 2 updates a network once, by learning signals of a second network, and trains both by the gradient through\n"
           "that update. Proves that the hand-written adjoint of this gradient, second-order terms included, is right.\n\n"
           "  --evidence E    letters of ABCD (default ABCD):\n"
           "                    A adjoint = tape = tangents in two prime fields, and in rationals   B certified enclosures\n"
           "                    C precision scaling from 24 to 1024 bits   D independent routes, central differences\n"
           "  --level L       quick (default) or full: more networks\n"
           "  --slips         instead: seed each slip and print which evidence sees it\n"
           "  --out DIR       the tables of the report: evidence, precision, what second-order terms are worth, slips\n"
           "  --help          this text\n\n"
           "Exit code: 0 all holds, 1 something does not, 2 usage, 4 a comparison was vacuous, 5 undecided.\n");
}

static int parse(int argc, char **argv, options *o)
{
    static const struct option longs[] = {{"evidence", 1, 0, 'e'}, {"level", 1, 0, 'l'}, {"slips", 0, 0, 's'},
                                          {"out", 1, 0, 'o'}, {"help", 0, 0, 'h'}, {0, 0, 0, 0}};
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":", longs, NULL)) != -1;) {
        if (c == 'e') {
            if (!*optarg || strlen(optarg) > 4 || strspn(optarg, "ABCD") != strlen(optarg))
                return cli_usage("--evidence: found '%.40s', expected letters of ABCD", optarg);
            (void)snprintf(o->t.evidence, sizeof o->t.evidence, "%s", optarg);
        }
        if (c == 'l') {
            if (strcmp(optarg, "quick") && strcmp(optarg, "full"))
                return cli_usage("--level: found '%.40s', expected quick or full", optarg);
            o->t.level = strcmp(optarg, "full") ? VFY_QUICK : VFY_FULL;
        }
        if (c == 's') o->slips = true;
        if (c == 'o') o->out = optarg;
        if (c == 'h') {
            print_help();
            o->done = true;
            return CLI_HOLDS;
        }
        if (c == '?') return cli_usage("eprop2: found '%.60s', expected an option of `eprop2 --help`", argv[optind - 1]);
        if (c == ':') return cli_usage("eprop2: %.60s: expected a value", argv[optind - 1]);
    }
    if (optind < argc) return cli_usage("eprop2: found '%.60s', expected no further argument", argv[optind]);
    return CLI_HOLDS;
}

static int slips(void)
{
    int bad = 0;
    ep_status st = vfy_e2_slips_write(stdout, &bad);
    if (st != EP_OK) return cli_status(st, "eprop2 --slips");
    if (bad) fprintf(stderr, "eprop-verify: eprop2: %d slips went unseen by evidence that should see them\n", bad);
    return bad ? CLI_FAILS : CLI_HOLDS;
}

int cmd_eprop2(int argc, char **argv)
{
    vfy_results r = {0};
    vfy_progress progress = cli_progress();
    options o = {.t = {.evidence = "ABCD", .progress = &progress, .out = &r}};
    char err[512] = "";
    int code = parse(argc, argv, &o);
    if (code != CLI_HOLDS || o.done) return code;
    if (o.slips) return slips();
    double start = cli_seconds();
    ep_status st = vfy_e2_prove(&o.t);
    cli_progress_end();
    if (st == EP_OK) {
        vfy_prove_args shown = {.level = o.t.level};
        (void)snprintf(shown.evidence, sizeof shown.evidence, "%s", o.t.evidence);
        vfy_prove_print(stdout, &r, &shown, isatty(STDOUT_FILENO) == 1);
        printf("\n%zu comparisons: %s; %.1f s, %.0f MB\n", r.n, vfy_verdict_name(vfy_results_worst(&r)), cli_seconds() - start,
               cli_peak_rss_mb());
        const vfy_e2_report report = {.rows = &r, .level = o.t.level, .progress = o.t.progress};
        if (o.out) st = vfy_e2_write_data(o.out, &report, err, sizeof err);
        cli_progress_end();
    }
    code = st == EP_OK ? cli_verdict(vfy_results_worst(&r)) : *err ? cli_usage("%s", err) : cli_status(st, "eprop2");
    vfy_results_clear(&r);
    return code;
}
