/* test_lines.c: what is read from the command line, what a result looks like to people and to machines.
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "lines.h"

#include <check.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test/run.h"

static char text[2][4096]; /* what went to stdout and stderr between listen and heard */
static int kept[2];
static FILE *into[2];

static void listen_in(void)
{
    (void)fflush(NULL);
    for (int k = 0; k < 2; k++) {
        kept[k] = dup(k + 1);
        into[k] = tmpfile();
        ck_assert(kept[k] >= 0 && into[k] && dup2(fileno(into[k]), k + 1) == k + 1);
    }
}

static void heard(void)
{
    (void)fflush(NULL);
    for (int k = 0; k < 2; k++) {
        ck_assert_int_eq(dup2(kept[k], k + 1), k + 1);
        (void)close(kept[k]);
        rewind(into[k]);
        text[k][fread(text[k], 1, sizeof text[k] - 1, into[k])] = 0;
        (void)fclose(into[k]);
    }
}

static int opened(int argc, const char *const *argv, bench_out *out)
{
    static char room[8][64]; /* out keeps pointers into its arguments */
    char *copy[8];
    for (int k = 0; k < argc; k++) copy[k] = strcpy(room[k], argv[k]);
    optind = 0; /* glibc: begin again */
    listen_in();
    int code = bench_lines_open(argc, copy, "About it.", out);
    heard();
    return code;
}

START_TEST(command_line)
{
    static const struct {
        int argc, code;
        const char *argv[5], *says; /* on stderr; --help: on stdout */
    } cases[] = {
        {1, -1, {"p/bench-x"}, ""},
        {4, -1, {"bench-x", "--rounds", "7", "--targets"}, ""},
        {2, 0, {"bench-x", "--help"}, "usage: bench-x [--tsv FILE] [--rounds 1..99] [--targets]\nAbout it.\n"},
        {3, 2, {"bench-x", "--rounds", "0"}, "bench-x: expected [--tsv FILE] [--rounds 1..99] [--targets]\n"},
        {3, 2, {"bench-x", "--rounds", "100"}, "bench-x: expected [--tsv FILE] [--rounds 1..99] [--targets]\n"},
        {3, 2, {"bench-x", "--rounds", "many"}, "bench-x: expected [--tsv FILE] [--rounds 1..99] [--targets]\n"},
        {2, 2, {"bench-x", "--fast"}, "bench-x: expected [--tsv FILE] [--rounds 1..99] [--targets]\n"},
        {2, 2, {"bench-x", "more"}, "bench-x: found 'more', expected options only\n"},
        {3, 3, {"bench-x", "--tsv", "/nowhere/at/all"}, "/nowhere/at/all: No such file or directory\n"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        bench_out out;
        int code = opened(cases[k].argc, cases[k].argv, &out);
        ck_assert_msg(code == cases[k].code, "case %zu: %d", k, code);
        ck_assert_msg(strstr(text[code != 0], cases[k].says) != NULL, "case %zu: '%s'", k, text[code != 0]);
        ck_assert_str_eq(out.program, "bench-x");
        if (k == 1) ck_assert(out.rounds == 7 && out.targets);
    }
}
END_TEST

static const bench_interval two = {1.9, 2, 2.1};

/* Puts lines and closes; reads the file back. */
static int written(const char *path, const bench_line *l, int n, bench_out *out, char *file, size_t room)
{
    const char *const argv[] = {"bench-x", "--tsv", path};
    ck_assert_int_eq(opened(3, argv, out), -1);
    listen_in();
    for (int k = 0; k < n; k++) bench_put(out, &l[k]);
    int code = bench_lines_close(out);
    heard();
    FILE *f = fopen(path, "r");
    file[0] = 0;
    if (f && room) file[fread(file, 1, room - 1, f)] = 0;
    if (f) (void)fclose(f);
    return code;
}

START_TEST(lines_for_people_and_machines)
{
    char path[] = "/tmp/test_lines.XXXXXX", file[4096];
    bench_line l[5];
    for (int k = 0; k < 5; k++) l[k] = bench_line_of("a network", "a ratio", two);
    l[1].target = 1.5, l[1].stretch = 2.5; /* met */
    l[2].target = 1.5, l[2].stretch = 2;   /* stretch */
    l[3].target = 1.5, l[3].at_most = true; /* missed */
    l[4] = (bench_line){.subject = "a network", .what = "time", .unit = "s", .got = 0.25, .judged = true, .error = 1.5e-7};
    int fd = mkstemp(path);
    ck_assert(fd >= 0 && close(fd) == 0);
    bench_out out;
    ck_assert_int_eq(written(path, l, 5, &out, file, sizeof file), 0);
    ck_assert_str_eq(file, "program\tsubject\twhat\tgot\tlow\thigh\tunit\trelation\ttarget\tstretch\tverdict\terror\n"
                           "bench-x\ta network\ta ratio\t2\t1.9\t2.1\tx\t-\t-\t-\t-\t-\n"
                           "bench-x\ta network\ta ratio\t2\t1.9\t2.1\tx\t>=\t1.5\t2.5\tmet\t-\n"
                           "bench-x\ta network\ta ratio\t2\t1.9\t2.1\tx\t>=\t1.5\t2\tstretch\t-\n"
                           "bench-x\ta network\ta ratio\t2\t1.9\t2.1\tx\t<=\t1.5\t-\tmissed\t-\n"
                           "bench-x\ta network\ttime\t0.25\t-\t-\ts\t-\t-\t-\t-\t1.500e-07\n");
    ck_assert_int_eq(out.met, 2);
    ck_assert_int_eq(out.missed, 1);
    ck_assert(strstr(text[0], "2 x    [1.9, 2.1]  target >= 1.5: met\n") != NULL);
    ck_assert(strstr(text[0], "target >= 1.5: stretch\n") != NULL);
    ck_assert(strstr(text[0], "target <= 1.5: MISSED\n") != NULL);
    ck_assert(strstr(text[0], "0.25 s     error 1.5e-07\n") != NULL);
    ck_assert(strstr(text[0], "2 of 3 targets met\n") != NULL);
    (void)unlink(path);
}
END_TEST

START_TEST(a_full_disk_is_said)
{
    bench_line l = bench_line_of("s", "w", two);
    bench_out out;
    char none[1];
    if (access("/dev/full", W_OK) != 0) return;
    ck_assert_int_eq(written("/dev/full", &l, 1, &out, none, 0), 3);
    ck_assert_str_eq(text[1], "/dev/full: could not be written\n");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("lines");
    TCase *c = tcase_create("lines");
    tcase_add_test(c, command_line);
    tcase_add_test(c, lines_for_people_and_machines);
    tcase_add_test(c, a_full_disk_is_said);
    suite_add_tcase(s, c);
    return test_run(s);
}
