/* storm: loaded before a program of this project, interrupts it five hundred times a second by a signal whose handler does nothing, so
 * that every slow system call may answer EINTR. Other programs that it starts are left alone.
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

static void nothing(int number) { (void)number; }

__attribute__((constructor)) static void begin(void)
{
    struct sigaction a = {.sa_handler = nothing}; /* without SA_RESTART */
    struct itimerval every = {{0, 2000}, {0, 2000}};
    if (strncmp(program_invocation_short_name, "eprop-", 6) != 0) return;
    (void)sigaction(SIGALRM, &a, 0);
    (void)setitimer(ITIMER_REAL, &every, 0);
}
