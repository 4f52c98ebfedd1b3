/* eprop-train as a user runs it: exit codes, one line for what is wrong, signals, kill -9 and resume.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "eprop.h"
#include "test/run.h"

enum { MOST = 64, TEXT = 16384 };

static char dir[] = "/tmp/eprop-cli-XXXXXX", home[4096];

typedef struct result { int code; char out[TEXT], err[TEXT]; } result;

static void slurp(const char *path, char *to)
{
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(to, 1, TEXT - 1, f) : 0;
    to[n] = '\0';
    if (f) (void)fclose(f);
}

/* Words separated by single blanks. */
static pid_t start(const char *line)
{
    pid_t pid = fork();
    ck_assert(pid >= 0);
    if (pid > 0) return pid;
    static char words[TEXT];
    char *argv[MOST] = {(char *)(uintptr_t)TRAIN_PROGRAM};
    (void)snprintf(words, sizeof words, "%s", line);
    int n = 1;
    for (char *w = strtok(words, " "); w && n < MOST - 1; w = strtok(NULL, " ")) argv[n++] = w;
    if (!freopen("out", "w", stdout) || !freopen("err", "w", stderr)) _exit(99);
    (void)execv(TRAIN_PROGRAM, argv);
    _exit(98);
}

static int finish(pid_t pid)
{
    int status;
    ck_assert(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static result run(const char *line)
{
    result r = {.code = finish(start(line))};
    slurp("out", r.out);
    slurp("err", r.err);
    return r;
}

static int lines(const char *s)
{
    int n = 0;
    for (; *s; s++) n += *s == '\n';
    return n;
}

/* ---- usage --------------------------------------------------------------------------------------------------------- */

#define SMALL "store-recall --variant early --set T=400 --set batch=2 --set n_in=8 --set valid_every=0 --set test_trials=4"

static const struct { const char *line; int code; const char *says; } cases[] = {
    {"", 2, "no task"}, {"ballet", 2, "ballet"}, {"pattern extra", 2, "extra"}, {"--speed", 2, "bad option"}, {"pattern --seed", 2, "--seed"},
    {"pattern --variant jazz", 2, "tutorial"}, {"pattern --rule hebb", 2, "hebb"}, {"pattern --rule eprop2", 2, "eprop2"},
    {"pattern --rule tbptt-sg", 2, "window"}, {"pattern --engine warp", 2, "warp"}, {"pattern --engine fixed:q99", 2, "q99"},
    {"pattern --engine fixed:q15 --set w_in=400", 2, "range of format"}, {"store-recall --engine fixed:q15 --set delay_L=1", 2, "delay_L"},
    {"pattern --engine fixed:q15 --rule bptt", 2, "rule"}, {"speech --variant lstm --engine fixed:w8 --data none", 2, "none"}, {"pattern --seed x", 2, "--seed"},
    {"pattern --iterations -3", 2, "-3"}, {"pattern --threads 0", 2, "--threads"}, {"pattern --set", 2, "--set"},
    {"pattern --set lr", 2, "NAME=VALUE"}, {"pattern --set lr=fast", 2, "lr"}, {"pattern --set colour=red", 2, "colour"},
    {"pattern --resume", 2, "--checkpoint"}, {"pattern --resume --checkpoint none.ck", 3, "none.ck"},
    {"pattern --rule tbptt --iterations 1", 2, "window"}, {"pattern --rule eprop3-sg --set window=5 --set stream=1", 2, "c_reg"},
    {"copy-repeat --rule tbptt --set window=-2", 2, "window"}, {"copy-repeat --rule eprop3 --set window=0", 2, "window"},
    {"copy-repeat --set batch=0 --rule bptt", 2, "batch"}, {"copy-repeat --rule eprop3-sg --engine reference", 2, "without synthesisers"},
    {"copy-repeat --rule bptt --engine fixed:q15", 2, "rule"}, {"copy-repeat --set n_in=9", 2, "n_in = 10"}, {"copy-repeat --set T=4", 2, "T >= 5"},
    {"copy-repeat --rule bptt --set sg_seed=v", 2, "c, z or zc"}, {"copy-repeat --rule bptt --set update=never", 2, "trial or window"}, {"evidence --set T=100", 2, "T >= 1200"},
    {"pattern --iterations 1 --out no/such/dir", 2, "no/such/dir"}, {"pattern --iterations 1 --json no/such/dir/x.json", 3, "no/such"},
    {"pattern --iterations 1 --checkpoint no/such/dir/x.ck", 3, "no/such"}, {"--list ballet", 2, "ballet"},
    {"arm extra", 2, "extra"}, {"arm --speed", 2, "bad option"}, {"arm --variant jazz", 2, "small"}, {"arm --seed x", 2, "--seed"}, {"arm --set eta", 2, "NAME=VALUE"},
    {"arm --set eta=fast", 2, "eta"}, {"arm --set n_code=7", 2, "even"}, {"arm --set colour=red", 2, "colour"}, {"arm --threads 0", 2, "--threads"},
    {"arm --resume", 2, "--checkpoint"}, {"arm --variant small --resume --checkpoint none.ck", 3, "none.ck"},
    {"arm --variant small --iterations 1 --out no/such/dir", 2, "no/such/dir"}, {"arm --data x", 2, "takes no data"}, {"arm --runs x", 2, "takes none"},
    {"arm --way 5", 2, "way"}, {"arm --check x", 2, "--check"}, {"--list arm", 2, "eprop-train arm --list"},
    {"omniglot extra", 2, "omniglot"}, {"omniglot --way", 2, "--way"}, {"omniglot --way 1", 2, "expected 2 to 64"}, {"omniglot --way five", 2, "five"},
    {"omniglot --set T=9", 2, "follows from way"}, {"omniglot --set decide=30", 2, "decide"},
#ifdef TASK_PNG
    {"omniglot --data no/such", 2, "no/such"}, {"omniglot --variant small --way 20 --set side=5 --runs no/such", 2, "no/such"},
#else
    {"omniglot --data no/such", 2, "built without libpng"},
#endif
    {"omniglot --variant small --way 21 --set within=1 --set turned=0", 2, "generated01"},
    {"omniglot --variant small --resume --checkpoint none.ck", 3, "none.ck"},
    {SMALL " --iterations 1 --quiet --json full.json", 3, "full.json"}, {SMALL " --iterations 1 --quiet --checkpoint full.json", 3, "regular file"},
#ifdef TASK_SPEECH
    {"speech", 2, "--data DIR"}, {"speech --data no/such", 2, "no/such"},
#else
    {"speech", 2, "built without libsndfile"}, {"--list speech", 2, "built without libsndfile"},
#endif
};

START_TEST(bad_usage_gets_one_line)
{
    result r = run(cases[_i].line);
    ck_assert_msg(r.code == cases[_i].code, "'%s': exit %d: %s", cases[_i].line, r.code, r.err);
    ck_assert_msg(strstr(r.err, cases[_i].says) && strncmp(r.err, "eprop-train: ", 13) == 0, "'%s': %s", cases[_i].line, r.err);
    ck_assert_msg(lines(r.err) == 1, "'%s': %s", cases[_i].line, r.err);
    ck_assert_str_eq(r.out, "");
}
END_TEST

START_TEST(help_version_list)
{
    result r = run("--help");
    ck_assert(r.code == 0 && strstr(r.out, "usage:") && strstr(r.out, "--resume"));
    r = run("--version");
    ck_assert(r.code == 0 && strncmp(r.out, "eprop-train ", 12) == 0);
    r = run("--list");
    ck_assert(r.code == 0 && strstr(r.out, "store-recall") && strstr(r.out, "28"));
    r = run("--list evidence");
    ck_assert(r.code == 0 && strstr(r.out, "tau_a            2000") && strstr(r.out, "reset_path"));
}
END_TEST

/* ---- what a run leaves ----------------------------------------------------------------------------------------------- */


START_TEST(a_run_leaves_its_files)
{
    static const char *const files[] = {"o/manifest.json", "o/summary.json", "o/curve.csv", "o/data/output.tsv", "o/data/spikes.tsv", "o/data/neurons.tsv", "s.json"};
    char text[TEXT];
    result r = run(SMALL " --iterations 3 --out o --json s.json");
    ck_assert_msg(r.code == 0 && strcmp(r.err, "") == 0, "%d %s", r.code, r.err);
    ck_assert_msg(strstr(r.out, "ns a neuron and step") && strstr(r.out, "peak memory") && strstr(r.out, "engine "), "%s", r.out);
    for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
        slurp(files[k], text);
        ck_assert_msg(strlen(text) > 20, "%s", files[k]);
    }
    slurp("o/manifest.json", text);
    ck_assert(strstr(text, "\"commit\"") && strstr(text, "\"compiler\"") && strstr(text, "-ffp-contract=off") && strstr(text, "\"argv\""));
    slurp("o/curve.csv", text);
    ck_assert_int_eq(lines(text), 4);
    slurp("o/data/spikes.tsv", text);
    ck_assert_int_gt(lines(text), 5);
    r = run(SMALL " --iterations 1 --quiet");
    ck_assert(r.code == 0 && strcmp(r.out, "") == 0 && strcmp(r.err, "") == 0);
}
END_TEST

START_TEST(divergence_is_said)
{
    result r = run(SMALL " --iterations 99 --set optimizer=sgd --set lr=1e9 --set lr_factor=1e9 --set lr_every=1 --set loss=regression --checkpoint n.ck");
    ck_assert_msg(r.code == 1 && strstr(r.err, "diverged at iteration") && lines(r.err) == 1, "%d %s", r.code, r.err);
}
END_TEST

/* ---- signals -------------------------------------------------------------------------------------------------------------- */

static void nap(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    (void)nanosleep(&t, NULL);
}

static void wait_for(const char *path)
{
    for (int k = 0; k < 3000 && access(path, F_OK) != 0; k++) nap(10);
    ck_assert_msg(access(path, F_OK) == 0, "%s did not appear", path);
}

static void same(const char *a, const char *b)
{
    static char p[1 << 20], q[1 << 20];
    FILE *f = fopen(a, "rb"), *g = fopen(b, "rb");
    ck_assert(f && g);
    size_t n = fread(p, 1, sizeof p, f), m = fread(q, 1, sizeof q, g);
    (void)fclose(f);
    (void)fclose(g);
    ck_assert_msg(n == m && memcmp(p, q, n) == 0, "%s and %s differ", a, b);
}

/* Stopped at any moment, a run goes on to the same bits. */
START_TEST(stopped_and_resumed)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGKILL};
    (void)unlink("k.ck");
    ck_assert_int_eq(run(SMALL " --iterations 400 --quiet --checkpoint whole.ck --out whole").code, 0);
    pid_t pid = start(SMALL " --iterations 400 --quiet --checkpoint k.ck --checkpoint-every 5 --out k");
    wait_for("k.ck");
    nap(20 + 7 * _i);
    (void)kill(pid, signals[_i]);
    int code = finish(pid);
    ck_assert_msg(code == (signals[_i] == SIGKILL ? -SIGKILL : 0), "exit %d", code);
    result r = run(SMALL " --iterations 400 --quiet --checkpoint k.ck --checkpoint-every 5 --resume --out k");
    ck_assert_msg(r.code == 0, "%s", r.err);
    same("whole.ck", "k.ck");
    same("whole/curve.csv", "k/curve.csv");
    same("whole/data/output.tsv", "k/data/output.tsv");
}
END_TEST

/* ---- e-prop 2, whose outer loop has a command line of its own -------------------------------------------------------------- */

#define ARM "arm --variant small --set n_rec=20 --set n_mod=16 --set n_code=12 --set T=50 --set batch=4 --set valid_every=2 --set valid_trials=3 --set unseen=3"

START_TEST(arm_leaves_its_files)
{
    static const char *const files[] = {"a/manifest.json", "a/summary.json", "a/curve.csv", "a/data/arm_unseen.tsv", "a/data/arm_path.tsv", "a/data/arm_raster.tsv",
                                        "a/data/arm_signal.tsv", "a/data/arm_curve.tsv", "a.json"};
    char text[TEXT];
    result r = run(ARM " --iterations 3 --out a --json a.json");
    ck_assert_msg(r.code == 0 && strcmp(r.err, "") == 0, "%d %s", r.code, r.err);
    ck_assert_msg(strstr(r.out, "no update") && strstr(r.out, "one BPTT step") && strstr(r.out, "peak"), "%s", r.out);
    for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
        slurp(files[k], text);
        ck_assert_msg(strlen(text) > 20, "%s", files[k]);
    }
    slurp("a/curve.csv", text);
    ck_assert_int_eq(lines(text), 4);
    slurp("a/data/arm_curve.tsv", text);
    ck_assert_int_eq(lines(text), 3); /* iterations 0 and 2 */
    slurp("a/data/arm_unseen.tsv", text);
    ck_assert_int_eq(lines(text), 6);
    r = run("arm --help");
    ck_assert(r.code == 0 && strstr(r.out, "--resume"));
    r = run("arm --list");
    ck_assert(r.code == 0 && strstr(r.out, "n_mod            300"));
}
END_TEST

START_TEST(arm_stopped_and_resumed)
{
    static const int signals[] = {SIGTERM, SIGKILL};
    (void)unlink("m.ck");
    ck_assert_int_eq(run(ARM " --iterations 120 --quiet --checkpoint w.ck --out w").code, 0);
    pid_t pid = start(ARM " --iterations 120 --quiet --checkpoint m.ck --checkpoint-every 3 --out m");
    wait_for("m.ck");
    nap(10);
    (void)kill(pid, signals[_i]);
    int code = finish(pid);
    ck_assert_msg(code == (signals[_i] == SIGKILL ? -SIGKILL : 0), "exit %d", code);
    result r = run(ARM " --iterations 120 --quiet --checkpoint m.ck --resume --out m");
    ck_assert_msg(r.code == 0, "%s", r.err);
    same("w.ck", "m.ck");
    same("w/curve.csv", "m/curve.csv");
    same("w/data/arm_unseen.tsv", "m/data/arm_unseen.tsv");
}
END_TEST

#define GLYPHS "omniglot --variant small --way 3 --set side=8 --set queries=3 --set n_rec=20 --set n_mod=16 --set on=6 --set off=1 --set decide=2 --set batch=4 --set valid_every=2 " \
               "--set valid_trials=3 --set unseen=3"

START_TEST(omniglot_leaves_its_files)
{
    static const char *const files[] = {"o/manifest.json", "o/summary.json", "o/curve.csv", "o/data/omniglot_unseen.tsv", "o/data/omniglot_pictures.tsv",
                                        "o/data/omniglot_raster.tsv", "o/data/omniglot_signal.tsv", "o/data/omniglot_curve.tsv", "o.json"};
    char text[TEXT];
    result r = run(GLYPHS " --iterations 3 --out o --json o.json");
    ck_assert_msg(r.code == 0 && strcmp(r.err, "") == 0, "%d %s", r.code, r.err);
    ck_assert_msg(strstr(r.out, "no update") && strstr(r.out, "nearest pixels") && strstr(r.out, "chance                 66.7 % wrong"), "%s", r.out);
    for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
        slurp(files[k], text);
        ck_assert_msg(strlen(text) > 20, "%s", files[k]);
    }
    slurp("o/data/omniglot_curve.tsv", text);
    ck_assert_int_eq(lines(text), 3); /* iterations 0 and 2 */
    slurp("o/data/omniglot_unseen.tsv", text);
    ck_assert_int_eq(lines(text), 8);
    r = run("omniglot --help");
    ck_assert(r.code == 0 && strstr(r.out, "--way K") && strstr(r.out, "data/omniglot_*.tsv"));
    r = run("omniglot --list --way 7");
    ck_assert(r.code == 0 && strstr(r.out, "n_mod            200") && strstr(r.out, "n_out            7") && strstr(r.out, "T                175"));
}
END_TEST

START_TEST(omniglot_stopped_and_resumed)
{
    (void)unlink("p.ck");
    ck_assert_int_eq(run(GLYPHS " --iterations 120 --quiet --checkpoint q.ck --out q").code, 0);
    pid_t pid = start(GLYPHS " --iterations 120 --quiet --checkpoint p.ck --checkpoint-every 3 --out p");
    wait_for("p.ck");
    (void)kill(pid, SIGINT);
    ck_assert_int_eq(finish(pid), 0);
    result r = run(GLYPHS " --iterations 120 --quiet --checkpoint p.ck --resume --out p");
    ck_assert_msg(r.code == 0, "%s", r.err);
    same("q.ck", "p.ck");
    same("q/curve.csv", "p/curve.csv");
    same("q/data/omniglot_unseen.tsv", "p/data/omniglot_unseen.tsv");
}
END_TEST

START_TEST(arm_divergence_is_said)
{
    result r = run(ARM " --iterations 9 --set lr=1e9 --set lr_factor=1e9 --set lr_every=1 --checkpoint d.ck");
    ck_assert_msg(r.code == 1 && strstr(r.err, "diverged at iteration") && lines(r.err) == 1, "%d %s", r.code, r.err);
    ck_assert_int_ne(access("d.ck", F_OK), 0); /* none had been written */
}
END_TEST

/* Twenty times at moments drawn at random, always the same run: no checkpoint is ever refused, the end is that of a run left alone. Checkpoints of
 * 0.4 MB after every short iteration: a good part of the moments lies inside a write. */
#define WILD "store-recall --variant early --set T=400 --set batch=1 --set n_in=40 --set n_rec=120 --set n_alif=60 --set valid_every=0 --set test_trials=1 --iterations 250 --quiet"

START_TEST(killed_at_any_moment)
{
    enum { KILLS = 20 };
    int alive = 0;
    ck_assert_int_eq(run(WILD " --checkpoint calm.ck --out calm").code, 0);
    for (uint64_t k = 0; k < KILLS; k++) {
        bool begun = access("wild.ck", F_OK) == 0;
        pid_t pid = start(begun ? WILD " --checkpoint wild.ck --checkpoint-every 1 --out wild --resume" : WILD " --checkpoint wild.ck --checkpoint-every 1 --out wild");
        nap(5 + (long)(60 * ep_rng_uniform(6, 1, k)));
        (void)kill(pid, SIGKILL);
        int code = finish(pid);
        ck_assert_msg(code == -SIGKILL || code == 0, "kill %d: exit %d", (int)k, code);
        alive += code == -SIGKILL;
    }
    ck_assert_int_ge(alive, 5);
    bool begun = access("wild.ck", F_OK) == 0;
    result r = run(begun ? WILD " --checkpoint wild.ck --out wild --resume" : WILD " --checkpoint wild.ck --out wild");
    ck_assert_msg(r.code == 0, "%s", r.err);
    same("calm.ck", "wild.ck");
    same("calm/curve.csv", "wild/curve.csv");
    same("calm/data/output.tsv", "wild/data/output.tsv");
    ck_assert_int_ne(access("wild.ck.tmp", F_OK), 0);
}
END_TEST

/* A curve that can't be written any more. */
START_TEST(a_full_disk_ends_the_run)
{
    ck_assert(mkdir("full", 0777) == 0 && symlink("/dev/full", "full/curve.csv") == 0);
    result r = run(SMALL " --iterations 3 --quiet --out full --checkpoint full.ck --checkpoint-every 1");
    ck_assert_msg(r.code == 3 && strstr(r.err, "full/curve.csv: cannot be written") && lines(r.err) == 1, "%d %s", r.code, r.err);
    ck_assert_int_ne(access("full.ck", F_OK), 0); /* which would know more than the curve */
}
END_TEST

/* So are the tables at the end of a run, and the line says which disk. */
START_TEST(a_full_disk_under_the_tables_is_said)
{
    if (access("/dev/full", W_OK) != 0) return;
    ck_assert(mkdir("filled", 0777) == 0 && mkdir("filled/data", 0777) == 0);
    ck_assert_int_eq(symlink("/dev/full", "filled/data/neurons.tsv"), 0);
    result r = run(SMALL " --quiet --iterations 2 --out filled");
    ck_assert_msg(r.code == 3 && lines(r.err) == 1 && strstr(r.err, "filled/data: a table cannot be written"), "code %d: %s", r.code, r.err);
}
END_TEST

START_TEST(bad_checkpoints_are_said)
{
    ck_assert_int_eq(run(SMALL " --iterations 2 --quiet --checkpoint b.ck").code, 0);
    result r = run("evidence --quiet --checkpoint b.ck --resume");
    ck_assert_msg(r.code == 2 && strstr(r.err, "'task store-recall', expected 'task evidence'"), "%s", r.err);
    FILE *f = fopen("b.ck", "r+b");
    ck_assert(f && fseek(f, 3000, SEEK_SET) == 0);
    int c = fgetc(f);
    ck_assert(fseek(f, 3000, SEEK_SET) == 0 && fputc(c ^ 4, f) != EOF && fclose(f) == 0);
    r = run(SMALL " --iterations 4 --quiet --checkpoint b.ck --resume");
    ck_assert_msg(r.code == 2 && strstr(r.err, "checksum") && lines(r.err) == 1, "%s", r.err);
}
END_TEST

int main(void)
{
    if (!getcwd(home, sizeof home) || !mkdtemp(dir) || chdir(dir) != 0 || symlink("/dev/full", "full.json") != 0) return 1;
    Suite *s = suite_create("cli");
    TCase *t = tcase_create("cli");
    tcase_set_timeout(t, 0);
    tcase_add_loop_test(t, bad_usage_gets_one_line, 0, (int)(sizeof cases / sizeof *cases));
    tcase_add_test(t, help_version_list);
    tcase_add_test(t, a_run_leaves_its_files);
    tcase_add_test(t, divergence_is_said);
    tcase_add_loop_test(t, stopped_and_resumed, 0, 3);
    tcase_add_test(t, arm_leaves_its_files);
    tcase_add_loop_test(t, arm_stopped_and_resumed, 0, 2);
    tcase_add_test(t, arm_divergence_is_said);
    tcase_add_test(t, omniglot_leaves_its_files);
    tcase_add_test(t, omniglot_stopped_and_resumed);
    tcase_add_test(t, killed_at_any_moment);
    tcase_add_test(t, a_full_disk_ends_the_run);
    tcase_add_test(t, a_full_disk_under_the_tables_is_said);
    tcase_add_test(t, bad_checkpoints_are_said);
    suite_add_tcase(s, t);
    int failed = test_run_as(s, CK_NOFORK);
    char line[80];
    (void)snprintf(line, sizeof line, "rm -rf %s", dir);
    if (chdir(home) != 0 || system(line) != 0) failed++;
    return failed ? 1 : 0;
}
