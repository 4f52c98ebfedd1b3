/* commands.c: certify, windows, eprop2, profile and the rarer options of gradient and port from outside: what they say about networks
 * that can be checked by hand.
 * SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700 /* terminals */
#include "run.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char dir[256];
static run_result r;

static void fixture(void) { run_temp(dir, sizeof dir); }
static void cleanup(void) { run_clean(dir); }

static void verify(const char *const *args) { run_program(&r, "eprop-verify", args, NULL, 120); }
#define VERIFY(...) verify((const char *[]){__VA_ARGS__, NULL})

static const char *in_dir(const char *name) { return run_path(dir, name); }

static int count(const char *text, const char *what)
{
    int n = 0;
    for (; (text = strstr(text, what)); text += strlen(what)) n++;
    return n;
}

static char *file(const char *name)
{
    char *text = run_read(dir, name);
    cr_assert(text, "no file %s", name);
    return text;
}

TestSuite(commands, .init = fixture, .fini = cleanup);

/* One LIF neuron that fires in the first of two steps and would miss its target by 2: the example of PROTOCOL.md. */
#define HEAD(model, rule, more) "epv 1\ncase ep:-\nmodel " model "\npreset paper2019\nrule " rule "\nformat f32\nT 2\nB 1\nn_in 1\nn_rec 1\n" more
#define NUMBERS "v_th 3f000000\ngamma 3e800000\n"
#define WEIGHTS "in Win 0 0 3f400000\nin Wout 0 0 40000000\nin alpha 0 3f000000\nin x 1 0 3f800000\n"
static const char fires[] = HEAD("lif", "eprop1-symmetric", "n_out 1\nloss regression\n") NUMBERS WEIGHTS "end\n";
/* Two outputs with the same feedback: sum_k (p_k - p*_k) = 0, which no enclosure can show. */
static const char feeds_back_nothing[] = HEAD("lif", "eprop1-global", "n_out 2\nloss classification\n") NUMBERS
    "in Win 0 0 3f400000\nin B 0 0 3f800000\nin B 0 1 3f800000\nin Wout 0 0 40000000\nin bout 0 3f000000\nin alpha 0 3f000000\n"
    "in x 1 0 3f800000\nin target 1 0 3f800000\nin target 2 0 3f800000\nend\n";
static const char integers[] = "epv 1\ncase ep:-\nmodel lif\npreset paper2019\nrule eprop1-symmetric\nformat fixed:q15\nT 1\nB 1\nn_in 1\nn_rec 1\n"
                               "n_out 1\nloss regression\nv_th 00001000\nslope 00000040\nend\n";

/* ---- certify --------------------------------------------------------------------------------------------------- */

Test(commands, certify_proves_what_was_asked)
{
    double gap = 0.0;
    int entries = 0, spikes = 0;
    VERIFY("certify", "--n-rec", "4", "--steps", "20", "--rate", "0.1", "--bits", "200", "--threads", "2");
    cr_assert_eq(r.code, 0, "exit %d: %s", r.code, r.err);
    const char *at = strstr(r.out, "proved: "), *line = strstr(r.out, " spikes, every decision proved");
    cr_assert(at && sscanf(at, "proved: |BPTT - sum L e| <= 2^%lf scale for all %d entries (asked: 2^-200)", &gap, &entries) == 2, "%s", r.out);
    cr_assert(gap <= -200.0, "%s", r.out);
    cr_assert_eq(entries, 16 + 16 + 4 + 12 + 3 + 3 * 4, "Win, Wrec, b, Wout, bout, alpha rho beta: %d", entries);
    while (line && line > r.out && line[-1] != '\n') line--;
    cr_assert(line && sscanf(line, " %d spikes", &spikes) == 1 && spikes > 0, "%s", r.out);
    VERIFY("certify", "--model", "rate", "--n-rec", "3", "--steps", "6", "--seed", "5");
    cr_assert(r.code == 0 && strstr(r.out, "proved") && !strstr(r.out, "spikes"), "exit %d: %s", r.code, r.out);
    VERIFY("certify", "--n-rec", "1", "--steps", "1");
    cr_assert(r.code == 4 && strstr(r.err, "found no network that is alive") && run_lines(r.err) == 1 && !*r.out, "exit %d: %s%s", r.code, r.out, r.err);
}

/* Every case of a file; the worst code is the file's. */
Test(commands, certify_reads_files)
{
    run_write(dir, "fires.epv", fires);
    VERIFY("certify", in_dir("fires.epv"));
    cr_assert(r.code == 0 && strstr(r.out, "fires.epv:2: lif") && strstr(r.out, "  1 spikes, every decision proved; smallest |v - v_th - beta a| = 0.25"),
              "exit %d: %s%s", r.code, r.out, r.err);
    char both[2000];
    snprintf(both, sizeof both, "%s%s", fires, strstr(integers, "case"));
    run_write(dir, "both.epv", both);
    VERIFY("certify", in_dir("both.epv"));
    cr_assert(r.code == 2 && strstr(r.err, "both.epv:20: found integers, expected f32 or f64") && run_lines(r.err) == 1, "exit %d: %s", r.code, r.err);
    cr_assert(strstr(r.out, "both.epv:2: lif"), "the case before it was not proved: %s", r.out);
}

/* ---- windows ---------------------------------------------------------------------------------------------------- */

/* Rows of the table that begin with this window length: eight cosines. */
static void expect_window(const char *text, int window, bool whole)
{
    for (int place = 0; place < 2; place++) {
        double c[8];
        char start[20];
        snprintf(start, sizeof start, "\n%-8d", window);
        text = strstr(text, start);
        cr_assert(text && sscanf(text + 9, "%lf %lf %lf %lf %lf %lf %lf %lf", &c[0], &c[1], &c[2], &c[3], &c[4], &c[5], &c[6], &c[7]) == 8,
                  "window %d: %s", window, text ? text : "missing");
        cr_assert(c[3] > 0.99995 && c[7] > 0.99995, "window %d: with all seeds exact it is BPTT: %.100s", window, text);
        for (int k = 0; k < 8; k++) cr_assert(c[k] >= -1.0 && c[k] < 1.00005 && (!whole || c[k] > 0.99995), "window %d: %.100s", window, text);
        if (!whole) cr_assert(c[0] < 0.9999 && c[4] < 0.9999, "window %d: without seeds something is missing: %.100s", window, text);
        text++;
    }
}

Test(commands, windows_measures)
{
    VERIFY("windows", "--model", "lif", "--neurons", "3", "--steps", "8", "--networks", "2", "--json", in_dir("w.json"), "--out", in_dir("run"));
    cr_assert_eq(r.code, 0, "exit %d: %s", r.code, r.err);
    for (int window = 1; window <= 8; window *= 2) expect_window(r.out, window, window == 8);
    char *json = file("w.json"), *tsv = file("run/data/windows_lif.tsv"), *manifest = file("run/manifest.json");
    cr_assert_eq(count(json, "\"model\": \"lif\""), 4 * 8 * 2);
    cr_assert_eq(run_lines(tsv), 1 + 4 * 8 * 2);
    cr_assert(count(tsv, "\neprop3-sg zc\t0\t") == 4 && count(tsv, "\neprop3\t1\t") == 4, "%s", tsv);
    cr_assert(strstr(manifest, "\"program\": \"eprop-verify windows\"") && strstr(manifest, "\"networks\": 2"), "%s", manifest);
    free(json);
    free(tsv);
    free(manifest);
    VERIFY("windows", "--model", "lstm", "--neurons", "2", "--steps", "8", "--networks", "1", "--json", "/no/such/folder/w.json");
    cr_assert(r.code == 2 && strstr(r.err, "/no/such/folder/w.json: cannot write"), "exit %d: %s", r.code, r.err);
    VERIFY("windows", "--model", "lstm", "--neurons", "2", "--steps", "8", "--networks", "1", "--out", "/proc/no/such");
    cr_assert(r.code == 2 && strstr(r.err, "/proc/no") && run_lines(r.err) == 1, "exit %d: %s", r.code, r.err);
}

/* ---- e-prop 2 --------------------------------------------------------------------------------------------------- */

Test(commands, eprop2_holds)
{
    VERIFY("eprop2", "--evidence", "BCD", "--level", "quick");
    cr_assert_eq(r.code, 0, "exit %d: %s%s", r.code, r.out, r.err);
    static const char *const lines[] = {"\neprop2    B    8  |adjoint - tape| / scale, proved", "\neprop2    C    8  |adjoint - tape| / (u mag)",
                                        "\neprop2    D    8  tangents forward in time = adjoint", "\neprop2    D    1  central differences = adjoint",
                                        "\n49 comparisons: holds;"};
    for (size_t k = 0; k < sizeof lines / sizeof *lines; k++) cr_assert(strstr(r.out, lines[k]), "no line '%s' in %s", lines[k] + 1, r.out);
    cr_assert(!strstr(r.out, "fails") && !strstr(r.out, "vacuous"), "%s", r.out);
}

/* ---- profiles --------------------------------------------------------------------------------------------------- */

/* A profile is printed as a file that is read back as the same profile; a vector file's format carries that text's hash. */
Test(commands, profiles)
{
    char command[700], hash[17] = "", want[40];
    VERIFY("profile", "q15");
    cr_assert(r.code == 0 && strstr(r.out, "\nV 16.12 nearest-even saturate\n"), "exit %d: %s", r.code, r.out);
    run_write(dir, "mine", r.out);
    VERIFY("profile", in_dir("mine"));
    char *text = file("mine");
    cr_assert(r.code == 0 && !strcmp(text, r.out), "exit %d: %s", r.code, r.out);
    free(text);
    VERIFY("profile", "q15", "--size", "4,5,2");
    cr_assert(r.code == 0 && count(r.out, ": accepted\n") == 3, "exit %d: %s", r.code, r.out);
    VERIFY("profile", "s16.15", "--size", "4096,4096,4096"); /* 4096 products of two 32-bit words leave 64 bits */
    cr_assert(r.code == 1 && count(r.out, ": refused\n") == 3, "exit %d: %s", r.code, r.out);
    run_write(dir, "bad", "eprop-fixed 2\n");
    VERIFY("profile", in_dir("bad"));
    cr_assert(r.code == 2 && strstr(r.err, "bad:1:") && run_lines(r.err) == 1, "exit %d: %s", r.code, r.err);
    VERIFY("vectors", in_dir("v"), "--profile", in_dir("bad"));
    cr_assert(r.code == 2 && strstr(r.err, "bad:1:") && run_entries(dir) == 2, "exit %d: %s", r.code, r.err);
    VERIFY("vectors", in_dir("v"), "--profile", in_dir("mine"));
    cr_assert_eq(r.code, 0, "exit %d: %s", r.code, r.err);
    snprintf(command, sizeof command, "sha256sum %s/mine", dir);
    FILE *p = popen(command, "r");
    cr_assert(p && fgets(hash, sizeof hash, p), "no sha256sum");
    pclose(p);
    snprintf(want, sizeof want, "v/fixed-%s.epv", hash);
    text = file(want);
    snprintf(want, sizeof want, "\nformat fixed:%s\n", hash);
    cr_assert(count(text, want) > 8, "%d cases", count(text, want));
    char id[17] = "", *at = strstr(text, "\ncase ep:"); /* the judge has no profile of that hash, but the file says what must come */
    cr_assert(at && sscanf(at, "\ncase ep:%16[0-9a-f]", id) == 1);
    free(text);
    snprintf(command, sizeof command, "port name=board version=1 formats=fixed:%s models=lif rules=eprop1 quantities=v\ncase ep:%s\nunsupported not today\n", hash, id);
    run_write(dir, "answers", command);
    VERIFY("port", "--response", in_dir("answers"), "--vectors", in_dir("v"), "--only", id, "--trace", "1:2");
    cr_assert(r.code == 4 && strstr(r.out, "no answer: "), "exit %d: %s%s", r.code, r.out, r.err);
}

/* ---- gradient --------------------------------------------------------------------------------------------------- */

/* The expected lines of the forward pass stay, those of the gradient are written anew. */
Test(commands, gradient_fills_in)
{
    char text[1200];
    snprintf(text, sizeof text, "%.*sout v 1 0 3f400000.000 mag 3ff8000000000000\nout dWin 0 0 3f400000.000 mag 4026000000000000\nend\n",
             (int)(sizeof fires - 1 - strlen("end\n")), fires);
    run_write(dir, "fires.epv", text);
    VERIFY("gradient", in_dir("fires.epv"), "--out", in_dir("full.epv"), "--threads", "2");
    cr_assert_eq(r.code, 0, "exit %d: %s", r.code, r.err);
    char *full = file("full.epv");
    cr_assert(strstr(full, "\nout v 1 0 3f400000.000 mag 3ff8000000000000\n") && count(full, "\nout dWin ") == 1 && strstr(full, "\nout dWin 0 0 3f800000.000 mag "),
              "%s", full);
    free(full);
    VERIFY("gradient", in_dir("fires.epv"), "--rule", "eprop2");
    cr_assert(r.code == 2 && strstr(r.err, "fires.epv:2: rule eprop2 with model lif is not implemented here") && run_lines(r.err) == 1, "exit %d: %s", r.code, r.err);
    run_write(dir, "integers.epv", integers);
    VERIFY("gradient", in_dir("integers.epv"));
    cr_assert(r.code == 2 && strstr(r.err, "integers.epv:2: found integers"), "exit %d: %s", r.code, r.err);
}

Test(commands, gradient_says_what_is_undecided)
{
    run_write(dir, "global.epv", feeds_back_nothing);
    VERIFY("gradient", in_dir("global.epv"), "--max-bits", "200", "--json", in_dir("g.json"));
    cr_assert_eq(r.code, 5, "exit %d: %s%s", r.code, r.out, r.err);
    double lo = 1.0, hi = -1.0;
    const char *at = strstr(r.out, "undecided in [");
    cr_assert(at && sscanf(at, "undecided in [%lf, %lf]", &lo, &hi) == 2 && lo <= 0.0 && hi >= 0.0 && hi - lo < 1e-30, "%s", r.out);
    char *json = file("g.json");
    int open = count(json, "\"status\": \"undecided\"");
    cr_assert(open > 0 && count(json, "\"lo\": ") == open && count(json, "\"hi\": ") == open && count(r.out, "undecided in [") == open, "%s", json);
    free(json);
}

/* A pipe or a device is written, not replaced by a file. */
Test(commands, json_into_a_pipe)
{
    char command[1400];
    struct stat s;
    run_write(dir, "fires.epv", fires);
    cr_assert(mkfifo(in_dir("pipe"), 0600) == 0 && symlink("/dev/full", in_dir("full")) == 0);
    snprintf(command, sizeof command, "cat %s > %s &", in_dir("pipe"), in_dir("came.json"));
    cr_assert_eq(system(command), 0);
    VERIFY("gradient", in_dir("fires.epv"), "--json", in_dir("pipe"));
    cr_assert_eq(r.code, 0, "exit %d: %s", r.code, r.err);
    cr_assert(stat(in_dir("pipe"), &s) == 0 && S_ISFIFO(s.st_mode), "the pipe is gone");
    char *json = file("came.json");
    for (int wait = 0; wait < 1000 && !strstr(json, "\n]\n"); wait++) {
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        free(json);
        json = file("came.json");
    }
    cr_assert(strstr(json, "\n]\n") && count(json, "\"entry\": ") == 6, "%s", json);
    free(json);
    VERIFY("gradient", in_dir("fires.epv"), "--json", in_dir("full"));
    cr_assert(r.code == 2 && strstr(r.err, "full: cannot write: No space left"), "exit %d: %s", r.code, r.err);
    cr_assert(lstat(in_dir("full"), &s) == 0 && S_ISLNK(s.st_mode) && run_entries(dir) == 4, "something was left behind");
}

/* A synthesiser in a file: one that says nothing leaves the gradient of the rule without seeds. */
Test(commands, gradient_with_a_synthesiser)
{
    run_write(dir, "fires.epv", fires);
    run_write(dir, "synth", "synth 1\nsees z\nhidden 0\n0 0 0\n");
    VERIFY("gradient", in_dir("fires.epv"), "--rule", "eprop3-sg", "--window", "1", "--seed", "c", "--synth", in_dir("synth"));
    cr_assert(r.code == 2 && strstr(r.err, "synth: found 3 numbers, expected ") && run_lines(r.err) == 1, "exit %d: %s", r.code, r.err);
    int needs = atoi(strstr(r.err, "expected ") + 9);
    char text[400] = "synth 1\nsees z\nhidden 0\n";
    cr_assert(needs > 0 && needs < 100, "%s", r.err);
    for (int k = 0; k < needs; k++) strcat(text, "0 ");
    run_write(dir, "synth", text);
    VERIFY("gradient", in_dir("fires.epv"), "--rule", "eprop3-sg", "--window", "1", "--seed", "c", "--synth", in_dir("synth"));
    cr_assert_eq(r.code, 0, "exit %d: %s", r.code, r.err);
    char *mute = strdup(r.out);
    VERIFY("gradient", in_dir("fires.epv"), "--rule", "eprop3", "--window", "1");
    cr_assert(r.code == 0 && strstr(r.out, "3f800000") && !strcmp(mute, r.out), "%s%s", mute, r.out);
    free(mute);
    VERIFY("gradient", in_dir("fires.epv"), "--rule", "bptt", "--seed", "c", "--synth", in_dir("synth"));
    cr_assert(r.code == 2 && strstr(r.err, "--synth with rule bptt, expected tbptt-sg or eprop3-sg"), "exit %d: %s", r.code, r.err);
    VERIFY("gradient", in_dir("fires.epv"), "--rule", "tbptt-sg", "--seed", "none", "--synth", in_dir("synth"));
    cr_assert(r.code == 2 && strstr(r.err, "--synth with seed none, expected --seed c, z or zc"), "exit %d: %s", r.code, r.err);
}

/* ---- port ------------------------------------------------------------------------------------------------------- */

/* A case without expected lines: eprop-verify works out what must come. */
Test(commands, port_of_a_bare_case)
{
    char id[17] = "", answer[400];
    run_write(dir, "fires.epv", fires);
    VERIFY("gradient", in_dir("fires.epv"), "--json", in_dir("g.json")); /* tells the case's id */
    char *json = file("g.json"), *at = strstr(json, "\"case\": \"");
    cr_assert(at && sscanf(at, "\"case\": \"%16[0-9a-f]", id) == 1, "%s", json);
    free(json);
    for (int wrong = 0; wrong < 2; wrong++) { /* v of the second step without the reset: 3/8 in place of -1/8 */
        snprintf(answer, sizeof answer, "port name=board version=1 formats=f32 models=lif rules=eprop1 quantities=v,z\ncase ep:%s\ngot v 1 0 3f400000\n"
                 "got v 2 0 %s\ngot z 1 0 3f800000\ngot z 2 0 00000000\ndone 4\n", id, wrong ? "3ec00000" : "be000000");
        run_write(dir, "answers", answer);
        VERIFY("port", "--response", in_dir("answers"), "--vectors", in_dir("fires.epv"), "--preset", "paper2019", "--memory", "64", "--timeout", "5");
        cr_assert_eq(r.code, wrong, "exit %d: %s%s", r.code, r.out, r.err);
        cr_assert(strstr(r.out, wrong ? "v[2][0]: got 3ec00000, want be000000.000" : "1 passed, 0 failed"), "%s", r.out);
    }
    snprintf(answer, sizeof answer, "# what is known\n\nep:%s # no reset\n", id);
    run_write(dir, "known", answer);
    VERIFY("port", "--response", in_dir("answers"), "--vectors", in_dir("fires.epv"), "--xfail", in_dir("known"));
    cr_assert(r.code == 4 && strstr(r.out, " 0 failed, 1 failed as listed,"), "an excused failure is no pass: exit %d: %s", r.code, r.out);
    VERIFY("port", "--response", in_dir("answers"), "--vectors", in_dir("fires.epv"), "--xfail", in_dir("nowhere"));
    cr_assert(r.code == 2 && strstr(r.err, "nowhere: cannot be read") && !*r.out, "exit %d: %s%s", r.code, r.err, r.out);
    run_write(dir, "known", "ep:123\n");
    VERIFY("port", "--response", in_dir("answers"), "--vectors", in_dir("fires.epv"), "--xfail", in_dir("known"));
    cr_assert(r.code == 2 && strstr(r.err, "known:1: found 'ep:123', expected a case's id"), "exit %d: %s", r.code, r.err);
    VERIFY("port", "--response", in_dir("answers"), "--vectors", in_dir("fires.epv"), "--preset", "nest-bsshslm");
    cr_assert(r.code == 4 && strstr(r.out, "\n1..0\n"), "a case of another preset was taken: exit %d: %s", r.code, r.out);
    VERIFY("port", "--response", in_dir("answers"), "--vectors", in_dir("fires.epv"), "--claim", "exact", "--trace", "2:2", "--only", id);
    cr_assert(r.code == 0 && strstr(r.out, "v[2][0]          3ec00000         be000000.000") && !strstr(r.out, "v[1][0]"), "exit %d: %s", r.code, r.out);
}

/* A number that rounding cannot decide is judged by its enclosure. */
Test(commands, port_of_an_undecided_number)
{
    char id[17] = "", answer[700];
    run_write(dir, "global.epv", feeds_back_nothing);
    VERIFY("gradient", in_dir("global.epv"), "--max-bits", "200", "--out", in_dir("full.epv"));
    char *full = file("full.epv"), *at = strstr(full, "\ncase ep:");
    cr_assert(r.code == 5 && count(full, " undecided ") == 2 && at && sscanf(at, "\ncase ep:%16[0-9a-f]", id) == 1, "exit %d: %s", r.code, full);
    free(full);
    snprintf(answer, sizeof answer, "port name=board version=1 formats=f32 models=lif rules=eprop1 quantities=dWin,dWrec,db,dWout,dbout,dalpha losses=classification\ncase ep:%s\n"
             "got dWin 0 0 3f800000\ngot dWrec 0 0 00000000\ngot db 0 00000000\ngot dWout 0 0 bd9b5b89\ngot dWout 1 0 3d9b5b89\n"
             "got dbout 0 bee823e5\ngot dbout 1 3ee823e5\ngot dalpha 0 00000000\ndone 8\n", id);
    run_write(dir, "answers", answer);
    VERIFY("port", "--response", in_dir("answers"), "--vectors", in_dir("full.epv"));
    cr_assert(r.code == 1 && strstr(r.out, "dWin[0][0]: got 3f800000, want -") && strstr(r.out, " to "), "exit %d: %s%s", r.code, r.out, r.err);
    run_program(&r, "eprop-judge", (const char *[]){"port", "--response", in_dir("answers"), "--vectors", in_dir("full.epv"), "--only", id, "--trace", "1:2", NULL},
                NULL, 120); /* from the file's own lines */
    cr_assert(r.code == 0 && strstr(r.out, "dWin[0][0]       3f800000         from "), "exit %d: %s", r.code, r.out);
}

/* Standard output that cannot take it all is an error, whatever the verdict. */
Test(commands, no_room_for_the_output)
{
    char command[4400];
    snprintf(command, sizeof command, "%s profile q15 > /dev/full 2> %s/said", run_where("eprop-verify"), dir);
    int status = system(command);
    char *said = file("said");
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 2 && strstr(said, "stdout: cannot be written, the output is not whole"), "status %d: %s", status, said);
    free(said);
}

/* On a terminal a bar shows how far the work is, and is wiped away at the end. */
Test(commands, progress_on_a_terminal)
{
    static char seen[65536];
    size_t n = 0;
    int status, screen = posix_openpt(O_RDWR | O_NOCTTY);
    cr_assert(screen >= 0 && grantpt(screen) == 0 && unlockpt(screen) == 0, "no terminal");
    int line = open(ptsname(screen), O_RDWR | O_NOCTTY), out = open(in_dir("out"), O_WRONLY | O_CREAT, 0600);
    cr_assert(line >= 0 && out >= 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(out, 1);
        dup2(line, 2);
        execl(run_where("eprop-verify"), "eprop-verify", "windows", "--model", "lif", "--neurons", "2", "--steps", "8", "--networks", "3", (char *)NULL);
        _exit(126);
    }
    close(line);
    for (ssize_t got; n < sizeof seen - 1 && (got = read(screen, seen + n, sizeof seen - 1 - n)) > 0;) n += (size_t)got;
    cr_assert(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d: %s", status, seen);
    cr_assert(strstr(seen, "\r\033[Kwindows: lif") && strstr(seen, "[########                ]  33 %") && strstr(seen, "] 100 %"), "%s", seen);
    cr_assert(n > 4 && !strcmp(seen + n - 4, "\r\033[K"), "%s", seen);
}

Test(commands, ports_that_say_nothing)
{
    VERIFY("port", "--detect", "--port", "false");
    cr_assert(r.code == 3 && strstr(r.out, "Bail out! the port did not get as far as `ready`"), "exit %d: %s", r.code, r.out);
    run_write(dir, "fires.epv", fires);
    VERIFY("port", "--plugin", in_dir("fires.epv"), "--vectors", in_dir("fires.epv"));
    cr_assert(r.code == 3 && strstr(r.out, "cannot be loaded"), "exit %d: %s", r.code, r.out);
    setenv("TMPDIR", "/no/such", 1);
    VERIFY("port", "--port", "true", "--vectors", in_dir("fires.epv"));
    unsetenv("TMPDIR");
    cr_assert(r.code == 2 && strstr(r.err, "/no/such") && run_lines(r.err) == 1, "exit %d: %s%s", r.code, r.out, r.err);
    char id[17] = "", answer[200];
    VERIFY("gradient", in_dir("fires.epv"), "--json", in_dir("g.json"));
    char *json = file("g.json"), *at = strstr(json, "\"case\": \"");
    cr_assert(at && sscanf(at, "\"case\": \"%16[0-9a-f]", id) == 1, "%s", json);
    free(json);
    snprintf(answer, sizeof answer, "port name=board version=1 formats=f32 models=lif rules=eprop1 quantities=v\ncase ep:%s\nunsupported not today\n", id);
    run_write(dir, "answers", answer);
    VERIFY("port", "--response", in_dir("answers"), "--vectors", in_dir("fires.epv"), "--only", id, "--trace", "1:2");
    cr_assert(r.code == 4 && strstr(r.out, "no answer: ") && strstr(r.out, "not today"), "exit %d: %s%s", r.code, r.out, r.err);
}
