/* Bytes as a stream, a string, a file, a folder. Files lie in memory where the system has a place for that.
 * SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <getopt.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

enum { MOST_FILES = 8, MOST_ARGUMENTS = 40 };
static char folder[64], held[160];
static char kept[MOST_FILES][160]; /* all that were made, to be removed */

void fuzz_broken(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

static void clean(void)
{
    char sub[80];
    for (int k = 0; k < MOST_FILES && kept[k][0]; k++) (void)unlink(kept[k]);
    snprintf(sub, sizeof sub, "%s/data", folder);
    (void)rmdir(sub);
    if (folder[0]) (void)rmdir(folder);
}

const char *fuzz_folder(const char *name, const uint8_t *data, size_t n)
{
    struct stat s;
    if (!folder[0]) {
        snprintf(folder, sizeof folder, "%s/eprop-fuzz-XXXXXX", stat("/dev/shm", &s) == 0 ? "/dev/shm" : "/tmp");
        if (!mkdtemp(folder)) fuzz_broken("mkdtemp(folder)", __FILE__, __LINE__);
        atexit(clean);
    }
    if (strncmp(name, "data/", 5) == 0) {
        snprintf(held, sizeof held, "%s/data", folder);
        (void)mkdir(held, 0700);
    }
    snprintf(held, sizeof held, "%s/%s", folder, name);
    for (int k = 0; k < MOST_FILES && strcmp(kept[k], held) != 0; k++)
        if (!kept[k][0]) memcpy(kept[k], held, sizeof held);
    FILE *f = fopen(held, "wb");
    FUZZ_HOLDS(f && fwrite(data, 1, n, f) == n && fclose(f) == 0);
    return folder;
}

const char *fuzz_file(const uint8_t *data, size_t n)
{
    (void)fuzz_folder("input", data, n);
    return held;
}

FILE *fuzz_stream(const uint8_t *data, size_t n)
{
    static uint8_t none[1] = {0}; /* fmemopen takes no empty buffer */
    FILE *f = n > 0 ? fmemopen((void *)(uintptr_t)data, n, "rb") : fmemopen(none, 1, "rb");
    FUZZ_HOLDS(f);
    if (n == 0) (void)fgetc(f);
    return f;
}

char *fuzz_text(const uint8_t *data, size_t n)
{
    char *s = malloc(n + 1);
    FUZZ_HOLDS(s);
    memcpy(s, data, n);
    s[n] = '\0';
    return s;
}

void fuzz_command(int (*run)(int argc, char **argv), const uint8_t *data, size_t n)
{
    static int nowhere = -1;
    char *text = fuzz_text(data, n), name[] = "program", refused[300], *argv[MOST_ARGUMENTS + 3] = {name};
    int argc = 1;
    snprintf(refused, sizeof refused, "--%0*d", (int)sizeof refused - 3, 0); /* longer than a file's name may be */
    for (char *line = strtok(text, "\n"); line && argc < MOST_ARGUMENTS; line = strtok(NULL, "\n"))
        if (strcmp(line, "--") != 0) argv[argc++] = line; /* behind it nothing is an option any more */
    argv[argc++] = refused; /* once as the value of an option that wants one */
    argv[argc++] = refused;
    if (nowhere < 0) nowhere = open("/dev/null", O_WRONLY);
    fflush(stdout);
    int out = dup(1), err = dup(2);
    FUZZ_HOLDS(nowhere >= 0 && dup2(nowhere, 1) == 1 && dup2(nowhere, 2) == 2);
    optind = 0; /* reads from the start, whatever was read before */
    int rc = run(argc, argv);
    fflush(stdout);
    (void)dup2(out, 1);
    (void)dup2(err, 2);
    close(out);
    close(err);
    FUZZ_HOLDS(rc == 2 || rc == 0);
    free(text);
}
