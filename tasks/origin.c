/* SPDX-License-Identifier: MIT */
#include "origin.h"

#include <gmp.h>
#include <mpfr.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "build_info.h"

static void processor(char *out, size_t n)
{
    char line[512];
    FILE *f = fopen("/proc/cpuinfo", "r");
    snprintf(out, n, "unknown");
    while (f && fgets(line, sizeof line, f)) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon) continue;
        colon[1 + strcspn(colon + 1, "\n")] = '\0';
        snprintf(out, n, "%s", colon[1] == ' ' ? colon + 2 : colon + 1);
        break;
    }
    if (f) (void)fclose(f);
}

static double load_average(void)
{
    double load = -1;
    FILE *f = fopen("/proc/loadavg", "r");
    if (f && fscanf(f, "%lf", &load) != 1) load = -1;
    if (f) (void)fclose(f);
    return load;
}

json_t *task_origin(void)
{
    char cpu[512], now[32] = "unknown";
    struct utsname u;
    struct tm tm;
    time_t t = time(NULL);
    processor(cpu, sizeof cpu);
    if (uname(&u) != 0) {
        snprintf(u.machine, sizeof u.machine, "unknown");
        snprintf(u.release, sizeof u.release, "unknown");
        snprintf(u.nodename, sizeof u.nodename, "unknown");
    }
    if (gmtime_r(&t, &tm)) (void)strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:f}", "commit", TASK_COMMIT, "compiler", TASK_COMPILER, "flags", TASK_FLAGS, "mpfr",
                     mpfr_get_version(), "gmp", gmp_version, "date", now, "cpu", cpu, "cores", (json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "machine", u.machine,
                     "kernel", u.release, "host", u.nodename, "load_at_start", load_average());
}
