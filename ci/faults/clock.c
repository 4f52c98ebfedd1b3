/* clock: loaded before a program, the time of day jumps: an hour back at every second question, a day ahead at every seventh.
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>

static long jump(void)
{
    static long asked;
    asked++;
    return asked % 7 == 0 ? 86400 : asked % 2 ? 0 : -3600 * asked;
}

int clock_gettime(clockid_t which, struct timespec *t)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int rc = real(which, t);
    if (which == CLOCK_REALTIME) t->tv_sec += jump();
    return rc;
}

time_t time(time_t *to)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    if (to) *to = t.tv_sec;
    return t.tv_sec;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    struct timespec t;
    (void)zone;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    *tv = (struct timeval){t.tv_sec, t.tv_nsec / 1000};
    return 0;
}
