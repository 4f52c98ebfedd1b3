/* Lists of runs: what braces stand for, what is refused; the command: runs are done once, failed ones said, stopped ones go on.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sweep.h"
#include "test/run.h"

enum { TEXT = 8192 };
static char dir[] = "/tmp/eprop-sweep-XXXXXX";

static void spit(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    ck_assert(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void slurp(const char *path, char to[TEXT])
{
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(to, 1, TEXT - 1, f) : 0;
    if (f) (void)fclose(f);
    to[n] = '\0';
}

START_TEST(braces_are_choices)
{
    static const char *const names[] = {"bptt_1", "bptt_2", "eprop3_1_4", "eprop3_1_20", "eprop3-sg_1_4", "eprop3-sg_1_20", "evidence"};
    char why[SWEEP_WHY];
    sweep s;
    spit("f", "# a comment\n copy-repeat --rule {bptt} --seed {1,2}   # more\n\ncopy-repeat --rule {eprop3,eprop3-sg} --seed {1} --set window={4,20}\r\nevidence\n");
    ck_assert_msg(sweep_read("f", &s, why) == EP_OK, "%s", why);
    ck_assert_uint_eq(s.n, 7);
    for (size_t k = 0; k < 7; k++) ck_assert_str_eq(s.run[k].name, names[k]);
    ck_assert_str_eq(s.run[1].text, "copy-repeat --rule bptt --seed 2");
    ck_assert_str_eq(s.run[5].text, "copy-repeat --rule eprop3-sg --seed 1 --set window=20");
    sweep_free(&s);
}
END_TEST

static const struct { const char *text, *says; } bad[] = {
    {"", "f:1: found no run"}, {"# nothing\n\n", "found no run"}, {"a {b\n", "f:1: found '{' without '}'"}, {"ok\na b}\n", "f:2: found '}' without '{'"},
    {"a {b,{c}}\n", "'{' without '}'"}, {"a {b,}\n", "an empty choice"}, {"a {}\n", "an empty choice"}, {"a {b, c}\n", "a blank"},
    {"a {b}\na --x {b}\n", "f:2: found b, expected each run once"}, {"{a}{b}{c}{d}{e}{f}{g}{h}{i}\n", "too many braces"},
    {"{1,2,3,4,5,6,7,8,9,0}{1,2,3,4,5,6,7,8,9,0}{1,2,3,4,5,6,7,8,9,0}{1,2,3,4,5,6,7,8,9,0}{1,2,3,4,5,6,7,8,9,0}{1,2}\n", "more than 100000"},
};
enum { N_BAD = sizeof bad / sizeof *bad };

START_TEST(bad_lists_are_said)
{
    char why[SWEEP_WHY];
    sweep s;
    spit("f", bad[_i].text);
    ck_assert_int_eq(sweep_read("f", &s, why), EP_FORMAT);
    ck_assert_msg(strstr(why, bad[_i].says) && !strchr(why, '\n'), "%s", why);
    ck_assert_int_eq(sweep_read("not there", &s, why), EP_IO);
}
END_TEST

/* ---- the command, with a script in place of eprop-train --------------------------------------------------------- */

static int run(const char *options, char err[TEXT])
{
    char command[1024];
    (void)snprintf(command, sizeof command, "%s sweep %s > out 2> err", BENCH_PROGRAM, options);
    int status = system(command);
    slurp("err", err);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Counts its calls in --out DIR/calls; run "slow" stops by itself once, run "bad" fails. */
static const char *const fake =
    "#!/bin/sh\n"
    "while [ $# -gt 0 ]; do case $1 in --out) out=$2; shift;; --resume) resumed=1;; --checkpoint) ck=$2; shift;; bad) bad=1;; slow) slow=1;; esac; shift; done\n"
    "echo call >> \"$out/calls\"\n"
    "[ \"$EPROP_ALONE\" = 1 ] || exit 2\n"
    "if [ \"$bad\" ]; then echo 'no such rule' >&2; exit 2; fi\n"
    "end=iterations; [ \"$slow\" ] && [ ! \"$resumed\" ] && end=signal && : > \"$ck\"\n"
    "echo '{\"task\": \"t\", \"rule\": \"r\", \"seed\": 1, \"end\": \"'$end'\", \"solved\": 7.5, \"test_loss\": null}' > \"$out/summary.json\"\n";

START_TEST(runs_are_done_once)
{
    char text[TEXT];
    spit("train", fake);
    ck_assert_int_eq(chmod("train", 0755), 0);
    spit("list", "x {good,bad,slow} --seed {1,2}\n");
    ck_assert_int_eq(run("list --out o --train ./train --jobs 3 --quiet", text), 1);
    ck_assert_msg(strstr(text, "run bad_1 did not come to its end, exit code 2: no such rule") && strstr(text, "run slow_2 did not come to its end, exit code 0"), "%s", text);
    ck_assert_int_eq(run("list --out o --train ./train --quiet", text), 1);
    slurp("o/good_1/calls", text);
    ck_assert_str_eq(text, "call\n");
    slurp("o/slow_1/calls", text);
    ck_assert_str_eq(text, "call\ncall\n");
    slurp("o/sweep.tsv", text);
    ck_assert_msg(strstr(text, "good_1\tt\t-\tr\t-\t1\titerations\t-\t-\t7.5\t-\t-\t-\t-\n") && strstr(text, "slow_2") && !strstr(text, "bad_1"), "%s", text);
    ck_assert_int_eq(run("list --out o --train ./train --list", text), 0);
    slurp("out", text);
    ck_assert_msg(strstr(text, "iterations\tgood_2\tx good --seed 2\n") && strstr(text, "-\tbad_1\t"), "%s", text);
    spit("list", "x {good} --seed {1} --set lr=2\n");
    ck_assert_int_eq(run("list --out o --train ./train --quiet", text), 0); /* it came to its end: left alone */
    (void)remove("o/good_1/summary.json");
    ck_assert_int_eq(run("list --out o --train ./train --quiet", text), 1);
    ck_assert_msg(strstr(text, "another run's folder"), "%s", text);
}
END_TEST

static const struct { const char *options, *says; } misuse[] = {
    {"", "found 0 files"}, {"a b --out o", "found 2 files"}, {"a", "--out"}, {"a --out o --train ./none", "./none"}, {"a --out o --jobs 0 --train /bin/true", "--jobs"},
    {"none --out o --train /bin/true", "none: cannot be read"}, {"--loud", "--loud"},
};
enum { N_MISUSE = sizeof misuse / sizeof *misuse };

START_TEST(misuse_gets_one_line)
{
    char err[TEXT];
    ck_assert_int_eq(run(misuse[_i].options, err), 2);
    ck_assert_msg(strstr(err, misuse[_i].says) && strchr(err, '\n') == err + strlen(err) - 1, "%s", err);
}
END_TEST

int main(void)
{
    if (!mkdtemp(dir) || chdir(dir) != 0) return EXIT_FAILURE;
    Suite *s = suite_create("sweep");
    TCase *c = tcase_create("sweep");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, braces_are_choices);
    tcase_add_loop_test(c, bad_lists_are_said, 0, N_BAD);
    tcase_add_test(c, runs_are_done_once);
    tcase_add_loop_test(c, misuse_gets_one_line, 0, N_MISUSE);
    suite_add_tcase(s, c);
    int failed = test_run(s);
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf %s", dir);
    failed += chdir("/") != 0 || system(command) != 0;
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
