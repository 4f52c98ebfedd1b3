/* What the subcommands share.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

int cli_usage(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fprintf(stderr, "%s: ", cli_name);
    vfprintf(stderr, fmt, ap);
    fprintf(stderr, "\n");
    va_end(ap);
    return CLI_USAGE;
}

static int help(FILE *f, const cli_command *command, int n)
{
    fprintf(f, "usage: %s COMMAND [OPTION]...\n\ncommands:\n", cli_name);
    for (int i = 0; i < n; i++) fprintf(f, "  %-10s %s\n", command[i].name, command[i].what);
    fprintf(f, "\n  --help       this text; `%s COMMAND --help` for a command's options\n"
               "  --version    the version, and the versions of the libraries it runs with\n\n"
               "exit codes: 0 holds, 1 does not hold, 2 usage or bad file, 3 port broke, 4 nothing tested, 5 undecided\n", cli_name);
    return f == stdout ? CLI_HOLDS : CLI_USAGE;
}

static int dispatch(const cli_command *command, int n, const char *version, int argc, char **argv)
{
    if (argc < 2) return help(stderr, command, n);
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) return help(stdout, command, n);
    if (!strcmp(argv[1], "--version")) {
        printf("%s %s (%s)\n", cli_name, EP_VERSION, version);
        return CLI_HOLDS;
    }
    for (int i = 0; i < n; i++)
        if (!strcmp(argv[1], command[i].name)) return command[i].run(argc - 1, argv + 1);
    char names[160] = "";
    for (int i = 0; i < n; i++) {
        strcat(names, i ? ", " : "");
        strcat(names, command[i].name);
    }
    return cli_usage("found command '%.40s', expected one of %s", argv[1], names);
}

int cli_run(const cli_command *command, int n, const char *version, int argc, char **argv)
{
    int code = dispatch(command, n, version, argc, argv);
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    fprintf(stderr, "%s: stdout: cannot be written, the output is not whole\n", cli_name);
    return CLI_USAGE;
}

int cli_status(ep_status st, const char *what)
{
    fprintf(stderr, "%s: %s: %s\n", cli_name, what, ep_status_name(st));
    return st == EP_UNABLE ? CLI_UNDECIDED : st == EP_PORT ? CLI_PORT : CLI_USAGE;
}

int cli_verdict(vfy_verdict v)
{
    static const int code[] = {CLI_HOLDS, CLI_NOTHING, CLI_UNDECIDED, CLI_FAILS};
    return code[v];
}

bool cli_number(const char *text, long lo, long hi, long *out)
{
    char *end;
    errno = 0;
    long v = strtol(text, &end, 10);
    if (errno || end == text || *end || v < lo || v > hi) return false;
    *out = v;
    return true;
}

double cli_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A bar, and the time left once a few seconds say how fast it goes. */
static void say(void *user, const char *what, double done)
{
    static const char full[] = "########################";
    static double start;
    static char last[64];
    char left[32] = "";
    (void)user;
    if (!isatty(STDERR_FILENO)) return;
    double t = cli_seconds();
    if (strncmp(last, what, sizeof last - 1) != 0 && (start == 0.0 || done < 0.02)) start = t;
    snprintf(last, sizeof last, "%s", what);
    if (t - start > 2.0 && done > 0.02 && done < 1.0) snprintf(left, sizeof left, ", %.0f s left", (t - start) * (1.0 - done) / done);
    fprintf(stderr, "\r\033[K%-28s [%-24.*s] %3.0f %%%s", what, (int)(24.0 * done), full, 100.0 * done, left);
    fflush(stderr);
}

vfy_progress cli_progress(void) { return (vfy_progress){.say = say}; }

void cli_progress_end(void)
{
    if (isatty(STDERR_FILENO)) fprintf(stderr, "\r\033[K");
}

int cli_threads(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 64 ? 64 : (int)n;
}

double cli_peak_rss_mb(void)
{
    struct rusage u;
    if (getrusage(RUSAGE_SELF, &u) != 0) return 0.0;
    return (double)u.ru_maxrss / 1024.0;
}
