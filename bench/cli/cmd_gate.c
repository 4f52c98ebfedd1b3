/* cmd_gate.c: is one program slower than another, by more than 3 %? By time, where the machine is quiet enough to say so; by
 * counted instructions against a baseline file, on any machine.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate.h"
#include "problem.h"

static const char usage[] =
    "usage: eprop-bench gate [--base PROGRAM] [--new PROGRAM] [OPTION]...    by time, in pairs\n"
    "       eprop-bench gate --instructions FILE [--accept]                  by callgrind's counts (valgrind)\n"
    "  --base, --new PROGRAM   two builds of eprop-bench (default: this one)\n"
    "  --case ID --subject S   what to measure (default: BPTT of an ALIF network, fast:f32)\n"
    "  --pairs N               at most (default 200); stops, after 16, once the interval lies on one side of 1.03 and the A/A pair is valid\n"
    "  --work S                seconds of each measurement (default 0.05)   --cpu N   --seed N\n"
    "  --plant P               adds P per cent of work to the new program: the gate must find 5 and must not find 0\n"
    "  --table N               plants 0 and 5 per cent N times each; exit 1 if one is misjudged; --out DIR keeps data/gate.tsv\n"
    "  --accept                writes the counts to FILE as the new baseline\n"
    "exit codes: 0 not slower; 1 slower: the ratio's 95 % interval lies above 1.03 (time) or a count above 1.01 (instructions), or the\n"
    "result is wrong; 2 usage; 3 the A/A pair is invalid or too wide, or the interval contains 1.03: nothing\n"
    "can be said on this machine now\n";

enum { LEAST_PAIRS = 8, ENOUGH_PAIRS = 16, MOST_PAIRS = 400 };
#define SLOWER 1.03

typedef struct verdict { bench_interval aa, ab; int pairs, rc; double error; } verdict;

/* The processor time of one thread is steadier than the wall clock where others use the machine too. */
static ep_status once(const gate *g, const char *program, double plant, int round, double *seconds, double *error, char why[BENCH_WHY])
{
    bench_spawn a = {.program = program, .dir = g->dir, .work = g->work, .plant = plant, .cpu = g->cpu, .seed = g->seed, .timeout = 600};
    bench_sample s;
    ep_status st = bench_spawn_run(&a, g->id, g->subject, round, &s, why);
    if (st != EP_OK) return st;
    *seconds = strchr(g->subject, '@') ? s.seconds : s.cpu;
    *error = fmax(*error, s.error);
    return cli_right(&s, g->subject, why) ? EP_OK : EP_UNABLE;
}

/* The same program twice: its interval contains 1 and is narrow. Of fair machines one in twenty leaves 1 out by chance, so pairs are
 * added until it comes back; a machine that is not fair stays out. */
static bool fair(const bench_interval *aa) { return aa->low <= 1 && aa->high >= 1 && (aa->high - aa->low) / aa->mid < 2 * (SLOWER - 1); }

static ep_status measure(const gate *g, verdict *v, char why[BENCH_WHY])
{
    double t[3][MOST_PAIRS];
    *v = (verdict){.rc = CLI_OK};
    for (int r = 0; r < g->pairs; r++) {
        int order[3];
        cli_order(g->seed, r, 3, order);
        for (int k = 0; k < 3; k++) {
            int who = order[k];
            ep_status st = once(g, who == 2 ? g->new_ : g->base, who == 2 ? g->plant : 0, r, &t[who][r], &v->error, why);
            if (st != EP_OK) return st;
        }
        v->pairs = r + 1;
        if (r + 1 < LEAST_PAIRS) continue;
        v->aa = bench_ratio(t[0], t[1], r + 1, g->seed);
        v->ab = bench_ratio(t[0], t[2], r + 1, g->seed);
        bool decided = v->ab.low > SLOWER || v->ab.high < SLOWER;
        if (r + 1 >= ENOUGH_PAIRS && decided && fair(&v->aa)) break;
    }
    if (!fair(&v->aa)) v->rc = CLI_MACHINE;
    else if (v->ab.low > SLOWER) v->rc = CLI_FAILED;
    else if (v->ab.high >= SLOWER) v->rc = CLI_MACHINE; /* the interval holds both answers */
    return EP_OK;
}

static const char *said(int rc) { return rc == CLI_OK ? "not slower" : rc == CLI_FAILED ? "slower" : "too noisy to say"; }

static int by_time(const gate *g)
{
    char why[BENCH_WHY] = "";
    verdict v;
    ep_status st = measure(g, &v, why);
    if (st != EP_OK) return cli_failed(st, why);
    printf("%s, %s, %d pairs\n  A/A   %.4f [%.4f, %.4f]\n  new/base %.4f [%.4f, %.4f]   error %.2g\n  %s\n", g->id, g->subject, v.pairs, v.aa.mid, v.aa.low,
           v.aa.high, v.ab.mid, v.ab.low, v.ab.high, v.error, said(v.rc));
    return v.rc;
}

/* ---- does the gate find what was planted? ------------------------------------------------------------------- */

static int by_table(gate g)
{
    static const double plant[2] = {0, 5};
    char why[BENCH_WHY] = "", path[4096], tmp[4200];
    int wrong = 0, noisy = 0;
    snprintf(path, sizeof path, "%.4000s/data/gate.tsv", g.out ? g.out : ".");
    snprintf(tmp, sizeof tmp, "%s.tmp", path);
    FILE *f = g.out ? fopen(tmp, "w") : NULL;
    if (g.out && !f) return cli_failed(EP_IO, "cannot write data/gate.tsv");
    if (f) fprintf(f, "# repetition\tplanted_per_cent\tpairs\tratio\tlow\thigh\taa_low\taa_high\tverdict\tright\n");
    printf("rep  planted  pairs  new/base  interval            A/A interval        verdict\n");
    for (int k = 0; k < 2 * g.table; k++) {
        verdict v;
        g.seed = (uint64_t)(100 + k);
        g.plant = plant[k % 2];
        cli_progress("planted slow-downs", k, 2 * g.table);
        ep_status st = measure(&g, &v, why);
        if (st != EP_OK && f) (void)fclose(f);
        if (st != EP_OK) return cli_failed(st, why);
        bool right = v.rc == (g.plant > 0 ? CLI_FAILED : CLI_OK);
        noisy += v.rc == CLI_MACHINE;
        wrong += !right && v.rc != CLI_MACHINE;
        cli_progress_end();
        printf("%3d  %5.0f %%  %5d  %8.4f  [%.4f, %.4f]    [%.4f, %.4f]    %s%s\n", k / 2 + 1, g.plant, v.pairs, v.ab.mid, v.ab.low, v.ab.high, v.aa.low,
               v.aa.high, said(v.rc), right ? "" : v.rc == CLI_MACHINE ? "" : "   WRONG");
        if (f) fprintf(f, "%d\t%g\t%d\t%.5f\t%.5f\t%.5f\t%.5f\t%.5f\t%s\t%s\n", k / 2 + 1, g.plant, v.pairs, v.ab.mid, v.ab.low, v.ab.high, v.aa.low, v.aa.high,
                       said(v.rc), right ? "yes" : v.rc == CLI_MACHINE ? "-" : "no");
    }
    printf("%d repetitions of each: %d misjudged, %d not judged\n", g.table, wrong, noisy);
    if (f && (fclose(f) != 0 || rename(tmp, path) != 0)) return cli_failed(EP_IO, "cannot write data/gate.tsv");
    return wrong ? CLI_FAILED : noisy ? CLI_MACHINE : CLI_OK;
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static int parse(int argc, char **argv, gate *g)
{
    static const struct option options[] = {
        {"base", required_argument, NULL, 'b'}, {"new", required_argument, NULL, 'n'}, {"case", required_argument, NULL, 'i'},
        {"subject", required_argument, NULL, 'S'}, {"pairs", required_argument, NULL, 'p'}, {"work", required_argument, NULL, 'w'},
        {"cpu", required_argument, NULL, 'c'}, {"seed", required_argument, NULL, 's'}, {"plant", required_argument, NULL, 'P'},
        {"table", required_argument, NULL, 't'}, {"out", required_argument, NULL, 'o'}, {"instructions", required_argument, NULL, 'I'},
        {"accept", no_argument, NULL, 'A'}, {"help", no_argument, NULL, 'h'}, {0}};
    for (int o; (o = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        double v = 0;
        switch (o) {
        case 'h': return fputs(usage, stdout) < 0 ? CLI_MACHINE : CLI_SHOWN;
        case 'b': g->base = optarg; break;
        case 'n': g->new_ = optarg; break;
        case 'i': g->id = optarg; break;
        case 'S': g->subject = optarg; break;
        case 'o': g->out = optarg; break;
        case 'I': g->baseline = optarg; break;
        case 'A': g->accept = true; break;
        case 'p':
            if (!cli_number(optarg, LEAST_PAIRS, MOST_PAIRS, &v)) return cli_usage("--pairs: found '%s', expected %d to %d", optarg, LEAST_PAIRS, MOST_PAIRS);
            g->pairs = (int)v;
            break;
        case 'w':
            if (!cli_number(optarg, 0, 60, &g->work)) return cli_usage("--work: found '%s', expected 0 to 60 seconds", optarg);
            break;
        case 'P':
            if (!cli_number(optarg, 0, 1000, &g->plant)) return cli_usage("--plant: found '%s', expected 0 to 1000 per cent", optarg);
            break;
        case 't':
            if (!cli_number(optarg, 1, 1000, &v)) return cli_usage("--table: found '%s', expected 1 to 1000", optarg);
            g->table = (int)v;
            break;
        case 'c':
            if (!cli_number(optarg, -1, 1023, &v)) return cli_usage("--cpu: found '%s', expected a processor's number, or -1 for any", optarg);
            g->cpu = (int)v;
            break;
        case 's':
            if (!cli_number(optarg, 0, 9e15, &v)) return cli_usage("--seed: found '%s', expected a whole number", optarg);
            g->seed = (uint64_t)v;
            break;
        default: return CLI_USAGE;
        }
    }
    return optind == argc ? CLI_OK : cli_usage("found '%s', expected options only; see eprop-bench gate --help", argv[optind]);
}

int cmd_gate(int argc, char **argv)
{
    char why[BENCH_WHY] = "";
    gate g = {.base = cli_self(), .new_ = cli_self(), .id = "gradient/alif/bptt/N100-I100-O3-T1000-B1-r2", .subject = "fast:f32", .pairs = 200,
              .cpu = cli_cpu(), .work = 0.05, .seed = 1, .dir = "/tmp/eprop-bench-XXXXXX"};
    int rc = parse(argc, argv, &g);
    if (rc != CLI_OK) return rc == CLI_SHOWN ? CLI_OK : rc;
    bench_case c;
    ep_status st = bench_case_parse(g.id, &c, why);
    if (st == EP_OK && g.out) st = bench_dir_open(g.out, true, why);
    if (st == EP_OK && g.out) st = bench_manifest_write(g.out, argc, argv, g.seed, why);
    if (st != EP_OK) return cli_failed(st, why);
    if (!mkdtemp(g.dir)) return cli_failed(EP_IO, "/tmp: cannot make a folder");
    rc = g.baseline ? gate_by_instructions(&g) : g.table ? by_table(g) : by_time(&g);
    bench_dir_remove(g.dir);
    return rc;
}
