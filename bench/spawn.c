/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* sched_setaffinity */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAD = 4096, SAID = 65536, MISSING = 127 };

static void child(const bench_spawn *a, const char *id, const char *subject, int round, int out)
{
    char work[32], plant[32], number[16], pad[PAD + 1];
    cpu_set_t set;
    CPU_ZERO(&set);
    if (a->cpu >= 0) CPU_SET((size_t)a->cpu, &set);
    if (a->cpu >= 0 && sched_setaffinity(0, sizeof set, &set) != 0) _exit(126);
    size_t n = (size_t)(ep_rng_u64(a->seed, 0x9ad, (uint64_t)round) % PAD);
    memset(pad, 'x', n);
    pad[n] = '\0';
    setenv("EPROP_BENCH_PAD", pad, 1);
    snprintf(work, sizeof work, "%.6g", a->callgrind ? 0.0 : a->work);
    snprintf(plant, sizeof plant, "%.6g", a->plant);
    snprintf(number, sizeof number, "%d", round);
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) _exit(126);
    const char *argv[] = {"valgrind", "--tool=callgrind", "--toggle-collect=bench_once", "--callgrind-out-file=/dev/null", a->program, "child", id, subject, "--work", work,
                          "--plant", plant, "--truth", a->dir, "--round", number, a->command ? "--command" : NULL, a->command, NULL};
    execvp(a->callgrind ? argv[0] : a->program, (char *const *)(a->callgrind ? argv : argv + 4));
    _exit(MISSING);
}

/* Reads until the other end closes, at most `timeout` seconds; false: too long. */
static bool drain(int fd, double timeout, char *said, size_t n)
{
    struct timespec t0, t;
    size_t have = 0;
    clock_gettime(CLOCK_MONOTONIC, &t0);
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        clock_gettime(CLOCK_MONOTONIC, &t);
        double left = timeout - ((double)(t.tv_sec - t0.tv_sec) + 1e-9 * (double)(t.tv_nsec - t0.tv_nsec));
        if (timeout > 0 && left <= 0) return false;
        int ready = poll(&p, 1, timeout > 0 ? (int)(left * 1000) + 1 : -1);
        if (ready < 0 && errno != EINTR) return false;
        if (ready <= 0) continue;
        char chunk[4096];
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        size_t take = (size_t)got < n - 1 - have ? (size_t)got : n - 1 - have;
        memcpy(said + have, chunk, take);
        have += take;
    }
    said[have] = '\0';
    return true;
}

/* The instructions that callgrind collected: `Collected : 123`. */
static bool collected(const char *said, double *out)
{
    const char *at = strstr(said, "Collected : ");
    return at && sscanf(at, "Collected : %lf", out) == 1;
}

static ep_status judge(const bench_spawn *a, int status, char *said, bench_sample *out, char why[BENCH_WHY])
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == MISSING) {
        bench_say(why, "%s: cannot be run", a->callgrind ? "valgrind" : a->program);
        return EP_IO;
    }
    char *line = strstr(said, "{\"case\":");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || !line) {
        static const ep_status of[] = {EP_IO, EP_UNABLE, EP_DOMAIN, EP_IO, EP_NOTIMPL};
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : 3;
        static const char own[] = "eprop-bench: "; /* other programs may speak too */
        char *ours = strstr(said, own);
        if (ours) said = ours + sizeof own - 1;
        said[strcspn(said, "\n")] = '\0';
        bench_say(why, "%.300s (%s %d)", *said ? said : "the measuring process said nothing", WIFEXITED(status) ? "exit" : "signal",
                 WIFEXITED(status) ? code : WTERMSIG(status));
        return code >= 1 && code <= 4 ? of[code] : EP_IO;
    }
    double count = 0;
    if (a->callgrind && !collected(said, &count)) {
        bench_say(why, "found no count of instructions in what callgrind said");
        return EP_IO;
    }
    line[strcspn(line, "\n")] = '\0';
    ep_status st = bench_sample_parse(line, out, why);
    if (st == EP_OK && a->callgrind) out->cpu = count;
    return st;
}

ep_status bench_spawn_run(const bench_spawn *a, const char *id, const char *subject, int round, bench_sample *out, char why[BENCH_WHY])
{
    int p[2], status = 0;
    char *said = malloc(SAID);
    if (!said || pipe(p) != 0) {
        free(said);
        bench_say(why, "cannot make a pipe: %s", strerror(errno));
        return EP_IO;
    }
    fcntl(p[0], F_SETFD, FD_CLOEXEC);
    pid_t pid = fork();
    if (pid == 0) child(a, id, subject, round, p[1]);
    close(p[1]);
    bool in_time = pid > 0 && drain(p[0], a->timeout, said, SAID);
    if (pid > 0 && !in_time) kill(pid, SIGKILL);
    close(p[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    ep_status st = EP_IO;
    if (pid < 0) bench_say(why, "cannot start a process: %s", strerror(errno));
    else if (!in_time) bench_say(why, "%s, %s: no answer within %g s", id, subject, a->timeout);
    else st = judge(a, status, said, out, why);
    out->round = round;
    free(said);
    return st;
}
