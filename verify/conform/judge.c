/* judge.c: the judge without the reference: the same verdicts from files, and one clear line for what it cannot do.
 * SPDX-License-Identifier: MIT */
#include "run.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char dir[256], port[4200], vectors[300];
static run_result r;

static void fixture(void)
{
    run_temp(dir, sizeof dir);
    snprintf(port, sizeof port, "%s", run_where("verify/ports/c/port"));
    snprintf(vectors, sizeof vectors, "%s/vectors", dir);
    run_program(&r, "eprop-verify", (const char *[]){"vectors", vectors, "--preset", "paper2019", NULL}, NULL, 60);
    cr_assert_eq(r.code, 0, "%s", r.err);
}
static void cleanup(void) { run_clean(dir); }

TestSuite(judge, .init = fixture, .fini = cleanup);

static void judge(const char *const *args) { run_program(&r, "eprop-judge", args, NULL, 60); }

/* The line that begins with `start`, up to its end; NULL: there is none. */
static char *line_of(const char *text, const char *start)
{
    const char *at = strstr(text, start);
    return at ? strndup(at, strcspn(at, "\n")) : NULL;
}

Test(judge, gives_the_verdict_of_the_whole)
{
    static char tap[RUN_TEXT];
    run_program(&r, "eprop-verify", (const char *[]){"port", "--port", port, "--vectors", vectors, NULL}, NULL, 60);
    cr_assert(r.code == 0 && strstr(r.out, " 0 failed,"), "exit %d: %s", r.code, r.err);
    memcpy(tap, r.out, sizeof tap);
    judge((const char *[]){"port", "--port", port, "--vectors", vectors, NULL});
    cr_assert_eq(r.code, 0);
    cr_assert_str_eq(r.out, tap);
}

Test(judge, counts_what_was_tested)
{
    int passed = 0, failed = -1;
    judge((const char *[]){"port", "--port", port, "--vectors", vectors, "--junit", "/proc/no/such", NULL});
    cr_assert(r.code == 2 && strstr(r.err, "eprop-judge: /proc/no/such"), "exit %d: %s", r.code, r.err);
    judge((const char *[]){"port", "--port", port, "--vectors", vectors, NULL});
    char *line = line_of(r.out, "# port c-template");
    cr_assert(line && sscanf(line, "# port c-template %*d: claimed bound, reached bound; %d passed, %d failed", &passed, &failed) == 2, "%s", line);
    cr_assert(passed >= 24 && failed == 0, "%s", line);
    free(line);
    char least[16];
    for (int more = 0; more < 2; more++) {
        snprintf(least, sizeof least, "%d", passed + more);
        judge((const char *[]){"port", "--port", port, "--vectors", vectors, "--min", least, NULL});
        cr_assert_eq(r.code, more ? 4 : 0, "--min %s: exit %d", least, r.code);
    }
    cr_assert(strstr(r.out, "cases tested, at least"));
}

/* A port of the forward pass alone with a wrong line, as shell text: every v is 1/2. */
static const char wrong[] =
    "import sys\n"
    "say = lambda s: (print(s), sys.stdout.flush())\n"
    "for line in sys.stdin:\n"
    "    w = line.split()\n"
    "    if w[0] == 'eprop': say('port name=wrong version=1 formats=f32 models=lif rules=eprop1 quantities=v losses=regression,classification\\nready')\n"
    "    if w[0] == 'case': key = dict(x.split('=') for x in w[2:])\n"
    "    if w[0] == 'end':\n"
    "        T, B, n = int(key['T']), int(key['B']), int(key['n_rec'])\n"
    "        got = ['got v %s%d %d 3f000000' % (f'{b} ' if B > 1 else '', t, j) for t in range(1, T + 1) for b in range(B) for j in range(n)]\n"
    "        say('\\n'.join(got + ['done %d' % len(got)]))\n"
    "    if w[0] == 'bye': break\n";

Test(judge, known_failures_and_what_is_not_claimed)
{
    char script[600], list[600], xml[600], ids[4096] = "# known\n";
    run_write(dir, "wrong.py", wrong);
    snprintf(script, sizeof script, "python3 %s/wrong.py", dir);
    snprintf(list, sizeof list, "%s/known", dir);
    snprintf(xml, sizeof xml, "%s/x.xml", dir);
    judge((const char *[]){"port", "--port", script, "--vectors", vectors, NULL});
    cr_assert(r.code == 1 && strstr(r.out, "# show it again: eprop-judge port"), "exit %d: %s%s", r.code, r.out, r.err);
    int failures = 0;
    for (const char *at = r.out; (at = strstr(at, "\nnot ok ")); at++) {
        const char *id = strstr(at, "ep:");
        snprintf(ids + strlen(ids), sizeof ids - strlen(ids), "%.16s # seen\n", id + 3);
        failures++;
    }
    cr_assert_gt(failures, 8);
    run_write(dir, "known", ids);
    judge((const char *[]){"port", "--port", script, "--vectors", vectors, "--xfail", list, "--junit", xml, NULL});
    cr_assert(r.code == 4 && strstr(r.out, " 0 failed,"), "excused failures are neither failures nor passes: exit %d", r.code);
    char *text = run_read(dir, "x.xml");
    cr_assert(text && strstr(text, "failures=\"0\"") && strstr(text, "<skipped message=\"a failure listed as known\">"));
    cr_assert(strstr(text, "<skipped message=\"model alif is not claimed\">"));
    free(text);
    run_write(dir, "known", "ep:123\n");
    judge((const char *[]){"port", "--port", script, "--vectors", vectors, "--xfail", list, NULL});
    cr_assert(r.code == 2 && strstr(r.err, "known:1: found 'ep:123', expected a case's id"), "exit %d: %s", r.code, r.err);
}

Test(judge, says_what_it_cannot)
{
    judge((const char *[]){"port", "--port", port, NULL});
    cr_assert(r.code == 2 && strstr(r.err, "expected --vectors DIR, this judge has no reference") && run_lines(r.err) == 1, "%s", r.err);
    judge((const char *[]){"port", "--port", port, "--detect", NULL});
    cr_assert(r.code == 2 && strstr(r.err, "--detect: this judge has no reference") && run_lines(r.err) == 1, "%s", r.err);
    judge((const char *[]){"prove", NULL});
    cr_assert(r.code == 2 && strstr(r.err, "found command 'prove', expected one of port"), "%s", r.err);
    judge((const char *[]){"port", "--help", NULL});
    cr_assert(r.code == 0 && strstr(r.out, "usage: eprop-judge port"));
}

/* A forced step from the file's own states. */
Test(judge, forced_steps_from_files)
{
    char command[1600], mine[300];
    snprintf(mine, sizeof mine, "%.250s/mine", dir);
    snprintf(command, sizeof command,
             "cp verify/ports/c/*.[ch] %s && sed -i 's/ - c.v_th \\* z_before\\[j\\]//' %s/*.[ch] && cc -std=c11 -O1 -ffp-contract=off -o %s %s/port.c -lm", dir, dir, mine, dir);
    cr_assert_eq(system(command), 0);
    judge((const char *[]){"port", "--port", mine, "--vectors", vectors, NULL});
    cr_assert(r.code == 1 && strstr(r.out, "v of step "), "exit %d", r.code);
    char *forced = line_of(r.out, "# forced step:"), *cause = line_of(r.out, "# likely cause:");
    cr_assert(forced && strstr(forced, "is still wrong") && strstr(forced, "the bug is in the line that computes v"), "%s", forced);
    cr_assert(cause && strstr(cause, "reset-missing"), "%s", cause);
    free(forced);
    free(cause);
}

/* The core in Verilog, simulated: binary64, LIF, four rules. */
Test(judge, verilog)
{
    char command[4300];
    const char *vvp = run_where("verify/ports/verilog/port.vvp");
    if (!run_exists(vvp)) {
        cr_log_warn("iverilog was not there at build time: the Verilog port is not tested");
        cr_skip_test("no iverilog");
    }
    snprintf(command, sizeof command, "vvp -n %s", vvp);
    judge((const char *[]){"port", "--port", command, "--vectors", vectors, "--min", "12", NULL});
    cr_assert(r.code == 0 && strstr(r.out, "# port verilog-template") && strstr(r.out, "claimed bound, reached bound"), "exit %d: %s%s", r.code, r.out, r.err);
}
