/* test_bench_cli.c: eprop-bench from outside: what it says, and with which code it ends, when its input, its guests or the machine are bad.
 * What needs no forged record is in verify/conform/bench.c.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sample.h"
#include "test/run.h"

#define CASE "port/lstm/bptt/N10-I5-O2-T30-B2"
#define RUN BENCH_PROGRAM " run port --only lstm --rounds 4 --work 0.0005 --cpu -1"

static char dir[64], out[80], said[16384];

static void setup(void)
{
    snprintf(dir, sizeof dir, "/tmp/eprop-bench-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(out, sizeof out, "%s/run", dir);
}

static int shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void teardown(void) { ck_assert_int_eq(shell("rm -rf %s", dir), 0); }

/* Runs a command; what it says on both outputs goes to `said`. */
static int shell(const char *fmt, ...)
{
    char command[4096];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(command, sizeof command - 8, fmt, ap);
    va_end(ap);
    ck_assert_int_lt(n, (int)sizeof command - 8);
    strcat(command, " 2>&1");
    FILE *f = popen(command, "r");
    ck_assert_ptr_nonnull(f);
    size_t have = fread(said, 1, sizeof said - 1, f);
    said[have] = '\0';
    while (fgetc(f) != EOF) continue;
    int status = pclose(f);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void says(const char *text) { ck_assert_msg(strstr(said, text) != NULL, "wanted '%s' in:\n%s", text, said); }

/* A peer as a script: prints `body`. */
static void script(const char *name, const char *body)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fprintf(f, "#!/bin/sh\n%s\n", body);
    ck_assert_int_eq(fclose(f), 0);
    ck_assert_int_eq(shell("chmod +x %s", path), 0);
}

/* One whole run with a peer that leaves itself out. */
static void whole_run(void)
{
    script("shy", "echo unsupported today");
    int rc = shell(RUN " --peer shy=%s/shy --out %s", dir, out);
    ck_assert_msg(rc == 0 || rc == 3, "exit %d: %s", rc, said); /* 3: the machine is too noisy for a claim */
    says("left out: peer:shy: unsupported today");
    ck_assert_int_eq(shell("test $(wc -l < %s/samples.jsonl) -eq 8", out), 0);
}

START_TEST(damaged_runs)
{
    static const struct { const char *damage, *line; } row[] = {
        {"sed -i '5s/\"seconds\":[^,]*/\"seconds\":NaN/' A/samples.jsonl", "samples.jsonl:5: found"},
        {"sed -i 2d A/samples.jsonl", "samples.jsonl:2: found checksum"},
        {"sed -i 's/\"schema\": 1/\"schema\": 7/' A/manifest.json", "found schema 7, expected 1"},
        {"echo '{' > A/manifest.json", "manifest.json:"},
    };
    whole_run();
    ck_assert_int_eq(shell(BENCH_PROGRAM " compare %s %s", out, out), 0);
    says(" 1.000 [");
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        ck_assert_int_eq(shell("cd %s && rm -rf A && cp -r run A && %s", dir, row[k].damage), 0);
        ck_assert_msg(shell(BENCH_PROGRAM " compare %s/A %s", dir, out) == 2, "%s: %s", row[k].damage, said);
        says(row[k].line);
        ck_assert_msg(strchr(said, '\n') == strrchr(said, '\n'), "more than one line: %s", said);
    }
}
END_TEST

/* The same program measured twice differs from itself: no ratio, exit 3. */
START_TEST(noisy_machine)
{
    char why[BENCH_WHY], path[120];
    bench_samples all = {0};
    whole_run();
    snprintf(path, sizeof path, "%s/samples.jsonl", out);
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    for (int k = 0; k < 8; k++) {
        bench_sample s = {.id = CASE, .round = k / 2, .order = k % 2, .seconds = 1 + 0.01 * k, .cpu = k % 2 ? 1 : 1.5, .reps = 3, .at = k, .flips = -1};
        snprintf(s.subject, sizeof s.subject, k % 2 ? "again" : "scalar:f32");
        ck_assert_int_eq(bench_sample_append(f, &all, &s, why), EP_OK);
    }
    fclose(f);
    bench_samples_free(&all);
    ck_assert_int_eq(shell(RUN " --peer shy=%s/shy --out %s --resume", dir, out), 3);
    says("A/A pair invalid: no ratio is claimed");
    ck_assert_int_eq(shell("awk -F'\\t' '$2 == \"scalar:f32\" && $4 == \"-\" {n++} END {exit n != 1}' %s/data/speed.tsv", out), 0);
}
END_TEST

/* Samples whose times go back are counted, and the run says so. */
START_TEST(clock_goes_back)
{
    char why[BENCH_WHY], path[120];
    bench_samples all = {0};
    whole_run();
    snprintf(path, sizeof path, "%s/samples.jsonl", out);
    FILE *f = fopen(path, "wb");
    for (int k = 0; k < 8; k++) {
        bench_sample s = {.id = CASE, .round = k / 2, .order = k % 2, .seconds = 1, .cpu = 1 + 0.001 * ((k / 2 + k) % 2), .reps = 3, .at = k == 5 ? 1 : 10 + k, .flips = -1};
        snprintf(s.subject, sizeof s.subject, k % 2 ? "again" : "scalar:f32");
        ck_assert_int_eq(bench_sample_append(f, &all, &s, why), EP_OK);
    }
    fclose(f);
    bench_samples_free(&all);
    ck_assert_int_eq(shell(RUN " --peer shy=%s/shy --out %s --resume", dir, out), 0);
    says("the clock went back 1 times");
}
END_TEST

START_TEST(bad_places)
{
    script("shy", "echo unsupported today");
    ck_assert_int_eq(shell(RUN " --peer shy=%s/shy --out %s/shy/run", dir, dir), 3);
    says("cannot make folder");
    /* A disk that takes no more: files end after 4 blocks. */
    ck_assert_int_eq(shell("(ulimit -f 1; trap '' XFSZ; " RUN " --peer shy=%s/shy --out %s)", dir, out), 3);
    says("cannot write");
    ck_assert_int_eq(shell("test -e %s/data/speed.tsv", out), 1);
}
END_TEST

/* Guests: what they are not is said, what they give is judged. */
START_TEST(guests)
{
    static const struct { const char *body; int rc; const char *line; } row[] = {
        {"echo seconds 0.001; echo done 0", 2, "found 'done 0' after 0 numbers"},
        {"echo seconds 0.001; echo got dWin 0 0 0 3f800000; echo done 1", 1, "the result is wrong"},
        {"echo seconds 0.001; echo got dWin 0 0 0 7fc00000; echo done 1", 1, "the result is wrong"},
        {"echo got dWin 0 0 0 3f800000; echo done 1", 2, "printed no line 'seconds S'"},
        {"echo seconds 0.001; echo got dWin 4 0 0 3f800000; echo done 1", 2, "expected got, a gradient or z"},
        {"echo seconds 0.001; echo got dWin 0 0 3f800000; echo done 1", 2, "expected got, a gradient or z"},
        {"echo seconds 0.001; echo got dWin 0 0 0 3F800000; echo done 1", 2, "8 hexadecimal digits"},
        {"echo seconds 0.001; echo got dWin 0 0 0 3f800000", 3, "ended without its done line"},
        {"exit 9", 3, "ended without its done line"},
    };
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        script("peer", row[k].body);
        int rc = shell("rm -rf %s; " RUN " --peer mine=%s/peer --out %s", out, dir, out);
        ck_assert_msg(rc == row[k].rc, "%s: exit %d: %s", row[k].body, rc, said);
        says(row[k].line);
    }
    ck_assert_int_eq(shell("rm -rf %s; " RUN " --port mine=%s/peer --out %s", out, dir, out), 2);
    says("expected a port line");
    ck_assert_int_eq(shell("rm -rf %s; " RUN " --port 'a b=c' --out %s", out, out), 2);
    ck_assert_int_eq(shell(BENCH_PROGRAM " run port --out %s", out), 2);
    says("expected --port or --peer");
    ck_assert_int_eq(shell(BENCH_PROGRAM " run nonsense --out %s", out), 2);
    says("found suite 'nonsense'");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bench from outside");
    TCase *c = tcase_create("cli");
    tcase_set_timeout(c, 240);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, damaged_runs);
    tcase_add_test(c, noisy_machine);
    tcase_add_test(c, clock_goes_back);
    tcase_add_test(c, bad_places);
    tcase_add_test(c, guests);
    suite_add_tcase(s, c);
    return test_run(s);
}
