/* Two and three processes of mpirun against one: the same curve but for the order of sums; what they refuse. Skipped, with a
 * line that says so, where the program was built without MPI or mpirun is missing.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "team.h"
#include "test/run.h"

enum { ROWS = 64, COLUMNS = 16, TEXT = 3000 }; /* Check takes no message over 4096 bytes */

static char dir[] = "/tmp/eprop-mpi-XXXXXX";

/* MPI keeps blocks of its own to the end, which are no leaks of ours. Exit code; what was said into `out`. n = 0: without mpirun. */
static int run(int n, const char *line, char out[TEXT])
{
    char command[TEXT];
    if (n > 0) (void)snprintf(command, sizeof command, "ASAN_OPTIONS=detect_leaks=0 mpirun -n %d %s %s > out 2>&1", n, TRAIN_PROGRAM, line);
    else (void)snprintf(command, sizeof command, "%s %s > out 2>&1", TRAIN_PROGRAM, line);
    int status = system(command);
    FILE *f = fopen("out", "r");
    size_t got = f ? fread(out, 1, TEXT - 1, f) : 0;
    if (f) (void)fclose(f);
    out[got] = '\0';
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int read_curve(const char *name, double v[ROWS][COLUMNS])
{
    char path[128], line[1024];
    int rows = -1;
    (void)snprintf(path, sizeof path, "%s/curve.csv", name);
    FILE *f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s", path);
    for (; fgets(line, sizeof line, f) && rows < ROWS; rows++) {
        const char *at = line;
        for (int c = 0; rows >= 0 && c < COLUMNS; c++) {
            char *end;
            v[rows][c] = strtod(at, &end);
            if (end == at) v[rows][c] = 0;
            at = strchr(at, ',') ? strchr(at, ',') + 1 : "";
        }
    }
    (void)fclose(f);
    return rows;
}

#define COMMON " --iterations 25 --threads 1 --quiet --engine fast:f64 "
#define TASK "copy-repeat --variant small --set n_rec=20 --set batch=7 --set lr=0.01 --set sg_hidden=9" COMMON
/* The last one's loss and its mean over the batch are the engine's matter. */
static const char *const ways[] = {TASK "--rule bptt", TASK "--rule tbptt --set window=3 --set update=window", TASK "--rule eprop3-sg --set window=2",
                                   TASK "--rule eprop3-sg --set window=2 --set update=window", TASK "--rule tbptt-sg --set window=3 --set stream=1",
                                   "store-recall --variant early --set T=400 --set batch=5 --set n_in=8 --set valid_every=4 --set valid_trials=3 --set stop_below=-1 "
                                   "--set test_trials=2 --set c_reg=0 --rule eprop1-random" COMMON};
static const struct { const char *line; int code; const char *says; } cases[] = {
    {"copy-repeat --rule bptt --set batch=1 --iterations 1", 2, "as many trials as processes"},
    {"pattern --rule bptt --iterations 1 --set batch=4", 2, "c_reg"}, {"arm --variant small --set batch=1", 2, "as many movements as processes"},
    {"copy-repeat --variant small --rule tbptt-sg --set window=2 --set sg_lr=5 --set sg_limit=2 --iterations 30 --set batch=4", 1, "synthesiser of gradients diverged"},
};
enum { N_WAY = 6, N_CASE = 4 };

/* Adam turns a difference of 1e-16 into one of at most about rate / sqrt(v) times that: 25 updates stay below 1e-9. */
START_TEST(the_curve_is_that_of_one)
{
    char line[TEXT], out[TEXT];
    static double one[ROWS][COLUMNS], several[ROWS][COLUMNS];
    int n = _i % 2 ? 3 : 2;
    (void)snprintf(line, sizeof line, "%s --out one --compare 10", ways[_i]);
    ck_assert_msg(run(0, line, out) == 0, "%s", out);
    (void)snprintf(line, sizeof line, "%s --out several --checkpoint several.ck --compare 10", ways[_i]);
    ck_assert_msg(run(n, line, out) == 0, "%s", out);
    ck_assert_int_eq(read_curve("one", one), 25);
    ck_assert_int_eq(read_curve("several", several), 25);
    for (int r = 0; r < 25; r++) { /* loss, norm, synthesiser's error, length, solved */
        static const int columns[] = {0, 1, 4, 13, 14, 15};
        for (size_t k = 0; k < 6; k++) {
            int c = columns[k];
            ck_assert_msg(fabs(one[r][c] - several[r][c]) <= 1e-9 * fabs(one[r][c]), "row %d column %d: %.17g and %.17g", r, c, one[r][c], several[r][c]);
        }
        ck_assert(one[r][1] > 0 && one[r][4] > 0);
    }
    ck_assert_msg(memcmp(one, several, sizeof one) != 0, "not a bit differs: was it one process?");
    ck_assert(one[10][11] > 0 && several[10][11] > 0);
}
END_TEST

#define ONESHOT " --set n_rec=20 --set n_mod=16 --set batch=7 --set valid_every=5 --set valid_trials=5 --set unseen=5 --iterations 15 --threads 1 --quiet "
static const char *const oneshot[] = {"arm --variant small --set n_code=12 --set T=50" ONESHOT,
                                      "omniglot --variant small --way 3 --set queries=3 --set side=8 --set on=6 --set off=1 --set decide=2" ONESHOT};

/* A gradient is a double sum of groups of binary32, and each group is one process's: what differs is the rounding of that sum, of spikes nothing. */
START_TEST(oneshot_learns_as_one)
{
    char line[TEXT], out[TEXT];
    static double one[ROWS][COLUMNS], several[ROWS][COLUMNS];
    (void)snprintf(line, sizeof line, "%s --out one", oneshot[_i % 2]);
    ck_assert_msg(run(0, line, out) == 0, "%s", out);
    (void)snprintf(line, sizeof line, "%s --out several --checkpoint o.ck", oneshot[_i % 2]);
    (void)unlink("o.ck");
    ck_assert_msg(run(2 + _i / 2, line, out) == 0, "%s", out);
    ck_assert_int_eq(read_curve("one", one), 15);
    ck_assert_int_eq(read_curve("several", several), 15);
    for (int r = 0; r < 15; r++)
        for (int c = 0; c < 8; c++) /* loss, regularisers, rate, norm, and what validation found */
            ck_assert_msg(fabs(one[r][c] - several[r][c]) <= 1e-9 * fabs(one[r][c]), "row %d column %d: %.17g and %.17g", r, c, one[r][c], several[r][c]);
    ck_assert(one[5][1] > 0 && one[5][3] > 0 && one[5][4] > 0 && one[5][6] > 0);
}
END_TEST

/* 25 updates by two processes, then to 40 by three, against 40 by two. */
START_TEST(checkpoints_know_no_processes)
{
    char out[TEXT];
    static double straight[ROWS][COLUMNS], resumed[ROWS][COLUMNS];
    ck_assert_msg(run(2, TASK "--rule eprop3-sg --set window=2 --iterations 40 --out straight", out) == 0, "%s", out);
    ck_assert_msg(run(2, TASK "--rule eprop3-sg --set window=2 --out resumed --checkpoint r.ck", out) == 0, "%s", out);
    ck_assert_msg(run(3, TASK "--rule eprop3-sg --set window=2 --iterations 40 --out resumed --checkpoint r.ck --resume", out) == 0, "%s", out);
    ck_assert_int_eq(read_curve("straight", straight), 40);
    ck_assert_int_eq(read_curve("resumed", resumed), 40);
    for (int r = 0; r < 40; r++) ck_assert_double_eq_tol(straight[r][1], resumed[r][1], 1e-8 * straight[r][1]);
}
END_TEST

START_TEST(what_cannot_be_is_said_once)
{
    char out[TEXT];
    int code = run(2, cases[_i].line, out), said = 0;
    ck_assert_msg(code == cases[_i].code, "exit %d: %s", code, out);
    for (const char *at = out; (at = strstr(at, cases[_i].says)); at++) said++;
    ck_assert_msg(said == 1, "%d times: %s", said, out);
}
END_TEST

int main(void)
{
    if (!task_team_built()) return puts("test_mpi: skipped: built without MPI") < 0;
    if (system("command -v mpirun > /dev/null 2>&1") != 0) return puts("test_mpi: skipped: there is no mpirun") < 0;
    (void)setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
    (void)setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
    (void)setenv("OMPI_MCA_rmaps_base_oversubscribe", "1", 1);
    (void)setenv("OMPI_MCA_mpi_yield_when_idle", "1", 1);
    if (!mkdtemp(dir) || chdir(dir) != 0) return EXIT_FAILURE;
    Suite *s = suite_create("mpi");
    TCase *c = tcase_create("mpi");
    tcase_set_timeout(c, 300);
    tcase_add_loop_test(c, the_curve_is_that_of_one, 0, N_WAY);
    tcase_add_loop_test(c, oneshot_learns_as_one, 0, 4);
    tcase_add_test(c, checkpoints_know_no_processes);
    tcase_add_loop_test(c, what_cannot_be_is_said_once, 0, N_CASE);
    suite_add_tcase(s, c);
    int failed = test_run(s);
    if (chdir("/") == 0) {
        char command[128];
        (void)snprintf(command, sizeof command, "rm -rf %s", dir);
        failed += system(command) != 0;
    }
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
