/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* sched_getaffinity */
#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "problem.h"
#include "roofline.h"

int cli_usage(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fprintf(stderr, "eprop-bench: ");
    vfprintf(stderr, fmt, ap);
    fprintf(stderr, "\n");
    va_end(ap);
    return CLI_USAGE;
}

int cli_failed(ep_status s, const char *why)
{
    fprintf(stderr, "eprop-bench: %s\n", why);
    return s == EP_IO || s == EP_NOMEM ? CLI_MACHINE : s == EP_UNABLE ? CLI_FAILED : CLI_USAGE;
}

bool cli_number(const char *text, double lo, double hi, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return *text && !*end && *out >= lo && *out <= hi;
}

const char *cli_self(void)
{
    static char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    return path;
}

int cli_cpu(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return -1;
    for (int k = CPU_SETSIZE - 1; k >= 0; k--)
        if (CPU_ISSET((size_t)k, &set)) return k;
    return -1;
}

void cli_progress(const char *what, int done, int all)
{
    static double start;
    if (!isatty(2)) return;
    if (done == 0) start = bench_wall_seconds();
    double left = done > 0 ? (bench_wall_seconds() - start) / done * (all - done) : 0;
    fprintf(stderr, "\r\033[K%3d %%  %.60s  %.0f s left", all > 0 ? 100 * done / all : 100, what, left);
}

void cli_progress_end(void)
{
    if (isatty(2)) fprintf(stderr, "\r\033[K");
}

bool cli_right(const bench_sample *s, const char *who, char why[BENCH_WHY])
{
    bench_case c;
    bool narrow = strstr(who, "f32") || strncmp(who, "port:", 5) == 0 || strncmp(who, "peer:", 5) == 0;
    double limit = narrow ? ldexp(1, -12) : ldexp(1, -26), spikes = (double)INFINITY;
    if (strncmp(who, "fixed:", 6) == 0) return true;
    if (bench_case_parse(s->id, &c, why) == EP_OK) spikes = c.rate * c.N * c.T * (double)c.B;
    if (s->flips > 0 ? s->flips <= 2 + 0.02 * spikes : s->error <= limit) return true;
    if (s->flips > 0) bench_say(why, "%s, %s: the result is wrong: %.0f spikes differ, of about %.0f", s->id, who, s->flips, spikes);
    else bench_say(why, "%s, %s: the result is wrong: error %.3g, expected at most %.3g", s->id, who, s->error, limit);
    return false;
}

void cli_order(uint64_t seed, int round, int n, int *order)
{
    int pair = round / 2;
    for (int k = 0; k < n; k++) order[k] = k;
    for (int k = n - 1; k > 0; k--) {
        int j = (int)(ep_rng_u64(seed, 0x0bde, (uint64_t)pair * 64 + (uint64_t)k) % (uint64_t)(k + 1)), t = order[k];
        order[k] = order[j];
        order[j] = t;
    }
    for (int k = 0; round % 2 && k < n / 2; k++) {
        int t = order[k];
        order[k] = order[n - 1 - k];
        order[n - 1 - k] = t;
    }
}
