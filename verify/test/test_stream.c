/* Judging while the answer comes: the same verdicts as from expected lines, and memory that does not grow with the steps.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../ports/c/template.h"
#include "port_verdict.h"
#include "test/run.h"
#include "vectors.h"

static vfy_vectors set;

static int run_template(void *user)
{
    vfy_template_choose(*(const int *)user);
    return vfy_template_main();
}

static int number_of(const char *name)
{
    for (int m = 0; vfy_mutants[m].name; m++)
        if (!strcmp(vfy_mutants[m].name, name)) return m + 1;
    return *name ? -1 : 0;
}

static vfy_judged ask(const vfy_epv_case *c, int mutant, const vfy_streaming *streaming)
{
    vfy_port_args a = {.way = VFY_WAY_FUNCTION, .function = run_template, .user = &mutant, .timeout = 20, .streaming = streaming};
    vfy_claims claims;
    vfy_outcome o;
    vfy_judged j;
    char err[512] = "";
    ck_assert_msg(vfy_port_ask(&a, c, &claims, &o, err, sizeof err) == EP_OK, "%s", err);
    vfy_judge(c, &o, VFY_CLASS_BOUND, &j);
    return j;
}

/* Right, and wrong in the forward pass, a trace, the signal, a gradient, the loss. */
static const char *const ports[] = {"", "reset-missing", "delay-ignored", "e-beta-missing", "ebar-alpha", "L-transposed", "zbar-unfiltered", "reg-missing"};

START_TEST(same_verdicts)
{
    int mutant = number_of(ports[_i]);
    size_t tried = 0, failed = 0;
    ck_assert_int_ge(mutant, 0);
    for (size_t i = 0; i < set.n; i++) {
        vfy_epv_case bare = set.made[i].c;
        if (bare.family != VFY_FAMILY_TRACE) continue;
        bare.want = NULL;
        bare.n_want = bare.cap_want = 0;
        if (!vfy_is_streamable(&bare)) continue;
        vfy_judged full = ask(&set.made[i].c, mutant, NULL), j = ask(&bare, mutant, vfy_reference()->streaming);
        ck_assert_msg(j.status == full.status, "%s: %s: status %d, from lines %d: %s %s", ports[_i], set.made[i].c.id, j.status, full.status, j.first, j.reason);
        ck_assert_uint_eq(j.compared, full.compared);
        size_t same = strcspn(full.first, "="); /* up to r: mag of the readout's gradient is summed forwards here */
        ck_assert_msg(!strncmp(j.first, full.first, same), "%s: %s", j.first, full.first);
        ck_assert(j.t == full.t && j.q == full.q && j.at == full.at);
        tried++;
        failed += j.status == VFY_FAILED;
    }
    ck_assert_uint_ge(tried, 4);
    ck_assert(mutant ? failed > 0 : failed == 0);
}
END_TEST

/* An answer that holds no number at all: the first one that is missing is the divergence. */
START_TEST(missing_numbers)
{
    const vfy_streaming *s = vfy_reference()->streaming;
    size_t tried = 0;
    for (size_t i = 0; i < set.n; i++) {
        vfy_epv_case bare = set.made[i].c;
        vfy_stream *stream = NULL;
        vfy_streamed out = {.live = 0};
        if (bare.family != VFY_FAMILY_TRACE) continue;
        bare.want = NULL;
        bare.n_want = bare.cap_want = 0;
        if (!vfy_is_streamable(&bare)) continue;
        ck_assert_int_eq(s->open(&bare, vfy_asked(&bare), &stream), EP_OK);
        ck_assert_int_eq(s->finish(stream, &out), EP_OK);
        ck_assert_msg(out.r.first.found && out.r.first.t == 1 && isnan(out.r.first.got) && isinf(out.r.first.r), "%s: step %d", bare.id, out.r.first.t);
        s->close(stream);
        tried++;
    }
    ck_assert_uint_ge(tried, 4);
}
END_TEST

/* 16 neurons over T steps. */
static double store[3 * 16 * 16 + 8 * 16 + 512 * 18];
static vfy_epv_case network(int T)
{
    enum { N = 16 };
    double *at = store, *Win = at, *Wrec = Win + N * N, *Wout = Wrec + N * N, *B = Wout + 2 * N, *alpha = B + 2 * N, *x = alpha + N, *y = x + 512 * N;
    uint64_t k = 0;
    for (int i = 0; i < N * N; i++) {
        Win[i] = ((double)(ep_rng_u64(7, 1, k++) % 121) - 30) / 256;
        Wrec[i] = i % (N + 1) ? ((double)(ep_rng_u64(7, 1, k++) % 41) - 20) / 256 : 0;
    }
    for (int i = 0; i < 2 * N; i++) {
        Wout[i] = ((double)(ep_rng_u64(7, 1, k++) % 129) - 64) / 256;
        B[i] = ((double)(ep_rng_u64(7, 1, k++) % 129) - 64) / 256;
    }
    for (int i = 0; i < N; i++) alpha[i] = 240.0 / 256;
    for (int i = 0; i < T * N; i++) x[i] = ep_rng_u64(7, 2, (uint64_t)i) % 10 == 0;
    for (int i = 0; i < T * 2; i++) y[i] = ((double)(ep_rng_u64(7, 3, (uint64_t)i) % 257) - 128) / 256;
    ep_net net = {.model = EP_LIF, .opt = ep_preset_options(EP_PAPER2019), .n_in = N, .n_rec = N, .n_out = 2, .Win = Win, .Wrec = Wrec,
                  .Wout = Wout, .B = B, .theta = {alpha}, .kappa = 230.0 / 256, .v_th = 1, .gamma = 0.25};
    ep_batch b = {.T = T, .B = 1, .x = x, .target = y};
    vfy_epv_case c;
    char err[256] = "";
    ck_assert_msg(vfy_epv_from_net(&net, &b, EP_EPROP1_RANDOM, VFY_F32, &c, err, sizeof err) == EP_OK, "%s", err);
    vfy_epv_case *one = &c;
    FILE *null = fopen("/dev/null", "w");
    ck_assert_int_eq(vfy_epv_print(null, one, 1, err, sizeof err), EP_OK); /* gives it an id */
    (void)fclose(null);
    return c;
}

/* Largest memory in kB of a process that judges T steps, and what it compared. */
static long peak(int T, size_t *compared)
{
    int end[2];
    struct { long kb; size_t compared; int status; } told = {0};
    ck_assert_int_eq(pipe(end), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct rusage u;
        vfy_epv_case c = network(T);
        vfy_judged j = ask(&c, 0, vfy_reference()->streaming);
        (void)getrusage(RUSAGE_SELF, &u);
        told.kb = u.ru_maxrss;
        told.compared = j.compared;
        told.status = (int)j.status;
        _exit(write(end[1], &told, sizeof told) == (ssize_t)sizeof told ? 0 : 1);
    }
    (void)close(end[1]);
    ck_assert_int_eq(read(end[0], &told, sizeof told), (ssize_t)sizeof told);
    (void)close(end[0]);
    (void)waitpid(pid, NULL, 0);
    ck_assert_int_eq(told.status, VFY_PASSED);
    *compared = told.compared;
    return told.kb;
}

/* 16 more steps' worth of everything would be 80 kB even as bare doubles; 480 more are 6 MB. The input itself, T (n_in + n_out)
 * doubles, its text and the pipe's buffers are what may grow. */
START_TEST(memory_stands_still)
{
    size_t few, many;
    long small = peak(32, &few), large = peak(512, &many);
    ck_assert_uint_gt(many, 15 * few);
#if !defined(__SANITIZE_ADDRESS__) /* it keeps for a while what was given back, and that counts */
    ck_assert_msg(large - small < 1024, "%ld kB for 32 steps, %ld kB for 512", small, large);
#else
    (void)small, (void)large;
#endif
}
END_TEST

int main(void)
{
    vfy_vectors_args a = {.level = 0, .seed = 1};
    char err[512] = "";
    if (vfy_vectors_make(&a, &set, err, sizeof err) != EP_OK || vfy_vectors_name(&set) != EP_OK) {
        printf("vectors: %s\n", err);
        return 1;
    }
    Suite *suite = suite_create("stream");
    TCase *t = tcase_create("stream");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, same_verdicts, 0, (int)(sizeof ports / sizeof *ports));
    tcase_add_test(t, missing_numbers);
    tcase_add_test(t, memory_stands_still);
    suite_add_tcase(suite, t);
    int failed = test_run(suite);
    vfy_vectors_free(&set);
    return failed;
}
