/* differ: random networks, ordinary and extreme, through every engine against the reference; with no argument, as a test: a few
 * cases, and planted errors that must be found. Cases run in a child: a crash or a hang is a finding like another.
 * SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "judge.h"
#include "test/run.h"

enum { TEST_CASES = 40, PLANTED_CASES = 12, PLANTED_ARMS = 1 << 1 | 1 << 6 | 15 << ARM_N, CASE_SECONDS = 120, MOST_SAID = 20 };

typedef struct request {
    uint64_t seed;
    long from, to;
    double seconds;
    unsigned mask;
    arm_plant plant;
    int size[DRAW_N_SIZE];
    const char *out;
    bool one, quiet, done;
} request;

/* What parent and child share. */
typedef struct shared {
    volatile long now; /* case in hand */
    long found;        /* cases with findings */
    int at;
    char first[JUDGE_TEXT];
    tally seen;
} shared;

static shared *share(void)
{
    FILE *f = tmpfile();
    if (!f || ftruncate(fileno(f), (off_t)sizeof(shared)) != 0) return NULL;
    void *p = mmap(NULL, sizeof(shared), PROT_READ | PROT_WRITE, MAP_SHARED, fileno(f), 0);
    fclose(f);
    return p == MAP_FAILED ? NULL : p;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int judge_number(const request *r, long number, const int *size, shared *s)
{
    draw_case k;
    char why[256] = "";
    int found = 0;
    if (draw_make(r->seed, (uint64_t)number, size, &k) != EP_OK) return 0;
    if (ep_net_check(&k.net, why, sizeof why) != EP_OK || ep_batch_check(&k.net, &k.batch, why, sizeof why) != EP_OK) {
        found = 1;
        snprintf(s->first, JUDGE_TEXT, "the case itself is out of range: %.200s", why);
    } else
        found = judge_case(&k, r->plant, r->mask, &s->seen, s->first, &s->at);
    draw_free(&k);
    return found;
}

/* Case `number` alone, in a child: does it fail in arm `at`? */
static bool fails(const request *r, long number, const int *size, int at, shared *s)
{
    request only = *r;
    only.mask = at >= ARM_N ? 1U << at : (1U << at) | (3U << (arms[at].fast ? 5 : 0)); /* whole trials tell their spikes */
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        alarm(CASE_SECONDS);
        _exit(judge_number(&only, number, size, s) > 0 && s->at == at ? 1 : 0);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) return false;
    return WIFSIGNALED(status) || WEXITSTATUS(status) != 0;
}

/* Smaller sizes that still fail, one at a time. */
static void shrink(const request *r, long number, int at, int size[DRAW_N_SIZE])
{
    draw_case k;
    shared *s = share();
    if (!s || draw_make(r->seed, (uint64_t)number, r->size, &k) != EP_OK) return;
    memcpy(size, k.size, sizeof k.size);
    draw_free(&k);
    for (bool better = true; better;) {
        better = false;
        for (int d = 0; d < DRAW_N_SIZE; d++)
            for (int by = size[d] - 1; by > 0; by /= 2) {
                size[d] -= by;
                better = fails(r, number, size, at, s);
                if (better) break;
                size[d] += by;
            }
    }
    (void)munmap(s, sizeof *s);
}

static void say(const request *r, long number, const shared *s)
{
    draw_case k;
    int size[DRAW_N_SIZE] = {0};
    char text[512] = "";
    if (r->quiet || s->found > MOST_SAID) return;
    if (draw_make(r->seed, (uint64_t)number, r->size, &k) == EP_OK) {
        draw_describe(&k, text, sizeof text);
        draw_free(&k);
    }
    printf("differ: case %ld: %s: %s\n        %s\n", number, arm_name(s->at), s->first, text);
    if (!r->one) shrink(r, number, s->at, size);
    printf("        again: differ --seed %llu --case %ld", (unsigned long long)r->seed, number);
    if (r->plant) printf(" --plant %d", (int)r->plant);
    if (size[0]) printf(" --size %d,%d,%d,%d,%d", size[0], size[1], size[2], size[3], size[4]);
    printf("\n");
}

static void child_loop(const request *r, long from, shared *s)
{
    double start = now();
    for (long n = from; n < r->to; n++) {
        s->now = n;
        if (r->seconds > 0 && now() - start > r->seconds) break;
        alarm(CASE_SECONDS);
        if (judge_number(r, n, r->size, s) == 0) continue;
        alarm(0);
        s->found++;
        say(r, n, s);
        fflush(stdout);
    }
    s->now = r->to;
}

/* All cases of a request; 3 where the machine fails, else whether there was a finding. */
static int run(request *r, shared *s)
{
    double start = now(), seconds = r->seconds;
    memset(s, 0, sizeof *s);
    for (long from = r->from; from < r->to; from = s->now + 1) {
        int status = 0;
        fflush(stdout);
        r->seconds = seconds > 0 ? fmax(1e-3, seconds - (now() - start)) : 0;
        pid_t child = fork();
        if (child == 0) {
            child_loop(r, from, s);
            fflush(stdout);
            _exit(0);
        }
        if (child < 0 || waitpid(child, &status, 0) != child) return 3;
        if (!WIFSIGNALED(status) && WEXITSTATUS(status) == 0) break;
        s->found++;
        printf("differ: case %ld: %s %d\n        again: differ --seed %llu --case %ld\n", s->now, WIFSIGNALED(status) ? "killed by signal" : "exit code",
               WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), (unsigned long long)r->seed, s->now);
    }
    r->seconds = seconds;
    return s->found > 0;
}

/* ---- what was seen -------------------------------------------------------------------------------------------- */

static void table(FILE *f, const tally *t)
{
    fprintf(f, "# engine\tcases\talive\tnumbers\tloose\tties\trefused\toverflowed\tlargest_share\tfindings\n");
    for (int i = 0; i < ARM_N_ALL; i++) {
        const arm_tally *a = &t->arm[i];
        fprintf(f, "%s\t%ld\t%ld\t%ld\t%ld\t%ld\t%ld\t%ld\t%.3g\t%ld\n", arm_name(i), a->cases, a->alive, a->numbers, a->loose, a->ties,
                a->refused + a->open, a->overflowed, a->worst, a->findings);
    }
}

static int write_run(const request *r, const shared *s)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/data/differ.tsv", r->out);
    FILE *f = fopen(path, "w");
    if (!f) {
        fprintf(stderr, "differ: %s: cannot be written\n", path);
        return 3;
    }
    table(f, &s->seen);
    return fclose(f) == 0 ? 0 : 3;
}

static void summary(const request *r, const shared *s)
{
    const tally *t = &s->seen;
    long numbers = 0;
    for (int i = 0; i < ARM_N_ALL; i++) numbers += t->arm[i].numbers;
    if (!r->quiet && !r->one) table(stdout, t);
    printf("differ: seed %llu, %ld cases", (unsigned long long)r->seed, t->cases);
    for (int p = 0; p < JUDGE_PATHS && t->path[p][0]; p++) printf(", %s %ld", t->path[p], t->path_n[p]);
    printf("; %ld numbers compared, %ld cases with findings\n", numbers, s->found);
}

/* Cases that once were findings, as they were drawn. */
static const struct { uint64_t seed; long number; } once[] = {
    {2, 2008}, /* gates of an LSTM below e^-87 */
    {11, 148}, /* a threshold whose inverse binary32 does not hold */
};

static int again(request *r, shared *s)
{
    int rc = 0;
    for (size_t k = 0; k < sizeof once / sizeof *once && rc != 3; k++) {
        request one = *r;
        one.seed = once[k].seed;
        one.from = once[k].number;
        one.to = one.from + 1;
        int seen = run(&one, s);
        rc = seen ? seen : rc;
    }
    return rc;
}

/* The test: no finding in ordinary engines, every planted error found, and cases that live. */
static int test(request *r, shared *s)
{
    r->to = (long)fmax(25, TEST_CASES * test_multiplier());
    int rc = run(r, s);
    summary(r, s);
    long alive = s->seen.arm[1].alive, cases = s->seen.arm[1].cases;
    if (2 * alive < cases) {
        printf("differ: %ld of %ld cases are alive\n", alive, cases);
        rc = rc ? rc : 1;
    }
    int old = rc == 3 ? 3 : again(r, s);
    rc = old ? old : rc;
    r->quiet = true;
    r->to = PLANTED_CASES;
    r->mask = PLANTED_ARMS; /* binary64 and integers */
    for (int p = 1; p < PLANT_N && rc != 3; p++) {
        r->plant = (arm_plant)p;
        int seen = run(r, s);
        printf("differ: planted: %s: found in %ld of %ld cases\n", arm_plants[p], s->found, r->to);
        if (seen != 1) rc = 1;
    }
    return rc;
}

/* ---- the command line -------------------------------------------------------------------------------------------- */

static void help(void)
{
    printf("usage: differ [OPTION]...\n\n"
           "Random networks, options and inputs, through every engine, format and way to learn, against the reference. A number further away\n"
           "than its derived limit is a finding. Without an option: the test, %d cases (times EPROP_TEST_MULTIPLIER) and planted errors.\n\n"
           "  --seed S       (default 1)\n"
           "  --cases N      so many cases\n"
           "  --from K       the first of them (default 0)\n"
           "  --case K       this case alone\n"
           "  --seconds S    stop after so long\n"
           "  --size I,N,K,T,B   at most so many inputs, neurons, outputs, steps, trials; 0: as drawn\n"
           "  --plant ERROR  tell the engines something else, to see it found: a number from 1 to %d, or its name\n"
           "  --out DIR      DIR/data/differ.tsv, for the report\n"
           "  --help         this text\n\n"
           "Exit code: 0 no finding, 1 a finding, 2 usage, 3 the machine failed.\n", TEST_CASES, PLANT_N - 1);
}

static bool whole(const char *text, long *to)
{
    char *end;
    *to = strtol(text, &end, 10);
    return *text && !*end && *to >= 0;
}

static bool parse_plant(const char *text, request *r)
{
    long n;
    bool number = whole(text, &n);
    for (int p = 1; p < PLANT_N; p++)
        if ((number && n == p) || strcmp(text, arm_plants[p]) == 0) {
            r->plant = (arm_plant)p;
            return true;
        }
    return false;
}

static bool option(int c, const char *text, request *r)
{
    long n = 0;
    int *z = r->size;
    switch (c) {
    case 'S': return whole(text, &n) ? (r->seed = (uint64_t)n, true) : false;
    case 'n': return whole(text, &n) ? (r->to = n, true) : false;
    case 'f': return whole(text, &r->from);
    case 'k': return whole(text, &n) ? (r->from = n, r->to = n + 1, r->one = true) : false;
    case 't': return whole(text, &n) ? (r->seconds = (double)n, true) : false;
    case 'z': return sscanf(text, "%d,%d,%d,%d,%d", z, z + 1, z + 2, z + 3, z + 4) == 5;
    case 'p': return parse_plant(text, r);
    case 'o': r->out = text; return true;
    default: return false;
    }
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {{"seed", 1, 0, 'S'}, {"cases", 1, 0, 'n'}, {"from", 1, 0, 'f'}, {"case", 1, 0, 'k'}, {"seconds", 1, 0, 't'},
                                          {"size", 1, 0, 'z'}, {"plant", 1, 0, 'p'}, {"out", 1, 0, 'o'}, {"help", 0, 0, 'h'}, {0, 0, 0, 0}};
    request r = {.seed = 1, .mask = ~0U, .to = -1};
    for (int c; (c = getopt_long(argc, argv, ":", longs, NULL)) != -1;) {
        if (c == 'h') return help(), 0;
        if (!option(c, optarg, &r)) {
            fprintf(stderr, "differ: found '%.60s', expected an option of `differ --help`\n", argv[optind - 1]);
            return 2;
        }
    }
    shared *s = share();
    if (!s) return fprintf(stderr, "differ: no shared memory\n"), 3;
    if (argc == 1) return test(&r, s);
    if (r.to < 0) r.to = r.seconds > 0 ? 1L << 30 : TEST_CASES;
    else if (!r.one) r.to += r.from;
    int rc = run(&r, s);
    summary(&r, s);
    if (r.out && rc != 3 && write_run(&r, s) != 0) rc = 3;
    return rc;
}
