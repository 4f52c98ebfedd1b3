/* run.c: runs a program of the build and keeps what it said.
 * SPDX-License-Identifier: MIT */
#include "run.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

const char *run_where(const char *name)
{
    static char path[4096];
    const char *build = getenv("EPROP_BUILD");
    snprintf(path, sizeof path, "%s/%s", build && *build ? build : "build", name);
    return path;
}

bool run_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

int run_lines(const char *text)
{
    int n = 0;
    for (; *text; text++) n += *text == '\n';
    return n;
}

static void slurp(FILE *f, char *text)
{
    rewind(f);
    size_t n = fread(text, 1, RUN_TEXT - 1, f);
    text[n] = '\0';
    fclose(f);
}

/* EPROP_TEST_PATIENCE: how many times as long everything may take (slow builds, memory tools, a busy machine). */
static unsigned patience(unsigned seconds)
{
    const char *s = getenv("EPROP_TEST_PATIENCE");
    double factor = s ? atof(s) : 1.0;
    return factor > 1.0 && factor <= 1000.0 ? (unsigned)(seconds * factor) : seconds;
}

static void child(const char *program, const char *const *args, const char *path, unsigned seconds, FILE *out, FILE *err)
{
    char *argv[RUN_ARGS + 2] = {strdup(program)};
    for (int k = 0; k < RUN_ARGS && args[k]; k++) argv[k + 1] = strdup(args[k]);
    int null = open("/dev/null", O_RDONLY);
    dup2(null, 0);
    dup2(fileno(out), 1);
    dup2(fileno(err), 2);
    if (path) setenv("PATH", path, 1);
    alarm(patience(seconds));
    execv(program, argv);
    _exit(126);
}

void run_program(run_result *r, const char *name, const char *const *args, const char *path, unsigned seconds)
{
    const char *program = run_where(name);
    FILE *out = tmpfile(), *err = tmpfile();
    cr_assert(out && err, "no temporary file");
    cr_assert(run_exists(program), "%s does not exist: make all first", program);
    pid_t pid = fork();
    if (pid == 0) child(program, args, path, seconds, out, err);
    int status = 0;
    cr_assert(pid > 0 && waitpid(pid, &status, 0) == pid, "cannot run %s", program);
    r->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    slurp(out, r->out);
    slurp(err, r->err);
}

void run_temp(char *out, size_t n)
{
    const char *base = getenv("TMPDIR");
    snprintf(out, n, "%s/eprop-conform-XXXXXX", base && *base ? base : "/tmp");
    cr_assert(mkdtemp(out) != NULL, "cannot make %s", out);
}

const char *run_path(const char *dir, const char *name)
{
    static char path[4][600];
    static int k;
    k = (k + 1) % 4;
    snprintf(path[k], sizeof path[k], "%s/%s", dir, name);
    return path[k];
}

void run_clean(const char *dir)
{
    DIR *d = opendir(dir);
    if (!d) return;
    for (const struct dirent *e; (e = readdir(d));) {
        char path[4096];
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) run_clean(path);
        else unlink(path);
    }
    closedir(d);
    rmdir(dir);
}

void run_write(const char *dir, const char *name, const char *text)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    for (char *slash = strchr(path + strlen(dir) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0777);
        *slash = '/';
    }
    FILE *f = fopen(path, "wb");
    cr_assert(f != NULL, "cannot write %s", path);
    fputs(text, f);
    fclose(f);
}

char *run_read(const char *dir, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    fseek(f, 0, SEEK_END);
    long n = ftell(f);
    rewind(f);
    char *text = malloc((size_t)n + 1);
    cr_assert(text && fread(text, 1, (size_t)n, f) == (size_t)n, "cannot read %s", path);
    text[n] = '\0';
    fclose(f);
    return text;
}

int run_entries(const char *dir)
{
    DIR *d = opendir(dir);
    int n = -2;
    cr_assert(d != NULL, "cannot open %s", dir);
    while (readdir(d)) n++;
    closedir(d);
    return n;
}
