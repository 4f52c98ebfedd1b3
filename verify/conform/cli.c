/* cli.c: eprop-verify from outside: exit codes, one clear line for each mistake, results that can be checked by hand.
 * SPDX-License-Identifier: MIT */
#include "run.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char dir[256];
static run_result r;

static void fixture(void) { run_temp(dir, sizeof dir); }
static void cleanup(void) { run_clean(dir); }

static void verify(const char *const *args, unsigned seconds) { run_program(&r, "eprop-verify", args, NULL, seconds); }

TestSuite(cli, .init = fixture, .fini = cleanup);

Test(cli, help_and_version)
{
    static const char *const good[][3] = {{"--help"}, {"-h"}, {"--version"}, {"prove", "--help"}, {"gradient", "--help"}, {"slips", "--help"},
                                           {"windows", "--help"}, {"certify", "--help"}, {"eprop2", "--help"}, {"vectors", "--help"},
                                           {"port", "--help"}, {"profile", "--help"}, {"selftest", "--help"}};
    for (size_t k = 0; k < sizeof good / sizeof *good; k++) {
        const char *args[RUN_ARGS] = {good[k][0], good[k][1]};
        verify(args, 10);
        cr_assert(r.code == 0 && *r.out && !*r.err, "case %zu: exit %d, %s", k, r.code, r.err);
        cr_assert(strstr(r.out, k == 2 ? "eprop-verify " : "usage: eprop-verify"), "case %zu: %s", k, r.out);
        char usage[60];
        snprintf(usage, sizeof usage, "usage: eprop-verify %s", good[k][0]);
        cr_assert(k < 3 || !strncmp(r.out, usage, strlen(usage)), "case %zu: %s", k, r.out);
    }
}

/* Arguments; the line on stderr contains `says`. */
typedef struct bad_usage { int n; char args[6][40], says[90]; } bad_usage;

ParameterizedTestParameters(cli, bad_usage_is_refused)
{
    static bad_usage rows[] = {
        {1, {"dance"}, "found command 'dance', expected one of"},
        {3, {"prove", "--model", "perceptron"}, "--model: found 'perceptron', expected lif, alif"},
        {3, {"prove", "--model", ""}, "--model: found ''"},
        {3, {"prove", "--evidence", "ABX"}, "--evidence: found 'ABX', expected letters of ABCDE"},
        {3, {"prove", "--evidence", ""}, "--evidence: found ''"},
        {3, {"prove", "--level", "extreme"}, "--level: found 'extreme', expected quick or full"},
        {3, {"prove", "--threads", "0"}, "--threads: found '0', expected 1 to 64"},
        {3, {"prove", "--threads", "two"}, "--threads: found 'two'"},
        {2, {"prove", "--colour"}, "found '--colour', expected an option"},
        {2, {"prove", "--model"}, "expected a value"},
        {2, {"prove", "everything"}, "found 'everything', expected no further argument"},
        {1, {"gradient"}, "found 0 files, expected one FILE.epv"},
        {3, {"gradient", "a.epv", "b.epv"}, "found 2 files, expected one FILE.epv"},
        {4, {"gradient", "a.epv", "--rule", "hebb"}, "--rule: found 'hebb', expected a learning rule"},
        {4, {"gradient", "a.epv", "--round", "half"}, "--round: found 'half', expected binary32 or binary64"},
        {4, {"gradient", "a.epv", "--max-bits", "1"}, "--max-bits: found '1', expected 128 to 65536"},
        {2, {"gradient", "/no/such/file.epv"}, "/no/such/file.epv: cannot open"},
        {2, {"slips", "all"}, "found 'all', expected no argument"},
        {3, {"windows", "--model", "rate"}, "--model: found 'rate', expected lif, alif, lsnn, lstm, synaptic or all"},
        {3, {"windows", "--steps", "7"}, "--steps: found '7', expected 8 to 100000"},
        {3, {"windows", "--networks", "0"}, "--networks: found '0', expected 1 to 1000"},
        {3, {"windows", "--neurons", "few"}, "--neurons: found 'few', expected 1 to 1000"},
        {2, {"windows", "--out"}, "windows: --out: expected a value"},
        {2, {"windows", "--colour"}, "found '--colour', expected an option"},
        {2, {"windows", "all"}, "found 'all', expected no further argument"},
        {4, {"gradient", "a.epv", "--threads", "0"}, "--threads: found '0', expected 1 to 64"},
        {4, {"gradient", "a.epv", "--window", "0"}, "--window: found '0', expected 1 to 1000000"},
        {4, {"gradient", "a.epv", "--seed", "all"}, "--seed: found 'all', expected none, c, z or zc"},
        {6, {"gradient", "a.epv", "--synth", "b", "--out", "c"}, "--out with --synth: a vector file holds no synthesiser"},
        {4, {"gradient", "a.epv", "--synth", "/no/such"}, "/no/such: cannot be read"},
        {3, {"certify", "--model", "perceptron"}, "--model: found 'perceptron', expected lif, alif, lsnn, lstm, rate or synaptic"},
        {3, {"certify", "--steps", "none"}, "certify: found 'none', expected a whole number in range"},
        {3, {"certify", "--threads", "65"}, "certify: found '65', expected a whole number in range"},
        {3, {"certify", "--rate", "0.5"}, "--rate: found '0.5', expected 0.01 to 0.2"},
        {3, {"certify", "--rate", "0.1x"}, "--rate: found '0.1x', expected 0.01 to 0.2"},
        {3, {"certify", "--rate", "nan"}, "--rate: found 'nan', expected 0.01 to 0.2"},
        {2, {"certify", "--bits"}, "certify: --bits: expected a value"},
        {2, {"certify", "--colour"}, "found '--colour', expected an option"},
        {3, {"certify", "a.epv", "b.epv"}, "found 'b.epv', expected at most one FILE.epv"},
        {2, {"certify", "/no/such.epv"}, "/no/such.epv: cannot open"},
        {3, {"eprop2", "--evidence", "E"}, "--evidence: found 'E', expected letters of ABCD"},
        {3, {"eprop2", "--evidence", ""}, "--evidence: found ''"},
        {3, {"eprop2", "--level", "extreme"}, "--level: found 'extreme', expected quick or full"},
        {2, {"eprop2", "--out"}, "eprop2: --out: expected a value"},
        {2, {"eprop2", "--colour"}, "found '--colour', expected an option"},
        {2, {"eprop2", "all"}, "found 'all', expected no further argument"},
        {1, {"profile"}, "found 0 arguments, expected NAME|FILE"},
        {2, {"profile", "q7"}, "found 'q7' (No such file or directory), expected q15, s16.15, w8, reckon or a file"},
        {4, {"profile", "q15", "--sise", "1,2,3"}, "found '--sise', expected --size"},
        {4, {"profile", "q15", "--size", "1,2"}, "found '1,2', expected three numbers from 1 to 4096 with commas"},
        {4, {"profile", "q15", "--size", "1,2,4097"}, "found '1,2,4097', expected three numbers"},
    };
    return cr_make_param_array(bad_usage, rows, sizeof rows / sizeof *rows);
}

ParameterizedTest(bad_usage *row, cli, bad_usage_is_refused, .init = fixture, .fini = cleanup)
{
    const char *args[RUN_ARGS] = {NULL};
    for (int k = 0; k < row->n; k++) args[k] = row->args[k];
    verify(args, 10);
    cr_assert_eq(r.code, 2, "%s: exit %d", row->says, r.code);
    cr_assert(strstr(r.err, row->says) && run_lines(r.err) == 1, "wanted '%s', got '%s'", row->says, r.err);
    cr_assert(!*r.out, "%s", r.out);
}

Test(cli, no_command_shows_the_usage)
{
    const char *args[RUN_ARGS] = {NULL};
    verify(args, 10);
    cr_assert(r.code == 2 && strstr(r.err, "usage: eprop-verify") && !*r.out, "exit %d: %s", r.code, r.err);
}

#define REST "rule bptt\nformat f32\nB 1\nn_in 1\nn_rec 1\nn_out 1\nloss regression\nv_th 3f800000\ngamma 3e99999a\n"
#define HEAD "epv 1\ncase ep:-\nmodel lif\npreset paper2019\nrule bptt\nformat f32\nT 1\nB 1\nn_in 1\nn_rec 1\nn_out 1\nloss regression\nv_th 3f800000\ngamma 3e99999a\n"

/* One neuron that stays silent: y = bout = 1/2, target 1/4, so dE/dbout = 1/4 and dE/dWout = 0. */
static const char silent[] = HEAD "in bout 0 3f000000\nin target 1 0 3e800000\nend\n";

Test(cli, gradient_of_a_silent_neuron)
{
    char in[300], out[300];
    snprintf(in, sizeof in, "%s/silent.epv", dir);
    snprintf(out, sizeof out, "%s/filled.epv", dir);
    run_write(dir, "silent.epv", silent);
    const char *args[RUN_ARGS] = {"gradient", in, "--out", out};
    verify(args, 30);
    cr_assert_eq(r.code, 0, "exit %d: %s", r.code, r.err);
    char *text = run_read(dir, "filled.epv");
    cr_assert(text != NULL, "no output file");
    cr_assert(strstr(text, "\nout dbout 0 3e800000.000 mag "), "%s", text);
    cr_assert(strstr(text, "\nout dWout 0 0 "), "%s", text);
    free(text);
    const char *again[RUN_ARGS] = {"gradient", out};
    verify(again, 30);
    cr_assert_eq(r.code, 0, "its own output is refused: %s", r.err);
    cr_assert(strstr(r.out, "3e800000"), "%s", r.out);
}

typedef struct bad_file { char text[420], says[100]; } bad_file;

ParameterizedTestParameters(cli, malformed_vector_files)
{
    static bad_file rows[] = {
        {"", "bad.epv:1: the file is empty, expected `epv 1`"},
        {"epv 7\n", "bad.epv:1: found `epv 7`"},
        {"epv 1\r\n", "bad.epv:1: found a carriage return"},
        {"epv 1\ncase ep:-\nmodel lif", "bad.epv:3: the last line has no line feed"},
        {"epv 1\ncase ep:-\nmodel lif\n", "bad.epv:4: the file ends inside the case of line 2"},
        {HEAD "colour red\nend\n", "bad.epv:15: found `colour`"},
        {HEAD "in Win 0 0 7fc00000\nend\n", "bad.epv:15: Win: found 7fc00000, which is infinite or NaN"},
        {HEAD "in Win 0 0 ff800000\nend\n", "bad.epv:15: Win: found ff800000, which is infinite or NaN"},
        {HEAD "in Win 1 0 3f800000\nend\n", "bad.epv:15: Win: index 1 (j): found `1`"},
        {HEAD "in x 2 0 3f800000\nend\n", "bad.epv:15: x: index 1 (t): found `2`"},
        {HEAD "kappa 3f800000\nend\n", "bad.epv:2: kappa = 1: expected a decay in [0, 1)"},
        {HEAD "option reset zero\nend\n", "bad.epv:15: option reset: found `zero`"},
        {HEAD "T 2\nend\n", "bad.epv:15: key T: second time"},
        {"epv 1\ncase ep:-\nmodel lif\npreset mine\n" REST "T 1\nend\n", "bad.epv:4: preset: found `mine`, expected a known preset"},
        {"epv 1\ncase ep:-\nmodel lif\npreset paper2019\n" REST "T 0\nend\n", "bad.epv:14: T: found `0`"},
        {"epv 1\ncase ep:-\nmodel lif\npreset paper2019\n" REST "T 99999999999\nend\n", "bad.epv:14: T: found `99999999999`"},
        {"epv 1\ncase ep:-\nmodel lif\npreset paper2019\nrule eprop1-symmetric\nformat fixed:q15\nT 1\nB 1\nn_in 1\nn_rec 1\nn_out 1\nloss regression\n"
         "v_th 00001000\nslope 00000040\nend\n", "bad.epv:2: found integers, expected f32 or f64"},
    };
    return cr_make_param_array(bad_file, rows, sizeof rows / sizeof *rows);
}

ParameterizedTest(bad_file *row, cli, malformed_vector_files, .init = fixture, .fini = cleanup)
{
    char in[300], out[300];
    snprintf(in, sizeof in, "%s/bad.epv", dir);
    snprintf(out, sizeof out, "%s/out.epv", dir);
    run_write(dir, "bad.epv", row->text);
    const char *args[RUN_ARGS] = {"gradient", in, "--out", out};
    verify(args, 10);
    cr_assert_eq(r.code, 2, "%s: exit %d", row->says, r.code);
    cr_assert(strstr(r.err, row->says) && run_lines(r.err) == 1, "wanted '%s', got '%s'", row->says, r.err);
    cr_assert_eq(run_entries(dir), 1, "%s: an output file was left behind", row->says);
}

Test(cli, unwritable_output)
{
    char in[300];
    snprintf(in, sizeof in, "%s/silent.epv", dir);
    run_write(dir, "silent.epv", silent);
    static const char *const options[] = {"--out", "--json"};
    for (int k = 0; k < 2; k++) {
        const char *args[RUN_ARGS] = {"gradient", in, options[k], "/no/such/folder/out"};
        verify(args, 30);
        cr_assert(r.code == 2 && strstr(r.err, "/no/such/folder/out: cannot write"), "exit %d: %s", r.code, r.err);
        const char *prove[RUN_ARGS] = {"prove", "--model", "rate", "--evidence", "A", options[k], k ? "/no/such/folder/out" : "/proc/no/such"};
        verify(prove, 60);
        cr_assert(r.code == 2 && strstr(r.err, k ? "/no/such/folder/out" : "/proc/no") && run_lines(r.err) == 1, "exit %d: %s", r.code, r.err);
    }
}

/* The main job, end to end, on the smallest model: the proof holds and its files make a report. */
Test(cli, prove_then_report)
{
    char run[300], out[300], json[300];
    snprintf(run, sizeof run, "%s/run", dir);
    snprintf(out, sizeof out, "%s/report", dir);
    snprintf(json, sizeof json, "%s/p.json", dir);
    const char *args[RUN_ARGS] = {"prove", "--model", "rate", "--evidence", "ACD", "--out", run, "--json", json};
    verify(args, 120);
    cr_assert_eq(r.code, 0, "exit %d: %s%s", r.code, r.out, r.err);
    cr_assert(strstr(r.out, "rate") && strstr(r.out, "holds"), "%s", r.out);
    char *text = run_read(dir, "p.json");
    cr_assert(text && strstr(text, "\"verdict\": \"holds\"") && strstr(text, "\"blind_spots\""), "%s", text ? text : "no file");
    free(text);
    const char *build[RUN_ARGS] = {"build", run, out};
    run_program(&r, "eprop-report", build, NULL, 60);
    cr_assert_eq(r.code, 0, "report: exit %d: %s", r.code, r.err);
    text = run_read(out, "report.html");
    cr_assert(text && strstr(text, "It holds: ") && strstr(text, "data:image/svg+xml,"), "the report lacks its verdict or its figures");
    free(text);
}
