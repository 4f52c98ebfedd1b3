/* cmd_child.c: one measurement in this process, its sample on stdout.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "cli.h"
#include "run_task.h"

static const char usage[] = "usage: eprop-bench child CASE SUBJECT [--work SECONDS] [--truth DIR] [--plant PERCENT] [--command TEXT] [--round N]\n"
                            "  CASE     gradient|forward|reference|fixed|port/MODEL/RULE/N100-I100-O3-T1000-B1[-r2], or task/TASK/small\n"
                            "  SUBJECT  scalar:f32, scalar:f64, fast:f32, fast:f64, each with @THREADS; fixed:q15, s16.15, w8, reckon; reference: binary64,\n"
                            "           field, mpfr:256, mpfi:128; port:NAME, peer:NAME with --command; of a task RULE[:ENGINE], --command eprop-train\n"
                            "exit codes: 0 measured; 1 the result is not a number; 2 usage; 3 the machine failed; 4 the subject lacks the case\n";

int cmd_child(int argc, char **argv)
{
    static const struct option options[] = {{"work", required_argument, NULL, 'w'}, {"truth", required_argument, NULL, 't'},
                                            {"plant", required_argument, NULL, 'p'}, {"command", required_argument, NULL, 'c'},
                                            {"round", required_argument, NULL, 'r'}, {"help", no_argument, NULL, 'h'}, {0}};
    bench_how how = {.work = 0.2};
    double round = 0;
    char why[BENCH_WHY] = "", line[1024];
    for (int o; (o = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (o == 'h') return fputs(usage, stdout) < 0 ? CLI_MACHINE : CLI_OK;
        if (o == 'w' && !cli_number(optarg, 0, 3600, &how.work)) return cli_usage("--work: found '%s', expected 0 to 3600 seconds", optarg);
        if (o == 'p' && !cli_number(optarg, 0, 1000, &how.plant)) return cli_usage("--plant: found '%s', expected 0 to 1000 per cent", optarg);
        if (o == 't') how.dir = optarg;
        if (o == 'c') how.command = optarg;
        if (o == 'r' && !cli_number(optarg, 0, 1e6, &round)) return cli_usage("--round: found '%s', expected a whole number", optarg);
        if (o == '?') return CLI_USAGE;
    }
    if (argc - optind != 2) return cli_usage("child: expected CASE SUBJECT; see eprop-bench child --help");
    bench_case c;
    bench_sample s;
    bench_truth truth = {0};
    const char *id = argv[optind];
    how.subject = argv[optind + 1];
    ep_status st = bench_is_task(id) ? bench_task_measure(id, &how, (int)round, &s, why) : bench_case_parse(id, &c, why);
    if (st == EP_OK && how.dir && !bench_is_task(id)) st = bench_truth_get(&c, how.dir, &truth, why);
    if (st == EP_OK && !bench_is_task(id)) st = bench_measure(&c, &how, &truth, &s, why);
    bench_truth_free(&truth);
    if (st == EP_NOTIMPL) return fprintf(stderr, "eprop-bench: %s\n", why), CLI_NOTIMPL;
    if (st != EP_OK) return cli_failed(st, why);
    bench_sample_format(&s, line, sizeof line);
    return puts(line) < 0 || fflush(stdout) != 0 ? CLI_MACHINE : CLI_OK;
}
