/* port.c: vectors, port and selftest from outside: files, exit codes, reports.
 * SPDX-License-Identifier: MIT */
#include "run.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char dir[256], c_port[4200];
static run_result r;

static void fixture(void)
{
    run_temp(dir, sizeof dir);
    snprintf(c_port, sizeof c_port, "%s", run_where("verify/ports/c/port"));
}
static void cleanup(void) { run_clean(dir); }

static void verify(const char *const *args, unsigned seconds) { run_program(&r, "eprop-verify", args, NULL, seconds); }

static const char *in_dir(const char *name) { return run_path(dir, name); }

TestSuite(port, .init = fixture, .fini = cleanup);

/* A response file of one case: the example of PROTOCOL.md, worked by hand. */
static const char problem[] =
    "epv 1\ncase ep:a5b590bc6dd4cc98\nmodel lif\npreset paper2019\nrule eprop1-symmetric\nformat f32\nT 2\nB 1\nn_in 1\nn_rec 1\nn_out 1\n"
    "loss regression\nv_th 3f000000\ngamma 3e800000\nfamily edge\nflags reset-missing\nin Win 0 0 3f400000\nin Wout 0 0 40000000\n"
    "in alpha 0 3f000000\nin x 1 0 3f800000\nout v 1 0 3f400000.000 mag 3ff8000000000000\nout v 2 0 be000000.000 mag 3fff000000000000\n"
    "out z 1 0 3f800000.000 mag 0000000000000000\nout z 2 0 00000000.000 mag 0000000000000000\nout dWin 0 0 3f800000.000 mag 4026000000000000\n"
    "out dWrec 0 0 zero\nend\n";
#define CLAIM "port name=board version=1 formats=f32 models=lif rules=eprop1 quantities=v,z\n"
#define CASE "case ep:a5b590bc6dd4cc98\n"

typedef struct answer { char text[300]; int code; char says[80]; } answer;

ParameterizedTestParameters(port, response_files)
{
    static answer rows[] = {
        {CLAIM CASE "got v 1 0 3f400000\ngot v 2 0 be000000\ngot z 1 0 3f800000\ngot z 2 0 00000000\ndone 4\n", 0, "1 passed, 0 failed"},
        {CLAIM CASE "got v 1 0 3f400000\ngot v 2 0 3ec00000\ngot z 1 0 3f800000\ngot z 2 0 00000000\ndone 4\n", 1, "v[2][0]: got 3ec00000, want be000000.000"},
        {CLAIM CASE "got v 1 0 3f400000\ngot v 2 0 7fc00000\ngot z 1 0 3f800000\ngot z 2 0 00000000\ndone 4\n", 1, "v[2][0]: got nan"},
        {CLAIM CASE "got v 1 0 3f400000\ngot z 1 0 3f800000\ngot z 2 0 00000000\ndone 3\n", 1, "was not sent"},
        {CLAIM CASE "unsupported not today\n", 4, "nothing was tested"},
        {CLAIM, 4, "nothing was tested"},
        {CLAIM CASE "got v 1 0 3f400000\ndone 2\n", 3, "done 2, but 1 got lines came"},
        {CLAIM CASE "got v 1 0 3f400000\n", 3, "without `done`"},
        {CLAIM CASE "done 0\n" CASE "done 0\n", 3, "answered twice"},
        {"garbage\n", 3, "found `garbage`"},
        {"port name=Board version=1\n", 3, "name `Board`"},
    };
    return cr_make_param_array(answer, rows, sizeof rows / sizeof *rows);
}

ParameterizedTest(answer *row, port, response_files, .init = fixture, .fini = cleanup)
{
    run_write(dir, "case.epv", problem);
    run_write(dir, "answers", row->text);
    verify((const char *[]){"port", "--response", in_dir("answers"), "--vectors", in_dir("case.epv"), NULL}, 20);
    cr_assert(r.code == row->code, "exit %d for %s: %s%s", r.code, row->text, r.out, r.err);
    cr_assert(strstr(r.out, row->says), "`%s` not in %s", row->says, r.out);
}

typedef struct usage { int n; char args[6][40], says[90]; } usage;

ParameterizedTestParameters(port, bad_usage)
{
    static usage rows[] = {
        {1, {"port"}, "expected one of --port, --plugin, --response"},
        {3, {"port", "--plugin", "/no/such.so"}, "/no/such.so: cannot be read"},
        {5, {"port", "--port", "a", "--response", "/dev/null"}, "found two ports"},
        {5, {"port", "--port", "a", "--claim", "mostly"}, "--claim: found 'mostly', expected exact, bound or direction"},
        {5, {"port", "--port", "a", "--preset", "mine"}, "--preset: found 'mine'"},
        {5, {"port", "--port", "a", "--timeout", "0"}, "--timeout: found '0', expected 1 to 3600"},
        {5, {"port", "--port", "a", "--vectors", "/no/such"}, "/no/such: cannot be read"},
        {2, {"port", "--colour"}, "found '--colour', expected an option of `port --help`"},
        {2, {"port", "--port"}, "expected a value"},
        {5, {"port", "--port", "a", "--min", "0"}, "--min: found '0', expected 1 to 1000000"},
        {5, {"port", "--port", "a", "--memory", "-1"}, "--memory: found '-1', expected 0 to 1048576"},
        {5, {"port", "--port", "a", "--trace", "5:2"}, "--trace: found '5:2', expected A:B, steps from 1 on"},
        {5, {"port", "--port", "a", "--trace", "5"}, "--trace: found '5', expected A:B"},
        {4, {"port", "--response", "/dev/null", "--detect"}, "--detect: expected a port that can be asked"},
        {4, {"port", "--port", "a", "b"}, "found 'b', expected no further argument"},
        {1, {"vectors"}, "found 0 directories, expected one"},
        {4, {"vectors", "x", "--seed", "0"}, "--seed: found '0', expected 1 to 1000000"},
        {4, {"vectors", "x", "--threads", "65"}, "--threads: found '65', expected 1 to 64"},
        {4, {"vectors", "x", "--preset", "mine"}, "--preset: found 'mine', expected a preset's name"},
        {4, {"vectors", "x", "--profile", "/no/such"}, "/no/such: cannot be read"},
        {3, {"vectors", "x", "--level"}, "vectors: --level: expected a value"},
        {3, {"vectors", "x", "--colour"}, "found '--colour', expected an option of `vectors --help`"},
        {4, {"vectors", "x", "--level", "9"}, "--level: found '9', expected 1 or 2"},
        {2, {"selftest", "now"}, "found 'now'"},
    };
    return cr_make_param_array(usage, rows, sizeof rows / sizeof *rows);
}

ParameterizedTest(usage *row, port, bad_usage, .init = fixture, .fini = cleanup)
{
    const char *args[RUN_ARGS] = {NULL};
    for (int i = 0; i < row->n; i++) args[i] = row->args[i];
    verify(args, 20);
    cr_assert(r.code == 2 && !*r.out && run_lines(r.err) == 1 && strstr(r.err, row->says), "%s %s: exit %d, %s%s", row->args[0], row->args[1],
              r.code, r.out, r.err);
}

static char *bytes_of(const char *folder, const char *name)
{
    char *text = run_read(in_dir(folder), name);
    cr_assert(text, "no %s/%s", folder, name);
    return text;
}

/* Written whole, the same bytes again, and a changed byte is refused with file and line. */
Test(port, vector_directories)
{
    verify((const char *[]){"vectors", in_dir("a"), "--preset", "nest-bsshslm", NULL}, 60);
    cr_assert(r.code == 0, "%s", r.err);
    verify((const char *[]){"vectors", in_dir("b"), "--preset", "nest-bsshslm", NULL}, 60);
    verify((const char *[]){"vectors", in_dir("b"), NULL}, 60);
    cr_assert(r.code == 2 && strstr(r.err, "not an empty directory"), "%s", r.err);
    char *a = bytes_of("a", "MANIFEST"), *b = bytes_of("b", "MANIFEST");
    cr_assert_str_eq(a, b);
    free(a);
    free(b);
    cr_assert(run_entries(dir) == 2, "something is left beside the directories");
    char *text = bytes_of("a", "nest-bsshslm-lif.epv"), *at = strstr(text, "in Win 0 0 ");
    cr_assert(at);
    at[18] = at[18] == '0' ? '1' : '0';
    run_write(dir, "changed.epv", text);
    free(text);
    verify((const char *[]){"port", "--port", c_port, "--vectors", in_dir("changed.epv"), NULL}, 20);
    cr_assert(r.code == 2 && strstr(r.err, "changed.epv:"), "exit %d, %s", r.code, r.err);
}

/* The C template through the program; reports for machines; a case again. */
Test(port, the_template_conforms)
{
    verify((const char *[]){"port", "--port", c_port, "--json", in_dir("x.json"), "--junit", in_dir("x.xml"), NULL}, 200);
    cr_assert(r.code == 0 && !strncmp(r.out, "TAP version 14\n1..", 18), "exit %d: %s", r.code, r.err);
    cr_assert(strstr(r.out, "reached bound") && strstr(r.out, " 0 failed,"));
    char *json = run_read(dir, "x.json"), *xml = run_read(dir, "x.xml");
    cr_assert(json && strstr(json, "\"exit\": 0") && strstr(json, "\"port\": \"c-template\""));
    cr_assert(xml && strstr(xml, "<testsuite name=\"eprop-verify port c-template\"") && strstr(xml, "failures=\"0\""));
    char *id = strstr(r.out, "\nok 2 - ep:");
    cr_assert(id);
    char only[17];
    memcpy(only, id + 11, 16);
    only[16] = '\0';
    free(json);
    free(xml);
    verify((const char *[]){"vectors", in_dir("v1"), NULL}, 200); /* once: what was made above, as files */
    cr_assert(r.code == 0, "exit %d: %s", r.code, r.err);
    char v1[600];
    (void)snprintf(v1, sizeof v1, "%s", in_dir("v1"));
    verify((const char *[]){"port", "--port", c_port, "--vectors", v1, "--only", only, NULL}, 60);
    cr_assert(r.code == 0 && strstr(r.out, "\n1..1\n"), "exit %d: %s", r.code, r.out);
    verify((const char *[]){"port", "--port", c_port, "--vectors", v1, "--only", only, "--min", "2", NULL}, 60);
    cr_assert(r.code == 4, "exit %d", r.code);
    verify((const char *[]){"port", "--port", c_port, "--vectors", v1, "--only", only, "--trace", "2:3", NULL}, 60);
    cr_assert(r.code == 0 && strstr(r.out, "numbers of steps 2 to 3"), "exit %d: %s", r.code, r.out);
    verify((const char *[]){"port", "--port", c_port, "--vectors", v1, "--trace", "2:3", NULL}, 60);
    cr_assert(r.code == 2 && strstr(r.err, "--only"), "exit %d: %s", r.code, r.err);
    verify((const char *[]){"port", "--detect", "--port", c_port, NULL}, 60);
    cr_assert(r.code == 0 && !strncmp(r.out, "paper2019: the port follows it\n", 31), "exit %d: %s", r.code, r.out);
}

Test(port, selftest)
{
    verify((const char *[]){"selftest", "--table", in_dir("mutants.tsv"), NULL}, 120);
    cr_assert(r.code == 0 && strstr(r.out, "named at the right quantity"), "exit %d: %s", r.code, r.out);
    char *table = run_read(dir, "mutants.tsv");
    cr_assert(table && run_lines(table) > 60 && !strstr(table, "\tNO\t"));
    free(table);
}
