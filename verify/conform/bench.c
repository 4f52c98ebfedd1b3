/* bench.c: eprop-bench from outside: what it measures, records, resumes and refuses.
 * SPDX-License-Identifier: MIT */
#include "run.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALL "gradient/alif/bptt/N10-I10-O2-T20-B1-r5"

static char dir[256], out[300];
static run_result r;

static void fixture(void)
{
    run_temp(dir, sizeof dir);
    snprintf(out, sizeof out, "%s/run", dir);
}

static void cleanup(void) { run_clean(dir); }

static void bench(const char *a, const char *b, const char *c, const char *d, const char *e, const char *f)
{
    const char *args[RUN_ARGS] = {a, b, c, d, e, f, f && strcmp(a, "run") == 0 ? "--only=lstm" : NULL};
    run_program(&r, "eprop-bench", args, NULL, 300);
}

TestSuite(bench, .init = fixture, .fini = cleanup);

/* Every engine and arithmetic on a small case: a sample with a small error. */
Test(bench, child_measures)
{
    static const char *const what[][2] = {{SMALL, "scalar:f32"}, {SMALL, "fast:f32@2"}, {"gradient/lstm/eprop1-symmetric/N5-I3-O2-T9-B2", "fast:f64"},
                                          {"gradient/rate/bptt/N5-I3-O2-T9-B2", "scalar:f64"}, {"gradient/lif/eprop1-random/N10-I10-O2-T20-B1-r5", "fast:f32"},
                                          {"forward/alif/bptt/N10-I10-O2-T20-B1-r5", "fast:f32"}, {"reference/alif/bptt/N5-I5-O1-T9-B1-r5", "mpfr:100"},
                                          {"reference/lstm/bptt/N3-I2-O1-T5-B1", "mpfi:100"}};
    for (size_t k = 0; k < sizeof what / sizeof *what; k++) {
        bench("child", what[k][0], what[k][1], "--work", "0.001", NULL);
        cr_assert_eq(r.code, 0, "%s %s: exit %d, %s", what[k][0], what[k][1], r.code, r.err);
        cr_assert(strstr(r.out, "\"seconds\":") && strstr(r.out, "\"error\":0,") && run_lines(r.out) == 1, "%s", r.out);
    }
    const char *args[RUN_ARGS] = {"child", SMALL, "fast:f32", "--work", "0.001", "--truth", dir};
    run_program(&r, "eprop-bench", args, NULL, 60);
    cr_assert(r.code == 0 && !strstr(r.out, "\"error\":0,") && strstr(r.out, "e-0"), "with a truth, binary32 is not exact: %s%s", r.out, r.err);
}

/* A run is recorded under checksums, goes on after its last line was cut, and refuses a changed number. */
Test(bench, run_resumes_and_refuses)
{
    char path[400];
    bench("run", "reference", "--out", out, "--rounds=4", "--work=0.001");
    cr_assert(r.code == 0 || r.code == 3, "exit %d: %s", r.code, r.err);
    cr_assert(strstr(r.out, "mpfr:256") != NULL, "%s", r.out);
    char *text = run_read(out, "samples.jsonl"), *table = run_read(out, "data/speed.tsv"), *manifest = run_read(out, "manifest.json");
    cr_assert(text && table && manifest && strstr(table, "\tmpfi:128\t") && strstr(manifest, "\"compiler\""));
    int samples = run_lines(text);
    bench("run", "reference", "--out", out, "--rounds=4", "--work=0");
    cr_assert(r.code == 2 && strstr(r.err, "--resume"), "%d %s", r.code, r.err);
    text[strlen(text) - 30] = '\0';
    run_write(out, "samples.jsonl", text);
    bench("run", "reference", "--out", out, "--rounds=4", "--resume");
    cr_assert(r.code == 0 || r.code == 3, "exit %d: %s", r.code, r.err);
    free(text);
    text = run_read(out, "samples.jsonl");
    cr_assert_eq(run_lines(text), samples, "resumed to %d samples, wanted %d", run_lines(text), samples);
    bench("compare", out, out, NULL, NULL, NULL);
    cr_assert(r.code == 0 && strstr(r.out, "1.000") && !strstr(r.out, "slower"), "%d %s%s", r.code, r.out, r.err);
    char *digit = strstr(text, "\"seconds\":") + 12;
    *digit = *digit == '3' ? '4' : '3';
    run_write(out, "samples.jsonl", text);
    bench("compare", out, out, NULL, NULL, NULL);
    cr_assert(r.code == 2 && strstr(r.err, "samples.jsonl:1: found checksum"), "%d %s", r.code, r.err);
    bench("run", "reference", "--out", out, "--resume", NULL);
    cr_assert(r.code == 2 && strstr(r.err, "samples.jsonl:1: found checksum"), "%d %s", r.code, r.err);
    snprintf(path, sizeof path, "%s/manifest.json", out);
    remove(path);
    bench("compare", out, out, NULL, NULL, NULL);
    cr_assert(r.code == 2 && strstr(r.err, "manifest.json:1: "), "%d %s", r.code, r.err);
    run_write(out, "manifest.json", "{\"schema\": 99}\n");
    bench("compare", out, out, NULL, NULL, NULL);
    cr_assert(r.code == 2 && strstr(r.err, "found schema 99, expected 1"), "%d %s", r.code, r.err);
    free(text);
    free(table);
    free(manifest);
}

/* A machine as loud as it may be: the gate says one of three things, and a doubling is never "not slower". */
Test(bench, gate_judges)
{
    const char *args[RUN_ARGS] = {"gate", "--case", SMALL, "--pairs=8", "--work=0.01", "--plant=100"};
    run_program(&r, "eprop-bench", args, NULL, 120);
    cr_assert(r.code == 1 || r.code == 3, "exit %d: %s%s", r.code, r.out, r.err);
    cr_assert(strstr(r.out, "A/A") && strstr(r.out, "new/base"), "%s", r.out);
    bench("gate", "--instructions", "/no/such/file", NULL, NULL, NULL);
    cr_assert(r.code == 2 && strstr(r.err, "no baseline"), "%d %s", r.code, r.err);
    run_write(dir, "other.txt", "# gcc 1.0, -O9, libc 0, abacus\n");
    snprintf(out, sizeof out, "%s/other.txt", dir);
    bench("gate", "--instructions", out, NULL, NULL, NULL);
    cr_assert(r.code == 3 && strstr(r.out, "skipped: "), "%d %s", r.code, r.out);
}

typedef struct bad_row { char args[4][64], says[100]; int code; } bad_row;

ParameterizedTestParameters(bench, bad_input)
{
    static bad_row rows[] = {
        {{"paint"}, "expected run, scale, compare, gate or sweep", 2},
        {{"run"}, "expected --out DIR", 2},
        {{"run", "sums", "--out", "x"}, "found suite 'sums'", 2},
        {{"run", "--out=x", "--rounds=2"}, "--rounds: found '2', expected 4", 2},
        {{"run", "--out=/proc/no/such"}, "cannot make folder", 3},
        {{"run", "--out=x", "--only=giraffe"}, "--only: found no case with 'giraffe'", 2},
        {{"compare", "a"}, "expected DIR_A DIR_B", 2},
        {{"compare", "/no/a", "/no/b"}, "expected a manifest", 2},
        {{"child", "gradient/alif/bptt/N0-I1-O1-T1-B1", "fast:f32"}, "expected N, I, O, B from 1", 2},
        {{"child", "gradient/alif/bptt/N5", "fast:f32"}, "expected SUITE/MODEL/RULE/", 2},
        {{"child", "gradient/cat/bptt/N5-I1-O1-T1-B1", "fast:f32"}, "a model and a rule that exist", 2},
        {{"child", SMALL, "quick:f32"}, "expected scalar or fast", 2},
        {{"child", SMALL, "fast:f32@0"}, "@THREADS", 2},
        {{"child", "reference/alif/bptt/N5-I5-O1-T9-B1-r5", "fast:f32"}, "expected binary64, field", 2},
        {{"child", "gradient/alif/eprop2/N5-I5-O1-T9-B1-r5", "fast:f32"}, "no eprop2", 4},
        {{"gate", "--pairs=1"}, "--pairs: found '1'", 2},
        {{"scale"}, "expected --out DIR", 2},
    };
    return cr_make_param_array(bad_row, rows, sizeof rows / sizeof *rows);
}

ParameterizedTest(bad_row *row, bench, bad_input, .init = fixture, .fini = cleanup)
{
    const char *args[RUN_ARGS] = {row->args[0], row->args[1], row->args[2], row->args[3]};
    for (int k = 3; k > 0 && !*args[k]; k--) args[k] = NULL;
    run_program(&r, "eprop-bench", args, NULL, 30);
    cr_assert_eq(r.code, row->code, "%s: exit %d, %s", row->says, r.code, r.err);
    cr_assert(strstr(r.err, row->says), "wanted '%s', got '%s'", row->says, r.err);
    cr_assert_eq(run_lines(r.err), 1, "%s", r.err);
}

Test(bench, help)
{
    static const char *const command[] = {"--help", "run", "scale", "compare", "gate", "child"};
    for (int k = 0; k < 6; k++) {
        bench(command[k], k ? "--help" : NULL, NULL, NULL, NULL, NULL);
        cr_assert(r.code == 0 && strstr(r.out, "usage: eprop-bench") && !*r.err, "%s: %d %s", command[k], r.code, r.err);
    }
    bench("--version", NULL, NULL, NULL, NULL, NULL);
    cr_assert(r.code == 0 && strncmp(r.out, "eprop-bench ", 12) == 0, "%s", r.out);
}
