/* Ports that behave badly, each with the verdict that it deserves, and the run goes on with the next case. The base is a
 * port that knows the answers, so that one fault at a time can be put in.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "port_verdict.h"
#include "test/run.h"
#include "vectors.h"

#if defined(__SANITIZE_ADDRESS__) /* its shadow memory would count as the port's, so there is no limit then */
#define MEMORY "stderr: unlimited"
#else
#define MEMORY "stderr: 2097152"
#endif

enum { N = 4, FAULTY = 1 }; /* cases shown; the one with the fault */

typedef enum fault {
    NONE, SILENT_START, GARBAGE_START, UNKNOWN_CLAIM, EXIT_START, GARBAGE, NAN_ANSWER, ZEROS, WRONG_COUNT, TWICE, OUT_OF_RANGE,
    UPPER_CASE, UNWANTED, ENDLESS_LINES, ENDLESS_LINE, NUL_BYTE, SLEEPS, CRASHES, CLOSES, FORKS, LEAVES_OUT, DECLINES, DECLINES_ALL,
    LAST_BIT, EXIT_IN_CASE,
    /* lies */
    OTHER_FORMAT, SENDS_NOTHING, CLAIMS_AGAIN, CLAIMS_TWICE, TWO_PORT_LINES, NO_CLAIMS, TOO_SMALL, NO_STEP, BAD_STEP, TALKS_ON
} fault;

static vfy_vectors vectors;
static const vfy_epv_case *shown[N];

static void start(fault f);

static void answer(const vfy_epv_case *c, fault f)
{
    size_t n = 0;
    if (f == CLAIMS_AGAIN) start(f);
    for (size_t i = 0; i < c->n_want && f != SENDS_NOTHING; i++) {
        const vfy_want *w = &c->want[i];
        int index[VFY_MAX_AXES];
        char hex[17];
        uint64_t bits = w->kind == VFY_VALUE ? w->bits + (w->extra >= 0x800) : 0;
        vfy_shape s = vfy_quantity_shape(w->q, &c->net, c->batch.T, c->batch.B, c->updates);
        if (f == LEAVES_OUT && w->q == VFY_Q_PSI && i % 7 == 0) continue;
        if (f == LAST_BIT && w->q == VFY_Q_EBAR && w->mag > 4) bits++;
        if (f == NAN_ANSWER && w->q == VFY_Q_Y) bits = 0x7fc00000;
        if (f == ZEROS) bits = 0;
        vfy_shape_index(&s, w->at, index);
        printf("got %s", vfy_quantity_name(w->q));
        for (int d = 0; d < s.nd; d++) printf(" %d", index[d] + (f == OUT_OF_RANGE && i == 9 ? 1000 : 0));
        vfy_bits_text(c->format, bits, hex);
        if (f == UPPER_CASE) hex[7] = 'A';
        if (f == OTHER_FORMAT) strcat(hex, "00000000");
        printf(" %s\n", hex);
        n++;
        if (f == TWICE && i == 5) i--, f = NONE;
    }
    if (f == UNWANTED) printf("got dalpha_s 0 3f800000\n");
    printf("done %zu\n", n + (f == WRONG_COUNT));
}

static void misbehave(fault f)
{
    switch (f) {
    case GARBAGE: printf("the answer is 42\n"); break;
    case ENDLESS_LINES: for (;;) printf("hello\n"); break;
    case ENDLESS_LINE: for (;;) putchar('x'); break;
    case NUL_BYTE: (void)fwrite("got v\0 1\n", 1, 9, stdout); break;
    case SLEEPS: sleep(30); break;
    case CRASHES: (void)signal(SIGSEGV, SIG_DFL), (void)raise(SIGSEGV); break;
    case CLOSES: (void)fflush(stdout), (void)close(1), sleep(30); break;
    case FORKS: if (fork() == 0) sleep(30); _exit(0);
    case EXIT_IN_CASE: fprintf(stderr, "out of luck\n"), (void)fflush(stderr), _exit(7);
    default: break;
    }
}

static void start(fault f)
{
    vfy_claims p = {.name = "oracle", .version = "1", .formats = 3, .models = 63, .rules = 0x7ff, .losses = 3,
                    .quantities = (UINT64_C(1) << VFY_N_QUANTITY) - 1};
    if (f == SILENT_START) sleep(30);
    if (f == EXIT_START) _exit(0);
    if (f == GARBAGE_START) printf("ready steady go\n");
    p.set = f == NO_STEP || f == BAD_STEP;
    if (f == TOO_SMALL) p.max_T = 1;
    if (f == NO_CLAIMS) p.quantities = 0;
    vfy_claims_print(stdout, &p);
    if (f == TWO_PORT_LINES) printf("\n"), vfy_claims_print(stdout, &p);
    printf("%s\nready\n", f == UNKNOWN_CLAIM ? " colour=blue" : f == CLAIMS_TWICE ? " formats=f32" : "");
}

static int port(void *user)
{
    fault f = *(const fault *)user;
    char line[1100];
    size_t i = N;
    while (fgets(line, sizeof line, stdin) && strcmp(line, "bye\n") != 0) {
        if (!strncmp(line, "eprop", 5)) start(f);
        for (size_t k = 0; k < N && !strncmp(line, "case ep:", 8); k++)
            if (!strncmp(line + 8, shown[k]->id, 16)) i = k;
        if (!strcmp(line, "end\n")) {
            if (i == FAULTY) misbehave(f);
            if (f == DECLINES_ALL || (f == DECLINES && i == FAULTY)) printf("unsupported not today\n");
            else answer(shown[i], i == FAULTY ? f : NONE);
            if (f == TALKS_ON && i == N - 1) printf("and another thing\n");
        }
        if (f == BAD_STEP && !strcmp(line, "step\n")) printf("step by step\n");
        if (line[0] == 'e' || line[0] == 's') (void)fflush(stdout);
    }
    return 0;
}

static vfy_judged judged[N];
static size_t calls;

static void done(void *user, size_t i, vfy_outcome *o)
{
    ck_assert_uint_eq(i, calls++); /* once each, in order */
    vfy_judge(shown[i], o, *(const vfy_class *)user, &judged[i]);
}

static ep_status run(fault f, vfy_class claim, char *err, size_t n)
{
    vfy_port_args a = {.way = VFY_WAY_FUNCTION, .function = port, .user = &f, .timeout = 1.5};
    vfy_claims claims;
    calls = 0;
    return vfy_port_run(&a, shown, N, &claims, done, &claim, err, n);
}

/* Fault, what becomes of the case, the exit code, and a part of the reason or of the first divergence. */
static const struct { fault f; vfy_status status; int code; const char *says; } rows[] = {
    {NONE, VFY_PASSED, 0, ""}, {GARBAGE, VFY_PORT_BROKE, 3, "the answer is 42"}, {NAN_ANSWER, VFY_FAILED, 1, "y["},
    {ZEROS, VFY_FAILED, 1, "got 00000000"}, {WRONG_COUNT, VFY_PORT_BROKE, 3, "got lines came"}, {TWICE, VFY_PORT_BROKE, 3, "already sent"},
    {OUT_OF_RANGE, VFY_PORT_BROKE, 3, "index"}, {UPPER_CASE, VFY_PORT_BROKE, 3, "lower case"}, {UNWANTED, VFY_PORT_BROKE, 3, "not wanted"},
    {ENDLESS_LINES, VFY_PORT_BROKE, 3, "hello"}, {ENDLESS_LINE, VFY_PORT_BROKE, 3, "longer than"}, {NUL_BYTE, VFY_PORT_BROKE, 3, "NUL"},
    {SLEEPS, VFY_PORT_BROKE, 3, "no answer within"}, {CRASHES, VFY_PORT_BROKE, 3, "signal 11"}, {CLOSES, VFY_PORT_BROKE, 3, "closed"},
    {FORKS, VFY_PORT_BROKE, 3, "no answer within"}, {LEAVES_OUT, VFY_FAILED, 1, "psi["}, {DECLINES, VFY_UNTESTED, 0, "not today"},
    {DECLINES_ALL, VFY_UNTESTED, 4, "not today"}, {LAST_BIT, VFY_PASSED, 0, ""}, {EXIT_IN_CASE, VFY_PORT_BROKE, 3, "exit code 7; stderr: out of luck"},
    {OTHER_FORMAT, VFY_PORT_BROKE, 3, "expected 8 hexadecimal digits"}, {SENDS_NOTHING, VFY_FAILED, 1, "got nan"},
    {CLAIMS_AGAIN, VFY_PORT_BROKE, 3, "found a line longer than"}, {TOO_SMALL, VFY_UNTESTED, 4, "is more than the 1 claimed"},
    {DECLINES, VFY_UNTESTED, 0, "declined: not today"}, {TALKS_ON, VFY_PASSED, 0, ""}};

START_TEST(bad_ports)
{
    char err[512] = "";
    ck_assert_int_eq(run(rows[_i].f, VFY_CLASS_BOUND, err, sizeof err), EP_OK);
    ck_assert_uint_eq(calls, N);
    const vfy_judged *j = &judged[FAULTY];
    ck_assert_msg(j->status == rows[_i].status, "fault %d: status %d, %s %s", rows[_i].f, j->status, j->reason, j->first);
    ck_assert_msg(strstr(j->reason, rows[_i].says) || strstr(j->first, rows[_i].says), "fault %d: '%s' '%s'", rows[_i].f, j->reason, j->first);
    for (int i = 0; i < N; i++)
        ck_assert_msg(i == FAULTY || rows[_i].f == DECLINES_ALL || rows[_i].f == TOO_SMALL || judged[i].status == VFY_PASSED, "case %d after fault %d", i, rows[_i].f);
    vfy_tally t = vfy_judge_tally(judged, N);
    ck_assert_int_eq(vfy_tally_code(&t), rows[_i].code);
    ck_assert_msg(waitpid(-1, NULL, WNOHANG) == -1, "fault %d left a child", rows[_i].f);
}
END_TEST

START_TEST(bad_starts)
{
    static const struct { fault f; const char *says; } start_rows[] = {{SILENT_START, "no answer within"}, {GARBAGE_START, "ready steady go"},
                                                                       {UNKNOWN_CLAIM, "colour"}, {EXIT_START, "closed its output"},
                                                                       {CLAIMS_TWICE, "formats is claimed a second time"}, {TWO_PORT_LINES, "expected `ready`"},
                                                                       {NO_CLAIMS, "which is no name of one"}};
    char err[512] = "";
    ck_assert_int_eq(run(start_rows[_i].f, VFY_CLASS_BOUND, err, sizeof err), EP_PORT);
    ck_assert_msg(strstr(err, start_rows[_i].says), "'%s'", err);
    ck_assert_uint_eq(calls, 0);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

/* Who claims that states can be set, and then says nothing, or nonsense, to `step`. */
START_TEST(forced_steps_that_are_not_there)
{
    static const struct { fault f; const char *says; } step[] = {{NO_STEP, "no answer within"}, {BAD_STEP, "step by step"}};
    fault f = step[_i].f;
    vfy_port_args a = {.way = VFY_WAY_FUNCTION, .function = port, .user = &f, .timeout = 1};
    vfy_claims claims = {.set = true};
    vfy_judged j = {.c = shown[0], .status = VFY_FAILED, .diverged = true, .t = 3, .q = VFY_Q_V};
    vfy_shape s = vfy_quantity_shape(VFY_Q_V, &shown[0]->net, shown[0]->batch.T, shown[0]->batch.B, 0);
    j.at = 2 * vfy_shape_size(&s) / (size_t)shown[0]->batch.T;
    ck_assert_int_eq(vfy_judge_forced(&a, &claims, vfy_reference(), &j), EP_OK);
    ck_assert_msg(strstr(j.forced, "no answer to the forced step 3") && strstr(j.forced, step[_i].says), "'%s'", j.forced);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

/* Without a reference a step is forced only where the file holds the state before it. */
START_TEST(forced_steps_without_a_state)
{
    fault f = NO_STEP;
    vfy_port_args a = {.way = VFY_WAY_FUNCTION, .function = port, .user = &f, .timeout = 1};
    vfy_claims claims = {.set = true};
    vfy_epv_case bare = *shown[0];
    vfy_judged j = {.c = &bare, .status = VFY_FAILED, .diverged = true, .t = 3, .q = VFY_Q_V};
    bare.n_want = 1; /* the first number of the first step */
    ck_assert_int_eq(vfy_judge_forced(&a, &claims, NULL, &j), EP_OK);
    ck_assert_str_eq(j.forced, "not tried: the file does not hold the whole state of step 2, and this judge has no reference");
    j.t = 1;
    ck_assert_int_eq(vfy_judge_forced(&a, &claims, NULL, &j), EP_OK);
    ck_assert_str_eq(j.forced, "step 1 starts from zero: the bug is in the line that computes v");
}
END_TEST

/* The classes: the oracle is exact, one wrong last bit is within the bound, and no longer exact. */
START_TEST(classes)
{
    char err[512] = "";
    ck_assert_int_eq(run(NONE, VFY_CLASS_EXACT, err, sizeof err), EP_OK);
    ck_assert_int_eq(judged[FAULTY].reached, VFY_CLASS_EXACT);
    ck_assert_int_eq(judged[FAULTY].status, VFY_PASSED);
    ck_assert_int_eq(run(LAST_BIT, VFY_CLASS_EXACT, err, sizeof err), EP_OK);
    ck_assert_int_eq(judged[FAULTY].reached, VFY_CLASS_BOUND);
    ck_assert_int_eq(judged[FAULTY].status, VFY_FAILED);
    ck_assert_int_eq(run(ZEROS, VFY_CLASS_DIRECTION, err, sizeof err), EP_OK);
    ck_assert_int_eq(judged[FAULTY].reached, VFY_CLASS_FAIL);
}
END_TEST

/* A spike within rounding's reach may be decided either way, and ends the comparison; another may not. */
START_TEST(flips)
{
    const vfy_epv_case *c = NULL;
    for (size_t i = 0; i < vectors.n; i++)
        if (vfy_flags_has(vectors.made[i].c.flags, "near-threshold")) c = &vectors.made[i].c;
    ck_assert_ptr_nonnull(c);
    vfy_outcome o = {.end = VFY_ANSWERED};
    vfy_judged j;
    ck_assert_int_eq(vfy_answer_init(&o.answer, c, ~UINT64_C(0)), EP_OK);
    for (size_t i = 0; i < c->n_want; i++) {
        const vfy_want *w = &c->want[i];
        vfy_shape s = vfy_quantity_shape(w->q, &c->net, c->batch.T, c->batch.B, c->updates);
        int t = vfy_shape_step(&s, w->at);
        float right = (float)(w->kind == VFY_VALUE ? vfy_bits_value(VFY_F32, w->bits + (w->extra >= 0x800)) : 0);
        bool late = t == 0 || t > 3 || (t == 3 && w->q >= VFY_Q_Z);
        ((float *)o.answer.q[w->q])[w->at] = late ? 1 - right : right;
        if (_i == 1 && t == 2 && w->q == VFY_Q_Z) ((float *)o.answer.q[w->q])[w->at] = 1 - right;
        if (_i == 2 && t == 3 && w->q == VFY_Q_V) ((float *)o.answer.q[w->q])[w->at] = 2 * right;
    }
    vfy_judge(c, &o, VFY_CLASS_BOUND, &j);
    ck_assert_msg(j.status == (_i ? VFY_FAILED : VFY_PASSED), "%s", j.first);
    ck_assert_int_eq(j.flip, 3);
    if (_i) ck_assert_msg(strstr(j.first, _i == 1 ? "z[2]" : "v[3]"), "%s", j.first);
}
END_TEST

/* A spike that adaptation keeps away from its threshold is no tie: one that is wrong there is a failure. */
START_TEST(no_flip_of_adaptive_neurons)
{
    const vfy_epv_case *c = NULL;
    for (size_t i = 0; i < vectors.n && !c; i++) {
        const vfy_epv_case *k = &vectors.made[i].c;
        uint64_t has = vfy_wanted(k), need = UINT64_C(1) << VFY_Q_V | UINT64_C(1) << VFY_Q_A | UINT64_C(1) << VFY_Q_Z;
        if (k->net.model == EP_ALIF && k->format == VFY_F32 && k->family == VFY_FAMILY_TRACE && (has & need) == need) c = k;
    }
    ck_assert_ptr_nonnull(c);
    vfy_outcome o = {.end = VFY_ANSWERED};
    vfy_judged j;
    bool wrong = false;
    ck_assert_int_eq(vfy_answer_init(&o.answer, c, ~UINT64_C(0)), EP_OK);
    for (size_t i = 0; i < c->n_want; i++) {
        const vfy_want *w = &c->want[i];
        float right = (float)(w->kind == VFY_VALUE ? vfy_bits_value(VFY_F32, w->bits + (w->extra >= 0x800)) : 0);
        bool here = !wrong && w->q == VFY_Q_Z && right == 1;
        ((float *)o.answer.q[w->q])[w->at] = here ? 0 : right;
        wrong = wrong || here;
    }
    vfy_judge(c, &o, VFY_CLASS_BOUND, &j);
    ck_assert_msg(wrong && j.status == VFY_FAILED && j.flip == 0 && strstr(j.first, "z["), "%d %s", j.flip, j.first);
}
END_TEST

START_TEST(commands)
{
    static const struct { const char *command; const char *says; } row[] = {
        {"/bin/false", "exit code 1"}, {"/bin/cat", "expected a line `port"}, {"/no/such/program", "cannot be started"},
        {"/bin/sh -c 'ls; pwd >&2; exit 5'", "eprop-port-"}, {"/bin/sh -c 'ulimit -f >&2; exit 5'", "stderr: 131072"},
        {"/bin/sh -c 'ulimit -v >&2; exit 5'", MEMORY}, {"/bin/sh -c 'ls -A | wc -l >&2; exit 5'", "stderr: 0"},
        {"/bin/sh -c 'test -e /proc/self/fd/20 && echo inherited >&2; exit 5'", "(exit code 5)"}};
    ck_assert_int_eq(dup2(0, 20), 20);
    vfy_port_args a = {.way = VFY_WAY_COMMAND, .target = row[_i].command, .timeout = 5, .memory_mb = 2048};
    vfy_claims claims;
    vfy_class claim = VFY_CLASS_BOUND;
    char err[512] = "";
    ck_assert_int_eq(vfy_port_run(&a, shown, N, &claims, done, &claim, err, sizeof err), EP_PORT);
    ck_assert_msg(strstr(err, row[_i].says), "%s: '%s'", row[_i].command, err);
}
END_TEST

/* What cannot even be begun: no command, no file, a case that nobody can judge. */
START_TEST(no_start)
{
    vfy_port_args a = {.way = VFY_WAY_COMMAND, .target = "  ", .timeout = 5};
    vfy_claims claims;
    vfy_class claim = VFY_CLASS_BOUND;
    vfy_epv_case bare = *shown[0];
    vfy_outcome o;
    char err[512] = "";
    ck_assert_int_eq(vfy_port_run(&a, shown, N, &claims, done, &claim, err, sizeof err), EP_IO);
    ck_assert_msg(strstr(err, "found command `  `, expected 1 to ") != NULL, "'%s'", err);
    a = (vfy_port_args){.way = VFY_WAY_RESPONSE, .target = "/no/such/answers", .timeout = 1};
    ck_assert_int_eq(vfy_port_run(&a, shown, N, &claims, done, &claim, err, sizeof err), EP_IO);
    ck_assert_msg(strstr(err, "/no/such/answers: cannot open: ") != NULL, "'%s'", err);
    fault f = NONE;
    a = (vfy_port_args){.way = VFY_WAY_FUNCTION, .function = port, .user = &f, .timeout = 5};
    bare.want = NULL;
    bare.n_want = bare.cap_want = 0;
    ck_assert_int_eq(vfy_port_ask(&a, &bare, &claims, &o, err, sizeof err), EP_OK);
    ck_assert_int_eq(o.end, VFY_OUTSIDE);
    ck_assert_msg(strstr(o.reason, "the case expects nothing, and cannot be judged while its answer comes") != NULL, "'%s'", o.reason);
}
END_TEST

START_TEST(response_files)
{
    static const struct { const char *text; ep_status st; vfy_status status; const char *says; } row[] = {
        {"", EP_PORT, VFY_UNTESTED, ":1: the file is empty"},
        {"port name=x version=1 formats=f32 models=lif rules=eprop1 quantities=v\ncase ep:nonsense\nunsupported so\n", EP_OK, VFY_UNTESTED, "no answer to it"},
        {"port name=x version=1 formats=f32 models=lif rules=eprop1 quantities=v\ncase ep:%s\nunsupported so\n", EP_OK, VFY_UNTESTED, "so"},
        {"port name=x version=1 formats=f32 models=lif rules=eprop1 quantities=v\ncase ep:%s\ngot v 1 0 3f800000\n", EP_OK, VFY_PORT_BROKE, "without `done`"},
        {"port name=x version=1 formats=f32 models=lif rules=eprop1 quantities=v\ncase ep:%s\ngot v 1 0 3f800000\ndone 1\n", EP_OK, VFY_FAILED, "v[1]"},
        {"port name=x version=1 formats=f32 models=lif rules=eprop1 quantities=v\ncase ep:%s\ngot v 1 0 3f800000\ndone 2\n", EP_OK, VFY_PORT_BROKE, ":4: done 2"},
        {"port name=x version=1 formats=f32 models=lif rules=eprop1 quantities=v\nhello\n", EP_PORT, VFY_UNTESTED, ":2: found `hello`"},
        {"port name=x version=1 formats=f32 models=lif rules=eprop1 quantities=v\ncase ep:%s\ngot v 1 0 3f8", EP_PORT, VFY_UNTESTED, ":3: found a line without a line feed"}};
    char path[] = "/tmp/test_port_XXXXXX", err[512] = "";
    FILE *f = fdopen(mkstemp(path), "w");
    ck_assert_ptr_nonnull(f);
    const char *mark = strstr(row[_i].text, "%s");
    if (mark) fprintf(f, "%.*s%s%s", (int)(mark - row[_i].text), row[_i].text, shown[0]->id, mark + 2);
    else fputs(row[_i].text, f);
    (void)fclose(f);
    vfy_port_args a = {.way = VFY_WAY_RESPONSE, .target = path, .timeout = 1};
    vfy_claims claims;
    vfy_class claim = VFY_CLASS_BOUND;
    calls = 0;
    ck_assert_int_eq(vfy_port_run(&a, shown, 1, &claims, done, &claim, err, sizeof err), row[_i].st);
    (void)unlink(path);
    const char *said = row[_i].st ? err : judged[0].status == VFY_FAILED ? judged[0].first : judged[0].reason;
    ck_assert_msg(strstr(said, row[_i].says), "'%s'", said);
    if (!row[_i].st) ck_assert_int_eq(judged[0].status, row[_i].status);
}
END_TEST

/* Working directories are removed. */
START_TEST(nothing_left)
{
    DIR *d = opendir("/tmp");
    char err[512] = "", mine[64];
    (void)snprintf(mine, sizeof mine, "/tmp/test_port_%ld", (long)getpid());
    ck_assert_int_eq(setenv("TMPDIR", mine, 1), 0);
    ck_assert_int_eq(run(NONE, VFY_CLASS_BOUND, err, sizeof err), EP_IO); /* there is no such directory */
    ck_assert_msg(strstr(err, mine), "'%s'", err);
    ck_assert_int_eq(mkdir(mine, 0700), 0);
    ck_assert_int_eq(run(CRASHES, VFY_CLASS_BOUND, err, sizeof err), EP_OK);
    ck_assert_int_eq(rmdir(mine), 0); /* empty */
    (void)unsetenv("TMPDIR");
    (void)closedir(d);
}
END_TEST

int main(void)
{
    vfy_vectors_args a = {.level = 0, .seed = 1};
    char err[512] = "";
    if (vfy_vectors_make(&a, &vectors, err, sizeof err) != EP_OK || vfy_vectors_name(&vectors) != EP_OK) {
        printf("vectors: %s\n", err);
        return 1;
    }
    for (size_t i = 0; i < N; i++) shown[i] = &vectors.made[i < 2 ? i : 10 + i].c;
    Suite *suite = suite_create("port");
    TCase *t = tcase_create("port");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, bad_ports, 0, (int)(sizeof rows / sizeof *rows));
    tcase_add_loop_test(t, bad_starts, 0, 7);
    tcase_add_loop_test(t, forced_steps_that_are_not_there, 0, 2);
    tcase_add_test(t, forced_steps_without_a_state);
    tcase_add_test(t, classes);
    tcase_add_loop_test(t, flips, 0, 3);
    tcase_add_test(t, no_flip_of_adaptive_neurons);
    tcase_add_loop_test(t, commands, 0, 8);
    tcase_add_test(t, no_start);
    tcase_add_loop_test(t, response_files, 0, 8);
    tcase_add_test(t, nothing_left);
    suite_add_tcase(suite, t);
    int failed = test_run(suite);
    vfy_vectors_free(&vectors);
    return failed;
}
