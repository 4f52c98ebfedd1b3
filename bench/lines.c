/* SPDX-License-Identifier: MIT */
#include "lines.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

int bench_lines_open(int argc, char **argv, const char *about, bench_out *out)
{
    static const struct option options[] = {
        {"help", no_argument, NULL, 'h'}, {"tsv", required_argument, NULL, 't'}, {"rounds", required_argument, NULL, 'r'},
        {"targets", no_argument, NULL, 'g'}, {0}};
    const char *name = strrchr(argv[0], '/');
    *out = (bench_out){.program = name ? name + 1 : argv[0]};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'h') {
            (void)printf("usage: %s [--tsv FILE] [--rounds 1..%d] [--targets]\n%s\n", out->program, BENCH_ROUNDS, about);
            return 0;
        }
        if (c == 'g') out->targets = true;
        if (c == 't') out->path = optarg;
        if (c == 'r') out->rounds = atoi(optarg);
        if (c == '?' || (c == 'r' && (out->rounds < 1 || out->rounds > BENCH_ROUNDS))) {
            (void)fprintf(stderr, "%s: expected [--tsv FILE] [--rounds 1..%d] [--targets]\n", out->program, BENCH_ROUNDS);
            return 2;
        }
    }
    if (optind < argc) {
        (void)fprintf(stderr, "%s: found '%s', expected options only\n", out->program, argv[optind]);
        return 2;
    }
    if (!out->path) return -1;
    out->tsv = fopen(out->path, "w");
    if (!out->tsv) {
        perror(out->path);
        return 3;
    }
    (void)fprintf(out->tsv, "program\tsubject\twhat\tgot\tlow\thigh\tunit\trelation\ttarget\tstretch\tverdict\terror\n");
    return -1;
}

bench_line bench_line_of(const char *subject, const char *what, bench_interval r)
{
    return (bench_line){.subject = subject, .what = what, .unit = "x", .got = r.mid, .low = r.low, .high = r.high};
}

static bool holds(const bench_line *l, double limit) { return l->at_most ? l->got <= limit : l->got >= limit; }

static void number(FILE *f, bool given, double v)
{
    if (given) (void)fprintf(f, "%.6g\t", v);
    else (void)fprintf(f, "-\t");
}

void bench_put(bench_out *out, const bench_line *l)
{
    bool aimed = l->target > 0, interval = l->low > 0 || l->high > 0;
    const char *verdict = !aimed ? "-" : l->stretch > 0 && holds(l, l->stretch) ? "stretch" : holds(l, l->target) ? "met" : "missed";
    (void)printf("  %-46s %10.4g %-4s", l->what, l->got, l->unit);
    if (interval) (void)printf(" [%.3g, %.3g]", l->low, l->high);
    if (aimed) (void)printf("  target %s %g: %s", l->at_most ? "<=" : ">=", l->target, strcmp(verdict, "missed") ? verdict : "MISSED");
    if (l->judged) (void)printf("  error %.1e", l->error);
    (void)printf("\n");
    (void)fflush(stdout);
    if (aimed && strcmp(verdict, "missed") == 0) out->missed++;
    else if (aimed) out->met++;
    if (!out->tsv) return;
    (void)fprintf(out->tsv, "%s\t%s\t%s\t", out->program, l->subject, l->what);
    number(out->tsv, true, l->got);
    number(out->tsv, interval, l->low);
    number(out->tsv, interval, l->high);
    (void)fprintf(out->tsv, "%s\t%s\t", l->unit, !aimed ? "-" : l->at_most ? "<=" : ">=");
    number(out->tsv, aimed, l->target);
    number(out->tsv, l->stretch > 0, l->stretch);
    (void)fprintf(out->tsv, "%s\t", verdict);
    if (l->judged) (void)fprintf(out->tsv, "%.3e\n", l->error);
    else (void)fprintf(out->tsv, "-\n");
}

int bench_lines_close(bench_out *out)
{
    if (out->met + out->missed) (void)printf("\n%d of %d targets met\n", out->met, out->met + out->missed);
    if (!out->tsv) return 0;
    bool bad = ferror(out->tsv) != 0;
    bad = fclose(out->tsv) != 0 || bad;
    if (!bad) return 0;
    (void)fprintf(stderr, "%s: could not be written\n", out->path);
    return 3;
}
