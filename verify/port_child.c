/* port_child.c: a port's process: limits, an empty directory, no inherited descriptors, no zombies.
 *
 * This guards against accidents, it is not a sandbox: a hostile program can still do what its user may.
 * SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700 /* nftw */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "port.h"

enum { MOST_ARGS = 64, FILE_MB = 64 };

/* ---- the command --------------------------------------------------------------------------------------------------- */

/* Splits at blanks; '...' and "..." keep blanks. No shell. Paths of existing files are made absolute, because the port
 * runs in another directory. Returns the number of words, 0 if there are none or too many. */
static int split_command(const char *text, char *args[MOST_ARGS + 1])
{
    int n = 0;
    while (*text) {
        char word[4096];
        size_t len = 0;
        while (*text == ' ') text++;
        if (!*text) break;
        for (char quote = '\0'; *text && (quote || *text != ' '); text++) {
            if (quote ? *text == quote : *text == '\'' || *text == '"') quote = quote ? '\0' : *text;
            else if (len + 1 < sizeof word) word[len++] = *text;
        }
        word[len] = '\0';
        bool is_path = word[0] != '/' && (n > 0 || strchr(word, '/')) && access(word, F_OK) == 0;
        if (n == MOST_ARGS) return 0;
        args[n] = is_path ? realpath(word, NULL) : strdup(word);
        if (!args[n]) return 0;
        n++;
    }
    args[n] = NULL;
    return n;
}

/* ---- in the child ---------------------------------------------------------------------------------------------------- */

static void limit(int what, double value)
{
    struct rlimit r = {(rlim_t)value, (rlim_t)value};
    (void)setrlimit(what, &r);
}

static void restrict_child(const vfy_port_args *a, double cpu)
{
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, cpu < 1 ? 1 : cpu);
    limit(RLIMIT_FSIZE, FILE_MB * 1048576.0);
#if defined(__SANITIZE_ADDRESS__) /* its shadow memory counts as the port's */
    (void)a;
#else
    if (a->memory_mb > 0 && a->way != VFY_WAY_FUNCTION) limit(RLIMIT_AS, (double)a->memory_mb * 1048576.0);
#endif
}

static void close_others(void)
{
    long most = sysconf(_SC_OPEN_MAX);
    if (most < 0 || most > 4096) most = 4096;
    for (int fd = 3; fd < (int)most; fd++) (void)close(fd);
}

static void child_main(const vfy_port_args *a, double cpu, int in, int out, int err, const char *dir, char **args, const char *path)
{
    int code = 127;
    (void)setpgid(0, 0);
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0) _exit(127);
    close_others();
    (void)signal(SIGPIPE, SIG_DFL);
    if (chdir(dir)) _exit(127);
    restrict_child(a, cpu);
    if (a->way == VFY_WAY_COMMAND) {
        (void)execvp(args[0], args);
        static const char text[] = "the command cannot be started\n";
        if (write(2, text, sizeof text - 1) < 0) code = 126;
        _exit(code);
    }
    code = a->way == VFY_WAY_PLUGIN ? vfy_host(path, stdin, stdout, stderr) : a->function(a->user);
    (void)fflush(stdout);
    (void)fflush(stderr);
    _exit(code);
}

/* ---- in the parent --------------------------------------------------------------------------------------------------- */

static ep_status fail(char *err, size_t n, const char *what)
{
    if (n) (void)snprintf(err, n, "%.200s: %s", what, strerror(errno));
    return EP_IO;
}

static int drop(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    (void)remove(path);
    return 0;
}

static ep_status make_places(vfy_child *c, int to[2], int from[2], char *err, size_t n)
{
    const char *base = getenv("TMPDIR");
    if (!base || strlen(base) > 40) base = "/tmp";
    (void)snprintf(c->dir, sizeof c->dir, "%s/eprop-port-XXXXXX", base);
    if (!mkdtemp(c->dir)) {
        c->dir[0] = '\0';
        return fail(err, n, base);
    }
    char name[sizeof c->dir + 8];
    (void)snprintf(name, sizeof name, "%s/XXXXXX", c->dir);
    c->err = mkstemp(name);
    if (c->err < 0) return fail(err, n, c->dir);
    (void)unlink(name);
    if (pipe(to)) return fail(err, n, "pipe");
    if (pipe(from)) {
        (void)close(to[0]);
        (void)close(to[1]);
        return fail(err, n, "pipe");
    }
    return EP_OK;
}

static void leave_places(vfy_child *c)
{
    if (c->err >= 0) (void)close(c->err);
    if (c->dir[0]) (void)nftw(c->dir, drop, 16, FTW_DEPTH | FTW_PHYS);
    *c = (vfy_child){0, -1, -1, -1, ""};
}

static ep_status start(const vfy_port_args *a, double cpu, vfy_child *c, char **args, const char *path, char *err, size_t n)
{
    int to[2], from[2];
    ep_status st = make_places(c, to, from, err, n);
    if (st != EP_OK) return st;
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) child_main(a, cpu, to[0], from[1], c->err, c->dir, args, path);
    (void)close(to[0]);
    (void)close(from[1]);
    if (pid < 0) {
        (void)close(to[1]);
        (void)close(from[0]);
        return fail(err, n, "fork");
    }
    (void)setpgid(pid, pid);
    c->pid = pid;
    c->to = to[1];
    c->from = from[0];
    (void)fcntl(c->to, F_SETFL, O_NONBLOCK);
    (void)fcntl(c->from, F_SETFL, O_NONBLOCK);
    return EP_OK;
}

ep_status vfy_child_start(const vfy_port_args *a, double cpu_seconds, vfy_child *out, char *err, size_t n)
{
    char *args[MOST_ARGS + 1] = {NULL}, place[PATH_MAX], *path = NULL; /* on the stack: a forked child frees nothing */
    vfy_child c = {0, -1, -1, -1, ""};
    ep_status st = EP_OK;
    if (a->way == VFY_WAY_COMMAND && split_command(a->target, args) == 0) {
        if (n) (void)snprintf(err, n, "found command `%.60s`, expected 1 to %d words", a->target, MOST_ARGS);
        st = EP_IO;
    }
    if (a->way == VFY_WAY_PLUGIN && !(path = realpath(a->target, place))) st = fail(err, n, a->target);
    if (st == EP_OK) st = start(a, cpu_seconds, &c, args, path, err, n);
    for (int i = 0; i < MOST_ARGS && args[i]; i++) free(args[i]);
    if (st != EP_OK) leave_places(&c);
    else *out = c;
    return st;
}

static void last_line(int fd, char *buf, size_t n)
{
    char tail[513];
    off_t size = lseek(fd, 0, SEEK_END);
    buf[0] = '\0';
    if (size <= 0 || lseek(fd, size > 512 ? size - 512 : 0, SEEK_SET) < 0) return;
    ssize_t got = read(fd, tail, 512);
    while (got > 0 && (tail[got - 1] == '\n' || tail[got - 1] == ' ')) got--;
    if (got <= 0) return;
    tail[got] = '\0';
    char *line = strrchr(tail, '\n');
    line = line ? line + 1 : tail;
    for (char *p = line; *p; p++)
        if (*p < 0x20 || *p > 0x7e) *p = '?';
    (void)snprintf(buf, n, "; stderr: %.160s", line);
}

void vfy_child_end(vfy_child *c, double patience, char *how, size_t n)
{
    int status = 0;
    char tail[200];
    pid_t got = 0;
    if (n) how[0] = '\0';
    if (c->to >= 0) (void)close(c->to);
    if (c->from >= 0) (void)close(c->from);
    for (double waited = 0; c->pid > 0 && waited <= patience; waited += 0.005) {
        got = waitpid((pid_t)c->pid, &status, WNOHANG);
        if (got != 0) break;
        const struct timespec nap = {0, 5000000};
        (void)nanosleep(&nap, NULL);
    }
    if (c->pid > 0) (void)kill(-(pid_t)c->pid, SIGKILL);
    if (c->pid > 0 && got == 0) (void)waitpid((pid_t)c->pid, &status, 0);
    last_line(c->err, tail, sizeof tail);
    if (n && got > 0 && WIFEXITED(status)) (void)snprintf(how, n, "exit code %d%s", WEXITSTATUS(status), tail);
    else if (n && got > 0 && WIFSIGNALED(status)) (void)snprintf(how, n, "signal %d%s", WTERMSIG(status), tail);
    else if (n) (void)snprintf(how, n, "killed%s", tail);
    leave_places(c);
}
